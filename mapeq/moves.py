"""Kernels that change a partition: move nodes, refine modules, aggregate them.

Local moving and refinement are those of Traag, Waltman & van Eck, From Louvain to Leiden, Scientific
Reports 9, 5233 (2019), with the map equation in the place of modularity.

Each kernel is one loop over flat arrays that its caller allocates. Long ones stop after a given
amount of work and are called again, so that the interpreter can answer to Ctrl-C in between.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._jit import jit
from mapeq.flow import Flow, Links
from mapeq.objective import (
    Partition,
    change_of_index,
    change_of_joining,
    change_of_leaving,
    make_move,
    teleport_between,
)
from mapeq.rows import FloatArray, IntArray, Rows, for_kernels, frozen

#: A move must shorten the description by more than this, in bits; well above rounding error.
LEAST_GAIN = 1e-12


class Queue(NamedTuple):
    """Nodes to visit, first in first out, each at most once at a time.

    Attributes
    ----------
    ring : integer array of shape (n,)
        The waiting nodes, from position ``ends[0]`` on, wrapping around.
    ends : int64 array of shape (2,)
        Position of the first waiting node, and the number of waiting nodes.
    waiting : bool array of shape (n,)
    """

    ring: IntArray
    ends: NDArray[np.int64]
    waiting: NDArray[np.bool_]


class Scratch(NamedTuple):
    """Room to gather the flow from one node to the modules around it.

    Attributes
    ----------
    flow : float64 array of shape (n,), zeros between uses
        By module.
    near : integer array of shape (n,)
        The modules with flow, in the order met.
    spare : integer array of shape (n,)
        Module numbers without nodes, the last ``spares[0]`` first.
    spares : int64 array of shape (1,)
    """

    flow: FloatArray
    near: IntArray
    spare: IntArray
    spares: NDArray[np.int64]


def queue_of(order: IntArray) -> Queue:
    """A queue of all nodes in the given order, which it owns afterwards."""
    return Queue(order, np.array([0, len(order)]), np.ones(len(order), dtype=np.bool_))


def scratch_for(state: Partition) -> Scratch:
    """Scratch space for moves in a partition."""
    n, dtype = len(state.module_of), state.module_of.dtype
    spare = np.flatnonzero(state.sizes == 0).astype(dtype)[::-1].copy()
    room = np.empty(n, dtype=dtype)
    room[: len(spare)] = spare
    return Scratch(np.zeros(n), np.empty(n, dtype=dtype), room, np.array([len(spare)]))


@jit
def move_nodes(links, nodes, teleport, state, queue, scratch, work):
    """Visit the waiting nodes and move each to the module that shortens the description most.

    Candidates are the modules of the node's neighbours and a new one. When a node moves, its
    neighbours outside the new module wait again: only they can have a reason to move now.

    Parameters
    ----------
    links, nodes, teleport : as in `Flow`
    state : Partition
    queue : Queue
    scratch : Scratch
    work : int
        Return after meeting about so many links, finished or not.

    Returns
    -------
    change : float
        Change of codelength, in bits; 0 or less.
    met : int
        Number of links met.
    """
    ring, ends, waiting = queue
    n = len(ring)
    change = 0.0
    met = 0
    while ends[1] > 0 and met < work:
        i = ring[ends[0]]
        ends[0] = ends[0] + 1 if ends[0] + 1 < n else 0
        ends[1] -= 1
        waiting[i] = False
        met += int(links.indptr[i + 1] - links.indptr[i]) + 1

        origin = state.module_of[i]
        near = _gather(links, state.module_of, i, scratch)
        between_origin = scratch.flow[origin] + teleport_between(teleport, i, state.teleport, origin, True)
        destination, between_destination, gain = _best_module(nodes, teleport, state, i, between_origin, scratch, near)
        if state.sizes[origin] > 1 and scratch.spares[0] > 0:
            alone = scratch.spare[scratch.spares[0] - 1]
            alone_gain = _gain(nodes, state, i, between_origin, alone, 0.0)
            if alone_gain > gain:
                destination, between_destination, gain = alone, 0.0, alone_gain
        _clear(scratch, near)
        if gain <= LEAST_GAIN:
            continue

        if state.sizes[destination] == 0:
            scratch.spares[0] -= 1
        make_move(nodes, teleport, state, i, destination, between_origin, between_destination)
        if state.sizes[origin] == 0:
            scratch.spare[scratch.spares[0]] = origin
            scratch.spares[0] += 1
        change -= gain
        for k in range(links.indptr[i], links.indptr[i + 1]):
            j = links.indices[k]
            if state.module_of[j] != destination and not waiting[j]:
                waiting[j] = True
                last = ends[0] + ends[1]
                ring[last if last < n else last - n] = j
                ends[1] += 1
    return change, met


@jit
def refine(links, nodes, teleport, module_of, state, order, position, scratch, work):
    """Merge single nodes into sub-modules inside the given modules.

    A node moves only while it is still alone, and only to a sub-module that it links to, so that
    every sub-module is connected. What is shortened is the description by sub-modules.

    Parameters
    ----------
    links, nodes, teleport : as in `Flow`
    module_of : integer array of shape (n,)
        The modules, which stay as they are.
    state : Partition
        Of single nodes, node ``i`` in sub-module ``i``.
    order : integer array of shape (n,)
        In which order to visit the nodes, from `position` on.
    scratch : Scratch
    work : int
        Return after meeting about so many links.

    Returns
    -------
    position : int
        That of the next node to visit; n when all were.
    """
    met = 0
    while position < len(order) and met < work:
        i = order[position]
        position += 1
        if state.sizes[state.module_of[i]] > 1:
            continue
        met += int(links.indptr[i + 1] - links.indptr[i]) + 1
        near = 0
        for k in range(links.indptr[i], links.indptr[i + 1]):
            j = links.indices[k]
            if module_of[j] == module_of[i]:
                near = _add_flow(state.module_of[j], links.flow[k * links.stride], scratch, near)
        destination, between, gain = _best_module(nodes, teleport, state, i, 0.0, scratch, near)
        _clear(scratch, near)
        if gain > LEAST_GAIN:
            make_move(nodes, teleport, state, i, destination, 0.0, between)
    return position


@jit
def _add_flow(module, flow, scratch, near):
    """Add to the flow gathered for a module; returns how many modules have some."""
    if scratch.flow[module] == 0.0 and flow > 0.0:  # a flow that underflowed would be met as new again and again
        scratch.near[near] = module
        near += 1
    scratch.flow[module] += flow
    return near


@jit
def _gather(links, module_of, i, scratch):
    """Gather the flow between node `i` and each module around it; returns the number of modules."""
    near = 0
    for k in range(links.indptr[i], links.indptr[i + 1]):
        near = _add_flow(module_of[links.indices[k]], links.flow[k * links.stride], scratch, near)
    return near


@jit
def _clear(scratch, near):
    for k in range(near):
        scratch.flow[scratch.near[k]] = 0.0


@jit
def _gain(nodes, state, i, between_origin, destination, between_destination):
    """By how much a move shortens the description, in bits."""
    origin = state.module_of[i]
    return -(
        change_of_index(state.entering[0], between_origin, between_destination)
        + change_of_leaving(nodes, i, state.modules, origin, between_origin)
        + change_of_joining(nodes, i, state.modules, destination, between_destination)
    )


@jit
def _best_module(nodes, teleport, state, i, between_origin, scratch, near):
    """The best of the gathered modules for node `i`: module, flow between it and the node, gain in bits."""
    origin = state.module_of[i]
    leaving = change_of_leaving(nodes, i, state.modules, origin, between_origin)
    best, best_between, best_change = origin, between_origin, 0.0
    for k in range(near):
        module = scratch.near[k]
        if module == origin:
            continue
        between = scratch.flow[module] + teleport_between(teleport, i, state.teleport, module, False)
        change = (
            leaving
            + change_of_joining(nodes, i, state.modules, module, between)
            + change_of_index(state.entering[0], between_origin, between)
        )
        if change < best_change:
            best, best_between, best_change = module, between, change
    return best, best_between, -best_change


@jit
def renumber(module_of, numbers):
    """Number modules from 0 in the order of their first nodes, in place; returns how many there are.

    `numbers` is an integer array of at least the number of module numbers in use, filled with -1.
    """
    count = 0
    for i in range(len(module_of)):
        m = module_of[i]
        if numbers[m] < 0:
            numbers[m] = count
            count += 1
        module_of[i] = numbers[m]
    return count


@jit
def connected_parts(links, module_of, part_of, stack):
    """Number the connected parts of all modules, in the order of their first nodes; returns how many.

    `part_of` is filled with -1 before; `stack` is scratch. Both are integer arrays of shape (n,).
    """
    parts = 0
    for first in range(len(module_of)):
        if part_of[first] >= 0:
            continue
        part_of[first] = parts
        stack[0] = first
        height = 1
        while height > 0:
            height -= 1
            i = stack[height]
            for k in range(links.indptr[i], links.indptr[i + 1]):
                j = links.indices[k]
                if part_of[j] < 0 and module_of[j] == module_of[i]:
                    part_of[j] = parts
                    stack[height] = j
                    height += 1
        parts += 1
    return parts


@jit
def _aggregate_links(links, module_of, members, starts, scratch, indptr, indices, flow):
    """Sum the links between modules into rows; returns their number.

    `members` lists the nodes module by module, those of module ``m`` from ``starts[m]`` to ``starts[m + 1]``.
    """
    filled = 0
    for m in range(len(starts) - 1):
        near = 0
        for position in range(starts[m], starts[m + 1]):
            i = members[position]
            for k in range(links.indptr[i], links.indptr[i + 1]):
                other = module_of[links.indices[k]]
                if other != m:
                    near = _add_flow(other, links.flow[k * links.stride], scratch, near)
        for k in range(near):
            indices[filled] = scratch.near[k]
            flow[filled] = scratch.flow[scratch.near[k]]
            filled += 1
        _clear(scratch, near)
        indptr[m + 1] = filled
    return filled


def aggregate(flow: Flow, state: Partition, num_modules: int) -> Flow:
    """The flow between the modules of a partition: a Flow whose nodes are the modules.

    The codelength of a partition of modules is the same as that of the nodes within them.

    Parameters
    ----------
    flow : Flow
    state : Partition
        Its modules are numbered from 0 to num_modules - 1.
    num_modules : int
    """
    members = np.argsort(state.module_of, kind="stable").astype(state.module_of.dtype)
    starts = np.zeros(num_modules + 1, dtype=np.int64)
    np.cumsum(state.sizes[:num_modules], out=starts[1:])
    indptr = np.zeros(num_modules + 1, dtype=np.int64)
    indices = np.empty_like(flow.links.indices, subok=False)
    link_flow = np.empty(len(indices))
    filled = _aggregate_links(
        flow.links, state.module_of, members, starts, scratch_for(state), indptr, indices, link_flow
    )
    links = Links(*for_kernels(Rows(indptr, indices[:filled].copy(), link_flow[:filled].copy())))
    teleport = None if state.teleport is None else frozen(state.teleport[:num_modules].copy())
    return Flow(links, frozen(state.modules[:num_modules].copy()), teleport, flow.node_codelength)

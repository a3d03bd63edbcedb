"""From one level of a search to the next: group nodes by module, and aggregate the modules to nodes of a coarser level.

The search climbs by aggregating the modules it has found and comes down again by composing their numbers
(Blondel et al., J. Stat. Mech. P10008, 2008). The sums of the modules travel with it both ways: they are never
summed up from the links again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.jit import jit
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.formula import module_cost
from mapeq.objective.level import Level
from mapeq.objective.terms import within_modules
from mapeq.objective.two_level import COST, Partition, new_index, sum_index
from mapeq.optimizer.local_moves import ZERO, add_flow, clear_table, table_mask
from mapeq.optimizer.workspace import Workers
from mapeq.walk.flow import Links


class Groups(NamedTuple):
    """The nodes of each module: those of module ``m`` are ``members[starts[m]:starts[m + 1]]``."""

    starts: NDArray[np.uint64]
    members: IndexArray


def compact(state: Partition) -> Partition:
    """The same partition, its modules numbered without gaps; it has as many rows as modules."""
    count = np.count_nonzero(state.sizes)
    module_of = np.empty_like(state.module_of)
    modules = np.empty((count, 4))
    teleport = None if state.teleport is None else np.empty((count, 2))
    sizes = np.empty(count, dtype=state.sizes.dtype)
    small = Partition(module_of, modules, teleport, sizes, state.index_sums, state.codebooks)
    _compact(state, np.empty_like(state.sizes), state.teleport, small, teleport)
    return small


@jit
def _compact(state, number, teleport, small, small_teleport):
    count = ZERO
    for m in range(len(state.sizes)):
        if state.sizes[m] > 0:
            number[m] = count
            small.sizes[count] = state.sizes[m]
            for column in range(4):
                small.modules[count, column] = state.modules[m, column]
            if teleport is not None:
                for column in range(2):
                    small_teleport[count, column] = teleport[m, column]
            count += ONE
    for i in range(len(state.module_of)):
        small.module_of[i] = number[state.module_of[i]]


def expanded(level: Level, state: Partition, module_of: IndexArray) -> Partition:
    """A compact partition's modules as a partition of a level's nodes, with a row for each node."""
    n, num_modules = len(module_of), len(state.sizes)
    modules = np.zeros((n, 4))
    modules[:num_modules] = state.modules
    teleport = None
    if state.teleport is not None:
        teleport = np.zeros((n, 2))
        teleport[:num_modules] = state.teleport
    sizes = np.bincount(module_of, minlength=n).astype(module_of.dtype)
    return Partition(module_of, modules, teleport, sizes, state.index_sums, level.codebooks)


def widest_row(indptr: NDArray[np.uint64]) -> int:
    """The largest number of entries in a row."""
    return int(_widest_row(indptr))


@jit
def _widest_row(indptr):
    widest = ZERO
    for i in range(len(indptr) - 1):
        widest = max(widest, indptr[i + 1] - indptr[i])
    return widest


def group(state: Partition, order: IndexArray) -> Groups:
    """Sort the nodes of a compact partition by module, in the given order within each."""
    starts = np.zeros(len(state.sizes) + 1, dtype=np.uint64)
    np.cumsum(state.sizes, out=starts[1:])
    members = np.empty_like(order)
    _fill_groups(state.module_of, order, starts[:-1].copy(), members)
    return Groups(starts, members)


@jit
def _fill_groups(module_of, order, ends, members):
    """Counting sort; `ends` are where the groups begin and advance to where they end."""
    for k in range(np.uint64(len(order))):
        i = np.uint64(order[k])
        m = np.uint64(module_of[i])
        members[ends[m]] = i
        ends[m] += ONE


def singletons_in_groups(level: Level, groups: Groups) -> Partition:
    """Every node alone, numbered by its place in the groups: the sub-modules of a module have consecutive numbers."""
    n = len(groups.members)
    number = np.empty_like(groups.members)
    modules = np.empty((n, 4))
    teleport = None if level.terms.teleport is None else level.terms.teleport[groups.members]
    _fill_single(level.nodes, groups.members, number, modules)
    state = Partition(number, modules, teleport, np.ones_like(groups.members), new_index(level), level.codebooks)
    sum_index(state)
    return state


@jit
def _fill_single(nodes, members, number, modules):
    for position in range(np.uint64(len(members))):
        i = np.uint64(members[position])
        number[i] = position
        for column in range(3):
            modules[position, column] = nodes[i, column]
        modules[position, COST] = module_cost(nodes[i, 0], nodes[i, 1], nodes[i, 2])


def aggregate(level: Level, state: Partition, order: IndexArray, workers: Workers) -> Level:
    """The coarser level whose nodes are the modules of a partition, linked by the flow between them.

    The codelength of a partition of modules is the same as that of the nodes within them.

    Parameters
    ----------
    level : Level
        Of n nodes.
    state : Partition
        Compact.
    order : unsigned integer array of shape (n,)
        The order in which the links of a module's nodes are summed.
    workers : Workers
    """
    groups = group(state, order)
    count = len(state.sizes)
    # The number of links of all modules before each one: enough memory for its row before parallel links are summed.
    room = np.zeros(count + 1, dtype=np.uint64)
    widest = int(_count_links(level.links, groups, room))
    most = max(widest, min(count, widest_row(read_only(room))))
    indptr = np.zeros(count + 1, dtype=np.uint64)
    indices = np.empty_like(level.links.indices, subok=False)
    flow = np.empty(len(indices))

    def fill(begin: int, end: int, number: int) -> int:
        rows = Rows(room, indptr, indices, flow)
        scratch = workers.scratch(most, indices.dtype, number)
        return int(_fill_rows(level.links, state.module_of, groups, np.uint64(begin), np.uint64(end), scratch, rows))

    parts = workers.parts(count, len(indices))
    filled = 0
    for begin, number in zip(parts, workers.run(fill, parts), strict=False):
        start = int(room[begin])
        if start > filled:  # another thread filled the rows before these, and needed less memory
            indices[filled : filled + number] = indices[start : start + number]
            flow[filled : filled + number] = flow[start : start + number]
        filled += number
    np.cumsum(indptr, out=indptr)
    links = Links(read_only(indptr), read_only(indices[:filled]), read_only(flow[:filled]), ONE)
    codebooks = level.codebooks
    if codebooks.stride:
        codebooks = codebooks._replace(of=read_only(codebooks.of[groups.members[groups.starts[:-1]]]))
    nodes = read_only(np.ascontiguousarray(state.modules[:, :COST]))
    terms = level.terms._replace(teleport=None if state.teleport is None else read_only(state.teleport))
    return Level(links, nodes, terms, level.constant, codebooks)


@jit
def _count_links(links, groups, room):
    """Sum the numbers of links of each module's nodes, module by module; returns the largest number of a node."""
    widest = ZERO
    for m in range(np.uint64(len(groups.starts)) - ONE):
        room[m + ONE] = room[m]
        for position in range(groups.starts[m], groups.starts[m + ONE]):
            i = np.uint64(groups.members[position])
            degree = links.indptr[i + ONE] - links.indptr[i]
            room[m + ONE] += degree
            widest = max(widest, degree)
    return widest


class Rows(NamedTuple):
    """Rows of links to fill: that of module ``m`` from place ``room[m]`` on, its size goes to ``indptr[m + 1]``."""

    room: NDArray[np.uint64]
    indptr: NDArray[np.uint64]
    indices: IndexArray
    flow: FloatArray


@jit
def _fill_rows(links, module_of, groups, begin, end, scratch, rows):
    """Sum the links of modules ``begin`` up to ``end`` into consecutive rows; returns their number in all rows."""
    first = rows.room[begin]
    filled = first
    for m in range(begin, end):
        mask = table_mask(min(rows.room[m + ONE] - rows.room[m], np.uint64(len(groups.starts))))
        count = ZERO
        for position in range(groups.starts[m], groups.starts[m + ONE]):
            i = np.uint64(groups.members[position])
            start = links.indptr[i]
            degree = links.indptr[i + ONE] - start
            for k in range(degree):
                scratch.neighbour_modules[k] = module_of[links.indices[start + k]]
            for k in range(degree):
                other = np.uint64(scratch.neighbour_modules[k])
                if other != m:
                    count = add_flow(other, links.flow[(start + k) * links.stride], mask, ZERO, count, scratch)
        clear_table(count, scratch)
        for c in range(count):
            rows.indices[filled + c] = scratch.modules[c]
            rows.flow[filled + c] = scratch.flow_to_module[c]
        filled += count
        rows.indptr[m + ONE] = count
    return filled - first


def within_groups(level: Level, group_of: IndexArray, exit: FloatArray) -> tuple[Level, NDArray[np.intp]]:
    """The nodes of some groups, with an index codebook for each group and no links between them.

    Enter and exit flows of the nodes stay the same.

    Parameters
    ----------
    level : Level
        Of n nodes.
    group_of : unsigned integer array of shape (n,)
        The group of each node; a number beyond the last group leaves the node out.
    exit : float64 array of shape (number of groups,)
        The exit flow of each group.

    Returns
    -------
    level : Level
    members : integer array
        The nodes that are left, in order.
    """
    members = np.flatnonzero(group_of < len(exit))
    number = np.empty_like(group_of)
    number[members] = np.arange(len(members))
    indptr = np.zeros(len(members) + 1, dtype=np.uint64)
    _count_within(level.links, group_of, members, indptr)
    np.cumsum(indptr, out=indptr)
    indices = np.empty(int(indptr[-1]), dtype=group_of.dtype)
    flow = np.empty(len(indices)) if level.links.stride else level.links.flow.copy()
    _fill_within(level.links, group_of, number, members, indices, flow)
    links = Links(read_only(indptr), read_only(indices), read_only(flow), level.links.stride)
    terms = within_modules(level.terms)
    if terms.teleport is not None:
        terms = terms._replace(teleport=read_only(terms.teleport[members]))
    codebooks = Codebooks(read_only(group_of[members]), ONE, read_only(np.ascontiguousarray(exit)))
    return Level(links, read_only(level.nodes[members]), terms, 0.0, codebooks), members


@jit
def _count_within(links, group_of, members, counts):
    """Write the number of links that each member has within its group, from ``counts[1]`` on."""
    for position in range(len(members)):
        i = np.uint64(members[position])
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            counts[position + 1] += np.uint64(group_of[links.indices[k]] == group_of[i])


@jit
def _fill_within(links, group_of, number, members, indices, flow):
    """Write the neighbours of the members within groups, and the flows of these links."""
    filled = ZERO
    for position in range(len(members)):
        i = np.uint64(members[position])
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            j = links.indices[k]
            if group_of[j] == group_of[i]:
                indices[filled] = number[j]
                flow[filled * links.stride] = links.flow[k * links.stride]
                filled += ONE


@jit
def connected_parts(links, module_of, part_of, stack):
    """Number the connected parts of all modules, in the order of their first nodes; returns how many.

    `part_of` is filled with the number of nodes before; `stack` is scratch. Both are of shape (n,).
    """
    n = np.uint64(len(module_of))
    parts = ZERO
    for first in range(n):
        if part_of[first] < n:
            continue
        part_of[first] = parts
        stack[0] = first
        height = ONE
        while height > ZERO:
            height -= ONE
            i = np.uint64(stack[height])
            for k in range(links.indptr[i], links.indptr[i + ONE]):
                j = np.uint64(links.indices[k])
                if part_of[j] == n and module_of[j] == module_of[i]:
                    part_of[j] = parts
                    stack[height] = j
                    height += ONE
        parts += ONE
    return parts

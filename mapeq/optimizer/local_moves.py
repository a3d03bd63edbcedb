"""Local moving: single nodes change modules while that shortens the description.

Fast local moving is that of Traag, Waltman & van Eck, From Louvain to Leiden, Scientific Reports 9,
5233 (2019), with the map equation in the place of modularity: nodes wait in a queue, and a node that moves
makes its neighbours wait again.

The nodes are taken from the queue in blocks. First every node of a block *proposes* a module,
against modules that do not change meanwhile; then the moves are *committed* one after the other, each
evaluated again by what the ones before it have left. Proposing, where nearly all of the time goes, may so be
split over threads at will without changing any result.

What makes proposing fast is that it waits for memory, not for itself: a node's links are read in
one loop without branches, flows are summed up in a hash table that stays in the first cache, the records of all
candidate modules are collected in a second such loop, and all logarithms are taken in a third one that
the compiler vectorises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.jit import inlined, jit
from mapeq.objective.multilevel import MultilevelPartition
from mapeq.objective.two_level import (
    COST,
    USE,
    USE_COST,
    Partition,
    codebook_of,
    make_move,
    module_cost,
    plogp,
    teleport_between,
    weigh_move,
)
from mapeq.optimizer.workspace import BATCH
from mapeq.walk.flow import ENTER, EXIT, VISIT

#: A move must shorten the description by more than this, in bits; well above rounding error.
LEAST_GAIN = 1e-12

#: A block holds this fraction of the nodes, but not less than so many. It must not depend on the number of threads.
BLOCKS = 64
SMALLEST_BLOCK = 32

BATCH_SIZE = np.uint64(BATCH)
ZERO = np.uint64(0)
TWO = np.uint64(2)
FOUR = np.uint64(4)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: multiples of it are spread evenly
SPREAD_BITS = np.uint64(40)
LEAST_MASK = np.uint64(255)
LANES = np.uint64(8)  # a vector register holds up to so many float64


class Queue(NamedTuple):
    """Nodes to visit, first in first out, each at most once at a time.

    Attributes
    ----------
    ring : unsigned integer array of shape (n + 1,)
        The waiting nodes, from position ``ends[0]`` on, wrapping around.
    ends : uint64 array of shape (2,)
        Position of the first waiting node, and the number of waiting nodes.
    waiting : uint8 array of shape (n,)
        1 for nodes in the ring.
    block : unsigned integer array of shape (b,)
        The nodes taken last.
    proposed : unsigned integer array of shape (b,)
        The module that each of them would move to; its own one if it would stay, n for a new one. Of units in a
        hierarchy, 1 if they would move.
    """

    ring: IndexArray
    ends: NDArray[np.uint64]
    waiting: NDArray[np.uint8]
    block: IndexArray
    proposed: IndexArray


class Bounds(NamedTuple):
    """Where nodes may move: a node of outer module ``m`` to modules from ``starts[m]`` to before ``starts[m + 1]``.

    Attributes
    ----------
    outer : unsigned integer array of shape (n,), or (1,) if all nodes are in the same outer module
    stride : uint64
        1, or 0 with an array of shape (1,): the outer module of node ``i`` is ``outer[i * stride]``.
    starts : uint64 array of shape (number of outer modules + 1,)
    refining : uint64
        1 if only nodes that are alone may move, 0 if all may.
    """

    outer: IndexArray
    stride: np.uint64
    starts: NDArray[np.uint64]
    refining: np.uint64


class Rules(NamedTuple):
    """How nodes of one kind are moved: three kernels that take the same arguments whatever the kind."""

    propose: Callable[..., None]
    commit: Callable[..., float]
    move: Callable[..., tuple[float, int]]


class Spares(NamedTuple):
    """Module numbers without nodes, as a stack: ``numbers[: height[0]]``."""

    numbers: IndexArray
    height: NDArray[np.uint64]


def queue_of(order: IndexArray, num_nodes: int) -> Queue:
    """A queue of some nodes, or all, in the given order."""
    block = min(max(num_nodes, 1), max(SMALLEST_BLOCK, num_nodes // BLOCKS))
    ring = np.empty(num_nodes + 1, dtype=order.dtype)
    ring[: len(order)] = order
    waiting = np.zeros(num_nodes, dtype=np.uint8)
    waiting[order] = 1
    return Queue(
        ring,
        np.array([0, len(order)], dtype=np.uint64),
        waiting,
        np.empty(block, dtype=order.dtype),
        np.empty(block, dtype=order.dtype),
    )


def unbounded(state: Partition) -> Bounds:
    """Any node may move to any module."""
    n = len(state.module_of)
    return Bounds(np.zeros(1, state.module_of.dtype), ZERO, np.array([0, n], dtype=np.uint64), ZERO)


def spares_of(state: Partition | MultilevelPartition) -> Spares:
    """The module numbers that a partition or a hierarchy does not use."""
    spares = Spares(np.empty(len(state.sizes), dtype=state.module_of.dtype), np.zeros(1, dtype=np.uint64))
    _fill_spares(state.sizes, spares)
    return spares


@jit
def _fill_spares(sizes, spares):
    for m in range(len(sizes) - 1, -1, -1):
        if sizes[m] == 0:
            spares.numbers[spares.height[0]] = m
            spares.height[0] += ONE


@jit
def move_nodes(links, nodes, teleport, state, bounds, queue, spares, scratch, move, work):
    """Visit the waiting nodes, block by block, and move each to the module that shortens the description most.

    Returns
    -------
    change : float
        Change of codelength, in bits; 0 or less.
    met : int
        Number of links met, at least `work` unless no node waits any more.
    """
    change = 0.0
    met = ZERO
    while queue.ends[1] > ZERO and met < work:
        size, links_met = take_block(links, state, bounds, queue)
        propose(links, nodes, teleport, state, bounds, queue, ZERO, size, scratch)
        change += commit(links, nodes, teleport, state, bounds, queue, size, spares, scratch, move)
        met += links_met
    return change, met


@jit
def take_block(links, state, bounds, queue):
    """Move the next nodes that may move from the queue to its block; returns how many, and how many links they have."""
    room = np.uint64(len(queue.ring))
    most = np.uint64(len(queue.block))
    first, waiting = queue.ends[0], queue.ends[1]
    size = ZERO
    met = ZERO
    while waiting > ZERO and size < most:
        i = np.uint64(queue.ring[first])
        first = first + ONE if first + ONE < room else ZERO
        waiting -= ONE
        queue.waiting[i] = 0
        if bounds.refining == ZERO or state.sizes[state.module_of[i]] == ONE:
            queue.block[size] = i
            size += ONE
            met += links.indptr[i + ONE] - links.indptr[i] + ONE
    queue.ends[0] = first
    queue.ends[1] = waiting
    return size, met


@jit
def propose(links, nodes, teleport, state, bounds, queue, begin, end, scratch):
    """Find the best module for each node of a part of the block; nothing but `queue.proposed` changes.

    Candidates are the modules of the node's neighbours and a new one.
    """
    n = np.uint64(len(state.module_of))
    while begin < end:
        size = gather(links, state.module_of, bounds, queue.block, begin, end, scratch)
        weigh(nodes, teleport, state, queue.block, begin, size, scratch)
        for b in range(size):
            index = state.uses[codebook_of(state, np.uint64(queue.block[begin + b])), USE_COST]
            best = _best_entry(index, b, scratch)
            alone = np.uint64(scratch.starts[b + ONE]) - ONE
            queue.proposed[begin + b] = n if best == alone else np.uint64(scratch.modules[best])
        begin += size


@jit
def gather(links, module_of, bounds, block, begin, end, scratch):
    """Sum up the flow between some nodes and the modules around them, within bounds.

    The nodes are those of `block` from position `begin` on, as many as a batch holds, but not beyond `end`;
    returns how many they are. The first entry of each node is its own module, the last one is left for a new one.
    """
    size = ZERO
    links_met = ZERO
    while begin + size < end:
        i = np.uint64(block[begin + size])
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        if size > ZERO and links_met + degree + (size + ONE) * TWO > BATCH_SIZE:
            break
        for k in range(degree):
            scratch.heads[links_met + k] = module_of[links.indices[start + k]]
        links_met += degree
        size += ONE
    links_met = ZERO
    entries = ZERO
    for b in range(size):
        i = np.uint64(block[begin + b])
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        outer = np.uint64(bounds.outer[i * bounds.stride])
        low, high = bounds.starts[outer], bounds.starts[outer + ONE]
        mask = table_mask(degree + ONE)
        count = add_flow(np.uint64(module_of[i]), 0.0, mask, entries, ZERO, scratch)
        for k in range(degree):
            m = np.uint64(scratch.heads[links_met + k])
            if low <= m and m < high:
                count = add_flow(m, links.flow[(start + k) * links.stride], mask, entries, count, scratch)
        clear(count, scratch)
        links_met += degree
        entries += count + ONE
        scratch.starts[b + ONE] = entries
    return size


@inlined
def table_mask(most):
    """The last slot of a hash table that so many modules leave at least three quarters empty."""
    mask = LEAST_MASK
    while mask < most * FOUR:
        mask = mask * TWO + ONE
    return mask


@inlined
def add_flow(module, flow, mask, first, count, scratch):
    """Add to the flow gathered for a module; `count` modules are there from entry `first` on; returns the new count."""
    # Whether the module is new is anybody's guess: no branch may depend on it. So it is written down as if it were.
    scratch.modules[first + count] = module
    scratch.between[first + count] = 0.0
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    entry = np.uint64(scratch.table[slot])
    c = count if entry == ZERO else entry - ONE
    while scratch.modules[first + c] != module:  # seldom: the slot is another module's
        slot = (slot + ONE) & mask
        entry = np.uint64(scratch.table[slot])
        c = count if entry == ZERO else entry - ONE
    scratch.table[slot] = c + ONE
    scratch.slots[c] = slot
    scratch.between[first + c] += flow
    return count + ONE if entry == ZERO else count


@inlined
def hash_slot(module, mask, scratch):
    """Where a module stands in the hash table, or the empty slot for it; the gathered modules begin at entry 0."""
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    while scratch.table[slot] != 0 and scratch.modules[scratch.table[slot] - ONE] != module:
        slot = (slot + ONE) & mask
    return slot


@inlined
def clear(count, scratch):
    """Leave an empty hash table; the gathered modules stay."""
    for c in range(count):
        scratch.table[scratch.slots[c]] = 0


@jit
def weigh(nodes, teleport, state, block, begin, size, scratch):
    """What the module of each entry would cost more, with the index as it would be then, in bits.

    The node is taken out of its own module, the first entry, and put into all others, the last one being a new module.
    """
    for b in range(size):
        i = np.uint64(block[begin + b])
        visit, enter, exit = nodes[i, VISIT], nodes[i, ENTER], nodes[i, EXIT]
        own, alone = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE]) - ONE
        origin = np.uint64(scratch.modules[own])
        entering = state.uses[codebook_of(state, i), USE]
        between_origin = scratch.between[own] + teleport_between(teleport, i, state.teleport, origin, 1.0)
        scratch.visit[own] = state.modules[origin, VISIT] - visit
        scratch.enter[own] = state.modules[origin, ENTER] - enter + between_origin
        scratch.exit[own] = state.modules[origin, EXIT] - exit + between_origin
        scratch.cost[own] = state.modules[origin, COST]
        scratch.entering[own] = entering
        for c in range(own + ONE, alone):
            m = np.uint64(scratch.modules[c])
            between = scratch.between[c] + teleport_between(teleport, i, state.teleport, m, 0.0)
            scratch.visit[c] = state.modules[m, VISIT] + visit
            scratch.enter[c] = state.modules[m, ENTER] + enter - between
            scratch.exit[c] = state.modules[m, EXIT] + exit - between
            scratch.cost[c] = state.modules[m, COST]
            scratch.entering[c] = entering + between_origin - between
        scratch.visit[alone], scratch.enter[alone], scratch.exit[alone], scratch.cost[alone] = visit, enter, exit, 0.0
        scratch.entering[alone] = entering + between_origin
    entries = np.uint64(scratch.starts[size])
    for c in range((entries + LANES - ONE) // LANES * LANES):  # whole vectors: what is beyond does no harm
        scratch.cost[c] = (
            module_cost(scratch.visit[c], scratch.enter[c], scratch.exit[c])
            - scratch.cost[c]
            + plogp(scratch.entering[c])
        )


@inlined
def _best_entry(index, b, scratch):
    """The entry of the best module for node `b` of the batch, its first one if it should stay.

    `index` is the index term as it is.
    """
    own, end = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE])
    # What joining and the index may cost at most, for the move to pay: with the index as it is, what leaving saves.
    least = index - (scratch.cost[own] - index) - LEAST_GAIN
    best = own
    for c in range(own + ONE, end):
        if scratch.cost[c] < least:
            least = scratch.cost[c]
            best = c
    return best


@jit
def commit(links, nodes, teleport, state, bounds, queue, size, spares, scratch, move):
    """Make the proposed moves that still shorten the description, one after the other; returns its change in bits.

    The neighbours of a moved node outside its new module wait again: only they can have a reason to
    move now. So does a node whose move pays no longer, if others moved since it was proposed.
    """
    n = np.uint64(len(state.module_of))
    change = 0.0
    for b in range(size):
        i, destination = np.uint64(queue.block[b]), np.uint64(queue.proposed[b])
        origin = np.uint64(state.module_of[i])
        if destination == origin:
            continue
        if bounds.refining == ONE:
            if destination == n or state.sizes[origin] > ONE:
                continue
            if state.sizes[destination] == ZERO:  # its only node has moved meanwhile
                _wait(queue, i)
                continue
        elif destination == n or state.sizes[destination] == ZERO:  # a new module, maybe since the last node left it
            if spares.height[0] == ZERO or state.sizes[origin] == ONE:
                continue
            destination = np.uint64(spares.numbers[spares.height[0] - ONE])
        between_origin = teleport_between(teleport, i, state.teleport, origin, 1.0)
        between_destination = teleport_between(teleport, i, state.teleport, destination, 0.0)
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        for k in range(degree):
            m = state.module_of[links.indices[start + k]]
            flow = links.flow[(start + k) * links.stride]
            between_origin += flow if m == origin else 0.0
            between_destination += flow if m == destination else 0.0
            scratch.heads[k] = m
        one = weigh_move(nodes, state, i, destination, between_origin, between_destination, move)
        if one >= -LEAST_GAIN:
            if change < 0.0:
                _wait(queue, i)
            continue
        if state.sizes[destination] == 0:
            spares.height[0] -= ONE
        make_move(teleport, state, i, destination, between_origin, between_destination, move)
        if state.sizes[origin] == 0:
            spares.numbers[spares.height[0]] = origin
            spares.height[0] += ONE
        change += one
        if bounds.refining == ZERO:
            wake(links, queue, i, destination, scratch)
    return change


@inlined
def wake(links, queue, i, destination, scratch):
    """Let the neighbours of node `i` wait, unless they are in its module (the gathered ones are in `scratch.heads`)."""
    start = links.indptr[i]
    room = np.uint64(len(queue.ring))
    last = queue.ends[0] + queue.ends[1]
    last -= room if last >= room else ZERO
    woken = ZERO
    for k in range(links.indptr[i + ONE] - start):
        # Without branches: j is written behind the queue (where room is left for one), and the queue grows or not.
        j = np.uint64(links.indices[start + k])
        wakes = np.uint64(scratch.heads[k] != destination) & (ONE - np.uint64(queue.waiting[j]))
        queue.ring[last] = j
        queue.waiting[j] |= wakes
        last += wakes
        last = ZERO if last == room else last
        woken += wakes
    queue.ends[1] += woken


@inlined
def _wait(queue, i):
    """Let node `i` wait, if it does not yet."""
    if queue.waiting[i] == 0:
        room = np.uint64(len(queue.ring))
        last = queue.ends[0] + queue.ends[1]
        queue.waiting[i] = 1
        queue.ring[last - room if last >= room else last] = i
        queue.ends[1] += ONE


#: Nodes of a partition.
NODES = Rules(propose, commit, move_nodes)

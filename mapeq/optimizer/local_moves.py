"""Local moving: single nodes change modules while that shortens the description.

Fast local moving is that of Traag, Waltman & van Eck, From Louvain to Leiden, Scientific Reports 9,
5233 (2019), with the map equation in the place of modularity: nodes wait in a queue, and a node that moves
puts its neighbours back into the queue.

The nodes are taken from the queue in blocks. First every node of a block *proposes* a module,
against modules that do not change meanwhile; then the moves are *committed* one after the other, each
evaluated again against the state that the moves before it have left. Nearly all of the time goes into proposing,
which threads may therefore share in any way without changing the result.

Proposing is fast because it waits for memory, not for itself. It *gathers*: a node's links are read in
one loop without branches, and their flow is summed by module in a hash table that stays in the first cache. It
*evaluates*: the records of all candidate modules are collected in a second such loop, and all logarithms are taken in a
third one that the compiler vectorises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.jit import inlined, jit
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.multilevel import MultilevelPartition
from mapeq.objective.terms import teleport_flow
from mapeq.objective.two_level import (
    COST,
    INDEX_COST,
    INDEX_RATE,
    Partition,
    apply_move,
    change_of_number,
    codebook_of,
    evaluate_move,
)
from mapeq.optimizer.workspace import BATCH
from mapeq.walk.flow import ENTER, EXIT, VISIT

#: A move must shorten the description by more than this, in bits; well above rounding error.
MIN_GAIN = 1e-12

#: A block holds a 64th of the nodes, but never fewer than the minimum. It must not depend on the number of threads.
BLOCKS = 64
MIN_BLOCK = 32

BATCH_SIZE = np.uint64(BATCH)
ZERO = np.uint64(0)
TWO = np.uint64(2)
FOUR = np.uint64(4)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: its multiples are spread evenly
SPREAD_BITS = np.uint64(40)
MIN_MASK = np.uint64(255)
LANES = np.uint64(8)  # float64 values in the widest vector registers


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
        The module that each node of the block would move to: its own one if it would stay, n for a new one. Of units in
        a hierarchy, 1 if they would move.
    """

    ring: IndexArray
    ends: NDArray[np.uint64]
    waiting: NDArray[np.uint8]
    block: IndexArray
    proposed: IndexArray


class MoveConstraint(NamedTuple):
    """Which moves are allowed: nodes of outer module ``m`` to modules from ``starts[m]`` up to ``starts[m + 1]``.

    Attributes
    ----------
    outer : unsigned integer array of shape (n,), or (1,) if all nodes are in the same outer module
    stride : uint64
        1, or 0 with an array of shape (1,): the outer module of node ``i`` is ``outer[i * stride]``.
    starts : uint64 array of shape (number of outer modules + 1,)
    refining : uint64
        1 if only nodes that are alone in their modules may move, 0 if all may.
    """

    outer: IndexArray
    stride: np.uint64
    starts: NDArray[np.uint64]
    refining: np.uint64


class MoveKernels(NamedTuple):
    """The kernels that move one kind of thing, nodes or units of a hierarchy; all kinds take the same arguments."""

    propose: Callable[..., None]
    commit: Callable[..., float]
    move: Callable[..., tuple[float, int]]


class FreeModules(NamedTuple):
    """Numbers of empty modules, as a stack: ``numbers[: size[0]]``."""

    numbers: IndexArray
    size: NDArray[np.uint64]


def new_queue(order: IndexArray, num_nodes: int) -> Queue:
    """A queue of some nodes, or all, in the given order."""
    block = min(max(num_nodes, 1), max(MIN_BLOCK, num_nodes // BLOCKS))
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


def unconstrained(state: Partition) -> MoveConstraint:
    """Any node may move to any module."""
    n = len(state.module_of)
    return MoveConstraint(np.zeros(1, state.module_of.dtype), ZERO, np.array([0, n], dtype=np.uint64), ZERO)


def free_modules_of(state: Partition | MultilevelPartition) -> FreeModules:
    """The module numbers that a partition or a hierarchy does not use."""
    free_modules = FreeModules(np.empty(len(state.sizes), dtype=state.module_of.dtype), np.zeros(1, dtype=np.uint64))
    _fill_free_modules(state.sizes, free_modules)
    return free_modules


@jit
def _fill_free_modules(sizes, free_modules):
    for m in range(len(sizes) - 1, -1, -1):
        if sizes[m] == 0:
            free_modules.numbers[free_modules.size[0]] = m
            free_modules.size[0] += ONE


@jit
def move_nodes(links, nodes, terms, state, constraint, queue, free_modules, scratch, move, work):
    """Visit the waiting nodes, block by block, and move each to the module that shortens the description most.

    Returns
    -------
    change : float
        Change of codelength, in bits; 0 or less.
    visited : int
        Number of links visited, at least `work` unless the queue is empty.
    """
    change = 0.0
    visited = ZERO
    while queue.ends[1] > ZERO and visited < work:
        size, num_links = take_block(links, state, constraint, queue)
        propose(links, nodes, terms, state, constraint, queue, ZERO, size, scratch)
        change += commit(links, nodes, terms, state, constraint, queue, size, free_modules, scratch, move)
        visited += num_links
    return change, visited


@jit
def take_block(links, state, constraint, queue):
    """Move the next nodes that may move from the queue to its block; returns their number, and that of their links."""
    room = np.uint64(len(queue.ring))
    most = np.uint64(len(queue.block))
    first, waiting = queue.ends[0], queue.ends[1]
    size = ZERO
    num_links = ZERO
    while waiting > ZERO and size < most:
        i = np.uint64(queue.ring[first])
        first = first + ONE if first + ONE < room else ZERO
        waiting -= ONE
        queue.waiting[i] = 0
        if constraint.refining == ZERO or state.sizes[state.module_of[i]] == ONE:
            queue.block[size] = i
            size += ONE
            num_links += links.indptr[i + ONE] - links.indptr[i] + ONE
    queue.ends[0] = first
    queue.ends[1] = waiting
    return size, num_links


@jit
def propose(links, nodes, terms, state, constraint, queue, begin, end, scratch):
    """Find the best module for each node of a part of the block; changes nothing but `queue.proposed`.

    Candidates are the modules of the node's neighbours and a new one.
    """
    n = np.uint64(len(state.module_of))
    while begin < end:
        size = gather(links, state.module_of, constraint, queue.block, begin, end, scratch)
        evaluate(nodes, terms, state, queue.block, begin, size, scratch)
        for b in range(size):
            index_cost = state.index_sums[codebook_of(state, np.uint64(queue.block[begin + b])), INDEX_COST]
            best = _best_entry(index_cost, b, scratch)
            alone = np.uint64(scratch.starts[b + ONE]) - ONE
            queue.proposed[begin + b] = n if best == alone else np.uint64(scratch.modules[best])
        begin += size


@jit
def gather(links, module_of, constraint, block, begin, end, scratch):
    """Sum the flow between nodes and the modules of their neighbours, where the constraint allows a move.

    The nodes are those of `block` from position `begin` on, as many as a batch holds, but not beyond `end`;
    returns their number. The first entry of each node is its own module, the last one is left for a new one.
    """
    size = ZERO
    gathered = ZERO
    while begin + size < end:
        i = np.uint64(block[begin + size])
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        if size > ZERO and gathered + degree + (size + ONE) * TWO > BATCH_SIZE:
            break
        for k in range(degree):
            scratch.neighbour_modules[gathered + k] = module_of[links.indices[start + k]]
        gathered += degree
        size += ONE
    gathered = ZERO
    entries = ZERO
    for b in range(size):
        i = np.uint64(block[begin + b])
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        outer = np.uint64(constraint.outer[i * constraint.stride])
        low, high = constraint.starts[outer], constraint.starts[outer + ONE]
        mask = table_mask(degree + ONE)
        count = add_flow(np.uint64(module_of[i]), 0.0, mask, entries, ZERO, scratch)
        for k in range(degree):
            m = np.uint64(scratch.neighbour_modules[gathered + k])
            if low <= m and m < high:
                count = add_flow(m, links.flow[(start + k) * links.stride], mask, entries, count, scratch)
        clear_table(count, scratch)
        gathered += degree
        entries += count + ONE
        scratch.starts[b + ONE] = entries
    return size


@inlined
def table_mask(most):
    """The last slot of a hash table that `most` modules leave at least three quarters empty."""
    mask = MIN_MASK
    while mask < most * FOUR:
        mask = mask * TWO + ONE
    return mask


@inlined
def add_flow(module, flow, mask, first, count, scratch):
    """Add to the flow gathered for a module, one of `count` from entry `first` on or a new one; returns the count."""
    # Branch-free: always write the candidate behind the others, and keep it only if it is new.
    scratch.modules[first + count] = module
    scratch.flow_to_module[first + count] = 0.0
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    entry = np.uint64(scratch.table[slot])
    c = count if entry == ZERO else entry - ONE
    while scratch.modules[first + c] != module:  # seldom: the slot is another module's
        slot = (slot + ONE) & mask
        entry = np.uint64(scratch.table[slot])
        c = count if entry == ZERO else entry - ONE
    scratch.table[slot] = c + ONE
    scratch.slots[c] = slot
    scratch.flow_to_module[first + c] += flow
    return count + ONE if entry == ZERO else count


@inlined
def hash_slot(module, mask, scratch):
    """The slot of a module in the hash table, or the empty slot for it; the gathered modules begin at entry 0."""
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    while scratch.table[slot] != 0 and scratch.modules[scratch.table[slot] - ONE] != module:
        slot = (slot + ONE) & mask
    return slot


@inlined
def clear_table(count, scratch):
    """Empty the hash table; the gathered modules stay."""
    for c in range(count):
        scratch.table[scratch.slots[c]] = 0


@jit
def evaluate(nodes, terms, state, block, begin, size, scratch):
    """Evaluate all entries: by how much each module's cost changes, plus the index cost after the move, in bits.

    The node is taken out of its own module, the first entry, and put into all others; the last one is a new module.
    """
    for b in range(size):
        i = np.uint64(block[begin + b])
        visit, enter, exit = nodes[i, VISIT], nodes[i, ENTER], nodes[i, EXIT]
        own, alone = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE]) - ONE
        origin = np.uint64(scratch.modules[own])
        codebook = codebook_of(state, i)
        index_rate = state.index_sums[codebook, INDEX_RATE]
        flow_to_origin = scratch.flow_to_module[own] + teleport_flow(terms.teleport, i, state.teleport, origin, 1.0)
        scratch.visit[own] = state.modules[origin, VISIT] - visit
        scratch.enter[own] = state.modules[origin, ENTER] - enter + flow_to_origin
        scratch.exit[own] = state.modules[origin, EXIT] - exit + flow_to_origin
        fewer = np.float64(state.sizes[origin] == ONE)
        scratch.cost[own] = state.modules[origin, COST] - change_of_number(terms.counting, state, codebook, -fewer)
        scratch.index_rate[own] = index_rate
        for c in range(own + ONE, alone):
            m = np.uint64(scratch.modules[c])
            flow_to_module = scratch.flow_to_module[c] + teleport_flow(terms.teleport, i, state.teleport, m, 0.0)
            scratch.visit[c] = state.modules[m, VISIT] + visit
            scratch.enter[c] = state.modules[m, ENTER] + enter - flow_to_module
            scratch.exit[c] = state.modules[m, EXIT] + exit - flow_to_module
            scratch.cost[c] = state.modules[m, COST]
            scratch.index_rate[c] = index_rate + flow_to_origin - flow_to_module
        scratch.visit[alone], scratch.enter[alone], scratch.exit[alone] = visit, enter, exit
        scratch.cost[alone] = 0.0 - change_of_number(terms.counting, state, codebook, 1.0)
        scratch.index_rate[alone] = index_rate + flow_to_origin
    entries = np.uint64(scratch.starts[size])
    for c in range((entries + LANES - ONE) // LANES * LANES):  # whole vectors: entries beyond the last do no harm
        scratch.cost[c] = (
            module_cost(scratch.visit[c], scratch.enter[c], scratch.exit[c])
            - scratch.cost[c]
            + plogp(scratch.index_rate[c])
        )


@inlined
def _best_entry(index_cost, b, scratch):
    """The entry of the best module for node `b` of the batch, its first one if it should stay.

    `index_cost` is the cost of the index as it is.
    """
    own, end = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE])
    # A move pays if joining a module, with the index after it, costs less than leaving saves, with the index as it is.
    least = index_cost - (scratch.cost[own] - index_cost) - MIN_GAIN
    best = own
    for c in range(own + ONE, end):
        if scratch.cost[c] < least:
            least = scratch.cost[c]
            best = c
    return best


@jit
def commit(links, nodes, terms, state, constraint, queue, size, free_modules, scratch, move):
    """Make the proposed moves that still shorten the description, one after the other; returns the change in bits.

    The neighbours of a moved node outside its new module are enqueued: only they can have a reason to
    move now. So is a node whose move no longer pays, if others moved since it was proposed.
    """
    n = np.uint64(len(state.module_of))
    change = 0.0
    for b in range(size):
        i, destination = np.uint64(queue.block[b]), np.uint64(queue.proposed[b])
        origin = np.uint64(state.module_of[i])
        if destination == origin:
            continue
        if constraint.refining == ONE:
            if destination == n or state.sizes[origin] > ONE:
                continue
            if state.sizes[destination] == ZERO:  # its only node has moved meanwhile
                enqueue(queue, i)
                continue
        elif destination == n or state.sizes[destination] == ZERO:  # a new module, maybe since the last node left it
            if free_modules.size[0] == ZERO or state.sizes[origin] == ONE:
                continue
            destination = np.uint64(free_modules.numbers[free_modules.size[0] - ONE])
        flow_to_origin = teleport_flow(terms.teleport, i, state.teleport, origin, 1.0)
        flow_to_destination = teleport_flow(terms.teleport, i, state.teleport, destination, 0.0)
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        for k in range(degree):
            m = state.module_of[links.indices[start + k]]
            flow = links.flow[(start + k) * links.stride]
            flow_to_origin += flow if m == origin else 0.0
            flow_to_destination += flow if m == destination else 0.0
            scratch.neighbour_modules[k] = m
        gain = -evaluate_move(nodes, terms, state, i, destination, flow_to_origin, flow_to_destination, move)
        if gain <= MIN_GAIN:
            if change < 0.0:
                enqueue(queue, i)
            continue
        if state.sizes[destination] == 0:
            free_modules.size[0] -= ONE
        apply_move(terms, state, i, destination, move)
        if state.sizes[origin] == 0:
            free_modules.numbers[free_modules.size[0]] = origin
            free_modules.size[0] += ONE
        change -= gain
        if constraint.refining == ZERO:
            enqueue_neighbours(links, queue, i, destination, scratch)
    return change


@inlined
def enqueue_neighbours(links, queue, i, destination, scratch):
    """Put the neighbours of node `i` outside its module into the queue; `scratch` has their modules."""
    start = links.indptr[i]
    room = np.uint64(len(queue.ring))
    last = queue.ends[0] + queue.ends[1]
    last -= room if last >= room else ZERO
    added = ZERO
    for k in range(links.indptr[i + ONE] - start):
        # Branch-free: always write j behind the queue, where there is room for one, and let the queue grow or not.
        j = np.uint64(links.indices[start + k])
        is_new = np.uint64(scratch.neighbour_modules[k] != destination) & (ONE - np.uint64(queue.waiting[j]))
        queue.ring[last] = j
        queue.waiting[j] |= is_new
        last += is_new
        last = ZERO if last == room else last
        added += is_new
    queue.ends[1] += added


@inlined
def enqueue(queue, i):
    """Put node `i` into the queue, unless it is there already."""
    if queue.waiting[i] == 0:
        room = np.uint64(len(queue.ring))
        last = queue.ends[0] + queue.ends[1]
        queue.waiting[i] = 1
        queue.ring[last - room if last >= room else last] = i
        queue.ends[1] += ONE


#: Nodes of a partition.
NODES = MoveKernels(propose, commit, move_nodes)

"""Moves of single nodes: the best module for each node of a block, and moves that still pay when they are made.

Proposing is fast because it waits for memory, not for itself. It *gathers*: a node's links are read in
one loop without branches, and their flow is summed by module in a hash table that stays in the first cache. It
*evaluates*: the records of all candidate modules are collected in a second such loop, and all logarithms are taken in a
third one that the compiler vectorises.

Making a move needs none of its links: what the node's neighbours have done since it proposed is known from the movers
before it, which :mod:`mapeq.optimizer.moves` has noted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.atomics import prefetch
from mapeq._base.csr import ONE, IndexArray
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO
from mapeq.objective.contents import at_least, has_contents, least_change_of_contents, with_contents
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.terms import teleport_flow
from mapeq.objective.two_level import (
    COST,
    INDEX_COST,
    INDEX_RATE,
    Partition,
    add_to_index,
    apply_move,
    change_of_number,
    codebook_of,
    evaluate_move,
)
from mapeq.optimizer.blocks import AGAIN, DROPPED, MADE, READ_AGAIN, STAY
from mapeq.optimizer.candidate_contents import (
    ask_for_row,
    ask_for_sum,
    ask_for_sums,
    contents_of_entry,
    gather_contents,
)
from mapeq.optimizer.candidates import BATCH_SIZE, TWO, add_flow, clear_table, table_mask
from mapeq.walk.flow import ENTER, EXIT, VISIT, ask_for_links, ask_for_neighbours, flow_of

#: A move must shorten the description by more than this, in bits; well above rounding error.
MIN_GAIN = 1e-12

LANES = np.uint64(8)  # float64 values in the widest vector registers
AHEAD = np.uint64(12)  # moves are asked for so many before they are made


class NodeConstraint(NamedTuple):
    """Which moves are allowed: nodes of outer module ``m`` to modules from ``starts[m]`` up to ``starts[m + 1]``.

    Attributes
    ----------
    outer : unsigned integer array of shape (n,), or (1,) if all nodes are in the same outer module
    stride : uint64
        1, or 0 with an array of shape (1,): the outer module of node ``i`` is ``outer[i * stride]``.
    starts : uint64 array of shape (number of outer modules + 1,)
    refining : uint64
        1 if only nodes that are alone in their modules may move, 0 if all may.
    deepest : None
        These are nodes, not units of a hierarchy.
    """

    outer: IndexArray
    stride: np.uint64
    starts: NDArray[np.uint64]
    refining: np.uint64
    deepest: None


def unconstrained(state: Partition) -> NodeConstraint:
    """Any node may move to any module."""
    outer, starts = np.zeros(1, state.module_of.dtype), np.array([0, len(state.sizes)], dtype=np.uint64)
    return NodeConstraint(outer, ZERO, starts, ZERO, None)


@step
def propose_nodes(level, state, constraint, block, begin, end, scratch):
    """Find the best module for each node of a part of the block.

    Candidates are the modules of the node's neighbours and a new one.

    Returns
    -------
    num_movers : int
        Number of nodes that would move.
    num_links : int
        Number of links visited, and of nodes.
    """
    num_movers = ZERO
    size, num_links = _choose(level, state, constraint, block, begin, end, scratch)
    done = ZERO
    while done < size:
        batch = gather(level, state, constraint, block, done, size, scratch)
        evaluate(level, state, block, done, batch, scratch)
        _choose_first(level.terms.contents, state, block, done, batch, scratch)
        for b in range(batch):
            k = scratch.chosen[done + b]
            index_cost = state.index_sums[codebook_of(state, block.node[k]), INDEX_COST]
            own, alone = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE]) - ONE
            first = np.uint64(scratch.slots[b])
            best = _best_entry(level.terms.contents, state, block.node[k], index_cost, own, first, alone, scratch)
            if best != own:
                num_movers += ONE
                block.destination[k] = (
                    np.uint64(len(state.sizes)) if best == alone else np.uint64(scratch.modules[best])
                )
                block.origin[k] = scratch.modules[own]
                block.flow_to_origin[k] = scratch.flow_to_module[own]
                block.flow_to_destination[k] = 0.0 if best == alone else scratch.flow_to_module[best]
        done += batch
    return num_movers, num_links


@inlined
def _choose(level, state, constraint, block, begin, end, scratch):
    """The nodes of a part of the block that may move, ahead of time; returns their number, and that of their links."""
    size = ZERO
    num_links = ZERO
    for k in range(begin, end):
        i = block.node[k]
        block.destination[k] = STAY
        if constraint.refining == ZERO or state.sizes[state.module_of[i]] == ONE:
            scratch.chosen[size] = k
            size += ONE
            num_links += level.links.indptr[i + ONE] - level.links.indptr[i] + ONE
            ask_for_links(level.links, i)
            prefetch(level.nodes, i)
            ask_for_row(level.terms.contents, i)
    return size, num_links


@step
def gather(level, state, constraint, block, done, size, scratch):
    """Sum the flow between nodes and the modules of their neighbours, where the constraint allows a move.

    The nodes are the chosen ones from number `done` on, as many as a batch holds, but not beyond `size`;
    returns their number. The first entry of each node is its own module, the last one is left for a new one.
    """
    links, module_of = level.links, state.module_of
    batch = ZERO
    gathered = ZERO
    kept = ZERO
    while done + batch < size:
        i = block.node[scratch.chosen[done + batch]]
        start = links.indptr[i]
        degree = links.indptr[i + ONE] - start
        if batch > ZERO and gathered + degree + (batch + ONE) * TWO > BATCH_SIZE:
            break
        if done + batch + ONE < size:
            ask_for_neighbours(links, block.node[scratch.chosen[done + batch + ONE]], module_of)
        own = np.uint64(module_of[i])
        outer = np.uint64(constraint.outer[i * constraint.stride])
        low = constraint.starts[outer]
        width = constraint.starts[outer + ONE] - low
        ask_for_sums(level.terms.contents, state.contents, i)
        inside = 0.0
        for k in range(degree):
            # Branch-free: always write the link behind the others, and keep it only if it leads where the node may go.
            m = np.uint64(module_of[links.indices[start + k]])
            flow = flow_of(links, start + k)
            scratch.neighbour_modules[kept] = m
            scratch.neighbour_flow[kept] = flow
            inside += flow if m == own else 0.0
            kept += np.uint64(m != own) & np.uint64(m - low < width)
        scratch.exit[batch] = inside
        scratch.starts[batch + ONE] = kept
        gathered += degree
        batch += ONE
    entries = ZERO
    first = ZERO
    for b in range(batch):
        last = np.uint64(scratch.starts[b + ONE])
        mask = table_mask(last - first)
        count = ZERO
        for k in range(first, last):
            m = np.uint64(scratch.neighbour_modules[k])
            count = add_flow(m, scratch.neighbour_flow[k], mask, entries + ONE, count, scratch)
        i = block.node[scratch.chosen[done + b]]
        own = np.uint64(module_of[i])
        alone = entries + count + ONE
        gather_contents(
            level.terms.contents, state.contents, i, own, entries + ONE, count, entries, alone, mask, scratch
        )
        clear_table(count, scratch)
        for c in range(entries + ONE, alone):  # evaluated after the other nodes of the batch
            prefetch(state.modules, np.uint64(scratch.modules[c]))
        scratch.modules[entries] = own
        scratch.flow_to_module[entries] = scratch.exit[b]
        first = last
        entries += count + TWO
        scratch.starts[b + ONE] = entries
    return batch


@step
def evaluate(level, state, block, done, batch, scratch):
    """Evaluate all entries: by how much each module's cost changes, plus the index cost after the move, in bits.

    The node is taken out of its own module, the first entry, and put into all others; the last one is a new module.
    What contents in hash tables add to another module is left to :func:`_best_entry`.
    """
    terms = level.terms
    for b in range(batch):
        i = block.node[scratch.chosen[done + b]]
        visit, enter, exit = level.nodes[i, VISIT], level.nodes[i, ENTER], level.nodes[i, EXIT]
        own, alone = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE]) - ONE
        origin = np.uint64(scratch.modules[own])
        codebook = codebook_of(state, i)
        index_rate = state.index_sums[codebook, INDEX_RATE]
        flow_to_origin = scratch.flow_to_module[own] + teleport_flow(terms.teleport, i, state.teleport, origin, 1.0)
        scratch.visit[own] = state.modules[origin, VISIT] - visit
        scratch.enter[own] = state.modules[origin, ENTER] - enter + flow_to_origin
        scratch.exit[own] = state.modules[origin, EXIT] - exit + flow_to_origin
        fewer = np.float64(state.sizes[origin] == ONE)
        other_terms = change_of_number(terms.counting, state, codebook, -fewer)
        other_terms += contents_of_entry(terms.contents, own, scratch)
        scratch.cost[own] = state.modules[origin, COST] - other_terms
        scratch.index_rate[own] = index_rate
        for c in range(own + ONE, alone):
            m = np.uint64(scratch.modules[c])
            flow_to_module = scratch.flow_to_module[c] + teleport_flow(terms.teleport, i, state.teleport, m, 0.0)
            scratch.visit[c] = state.modules[m, VISIT] + visit
            scratch.enter[c] = state.modules[m, ENTER] + enter - flow_to_module
            scratch.exit[c] = state.modules[m, EXIT] + exit - flow_to_module
            scratch.cost[c] = state.modules[m, COST] - contents_of_entry(terms.contents, c, scratch)
            scratch.index_rate[c] = index_rate + flow_to_origin - flow_to_module
        scratch.visit[alone], scratch.enter[alone], scratch.exit[alone] = visit, enter, exit
        other_terms = change_of_number(terms.counting, state, codebook, 1.0)
        other_terms += contents_of_entry(terms.contents, alone, scratch)
        scratch.cost[alone] = 0.0 - other_terms
        scratch.index_rate[alone] = index_rate + flow_to_origin
    entries = np.uint64(scratch.starts[batch])
    for c in range((entries + LANES - ONE) // LANES * LANES):  # whole vectors: entries beyond the last do no harm
        scratch.cost[c] = (
            module_cost(scratch.visit[c], scratch.enter[c], scratch.exit[c])
            - scratch.cost[c]
            + plogp(scratch.index_rate[c])
        )


@inlined
def _choose_first(contents, state, block, done, batch, scratch):
    """The best entry of each node without contents in hash tables is looked up first: fewer of the others need it then.

    `scratch.slots` gets these entries. What will be looked up is asked for, so that loads wait for memory together.
    """
    for b in range(batch):
        own, alone = np.uint64(scratch.starts[b]), np.uint64(scratch.starts[b + ONE]) - ONE
        first = own
        if has_contents(contents):
            first = own + ONE
            for c in range(own + TWO, alone + ONE):
                first = c if scratch.cost[c] < scratch.cost[first] else first
            m = np.uint64(len(state.sizes)) if first == alone else np.uint64(scratch.modules[first])
            ask_for_sum(contents, state.contents, block.node[scratch.chosen[done + b]], m)
        scratch.slots[b] = first


@inlined
def _best_entry(contents, state, i, index_cost, own, first, alone, scratch):
    """The entry of the best module for a node, its first one if it should stay; the index costs `index_cost` now."""
    # A move pays if joining a module, with the index after it, costs less than leaving saves, with the index as it is.
    least = index_cost - (scratch.cost[own] - index_cost) - MIN_GAIN
    best = own
    of_contents = least_change_of_contents(contents, state.contents, i)
    if has_contents(contents):
        least, best = _better_entry(contents, state, i, first, alone, of_contents, least, best, scratch)
    for c in range(own + ONE, alone + ONE):
        if c != first:
            least, best = _better_entry(contents, state, i, c, alone, of_contents, least, best, scratch)
    return best


@inlined
def _better_entry(contents, state, i, c, alone, of_contents, least, best, scratch):
    """The cost and the entry of a module, if it costs less than the best one so far, else those of that one."""
    if at_least(contents, scratch.cost[c], of_contents) < least:
        m = np.uint64(len(state.sizes)) if c == alone else np.uint64(scratch.modules[c])
        cost = with_contents(contents, state.contents, i, m, 1.0, scratch.cost[c])
        if cost < least:
            least = cost
            best = c
    return least, best


@step
def commit_nodes(level, state, constraint, block, movers, begin, end, exact):
    """Make the moves of some movers that still shorten the description, one after the other.

    With `exact`, the index follows every move. Without, it stays as it is, and the moves of movers that have no module
    in common may be made by several threads at the same time.

    Returns the change of the codelength in bits, which is right only with `exact`.
    """
    total = 0.0
    for r in range(begin, end):
        if r + AHEAD < end:
            _ask_for(level, state, block, np.uint64(movers[r + AHEAD]))
        k = np.uint64(movers[r])
        change = _commit(level, state, constraint, block, k)
        if exact and change < 0.0:
            add_to_index(state, codebook_of(state, block.node[k]), block.rate[k], block.more[k])
            total += change
    return total


@inlined
def _ask_for(level, state, block, k):
    """Prefetch what a move needs."""
    prefetch(level.nodes, block.node[k])
    ask_for_sums(level.terms.contents, state.contents, block.node[k])
    _ask_for_module(state, block.origin[k])
    if block.destination[k] != STAY:
        _ask_for_module(state, block.destination[k])


@inlined
def _ask_for_module(state, m):
    prefetch(state.modules, m)
    prefetch(state.sizes, m)


@inlined
def _commit(level, state, constraint, block, k):
    """Evaluate a proposed move again, and make it if it pays; returns the change in bits, 0 if it is not made."""
    i, origin, destination = block.node[k], block.origin[k], block.destination[k]
    change = 0.0
    block.verdict[k] = _may_move(state, constraint, origin, destination)
    if block.verdict[k] == MADE:
        to_origin, to_destination = _flow_now(level.links, state, block, k)
        to_origin += teleport_flow(level.terms.teleport, i, state.teleport, origin, 1.0)
        to_destination += teleport_flow(level.terms.teleport, i, state.teleport, destination, 0.0)
        one, of_modules, left, joined = evaluate_move(
            level.nodes, level.terms, state, i, destination, to_origin, to_destination
        )
        if one < -MIN_GAIN:
            change = one
            block.change[k] = of_modules
            block.rate[k] = to_origin - to_destination
            block.more[k] = apply_move(level.terms, state, i, destination, left, joined)
        else:
            block.verdict[k] = AGAIN
    return change


@inlined
def _may_move(state, constraint, origin, destination):
    """Whether a move is still allowed (``MADE``), and if not, whether the node should propose again."""
    verdict = MADE
    if destination == STAY:
        verdict = DROPPED
    elif constraint.refining == ONE:
        if state.sizes[origin] > ONE:  # another node has joined it
            verdict = DROPPED
        elif state.sizes[destination] == ZERO:  # the only node there has left
            verdict = AGAIN
    elif state.sizes[destination] == ZERO and state.sizes[origin] == ONE:
        verdict = DROPPED
    return verdict


@inlined
def _flow_now(links, state, block, k):
    """Flow over links between a mover and its origin and destination, after the moves made so far."""
    i, origin, destination = block.node[k], block.origin[k], block.destination[k]
    to_origin, to_destination = block.flow_to_origin[k], block.flow_to_destination[k]
    if block.num_earlier[k] == READ_AGAIN:
        to_origin, to_destination = 0.0, 0.0
        for position in range(links.indptr[i], links.indptr[i + ONE]):
            m = np.uint64(state.module_of[links.indices[position]])
            flow = flow_of(links, position)
            to_origin += flow if m == origin else 0.0
            to_destination += flow if m == destination else 0.0
    else:
        for e in range(np.uint64(block.num_earlier[k])):
            other = np.uint64(block.earlier[k, e])
            if block.verdict[other] == MADE:
                flow, left, joined = block.earlier_flow[k, e], block.origin[other], block.destination[other]
                to_origin += (flow if joined == origin else 0.0) - (flow if left == origin else 0.0)
                to_destination += (flow if joined == destination else 0.0) - (flow if left == destination else 0.0)
    return to_origin, to_destination

"""Moving in a hierarchy: single nodes change leaf modules, whole subtrees change parents.

What moves is a *unit*: a node, or a module with all that is in it. Units are the nodes of a Flow, and
``module_of`` says which module each one is directly in. When a unit goes from module A to module B, the modules around
A and around B change, up to the lowest one that is around both: with ``d`` the flow between the unit and the rest of
a module, both ways, each one on A's side has ``e - e_i + d`` and ``x - x_i + d``, each one on B's side ``e + e_i - d``
and ``x + x_i - d``. The use rate of A and B changes by that of the unit, that of any module above by the change of the
enter flow of the one below; of the lowest common module it is all that changes.

Units wait in the same queue as nodes in :mod:`mapeq.optimizer.local_moves` and are taken in the same blocks. Their proposals only
say whether they would move; each chooses its place when it is committed, so that none has to wait for another try.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE
from mapeq._base.hierarchy import ROOT, depths
from mapeq._base.jit import inlined, jit
from mapeq.objective.multilevel import USE, MultilevelPartition
from mapeq.objective.two_level import COST, module_cost, plogp, teleport_between
from mapeq.optimizer.local_moves import (
    LEAST_GAIN,
    ZERO,
    Rules,
    add_flow,
    clear,
    hash_slot,
    table_mask,
    take_block,
    wake,
)
from mapeq.walk.flow import ENTER, EXIT

#: Of an entry whose module's parent has not been looked up yet.
UNKNOWN = np.uint64(2**32 - 1)


class Places(NamedTuple):
    """Where units may move.

    Attributes
    ----------
    anywhere : uint64
        1 if any module around a neighbour will do, 0 if only the one that a neighbour is directly in, or a new one.
    deepest : uint64
        How many modules a unit is in at most, the root included.
    refining : uint64
        0: all units may move. It is asked of whatever bounds there are when a block is taken.
    """

    anywhere: np.uint64
    deepest: np.uint64
    refining: np.uint64


def places(state: MultilevelPartition, *, anywhere: bool) -> Places:
    """Where units of a hierarchy may move: into any modules, or into those that hold units already."""
    return Places(np.uint64(anywhere), np.uint64(depths(state.parent).max() + 1), ZERO)


@jit
def move_units(links, nodes, teleport, state, bounds, queue, spares, scratch, move, work):
    """Visit the waiting units, block by block, and move each to where that shortens the description most.

    Returns
    -------
    change : float
        Change of codelength, in bits; 0 or less.
    met : int
        Number of links met, at least `work` unless no unit waits any more.
    """
    change = 0.0
    met = ZERO
    while queue.ends[1] > ZERO and met < work:
        size, links_met = take_block(links, state, bounds, queue)
        propose_units(links, nodes, teleport, state, bounds, queue, ZERO, size, scratch)
        change += commit_units(links, nodes, teleport, state, bounds, queue, size, spares, scratch, move)
        met += links_met
    return change, met


@jit
def propose_units(links, nodes, teleport, state, bounds, queue, begin, end, scratch):
    """Find out which units of a part of the block have a better place; nothing but `queue.proposed` changes."""
    for b in range(begin, end):
        i = np.uint64(queue.block[b])
        change, _, _, _ = best_place(links, nodes, teleport, state, bounds, i, scratch)
        queue.proposed[b] = ONE if change < -LEAST_GAIN else ZERO


@jit
def commit_units(links, nodes, teleport, state, bounds, queue, size, spares, scratch, move):
    """Make the moves that still shorten the description, one after the other; returns its change in bits.

    Every unit that proposed to move chooses again, by what the ones before it have left.
    """
    change = 0.0
    for b in range(size):
        if queue.proposed[b] == ZERO:
            continue
        i = np.uint64(queue.block[b])
        one, chain, entry, new = best_place(links, nodes, teleport, state, bounds, i, scratch)
        if one >= -LEAST_GAIN or (new and spares.height[0] == ZERO):
            continue
        destination = _move_unit(nodes, teleport, state, i, chain, entry, new, spares, scratch)
        wake(links, queue, i, destination, scratch)
        change += one
    return change


@jit
def best_place(links, nodes, teleport, state, bounds, i, scratch):
    """Where unit `i` is best described.

    Returns
    -------
    change : float
        Of the codelength, in bits, if it moved there.
    chain : int
        How many modules it is in: the first entries of the scratch space, from the one that it is directly in
        to the root.
    entry : int
        That of the module which it moves to.
    new : bool
        Whether it moves into a new module in that one.
    """
    change, best, new = 0.0, ZERO, False
    if _is_inside(links, state, i, scratch):
        return change, ZERO, best, new
    chain, direct, count, highest = _gather(links, state, bounds, i, scratch)
    if teleport is not None:
        for c in range(count):
            own = 1.0 if c < chain else 0.0
            scratch.between[c] += teleport_between(teleport, i, state.teleport, np.uint64(scratch.modules[c]), own)
    use, enter, exit = nodes[i, USE], nodes[i, ENTER], nodes[i, EXIT]
    _weigh_leaving(state.modules, use, enter, exit, highest, scratch)
    anywhere = bounds.anywhere == ONE
    alone = module_cost(use, enter, exit)
    for c in range(ONE, highest + ONE):
        one = scratch.cost[c]
        one += plogp(scratch.visit[c] + use) if anywhere else plogp(scratch.visit[c] + enter) + alone
        if one < change:
            change, best, new = one, c, not anywhere
    for e in range(chain, count if anywhere else direct):
        one = _joining(state.modules, use, enter, exit, chain, e, scratch)
        if one < change:
            change, best, new = one, e, False
    return change, chain, best, new


@inlined
def _joining(modules, use, enter, exit, chain, e, scratch):
    """The change of the codelength if the unit joined the module of entry `e`, which is not around it, in bits."""
    change, passed = 0.0, use
    c = e
    while c >= chain:
        m = np.uint64(scratch.modules[c])
        new_enter = modules[m, ENTER] + enter - scratch.between[c]
        new_exit = modules[m, EXIT] + exit - scratch.between[c]
        change += module_cost(modules[m, USE] + passed, new_enter, new_exit) - modules[m, COST]
        passed = new_enter - modules[m, ENTER]
        c = np.uint64(scratch.up[c])
    return change + scratch.cost[c] + plogp(scratch.visit[c] + passed)


@inlined
def _is_inside(links, state, i, scratch):
    """Whether all neighbours of unit `i` are directly in the same module as it is; gathers the modules they are in."""
    start = links.indptr[i]
    own = state.module_of[i]
    elsewhere = ZERO
    for k in range(links.indptr[i + ONE] - start):
        m = state.module_of[links.indices[start + k]]
        scratch.heads[k] = m
        elsewhere += np.uint64(m != own)
    return elsewhere == ZERO


@inlined
def _weigh_leaving(modules, use, enter, exit, highest, scratch):
    """What leaving changes in the modules around a unit, below that of each entry, up to the highest that counts.

    In `scratch.cost` stands that change, in bits, less the term of the entry's own use as it is; in `scratch.visit`
    the argument of that term as it would be.
    """
    change, passed = 0.0, -use
    for c in range(highest + ONE):
        m = np.uint64(scratch.modules[c])
        total = modules[m, USE] + modules[m, EXIT]
        scratch.visit[c] = total + passed
        scratch.cost[c] = change - plogp(total)
        if c < highest:
            new_enter = modules[m, ENTER] - enter + scratch.between[c]
            new_exit = modules[m, EXIT] - exit + scratch.between[c]
            change += module_cost(modules[m, USE] + passed, new_enter, new_exit) - modules[m, COST]
            passed = new_enter - modules[m, ENTER]


@inlined
def _gather(links, state, bounds, i, scratch):
    """Sum up the flow between unit `i` and the modules around it and around its neighbours.

    Returns how many modules the unit is in, up to which entry modules hold a neighbour directly, how many entries there
    are, and the last module around the unit at which a neighbour branches off: places higher up are never better.
    """
    start = links.indptr[i]
    degree = links.indptr[i + ONE] - start
    mask = table_mask(min((degree + ONE) * bounds.deepest, np.uint64(len(state.parent))))
    chain = ZERO
    m = np.uint64(state.module_of[i])
    while True:
        chain = add_flow(m, 0.0, mask, ZERO, chain, scratch)
        if m == ROOT:
            break
        m = np.uint64(state.parent[m])
    direct = chain
    for k in range(degree):
        flow = links.flow[(start + k) * links.stride]
        direct = add_flow(np.uint64(scratch.heads[k]), flow, mask, ZERO, direct, scratch)
    highest = ZERO
    for c in range(direct):
        scratch.direct[c] = scratch.between[c]
        scratch.up[c] = UNKNOWN
        if c < chain and scratch.between[c] > 0.0:
            highest = c
    count = direct
    for e in range(chain, direct):
        c = e
        while c >= chain:
            above = np.uint64(scratch.up[c])
            if above == UNKNOWN:
                above = _entry_above(np.uint64(state.parent[scratch.modules[c]]), mask, count, scratch)
                scratch.up[c] = above
                count += ONE if above == count else ZERO
            scratch.between[above] += scratch.direct[e]
            c = above
        highest = max(highest, c)
    clear(count, scratch)
    for c in range(ONE, chain):
        scratch.between[c] += scratch.between[c - ONE]
    return chain, direct, count, highest


@inlined
def _entry_above(module, mask, count, scratch):
    """The entry of a module, the next one, without any flow yet, if it has none."""
    slot = hash_slot(module, mask, scratch)
    entry = np.uint64(scratch.table[slot])
    if entry > ZERO:
        return entry - ONE
    scratch.table[slot] = count + ONE
    scratch.slots[count] = slot
    scratch.modules[count] = module
    scratch.between[count] = 0.0
    scratch.direct[count] = 0.0
    scratch.up[count] = UNKNOWN
    return count


@inlined
def _move_unit(nodes, teleport, state, i, chain, entry, new, spares, scratch):
    """Move unit `i` into the module of an entry, or into a `new` one in it; returns the module that it is in then."""
    modules, sizes = state.modules, state.sizes
    use, enter, exit = nodes[i, USE], nodes[i, ENTER], nodes[i, EXIT]
    common = entry
    while common >= chain:
        common = np.uint64(scratch.up[common])
    passed = -use
    leaves = ONE  # whether the module below, or the unit, is gone from the one looked at
    for c in range(common):
        m = np.uint64(scratch.modules[c])
        sizes[m] -= leaves
        before = modules[m, ENTER]
        if sizes[m] == ZERO:
            # An empty module is cleared exactly: what cancellation leaves must not look like a module.
            for column in range(4):
                modules[m, column] = 0.0
            if teleport is not None:
                state.teleport[m, 0] = 0.0
                state.teleport[m, 1] = 0.0
            spares.numbers[spares.height[0]] = m
            spares.height[0] += ONE
        else:
            leaves = ZERO
            _change(modules, m, passed, scratch.between[c] - enter, scratch.between[c] - exit)
            if teleport is not None:
                for column in range(2):
                    state.teleport[m, column] -= teleport[i, column]
        passed = modules[m, ENTER] - before
    lowest = np.uint64(scratch.modules[common])
    sizes[lowest] -= leaves
    added = use
    if new:
        spares.height[0] -= ONE
        destination = np.uint64(spares.numbers[spares.height[0]])
        state.parent[destination] = lowest
        modules[destination, USE], modules[destination, ENTER], modules[destination, EXIT] = use, enter, exit
        modules[destination, COST] = module_cost(use, enter, exit)
        sizes[destination] = ONE
        sizes[lowest] += ONE
        if teleport is not None:
            for column in range(2):
                state.teleport[destination, column] = teleport[i, column]
        added = enter
    else:
        c = entry
        destination = np.uint64(scratch.modules[c])
        sizes[destination] += ONE
        while c >= chain:
            m = np.uint64(scratch.modules[c])
            before = modules[m, ENTER]
            _change(modules, m, added, enter - scratch.between[c], exit - scratch.between[c])
            if teleport is not None:
                for column in range(2):
                    state.teleport[m, column] += teleport[i, column]
            added = modules[m, ENTER] - before
            c = np.uint64(scratch.up[c])
    _change(modules, lowest, passed + added, 0.0, 0.0)
    state.module_of[i] = destination
    return destination


@inlined
def _change(modules, m, use, enter, exit):
    """Add to the record of a module; what cancellation leaves below 0 is 0."""
    modules[m, USE] = max(modules[m, USE] + use, 0.0)
    modules[m, ENTER] = max(modules[m, ENTER] + enter, 0.0)
    modules[m, EXIT] = max(modules[m, EXIT] + exit, 0.0)
    modules[m, COST] = module_cost(modules[m, USE], modules[m, ENTER], modules[m, EXIT])


#: Units of a hierarchy.
UNITS = Rules(propose_units, commit_units, move_units)

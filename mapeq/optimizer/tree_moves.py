"""Moving in a hierarchy: single nodes change leaf modules, whole subtrees change parents.

The things that move are *units*: nodes, or modules with all their contents. Units are the nodes of a Level, and
``module_of`` has the module that each one is directly in. When a unit goes from module A to module B, the modules
around A and around B change, up to the lowest one that is around both: with ``d`` the flow between the unit and the
rest of a module, both ways, each one on A's side has ``e - e_i + d`` and ``x - x_i + d``, each one on B's side ``e +
e_i - d`` and ``x + x_i - d``. The use rate of A and B changes by that of the unit, that of any module above by the
change of the enter flow of the one below; of the lowest common module only the use rate changes.

Units are moved as nodes are, see :mod:`mapeq.optimizer.moves`. Their proposals only say whether they would move; each
unit chooses its place when its move is committed, so that none has to wait for another try. They are committed in the
order of the block: any two moves have a module in common, the root at least.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE
from mapeq._base.hierarchy import ROOT, depths
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO
from mapeq.objective.contents import at_least, has_row, least_change_of_contents, move_contents, with_contents
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.multilevel import USE, MultilevelPartition
from mapeq.objective.terms import add_teleport, price_change, teleport_flow
from mapeq.objective.two_level import COST
from mapeq.optimizer.blocks import DROPPED, MADE, STAY
from mapeq.optimizer.candidate_contents import contents_of_entry, gather_contents
from mapeq.optimizer.candidates import add_flow, clear_table, hash_slot, table_mask
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.walk.flow import ENTER, EXIT, flow_of

#: Marks entries whose module's parent has not been looked up yet.
UNKNOWN = np.uint64(2**32 - 1)


class UnitConstraint(NamedTuple):
    """Where units may move.

    Attributes
    ----------
    anywhere : uint64
        1: into any module around a neighbour; 0: only into the one that a neighbour is directly in, or a new one.
    deepest : uint64
        The largest number of modules around a unit, the root included.
    refining : uint64
        0: units may move more than once.
    outer : None
        These are units, not nodes of a partition.
    """

    anywhere: np.uint64
    deepest: np.uint64
    refining: np.uint64
    outer: None


def unit_constraint(state: MultilevelPartition, *, anywhere: bool) -> UnitConstraint:
    """Units of a hierarchy may move to any modules, or to those that hold units already."""
    return UnitConstraint(np.uint64(anywhere), np.uint64(depths(state.parent).max() + 1), ZERO, None)


@step
def propose_units(level, state, constraint, block, begin, end, scratch):
    """Find out which units of a part of the block have a better place.

    Returns
    -------
    num_movers : int
        Number of units that would move.
    num_links : int
        Number of links visited, and of units.
    """
    num_movers, num_links = ZERO, ZERO
    for k in range(begin, end):
        i = block.node[k]
        num_links += level.links.indptr[i + ONE] - level.links.indptr[i] + ONE
        change, _, _, _ = best_place(level.links, level.nodes, level.terms, state, constraint, i, scratch)
        block.destination[k] = ZERO if change < -MIN_GAIN else STAY
        num_movers += np.uint64(change < -MIN_GAIN)
    return num_movers, num_links


@step
def commit_units(level, state, constraint, block, num_movers, scratch):
    """Make the moves that still shorten the description, one after the other; returns the change in bits.

    Every unit that proposed to move chooses again, against the state that the units before it have left.
    """
    change, row = 0.0, ZERO
    for r in range(num_movers):
        k = np.uint64(block.movers[r])
        i = block.node[k]
        one, chain, entry, new = best_place(level.links, level.nodes, level.terms, state, constraint, i, scratch)
        if new:
            row = _empty_row(state.sizes, row)
        block.verdict[k] = DROPPED
        if one < -MIN_GAIN and not (new and row == np.uint64(len(state.sizes))):
            _move_unit(level.nodes, level.terms, state, i, chain, entry, new, row, scratch)
            block.verdict[k] = MADE
            change += one
    return change


@inlined
def _empty_row(sizes, row):
    """The first empty row of modules from a row on, or before it; one beyond the last, for good, if there is none."""
    rows = np.uint64(len(sizes))
    looked = ZERO
    while row < rows and looked <= rows and sizes[row] > ZERO:
        row = row + ONE if row + ONE < rows else ZERO
        looked += ONE
    return row if looked <= rows else rows


@step
def best_place(links, nodes, terms, state, constraint, i, scratch):
    """The place that shortens the description most for unit `i`.

    Returns
    -------
    change : float
        Of the codelength, in bits, if the unit moved there.
    chain : int
        The number of modules around the unit: the first entries of the scratch space, from the one that it is directly
        in to the root.
    entry : int
        The entry of the module that it moves to.
    new : bool
        Whether it moves into a new module inside that one.
    """
    change, best, new = 0.0, ZERO, False
    # Contents are a reason to leave neighbours; these gather the modules that `_gather` needs.
    if _is_inside(links, state, i, scratch) and not has_row(terms.contents, i):
        return change, ZERO, best, new
    chain, direct, count, highest = _gather(links, terms, state, constraint, i, scratch)
    if has_row(terms.contents, i):
        highest = max(highest, ONE)
    _add_teleport_flow(terms.teleport, i, state.teleport, chain, count, scratch)
    use, enter, exit = nodes[i, USE], nodes[i, ENTER], nodes[i, EXIT]
    _evaluate_leaving(state.modules, use, enter, exit, highest, scratch)
    emptied = _count_emptied(terms.counting, state.sizes, chain, scratch)
    anywhere = constraint.anywhere == ONE
    alone = module_cost(use, enter, exit)
    beyond = np.uint64(len(state.parent))
    left = contents_of_entry(terms.contents, count, scratch)
    of_contents = least_change_of_contents(terms.contents, state.contents, i)
    parted = left + contents_of_entry(terms.contents, count + ONE, scratch)
    parted = with_contents(terms.contents, state.contents, i, beyond, 1.0, parted)
    for c in range(ONE, highest + ONE):
        one = scratch.cost[c]
        one += plogp(scratch.visit[c] + use) if anywhere else plogp(scratch.visit[c] + enter) + alone
        one += _price_of_place(terms.counting, state, chain, emptied, c, True, not anywhere) + parted
        if one < change:
            change, best, new = one, c, not anywhere
    for e in range(chain, count if anywhere else direct):
        one, common = _evaluate_joining(state.modules, use, enter, exit, chain, e, scratch)
        one += _price_of_place(terms.counting, state, chain, emptied, common, False, False) + left
        one += contents_of_entry(terms.contents, e, scratch)
        if at_least(terms.contents, one, of_contents) < change:
            one = with_contents(terms.contents, state.contents, i, np.uint64(scratch.modules[e]), 1.0, one)
            if one < change:
                change, best, new = one, e, False
    return change, chain, best, new


@inlined
def _add_teleport_flow(teleport, i, module_teleport, chain, count, scratch):
    """Add recorded teleportation to the flow between unit `i` and the module of each entry."""
    if teleport is not None:
        for c in range(count):
            own = 1.0 if c < chain else 0.0
            m = np.uint64(scratch.modules[c])
            scratch.flow_to_module[c] += teleport_flow(teleport, i, module_teleport, m, own)


@inlined
def _evaluate_joining(modules, use, enter, exit, chain, e, scratch):
    """Evaluate joining the module of entry `e`, which is not around the unit.

    Returns the change of the codelength, in bits, and the entry of the lowest module around both.
    """
    change, passed = 0.0, use
    c = e
    while c >= chain:
        m = np.uint64(scratch.modules[c])
        new_enter = modules[m, ENTER] + enter - scratch.flow_to_module[c]
        new_exit = modules[m, EXIT] + exit - scratch.flow_to_module[c]
        change += module_cost(modules[m, USE] + passed, new_enter, new_exit) - modules[m, COST]
        passed = new_enter - modules[m, ENTER]
        c = np.uint64(scratch.up[c])
    return change + scratch.cost[c] + plogp(scratch.visit[c] + passed), c


@inlined
def _count_emptied(counting, sizes, chain, scratch):
    """The number of modules that a unit would leave empty: its own one, the one around that, and so on; 0 if unused."""
    emptied = ZERO
    if counting is not None:
        while emptied + ONE < chain and sizes[scratch.modules[emptied]] == ONE:
            emptied += ONE
    return emptied


@inlined
def _price_of_place(counting, state, chain, emptied, common, joins_common, is_new):
    """How the price of modules changes if a unit moves below the module of entry `common`, in bits.

    `joins_common` says whether that module gets a child, the unit or a new module around it.
    """
    if counting is None:
        return 0.0
    gone = min(emptied, common)
    at_root = common + ONE == chain
    more_modules = np.float64(is_new) - np.float64(gone)
    more_tops = np.float64(at_root and joins_common) - np.float64(at_root and gone == common)
    return price_change(counting, state.num_modules[0], np.float64(state.sizes[ROOT]), more_modules, more_tops)


@inlined
def _is_inside(links, state, i, scratch):
    """Whether all neighbours of unit `i` are directly in the same module; gathers the modules of the neighbours."""
    start = links.indptr[i]
    own = state.module_of[i]
    elsewhere = ZERO
    for k in range(links.indptr[i + ONE] - start):
        m = state.module_of[links.indices[start + k]]
        scratch.neighbour_modules[k] = m
        elsewhere += np.uint64(m != own)
    return elsewhere == ZERO


@inlined
def _evaluate_leaving(modules, use, enter, exit, highest, scratch):
    """Evaluate leaving: the change in the modules around a unit, below that of each entry, up to the highest relevant
    one.

    `scratch.cost` gets that change, in bits, less the term of the entry's own use as it is; `scratch.visit` gets
    the argument of that term after the move.
    """
    change, passed = 0.0, -use
    for c in range(highest + ONE):
        m = np.uint64(scratch.modules[c])
        total = modules[m, USE] + modules[m, EXIT]
        scratch.visit[c] = total + passed
        scratch.cost[c] = change - plogp(total)
        if c < highest:
            new_enter = modules[m, ENTER] - enter + scratch.flow_to_module[c]
            new_exit = modules[m, EXIT] - exit + scratch.flow_to_module[c]
            change += module_cost(modules[m, USE] + passed, new_enter, new_exit) - modules[m, COST]
            passed = new_enter - modules[m, ENTER]


@inlined
def _gather(links, terms, state, constraint, i, scratch):
    """Sum the flow between unit `i` and the modules around it and around its neighbours; gather its contents.

    Returns the number of modules around the unit; the end of the entries whose modules hold a neighbour directly; the
    number of entries; and the last module around the unit at which a neighbour branches off: places higher up are never
    better.
    """
    start = links.indptr[i]
    degree = links.indptr[i + ONE] - start
    mask = table_mask(min((degree + ONE) * constraint.deepest, np.uint64(len(state.parent))))
    chain = ZERO
    m = np.uint64(state.module_of[i])
    while True:
        chain = add_flow(m, 0.0, mask, ZERO, chain, scratch)
        if m == ROOT:
            break
        m = np.uint64(state.parent[m])
    direct = chain
    for k in range(degree):
        flow = flow_of(links, start + k)
        direct = add_flow(np.uint64(scratch.neighbour_modules[k]), flow, mask, ZERO, direct, scratch)
    highest = ZERO
    for c in range(direct):
        scratch.direct[c] = scratch.flow_to_module[c]
        scratch.up[c] = UNKNOWN
        if c < chain and scratch.flow_to_module[c] > 0.0:
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
            scratch.flow_to_module[above] += scratch.direct[e]
            c = above
        highest = max(highest, c)
    own = np.uint64(state.module_of[i])
    gather_contents(terms.contents, state.contents, i, own, ZERO, count, count, count + ONE, mask, scratch)
    clear_table(count, scratch)
    for c in range(ONE, chain):
        scratch.flow_to_module[c] += scratch.flow_to_module[c - ONE]
    return chain, direct, count, highest


@inlined
def _entry_above(module, mask, count, scratch):
    """The entry of a module, the next one, without any flow yet, if it has none."""
    slot = hash_slot(module, mask, ZERO, scratch)
    entry = np.uint64(scratch.table[slot])
    if entry > ZERO:
        return entry - ONE
    scratch.table[slot] = count + ONE
    scratch.slots[count] = slot
    scratch.modules[count] = module
    scratch.flow_to_module[count] = 0.0
    scratch.direct[count] = 0.0
    scratch.up[count] = UNKNOWN
    return count


@inlined
def _move_unit(nodes, terms, state, i, chain, entry, new, row, scratch):
    """Move unit `i` into the module of an entry, or into a `new` one inside it, which gets an empty row."""
    modules, sizes = state.modules, state.sizes
    use, enter, exit = nodes[i, USE], nodes[i, ENTER], nodes[i, EXIT]
    common = entry
    while common >= chain:
        common = np.uint64(scratch.up[common])
    passed = -use
    leaves = ONE  # whether the module below, or the unit, is gone from the module at hand
    for c in range(common):
        m = np.uint64(scratch.modules[c])
        sizes[m] -= leaves
        before = modules[m, ENTER]
        if sizes[m] == ZERO:
            _clear_module(terms.teleport, state, m)
            state.num_modules[0] -= 1.0
        else:
            leaves = ZERO
            _change(modules, m, passed, scratch.flow_to_module[c] - enter, scratch.flow_to_module[c] - exit)
            add_teleport(terms.teleport, i, state.teleport, m, -1.0)
        passed = modules[m, ENTER] - before
    lowest = np.uint64(scratch.modules[common])
    sizes[lowest] -= leaves
    added = use
    if new:
        destination = row
        state.parent[destination] = lowest
        modules[destination, USE], modules[destination, ENTER], modules[destination, EXIT] = use, enter, exit
        modules[destination, COST] = module_cost(use, enter, exit)
        sizes[destination] = ONE
        sizes[lowest] += ONE
        state.num_modules[0] += 1.0
        add_teleport(terms.teleport, i, state.teleport, destination, 1.0)
        added = enter
    else:
        c = entry
        destination = np.uint64(scratch.modules[c])
        sizes[destination] += ONE
        while c >= chain:
            m = np.uint64(scratch.modules[c])
            before = modules[m, ENTER]
            _change(modules, m, added, enter - scratch.flow_to_module[c], exit - scratch.flow_to_module[c])
            add_teleport(terms.teleport, i, state.teleport, m, 1.0)
            added = modules[m, ENTER] - before
            c = np.uint64(scratch.up[c])
    _change(modules, lowest, passed + added, 0.0, 0.0)
    move_contents(terms.contents, state.contents, i, np.uint64(state.module_of[i]), destination)
    state.module_of[i] = destination


@inlined
def _clear_module(teleport, state, m):
    """Clear the record of an empty module exactly: what cancellation leaves must not look like a module."""
    for column in range(4):
        state.modules[m, column] = 0.0
    if teleport is not None:
        for column in range(2):
            state.teleport[m, column] = 0.0


@inlined
def _change(modules, m, use, enter, exit):
    """Add to the record of a module; rates that cancellation leaves below 0 become 0."""
    modules[m, USE] = max(modules[m, USE] + use, 0.0)
    modules[m, ENTER] = max(modules[m, ENTER] + enter, 0.0)
    modules[m, EXIT] = max(modules[m, EXIT] + exit, 0.0)
    modules[m, COST] = module_cost(modules[m, USE], modules[m, ENTER], modules[m, EXIT])

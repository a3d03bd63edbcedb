"""One Leiden pass over a network, from its nodes up (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019).

:func:`leiden_pass` is the algorithm; everything that it calls is a step that the threads of a team take together, see
:mod:`mapeq._base.team`. It is compiled as a whole: on a small network, a step takes less time than calling it would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.jit import inlined, jit, step
from mapeq._base.records import record
from mapeq._base.team import ZERO, Team, barrier, share
from mapeq.objective.contents import has_contents
from mapeq.objective.level import Level
from mapeq.objective.terms import Terms
from mapeq.objective.two_level import Partition, sum_codelength
from mapeq.optimizer.aggregation import (
    Groups,
    LevelMemory,
    aggregate,
    compact,
    compose,
    expand,
    group,
    project,
    single_modules,
    singletons_in_groups,
)
from mapeq.optimizer.blocks import STOPPED, Block, Limits, Visits, block_size
from mapeq.optimizer.candidates import TWO
from mapeq.optimizer.moves import move
from mapeq.optimizer.node_moves import NodeConstraint
from mapeq.optimizer.order import draw_order

#: While nodes move, a partition into m modules has memory for as many more, and for some beyond that.
SPARE_ROWS = np.uint64(1024)


#: Positions of what threads tell each other: the number and the height of the modules found, whether passes have
#: converged, and the number of nodes of the first level above the network.
NUM_FOUND, HEIGHT, CONVERGED, NUM_PARTS, TOLD = 0, 1, 2, 3, 8


class Plan(NamedTuple):
    """What a pass does.

    Attributes
    ----------
    seed : uint64
        Of all random orders.
    from_singles : bool
        Whether it starts from single nodes, and not from a given partition.
    rough : bool
        Whether nodes are aggregated by the modules that they form, without refining these.
    rebuild : bool
        Whether the modules are built anew from parts that have been refined twice.
    refined_levels : uint64
        Modules are refined on so many levels; above them, they are aggregated as they are.
    max_sweeps : float
        Most visits while the nodes of a level move, in multiples of the numbers of its links and nodes; but refining
        goes on until no node has a reason to move.
    min_gain : float
        The search has converged when moving the nodes shortens the description by less than this fraction of it. Then,
        too, the nodes are aggregated by the modules that they form.
    codelength : float
        Of the given partition, in bits.
    worth_sharing : uint64
        Levels of fewer links are left to one thread, and every move on them is evaluated with the index as it is then.
    stop : uint8 array of shape (1,)
        Anything but 0 ends the pass soon.
    """

    seed: np.uint64
    from_singles: bool
    rough: bool
    rebuild: bool
    refined_levels: np.uint64
    max_sweeps: float
    min_gain: float
    codelength: float
    worth_sharing: np.uint64
    stop: NDArray[np.uint8]


@record
class Memory(NamedTuple):
    """Memory for a pass over a network of up to n nodes.

    Attributes
    ----------
    visits : Visits
    block : Block
    working, found, parts : Partition
        The partition whose nodes move; the modules that they have formed; the parts of these that become nodes of the
        next level. The first two share the sums of the index.
    number : unsigned integer array of shape (n,)
        New numbers of modules, or ends of groups.
    groups : Groups
    links_before : uint64 array of shape (n + 1,)
        Scratch, see :func:`mapeq.optimizer.aggregation.aggregate`.
    even, odd : LevelMemory
        For the levels of even and of odd height, but for the network itself.
    part_of : unsigned integer array of shape (n,)
        The node of the first level above the network that holds each node.
    above : unsigned integer array of shape (n,)
        The node of the level at hand that holds each node of the first level.
    counts : uint64 array
    sums : float64 array of shape (chunks, 2)
        Scratch for integers and for sums over chunks.
    told : uint64 array of shape (TOLD,)
    """

    visits: Visits
    block: Block
    working: Partition
    found: Partition
    parts: Partition
    number: IndexArray
    groups: Groups
    links_before: NDArray[np.uint64]
    even: LevelMemory
    odd: LevelMemory
    part_of: IndexArray
    above: IndexArray
    counts: NDArray[np.uint64]
    sums: FloatArray
    told: NDArray[np.uint64]


@jit
def leiden_pass(everybody, network, start, plan, memory, labels, scratch):
    """One pass: move nodes, refine their modules, aggregate, and so on with the coarser level while anything merges.

    Parameters
    ----------
    everybody : Team
    network : Level
        Of n nodes.
    start : Partition
        Compact; unless ``plan.from_singles``.
    plan : Plan
    memory : Memory
        ``memory.found`` gets the sums of the modules found.
    labels : unsigned integer array of shape (n,)
        Gets the module of each node, numbered without gaps.
    scratch : Scratch
        Of this thread.

    Returns
    -------
    num_modules : int
    converged : bool
    codelength : float
        In bits.
    """
    team, level = everybody, network
    height, num_found = ZERO, ZERO
    converged = False
    state = _begin(team, level, start, plan.from_singles, memory.working, memory.sums)
    before = plan.codelength
    if plan.from_singles:
        index, within = sum_codelength(team, level.terms, state, memory.sums)
        before = index + within + network.constant
    climbing = True
    while climbing:
        if team.size > ONE and np.uint64(len(level.links.indices)) < plan.worth_sharing:
            if team.number > ZERO:
                break  # the first thread goes on alone
            team = Team(ZERO, ONE, everybody.words)
        anywhere = _anywhere(team, np.uint64(len(state.sizes)), memory)
        seed = plan.seed + TWO * height
        change = _move(team, level, state, anywhere, plan, seed, plan.max_sweeps, memory.visits, memory.block, scratch)
        found, num_found = _compacted(team, level, state, memory.number, memory.counts, memory.found)
        n = np.uint64(len(level.nodes))
        if height == ZERO:
            converged = not plan.rough and -change <= plan.min_gain * before
        settled = change == 0.0 and (converged or height > ZERO)
        climbing = memory.block.told[STOPPED] == 0.0 and num_found < n and not (settled and height == ZERO)
        if climbing:
            as_it_is = converged or settled or height >= plan.refined_levels or (plan.rough and height == ZERO)
            parts, num_parts = found, num_found
            if not as_it_is:
                parts, num_parts = _refined(team, level, found, plan, seed + ONE, memory, scratch)
                climbing = memory.block.told[STOPPED] == 0.0 and num_parts < n
        if climbing:
            groups = _grouped(team, parts.module_of, num_parts, memory.groups, memory.number)
            coarser = memory.even if height % TWO == ONE else memory.odd
            level = aggregate(team, level, parts, groups, memory.links_before, coarser, scratch)
            _note_parts(team, parts.module_of, height, memory.part_of, memory.above, memory.told)
            if as_it_is or (plan.rebuild and height == ONE):
                state = _working(level, memory.working, num_parts)
                single_modules(team, level, state, memory.sums)
            else:
                state = _working(level, memory.working, rows_for(num_found, num_parts))
                project(team, found.module_of, parts.module_of, state.module_of)
                expand(team, found, state)
            height += ONE
    if everybody.number == ZERO:
        memory.told[NUM_FOUND], memory.told[HEIGHT], memory.told[CONVERGED] = num_found, height, np.uint64(converged)
    barrier(everybody)
    num_found, height = memory.told[NUM_FOUND], memory.told[HEIGHT]
    _label(everybody, memory.found.module_of, height, memory.part_of, memory.above, labels)
    found = _partition(memory.found, network, labels, num_found)
    index, within = sum_codelength(everybody, network.terms, found, memory.sums)
    return num_found, memory.told[CONVERGED] == ONE, max(index, 0.0) + max(within + network.constant, 0.0)


@jit
def refine(team, level, found, plan, memory, scratch):
    """Connected sub-modules of all modules of a compact partition go to ``memory.parts``; returns their number."""
    _, num_parts = _refined(team, level, found, plan, plan.seed, memory, scratch)
    return num_parts


@jit
def aggregate_into(team, level, state, groups, links_before, memory, scratch):
    """Aggregate for Python, which cannot get views of memory from a kernel, but has the memory itself."""
    aggregate(team, level, state, groups, links_before, memory, scratch)


@step
def _begin(team, level, start, from_singles, memory, sums):
    """The partition that the pass starts from, with memory for more modules."""
    n = np.uint64(len(level.nodes))
    if from_singles:
        state = _working(level, memory, n)
        single_modules(team, level, state, sums)
    else:
        state = _working(level, memory, rows_for(np.uint64(len(start.sizes)), n))
        begin, end = share(n, team)
        for i in range(begin, end):
            state.module_of[i] = start.module_of[i]
        if team.number == ZERO:
            for g in range(len(start.index_sums)):
                for column in range(5):
                    state.index_sums[g, column] = start.index_sums[g, column]
        barrier(team)
        expand(team, start, state)
    return state


@inlined
def rows_for(num_modules, n):
    """Number of rows for the modules of n nodes, some of which are empty, while nodes move."""
    return min(n, num_modules * TWO + SPARE_ROWS)


@inlined
def _working(level, memory, rows):
    return _partition(memory, level, memory.module_of[: np.uint64(len(level.nodes))], rows)


@inlined
def _partition(memory, level, module_of, rows):
    """A partition of a level's nodes in given memory."""
    return Partition(
        module_of,
        memory.modules[:rows],
        _first_rows(memory.teleport, rows)[0],
        memory.sizes[:rows],
        memory.index_sums[: np.uint64(len(level.codebooks.exit))],
        level.codebooks,
        memory.contents,
    )


@inlined
def _first_rows(array, rows):
    # In a tuple: Numba lets no kernel without reference counts return an array by itself.
    if array is not None:
        return (array[:rows],)
    return (array,)


@inlined
def _anywhere(team, rows, memory):
    """Nodes may move to any module."""
    if team.number == ZERO:
        memory.number[0] = 0
        memory.counts[0], memory.counts[1] = ZERO, rows
    return NodeConstraint(memory.number[:1], ZERO, memory.counts[:2], ZERO, None)


@step
def _move(team, level, state, constraint, plan, seed, sweeps, visits, block, scratch):
    """Move nodes where they may go; returns the change of codelength in bits."""
    n = np.uint64(len(level.nodes))
    num_links = np.uint64(len(level.links.indices))
    visits = Visits(visits.order[:n], visits.waiting[:n], visits.listed[:n], visits.counts)
    draw_order(team, seed, visits.order)
    exact = _is_counted(level.terms.counting) or has_contents(level.terms.contents) or num_links < plan.worth_sharing
    limits = Limits(sweeps * np.float64(num_links + n), np.uint64(exact), block_size(n), plan.stop)
    change, _ = move(team, level, state, constraint, visits, block, limits, scratch)
    return change


@inlined
def _is_counted(counting):
    """Whether the number of modules has a price, which depends on every move before."""
    return counting is not None


@step
def _compacted(team, level, state, number, counts, memory):
    """The same partition in other memory, without empty rows, and the number of its modules."""
    n, rows = np.uint64(len(level.nodes)), np.uint64(len(state.sizes))
    small = _partition(memory, level, memory.module_of[:n], rows)
    num_modules = compact(team, state, number, counts, small)
    return _partition(memory, level, memory.module_of[:n], num_modules), num_modules


@step
def _grouped(team, module_of, count, memory, ends):
    groups = Groups(memory.starts[: count + ONE], memory.members[: np.uint64(len(module_of))])
    group(team, module_of, groups, ends[:count])
    return groups


@step
def _refined(team, level, found, plan, seed, memory, scratch):
    """Connected sub-modules of all modules of a compact partition, the number of which has no price; and how many."""
    groups = _grouped(team, found.module_of, np.uint64(len(found.sizes)), memory.groups, memory.number)
    terms = Terms(level.terms.teleport, None, level.terms.contents)
    level = Level(level.links, level.nodes, terms, level.constant, level.codebooks)
    n = np.uint64(len(level.nodes))
    rows = _partition(memory.working, level, memory.working.module_of[:n], n)
    index = memory.parts.index_sums[: np.uint64(len(level.codebooks.exit))]
    state = Partition(rows.module_of, rows.modules, rows.teleport, rows.sizes, index, level.codebooks, rows.contents)
    singletons_in_groups(team, level, groups, state, memory.sums)
    inside = NodeConstraint(found.module_of, ONE, groups.starts, ONE, None)
    _move(team, level, state, inside, plan, seed, np.inf, memory.visits, memory.block, scratch)
    return _compacted(team, level, state, memory.number, memory.counts, memory.parts)


@step
def _note_parts(team, module_of, height, part_of, above, told):
    """Keep track of which node of the level above holds each node of the network."""
    n = np.uint64(len(module_of))
    if height <= ONE:
        begin, end = share(n, team)
        target = part_of if height == ZERO else above
        for i in range(begin, end):
            target[i] = module_of[i]
        if team.number == ZERO and height == ONE:
            told[NUM_PARTS] = n
        barrier(team)
    else:
        above = above[: told[NUM_PARTS]]
        compose(team, above, module_of, above)


@step
def _label(team, module_of, height, part_of, above, labels):
    """The module of each node of the network."""
    begin, end = share(np.uint64(len(labels)), team)
    for i in range(begin, end):
        j = np.uint64(i)
        if height > ZERO:
            j = np.uint64(part_of[j])
        if height > ONE:
            j = np.uint64(above[j])
        labels[i] = module_of[j]
    barrier(team)

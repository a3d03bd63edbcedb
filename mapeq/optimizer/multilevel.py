"""The multilevel search: from a network to a locally optimal hierarchy, and from two of these to a better one.

The optimizer starts with one pass of the two-level search. If modules of its modules would save next to nothing, the
two-level search continues, and its result is the hierarchy to start with. Else the network is divided from the top
down: nodes form modules, these form modules of their own, and so on while that shortens the description; only the top
modules are kept, and divided in the same way, until no division pays. Modules deep down come out finer than those of a
two-level partition, since the codebooks that name them are small.

Then the hierarchy is *tuned*: nodes move between leaf modules, then connected parts of leaf modules do, then whole
subtrees move to other parents; modules that save nothing are dissolved; and new levels are inserted where they pay, or
pairs of modules (:mod:`mapeq.optimizer.pairs`). At the end of a trial, levels are built above a two-level partition,
and leaf modules are divided once more. A tiny network's hierarchy is then disturbed at random and tuned again.

Two hierarchies are recombined through the overlap of their leaf modules, like two partitions. Both are tuned, and a new
one is found, as hierarchies of the small network of the overlap; another is built above the leaf modules of the best of
these. The shortest of all goes back to the nodes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.hierarchy import (
    ROOT,
    Hierarchy,
    depths,
    heights,
    is_two_level,
    leaf_numbers,
    num_tops,
    renumbered,
    stacked,
    two_levels,
)
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.level import FEW_NODES, Level, as_codewords
from mapeq.objective.multilevel import (
    MultilevelPartition,
    by_module,
    dissolved,
    leaf_modules,
    repopulated,
    settled,
    varying_codelength,
)
from mapeq.objective.two_level import COST, Partition, changes_by_codebook
from mapeq.optimizer.aggregation import within_groups
from mapeq.optimizer.engine import Passed
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.optimizer.outcome import Outcome
from mapeq.optimizer.pairs import paired
from mapeq.optimizer.tree_moves import unit_constraint
from mapeq.optimizer.two_level import (
    MIN_RELATIVE_GAIN,
    TwoLevelOptimizer,
    codelength_of,
    projected,
)
from mapeq.walk.flow import EXIT, Links, link_flows

#: After the first pass, modules of modules must save at least this fraction of the description, or the network is flat.
MIN_NESTED_GAIN = 5e-4

#: A hierarchy shorter by this fraction than the two-level description after the first pass cannot be beaten by the
#: two-level search.
SAFE_LEAD = 1e-2

#: On networks of few nodes, or of up to so many stored links, a hierarchy is disturbed at random and tuned again, so
#: many times: the search misses some divisions and mergers, and here trying costs next to nothing.
DISTURBED_LINKS, DISTURBANCES = 1_500, 8

#: Maximum number of tuning rounds; a round that gains less than ``MIN_RELATIVE_GAIN`` is the last one, too.
ROUNDS = 2

#: While units move, a hierarchy has memory for a number of new modules, and for one per this many units.
FREE_MODULES = 64
UNITS_PER_FREE_MODULE = 8


class Clusters(NamedTuple):
    """Modules of the nodes of a Level, each within the group of its index codebook.

    Attributes
    ----------
    state : Partition
        Compact.
    codebook_of : unsigned integer array of shape (m,)
        The codebook that names each module.
    change : float64 array of shape (g,)
        How the modules of each codebook change the codelength, in bits.
    """

    state: Partition
    codebook_of: IndexArray
    change: FloatArray


class Tops(NamedTuple):
    """Modules, or modules of modules, directly below the index codebooks of a Level.

    Attributes
    ----------
    module_of : unsigned integer array of shape (n,)
        The top module of each node, numbered from 0 without gaps.
    codebook_of : unsigned integer array of shape (m,)
        The codebook that names each top module.
    exit : float64 array of shape (m,)
        Exit flow of each top module.
    change : float64 array of shape (g,)
        How the top modules of each codebook, with all modules in them, change the codelength, in bits.
    """

    module_of: IndexArray
    codebook_of: IndexArray
    exit: FloatArray
    change: FloatArray


class MultilevelOptimizer(TwoLevelOptimizer):
    """The steps of a search for hierarchies; see :class:`mapeq.optimizer.two_level.TwoLevelOptimizer`."""

    def optimize(self, network: Level, start: Hierarchy | None = None) -> Outcome:
        """A hierarchy from a start, by default from single nodes; a two-level partition where that is as good."""
        if start is None:
            first = self._first_pass(network)
            # Where levels save little, the two-level search continues with the random numbers that it would have had.
            rng, self.rng = self.rng, self.rng.spawn(1)[0]
            hierarchy = self._divided(network, first)
            nested = [self._tuned_outcome(network, hierarchy)] if hierarchy else []
            self.rng = rng
            if nested and nested[0].codelength < (1 - SAFE_LEAD) * first.codelength:
                return nested[0]
            return min([*nested, self._later_passes(network, first)], key=codelength_of)
        if is_two_level(start):
            return super().optimize(network, start)
        # Tuning never lengthens the description, but for rounding: the start stays if it is better by that.
        return min(self._tuned_outcome(network, start), self._outcome(network, start), key=codelength_of)

    def update(self, network: Level, start: Hierarchy, changed: IndexArray) -> Outcome:
        """Moves from the result of an earlier search: nodes around the changed ones first, then subtrees.

        If that search found two levels, so does this one, unless much has changed.
        """
        if is_two_level(start):
            return super().update(network, start, changed)
        before = self.engine.hierarchy(network, start)
        new, others = self._new_and_others(before, changed)
        joined = self._nodes_moved(network, before, new)
        state = self._nodes_moved(network, joined, others)
        length = varying_codelength(network, state) + network.constant
        if varying_codelength(network, before) - varying_codelength(network, state) > MIN_RELATIVE_GAIN * length:
            return self._deepened(network, self._tuned_outcome(network, _hierarchy(state)))
        return self._outcome(network, _hierarchy(dissolved(network, state)))

    def finish(self, network: Level, best: Outcome) -> Outcome:
        """Build levels above the best result of a trial, if it is a two-level partition, and below it."""
        if not self.stopped() and is_two_level(best.hierarchy):
            leaves = self.engine.compact(network, self.engine.partition(network, leaf_numbers(best.hierarchy)))
            raised = self._raised(network, leaves)
            if is_two_level(raised):
                state = self.engine.hierarchy(network, raised)
                numbers = projected(raised.module_of, leaves)
                raised = self._inserted(self.engine.aggregate(network, leaves), numbers, state) or raised
            # With nothing above the modules, all moves have been made.
            if not is_two_level(raised):
                best = min(best, self._tuned_outcome(network, raised), key=codelength_of)
        return self._deepened(network, best)

    def _deepened(self, network: Level, best: Outcome) -> Outcome:
        """Divide leaf modules, and tune the hierarchy, until that gains little; then, on a tiny network, disturb it."""
        gain = np.inf
        while gain > MIN_RELATIVE_GAIN * best.codelength and not self.stopped():
            before, best = best, self._deeper(network, best)
            gain = before.codelength - best.codelength
        # Of few nodes, all may be linked, see :func:`mapeq.objective.level.with_all_links`.
        is_tiny = len(network.nodes) <= FEW_NODES or len(network.links.indices) <= DISTURBED_LINKS
        for _ in range(DISTURBANCES if is_tiny else 0):
            if self.stopped():
                break
            best = self._deeper(network, best, from_halves=True)
            best = min(best, self._tuned_outcome(network, self._disturbed(best.hierarchy)), key=codelength_of)
        return best

    def _deeper(self, network: Level, best: Outcome, *, from_halves: bool = False) -> Outcome:
        """A shorter hierarchy with leaf modules divided, and tuned, or the same one if none is found."""
        hierarchy = best.hierarchy
        exit = self.engine.hierarchy(network, hierarchy).modules[np.unique(hierarchy.module_of), EXIT]
        divided = self._leaves_divided(network, hierarchy, exit, from_halves=from_halves)
        if len(divided.parent) == len(hierarchy.parent):
            return best
        return min(best, self._tuned_outcome(network, divided), key=codelength_of)

    def recombine(self, network: Level, one: Outcome, other: Outcome) -> Outcome:
        """A hierarchy at least as good as both of the given ones."""
        if is_two_level(one.hierarchy) and is_two_level(other.hierarchy):
            return self.finish(network, super().recombine(network, one, other))
        parts, small = self._overlapped(network, one.hierarchy, other.hierarchy)
        starts = [
            Hierarchy(projected(parent.hierarchy.module_of, parts), parent.hierarchy.parent) for parent in (one, other)
        ]
        starts.append(self._topped(small, self._tops(small)))
        states = [self._tuned(small, self.engine.hierarchy(small, start)) for start in starts]
        leaves, _ = leaf_modules(min(states, key=lambda state: varying_codelength(small, state)))
        states.append(self._tuned(small, self.engine.hierarchy(small, self._raised(small, leaves))))
        best = min(states, key=lambda state: varying_codelength(small, state))
        start = Hierarchy(best.module_of[parts.module_of], best.parent)
        state = self._tuned(network, self.engine.hierarchy(network, start), rounds=1)
        return min(one, other, self._outcome(network, _hierarchy(state)), key=codelength_of)

    def _tuned_outcome(self, network: Level, hierarchy: Hierarchy) -> Outcome:
        return self._outcome(network, _hierarchy(self._tuned(network, self.engine.hierarchy(network, hierarchy))))

    # Levels from nothing

    def _clustered(self, level: Level, start: Passed | None = None) -> Clusters:
        """Modules found in one pass, by default from single nodes, never refined: tuning does that better."""
        state = self._leiden_pass(level, start, MIN_RELATIVE_GAIN, refined_levels=0).state
        codebook_of = np.zeros(len(state.sizes), dtype=state.module_of.dtype)
        codebook_of[state.module_of] = level.codebooks.of
        return Clusters(state, codebook_of, changes_by_codebook(level, state))

    def _tops(self, level: Level, start: Passed | None = None) -> Tops:
        """Modules, modules of modules, and so on within each group while they pay: the topmost ones."""
        found = self._clustered(level, start)
        module_of, change = found.state.module_of, found.change
        while not self.stopped():
            above_level = as_codewords(self.engine.aggregate(level, found.state))
            above = self._clustered(above_level)
            pays = above.change < -MIN_GAIN
            if not pays.any():
                break
            change = change + np.where(pays, above.change, 0.0)
            if not pays.all():  # the other groups keep the topmost modules that they have
                apart = len(above_level.nodes) + np.arange(len(above_level.nodes))
                numbers = np.where(pays[found.codebook_of], above.state.module_of, apart)
                numbers = _numbered(numbers, module_of.dtype)
                state = self.engine.compact(above_level, self.engine.partition(above_level, numbers))
                codebook_of = np.empty(len(state.sizes), dtype=module_of.dtype)
                codebook_of[state.module_of] = found.codebook_of
                above = Clusters(state, codebook_of, above.change)
            module_of = above.state.module_of[module_of]
            level, found = above_level, above
        return Tops(module_of, found.codebook_of, found.state.modules[:, EXIT], change)

    def _raised(self, level: Level, leaves: Partition) -> Hierarchy:
        """Modules of the modules of a compact partition, modules of these, and so on while they pay."""
        levels = [leaves.module_of]
        state = leaves
        while not self.stopped():
            level = as_codewords(self.engine.aggregate(level, state))
            above = self._clustered(level)
            if above.change[0] >= -MIN_GAIN:
                break
            state = above.state
            levels.append(state.module_of)
        return stacked(levels)

    def _divided(self, network: Level, found: Passed) -> Hierarchy | None:
        """The network divided from the top down, unless it is flat; a pass has found a partition of it."""
        if self.stopped():
            return None
        leaves = found.state
        tops = self._tops(as_codewords(self.engine.aggregate(network, leaves)))
        if self.stopped() or -tops.change[0] < MIN_NESTED_GAIN * found.codelength:
            return None
        # Connected parts of modules are divided, not single nodes: the result is as good, and faster.
        refined = self.engine.refine(network, leaves, self._seed())
        level = self.engine.aggregate(network, refined)
        top_of = tops.module_of[projected(leaves.module_of, refined)]
        hierarchy = self._topped(level, tops._replace(module_of=top_of))
        return Hierarchy(hierarchy.module_of[refined.module_of], hierarchy.parent)

    def _topped(self, level: Level, tops: Tops) -> Hierarchy:
        """Top modules divided, and their modules again, until no division pays."""
        n, dtype = len(level.nodes), level.links.indices.dtype
        if tops.change[0] >= -MIN_GAIN:
            return two_levels(np.zeros(n, dtype=dtype))
        return self._leaves_divided(level, two_levels(tops.module_of), tops.exit)

    def _leaves_divided(
        self, level: Level, hierarchy: Hierarchy, exit: FloatArray, *, from_halves: bool = False
    ) -> Hierarchy:
        """The leaf modules of a hierarchy divided, and their modules again, until no division pays.

        `exit` is the exit flow of each leaf module, in the order of their numbers. With `from_halves`, nodes move from
        two random parts of each leaf module, not from single nodes.
        """
        n, dtype = len(level.nodes), level.links.indices.dtype
        module_of, parents = hierarchy.module_of.copy(), [hierarchy.parent]
        numbers, positions = np.unique(module_of, return_inverse=True)  # of the modules that are being divided
        group_of: IndexArray = positions.astype(dtype)
        while len(numbers) and not self.stopped():
            groups, members = within_groups(level, group_of, exit)
            start = self._passed(groups, self._halves(groups.codebooks.of)) if from_halves else None
            tops = self._tops(groups, start)
            new = np.flatnonzero((tops.change < -MIN_GAIN)[tops.codebook_of])
            group_of_top = np.full(len(tops.exit), len(new), dtype=dtype)
            group_of_top[new] = np.arange(len(new))
            group_of = np.full(n, len(new), dtype=dtype)
            group_of[members] = group_of_top[tops.module_of]
            parents.append(numbers[tops.codebook_of[new]])
            numbers = np.arange(len(new), dtype=dtype) + dtype.type(sum(map(len, parents)) - len(new))
            inside = group_of < len(new)
            module_of[inside] = numbers[group_of[inside]]
            exit = tops.exit[new]
        return Hierarchy(module_of, np.concatenate(parents))

    def _halves(self, group_of: IndexArray) -> IndexArray:
        """Two random parts of each group, as modules numbered without gaps."""
        return _numbered(2 * group_of.astype(np.intp) + self.rng.integers(2, size=len(group_of)), group_of.dtype)

    def _disturbed(self, hierarchy: Hierarchy) -> Hierarchy:
        """Half of the modules of modules dissolved, and half of the leaf modules parted into two next to each other.

        Which ones, and which nodes go to which part, is random.
        """
        module_of, parent = hierarchy.module_of, hierarchy.parent
        count = len(parent)
        is_leaf = np.zeros(count, dtype=np.bool_)
        is_leaf[module_of] = True
        chosen = self.rng.integers(2, size=count, dtype=np.bool_)
        chosen[ROOT] = False
        gone = chosen & ~is_leaf
        while gone[parent].any():
            parent = np.where(gone[parent], parent[parent], parent)
        parted = np.flatnonzero(chosen & is_leaf)
        other = np.arange(count, dtype=parent.dtype)
        other[parted] = np.arange(len(parted)) + count
        leaves = self.rng.integers(2, size=len(module_of), dtype=np.bool_)
        module_of = np.where(leaves, other[module_of], module_of)
        return renumbered(Hierarchy(module_of, np.concatenate([parent, parent[parted]])))

    # Better levels

    def _tuned(self, level: Level, state: MultilevelPartition, rounds: int = ROUNDS) -> MultilevelPartition:
        """Rounds of all kinds of moves; levels are inserted where another round follows."""
        for number in range(1, rounds + 1):
            before = varying_codelength(level, state)
            state = self._parts_moved(level, self._nodes_moved(level, state))
            state = self._subtrees_moved(level, state, insert=number < rounds)
            state = dissolved(level, state)
            after = varying_codelength(level, state)
            if self.report is not None:
                self.report(after + level.constant, num_tops(_hierarchy(state)))
            if self.stopped() or before - after <= MIN_RELATIVE_GAIN * (before + level.constant):
                break
        return state

    def _nodes_moved(
        self, level: Level, state: MultilevelPartition, order: IndexArray | None = None
    ) -> MultilevelPartition:
        """Move nodes, those of an order first or all, between leaf modules or into new ones."""
        state = settled(state, FREE_MODULES + len(level.nodes) // UNITS_PER_FREE_MODULE)
        self._move_units(level, state, order)
        return settled(state)

    def _parts_moved(self, level: Level, state: MultilevelPartition) -> MultilevelPartition:
        """Refine the leaf modules, and move the connected parts like nodes."""
        if self.stopped():
            return state
        leaves, _ = leaf_modules(state)
        parts = self.engine.refine(level._replace(codebooks=leaves.codebooks), leaves, self._seed())
        coarse = self.engine.aggregate(level, parts)
        moved = self._nodes_moved(coarse, repopulated(state, projected(state.module_of, parts)))
        return repopulated(moved, moved.module_of[parts.module_of])

    def _subtrees_moved(self, network: Level, state: MultilevelPartition, *, insert: bool) -> MultilevelPartition:
        """Move whole subtrees, low ones first; then insert levels, if `insert` says so. Overwrites the state."""
        if self.stopped():
            return state
        leaves, roots = leaf_modules(state)
        bottom = level = self.engine.aggregate(network, leaves)
        height = heights(state.parent)
        cut = 0  # the roots of subtrees are the highest modules no higher than this: branches differ in depth
        while height[ROOT] > cut and not self.stopped():
            units = state._replace(module_of=state.parent[roots])
            self._move_units(as_codewords(level), units, anywhere=True)
            state.parent[roots] = units.module_of
            cut += 1
            height = heights(np.where(state.sizes > 0, state.parent, ROOT).astype(state.parent.dtype))
            above = roots
            while (low := height[state.parent[above]] <= cut).any() and height[ROOT] > cut:
                above = np.where(low, state.parent[above], above)
            joined, roots = by_module(state, above.astype(state.parent.dtype), network.codebooks)
            level = self.engine.aggregate(level, joined)
        state = settled(state)
        if not insert or self.stopped():
            return state
        hierarchy = self._inserted(bottom, projected(state.module_of, leaves), state)
        return state if hierarchy is None else self.engine.hierarchy(network, hierarchy)

    def _move_units(
        self, level: Level, state: MultilevelPartition, order: IndexArray | None = None, *, anywhere: bool = False
    ) -> None:
        """Move nodes, or parts, between leaf modules; or subtrees to any module, since new ones are inserted later."""
        self.engine.move(level, state, unit_constraint(state, anywhere=anywhere), self._seed(), order)

    def _inserted(self, bottom: Level, numbers: IndexArray, state: MultilevelPartition) -> Hierarchy | None:
        """A new level in every module in which modules of its modules pay, or at least pairs; None if they pay nowhere.

        `bottom` is the level of the leaf modules, `numbers` are their numbers in the hierarchy.
        """
        siblings = _siblings(bottom, numbers, state)
        found = self._clustered(siblings)
        pays = found.change < -MIN_GAIN
        if not pays.any():
            return None if siblings.terms.counting is not None else paired(siblings, state)
        new = np.flatnonzero(pays[found.codebook_of])
        number = np.zeros(len(found.codebook_of), dtype=state.parent.dtype)
        number[new] = np.arange(len(new)) + len(state.parent)
        parent = np.concatenate([state.parent, found.codebook_of[new]])
        moved = np.flatnonzero(pays[state.parent[1:]])
        parent[1 + moved] = number[found.state.module_of[moved]]
        return renumbered(Hierarchy(state.module_of, parent))


def _siblings(bottom: Level, numbers: IndexArray, state: MultilevelPartition) -> Level:
    """All modules but the root as code words, with the flow between those that have the same parent."""
    import scipy.sparse

    one = np.repeat(numbers, np.diff(bottom.links.indptr).astype(np.intp))
    other = numbers[bottom.links.indices]
    # Of the modules around both ends of a link, find those right below the lowest common one.
    depth, parent = depths(state.parent), state.parent
    while (lower := depth[one] > depth[other]).any():
        one = np.where(lower, parent[one], one)
    while (lower := depth[other] > depth[one]).any():
        other = np.where(lower, parent[other], other)
    while (apart := parent[one] != parent[other]).any():
        one, other = np.where(apart, parent[one], one), np.where(apart, parent[other], other)
    count = len(parent) - 1
    ends = (one.astype(np.intp) - 1, other.astype(np.intp) - 1)
    rows = scipy.sparse.coo_array((link_flows(bottom.links), ends), shape=(count, count)).tocsr()
    indptr, indices = rows.indptr.astype(np.uint64), rows.indices.astype(parent.dtype)
    links = Links(read_only(indptr), read_only(indices), read_only(rows.data), ONE)
    codebooks = Codebooks(read_only(parent[1:].copy()), ONE, read_only(state.modules[:, EXIT].copy()))
    terms = bottom.terms
    if state.teleport is not None:
        terms = terms._replace(teleport=read_only(state.teleport[1:].copy()))
    return as_codewords(Level(links, state.modules[1:, :COST], terms, 0.0, codebooks))


def _hierarchy(state: MultilevelPartition) -> Hierarchy:
    return Hierarchy(state.module_of, state.parent)


def _numbered(numbers: NDArray[np.intp], dtype: np.dtype) -> IndexArray:
    """The same groups, numbered without gaps."""
    found: IndexArray = np.unique(numbers, return_inverse=True)[1].astype(dtype)
    return found

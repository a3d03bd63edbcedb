"""From a network down to a hierarchy, and from two hierarchies to a better one.

A descent begins with a pass of the two-level search. If modules of its modules would save next to nothing, the
two-level search goes on, and its end is the hierarchy to begin with. Else the network is divided from the top down:
nodes form modules, these form modules of their own, and so on while that shortens the description; only the top
modules are kept, and divided likewise, until no division pays. Modules deep down come out finer than those of a
two-level partition, since the codebooks that name them are small.

Then the hierarchy is *tuned*: nodes move between leaf modules, then connected parts of leaf modules do, then whole
subtrees move to other parents; modules that save nothing are dissolved; and new levels are inserted where they pay.

Two hierarchies are recombined by the overlap of their leaf modules, like two partitions. Both are tuned, and a new one
is found, as hierarchies of the small network that is left; so is one above the leaf modules of the best of these. The
shortest of all goes back to the nodes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
from mapeq.objective.multilevel import (
    MultilevelPartition,
    by_module,
    dissolved,
    hierarchy,
    leaf_modules,
    repopulated,
    settled,
)
from mapeq.objective.two_level import COST, Partition, changes_by_codebook, partition, single_modules
from mapeq.optimizer.aggregation import aggregate, by_name, compact, widest_row, within_groups
from mapeq.optimizer.local_moves import LEAST_GAIN, queue_of
from mapeq.optimizer.tree_moves import UNITS, places
from mapeq.optimizer.two_level import FADED, MUCH, Outcome, Searcher, Stage, length_of, lowered, outcome, stage_of
from mapeq.walk.flow import EXIT, Flow, Links, link_flows

#: A network is flat if modules of its modules save less than this fraction of the description, after a first pass.
FLAT = 5e-4

#: A hierarchy that saves less than this fraction of the two-level description after the first pass might be beaten
#: by the two-level search.
NARROW = 1e-2

#: Tuning ends after so many rounds, or when one shortens the description by less than ``FADED`` of it.
ROUNDS = 2

#: While units move, a hierarchy has room for some new modules: these, and one for every so many units.
SPARES = 64
UNITS_PER_SPARE = 8


class Clusters(NamedTuple):
    """Modules of the nodes of a Flow, each within the group of its index codebook.

    Attributes
    ----------
    state : Partition
        Compact.
    codebook_of : unsigned integer array of shape (m,)
        The codebook that names each module.
    change : float64 array of shape (g,)
        What the modules of each codebook change about the codelength, in bits.
    """

    state: Partition
    codebook_of: IndexArray
    change: FloatArray


class Tops(NamedTuple):
    """Modules, or modules of modules, directly below the index codebooks of a Flow.

    Attributes
    ----------
    module_of : unsigned integer array of shape (n,)
        The top module of each node, numbered from 0 without gaps.
    codebook_of : unsigned integer array of shape (m,)
        The codebook that names each top module.
    exit : float64 array of shape (m,)
        Exit flow of each top module.
    change : float64 array of shape (g,)
        What they change about the codelength, with all modules in them, in bits.
    """

    module_of: IndexArray
    codebook_of: IndexArray
    exit: FloatArray
    change: FloatArray


class Nester(Searcher):
    """Takes the steps of a search for hierarchies; see :class:`mapeq.optimizer.two_level.Searcher`."""

    def descend(self, flow: Flow, start: Hierarchy | None = None) -> Outcome:
        """A hierarchy found from a start, by default from single nodes; a two-level partition where that is as good."""
        if start is None:
            stage = self._first_pass(flow)
            # Where levels save little, the two-level search goes on as if nothing had come between.
            chance, self.rng = self.rng, self.rng.spawn(1)[0]
            tree = self._divided(flow, stage)
            nested = [self._tuned_end(flow, tree)] if tree else []
            self.rng = chance
            if nested and nested[0].length < (1 - NARROW) * stage.length:
                return nested[0]
            return min([*nested, self._later_passes(flow, stage)], key=length_of)
        if is_two_level(start):
            return super().descend(flow, start)
        # Rounding aside, tuning never lengthens; but nothing may be made worse.
        return min(self._tuned_end(flow, start), outcome(flow, start), key=length_of)

    def resume(self, flow: Flow, start: Hierarchy, changed: IndexArray) -> Outcome:
        """Moves from a hierarchy that was the end of a search: nodes around what has changed first, then subtrees.

        Where that search found two levels, there are two, unless much has changed.
        """
        if is_two_level(start):
            return super().resume(flow, start, changed)
        before = hierarchy(flow, start)
        new, others = self._new_and_others(before, changed)
        joined = self._nodes_moved(flow, before, new)
        state = self._nodes_moved(flow, joined, others)
        length = _length(state) + flow.node_codelength
        if _length(joined) - _length(state) > MUCH * length:
            return self._tuned_end(flow, _tree(state))
        if _length(before) - _length(state) > FADED * length:
            state = self._subtrees_moved(flow, state, insert=False)
        return outcome(flow, _tree(dissolved(state)))

    def finish(self, flow: Flow, end: Outcome) -> Outcome:
        """A hierarchy that begins with a two-level partition, if that is what there is."""
        if self.stopped() or not is_two_level(end.tree):
            return end
        leaves = compact(partition(flow, leaf_numbers(end.tree)))
        tree = self._raised(flow, leaves)
        # Without anything above the modules, all moves have been made.
        return end if is_two_level(tree) else min(end, self._tuned_end(flow, tree), key=length_of)

    def recombine(self, flow: Flow, one: Outcome, other: Outcome) -> Outcome:
        """A hierarchy at least as good as both of the given ones."""
        if is_two_level(one.tree) and is_two_level(other.tree):
            return self.finish(flow, super().recombine(flow, one, other))
        parts, small = self._overlapped(flow, one.tree, other.tree)
        trees = [Hierarchy(lowered(parent.tree.module_of, parts), parent.tree.parent) for parent in (one, other)]
        trees.append(self._topped(small, self._tops(small)))
        states = [self._tuned(small, hierarchy(small, tree)) for tree in trees]
        leaves, _ = leaf_modules(min(states, key=_length))
        states.append(self._tuned(small, hierarchy(small, self._raised(small, leaves))))
        best = min(states, key=_length)
        state = self._tuned(flow, hierarchy(flow, Hierarchy(best.module_of[parts.module_of], best.parent)), rounds=1)
        return min(one, other, outcome(flow, _tree(state)), key=length_of)

    def _tuned_end(self, flow: Flow, tree: Hierarchy) -> Outcome:
        return outcome(flow, _tree(self._tuned(flow, hierarchy(flow, tree))))

    # Levels from nothing

    def _clustered(self, flow: Flow) -> Clusters:
        """Modules found in one pass from single nodes, refined nowhere: tuning does that better."""
        state = compact(self._pass(flow, stage_of(flow, single_modules(flow)), FADED, refined_levels=0).state)
        codebook_of = np.zeros(len(state.sizes), dtype=state.module_of.dtype)
        codebook_of[state.module_of] = flow.codebooks.of
        return Clusters(state, codebook_of, changes_by_codebook(flow, state))

    def _tops(self, flow: Flow) -> Tops:
        """Modules, modules of modules, and so on within each group while they pay; what comes out on top."""
        found = self._clustered(flow)
        module_of, change = found.state.module_of, found.change
        while not self.stopped():
            level = by_name(aggregate(flow, found.state, self._order(flow), self.crew))
            above = self._clustered(level)
            pays = above.change < -LEAST_GAIN
            if not pays.any():
                break
            change = change + np.where(pays, above.change, 0.0)
            if not pays.all():  # there, what has come out so far stays on top
                apart = len(level.nodes) + np.arange(len(level.nodes))
                numbers = np.where(pays[found.codebook_of], above.state.module_of, apart)
                state = compact(partition(level, _numbered(numbers, module_of.dtype)))
                codebook_of = np.empty(len(state.sizes), dtype=module_of.dtype)
                codebook_of[state.module_of] = found.codebook_of
                above = Clusters(state, codebook_of, above.change)
            module_of = above.state.module_of[module_of]
            flow, found = level, above
        return Tops(module_of, found.codebook_of, found.state.modules[:, EXIT], change)

    def _raised(self, flow: Flow, leaves: Partition) -> Hierarchy:
        """Modules of the modules of a compact partition, modules of these, and so on while they pay."""
        levels = [leaves.module_of]
        state = leaves
        while not self.stopped():
            flow = by_name(aggregate(flow, state, self._order(flow), self.crew))
            above = self._clustered(flow)
            if above.change[0] >= -LEAST_GAIN:
                break
            state = above.state
            levels.append(state.module_of)
        return stacked(levels)

    def _divided(self, flow: Flow, stage: Stage) -> Hierarchy | None:
        """The network divided from the top down, unless it is flat; the stage is a two-level partition of it."""
        if self.stopped():
            return None
        leaves = compact(stage.state)
        tops = self._tops(by_name(aggregate(flow, leaves, self._order(flow), self.crew)))
        if self.stopped() or -tops.change[0] < FLAT * stage.length:
            return None
        # Not the nodes themselves are divided, but connected parts of modules: that is as good, and faster.
        order = self._order(flow)
        atoms = self._refined(flow, leaves, order)
        level = aggregate(flow, atoms, order, self.crew)
        top_of = tops.module_of[lowered(leaves.module_of, atoms)]
        tree = self._topped(level, tops._replace(module_of=top_of))
        return Hierarchy(tree.module_of[atoms.module_of], tree.parent)

    def _topped(self, flow: Flow, tops: Tops) -> Hierarchy:
        """Top modules divided, and their modules again, until no division pays."""
        n, dtype = len(flow.nodes), flow.links.indices.dtype
        if tops.change[0] >= -LEAST_GAIN:
            return two_levels(np.zeros(n, dtype=dtype))
        group_of, exit = tops.module_of, tops.exit
        module_of = group_of + dtype.type(1)
        parents = [np.zeros(1 + len(exit), dtype=dtype)]
        numbers = np.arange(1, 1 + len(exit), dtype=dtype)  # of the modules that are being divided
        while len(numbers) and not self.stopped():
            groups, members = within_groups(flow, group_of, exit)
            tops = self._tops(groups)
            new = np.flatnonzero((tops.change < -LEAST_GAIN)[tops.codebook_of])
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

    # Better levels

    def _tuned(self, flow: Flow, state: MultilevelPartition, rounds: int = ROUNDS) -> MultilevelPartition:
        """Rounds of all moves that there are; levels are inserted where another round follows."""
        for number in range(1, rounds + 1):
            before = _length(state)
            state = self._parts_moved(flow, self._nodes_moved(flow, state))
            state = self._subtrees_moved(flow, state, insert=number < rounds)
            state = dissolved(state)
            if self.report is not None:
                self.report(_length(state) + flow.node_codelength, num_tops(_tree(state)))
            if self.stopped() or before - _length(state) <= FADED * (before + flow.node_codelength):
                break
        return state

    def _nodes_moved(
        self, flow: Flow, state: MultilevelPartition, order: IndexArray | None = None
    ) -> MultilevelPartition:
        """Nodes, those of an order first or all, have moved between leaf modules, or into new ones."""
        state = settled(state, SPARES + len(flow.nodes) // UNITS_PER_SPARE)
        self._move_units(flow, state, order)
        return settled(state)

    def _parts_moved(self, flow: Flow, state: MultilevelPartition) -> MultilevelPartition:
        """Leaf modules have been refined, and the connected parts moved like nodes."""
        if self.stopped():
            return state
        leaves, _ = leaf_modules(state)
        order = self._order(flow)
        parts = self._refined(flow._replace(codebooks=leaves.codebooks), leaves, order)
        level = aggregate(flow, parts, order, self.crew)
        coarse = repopulated(state, lowered(state.module_of, parts))
        moved = self._nodes_moved(level, coarse)
        return repopulated(moved, moved.module_of[parts.module_of])

    def _subtrees_moved(self, flow: Flow, state: MultilevelPartition, *, insert: bool) -> MultilevelPartition:
        """Whole subtrees have moved, low ones first; then levels have been inserted, if that is asked for."""
        if self.stopped():
            return state
        leaves, roots = leaf_modules(state)
        bottom = level = aggregate(flow, leaves, self._order(flow), self.crew)
        height = heights(state.parent)
        cut = 0  # the roots of subtrees are the highest modules no higher than this: branches differ in depth
        while height[ROOT] > cut and not self.stopped():
            units = state._replace(module_of=state.parent[roots])
            self._move_units(by_name(level), units, anywhere=True)
            state.parent[roots] = units.module_of
            cut += 1
            height = heights(np.where(state.sizes > 0, state.parent, ROOT).astype(state.parent.dtype))
            above = roots
            while (low := height[state.parent[above]] <= cut).any() and height[ROOT] > cut:
                above = np.where(low, state.parent[above], above)
            joined, roots = by_module(state, above.astype(state.parent.dtype), flow.codebooks)
            level = aggregate(level, joined, self._order(level), self.crew)
        state = settled(state)
        if not insert or self.stopped():
            return state
        tree = self._inserted(bottom, lowered(state.module_of, leaves), state)
        return state if tree is None else hierarchy(flow, tree)

    def _move_units(
        self, level: Flow, state: MultilevelPartition, order: IndexArray | None = None, *, anywhere: bool = False
    ) -> None:
        """Move nodes, or parts, between leaf modules; or subtrees to any module, since new ones are inserted later."""
        bounds = places(state, anywhere=anywhere)
        widest = widest_row(level.links.indptr)
        most = max(widest, min((widest + 1) * int(bounds.deepest), len(state.parent)))
        queue = queue_of(self._order(level) if order is None else order, len(level.nodes))
        self._empty(queue, UNITS, level, state, bounds, most)

    def _inserted(self, bottom: Flow, numbers: IndexArray, state: MultilevelPartition) -> Hierarchy | None:
        """A new level in every module in which modules of its modules pay; None if they pay nowhere.

        `bottom` is the flow between leaf modules, `numbers` are theirs in the hierarchy.
        """
        found = self._clustered(_siblings(bottom, numbers, state))
        pays = found.change < -LEAST_GAIN
        if not pays.any():
            return None
        new = np.flatnonzero(pays[found.codebook_of])
        number = np.zeros(len(found.codebook_of), dtype=state.parent.dtype)
        number[new] = np.arange(len(new)) + len(state.parent)
        parent = np.concatenate([state.parent, found.codebook_of[new]])
        moved = np.flatnonzero(pays[state.parent[1:]])
        parent[1 + moved] = number[found.state.module_of[moved]]
        return renumbered(Hierarchy(state.module_of, parent))


def _siblings(bottom: Flow, numbers: IndexArray, state: MultilevelPartition) -> Flow:
    """All modules but the root as names, with the flow between those that have the same parent."""
    one = np.repeat(numbers, np.diff(bottom.links.indptr).astype(np.intp))
    other = numbers[bottom.links.indices]
    # Of the modules around both ends of a link, those right below the lowest common one.
    depth, parent = depths(state.parent), state.parent
    while (lower := depth[one] > depth[other]).any():
        one = np.where(lower, parent[one], one)
    while (lower := depth[other] > depth[one]).any():
        other = np.where(lower, parent[other], other)
    while (apart := parent[one] != parent[other]).any():
        one, other = np.where(apart, parent[one], one), np.where(apart, parent[other], other)
    count = len(parent) - 1
    ends = (one.astype(np.intp) - 1, other.astype(np.intp) - 1)
    rows = sparse.coo_array((link_flows(bottom.links), ends), shape=(count, count)).tocsr()
    indptr, indices = rows.indptr.astype(np.uint64), rows.indices.astype(parent.dtype)
    links = Links(read_only(indptr), read_only(indices), read_only(rows.data), ONE)
    codebooks = Codebooks(read_only(parent[1:].copy()), ONE, read_only(state.modules[:, EXIT].copy()))
    teleport = None if state.teleport is None else read_only(state.teleport[1:].copy())
    return by_name(Flow(links, state.modules[1:, :COST], teleport, 0.0, codebooks))


def _length(state: MultilevelPartition) -> float:
    """The codelength without the constant of the nodes, in bits."""
    return float(state.modules[:, COST].sum())


def _tree(state: MultilevelPartition) -> Hierarchy:
    return Hierarchy(state.module_of, state.parent)


def _numbered(numbers: NDArray[np.intp], dtype: np.dtype) -> IndexArray:
    """The same groups, numbered without gaps."""
    found: IndexArray = np.unique(numbers, return_inverse=True)[1].astype(dtype)
    return found

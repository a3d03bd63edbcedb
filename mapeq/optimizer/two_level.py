"""From a partition down to a local optimum, and from two such optima to a better one.

A descent iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes
while that shortens the description, refine the modules, aggregate the network by what refinement found, and go
on with the aggregated network until nothing merges. The next pass begins at the nodes again, from what the last one
found. The first pass is a rough one, since the next ones know better, and the better one of two where modules are
weak. The second one forgets the modules once it has refined them twice, and builds them up again from these atoms:
where modules are weakly separated, that undoes mergers of the first pass which no node or atom could leave alone. All
others improve what there is.

Two partitions are recombined by their overlap: nodes that both keep together become one node of a network that
is small, since good partitions agree on most. Its descents, one from each parent and one from single nodes, cost
little and decide all the questions on which the parents disagree at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.hierarchy import Hierarchy, cut, depths, is_two_level, leaf_numbers, two_levels
from mapeq.objective.multilevel import MultilevelPartition, dissolved, hierarchical_codelength, hierarchy
from mapeq.objective.two_level import Partition, codelength, new_move, partition, single_modules
from mapeq.optimizer.aggregation import aggregate, compact, connected_parts, group, single_in_groups, spread, widest_row
from mapeq.optimizer.local_moves import BLOCKS, NODES, Bounds, Queue, Rules, queue_of, spares_of, take_block, unbounded
from mapeq.optimizer.tree_moves import Places
from mapeq.optimizer.workspace import Workers
from mapeq.walk.flow import Flow

#: When moving nodes shortens the description by less than this fraction of it, no further pass is begun.
FADED = 1e-3

#: When moving what has changed shortens the description by more than this fraction of it, nothing stays where it was.
MUCH = 1e-2

#: The second pass has more to offer than that, and passes over overlaps cost next to nothing.
FADED_AT_FIRST = 1e-4

#: Where modules save less than this fraction of the description, descents scatter, and the first pass decides.
WEAK = 0.1

#: The first moves from single nodes end when all links have been met so often.
ROUGH_SWEEPS = 3

#: Refining pays on so many levels; above them, modules are aggregated as they are.
REFINED_LEVELS = 3

#: Kernels return after meeting so many links, some hundredth of a second, to see whether to stop.
WORK = 1_000_000


class Outcome(NamedTuple):
    """A hierarchy, every module of which is connected, by links or by recorded teleportation, and its codelength.

    Its modules are numbered level by level.
    """

    tree: Hierarchy
    length: float


def outcome(flow: Flow, tree: Hierarchy, length: float | None = None) -> Outcome:
    """The hierarchy with the connected parts of all modules in their places.

    Its codelength is summed up anew, to the last digit, unless a `length` is given that is known well enough.
    Recorded teleportation connects nodes without links: it may describe a module better as a whole.
    """
    candidates = [tree]
    apart = _connected(flow, tree)
    if len(apart.parent) > len(tree.parent):
        if not is_two_level(apart):  # a part may hold a single module
            state = dissolved(hierarchy(flow, apart))
            apart = Hierarchy(state.module_of, state.parent)
        candidates = [apart] if flow.teleport is None else [apart, tree]
    elif length is not None:
        return Outcome(tree, length)
    outcomes = [Outcome(found, hierarchical_codelength(flow, hierarchy(flow, found)).total) for found in candidates]
    return min(outcomes, key=length_of)


def _connected(flow: Flow, tree: Hierarchy) -> Hierarchy:
    """Modules are the connected parts of those of a hierarchy, level by level."""
    depth = depths(tree.parent)
    leaf_depth = depth[tree.module_of]
    module_of = np.zeros_like(tree.module_of)
    parents = [np.zeros(1, dtype=module_of.dtype)]
    count = 1
    for level in range(1, int(depth.max()) + 1):
        parts = np.full(len(module_of), len(module_of), dtype=module_of.dtype)
        connected_parts(flow.links, cut(tree, level), parts, np.empty_like(parts))
        inside = leaf_depth >= level
        used = np.zeros(int(parts.max(initial=0)) + 1, dtype=np.bool_)
        used[parts[inside]] = True
        parent = np.empty(len(used), dtype=module_of.dtype)
        parent[parts[inside]] = module_of[inside]
        parents.append(parent[used])
        number = count - 1 + np.cumsum(used)
        module_of[inside] = number[parts[inside]]
        count += len(parents[-1])
    return Hierarchy(module_of, np.concatenate(parents))


class Searcher:
    """Takes the steps of a search, with a source of chance, threads and a sign to stop.

    Parameters
    ----------
    rng : numpy.random.Generator
    crew : Workers
    stopped : callable
        Whether to return at once what there is.
    report : callable, optional
        Told the codelength and the number of modules after every pass over the network.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        crew: Workers,
        stopped: Callable[[], bool],
        report: Callable[[float, int], None] | None = None,
    ):
        self.rng = rng
        self.crew = crew
        self.stopped = stopped
        self.report = report
        self._room_for_move = new_move()

    def descend(self, flow: Flow, start: Hierarchy | None = None) -> Outcome:
        """Passes from the leaf modules of a start, by default from single nodes, until they gain little."""
        if start is None:
            return self._later_passes(flow, self._first_pass(flow))
        leaves = leaf_numbers(start)
        found = self._until_faded(flow, stage_of(flow, partition(flow, leaves.copy())))
        return min(found, outcome(flow, two_levels(leaves)), key=length_of)

    def resume(self, flow: Flow, start: Hierarchy, changed: IndexArray) -> Outcome:
        """Moves from a start that was the end of a search, before the links of some nodes have changed.

        New nodes join their neighbours, the others of these nodes move, with all whom that concerns; then whole modules
        do, if that was worth something, or everything, if it was worth much.
        """
        state = partition(flow, leaf_numbers(start))
        new, others = self._new_and_others(state, changed)
        joining = self._move(flow, state, new)  # which pays, however well the others are placed
        change = self._move(flow, state, others)
        modules = compact(state)
        stage = self._reported(stage_of(flow, modules))
        if self.stopped() or -joining - change <= FADED * stage.length:
            return outcome(flow, two_levels(modules.module_of), stage.length)
        if -change > MUCH * stage.length:
            return self.finish(flow, self.descend(flow, two_levels(modules.module_of)))
        level = aggregate(flow, modules, self._order(flow), self.crew)
        stage = self._reported(self._pass(level, stage_of(level, single_modules(level)), FADED, refined_levels=0))
        return outcome(flow, two_levels(compact(stage.state).module_of[modules.module_of]), stage.length)

    def _new_and_others(
        self, state: Partition | MultilevelPartition, changed: IndexArray
    ) -> tuple[IndexArray, IndexArray]:
        """The nodes that have changed, in random order: those that are alone in a module, and the others."""
        order = self.rng.permutation(changed)
        alone = state.sizes[state.module_of[order]] == 1
        return order[alone], order[~alone]

    def finish(self, flow: Flow, end: Outcome) -> Outcome:
        """What is made of the best of some descents: here, nothing more."""
        return end

    def recombine(self, flow: Flow, one: Outcome, other: Outcome) -> Outcome:
        """A partition at least as good as both of the given ones."""
        parts, small = self._overlapped(flow, one.tree, other.tree)
        parents = [partition(small, lowered(leaf_numbers(parent.tree), parts)) for parent in (one, other)]
        starts = [single_modules(small), *parents]
        stages = [stage_of(small, start) for start in starts]
        for number, stage in enumerate(stages):
            while not (stage.faded or self.stopped()):
                stage = self._pass(small, stage, FADED_AT_FIRST)
            stages[number] = stage
        best = compact(min(stages, key=length_of).state)
        stage = self._pass(flow, stage_of(flow, spread(flow, best, best.module_of[parts.module_of])), 0.0)
        return min(one, other, outcome(flow, two_levels(compact(stage.state).module_of)), key=length_of)

    def _overlapped(self, flow: Flow, one: Hierarchy, other: Hierarchy) -> tuple[Partition, Flow]:
        """Parts whose nodes are together in the leaf modules of both trees, and the flow between them."""
        parts = compact(partition(flow, _overlap(one.module_of, other.module_of)))
        return parts, aggregate(flow, parts, self._order(flow), self.crew)

    def _first_pass(self, flow: Flow) -> Stage:
        """A rough pass from single nodes; where modules are weak, the better one of two."""
        stage = stage_of(flow, single_modules(flow))
        if not self.stopped():
            stage = self._reported(self._pass(flow, stage, FADED, rough=True))
        if stage.length > (1 - WEAK) * flow.node_codelength and not self.stopped():
            again = self._pass(flow, stage_of(flow, single_modules(flow)), FADED, rough=True)
            stage = min(stage, self._reported(again), key=length_of)
        return stage

    def _later_passes(self, flow: Flow, stage: Stage) -> Outcome:
        """Passes from where the first one ended."""
        return self._until_faded(flow, self._rebuilt(flow, stage))

    def _until_faded(self, flow: Flow, stage: Stage) -> Outcome:
        while not (stage.faded or self.stopped()):
            stage = self._reported(self._pass(flow, stage, FADED))
        return outcome(flow, two_levels(compact(stage.state).module_of))

    def _rebuilt(self, flow: Flow, stage: Stage) -> Stage:
        """The second pass, unless what there is is better than what it builds."""
        if self.stopped():
            return stage
        kept = stage._replace(state=compact(stage.state))
        rebuilt = self._reported(self._pass(flow, stage, FADED_AT_FIRST, rebuild=True))
        if rebuilt.length <= kept.length:
            return rebuilt
        return kept._replace(state=spread(flow, kept.state, kept.state.module_of))

    def _reported(self, stage: Stage) -> Stage:
        if self.report is not None:
            self.report(stage.length, int(np.count_nonzero(stage.state.sizes)))
        return stage

    def _pass(
        self,
        flow: Flow,
        start: Stage,
        fade: float,
        *,
        rough: bool = False,
        rebuild: bool = False,
        refined_levels: int = REFINED_LEVELS,
    ) -> Stage:
        """One pass over all levels, from the nodes up; the start is used up.

        Gains have faded when moving the nodes shortens the description by less than a fraction `fade` of it. Then, and
        in a `rough` pass, the nodes are aggregated by the modules that they form, without refining these. With
        `rebuild`, the modules are built up again from atoms, refined twice.
        """
        level, state = flow, start.state
        faded = False
        ascent: list[IndexArray] = []  # of each level's nodes, the number in the level above
        while True:
            height = len(ascent)
            change = self._move(level, state, sweeps=ROUGH_SWEEPS if rough and height == 0 else None)
            state = compact(state)
            if height == 0:
                faded = not rough and -change <= fade * start.length
            settled = change == 0 and (faded or height > 0)
            if self.stopped() or len(state.sizes) == len(level.nodes) or (settled and height == 0):
                break
            order = self._order(level)
            as_they_are = faded or settled or height >= refined_levels or (rough and height == 0)
            atoms = state if as_they_are else self._refined(level, state, order)
            if self.stopped() or len(atoms.sizes) == len(level.nodes):
                break
            level = aggregate(level, atoms, order, self.crew)
            if as_they_are or (rebuild and height == 1):
                state = single_modules(level)
            else:
                state = spread(level, state, lowered(state.module_of, atoms))
            ascent.append(atoms.module_of)
        found = state.module_of
        for above in reversed(ascent):
            found = found[above]
        return stage_of(flow, spread(flow, state, found), faded=faded)

    def _refined(self, level: Flow, state: Partition, order: IndexArray) -> Partition:
        """Connected sub-modules of all modules of a compact partition."""
        groups = group(state, order)
        refined = single_in_groups(level, groups)
        self._move(level, refined, order, Bounds(state.module_of, ONE, groups.starts, ONE))
        return compact(refined)

    def _move(
        self,
        level: Flow,
        state: Partition,
        order: IndexArray | None = None,
        bounds: Bounds | None = None,
        sweeps: int | None = None,
    ) -> float:
        """Move nodes until none has a reason to, or all links were met so often; returns the change in bits."""
        bounds = unbounded(state) if bounds is None else bounds
        queue = queue_of(self._order(level) if order is None else order, len(level.nodes))
        return self._empty(queue, NODES, level, state, bounds, widest_row(level.links.indptr), sweeps)

    def _empty(
        self,
        queue: Queue,
        rules: Rules,
        level: Flow,
        state: Partition | MultilevelPartition,
        bounds: Bounds | Places,
        most: int,
        sweeps: int | None = None,
    ) -> float:
        """Visit the nodes of a queue by some rules until it is empty; each has so many links or candidates at most."""
        spares = spares_of(state)
        num_links = len(level.links.indices)
        scratch = [self.crew.scratch(most, level.links.indices.dtype, t) for t in range(self.crew.num_threads)]
        common = (level.links, level.nodes, level.teleport, state, bounds, queue)
        left = np.inf if sweeps is None else sweeps * (num_links + len(level.nodes))
        change = 0.0
        while queue.ends[1] and left > 0 and not self.stopped():
            if self.crew.worthwhile(num_links // BLOCKS):
                size, met = take_block(level.links, state, bounds, queue)

                def propose_part(begin: int, end: int, number: int) -> None:
                    rules.propose(*common, np.uint64(begin), np.uint64(end), scratch[number])

                self.crew.run(propose_part, self.crew.parts(int(size), int(met)))
                change += rules.commit(*common, size, spares, scratch[0], self._room_for_move)
            else:
                work = np.uint64(min(left, WORK))
                one, met = rules.move(*common, spares, scratch[0], self._room_for_move, work)
                change += one
            left -= int(met)
        return float(change)

    def _order(self, flow: Flow) -> IndexArray:
        """All nodes in random order."""
        return self.rng.permutation(np.arange(len(flow.nodes), dtype=flow.links.indices.dtype))


class Stage(NamedTuple):
    """A partition on the way down, its codelength, and whether passes have come to bring little."""

    state: Partition
    length: float
    faded: bool


def stage_of(flow: Flow, state: Partition, *, faded: bool = False) -> Stage:
    """A stage at a partition."""
    return Stage(state, codelength(flow, state).total, faded)


def length_of(end: Outcome | Stage) -> float:
    """The codelength, to compare by."""
    return end.length


def lowered(module_of: IndexArray, parts: Partition) -> IndexArray:
    """The module of each part of modules, from those of the nodes."""
    module_of_part = np.empty(len(parts.sizes), dtype=module_of.dtype)
    module_of_part[parts.module_of] = module_of
    return module_of_part


def _overlap(one: IndexArray, other: IndexArray) -> IndexArray:
    """The partition in which two nodes are together if they are in both; numbered without gaps."""
    pairs = one.astype(np.uint64) * (np.uint64(other.max(initial=0)) + ONE) + other
    numbers: IndexArray = np.unique(pairs, return_inverse=True)[1].astype(one.dtype)
    return numbers

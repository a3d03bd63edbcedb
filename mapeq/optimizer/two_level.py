"""The two-level search: from a network to a locally optimal partition, and from two of these to a better one.

The optimizer iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes while that
shortens the description, refine the modules, aggregate the network by the refined partition, and continue on the
aggregated network until nothing merges. The next pass starts again at the nodes, from the modules that the last one
found. The first pass is a rough one, since later passes correct it; where modules are weak, it is the better one of
two. The second pass forgets the modules after refining them twice, and builds new ones from the refined parts: where
modules are weakly separated, this undoes mergers of the first pass that no single node or part could leave. All other
passes improve the modules that they start from.

Two partitions are recombined through their overlap: nodes that both keep together become one node of a small network,
since good partitions agree on most nodes. Searches on it, one from each parent and one from single nodes, cost little
and settle at once all the questions on which the parents disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.hierarchy import Hierarchy, cut, depths, is_two_level, leaf_numbers, two_levels
from mapeq.objective.level import Level
from mapeq.objective.multilevel import (
    MultilevelPartition,
    dissolved,
    multilevel_codelength,
    multilevel_partition,
)
from mapeq.objective.two_level import Partition, codelength, new_move, partition, single_modules
from mapeq.optimizer.aggregation import (
    aggregate,
    compact,
    connected_parts,
    expanded,
    group,
    singletons_in_groups,
    widest_row,
)
from mapeq.optimizer.local_moves import (
    BLOCKS,
    NODES,
    MoveConstraint,
    MoveKernels,
    Queue,
    free_modules_of,
    new_queue,
    take_block,
    unconstrained,
)
from mapeq.optimizer.tree_moves import Places
from mapeq.optimizer.workspace import Workers

#: No further pass follows one in which moving nodes shortens the description by less than this fraction of it.
MIN_RELATIVE_GAIN = 1e-3

#: A lower threshold for the second pass, which has more to gain, and for passes over overlaps, which cost little.
MIN_RELATIVE_GAIN_EARLY = 1e-4

#: Relative gain of a warm start above which full passes follow.
RESTART_GAIN = 1e-2

#: Where modules save less than this fraction of the description, results depend on the seed, mostly by the first pass.
WEAK_STRUCTURE = 0.1

#: Maximum visits of the first moves from single nodes, in multiples of the numbers of stored links and nodes.
MAX_FIRST_SWEEPS = 3

#: Refining pays on this many levels; above them, modules are aggregated as they are.
REFINED_LEVELS = 3

#: Kernels return after visiting this many links, about a hundredth of a second, so that the search can stop.
WORK = 1_000_000


class Outcome(NamedTuple):
    """A hierarchy whose modules are all connected, by links or by recorded teleportation, and its codelength.

    Its modules are numbered level by level.
    """

    hierarchy: Hierarchy
    codelength: float


class Stage(NamedTuple):
    """A partition during the search, its codelength, and whether passes have come to gain little."""

    state: Partition
    codelength: float
    converged: bool


def outcome(level: Level, hierarchy: Hierarchy, known_codelength: float | None = None) -> Outcome:
    """The hierarchy with each module replaced by its connected parts.

    Its codelength is summed up anew, to the last digit, unless no module is split and `known_codelength` is given.
    Recorded teleportation connects nodes without links: it may describe a module better as a whole.
    """
    candidates = [hierarchy]
    split = _split_by_connection(level, hierarchy)
    if len(split.parent) > len(hierarchy.parent):
        if not is_two_level(split):  # a part may hold a single module
            state = dissolved(level, multilevel_partition(level, split))
            split = Hierarchy(state.module_of, state.parent)
        candidates = [split] if level.terms.teleport is None else [split, hierarchy]
    elif known_codelength is not None:
        return Outcome(hierarchy, known_codelength)
    return min((_measured(level, candidate) for candidate in candidates), key=codelength_of)


def _measured(level: Level, hierarchy: Hierarchy) -> Outcome:
    return Outcome(hierarchy, multilevel_codelength(level, multilevel_partition(level, hierarchy)).total)


def _split_by_connection(level: Level, hierarchy: Hierarchy) -> Hierarchy:
    """The connected parts of a hierarchy's modules as modules, level by level."""
    depth = depths(hierarchy.parent)
    leaf_depth = depth[hierarchy.module_of]
    module_of = np.zeros_like(hierarchy.module_of)
    parents = [np.zeros(1, dtype=module_of.dtype)]
    count = 1
    for number in range(1, int(depth.max()) + 1):
        parts = np.full(len(module_of), len(module_of), dtype=module_of.dtype)
        connected_parts(level.links, cut(hierarchy, number), parts, np.empty_like(parts))
        inside = leaf_depth >= number
        used = np.zeros(int(parts.max(initial=0)) + 1, dtype=np.bool_)
        used[parts[inside]] = True
        parent = np.empty(len(used), dtype=module_of.dtype)
        parent[parts[inside]] = module_of[inside]
        parents.append(parent[used])
        new_number = count - 1 + np.cumsum(used)
        module_of[inside] = new_number[parts[inside]]
        count += len(parents[-1])
    return Hierarchy(module_of, np.concatenate(parents))


class TwoLevelOptimizer:
    """The steps of a search for partitions, with a random stream, threads and a way to stop.

    Parameters
    ----------
    rng : numpy.random.Generator
    workers : Workers
    stopped : callable
        Whether to return the best result so far at once.
    report : callable, optional
        Called with the codelength and the number of modules after every pass over the network.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        workers: Workers,
        stopped: Callable[[], bool],
        report: Callable[[float, int], None] | None = None,
    ):
        self.rng = rng
        self.workers = workers
        self.stopped = stopped
        self.report = report
        self._move_memory = new_move()

    def optimize(self, network: Level, start: Hierarchy | None = None) -> Outcome:
        """Passes from the leaf modules of a start, by default from single nodes, until they gain little."""
        if start is None:
            return self._later_passes(network, self._first_pass(network))
        leaves = leaf_numbers(start)
        found = self._until_converged(network, stage_of(network, partition(network, leaves.copy())))
        return min(found, outcome(network, two_levels(leaves)), key=codelength_of)

    def update(self, network: Level, start: Hierarchy, changed: IndexArray) -> Outcome:
        """Improve the result of an earlier search after the links of some nodes have changed.

        New nodes join their neighbours; then the other changed nodes move, and all nodes that these moves concern. If
        that gained enough, whole modules move; if it gained much, full passes follow.
        """
        state = partition(network, leaf_numbers(start))
        new, others = self._new_and_others(state, changed)
        joining = self._move(network, state, new)  # always a gain, so it does not count towards RESTART_GAIN
        change = self._move(network, state, others)
        modules = compact(state)
        stage = self._reported(stage_of(network, modules))
        if self.stopped() or -joining - change <= MIN_RELATIVE_GAIN * stage.codelength:
            return outcome(network, two_levels(modules.module_of), stage.codelength)
        if -change > RESTART_GAIN * stage.codelength:
            return self.finish(network, self.optimize(network, two_levels(modules.module_of)))
        level = aggregate(network, modules, self._order(network), self.workers)
        start_stage = stage_of(level, single_modules(level))
        stage = self._reported(self._leiden_pass(level, start_stage, MIN_RELATIVE_GAIN, refined_levels=0))
        return outcome(network, two_levels(compact(stage.state).module_of[modules.module_of]), stage.codelength)

    def finish(self, network: Level, best: Outcome) -> Outcome:
        """Post-process the best result of a trial (no-op for two levels)."""
        return best

    def recombine(self, network: Level, one: Outcome, other: Outcome) -> Outcome:
        """A partition at least as good as both of the given ones."""
        parts, small = self._overlapped(network, one.hierarchy, other.hierarchy)
        parents = [partition(small, projected(leaf_numbers(parent.hierarchy), parts)) for parent in (one, other)]
        stages = [stage_of(small, start) for start in (single_modules(small), *parents)]
        for number, stage in enumerate(stages):
            while not (stage.converged or self.stopped()):
                stage = self._leiden_pass(small, stage, MIN_RELATIVE_GAIN_EARLY)
            stages[number] = stage
        best = compact(min(stages, key=codelength_of).state)
        state = expanded(network, best, best.module_of[parts.module_of])
        stage = self._leiden_pass(network, stage_of(network, state), 0.0)
        return min(one, other, outcome(network, two_levels(compact(stage.state).module_of)), key=codelength_of)

    def _overlapped(self, network: Level, one: Hierarchy, other: Hierarchy) -> tuple[Partition, Level]:
        """The parts that both hierarchies keep together in their leaf modules, and these parts as a level."""
        parts = compact(partition(network, _overlap(one.module_of, other.module_of)))
        return parts, aggregate(network, parts, self._order(network), self.workers)

    def _new_and_others(
        self, state: Partition | MultilevelPartition, changed: IndexArray
    ) -> tuple[IndexArray, IndexArray]:
        """The changed nodes in random order: those that are alone in a module, and the others."""
        order = self.rng.permutation(changed)
        alone = state.sizes[state.module_of[order]] == 1
        return order[alone], order[~alone]

    # Passes

    def _first_pass(self, network: Level) -> Stage:
        """A rough pass from single nodes; where modules are weak, the better one of two."""
        stage = stage_of(network, single_modules(network))
        if not self.stopped():
            stage = self._reported(self._leiden_pass(network, stage, MIN_RELATIVE_GAIN, rough=True))
        if stage.codelength > (1 - WEAK_STRUCTURE) * network.constant and not self.stopped():
            again = stage_of(network, single_modules(network))
            again = self._leiden_pass(network, again, MIN_RELATIVE_GAIN, rough=True)
            stage = min(stage, self._reported(again), key=codelength_of)
        return stage

    def _later_passes(self, network: Level, stage: Stage) -> Outcome:
        """Passes from where the first one ended."""
        return self._until_converged(network, self._rebuilt(network, stage))

    def _until_converged(self, network: Level, stage: Stage) -> Outcome:
        while not (stage.converged or self.stopped()):
            stage = self._reported(self._leiden_pass(network, stage, MIN_RELATIVE_GAIN))
        return outcome(network, two_levels(compact(stage.state).module_of))

    def _rebuilt(self, network: Level, stage: Stage) -> Stage:
        """The second pass, unless the first one ended with a shorter description."""
        if self.stopped():
            return stage
        kept = stage._replace(state=compact(stage.state))
        rebuilt = self._reported(self._leiden_pass(network, stage, MIN_RELATIVE_GAIN_EARLY, rebuild=True))
        if rebuilt.codelength <= kept.codelength:
            return rebuilt
        return kept._replace(state=expanded(network, kept.state, kept.state.module_of))

    def _reported(self, stage: Stage) -> Stage:
        if self.report is not None:
            self.report(stage.codelength, int(np.count_nonzero(stage.state.sizes)))
        return stage

    def _leiden_pass(
        self,
        network: Level,
        start: Stage,
        min_gain: float,
        *,
        rough: bool = False,
        rebuild: bool = False,
        refined_levels: int = REFINED_LEVELS,
    ) -> Stage:
        """One pass over all levels, from the nodes up; it overwrites the start.

        The search has converged when moving the nodes shortens the description by less than a fraction `min_gain` of
        it. Then, and in a `rough` pass, the nodes are aggregated by the modules that they form, without refining these.
        With `rebuild`, the modules are built anew from parts that are refined twice.
        """
        level, state = network, start.state
        converged = False
        ascent: list[IndexArray] = []  # for each level, the number of each of its nodes in the level above
        while True:
            height = len(ascent)
            change = self._move(level, state, sweeps=MAX_FIRST_SWEEPS if rough and height == 0 else None)
            state = compact(state)
            if height == 0:
                converged = not rough and -change <= min_gain * start.codelength
            settled = change == 0 and (converged or height > 0)
            if self.stopped() or len(state.sizes) == len(level.nodes) or (settled and height == 0):
                break
            order = self._order(level)
            unrefined = converged or settled or height >= refined_levels or (rough and height == 0)
            refined = state if unrefined else self._refined(level, state, order)
            if self.stopped() or len(refined.sizes) == len(level.nodes):
                break
            level = aggregate(level, refined, order, self.workers)
            if unrefined or (rebuild and height == 1):
                state = single_modules(level)
            else:
                state = expanded(level, state, projected(state.module_of, refined))
            ascent.append(refined.module_of)
        module_of = state.module_of
        for above in reversed(ascent):
            module_of = module_of[above]
        return stage_of(network, expanded(network, state, module_of), converged=converged)

    def _refined(self, level: Level, state: Partition, order: IndexArray) -> Partition:
        """Connected sub-modules of all modules of a compact partition; the number of these has no price."""
        groups = group(state, order)
        level = level._replace(terms=level.terms._replace(counting=None))
        refined = singletons_in_groups(level, groups)
        self._move(level, refined, order, MoveConstraint(state.module_of, ONE, groups.starts, ONE))
        return compact(refined)

    # Moves

    def _move(
        self,
        level: Level,
        state: Partition,
        order: IndexArray | None = None,
        constraint: MoveConstraint | None = None,
        sweeps: int | None = None,
    ) -> float:
        """Move nodes until none has a reason to, or for some sweeps over the links; returns the change in bits."""
        constraint = unconstrained(state) if constraint is None else constraint
        queue = new_queue(self._order(level) if order is None else order, len(level.nodes))
        return self._visit(queue, NODES, level, state, constraint, widest_row(level.links.indptr), sweeps)

    def _visit(
        self,
        queue: Queue,
        kernels: MoveKernels,
        level: Level,
        state: Partition | MultilevelPartition,
        constraint: MoveConstraint | Places,
        most: int,
        sweeps: int | None = None,
    ) -> float:
        """Visit the nodes of a queue until it is empty; each has at most `most` links or candidate modules."""
        free_modules = free_modules_of(state)
        num_links = len(level.links.indices)
        scratch = [self.workers.scratch(most, level.links.indices.dtype, t) for t in range(self.workers.num_threads)]
        common = (level.links, level.nodes, level.terms, state, constraint, queue)
        budget = np.inf if sweeps is None else sweeps * (num_links + len(level.nodes))
        change = 0.0
        while queue.ends[1] and budget > 0 and not self.stopped():
            if self.workers.worthwhile(num_links // BLOCKS):
                size, visited = take_block(level.links, state, constraint, queue)

                def propose_part(begin: int, end: int, number: int) -> None:
                    kernels.propose(*common, np.uint64(begin), np.uint64(end), scratch[number])

                self.workers.run(propose_part, self.workers.parts(int(size), int(visited)))
                change += kernels.commit(*common, size, free_modules, scratch[0], self._move_memory)
            else:
                work = np.uint64(min(budget, WORK))
                moved, visited = kernels.move(*common, free_modules, scratch[0], self._move_memory, work)
                change += moved
            budget -= int(visited)
        return float(change)

    def _order(self, level: Level) -> IndexArray:
        """All nodes in random order."""
        return self.rng.permutation(np.arange(len(level.nodes), dtype=level.links.indices.dtype))


def stage_of(level: Level, state: Partition, *, converged: bool = False) -> Stage:
    """A stage at a partition."""
    return Stage(state, codelength(level, state).total, converged)


def codelength_of(found: Outcome | Stage) -> float:
    """The codelength, to compare by."""
    return found.codelength


def projected(module_of: IndexArray, parts: Partition) -> IndexArray:
    """The module of each part of modules, from those of the nodes."""
    module_of_part = np.empty(len(parts.sizes), dtype=module_of.dtype)
    module_of_part[parts.module_of] = module_of
    return module_of_part


def _overlap(one: IndexArray, other: IndexArray) -> IndexArray:
    """The partition in which two nodes are together if they are in both; numbered without gaps."""
    pairs = one.astype(np.uint64) * (np.uint64(other.max(initial=0)) + ONE) + other
    numbers: IndexArray = np.unique(pairs, return_inverse=True)[1].astype(one.dtype)
    return numbers

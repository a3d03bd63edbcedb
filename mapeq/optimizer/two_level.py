"""The two-level search: from a network to a locally optimal partition, and from two of these to a better one.

The optimizer iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes while that
shortens the description, refine the modules, aggregate the network by the refined partition, and continue on the
aggregated network until nothing merges. The next pass starts again at the nodes, from the modules that the last one
found. The first pass is a rough one, since later passes correct it; where modules are few and weak, it is the better
one of two.

The second pass undoes what the first one got wrong. It forgets the modules after refining them twice, and builds new
ones from the refined parts: this undoes mergers that no single node or part could leave. Two other faults need passes
at other Markov times (Kheirkhahzadeh, Lancichinetti & Rosvall, Physical Review E 93, 032309, 2016), followed by one at
that of the network:

- Many modules may be fragments, held together by strong links: no pass would merge more than some of them. At longer
  times they merge.
- Large modules that save little may be mergers of far too many. Those that grow from single nodes at a shorter time
  are finer, and merge as they should.

All further passes improve the modules that they start from.

Two partitions are recombined through their overlap: nodes that both keep together become one node of a small network,
since good partitions agree on most nodes. Searches on it, one from each parent and one from single nodes, cost little
and settle at once all the questions on which the parents disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.hierarchy import Hierarchy, leaf_numbers, two_levels
from mapeq._base.team import ZERO
from mapeq.objective.level import Level, level_at_markov_time
from mapeq.objective.multilevel import MultilevelPartition
from mapeq.objective.two_level import Partition, one_level_codelength
from mapeq.optimizer.engine import Engine, Passed
from mapeq.optimizer.node_moves import unconstrained
from mapeq.optimizer.outcome import Outcome, outcome

#: No further pass follows one in which moving nodes shortens the description by less than this fraction of it.
MIN_RELATIVE_GAIN = 1e-3

#: A lower threshold for the second pass, which has more to gain, and for passes over overlaps, which cost little.
MIN_RELATIVE_GAIN_EARLY = 1e-4

#: Relative gain of a warm start above which full passes follow.
RESTART_GAIN = 1e-2

#: Modules are weak if they save less than this fraction of the description. Results depend on the seed then, mostly by
#: the first pass; over more modules than these, chance averages out.
WEAK_STRUCTURE, FEW_MODULES = 0.1, 300

#: More modules than these may be fragments.
MANY_MODULES = 400

#: Fragments merge at the second of these Markov times; weak ones at the first one before, since the second at once
#: would merge all of them.
MERGING_TIMES = 1.1, 1.25

#: Where all links have the same flow, modules that save more than this fraction of the description are no fragments,
#: and the first of these times is enough.
MOST_SAVED_BY_FRAGMENTS = 0.3

#: Weak modules of on average more nodes than these may be mergers of finer ones, which are found at this Markov time.
LARGE_MODULES, FINER_TIME = 60, 0.8

#: Maximum visits on each level of a pass from single nodes or fragments, in multiples of the numbers of stored links
#: and nodes: what is left to gain there, later passes gain as well.
MAX_EARLY_SWEEPS = 3


class TwoLevelOptimizer:
    """The steps of a search for partitions, with a random stream, threads and a way to stop.

    Parameters
    ----------
    rng : numpy.random.Generator
    engine : Engine
    stopped : callable
        Whether to return the best result so far at once.
    report : callable, optional
        Called with the codelength and the number of modules after every pass over the network.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        engine: Engine,
        stopped: Callable[[], bool],
        report: Callable[[float, int], None] | None = None,
    ):
        self.rng = rng
        self.engine = engine
        self.stopped = stopped
        self.report = report

    def optimize(self, network: Level, start: Hierarchy | None = None) -> Outcome:
        """Passes from the leaf modules of a start, by default from single nodes, until they gain little."""
        if start is None:
            return self._later_passes(network, self._first_pass(network))
        leaves = leaf_numbers(start)
        found = self._until_converged(network, self._passed(network, leaves.copy()))
        return min(found, self._outcome(network, two_levels(leaves)), key=codelength_of)

    def update(self, network: Level, start: Hierarchy, changed: IndexArray) -> Outcome:
        """Improve the result of an earlier search after the links of some nodes have changed.

        New nodes join their neighbours; then the other changed nodes move, and all nodes that these moves concern. If
        that gained enough, one pass follows; if it gained much, passes until they gain little.
        """
        state = self.engine.partition(network, leaf_numbers(start))
        new, others = self._new_and_others(state, changed)
        joining = self._move(network, state, new)  # always a gain, so it does not count towards RESTART_GAIN
        change = self._move(network, state, others)
        modules = self.engine.compact(network, state)
        found = self._reported(Passed(modules, self.engine.codelength(network, modules), False))
        if self.stopped() or -joining - change <= MIN_RELATIVE_GAIN * found.codelength:
            return self._outcome(network, two_levels(modules.module_of), found.codelength)
        if -change > RESTART_GAIN * found.codelength:
            return self.finish(network, self.optimize(network, two_levels(modules.module_of)))
        found = self._reported(self._leiden_pass(network, found, 0.0))
        return self._outcome(network, two_levels(found.state.module_of), found.codelength)

    def finish(self, network: Level, best: Outcome) -> Outcome:
        """Post-process the best result of a trial (no-op for two levels)."""
        return best

    def recombine(self, network: Level, one: Outcome, other: Outcome) -> Outcome:
        """A partition at least as good as both of the given ones."""
        parts, small = self._overlapped(network, one.hierarchy, other.hierarchy)
        parents = [projected(leaf_numbers(parent.hierarchy), parts) for parent in (one, other)]
        ends = []
        for start in (None, *parents):
            found = None if start is None else self._passed(small, start)
            while not (found is not None and (found.converged or self.stopped())):
                found = self._leiden_pass(small, found, MIN_RELATIVE_GAIN_EARLY)
            ends.append(found)
        lowered = self._lowered(network, parts, min(ends, key=codelength_of), 0.0)
        return min(one, other, self._outcome(network, lowered), key=codelength_of)

    def improve(self, network: Level, start: Hierarchy, min_gain: float) -> Outcome:
        """One pass from the leaf modules of a start, refined unless moving nodes gains less than `min_gain`."""
        begun = self._passed(network, leaf_numbers(start).copy())
        found = min(begun, self._leiden_pass(network, begun, min_gain), key=codelength_of)
        return self._outcome(network, two_levels(found.state.module_of), found.codelength)

    def regrow(self, network: Level, start: Hierarchy, base: Hierarchy) -> Outcome:
        """A partition that is built anew from the modules of a finer one, or from a start, whichever is shorter.

        The modules grow on the small network of their overlap, and a pass over the nodes follows.
        """
        parts, small = self._overlapped(network, start, base)
        ends = [self._leiden_pass(small, None, MIN_RELATIVE_GAIN)]
        ends.append(self._leiden_pass(small, ends[0], MIN_RELATIVE_GAIN))
        ends.append(
            self._leiden_pass(small, self._passed(small, projected(leaf_numbers(start), parts)), MIN_RELATIVE_GAIN)
        )
        return self._outcome(network, self._lowered(network, parts, min(ends, key=codelength_of), MIN_RELATIVE_GAIN))

    def _lowered(self, network: Level, parts: Partition, found: Passed, min_gain: float) -> Hierarchy:
        """What a pass over the nodes makes of modules of parts."""
        state = found.state._replace(module_of=found.state.module_of[parts.module_of], codebooks=network.codebooks)
        return two_levels(self._leiden_pass(network, found._replace(state=state), min_gain).state.module_of)

    def _overlapped(self, network: Level, one: Hierarchy, other: Hierarchy) -> tuple[Partition, Level]:
        """The parts that both hierarchies keep together in their leaf modules, and these parts as a level."""
        overlap = self.engine.partition(network, _overlap(one.module_of, other.module_of))
        parts = self.engine.compact(network, overlap)
        return parts, self.engine.aggregate(network, parts)

    def _new_and_others(
        self, state: Partition | MultilevelPartition, changed: IndexArray
    ) -> tuple[IndexArray, IndexArray]:
        """The changed nodes in random order: those that are alone in a module, and the others."""
        order = self.rng.permutation(changed)
        alone = state.sizes[state.module_of[order]] == 1
        return order[alone], order[~alone]

    # Passes

    def _first_pass(self, network: Level) -> Passed:
        """A rough pass from single nodes; where modules are weak and few, the better one of two."""
        found = self._reported(self._rough_pass(network))
        depends_on_seed = is_weak(found, one_level_codelength(network)) and len(found.state.sizes) <= FEW_MODULES
        if depends_on_seed and not self.stopped():
            found = min(found, self._reported(self._rough_pass(network)), key=codelength_of)
        return found

    def _rough_pass(self, level: Level) -> Passed:
        return self._leiden_pass(level, None, MIN_RELATIVE_GAIN, rough=True, max_sweeps=MAX_EARLY_SWEEPS)

    def _later_passes(self, network: Level, found: Passed) -> Outcome:
        """Passes from where the first one ended."""
        return self._until_converged(network, self._second_pass(network, found))

    def _until_converged(self, network: Level, found: Passed) -> Outcome:
        while not (found.converged or self.stopped()):
            found = self._improved(network, found)
        return self._outcome(network, two_levels(found.state.module_of))

    def _second_pass(self, network: Level, found: Passed) -> Passed:
        """Modules that were found by way of other Markov times, or rebuilt; but those of the first pass if shorter."""
        if self.stopped():
            return found
        without = one_level_codelength(network)
        other = None
        if len(found.state.sizes) > MANY_MODULES:
            other = self._merged(network, found, without)
        elif is_weak(found, without) and len(network.nodes) > LARGE_MODULES * len(found.state.sizes):
            other = self._grown(network)
        if other is not None and other.codelength < min(found.codelength, without):
            return other
        return found if self.stopped() else self._rebuilt(network, found)

    def _merged(self, network: Level, found: Passed, without: float) -> Passed | None:
        """What becomes of fragments at longer Markov times, and then at that of the network; None without fragments."""
        times = self._merging_times(network, found, without)
        if not times:
            return None
        for time in times:
            before, found = found, self._at_time(network, time, found, max_sweeps=MAX_EARLY_SWEEPS)
            if self.stopped():
                return found
            if len(found.state.sizes) >= len(before.state.sizes):
                break
        return self._improved(network, found)

    def _merging_times(self, network: Level, found: Passed, without: float) -> tuple[float, ...]:
        """The Markov times at which the modules may merge; none if they are no fragments."""
        if network.links.stride == ZERO:
            is_fragmented = (1 - MOST_SAVED_BY_FRAGMENTS) * without < found.codelength < without
            return MERGING_TIMES[:1] if is_fragmented else ()
        return MERGING_TIMES if is_weak(found, without) else MERGING_TIMES[1:]

    def _grown(self, network: Level) -> Passed:
        """Modules built of those that grow from single nodes at a shorter Markov time."""
        finer = self._at_time(network, FINER_TIME, None, rough=True, max_sweeps=MAX_EARLY_SWEEPS)
        return finer if self.stopped() else self._built(network, finer)

    def _at_time(self, network: Level, time: float, start: Passed | None, **options: Any) -> Passed:
        """Modules after a pass at another Markov time."""
        level = level_at_markov_time(network, time)
        if start is not None:
            start = self._passed(level, start.state.module_of.copy())
        found = self._leiden_pass(level, start, MIN_RELATIVE_GAIN, **options)
        del level, start  # records of nodes
        return self._reported(self._passed(network, found.state.module_of))

    def _improved(self, network: Level, found: Passed) -> Passed:
        return self._reported(self._leiden_pass(network, found, MIN_RELATIVE_GAIN))

    def _rebuilt(self, network: Level, found: Passed) -> Passed:
        """Modules built anew, unless those found are shorter."""
        rebuilt = self._built(network, found)
        return rebuilt if rebuilt.codelength <= found.codelength else found

    def _built(self, network: Level, found: Passed) -> Passed:
        """Modules built of the refined parts of others."""
        return self._reported(self._leiden_pass(network, found, MIN_RELATIVE_GAIN_EARLY, rebuild=True))

    def _reported(self, found: Passed) -> Passed:
        if self.report is not None:
            self.report(found.codelength, len(found.state.sizes))
        return found

    def _leiden_pass(self, level: Level, start: Passed | None, min_gain: float, **options: Any) -> Passed:
        return self.engine.leiden_pass(level, start, min_gain, self._seed(), **options)

    def _passed(self, level: Level, module_of: IndexArray) -> Passed:
        """A given partition as what a pass may start from."""
        rows = int(module_of.max(initial=0)) + 1  # one for each node would be memory for nothing
        state = self.engine.compact(level, self.engine.partition(level, module_of, rows))
        return Passed(state, self.engine.codelength(level, state), False)

    # Moves

    def _move(self, level: Level, state: Partition, nodes: IndexArray) -> float:
        """Move some nodes, and all that these moves concern, until none has a reason to; returns the change in bits."""
        return self.engine.move(level, state, unconstrained(state), self._seed(), nodes)

    def _seed(self) -> np.uint64:
        return self.rng.integers(2**64, dtype=np.uint64)

    # Outcomes

    def _outcome(self, network: Level, hierarchy: Hierarchy, known_codelength: float | None = None) -> Outcome:
        return outcome(network, hierarchy, self.engine, known_codelength)


def codelength_of(found: Outcome | Passed) -> float:
    """The codelength, to compare by."""
    return found.codelength


def is_weak(found: Passed, without: float) -> bool:
    """Whether modules save little of what the description without them needs."""
    return found.codelength > (1 - WEAK_STRUCTURE) * without


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

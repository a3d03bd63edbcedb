"""From a partition down to a local optimum, and from two such optima to a better one.

A descent iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes
while that shortens the description, refine the modules, aggregate the network by what refinement found, and go
on with the aggregated network until nothing merges. The next pass begins at the nodes again, from what the last one
found; most of the gain over a single pass comes from the first few repetitions.

Two partitions are recombined by their overlap: nodes that both keep together become one node of a network that
is small, since good partitions agree on most. Its descents, one from each parent and one from single nodes, cost
little and decide all the questions on which the parents disagree at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mapeq.crew import Crew
from mapeq.flow import Flow
from mapeq.levels import aggregate, compact, connected_parts, group, single_in_groups, spread
from mapeq.moves import BLOCKS, Bounds, commit, move_nodes, propose, queue_of, spares_of, take_block, unbounded
from mapeq.objective import Partition, codelength, new_move, partition, single_modules
from mapeq.rows import ONE, IndexArray

#: A descent ends when a pass shortens the description by less than this fraction of it.
LEAST_GAIN = 1e-3

#: So does one in an overlap, which costs little and decides much.
LEAST_GAIN_OF_OVERLAP = 1e-4

#: The first moves from single nodes end when all links have been met so often: the next levels know better.
FIRST_SWEEPS = 3

#: Kernels return after meeting so many links, some hundredth of a second, to see whether to stop.
WORK = 1_000_000


class Outcome(NamedTuple):
    """A partition, every module of which is connected, by links or by recorded teleportation, and its codelength."""

    module_of: IndexArray
    length: float


def outcome(flow: Flow, module_of: IndexArray) -> Outcome:
    """The partition into the connected parts of all modules.

    Recorded teleportation connects nodes without links: it may describe a module better as a whole.
    """
    n = len(module_of)
    parts = np.full(n, n, dtype=module_of.dtype)
    connected_parts(flow.links, module_of, parts, np.empty_like(parts))
    candidates = [parts] if flow.teleport is None else [parts, module_of]
    outcomes = [Outcome(found, codelength(flow, partition(flow, found)).total) for found in candidates]
    return min(outcomes, key=lambda candidate: candidate.length)


class Searcher:
    """Takes the steps of a search, with a source of chance, threads and a sign to stop.

    Parameters
    ----------
    rng : numpy.random.Generator
    crew : Crew
    stopped : callable
        Whether to return at once what there is.
    report : callable, optional
        Told the codelength and the number of modules after every pass over the network.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        crew: Crew,
        stopped: Callable[[], bool],
        report: Callable[[float, int], None] | None = None,
    ):
        self.rng = rng
        self.crew = crew
        self.stopped = stopped
        self.report = report
        self._room_for_move = new_move()

    def descend(self, flow: Flow, start: IndexArray | None = None) -> Outcome:
        """Passes from a partition, by default from single nodes, until they gain little."""
        state = single_modules(flow) if start is None else partition(flow, start)
        state = self._passes(flow, state, LEAST_GAIN, self.report, raw=start is None)
        return outcome(flow, state.module_of)

    def recombine(self, flow: Flow, one: Outcome, other: Outcome) -> Outcome:
        """A partition at least as good as both of the given ones."""
        overlap = compact(partition(flow, _overlap(one.module_of, other.module_of)))
        small = aggregate(flow, overlap, self._order(flow), self.crew)
        starts = [single_modules(small)]
        for parent in (one, other):
            module_of = np.empty(len(small.nodes), dtype=overlap.module_of.dtype)
            module_of[overlap.module_of] = parent.module_of
            starts.append(partition(small, module_of))
        ends = [self._passes(small, start, LEAST_GAIN_OF_OVERLAP) for start in starts]
        best = compact(min(ends, key=lambda end: codelength(small, end).total))
        state = self._pass(flow, spread(best, best.module_of[overlap.module_of]), 0.0)
        return min(one, other, outcome(flow, state.module_of), key=lambda candidate: candidate.length)

    def _passes(
        self,
        flow: Flow,
        state: Partition,
        least: float,
        report: Callable[[float, int], None] | None = None,
        *,
        raw: bool = False,
    ) -> Partition:
        """Passes until they shorten the description by less than a fraction `least` of it; `raw` as in :meth:`_pass`."""
        length = codelength(flow, state).total
        gain = np.inf
        while gain > least * abs(length) and not self.stopped():
            state = self._pass(flow, state, least * abs(length) / 2, raw=raw)
            raw = False
            shorter = codelength(flow, state).total
            gain, length = length - shorter, shorter
            if report is not None:
                report(length, int(np.count_nonzero(state.sizes)))
        return state

    def _pass(self, flow: Flow, state: Partition, least: float, *, raw: bool = False) -> Partition:
        """One pass over all levels, from the nodes up.

        It ends at the nodes if moving them shortens the description by less than `least` bits. With `raw` the start
        is a rough one, single nodes: they move for a few sweeps only, and are aggregated by the modules they form.
        """
        level = flow
        ascent: list[IndexArray] = []  # of each level's nodes, the number in the level above
        while True:
            rough = raw and not ascent
            change = self._move(level, state, sweeps=FIRST_SWEEPS if rough else None)
            state = compact(state)
            faded = -change < least and not rough if not ascent else change == 0
            if self.stopped() or len(state.sizes) == len(level.nodes) or (faded and not ascent):
                break
            order = self._order(level)
            if rough or faded:
                ascent.append(state.module_of)
                level = aggregate(level, state, order, self.crew)
                state = single_modules(level)
                continue
            refined = self._refined(level, state, order)
            if self.stopped() or len(refined.sizes) == len(level.nodes):
                break
            ascent.append(refined.module_of)
            level = aggregate(level, refined, order, self.crew)
            coarse = np.empty(len(level.nodes), dtype=order.dtype)
            coarse[refined.module_of] = state.module_of
            state = spread(state, coarse)
        found = state.module_of
        for above in reversed(ascent):
            found = found[above]
        return spread(state, found)

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
        queue = queue_of(self._order(level) if order is None else order)
        spares = spares_of(state)
        bounds = unbounded(state) if bounds is None else bounds
        num_links = len(level.links.indices)
        widest = int(np.diff(level.links.indptr).max(initial=0))
        scratch = [self.crew.scratch(widest, level.links.indices.dtype, t) for t in range(self.crew.num_threads)]
        common = (level.links, level.nodes, level.teleport, state, bounds, queue)
        left = np.inf if sweeps is None else sweeps * (num_links + len(level.nodes))
        change = 0.0
        while queue.ends[1] and left > 0 and not self.stopped():
            if self.crew.worthwhile(num_links // BLOCKS):
                size, met = take_block(level.links, state, bounds, queue)

                def propose_part(begin: int, end: int, number: int) -> None:
                    propose(*common, np.uint64(begin), np.uint64(end), scratch[number])

                self.crew.run(propose_part, self.crew.parts(int(size), int(met)))
                change += commit(*common, size, spares, scratch[0], self._room_for_move)
            else:
                work = np.uint64(min(left, WORK))
                one, met = move_nodes(*common, spares, scratch[0], self._room_for_move, work)
                change += one
            left -= int(met)
        return float(change)

    def _order(self, flow: Flow) -> IndexArray:
        """All nodes in random order."""
        return self.rng.permutation(np.arange(len(flow.nodes), dtype=flow.links.indices.dtype))


def _overlap(one: IndexArray, other: IndexArray) -> IndexArray:
    """The partition in which two nodes are together if they are in both; numbered without gaps."""
    pairs = one.astype(np.uint64) * (np.uint64(other.max(initial=0)) + ONE) + other
    return np.unique(pairs, return_inverse=True)[1].astype(one.dtype)

"""The search at many Markov times: each starts from the modules at the times beside it.

A trial goes up the times once: modules grow, and one Leiden pass from those of the time before finds most of the
growth. What grew in small steps may have grown in the wrong way, so from time to time the modules are built anew from
those at a much shorter time, on a small network (*regrown*). Then the trial goes down: where the modules of the next
longer time are shorter than those found, they take their place, and a pass improves them. So a sudden change of the
partition is found at its time, from whichever side.

The codelength of a partition never decreases with the Markov time, because its flow between modules grows. Hence that
of the best partition does not, and once the walk never leaves its modules, nothing better comes at longer times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from mapeq._base.hierarchy import Hierarchy, leaf_numbers, num_tops, two_levels
from mapeq._base.threads import result_of, run_interruptible
from mapeq.objective.contents import Contents
from mapeq.objective.level import (
    FEW_NODES,
    Level,
    level_at_markov_time,
    network_level,
    with_all_links,
    with_links_of_contents,
)
from mapeq.optimizer.control import Control
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.outcome import Outcome, outcome
from mapeq.optimizer.trials import SMALL_LINKS, TINY_LINKS
from mapeq.optimizer.two_level import MIN_RELATIVE_GAIN, TwoLevelOptimizer, codelength_of
from mapeq.walk.flow import Flow

#: Modules are also searched for from single nodes on tiny networks, and where a time is more than so many times the one
#: before.
FAR = 1.5

#: Modules are regrown from those at a time so many times shorter, if there is one; on small networks at each time, on
#: others where the time has doubled since that was done.
REGROWN_FROM = 4.0
REGROWN_FROM_FIRST = 2.0
REGROWN_EVERY = 2.0

#: Below this time, where modules are small, passes over large networks do not refine them.
REFINED_TIME = 1.0

#: Modules of the next longer time are improved if they are shorter than those found by more than this fraction.
WORTH_A_PASS = 1e-5

#: Codelengths that differ by less than this are equal, in bits.
ROUNDING = 1e-12


class Swept(NamedTuple):
    """The modules at one Markov time.

    Attributes
    ----------
    hierarchy : Hierarchy
        Of two levels.
    codelength : float
        In bits per step.
    trials : tuple of float
        The codelength that each trial reached, in bits per step.
    """

    hierarchy: Hierarchy
    codelength: float
    trials: tuple[float, ...]


def sweep(
    flow: Flow,
    times: Sequence[float],
    *,
    contents: Contents | None = None,
    num_trials: int = 1,
    seed: int = 0,
    num_threads: int = 1,
    control: Control | None = None,
    report: Callable[[int, int, Outcome], object] | None = None,
) -> list[Swept]:
    """Search for the modules with the shortest description at each of some Markov times.

    Parameters
    ----------
    flow : Flow
        At Markov time 1.
    times : sequence of float
        In increasing order, at least one.
    contents : Contents, optional
        Of the nodes.
    num_trials : int
        Trials are independent; their modules at each time are recombined.
    seed : int
        Every trial and every recombination has an independent random stream: the number of threads changes nothing.
    num_threads : int
        Trials run side by side; the remaining threads share the work within each.
    control : Control, optional
    report : callable, optional
        Gets the number of a trial, from 0, the position of a time and what was found there on the way up.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C.
    """
    control = control or Control()
    with control:
        job = partial(_swept, flow, contents, times, num_trials, seed, num_threads, control, report)
        return run_interruptible(job, control.stop)


def _swept(
    flow: Flow,
    contents: Contents | None,
    times: Sequence[float],
    num_trials: int,
    seed: int,
    num_threads: int,
    control: Control,
    report: Callable[[int, int, Outcome], object] | None,
) -> list[Swept]:
    workers = min(num_threads, num_trials)
    flow = with_links_of_contents(flow, contents)

    def trial(number: int) -> list[Outcome]:
        def found(position: int, end: Outcome) -> None:
            if report is not None:
                report(number, position, end)

        with Engine(num_threads // workers, control.flag) as engine:
            return _Sweep(flow, contents, times, _stream(seed, number), engine, control, found).run()

    with ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(trial, number) for number in range(num_trials)]
        try:
            trials = [result_of(job) for job in jobs]
        except BaseException:
            control.stop()  # the pool waits for the other trials
            raise
    best = trials[0]
    with Engine(num_threads, control.flag) as engine:
        for number, other in enumerate(trials[1:], 1):
            best = _Sweep(flow, contents, times, _stream(seed, number, 0), engine, control).recombined(best, other)
    return [
        Swept(end.hierarchy, end.codelength, tuple(ends[position].codelength for ends in trials))
        for position, end in enumerate(best)
    ]


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


class _Sweep:
    """One trial, or the recombination of two. If the search is stopped, it ends early, and nobody takes its answer."""

    def __init__(
        self,
        flow: Flow,
        contents: Contents | None,
        times: Sequence[float],
        rng: np.random.Generator,
        engine: Engine,
        control: Control,
        report: Callable[[int, Outcome], object] | None = None,
    ):
        self._network = network_level(flow, contents=contents)
        self._times = times
        self._optimizer = TwoLevelOptimizer(rng, engine, lambda: control.stopped)
        self._engine = engine
        self._control = control
        self._report = report
        self._is_tiny = len(flow.links.indices) <= TINY_LINKS
        self._is_small = len(flow.links.indices) <= SMALL_LINKS

    def run(self) -> list[Outcome]:
        return self._downwards(self._upwards())

    def recombined(self, one: list[Outcome], other: list[Outcome]) -> list[Outcome]:
        """Modules at least as good as those of two sweeps at each time."""
        ends = []
        for position, (left, right) in enumerate(zip(one, other, strict=True)):
            if self._control.stopped:
                return one
            ends.append(self._optimizer.recombine(self._level(position), left, right))
        return self._downwards(ends)

    def _level(self, position: int) -> Level:
        """The network at a Markov time; made anew each time it is needed, since all of them together may be large."""
        level = level_at_markov_time(self._network, self._times[position])
        has_remote_moves = level.terms.teleport is not None and len(level.nodes) <= FEW_NODES
        return with_all_links(level) if has_remote_moves else level

    def _upwards(self) -> list[Outcome]:
        ends: list[Outcome] = []
        undivided: Outcome | None = None
        regrown_at = 0.0
        is_closed = False  # whether the walk never leaves the modules of the time before
        for position, time in enumerate(self._times):
            level = self._level(position)
            if not ends:
                end = self._optimizer.optimize(level)
            elif self._control.stopped or is_closed:
                end = outcome(level, ends[-1].hierarchy, self._engine)
            elif (base := self._base(position, ends)) is not None and (
                self._is_small or time >= REGROWN_EVERY * regrown_at
            ):
                end, regrown_at = self._optimizer.regrow(level, ends[-1].hierarchy, base), time
            else:
                end = self._grown(level, ends[-1].hierarchy, time)
            if ends and not is_closed and (self._is_tiny or time > FAR * self._times[position - 1]):
                end = self._optimizer.recombine(level, end, self._optimizer.optimize(level))
            if undivided is None or level.terms.teleport is not None:  # else it costs the same at each time
                undivided = outcome(level, self._whole(), self._engine)
            if undivided.codelength <= end.codelength + ROUNDING:
                end = undivided
                is_closed = level.terms.teleport is None or num_tops(end.hierarchy) == 1
            ends.append(end)
            if self._report is not None and not self._control.stopped:
                self._report(position, end)
        return ends

    def _whole(self) -> Hierarchy:
        return two_levels(np.zeros(len(self._network.nodes), dtype=self._network.links.indices.dtype))

    def _base(self, position: int, ends: list[Outcome]) -> Hierarchy | None:
        """The modules to regrow those at a time from."""
        time = self._times[position]
        shorter = int(np.searchsorted(self._times[:position], time / REGROWN_FROM * (1 + 1e-9), side="right"))
        if shorter:
            return ends[shorter - 1].hierarchy
        return ends[0].hierarchy if self._is_small and time >= REGROWN_FROM_FIRST * self._times[0] else None

    def _downwards(self, ends: list[Outcome]) -> list[Outcome]:
        best = list(ends)
        for position in range(len(best) - 2, -1, -1):
            if self._control.stopped:
                break
            level, longer = self._level(position), best[position + 1].hierarchy
            length = self._engine.measured(level, leaf_numbers(longer))
            if length < (1 - WORTH_A_PASS) * best[position].codelength:
                best[position] = min(
                    self._grown(level, longer, self._times[position]), best[position], key=codelength_of
                )
            elif length < best[position].codelength:
                best[position] = outcome(level, longer, self._engine)
        return best

    def _grown(self, level: Level, start: Hierarchy, time: float) -> Outcome:
        """What one pass makes of given modules, or these."""
        is_refined = self._is_small or time >= REFINED_TIME
        return self._optimizer.improve(level, start, MIN_RELATIVE_GAIN if is_refined else np.inf)

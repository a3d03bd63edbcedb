"""The search for the partition with the shortest description.

A descent iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes
while that shortens the description, refine the modules, aggregate the network by what
refinement found, and go on with the aggregated network until nothing merges. The next pass begins at
the nodes again, from what the last one found; most of the gain over a single pass comes from the
first few repetitions.

A trial is one descent, or on a small network a few from different starts, which cost next to
nothing there. Of several trials the shortest description wins. The first start has every node alone,
others group the nodes at random, in few groups or many: from large modules the search finds
merges that it cannot reach from single nodes, where every step on the way would lengthen the description.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mapeq.errors import is_number, is_whole, option_error
from mapeq.flow import Flow
from mapeq.moves import aggregate, connected_parts, move_nodes, queue_of, refine, renumber, scratch_for
from mapeq.objective import Partition, codelength, partition
from mapeq.rows import IntArray, index_dtype

#: A descent ends when a pass shortens the description by less than this fraction of it.
LEAST_RELATIVE_GAIN = 1e-4

#: A trial starts again while all its starts together meet no more links than this, and no more often than that.
CHEAP_LINKS = 50_000
MOST_STARTS = 48

#: Kernels return after meeting so many links, a tenth of a second, to see whether to stop.
WORK = 1_000_000


@dataclass(frozen=True)
class SearchOptions:
    """How to search; see :func:`mapeq.infomap` for what each option means.

    Raises
    ------
    ValueError
        If an option is out of range; names the option, the value and what is allowed.
    """

    num_trials: int = 1
    seed: int | None = 0
    num_threads: int | None = None
    time_limit: float | None = None
    multilevel: bool = False

    def __post_init__(self) -> None:
        if self.multilevel:
            raise ValueError("multilevel: the multilevel map equation is not built yet, only the two-level one")
        if not is_whole(self.num_trials, 1):
            raise option_error("num_trials", self.num_trials, "a whole number, 1 or more")
        if not (self.num_threads is None or is_whole(self.num_threads, 1)):
            raise option_error("num_threads", self.num_threads, "a whole number, 1 or more, or None")
        if not (self.seed is None or is_whole(self.seed, 0)):
            raise option_error("seed", self.seed, "a whole number, 0 or more, or None")
        if not (self.time_limit is None or (is_number(self.time_limit) and self.time_limit >= 0)):
            raise option_error("time_limit", self.time_limit, "seconds, 0 or more, or None")


class Progress(NamedTuple):
    """What a progress callback is told after every pass."""

    trial: int  #: number of the trial, from 1
    num_trials: int
    num_passes: int  #: passes done in this trial
    codelength: float  #: what the last pass reached, bits per step
    num_modules: int


class Control:
    """When to stop, and whom to tell.

    Parameters
    ----------
    time_limit : float, optional
        Seconds from now after which the search returns what it has.
    report : callable, optional
        Called with a :class:`Progress` after every pass, one call at a time.
    keep_on_interrupt : bool
        Whether Ctrl-C makes the search return what it has instead of raising KeyboardInterrupt.

    Attributes
    ----------
    interrupted : bool
        Whether Ctrl-C ended the search.
    """

    def __init__(
        self,
        time_limit: float | None = None,
        report: Callable[[Progress], object] | None = None,
        *,
        keep_on_interrupt: bool = False,
    ):
        self.keep_on_interrupt = keep_on_interrupt
        self.interrupted = False
        self._deadline = np.inf if time_limit is None else time.monotonic() + time_limit
        self._report = report
        self._stop = threading.Event()
        self._reporting = threading.Lock()

    def stop(self) -> None:
        """Ask the search to return what it has; may be called from any thread or signal handler."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether the search was asked to stop or ran out of time."""
        return self._stop.is_set() or time.monotonic() > self._deadline

    def report(self, progress: Progress) -> None:
        """Tell the callback, if there is one."""
        if self._report is not None:
            with self._reporting:
                self._report(progress)


class Found(NamedTuple):
    """The outcome of a search: the best partition, the codelength of every trial, whether all of them ended."""

    module_of: IntArray
    trials: tuple[float, ...]
    converged: bool


def two_level(
    flow: Flow,
    *,
    num_trials: int = 1,
    seed: int = 0,
    num_threads: int = 1,
    start: IntArray | None = None,
    control: Control | None = None,
) -> Found:
    """Search for the two-level partition with the shortest description.

    Parameters
    ----------
    flow : Flow
        Of n nodes.
    num_trials : int
        Independent trials, of which the best is kept.
    seed : int
        Every trial draws from a stream of its own, so that the number of threads changes nothing.
    num_threads : int
        How many trials may run side by side.
    start : integer array of shape (n,), optional
        A partition to start every trial from, numbered from 0 to at most n - 1.
    control : Control, optional

    Returns
    -------
    Found
        Every module of it is connected, by links or by recorded teleportation.
    """
    control = control or Control()
    # Local moves can miss that a network has no structure at all.
    whole = _outcome(flow, np.zeros(len(flow.nodes), dtype=index_dtype(len(flow.nodes))))
    streams = np.random.SeedSequence(seed).spawn(num_trials)

    def run(number: int) -> Outcome | None:
        if number > 0 and control.stopped:
            return None
        reports = itertools.count(1)

        def report(found: Outcome) -> None:
            num_modules = int(found.module_of.max(initial=-1)) + 1
            control.report(Progress(number + 1, num_trials, next(reports), found.length, num_modules))

        rng = np.random.default_rng(streams[number])
        starts = _starts(flow, start, number == 0, rng)
        return min((_descend(flow, first, rng, control, report) for first in starts), key=lambda found: found.length)

    with ThreadPoolExecutor(max_workers=min(num_threads, num_trials)) as pool:
        running: list[Future[Outcome | None]] = []
        try:
            running.extend(pool.submit(run, number) for number in range(num_trials))
            done = _finished(running)
        except BaseException as error:
            control.stop()  # the pool waits for the kernels, which see this within a fraction of a second
            if not (isinstance(error, KeyboardInterrupt) and control.keep_on_interrupt):
                raise
            control.interrupted = True
            done = _finished(running) or [whole]
    lengths = tuple(found.length for found in done)
    best = done[int(np.argmin(lengths))]

    if whole.length <= best.length:
        best, lengths = whole, tuple(min(length, whole.length) for length in lengths)
    return Found(best.module_of, lengths, not control.stopped)


class Outcome(NamedTuple):
    """A partition, every module of which is connected, by links or by recorded teleportation, and its codelength."""

    module_of: IntArray
    length: float


def _outcome(flow: Flow, module_of: IntArray) -> Outcome:
    """The partition into the connected parts of all modules.

    Recorded teleportation connects nodes without links: it may describe a module better as a whole.
    """
    candidates = [_connected(flow, module_of)]
    if flow.teleport is not None:
        candidates.append(module_of.copy())
        _numbered(candidates[1])
    outcomes = [Outcome(found, codelength(flow, partition(flow, found)).total) for found in candidates]
    return min(outcomes, key=lambda outcome: outcome.length)


def _finished(running: list[Future[Outcome | None]]) -> list[Outcome]:
    """Wait for all trials; those that were never begun are left out."""
    return [outcome for future in running if (outcome := future.result()) is not None]


def _starts(flow: Flow, given: IntArray | None, single: bool, rng: np.random.Generator) -> Iterator[IntArray]:
    """Where the descents of a trial begin; `single` says whether the first has every node alone."""
    n = len(flow.nodes)
    dtype = index_dtype(n)
    if given is not None:
        yield given.astype(dtype)
        return
    if single:
        yield np.arange(n, dtype=dtype)
    affordable = CHEAP_LINKS // max(len(flow.links.indices), 1)
    for _ in range(max(1, min(affordable, n, MOST_STARTS)) - single):
        num_groups = max(1, int(n ** rng.uniform(0.2, 1)))
        yield rng.integers(num_groups, size=n, dtype=dtype)


def _descend(
    flow: Flow,
    start: IntArray,
    rng: np.random.Generator,
    control: Control,
    report: Callable[[Outcome], None],
) -> Outcome:
    """Passes until they gain little."""
    best = _outcome(flow, start)
    while not control.stopped:
        found = _outcome(flow, leiden_pass(flow, start.copy(), rng, control))
        report(found)
        gain = best.length - found.length
        if gain > 0:
            best = found
        if gain <= LEAST_RELATIVE_GAIN * abs(best.length):  # rounding may leave a length of 0 below it
            break
        start = best.module_of
    return best


def leiden_pass(flow: Flow, module_of: IntArray, rng: np.random.Generator, control: Control) -> IntArray:
    """One pass from the nodes up: the improved partition."""
    level, state = flow, partition(flow, module_of)
    ascent: list[IntArray] = []  # of each level's nodes, the number in the level above
    while True:
        _move(level, state, rng, control)
        _numbered(state.module_of)
        if control.stopped:
            break
        refined = _refined(level, state, rng, control)
        num_refined = _numbered(refined)
        if num_refined == len(refined):
            break
        coarse = np.empty(num_refined, dtype=refined.dtype)
        coarse[refined] = state.module_of
        level = aggregate(level, partition(level, refined), num_refined)
        state = partition(level, coarse)
        ascent.append(refined)
    found = state.module_of
    for above in reversed(ascent):
        found = found[above]
    return found


def _move(level: Flow, state: Partition, rng: np.random.Generator, control: Control) -> None:
    """Move nodes, in random order at first, until none has a reason to move."""
    queue, scratch = queue_of(_shuffled(state, rng)), scratch_for(state)
    while queue.ends[1] and not control.stopped:
        move_nodes(level.links, level.nodes, level.teleport, state, queue, scratch, WORK)


def _refined(level: Flow, state: Partition, rng: np.random.Generator, control: Control) -> IntArray:
    """Connected sub-modules of all modules."""
    single = partition(level, np.arange(len(state.module_of), dtype=state.module_of.dtype))
    order, scratch = _shuffled(state, rng), scratch_for(single)
    position = 0
    while position < len(order) and not control.stopped:
        position = refine(
            level.links, level.nodes, level.teleport, state.module_of, single, order, position, scratch, WORK
        )
    return single.module_of


def _shuffled(state: Partition, rng: np.random.Generator) -> IntArray:
    return rng.permutation(len(state.module_of)).astype(state.module_of.dtype)


def _numbered(module_of: IntArray) -> int:
    """Number the modules from 0, in place; returns how many there are."""
    return int(renumber(module_of, np.full(len(module_of), -1, dtype=module_of.dtype)))


def _connected(flow: Flow, module_of: IntArray) -> IntArray:
    """The connected parts of all modules."""
    parts = np.full(len(module_of), -1, dtype=module_of.dtype)
    connected_parts(flow.links, module_of, parts, np.empty_like(parts))
    return parts

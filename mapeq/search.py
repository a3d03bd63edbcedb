"""The search for the partition with the shortest description.

A trial iterates Leiden passes (Traag, Waltman & van Eck, Scientific Reports 9, 5233, 2019): move nodes
while that shortens the description, refine the modules, aggregate the network by what
refinement found, and go on with the aggregated network until nothing merges. The next pass begins at
the nodes again, from what the last one found; most of the gain over a single pass comes from the
first few repetitions. Of several trials the shortest description wins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from mapeq.flow import Flow
from mapeq.map_equation import Partition, codelength, partition
from mapeq.moves import aggregate, connected_parts, move_nodes, queue_of, refine, renumber, scratch_for
from mapeq.rows import IntArray, index_dtype

#: A trial ends when a pass shortens the description by less than this fraction of it.
LEAST_RELATIVE_GAIN = 1e-4

#: Kernels return after meeting so many links, some tenths of a second, to see whether to stop.
WORK = 3_000_000


class Progress(NamedTuple):
    """What a progress callback is told after every pass."""

    trial: int  #: number of the trial, from 1
    num_trials: int
    num_passes: int  #: passes done in this trial
    codelength: float  #: what this trial has reached, bits per step
    num_modules: int


class Control:
    """When to stop, and whom to tell.

    Parameters
    ----------
    time_limit : float, optional
        Seconds from now after which the search returns what it has.
    report : callable, optional
        Called with a :class:`Progress` after every pass, one call at a time.
    """

    def __init__(self, time_limit: float | None = None, report: Callable[[Progress], object] | None = None):
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
    flow: Flow, *, num_trials: int, seed: int, num_threads: int, start: IntArray | None, control: Control
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
        A partition to start from, numbered from 0 to at most n - 1; by default every node is alone.
    control : Control

    Returns
    -------
    Found
        Every module of it is connected by links.
    """
    n = len(flow.nodes)
    first = np.arange(n, dtype=index_dtype(n)) if start is None else start.astype(index_dtype(n))
    streams = np.random.SeedSequence(seed).spawn(num_trials)

    def run(number: int) -> tuple[float, IntArray]:
        def report(num_passes: int, length: float, state: Partition) -> None:
            num_modules = int(np.count_nonzero(state.sizes))
            control.report(Progress(number + 1, num_trials, num_passes, length, num_modules))

        return _trial(flow, _connected(flow, first), np.random.default_rng(streams[number]), control, report)

    with ThreadPoolExecutor(max_workers=max(1, min(num_threads, num_trials))) as pool:
        running = [pool.submit(run, number) for number in range(num_trials)]
        try:
            done = [future.result() for future in running]
        except BaseException:
            control.stop()  # the pool waits for the kernels, which see this within a fraction of a second
            raise
    lengths = tuple(length for length, _ in done)
    module_of = done[int(np.argmin(lengths))][1]

    # Local moves can miss that a network has no structure at all.
    whole = partition(flow, _connected(flow, np.zeros_like(first)))
    if codelength(flow, whole).total <= min(lengths):
        module_of = whole.module_of
        lengths = tuple(min(length, codelength(flow, whole).total) for length in lengths)
    return Found(module_of, lengths, not control.stopped)


def _trial(
    flow: Flow,
    start: IntArray,
    rng: np.random.Generator,
    control: Control,
    report: Callable[[int, float, Partition], None],
) -> tuple[float, IntArray]:
    """Passes until they gain little: codelength and partition."""
    best = start
    length = codelength(flow, partition(flow, start)).total
    num_passes = 0
    while not control.stopped:
        state = partition(flow, leiden_pass(flow, best.copy(), rng, control))
        gain = length - codelength(flow, state).total
        if gain > 0:
            best, length = state.module_of, length - gain
        num_passes += 1
        report(num_passes, length, state)
        if gain <= LEAST_RELATIVE_GAIN * length:
            break
    return length, best


def leiden_pass(flow: Flow, module_of: IntArray, rng: np.random.Generator, control: Control) -> IntArray:
    """One pass from the nodes up: the improved partition, every module of which is connected."""
    level, state = flow, partition(flow, module_of)
    ascent: list[IntArray] = []  # of each level's nodes, the number in the level above
    while True:
        _move(level, state, rng, control)
        _numbered(state.module_of)
        refined = _refined(level, state, rng, control)
        num_refined = _numbered(refined)
        if num_refined == len(refined) or control.stopped:
            break
        coarse = np.empty(num_refined, dtype=refined.dtype)
        coarse[refined] = state.module_of
        level = aggregate(level, partition(level, refined), num_refined)
        state = partition(level, coarse)
        ascent.append(refined)
    found = state.module_of
    for above in reversed(ascent):
        found = found[above]
    return _connected(flow, found)


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

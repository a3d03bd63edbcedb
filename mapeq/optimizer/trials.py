"""The search for the modules with the shortest description: trials that learn from each other.

A trial is a descent to a local optimum (:mod:`mapeq.optimizer.two_level`, or :mod:`mapeq.optimizer.multilevel` for hierarchies). Trials are
recombined in pairs, the results in pairs again, and so on up to the last: what comes out is at least as short as the
best of the trials, and mostly shorter than the best of many more. On a tiny network a trial makes a few descents from
random groups, too, where they cost next to nothing: from large modules the search finds merges that it cannot reach
from single nodes, where every step on the way would lengthen the description.
"""

from __future__ import annotations

import itertools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import IndexArray
from mapeq._base.hierarchy import Hierarchy, cut, num_tops, renumbered, two_levels
from mapeq._base.progress import Progress
from mapeq._base.threads import run_interruptible
from mapeq.optimizer.control import Control
from mapeq.optimizer.multilevel import Nester
from mapeq.optimizer.two_level import Outcome, Searcher, length_of, outcome
from mapeq.optimizer.workspace import Workers
from mapeq.walk.flow import Flow

#: A trial makes more descents while all together meet no more links than this; each counts some more for itself.
CHEAP_LINKS = 30_000
LINKS_PER_START = 250
MOST_STARTS = 40

#: More trials would pay if the last recombination shortened the description by more than this fraction of it.
WORTH_MORE_TRIALS = 1e-5


class Found(NamedTuple):
    """The outcome of a search.

    Attributes
    ----------
    tree : Hierarchy
        Of depth one unless the search was for several levels; numbered level by level.
    trials : tuple of float
        The codelength of every trial that was begun, by itself, in bits per step.
    agreed : int
        How many of the top modules every trial has found, node for node.
    converged : bool
        Whether the search came to its end, and more trials would hardly find anything shorter.
    """

    tree: Hierarchy
    trials: tuple[float, ...]
    agreed: int
    converged: bool


def find_modules(
    flow: Flow,
    *,
    multilevel: bool = False,
    num_trials: int = 1,
    seed: int = 0,
    num_threads: int = 1,
    start: Hierarchy | None = None,
    changed: IndexArray | None = None,
    control: Control | None = None,
) -> Found:
    """Search for the modules with the shortest description.

    Parameters
    ----------
    flow : Flow
        Of n nodes.
    multilevel : bool
        Whether modules may be in modules, to any depth.
    num_trials : int
        How many trials to recombine.
    seed : int
        Every trial and every recombination draws from a stream of its own: the number of threads changes nothing.
    num_threads : int
        Trials run side by side; what threads are left share the work within each.
    start : Hierarchy, optional
        A hierarchy of n nodes to start every trial from; a two-level search takes its leaf modules.
    changed : unsigned integer array, optional
        The start was the end of a search before the links of these nodes changed, and trials look around them.
    control : Control, optional

    Returns
    -------
    Found
        Every module of it is connected, by links or by recorded teleportation.
    """
    searcher = Nester if multilevel else Searcher
    return _Search(searcher, flow, int(num_trials), seed, num_threads, start, changed, control or Control()).run()


class _Search:
    """The trials of one search, recombined in the order of a binary tree."""

    def __init__(
        self,
        searcher: type[Searcher],
        flow: Flow,
        num_trials: int,
        seed: int,
        num_threads: int,
        start: Hierarchy | None,
        changed: IndexArray | None,
        control: Control,
    ):
        self._searcher = searcher
        self._flow = flow
        self._num_trials = num_trials
        self._seed = seed
        self._workers = min(num_threads, num_trials)
        self._threads_each = num_threads // self._workers
        dtype = flow.links.indices.dtype
        self._start = None
        if start is not None:
            self._start = renumbered(Hierarchy(start.module_of.astype(dtype), start.parent.astype(dtype)))
        self._changed = changed
        self._control = control
        self._trials: list[Future[Outcome | None]] = []
        self._steps: list[Future[Outcome | None]] = []  # trials and recombinations

    def run(self) -> Found:
        control = self._control
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                run_interruptible(lambda: self._plan(pool, 0, self._num_trials), control.stop)
                ends = _ends(self._steps)
            except BaseException as error:
                control.stop()  # the pool waits for the kernels, which see this within a fraction of a second
                if not (isinstance(error, KeyboardInterrupt) and control.keep_on_interrupt):
                    raise
                control.interrupted = True
                ends = _ends(self._steps)
        trials = _ends(self._trials)
        best = min(ends + self._whole(ends), key=length_of)
        before_last = min((end.length for end in ends[:-1]), default=best.length)
        gain = before_last - best.length
        return Found(
            best.tree,
            tuple(trial.length for trial in trials),
            _agreed(_tops(best), [_tops(trial) for trial in trials]),
            not control.stopped and gain <= WORTH_MORE_TRIALS * best.length,
        )

    def _plan(self, pool: ThreadPoolExecutor, first: int, last: int) -> Future[Outcome | None]:
        """Submit the trials from `first` to before `last`, and recombine them in pairs.

        A step is submitted after those that it waits for, so that some thread always has work.
        """
        if last - first == 1:
            step = pool.submit(self._trial, first)
            self._trials.append(step)
        else:
            middle = first + (1 << (last - first - 1).bit_length() - 1)
            halves = self._plan(pool, first, middle), self._plan(pool, middle, last)
            step = pool.submit(self._recombination, *halves, first, last)
        self._steps.append(step)
        return step

    def _trial(self, number: int) -> Outcome | None:
        control = self._control
        if number > 0 and control.stopped:
            return None
        passes = itertools.count(1)

        def report(length: float, num_modules: int) -> None:
            control.report(Progress(number + 1, self._num_trials, next(passes), length, num_modules))

        with Workers(self._threads_each) as crew:
            searcher = self._searcher(self._chance(number), crew, lambda: control.stopped, report)
            if self._start is not None and self._changed is not None:
                return searcher.resume(self._flow, self._start, self._changed)
            ends = [searcher.descend(self._flow, self._start)]
            for again in range(1, self._num_starts()):
                if control.stopped:
                    break
                searcher.rng = self._chance(number, again, 0)
                ends.append(searcher.descend(self._flow, self._random_groups(searcher.rng)))
            return searcher.finish(self._flow, min(ends, key=length_of))

    def _num_starts(self) -> int:
        """How many descents a trial makes, all but the first from random groups."""
        n = len(self._flow.nodes)
        affordable = CHEAP_LINKS // (LINKS_PER_START + len(self._flow.links.indices))
        return min(affordable, n, MOST_STARTS) if self._start is None else 1

    def _random_groups(self, rng: np.random.Generator) -> Hierarchy:
        n = len(self._flow.nodes)
        # Where teleportation is recorded, nodes without links may belong together, which no move finds.
        least = 0.15 if self._flow.teleport is None else 0.0
        num_groups = max(1, int(n ** rng.uniform(least, 0.65)))
        return renumbered(two_levels(rng.integers(num_groups, size=n, dtype=self._flow.links.indices.dtype)))

    def _chance(self, *key: int) -> np.random.Generator:
        """A stream of random numbers for each descent and each recombination, whatever else is searched for."""
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))

    def _recombination(
        self, one: Future[Outcome | None], other: Future[Outcome | None], first: int, last: int
    ) -> Outcome | None:
        left, right = one.result(), other.result()
        if left is None or right is None or self._control.stopped:
            return None
        with Workers(self._threads_each) as crew:
            searcher = self._searcher(self._chance(first, last), crew, lambda: self._control.stopped)
            end = searcher.recombine(self._flow, left, right)
        self._control.report(Progress(last, self._num_trials, 0, end.length, num_tops(end.tree)))
        return end

    def _whole(self, ends: list[Outcome]) -> list[Outcome]:
        """The partition into connected components, where it might be better than what was found.

        Local moves can miss that a network has no structure at all.
        """
        n = len(self._flow.nodes)
        lengths = [end.length for end in ends]
        if lengths and len(self._flow.links.indices) > CHEAP_LINKS and min(lengths) < self._flow.node_codelength:
            return []
        return [outcome(self._flow, two_levels(np.zeros(n, dtype=self._flow.links.indices.dtype)))]


def _ends(steps: list[Future[Outcome | None]]) -> list[Outcome]:
    """Wait for all steps; those that were never begun are left out."""
    return [end for step in steps if (end := step.result()) is not None]


def _tops(end: Outcome) -> IndexArray:
    """The top module of each node, numbered from 0 without gaps."""
    return cut(end.tree, 1) - end.tree.module_of.dtype.type(1)


def _agreed(module_of: IndexArray, trials: list[IndexArray]) -> int:
    """How many modules are, node for node, modules of all trials, too."""
    sizes = np.bincount(module_of)
    agreed = np.ones(len(sizes), dtype=np.bool_)
    for trial in trials:
        # A module is one of the trial if all its nodes are in the same one there, and no others.
        there = np.empty(len(sizes), dtype=trial.dtype)
        there[module_of] = trial
        same = np.bincount(module_of, there[module_of] == trial, minlength=len(sizes)) == sizes
        agreed &= same & (np.bincount(trial)[there] == sizes)
    return int(np.count_nonzero(agreed))

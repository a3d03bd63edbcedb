"""Trials: independent searches whose results are recombined.

A trial is a search for a local optimum (:mod:`mapeq.optimizer.two_level`, or :mod:`mapeq.optimizer.multilevel` for
hierarchies). Trials are recombined in pairs, their results in pairs again, and so on: the result is at least as short
as the best of the trials, and usually shorter than the best of many more. On a tiny network a trial also searches
from random groups, where that costs next to nothing: from large modules the search finds mergers that it cannot reach
from single nodes, where every step on the way would lengthen the description. The best ends are recombined, too.

More trials are never worse. Blocks of 2, 4, 8, ... trials are recombined as soon as they are complete; besides, the
first 3, 5, 6, 7, 9, ... trials are, from the blocks that they consist of. So a search with one more trial makes all the
steps of the search without it, and more. This takes at most twice as many recombinations as a single binary tree.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IndexArray
from mapeq._base.hierarchy import Hierarchy, cut, num_tops, renumbered, two_levels
from mapeq._base.progress import Progress
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq._base.threads import result_of, run_interruptible
from mapeq.objective.contents import Contents
from mapeq.objective.counting import price_of_preference, without_preference
from mapeq.objective.level import FEW_NODES, Level, network_level, with_all_links
from mapeq.objective.two_level import one_level_codelength
from mapeq.optimizer.control import Control
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.multilevel import MultilevelOptimizer
from mapeq.optimizer.outcome import Outcome, outcome
from mapeq.optimizer.preference import preferred_number, towards_preferred
from mapeq.optimizer.two_level import TwoLevelOptimizer, codelength_of
from mapeq.walk.flow import Flow

#: The searches of one trial start from no more links than this all together; each costs as much as some more links.
CHEAP_LINKS = 16_000
LINKS_PER_START = 50
MAX_STARTS = 40

#: On networks of up to so many stored links, a trial makes two searches at least.
SMALL_LINKS = 13_500

#: On networks of up to so many stored links, so many of the ends of these searches, the best ones, are recombined.
TINY_LINKS = 6_000
MAX_FINISHED = 12

#: Codelengths that differ by less than this are equal, in bits.
ROUNDING = 1e-12

#: More trials probably help if the last one shortened the description by more than this fraction of it.
WORTH_MORE_TRIALS = 1e-5


class Found(NamedTuple):
    """The result of all trials.

    Attributes
    ----------
    hierarchy : Hierarchy
        Of depth one unless the search was multilevel; numbered level by level.
    trials : tuple of float
        The codelength that each trial reached by itself, in bits per step; trials never begun are left out.
    modules_agreed : int
        Number of top modules that every trial found, node for node.
    stopped_by : str or None
        What stopped the search before its end: "time limit", "interrupt", or None if nothing did.
    more_trials_help : bool or None
        Whether the last trial still shortened the description, so that more would probably do, too; None if there was
        only one trial or the search was stopped.
    preference_cost : float or None
        Bits by which the description, without the price of another number, is longer than the best that the same search
        finds without a preferred number of modules; None without one.
    """

    hierarchy: Hierarchy
    trials: tuple[float, ...]
    modules_agreed: int
    stopped_by: str | None
    more_trials_help: bool | None
    preference_cost: float | None = None


def find_modules(
    flow: Flow,
    *,
    multilevel: bool = False,
    counting: FloatArray | None = None,
    contents: Contents | None = None,
    num_trials: int = 1,
    seed: int = 0,
    num_threads: int = 1,
    start: Hierarchy | None = None,
    changed: IndexArray | None = None,
    control: Control | None = None,
    storage: Storage = IN_MEMORY,
) -> Found:
    """Search for the modules with the shortest description.

    Parameters
    ----------
    flow : Flow
        Of n nodes, with :func:`mapeq.objective.level.with_links_of_contents` where they have contents.
    multilevel : bool
        Whether modules may contain modules, to any depth.
    counting : float64 array of shape (4,), optional
        A price on the number of modules, see :func:`mapeq.objective.counting.counting_term`.
    contents : Contents, optional
        Of the nodes, see :func:`mapeq.objective.metadata.metadata_contents`.
    num_trials : int
        Number of trials to recombine.
    seed : int
        Every trial and every recombination has an independent random stream: the number of threads changes nothing.
    num_threads : int
        Trials run side by side; the remaining threads share the work within each.
    start : Hierarchy, optional
        A hierarchy of n nodes that every trial starts from; a two-level search uses its leaf modules.
    changed : unsigned integer array, optional
        Nodes whose links changed since an earlier search found the start: trials only look around them.
    control : Control, optional
    storage : Storage
        Of the links between modules.

    Returns
    -------
    Found
        Its modules are all connected, by links or by recorded teleportation, unless modules have a price.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C; with ``control.keep_on_interrupt`` only if no pass was complete, so that nothing was found yet.
    """
    optimizer = MultilevelOptimizer if multilevel else TwoLevelOptimizer
    control = control or Control()
    rest = int(num_trials), seed, num_threads, start, changed, control, storage
    network = network_level(flow, counting, contents)
    if counting is None or not preferred_number(network):
        return _Search(optimizer, network, *rest).run()
    free = _Search(optimizer, network_level(flow, without_preference(counting), contents), *rest)
    freely = free.run()
    preferring = _Search(optimizer, network, *rest, free.ends_of_trials())
    found = preferring.run()
    described = preferring.best.codelength - price_of_preference(counting, num_tops(found.hierarchy))
    stopped_by = found.stopped_by or freely.stopped_by
    return found._replace(preference_cost=max(described - free.best.codelength, 0.0), stopped_by=stopped_by)


class _Search:
    """The trials of one search, and their recombinations."""

    def __init__(
        self,
        optimizer: type[TwoLevelOptimizer],
        network: Level,
        num_trials: int,
        seed: int,
        num_threads: int,
        start: Hierarchy | None,
        changed: IndexArray | None,
        control: Control,
        storage: Storage,
        free_ends: Sequence[Outcome] = (),
    ):
        self._searcher = optimizer
        self._network = network
        self._searched = network
        if _pays_without_links(network) and len(network.nodes) <= FEW_NODES:
            self._searched = with_all_links(network)
        self._num_trials = num_trials
        self._seed = seed
        self._workers = min(num_threads, num_trials)
        self._threads_each = num_threads // self._workers
        dtype = network.links.indices.dtype
        self._start = None
        if start is not None:
            self._start = renumbered(Hierarchy(start.module_of.astype(dtype), start.parent.astype(dtype)))
        self._changed = changed
        self._control = control
        self._storage = storage
        self._free_ends = free_ends  # of the same trials without a preferred number of modules
        self._trials: list[Future[Outcome | None]] = []
        self._steps: list[Future[Outcome | None]] = []  # trials and recombinations
        self._num_earlier_steps = 0  # those without the last trial
        self._has_passed = False  # whether a pass was complete before the search was stopped

    def run(self) -> Found:
        control = self._control
        with control, ThreadPoolExecutor(self._workers) as pool:
            try:
                run_interruptible(lambda: self._plan(pool), control.stop)
                ends = _ends(self._steps)
            except BaseException as error:
                control.stop()  # the pool waits for the kernels, which notice this within a fraction of a second
                if not (isinstance(error, KeyboardInterrupt) and control.keep_on_interrupt):
                    raise
                if not self._has_passed:
                    raise KeyboardInterrupt("nothing was found yet") from error
                control.interrupted = True
                ends = _ends(self._steps)
            stopped_by = control.stopped_by
        trials = _ends(self._trials)
        undivided = self._undivided(trials)
        best = min(ends + undivided, key=codelength_of)
        for end in undivided:  # of what is equally good, the fewest modules
            if end.codelength <= best.codelength + ROUNDING and len(end.hierarchy.parent) < len(best.hierarchy.parent):
                best = end
        more_trials_help = None
        if self._num_trials > 1 and stopped_by is None:
            earlier = ends[: self._num_earlier_steps] + undivided
            gain = min(end.codelength for end in earlier) - best.codelength
            more_trials_help = bool(gain > WORTH_MORE_TRIALS * best.codelength)
        self.best = best
        return Found(
            best.hierarchy,
            tuple(trial.codelength for trial in trials),
            _count_agreed(_tops(best), [_tops(trial) for trial in trials]),
            stopped_by,
            more_trials_help,
        )

    def ends_of_trials(self) -> list[Outcome]:
        """The end of each trial that was begun, after the run."""
        return _ends(self._trials)

    def _plan(self, pool: ThreadPoolExecutor) -> None:
        """Submit all trials and recombinations.

        A step is submitted after those that it waits for, so that some thread always has work.
        """
        blocks: list[Future[Outcome | None]] = []  # of decreasing size; the first trials together
        firsts: dict[int, Future[Outcome | None]] = {}  # by number of trials
        for number in range(self._num_trials):
            self._num_earlier_steps = len(self._steps)
            block = self._submitted(pool, self._trial, number)
            self._trials.append(block)
            last, size = number + 1, 1
            while last % (2 * size) == 0:
                size *= 2
                block = self._submitted(pool, self._recombination, blocks.pop(), block, last - size, last)
            blocks.append(block)
            if size < last:
                block = self._submitted(pool, self._recombination, firsts[last - size], block, 0, last)
            firsts[last] = block

    def _submitted(
        self, pool: ThreadPoolExecutor, step: Callable[..., Outcome | None], *arguments: Any
    ) -> Future[Outcome | None]:
        self._steps.append(pool.submit(step, *arguments))
        return self._steps[-1]

    def _trial(self, number: int) -> Outcome | None:
        control = self._control
        if number > 0 and control.stopped:
            return None
        passes = itertools.count(1)

        def report(length: float, num_modules: int) -> None:
            self._has_passed |= not control.stopped
            control.report(Progress(number + 1, self._num_trials, next(passes), length, num_modules))

        with Engine(self._threads_each, self._control.flag, self._storage) as engine:
            optimizer = self._searcher(self._stream(number), engine, lambda: control.stopped, report)
            if self._start is not None and self._changed is not None:
                end = optimizer.update(self._network, self._start, self._changed)
                return self._preferred(number, optimizer, end)
            ends = [optimizer.optimize(self._searched, self._start)]
            for again in range(1, self._num_starts()):
                if control.stopped:
                    break
                optimizer.rng = self._stream(number, again, 0)
                ends.append(optimizer.optimize(self._searched, self._random_groups(optimizer.rng)))
            return self._preferred(number, optimizer, self._best_of(number, optimizer, ends))

    def _best_of(self, number: int, optimizer: TwoLevelOptimizer, ends: list[Outcome]) -> Outcome:
        """The best end of a trial's searches, finished; on a tiny network, the best ones, recombined."""
        is_tiny = len(self._network.links.indices) <= TINY_LINKS
        by_length = {end.codelength: end for end in ends}
        lengths = sorted(by_length)[: MAX_FINISHED if is_tiny else 1]
        best = None
        for place, length in enumerate(lengths):
            if best is not None and self._control.stopped:
                break
            optimizer.rng = self._stream(number, place, 1)
            end = optimizer.finish(self._searched, by_length[length])
            # With a stream of its own, so that a search for hierarchies recombines partitions as one for these does.
            optimizer.rng = self._stream(number, place, 2)
            best = end if best is None else optimizer.recombine(self._searched, best, end)
        assert best is not None
        if optimizer.report is not None and len(lengths) > 1:
            optimizer.report(best.codelength, num_tops(best.hierarchy))
        return best

    def _preferred(self, number: int, optimizer: TwoLevelOptimizer, end: Outcome) -> Outcome:
        """The end of a trial, or a better one with the preferred number of modules, or nearer to it."""
        if not preferred_number(self._network):
            return end
        best = end
        for place, origin in enumerate([end, *self._free_ends[number : number + 1]]):
            optimizer.rng = self._stream(number, place, 3)
            seed = optimizer.rng.integers(2**64, dtype=np.uint64)
            for module_of in towards_preferred(self._network, _tops(origin), optimizer.engine, seed):
                there = optimizer.optimize(self._searched, renumbered(two_levels(module_of)))
                best = min(best, there, key=codelength_of)
        return best if best is end else min(best, optimizer.finish(self._searched, best), key=codelength_of)

    def _num_starts(self) -> int:
        """The number of searches in a trial, all but the first from random groups."""
        if self._start is not None:
            return 1
        n, num_links = len(self._network.nodes), len(self._network.links.indices)
        affordable = CHEAP_LINKS // (LINKS_PER_START + num_links)
        return min(max(affordable, 2 if num_links <= SMALL_LINKS else 1), n, MAX_STARTS)

    def _random_groups(self, rng: np.random.Generator) -> Hierarchy:
        n = len(self._network.nodes)
        # Where nodes without links may belong together, no move on a larger network finds that.
        least = 0.0 if _pays_without_links(self._network) else 0.15
        num_groups = max(1, int(n ** rng.uniform(least, 0.65)))
        return renumbered(two_levels(rng.integers(num_groups, size=n, dtype=self._network.links.indices.dtype)))

    def _stream(self, *key: int) -> np.random.Generator:
        """Independent random stream for one search or recombination."""
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))

    def _recombination(
        self, one: Future[Outcome | None], other: Future[Outcome | None], first: int, last: int
    ) -> Outcome | None:
        left, right = one.result(), other.result()
        if left is None or right is None or self._control.stopped:
            return None
        with Engine(self._threads_each, self._control.flag, self._storage) as engine:
            optimizer = self._searcher(self._stream(first, last), engine, lambda: self._control.stopped)
            end = optimizer.recombine(self._searched, left, right)
        self._control.report(Progress(last, self._num_trials, 0, end.codelength, num_tops(end.hierarchy)))
        return end

    def _undivided(self, trials: list[Outcome]) -> list[Outcome]:
        """The partition into connected components, where it might be better than the result, or as good.

        Local moves can miss that a network has no structure at all, and where all flow ends in one node of each
        component, any division of the others costs nothing. On a larger network, the first trial decides whether that
        may be so, however many follow.
        """
        n = len(self._network.nodes)
        if (
            trials
            and len(self._network.links.indices) > SMALL_LINKS
            and ROUNDING < trials[0].codelength < one_level_codelength(self._network) - ROUNDING
        ):
            return []
        whole = two_levels(np.zeros(n, dtype=self._network.links.indices.dtype))
        return [outcome(self._network, whole, Engine())]


def _pays_without_links(network: Level) -> bool:
    """Whether nodes may belong together that no links connect: by teleportation, or since modules have a price."""
    return network.terms.teleport is not None or network.terms.counting is not None


def _ends(steps: list[Future[Outcome | None]]) -> list[Outcome]:
    """The outcomes of all steps, waiting for them; steps that were never begun are left out."""
    return [end for step in steps if (end := result_of(step)) is not None]


def _tops(end: Outcome) -> IndexArray:
    """The top module of each node, numbered from 0 without gaps."""
    return cut(end.hierarchy, 1) - end.hierarchy.module_of.dtype.type(1)


def _count_agreed(module_of: IndexArray, trials: list[IndexArray]) -> int:
    """The number of modules that are also, node for node, modules of every trial."""
    sizes = np.bincount(module_of)
    agreed = np.ones(len(sizes), dtype=np.bool_)
    for trial in trials:
        # A module is one of the trial if all its nodes are in the same one there, and no others.
        there = np.empty(len(sizes), dtype=trial.dtype)
        there[module_of] = trial
        same = np.bincount(module_of, there[module_of] == trial, minlength=len(sizes)) == sizes
        agreed &= same & (np.bincount(trial)[there] == sizes)
    return int(np.count_nonzero(agreed))

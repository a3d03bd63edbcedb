"""Threads that share the work of kernels.

Kernels release the interpreter lock: threads run one kernel on several ranges at the same time. The results never
depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Self, TypeVar

import numpy as np
from numba import typeof

from mapeq._base.team import WORDS, Team, team_of_one

#: Work on fewer links than this is not worth waking another thread for, which takes some 50 microseconds.
WORTH_SHARING = 20_000

#: From this many links on, they are read, sorted and walked over in all threads: in fewer, that would take longer.
MANY_LINKS = 200_000

#: Seconds after which a waiting thread looks for signals. An endless wait may never see one: the handlers of some
#: libraries, such as Polars, make the system resume the wait (SA_RESTART).
WAKE = 0.1

T = TypeVar("T")


#: Where Linux keeps how much processor time a container gets: the quota and the period, in microseconds.
QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_processors() -> int:
    """How many processors this process may use: no more than a container has time for.

    Threads that wait for each other would spend the time of a container with a few processors on a machine with many.
    """
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # not on Linux, or "max" for no limit
        quota, period = map(int, QUOTA.read_text(encoding="ascii").split())
        number = min(number, max(round(quota / period), 1))
    return number


def result_of(job: Future[T]) -> T:
    """Wait for the result of a job, so that Ctrl-C is noticed whatever handles signals."""
    while not job.done():
        wait([job], timeout=WAKE)
    return job.result()


def run_interruptible(job: Callable[[], T], stop: Callable[[], object]) -> T:
    """Do a job in a thread of its own, and wait for it.

    Ctrl-C reaches the thread that waits: an interrupt in the midst of handing work to other threads could leave them
    locked for ever. It asks the job to stop, and is raised when it has.
    """
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(job)
        try:
            return result_of(end)
        except BaseException:
            stop()
            raise


def are_many(num_links: int) -> bool:
    """Whether so many links are worth all threads."""
    return num_links >= MANY_LINKS


def in_threads(job: Callable[[Threads], T], num_links: int, num_threads: int | None = None) -> T:
    """Do a job that works on so many links.

    If they are many, it gets all threads, and Ctrl-C ends it: it must end soon when ``threads.stop`` is set, and
    nobody takes its answer then.

    Parameters
    ----------
    job : callable
        Gets a :class:`Threads`.
    num_links : int
    num_threads : int, optional
        By default the number of processors that this process may use.
    """
    if not are_many(num_links):
        return job(Threads())
    with Threads(num_threads or usable_processors()) as threads:
        return run_interruptible(lambda: job(threads), lambda: threads.stop.fill(1))


class Threads:
    """One or more threads, kept for a whole search.

    Parameters
    ----------
    num_threads : int
        The calling thread is one of them; the others start with the first work for them.

    Attributes
    ----------
    stop : uint8 array of shape (1,)
        For kernels to look at: anything but 0 asks them to end soon.
    """

    def __init__(self, num_threads: int = 1):
        self.num_threads = num_threads
        self.stop = np.zeros(1, np.uint8)
        self._alone = team_of_one()
        words = np.zeros(WORDS, dtype=np.uint64)
        self._teams = [Team(np.uint64(number), np.uint64(num_threads), words) for number in range(num_threads)]
        self._jobs: list[SimpleQueue[Callable[[], object] | None]] = []
        self._done: SimpleQueue[tuple[int, object, BaseException | None]] = SimpleQueue()
        self._helpers: list[Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for jobs in self._jobs:
            jobs.put(None)
        for helper in self._helpers:
            helper.join()
        self._jobs, self._helpers = [], []

    def together(self, kernel: Any, *arguments: object, each: Sequence[object] = (), shared: bool = True) -> Any:
        """Run a kernel in all threads at the same time, as a team; see :mod:`mapeq._base.team`.

        Parameters
        ----------
        kernel : compiled function
            Called as ``kernel(team, *arguments)``.
        each : sequence, one item a thread, optional
            A last argument that is another one for each thread.
        shared : bool
            False to run it in the calling thread alone.

        Returns
        -------
        What the kernel returns in the calling thread.
        """
        if self.num_threads == 1 or not shared:
            return kernel(self._alone, *arguments, *each[:1])
        calls = [(team, *arguments, *each[t : t + 1]) for t, team in enumerate(self._teams)]
        # Before any thread waits for the others within the kernel: one that fails to compile would never get there.
        kernel.compile(tuple(map(typeof, calls[0])))
        return self._all([partial(kernel, *call) for call in calls])[0]

    def parts(self, count: int, work: int) -> list[int]:
        """Where to split a range of so many items: a part for each thread, or a single one if it is little work."""
        threads = self.num_threads if work >= WORTH_SHARING else 1
        return [count * t // threads for t in range(threads + 1)]

    def run(self, job: Callable[[int, int, int], T], bounds: list[int]) -> list[T]:
        """Call ``job(bounds[t], bounds[t + 1], t)`` for all `t` at the same time; their answers in order."""
        return self._all([partial(job, bounds[t], bounds[t + 1], t) for t in range(len(bounds) - 1)])

    def _all(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Do all jobs at the same time, the first one in the calling thread."""
        if len(jobs) == 1:
            return [jobs[0]()]
        while len(self._helpers) < len(jobs) - 1:
            self._jobs.append(SimpleQueue())
            helper = Thread(target=self._help, args=(len(self._jobs), self._jobs[-1]), daemon=True)
            helper.start()
            self._helpers.append(helper)
        for queue, job in zip(self._jobs, jobs[1:], strict=False):
            queue.put(job)
        answers: list[Any] = [None] * len(jobs)
        errors: list[BaseException] = []
        try:
            answers[0] = jobs[0]()
        finally:  # nobody writes to shared arrays any more when this returns or raises
            for _ in jobs[1:]:
                number, answers[number], error = self._done.get()
                errors += [error] if error else []
        if errors:
            raise errors[0]
        return answers

    def _help(self, number: int, jobs: SimpleQueue[Callable[[], object] | None]) -> None:
        while (job := jobs.get()) is not None:
            try:
                self._done.put((number, job(), None))
            except BaseException as error:
                self._done.put((number, None, error))
            del job

"""Threads that share the work of kernels.

Kernels release the interpreter lock: threads run one kernel on several ranges at the same time. The results never
depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Self, TypeVar

#: Work on fewer links than this is not worth waking another thread for, which takes some 50 microseconds.
WORTH_SHARING = 20_000

#: Seconds after which a waiting thread looks for signals. An endless wait may never see one: the handlers of some
#: libraries, such as Polars, make the system resume the wait (SA_RESTART).
WAKE = 0.1

T = TypeVar("T")


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


class Threads:
    """One or more threads.

    Parameters
    ----------
    num_threads : int
        The calling thread is one of them.
    """

    def __init__(self, num_threads: int = 1):
        self.num_threads = num_threads
        self._pool = ThreadPoolExecutor(num_threads - 1) if num_threads > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def worthwhile(self, work: int) -> bool:
        """Whether work on so many links should be shared."""
        return self.num_threads > 1 and work >= WORTH_SHARING

    def parts(self, count: int, work: int) -> list[int]:
        """Where to split a range of so many items: a part for each thread, or a single one if it has few links."""
        threads = self.num_threads if self.worthwhile(work) else 1
        return [count * t // threads for t in range(threads + 1)]

    def run(self, job: Callable[[int, int, int], T], bounds: list[int]) -> list[T]:
        """Call ``job(bounds[t], bounds[t + 1], t)`` for all `t` at the same time; their answers in order."""
        calls = [(bounds[t], bounds[t + 1], t) for t in range(len(bounds) - 1)]
        if self._pool is None or len(calls) == 1:
            return [job(*call) for call in calls]
        others = [self._pool.submit(job, *call) for call in calls[1:]]
        try:
            own = job(*calls[0])
        finally:  # nobody writes to shared arrays any more when this returns or raises
            wait(others)
        return [own, *(other.result() for other in others)]

"""Threads that share the work of kernels, and the room that each of them needs.

Kernels release the interpreter lock; a crew runs one kernel on several ranges at the same time. What comes
out never depends on how many threads there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mapeq.rows import FloatArray, IndexArray

#: So many entries are weighed at once: few enough for the first cache, enough to wait for memory together.
BATCH = 512

#: Work on fewer links than this is not worth waking another thread for, which takes some 50 microseconds.
WORTH_SHARING = 20_000

T = TypeVar("T")


class Scratch(NamedTuple):
    """Room for one thread to look at the candidate modules of a batch of nodes.

    Its arrays have one place more than the links of the batch, and two more for each node.

    Attributes
    ----------
    heads : unsigned integer array of shape (r,)
        The modules at the other ends of the nodes' links, one row of links after the other.
    table : uint32 array of shape (t,), zeros between uses
        Hash table: position of a module among the candidates of one node, plus 1; its size is a power of two.
    slots : uint32 array of shape (r,)
        Where each candidate of one node stands in the table.
    starts : uint32 array of shape (BATCH + 1,)
        Where the entries of each node begin: its own module, those around it and a new one.
    modules : unsigned integer array of shape (r,)
        The module of each entry.
    between : float64 array of shape (r,)
        The flow between the node and the module of each entry, both ways.
    visit, enter, exit, cost : float64 arrays of shape (r,)
        The record of each entry's module.
    entering : float64 array of shape (r,)
        The rate at which the index codebook would be used.
    direct : float64 array of shape (r,)
        In a hierarchy, the flow between the node and others that are directly in the module of each entry.
    up : uint32 array of shape (r,)
        In a hierarchy, which entry the parent of each entry's module is.
    """

    heads: IndexArray
    table: NDArray[np.uint32]
    slots: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    modules: IndexArray
    between: FloatArray
    visit: FloatArray
    enter: FloatArray
    exit: FloatArray
    cost: FloatArray
    entering: FloatArray
    direct: FloatArray
    up: NDArray[np.uint32]


def new_scratch(most: int, dtype: np.dtype) -> Scratch:
    """Scratch space for nodes with so many links or candidate modules at most."""
    room = max(most, BATCH) + 16  # at least 8 more than are ever in use: loops run over whole vectors
    between, visit, enter, exit, cost, entering, direct = np.ones((7, room))
    return Scratch(
        heads=np.empty(room, dtype=dtype),
        table=np.zeros(max(256, 4 << room.bit_length()), dtype=np.uint32),
        slots=np.empty(room, dtype=np.uint32),
        starts=np.zeros(BATCH + 1, dtype=np.uint32),
        modules=np.empty(room, dtype=dtype),
        between=between,
        visit=visit,
        enter=enter,
        exit=exit,
        cost=cost,
        entering=entering,
        direct=direct,
        up=np.empty(room, dtype=np.uint32),
    )


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def aside(job: Callable[[], T], stop: Callable[[], object]) -> T:
    """Do a job in a thread of its own, and wait for it.

    Ctrl-C reaches the thread that waits: an interrupt in the midst of handing work to other threads could leave them
    locked for ever. It asks the job to stop, and is raised when it has.
    """
    with ThreadPoolExecutor(1) as pool:
        end = pool.submit(job)
        try:
            return end.result()
        except BaseException:
            stop()
            raise


class Crew:
    """One or more threads.

    Parameters
    ----------
    num_threads : int
        The calling thread is one of them.
    """

    def __init__(self, num_threads: int = 1):
        self.num_threads = num_threads
        self._pool = ThreadPoolExecutor(num_threads - 1) if num_threads > 1 else None
        self._scratch: list[Scratch | None] = [None] * num_threads

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def scratch(self, most: int, dtype: np.dtype, number: int = 0) -> Scratch:
        """Room for thread `number`, kept between calls, for nodes with so many links or candidates at most."""
        scratch = self._scratch[number]
        if scratch is None or len(scratch.heads) < most + 16:
            scratch = self._scratch[number] = new_scratch(most, dtype)
        return scratch

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

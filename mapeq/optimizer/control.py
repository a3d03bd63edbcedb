"""Options of a search, when it stops, and whom it tells how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from mapeq._base.errors import is_number, is_whole, option_error
from mapeq._base.progress import Progress
from mapeq.optimizer.seeds import whole_seed


@dataclass(frozen=True)
class SearchOptions:
    """How to search; see :func:`mapeq.infomap` for what each option means.

    A generator of random numbers given as the seed is replaced by the number that it draws.

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
    fit_markov_time: bool = False
    min_module_size: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.multilevel, bool | np.bool_):
            raise option_error("multilevel", self.multilevel, "True or False")
        if not is_whole(self.num_trials, 1):
            raise option_error("num_trials", self.num_trials, "a whole number, 1 or more")
        if not (self.num_threads is None or is_whole(self.num_threads, 1)):
            raise option_error("num_threads", self.num_threads, "a whole number, 1 or more, or None")
        if not is_whole(self.min_module_size, 1):
            raise option_error("min_module_size", self.min_module_size, "a whole number, 1 or more")
        object.__setattr__(self, "seed", whole_seed(self.seed))
        if not (self.time_limit is None or (is_number(self.time_limit) and self.time_limit >= 0)):
            raise option_error("time_limit", self.time_limit, "seconds, 0 or more, or None")


class Control:
    """When to stop, and whom to tell.

    Parameters
    ----------
    time_limit : float, optional
        Seconds from now after which the search returns what it has.
    report : callable, optional
        Called with a :class:`Progress` after every pass, one call at a time.
    keep_on_interrupt : bool
        Whether Ctrl-C makes the search return what it has instead of raising KeyboardInterrupt; it is still raised
        before the end of the first pass, when there is nothing to return.

    Attributes
    ----------
    interrupted : bool
        Whether Ctrl-C ended the search.
    flag : uint8 array of shape (1,)
        Anything but 0 once the search was asked to stop: kernels look at it.
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
        self.flag = np.zeros(1, dtype=np.uint8)
        self._deadline = np.inf if time_limit is None else time.monotonic() + time_limit
        self._report = report
        self._reporting = threading.Lock()

    def __enter__(self) -> Self:
        """Watch the time while kernels run."""
        left = self._deadline - time.monotonic()
        self._timer = None if left > threading.TIMEOUT_MAX else threading.Timer(max(left, 0.0), self.stop)
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def stop(self) -> None:
        """Ask the search to return what it has; may be called from any thread or signal handler."""
        self.flag[0] = 1

    @property
    def stopped(self) -> bool:
        """Whether the search was asked to stop or ran out of time."""
        return bool(self.flag[0]) or time.monotonic() > self._deadline

    @property
    def stopped_by(self) -> str | None:
        """What stopped the search: "time limit", "interrupt" (or another call of `stop`), or None."""
        if not self.stopped:
            return None
        return "time limit" if not self.interrupted and time.monotonic() > self._deadline else "interrupt"

    def report(self, progress: Progress) -> None:
        """Tell the callback, if there is one."""
        if self._report is not None:
            with self._reporting:
                self._report(progress)

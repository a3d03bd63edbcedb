"""What Ctrl-C does while a command runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Seconds until Ctrl-C is raised again where it was ignored.
_REPEAT_AFTER = 0.05


class Interrupts:
    """What Ctrl-C does while a command runs.

    Attributes
    ----------
    count : int
        Number of times that it was pressed.
    ends_at_once : bool
        Whether it ends the process instead of raising KeyboardInterrupt, which libraries may swallow while they are
        imported.
    """

    def __init__(self) -> None:
        self.count = 0
        self.ends_at_once = True
        self._hook = sys.unraisablehook

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        self.count += 1
        if self.ends_at_once:
            code = interrupted([])
            sys.stderr.flush()
            os._exit(code)
        signal.default_int_handler(number, frame)

    def repeat(self, ignored: Any) -> None:
        """Raise KeyboardInterrupt again, soon, if it came where Python ignores errors: in callbacks and finalizers."""
        if not issubclass(ignored.exc_type, KeyboardInterrupt):
            self._hook(ignored)
            return
        timer = threading.Timer(_REPEAT_AFTER, _interrupt_main)
        timer.daemon = True
        timer.start()


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):  # which ends a wait for input, too
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


@contextmanager
def handling_interrupts() -> Iterator[Interrupts]:
    """Handle Ctrl-C with an :class:`Interrupts` inside the block."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():  # which receives no signals
        yield interrupts
        return
    before, hook = signal.signal(signal.SIGINT, interrupts), sys.unraisablehook
    sys.unraisablehook = interrupts.repeat
    try:
        yield interrupts
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, before)


def interrupted(written: list[str], reason: str = "") -> int:
    """Say what has been written, and return the exit code."""
    print(f"mapeq: interrupted, {reason and f'{reason}, '}{', '.join(written) or 'nothing'} written", file=sys.stderr)
    return 130

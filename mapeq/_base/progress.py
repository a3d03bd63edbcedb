"""Telling a person how far a search is."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import NamedTuple, TextIO

from mapeq._base.errors import counted
from mapeq._base.jit import is_compiling

#: A line is drawn anew after so many seconds, for the clock in it; reports that come faster wait for each other.
TICK = 0.5
LEAST_BETWEEN_DRAWINGS = 0.05

#: Where no line can be drawn anew, a report gets a line of its own if the last one is so many seconds old.
LEAST_BETWEEN_LINES = 1.0

BAR_WIDTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"

#: So many columns stay free: a terminal shows ^C at the end of the line, which must not wrap.
_MARGIN = 3


class Progress(NamedTuple):
    """What a progress callback is told after every pass and every recombination."""

    trial: int  #: number of the trial, from 1; of a recombination, that of its last trial
    num_trials: int  #: how many there will be
    num_passes: int  #: passes, and rounds of tuning, done in this trial; 0: the trials up to this one were recombined
    codelength: float  #: what the last pass reached, bits per step
    num_modules: int  #: top modules


class StatusLine:
    """A progress callback that writes to a stream.

    On a terminal and in a notebook one line renews itself: a bar over the trials, if there are several, the last
    report, and the time since the stage began. Elsewhere reports are lines: the first, then one a second at most, and
    the last.

    Parameters
    ----------
    stream : text stream, optional
        Standard error by default.
    """

    def __init__(self, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._renews = self._stream.isatty() or _is_of_notebook(self._stream)
        self._full_cells = _can_write(self._stream, _EIGHTHS)
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._text = ""
        self._part: float | None = None
        self._drawn_at = -1e9
        self._is_drawn = True  # whether what is to say has been said
        self._width = 0
        self._ticker: threading.Thread | None = None
        self._finished = threading.Event()

    def __call__(self, progress: Progress) -> None:
        """Show how far the search is."""
        trial = f"trial {progress.trial} of {progress.num_trials}, " if progress.num_trials > 1 else ""
        step = f"pass {progress.num_passes}" if progress.num_passes else "recombined"
        text = f"{trial}{step}: {counted(progress.num_modules, 'module')}, {progress.codelength:.5f} bits per step"
        with self._lock:
            if progress.num_trials > 1:
                done = progress.trial - (1 if progress.num_passes else 0)
                self._part = max(self._part or 0.0, done / progress.num_trials)
            self._text, self._is_drawn = text, False
            least = LEAST_BETWEEN_DRAWINGS if self._renews else LEAST_BETWEEN_LINES
            if time.monotonic() - self._drawn_at >= least:
                self._draw()

    def begin(self, text: str) -> None:
        """Begin another stage: its clock starts."""
        with self._lock:
            self._began = time.monotonic()
        self.say(text)

    def say(self, text: str, part: float | None = None) -> None:
        """Show what is going on apart from the search, and which part of it is done; not where lines stay."""
        if self._renews:
            with self._lock:
                self._text, self._part = text, part
                self._draw()
                self._drawn_at = -1e9  # the next report need not wait

    def clear(self) -> None:
        """Say what has not been said, and leave an empty line for what comes next."""
        if self._ticker:
            self._finished.set()
            self._ticker.join()
            self._ticker = None
        with self._lock:
            if not self._renews:
                if not self._is_drawn:
                    self._draw()
            elif self._width:
                self._write("\r" + " " * (self._width + _MARGIN - 1) + "\r")
                self._width = 0

    def _draw(self) -> None:
        self._drawn_at, self._is_drawn = time.monotonic(), True
        if not self._renews:
            self._write(self._text + "\n")
            return
        line = self._line()
        self._write("\r" + line.ljust(self._width))
        self._width = max(self._width, len(line))  # so that what a terminal echoed behind it is cleared, too
        if self._ticker is None:
            self._finished.clear()
            self._ticker = threading.Thread(target=self._tick, name="mapeq status line", daemon=True)
            self._ticker.start()

    def _tick(self) -> None:
        while not self._finished.wait(TICK):
            with self._lock:
                self._draw()

    def _line(self) -> str:
        """What fits into the terminal of the bar, the text and the clock."""
        seconds = int(time.monotonic() - self._began)
        clock = (" " if self._text.endswith("...") else ", ") + _duration(seconds) if seconds else ""
        compiling = ", compiling (first use only)" if seconds and is_compiling() else ""
        bar = "" if self._part is None else f"{self._bar(self._part)} "
        room = _columns(self._stream) - _MARGIN
        short = self._text + clock
        return next((line for line in (bar + short + compiling, bar + short, short) if len(line) <= room), short[:room])

    def _bar(self, part: float) -> str:
        eighths = round(8 * BAR_WIDTH * min(max(part, 0.0), 1.0))
        if not self._full_cells:
            return f"[{'#' * (eighths // 8):-<{BAR_WIDTH}}]"
        cells = _EIGHTHS[8] * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
        return f"|{cells:<{BAR_WIDTH}}|"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _is_of_notebook(stream: TextIO) -> bool:
    """Whether a stream goes to a notebook, which is no terminal but knows carriage returns."""
    kind = getattr(sys.modules.get("ipykernel.iostream"), "OutStream", None)
    return kind is not None and isinstance(stream, kind)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _columns(stream: TextIO) -> int:
    """How wide the terminal is, at least one more than the margin."""
    columns = 0
    with suppress(OSError, ValueError, AttributeError):  # what is no file has no size
        columns = os.get_terminal_size(stream.fileno()).columns
    return max(columns or shutil.get_terminal_size().columns, _MARGIN + 1)


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

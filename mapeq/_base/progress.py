"""Report the progress of a search."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import NamedTuple, TextIO

from mapeq._base.errors import counted
from mapeq._base.jit import is_compiling, say_nothing_of_compiling

#: Seconds after which a status line is redrawn to update its clock, and minimum seconds between two reports on it.
TICK = 0.5
MIN_REDRAW_INTERVAL = 0.05

#: Minimum seconds between two reports where each gets a line of its own.
MIN_LINE_INTERVAL = 1.0

BAR_WIDTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉█"

#: Number of columns to keep free: a terminal shows ^C at the end of the line, which must not wrap.
_MARGIN = 3


class Progress(NamedTuple):
    """State of a search, passed to a progress callback after every pass and every recombination.

    Examples
    --------
    >>> import mapeq
    >>> codelengths = []
    >>> result = mapeq.infomap([(1, 2), (3, 4)], progress=lambda progress: codelengths.append(progress.codelength))
    >>> min(codelengths) == result.codelength
    True
    """

    trial: int  #: number of the trial, from 1; for a recombination, the number of its last trial
    num_trials: int  #: total number of trials
    num_passes: int  #: passes and tuning rounds so far in this trial; 0: the trials so far have been recombined
    codelength: float  #: codelength after the last pass, in bits per step
    num_modules: int  #: number of top modules


class StatusLine:
    """A progress callback that writes to a stream.

    On a terminal and in a notebook, a single line is redrawn: a bar over the trials, if there are several, the last
    report, and the time since the start of the stage. Elsewhere reports are printed on lines of their own: the first,
    the last, and at most one per second in between.

    Parameters
    ----------
    stream : text stream, optional
        Standard error by default.
    """

    def __init__(self, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._redraws = self._stream.isatty() or _is_notebook(self._stream)
        self._full_cells = _can_write(self._stream, _EIGHTHS)
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._text = ""
        self._part: float | None = None
        self._drawn_at = -1e9
        self._is_drawn = True  # whether the last report has been shown
        self._width = 0
        self._ticker: threading.Thread | None = None
        self._finished = threading.Event()
        if self._redraws:
            say_nothing_of_compiling()

    def __call__(self, progress: Progress) -> None:
        """Show a report of the search."""
        trial = f"trial {progress.trial} of {progress.num_trials}, " if progress.num_trials > 1 else ""
        step = f"pass {progress.num_passes}" if progress.num_passes else "recombined"
        text = f"{trial}{step}: {counted(progress.num_modules, 'module')}, {progress.codelength:.5f} bits per step"
        with self._lock:
            if progress.num_trials > 1:
                done = progress.trial - (1 if progress.num_passes else 0)
                self._part = max(self._part or 0.0, done / progress.num_trials)
            self._text, self._is_drawn = text, False
            interval = MIN_REDRAW_INTERVAL if self._redraws else MIN_LINE_INTERVAL
            if time.monotonic() - self._drawn_at >= interval:
                self._draw()

    def begin(self, text: str) -> None:
        """Begin a stage and start its clock."""
        with self._lock:
            self._began = time.monotonic()
        self.show(text)

    def show(self, text: str, part: float | None = None) -> None:
        """Show a text other than a report, and the fraction that is done, if the line can be redrawn."""
        if self._redraws:
            with self._lock:
                self._text, self._part = text, part
                self._draw()
                self._drawn_at = -1e9  # the next report need not wait

    def clear(self) -> None:
        """Show the last report if it has not been shown, and clear the line."""
        if self._ticker:
            self._finished.set()
            self._ticker.join()
            self._ticker = None
        with self._lock:
            if not self._redraws:
                if not self._is_drawn:
                    self._draw()
            elif self._width:
                self._write("\r" + " " * (self._width + _MARGIN - 1) + "\r")
                self._width = 0

    def _draw(self) -> None:
        self._drawn_at, self._is_drawn = time.monotonic(), True
        if not self._redraws:
            self._write(self._text + "\n")
            return
        line = self._line()
        self._write("\r" + line.ljust(self._width))
        self._width = max(self._width, len(line))  # to clear what the terminal has echoed after the text, too
        if self._ticker is None:
            self._finished.clear()
            self._ticker = threading.Thread(target=self._tick, name="mapeq status line", daemon=True)
            self._ticker.start()

    def _tick(self) -> None:
        while not self._finished.wait(TICK):
            with self._lock:
                self._draw()

    def _line(self) -> str:
        """Return bar, text and clock, as far as they fit into the terminal."""
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


def _is_notebook(stream: TextIO) -> bool:
    """Return whether a stream belongs to a notebook, which is not a terminal but handles carriage returns."""
    kind = getattr(sys.modules.get("ipykernel.iostream"), "OutStream", None)
    return kind is not None and isinstance(stream, kind)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _columns(stream: TextIO) -> int:
    """Return the width of the terminal, at least one more than the margin."""
    columns = 0
    with suppress(OSError, ValueError, AttributeError):  # streams that are not terminals
        columns = os.get_terminal_size(stream.fileno()).columns
    return max(columns or shutil.get_terminal_size().columns, _MARGIN + 1)


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"

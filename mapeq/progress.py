"""Telling a person how far a search is."""

from __future__ import annotations

import sys
from typing import TextIO

from mapeq.search import Progress


class StatusLine:
    """A progress callback that writes to a stream: one line that renews itself on a terminal, else a line a pass.

    Parameters
    ----------
    stream : text stream, optional
        Standard error by default.
    """

    def __init__(self, stream: TextIO | None = None):
        self._stream = sys.stderr if stream is None else stream
        self._renews = self._stream.isatty()
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Show how far the search is."""
        trial = f"trial {progress.trial} of {progress.num_trials}, " if progress.num_trials > 1 else ""
        step = f"pass {progress.num_passes}" if progress.num_passes else "recombined"
        self._show(f"{trial}{step}: {progress.num_modules:,} modules, {progress.codelength:.5f} bits per step")

    def say(self, text: str) -> None:
        """Show what is going on apart from the search, on a terminal only."""
        if self._renews:
            self._show(text)

    def clear(self) -> None:
        """Leave an empty line for what comes next."""
        if self._renews and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def _show(self, text: str) -> None:
        if self._renews:
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

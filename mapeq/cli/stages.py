"""The stages of a command: what a terminal shows while each lasts, and how long it took."""

from __future__ import annotations

import sys
import time

from mapeq._base.progress import StatusLine
from mapeq.result.result import Result


class Stages:
    """Shows the current stage on a status line, on terminals only, and measures the time of each stage."""

    def __init__(self, *, visible: bool):
        self.status = StatusLine() if visible and sys.stderr.isatty() else None
        self._stages: list[tuple[str, float]] = []

    def begin(self, stage: str, text: str) -> None:
        """Begin the next stage."""
        self._stages.append((stage, time.perf_counter()))
        if self.status:
            self.status.begin(text)

    def report_part(self, part: float) -> None:
        """Show the fraction of the stage that is done."""
        if self.status:
            self.status.show(f"{self._stages[-1][0]}: {100 * part:.0f} %", part)

    def clear(self) -> None:
        """Clear the status line."""
        if self.status:
            self.status.clear()

    def last_line(self, outputs: list[str], result: Result, interrupted: bool) -> str:
        """Return how the search ended, the time of each stage, and the files written."""
        ends = [*(start for _, start in self._stages[1:]), time.perf_counter()]
        stages = [f"{name} {end - start:.1f} s" for (name, start), end in zip(self._stages, ends, strict=True)]
        ended = "interrupted" if interrupted else "stopped at the time limit" if result.stopped_by else "done"
        written = f" -> {', '.join(outputs)}" if outputs else ""
        return f"{ended}: {', '.join(stages)}{written}"

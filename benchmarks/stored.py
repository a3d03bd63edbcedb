"""What was measured of a figure, and its file: one JSON a figure, from which the tables can be made again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.runs import Outcome


@dataclass
class Timing:
    """A whole command, from its start to its end."""

    what: str
    runs: list[float] = field(default_factory=list)  #: seconds
    problem: str | None = None  #: why there are no figures

    @property
    def seconds(self) -> float | None:
        """The median; a command that failed once has none."""
        return median(self.runs) if self.runs and self.problem is None else None


@dataclass
class Measured:
    """All that was measured of one figure."""

    key: str
    about: list[str]  #: how, on which machine, when, by which command: a line each
    outcomes: list[Outcome] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def add(self, part: Outcome | Timing) -> None:
        """Take in a part."""
        if isinstance(part, Outcome):
            self.outcomes.append(part)
        else:
            self.timings.append(part)

    def timing(self, what: str) -> float | None:
        """The seconds of a command; None: not measured."""
        return next((timing.seconds for timing in self.timings if timing.what == what), None)

    def write(self, folder: Path) -> None:
        """Keep it as KEY.json."""
        folder.mkdir(parents=True, exist_ok=True)
        whole = {
            "about": self.about,
            "outcomes": [outcome.as_dict() for outcome in self.outcomes],
            "timings": [asdict(timing) for timing in self.timings],
        }
        (folder / f"{self.key}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Measured:
        """What was kept in KEY.json."""
        whole = json.loads(path.read_text(encoding="utf-8"))
        outcomes = [Outcome.from_dict(outcome) for outcome in whole["outcomes"]]
        return cls(path.stem, whole["about"], outcomes, [Timing(**timing) for timing in whole["timings"]])

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
class Clustering:
    """What a method made of a labelled set of vectors. None: not measured."""

    name: str  #: of the set
    role: str  #: what the set is for: to "choose" defaults, or to "report" what they do
    method: str
    num_vectors: int
    num_dimensions: int
    num_classes: int
    seconds: float | None = None
    num_clusters: int | None = None
    num_unclustered: int | None = None  #: vectors that the method left in no cluster
    scores: dict[str, float] = field(default_factory=dict)  #: by name, see benchmarks.scores
    problem: str | None = None  #: why there are no figures


@dataclass
class Step:
    """A step on the way from vectors to clusters. Seconds and bytes of each run."""

    what: str
    program: str
    num_vectors: int
    num_dimensions: int
    runs: list[float] = field(default_factory=list)  #: seconds
    peaks: list[int] = field(default_factory=list)  #: bytes above what the process held before, the vectors included
    allowed: int | None = None  #: bytes that it should take at most
    recall: float | None = None  #: which part of the nearest neighbours was found
    problem: str | None = None  #: why there are no figures

    @property
    def seconds(self) -> float | None:
        """The median."""
        return median(self.runs) if self.runs else None

    @property
    def peak(self) -> float | None:
        """The median; None where it cannot be told."""
        return median(self.peaks) if self.peaks else None


@dataclass
class Growth:
    """A search that goes on after a network has grown, beside one from nothing; an entry a draw of what is new."""

    name: str  #: of the network
    num_links: int
    new: str  #: what is new
    multilevel: bool
    full: list[float] = field(default_factory=list)  #: seconds from nothing
    warm: list[float] = field(default_factory=list)  #: seconds from what was found before
    excess: list[float] = field(default_factory=list)  #: of the latter's codelength above the former's, per cent
    changed: list[float] = field(default_factory=list)  #: which part of the nodes has other links than before

    @property
    def full_s(self) -> float:
        """The median."""
        return median(self.full)

    @property
    def warm_s(self) -> float:
        """The median."""
        return median(self.warm)

    @property
    def part(self) -> float:
        """Which part of the time it takes to go on."""
        return self.warm_s / self.full_s


Part = Outcome | Timing | Clustering | Step | Growth


@dataclass
class Measured:
    """All that was measured of one figure."""

    key: str
    about: list[str]  #: how, on which machine, when, by which command: a line each
    outcomes: list[Outcome] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    clusterings: list[Clustering] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Take in a part."""
        if isinstance(part, Outcome):
            self.outcomes.append(part)
        elif isinstance(part, Timing):
            self.timings.append(part)
        elif isinstance(part, Clustering):
            self.clusterings.append(part)
        elif isinstance(part, Step):
            self.steps.append(part)
        else:
            self.growths.append(part)

    def add_older(self, older: Measured) -> None:
        """Take over the clusterings of other sets or by other methods, and what is said about them."""
        known = {(each.name, each.method) for each in self.clusterings}
        left = [each for each in older.clusterings if (each.name, each.method) not in known]
        if left:
            self.clusterings = left + self.clusterings
            self.about = list(dict.fromkeys([*older.about, *self.about]))

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
            "clusterings": [asdict(clustering) for clustering in self.clusterings],
            "steps": [asdict(step) for step in self.steps],
            "growths": [asdict(growth) for growth in self.growths],
        }
        (folder / f"{self.key}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Measured:
        """What was kept in KEY.json."""
        whole = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            path.stem,
            whole["about"],
            [Outcome.from_dict(outcome) for outcome in whole["outcomes"]],
            [Timing(**timing) for timing in whole["timings"]],
            [Clustering(**clustering) for clustering in whole.get("clusterings", [])],
            [Step(**step) for step in whole.get("steps", [])],
            [Growth(**growth) for growth in whole.get("growths", [])],
        )

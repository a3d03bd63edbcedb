"""Runs in processes of their own, and what is made of them: medians, and one judge for all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import median, median_low
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.networks import About, Links
from benchmarks.peers import PEERS, Job

ROOT = Path(__file__).parent.parent

#: What libraries and their libraries read at start-up to decide on threads.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "INFOMAP_NUM_THREADS",
)

UNDIRECTED_ONLY = "undirected networks only"
NO_HIERARCHY = "finds no hierarchy"
NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Plan:
    """What is run, and how."""

    peers: tuple[str, ...]
    trials: int
    repeat: int
    threads: int
    seed: int
    timeout: float
    multilevel: bool = False


@dataclass
class Row:
    """One peer on one network. Seconds and bytes are medians over the runs; None: not measured."""

    peer: str
    trials: int = 1
    threads: int = 1
    repeat: int = 1
    multilevel: bool = False  #: whether a hierarchy is searched for
    version: str = ""
    load: float | None = None
    search: float | None = None
    total: float | None = None
    bytes_per_link: float | None = None
    codelength: float | None = None  #: bits per step, as mapeq.evaluate sees it
    num_modules: int | None = None  #: top modules of a hierarchy
    num_levels: int | None = None  #: that of the nodes included
    disagreement: float | None = None  #: bits between mapeq and infomap on this partition or hierarchy, if mapeq's
    problem: str | None = None  #: why there are no figures
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What it is called in tables."""
        trials = f", {self.trials} trials" if self.trials > 1 else ""
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"{self.peer}{', multilevel' if self.multilevel else ''}{trials}{threads}"

    def summarise(self, num_links: int) -> None:
        """Medians over the runs. A peer that failed once shows no figures: it cannot be relied on."""
        if self.problem is not None or not self.runs:
            return
        self.total = median(run["total"] for run in self.runs)
        if "load" in self.runs[0]:
            self.load, self.search = (median(run[step] for run in self.runs) for step in ("load", "search"))
        peaks = [run["peak"] for run in self.runs if run.get("peak") is not None]
        self.bytes_per_link = median(peaks) / num_links if peaks else None
        # The same seed should give the same labels; where it does not, the run in the middle speaks for all.
        judged = ("codelength", "num_modules", "num_levels")
        self.codelength, self.num_modules, self.num_levels = median_low(
            tuple(run[figure] for figure in judged) for run in self.runs
        )


@dataclass
class Outcome:
    """All that was run on one network."""

    about: About
    rows: list[Row]

    def row(self, peer: str, multilevel: bool | None = None) -> Row | None:
        """The figures of a peer, the first if it ran in several ways."""
        return next((row for row in self.rows if row.peer == peer and multilevel in (None, row.multilevel)), None)

    @property
    def disagreement(self) -> float | None:
        """Bits between mapeq and infomap on mapeq's own partitions, at most."""
        return max((row.disagreement for row in self.rows if row.disagreement is not None), default=None)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**about_as_dict(self.about), "rows": [asdict(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Outcome:
        """From JSON."""
        rows = [Row(**row) for row in stored["rows"]]
        return cls(About(**{name: value for name, value in stored.items() if name != "rows"}), rows)


def about_as_dict(about: About) -> dict[str, Any]:
    """What is known of a network, less where it lies on this machine."""
    return {each.name: getattr(about, each.name) for each in fields(About)}


class RunError(Exception):
    """A run that gave no answer; says why in a few words."""


class Comparison:
    """Programs on one network: each run in a process of its own, all that they find judged by the same function."""

    def __init__(self, links: Links, folder: Path, seed: int, timeout: float) -> None:
        self._links, self._seed, self._timeout = links, seed, timeout
        self._folder = folder / "runs"  # apart from the links, whatever they are called
        self._folder.mkdir(exist_ok=True)
        self._judge = Judge(links)
        self._disagreements: dict[str, float | None] = {}

    def run(self, *rows: Row, by: Callable[[Row, Path], dict[str, Any]] | None = None) -> None:
        """Fill the rows in, in turn, so that whatever else the machine does hits all alike.

        Who does a run, by default a worker, writes to the path the labels in node order, as .npy, or the
        hierarchy, as .tree, and returns the figures.
        """
        by = by or self._worker
        for row in rows:
            row.problem = self._why_not(row)
            row.version = "" if row.problem == NOT_INSTALLED else peers.version(row.peer)
        for number in range(max(row.repeat for row in rows)):
            for row in rows:
                if row.problem is None and number < row.repeat:
                    _show(f"{self._links.name}: {row.label}, run {number + 1} of {row.repeat}")
                    try:
                        row.runs.append(by(row, self._modules_path(row)) | self._judge(self._modules_path(row)))
                    except RunError as error:
                        row.problem = str(error)
        for row in rows:
            row.summarise(self._links.num_links)
        _show("")

    def outcome(self, rows: Sequence[Row]) -> Outcome:
        """What was found, with infomap's judgement of mapeq's partitions."""
        for row in rows:
            if row.peer == "mapeq" and row.problem is None and peers.installed("infomap"):
                _show(f"{self._links.name}: infomap judges mapeq's partition")
                row.disagreement = self._disagreement(row)
        _show("")
        return Outcome(self._links, list(rows))

    def _why_not(self, row: Row) -> str | None:
        if not peers.installed(row.peer):
            return NOT_INSTALLED
        if row.multilevel and not PEERS[row.peer].multilevel:
            return NO_HIERARCHY
        return UNDIRECTED_ONLY if self._links.directed and PEERS[row.peer].undirected_only else None

    def _disagreement(self, row: Row) -> float | None:
        """Bits between the two programs on what a row's last run found."""
        key = row.runs[-1]["labels"]
        if key not in self._disagreements:
            try:
                judge = Row("infomap", multilevel=row.multilevel)
                codelength = self._worker(judge, self._modules_path(row), judge=True)["codelength"]
                self._disagreements[key] = abs(codelength - row.runs[-1]["codelength"])
            except RunError as error:
                print(f"{self._links.name}: infomap could not judge mapeq's partition: {error}", file=sys.stderr)
                self._disagreements[key] = None
        return self._disagreements[key]

    def _modules_path(self, row: Row) -> Path:
        name = row.label.replace(", ", "-").replace(" ", "-")  # infomap takes no blanks in the names of files
        return self._folder / f"{name}{'.tree' if row.multilevel else '.npy'}"

    def _worker(self, row: Row, modules: Path, *, judge: bool = False) -> dict[str, Any]:
        """Let a worker search and write what it found, or judge what is there."""
        links = self._links
        job = Job(links.num_nodes, links.directed, row.trials, row.threads, self._seed, row.multilevel)
        files = {"edges": links.path, "weights": links.weights_path, "modules": modules}
        path = self._folder / "job.json"
        asked = {
            **job._asdict(),
            "peer": row.peer,
            "judge": judge,
            **{name: file and str(file) for name, file in files.items()},
        }
        path.write_text(json.dumps(asked), encoding="utf-8")
        answer = path.with_suffix(".answer")
        answer.unlink(missing_ok=True)
        run_process([sys.executable, "-m", "benchmarks._worker", str(path)], self._timeout, threads=row.threads)
        if not answer.exists():
            raise RunError("gave no answer")
        figures: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return figures


class Judge:
    """Gives every partition or hierarchy its codelength, by one and the same program."""

    def __init__(self, links: Links) -> None:
        import mapeq

        edges = links.load()
        self._network = mapeq.Network.from_edges(
            edges[:, 0], edges[:, 1], links.load_weights(), directed=links.directed
        )
        self._known: dict[str, dict[str, Any]] = {}

    def __call__(self, modules: Path) -> dict[str, Any]:
        """Codelength, numbers of top modules and levels, and a digest of labels in an .npy or a hierarchy in a .tree.

        What was seen before is not judged again.

        Raises
        ------
        RunError
            If it does not fit the network.
        """
        import mapeq

        digest = _digest(modules)
        if digest not in self._known:
            try:
                judged = mapeq.evaluate(self._network, np.load(modules) if modules.suffix == ".npy" else modules)
            except (mapeq.PartitionError, mapeq.FormatError) as error:
                raise RunError(f"gave no partition: {error}") from None
            self._known[digest] = {
                "codelength": judged.codelength,
                "num_modules": judged.num_modules,
                "num_levels": judged.num_levels,
                "labels": digest,
            }
        return self._known[digest]


def _digest(modules: Path) -> str:
    """Of labels, or of the rows of a hierarchy: comments may say at what time it was found."""
    if modules.suffix == ".npy":
        content = np.load(modules).tobytes()
    else:
        rows = modules.read_bytes().splitlines(keepends=True)
        content = b"".join(row for row in rows if not row.startswith(b"#"))
    return hashlib.sha256(content).hexdigest()[:16]


def compare_on(links: Links, plan: Plan, folder: Path) -> Outcome:
    """Run all peers on one network."""
    comparison = Comparison(links, folder, plan.seed, plan.timeout)
    rows = [Row(peer, plan.trials, plan.threads, plan.repeat, plan.multilevel) for peer in plan.peers]
    comparison.run(*rows)
    return comparison.outcome(rows)


def run_process(command: Sequence[str], timeout: float, *, threads: int = 1, **variables: str) -> float:
    """Run a command from the root of the repository; returns the seconds it took.

    Raises
    ------
    RunError
        If it fails or takes too long.
    """
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **variables}
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RunError(f"not done within {timeout:g} s") from None
    elapsed = time.perf_counter() - start
    if done.returncode < 0:
        raise RunError(f"killed by signal {-done.returncode}" + (" (out of memory?)" if done.returncode == -9 else ""))
    if done.returncode > 0:
        lines = done.stderr.strip().splitlines()
        raise RunError(f"failed: {lines[-1][:200]}" if lines else f"failed with exit code {done.returncode}")
    return elapsed


def _show(line: str) -> None:
    """What is going on, on a terminal only, in a line that overwrites itself."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

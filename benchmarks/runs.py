"""Runs in processes of their own, and what is made of them: medians, and one judge for all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, median_low
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.networks import Links
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


@dataclass(frozen=True)
class Plan:
    """What is run, and how."""

    peers: tuple[str, ...]
    trials: int
    repeat: int
    threads: int
    seed: int
    timeout: float


@dataclass
class Row:
    """One peer on one network. Seconds and bytes are medians over the runs; None: not measured."""

    peer: str
    version: str
    load: float | None = None
    search: float | None = None
    total: float | None = None
    bytes_per_link: float | None = None
    codelength: float | None = None  #: bits per step, as mapeq.evaluate sees it
    num_modules: int | None = None
    problem: str | None = None  #: why there are no figures
    runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Outcome:
    """All peers on one network."""

    links: Links
    rows: list[Row]
    disagreement: float | None = None  #: bits between mapeq and infomap on mapeq's own partition

    def row(self, peer: str) -> Row | None:
        """The figures of a peer."""
        return next((row for row in self.rows if row.peer == peer), None)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        about = {key: value for key, value in asdict(self.links).items() if key != "path"}
        return {**about, "rows": [asdict(row) for row in self.rows], "disagreement": self.disagreement}


class RunError(Exception):
    """A run that gave no answer; says why in a few words."""


class Judge:
    """Gives every partition its codelength, by one and the same program."""

    def __init__(self, links: Links) -> None:
        import mapeq

        edges = links.load()
        self._network = mapeq.Network.from_edges(edges[:, 0], edges[:, 1], directed=links.directed)
        self._known: dict[bytes, tuple[float, int]] = {}

    def __call__(self, labels: NDArray[np.int64]) -> tuple[float, int]:
        """Codelength and number of modules; a partition seen before is not judged again."""
        import mapeq

        key = labels.tobytes()
        if key not in self._known:
            result = mapeq.evaluate(self._network, labels)
            self._known[key] = float(result.codelength), len(np.unique(labels))
        return self._known[key]


def compare_on(links: Links, plan: Plan, folder: Path) -> Outcome:
    """Run all peers on one network, in turn, so that whatever else the machine does hits all alike."""
    rows = [Row(peer, peers.version(peer)) for peer in plan.peers]
    for row in rows:
        if links.directed and PEERS[row.peer].undirected_only:
            row.problem = UNDIRECTED_ONLY
    judge = Judge(links)
    folder = folder / "runs"  # apart from the links, whatever they are called
    folder.mkdir(exist_ok=True)
    for number in range(plan.repeat):
        for row in rows:
            if row.problem is None:
                _show(f"{links.name}: {row.peer}, run {number + 1} of {plan.repeat}")
                try:
                    row.runs.append(_one_run(row.peer, links, plan, folder, judge))
                except RunError as error:
                    row.problem = str(error)
    for row in rows:
        _summarise(row, links.num_links)
    outcome = Outcome(links, rows)
    ours = outcome.row("mapeq")
    if ours is not None and ours.problem is None and peers.installed("infomap"):
        _show(f"{links.name}: infomap judges mapeq's partition")
        outcome.disagreement = _disagreement(ours, links, plan, folder)
    _show("")
    return outcome


def _one_run(peer: str, links: Links, plan: Plan, folder: Path, judge: Judge) -> dict[str, Any]:
    figures = _in_process(peer, links, plan, folder)
    labels = np.load(folder / f"{peer}.npy")
    if labels.shape != (links.num_nodes,):
        raise RunError(f"gave labels of shape {labels.shape} for {links.num_nodes} nodes")
    figures["codelength"], figures["num_modules"] = judge(labels)
    return figures


def _summarise(row: Row, num_links: int) -> None:
    """Medians over the runs. A peer that failed once shows no figures: it cannot be relied on."""
    if row.problem is not None or not row.runs:
        return
    row.load, row.search, row.total = (median(run[step] for run in row.runs) for step in ("load", "search", "total"))
    peaks = [run["peak"] for run in row.runs if run["peak"] is not None]
    row.bytes_per_link = median(peaks) / num_links if peaks else None
    # The same seed should give the same labels; where it does not, the run in the middle speaks for all.
    row.codelength, row.num_modules = median_low((run["codelength"], run["num_modules"]) for run in row.runs)


def _disagreement(ours: Row, links: Links, plan: Plan, folder: Path) -> float | None:
    """Bits between the two programs on the partition of mapeq's last run."""
    try:
        judged = _in_process("infomap", links, plan, folder, labels=folder / "mapeq.npy")
    except RunError as error:
        print(f"{links.name}: infomap could not judge mapeq's partition: {error}", file=sys.stderr)
        return None
    return float(abs(judged["codelength"] - ours.runs[-1]["codelength"]))


def _in_process(peer: str, links: Links, plan: Plan, folder: Path, labels: Path | None = None) -> dict[str, Any]:
    """Let a worker do one job, and read its answer.

    Raises
    ------
    RunError
        If it fails or takes too long.
    """
    job = Job(links.num_nodes, links.directed, plan.trials, plan.threads, plan.seed)
    asked = {**job._asdict(), "peer": peer, "edges": str(links.path), "labels": labels and str(labels)}
    path = folder / f"{peer}.json"
    path.write_text(json.dumps(asked), encoding="utf-8")
    answer = path.with_suffix(".answer")
    answer.unlink(missing_ok=True)
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(plan.threads))}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks._worker", str(path)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=plan.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RunError(f"not done within {plan.timeout:g} s") from None
    if done.returncode < 0:
        raise RunError(f"killed by signal {-done.returncode}" + (" (out of memory?)" if done.returncode == -9 else ""))
    if done.returncode > 0 or not answer.exists():
        lines = done.stderr.strip().splitlines()
        raise RunError(f"failed: {lines[-1][:200]}" if lines else f"failed with exit code {done.returncode}")
    figures: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return figures


def _show(line: str) -> None:
    """What is going on, on a terminal only, in a line that overwrites itself."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

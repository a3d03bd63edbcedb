"""Measured runs, each in a process of its own, and the judge of what they find.

``python -m benchmarks.worker JOB.json`` calls one function and writes its answer to a file, because libraries may print
anything. :func:`call` starts such a process; :func:`compare` runs several libraries on one network.
"""

from __future__ import annotations

import gc
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import linear_regression, mean, median, stdev
from typing import Any, NamedTuple

import numpy as np

from benchmarks import networks
from benchmarks.networks import Links
from benchmarks.peers import PEERS, Ends, Job, Weights, infomap_codelength, installed

ROOT = Path(__file__).parent.parent

#: A search by another library over more links than this, summed over trials and seeds, runs once.
SLOW = 2_000_000

#: Environment variables that set the number of threads.
THREAD_VARIABLES = tuple(f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "INFOMAP"))

Row = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """Options of all measurements."""

    source: networks.Source
    repeat: int = 3
    timeout: float = 1800  #: seconds, of each process
    quick: bool = False  #: whether networks and sets are tiny


class Program(NamedTuple):
    """A library and how it is run."""

    library: str
    multilevel: bool = False
    trials: int = 1
    threads: int = 1
    command: bool = False  #: from the shell, file to file, instead of memory to memory


class RunError(Exception):
    """A run without an answer; the message says why."""


# In the measured process ---------------------------------------------------------------------


class Memory:
    """Peak of resident memory above what the process holds at the start, in bytes; Linux only."""

    def __init__(self) -> None:
        gc.collect()
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets the peak to what is resident
            self._before: int | None = self._status("VmRSS")
        except OSError:
            self._before = None

    def above(self) -> int | None:
        """The peak since the start; None where the system does not tell."""
        return None if self._before is None else max(0, self._status("VmHWM") - self._before)

    @staticmethod
    def _status(field: str) -> int:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))


def warm_up(library: str, job: Job, *, weighted: bool) -> None:
    """Compile, load and import everything that a first run needs.

    The network is a ring with dense groups on one half, and the search makes two trials, so that every step of a
    search runs. What is compiled may depend on directions, weights and threads.
    """
    rng = np.random.default_rng(0)
    grouped = np.arange(480).repeat(6)
    near = grouped // 16 * 16 + rng.integers(0, 16, len(grouped))
    ends = networks.simple(np.concatenate([networks.ring(960), np.column_stack([grouped, near])]), directed=False)
    weights = rng.exponential(size=len(ends)) if weighted else None
    small = job._replace(num_nodes=960, trials=2, seed=1)
    PEERS[library].search(PEERS[library].load(ends, weights, small), small)
    # mapeq sorts more links than these by other means.
    many = networks.ring(40_000)
    PEERS[library].load(many, rng.exponential(size=len(many)) if weighted else None, small._replace(num_nodes=40_000))


def search(library: str, ends: str, weights: str | None, job: list[Any], seeds: list[int], modules: str) -> list[Row]:
    """Time one run for each seed, from links in memory to modules in node order, which are saved as MODULES-SEED."""
    peer, asked = PEERS[library], Job(*job)
    links, link_weights = _loaded(ends, weights)
    warm_up(library, asked, weighted=weights is not None)
    figures = []
    for seed in seeds:
        seeded = asked._replace(seed=seed)
        memory, start = Memory(), time.perf_counter()
        network = peer.load(links, link_weights, seeded)
        loaded = time.perf_counter()
        found = peer.search(network, seeded)
        end = time.perf_counter()
        figures.append(
            {"load": loaded - start, "seconds": end - start, "peak": memory.above(), "claimed": found.claimed}
        )
        found.save(modules_path(modules, seed, tree=asked.multilevel))
        del network, found
    return figures


def judge_by_infomap(ends: str, weights: str | None, job: list[Any], modules: str) -> float:
    """The codelength of saved modules according to infomap."""
    return infomap_codelength(*_loaded(ends, weights), Path(modules), Job(*job))


def grow(ends: str, directed: bool, new: str, multilevel: bool, draws: list[int], repeat: int) -> Row:
    """Time full searches and warm starts after a hundredth of the links or of the nodes is new."""
    import mapeq

    links = np.load(ends)
    seconds: dict[str, list[float]] = {"full": [], "warm": []}
    excess, changed = [], []
    for draw in draws:
        options = {"multilevel": multilevel, "num_threads": 1, "seed": draw}
        is_old = networks.is_old(links, new, 0.01, draw)
        network, before = (mapeq.Network.from_edges(*each.T, directed=directed) for each in (links, links[is_old]))
        previous = mapeq.infomap(before, **options)
        mapeq.infomap(network, initial_partition=previous, **options)  # compiles
        found = {}
        for _ in range(repeat):
            for way, start in (("full", None), ("warm", previous)):
                begin = time.perf_counter()
                found[way] = mapeq.infomap(network, initial_partition=start, **options)
                seconds[way].append(time.perf_counter() - begin)
        excess.append(100 * (found["warm"].codelength / found["full"].codelength - 1))
        changed.append(100 * len(np.unique(links[~is_old])) / network.num_nodes)
    return {
        "changed": mean(changed),
        "full": median(seconds["full"]),
        "warm": median(seconds["warm"]),
        "excess": mean(excess),
        "largest_excess": max(excess),
    }


def _loaded(ends: str, weights: str | None) -> tuple[Ends, Weights]:
    return np.load(ends), None if weights is None else np.load(weights)


def modules_path(modules: str, seed: int, *, tree: bool) -> Path:
    """The file with what one seed found."""
    return Path(f"{modules}-{seed}{'.tree' if tree else '.npy'}")


# Around it -----------------------------------------------------------------------------------


def run(command: Sequence[str], timeout: float, *, threads: int = 1, **variables: str) -> float:
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
            command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise RunError(f"not done within {timeout:g} s") from None
    elapsed = time.perf_counter() - start
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [""]
        killed = " (out of memory?)" if done.returncode == -9 else ""
        raise RunError(f"exit code {done.returncode}{killed}: {lines[-1][:200]}")
    return elapsed


def call(function: str, timeout: float, *, threads: int = 1, **arguments: Any) -> Any:
    """Call ``module.function`` of benchmarks/ in a process of its own; arguments and answer go through JSON.

    Raises
    ------
    RunError
        If the process fails or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
        job = Path(folder) / "job.json"
        job.write_text(json.dumps({"function": function, "arguments": arguments}), encoding="utf-8")
        run([sys.executable, "-m", "benchmarks.worker", str(job)], timeout, threads=threads)
        return json.loads(job.with_suffix(".answer").read_text(encoding="utf-8"))


def main(path: Path) -> None:
    """Do a job."""
    job = json.loads(path.read_text(encoding="utf-8"))
    module, name = job["function"].split(".")
    answer = getattr(import_module(f"benchmarks.{module}"), name)(**job["arguments"])
    path.with_suffix(".answer").write_text(json.dumps(answer), encoding="utf-8")


class Judge:
    """Computes the codelength of every partition and hierarchy of one network with :func:`mapeq.evaluate`."""

    def __init__(self, links: Links) -> None:
        import mapeq

        ends = links.load()
        self._network = mapeq.Network.from_edges(ends[:, 0], ends[:, 1], links.load_weights(), directed=links.directed)
        self._recorded = links.recorded
        self._known: dict[str, Row] = {}

    def __call__(self, modules: Path) -> Row:
        """The codelength, the numbers of top modules and of levels, and a digest, of an .npy or .tree file.

        Raises
        ------
        RunError
            If the modules do not fit the network.
        """
        import mapeq

        digest = _digest(modules)
        if digest not in self._known:
            partition = np.load(modules) if modules.suffix == ".npy" else modules
            try:
                judged = mapeq.evaluate(self._network, partition, recorded_teleportation=self._recorded)
            except (mapeq.PartitionError, mapeq.FormatError) as error:
                raise RunError(f"no partition of the network: {error}") from None
            self._known[digest] = {
                "codelength": judged.codelength,
                "modules": judged.num_modules,
                "levels": judged.num_levels,
                "digest": digest,
            }
        return self._known[digest]


def _digest(modules: Path) -> str:
    """A digest of labels, or of the lines of a hierarchy without comments, which may contain the time."""
    if modules.suffix == ".npy":
        content = np.load(modules).tobytes()
    else:
        lines = modules.read_bytes().splitlines(keepends=True)
        content = b"".join(line for line in lines if not line.startswith(b"#"))
    return hashlib.sha256(content).hexdigest()[:12]


def compare(links: Links, programs: Sequence[Program], settings: Settings, seeds: Sequence[int] = ()) -> list[Row]:
    """Run programs on one network in turn, so that other load on the machine hits all alike; a row for each.

    Seconds and bytes are medians over runs. With several seeds, which one process searches one after the other,
    seconds and codelengths are means over seeds. A program that fails once gets a row with a "problem" only.
    """
    seeds = seeds or [settings.source.seed]
    judge = Judge(links)
    runs: list[list[Row]] = [[] for _ in programs]
    problems = [_unsuitable(program, links) for program in programs]
    with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
        for turn in range(settings.repeat):
            for number, program in enumerate(programs):
                if problems[number] or (turn and _is_slow(program, links, seeds)):
                    continue
                show(f"{links.name}: {program.library}, run {turn + 1} of {settings.repeat}")
                try:
                    runs[number] += _run(program, links, seeds, settings, judge, f"{folder}/{number}")
                except RunError as error:
                    problems[number] = str(error)
        rows = []
        for number, program in enumerate(programs):
            row = {"network": links.title, "links": links.num_links, **program._asdict()}
            del row["command"]
            if problems[number]:
                row["problem"] = problems[number]
            else:
                row |= _summary(runs[number], len(seeds), links.num_links)
                if program.library == "mapeq" and not program.command and installed("infomap"):
                    row["disagreement"] = _disagreement(program, links, seeds[0], settings, judge, f"{folder}/{number}")
            rows.append(row)
    show("")
    return rows


def _unsuitable(program: Program, links: Links) -> str:
    peer = PEERS[program.library]
    if not installed(program.library):
        return "not installed"
    if program.multilevel and not peer.multilevel:
        return "finds no hierarchies"
    if links.directed and peer.undirected_only:
        return "takes undirected networks only"
    if links.recorded and program.library not in ("mapeq", "infomap"):
        return "has no recorded teleportation"
    return ""


def _is_slow(program: Program, links: Links, seeds: Sequence[int]) -> bool:
    return program.library != "mapeq" and program.trials * links.num_links * len(seeds) > SLOW


def _arguments(program: Program, links: Links, seed: int) -> dict[str, Any]:
    job = Job(
        links.num_nodes, links.directed, program.multilevel, program.trials, program.threads, seed, links.recorded
    )
    return {"ends": str(links.path), "weights": links.weights_path and str(links.weights_path), "job": list(job)}


def _run(
    program: Program, links: Links, seeds: Sequence[int], settings: Settings, judge: Judge, modules: str
) -> list[Row]:
    """Figures for each seed."""
    arguments = _arguments(program, links, seeds[0])
    if program.command:
        jobs = [Job(*arguments["job"])._replace(seed=seed) for seed in seeds]
        return [_run_command(program, links, settings, judge, modules, job) for job in jobs]
    figures = call(
        "worker.search",
        settings.timeout,
        threads=program.threads,
        library=program.library,
        seeds=list(seeds),
        modules=modules,
        **arguments,
    )
    found = [modules_path(modules, seed, tree=program.multilevel) for seed in seeds]
    return [each | judge(path) for each, path in zip(figures, found, strict=True)]


def _run_command(program: Program, links: Links, settings: Settings, judge: Judge, modules: str, job: Job) -> Row:
    """Figures of a whole command, from a link list to a .tree file."""
    text, tree = Path(f"{modules}.txt"), Path(f"{modules}.tree")
    if not text.exists():
        np.savetxt(text, links.load(), fmt="%d")
    tree.unlink(missing_ok=True)
    seconds = run(PEERS[program.library].command(text, tree, job), settings.timeout, threads=program.threads)
    return {"seconds": seconds, **judge(tree)}


def _summary(runs: list[Row], num_seeds: int, num_links: int) -> Row:
    """Medians over runs, means over seeds; modules and levels are those of the first seed in the last run."""
    row = {key: value for key, value in runs[-num_seeds].items() if key not in ("peak", "claimed")}
    peaks = [each["peak"] for each in runs[::num_seeds] if each.get("peak") is not None]  # later seeds reuse memory
    row |= {"seeds": num_seeds, "runs": len(runs) // num_seeds}
    row["bytes_per_link"] = median(peaks) / num_links if peaks else None
    for key in {"load", "seconds"} & row.keys():
        row[key] = (mean if num_seeds > 1 else median)([each[key] for each in runs])
    if num_seeds > 1:
        codelengths = [each["codelength"] for each in runs]
        row |= {"codelength": mean(codelengths), "spread": stdev(codelengths)}
    return row


def _disagreement(
    program: Program, links: Links, seed: int, settings: Settings, judge: Judge, modules: str
) -> float | None:
    """Bits between the codelengths that mapeq and infomap compute for what the first seed found."""
    path = modules_path(modules, seed, tree=program.multilevel)
    try:
        theirs = call(
            "worker.judge_by_infomap", settings.timeout, modules=str(path), **_arguments(program, links, seed)
        )
    except RunError as error:
        print(f"{links.name}: infomap could not judge mapeq's modules: {error}", file=sys.stderr)
        return None
    return abs(theirs - judge(path)["codelength"])


def table(head: Sequence[str], lines: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table in Markdown; the first `left` columns are left-aligned, the others right-aligned."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])


def growth(links: Sequence[float], seconds: Sequence[float]) -> float:
    """The exponent of time in the number of links, by least squares on logarithms."""
    return linear_regression([math.log(count) for count in links], [math.log(time) for time in seconds]).slope


def show(line: str) -> None:
    """Show the current step in a line that overwrites itself, on terminals only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""mapeq and other libraries on the same networks and vectors: time, memory, codelength, scores.

    python -m benchmarks.compare [FILE ...] [--lfr NODES:MIXING ...] [options]     compare on any networks
    python -m benchmarks.compare TABLE ... | --all                                 measure tables of RESULTS.md

Tables are stored in results/VERSION.json, from which RESULTS.md is rendered.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import costs, embeddings, large, networks, overlap, prediction, report, small, states
from benchmarks.peers import PEERS, installed, versions
from benchmarks.report import COSTS, USUAL, show_growth, show_pairs, show_start
from benchmarks.worker import ROOT, Program, Row, RunError, Settings, call, compare, run, show

RESULTS = ROOT / "benchmarks" / "results"
TRIALS = (1, 2, 3, 4, 6, 10)  #: of mapeq, to reach infomap's best of ten

EXAMPLES = tuple(sorted(path.name.removesuffix(".txt.gz") for path in networks.EXAMPLES.glob("*.txt.gz")))
LFR = ("lfr:100000:0.3", "lfr:100000:0.55")
MAPEQ, INFOMAP = Program("mapeq"), Program("infomap")
DEEP = (MAPEQ._replace(multilevel=True), INFOMAP._replace(multilevel=True))
BOTH = (MAPEQ, INFOMAP, *DEEP)

# Measuring -----------------------------------------------------------------------------------


def searches(
    settings: Settings, specifications: Sequence[str], programs: Sequence[Program], num_seeds: int = 1
) -> Iterator[Row]:
    """Programs on networks; with several seeds a process searches each once."""
    seeds = range(1, (3 if settings.quick else num_seeds) + 1) if num_seeds > 1 else ()
    settings = replace(settings, repeat=1) if num_seeds > 1 else settings
    for specification in chosen(settings, specifications):
        yield from compare(settings.source(specification), programs, settings, seeds)


def chosen(settings: Settings, specifications: Sequence[str]) -> list[str]:
    """The networks themselves, or tiny ones in their place."""
    return list(dict.fromkeys(map(tiny, specifications))) if settings.quick else list(specifications)


def tiny(specification: str) -> str:
    """A tiny network of the same kind."""
    base, plus, variants = specification.partition("+")
    kind, *parameters = base.split(":")
    sizes = {"lfr": "1000", "rmat": "8", "star": "500", "ring": "500"}
    if kind in sizes:
        return ":".join([kind, sizes[kind], *parameters[1:]]) + plus + variants
    return ("email-eu-core" if kind in ("email-eu-core", "wiki-vote") else "jazz") + plus + variants


def best_of_ten(settings: Settings, specifications: Sequence[str]) -> Iterator[Row]:
    """infomap's best of ten trials, and the fewest trials of mapeq whose codelength is as short; both modes."""
    once = replace(settings, repeat=1)
    for specification in chosen(settings, specifications):
        links = settings.source(specification)
        for ours, theirs in ((MAPEQ, INFOMAP), DEEP):
            (reference,) = compare(links, [theirs._replace(trials=10)], once)
            for trials in TRIALS:
                (found,) = compare(links, [ours._replace(trials=trials)], once)
                if "problem" in found or "problem" in reference or report.is_as_short((found, reference)):
                    break
            yield from compare(links, [ours._replace(trials=trials)], settings)
            yield reference


def cold_start(settings: Settings) -> Iterator[Row]:
    """Whole processes, from an empty folder of compiled kernels on."""
    jazz = repr(str(networks.EXAMPLES / "jazz.txt.gz"))
    first = [sys.executable, "-c", f"import mapeq; mapeq.infomap({jazz})"]
    command = [sys.executable, "-m", "mapeq"]
    with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
        empty, again = ([tempfile.mkdtemp(dir=folder) for _ in range(settings.repeat)] for _ in range(2))
        for what, arguments, folders in (
            ("first call, nothing compiled", first, empty),
            ("first call, compiled before", first, empty),
            ("`mapeq --help`", [*command, "--help"], empty),
            ("`mapeq warmup`, nothing compiled", [*command, "warmup"], again),
        ):
            show(what)
            seconds = [run(arguments, settings.timeout, NUMBA_CACHE_DIR=each) for each in folders]
            yield {"what": what, "seconds": median(seconds), "runs": len(seconds)}


def growth(settings: Settings, specifications: Sequence[str]) -> Iterator[Row]:
    """Warm starts and full searches when a hundredth of a network is new."""
    draws = [1, 2] if settings.quick else [1, 2, 3, 4, 5]
    for specification in chosen(settings, specifications):
        links = settings.source(specification)
        for multilevel in (False, True):
            for new in ("links", "nodes"):
                about = {"new": new, "multilevel": multilevel}
                show(f"{links.name}: new {new}")
                arguments = {"ends": str(links.path), "directed": links.directed, "draws": draws, **about}
                found = call("worker.grow", settings.timeout, repeat=settings.repeat, **arguments)
                yield {"network": links.title, "links": links.num_links, **about, **found}


# Tables --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A table of RESULTS.md."""

    title: str
    about: str
    measure: Callable[[Settings], Iterator[Row]]
    show: Callable[[Sequence[Row]], str]


def of_searches(
    title: str,
    about: str,
    specifications: Sequence[str],
    programs: Sequence[Program],
    columns: Sequence[str],
    num_seeds: int = 1,
) -> Table:
    """A table of programs on networks."""
    measure = partial(searches, specifications=specifications, programs=programs, num_seeds=num_seeds)
    return Table(title, about, measure, partial(show_pairs, columns=columns))


GROWN = (*EXAMPLES, "lfr:10000:0.3", "lfr:100000:0.4")
KINDS = (
    *("lfr:100000:0.4+weighted", "lfr:100000:0.4+directed", "rmat:16", "rmat:16+directed"),
    *("wiki-vote+recorded", "email-eu-core+recorded", "star:200000", "ring:20000"),
)
TWO_THREADS = [
    MAPEQ._replace(multilevel=multilevel, trials=trials, threads=threads)
    for multilevel, trials in ((False, 1), (False, 4), (True, 1))
    for threads in (1, 2)
]
SETS = (
    "Vectors with known classes, see sets.py. Scores are 1 at best. Noise is clustered but not scored; a vector in no "
    "cluster counts as a cluster of its own. One run, on all processors, from vectors in memory to clusters. "
)

TABLES = {
    "ten-seeds": of_searches(
        "Mean of ten seeds",
        "One trial for each of ten seeds: mean seconds and codelengths; *spread* is the standard deviation in bits.",
        (*EXAMPLES, "lfr:10000:0.4", "lfr:10000:0.6"),
        BOTH,
        ("network", "search", "links", *USUAL, "spread"),
        num_seeds=10,
    ),
    "two-level": of_searches(
        "Two levels, one trial",
        "One trial of each, seed 1.",
        (*EXAMPLES, *LFR),
        (MAPEQ, INFOMAP),
        ("network", "links", *USUAL, "modules", "bytes per link"),
    ),
    "multilevel": of_searches(
        "Hierarchies, one trial",
        "One trial of each, seed 1. *Levels* include that of the nodes.",
        (*EXAMPLES, *LFR),
        DEEP,
        ("network", "links", *USUAL, "levels", "bytes per link"),
    ),
    "libraries": of_searches(
        "igraph and NetworKit",
        "One trial, two levels: `Graph.community_infomap` of igraph and `LouvainMapEquation` of NetworKit.",
        ("jazz", "pgp", "wiki-vote", "deezer-hu", "lfr:10000:0.4"),
        (MAPEQ, Program("igraph"), Program("networkit")),
        ("network", "library", "links", *USUAL, "modules", "bytes per link"),
    ),
    "best-of-ten": Table(
        "As good as infomap's best of ten",
        "infomap keeps the best of ten trials. mapeq gets the fewest trials, of "
        f"{', '.join(map(str, TRIALS))}, whose codelength is no longer.",
        partial(best_of_ten, specifications=(*EXAMPLES, "lfr:10000:0.4")),
        partial(show_pairs, columns=("network", "search", "links", "trials", *USUAL, "levels")),
    ),
    "small": Table(
        "Small networks of every objective",
        "Random networks of 2 to 60 nodes: with self-links, parallel links, nodes without links; weights from 1e-15 to "
        "1e15. On how many is one trial of mapeq at or below one trial of infomap, and by how much is it longer at "
        "most; are five trials at or below its best of five; is one trial at or below its best of ten, and by how much "
        "is it longer at most. mapeq's modules are connected by links, infomap's need not be: where that makes them "
        "shorter, its modules are parted into connected ones before they are compared.",
        small.measure,
        small.show_small,
    ),
    "options": Table(
        "Options of the walk and the objective",
        "One trial, two levels, one thread, from a network in memory; *against plain* is the time by that without the "
        "option. Metadata are 12 categories, which agree with modules but for a fifth of the nodes. For the bipartite "
        "network, each node is two, and links lead from the first of a node to the second of another.",
        partial(costs.measure, specifications=("deezer-hu", "lfr:100000:0.4+weighted+directed")),
        costs.show_options,
    ),
    "states": Table(
        "State networks",
        "One trial, one thread, from a network in memory. *Itineraries*: trips with second-order memory among places "
        "that are in two groups each. *Groups*: random links, most of them within groups of states. *Layers*: ten, two "
        "groupings in turn, the walk changes between all. Memory is the peak above the network's.",
        states.measure,
        states.show_states,
    ),
    "overlap": Table(
        "Planted groups that overlap",
        "Networks of 1,000 nodes with about 9,400 links, as the LFR benchmark with overlap makes them: sizes of groups "
        "from 20 to 100, a part of the nodes in two or three groups, and the part *mixing* of links out of all groups. "
        f"Means of {overlap.NUM_NETWORKS} networks, {overlap.TRIALS} trials each, one thread. Scores are 1 at best. "
        "The least share and the size of cliques are those with the best scores on other networks, one of each kind.",
        overlap.measure,
        overlap.show_overlap,
    ),
    "prediction": Table(
        "Hidden links",
        "A tenth of the links of each example network is hidden, and told from as many pairs without a link, drawn "
        f"uniformly. Means of {prediction.DRAWS} draws, {prediction.TRIALS} trials each, one thread. 1 is best, 0.5 is "
        "chance. The other methods do not look at directions.",
        partial(prediction.measure, specifications=EXAMPLES),
        prediction.show_prediction,
    ),
    "memory": of_searches(
        "Memory",
        "Peak of resident memory during one trial, loading included, above what the process holds before, which "
        "includes the links as an array of 16 bytes each.",
        ("wiki-vote", "deezer-hu", "lfr:100000:0.4"),
        BOTH,
        ("network", "search", "links", "bytes per link"),
    ),
    "threads": of_searches(
        "Threads",
        "mapeq on two threads and on one; the time ratio is the speed-up.",
        ("deezer-hu", "rmat:16", "lfr:100000:0.4"),
        TWO_THREADS,
        ("network", "search", "links", "trials", *COSTS, "same labels"),
    ),
    "large": of_searches(
        "Ten million links",
        "One trial, two levels; mapeq on one and on two threads, infomap on one.",
        ("lfr:1000000:0.4",),
        (MAPEQ, MAPEQ._replace(threads=2), INFOMAP),
        ("network", "links", "threads", *USUAL, "bytes per link"),
    ),
    "disk": Table(
        "From disk to labels",
        "Planted networks, of 40 links a node on average, from a Parquet file to a file of labels: one trial, two "
        "levels, all processors. *Mapped* networks are saved to a folder first and stay on disk. Memory is the "
        "peak of what belongs to the process alone, without files that are mapped, above what it holds before.",
        large.measure,
        large.show_large,
    ),
    "scaling": of_searches(
        "Growth of time with links",
        "One trial, two levels, on LFR networks of mixing 0.4.",
        [f"lfr:{num_nodes}:0.4" for num_nodes in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)],
        (MAPEQ, INFOMAP),
        ("network", "links", *USUAL, "bytes per link"),
    ),
    "kinds": of_searches(
        "Weights, directions, teleportation, hubs",
        "One trial, two levels: exponential weights, random directions, R-MAT networks with hubs, recorded "
        "teleportation, a star, a ring.",
        KINDS,
        (MAPEQ, INFOMAP),
        ("network", "links", *USUAL, "modules", "bytes per link"),
    ),
    "files": of_searches(
        "From file to file",
        "Whole commands, one thread: `mapeq cluster FILE -o OUT.tree` and `infomap FILE FOLDER --tree --two-level`. "
        "mapeq's kernels are compiled.",
        ("jazz", "wiki-vote", "deezer-hu", "lfr:100000:0.4"),
        (MAPEQ._replace(command=True), INFOMAP._replace(command=True)),
        ("network", "links", *COSTS, "difference"),
    ),
    "cold-start": Table(
        "Cold start and warm start",
        "Whole processes; the first call is `import mapeq; mapeq.infomap(...)` on jazz.",
        cold_start,
        show_start,
    ),
    "growth": Table(
        "After a network has grown",
        "A hundredth of the links, or of the nodes, is new. *Full* is a search from scratch, *warm* one with "
        "`initial_partition`, the result before; *difference* is how much longer the warm start's codelength is: mean "
        "and largest of five draws. Changed nodes have new links. Median seconds in one process, one thread, from a "
        "`Network` to a result.",
        partial(growth, specifications=GROWN),
        show_growth,
    ),
    "embeddings": Table(
        "Clusters of embeddings",
        SETS
        + "No default was chosen on these sets, except that a first rule for the Markov time was discarded when it "
        "scored lower than leiden on them.",
        partial(embeddings.measure_sets, role="report"),
        embeddings.show_sets,
    ),
    "embeddings-chosen": Table(
        "Clusters of embeddings, sets that defaults were chosen on",
        SETS,
        partial(embeddings.measure_sets, role="choose"),
        embeddings.show_sets,
    ),
    "embedding-steps": Table(
        "From vectors to clusters, step by step",
        "The 15 nearest neighbours, by cosine, of float32 vectors around 200 centres, and the steps that follow; all "
        "processors. Memory is the peak above what the process holds before, which includes the vectors. The recall is "
        "that of 1,000 vectors.",
        embeddings.measure_steps,
        embeddings.show_steps,
    ),
}


# RESULTS.md ----------------------------------------------------------------------------------


def machine() -> str:
    """Processor, cores, system and versions."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    packages = {name: name for name in PEERS} | embeddings.DISTRIBUTIONS
    found = ", ".join(f"{name} {version}" for name, version in sorted(versions(packages).items()))
    processor = next(names, "") or platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, {found}"


def measure(key: str, settings: Settings) -> Row:
    """A table as it is stored."""
    rows = list(TABLES[key].measure(settings))
    return {"machine": machine(), "date": str(datetime.now(UTC).date()), "rows": [rounded(row) for row in rows]}


def store(stored: dict[str, Row], path: Path) -> None:
    """Write tables as JSON, a line for each row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = []
    for key in (key for key in TABLES if key in stored):
        entry = {name: value for name, value in stored[key].items() if name != "rows"}
        rows = ",\n  ".join(json.dumps(row) for row in stored[key]["rows"])
        parts.append(f'"{key}": {json.dumps(entry)[:-1]}, "rows": [\n  {rows}\n]}}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def rounded(row: Row) -> Row:
    """Figures without the digits that mean nothing."""
    digits = {"codelength": 12, "spread": 4, "disagreement": 2}
    return {
        name: float(f"{value:.{digits.get(name, 5)}g}") if isinstance(value, float) else value
        for name, value in row.items()
    }


def render(path: Path) -> Path:
    """Write RESULTS.md next to the folder of the stored tables."""
    stored: dict[str, Row] = json.loads(path.read_text(encoding="utf-8"))
    rows = {key: stored[key]["rows"] for key in TABLES if key in stored}
    machines = dict.fromkeys(entry["machine"] for entry in stored.values())
    parts = [
        "# Results",
        f"Measured with mapeq {path.stem}. [README.md](README.md) says how. Time ratio is the other's time by mapeq's: "
        "above 1 mapeq is faster. Differences of codelengths are negative where mapeq's is shorter; "
        "`mapeq.evaluate` computes all of them. Unless a table says otherwise, searches run on one thread, from links "
        "in memory to modules in node order, and seconds are medians in warm processes.",
        *(f"{each}." for each in machines),
        "## What holds",
        "\n".join(f"- {sentence}" for sentence in report.what_holds(rows)),
    ]
    if in_short := readme(stored):
        parts += ["## In one table", "Codelength in bits and seconds, one trial.", in_short]
    for key, found in rows.items():
        entry, about = stored[key], TABLES[key]
        runs = max(row.get("runs", 1) for row in found)
        again = (
            f"`python -m benchmarks.compare {key}`, {entry['date']}" + f"; medians of {runs} runs" * (runs > 1) + "."
        )
        parts += [f"## {about.title}", about.about, *entry.get("notes", []), about.show(found), again]
    results = path.parent.parent / "RESULTS.md"
    results.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return results


def readme(stored: dict[str, Row]) -> str:
    """The table of the README: means of ten seeds, or one seed until those are measured."""
    keys = ["ten-seeds"] if "ten-seeds" in stored else ["two-level", "multilevel"]
    rows = [row for key in keys if key in stored for row in stored[key]["rows"]]
    return report.show_readme(rows) if rows else ""


# Command line --------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare on networks, or measure tables; returns the exit code."""
    import mapeq

    parser = _parser()
    options = parser.parse_args(arguments)
    keys = list(TABLES) if options.all else [name for name in options.names if name in TABLES]
    files = [name for name in options.names if name not in (*TABLES, "readme")]
    if keys and (files or options.lfr):
        parser.error("give tables or networks, not both; unknown: " + ", ".join(files + options.lfr))
    with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
        source = networks.Source(Path(folder), options.cache.absolute(), options.seed)
        settings = Settings(source, 1 if options.quick else options.repeat, options.timeout, options.quick)
        results = Path(tempfile.mkdtemp(prefix="mapeq-quick-")) / "results" if options.quick else options.results
        path = results / f"{mapeq.__version__}.json"
        try:
            if keys or options.render or "readme" in options.names:
                stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
                for key in keys:
                    print(f"# {key}", flush=True)
                    try:
                        entry = measure(key, settings)
                    except (ImportError, RunError) as error:
                        print(f"not measured: {error}", file=sys.stderr)
                        continue
                    if entry["rows"]:
                        stored[key] = entry
                        store(stored, path)
                        print(TABLES[key].show(entry["rows"]), flush=True)
                if "readme" in options.names:
                    print(readme(stored))
                print(render(path))
            else:
                compare_networks(files, options, settings)
        except ValueError as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            return 1
    return 0


def compare_networks(files: Sequence[str], options: argparse.Namespace, settings: Settings) -> None:
    """Print a table of the networks on the command line."""
    unknown = [name for name in options.peers if name not in PEERS]
    if unknown:
        raise ValueError(f"unknown peers: {', '.join(unknown)}; choose from {', '.join(PEERS)}")
    programs = [
        Program(name, options.multilevel, options.trials, options.threads) for name in options.peers if installed(name)
    ]
    specifications = [*files, *(f"lfr:{text}" for text in options.lfr)] or [*EXAMPLES, "lfr:10000:0.3"]
    for specification in specifications:
        directed = True if options.directed and specification in files else None
        rows = compare(settings.source(specification, directed=directed), programs, settings)
        print(report.show_rows(rows), end="\n\n", flush=True)
    print(f"{machine()}; median of {settings.repeat} runs, seed {settings.source.seed}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description="Compare mapeq and other libraries on networks, or measure the tables of RESULTS.md.",
        epilog=f"Tables: {', '.join(TABLES)}; readme prints the table of the README. Without arguments: "
        "the networks in examples/data and LFR 10000:0.3.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="FILE|TABLE", help="link lists, plain or .gz, or tables")
    add("--lfr", nargs="+", action="extend", default=[], metavar="NODES:MIXING", help="LFR networks, as 100000:0.4")
    add("--directed", action="store_true", help="the files are directed (default: as a comment at their top says)")
    add(
        "--peers", type=lambda text: text.split(","), default=list(PEERS), metavar="NAMES", help="some of the libraries"
    )
    add("--multilevel", action="store_true", help="search for hierarchies: mapeq and infomap")
    add("--trials", type=positive, default=1, metavar="N", help="trials of each search (1)")
    add("--threads", type=positive, default=1, metavar="N", help="threads of each library (1)")
    add("--repeat", type=positive, default=3, metavar="N", help="runs to take the median of (3)")
    add("--seed", type=positive, default=1, metavar="N", help="for searches and generated networks (1)")
    add("--timeout", type=float, default=1800, metavar="S", help="seconds for each process (1800)")
    add("--all", action="store_true", help="measure all tables, in more than an hour on two cores")
    add("--render", action="store_true", help="measure nothing, render RESULTS.md")
    add("--quick", action="store_true", help="tiny networks and one run, into a temporary folder: tests the code")
    add("--results", type=Path, default=RESULTS, metavar="FOLDER", help="folder of the stored tables (%(default)s)")
    add("--cache", type=Path, default=networks.cache_folder(), metavar="FOLDER", help="folder of generated networks")
    return parser


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())

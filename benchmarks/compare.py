"""mapeq and its peers on the same networks: time, memory, codelength.

    python -m benchmarks.compare [FILE...] [--lfr NODES:MIXING ...] [options]

Without files and --lfr: the networks in examples/data, LFR 10000:0.3 and LFR 100000:0.4.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import peers, report
from benchmarks.networks import EXAMPLES, LFR, Links, file_name, from_file
from benchmarks.options import add_run_options, positive
from benchmarks.runs import Outcome, Plan, compare_on

STANDARD_LFR = ("10000:0.3", "100000:0.4")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        chosen = _available(options.peers, options.multilevel)
        files, generated = _chosen_networks(options)
        directed = _directed_names(options.directed, files)
    except ValueError as error:
        parser.error(str(error))
    plan = Plan(
        chosen, options.trials, options.repeat, options.threads, options.seed, options.timeout, options.multilevel
    )
    versions = {peer: peers.version(peer) for peer in chosen}
    command = shlex.join(["python", "-m", "benchmarks.compare", *(sys.argv[1:] if arguments is None else arguments)])

    outcomes: list[Outcome] = []
    try:
        with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
            for links in _networks(files, directed, generated, plan.seed, options.cache, Path(folder)):
                outcome = compare_on(links, plan, Path(folder))
                print(report.network_table(outcome), end="\n\n", flush=True)
                outcomes.append(outcome)
    except ValueError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: what follows is about the networks that were done", file=sys.stderr)
        _finish(outcomes, plan, command, versions, options)
        return 130
    _finish(outcomes, plan, command, versions, options)
    return 0


def _finish(
    outcomes: Sequence[Outcome], plan: Plan, command: str, versions: dict[str, str], options: argparse.Namespace
) -> None:
    """Print the summary and write the files that were asked for."""
    if not outcomes:
        return
    print(report.closing(outcomes, plan))
    print(report.provenance(command, versions))
    if options.markdown:
        options.markdown.write_text(report.markdown(outcomes, plan, command, versions), encoding="utf-8")
    if options.json:
        whole = {
            "command": command,
            "about": report.provenance(command, versions),
            "versions": versions,
            "plan": asdict(plan),
            "networks": [outcome.as_dict() for outcome in outcomes],
        }
        options.json.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _networks(
    files: Sequence[Path],
    directed: set[str] | None,
    generated: Sequence[LFR],
    seed: int,
    cache: Path,
    folder: Path,
) -> Iterator[Links]:
    """The networks one after the other, each made when its turn comes."""
    for path in files:
        yield from_file(path, folder, directed=None if directed is None else file_name(path) in directed)
    for asked in generated:
        yield asked.links(seed, cache)


def _available(names: Sequence[str], multilevel: bool) -> tuple[str, ...]:
    """The peers that are installed and find what is asked for; says which are or do not."""
    for name in names:
        if name not in peers.PEERS:
            raise ValueError(f"unknown peer {name!r}: choose from {', '.join(peers.PEERS)}")
    missing = [name for name in names if not peers.installed(name)]
    if missing:
        print(f"not installed, left out: {', '.join(missing)} (pip install 'mapeq[bench]')", file=sys.stderr)
    two_level_only = [name for name in names if multilevel and not peers.PEERS[name].multilevel]
    if two_level_only:
        print(f"left out, finds no hierarchy: {', '.join(two_level_only)}", file=sys.stderr)
    left = dict.fromkeys(name for name in names if name not in {*missing, *two_level_only})
    if not left:
        raise ValueError("none of the peers is installed" + (" and finds hierarchies" if multilevel else ""))
    return tuple(left)


def _chosen_networks(options: argparse.Namespace) -> tuple[list[Path], list[LFR]]:
    """The files and generated networks to run on."""
    files = options.files
    asked = options.lfr
    if not files and not asked:
        files, asked = sorted(EXAMPLES.glob("*.txt.gz")), STANDARD_LFR
    for path in files:
        if not path.is_file():
            raise ValueError(f"{path}: no such file")
    generated = [LFR.parse(text) for text in asked]
    if generated and not peers.installed("networkit"):
        print("LFR networks left out: NetworKit generates them (pip install 'mapeq[bench]')", file=sys.stderr)
        generated = []
    if not files and not generated:
        raise ValueError("there is no network to run on")
    return files, generated


def _directed_names(text: str, files: Sequence[Path]) -> set[str] | None:
    """The names of the networks that are directed; None: their files know."""
    if text == "auto":
        return None
    names = {name for name in text.split(",") if name}
    unknown = names - {file_name(path) for path in files}
    if unknown:
        raise ValueError(f"--directed: no file of that name: {', '.join(sorted(unknown))}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description="mapeq and its peers on the same networks: time, memory, codelength.",
        epilog="Without FILE and --lfr: the networks in examples/data and LFR " + " and ".join(STANDARD_LFR) + ".",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="link lists, plain or .gz")
    parser.add_argument(
        "--lfr",
        nargs="+",
        action="extend",
        default=[],
        metavar="NODES:MIXING",
        help="generated networks, as 100000:0.4",
    )
    parser.add_argument(
        "--peers",
        type=lambda text: text.split(","),
        default=list(peers.PEERS),
        metavar="NAMES",
        help=f"what to compare, separated by commas (default: {','.join(peers.PEERS)})",
    )
    parser.add_argument(
        "--directed",
        default="auto",
        metavar="NAMES",
        help="names of the files that are directed, as wiki-vote,email-eu-core (default: auto, as their comments say)",
    )
    parser.add_argument("--multilevel", action="store_true", help="search for hierarchies: mapeq and infomap")
    parser.add_argument("--trials", type=positive, default=1, metavar="N", help="trials of each search (default: 1)")
    parser.add_argument("--threads", type=positive, default=1, metavar="T", help="threads of each library (default: 1)")
    add_run_options(parser)
    parser.add_argument("--markdown", type=Path, metavar="OUT.md", help="write a compact table")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write every run")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Clustering of vectors: mapeq and its peers on labelled sets, or what each step on the way takes.

    python -m benchmarks.embeddings [--role ROLE] [--sets NAMES] [--methods NAMES] [options]
    python -m benchmarks.embeddings --speed [options]

What is measured replaces what benchmarks/results holds of the same sets and methods, and RESULTS.md is made again.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import embedding_tables, labelled, results
from benchmarks.clusterers import METHODS, SEED
from benchmarks.figures import RESULTS, measure
from benchmarks.keys import FIGURES
from benchmarks.measures import FULL, Setting
from benchmarks.networks import cache_folder
from benchmarks.options import folder, positive
from benchmarks.stored import Measured

QUALITY, SPEED = "embeddings", "embeddings-speed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for, render all that is there, and print tables; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command = shlex.join(["python", "-m", "benchmarks.embeddings", *(sys.argv[1:] if arguments is None else arguments)])
    key = SPEED if options.speed else QUALITY
    kept = options.results / f"{key}.json"
    if not options.render_only:
        with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as temporary:
            measured = measure(FIGURES[key], _setting(options, Path(temporary)), command)
        if kept.exists():
            measured.add_older(Measured.read(kept))
        measured.write(options.results)
    elif not kept.exists():
        parser.error(f"{kept}: not measured yet")
    print(embedding_tables.in_short(Measured.read(kept)), end="\n\n")
    print(results.write(options.results))
    return 0


def _setting(options: argparse.Namespace, temporary: Path) -> Setting:
    chosen = tuple(name for name in options.sets if options.role in ("all", labelled.role(name)))
    return Setting(
        sizes=replace(FULL, labelled=chosen),
        repeat=options.repeat,
        repeat_long=options.repeat,
        seed=SEED,
        timeout=options.timeout,
        cache=cache_folder(),
        folder=temporary,
        methods=options.methods,
    )


def _names_among(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads names that are separated by commas."""

    def names(text: str) -> tuple[str, ...]:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}, not {','.join(unknown)!r}")
        return tuple(text.split(","))

    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.embeddings",
        description="Cluster labelled sets of vectors by mapeq and by its peers, or time each step from vectors on.",
        epilog=f"Sets: {', '.join(labelled.NAMES)}. Methods: {', '.join(METHODS)}.",
    )
    parser.add_argument("--speed", action="store_true", help="time each step, instead of judging clusters")
    parser.add_argument(
        "--role",
        choices=("choose", "report", "all"),
        default="report",
        help="sets that served to choose defaults, or to report what they do (default: report)",
    )
    for name, known in (("sets", labelled.NAMES), ("methods", tuple(METHODS))):
        parser.add_argument(
            f"--{name}",
            type=_names_among(known),
            default=known,
            metavar="NAMES",
            help="some of them, separated by commas (default: all)",
        )
    parser.add_argument(
        "--repeat", type=positive, default=3, metavar="R", help="runs of each step to take the median of (default: 3)"
    )
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="of each run (default: 600)")
    parser.add_argument(
        "--results",
        type=folder,
        default=RESULTS,
        metavar="FOLDER",
        help="where to keep what was measured, RESULTS.md beside it (default: benchmarks/results)",
    )
    parser.add_argument("--render-only", action="store_true", help="measure nothing, print and make RESULTS.md again")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Every figure that mapeq is measured by, in one command, and RESULTS.md of them.

    python -m benchmarks.figures [KEY ...] [options]

Without keys all figures are measured. Each leaves a file in benchmarks/results, from which RESULTS.md is made.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import embedding_tables, growing, peers, report, results
from benchmarks.keys import FIGURES, Figure
from benchmarks.measures import FULL, LONG, QUICK, Setting
from benchmarks.options import add_run_options, folder, positive
from benchmarks.runs import ROOT, Outcome
from benchmarks.stored import Clustering, Growth, Measured, Part, Step

RESULTS = ROOT / "benchmarks" / "results"
QUICK_RESULTS = ROOT / "build" / "quick" / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for, and render all that is there; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command = shlex.join(["python", "-m", "benchmarks.figures", *(sys.argv[1:] if arguments is None else arguments)])
    stored = options.results or (QUICK_RESULTS if options.quick else RESULTS)
    code = 0
    if not options.render_only:
        needed = dict.fromkeys(name for figure in options.figures or FIGURES.values() for name in figure.needs)
        missing = [name for name in needed if not peers.installed(name)]
        if missing:
            parser.error(f"{' and '.join(missing)} needed: pip install 'mapeq[bench]'")
        try:
            with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as temporary:
                for figure in options.figures or FIGURES.values():
                    measure(figure, _setting(options, Path(temporary)), command).write(stored)
        except KeyboardInterrupt:
            print("\ninterrupted: what was being measured is lost, what was done before is kept", file=sys.stderr)
            code = 130
    print(results.write(stored))
    return code


def _setting(options: argparse.Namespace, temporary: Path) -> Setting:
    return Setting(
        sizes=QUICK if options.quick else FULL,
        repeat=options.repeat,
        repeat_long=options.repeat_long,
        seed=options.seed,
        timeout=options.timeout,
        cache=options.cache,
        folder=temporary,
        huge=options.huge,
    )


def measure(figure: Figure, setting: Setting, command: str) -> Measured:
    """Measure a figure, and show its parts one by one."""
    about = [figure.runs or _how(setting), report.provenance(command, figure.versions())]
    measured = Measured(figure.key, about)
    print(f"# {figure.key}", end="\n\n", flush=True)
    for part in figure.measure(setting):
        print(_as_text(part), end="\n\n", flush=True)
        measured.add(part)
    return measured


def _how(setting: Setting) -> str:
    runs = f"Median of {setting.repeat} interleaved runs"
    if setting.repeat_long != setting.repeat:
        runs += f" ({setting.repeat_long} of programs other than mapeq where links times trials exceed {LONG:,})"
    return f"{runs}, each in a process of its own; one thread unless it says otherwise; seed {setting.seed}."


def _as_text(part: Part) -> str:
    if isinstance(part, Outcome):
        return report.network_table(part)
    if isinstance(part, Clustering):
        return embedding_tables.clustering_line(part)
    if isinstance(part, Step):
        return embedding_tables.step_line(part)
    if isinstance(part, Growth):
        return growing.line(part)
    return f"{part.what}: {part.problem or report.seconds(part.seconds) + ' s'}"


def _figure(key: str) -> Figure:
    if key not in FIGURES:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(FIGURES)}, not {key!r}")
    return FIGURES[key]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.figures",
        description="Measure the figures that mapeq should reach, and make RESULTS.md of all that were measured.",
        epilog="Keys: " + ", ".join(FIGURES) + ".",
    )
    parser.add_argument("figures", nargs="*", type=_figure, metavar="KEY", help="what to measure (all)")
    add_run_options(parser)
    parser.add_argument(
        "--repeat-long",
        type=positive,
        default=1,
        metavar="R",
        help="runs of other programs where they take minutes (default: 1)",
    )
    parser.add_argument("--huge", action="store_true", help="scaling: a network of 5 million nodes, too, for mapeq")
    parser.add_argument("--quick", action="store_true", help="small networks, to see that all works; no measurement")
    parser.add_argument(
        "--results",
        type=folder,
        metavar="FOLDER",
        help="where to keep what was measured, RESULTS.md and the picture beside it (default: benchmarks/results, "
        "with --quick build/quick/results)",
    )
    parser.add_argument("--render-only", action="store_true", help="measure nothing, make RESULTS.md again")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Options that the programs here share."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.networks import cache_folder


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """How often, from which seed and how long a search may run, and where networks are kept."""
    parser.add_argument(
        "--repeat", type=positive, default=3, metavar="R", help="runs to take the median of (default: 3)"
    )
    parser.add_argument("--seed", type=positive, default=1, metavar="S", help="for searches and networks (default: 1)")
    parser.add_argument("--timeout", type=float, default=1800, metavar="SECONDS", help="of each run (default: 1800)")
    parser.add_argument(
        "--cache",
        type=folder,
        default=cache_folder(),
        metavar="FOLDER",
        help="folder for LFR networks (default: %(default)s)",
    )


def folder(text: str) -> Path:
    """A folder by its whole path: workers run elsewhere."""
    return Path(text).absolute()


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, not {text!r}")
    return int(text)

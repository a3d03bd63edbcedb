"""Outputs of commands: checked before a search, written after it."""

from __future__ import annotations

import argparse
import sys

import mapeq.pictures.writers  # noqa: F401  (registers .gexf and .html)
from mapeq._base.errors import OptionError, option_error
from mapeq.cli.networks import check_keeps_input, short_name
from mapeq.io.files.output import WRITERS, check_writable, format_of, write_result
from mapeq.io.files.profiles import check_table
from mapeq.io.files.streams import STANDARD_OUTPUT, opened
from mapeq.io.files.tables import write_labels
from mapeq.result.result import Result

#: Labels of more nodes are not shown on a terminal unless they are asked for.
_MOST_LINES = 100


def check_outputs(options: argparse.Namespace, min_size: int = 1) -> None:
    """Raise, before a long search, if an output cannot be written."""
    check_named_once([*options.output, *([] if options.module_table is None else [options.module_table])])
    check_module_table(options)
    if options.strength and options.hide_secondary:
        raise option_error("strength", True, "omitted with hide_secondary, which leaves no links to measure it by")
    for path in _outputs(options):
        check_keeps_input(options.file, path)
        if options.strength and "strength" not in _supported(options, path):
            raise ValueError(f"{path}: --strength must be omitted, because only .csv, .tsv and .parquet files have it")
        if path == STANDARD_OUTPUT and options.format is None:
            continue
        check_writable(path, options.format)
        supported = _supported(options, path)
        if "min_size" not in supported and min_size > 1:
            allowed = "omitted, because only .csv, .tsv and .parquet files can leave out small modules"
            raise ValueError(f"{path}: --min-cluster-size must be {allowed}")
        if getattr(options, "physical", False) and "physical" not in supported:  # of cluster only
            raise ValueError(f"{path}: --physical must be omitted, because only .clu, .tree and .ftree files have it")
    check_level("clu_level", options.clu_level)
    if options.clu_level > 1 and not options.multilevel:  # known before the search
        raise option_error("clu_level", options.clu_level, "1, or -1, without --multilevel")
    if min_size < 1:
        raise option_error("min_cluster_size", min_size, "a whole number, 1 or more")


def check_module_table(options: argparse.Namespace) -> None:
    """Raise if the table of modules, if there is to be one, cannot be written."""
    if options.module_table is not None:
        for file in (options.file, getattr(options, "partition", None)):  # evaluate has a partition
            if file is not None:
                check_keeps_input(file, options.module_table)
        check_table(options.module_table)


def check_named_once(outputs: list[str]) -> None:
    """Raise if two outputs are the same file."""
    twice = [path for place, path in enumerate(outputs) if path in outputs[:place]]
    if twice:
        raise ValueError(f"{twice[0]}: this output is named twice")


def check_level(option: str, level: int) -> None:
    """Raise if no result has such a level."""
    if level < 1 and level != -1:
        raise option_error(option, level, "a whole number, 1 or more, or -1")


def check_exists(option: str, level: int, result: Result) -> None:
    """Raise if the result has no such level."""
    try:
        result.labels_at(level)
    except OptionError as error:
        raise option_error(option, level, error.allowed) from None


def write_modules(options: argparse.Namespace, result: Result, min_size: int = 1) -> None:
    """Write the modules to all outputs."""
    write_module_table(options, result)
    if options.hide_secondary:
        result = result.primary()
    # Those that depend on the level come last: all others are kept if the result has no such level.
    for path in sorted(_outputs(options), key=lambda path: _format(options, path) == "clu"):
        name = _format(options, path)
        if name is None:
            if not is_too_long(options, result):
                with opened(path) as stream:
                    write_labels(result, stream, min_size)
            continue
        level = options.clu_level if name == "clu" else 1
        check_exists("clu_level", level, result)
        is_physical = getattr(options, "physical", False)  # an option of cluster only
        title = short_name(options.file)
        write_result(result, path, name, level, min_size, title, is_physical, options.strength)
        if path != STANDARD_OUTPUT:
            options.written.append(path)


def write_module_table(options: argparse.Namespace, result: Result) -> None:
    """Write the table of modules, if there is to be one."""
    if options.module_table is not None:
        result.module_table().write(options.module_table)
        options.written.append(options.module_table)


def _outputs(options: argparse.Namespace) -> list[str]:
    """Return the paths to write to, at least one."""
    return options.output or [STANDARD_OUTPUT]


def _format(options: argparse.Namespace, path: str) -> str | None:
    """Return the format of an output, None for the labels that standard output has by default."""
    return None if path == STANDARD_OUTPUT and options.format is None else format_of(path, options.format)


def _supported(options: argparse.Namespace, path: str) -> tuple[str, ...]:
    """Return what the format of an output has of the options of :func:`~mapeq.io.files.output.write_result`."""
    name = _format(options, path)
    return () if name is None else WRITERS[name].options


def is_too_long(options: argparse.Namespace, result: Result) -> bool:
    """Return whether the labels, which nobody asked for, would push the summary out of a terminal."""
    return not (options.output or options.quiet) and sys.stdout.isatty() and result.num_nodes > _MOST_LINES

"""The commands; :mod:`mapeq.cli.parser` imports this module only to run one of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial

from mapeq import api
from mapeq._base.errors import option_error
from mapeq.cli.comparing import compared
from mapeq.cli.completion import completion_script
from mapeq.cli.networks import check_inputs, check_keeps_input, display_name, measured, read_network, short_name
from mapeq.cli.outputs import (
    check_exists,
    check_level,
    check_module_table,
    check_named_once,
    check_outputs,
    write_module_table,
    write_modules,
)
from mapeq.cli.pictures import style_of
from mapeq.cli.repeated import profile, stability
from mapeq.cli.searches import clustered, read_for_search
from mapeq.cli.stages import Stages
from mapeq.cli.summary import summary_of
from mapeq.cli.vectors import embeddings
from mapeq.io.files.streams import STANDARD_OUTPUT, check_place
from mapeq.io.files.writers import check_network_output, write_network
from mapeq.network.statistics import describe_statistics, described
from mapeq.pictures.files import check_picture, write_picture
from mapeq.pictures.network import check_kind
from mapeq.result.result import Result


def info(options: argparse.Namespace) -> int:
    """Describe a network. Like all commands, return the exit code."""
    stages = Stages(visible=True)
    try:
        stages.begin("read", f"reading {display_name(options.file)} ...")
        network = read_network(options)
        stages.begin("statistics", f"{described(network)} ...")
        statistics = network.summary()
    finally:
        stages.clear()
    if options.json:
        print(json.dumps({"file": options.file} | statistics, indent=1, ensure_ascii=False))
        return 0
    print(display_name(options.file))
    rows = describe_statistics(statistics)
    width = max(map(len, rows))
    print("\n".join(f"  {name:<{width}}  {text}" for name, text in rows.items()))
    print("".join(f"note: {note}\n" for note in statistics["notes"]), end="")
    return 0


def convert(options: argparse.Namespace) -> int:
    """Write a network in another format."""
    writer = check_network_output(options.output, options.format)
    check_keeps_input(options.file, options.output)
    if writer.write is not None and options.output != STANDARD_OUTPUT:
        check_place(options.output)
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {display_name(options.file)} ...")
        network = read_network(options)
        stages.begin("write", f"{described(network)}: writing ...")
        write_network(network, options.output, options.format)
    finally:
        stages.clear()
    if not options.quiet:
        print(f"{display_name(options.file)}: {described(network)} -> {options.output}", file=sys.stderr)
    return 0


def cluster(options: argparse.Namespace) -> int:
    """Find the communities of a network."""
    check_inputs(options.file, options.initial_partition, options.names, options.metadata)
    check_outputs(options)
    return clustered(
        options, partial(read_for_search, options), partial(write_modules, options), start=options.initial_partition
    )


def evaluate(options: argparse.Namespace) -> int:
    """Measure a given partition or hierarchy of a network."""
    check_inputs(options.file, options.partition, options.names, options.metadata)
    check_module_table(options)
    result, heading = measured(options, options.partition)
    write_module_table(options, result)
    print(summary_of(heading, result))
    index, modules = result.index_codelength, result.module_codelength
    print(f"index {index:.12g} + modules {modules:.12g} = {result.codelength:.12g} bits per step")
    return 0


def plot(options: argparse.Namespace) -> int:
    """Draw the communities of a network, found or given."""
    check_inputs(options.file, options.modules, options.names, getattr(options, "metadata", None))
    _check_pictures(options)
    if options.modules is None:
        return clustered(options, partial(read_for_search, options), partial(_draw, options))
    if options.markov_time == "auto":
        raise option_error("markov_time", "auto", "the number used to find the modules, with --modules")
    result, heading = measured(options, options.modules)
    _draw(options, result)
    if not options.quiet:
        print(summary_of(heading, result), file=sys.stderr)
        print(f"drawn -> {', '.join(options.output)}", file=sys.stderr)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare partitions: each with the next one."""
    check_inputs(options.network, *options.partitions)
    check_named_once(options.output)
    return compared(options, [short_name(file) for file in options.partitions])


def completion(options: argparse.Namespace) -> int:
    """Print a script for shell completion."""
    print(completion_script(options.parser, options.shell))
    return 0


def warmup(options: argparse.Namespace) -> int:
    """Compile all kernels."""
    api.warmup(progress=sys.stderr.isatty())
    return 0


def _check_pictures(options: argparse.Namespace) -> None:
    check_named_once(options.output)
    for path in options.output:
        check_picture(path)
    if options.level is not None:
        check_level("level", options.level)
    check_kind(options.kind, options.level, style_of(options))
    if options.level is not None and options.level > 1 and not (options.multilevel or options.modules):
        raise option_error("level", options.level, "1, or -1, without --multilevel")


def _draw(options: argparse.Namespace, result: Result) -> None:
    style = style_of(options)
    for path in options.output:
        if options.level is not None:
            check_exists("level", options.level, result)
        write_picture(result, path, options.kind, level=options.level, style=style)
        options.written.append(path)


#: All commands, by name: what each gets are its options, and what it returns is the exit code.
COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "info": info,
    "convert": convert,
    "cluster": cluster,
    "embeddings": embeddings,
    "evaluate": evaluate,
    "compare": compare,
    "plot": plot,
    "profile": profile,
    "stability": stability,
    "warmup": warmup,
    "completion": completion,
}

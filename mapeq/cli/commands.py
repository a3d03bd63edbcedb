"""The commands; :mod:`mapeq.cli.parser` imports this module only to run one of them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mapeq.pictures.report.page  # noqa: F401  (registers .html)
from mapeq import api, inputs, resolution
from mapeq._base.errors import NetworkError, OptionError, counted, option_error
from mapeq._base.options import stated_options
from mapeq._base.threads import usable_processors
from mapeq.cli.comparing import compared
from mapeq.cli.completion import completion_script
from mapeq.cli.groups import OF_VECTORS
from mapeq.cli.pictures import style_of
from mapeq.cli.stages import Stages
from mapeq.cli.summary import summary_of
from mapeq.embeddings.graph import AffinityOptions, affinity_graph, find_neighbors
from mapeq.embeddings.neighbors import METRICS, Neighbors
from mapeq.embeddings.together import search_as_one
from mapeq.io.files.networks import FORMATS
from mapeq.io.files.output import WRITERS, check_writable, format_of, write_result
from mapeq.io.files.streams import STANDARD_OUTPUT, check_place, opened
from mapeq.io.files.tables import write_labels
from mapeq.io.files.vectors import read_vectors
from mapeq.io.files.writers import check_network_output, write_network
from mapeq.io.inputs import as_network
from mapeq.network.network import Network
from mapeq.network.statistics import describe_statistics, described
from mapeq.objective.options import ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.pictures.files import check_picture, write_picture
from mapeq.pictures.network import check_kind
from mapeq.pictures.profile import check_profile_output, write_profile
from mapeq.result.result import Result
from mapeq.walk.options import WalkOptions

#: Labels of more nodes are not shown on a terminal unless they are asked for.
_MOST_LINES = 100

#: Options of the walk and of the objective that are taken as they are.
_STATED_OPTIONS = tuple(
    option.name
    for option in stated_options(WalkOptions) + stated_options(ObjectiveOptions)
    if option.name != "markov_time"
)

#: What a search needs, and the heading of its summary.
Prepared = tuple[Network, WalkOptions, ObjectiveOptions, str]


def info(options: argparse.Namespace) -> int:
    """Describe a network. Like all commands, return the exit code."""
    stages = Stages(visible=True)
    try:
        stages.begin("read", f"reading {_display_name(options.file)} ...")
        network = _read(options)
        stages.begin("statistics", f"{described(network)} ...")
        statistics = network.summary()
    finally:
        stages.clear()
    if options.json:
        print(json.dumps({"file": options.file} | statistics, indent=1, ensure_ascii=False))
        return 0
    print(_display_name(options.file))
    rows = describe_statistics(statistics)
    width = max(map(len, rows))
    print("\n".join(f"  {name:<{width}}  {text}" for name, text in rows.items()))
    print("".join(f"note: {note}\n" for note in statistics["notes"]), end="")
    return 0


def convert(options: argparse.Namespace) -> int:
    """Write a network in another format."""
    check_network_output(options.output, options.format)
    _check_keeps_input(options.file, options.output)
    if options.output != STANDARD_OUTPUT:
        check_place(options.output)
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {_display_name(options.file)} ...")
        network = _read(options)
        stages.begin("write", f"{described(network)}: writing ...")
        write_network(network, options.output, options.format)
    finally:
        stages.clear()
    if not options.quiet:
        print(f"{_display_name(options.file)}: {described(network)} -> {options.output}", file=sys.stderr)
    return 0


def cluster(options: argparse.Namespace) -> int:
    """Find the communities of a network."""
    _check_inputs(options.file, options.initial_partition, options.names, options.metadata)
    _check_outputs(options)
    return _clustered(options, partial(_prepared, options), partial(_write, options), start=options.initial_partition)


def embeddings(options: argparse.Namespace) -> int:
    """Find the clusters of vectors: the communities of the network of their nearest neighbours."""
    if options.metric not in METRICS:
        raise option_error("metric", options.metric, "one of " + ", ".join(METRICS))
    affinity = AffinityOptions(
        options.n_neighbors,
        options.metric,
        options.weights,
        options.symmetrize,
        options.min_similarity,
        options.algorithm,
    )
    is_directed = affinity.symmetrize == "directed"
    markov_time, _ = inputs.checked_markov_time(options.markov_time)
    given = {name: value for name in OF_VECTORS if (value := getattr(options, name)) is not None}
    walk = {"flow_model": "directed" if is_directed else "undirected", "markov_time": markov_time}
    flow_options, objective = WalkOptions.from_dict(given | walk), ObjectiveOptions.from_dict(given)

    groups: NDArray[np.int64] | None = None

    def search(network: Network, *rest: Any) -> Result:
        return search_as_one(network, groups, *rest)

    def prepared(stages: Stages) -> Prepared:
        vectors, labels = read_vectors(options.file)
        _check_distinct(labels)
        inputs.check_preferred_number(objective, len(vectors), "vectors")
        nonlocal groups
        groups = affinity.groups(vectors)
        neighbors = _neighbors(vectors, groups, affinity, options, stages)
        graph = affinity_graph(neighbors, affinity, groups, num_threads=options.num_threads or usable_processors())
        network = Network.from_csr(graph, directed=is_directed, labels=labels)
        num_vectors, num_dimensions = vectors.shape
        heading = (
            f"{counted(num_vectors, 'vector')} of {counted(num_dimensions, 'dimension')}, "
            f"{counted(neighbors.indices.shape[1], 'neighbour')} each by {affinity.metric}, "
            f"{counted(network.num_links, 'link')}"
        )
        return network, flow_options, objective, heading

    min_size = options.min_cluster_size
    _check_outputs(options, min_size)
    write = partial(_write, options, min_size=min_size)
    return _clustered(options, prepared, write, min_size=min_size, search=search)


def evaluate(options: argparse.Namespace) -> int:
    """Measure a given partition or hierarchy of a network."""
    _check_inputs(options.file, options.partition, options.names, options.metadata)
    result, heading = _measured(options, options.partition)
    print(summary_of(heading, result))
    index, modules = result.index_codelength, result.module_codelength
    print(f"index {index:.12g} + modules {modules:.12g} = {result.codelength:.12g} bits per step")
    return 0


def plot(options: argparse.Namespace) -> int:
    """Draw the communities of a network, found or given."""
    _check_inputs(options.file, options.modules, options.names, getattr(options, "metadata", None))
    _check_pictures(options)
    if options.modules is None:
        return _clustered(options, partial(_prepared, options), partial(_draw, options))
    if options.markov_time == "auto":
        raise option_error("markov_time", "auto", "the number used to find the modules, with --modules")
    result, heading = _measured(options, options.modules)
    _draw(options, result)
    if not options.quiet:
        print(summary_of(heading, result), file=sys.stderr)
        print(f"drawn -> {', '.join(options.output)}", file=sys.stderr)
    return 0


def profile(options: argparse.Namespace) -> int:
    """Find the communities at many Markov times."""
    _check_inputs(options.file, options.names)
    _check_named_once(options.output)
    for path in options.output:
        _check_keeps_input(options.file, path)
        check_profile_output(path)
    times = None if options.markov_times is None else resolution.checked_times(options.markov_times)
    resolution.checked_threshold(options.threshold)
    search_options = SearchOptions(options.num_trials, options.seed, options.num_threads)
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {_display_name(options.file)} ...")
        network, flow_options, _ = _network(options)
        stages.begin("search", f"{described(network)}: computing the random walk ...")
        report = resolution.shown_on(stages.status) if stages.status else None
        found = resolution.profile(
            network, flow_options, times, search_options, threshold=options.threshold, report=report
        )
        stages.begin("compare", "comparing the partitions ...")
        table = str(found)
    finally:
        stages.clear()
    for path in options.output:
        write_profile(found, path, Path(_display_name(options.file)).name)
    if not options.quiet:
        print(f"{_display_name(options.file)}: {described(network)}\n{table}")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare partitions: each with the next one."""
    _check_inputs(options.network, *options.partitions)
    _check_named_once(options.output)
    return compared(options, [Path(_display_name(file)).name for file in options.partitions])


def _measured(options: argparse.Namespace, partition: str) -> tuple[Result, str]:
    """Measure the partition in a file; return its result, and a heading that names the options it was found with."""
    partition = inputs.read_twice(partition)
    network, flow_options, objective = _network(options, partition)
    result = api.measure(network, flow_options, partition, objective)
    heading = f"{_display_name(options.file)}: {described(network)}"
    found_with = inputs.found_options(partition)
    walk = WalkOptions("directed" if network.directed else "undirected")
    defaults = {
        "directed": False,
        "bipartite": False,
        "metadata": False,
        **walk.as_dict(),
        **ObjectiveOptions().as_dict(),
    }
    taken = [
        f"{name.replace('_', ' ')} {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in found_with.items()
        if getattr(options, name) is None and result.options[name] == value != defaults[name]
    ]
    if taken:
        heading += f"\nmeasured as {_display_name(os.fspath(partition))} was found: {', '.join(taken)}"
    return result, heading


def completion(options: argparse.Namespace) -> int:
    """Print a script for shell completion."""
    print(completion_script(options.parser, options.shell))
    return 0


def warmup(options: argparse.Namespace) -> int:
    """Compile all kernels."""
    api.warmup(progress=sys.stderr.isatty())
    return 0


# Shared by the commands that search ---------------------------------------------------------


def _clustered(
    options: argparse.Namespace,
    prepared: Callable[[Stages], Prepared],
    write: Callable[[Result], None],
    *,
    start: str | None = None,
    min_size: int = 1,
    search: Callable[..., Result] = api.search,
) -> int:
    """Get the network, search for its modules, write them, and print a summary."""
    fits_time = options.markov_time == "auto"
    search_options = SearchOptions(
        options.num_trials,
        options.seed,
        options.num_threads,
        options.time_limit,
        options.multilevel,
        fits_time,
        getattr(options, "min_module_size", 1),  # only clusters of networks have it
    )
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {_display_name(options.file)} ...")
        network, flow_options, objective, heading = prepared(stages)
        counts = f"{counted(network.num_nodes, 'node')}, {counted(network.num_links, 'link')}"
        stages.begin("search", f"{counts}: computing the random walk ...")
        control = Control(options.time_limit, stages.status, keep_on_interrupt=True)
        result = search(network, flow_options, search_options, control, start, objective)
        stages.begin("write", "writing ...")
    finally:
        stages.clear()
    write(result)
    if not options.quiet:
        time_found = f", Markov time {result.options['markov_time']:.3g}" if fits_time else ""
        print(summary_of(f"{_display_name(options.file)}: {heading}{time_found}", result, min_size), file=sys.stderr)
        print(stages.last_line(options.written, result, control.interrupted), file=sys.stderr)
        if _is_too_long(options, result):
            print(
                f"the modules of {counted(result.num_nodes, 'node')} are not shown: -o modules.csv writes them to a "
                "file, -o - to this terminal",
                file=sys.stderr,
            )
    return 130 if control.interrupted else 0


def _check_outputs(options: argparse.Namespace, min_size: int = 1) -> None:
    _check_named_once(options.output)
    for path in _outputs(options):
        _check_keeps_input(options.file, path)
        if path == STANDARD_OUTPUT and options.format is None:
            continue
        check_writable(path, options.format)
        name = format_of(path, options.format)
        if "min_size" not in WRITERS[name].options and min_size > 1:
            allowed = "omitted, because only .csv, .tsv and .parquet files can leave out small modules"
            raise ValueError(f"{path}: --min-cluster-size must be {allowed}")
        if getattr(options, "physical", False) and "physical" not in WRITERS[name].options:  # of cluster only
            raise ValueError(f"{path}: --physical must be omitted, because only .clu, .tree and .ftree files have it")
    _check_level("clu_level", options.clu_level)
    if options.clu_level > 1 and not options.multilevel:  # known before the search
        raise option_error("clu_level", options.clu_level, "1, or -1, without --multilevel")
    if min_size < 1:
        raise option_error("min_cluster_size", min_size, "a whole number, 1 or more")


def _check_named_once(outputs: list[str]) -> None:
    """Raise if two outputs are the same file."""
    twice = [path for place, path in enumerate(outputs) if path in outputs[:place]]
    if twice:
        raise ValueError(f"{twice[0]}: this output is named twice")


def _check_pictures(options: argparse.Namespace) -> None:
    _check_named_once(options.output)
    for path in options.output:
        check_picture(path)
    if options.level is not None:
        _check_level("level", options.level)
    check_kind(options.kind, options.level, style_of(options))
    if options.level is not None and options.level > 1 and not (options.multilevel or options.modules):
        raise option_error("level", options.level, "1, or -1, without --multilevel")


def _check_level(option: str, level: int) -> None:
    if level < 1 and level != -1:
        raise option_error(option, level, "a whole number, 1 or more, or -1")


def _check_exists(option: str, level: int, result: Result) -> None:
    """Raise if the result has no such level."""
    try:
        result.labels_at(level)
    except OptionError as error:
        raise option_error(option, level, error.allowed) from None


def _write(options: argparse.Namespace, result: Result, min_size: int = 1) -> None:
    if options.hide_secondary:
        result = result.primary()
    # Those that depend on the level come last: all others are kept if the result has no such level.
    for path in sorted(_outputs(options), key=lambda path: _format(options, path) == "clu"):
        name = _format(options, path)
        if name is None:
            if not _is_too_long(options, result):
                with opened(path) as stream:
                    write_labels(result, stream, min_size)
            continue
        level = options.clu_level if name == "clu" else 1
        _check_exists("clu_level", level, result)
        is_physical = getattr(options, "physical", False)  # an option of cluster only
        title = Path(_display_name(options.file)).name
        write_result(result, path, name, level, min_size, title, physical=is_physical)
        if path != STANDARD_OUTPUT:
            options.written.append(path)


def _outputs(options: argparse.Namespace) -> list[str]:
    """Return the paths to write to, at least one."""
    return options.output or [STANDARD_OUTPUT]


def _format(options: argparse.Namespace, path: str) -> str | None:
    """Return the format of an output, None for the labels that standard output has by default."""
    return None if path == STANDARD_OUTPUT and options.format is None else format_of(path, options.format)


def _is_too_long(options: argparse.Namespace, result: Result) -> bool:
    """Return whether the labels, which nobody asked for, would push the summary out of a terminal."""
    return not (options.output or options.quiet) and sys.stdout.isatty() and result.num_nodes > _MOST_LINES


def _draw(options: argparse.Namespace, result: Result) -> None:
    for path in options.output:
        if options.level is not None:
            _check_exists("level", options.level, result)
        write_picture(result, path, options.kind, level=options.level, style=style_of(options))
        options.written.append(path)


# Input ---------------------------------------------------------------------------------------


def _read(options: argparse.Namespace) -> Network:
    network = as_network(
        options.file,
        directed=options.directed,
        bipartite=options.bipartite,
        weight=options.weight,
        ends=(options.source, options.target),
        file_options=_file_options(options),
    )
    return network.without_self_links() if options.no_self_links else network


def _file_options(options: argparse.Namespace) -> dict[str, Any]:
    if not (options.input_format is None or options.input_format in FORMATS):
        raise option_error("input_format", options.input_format, "one of " + ", ".join(FORMATS))
    comment = "" if options.comment == "none" else options.comment
    return {
        "format": options.input_format,
        "encoding": options.encoding,
        "label": options.label,
        "comment": comment,
        "names": options.names,
        "order": options.order,
        "relax_rate": options.relax_rate,
        "relax": options.relax,
        "limit": options.relax_limit,
        "time": options.time,
        "window": options.window,
        "num_windows": options.num_windows,
        "origin": options.origin,
    }


def _network(
    options: argparse.Namespace, partition: str | None = None
) -> tuple[Network, WalkOptions, ObjectiveOptions]:
    markov_time = getattr(options, "markov_time", None)  # profiles have many
    markov_time = None if markov_time is None else inputs.checked_markov_time(markov_time)[0]
    network, flow_options, objective = inputs.network_and_options(
        options.file,
        directed=options.directed,
        bipartite=options.bipartite,
        weight=options.weight,
        ends=(options.source, options.target),
        file_options=_file_options(options),
        partition=partition,
        metadata=getattr(options, "metadata", None),  # profiles have no objective
        metadata_column=getattr(options, "metadata_column", None),
        markov_time=markov_time,
        **{name: getattr(options, name, None) for name in _STATED_OPTIONS},
    )
    return (network.without_self_links() if options.no_self_links else network), flow_options, objective


def _prepared(options: argparse.Namespace, stages: Stages) -> Prepared:
    network, flow_options, objective = _network(options)
    if getattr(options, "physical", False) and network.states is None:
        raise NetworkError("--physical is for networks of states, and this one has none")
    return network, flow_options, objective, described(network)


def _check_inputs(*files: str | None) -> None:
    """Raise if two of the network, the partition, the names and the metadata are standard input."""
    if files.count("-") > 1:
        raise ValueError("only one of the network, the partition, the names and the metadata can be standard input")


def _check_keeps_input(file: str, output: str) -> None:
    """Raise if an output would replace the input."""
    are_files = STANDARD_OUTPUT not in (file, output) and os.path.isfile(file) and os.path.exists(output)
    if are_files and os.path.samefile(file, output):
        raise ValueError(f"{output}: is the input; name another output file")


def _check_distinct(labels: list[str] | None) -> None:
    """Raise if two labels are equal, before the slow search for neighbours."""
    rows: dict[str, int] = {}
    for row, label in enumerate(labels or []):
        if rows.setdefault(label, row) != row:
            raise ValueError(f"rows {rows[label]} and {row} of the vectors have the same label {label!r}")


def _neighbors(
    vectors: Any,
    groups: NDArray[np.int64] | None,
    affinity: AffinityOptions,
    options: argparse.Namespace,
    stages: Stages,
) -> Neighbors:
    """Find the neighbours of vectors."""
    stages.begin("neighbours", "finding neighbours ...")
    num_threads = options.num_threads or usable_processors()
    return find_neighbors(vectors, affinity, groups, num_threads=num_threads, report=stages.report_part)


# Output to the terminal ----------------------------------------------------------------------


def _display_name(file: str) -> str:
    return "standard input" if file == "-" else file

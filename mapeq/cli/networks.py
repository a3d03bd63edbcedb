"""Networks of commands: read as the options say."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from mapeq import api, inputs
from mapeq._base.errors import option_error
from mapeq._base.options import stated_options
from mapeq.io.files.networks import FORMATS
from mapeq.io.files.streams import STANDARD_OUTPUT
from mapeq.io.inputs import as_network
from mapeq.network.network import Network
from mapeq.network.statistics import described
from mapeq.objective.options import ObjectiveOptions
from mapeq.result.result import Result
from mapeq.walk.options import WalkOptions

#: Options of the walk and of the objective that are taken as they are.
_STATED_OPTIONS = tuple(
    option.name
    for option in stated_options(WalkOptions) + stated_options(ObjectiveOptions)
    if option.name != "markov_time"
)


def read_network(options: argparse.Namespace) -> Network:
    """Read the network."""
    network = as_network(
        options.file,
        directed=options.directed,
        bipartite=options.bipartite,
        weight=options.weight,
        ends=(options.source, options.target),
        file_options=_file_options(options),
    )
    return network.without_self_links() if options.no_self_links else network


def read_with_options(
    options: argparse.Namespace, partition: str | None = None
) -> tuple[Network, WalkOptions, ObjectiveOptions]:
    """Read the network, and the options of the walk and of the objective, with those of a partition as defaults."""
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


def measured(options: argparse.Namespace, partition: str) -> tuple[Result, str]:
    """Measure the partition in a file; return its result, and a heading that names the options it was found with."""
    partition = inputs.read_twice(partition)
    network, flow_options, objective = read_with_options(options, partition)
    result = api.measure(network, flow_options, partition, objective)
    heading = f"{display_name(options.file)}: {described(network)}"
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
        heading += f"\nmeasured as {display_name(os.fspath(partition))} was found: {', '.join(taken)}"
    return result, heading


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


def check_inputs(*files: str | None) -> None:
    """Raise if two of the network, the partition, the names and the metadata are standard input."""
    if files.count("-") > 1:
        raise ValueError("only one of the network, the partition, the names and the metadata can be standard input")


def check_keeps_input(file: str, output: str) -> None:
    """Raise if an output would replace the input."""
    are_files = STANDARD_OUTPUT not in (file, output) and os.path.exists(file) and os.path.exists(output)
    if are_files and os.path.samefile(file, output):
        raise ValueError(f"{output}: is the input; name another output file")


def display_name(file: str) -> str:
    """Return how messages call a file."""
    return "standard input" if file == "-" else file


def short_name(file: str) -> str:
    """Return what a network is called in titles."""
    return Path(display_name(file)).name

"""The search of the commands that find modules, and what it says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from mapeq import api
from mapeq._base.errors import NetworkError, counted
from mapeq.cli.networks import display_name, read_with_options
from mapeq.cli.outputs import is_too_long
from mapeq.cli.stages import Stages
from mapeq.cli.summary import summary_of
from mapeq.inputs import with_room
from mapeq.network.network import Network
from mapeq.network.statistics import described
from mapeq.objective.options import ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.result.result import Result
from mapeq.walk.options import WalkOptions

#: What a search needs, and the heading of its summary.
Prepared = tuple[Network, WalkOptions, ObjectiveOptions, str]


def read_for_search(options: argparse.Namespace, stages: Stages) -> Prepared:
    """Read the network, and what is to be searched for."""
    network, flow_options, objective = read_with_options(options)
    if getattr(options, "physical", False) and network.states is None:
        raise NetworkError("--physical is for networks of states, and this one has none")
    return network, flow_options, objective, described(network)


def clustered(
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
        stages.begin("read", f"reading {display_name(options.file)} ...")
        network, flow_options, objective, heading = prepared(stages)
        network = with_room(network, flow_options, search_options)
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
        print(summary_of(f"{display_name(options.file)}: {heading}{time_found}", result, min_size), file=sys.stderr)
        print(stages.last_line(options.written, result, control.interrupted), file=sys.stderr)
        if is_too_long(options, result):
            print(
                f"the modules of {counted(result.num_nodes, 'node')} are not shown: -o modules.csv writes them to a "
                "file, -o - to this terminal",
                file=sys.stderr,
            )
    return 130 if control.interrupted else 0

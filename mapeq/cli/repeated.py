"""The commands that search many times: ``mapeq profile`` and ``mapeq stability``."""

from __future__ import annotations

import argparse

from mapeq import resolution
from mapeq.cli.networks import check_inputs, check_keeps_input, display_name, read_with_options, short_name
from mapeq.cli.outputs import check_named_once
from mapeq.cli.stages import Stages
from mapeq.network.statistics import described
from mapeq.optimizer.control import SearchOptions
from mapeq.pictures.profile import check_profile_output, write_profile


def profile(options: argparse.Namespace) -> int:
    """Find the communities at many Markov times."""
    check_inputs(options.file, options.names)
    check_named_once(options.output)
    for path in options.output:
        check_keeps_input(options.file, path)
        check_profile_output(path)
    times = None if options.markov_times is None else resolution.checked_times(options.markov_times)
    resolution.checked_threshold(options.threshold)
    search_options = SearchOptions(options.num_trials, options.seed, options.num_threads)
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {display_name(options.file)} ...")
        network, flow_options, _ = read_with_options(options)
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
        write_profile(found, path, short_name(options.file))
    if not options.quiet:
        print(f"{display_name(options.file)}: {described(network)}\n{table}")
    return 0

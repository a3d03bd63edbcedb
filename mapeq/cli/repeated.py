"""The commands that search many times: ``mapeq profile`` and ``mapeq stability``."""

from __future__ import annotations

import argparse

from mapeq import resolution, robustness
from mapeq._base.errors import option_error
from mapeq.cli.interrupts import interrupted
from mapeq.cli.networks import check_inputs, check_keeps_input, display_name, read_with_options, short_name
from mapeq.cli.outputs import check_named_once
from mapeq.cli.pictures import looks_of
from mapeq.cli.stages import Stages
from mapeq.network.statistics import described
from mapeq.optimizer.control import SearchOptions
from mapeq.pictures.profile import check_profile_output, write_profile
from mapeq.pictures.stability import write_stability
from mapeq.pictures.style import Style


def profile(options: argparse.Namespace) -> int:
    """Find the communities at many Markov times."""
    check_inputs(options.file, options.names)
    style = _checked_outputs(options)
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
        write_profile(found, path, style)
    if not options.quiet:
        print(f"{display_name(options.file)}: {described(network)}\n{table}")
    return 0


def stability(options: argparse.Namespace) -> int:
    """Measure how often modules come back."""
    check_inputs(options.file, options.names, options.metadata)
    style = _checked_outputs(options)
    resample, fraction, level = options.resample, options.fraction, options.level
    confidence, num_resamples = options.confidence, options.num_resamples
    for name, value in (("fraction", fraction), ("num_resamples", num_resamples)):
        if resample is None and value is not None:
            raise option_error(name, value, "omitted without --resample")
    robustness.check_measurement(resample, fraction, confidence, options.num_trials, num_resamples, level)
    if level == -1 and not options.multilevel:
        raise option_error("level", level, "1 without --multilevel")
    search_options = SearchOptions(
        options.num_trials,
        options.seed,
        options.num_threads,
        multilevel=options.multilevel,
        min_module_size=options.min_module_size,
    )
    stages = Stages(visible=not options.quiet)
    try:
        stages.begin("read", f"reading {display_name(options.file)} ...")
        network, walk, objective = read_with_options(options)
        stages.begin("search", f"{described(network)}: searching ...")
        found = robustness.measure(
            network,
            walk,
            objective,
            search_options,
            resample=resample,
            fraction=fraction,
            confidence=confidence,
            num_resamples=num_resamples,
            level=level,
            report=robustness.shown_on(stages.status) if stages.status else None,
        )
        stages.begin("compare", "comparing the partitions ...")
        table = str(found)
    finally:
        stages.clear()
    for path in options.output:
        write_stability(found, path, style)
        options.written.append(path)
    if not options.quiet:
        print(f"{display_name(options.file)}: {described(network)}\n{found.described()}\n{table}")
    return 0 if found.stopped_by is None else interrupted(options.written, "after the searches that are shown")


def _checked_outputs(options: argparse.Namespace) -> Style:
    """Return the style of pictures, or raise, before a long search, if an output cannot be written."""
    check_named_once(options.output)
    for path in options.output:
        check_keeps_input(options.file, path)
        check_profile_output(path)
    return looks_of(options, short_name(options.file))

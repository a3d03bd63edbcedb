"""What a command says about a result."""

from __future__ import annotations

import shutil
import textwrap

import numpy as np

from mapeq._base.errors import counted
from mapeq.io.files.tables import modules_column
from mapeq.network.states import most_visited
from mapeq.result.modules import listed
from mapeq.result.result import ROUNDING, Result


def summary_of(heading: str, result: Result, min_size: int = 1, most: int = 5) -> str:
    """Return a summary of a result as text."""
    is_deep = result.num_levels > 2
    modules = counted(result.num_modules, "top module" if is_deep else "module")
    saved = f"{result.one_level_codelength:.6f} without modules ({result.relative_savings:.1%} saved)"
    if result.one_level_codelength <= ROUNDING:
        saved = "the walk never has a choice, so there is nothing to describe"
    depth = f" in {result.num_levels} levels" if is_deep else ""
    lines = [heading, f"{modules}{depth}, {abs(result.codelength):.6f} bits per step; {saved}"]
    if result.metadata_codelength is not None:
        agreement, rate = result.metadata_agreement(), result.options["metadata_rate"]
        lines.append(
            f"{result.metadata_codelength:.6f} of these bits describe the metadata, at rate {rate:g}; modules and "
            f"metadata agree by {agreement:.3f} (adjusted mutual information)"
        )
    if result.price > ROUNDING:
        lines.append(f"{result.price:.6f} of these bits are the price of the numbers of code words and modules")
    if result.preference_cost is not None:
        preferred = counted(result.options["preferred_number_of_modules"], "module")
        lines.append(f"preferring {preferred} lengthens the description by {result.preference_cost:.6f} bits per step")
    if result.min_size_cost is not None:
        least = result.options["min_module_size"]
        lines.append(f"modules of at least {least:,} nodes cost {result.min_size_cost:.6f} bits per step")
    if min_size > 1:
        sizes = result.module_sizes[result.module_sizes < min_size]
        num_small, num_nodes = counted(len(sizes), "module"), counted(int(sizes.sum()), "node")
        lines.append(f"{num_small} of fewer than {min_size:,} nodes: {num_nodes} written as -1")
    if is_deep:
        lines.append("   level   modules  bits per step saved")
        levels = zip(result.modules_per_level, result.level_savings, strict=True)
        lines += [f"  {level:6,} {number:9,} {saved:10.6f}" for level, (number, saved) in enumerate(levels, 1)]
    if len(result.trials) > 1:
        trials = f"{len(result.trials)} trials, {min(result.trials):.6f} to {max(result.trials):.6f} bits per step"
        more = {True: "; the last one still helped: try more", False: "; the last one no longer helped", None: ""}
        lines.append(trials + more[result.more_trials_help])
    numbers = modules_column(result, min_size)
    num_modules = max(int(numbers.max(initial=0)), 0)
    if num_modules:
        lines.append("  module     nodes     flow  most visited nodes")
    for module in range(1, min(most, num_modules) + 1):
        members = np.flatnonzero(numbers == module)
        visited = members
        if result.network.sides is not None and result.flow.any():
            visited = members[result.flow[members] > 0]  # secondary nodes are not
        network = result.network
        names = listed(most_visited(network.states, network.labels, visited, result.flow)[:5], 4)
        lines.append(f"  {module:6,} {len(members):9,} {result.flow[members].sum():8.1%}  {names}")
    if num_modules > most:
        lines.append(f"  and {num_modules - most:,} smaller")
    if result.explanation:
        lines.append(textwrap.fill(result.explanation, min(shutil.get_terminal_size((100, 24)).columns, 100)))
    return "\n".join(lines)

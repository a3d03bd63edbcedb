"""What was measured, for people: tables, ratios, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import geometric_mean

from benchmarks.peers import PEERS
from benchmarks.runs import UNDIRECTED_ONLY, Outcome, Plan, Row

ABSENT = "-"


def seconds(value: float | None) -> str:
    """Three digits are all that a timing is worth."""
    if value is None:
        return ABSENT
    digits = 4 if value < 0.1 else 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


def ratio(value: float | None) -> str:
    """How many times."""
    if value is None:
        return ABSENT
    return f"x{value:.2f}" if value < 10 else f"x{value:.{int(value < 100)}f}"


def bits(value: float | None, digits: int = 6) -> str:
    """A codelength."""
    return ABSENT if value is None else f"{value:.{digits}f}"


def whole(value: float | None) -> str:
    """A count, thousands apart."""
    return ABSENT if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A signed difference."""
    if value is None:
        return ABSENT
    if abs(value) < 1e-8:  # rounding
        return "0 %"
    return f"{value:+.3f} %" if abs(value) >= 0.001 else f"{value:+.1g} %"


def time_ratio(row: Row, ours: Row | None) -> float | None:
    """A peer's total time by mapeq's."""
    if ours is None or ours.total is None or row.total is None:
        return None
    return row.total / ours.total


def excess(row: Row, ours: Row | None) -> float | None:
    """A peer's codelength above mapeq's, in per cent of it."""
    if ours is None or ours.codelength is None or row.codelength is None:
        return None
    # One bit in 10^12 is rounding, and a network of one module may have no bits at all.
    return 100 * (row.codelength - ours.codelength) / max(ours.codelength, 1e-12)


def network_table(outcome: Outcome) -> str:
    """One network: a line a peer."""
    ours = outcome.row("mapeq")
    head = ["", "version", "load s", "search s", "total s", "peak B/link", "codelength", "modules", "levels"]
    lines = [[*head, "time vs mapeq", "bits vs mapeq"]]
    for row in outcome.rows:
        cells = [seconds(row.load), seconds(row.search), seconds(row.total), whole(row.bytes_per_link)]
        cells += [bits(row.codelength), whole(row.num_modules), whole(row.num_levels)]
        cells += [ratio(time_ratio(row, ours)), percent(excess(row, ours))] if row is not ours else ["", ""]
        lines.append([row.label, row.version, *cells])
    table = _aligned(lines, left=2).splitlines()
    for position, row in enumerate(outcome.rows, 1):
        if row.problem:
            table[position] = f"{row.label:<{_width(lines, 0)}}  {row.version:<{_width(lines, 1)}}  {row.problem}"
    text = "\n".join([outcome.about.title, *table])
    if outcome.disagreement is not None:
        text += f"\ninfomap, asked for the codelength of mapeq's modules, differs by {outcome.disagreement:.1e} bits"
    return text


def closing(outcomes: Sequence[Outcome], plan: Plan) -> str:
    """Geometric means over the networks, the largest disagreement, and what must be known."""
    lines = []
    for peer, mean, count in mean_ratios(outcomes, plan):
        networks = "network" if count == 1 else "networks"
        lines.append(f"{peer}: {ratio(mean)} mapeq's total time (geometric mean of {count} {networks})")
    disagreements = [outcome.disagreement for outcome in outcomes if outcome.disagreement is not None]
    if disagreements:
        lines.append(
            f"largest disagreement of infomap on the codelength of mapeq's modules: {max(disagreements):.1e} bits"
        )
    lines += [how(plan), *notes(outcomes, plan)]
    return "\n".join(lines)


def mean_ratios(outcomes: Sequence[Outcome], plan: Plan) -> list[tuple[str, float, int]]:
    """For each peer the geometric mean of its time ratios, and over how many networks."""
    means = []
    for peer in plan.peers:
        pairs = [(outcome.row(peer), outcome.row("mapeq")) for outcome in outcomes]
        ratios = [time_ratio(row, ours) for row, ours in pairs if row is not None]
        known = [value for value in ratios if value is not None]
        if known and peer != "mapeq":
            means.append((peer, geometric_mean(known), len(known)))
    return means


def how(plan: Plan) -> str:
    """How the figures came about."""
    threads = "one thread" if plan.threads == 1 else f"{plan.threads} threads"
    runs = "one run" if plan.repeat == 1 else f"median of {plan.repeat} interleaved runs"
    trials = "1 trial" if plan.trials == 1 else f"{plan.trials} trials"
    found = "hierarchies" if plan.multilevel else "labels"
    return (
        f"From links in memory (int64 array) to {found} in node order: {runs}, each in a warm process of its own; "
        f"{threads}, {trials}, seed {plan.seed}. Codelengths in bits per step, all by mapeq.evaluate."
    )


def notes(outcomes: Sequence[Outcome], plan: Plan) -> list[str]:
    """What a reader of the figures must know."""
    said = []
    for peer in plan.peers:
        if PEERS[peer].on_directed and any(outcome.about.directed for outcome in outcomes):
            said.append(f"{peer}: {PEERS[peer].on_directed}.")
        if PEERS[peer].on_trials and plan.trials > 1:
            said.append(f"{peer}: {PEERS[peer].on_trials}.")
    measured = [row for outcome in outcomes for row in outcome.rows if row.problem is None]
    if any(row.bytes_per_link is None for row in measured):
        said.append("Peak memory could not be measured here for every run (it needs Linux).")
    return said


def provenance(command: str, versions: dict[str, str]) -> str:
    """Machine, versions, date, command."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{cpu_model()}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, {packages}; "
        f"{datetime.now(UTC).date()}; `{command}`"
    )


def cpu_model() -> str:
    """What the processor is called."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def markdown(outcomes: Sequence[Outcome], plan: Plan, command: str, versions: dict[str, str]) -> str:
    """A compact table for a README: for each peer the codelength, levels of hierarchies, the seconds and the ratio."""
    head, lines = ["network", "nodes", "links"], [_markdown_row(outcome, plan) for outcome in outcomes]
    figures = ["levels", "s"] if plan.multilevel else ["s"]
    for peer in plan.peers:
        head += [f"{peer}: bits", *figures, *([] if peer == "mapeq" else ["time vs mapeq"])]
    means = {peer: mean for peer, mean, _ in mean_ratios(outcomes, plan)}
    if means:
        last = ["geometric mean", "", ""]
        for peer in plan.peers:
            last += ["", *("" for _ in figures), *([] if peer == "mapeq" else [ratio(means.get(peer))])]
        lines.append(last)
    problems = [
        f"{outcome.about.name}, {row.peer}: {row.problem}."
        for outcome in outcomes
        for row in outcome.rows
        if row.problem and row.problem != UNDIRECTED_ONLY  # the notes say so
    ]
    footer = [how(plan), *notes(outcomes, plan), *problems, provenance(command, versions)]
    return markdown_table(head, lines) + "\n\n" + "\n".join(f"{line}  " for line in footer).rstrip() + "\n"


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table in Markdown, the first `left` columns flush left, figures flush right."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])


def _markdown_row(outcome: Outcome, plan: Plan) -> list[str]:
    about, ours = outcome.about, outcome.row("mapeq")
    name = f"{about.name} (directed)" if about.directed else about.name
    cells = [name, whole(about.num_nodes), whole(about.num_links)]
    for peer in plan.peers:
        row = outcome.row(peer)
        if row is None:
            continue
        cells += [bits(row.codelength, 4), *([whole(row.num_levels)] if plan.multilevel else []), seconds(row.total)]
        if peer != "mapeq":
            cells.append(ratio(time_ratio(row, ours)))
    return cells


def _aligned(lines: Sequence[Sequence[str]], left: int) -> str:
    """Columns side by side, the first `left` of them flush left, figures flush right."""
    widths = [_width(lines, column) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if column < left else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _width(lines: Sequence[Sequence[str]], column: int) -> int:
    return max(len(line[column]) for line in lines)

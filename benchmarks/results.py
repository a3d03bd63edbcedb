"""RESULTS.md: what was measured beside what it should be, then all figures in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import chart, embedding_tables, growing
from benchmarks.goals import digests
from benchmarks.keys import FIGURES, Figure
from benchmarks.peers import PEERS
from benchmarks.report import ABSENT, bits, excess, markdown_table, percent, ratio, seconds, time_ratio, whole
from benchmarks.runs import Outcome, Row
from benchmarks.stored import Measured, Timing

INTRODUCTION = """# Results

Made from the files in `results/` by `python -m benchmarks.figures`; [README.md](README.md) says what is measured and
how. Unless a figure says otherwise, seconds are from links in memory (int64 array) to labels in node order, in a warm
process. Ratios are infomap's seconds by mapeq's. Codelengths are bits per step, all by `mapeq.evaluate`; their
difference is negative where mapeq's is shorter. *Disagreement* is by how many bits infomap and mapeq differ about
mapeq's own partition or hierarchy. *Levels* count that of the nodes, mapeq's first.
"""


def read_all(folder: Path) -> dict[str, Measured]:
    """All that was measured, by key, in the order of the figures."""
    return {key: Measured.read(folder / f"{key}.json") for key in FIGURES if (folder / f"{key}.json").exists()}


def write(folder: Path) -> Path:
    """Make RESULTS.md and the picture, beside the folder with what was measured."""
    measured = read_all(folder)
    picture = folder.parent / "codelength-against-time.png"
    if "plot" in measured:
        chart.draw(measured["plot"].outcomes, picture)
    path = folder.parent / "RESULTS.md"
    path.write_text(render(measured, picture.name), encoding="utf-8")
    return path


def render(measured: Mapping[str, Measured], picture: str) -> str:
    """The whole text."""
    parts = [INTRODUCTION, summary(measured)]
    for key, found in measured.items():
        parts.append(section(FIGURES[key], found))
        if key == "plot":
            parts.append(f"![Codelength against time]({picture})\n")
    return "\n".join(parts)


def summary(measured: Mapping[str, Measured]) -> str:
    """Every figure beside its bounds."""
    lines = []
    for key, figure in FIGURES.items():
        for goal in figure.goals(measured.get(key, Measured(key, []))):
            cells = [goal.shown(goal.least), goal.shown(goal.hoped), goal.shown(goal.value)]
            lines.append(
                [f"[{key}](#{_anchor(figure)})" if key in measured else key, goal.what, *cells, goal.verdict()]
            )
    return markdown_table(["figure", "", "at least", "hoped for", "measured", "met?"], lines, left=2) + "\n"


def _anchor(figure: Figure) -> str:
    """Where a heading is found, as Markdown on the web has it."""
    return "".join(sign for sign in figure.title.lower().replace(" ", "-") if sign.isalnum() or sign == "-")


def section(figure: Figure, measured: Measured) -> str:
    """One figure in full."""
    table = each_table if figure.each else pair_table
    tables = [table(measured.outcomes)] if measured.outcomes else []
    tables += [timing_table(measured.timings)] if measured.timings else []
    tables += embedding_tables.clusterings(measured.clusterings) if measured.clusterings else []
    tables += [embedding_tables.steps(measured.steps)] if measured.steps else []
    tables += [growing.table(measured.growths)] if measured.growths else []
    footer = "\n".join(f"{line}  " for line in [*_notes(measured.outcomes), *measured.about]).rstrip()
    return "\n\n".join([f"## {figure.title}", f"`{figure.key}`: {figure.how}", *tables, footer]) + "\n"


def _notes(outcomes: Sequence[Outcome]) -> list[str]:
    """What went wrong, and what a reader must know of other programs on directed networks."""
    problems, known = [], {}
    for outcome in outcomes:
        for row in outcome.rows:
            if row.problem:
                problems.append(f"{outcome.about.name}, {row.label}: {row.problem}.")
            elif outcome.about.directed and PEERS[row.peer].on_directed:
                known[row.peer] = f"{row.peer}: {PEERS[row.peer].on_directed}."
    return problems + list(known.values())


def pair_table(outcomes: Sequence[Outcome]) -> str:
    """mapeq beside infomap, a line for each number of trials and threads of mapeq."""
    head = ["network", "links", "mapeq", "s", "infomap", "s", "ratio", "runs", "mapeq: bits", "infomap: bits"]
    head += ["difference", "disagreement", "peak B/link", "levels"]
    lines = [
        [_name(outcome), whole(outcome.about.num_links), *_pair(ours, outcome.row("infomap", ours.multilevel))]
        for outcome in outcomes
        for ours in outcome.rows
        if ours.peer == "mapeq"
    ]
    return markdown_table(head, lines)


def _pair(ours: Row, found: Row | None) -> list[str]:
    theirs = found or Row("infomap", problem=ABSENT)
    return [
        _variant(ours),
        seconds(ours.total),
        _variant(theirs),
        seconds(theirs.total),
        ratio(time_ratio(theirs, ours)),
        f"{len(ours.runs)}, {len(theirs.runs)}",
        bits(ours.codelength),
        bits(theirs.codelength),
        percent(excess(ours, theirs)),
        ABSENT if ours.disagreement is None else f"{ours.disagreement:.0e}",
        f"{whole(ours.bytes_per_link)}, {whole(theirs.bytes_per_link)}",
        f"{_levels(ours)}, {_levels(theirs)}",
    ]


def each_table(outcomes: Sequence[Outcome]) -> str:
    """A line for each program and number of trials."""
    head = [
        "network",
        "links",
        "program",
        "runs",
        "load s",
        "search s",
        "total s",
        "bits",
        "modules",
        "levels",
        "labels",
    ]
    lines = [
        [
            _name(outcome),
            whole(outcome.about.num_links),
            row.label,
            f"{len(row.runs)}",
            *(seconds(value) for value in (row.load, row.search, row.total)),
            bits(row.codelength),
            whole(row.num_modules),
            _levels(row),
            " ".join(sorted(digest[:6] for digest in digests(row))),
        ]
        for outcome in outcomes
        for row in outcome.rows
        if row.problem is None
    ]
    return markdown_table(head, lines)


def timing_table(timings: Sequence[Timing]) -> str:
    """A line for each command."""
    lines = [[timing.what, seconds(timing.seconds), timing.problem or f"{len(timing.runs)}"] for timing in timings]
    return markdown_table(["command", "s", "runs"], lines)


def _name(outcome: Outcome) -> str:
    return f"{outcome.about.name} (directed)" if outcome.about.directed else outcome.about.name


def _levels(row: Row) -> str:
    """How many levels, that of the nodes included; rows of two levels were once kept without their number."""
    return whole(2 if row.codelength is not None and not row.multilevel else row.num_levels)


def _variant(row: Row) -> str:
    """How many trials and threads, and whether a hierarchy was searched for, in short."""
    if row.problem is not None:
        return row.problem
    trials = "1 trial" if row.trials == 1 else f"{row.trials} trials"
    trials += ", multilevel" if row.multilevel else ""
    return trials if row.threads == 1 else f"{trials}, {row.threads} threads"

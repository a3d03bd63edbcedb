"""Clusterings of vectors, and the steps to them, for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean

from benchmarks._clusterer import STAGES
from benchmarks.clusterers import METHODS
from benchmarks.report import ABSENT, markdown_table, seconds, whole
from benchmarks.scores import SCORES
from benchmarks.stored import Clustering, Measured, Step

ROLES = ("report", "choose")


def clustering_line(clustering: Clustering) -> str:
    """What one method made of one set."""
    head = f"{clustering.name} ({clustering.role}), {clustering.method}: "
    if clustering.problem is not None:
        return head + clustering.problem
    found = ", ".join(f"{name} {score(value)}" for name, value in clustering.scores.items())
    return f"{head}{found}; {_clusters(clustering)} clusters, {seconds(clustering.seconds)} s"


def step_line(step: Step) -> str:
    """What one step took."""
    return f"{step.what}, {step.program}, {step.num_vectors:,} vectors: {step.problem or seconds(step.seconds) + ' s'}"


def score(value: float | None) -> str:
    """Three digits: the next ones change with the seed."""
    return ABSENT if value is None else f"{value:.3f}"


def in_short(measured: Measured) -> str:
    """What a README shows: the steps, or means over each half of the sets."""
    if measured.steps:
        return steps(measured.steps)
    return "\n\n".join(_summaries(measured.clusterings))


def clusterings(measured: Sequence[Clustering]) -> list[str]:
    """All that is known of clusterings: the methods, means of each half, then set by set."""
    clustered = [each for each in measured if not METHODS[each.method].places]
    parts = ["\n".join(f"- {name}: {METHODS[name].about}" for name in _methods(measured)), *_summaries(measured)]
    for what, cell in _CELLS.items():
        parts += [f"{what}, set by set:", by_set(clustered, cell)]
    placed = [each for each in measured if METHODS[each.method].places]
    if placed:
        parts += ["New vectors, placed among clusters of the others; all sets:", summary(placed)]
        parts += ["AMI of those placed, set by set:", by_set(placed, _CELLS["AMI"])]
    problems = [f"{each.name}, {each.method}: {each.problem}.  " for each in measured if each.problem is not None]
    return [*parts, "\n".join(problems).rstrip()] if problems else parts


def _summaries(measured: Sequence[Clustering]) -> list[str]:
    parts = []
    for role in ROLES:
        part = [each for each in measured if each.role == role and not METHODS[each.method].places]
        parts += [f"Sets to {role}:", summary(part)] if part else []
    return parts


def summary(measured: Sequence[Clustering]) -> str:
    """For each method the mean score and the worst over all sets, and the seconds for all of them."""
    num_sets = len({each.name for each in measured})
    head = ["method", *(f"{name}: {of}" for name in SCORES for of in ("mean", "worst")), "worst AMI on", "s, in all"]
    lines = []
    for method in _methods(measured):
        known = [each for each in measured if each.method == method and each.problem is None]
        worst = min(known, key=lambda each: each.scores[SCORES[0]], default=None)
        found = [[each.scores[name] for each in known] for name in SCORES]
        name = method if len(known) == num_sets else f"{method} ({len(known)} of {num_sets} sets)"
        cells = [score(of(values) if values else None) for values in found for of in (mean, min)]
        time = sum(each.seconds for each in known) if known else None
        lines.append([name, *cells, worst.name if worst else ABSENT, seconds(time)])
    return markdown_table(head, lines)


def by_set(measured: Sequence[Clustering], cell: Callable[[Clustering], str]) -> str:
    """A line a set, a column a method."""
    methods = _methods(measured)
    known = {(each.name, each.method): each for each in measured}
    lines = []
    for name in dict.fromkeys(each.name for each in measured):
        found = [known.get((name, method)) for method in methods]
        cells = [ABSENT if each is None or each.problem is not None else cell(each) for each in found]
        lines.append([*_about(next(each for each in found if each is not None)), *cells])
    return markdown_table([*_ABOUT, *methods], lines, left=2)


def steps(measured: Sequence[Step]) -> str:
    """A line a step; those that follow when neighbours are found are summed up, too."""
    head = ["step", "program", "vectors", "s", "peak MB", "should be MB", "recall", "runs"]
    lines = [
        [
            step.what,
            step.program,
            f"{step.num_vectors:,} x {step.num_dimensions}",
            seconds(step.seconds),
            _megabytes(step.peak),
            _megabytes(step.allowed),
            score(step.recall),
            step.problem or f"{len(step.runs)}",
        ]
        for step in [*measured, *_sum(measured)]
    ]
    return markdown_table(head, lines, left=2)


def _sum(measured: Sequence[Step]) -> list[Step]:
    """All that follows when neighbours are found, as one step; nothing if a part of it is missing."""
    parts = [step for step in measured if step.what in STAGES and step.runs]
    if len(parts) < len(STAGES):
        return []
    runs = [sum(run) for run in zip(*(step.runs for step in parts), strict=True)]
    return [replace(parts[0], what="all that follows neighbours", runs=runs)]


_ABOUT = ("set", "role", "vectors", "classes")


def _about(clustering: Clustering) -> list[str]:
    size = f"{clustering.num_vectors:,} x {clustering.num_dimensions}"
    return [clustering.name, clustering.role, size, whole(clustering.num_classes)]


def _clusters(clustering: Clustering) -> str:
    """How many there are, and how many vectors are in none."""
    alone = f" + {whole(clustering.num_unclustered)}" if clustering.num_unclustered else ""
    return whole(clustering.num_clusters) + alone


def _megabytes(value: float | None) -> str:
    return whole(None if value is None else value / 1e6)


def _methods(measured: Sequence[Clustering]) -> list[str]:
    """Those that ran, in the order of the list of methods."""
    ran = {each.method for each in measured}
    return [name for name in METHODS if name in ran]


_CELLS: dict[str, Callable[[Clustering], str]] = {
    **{name: lambda each, name=name: score(each.scores[name]) for name in SCORES},
    "Clusters, and vectors in none": _clusters,
    "Seconds": lambda each: seconds(each.seconds),
}

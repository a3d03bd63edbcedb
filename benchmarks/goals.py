"""What every figure should be, and whether it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, linear_regression, mean

from benchmarks._clusterer import EXACT, GRAPH, SEARCH, STAGES
from benchmarks.commands import COLD, HELP, WARM, WARMUP
from benchmarks.measures import SAME_BITS, as_short
from benchmarks.report import excess, time_ratio
from benchmarks.runs import Outcome, Row
from benchmarks.stored import Measured

TIMES = "{} x"
SECONDS = "{} s"

#: Networks of fewer links are searched from nothing in some hundredths of a second.
GROWN = 20_000

#: Which part of the time from nothing it should take at most to go on.
MOST_OF_FULL = 0.2

#: Links between which growth is fitted: below, times are mostly what every search costs; above, few can measure.
FITTED = (50_000, 20_000_000)


@dataclass(frozen=True)
class Goal:
    """A figure and its bounds: `least` is what it should be at least, `hoped` what would be better still."""

    what: str
    value: float | None  #: None: not measured
    unit: str = "{}"
    least: float | None = None
    hoped: float | None = None
    more: bool = True  #: whether more is better

    def verdict(self) -> str:
        """Whether it is met, in words."""
        if self.value is None:
            return "not measured"
        if self.least is None and self.hoped is None:
            return ""
        if self._reaches(self.hoped):
            return "yes, as hoped"
        if self.least is None:
            return "less than hoped"
        return "yes" if self._reaches(self.least) else "**no**"

    def _reaches(self, bound: float | None) -> bool:
        if bound is None or self.value is None:
            return False
        return self.value >= bound - SAME_BITS if self.more else self.value <= bound + SAME_BITS

    def shown(self, value: float | None) -> str:
        """A value of this figure."""
        if value is None:
            return "-"
        if abs(value) < SAME_BITS:
            value = 0
        return self.unit.format(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")


def find(
    outcome: Outcome, peer: str, trials: int | None = None, threads: int | None = None, multilevel: bool | None = None
) -> Row | None:
    """The first row that fits; None: there is none, or it has no figures."""
    return next(
        (
            row
            for row in outcome.rows
            if row.peer == peer
            and trials in (None, row.trials)
            and threads in (None, row.threads)
            and multilevel in (None, row.multilevel)
            and row.total
        ),
        None,
    )


def pairs(
    outcomes: Sequence[Outcome], trials: int | None = None, threads: int | None = None
) -> Iterator[tuple[Row, Row]]:
    """mapeq with so many trials and threads, and infomap, on every network where both have figures.

    Both found hierarchies, or neither.
    """
    for outcome in outcomes:
        theirs = find(outcome, "infomap")
        ours = None if theirs is None else find(outcome, "mapeq", trials, threads, theirs.multilevel)
        if ours is not None and theirs is not None:
            yield ours, theirs


def both_kinds(outcomes: Sequence[Outcome]) -> list[tuple[Row, Row]]:
    """What mapeq did with hierarchies, and with two levels, wherever both have figures."""
    found = [[find(outcome, "mapeq", multilevel=kind) for kind in (True, False)] for outcome in outcomes]
    return [(deep, flat) for deep, flat in found if deep is not None and flat is not None]


def ratios(found: Sequence[tuple[Row, Row]]) -> list[float]:
    """How many times faster mapeq is."""
    return [time_ratio(theirs, ours) for ours, theirs in found]


def one_trial(measured: Measured) -> list[Goal]:
    return _one_trial(measured, mean=10, hoped=20, smallest=5)


def multilevel(measured: Measured) -> list[Goal]:
    excesses = [excess(deep, flat) for deep, flat in both_kinds(measured.outcomes)]
    above = "codelength above that of mapeq's own two levels, largest"
    return [
        *_one_trial(measured, mean=5, smallest=2),
        Goal(above, max(excesses, default=None), "{} %", 0, more=False),
    ]


def _one_trial(measured: Measured, mean: float, smallest: float, hoped: float | None = None) -> list[Goal]:
    found = list(pairs(measured.outcomes))
    times = ratios(found)
    excesses = [excess(ours, theirs) for ours, theirs in found]
    of = f"{len(found)} of {len(measured.outcomes)} networks"
    return [
        Goal(f"time ratio, geometric mean, {of}", geometric_mean(times) if times else None, TIMES, mean, hoped),
        Goal("time ratio, smallest", min(times, default=None), TIMES, smallest),
        Goal("codelength above infomap's, largest", max(excesses, default=None), "{} %", 0, more=False),
    ]


def million(measured: Measured) -> list[Goal]:
    one, two = (ratios(list(pairs(measured.outcomes, threads=threads))) for threads in (1, 2))
    return [
        Goal("time ratio, one thread", next(iter(one), None), TIMES, 20, 30),
        Goal("time ratio, two threads to infomap's one", next(iter(two), None), TIMES, 25, 45),
    ]


def best_of_20(measured: Measured) -> list[Goal]:
    return _best_of(20, measured, ratio=50, hoped=100)


def multilevel_best_of_10(measured: Measured) -> list[Goal]:
    part = _reached(measured)[1]
    return [
        *_best_of(10, measured, ratio=10),
        Goal("part of infomap's time, all together", part, least=0.1, more=False),
    ]


def _best_of(trials: int, measured: Measured, ratio: float, hoped: float | None = None) -> list[Goal]:
    found = list(pairs(measured.outcomes))
    reached = [pair for pair in found if as_short(*pair)]
    times, total = ratios(reached), len(measured.outcomes)
    return [
        Goal(
            f"networks on which infomap's best of {trials} is reached",
            len(reached) if found else None,
            f"{{}} of {total}",
            total,
        ),
        Goal("time ratio there, geometric mean", geometric_mean(times) if times else None, TIMES, ratio, hoped),
    ]


def ten_trials(measured: Measured) -> list[Goal]:
    total = len(measured.outcomes)
    reached, part = "networks at or below infomap's best of 20", "part of infomap's time"
    ten, time_of_ten = _reached(measured, 10)
    four, time_of_four = _reached(measured, 4)
    return [
        Goal(f"10 trials: {reached}", ten, f"{{}} of {total}", least=total),
        Goal(f"10 trials: {part}", time_of_ten, least=0.1, more=False),
        Goal(f"4 trials: {reached}", four, f"{{}} of {total}", hoped=total),
        Goal(f"4 trials: {part}", time_of_four, hoped=0.1, more=False),
    ]


def _reached(measured: Measured, trials: int | None = None) -> tuple[int | None, float | None]:
    """On how many networks so many trials suffice, and which part of infomap's time they take, over all."""
    found = list(pairs(measured.outcomes, trials))
    if not found:
        return None, None
    return sum(as_short(*pair) for pair in found), sum(ours.total for ours, _ in found) / sum(
        row.total for _, row in found
    )


def memory(measured: Measured) -> list[Goal]:
    ours, theirs = _both(measured, "bytes_per_link")
    return [
        Goal("mapeq", ours, "{} B/link", 40, 25, more=False),
        Goal("infomap", theirs, "{} B/link"),
    ]


def multilevel_memory(measured: Measured) -> list[Goal]:
    parts = [
        deep.bytes_per_link / flat.bytes_per_link
        for deep, flat in both_kinds(measured.outcomes)
        if deep.bytes_per_link and flat.bytes_per_link
    ]
    return [Goal("times what two levels take, largest", max(parts, default=None), TIMES, 1.5, more=False)]


def file(measured: Measured) -> list[Goal]:
    ours, theirs = _both(measured, "total")
    return [Goal("mapeq", ours, SECONDS, 15, 8, more=False), Goal("infomap", theirs, SECONDS)]


def _both(measured: Measured, figure: str) -> tuple[float | None, float | None]:
    """A figure of mapeq and of infomap on the one network that was measured."""
    rows = (find(outcome, peer) for outcome in measured.outcomes[:1] for peer in ("mapeq", "infomap"))
    values = [getattr(row, figure) if row is not None else None for row in rows]
    return (values[0], values[1]) if values else (None, None)


def start(measured: Measured) -> list[Goal]:
    return [
        Goal(COLD, measured.timing(COLD), SECONDS, 12, 8, more=False),
        Goal(WARM, measured.timing(WARM), SECONDS, 1, 0.7, more=False),
        Goal(HELP, measured.timing(HELP), SECONDS, 0.1, 0.05, more=False),
        Goal(WARMUP, measured.timing(WARMUP), SECONDS),
    ]


def scaling(measured: Measured) -> list[Goal]:
    return [
        Goal("exponent of time in links, mapeq", exponent(measured.outcomes, "mapeq"), "{}", 1.15, 1.05, more=False),
        Goal("exponent of time in links, infomap", exponent(measured.outcomes, "infomap")),
    ]


def growth(measured: Measured) -> list[Goal]:
    """By what is new, over networks of at least so many links: smaller ones take hundredths of a second anyway."""
    large = [each for each in measured.growths if each.num_links >= GROWN]
    goals = []
    for new in dict.fromkeys(each.new for each in measured.growths):
        found = [each for each in large if each.new == new]
        parts = [each.part for each in found]
        excesses = [mean(each.excess) for each in found]
        reached = sum(part <= MOST_OF_FULL for part in parts)
        of = f"new {new}, {len(found)} searches with at least {GROWN:,} links"
        goals += (
            [
                Goal(f"part of the time from nothing, geometric mean; {of}", geometric_mean(parts), "{}", more=False),
                Goal("the same, largest", max(parts), "{}", MOST_OF_FULL, more=False),
                Goal(f"searches in at most {MOST_OF_FULL} of the time", reached, f"{{}} of {len(found)}", len(found)),
                Goal("codelength above, mean of draws, largest", max(excesses), "{} %", 0.1, more=False),
            ]
            if found
            else []
        )
    return goals


def embeddings_speed(measured: Measured) -> list[Goal]:
    few = min((step.num_vectors for step in measured.steps), default=0)
    search = {step.program: step for step in measured.steps if step.what == SEARCH and step.num_vectors == few}
    ours, theirs = (search[name].seconds if name in search else None for name in (EXACT, "scikit-learn"))
    parts = [step.peak / step.allowed for step in search.values() if step.program in (EXACT, GRAPH) and step.peak]
    rest = [step.seconds for step in measured.steps if step.what in STAGES]
    return [
        Goal("neighbours: scikit-learn's time by mapeq's", theirs / ours if ours and theirs else None, TIMES),
        Goal("peak memory by what it should be, largest", max(parts, default=None), TIMES, 1, more=False),
        Goal("all that follows neighbours", sum(rest) if rest and None not in rest else None, SECONDS, 2, more=False),
    ]


def exponent(outcomes: Sequence[Outcome], peer: str) -> float | None:
    """The b of time = a * links^b that fits best, by least squares on the logarithms."""
    rows = ((outcome.about.num_links, find(outcome, peer)) for outcome in outcomes)
    points = [(links, row.total) for links, row in rows if row is not None and FITTED[0] <= links <= FITTED[1]]
    if len(points) < 2:
        return None
    logarithms = ([math.log(value) for value in values] for values in zip(*points, strict=True))
    return linear_regression(*logarithms).slope


def kinds(measured: Measured) -> list[Goal]:
    times = ratios(list(pairs(measured.outcomes)))
    of = f"{len(times)} of {len(measured.outcomes)} networks"
    return [
        Goal(f"time ratio, geometric mean, {of}", geometric_mean(times) if times else None, TIMES),
        Goal("time ratio, smallest", min(times, default=None), TIMES),
    ]


def threads(measured: Measured) -> list[Goal]:
    both = [
        (one, find(outcome, "mapeq", one.trials, 2))
        for outcome in measured.outcomes
        for one in outcome.rows
        if one.threads == 1
    ]
    same = None if not both else sum(two is not None and len(digests(one) | digests(two)) == 1 for one, two in both)
    total = len(both)
    return [Goal("searches with identical labels on one and two threads", same, f"{{}} of {total}", total)]


def digests(row: Row) -> set[str]:
    """Digests of the labels of all runs."""
    return {run["labels"] for run in row.runs}

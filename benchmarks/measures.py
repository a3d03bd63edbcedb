"""How every figure is measured: which programs on which networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.networks import EXAMPLES, LFR, Links, from_file, one_way, rmat, star, weighted
from benchmarks.runs import Comparison, Outcome, Row

#: Of each of these the first that is good enough counts.
NUM_TRIALS = (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40)
REFERENCE_TRIALS = 20

#: Codelengths that differ by no more than this are the same: rounding.
SAME_BITS = 1e-9

#: Searches of other programs that meet more links than this, over all trials, take minutes.
LONG = 2_000_000


@dataclass(frozen=True)
class Sizes:
    """Which networks are measured, and how large they are."""

    examples: tuple[str, ...]  #: from examples/data
    large: int  #: links from which an example counts as large
    undirected: str  #: the example that speaks for undirected networks
    directed: str
    lfr: int  #: nodes
    million: int
    growth: tuple[int, ...]
    huge: int
    rmat: int  #: as a power of two
    star: int  #: leaves


FULL = Sizes(
    examples=tuple(sorted(path.name.removesuffix(".txt.gz") for path in EXAMPLES.glob("*.txt.gz"))),
    large=100_000,
    undirected="deezer-hu",
    directed="wiki-vote",
    lfr=100_000,
    million=1_000_000,
    growth=(1_000, 10_000, 100_000, 1_000_000),
    huge=5_000_000,
    rmat=17,
    star=1_000_000,
)

#: To see that everything works, in minutes.
QUICK = Sizes(
    examples=("email-eu-core", "jazz"),
    large=10_000,
    undirected="jazz",
    directed="email-eu-core",
    lfr=5_000,
    million=10_000,
    growth=(1_000, 6_000, 12_000),
    huge=20_000,
    rmat=12,
    star=10_000,
)


@dataclass(frozen=True)
class Setting:
    """What all figures have in common."""

    sizes: Sizes
    repeat: int
    repeat_long: int
    seed: int
    timeout: float
    cache: Path
    folder: Path  #: for files that nobody needs afterwards
    huge: bool = False

    def examples(self) -> Iterator[Links]:
        """The networks in examples/data."""
        return map(self.example, self.sizes.examples)

    def example(self, name: str) -> Links:
        """One of them."""
        return from_file(EXAMPLES / f"{name}.txt.gz", self.folder, directed=None)

    def lfr(self, num_nodes: int, mixing: float) -> Links:
        """An LFR network."""
        return LFR(num_nodes, mixing).links(self.seed, self.cache)

    def row(self, links: Links, peer: str, trials: int = 1, threads: int = 1) -> Row:
        """A program that is yet to run, less often if it takes minutes."""
        long = peer != "mapeq" and trials * links.num_links > LONG
        return Row(peer, trials, threads, self.repeat_long if long else self.repeat)

    def comparison(self, links: Links) -> Comparison:
        """Programs on one network."""
        return Comparison(links, self.folder, self.seed, self.timeout)

    def compare(self, links: Links, *programs: tuple[str, int, int]) -> Outcome:
        """Run programs, given as peer, trials, threads, in turn."""
        comparison = self.comparison(links)
        rows = [self.row(links, *program) for program in programs]
        comparison.run(*rows)
        return comparison.outcome(rows)


MAPEQ, INFOMAP = ("mapeq", 1, 1), ("infomap", 1, 1)


def one_trial(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        if links.num_links > setting.sizes.large:
            yield setting.compare(links, MAPEQ, INFOMAP)
    for mixing in (0.3, 0.55):
        yield setting.compare(setting.lfr(setting.sizes.lfr, mixing), MAPEQ, INFOMAP)


def million(setting: Setting) -> Iterator[Outcome]:
    yield setting.compare(setting.lfr(setting.sizes.million, 0.4), MAPEQ, ("mapeq", 1, 2), INFOMAP)


def best_of_20(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        comparison = setting.comparison(links)
        reference = Row("infomap", REFERENCE_TRIALS)
        comparison.run(reference)
        if reference.problem is not None:
            yield comparison.outcome([reference])
            continue
        num_trials = _fewest_trials(comparison, reference)
        rows = [setting.row(links, "mapeq", num_trials), setting.row(links, "infomap", REFERENCE_TRIALS)]
        comparison.run(*rows)
        yield comparison.outcome(rows)


def _fewest_trials(comparison: Comparison, reference: Row) -> int:
    """The first of NUM_TRIALS with which mapeq finds as short a description, or the last."""
    for num_trials in NUM_TRIALS:
        ours = Row("mapeq", num_trials)
        comparison.run(ours)
        if as_short(ours, reference):
            break
    return num_trials


def as_short(ours: Row, theirs: Row) -> bool:
    """Whether our codelength is no longer than theirs."""
    if ours.codelength is None or theirs.codelength is None:
        return False
    return ours.codelength <= theirs.codelength + SAME_BITS


def ten_trials(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        yield setting.compare(links, ("mapeq", 4, 1), ("mapeq", 10, 1), ("infomap", REFERENCE_TRIALS, 1))


def memory(setting: Setting) -> Iterator[Outcome]:
    yield setting.compare(setting.lfr(setting.sizes.million, 0.4), MAPEQ, INFOMAP)


def scaling(setting: Setting) -> Iterator[Outcome]:
    for num_nodes in setting.sizes.growth:
        yield setting.compare(setting.lfr(num_nodes, 0.4), MAPEQ, INFOMAP)
    if setting.huge:
        yield setting.compare(setting.lfr(setting.sizes.huge, 0.4), MAPEQ)


def kinds(setting: Setting) -> Iterator[Outcome]:
    sizes, seed, folder = setting.sizes, setting.seed, setting.folder
    lfr = setting.lfr(sizes.lfr, 0.4)
    yield setting.compare(rmat(sizes.rmat, seed, folder, directed=False), MAPEQ, INFOMAP)
    yield setting.compare(rmat(sizes.rmat, seed, folder, directed=True), MAPEQ, INFOMAP)
    yield setting.compare(weighted(lfr, seed, folder), MAPEQ, INFOMAP)
    yield setting.compare(one_way(lfr, seed, folder), MAPEQ, INFOMAP)
    yield setting.compare(star(sizes.star, folder), MAPEQ, INFOMAP)


def threads(setting: Setting) -> Iterator[Outcome]:
    one_and_two = ("mapeq", 1, 1), ("mapeq", 1, 2)
    yield setting.compare(setting.lfr(setting.sizes.lfr, 0.4), *one_and_two)
    yield setting.compare(rmat(setting.sizes.rmat, setting.seed, setting.folder, directed=False), *one_and_two)
    yield setting.compare(setting.example(setting.sizes.undirected), *one_and_two, ("mapeq", 10, 1), ("mapeq", 10, 2))


def plot(setting: Setting) -> Iterator[Outcome]:
    num_trials = {"mapeq": (1, 2, 4, 8, 16), "infomap": (1, 2, 5, 10, 20), "igraph": (1, 2, 5), "networkit": (1,)}
    programs = [(peer, trials, 1) for peer, several in num_trials.items() for trials in several]
    yield setting.compare(setting.example(setting.sizes.undirected), *programs)
    yield setting.compare(setting.lfr(setting.sizes.lfr, 0.4), *programs)
    yield setting.compare(setting.example(setting.sizes.directed), *programs)

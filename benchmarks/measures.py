"""How every figure is measured: which programs on which networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks import labelled
from benchmarks.clusterers import METHODS
from benchmarks.networks import EXAMPLES, LFR, Links, from_file, one_way, rmat, star, weighted
from benchmarks.runs import Comparison, Outcome, Row

#: Of each of these the first that is good enough counts.
NUM_TRIALS = (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40)
REFERENCE_TRIALS = 20

#: The same for hierarchies.
NUM_MULTILEVEL_TRIALS = (2, 3, 4)
MULTILEVEL_REFERENCE_TRIALS = 10

#: Codelengths that differ by no more than this are the same: rounding.
SAME_BITS = 1e-9

#: Searches of other programs that meet more links than this, over all trials, take minutes.
LONG = 2_000_000


class Program(NamedTuple):
    """What runs on a network, and how."""

    peer: str
    trials: int = 1
    threads: int = 1
    multilevel: bool = False


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
    multilevel: tuple[tuple[int, float], ...]  #: nodes and mixing of LFR networks
    multilevel_best: tuple[tuple[int, float], ...]  #: those on which infomap may take many trials
    labelled: tuple[str, ...]  #: sets of vectors
    vectors: tuple[int, int]  #: whose neighbours are searched exactly, and approximately


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
    multilevel=((10_000, 0.3), (100_000, 0.3), (100_000, 0.4), (100_000, 0.55)),
    multilevel_best=((10_000, 0.3), (100_000, 0.4)),
    labelled=labelled.NAMES,
    vectors=(50_000, 200_000),
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
    multilevel=((1_000, 0.3), (5_000, 0.4)),
    multilevel_best=((1_000, 0.3),),
    labelled=("iris", "wine"),
    vectors=(3_000, 6_000),
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
    methods: tuple[str, ...] = tuple(METHODS)  #: that cluster vectors

    def examples(self) -> Iterator[Links]:
        """The networks in examples/data."""
        return map(self.example, self.sizes.examples)

    def example(self, name: str) -> Links:
        """One of them."""
        return from_file(EXAMPLES / f"{name}.txt.gz", self.folder, directed=None)

    def lfr(self, num_nodes: int, mixing: float) -> Links:
        """An LFR network."""
        return LFR(num_nodes, mixing).links(self.seed, self.cache)

    def examples_and(self, generated: tuple[tuple[int, float], ...]) -> Iterator[Links]:
        """The networks in examples/data, then LFR networks."""
        yield from self.examples()
        for num_nodes, mixing in generated:
            yield self.lfr(num_nodes, mixing)

    def row(self, links: Links, program: Program) -> Row:
        """A program that is yet to run, less often if it takes minutes."""
        long = program.peer != "mapeq" and program.trials * links.num_links > LONG
        repeat = self.repeat_long if long else self.repeat
        return Row(program.peer, program.trials, program.threads, repeat, program.multilevel)

    def comparison(self, links: Links) -> Comparison:
        """Programs on one network."""
        return Comparison(links, self.folder, self.seed, self.timeout)

    def compare(self, links: Links, *programs: Program) -> Outcome:
        """Run programs in turn."""
        comparison = self.comparison(links)
        rows = [self.row(links, program) for program in programs]
        comparison.run(*rows)
        return comparison.outcome(rows)

    def compare_with_best(self, links: Links, reference: Program, num_trials: Sequence[int]) -> Outcome:
        """Run infomap, and mapeq with the first number of trials that is good enough, or the last."""
        comparison = self.comparison(links)
        known = Row(reference.peer, reference.trials, multilevel=reference.multilevel)
        comparison.run(known)
        if known.problem is not None:
            return comparison.outcome([known])
        for trials in num_trials:
            ours = Row("mapeq", trials, multilevel=reference.multilevel)
            comparison.run(ours)
            if as_short(ours, known):
                break
        rows = [self.row(links, reference._replace(peer="mapeq", trials=ours.trials)), self.row(links, reference)]
        comparison.run(*rows)
        return comparison.outcome(rows)


MAPEQ, INFOMAP = Program("mapeq"), Program("infomap")
MULTILEVEL = MAPEQ._replace(multilevel=True), INFOMAP._replace(multilevel=True)


def one_trial(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        if links.num_links > setting.sizes.large:
            yield setting.compare(links, MAPEQ, INFOMAP)
    for mixing in (0.3, 0.55):
        yield setting.compare(setting.lfr(setting.sizes.lfr, mixing), MAPEQ, INFOMAP)


def million(setting: Setting) -> Iterator[Outcome]:
    yield setting.compare(setting.lfr(setting.sizes.million, 0.4), MAPEQ, Program("mapeq", threads=2), INFOMAP)


def best_of_20(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        yield setting.compare_with_best(links, Program("infomap", REFERENCE_TRIALS), NUM_TRIALS)


def as_short(ours: Row, theirs: Row) -> bool:
    """Whether our codelength is no longer than theirs."""
    if ours.codelength is None or theirs.codelength is None:
        return False
    return ours.codelength <= theirs.codelength + SAME_BITS


def ten_trials(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples():
        yield setting.compare(links, Program("mapeq", 4), Program("mapeq", 10), Program("infomap", REFERENCE_TRIALS))


def memory(setting: Setting) -> Iterator[Outcome]:
    yield setting.compare(setting.lfr(setting.sizes.million, 0.4), MAPEQ, INFOMAP)


def multilevel(setting: Setting) -> Iterator[Outcome]:
    for links in setting.examples_and(setting.sizes.multilevel):
        yield setting.compare(links, *MULTILEVEL, MAPEQ)


def multilevel_best_of_10(setting: Setting) -> Iterator[Outcome]:
    reference = Program("infomap", MULTILEVEL_REFERENCE_TRIALS, multilevel=True)
    for links in setting.examples_and(setting.sizes.multilevel_best):
        yield setting.compare_with_best(links, reference, NUM_MULTILEVEL_TRIALS)


def multilevel_memory(setting: Setting) -> Iterator[Outcome]:
    for links in (setting.lfr(setting.sizes.lfr, 0.4), setting.example(setting.sizes.undirected)):
        yield setting.compare(links, *MULTILEVEL, MAPEQ)


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
    one_and_two = MAPEQ, Program("mapeq", threads=2)
    yield setting.compare(setting.lfr(setting.sizes.lfr, 0.4), *one_and_two)
    yield setting.compare(rmat(setting.sizes.rmat, setting.seed, setting.folder, directed=False), *one_and_two)
    ten = Program("mapeq", 10), Program("mapeq", 10, 2)
    yield setting.compare(setting.example(setting.sizes.undirected), *one_and_two, *ten)


def plot(setting: Setting) -> Iterator[Outcome]:
    num_trials = {"mapeq": (1, 2, 4, 8, 16), "infomap": (1, 2, 5, 10, 20), "igraph": (1, 2, 5), "networkit": (1,)}
    programs = [Program(peer, trials) for peer, several in num_trials.items() for trials in several]
    yield setting.compare(setting.example(setting.sizes.undirected), *programs)
    yield setting.compare(setting.lfr(setting.sizes.lfr, 0.4), *programs)
    yield setting.compare(setting.example(setting.sizes.directed), *programs)

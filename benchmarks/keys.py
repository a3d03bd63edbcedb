"""The figures that are measured, by key: what they mean, how they are measured, what they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks import clusterers, clusterings, commands, goals, growing, measures, peers
from benchmarks._clusterer import NUM_CENTRES, NUM_NEIGHBORS
from benchmarks.goals import Goal
from benchmarks.measures import Setting
from benchmarks.stored import Measured, Part


@dataclass(frozen=True)
class Figure:
    """A figure, or a few that are measured together."""

    key: str
    title: str
    how: str
    measure: Callable[[Setting], Iterator[Part]]
    goals: Callable[[Measured], list[Goal]] = lambda measured: []
    each: bool = False  #: whether programs are shown one by one, not mapeq beside infomap
    runs: str = ""  #: how programs run, if not as those on networks do
    needs: tuple[str, ...] = ("infomap", "networkit")  #: peers
    versions: Callable[[], dict[str, str]] = peers.versions


_ALL = (
    Figure(
        "one-trial",
        "One trial",
        "The networks of examples/data with more than 100,000 links, and two LFR networks of 100,000 nodes.",
        measures.one_trial,
        goals.one_trial,
    ),
    Figure(
        "million",
        "Ten million links",
        "One trial on an LFR network of a million nodes, mixing 0.4; mapeq on one and on two threads, infomap on one.",
        measures.million,
        goals.million,
    ),
    Figure(
        "best-of-20",
        "As good as infomap's best of 20",
        "infomap keeps the best of 20 trials; mapeq gets the smallest number of trials, of "
        f"{', '.join(map(str, measures.NUM_TRIALS))}, with which its codelength is no longer (by 1e-9 bits), "
        "or the last if none is enough, which does not count.",
        measures.best_of_20,
        goals.best_of_20,
    ),
    Figure(
        "ten-trials",
        "Ten trials and four",
        "mapeq with 4 and with 10 trials beside infomap's best of 20; times summed over the networks.",
        measures.ten_trials,
        goals.ten_trials,
    ),
    Figure(
        "multilevel",
        "Hierarchies",
        "One trial, from links in memory to hierarchies in node order, on all networks of examples/data and on LFR "
        "networks of 10,000 and 100,000 nodes; mapeq with two levels, too, from the same seed.",
        measures.multilevel,
        goals.multilevel,
    ),
    Figure(
        "multilevel-best-of-10",
        "Hierarchies as good as infomap's best of 10",
        f"infomap keeps the best of {measures.MULTILEVEL_REFERENCE_TRIALS} trials; mapeq gets the smallest number of "
        f"trials, of {', '.join(map(str, measures.NUM_MULTILEVEL_TRIALS))}, with which its codelength is no longer (by "
        "1e-9 bits), or the last if none is enough, which does not count.",
        measures.multilevel_best_of_10,
        goals.multilevel_best_of_10,
    ),
    Figure(
        "multilevel-memory",
        "Memory for hierarchies",
        "Peaks as in `memory`, one trial; the figure is mapeq's with hierarchies by its own with two levels.",
        measures.multilevel_memory,
        goals.multilevel_memory,
    ),
    Figure(
        "memory",
        "Memory",
        "Peak of resident memory above what the process held before, the caller's links included, by number of links.",
        measures.memory,
        goals.memory,
    ),
    Figure(
        "start",
        "Start",
        "Whole processes: `import mapeq; mapeq.infomap(...)` on jazz with an empty folder for compiled kernels, again "
        "with what that left there, and commands of the shell. `warmup` fills an empty folder.",
        commands.start,
        goals.start,
    ),
    Figure(
        "file",
        "From file to file",
        "Whole commands, `mapeq cluster FILE -o OUT.clu` and `infomap FILE FOLDER --two-level --clu`, on a text file "
        "of the LFR network of a million nodes, on one thread each; mapeq's kernels are compiled.",
        commands.file,
        goals.file,
    ),
    Figure(
        "scaling",
        "Growth with the network",
        "One trial on LFR networks, mixing 0.4, of growing size. The exponent is fitted, by least squares on "
        "logarithms, from some 10^5 to 10^7 links.",
        measures.scaling,
        goals.scaling,
    ),
    Figure(
        "kinds",
        "Other kinds of networks",
        "One trial on networks with hubs (R-MAT), with exponential weights, with directions, and on a star.",
        measures.kinds,
        goals.kinds,
    ),
    Figure(
        "threads",
        "Threads",
        "mapeq on one and on two threads. Labels are the same where their digests are.",
        measures.threads,
        goals.threads,
        each=True,
    ),
    Figure(
        "plot",
        "Codelength against time",
        "Points of one program differ in the number of trials, which stands beside them; the picture shows "
        "the codelength above the best that any of them found.",
        measures.plot,
        each=True,
    ),
    Figure(
        "growth",
        "When a network has grown",
        f"A hundredth of the links, or of the nodes, is new, {growing.DRAWS} draws of each; one trial from nothing, "
        "and one with `initial_partition`, the result for the network before. Nodes concerned have other links.",
        growing.growth,
        goals.growth,
        runs="Medians of interleaved runs in one warm process, from a `mapeq.Network` to a result; one thread.",
        needs=(),
    ),
    Figure(
        "embeddings",
        "Clusters of embeddings",
        "Vectors whose classes are known, see `labelled.py`; all scores are 1 at best. Half of the sets served to "
        "choose defaults, the others are to report. (A first rule for the Markov time, which tried times up to 16, "
        "did worse than leiden on these, 0.675 by AMI; the present one was again chosen on the others, whole and in "
        "parts.) Vectors of no class (noise) are clustered, but left out of the scores; one that a method leaves in "
        "no cluster counts as a cluster of its own. Methods go by the metric of the set, those that know euclidean "
        "distances only by unit vectors where it is the cosine.",
        clusterings.embeddings,
        runs="One run, in a warm process of its own, on all processors; from vectors in memory to clusters. Options "
        f"are defaults, seeds {clusterers.SEED}.",
        needs=(),
        versions=clusterers.versions,
    ),
    Figure(
        "embeddings-speed",
        "From vectors to clusters, step by step",
        f"The {NUM_NEIGHBORS} nearest neighbours, by cosine, of float32 vectors around {NUM_CENTRES} centres, and what "
        "follows. The peak of resident memory is above what the process held before, the vectors included; it "
        "should be no more than three times the vectors and what comes out. Recall is of 1,000 vectors.",
        clusterings.embeddings_speed,
        goals.embeddings_speed,
        runs="Medians of interleaved runs, each in a warm process of its own, on all processors.",
        needs=(),
        versions=clusterers.versions,
    ),
)

FIGURES = {figure.key: figure for figure in _ALL}

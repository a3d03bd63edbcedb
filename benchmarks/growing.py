"""Searches that go on when a network has grown by a hundredth, beside searches from nothing, and their table."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray

import mapeq
from benchmarks.measures import Setting
from benchmarks.networks import Links
from benchmarks.report import markdown_table, percent, seconds, whole
from benchmarks.stored import Growth
from mapeq.network.changes import changed_nodes

#: What is new: links between nodes that were there, or nodes with all their links.
LINKS, NODES = "links", "nodes"

#: Which part of them is.
NEW = 0.01

#: So many times another hundredth is new.
DRAWS = 5


def growth(setting: Setting) -> Iterator[Growth]:
    """Every network, two-level partitions and hierarchies, new links and new nodes."""
    mapeq.warmup()
    for links in setting.examples_and(setting.sizes.multilevel):
        for multilevel in (False, True):
            for new in (LINKS, NODES):
                yield _growth(links, new, multilevel, setting)


def _growth(links: Links, new: str, multilevel: bool, setting: Setting) -> Growth:
    name = f"{links.name} (directed)" if links.directed else links.name
    measured = Growth(name, links.num_links, new, multilevel)
    ends = links.load()
    for draw in range(setting.seed, setting.seed + DRAWS):
        options = {"multilevel": multilevel, "num_threads": 1, "seed": draw}
        before = _network(ends[_was_there(ends, new, draw)], links.directed)
        old = mapeq.infomap(before, **options)
        network = _network(ends, links.directed)
        measured.changed.append(len(changed_nodes(network, before)) / links.num_nodes)
        found = {}
        times: dict[str, list[float]] = {"full": [], "warm": []}
        for _ in range(setting.repeat):
            for way, start in (("full", None), ("warm", old)):
                begin = time.perf_counter()
                found[way] = mapeq.infomap(network, initial_partition=start, **options)
                times[way].append(time.perf_counter() - begin)
        measured.full.append(median(times["full"]))
        measured.warm.append(median(times["warm"]))
        measured.excess.append(100 * (found["warm"].codelength / found["full"].codelength - 1))
    return measured


def _network(ends: NDArray[np.int64], directed: bool) -> mapeq.Network:
    return mapeq.Network.from_edges(*ends.T, directed=directed)


def _was_there(ends: NDArray[np.int64], new: str, seed: int) -> NDArray[np.bool_]:
    """The links that were there before the network grew."""
    rng = np.random.default_rng(seed)
    if new == LINKS:
        return rng.random(len(ends)) >= NEW
    return (rng.random(int(ends.max()) + 1) >= NEW)[ends].all(axis=1)


def line(measured: Growth) -> str:
    """A network in short."""
    levels = ", multilevel" if measured.multilevel else ""
    return (
        f"{measured.name}, new {measured.new}{levels}: {seconds(measured.warm_s)} "
        f"by {seconds(measured.full_s)} s is {measured.part:.2f}, {percent(mean(measured.excess))}"
    )


def table(measured: Sequence[Growth]) -> str:
    """A line for each network and kind of growth."""
    head = ["network", "new", "modules", "links", "nodes concerned", "from nothing s", "going on s", "part of the time"]
    lines = [
        [
            each.name,
            each.new,
            "multilevel" if each.multilevel else "two-level",
            whole(each.num_links),
            f"{100 * mean(each.changed):.0f} %",
            seconds(each.full_s),
            seconds(each.warm_s),
            f"{each.part:.2f}",
            percent(mean(each.excess)),
            percent(max(each.excess)),
        ]
        for each in measured
    ]
    return markdown_table([*head, "codelength above, mean", "largest"], lines, left=3)

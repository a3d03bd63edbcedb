"""Networks with planted groups that overlap: how well modules that may share nodes find them.

The networks are like those of Lancichinetti and Fortunato (Physical Review E 80, 016118, 2009): numbers of links and
sizes of groups follow power laws, some nodes are in several groups, and a part of each node's links leads out of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.worker import Row, Settings, show, table

#: Nodes that are in a group, a column for each group: boolean array of shape (nodes, groups).
Cover = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

#: Networks of each kind.
NUM_NETWORKS = 2

#: Trials of each search.
TRIALS = 2

#: Least shares to choose from, on networks of their own, one of each kind.
SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)

#: Sizes of cliques to choose from, likewise.
CLIQUES = (3, 4, 5)


class Kind(NamedTuple):
    """A kind of networks: the part of links that lead out of groups, the part of nodes in several, and in how many."""

    mixing: float
    overlapping: float
    groups: int = 2


KINDS = (
    *(Kind(mixing, overlapping) for mixing in (0.1, 0.3) for overlapping in (0.0, 0.1, 0.3, 0.5, 0.8)),
    *(Kind(mixing, 0.3, 3) for mixing in (0.1, 0.3)),
)

# Networks ------------------------------------------------------------------------------------


def planted(
    rng: Generator, kind: Kind, num_nodes: int = 1000, sizes: tuple[int, int] = (20, 100)
) -> tuple[NDArray[np.int64], Cover]:
    """Links and groups of a network; 19 links per node on average, at most 50.

    A node's links are shared out among its groups. Links to itself, and second ones between two nodes, are drawn
    again, and given up after some rounds.

    Returns
    -------
    int64 array of shape (links, 2), and the groups
    """
    num_groups = np.ones(num_nodes, dtype=np.int64)
    num_groups[rng.permutation(num_nodes)[: round(kind.overlapping * num_nodes)]] = kind.groups
    seats = _seats(rng, int(num_groups.sum()), sizes)
    cover = np.zeros((num_nodes, int(seats.max()) + 1), dtype=np.bool_)
    nodes = np.repeat(np.arange(num_nodes), num_groups)
    cover[nodes, _seated(rng, nodes, seats)] = True

    degrees = power_law(rng, 11, 50, 2.0, num_nodes)
    inside = rng.binomial(degrees, 1 - kind.mixing)
    ends: list[list[int]] = [[] for _ in range(cover.shape[1])]
    for node, count in enumerate(inside.tolist()):
        groups = rng.permutation(np.flatnonzero(cover[node]))
        for link in range(count):
            ends[groups[link % len(groups)]].append(node)
    links: set[tuple[int, int]] = set()
    for members in ends:
        _join(rng, np.array(members, dtype=np.int64), links, lambda i, j: True)
    _join(rng, np.repeat(np.arange(num_nodes), degrees - inside), links, lambda i, j: not (cover[i] & cover[j]).any())
    return np.array(sorted(links), dtype=np.int64), cover


def power_law(rng: Generator, least: int, most: int, exponent: float, count: int) -> NDArray[np.int64]:
    """Whole numbers of a power law between bounds."""
    values = np.arange(least, most + 1)
    chances = values**-exponent
    return rng.choice(values, count, p=chances / chances.sum())


def _seats(rng: Generator, count: int, sizes: tuple[int, int]) -> NDArray[np.int64]:
    """The group of each of so many seats; sizes follow a power law of exponent 1."""
    drawn = [int(power_law(rng, *sizes, 1.0, 1)[0])]
    while sum(drawn) + sizes[0] <= count:
        drawn.append(min(int(power_law(rng, *sizes, 1.0, 1)[0]), count - sum(drawn)))
    for seat in range(count - sum(drawn)):  # too few for a group
        drawn[seat % len(drawn)] += 1
    return np.repeat(np.arange(len(drawn)), drawn)


def _seated(rng: Generator, nodes: NDArray[np.int64], seats: NDArray[np.int64]) -> NDArray[np.int64]:
    """The seats in random order, such that no node has two in the same group."""
    seats = rng.permutation(seats)
    while True:
        order = np.lexsort((seats, nodes))
        again = (np.diff(nodes[order]) == 0) & (np.diff(seats[order]) == 0)
        if not again.any():
            return seats
        for seat in order[1:][again].tolist():
            other = int(rng.integers(len(seats)))
            seats[seat], seats[other] = seats[other], seats[seat]


def _join(
    rng: Generator, ends: NDArray[np.int64], links: set[tuple[int, int]], may: Callable[[int, int], bool]
) -> None:
    """Join ends of links at random, where two nodes may be linked."""
    for _ in range(20):
        ends = rng.permutation(ends)
        left = ends[len(ends) // 2 * 2 :].tolist()
        for i, j in np.sort(ends[: len(ends) // 2 * 2].reshape(-1, 2)).tolist():
            if i == j or (i, j) in links or not may(i, j):
                left += [i, j]
            else:
                links.add((i, j))
        ends = np.array(left, dtype=np.int64)


# Scores --------------------------------------------------------------------------------------


def cover_of(sets: Iterable[Iterable[int]], num_nodes: int) -> Cover:
    """Groups of nodes as a table; without any, one without nodes."""
    found = [list(members) for members in sets]
    cover = np.zeros((num_nodes, max(len(found), 1)), dtype=np.bool_)
    for number, members in enumerate(found):
        cover[members, number] = True
    return cover


def overlapping_nmi(first: Cover, second: Cover) -> float:
    """Normalised mutual information of two covers, from 0 to 1.

    Of each group, the entropy of who is in it, given the group of the other cover that tells most of it. By the larger
    of the entropies of both covers: A. F. McDaid, D. Greene and N. Hurley, arXiv:1110.2515 (2011).
    """
    (own, left), (other_own, other_left) = _entropies(first, second), _entropies(second, first)
    largest = max(own, other_own)
    if largest == 0:  # groups of all nodes, or of none
        return float(np.array_equal(np.unique(first, axis=1), np.unique(second, axis=1)))
    return (own - left + other_own - other_left) / 2 / largest


def _entropies(first: Cover, second: Cover) -> tuple[float, float]:
    """The entropies of the groups of a cover, summed, and what is left of them given the other cover."""
    n = len(first)

    def bits(count: Any) -> FloatArray:
        part = np.asarray(count, dtype=np.float64) / n
        return np.where(part > 0, -part * np.log2(np.where(part > 0, part, 1.0)), 0.0)

    size, other = first.sum(axis=0)[:, None], second.sum(axis=0)[None]
    both = first.T.astype(np.float64) @ second
    only, only_other = size - both, other - both
    none = n - size - only_other
    own = bits(size) + bits(n - size)
    alike, unlike = bits(both) + bits(none), bits(only) + bits(only_other)
    left = alike + unlike - bits(other) - bits(n - other)
    # A group that tells who is not in the other one does not count (Lancichinetti, Fortunato & Kertész 2009).
    left = np.where(alike >= unlike, left, own)
    return float(own.sum()), float(left.min(axis=1).sum())


def omega_index(first: Cover, second: Cover) -> float:
    """Agreement of two covers on how many groups each pair of nodes shares, corrected for chance; 1 at best.

    L. M. Collins and C. W. Dent, Multivariate Behavioral Research 23, 231 (1988). Of partitions it is the adjusted Rand
    index.
    """
    pairs = np.triu_indices(len(first), 1)
    shared = [(cover.astype(np.float32) @ cover.T)[pairs].astype(np.int64) for cover in (first, second)]
    most = max(int(each.max(initial=0)) for each in shared) + 1
    parts = [np.bincount(each, minlength=most) / len(each) for each in shared]
    chance = float(parts[0] @ parts[1])
    agreed = float(np.mean(shared[0] == shared[1]))
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


# Methods -------------------------------------------------------------------------------------


def modules(links: NDArray[np.int64], num_nodes: int, *, memory: bool = False, backtracking: bool = False) -> Any:
    """A result of mapeq."""
    import mapeq

    network = mapeq.Network.from_edges(*links.T, num_nodes=num_nodes)
    if memory:
        network = network.with_memory(backtracking=backtracking)
    return mapeq.infomap(network, num_trials=TRIALS, seed=1, num_threads=1)


def cliques(links: NDArray[np.int64], num_nodes: int) -> Any:
    """A graph of NetworkX."""
    import networkx as nx

    return nx.Graph(links.tolist())


def with_share(result: Any, share: float) -> list[set[int]]:
    """Communities of nodes with at least this share."""
    return list(result.communities(min_share=share))


def of_cliques(graph: Any, size: float) -> list[set[int]]:
    """Communities by NetworkX, of cliques of this size."""
    from networkx.algorithms.community import k_clique_communities

    return [set(found) for found in k_clique_communities(graph, int(size))]


class Method(NamedTuple):
    """How groups are found: a search, and what makes groups of it with one of several values that are tried."""

    about: str
    search: Callable[..., Any]
    options: dict[str, bool]
    groups: Callable[[Any, float], list[set[int]]]
    choices: tuple[float, ...] = (0.0,)


def _communities(result: Any, _: float) -> list[set[int]]:
    return list(result.communities())


MEMORY, BACK = {"memory": True}, {"memory": True, "backtracking": True}
METHODS = {
    "modules": Method("`infomap(network).communities()`, which do not overlap", modules, {}, _communities),
    "shares": Method("the same result, `communities(min_share={})`", modules, {}, with_share, SHARES),
    "memory": Method("`infomap(network.with_memory()).communities()`", modules, MEMORY, _communities),
    "memory, shares": Method("the same result, `communities(min_share={})`", modules, MEMORY, with_share, SHARES),
    "backtracking": Method(
        "`infomap(network.with_memory(backtracking=True)).communities()`", modules, BACK, _communities
    ),
    "backtracking, shares": Method("the same result, `communities(min_share={})`", modules, BACK, with_share, SHARES),
    "cliques": Method("`k_clique_communities(graph, {})` of NetworkX", cliques, {}, of_cliques, CLIQUES),
}  # fmt: skip


# Measuring -----------------------------------------------------------------------------------


def measure(settings: Settings) -> Iterator[Row]:
    """A row for each kind of network and method."""
    kinds = (Kind(0.1, 0.3),) if settings.quick else KINDS
    num_nodes, count = (200, 1) if settings.quick else (1000, NUM_NETWORKS)
    best = chosen(kinds, num_nodes)
    for number, kind in enumerate(kinds):
        show(f"{kind.overlapping:.0%} of nodes overlap, mixing {kind.mixing}")
        rng = default_rng([1, number])
        scores: dict[str, list[Row]] = {name: [] for name in METHODS}
        for _ in range(count):
            links, cover = planted(rng, kind, num_nodes)
            for name, choice, row in scored(links, cover):
                if choice == best[name]:
                    scores[name].append(row)
        for name, rows in scores.items():
            means = {key: mean(row[key] for row in rows) for key in rows[0]}
            yield {**kind._asdict(), "method": name, "choice": best[name], "networks": count, **means}


def chosen(kinds: Sequence[Kind], num_nodes: int) -> dict[str, float]:
    """The value of each method that is best on one network of each kind, by the sum of both scores."""
    sums: dict[tuple[str, float], float] = {}
    for number, kind in enumerate(kinds):
        show(f"choosing: {kind.overlapping:.0%} of nodes overlap, mixing {kind.mixing}")
        for name, choice, row in scored(*planted(default_rng([0, number]), kind, num_nodes)):
            sums[name, choice] = sums.get((name, choice), 0.0) + row["nmi"] + row["omega"]
    return {name: max(method.choices, key=lambda choice: sums[name, choice]) for name, method in METHODS.items()}


def scored(links: NDArray[np.int64], cover: Cover) -> Iterator[tuple[str, float, Row]]:
    """Scores and seconds of the processor of each method, with each of its values; equal searches are made once."""
    searches: dict[tuple[Any, ...], tuple[Any, float]] = {}
    for name, method in METHODS.items():
        key = method.search, *method.options
        if key not in searches:
            start = time.process_time()
            searches[key] = method.search(links, len(cover), **method.options), time.process_time() - start
        result, seconds = searches[key]
        for choice in method.choices:
            start = time.process_time()
            found = cover_of(method.groups(result, choice), len(cover))
            taken = seconds + time.process_time() - start
            nmi, omega = overlapping_nmi(cover, found), omega_index(cover, found)
            about = {"planted": cover.shape[1], "found": found.shape[1], "links": len(links)}
            yield name, choice, {"nmi": nmi, "omega": omega, "seconds": taken, **about}


# Showing -------------------------------------------------------------------------------------


def show_overlap(rows: Sequence[Row]) -> str:
    """What methods are, a table for each score, and one of seconds and numbers of groups."""
    names = list(dict.fromkeys(row["method"] for row in rows))
    choices = {row["method"]: row["choice"] for row in rows}
    parts = ["\n".join(f"- {name}: {METHODS[name].about.format(f'{choices[name]:g}')}" for name in names)]
    for key, title, form in (
        ("nmi", "Overlapping NMI", "{:.3f}"),
        ("omega", "Omega index", "{:.3f}"),
        ("found", "Groups found", "{:.0f}"),
        ("seconds", "Seconds of the processor", "{:.2f}"),
    ):
        lines = []
        for kind in dict.fromkeys(kind_of(row) for row in rows):
            found = {row["method"]: row for row in rows if kind_of(row) == kind}
            about = [
                f"{kind.mixing:g}",
                f"{kind.overlapping:.0%}",
                str(kind.groups),
                f"{found[names[0]]['planted']:.0f}",
            ]
            lines.append(about + [form.format(found[name][key]) for name in names])
        parts += [f"**{title}**", table(["mixing", "overlapping", "groups each", "planted", *names], lines)]
    return "\n\n".join(parts)


def kind_of(row: Row) -> Kind:
    """The kind of networks that a row is about."""
    return Kind(row["mixing"], row["overlapping"], row["groups"])


def overlap_in_words(rows: Sequence[Row]) -> list[str]:
    """What holds of planted groups that overlap."""
    overlapping = [row for row in rows if row["overlapping"] > 0]
    if not overlapping:
        return []
    names = dict.fromkeys(row["method"] for row in overlapping)
    means = {
        name: [mean(row[key] for row in overlapping if row["method"] == name) for key in ("nmi", "omega")]
        for name in names
    }
    words = [f"{nmi:.2f} and {omega:.2f} ({name})" for name, (nmi, omega) in means.items()]
    return [f"Planted groups that overlap: mean overlapping NMI and omega index {', '.join(words)}."]

"""State networks: searches of mapeq and infomap on itineraries, on groups of states and on layers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator, default_rng

from benchmarks.worker import Memory, Row, Settings, call, show, table

if TYPE_CHECKING:
    import mapeq

#: Kinds of networks and their numbers of places, states or nodes.
SIZES = (("itineraries", 10_000), ("groups", 100_000), ("layers", 10_000))

#: A place is in so many groups of about so many places, on average.
GROUPS_OF_PLACE, PLACES_OF_GROUP = 2, 50

NUM_LAYERS = 10


def itineraries(rng: Generator, num_places: int) -> mapeq.Network:
    """Five trips for each place, of seven steps: to one of the next seven places of a group, which seldom changes."""
    import mapeq

    num_groups, num_trips, length = 2 * num_places // PLACES_OF_GROUP, 5 * num_places, 7
    groups = rng.integers(0, num_groups, (num_places, GROUPS_OF_PLACE))
    order = np.argsort(groups.ravel(), kind="stable")
    members = order // GROUPS_OF_PLACE
    starts = np.searchsorted(groups.ravel()[order], np.arange(num_groups + 1))
    sizes = np.diff(starts)
    group = groups[rng.integers(0, num_places, num_trips), 0]
    position = rng.integers(0, 2**40, num_trips) % sizes[group]
    trips = np.empty((num_trips, length), dtype=np.int64)
    for step in range(length):
        trips[:, step] = members[starts[group] + position]
        position = (position + rng.integers(1, 8, num_trips)) % sizes[group]
        changes = rng.random(num_trips) < 0.02
        group = np.where(changes, groups[trips[:, step]].sum(axis=1) - group, group)
        position = np.where(changes, rng.integers(0, 2**40, num_trips) % sizes[group], position)
    return mapeq.Network.from_paths(trips)


def groups_of_states(rng: Generator, num_states: int) -> mapeq.Network:
    """Five links from each state, four of them within its group of about 200; ten states of each physical node."""
    import mapeq

    group = np.sort(rng.integers(0, num_states // 200, num_states))
    starts = np.searchsorted(group, np.arange(group.max() + 2))
    sources = np.repeat(np.arange(num_states), 5)
    sizes = np.diff(starts)[group[sources]]
    inside = starts[group[sources]] + (rng.random(len(sources)) * sizes).astype(np.int64)
    targets = np.where(rng.random(len(sources)) < 0.8, inside, rng.integers(0, num_states, len(sources)))
    weights = rng.integers(1, 4, len(sources)).astype(np.float64)
    network = mapeq.Network.from_edges(sources, targets, weights, directed=True)
    return network.with_states(rng.integers(0, num_states // 10, num_states))


def layers(rng: Generator, num_nodes: int) -> mapeq.Network:
    """Ten layers with twice as many links as nodes each, most within groups of 40, which half of the layers share."""
    import mapeq

    given = {}
    for layer in range(NUM_LAYERS):
        order = np.arange(num_nodes) if layer % 2 else default_rng(layer).permutation(num_nodes)
        sources = rng.integers(0, num_nodes, 2 * num_nodes)
        inside = sources // 40 * 40 + rng.integers(0, 40, len(sources))
        targets = np.where(rng.random(len(sources)) < 0.8, inside, rng.integers(0, num_nodes, len(sources)))
        ends = np.column_stack([sources, np.minimum(targets, num_nodes - 1)])
        given[layer] = mapeq.Network.from_edges(*order[ends[ends[:, 0] != ends[:, 1]]].T, num_nodes=num_nodes)
    return mapeq.Network.from_layers(given)


KINDS: dict[str, Callable[[Generator, int], mapeq.Network]] = {
    "itineraries": itineraries,
    "groups": groups_of_states,
    "layers": layers,
}


def measure(settings: Settings) -> Iterator[Row]:
    """A row for each network and search."""
    for kind, size in SIZES:
        size = 1000 if settings.quick else size
        for multilevel in (False, True):
            show(f"{kind} of {size:,}: {'multilevel' if multilevel else 'two-level'}")
            about = {"kind": kind, "size": size, "multilevel": multilevel}
            ours = call("states.search_mapeq", settings.timeout, repeat=settings.repeat, **about)
            theirs = call("states.search_infomap", settings.timeout, **about)
            yield {"kind": kind, "multilevel": multilevel, **ours, "reference": theirs}


def search_mapeq(kind: str, size: int, multilevel: bool, repeat: int) -> Row:
    """Time searches of one trial on one thread; memory is the peak above the network's."""
    import mapeq

    mapeq.infomap(KINDS[kind](default_rng(0), 1000), num_threads=1, multilevel=multilevel)  # compiles
    network = KINDS[kind](default_rng(1), size)
    seconds = []
    memory = Memory()
    for seed in range(repeat):
        start = time.perf_counter()
        result = mapeq.infomap(network, seed=seed, num_threads=1, multilevel=multilevel)
        seconds.append(time.perf_counter() - start)
    assert network.states is not None
    return {
        "states": network.num_nodes,
        "physical": len(network.states.labels),
        "links": network.num_links,
        "seconds": median(seconds),
        "peak": memory.above(),
        "codelength": float(result.codelength),
        "runs": repeat,
    }


def search_infomap(kind: str, size: int, multilevel: bool) -> Row:
    """Time one trial of infomap, from its state nodes and links in memory."""
    from infomap import Infomap

    network = KINDS[kind](default_rng(1), size)
    assert network.states is not None
    engine = Infomap(silent=True, two_level=not multilevel, directed=True, seed=1)
    for state, node in enumerate(network.states.physical.tolist()):
        engine.add_state_node(state, node)
    engine.add_links(np.column_stack([network.sources(), network.indices, network.weights]))
    memory, start = Memory(), time.perf_counter()
    result: Any = engine.run()
    return {"seconds": time.perf_counter() - start, "peak": memory.above(), "codelength": float(result.codelength)}


def show_states(rows: Sequence[Row]) -> str:
    """A line for each network and search."""
    head = ["network", "search", "states", "physical nodes", "links", "mapeq, s", "infomap, s", "time ratio"]
    head += ["difference", "bytes per link", "infomap's"]
    lines = [
        [
            row["kind"],
            "multilevel" if row["multilevel"] else "two-level",
            *(f"{row[name]:,}" for name in ("states", "physical", "links")),
            f"{row['seconds']:.3g}",
            f"{row['reference']['seconds']:.3g}",
            f"{row['reference']['seconds'] / row['seconds']:.1f}",
            f"{100 * (row['codelength'] / row['reference']['codelength'] - 1):+.2f} %",
            *(
                "" if found["peak"] is None else f"{found['peak'] / row['links']:.0f}"
                for found in (row, row["reference"])
            ),
        ]
        for row in rows
    ]
    return table(head, lines, left=2)

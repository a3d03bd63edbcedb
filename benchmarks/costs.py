"""What options of the walk and the objective cost: seconds with an option, without it, and of infomap with the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.small import DIRECTED, REGULARIZED, VARIABLE, reference
from benchmarks.worker import Row, Settings, call, show, table

#: The options by name; bipartite networks are compared with the same links without sides.
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "regularized": REGULARIZED,
    "variable Markov time": VARIABLE,
    "metadata": {"metadata_rate": 1.0},
    "twice the nodes": {},
    "bipartite": {"bipartite_flow": "infomap"},
}

#: What each is compared with.
PLAIN = {"bipartite": "twice the nodes"}

#: Metadata: the modules of the plain search in this many groups, wrong for this fraction of the nodes.
NUM_CATEGORIES, WRONG = 12, 0.2


def measure(settings: Settings, specifications: Sequence[str]) -> Iterator[Row]:
    """A row for each network and option."""
    for specification in specifications:
        links = settings.source("jazz" if settings.quick else specification)
        show(f"{links.name}: options")
        weights = links.weights_path and str(links.weights_path)
        about = {"ends": str(links.path), "weights": weights, "directed": links.directed, "repeat": settings.repeat}
        for row in call("costs.measure_network", settings.timeout, **about):
            yield {"network": links.title, "links": links.num_links, **row}


def measure_network(ends: str, weights: str | None, directed: bool, repeat: int) -> list[Row]:
    """Time searches with each option, by turns, one trial on one thread each, and infomap's beside them."""
    pairs, given = np.load(ends), None if weights is None else np.load(weights)
    cases = {name: _case(name, pairs, given, directed) for name in OPTIONS}
    seconds: dict[str, list[float]] = {name: [] for name in OPTIONS}
    others: dict[str, list[float]] = {name: [] for name in OPTIONS}
    lengths = {}
    for ours, _ in cases.values():  # compiles and loads
        ours(0)
    for turn in range(1, repeat + 1):
        for name, (ours, theirs) in cases.items():
            start = time.perf_counter()
            length = ours(turn)
            seconds[name].append(time.perf_counter() - start)
            taken, reference_length = theirs()
            others[name].append(taken)
            lengths[name] = length, reference_length
    rows = []
    for name in cases:
        plain = median(seconds[PLAIN.get(name, "none")])
        length, reference_length = lengths[name]
        rows.append(
            {
                "option": name,
                "seconds": median(seconds[name]),
                "against plain": median(seconds[name]) / plain,
                "reference": median(others[name]),
                "difference": 100 * (length / reference_length - 1),
                "runs": repeat,
            }
        )
    return rows


def _case(
    name: str, ends: Any, weights: Any, directed: bool
) -> tuple[Callable[[int], float], Callable[[], tuple[float, float]]]:
    """A search by mapeq with a seed, and one by infomap with its seconds; both give codelengths."""
    import mapeq

    options = {**OPTIONS[name], **(DIRECTED if directed else {})}
    num_nodes = int(ends.max()) + 1
    weights = np.ones(len(ends)) if weights is None else weights
    rng = np.random.default_rng(1)
    if name in ("twice the nodes", "bipartite"):
        sources, targets = ends[:, 0], ends[:, 1] + num_nodes
        if directed:  # half of the links lead back
            back = rng.random(len(ends)) < 0.5
            sources, targets = np.where(back, targets, sources), np.where(back, sources, targets)
        ends, num_nodes = np.column_stack([sources, targets]), 2 * num_nodes
    network = mapeq.Network.from_edges(*ends.T, weights, directed=directed, num_nodes=num_nodes)
    engine = reference(options, two_level=True, silent=True, seed=1)
    if name == "bipartite":
        network = network.with_sides(np.arange(num_nodes) >= num_nodes // 2)
        engine.bipartite_start_id = num_nodes // 2
    engine.add_links(np.column_stack([ends, weights]))
    if name == "metadata":
        modules = mapeq.infomap(network, num_threads=1).labels % NUM_CATEGORIES
        chance = rng.integers(0, NUM_CATEGORIES, num_nodes)
        categories = np.where(rng.random(num_nodes) < WRONG, chance, modules)
        network = network.with_metadata(categories)
        engine.set_meta_data(dict(enumerate(categories.tolist())))

    def ours(seed: int) -> float:
        return float(mapeq.infomap(network, seed=seed, num_threads=1, **options).codelength)

    def theirs() -> tuple[float, float]:
        start = time.perf_counter()
        return (length := float(engine.run().codelength)) and time.perf_counter() - start, length

    return ours, theirs


def show_options(rows: Sequence[Row]) -> str:
    """A line for each network and option."""
    head = ["network", "option", "links", "mapeq, s", "against plain", "infomap, s", "time ratio", "difference"]
    lines = [
        [
            row["network"],
            row["option"],
            f"{row['links']:,}",
            f"{row['seconds']:.3g}",
            f"{row['against plain']:.2f}",
            f"{row['reference']:.3g}",
            f"{row['reference'] / row['seconds']:.1f}",
            f"{row['difference']:+.2f} %",
        ]
        for row in rows
    ]
    return table(head, lines)

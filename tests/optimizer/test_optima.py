"""How good one trial is on small networks: against all partitions, known optima, and infomap."""

import itertools

import naive
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import level_of, walks

import mapeq
from benchmarks.small import OBJECTIVES, SAME, draw, lengths, network
from mapeq.objective.level import with_all_links
from mapeq.objective.two_level import codelength, partition
from mapeq.walk.flow import link_flows

MODES = {"two-level": False, "multilevel": True}


@given(walks(min_nodes=1, max_nodes=6, max_links=12))
@settings(max_examples=60)
def test_the_smallest_networks_are_searched_to_the_end(drawn):
    links, options = drawn
    walk = links.walk(options)
    found = mapeq.infomap(links.network(), **options.as_dict()).codelength
    graph = nx.Graph(zip(links.sources.tolist(), links.targets.tolist(), strict=True))
    graph.add_nodes_from(range(links.num_nodes))
    everywhere = options.recorded_teleportation
    best = min(
        naive.codelength(walk, np.array(module_of)).total
        for module_of in partitions_of(links.num_nodes)
        if everywhere or modules_are_connected(graph, module_of)
    )
    assert found <= best + 1e-9


def test_a_leaf_module_is_divided_from_halves():
    """Two of its five nodes are better apart, which a pass from single nodes does not find."""
    rng = np.random.default_rng(list(OBJECTIVES).index("rawdir"))
    sample = [draw(rng, "rawdir") for _ in range(10)][-1]
    given = network(sample, OBJECTIVES["rawdir"])
    found = [mapeq.infomap(given, seed=seed, multilevel=True, flow_model="rawdir").codelength for seed in range(3)]
    assert found == pytest.approx([1.218861414935] * 3, abs=1e-9)


def test_few_nodes_are_disturbed_however_many_links_they_get():
    """Where modules have a price, all nodes are linked: the hierarchy is disturbed nevertheless."""
    kind = "undirected, corrected"
    rng = np.random.default_rng(list(OBJECTIVES).index(kind))
    sample = [draw(rng, kind) for _ in range(2)][-1]
    given = network(sample, OBJECTIVES[kind])
    assert given.num_nodes == 47
    found = [mapeq.infomap(given, seed=seed, multilevel=True, **OBJECTIVES[kind]).codelength for seed in range(3)]
    assert found == pytest.approx([1.337661337751595] * 3, abs=1e-9)


def partitions_of(n):
    """All partitions of n nodes."""
    for module_of in itertools.product(range(n), repeat=n):
        if all(m <= max(module_of[:i], default=-1) + 1 for i, m in enumerate(module_of)):
            yield module_of


def modules_are_connected(graph, module_of):
    return all(
        nx.is_connected(graph.subgraph(i for i, other in enumerate(module_of) if other == m)) for m in set(module_of)
    )


@given(walks(min_nodes=1, recorded_teleportation=True, flow_models=["directed"]))
def test_links_without_flow_change_no_codelength(drawn):
    links, options = drawn
    level = level_of(links.network(), options)
    everywhere = with_all_links(level)
    n = links.num_nodes
    assert len(everywhere.links.indices) == n * (n - 1)
    assert everywhere.links.flow.sum() == pytest.approx(total_flow(level), abs=1e-12)
    module_of = np.arange(n, dtype=level.links.indices.dtype) // 2
    assert codelength(everywhere, partition(everywhere, module_of.copy())).total == pytest.approx(
        codelength(level, partition(level, module_of.copy())).total, abs=1e-12
    )


def total_flow(level):
    return float(link_flows(level.links).sum())


# Links, options, and a codelength that is known to be reached: by one trial of most seeds, by ten of any.
KNOWN = {
    "a star that should be cut": (
        [(0, 1), (0, 2), (3, 4), (3, 5), (3, 6), (0, 3)],
        {"flow_model": "undirdir"},
        dict.fromkeys(MODES, 2.125814583693911),
    ),
    "weights that swamp one another": (
        [(0, 1, 0.53185), (2, 1, 0.56595), (1, 3, 0.045136), (4, 3, 2.87366)],
        {"directed": True, "teleport_to": "nodes"},
        dict.fromkeys(MODES, 0.8113184486436504),
    ),
    "leaf modules to divide": (
        [(7, 9), (3, 3), (1, 9), (3, 7), (0, 8), (2, 4), (12, 8), (5, 1), (4, 8)],
        {"directed": True, "teleportation_probability": 1.0},
        {"multilevel": 0.972765278018163},
    ),
    "parallel ways": (
        [(3, 4, 1), (1, 5, 0.5), (0, 4, 1), (4, 6, 1), (0, 0, 0.5), (5, 2, 0.5), (3, 5, 2), (2, 1, 0.5)],
        {"directed": True},
        {"multilevel": 1.5932194567805515},
    ),
}


@pytest.mark.parametrize(("name", "mode"), [(name, mode) for name, (*_, best) in KNOWN.items() for mode in best])
def test_known_optima_are_reached(name, mode):
    links, options, best = KNOWN[name]
    directed = "directed" in options or "flow_model" in options
    options = {key: value for key, value in options.items() if key != "directed"}
    sources, targets, weights = zip(*((*link, 1.0)[:3] for link in links), strict=True)
    given = mapeq.Network.from_edges(sources, targets, weights, directed=directed)
    found = [mapeq.infomap(given, seed=seed, multilevel=MODES[mode], **options).codelength for seed in range(10)]
    assert sum(length == pytest.approx(best[mode], abs=1e-9) for length in found) >= 8
    assert min(found) >= best[mode] - 1e-9
    many = mapeq.infomap(given, num_trials=10, multilevel=MODES[mode], **options)
    assert many.codelength == pytest.approx(best[mode], abs=1e-9)


def test_a_ring_of_caves_is_described_on_two_levels_and_more():
    caves = nx.connected_caveman_graph(19, 5)
    weights = np.random.default_rng(5).random(caves.number_of_edges()) * 1e-6
    for (_, _, data), weight in zip(caves.edges(data=True), weights.tolist(), strict=True):
        data["weight"] = weight
    assert mapeq.infomap(caves, num_trials=10, multilevel=True).codelength <= 2.934978


@pytest.mark.thorough
@pytest.mark.parametrize("mode", MODES)
def test_small_networks_are_described_as_shortly_as_by_infomap(mode):
    """The benchmark ``small`` has more networks of each kind."""
    found = []
    for number, (kind, options) in enumerate(OBJECTIVES.items()):
        rng = np.random.default_rng(number)
        found += [lengths(draw(rng, kind), options, MODES[mode]) for _ in range(4)]
    ours, one, ten, *_ = np.transpose(found)
    assert np.mean(ours <= one + SAME * np.maximum(1, one)) > 0.98
    assert np.mean(ours <= ten + SAME * np.maximum(1, ten)) > 0.95

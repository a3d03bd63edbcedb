"""Why nothing is divided, or everything: what is said is true of the network, and holds when it is tried."""

import re
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

import mapeq


def said(graph, **options):
    result = mapeq.infomap(graph, **options)
    return result, result.explanation


def test_a_division_needs_no_explanation():
    result, explanation = said(nx.karate_club_graph())
    assert result.num_modules == 3
    assert explanation is None


def test_a_given_partition_is_not_explained():
    graph = nx.complete_graph(5)
    assert mapeq.evaluate(graph, [set(graph)]).explanation is None


def test_complete_networks_have_nothing_that_tells_groups_apart():
    _, explanation = said(nx.complete_graph(10))
    assert explanation.startswith(
        "All 10 nodes are in one module. Every node is linked to every other, all with the same"
    )
    assert "nothing tells groups apart" in explanation
    measured = mapeq.evaluate(nx.complete_graph(10), [{i} for i in range(10)]).codelength
    assert (
        f"one module per node; at Markov time 1 this partition takes {measured:.4f} bits per step, more" in explanation
    )


def test_weights_may_tell_groups_of_a_complete_network_apart():
    graph = nx.complete_graph(10)
    for u, v in graph.edges:
        graph[u][v]["weight"] = 1 + ((u + v) % 3) / 10
    _, explanation = said(graph)
    assert (
        "Every node is linked to every other, with weights from 1 to 1.2: dropping weak links by a threshold"
        in explanation
    )
    assert "nothing tells" not in explanation


def test_the_hub_of_a_star_is_named():
    graph = nx.relabel_nodes(nx.star_graph(10), {0: "hub"})
    _, explanation = said(graph)
    assert "The walk is at node hub in 50% of all steps" in explanation


def test_dense_random_networks_say_how_dense_they_are():
    graph = nx.gnp_random_graph(60, 0.6, seed=1)
    _, explanation = said(graph)
    assert f"{nx.density(graph):.0%} of all pairs are linked, all with the same weight" in explanation


def test_sparse_random_networks_say_what_a_shorter_markov_time_finds():
    graph = nx.gnp_random_graph(300, 0.05, seed=1)
    result, explanation = said(graph)
    time, number, length = re.search(
        r"At Markov time (\S+) the search finds (\d+) modules; at Markov time 1 this partition takes (\S+) bits .*more",
        explanation,
    ).groups()
    there = mapeq.infomap(graph, markov_time=float(time))
    assert there.num_modules == int(number) > 1
    assert f"{mapeq.evaluate(graph, there, markov_time=1.0).codelength:.4f}" == length
    assert float(length) > result.codelength
    assert "pairs are linked" not in explanation


def test_two_nodes():
    _, explanation = said([("a", "b")])
    assert explanation.startswith("All 2 nodes are in one module.")
    assert (
        "find no finer partition; one module per node takes 3.0000 bits per step, more than the 1.0000" in explanation
    )


def test_no_links_and_no_nodes():
    graph = nx.empty_graph(3)
    assert said(graph)[1].startswith("No two nodes are linked. Links of weight 0")
    graph.add_edge(0, 0)
    assert said(graph)[1].startswith("No two nodes are linked: there are only self-links.")
    graph.add_edge(0, 1, weight=0)
    assert said(graph)[1].startswith("No two nodes are linked: there are only self-links.")
    assert said(nx.empty_graph(0))[1] == "The network has no nodes."


@pytest.mark.parametrize("directed", [False, True])
def test_nodes_without_links_are_counted_beside(directed):
    graph = nx.complete_graph(6, create_using=nx.DiGraph if directed else nx.Graph)
    graph.add_nodes_from("xyz")
    graph.add_edge("z", "z")
    _, explanation = said(graph, recorded_teleportation=False)
    assert explanation.startswith("All 6 linked nodes are in one module; 3 nodes have no links to others.")


@pytest.mark.parametrize("multilevel", [False, True])
def test_modules_may_be_the_components(multilevel):
    graph = nx.disjoint_union_all([nx.complete_graph(5)] * 3)
    _, explanation = said(graph, multilevel=multilevel)
    assert explanation.startswith("Each of the 3 connected components is one module.")


def test_long_markov_times_are_compared_with_1():
    graph = nx.karate_club_graph()
    _, explanation = said(graph, markov_time=50)
    assert (
        "All 34 nodes are in one module. At Markov time 1 the search finds 3 modules; at Markov time 50" in explanation
    )


def test_short_markov_times_are_compared_with_1():
    _, explanation = said(nx.karate_club_graph(), markov_time=0.05)
    assert explanation.startswith(
        "Every node is a module of its own. The walk leaves its node in 5.00% of the described steps."
    )
    assert "At Markov time 1 the search finds 3 modules; at Markov time 0.05" in explanation


def test_self_links_may_keep_every_node_alone():
    graph = nx.path_graph(5)
    graph.add_edges_from([(i, i, {"weight": 99.0}) for i in graph])
    _, explanation = said(graph)
    assert explanation.startswith("Every node is a module of its own.")
    assert f"Self-links hold {5 * 99 / (5 * 99 + 4):.0%} of the total weight" in explanation


def test_nodes_without_links_may_be_together_where_linked_ones_are_not():
    links = [(0, 0, 9.0), (1, 1, 9.0), (0, 1, 1.0)]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(8))
    graph.add_weighted_edges_from(links)
    modules = {node: node if node < 2 else 2 for node in graph}
    options = {"recorded_teleportation": True, "teleport_to": "nodes"}
    result = replace(mapeq.evaluate(graph, modules, **options), modules_agreed=3)
    assert result.explanation.startswith("No two of the 2 linked nodes share a module. The walk leaves ")


def test_recorded_teleportation_is_tried_without():
    graph = nx.planted_partition_graph(3, 8, 0.9, 0.05, seed=1, directed=True)
    options = {"teleportation_probability": 0.8}
    _, explanation = said(graph, recorded_teleportation=True, **options)
    number = mapeq.infomap(graph, **options).num_modules
    assert number > 1
    assert (
        f"Without recorded teleportation the search finds {number} modules; with it this partition takes" in explanation
    )


def test_a_search_that_was_stopped_says_so():
    _, explanation = said(nx.gnp_random_graph(300, 0.05, seed=1), time_limit=0)
    assert explanation.endswith("The search was stopped early, by the time limit.")
    assert "Markov time" not in explanation  # who has no time for one search has none for others


def test_large_networks_are_explained_without_other_searches(monkeypatch):
    monkeypatch.setattr("mapeq.result.explain.MAX_LINKS_TO_SEARCH", 10)
    _, explanation = said(nx.star_graph(20))
    assert explanation.endswith("A shorter Markov time gives smaller modules.")


def test_notebooks_show_it():
    result, explanation = said(nx.star_graph(5))
    assert f"<td>{explanation}</td>" in result._repr_html_()
    assert "why" not in mapeq.infomap(nx.karate_club_graph())._repr_html_()


def test_all_small_networks_can_be_explained():
    rng = np.random.default_rng(1)
    for _ in range(60):
        n = int(rng.integers(1, 7))
        graph = nx.gnp_random_graph(n, rng.random(), seed=int(rng.integers(1000)), directed=bool(rng.integers(2)))
        result = mapeq.infomap(graph, markov_time=float(2.0 ** rng.integers(-5, 5)), recorded_teleportation=True)
        explanation = result.explanation
        if result.num_modules in (1, n):
            assert explanation.endswith(".")
            assert "nan" not in explanation


# Walks that end in one node ------------------------------------------------------------------


def sinks(num_sinks, num_others, *more):
    """Components in which every node links to one that links to none; with more links."""
    size = num_others + 1
    return [(size * s + i, size * s) for s in range(num_sinks) for i in range(1, size)] + list(more)


ENDS = [
    {"directed": True},
    {"directed": True, "teleport_to": "nodes"},
    {"directed": True, "markov_time": 0.5},
    {"directed": True, "markov_time": 2.0, "num_trials": 3},
    {"directed": True, "multilevel": True},
    {"flow_model": "rawdir"},
]


@pytest.mark.parametrize("options", ENDS, ids=map(str, ENDS))
@pytest.mark.parametrize("num_others", [1, 3, 9, 200])
@pytest.mark.parametrize("num_sinks", [1, 2])
def test_all_flow_in_one_node_of_each_component_is_a_module_per_component(num_sinks, num_others, options):
    result = mapeq.infomap(sinks(num_sinks, num_others), **options)
    components = [set(range(s * (num_others + 1), (s + 1) * (num_others + 1))) for s in range(num_sinks)]
    assert sorted(result.communities(), key=min) == components
    assert result.codelength == pytest.approx(0, abs=1e-12)
    assert result.relative_savings == (0 if num_sinks == 1 else 1)
    assert result.explanation.endswith("its description takes 0 bits, which nothing can shorten.")


@pytest.mark.parametrize("num_others", [3, 9, 200])
def test_recorded_teleportation_onto_one_node_is_one_module(num_others):
    result = mapeq.infomap([*sinks(1, num_others)], directed=True, recorded_teleportation=True)
    assert (result.num_modules, result.codelength, result.relative_savings) == (1, 0, 0)


def test_many_links_to_one_node_are_one_module():
    """More than the networks for which components are always tried."""
    n = 20_000
    network = mapeq.Network.from_edges(np.arange(1, n), np.zeros(n - 1, dtype=np.int64), directed=True)
    assert mapeq.infomap(network).num_modules == 1


@pytest.mark.parametrize("links", [[("a", "a")], [("a", "a"), ("b", "b")]])
@pytest.mark.parametrize("options", [{}, {"directed": True}, {"directed": True, "recorded_teleportation": True}])
def test_self_links_alone_are_a_module_for_each_node(links, options):
    result = mapeq.infomap(links, **options)
    assert result.num_modules == len(links)
    assert result.explanation.startswith("No two nodes are linked: there are only self-links.")

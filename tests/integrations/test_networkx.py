"""NetworkX: graphs in and out, its contract for the community functions, and the backend."""

import math
import os
import random
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.integrations.networkx import backend, pagerank

# Karate's edges carry weights. The values are known optima of the two-level map equation.
KNOWN_OPTIMA = {
    "barbell": (nx.barbell_graph(5, 0), 2.6427550064563676, {}),
    "karate": (nx.karate_club_graph(), 4.087423158819623, {}),
    "caveman": (nx.connected_caveman_graph(5, 6), 3.089850642923342, {}),
    "cliques": (nx.ring_of_cliques(12, 6), 3.146423428048501, {}),
    "gnc80": (nx.gnc_graph(80, seed=7), 2.0203742478586735, {}),
    "gnc40": (nx.gnc_graph(40, seed=3), 2.3493511266833416, {}),
    "gnc40, much teleportation": (
        nx.gnc_graph(40, seed=3),
        2.7403670603341608,
        {"teleportation_probability": 0.85},
    ),
}


@pytest.mark.parametrize("name", KNOWN_OPTIMA)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_known_optima_are_reached(name, seed):
    graph, optimum, options = KNOWN_OPTIMA[name]
    communities = mapeq.infomap_communities(graph, seed=seed, **options)
    assert mapeq.map_equation(graph, communities, **options) == pytest.approx(optimum, abs=1e-9)


def test_communities_are_sets_with_most_flow_first():
    communities = mapeq.infomap_communities(nx.karate_club_graph(), seed=1)
    assert all(type(community) is set for community in communities)
    strength = dict(nx.karate_club_graph().degree(weight="weight"))
    flows = [sum(strength[node] for node in community) for community in communities]
    assert flows == sorted(flows, reverse=True)


def test_any_hashable_is_a_label_and_labels_are_never_ordered():
    labels = ["a", 1, (2, "b"), frozenset({3}), 2.5, None.__class__]
    graph = nx.relabel_nodes(nx.barbell_graph(3, 0), dict(enumerate(labels)))
    assert mapeq.infomap_communities(graph, seed=1) in (
        [set(labels[:3]), set(labels[3:])],
        [set(labels[3:]), set(labels[:3])],
    )


def test_the_graph_is_untouched():
    graph = nx.karate_club_graph()
    before = nx.to_dict_of_dicts(graph)
    mapeq.infomap_communities(graph)
    mapeq.map_equation(graph, [set(graph)])
    assert nx.to_dict_of_dicts(graph) == before


@pytest.mark.parametrize(
    "view",
    [
        nx.freeze(nx.barbell_graph(4, 0)),
        nx.barbell_graph(4, 1).subgraph([0, 1, 2, 3, 5, 6, 7, 8]),
        nx.barbell_graph(4, 0).copy(as_view=True),
        nx.MultiGraph(nx.barbell_graph(4, 0)),
        nx.barbell_graph(4, 0).to_directed(as_view=True),
        nx.reverse_view(nx.barbell_graph(4, 0).to_directed()),
    ],
    ids=["frozen", "subgraph", "view", "multi", "directed view", "reversed"],
)
def test_views_and_frozen_graphs_work(view):
    assert sorted(map(sorted, mapeq.infomap_communities(view, seed=1))) == [
        sorted(view)[:4],
        sorted(view)[4:],
    ]


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_graphs_without_nodes_or_links_have_answers(kind):
    assert mapeq.infomap_communities(kind()) == []
    assert list(mapeq.infomap_partitions(kind())) == []
    assert mapeq.map_equation(kind(), []) == 0
    graph = nx.empty_graph(3, create_using=kind)
    assert mapeq.infomap_communities(graph) == [{0}, {1}, {2}]
    assert mapeq.map_equation(graph, [{0}, {1, 2}]) == 0


def test_a_structureless_graph_is_one_community():
    assert mapeq.infomap_communities(nx.complete_graph(12)) == [set(range(12))]


def test_parts_that_are_not_connected_never_merge():
    graph = nx.disjoint_union_all([nx.path_graph(3), nx.complete_graph(5), nx.star_graph(4), nx.empty_graph(2)])
    for community in mapeq.infomap_communities(graph):
        assert nx.is_connected(graph.subgraph(community))


def test_partitions_are_the_levels_of_the_best_hierarchy():
    graph = nx.ring_of_cliques(12, 6)
    levels = list(mapeq.infomap_partitions(graph, seed=1, num_trials=3))
    assert len(levels) == 2
    # NetworkX knows of 3.128528943240294; infomap's best of 100 is this one, too.
    assert mapeq.evaluate(graph, levels).codelength == pytest.approx(3.1240771048430385, abs=1e-9)
    assert all(type(community) is set for level in levels for community in level)
    for fine in levels[1]:
        assert sum(fine <= coarse for coarse in levels[0]) == 1
    assert list(backend.infomap_partitions(backend.convert_from_nx(graph), seed=1, num_trials=3)) == levels


def test_partitions_yield_every_level_that_was_found(monkeypatch):
    graph = nx.path_graph(6)
    paths = {0: ("a", 1), 1: ("a", 1), 2: ("a", 2), 3: ("b",), 4: ("b",), 5: ("b",)}
    asked = {}

    def found(graph, **options):
        asked.update(options)
        return mapeq.evaluate(graph, paths)

    monkeypatch.setattr(mapeq.integrations.networkx, "infomap", found)
    levels = mapeq.infomap_partitions(graph, seed=7, num_trials=2)
    assert next(levels) == [{0, 1, 2}, {3, 4, 5}]
    assert next(levels) == [{3, 4, 5}, {0, 1}, {2}]
    assert next(levels, None) is None
    assert (asked["multilevel"], asked["seed"], asked["num_trials"]) == (True, 7, 2)


def test_a_flat_hierarchy_is_one_level():
    graph = nx.karate_club_graph()
    (communities,) = mapeq.infomap_partitions(graph, seed=3, num_trials=5)
    assert mapeq.map_equation(graph, communities) == pytest.approx(4.087423158819623, abs=1e-9)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf, "3", None])
@pytest.mark.parametrize("function", [mapeq.infomap_communities, mapeq.infomap_partitions])
def test_bad_weights_are_refused_at_once(function, weight):
    graph = nx.Graph([(0, 1, {"weight": 1.0}), (1, 2, {"weight": weight})])
    with pytest.raises(ValueError, match="edge 1 - 2"):
        function(graph)
    with pytest.raises(ValueError, match="edge 1 - 2"):
        mapeq.map_equation(graph, [{0, 1, 2}])


@pytest.mark.parametrize("function", [mapeq.infomap_communities, mapeq.infomap_partitions])
def test_bad_options_are_refused_at_once(function):
    for num_trials in (0, -1, 1.5):
        with pytest.raises(ValueError, match="num_trials"):
            function(nx.path_graph(3), num_trials=num_trials)
    for probability in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="teleportation_probability"):
            function(nx.path_graph(3, create_using=nx.DiGraph), teleportation_probability=probability)
        # On an undirected graph there is no teleportation, hence nothing to refuse.
        assert function(nx.path_graph(3), teleportation_probability=probability)


@pytest.mark.parametrize("communities", [[{0, 1}], [{0, 1, 2}, {2}], [{0, 1, 2, 9}], [{0}, {1}], []], ids=str)
def test_what_is_no_partition_is_a_networkx_error(communities):
    with pytest.raises(nx.NetworkXError):
        mapeq.map_equation(nx.path_graph(3), communities)


def test_weights_count_and_can_be_ignored():
    graph = nx.karate_club_graph()
    plain = nx.Graph()
    plain.add_nodes_from(graph)
    plain.add_edges_from(graph.edges())
    assert mapeq.infomap(graph, weight=None).codelength == mapeq.infomap(plain).codelength
    assert mapeq.infomap_communities(graph, weight="nothing", seed=1) == mapeq.infomap_communities(plain, seed=1)
    assert mapeq.infomap(graph).codelength != mapeq.infomap(plain).codelength


def test_direction_can_be_overruled():
    graph = nx.DiGraph([(0, 1, {"weight": 2.0}), (1, 0, {"weight": 1.0}), (1, 2), (2, 2)])
    undirected = mapeq.infomap(graph, directed=False).network
    assert not undirected.directed
    assert undirected.matrix().toarray().tolist() == [[0, 3, 0], [3, 0, 1], [0, 1, 1]]
    directed = mapeq.infomap(nx.path_graph(3), directed=True).network
    assert directed.directed
    assert directed.matrix().toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    "seed", [None, 5, np.int64(5), random.Random(5), random, np.random.default_rng(5), np.random.RandomState(5)]
)
def test_every_kind_of_seed_is_taken(seed):
    assert len(mapeq.infomap_communities(nx.barbell_graph(5, 0), seed=seed)) == 2


def test_a_result_becomes_a_graph_again():
    graph = nx.DiGraph([("a", "b", {"weight": 2.0}), ("b", "a"), ("c", "a"), ("c", "c")])
    graph.add_node("alone")
    result = mapeq.infomap(graph)
    back = result.to_networkx()
    assert back.is_directed()
    assert nx.utils.graphs_equal(
        nx.DiGraph((u, v, {"weight": data.get("weight", 1)}) for u, v, data in graph.edges(data=True)),
        nx.DiGraph(back.edges(data=True)),
    )
    assert nx.get_node_attributes(back, "module") == result.modules()
    assert sum(nx.get_node_attributes(back, "flow").values()) == pytest.approx(1)


# The backend ---------------------------------------------------------------------------------


def test_the_backend_is_registered():
    assert "mapeq" in nx.utils.backends.backends
    assert nx.utils.backends.backend_info["mapeq"]["functions"].keys() >= {"pagerank", "infomap_communities"}
    assert not hasattr(backend, "louvain_communities")


@pytest.mark.parametrize("graph", [nx.karate_club_graph(), nx.gnc_graph(60, seed=2), nx.MultiDiGraph([(0, 1), (0, 1)])])
def test_pagerank_is_networkx_s(graph):
    options = {"alpha": 0.9, "tol": 1e-12, "max_iter": 1000, "personalization": {0: 3, 1: 1}, "dangling": {1: 1}}
    expected = nx.pagerank(graph, **options)
    assert nx.pagerank(graph, backend="mapeq", **options) == pytest.approx(expected, abs=1e-11)


def test_pagerank_fails_as_networkx_does():
    with pytest.raises(nx.PowerIterationFailedConvergence):
        pagerank(nx.karate_club_graph(), max_iter=0)
    with pytest.raises(ZeroDivisionError):
        pagerank(nx.karate_club_graph(), personalization={0: 0})
    assert pagerank(nx.DiGraph()) == {}


def test_backend_functions_take_what_networkx_hands_them():
    graph = nx.karate_club_graph()
    converted = backend.convert_from_nx(graph, edge_attrs={"weight": 1}, name="infomap_communities", graph_name="G")
    communities = backend.infomap_communities(converted, seed=random.Random(1))
    assert backend.map_equation(converted, communities) == pytest.approx(4.087423158819623, abs=1e-9)
    assert list(backend.infomap_partitions(converted, seed=1)) == [backend.infomap_communities(converted, seed=1)]
    assert backend.convert_to_nx(converted) is graph
    assert backend.convert_to_nx(communities) is communities


@pytest.mark.thorough
def test_networkx_s_own_pagerank_tests_pass_through_the_backend(tmp_path):
    program = """
import sys, pytest, mapeq.integrations.networkx as ours
calls, original = [], ours.pagerank
ours.pagerank = lambda *args, **options: (calls.append(1), original(*args, **options))[1]
tests = "networkx.algorithms.link_analysis.tests.test_pagerank"
code = pytest.main(["-q", "-p", "no:cacheprovider", "--pyargs", tests])
print("calls:", len(calls))
sys.exit(code)
"""
    environment = {**os.environ, "NETWORKX_TEST_BACKEND": "mapeq", "NETWORKX_FALLBACK_TO_NX": "True"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.rsplit("calls:", 1)[1]) >= 10


def test_other_options_are_those_of_infomap():
    graph = nx.connected_caveman_graph(5, 6)
    nx.set_node_attributes(graph, {node: node % 2 for node in graph}, "kind")
    options = {"metadata": "kind", "metadata_rate": 2.0, "markov_time": 1.5}
    expected = mapeq.infomap(graph, seed=1, **options)
    assert mapeq.infomap_communities(graph, seed=1, **options) == expected.communities()
    deep = mapeq.infomap(graph, seed=1, multilevel=True, **options)
    assert next(iter(mapeq.infomap_partitions(graph, seed=1, **options))) == deep.communities()
    with pytest.raises(TypeError, match="has no option 'resolution': use markov_time"):
        mapeq.infomap_communities(graph, resolution=2)
    with pytest.raises(ValueError, match="metadata_rate must be omitted without metadata"):
        mapeq.infomap_communities(graph, metadata_rate=2.0)

"""Bits of steps are those of the published example and the oracle; predicted links are the best of all pairs."""

import naive
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import hierarchies, networks

import mapeq
from mapeq._base.hierarchy import Hierarchy
from mapeq.result.assembly import make_result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: The network of https://github.com/mapequation/map-equation-similarity, and the rates that its README works out.
PUBLISHED = [
    *[(1, 2), (1, 3), (1, 4), (2, 3), (3, 4), (5, 6), (5, 9), (6, 7), (6, 9), (7, 8), (7, 9), (8, 9), (10, 11)],
    *[(10, 12), (10, 14), (10, 15), (11, 12), (12, 13), (12, 14), (13, 14), (14, 15), (3, 5), (4, 11), (9, 12)],
]
RATES = {(3, 1): 3 / 14, (3, 5): 2 / 14 * 2 / 6 * 3 / 18, (3, 12): 2 / 14 * 2 / 6 * 5 / 22}


def test_bits_are_those_of_the_published_example():
    result = mapeq.infomap(PUBLISHED)
    assert [len(module) for module in result.communities()] == [6, 5, 4]
    np.testing.assert_allclose(2 ** -result.similarity(list(RATES)), list(RATES.values()), rtol=1e-12)
    np.testing.assert_allclose(result.similarity([(3, 12)]), [6.53], atol=0.005)


@st.composite
def cases(draw, bipartite=False):
    """Links, options of the walk, and a path to its module for each node."""
    links = draw(networks(min_nodes=1, weights=st.floats(0.1, 10), node_weights=False, bipartite=bipartite))
    options = WalkOptions(
        flow_model="directed" if links.directed else "undirected",
        recorded_teleportation=draw(st.booleans()),
        bipartite_flow="unfolded" if bipartite else "two-step",
    )
    return links, options, draw(hierarchies(links.num_nodes))


def result_of(links, options, paths):
    modules = sorted(
        {path[:depth] for path in paths for depth in range(len(path) + 1)}, key=lambda path: (len(path), path)
    )
    number = {path: i for i, path in enumerate(modules)}
    parent = np.array([number[path[:-1]] for path in modules], dtype=np.uint32)
    network = links.network()
    tree = Hierarchy(np.array([number[path] for path in paths], dtype=np.uint32), parent)
    return make_result(network, random_walk(network, options), tree, options=options.as_dict())


@given(cases())
def test_bits_are_those_of_the_oracle(case):
    links, options, paths = case
    result, n = result_of(*case), links.num_nodes
    pairs = [(i, j) for i in range(n) for j in range(n)]
    found = 2 ** -result.similarity(pairs)
    np.testing.assert_allclose(found.reshape(n, n), naive.step_rates(links.walk(options), paths), atol=1e-9)
    if not links.directed:
        flow = result.flow[:, None] * found.reshape(n, n)
        np.testing.assert_allclose(flow, flow.T, atol=1e-9)


@given(st.one_of(cases(), cases(bipartite=True)), st.integers(1, 6))
def test_predicted_links_are_the_best_of_all_pairs(case, k):
    links, options, paths = case
    result = result_of(*case)
    matrix = links.matrix()
    expected = naive.missing_links(links.walk(options), paths, matrix, links.directed, links.sides)
    every = {(u, v): 2**-bits for u, v, bits in result.predict_links(links.num_nodes**2)}
    for pair in expected.keys() | every.keys():
        assert every.get(pair, 0.0) == pytest.approx(expected.get(pair, 0.0), abs=1e-9)
    some = result.predict_links(k)
    assert len({(u, v) for u, v, _ in some}) == len(some) == min(k, len(every))
    best = sorted(every.values(), reverse=True)[:k]
    assert [2**-bits for _, _, bits in some] == pytest.approx(best, rel=1e-9)
    assert all(every[u, v] == pytest.approx(2**-bits, rel=1e-9) for u, v, bits in some)


def test_the_first_of_many_pairs_are_the_best():
    graph = nx.les_miserables_graph()
    result = mapeq.infomap(graph, multilevel=True)
    pairs = [(u, v) for i, u in enumerate(graph) for v in list(graph)[i + 1 :] if not graph.has_edge(u, v)]
    start = dict(zip(result.node_labels, -np.log2(result.flow), strict=True))
    bits = result.similarity(pairs) + [start[u] for u, _ in pairs]
    found = result.predict_links(50)
    np.testing.assert_allclose([each for _, _, each in found], np.sort(bits)[:50], rtol=1e-9)
    assert not any(graph.has_edge(u, v) for u, v, _ in found)


def test_pairs_of_a_large_module_are_not_all_looked_at():
    leaves = np.arange(1, 50_001)
    star = mapeq.Network.from_edges(np.zeros_like(leaves), leaves)
    found = mapeq.evaluate(star, np.zeros(50_001, dtype=int)).predict_links(5)
    assert len({(u, v) for u, v, _ in found}) == 5
    assert all(0 < u < v for u, v, _ in found)
    np.testing.assert_allclose([bits for _, _, bits in found], 2 * np.log2(100_000))


@pytest.mark.parametrize(
    "form",
    [
        lambda pairs: iter(pairs),
        lambda pairs: set(pairs),
        lambda pairs: np.array(pairs),
        lambda pairs: pd.DataFrame(pairs, columns=["source", "target"]),
        lambda pairs: pd.DataFrame(pairs),
        lambda pairs: pa.table({"from": [u for u, _ in pairs], "to": [v for _, v in pairs]}),
    ],
)
def test_pairs_in_any_form(form):
    result = mapeq.infomap(PUBLISHED)
    found = result.similarity(form(list(RATES)))
    assert found.dtype == np.float64
    np.testing.assert_allclose(np.sort(2**-found), np.sort(list(RATES.values())))


def test_no_pairs_and_nodes_that_nothing_leads_to():
    result = mapeq.infomap([("a", "b"), (("c", 1), "d")])
    assert result.similarity([]).shape == (0,)
    assert result.similarity([("a", "b"), ("a", ("c", 1))]).tolist() == [1.0, np.inf]
    assert result.predict_links(3) == []
    assert mapeq.infomap(np.empty((0, 2), dtype=np.int64)).predict_links(1) == []


def test_secondary_nodes_need_visits():
    graph = nx.davis_southern_women_graph()
    pairs = mapeq.infomap(graph, bipartite=True, bipartite_flow="unfolded").predict_links(10)
    women = set(graph.graph["top"])
    assert len(pairs) == 10
    assert all((u in women) != (v in women) and not graph.has_edge(u, v) for u, v, _ in pairs)
    with pytest.raises(mapeq.NetworkError, match="search with bipartite_flow='unfolded'"):
        mapeq.infomap(graph, bipartite=True).predict_links(1)


def test_one_side_has_not_all_code_words():
    result = mapeq.infomap(nx.davis_southern_women_graph(), bipartite=True, bipartite_flow="unfolded").primary()
    for ask in (lambda: result.similarity([result.node_labels[:2]]), lambda: result.predict_links(1)):
        with pytest.raises(mapeq.NetworkError, match="this result is about one side of a bipartite network"):
            ask()


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        ([(1, 2), (1, 99)], "pair 1 names 99, which is not a node of the network"),
        ([(1, 2), (1, [2])], r"pair 1 names \[2\], which is not a node of the network"),
        ([(1, 2, 3)], r"pair 0 has 3 parts; a pair is \(u, v\)"),
        ([1, 2], r"pair 0 is 1; a pair is \(u, v\)"),
        (np.zeros((2, 3)), r"an array of pairs of labels has shape \(p, 2\), not \(2, 3\)"),
        ("12", r"expected pairs of labels, an array of shape \(p, 2\) or a table, not '12'"),
        (pd.DataFrame({"a": [1], "b": [2], "c": [3]}), "column"),
    ],
)
def test_what_is_no_pair_of_nodes(pairs, problem):
    with pytest.raises(mapeq.NetworkError, match=problem):
        mapeq.infomap(PUBLISHED).similarity(pairs)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_numbers_of_links_that_are_none(k):
    with pytest.raises(ValueError, match="k must be a whole number, 1 or more, not"):
        mapeq.infomap(PUBLISHED).predict_links(k)


def test_states_are_not_nodes():
    result = mapeq.infomap(mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "cid")]}))
    for ask in (lambda: result.similarity([(("work", "ann"), ("work", "bob"))]), lambda: result.predict_links(1)):
        with pytest.raises(mapeq.NetworkError, match="similarity is defined for nodes, not for states"):
            ask()

"""mapeq.network.resampling: what drawn networks keep, and what changes."""

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.network.resampling import has_counts, with_drawn_weights, without_links, without_nodes


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(1)
    ends = rng.integers(0, 40, (2, 400))
    return mapeq.Network.from_edges(*ends, rng.integers(1, 30, 400), num_nodes=42)


def links_of(network):
    return {(one, other): weight for one, other, weight in zip(*map(np.ndarray.tolist, network.links()), strict=True)}


def test_counts_are_whole_and_not_all_one():
    for weights, expected in (
        ([1, 2], True),
        ([1, 1], False),
        ([0.5, 2], False),
        ([3, 3], True),
        ([2.0**53, 1], False),
    ):
        assert has_counts(mapeq.Network.from_edges([0, 1], [1, 2], weights)) is expected
    assert not has_counts(mapeq.Network.from_edges([], [], num_nodes=2))


@pytest.mark.parametrize("directed", [False, True])
def test_drawn_weights_are_poisson_around_the_weights(directed):
    ends = np.arange(40), np.append(np.arange(1, 40), 39)  # a path, and a self-link
    weights = np.linspace(1, 40, 40)
    network = mapeq.Network.from_edges(*ends, weights, directed=directed)
    rng = np.random.default_rng(5)
    drawn = [with_drawn_weights(network, rng) for _ in range(300)]
    table = np.array([[links_of(found).get(pair, 0.0) for pair in links_of(network)] for found in drawn])
    assert (table == np.floor(table)).all()
    given = np.array(list(links_of(network).values()))
    assert np.abs(table.mean(axis=0) - given).max() < 5 * np.sqrt(40 / 300)
    assert table.var(axis=0) == pytest.approx(given, rel=0.5)
    totals = np.array([found.total_weight for found in drawn])
    assert totals.mean() == pytest.approx(network.total_weight, rel=0.01)
    assert totals.var() == pytest.approx(network.total_weight, rel=0.3)
    assert all(found.num_nodes == 40 and found.directed == directed for found in drawn)


@pytest.mark.parametrize("fraction", [0.001, 0.1, 0.5, 0.999])
def test_links_that_stay_keep_their_weights(counts, fraction):
    found = without_links(counts, fraction, np.random.default_rng(3))
    kept = links_of(found)
    assert kept.items() <= links_of(counts).items()
    assert counts.num_links - len(kept) == max(round(fraction * counts.num_links), 1)
    assert found.num_nodes == counts.num_nodes
    matrix = found.matrix()
    assert (matrix != matrix.T).nnz == 0


def test_each_link_is_as_likely_to_go(counts):
    rng = np.random.default_rng(3)
    stayed = dict.fromkeys(links_of(counts), 0)
    for _ in range(400):
        for pair in links_of(without_links(counts, 0.25, rng)):
            stayed[pair] += 1
    shares = np.array(list(stayed.values())) / 400
    assert shares.mean() == pytest.approx(0.75, abs=0.005)
    assert np.abs(shares - 0.75).max() < 5 * np.sqrt(0.75 * 0.25 / 400)


def test_nodes_that_stay_keep_their_links_and_all_about_them():
    graph = nx.davis_southern_women_graph()
    nx.set_node_attributes(graph, {name: str(name)[0] for name in graph}, "initial")
    network = mapeq.infomap(graph, metadata="initial").network
    smaller, kept = without_nodes(network, 0.25, np.random.default_rng(2))
    assert smaller.num_nodes == len(kept) == 24
    assert list(smaller.labels) == [network.labels[position] for position in kept]
    inside = {(one, other) for one, other in graph.edges if {one, other} <= set(smaller.labels)}
    assert {frozenset(pair) for pair in inside} == {
        frozenset(smaller.labels[end] for end in pair) for pair in links_of(smaller)
    }
    assert smaller.sides.tolist() == network.sides[kept].tolist()
    assert smaller.metadata.codes.tolist() == network.metadata.codes[kept].tolist()
    assert smaller.metadata.categories == network.metadata.categories


def test_nothing_is_left_of_one():
    single = mapeq.Network.from_edges([0], [1])
    assert without_links(single, 0.1, np.random.default_rng(1)).num_links == 0
    assert without_nodes(single, 0.9, np.random.default_rng(1))[0].num_nodes == 0

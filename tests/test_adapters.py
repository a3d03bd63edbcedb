"""Other libraries' objects in: one meaning of direction, weights and labels, whatever holds the links."""

import math

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

import mapeq
from mapeq.adapters import as_network

LINKS = [("b", "a", 2.0), ("b", "c", 0.5), ("c", "b", 1.0), ("d", "d", 4.0)]


def link_weights(network):
    """What a network is, whatever the order of its nodes: (label, label) -> weight."""
    labels = network.label_list()
    pairs = zip(*(array.tolist() for array in network.links()), strict=True)
    if network.directed:
        return {(labels[i], labels[j]): weight for i, j, weight in pairs}
    return {frozenset((labels[i], labels[j])): weight for i, j, weight in pairs}


# Every adapter, the same network ---------------------------------------------------------------


def networkx_graph(labels, sources, targets, weights, directed):
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    graph.add_nodes_from(labels)
    graph.add_weighted_edges_from(zip(sources, targets, weights, strict=True))
    return graph


def igraph_graph(labels, sources, targets, weights, directed):
    position = {label: i for i, label in enumerate(labels)}
    ends = [(position[u], position[v]) for u, v in zip(sources, targets, strict=True)]
    named = {"name": labels} if labels != list(range(len(labels))) else {}
    return igraph.Graph(len(labels), ends, directed=directed, vertex_attrs=named, edge_attrs={"weight": weights})


GRAPHS = {"networkx": networkx_graph, "igraph": igraph_graph}


@st.composite
def linked_nodes(draw):
    """Links as lists of labels, numbers or words, where every node has a link: sorted labels, sources, targets, ..."""
    links = draw(networks(weights=st.sampled_from([0.5, 1.0, 2.0, 3.0]), node_weights=False))
    nodes, ends = np.unique(np.concatenate([links.sources, links.targets]), return_inverse=True)
    labels = draw(st.sampled_from([list(range(len(nodes))), [f"node {i}" for i in range(len(nodes))]]))
    sources, targets = ([labels[i] for i in part] for part in np.split(ends, 2))
    return labels, sources, targets, links.weights.tolist(), links.directed


@pytest.mark.parametrize("kind", GRAPHS)
@given(links=linked_nodes(), asked=st.sampled_from([None, True, False]), weight=st.sampled_from(["weight", None]))
def test_a_graph_is_what_networkx_says(kind, links, asked, weight):
    graph, expected = GRAPHS[kind](*links), networkx_graph(*links)
    found = mapeq.infomap(graph, directed=asked, weight=weight, num_threads=1)
    wanted = mapeq.infomap(expected, directed=asked, weight=weight, num_threads=1)
    assert found.network.directed == wanted.network.directed
    assert link_weights(found.network) == link_weights(wanted.network)
    assert found.modules() == wanted.modules()


# igraph ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
def test_an_igraph_graph_keeps_names_weights_direction_and_lonely_nodes(directed):
    graph = igraph_graph(list("edcba"), *zip(*LINKS, strict=True), directed)
    network = as_network(graph)
    assert network.label_list() == list("edcba")
    assert network.directed == directed
    assert link_weights(network) == (
        {("b", "a"): 2, ("b", "c"): 0.5, ("c", "b"): 1, ("d", "d"): 4}
        if directed
        else {frozenset("ab"): 2, frozenset("bc"): 1.5, frozenset("d"): 4}
    )
    result = mapeq.infomap(graph)
    assert result.modules().keys() == set("abcde")
    assert mapeq.evaluate(graph, result.communities()).codelength == pytest.approx(result.codelength, abs=1e-12)


def test_vertices_of_igraph_without_names_that_differ_are_numbers():
    assert as_network(igraph.Graph(3, [(0, 1)])).labels == range(3)
    assert as_network(igraph.Graph(3, [(0, 1)], vertex_attrs={"name": ["a", "b", "a"]})).labels == range(3)
    assert as_network(igraph.Graph()).num_nodes == 0


def test_weights_of_igraph_that_are_not_there_are_one():
    graph = igraph.Graph(3, [(0, 1), (1, 2)], edge_attrs={"cost": [3.0, None]})
    assert as_network(graph).weights.tolist() == [1, 1, 1, 1]
    assert as_network(graph, weight="cost").weights.tolist() == [3, 3, 1, 1]
    assert as_network(graph, weight=None).weights.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (-1, "the weight of the edge 'b' - 'c' is negative: -1.0; weights must be finite and 0 or more"),
        (math.nan, "the weight of the edge 'b' - 'c' is not finite: nan; weights must be finite and 0 or more"),
        ("3", "the weight of the edge 'b' - 'c' is no number: '3'"),
    ],
)
def test_bad_weights_of_igraph(weight, message):
    graph = igraph.Graph(3, [(0, 1), (1, 2)], vertex_attrs={"name": list("abc")}, edge_attrs={"weight": [1, weight]})
    with pytest.raises(mapeq.NetworkError) as caught:
        mapeq.infomap(graph)
    assert str(caught.value) == message


def test_a_result_becomes_an_igraph_graph_and_a_network_again():
    result = mapeq.infomap(LINKS, directed=True)
    again = as_network(result.to_igraph())
    assert again.directed
    assert again.label_list() == result.node_labels
    assert link_weights(again) == link_weights(result.network)

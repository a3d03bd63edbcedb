"""What is said of a network before it is clustered."""

import json

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq import Network


def labelled(graph):
    return mapeq.infomap(graph).network


@pytest.fixture(scope="module")
def weighted():
    """A directed network of two parts with weights, self-links and a node without links."""
    graph = nx.gnp_random_graph(60, 0.08, seed=3, directed=True)
    graph = nx.union(graph, nx.relabel_nodes(nx.cycle_graph(9, create_using=nx.DiGraph), lambda i: 100 + i))
    graph.add_edges_from([(0, 0), (5, 5)])
    graph.add_node(500)
    for u, v in graph.edges:
        graph[u][v]["weight"] = 1 + (u * v) % 7
    return graph


def test_figures_of_directed_networks_are_those_of_networkx(weighted):
    found = labelled(weighted).summary()
    loopless = weighted.copy()
    loopless.remove_edges_from([(0, 0), (5, 5)])
    assert found["num_nodes"] == weighted.number_of_nodes()
    assert found["num_links"] == weighted.number_of_edges()
    assert (found["num_self_links"], found["num_nodes_without_links"]) == (2, 1)
    assert found["density"] == pytest.approx(nx.density(loopless))
    assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(loopless))
    weak = [len(part) for part in nx.weakly_connected_components(weighted)]
    strong = [len(part) for part in nx.strongly_connected_components(weighted)]
    assert (found["num_components"], found["largest_component"]) == (len(weak), max(weak))
    assert (found["num_strong_components"], found["largest_strong_component"]) == (len(strong), max(strong))
    for name, degrees in {
        "out_degree": weighted.out_degree(),
        "in_degree": weighted.in_degree(),
        "out_strength": weighted.out_degree(weight="weight"),
        "in_strength": weighted.in_degree(weight="weight"),
    }.items():
        values = [degree for _, degree in degrees]
        expected = {"min": min(values), "median": np.median(values), "mean": np.mean(values), "max": max(values)}
        assert found[name] == pytest.approx(expected), name
    weights = [weight for _, _, weight in weighted.edges(data="weight")]
    assert found["weights"] == pytest.approx(
        {"min": min(weights), "median": np.median(weights), "mean": np.mean(weights), "max": max(weights)}
    )
    assert found["total_weight"] == sum(weights)
    best = max(dict(weighted.degree()).values())
    assert found["hubs"][0][1] == best == weighted.degree(found["hubs"][0][0])


def test_figures_of_undirected_networks_are_those_of_networkx():
    graph = nx.disjoint_union(nx.karate_club_graph(), nx.path_graph(3))
    found = labelled(graph).summary()
    assert (found["num_components"], found["largest_component"]) == (2, 34)
    assert found["density"] == pytest.approx(nx.density(graph))
    assert found["degree"]["mean"] == pytest.approx(np.mean([degree for _, degree in graph.degree()]))
    assert found["strength"]["max"] == max(degree for _, degree in graph.degree(weight="weight"))
    assert found["hubs"][:2] == [(33, 17), (0, 16)]
    assert "reciprocity" not in found
    assert "out_degree" not in found


def test_figures_are_plain_values(weighted):
    found = labelled(weighted).summary()
    assert json.loads(json.dumps(found))["num_nodes"] == 70


@pytest.mark.parametrize("directed", [False, True])
def test_networks_without_links_or_nodes_have_figures(directed):
    found = Network.from_edges([], [], directed=directed).summary()
    assert found["weights"] is None
    assert (found["num_components"], found["hubs"], found["notes"], found["density"]) == (0, [], [], 0)
    found = Network.from_edges([], [], directed=directed, num_nodes=3).summary()
    assert (found["num_components"], found["largest_component"], found["num_nodes_without_links"]) == (3, 1, 3)
    assert found["notes"] == ["3 nodes without links: each is a separate module without flow"]


@pytest.mark.parametrize(
    ("labels", "kind"),
    {(3, 1, 2): "numbers", ("a", "b", "c"): "words", ("a", 1, (2, 3)): "objects"}.items(),
)
def test_what_nodes_are_called_by(labels, kind):
    assert Network.from_edges([0, 1], [1, 2], labels=labels).summary()["labels"] == kind


def test_the_estimate_of_memory_grows_with_links_directions_and_weights():
    sources, targets = np.arange(1000), (np.arange(1000) * 7 + 1) % 1000
    plain = Network.from_edges(sources, targets).summary()["memory"]
    assert Network.from_edges(sources, targets, directed=True).summary()["memory"] > plain
    assert Network.from_edges([*sources, *targets], [*targets, *(sources + 5) % 1000]).summary()["memory"] > plain


def test_notebooks_show_a_table():
    html = Network.from_edges(["<a>", "b"], ["b", "c"], directed=True)._repr_html_()
    assert html.startswith("<table>")
    assert "<tr><th>links</th><td>2, directed</td></tr>" in html
    assert "&lt;a&gt;" in html
    assert "component" not in html  # that takes long

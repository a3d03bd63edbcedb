"""GEXF files: places, sizes and colours for Gephi, as in pictures."""

import warnings

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.writers import MOST_MEMBERS, MOST_MODULES, MOST_NODES


def viz_of(path):
    """What the file says of the looks of each node, and the graph."""
    graph = nx.read_gexf(path)
    return nx.get_node_attributes(graph, "viz"), graph


def places_of(viz):
    return np.array([[looks["position"]["x"], looks["position"]["y"]] for looks in viz.values()])


def colours_of(viz):
    return np.array([[looks["color"][channel] / 255 for channel in "rgb"] for looks in viz.values()])


@pytest.fixture(scope="module")
def lesmis():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


def test_nodes_have_the_looks_of_the_picture(lesmis, tmp_path):
    lesmis.write(tmp_path / "network.gexf")
    viz, graph = viz_of(tmp_path / "network.gexf")
    assert list(viz) == lesmis.node_labels
    ax = lesmis.plot(ax=Figure(figsize=(8, 8)).add_subplot(), title=False)
    (nodes,) = [each for each in ax.collections if each.get_gid() == "nodes"]
    sizes = np.array([looks["size"] for looks in viz.values()])
    assert sizes == pytest.approx(1000 * np.asarray(nodes.get_widths()) / 2, abs=1e-3)
    assert colours_of(viz) == pytest.approx(nodes.get_facecolors()[:, :3], abs=1 / 255)
    assert places_of(viz) == pytest.approx(1000 * np.asarray(nodes.get_offsets()), abs=2e-3)
    assert nx.get_node_attributes(graph, "module") == lesmis.modules()
    again = mapeq.read_network(tmp_path / "network.gexf")
    assert mapeq.evaluate(again, lesmis.modules()).codelength == pytest.approx(lesmis.codelength, abs=1e-12)


def test_equal_results_give_equal_bytes_with_and_without_the_command(lesmis, tmp_path):
    nx.write_weighted_edgelist(lesmis.to_networkx(), tmp_path / "links.txt")
    for name in ("first", "second"):
        command = ["cluster", str(tmp_path / "links.txt"), "-q", "--seed", "3", "-o", str(tmp_path / f"{name}.gexf")]
        assert main(command) == 0
    mapeq.infomap(tmp_path / "links.txt", seed=3).write(tmp_path / "third.gexf")
    first = (tmp_path / "first.gexf").read_bytes()
    assert first == (tmp_path / "second.gexf").read_bytes() == (tmp_path / "third.gexf").read_bytes()
    assert b"viz:position" in first


@pytest.mark.parametrize("directed", [False, True])
def test_nodes_without_links_are_in_a_row_below(tmp_path, directed):
    graph = nx.ring_of_cliques(4, 5)
    graph.add_nodes_from(["alone", "lonely", "single"])
    mapeq.infomap(graph.to_directed() if directed else graph).write(tmp_path / "network.gexf")
    viz, _ = viz_of(tmp_path / "network.gexf")
    places = places_of(viz)
    assert np.unique(places[20:, 1]).size == 1
    assert (places[20:, 1] < places[:20, 1].min()).all()
    assert np.unique(places, axis=0).shape == (23, 2)
    assert len(np.unique(colours_of(viz)[:20], axis=0)) == 4
    assert len(np.unique(colours_of(viz)[20:], axis=0)) == 1


def test_states_have_looks_of_their_own(tmp_path):
    cliques = [(f"{team}{i}", f"{team}{j}") for team in "ab" for i in range(4) for j in range(i)]
    result = mapeq.infomap(mapeq.Network.from_layers({"work": cliques, "sport": cliques[:6]}))
    result.write(tmp_path / "states.gexf")
    viz, _ = viz_of(tmp_path / "states.gexf")
    assert len(viz) == result.num_nodes == 12
    colours = colours_of(viz)
    for module in range(result.num_modules):
        assert len(np.unique(colours[result.labels == module], axis=0)) == 1


@pytest.mark.parametrize("graph", [nx.empty_graph(0), nx.empty_graph(3), nx.path_graph(2)])
def test_the_smallest_networks_are_written(graph, tmp_path):
    mapeq.infomap(graph).write(tmp_path / "network.gexf")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        viz, _ = viz_of(tmp_path / "network.gexf")
    assert len(viz) == len(graph)
    assert np.isfinite(places_of(viz)).all()


def test_networks_that_are_too_large_to_lay_out_have_colours_and_sizes(tmp_path):
    for num_nodes, size in ((MOST_NODES + 1, 5000), (2 * (MOST_MODULES + 1), 2), (MOST_MEMBERS + 9, MOST_MEMBERS + 1)):
        graph = nx.circulant_graph(num_nodes, [1])
        result = mapeq.evaluate(graph, {node: node // size for node in graph})
        result.write(tmp_path / "network.gexf")
        viz, _ = viz_of(tmp_path / "network.gexf")
        assert len(viz) == num_nodes
        assert not any("position" in looks for looks in viz.values())
        assert all(looks["size"] > 0 for looks in viz.values())
        colours = colours_of(viz)
        assert (colours[:size] == colours[0]).all()
        assert (colours[:size] != colours[size]).any()

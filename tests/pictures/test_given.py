"""Places, sizes, labels and colours of nodes that the caller gives."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import mapeq
from mapeq import NetworkError


@pytest.fixture(scope="module")
def lesmis():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def spots(lesmis):
    """A place for each character."""
    places = np.random.default_rng(4).uniform(3, 5, (77, 2))
    return dict(zip(lesmis.node_labels, places.tolist(), strict=True))


def drawn(result, kind="network", **options):
    figure = Figure(figsize=(6, 6), layout="constrained")
    ax = result.plot(kind, ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def nodes_of(ax):
    (found,) = [each for each in ax.collections if each.get_gid() == "nodes"]
    return np.asarray(found.get_offsets()), np.asarray(found.get_widths()) / 2, found.get_facecolors()[:, :3]


def similar(places, others):
    """Whether two sets of places are the same but for scale and shift."""
    first, second = places - places.mean(axis=0), others - others.mean(axis=0)
    assert first / np.linalg.norm(first) == pytest.approx(second / np.linalg.norm(second), abs=1e-6)
    return True


def test_nodes_are_drawn_where_they_are_placed(lesmis, spots):
    expected = np.array([spots[name] for name in lesmis.node_labels])
    for given in (spots, expected, pd.Series(spots), nx.random_layout(lesmis.to_networkx(), seed=1)):
        ax = drawn(lesmis, positions=given)
        wanted = expected if given is not spots and isinstance(given, np.ndarray) else [given[n] for n in spots]
        assert similar(nodes_of(ax)[0], np.array(wanted))
        assert not any(each.get_gid() == "modules" for each in ax.collections)
    frame, places = ax.get_window_extent(), ax.transData.transform(nodes_of(ax)[0])
    assert (places > frame.min).all()
    assert (places < frame.max).all()


def test_networks_of_many_nodes_are_drawn_at_their_places():
    graph = nx.grid_2d_graph(50, 50)
    result = mapeq.evaluate(graph, {node: node[0] // 10 for node in graph})
    ax = drawn(result, positions={node: node for node in graph}, legend=True, node_labels=False)
    places, _, colours = nodes_of(ax)
    assert similar(places, np.array(result.node_labels, dtype=float))
    assert len(np.unique(colours.round(4), axis=0)) == 5
    assert not ax.texts
    assert len(ax.get_legend().get_texts()) == 5


def test_physical_nodes_and_nodes_of_layers_are_placed():
    cliques = [(f"{team}{i}", f"{team}{j}") for team in "ab" for i in range(4) for j in range(i)]
    result = mapeq.infomap(mapeq.Network.from_layers({"work": cliques, "sport": cliques[:6]}))
    place = {name: (int(name[1]), "ab".index(name[0])) for name in result.network.states.labels}
    assert similar(nodes_of(drawn(result, "overlap", positions=place))[0], np.array(list(place.values())))
    ax = drawn(result, positions=place, node_sizes=1, node_colors="red")
    first, second = (nodes_of(panel) for panel in ax.child_axes)
    assert similar(first[0], np.array(list(place.values())))
    assert second[0] == pytest.approx(first[0][:4])
    assert second[1] == pytest.approx(np.full(4, first[1][0]))
    assert first[2] == pytest.approx(np.tile([1.0, 0, 0], (8, 1)))


@pytest.mark.parametrize("placed", [True, False])
def test_areas_and_colours_are_those_given(lesmis, spots, placed):
    names = lesmis.node_labels
    sizes = {name: 1 + len(name) % 4 for name in names}
    colours = {name: ("red", "#00ff00", (0, 0, 1, 0.5), "0.5")[len(name) % 4] for name in names}
    options = {"positions": spots} if placed else {}
    _, radii, shades = nodes_of(drawn(lesmis, node_sizes=sizes, node_colors=colours, **options))
    assert np.square(radii) / np.square(radii).sum() == pytest.approx(
        np.array([sizes[name] for name in names]) / sum(sizes.values())
    )
    assert shades == pytest.approx(np.array([to_rgb(colours[name]) for name in names]))
    in_order = {"node_sizes": list(sizes.values()), "node_colors": np.array([to_rgb(c) for c in colours.values()])}
    again = nodes_of(drawn(lesmis, **in_order, **options))
    assert again[1] == pytest.approx(radii)
    assert again[2] == pytest.approx(shades)


def test_a_size_of_nothing_is_as_small_as_can_be_seen(lesmis):
    _, radii, _ = nodes_of(drawn(lesmis, node_sizes={name: float(name == "Valjean") for name in lesmis.node_labels}))
    assert np.unique(radii.round(9)).size == 2
    assert radii.min() > 0


def test_nodes_have_the_labels_given_and_no_others(lesmis):
    labels = {"Valjean": "24601", "Cosette": "the child $5", "Marius": ""}
    assert {text.get_text() for text in drawn(lesmis, node_labels=labels).texts} == {"24601", "the child $5"}
    assert not drawn(lesmis, node_labels=False).texts
    in_order = [labels.get(name, "") for name in lesmis.node_labels]
    assert {text.get_text() for text in drawn(lesmis, node_labels=in_order).texts} == {"24601", "the child $5"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"positions": {"Valjean": (1, 2)}},
            "positions has no position of the node 'Napoleon'; every node",
        ),
        ({"positions": np.zeros((76, 2))}, "positions has 76 values, but there are 77 nodes: a position for each"),
        (
            {"positions": np.zeros((77, 3))},
            "the position of the node 'Napoleon' must be two finite numbers, x",
        ),
        ({"positions": np.full((77, 2), np.nan)}, "the position of the node 'Napoleon' must be two finite numbers"),
        ({"positions": 3}, "positions must be a mapping or Series by node, or an array in node order, not 3"),
        ({"node_sizes": {"Napoleon": 1}}, "node_sizes has no size of the node 'Myriel'"),
        ({"node_sizes": [-1] * 77}, "the size of the node 'Napoleon' must be a finite number, 0 or more, not -1"),
        ({"node_sizes": ["big"] * 77}, "the size of the node 'Napoleon' must be a finite number, 0 or more, not 'big'"),
        ({"node_sizes": "big"}, "node_sizes must be a mapping or Series by node, or an array in node order, not 'big'"),
        ({"node_colors": ["red"] * 76 + ["rot"]}, "the colour of the node 'MmeHucheloup' must be one that matplotlib"),
        ({"node_colors": "rot"}, "node_colors must be a colour that matplotlib knows, such as 'red', or one for each"),
        (
            {"node_colors": np.arange(77)},
            "the colour of the node 'Napoleon' must be one that matplotlib",
        ),
        ({"node_labels": {"Javert ": "x"}}, "node_labels has a label of 'Javert ', but there is no such node"),
        ({"node_labels": ["x"]}, "node_labels has 1 value, but there are 77 nodes: a label for each"),
    ],
)
def test_what_is_wrong_is_named(lesmis, options, message):
    with pytest.raises(NetworkError) as error:
        drawn(lesmis, **options)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_unlinked_nodes_need_no_values():
    graph = nx.cycle_graph(4)
    graph.add_node("alone")
    places, _, _ = nodes_of(drawn(mapeq.infomap(graph), positions={k: (k % 2, k // 2) for k in range(4)}))
    assert similar(places, np.array([[k % 2, k // 2] for k in range(4)], dtype=float))


def test_pictures_of_modules_show_no_nodes():
    graph = nx.grid_2d_graph(50, 50)
    result = mapeq.evaluate(graph, {node: node[0] // 10 for node in graph})
    with pytest.raises(ValueError, match="node_sizes must be omitted, because pictures of more than 2,000 nodes show"):
        drawn(result, node_sizes=[1] * 2500)
    with pytest.raises(ValueError, match="module_numbers must be omitted, because nodes at given positions have no"):
        drawn(result, positions={node: node for node in graph}, module_numbers=True)

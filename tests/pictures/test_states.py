"""Pictures of states: physical nodes as pies of their memberships, layers side by side with the same places."""

import networkx as nx
import numpy as np
import pytest
from matplotlib.figure import Figure

import mapeq
from mapeq.pictures.colours import GREY
from mapeq.pictures.layers import MOST_LAYERS, grid
from mapeq.pictures.network import draw_network, size_of
from mapeq.pictures.report.data import page_data
from mapeq.pictures.views import view_of

NORTH = [["Oslo", "hub", "Bergen", "hub", "Tromso", "hub"] * 3, ["Bergen", "hub", "Oslo", "hub"] * 4]
SOUTH = [["Rome", "hub", "Bari", "hub", "Pisa", "hub"] * 3, ["Bari", "hub", "Rome", "hub"] * 4]


def drawn(result, kind="network", size=(8, 6), **options):
    """The axes with a picture, as it is once it has been drawn."""
    figure = Figure(figsize=size, layout="constrained")
    ax = result.plot(kind, ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def collection(ax, name):
    (found,) = [each for each in ax.collections if each.get_gid() == name]
    return found


def places_of(ax, view):
    """The place of each node of a picture, by name."""
    return dict(zip(view.names, map(tuple, np.asarray(collection(ax, "nodes").get_offsets())), strict=True))


def pies(ax):
    """Of each node in parts: its place, and the share and colour of each part, in order."""
    found = {}
    shapes = collection(ax, "shares")
    for path, colour in zip(shapes.get_paths(), shapes.get_facecolors(), strict=True):
        rim = path.vertices[:-2] - path.vertices[-2]  # the last but one is the centre
        angles = np.unwrap(np.arctan2(rim[:, 1], rim[:, 0]))
        place = tuple(path.vertices[-2].round(9))
        found.setdefault(place, []).append((np.ptp(angles) / 2 / np.pi, tuple(colour[:3].round(6))))
    return found


@pytest.fixture(scope="module")
def trips():
    return mapeq.infomap(mapeq.Network.from_paths(NORTH + SOUTH))


@pytest.fixture(scope="module")
def layers():
    """Groups of one layer are mixed in the next, and nodes 0 to 3 are in the first alone."""
    cliques = nx.disjoint_union_all([nx.complete_graph(6)] * 4)
    first = [*cliques.edges, (0, 6), (7, 12), (13, 18)]
    second = [(u, v) for u in range(4, 24) for v in range(4, u) if u % 4 == v % 4]
    third = [(u, v) for u, v in first if min(u, v) > 3]
    return mapeq.infomap(mapeq.Network.from_layers({"a": first, "b": second, "c": third}), num_trials=3)


# Nodes in parts -------------------------------------------------------------------------------


def test_wedges_are_memberships(trips):
    ax = drawn(trips)
    view = view_of(trips, 1, overlap=False)
    places = places_of(ax, view)
    assert set(places) == {"hub", "Oslo", "Bergen", "Tromso", "Rome", "Bari", "Pisa"}
    ((place, parts),) = pies(ax).items()
    assert place == pytest.approx(places["hub"])
    assert [share for share, _ in parts] == pytest.approx(list(trips.memberships()["hub"].values()), abs=1e-6)
    nodes = collection(ax, "nodes").get_facecolors()
    colours = {name: tuple(nodes[k][:3].round(6)) for k, name in enumerate(view.names)}
    assert [colour for _, colour in parts] == [colours["Oslo"], colours["Rome"]]
    assert colours["Oslo"] != colours["Rome"]
    assert {text.get_text() for text in ax.texts} >= {"hub", "Oslo", "Rome"}


def test_links_between_states_are_summed(trips):
    view = view_of(trips, 1, overlap=False)
    hub = view.names.index("hub")
    links = trips.link_flow()
    assert view.links.flow.sum() == pytest.approx(links.flow.sum())
    assert set(zip(view.links.sources.tolist(), view.links.targets.tolist(), strict=True)) == {
        pair for other in range(7) if other != hub for pair in ((hub, other), (other, hub))
    }
    assert not view.links.directed  # all lead both ways
    modules = {name: next(iter(shares)) - 1 for name, shares in trips.memberships().items() if name != "hub"}
    for source, target, module in zip(view.links.sources, view.links.targets, view.link_module, strict=True):
        assert modules[view.names[target if source == hub else source]] == module  # each stays in its module


def test_one_way_links_between_states_taper():
    network = mapeq.Network.from_paths([["a", "b", "c"] * 4])
    ax = drawn(mapeq.infomap(network))
    assert type(collection(ax, "links")).__name__ == "PolyCollection"


def test_nodes_of_any_network_are_drawn_in_parts():
    result = mapeq.infomap(nx.les_miserables_graph(), num_trials=3)
    ax = drawn(result, "overlap")
    places = places_of(ax, view_of(result, 1, overlap=True))
    several = {name: shares for name, shares in result.memberships().items() if len(shares) > 1}
    found = pies(ax)
    assert len(found) == len(several)
    for name, shares in several.items():
        parts = next(parts for place, parts in found.items() if place == pytest.approx(places[name]))
        assert [share for share, _ in parts] == pytest.approx(list(shares.values()), abs=1e-6)
    assert not [each for each in drawn(result).collections if each.get_gid() == "shares"]


def test_states_without_links_are_left_out():
    network = mapeq.Network.from_edges([0, 1], [1, 0], directed=True, num_nodes=3).with_states(["a", "b", "c"])
    ax = drawn(mapeq.infomap(network))
    assert len(collection(ax, "nodes").get_offsets()) == 2
    assert ax.get_title().endswith("\nwithout 1 node that no linked state stands for")


def test_modules_in_which_no_node_is_most_have_colours():
    links = [(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)]
    weights = [9.0, 9.0, 6.0, 6.0, 1.0, 1.0]
    network = mapeq.Network.from_edges(*zip(*links, strict=True), weights, directed=True)
    result = mapeq.evaluate(network.with_states(["a", "b", "a", "c", "a", "b"]), [0, 0, 1, 1, 2, 2])
    ax = Figure(figsize=(5, 5), layout="constrained").add_subplot()
    colours = draw_network(result, ax, 1, None)
    assert set(colours) == {0, 1, 2}
    assert len({tuple(colour) for colour in colours.values()}) == 3
    shown = {colour for parts in pies(ax).values() for _, colour in parts}
    assert shown == {tuple(colour.round(6)) for colour in colours.values()}


def test_the_hierarchy_has_names_of_physical_nodes(trips):
    texts = [text.get_text() for text in drawn(trips, "hierarchy", size=(9, 7)).texts]
    modules = [set(text.split("\n")[1].split(", ")) for text in texts if "%" in text]
    assert modules == [{"hub", "Oslo", "Bergen", "Tromso"}, {"hub", "Rome", "Bari", "Pisa"}]
    assert texts.count("hub") >= 4
    assert not any("(" in text for text in texts)


# Layers ---------------------------------------------------------------------------------------


def pairs_of(view):
    """The links of an undirected picture, by name."""
    ends = zip(view.links.sources.tolist(), view.links.targets.tolist(), strict=True)
    return [(view.names[i], view.names[j]) for i, j in ends if i < j]


def test_layers_have_the_same_places_and_colours(layers):
    ax = drawn(layers, size=(12, 5))
    assert [panel.get_title() for panel in ax.child_axes] == ["a", "b", "c"]
    places, colours = {}, {}
    for number, panel in enumerate(ax.child_axes):
        view = view_of(layers, 1, overlap=True, layer=number)
        modules = layers.layer("abc"[number])
        assert set(view.names) == set(modules)
        nodes = collection(panel, "nodes")
        for name, place, colour in zip(view.names, nodes.get_offsets(), nodes.get_facecolors(), strict=True):
            assert places.setdefault(name, tuple(place)) == tuple(place)
            assert colours.setdefault(modules[name], tuple(colour)) == tuple(colour)
        for path, (u, v) in zip(collection(panel, "links").get_paths(), pairs_of(view), strict=True):
            assert list(map(tuple, path.vertices)) == [places[u], places[v]]
        reach = np.asarray(nodes.get_widths()) / 2
        offsets = np.asarray(nodes.get_offsets())
        assert (offsets[:, 0] - reach > panel.get_xlim()[0]).all()
        assert (offsets[:, 1] + reach < panel.get_ylim()[1]).all()
        assert panel.get_xlim() == pytest.approx(ax.child_axes[0].get_xlim())
    assert len(set(places.values())) == len(places) == 24
    assert len(set(colours.values())) == len(colours) > 4
    assert 0 not in view_of(layers, 1, overlap=True, layer=1).names


def test_links_of_layers_have_the_colour_of_their_module(layers):
    ax = drawn(layers, size=(12, 5))
    for number, panel in enumerate(ax.child_axes):
        view = view_of(layers, 1, overlap=True, layer=number)
        nodes, links = collection(panel, "nodes").get_facecolors(), collection(panel, "links").get_colors()
        once = view.links.sources < view.links.targets
        ends = zip(view.links.sources[once], view.links.targets[once], links, strict=True)
        for source, target, colour in ends:
            same = view.module[source] == view.module[target]
            assert colour[:3] == pytest.approx(nodes[source][:3] if same else GREY)


def test_areas_of_nodes_in_a_layer_are_their_flow(layers):
    ax = drawn(layers, size=(12, 5))
    for number, panel in enumerate(ax.child_axes):
        view = view_of(layers, 1, overlap=True, layer=number)
        area = np.square(collection(panel, "nodes").get_widths())
        assert area / view.flow == pytest.approx(np.full(len(area), area[0] / view.flow[0]), rel=1e-6)


def test_labels_in_layers_keep_apart_and_inside(layers):
    ax = drawn(layers, size=(12, 5))
    for panel in ax.child_axes:
        boxes = [text.get_window_extent() for text in panel.texts]
        assert len(boxes) > 5
        assert not any(box.overlaps(other) for k, box in enumerate(boxes) for other in boxes[:k])
        frame = panel.get_window_extent()
        assert all(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 for box in boxes)


def test_figures_of_layers_are_as_wide_as_they_need():
    assert grid(2) == (1, 2)
    assert grid(6) == (2, 3)
    assert grid(4, shape=1) == (2, 2)
    assert grid(3, shape=3) == (3, 1)
    two = mapeq.infomap(mapeq.Network.from_layers({"a": [(0, 1)], "b": [(1, 2)]}))
    width, height = size_of(two, "network")
    assert width > 1.5 * height
    assert size_of(two, "overlap") == (8, 8)
    pairs = [(k, k + 1) for k in range(0, 2002, 2)]
    large = mapeq.Network.from_layers({"a": pairs, "b": pairs})
    assert size_of(mapeq.evaluate(large, np.zeros(large.num_nodes, int)), "network") == (8, 8)  # of modules


def test_layers_that_are_too_many_are_drawn_together():
    many = {f"layer {k}": [(0, 1), (1, 2), (2, k + 3)] for k in range(MOST_LAYERS + 1)}
    result = mapeq.infomap(mapeq.Network.from_layers(many))
    ax = drawn(result)
    assert ax.child_axes == []
    assert len(collection(ax, "nodes").get_offsets()) == MOST_LAYERS + 4
    assert len(drawn(layers_of(many, MOST_LAYERS)).child_axes) == MOST_LAYERS


def layers_of(graphs, number):
    return mapeq.infomap(mapeq.Network.from_layers(dict(list(graphs.items())[:number])))


def test_layers_can_be_drawn_together(layers):
    ax = drawn(layers, "overlap")
    assert ax.child_axes == []
    several = [name for name, shares in layers.memberships().items() if len(shares) > 1]
    assert len(pies(ax)) == len(several) > 0


# Large networks, reports ----------------------------------------------------------------------


def test_large_networks_of_states_are_drawn_as_networks_of_modules():
    ring = nx.ring_of_cliques(420, 5)
    edges = np.array([*ring.edges, *((v, u) for u, v in ring.edges)])
    network = mapeq.Network.from_edges(*edges.T, directed=True, labels=[("at", k) for k in range(2100)])
    result = mapeq.evaluate(network.with_states([f"n{k}" for k in range(2100)]), np.arange(2100) // 105)
    ax = drawn(result)
    assert len(collection(ax, "modules").get_offsets()) == 20
    assert all(line.startswith("n") for text in ax.texts for line in text.get_text().split("\n"))


def test_reports_have_colours_for_the_modules_of_states(trips, layers):
    for result in (trips, layers):
        page = page_data(result)
        assert page["level"] == 1
        assert len(set(page["colours"])) == len(page["colours"]) == result.num_modules
        assert len(page["nodes"]["label"]) == sum(map(len, result.communities()))

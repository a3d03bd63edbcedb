"""Legends, arrows, and links that are shapes or pixels."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from drawings import Drawing
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.files import write_picture
from mapeq.pictures.label_placement import free_extent
from mapeq.pictures.style import Style


@pytest.fixture(scope="module")
def lesmis():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def many():
    """Forty modules of equal size."""
    return mapeq.evaluate(nx.ring_of_cliques(40, 5), {node: node // 5 for node in range(200)})


@pytest.fixture(scope="module")
def large():
    """More nodes than a picture of nodes shows, in seven modules."""
    graph = nx.disjoint_union_all([nx.random_regular_graph(20, 280 + 10 * k, seed=k) for k in range(7)])
    graph.add_edges_from(pairwise((0, 300, 700, 1000, 1300, 1600, 1900)))
    return mapeq.infomap(graph)


def drawn(result, size=(6, 6), kind="network", **options):
    figure = Figure(figsize=size, layout="constrained")
    ax = result.plot(kind, ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def collection(ax, name):
    (found,) = [each for each in ax.collections if each.get_gid() == name]
    return found


def listed(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_legend_gives_colour_number_most_visited_node_and_size(lesmis):
    ax = drawn(lesmis, legend=True)
    modules = lesmis.tree.children
    assert listed(ax) == [f"{module.path[0]}: {module.nodes[0]}, … ({module.num_nodes} nodes)" for module in modules]
    colours = collection(ax, "nodes").get_facecolors()[:, :3]
    for handle, module in zip(ax.get_legend().legend_handles, modules, strict=True):
        own = colours[lesmis.node_labels.index(module.nodes[0])]
        assert handle.get_color() == pytest.approx(own)


@pytest.mark.parametrize(
    ("size", "side"), [((9, 4), "beside"), ((6, 6), "below"), ((4.2, 4.2), "below"), ((4, 8), "below")]
)
@pytest.mark.parametrize("kind", ["network", "overlap"])
def test_a_legend_covers_nothing(lesmis, size, side, kind):
    ax = drawn(lesmis, size, kind, legend=True, module_numbers=True)
    box, frame = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert box.x0 >= frame.x0 - 1
    assert box.x1 <= frame.x1 + 1
    assert box.y0 >= frame.y0 - 1
    assert ax.get_legend().get_gid() == f"legend-{side}"
    free = free_extent(ax)
    discs = collection(ax, "modules")
    reach = np.asarray(discs.get_widths())[:, None] / 2
    low, high = (ax.transData.transform(discs.get_offsets() + sign * reach) for sign in (-1, 1))
    assert (low >= free[:2] - 1).all()
    assert (high <= free[2:] + 1).all()
    assert ((high - low).max(axis=0) > 20).all()
    assert not any(box.overlaps(text.get_window_extent()) for text in ax.texts)


def test_a_legend_lists_twelve_modules_and_counts_the_others(many):
    texts = listed(drawn(many, legend=True))
    assert len(texts) == 13
    assert texts[-1] == "28 smaller modules"
    few = listed(drawn(many, (3, 2), legend=True))
    assert 2 <= len(few) < 13
    assert few[-1] == f"{41 - len(few)} smaller modules"


def test_a_legend_counts_modules_that_are_not_drawn():
    graph = nx.circulant_graph(2400, [1, 2])
    ax = drawn(mapeq.evaluate(graph, {node: node // 12 for node in graph}), (9, 5), legend=True)
    assert len(collection(ax, "modules").get_offsets()) == 100
    assert listed(ax)[-1] == "188 smaller modules"


def test_pictures_of_modules_and_of_layers_have_legends(large):
    ax = drawn(large, legend=True)
    colours = collection(ax, "modules").get_facecolors()[:, :3]
    shown = [handle.get_color() for handle in ax.get_legend().legend_handles]
    assert np.array(shown) == pytest.approx(colours)
    assert listed(ax) == [
        f"{module.path[0]}: {module.nodes[0]}, … ({module.num_nodes} nodes)" for module in large.tree.children
    ]
    cliques = [(f"{team}{i}", f"{team}{j}") for team in "ab" for i in range(4) for j in range(i)]
    layers = mapeq.infomap(mapeq.Network.from_layers(dict.fromkeys(("work", "sport"), cliques)))
    ax = drawn(layers, (9, 4), legend=True)
    assert sorted(text[3] + text[5:] for text in listed(ax)) == ["a, … (4 nodes)", "b, … (4 nodes)"]
    box = ax.get_legend().get_window_extent()
    assert len(ax.child_axes) == 2
    assert not any(box.overlaps(panel.get_window_extent()) for panel in ax.child_axes)


@pytest.fixture(scope="module")
def layers():
    """Five cliques in two layers, and two others in the third: modules are known by their most visited nodes."""
    whole = [(f"{team}{i}", f"{team}{j}") for team in "abcde" for i in range(4) for j in range(i)]
    other = [(f"{team}{i}", f"{team}{j}") for team in "xy" for i in range(5) for j in range(i)]
    return mapeq.infomap(mapeq.Network.from_layers({"2023": whole, "2024": whole, "2025": other}), num_trials=3)


@pytest.fixture(scope="module")
def nested():
    """Two top modules of 30 nodes, each of three."""
    graph = nx.disjoint_union_all([nx.complete_graph(10)] * 6)
    graph.add_edges_from((10 * k + i, 10 * ((k + 1) % 3 + k // 3 * 3) + i) for k in range(6) for i in range(4))
    graph.add_edge(9, 39)
    return mapeq.evaluate(graph, {node: (node // 30, node // 10 % 3) for node in graph})


@pytest.mark.parametrize(("size", "is_below"), [((9, 5), False), ((12.8, 9), False), ((4.2, 4), True)])
@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("kind", ["layers", "alluvial", "hierarchy"])
def test_legends_of_charts_are_outside_of_them_and_cover_nothing(layers, kind, layout, size, is_below):
    figure = Figure(figsize=size, layout=layout)
    ax = layers.plot(kind, figure.add_subplot(), name="names", legend=True)
    figure.canvas.draw()
    box, frame = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert box.y1 <= frame.y0 if is_below else box.x0 >= frame.x1
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= figure.bbox.width
    assert frame.width > 0.5 * figure.bbox.width
    assert frame.height > 0.4 * figure.bbox.height
    texts = [ax.title, *ax.texts, *(ax.get_xticklabels() + ax.get_yticklabels() if ax.axison else [])]
    assert not any(box.overlaps(text.get_window_extent()) for text in texts if text.get_text())


@pytest.mark.parametrize("kind", ["layers", "alluvial", "hierarchy"])
def test_legends_of_charts_name_modules(layers, kind):
    ax = drawn(layers, (9, 6), kind, legend=True)
    assert layers.num_modules == 7
    expected = []
    for number, nodes in enumerate(layers.communities(), 1):
        (team,) = {name[0] for name in nodes}
        expected.append((str(number), team, len(nodes)))
    found = [text.split(": ") for text in listed(ax)]
    assert [(number, name[0], int(name.split("(")[1].split()[0])) for number, name in found] == expected


def test_colours_of_legends_are_those_of_charts(layers, nested):
    for kind in ("layers", "alluvial", "hierarchy"):
        ax = drawn(layers, (9, 6), kind, legend=True)
        colours = [to_hex(handle.get_color()) for handle in ax.get_legend().legend_handles]
        assert len(set(colours)) == 7
        if kind == "layers":
            cells = ax.images[0].get_array()
            rows = [text.get_text() for text in ax.get_yticklabels()]
            for text, colour in zip(listed(ax), colours, strict=True):
                row = cells[rows.index(text.split()[1].rstrip(",…"))]
                assert colour in {to_hex(cell) for cell in row}
        if kind == "alluvial":
            for text, colour in zip(listed(ax), colours, strict=True):
                numbers = [label for label in ax.texts if label.get_text() == text.split(": ")[0]]
                first = min(numbers, key=lambda label: label.get_position()[0])
                place = ax.transData.transform(first.get_position())
                assert colour in {to_hex(shape.get_facecolor()) for shape in ax.patches if shape.contains_point(place)}
    ax = drawn(nested, (9, 6), "hierarchy", legend=True)
    assert [text.split(",")[0].split(": ")[0] for text in listed(ax)] == ["1", "2"]
    cells = collection(ax, "cells")
    first = [path.vertices[:, 0].min() == 0.5 for path in cells.get_paths()]
    shades = [to_hex(colour) for colour, is_top in zip(cells.get_facecolors(), first, strict=True) if is_top]
    assert shades == [to_hex(handle.get_color()) for handle in ax.get_legend().legend_handles]


def test_a_legend_names_the_parts_of_a_module_with_most_of_the_flow():
    graph = nx.disjoint_union(nx.ring_of_cliques(4, 6), nx.complete_graph(4))
    graph.add_edge(0, 24)
    result = mapeq.evaluate(graph, {node: (node // 24, node // 6) for node in graph})
    texts = listed(drawn(result, (9, 6), "hierarchy", legend=True))
    assert [text.split(": ")[0] for text in texts] == ["1:1", "1:2", "1:3", "1:4", "2"]
    assert texts[-1] == "2: 24, … (4 nodes)"


def test_modules_without_bands_of_their_own_have_no_colour_in_the_legend_of_an_alluvial_picture():
    cliques = [(i, j) for team in range(3) for i in range(4 * team, 4 * team + 4) for j in range(4 * team, i)]
    shifted = [((i + 2) % 12, (j + 2) % 12) for i, j in cliques]
    result = mapeq.infomap(mapeq.Network.from_layers({1: cliques, 2: shifted}, relax_rate=0.01), num_trials=3)
    assert result.num_modules == 6
    ax = drawn(result, (9, 6), "alluvial", legend=True)
    colours = [handle.get_color() for handle in ax.get_legend().legend_handles]
    first = {int(module) + 1 for module in result.labels[result.network.states.layer == 0]}
    assert [number for number, colour in enumerate(colours, 1) if not isinstance(colour, str)] == sorted(first)


def test_names_in_legends_are_text_and_a_legend_of_the_caller_stays():
    graph = nx.relabel_nodes(nx.ring_of_cliques(2, 3), {0: "$x^2$", 1: "two\nlines"})
    result = mapeq.infomap(graph)
    assert any("$x^2$" in text or "two lines" in text for text in listed(drawn(result, legend=True)))
    ax = Figure(layout="constrained").add_subplot()
    ax.plot([0], [0], label="mine", color="red")
    ax.legend()
    result.plot(ax=ax)
    assert listed(ax) == ["mine"]
    assert ax.get_legend().legend_handles[0].get_color() == "red"


# Arrows ---------------------------------------------------------------------------------------


def test_arrows_point_at_the_rims_of_their_targets():
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "d"), ("d", "c")])
    result = mapeq.infomap(graph, directed=True)
    ax = drawn(result, arrows=True)
    nodes = collection(ax, "nodes")
    places, radii = np.asarray(nodes.get_offsets()), np.asarray(nodes.get_widths()) / 2
    tips = [path.vertices[0] for path in collection(ax, "arrows").get_paths()]
    names = result.node_labels
    links = result.link_flow()
    assert len(tips) == 8
    for tip, source, target in zip(tips, links.sources, links.targets, strict=True):
        distance = np.linalg.norm(tip - places[target])
        assert distance == pytest.approx(radii[target], rel=0.15), (names[source], names[target])


def test_all_links_of_a_larger_directed_network_are_arrows():
    graph = nx.gnm_random_graph(150, 900, seed=1, directed=True)
    result = mapeq.infomap(graph, directed=True)
    assert len(collection(drawn(result, arrows=True), "arrows").get_paths()) == 900
    assert not any(each.get_gid() == "arrows" for each in drawn(result).collections)


def test_pictures_of_modules_have_no_arrows():
    graph = nx.gnm_random_graph(2300, 9000, seed=1, directed=True)
    result = mapeq.evaluate(graph, {node: node // 100 for node in graph}, directed=True)
    with pytest.raises(
        ValueError, match="arrows must be omitted, because pictures of more than 2,000 nodes show modules"
    ):
        drawn(result, arrows=True)


# Files ----------------------------------------------------------------------------------------


def test_links_are_shapes_unless_pixels_are_asked_for(tmp_path):
    result = mapeq.infomap(nx.gnm_random_graph(300, 2500, seed=1))
    path = tmp_path / "many.svg"
    write_picture(result, path)
    assert sum(count for name, count in Drawing(path).shapes.items() if name.startswith("links")) == 2500
    assert "<image" not in path.read_text()
    write_picture(result, path, style=Style(rasterized=True))
    assert "links" not in Drawing(path).shapes
    assert "<image" in path.read_text()
    assert any("bits per step" in text for text in Drawing(path).texts)


@pytest.mark.parametrize("kind", ["network", "overlap"])
def test_labels_with_outlines_are_text(lesmis, tmp_path, kind):
    write_picture(lesmis, tmp_path / "names.svg", kind, style=Style(size=(8, 8), numbers=True))
    labels = [text.get_text() for text in drawn(lesmis, (8, 8), kind, module_numbers=True).texts]
    assert len(labels) > 20
    assert sorted(Drawing(tmp_path / "names.svg").texts[1:]) == sorted(labels)  # the first is the title


def test_the_command_has_legends_arrows_and_pixels(tmp_path, capsys):
    nx.write_edgelist(nx.gnp_random_graph(20, 0.2, seed=2, directed=True), tmp_path / "links.txt", data=False)
    command = ["plot", str(tmp_path / "links.txt"), "-q", "-o", str(tmp_path / "links.svg"), "--legend", "--arrows"]
    assert main([*command, "--directed"]) == 0
    drawing = Drawing(tmp_path / "links.svg")
    assert drawing.shapes["arrows"] > 50
    assert any(text.startswith("1: ") and text.endswith(" nodes)") for text in drawing.texts)
    assert main([*command, "--directed", "--rasterized"]) == 0
    assert "arrows" not in Drawing(tmp_path / "links.svg").shapes
    assert main(command) == 1
    assert "--arrows must be omitted, because the links of this network have no direction" in capsys.readouterr().err
    command = [*command[:-1], "--directed", "--kind"]
    assert main([*command, "hierarchy"]) == 0
    assert any(text.startswith("1: ") and text.endswith(" nodes)") for text in Drawing(tmp_path / "links.svg").texts)
    assert main([*command, "codelength"]) == 1
    assert "--legend must be omitted, because the picture of the codelength does not" in capsys.readouterr().err

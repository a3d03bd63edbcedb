"""Pictures: what is drawn is in proportion, labels keep apart and inside, and files are whole."""

import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import mapeq
from mapeq.pictures.charts import icicle
from mapeq.pictures.files import write_picture
from mapeq.pictures.modules import shown_modules
from mapeq.pictures.network import KINDS

#: Kinds for any network.
PLAIN = [kind for kind in KINDS if kind not in ("layers", "alluvial")]


def drawn(result, kind="network", size=(6, 6), dpi=100, **options):
    """The axes with a picture, as it is once it has been drawn."""
    figure = Figure(figsize=size, layout="constrained", dpi=dpi)
    ax = result.plot(kind, ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def discs(ax, what):
    """Places and radii of nodes or modules."""
    (found,) = [collection for collection in ax.collections if collection.get_gid() == what]
    return np.asarray(found.get_offsets()), np.asarray(found.get_widths()) / 2


def boxes(ax):
    return [text.get_window_extent() for text in ax.texts]


def assert_labels_keep_apart_and_inside(ax):
    extents = boxes(ax)
    for k, box in enumerate(extents):
        assert not any(box.overlaps(other) for other in extents[:k]), ax.texts[k].get_text()
        frame = ax.figure.bbox
        assert (box.min >= frame.min).all()
        assert (box.max <= frame.max).all()
    title = ax.title.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= ax.figure.bbox.x1
    assert not any(title.overlaps(box) for box in extents)


@pytest.fixture(scope="module")
def lesmis():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def deep():
    """Three levels: cliques in communities in a ring, 2,160 nodes."""
    graph = nx.disjoint_union_all([nx.complete_graph(6) for _ in range(360)])
    for k in range(360):
        graph.add_edge(6 * k, 6 * (k // 12 * 12 + (k + 1) % 12) + 1)
        graph.add_edge(6 * k + 2, 6 * (k // 12 * 12 + (k + 5) % 12) + 3)
    graph.add_edges_from((72 * k + 4, (72 * (k + 1) + 5) % 2160) for k in range(30))
    return mapeq.infomap(graph, multilevel=True, num_trials=2)


@pytest.fixture(scope="module")
def web():
    """A directed network."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(5), 60)
    sources, targets = 12 * group + rng.integers(12, size=300), 12 * group + rng.integers(12, size=300)
    sources, targets = np.append(sources, rng.integers(60, size=30)), np.append(targets, rng.integers(60, size=30))
    return mapeq.infomap(np.column_stack([sources, targets]), directed=True, num_trials=2)


def renamed(result, name):
    graph = nx.relabel_nodes(result.to_networkx(), {label: name(label) for label in result.node_labels})
    return mapeq.evaluate(graph, {name(label): module for label, module in result.modules().items()})


# The network ----------------------------------------------------------------------------------


def test_every_linked_node_is_drawn_once_with_an_area_by_its_flow(lesmis):
    places, radii = discs(drawn(lesmis), "nodes")
    assert places.shape == (77, 2)
    assert np.corrcoef(np.square(radii), lesmis.flow)[0, 1] > 0.999


def test_a_module_has_one_colour_and_is_in_one_disc(lesmis):
    ax = drawn(lesmis)
    places, _ = discs(ax, "nodes")
    centres, radii = discs(ax, "modules")
    (nodes,) = [collection for collection in ax.collections if collection.get_gid() == "nodes"]
    colours = nodes.get_facecolors()
    for module in range(lesmis.num_modules):
        members = lesmis.labels == module
        assert len(np.unique(colours[members], axis=0)) == 1
        assert (np.linalg.norm(places[members] - centres[module], axis=1) < radii[module]).all()
    assert len(np.unique(colours[:, :3].round(4), axis=0)) == lesmis.num_modules


@pytest.mark.parametrize("size", [(6, 6), (9, 3), (3, 4)])
def test_labels_keep_apart_and_stay_inside(lesmis, size):
    ax = drawn(lesmis, size=size)
    assert_labels_keep_apart_and_inside(ax)
    assert {"Valjean", "Myriel"} <= {text.get_text() for text in ax.texts}


def test_labels_are_the_most_visited_nodes(lesmis):
    shown = {text.get_text() for text in drawn(lesmis, size=(9, 9)).texts}
    for module in lesmis.tree.children[:5]:
        assert module.nodes[0] in shown


def test_long_and_odd_labels_are_drawn_as_they_are(lesmis):
    ax = drawn(renamed(lesmis, lambda name: f"Ünïcode $name$ von {name}, einer Figur aus dem Roman"))
    assert_labels_keep_apart_and_inside(ax)
    assert all(text.get_text().startswith("Ünïcode $name$ v") for text in ax.texts)
    assert ax.texts
    ax = drawn(renamed(lesmis, lambda name: (len(name), name)))
    assert any("'Valjean')" in text.get_text() for text in ax.texts)
    ax = drawn(renamed(lesmis, lambda name: "\n" * len(name) if name == "Valjean" else f"{name}\nand more"))
    assert all("\n" not in text.get_text() for text in ax.texts)
    ax = drawn(renamed(lesmis, lambda name: f"\udcff {name}"))  # half of a pair, as in names of files
    assert all(text.get_text().startswith("? ") for text in ax.texts)


def test_nodes_without_links_are_left_out_and_the_title_says_so():
    graph = nx.karate_club_graph()
    graph.add_nodes_from(["lonely", "alone"])
    ax = drawn(mapeq.infomap(graph))
    assert len(discs(ax, "nodes")[0]) == 34
    assert ax.get_title().endswith("without 2 unlinked nodes")


def test_titles_give_figures_with_units(lesmis):
    title = drawn(lesmis, name="les-mis.txt").get_title()
    assert (
        title == f"les-mis.txt: 10 modules, {lesmis.codelength:.3f} bits per step, {lesmis.relative_savings:.1%} saved"
    )
    worse = mapeq.evaluate(lesmis.network, {label: label for label in lesmis.node_labels})
    assert "more than without modules" in drawn(worse).get_title()


def test_a_title_that_is_too_long_is_made_to_fit(lesmis):
    ax = drawn(lesmis, size=(3, 3), name="a-very-long-name-of-a-file-that-$ends$-only-after-a-while.txt")
    extent = ax.title.get_window_extent()
    assert extent.x0 >= 0
    assert extent.x1 <= ax.figure.bbox.x1


@pytest.mark.parametrize(
    "graph",
    [nx.complete_graph(12), nx.Graph([(0, 0)]), nx.path_graph(2), nx.star_graph(30), nx.DiGraph([(0, 1), (1, 2)])],
    ids=["one module", "a self-link", "a link", "a star", "directed"],
)
@pytest.mark.parametrize("kind", PLAIN)
def test_small_networks_have_pictures(graph, kind):
    ax = drawn(mapeq.infomap(graph), kind)
    assert "bits per step" in ax.get_title()
    if kind == "network":
        places, radii = discs(ax, "nodes")
        assert len(places) == len(graph)
        assert np.isfinite(places).all()
        assert (radii > 0).all()


@pytest.mark.parametrize("kind", PLAIN)
def test_a_network_without_links_says_so(kind):
    assert drawn(mapeq.infomap(nx.empty_graph(3)), kind, name="x").get_title() == "x: no links"


def test_singletons_are_drawn_without_discs_around_them(lesmis):
    ax = drawn(mapeq.evaluate(lesmis.network, {label: label for label in lesmis.node_labels}))
    assert [collection.get_gid() for collection in ax.collections].count("modules") == 0
    assert_labels_keep_apart_and_inside(ax)


def test_links_of_small_directed_networks_taper(web):
    ax = drawn(web)
    bands = next(c for c in ax.collections if type(c).__name__ == "PolyCollection").get_paths()
    for band in bands[:20]:
        outline = band.vertices[:-1]
        half = len(outline) // 2
        assert np.linalg.norm(outline[0] - outline[-1]) > 3 * np.linalg.norm(outline[half - 1] - outline[half])
    assert_labels_keep_apart_and_inside(ax)


# The network of modules -----------------------------------------------------------------------


def test_large_networks_are_drawn_as_networks_of_modules(deep):
    ax = drawn(deep, level=-1)
    places, radii = discs(ax, "modules")
    flow = np.bincount(deep.labels_at(-1), deep.flow)
    shown = shown_modules(flow)
    assert len(places) == shown == 100
    assert np.square(radii) / flow[:shown] == pytest.approx(np.full(shown, np.square(radii[0]) / flow[0]))
    gaps = np.linalg.norm(places[:, None] - places[None], axis=-1) - radii[:, None] - radii[None]
    assert gaps[np.triu_indices(shown, 1)].min() > 0
    assert_labels_keep_apart_and_inside(ax)


def test_the_title_says_how_much_is_left_out(deep):
    first, second = drawn(deep, level=-1).get_title().splitlines()
    flow = np.bincount(deep.labels_at(-1), deep.flow)
    assert first.startswith(f"{deep.modules_per_level[-1]:,} modules at level {deep.num_levels - 1}")
    assert second == f"without the {len(flow) - 100:,} smallest modules ({flow[100:].sum():.1%} of the flow)"
    assert "without the" not in drawn(deep).get_title()


def test_the_modules_shown_hold_most_of_the_flow():
    assert shown_modules(np.full(8, 1 / 8)) == 8
    assert shown_modules(np.array([0.97, 0.02, 0.01])) == 3
    assert shown_modules(np.append(np.full(30, 0.032), np.full(40, 0.001))) == 50
    assert shown_modules(np.full(80, 1 / 80)) == 72
    assert shown_modules(np.full(5000, 1 / 5000)) == 100
    assert shown_modules(np.append(np.full(4, 0.25), np.zeros(50))) == 4


def test_bands_between_modules_are_as_wide_as_their_flow(deep):
    ax = drawn(deep)
    bands = next(c for c in ax.collections if type(c).__name__ == "PolyCollection").get_paths()
    widths = np.array([np.linalg.norm(band.vertices[0] - band.vertices[len(band.vertices) - 2]) for band in bands])
    assert len(widths) == deep.num_modules  # a ring
    assert widths == pytest.approx(np.full(len(widths), widths[0]))  # of equal links


# The hierarchy --------------------------------------------------------------------------------


def test_the_heights_of_what_is_in_a_module_add_up_to_its_own(deep, web):
    for result in (deep, web):
        cells, parent = icicle(result), result.hierarchy.parent
        assert cells.height[0] == pytest.approx(1)
        for module in range(len(parent)):
            inside = np.flatnonzero(np.concatenate([(parent == module) & (np.arange(len(parent)) > 0),
                                                    result.hierarchy.module_of == module]))  # fmt: skip
            assert cells.height[inside].sum() == pytest.approx(cells.height[module])
            tops = np.sort(cells.top[inside])
            assert tops[0] == pytest.approx(cells.top[module])
            order = inside[np.argsort(cells.top[inside], kind="stable")]
            assert cells.top[order][1:] == pytest.approx((cells.top + cells.height)[order][:-1])
            assert (cells.column[inside] == cells.column[module] + 1).all()


def test_the_hierarchy_has_a_column_a_level_and_one_for_the_nodes(deep, lesmis):
    ax = drawn(deep, "hierarchy", size=(9, 6))
    headings = [tick.get_text() for tick in ax.get_xticklabels()]
    assert len(headings) == deep.num_levels
    for number, saved, heading in zip(deep.modules_per_level, deep.level_savings, headings, strict=False):
        assert f"{number:,} modules\nsaves {saved:.3f} bits" in heading
    assert headings[-1] == "2,160 nodes"
    assert_labels_keep_apart_and_inside(ax)
    ax = drawn(lesmis, "hierarchy", size=(9, 6))
    assert len(ax.get_xticklabels()) == 2
    assert {"Valjean", "Marius"} <= {text.get_text() for text in ax.texts}
    assert_labels_keep_apart_and_inside(ax)


def test_labels_of_cells_are_within_them(lesmis):
    ax = drawn(lesmis, "hierarchy", size=(9, 6))
    (cells,) = [collection for collection in ax.collections if collection.get_gid() == "cells"]
    frames = [path.get_extents(ax.transData) for path in cells.get_paths()]
    for box in boxes(ax):
        assert any(f.x0 <= box.x0 and box.x1 <= f.x1 and f.y0 <= box.y0 and box.y1 <= f.y1 for f in frames)


def test_no_module_makes_the_hierarchy_one_colour():
    levels = [[{0, 1, 2, 3, 4, 5, 6, 7}, {8, 9}], [{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}]]
    result = mapeq.evaluate(nx.path_graph(10), levels)
    ax = drawn(result, "hierarchy")
    (cells,) = [collection for collection in ax.collections if collection.get_gid() == "cells"]
    assert len(np.unique(cells.get_facecolors()[1:7], axis=0)) == 6  # a large module grey, those in it coloured


# The codelength -------------------------------------------------------------------------------


def test_the_codelength_is_drawn_by_level_and_by_trial(deep):
    levels, trials = drawn(deep, "codelength", size=(9, 4)).child_axes
    texts = [text.get_text() for text in levels.texts]
    assert texts[0] == f"{deep.one_level_codelength:.3f}"
    assert texts[1:-3] == [f"{-saved:+.3f}" for saved in deep.level_savings]
    assert texts[-3:] == [
        f"{deep.codelength:.3f}",
        f"index\n{deep.index_codelength:.3f}",
        f"modules\n{deep.module_codelength:.3f}",
    ]
    bars = levels.patches
    assert bars[-1].get_height() + bars[-2].get_height() == pytest.approx(deep.codelength)
    dots, line = trials.lines
    assert dots.get_ydata().tolist() == list(deep.trials)
    assert line.get_ydata() == [deep.codelength] * 2


def test_trials_may_all_find_nothing_to_describe():
    result = mapeq.infomap([(0, 0)], num_trials=2)
    assert result.trials == (0.0, 0.0)
    assert drawn(result, "codelength").child_axes[1].lines[0].get_ydata().tolist() == [0.0, 0.0]


def test_without_several_trials_there_is_one_panel(web):
    single = mapeq.infomap(web.network)
    assert len(drawn(single, "codelength").child_axes) == 1
    given = mapeq.evaluate(web.network, web)
    assert len(drawn(given, "codelength").child_axes) == 1


# Where and how --------------------------------------------------------------------------------


def test_axes_that_are_given_are_drawn_on_and_returned(lesmis):
    figure = Figure()
    for kind, ax in zip(PLAIN, figure.subplots(1, len(PLAIN)), strict=True):
        assert lesmis.plot(kind, ax) is ax
        assert lesmis.plot(kind=kind, ax=ax) is ax
        assert isinstance(ax, Axes)
    part = Figure(layout="constrained").subfigures(1, 2)[0].subplots()
    assert lesmis.plot(ax=part) is part


@pytest.mark.thorough
def test_pictures_are_the_same_each_time(web, tmp_path):
    for kind in PLAIN:
        for suffix in ("png", "svg", "pdf"):
            paths = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
            for path in paths:
                write_picture(web, path, kind)
            assert paths[0].read_bytes() == paths[1].read_bytes()


def test_wrong_options_are_named(lesmis):
    kinds = "network, overlap, layers, alluvial, hierarchy, codelength"
    with pytest.raises(ValueError, match=f"kind must be one of {kinds}, not 'map'"):
        lesmis.plot("map")
    with pytest.raises(ValueError, match="level must be 1, the only level"):
        lesmis.plot(ax=Figure().add_subplot(), level=2)
    with pytest.raises(ValueError, match="level must be omitted, because the picture of the hierarchy shows"):
        lesmis.plot("hierarchy", level=2)


def test_a_figure_is_made_without_a_display_and_nothing_global_changes():
    code = """
import matplotlib, mapeq
import matplotlib.pyplot as plt
backend, settings = matplotlib.get_backend(), dict(matplotlib.rcParams)
result = mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)])
for kind in ("network", "overlap", "hierarchy", "codelength"):
    assert result.plot(kind).figure.number in plt.get_fignums()
assert len(plt.get_fignums()) == 4
assert (matplotlib.get_backend(), dict(matplotlib.rcParams)) == (backend, settings)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

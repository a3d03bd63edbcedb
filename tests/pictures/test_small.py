"""Pictures of a few inches: texts do not cover each other, and are not too small to read."""

from itertools import combinations

import networkx as nx
import pytest
from matplotlib.figure import Figure

import mapeq


@pytest.fixture(scope="module")
def deep():
    """Five levels of modules."""
    graph = nx.balanced_tree(2, 7)
    paths = {node: f"{node + 1:b}"[1:5] for node in graph}
    return mapeq.evaluate(graph, {node: tuple(path.ljust(4, "0")) for node, path in paths.items()})


@pytest.fixture(scope="module")
def layers():
    cliques = [(f"{team}{i}", f"{team}{j}") for team in "abcdefgh" for i in range(5) for j in range(i)]
    return mapeq.infomap(mapeq.Network.from_layers({f"the layer number {k}": cliques for k in range(6)}))


@pytest.fixture(scope="module")
def short():
    """Few bits: the parts of the codelength are low bars."""
    return mapeq.infomap(nx.gn_graph(60, seed=2).to_undirected(), num_trials=5)


def drawn(result, kind, size):
    figure = Figure(figsize=size, layout="constrained")
    ax = result.plot(kind, ax=figure.add_subplot(), name="a name")
    figure.canvas.draw()
    return ax


def texts_of(ax):
    """All texts that are drawn, of panels, too, but for labels of axes."""
    for each in (ax, *ax.child_axes):
        yield from (text for text in (each.title, *each.texts) if text.get_text())
        for axis, view in ((each.xaxis, sorted(each.get_xlim())), (each.yaxis, sorted(each.get_ylim()))):
            if each.axison:
                ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
                yield from (text for place, text in ticks if view[0] <= place <= view[1] and text.get_text())


def covers(one, other):
    """Whether two texts cover each other; those that are turned have outlines of their own."""
    turned = [text.get_rotation() % 90 != 0 for text in (one, other)]
    if all(turned):
        return False
    boxes = [text.get_window_extent() for text in (one, other)]
    width, height = (
        min(getattr(box, f"{axis}1") for box in boxes) - max(getattr(box, f"{axis}0") for box in boxes) for axis in "xy"
    )
    return width > 1 and height > 1.5


@pytest.mark.parametrize("size", [(4.2, 2.1), (4.2, 3.0), (6, 3), (8.3, 5), (12.8, 6.4)])
@pytest.mark.parametrize("kind", ["codelength", "hierarchy"])
@pytest.mark.parametrize("name", ["deep", "short"])
def test_texts_of_charts_do_not_cover_each_other(request, name, kind, size):
    ax = drawn(request.getfixturevalue(name), kind, size)
    texts = list(texts_of(ax))
    assert len(texts) > 8
    assert [(one.get_text(), other.get_text()) for one, other in combinations(texts, 2) if covers(one, other)] == []


def test_headings_of_narrow_columns_are_short(deep):
    wide, narrow = (
        [text.get_text() for text in drawn(deep, "hierarchy", size).get_xticklabels()] for size in ((9, 6), (4, 3))
    )
    assert wide[0] == f"level 1\n2 modules\nsaves {deep.level_savings[0] + 0.0:.3f} bits"
    assert narrow[0] == "level 1\n2\nmodules"
    assert (wide[-1], narrow[-1]) == ("255 nodes", "255\nnodes")


@pytest.mark.parametrize("size", [(4.2, 3.0), (12.8, 9.0)])
def test_titles_of_layers_have_room(layers, size):
    ax = drawn(layers, "network", size)
    titles = [each.title for each in (ax, *ax.child_axes)]
    assert len(titles) == 7
    assert not any(covers(*pair) for pair in combinations(titles, 2))
    for panel, other in combinations(ax.child_axes, 2):
        assert not panel.title.get_window_extent().overlaps(other.get_window_extent().padded(-1))
        assert not panel.get_window_extent().overlaps(other.get_window_extent())
    assert min(panel.get_window_extent().height for panel in ax.child_axes) > 0.25 * 100 * size[1]


def test_names_of_rows_are_left_out_where_they_would_cover_each_other(layers):
    for size, are_named in (((9, 6), True), ((4.2, 3.0), False)):
        ax = drawn(layers, "layers", size)
        names = [text for text in ax.get_yticklabels() if text.get_text()]
        assert len(names) == (40 if are_named else 0)
        assert not any(covers(*pair) for pair in combinations(names, 2))
        assert ax.get_ylabel() == ("" if are_named else "40 nodes")

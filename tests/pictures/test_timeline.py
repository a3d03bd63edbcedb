"""Pictures of layers: which cells have which colour, and what the axes say."""

import networkx as nx
import numpy as np
import pytest
from drawings import Drawing
from matplotlib.figure import Figure

import mapeq
from mapeq.pictures.files import write_picture
from mapeq.pictures.timeline import MOST_ROWS, gaps, headings, row_order

DAYS = [np.datetime64(f"2024-05-{day:02}") for day in (1, 2, 5)]


def swapping(num_windows=6, change=3):
    """Two groups that exchange half of their members."""
    for time in range(num_windows):
        for group in ("abcd", "efgh") if time < change else ("abef", "cdgh"):
            yield from ((time, one, other) for one in group for other in group if one < other)


@pytest.fixture(scope="module")
def result():
    return mapeq.infomap(mapeq.Network.from_contacts(swapping(), window=1))


def drawn(result, **options):
    figure = Figure(figsize=(9, 6), layout="constrained")
    ax = result.plot("layers", ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def test_cells_have_the_colours_of_modules(result):
    ax = drawn(result, name="swap")
    names = [text.get_text() for text in ax.get_yticklabels()]
    cells = np.asarray(ax.images[0].get_array())
    assert sorted(names) == list("abcdefgh")
    assert cells.shape == (8, 6, 3)
    colour = {}
    for column, time in enumerate(range(6)):
        for node, module in result.layer(time).items():
            here = tuple(cells[names.index(node), column])
            assert colour.setdefault(module, here) == here
    assert len(set(colour.values())) == len(colour) == 4
    assert {text.get_text() for text in ax.texts} == {"1", "2", "3", "4"}
    assert [text.get_text() for text in ax.get_xticklabels()] == list("012345")
    assert ax.get_title().startswith("swap: 4 modules, ")


def test_absent_nodes_are_grey():
    layers = {"work": [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], "sport": [("ann", "dan")]}
    ax = drawn(mapeq.infomap(mapeq.Network.from_layers(layers)))
    names = [text.get_text() for text in ax.get_yticklabels()]
    cells = np.asarray(ax.images[0].get_array())
    absent = [tuple(cells[names.index(name), 1]) for name in ("bob", "cid")] + [tuple(cells[names.index("dan"), 0])]
    assert len(set(absent)) == 1
    assert np.ptp(absent[0]) < 0.03
    assert absent[0] not in {tuple(cells[names.index("ann"), column]) for column in (0, 1)}


def test_nodes_of_a_module_are_next_to_each_other():
    table = np.array([[0, 0, 2], [1, 1, 3], [0, 0, 3], [1, -1, 3], [-1, 0, 2]])
    assert row_order(table).tolist() == [4, 0, 2, 3, 1]


def test_many_nodes_are_said_to_be_left_out():
    graph = nx.disjoint_union_all([nx.complete_graph(8)] * 150)
    ax = drawn(mapeq.infomap(mapeq.Network.from_layers({1: graph, 2: graph})))
    assert ax.get_title().endswith(f"the {MOST_ROWS:,} most visited of 1,200 nodes")
    assert ax.images[0].get_array().shape == (MOST_ROWS, 2, 3)
    assert ax.get_ylabel() == "1,000 nodes"


def test_windows_that_are_left_out_make_gaps():
    assert gaps([0, 1, 2, 5, 6]) == [3]
    assert gaps(DAYS) == [2]
    assert gaps(["a", "b", "c"]) == gaps([0, 9]) == gaps([3, 2, 1]) == []


def test_dates_are_written_as_shortly_as_they_can_be():
    assert headings([np.datetime64("2024-05-01T08:00"), np.datetime64("2024-05-01T09:00")]) == (
        ["08:00", "09:00"],
        "2024-05-01",
    )
    assert headings(DAYS) == (["05-01", "05-02", "05-05"], "2024")
    assert headings([np.datetime64("2023-12-31T08:00"), np.datetime64("2024-01-01T08:00")]) == (
        ["2023-12-31 08:00", "2024-01-01 08:00"],
        "",
    )
    assert headings(["work", 2]) == (["work", "2"], "")


def test_files_and_networks_without_layers(result, tmp_path):
    write_picture(result, tmp_path / "layers.svg", "layers")
    assert {"a", "h", "0", "5"} <= set(Drawing(tmp_path / "layers.svg").texts)
    with pytest.raises(mapeq.NetworkError, match=r"needs a network that has some; mapeq\.Network\.from_contacts"):
        mapeq.infomap([(1, 2)]).plot("layers", ax=Figure().add_subplot())

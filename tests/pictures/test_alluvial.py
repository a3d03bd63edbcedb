"""Alluvial diagrams: which blocks there are, how high, and what they are called."""

import alluvial
import matplotlib.colors
import numpy as np
import pytest
from drawings import Drawing
from matplotlib.figure import Figure

import mapeq
from mapeq.pictures.alluvial import MOST_MODULES
from mapeq.pictures.colours import GREY
from mapeq.pictures.files import write_picture
from mapeq.pictures.style import Style

ONE = dict(zip("abcdef", [1, 1, 1, 2, 2, 2], strict=True))
OTHER = dict(zip("abcdef", [1, 1, 2, 2, 2, 2], strict=True))


def swapping():
    """Two groups that exchange half of their members after three of six windows."""
    for time in range(6):
        for group in ("abcd", "efgh") if time < 3 else ("abef", "cdgh"):
            yield from ((time, one, other) for one in group for other in group if one < other)


def texts(ax):
    ax.figure.canvas.draw()
    return [text.get_text() for text in ax.texts]


def axes():
    return Figure(figsize=(9, 6), layout="constrained").add_subplot()


def test_blocks_have_numbers_and_names():
    ax = mapeq.compare(ONE, OTHER).plot(axes(), names=("May", "June"))
    shown = texts(ax)
    assert {"May", "June", "1: a, b, c", "2: d, e, f", "1: c, d, e, …", "2: a, b"} <= set(shown)
    assert sorted(text for text in shown if text.isdigit()) == ["1", "1", "2", "2"]


def test_bands_have_the_colours_of_the_first_partition():
    ax = mapeq.plot_changes([ONE, OTHER], ax=axes())
    artists = alluvial.get_artists(ax)
    colours = {matplotlib.colors.to_hex(patch.get_facecolor()) for patch in artists.streamlines}
    assert len(artists.streamlines) == 3
    assert len(colours) == 2


def test_small_modules_are_gathered():
    many = np.repeat(np.arange(40), np.r_[np.full(30, 10), np.full(10, 1)])
    shown = texts(mapeq.plot_changes([many, many // 20], ax=axes()))
    assert f"{40 - MOST_MODULES} smaller" in shown
    assert not any(text.startswith("40") for text in shown)


def test_a_node_that_is_called_smaller_is_in_a_module_like_any_other():
    one, other = ({"a": 1, "smaller": 2, "z": second} for second in (2, 1))
    ax = mapeq.plot_changes([one, other], names=["May", "June"], ax=axes())
    assert sorted(text for text in texts(ax) if text.isdigit()) == ["1", "1", "2", "2"]
    colours = {matplotlib.colors.to_hex(patch.get_facecolor()) for patch in alluvial.get_artists(ax).streamlines}
    assert matplotlib.colors.to_hex(GREY) not in colours
    assert len(colours) == 2


def test_results_of_different_networks(tmp_path):
    results = [mapeq.infomap([("a", "b"), ("c", name)]) for name in "de"]
    results[0].write(tmp_path / "first.tree")
    shown = texts(mapeq.plot_changes([tmp_path / "first.tree", results[1]], ax=axes()))
    assert {"first.tree", "2", "1: a, b", "2: c, d", "2: c, e"} <= set(shown)


def test_layers_are_columns(tmp_path):
    result = mapeq.infomap(mapeq.Network.from_contacts(swapping(), window=1))
    write_picture(result, tmp_path / "layers.svg", "alluvial", style=Style("swap"))
    drawing = Drawing(tmp_path / "layers.svg")
    assert {"0", "1", "2", "3", "4", "5"} <= set(drawing.texts)
    assert any(text.startswith("swap: 4 modules") for text in drawing.texts)
    assert any(text.endswith(": a, b, c, …") for text in drawing.texts)
    with pytest.raises(mapeq.NetworkError, match=r"two layers or more.*mapeq\.plot_changes"):
        mapeq.infomap([(1, 2)]).plot("alluvial", ax=axes())


def test_names_are_as_many_as_partitions():
    with pytest.raises(ValueError, match="names must be 2 names, one for each partition"):
        mapeq.plot_changes([ONE, OTHER], names=["one"], ax=axes())

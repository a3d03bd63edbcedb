"""Looks of pictures: size, title, numbers of modules."""

from itertools import pairwise

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest
from drawings import Drawing, pages, pixels
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.colours import oklab, palette
from mapeq.pictures.files import write_picture
from mapeq.pictures.network import KINDS
from mapeq.pictures.outlined import OutlinedText
from mapeq.pictures.style import Style


@pytest.fixture(scope="module")
def ring():
    """Six modules."""
    return mapeq.infomap(nx.ring_of_cliques(6, 5))


@pytest.fixture(scope="module")
def large():
    """More nodes than a picture of nodes shows, in seven modules of different sizes."""
    graph = nx.disjoint_union_all([nx.random_regular_graph(20, 280 + 10 * k, seed=k) for k in range(7)])
    firsts = np.cumsum([0, *(280 + 10 * k for k in range(6))]).tolist()
    graph.add_edges_from(pairwise(firsts))
    return mapeq.infomap(graph)


@pytest.fixture
def links(tmp_path):
    path = tmp_path / "ring.txt"
    nx.write_edgelist(nx.ring_of_cliques(6, 5), path, data=False)
    return path


def drawn(result, **options):
    figure = Figure(figsize=(6, 6), layout="constrained")
    ax = result.plot(ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def discs(ax, what):
    (found,) = [collection for collection in ax.collections if collection.get_gid() == what]
    return np.asarray(found.get_offsets()), np.asarray(found.get_widths()) / 2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("layers", "alluvial")])
def test_a_title_is_replaced_or_left_out(ring, kind):
    ax = ring.plot(kind, ax=Figure(layout="constrained").add_subplot(), name="ring", title="Figure $1")
    assert ax.get_title() == "Figure $1"
    for none in (False, ""):
        ax = ring.plot(kind, ax=Figure(layout="constrained").add_subplot(), name="ring", title=none)
        assert ax.get_title() == ""


def test_a_network_without_a_title_gets_its_room(ring):
    tall = [drawn(ring, title=title).get_window_extent().height for title in (True, False)]
    assert tall[1] > tall[0] + 10
    ax = drawn(ring, title=False)
    assert ax.get_ylim()[1] - ax.get_ylim()[0] == pytest.approx(ax.get_xlim()[1] - ax.get_xlim()[0], rel=0.01)


def test_a_new_figure_has_the_size_and_the_pixels_asked_for(ring):
    figure = ring.plot(size=(3, 2), dpi=150).figure
    assert figure.get_size_inches().tolist() == [3, 2]
    assert figure.dpi == 150
    plt.close(figure)
    figure = ring.plot(size=(np.float64(4), 5)).figure
    assert (figure.get_size_inches().tolist(), figure.dpi) == ([4, 5], plt.rcParams["figure.dpi"])
    plt.close(figure)


@pytest.mark.parametrize(("size", "dpi"), [((4.2, 3), 100), ((12.8, 6.4), 100), ((3, 3), 250)])
def test_a_file_has_the_size_and_the_pixels_asked_for(ring, tmp_path, size, dpi):
    write_picture(ring, tmp_path / "ring.png", style=Style(size=size, dpi=dpi))
    assert pixels(tmp_path / "ring.png").shape[:2] == (round(size[1] * dpi), round(size[0] * dpi))


def test_discs_of_pictures_of_modules_hold_their_numbers(large):
    ax = drawn(large, module_numbers=True)
    places, radii = discs(ax, "modules")
    assert len(places) == large.num_modules == 7
    found = {int(text.get_text()): np.array(text.get_position()) for text in ax.texts}
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7]
    for number, place in found.items():
        assert place == pytest.approx(places[number - 1], abs=1e-6)
    assert (np.diff(radii) <= 1e-12).all()  # module 1 has most flow


def lightness(colours):
    return oklab(np.array([to_rgb(colour) for colour in colours]))[:, 0]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("layers", "alluvial")])
def test_dark_pictures_have_light_texts_and_colours_that_show(ring, kind):
    ax = ring.plot(kind, name="ring", dark=True, legend=kind != "codelength")
    plt.close(ax.figure)
    ground = lightness([ax.figure.get_facecolor()])[0]
    assert ground < 0.25
    assert plt.rcParams["figure.facecolor"] == "white"  # as it was
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
    outside = [ax.title, *ticks, *(ax.get_legend().get_texts() if kind != "codelength" else ax.child_axes[0].texts)]
    assert min(lightness([text.get_color() for text in outside])) > 0.85
    if kind in ("network", "overlap"):
        for name, least, most in (("nodes", 0.45, 1), ("modules", 0.2, 0.45)):
            (found,) = [each for each in ax.collections if each.get_gid() == name]
            shades = lightness(found.get_facecolors()[:, :3])
            assert least <= shades.min()
            assert shades.max() <= most


@pytest.mark.parametrize("kind", ["layers", "alluvial"])
def test_dark_pictures_of_layers_have_light_texts(kind):
    given = {name: nx.planted_partition_graph(3, 6, 0.9, 0.05, seed=seed) for seed, name in enumerate(("work", "home"))}
    ax = mapeq.infomap(mapeq.Network.from_layers(given)).plot(kind, dark=True, legend=True)
    plt.close(ax.figure)
    assert lightness([ax.figure.get_facecolor()])[0] < 0.25
    names = [text for text in [*ax.texts, *ax.get_xticklabels()] if text.get_text() in given]
    assert {text.get_text() for text in names} == set(given)
    assert min(lightness([text.get_color() for text in [ax.title, *names, *ax.get_legend().get_texts()]])) > 0.85


def test_colours_on_a_dark_ground_are_lighter_than_it():
    assert (oklab(palette(dark=True))[:, 0] > oklab(np.array(to_rgb("#111317")))[0] + 0.2).all()
    assert len(np.unique(palette(dark=True), axis=0)) == 27


def test_files_have_a_dark_ground(ring, links, tmp_path):
    command = ["plot", str(links), "-q", "--title", "ring", "--dark"]
    assert main([*command, "-o", str(tmp_path / "ring.png"), "-o", str(tmp_path / "ring.svg")]) == 0
    corner = pixels(tmp_path / "ring.png")[0, 0]
    assert corner.tolist() == [0x11, 0x13, 0x17]
    write_picture(ring, tmp_path / "again.png", style=Style(title="ring", dark=True))
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "ring.png").read_bytes()
    assert "ring" in Drawing(tmp_path / "ring.svg").texts
    write_picture(ring, tmp_path / "light.png", style=Style(title="ring"))
    assert pixels(tmp_path / "light.png")[0, 0].tolist() == [255, 255, 255]


def test_pictures_go_with_the_ground_of_their_figure(ring):
    for colour, text in (("black", "white"), ("#fff8e0", "#222222"), ("none", "#222222")):
        figure = Figure(facecolor=colour, layout="constrained")
        ax = ring.plot(ax=figure.add_subplot(), module_numbers=True)
        (found,) = [each for each in ax.collections if each.get_gid() == "nodes"]
        expected = "white" if colour == "none" else colour
        assert found.get_edgecolors()[0, :3] == pytest.approx(to_rgb(expected))
        beside = [label for label in ax.texts if isinstance(label, OutlinedText)]
        assert {label.get_color() for label in beside} == {text}


def test_the_ground_of_given_axes_is_their_own(ring):
    with pytest.raises(ValueError, match="dark must be omitted with ax, whose figure has its own, not True"):
        drawn(ring, dark=True)


def test_numbers_stand_at_the_discs_around_nodes(ring):
    ax = drawn(ring, module_numbers=True)
    centres, radii = discs(ax, "modules")
    texts = [text for text in ax.texts if text.get_fontsize() == 10]
    assert sorted(text.get_text() for text in texts) == ["1", "2", "3", "4", "5", "6"]
    for text in texts:
        distance = np.linalg.norm(centres - text.get_position(), axis=1)
        own = int(text.get_text()) - 1
        assert (distance / radii).argmin() == own
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(box.overlaps(other) for k, box in enumerate(boxes) for other in boxes[:k])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"title": 3}, "title must be a text, or False for none, not 3"),
        ({"title": None}, "title must be a text, or False for none, not None"),
        ({"size": 6}, "size must be two numbers from 1 to 200, width and height in inches, not 6"),
        ({"size": (6, -4)}, "size must be two numbers from 1 to 200, width and height in inches, not (6, -4)"),
        ({"size": (6, float("nan"))}, "size must be two numbers from 1 to 200"),
        ({"size": (6, 4, 1)}, "size must be two numbers"),
        ({"size": ("6", "4")}, "size must be two numbers"),
        ({"dpi": 0}, "dpi must be a number of pixels per inch, 10 or more, not 0"),
        ({"dpi": float("inf")}, "dpi must be a number of pixels per inch"),
        ({"dpi": True}, "dpi must be a number of pixels per inch"),
        ({"size": (100, 5), "dpi": 1000}, "dpi must be 655 at most, for sides of 65,535 pixels or less, not 1000"),
        ({"dpi": 5000}, "dpi must be 2,730 at most"),
        ({"module_numbers": 1}, "module_numbers must be True or False, not 1"),
        ({"legend": "yes"}, "legend must be True or False, not 'yes'"),
        ({"arrows": None}, "arrows must be True or False, not None"),
        ({"rasterized": 1}, "rasterized must be True or False, not 1"),
        ({"arrows": True}, "arrows must be omitted, because the links of this network have no direction"),
        ({"kind": "codelength", "legend": True}, "legend must be omitted, because the picture of the codelength does"),
        ({"kind": "hierarchy", "node_labels": False}, "node_labels must be omitted, because the picture of the"),
        ({"kind": "hierarchy", "module_numbers": True}, "module_numbers must be omitted, because the picture of the"),
    ],
)
def test_wrong_looks_are_named(ring, options, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  (the text is compared below)
        ring.plot(**options)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("option", "value"), [("size", (6, 4)), ("dpi", 200)])
def test_axes_that_are_given_keep_their_size(ring, option, value):
    with pytest.raises(ValueError, match=f"{option} must be omitted with ax, whose figure has its own"):
        ring.plot(ax=Figure().add_subplot(), **{option: value})


def test_layers_side_by_side_have_no_numbers():
    layers = {name: [("ann", "bob"), ("bob", "cid")] for name in ("work", "sport")}
    result = mapeq.infomap(mapeq.Network.from_layers(layers))
    with pytest.raises(ValueError, match="module_numbers must be omitted, because layers side by side have no discs"):
        result.plot(ax=Figure().add_subplot(), module_numbers=True)
    assert result.plot("overlap", ax=Figure().add_subplot(), module_numbers=True).texts


def test_the_command_draws_pictures_for_papers(links, tmp_path):
    picture = str(tmp_path / "ring")
    looks = ["--size", "4.2X3", "--dpi", "200", "--title", "Figure 1", "--module-numbers", "-q"]
    outputs = [part for suffix in ("png", "svg", "pdf") for part in ("-o", f"{picture}.{suffix}")]
    assert main(["plot", str(links), *looks, *outputs]) == 0
    assert pixels(tmp_path / "ring.png").shape == (600, 840, 3)
    assert Drawing(tmp_path / "ring.svg").texts[0] == "Figure 1"
    assert pages(tmp_path / "ring.pdf") == 1
    assert main(["plot", str(links), "--no-title", "-q", "-o", f"{picture}.svg"]) == 0
    assert not any("bits per step" in text for text in Drawing(tmp_path / "ring.svg").texts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--size", "1000x4"],
            "--size must be two numbers from 1 to 200, width and height in inches, not (1000.0, 4.0)",
        ),
        (["--size", "4xnan"], "--size must be two numbers from 1 to 200"),
        (["--dpi", "1"], "--dpi must be a number of pixels per inch, 10 or more, not 1.0"),
        (["--dpi", "9999"], "--dpi must be 2,730 at most"),
        (["--kind", "codelength", "--module-numbers"], "--module-numbers must be omitted, because the picture of the"),
    ],
)
def test_wrong_looks_are_named_before_the_search(links, tmp_path, capsys, arguments, message):
    assert main(["plot", str(links), "-o", str(tmp_path / "ring.png"), *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "ring.png").exists()


@pytest.mark.parametrize("size", ["6", "6x", "6x4x2", "wide"])
def test_a_size_that_is_none_is_wrong_usage(links, capsys, size):
    with pytest.raises(SystemExit, match="2"):
        main(["plot", str(links), "-o", "x.png", "--size", size])
    assert f"it must be a width and a height in inches, such as 6x4, not '{size}'" in capsys.readouterr().err


def test_a_title_and_none_is_wrong_usage(links, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["plot", str(links), "-o", "x.png", "--title", "Figure 1", "--no-title"])
    assert "not allowed with argument" in capsys.readouterr().err

"""Modules of the next level as discs in those of their modules."""

import networkx as nx
import numpy as np
import pytest
from drawings import Drawing
from matplotlib.figure import Figure

import mapeq
from mapeq.cli.parser import main


@pytest.fixture(scope="module")
def small():
    return mapeq.evaluate(*nested(5, 6))


@pytest.fixture(scope="module")
def large():
    return mapeq.evaluate(*nested(30, 12))


def nested(num_rings, size):
    """Cliques of six nodes in rings of `size` cliques, which are in a ring, and these as modules."""
    number = num_rings * size
    graph = nx.disjoint_union_all([nx.complete_graph(6) for _ in range(number)])
    for k in range(number):
        graph.add_edge(6 * k, 6 * (k // size * size + (k + 1) % size) + 1)
        graph.add_edge(6 * k + 2, 6 * (k // size * size + (k + 3) % size) + 3)
    graph.add_edges_from((6 * size * k + 4, (6 * size * (k + 1) + 5) % (6 * number)) for k in range(num_rings))
    return graph, {node: (node // (6 * size), node // 6) for node in graph}


def drawn(result, **options):
    figure = Figure(figsize=(6, 6), layout="constrained")
    ax = result.plot(ax=figure.add_subplot(), **options)
    figure.canvas.draw()
    return ax


def discs(ax, name):
    (found,) = [each for each in ax.collections if each.get_gid() == name]
    return np.asarray(found.get_offsets()), np.asarray(found.get_widths()) / 2, found.get_facecolors()[:, :3]


def holders(places, radii, centres, reach):
    """The disc that each smaller one is in, from 0."""
    inside = np.linalg.norm(places[:, None] - centres[None], axis=-1) + radii[:, None] <= reach[None] + 1e-6
    assert (inside.sum(axis=1) == 1).all()
    return inside.argmax(axis=1)


def test_nodes_are_in_discs_of_submodules_in_discs_of_modules(small):
    ax = drawn(small, submodules=True, level=1)
    centres, reach, _ = discs(ax, "modules")
    inner, radii, _ = discs(ax, "submodules")
    places, dots, _ = discs(ax, "nodes")
    assert (len(centres), len(inner), len(places)) == (5, 30, 180)
    assert np.bincount(holders(inner, radii, centres, reach)).tolist() == [6] * 5
    assert holders(places, dots, centres, reach).tolist() == small.labels_at(1).tolist()
    own = holders(places, dots, inner, radii)
    pairs = set(zip(own.tolist(), small.labels_at(2).tolist(), strict=True))
    assert len(pairs) == 30  # each disc holds one submodule
    apart = np.linalg.norm(inner[:, None] - inner[None], axis=-1) >= (radii[:, None] + radii[None]) * (1 - 1e-3)
    assert (apart | np.eye(30, dtype=bool)).all()
    assert np.corrcoef(np.square(dots), small.flow)[0, 1] > 0.999


def test_submodules_are_turned_with_their_nodes(small):
    ax = drawn(small, submodules=True, level=1)
    inner, _, _ = discs(ax, "submodules")
    places, _, _ = discs(ax, "nodes")
    middles = np.array([places[small.labels_at(2) == k].mean(axis=0) for k in range(30)])
    assert np.linalg.norm(middles[:, None] - inner[None], axis=-1).min(axis=1).max() < 0.08


def test_pictures_of_modules_show_submodules_too(large):
    for options in ({}, {"module_numbers": True}):
        ax = drawn(large, submodules=True, level=1, **options)
        centres, reach, colours = discs(ax, "modules")
        inner, radii, shades = discs(ax, "submodules")
        own = holders(inner, radii, centres, reach)
        assert np.bincount(own).tolist() == [12] * 30
        assert (shades >= colours[own] - 1e-9).all()
        assert len(ax.texts) == 30
        assert np.square(radii).sum() == pytest.approx(np.square(radii[own == 0]).sum() * 30, rel=0.2)


def test_modules_that_are_not_divided_have_no_discs_inside():
    graph, modules = nested(5, 6)
    one = {node: (0,) if path[0] == 0 else path for node, path in modules.items()}
    ax = drawn(mapeq.evaluate(graph, one), submodules=True, level=1)
    centres, reach, _ = discs(ax, "modules")
    inner, radii, _ = discs(ax, "submodules")
    assert sorted(np.bincount(holders(inner, radii, centres, reach), minlength=5).tolist()) == [0, 6, 6, 6, 6]


def test_submodules_that_there_are_not_are_an_error(small):
    for level in (2, -1):
        with pytest.raises(ValueError, match="submodules must be omitted, because the modules at level 2 have none"):
            drawn(small, submodules=True, level=level)
    with pytest.raises(ValueError, match="submodules must be omitted, because nodes at given positions have no discs"):
        drawn(small, submodules=True, level=1, positions=np.zeros((180, 2)))
    with pytest.raises(ValueError, match="submodules must be omitted, because the picture of the hierarchy does not"):
        drawn(small, submodules=True, kind="hierarchy")
    states = mapeq.infomap(mapeq.Network.from_paths([["a", "b", "c"], ["c", "b", "a"]]))
    with pytest.raises(ValueError, match="submodules must be omitted, because "):
        drawn(states, submodules=True)


def test_the_command_draws_submodules(tmp_path, capsys):
    graph, _ = nested(5, 8)
    nx.write_edgelist(graph, tmp_path / "links.txt", data=False)
    command = ["plot", str(tmp_path / "links.txt"), "-q", "-o", str(tmp_path / "links.svg"), "--submodules"]
    assert main([*command, "--multilevel", "--level", "1"]) == 0
    assert Drawing(tmp_path / "links.svg").shapes["submodules"] == 40
    assert main(command) == 1
    assert "--submodules must be omitted, because the modules at level 1 have none" in capsys.readouterr().err

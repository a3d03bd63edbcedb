"""``mapeq plot``: pictures of modules that are found or given."""

from pathlib import Path

import networkx as nx
import pytest
from drawings import Drawing, drawn_share, pages

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.network import KINDS


@pytest.fixture(scope="module")
def deep():
    """Three levels: cliques in communities in a ring, 2,160 nodes."""
    graph = nx.disjoint_union_all([nx.complete_graph(6) for _ in range(360)])
    for k in range(360):
        graph.add_edge(6 * k, 6 * (k // 12 * 12 + (k + 1) % 12) + 1)
        graph.add_edge(6 * k + 2, 6 * (k // 12 * 12 + (k + 5) % 12) + 3)
    graph.add_edges_from((72 * k + 4, (72 * (k + 1) + 5) % 2160) for k in range(30))
    return mapeq.infomap(graph, multilevel=True, num_trials=2)


@pytest.fixture
def links(tmp_path):
    path = tmp_path / "les-mis.tsv"
    lines = [f"{u}\t{v}\t{w}\n" for u, v, w in nx.les_miserables_graph().edges(data="weight")]
    path.write_text("".join(lines))
    return path


#: Shapes of the pictures of les-mis.tsv, 77 nodes in 10 modules: least and largest numbers.
DRAWN = {
    "network": {"nodes": (77, 77), "modules": (10, 10)},
    "overlap": {"nodes": (77, 77), "modules": (10, 10), "shares": (80, 250)},
    "hierarchy": {"cells": (1 + 10 + 40, 1 + 10 + 77)},  # small nodes share one
    "codelength": {"trials": (2, 2), "result": (1, 1)},
}
LABELS = {
    "network": {"Valjean", "Enjolras"},
    "overlap": {"Valjean", "Enjolras"},
    "hierarchy": {"Valjean", "10 modules", "77 nodes"},
    "codelength": {"index", "modules"},
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("layers", "alluvial")])
def test_the_command_writes_every_format(links, tmp_path, capsys, kind):
    outputs = [tmp_path / f"picture.{suffix}" for suffix in ("png", "svg", "PDF")]
    arguments = [part for path in outputs for part in ("-o", str(path))]
    assert main(["plot", str(links), "--kind", kind, "-N", "2", *arguments]) == 0
    result = mapeq.infomap(nx.les_miserables_graph(), num_trials=2)
    picture = Drawing(outputs[1])
    title = f"les-mis.tsv: {result.num_modules} modules, {result.codelength:.3f} bits per step"
    assert any(text.startswith(title) for text in picture.texts)
    for name, (least, most) in DRAWN[kind].items():
        assert least <= picture.shapes[name] <= most, name
    assert set(LABELS[kind]) <= set(picture.texts)
    assert 0.02 < drawn_share(outputs[0]) < 0.9
    assert pages(outputs[2]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "77 nodes, 254 links, undirected" in told.err
    assert told.err.strip().endswith(f"-> {', '.join(map(str, outputs))}")


def test_the_command_draws_given_modules(links, tmp_path, capsys):
    partition, picture = tmp_path / "modules.csv", tmp_path / "picture.svg"
    names = sorted(nx.les_miserables_graph())
    partition.write_text("node,module\n" + "".join(f"{name},{name < 'M'}\n" for name in names))
    assert main(["plot", str(links), "--modules", str(partition), "-o", str(picture)]) == 0
    assert Drawing(picture).texts[0].startswith("les-mis.tsv: 2 modules, ")
    assert Drawing(picture).shapes["modules"] == 2
    assert "2 modules" in capsys.readouterr().err
    picture.unlink()
    assert main(["plot", str(links), "--modules", str(partition), "-o", str(picture), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert picture.exists()


def test_the_command_draws_the_level_that_there_is(deep, tmp_path, capsys):
    links, partition = tmp_path / "links.txt", tmp_path / "modules.tree"
    sources, targets, _ = deep.network.links()
    links.write_text("".join(f"{i} {j}\n" for i, j in zip(sources.tolist(), targets.tolist(), strict=True)))
    deep.write(partition)
    for level, modules in (
        ("1", deep.num_modules),
        ("-1", deep.modules_per_level[-1]),
    ):
        picture = tmp_path / "picture.svg"
        assert main(["plot", str(links), "--modules", str(partition), "--level", level, "-o", str(picture), "-q"]) == 0
        shown = Drawing(picture)
        assert f"{modules:,} " in shown.texts[0]
        assert shown.shapes["modules"] == min(modules, 100)
    picture = str(tmp_path / "none.svg")
    assert main(["plot", str(links), "--modules", str(partition), "--level", "9", "-o", picture, "-q"]) == 1
    assert "--level must be from 1 (the top modules) to " in capsys.readouterr().err
    assert not Path(picture).exists()


def test_the_command_draws_states(tmp_path):
    """Physical nodes, or layers side by side, from the files that the infomap package reads."""
    states, layers = tmp_path / "states.net", tmp_path / "layers.net"
    states.write_text("*Vertices\n1 hub\n2 Oslo\n3 Rome\n*States\n1 1\n2 2\n3 1\n4 3\n*Links\n1 2\n2 1\n3 4\n4 3\n")
    layers.write_text("*Vertices\n1 ann\n2 bob\n3 cid\n*Intra\n1 1 2\n1 2 1\n2 1 3\n2 3 1\n")
    assert main(["plot", str(states), "-o", str(tmp_path / "states.svg"), "-q"]) == 0
    drawing = Drawing(tmp_path / "states.svg")
    assert drawing.shapes["nodes"] == 3
    assert drawing.shapes["shares"] == 2  # both halves of the hub
    assert {"hub", "Oslo", "Rome"} <= set(drawing.texts)
    assert main(["plot", str(layers), "-o", str(tmp_path / "layers.svg"), "-q"]) == 0
    texts = Drawing(tmp_path / "layers.svg").texts
    assert {"1", "2", "bob", "cid"} <= set(texts)
    assert texts.count("ann") == 2
    assert main(["plot", str(layers), "--kind", "overlap", "-o", str(tmp_path / "pies.svg"), "-q"]) == 0
    assert Drawing(tmp_path / "pies.svg").shapes["nodes"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-o", "picture.jpg"],
            "picture.jpg: the suffix selects the format; that of a picture must be one of .png, .svg",
        ),
        (["-o", "missing/picture.png"], "missing/picture.png: there is no directory 'missing'"),
        (["-o", "picture.png", "-o", "modules.tree"], "modules.tree: the suffix"),
        (
            ["-o", "picture.png", "--kind", "map"],
            "kind must be one of network, overlap, layers, alluvial, hierarchy, codelength, not 'map'",
        ),
        (["-o", "picture.png", "--level", "2"], "--level must be 1, or -1, without --multilevel, not 2"),
        (["-o", "picture.png", "--level", "0"], "--level must be a whole number, 1 or more, or -1, not 0"),
        (["-o", "picture.png", "--kind", "hierarchy", "--level", "2"], "level must be omitted, because the"),
        (["-o", "picture.png", "--modules", "missing.clu"], "missing.clu: no such file"),
        (["-o", "picture.png", "--modules", "x.clu", "--markov-time", "auto"], "--markov-time must be the number used"),
        (["-o", "picture.png", "-N", "0"], "--num-trials must be"),
    ],
)
def test_the_command_writes_nothing_on_errors(links, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(links), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("mapeq: ")
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["les-mis.tsv"]


def test_the_command_without_output_is_wrong_usage(links, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["plot", str(links)])
    assert "-o/--output" in capsys.readouterr().err

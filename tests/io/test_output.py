"""Partitions in files: written whole or not at all, read back as they were."""

import csv
import json
import os
import stat

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import mapeq
from mapeq.io.files import leaves, naming
from mapeq.io.files.output import WRITERS, write_result

LABELS = {
    "numbers": [10, 11, 12, 20, 21, 22],
    "words": ["ann", "bob", "cid", "dee", "eve", "fay"],
    "awkward words": ["New York", "a,b", "#tag", '5" "disk"', "*star", "ünï"],
}
TEXTS = [format for format in WRITERS if format not in ("parquet", "html")]


def result_of(labels):
    graph = nx.relabel_nodes(nx.barbell_graph(3, 0), dict(enumerate(labels)))
    return mapeq.infomap(list(graph.edges()) if isinstance(labels[0], str) else np.array(graph.edges()))


@pytest.mark.parametrize("format", ["clu", "tree", "ftree", "csv", "tsv", "json"])
@pytest.mark.parametrize("kind", LABELS)
def test_what_is_written_can_be_read_back(kind, format, tmp_path):
    result = result_of(LABELS[kind])
    path = tmp_path / f"modules.{format}"
    result.write(path)
    assert os.listdir(tmp_path) == [path.name]
    again = mapeq.evaluate(result.network, path)
    assert again.modules() == result.modules()
    assert again.codelength == result.codelength


DEEP = [("a", "x"), ("a", "x"), ("a", "y"), ("b",), ("b",), ("b",)]


def deep_result_of(labels):
    return mapeq.evaluate(result_of(labels).network, dict(zip(labels, DEEP, strict=True)))


@pytest.mark.parametrize("format", ["tree", "ftree", "csv", "tsv", "json"])
@pytest.mark.parametrize("kind", LABELS)
def test_hierarchies_can_be_read_back(kind, format, tmp_path):
    result = deep_result_of(LABELS[kind])
    path = tmp_path / f"modules.{format}"
    result.write(path)
    again = mapeq.evaluate(result.network, path)
    assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
    assert [again.communities(level) for level in (1, 2)] == [result.communities(level) for level in (1, 2)]


@pytest.mark.parametrize("format", ["clu", "tree", "ftree", "csv", "tsv"])
@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("kind", LABELS)
def test_rows_are_the_same_however_many_are_made_at_a_time(kind, states, format, tmp_path, monkeypatch):
    result = deep_result_of(LABELS[kind])
    if states:
        result = mapeq.infomap(mapeq.Network.from_layers({"work": result.network, "sport": result.network}))
    at_once, in_parts = tmp_path / f"one.{format}", tmp_path / f"two.{format}"
    result.write(at_once)
    for module in (leaves, naming):
        monkeypatch.setattr(module, "ROWS", 4)
    result.write(in_parts)
    assert in_parts.read_text() == at_once.read_text()


@pytest.mark.parametrize("level", [1, 2, -1])
@pytest.mark.parametrize("kind", LABELS)
def test_clu_holds_the_level_that_is_asked_for(kind, level, tmp_path):
    result = deep_result_of(LABELS[kind])
    path = tmp_path / "modules.clu"
    result.write(path, level=level)
    assert f"# module level {level}\n" in path.read_text()
    assert mapeq.evaluate(result.network, path).communities() == result.communities(level)
    assert result.modules(2) == result.modules(-1) != result.modules(1)


def test_a_level_that_cannot_be_written_is_refused(tmp_path):
    result = deep_result_of(LABELS["words"])
    with pytest.raises(ValueError, match=r"level must be from 1 .* to 2 .*, not 3"):
        result.write(tmp_path / "modules.clu", level=3)
    with pytest.raises(ValueError, match=r"level must be omitted, because a \.tree file holds all levels, not 2"):
        result.write(tmp_path / "modules.tree", level=2)
    assert os.listdir(tmp_path) == []


def test_the_formats_of_hierarchies(tmp_path):
    result = deep_result_of(LABELS["words"])
    written = {}
    for format in TEXTS:
        result.write(tmp_path / "any.suffix", format=format)
        written[format] = [line for line in (tmp_path / "any.suffix").read_text().splitlines() if line[0] != "#"]
    assert written["tree"] == [
        '1:1:1 0.142857143 "ann" 1',
        '1:1:2 0.142857143 "bob" 2',
        '1:2:1 0.214285714 "cid" 3',
        '2:1 0.214285714 "dee" 4',
        '2:2 0.142857143 "eve" 5',
        '2:3 0.142857143 "fay" 6',
    ]
    assert written["ftree"] == [
        *written["tree"],
        "*Links undirected",
        "*Links root 0 0 1 2",
        "1 2 0.142857143",
        "*Links 1 0.0714285714 0.0714285714 1 2",
        "1 2 0.285714286",
        "*Links 1:1 0.142857143 0.142857143 1 2",
        "1 2 0.142857143",
        "*Links 1:2 0.214285714 0.214285714 0 1",
        "*Links 2 0.0714285714 0.0714285714 3 3",
        "1 2 0.142857143",
        "1 3 0.142857143",
        "2 3 0.142857143",
    ]
    rows = [row.split(",") for row in written["csv"]]
    assert rows[0] == ["node", "module", "flow", "path"]
    assert [(row[0], row[1], row[3]) for row in rows[1:]] == [
        ("ann", "1", "1:1"),
        ("bob", "1", "1:1"),
        ("cid", "1", "1:2"),
        ("dee", "2", "2"),
        ("eve", "2", "2"),
        ("fay", "2", "2"),
    ]
    content = json.loads("\n".join(written["json"]))
    assert content["codelength"] == result.codelength
    assert content["modules_per_level"] == [2, 3]
    assert [(module["path"], module["size"]) for module in content["modules"]] == [
        ([1], 3),
        ([1, 1], 2),
        ([1, 2], 1),
        ([2], 3),
    ]
    in_modules = sum(module["codelength"] for module in content["modules"])
    assert in_modules == pytest.approx(result.module_codelength, abs=1e-12)
    assert [(node["path"], node["name"], node["id"]) for node in content["nodes"]][1:4] == [
        ([1, 1, 2], "bob", 2),
        ([1, 2, 1], "cid", 3),
        ([2, 1], "dee", 4),
    ]


def test_the_formats(tmp_path):
    result = result_of(LABELS["words"])
    written = {}
    for format in TEXTS:
        result.write(tmp_path / "any.suffix", format=format)
        written[format] = (tmp_path / "any.suffix").read_text().splitlines()
    comments = [line for line in written["clu"] if line.startswith("#")]
    assert comments == [
        f"# mapeq {mapeq.__version__}",
        "# partitioned into 2 levels with 2 top modules",
        "# codelength 2.32073036 bits",
        "# relative codelength savings 9.228%",
        "# flow model undirected",
        "# seed 0, trials 1",
        "# trial codelengths 2.32073036",
        "# options directed=False bipartite=False metadata=False flow_model=undirected teleportation_probability=0.15 "
        "recorded_teleportation=False "
        "teleport_to=links node_weights_as_flow=False markov_time=1.0 variable_markov_time=False "
        "variable_markov_damping=1.0 variable_markov_min_scale=1.0 regularization=0.0 bipartite_flow=two-step "
        "entropy_correction=0.0 preferred_number_of_modules=None metadata_rate=1.0 metadata_unweighted=False "
        "multilevel=False num_trials=1",
        "# module level 1",
        "# node_id module flow",
    ]
    assert written["clu"][len(comments) :] == [
        "cid 1 0.214285714",
        "ann 1 0.142857143",
        "bob 1 0.142857143",
        "dee 2 0.214285714",
        "eve 2 0.142857143",
        "fay 2 0.142857143",
    ]
    assert written["tree"][len(comments) - 1 :] == [
        '1:1 0.214285714 "cid" 3',
        '1:2 0.142857143 "ann" 1',
        '1:3 0.142857143 "bob" 2',
        '2:1 0.214285714 "dee" 4',
        '2:2 0.142857143 "eve" 5',
        '2:3 0.142857143 "fay" 6',
    ]
    assert [row[:2] for row in csv.reader(written["csv"])] == [
        ["node", "module"],
        *([name, str(module)] for name, module in result.modules().items()),
    ]
    assert [row.split("\t") for row in written["tsv"]] == list(csv.reader(written["csv"]))
    content = json.loads("\n".join(written["json"]))
    assert content["codelength"] == result.codelength
    assert {node["node"]: node["module"] for node in content["nodes"]} == result.modules()
    assert [module["size"] for module in content["modules"]] == [3, 3]


@pytest.mark.parametrize("kind", LABELS)
def test_parquet_holds_the_columns_of_csv(kind, tmp_path):
    path = tmp_path / "modules.parquet"
    for result in (result_of(LABELS[kind]), deep_result_of(LABELS[kind])):
        result.write(path)
        pd.testing.assert_frame_equal(pd.read_parquet(path), result.to_dataframe(), check_dtype=False)


def test_parquet_and_arrow_say_what_was_found_and_how(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    result = mapeq.infomap([("a", "b"), ("b", "c")], num_trials=2, seed=3)
    result.write(tmp_path / "modules.parquet")
    written = parquet.read_table(tmp_path / "modules.parquet")
    for table in (written, result.to_arrow()):
        assert json.loads(table.schema.metadata[b"mapeq"]) == result.summary()
        assert table.to_pydict() == result.to_dataframe().to_dict("list")
    assert result.summary()["version"] == mapeq.__version__
    assert (result.summary()["seed"], len(result.summary()["trials"])) == (3, 2)


def test_a_table_may_have_a_column_for_every_level():
    result = deep_result_of(LABELS["words"])
    table = result.to_dataframe(levels=True)
    assert list(table) == ["node", "module", "flow", "path", "level_1", "level_2"]
    assert [table["level_1"].tolist(), table["level_2"].tolist()] == [
        list(result.modules(level).values()) for level in (1, 2)
    ]


GRAPHS = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("format", GRAPHS)
@pytest.mark.parametrize("kind", LABELS)
def test_graph_files_hold_the_network_and_its_modules(kind, format, directed, tmp_path):
    labels = LABELS[kind]
    links = [(labels[i], labels[j], 1.5 + i) for i, j in nx.barbell_graph(3, 0).edges()]
    result = mapeq.evaluate(links, dict(zip(labels, DEEP, strict=True)), directed=directed)
    path = tmp_path / f"network.{format}"
    result.write(path)
    graph = GRAPHS[format](path)
    again = mapeq.evaluate(graph, {node: tuple(data["path"].split(":")) for node, data in graph.nodes(data=True)})
    assert again.node_labels == [str(label) for label in result.node_labels]
    assert again.network.directed == directed
    assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
    assert {node: data["module"] for node, data in graph.nodes(data=True)} == {
        str(label): module for label, module in result.modules().items()
    }
    assert [data["flow"] for _, data in graph.nodes(data=True)] == pytest.approx(result.flow.tolist(), abs=1e-15)
    assert {node: data["label"] for node, data in graph.nodes(data=True)} == {node: node for node in graph}
    result.write(tmp_path / "again", format=format)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_graph_files_say_what_was_found_and_how(tmp_path):
    result = mapeq.infomap([(0, 1), (1, 2)], num_trials=2)
    result.write(tmp_path / "network.graphml")
    said = nx.read_graphml(tmp_path / "network.graphml").graph
    assert (said["codelength"], said["seed"], said["flow_model"]) == (result.codelength, 0, "undirected")
    assert said["version"] == mapeq.__version__
    assert json.loads(said["trials"]) == list(result.trials)
    result.write(tmp_path / "network.gexf")
    text = (tmp_path / "network.gexf").read_text()
    assert f"<creator>mapeq {mapeq.__version__}</creator>" in text
    assert f"codelength: {result.codelength}; " in text


@pytest.mark.parametrize("format", GRAPHS)
def test_graph_files_have_any_hashable_as_text(format, tmp_path):
    path = tmp_path / f"network.{format}"
    mapeq.infomap([(("a", 1), "<&>"), ("<&>", None)]).write(path)
    assert list(GRAPHS[format](path)) == ["('a', 1)", "<&>", "None"]
    mapeq.infomap([(1, "1")]).write(path)  # of the same text
    graph = GRAPHS[format](path)
    assert sorted(graph) == ["0", "1"]
    assert [data["label"] for _, data in graph.nodes(data=True)] == ["1", "1"]
    with pytest.raises(ValueError, match=rf"\.{format} cannot hold the character '\\x07' in the label 'a\\x07'"):
        mapeq.infomap([("a\a", "b")]).write(path)
    assert sorted(GRAPHS[format](path)) == ["0", "1"]


def test_small_modules_can_be_left_out_of_tables(tmp_path):
    result = mapeq.infomap([(0, 1, 9), (2, 3), (3, 4), (4, 2)])
    for format in ("csv", "tsv", "parquet"):
        path = tmp_path / f"modules.{format}"
        write_result(result, path, min_size=3)
        table = pd.read_parquet(path) if format == "parquet" else pd.read_csv(path, sep=None, engine="python")
        assert table["module"].tolist() == [-1, -1, 1, 1, 1]
    with pytest.raises(ValueError, match=r"min_size must be omitted, because a \.tree file holds all modules, not 3"):
        write_result(result, tmp_path / "modules.tree", min_size=3)


#: Node 6 stands between two cliques and is in the smaller one; 7 and 8 are a module without other neighbours.
BETWEEN = [*nx.complete_graph(5).edges(), (5, 6), (4, 6), (3, 6), (7, 8)]


@pytest.mark.parametrize("format", ["csv", "tsv", "parquet"])
def test_tables_say_how_strongly_nodes_belong_to_modules(format, tmp_path):
    result = mapeq.evaluate(BETWEEN, [set(range(5)), {5, 6}, {7, 8}])
    path = tmp_path / f"modules.{format}"

    def columns(**options):
        write_result(result, path, strength=True, **options)
        table = pd.read_parquet(path) if format == "parquet" else pd.read_csv(path, sep=None, engine="python")
        assert table.columns.tolist() == ["node", "module", "flow", "strength", "alternative", "alternative_cost"]
        return table.set_index("node")

    table = columns()
    assert table["strength"].tolist() == pytest.approx([1, 1, 1, 4 / 5, 4 / 5, 1, 1 / 3, 1, 1], abs=1e-9)
    assert table.loc[6, ["module", "alternative"]].tolist() == [2, 1]
    assert table["alternative_cost"].tolist() == pytest.approx(result.alternatives().costs.tolist(), abs=1e-9)
    moved = mapeq.evaluate(BETWEEN, [{*range(5), 6}, {5}, {7, 8}]).codelength
    assert table.loc[6, "alternative_cost"] == pytest.approx(moved - result.codelength, abs=1e-9)
    small = columns(min_size=3)  # numbers and strengths of small modules are those of noise
    assert small["module"].tolist() == [1] * 5 + [-1] * 4
    assert small["strength"].tolist() == pytest.approx([1, 1, 1, 4 / 5, 4 / 5, 0, 0, 0, 0], abs=1e-9)
    assert small.loc[[3, 6], "alternative"].tolist() == [-1, 1]
    result.write(path, strength=True)
    if format != "parquet":
        assert mapeq.evaluate(BETWEEN, path).modules() == result.modules()


def test_only_tables_have_columns_of_strengths(tmp_path):
    result = mapeq.infomap(BETWEEN)
    for name in ("clu", "tree", "ftree", "json", "graphml", "gexf", "html"):
        with pytest.raises(ValueError, match=rf"strength must be omitted, because a \.{name} file has no such columns"):
            result.write(tmp_path / f"modules.{name}", strength=True)
    assert os.listdir(tmp_path) == []
    infinite = mapeq.evaluate([(0, 1), (2, 3)], [{0}, {1}, {2, 3}])
    infinite.write(tmp_path / "modules.csv", strength=True)
    assert pd.read_csv(tmp_path / "modules.csv")["strength"].tolist() == [0, 0, 1, 1]
    sides = mapeq.infomap([("bee", "rose"), ("bee", "lily"), ("fly", "lily")], bipartite=True)
    with pytest.raises(mapeq.NetworkError, match="one side of a bipartite network"):
        sides.primary().write(tmp_path / "primary.csv", strength=True)
    assert os.listdir(tmp_path) == ["modules.csv"]


def test_pajek_names_stay_and_files_use_the_numbers(tmp_path):
    network = tmp_path / "net.net"
    network.write_text('*Vertices 4\n7 "New York"\n8 "Rome"\n9 "Oslo"\n5 "Bern"\n*Edges\n7 8\n8 9\n9 7\n5 9\n')
    result = mapeq.infomap(network)
    assert set(result.modules()) == {"New York", "Rome", "Oslo", "Bern"}
    for format in ("clu", "tree"):
        result.write(tmp_path / f"out.{format}")
        assert mapeq.evaluate(network, tmp_path / f"out.{format}").modules() == result.modules()
    rows = (tmp_path / "out.tree").read_text().splitlines()
    assert any(row.endswith('"New York" 7') for row in rows)
    by_name = "node,module\nNew York,1\nRome,1\nOslo,1\nBern,2\n"
    (tmp_path / "by_name.csv").write_text(by_name)
    assert mapeq.evaluate(network, tmp_path / "by_name.csv").communities() == [{"New York", "Rome", "Oslo"}, {"Bern"}]


def test_paths_of_other_programs_are_names_and_nothing_more(tmp_path):
    links = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)]
    path = tmp_path / "a.tree"
    path.write_text('7:3:1 0 "" 1\n7:3:9 0 "" 2\n7:4:1 0 "" 3\n2:1 0 "" 4\n2:1 0 "" 5\n2:7 0 "" 6\n')
    assert mapeq.evaluate(links, path).communities(2) == [{4, 5, 6}, {1, 2}, {3}]
    path.write_text("".join(f'{node} 0 "" {node}\n' for node in range(1, 7)))  # a path of one number names a module
    assert mapeq.evaluate(links, path).modules_per_level == (6,)


@pytest.mark.parametrize("format", ["clu", "tree", "ftree", "csv", "tsv", "json"])
@pytest.mark.parametrize("kind", LABELS)
def test_formats_are_known_by_their_content(kind, format, tmp_path):
    result = deep_result_of(LABELS[kind])
    result.write(tmp_path / f"modules.{format}")
    (tmp_path / f"modules.{format}").rename(tmp_path / "modules")
    again = mapeq.evaluate(result.network, tmp_path / "modules")
    level = 1 if format == "clu" else 2
    assert again.communities(level) == result.communities(level)


def test_other_programs_results_in_json_are_read(tmp_path):
    nodes = [{"path": [1 + (i > 3), i], "name": f"n{i}", "flow": 0.1, "id": i} for i in range(1, 7)]
    (tmp_path / "a.json").write_text(json.dumps({"version": "v2", "nodes": nodes, "modules": []}))
    links = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)]
    assert mapeq.evaluate(links, tmp_path / "a.json").communities() == [{1, 2, 3}, {4, 5, 6}]
    named = [(f"n{u}", f"n{v}") for u, v in links]
    assert mapeq.evaluate(named, tmp_path / "a.json").communities() == [{"n1", "n2", "n3"}, {"n4", "n5", "n6"}]


def test_other_programs_partitions_are_read(tmp_path):
    links = [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)]
    clu = tmp_path / "a.clu"
    clu.write_text("# comment\n*Vertices 6\r\n1 1 0.1\n2 1\n\n3\t1 0.2 surplus\n4 0\n5 0\n6 0\n")
    tree = tmp_path / "a.ftree"
    tree.write_text(
        '# path flow name node_id\n1:1 0.3 "1" 1\n1:2 0.2 "2" 2\n1:3 0 "x y" 3\n'
        '2:1 0 "4" 4\n2:2 0 "5" 5\n2:3 0 "6" 6\n'
        "*Links undirected\n#*Links path\n*Links root 0 0\n1 2 0.1\n"
    )
    for path in (clu, tree):
        assert mapeq.evaluate(links, path).communities() == [{1, 2, 3}, {4, 5, 6}]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.clu", "1 1\n2 1\n3 1\n4 2\n5 2\n", "1 of 6 nodes have no module, such as 6"),
        ("a.clu", "1 1\n2 1\n3 1\n4 2\n5 2\n6 2\n7 2\n", "a.clu, line 7: '7' is not a node"),
        ("a.clu", "1 1\n2 1\n3 1\n4 2\n5 2\n6 2\n1 2\n", "line 7: the node '1' is named twice"),
        ("a.clu", "1 1\n2\n", "line 2: expected a node and its module: '2'"),
        ("a.tree", '1:1 0.5 "1" 1\n1 2 3\n', "line 2: expected: path flow \"name\" node: '1 2 3'"),
        ("a.tree", '1:1:1 0.5 "1" 1\n', "5 of 6 nodes have no module"),
        (
            "a.tree",
            '1:1 0 "1" 1\n1:2 0 "2" 2\n1:3:1 0 "3" 3\n2:1 0 "4" 4\n2:2 0 "5" 5\n2:3 0 "6" 6\n',
            "a.tree, line 1: the node 1 is in a module that contains modules",
        ),
        (
            "a.csv",
            "node,module,flow,path\n1,0,0.1,1:1\n2,0,0.1\n",
            "line 3: expected a node and its path",
        ),
        ("a.csv", "node,module,flow,path\n1,0,0.1,\n", "line 2: the node has no module"),
        ("a.csv", "node,module\n1,1\n2\n", "line 3: expected a node and its module"),
        ("a.json", "{}", "a.json: is not a result in JSON: 'nodes' is missing"),
        ("a.json", '{"nodes": [{"id": 1}]}', "a.json: is not a result in JSON: 'path' is missing"),
        ("a.json", '{"nodes": [', "a.json, line 1: is not a result in JSON: Expecting value"),
        ("a.json", '{"nodes": 3}', 'a.json: "nodes" must be a list of the nodes of a result, not 3'),
        (
            "a.csv",
            "person,group\n1,0\n",
            "a.csv, line 1: 'person' is not a node of the network; if this line is a header, it must name the columns "
            "node and module",
        ),
        ("a.json", '{"nodes": [{"id": 9, "name": "9", "path": [1, 1]}]}', "a.json, node 1: '9' is not a node"),
        ("a.graphml", "", "partitions cannot be read from this format"),
        ("a.clu", "", "6 of 6 nodes have no module"),
        ("a.clu", "1 \0\n", "not a UTF-8 text file"),
    ],
)
def test_bad_partition_files_are_one_clear_error(name, text, message, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises((mapeq.PartitionError, mapeq.FormatError)) as caught:
        mapeq.evaluate([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)], tmp_path / name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_names_the_columns_of_a_partition(tmp_path):
    path = tmp_path / "modules.csv"
    for text in ("flow,Node, module\n.5,1,a\n.5,2,b\n", "module,rank,node\na,1,1\nb,2,2\n", "path,node\na,1\nb,2\n"):
        path.write_text(text)
        assert mapeq.evaluate([(1, 2)], path).num_modules == 2


def test_no_partition_file_is_one_clear_error(tmp_path):
    with pytest.raises(mapeq.FormatError, match="no such file"):
        mapeq.evaluate([(1, 2)], tmp_path / "nowhere.clu")


def test_the_suffix_of_another_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"modules\.csv: the format is 'tree', but this is the suffix of csv files"):
        result_of(LABELS["words"]).write(tmp_path / "modules.csv", format="tree")
    with pytest.raises(ValueError, match=r"x\.net: the format is 'lgl', but this is the suffix of pajek files"):
        mapeq.write_network([(1, 2)], tmp_path / "x.net", format="lgl")
    assert not list(tmp_path.iterdir())


def test_unknown_formats_name_the_known(tmp_path):
    result = result_of(LABELS["words"])
    with pytest.raises(ValueError, match=r"must be one of \.clu, \.tree, \.ftree, \.json, \.csv, \.tsv"):
        result.write(tmp_path / "out.xls")
    with pytest.raises(ValueError, match="one of clu, tree"):
        result.write(tmp_path / "out.clu", format="xls")
    assert os.listdir(tmp_path) == []


def test_paths_that_cannot_be_written_are_one_clear_error(tmp_path):
    result = result_of(LABELS["words"])
    (tmp_path / "folder.clu").mkdir()
    with pytest.raises(mapeq.FormatError, match="is a directory"):
        result.write(tmp_path / "folder.clu")
    with pytest.raises(mapeq.FormatError, match="there is no directory"):
        result.write(tmp_path / "no" / "out.clu")


def test_a_failing_writer_leaves_what_was_there(tmp_path):
    result = result_of(["a\nb", "b", "c", "d", "e", "f"])
    path = tmp_path / "out"
    path.write_text("as before")
    for format in ("clu", "tree"):
        with pytest.raises(ValueError, match="line break"):
            result.write(path, format=format)
    assert os.listdir(tmp_path) == ["out"]
    assert path.read_text() == "as before"
    result.write(path, format="csv")
    assert mapeq.evaluate(result.network, result.modules()).modules() == result.modules()


def test_files_have_the_usual_permissions_and_links_stay_links(tmp_path):
    result = result_of(LABELS["words"])
    new, old, link = tmp_path / "new.clu", tmp_path / "old.clu", tmp_path / "link.clu"
    old.write_text("")
    old.chmod(0o640)
    link.symlink_to(old)
    mask = os.umask(0o027)
    try:
        result.write(new)
        result.write(link)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert old.read_text() == new.read_text()

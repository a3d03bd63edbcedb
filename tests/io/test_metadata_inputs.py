"""One set of categories through every container of metadata, and what is said of those that do not fit."""

import datetime
import warnings
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import mapeq
from mapeq.io.inputs import with_metadata
from mapeq.network.changes import changed_nodes
from tests.command import refused, run

LINKS = [("ann", "bob"), ("bob", "cid"), ("cid", "ann"), ("cid", "dan"), ("dan", "eve"), ("eve", "fay"), ("fay", "dan")]
TEAMS = {"ann": "law", "bob": "law", "cid": "art", "dan": "art", "eve": "art"}  # fay has none
NAMES = ("ann", "bob", "cid", "dan", "eve", "fay")
IN_ORDER = [TEAMS.get(name) for name in NAMES]


def graph_of(links=LINKS, teams=TEAMS):
    graph = nx.Graph(links)
    nx.set_node_attributes(graph, teams, "team")
    return graph


def as_igraph():
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph.TupleList(LINKS)
    graph.vs["team"] = [TEAMS.get(name) for name in graph.vs["name"]]
    return graph


def table():
    return pd.DataFrame({"id": [*TEAMS, "fay"], "age": range(6), "team": [*TEAMS.values(), None]})


def file(tmp_path, text, name="teams.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def rows(separator, header=""):
    return header + "".join(f"{name}{separator}{team}\n" for name, team in TEAMS.items())


def parquet(tmp_path):
    pytest.importorskip("pyarrow")
    table().to_parquet(tmp_path / "teams.parquet")
    return tmp_path / "teams.parquet"


def arrow(tmp_path):
    pytest.importorskip("pyarrow")
    table().to_feather(tmp_path / "teams.arrow", compression="uncompressed")
    return tmp_path / "teams.arrow"


def polars():
    return pytest.importorskip("polars").DataFrame({"node": list(TEAMS), "team": list(TEAMS.values())})


CONTAINERS = {
    "attribute of NetworkX": lambda _: (graph_of(), {"metadata": "team"}),
    "attribute of igraph": lambda _: (as_igraph(), {"metadata": "team"}),
    "mapping": lambda _: (LINKS, {"metadata": TEAMS}),
    "Series": lambda _: (LINKS, {"metadata": pd.Series(TEAMS)}),
    "categorical Series": lambda _: (LINKS, {"metadata": pd.Series(TEAMS).astype("category")}),
    "list": lambda _: (LINKS, {"metadata": IN_ORDER}),
    "array": lambda _: (LINKS, {"metadata": np.array(IN_ORDER, dtype=object)}),
    "codes": lambda _: (LINKS, {"metadata": np.array([1, 1, 0, 0, 0, np.nan])}),
    "pandas table": lambda _: (LINKS, {"metadata": table(), "metadata_column": "team"}),
    "table with an index": lambda _: (LINKS, {"metadata": table().set_index("id")[["team"]]}),
    "column by position": lambda _: (LINKS, {"metadata": table(), "metadata_column": 2}),
    "Polars table": lambda _: (LINKS, {"metadata": polars()}),
    "Network": lambda _: (mapeq.Network.from_edges(*zip(*LINKS, strict=True)).with_metadata(TEAMS), {}),
    "list in a file": lambda t: (LINKS, {"metadata": file(t, "# node team\n" + rows(" "), "teams.txt")}),
    "tabs": lambda t: (LINKS, {"metadata": file(t, rows("\t"), "teams.txt")}),
    "csv": lambda t: (LINKS, {"metadata": file(t, rows(",", "Node,team\n") + "fay,\n")}),
    "name of a file": lambda t: (LINKS, {"metadata": str(file(t, rows(";", "id;team\n")))}),
    "column of a file": lambda t: (
        LINKS,
        {"metadata": file(t, "age,team,name\n" + "".join(f"4,{v},{k}\n" for k, v in TEAMS.items())),
         "metadata_column": "team"},
    ),
    "Parquet": lambda t: (LINKS, {"metadata": parquet(t), "metadata_column": "team"}),
    "Arrow": lambda t: (LINKS, {"metadata": arrow(t), "metadata_column": "team"}),
    "file for a graph": lambda t: (graph_of(), {"metadata": file(t, rows(","))}),
}  # fmt: skip


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_container_gives_the_same(kind, tmp_path):
    graph, options = CONTAINERS[kind](tmp_path)
    expected = mapeq.evaluate(LINKS, dict.fromkeys(NAMES, 0), metadata=TEAMS)
    found = mapeq.evaluate(graph, dict.fromkeys(NAMES, 0), **options)
    assert found.codelength == pytest.approx(expected.codelength, abs=1e-12)
    visits = found.flow / found.flow.sum()
    shares = dict(zip(found.node_labels, visits, strict=True))
    parts = [sum(shares[name] for name in NAMES if TEAMS.get(name) == team) for team in ("law", "art", None)]
    assert found.metadata_codelength == pytest.approx(-sum(part * np.log2(part) for part in parts), abs=1e-12)
    codes = found.network.metadata.codes
    assert {name for name, code in zip(found.node_labels, codes, strict=True) if code == -1} == {"fay"}


def test_pajek_nodes_go_by_number_or_name(tmp_path):
    links = "".join(f"{NAMES.index(u) + 1} {NAMES.index(v) + 1}\n" for u, v in LINKS)
    vertices = "".join(f'{number} "{name}"\n' for number, name in enumerate(NAMES, 1))
    network = file(tmp_path, f"*Vertices 6\n{vertices}*Edges\n{links}", "links.net")
    by_number = file(tmp_path, "".join(f"{NAMES.index(name) + 1} {team}\n" for name, team in TEAMS.items()), "n.txt")
    by_name = file(tmp_path, rows(" "), "names.txt")
    one, other = (mapeq.infomap(network, metadata=path) for path in (by_number, by_name))
    assert one.codelength == other.codelength
    np.testing.assert_array_equal(one.network.metadata.codes, other.network.metadata.codes)
    assert one.network.metadata.categories == ("art", "law")


def test_numbers_in_files_are_numbers(tmp_path):
    path = file(tmp_path, "ann 3\nbob -1\ncid 3\n", "numbers.txt")
    assert mapeq.evaluate(LINKS, dict.fromkeys(NAMES, 0), metadata=path).network.metadata.categories == (-1, 3)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"ann": 1.5}, "the category of the node 'ann' is 1.5; metadata must be categories"),
        ({"ann": [1]}, r"the category of the node 'ann' must be one value, not \[1\]"),
        ({"ann": None, "bob": np.nan}, "the metadata hold no category for any node"),
        ({"xen": 1, "yan": 2}, "the metadata name no node of the network, such as 'ann', but 'xen'"),
        ([1, 2], "there are 6 nodes, but 2 metadata in node order"),
        (7, "metadata must be a mapping or Series by label, or an array in node order, not 7"),
        (pd.DataFrame({"who": ["ann"], "team": [1]}), "call the one that holds the nodes node or id"),
        (pd.DataFrame({"node": ["ann"], "team": [1], "age": [2]}), "name the one that holds the categories"),
        (pd.DataFrame({"node": ["ann", "ann"], "team": [1, 2]}), "names the node 'ann' twice"),
    ],
)
def test_what_is_wrong_with_metadata_is_said(metadata, message):
    with pytest.raises(mapeq.NetworkError, match=message):
        mapeq.infomap(LINKS, metadata=metadata)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "teams.csv: contains no categories"),
        ("ann,law\nbob\n", "teams.csv, line 2: expected a node and its category: 'bob'"),
        ("ann,law\nann,art\n", "teams.csv, line 2: the node 'ann' has two categories: 'ann,art'"),
        ("ann,law,3\n", "teams.csv, line 1: expected two columns, a node and its category, or a header with"),
        ("node,team,age\nann,law,3\n", "the columns are 'node', 'team', 'age': name the one that holds the categories"),
        ("xen,law\n", "teams.csv: the metadata name no node of the network, such as 'ann', but 'xen'"),
        ("ann,\n", "the metadata hold no category for any node: all are missing"),
    ],
)
def test_what_is_wrong_in_a_file_of_metadata_is_one_clear_line(text, message, tmp_path):
    file(tmp_path, text)
    file(tmp_path, "".join(f"{u} {v}\n" for u, v in LINKS), "links.txt")
    assert refused(run("cluster", "links.txt", "--metadata", "teams.csv", cwd=tmp_path), message)


def test_metadata_of_a_network_without_nodes_are_refused():
    with pytest.raises(mapeq.NetworkError, match="name no node of the network, which has none, but 'ann'"):
        mapeq.infomap(nx.Graph(), metadata=TEAMS)


def test_a_missing_column_or_attribute_is_said():
    with pytest.raises(
        mapeq.NetworkError, match="there is no column 'x' for the categories; the columns are 'id', 'age'"
    ):
        mapeq.infomap(LINKS, metadata=table(), metadata_column="x")
    with pytest.raises(
        mapeq.NetworkError, match="no node has the attribute 'x': nodes have 'team'; the path of a file"
    ):
        mapeq.infomap(graph_of(), metadata="x")
    with pytest.raises(mapeq.NetworkError, match="no node has the attribute 'team': nodes have none"):
        mapeq.infomap(nx.Graph(LINKS), metadata="team")
    with pytest.raises(ValueError, match="metadata_column must be omitted without metadata, not 'x'"):
        mapeq.infomap(LINKS, metadata_column="x")
    with pytest.raises(ValueError, match="metadata_column must be omitted unless the metadata are a table or a file"):
        mapeq.infomap(LINKS, metadata=TEAMS, metadata_column="x")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metadata_rate": -1}, "metadata_rate must be a number, 0 or more, not -1"),
        ({"metadata_rate": np.nan}, "metadata_rate must be a number, 0 or more, not nan"),
        ({"metadata_rate": "x"}, "metadata_rate must be a number, 0 or more, not 'x'"),
        ({"metadata_unweighted": 1}, "metadata_unweighted must be True or False, not 1"),
    ],
)
def test_bad_options_of_metadata(options, message):
    with pytest.raises(ValueError, match=message):
        mapeq.infomap(LINKS, metadata=TEAMS, **options)


@pytest.mark.parametrize("options", [{"metadata_rate": 2.0}, {"metadata_unweighted": True}])
def test_options_of_metadata_need_some(options):
    with pytest.raises(ValueError, match=r"must be omitted without metadata"):
        mapeq.infomap(LINKS, **options)


def test_nodes_that_the_network_does_not_have_are_noted(tmp_path):
    with pytest.warns(UserWarning, match="the metadata name 1 node of 6 that the network does not have, such as 'xen'"):
        found = mapeq.infomap(LINKS, metadata={**TEAMS, "xen": "law"})
    assert found.codelength == mapeq.infomap(LINKS, metadata=TEAMS).codelength
    path = file(tmp_path, rows(",") + "xen,law\n")
    with pytest.warns(UserWarning, match="teams.csv: the metadata name 1 node of 6"):
        mapeq.infomap(LINKS, metadata=path)


def test_a_header_without_a_known_name_is_noted(tmp_path):
    path = file(tmp_path, rows(",", "who,team\n"))
    with pytest.warns(
        UserWarning, match="line 1: 'who' is not a node of the network; if this line is a header, it must call"
    ):
        mapeq.infomap(LINKS, metadata=path)


def test_categories_that_are_names_are_noted():
    with pytest.warns(UserWarning, match="the metadata give every node a category of its own"):
        mapeq.infomap(LINKS, metadata={name: name for name in NAMES})


def test_categories_of_any_kind():
    day = datetime.date(2020, 1, 1)
    network = mapeq.Network.from_edges(*zip(*LINKS, strict=True))
    assert network.with_metadata([day, day, "x", 3.0, True, pd.NA]).metadata.categories == (day, "x", 3, True)
    assert network.with_metadata(pd.Series({"ann": pd.NaT, "bob": day})).metadata.codes.tolist()[:2] == [-1, 0]


def test_metadata_stay_with_the_network():
    network = mapeq.Network.from_edges([0, 1, 1], [1, 2, 1], directed=True).with_metadata(["a", "b", "a"])
    for other in (network.undirected(), network.without_self_links()):
        assert other.metadata == network.metadata


def test_a_changed_category_is_a_change():
    before = mapeq.Network.from_edges([0, 1, 2], [1, 2, 3]).with_metadata(["a", "b", None, "c"])
    after = mapeq.Network.from_edges([0, 1, 2], [1, 2, 3]).with_metadata(["a", "c", None, None])
    assert changed_nodes(after, before).tolist() == [1, 3]
    assert changed_nodes(before, before).tolist() == []
    assert changed_nodes(before, mapeq.Network.from_edges([0, 1, 2], [1, 2, 3])).tolist() == [0, 1, 2, 3]


def test_no_warning_where_nothing_is_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mapeq.infomap(LINKS, metadata=TEAMS)


def test_the_command_takes_metadata(tmp_path):
    file(tmp_path, "".join(f"{u} {v}\n" for u, v in LINKS), "links.txt")
    file(tmp_path, "name,age,team\n" + "".join(f"{k},1,{v}\n" for k, v in TEAMS.items()))
    options = ("--metadata", "teams.csv", "--metadata-column", "team", "--metadata-rate", "0.5")
    done = run("cluster", "links.txt", *options, "-o", "m.tree", cwd=tmp_path)
    expected = mapeq.infomap(LINKS, metadata=TEAMS, metadata_rate=0.5)
    assert done.returncode == 0
    said = f"{expected.metadata_codelength:.6f} of these bits describe the metadata, at rate 0.5; modules and metadata"
    assert said in done.stderr.decode()
    assert "metadata=True" in Path(tmp_path, "m.tree").read_text()
    again = run("evaluate", "links.txt", "m.tree", *options[:4], cwd=tmp_path).stdout.decode()
    assert f"{expected.codelength:.6f} bits per step" in again
    assert "metadata rate 0.5" in again  # as the file says
    without = run("evaluate", "links.txt", "m.tree", cwd=tmp_path)
    assert "m.tree was found with metadata; here there are none" in without.stderr.decode()
    assert refused(run("cluster", "-", "--metadata", "-", cwd=tmp_path), "only one of the network, the partition")


def test_a_column_by_number_counts_from_one(tmp_path):
    file(tmp_path, "".join(f"{u} {v}\n" for u, v in LINKS), "links.txt")
    file(tmp_path, "name,age,team\n" + "".join(f"{k},1,{v}\n" for k, v in TEAMS.items()))
    done = run(
        "cluster", "links.txt", "--metadata", "teams.csv", "--metadata-column", "3", "-o", "m.json", cwd=tmp_path
    )
    assert done.returncode == 0
    assert refused(
        run("cluster", "links.txt", "--metadata", "teams.csv", "--metadata-column", "4", cwd=tmp_path),
        "there is no column 4 for the categories",
    )


def test_a_result_measured_again_keeps_its_metadata():
    found = mapeq.infomap(LINKS, metadata=TEAMS, metadata_rate=0.7)
    again = mapeq.evaluate(LINKS, found)
    assert again.codelength == pytest.approx(found.codelength, abs=1e-12)
    assert again.metadata_codelength == pytest.approx(found.metadata_codelength, abs=1e-12)
    assert again.options["metadata_rate"] == 0.7
    other = mapeq.evaluate(LINKS, found, metadata=dict.fromkeys(NAMES, "all"))
    assert other.metadata_codelength == pytest.approx(0.0, abs=1e-12)


def test_tables_of_modules_serve_as_metadata(tmp_path):
    found = mapeq.infomap(LINKS)
    found.write(tmp_path / "modules.csv")
    again = mapeq.infomap(LINKS, metadata=tmp_path / "modules.csv", metadata_column="module")
    assert again.metadata_agreement() == 1.0
    assert again.metadata_codelength == pytest.approx(0.0, abs=1e-12)


def test_categories_of_physical_nodes(tmp_path):
    """States share the category of their physical node, unless the metadata name states."""
    layers = {"work": [("ann", "bob"), ("bob", "cid")], "sport": [("ann", "dan")]}
    network = mapeq.Network.from_layers(layers)
    by_node = {"ann": "law", "bob": "sales", "cid": "law"}

    def found(network):
        known = [*network.metadata.categories, None]
        return dict(zip(network.label_list(), (known[code] for code in network.metadata.codes), strict=True))

    expected = {(layer, node): by_node.get(node) for layer, node in network.labels}
    assert found(network.with_metadata(by_node)) == expected
    assert found(network.with_metadata(pd.Series(by_node))) == expected
    assert found(network.with_metadata(expected)) == expected
    path = tmp_path / "categories.csv"
    path.write_text("node,category\nann,law\nbob,sales\ncid,law\n")
    assert found(with_metadata(network, path, network, None)) == expected
    path.write_text("ann,law\nbob,sales\ncid,law\n")
    assert found(with_metadata(network, path, network, None)) == expected

    (tmp_path / "states.net").write_text(
        '*Vertices\n1 "ann"\n2 "bob"\n*States\n11 1\n12 1\n13 2\n*Links\n11 13\n12 13\n'
    )
    network = mapeq.read_network(tmp_path / "states.net")
    path.write_text("1,law\n2,sales\n")
    assert found(with_metadata(network, path, network, None)) == {11: "law", 12: "law", 13: "sales"}
    path.write_text("11,law\n12,sales\n13,law\n")
    assert found(with_metadata(network, path, network, None)) == {11: "law", 12: "sales", 13: "law"}

    (tmp_path / "states.net").write_text("*States\n1 1\n2 1\n3 2\n*Links\n1 3\n2 3\n")
    network = mapeq.read_network(tmp_path / "states.net")
    with pytest.warns(UserWarning, match="read as those of states, but physical nodes have these names, too, such as"):
        assert found(network.with_metadata({1: "law", 2: "sales"})) == {1: "law", 2: "sales", 3: None}
    with pytest.raises(mapeq.NetworkError, match="name no node of the network"):
        network.with_metadata({9: "law"})

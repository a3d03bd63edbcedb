"""Which columns hold links: in tables, in text under a header, in Parquet and Arrow files."""

import re
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from reading import links, read

import mapeq
from mapeq import Network
from mapeq.io.files.vectors import read_vectors
from mapeq.io.inputs import as_network

GEPHI = "Source,Target,Type,Id,Label,Timeset,Weight"
COLUMNS = {"day": [1, 2, 3], "u": ["ann", "bob", "ann"], "v": ["bob", "cid", "cid"], "count": [2.0, 3.0, 5.0]}
COUNTED = [("ann", "bob", 2.0), ("ann", "cid", 5.0), ("bob", "cid", 3.0)]


# Text --------------------------------------------------------------------------------------------


def test_what_gephi_writes_is_read():
    text = f'{GEPHI}\nNew York,Boston,Directed,0,,,2.5\nBoston,"Rio, BR",Directed,1,a label,,1\n'
    network = read(text)
    assert network.directed
    assert links(network) == [("New York", "Boston", 2.5), ("Boston", "Rio, BR", 1.0)]
    assert not read(text, directed=False).directed
    assert links(read(text, weight=None)) == [("New York", "Boston", 1.0), ("Boston", "Rio, BR", 1.0)]


@pytest.mark.parametrize("separator", [",", "\t"])
def test_cells_hold_blanks_under_the_usual_header(separator):
    text = separator.join(["source", "target", "weight"]) + "\n"
    text += "".join(separator.join(row) + "\n" for row in (["New York", "Boston", "2"], ["Boston", "Rio Branco", "1"]))
    assert links(read(text)) == [("New York", "Boston", 2.0), ("Boston", "Rio Branco", 1.0)]
    assert links(read(text, weight=None)) == [("New York", "Boston", 1.0), ("Boston", "Rio Branco", 1.0)]
    silent = f"source{separator}target\nNew York{separator}Boston{separator}2\n"
    assert links(read(silent)) == [("New York", "Boston", 2.0)]


@pytest.mark.parametrize("separator", [" ", "\t", ","])
def test_a_matrix_is_no_list_of_links(separator):
    text = "".join(separator.join("01101") + "\n" for _ in range(5))
    with pytest.raises(mapeq.FormatError, match="5 lines of 5 numbers may be a matrix or a list of links"):
        read(text)
    with pytest.warns(UserWarning, match="all links weigh 1: .* numbers in 2, 3, 4; name the column with weight"):
        assert links(read(text, source=0, target=1)) == [(0, 1, 5.0)]
    assert links(read(text, source=0, target=1, weight=None)) == [(0, 1, 5.0)]
    assert links(read(text + text[:10])) == [(0, 1, 6.0)]


@pytest.mark.parametrize("word", ["Undirected", "UNDIRECTED", "", "Mutual", "redirected", "direct"])
def test_links_are_directed_if_their_type_is(word):
    assert read("source,target,type\n1,2,directed\n").directed
    assert not read(f"source,target,type\n1,2,{word}\n").directed
    assert read(f"source,target,type\n1,2,{word}\n", directed=True).directed


def test_types_that_differ_are_refused_unless_somebody_decides():
    text = "Source,Target,Type\n1,2,Directed\n2,3,Undirected\n"
    with pytest.raises(mapeq.FormatError, match="links have both types, Directed and Undirected"):
        read(text)
    assert links(read(text, directed=True)) == [(1, 2, 1.0), (2, 3, 1.0)]


@pytest.mark.parametrize("separator", [",", "\t", ";", " "])
@pytest.mark.parametrize(
    "header", [["src", "dst"], ["From ID", "To ID"], ["FROM", "TO"], ["source_node", "target_node"]]
)
def test_known_names_are_a_header(separator, header):
    header = [name.replace(" ", "_") for name in header] if separator == " " else header
    for more, weights in ([], [1.0, 1.0]), (["weight"], [2.0, 3.0]), (["score"], [2.0, 3.0]):
        rows = [header + more, ["ann", "bob", "2"][: 2 + len(more)], ["bob", "cid", "3"][: 2 + len(more)]]
        network = read("\n".join(separator.join(row) for row in rows), directed=True)
        assert links(network) == [("ann", "bob", weights[0]), ("bob", "cid", weights[1])]


def test_ends_of_pairs_of_records():
    text = "match_weight,match_probability,unique_id_l,unique_id_r,name_l,name_r\n7,0.9,1,2,x,y\n8,0.8,2,3,y,z\n"
    with pytest.warns(UserWarning, match="numbers in 'match_weight', 'match_probability'; name the column with weight"):
        assert links(read(text)) == [(1, 2, 1.0), (2, 3, 1.0)]
    assert links(read(text, weight="match_probability")) == [(1, 2, 0.9), (2, 3, 0.8)]
    # Labels may look the same.
    assert links(read("area_l area_r 2\narea_r area_m 3\n")) == [("area_l", "area_r", 2.0), ("area_r", "area_m", 3.0)]
    assert links(read("area_l,area_r\narea_r,area_l\n")) == [("area_l", "area_r", 2.0)]


def test_a_first_link_whose_words_occur_nowhere_else_is_noted():
    lines = "".join(f"{name},hub\n" for name in "abc")
    with pytest.warns(
        UserWarning, match="network: the first line links 'user_a' and 'user_b', which occur nowhere else; "
    ):
        assert read("user_a,user_b\n" + lines).num_links == 4
    assert links(read("user_a,user_b\n" + lines, source="user_a", target="user_b")) == links(read(lines))
    # Nothing is remarkable about a link like others, or about the only one.
    for text in ("user_a,user_b\nx,y\n" + lines, "user_a,user_b\n", "user_a,hub\n" + lines, lines + "user_a,user_b\n"):
        read(text)


def test_a_line_of_a_megabyte_is_no_link(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("1 " * 1_000_000 + "1\n")
    with pytest.raises(mapeq.FormatError, match="line 1: a line of 2,000,001 bytes is no link"):
        mapeq.read_network(path)
    path.write_text("x" * 200_000 + ",y\n")
    with pytest.raises(mapeq.FormatError, match="the line holds no links: field larger than field limit"):
        mapeq.read_network(path)


@pytest.mark.parametrize("separator", [",", "\t", ";", " , "])
def test_columns_stand_anywhere(separator):
    rows = [["id", "WEIGHT", "To", "From"], ["x y", "2", "b", "a"], ["", "0.5", "c", '"b ""b"""'], ["z", "7", "d", "c"]]
    text = "\n".join(separator.join(row) for row in rows)
    assert links(read(text, directed=True)) == [("a", "b", 2.0), ('b "b"', "c", 0.5), ("c", "d", 7.0)]


def test_a_short_row_is_an_error():
    with pytest.raises(mapeq.FormatError, match="line 3: this line has no weight"):
        read("source,target,x,weight\n1,2,,4\n2,3\n")


def test_columns_are_chosen_by_name_or_position():
    text = "day,u,v,count\n" + "\n".join(map("{},{},{},{}".format, *COLUMNS.values()))
    for options in (
        {"source": "u", "target": "v", "weight": "count"},
        {"source": "u", "target": 2, "weight": 3},
        {"source": 1, "target": "v", "weight": 3},
    ):
        assert links(read(text, **options)) == COUNTED
    for weight in ("count", 2):
        assert links(read("u,v,count\n1,2,3\n", weight=weight)) == [(1, 2, 3.0)]
    for text in ("1 2 1999 3\n2 3 2000 4\n", "1\t2\t1999\t3\n2\t3\t2000\t4\n"):
        assert links(read(text, weight=3)) == [(1, 2, 3.0), (2, 3, 4.0)]
        with pytest.warns(UserWarning, match="all links weigh 1: .* numbers in 2, 3; name the column with weight"):
            assert links(read(text, source=1, target=0, directed=True)) == [(2, 1, 1.0), (3, 2, 1.0)]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "a,b,count\n1,2,3\n",
            {},
            "line 1: expected a number for the weight, found 'count'; if this line is a header, ",
        ),
        ("a,b\n1,2\n2,3\n", {}, "the first line links 'a' and 'b', but all other labels are numbers; if this line is"),
        (f"{GEPHI}\n1,2,,,,,x\n", {}, "line 2: expected a number for the weight, found 'x': '1,2,,,,,x'"),
        (f"{GEPHI}\n1,2,,,,,-3\n", {}, "line 2: the weight -3 is negative; it must be 0 or more"),
        (f"{GEPHI}\n1,2,,,,,\n", {}, "line 2: this line has no weight"),
        (f"{GEPHI}\n1,,,,,,2\n", {}, "line 2: a field is empty"),
        (f"{GEPHI}\n1\n", {}, "line 2: a link needs a source and a target"),
        (f'{GEPHI}\n1,2,"x\n', {}, "line 2: the quote is not closed on this line"),
        (f'{GEPHI}\n1,2,"x"y,,,,\n', {}, "line 2: a closing quote must be followed by"),
        (f"{GEPHI}\n", {}, "contains no links"),
        (f"{GEPHI},source\n1,2\n", {"source": "source"}, "line 2: a link needs a source"),
        ("u,v\n1,2\n", {"weight": "w"}, "line 1: there is no column 'w' for the weights; the columns are 'u', 'v'"),
        (
            "u,v\n1,2\n",
            {"weight": 2},
            "line 1: there is no column at position 2, from 0, for the weights; the columns are 0, 1",
        ),
        ("u,u,v\n1,2,3\n", {"source": "u"}, "line 1: 2 columns of the table are called 'u'"),
        ("u,v\n1,2\n", {"source": "u"}, "line 1: name the column of targets with target; the columns are 'u', 'v'"),
        (
            "u,v\n1,2\n",
            {"source": "u", "target": "u"},
            "line 1: column 'u' is used for two of source, target and weight",
        ),
        (",a,b,c\na,0,1,1\n", {}, "line 1: the first cell is empty: an adjacency matrix has the same labels"),
        ("a;b c;\n1;2\n", {}, "separated by spaces, a tab or a comma; name a table with semicolons .csv"),
        ("source;target;weight\na;b;1,5\n", {}, "found '1,5'; use a decimal"),
        ("New York\tBoston\t1\n", {}, "if it is a link, quote labels with spaces"),
        ("1 2 {}\n", {}, "line 1: expected a number for the weight, found '{}'; write the file with networkx"),
        ("*Edges\n1 2\n", {"weight": "w"}, "there is no column 'w' in a Pajek file, which has no columns"),
    ],
)
def test_what_is_wrong_is_said(text, options, message):
    with pytest.raises(mapeq.FormatError, match=re.escape(message)):
        read(text, **options)


def test_the_first_link_may_be_of_words_if_others_are():
    with pytest.warns(
        UserWarning, match="network: the first line links 'a' and 'b', which occur nowhere else; if that"
    ):
        assert links(read("a b\n1 2\n2 c\n")) == [("a", "b", 1.0), ("1", "2", 1.0), ("2", "c", 1.0)]
    assert links(read("a 1\n1 2\n")) == [("a", "1", 1.0), ("1", "2", 1.0)]


# Parquet and Arrow files -------------------------------------------------------------------------


@pytest.fixture(params=["links.parquet", "links.feather", "links.arrow", "a Parquet file without a suffix"])
def written(request, tmp_path):
    """What writes columns to a file of each kind, and says where."""
    arrow = pytest.importorskip("pyarrow")
    parquet, feather = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow.feather")

    def write(columns):
        path = tmp_path / request.param
        write_table = feather.write_feather if path.suffix in (".feather", ".arrow") else parquet.write_table
        write_table(arrow.table(columns), str(path))
        return path

    return write


def test_columns_of_files(written):
    path = written(COLUMNS)
    assert links(mapeq.read_network(path, source="u", target="v", weight="count")) == COUNTED
    assert links(mapeq.read_network(path, source=1, target=2, weight=3)) == COUNTED
    with pytest.warns(UserWarning, match="numbers in 'day', 'count'; name the column with weight"):
        assert mapeq.read_network(path, source="u", target="v", directed=True).directed
    path = written({"Weight": [2.0, 0.0], "Target": [2, 9], "Source": [1, 8]})
    assert links(mapeq.read_network(path)) == links(mapeq.infomap(path).network) == [(1, 2, 2.0)]
    assert links(mapeq.read_network(path, weight=None)) == [(1, 2, 1.0), (8, 9, 1.0)]
    path = written({"u": ["a", "b"], "v": ["b", "c"], "n": [2, 3]})
    assert links(mapeq.infomap(str(path), weight="n").network) == [("a", "b", 2.0), ("b", "c", 3.0)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"source": [1, 1], "target": [2, 3], "weight": [1, -2]},
            "the weight of the link 1 - 3 (row 1) is negative: -2.0",
        ),
        ({"source": ["a", "a"], "target": ["b", None]}, "column 'target' has no node in row 1, counted from 0"),
        ({"source": [1.5], "target": [2]}, "column 'source' holds float64, but node labels must be integers"),
        ({"source": [1]}, "a table of links needs columns of sources and targets, but this one has only ['source']"),
    ],
)
def test_bad_columns_of_files(written, columns, message):
    path = written(columns)
    with pytest.raises(mapeq.FormatError, match=re.escape(f"{path}: {message}")):
        mapeq.read_network(path)


@pytest.mark.parametrize("name", ["links.parquet", "links"])
def test_a_folder_of_parquet_files_is_one_table(name, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / name
    (folder / "day=2").mkdir(parents=True)
    rows = {"a/part-1.parquet": [(5, 3), (3, 4)], "part-0.parquet": [], "day=2/part-0.parquet": [(4, 5)]}
    for place, pairs in {**rows, "_temporary/part-0.parquet": [(8, 9)], ".part-0.parquet": [(8, 9)]}.items():
        (folder / place).parent.mkdir(exist_ok=True)
        ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        parquet.write_table(arrow.table({"tail": ends[:, 0], "head": ends[:, 1]}), folder / place)
    (folder / "_SUCCESS").touch()
    assert links(mapeq.read_network(folder, directed=True)) == [(3, 4, 1.0), (4, 5, 1.0), (5, 3, 1.0)]
    for column, values, message in (
        ("tail", ["x"], "is int64 in .*part-1.parquet, string here"),
        ("from", [1], "no such"),
    ):
        parquet.write_table(arrow.table({column: values, "head": [3]}), folder / "part-0.parquet")
        with pytest.raises(mapeq.FormatError, match=rf"part-0\.parquet: column 'tail' .*{message}"):
            mapeq.read_network(folder)


def test_other_folders_are_not_searched_for_parquet_files(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "mine" / "old").mkdir(parents=True)
    parquet.write_table(arrow.table({"source": [1], "target": [2]}), tmp_path / "mine" / "old" / "links.parquet")
    with pytest.raises(mapeq.FormatError, match=r"mine: a directory, not a file$"):
        mapeq.read_network(tmp_path / "mine")
    (tmp_path / "mine" / "_SUCCESS").touch()
    assert mapeq.read_network(tmp_path / "mine").num_links == 1


@pytest.mark.parametrize("cut", [False, True], ids=["overwritten", "cut"])
def test_a_damaged_row_group_is_named(cut, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "links.parquet"
    ends = np.random.default_rng(1).integers(1_000, size=(2, 50_000))
    parquet.write_table(arrow.table({"source": ends[0], "target": ends[1]}), path, row_group_size=10_000)
    assert mapeq.read_network(path).num_nodes == 1_000
    column = parquet.ParquetFile(path).metadata.row_group(3).column(0)
    begin, middle = column.data_page_offset, column.data_page_offset + column.total_compressed_size // 2
    data = path.read_bytes()
    path.write_bytes(data[:begin] + (b"" if cut else b"\xff" * (middle - begin)) + data[middle:])
    for reader in (mapeq.read_network, read_vectors):
        with pytest.raises(mapeq.FormatError, match=r"^\S+links\.parquet: row group 4 of 5 is damaged: .+") as caught:
            reader(path)
        assert "\n" not in str(caught.value)


def test_files_that_are_none_of_these(tmp_path):
    pytest.importorskip("pyarrow")
    for name, what in (("x.parquet", "a Parquet file"), ("x.feather", "an Arrow file"), ("x.arrow", "an Arrow file")):
        with pytest.raises(mapeq.FormatError, match=f"{name}: no such file"):
            mapeq.read_network(tmp_path / name)
        (tmp_path / name).write_text("1 2\n2 3\n")
        with pytest.raises(mapeq.FormatError, match=f"{name}: is not {what}: "):
            mapeq.read_network(tmp_path / name)


# Objects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas.DataFrame", "polars.DataFrame", "pyarrow.table"])
def test_columns_of_tables(library):
    module, name = library.split(".")
    table = getattr(pytest.importorskip(module), name)
    for options in ({"source": "u", "target": "v", "weight": "count"}, {"source": 1, "target": 2, "weight": 3}):
        assert links(Network.from_table(table(COLUMNS), **options)) == COUNTED
    assert Network.from_table(table(COLUMNS), source="v", target="u", weight=None, directed=True).directed
    assert links(as_network(table({"Weight": [2.0], "Target": [2], "Source": [1]}))) == [(1, 2, 2.0)]
    with pytest.raises(
        mapeq.NetworkError, match="there is no column 'no' for the sources; the columns are 'day', 'u', 'v', 'count'"
    ):
        Network.from_table(table(COLUMNS), source="no", target="v")
    with pytest.raises(mapeq.NetworkError, match="there is no column 'cuont' for the weights"):
        mapeq.infomap(table(COLUMNS), weight="cuont")


def test_a_table_may_mix_words_and_numbers_in_two_columns():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"source": [1, 2], "target": ["a", "b"]}, index=[0.5, 1.5])
    assert as_network(table).label_list() == [1, "a", 2, "b"]
    table["weight"] = [1, -1]
    with pytest.raises(mapeq.NetworkError, match=r"the link 2 - b \(row 1\) is negative"):
        as_network(table)


def test_numbers_that_could_be_missing_are_numbers():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for kind in ("Int64", "int64[pyarrow]"):
        table = pandas.DataFrame({"source": [3, 1], "target": [2, 3], "weight": [1, 2]}, dtype=kind)
        assert links(as_network(table)) == [(1, 3, 2.0), (2, 3, 1.0)]


def named_graphs():
    igraph = pytest.importorskip("igraph")
    graph = nx.Graph()
    graph.add_edge(0, 1, cost=3)
    graph.add_edge(1, 2)
    yield graph
    yield igraph.Graph(3, [(0, 1), (1, 2)], edge_attrs={"cost": [3, None]})


def test_a_weight_that_has_a_name_has_to_be_there():
    for graph in named_graphs():
        assert links(as_network(graph, weight="cost")) == [(0, 1, 3.0), (1, 2, 1.0)]
        assert links(as_network(graph)) == [(0, 1, 1.0), (1, 2, 1.0)]
        with pytest.raises(
            mapeq.NetworkError, match="no link has the attribute 'csot' for its weight; the attributes are 'cost'"
        ):
            mapeq.infomap(graph, weight="csot")
        with pytest.raises(ValueError, match="csot"):
            mapeq.evaluate(graph, {0: 0, 1: 0, 2: 0}, weight="csot")
    data = SimpleNamespace(edge_index=np.array([[0, 1], [1, 2]]), edge_cost=np.array([1.0, 2.0]))
    assert links(as_network(data, weight="edge_cost")) == [(0, 1, 1.0), (1, 2, 2.0)]
    with pytest.raises(mapeq.NetworkError, match=r"no link has the attribute 'cost' .* the attributes are 'edge_cost'"):
        as_network(data, weight="cost")


def test_a_network_without_links_has_no_weights_to_miss():
    igraph = pytest.importorskip("igraph")
    assert mapeq.infomap(nx.empty_graph(3), weight="cost").num_nodes == 3
    assert mapeq.infomap(igraph.Graph(3), weight="cost").num_nodes == 3


# igraph's clusterings ----------------------------------------------------------------------------


def test_modules_become_a_clustering_of_the_callers_graph():
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph.Full(4) + igraph.Graph.Full(3)
    graph.es["weight"] = [2.0] * 6 + [1.0] * 3
    for names in (None, list("gfedcba")):
        if names:
            graph.vs["name"] = names
        result = mapeq.infomap(graph)
        clustering = result.to_vertex_clustering(graph)
        assert clustering.graph is graph
        assert clustering.membership == [0] * 4 + [1] * 3
        assert clustering.codelength == result.codelength
        assert clustering.modularity == pytest.approx(graph.modularity(clustering.membership, weights="weight"))
        assert result.to_vertex_clustering().membership == clustering.membership
    turned = graph.permute_vertices(list(range(7))[::-1])
    assert result.to_vertex_clustering(turned).membership == [1] * 3 + [0] * 4


def test_levels_become_clusterings():
    igraph = pytest.importorskip("igraph")
    result = mapeq.evaluate([(0, 1), (1, 2), (2, 3)], {0: ("a", 1), 1: ("a", 2), 2: ("b",), 3: ("b",)})
    graph = igraph.Graph(4, [(0, 1), (1, 2), (2, 3)])
    for level in (1, 2, -1):
        assert result.to_vertex_clustering(graph, level).membership == result.labels_at(level).tolist()


def test_a_graph_of_other_nodes_is_refused():
    igraph = pytest.importorskip("igraph")
    result = mapeq.infomap([("a", "b"), ("b", "c")])
    with pytest.raises(mapeq.PartitionError, match="has 3 vertices, but the result has 3 nodes \\(it has no node 0"):
        result.to_vertex_clustering(igraph.Graph(3))
    with pytest.raises(mapeq.PartitionError, match="the graph has 2 vertices, but the result has 3 nodes: it is"):
        result.to_vertex_clustering(igraph.Graph(2, vertex_attrs={"name": ["a", "b"]}))


@pytest.mark.parametrize("separator", [",", "\t"])
def test_cells_under_the_usual_header_may_hold_blanks(separator, tmp_path):
    path = tmp_path / "trips.csv"
    path.write_text("source;target\nNew York;5\nRio;7\n".replace(";", separator))
    assert mapeq.read_network(path).labels == ("New York", "5", "Rio", "7")

"""Other libraries' objects in: one meaning of direction, weights and labels, whatever holds the links."""

import math
from functools import partial
from types import SimpleNamespace

import igraph
import networkx as nx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import networks

import mapeq
from mapeq.io.inputs import as_network

LINKS = [("b", "a", 2.0), ("b", "c", 0.5), ("c", "b", 1.0), ("d", "d", 4.0)]


def link_weights(network):
    """What a network is, whatever the order of its nodes: (label, label) -> weight."""
    labels = network.label_list()
    pairs = zip(*(array.tolist() for array in network.links()), strict=True)
    if network.directed:
        return {(labels[i], labels[j]): weight for i, j, weight in pairs}
    return {frozenset((labels[i], labels[j])): weight for i, j, weight in pairs}


# Every adapter, the same network ---------------------------------------------------------------


def networkx_graph(labels, sources, targets, weights, directed):
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    graph.add_nodes_from(labels)
    graph.add_weighted_edges_from(zip(sources, targets, weights, strict=True))
    return graph


def igraph_graph(labels, sources, targets, weights, directed):
    position = {label: i for i, label in enumerate(labels)}
    ends = [(position[u], position[v]) for u, v in zip(sources, targets, strict=True)]
    names = {"name": labels} if labels and isinstance(labels[0], str) else {}
    return igraph.Graph(len(labels), ends, directed=directed, vertex_attrs=names, edge_attrs={"weight": weights})


def made_by(library):
    """What makes a table of that library from a dict of columns."""
    module, name = library.split(".")
    return getattr(pytest.importorskip(module), name)


def table_of(library):
    make = made_by(library)
    return lambda sources, targets, weights: make({"weight": weights, "target": targets, "source": sources})


TABLES = ("pandas.DataFrame", "polars.DataFrame", "pyarrow.table", "pyarrow.record_batch")
ROWS = {
    "links": lambda: lambda sources, targets, weights: list(zip(sources, targets, weights, strict=True)),
    **{library: partial(table_of, library) for library in TABLES},
}


def torch_tensor(columns):
    return pytest.importorskip("torch").tensor(columns, dtype=pytest.importorskip("torch").int64)


ARRAYS = {
    "array": lambda sources, targets: np.array([sources, targets], dtype=np.int64).T,
    "edge index": lambda sources, targets: np.array([sources, targets], dtype=np.int64),
    "tensor": lambda sources, targets: torch_tensor([sources, targets]).T,
    "tensor of an edge index": lambda sources, targets: torch_tensor([sources, targets]),
}


@st.composite
def linked_nodes(draw, words=None):
    """Labels, numbers or words, of nodes that all have links; sources, targets, weights; directed or not."""
    links = draw(networks(weights=st.sampled_from([0.5, 1.0, 2.0, 3.0]), node_weights=False))
    nodes, ends = np.unique(np.concatenate([links.sources, links.targets]), return_inverse=True)
    labels = list(range(len(nodes)))
    if words or (words is None and draw(st.booleans())):
        labels = [f"node {i}" for i in labels]
    sources, targets = ([labels[i] for i in part] for part in np.split(ends, 2))
    return labels, sources, targets, links.weights.tolist(), links.directed


def assert_same(graph, links, *, said=None, **options):
    """A graph has the modules of NetworkX's graph of the same links, its nodes in the same order."""
    result = mapeq.infomap(graph, directed=said, num_threads=1, **options)
    expected = mapeq.infomap(networkx_graph(result.node_labels, *links[1:]), num_threads=1, **options)
    assert sorted(result.node_labels) == sorted(links[0])
    assert result.network.directed == expected.network.directed
    assert link_weights(result.network) == link_weights(expected.network)
    assert result.modules() == expected.modules()


@given(links=linked_nodes(), weight=st.sampled_from(["weight", None]))
def test_igraph_says_what_networkx_says(links, weight):
    assert_same(igraph_graph(*links), links, weight=weight)


@given(links=linked_nodes(), asked=st.booleans())
def test_direction_is_overruled_alike(links, asked):
    ours, expected = (as_network(graph(*links), directed=asked) for graph in (igraph_graph, networkx_graph))
    assert (ours.directed, link_weights(ours)) == (asked, link_weights(expected))


@pytest.mark.parametrize("kind", ROWS)
@given(data=st.data(), links=linked_nodes(), weight=st.sampled_from(["weight", None]))
def test_rows_say_what_networkx_says(kind, data, links, weight):
    _, *columns, directed = links
    said = directed or data.draw(st.sampled_from([None, False]), "undirected unless told")
    assert_same(ROWS[kind]()(*columns), links, said=said, weight=weight)


@pytest.mark.parametrize("kind", ARRAYS)
@given(links=linked_nodes(words=False))
def test_arrays_say_what_networkx_says(kind, links):
    _, sources, targets, _, directed = links
    if len(sources) == 2 and "edge index" in kind:  # which is read as two rows
        sources, targets = (sources[0], targets[0]), (sources[1], targets[1])
    assume(not (len(sources) == 3 and "edge index" in kind))  # which is refused
    assert_same(ARRAYS[kind](sources, targets), links, said=directed, weight=None)


@pytest.mark.thorough
@given(
    kind=st.sampled_from(["array", "matrix"]),
    layout=st.sampled_from(["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]),
    links=linked_nodes(words=False),
)
@settings(max_examples=500)
def test_matrices_say_what_networkx_says(kind, layout, links):
    labels, *_, directed = links
    matrix = (
        nx.to_scipy_sparse_array(networkx_graph(*links), nodelist=labels) if labels else scipy.sparse.csr_array((0, 0))
    )
    matrix = getattr(scipy.sparse, f"{layout}_{kind}")(matrix)
    assert_same(matrix, links, said=directed)


@given(links=linked_nodes(words=False))
def test_an_edge_index_with_weights_says_what_networkx_says(links):
    _, sources, targets, weights, directed = links
    graph = SimpleNamespace(edge_index=np.array([sources, targets], dtype=np.int64), edge_weight=np.array(weights))
    assert_same(graph, links, said=directed)


# igraph ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
def test_an_igraph_graph_keeps_names_weights_direction_and_lonely_nodes(directed):
    graph = igraph_graph(list("edcba"), *zip(*LINKS, strict=True), directed)
    network = as_network(graph)
    assert network.label_list() == list("edcba")
    assert network.directed == directed
    assert link_weights(network) == (
        {("b", "a"): 2, ("b", "c"): 0.5, ("c", "b"): 1, ("d", "d"): 4}
        if directed
        else {frozenset("ab"): 2, frozenset("bc"): 1.5, frozenset("d"): 4}
    )
    result = mapeq.infomap(graph)
    assert result.modules().keys() == set("abcde")
    assert mapeq.evaluate(graph, result.communities()).codelength == pytest.approx(result.codelength, abs=1e-12)


def test_vertices_of_igraph_without_names_that_differ_are_numbers():
    assert as_network(igraph.Graph(3, [(0, 1)])).labels == range(3)
    assert as_network(igraph.Graph(3, [(0, 1)], vertex_attrs={"name": ["a", "b", "a"]})).labels == range(3)
    assert as_network(igraph.Graph()).num_nodes == 0


def test_weights_of_igraph_that_are_not_there_are_one():
    graph = igraph.Graph(3, [(0, 1), (1, 2)], edge_attrs={"cost": [3.0, None]})
    assert as_network(graph).weights.tolist() == [1, 1, 1, 1]
    assert as_network(graph, weight="cost").weights.tolist() == [3, 3, 1, 1]
    assert as_network(graph, weight=None).weights.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (-1, "the weight of the edge 'b' - 'c' is negative: -1.0; weights must be finite and 0 or more"),
        (math.nan, "the weight of the edge 'b' - 'c' is not finite: nan; weights must be finite and 0 or more"),
        ("3", "the weight of the edge 'b' - 'c' is not a number: '3'"),
    ],
)
def test_bad_weights_of_igraph(weight, message):
    graph = igraph.Graph(3, [(0, 1), (1, 2)], vertex_attrs={"name": list("abc")}, edge_attrs={"weight": [1, weight]})
    with pytest.raises(mapeq.NetworkError) as caught:
        mapeq.infomap(graph)
    assert str(caught.value) == message


def test_a_result_becomes_an_igraph_graph_and_a_network_again():
    result = mapeq.infomap(LINKS, directed=True)
    again = as_network(result.to_igraph())
    assert again.directed
    assert again.label_list() == result.node_labels
    assert link_weights(again) == link_weights(result.network)


# Tables ------------------------------------------------------------------------------------------


@pytest.fixture(params=TABLES)
def table(request):
    return made_by(request.param)


def test_a_table_has_words_weights_and_directions(table):
    source, target, weight = zip(*LINKS, strict=True)
    graph = table({"source": source, "target": target, "weight": weight})
    network = as_network(graph)
    assert network.label_list() == ["b", "a", "c", "d"]
    assert link_weights(network) == {frozenset("ab"): 2, frozenset("bc"): 1.5, frozenset("d"): 4}
    directed = mapeq.infomap(graph, directed=True)
    assert link_weights(directed.network) == {("b", "a"): 2, ("b", "c"): 0.5, ("c", "b"): 1, ("d", "d"): 4}
    assert mapeq.infomap(graph, flow_model="rawdir").network.directed
    assert mapeq.evaluate(graph, directed.modules(), directed=True).codelength == directed.codelength


KNOWN_ENDS = [
    *[("source", "target"), ("from", "to"), ("SRC", "DST"), ("from_id", "to_id"), ("Source ID", "Target ID")],
    *[(" Source ", "Target"), ("FromNodeId", "ToNodeId"), ("src-node", "dst-node"), ("unique_id_l", "unique_id_r")],
]


@pytest.mark.parametrize(("first", "second"), KNOWN_ENDS)
def test_link_ends_with_known_names_stand_anywhere(table, first, second):
    graph = table({"id": [1, 2], second: [8, 9], first: [7, 8], "WEIGHT": [2, 3], "year": [1990, 2000]})
    assert link_weights(as_network(graph, directed=True)) == {(7, 8): 2, (8, 9): 3}


def test_two_columns_are_the_ends_of_links_and_a_third_of_numbers_is_the_weight(table):
    links = {"ann": ["a", "b"], "bob": ["b", "c"]}
    assert link_weights(as_network(table(links), directed=True)) == {("a", "b"): 1, ("b", "c"): 1}
    for name in ("score", "n", "weight"):
        graph = table(links | {name: [5.0, 6.0]})
        assert link_weights(as_network(graph, directed=True)) == {("a", "b"): 5, ("b", "c"): 6}
        assert link_weights(as_network(graph, directed=True, weight=None)) == {("a", "b"): 1, ("b", "c"): 1}
    graph = table({"score": [5.0, 6.0]} | links)
    assert link_weights(as_network(graph, directed=True, weight="score")) == {("a", "b"): 5, ("b", "c"): 6}
    graph = table({"source": links["ann"], "target": links["bob"], "score": [5.0, 6.0]})
    assert link_weights(as_network(graph, directed=True)) == {("a", "b"): 5, ("b", "c"): 6}


def test_row_numbers_that_pandas_has_written_are_no_column(table):
    links = {"Unnamed: 0": [0, 1], "ann": [1, 2], "bob": [2, 3]}
    assert link_weights(as_network(table(links), directed=True)) == {(1, 2): 1, (2, 3): 1}
    assert link_weights(as_network(table(links | {"n": [7, 8]}), directed=True)) == {(1, 2): 7, (2, 3): 8}


def test_other_columns_have_to_be_named(table):
    more = {"what": ["x", "y"]}
    ends = {"ann": ["a", "b"], "bob": ["b", "c"]}
    for columns in (
        ends | more,
        {"id": [1, 2]} | ends,
        {"id": [1, 2], "u": [1, 2], "v": [2, 3]},
        ends | more | {"n": [1, 2]},
    ):
        names = ", ".join(map(repr, columns))
        with pytest.raises(
            mapeq.NetworkError, match=f"the columns are {names}: call two of them source and target, and"
        ):
            as_network(table(columns))
    with pytest.raises(
        mapeq.NetworkError, match="the columns are 'x', 'y', '1': that looks like a link, not like names"
    ):
        as_network(table({"x": ["y", "z"], "y": ["z", "x"], "1": [2, 3]}))
    with pytest.raises(
        mapeq.NetworkError, match="may lead between 'from' and 'to', or 'src' and 'dst'; name the columns"
    ):
        as_network(table({"src": [1], "dst": [2], "from": [3], "to": [4]}))
    with pytest.raises(
        mapeq.NetworkError, match="may lead between 'a_l' and 'a_r', or 'b_l' and 'b_r'; name the columns"
    ):
        as_network(table({"a_l": [1], "a_r": [2], "b_l": [3], "b_r": [4]}))
    with pytest.raises(mapeq.NetworkError, match="the columns 'Source' and 'SOURCE' have the same meaning"):
        as_network(table({"Source": [1], "SOURCE": [2], "target": [3]}))


def test_numbers_that_might_be_weights_are_noted(table):
    graph = table({"source": [1, 2], "target": [2, 3], "name": ["a", "b"], "score": [0.5, 2.0], "id": [1, 2]})
    with pytest.warns(
        UserWarning, match="all links weigh 1: there is no column 'weight', but numbers in 'score'; name"
    ):
        assert as_network(graph).total_weight == 2.0
    assert as_network(graph, weight="score").total_weight == 2.5
    assert as_network(graph, weight=None).total_weight == 2.0


def test_the_type_of_links_says_whether_they_are_directed(table):
    links = {"Source": [1, 2], "Target": [2, 3], "Weight": [2.0, 3.0]}
    for types, directed in (["Directed", "directed "], True), (["Undirected", ""], False), (["Mutual", None], False):
        graph = table(links | {"Type": types})
        assert as_network(graph).directed == directed
        assert mapeq.Network.from_table(graph).directed == directed
        assert as_network(graph, directed=True).directed
        assert not as_network(graph, directed=False).directed
    with pytest.raises(mapeq.NetworkError, match="links have both types, Directed and Undirected; choose one"):
        as_network(table(links | {"Type": ["Directed", "Undirected"]}))


def test_the_ends_of_a_row_of_weight_zero_are_nodes(table):
    for labels in ([1, 2, 3, 4], list("abcd")):
        graph = table({"source": labels[::2], "target": labels[1::2], "weight": [1, 0]})
        assert as_network(graph).label_list() == labels
        assert as_network(graph).num_links == 1
        assert as_network(graph, weight=None).label_list() == labels


def test_an_empty_table_is_an_empty_network(table):
    assert as_network(table({"source": [], "target": []})).num_nodes == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"source": ["a", "b"], "target": ["b", None]},
            "column 'target' has no node in row 1, counted from 0",
        ),
        ({"source": [None, 1], "target": [2, 3]}, "column 'source' has no node in row 0, counted from 0"),
        (
            {"source": [0.5], "target": [1.0]},
            "column 'source' holds float64, but node labels must be integers or strings; "
            "pass a table with columns source and target, or a matrix as a SciPy sparse matrix",
        ),
        ({"a": [1], "weight": [1]}, "a table of links needs columns of sources and targets, but this one has only "),
        (
            {"source": ["a", "a"], "target": ["b", "c"], "weight": [1, -2]},
            "the weight of the link a - c (row 1) is negative: -2.0; weights must be finite and 0 or more",
        ),
        (
            {"source": [1, 1], "target": [2, 3], "weight": [1, None]},
            "the weight of the link 1 - 3 (row 1) is not finite: nan; weights must be finite and 0 or more",
        ),
        (
            {"source": [1, 1], "target": [2, 3], "weight": ["1", "2"]},
            "the weight of the link 1 - 2 (row 0) is not a number: '1'",
        ),
    ],
)
def test_bad_tables(table, columns, message):
    with pytest.raises(mapeq.NetworkError) as caught:
        mapeq.infomap(table(columns))
    assert str(caught.value).startswith(message)


def test_columns_of_pandas_of_every_kind():
    pandas = pytest.importorskip("pandas")
    words = pandas.DataFrame({"source": ["a", "b"], "target": ["b", "c"]})
    numbers = pandas.DataFrame({"source": [1, 2], "target": [2, 3]}, index=["x", "y"])
    for frame in (words, words.astype("category"), words.astype(object), words.astype("string")):
        assert as_network(frame).label_list() == ["a", "b", "c"]
    for frame in (numbers, numbers.astype("category"), numbers.astype("Int64"), numbers.astype("uint8")):
        assert as_network(frame).label_list() == [1, 2, 3]
    for missing in (None, math.nan, pandas.NA):
        frame = pandas.DataFrame({"source": ["a", "b"], "target": pandas.Series(["b", missing], dtype=object)})
        with pytest.raises(mapeq.NetworkError, match="'target' has no node in row 1"):
            as_network(frame)
    assert as_network(pandas.DataFrame([[("a", 1), 7], [7, "x"]])).label_list() == [("a", 1), 7, "x"]
    twice = pandas.DataFrame([[1, 2, 3]], columns=["source", "target", "target"])
    with pytest.raises(mapeq.NetworkError, match="2 columns of the table are called 'target'"):
        as_network(twice)


def test_a_table_that_is_no_array_is_read_as_arrow():
    arrow = pytest.importorskip("pyarrow").table({"source": ["a"], "target": ["b"]})

    class Relation:
        columns = ("source", "target")

        def __arrow_c_stream__(self, requested_schema=None):
            return arrow.__arrow_c_stream__(requested_schema)

    assert as_network(Relation()).label_list() == ["a", "b"]


def test_words_of_polars_may_be_categories():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"from": ["a", "b"], "to": ["b", "c"]}, schema=dict.fromkeys(("from", "to"), polars.Categorical)
    )
    assert as_network(frame).label_list() == ["a", "b", "c"]


def test_the_columns_of_arrow_may_be_dictionaries():
    pyarrow = pytest.importorskip("pyarrow")
    column = pyarrow.chunked_array([["a", "b"], ["a"]]).dictionary_encode()
    assert as_network(pyarrow.table({"u": column, "v": column.slice(0)})).label_list() == ["a", "b"]


# Arrays, tensors, edge indices -------------------------------------------------------------------


def test_a_pair_of_pairs_is_a_link_a_row():
    square = [[1, 2], [1, 3]]
    assert link_weights(as_network(np.array(square), directed=True)) == {(1, 2): 1, (1, 3): 1}
    assert link_weights(as_network(torch_tensor(square), directed=True)) == {(1, 2): 1, (1, 3): 1}
    columns = as_network(SimpleNamespace(edge_index=np.array(square)), directed=True)
    assert link_weights(columns) == {(1, 1): 1, (2, 3): 1}


@pytest.mark.parametrize("arrays", [np.array, lambda values: pytest.importorskip("torch").tensor(values)])
def test_an_edge_index_with_both_directions_is_undirected(arrays):
    graph = SimpleNamespace(edge_index=arrays([[0, 1, 1, 2], [1, 0, 2, 1]]), num_nodes=4)
    assert not as_network(graph).directed
    assert link_weights(as_network(graph)) == {frozenset([0, 1]): 1, frozenset([1, 2]): 1}
    assert as_network(graph).labels == range(4)
    graph.edge_weight, graph.edge_attr = arrays([2.0, 2.0, 1.0, 1.0]), arrays([[2.0], [1.0], [1.0], [1.0]])
    assert link_weights(as_network(graph)) == {frozenset([0, 1]): 2, frozenset([1, 2]): 1}
    assert link_weights(as_network(graph, weight=None)) == {frozenset([0, 1]): 1, frozenset([1, 2]): 1}
    assert link_weights(as_network(graph, weight="edge_attr")) == {(0, 1): 2, (1, 0): 1, (1, 2): 1, (2, 1): 1}
    assert link_weights(as_network(graph, directed=False, weight="edge_attr")) == {
        frozenset([0, 1]): 3,
        frozenset([1, 2]): 2,
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"edge_index": np.zeros((3, 2), int)},
            "an edge_index must hold integers and have shape (2, m), not int64 of shape (3, 2)",
        ),
        ({"num_nodes": 2}, "a link ends at position 2, but there are 2 nodes, numbered from 0"),
        ({"edge_weight": np.ones(3)}, "there are 2 links, but weights of shape (3,)"),
        (
            {"edge_weight": np.array([1.0, -1.0])},
            "the weight of the link 1 - 2 (position 1) is negative: -1.0; weights must be finite and 0 or more",
        ),
    ],
)
def test_bad_edge_indices(changes, message):
    graph = SimpleNamespace(**{"edge_index": np.array([[0, 1], [1, 2]])} | changes)
    with pytest.raises(mapeq.NetworkError) as caught:
        mapeq.infomap(graph)
    assert str(caught.value) == message


def test_a_tensor_elsewhere_says_how_to_get_it_here():
    torch = pytest.importorskip("torch")
    elsewhere = torch.zeros((2, 3), dtype=torch.int64, device="meta")
    for graph in (elsewhere, SimpleNamespace(edge_index=elsewhere)):
        with pytest.raises(mapeq.NetworkError, match=r"cannot convert this Tensor to an array: .*Use Tensor\.cpu\(\)"):
            mapeq.infomap(graph)


def test_without_weights_a_matrix_keeps_all_its_links():
    matrix = scipy.sparse.coo_array([[0, -2.0], [math.nan, 0]])
    assert link_weights(as_network(matrix, weight=None)) == {frozenset([0, 1]): 1}


@pytest.mark.parametrize("missing", [None, math.nan, "NA"])
def test_a_missing_module_is_no_module(missing):
    pandas = pytest.importorskip("pandas")
    column = pandas.Series(["a", pandas.NA if missing == "NA" else missing, "b"], dtype=object)
    network = as_network([(0, 1), (1, 2)])
    for partition in (column, column.astype("category"), column.to_dict()):
        with pytest.raises(mapeq.PartitionError, match="the node 1 has no module: "):
            mapeq.evaluate(network, partition)

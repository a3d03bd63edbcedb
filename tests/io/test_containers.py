"""One network through every Python container: identical labels, weights, direction and isolated nodes."""

from types import SimpleNamespace

import igraph
import networkx as nx
import numpy as np
import pytest
import scipy.sparse

import mapeq
from mapeq.io.inputs import as_network

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

#: Two triangles; a link of weight 0 to node 6, which therefore has no link.
SOURCES, TARGETS = [0, 0, 1, 2, 3, 3, 4, 5], [1, 2, 2, 3, 4, 5, 5, 6]
WEIGHTS = [2.0, 1.0, 1.0, 0.5, 1.0, 1.0, 3.0, 0.0]
WORDS = ["ann", "bob", "cid", "dan", "eve", "fay", "gus"]
SIZE = 7


def rows(names, directed):
    """The links; where a container has both directions of undirected links, it has them from matrix() or both()."""
    return [(names[u], names[v], w) for u, v, w in zip(SOURCES, TARGETS, WEIGHTS, strict=True)]


def both(names, directed):
    links = rows(names, directed)
    return links if directed else links + [(v, u, w) for u, v, w in links]


def columns(names, directed):
    sources, targets, weights = map(list, zip(*rows(names, directed), strict=True))
    return {"source": sources, "target": targets, "weight": weights}


def matrix(directed):
    u, v, w = map(np.array, zip(*both(range(SIZE), directed), strict=True))
    return scipy.sparse.coo_array((w, (u, v)), shape=(SIZE, SIZE))  # with an explicit zero


def networkx_graph(names, directed):
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_weighted_edges_from(rows(names, directed))
    return graph


def igraph_graph(names, directed, attribute="name"):
    ends = list(zip(SOURCES, TARGETS, strict=True))
    attributes = {attribute: list(names)} if isinstance(names[0], str) else {}
    return igraph.Graph(SIZE, ends, directed=directed, edge_attrs={"weight": WEIGHTS}, vertex_attrs=attributes)


def dict_of_dicts(names, directed):
    graph = {name: {} for name in names}
    for u, v, w in both(names, directed):
        graph[u][v] = w
    return graph


def dict_of_attributes(names, directed):
    return nx.to_dict_of_dicts(networkx_graph(names, directed))


def frame_of_weights(names, directed):
    return pandas.DataFrame(matrix(directed).toarray(), index=list(names), columns=list(names))


#: Containers of any labels, and whether they tell their direction.
NAMED = {
    "tuples": (rows, False),
    "generator": (lambda names, directed: iter(rows(names, directed)), False),
    "pandas": (lambda names, directed: pandas.DataFrame(columns(names, directed)), False),
    "pandas, indexed": (lambda names, directed: pandas.DataFrame(columns(names, directed)).sample(frac=1), False),
    "polars": (lambda names, directed: polars.DataFrame(columns(names, directed)), False),
    "arrow": (lambda names, directed: pyarrow.table(columns(names, directed)), False),
    "networkx": (networkx_graph, True),
    "igraph": (igraph_graph, True),
    "igraph of networkx": (lambda names, directed: igraph.Graph.from_networkx(networkx_graph(names, directed)), True),
    "igraph, label": (lambda names, directed: igraph_graph(names, directed, "label"), True),
    "dict of dicts": (dict_of_dicts, True),
    "dict of attributes": (dict_of_attributes, True),
    "square frame": (frame_of_weights, True),
    "square frame, shuffled": (lambda names, directed: frame_of_weights(names, directed).sample(frac=1), True),
    "network": (
        lambda names, directed: mapeq.Network.from_edges(
            SOURCES, TARGETS, WEIGHTS, directed=directed, labels=list(names)
        ),
        True,
    ),
}

#: Containers of numbers.
NUMBERED = {
    "array with weights": (lambda directed: np.array(rows(range(SIZE), directed)), False),
    "array": (lambda directed: matrix(directed).toarray(), True),
    "float32": (lambda directed: matrix(directed).toarray().astype(np.float32), True),
    **{
        layout: (lambda directed, layout=layout: getattr(scipy.sparse, f"{layout}_array")(matrix(directed)), True)
        for layout in ("coo", "csr", "csc", "lil", "dok")
    },
    "edge_index": (
        lambda directed: SimpleNamespace(
            edge_index=np.array([*zip(*both(range(SIZE), directed), strict=True)][:2]),
            edge_weight=np.array([link[2] for link in both(range(SIZE), directed)]),
            num_nodes=SIZE,
        ),
        True,
    ),
}


def described(network):
    """What a network is, whatever the order of its nodes."""
    labels = network.label_list()
    links = zip(*(array.tolist() for array in network.links()), strict=True)
    ends = (
        (lambda i, j: (labels[i], labels[j])) if network.directed else (lambda i, j: frozenset((labels[i], labels[j])))
    )
    linked = {label for link in zip(*network.links()[:2], strict=True) for label in (labels[link[0]], labels[link[1]])}
    return {
        "labels": sorted(labels),
        "links": {ends(i, j): weight for i, j, weight in links},
        "directed": network.directed,
        "isolated": sorted(set(labels) - linked),
    }


def expected(names, directed):
    ends = tuple if directed else frozenset
    return {
        "labels": sorted(names),
        "links": {ends(link[:2]): link[2] for link in rows(names, directed) if link[2]},
        "directed": directed,
        "isolated": [names[-1]],
    }


@pytest.mark.parametrize("names", [WORDS, range(SIZE)], ids=["words", "numbers"])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", NAMED)
def test_containers_of_labels(kind, directed, names):
    make, tells = NAMED[kind]
    network = as_network(make(names, directed), directed=directed if directed and not tells else None)
    assert described(network) == expected(list(names), directed)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", NUMBERED)
def test_containers_of_numbers(kind, directed):
    make, tells = NUMBERED[kind]
    network = as_network(make(directed), directed=directed if directed and not tells else None)
    assert described(network) == expected(list(range(SIZE)), directed)


@pytest.mark.parametrize("directed", [False, True])
def test_containers_without_weights(directed):
    """Where there are no weights every link weighs 1, and where there is no zero node 6 has a link."""
    ends = list(zip(SOURCES, TARGETS, strict=True))
    neighbors = {node: [] for node in range(SIZE)}
    for u, v in ends if directed else [*ends, *((v, u) for u, v in ends)]:
        neighbors[u].append(v)
    square = np.zeros((SIZE, SIZE), dtype=bool)
    square[tuple(zip(*(ends if directed else [*ends, *((v, u) for u, v in ends)]), strict=True))] = True
    graphs = {
        "tuples": (ends, False),
        "array": (np.array(ends), False),
        "edge index": (np.array(ends).T, False),
        "words": (np.array(ends).astype(str), False),
        "lists": (neighbors, True),
        "sets": ({node: set(others) for node, others in neighbors.items()}, True),
        "bools": (square, True),
        "whole numbers": (square.astype(np.int8), True),
    }
    for kind, (graph, tells) in graphs.items():
        network = as_network(graph, directed=directed if directed and not tells else None)
        assert (network.directed, network.num_links, network.total_weight) == (directed, 8, 8.0), kind
        assert [int(label) for label in network.label_list()] == list(range(SIZE)), kind


# What may be two things ------------------------------------------------------------------------

AMBIGUOUS = {
    "lists": ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], "3 lists of 3 numbers may be weighted links, or a matrix; say which"),
    "two lists": ([[0, 1, 2], [1, 2, 0]], "2 lists of 3 numbers may be weighted links, or sources and targets; say"),
    "pair of lists": (([0, 1, 2], [1, 2, 0]), "2 lists of 3 numbers may be weighted links, or sources and targets"),
    "pair of arrays": ((np.arange(3), np.arange(3)), "a pair of arrays may be columns, or links as rows; say which"),
    "short arrays": ((np.arange(2), np.arange(2)), "a pair of arrays may be columns, or links as rows; say which"),
    "three arrays": ([np.arange(3)] * 3, "three arrays may be columns, or links as rows; say which"),
    "3 x 3": (np.ones((3, 3), int), "may hold links as rows, or a matrix of weights; say which"),
    "3 x 3 floats": (np.eye(3), "may hold links as rows, or a matrix of weights; say which"),
    "2 x 3": (np.array([[0, 1, 2], [1, 2, 0]]), "may hold links as rows, or sources and targets as rows; say which"),
    "frame": (pandas.DataFrame(np.ones((3, 3), int)), "may hold links as rows, or a matrix of weights; say which"),
    "columns": ({"source": [1, 2], "target": [2, 3]}, "'source' and 'target' are names of columns: pass pandas"),
    "columns of Gephi": ({"Source": [1, 2], "Target": [2, 3]}, "'Source' and 'Target' are names of columns"),
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_what_may_be_two_things_is_refused(kind):
    graph, message = AMBIGUOUS[kind]
    with pytest.raises(mapeq.NetworkError, match=message) as caught:
        mapeq.infomap(graph)
    assert "pandas.DataFrame" in str(caught.value) or "mapeq.Network.from_edges" in str(caught.value)


def test_what_is_like_it_and_is_one_thing():
    assert as_network([(0, 1, 1), (1, 0, 1), (1, 1, 0)]).num_links == 1
    assert as_network([["a", "b", 1], ["b", "c", 1], ["c", "a", 1]]).num_links == 3
    assert as_network([[0, 1], [1, 2]]).num_links == 2
    assert as_network(np.ones((3, 3), bool)).num_self_links == 3
    assert as_network(np.array([[0, 0.5, 0], [0.5, 0, 1], [0, 1, 0]])).links()[2].tolist() == [0.5, 1]
    assert as_network(np.array([[0, 0.5], [0.5, 0]])).num_links == 1
    table = pandas.DataFrame(
        [["x", "y", 1.0], ["y", "z", 2.0], ["z", "x", 3.0]], columns=["source", "target", "weight"]
    )
    assert as_network(table).total_weight == 6
    multi = nx.MultiGraph([(0, 1), (0, 1)])
    assert as_network(nx.to_dict_of_dicts(multi)).links()[2].tolist() == [2]
    assert as_network({"a": {"b": {"cost": 3}}, "b": {"a": {"cost": 3}}}, weight="cost").total_weight == 3
    assert as_network({"a": {"b": {"cost": 3}}}).links()[2].tolist() == [1]


@pytest.mark.parametrize(
    ("graph", "options", "error", "message"),
    [
        (np.ones((5, 4)), {}, mapeq.NetworkError, r"shape \(5, 4\) is not a network: an array holds links in shape"),
        (np.ones(5), {}, mapeq.NetworkError, r"shape \(5,\) is not a network"),
        (np.full((4, 4), np.nan), {}, mapeq.NetworkError, "is not finite"),
        (np.ma.masked_equal(np.eye(4), 0), {}, mapeq.NetworkError, "the array has masked entries; fill them, with 0"),
        ({"a": {"b": {"cost": 3}}}, {"weight": "price"}, mapeq.NetworkError, "attribute 'price' .* are 'cost'"),
        ({"a": {"b": "c"}}, {}, mapeq.NetworkError, "the weight of the link 'a' - 'b' is not a number: 'c'"),
        ({"a": {"b": -1}}, {}, mapeq.NetworkError, "the weight of the link 'a' - 'b' is negative"),
        ({"a": "bc"}, {}, TypeError, "is not a network: give a NetworkX graph, or a dict of each node to a list"),
        (pandas.Series([1, 2]), {}, TypeError, "a Series is not a network"),
        (frame_of_weights(WORDS, True).astype(str), {}, mapeq.NetworkError, "whose index names its columns holds"),
    ],
)
def test_bad_containers(graph, options, error, message):
    with pytest.raises(error, match=message):
        mapeq.infomap(graph, **options)


# Symmetric up to rounding ----------------------------------------------------------------------


def rounded_matrices():
    random = np.random.default_rng(0)
    data = random.normal(size=(40, 12))
    correlations = np.abs(np.corrcoef(data))
    kernel = np.exp(-((data[:, None] - data) ** 2).sum(axis=2) / 20)
    scale = 1 / np.sqrt(kernel.sum(axis=1))
    product = np.linalg.inv(np.diag(kernel.sum(axis=1) ** 0.5)) @ kernel @ np.diag(scale)
    return {
        "correlations": correlations,
        "normalised": scale[:, None] * kernel * scale,
        "product": np.abs(product),
        "float32": (scale[:, None] * kernel).astype(np.float32) * scale.astype(np.float32),
        "one-sided dust": kernel + np.triu(np.full((40, 40), 1e-15), 1),
    }


@pytest.mark.parametrize("kind", rounded_matrices())
def test_symmetric_up_to_rounding_is_undirected(kind):
    matrix = rounded_matrices()[kind]
    assert not np.array_equal(matrix, matrix.T)
    forms = [
        matrix,
        scipy.sparse.csr_array(matrix),
        pandas.DataFrame(matrix, [*map(str, range(40))], map(str, range(40))),
    ]
    sources, targets = np.nonzero(matrix)
    forms += [SimpleNamespace(edge_index=np.array([sources, targets]), edge_weight=matrix[sources, targets])]
    for graph in forms:
        network = as_network(graph)
        assert not network.directed
        made = network.matrix().toarray()
        np.testing.assert_array_equal(made, made.T)
        mean = (matrix.astype(np.float64) + matrix.T.astype(np.float64)) / 2
        np.testing.assert_allclose(made, mean, rtol=0, atol=1e-16)
        assert not as_network(graph, directed=False).directed
    assert mapeq.Network.from_csr(scipy.sparse.csr_array(matrix), directed=True).directed


def test_more_than_rounding_is_directed():
    matrix = scipy.sparse.csr_array([[0, 1.0, 1e9], [1.0 + 1e-9, 0, 0], [1e9, 0, 0]])
    assert mapeq.Network.from_csr(matrix).directed is True
    for factor, directed in ((1 + 1e-14, False), (1 + 1e-10, True)):
        pair = scipy.sparse.csr_array([[0, 2.0, 0], [2.0 * factor, 0, 1.0], [0, 1.0, 0]])
        assert mapeq.Network.from_csr(pair).directed is directed
    largest = np.finfo(np.float64).max
    huge = scipy.sparse.csr_array([[0, largest], [np.nextafter(largest, 0), 0]])
    assert mapeq.Network.from_csr(huge).directed is False


def test_the_old_class_takes_matrices_that_are_symmetric_up_to_rounding():
    from mapeq.compat import Infomap

    matrix = rounded_matrices()["correlations"]
    im = Infomap(silent=True)
    im.add_scipy_sparse_matrix(scipy.sparse.csr_array(matrix))
    assert im.num_links == 40 * 41 // 2
    with pytest.raises(mapeq.NetworkError, match="must equal its transpose"):
        Infomap().add_scipy_sparse_matrix(scipy.sparse.csr_array([[0, 1.0], [2.0, 0]]))


def test_the_old_class_ignores_links_of_weight_zero_and_their_ends(tmp_path):
    from mapeq.compat import Infomap

    path = tmp_path / "links.txt"
    path.write_text("1 2 1\n3 4 0\n")
    im = Infomap()
    im.read_file(path)
    im.add_link(5, 6, 0)
    assert (im.num_nodes, im.num_links) == (2, 1)
    path.write_text("*Vertices 4\n*Edges\n1 2 1\n3 4 0\n")
    im = Infomap()
    im.read_file(path)
    assert (im.num_nodes, im.num_links) == (4, 1)

import dataclasses

import naive
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

from mapeq._base.errors import MapeqError, NetworkError
from mapeq.network.network import Network


def dense(network):
    return network.matrix().toarray()


def assert_canonical(network):
    """Rows in increasing order without repetition, positive weights, the promised types, all read-only."""
    assert network.indptr.dtype == np.int64
    assert network.indices.dtype == np.int32
    assert network.weights.dtype == np.float64
    assert not any(array.flags.writeable for array in (network.indptr, network.indices, network.weights))
    assert network.indptr[0] == 0
    assert network.indptr[-1] == len(network.indices) == len(network.weights)
    for i in range(network.num_nodes):
        row = network.indices[network.indptr[i] : network.indptr[i + 1]]
        assert (np.diff(row) > 0).all()
    assert (network.weights > 0).all()
    if not network.directed:
        matrix = network.matrix()
        assert (matrix != matrix.T).nnz == 0


# From edges ----------------------------------------------------------------------------------


@given(networks())
def test_from_edges_sums_links_into_canonical_rows(links):
    network = links.network()
    assert_canonical(network)
    assert (network.num_nodes, network.directed) == (links.num_nodes, links.directed)
    np.testing.assert_allclose(dense(network), links.matrix(), rtol=1e-14)


@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(links, random):
    order = random.sample(range(len(links.sources)), len(links.sources))
    shuffled = links._replace(
        sources=links.sources[order], targets=links.targets[order], weights=links.weights[order]
    ).network()
    network = links.network()
    np.testing.assert_array_equal(shuffled.indptr, network.indptr)
    np.testing.assert_array_equal(shuffled.indices, network.indices)
    np.testing.assert_allclose(shuffled.weights, network.weights, rtol=1e-14)


@given(networks(directed=False))
def test_the_ends_of_an_undirected_link_are_equal(links):
    mirrored = links._replace(sources=links.targets, targets=links.sources).network()
    np.testing.assert_array_equal(dense(mirrored), dense(links.network()))


@given(networks())
def test_counts_and_sums(links):
    network, matrix = links.network(), links.matrix()
    own = np.diag(matrix)
    if links.directed:
        num_links, total_weight = np.count_nonzero(matrix), matrix.sum()
    else:
        num_links, total_weight = np.count_nonzero(np.triu(matrix)), (matrix.sum() + own.sum()) / 2
    assert network.num_links == num_links
    assert network.num_self_links == np.count_nonzero(own)
    assert network.total_weight == pytest.approx(total_weight, rel=1e-13)
    np.testing.assert_allclose(network.out_strengths(), matrix.sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(network.in_strengths(), matrix.sum(axis=0), rtol=1e-13)
    np.testing.assert_array_equal(network.sources(), matrix.nonzero()[0])
    assert network.is_symmetric() == (matrix == matrix.T).all()


def test_counting_links_by_hand():
    ends = [0, 1, 1, 2, 2], [1, 0, 2, 2, 0]  # a pair both ways, two more links, a self-link
    undirected = Network.from_edges(*ends, [1, 2, 4, 8, 16])
    assert (undirected.num_links, undirected.num_self_links, undirected.total_weight) == (4, 1, 31)
    np.testing.assert_array_equal(dense(undirected), [[0, 3, 16], [3, 0, 4], [16, 4, 8]])
    directed = Network.from_edges(*ends, [1, 2, 4, 8, 16], directed=True)
    assert (directed.num_links, directed.num_self_links, directed.total_weight) == (5, 1, 31)
    np.testing.assert_array_equal(dense(directed), [[0, 1, 0], [2, 0, 4], [16, 0, 8]])


def test_links_weigh_one_by_default():
    network = Network.from_edges([0, 0, 1], [1, 1, 1], directed=True)
    np.testing.assert_array_equal(dense(network), [[0, 2], [0, 1]])


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda ends: np.array(ends, dtype=np.int8)])
def test_ends_may_be_any_sequence_of_whole_numbers(kind):
    network = Network.from_edges(kind([0, 1]), kind([1, 2]))
    assert network.labels == range(3)
    assert network.num_links == 2


def test_strided_input():
    edges = np.array([[0, 1], [1, 2], [2, 0]])
    weights = np.arange(1.0, 7.0)[::2]
    network = Network.from_edges(edges[:, 0], edges[:, 1], weights)
    np.testing.assert_array_equal(dense(network), [[0, 1, 5], [1, 0, 3], [5, 3, 0]])


# Labels --------------------------------------------------------------------------------------


def test_without_labels_the_ends_are_the_labels():
    gaps = Network.from_edges([7, 3], [3, 5])
    assert gaps.label_list() == [3, 5, 7]
    far = Network.from_edges([-5, 2**40], [2**40, 0])
    assert far.label_list() == [-5, 0, 2**40]
    words = Network.from_edges(["b", "b"], ["a", "é"])
    assert words.labels == ("a", "b", "é")
    assert Network.from_edges([0, 1], [1, 2]).labels == range(3)


@given(st.lists(st.tuples(*2 * [st.integers(-(2**63), 2**63 - 1) | st.integers(0, 40)]), max_size=10))
def test_numbering_follows_the_labels(edges):
    sources, targets = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    network = Network.from_edges(sources, targets, directed=True)
    labels = network.label_list()
    assert labels == sorted({label for edge in edges for label in edge})
    found = {(labels[i], labels[j]) for i, j in zip(network.sources(), network.indices, strict=True)}
    assert found == set(edges)


def test_unsigned_labels_keep_their_value():
    network = Network.from_edges(np.array([2**63 + 1], dtype=np.uint64), np.array([5], dtype=np.int64))
    assert network.label_list() == [5, 2**63 + 1]
    both = np.array([2**63 + 1, 5], dtype=np.uint64)
    assert Network.from_edges(both, both).label_list() == [5, 2**63 + 1]
    assert Network.from_edges([0], [1], labels=both).label_list() == [2**63 + 1, 5]


def test_the_ends_of_a_link_of_weight_zero_are_nodes():
    network = Network.from_edges([1, 3], [2, 4], [1, 0])
    assert (network.label_list(), network.num_links, network.num_given) == ([1, 2, 3, 4], 1, 1)
    assert Network.from_edges(["a", "c"], ["b", "d"], [0, 0]).labels == ("a", "b", "c", "d")


def test_num_nodes_makes_nodes_without_links():
    network = Network.from_edges([0], [2], num_nodes=5)
    assert network.labels == range(5)
    np.testing.assert_array_equal(network.out_strengths(), [1, 0, 1, 0, 0])


def test_labels_name_the_positions():
    labels = [("a", 1), None, "x"]
    network = Network.from_edges([0, 1], [1, 2], labels=labels)
    assert network.labels == tuple(labels)
    assert network.label_list() == labels
    assert Network.from_edges([0], [1], labels=range(5, 7)).labels == range(5, 7)
    assert Network.from_edges([0], [1], labels=np.array(["u", "v"])).labels == ("u", "v")
    numbers = np.array([30, 20], dtype=np.int16)
    assert Network.from_edges([0], [1], labels=numbers).label_list() == [30, 20]
    assert numbers.flags.writeable


def test_node_weights():
    given_weights = np.array([1.0, 0.0, 2.5])
    network = Network.from_edges([0], [1], num_nodes=3, node_weights=given_weights)
    given_weights[0] = 9
    np.testing.assert_array_equal(network.node_weights, [1, 0, 2.5])
    assert not network.node_weights.flags.writeable
    assert Network.from_edges([0], [1]).node_weights is None


# Errors --------------------------------------------------------------------------------------

WRONG_EDGES = {
    "negative": ({"sources": [3], "targets": [4], "weights": [-1]}, "link 3 - 4 (position 0) is negative: -1.0"),
    "nan": ({"sources": [0, 0], "targets": [1, 2], "weights": [1, np.nan]}, "0 - 2 (position 1) is not finite: nan"),
    "infinite": ({"sources": "a", "targets": "b", "weights": [np.inf]}, "link a - b (position 0) is not finite: inf"),
    "both infinities": ({"sources": [0, 1], "targets": [1, 2], "weights": [np.inf, -np.inf]}, "not finite: inf"),
    "what is allowed": ({"sources": [0], "targets": [1], "weights": [-2]}, "weights must be finite and 0 or more"),
    "lengths": ({"sources": [0, 1], "targets": [1]}, "got 2 sources, 1 targets"),
    "weights": ({"sources": [0], "targets": [1], "weights": [1, 2]}, "weights of shape (2,)"),
    "weight matrix": ({"sources": [0], "targets": [1], "weights": [[1]]}, "weights of shape (1, 1)"),
    "shape": ({"sources": [[0, 1]], "targets": [0]}, "sources must be one-dimensional, not of shape (1, 2)"),
    "fractions": ({"sources": [0], "targets": [0.5]}, "targets must be integers or strings, not float64"),
    "truth": ({"sources": [True], "targets": [False]}, "sources must be integers or strings, not bool"),
    "mixture": ({"sources": ["a", 1], "targets": ["b", "c"]}, "sources mix strings and 1"),
    "two kinds": ({"sources": ["a"], "targets": [1]}, "labels must be of one type"),
    "position": ({"sources": [0, 7], "targets": [1, 2], "num_nodes": 3}, "position 7, but there are 3 nodes"),
    "negative position": ({"sources": [0], "targets": [-1], "num_nodes": 3}, "position -1, but there are 3 nodes"),
    "no nodes": ({"sources": [0], "targets": [0], "num_nodes": 0}, "position 0, but there are 0 nodes"),
    "words": ({"sources": ["a"], "targets": ["b"], "num_nodes": 2}, "sources and targets must be positions"),
    "num_nodes": ({"sources": [], "targets": [], "num_nodes": -1}, "num_nodes must be 0 or more, not -1"),
    "label count": ({"sources": [0], "targets": [1], "num_nodes": 2, "labels": "abc"}, "2 nodes but 3 labels"),
    "label twice": ({"sources": [0], "targets": [1], "labels": ["x", "y", "x"]}, "two nodes are called 'x'"),
    "number twice": ({"sources": [0], "targets": [1], "labels": np.array([4, 4])}, "two nodes are called 4"),
    "node weights": ({"sources": [0], "targets": [1], "node_weights": [1]}, "2 nodes but node_weights has shape (1,)"),
    "bad node weight": (
        {"sources": [0], "targets": [1], "node_weights": [1, -3]},
        "node at position 1 is negative: -3.0",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG_EDGES.values(), ids=WRONG_EDGES)
def test_errors_of_from_edges(arguments, message):
    arguments = {name: list(value) if isinstance(value, str) else value for name, value in arguments.items()}
    with pytest.raises(NetworkError) as caught:
        Network.from_edges(**arguments)
    assert message in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, MapeqError)


WRONG_MATRICES = {
    "one axis": (scipy.sparse.coo_array(np.ones(3)), {}, "must be square, not of shape (3,)"),
    "negative": (scipy.sparse.csr_array([[0, 1], [-2, 0]]), {}, "the link 1 - 0 is negative: -2.0"),
    "nan": (scipy.sparse.coo_array([[0, np.nan], [0, 0]]), {}, "the link 0 - 1 is not finite: nan"),
    "named": (scipy.sparse.csr_array([[0, 0], [-1, 0]]), {"labels": "uv"}, "the link v - u is negative"),
    "labels": (scipy.sparse.csr_array((2, 2)), {"labels": "uvw"}, "2 nodes but 3 labels"),
    "node weights": (scipy.sparse.csr_array((2, 2)), {"node_weights": [1, np.inf]}, "position 1 is not finite: inf"),
}


@pytest.mark.parametrize(("matrix", "options", "message"), WRONG_MATRICES.values(), ids=WRONG_MATRICES)
def test_errors_of_from_csr(matrix, options, message):
    with pytest.raises(NetworkError) as caught:
        Network.from_csr(matrix, **options)
    assert message in str(caught.value)


def test_the_largest_weights_raise_no_false_alarm():
    network = Network.from_edges([0, 1], [1, 2], [1e308, 1.5e308])
    np.testing.assert_array_equal(network.weights, [1e308, 1e308, 1.5e308, 1.5e308])


# From sparse matrices ------------------------------------------------------------------------


@given(networks(), st.sampled_from(["csr", "csc", "coo", "lil", "dok"]))
def test_from_csr_is_from_edges(links, layout):
    expected = links.network()
    matrix = expected.matrix().asformat(layout)
    network = Network.from_csr(matrix)
    assert_canonical(network)
    assert network.directed == (not expected.is_symmetric())
    np.testing.assert_array_equal(dense(network), dense(expected))
    forced = Network.from_csr(matrix, directed=True)
    assert forced.directed
    np.testing.assert_array_equal(dense(forced), dense(expected))


@given(networks(directed=True))
def test_from_csr_with_parallel_entries_in_any_order(links):
    shape = (links.num_nodes, links.num_nodes)
    order = np.argsort(links.sources, kind="stable")
    indptr = np.searchsorted(links.sources[order], np.arange(links.num_nodes + 1))
    data, indices = links.weights[order], links.targets[order].astype(np.int32)
    matrix = scipy.sparse.csr_array((data, indices, indptr), shape=shape)
    before = data.copy(), indices.copy(), indptr.copy()
    network = Network.from_csr(matrix, directed=True)
    assert_canonical(network)
    np.testing.assert_allclose(dense(network), links.matrix(), rtol=1e-14)
    for array, copy in zip((matrix.data, matrix.indices, matrix.indptr), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_an_undirected_reading_of_an_asymmetric_matrix_adds_up_both_directions():
    matrix = scipy.sparse.csr_array([[5.0, 1, 0], [2, 0, 0], [0, 4, 0]])
    network = Network.from_csr(matrix, directed=False)
    assert not network.directed
    np.testing.assert_array_equal(dense(network), [[5, 3, 0], [3, 0, 4], [0, 4, 0]])
    symmetric = scipy.sparse.csr_array([[5.0, 1], [1, 0]])
    for directed in (None, False):
        np.testing.assert_array_equal(dense(Network.from_csr(symmetric, directed=directed)), [[5, 1], [1, 0]])


def test_from_csr_copies_nothing_where_the_types_fit():
    matrix = scipy.sparse.csr_array([[0, 2.0, 0], [2.0, 0, 1.0], [0, 1.0, 0]])
    matrix.indices = matrix.indices.astype(np.int32)
    for directed in (None, True, False):
        network = Network.from_csr(matrix, directed=directed)
        assert np.shares_memory(network.weights, matrix.data)
        assert np.shares_memory(network.indices, matrix.indices)
    wide = scipy.sparse.csr_array((matrix.data, matrix.indices, matrix.indptr.astype(np.int64)), shape=(3, 3))
    wide.indptr, wide.indices = wide.indptr.astype(np.int64), matrix.indices
    assert np.shares_memory(Network.from_csr(wide).indptr, wide.indptr)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, bool])
def test_from_csr_takes_any_real_numbers(dtype):
    matrix = scipy.sparse.csr_array(np.array([[0, 1], [1, 0]], dtype=dtype))
    network = Network.from_csr(matrix)
    assert_canonical(network)
    np.testing.assert_array_equal(dense(network), [[0, 1], [1, 0]])


def test_the_network_shares_memory_with_its_matrix():
    network = Network.from_edges([0, 1], [1, 2], [1, 2])
    assert np.shares_memory(network.matrix().data, network.weights)


# What belongs to the caller ------------------------------------------------------------------


def test_the_arrays_of_the_caller_stay_as_they_are():
    sources, targets, weights = np.array([0, 1, 1]), np.array([1, 2, 2]), np.array([1.0, 2.0, 0.0])
    arrays = [sources, targets, weights]
    before = [array.copy() for array in arrays]
    network = Network.from_edges(sources, targets, weights)
    for array, copy in zip(arrays, before, strict=True):
        assert array.flags.writeable
        np.testing.assert_array_equal(array, copy)
    weights[:] = -1  # the network keeps its own
    np.testing.assert_array_equal(network.weights, [1, 1, 2, 2])

    matrix = scipy.sparse.csr_array([[0, 2.0], [2.0, 0]])
    Network.from_csr(matrix)
    assert matrix.data.flags.writeable
    assert matrix.indices.flags.writeable
    assert matrix.indptr.flags.writeable


def test_read_only_arrays_are_welcome():
    arrays = [np.array([0, 1]), np.array([1, 2]), np.array([1.0, 2.0])]
    for array in arrays:
        array.flags.writeable = False
    np.testing.assert_array_equal(Network.from_edges(*arrays).out_strengths(), [1, 3, 2])


def test_a_network_cannot_be_changed():
    network = Network.from_edges([3, 5], [5, 9], node_weights=[1, 2, 3])
    for array in (network.indptr, network.indices, network.weights, network.labels, network.node_weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.directed = True


# Other networks from it ----------------------------------------------------------------------


@given(networks())
def test_undirected(links):
    matrix = links.matrix()
    network = links.network().undirected()
    assert_canonical(network)
    assert not network.directed
    both = matrix + matrix.T - np.diag(np.diag(matrix)) if links.directed else matrix
    np.testing.assert_allclose(dense(network), both, rtol=1e-13)
    assert network.undirected() is network


@given(networks())
def test_without_self_links(links):
    network = links.network()
    bare = network.without_self_links()
    assert_canonical(bare)
    assert (bare.num_self_links, bare.num_nodes, bare.directed) == (0, links.num_nodes, links.directed)
    np.testing.assert_array_equal(dense(bare), dense(network) * (1 - np.eye(links.num_nodes)))


def test_labels_and_node_weights_are_handed_on():
    network = Network.from_edges([0, 1], [1, 1], directed=True, labels="ab", node_weights=[1, 2])
    for other in (network.undirected(), network.without_self_links()):
        assert other.labels == ("a", "b")
        np.testing.assert_array_equal(other.node_weights, [1, 2])


def test_repr():
    assert repr(Network.from_edges([0, 0], [1, 0])) == "<mapeq.Network: 2 nodes, 2 links, undirected>"
    assert repr(Network.from_edges([], [], directed=True, num_nodes=4321)) == (
        "<mapeq.Network: 4,321 nodes, 0 links, directed>"
    )


def test_networks_without_nodes():
    for network in (Network.from_edges([], []), Network.from_csr(scipy.sparse.csr_array((0, 0)))):
        assert_canonical(network)
        assert (network.num_nodes, network.num_links, network.total_weight) == (0, 0, 0)


def test_the_oracle_by_hand():
    sources, targets, weights = [0, 1, 1, 2], [1, 0, 1, 0], [1, 2, 4, 8]
    np.testing.assert_array_equal(
        naive.adjacency(sources, targets, weights, 3, directed=True), [[0, 1, 0], [2, 4, 0], [8, 0, 0]]
    )
    np.testing.assert_array_equal(
        naive.adjacency(sources, targets, weights, 3, directed=False), [[0, 3, 8], [3, 4, 0], [8, 0, 0]]
    )

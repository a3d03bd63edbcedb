"""Weighted neighbour graphs: every weight from its formula, every kind of input, every refusal."""

import tracemalloc
import warnings

import naive
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mapeq
from mapeq.embeddings.graph import AffinityOptions, affinity_graph, find_neighbors, link_weights, neighbor_graph
from mapeq.embeddings.neighbors import Neighbors, nearest_neighbors

VECTORS = np.random.default_rng(0).standard_normal((40, 5))
GAPS = st.lists(st.integers(0, 50).map(lambda tenths: tenths / 10), min_size=1, max_size=12).map(sorted)


def dense(vectors=VECTORS, n_neighbors=6, **options):
    return neighbor_graph(vectors, n_neighbors, **options).toarray()


def links(vectors=VECTORS, n_neighbors=6, **options):
    """Neighbours, and the weights of the links to them."""
    options = AffinityOptions(n_neighbors, **options)
    neighbors = find_neighbors(vectors, options)
    return neighbors, link_weights(neighbors, options.weighting, options.metric)


@given(st.lists(GAPS, min_size=1, max_size=5))
def test_memberships_are_those_of_umap(rows):
    most = max(map(len, rows))
    distances = np.full((len(rows), most), np.inf)
    for row, values in enumerate(rows):
        distances[row, : len(values)] = values
    indices = np.where(np.isfinite(distances), np.arange(most), -1)
    weights = link_weights(Neighbors(indices, distances), "umap", "euclidean")
    for values, found in zip(rows, weights, strict=True):
        np.testing.assert_allclose(found[: len(values)], naive.memberships(values), atol=1e-8)
        assert not found[len(values) :].any()


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_local_weights(metric):
    neighbors, weights = links(metric=metric, weights="local")
    squares = naive.distances(VECTORS, VECTORS, metric)
    squares = 2 * squares if metric == "cosine" else squares**2
    last = np.sqrt(np.sort(squares, axis=1)[:, 6])
    for i in range(40):
        for j, weight in zip(neighbors.indices[i], weights[i], strict=True):
            assert weight == pytest.approx(np.exp(-squares[i, j] / (last[i] * last[j])), rel=1e-5)


def test_local_weights_of_equal_vectors():
    vectors = np.repeat([[0.0, 1], [5, 1], [9, 9]], 4, axis=0)
    _, weights = links(vectors, 3, metric="euclidean", weights="local")
    assert (weights == 1).all()


@pytest.mark.parametrize(
    ("metric", "similarity"),
    [("cosine", lambda d: 1 - d), ("euclidean", lambda d: 1 / (1 + d)), ("inner_product", lambda d: -d)],
)
def test_similarities_are_weights(metric, similarity):
    neighbors, weights = links(metric=metric, weights="similarity", n_neighbors=30)
    np.testing.assert_allclose(weights, np.maximum(similarity(neighbors.distances), 0))
    graph = neighbor_graph(VECTORS, 30, metric=metric, weights="similarity", symmetrize="directed")
    assert graph.nnz == np.count_nonzero(weights > 0)
    assert (metric == "euclidean") == (graph.nnz == weights.size)


def test_jaccard_weights():
    neighbors, weights = links(weights="jaccard")
    sets = [{i, *row} for i, row in enumerate(neighbors.indices.tolist())]
    for i in range(40):
        for j, weight in zip(neighbors.indices[i], weights[i], strict=True):
            assert weight == pytest.approx(len(sets[i] & sets[j]) / len(sets[i] | sets[j]))


def test_jaccard_weights_of_new_vectors():
    options = AffinityOptions(6, weights="jaccard")
    among = find_neighbors(VECTORS, options)
    new = nearest_neighbors(VECTORS, 6, queries=VECTORS[:3] + 0.1)
    weights = link_weights(new, "jaccard", "cosine", among)
    for i in range(3):
        own = set(new.indices[i].tolist())
        for j, weight in zip(new.indices[i], weights[i], strict=True):
            other = {int(j), *among.indices[j].tolist()}
            assert weight == pytest.approx(len(own & other) / len(own | other))


@pytest.mark.parametrize("weights", ["umap", "local", "similarity", "binary", "jaccard"])
def test_what_symmetrising_does(weights):
    directed = dense(weights=weights, symmetrize="directed")
    a, b = directed, directed.T
    assert ((a > 0).sum(axis=1) <= 6).all()
    is_membership = weights == "umap"
    union = a + b - a * b if is_membership else np.maximum(a, b)
    mutual = a * b if is_membership else np.minimum(a, b)
    for symmetrize, wanted in (("union", union), ("mutual", mutual), ("average", (a + b) / 2)):
        found = dense(weights=weights, symmetrize=symmetrize)
        np.testing.assert_allclose(found, wanted, atol=1e-15)
        assert (found == found.T).all()
        assert not found.diagonal().any()


def test_a_least_similarity():
    cosines = 1 - naive.distances(VECTORS, VECTORS, "cosine")
    linked = dense(n_neighbors=39, min_similarity=0.5, weights="binary") > 0
    np.testing.assert_array_equal(linked, (cosines >= 0.5) & ~np.eye(40, dtype=bool))
    with pytest.warns(UserWarning, match="no vector has a neighbour, with min_similarity=2: each is a cluster"):
        assert neighbor_graph(VECTORS, 6, min_similarity=2).nnz == 0


def test_the_default_weights():
    np.testing.assert_array_equal(dense(), dense(weights="umap"))
    similar = dense(weights="similarity")
    for graph in (similar, scipy.sparse.csr_array(similar)):
        np.testing.assert_allclose(dense(graph, 39, metric="precomputed_similarity"), similar, rtol=1e-12)


def test_similarities_that_are_given_are_the_weights():
    given = np.array([[1.0, 5.0, 0.25], [5.0, 1.0, -0.5], [0.25, -0.5, 1.0]])
    found = dense(given, 2, metric="precomputed_similarity")
    np.testing.assert_allclose(found, [[0, 5, 0.25], [5, 0, 0], [0.25, 0, 0]])
    found = dense(given, 2, metric="precomputed_similarity", min_similarity=0.3)
    np.testing.assert_allclose(found, [[0, 5, 0], [5, 0, 0], [0, 0, 0]])


class TestGivenNeighbors:
    """Whatever holds the same neighbours gives the same graph."""

    WANTED = dense(metric="euclidean")
    FOUND = nearest_neighbors(VECTORS, 6, metric="euclidean")

    @staticmethod
    def distances():
        return naive.distances(VECTORS, VECTORS, "euclidean")

    def check(self, graph, metric="precomputed", tolerance=1e-9, **options):
        np.testing.assert_allclose(dense(graph, metric=metric, **options), self.WANTED, rtol=tolerance)

    def test_a_dense_matrix(self):
        self.check(self.distances())

    def test_a_sparse_matrix_of_more(self):
        self.check(scipy.sparse.csr_matrix(self.distances()))

    def test_a_sparse_matrix_with_zeros_on_the_diagonal(self):
        rows = np.repeat(np.arange(40), 7)
        columns = np.column_stack([np.arange(40), self.FOUND.indices]).ravel()
        values = np.column_stack([np.zeros(40), self.FOUND.distances]).ravel()
        self.check(scipy.sparse.coo_array((values, (rows, columns)), shape=(40, 40)))

    def test_a_pair(self):
        self.check(tuple(self.FOUND))

    def test_a_pair_with_the_vectors_themselves_and_with_gaps(self):
        indices = np.column_stack([self.FOUND.indices[:, ::-1], np.arange(40), np.full(40, -1)])
        distances = np.column_stack([self.FOUND.distances[:, ::-1], np.zeros(40), np.full(40, np.nan)])
        self.check((indices, distances))

    def test_similarities(self):
        self.check(1 - self.distances(), "precomputed_similarity", weights="umap")
        self.check((self.FOUND.indices, 1 - self.FOUND.distances), "precomputed_similarity", weights="umap")

    def test_what_scikit_learn_finds(self):
        neighbors = pytest.importorskip("sklearn.neighbors")
        self.check(neighbors.kneighbors_graph(VECTORS, 6, mode="distance"))

    def test_duplicates_at_distance_zero_are_neighbors(self):
        distances = scipy.sparse.csr_array(([0.0, 0.0, 3.0, 3.0], ([0, 1, 1, 2], [1, 0, 2, 1])), shape=(3, 3))
        graph = neighbor_graph(distances, 2, metric="precomputed", weights="binary").toarray()
        assert graph.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]

    def test_an_entry_that_stands_twice_is_one_link(self):
        rows, columns = [0, 0, 1, 2], [1, 1, 2, 0]
        twice = scipy.sparse.coo_array((np.ones(4), (rows, columns)), shape=(3, 3))
        pair = (
            np.array([[1, 1, 2], [0, 2, 2], [0, 1, -1]]),
            np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 1.0], [1.0, 1.0, 0.0]]),
        )
        for graph in (twice, pair, list(pair)):
            found = dense(graph, 3, metric="precomputed", weights="binary")
            assert found.max() == 1
        assert dense(pair, 2, metric="precomputed", weights="binary", symmetrize="directed").sum() == 6

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int32])
    def test_indices_of_any_kind(self, dtype):
        self.check((self.FOUND.indices.astype(dtype), self.FOUND.distances.astype(np.float32)), tolerance=1e-4)

    def test_rounding_errors_are_no_negative_distances(self):
        distances = self.distances()
        np.fill_diagonal(distances, -1e-9)
        self.check(distances)

    def test_infinitely_far_is_no_neighbor_in_a_pair(self):
        distances = np.column_stack([self.FOUND.distances, np.full(40, np.inf)])
        self.check((np.column_stack([self.FOUND.indices, np.zeros(40, dtype=int)]), distances))

    def test_of_equally_near_ones_the_lower_numbers_are_taken(self):
        graph = neighbor_graph(1.0 - np.eye(5), 2, metric="precomputed", weights="binary", symmetrize="directed")
        assert graph.indices.reshape(5, 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0, 2], [3, np.nan]], "row 1, column 1 of the vectors is NaN"),
        ([[-np.inf, 2], [3, np.nan]], "row 0, column 0 of the vectors is infinity"),
        ([1.0, 2], r"vectors must be rows of a matrix of shape \(n, d\), not an array of shape \(2,\)"),
        (np.zeros((4, 0)), r"not an array of shape \(4, 0\)"),
        ([["a", "b"]], "vectors must be real numbers, not <U1"),
        ([[1.0, 2]], "1 vector: at least two are needed"),
        (
            scipy.sparse.eye_array(3),
            "vectors must be a dense array; a sparse matrix of neighbours needs metric='precom",
        ),
        (np.array([["2020-01-01"], ["NaT"]], dtype="datetime64[D]"), "vectors must be real numbers, not datetime64"),
        ([[1j, 2]], "vectors must be real numbers, not complex128"),
    ],
)
def test_bad_vectors(vectors, message):
    with pytest.raises(ValueError, match=message):
        neighbor_graph(vectors)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (np.zeros((2, 3)), r"a precomputed graph must be square, not of shape \(2, 3\)"),
        (np.zeros(3), r"a precomputed graph must be a matrix, not an array of shape \(3,\)"),
        (
            np.array([[0, -1.5], [1, 0]]),
            "Negative values in data: row 0, column 1 of the graph is -1.5, but a distance",
        ),
        (scipy.sparse.csr_array(np.array([[0, 0], [-2.0, 0]])), "row 1, column 0 of the graph is -2, but a distance"),
        (
            np.array([[0, 1], [np.nan, 0]]),
            "row 1, column 0 of the graph is NaN; leave out pairs that are not neighbours, in a sparse matrix",
        ),
        (np.array([[0, np.inf], [1, 0]]), "row 0, column 1 of the graph is infinity"),
        ((np.array([[1], [0]]), np.array([[1.0], [-1.0]])), "row 1, column 0 of the graph is -1"),
        ((np.array([[1], [2]]), np.ones((2, 1))), "row 1 of the indices has 2, but there are 2 vectors"),
        ((np.array([[1], [0]]), np.ones((2, 2))), r"must be two arrays of shape \(n, k\)"),
        ((np.ones((2, 1)), np.ones((2, 1))), "the first of integers, not float64"),
        ((np.ones((2, 1)),), r"neighbours must be a pair \(indices, distances\), not 1 arrays"),
    ],
)
def test_bad_graphs(graph, message):
    with pytest.raises(ValueError, match=message):
        neighbor_graph(graph, metric="precomputed")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"n_neighbors": 0}, "n_neighbors must be a whole number, 1 or more, not 0"),
        ({"n_neighbors": 2.5}, "n_neighbors must be a whole number"),
        ({"metric": "manhattan"}, "metric must be one of cosine, euclidean, inner_product, precomputed, precomputed_"),
        ({"metric": ["cosine"]}, "metric must be one of"),
        ({"weights": "gauss"}, "weights must be one of auto, umap, local, similarity, binary, jaccard, not 'gauss'"),
        ({"symmetrize": "both"}, "symmetrize must be one of union, mutual, average, directed, not 'both'"),
        ({"algorithm": "tree"}, "algorithm must be one of auto, exact, ann, gpu, not 'tree'"),
        ({"min_similarity": "half"}, "min_similarity must be a number or None, not 'half'"),
        ({"min_similarity": np.nan}, "min_similarity must be a number or None, not nan"),
        ({"num_threads": 0}, "num_threads must be a whole number, 1 or more, or None, not 0"),
    ],
)
def test_bad_options(option, message):
    with pytest.raises(ValueError, match=message):
        neighbor_graph(VECTORS, **option)


def test_fewer_vectors_than_neighbors_are_all_linked_with_a_warning():
    with pytest.warns(UserWarning, match="n_neighbors=15, but there are 4 vectors: all are neighbours"):
        graph = neighbor_graph(VECTORS[:4], weights="binary")
    np.testing.assert_array_equal(graph.toarray(), 1 - np.eye(4))
    with warnings.catch_warnings(action="error"):
        neighbor_graph(VECTORS[:4], 3)


def test_vectors_of_zeros_are_reported_and_stay_alone():
    vectors = VECTORS.copy()
    vectors[[7, 9]] = 0
    with pytest.warns(UserWarning, match="2 zero vectors, the first in row 7: by cosine they have no neighbours"):
        graph = neighbor_graph(vectors, 5)
    assert np.flatnonzero(graph.sum(axis=1) == 0).tolist() == [7, 9]
    with warnings.catch_warnings(action="error"):
        neighbor_graph(vectors, 5, metric="euclidean")


def test_numbers_that_are_no_floats_are_taken():
    wanted = dense([[1.0, 0], [0, 2], [3, 3]], 2)
    for vectors in ([[1, 0], [0, 2], [3, 3]], np.array([["1", "0"], ["0", "2"], ["3", "3"]], dtype=object)):
        np.testing.assert_array_equal(dense(vectors, 2), wanted)


@given(
    hnp.arrays(np.float64, (12, 3), elements=st.integers(-1, 1).map(float)), st.sampled_from(["cosine", "euclidean"])
)
def test_any_graph_can_be_clustered(vectors, metric):
    with warnings.catch_warnings(action="ignore"):
        graph = neighbor_graph(vectors, 4, metric=metric)
    assert (graph.data > 0).all()
    assert mapeq.infomap(graph, directed=False, markov_time="auto").num_nodes == 12


def test_a_graph_says_which_options_made_it_directed():
    graph = neighbor_graph(VECTORS, 3, symmetrize="directed")
    assert mapeq.infomap(graph).network.directed
    assert not mapeq.infomap(neighbor_graph(VECTORS, 3)).network.directed


def test_the_graph_is_made_of_neighbors_and_options():
    options = AffinityOptions(6)
    np.testing.assert_array_equal(affinity_graph(find_neighbors(VECTORS, options), options).toarray(), dense())


def test_links_of_next_to_no_weight_are_none():
    distances = np.tile([1.0] * 8 + [1.742, 2.0], (12, 1))  # all eight as near as the nearest: the others fade away
    indices = (np.arange(12)[:, None] + np.arange(1, 11)) % 12
    options = AffinityOptions(10, metric="precomputed", symmetrize="directed")
    assert 0 < link_weights(Neighbors(indices, distances), "umap", "precomputed")[:, 8].max() < 1e-300
    graph = affinity_graph(Neighbors(indices, distances), options)
    assert graph.nnz == 12 * 8
    assert mapeq.infomap(graph).num_nodes == 12


@pytest.mark.parametrize("weights", ["umap", "jaccard"])
def test_threads_do_not_change_weights(monkeypatch, weights):
    vectors = np.random.default_rng(21).standard_normal((200, 4))
    alone = neighbor_graph(vectors, 5, weights=weights, num_threads=1)
    monkeypatch.setattr("mapeq._base.threads.WORTH_SHARING", 1)
    monkeypatch.setattr("mapeq.embeddings.graph.MEMBERSHIPS_AT_ONCE", 7)
    for num_threads in (2, 3, 16):
        assert (neighbor_graph(vectors, 5, weights=weights, num_threads=num_threads) != alone).nnz == 0


def test_the_graph_takes_little_memory():
    vectors = np.random.default_rng(22).standard_normal((10_000, 256), dtype=np.float32)
    neighbor_graph(vectors[:100])  # compiles
    tracemalloc.start()
    try:
        found = neighbor_graph(vectors)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * vectors.nbytes + found.data.nbytes + found.indices.nbytes + found.indptr.nbytes
    assert found.data.base is None or found.data.base.nbytes == found.data.nbytes

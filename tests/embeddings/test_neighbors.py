"""The nearest neighbours of vectors: exact ones, and nearly all by the approximate search."""

import itertools
import os
import signal
import subprocess
import sys
import time

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mapeq._base.jit import jit, kernel_of
from mapeq.embeddings import exact, neighbors
from mapeq.embeddings.neighbors import METRICS, nearest_neighbors
from mapeq.embeddings.products import COLUMNS, ROWS, multiply

SHAPES = st.tuples(st.integers(2, 30), st.integers(1, 6))
#: Few different numbers, so that ties, duplicates and zeros are frequent.
COARSE = hnp.arrays(np.float64, SHAPES, elements=st.integers(-2, 2).map(float))
FINE = hnp.arrays(np.float64, SHAPES, elements=st.floats(-1e3, 1e3, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3))


@jit
def call_multiply(rows, first, panels, number, row_limits, column_limits, products):
    return multiply(rows, first, panels, number, row_limits, column_limits, products)


def check(vectors, metric, found, queries=None):
    """Whether neighbours are the nearest, in order, and none is missing; equally near ones may be exchanged."""
    everything = naive.distances(vectors, vectors if queries is None else queries, metric)
    if queries is None:
        np.fill_diagonal(everything, np.nan)
    scale = np.nanmax(np.abs(everything), initial=1.0)
    for row, indices, distances in zip(everything, found.indices, found.distances, strict=True):
        wanted = np.sort(row[np.isfinite(row)])[: len(indices)]
        near = indices >= 0
        assert near.sum() == len(wanted)
        assert not np.isfinite(distances[~near]).any()
        assert len(set(indices[near])) == near.sum()
        np.testing.assert_allclose(distances[near], wanted, atol=2e-7 * scale, rtol=1e-6)
        np.testing.assert_allclose(row[indices[near]], distances[near], atol=2e-7 * scale, rtol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
@given(vectors=COARSE | FINE, most=st.integers(1, 8))
def test_neighbors_are_the_nearest(metric, vectors, most):
    found = nearest_neighbors(vectors, most, metric=metric)
    assert found.indices.shape == (len(vectors), min(most, len(vectors) - 1))
    check(vectors, metric, found)


@pytest.mark.parametrize("metric", METRICS)
@given(data=st.data())
def test_neighbors_of_queries_are_the_nearest(metric, data):
    vectors = data.draw(COARSE)
    queries = data.draw(hnp.arrays(np.float64, (5, vectors.shape[1]), elements=st.integers(-2, 2).map(float)))
    check(vectors, metric, nearest_neighbors(vectors, 3, metric=metric, queries=queries), queries)


@given(COARSE)
def test_of_equally_near_ones_the_lower_numbers_are_taken(vectors):
    found = nearest_neighbors(vectors, 4, metric="euclidean")
    everything = naive.distances(vectors, vectors, "euclidean")
    np.fill_diagonal(everything, np.inf)
    wanted = np.argsort(everything, axis=1, kind="stable")[:, : found.indices.shape[1]]
    np.testing.assert_array_equal(found.indices, wanted)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_blocks_and_threads_change_nothing(monkeypatch, metric, dtype):
    vectors = (10 * np.random.default_rng(1).standard_normal((300, 7))).astype(dtype)
    whole = nearest_neighbors(vectors, 6, metric=metric)
    check(vectors, metric, whole)
    queries = (10 * np.random.default_rng(2).standard_normal((150, 7))).astype(dtype)
    of_queries = nearest_neighbors(vectors, 6, metric=metric, queries=queries)
    monkeypatch.setattr(exact, "BLOCK", 21)
    monkeypatch.setattr(exact, "PANEL_NUMBERS", 1)
    monkeypatch.setattr(exact, "POINTS_AT_ONCE", 77)
    monkeypatch.setattr(exact, "QUERIES_AT_ONCE", 64)
    monkeypatch.setattr(exact, "WORTH_SHARING", 1)
    monkeypatch.setattr("mapeq._base.threads.WORTH_SHARING", 1)
    for num_threads in (1, 2, 3, 16):
        for wanted, given_queries in ((whole, None), (of_queries, queries)):
            found = nearest_neighbors(vectors, 6, metric=metric, queries=given_queries, num_threads=num_threads)
            np.testing.assert_array_equal(found.indices, wanted.indices)
            np.testing.assert_array_equal(found.distances, wanted.distances)


@pytest.mark.parametrize("num_blocks", [2, 4, 6, 14, 32])
def test_each_pair_of_blocks_meets_once_and_none_twice_in_a_round(num_blocks):
    pair = kernel_of(exact._pair)
    met = []
    for turn in range(1, num_blocks):
        games = [pair(np.uint64(turn), np.uint64(game), np.uint64(num_blocks - 1)) for game in range(num_blocks // 2)]
        assert sorted(itertools.chain(*games)) == list(range(num_blocks))
        met += [frozenset(game) for game in games]
    assert len(set(met)) == len(met) == num_blocks * (num_blocks - 1) // 2


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_products_in_registers_are_those_of_matrices(num_dimensions, seed):
    rng = np.random.default_rng(seed)
    rows, columns = (rng.standard_normal((size, num_dimensions)).astype(np.float32) for size in (ROWS + 3, 2 * COLUMNS))
    panels = np.ascontiguousarray(columns.reshape(2, COLUMNS, num_dimensions).transpose(0, 2, 1))
    row_limits = rng.standard_normal((2, ROWS)).astype(np.float32)
    column_limits = rng.standard_normal((2, 2, COLUMNS)).astype(np.float32) + 3
    products = np.empty((ROWS, COLUMNS), dtype=np.float32)
    high = call_multiply(rows, np.uint64(2), panels, np.uint64(1), row_limits, column_limits, products)
    np.testing.assert_allclose(products, rows[2 : 2 + ROWS] @ columns[COLUMNS:].T, atol=1e-5)
    bars, shares = column_limits[1]
    is_high = (products > row_limits[0][:, None] + shares) | (products > bars + row_limits[1][:, None])
    assert [high >> c & 1 for c in range(COLUMNS)] == is_high.any(axis=0).tolist()


@pytest.mark.parametrize("metric", ["euclidean", "inner_product"])
def test_clusters_far_apart_keep_their_inner_distances(metric):
    # float32 knows the places of these points only to within their distances from each other.
    rng = np.random.default_rng(2)
    vectors = 1e5 * rng.integers(0, 3, (200, 1)) + 1e-3 * rng.standard_normal((200, 4))
    found = nearest_neighbors(vectors, 5, metric=metric)
    everything = naive.distances(vectors, vectors, metric)
    np.fill_diagonal(everything, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(everything, axis=1)[:, :5], rtol=1e-12)


def test_the_order_of_the_vectors_does_not_matter():
    vectors = np.random.default_rng(3).standard_normal((400, 5))
    order = np.lexsort(vectors.T)
    found, in_order = nearest_neighbors(vectors, 5), nearest_neighbors(vectors[order], 5)
    np.testing.assert_array_equal(order[in_order.indices], found.indices[order])


@pytest.mark.parametrize("factor", [1e-150, 1e-30, 1e30, 1e150])
@pytest.mark.parametrize("metric", METRICS)
def test_the_size_of_the_numbers_does_not_matter(metric, factor):
    vectors = np.random.default_rng(4).standard_normal((60, 5))
    found, scaled = (nearest_neighbors(part, 5, metric=metric) for part in (vectors, factor * vectors))
    np.testing.assert_array_equal(scaled.indices, found.indices)
    power = {"cosine": 0, "euclidean": 1, "inner_product": 2}[metric]
    np.testing.assert_allclose(scaled.distances, found.distances * factor**power, rtol=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "inner_product"])
def test_tiny_vectors_beside_large_ones_are_told_apart(metric):
    rng = np.random.default_rng(10)
    vectors = np.vstack([1e-25 * rng.standard_normal((60, 3)), np.full((2, 3), [[1.0], [-1.0]])])
    everything = naive.distances(vectors, vectors, metric)
    np.fill_diagonal(everything, np.inf)
    found = nearest_neighbors(vectors, 4, metric=metric)
    np.testing.assert_allclose(found.distances[:60], np.sort(everything, axis=1)[:60, :4], rtol=1e-9)
    queries = 1e22 * rng.standard_normal((5, 3))
    found = nearest_neighbors(vectors, 2, metric=metric, queries=queries)
    wanted = np.sort(naive.distances(vectors, queries, metric), axis=1)[:, :2]
    np.testing.assert_allclose(found.distances, wanted, rtol=1e-9)


@pytest.mark.parametrize("factor", [5e-324, 1.7e308])
def test_the_smallest_and_the_largest_numbers(factor):
    vectors = factor * np.array([[1.0], [0.0], [-1.0], [1.0]])
    assert nearest_neighbors(vectors, 1, metric="euclidean").indices[[0, 3], 0].tolist() == [3, 0]


def test_a_vector_of_zeros_has_no_cosine():
    found = nearest_neighbors(np.array([[1.0, 0], [0, 0], [1, 1], [0, 0], [0, 1]]), 4)
    assert found.indices.tolist() == [[2, 4, -1, -1], [-1] * 4, [0, 4, -1, -1], [-1] * 4, [2, 0, -1, -1]]


def test_equal_vectors_are_neighbors_at_distance_zero():
    vectors = np.repeat(np.random.default_rng(5).standard_normal((20, 9)), 3, axis=0).astype(np.float32)
    for metric in ("cosine", "euclidean"):
        found = nearest_neighbors(vectors, 3, metric=metric)
        assert (found.distances[:, :2] == 0).all()
        assert (found.distances[:, 2] > 0).all()
        assert (found.indices[:, :2] // 3 == np.arange(60)[:, None] // 3).all()


def test_the_search_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(exact, "BLOCK", 20)
    monkeypatch.setattr(exact, "MULTIPLICATIONS_AT_ONCE", 1)
    monkeypatch.setattr(exact, "POINTS_AT_ONCE", 20)
    monkeypatch.setattr(exact, "QUERIES_AT_ONCE", 20)
    vectors = np.random.default_rng(6).standard_normal((50, 3))
    for queries, steps in ((None, 4), (vectors[:21], 6)):
        told = []
        nearest_neighbors(vectors, 2, queries=queries, report=told.append)
        assert told == sorted(told)
        assert len(told) == steps
        assert told[-1] == 1


def test_an_interrupt_ends_the_search(monkeypatch):
    monkeypatch.setattr(exact, "BLOCK", 8)
    monkeypatch.setattr(exact, "MULTIPLICATIONS_AT_ONCE", 1)
    vectors = np.random.default_rng(9).standard_normal((2000, 3))
    told = []

    def report(done):
        told.append(done)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # the main thread, which waits, takes it meanwhile

    with pytest.raises(KeyboardInterrupt):
        nearest_neighbors(vectors, 3, report=report)
    assert len(told) < 50


#: In a process of its own: where infomap is loaded, as the comparison with it does, loading faiss crashes.
APPROXIMATELY = """
import numpy as np
from mapeq.embeddings.neighbors import METRICS, nearest_neighbors

rng = np.random.default_rng(7)
vectors = rng.standard_normal((40, 16))[rng.integers(40, size=4000)] + 0.5 * rng.standard_normal((4000, 16))
vectors[17] = 0
own = np.arange(4000)[:, None]
for metric in METRICS:
    exact = nearest_neighbors(vectors, 10, metric=metric)
    found = nearest_neighbors(vectors, 10, metric=metric, algorithm="ann")
    hits = sum(len(set(a) & set(b)) for a, b in zip(exact.indices.tolist(), found.indices.tolist()))
    assert hits > 0.98 * exact.indices.size
    assert not (found.indices == own).any()
    is_same = found.indices == exact.indices
    np.testing.assert_array_equal(found.distances[is_same], exact.distances[is_same])
    if metric == "cosine":
        assert (found.indices[17] == -1).all() and not (found.indices == 17).any()
    if metric != "inner_product":
        again = nearest_neighbors(vectors, 3, metric=metric, algorithm="ann", queries=vectors[:17])
        np.testing.assert_array_equal(again.indices[:, :1], own[:17])
assert (nearest_neighbors(np.zeros((5, 8)), 2, algorithm="ann").indices == -1).all()
"""


def test_the_approximate_search_finds_nearly_all():
    done = subprocess.run([sys.executable, "-c", APPROXIMATELY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_without_its_library_the_approximate_search_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    vectors = np.random.default_rng(8).standard_normal((30, 3))
    with pytest.raises(ImportError, match=r"this needs faiss: pip install 'mapeq\[ann\]'"):
        nearest_neighbors(vectors, 3, algorithm="ann")
    monkeypatch.setattr(neighbors, "EXACT_UP_TO", 29)
    with pytest.raises(ImportError, match=r"more than 29 vectors \(here 30\) needs faiss.*'mapeq\[ann\]'"):
        nearest_neighbors(vectors, 3)
    assert nearest_neighbors(vectors, 3, algorithm="exact").indices.shape == (30, 3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"metric": "manhattan"}, "metric must be one of cosine, euclidean, inner_product, not 'manhattan'"),
        ({"algorithm": "hnsw"}, "algorithm must be one of auto, exact, ann, gpu, not 'hnsw'"),
    ],
)
def test_wrong_options(option, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbors(np.eye(3), 2, **option)

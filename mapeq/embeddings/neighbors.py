"""Nearest neighbours of vectors by cosine similarity, Euclidean distance or inner product.

This module prepares the vectors and chooses the search. All searches multiply vectors in float32 and measure the pairs
that may be among the nearest in float64, see :mod:`mapeq.embeddings.scoring`. The result of an exact search therefore
depends neither on how a machine rounds products, nor on the number of threads, nor on the device.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, index_dtype, pieces
from mapeq._base.errors import option_error
from mapeq._base.threads import Threads, run_interruptible
from mapeq.embeddings.approximate import load_faiss, search_approximately
from mapeq.embeddings.device import device_worth_using, on_host, requested_device, search_on_device
from mapeq.embeddings.exact import search_exactly
from mapeq.embeddings.scoring import Nearest, Points, Scoring

METRICS = ("cosine", "euclidean", "inner_product")
ALGORITHMS = ("auto", "exact", "ann", "gpu")

#: The default is an approximate search above this number of vectors: the time of the exact search is quadratic.
EXACT_UP_TO = 200_000

#: The default is an exact search up to this number of queries, whatever the number of vectors.
FEW_QUERIES = 10_000

#: Vectors to prepare at a time.
VECTORS_AT_ONCE = 1024

Report = Callable[[float], object]

#: Called with points, queries, scoring, what is found, and threads; yields the fraction that is done.
Search = Callable[[Points, Points, Scoring, Nearest, Threads], Iterator[float]]


class Neighbors(NamedTuple):
    """The nearest neighbours of each vector, nearest first, ties in increasing order of their numbers.

    Attributes
    ----------
    indices : signed integer array of shape (n, k)
        Numbers of the neighbours; -1 where a vector has fewer than k.
    distances : float64 array of shape (n, k)
        1 - cosine, the Euclidean distance, or minus the inner product; infinite where there is no neighbour.
    """

    indices: NDArray[np.signedinteger[Any]]
    distances: FloatArray


def nearest_neighbors(
    vectors: NDArray[Any],
    n_neighbors: int,
    *,
    metric: str = "cosine",
    queries: NDArray[Any] | None = None,
    algorithm: str = "auto",
    num_threads: int = 1,
    report: Report | None = None,
) -> Neighbors:
    """Find the nearest vectors of each other vector, or of each query.

    Parameters
    ----------
    vectors : array of shape (n, d), finite numbers
        Of NumPy, PyTorch or CuPy.
    n_neighbors : int, 1 or more
        Number of neighbours per vector, or as many as there are.
    metric : {"cosine", "euclidean", "inner_product"}
        Cosines are those of directions rounded to float32. A zero vector has no direction: it has no neighbours and is
        no neighbour.
    queries : array of shape (m, d), optional
        Vectors to find the neighbours of. By default the vectors themselves; then no vector is its own neighbour, but
        equal vectors are.
    algorithm : {"auto", "exact", "ann", "gpu"}
        "ann" is approximate, by faiss (extra ``ann``), and misses a few neighbours in a thousand. "gpu" finds the same
        as "exact" on a GPU, by PyTorch (extra ``gpu``) or CuPy. "auto" takes a GPU if one of these libraries sees it
        and the vectors are worth it, and is otherwise exact up to 200,000 vectors, and up to 10,000 queries.
    num_threads : int
        Number of threads, which does not affect the result.
    report : callable, optional
        Called from time to time with the fraction that is done.

    Returns
    -------
    Neighbors

    Raises
    ------
    ValueError
        If the metric or the algorithm is unknown, or the algorithm is "gpu" and there is no GPU.
    ImportError
        If the library of the search is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from mapeq.embeddings.neighbors import nearest_neighbors
    >>> found = nearest_neighbors(np.array([[0.0], [1.0], [5.0]]), 2, metric="euclidean")
    >>> found.indices.tolist(), found.distances.tolist()
    ([[1, 2], [0, 2], [1, 0]], [[1.0, 5.0], [1.0, 4.0], [4.0, 5.0]])
    """
    if metric not in METRICS:
        raise option_error("metric", metric, "one of " + ", ".join(METRICS))
    if algorithm not in ALGORITHMS:
        raise option_error("algorithm", algorithm, "one of " + ", ".join(ALGORITHMS))
    vectors, queries = on_host(vectors), on_host(queries)
    num_queries = len(vectors if queries is None else queries)
    search = _chosen_search(algorithm, vectors.shape, num_queries, is_few=queries is not None)
    space = _Space.of(vectors, metric, queries)
    shape = num_queries, min(n_neighbors, len(vectors) - (queries is None))
    found = Nearest(np.full(shape, -1, dtype=index_dtype(len(vectors))), np.full(shape, -np.inf))
    stop = threading.Event()

    def run() -> None:
        with Threads(num_threads) as threads:
            points = space.points(vectors, threads)
            query_points = points if queries is None else space.points(queries, threads)
            for done in search(points, query_points, space.scoring, found, threads):
                if stop.is_set():
                    break
                if report:
                    report(done)

    if found.scores.size:
        run_interruptible(run, stop.set)
    return Neighbors(found.indices, space.distances(found.scores))


def _chosen_search(algorithm: str, shape: tuple[int, ...], num_queries: int, *, is_few: bool) -> Search:
    """Return the search for these vectors; `is_few` if few queries among many vectors are searched exactly."""
    num_vectors, num_dimensions = shape
    if algorithm == "gpu":
        return partial(search_on_device, requested_device())
    if algorithm == "auto" and (device := device_worth_using(num_vectors, num_queries, num_dimensions)):
        return partial(search_on_device, device)
    # An exact search for few queries is faster than building cells.
    is_small = num_vectors <= EXACT_UP_TO or (is_few and num_queries <= FEW_QUERIES)
    if algorithm == "exact" or (algorithm == "auto" and is_small):
        return search_exactly
    return partial(search_approximately, load_faiss(num_vectors, EXACT_UP_TO if algorithm == "auto" else None))


class _Space(NamedTuple):
    """The metric and the scaling that vectors and queries share.

    Attributes
    ----------
    metric : str
    dtype : dtype of the exact vectors
    scale : float
        Power of two that vectors are divided by, so that float32 can hold their squares.
    centre : float64 array of shape (d,)
        Mean of the scaled vectors; subtracting it keeps products accurate.
    """

    metric: str
    dtype: np.dtype
    scale: float
    centre: FloatArray

    @classmethod
    def of(cls, vectors: NDArray[Any], metric: str, queries: NDArray[Any] | None) -> _Space:
        """Return the space of these vectors."""
        parts = [vectors] if queries is None else [vectors, queries]
        largest = max(abs(float(end)) for part in parts for end in (part.min(initial=0), part.max(initial=0)))
        scale = 2.0 ** max(np.floor(np.log2(largest)), -1000) if largest else 1.0
        centre = np.zeros(vectors.shape[1])
        if metric == "euclidean":
            for first, last in pieces(len(vectors), VECTORS_AT_ONCE):
                centre += (vectors[first:last] / scale).sum(axis=0, dtype=np.float64)
            centre /= len(vectors)
        dtype = np.dtype(np.float32 if metric == "cosine" or vectors.dtype == np.float32 else np.float64)
        return cls(metric, dtype, scale, centre)

    @property
    def scoring(self) -> Scoring:
        """Cosines are compared by the distances of unit vectors, which is exactly 0 for equal vectors."""
        return Scoring(self.metric != "inner_product", 1.0 if self.metric == "cosine" else 1.0 / self.scale)

    def points(self, vectors: NDArray[Any], threads: Threads) -> Points:
        """Prepare vectors for the search; by cosine, a zero vector becomes NaN, which is near to nothing."""
        rough = np.empty(vectors.shape, dtype=np.float32)

        def prepare(start: int, end: int, _: int) -> None:
            for first in range(start, end, VECTORS_AT_ONCE):
                last = min(first + VECTORS_AT_ONCE, end)
                some = vectors[first:last] / self.scale - self.centre
                if self.metric == "cosine":
                    norms = np.linalg.norm(some, axis=1, keepdims=True)
                    some = np.divide(some, norms, out=np.full(some.shape, np.nan), where=norms > 0)
                rough[first:last] = some

        threads.run(prepare, threads.parts(len(vectors), vectors.size))
        exact = rough if self.metric == "cosine" else np.ascontiguousarray(vectors, dtype=self.dtype)
        return Points(rough, exact)

    def distances(self, scores: FloatArray) -> FloatArray:
        """Convert scores to distances."""
        if self.metric == "cosine":
            return scores / -2
        if self.metric == "euclidean":
            return np.sqrt(-scores) * self.scale
        return scores * -(self.scale**2)

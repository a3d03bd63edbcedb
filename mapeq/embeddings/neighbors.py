"""Nearest neighbours of vectors by cosine similarity, Euclidean distance or inner product.

The exact search multiplies blocks of vectors in float32, which bounds the distance of each pair. Only pairs that may be
among the nearest are measured in float64. The result therefore depends neither on how a machine rounds products nor on
the number of threads, and takes little more time than the products. If vectors are searched for neighbours among
themselves, each product serves both vectors of a pair.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, index_dtype, pieces, read_only
from mapeq._base.errors import option_error
from mapeq._base.jit import inlined, jit
from mapeq._base.optional import require
from mapeq._base.threads import Threads, run_interruptible

METRICS = ("cosine", "euclidean", "inner_product")
ALGORITHMS = ("auto", "exact", "ann")

#: The default is an approximate search above this number of vectors: the time of the exact search is quadratic.
EXACT_UP_TO = 200_000

#: The default is an exact search up to this number of queries, whatever the number of vectors.
FEW_QUERIES = 10_000

#: Rows and columns of a block of products: small enough for the processor's last-level cache.
BLOCK_ROWS, BLOCK_COLUMNS = 1024, 2048

#: Squared norms below this may underflow in float32, if the largest component of all vectors is between 1 and 2.
TINY = 1e-30

#: Number of products to compare before any of them is used.
STRIP = 64

#: Minimum number of vectors per cell of the approximate search; below it, faiss warns.
VECTORS_PER_CELL = 39

#: Fraction of the cells that the approximate search visits, and their minimum number.
FRACTION_OF_CELLS, MIN_CELLS = 1 / 32, 16

Report = Callable[[float], object]


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
    n_neighbors : int, 1 or more
        Number of neighbours per vector, or as many as there are.
    metric : {"cosine", "euclidean", "inner_product"}
        Cosines are those of directions rounded to float32. A zero vector has no direction: it has no neighbours and is
        no neighbour.
    queries : array of shape (m, d), optional
        Vectors to find the neighbours of. By default the vectors themselves; then no vector is its own neighbour, but
        equal vectors are.
    algorithm : {"auto", "exact", "ann"}
        "ann" is approximate, by faiss (extra ``ann``), and misses a few neighbours in a thousand. "auto" is exact up to
        200,000 vectors, and up to 10,000 queries.
    num_threads : int
        Threads of mapeq, which do not affect the result. Matrix products use the threads that NumPy is set to.
    report : callable, optional
        Called from time to time with the fraction that is done.

    Returns
    -------
    Neighbors

    Raises
    ------
    ValueError
        If the metric or the algorithm is unknown.
    ImportError
        If the search is approximate and faiss is not installed.

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
    is_small = len(vectors) <= EXACT_UP_TO
    if queries is not None:  # an exact search for few queries is faster than building cells
        is_small |= len(queries) <= FEW_QUERIES
    is_exact = algorithm == "exact" or (algorithm == "auto" and is_small)
    faiss = None if is_exact else _faiss(len(vectors), requested=algorithm == "ann")

    space = _Space.of(vectors, metric, queries)
    points = space.points(vectors)
    query_points = points if queries is None else space.points(queries)
    shape = len(query_points.rough), min(n_neighbors, len(vectors) - (queries is None))
    found = _Nearest(np.full(shape, -1, dtype=index_dtype(len(vectors))), np.full(shape, -np.inf))
    stop = threading.Event()

    def search() -> None:
        with Threads(num_threads) as threads:
            for done in _search(faiss, points, query_points, space.scoring, found, threads):
                if stop.is_set():
                    break
                if report:
                    report(done)

    run_interruptible(search, stop.set)
    return Neighbors(found.indices, space.distances(found.scores))


class _Points(NamedTuple):
    """Vectors in the forms that the search needs.

    Attributes
    ----------
    rough : float32 array of shape (n, d)
        Centred and scaled, for products.
    exact : float32 or float64 array of shape (n, d)
        For measuring pairs.
    """

    rough: NDArray[np.float32]
    exact: NDArray[np.floating[Any]]


class _Scoring(NamedTuple):
    """How to score a pair of vectors; nearer pairs have higher scores.

    Attributes
    ----------
    by_distance : bool
        Whether the score is minus the squared distance; otherwise it is the inner product.
    factor : float
        Factor of the exact vectors.
    """

    by_distance: bool
    factor: float


class _Nearest(NamedTuple):
    """The nearest points of each query so far, nearest first: arrays of shape (m, k), updated in place."""

    indices: NDArray[np.signedinteger[Any]]
    scores: FloatArray


class _Exact(NamedTuple):
    """State of an exact search for the kernels, see :func:`_search_exactly`; n points and m queries.

    Attributes
    ----------
    points, queries : read-only float32 or float64 arrays of shape (n, d) and (m, d)
    shares, query_shares : read-only float32 arrays of shape (n,) and (m,)
    scoring : _Scoring
    found : _Nearest
    bars : float32 array of shape (m,)
    """

    points: NDArray[np.floating[Any]]
    queries: NDArray[np.floating[Any]]
    shares: NDArray[np.float32]
    query_shares: NDArray[np.float32]
    scoring: _Scoring
    found: _Nearest
    bars: NDArray[np.float32]


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
            for first, last in pieces(len(vectors), BLOCK_ROWS):
                centre += (vectors[first:last] / scale).sum(axis=0, dtype=np.float64)
            centre /= len(vectors)
        dtype = np.dtype(np.float32 if metric == "cosine" or vectors.dtype == np.float32 else np.float64)
        return cls(metric, dtype, scale, centre)

    @property
    def scoring(self) -> _Scoring:
        """Cosines are compared by the distances of unit vectors, which is exactly 0 for equal vectors."""
        return _Scoring(self.metric != "inner_product", 1.0 if self.metric == "cosine" else 1.0 / self.scale)

    def points(self, vectors: NDArray[Any]) -> _Points:
        """Prepare vectors for the search; by cosine, a zero vector becomes NaN, which is near to nothing."""
        rough = np.empty(vectors.shape, dtype=np.float32)
        for first, last in pieces(len(vectors), BLOCK_ROWS):
            some = vectors[first:last] / self.scale - self.centre
            if self.metric == "cosine":
                norms = np.linalg.norm(some, axis=1, keepdims=True)
                some = np.divide(some, norms, out=np.full(some.shape, np.nan), where=norms > 0)
            rough[first:last] = some
        exact = rough if self.metric == "cosine" else np.ascontiguousarray(vectors, dtype=self.dtype)
        return _Points(rough, exact)

    def distances(self, scores: FloatArray) -> FloatArray:
        """Convert scores to distances."""
        if self.metric == "cosine":
            return scores / -2
        if self.metric == "euclidean":
            return np.sqrt(-scores) * self.scale
        return scores * -(self.scale**2)


def _search(
    faiss: Any, points: _Points, queries: _Points, scoring: _Scoring, found: _Nearest, threads: Threads
) -> Iterator[float]:
    """Find the neighbours; yield the fraction that is done from time to time."""
    if faiss is None:
        return _search_exactly(points, queries, scoring, found, threads)
    return _search_approximately(faiss, points, queries, scoring, found, threads)


def _search_exactly(
    points: _Points, queries: _Points, scoring: _Scoring, found: _Nearest, threads: Threads
) -> Iterator[float]:
    """Find the nearest points of each query; the queries may be the points themselves.

    By distance, half the score of a pair is ``x.y - |x|^2 / 2 - |y|^2 / 2``. The error of the float32 product is below
    `margin` times ``|x| |y|``, which is at most ``(|x|^2 + |y|^2) / 2``, so that it splits into a share for each
    vector. A pair is measured if its product exceeds the `bar` of one vector, which rises with the worst score kept,
    plus the share of the other.
    """
    are_same = queries is points
    margin = (points.rough.shape[1] + 16) * 2.0**-24  # 16 for roundings before and after the product
    part = (scoring.by_distance - margin) / 2
    shares = _shares(part, points.rough)
    query_shares = shares if are_same else _shares(part, queries.rough)
    bars = np.full(len(queries.rough), -np.inf, dtype=np.float32)
    state = _Exact(
        read_only(points.exact),
        read_only(queries.exact),
        read_only(shares),
        read_only(query_shares),
        scoring,
        found,
        bars,
    )

    num_points, num_queries = len(points.rough), len(queries.rough)
    room = np.empty(min(BLOCK_ROWS, num_queries) * min(BLOCK_COLUMNS, num_points), dtype=np.float32)
    for top, bottom in pieces(num_queries, BLOCK_ROWS):
        for left in range(top if are_same else 0, num_points, BLOCK_COLUMNS):
            right = min(left + BLOCK_COLUMNS, num_points)
            products = room[: (bottom - top) * (right - left)].reshape(bottom - top, right - left)
            np.matmul(queries.rough[top:bottom], points.rough[left:right].T, out=products)
            threads.run(
                partial(_scan_rows, products, top, left, are_same, state),
                threads.parts(bottom - top, products.size),
            )
            if are_same:  # products right of the block's own columns also count for those columns
                own = max(bottom - left, 0)
                bounds = [own + place for place in threads.parts(right - left - own, products.size)]
                threads.run(partial(_scan_columns, products, top, left, state), bounds)
        rest = 1 - bottom / num_queries
        yield 1 - rest * rest if are_same else 1 - rest


def _shares(part: float, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a part of each squared norm, minus a bound for the squares that underflow in float32."""
    shares: FloatArray = part * np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64) - TINY
    return shares.astype(np.float32)


def _faiss(num_vectors: int, requested: bool) -> Any:
    """Import the library of the approximate search."""
    try:
        return require("faiss", extra="ann")
    except ImportError as error:
        if requested:
            raise
        raise ImportError(
            f"the approximate search for more than {EXACT_UP_TO:,} vectors (here {num_vectors:,}) needs faiss: "
            "pip install 'mapeq[ann]', or use algorithm='exact', whose time is quadratic",
            name="faiss",
        ) from error


def _search_approximately(
    faiss: Any, points: _Points, queries: _Points, scoring: _Scoring, found: _Nearest, threads: Threads
) -> Iterator[float]:
    """Find most of the nearest points of each query: those in nearby cells."""
    are_same = queries is points
    has_direction = ~np.isnan(points.rough[:, 0])
    numbers = np.flatnonzero(has_direction)
    rough = points.rough if has_direction.all() else points.rough[has_direction]
    metric = faiss.METRIC_L2 if scoring.by_distance else faiss.METRIC_INNER_PRODUCT
    if len(rough) == 0:
        return
    num_cells = max(min(int(4 * np.sqrt(len(rough))), len(rough) // VECTORS_PER_CELL), 1)
    cells = faiss.IndexFlat(rough.shape[1], metric)
    index = faiss.IndexIVFFlat(cells, rough.shape[1], num_cells, metric)
    index.nprobe = max(MIN_CELLS, int(num_cells * FRACTION_OF_CELLS))
    threads_before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads.num_threads)
    try:
        index.train(rough)
        index.add(rough)
        for first, last in pieces(len(queries.rough), 16 * BLOCK_ROWS):
            some = queries.rough[first:last]
            near = index.search(np.nan_to_num(some), found.indices.shape[1] + are_same)[1]
            near = np.where((near < 0) | np.isnan(some[:, :1]), -1, numbers[near])
            near.sort(axis=1)
            own = np.arange(first, last) if are_same else np.full(last - first, -1)
            best = _Nearest(found.indices[first:last], found.scores[first:last])
            measure = partial(_measure, points.exact, queries.exact[first:last], near, own, scoring, best)
            threads.run(measure, threads.parts(last - first, near.size))
            yield last / len(queries.rough)
    finally:
        faiss.omp_set_num_threads(threads_before)


@jit
def _scan_rows(products, top, left, are_same, state, first, last, _):
    """Find neighbours among the columns of a block of products, for its rows from `first` to `last`.

    Parameters
    ----------
    products : float32 array of shape (r, c)
        Of the queries from `top` on with the points from `left` on.
    are_same : bool
        Whether queries and points are the same vectors, none of which is its own neighbour.
    state : _Exact
    """
    points, queries, shares, query_shares, scoring, found, bars = state
    for r in range(first, last):
        i = top + r
        c = _next_above(products[r], shares[left:], bars[i], 0)
        while c < products.shape[1]:
            j = left + c
            if not (are_same and i == j):
                score = _score(queries[i], points[j], scoring.by_distance, scoring.factor)
                if _insert(score, j, found.indices[i], found.scores[i]):
                    bars[i] = _bar(found.scores[i, -1], query_shares[i], scoring.by_distance)
            c = _next_above(products[r], shares[left:], bars[i], c + 1)


@jit
def _scan_columns(products, top, left, state, first, last, _):
    """Find neighbours among the rows of a block of products, for its columns from `first` to `last`."""
    points, queries, shares, query_shares, scoring, found, bars = state
    for r in range(products.shape[0]):
        i = top + r
        row = products[r, :last]
        c = _next_above(row, bars[left:], shares[i], first)
        while c < last:
            j = left + c
            score = _score(queries[j], points[i], scoring.by_distance, scoring.factor)
            if _insert(score, i, found.indices[j], found.scores[j]):
                bars[j] = _bar(found.scores[j, -1], query_shares[j], scoring.by_distance)
            c = _next_above(row, bars[left:], shares[i], c + 1)


@jit
def _measure(points, queries, near, own, scoring, found, first, last, _):
    """Measure the points `near` each query from `first` to `last`, except its `own`, and keep the nearest."""
    for i in range(first, last):
        for j in near[i]:
            if j >= 0 and j != own[i]:
                score = _score(queries[i], points[j], scoring.by_distance, scoring.factor)
                _insert(score, j, found.indices[i], found.scores[i])


@inlined
def _next_above(row, bars, share, first):
    """Return the first position from `first` on whose product exceeds its bar plus a share; the end if none does."""
    last = len(row)
    while first < last:
        strip, strip_bars = row[first : min(first + STRIP, last)], bars[first:]
        above = np.uint32(0)
        for c in range(len(strip)):  # without an early exit, so that the loop is vectorised
            above += np.uint32(strip[c] > strip_bars[c] + share)
        if above > 0:
            for c in range(len(strip)):
                if strip[c] > strip_bars[c] + share:
                    return first + c
        first += STRIP
    return last


@inlined
def _bar(score, share, by_distance):
    """Return what a product, minus the other vector's share, must exceed for the pair to be nearer than the score."""
    return (score / 2 if by_distance else score) + share


@inlined
def _insert(score, neighbor, indices, scores):
    """Insert a neighbour by score, after those of equal score; return whether it is near enough."""
    place = len(scores) - 1
    if not score > scores[place]:
        return False
    while place > 0 and score > scores[place - 1]:
        scores[place], indices[place] = scores[place - 1], indices[place - 1]
        place -= 1
    scores[place], indices[place] = score, neighbor
    return True


@inlined
def _score(x, y, by_distance, factor):
    """Return the score of two vectors of shape (d,), see :class:`_Scoring`, as float64.

    Four partial sums are computed in parallel, and added in the same order everywhere.
    """
    a = b = c = d = 0.0
    whole = len(x) // 4 * 4
    if by_distance:
        for k in range(0, whole, 4):
            a -= _difference(x, y, k, factor) ** 2
            b -= _difference(x, y, k + 1, factor) ** 2
            c -= _difference(x, y, k + 2, factor) ** 2
            d -= _difference(x, y, k + 3, factor) ** 2
        for k in range(whole, len(x)):
            a -= _difference(x, y, k, factor) ** 2
    else:
        for k in range(0, whole, 4):
            a += _product(x, y, k, factor)
            b += _product(x, y, k + 1, factor)
            c += _product(x, y, k + 2, factor)
            d += _product(x, y, k + 3, factor)
        for k in range(whole, len(x)):
            a += _product(x, y, k, factor)
    return (a + b) + (c + d)


@inlined
def _difference(x, y, k, factor):
    return (np.float64(x[k]) - np.float64(y[k])) * factor


@inlined
def _product(x, y, k, factor):
    return (np.float64(x[k]) * factor) * (np.float64(y[k]) * factor)

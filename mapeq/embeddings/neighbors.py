"""The nearest neighbours of vectors, by cosine similarity, euclidean distance or inner product.

The exact search multiplies blocks of vectors in float32, which bounds how near each pair can be; only pairs that may
be among the nearest are then measured in float64. So what it finds depends neither on how a machine rounds products
nor on the number of threads, and costs little more than the products. Between the vectors themselves each pair is
multiplied once, for both its ends.
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

#: More vectors than this are searched approximately by default: the time of the exact search grows with their square.
EXACT_UP_TO = 200_000

#: Neighbours of so few new vectors are searched exactly by default, however many old ones there are.
FEW_QUERIES = 10_000

#: CSR and columns of a block of products: few enough to stay in the processor's last cache.
BLOCK_ROWS, BLOCK_COLUMNS = 1024, 2048

#: Squares below this, of vectors of which the largest has numbers from 1 to 2, may vanish in float32.
TINY = 1e-30

#: So many products are compared at once before any of them is looked at.
STRIP = 64

#: The approximate search makes cells of no fewer vectors, below which faiss warns that they are too few.
VECTORS_PER_CELL = 39

#: It looks into this fraction of them, and into no fewer than so many.
CELLS_SEARCHED, LEAST_CELLS_SEARCHED = 1 / 32, 16

Report = Callable[[float], object]


class Neighbors(NamedTuple):
    """The nearest neighbours of each vector, nearest first; of equally near ones those with lower numbers.

    Attributes
    ----------
    indices : signed integer array of shape (n, k)
        Which vectors they are; -1 where a vector has fewer.
    distances : float64 array of shape (n, k)
        1 - cosine, the euclidean distance, or minus the inner product; infinite where there is no neighbour.
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
    """Find the nearest vectors of each vector but itself, or of each query.

    Parameters
    ----------
    vectors : array of shape (n, d), finite numbers
    n_neighbors : int, 1 or more
        As many as there are, if there are fewer.
    metric : {"cosine", "euclidean", "inner_product"}
        Cosines are those of directions in float32. A vector of zeros has none, so no neighbours, and is none.
    queries : array of shape (m, d), optional
        Look for the neighbours of these among the vectors. By default of the vectors themselves, each of which is
        left out of its own by its number: others that are equal to it are its neighbours.
    algorithm : {"auto", "exact", "ann"}
        "ann" is approximate, by faiss (extra ``ann``), and misses a few neighbours in a thousand. "auto" is exact
        for up to 200,000 vectors, and for up to 10,000 queries.
    num_threads : int
        Threads of our own, whose number changes no result; matrix products take as many as NumPy is set to.
    report : callable, optional
        Told now and then which fraction is done.

    Returns
    -------
    Neighbors

    Raises
    ------
    ImportError
        If the approximate search is due and faiss is not installed.

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
    if queries is not None:  # fewer of these are found before cells are made
        is_small |= len(queries) <= FEW_QUERIES
    is_exact = algorithm == "exact" or (algorithm == "auto" and is_small)
    faiss = None if is_exact else _faiss(len(vectors), asked=algorithm == "ann")

    space = _Space.of(vectors, metric, queries)
    points = space.points(vectors)
    wanted = points if queries is None else space.points(queries)
    most = min(n_neighbors, len(vectors) - (queries is None))
    found = _Kept(
        np.full((len(wanted.rough), most), -1, dtype=index_dtype(len(vectors))),
        np.full((len(wanted.rough), most), -np.inf),
    )
    stop = threading.Event()

    def search() -> None:
        with Threads(num_threads) as crew:
            for done in _searching(faiss, points, wanted, space.scoring, found, crew):
                if stop.is_set():
                    break
                if report:
                    report(done)

    run_interruptible(search, stop.set)
    return Neighbors(found.indices, space.distances(found.scores))


class _Points(NamedTuple):
    """Vectors, ready to be compared.

    Attributes
    ----------
    rough : float32 array of shape (n, d)
        Near the origin and of moderate size, to be multiplied.
    exact : float32 or float64 array of shape (n, d)
        To be measured.
    """

    rough: NDArray[np.float32]
    exact: NDArray[np.floating[Any]]


class _Scoring(NamedTuple):
    """What the score of two vectors is, the higher the nearer.

    Attributes
    ----------
    by_distance : bool
        Minus the squared distance, else the inner product.
    factor : float
        Of exact vectors divided by it.
    """

    by_distance: bool
    factor: float


class _Kept(NamedTuple):
    """The best points of each wanted vector so far, best first: arrays of shape (m, k) that are filled in."""

    indices: NDArray[np.signedinteger[Any]]
    scores: FloatArray


class _Space(NamedTuple):
    """The space of the vectors and of all that are compared with them.

    Attributes
    ----------
    metric : str
    dtype : dtype of the exact vectors
    scale : float
        A power of two; divided by it, vectors have squares that float32 can hold.
    centre : float64 array of shape (d,)
        Of the vectors divided by the scale: what they have in common would cost their products digits.
    """

    metric: str
    dtype: np.dtype
    scale: float
    centre: FloatArray

    @classmethod
    def of(cls, vectors: NDArray[Any], metric: str, queries: NDArray[Any] | None) -> _Space:
        """The space of these vectors."""
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
        """Cosines are compared by the distances of unit vectors: that of equal ones is 0, without rounding."""
        return _Scoring(self.metric != "inner_product", 1.0 if self.metric == "cosine" else 1.0 / self.scale)

    def points(self, vectors: NDArray[Any]) -> _Points:
        """The vectors as they are compared; one of zeros is NaN by cosine, which is near to nothing."""
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
        """The distances that scores stand for."""
        if self.metric == "cosine":
            return scores / -2
        if self.metric == "euclidean":
            return np.sqrt(-scores) * self.scale
        return scores * -(self.scale**2)


def _searching(
    faiss: Any, points: _Points, wanted: _Points, scoring: _Scoring, found: _Kept, crew: Threads
) -> Iterator[float]:
    """Fill in the neighbours; tells now and then which part is done."""
    if faiss is None:
        return _searching_exactly(points, wanted, scoring, found, crew)
    return _searching_approximately(faiss, points, wanted, scoring, found, crew)


def _searching_exactly(
    points: _Points, wanted: _Points, scoring: _Scoring, found: _Kept, crew: Threads
) -> Iterator[float]:
    """Fill in the nearest points of each that is wanted; both may be the same.

    By distance half the score of a pair is ``x.y - |x|^2 / 2 - |y|^2 / 2``. The float32 product is off by less than
    `margin` times ``|x| |y|``, which is no more than ``(|x|^2 + |y|^2) / 2``, so that every vector has its own share in
    both. A pair is measured if its product is above the `bar` of one, which rises with the worst score that it keeps,
    plus the share of the other.
    """
    is_among = wanted is points
    margin = (points.rough.shape[1] + 16) * 2.0**-24  # 16 for roundings before and after the product
    part = (scoring.by_distance - margin) / 2
    shares = _shares(part, points.rough)
    wanted_shares = shares if is_among else _shares(part, wanted.rough)
    bars = np.full(len(wanted.rough), -np.inf, dtype=np.float32)
    rest = (
        read_only(points.exact),
        read_only(wanted.exact),
        read_only(shares),
        read_only(wanted_shares),
        *scoring,
        *found,
        bars,
    )

    num_points, num_wanted = len(points.rough), len(wanted.rough)
    room = np.empty(min(BLOCK_ROWS, num_wanted) * min(BLOCK_COLUMNS, num_points), dtype=np.float32)
    for top, bottom in pieces(num_wanted, BLOCK_ROWS):
        for left in range(top if is_among else 0, num_points, BLOCK_COLUMNS):
            right = min(left + BLOCK_COLUMNS, num_points)
            products = room[: (bottom - top) * (right - left)].reshape(bottom - top, right - left)
            np.matmul(wanted.rough[top:bottom], points.rough[left:right].T, out=products)
            crew.run(
                partial(_look_along_rows, products, top, left, is_among, *rest),
                crew.parts(bottom - top, products.size),
            )
            if is_among:  # the products right of the rows' own columns are those of the columns, too
                own = max(bottom - left, 0)
                bounds = [own + place for place in crew.parts(right - left - own, products.size)]
                crew.run(partial(_look_along_columns, products, top, left, *rest), bounds)
        undone = 1 - bottom / num_wanted
        yield 1 - undone * undone if is_among else 1 - undone


def _shares(part: float, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """A part of the square of each vector, and less by next to nothing: of tiny ones float32 knows nothing more."""
    shares: FloatArray = part * np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64) - TINY
    return shares.astype(np.float32)


def _faiss(num_vectors: int, asked: bool) -> Any:
    """The library of the approximate search."""
    try:
        return require("faiss", extra="ann")
    except ImportError as error:
        if asked:
            raise
        raise ImportError(
            f"{num_vectors:,} vectors: more than {EXACT_UP_TO:,} are searched approximately, which needs faiss: "
            "pip install 'mapeq[ann]', or ask for algorithm='exact', whose time grows with their square",
            name="faiss",
        ) from error


def _searching_approximately(
    faiss: Any, points: _Points, wanted: _Points, scoring: _Scoring, found: _Kept, crew: Threads
) -> Iterator[float]:
    """Fill in most of the nearest points of each that is wanted: those in the cells around it."""
    is_among = wanted is points
    is_placed = ~np.isnan(points.rough[:, 0])
    numbers = np.flatnonzero(is_placed)
    rough = points.rough if is_placed.all() else points.rough[is_placed]
    metric = faiss.METRIC_L2 if scoring.by_distance else faiss.METRIC_INNER_PRODUCT
    if len(rough) == 0:
        return
    num_cells = max(min(int(4 * np.sqrt(len(rough))), len(rough) // VECTORS_PER_CELL), 1)
    cells = faiss.IndexFlat(rough.shape[1], metric)
    index = faiss.IndexIVFFlat(cells, rough.shape[1], num_cells, metric)
    index.nprobe = max(LEAST_CELLS_SEARCHED, int(num_cells * CELLS_SEARCHED))
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(crew.num_threads)
    try:
        index.train(rough)
        index.add(rough)
        for first, last in pieces(len(wanted.rough), 16 * BLOCK_ROWS):
            queries = wanted.rough[first:last]
            near = index.search(np.nan_to_num(queries), found.indices.shape[1] + is_among)[1]
            near = np.where((near < 0) | np.isnan(queries[:, :1]), -1, numbers[near])
            near.sort(axis=1)
            own = np.arange(first, last) if is_among else np.full(last - first, -1)
            some = (part[first:last] for part in (wanted.exact, *found))
            crew.run(partial(_measure, points.exact, near, own, *scoring, *some), crew.parts(last - first, near.size))
            yield last / len(wanted.rough)
    finally:
        faiss.omp_set_num_threads(threads)


@jit
def _look_along_rows(
    products,
    top,
    left,
    is_among,
    points,
    wanted,
    shares,
    wanted_shares,
    by_distance,
    factor,
    indices,
    scores,
    bars,
    first,
    last,
    _,
):
    """Find neighbours among the columns of a block for its rows from `first` to `last`.

    Parameters
    ----------
    products : float32 array of shape (r, c)
        Of the wanted vectors from `top` on by the points from `left` on.
    is_among : bool
        Whether they are the same vectors: none is its own neighbour.
    points, wanted, shares, wanted_shares, by_distance, factor, indices, scores, bars : see :func:`_search_exactly`
    """
    for r in range(first, last):
        i = top + r
        c = _next_above(products[r], shares[left:], bars[i], 0)
        while c < products.shape[1]:
            j = left + c
            if not (is_among and i == j):
                score = _score(wanted[i], points[j], by_distance, factor)
                if _insert(score, j, indices[i], scores[i]):
                    bars[i] = _bar(scores[i, -1], wanted_shares[i], by_distance)
            c = _next_above(products[r], shares[left:], bars[i], c + 1)


@jit
def _look_along_columns(
    products,
    top,
    left,
    points,
    wanted,
    shares,
    wanted_shares,
    by_distance,
    factor,
    indices,
    scores,
    bars,
    first,
    last,
    _,
):
    """Find neighbours among the rows of a block for its columns from `first` to `last`, which are wanted, too."""
    for r in range(products.shape[0]):
        i = top + r
        row = products[r, :last]
        c = _next_above(row, bars[left:], shares[i], first)
        while c < last:
            j = left + c
            score = _score(wanted[j], points[i], by_distance, factor)
            if _insert(score, i, indices[j], scores[j]):
                bars[j] = _bar(scores[j, -1], wanted_shares[j], by_distance)
            c = _next_above(row, bars[left:], shares[i], c + 1)


@jit
def _measure(points, near, own, by_distance, factor, queries, indices, scores, first, last, _):
    """Measure what is near the queries from `first` to `last`, all but their `own`, and keep the nearest."""
    for i in range(first, last):
        for j in near[i]:
            if j >= 0 and j != own[i]:
                _insert(_score(queries[i], points[j], by_distance, factor), j, indices[i], scores[i])


@inlined
def _next_above(row, bars, share, first):
    """Where, from `first` on, the next product is that is above its bar plus a share; the end if there is none."""
    last = len(row)
    while first < last:
        strip, strip_bars = row[first : min(first + STRIP, last)], bars[first:]
        above = np.uint32(0)
        for c in range(len(strip)):  # all at once, which is faster than to stop at the first
            above += np.uint32(strip[c] > strip_bars[c] + share)
        if above > 0:
            for c in range(len(strip)):
                if strip[c] > strip_bars[c] + share:
                    return first + c
        first += STRIP
    return last


@inlined
def _bar(score, share, by_distance):
    """What products must be above, but for the other's share, for a pair to be nearer than the score."""
    return (score / 2 if by_distance else score) + share


@inlined
def _insert(score, neighbor, indices, scores):
    """Put a neighbour in its place, after those that are as near; whether it is near enough for one."""
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
    """The score of two vectors of shape (d,), see :class:`_Scoring`; float64.

    Four sums, which a processor adds up at the same time, in the same order everywhere.
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

"""Build a network of weighted links from vectors, or from precomputed neighbours."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import FloatArray, distinct, index_dtype, pieces
from mapeq._base.errors import counted, is_number, is_whole, option_error
from mapeq._base.jit import allocating
from mapeq._base.keywords import OF_ESTIMATOR, answers_keywords
from mapeq._base.threads import Threads, usable_processors
from mapeq.embeddings.device import on_host
from mapeq.embeddings.equal import equal_groups, spread_neighbors, with_equals_linked
from mapeq.embeddings.given import given_neighbors
from mapeq.embeddings.neighbors import ALGORITHMS, Neighbors, Report, nearest_neighbors
from mapeq.embeddings.neighbors import METRICS as VECTOR_METRICS

GRAPH_METRICS = ("precomputed", "precomputed_similarity")
METRICS = VECTOR_METRICS + GRAPH_METRICS
WEIGHTS = ("auto", "umap", "local", "similarity", "binary", "jaccard")
NEED_NEIGHBORS_OF_NEIGHBORS = ("local", "jaccard")
SYMMETRIZE = ("union", "mutual", "average", "directed")

#: Links weaker than this fraction of the strongest are dropped: the walk almost never takes them.
NEGLIGIBLE = 1e-12

#: Names of columns of whole numbers that name rows.
ID_COLUMNS = ("id", "index", "name", "label", "key", "node", "unnamed: 0")

#: Number of vectors to process at a time.
VECTORS_AT_ONCE, MEMBERSHIPS_AT_ONCE = 8192, 2048

#: Number of bisections of a scale, on a logarithmic axis: enough for nine digits.
BISECTIONS = 36


@dataclass(frozen=True)
class AffinityOptions:
    """How to link vectors; see :func:`neighbor_graph` for the options.

    Raises
    ------
    ValueError
        If an option is out of range; the message names the option, the value and the allowed values.
    """

    n_neighbors: int = 15
    metric: str = "cosine"
    weights: str = "auto"
    symmetrize: str = "union"
    min_similarity: float | None = None
    algorithm: str = "auto"

    def __post_init__(self) -> None:
        if not is_whole(self.n_neighbors, 1):
            raise option_error("n_neighbors", self.n_neighbors, "a whole number, 1 or more")
        if not (self.min_similarity is None or (is_number(self.min_similarity) and self.min_similarity < np.inf)):
            raise option_error("min_similarity", self.min_similarity, "a number or None")
        for name, known in (
            ("metric", METRICS),
            ("weights", WEIGHTS),
            ("symmetrize", SYMMETRIZE),
            ("algorithm", ALGORITHMS),
        ):
            value = getattr(self, name)
            if not (isinstance(value, str) and value in known):
                raise option_error(name, value, "one of " + ", ".join(known))

    @property
    def takes_graph(self) -> bool:
        """Whether the input is a graph of neighbours instead of vectors."""
        return self.metric in GRAPH_METRICS

    @property
    def gives_distances(self) -> bool:
        """Whether a given graph holds distances; otherwise similarities."""
        return self.metric == "precomputed"

    def groups(self, vectors: Any) -> NDArray[np.int64] | None:
        """Number the distinct vectors; None if no two are equal, or neighbours are given in place of vectors."""
        return None if self.takes_graph else equal_groups(checked_vectors(vectors), self.metric)

    @property
    def weighting(self) -> str:
        """The weights, with "auto" resolved."""
        if self.weights != "auto":
            return self.weights
        return "similarity" if self.metric == "precomputed_similarity" else "umap"


@answers_keywords(OF_ESTIMATOR)
def neighbor_graph(
    vectors: Any,
    n_neighbors: int = 15,
    *,
    metric: str = "cosine",
    weights: str = "auto",
    symmetrize: str = "union",
    min_similarity: float | None = None,
    algorithm: str = "auto",
    num_threads: int | None = None,
    report: Report | None = None,
) -> scipy.sparse.csr_array:
    """Link each vector to its nearest neighbours.

    Parameters
    ----------
    vectors : array_like of shape (n, d), finite numbers
        Also of PyTorch or CuPy, on any device. Or a graph, see `metric`.
    n_neighbors : int
        Number of neighbours that each vector is linked to; a vector may have more links, from others to it. Equal
        vectors are always linked, directly or through others that equal them.
    metric : {"cosine", "euclidean", "inner_product", "precomputed", "precomputed_similarity"}
        Measure of nearness. With the last two, the input holds neighbours instead of vectors: a square matrix of
        distances or similarities, sparse (absent entries are not neighbours) or dense, or a pair of arrays
        ``(indices, distances)`` of shape (n, k), in this order, in which negative indices and infinite distances stand
        for no neighbour. The nearest `n_neighbors` of each row are linked.
    weights : {"auto", "umap", "local", "similarity", "binary", "jaccard"}
        Weight of a link:

        - "umap": ``exp(-(d - nearest) / sigma)``, with a scale sigma for each vector such that its weights sum to
          log2(k + 1), unless more neighbours are as near as the nearest
        - "local": ``exp(-d^2 / (s t))``, where s and t are the distances of the last neighbours of both ends; not for
          inner products
        - "similarity": the cosine, the inner product, 1 / (1 + distance), or the given similarity; pairs of similarity
          0 or less are not linked
        - "binary": 1
        - "jaccard": Jaccard similarity of the sets of neighbours of both ends

        "auto" is "similarity" for given similarities, and otherwise "umap".
    symmetrize : {"union", "mutual", "average", "directed"}
        "union" links a pair if either is a neighbour of the other, "mutual" if both are. The weight is the larger or
        the smaller of the two, a and b; for "umap", whose weights are fuzzy memberships, it is a + b - ab or ab.
        "average" takes (a + b) / 2. "directed" keeps directed links.
    min_similarity : float, optional
        Minimum similarity of neighbours, measured as for ``weights="similarity"``.
    algorithm : {"auto", "exact", "ann", "gpu"}
        "exact" compares all pairs; "ann" is approximate, by faiss (extra ``ann``), and misses a few neighbours in a
        thousand; "gpu" finds the same as "exact" on a GPU, by PyTorch (extra ``gpu``) or CuPy. "auto" takes a GPU if
        one of these libraries sees it and the vectors are worth it, and is otherwise exact up to 200,000 vectors.
    num_threads : int, optional
        Number of threads; by default the number of processors available to the process. It does not affect the result.
    report : callable, optional
        Called from time to time with the fraction of the vectors whose neighbours are found.

    Returns
    -------
    scipy.sparse.csr_array of shape (n, n), float64
        Link weights; symmetric unless "directed". :func:`mapeq.infomap` takes it.

    Raises
    ------
    ValueError
        If an option is out of range, or the vectors or the graph are invalid; the message names row and column. Or if
        the algorithm is "gpu" and there is no GPU.
    ImportError
        If the library of the search is not installed.

    Warns
    -----
    UserWarning
        If there are no more vectors than neighbours, or zero vectors, which have no cosine and therefore no neighbours.

    References
    ----------
    L. McInnes, J. Healy and J. Melville, "UMAP", arXiv:1802.03426 (2018), for "umap"; L. Zelnik-Manor and P. Perona,
    "Self-tuning spectral clustering", NIPS (2004), for "local".

    Examples
    --------
    >>> import mapeq
    >>> points = [[0.0], [1.0], [3.0], [7.0]]
    >>> mapeq.neighbor_graph(points, 1, metric="euclidean", weights="similarity").toarray().round(2).tolist()
    [[0.0, 0.5, 0.0, 0.0], [0.5, 0.0, 0.33, 0.0], [0.0, 0.33, 0.0, 0.2], [0.0, 0.0, 0.2, 0.0]]
    """
    options = AffinityOptions(n_neighbors, metric, weights, symmetrize, min_similarity, algorithm)
    if not (num_threads is None or is_whole(num_threads, 1)):
        raise option_error("num_threads", num_threads, "a whole number, 1 or more, or None")
    threads = usable_processors() if num_threads is None else int(num_threads)
    groups = options.groups(vectors)
    neighbors = find_neighbors(vectors, options, groups, num_threads=threads, report=report)
    return affinity_graph(neighbors, options, groups, num_threads=threads)


def find_neighbors(
    vectors: Any,
    options: AffinityOptions,
    groups: NDArray[np.int64] | None = None,
    *,
    num_threads: int = 1,
    report: Report | None = None,
) -> Neighbors:
    """Find the neighbours, or read given ones; see :func:`neighbor_graph`. `groups` numbers the distinct vectors."""
    if options.takes_graph:
        neighbors = given_neighbors(vectors, int(options.n_neighbors), options.gives_distances)
    else:
        vectors = checked_vectors(vectors)
        if len(vectors) < 2:
            raise ValueError(f"{counted(len(vectors), 'vector')}: at least two are needed")
        if len(vectors) <= options.n_neighbors:
            _warn(f"n_neighbors={options.n_neighbors}, but there are {len(vectors)} vectors: all are neighbours")
        neighbors = nearest_neighbors(
            vectors,
            int(options.n_neighbors),
            metric=options.metric,
            algorithm=options.algorithm,
            num_threads=num_threads,
            report=report,
        )
        _warn_of_zeros(vectors, options.metric)
    if groups is not None:
        neighbors = spread_neighbors(neighbors, groups)
    found = similar_enough(neighbors, options)
    if (found.indices < 0).all():
        least = "" if options.min_similarity is None else f", with min_similarity={options.min_similarity}"
        _warn(f"no vector has a neighbour{least}: each is a cluster of its own")
    return found


def new_neighbors(
    queries: Any, vectors: Any, options: AffinityOptions, *, num_points: int, num_threads: int = 1
) -> Neighbors:
    """Find the neighbours of new vectors among old ones, or read them from a matrix (m, num_points) or a pair."""
    if vectors is None:
        neighbors = given_neighbors(queries, int(options.n_neighbors), options.gives_distances, num_points)
    else:
        queries = checked_vectors(queries)
        neighbors = nearest_neighbors(
            vectors,
            int(options.n_neighbors),
            metric=options.metric,
            queries=queries,
            algorithm=options.algorithm,
            num_threads=num_threads,
        )
        _warn_of_zeros(queries, options.metric)
    return similar_enough(neighbors, options)


def checked_vectors(vectors: ArrayLike) -> NDArray[Any]:
    """Return vectors as an array of shape (n, d) of finite real numbers, without a copy if possible.

    Raises
    ------
    ValueError
        If they are invalid; the message names row and column.
    """
    if scipy.sparse.issparse(vectors):
        raise ValueError("vectors must be a dense array; a sparse matrix of neighbours needs metric='precomputed'")
    check_no_ids(vectors)
    array = np.asarray(on_host(vectors))
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float64, casting="same_kind" if array.dtype.kind in "cmM" else "unsafe")
        except (TypeError, ValueError) as error:
            raise ValueError(f"vectors must be real numbers, not {array.dtype}") from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"vectors must be rows of a matrix of shape (n, d), not an array of shape {array.shape}")
    if array.dtype.kind == "f":
        for first, last in pieces(len(array), VECTORS_AT_ONCE):
            is_finite = np.isfinite(array[first:last])
            if not is_finite.all():
                row, column = np.argwhere(~is_finite)[0]
                value = "NaN" if np.isnan(array[first + row, column]) else "infinity"
                raise ValueError(f"row {first + row}, column {column} of the vectors is {value}")
    return array


def check_no_ids(vectors: Any) -> None:
    """Raise if a column of a table of vectors holds numbers of the rows rather than a dimension.

    Raises
    ------
    ValueError
        If a column of whole numbers, all different, has the name of an identifier.
    """
    columns = getattr(vectors, "columns", None)
    if columns is None or not hasattr(vectors, "__array__"):
        return
    for name in columns:
        if not (isinstance(name, str) and name.strip().lower() in ID_COLUMNS):
            continue
        values = np.asarray(vectors[name])
        if values.ndim == 1 and values.dtype.kind in "iu" and len(distinct(values)) == len(values) > 1:
            raise ValueError(
                f"the column {name!r} names the rows and is no dimension: leave it out, such as by "
                f"set_index({name!r}), or rename it"
            )


def similar_enough(neighbors: Neighbors, options: AffinityOptions) -> Neighbors:
    """Drop neighbours that are less similar than the minimum."""
    if options.min_similarity is None:
        return neighbors
    is_far = similarities(neighbors.distances, options.metric) < options.min_similarity
    return Neighbors(np.where(is_far, -1, neighbors.indices), np.where(is_far, np.inf, neighbors.distances))


def _warn_of_zeros(vectors: NDArray[Any], metric: str) -> None:
    if metric != "cosine":
        return
    zeros = np.flatnonzero(~vectors.any(axis=1))
    if len(zeros):
        _warn(
            f"{counted(len(zeros), 'zero vector')}, the first in row {zeros[0]}: by cosine they have no neighbours, "
            "and each is a cluster of its own",
            stacklevel=5,
        )


def _warn(message: str, stacklevel: int = 4) -> None:
    """Warn at the line that called the public function."""
    warnings.warn(message, UserWarning, stacklevel=stacklevel)


def similarities(distances: FloatArray, metric: str) -> FloatArray:
    """Convert distances to similarities: the cosine, the given ones, the inner product, or 1 / (1 + distance)."""
    if metric in ("cosine", "precomputed_similarity"):
        return 1 - distances
    if metric == "inner_product":
        return -distances
    return 1 / (1 + distances)


def link_weights(
    neighbors: Neighbors, weights: str, metric: str, among: Neighbors | None = None, *, num_threads: int = 1
) -> FloatArray:
    """Return the weight of the link from each vector to each of its neighbours.

    Parameters
    ----------
    neighbors : Neighbors
    weights : {"umap", "local", "similarity", "binary", "jaccard"}
    metric : str
        Metric of the distances.
    among : Neighbors, optional
        Neighbours of the neighbours; by default `neighbors` itself.
    num_threads : int
        Number of threads, which does not affect the result.

    Returns
    -------
    float64 array of shape (n, k)
        0 where there is no neighbour.
    """
    among = neighbors if among is None else among
    if weights == "umap":
        found = np.empty(neighbors.distances.shape)
        with Threads(num_threads) as threads:
            threads.run(partial(_fill_memberships, neighbors.distances, found), threads.parts(len(found), found.size))
    elif weights == "local":
        found = _locally_scaled(neighbors, among, metric)
    elif weights == "similarity":
        found = np.maximum(similarities(neighbors.distances, metric), 0)
    elif weights == "binary":
        found = np.ones(neighbors.distances.shape)
    else:
        found = np.empty(neighbors.distances.shape)
        sets = np.sort(among.indices, axis=1)
        with Threads(num_threads) as threads:
            share = partial(_share_neighbors, neighbors.indices, sets, among is neighbors, found)
            threads.run(share, threads.parts(len(found), found.size))
    return np.where(neighbors.indices < 0, 0, found)


def link_graph(neighbors: Neighbors, weights: FloatArray, num_points: int) -> scipy.sparse.csr_array:
    """Return the links from vectors to their neighbours among `num_points` points, without negligible ones."""
    is_link = weights > NEGLIGIBLE * weights.max(initial=0)
    indptr = np.zeros(len(weights) + 1, dtype=index_dtype(weights.size))
    np.cumsum(np.count_nonzero(is_link, axis=1), out=indptr[1:])
    links = scipy.sparse.csr_array(
        (weights[is_link], neighbors.indices[is_link], indptr), shape=(len(weights), num_points)
    )
    links.sort_indices()
    return links


def affinity_graph(
    neighbors: Neighbors, options: AffinityOptions, groups: NDArray[np.int64] | None = None, *, num_threads: int = 1
) -> scipy.sparse.csr_array:
    """Return the weighted links as a matrix; see :func:`neighbor_graph`. `groups` numbers the distinct vectors."""
    weights = link_weights(neighbors, options.weighting, options.metric, num_threads=num_threads)
    links = link_graph(neighbors, weights, len(neighbors.indices))
    del weights  # to save memory, here and below
    graph = links if options.symmetrize == "directed" else _symmetrized(links, options)
    if groups is not None:
        graph = with_equals_linked(graph, groups)
    if graph is links:
        return links
    del links
    # SciPy leaves room for the links of both.
    return scipy.sparse.csr_array((graph.data.copy(), graph.indices.copy(), graph.indptr), shape=graph.shape)


def _symmetrized(links: scipy.sparse.csr_array, options: AffinityOptions) -> scipy.sparse.csr_array:
    back = links.T.tocsr()
    if options.symmetrize == "average":
        return (links + back) / 2
    is_mutual = options.symmetrize == "mutual"
    if options.weighting == "umap":
        both = links * back
        if is_mutual:
            return both
        either = links + back
        del back
        return either - both
    return links.minimum(back) if is_mutual else links.maximum(back)


def _fill_memberships(distances: FloatArray, found: FloatArray, start: int, end: int, _: int) -> None:
    """Compute the memberships of the neighbours of the vectors from `start` to `end`, a few at a time."""
    for first in range(start, end, MEMBERSHIPS_AT_ONCE):
        last = min(first + MEMBERSHIPS_AT_ONCE, end)
        found[first:last] = _memberships(distances[first:last])


def _memberships(distances: FloatArray) -> FloatArray:
    """Return the fuzzy membership of each neighbour in a vector's neighbourhood, ``exp(-(d - nearest) / sigma)``.

    `nearest` is the distance of the nearest neighbour that is not an equal vector. sigma is chosen such that the
    memberships of k neighbours sum to log2(k + 1) (McInnes, Healy & Melville, UMAP, arXiv:1802.03426).
    """
    is_near = np.isfinite(distances)
    is_other = is_near & ((distances > 0) | (distances[:, :1] < 0))
    nearest = np.where(is_other, distances, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    gaps = np.maximum(distances - np.where(np.isfinite(nearest), nearest, 0), 0)
    widest = np.where(is_near, gaps, 0).max(axis=1, keepdims=True, initial=0)
    widest[widest == 0] = 1
    target = np.log2(is_near.sum(axis=1, keepdims=True) + 1)
    # The sum exceeds the target at the upper bound, for any number of neighbours. The lower bound keeps sigma positive
    # where many neighbours are as near as the nearest.
    low, high = widest * 1e-3, widest * 20
    for _ in range(BISECTIONS):
        sigma = np.sqrt(low * high)
        is_high = np.exp(gaps / -sigma).sum(axis=1, keepdims=True) > target
        low, high = np.where(is_high, low, sigma), np.where(is_high, sigma, high)
    memberships: FloatArray = np.exp(gaps / -high)
    return memberships


def _locally_scaled(neighbors: Neighbors, among: Neighbors, metric: str) -> FloatArray:
    """Return ``exp(-d^2 / (s t))``, where s and t are the distances of the last neighbours of both ends.

    L. Zelnik-Manor and P. Perona, Self-tuning spectral clustering, NIPS 2004. By cosine, d is the distance of unit
    vectors.
    """
    if neighbors.distances.min(initial=0) < 0:
        raise ValueError("weights='local' needs distances of 0 or more, not inner products or similarities above 1")
    own, others = (
        2 * part.distances if metric == "cosine" else part.distances**2 for part in (neighbors, among)
    )  # squared
    last = np.where(np.isfinite(others), others, 0).max(axis=1, initial=0)
    own_last = np.where(np.isfinite(own), own, 0).max(axis=1, keepdims=True, initial=0)
    scales = np.sqrt(own_last * last[neighbors.indices])
    weights: FloatArray = np.exp(-np.divide(own, scales, out=np.where(own > 0, np.inf, 0.0), where=scales > 0))
    return weights


@allocating
def _share_neighbors(indices, sets, is_among, found, first, last, _):
    """Compute the Jaccard similarity of the sets of neighbours of linked vectors, those from `first` to `last`.

    Parameters
    ----------
    indices : signed integer array of shape (n, k)
        Neighbours of each vector.
    sets : signed integer array of shape (m, l)
        Sorted neighbours of the neighbours; negative entries are absent. Each also counts as its own neighbour.
    is_among : bool
        Whether the vectors are their own neighbours' vectors; then each also counts as its own neighbour.
    found : float64 array of shape (n, k)
        Output.
    """
    for i in range(first, last):
        own = np.sort(indices[i])
        own = own[np.searchsorted(own, 0) :]
        for c in range(indices.shape[1]):
            j = indices[i, c]
            if j < 0:
                continue
            shared = 1  # j itself
            size = 1
            k = 0
            for other in sets[j]:
                if other < 0:
                    continue
                size += 1
                while k < len(own) and own[k] < other:
                    k += 1
                shared += (k < len(own) and own[k] == other) or (is_among and other == i)
            found[i, c] = shared / (len(own) + is_among + size - shared)

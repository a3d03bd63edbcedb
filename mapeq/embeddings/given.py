"""Read precomputed neighbours: matrices of distances or similarities, or pairs (indices, distances)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, index_dtype
from mapeq.embeddings.neighbors import Neighbors

#: Negative distances up to this fraction of the largest distance count as rounding errors of 0.
ROUNDING = 1e-6


class _Entries(NamedTuple):
    """Row, column and value of each entry of a graph, and its shape."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: FloatArray
    shape: tuple[int, int]


def given_neighbors(graph: Any, n_neighbors: int, gives_distances: bool, num_points: int | None = None) -> Neighbors:
    """Return the nearest of the given neighbours.

    Parameters
    ----------
    graph : sparse or dense matrix of shape (n, n), or pair of arrays of shape (n, k)
        The diagonal is ignored. With `num_points`, neighbours of new vectors among old ones, of shape (m, num_points)
        or (m, k); then rows and columns are different vectors, and the diagonal counts.
    n_neighbors : int
        Maximum number of neighbours per vector.
    gives_distances : bool
        Whether values are distances; otherwise similarities.
    num_points : int, optional

    Returns
    -------
    Neighbors
        The distance of a similarity s is 1 - s.
    """
    rows, columns, values, shape = _entries(graph, n_neighbors, gives_distances, num_points)
    distances = np.maximum(values, 0) if gives_distances else 1 - values
    order = np.flatnonzero(rows != columns) if num_points is None else np.arange(len(rows))
    order = order[np.lexsort((columns[order], distances[order], rows[order]))]
    sizes = np.bincount(rows[order], minlength=shape[0])
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    is_kept = rank < n_neighbors
    order, rank = order[is_kept], rank[is_kept]
    room = shape[0], int(rank.max(initial=-1)) + 1
    neighbors = Neighbors(np.full(room, -1, dtype=index_dtype(shape[1])), np.full(room, np.inf))
    neighbors.indices[rows[order], rank] = columns[order]
    neighbors.distances[rows[order], rank] = distances[order]
    return neighbors


def is_pair(graph: Any) -> bool:
    """Return whether neighbours are given as arrays of indices and distances rather than as one matrix."""
    is_list_of_arrays = isinstance(graph, list) and len(graph) == 2 and all(np.ndim(part) == 2 for part in graph)
    return isinstance(graph, tuple) or is_list_of_arrays


def num_samples(X: Any) -> int:
    """Number of samples: rows of a matrix, or of the first array of a pair."""
    return len(X[0]) if is_pair(X) else int(X.shape[0])


def checked_matrix(graph: Any, gives_distances: bool) -> Any:
    """Return a precomputed graph as a sparse COO matrix or a dense one, or raise if a value is invalid."""
    if scipy.sparse.issparse(graph):
        matrix = graph.tocoo(copy=True)
        matrix.sum_duplicates()
        rows, columns = matrix.coords
        _check_values(matrix.data, gives_distances, lambda k: (rows[k], columns[k]))
        return matrix
    matrix = np.asarray(graph, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"a precomputed graph must be a matrix, not an array of shape {matrix.shape}")
    _check_values(matrix.ravel(), gives_distances, lambda k: divmod(k, matrix.shape[1]))
    return matrix


def _entries(graph: Any, n_neighbors: int, gives_distances: bool, num_points: int | None) -> _Entries:
    """Return all entries; of a dense matrix only the nearest per row, and one more in case of the diagonal."""
    if is_pair(graph):
        return _entries_of_pair(graph, gives_distances, num_points)
    matrix = checked_matrix(graph, gives_distances)
    if num_points is None and matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a precomputed graph must be square, not of shape {matrix.shape}")
    if num_points is not None and matrix.shape[1] != num_points:
        raise ValueError(f"the graph must have distances to {num_points} vectors, but its shape is {matrix.shape}")
    if scipy.sparse.issparse(matrix):
        rows, columns = (part.astype(np.int64) for part in matrix.coords)
        return _Entries(rows, columns, np.asarray(matrix.data, dtype=np.float64), matrix.shape)
    columns = np.argsort(matrix if gives_distances else -matrix, axis=1, kind="stable")[:, : n_neighbors + 1]
    values = np.take_along_axis(matrix, columns, axis=1)
    return _Entries(np.repeat(np.arange(len(matrix)), columns.shape[1]), columns.ravel(), values.ravel(), matrix.shape)


def _entries_of_pair(pair: Any, gives_distances: bool, num_points: int | None) -> _Entries:
    """Return all entries that are neighbours; if a row names a neighbour twice, the nearer one."""
    if len(pair) != 2:
        raise ValueError(f"neighbours must be a pair (indices, distances), not {len(pair)} arrays")
    indices, values = (np.asarray(part) for part in pair)
    if indices.ndim != 2 or indices.shape != values.shape or indices.dtype.kind not in "iu":
        raise ValueError(
            "a pair (indices, distances) must be two arrays of shape (n, k), the first of integers, not "
            f"{indices.dtype} of shape {indices.shape} and {values.dtype} of shape {values.shape}"
        )
    indices, values = indices.astype(np.int64), values.astype(np.float64)
    shape = len(indices), len(indices) if num_points is None else num_points
    if indices.max(initial=-1) >= shape[1]:
        row, column = np.argwhere(indices >= shape[1])[0]
        raise ValueError(f"row {row} of the indices has {indices[row, column]}, but there are {shape[1]} vectors")
    rows, places = np.nonzero((indices >= 0) & ~np.isinf(values))
    columns, found = indices[rows, places], values[rows, places]
    _check_values(found, gives_distances, lambda k: (rows[k], columns[k]))
    nearest = np.lexsort((found if gives_distances else -found, columns, rows))
    rows, columns, found = rows[nearest], columns[nearest], found[nearest]
    is_first = np.ones(len(rows), dtype=np.bool_)
    is_first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    return _Entries(rows[is_first], columns[is_first], found[is_first], shape)


def _check_values(values: FloatArray, gives_distances: bool, place: Callable[[int], tuple[int, int]]) -> None:
    """Raise if a value is NaN, infinite or a negative distance; the message names its place."""
    is_good = np.isfinite(values)
    if gives_distances:
        is_good &= values >= -ROUNDING * np.max(values, where=is_good, initial=0)
    if not is_good.all():
        k = int(np.argmin(is_good))
        row, column = place(k)
        where = f"row {row}, column {column} of the graph"
        if np.isfinite(values[k]):  # begins with the words that scikit-learn tests for
            raise ValueError(f"Negative values in data: {where} is {values[k]:g}, but a distance is 0 or more")
        value = "NaN" if np.isnan(values[k]) else "infinity"
        raise ValueError(f"{where} is {value}; leave out pairs that are not neighbours, in a sparse matrix")

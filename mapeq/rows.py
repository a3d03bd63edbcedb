"""Links sorted into rows: the compressed sparse row (CSR) arrays under networks and flows.

Rows are made by counting sorts, in linear time, and stand in increasing order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._jit import jit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.signedinteger[Any]]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: what is shared is never written to (the caller's own array stays as it is)."""
    view = array.view()
    view.flags.writeable = False
    return view


def index_dtype(num_nodes: int) -> type[np.signedinteger[Any]]:
    """The narrowest integers that number so many nodes."""
    return np.int32 if num_nodes <= np.iinfo(np.int32).max else np.int64


def row_sums(indptr: NDArray[np.int64], values: FloatArray) -> FloatArray:
    """The sum of each row's values; 0 for an empty row."""
    sums = np.zeros(len(indptr) - 1)
    filled = np.flatnonzero(np.diff(indptr))
    if len(filled):
        sums[filled] = np.add.reduceat(values, indptr[filled])
    return sums


def column_sums(indices: IntArray, values: FloatArray, num_nodes: int) -> FloatArray:
    """The sum of each column's values."""
    return np.bincount(indices, values, minlength=num_nodes).astype(np.float64, copy=False)


def build_rows(
    sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray | None, num_nodes: int, *, symmetric: bool
) -> tuple[NDArray[np.int64], IntArray, FloatArray]:
    """Sort links into rows, sum parallel ones, and mirror them if symmetric (self-links once).

    One counting sort brings the links into the columns' order, a second, stable one into that
    of the rows: O(num_nodes + links). The order of the links does not matter, but for rounding where
    more than two parallel links are summed.

    Returns
    -------
    indptr, indices, weights
        As in :class:`Network`.
    """
    dtype = index_dtype(num_nodes)
    tails = np.ascontiguousarray(sources, dtype=dtype)
    heads = np.ascontiguousarray(targets, dtype=dtype)
    column_starts = np.zeros(num_nodes + 1, dtype=np.int64)
    _count_rows(heads, tails, symmetric, column_starts)
    size = int(column_starts[-1])
    by_column = np.empty(size, dtype=dtype)
    column_weights = np.empty(size)
    _fill_rows(
        heads, tails, None if weights is None else frozen(weights), symmetric, column_starts, by_column, column_weights
    )
    column_starts = _starts_again(column_starts)
    del tails, heads
    indptr, indices, row_weights = transposed(column_starts, by_column, column_weights)
    del by_column, column_weights
    kept = _sum_parallel(indptr, indices, row_weights)
    if kept < size:
        indices, row_weights = indices[:kept].copy(), row_weights[:kept].copy()
    return indptr, indices, row_weights


def transposed(
    indptr: NDArray[np.int64], indices: IntArray, weights: FloatArray
) -> tuple[NDArray[np.int64], IntArray, FloatArray]:
    """The rows of the transposed matrix, each in increasing order."""
    starts = np.zeros(len(indptr), dtype=np.int64)
    np.cumsum(np.bincount(indices, minlength=len(indptr) - 1), out=starts[1:])
    new_indices = np.empty_like(indices)
    new_weights = np.empty_like(weights)
    _transpose(frozen(indptr), frozen(indices), frozen(weights), starts, new_indices, new_weights)
    return _starts_again(starts), new_indices, new_weights


def _starts_again(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Filling moves every start to the end of its row, the next one's start: move them back."""
    ends[1:] = ends[:-1]
    ends[0] = 0
    return ends


@jit
def _count_rows(sources, targets, symmetric, starts):
    """Write into `starts` where each row begins once all links are in: int64 of shape (n + 1,), zeros before."""
    for k in range(len(sources)):
        starts[sources[k] + 1] += 1
        if symmetric and sources[k] != targets[k]:
            starts[targets[k] + 1] += 1
    for i in range(1, len(starts)):
        starts[i] += starts[i - 1]


@jit
def _fill_rows(sources, targets, weights, symmetric, starts, indices, new_weights):
    """Put every link into the row of its source, and of its target if symmetric; `starts` advance to the rows' ends."""
    for k in range(len(sources)):
        i, j = sources[k], targets[k]
        w = 1.0 if weights is None else weights[k]
        indices[starts[i]] = j
        new_weights[starts[i]] = w
        starts[i] += 1
        if symmetric and i != j:
            indices[starts[j]] = i
            new_weights[starts[j]] = w
            starts[j] += 1


@jit
def _transpose(indptr, indices, weights, starts, new_indices, new_weights):
    """Put every entry (i, j) into row j; walking the rows in order leaves the new rows sorted."""
    for i in range(len(indptr) - 1):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            new_indices[starts[j]] = i
            new_weights[starts[j]] = weights[k]
            starts[j] += 1


@jit
def _sum_parallel(indptr, indices, weights):
    """Merge equal neighbours within each sorted row, in place; returns the number of links kept."""
    kept = 0
    begin = indptr[0]
    for i in range(len(indptr) - 1):
        end = indptr[i + 1]
        first = kept
        for k in range(begin, end):
            if kept > first and indices[kept - 1] == indices[k]:
                weights[kept - 1] += weights[k]
            else:
                indices[kept] = indices[k]
                weights[kept] = weights[k]
                kept += 1
        begin = end
        indptr[i + 1] = kept
    return kept

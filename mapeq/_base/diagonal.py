"""The diagonal of a matrix in compressed sparse rows: self-links."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import CSR, ONE, constant, for_kernels, is_constant, pieces
from mapeq._base.jit import jit
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq._base.team import share
from mapeq._base.threads import Threads, are_many, in_threads


def diagonal(rows: CSR, threads: Threads | None = None) -> NDArray[np.int64]:
    """Return the positions of the entries on the diagonal, in increasing order.

    If the matrix is large, these threads or all find them.
    """
    if not are_many(len(rows.indices)):
        return _diagonal_small(rows)
    if threads is not None:
        return _diagonal(threads, rows)
    return in_threads(lambda threads: _diagonal(threads, rows), len(rows.indices))


def _diagonal_small(rows: CSR) -> NDArray[np.int64]:
    found = []
    for first, last in pieces(len(rows.indptr) - 1):
        begin, end = rows.indptr[first], rows.indptr[last]
        row_of = np.repeat(np.arange(first, last, dtype=rows.indices.dtype), np.diff(rows.indptr[first : last + 1]))
        found.append(begin + np.flatnonzero(rows.indices[begin:end] == row_of))
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def without_diagonal(rows: CSR, positions: NDArray[np.int64], storage: Storage = IN_MEMORY) -> CSR:
    """Return the rows without the diagonal, whose positions are given; the same arrays if it is empty."""
    if len(positions) == 0:
        return rows
    gone = np.zeros(len(rows.indptr), dtype=np.int64)
    gone[rows.indices[positions].astype(np.int64) + 1] = 1
    weights = rows.weights
    if is_constant(weights):
        weights = constant(weights[0], len(weights) - len(positions))
    else:
        weights = _without(weights, positions, storage)
    return CSR(rows.indptr - np.cumsum(gone), _without(rows.indices, positions, storage), weights)


def _without(array: NDArray[Any], positions: NDArray[np.int64], storage: Storage) -> NDArray[Any]:
    """The items at all but some positions, which increase."""
    kept = storage.empty(len(array) - len(positions), array.dtype)
    filled = 0
    for first, last in pieces(len(array)):
        others = np.ones(last - first, dtype=np.bool_)
        begin, end = np.searchsorted(positions, (first, last))
        others[positions[begin:end] - first] = False
        piece = array[first:last][others]
        kept[filled : filled + len(piece)] = piece
        filled += len(piece)
    return kept


def _diagonal(threads: Threads, rows: CSR) -> NDArray[np.int64]:
    found = np.empty(len(rows.indptr) - 1, dtype=np.int64)
    threads.together(_find_diagonal, for_kernels(rows), found)
    return found[found >= 0]


@jit
def _find_diagonal(team, rows, found):
    """Write the position of the entry on the diagonal of each row, or -1; the rows are sorted."""
    begin, end = share(np.uint64(len(found)), team)
    for i in range(begin, end):
        low, high = rows.indptr[i], rows.indptr[i + ONE]
        while low < high:
            middle = (low + high) // np.uint64(2)
            if rows.indices[middle] < i:
                low = middle + ONE
            else:
                high = middle
        is_there = low < rows.indptr[i + ONE] and rows.indices[low] == i
        found[i] = np.int64(low) if is_there else -1

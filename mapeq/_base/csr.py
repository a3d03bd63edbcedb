"""Links sorted into rows: the compressed sparse row (CSR) arrays under networks and flows.

Rows are made by counting sorts, in linear time, and stand in increasing order. Links that all weigh the same
share one weight: an array of weights may be a view of a single number with a stride of zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.jit import jit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.signedinteger[Any]]
IndexArray = NDArray[np.unsignedinteger[Any]]

#: Links are read in pieces of this length, so that what is made of them stays in the processor's cache.
PIECE = 1 << 16

#: Numba makes floats of an unsigned and a signed integer: constants of kernels are unsigned, too.
ONE = np.uint64(1)


class CSR(NamedTuple):
    """A sparse matrix: the entries of row ``i`` are those from ``indptr[i]`` to ``indptr[i + 1]``.

    Attributes
    ----------
    indptr : int64 array of shape (n + 1,)
    indices : int32 array (int64 beyond 2**31 nodes), one column an entry
    weights : float64 array, one an entry; a view of a single number where all are equal and that is known
    """

    indptr: NDArray[np.int64]
    indices: IntArray
    weights: FloatArray


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only view: what is shared is never written to (the caller's own array stays as it is)."""
    view = array.view()
    view.flags.writeable = False
    return view


def index_dtype(num_nodes: int) -> type[np.signedinteger[Any]]:
    """The narrowest integers that number so many nodes."""
    return np.int32 if num_nodes <= np.iinfo(np.int32).max else np.int64


def unsigned(array: NDArray[Any]) -> NDArray[Any]:
    """The same integers as unsigned ones, which kernels need not check for counting from the end."""
    return array.view(f"u{array.dtype.itemsize}")


def pieces(size: int, length: int = PIECE) -> Iterator[tuple[int, int]]:
    """First and last position, the latter excluded, of one piece after the other."""
    for first in range(0, size, length):
        yield first, min(first + length, size)


def constant(weight: float, size: int) -> FloatArray:
    """So many equal weights, in the memory of one."""
    return np.broadcast_to(np.float64(weight), (size,))


def is_constant(weights: FloatArray) -> bool:
    """Whether an array that is not empty repeats one number, and takes no more memory than that."""
    return len(weights) > 0 and weights.strides == (0,)


def without_repetition(weights: FloatArray) -> FloatArray:
    """The same weights, in the memory of one if all are equal."""
    if (
        len(weights)
        and weights[0] == weights[-1]
        and all((weights[a:b] == weights[0]).all() for a, b in pieces(len(weights)))
    ):
        return constant(weights[0], len(weights))
    return weights


def chosen(weights: FloatArray, mask: NDArray[np.bool_]) -> FloatArray:
    """The weights where the mask says so."""
    return constant(weights[0], int(np.count_nonzero(mask))) if is_constant(weights) else weights[mask]


def total(weights: FloatArray) -> float:
    """The sum of all weights."""
    return float(weights[0]) * len(weights) if is_constant(weights) else float(weights.sum())


def strided(values: FloatArray) -> tuple[FloatArray, np.uint64]:
    """A contiguous read-only array and a stride, 1 or 0: value ``k`` is ``array[k * stride]``."""
    if is_constant(values):
        return read_only(values[:1]), np.uint64(0)
    return read_only(np.ascontiguousarray(values)), ONE


def row_sums(indptr: NDArray[np.int64], values: FloatArray) -> FloatArray:
    """The sum of each row's values; 0 for an empty row."""
    sizes = np.diff(indptr)
    if is_constant(values):
        sums: FloatArray = sizes * values[0]
        return sums
    sums = np.zeros(len(sizes))
    filled = np.flatnonzero(sizes)
    if len(filled):
        sums[filled] = np.add.reduceat(values, indptr[filled])
    return sums


def column_sums(indices: IntArray, values: FloatArray, num_nodes: int) -> FloatArray:
    """The sum of each column's values."""
    return np.bincount(indices, values, minlength=num_nodes).astype(np.float64, copy=False)


def diagonal(rows: CSR) -> NDArray[np.int64]:
    """The positions of the entries in row ``i`` and column ``i``, in increasing order."""
    found = []
    for first, last in pieces(len(rows.indptr) - 1):
        begin, end = rows.indptr[first], rows.indptr[last]
        row_of = np.repeat(np.arange(first, last, dtype=rows.indices.dtype), np.diff(rows.indptr[first : last + 1]))
        found.append(begin + np.flatnonzero(rows.indices[begin:end] == row_of))
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def without_diagonal(rows: CSR, positions: NDArray[np.int64]) -> CSR:
    """The rows without the entries on the diagonal, whose positions are given; the same arrays if there are none."""
    if len(positions) == 0:
        return rows
    others = np.ones(len(rows.indices), dtype=np.bool_)
    others[positions] = False
    gone = np.zeros(len(rows.indptr), dtype=np.int64)
    gone[rows.indices[positions].astype(np.int64) + 1] = 1
    return CSR(rows.indptr - np.cumsum(gone), rows.indices[others], chosen(rows.weights, others))


def build_csr(
    sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray | None, num_nodes: int, *, symmetric: bool
) -> CSR:
    """Sort links into rows, sum parallel ones, and mirror them if symmetric (self-links once).

    One counting sort brings the links into the columns' order, a second, stable one into that of the rows:
    O(num_nodes + links). If symmetric, that gives the part of the matrix right of its diagonal, and a
    third one the part to the left. The order of the links does not matter, but for rounding where more than
    two parallel links are summed.

    Parameters
    ----------
    sources, targets : integer arrays of shape (m,), from 0 to num_nodes - 1
    weights : float64 array of shape (m,) or None
        None: they weigh 1 each.
    num_nodes : int
    symmetric : bool
    """
    dtype = index_dtype(num_nodes)
    weights = constant(1.0, len(sources)) if weights is None else without_repetition(weights)

    def links() -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
        for first, last in pieces(len(sources)):
            rows, columns = sources[first:last].astype(dtype), targets[first:last].astype(dtype)
            if symmetric:
                rows, columns = np.minimum(rows, columns), np.maximum(rows, columns)
            yield read_only(rows), read_only(columns), weights[first:last]

    in_row, in_column, on_diagonal = (np.zeros(num_nodes, dtype=np.int64) for _ in range(3))
    for rows, columns, _ in links():
        _count(unsigned(rows), unsigned(in_row))
        _count(unsigned(columns), unsigned(in_column))
        if symmetric:
            _count(read_only(unsigned(rows[rows == columns])), unsigned(on_diagonal))
    by_column = _empty_rows(in_column, weights)
    _fill_columns(by_column, links())
    sorted_rows = _empty_rows(in_row + in_column - on_diagonal if symmetric else in_row, weights)
    del in_column
    right = sorted_rows.indptr[1:] - in_row
    del in_row
    _transpose_between(by_column, by_column.indptr[:-1], by_column.indptr[1:], right.copy(), sorted_rows)
    del by_column
    if symmetric:
        right += on_diagonal
        left = sorted_rows.indptr[:-1].copy()
        _transpose_between(sorted_rows, right, sorted_rows.indptr[1:], left, sorted_rows)
    return _without_parallel(sorted_rows)


def _fill_columns(columns: CSR, links: Iterator[tuple[IntArray, IntArray, FloatArray]]) -> None:
    """Put the rows and weights of links, given in pieces, into their columns."""
    starts = columns.indptr[:-1].copy()
    for rows, some_columns, weights in links:
        _fill(unsigned(rows), unsigned(some_columns), *strided(weights), unsigned(starts), *_room(columns))


def transposed(rows: CSR) -> CSR:
    """The rows of the transposed matrix, each in increasing order."""
    in_column = np.zeros(len(rows.indptr) - 1, dtype=np.int64)
    _count(read_only(unsigned(rows.indices)), unsigned(in_column))
    columns = _empty_rows(in_column, rows.weights)
    _transpose_between(rows, rows.indptr[:-1], rows.indptr[1:], columns.indptr[:-1].copy(), columns)
    return columns


def is_symmetric(rows: CSR) -> bool:
    """Whether every entry equals the one on the other side of the diagonal."""
    met = rows.indptr[:-1].copy()
    return bool(_is_symmetric(*for_kernels(rows), unsigned(met)))


def changed_rows(rows: CSR, before: CSR, position: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows have other entries than they had before.

    Parameters
    ----------
    rows, before : CSR
        Of square matrices of n and of m rows.
    position : int64 array of shape (n,)
        Which row, and column, each one was before; m for new ones, which have changed.
    """
    changed = np.zeros(len(position), dtype=np.bool_)
    met = np.zeros(len(before.indptr) - 1, dtype=np.uint64)
    _mark_changed(*for_kernels(rows), *for_kernels(before), read_only(unsigned(position)), met, changed)
    return changed


def add_transposed(rows: CSR, columns: CSR, factors: FloatArray) -> CSR:
    """The sum of a matrix, its rows multiplied by factors, and its transpose; what is on the diagonal counts once.

    Parameters
    ----------
    rows, columns : CSR
        The matrix and its transpose, both with constant weights or neither; none is negative, and entries that are 0
        in the sum are left out.
    factors : float64 array of shape (n,)
    """
    size = len(rows.indices) + len(columns.indices)
    indptr = np.zeros(len(rows.indptr), dtype=np.int64)
    indices, weights = np.empty(size, dtype=rows.indices.dtype), np.empty(size)
    for first, last in pieces(len(rows.indptr) - 1):
        _add_transposed(
            *for_kernels(rows),
            *for_kernels(columns)[:3],
            read_only(factors),
            np.uint64(first),
            np.uint64(last),
            unsigned(indptr),
            unsigned(indices),
            weights,
        )
    return CSR(indptr, shortened(indices, indptr[-1]), shortened(weights, indptr[-1]))


def for_kernels(rows: CSR) -> tuple[NDArray[np.uint64], NDArray[Any], FloatArray, np.uint64]:
    """The rows as kernels read them: unsigned, read-only, the weights with their stride."""
    return read_only(unsigned(rows.indptr)), read_only(unsigned(rows.indices)), *strided(rows.weights)


def _empty_rows(sizes: NDArray[np.int64], weights: FloatArray) -> CSR:
    """Rows of the given sizes to be filled in; those of constant weights share the one weight."""
    indptr = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=indptr[1:])
    size = int(indptr[-1])
    room = constant(weights[0], size) if is_constant(weights) else np.empty(size)
    return CSR(indptr, np.empty(size, dtype=index_dtype(len(sizes))), room)


def _room(rows: CSR) -> tuple[NDArray[Any], FloatArray]:
    """Where a kernel writes columns and weights; it may overwrite the single scratch weight of constant ones."""
    return unsigned(rows.indices), np.empty(1) if is_constant(rows.weights) else rows.weights


def _transpose_between(
    rows: CSR, begins: NDArray[np.int64], ends: NDArray[np.int64], starts: NDArray[np.int64], columns: CSR
) -> None:
    """Transpose the entries from ``begins[i]`` to ``ends[i]`` of each row; column ``j`` goes to ``starts[j]``."""
    _transpose(
        read_only(unsigned(begins)),
        read_only(unsigned(ends)),
        read_only(unsigned(rows.indices)),
        *strided(rows.weights),
        unsigned(starts),
        *_room(columns),
    )


def _without_parallel(rows: CSR) -> CSR:
    """The rows with equal neighbours merged, their weights summed; overwrites what it is given if there are any."""
    begins = rows.indptr[:-1][np.diff(rows.indptr) > 0][1:]
    repeats = np.count_nonzero(rows.indices[1:] == rows.indices[:-1])
    if repeats == np.count_nonzero(rows.indices[begins] == rows.indices[begins - 1]):
        return rows
    weights = np.array(rows.weights) if is_constant(rows.weights) else rows.weights
    kept = int(_sum_parallel(unsigned(rows.indptr), unsigned(rows.indices), weights))
    return CSR(rows.indptr, shortened(rows.indices, kept), without_repetition(shortened(weights, kept)))


def shortened(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The beginning of an array that nothing else refers to; the rest of its memory is given back."""
    array.resize(size, refcheck=False)
    return array


@jit
def _count(numbers, counts):
    """Count how often each number occurs: unsigned integers of shape (m,), added to uint64 of shape (n,)."""
    for k in range(len(numbers)):
        counts[numbers[k]] += ONE


@jit
def _fill(numbers, rows, weights, stride, starts, indices, new_weights):
    """Put every number into its row, of shapes (m,); `starts`, uint64 of shape (n,), advance to the rows' ends."""
    for k in range(np.uint64(len(numbers))):
        position = starts[rows[k]]
        starts[rows[k]] = position + ONE
        indices[position] = numbers[k]
        new_weights[position * stride] = weights[k * stride]


@jit
def _transpose(begins, ends, indices, weights, stride, starts, new_indices, new_weights):
    """Put every entry (i, j) into row j; walking the rows in order leaves the new rows sorted.

    Rows, `starts` included, are uint64 of shape (n,); `new_indices` may be the array that is read, elsewhere.
    """
    for i in range(np.uint64(len(begins))):
        for k in range(begins[i], ends[i]):
            j = indices[k]
            position = starts[j]
            starts[j] = position + ONE
            new_indices[position] = i
            new_weights[position * stride] = weights[k * stride]


@jit
def _sum_parallel(indptr, indices, weights):
    """Merge equal neighbours within each sorted row, in place; returns the number of links kept."""
    kept = np.uint64(0)
    begin = indptr[0]
    for i in range(np.uint64(1), np.uint64(len(indptr))):
        end = indptr[i]
        first = kept
        for k in range(begin, end):
            if kept > first and indices[kept - ONE] == indices[k]:
                weights[kept - ONE] += weights[k]
            else:
                indices[kept] = indices[k]
                weights[kept] = weights[k]
                kept += ONE
        begin = end
        indptr[i] = kept
    return kept


@jit
def _is_symmetric(indptr, indices, weights, stride, met):
    """Whether a matrix with sorted rows equals its transpose.

    The rows above meet the entries of each row from the left to the right; `met`, uint64 of shape (n,), holds
    where the next one should be, at first where the rows begin.
    """
    for i in range(np.uint64(len(met))):
        for k in range(indptr[i], indptr[i + ONE]):
            j = np.uint64(indices[k])
            mirrored = met[j]
            if mirrored == indptr[j + ONE] or indices[mirrored] != i:
                return False
            if weights[mirrored * stride] != weights[k * stride]:
                return False
            met[j] = mirrored + ONE
    return True


@jit
def _mark_changed(
    indptr,
    indices,
    weights,
    stride,
    indptr_before,
    indices_before,
    weights_before,
    stride_before,
    position,
    met,
    changed,
):
    """Mark rows that have changed, see :func:`changed_rows`.

    `met`, uint64 of shape (m,), at first 0, notes for each column the entry of the row at hand, counted from 1.
    """
    nowhere = np.uint64(len(met))
    for i in range(np.uint64(len(position))):
        row = position[i]
        if row == nowhere:
            changed[i] = True
            continue
        first, last = indptr_before[row], indptr_before[row + ONE]
        if indptr[i + ONE] - indptr[i] != last - first:
            changed[i] = True
            continue
        for k in range(first, last):
            met[indices_before[k]] = k + ONE
        for k in range(indptr[i], indptr[i + ONE]):
            column = position[indices[k]]
            entry = met[column] if column != nowhere else first
            if entry <= first or entry > last:  # of another row
                changed[i] = True
                break
            if weights[k * stride] != weights_before[(entry - ONE) * stride_before]:
                changed[i] = True
                break


@jit
def _add_transposed(
    indptr,
    indices,
    weights,
    stride,
    column_starts,
    column_indices,
    column_weights,
    factors,
    first,
    last,
    new_indptr,
    new_indices,
    new_weights,
):
    """Fill the rows from `first` to `last` of a sum, see :func:`add_transposed`, by merging sorted rows."""
    nowhere = np.uint64(len(factors))
    filled = new_indptr[first]
    for i in range(first, last):
        k, end = indptr[i], indptr[i + ONE]
        c, column_end = column_starts[i], column_starts[i + ONE]
        while k < end or c < column_end:
            out = indices[k] if k < end else nowhere
            back = column_indices[c] if c < column_end else nowhere
            j = out if out <= back else back
            value = 0.0
            if j == out:
                value += weights[k * stride] * factors[i]
                k += ONE
            if j == back:
                if j != i:
                    value += column_weights[c * stride] * factors[j]
                c += ONE
            if value > 0.0:
                new_indices[filled] = j
                new_weights[filled] = value
                filled += ONE
        new_indptr[i + ONE] = filled

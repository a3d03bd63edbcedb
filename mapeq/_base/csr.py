"""Compressed sparse rows (CSR): the arrays of links under networks and flows.

Column indices increase within each row; :mod:`mapeq._base.building` makes the rows. If all weights are equal, the array
of weights may be a view of a single number, with a stride of zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.jit import jit
from mapeq._base.storage import IN_MEMORY, Storage

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.signedinteger[Any]]
IndexArray = NDArray[np.unsignedinteger[Any]]

#: Links are processed in pieces of this length, so that temporaries stay in the processor's cache.
PIECE = 1 << 16

#: Numba turns the sum of an unsigned and a signed integer into a float, so that constants in kernels are unsigned.
ONE = np.uint64(1)


class CSR(NamedTuple):
    """A sparse matrix whose row ``i`` has the entries from ``indptr[i]`` to ``indptr[i + 1]``.

    Attributes
    ----------
    indptr : int64 array of shape (n + 1,)
    indices : int32 array (int64 beyond 2**31 nodes)
        Column of each entry.
    weights : float64 array
        Value of each entry; a view of a single number if all are known to be equal.
    """

    indptr: NDArray[np.int64]
    indices: IntArray
    weights: FloatArray


class KernelCSR(NamedTuple):
    """A sparse matrix in the form that kernels take, made by :func:`for_kernels`.

    Attributes
    ----------
    indptr : read-only uint64 array of shape (n + 1,)
    indices : read-only unsigned integer array
    weights : read-only float64 array
    stride : uint64
        The value of entry ``k`` is ``weights[k * stride]``: 1, or 0 if all values are equal.
    """

    indptr: NDArray[np.uint64]
    indices: IndexArray
    weights: FloatArray
    stride: np.uint64


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view; the caller's own array stays writeable."""
    view = array.view()
    view.flags.writeable = False
    return view


def index_dtype(num_nodes: int) -> type[np.signedinteger[Any]]:
    """Return the narrowest signed integer type that can number all nodes."""
    return np.int32 if num_nodes <= np.iinfo(np.int32).max else np.int64


def unsigned(array: NDArray[Any]) -> NDArray[Any]:
    """View integers as unsigned, so that kernels need not handle negative indices."""
    return array.view(f"u{array.dtype.itemsize}")


def pieces(size: int, length: int = PIECE) -> Iterator[tuple[int, int]]:
    """Yield the first and, exclusively, the last position of each piece."""
    for first in range(0, size, length):
        yield first, min(first + length, size)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The distinct numbers, in order.

    NumPy's own function uses a hash table since version 2.3: where most integers are distinct, it takes ten times as
    long as sorting.
    """
    values = np.sort(values)
    return np.concatenate([values[:1], values[1:][values[1:] != values[:-1]]])


def constant(weight: float, size: int) -> FloatArray:
    """Return an array of equal weights that takes the memory of one."""
    return np.broadcast_to(np.float64(weight), (size,))


def is_constant(weights: FloatArray) -> bool:
    """Return whether a non-empty array is a view of a single number."""
    return len(weights) > 0 and weights.strides == (0,)


def without_repetition(weights: FloatArray) -> FloatArray:
    """Return the same weights, in the memory of one if all are equal."""
    if (
        len(weights)
        and weights[0] == weights[-1]
        and all((weights[a:b] == weights[0]).all() for a, b in pieces(len(weights)))
    ):
        return constant(weights[0], len(weights))
    return weights


def chosen(weights: FloatArray, mask: NDArray[np.bool_]) -> FloatArray:
    """Return the weights where the mask is True."""
    return constant(weights[0], int(np.count_nonzero(mask))) if is_constant(weights) else weights[mask]


def total(weights: FloatArray) -> float:
    """Return the sum of all weights."""
    return float(weights[0]) * len(weights) if is_constant(weights) else float(weights.sum())


def strided(values: FloatArray) -> tuple[FloatArray, np.uint64]:
    """Return a contiguous read-only array and a stride, 1 or 0, so that value ``k`` is ``array[k * stride]``."""
    if is_constant(values):
        return read_only(values[:1]), np.uint64(0)
    return read_only(np.ascontiguousarray(values)), ONE


def stepped(array: NDArray[Any]) -> tuple[NDArray[Any], np.uint64]:
    """Return a contiguous read-only array and a step, so that item ``k`` is ``flat[k * step]``; mostly without copying.

    Kernels are then compiled for contiguous arrays only. The step is 0 if all items are the same one in memory.
    """
    step, rest = divmod(array.strides[0], array.itemsize)
    if len(array) == 0 or rest or step < 0 or not array.flags.aligned:
        return read_only(np.array(array, order="C")), ONE
    if step == 1:
        return read_only(array), ONE
    length = (len(array) - 1) * step + 1
    return np.lib.stride_tricks.as_strided(array, (length,), (array.itemsize,), writeable=False), np.uint64(step)


def row_sums(indptr: NDArray[np.int64], values: FloatArray) -> FloatArray:
    """Return the sum of each row; 0 for an empty row."""
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
    """Return the sum of each column."""
    return np.bincount(indices, values, minlength=num_nodes).astype(np.float64, copy=False)


def build_small(
    sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray, num_nodes: int, symmetric: bool
) -> CSR:
    """Do what :func:`mapeq._base.building.build_csr` does for few links, without kernels."""
    dtype = index_dtype(num_nodes)
    rows, columns = sources.astype(dtype), targets.astype(dtype)
    if not symmetric:
        return sorted_small(rows, columns, weights, num_nodes)
    # Parallel links are summed before they are mirrored: in their order, whatever their directions.
    upper = sorted_small(np.minimum(rows, columns), np.maximum(rows, columns), weights, num_nodes)
    rows, columns = np.repeat(np.arange(num_nodes, dtype=dtype), np.diff(upper.indptr)), upper.indices
    apart = rows != columns
    if is_constant(upper.weights):
        weights = constant(upper.weights[0], len(rows) + int(np.count_nonzero(apart)))
    else:
        weights = np.append(upper.weights, upper.weights[apart])
    return sorted_small(np.append(rows, columns[apart]), np.append(columns, rows[apart]), weights, num_nodes)


def sorted_small(rows: IntArray, columns: IntArray, weights: FloatArray, num_nodes: int) -> CSR:
    """Return the matrix with these entries; those of the same row and column are summed in order."""
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    indptr = np.zeros(num_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows[is_new], minlength=num_nodes), out=indptr[1:])
    if not is_new.all():
        sums = np.bincount(np.cumsum(is_new) - 1, weights[order]).astype(np.float64, copy=False)
        return CSR(indptr, columns[is_new], without_repetition(sums))
    return CSR(indptr, columns, weights if is_constant(weights) else weights[order])


def is_symmetric(rows: CSR) -> bool:
    """Return whether the matrix equals its transpose."""
    met = rows.indptr[:-1].copy()
    return bool(_is_symmetric(*for_kernels(rows), unsigned(met)))


def changed_rows(rows: CSR, before: CSR, position: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the rows whose entries differ from before.

    Parameters
    ----------
    rows, before : CSR
        Square matrices of n and m rows.
    position : int64 array of shape (n,)
        Old number of each row and column; m for new rows, which count as changed.

    Returns
    -------
    bool array of shape (n,)
    """
    changed = np.zeros(len(position), dtype=np.bool_)
    met = np.zeros(len(before.indptr) - 1, dtype=np.uint64)
    _mark_changed(for_kernels(rows), for_kernels(before), read_only(unsigned(position)), met, changed)
    return changed


def add_transposed(rows: CSR, columns: CSR, factors: FloatArray, storage: Storage = IN_MEMORY) -> CSR:
    """Multiply the rows of a matrix by factors and return the sum with its transpose; the diagonal is added once.

    Parameters
    ----------
    rows, columns : CSR
        The matrix and its transpose, both with constant weights or neither. Weights are not negative; entries whose sum
        is 0 are left out.
    factors : float64 array of shape (n,)
    storage : Storage
        Of the sum.
    """
    size = len(rows.indices) + len(columns.indices)
    indptr = np.zeros(len(rows.indptr), dtype=np.int64)
    indices, weights = storage.empty(size, rows.indices.dtype), storage.empty(size, np.float64)
    for first, last in pieces(len(rows.indptr) - 1):
        _add_transposed(
            for_kernels(rows),
            for_kernels(columns),
            read_only(factors),
            np.uint64(first),
            np.uint64(last),
            unsigned(indptr),
            unsigned(indices),
            weights,
        )
    return CSR(indptr, shortened(indices, indptr[-1]), shortened(weights, indptr[-1]))


def for_kernels(rows: CSR) -> KernelCSR:
    """Return the rows in the form that kernels take: unsigned, read-only, weights with a stride."""
    return KernelCSR(read_only(unsigned(rows.indptr)), read_only(unsigned(rows.indices)), *strided(rows.weights))


def shortened(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Shrink an array that nothing else refers to, and free the rest of its memory if it has any of its own."""
    if not array.flags.owndata:
        return array[:size]
    array.resize(size, refcheck=False)
    return array


@jit
def _is_symmetric(indptr, indices, weights, stride, met):
    """Return whether a matrix with sorted rows equals its transpose.

    For each row, `met`, uint64 of shape (n,), holds the position of the next entry to compare; at first the row's
    start. Going down the rows, the mirror image of each entry must be the next one of its row.
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
def _mark_changed(rows, before, position, met, changed):
    """Mark rows that have changed, see :func:`changed_rows`.

    Parameters
    ----------
    rows, before : KernelCSR
        Of n and m rows.
    position : unsigned array of shape (n,)
    met : uint64 array of shape (m,)
        Scratch, at first 0: for each column the position plus 1 of its entry in the last row before that had it.
    changed : bool array of shape (n,)
        Output, at first False.
    """
    absent = np.uint64(len(met))
    for i in range(np.uint64(len(position))):
        row = position[i]
        if row == absent:
            changed[i] = True
            continue
        first, last = before.indptr[row], before.indptr[row + ONE]
        if rows.indptr[i + ONE] - rows.indptr[i] != last - first:
            changed[i] = True
            continue
        for k in range(first, last):
            met[before.indices[k]] = k + ONE
        for k in range(rows.indptr[i], rows.indptr[i + ONE]):
            column = position[rows.indices[k]]
            entry = met[column] if column != absent else first
            if entry <= first or entry > last:  # an entry of another row
                changed[i] = True
                break
            if rows.weights[k * rows.stride] != before.weights[(entry - ONE) * before.stride]:
                changed[i] = True
                break


@jit
def _add_transposed(rows, columns, factors, first, last, new_indptr, new_indices, new_weights):
    """Merge sorted rows and columns into rows `first` to `last` of the sum, see :func:`add_transposed`.

    Parameters
    ----------
    rows, columns : KernelCSR
        The matrix and its transpose, of n rows.
    factors : float64 array of shape (n,)
    first, last : uint64
    new_indptr : uint64 array of shape (n + 1,)
        Filled up to `first`.
    new_indices, new_weights : unsigned and float64 arrays, long enough
    """
    absent = np.uint64(len(factors))
    filled = new_indptr[first]
    for i in range(first, last):
        k, end = rows.indptr[i], rows.indptr[i + ONE]
        c, column_end = columns.indptr[i], columns.indptr[i + ONE]
        while k < end or c < column_end:
            out = rows.indices[k] if k < end else absent
            back = columns.indices[c] if c < column_end else absent
            j = out if out <= back else back
            value = 0.0
            if j == out:
                value += rows.weights[k * rows.stride] * factors[i]
                k += ONE
            if j == back:
                if j != i:
                    value += columns.weights[c * columns.stride] * factors[j]
                c += ONE
            if value > 0.0:
                new_indices[filled] = j
                new_weights[filled] = value
                filled += ONE
        new_indptr[i + ONE] = filled

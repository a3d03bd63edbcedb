"""Build compressed sparse rows from links, by all threads of a team.

Rows are divided into blocks. Each thread writes its part of the links to the blocks of their rows, in the order of the
links; then each block is sorted, see :mod:`mapeq._base.sorting`. Links may come in pieces, which need not be in memory
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import (
    CSR,
    ONE,
    FloatArray,
    IndexArray,
    build_small,
    constant,
    for_kernels,
    index_dtype,
    is_constant,
    sorted_small,
    stepped,
    unsigned,
    without_repetition,
)
from mapeq._base.jit import inlined, jit
from mapeq._base.sorting import Blocks, new_blocks, new_entries, sorted_rows
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq._base.team import ZERO, barrier, share
from mapeq._base.threads import Threads, are_many, in_threads

#: Up to this many links are sorted by NumPy, so that reading a small network compiles nothing.
FEW_LINKS = 1 << 14


class Ends(NamedTuple):
    """Links in the form that kernels take.

    Attributes
    ----------
    size : uint64
        The number of links.
    sources, targets : read-only unsigned integer arrays
    source_step, target_step : uint64
        Link ``k`` leads from ``sources[k * source_step]`` to ``targets[k * target_step]``.
    weights : read-only float64 array
    weight_step : uint64
        0 if all links have the same weight.
    """

    size: np.uint64
    sources: IndexArray
    source_step: np.uint64
    targets: IndexArray
    target_step: np.uint64
    weights: FloatArray
    weight_step: np.uint64


class Pieces(NamedTuple):
    """Links that come in pieces, read as often as needed.

    Attributes
    ----------
    size : int
        The number of links.
    weight : float or None
        The weight of all links; None if weights differ.
    read : callable
        Returns an iterator over pieces, in the same order every time: sources, targets and weights of links.
    """

    size: int
    weight: float | None
    read: Callable[[], Iterable[tuple[NDArray[Any], NDArray[Any], FloatArray]]]


def build_csr(
    sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray | None, num_nodes: int, *, symmetric: bool
) -> CSR:
    """Sort links into rows, sum parallel links and, if symmetric, store each link in both directions (self-links once).

    Parallel links are summed in the order in which they are given. The result does not depend on the order of the links
    otherwise, nor on the number of threads.

    Parameters
    ----------
    sources, targets : integer arrays of shape (m,), from 0 to num_nodes - 1
    weights : float64 array of shape (m,) or None
        1 each if None.
    num_nodes : int
    symmetric : bool
    """
    weights = constant(1.0, len(sources)) if weights is None else without_repetition(weights)
    if len(sources) <= FEW_LINKS:
        return build_small(sources, targets, weights, num_nodes, symmetric)
    weight = float(weights[0]) if is_constant(weights) else None
    return build_from_pieces(Pieces(len(sources), weight, lambda: [(sources, targets, weights)]), num_nodes, symmetric)


def build_from_pieces(links: Pieces, num_nodes: int, symmetric: bool) -> CSR:
    """Do what :func:`build_csr` does for links that need not be in memory."""
    return in_threads(lambda threads: _build(threads, links, num_nodes, symmetric), links.size)


def transposed(rows: CSR, threads: Threads | None = None, storage: Storage = IN_MEMORY) -> CSR:
    """Return the transposed matrix, with sorted rows; if it is large, these threads or all make it, in a storage."""
    if len(rows.indices) <= FEW_LINKS:
        numbers = np.arange(len(rows.indptr) - 1, dtype=rows.indices.dtype)
        return sorted_small(rows.indices, np.repeat(numbers, np.diff(rows.indptr)), rows.weights, len(numbers))
    if threads is not None:
        return _transposed(threads, rows, storage)
    return in_threads(lambda threads: _transposed(threads, rows, storage), len(rows.indices))


def _build(threads: Threads, links: Pieces, num_nodes: int, symmetric: bool) -> CSR:
    size = links.size * (1 + symmetric)
    entries, blocks = new_entries(size, num_nodes, links.weight), new_blocks(size, num_nodes)
    counts = _new_counts(threads, blocks)
    num_pieces = 0
    for piece in links.read():
        threads.together(_count, _ends(*piece, num_nodes), symmetric, blocks.shift, counts)
        num_pieces += 1
    filled = _begin_blocks(blocks, counts)
    for piece in links.read():
        ends = _ends(*piece, num_nodes)
        if num_pieces > 1:
            counts.fill(0)
            threads.together(_count, ends, symmetric, blocks.shift, counts)
        threads.together(_distribute, ends, symmetric, blocks.shift, counts, filled, entries)
    return sorted_rows(threads, entries, blocks, num_nodes, (num_nodes - 1).bit_length())


def _transposed(threads: Threads, rows: CSR, storage: Storage) -> CSR:
    num_nodes, size = len(rows.indptr) - 1, len(rows.indices)
    weight = float(rows.weights[0]) if is_constant(rows.weights) else None
    entries, blocks = new_entries(size, num_nodes, weight, storage), new_blocks(size, num_nodes)
    counts = _new_counts(threads, blocks)
    threads.together(_count_columns, for_kernels(rows), blocks.shift, counts)
    filled = _begin_blocks(blocks, counts)
    threads.together(_distribute_rows, for_kernels(rows), blocks.shift, counts, filled, entries)
    return sorted_rows(threads, entries, blocks, num_nodes, 0)  # the entries of each row are in order


def _ends(sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray, num_nodes: int) -> Ends:
    """Return the links in the form that kernels take, without copying them if they are many and of a common type."""
    size = np.dtype(index_dtype(num_nodes)).itemsize
    if are_many(len(sources)) and sources.dtype.itemsize == targets.dtype.itemsize == 8:
        size = 8

    def in_native_order(ends: NDArray[Any]) -> NDArray[Any]:
        return unsigned(ends if ends.dtype.itemsize == size and ends.dtype.isnative else ends.astype(f"i{size}"))

    tails, heads = stepped(in_native_order(sources)), stepped(in_native_order(targets))
    return Ends(np.uint64(len(sources)), *tails, *heads, *stepped(weights))


def _new_counts(threads: Threads, blocks: Blocks) -> NDArray[np.uint64]:
    return np.zeros((threads.num_threads, len(blocks.kept)), np.uint64)


def _begin_blocks(blocks: Blocks, counts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give each block room for its entries; return where the first one of each goes."""
    np.cumsum(counts.sum(axis=0), out=blocks.starts[1:])
    return blocks.starts[:-1].copy()


@jit
def _count(team, links, symmetric, shift, counts):
    """Add to `counts`, uint64 of shape (threads, blocks), the entries of each thread's part of the links."""
    begin, end = share(links.size, team)
    for k in range(begin, end):
        i, j = np.uint64(links.sources[k * links.source_step]), np.uint64(links.targets[k * links.target_step])
        counts[team.number, i >> shift] += ONE
        if symmetric and i != j:
            counts[team.number, j >> shift] += ONE
    barrier(team)


@jit
def _distribute(team, links, symmetric, shift, counts, filled, entries):
    """Write each link to the block of its row, if symmetric those of both ends; links keep their order in each block.

    `counts` are those of :func:`_count`. `filled`, uint64 of shape (blocks,), moves on behind the new entries.
    """
    _find_places(team, counts, filled)
    begin, end = share(links.size, team)
    for k in range(begin, end):
        i, j = np.uint64(links.sources[k * links.source_step]), np.uint64(links.targets[k * links.target_step])
        weight = links.weights[k * links.weight_step]
        _put(team, i, j, weight, shift, counts, entries)
        if symmetric and i != j:
            _put(team, j, i, weight, shift, counts, entries)
    barrier(team)


@jit
def _count_columns(team, rows, shift, counts):
    """Do for the transposed matrix what :func:`_count` does."""
    begin, end = share(np.uint64(len(rows.indptr)) - ONE, team)
    for k in range(rows.indptr[begin], rows.indptr[end]):
        counts[team.number, np.uint64(rows.indices[k]) >> shift] += ONE
    barrier(team)


@jit
def _distribute_rows(team, rows, shift, counts, filled, entries):
    """Write each entry of a matrix to the block of its column, for the transposed matrix; as :func:`_distribute`."""
    _find_places(team, counts, filled)
    begin, end = share(np.uint64(len(rows.indptr)) - ONE, team)
    for i in range(begin, end):
        for k in range(rows.indptr[i], rows.indptr[i + ONE]):
            j = np.uint64(rows.indices[k])
            _put(team, j, i, rows.weights[k * rows.stride], shift, counts, entries)
    barrier(team)


@inlined
def _find_places(team, counts, filled):
    """Turn the numbers of entries of each thread and block into the places where the first of them goes."""
    if team.number == ZERO:
        for block in range(np.uint64(len(filled))):
            for thread in range(np.uint64(counts.shape[0])):
                count = counts[thread, block]
                counts[thread, block] = filled[block]
                filled[block] += count
    barrier(team)


@inlined
def _put(team, i, j, weight, shift, places, entries):
    """Write the entry (i, j) to its block."""
    place = places[team.number, i >> shift]
    places[team.number, i >> shift] = place + ONE
    entries.columns[place] = j
    entries.rows[place] = i & ((ONE << shift) - ONE)
    if entries.stride:
        entries.weights[place] = weight

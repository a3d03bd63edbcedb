"""Sort the entries of a matrix into compressed sparse rows, by all threads of a team.

Entries come in blocks of rows, see :mod:`mapeq._base.building`. Each block is sorted by one thread, by column and by
row, in counting sorts that keep the order of equal entries. All of this takes linear time, whatever the sizes of the
rows.

A block has the same place in the arrays before and after it is sorted, and its rows have numbers of two bytes: the
memory needed is that of the result and two bytes for each entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import (
    CSR,
    ONE,
    FloatArray,
    IndexArray,
    constant,
    index_dtype,
    shortened,
    unsigned,
    without_repetition,
)
from mapeq._base.jit import inlined, jit, step
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq._base.team import ZERO, barrier, ticket
from mapeq._base.threads import Threads

#: Blocks have about this many entries if they need not be larger, and there are at most so many blocks if possible.
BLOCK = 1 << 16
MOST_BLOCKS = 1024

#: A block has at most 2**16 rows, so that two bytes can number them.
MOST_ROW_BITS = 16

#: Columns are sorted by digits of at most this many bits.
DIGIT_BITS = 11


class Entries(NamedTuple):
    """Entries of a matrix, block by block.

    Attributes
    ----------
    columns : unsigned integer array
    rows : uint16 array
        Numbers of the rows within their blocks.
    weights : float64 array
        Of shape (1,) if all entries are equal.
    stride : uint64
        0 if all entries are equal, else 1.
    """

    columns: IndexArray
    rows: NDArray[np.uint16]
    weights: FloatArray
    stride: np.uint64


class Blocks(NamedTuple):
    """Blocks of rows.

    Attributes
    ----------
    shift : uint64
        Row ``i`` is in block ``i >> shift``.
    starts : uint64 array of shape (number of blocks + 1,)
        Where each block begins among the entries.
    kept : uint64 array of shape (number of blocks,)
        The number of distinct entries of each block.
    """

    shift: np.uint64
    starts: NDArray[np.uint64]
    kept: NDArray[np.uint64]


class Scratch(NamedTuple):
    """Memory of one thread: for the entries of a block, and for counting."""

    entries: Entries
    counts: NDArray[np.uint64]


def new_entries(size: int, num_nodes: int, weight: float | None, storage: Storage = IN_MEMORY) -> Entries:
    columns = unsigned(storage.empty(size, index_dtype(num_nodes)))
    rows = storage.empty(size, np.uint16)
    if weight is not None or size == 0:
        return Entries(columns, rows, np.array([1.0 if weight is None else weight]), ZERO)
    return Entries(columns, rows, storage.empty(size, np.float64), ONE)


def new_blocks(size: int, num_nodes: int) -> Blocks:
    wanted = min(max(size // BLOCK, 1), MOST_BLOCKS)
    shift = min(max(num_nodes - 1, 0) // wanted, (1 << MOST_ROW_BITS) - 1).bit_length()
    count = -(-num_nodes >> shift)
    return Blocks(np.uint64(shift), np.zeros(count + 1, np.uint64), np.zeros(count, np.uint64))


def sorted_rows(threads: Threads, entries: Entries, blocks: Blocks, num_nodes: int, column_bits: int) -> CSR:
    """Sort the entries of all blocks, and sum those of the same row and column."""
    size = int(blocks.starts[-1])
    scratch = _new_scratch(threads, entries, blocks)
    indptr = np.zeros(num_nodes + 1, dtype=np.int64)
    digits = -(-column_bits // DIGIT_BITS)
    width = np.uint64(-(-column_bits // digits) if digits else 0)
    common = np.uint64(digits), width, blocks, entries, unsigned(indptr), threads.stop
    kept = int(threads.together(_sort_blocks, *common, each=scratch))
    weights = entries.weights
    if kept < size:
        if not entries.stride:
            weights = np.empty(size)
            scratch = [_with_weights(one) for one in scratch]
        threads.together(_sum_parallel, blocks, entries, weights, threads.stop, each=scratch)
    columns = entries.columns
    del scratch, common, entries
    indices = shortened(columns, kept).view(index_dtype(num_nodes))
    if 0 < kept == size and len(weights) == 1:
        return CSR(indptr, indices, constant(weights[0], size))
    weights = shortened(weights, kept)
    return CSR(indptr, indices, without_repetition(weights) if kept < size else weights)


def _with_weights(scratch: Scratch) -> Scratch:
    entries = scratch.entries
    return scratch._replace(entries=entries._replace(weights=np.empty(len(entries.rows))))


def _new_scratch(threads: Threads, entries: Entries, blocks: Blocks) -> Sequence[Scratch]:
    """Memory for each thread, for the largest block; a page of it is only taken when it is used."""
    most = int(np.diff(blocks.starts).max(initial=0))
    num_counts = max(1 << DIGIT_BITS, 1 << int(blocks.shift))

    def new() -> Scratch:
        weights = np.empty(most if entries.stride else 1)
        room = Entries(np.empty(most, entries.columns.dtype), np.empty(most, np.uint16), weights, entries.stride)
        return Scratch(room, np.empty(num_counts, np.uint64))

    return [new() for _ in range(threads.num_threads)]


@jit
def _sort_blocks(team, digits, width, blocks, entries, indptr, stop, scratch):
    """Sort the entries of each block by row and column; return the number of distinct ones.

    Parameters
    ----------
    digits, width : uint64
        Columns are sorted by so many digits of so many bits. With 0 digits they are sorted already.
    blocks : Blocks
        `kept` is filled in.
    indptr : uint64 array of shape (n + 1,)
        Where each row begins among the distinct entries; at first 0.
    stop : uint8 array of shape (1,)
        Anything but 0 leaves the rest unsorted.
    scratch : Scratch
    """
    num_blocks, rows = np.uint64(len(blocks.kept)), np.uint64(len(indptr)) - ONE
    block = ticket(team)
    while block < num_blocks and stop[0] == 0:
        first = blocks.starts[block]
        size = blocks.starts[block + ONE] - first
        num_rows = min(ONE << blocks.shift, rows - (block << blocks.shift))
        _sort_block(digits, width, first, size, num_rows, entries, scratch)
        blocks.kept[block] = _count_distinct(first, size, entries, indptr, (block << blocks.shift) + ONE)
        block = ticket(team)
    barrier(team)
    place = ZERO
    for block in range(num_blocks):
        if block % team.size == team.number:
            end = place
            for i in range(block << blocks.shift, min((block + ONE) << blocks.shift, rows)):
                end += indptr[i + ONE]
                indptr[i + ONE] = end
        place += blocks.kept[block]
    barrier(team)
    return place


@step
def _sort_block(digits, width, first, size, num_rows, entries, scratch):
    """Sort the entries of a block, from `first` on: by the digits of their columns, the last one first, and by row."""
    for sort in range(digits + ONE):
        by_row = sort == digits
        shift = sort * width
        num_keys = num_rows if by_row else ONE << width
        if sort % np.uint64(2) == ZERO:
            _counting_sort(by_row, shift, num_keys, size, entries, first, scratch.entries, ZERO, scratch.counts)
        else:
            _counting_sort(by_row, shift, num_keys, size, scratch.entries, ZERO, entries, first, scratch.counts)
    if digits % np.uint64(2) == ZERO:
        _copy(size, scratch.entries, ZERO, entries, first)


@step
def _counting_sort(by_row, shift, num_keys, size, source, source_first, target, target_first, counts):
    """Copy entries in the order of their rows, or of a digit of their columns; equal ones keep their order."""
    mask = num_keys - ONE
    for key in range(num_keys):
        counts[key] = ZERO
    if by_row:
        for k in range(source_first, source_first + size):
            counts[source.rows[k]] += ONE
    else:
        for k in range(source_first, source_first + size):
            counts[(np.uint64(source.columns[k]) >> shift) & mask] += ONE
    place = target_first
    for key in range(num_keys):
        count = counts[key]
        counts[key] = place
        place += count
    for k in range(source_first, source_first + size):
        key = np.uint64(source.rows[k]) if by_row else (np.uint64(source.columns[k]) >> shift) & mask
        place = counts[key]
        counts[key] = place + ONE
        target.columns[place] = source.columns[k]
        target.rows[place] = source.rows[k]
        if source.stride:
            target.weights[place] = source.weights[k]


@step
def _copy(size, source, source_first, target, target_first):
    for k in range(size):
        target.columns[target_first + k] = source.columns[source_first + k]
        target.rows[target_first + k] = source.rows[source_first + k]
    if source.stride:
        for k in range(size):
            target.weights[target_first + k] = source.weights[source_first + k]


@inlined
def _is_repeated(entries, k, first):
    """Whether an entry has the row and the column of the one before."""
    if k == first:
        return False
    return entries.columns[k] == entries.columns[k - ONE] and entries.rows[k] == entries.rows[k - ONE]


@step
def _count_distinct(first, size, entries, counts, first_row):
    """Count the distinct entries of each row of a block, from ``counts[first_row]`` on; return their number."""
    distinct = ZERO
    for k in range(first, first + size):
        new = np.uint64(not _is_repeated(entries, k, first))
        counts[first_row + np.uint64(entries.rows[k])] += new
        distinct += new
    return distinct


@jit
def _sum_parallel(team, blocks, entries, weights, stop, scratch):
    """Merge equal entries, sum their weights and close the gaps.

    Blocks are moved in turns. In each, all threads read the next blocks before one of them is written.

    Parameters
    ----------
    blocks : Blocks
    entries : Entries
        Sorted. The columns of the distinct ones go to its first places.
    weights : float64 array, one for each entry
        Gets the sums; `entries.weights` or another array.
    stop : uint8 array of shape (1,)
    scratch : Scratch
        With weights.
    """
    num_blocks = np.uint64(len(blocks.kept))
    block = ticket(team)
    while block < num_blocks and stop[0] == 0:
        _merge(blocks.starts[block], blocks.starts[block + ONE], entries, weights)
        block = ticket(team)
    barrier(team)
    place = ZERO
    for turn in range((num_blocks + team.size - ONE) // team.size):
        own_place, own_first, own_size = ZERO, ZERO, ZERO
        for block in range(turn * team.size, min((turn + ONE) * team.size, num_blocks)):
            if block % team.size == team.number:
                own_place, own_first, own_size = place, blocks.starts[block], blocks.kept[block]
            place += blocks.kept[block]
        for k in range(own_size):
            scratch.entries.columns[k] = entries.columns[own_first + k]
            scratch.entries.weights[k] = weights[own_first + k]
        barrier(team)
        for k in range(own_size):
            entries.columns[own_place + k] = scratch.entries.columns[k]
            weights[own_place + k] = scratch.entries.weights[k]
        barrier(team)


@step
def _merge(first, end, entries, weights):
    """Merge equal entries of a block at its first places; weights are summed in order."""
    kept = first
    for k in range(first, end):
        weight = entries.weights[k * entries.stride]
        if _is_repeated(entries, k, first):
            weights[kept - ONE] += weight
        else:
            entries.columns[kept] = entries.columns[k]
            entries.rows[kept] = entries.rows[k]
            weights[kept] = weight
            kept += ONE

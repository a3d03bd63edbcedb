"""Labels of nodes: check link ends and labels, and number the nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import ONE, distinct, index_dtype, pieces, read_only, unsigned
from mapeq._base.errors import NetworkError
from mapeq._base.jit import jit

if TYPE_CHECKING:
    Labels = range | NDArray[Any] | tuple[Hashable, ...]

#: Spreads labels over the slots of a hash table: 2**64 divided by the golden ratio (Knuth, TAOCP, vol. 3, sec. 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)


def checked_ends(nodes: ArrayLike, name: str) -> NDArray[Any]:
    """Return one end of every link as an array of integers or strings, or raise."""
    array = np.asarray(nodes)
    if array.dtype.kind == "O" and array.ndim == 1:  # e.g. a table's column of strings
        nodes = array.tolist()
        array = np.asarray(nodes)
    if array.ndim != 1:
        raise NetworkError(f"{name} must be one-dimensional, not of shape {array.shape}")
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iuUST":
        raise NetworkError(f"{name} must be integers or strings, not {array.dtype}")
    if array.dtype.kind == "U" and not isinstance(nodes, np.ndarray):
        # NumPy would turn the 1 of ["ann", 1] into a string.
        other = next((node for node in np.asarray(nodes, dtype=object) if not isinstance(node, str)), None)
        if other is not None:
            raise NetworkError(f"{name} mix strings and {other!r}: all labels must be of one type")
    return array


def checked_positions(ends: NDArray[Any], num_nodes: int) -> NDArray[Any]:
    """Return one end of every link if all are positions of nodes, or raise."""
    if ends.dtype.kind not in "iu":
        raise NetworkError("with num_nodes or labels, sources and targets must be positions: integers from 0")
    if len(ends) and (ends.min() < 0 or ends.max() >= num_nodes):
        bad = int(ends[(ends < 0) | (ends >= num_nodes)][0])
        raise NetworkError(f"a link ends at position {bad}, but there are {num_nodes} nodes, numbered from 0")
    return ends


def checked_labels(labels: Sequence[Hashable] | NDArray[Any] | None, num_nodes: int | None) -> Labels:
    """Return the labels of all nodes, by position, or raise unless they are distinct."""
    if labels is None:
        if num_nodes is None or num_nodes < 0:
            raise NetworkError(f"num_nodes must be 0 or more, not {num_nodes}")
        return range(num_nodes)
    if num_nodes is not None and num_nodes != len(labels):
        raise NetworkError(f"there are {num_nodes} nodes but {len(labels)} labels")
    names: Labels
    if isinstance(labels, range):
        return labels
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and np.can_cast(labels.dtype, np.int64):
        names = labels.astype(np.int64)
        num_distinct = len(distinct(names))
    else:
        names = tuple(labels.tolist() if isinstance(labels, np.ndarray) else labels)
        num_distinct = len(set(names))
    if num_distinct != len(names):
        counts = Counter(names.tolist() if isinstance(names, np.ndarray) else names)
        twice = next(name for name, count in counts.items() if count > 1)
        raise NetworkError(f"labels must be distinct; two nodes are called {twice!r}")
    return names


def positions(labels: Labels, among: Labels) -> NDArray[np.int64]:
    """Return the position of each label among others, or their number if it is absent; both are distinct."""
    absent = len(among)
    if labels is among or _equal(labels, among):  # the common case: the same nodes
        return np.arange(absent)
    queries, known = _as_int64(labels), _as_int64(among)
    if queries is not None and known is not None:
        order = np.argsort(known, kind="stable")
        place = np.searchsorted(known, queries, sorter=order)
        found = np.append(order, absent)[place]
        return np.where(np.append(known, 0)[found] == queries, found, absent)
    number = {label: i for i, label in enumerate(_as_objects(among))}
    return np.fromiter((number.get(label, absent) for label in _as_objects(labels)), np.int64, len(labels))


def _equal(labels: Labels, others: Labels) -> bool:
    if isinstance(labels, np.ndarray) and isinstance(others, np.ndarray):
        return bool(np.array_equal(labels, others))
    return type(labels) is type(others) and bool(labels == others)


def _as_int64(labels: Labels) -> NDArray[np.int64] | None:
    """Return the labels as an array, or None if they are not integers that fit."""
    if isinstance(labels, range):
        return np.arange(labels.start, labels.stop, labels.step)
    return labels if isinstance(labels, np.ndarray) and labels.dtype == np.int64 else None


def _as_objects(labels: Labels) -> Sequence[Hashable]:
    """Return the labels as Python objects."""
    return labels.tolist() if isinstance(labels, np.ndarray) else labels


def numbered(tails: NDArray[Any], heads: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], Labels]:
    """Number the nodes that occur, in sorted order of their labels; return tails, heads and labels."""
    if len(tails) == 0:
        return tails, heads, range(0)
    if tails.dtype.kind in "iu" and heads.dtype.kind in "iu":
        low = min(int(tails.min()), int(heads.min()))
        high = max(int(tails.max()), int(heads.max()))
        if are_dense(low, high, len(tails)):
            return _numbered_by_table(tails, heads, high)
        dtype = common_type(low, high)
        if dtype is not None:
            return _numbered_by_hashing(tails, heads, dtype)
        tails, heads = tails.astype(object), heads.astype(object)
    elif tails.dtype.kind != heads.dtype.kind:
        raise NetworkError(f"sources are {tails.dtype} and targets {heads.dtype}: all labels must be of one type")
    labels, numbers = np.unique(np.concatenate([tails, heads]), return_inverse=True)
    return numbers[: len(tails)], numbers[len(tails) :], tuple(labels.tolist())


def renumbered_by_occurrence(
    tails: NDArray[Any], heads: NDArray[Any], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Renumber nodes in order of first occurrence, without those that never occur.

    Parameters
    ----------
    tails, heads : integer arrays of shape (m,)
        Node numbers below `count`. The tail of a link occurs before its head.
    count : int

    Returns
    -------
    tails, heads : int64 arrays of shape (m,)
        The new numbers.
    order : int64 array
        The number that each node had.

    Examples
    --------
    >>> renumbered_by_occurrence(np.array([3, 0]), np.array([0, 2]), 4)
    (array([0, 1]), array([1, 2]), array([3, 0, 2]))
    """
    order = order_of_occurrence([(tails, heads)], count)
    rank = np.zeros(count, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[tails], rank[heads], order


def order_of_occurrence(links: Iterable[tuple[NDArray[Any], NDArray[Any]]], count: int) -> NDArray[np.int64]:
    """The numbers of the nodes that occur, in order of first occurrence; links come as pieces of tails and heads."""
    never = np.iinfo(np.int64).max
    first = np.full(count, never)
    begin = 0
    for tails, heads in links:
        ends = np.column_stack([tails, heads]).ravel()
        new = np.flatnonzero(first[ends] == never)[::-1]
        first[ends[new]] = begin + new  # the last write wins, which is the first occurrence
        begin += len(ends)
    return np.argsort(first, kind="stable")[: np.count_nonzero(first < never)]


def occurring(ends: Iterable[NDArray[Any]], high: int) -> NDArray[np.bool_]:
    """Mark the labels from 0 to `high` that occur."""
    occurs = np.zeros(high + 1, dtype=np.bool_)
    for labels in ends:
        occurs[labels] = True
    return occurs


def numbers_of(occurs: NDArray[np.bool_]) -> tuple[NDArray[Any] | None, Labels]:
    """The number of each label that occurs, None if it is the label itself; and the labels."""
    if occurs.all():
        return None, range(len(occurs))
    return np.cumsum(occurs, dtype=index_dtype(len(occurs))) - 1, read_only(np.flatnonzero(occurs))


def are_dense(low: int, high: int, num_links: int) -> bool:
    """Whether a table up to the highest label takes little memory for so many links."""
    return low >= 0 and high < 2 * num_links + (1 << 16)


def common_type(low: int, high: int) -> type[np.integer[Any]] | None:
    """The 64-bit type that holds all labels from `low` to `high`; None if there is none."""
    return np.int64 if high < 1 << 63 else np.uint64 if low >= 0 else None


def _numbered_by_table(
    tails: NDArray[Any], heads: NDArray[Any], high: int
) -> tuple[NDArray[Any], NDArray[Any], Labels]:
    """Number dense labels by a lookup table up to the highest label, without sorting."""
    number, labels = numbers_of(occurring((tails, heads), high))
    return (tails, heads, labels) if number is None else (number[tails], number[heads], labels)


def _numbered_by_hashing(
    tails: NDArray[Any], heads: NDArray[Any], dtype: type[np.integer[Any]]
) -> tuple[NDArray[Any], NDArray[Any], Labels]:
    """Number sparse labels: first in order of occurrence by a hash table, then sorted."""
    ends = np.empty((2, len(tails)), dtype=index_dtype(2 * len(tails)))
    table = LabelTable(dtype, ends.dtype)
    for labels, numbers in zip((tails, heads), ends, strict=True):
        for first, last in pieces(len(labels)):
            numbers[first:last] = table.number(labels[first:last])
    rank, names = table.ranked()
    for numbers in ends:
        for first, last in pieces(len(numbers)):
            numbers[first:last] = rank[numbers[first:last]]
    return ends[0], ends[1], names


class LabelTable:
    """Numbers integer labels from 0 in order of occurrence, by a hash table.

    Parameters
    ----------
    dtype : type
        Of the labels, of 64 bits.
    number_dtype : dtype
        Of the numbers.
    """

    def __init__(self, dtype: type[np.integer[Any]], number_dtype: np.dtype[Any]):
        self._dtype, self._number_dtype = dtype, number_dtype
        self._slots, self._known = _hash_table(0, number_dtype)
        self._count = 0

    def number(self, labels: NDArray[Any]) -> NDArray[Any]:
        """The number of each label; labels that are new get the next ones."""
        piece = read_only(labels.astype(self._dtype).view(np.uint64))
        if self._count + len(piece) > len(self._known):
            before = read_only(self._known[: self._count])
            self._slots, self._known = _hash_table(2 * (self._count + len(piece)), self._number_dtype)
            self._enter(before, 0)
        numbers, self._count = self._enter(piece, self._count)
        return numbers

    def _enter(self, labels: NDArray[np.uint64], count: int) -> tuple[NDArray[Any], int]:
        numbers = np.empty(len(labels), self._number_dtype)
        shift = _shift(self._slots)
        return numbers, int(_number(labels, self._slots, shift, self._known, np.uint64(count), unsigned(numbers)))

    def ranked(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The position that each number gets when labels are sorted, and the sorted labels."""
        names = self._known[: self._count].view(self._dtype)
        order = np.argsort(names)
        rank = np.empty(self._count, dtype=self._number_dtype)
        rank[order] = np.arange(self._count)
        return rank, read_only(names[order])


def _hash_table(size: int, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[np.uint64]]:
    """Return free slots and an array for at least `size` labels; the table is at most half full."""
    capacity = 1 << size.bit_length()
    return unsigned(np.zeros(2 * capacity, dtype=dtype)), np.empty(capacity, dtype=np.uint64)


def _shift(slots: NDArray[Any]) -> np.uint64:
    """Return the shift that turns a 64-bit hash into a slot number."""
    return np.uint64(65 - len(slots).bit_length())


@jit
def _number(labels, slots, shift, known, count, numbers):
    """Number labels from 0 in order of first occurrence; return the number of distinct labels so far.

    Parameters
    ----------
    labels : uint64 array of shape (m,)
    slots : unsigned array whose length is a power of 2
        Hash table of node numbers plus 1; 0 marks a free slot.
    shift : uint64
    known : uint64 array
        Distinct labels, by number. The first `count` are filled.
    count : uint64
    numbers : unsigned array of shape (m,)
        Output: the number of each label.
    """
    last = np.uint64(len(slots) - 1)
    for k in range(np.uint64(len(labels))):
        slot = (labels[k] * SPREAD) >> shift
        while slots[slot] != 0 and known[slots[slot] - ONE] != labels[k]:
            slot = (slot + ONE) & last
        if slots[slot] == 0:
            known[count] = labels[k]
            count += ONE
            slots[slot] = count
        numbers[k] = slots[slot] - ONE
    return count

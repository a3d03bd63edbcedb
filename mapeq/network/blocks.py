"""Networks from links that come in blocks: from files, databases or generators, more than fit into memory.

Blocks are read once. Their links go to temporary files, from which they are numbered and sorted into rows, a piece at a
time: no array is as long as the links but those of the network itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mapeq._base.building import Pieces, build_from_pieces
from mapeq._base.csr import FloatArray, constant, index_dtype
from mapeq._base.errors import NetworkError
from mapeq.network.labels import (
    LabelTable,
    are_dense,
    checked_ends,
    common_type,
    numbers_of,
    occurring,
    order_of_occurrence,
)
from mapeq.network.weights import bad_weight, first_bad_weight

if TYPE_CHECKING:
    from mapeq.network.labels import Labels
    from mapeq.network.network import Network

#: Links are kept in memory up to this many, and go to files in pieces of about so many.
PIECE = 1 << 21

#: Smaller numbers take this type in files, others eight bytes.
NARROW = np.uint32


#: Sources, targets, and weights or None, of some links.
Rows: TypeAlias = tuple[NDArray[Any], NDArray[Any], FloatArray | None]


class Numbered(NamedTuple):
    """How labels in files become nodes.

    Attributes
    ----------
    number : integer array or None
        The node of each label; None if labels are nodes.
    labels : Labels
        Of the nodes.
    """

    number: NDArray[Any] | None
    labels: Labels


def from_blocks(
    cls: type[Network],
    blocks: Iterable[Any],
    *,
    directed: bool = False,
    num_nodes: int | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Network:
    """Build a network from blocks of links, which need not fit into memory together.

    The blocks are read once, in order. Beyond two million links, they go to temporary files of 8 to 24 bytes per link.

    Parameters
    ----------
    blocks : iterable
        Each block is a pair ``(sources, targets)`` or a triple ``(sources, targets, weights)`` of arrays, as
        :meth:`from_edges` takes them. All blocks have weights, or none.
    directed : bool
        Whether links lead only from source to target.
    num_nodes : int, optional
        Number of nodes, including nodes without links: ends of links are then positions from 0 to ``num_nodes - 1``.
        By default they are labels: nodes are sorted if these are integers, and otherwise in order of first occurrence.
    folder : str or os.PathLike, optional
        Where to put temporary files; by default the folder of the system, which the environment variable ``TMPDIR``
        names.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If a block is no pair or triple, weights are missing in some blocks, as in :meth:`from_edges`, or the temporary
        files cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> import mapeq
    >>> ring = np.arange(1000)
    >>> blocks = ((ring, (ring + step) % 1000) for step in range(1, 4))
    >>> mapeq.Network.from_blocks(blocks, num_nodes=1000)
    <mapeq.Network: 1,000 nodes, 3,000 links, undirected>
    """
    with Spool(folder) as spool:
        words = WordTable()
        for number, block in enumerate(blocks):
            spool.add(*_checked_block(block, number, words, spool))
        return network_of(cls, spool, words.labels if words else None, directed=directed, num_nodes=num_nodes)


def network_of(
    cls: type[Network], spool: Spool, words: Sequence[Hashable] | None, *, directed: bool, num_nodes: int | None = None
) -> Network:
    """The network of the links in a spool, whose labels are integers or, with `words`, positions of these."""
    if num_nodes is not None and words is not None:
        raise NetworkError("with num_nodes, sources and targets must be positions: integers from 0")
    spool.finish()
    found = _numbered(spool, words, num_nodes)
    number = found.number

    def read() -> Iterator[tuple[NDArray[Any], NDArray[Any], FloatArray]]:
        for tails, heads, weights in spool.pieces():
            if spool.has_zeros and weights is not None:
                linked = weights > 0
                tails, heads, weights = tails[linked], heads[linked], weights[linked]
            if number is not None:
                tails, heads = number[tails], number[heads]
            yield tails, heads, constant(1.0, len(tails)) if weights is None else weights

    weight = spool.low_weight if spool.low_weight == spool.high_weight else None
    links = Pieces(spool.num_links, weight, read)
    return cls(*build_from_pieces(links, len(found.labels), not directed), directed, found.labels, num_given=links.size)


def _numbered(spool: Spool, words: Sequence[Hashable] | None, num_nodes: int | None) -> Numbered:
    low, high = spool.low, spool.high
    if num_nodes is not None:
        if num_nodes < 0:
            raise NetworkError(f"num_nodes must be 0 or more, not {num_nodes}")
        if spool.num_rows and (low < 0 or high >= num_nodes):
            bad = low if low < 0 else high
            raise NetworkError(f"a link ends at position {bad}, but there are {num_nodes} nodes, numbered from 0")
        return Numbered(None, range(num_nodes))
    if spool.num_rows == 0:
        return Numbered(None, range(0))
    if words is not None:
        order = order_of_occurrence(((tails, heads) for tails, heads, _ in spool.pieces()), len(words))
        number = np.zeros(len(words), dtype=index_dtype(len(words)))
        number[order] = np.arange(len(order))
        return Numbered(number, tuple(words[i] for i in order.tolist()))
    if are_dense(low, high, spool.num_rows):
        return Numbered(*numbers_of(occurring((ends for *both, _ in spool.pieces() for ends in both), high)))
    dtype = common_type(low, high)
    if dtype is None:
        raise NetworkError(f"labels from {low} to {high} do not fit into 64 bits; pass them as strings")
    table = LabelTable(dtype, np.dtype(index_dtype(2 * spool.num_rows)))
    spool.replace(lambda tails, heads: (table.number(tails), table.number(heads)))
    return Numbered(*table.ranked())


def _checked_block(block: Any, number: int, words: WordTable, spool: Spool) -> tuple[Any, Any, FloatArray | None]:
    """Sources, targets and weights of a block: integers, or positions of words, and floats or None."""
    if not isinstance(block, tuple | list) or len(block) not in (2, 3):
        raise NetworkError(
            f"block {number} must be (sources, targets) or (sources, targets, weights), not {block!r:.60}"
        )
    tails, heads = (
        checked_ends(block[0], f"sources of block {number}"),
        checked_ends(block[1], f"targets of block {number}"),
    )
    weights = None if len(block) == 2 or block[2] is None else np.asarray(block[2], dtype=np.float64)
    if len(tails) != len(heads) or (weights is not None and weights.shape != tails.shape):
        raise NetworkError(
            f"a link needs a source, a target and a weight: block {number} has {len(tails)} sources, {len(heads)} "
            "targets" + ("" if weights is None else f" and weights of shape {weights.shape}")
        )
    if weights is not None and (k := first_bad_weight(weights)) is not None:
        raise bad_weight(weights[k], f"the link {tails[k]!s} - {heads[k]!s} (block {number}, position {k})")
    if len(tails) and spool.num_rows and (weights is not None) != spool.is_weighted:
        has, had = ("a weight", "none") if weights is not None else ("no weight", "one")
        raise NetworkError(f"links of block {number} have {has}, those before {had}: all blocks have weights, or none")
    if len(tails) == 0:
        return tails, heads, weights
    are_integers = {ends.dtype.kind in "iu" for ends in (tails, heads)}
    if len(are_integers | ({not words} if spool.num_rows else set())) > 1:
        raise NetworkError(f"labels up to block {number} are integers as well as strings: all must be of one type")
    if are_integers == {True}:
        return tails, heads, weights
    return words.numbered(tails), words.numbered(heads), weights


class WordTable:
    """Numbers words from 0, in any order."""

    def __init__(self) -> None:
        self.labels: list[Hashable] = []
        self._position: dict[Hashable, int] = {}

    def __bool__(self) -> bool:
        return bool(self.labels)

    def numbered(self, words: NDArray[Any]) -> NDArray[np.int64]:
        """The number of each word."""
        distinct, codes = np.unique(words, return_inverse=True)
        return self.numbers(distinct.tolist())[codes]

    def numbers(self, distinct: list[Hashable]) -> NDArray[np.int64]:
        """The number of each of some different words."""
        position, labels = self._position, self.labels
        numbers = np.empty(len(distinct), dtype=np.int64)
        for k, word in enumerate(distinct):
            number = position.setdefault(word, len(labels))
            if number == len(labels):
                labels.append(word)
            numbers[k] = number
        return numbers


class Spool:
    """Links in the order in which they come: the last ones in memory, those before in temporary files without names.

    Parameters
    ----------
    folder : str or os.PathLike, optional
        Of the files.

    Attributes
    ----------
    num_rows, num_links : int
        Number of links, with and without those of weight 0.
    low, high : int
        Least and largest label; 0 and -1 without links.
    low_weight, high_weight : float
        Least and largest weight above 0.
    is_weighted : bool
        Whether links have weights; otherwise they weigh 1.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None):
        self.num_rows = self.num_links = 0
        self.low, self.high = 0, -1
        self.low_weight, self.high_weight = np.inf, -np.inf
        self.is_weighted = False
        self._folder = folder
        self._waiting: list[Rows] = []
        self._num_waiting = 0
        self._written: list[tuple[int, np.dtype[Any]]] = []
        self._files: list[IO[bytes]] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    @property
    def has_zeros(self) -> bool:
        """Whether some links have the weight 0."""
        return self.num_links < self.num_rows

    def add(self, tails: NDArray[Any], heads: NDArray[Any], weights: FloatArray | None) -> None:
        """Append links between integers; all have weights that were checked, or none."""
        if len(tails) == 0:
            return
        low, high = min(int(tails.min()), int(heads.min())), max(int(tails.max()), int(heads.max()))
        self.low, self.high = (low, high) if self.num_rows == 0 else (min(low, self.low), max(high, self.high))
        self.num_rows += len(tails)
        positive = np.ones(1) if weights is None else weights[weights > 0]
        self.num_links += len(tails) if weights is None else len(positive)
        self.low_weight = min(self.low_weight, float(positive.min(initial=np.inf)))
        self.high_weight = max(self.high_weight, float(positive.max(initial=-np.inf)))
        self.is_weighted = weights is not None
        for first in range(0, len(tails), PIECE):
            part = slice(first, first + PIECE)
            piece = tails[part], heads[part], None if weights is None else weights[part]
            self._waiting.append(piece)
            self._num_waiting += len(piece[0])
            if self._num_waiting >= PIECE:
                self._write(self._joined())

    def finish(self) -> None:
        """Join what is in memory; links can be added no more."""
        self._waiting = [self._joined()] if self._waiting else []

    def pieces(self) -> Iterator[Rows]:
        """Read all links, in pieces; until one reading ends, no other may begin, since they share the files."""
        for file in self._files:
            file.seek(0)
        for size, dtype in self._written:
            tails, heads, *weights = (
                np.frombuffer(file.read(size * kind.itemsize), kind)
                for file, kind in zip(self._files, (dtype, dtype, np.dtype(np.float64)), strict=False)
            )
            yield tails, heads, weights[0] if weights else None
        yield from self._waiting

    def replace(self, changed: Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]) -> None:
        """Replace all ends of links by what is returned for them, piece by piece."""
        other = Spool(self._folder)
        try:
            for tails, heads, weights in self.pieces():
                piece = *changed(tails, heads), weights
                if self._written:
                    other._write(piece)
                else:
                    other._waiting.append(piece)
        except BaseException:
            other._open.close()
            raise
        self._open.close()
        self._files, self._open = other._files, other._open
        self._written, self._waiting = other._written, other._waiting

    def _joined(self) -> Rows:
        tails, heads, weights = zip(*self._waiting, strict=True)
        self._waiting, self._num_waiting = [], 0
        return _together(tails), _together(heads), np.concatenate(weights) if self.is_weighted else None

    def _write(self, piece: Rows) -> None:
        tails, heads, weights = piece
        low, high = min(tails.min(), heads.min()), max(tails.max(), heads.max())
        is_narrow = low >= 0 and high <= np.iinfo(NARROW).max
        dtype = np.dtype(NARROW if is_narrow else np.uint64 if high >= 1 << 63 else np.int64)
        columns = [tails.astype(dtype), heads.astype(dtype), *([] if weights is None else [weights])]
        folder = tempfile.gettempdir() if self._folder is None else os.fspath(self._folder)
        try:
            while len(self._files) < len(columns):
                self._files.append(self._open.enter_context(tempfile.TemporaryFile(dir=folder)))  # noqa: SIM115
            for file, column in zip(self._files, columns, strict=True):
                file.seek(0, os.SEEK_END)  # it may have been read
                file.write(np.ascontiguousarray(column).data)
        except OSError as error:
            raise NetworkError(
                f"{sum(size for size, _ in self._written):,} links were written to temporary files in {folder}, then: "
                f"{error.strerror}; name a folder with more room by the environment variable TMPDIR (or folder=)"
            ) from error
        self._written.append((len(tails), dtype))


def _together(ends: tuple[NDArray[Any], ...]) -> NDArray[Any]:
    """Integers of several arrays in one, of a type that holds them all."""
    if len({array.dtype for array in ends}) > 1 and any(array.dtype == np.uint64 for array in ends):
        high = max(int(array.max()) for array in ends)
        ends = tuple(array.astype(np.int64 if high < 1 << 63 else np.uint64) for array in ends)
    return np.concatenate(ends)

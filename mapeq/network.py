"""A network: weighted links between labelled nodes, and nothing about flow.

Links are kept row by row (compressed sparse rows, CSR): the neighbours of node ``i`` are
``indices[indptr[i]:indptr[i + 1]]``, in increasing order and each once. An undirected link
stands in the rows of both its ends, a self-link once in its only row, so that an undirected
network is a symmetric matrix, and the strength of a node is the sum of its row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq.errors import NetworkError, counted
from mapeq.rows import FloatArray, IntArray, build_rows, column_sums, frozen, index_dtype, row_sums, transposed

if TYPE_CHECKING:
    import scipy.sparse

    Labels = range | NDArray[Any] | tuple[Hashable, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """An immutable network. Made by :meth:`from_edges`, :meth:`from_csr` or ``mapeq.read_network``.

    Attributes
    ----------
    indptr : int64 array of shape (num_nodes + 1,)
    indices : int32 array (int64 beyond 2**31 nodes), one entry a stored link
    weights : float64 array, one entry a stored link, all positive and finite
    directed : bool
        Whether row ``i`` holds the links *from* ``i``; else the matrix is symmetric.
    labels : range, read-only integer array or tuple
        What the caller calls the nodes, in node order.
    node_weights : float64 array of shape (num_nodes,) or None
        Weights of the nodes, as given in the input: where teleportation lands with
        ``teleport_to="nodes"``, or the visit rates of ``flow_model="precomputed"``.
    ids : int64 array of shape (num_nodes,) or None
        The numbers by which a file knows its named nodes (Pajek).

    Examples
    --------
    >>> from mapeq import Network
    >>> Network.from_edges([0, 1, 2, 2], [1, 2, 0, 0])
    <mapeq.Network: 3 nodes, 3 links, undirected>
    """

    indptr: NDArray[np.int64]
    indices: IntArray
    weights: FloatArray
    directed: bool
    labels: Labels
    node_weights: FloatArray | None = None
    ids: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        for name in ("indptr", "indices", "weights", "labels", "node_weights", "ids"):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # a pickle keeps arrays, but not that they are read-only
        self.__post_init__()

    @classmethod
    def from_edges(
        cls,
        sources: ArrayLike,
        targets: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        directed: bool = False,
        num_nodes: int | None = None,
        labels: Sequence[Hashable] | NDArray[Any] | None = None,
        node_weights: ArrayLike | None = None,
    ) -> Network:
        """Build a network from its links.

        Parallel links are summed; a link of weight zero is as good as absent. In an undirected
        network ``(u, v)`` and ``(v, u)`` are the same link, and a self-link counts once.

        Parameters
        ----------
        sources, targets : array_like of shape (m,)
            The ends of each link. With `num_nodes` or `labels` these are positions,
            ``0 <= position < num_nodes``. Without, they are the labels themselves, numbers or
            words, and the nodes are those that occur in a link of positive weight, sorted.
        weights : array_like of shape (m,), optional
            Finite and not negative; 1 each by default.
        directed : bool
            Whether links lead from source to target only.
        num_nodes : int, optional
            Number of nodes, so that nodes without links can be told.
        labels : sequence of num_nodes hashables, optional
            What the nodes are called.
        node_weights : array_like of shape (num_nodes,), optional

        Raises
        ------
        NetworkError
            If a weight is negative, NaN or infinite, a position out of range, lengths differ, or a
            label occurs twice.

        Examples
        --------
        >>> network = Network.from_edges(["ann", "ann"], ["bob", "cid"], [1.0, 2.5])
        >>> network.labels, network.num_links, network.total_weight
        (('ann', 'bob', 'cid'), 2, 3.5)
        """
        tails, heads = _ends(sources, "sources"), _ends(targets, "targets")
        values = None if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
        if len(tails) != len(heads) or (values is not None and values.shape != tails.shape):
            raise NetworkError(
                f"a link needs a source, a target and a weight: got {len(tails)} sources, {len(heads)} targets"
                + ("" if values is None else f" and weights of shape {values.shape}")
            )
        if values is not None:
            k = first_bad_weight(values)
            if k is not None:
                raise bad_weight(values[k], f"the link {tails[k]!s} - {heads[k]!s} (position {k})")
            if not values.all():
                linked = values > 0
                tails, heads, values = tails[linked], heads[linked], values[linked]

        if num_nodes is None and labels is None:
            tails, heads, names = _numbered(tails, heads)
        else:
            names = _checked_labels(labels, num_nodes)
            tails, heads = _positions(tails, len(names)), _positions(heads, len(names))
        indptr, indices, link_weights = build_rows(tails, heads, values, len(names), symmetric=not directed)
        return cls(
            indptr,
            indices,
            link_weights,
            directed,
            names,
            _checked_node_weights(node_weights, len(names)),
        )

    @classmethod
    def from_csr(
        cls,
        matrix: Any,
        *,
        directed: bool | None = None,
        labels: Sequence[Hashable] | NDArray[Any] | None = None,
        node_weights: ArrayLike | None = None,
    ) -> Network:
        """Build a network from a square sparse matrix, ``A[i, j]`` being the weight of the link i -> j.

        A CSR matrix of float64 and int32 without explicit zeros or repeated entries is used
        as it is, without a copy of its links.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array of shape (n, n), any format
        directed : bool, optional
            By default a matrix that equals its transpose is undirected, the weight of a pair
            being ``A[i, j]`` once, and any other is directed. With False a matrix that is not
            symmetric gives pairs the sum of both directions.
        labels, node_weights : as in :meth:`from_edges`

        Raises
        ------
        NetworkError
            If the matrix is not square or complex, or as in :meth:`from_edges`.

        Examples
        --------
        >>> import scipy.sparse
        >>> Network.from_csr(scipy.sparse.csr_array([[0, 2.0], [2.0, 0]]))
        <mapeq.Network: 2 nodes, 1 link, undirected>
        """
        if not hasattr(matrix, "tocsr"):
            raise TypeError(f"a {type(matrix).__name__} is no SciPy sparse matrix; scipy.sparse.csr_array makes one")
        if matrix.dtype.kind == "c":
            raise NetworkError("the weights of links are real numbers, not complex")
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise NetworkError(f"the matrix of a network must be square, not of shape {matrix.shape}")
        num_nodes = matrix.shape[0]
        names = _checked_labels(labels, num_nodes)
        rows = matrix.tocsr()
        data = np.asarray(rows.data, dtype=np.float64)
        k = first_bad_weight(data)
        if k is not None:
            i = int(np.searchsorted(rows.indptr, k, side="right")) - 1
            raise bad_weight(data[k], f"the link {names[i]!s} - {names[rows.indices[k]]!s}")
        if not (rows.has_canonical_format and data.all()):
            rows = rows.copy()
            rows.sum_duplicates()
            rows.eliminate_zeros()
            data = np.asarray(rows.data, dtype=np.float64)
        indptr = np.asarray(rows.indptr, dtype=np.int64)
        indices = np.asarray(rows.indices, dtype=index_dtype(num_nodes))
        network = cls(
            indptr,
            indices,
            data,
            True,
            names,
            _checked_node_weights(node_weights, num_nodes),
        )
        if directed:
            return network
        if network.is_symmetric():
            return replace(network, directed=False)
        return network if directed is None else network.undirected()

    @property
    def num_nodes(self) -> int:
        """Number of nodes, those without links included."""
        return len(self.indptr) - 1

    @property
    def num_links(self) -> int:
        """Number of distinct links: ordered pairs if directed, else pairs; self-links included."""
        stored = len(self.indices)
        return stored if self.directed else (stored + self.num_self_links) // 2

    @cached_property
    def num_self_links(self) -> int:
        """Number of nodes that are linked to themselves."""
        return int(np.count_nonzero(self.indices == self.sources()))

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all links, each once."""
        return float(self.links()[2].sum())

    def sources(self) -> IntArray:
        """The row of every stored link: an array as long and as wide as `indices`."""
        return np.repeat(np.arange(self.num_nodes, dtype=self.indices.dtype), np.diff(self.indptr))

    def links(self) -> tuple[IntArray, IntArray, FloatArray]:
        """All links, each once: sources, targets (positions, the smaller first if undirected) and weights."""
        sources = self.sources()
        if self.directed:
            return sources, self.indices, self.weights
        once = sources <= self.indices
        return sources[once], self.indices[once], self.weights[once]

    def out_strengths(self) -> FloatArray:
        """The weight of each node's row: its strength, or its out-strength if directed. Shape (num_nodes,)."""
        return row_sums(self.indptr, self.weights)

    def in_strengths(self) -> FloatArray:
        """The weight of each node's column: its strength, or its in-strength if directed. Shape (num_nodes,)."""
        return column_sums(self.indices, self.weights, self.num_nodes)

    def matrix(self) -> scipy.sparse.csr_array:
        """The links as a SciPy CSR array that shares this network's memory."""
        import scipy.sparse

        shape = (self.num_nodes, self.num_nodes)
        return scipy.sparse.csr_array((self.weights, self.indices, self.indptr), shape=shape, copy=False)

    def is_symmetric(self) -> bool:
        """Whether every link has a reverse link of the same weight."""
        mirrored = transposed(self.indptr, self.indices, self.weights)
        own = (self.indptr, self.indices, self.weights)
        return all(np.array_equal(a, b) for a, b in zip(own, mirrored, strict=True))

    def undirected(self) -> Network:
        """The network without directions: a pair weighs the sum of its two links, a self-link its own weight."""
        if not self.directed:
            return self
        rows = build_rows(self.sources(), self.indices, self.weights, self.num_nodes, symmetric=True)
        indptr, indices, weights = rows
        return replace(self, indptr=indptr, indices=indices, weights=weights, directed=False)

    def without_self_links(self) -> Network:
        """The network without links from a node to itself; all nodes stay."""
        indptr, indices, weights = links_between_nodes(self)
        return replace(self, indptr=indptr, indices=indices, weights=weights)

    def label_list(self) -> list[Hashable]:
        """The labels as Python objects, in node order."""
        return self.labels.tolist() if isinstance(self.labels, np.ndarray) else list(self.labels)

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        return f"<mapeq.Network: {counted(self.num_nodes, 'node')}, {counted(self.num_links, 'link')}, {kind}>"


def links_between_nodes(network: Network) -> tuple[NDArray[np.int64], IntArray, FloatArray]:
    """The rows of a network without its self-links; the network's own arrays if it has none."""
    if network.num_self_links == 0:
        return network.indptr, network.indices, network.weights
    sources = network.sources()
    others = network.indices != sources
    indptr = np.zeros(network.num_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(sources[others], minlength=network.num_nodes), out=indptr[1:])
    return indptr, network.indices[others], network.weights[others]


def first_bad_weight(weights: FloatArray) -> int | None:
    """Position of the first weight that is negative, NaN or infinite."""
    # One pass without temporaries decides the usual case; NaN and infinity survive a sum.
    with np.errstate(over="ignore", invalid="ignore"):
        if len(weights) == 0 or (np.isfinite(weights.sum()) and weights.min() >= 0):
            return None
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    return int(bad[0]) if len(bad) else None


def bad_weight(weight: float, place: str) -> NetworkError:
    """The error of a weight that is no weight."""
    what = "negative" if weight < 0 else "not finite"
    return NetworkError(f"the weight of {place} is {what}: {weight}; weights must be finite and 0 or more")


def _ends(nodes: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(nodes)
    if array.dtype.kind == "O" and array.ndim == 1:  # words in the column of a table, for one
        nodes = array.tolist()
        array = np.asarray(nodes)
    if array.ndim != 1:
        raise NetworkError(f"{name} must be one-dimensional, not of shape {array.shape}")
    if array.size == 0:
        return array.astype(np.int64)
    if array.dtype.kind not in "iuUST":
        raise NetworkError(f"{name} must be whole numbers or words, not {array.dtype}")
    if array.dtype.kind == "U" and not isinstance(nodes, np.ndarray):
        # NumPy would turn the 1 of ["ann", 1] into a word.
        stranger = next((node for node in np.asarray(nodes, dtype=object) if not isinstance(node, str)), None)
        if stranger is not None:
            raise NetworkError(f"{name} mix words and {stranger!r}: labels must be of one kind")
    return array


def _numbered(tails: NDArray[Any], heads: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], Labels]:
    """Number the nodes that occur, in the order of their labels: tails, heads, labels."""
    if len(tails) == 0:
        return tails, heads, range(0)
    if tails.dtype.kind in "iu" and heads.dtype.kind in "iu":
        low = min(int(tails.min()), int(heads.min()))
        high = max(int(tails.max()), int(heads.max()))
        # Dense enough for a table of all numbers up to the highest: no sorting.
        if low >= 0 and high < 8 * len(tails) + 1024:
            occurs = np.zeros(high + 1, dtype=np.bool_)
            occurs[tails] = True
            occurs[heads] = True
            if occurs.all():
                return tails, heads, range(high + 1)
            number = np.cumsum(occurs, dtype=np.int64) - 1
            return number[tails], number[heads], frozen(np.flatnonzero(occurs))
    elif tails.dtype.kind != heads.dtype.kind:
        raise NetworkError(f"sources are {tails.dtype} and targets {heads.dtype}: labels must be of one kind")
    exact = object if np.result_type(tails, heads).kind == "f" else None  # int64 with uint64: no float holds them
    labels, numbers = np.unique(np.concatenate([tails, heads], dtype=exact), return_inverse=True)
    names: Labels = frozen(labels) if labels.dtype.kind in "iu" else tuple(labels.tolist())
    return numbers[: len(tails)], numbers[len(tails) :], names


def _positions(ends: NDArray[Any], num_nodes: int) -> NDArray[Any]:
    if ends.dtype.kind not in "iu":
        raise NetworkError("with num_nodes or labels, sources and targets are positions: whole numbers from 0")
    if len(ends) and (ends.min() < 0 or ends.max() >= num_nodes):
        bad = int(ends[(ends < 0) | (ends >= num_nodes)][0])
        raise NetworkError(f"a link names the node at position {bad}, but there are {num_nodes} nodes, from 0")
    return ends


def _checked_labels(labels: Sequence[Hashable] | NDArray[Any] | None, num_nodes: int | None) -> Labels:
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
        distinct = len(np.unique(names))
    else:
        names = tuple(labels.tolist() if isinstance(labels, np.ndarray) else labels)
        distinct = len(set(names))
    if distinct != len(names):
        counts = Counter(names.tolist() if isinstance(names, np.ndarray) else names)
        twice = next(name for name, count in counts.items() if count > 1)
        raise NetworkError(f"two nodes have the same label: {twice!r}")
    return names


def _checked_node_weights(node_weights: ArrayLike | None, num_nodes: int) -> FloatArray | None:
    if node_weights is None:
        return None
    weights = np.array(node_weights, dtype=np.float64)
    if weights.shape != (num_nodes,):
        raise NetworkError(f"there are {num_nodes} nodes but node_weights has shape {weights.shape}")
    k = first_bad_weight(weights)
    if k is not None:
        raise bad_weight(weights[k], f"the node at position {k}")
    return weights

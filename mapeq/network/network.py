"""A network: weighted links between labelled nodes, and nothing about flow.

Links are kept row by row (compressed sparse rows, CSR): the neighbours of node ``i`` are
``indices[indptr[i]:indptr[i + 1]]``, in increasing order and each once. An undirected link
stands in the rows of both its ends, a self-link once in its only row, so that an undirected
network is a symmetric matrix, and the strength of a node is the sum of its row.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import (
    CSR,
    FloatArray,
    IntArray,
    add_transposed,
    build_csr,
    chosen,
    constant,
    diagonal,
    index_dtype,
    is_constant,
    is_symmetric,
    read_only,
    row_sums,
    total,
    transposed,
    without_diagonal,
    without_repetition,
)
from mapeq._base.errors import NetworkError, counted
from mapeq.network.labels import checked_ends, checked_labels, checked_positions, numbered
from mapeq.network.statistics import figures, network_html

if TYPE_CHECKING:
    import scipy.sparse

    from mapeq.network.labels import Labels


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """An immutable network. Made by :meth:`from_edges`, :meth:`from_csr`, :meth:`from_table` or ``mapeq.read_network``.

    Attributes
    ----------
    indptr : int64 array of shape (num_nodes + 1,)
    indices : int32 array (int64 beyond 2**31 nodes), one entry a stored link
    weights : float64 array, one entry a stored link, all positive and finite
        Where all are known to be equal, a view of a single number.
    directed : bool
        Whether row ``i`` holds the links *from* ``i``; else the matrix is symmetric.
    labels : range, read-only integer array or tuple
        What the caller calls the nodes, in node order.
    node_weights : float64 array of shape (num_nodes,) or None
        Weights of the nodes, as given in the input: where teleportation lands with
        ``teleport_to="nodes"``, or the visit rates of ``flow_model="precomputed"``.
    ids : int64 array of shape (num_nodes,) or None
        The numbers by which a file knows its named nodes (Pajek).
    num_given : int or None
        How many links of positive weight it was made of, before parallel ones were summed; None if nobody counted.

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
    num_given: int | None = None

    def __post_init__(self) -> None:
        for name in ("indptr", "indices", "weights", "labels", "node_weights", "ids"):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, read_only(value))

    def __getstate__(self) -> dict[str, Any]:
        weights = float(self.weights[0]) if is_constant(self.weights) else self.weights
        return self.__dict__ | {"weights": weights}  # a pickle would write a view out

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(state["weights"], float):
            state = state | {"weights": constant(state["weights"], len(state["indices"]))}
        self.__dict__.update(state)
        self.__post_init__()  # a pickle keeps arrays, but not that they are read-only

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
        tails, heads = checked_ends(sources, "sources"), checked_ends(targets, "targets")
        values = None if weights is None else np.asarray(weights, dtype=np.float64)
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
            tails, heads, names = numbered(tails, heads)
        else:
            names = checked_labels(labels, num_nodes)
            tails, heads = checked_positions(tails, len(names)), checked_positions(heads, len(names))
        rows = build_csr(tails, heads, values, len(names), symmetric=not directed)
        return cls(*rows, directed, names, _checked_node_weights(node_weights, len(names)), num_given=len(tails))

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        source: str | int | None = None,
        target: str | int | None = None,
        weight: str | int | None = "weight",
        directed: bool = False,
    ) -> Network:
        """Build a network from a table with one link a row, and say which columns count.

        Parameters
        ----------
        table : pandas or Polars DataFrame, Arrow Table, or anything that can be had as Arrow (then by pyarrow)
        source, target : str or int, optional
            The columns with the ends of links, whole numbers or words (any hashables in pandas), by name or by position
            from 0. By default ``source`` and ``target``, or ``from`` and ``to``, in any case; failing these, the first
            two that are not the weight.
        weight : str, int or None
            The column with the weights, which has to be there unless it is "weight". None: every link weighs 1.
        directed : bool
            Whether links lead from source to target only.

        Raises
        ------
        NetworkError
            If a column is not there, an end of a link is missing, or a weight is no number, negative, NaN or infinite.

        Examples
        --------
        >>> import pandas as pd
        >>> columns = {"day": [1, 1, 2], "caller": ["ann", "bob", "ann"], "called": ["bob", "cid", "bob"]}
        >>> calls = pd.DataFrame(columns)
        >>> network = Network.from_table(calls, source="caller", target="called", weight=None)
        >>> network.labels, network.total_weight
        (('ann', 'bob', 'cid'), 3.0)
        """
        from mapeq.io.columns import Wanted
        from mapeq.io.objects.tables import from_table

        return from_table(table, directed=directed, wanted=Wanted(source, target, weight))

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
        names = checked_labels(labels, num_nodes)
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
        weights = _checked_node_weights(node_weights, num_nodes)
        network = cls(indptr, indices, without_repetition(data), True, names, weights)
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
    def self_links(self) -> NDArray[np.int64]:
        """Where among the stored links those from a node to itself are."""
        return diagonal(self.rows)

    @property
    def num_self_links(self) -> int:
        """Number of nodes that are linked to themselves."""
        return len(self.self_links)

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all links, each once."""
        if self.directed:
            return total(self.weights)
        return (total(self.weights) + float(self.weights[self.self_links].sum())) / 2

    @property
    def rows(self) -> CSR:
        """The links of each node: those from it, if directed."""
        return CSR(self.indptr, self.indices, self.weights)

    def columns(self) -> CSR:
        """The links to each node: the rows themselves if undirected."""
        return transposed(self.rows) if self.directed else self.rows

    def sources(self) -> IntArray:
        """The row of every stored link: an array as long and as wide as `indices`."""
        return np.repeat(np.arange(self.num_nodes, dtype=self.indices.dtype), np.diff(self.indptr))

    def links(self) -> tuple[IntArray, IntArray, FloatArray]:
        """All links, each once: sources, targets (positions, the smaller first if undirected) and weights."""
        sources = self.sources()
        if self.directed:
            return sources, self.indices, self.weights
        once = sources <= self.indices
        return sources[once], self.indices[once], chosen(self.weights, once)

    def out_strengths(self) -> FloatArray:
        """The weight of each node's row: its strength, or its out-strength if directed. Shape (num_nodes,)."""
        return row_sums(self.indptr, self.weights)

    def in_strengths(self) -> FloatArray:
        """The weight of each node's column: its strength, or its in-strength if directed. Shape (num_nodes,)."""
        columns = self.columns()
        return row_sums(columns.indptr, columns.weights)

    def matrix(self) -> scipy.sparse.csr_array:
        """The links as a SciPy CSR array that shares this network's memory, but for weights that are all equal."""
        import scipy.sparse

        shape = (self.num_nodes, self.num_nodes)
        weights = read_only(np.ascontiguousarray(self.weights))
        return scipy.sparse.csr_array((weights, self.indices, self.indptr), shape=shape, copy=False)

    def is_symmetric(self) -> bool:
        """Whether every link has a reverse link of the same weight."""
        return is_symmetric(self.rows)

    def undirected(self) -> Network:
        """The network without directions: a pair weighs the sum of its two links, a self-link its own weight."""
        if not self.directed:
            return self
        indptr, indices, weights = add_transposed(self.rows, self.columns(), np.ones(self.num_nodes))
        return replace(self, indptr=indptr, indices=indices, weights=without_repetition(weights), directed=False)

    def without_self_links(self) -> Network:
        """The network without links from a node to itself; all nodes stay."""
        indptr, indices, weights = without_diagonal(self.rows, self.self_links)
        return replace(self, indptr=indptr, indices=indices, weights=weights, num_given=None)

    def label_list(self) -> list[Hashable]:
        """The labels as Python objects, in node order."""
        return self.labels.tolist() if isinstance(self.labels, np.ndarray) else list(self.labels)

    def summary(self) -> dict[str, Any]:
        """The figures of this network by name, as plain Python values; takes some seconds for ten million links.

        Returns
        -------
        dict
            ``num_nodes``, ``num_links``, ``num_given``, ``directed``, ``num_self_links``,
            ``num_nodes_without_links``, ``total_weight``; ``labels``, which are "numbers", "words" or "objects";
            ``density``, the part of all pairs of nodes that are linked.

            ``num_components`` and ``largest_component``, in nodes, directions aside; if directed also
            ``num_strong_components``, ``largest_strong_component`` and ``reciprocity``, the part of the links between
            two nodes whose reverse is a link, too.

            ``weights``, ``degree`` and ``strength`` as ``min``, ``median``, ``mean`` and ``max``, None where there is
            nothing; if directed ``out_degree``, ``in_degree``, ``out_strength`` and ``in_strength`` instead. A
            degree counts the nodes that a node is linked to, itself included. ``hubs``: the labels and degrees of the
            nodes with most links.

            ``memory``: an estimate of the bytes that clustering takes. ``notes``: what is remarkable, in sentences.

        Examples
        --------
        >>> from mapeq import Network
        >>> figures = Network.from_edges([0, 1, 2, 3], [1, 2, 0, 0], num_nodes=5).summary()
        >>> figures["degree"]
        {'min': 0, 'median': 2.0, 'mean': 1.6, 'max': 3}
        >>> figures["num_components"], figures["notes"]
        (2, ['1 node without links: each stays a module of its own, without flow'])
        """
        return figures(self)

    def _repr_html_(self) -> str:
        return network_html(self)

    def __repr__(self) -> str:
        kind = "directed" if self.directed else "undirected"
        return f"<mapeq.Network: {counted(self.num_nodes, 'node')}, {counted(self.num_links, 'link')}, {kind}>"


def first_bad_weight(weights: FloatArray) -> int | None:
    """Position of the first weight that is negative, NaN or infinite."""
    if is_constant(weights):
        weights = weights[:1]
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

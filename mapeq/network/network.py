"""A network: weighted links between labelled nodes. Networks know nothing about flow.

Links are stored as compressed sparse rows (CSR): the neighbours of node ``i`` are ``indices[indptr[i]:indptr[i + 1]]``,
distinct and in increasing order. An undirected link is stored in the rows of both its ends, a self-link once. An
undirected network is therefore a symmetric matrix, and the strength of a node is the sum of its row.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.building import build_csr, transposed
from mapeq._base.csr import (
    CSR,
    FloatArray,
    IntArray,
    add_transposed,
    chosen,
    constant,
    is_constant,
    read_only,
    row_sums,
    total,
    without_repetition,
)
from mapeq._base.diagonal import diagonal, without_diagonal
from mapeq._base.errors import NetworkError
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq.network import attributes, blocks, folders, higher_order, sparse
from mapeq.network.folders import MappedFiles
from mapeq.network.labels import checked_ends, checked_labels, checked_positions, numbered
from mapeq.network.metadata import Metadata
from mapeq.network.states import States
from mapeq.network.statistics import described, network_html, network_statistics
from mapeq.network.symmetry import mirrored
from mapeq.network.weights import bad_weight, checked_node_weights, first_bad_weight

if TYPE_CHECKING:
    import scipy.sparse

    from mapeq.network.labels import Labels


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """An immutable network, made by :meth:`from_edges`, :meth:`from_csr`, :meth:`from_table` or `mapeq.read_network`.

    Attributes
    ----------
    indptr : int64 array of shape (num_nodes + 1,)
        Start of each row in `indices` and `weights`.
    indices : int32 array (int64 beyond 2**31 nodes), one entry per stored link
    weights : float64 array, one entry per stored link, all positive and finite
        A view of a single number if all weights are known to be equal.
    directed : bool
        Whether row ``i`` holds the links *from* ``i``; otherwise the matrix is symmetric.
    labels : range, read-only integer array or tuple
        Names of the nodes as the caller gave them, in node order. (``Result.labels`` are numbers of modules.)
    node_weights : float64 array of shape (num_nodes,) or None
        Weights of the nodes: teleportation targets with ``teleport_to="nodes"``, or the visit rates of
        ``flow_model="precomputed"``.
    ids : int64 array of shape (num_nodes,) or None
        Numbers of the named nodes in a file (Pajek).
    num_given : int or None
        Number of links of positive weight in the input, before parallel links were summed; None if unknown.
    sides : uint8 array of shape (num_nodes,) or None
        Of a bipartite network the side of each node, 0 for primary and 1 for secondary nodes: every link leads from
        one to the other.
    metadata : Metadata or None
        The category of each node: ``metadata.codes``, int32 array of shape (num_nodes,), holds positions in
        ``metadata.categories``, or -1 where it is missing.
    states : States or None
        Of a state network what its nodes stand for: ``states.physical``, uint32 array of shape (num_nodes,), holds
        positions of physical nodes in ``states.labels``.
    mapped : MappedFiles or None
        The files that the links are mapped from, see :meth:`open`.

    Examples
    --------
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
    sides: NDArray[np.uint8] | None = None
    metadata: Metadata | None = None
    states: States | None = None
    mapped: MappedFiles | None = None

    def __post_init__(self) -> None:
        for name in ("indptr", "indices", "weights", "labels", "node_weights", "ids", "sides"):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, read_only(value))

    def __getstate__(self) -> dict[str, Any]:  # pickle would store a view as a full array
        weights = float(self.weights[0]) if is_constant(self.weights) else self.weights
        return self.__dict__ | {"weights": weights, "mapped": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        given = state["weights"]
        weights = constant(given, len(state["indices"])) if isinstance(given, float) else given
        self.__dict__.update(state | {"weights": weights})
        self.__post_init__()  # pickle does not preserve that arrays are read-only

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
        """Build a network from arrays of link ends and weights.

        The weights of parallel links are summed. A link of weight 0 is no link, but its ends are nodes. In an
        undirected network ``(u, v)`` and ``(v, u)`` are the same link, and a self-link counts once.

        Parameters
        ----------
        sources, targets : array_like of shape (m,)
            Ends of the links. With `num_nodes` or `labels`, positions from 0 to ``num_nodes - 1``. Otherwise labels,
            integers or strings; the nodes are then the ends of links, in sorted order.
        weights : array_like of shape (m,), optional
            Finite and not negative; 1 each by default.
        directed : bool
            Whether links lead only from source to target.
        num_nodes : int, optional
            Number of nodes, including nodes without links.
        labels : sequence of num_nodes hashables, optional
            Names of the nodes, all different.
        node_weights : array_like of shape (num_nodes,), mapping or pandas Series, optional
            Finite and not negative. Mappings and Series go by label, and must name all nodes.

        Returns
        -------
        Network

        Raises
        ------
        NetworkError
            If a weight is negative, NaN or infinite, a position is out of range, lengths differ, or a label is not
            unique.

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

        if num_nodes is None and labels is None:
            tails, heads, names = numbered(tails, heads)
        else:
            names = checked_labels(labels, num_nodes)
            tails, heads = checked_positions(tails, len(names)), checked_positions(heads, len(names))
        if values is not None and not values.all():
            linked = values > 0
            tails, heads, values = tails[linked], heads[linked], values[linked]
        rows = build_csr(tails, heads, values, len(names), symmetric=not directed)
        return cls(*rows, directed, names, checked_node_weights(node_weights, names), num_given=len(tails))

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        source: str | int | None = None,
        target: str | int | None = None,
        weight: str | int | None = "weight",
        directed: bool | None = None,
    ) -> Network:
        """Build a network from a table with one link per row.

        Parameters
        ----------
        table : pandas or Polars DataFrame, Arrow Table, or any table that pyarrow can convert to Arrow
        source, target : str or int, optional
            Columns of the link ends, by name or by position from 0. They hold integers or strings, in pandas any
            hashables. By default the columns with known names: ``source`` and ``target``, ``from`` and ``to``, or
            ``src`` and ``dst``, also with ``id`` or ``node``; ``node1`` and ``node2``, or ``id1`` and ``id2``; or two
            names that end in ``_l`` and ``_r``. Case, spaces, hyphens and underscores do not matter. Without such names
            they are the first two of two columns, or of three whose last holds numbers.
        weight : str, int or None
            Column of the weights. Raises if it is missing; the default "weight" may be absent: then the last of three
            columns holds the weights if it holds numbers. With None every link weighs 1.
        directed : bool, optional
            Whether links lead only from source to target. By default they do if a column ``Type`` says ``Directed``.

        Returns
        -------
        Network

        Warns
        -----
        UserWarning
            If no column holds the weights, but another one holds numbers.

        Raises
        ------
        NetworkError
            If the end of a link is missing, a weight is not a number, negative, NaN or infinite, links are of both
            types, a column is missing, or it is not clear which columns hold the links.

        Examples
        --------
        >>> import pandas as pd
        >>> columns = {"day": [1, 1, 2], "caller": ["ann", "bob", "ann"], "called": ["bob", "cid", "bob"]}
        >>> calls = pd.DataFrame(columns)
        >>> network = Network.from_table(calls, source="caller", target="called", weight=None)
        >>> network.labels, network.total_weight
        (('ann', 'bob', 'cid'), 3.0)
        """
        from mapeq.io.columns import ColumnChoice
        from mapeq.io.objects.tables import from_table

        return from_table(table, directed=directed, columns=ColumnChoice(source, target, weight))

    @property
    def num_nodes(self) -> int:
        """Number of nodes, including nodes without links."""
        return len(self.indptr) - 1

    @property
    def num_links(self) -> int:
        """Number of distinct links, self-links included: ordered pairs if directed, else unordered pairs."""
        stored = len(self.indices)
        return stored if self.directed else (stored + self.num_self_links) // 2

    @cached_property
    def self_links(self) -> NDArray[np.int64]:
        """Positions of the self-links among the stored links: int64 array."""
        return diagonal(self.rows)

    @property
    def num_self_links(self) -> int:
        """Number of nodes with a self-link."""
        return len(self.self_links)

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all links, each counted once."""
        if self.directed:
            return total(self.weights)
        return (total(self.weights) + float(self.weights[self.self_links].sum())) / 2

    @property
    def rows(self) -> CSR:
        """Links of each node as rows: its out-links, if directed."""
        return CSR(self.indptr, self.indices, self.weights)

    @property
    def storage(self) -> Storage:
        """Where arrays go that are as long as the links: to files, if these are mapped from files."""
        return IN_MEMORY if self.mapped is None else self.mapped.storage

    def columns(self) -> CSR:
        """Return the columns of the matrix: the in-links of each node, if directed, else the rows themselves.

        Examples
        --------
        >>> Network.from_edges([0, 0], [1, 2], directed=True).columns().indptr
        array([0, 0, 1, 2])
        """
        return transposed(self.rows, storage=self.storage) if self.directed else self.rows

    def sources(self) -> IntArray:
        """Return the row of each stored link, as an array of the shape and dtype of `indices`.

        Examples
        --------
        >>> Network.from_edges([0, 0], [1, 2]).sources().tolist()
        [0, 0, 1, 2]
        """
        return np.repeat(np.arange(self.num_nodes, dtype=self.indices.dtype), np.diff(self.indptr))

    def links(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Return all links, each once.

        Returns
        -------
        sources, targets : integer arrays of shape (num_links,)
            Positions of the nodes; the smaller first, if undirected.
        weights : float64 array of shape (num_links,)

        Examples
        --------
        >>> [array.tolist() for array in Network.from_edges(["b", "b"], ["a", "c"], [1.0, 2.0]).links()]
        [[0, 1], [1, 2], [1.0, 2.0]]
        """
        sources = self.sources()
        if self.directed:
            return sources, self.indices, self.weights
        once = sources <= self.indices
        return sources[once], self.indices[once], chosen(self.weights, once)

    def out_strengths(self) -> FloatArray:
        """Return the strength of each node, its out-strength if directed: float64 array of shape (num_nodes,).

        Examples
        --------
        >>> Network.from_edges([0, 0], [1, 2], [1.0, 2.0], directed=True).out_strengths()
        array([3., 0., 0.])
        """
        return row_sums(self.indptr, self.weights)

    def in_strengths(self) -> FloatArray:
        """Return the strength of each node, its in-strength if directed: float64 array of shape (num_nodes,).

        Examples
        --------
        >>> Network.from_edges([0, 0], [1, 2], [1.0, 2.0], directed=True).in_strengths()
        array([0., 1., 2.])
        """
        columns = self.columns()
        return row_sums(columns.indptr, columns.weights)

    def matrix(self) -> scipy.sparse.csr_array:
        """Return the links as a SciPy CSR array; it shares the memory of this network unless all weights are equal.

        Examples
        --------
        >>> Network.from_edges([0, 1], [1, 2]).matrix().toarray().tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
        """
        import scipy.sparse

        shape = (self.num_nodes, self.num_nodes)
        weights = read_only(np.ascontiguousarray(self.weights))
        return scipy.sparse.csr_array((weights, self.indices, self.indptr), shape=shape, copy=False)

    def is_symmetric(self) -> bool:
        """Return whether every link has a reverse link of the same weight, up to rounding errors.

        Examples
        --------
        >>> Network.from_edges([0, 1], [1, 0], directed=True).is_symmetric()
        True
        """
        return mirrored(self) is not None

    def undirected(self) -> Network:
        """Return the undirected network: the weight of a pair is the sum of its two directions; self-links keep theirs.

        Examples
        --------
        >>> Network.from_edges([0, 1, 1], [1, 0, 2], directed=True).undirected().links()[2]
        array([2., 1.])
        """
        if not self.directed:
            return self
        indptr, indices, weights = add_transposed(self.rows, self.columns(), np.ones(self.num_nodes), self.storage)
        return replace(self, indptr=indptr, indices=indices, weights=without_repetition(weights), directed=False)

    def without_self_links(self) -> Network:
        """Return the network without self-links; all nodes are kept.

        Examples
        --------
        >>> Network.from_edges([0, 1], [1, 1]).without_self_links()
        <mapeq.Network: 2 nodes, 1 link, undirected>
        """
        indptr, indices, weights = without_diagonal(self.rows, self.self_links, self.storage)
        return replace(self, indptr=indptr, indices=indices, weights=weights, num_given=None)

    def label_list(self) -> list[Hashable]:
        """Return the labels of the nodes as Python objects, in node order.

        Examples
        --------
        >>> Network.from_edges(["b"], ["a"]).label_list()
        ['a', 'b']
        """
        return self.labels.tolist() if isinstance(self.labels, np.ndarray) else list(self.labels)

    def summary(self) -> dict[str, Any]:
        """Return the statistics of this network by name, as plain Python values.

        Returns
        -------
        dict
            ``num_nodes``, ``num_links``, ``num_given``, ``directed``, ``num_self_links``, ``num_nodes_without_links``
            and ``total_weight``. ``labels``: "numbers", "words" or "objects". ``density``: the fraction of all pairs of
            nodes that are linked.

            ``num_components`` and ``largest_component`` (its number of nodes), ignoring directions. If directed, also
            ``num_strong_components``, ``largest_strong_component`` and ``reciprocity``, the fraction of links between
            two nodes that have a reverse link.

            ``weights``, ``degree`` and ``strength``, each with ``min``, ``median``, ``mean`` and ``max``, or None if
            empty. If directed, ``out_degree``, ``in_degree``, ``out_strength`` and ``in_strength`` instead. A self-link
            adds 1 to the degree. ``hubs``: labels and degrees of the nodes with the highest degrees.

            ``memory`` and ``memory_multilevel``: estimated memory of a search for two levels and for hierarchies, in
            bytes (:func:`mapeq.estimate_memory`). ``notes``: remarkable properties, in sentences.

        Examples
        --------
        >>> summary = Network.from_edges([0, 1, 2, 3], [1, 2, 0, 0], num_nodes=5).summary()
        >>> summary["degree"]
        {'min': 0, 'median': 2.0, 'mean': 1.6, 'max': 3}
        >>> summary["num_components"], summary["notes"]
        (2, ['1 node without links: each is a separate module without flow'])
        """
        return network_statistics(self)

    def _repr_html_(self) -> str:
        return network_html(self)

    # Methods like any other, in a file of their own.
    with_sides = attributes.with_sides
    with_metadata = attributes.with_metadata
    with_states = attributes.with_states
    with_memory = higher_order.with_memory
    from_blocks = classmethod(blocks.from_blocks)
    from_csr = classmethod(sparse.from_csr)
    open = classmethod(folders.open_network)
    save = folders.save
    from_paths = classmethod(higher_order.from_paths)
    from_layers = classmethod(higher_order.from_layers)
    from_contacts = classmethod(higher_order.from_contacts)

    def __repr__(self) -> str:
        return f"<mapeq.Network: {described(self)}{'' if self.sides is None else ', bipartite'}>"

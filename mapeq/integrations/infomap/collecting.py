"""What a script adds, one by one or in bulk, and the network that it makes."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, is_number
from mapeq.integrations.infomap.refused import LAYERS, STATES, refusal
from mapeq.io.files.networks import read_network
from mapeq.network.labels import numbered
from mapeq.network.network import Network, bad_weight, first_bad_weight

if TYPE_CHECKING:
    import igraph
    import networkx

#: How many links of an iterable are looked at together.
PIECE = 1 << 14

INFINITY = float("inf")


class Collection:
    """Nodes and links as they are added; each link takes 24 bytes."""

    def __init__(self) -> None:
        self._sources, self._targets, self._weights = array("Q"), array("Q"), array("d")
        self._node_weights: dict[int, float | None] = {}
        self._names: dict[int, str] = {}
        self._has_arcs = False
        self._bipartite_start_id = 0
        #: What options say of links: the least weight, and whether self-links count.
        self._threshold, self._self_links = 0.0, True
        #: The network of all this as it was last asked for, until something is added.
        self._network: Network | None = None

    def add_link(self, source_id: int, target_id: int, weight: float = 1.0) -> None:
        """Add a link between two numbers; parallel links are summed, one of weight 0 is as good as absent.

        Raises
        ------
        NetworkError
            If a node is no whole number from 0, or the weight is negative or not finite.
        """
        # Called for every link: the arrays take whole numbers from 0 only; what they refuse is looked at then.
        try:
            if 0.0 < weight < INFINITY:
                self._sources.append(source_id)
                self._targets.append(target_id)
                self._weights.append(weight)
                self._network = None
                return
        except (TypeError, OverflowError):
            del self._sources[len(self._weights) :], self._targets[len(self._weights) :]
        self._add_unusual(source_id, target_id, weight)

    def _add_unusual(self, source_id: Any, target_id: Any, weight: Any) -> None:
        """Add a link whose ends may be numbers like 2.0, or say what is wrong with it."""
        source, target = _number(source_id), _number(target_id)
        if not is_number(weight):
            raise NetworkError(f"the weight of the link {source} - {target} must be a number, not {weight!r}")
        if not 0 <= weight < INFINITY:
            raise bad_weight(weight, f"the link {source} - {target}")
        if weight > 0:
            self._add_arrays(np.array([source]), np.array([target]), np.array([float(weight)]))

    def add_links(self, links: Iterable[Any]) -> None:
        """Add links: tuples of source, target and perhaps weight, or an array of such rows."""
        if isinstance(links, np.ndarray):
            self._add_rows(links)
            return
        rest = iter(links)
        while piece := list(islice(rest, PIECE)):
            columns = _columns(piece)
            if columns is not None:
                self._add_columns(*columns)
                continue
            for link in piece:
                self.add_link(*link)

    def remove_link(self, source_id: int, target_id: int) -> bool:
        """Take a link away, not its nodes; says whether there was one."""
        sources, targets, weights = self._links()
        given = (sources == source_id) & (targets == target_id)
        if not given.any():
            return False
        self.add_nodes([source_id, target_id])
        self._clear_links()
        self._add_arrays(sources[~given], targets[~given], weights[~given])
        return True

    def remove_links(self, links: Iterable[tuple[int, int]]) -> None:
        """Take links away, not their nodes."""
        for source, target in links:
            self.remove_link(source, target)

    def add_node(self, node_id: int, name: str | None = None, teleportation_weight: float | None = None) -> None:
        """Add a node, which may be without links."""
        number = _number(node_id)
        if teleportation_weight is not None or number not in self._node_weights:
            self._node_weights[number] = teleportation_weight
        self.set_name(number, name)
        self._network = None

    def add_nodes(self, nodes: Iterable[Any]) -> None:
        """Add nodes: numbers, tuples of number, name and perhaps weight, or a mapping of number to the rest."""
        rows = nodes.items() if isinstance(nodes, Mapping) else nodes
        for row in rows:
            number, *rest = row if isinstance(row, tuple | list) else (row,)
            if isinstance(nodes, Mapping) and isinstance(rest[0], tuple | list):
                rest = list(rest[0])
            self.add_node(number, *rest)

    def set_name(self, node_id: int, name: str | None) -> None:
        """Name a node; None leaves its name as it is."""
        if name is not None:
            self._names[_number(node_id)] = name

    def set_names(self, names: Mapping[int, str] | Iterable[tuple[int, str]]) -> None:
        """Name nodes, by pairs or by a mapping."""
        for node_id, name in names.items() if isinstance(names, Mapping) else names:
            self.set_name(node_id, name)

    def get_name(self, node_id: int, default: str | None = None) -> str | None:
        """The name of a node, or the default if it has none."""
        return self._names.get(node_id, default)

    def get_names(self) -> dict[int, str]:
        """The names of all nodes that have one."""
        return dict(sorted(self._names.items()))

    @property
    def names(self) -> dict[int, str]:
        """The names of all nodes that have one."""
        return self.get_names()

    @property
    def bipartite_start_id(self) -> int:
        """The first node of the second kind; 0 if all nodes are of one kind.

        Links join nodes of different kinds, and only the visits of nodes of the first kind are described: from each of
        them two steps lead to the next.
        """
        return self._bipartite_start_id

    @bipartite_start_id.setter
    def bipartite_start_id(self, start_id: int) -> None:
        self._bipartite_start_id = _number(start_id)

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self._present().num_nodes

    num_physical_nodes = num_nodes

    @property
    def num_links(self) -> int:
        """Number of links: pairs once a search has said that they are undirected, before it ordered pairs."""
        return self._present().num_links

    def add_networkx_graph(self, g: networkx.Graph, weight: str | None = "weight") -> dict[int, Any]:
        """Add a NetworkX graph; a directed one makes the flow directed, unless ``directed=False`` was said.

        Returns
        -------
        dict
            From number to label. Labels that are numbers stay; else nodes are numbered in the graph's order, and
            the labels, or the attribute ``name``, become names.
        """
        labels = list(g)
        keeps = all(isinstance(label, int) and label >= 0 for label in labels)
        number = {label: label if keeps else i for i, label in enumerate(labels)}
        for label, attributes in g.nodes(data=True):
            _refuse_states(attributes)
            name = attributes.get("name")
            named = name is not None or not keeps
            self.add_node(number[label], str(label if name is None else name) if named else None)
        edges = g.edges(data=weight, default=1.0) if weight is not None else ((u, v, 1.0) for u, v in g.edges())
        self.add_links((number[u], number[v], value) for u, v, value in edges)
        self._has_arcs |= g.is_directed()
        return {number[label]: label for label in labels}

    def add_igraph_graph(self, g: igraph.Graph, edge_weights: Any = None, vertex_weights: Any = None) -> dict[int, Any]:
        """Add an igraph graph; a directed one makes the flow directed, unless ``directed=False`` was said.

        Parameters
        ----------
        g : igraph.Graph
        edge_weights, vertex_weights : str or sequence, optional
            The name of an attribute, or its values. Without, the edge attribute ``weight`` is taken if there is one.

        Returns
        -------
        dict
            From vertex number to ``name``, or to itself if vertices have no names.
        """
        _refuse_states(g.vs.attributes())
        if edge_weights is None and "weight" in g.es.attributes():
            edge_weights = "weight"
        weights = g.es[edge_weights] if isinstance(edge_weights, str) else edge_weights
        node_weights = g.vs[vertex_weights] if isinstance(vertex_weights, str) else vertex_weights
        names = g.vs["name"] if "name" in g.vs.attributes() else None
        self._add_positions(range(g.vcount()), names, node_weights)
        ends = np.array(g.get_edgelist(), dtype=np.int64).reshape(-1, 2)
        self._add_columns(ends[:, 0], ends[:, 1], None if weights is None else np.asarray(weights, dtype=np.float64))
        self._has_arcs |= g.is_directed()
        return dict(enumerate(range(g.vcount()) if names is None else names))

    def add_scipy_sparse_matrix(
        self, A: Any, directed: bool = False, weighted: bool = True, node_ids: Iterable[Any] | None = None
    ) -> dict[int, Any]:
        """Add the links of a square SciPy matrix, ``A[i, j]`` being the weight of the link i -> j.

        Parameters
        ----------
        A : sparse matrix or array of shape (n, n)
            Symmetric unless `directed`: a pair then weighs ``A[i, j]`` once.
        directed, weighted : bool
            Whether links lead from i to j only; whether their weights count.
        node_ids : iterable of n labels, optional
            Words become names.

        Returns
        -------
        dict
            From position to label, or to itself without labels.
        """
        network = Network.from_csr(A, directed=True)
        if not (directed or network.is_symmetric()):
            raise NetworkError("the matrix of an undirected network must equal its transpose; or say directed=True")
        return self._add_network(network, directed, weighted, node_ids)

    def add_edge_index(
        self,
        edge_index: Any,
        edge_weight: ArrayLike | None = None,
        num_nodes: int | None = None,
        directed: bool = True,
        node_ids: Iterable[Any] | None = None,
    ) -> dict[int, Any]:
        """Add links from an array or tensor of shape (2, m): sources, then targets, as positions.

        Returns
        -------
        dict
            From position to label, or to itself without labels.
        """
        ends = np.asarray(edge_index)
        if ends.ndim != 2 or len(ends) != 2 or ends.dtype.kind not in "iu":
            raise NetworkError(f"edge_index must be whole numbers of shape (2, m), not {ends.dtype} of {ends.shape}")
        size = int(ends.max(initial=-1)) + 1 if num_nodes is None else num_nodes
        network = Network.from_edges(ends[0], ends[1], edge_weight, directed=directed, num_nodes=size)
        return self._add_network(network, directed, True, node_ids)

    def read_file(self, filename: str | os.PathLike[str], accumulate: bool = True) -> None:
        """Add the nodes and links of a link list or a Pajek file, whose nodes are numbers.

        Raises
        ------
        FormatError
            If the file cannot be read.
        NetworkError
            If it calls nodes by words.
        """
        network = read_network(filename, directed=True)
        ids = np.asarray(network.labels if network.ids is None else network.ids)
        if ids.dtype.kind not in "iu":
            raise NetworkError(f"{os.fspath(filename)}: nodes must be whole numbers here; mapeq.infomap takes words")
        if not accumulate:
            self._clear_links()
            self._node_weights, self._names = {}, {}
        names = [None] * len(ids) if network.ids is None else list(map(str, network.label_list()))
        node_weights = [None] * len(ids) if network.node_weights is None else network.node_weights.tolist()
        self.add_nodes(zip(ids.tolist(), names, node_weights, strict=True))
        sources, targets, weights = network.links()
        self._add_arrays(ids[sources], ids[targets], weights)

    def _add_network(
        self, network: Network, directed: bool, weighted: bool, node_ids: Iterable[Any] | None
    ) -> dict[int, Any]:
        """Add a network whose nodes are known by position."""
        labels = list(range(network.num_nodes)) if node_ids is None else list(node_ids)
        if len(labels) != network.num_nodes:
            raise NetworkError(f"there are {network.num_nodes} nodes but {len(labels)} node_ids")
        self._add_positions(range(network.num_nodes), [name if isinstance(name, str) else None for name in labels])
        sources, targets, weights = network.links()
        if not directed and network.directed:  # a pair once
            once = sources <= targets
            sources, targets, weights = sources[once], targets[once], weights[once]
        self._add_columns(sources, targets, weights if weighted else None)
        self._has_arcs |= directed
        return dict(enumerate(labels))

    def _add_positions(self, numbers: range, names: Any = None, node_weights: Any = None) -> None:
        nothing = [None] * len(numbers)
        self.add_nodes(zip(numbers, names or nothing, nothing if node_weights is None else node_weights, strict=True))

    def _add_rows(self, rows: NDArray[Any]) -> None:
        """Add links from an array of shape (m, 2), or (m, 3) with weights."""
        if rows.ndim != 2 or rows.shape[1] not in (2, 3):
            raise NetworkError(f"links are an array of shape (m, 2), or (m, 3) with weights, not {rows.shape}")
        self._add_columns(rows[:, 0], rows[:, 1], rows[:, 2].astype(np.float64) if rows.shape[1] == 3 else None)

    def _add_columns(self, sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray | None) -> None:
        """Add links from arrays of shape (m,)."""
        sources, targets = _numbers(sources), _numbers(targets)
        values = np.ones(len(sources)) if weights is None else weights
        if not len(sources) == len(targets) == len(values):
            raise NetworkError(f"there are {len(sources)} sources, {len(targets)} targets and {len(values)} weights")
        k = first_bad_weight(values)
        if k is not None:
            raise bad_weight(values[k], f"the link {sources[k]} - {targets[k]}")
        if not values.all():
            linked = values > 0
            sources, targets, values = sources[linked], targets[linked], values[linked]
        self._add_arrays(sources, targets, values)

    def _add_arrays(self, sources: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any]) -> None:
        for column, values in ((self._sources, sources), (self._targets, targets), (self._weights, weights)):
            column.frombytes(np.ascontiguousarray(values, dtype=column.typecode).view(np.uint8).data)
        self._network = None

    def _clear_links(self) -> None:
        self._sources, self._targets, self._weights = array("Q"), array("Q"), array("d")

    def _links(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """All links as they were added, those below the threshold apart."""
        sources, targets = (np.array(ends, dtype=np.uint64).astype(np.int64) for ends in (self._sources, self._targets))
        weights = np.array(self._weights, dtype=np.float64)
        for ends in (sources, targets):
            if len(ends) and ends.min() < 0:
                raise NetworkError(f"the node {int(ends.min()) + (1 << 64)} is too large: numbers are below 2**63")
        if self._threshold > 0:
            heavy = weights >= self._threshold
            sources, targets, weights = sources[heavy], targets[heavy], weights[heavy]
        return sources, targets, weights

    def _collected(self, *, directed: bool) -> Network:
        """The network of all that was added, nodes sorted by number."""
        sources, targets, weights = self._links()
        alone = np.array(list(self._node_weights), dtype=np.int64)
        tails, heads, labels = numbered(np.concatenate([sources, alone]), np.concatenate([targets, alone]))
        ids = np.asarray(labels, dtype=np.int64)
        node_weights = None
        if any(weight is not None for weight in self._node_weights.values()):
            node_weights = np.ones(len(ids))
            given = [1.0 if weight is None else weight for weight in self._node_weights.values()]
            node_weights[tails[len(sources) :]] = given
        tails, heads = tails[: len(sources)], heads[: len(sources)]
        network = Network.from_edges(tails, heads, weights, directed=directed, labels=ids, node_weights=node_weights)
        return network if self._self_links else network.without_self_links()

    def _present(self) -> Network:
        """The network as the last run took it, or with ordered pairs if it was changed since."""
        if self._network is None:
            self._network = self._collected(directed=True)
        return self._network


def weighted_links(network: Network) -> Iterator[tuple[int, int, float]]:
    """Source, target and weight of each link; of undirected ones the smaller number first."""
    ids = np.asarray(network.labels)
    sources, targets, weights = network.links()
    return zip(ids[sources].tolist(), ids[targets].tolist(), weights.tolist(), strict=True)


def _columns(links: list[Any]) -> tuple[Any, Any, Any] | None:
    """Arrays of sources, targets and weights, or None where links differ in shape or are no numbers."""
    widths = {len(link) for link in links}
    if widths not in ({2}, {3}):
        return None
    try:
        sources, targets, *weights = zip(*links, strict=True)
        ends = [np.frombuffer(array("Q", column), dtype=np.uint64) for column in (sources, targets)]
        return ends[0], ends[1], np.frombuffer(array("d", weights[0])) if weights else None
    except (TypeError, OverflowError):
        return None


def _number(node: Any) -> int:
    """A node as a whole number."""
    try:
        number = int(node)
        if not isinstance(node, str) and node == number and number >= 0:
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    raise NetworkError(f"a node must be a whole number from 0, not {node!r}")


def _numbers(nodes: NDArray[Any]) -> NDArray[Any]:
    """Nodes as an array of whole numbers."""
    if nodes.dtype.kind == "u":
        return nodes
    with np.errstate(invalid="ignore"):  # NaN
        numbers = nodes.astype(np.int64)
    wrong = np.flatnonzero((numbers != nodes) | (numbers < 0))
    if len(wrong):
        raise NetworkError(f"nodes must be whole numbers from 0, not {nodes[wrong[0]]}")
    return numbers


def _refuse_states(attributes: Iterable[str]) -> None:
    """Refuse graphs whose nodes say that they are states, or in layers."""
    for name, reason in (("node_id", STATES), ("layer_id", LAYERS)):
        if name in attributes:
            raise refusal(f"meaning for the attribute {name!r} of nodes", reason)

"""The nodes and links that a script adds, one by one or in bulk, and the network made of them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, is_number
from mapeq.integrations.igraph import columns
from mapeq.integrations.infomap.refused import ATTRIBUTES_OF_STATES, refusal
from mapeq.io.files.networks import read_source
from mapeq.io.files.pajek import PajekContent, network_of_pajek, pajek_content
from mapeq.io.files.readers import find_format
from mapeq.io.files.source import Source
from mapeq.network.labels import numbered
from mapeq.network.network import Network
from mapeq.network.weights import bad_weight, first_bad_weight

if TYPE_CHECKING:
    import igraph
    import networkx

#: Sources, targets and weights; each link weighs 1 without weights.
Links = tuple[ArrayLike, ArrayLike, ArrayLike | None]


class Collection(ABC):
    """Nodes and links as they are added; each link takes 24 bytes.

    Attributes
    ----------
    bipartite_start_id : int
        The first node of the second kind in a bipartite network; 0 if all nodes are of one kind.
    """

    def __init__(self) -> None:
        self.bipartite_start_id = 0
        self._clear()
        self._has_arcs = False
        #: Least weight of a link that counts, and whether self-links do.
        self._threshold, self._self_links = 0.0, True

    def _clear(self) -> None:
        self._clear_links()
        self._node_weights: dict[int, float | None] = {}
        self._names: dict[int, str] = {}
        self._categories: dict[int, int] = {}

    def _clear_links(self) -> None:
        self._sources, self._targets, self._weights = array("q"), array("q"), array("d")
        #: The network as it was last asked for; None once something was added.
        self._network: Network | None = None

    def add_link(self, source_id: int, target_id: int, weight: float = 1.0) -> None:
        """Add a link between two numbers. Parallel links are summed; a link of weight 0 is ignored.

        Raises
        ------
        NetworkError
            If a node is not a whole number from 0, or the weight is negative or not finite.
        """
        try:  # the fast path, for numbers that need no conversion
            if 0.0 < weight < inf and source_id >= 0 and target_id >= 0:
                self._sources.append(source_id)
                self._targets.append(target_id)
                self._weights.append(weight)
                self._network = None
                return
        except (TypeError, OverflowError):
            del self._sources[len(self._weights) :], self._targets[len(self._weights) :]
        self._add_columns([source_id], [target_id], [weight])

    def add_links(self, links: Iterable[Any]) -> None:
        """Add links: tuples ``(source, target)`` or ``(source, target, weight)``, or an array of such rows."""
        if not isinstance(links, np.ndarray) or links.dtype == object:
            for link in links:
                self.add_link(*link)
            return
        if links.ndim != 2 or links.shape[1] not in (2, 3):
            raise NetworkError(f"links are an array of shape (m, 2), or (m, 3) with weights, not {links.shape}")
        self._add_columns(*links.T)

    def remove_link(self, source_id: int, target_id: int) -> bool:
        """Remove a link but not its nodes; returns whether there was one."""
        sources, targets, weights = self._links()
        removed = (sources == source_id) & (targets == target_id)
        if not removed.any():
            return False
        self.add_nodes([source_id, target_id])
        self._clear_links()
        self._add_columns(sources[~removed], targets[~removed], weights[~removed])
        return True

    def remove_links(self, links: Iterable[tuple[int, int]]) -> None:
        """Remove links but not their nodes."""
        for source, target in links:
            self.remove_link(source, target)

    def add_node(self, node_id: int, name: str | None = None, teleportation_weight: float | None = None) -> None:
        """Add a node, which need not have links."""
        number = whole_number(node_id)
        if teleportation_weight is not None or number not in self._node_weights:
            self._node_weights[number] = teleportation_weight
        self.set_name(number, name)
        self._network = None

    def add_nodes(self, nodes: Iterable[Any]) -> None:
        """Add nodes: numbers, tuples of number, name and optionally weight, or a mapping from number to the rest."""
        if isinstance(nodes, Mapping):
            nodes = [(node, *rest) if isinstance(rest, tuple | list) else (node, rest) for node, rest in nodes.items()]
        for row in nodes:
            self.add_node(*(row if isinstance(row, tuple | list) else (row,)))

    def set_name(self, node_id: int, name: str | None) -> None:
        """Name a node; None leaves its name as it is."""
        if name is not None:
            self._names[whole_number(node_id)] = name

    def set_names(self, names: Mapping[int, str] | Iterable[tuple[int, str]]) -> None:
        """Name nodes, by pairs or by a mapping."""
        for node_id, name in names.items() if isinstance(names, Mapping) else names:
            self.set_name(node_id, name)

    def set_meta_data(self, node_id: int | Mapping[int, int], meta_category: int | None = None) -> None:
        """Give a node a category, or the nodes of a mapping theirs."""
        given = node_id.items() if isinstance(node_id, Mapping) else [(node_id, meta_category)]
        self._categories |= {whole_number(node): whole_number(category) for node, category in given}

    def get_name(self, node_id: int, default: str | None = None) -> str | None:
        """The name of a node, or the default if it has none."""
        return self._names.get(node_id, default)

    def get_names(self) -> dict[int, str]:
        """The names of all nodes that have one."""
        return dict(sorted(self._names.items()))

    names = property(get_names)

    num_nodes = property(lambda self: self._present().num_nodes, doc="Number of nodes, or of states.")
    num_links = property(
        lambda self: self._present().num_links,
        doc="Number of links: ordered pairs, or unordered ones after an undirected run.",
    )

    def add_networkx_graph(self, g: networkx.Graph, weight: str | None = "weight") -> dict[int, Any]:
        """Add a NetworkX graph; a directed one makes the flow directed, unless ``directed=False`` is given.

        Returns
        -------
        dict
            From number to label. If all labels are numbers, they are kept. Otherwise nodes are numbered in the graph's
            order, and the attribute ``name`` or else the label becomes the name.
        """
        labels = list(g)
        are_numbers = all(isinstance(label, int) and label >= 0 for label in labels)
        number = {label: label if are_numbers else i for i, label in enumerate(labels)}
        for label, attributes in g.nodes(data=True):
            _refuse_states(attributes)
            name = attributes.get("name")
            if name is None and not are_numbers:
                name = label
            self.add_node(number[label], None if name is None else str(name))
        edges = g.edges(data=weight, default=1.0) if weight is not None else ((u, v, 1.0) for u, v in g.edges())
        self.add_links((number[u], number[v], value) for u, v, value in edges)
        self._has_arcs |= g.is_directed()
        return {number[label]: label for label in labels}

    def add_igraph_graph(self, g: igraph.Graph, edge_weights: Any = None, vertex_weights: Any = None) -> dict[int, Any]:
        """Add an igraph graph; a directed one makes the flow directed, unless ``directed=False`` is given.

        Weights are the name of an attribute, or its values; by default the edge attribute ``weight`` is used if there
        is one. Returns a mapping from vertex number to ``name``, or to itself if vertices have no names.
        """
        _refuse_states(g.vs.attributes())
        if edge_weights is None and "weight" in g.es.attributes():
            edge_weights = "weight"
        sources, targets, weights, node_weights = columns(g, edge_weights, vertex_weights)
        names = map(str, g.vs["name"]) if "name" in g.vs.attributes() else None
        links = sources, targets, weights
        return self._add_positions(g.vcount(), names, links, node_weights=node_weights, directed=g.is_directed())

    def add_scipy_sparse_matrix(
        self, A: Any, directed: bool = False, weighted: bool = True, node_ids: Iterable[Any] | None = None
    ) -> dict[int, Any]:
        """Add the links of a square SciPy matrix, ``A[i, j]`` being the weight of the link i -> j.

        The matrix must be symmetric, up to rounding errors, unless `directed`; the weight of a pair is ``A[i, j]``,
        counted once. Returns a mapping from position to label, or to itself without `node_ids`; labels that are words
        become names.
        """
        network = Network.from_csr(A, directed=True if directed else None)
        if network.directed and not directed:
            raise NetworkError("the matrix of an undirected network must equal its transpose; otherwise directed=True")
        sources, targets, weights = network.links()
        links = sources, targets, weights if weighted else None
        return self._add_positions(network.num_nodes, node_ids, links, directed=directed)

    def add_edge_index(
        self,
        edge_index: Any,
        edge_weight: ArrayLike | None = None,
        num_nodes: int | None = None,
        directed: bool = True,
        node_ids: Iterable[Any] | None = None,
    ) -> dict[int, Any]:
        """Add links from an array or tensor of shape (2, m): sources, then targets, as positions.

        Returns a mapping from position to label, as :meth:`add_scipy_sparse_matrix` does.
        """
        ends = np.asarray(edge_index)
        if ends.ndim != 2 or len(ends) != 2 or ends.dtype.kind not in "iu":
            raise NetworkError(f"edge_index must be whole numbers of shape (2, m), not {ends.dtype} of {ends.shape}")
        size = int(ends.max(initial=-1)) + 1 if num_nodes is None else num_nodes
        network = Network.from_edges(ends[0], ends[1], edge_weight, directed=directed, num_nodes=size)
        return self._add_positions(size, node_ids, network.links(), directed=directed)

    def read_file(self, filename: str | os.PathLike[str], accumulate: bool = True) -> None:
        """Add the nodes and links of a link list or a Pajek file, whose nodes are numbers, or its states or layers.

        Raises
        ------
        FormatError
            If the file cannot be read.
        NetworkError
            If its nodes are words.
        """
        with Source(filename) as source:
            content = pajek_content(source, weighted=True) if find_format(source) == "pajek" else None
            if content is not None and content.states.has_any:
                if not accumulate:
                    self._clear()
                self._add_sections(content)
                return
            if content is None:
                network = read_source(source, directed=True, some_weights=True)
            else:
                try:
                    network = network_of_pajek(content, directed=True)
                except NetworkError as error:
                    raise source.error(str(error)) from error
        ids = np.asarray(network.labels if network.ids is None else network.ids)
        if ids.dtype.kind not in "iu":
            raise NetworkError(f"{os.fspath(filename)}: nodes must be whole numbers here; mapeq.infomap takes words")
        if not accumulate:
            self._clear()
        nothing = [None] * len(ids)
        names = nothing if network.ids is None else map(str, network.label_list())
        node_weights = nothing if network.node_weights is None else network.node_weights.tolist()
        nodes = list(zip(ids.tolist(), names, node_weights, strict=True))
        is_linked = (network.out_strengths() > 0) | (network.in_strengths() > 0)
        if not (is_linked.all() or _declares_nodes(filename)):  # links of weight 0 are ignored, and so are their ends
            nodes = [node for node, linked in zip(nodes, is_linked.tolist(), strict=True) if linked]
        self.add_nodes(nodes)
        sources, targets, weights = network.links()
        self._add_columns(ids[sources], ids[targets], weights)

    @abstractmethod
    def _add_sections(self, content: PajekContent) -> None:
        """Add the states or layers of a file."""

    def _add_positions(
        self,
        num_nodes: int,
        node_ids: Iterable[Any] | None,
        links: Links,
        *,
        directed: bool,
        node_weights: Iterable[Any] | None = None,
    ) -> dict[int, Any]:
        """Add nodes and links that are known by position; returns the label of each position."""
        labels = list(range(num_nodes) if node_ids is None else node_ids)
        if len(labels) != num_nodes:
            raise NetworkError(f"there are {num_nodes} nodes but {len(labels)} node_ids")
        names = [label if isinstance(label, str) else None for label in labels]
        node_weights = [None] * num_nodes if node_weights is None else node_weights
        self.add_nodes(zip(range(num_nodes), names, node_weights, strict=True))
        self._add_columns(*links)
        self._has_arcs |= directed
        return dict(enumerate(labels))

    def _add_columns(self, sources: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> None:
        """Add links from columns of the same length."""
        sources, targets = whole_numbers(sources), whole_numbers(targets)
        values = np.ones(len(sources)) if weights is None else _numeric(weights, "weights must be numbers")
        if not len(sources) == len(targets) == len(values):
            raise NetworkError(f"there are {len(sources)} sources, {len(targets)} targets and {len(values)} weights")
        values = checked_weights(values, lambda k: f"the link {sources[k]} - {targets[k]}")
        linked = values > 0
        for column, given in ((self._sources, sources), (self._targets, targets), (self._weights, values)):
            column.frombytes(given[linked].astype(column.typecode).view(np.uint8).data)
        self._network = None

    def _links(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """All links as they were added, except those below the threshold."""
        sources, targets, weights = map(np.array, (self._sources, self._targets, self._weights))
        heavy = weights >= self._threshold
        return sources[heavy], targets[heavy], weights[heavy]

    def _collected(self, *, directed: bool) -> Network:
        """The network of everything added, nodes sorted by number."""
        sources, targets, weights = self._links()
        added = np.array(list(self._node_weights), dtype=np.int64)
        tails, heads, labels = numbered(np.concatenate([sources, added]), np.concatenate([targets, added]))
        ids = np.asarray(labels, dtype=np.int64)
        node_weights = None
        if any(weight is not None for weight in self._node_weights.values()):
            node_weights = np.ones(len(ids))
            given = self._node_weights.values()
            node_weights[tails[len(sources) :]] = [1.0 if weight is None else weight for weight in given]
        ends = tails[: len(sources)], heads[: len(sources)]
        network = Network.from_edges(*ends, weights, directed=directed, labels=ids, node_weights=node_weights)
        return network if self._self_links else network.without_self_links()

    def _present(self) -> Network:
        """The network as the last run used it; with ordered pairs if it has changed since."""
        if self._network is None:
            self._network = self._collected(directed=True)
        return self._network


def _declares_nodes(filename: str | os.PathLike[str]) -> bool:
    """Whether a file lists its nodes, as Pajek files do."""
    if os.fspath(filename) == "-":  # which cannot be read again
        return False
    with Source(filename) as text:
        return text.more() and text.first_line().lower().startswith(b"*vertices")


def weighted_links(network: Network) -> Iterator[tuple[int, int, float]]:
    """Source, target and weight of each link; the smaller number first if undirected."""
    ids = np.asarray(network.labels)
    sources, targets, weights = network.links()
    return zip(ids[sources].tolist(), ids[targets].tolist(), weights.tolist(), strict=True)


def checked_weights(weights: ArrayLike, name: Callable[[int], str]) -> FloatArray:
    """Weights as an array, or an error that names the link of the first one that is none."""
    values = _numeric(weights, "weights must be numbers").astype(np.float64, copy=False)
    k = first_bad_weight(values)
    if k is not None:
        raise bad_weight(values[k], name(k))
    return values


def whole_number(node: Any) -> int:
    """A node as a whole number."""
    return node if type(node) is int and node >= 0 else int(whole_numbers([node])[0])


def whole_numbers(nodes: ArrayLike) -> NDArray[np.int64]:
    """Nodes as an array of whole numbers."""
    expected = "nodes must be whole numbers from 0 to 2**63 - 1"
    given = _numeric(nodes, expected)
    with np.errstate(invalid="ignore"):  # NaN
        numbers = given.astype(np.int64)
    wrong = np.flatnonzero((numbers != given) | (numbers < 0))
    if len(wrong):
        raise NetworkError(f"{expected}, not {given[wrong[0]]}")
    return numbers


def _numeric(values: ArrayLike, expected: str) -> NDArray[Any]:
    """Values as an array of numbers; the error says what is expected, and what was found."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise NetworkError(f"{expected}, not {next((x for x in array.tolist() if not is_number(x)), array[0])!r}")
    return array


def _refuse_states(attributes: Iterable[str]) -> None:
    """Refuse graphs whose nodes are state nodes or in layers."""
    for name in ("node_id", "layer_id"):
        if name in attributes:
            raise refusal(f"meaning for the node attribute {name!r}", ATTRIBUTES_OF_STATES)

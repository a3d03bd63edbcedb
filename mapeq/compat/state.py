"""The stateful class: collects a network, searches it and keeps what was found."""

from __future__ import annotations

import os
from array import array
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._optional import require
from mapeq.api import evaluate, infomap
from mapeq.compat.node import Node
from mapeq.compat.options import FLOW_FLAGS, named_options, threads_of
from mapeq.errors import NetworkError
from mapeq.formats import read_network
from mapeq.formats.naming import in_tree_order
from mapeq.network import Network, bad_weight, first_bad_weight
from mapeq.result import Result
from mapeq.rows import FloatArray
from mapeq.tree import depths, first_children, preorder

if TYPE_CHECKING:
    import networkx
    import pandas


class Infomap:
    """Collects a network, searches it for modules and keeps what was found.

    Parameters
    ----------
    args : str, optional
        Options as flags, such as ``"--two-level --num-trials 10 -d"``; they win over keywords.
    **options
        The same by name: ``two_level=True, num_trials=10, directed=True``. Without ``two_level`` modules may be
        in modules. One trial and seed 123 by default.

    Raises
    ------
    ValueError
        If an option is unknown or not supported; names it.

    Examples
    --------
    >>> from mapeq.compat import Infomap
    >>> im = Infomap("--two-level --silent")
    >>> for link in [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]:
    ...     im.add_link(*link)
    >>> _ = im.run()
    >>> im.num_top_modules, round(im.codelength, 4)
    (2, 2.3207)
    >>> for node in im.tree:
    ...     if node.is_leaf:
    ...         print(node.node_id, node.module_id, end="; ")
    3 1; 1 1; 2 1; 4 2; 5 2; 6 2;
    """

    def __init__(self, args: str | None = None, **options: Any):
        self._options = named_options(args, options)
        self._sources, self._targets, self._weights = array("q"), array("q"), array("d")
        self._node_weights: dict[int, float | None] = {}
        self._names: dict[int, str] = {}
        self._has_arcs = False
        self._network: Network | None = None
        self._result: Result | None = None
        #: Module of each node to start from, kept for all runs.
        self.initial_partition: Mapping[int, int] | None = None

    def add_link(self, source_id: int, target_id: int, weight: float = 1.0) -> None:
        """Add a link between two numbers; parallel links are summed, one of weight 0 is as good as absent.

        Raises
        ------
        NetworkError
            If a node is no whole number from 0, or the weight is negative or not finite.
        """
        source, target = _number(source_id), _number(target_id)
        if not 0 <= weight < np.inf:
            raise bad_weight(weight, f"the link {source} - {target}")
        if weight > 0:
            self._sources.append(source)
            self._targets.append(target)
            self._weights.append(weight)
            self._network = None

    def add_links(self, links: Iterable[Any]) -> None:
        """Add links: tuples of source, target and perhaps weight, or an array of such rows."""
        if isinstance(links, np.ndarray):
            self._add_rows(links)
        else:
            for link in links:
                self.add_link(*link)

    def remove_link(self, source_id: int, target_id: int) -> bool:
        """Take a link away, not its nodes; says whether there was one."""
        sources, targets, weights = self._links()
        given = (sources == source_id) & (targets == target_id)
        if not given.any():
            return False
        self.add_nodes([source_id, target_id])
        self._sources, self._targets, self._weights = array("q"), array("q"), array("d")
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
        for label, name in g.nodes(data="name"):
            named = name is not None or not keeps
            self.add_node(number[label], str(label if name is None else name) if named else None)
        edges = g.edges(data=weight, default=1.0) if weight is not None else ((u, v, 1.0) for u, v in g.edges())
        for u, v, value in edges:
            self.add_link(number[u], number[v], value)
        self._has_arcs |= g.is_directed()
        return {number[label]: label for label in labels}

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
            self._sources, self._targets, self._weights = array("q"), array("q"), array("d")
            self._node_weights, self._names = {}, {}
        self.add_nodes(ids.tolist() if network.node_weights is None else _weighted(ids, network.node_weights))
        if network.ids is not None:
            self.set_names(zip(ids.tolist(), map(str, network.label_list()), strict=True))
        sources, targets, weights = network.links()
        self._add_arrays(ids[sources], ids[targets], weights)

    def run(
        self, args: str | None = None, initial_partition: Mapping[int, int] | None = None, **options: Any
    ) -> Infomap:
        """Search the network, by these options beside those of the constructor.

        Returns
        -------
        Infomap
            This object, which has what was found.
        """
        chosen = self._options | named_options(args, options)
        start = initial_partition or self.initial_partition or chosen.get("cluster_data")
        flow_model = self._flow_model(chosen)
        network = self._collected(chosen, directed=flow_model != "undirected")
        if network.num_nodes == 0:
            raise NetworkError("there is nothing to search: add links or nodes first")
        walk = {
            "flow_model": flow_model,
            "teleport_to": "nodes" if chosen.get("to_nodes") else "links",
            "teleportation_probability": chosen.get("teleportation_probability", 0.15),
            "recorded_teleportation": chosen.get("recorded_teleportation", False),
            "node_weights_as_flow": chosen.get("use_node_weights_as_flow", False),
            "markov_time": chosen.get("markov_time", 1.0),
        }
        if chosen.get("no_infomap"):
            self._result = evaluate(network, start or np.zeros(network.num_nodes, np.int64), **walk)
        else:
            self._result = infomap(
                network,
                multilevel=not chosen.get("two_level"),
                initial_partition=start,
                num_trials=chosen.get("num_trials", 1),
                seed=chosen.get("seed", 123),
                num_threads=threads_of(chosen),
                **walk,
            )
        self._network = network
        return self

    @property
    def names(self) -> dict[int, str]:
        """The names of all nodes that have one."""
        return self.get_names()

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self._present().num_nodes

    @property
    def num_links(self) -> int:
        """Number of links: pairs once the search has said that they are undirected, before it ordered pairs."""
        return self._present().num_links

    @property
    def links(self) -> Iterator[tuple[int, int, float]]:
        """As :meth:`get_links`."""
        return self.get_links()

    def get_links(self) -> Iterator[tuple[int, int, float]]:
        """Source, target and weight of each link; once it is known to be undirected, the smaller number first."""
        network = self._present()
        ids = np.asarray(network.labels)
        sources, targets, weights = network.links()
        return zip(ids[sources].tolist(), ids[targets].tolist(), weights.tolist(), strict=True)

    @property
    def codelength(self) -> float:
        """Description length in bits per step."""
        return self._found().codelength

    @property
    def codelengths(self) -> tuple[float, ...]:
        """Description length of each trial; recombined, they may give one shorter than all of these."""
        return self._found().trials or (self.codelength,)

    @property
    def index_codelength(self) -> float:
        """The part of it that names the top modules."""
        return self._found().index_codelength

    @property
    def module_codelength(self) -> float:
        """The rest of it, within modules."""
        return self._found().module_codelength

    @property
    def one_level_codelength(self) -> float:
        """Description length without modules."""
        return self._found().one_level_codelength

    @property
    def relative_codelength_savings(self) -> float:
        """The fraction of it that the modules save."""
        return self._found().relative_savings

    @property
    def num_top_modules(self) -> int:
        """Number of top modules."""
        return self._found().num_modules

    @property
    def num_leaf_modules(self) -> int:
        """Number of modules of nodes."""
        return len(np.unique(self._found().hierarchy.module_of))

    @property
    def max_depth(self) -> int:
        """Levels of the tree, the nodes being the last: 2 for a two-level partition."""
        return self._found().num_levels

    num_levels = max_depth

    @property
    def modules(self) -> ItemsView[int, int]:
        """Pairs of node and top module."""
        return self.get_modules().items()

    @property
    def multilevel_modules(self) -> ItemsView[int, tuple[int, ...]]:
        """Pairs of node and the modules that it is in at each level."""
        return self.get_multilevel_modules().items()

    def get_modules(self, depth_level: int = 1, states: bool = False) -> dict[int, int]:
        """The module of each node, from 1, at a depth below the root; -1 is the finest level."""
        found = self._found()
        numbers = _module_numbers(found, depth_level)[found.hierarchy.module_of]
        return dict(zip(np.asarray(found.network.labels).tolist(), numbers.tolist(), strict=True))

    def get_multilevel_modules(self, states: bool = False) -> dict[int, tuple[int, ...]]:
        """The modules that each node is in, at each level, coarsest first."""
        found = self._found()
        levels = [self.get_modules(level) for level in range(1, found.num_levels)]
        return {node_id: tuple(modules[node_id] for modules in levels) for node_id in levels[0]}

    @property
    def tree(self) -> Iterator[Node]:
        """Modules and nodes, depth first."""
        return self.get_tree()

    @property
    def nodes(self) -> Iterator[Node]:
        """The nodes, module by module, most flow first."""
        return self.get_nodes()

    @property
    def leaf_modules(self) -> Iterator[Node]:
        """The modules of nodes."""
        return (node for node in self.get_tree() if node.is_leaf_module)

    physical_tree, physical_nodes = tree, nodes

    def get_nodes(self, depth_level: int = 1, states: bool = False) -> Iterator[Node]:
        """The nodes, module by module, with their modules at a depth below the root."""
        return (node for node in self.get_tree(depth_level) if node.is_leaf)

    def get_tree(self, depth_level: int = 1, states: bool = False) -> Iterator[Node]:
        """Modules and nodes, depth first, with their modules at a depth below the root."""
        found = self._found()
        ids, flow = np.asarray(found.network.labels), found.flow
        numbers = _module_numbers(found, depth_level)[preorder(found.hierarchy.parent)].tolist()
        leaves = iter(in_tree_order(found)[0].tolist())
        for number, module in zip(numbers, found.tree.walk(), strict=True):
            size = module.num_children
            yield Node(0, number, module.path, module.flow, size, module.is_leaf, module.codelength)
            for rank, i in enumerate(islice(leaves, size if module.is_leaf else 0), 1):
                yield Node(int(ids[i]), number, (*module.path, rank), float(flow[i]))

    def get_dataframe(
        self, columns: Iterable[str] = ("path", "flow", "name", "node_id"), *, states: bool = True, depth_level: int = 1
    ) -> pandas.DataFrame:
        """A pandas table of the nodes (extra ``pandas``): attributes of theirs, and ``name``, or else the number."""
        pandas = require("pandas", extra="pandas")
        nodes = list(self.get_nodes(depth_level))
        rows = {
            column: [
                self._names.get(node.node_id, node.node_id) if column == "name" else getattr(node, column)
                for node in nodes
            ]
            for column in columns
        }
        return pandas.DataFrame(rows)

    def write(self, filename: str | os.PathLike[str], format: str | None = None, level: int = 1) -> None:
        """Write what was found in the format of the suffix; see :meth:`mapeq.Result.write`."""
        found = self._found()
        ids = np.asarray(found.network.labels, dtype=np.int64)
        names = tuple(self._names.get(node_id, str(node_id)) for node_id in ids.tolist())
        replace(found, network=replace(found.network, labels=names, ids=ids)).write(filename, format, level)

    def write_clu(self, filename: str | os.PathLike[str], states: bool = False, depth_level: int = 1) -> None:
        """Write a .clu file of the modules at a depth below the root."""
        self.write(filename, "clu", depth_level)

    def write_tree(self, filename: str | os.PathLike[str], states: bool = False) -> None:
        """Write a .tree file."""
        self.write(filename, "tree")

    def write_flow_tree(self, filename: str | os.PathLike[str], states: bool = False) -> None:
        """Write a .ftree file."""
        self.write(filename, "ftree")

    def numTopModules(self) -> int:
        """Number of top modules."""
        return self.num_top_modules

    # What older versions called them.
    addLink, addNode, setName, readInputData = add_link, add_node, set_name, read_file
    iterTree = iter_tree = get_tree
    leafIter = iterLeafNodes = get_nodes
    getModules, getMultilevelModules, getName, getNames = get_modules, get_multilevel_modules, get_name, get_names
    writeClu, writeTree, writeFlowTree = write_clu, write_tree, write_flow_tree

    def _found(self) -> Result:
        """What the last run has found."""
        if self._result is None:
            raise RuntimeError("nothing is found yet: call run() first")
        return self._result

    def _flow_model(self, options: Mapping[str, Any]) -> str:
        """The flow model of a run: saying ``directed`` wins, and a graph with arcs says it where nothing else does."""
        said = options.get("flow_model") or next((name for name in FLOW_FLAGS if options.get(name)), "undirected")
        directed = options.get("directed", self._has_arcs and said == "undirected")
        return "directed" if directed else str(said)

    def _add_rows(self, rows: NDArray[Any]) -> None:
        """Add links from an array of shape (m, 2), or (m, 3) with weights."""
        if rows.ndim != 2 or rows.shape[1] not in (2, 3):
            raise NetworkError(f"links are an array of shape (m, 2), or (m, 3) with weights, not {rows.shape}")
        ends = rows[:, :2].astype(np.int64)
        wrong = np.flatnonzero(((ends != rows[:, :2]) | (ends < 0)).any(axis=1))
        if len(wrong):
            raise NetworkError(f"nodes must be whole numbers from 0, not {rows[wrong[0], :2].tolist()}")
        weights = rows[:, 2].astype(np.float64) if rows.shape[1] == 3 else np.ones(len(rows))
        k = first_bad_weight(weights)
        if k is not None:
            raise bad_weight(weights[k], f"the link {ends[k, 0]} - {ends[k, 1]}")
        linked = weights > 0
        self._add_arrays(ends[linked, 0], ends[linked, 1], weights[linked])

    def _add_arrays(self, sources: NDArray[Any], targets: NDArray[Any], weights: FloatArray) -> None:
        self._sources.frombytes(sources.astype(np.int64).tobytes())
        self._targets.frombytes(targets.astype(np.int64).tobytes())
        self._weights.frombytes(weights.astype(np.float64).tobytes())
        self._network = None

    def _links(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """All links as they were added."""
        return (
            np.array(self._sources, dtype=np.int64),
            np.array(self._targets, dtype=np.int64),
            np.array(self._weights, dtype=np.float64),
        )

    def _collected(self, options: Mapping[str, Any], *, directed: bool) -> Network:
        """The network of all that was added, nodes sorted by number."""
        sources, targets, weights = self._links()
        ids = np.unique(np.concatenate([np.array(list(self._node_weights), dtype=np.int64), sources, targets]))
        given = [self._node_weights.get(node_id) for node_id in ids.tolist()]
        node_weights = [1.0 if weight is None else weight for weight in given]
        network = Network.from_edges(
            np.searchsorted(ids, sources),
            np.searchsorted(ids, targets),
            weights,
            directed=directed,
            labels=ids,
            node_weights=None if all(weight is None for weight in given) else node_weights,
        )
        leaves_out = options.get("no_self_links") or options.get("include_self_links") is False
        return network.without_self_links() if leaves_out else network

    def _present(self) -> Network:
        """The network as the last run took it, or with ordered pairs if it was changed since."""
        if self._network is None:
            self._network = self._collected(self._options, directed=True)
        return self._network


def _module_numbers(result: Result, level: int) -> NDArray[np.int64]:
    """The number, from 1 and depth first, of what each module is in at a level; of its first part, if it is above."""
    parent = result.hierarchy.parent
    level = result.num_levels - 1 if level < 0 else level
    order = preorder(parent)
    depth = depths(parent)[order]
    is_leaf = np.diff(first_children(parent))[order] == 0
    counts = (depth == level) | (is_leaf & (depth < level))
    numbers = np.empty(len(parent), dtype=np.int64)
    numbers[order] = np.cumsum(counts) + (~counts & (depth < level))
    return numbers


def _number(node: Any) -> int:
    """A node as a whole number."""
    if isinstance(node, str) or node != (number := int(node)) or number < 0:
        raise NetworkError(f"a node must be a whole number from 0, not {node!r}")
    return number


def _weighted(ids: NDArray[np.int64], weights: FloatArray) -> list[tuple[int, None, float]]:
    return [(node_id, None, weight) for node_id, weight in zip(ids.tolist(), weights.tolist(), strict=True)]

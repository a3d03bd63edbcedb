"""The stateful class: collects a network, searches it and keeps what was found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.errors import MapeqError, NetworkError
from mapeq.api import evaluate, infomap
from mapeq.integrations.infomap.collecting import Collection, weighted_links
from mapeq.integrations.infomap.found import Result
from mapeq.integrations.infomap.node import Node
from mapeq.integrations.infomap.options import FLOW_FLAGS, check_run, named_options, threads_of
from mapeq.integrations.infomap.refused import ATTRIBUTES, BIPARTITE, missing, refusal
from mapeq.integrations.infomap.writing import write_pajek
from mapeq.network.network import Network

if TYPE_CHECKING:
    import pandas


class NotRunError(MapeqError, RuntimeError, ValueError):
    """Something was asked for that only a run can find."""


def _figure(name: str) -> property:
    """An attribute of what the last run has found."""

    def figure(self: Infomap) -> Any:
        return getattr(self._found(), name)

    return property(figure, doc=getattr(getattr(Result, name, None), "__doc__", None))


def _method(name: str) -> Callable[..., Any]:
    """A method of what the last run has found."""

    def method(self: Infomap, *args: Any, **options: Any) -> Any:
        return getattr(self._found(), name)(*args, **options)

    method.__doc__ = getattr(Result, name).__doc__
    return method


class Infomap(Collection):
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
    >>> im.run()
    Result(codelength=2.32073..., num_top_modules=2, num_levels=2)
    >>> for node in im.tree:
    ...     if node.is_leaf:
    ...         print(node.node_id, node.module_id, end="; ")
    3 1; 1 1; 2 1; 4 2; 5 2; 6 2;
    """

    def __init__(self, args: str | None = None, **options: Any):
        super().__init__()
        self._options = named_options(args, options)
        self._threshold = float(self._options.get("weight_threshold", 0.0))
        self._self_links = (
            not self._options.get("no_self_links") and self._options.get("include_self_links") is not False
        )
        self._result: Result | None = None
        #: Module of each node to start from, kept for all runs.
        self.initial_partition: Mapping[int, int] | None = None

    @classmethod
    def from_scipy_sparse_matrix(
        cls,
        A: Any,
        *,
        directed: bool = False,
        weighted: bool = True,
        node_ids: Iterable[Any] | None = None,
        args: str | None = None,
        **options: Any,
    ) -> Infomap:
        """The object with the links of a matrix; see :meth:`add_scipy_sparse_matrix`."""
        im = cls(args, **options)
        im.add_scipy_sparse_matrix(A, directed, weighted, node_ids)
        return im

    @classmethod
    def from_edge_index(
        cls,
        edge_index: Any,
        *,
        edge_weight: Any = None,
        num_nodes: int | None = None,
        directed: bool = True,
        node_ids: Iterable[Any] | None = None,
        args: str | None = None,
        **options: Any,
    ) -> Infomap:
        """The object with the links of an edge index; see :meth:`add_edge_index`."""
        im = cls(args, **options)
        im.add_edge_index(edge_index, edge_weight, num_nodes, directed, node_ids)
        return im

    def __getattr__(self, name: str) -> Any:
        raise missing("Infomap", name, ATTRIBUTES)

    def run(
        self, args: str | None = None, initial_partition: Mapping[int, int] | None = None, **options: Any
    ) -> Result:
        """Search the network, by these options beside those of the constructor.

        Returns
        -------
        Result
            What was found; this object keeps it, too, until it runs again.

        Raises
        ------
        NetworkError
            If there is nothing to search.
        """
        begin = time.perf_counter()
        said = named_options(args, options)
        check_run(said)
        chosen = self._options | said
        flow_model = self._flow_model(chosen)
        network = self._collected(directed=flow_model != "undirected")
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
        self._network = network
        steps = 1
        if self.bipartite_start_id:
            _check_kinds(network, self.bipartite_start_id, flow_model)
            if not chosen.get("skip_adjust_bipartite_flow"):
                network = _of_first_kind(network, self.bipartite_start_id)
                steps = 2  # from one node of the first kind to the next
                walk |= {"node_weights_as_flow": True, "markov_time": steps * walk["markov_time"]}
        start = chosen.get("cluster_data")
        given = initial_partition or self.initial_partition
        if given:
            start = _filled(given, network)
        if chosen.get("no_infomap"):
            found = evaluate(network, start or np.zeros(network.num_nodes, np.int64), **walk)
        else:
            found = infomap(
                network,
                multilevel=not chosen.get("two_level"),
                initial_partition=start,
                num_trials=chosen.get("num_trials", 1),
                seed=chosen.get("seed", 123),
                num_threads=threads_of(chosen),
                **walk,
            )
        self._result = Result(found, self.get_names(), time.perf_counter() - begin, steps)
        return self._result

    codelength, codelengths = _figure("codelength"), _figure("codelengths")
    index_codelength, module_codelength = _figure("index_codelength"), _figure("module_codelength")
    one_level_codelength = _figure("one_level_codelength")
    relative_codelength_savings = _figure("relative_codelength_savings")
    entropy_rate, elapsed_time = _figure("entropy_rate"), _figure("elapsed_time")
    meta_codelength, meta_entropy = _figure("meta_codelength"), _figure("meta_entropy")
    num_top_modules, num_leaf_modules = _figure("num_top_modules"), _figure("num_leaf_modules")
    num_non_trivial_top_modules = _figure("num_non_trivial_top_modules")
    num_levels = max_depth = _figure("num_levels")
    effective_num_top_modules = _figure("effective_num_top_modules")
    effective_num_leaf_modules = _figure("effective_num_leaf_modules")
    have_memory, state_names = _figure("have_memory"), _figure("state_names")

    write, write_clu, write_tree = _method("write"), _method("write_clu"), _method("write_tree")
    write_flow_tree, write_csv, write_json = _method("write_flow_tree"), _method("write_csv"), _method("write_json")
    write_newick, to_dataframe = _method("write_newick"), _method("to_dataframe")
    get_multilevel_modules = _method("multilevel_modules")

    @property
    def modules(self) -> ItemsView[int, int]:
        """Pairs of node and top module."""
        return self.get_modules().items()

    @property
    def multilevel_modules(self) -> ItemsView[int, tuple[int, ...]]:
        """Pairs of node and the modules that it is in at each level."""
        return self._found().multilevel_modules().items()

    @property
    def tree(self) -> Iterator[Node]:
        """Modules and nodes, depth first."""
        return self._found().tree()

    @property
    def nodes(self) -> Iterator[Node]:
        """The nodes, module by module, most flow first."""
        return self._found().nodes()

    @property
    def leaf_modules(self) -> Iterator[Node]:
        """The modules of nodes."""
        return self._found().leaf_modules()

    physical_tree, physical_nodes = tree, nodes

    @property
    def links(self) -> Iterator[tuple[int, int, float]]:
        """As :meth:`get_links`."""
        return self.get_links()

    @property
    def flow_links(self) -> Iterator[tuple[int, int, float]]:
        """Source, target and flow of each link."""
        return self.get_links("flow")

    def get_links(self, data: str = "weight") -> Iterator[tuple[int, int, float]]:
        """Source, target and weight of each link; once it is known to be undirected, the smaller number first.

        With ``"flow"`` as the last run has found it, else as they are now.
        """
        return weighted_links(self._present()) if data == "weight" else self._found().links(data)

    def get_modules(self, depth_level: int = 1, states: bool = False) -> dict[int, int]:
        """The module of each node, from 1, at a depth below the root, by increasing number; -1 is the finest level."""
        return dict(sorted(self._found().modules(depth_level).items()))

    def get_nodes(self, depth_level: int = 1, states: bool = False) -> Iterator[Node]:
        """The nodes, module by module, with their modules at a depth below the root."""
        return self._found().nodes(depth_level)

    def get_tree(self, depth_level: int = 1, states: bool = False) -> Iterator[Node]:
        """Modules and nodes, depth first, with their modules at a depth below the root."""
        return self._found().tree(depth_level)

    def get_effective_num_modules(self, depth_level: int = 1) -> float:
        """Two to the power of the entropy of the flow of the modules at a depth below the root."""
        return self._found().effective_num_modules(depth_level)

    def get_state_names(self) -> dict[int, str]:
        """Nothing: there are no states."""
        return {}

    def get_dataframe(
        self, columns: Iterable[str] = ("path", "flow", "name", "node_id"), *, states: bool = True, depth_level: int = 1
    ) -> pandas.DataFrame:
        """A pandas table of the nodes (extra ``pandas``): attributes of theirs, and ``name``, or else the number."""
        return self._found().to_dataframe(columns, level=depth_level)

    def write_pajek(self, filename: str | os.PathLike[str], flow: bool = False) -> None:
        """Write the network as a Pajek file, or, of the last run, with flow in place of weights."""
        network = self._present()
        if self._result is None and self._flow_model(self._options) == "undirected":
            network = network.undirected()
        write_pajek(filename, network, self._names, self._found() if flow else None)

    def summary(self) -> dict[str, Any]:
        """The figures by name; of the network alone before a run."""
        figures: dict[str, Any] = {"nodes": self.num_nodes, "links": self.num_links, "physical_nodes": self.num_nodes}
        figures |= {"state_nodes": 0, "higher_order": False, "status": "not run" if self._result is None else "run"}
        return figures if self._result is None else figures | self._result.summary()

    def numTopModules(self) -> int:
        """Number of top modules."""
        return self._found().num_top_modules

    # What older versions called them.
    addLink, addNode, setName, readInputData = (
        Collection.add_link,
        Collection.add_node,
        Collection.set_name,
        Collection.read_file,
    )
    getName, getNames = Collection.get_name, Collection.get_names
    iterTree = iter_tree = get_tree
    leafIter = iterLeafNodes = get_nodes
    getModules, getMultilevelModules = get_modules, get_multilevel_modules
    writeClu, writeTree, writeFlowTree = write_clu, write_tree, write_flow_tree

    def _found(self) -> Result:
        """What the last run has found."""
        if self._result is None:
            raise NotRunError("nothing is found yet: call run() first")
        return self._result

    def _flow_model(self, options: Mapping[str, Any]) -> str:
        """The flow model of a run: saying ``directed`` wins, and a graph with arcs says it where nothing else does."""
        said = options.get("flow_model") or next((name for name in FLOW_FLAGS if options.get(name)), "undirected")
        directed = options.get("directed", self._has_arcs and said == "undirected")
        return "directed" if directed else str(said)

    def __repr__(self) -> str:
        found = "" if self._result is None else f", {self._result!r}"
        return f"<mapeq.integrations.infomap.Infomap: {self.num_nodes} nodes, {self.num_links} links{found}>"


def _filled(partition: Mapping[int, Any], network: Network) -> dict[Any, Any]:
    """A partition of just the nodes of the network; those that it leaves out are in modules of their own."""
    are_paths = any(isinstance(module, tuple) for module in partition.values())
    filled: dict[Any, Any] = {}
    for node_id in np.asarray(network.labels).tolist():
        alone = f"alone {node_id}"
        filled[node_id] = partition.get(node_id, (alone,) if are_paths else alone)
    return filled


def _check_kinds(network: Network, start_id: int, flow_model: str) -> None:
    """Refuse links between nodes of one kind."""
    if flow_model != "undirected":
        raise refusal(f"flow model {flow_model!r} with bipartite_start_id", BIPARTITE)
    ids = np.asarray(network.labels)
    sources, targets = (ids[ends] for ends in network.links()[:2])
    wrong = np.flatnonzero((sources >= start_id) == (targets >= start_id))
    if len(wrong):
        link = f"{sources[wrong[0]]} - {targets[wrong[0]]}"
        raise NetworkError(f"the link {link} joins nodes of one kind: with bipartite_start_id={start_id} none may")


def _of_first_kind(network: Network, start_id: int) -> Network:
    """The network with node weights by which only nodes of the first kind are visited."""
    is_first = np.asarray(network.labels) < start_id
    return replace(network, node_weights=np.where(is_first, network.out_strengths(), 0.0))

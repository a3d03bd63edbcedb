"""The stateful class: collects a network, searches it and keeps the result."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.errors import MapeqError, NetworkError, PartitionError
from mapeq.api import evaluate, infomap
from mapeq.integrations.infomap.collecting import weighted_links, whole_number
from mapeq.integrations.infomap.higher_order import HigherOrderCollection, in_layers
from mapeq.integrations.infomap.nodes import camel_case
from mapeq.integrations.infomap.options import (
    layer_options,
    metadata_options,
    named_options,
    search_options,
    walk_options,
)
from mapeq.integrations.infomap.refused import ATTRIBUTES, PRIOR, missing, refusal
from mapeq.integrations.infomap.result import FIGURES, MORE_FIGURES, Result
from mapeq.integrations.infomap.writing import pajek_lines, state_network_lines
from mapeq.io.files.streams import atomic_file
from mapeq.network.labelled import by_label
from mapeq.network.network import Network

if TYPE_CHECKING:
    import pandas


class NotRunError(MapeqError, RuntimeError, ValueError):
    """A result was asked for before the first run."""


def _method(name: str) -> Callable[..., Any]:
    """A method of the last result."""

    def method(self: Infomap, *args: Any, **options: Any) -> Any:
        return getattr(self._found, name)(*args, **options)

    method.__doc__ = getattr(Result, name).__doc__
    return method


def _at_depth(name: str) -> Callable[..., Any]:
    """A method of the last result, at a depth below the root."""

    def method(self: Infomap, depth_level: int = 1, states: bool = False) -> Any:
        return getattr(self._found, name)(depth_level, states=states)

    method.__doc__ = getattr(Result, name).__doc__
    return method


def _view(name: str, *, states: bool) -> Any:
    """A property: a method of the last result, about states or not."""
    return property(lambda self: getattr(self._found, name)(states=states), doc=getattr(Result, name).__doc__)


class Infomap(HigherOrderCollection):
    """Collects a network, searches it for modules and keeps the result.

    Parameters
    ----------
    args : str, optional
        Options as flags, such as ``"--two-level --num-trials 10 -d"``; they win over keywords.
    **options
        The same options by name: ``two_level=True, num_trials=10, directed=True``. Without ``two_level`` the search is
        multilevel. The defaults are one trial and seed 123.

    Attributes
    ----------
    initial_partition : mapping of int to module, optional
        Where all runs start from; nodes that it leaves out are in modules of their own.

    Raises
    ------
    ValueError
        If an option is unknown or not supported.

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
        without = self._options.get("no_self_links") or self._options.get("include_self_links") is False
        self._self_links = not without
        self._result: Result | None = None
        self.initial_partition: Mapping[int, Any] | None = None

    @classmethod
    def from_scipy_sparse_matrix(
        cls,
        A: Any,
        *,
        directed: bool = False,
        weighted: bool = True,
        node_ids: Any = None,
        args: str | None = None,
        **options: Any,
    ) -> Infomap:
        """Create an object with the links of a matrix; see :meth:`add_scipy_sparse_matrix`."""
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
        node_ids: Any = None,
        args: str | None = None,
        **options: Any,
    ) -> Infomap:
        """Create an object with the links of an edge index; see :meth:`add_edge_index`."""
        im = cls(args, **options)
        im.add_edge_index(edge_index, edge_weight, num_nodes, directed, node_ids)
        return im

    def __getattr__(self, name: str) -> Any:
        raise missing("Infomap", name, ATTRIBUTES)

    def run(
        self, args: str | None = None, initial_partition: Mapping[int, Any] | None = None, **options: Any
    ) -> Result:
        """Search the network, with these options added to those of the constructor.

        Returns
        -------
        Result
            The object keeps it, too, until the next run.

        Raises
        ------
        NetworkError
            If there are no nodes.
        """
        begin = time.perf_counter()
        given = named_options(args, options)
        for name in ("weight_threshold", "no_self_links"):
            if given.get(name):
                raise ValueError(f"{name} applies when links are added: it belongs in Infomap(...), not in run(...)")
        chosen = self._options | given
        walk = walk_options(chosen, has_arcs=self._has_arcs)
        is_directed = walk["flow_model"] != "undirected"
        network = self._network = self._collected(directed=is_directed, layers=layer_options(chosen))
        if self.walks_between_layers:
            if walk["regularization"]:
                raise refusal("option --regularized for networks whose walk changes layers", PRIOR)
            walk["flow_model"] = walk["flow_model"] if is_directed else "directed"
        if network.num_nodes == 0:
            raise NetworkError("the network is empty: add links or nodes first")
        if self.bipartite_start_id and network.states is not None:
            raise NetworkError("a network of states or layers cannot be bipartite: bipartite_start_id must be 0")
        if self.bipartite_start_id:
            network = self._network = _with_sides(network, whole_number(self.bipartite_start_id))
        walk |= metadata_options(chosen, self._categories)
        partition = self.initial_partition if initial_partition is None else initial_partition
        start = (
            _completed(partition, network) if partition is not None and len(partition) else chosen.get("cluster_data")
        )
        if chosen.get("no_infomap"):
            found = evaluate(network, start or np.zeros(network.num_nodes, np.int64), **walk)
        else:
            found = infomap(network, initial_partition=start, **search_options(chosen), **walk)
        self._result = Result(found, self.get_names(), time.perf_counter() - begin, self.get_state_names())
        return self._result

    @property
    def _found(self) -> Result:
        """The result of the last run."""
        if self._result is None:
            raise NotRunError("there is no result yet: call run() first")
        return self._result

    def get_links(self, data: str = "weight") -> Iterator[tuple[int, int, float]]:
        """Source, target and weight of each link; or, with ``"flow"``, the flow of the last run.

        Before an undirected run, links are ordered pairs; after it, the smaller number comes first.
        """
        return weighted_links(self._present()) if data == "weight" else self._found.links(data)

    def get_modules(self, depth_level: int = 1, states: bool = False) -> dict[int, int]:
        """The module of each node, from 1, at a depth below the root, sorted by node; -1 is the finest level."""
        return dict(sorted(self._found.modules(depth_level, states=states).items()))

    def get_dataframe(
        self, columns: Iterable[str] = ("path", "flow", "name", "node_id"), *, states: bool = True, depth_level: int = 1
    ) -> pandas.DataFrame:
        """A pandas table of the nodes; see :meth:`Result.to_dataframe`."""
        return self._found.to_dataframe(columns, level=depth_level, states=states)

    get_nodes, get_tree = _at_depth("nodes"), _at_depth("tree")
    get_effective_num_modules = _method("effective_num_modules")
    get_multilevel_modules, to_dataframe = _method("multilevel_modules"), _method("to_dataframe")
    write, write_clu, write_tree = _method("write"), _method("write_clu"), _method("write_tree")
    write_flow_tree, write_csv, write_json = _method("write_flow_tree"), _method("write_csv"), _method("write_json")
    write_newick = _method("write_newick")

    links = property(get_links)
    flow_links = property(lambda self: self.get_links("flow"), doc="Source, target and flow of each link.")
    nodes, physical_nodes = _view("nodes", states=True), _view("nodes", states=False)
    tree, physical_tree = _view("tree", states=True), _view("tree", states=False)
    leaf_modules = property(_method("leaf_modules"))

    modules = property(lambda self: self.get_modules().items(), doc="Pairs of node and top module.")
    multilevel_modules = property(
        lambda self: self.get_multilevel_modules().items(), doc="Pairs of node and its modules at all levels."
    )

    def write_pajek(self, filename: str | os.PathLike[str], flow: bool = False) -> None:
        """Write the network as a Pajek file; with `flow`, the flow of the last run in place of weights."""
        network = self._present()
        is_directed = walk_options(self._options, has_arcs=self._has_arcs)["flow_model"] != "undirected"
        if self._result is None and not is_directed:
            network = network.undirected()
        with atomic_file(filename) as stream:
            names = self._names if network.states is None else {}
            stream.writelines(pajek_lines(network, names, self._found if flow else None))

    def write_state_network(self, filename: str | os.PathLike[str]) -> None:
        """Write the states and the links between them as a file with ``*States``."""
        with atomic_file(filename) as stream:
            stream.writelines(state_network_lines(self._present(), self.get_names(), self._state_names))

    def _present(self) -> Network:
        if self._network is None and self.walks_between_layers:
            is_directed = walk_options(self._options, has_arcs=self._has_arcs)["flow_model"] != "undirected"
            self._network = self._collected(directed=is_directed, layers=layer_options(self._options))
        return super()._present()

    def summary(self) -> dict[str, Any]:
        """The figures by name; before a run, those of the network."""
        network = self._present()
        num_physical = self.num_physical_nodes
        figures: dict[str, Any] = {"nodes": self.num_nodes, "links": self.num_links, "physical_nodes": num_physical}
        figures |= {"state_nodes": self.num_nodes - num_physical, "higher_order": network.states is not None}
        figures["status"] = "not run" if self._result is None else "run"
        return figures if self._result is None else figures | self._result.summary()

    def _num_top_modules(self) -> Any:
        """Number of top modules."""
        return self._found.num_top_modules

    def __repr__(self) -> str:
        found = "" if self._result is None else f", {self._result!r}"
        return f"<mapeq.compat.Infomap: {self.num_nodes} nodes, {self.num_links} links{found}>"


def _with_sides(network: Network, start_id: int) -> Network:
    """The bipartite network whose nodes from a number on are of the second kind."""
    ids = np.asarray(network.labels)
    sources, targets = (ids[ends] for ends in network.links()[:2])
    wrong = np.flatnonzero((sources >= start_id) == (targets >= start_id))
    if len(wrong):
        link = f"{sources[wrong[0]]} - {targets[wrong[0]]}"
        raise NetworkError(f"the link {link} joins nodes of one kind, which bipartite_start_id={start_id} forbids")
    return network.with_sides(ids >= start_id)


def _completed(partition: Mapping[Any, Any], network: Network) -> dict[Any, Any]:
    """The partition of all nodes of the network; those that it leaves out are in modules of their own."""
    named = by_label(in_layers(partition, network), network.label_list(), "module", PartitionError)
    if named is None:
        raise TypeError(f"initial_partition must be a mapping of node to module, not a {type(partition).__name__}")
    are_paths = any(isinstance(module, tuple) for module in named.values())
    alone = {node: (f"alone {node}",) if are_paths else f"alone {node}" for node in network.label_list()}
    return {node: named.get(node, module) for node, module in alone.items()}


#: Names of version 1.x.
_OLD_NAMES = {
    **{camel_case(name): name for name in ("add_link", "add_node", "set_name", "get_name", "get_names")},
    **{camel_case(name): name for name in ("write_clu", "write_tree", "write_flow_tree")},
    **{camel_case(name): name for name in ("get_modules", "get_multilevel_modules", "_num_top_modules")},
    "readInputData": "read_file",
    "iterTree": "get_tree",
    "iter_tree": "get_tree",
    "leafIter": "get_nodes",
    "iterLeafNodes": "get_nodes",
}
for _old, _new in _OLD_NAMES.items():
    setattr(Infomap, _old, getattr(Infomap, _new))
for _name in (*FIGURES, *MORE_FIGURES):
    if not hasattr(Infomap, _name):
        setattr(Infomap, _name, property(attrgetter(f"_found.{_name}"), doc=f"See :attr:`Result.{_name}`."))

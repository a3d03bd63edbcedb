"""The result of a run, under the names of the infomap package: figures, modules, and the tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, wraps
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, option_error
from mapeq._base.hierarchy import depths, first_children, preorder
from mapeq._base.optional import require
from mapeq.integrations.infomap.collecting import weighted_links
from mapeq.integrations.infomap.nodes import FlowData, Node
from mapeq.integrations.infomap.refused import RESULT_ATTRIBUTES, missing
from mapeq.integrations.infomap.writing import WRITERS
from mapeq.io.files.leaves import Leaves, leaves_of
from mapeq.io.files.streams import atomic_file
from mapeq.network.network import Network
from mapeq.objective.formula import plogps
from mapeq.result.result import Result as MapeqResult
from mapeq.walk.flow import ENTER, TELEPORT_OUT, VISIT, Flow, NodeFlow
from mapeq.walk.link_flow import flow_between_layers, rates_per_weight
from mapeq.walk.models import random_walk
from mapeq.walk.switching import is_switching

if TYPE_CHECKING:
    import pandas

Method = TypeVar("Method", bound=Callable[..., Any])

#: What :meth:`Result.summary` reports.
FIGURES = (
    *("codelength", "num_top_modules", "num_non_trivial_top_modules", "num_leaf_modules", "num_levels"),
    *("relative_codelength_savings", "index_codelength", "module_codelength", "one_level_codelength"),
    *("entropy_rate", "num_nodes", "num_links", "elapsed_time"),
)
#: Other figures.
MORE_FIGURES = (
    *("codelengths", "max_depth", "effective_num_top_modules", "effective_num_leaf_modules"),
    *("have_memory", "state_names", "meta_codelength", "meta_entropy"),
)


def _figure(source: str | Callable[[Any], Any], doc: str) -> Any:
    """A property that reads an attribute of mapeq's result, or is computed from this one."""
    return property(attrgetter(f"found.{source}") if isinstance(source, str) else source, doc=doc)


def _writer(format: str) -> Callable[..., None]:
    """The method that writes one format."""

    def write(
        self: Result, filename: str | os.PathLike[str], states: bool = False, level: int | None = None, **names: Any
    ) -> None:
        self.write(filename, format, level=level, states=states, **names)

    write.__doc__ = f"Write a .{format} file."
    return write


def _with_level_names(method: Method) -> Method:
    """Let ``level`` be called ``depth`` or ``depth_level``, too."""

    @wraps(method)
    def call(
        self: Result,
        *args: Any,
        depth: int | None = None,
        depth_level: int | None = None,
        **kw: Any,
    ) -> Any:
        level = depth if depth_level is None else depth_level
        return method(self, *args, **kw) if level is None else method(self, *args, **kw | {"level": level})

    return cast(Method, call)


class Result:
    """The result of a run. It does not change when the network changes or is run again.

    Levels are depths below the root: 1 for the top modules, -1 for the finest ones. ``depth`` and ``depth_level``
    are other names of ``level``. With ``states``, nodes are states; without, states of a physical node in the same
    module are one node. It has no effect on networks without states.

    Attributes
    ----------
    found : mapeq.Result
        The same result with all that mapeq can do with it.
    names : dict of int to str
        The names of all nodes that have one.
    elapsed_time : float
        Duration of the run in seconds.
    state_names : dict of int to str
        The names of all states that have one.
    """

    codelength = _figure("codelength", "Codelength in bits per step.")
    index_codelength = _figure("index_codelength", "Part of the codelength that names the top modules.")
    module_codelength = _figure("module_codelength", "Rest of the codelength, within modules.")
    one_level_codelength = _figure("one_level_codelength", "Codelength without modules.")
    relative_codelength_savings = _figure("relative_savings", "Share of it that the modules save.")
    num_top_modules = _figure("num_modules", "Number of top modules.")
    num_levels = max_depth = _figure("num_levels", "Number of levels, nodes included: 2 for a flat partition.")
    num_nodes = _figure("num_nodes", "Number of nodes, or of states.")
    num_physical_nodes = _figure(
        lambda self: len(self.found.network.states.labels) if self.have_memory else self.num_nodes,
        "Number of physical nodes.",
    )
    num_links = _figure("num_links", "Number of links; parallel links count once.")
    codelengths = _figure(
        lambda self: self.found.trials or (self.codelength,),
        "Codelength of each trial; the result combines trials and may be shorter than all of them.",
    )
    meta_codelength = _figure(
        lambda self: self.found.metadata_codelength or 0.0, "Part of the codelength that describes the metadata."
    )
    meta_entropy = _figure(
        lambda self: self.meta_codelength / (self.found.options["metadata_rate"] or 1.0),
        "The same at a rate of 1: the mean entropy of the metadata in modules.",
    )
    num_leaf_modules = _figure(lambda self: len(np.unique(self.found.hierarchy.module_of)), "Number of leaf modules.")
    effective_num_top_modules = _figure(lambda self: self.effective_num_modules(1), "Effective number of top modules.")
    effective_num_leaf_modules = _figure(
        lambda self: self.effective_num_modules(-1), "Effective number of leaf modules."
    )

    def __init__(
        self,
        found: MapeqResult,
        names: dict[int, str],
        elapsed_time: float,
        state_names: dict[int, str] | None = None,
    ):
        self.found = found
        self.names, self.state_names = names, state_names or {}
        self.elapsed_time = elapsed_time
        states = found.network.states
        self._ids = self._node_ids = np.asarray(found.network.labels, dtype=np.int64)
        self._layer_ids = np.zeros(len(self._ids), dtype=np.int64)
        if states is not None:
            self._node_ids = np.asarray(states.labels, dtype=np.int64)[states.physical]
            if states.layer is not None:
                self._layer_ids = np.asarray(states.layers, dtype=np.int64)[states.layer]

    @property
    def have_memory(self) -> bool:
        """Whether there are states."""
        return self.found.network.states is not None

    @property
    def has_layers(self) -> bool:
        """Whether there are states, in layers."""
        states = self.found.network.states
        return states is not None and states.layer is not None

    def __getattr__(self, name: str) -> Any:
        raise missing("Result", name, RESULT_ATTRIBUTES)

    @property
    def num_non_trivial_top_modules(self) -> int:
        """Number of top modules with more than one node or module in them; without states, 0 if there is only one."""
        sizes = [module.num_children for module in self.found.tree.children]
        return sum(size > 1 for size in sizes) if len(sizes) > 1 or self.have_memory else 0

    @cached_property
    def entropy_rate(self) -> float:
        """Entropy of a step over links to other nodes, in bits."""
        network = self.found.network.without_self_links()
        if self.found.options["flow_model"] in ("undirected", "undirdir"):
            network = network.undirected()
        sources = network.sources()
        shares = network.weights / network.out_strengths()[sources]
        return float(abs((self.found.flow[sources] * plogps(shares)).sum()))

    @_with_level_names
    def effective_num_modules(self, level: int | None = 1) -> float:
        """Effective number of modules, or nodes, at exactly this depth: ``2 ** entropy`` of their flow."""
        parent, records = self.found.hierarchy.parent, self.found.module_records
        level = 1 if level is None else level
        if level < 0:
            flow = records[np.diff(first_children(parent)) == 0, VISIT]
        else:
            depth = depths(parent)
            nodes = self.found.flow[depth[self.found.hierarchy.module_of] == level - 1]
            flow = np.concatenate([records[depth == level, VISIT], nodes])
        return float(2 ** -plogps(flow).sum())

    @_with_level_names
    def modules(self, level: int | None = 1, *, states: bool = False) -> dict[int, int]:
        """The module of each node or state, from 1, in the order of the tree.

        Raises
        ------
        NetworkError
            If nodes have states, which may be in several modules, and `states` is not set.
        """
        self._check_one_module_each(states=states)
        order = leaves_of(self.found).nodes
        module_ids = self._module_ids(level)[self.found.hierarchy.module_of]
        return dict(zip(self._ids[order].tolist(), module_ids[order].tolist(), strict=True))

    def multilevel_modules(self, *, states: bool = False) -> dict[int, tuple[int, ...]]:
        """The modules of each node or state at all levels, coarsest first, sorted by number; see :meth:`modules`."""
        self._check_one_module_each(states=states)
        module_of = self.found.hierarchy.module_of
        levels = [self._module_ids(level)[module_of].tolist() for level in range(1, self.num_levels)]
        return dict(sorted(zip(self._ids.tolist(), zip(*levels, strict=True), strict=True)))

    def _check_one_module_each(self, *, states: bool) -> None:
        if self.have_memory and not states:
            raise NetworkError("a node may be in several modules: states=True gives the module of each state")

    @_with_level_names
    def nodes(self, level: int | None = 1, *, states: bool = False) -> Iterator[Node]:
        """The nodes or states, module by module, by decreasing flow."""
        return (node for node in self.tree(level, states=states) if node.is_leaf)

    def leaf_modules(self) -> Iterator[Node]:
        """The modules of nodes."""
        return (node for node in self.tree() if node.is_leaf_module)

    @_with_level_names
    def tree(self, level: int | None = 1, *, states: bool = False) -> Iterator[Node]:
        """Modules and nodes or states, depth first."""
        found, parent = self.found, self.found.hierarchy.parent
        order = preorder(parent)
        rows = leaves_of(found, physical=self.have_memory and not states)
        leaves, sizes = self._leaves(rows), np.bincount(rows.modules, minlength=len(parent))
        module_ids = self._module_ids(level)[order].tolist()
        parent_flows = found.module_records[parent[order], VISIT].tolist()
        columns = module_ids, parent_flows, sizes[order].tolist()
        for module, module_id, parent_flow, num_leaves in zip(found.tree.walk(), *columns, strict=True):
            path, size, flow = module.path, module.num_children, module.flow
            data = FlowData(flow, module.enter, module.exit)
            yield Node(0, 0, module_id, path, data, parent_flow, size, module.is_leaf, module.codelength)
            for rank, (rates, node_id, state_id, layer_id, category) in enumerate(islice(leaves, num_leaves), 1):
                name = self.names.get(node_id, node_id)
                state = {"state_id": state_id, "state_name": self.state_names.get(state_id, name), "layer_id": layer_id}
                data = FlowData(*rates)
                yield Node(node_id, name, module_id, (*path, rank), data, flow, meta_data=category, **state)

    def _leaves(self, leaves: Leaves) -> Iterator[tuple[Any, ...]]:
        """Rates, node, state, layer and category of each node, in the order of the tree."""
        rates = np.zeros((len(leaves.nodes), self.found.node_flow.nodes.shape[1]))
        np.add.at(rates, leaves.row_of, self.found.node_flow.nodes)
        columns = self._node_ids, self._ids, self._layer_ids, _categories(self.found.network)
        return zip(rates.tolist(), *(column[leaves.nodes].tolist() for column in columns), strict=True)

    def links(self, data: str = "weight") -> Iterator[tuple[int, int, float]]:
        """Source, target and weight or flow of each link; the flow of an undirected link is that of both directions."""
        if data not in ("weight", "flow"):
            raise option_error("data", data, '"weight" or "flow"')
        return weighted_links(self.found.network if data == "weight" else self._flow_network)

    def summary(self) -> dict[str, Any]:
        """The figures by name."""
        return {name: getattr(self, name) for name in FIGURES}

    def to_series(self) -> pandas.Series:
        """The figures as a pandas series of numbers (extra ``pandas``)."""
        return require("pandas", extra="pandas").Series(self.summary(), dtype=float)

    @_with_level_names
    def to_dataframe(
        self,
        columns: Iterable[str] | None = None,
        *,
        states: bool = False,
        level: int | None = 1,
        index: str | bool | None = None,
        sort: bool | str | Sequence[str] = False,
    ) -> pandas.DataFrame:
        """A pandas table of the nodes, in the order of the tree (extra ``pandas``).

        Parameters
        ----------
        columns : iterable of str, optional
            Attributes of nodes, or ``community`` for ``module_id``; by default number, module, flow, path and name.
        states : bool
            Whether rows are states.
        level : int
            Level of the modules.
        index : str, optional
            The column that becomes the index.
        sort : bool, str or sequence of str
            The columns to sort by; True for module and number.
        """
        pandas = require("pandas", extra="pandas")
        names = ("node_id", "module_id", "flow", "path", "name") if columns is None else tuple(columns)
        nodes = list(self.nodes(level, states=states))
        table = pandas.DataFrame()
        for name in names:
            attribute = "module_id" if name == "community" else name
            if not hasattr(Node, attribute):
                raise option_error("columns", name, "attributes of nodes, or community")
            table[name] = [getattr(node, attribute) for node in nodes]
        if sort is not False:
            by = ["module_id", "node_id"] if sort is True else sort if isinstance(sort, str) else list(sort)
            table = table.sort_values(by, kind="stable", ignore_index=True)
        return table.set_index(index) if index else table

    @_with_level_names
    def write(
        self,
        filename: str | os.PathLike[str],
        format: str | None = None,
        level: int | None = 1,
        *,
        states: bool = False,
    ) -> None:
        """Write the result in the format of the suffix, or the one given: the package's formats, and mapeq's."""
        name = Path(filename).suffix.removeprefix(".").lower() if format is None else format
        if name not in WRITERS:
            is_physical = self.have_memory and not states and name in ("clu", "tree", "ftree")
            self.named().write(filename, name, 1 if level is None else level, physical=is_physical)
            return
        with atomic_file(filename) as stream:
            WRITERS[name](self, stream, states)

    write_clu, write_tree, write_flow_tree = _writer("clu"), _writer("tree"), _writer("ftree")
    write_csv, write_json, write_newick = _writer("csv"), _writer("json"), _writer("nwk")

    def named(self) -> MapeqResult:
        """mapeq's result with the names of nodes as labels, of states those of physical nodes; files number them."""
        network = self.found.network
        ids = self._ids if network.states is None else np.asarray(network.states.labels, dtype=np.int64)
        names = tuple(self.names.get(node_id, str(node_id)) for node_id in ids.tolist())
        if network.states is None:
            return replace(self.found, network=replace(network, labels=names, ids=ids))
        return replace(self.found, network=replace(network, states=network.states._replace(labels=names, ids=ids)))

    @cached_property
    def _flow_network(self) -> Network:
        """The network with the flow per step over each link for its weight."""
        network, options = self.found.network, self.found.walk_options
        node_flow = self.found.node_flow
        if is_switching(network):
            return replace(network, weights=flow_between_layers(network, options))
        if options.variable_markov_time:  # which the flow over links leaves out
            walk = random_walk(network, replace(options, variable_markov_time=False))
            node_flow = NodeFlow(walk.nodes, walk.teleport)
        strengths = network.out_strengths()
        rates = rates_per_weight(network, node_flow) / options.markov_time
        isolated = (rates == 0) & (strengths > 0)  # linked to themselves only
        if isolated.any():
            rates[isolated] = self._self_flow()[isolated] / strengths[isolated]
        flow = network.weights * rates[network.sources()]
        if not network.directed:
            flow *= 2
            flow[network.self_links] /= 2
        return replace(network, weights=flow)

    def _self_flow(self) -> FloatArray:
        """Flow over the self-link of each node that has no other links: its visits, except those by teleportation."""
        options = self.found.walk_options
        flow: NodeFlow | Flow = self.found.node_flow
        if options.node_weights_as_flow:  # its visit rates are not those of the walk
            flow = random_walk(self.found.network, replace(options, node_weights_as_flow=False))
        visits = flow.nodes[:, VISIT]
        if flow.teleport is not None:
            return visits - flow.teleport[:, TELEPORT_OUT]
        return np.maximum(visits - flow.nodes[:, ENTER] / options.markov_time, 0.0)

    def _module_ids(self, level: int | None) -> NDArray[np.int64]:
        """The number that nodes in each module get at a level, from 1 and depth first. Shape (t,).

        A module above that level gets the number of the first module in it at that level, or of its first leaf module.
        """
        parent = self.found.hierarchy.parent
        level = 1 if level is None else self.num_levels - 1 if level < 0 else level
        order = preorder(parent)
        depth = depths(parent)[order]
        is_leaf = np.diff(first_children(parent))[order] == 0
        counts = (depth == level) | (is_leaf & (depth < level))
        module_ids = np.empty(len(parent), dtype=np.int64)
        module_ids[order] = np.cumsum(counts) + (~counts & (depth < level))
        return module_ids

    def __repr__(self) -> str:
        figures = ("codelength", "num_top_modules", "num_levels")
        return f"Result({', '.join(f'{name}={getattr(self, name)}' for name in figures)})"


def _categories(network: Network) -> NDArray[Any]:
    """The category of each node; 0 where it is missing."""
    if network.metadata is None:
        return np.zeros(network.num_nodes, dtype=np.int64)
    return np.array([*network.metadata.categories, 0], dtype=object)[network.metadata.codes]

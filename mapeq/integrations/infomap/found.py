"""What a run has found, by the names of the infomap package: numbers, modules, and the tree to go through."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import row_sums, without_diagonal
from mapeq._base.errors import option_error
from mapeq._base.hierarchy import depths, first_children, preorder
from mapeq._base.optional import require
from mapeq.integrations.infomap.collecting import weighted_links
from mapeq.integrations.infomap.node import Node
from mapeq.integrations.infomap.refused import OF_RESULTS, missing
from mapeq.io.files.naming import in_tree_order
from mapeq.network.network import Network
from mapeq.objective.formula import plogps
from mapeq.result.modules import Catalogue
from mapeq.result.result import Result as Found
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_OUT, VISIT
from mapeq.walk.link_flow import rates_per_weight
from mapeq.walk.models import random_walk

if TYPE_CHECKING:
    import pandas

#: What tables can say of nodes.
COLUMNS = (
    *("child_index", "community", "depth", "flow", "layer_id", "modular_centrality", "module_id", "name", "node_id"),
    *("path", "state_id", "state_name"),
)


def _writer(format: str) -> Callable[..., None]:
    """The method that writes one format."""

    def write(self: Any, filename: str | os.PathLike[str], states: bool = False) -> None:
        self.write(filename, format)

    write.__doc__ = f"Write a .{format} file."
    return write


class Result:
    """What a run has found. Stays as it is, whatever is added or run afterwards.

    Levels are depths below the root: 1 for the top modules, -1 for the finest ones; ``depth`` and ``depth_level``
    are other names of ``level``. There are no states: ``states`` says nothing.

    Attributes
    ----------
    found : mapeq.Result
        The same, with all that mapeq can do with it.
    names : dict of int to str
        The names of all nodes that have one.
    elapsed_time : float
        Seconds for the search.
    """

    #: What networks of states and metadata would have.
    have_memory, state_names, meta_codelength, meta_entropy = False, {}, 0.0, 0.0  # type: ignore[var-annotated]

    def __init__(self, found: Found, names: dict[int, str], elapsed_time: float, steps: int = 1):
        self.found = found
        self.names = names
        self.elapsed_time = elapsed_time
        self._steps = steps  # over links, for one of the description
        self._ids = np.asarray(found.network.labels, dtype=np.int64)
        self._catalogue = Catalogue(found.hierarchy, found.module_records, found.flow, found.network)

    def __getattr__(self, name: str) -> Any:
        raise missing("Result", name, OF_RESULTS)

    @property
    def codelength(self) -> float:
        """Description length in bits per step."""
        return self.found.codelength

    @property
    def codelengths(self) -> tuple[float, ...]:
        """Description length of each trial; recombined, they may give one shorter than all of these."""
        return self.found.trials or (self.codelength,)

    @property
    def index_codelength(self) -> float:
        """The part of it that names the top modules."""
        return self.found.index_codelength

    @property
    def module_codelength(self) -> float:
        """The rest of it, within modules."""
        return self.found.module_codelength

    @property
    def one_level_codelength(self) -> float:
        """Description length without modules."""
        return self.found.one_level_codelength

    @property
    def relative_codelength_savings(self) -> float:
        """The fraction of it that the modules save."""
        return self.found.relative_savings

    @property
    def num_top_modules(self) -> int:
        """Number of top modules."""
        return self.found.num_modules

    @property
    def num_non_trivial_top_modules(self) -> int:
        """Number of top modules that hold more than one node or module; 0 where one holds the whole network."""
        top = [module.num_children for module in self.found.tree.children]
        return sum(size > 1 for size in top) if len(top) > 1 else 0

    @property
    def num_leaf_modules(self) -> int:
        """Number of modules of nodes."""
        return len(np.unique(self.found.hierarchy.module_of))

    @property
    def num_levels(self) -> int:
        """Levels of the tree, the nodes being the last: 2 for a two-level partition."""
        return self.found.num_levels

    max_depth = num_levels

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self.found.num_nodes

    num_physical_nodes = num_nodes

    @property
    def num_links(self) -> int:
        """Number of links, parallel ones being one."""
        return self.found.num_links

    @cached_property
    def entropy_rate(self) -> float:
        """Entropy of a step over links to other nodes, in bits."""
        network = self.found.network
        if self.found.options["flow_model"] in ("undirected", "undirdir"):
            network = network.undirected()
        rows = without_diagonal(network.rows, network.self_links)
        sizes, strengths = np.diff(rows.indptr), row_sums(rows.indptr, rows.weights)
        shares = rows.weights / np.repeat(strengths, sizes)
        return float(abs((np.repeat(self.found.flow, sizes) * plogps(shares)).sum()))

    @property
    def effective_num_top_modules(self) -> float:
        """Two to the power of the entropy of the top modules' flow, in bits."""
        return self.effective_num_modules(1)

    @property
    def effective_num_leaf_modules(self) -> float:
        """The same of the modules of nodes."""
        return self.effective_num_modules(-1)

    def effective_num_modules(
        self, level: int | None = 1, *, depth: int | None = None, depth_level: int | None = None
    ) -> float:
        """Two to the power of ``-sum(p * log2(p))``, p being the flow of the modules, or nodes, at just this depth."""
        level = _level(level, depth, depth_level)
        parent, records = self.found.hierarchy.parent, self.found.module_records
        depth_of = depths(parent)
        if level < 0:
            flow = records[np.diff(first_children(parent)) == 0, VISIT]
        else:
            in_nodes = self.found.flow[depth_of[self.found.hierarchy.module_of] == level - 1]
            flow = np.concatenate([records[depth_of == level, VISIT], in_nodes])
        return float(2 ** -plogps(flow).sum())

    def modules(
        self, level: int | None = 1, *, states: bool = False, depth: int | None = None, depth_level: int | None = None
    ) -> dict[int, int]:
        """The module of each node, from 1, in the order of the tree."""
        order = in_tree_order(self.found)[0]
        numbers = self._module_numbers(_level(level, depth, depth_level))[self.found.hierarchy.module_of]
        return dict(zip(self._ids[order].tolist(), numbers[order].tolist(), strict=True))

    def multilevel_modules(self, *, states: bool = False) -> dict[int, tuple[int, ...]]:
        """The modules that each node is in, at each level, coarsest first, by increasing number."""
        module_of = self.found.hierarchy.module_of
        levels = [self._module_numbers(level)[module_of].tolist() for level in range(1, self.num_levels)]
        return dict(zip(self._ids.tolist(), zip(*levels, strict=True), strict=True))

    def nodes(
        self, level: int | None = 1, *, states: bool = False, depth: int | None = None, depth_level: int | None = None
    ) -> Iterator[Node]:
        """The nodes, module by module, most flow first."""
        return (node for node in self.tree(_level(level, depth, depth_level)) if node.child_degree == 0)

    def leaf_modules(self) -> Iterator[Node]:
        """The modules of nodes."""
        return (node for node in self.tree() if node.is_leaf_module)

    def tree(
        self, level: int | None = 1, *, states: bool = False, depth: int | None = None, depth_level: int | None = None
    ) -> Iterator[Node]:
        """Modules and nodes, depth first."""
        parent = self.found.hierarchy.parent
        order = preorder(parent)
        numbers = self._module_numbers(_level(level, depth, depth_level))[order].tolist()
        nodes = in_tree_order(self.found)[0]
        leaves = zip(nodes.tolist(), self._ids[nodes].tolist(), self.found.flow[nodes].tolist(), strict=True)
        for module_id, m, module in zip(numbers, order.tolist(), self.found.tree.walk(), strict=True):
            size, path = module.num_children, module.path
            yield Node(self, m, 0, module_id, path, module.flow, size, module.is_leaf)
            for rank, (i, node_id, flow) in enumerate(islice(leaves, size if module.is_leaf else 0), 1):
                yield Node(self, i, node_id, module_id, (*path, rank), flow)

    def links(self, data: str = "weight") -> Iterator[tuple[int, int, float]]:
        """Source, target and weight of each link, or its flow per step, if undirected in both directions together."""
        if data not in ("weight", "flow"):
            raise option_error("data", data, '"weight" or "flow"')
        if data == "weight":
            return weighted_links(self.found.network)
        return weighted_links(self._flow_network)

    def summary(self) -> dict[str, Any]:
        """The figures by name."""
        return {name: getattr(self, name) for name in FIGURES}

    def to_series(self) -> pandas.Series:
        """The figures as a pandas series of numbers (extra ``pandas``)."""
        return require("pandas", extra="pandas").Series(self.summary(), dtype=float)

    def to_dataframe(
        self,
        columns: Iterable[str] | None = None,
        *,
        states: bool = False,
        level: int | None = 1,
        index: str | bool | None = None,
        sort: bool | str | Sequence[str] = False,
        depth: int | None = None,
        depth_level: int | None = None,
    ) -> pandas.DataFrame:
        """A pandas table of the nodes, in the order of the tree (extra ``pandas``).

        Parameters
        ----------
        columns : iterable of str, optional
            Attributes of nodes, or ``community`` for ``module_id``; by default number, module, flow, path and name.
        level : int
            Of the modules.
        index : str, optional
            The column that becomes the index.
        sort : bool, str or sequence of str
            The columns to sort by; True for module and number.
        """
        pandas = require("pandas", extra="pandas")
        names = ("node_id", "module_id", "flow", "path", "name") if columns is None else tuple(columns)
        unknown = next((name for name in names if name not in COLUMNS), None)
        if unknown is not None:
            raise option_error("columns", unknown, "among " + ", ".join(COLUMNS))
        nodes = list(self.nodes(_level(level, depth, depth_level)))
        table = pandas.DataFrame(
            {name: [getattr(node, "module_id" if name == "community" else name) for node in nodes] for name in names}
        )
        if sort is not False:
            by = ["module_id", "node_id"] if sort is True else sort if isinstance(sort, str) else list(sort)
            table = table.sort_values(by, kind="stable", ignore_index=True)
        return table.set_index(index) if index else table

    def write(
        self,
        filename: str | os.PathLike[str],
        format: str | None = None,
        level: int | None = 1,
        *,
        states: bool = False,
        depth: int | None = None,
        depth_level: int | None = None,
    ) -> None:
        """Write what was found in the format of the suffix: one of the package, or mapeq's ``tsv``, ``parquet``."""
        from mapeq.integrations.infomap.writing import write

        write(self, filename, format, _level(level, depth, depth_level))

    def write_clu(
        self,
        filename: str | os.PathLike[str],
        states: bool = False,
        level: int | None = 1,
        *,
        depth: int | None = None,
        depth_level: int | None = None,
    ) -> None:
        """Write a .clu file of the modules at a level."""
        self.write(filename, "clu", _level(level, depth, depth_level))

    write_tree, write_flow_tree, write_csv, write_json, write_newick = map(
        _writer, ("tree", "ftree", "csv", "json", "nwk")
    )

    def named(self) -> Found:
        """The same of a network whose nodes are called by their names, if they have one, and known by their numbers."""
        names = tuple(self.names.get(node_id, str(node_id)) for node_id in self._ids.tolist())
        return replace(self.found, network=replace(self.found.network, labels=names, ids=self._ids))

    def codebook(self, module: int) -> float:
        """Bits per step of the codebook of a module."""
        return float(self._catalogue.codelengths[module])

    def centrality(self, number: int, *, is_leaf: bool) -> float:
        """What the absence of a node or module would save in the module that it is in."""
        tree, records = self.found.hierarchy, self.found.module_records
        within = records[tree.module_of[number] if is_leaf else tree.parent[number], VISIT]
        flow = self.found.flow[number] if is_leaf else records[number, VISIT]
        rest = within - flow
        return float(rest * np.log2(within / rest)) if rest > 1e-15 and (is_leaf or number > 0) else 0.0

    def boundary(self, number: int, *, is_leaf: bool) -> tuple[float, float]:
        """Enter flow and exit flow of a node or module."""
        rates = self.found.node_flow.nodes if is_leaf else self.found.module_records
        return float(rates[number, ENTER]), float(rates[number, EXIT])

    @cached_property
    def _flow_network(self) -> Network:
        """The network with flow for weights."""
        network = self.found.network
        rates = rates_per_weight(network, self.found.node_flow) * self._steps / self.found.options["markov_time"]
        alone = (rates == 0) & (network.out_strengths() > 0)  # linked to themselves only
        if alone.any():
            rates[alone] = self._stays()[alone] / network.out_strengths()[alone]
        flow = network.weights * np.repeat(rates, np.diff(network.indptr))
        if not network.directed:
            flow *= 2
            flow[network.self_links] /= 2
        return replace(network, weights=flow)

    def _stays(self) -> NDArray[np.float64]:
        """How often the walk stays where it is, for nodes that lead nowhere else. Shape (n,)."""
        options = self.found.walk_options
        # Node weights that stand for visit rates say nothing of links.
        walk = random_walk(self.found.network, replace(options, node_weights_as_flow=False))
        visits = walk.nodes[:, VISIT]
        if walk.teleport is not None:
            return visits - walk.teleport[:, TELEPORT_OUT]
        return np.maximum(visits - walk.nodes[:, ENTER] / options.markov_time, 0.0)

    def _module_numbers(self, level: int) -> NDArray[np.int64]:
        """The number, from 1 and depth first, of what each module is in at a level; or of its first part there."""
        parent = self.found.hierarchy.parent
        level = self.num_levels - 1 if level < 0 else level
        order = preorder(parent)
        depth = depths(parent)[order]
        is_leaf = np.diff(first_children(parent))[order] == 0
        counts = (depth == level) | (is_leaf & (depth < level))
        numbers = np.empty(len(parent), dtype=np.int64)
        numbers[order] = np.cumsum(counts) + (~counts & (depth < level))
        return numbers

    def __repr__(self) -> str:
        figures = ("codelength", "num_top_modules", "num_levels")
        return f"Result({', '.join(f'{name}={getattr(self, name)}' for name in figures)})"


#: The figures of a summary.
FIGURES = (
    *("codelength", "num_top_modules", "num_non_trivial_top_modules", "num_leaf_modules", "num_levels"),
    *("relative_codelength_savings", "index_codelength", "module_codelength", "one_level_codelength"),
    *("entropy_rate", "num_nodes", "num_links", "elapsed_time"),
)


def _level(*names: int | None) -> int:
    """A level by one of its names; 1 if none is said."""
    return next((level for level in reversed(names) if level is not None), 1)

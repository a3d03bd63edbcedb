"""What a search or an evaluation found, in the caller's own labels."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq import __version__
from mapeq._base.csr import FloatArray, IntArray, column_sums, index_dtype, read_only
from mapeq._base.errors import counted, is_whole, option_error
from mapeq._base.hierarchy import ROOT, Hierarchy, cut, depths, leaf_paths
from mapeq.network.network import Network
from mapeq.network.statistics import html_table
from mapeq.objective.formula import module_costs
from mapeq.objective.two_level import COST
from mapeq.result.modules import Catalogue, Module, by_flow
from mapeq.walk.flow import ENTER, EXIT, VISIT, NodeFlow
from mapeq.walk.link_flow import LinkFlow, link_flow
from mapeq.walk.options import WalkOptions

if TYPE_CHECKING:
    import igraph
    import matplotlib.axes
    import networkx
    import pandas
    import pyarrow


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A partition of a network, or a hierarchy of them, and how well it describes the random walk. Immutable.

    Attributes
    ----------
    codelength : float
        Description length by the map equation, in bits per step.
    index_codelength, module_codelength : float
        Its two parts: naming the top modules that are entered, and all the rest within modules.
    one_level_codelength : float
        Description length without modules, in bits per step.
    flow : float64 array of shape (num_nodes,)
        Visit rate of each node, as a fraction of all steps.
    hierarchy : Hierarchy
        The leaf module of each node, and the module that each of t modules is in, as arrays. Modules are
        numbered level by level from the root, 0, those in the same module by decreasing flow.
    module_records : float64 array of shape (t, 4)
        Visit rate, enter flow, exit flow of each module, and what it adds to the codelength, names of nodes apart.
    trials : tuple of float
        Codelength of every trial by itself, in bits per step; empty if nothing was searched for. Recombined,
        they give a description at least as short as the best of them.
    modules_agreed : int or None
        How many of the modules every trial has found, node for node; None if nothing was searched for.
    converged : bool
        False if the search was stopped by a time limit or an interrupt, or if more trials would pay: the last
        recombination of trials still shortened the description.
    seed : int or None
        The seed that gives this result again.
    options : dict
        All options by name, as they were understood.
    network : Network
    node_flow : NodeFlow
        Visit rate, enter flow and exit flow of each node, and its recorded teleportation.
    version : str
        The version of mapeq that found it.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> result
    <mapeq.Result: 2 modules of 6 nodes, 2.3207 bits per step, 9.2% saved>
    >>> result.modules()
    {'a': 0, 'b': 0, 'c': 0, 'd': 1, 'e': 1, 'f': 1}
    """

    codelength: float
    index_codelength: float
    module_codelength: float
    one_level_codelength: float
    flow: FloatArray
    hierarchy: Hierarchy
    module_records: FloatArray
    trials: tuple[float, ...]
    modules_agreed: int | None
    converged: bool
    seed: int | None
    options: dict[str, Any]
    network: Network
    node_flow: NodeFlow
    version: str = __version__

    @property
    def relative_savings(self) -> float:
        """The fraction of the one-level codelength that the modules save."""
        saved = 1 - self.codelength / self.one_level_codelength if self.one_level_codelength > 0 else 0.0
        return saved if abs(saved) > 1e-12 else 0.0  # rounding error

    @property
    def num_modules(self) -> int:
        """Number of top modules. A node without flow counts as one if nothing else is in its module."""
        return int(np.count_nonzero(self.hierarchy.parent[1:] == ROOT))

    @cached_property
    def num_levels(self) -> int:
        """Levels of the hierarchy where it is deepest, the nodes being the last: 2 for a two-level partition."""
        return max(int(depths(self.hierarchy.parent).max()), 1) + 1

    @cached_property
    def labels(self) -> IntArray:
        """The top module of each node: integer array of shape (num_nodes,); 0 is the module with most flow."""
        return self.labels_at(1)

    @property
    def num_nodes(self) -> int:
        """Number of nodes, those without links included."""
        return self.network.num_nodes

    @property
    def num_links(self) -> int:
        """Number of distinct links."""
        return self.network.num_links

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # not what can be found again

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # a pickle keeps arrays, but not that they are read-only
        for array in (self.flow, self.module_records, *self.hierarchy, *self.node_flow):
            if array is not None:
                array.flags.writeable = False

    @property
    def walk_options(self) -> WalkOptions:
        """The options of the random walk that this describes."""
        return WalkOptions.from_dict(self.options)

    def link_flow(self) -> LinkFlow:
        """The flow over each link but self-links, per step of the walk.

        Returns
        -------
        LinkFlow
            ``sources``, ``targets`` and ``flow``, one entry a link (an undirected link in each direction), and
            ``directed``.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([(0, 1), (1, 2), (0, 2)]).link_flow().flow.sum().round(6)
        np.float64(1.0)
        """
        return link_flow(self.network, self.walk_options, self.node_flow)

    @property
    def node_labels(self) -> list[Hashable]:
        """What the caller calls the nodes, in node order; a new list each time."""
        return self.network.label_list()

    @cached_property
    def module_flow(self) -> FloatArray:
        """Visit rate of each module: float64 array of shape (num_modules,), in decreasing order."""
        return read_only(column_sums(self.labels, self.flow, self.num_modules))

    @cached_property
    def module_sizes(self) -> NDArray[np.int64]:
        """Number of nodes in each module: int64 array of shape (num_modules,)."""
        return read_only(np.bincount(self.labels, minlength=self.num_modules))

    @cached_property
    def modules_per_level(self) -> tuple[int, ...]:
        """Number of modules at each level but that of the nodes, top modules first; see :meth:`labels_at`."""
        depth = depths(self.hierarchy.parent)[1:]
        holds_modules = np.zeros(len(depth) + 1, dtype=np.bool_)
        holds_modules[self.hierarchy.parent[1:]] = True
        leaves = np.bincount(depth[~holds_modules[1:]], minlength=self.num_levels).cumsum()
        at = np.bincount(depth, minlength=self.num_levels)
        return tuple(int(at[level] + leaves[level - 1]) for level in range(1, self.num_levels))

    @cached_property
    def level_savings(self) -> tuple[float, ...]:
        """What each level of modules saves, top modules first, in bits per step.

        The codelength with the nodes put directly into the modules of the level above, minus that with
        the nodes in the modules of this level, and nothing below. Adds up to ``one_level_codelength - codelength``;
        a level that pays only together with the next saves less than nothing.
        """
        depth = depths(self.hierarchy.parent)
        visit, enter, exit, cost = (self.module_records[:, column] for column in (VISIT, ENTER, EXIT, COST))
        as_leaf = module_costs(visit, enter, exit)
        beyond = np.bincount(depth, as_leaf - cost, minlength=self.num_levels)
        within = np.bincount(depth, cost, minlength=self.num_levels).cumsum()
        lengths = (within + beyond)[: self.num_levels] + self.one_level_codelength
        lengths[0], lengths[-1] = self.one_level_codelength, self.codelength  # to the last digit
        return tuple((lengths[:-1] - lengths[1:]).tolist())

    @cached_property
    def tree(self) -> Module:
        """The root of the hierarchy, to walk through: an object for every module.

        Examples
        --------
        >>> import mapeq
        >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
        >>> result.tree
        <mapeq Module the root: 2 modules of 6 nodes, 100.0% of the flow, 0.1429 bits per step>
        >>> result.tree.children[1].nodes
        ['d', 'e', 'f']
        """
        return Module(Catalogue(self.hierarchy, self.module_records, self.flow, self.network), ROOT)

    def labels_at(self, level: int = 1) -> IntArray:
        """The module of each node at a level of the hierarchy.

        Parameters
        ----------
        level : int
            1 for the top modules, ``num_levels - 1`` or -1 for the finest ones. Where a branch of the hierarchy
            is less deep than that, its leaf modules stand.

        Returns
        -------
        integer array of shape (num_nodes,)
            Numbered from 0 by decreasing flow at each level. Every module is in one of the level above.

        Raises
        ------
        ValueError
            If there is no such level.
        """
        module_of = cut(self.hierarchy, self._checked_level(level))
        present = np.zeros(len(self.module_records), dtype=np.bool_)
        present[module_of] = True
        here = np.flatnonzero(present)
        number = np.empty(len(present), dtype=index_dtype(self.num_nodes))
        number[here[by_flow(self.module_records[here, VISIT])]] = np.arange(len(here))
        return read_only(number[module_of])

    def modules(self, level: int = 1) -> dict[Hashable, int]:
        """The module of every node at a level, by the node's label; see :meth:`labels_at`."""
        return dict(zip(self.node_labels, self._labels_at(level).tolist(), strict=True))

    def communities(self, level: int = 1) -> list[set[Hashable]]:
        """The modules at a level as sets of labels, the one with most flow first; see :meth:`labels_at`."""
        modules = self._labels_at(level)
        sets: list[set[Hashable]] = [set() for _ in range(int(modules.max(initial=-1)) + 1)]
        for label, module in zip(self.node_labels, modules.tolist(), strict=True):
            sets[module].add(label)
        return sets

    def _labels_at(self, level: int) -> IntArray:
        return self.labels if level == 1 else self.labels_at(level)

    def _checked_level(self, level: int) -> int:
        """The depth of the modules at a level that the caller asks for."""
        finest = self.num_levels - 1
        if level == -1:
            return finest
        if not is_whole(level, 1) or level > finest:
            allowed = "1, the only level of modules of a two-level partition"
            if finest > 1:
                allowed = f"from 1 (the top modules) to {finest} (the finest, also -1)"
            raise option_error("level", level, allowed)
        return int(level)

    def summary(self) -> dict[str, Any]:
        """The figures of this result by name, as plain Python values."""
        return {
            "version": self.version,
            "num_nodes": self.num_nodes,
            "num_links": self.num_links,
            "directed": self.network.directed,
            "num_modules": self.num_modules,
            "num_levels": self.num_levels,
            "modules_per_level": list(self.modules_per_level),
            "level_savings": list(self.level_savings),
            "largest_module": int(self.module_sizes.max(initial=0)),
            "codelength": self.codelength,
            "index_codelength": self.index_codelength,
            "module_codelength": self.module_codelength,
            "one_level_codelength": self.one_level_codelength,
            "relative_savings": self.relative_savings,
            "trials": list(self.trials),
            "modules_agreed": self.modules_agreed,
            "converged": self.converged,
            "seed": self.seed,
            "options": dict(self.options),
        }

    @cached_property
    def explanation(self) -> str | None:
        """Why nothing is divided, or everything: some sentences if a search ended there, else None.

        They say what of the network and the options speaks for it, and, on networks of up to half a million links,
        what searches by other options find, which takes as long as a few searches.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> print(mapeq.infomap(nx.star_graph(5)).explanation)
        All 6 nodes are in one module. ...
        """
        from mapeq.result.explain import explanation_of

        return explanation_of(self)

    def path_column(self) -> dict[str, list[str]]:
        """What tables say besides of each node where there are more than two levels.

        ``{"path": [...]}``, the path of each node's leaf module from 1 as text, coarsest first; else nothing.
        """
        return {"path": leaf_paths(self.hierarchy)} if self.num_levels > 2 else {}

    def to_dataframe(self, *, levels: bool = False) -> pandas.DataFrame:
        """A pandas table of node, module and flow, one row a node (extra ``pandas``).

        With more than two levels also of ``path``, as text: ``2:1`` leads to the first module in the second top module.

        Parameters
        ----------
        levels : bool
            Whether every level has a column of its modules, too: ``level_1``, ... as :meth:`labels_at` numbers them.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c")]).to_dataframe(levels=True).columns.tolist()
        ['node', 'module', 'flow', 'level_1']
        """
        from mapeq._base.optional import require

        pandas = require("pandas", extra="pandas")
        columns = {"node": self.node_labels, "module": self.labels, "flow": self.flow, **self.path_column()}
        if levels:
            columns |= {f"level_{level}": self._labels_at(level) for level in range(1, self.num_levels)}
        return pandas.DataFrame(columns)

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table of what :meth:`to_dataframe` has (extra ``parquet``), labels that are no numbers as text.

        Its metadata hold :meth:`summary` as JSON under the key ``mapeq``. ``polars.from_arrow`` takes it.
        """
        from mapeq.io.files.tables import arrow_table

        return arrow_table(self)

    def to_networkx(self) -> networkx.Graph:
        """The network as a NetworkX graph: nodes carry ``module`` and ``flow``, edges ``weight``.

        With more than two levels nodes also carry ``path``, as in :meth:`to_dataframe`.
        """
        from mapeq.io.objects.networkx import to_networkx

        return to_networkx(self)

    def to_igraph(self) -> igraph.Graph:
        """The network as an igraph graph: vertices carry ``name``, ``module`` and ``flow``, edges ``weight``.

        With more than two levels vertices also carry ``path``, as in :meth:`to_dataframe`.
        """
        from mapeq.io.objects.igraph import to_igraph

        return to_igraph(self)

    def to_vertex_clustering(self, graph: igraph.Graph | None = None, level: int = 1) -> igraph.VertexClustering:
        """The modules as an igraph clustering, for igraph's own measures and plots (extra ``igraph``).

        Parameters
        ----------
        graph : igraph.Graph, optional
            Whose vertices are clustered, which is then ``clustering.graph``; by default :meth:`to_igraph`. Vertices are
            known by the attribute ``name`` if all names differ, and else by their numbers, as :func:`infomap` does it.
        level : int
            Which modules, see :meth:`labels_at`.

        Returns
        -------
        igraph.VertexClustering
            ``membership`` has the modules of :meth:`modules`, ``codelength`` that of the result. ``modularity`` takes
            the weights of the edges, if these have an attribute ``weight``.

        Raises
        ------
        PartitionError
            If the vertices of the graph are not the nodes of this result.

        Examples
        --------
        >>> import igraph, mapeq
        >>> graph = igraph.Graph.Full(3) + igraph.Graph.Full(3)
        >>> clustering = mapeq.infomap(graph).to_vertex_clustering(graph)
        >>> clustering.membership, clustering.graph is graph
        ([0, 0, 0, 1, 1, 1], True)
        """
        from mapeq.io.objects.igraph import to_vertex_clustering

        return to_vertex_clustering(self, graph, level)

    def assign(self, links: Any, level: int = 1) -> IntArray:
        """The modules of new nodes, while all others stay where they are.

        Parameters
        ----------
        links : sparse matrix or array of shape (m, num_nodes)
            What the links from each new node to the nodes of the network weigh, in node order; on a directed network
            they are taken to lead both ways. New nodes do not see each other.
        level : int
            Which modules of a hierarchy, see :meth:`labels_at`. They are compared as a two-level partition.

        Returns
        -------
        integer array of shape (m,)
            Among the modules that a node is linked to the one that lengthens the description by the least, numbered as
            :meth:`labels_at` does it; -1 for a node without links.

        Raises
        ------
        NetworkError
            If the shape does not fit, or a weight is negative, NaN or infinite.

        Examples
        --------
        >>> import mapeq
        >>> result = mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)])
        >>> result.assign([[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, 2]])
        array([0, 1])
        """
        from mapeq.result.assign import placed

        return placed(self, links, level)

    def write(self, path: str | os.PathLike[str], format: str | None = None, level: int = 1) -> None:
        """Write the partition or hierarchy to a file, whole or not at all.

        Parameters
        ----------
        path : str or path
        format : {"clu", "tree", "ftree", "json", "csv", "tsv", "parquet", "graphml", "gexf", "html"}, optional
            By default what the suffix says. Parquet needs pyarrow (extra ``parquet``). GraphML and GEXF hold the
            network with the modules of its nodes, for Gephi for one. HTML is a report to look at in a browser, with a
            picture; it needs matplotlib (extra ``plot``).
        level : int
            Which level of modules goes to a .clu file, see :meth:`labels_at`; the other formats hold all levels.

        Raises
        ------
        ValueError
            If the format is unknown, or there is no such level, or the format holds all of them.
        FormatError
            If the file cannot be written.
        """
        import mapeq.pictures.report.page  # noqa: F401  (registers .html)
        from mapeq.io.files.output import write_result

        write_result(self, path, format, level)

    def plot(
        self,
        kind: str = "network",
        ax: matplotlib.axes.Axes | None = None,
        level: int | None = None,
        name: str | None = None,
    ) -> matplotlib.axes.Axes:
        """Draw the result (extra ``plot``).

        Parameters
        ----------
        kind : {"network", "hierarchy", "codelength"}
            The network coloured by module, areas of nodes by flow; above 2,000 nodes the network of its largest
            modules, areas and widths by flow. Or the modules in modules, heights by flow. Or the codelength, by level
            and by trial.
        ax : matplotlib Axes, optional
            By default those of a new figure. Labels fit the size that the axes have now.
        level : int, optional
            Which modules of a hierarchy a network is coloured by, see :meth:`labels_at`; by default the coarsest of
            which none has more than half of the flow.
        name : str, optional
            What the title begins with.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If there is no such kind, or no such level, or the kind shows all levels.
        """
        from mapeq.pictures.network import plot

        return plot(self, kind, ax, level, name)

    def __repr__(self) -> str:
        modules = counted(self.num_modules, "module")
        if self.num_levels > 2:
            modules = f"{counted(self.num_modules, 'top module')} in {self.num_levels} levels"
        return (
            f"<mapeq.Result: {modules} of {counted(self.num_nodes, 'node')}, "
            f"{self.codelength:.4f} bits per step, {self.relative_savings:.1%} saved>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "nodes": f"{self.num_nodes:,}",
            "links": f"{self.num_links:,}",
            **({"levels": f"{self.num_levels}"} if self.num_levels > 2 else {}),
            "modules": ", ".join(f"{number:,}" for number in self.modules_per_level),
            "codelength": f"{self.codelength:.4f} bits per step",
            "without modules": f"{self.one_level_codelength:.4f} bits per step ({self.relative_savings:.1%} saved)",
        }
        if self.explanation:
            rows["why"] = self.explanation
        return html_table(rows)

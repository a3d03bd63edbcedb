"""The result of a search or an evaluation, in terms of the caller's labels."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq import __version__
from mapeq._base.csr import FloatArray, IntArray, column_sums, index_dtype, read_only
from mapeq._base.errors import counted
from mapeq._base.hierarchy import ROOT, Hierarchy, cut, depths, leaf_paths
from mapeq.network.network import Network
from mapeq.objective.options import ObjectiveOptions
from mapeq.result import agreement, exports, members, strength
from mapeq.result.levels import checked_level
from mapeq.result.modules import Module, by_flow, catalogue_of
from mapeq.walk.flow import VISIT, NodeFlow
from mapeq.walk.link_flow import LinkFlow, link_flow
from mapeq.walk.options import WalkOptions

ROUNDING = 1e-12  #: codelengths below this are 0, in bits, and so are fractions of them


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A partition or hierarchy of a network, and its description length. Immutable.

    Attributes
    ----------
    codelength, one_level_codelength : float
        Description length by the map equation, and without modules, in bits per step.
    index_codelength, module_codelength : float
        The two parts of `codelength`, in bits per step: the index codebook, which names the top modules that the walk
        enters, and everything within the top modules.
    flow : float64 array of shape (num_nodes,)
        Visit rate of each node, as a fraction of all steps.
    hierarchy : Hierarchy
        The hierarchy as two arrays: the leaf module of each node and the parent of each of the t modules. Modules are
        numbered level by level from the root, 0, and by decreasing flow within a module. See :attr:`tree` for objects.
    module_records : float64 array of shape (t, 4)
        Visit rate, enter flow and exit flow of each module, and the change of the codelength due to it, in bits per
        step.
    trials : tuple of float
        Codelength of each trial, in bits per step; empty if nothing was searched. The result recombines the trials and
        is at least as good as the best.
    modules_agreed : int or None
        Number of modules that every trial found, node for node; None if nothing was searched.
    stopped_by : str or None
        What stopped the search: "time limit", "interrupt" (Ctrl-C, in the command), or None if it came to its end.
    more_trials_help : bool or None
        Whether the last trial still shortened the description, by more than a hundred-thousandth, so that more probably
        do, too. None after a single trial, or if the search was stopped.
    seed : int or None
        Random seed that reproduces this result.
    options : dict
        All options of the search and the walk, by name, with defaults filled in.
    min_size_cost : float or None
        Bits per step that `min_module_size` adds to the codelength; None if there is no least size.
    network : Network
        The network that was searched.
    node_flow : NodeFlow
        Visit rate, enter flow and exit flow of each node, and recorded teleportation.
    level_savings : tuple of float
        Codelength that each level of modules saves, top modules first, in bits per step: that of the hierarchy cut
        above the level, minus that of the hierarchy cut below it. Negative if a level pays off only together with the
        next. They add up to all that modules save.
    metadata_costs : float64 array of shape (t,) or None
        Bits per step that describe the categories of the nodes in each leaf module; None without metadata.
    state_costs : float64 array of shape (t,) or None
        Bits per step by which each leaf module is longer since the states of a physical node have one code word in it:
        0 or less; None unless the nodes are states.
    price : float
        Part of the codelength, in bits: the entropy correction, and a bit for each module more or less than preferred.
    preference_cost : float or None
        Bits by which the description, without that price, is longer than the best that the same search finds without
        the preferred number of modules; None without one, or if nothing was searched.
    version : str
        That of mapeq.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> result
    <mapeq.Result: 2 modules of 6 nodes, 2.3207 bits per step, 9.2% saved>
    >>> result.modules()
    {'a': 1, 'b': 1, 'c': 1, 'd': 2, 'e': 2, 'f': 2}
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
    stopped_by: str | None
    more_trials_help: bool | None
    seed: int | None
    options: dict[str, Any]
    network: Network
    node_flow: NodeFlow
    level_savings: tuple[float, ...]
    metadata_costs: FloatArray | None = None
    state_costs: FloatArray | None = None
    price: float = 0.0
    preference_cost: float | None = None
    min_size_cost: float | None = None
    version: str = __version__

    @property
    def relative_savings(self) -> float:
        """Fraction of the one-level codelength that the modules save; negative if they lengthen the description."""
        can_save = self.one_level_codelength > ROUNDING
        saved = 1 - self.codelength / self.one_level_codelength if can_save else 0.0
        return saved if abs(saved) > ROUNDING else 0.0

    @property
    def metadata_codelength(self) -> float | None:
        """Part of the codelength that describes the categories of nodes, in bits per step; None without metadata."""
        return None if self.metadata_costs is None else float(self.metadata_costs.sum())

    @property
    def converged(self) -> bool:
        """Whether nothing stopped the search, and the last of several trials no longer shortened the description.

        After a single trial, whether a second one would help is not known.
        """
        return self.stopped_by is None and not self.more_trials_help

    @property
    def num_modules(self) -> int:
        """Number of top modules. A node without flow counts as a module if it is alone in one."""
        return int(np.count_nonzero(self.hierarchy.parent[1:] == ROOT))

    @cached_property
    def num_levels(self) -> int:
        """Depth of the hierarchy, the level of the nodes included: 2 for a two-level partition."""
        return max(int(depths(self.hierarchy.parent).max()), 1) + 1

    @cached_property
    def labels(self) -> IntArray:
        """Top module of each node, by position: integer array of shape (num_nodes,). 0 has most flow.

        Positions count from 0, as in scikit-learn; they index :attr:`module_flow` and :meth:`communities`. Numbers,
        from 1, are those of :meth:`modules`. The names of nodes are :attr:`node_labels`.

        Examples
        --------
        >>> import mapeq
        >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
        >>> result.labels.tolist(), result.node_labels
        ([0, 0, 0, 1, 1, 1], ['a', 'b', 'c', 'd', 'e', 'f'])
        """
        return self.labels_at(1)

    @property
    def num_nodes(self) -> int:
        """Number of nodes, including nodes without links."""
        return self.network.num_nodes

    @property
    def num_links(self) -> int:
        """Number of distinct links."""
        return self.network.num_links

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # cached properties are left out

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # pickle does not preserve that arrays are read-only
        for array in (
            self.flow,
            self.module_records,
            self.metadata_costs,
            self.state_costs,
            *self.hierarchy,
            *self.node_flow,
        ):
            if array is not None:
                array.flags.writeable = False

    @property
    def walk_options(self) -> WalkOptions:
        """Options of the random walk that this result describes."""
        return WalkOptions.from_dict(self.options)

    @property
    def objective_options(self) -> ObjectiveOptions:
        """Options of what was minimised beside the description of the walk."""
        return ObjectiveOptions.from_dict(self.options)

    def link_flow(self) -> LinkFlow:
        """Return the flow over each link, without self-links.

        Returns
        -------
        LinkFlow
            Arrays ``sources``, ``targets`` and ``flow`` with one entry per link, and the flag ``directed``. Flow is per
            step of the walk. An undirected link has an entry for each direction.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([(0, 1), (1, 2), (0, 2)]).link_flow().flow.sum().round(6)
        np.float64(1.0)
        """
        return link_flow(self.network, self.walk_options, self.node_flow)

    @property
    def node_labels(self) -> list[Hashable]:
        """Names of the nodes as the caller gave them, in node order; a new list on each access."""
        return self.network.label_list()

    @cached_property
    def module_flow(self) -> FloatArray:
        """Visit rate of each top module: float64 array of shape (num_modules,), in decreasing order."""
        return read_only(column_sums(self.labels, self.flow, self.num_modules))

    @cached_property
    def module_sizes(self) -> NDArray[np.int64]:
        """Number of nodes in each top module: int64 array of shape (num_modules,)."""
        return read_only(np.bincount(self.labels, minlength=self.num_modules))

    @cached_property
    def modules_per_level(self) -> tuple[int, ...]:
        """Number of modules at each level, top modules first, without the level of the nodes; see :meth:`labels_at`."""
        depth = depths(self.hierarchy.parent)[1:]
        holds_modules = np.zeros(len(depth) + 1, dtype=np.bool_)
        holds_modules[self.hierarchy.parent[1:]] = True
        leaves = np.bincount(depth[~holds_modules[1:]], minlength=self.num_levels).cumsum()
        at = np.bincount(depth, minlength=self.num_levels)
        return tuple(int(at[level] + leaves[level - 1]) for level in range(1, self.num_levels))

    @cached_property
    def tree(self) -> Module:
        """Root module of the hierarchy, a :class:`~mapeq.result.modules.Module`.

        Examples
        --------
        >>> import mapeq
        >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
        >>> result.tree
        <mapeq Module root: 2 modules of 6 nodes, 100.0% of the flow, 0.1429 bits per step>
        >>> result.tree.children[1].nodes
        ['d', 'e', 'f']
        """
        return Module(catalogue_of(self), ROOT)

    def labels_at(self, level: int = 1) -> IntArray:
        """Return the module of each node at a level of the hierarchy.

        Parameters
        ----------
        level : int
            1 for the top modules, ``num_levels - 1`` or -1 for the finest. Where a branch of the hierarchy ends above
            this level, its leaf modules count.

        Returns
        -------
        integer array of shape (num_nodes,)
            Positions of the modules by decreasing flow, from 0, separately at each level; see :attr:`labels`.

        Raises
        ------
        ValueError
            If the hierarchy has no such level.

        Examples
        --------
        >>> import mapeq
        >>> levels = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
        >>> result = mapeq.evaluate([(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)], levels)
        >>> result.labels_at(1).tolist(), result.labels_at(-1).tolist()
        ([0, 0, 0, 0, 1, 1], [2, 2, 0, 0, 1, 1])
        """
        module_of = cut(self.hierarchy, checked_level(level, self.num_levels - 1))
        present = np.zeros(len(self.module_records), dtype=np.bool_)
        present[module_of] = True
        here = np.flatnonzero(present)
        number = np.empty(len(present), dtype=index_dtype(self.num_nodes))
        number[here[by_flow(self.module_records[here, VISIT])]] = np.arange(len(here))
        return read_only(number[module_of])

    def _labels_at(self, level: int) -> IntArray:
        return self.labels if level == 1 else self.labels_at(level)

    def summary(self) -> dict[str, Any]:
        """Return the statistics of this result by name, as plain Python values that JSON can hold.

        Returns
        -------
        dict
            Counts, codelengths in bits per step, statistics of the search, and options, by the names of attributes;
            ``directed`` is that of the network, ``largest_module`` the size of the largest top module.

        Examples
        --------
        >>> import mapeq
        >>> summary = mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)]).summary()
        >>> summary["num_modules"], summary["largest_module"], round(summary["codelength"], 4)
        (2, 3, 2.3207)
        """
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
            "metadata_codelength": self.metadata_codelength,
            "metadata_agreement": self.metadata_agreement(),
            "price": self.price,
            "preference_cost": self.preference_cost,
            "min_size_cost": self.min_size_cost,
            "relative_savings": self.relative_savings,
            "trials": list(self.trials),
            "modules_agreed": self.modules_agreed,
            "stopped_by": self.stopped_by,
            "more_trials_help": self.more_trials_help,
            "converged": self.converged,
            "seed": self.seed,
            "options": dict(self.options),
        }

    @cached_property
    def explanation(self) -> str | None:
        """Reason why a search found a single module, one module per component, or one per node; otherwise None.

        It names what favours this outcome. For networks of up to half a million links it also says what other options
        find, which takes as long as a few searches.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> print(mapeq.infomap(nx.star_graph(5)).explanation)
        All 6 nodes are in one module. ...
        """
        from mapeq.result.explain import explanation_of

        return explanation_of(self)

    def path_column(self) -> dict[str, list[str]]:
        """Return the column ``path`` of tables if there are more than two levels, else an empty dict.

        It leads to the node's leaf module by ranks from 1: ``2:1`` is the first module in the second top module.

        Examples
        --------
        >>> import mapeq
        >>> levels = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
        >>> mapeq.evaluate([(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)], levels).path_column()
        {'path': ['1:2', '1:2', '1:1', '1:1', '2', '2']}
        """
        return {"path": leaf_paths(self.hierarchy)} if self.num_levels > 2 else {}

    # Methods like any other, in files of their own.
    modules = members.modules
    communities = members.communities
    memberships = members.memberships
    membership_strength = strength.membership_strength
    alternatives = strength.alternatives
    strength_columns = strength.strength_columns
    layer = members.layer
    state_columns = members.state_columns
    assign = members.assign
    similarity = members.similarity
    predict_links = members.predict_links
    metadata_agreement = agreement.metadata_agreement
    primary = exports.primary
    module_table = exports.module_table
    to_dataframe = exports.to_dataframe
    to_arrow = exports.to_arrow
    to_networkx = exports.to_networkx
    to_igraph = exports.to_igraph
    to_vertex_clustering = exports.to_vertex_clustering
    write = exports.write
    plot = exports.plot
    _repr_html_ = exports._repr_html_

    def __repr__(self) -> str:
        modules = counted(self.num_modules, "module")
        if self.num_levels > 2:
            modules = f"{counted(self.num_modules, 'top module')} in {self.num_levels} levels"
        return (
            f"<mapeq.Result: {modules} of {counted(self.num_nodes, 'node')}, "
            f"{self.codelength:.4f} bits per step, {self.relative_savings:.1%} saved>"
        )

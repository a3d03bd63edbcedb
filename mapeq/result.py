"""What a search or an evaluation found, in the caller's own labels."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq.errors import counted, option_error
from mapeq.flow import VISIT, Flow
from mapeq.network import Network
from mapeq.objective import codelength, partition
from mapeq.rows import FloatArray, IntArray, column_sums, frozen, index_dtype

if TYPE_CHECKING:
    import igraph
    import matplotlib.axes
    import networkx
    import pandas


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A partition of a network and how well it describes the random walk. Immutable.

    Attributes
    ----------
    codelength : float
        Description length by the map equation, in bits per step.
    index_codelength, module_codelength : float
        Its two parts: naming the modules that are entered, and naming nodes and exits within modules.
    one_level_codelength : float
        Description length without modules, in bits per step.
    labels : integer array of shape (num_nodes,)
        The module of each node; 0 is the module with most flow.
    flow : float64 array of shape (num_nodes,)
        Visit rate of each node, as a fraction of all steps.
    num_modules : int
        Nodes without flow count as modules of their own.
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
    labels: IntArray
    flow: FloatArray
    num_modules: int
    trials: tuple[float, ...]
    modules_agreed: int | None
    converged: bool
    seed: int | None
    options: dict[str, Any]
    network: Network

    @property
    def relative_savings(self) -> float:
        """The fraction of the one-level codelength that the modules save."""
        saved = 1 - self.codelength / self.one_level_codelength if self.one_level_codelength > 0 else 0.0
        return saved if abs(saved) > 1e-12 else 0.0  # rounding error

    @property
    def num_levels(self) -> int:
        """Levels of the hierarchy, the nodes being the last: 2 for a two-level partition."""
        return 2

    @property
    def num_nodes(self) -> int:
        """Number of nodes, those without links included."""
        return self.network.num_nodes

    @property
    def num_links(self) -> int:
        """Number of distinct links."""
        return self.network.num_links

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # a pickle keeps arrays, but not that they are read-only
        for array in (self.labels, self.flow):
            array.flags.writeable = False

    @property
    def node_labels(self) -> list[Hashable]:
        """What the caller calls the nodes, in node order; a new list each time."""
        return self.network.label_list()

    @cached_property
    def module_flow(self) -> FloatArray:
        """Visit rate of each module: float64 array of shape (num_modules,), in decreasing order."""
        return frozen(column_sums(self.labels, self.flow, self.num_modules))

    @cached_property
    def module_sizes(self) -> NDArray[np.int64]:
        """Number of nodes in each module: int64 array of shape (num_modules,)."""
        return frozen(np.bincount(self.labels, minlength=self.num_modules))

    def modules(self, level: int = 1) -> dict[Hashable, int]:
        """The module of every node, by the node's label."""
        self._check_level(level)
        return dict(zip(self.node_labels, self.labels.tolist(), strict=True))

    def communities(self, level: int = 1) -> list[set[Hashable]]:
        """The modules as sets of labels, the one with most flow first."""
        self._check_level(level)
        sets: list[set[Hashable]] = [set() for _ in range(self.num_modules)]
        for label, module in zip(self.node_labels, self.labels.tolist(), strict=True):
            sets[module].add(label)
        return sets

    def _check_level(self, level: int) -> None:
        if level != 1:
            raise option_error("level", level, "1, the only level of modules of a two-level partition")

    def summary(self) -> dict[str, Any]:
        """The figures of this result by name, as plain Python values."""
        return {
            "num_nodes": self.num_nodes,
            "num_links": self.num_links,
            "directed": self.network.directed,
            "num_modules": self.num_modules,
            "num_levels": self.num_levels,
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

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas table of node, module and flow, one row a node (extra ``pandas``)."""
        from mapeq._optional import require

        pandas = require("pandas", extra="pandas")
        columns = {"node": self.node_labels, "module": self.labels, "flow": self.flow}
        return pandas.DataFrame(columns)

    def to_networkx(self) -> networkx.Graph:
        """The network as a NetworkX graph: nodes carry ``module`` and ``flow``, edges ``weight``."""
        from mapeq.adapters.networkx import to_networkx

        return to_networkx(self)

    def to_igraph(self) -> igraph.Graph:
        """The network as an igraph graph: vertices carry ``name``, ``module`` and ``flow``, edges ``weight``."""
        from mapeq.adapters.igraph import to_igraph

        return to_igraph(self)

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the partition to a file, whole or not at all.

        Parameters
        ----------
        path : str or path
        format : {"clu", "tree", "json", "csv", "tsv"}, optional
            By default what the suffix says.

        Raises
        ------
        ValueError
            If the format is unknown.
        FormatError
            If the file cannot be written.
        """
        from mapeq.formats.output import write_result

        write_result(self, path, format)

    def plot(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Draw the network, coloured by module (extra ``plot``)."""
        from mapeq.plot import plot_network

        return plot_network(self, ax)

    def __repr__(self) -> str:
        return (
            f"<mapeq.Result: {counted(self.num_modules, 'module')} of {counted(self.num_nodes, 'node')}, "
            f"{self.codelength:.4f} bits per step, {self.relative_savings:.1%} saved>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "nodes": f"{self.num_nodes:,}",
            "links": f"{self.num_links:,}",
            "modules": f"{self.num_modules:,}",
            "codelength": f"{self.codelength:.4f} bits per step",
            "without modules": f"{self.one_level_codelength:.4f} bits per step",
        }
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
        return f"<table>{cells}</table>"


def make_result(
    network: Network,
    flow: Flow,
    module_of: NDArray[Any],
    *,
    trials: tuple[float, ...] = (),
    modules_agreed: int | None = None,
    converged: bool = True,
    seed: int | None = None,
    options: dict[str, Any],
) -> Result:
    """The result of a partition of n nodes, numbered from 0 to at most n - 1: modules are numbered anew, by flow."""
    state = partition(flow, module_of.astype(flow.links.indices.dtype))
    length = codelength(flow, state)
    used = np.flatnonzero(state.sizes)
    # Rounding makes modules of equal flow equal; they stay in the order of their numbers.
    by_flow = used[np.argsort(-np.round(state.modules[used, VISIT], 12), kind="stable")]
    number = np.empty(len(state.sizes), dtype=index_dtype(network.num_nodes))
    number[by_flow] = np.arange(len(by_flow))
    return Result(
        codelength=length.total,
        index_codelength=length.index_codelength,
        module_codelength=length.module_codelength,
        one_level_codelength=flow.node_codelength,
        labels=frozen(number[state.module_of]),
        flow=frozen(flow.nodes[:, VISIT].copy()),
        num_modules=len(used),
        trials=trials,
        modules_agreed=modules_agreed,
        converged=converged,
        seed=seed,
        options=options,
        network=network,
    )

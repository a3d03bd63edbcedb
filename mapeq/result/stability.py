"""How often the modules of a network come back: over trials, and over networks that other data might have given."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray, read_only
from mapeq._base.errors import counted, option_error
from mapeq.network.network import Network
from mapeq.result.matching import Match, Together, distance, matched, pairs_together, weights_of
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

#: Modules and pairs of modules that are printed, at most.
SHOWN_MODULES, SHOWN_PAIRS = 50, 10

_OVER = {
    "bootstrap": "networks with weights drawn anew",
    "links": "networks without some links",
    "nodes": "networks without some nodes",
}


class _Compared(NamedTuple):
    """The reference partition compared with others."""

    modules: FloatArray  #: mean Jaccard index of each module with the most similar ones: shape (m,)
    nodes: FloatArray  #: how often each node is in the module matched with its own: shape (n,)


@dataclass(frozen=True, eq=False, repr=False)
class Stability:
    """How often modules and nodes come back. Immutable; see :func:`mapeq.stability`.

    The modules are those of the best trial, :attr:`result`. In another partition, each is matched with the most similar
    module: the one with the largest Jaccard index, the flow of nodes in both divided by that of nodes in either.

    Attributes
    ----------
    result : Result
        Of the trial with the shortest codelength; ``mapeq.infomap(graph, seed=result.seed)`` finds it again.
    level : int
        The modules are those of this level: 1 for the top modules, -1 for the finest.
    codelengths : float64 array of shape (k,)
        Of the trials, in bits per step.
    resampled : str or None
        What the resampled networks are: "bootstrap" (weights drawn anew), "links" or "nodes" (some left out); None
        without them.
    fraction : float or None
        Fraction of links or nodes that each lacks.
    confidence : float
        Core nodes are in the module matched with their own in at least this fraction of the partitions.
    seed : int
        Random seed that reproduces all of this.
    stopped_by : str or None
        "interrupt" if Ctrl-C ended it early; it is about what was complete then.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> found = mapeq.stability(nx.karate_club_graph(), resample="links", num_trials=10)
    >>> found
    <mapeq.Stability: 3 modules of 34 nodes over 10 trials and 10 networks with weights drawn anew>
    >>> found.over_trials
    array([1., 1., 1.])
    """

    result: Result
    level: int
    codelengths: FloatArray
    resampled: str | None
    fraction: float | None
    confidence: float
    seed: int
    stopped_by: str | None
    _best: int
    _trials: NDArray[np.int32]  # (k, n): module of each node
    _resamples: NDArray[np.int32]  # (r, n): the same; -1 for nodes that are left out

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # cached properties are left out

    @property
    def network(self) -> Network:
        """The network that was searched."""
        return self.result.network

    @property
    def labels(self) -> IntArray:
        """Module of each node, from 0: integer array of shape (n,)."""
        return self.result.labels_at(self.level)

    @property
    def num_modules(self) -> int:
        """Number of modules, m."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def over_trials(self) -> FloatArray:
        """Stability of each module over the other trials: float64 array of shape (m,).

        The mean over partitions of the largest Jaccard index with a module there: 1 if the module always comes back
        node for node.
        """
        return self._of_trials.modules

    @property
    def over_resamples(self) -> FloatArray | None:
        """The same over the resampled networks; None without them. NaN for modules that were left out of all."""
        return None if self.resampled is None else self._of_resamples.modules

    @property
    def stability(self) -> FloatArray:
        """Stability of each module over the resampled networks, or without them over the other trials: shape (m,)."""
        return self._main.modules

    @property
    def core_probability(self) -> FloatArray:
        """How often each node is in the module that is matched with its own: float64 array of shape (n,).

        Over the resampled networks that have the node, or without them over the other trials.
        """
        return self._main.nodes

    @property
    def core(self) -> NDArray[np.bool_]:
        """Whether each node is in the core of its module: shape (n,).

        Core nodes are in the module matched with their own in at least :attr:`confidence` of the partitions.
        """
        return read_only(self.core_probability >= self.confidence)

    @cached_property
    def together(self) -> tuple[Together, ...]:
        """Pairs of modules that hang together, most often together first.

        Two modules hang together if nodes of both, drawn by flow, are in one module with probability above 0.1.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.stability(nx.les_miserables_graph(), resample="links").together[0]
        Together(module=2, other=7, share=0.5...)
        """
        return pairs_together(self.labels, self._others, self._weights)

    @cached_property
    def distances(self) -> FloatArray:
        """Distances between all partitions found: float64 array of shape (k + r, k + r), trials first.

        The distance of two partitions is one less the mean Jaccard index of modules and the most similar ones of the
        other partition, weighted by the flow of the modules, over both directions. It is 0 for equal partitions.

        References
        ----------
        J. Calatayud, R. Bernardo-Madrid, M. Neuman, A. Rojas and M. Rosvall, Phys. Rev. E 100, 052308 (2019).
        """
        partitions = [*self._trials, *self._resamples]
        found = np.zeros((len(partitions), len(partitions)))
        for row, one in enumerate(partitions):
            for column in range(row):
                found[row, column] = found[column, row] = distance(one, partitions[column], self._weights)
        return read_only(found)

    @cached_property
    def _weights(self) -> FloatArray:
        return weights_of(self.result.flow)

    @cached_property
    def _of_trials(self) -> _Compared:
        return self._compared(np.delete(self._trials, self._best, axis=0))

    @cached_property
    def _of_resamples(self) -> _Compared:
        return self._compared(self._resamples)

    @property
    def _main(self) -> _Compared:
        return self._of_trials if self.resampled is None else self._of_resamples

    @property
    def _others(self) -> NDArray[np.int32]:
        return np.delete(self._trials, self._best, axis=0) if self.resampled is None else self._resamples

    def _compared(self, partitions: NDArray[np.int32]) -> _Compared:
        matches = [matched(self.labels, other, self._weights) for other in partitions]
        return _Compared(*(_mean([match[part] for match in matches]) for part in range(len(Match._fields))))

    def columns(self, nodes: bool = False) -> dict[str, list[Any]]:
        """Return the columns of a table as lists of plain Python values.

        Parameters
        ----------
        nodes : bool
            A row for each node instead of one for each module.

        Returns
        -------
        dict
            Of modules: ``module`` (from 1), ``num_nodes``, ``flow``, ``over_trials``, ``over_resamples`` (None without
            resampled networks) and ``num_core``, the number of core nodes. Of nodes: ``node``, ``module``,
            ``core_probability`` (None for nodes that all resampled networks lack) and ``core``.

        Raises
        ------
        ValueError
            If `nodes` is neither True nor False.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> columns = mapeq.stability(nx.karate_club_graph()).columns()
        >>> columns["num_nodes"], columns["num_core"]
        ([18, 11, 5], [18, 11, 5])
        """
        if not isinstance(nodes, bool | np.bool_):
            raise option_error("nodes", nodes, "True or False")
        if nodes:
            return {
                "node": self.result.node_labels,
                "module": (self.labels.astype(np.int64) + 1).tolist(),
                "core_probability": _plain(self.core_probability),
                "core": self.core.tolist(),
            }
        number, over = self.num_modules, self.over_resamples
        return {
            "module": list(range(1, number + 1)),
            "num_nodes": np.bincount(self.labels, minlength=number).tolist(),
            "flow": np.bincount(self.labels, self.result.flow, minlength=number).tolist(),
            "over_trials": self.over_trials.tolist(),
            "over_resamples": [None] * number if over is None else _plain(over),
            "num_core": np.bincount(self.labels, self.core, minlength=number).astype(np.int64).tolist(),
        }

    def core_nodes(self) -> dict[int, list[Hashable]]:
        """Return the core nodes of each module, by its number from 1.

        Returns
        -------
        dict
            Lists of node labels, in node order.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.stability(nx.karate_club_graph()).core_nodes()[3]
        [4, 5, 6, 10, 16]
        """
        found: dict[int, list[Hashable]] = {number: [] for number in range(1, self.num_modules + 1)}
        names = self.result.node_labels
        for position in np.flatnonzero(self.core).tolist():
            found[int(self.labels[position]) + 1].append(names[position])
        return found

    def to_dataframe(self, nodes: bool = False) -> pandas.DataFrame:
        """Return a pandas DataFrame with one row per module, or per node (extra ``pandas``).

        Parameters
        ----------
        nodes : bool
            A row for each node instead of one for each module.

        Returns
        -------
        pandas.DataFrame
            Columns as in :meth:`columns`.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> table = mapeq.stability(nx.karate_club_graph()).to_dataframe(nodes=True)
        >>> table["core"].all()
        np.True_
        """
        from mapeq._base.optional import require

        measured = ["core_probability"] if nodes else ["over_trials", "over_resamples"]
        return (
            require("pandas", extra="pandas").DataFrame(self.columns(nodes)).astype(dict.fromkeys(measured, "float64"))
        )

    def summary(self) -> dict[str, Any]:
        """Return everything but nodes and partitions as plain Python values that JSON can hold.

        Returns
        -------
        dict
            Counts and options, the list ``modules`` with one dict each, and the list ``together``.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> summary = mapeq.stability(nx.karate_club_graph(), num_trials=5).summary()
        >>> summary["num_trials"], summary["modules"][2]["num_core"]
        (5, 5)
        """
        columns = self.columns()
        return {
            "num_nodes": self.network.num_nodes,
            "num_links": self.network.num_links,
            "num_trials": len(self._trials),
            "num_resamples": len(self._resamples),
            "resampled": self.resampled,
            "fraction": self.fraction,
            "confidence": self.confidence,
            "level": self.level,
            "seed": self.seed,
            "stopped_by": self.stopped_by,
            "codelengths": self.codelengths.tolist(),
            "modules": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
            "together": [pair._asdict() for pair in self.together],
        }

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the stability of the modules to a file. On failure, an existing file stays as it was.

        Parameters
        ----------
        path : str or path
            The suffix selects the format: .csv, .tsv and .parquet (extra ``parquet``) hold the columns of
            :meth:`columns`, .json the :meth:`summary`; .png, .svg and .pdf are pictures (extra ``plot``).

        Raises
        ------
        ValueError
            If the suffix is none of these.
        FormatError
            If the file cannot be written.
        ImportError
            If matplotlib is not installed, for pictures, or pyarrow, for Parquet.

        Examples
        --------
        >>> import mapeq, networkx as nx, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "stability.csv")
        ...     mapeq.stability(nx.karate_club_graph(), num_trials=2).write(path)
        ...     print(path.read_text().splitlines()[0])
        module,num_nodes,flow,over_trials,over_resamples,num_core
        """
        from mapeq.pictures.stability import write_stability

        write_stability(self, path)

    def plot(
        self, kind: str = "modules", ax: matplotlib.axes.Axes | None = None, name: str | None = None
    ) -> matplotlib.axes.Axes:
        """Draw the stability of the modules, or the landscape of the partitions found (extra ``plot``).

        Parameters
        ----------
        kind : str
            "modules": stability over size, each module a disc with its number, larger with more flow. "landscape": each
            partition a dot, near those it is like (multidimensional scaling of :attr:`distances`); trials coloured by
            codelength, resampled networks as crosses.
        ax : matplotlib Axes, optional
            Axes to draw on; by default those of a new figure.
        name : str, optional
            First part of the title.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ValueError
            If the kind is neither.
        ImportError
            If matplotlib is not installed.

        Examples
        --------
        >>> import matplotlib, mapeq, networkx as nx
        >>> matplotlib.use("agg")
        >>> mapeq.stability(nx.karate_club_graph()).plot(name="karate").get_xlabel()
        'number of nodes'
        """
        from mapeq.pictures.stability import plot_stability
        from mapeq.pictures.style import Style

        return plot_stability(self, kind, ax, Style(name))

    def described(self) -> str:
        """Return in words how many modules were compared, over what.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.stability(nx.karate_club_graph()).described()
        '3 modules of 34 nodes over 20 trials'
        """
        over = counted(len(self._trials), "trial")
        if self.resampled is not None:
            over += f" and {len(self._resamples):,} {_OVER[self.resampled]}"
        stopped = "" if self.stopped_by is None else f", stopped by {self.stopped_by}"
        return (
            f"{counted(self.num_modules, 'module')} of {counted(self.network.num_nodes, 'node')} over {over}{stopped}"
        )

    def __repr__(self) -> str:
        return f"<mapeq.Stability: {self.described()}>"

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """The header of the printed table, and its rows: the modules with the most flow."""
        header = ["module", "nodes", "flow", "over trials", "over resamples", "core nodes"]
        columns = zip(*self.columns().values(), strict=True)
        rows = [
            [
                str(module),
                f"{nodes:,}",
                f"{flow:.4f}",
                f"{trials:.3f}",
                "" if resamples is None else f"{resamples:.3f}",
                f"{core:,}",
            ]
            for module, nodes, flow, trials, resamples, core in islice(columns, SHOWN_MODULES)
        ]
        if self.resampled is None:
            header, rows = [*header[:4], header[5]], [[*row[:4], row[5]] for row in rows]
        return header, rows

    def describe_together(self) -> list[str]:
        """Return a line of text for each pair of modules that hang together.

        Examples
        --------
        >>> import mapeq, networkx as nx
        >>> mapeq.stability(nx.les_miserables_graph(), resample="links").describe_together()[0]
        'modules 2 and 7 are together with probability 0.50'
        """
        return [
            f"modules {one} and {other} are together with probability {share:.2f}"
            for one, other, share in self.together
        ]

    def __str__(self) -> str:
        header, rows = self._rows()
        lines = [header, *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        table = ("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
        more = self.num_modules - SHOWN_MODULES
        pairs = self.describe_together()
        return "\n".join(
            [
                *table,
                *([f"... and {counted(more, 'module')} more"] if more > 0 else []),
                *pairs[:SHOWN_PAIRS],
                *([f"... and {counted(len(pairs) - SHOWN_PAIRS, 'pair')} more"] if len(pairs) > SHOWN_PAIRS else []),
            ]
        )

    def _repr_html_(self) -> str:
        header, rows = self._rows()
        head = "".join(f"<th>{name}</th>" for name in header)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<p>{escape(self.described())}</p><table><tr>{head}</tr>{body}</table>"


def _mean(values: list[FloatArray]) -> FloatArray:
    """The mean of arrays without the NaNs; NaN where all are."""
    table = np.array(values)
    known = np.count_nonzero(~np.isnan(table), axis=0)
    with np.errstate(invalid="ignore"):
        return read_only(np.nansum(table, axis=0) / np.where(known, known, np.nan))


def _plain(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]

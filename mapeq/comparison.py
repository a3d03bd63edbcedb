"""The public entry points :func:`compare` and :func:`plot_changes`: how partitions differ, and who moved where."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import PartitionError, counted, option_error
from mapeq._base.hierarchy import Hierarchy, cut, depths
from mapeq._base.keywords import answers_keywords
from mapeq.inputs import all_options, network_and_options, read_twice
from mapeq.io.inputs import as_partition
from mapeq.io.named import is_named, named_nodes
from mapeq.io.objects.tables import is_table
from mapeq.network.labelled import is_series
from mapeq.network.labels import positions
from mapeq.network.network import Network
from mapeq.objective.options import PLAIN
from mapeq.pictures.alluvial import Column, plot_columns
from mapeq.result.agreement import adjusted_mutual_information, adjusted_rand_index, normalized_mutual_information
from mapeq.result.assembly import make_result
from mapeq.result.divergence import flow_divergence
from mapeq.result.levels import checked_level
from mapeq.result.result import Result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

if TYPE_CHECKING:
    import matplotlib.axes

#: Rows of each table of a printed comparison.
_MOST_ROWS = 10


class Match(NamedTuple):
    """A module of the first partition and the one of the second that is most like it."""

    one: int  #: number of the module in the first partition, from 1
    other: int  #: number of the module in the second
    jaccard: float  #: flow that is in both, as a fraction of that which is in one of them
    jaccard_nodes: float  #: the same by number of nodes


class Move(NamedTuple):
    """Nodes of a module that are not in the module that matches it."""

    one: int  #: number of the module in the first partition, from 1
    other: int  #: number of the module in the second
    flow: float  #: as a fraction of all flow
    num_nodes: int


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """How two partitions of the same nodes differ; printed as a table. Modules have the numbers of their results.

    Attributes
    ----------
    num_nodes : int
        Number of nodes that were compared.
    num_modules : pair of int
        Numbers of modules in the two partitions.
    ami, nmi, ari : float
        Adjusted mutual information, normalised mutual information (by the mean of the entropies) and adjusted Rand
        index, by nodes: 1 for equal partitions; AMI and ARI are about 0 for independent ones.
    flow_divergence : float or None
        Bits per step that the second partition costs as an estimate of the first; infinite if it rules out steps of the
        first. None without a network, or if its nodes are not all compared.
    hierarchical_flow_divergence : float or None
        The same for whole hierarchies of any depths, whatever level is compared.
    matches : tuple of Match
        Pairs of modules, each module at most once, those that are most alike first.
    moves : tuple of Move
        All nodes whose modules do not match, by decreasing flow.

    Examples
    --------
    >>> import mapeq
    >>> links = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    >>> print(mapeq.compare(mapeq.infomap(links), {1: "a", 2: "a", 3: "b", 4: "b", 5: "b", 6: "b"}))
    6 nodes in 2 and 2 modules
    agreement: AMI 0.355, NMI 0.479, ARI 0.324
    flow divergence: 1.1583 bits per step
    matched modules, Jaccard index:
      one  other  by flow  by nodes
        2      1    0.700     0.750
        1      2    0.571     0.667
    moved: 21.4% of the flow, 1 node
      from  to   flow  nodes
         1   1  21.4%      1
    """

    num_nodes: int
    num_modules: tuple[int, int]
    ami: float
    nmi: float
    ari: float
    flow_divergence: float | None
    hierarchical_flow_divergence: float | None
    matches: tuple[Match, ...]
    moves: tuple[Move, ...]
    _columns: tuple[Column, ...] = field(default=())

    @property
    def moved_flow(self) -> float:
        """Fraction of the flow that is in modules that do not match."""
        return sum(move.flow for move in self.moves)

    def summary(self) -> dict[str, Any]:
        """Return the comparison as plain Python values that JSON can hold; an infinite divergence is "inf"."""
        divergences = [
            "inf" if bits == np.inf else bits for bits in (self.flow_divergence, self.hierarchical_flow_divergence)
        ]
        return {
            "num_nodes": self.num_nodes,
            "num_modules": list(self.num_modules),
            "ami": self.ami,
            "nmi": self.nmi,
            "ari": self.ari,
            "flow_divergence": divergences[0],
            "hierarchical_flow_divergence": divergences[1],
            "moved_flow": self.moved_flow,
            "matches": [match._asdict() for match in self.matches],
            "moves": [move._asdict() for move in self.moves],
        }

    def plot(
        self, ax: matplotlib.axes.Axes | None = None, names: Sequence[str] = ("one", "other")
    ) -> matplotlib.axes.Axes:
        """Draw both partitions as columns of modules, with bands for the nodes between them (extra ``plot``).

        See :func:`plot_changes`.
        """
        headings = _checked_names(names, 2)
        columns = [column._replace(name=name) for column, name in zip(self._columns, headings, strict=True)]
        return plot_columns(columns, ax)

    def __str__(self) -> str:
        one, other = self.num_modules
        lines = [
            f"{counted(self.num_nodes, 'node')} in {one:,} and {counted(other, 'module')}",
            f"agreement: AMI {self.ami:.3f}, NMI {self.nmi:.3f}, ARI {self.ari:.3f}",
        ]
        if self.flow_divergence is not None:
            lines.append(f"flow divergence: {self.flow_divergence:.4f} bits per step")
            if self.hierarchical_flow_divergence != self.flow_divergence:
                lines[-1] += f", {self.hierarchical_flow_divergence:.4f} between the hierarchies"
        lines.append("matched modules, Jaccard index:")
        lines += _table(
            ("one", "other", "by flow", "by nodes"),
            [(f"{m.one:,}", f"{m.other:,}", f"{m.jaccard:.3f}", f"{m.jaccard_nodes:.3f}") for m in self.matches],
        )
        num_moved = sum(move.num_nodes for move in self.moves)
        lines.append(f"moved: {self.moved_flow:.1%} of the flow, {counted(num_moved, 'node')}")
        if self.moves:
            lines += _table(
                ("from", "to", "flow", "nodes"),
                [(f"{m.one:,}", f"{m.other:,}", f"{m.flow:.1%}", f"{m.num_nodes:,}") for m in self.moves],
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        one, other = self.num_modules
        return (
            f"<mapeq.Comparison: {counted(self.num_nodes, 'node')} in {one:,} and {counted(other, 'module')}, "
            f"AMI {self.ami:.3f}, {self.moved_flow:.1%} of the flow moved>"
        )


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    shown = [heading, *rows[:_MOST_ROWS]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
    return lines if len(rows) <= _MOST_ROWS else [*lines, f"  and {len(rows) - _MOST_ROWS:,} more"]


@answers_keywords()
def compare(one: Any, other: Any, *, network: Any = None, on: str = "all", level: int = 1) -> Comparison:
    """Compare two partitions: how well they agree, which modules match, and what moved where.

    Parameters
    ----------
    one, other : Result, or partition in any form that :func:`evaluate` takes
        Also the paths of two files, or two columns of a table whose index holds the labels. Nodes are matched by label.
        Of a state network, nodes are states.
    network : graph, optional
        Network of the partitions, as in :func:`infomap`, if neither is a Result; the walk is that of the options which
        the first one was found with, if its file says so. It gives nodes their flow and is needed for the flow
        divergence. By default it is that of the first Result, with its options.
    on : {"all", "common"}
        Whether both partitions must have the same nodes, or the nodes that they share are compared.
    level : int
        Level of hierarchies whose modules are compared: 1 for the top modules, -1 for the finest; see
        :meth:`Result.labels_at`.

    Returns
    -------
    Comparison
        Nodes are weighed by the flow of `network`, else by that of the first Result, else by the flow in the first file
        that has it, else equally. Modules of a Result keep their numbers; others are numbered by decreasing flow.

    Raises
    ------
    PartitionError
        If the partitions are not of the same nodes, or with ``on="common"`` share none.
    ValueError, NetworkError, FormatError
        If an option is out of range, a hierarchy has no such level, or a file or the network is invalid.

    Examples
    --------
    >>> import mapeq
    >>> before = {"ann": 1, "bob": 1, "cid": 2, "dan": 2}
    >>> mapeq.compare(before, {"ann": 1, "bob": 1, "cid": 1, "dan": 2}).moves
    (Move(one=2, other=1, flow=0.25, num_nodes=1),)
    >>> mapeq.compare(before, {"ann": 1, "bob": 1, "eve": 2})
    Traceback (most recent call last):
        ...
    mapeq._base.errors.PartitionError: the second partition has other nodes than the first: the partition does not ...

    References
    ----------
    C. Blöcker and I. Scholtes, "Flow divergence: comparing maps of flows with relative entropy", arXiv:2401.09052
    (2024). N. X. Vinh, J. Epps and J. Bailey, JMLR 11, 2837 (2010). L. Hubert and P. Arabie, Journal of Classification
    2, 193 (1985).
    """
    if on not in ("all", "common"):
        raise option_error("on", on, 'one of "all", "common"')
    given = [_held(partition) for partition in (one, other)]
    ground = _ground(given, network)
    is_shared = np.ones(ground.network.num_nodes, dtype=np.bool_)
    if on == "common":
        for partition in given:
            is_shared &= is_named(partition, ground.network)
        if not is_shared.any():
            raise PartitionError("the partitions share no node")
    grounds = ("first", "second") if network is None else ("network", "network")
    hierarchies = [
        _read(given[number], which, grounds[1 - number], ground.network, fit=on == "common")
        for number, which in enumerate(("first", "second"))
    ]
    divergences: list[float | None] = [None, None]
    weights = ground.flow
    if ground.options is not None:
        measured = [_measured(partition, tree, ground) for partition, tree in zip(given, hierarchies, strict=True)]
        weights = measured[0].flow
        if is_shared.all():
            one_level = flow_divergence(measured[0], measured[1], level)
            are_flat = max(result.num_levels for result in measured) <= 2
            divergences = [one_level, one_level if are_flat else flow_divergence(measured[0], measured[1], None)]
    shared = np.flatnonzero(is_shared)
    shares = _shares(weights, shared)
    labels = ground.network.label_list()
    columns = []
    for name, partition, tree in zip(("one", "other"), given, hierarchies, strict=True):
        modules, flow = _modules(partition, tree, ground.network, shared, shares, level)
        columns.append(Column(name, [labels[i] for i in shared.tolist()], modules, flow))
    return _compared(columns, shares, divergences)


class _Ground(NamedTuple):
    """What two partitions are compared on: the network, perhaps without links, the walk and the flow, if known."""

    network: Network
    options: WalkOptions | None
    flow: FloatArray | None


def _held(partition: Any) -> Any:
    """Return a partition that can be read twice."""
    is_single = isinstance(partition, Result | Mapping | list | tuple | str | os.PathLike | bytes)
    if is_single or is_series(partition) or is_table(partition) or hasattr(partition, "__array__"):
        return read_twice(partition)
    return list(partition) if isinstance(partition, Iterable) else partition


def _ground(given: Sequence[Any], network: Any) -> _Ground:
    if network is not None:
        whole, options, _ = network_and_options(
            network, directed=None, weight="weight", flow_model=None, partition=given[0]
        )
        return _Ground(whole, options, None)
    result = next((partition for partition in given if isinstance(partition, Result)), None)
    if result is not None:
        return _Ground(result.network, result.walk_options, result.flow)
    named = [nodes for nodes in map(named_nodes, given) if nodes is not None]
    if not named:
        count = len(given[0]) if hasattr(given[0], "__len__") else 0
        return _Ground(_without_links(range(count)), None, None)
    labels = named[0].labels
    for nodes in named:
        flow = {} if nodes.flow is None else dict(zip(map(str, nodes.labels), nodes.flow.tolist(), strict=True))
        if flow and all(str(label) in flow for label in labels):
            return _Ground(_without_links(labels), None, np.array([flow[str(label)] for label in labels]))
    return _Ground(_without_links(labels), None, None)


def _without_links(labels: Sequence[Hashable]) -> Network:
    return Network.from_csr(scipy.sparse.csr_array((len(labels), len(labels))), directed=False, labels=labels)


def _read(partition: Any, which: str, than: str, network: Network, *, fit: bool) -> Hierarchy:
    """Read a partition; say which of both it is if it is not one of these nodes."""
    try:
        return as_partition(partition, network, fit=fit)
    except PartitionError as error:
        try:
            as_partition(partition, network, fit=True)
        except PartitionError:
            raise PartitionError(f"the {which} partition: {error}") from error
        different = f"the {which} partition has other nodes than the {than}"
        raise PartitionError(f"{different}: {error}; on='common' compares the nodes that they share") from error


def _measured(partition: Any, hierarchy: Hierarchy, ground: _Ground) -> Result:
    assert ground.options is not None
    is_of_walk = isinstance(partition, Result) and partition.network is ground.network
    if is_of_walk and partition.walk_options == ground.options:
        return partition  # type: ignore[no-any-return]
    flow = random_walk(ground.network, ground.options)
    return make_result(ground.network, flow, hierarchy, options=all_options(ground.network, ground.options, PLAIN))


def _shares(flow: FloatArray | None, shared: NDArray[np.intp]) -> FloatArray:
    """Return the weights of the nodes that are compared; they add up to 1."""
    weights = np.ones(len(shared)) if flow is None or not flow[shared].any() else flow[shared]
    found: FloatArray = weights / max(weights.sum(), 1e-300)
    return found


def _modules(
    partition: Any, hierarchy: Hierarchy, network: Network, shared: NDArray[np.intp], shares: FloatArray, level: int
) -> tuple[IntArray, FloatArray]:
    """Return the number of the module of each node that is compared, from 1, and its share of the flow."""
    if isinstance(partition, Result):
        place = positions(network.labels, partition.network.labels)[shared]
        return partition.labels_at(level)[place].astype(np.int64) + 1, _shares(partition.flow, place)
    finest = max(int(depths(hierarchy.parent).max()), 1)
    modules = np.unique(cut(hierarchy, checked_level(level, finest))[shared], return_inverse=True)[1]
    weights = np.bincount(modules, shares)
    rank = np.empty(len(weights), dtype=np.int64)
    rank[np.argsort(-weights.round(12), kind="stable")] = np.arange(len(weights))
    return rank[modules] + 1, shares


def _compared(columns: Sequence[Column], shares: FloatArray, divergences: Sequence[float | None]) -> Comparison:
    numbers, modules = zip(*(np.unique(column.modules, return_inverse=True) for column in columns), strict=True)
    one, other = modules
    cells, cell, count = np.unique(one * len(numbers[1]) + other, return_inverse=True, return_counts=True)
    i, j = cells // max(len(numbers[1]), 1), cells % max(len(numbers[1]), 1)
    flow = np.bincount(cell, shares, len(cells))
    by_nodes = _jaccard(count, i, j, count.astype(np.float64))
    by_flow = _jaccard(flow, i, j, by_nodes)
    taken: tuple[set[int], set[int]] = set(), set()
    matches, moves = [], []
    for k in np.lexsort((cells, -by_nodes.round(12), -by_flow.round(12))).tolist():
        pair = int(numbers[0][i[k]]), int(numbers[1][j[k]])
        if pair[0] in taken[0] or pair[1] in taken[1]:
            moves.append(Move(*pair, float(flow[k]), int(count[k])))
            continue
        taken[0].add(pair[0])
        taken[1].add(pair[1])
        matches.append(Match(*pair, float(by_flow[k]), float(by_nodes[k])))
    moves.sort(key=lambda move: (-move.flow, -move.num_nodes, move.one, move.other))
    return Comparison(
        len(one),
        (len(numbers[0]), len(numbers[1])),
        adjusted_mutual_information(one, other),
        normalized_mutual_information(one, other),
        adjusted_rand_index(one, other),
        divergences[0],
        divergences[1],
        tuple(matches),
        tuple(moves),
        tuple(columns),
    )


def _jaccard(together: NDArray[Any], i: NDArray[np.intp], j: NDArray[np.intp], of_nothing: FloatArray) -> FloatArray:
    """Return what two modules have in common as a fraction of what is in either; of modules without any, as given."""
    either = np.bincount(i, together)[i] + np.bincount(j, together)[j] - together
    return np.where(either > 0, together / np.maximum(either, 1e-300), of_nothing)


@answers_keywords()
def plot_changes(
    partitions: Iterable[Any],
    *,
    names: Sequence[str] | None = None,
    level: int = 1,
    ax: matplotlib.axes.Axes | None = None,
) -> matplotlib.axes.Axes:
    """Draw two or more partitions as an alluvial diagram: columns of modules, and bands of the nodes that they share.

    Bands have the colour of the module in the first partition that has their nodes. Small modules are gathered in one
    grey block. Labels are the numbers of modules and their most visited nodes.

    Parameters
    ----------
    partitions : iterable of Results, or of partitions in any form that :func:`evaluate` takes
        At least two; their nodes may differ. Nodes are matched by the text of their labels.
    names : sequence of str, optional
        A heading for each partition; by default 1, 2, 3, ..., or the names of files.
    level : int
        Level of the modules, see :meth:`Result.labels_at`.
    ax : matplotlib Axes, optional
        Axes to draw on; by default those of a new figure.

    Returns
    -------
    matplotlib Axes
        Heights are flow, of each partition its own; nodes of partitions without flow weigh the same.

    Raises
    ------
    ValueError
        If there are fewer than two partitions, the names are not as many, or a hierarchy has no such level.
    PartitionError, FormatError
        If a partition or a file is invalid.
    ImportError
        If matplotlib or alluvial is not installed.

    Examples
    --------
    >>> import matplotlib, mapeq
    >>> matplotlib.use("agg")
    >>> may, june = {"ann": 1, "bob": 1, "cid": 2}, {"ann": 1, "bob": 2, "cid": 2}
    >>> axes = mapeq.plot_changes([may, june], names=["May", "June"])
    """
    return plot_columns(columns_of(partitions, names, level), ax)


def columns_of(partitions: Iterable[Any], names: Sequence[str] | None, level: int) -> list[Column]:
    """Return a column for each partition; see :func:`plot_changes`."""
    given = [_held(partition) for partition in partitions]
    if len(given) < 2:
        raise option_error("partitions", partitions, "two or more partitions")
    headings = [os.path.basename(p) if isinstance(p, str | os.PathLike) else str(k) for k, p in enumerate(given, 1)]
    found = []
    for name, partition in zip(headings if names is None else _checked_names(names, len(given)), given, strict=True):
        ground = _ground([partition], None)
        nodes = np.arange(ground.network.num_nodes)
        tree = as_partition(partition, ground.network)
        modules, flow = _modules(partition, tree, ground.network, nodes, _shares(ground.flow, nodes), level)
        found.append(Column(name, ground.network.label_list(), modules, flow))
    return found


def _checked_names(names: Sequence[str], count: int) -> list[str]:
    if isinstance(names, str) or len(names) != count:
        raise option_error("names", names, f"{count} names, one for each partition")
    return [str(name) for name in names]

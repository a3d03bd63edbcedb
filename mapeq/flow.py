"""The random walk on a network: how often it visits each node and uses each link.

:func:`random_walk` turns a :class:`~mapeq.network.Network` into a :class:`Flow`, one short function
for each flow model. A `Flow` is all that the objective and the search ever see: undirected and
directed networks, recorded and unrecorded teleportation differ only in the numbers it holds.

The models are those of Rosvall & Bergstrom, PNAS 105, 1118 (2008), with the teleportation schemes
of Lambiotte & Rosvall, Phys. Rev. E 85, 056107 (2012), and the Markov time of Kheirkhahzadeh,
Lancichinetti & Rosvall, Phys. Rev. E 93, 032309 (2016).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq.errors import NetworkError, is_number, option_error
from mapeq.network import Network
from mapeq.rows import (
    FloatArray,
    Rows,
    add_transposed,
    constant,
    diagonal,
    for_kernels,
    frozen,
    is_constant,
    row_sums,
    total,
    without_diagonal,
)
from mapeq.stationary import RARE_TELEPORTATION, stationary_rates, step

FLOW_MODELS = ("undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed")
TELEPORT_TARGETS = ("links", "nodes")


@dataclass(frozen=True)
class FlowOptions:
    """How the random walk moves; see :func:`mapeq.infomap` for what each option means.

    Raises
    ------
    ValueError
        If an option is out of range; names the option, the value and what is allowed.
    """

    flow_model: str = "undirected"
    teleportation_probability: float = 0.15
    recorded_teleportation: bool = False
    teleport_to: str = "links"
    node_weights_as_flow: bool = False
    markov_time: float = 1.0

    def __post_init__(self) -> None:
        if self.flow_model not in FLOW_MODELS:
            raise option_error("flow_model", self.flow_model, "one of " + ", ".join(FLOW_MODELS))
        if self.teleport_to not in TELEPORT_TARGETS:
            raise option_error("teleport_to", self.teleport_to, "one of " + ", ".join(TELEPORT_TARGETS))
        if not (is_number(self.teleportation_probability) and 0 <= self.teleportation_probability <= 1):
            raise option_error("teleportation_probability", self.teleportation_probability, "a number from 0 to 1")
        if not (is_number(self.markov_time) and 0 < self.markov_time < np.inf):
            raise option_error("markov_time", self.markov_time, "a number above 0")
        for name in ("recorded_teleportation", "node_weights_as_flow"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise option_error(name, getattr(self, name), "True or False")

    def as_dict(self) -> dict[str, Any]:
        """The options by name, as plain Python values."""
        values = asdict(self)
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}


class Links(NamedTuple):
    """Flow between nodes, in rows: that of the k-th link in both directions, ``f_ij + f_ji``, is ``flow[k * stride]``.

    Every link stands in the rows of both its ends; there are no self-links. Integers are unsigned, so that
    kernels need not check for indices that count from the end.

    Attributes
    ----------
    indptr : uint64 array of shape (n + 1,)
    indices : uint32 array (uint64 beyond 2**31 nodes), one entry a link
    flow : float64 array, one entry a link, or of shape (1,) where every link carries the same flow
    stride : uint64
        1, or 0 with a flow of shape (1,).
    """

    indptr: NDArray[np.uint64]
    indices: NDArray[Any]
    flow: FloatArray
    stride: np.uint64


def link_flows(links: Links) -> FloatArray:
    """The flow of every link: float64, as long as `indices`."""
    return links.flow if links.stride else np.broadcast_to(links.flow, links.indices.shape)


class Codebooks(NamedTuple):
    """The index codebooks that name modules: one for all, or one for each group of nodes that share no links.

    Attributes
    ----------
    of : unsigned integer array of shape (n,), or (1,) if there is one codebook
    stride : uint64
        1, or 0 with an array of shape (1,): the codebook of node ``i`` is number ``of[i * stride]``.
    exit : float64 array of shape (g,)
        Of each codebook, the exit flow that it names beside the modules.
    """

    of: NDArray[Any]
    stride: np.uint64
    exit: FloatArray


def one_codebook(dtype: np.dtype) -> Codebooks:
    """That of the whole network, which nothing leaves."""
    return Codebooks(frozen(np.zeros(1, dtype=dtype)), np.uint64(0), frozen(np.zeros(1)))


class Flow(NamedTuple):
    """What the random walk gives, per step. All arrays are read-only.

    Attributes
    ----------
    links : Links
    nodes : float64 array of shape (n, 3)
        Visit rate, enter flow and exit flow of each node: the columns ``VISIT``, ``ENTER``, ``EXIT``.
    teleport : float64 array of shape (n, 2) or None
        Recorded teleportation: the flow that teleports from each node, and the probability
        that teleportation lands on it. None if teleportation is not recorded.
    node_codelength : float
        ``-sum(p * log2(p))`` over the visit rates of the network's nodes, in bits. Aggregation
        keeps it: code words name nodes, however many of them travel together.
    codebooks : Codebooks
    """

    links: Links
    nodes: FloatArray
    teleport: FloatArray | None
    node_codelength: float
    codebooks: Codebooks


VISIT, ENTER, EXIT = 0, 1, 2


def random_walk(network: Network, options: FlowOptions) -> Flow:
    """The flow of a random walk on a network.

    Parameters
    ----------
    network : Network
        Every model but "undirected" reads it as directed, an undirected link being one in
        each direction; "undirected" sums the two directions of a directed network.
    options : FlowOptions

    Raises
    ------
    NetworkError
        If node weights are needed and missing or all zero.
    ConvergenceError
        If the power iteration does not converge.

    Examples
    --------
    >>> from mapeq.network import Network
    >>> triangle = Network.from_edges([0, 1, 2], [1, 2, 0])
    >>> random_walk(triangle, FlowOptions()).nodes[:, VISIT]
    array([0.33333333, 0.33333333, 0.33333333])
    """
    _check_scale(network.weights)
    if options.flow_model == "undirected":
        return _undirected(network.undirected(), options)
    if options.flow_model == "directed":
        return _directed(network, options)
    if options.flow_model == "precomputed":
        return _precomputed(network, options)
    return _raw(network, options)


def _check_scale(weights: FloatArray) -> None:
    """Refuse weights whose sums, in both directions, or whose inverses no float can hold; only ratios matter anyway."""
    with np.errstate(over="ignore"):
        both_ways = 2 * total(weights)
    if not np.isfinite(both_ways):
        raise NetworkError("the weights add up to more than a float can hold: divide them all by something large")
    smallest = weights[:1].min(initial=1) if is_constant(weights) else weights.min(initial=1)
    if smallest < np.finfo(np.float64).tiny:
        raise NetworkError(f"the smallest weight, {smallest}, is too small: multiply them all by something large")


def _undirected(network: Network, options: FlowOptions) -> Flow:
    """Visit rates are strengths: the walk on an undirected network is reversible."""
    strengths = network.out_strengths()
    whole = strengths.sum()
    if whole == 0:
        return _no_flow(network, options)
    indptr, indices, weights = without_diagonal(network.rows, network.self_links)
    scale = 2 * options.markov_time
    flow = constant(weights[0] / whole * scale, len(weights)) if is_constant(weights) else weights / whole * scale
    crossing = row_sums(indptr, flow) / 2
    links = Links(*for_kernels(Rows(indptr, indices, flow)))
    return _flow(links, _visits(strengths / whole, network, options), crossing, crossing, None)


def _directed(network: Network, options: FlowOptions) -> Flow:
    """PageRank, and the flow over links that follows from it.

    Recorded: a step is a link or a teleportation, and both are described. Unrecorded: the
    walk teleports only to be ergodic, and what is described is one more step over links.
    """
    columns = network.columns()
    out_strengths = network.out_strengths()
    dangling = out_strengths == 0
    recorded, alpha = options.recorded_teleportation, options.teleportation_probability
    landing = _landing(network, columns, out_strengths, options)
    if landing is None:
        return _no_flow(network, options)
    rates = stationary_rates(
        columns,
        out_strengths,
        landing,
        landing,
        landing if alpha else _anywhere(network, columns, landing),
        teleportation_probability=alpha,
        hurry=alpha >= RARE_TELEPORTATION,
    )
    walking = 1 - alpha if recorded else 1 / max(rates[~dangling].sum(), np.finfo(float).tiny)
    per_weight = np.divide(walking * rates, out_strengths, out=np.zeros_like(rates), where=~dangling)
    if not recorded:
        return _from_link_flow(network, columns, per_weight, None, None, options)
    rates = _visits(rates, network, options)
    leaving = np.where(dangling, rates, alpha * rates)
    return _from_link_flow(network, columns, per_weight, rates, np.column_stack([leaving, landing]), options)


def _anywhere(network: Network, columns: Rows, landing: FloatArray) -> FloatArray:
    """Where a walk starts that never teleports: by strength, a self-link counting once; where it lands if all are 0.

    Only then does the start matter. A walk with teleportation starts where it lands, so that nodes that it never
    reaches get no flow, not even a trace.
    """
    strengths = network.out_strengths() + row_sums(columns.indptr, columns.weights)
    nodes = network.indices[network.self_links]
    strengths[nodes] -= network.weights[network.self_links]
    return strengths if strengths.any() else landing


def _raw(network: Network, options: FlowOptions) -> Flow:
    """Link weights are the flow, up to a factor; a node is visited as often as it is entered."""
    whole = total(network.weights)
    if whole == 0:
        return _no_flow(network, options)
    return _from_link_flow(network, network.columns(), np.full(network.num_nodes, 1 / whole), None, None, options)


def _precomputed(network: Network, options: FlowOptions) -> Flow:
    """Node weights are the visit rates, up to a factor, and link weights are the flow, as they stand."""
    if network.node_weights is None:
        raise NetworkError("flow_model='precomputed' takes the visit rates from node weights, but the network has none")
    rates = _node_weight_rates(network)
    return _from_link_flow(network, network.columns(), np.ones(network.num_nodes), rates, None, options)


def _from_link_flow(
    network: Network,
    columns: Rows,
    per_weight: FloatArray,
    visits: FloatArray | None,
    teleport: FloatArray | None,
    options: FlowOptions,
) -> Flow:
    """Assemble a Flow from the directed flow over links.

    Parameters
    ----------
    network : Network
    columns : Rows
        Of the network.
    per_weight : float64 array of shape (n,)
        Flow over the links from each node, per weight.
    visits : float64 array of shape (n,), optional
        By default a node is visited as often as it is entered, by self-links, too.
    teleport, options : as in `Flow` and `random_walk`
    """
    if visits is None:
        visits = _visits(_arriving(columns, per_weight), network, options)
    rows = without_diagonal(network.rows, network.self_links)
    if network.num_self_links:
        columns = without_diagonal(columns, diagonal(columns))
    time = options.markov_time
    exits = per_weight * row_sums(rows.indptr, rows.weights) * time
    enters = _arriving(columns, per_weight) * time
    both_ways = add_transposed(rows, columns, per_weight)
    both_ways.weights[:] *= time
    return _flow(Links(*for_kernels(both_ways)), visits, enters, exits, teleport)


def _arriving(columns: Rows, per_weight: FloatArray) -> FloatArray:
    """What each node receives over its links where its neighbours send so much per weight."""
    arriving = np.zeros(len(per_weight))
    step(
        *for_kernels(columns),
        frozen(arriving.copy()),
        frozen(per_weight),
        0.0,
        per_weight.copy(),
        arriving,
        np.empty_like(arriving),
    )
    return arriving


def _flow(links: Links, visits: FloatArray, enters: FloatArray, exits: FloatArray, teleport: FloatArray | None) -> Flow:
    nodes = np.column_stack([visits, enters, exits])
    if teleport is not None:
        # Teleportation crosses the border of a node unless it lands where it left.
        leaving, landing = teleport.T
        nodes[:, EXIT] += leaving * (1 - landing)
        nodes[:, ENTER] += (leaving.sum() - leaving) * landing
        teleport = frozen(teleport)
    return Flow(links, frozen(nodes), teleport, node_codelength(visits), one_codebook(links.indices.dtype))


def _no_flow(network: Network, options: FlowOptions) -> Flow:
    n = network.num_nodes
    none = Links(*for_kernels(Rows(np.zeros(n + 1, dtype=np.int64), network.indices[:0], np.zeros(0))))
    zeros = np.zeros(n)
    return _flow(none, _visits(zeros, network, options), zeros, zeros, None)


def node_codelength(visits: FloatArray) -> float:
    """``-sum(p * log2(p))`` in bits: what naming every visited node costs where there are no modules."""
    visited = visits[visits > 0]
    return float(-(visited * np.log2(visited)).sum()) + 0.0


def _landing(network: Network, columns: Rows, out_strengths: FloatArray, options: FlowOptions) -> FloatArray | None:
    """Where teleportation lands: a probability per node; None where there is no link to land on.

    To links: on the source of a random link when it is not recorded, since a step over a
    link follows, and on the target of one when it is. To nodes: by node weight, else evenly.
    """
    if options.teleport_to == "nodes":
        if network.num_nodes == 0:
            return None
        if network.node_weights is None:
            return np.full(network.num_nodes, 1 / network.num_nodes)
        return _node_weight_rates(network)
    strengths = row_sums(columns.indptr, columns.weights) if options.recorded_teleportation else out_strengths
    whole = strengths.sum()
    return strengths / whole if whole > 0 else None


def _visits(rates: FloatArray, network: Network, options: FlowOptions) -> FloatArray:
    """The visit rates that are described: those of the walk, or the node weights if the options say so."""
    return _node_weight_rates(network) if options.node_weights_as_flow else rates


def _node_weight_rates(network: Network) -> FloatArray:
    weights = np.ones(network.num_nodes) if network.node_weights is None else network.node_weights
    whole = weights.sum()
    if network.num_nodes and whole == 0:
        raise NetworkError("all node weights are zero: nothing to visit")
    return weights / whole if network.num_nodes else weights

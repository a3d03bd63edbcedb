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

from mapeq.errors import ConvergenceError, NetworkError, is_number, option_error
from mapeq.network import Network, links_between_nodes
from mapeq.rows import FloatArray, IntArray, build_rows, column_sums, frozen, row_sums

FLOW_MODELS = ("undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed")
TELEPORT_TARGETS = ("links", "nodes")

#: The power iteration stops when the visit rates change by no more than this in one step, in
#: total. Their own total error is then below ``TOLERANCE * (1 - a) / a``, `a` being the teleportation
#: probability: less than 1e-13 for the usual 0.15.
TOLERANCE = 1e-14
MAX_ITERATIONS = 20_000

#: Changes below this are rounding errors once they fall no further.
ROUNDING = 1e-12

#: With less teleportation than this the walk rests every other step.
RARE_TELEPORTATION = 0.05


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
    """Flow between nodes, in rows: ``flow[k]`` is that of the k-th link in both directions, ``f_ij + f_ji``.

    Every link stands in the rows of both its ends; there are no self-links.
    """

    indptr: NDArray[np.int64]
    indices: IntArray
    flow: FloatArray


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
    """

    links: Links
    nodes: FloatArray
    teleport: FloatArray | None
    node_codelength: float


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
        total = 2 * weights.sum()
    if not np.isfinite(total):
        raise NetworkError("the weights add up to more than a float can hold: divide them all by something large")
    smallest = weights.min(initial=1)
    if smallest < np.finfo(np.float64).tiny:
        raise NetworkError(f"the smallest weight, {smallest}, is too small: multiply them all by something large")


def _undirected(network: Network, options: FlowOptions) -> Flow:
    """Visit rates are strengths: the walk on an undirected network is reversible."""
    strengths = network.out_strengths()
    total = strengths.sum()
    if total == 0:
        return _no_flow(network, options)
    indptr, indices, weights = links_between_nodes(network)
    links = Links(frozen(indptr), frozen(indices), frozen(weights / total * (2 * options.markov_time)))
    crossing = row_sums(indptr, links.flow) / 2
    return _flow(links, _visits(strengths / total, network, options), crossing, crossing, None)


def _directed(network: Network, options: FlowOptions) -> Flow:
    """PageRank, and the flow over links that follows from it.

    Recorded: a step is a link or a teleportation, and both are described. Unrecorded: the
    walk teleports only to be ergodic, and what is described is one more step over links.
    """
    out_strengths = network.out_strengths()
    dangling = out_strengths == 0
    recorded, alpha = options.recorded_teleportation, options.teleportation_probability
    landing = _landing(network, out_strengths, options)
    if landing is None:
        return _no_flow(network, options)
    # Where the walk starts matters only without teleportation: by strength, a self-link counting once. With
    # teleportation it starts where it lands, so that nodes it never reaches get no flow, not even a trace.
    start = landing if alpha else out_strengths + network.in_strengths() - network.matrix().diagonal()
    rates = visit_rates(network, landing, teleportation_probability=alpha, start=start if start.any() else landing)
    walking = 1 - alpha if recorded else 1 / max(rates[~dangling].sum(), np.finfo(float).tiny)
    per_weight = np.divide(walking * rates, out_strengths, out=np.zeros_like(rates), where=~dangling)
    link_flow = network.weights * np.repeat(per_weight, np.diff(network.indptr))
    if not recorded:
        arriving = column_sums(network.indices, link_flow, network.num_nodes)
        return _from_link_flow(network, link_flow, _visits(arriving, network, options), None, options)
    rates = _visits(rates, network, options)
    leaving = np.where(dangling, rates, alpha * rates)
    return _from_link_flow(network, link_flow, rates, np.column_stack([leaving, landing]), options)


def _raw(network: Network, options: FlowOptions) -> Flow:
    """Link weights are the flow, up to a factor; a node is visited as often as it is entered."""
    total = network.weights.sum()
    if total == 0:
        return _no_flow(network, options)
    visits = _visits(network.in_strengths() / total, network, options)
    return _from_link_flow(network, network.weights / total, visits, None, options)


def _precomputed(network: Network, options: FlowOptions) -> Flow:
    """Node weights are the visit rates, up to a factor, and link weights are the flow, as they stand."""
    if network.node_weights is None:
        raise NetworkError("flow_model='precomputed' takes the visit rates from node weights, but the network has none")
    return _from_link_flow(network, network.weights, _node_weight_rates(network), None, options)


def _from_link_flow(
    network: Network, link_flow: FloatArray, visits: FloatArray, teleport: FloatArray | None, options: FlowOptions
) -> Flow:
    """Assemble a Flow from the directed flow over each stored link of the network."""
    sources, n = network.sources(), network.num_nodes
    crossing = (network.indices != sources) & (link_flow > 0)
    if not crossing.all():
        sources, targets, link_flow = sources[crossing], network.indices[crossing], link_flow[crossing]
    else:
        targets = network.indices
    link_flow = link_flow * options.markov_time
    exits = column_sums(sources, link_flow, n)
    enters = column_sums(targets, link_flow, n)
    links = Links(*map(frozen, build_rows(sources, targets, link_flow, n, symmetric=True)))
    return _flow(links, visits, enters, exits, teleport)


def _flow(links: Links, visits: FloatArray, enters: FloatArray, exits: FloatArray, teleport: FloatArray | None) -> Flow:
    nodes = np.column_stack([visits, enters, exits])
    if teleport is not None:
        # Teleportation crosses the border of a node unless it lands where it left.
        leaving, landing = teleport.T
        nodes[:, EXIT] += leaving * (1 - landing)
        nodes[:, ENTER] += (leaving.sum() - leaving) * landing
        teleport = frozen(teleport)
    return Flow(links, frozen(nodes), teleport, node_codelength(visits))


def _no_flow(network: Network, options: FlowOptions) -> Flow:
    n = network.num_nodes
    none = Links(frozen(np.zeros(n + 1, np.int64)), frozen(network.indices[:0]), frozen(network.weights[:0]))
    zeros = np.zeros(n)
    return _flow(none, _visits(zeros, network, options), zeros, zeros, None)


def node_codelength(visits: FloatArray) -> float:
    """``-sum(p * log2(p))`` in bits: what naming every visited node costs where there are no modules."""
    visited = visits[visits > 0]
    return float(-(visited * np.log2(visited)).sum()) + 0.0


def _landing(network: Network, out_strengths: FloatArray, options: FlowOptions) -> FloatArray | None:
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
    strengths = network.in_strengths() if options.recorded_teleportation else out_strengths
    total = strengths.sum()
    return strengths / total if total > 0 else None


def _visits(rates: FloatArray, network: Network, options: FlowOptions) -> FloatArray:
    """The visit rates that are described: those of the walk, or the node weights if the options say so."""
    return _node_weight_rates(network) if options.node_weights_as_flow else rates


def _node_weight_rates(network: Network) -> FloatArray:
    weights = np.ones(network.num_nodes) if network.node_weights is None else network.node_weights
    total = weights.sum()
    if network.num_nodes and total == 0:
        raise NetworkError("all node weights are zero: nothing to visit")
    return weights / total if network.num_nodes else weights


def visit_rates(
    network: Network,
    landing: FloatArray,
    *,
    teleportation_probability: float,
    dangling: FloatArray | None = None,
    start: FloatArray | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> FloatArray:
    """Stationary visit rates of a walk that teleports (PageRank), by power iteration.

    Solves ``pi = (1 - a) * (W.T @ (pi / s) + pi[s == 0].sum() * dangling) + a * landing``, with
    `a` the teleportation probability, `W` the links and `s` the out-strengths: a walker on a node
    without out-links teleports for certain. With little teleportation the walk may be almost periodic;
    it then rests every other step, which has the same stationary rates.

    Parameters
    ----------
    network : Network
    landing : float64 array of shape (n,), summing to 1
        Probability that teleportation lands on each node.
    teleportation_probability : float from 0 to 1
    dangling : float64 array of shape (n,), summing to 1, optional
        Where a walker goes from a node without out-links; `landing` by default.
    start : float64 array of shape (n,), optional
        Where to start from, up to a factor; `landing` by default.
    tolerance : float
        Largest total change in the last step; a change below 1e-12 that falls no further will do, too.
    max_iterations : int

    Returns
    -------
    float64 array of shape (n,), summing to 1

    Raises
    ------
    ConvergenceError
        If the rates still change by more than the tolerance after so many iterations.

    References
    ----------
    Page, Brin, Motwani & Winograd, The PageRank citation ranking (1999).
    """
    a = teleportation_probability
    out_strengths = network.out_strengths()
    stuck = np.flatnonzero(out_strengths == 0)
    per_weight = np.divide(1 - a, out_strengths, out=np.zeros_like(out_strengths), where=out_strengths > 0)
    dangling = landing if dangling is None else dangling
    arriving = network.matrix().T
    rates: FloatArray = landing if start is None else start / start.sum()
    change = np.inf
    for _ in range(max_iterations):
        last, last_change = rates, change
        rates = arriving @ (last * per_weight)
        rates += ((1 - a) * last[stuck].sum()) * dangling + a * landing
        if a < RARE_TELEPORTATION:
            rates = (rates + last) / 2
        change = float(np.abs(rates - last).sum())
        if change <= tolerance or last_change <= change < ROUNDING:
            rates /= rates.sum()
            return rates
    raise ConvergenceError(
        f"the visit rates still change by {change:.1e} a step after {max_iterations:,} iterations (tolerance "
        f"{tolerance:.0e}); a larger teleportation_probability than {a} makes the walk converge faster"
    )

"""The flow models: one short function for each, from a network and the options of the walk to the flow.

:func:`random_walk` turns a :class:`~mapeq.network.network.Network` into a :class:`~mapeq.walk.flow.Flow`. To add a
model, write its function here, enter it in ``_WALKS``, and describe it in :data:`mapeq.walk.options.FLOW_MODELS`.

The models are those of Rosvall & Bergstrom, PNAS 105, 1118 (2008), with the teleportation schemes
of Lambiotte & Rosvall, Phys. Rev. E 85, 056107 (2012), and the Markov time of Kheirkhahzadeh,
Lancichinetti & Rosvall, Phys. Rev. E 93, 032309 (2016).
"""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import (
    CSR,
    FloatArray,
    add_transposed,
    constant,
    diagonal,
    for_kernels,
    is_constant,
    read_only,
    row_sums,
    total,
    without_diagonal,
)
from mapeq._base.errors import NetworkError
from mapeq.network.network import Network
from mapeq.walk.flow import Flow, Links, assemble_flow
from mapeq.walk.options import WalkOptions
from mapeq.walk.stationary import RARE_TELEPORTATION, stationary_rates, step


def random_walk(network: Network, options: WalkOptions) -> Flow:
    """The flow of a random walk on a network.

    Parameters
    ----------
    network : Network
        Every model but "undirected" reads it as directed, an undirected link being one in
        each direction; "undirected" sums the two directions of a directed network.
    options : WalkOptions

    Raises
    ------
    NetworkError
        If node weights are needed and missing or all zero.
    ConvergenceError
        If the power iteration does not converge.

    Examples
    --------
    >>> from mapeq.network.network import Network
    >>> from mapeq.walk.flow import VISIT
    >>> triangle = Network.from_edges([0, 1, 2], [1, 2, 0])
    >>> random_walk(triangle, WalkOptions()).nodes[:, VISIT]
    array([0.33333333, 0.33333333, 0.33333333])
    """
    _check_scale(network.weights)
    return _WALKS[options.flow_model](network, options)


def _check_scale(weights: FloatArray) -> None:
    """Refuse weights whose sums, in both directions, or whose inverses no float can hold; only ratios matter anyway."""
    with np.errstate(over="ignore"):
        both_ways = 2 * total(weights)
    if not np.isfinite(both_ways):
        raise NetworkError("the weights add up to more than a float can hold: divide them all by something large")
    smallest = weights[:1].min(initial=1) if is_constant(weights) else weights.min(initial=1)
    if smallest < np.finfo(np.float64).tiny:
        raise NetworkError(f"the smallest weight, {smallest}, is too small: multiply them all by something large")


def _undirected(network: Network, options: WalkOptions) -> Flow:
    """Visit rates are strengths: the walk on an undirected network is reversible."""
    network = network.undirected()
    strengths = network.out_strengths()
    whole = strengths.sum()
    if whole == 0:
        return _no_flow(network, options)
    indptr, indices, weights = without_diagonal(network.rows, network.self_links)
    scale = 2 * options.markov_time
    flow = constant(weights[0] / whole * scale, len(weights)) if is_constant(weights) else weights / whole * scale
    crossing = row_sums(indptr, flow) / 2
    links = Links(*for_kernels(CSR(indptr, indices, flow)))
    return assemble_flow(links, _visits(strengths / whole, network, options), crossing, crossing, None)


def _directed(network: Network, options: WalkOptions) -> Flow:
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


def _anywhere(network: Network, columns: CSR, landing: FloatArray) -> FloatArray:
    """Where a walk starts that never teleports: by strength, a self-link counting once; where it lands if all are 0.

    Only then does the start matter. A walk with teleportation starts where it lands, so that nodes that it never
    reaches get no flow, not even a trace.
    """
    strengths = network.out_strengths() + row_sums(columns.indptr, columns.weights)
    nodes = network.indices[network.self_links]
    strengths[nodes] -= network.weights[network.self_links]
    return strengths if strengths.any() else landing


def _raw(network: Network, options: WalkOptions) -> Flow:
    """Link weights are the flow, up to a factor; a node is visited as often as it is entered."""
    whole = total(network.weights)
    if whole == 0:
        return _no_flow(network, options)
    return _from_link_flow(network, network.columns(), np.full(network.num_nodes, 1 / whole), None, None, options)


def _precomputed(network: Network, options: WalkOptions) -> Flow:
    """Node weights are the visit rates, up to a factor, and link weights are the flow, as they stand."""
    if network.node_weights is None:
        raise NetworkError("flow_model='precomputed' takes the visit rates from node weights, but the network has none")
    rates = _node_weight_rates(network)
    return _from_link_flow(network, network.columns(), np.ones(network.num_nodes), rates, None, options)


def _from_link_flow(
    network: Network,
    columns: CSR,
    per_weight: FloatArray,
    visits: FloatArray | None,
    teleport: FloatArray | None,
    options: WalkOptions,
) -> Flow:
    """Assemble a Flow from the directed flow over links.

    Parameters
    ----------
    network : Network
    columns : CSR
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
    return assemble_flow(Links(*for_kernels(both_ways)), visits, enters, exits, teleport)


def _arriving(columns: CSR, per_weight: FloatArray) -> FloatArray:
    """What each node receives over its links where its neighbours send so much per weight."""
    arriving = np.zeros(len(per_weight))
    step(
        *for_kernels(columns),
        read_only(arriving.copy()),
        read_only(per_weight),
        0.0,
        per_weight.copy(),
        arriving,
        np.empty_like(arriving),
    )
    return arriving


def _no_flow(network: Network, options: WalkOptions) -> Flow:
    n = network.num_nodes
    none = Links(*for_kernels(CSR(np.zeros(n + 1, dtype=np.int64), network.indices[:0], np.zeros(0))))
    zeros = np.zeros(n)
    return assemble_flow(none, _visits(zeros, network, options), zeros, zeros, None)


def _landing(network: Network, columns: CSR, out_strengths: FloatArray, options: WalkOptions) -> FloatArray | None:
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


def _visits(rates: FloatArray, network: Network, options: WalkOptions) -> FloatArray:
    """The visit rates that are described: those of the walk, or the node weights if the options say so."""
    return _node_weight_rates(network) if options.node_weights_as_flow else rates


def _node_weight_rates(network: Network) -> FloatArray:
    weights = np.ones(network.num_nodes) if network.node_weights is None else network.node_weights
    whole = weights.sum()
    if network.num_nodes and whole == 0:
        raise NetworkError("all node weights are zero: nothing to visit")
    return weights / whole if network.num_nodes else weights


_WALKS = {
    "undirected": _undirected,
    "directed": _directed,
    "undirdir": _raw,
    "outdirdir": _raw,
    "rawdir": _raw,
    "precomputed": _precomputed,
}

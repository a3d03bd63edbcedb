"""The flow models: one short function for each, from a network and the options of the walk to the flow.

:func:`random_walk` turns a :class:`~mapeq.network.network.Network` into a :class:`~mapeq.walk.flow.Flow`. To add a
model, write its function here, enter it in ``_WALKS``, and describe it in :data:`mapeq.walk.options.FLOW_MODELS`.

The models are those of Rosvall & Bergstrom, PNAS 105, 1118 (2008), with the teleportation schemes
of Lambiotte & Rosvall, Phys. Rev. E 85, 056107 (2012), and the Markov time of Kheirkhahzadeh,
Lancichinetti & Rosvall, Phys. Rev. E 93, 032309 (2016). Links of a prior are in :mod:`mapeq.walk.prior`, Markov times
of links in :mod:`mapeq.walk.link_times`, bipartite networks in :mod:`mapeq.walk.bipartite`, and changes of the layer
in :mod:`mapeq.walk.switching`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mapeq._base.building import transposed
from mapeq._base.csr import (
    CSR,
    ONE,
    FloatArray,
    add_transposed,
    constant,
    for_kernels,
    is_constant,
    row_sums,
    total,
)
from mapeq._base.diagonal import diagonal, without_diagonal
from mapeq._base.errors import NetworkError
from mapeq._base.threads import Threads, in_threads
from mapeq.network.network import Network
from mapeq.walk.bipartite import STEPS, folded, is_two_step, on_primary, secondary_of
from mapeq.walk.flow import Flow, Links, assemble_flow
from mapeq.walk.link_times import node_times, with_times
from mapeq.walk.options import WalkOptions
from mapeq.walk.prior import Prior, prior
from mapeq.walk.stationary import RARE_TELEPORTATION, new_sums, new_walk, stationary_rates, step
from mapeq.walk.strengths import strengths_of
from mapeq.walk.switching import (
    SwitchingWalk,
    arriving_strengths,
    check_switching,
    is_switching,
    moves_of,
    switching_walk,
)


def random_walk(network: Network, options: WalkOptions, *, num_threads: int = 1) -> Flow:
    """The flow of a random walk on a network.

    Parameters
    ----------
    network : Network
        Every model but "undirected" reads it as directed, an undirected link being one in
        each direction; "undirected" sums the two directions of a directed network.
    options : WalkOptions
    num_threads : int
        Threads to use if the network is large; they do not affect the flow.

    Raises
    ------
    NetworkError
        If node weights are needed and missing or all zero, or options say nothing of walks on such a network.
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
    check_switching(network, options)
    walk = _WALKS[options.flow_model]
    return in_threads(lambda threads: walk(network, options, threads), len(network.indices), num_threads)


def _check_scale(weights: FloatArray) -> None:
    """Refuse weights whose sums, in both directions, or whose inverses no float can hold; only ratios matter anyway."""
    with np.errstate(over="ignore"):
        both_ways = 2 * total(weights)
    if not np.isfinite(both_ways):
        raise NetworkError("the weights add up to more than a float can hold: divide them all by something large")
    smallest = weights[:1].min(initial=1) if is_constant(weights) else weights.min(initial=1)
    if smallest < np.finfo(np.float64).tiny:
        raise NetworkError(f"the smallest weight, {smallest}, is too small: multiply them all by something large")


def _undirected(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """Visit rates are strengths: the walk on an undirected network is reversible."""
    network = network.undirected()
    strengths, landing = strengths_of(network.rows, threads), None
    over_links = strengths
    if options.regularization:
        from_prior, landing = _prior(network, strengths, network.rows, strengths, options)
        strengths = strengths + from_prior
    whole = strengths.sum()
    if whole == 0:
        return _no_flow(network, options)
    visits, time = strengths / whole, 2 * options.markov_time
    leaving = None if landing is None else from_prior / strengths * _visits(visits, network, options)
    secondary = secondary_of(network, options)
    if secondary is not None:
        visits, time = folded(secondary, visits, 2 / whole * over_links), STEPS * time
    visits = _visits(visits, network, options)
    rows = without_diagonal(network.rows, diagonal(network.rows, threads), network.storage)
    scale = time / whole
    if is_constant(rows.weights):
        rows, scale = rows._replace(weights=constant(rows.weights[0] / whole * time, len(rows.indices))), 1.0
    if options.variable_markov_time:
        times = node_times(visits, len(network.indices), options)
        rows, crossing = with_times(rows, scale, times, threads, network.storage)
        scale = 1.0
    else:
        crossing = strengths_of(rows, threads, scale)
    crossing /= 2
    teleport = _teleport(leaving, landing, secondary)
    return assemble_flow(Links(*for_kernels(rows), scale), visits, crossing, crossing, teleport)


def _directed(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """PageRank, and the flow over links that follows from it.

    Recorded: a step is a link or a teleportation, and both are described. Unrecorded: the
    walk teleports only to be ergodic, and what is described is one more step over links.
    """
    two_step = is_two_step(network, options)
    if options.regularization:
        return _regularized(network, options, threads)
    if is_switching(network):
        return _switching(network, options, threads)
    columns = _columns(network, threads)
    out_strengths = strengths_of(network.rows, threads)
    dangling = out_strengths == 0
    recorded, alpha = options.recorded_teleportation, options.teleportation_probability
    strengths = row_sums(columns.indptr, columns.weights) if recorded else out_strengths
    landing = _landing(network, strengths, options)
    if landing is None:
        return _no_flow(network, options)
    if two_step:
        return _two_step(network, columns, out_strengths, landing, options, threads)
    rates = stationary_rates(
        columns,
        out_strengths,
        landing,
        landing,
        landing if alpha else _anywhere(network, columns, landing),
        teleportation_probability=alpha,
        hurry=alpha >= RARE_TELEPORTATION,
        threads=threads,
    )
    walking = 1 - alpha if recorded else 1 / max(rates[~dangling].sum(), np.finfo(float).tiny)
    per_weight = np.divide(walking * rates, out_strengths, out=np.zeros_like(rates), where=~dangling)
    visits, per_weight = _folded(network, columns, per_weight, rates if recorded else None, options, threads)
    if not recorded or visits is None:
        return _from_link_flow(network, columns, per_weight, visits, None, options, threads)
    visits = _visits(visits, network, options)
    leaving = np.where(dangling, visits, alpha * visits)
    teleport = _teleport(leaving, landing, secondary_of(network, options))
    return _from_link_flow(network, columns, per_weight, visits, teleport, options, threads)


def _switching(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """A walk on layers that changes its layer and follows a link there in one step."""
    found = walk_of_layers(network, options, threads)
    if found is None:
        return _no_flow(network, options)
    walk, landing = found
    visits, teleport = _visits(walk.visits, network, options), None
    if options.recorded_teleportation:
        leaving = np.where(walk.dangling, visits, options.teleportation_probability * visits)
        teleport = _teleport(leaving, landing, None)
    flowing = replace(network, weights=walk.flow)
    ones = np.ones(network.num_nodes)
    return _from_link_flow(flowing, _columns(flowing, threads), ones, visits, teleport, options, threads)


def walk_of_layers(network: Network, options: WalkOptions, threads: Threads) -> tuple[SwitchingWalk, FloatArray] | None:
    """The walk on a network that switches, and where teleportation lands; None where there is no link to land on."""
    moves = moves_of(network)
    strengths = arriving_strengths(moves) if options.recorded_teleportation else moves.out_strengths
    landing = _landing(network, strengths, options)
    return None if landing is None else (switching_walk(moves, landing, options, threads), landing)


def _prior(
    network: Network, out_strengths: FloatArray, in_links: CSR, in_strengths: FloatArray, options: WalkOptions
) -> Prior:
    return prior(network.rows, out_strengths, in_links, in_strengths, options.regularization, network.states)


def _regularized(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """A walk over the links and those of the prior, whose steps are recorded as teleportation."""
    columns = _columns(network, threads)
    out_strengths, in_strengths = strengths_of(network.rows, threads), row_sums(columns.indptr, columns.weights)
    dangling = out_strengths == 0
    from_prior, landing = _prior(network, out_strengths, columns, in_strengths, options)
    if not len(landing):
        return _no_flow(network, options)
    teleporting = np.divide(from_prior, out_strengths + from_prior, out=np.ones(len(landing)), where=~dangling)
    rates = stationary_rates(
        columns,
        out_strengths,
        landing,
        landing,
        landing,
        teleportation_probability=0.0,
        teleporting=teleporting,
        hurry=True,
        threads=threads,
    )
    per_weight = np.divide((1 - teleporting) * rates, out_strengths, out=np.zeros_like(rates), where=~dangling)
    leaving = teleporting * _visits(rates, network, options)
    visits, per_weight = _folded(network, columns, per_weight, rates, options, threads)
    teleport = _teleport(leaving, landing, secondary_of(network, options))
    return _from_link_flow(network, columns, per_weight, visits, teleport, options, threads)


def _two_step(
    network: Network,
    columns: CSR,
    out_strengths: FloatArray,
    landing: FloatArray,
    options: WalkOptions,
    threads: Threads,
) -> Flow:
    """The walk on the primary side of a bipartite network, each step of which is two steps over links.

    It teleports before the first of them, and from where there is no second.
    """
    secondary = secondary_of(network, options)
    assert secondary is not None
    dangling, alpha = out_strengths == 0, options.teleportation_probability
    landing = on_primary(secondary, landing)
    if not landing.any():
        return _no_flow(network, options)
    teleporting = np.where(dangling, 1.0, np.where(secondary, 0.0, alpha))
    rates = stationary_rates(
        columns,
        out_strengths,
        landing,
        landing,
        landing,
        teleportation_probability=0.0,
        teleporting=teleporting,
        rest=alpha < RARE_TELEPORTATION,
        hurry=alpha >= RARE_TELEPORTATION,
        threads=threads,
    )
    # Of both sides together they add up to 1; those of the primary side must.
    rates /= rates[~secondary].sum()
    walking = 1 - teleporting if options.recorded_teleportation else np.where(dangling, 0.0, 1.0)
    if not options.recorded_teleportation:
        # What arrives on the secondary side where no step is a teleportation.
        sent = np.divide(rates, out_strengths, out=np.zeros_like(rates), where=~dangling & ~secondary)
        rates = np.where(secondary, _arriving(columns, sent, threads), rates)
    per_weight = np.divide(walking * rates, out_strengths, out=np.zeros_like(rates), where=~dangling)
    if options.recorded_teleportation:
        visits = _visits(np.where(secondary, 0.0, rates), network, options)
        leaving = np.where(secondary, teleporting * rates, teleporting * visits)
        teleport = np.column_stack([leaving, landing])
        return _from_link_flow(network, columns, STEPS * per_weight, visits, teleport, options, threads)
    arriving = np.where(secondary, 0.0, _arriving(columns, per_weight, threads))
    whole = arriving.sum()
    if whole == 0:  # no link leads back to the primary side
        return _no_flow(network, options)
    return _from_link_flow(network, columns, STEPS / whole * per_weight, arriving / whole, None, options, threads)


def _teleport(leaving: FloatArray | None, landing: FloatArray | None, secondary: Any) -> FloatArray | None:
    """Recorded teleportation as in a Flow: of all nodes, or between those of the primary side."""
    if leaving is None or landing is None:
        return None
    if secondary is not None:
        leaving, landing = np.where(secondary, 0.0, leaving), on_primary(secondary, landing)
    return np.column_stack([leaving, landing])


def _anywhere(network: Network, columns: CSR, landing: FloatArray) -> FloatArray:
    """Where a walk starts that never teleports: by strength, a self-link counting once; where it lands if all are 0.

    Only then does the start matter. A walk with teleportation starts where it lands, so that nodes that it never
    reaches get no flow, not even a trace.
    """
    strengths = network.out_strengths() + row_sums(columns.indptr, columns.weights)
    nodes = network.indices[network.self_links]
    strengths[nodes] -= network.weights[network.self_links]
    return strengths if strengths.any() else landing


def _raw(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """Link weights are the flow, up to a factor; a node is visited as often as it is entered."""
    whole = total(network.weights)
    if whole == 0:
        return _no_flow(network, options)
    columns = _columns(network, threads)
    per_weight = np.full(network.num_nodes, 1 / whole)
    visits, per_weight = _folded(network, columns, per_weight, None, options, threads)
    return _from_link_flow(network, columns, per_weight, visits, None, options, threads)


def _precomputed(network: Network, options: WalkOptions, threads: Threads) -> Flow:
    """Node weights are the visit rates, up to a factor, and link weights are the flow, as they stand."""
    if network.node_weights is None:
        raise NetworkError("flow_model='precomputed' takes the visit rates from node weights, but the network has none")
    columns = _columns(network, threads)
    rates, per_weight = _node_weight_rates(network), np.ones(network.num_nodes)
    visits, per_weight = _folded(network, columns, per_weight, rates, options, threads)
    return _from_link_flow(network, columns, per_weight, visits, None, options, threads)


def _folded(
    network: Network,
    columns: CSR,
    per_weight: FloatArray,
    visits: FloatArray | None,
    options: WalkOptions,
    threads: Threads,
) -> tuple[FloatArray | None, FloatArray]:
    """The visits and the flow over links of a bipartite network, folded; of any other as they are given."""
    secondary = secondary_of(network, options)
    if secondary is None:
        return visits, per_weight
    arriving = _arriving(columns, per_weight, threads)
    over_links = per_weight * network.out_strengths() + arriving
    return folded(secondary, arriving if visits is None else visits, over_links), STEPS * per_weight


def _from_link_flow(
    network: Network,
    columns: CSR,
    per_weight: FloatArray,
    visits: FloatArray | None,
    teleport: FloatArray | None,
    options: WalkOptions,
    threads: Threads,
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
    threads : Threads
    """
    if visits is None:
        visits = _arriving(columns, per_weight, threads)
    visits = _visits(visits, network, options)
    if options.variable_markov_time:
        num_ends = 2 * len(network.indices) - len(network.self_links)
        per_weight = per_weight * node_times(visits, num_ends, options)
    rows = without_diagonal(network.rows, diagonal(network.rows, threads), network.storage)
    if len(rows.indices) < len(network.indices):
        columns = without_diagonal(columns, diagonal(columns, threads), network.storage)
    time = options.markov_time
    exits = per_weight * strengths_of(rows, threads) * time
    enters = _arriving(columns, per_weight, threads) * time
    both_ways = add_transposed(rows, columns, per_weight, network.storage)
    both_ways.weights[:] *= time
    return assemble_flow(Links(*for_kernels(both_ways)), visits, enters, exits, teleport)


def _arriving(columns: CSR, per_weight: FloatArray, threads: Threads) -> FloatArray:
    """What each node receives over its links where its neighbours send so much per weight."""
    arriving = np.zeros(len(per_weight))
    nowhere = arriving.copy()
    walk = new_walk(columns, per_weight, 0.0, 0.0, nowhere, nowhere)
    sent, received = per_weight.copy(), np.empty_like(arriving)
    threads.together(step, walk, ONE, 0.0, arriving, sent, received, new_sums(len(arriving)))
    return arriving


def _no_flow(network: Network, options: WalkOptions) -> Flow:
    n = network.num_nodes
    none = Links(*for_kernels(CSR(np.zeros(n + 1, dtype=np.int64), network.indices[:0], np.zeros(0))))
    zeros = np.zeros(n)
    return assemble_flow(none, _visits(zeros, network, options), zeros, zeros, None)


def _landing(network: Network, strengths: FloatArray, options: WalkOptions) -> FloatArray | None:
    """Where teleportation lands: a probability per node; None where there is no link to land on.

    To links: by these strengths. They are those of out-links, the source of a random link, when it is not recorded,
    since a step over a link follows, and of in-links, the target of one, when it is. To nodes: by node weight, else
    evenly.
    """
    if options.teleport_to == "nodes":
        if network.num_nodes == 0:
            return None
        if network.node_weights is None:
            return np.full(network.num_nodes, 1 / network.num_nodes)
        return _node_weight_rates(network)
    whole = strengths.sum()
    return strengths / whole if whole > 0 else None


def _columns(network: Network, threads: Threads) -> CSR:
    """The links to each node."""
    return transposed(network.rows, threads, network.storage) if network.directed else network.rows


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

"""The flow over each link, from the flow of the nodes: walks keep only the sum of both directions of a link."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IntArray, row_sums
from mapeq._base.diagonal import without_diagonal
from mapeq._base.threads import in_threads
from mapeq.network.network import Network
from mapeq.walk.flow import EXIT, TELEPORT_IN, TELEPORT_OUT, VISIT, NodeFlow
from mapeq.walk.link_times import node_times
from mapeq.walk.models import walk_of_layers
from mapeq.walk.options import WalkOptions
from mapeq.walk.switching import is_switching


class LinkFlow(NamedTuple):
    """Flow over every stored link but self-links, in the direction of the link.

    Attributes
    ----------
    sources, targets : integer arrays, one entry a link
        In undirected networks every link is there twice.
    flow : float64 array, one entry a link
        Per step of the walk.
    directed : bool
        Whether the flow has a direction, by the flow model.
    """

    sources: IntArray
    targets: IntArray
    flow: FloatArray
    directed: bool


def link_flow(network: Network, options: WalkOptions, node_flow: NodeFlow) -> LinkFlow:
    """The flow over the links of a network, given what the walk by these options gives for its nodes."""
    if not options.directed:
        network = network.undirected()
    if is_switching(network):
        return _between_layers(network, options)
    num_ends = len(network.indices)
    network = network.without_self_links()
    sources = network.sources()
    if options.variable_markov_time and not options.directed:
        times = node_times(node_flow.nodes[:, VISIT], num_ends, options)
        timed = network.weights * np.minimum(times[sources], times[network.indices])
        network = replace(network, weights=timed)
    rates = rates_per_weight(network, node_flow)
    return LinkFlow(sources, network.indices, rates[sources] * network.weights, options.directed)


def _between_layers(network: Network, options: WalkOptions) -> LinkFlow:
    """The flow of links, those that change the layer included: steps that follow carry more than their weights say."""
    flow = options.markov_time * flow_between_layers(network, options)
    flowing = replace(network, weights=flow).without_self_links()
    return LinkFlow(flowing.sources(), flowing.indices, flowing.weights, directed=True)


def flow_between_layers(network: Network, options: WalkOptions) -> FloatArray:
    """The flow over each stored link of a network whose layers switch, self-links included, per step of the walk."""
    found = in_threads(lambda threads: walk_of_layers(network, options, threads), len(network.indices), 1)
    return np.zeros(len(network.indices)) if found is None else found[0].flow


def rates_per_weight(network: Network, node_flow: NodeFlow) -> FloatArray:
    """Flow per unit of weight over the links from each node to others. Shape (n,).

    In every flow model, the flow that leaves a node over links is proportional to their weights, or, with variable
    Markov times and undirected links, to their weights times their Markov times. Not so where layers switch.
    """
    rows = without_diagonal(network.rows, network.self_links)
    exits = node_flow.nodes[:, EXIT]
    if node_flow.teleport is not None:
        teleport_out, teleport_in = node_flow.teleport[:, TELEPORT_OUT], node_flow.teleport[:, TELEPORT_IN]
        exits = np.maximum(exits - teleport_out * (1 - teleport_in), 0.0)
    strengths = row_sums(rows.indptr, rows.weights)
    return np.divide(exits, strengths, out=np.zeros_like(exits), where=strengths > 0)

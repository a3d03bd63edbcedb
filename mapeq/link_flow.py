"""How much flow goes over each link of a result."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from mapeq.flow import EXIT, Flow, FlowOptions, random_walk
from mapeq.network import Network
from mapeq.objective import LANDING, LEAVING
from mapeq.result import Result
from mapeq.rows import FloatArray, IntArray, row_sums, without_diagonal


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


def flow_options(result: Result) -> FlowOptions:
    """The options of the walk that a result is about."""
    return FlowOptions(**{field.name: result.options[field.name] for field in fields(FlowOptions)})


def link_flow(result: Result) -> LinkFlow:
    """The flow over the links of a result's network."""
    options = flow_options(result)
    directed = options.flow_model != "undirected"
    network = result.network if directed else result.network.undirected()
    rates = rates_per_weight(network, random_walk(network, options))
    network = network.without_self_links()
    sources = network.sources()
    return LinkFlow(sources, network.indices, rates[sources] * network.weights, directed)


def rates_per_weight(network: Network, flow: Flow) -> FloatArray:
    """The flow that leaves each node over links to others, for each unit of their weight. Shape (n,).

    What leaves a node over links is spread over them by their weights, in every flow model.
    """
    rows = without_diagonal(network.rows, network.self_links)
    exits = flow.nodes[:, EXIT]
    if flow.teleport is not None:
        leaving, landing = flow.teleport[:, LEAVING], flow.teleport[:, LANDING]
        exits = np.maximum(exits - leaving * (1 - landing), 0.0)
    strengths = row_sums(rows.indptr, rows.weights)
    return np.divide(exits, strengths, out=np.zeros_like(exits), where=strengths > 0)

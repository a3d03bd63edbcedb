"""How much flow goes over each link of a result."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from mapeq.flow import EXIT, FlowOptions, random_walk
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


def link_flow(result: Result) -> LinkFlow:
    """The flow over the links of a result's network.

    What leaves a node over links is spread over them by their weights, in every flow model.
    """
    options = FlowOptions(**{field.name: result.options[field.name] for field in fields(FlowOptions)})
    directed = options.flow_model != "undirected"
    network = result.network if directed else result.network.undirected()
    walk = random_walk(network, options)
    rows = without_diagonal(network.rows, network.self_links)
    exits = walk.nodes[:, EXIT]
    if walk.teleport is not None:
        leaving, landing = walk.teleport[:, LEAVING], walk.teleport[:, LANDING]
        exits = np.maximum(exits - leaving * (1 - landing), 0.0)
    strengths = row_sums(rows.indptr, rows.weights)
    per_weight = np.divide(exits, strengths, out=np.zeros_like(exits), where=strengths > 0)
    sources = np.repeat(np.arange(network.num_nodes, dtype=rows.indices.dtype), np.diff(rows.indptr))
    return LinkFlow(sources, rows.indices, per_weight[sources] * rows.weights, directed)

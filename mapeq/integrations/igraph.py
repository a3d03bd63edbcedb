"""igraph's ``community_infomap``, on mapeq's search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.optional import require
from mapeq.api import infomap
from mapeq.network.network import Network

if TYPE_CHECKING:
    import igraph


def columns(
    graph: igraph.Graph, edge_weights: Any, vertex_weights: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], Any, Any]:
    """Sources, targets, edge weights and vertex weights; weights are given by the name of an attribute or as values."""
    ends = np.array(graph.get_edgelist(), dtype=np.int64).reshape(-1, 2)
    weights = graph.es[edge_weights] if isinstance(edge_weights, str) else edge_weights
    node_weights = graph.vs[vertex_weights] if isinstance(vertex_weights, str) else vertex_weights
    return ends[:, 0], ends[:, 1], weights, node_weights


def community_infomap(
    graph: igraph.Graph, edge_weights: Any = None, vertex_weights: Any = None, trials: int = 10
) -> igraph.VertexClustering:
    """Find the two-level communities of an igraph graph, as igraph's method returns them (extra ``igraph``).

    Parameters
    ----------
    graph : igraph.Graph
    edge_weights, vertex_weights : str or sequence, optional
        The name of an attribute, or its values. On a directed graph, vertex weights are the probabilities, up to a
        factor, that teleportation lands on each vertex.
    trials : int

    Returns
    -------
    igraph.VertexClustering
        With the attribute ``codelength``; modules are numbered from 0 in the order of their first vertices.
    """
    igraph = require("igraph", extra="igraph")
    sources, targets, weights, node_weights = columns(graph, edge_weights, vertex_weights)
    links = {"directed": graph.is_directed(), "num_nodes": graph.vcount(), "node_weights": node_weights}
    network = Network.from_edges(sources, targets, weights, **links)
    result = infomap(network, teleport_to="links" if node_weights is None else "nodes", num_trials=trials, seed=123)
    number: dict[int, int] = {}
    membership = [number.setdefault(module, len(number)) for module in result.labels.tolist()]
    return igraph.VertexClustering(
        graph, membership, params={"codelength": result.codelength}, modularity_params={"weights": weights}
    )

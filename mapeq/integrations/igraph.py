"""igraph's function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.optional import require
from mapeq.api import infomap
from mapeq.network.network import Network

if TYPE_CHECKING:
    import igraph


def community_infomap(
    graph: igraph.Graph, edge_weights: Any = None, vertex_weights: Any = None, trials: int = 10
) -> igraph.VertexClustering:
    """The two-level communities of an igraph graph, in igraph's own shape (extra ``igraph``).

    Parameters
    ----------
    graph : igraph.Graph
    edge_weights, vertex_weights : str or sequence, optional
        The name of an attribute, or its values. Vertex weights are where teleportation in a directed graph lands.
    trials : int

    Returns
    -------
    igraph.VertexClustering
        With the attribute ``codelength``; modules are numbered from 0 in the order of their first vertices.
    """
    igraph = require("igraph", extra="igraph")
    ends = np.array(graph.get_edgelist(), dtype=np.int64).reshape(-1, 2)
    weights = graph.es[edge_weights] if isinstance(edge_weights, str) else edge_weights
    node_weights = graph.vs[vertex_weights] if isinstance(vertex_weights, str) else vertex_weights
    network = Network.from_edges(
        ends[:, 0],
        ends[:, 1],
        weights,
        directed=graph.is_directed(),
        num_nodes=graph.vcount(),
        node_weights=node_weights,
    )
    result = infomap(network, teleport_to="links" if node_weights is None else "nodes", num_trials=trials, seed=123)
    number: dict[int, int] = {}
    membership = [number.setdefault(module, len(number)) for module in result.labels.tolist()]
    return igraph.VertexClustering(
        graph,
        membership,
        params={"codelength": result.codelength},
        modularity_params={"weights": weights},
    )

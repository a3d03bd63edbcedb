"""The two sides of bipartite networks, as their containers say them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq.network.network import Network


def with_given_sides(network: Network, sides: Sequence[Any] | None) -> Network:
    """Return the network with the sides that its container gives; None if it gives none."""
    if sides is None:
        return network
    try:
        return network.with_sides(sides)
    except NetworkError as error:
        raise NetworkError(f"{error}; bipartite=False makes it a network of one side") from error


def sides_of_networkx(graph: Any) -> list[int] | None:
    """Return the node attribute ``bipartite`` if it is 0 or 1 at all nodes, which is NetworkX's convention."""
    sides = [data.get("bipartite") for _, data in graph.nodes(data=True)]
    return sides if sides and all(isinstance(side, int) and side in (0, 1) for side in sides) else None


def sides_of_igraph(graph: Any) -> list[bool] | None:
    """Return the vertex attribute ``type`` if it is True or False at all vertices, as in ``igraph.Graph.Bipartite``."""
    sides = graph.vs["type"] if "type" in graph.vs.attributes() else []
    return sides if sides and all(isinstance(side, bool) for side in sides) else None


def sides_by_direction(network: Network) -> Network:
    """Return a network of directed links as an undirected bipartite one: sources are primary, targets secondary nodes.

    Raises
    ------
    NetworkError
        If a node is both a source and a target.
    """
    is_source, is_target = np.diff(network.indptr) > 0, np.zeros(network.num_nodes, dtype=np.bool_)
    is_target[network.indices] = True
    both = np.flatnonzero(is_source & is_target)
    if len(both):
        raise NetworkError(
            f"the node {network.labels[both[0]]!r} is both a source and a target: the sides of a bipartite network "
            "must have nodes of their own"
        )
    return network.undirected().with_sides(is_target)

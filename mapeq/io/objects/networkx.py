"""NetworkX: graphs in, results out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.io.columns import WEIGHT
from mapeq.io.objects.arrays import from_graph, missing_attribute
from mapeq.network.network import Network

if TYPE_CHECKING:
    from mapeq.result.result import Result


def check_attribute(graph: nx.Graph, weight: str | int | None) -> None:
    """Refuse an attribute that no edge has, which NetworkX itself would not: a slip, unless it is the usual one.

    Raises
    ------
    NetworkError
        If that is so.
    """
    if weight in (None, WEIGHT) or any(weight in data for *_, data in graph.edges(data=True)):
        return
    if graph.number_of_edges():
        raise missing_attribute(weight, dict.fromkeys(name for *_, data in graph.edges(data=True) for name in data))


def from_networkx(graph: nx.Graph, *, directed: bool | None = None, weight: Any = WEIGHT) -> Network:
    """The network of a NetworkX graph, its nodes in the graph's order.

    Parameters
    ----------
    graph : any NetworkX graph, view or subgraph
        Stays untouched. Parallel edges of a multigraph are summed.
    directed : bool, optional
        By default as the graph is. An undirected graph taken as directed has each edge both ways.
    weight : str, optional
        The edge attribute that holds the weight; an edge without it weighs 1. None: all weigh 1.

    Raises
    ------
    NetworkError
        If a weight is no number, negative, NaN or infinite.
    """
    labels = tuple(graph)
    position = {label: i for i, label in enumerate(labels)}
    edges = list(graph.edges(data=weight, default=1) if weight is not None else graph.edges())
    sources = np.fromiter((position[edge[0]] for edge in edges), np.int64, len(edges))
    targets = np.fromiter((position[edge[1]] for edge in edges), np.int64, len(edges))
    weights = None if weight is None else _weights(edges)
    return from_graph(sources, targets, weights, labels=labels, is_directed=graph.is_directed(), directed=directed)


def _weights(edges: list[tuple[Hashable, Hashable, Any]]) -> FloatArray:
    for u, v, weight in edges:
        # One comparison settles the usual case; NaN and infinity fail it too.
        if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
            what = "no number" if not isinstance(weight, Real) else "negative" if float(weight) < 0 else "not finite"
            raise NetworkError(f"the weight of the edge {u!r} - {v!r} is {what}: {weight!r}")
    return np.fromiter((edge[2] for edge in edges), np.float64, len(edges))


def to_networkx(result: Result, names: Sequence[Hashable] | None = None) -> nx.Graph:
    """The network of a result as a graph, by default of its labels; see :meth:`mapeq.Result.to_networkx`."""
    network, labels = result.network, result.node_labels if names is None else names
    graph = nx.DiGraph() if network.directed else nx.Graph()
    attributes = {"module": result.labels.tolist(), "flow": result.flow.tolist(), **result.path_column()}
    for label, *values in zip(labels, *attributes.values(), strict=True):
        graph.add_node(label)
        graph.nodes[label].update(zip(attributes, values, strict=True))
    links = zip(*(array.tolist() for array in network.links()), strict=True)
    graph.add_weighted_edges_from((labels[i], labels[j], weight) for i, j, weight in links)
    return graph

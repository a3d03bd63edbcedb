"""Convert NetworkX graphs to networks, and results to NetworkX graphs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.io.columns import WEIGHT
from mapeq.io.objects.arrays import from_graph, missing_attribute
from mapeq.network.network import Network
from mapeq.result.modules import numbered

if TYPE_CHECKING:
    from mapeq.result.result import Result


def check_attribute(graph: nx.Graph, weight: str | int | None) -> None:
    """Raise if no edge has the weight attribute, which NetworkX would accept silently; the default may be absent.

    Raises
    ------
    NetworkError
        If the attribute has another name than "weight" and no edge has it.
    """
    if weight in (None, WEIGHT) or any(weight in data for *_, data in graph.edges(data=True)):
        return
    if graph.number_of_edges():
        raise missing_attribute(weight, dict.fromkeys(name for *_, data in graph.edges(data=True) for name in data))


def from_networkx(graph: nx.Graph, *, directed: bool | None = None, weight: Any = WEIGHT) -> Network:
    """Read a NetworkX graph; nodes keep their order.

    Parameters
    ----------
    graph : any NetworkX graph, view or subgraph
        Not modified. The weights of parallel edges are summed.
    directed : bool, optional
        By default as the graph. An undirected graph read as directed has each edge in both directions.
    weight : str, optional
        Edge attribute that holds the weights; an edge without it weighs 1. With None all edges weigh 1.

    Raises
    ------
    NetworkError
        If a weight is not a number, negative, NaN or infinite.
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
        # One comparison settles the common case; NaN and infinity fail it, too.
        if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
            what = "not a number" if not isinstance(weight, Real) else "negative" if float(weight) < 0 else "not finite"
            raise NetworkError(f"the weight of the edge {u!r} - {v!r} is {what}: {weight!r}")
    return np.fromiter((edge[2] for edge in edges), np.float64, len(edges))


def to_networkx(result: Result, names: Sequence[Hashable] | None = None) -> nx.Graph:
    """Return the network of a result as a graph; see :meth:`mapeq.Result.to_networkx`. `names` replaces the labels."""
    attributes = {"module": numbered(result.labels).tolist(), "flow": result.flow.tolist()}
    attributes |= result.path_column() | result.state_columns()
    return graph_of(result.network, result.node_labels if names is None else names, attributes)


def graph_of(network: Network, labels: Sequence[Hashable], attributes: Mapping[str, Sequence[Any]]) -> nx.Graph:
    """Return a network as a graph, with these labels and attributes of nodes; links have the attribute ``weight``."""
    graph = nx.DiGraph() if network.directed else nx.Graph()
    for label, *values in zip(labels, *attributes.values(), strict=True):
        graph.add_node(label)
        graph.nodes[label].update(zip(attributes, values, strict=True))
    links = zip(*(array.tolist() for array in network.links()), strict=True)
    graph.add_weighted_edges_from((labels[i], labels[j], weight) for i, j, weight in links)
    return graph

"""Convert igraph graphs to networks, and results to igraph objects."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.errors import PartitionError, counted
from mapeq._base.optional import require
from mapeq.io.columns import WEIGHT
from mapeq.io.objects.arrays import checked_weights, from_graph, missing_attribute
from mapeq.network.network import Network
from mapeq.result.modules import numbered

if TYPE_CHECKING:
    import igraph

    from mapeq.result.result import Result


def from_igraph(graph: igraph.Graph, *, directed: bool | None = None, weight: str | int | None = WEIGHT) -> Network:
    """Read an igraph graph; vertices keep their order.

    Parameters
    ----------
    graph : igraph.Graph
        Not modified. Labels are the vertex attribute ``name`` if all names differ, which igraph does not require, or
        else ``_nx_name``, which ``igraph.Graph.from_networkx`` writes, or ``label``; otherwise the vertex numbers.
    directed : bool, optional
        By default as the graph. An undirected graph read as directed has each edge in both directions.
    weight : str, optional
        Edge attribute that holds the weights; an edge without a value (None in igraph) weighs 1. Raises if a named
        attribute is missing; the default "weight" may be absent. With None all edges weigh 1.

    Raises
    ------
    NetworkError
        If the attribute is missing, or a weight is not a number, negative, NaN or infinite.
    """
    labels = _labels(graph)
    # NumPy reads a flat sequence of ends faster than rows of tuples.
    ends = np.fromiter(chain.from_iterable(graph.get_edgelist()), np.int64, 2 * graph.ecount()).reshape(-1, 2)
    weights = None
    attributes = graph.es.attributes()
    if weight not in (None, WEIGHT, *attributes) and graph.ecount():
        raise missing_attribute(weight, attributes)
    if weight in attributes:
        weights = checked_weights(
            [1.0 if value is None else value for value in graph.es[weight]],
            lambda k: "the edge {!r} - {!r}".format(*(labels[i] for i in ends[k])),
        )
    return from_graph(
        ends[:, 0], ends[:, 1], weights, labels=labels, is_directed=graph.is_directed(), directed=directed
    )


#: Vertex attributes that hold names, by priority: igraph's own, that of ``Graph.from_networkx``, and that of GML files.
_NAMES = ("name", "_nx_name", "label")


def _labels(graph: igraph.Graph) -> range | list[Hashable]:
    for attribute in _NAMES:
        names = graph.vs[attribute] if attribute in graph.vs.attributes() else []
        if names and None not in names and len(set(names)) == len(names):
            return names
    return range(graph.vcount())


def to_vertex_clustering(result: Result, graph: igraph.Graph | None, level: int) -> igraph.VertexClustering:
    """Return the modules as an igraph clustering; see :meth:`mapeq.Result.to_vertex_clustering`."""
    igraph = require("igraph", extra="igraph")
    modules = dict(zip(result.node_labels, result.labels_at(level).tolist(), strict=True))
    labels = result.node_labels if graph is None else _labels(graph)
    graph = to_igraph(result) if graph is None else graph
    unknown = next((label for label in labels if label not in modules), None)
    if unknown is not None or len(labels) != len(modules):
        detail = f" (it has no node {unknown!r})" if unknown is not None else ""
        raise PartitionError(
            f"the graph has {len(labels):,} vertices, but the result has {counted(len(modules), 'node')}{detail}: "
            "it is the result of another graph"
        )
    weights = {"weights": "weight"} if "weight" in graph.es.attributes() else {}
    return igraph.VertexClustering(
        graph,
        [modules[label] for label in labels],
        params={"codelength": result.codelength},
        modularity_params=weights,
    )


def to_igraph(result: Result) -> igraph.Graph:
    """Return the network of a result as an igraph graph; see :meth:`mapeq.Result.to_igraph`."""
    igraph = require("igraph", extra="igraph")
    sources, targets, weights = result.network.links()
    return igraph.Graph(
        n=result.num_nodes,
        edges=np.column_stack([sources, targets]),
        directed=result.network.directed,
        vertex_attrs={
            "name": result.node_labels,
            "module": numbered(result.labels).tolist(),
            "flow": result.flow.tolist(),
            **result.path_column(),
            **result.state_columns(),
        },
        edge_attrs={"weight": weights.tolist()},
    )

"""Categories of nodes from objects: node attributes of graphs, and tables with one row per node."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from mapeq._base.errors import NetworkError
from mapeq.io.columns import columns_of_values
from mapeq.io.objects.tables import column_names, objects, readable
from mapeq.network.labelled import label_by_text
from mapeq.network.network import Network
from mapeq.network.states import names_of_nodes


def values_of_attribute(graph: Any, name: str) -> Any:
    """Return a node attribute of a NetworkX graph, by node, or of an igraph graph, in order.

    Raises
    ------
    NetworkError
        If no node has the attribute.
    """
    if hasattr(graph, "vs"):
        known: Sequence[str] = graph.vs.attributes()
        if name in known:
            values: list[Any] = graph.vs[name]
            return values
    else:
        found = {node: data[name] for node, data in graph.nodes(data=True) if name in data}
        if found:
            return found
        known = sorted({str(key) for _, data in graph.nodes(data=True) for key in data})
    have = f"nodes have {', '.join(map(repr, known))}" if known else "nodes have none"
    raise NetworkError(f"no node has the attribute {name!r}: {have}; the path of a file must be a pathlib.Path")


def categories_of_table(table: Any, network: Network, column: str | int | None) -> dict[Hashable, Any]:
    """Return the category of each node that a table names; in pandas the index may hold the nodes.

    Raises
    ------
    NetworkError
        If a column is missing or ambiguous, or a node is named twice.
    """
    index_name = getattr(getattr(table, "index", None), "name", None)
    if index_name is not None and index_name not in table.columns:
        table = table.reset_index()
    table = readable(table)
    names = column_names(table)
    nodes, values = (objects(table[names[place]]) for place in columns_of_values(names, column, "categories"))
    labels = network.label_list()
    label_of = label_by_text(labels, names_of_nodes(labels, network.states))
    found: dict[Hashable, Any] = {}
    for node, value in zip(nodes, values, strict=True):
        label = label_of(node)
        if label in found:
            raise NetworkError(f"the table of metadata names the node {label!r} twice")
        found[label] = value
    return found

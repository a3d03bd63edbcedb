"""Read the layers of multilayer networks, and links between them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq.io.inputs import as_network
from mapeq.io.objects.arrays import checked_weights
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.network.layers import InterLinks, Layers, aligned, inter_links
from mapeq.network.states import is_missing


def layers_from(
    layers: Any, *, layer: str | None, weight: str | int | None, directed: bool | None
) -> tuple[Layers, bool]:
    """Read all layers; see :meth:`mapeq.Network.from_layers`. Also returns whether all of them are directed."""
    if is_table(layers):
        layers = _of_table(layers, "layer" if layer is None else layer)
    elif layer is not None:
        raise NetworkError(f"the column {layer!r} of layers is that of a table; give a table, or graphs by layer")
    if not isinstance(layers, Mapping):
        raise TypeError(
            f"layers must be a mapping from the name of a layer to its graph, or a table, not {type(layers).__name__}"
        )
    if not layers:
        raise NetworkError("there are no layers; a multilayer network needs at least one")
    networks = []
    for name, graph in layers.items():
        try:
            networks.append(as_network(graph, weight=weight, directed=directed))
        except NetworkError as error:
            raise NetworkError(f"layer {name!r}: {error}") from None
    for name, network in zip(layers, networks, strict=True):
        if network.states is not None or network.sides is not None:
            raise NetworkError(f"layer {name!r} must be a network of plain nodes, neither of states nor bipartite")
    return aligned(list(layers), networks), all(network.directed for network in networks)


def _of_table(table: Any, layer: str) -> dict[Hashable, Any]:
    """The rows of each layer as a table of links."""
    table = readable(table)
    if layer not in column_names(table):
        known = ", ".join(map(repr, column_names(table)))
        raise NetworkError(f"the table has no column {layer!r}, but {known}; layer= names the one of the layers")
    names = objects(table[layer])
    row = next((row for row, name in enumerate(names) if is_missing(name)), None)
    if row is not None:
        raise NetworkError(f"the layer of the link in row {row} is missing: {names[row]!r}")
    number: dict[Hashable, int] = {}
    numbers = np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int64)
    rest = table.drop_columns([layer]) if hasattr(table, "drop_columns") else _without(table, layer)
    return {name: _rows(rest, numbers == k) for name, k in number.items()}


def _without(table: Any, column: str) -> Any:
    return table.drop(columns=[column]) if hasattr(table, "iloc") else table.drop(column)


def _rows(table: Any, chosen: Any) -> Any:
    return table[chosen] if hasattr(table, "iloc") else table.filter(chosen)


def inter_links_from(inter: Iterable[Any], layers: Layers, *, both_ways: bool) -> InterLinks:
    """Read links of nodes to themselves in other layers.

    Raises
    ------
    NetworkError
        If a link is no tuple of three or four, is within a layer, or names an unknown layer or node.
    """
    links, weights = [], []
    for link in inter:
        if not isinstance(link, tuple | list) or len(link) not in (3, 4):
            raise NetworkError(f"a link between layers is (layer, node, layer) or with a weight, not {link!r}")
        links.append(tuple(link[:3]))
        weights.append(link[3] if len(link) == 4 else 1.0)
    values = checked_weights(weights, lambda k: f"link {k} between layers")
    return inter_links(links, values, layers, both_ways=both_ways)

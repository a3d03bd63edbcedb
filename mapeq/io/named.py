"""The nodes that partitions name, for what is done without a network: comparing them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq.io.files.partitions import NamedNodes, names_of_file, nodes_in_file
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.network.labelled import is_series
from mapeq.network.labels import positions
from mapeq.network.network import Network
from mapeq.result.result import Result


def named_nodes(partition: Any) -> NamedNodes | None:
    """Return the nodes that a partition names; None if it names none, as an array in node order.

    Parameters
    ----------
    partition : as in :func:`mapeq.io.inputs.as_partition`

    Raises
    ------
    FormatError
        If a file cannot be read.
    """
    if isinstance(partition, Result):
        return NamedNodes(partition.node_labels, partition.flow)
    if isinstance(partition, str | os.PathLike):
        return nodes_in_file(partition)
    if is_table(partition):
        partition = _nodes_of_table(partition)
    elif isinstance(partition, Mapping):
        partition = list(partition)
    elif is_series(partition):
        partition = partition.index.tolist()
    elif hasattr(partition, "__array__") or not isinstance(partition, Iterable) or _is_in_node_order(partition):
        return None
    else:
        partition = _members(partition)
    return NamedNodes(list(dict.fromkeys(partition)), None)


def is_named(partition: Any, network: Network) -> NDArray[np.bool_]:
    """Return whether a partition names each node of a network; one in node order names all."""
    if isinstance(partition, Result):
        return positions(network.labels, partition.network.labels) < partition.num_nodes
    if isinstance(partition, str | os.PathLike):
        return names_of_file(partition, network)
    named = named_nodes(partition)
    if named is None:
        return np.ones(network.num_nodes, dtype=np.bool_)
    known = set(named.labels)
    if is_table(partition):  # text stands for the label that looks like it
        known |= {str(label) for label in known}
        return np.array([label in known or str(label) in known for label in network.label_list()], dtype=np.bool_)
    return np.array([label in known for label in network.label_list()], dtype=np.bool_)


def _is_in_node_order(partition: Any) -> bool:
    """Return whether this is a list of modules rather than one of communities."""
    return isinstance(partition, list | tuple) and all(isinstance(part, int | np.integer | str) for part in partition)


def _nodes_of_table(table: Any) -> list[Any]:
    """Return the column of nodes of a table, or its index of that name; none without."""
    index = getattr(table, "index", None)
    if getattr(index, "name", None) is not None and "node" not in table.columns:
        table = table.reset_index()
    table = readable(table)
    columns = {str(name).strip().lower(): name for name in reversed(column_names(table))}
    return objects(table[columns["node"]]) if "node" in columns else []


def _members(communities: Iterable[Any]) -> list[Any]:
    """Return the labels in communities, or in those of the first level."""
    parts = list(communities)
    if parts and all(isinstance(part, list | tuple) and all(isinstance(each, set) for each in part) for part in parts):
        parts = list(parts[0])
    return list(chain.from_iterable(parts))

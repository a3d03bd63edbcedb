"""Networks that change: a search goes on from what was found before, and looks first where the links are others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq.adapters import as_partition
from mapeq.labels import positions
from mapeq.network import Network
from mapeq.result import Result
from mapeq.rows import IndexArray, changed_rows, transposed
from mapeq.tree import Tree


class Start(NamedTuple):
    """Where a search starts from.

    Attributes
    ----------
    tree : Tree
        Of n nodes; those of which nothing was known are alone in top modules.
    changed : unsigned integer array or None
        The nodes whose links or weights are others than when the modules were found; None if none are, or that is
        not known.
    options : dict
        Those of the search that found the modules; empty if that is not known.
    """

    tree: Tree
    changed: IndexArray | None
    options: dict[str, Any]


def start_from(partition: Any, network: Network) -> Start:
    """What to start from, given modules of this network or of one that has some of its nodes.

    Parameters
    ----------
    partition : all that :func:`mapeq.adapters.as_partition` takes
        Only a Result that was searched for tells which nodes' links have changed since.
    network : Network
        Of n nodes.

    Raises
    ------
    PartitionError
        As :func:`mapeq.adapters.as_partition` with ``fit=True``.
    """
    tree = as_partition(partition, network, fit=True)
    if not isinstance(partition, Result) or not partition.trials:
        return Start(tree, None, {})
    changed = changed_nodes(network, partition.network)
    return Start(tree, changed if len(changed) else None, partition.options)


def changed_nodes(network: Network, before: Network) -> IndexArray:
    """The nodes that are new, or whose links, by labels, or node weights are others than in a network before.

    Examples
    --------
    >>> before = Network.from_edges([0, 1, 2], [1, 2, 3])
    >>> changed_nodes(Network.from_edges([0, 1, 2, 3], [1, 2, 3, 4]), before)
    array([3, 4], dtype=uint32)
    """
    place = positions(network.labels, before.labels)
    changed = changed_rows(network.rows, before.rows, place)
    if network.directed or before.directed:
        changed |= changed_rows(transposed(network.rows), transposed(before.rows), place)
    changed |= _weighs_otherwise(network, before, place)
    return np.flatnonzero(changed).astype(np.dtype(f"u{network.indices.itemsize}"))


def _weighs_otherwise(network: Network, before: Network, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which nodes have another weight than they had, given their places in the network before. Shape (n,)."""
    if network.node_weights is None and before.node_weights is None:
        return np.zeros(len(place), dtype=np.bool_)
    if network.node_weights is None or before.node_weights is None:
        return np.ones(len(place), dtype=np.bool_)
    found: NDArray[np.bool_] = network.node_weights != np.append(before.node_weights, np.nan)[place]
    return found

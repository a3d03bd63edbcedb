"""Compare a network with an earlier version of it, so that a search can update only what has changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapeq._base.building import transposed
from mapeq._base.csr import IndexArray, changed_rows
from mapeq.network.labels import positions
from mapeq.network.metadata import MISSING
from mapeq.network.network import Network


def changed_nodes(network: Network, before: Network) -> IndexArray:
    """Return the nodes that are new, or whose links (matched by label), weights, categories or physical nodes differ.

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
    changed |= _node_weight_changed(network, before, place) | _category_changed(network, before, place)
    changed |= _physical_changed(network, before, place)
    return np.flatnonzero(changed).astype(np.dtype(f"u{network.indices.itemsize}"))


def _node_weight_changed(network: Network, before: Network, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the nodes whose node weight has changed, given their positions in the network before. Shape (n,)."""
    if network.node_weights is None and before.node_weights is None:
        return np.zeros(len(place), dtype=np.bool_)
    if network.node_weights is None or before.node_weights is None:
        return np.ones(len(place), dtype=np.bool_)
    found: NDArray[np.bool_] = network.node_weights != np.append(before.node_weights, np.nan)[place]
    return found


def _category_changed(network: Network, before: Network, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the nodes whose category has changed, given their positions in the network before. Shape (n,)."""
    if network.metadata is None or before.metadata is None:
        return np.full(len(place), network.metadata is not before.metadata)
    number = {category: code for code, category in enumerate(before.metadata.categories)}
    code_before = [number.get(category, len(number)) for category in network.metadata.categories] + [MISSING]
    is_new = len(number) + 1  # unlike any code
    found: NDArray[np.bool_] = (
        np.array(code_before)[network.metadata.codes] != np.append(before.metadata.codes, is_new)[place]
    )
    return found


def _physical_changed(network: Network, before: Network, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the states whose physical node has changed, given their positions in the network before. Shape (n,)."""
    if network.states is None or before.states is None:
        return np.full(len(place), network.states is not before.states)
    now, then = network.states, before.states
    node_before = np.append(positions(now.labels, then.labels), -1)[now.physical]  # none has -1
    found: NDArray[np.bool_] = node_before != np.append(then.physical.astype(np.int64), -1)[place]
    return found

"""A result without the secondary nodes of its bipartite network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import read_only
from mapeq._base.hierarchy import ROOT, Hierarchy
from mapeq.network.metadata import metadata_at
from mapeq.network.network import Network
from mapeq.network.states import states_at
from mapeq.result.result import Result
from mapeq.walk.flow import NodeFlow


def primary(result: Result) -> Result:
    """Return the same modules with their primary nodes only; see :meth:`mapeq.Result.primary`."""
    network = result.network
    if network.sides is None:
        return result
    kept = network.sides == 0
    module_of, parent = result.hierarchy
    used = np.zeros(len(parent), dtype=np.bool_)
    used[ROOT] = True
    used[module_of[kept]] = True
    for module in range(len(parent) - 1, 0, -1):  # modules have larger numbers than their parents
        used[parent[module]] |= used[module]
    number = (np.cumsum(used) - 1).astype(parent.dtype)
    flow = result.node_flow
    return replace(
        result,
        network=_without_links(network, kept),
        flow=read_only(result.flow[kept]),
        hierarchy=Hierarchy(read_only(number[module_of[kept]]), read_only(number[parent[used]])),
        module_records=read_only(result.module_records[used]),
        metadata_costs=None if result.metadata_costs is None else read_only(result.metadata_costs[used]),
        state_costs=None if result.state_costs is None else read_only(result.state_costs[used]),
        node_flow=NodeFlow(
            read_only(flow.nodes[kept]), None if flow.teleport is None else read_only(flow.teleport[kept])
        ),
    )


def _without_links(network: Network, kept: NDArray[np.bool_]) -> Network:
    """The nodes of one side, between which there are no links."""
    places = np.flatnonzero(kept)
    labels = network.labels
    return Network(
        np.zeros(len(places) + 1, dtype=np.int64),
        network.indices[:0],
        np.zeros(0),
        network.directed,
        read_only(labels[places]) if isinstance(labels, np.ndarray) else tuple(labels[i] for i in places.tolist()),
        None if network.node_weights is None else network.node_weights[kept],
        None if network.ids is None else network.ids[kept],
        metadata=metadata_at(network.metadata, kept),
        states=states_at(network.states, kept),
    )

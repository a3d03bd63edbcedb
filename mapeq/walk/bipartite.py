"""Walks on bipartite networks: two steps, to the other side and back, are one, so that only the primary side is named.

Blöcker & Rosvall, Mapping flows on bipartite networks, Phys. Rev. E 102, 052305 (2020).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.network.network import Network
from mapeq.walk.options import WalkOptions

#: Two steps over links are one step of the walk that is described.
STEPS = 2.0


def secondary_of(network: Network, options: WalkOptions) -> NDArray[np.bool_] | None:
    """Whether each node is on the side that the walk passes without naming it; None if all nodes are named."""
    return None if network.sides is None or options.bipartite_flow == "unfolded" else network.sides == 1


def is_two_step(network: Network, options: WalkOptions) -> bool:
    """Whether two steps over directed links are one of a stationary walk on the primary side.

    Undirected links have the same flow either way.

    Raises
    ------
    NetworkError
        If the walk is regularized: the prior's links do not cross from side to side.
    """
    if network.sides is None or options.flow_model != "directed" or options.bipartite_flow != "two-step":
        return False
    if options.regularization:
        raise NetworkError(
            "a directed bipartite network cannot be both regularized and walked on in two steps; bipartite_flow must "
            "be infomap or unfolded"
        )
    return True


def check_way_back(network: Network, visits: FloatArray) -> None:
    """Raise if the walk on a bipartite network visits nothing: none of its links leads back.

    Raises
    ------
    NetworkError
    """
    if network.sides is not None and len(network.indices) and not visits.any():
        raise NetworkError(
            "no link of this directed bipartite network leads back, so that the walk visits nothing; directed=False "
            "(--undirected) lets links lead both ways"
        )


def folded(secondary: NDArray[np.bool_], visits: FloatArray, over_links: FloatArray) -> FloatArray:
    """Visit rates of the primary side, in proportion to a node's visits and the flow over its links, both ways."""
    return on_primary(secondary, visits + over_links)


def on_primary(secondary: NDArray[np.bool_], rates: FloatArray) -> FloatArray:
    """The rates of the primary side as parts of their sum, and 0 on the secondary side."""
    kept = np.where(secondary, 0.0, rates)
    whole = kept.sum()
    return kept / whole if whole > 0 else kept

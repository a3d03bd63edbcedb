"""The same walk at another Markov time: its flow over links is scaled, and nothing is computed anew."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import read_only
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, Flow


def at_markov_time(flow: Flow, time: float) -> Flow:
    """Return the flow of a walk at another Markov time.

    Visit rates and recorded teleportation stay as they are.

    Parameters
    ----------
    flow : Flow
        Of the walk at Markov time 1.
    time : float

    Examples
    --------
    >>> from mapeq.network.network import Network
    >>> from mapeq.walk.models import random_walk
    >>> from mapeq.walk.options import WalkOptions
    >>> flow = random_walk(Network.from_edges([0, 1], [1, 2]), WalkOptions())
    >>> at_markov_time(flow, 0.5).nodes[1].tolist()
    [0.5, 0.25, 0.25]
    """
    nodes = flow.nodes.copy()
    if flow.teleport is None:
        nodes[:, ENTER : EXIT + 1] *= time
    else:
        leaving, landing = flow.teleport[:, TELEPORT_OUT], flow.teleport[:, TELEPORT_IN]
        for column, fixed in ((ENTER, (leaving.sum() - leaving) * landing), (EXIT, leaving * (1 - landing))):
            nodes[:, column] = fixed + np.maximum(nodes[:, column] - fixed, 0.0) * time
    links = flow.links._replace(scale=flow.links.scale * time)
    return Flow(links, read_only(nodes), flow.teleport)

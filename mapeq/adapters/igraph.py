"""igraph: results out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mapeq._optional import require

if TYPE_CHECKING:
    import igraph

    from mapeq.result import Result


def to_igraph(result: Result) -> igraph.Graph:
    """The network of a result; see :meth:`mapeq.Result.to_igraph`."""
    igraph = require("igraph", extra="igraph")
    sources, targets, weights = result.network.links()
    return igraph.Graph(
        n=result.num_nodes,
        edges=np.column_stack([sources, targets]),
        directed=result.network.directed,
        vertex_attrs={
            "name": result.node_labels,
            "module": result.labels.tolist(),
            "flow": result.flow.tolist(),
            **result.path_column(),
        },
        edge_attrs={"weight": weights.tolist()},
    )

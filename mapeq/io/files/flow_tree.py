"""The .ftree format: a .tree file, followed by the flow between the parts of each module.

Infomap's Network Navigator reads it.
"""

from __future__ import annotations

from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.hierarchy import Hierarchy, depths, preorder, ranks
from mapeq.io.files.leaves import Leaves, leaves_of
from mapeq.io.files.tree import write_tree
from mapeq.result.result import Result


class Exchange(NamedTuple):
    """Flow between the parts of modules, sorted by module, source and target; one entry per pair of parts.

    Attributes
    ----------
    modules : int64 array
        Smallest module that contains both ends.
    sources, targets : int64 arrays
        Ranks of the two parts: modules directly in it, or nodes if it is a leaf module.
    flow : float64 array
        Per step of the walk.
    directed : bool
        Whether an entry is one direction; otherwise it is the sum of both.
    """

    modules: NDArray[np.int64]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    flow: FloatArray
    directed: bool


def write_flow_tree(result: Result, stream: TextIO, physical: bool = False) -> None:
    """Write a .tree file, followed by the flow between the parts of each module, which are identified by rank.

    Flow is per step of the walk. In undirected networks each pair has one row with the flow in both directions. At the
    physical level, flow between states of the same row is left out.
    """
    write_tree(result, stream, physical)
    leaves = leaves_of(result, physical=physical)
    sizes = np.bincount(leaves.modules, minlength=len(result.hierarchy.parent)).tolist()
    directed = result.walk_options.directed
    exchange = exchange_in_modules(result, leaves)
    columns = [column.tolist() for column in (exchange.sources, exchange.targets, exchange.flow)]
    first = np.searchsorted(exchange.modules, np.arange(len(result.hierarchy.parent) + 1)).tolist()
    stream.write(f"*Links {'directed' if directed else 'undirected'}\n")
    if not directed:
        stream.write("# link flow is both directions combined, one row per module pair\n")
    stream.write("#*Links path enterFlow exitFlow numEdges numChildren\n")
    order = preorder(result.hierarchy.parent).tolist()
    for number, module in zip(order, result.tree.walk(), strict=True):
        rows = slice(first[number], first[number + 1])
        path = ":".join(map(str, module.path)) or "root"
        num_rows = rows.stop - rows.start
        size = sizes[number] or module.num_children
        stream.write(f"*Links {path} {module.enter:.9g} {module.exit:.9g} {num_rows} {size}\n")
        for source, target, flow in zip(*(column[rows] for column in columns), strict=True):
            stream.write(f"{source} {target} {flow:.9g}\n")


def exchange_in_modules(result: Result, leaves: Leaves) -> Exchange:
    """Sum the flow over links by the smallest module that contains both ends, and by its parts."""
    sources, targets, flow, directed = result.link_flow()
    between = leaves.row_of[sources] != leaves.row_of[targets]
    if not directed:  # the flow back is the same
        between &= sources < targets
        flow = 2 * flow
    sources, targets, flow = sources[between], targets[between], flow[between]
    modules, sources, targets = _common_modules(result.hierarchy, leaves.ranks[leaves.row_of], sources, targets)
    if not directed:
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
    order = np.lexsort((targets, sources, modules))
    ends = np.stack([modules, sources, targets])[:, order]
    first = np.flatnonzero(np.append(len(order) > 0, (ends[:, 1:] != ends[:, :-1]).any(axis=0)))
    modules, sources, targets = ends[:, first]
    flow = np.add.reduceat(flow[order], first) if len(first) else flow
    return Exchange(modules, sources, targets, flow, directed)


def _common_modules(
    hierarchy: Hierarchy, node_ranks: NDArray[np.int64], sources: IntArray, targets: IntArray
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the smallest module that contains both ends of each link, and the ranks of the parts with the ends."""
    parent, depth, module_ranks = hierarchy.parent.astype(np.int64), depths(hierarchy.parent), ranks(hierarchy.parent)
    ends = np.stack([hierarchy.module_of[sources], hierarchy.module_of[targets]]).astype(np.int64)
    found_ranks = np.stack([node_ranks[sources], node_ranks[targets]])
    apart = np.flatnonzero(ends[0] != ends[1])
    while len(apart):
        here = ends[:, apart]
        # The deeper end moves up, or both at equal depth; they meet at the root at the latest.
        climbs = depth[here] >= depth[here[::-1]]
        found_ranks[:, apart] = np.where(climbs, module_ranks[here], found_ranks[:, apart])
        ends[:, apart] = np.where(climbs, parent[here], here)
        apart = apart[ends[0, apart] != ends[1, apart]]
    return ends[0], found_ranks[0], found_ranks[1]

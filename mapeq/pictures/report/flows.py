"""Flow between the parts of each module: what the map of a module draws between its modules or nodes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq.result.modules import Catalogue
from mapeq.result.result import Result


class PartFlow(NamedTuple):
    """Flow between parts of the same module, which are the modules directly in it, or its nodes if it is a leaf module.

    The flow of each link of the network is counted once: in the smallest module that contains both ends.

    Attributes
    ----------
    module : int64 array, one entry a flow
        The module whose parts they are, in increasing order; within a module flows decrease.
    source, target : int64 arrays, one entry a flow
        Ranks of the parts by flow, from 0.
    flow : float64 array, one entry a flow
        Per step of the walk, from source to target.
    directed : bool
        Otherwise the flow back is the same, and has no entry.
    """

    module: NDArray[np.int64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    flow: FloatArray
    directed: bool


def flow_between_parts(result: Result, catalogue: Catalogue) -> PartFlow:
    """Return all flow between parts, by the flow over the links of the network.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.evaluate([(1, 2), (2, 3), (3, 4)], [{1, 2}, {3, 4}])
    >>> catalogue = Catalogue(result.hierarchy, result.module_records, result.flow, result.network)
    >>> found = flow_between_parts(result, catalogue)
    >>> found.module.tolist(), found.flow.round(4).tolist()  # 2 to 3 between the modules, and a link in each
    ([0, 1, 2], [0.1667, 0.1667, 0.1667])
    """
    links = result.link_flow()
    flows = links.flow > 0
    if not links.directed:
        flows &= links.sources < links.targets
    sources, targets, flow = links.sources[flows], links.targets[flows], links.flow[flows]
    module_of = result.hierarchy.module_of.astype(np.int64)
    module, source, target = _common(module_of[sources], module_of[targets], catalogue)
    place = np.empty(result.num_nodes, dtype=np.int64)
    place[catalogue.node_order] = np.arange(result.num_nodes)
    within = source == target  # both nodes are directly in the module
    rank = catalogue.ranks - 1
    first = catalogue.first_nodes[module]
    source = np.where(within, place[sources] - first, rank[source])
    target = np.where(within, place[targets] - first, rank[target])
    if not links.directed:
        source, target = np.minimum(source, target), np.maximum(source, target)
    return PartFlow(*_summed(module, source, target, flow), links.directed)


def _common(a: NDArray[np.int64], b: NDArray[np.int64], catalogue: Catalogue) -> tuple[NDArray[np.int64], ...]:
    """Return the smallest module that contains two, and its parts that do; of a module and itself that module."""
    parent, depth = catalogue.hierarchy.parent.astype(np.int64), catalogue.depths
    above, parts = [a.copy(), b.copy()], [a.copy(), b.copy()]
    while len(apart := np.flatnonzero(above[0] != above[1])):
        deep = [depth[each[apart]] for each in above]
        for k in (0, 1):
            climbing = apart[deep[k] >= deep[1 - k]]
            parts[k][climbing] = above[k][climbing]
            above[k][climbing] = parent[above[k][climbing]]
    return above[0], parts[0], parts[1]


def _summed(
    module: NDArray[np.int64], source: NDArray[np.int64], target: NDArray[np.int64], flow: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Sum flow by module and pair of parts, sorted by module and by decreasing flow."""
    order = np.lexsort((target, source, module))
    keys = np.stack([module[order], source[order], target[order]])
    begins = np.flatnonzero(np.concatenate([[True], (keys[:, 1:] != keys[:, :-1]).any(axis=0)])[: len(order)])
    sums = np.add.reduceat(flow[order], begins) if len(order) else flow
    module, source, target = keys[:, begins]
    by_flow = np.lexsort((-sums, module))
    return module[by_flow], source[by_flow], target[by_flow], sums[by_flow]


def strongest(flows: PartFlow, most: int) -> tuple[PartFlow, int | None]:
    """Return the flows that are among the strongest of their source or of their target, not more than `most`.

    Returns
    -------
    PartFlow
    int or None
        How many of the strongest flows of each part are kept, the same number for all; None if all flows are.
    """
    if len(flows.flow) <= most:
        return flows, None
    rank = np.minimum(_ranks_at(flows.module, flows.source), _ranks_at(flows.module, flows.target))
    each = int(np.searchsorted(np.cumsum(np.bincount(rank)), most, side="right"))
    return chosen(flows, rank < each), each


def chosen(flows: PartFlow, which: NDArray[np.bool_]) -> PartFlow:
    """Return some of the flows."""
    return PartFlow(flows.module[which], flows.source[which], flows.target[which], flows.flow[which], flows.directed)


def together(first: PartFlow, second: PartFlow) -> PartFlow:
    """Return the flows in different modules together, in the order of the modules."""
    module = np.concatenate([first.module, second.module])
    order = np.argsort(module, kind="stable")
    source, target = np.concatenate([first.source, second.source]), np.concatenate([first.target, second.target])
    flow = np.concatenate([first.flow, second.flow])
    return PartFlow(module[order], source[order], target[order], flow[order], first.directed)


def _ranks_at(module: NDArray[np.int64], part: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rank of each flow among those of the same part, from 0, in their order."""
    order = np.lexsort((part, module))
    begins = np.concatenate([[True], (np.diff(module[order]) != 0) | (np.diff(part[order]) != 0)])
    count = np.arange(len(order))
    found = np.empty(len(order), dtype=np.int64)
    found[order] = count - np.maximum.accumulate(np.where(begins, count, 0))
    return found

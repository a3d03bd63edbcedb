"""Flow between the parts of each module: what the map of a module draws between its modules or nodes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq.io.files.flow_tree import exchange_in_modules
from mapeq.io.files.leaves import Leaves
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


def flow_between_parts(result: Result, rows: Leaves) -> PartFlow:
    """Return all flow between parts, by the flow over the links of the network.

    Parameters
    ----------
    result : Result
    rows : Leaves
        The nodes of leaf modules; flow between states of the same row is left out.

    Examples
    --------
    >>> import mapeq
    >>> from mapeq.io.files.leaves import leaves_of
    >>> result = mapeq.evaluate([(1, 2), (2, 3), (3, 4)], [{1, 2}, {3, 4}])
    >>> found = flow_between_parts(result, leaves_of(result))
    >>> found.module.tolist(), found.flow.round(4).tolist()  # 2 to 3 between the modules, and a link in each
    ([0, 1, 2], [0.1667, 0.1667, 0.1667])
    """
    module, source, target, flow, directed = exchange_in_modules(result, rows)
    order = np.lexsort((-np.round(flow, 15), module))
    order = order[flow[order] > 0]
    each_way = flow if directed else flow / 2
    return PartFlow(module[order], source[order] - 1, target[order] - 1, each_way[order], directed)


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

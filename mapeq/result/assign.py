"""New nodes in a network whose modules stay: each goes where the description gets longest by the least."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, counted
from mapeq._base.hierarchy import cut
from mapeq.network.network import bad_weight, first_bad_weight
from mapeq.objective.formula import module_costs, plogps
from mapeq.result.result import Result
from mapeq.walk.flow import EXIT, VISIT


def placed(result: Result, links: Any, level: int = 1) -> NDArray[np.int64]:
    """The module of each new node: int64 array of shape (m,); see :meth:`mapeq.Result.assign`.

    Notes
    -----
    By the two-level map equation (Rosvall & Bergstrom, PNAS 105, 1118, 2008) at the Markov time t of the result. A node
    whose links weigh s adds s to the flow of its neighbours and as much of its own. In a module of its own it is left
    as often as it is visited; in module m, to which links of weight w lead, m is visited more often by s, and the walk
    leaves modules less often by 2 w t.
    """
    weights = scipy.sparse.csr_array(links, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[1] != result.num_nodes:
        raise NetworkError(
            f"links of new nodes to {counted(result.num_nodes, 'node')} are a matrix of shape (m, {result.num_nodes}), "
            f"not of shape {weights.shape}"
        )
    k = first_bad_weight(weights.data)
    if k is not None:
        row = int(np.searchsorted(weights.indptr, k, side="right")) - 1
        label = result.network.labels[int(weights.indices[k])]
        raise bad_weight(weights.data[k], f"the link of new node {row} to {label!s}")
    labels = result.labels_at(level)
    num_modules = int(labels.max(initial=-1)) + 1
    record_of = np.empty(num_modules, dtype=np.int64)
    record_of[labels] = cut(result.hierarchy, result.num_levels - 1 if level == -1 else level)
    time = result.options["markov_time"]
    total = float(result.network.weights.sum())
    visit, exit = (total * result.module_records[record_of, column] for column in (VISIT, EXIT))

    members = scipy.sparse.csr_array(
        (np.ones(result.num_nodes), labels, np.arange(result.num_nodes + 1)), shape=(result.num_nodes, num_modules)
    )
    candidates = (weights @ members).tocsr()
    candidates.sort_indices()  # of equally good modules the one with most flow
    node = np.repeat(np.arange(len(candidates.indptr) - 1), np.diff(candidates.indptr))
    module, between = candidates.indices, candidates.data
    strength = weights.sum(axis=1)[node]

    scale = 1 / (total + 2 * strength)
    around = visit[module] + between  # with its share of what the node's links add to its neighbours
    leaving = exit[module] + time * between
    left = exit.sum() + 2 * time * strength
    longer = (
        plogps((left - 2 * time * between) * scale)
        + _costs((around + strength) * scale, (leaving + time * (strength - 2 * between)) * scale)
        - _costs(around * scale, leaving * scale)
    )
    order = np.lexsort((longer, node))
    nodes, first = np.unique(node[order], return_index=True)
    found = np.full(weights.shape[0], -1, dtype=np.int64)
    found[nodes] = module[order[first]]
    return found


def _costs(visit: FloatArray, exit: FloatArray) -> FloatArray:
    """The cost of modules that are left as often as entered."""
    return module_costs(visit, exit, exit)

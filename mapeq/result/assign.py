"""Assign new nodes to the modules of a result: each to the module that lengthens the description least."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, counted
from mapeq._base.hierarchy import cut
from mapeq.network.network import Network
from mapeq.network.weights import bad_weight, first_bad_weight
from mapeq.objective.formula import module_costs, plogps
from mapeq.result.result import Result
from mapeq.walk.bipartite import secondary_of
from mapeq.walk.flow import EXIT, VISIT


def assign(result: Result, links: Any, level: int = 1, physical: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return the module of each new node: int64 array of shape (m,); see :meth:`mapeq.Result.assign`.

    Of a state network, `physical` are the positions of the physical nodes of the new states, (m,); those of new nodes
    follow those of the network.

    Notes
    -----
    Evaluates the two-level map equation (Rosvall & Bergstrom, PNAS 105, 1118, 2008) at the Markov time t of the result.
    A node of strength s adds s to its own visits and s in total to those of its neighbours. As a singleton module it is
    left as often as it is visited. Joining a module m that it links to with weight w adds s to the visits of m and
    removes 2 w t from the number of exits. Where the walk passes the secondary side of a bipartite network, new nodes
    are primary, and their secondary neighbours have no visits. A new state adds to the visits of its physical node in
    the module, which has one code word there.
    """
    if result.network.states is not None and physical is None:
        raise NetworkError(
            "links of new states in a matrix do not say which physical nodes the states are of; give links by label"
        )
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
    secondary = secondary_of(result.network, result.walk_options)
    if secondary is None:
        total, visits_around = float(result.network.weights.sum()), 1.0
    else:
        _check_links_to(secondary, weights, result.network)
        total, visits_around = float(result.network.matrix()[np.flatnonzero(~secondary)].sum()), 0.0
    visit, exit = (total * result.module_records[record_of, column] for column in (VISIT, EXIT))

    members = scipy.sparse.csr_array(
        (np.ones(result.num_nodes), labels, np.arange(result.num_nodes + 1)), shape=(result.num_nodes, num_modules)
    )
    candidates = (weights @ members).tocsr()
    candidates.sort_indices()  # of equally good modules, choose the one with most flow
    node = np.repeat(np.arange(len(candidates.indptr) - 1), np.diff(candidates.indptr))
    module, to_module = candidates.indices, candidates.data
    strength = weights.sum(axis=1)[node]

    scale = 1 / (total + (1 + visits_around) * strength)
    old_visit = visit[module] + visits_around * to_module  # the new links also add to the visits of the neighbours
    old_exit = exit[module] + time * to_module
    total_exit = exit.sum() + 2 * time * strength
    change = (
        plogps((total_exit - 2 * time * to_module) * scale)
        + _costs((old_visit + strength) * scale, (old_exit + time * (strength - 2 * to_module)) * scale)
        - _costs(old_visit * scale, old_exit * scale)
    )
    if physical is not None:
        named = _visits_of_node(result, weights, members, physical, total)[node, module]
        change += plogps(named * scale) - plogps((named + strength) * scale)
    order = np.lexsort((change, node))
    nodes, first = np.unique(node[order], return_index=True)
    found = np.full(weights.shape[0], -1, dtype=np.int64)
    found[nodes] = module[order[first]]
    return found


def _check_links_to(secondary: NDArray[np.bool_], weights: scipy.sparse.csr_array, network: Network) -> None:
    """Raise if a new node, which is primary, has a link to a primary one."""
    wrong = np.flatnonzero(~secondary[weights.indices] & (weights.data > 0))
    if len(wrong):
        row = int(np.searchsorted(weights.indptr, wrong[0], side="right")) - 1
        label = network.labels[int(weights.indices[wrong[0]])]
        raise NetworkError(
            f"new node {row} has a link to {label!s}, which is primary; in a bipartite network, new nodes are primary, "
            "and their links lead to secondary nodes"
        )


def _visits_of_node(
    result: Result,
    weights: scipy.sparse.csr_array,
    members: scipy.sparse.csr_array,
    physical: NDArray[np.int64],
    total: float,
) -> scipy.sparse.csr_array:
    """How often the physical node of each new state is visited in each module, by new links, too: (m, modules)."""
    states = result.network.states
    assert states is not None
    num_physical = max(len(states.labels), int(physical.max(initial=-1)) + 1)
    of_node = scipy.sparse.csr_array(
        (total * result.flow, (states.physical, np.arange(result.num_nodes))), shape=(num_physical, result.num_nodes)
    )
    to_itself = weights.copy()
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    to_itself.data = np.where(states.physical[weights.indices] == physical[rows], weights.data, 0.0)
    return ((of_node[physical] + to_itself) @ members).tocsr()


def _costs(visit: FloatArray, exit: FloatArray) -> FloatArray:
    """Return the costs of modules that are entered as often as left, in bits."""
    return module_costs(visit, exit, exit)

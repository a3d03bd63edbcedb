"""What it costs to have one node in another module, and where it would cost least; nothing moves.

Costs are those of the moves of nodes, see :mod:`mapeq.objective.two_level`: there is no second objective.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IntArray
from mapeq._base.jit import jit, step
from mapeq.objective.level import Level
from mapeq.objective.terms import teleport_flow
from mapeq.objective.two_level import codebook_of, evaluate_move, partition, with_content_sums
from mapeq.walk.flow import flow_of

#: Changes that differ by less than this are equal, in bits.
ROUNDING = 1e-12

#: Marks modules that no neighbour is in.
NOT_SEEN = -1.0


class Alternatives(NamedTuple):
    """For each node the module that it would be in if not in its own, and what that would cost.

    Attributes
    ----------
    labels : int64 array of shape (num_nodes,)
        Positions of modules, or -1 for a module of its own.
    costs : float64 array of shape (num_nodes,)
        Bits per step that the description would be longer, infinite where there is no other module.
    """

    labels: NDArray[np.int64]
    costs: FloatArray


def best_alternatives(level: Level, module_of: IntArray) -> Alternatives:
    """Find the best other module of each node, of those of its neighbours and a new one.

    Parameters
    ----------
    level : Level
        Of n nodes.
    module_of : integer array of shape (n,)
        The partition, with values from 0 to n - 1. Of equally good modules the one with the smallest number counts.
    """
    n = len(module_of)
    state = with_content_sums(level, partition(level, module_of.astype(level.links.indices.dtype)))
    found = Alternatives(np.full(n, -1, dtype=np.int64), np.full(n, np.inf))
    if n:
        empty = np.uint64(np.argmin(state.sizes))  # if there is none, every node is in a module of its own
        near = np.empty(n, dtype=state.module_of.dtype)
        _evaluate_nodes(level, state, empty, np.full(n, NOT_SEEN), near, found.labels, found.costs)
    return found


@jit
def _evaluate_nodes(level, state, empty, flow, near, labels, costs):
    """Fill in the best other module of each node; `flow` and `near` are scratch, one entry a module."""
    for node in range(len(state.module_of)):
        i = np.uint64(node)
        own = np.uint64(state.module_of[i])
        count = gather_near(level.links, state, i, flow, near)
        inside = flow[own] if flow[own] != NOT_SEEN else 0.0
        for c in range(count):
            m = np.uint64(near[c])
            if m != own:
                cost = evaluated(level, state, i, m, inside, flow[m])
                is_equal = abs(cost - costs[i]) <= ROUNDING
                if cost < costs[i] - ROUNDING or (is_equal and np.int64(m) < labels[i]):
                    costs[i] = cost
                    labels[i] = m
        forget(flow, near, count)
        if state.sizes[own] > ONE:
            cost = evaluated(level, state, i, empty, inside, 0.0)
            if cost < costs[i] - ROUNDING:
                costs[i] = cost
                labels[i] = -1


@step
def gather_near(links, state, i, flow, near):
    """Sum the flow between a node and the modules of its neighbours that its codebook names; returns their number.

    `near` gets these modules, and `flow` the flow of each, until :func:`forget` resets it.
    """
    count = np.uint64(0)
    for k in range(links.indptr[i], links.indptr[i + ONE]):
        j = np.uint64(links.indices[k])
        m = np.uint64(state.module_of[j])
        if codebook_of(state, j) == codebook_of(state, i):
            if flow[m] == NOT_SEEN:
                flow[m] = 0.0
                near[count] = m
                count += ONE
            flow[m] += flow_of(links, k)
    return count


@step
def forget(flow, near, count):
    """Reset the scratch memory of :func:`gather_near`."""
    for c in range(count):
        flow[near[c]] = NOT_SEEN


@step
def evaluated(level, state, i, destination, to_origin, to_destination):
    """What moving a node would cost, in bits, given the flow over links between it and both modules."""
    origin = np.uint64(state.module_of[i])
    to_origin += teleport_flow(level.terms.teleport, i, state.teleport, origin, 1.0)
    to_destination += teleport_flow(level.terms.teleport, i, state.teleport, destination, 0.0)
    return evaluate_move(level.nodes, level.terms, state, i, destination, to_origin, to_destination)[0]

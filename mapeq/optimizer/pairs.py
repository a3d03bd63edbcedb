"""Pairs of modules that had better be together in a new module between them and their parent.

Modules of modules are found as in a network of modules, in which each of them begins in a module of its own. Where most
modules are best left directly in their parent, that finds nothing: one that holds a single module costs more than it
saves. Pairs make a beginning; when subtrees move, others join them.
"""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.hierarchy import Hierarchy, renumbered
from mapeq._base.jit import jit
from mapeq.objective.formula import module_costs, plogp, plogps
from mapeq.objective.level import Level
from mapeq.objective.multilevel import USE, MultilevelPartition
from mapeq.optimizer.candidates import TWO
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, link_flows


def paired(siblings: Level, state: MultilevelPartition) -> Hierarchy | None:
    """The hierarchy with a new module around each pair of :func:`pairs_that_pay`; None if there is none."""
    one, other = pairs_that_pay(siblings, state)
    if len(one) == 0:
        return None
    numbers = np.arange(len(one), dtype=state.parent.dtype) + state.parent.dtype.type(len(state.parent))
    parent = np.concatenate([state.parent, state.parent[one]])
    parent[one] = parent[other] = numbers
    return renumbered(Hierarchy(state.module_of, parent))


def pairs_that_pay(siblings: Level, state: MultilevelPartition) -> tuple[IndexArray, IndexArray]:
    """Pairs of linked modules around each of which a new module shortens the description, all of them together.

    Those that save most come first, and each module is in one of them at most.

    Parameters
    ----------
    siblings : Level
        All modules but the root, and the flow between those that have the same parent. The number of modules has no
        price.
    state : MultilevelPartition
        Of these modules, without empty rows.

    Returns
    -------
    one, other : unsigned integer arrays
        The numbers of both modules of each pair.
    """
    one, other, flow = _flow_between(siblings)
    enters, exits = (siblings.nodes[one, column] + siblings.nodes[other, column] for column in (ENTER, EXIT))
    # The codebook of a pair is read whenever one of the two is entered.
    cost = module_costs(enters, np.maximum(enters - flow, 0.0), np.maximum(exits - flow, 0.0))
    one, other = (ends + ends.dtype.type(1) for ends in (one, other))  # module 0 is the root
    parent = state.parent[one]
    use, exit = state.modules[parent, USE], state.modules[parent, EXIT]
    change = cost + plogps(exit + use - flow) - plogps(exit + use)
    order = np.argsort(change, kind="stable")
    order = order[: np.searchsorted(change[order], -MIN_GAIN)]
    changed = state._replace(modules=state.modules.copy(), sizes=state.sizes.copy())
    taken, chosen = np.zeros(len(state.parent), dtype=np.bool_), np.zeros(len(order), dtype=np.bool_)
    _choose(one[order], other[order], flow[order], cost[order], changed, taken, chosen)
    return one[order][chosen], other[order][chosen]


def _flow_between(siblings: Level) -> tuple[IndexArray, IndexArray, FloatArray]:
    """The two ends of each link, the first of which has the smaller number, and the flow between them both ways."""
    links = siblings.links
    one = np.repeat(np.arange(len(siblings.nodes), dtype=links.indices.dtype), np.diff(links.indptr).astype(np.intp))
    once = one < links.indices
    one, other, flow = one[once], links.indices[once], link_flows(links)[once]
    if siblings.terms.teleport is not None:
        teleport_out, teleport_in = (siblings.terms.teleport[:, column] for column in (TELEPORT_OUT, TELEPORT_IN))
        flow = flow + teleport_out[one] * teleport_in[other] + teleport_out[other] * teleport_in[one]
    return one, other, flow


@jit
def _choose(one, other, flow, cost, state, taken, chosen):
    """Choose pairs in order; each changes how often the codebook of its parent is used. Overwrites the state."""
    for k in range(len(chosen)):
        i, j = np.uint64(one[k]), np.uint64(other[k])
        q = np.uint64(state.parent[i])
        # A pair that is all of its parent would be the same module again.
        if not taken[i] and not taken[j] and state.sizes[q] > TWO:
            use, exit = state.modules[q, USE], state.modules[q, EXIT]
            if cost[k] + plogp(exit + use - flow[k]) - plogp(exit + use) < -MIN_GAIN:
                taken[i] = True
                taken[j] = True
                chosen[k] = True
                state.modules[q, USE] = use - flow[k]
                state.sizes[q] -= ONE

"""Steps of the engine as tests run them: with blocks of any size, in any number of threads."""

import numpy as np
from strategies import sums_of_both_kinds

from mapeq._base.jit import kernel_of
from mapeq.optimizer.blocks import Limits, new_block, new_visits
from mapeq.optimizer.candidates import new_scratch
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.moves import move
from mapeq.optimizer.node_moves import commit_nodes, propose_nodes
from mapeq.optimizer.tree_moves import best_place, commit_units, propose_units

MOVE, PROPOSE_NODES, COMMIT_NODES = map(kernel_of, (move, propose_nodes, commit_nodes))
BEST_PLACE, PROPOSE_UNITS, COMMIT_UNITS = map(kernel_of, (best_place, propose_units, commit_units))
NOW = np.zeros(1, np.uint8)


def scratch_for(level, candidates=0):
    """Scratch memory for any nodes of a level, and units with so many candidate modules."""
    widest = int(np.diff(level.links.indptr).max(initial=0))
    return new_scratch(max(widest, candidates), len(level.nodes) + 16, level.links.indices.dtype)


def block_of(nodes, num_nodes):
    """A block of some nodes."""
    block = new_block(max(num_nodes, 1))
    room = max(num_nodes, 1)
    grown = {
        name: np.zeros((room, *array.shape[1:]), array.dtype)
        for name, array in block._asdict().items()
        if name not in ("position", "stamps", "wave_starts", "told")
    }
    block = block._replace(**grown, wave_starts=np.zeros(room + 2, np.uint64))
    block.node[: len(nodes)] = nodes
    return block


def move_all(level, state, constraint, order, *, block=1, exact=True, threads=1, max_links=np.inf, stop=NOW):
    """Move nodes or units until none wants to; the change, the number of links visited, and who still waits."""
    n = len(level.nodes)
    visits = new_visits(max(n, 1), level.links.indices.dtype)
    visits = visits._replace(order=np.array(order, visits.order.dtype), waiting=visits.waiting[:n])
    memory = block_of([], max(n, block))
    limits = Limits(float(max_links), np.uint64(exact), np.uint64(block), stop)
    candidates = 0 if constraint.deepest is None else (n + 2) * int(constraint.deepest)
    with Engine(threads) as engine:
        each = [scratch_for(level, candidates) for _ in range(threads)]
        state = state._replace(contents=sums_of_both_kinds(level.terms.contents))
        change, visited = engine.together(MOVE, level, state, constraint, visits, memory, limits, each=each)
    assert not memory.position.any()
    assert not any(scratch.table.any() for scratch in each)
    return change, visited, np.flatnonzero(visits.waiting)

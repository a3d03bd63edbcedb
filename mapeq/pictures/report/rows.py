"""The nodes that a page lists: once in their module, and physical nodes of states once in each module of theirs."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import distinct
from mapeq._base.hierarchy import ROOT, sums_upwards
from mapeq.io.files.leaves import Leaves, leaves_of
from mapeq.network.states import States, names_of_nodes
from mapeq.result.members import normalised_shares
from mapeq.result.result import Result

#: Maximum number of states, or of their layers, that a page names, and for one node in a module.
MOST_STATES, _MOST_STATES_EACH = 60_000, 4


def rows_of(result: Result) -> Leaves:
    """Return the nodes by finest module, in the order of the modules' numbers, and by decreasing flow.

    Of states, a row is a physical node in a module: all its states there.

    Examples
    --------
    >>> import mapeq
    >>> network = mapeq.Network.from_edges([0, 1], [1, 2], [1, 3]).with_states(["ann", "ann", "bob"])
    >>> rows = rows_of(mapeq.evaluate(network, [0, 0, 0]))
    >>> rows.flow.round(3).tolist(), rows.row_of.tolist()
    ([0.625, 0.375], [0, 0, 1])
    """
    rows = leaves_of(result, physical=result.network.states is not None)
    order = np.argsort(rows.modules, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Leaves(rows.nodes[order], rows.modules[order], rows.ranks[order], rows.flow[order], place[rows.row_of])


def members(result: Result, rows: Leaves) -> NDArray[np.int64]:
    """Return the number of rows in each module, at any depth. Shape (t,) for t modules."""
    parent = result.hierarchy.parent
    counts = np.bincount(rows.modules, minlength=len(parent))
    return sums_upwards(counts.astype(np.float64), parent).astype(np.int64)


def num_nodes(result: Result, rows: Leaves) -> NDArray[np.int64]:
    """Return the number of nodes in each module, at any depth; of states, that of different physical nodes.

    Shape (t,) for t modules.
    """
    states, parent = result.network.states, result.hierarchy.parent.astype(np.int64)
    if states is None:
        return members(result, rows)
    count = len(states.labels)
    module, node = rows.modules, states.physical[rows.nodes].astype(np.int64)
    pairs = [module * count + node]
    while len(inside := np.flatnonzero(module != ROOT)):
        module, node = parent[module[inside]], node[inside]
        pairs.append(module * count + node)
    return np.bincount(distinct(np.concatenate(pairs)) // count, minlength=len(parent))


def most_of_each(counts: NDArray[np.int64], limit: int) -> int:
    """Return how many things of each group to take, as a maximum, so that they are not more than a limit; perhaps 0."""
    return bisect_right(range(1, limit), limit, key=lambda most: np.minimum(counts, most).sum())


def lists_of_states(result: Result, states: States, rows: Leaves, listed: NDArray[np.int64]) -> dict[str, Any]:
    """Return what the page says of the states behind its nodes.

    Parameters
    ----------
    result : Result
    states : States
    rows : Leaves
        As :func:`rows_of` returns them.
    listed : int64 array
        The rows in the page.

    Returns
    -------
    dict
        ``names`` are names of layers if ``layered``, otherwise of states. The other lists have one entry per listed
        row: ``physical``, a number that rows of the same physical node share; ``share``, the part of the node's flow
        that is in its module, as :meth:`mapeq.Result.memberships` has it; ``number``, that of its states there;
        ``named``, positions in ``names``: of its states there the most visited, or their layers.
    """
    in_order = np.lexsort((-result.flow, rows.row_of))
    first = np.searchsorted(rows.row_of[in_order], np.arange(len(rows.nodes) + 1))
    number = np.diff(first)[listed]
    most = min(most_of_each(number, MOST_STATES), _MOST_STATES_EACH)
    ends = first[listed] + np.minimum(number, most)
    shown = [in_order[begin:end] for begin, end in zip(first[listed].tolist(), ends.tolist(), strict=True)]
    return {
        **_named(result, states, shown),
        "physical": states.physical[rows.nodes[listed]].tolist(),
        "share": [float(f"{share:.3g}") for share in _shares(result, states, rows)[listed].tolist()],
        "number": number.tolist(),
    }


def _named(result: Result, states: States, shown: list[NDArray[np.int64]]) -> dict[str, Any]:
    """Return the names of states, or of their layers, and their positions among these names."""
    if states.layer is not None and states.layers is not None:
        layer = states.layer
        names, named = list(map(str, states.layers)), [layer[row].tolist() for row in shown]
        return {"layered": True, "names": names, "named": named}
    of_states = names_of_nodes(result.node_labels, states)
    position: dict[int, int] = {}
    named = [[position.setdefault(state, len(position)) for state in row.tolist()] for row in shown]
    return {"layered": False, "names": [str(of_states[state]) for state in position], "named": named}


def _shares(result: Result, states: States, rows: Leaves) -> NDArray[np.float64]:
    """Return the part of each physical node's flow that its states in a row have."""
    physical, flow = states.physical.astype(np.intp), result.flow
    shape = (len(states.labels), len(rows.nodes))
    table = normalised_shares(physical, rows.row_of.astype(np.intp), flow, shape)
    found: NDArray[np.float64] = np.asarray(table.sum(axis=0)).ravel()  # each row has one physical node
    return found

"""Map equation similarity: the bits that describe a step between any two nodes, and the links it says are missing.

Blöcker, Smiljanić, Scholtes & Rosvall, Learning on Graphs, PMLR 198, 52 (2022).
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.hierarchy import ROOT, depths
from mapeq._base.jit import allocating, inlined
from mapeq.result.members import check_both_sides
from mapeq.result.result import Result
from mapeq.walk.bipartite import secondary_of
from mapeq.walk.flow import ENTER, EXIT

Mask = NDArray[np.bool_]


class CodeWords(NamedTuple):
    """Lengths of code words in bits; infinite for what never happens.

    Attributes
    ----------
    enter, exit : float64 arrays of shape (t,)
        Of entering each module, in the codebook of its parent; of leaving it, in its own codebook.
    visit : float64 array of shape (n,)
        Of each node, in the codebook of its leaf module.
    """

    enter: FloatArray
    exit: FloatArray
    visit: FloatArray


class Pairs(NamedTuple):
    """Ordered pairs of nodes by position, and bits: three arrays of shape (p,)."""

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    bits: FloatArray


class _Ends(NamedTuple):
    """Nodes as one end of a step, once for each module that they are in, by module and bits.

    The end of a step in module b stands between ``ptr[b]`` and ``ptr[b + 1]``; ``group`` is the module directly in b
    that the node is in, or, in a leaf module, the node itself. A step by the codebook of b joins two groups.
    """

    ptr: NDArray[np.int64]
    module: NDArray[np.int64]
    node: NDArray[np.int64]
    group: NDArray[np.int64]
    bits: FloatArray


def code_words(result: Result) -> CodeWords:
    """Return the lengths of code words: each codebook is used for its nodes, or its modules, and its exit."""
    module_of, parent = result.hierarchy
    enter, exit = result.module_records[:, ENTER], result.module_records[:, EXIT]
    use = exit + np.bincount(module_of, result.flow, minlength=len(parent))
    use += np.bincount(parent[1:], enter[1:], minlength=len(parent))
    return CodeWords(_bits(enter, use[parent]), _bits(exit, use), _bits(result.flow, use[module_of]))


def _bits(part: FloatArray, whole: FloatArray | float) -> FloatArray:
    """Return the length of a code word that is a part of all that its codebook is used for."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(part > 0, np.log2(whole) - np.log2(part), np.inf)


def step_bits(result: Result, sources: IntArray, targets: IntArray) -> FloatArray:
    """Return the bits of a step between nodes, given by position; see :meth:`mapeq.Result.similarity`.

    Parameters
    ----------
    sources, targets : integer arrays of shape (p,)

    Returns
    -------
    float64 array of shape (p,)

    Raises
    ------
    NetworkError
        If the nodes are states, or those of one side of a bipartite network.
    """
    _check_all_nodes(result)
    words, parent, depth = code_words(result), result.hierarchy.parent, depths(result.hierarchy.parent)
    here, there = (result.hierarchy.module_of[ends] for ends in (sources, targets))
    found = words.visit[targets]
    while (apart := here != there).any():
        up, down = apart & (depth[here] >= depth[there]), apart & (depth[there] >= depth[here])
        found[up] += words.exit[here[up]]
        found[down] += words.enter[there[down]]
        here[up], there[down] = parent[here[up]], parent[there[down]]
    return found


def missing_links(result: Result, k: int) -> Pairs:
    """Return the k pairs without a link whose steps have most flow; see :meth:`mapeq.Result.predict_links`.

    Notes
    -----
    The bits of a step through the codebook of a module are a sum of two numbers: one for the way up from its source,
    one for the way down to its target. So the best target of every source is the same, but for those in its own part of
    the module and those it links to. A heap holds the next best target of each source.

    Raises
    ------
    NetworkError
        If the nodes are states or those of one side of a bipartite network, or one side has no visit rates.
    """
    _check_all_nodes(result)
    network = result.network
    sides: list[tuple[Mask, Mask]] = [(np.ones(result.num_nodes, dtype=np.bool_),) * 2]
    if network.sides is not None:
        if secondary_of(network, result.walk_options) is not None:
            raise NetworkError(
                "secondary nodes of a bipartite network have no visit rates here, and so no links can be predicted; "
                "search with bipartite_flow='unfolded'"
            )
        sides = [(network.sides == side, network.sides != side) for side in (0, 1)]
    count = k if network.directed else 2 * k  # both directions of the same link
    parts = [_of_sides(result, may_start, may_end, count) for may_start, may_end in sides]
    sources, targets, bits = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(bits, kind="stable")
    if not network.directed:
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
        pair = sources[order] * result.num_nodes + targets[order]
        order = order[np.sort(np.unique(pair, return_index=True)[1])]
    return Pairs(sources[order[:k]], targets[order[:k]], bits[order[:k]])


def _of_sides(result: Result, may_start: Mask, may_end: Mask, count: int) -> Pairs:
    """The best ordered pairs without a link, of nodes that may be the first and the second."""
    words, network = code_words(result), result.network
    starts = _ends(result, _bits(result.node_flow.nodes[:, EXIT], 1.0), words.exit, may_start)
    ends = _ends(result, words.visit, words.enter, may_end)
    found = _best_pairs(starts, ends, _next_groups(ends.group, ends.module), network.indptr, network.indices, count)
    return Pairs(*found)


def _ends(result: Result, of_node: FloatArray, of_module: FloatArray, may: Mask) -> _Ends:
    """The nodes that may be an end of a step, with the bits of the way between them and each module they are in."""
    module_of, parent = result.hierarchy
    node = np.flatnonzero(may & np.isfinite(of_node))
    module, group, bits = module_of[node].astype(np.int64), node, of_node[node]
    parts = []
    while len(node):
        parts.append((module, node, group, bits))
        on = (module != ROOT) & np.isfinite(of_module[module])
        node, group, bits = node[on], module[on], (bits + of_module[module])[on]
        module = parent[module[on]].astype(np.int64)
    if not parts:
        parts = [(module, node, group, bits)]
    module, node, group, bits = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((bits, module))
    ptr = np.searchsorted(module[order], np.arange(len(parent) + 1))
    return _Ends(ptr, module[order], node[order], group[order], bits[order])


def _next_groups(group: NDArray[np.int64], module: NDArray[np.int64]) -> NDArray[np.int64]:
    """The next position of another group or module than at each position."""
    changes = np.flatnonzero((np.diff(group) != 0) | (np.diff(module) != 0)) + 1
    following = np.append(changes, len(group))
    return following[np.searchsorted(changes, np.arange(len(group)), side="right")]


@allocating
def _best_pairs(starts, ends, next_group, indptr, indices, count):
    """Return at most `count` pairs by increasing bits.

    A heap entry is a pair, or, with column -1, a bound on those of a start whose first pair is not yet looked for.
    """
    heap = [(0.0, np.int64(0), np.int64(0)) for _ in range(0)]
    for module in range(len(starts.ptr) - 1):
        row, column = starts.ptr[module], ends.ptr[module]
        if row < starts.ptr[module + 1] and column < ends.ptr[module + 1]:
            heap.append((starts.bits[row] + ends.bits[column], row, np.int64(-1)))
    heapq.heapify(heap)
    sources = [np.int64(0) for _ in range(0)]
    targets = [np.int64(0) for _ in range(0)]
    found = [0.0 for _ in range(0)]
    while len(heap) > 0 and len(found) < count:
        bits, row, column = heapq.heappop(heap)
        module = starts.module[row]
        if column < 0:
            column = ends.ptr[module]
            if row + 1 < starts.ptr[module + 1]:
                heapq.heappush(heap, (starts.bits[row + 1] + ends.bits[column], row + 1, np.int64(-1)))
        else:
            sources.append(starts.node[row])
            targets.append(ends.node[column])
            found.append(bits)
            column += 1
        last = ends.ptr[module + 1]
        while column < last:
            if ends.group[column] == starts.group[row]:
                column = next_group[column]
            elif _is_linked(starts.node[row], ends.node[column], indptr, indices):
                column += 1
            else:
                heapq.heappush(heap, (starts.bits[row] + ends.bits[column], row, column))
                break
    return np.array(sources, dtype=np.int64), np.array(targets, dtype=np.int64), np.array(found, dtype=np.float64)


@inlined
def _is_linked(source, target, indptr, indices):
    low, high = indptr[source], indptr[source + 1]
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low < indptr[source + 1] and indices[low] == target


def _check_all_nodes(result: Result) -> None:
    """Raise unless the nodes have code words of their own, and all of them are here."""
    if result.network.states is not None:
        raise NetworkError(
            "similarity is defined for nodes, not for states, which share the code words of their physical nodes; "
            "search a network without states"
        )
    check_both_sides(result)

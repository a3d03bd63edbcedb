"""Modules of a least size: small modules of a finished search are dissolved where that costs the fewest bits.

A small module is merged into one that its nodes are linked to, as a whole, or its nodes move one by one to modules that
are large enough, whichever is cheaper. The cheapest of all small modules comes first. In a hierarchy these are the leaf
modules, and they are merged with leaf modules in the same parent; where there is none that is linked, into the leaf
module that shares the most flow. What no link connects to another module stays as it is.

Costs are those of the moves of nodes, see :mod:`mapeq.objective.two_level`: there is no second objective.
"""

from __future__ import annotations

import heapq

import numpy as np

from mapeq._base.csr import ONE, IndexArray, read_only
from mapeq._base.hierarchy import Hierarchy, is_two_level, leaf_numbers, renumbered, two_levels
from mapeq._base.jit import jit, step
from mapeq.objective.level import Level
from mapeq.objective.multilevel import USE, dissolved, leaf_modules, multilevel_partition
from mapeq.objective.terms import teleport_flow
from mapeq.objective.two_level import add_to_index, apply_move, codebook_of, evaluate_move, partition, with_content_sums
from mapeq.optimizer.alternatives import NOT_SEEN, evaluated, forget, gather_near
from mapeq.walk.flow import ENTER, EXIT, link_flows

#: The nodes of larger modules do not move one by one: trying that takes time with the square of their number.
MOST_SINGLE = np.uint64(64)

#: Changes that differ by less than this are equal, in bits.
ROUNDING = 1e-12


def enlarged(level: Level, hierarchy: Hierarchy, min_size: int) -> Hierarchy:
    """The hierarchy without leaf modules of fewer nodes than a number, but for those that no links connect to others.

    Parameters
    ----------
    level : Level
        Of the network's n nodes.
    hierarchy : Hierarchy
        Of n nodes.
    min_size : int
    """
    if is_two_level(hierarchy):
        return two_levels(_numbered(_merged(level, leaf_numbers(hierarchy).copy(), min_size)))
    while True:
        hierarchy = renumbered(_merged_in_parents(level, hierarchy, min_size))
        moved = _merged_across(level, hierarchy, min_size)
        if moved is None:
            state = dissolved(level, multilevel_partition(level, hierarchy))
            return Hierarchy(state.module_of, state.parent)
        hierarchy = renumbered(moved)


def num_small(hierarchy: Hierarchy, min_size: int) -> int:
    """The number of leaf modules of fewer nodes than a number."""
    sizes = np.bincount(hierarchy.module_of)
    return int(np.count_nonzero((sizes > 0) & (sizes < min_size)))


def _numbered(module_of: IndexArray) -> IndexArray:
    numbers: IndexArray = np.unique(module_of, return_inverse=True)[1].astype(module_of.dtype)
    return numbers


def _merged_in_parents(level: Level, hierarchy: Hierarchy, min_size: int) -> Hierarchy:
    """Small leaf modules merged with others of the same parent: its index codebook changes, and nothing above it."""
    state = multilevel_partition(level, hierarchy)
    leaves, numbers = leaf_modules(state)
    # What else the codebook of a parent is used for: its exits, and the modules in it that are no leaf modules.
    entered = np.bincount(state.parent[numbers], state.modules[numbers, ENTER], minlength=len(state.parent))
    others = np.maximum(state.modules[:, USE] - entered, 0.0) + state.modules[:, EXIT]
    codebooks = leaves.codebooks._replace(exit=read_only(others))
    merged = _merged(level._replace(codebooks=codebooks), leaves.module_of.copy(), min_size)
    return Hierarchy(numbers[merged].astype(hierarchy.module_of.dtype), hierarchy.parent)


def _merged_across(level: Level, hierarchy: Hierarchy, min_size: int) -> Hierarchy | None:
    """Small leaf modules merged with those that share the most flow, in any parent; None if there is none to merge."""
    module_of, parent = hierarchy.module_of.copy(), hierarchy.parent
    sizes = np.bincount(module_of, minlength=len(parent))
    order, ends = np.argsort(module_of, kind="stable"), np.cumsum(sizes)
    small = np.flatnonzero((sizes > 0) & (sizes < min_size))
    members = {module: order[ends[module] - sizes[module] : ends[module]] for module in small.tolist()}
    flows, indptr, moved = link_flows(level.links), level.links.indptr.astype(np.int64), False
    for module in small[np.argsort(sizes[small], kind="stable")].tolist():
        if len(members[module]) >= min_size:  # others have joined it
            continue
        rows = np.concatenate([np.arange(indptr[node], indptr[node + 1]) for node in members[module]])
        near, numbers = np.unique(module_of[level.links.indices[rows]], return_inverse=True)
        shared = np.where(near == module, NOT_SEEN, np.bincount(numbers, flows[rows], minlength=len(near)))
        if (shared > NOT_SEEN).any():
            best = int(near[np.argmax(shared)])
            module_of[members[module]] = best
            if best in members:
                members[best] = np.concatenate([members[best], members[module]])
            members[module] = members[module][:0]
            moved = True
    return Hierarchy(module_of, parent) if moved else None


def _merged(level: Level, module_of: IndexArray, min_size: int) -> IndexArray:
    """The partition, which is changed, with small modules dissolved within their codebooks."""
    least = np.uint64(min_size)
    state = with_content_sums(level, partition(level, module_of))
    order = np.argsort(module_of, kind="stable").astype(module_of.dtype)
    ends = np.cumsum(np.bincount(module_of))
    small = np.flatnonzero((state.sizes > 0) & (state.sizes < least)).tolist()
    members = {module: order[ends[module] - state.sizes[module] : ends[module]] for module in small}
    flow, near = np.full(len(state.sizes), NOT_SEEN), np.empty(len(state.sizes), module_of.dtype)
    others = np.empty_like(near)

    def cheapest(module: int) -> tuple[float, IndexArray]:
        places = np.empty(len(members[module]), module_of.dtype)
        return float(_cheapest(level, state, members[module], least, flow, near, others, places)), places

    waiting = [(cheapest(module)[0], module) for module in small]
    heapq.heapify(waiting)
    num_merged, known_at = 0, dict.fromkeys(small, 0)
    while waiting:
        bits, module = heapq.heappop(waiting)
        if module not in members or state.sizes[module] >= least:
            continue
        bits, places = cheapest(module)
        if bits == np.inf:
            continue
        if known_at[module] < num_merged and waiting and bits > waiting[0][0]:  # others have changed since
            known_at[module] = num_merged
            heapq.heappush(waiting, (bits, module))
            continue
        _move_all(level, state, members[module], places, flow, near)
        num_merged += 1
        moved = members.pop(module)
        for place in np.unique(places).tolist():
            if place in members:
                members[place] = np.concatenate([members[place], moved[places == place]])
                known_at[place] = num_merged
                heapq.heappush(waiting, (cheapest(place)[0], place))
    return state.module_of


@jit
def _cheapest(level, state, members, least, flow, near, others, places):
    """Find out where the nodes of a small module go at the least cost.

    Parameters
    ----------
    level : Level
    state : Partition
        As it was afterwards, but for rounding.
    members : unsigned integer array of shape (k,)
        The nodes of the module.
    least : uint64
        Modules of so many nodes are large enough.
    flow : float64 array, one entry a module
        Scratch, NOT_SEEN everywhere.
    near, others : unsigned integer arrays, one entry a module
        Scratch.
    places : unsigned integer array of shape (k,)
        Gets the module that each node goes to.

    Returns
    -------
    float
        The change of the codelength in bits; infinite if no link leads to another module of the same codebook.
    """
    own = np.uint64(state.module_of[members[0]])
    count = np.uint64(0)
    for i in members:
        for k in range(level.links.indptr[i], level.links.indptr[i + ONE]):
            j = np.uint64(level.links.indices[k])
            m = np.uint64(state.module_of[j])
            if m != own and flow[m] == NOT_SEEN and codebook_of(state, j) == codebook_of(state, np.uint64(i)):
                flow[m] = 0.0
                near[count] = m
                count += ONE
    for c in range(count):
        flow[near[c]] = NOT_SEEN
        others[c] = near[c]
    best = np.inf
    for c in range(count):
        change = 0.0
        for i in members:
            change += _moved(level, state, np.uint64(i), np.uint64(others[c]), flow, near)
        for i in members:
            _moved(level, state, np.uint64(i), own, flow, near)
        if change < best - ROUNDING:
            best = change
            for p in range(len(members)):
                places[p] = others[c]
    if count > ONE and np.uint64(len(members)) > ONE and np.uint64(len(members)) <= MOST_SINGLE:
        change = _moved_singly(level, state, members, own, least, flow, near)
        if change < best - ROUNDING:
            best = change
            for p in range(len(members)):
                places[p] = state.module_of[members[p]]
        for i in members:
            if np.uint64(state.module_of[i]) != own:
                _moved(level, state, np.uint64(i), own, flow, near)
    return best


@step
def _moved_singly(level, state, members, own, least, flow, near):
    """Move the nodes of a module to large ones, the cheapest first; the change in bits, infinite if some stay."""
    change = 0.0
    for _ in range(len(members)):
        best, node, place = np.inf, np.uint64(0), own
        for member in members:
            i = np.uint64(member)
            if np.uint64(state.module_of[i]) != own:
                continue
            count = gather_near(level.links, state, i, flow, near)
            inside = flow[own] if flow[own] != NOT_SEEN else 0.0
            for c in range(count):
                m = np.uint64(near[c])
                if m != own and np.uint64(state.sizes[m]) >= least:
                    one = evaluated(level, state, i, m, inside, flow[m])
                    if one < best - ROUNDING:
                        best, node, place = one, i, m
            forget(flow, near, count)
        if best == np.inf:
            change = np.inf
            break
        change += _moved(level, state, node, place, flow, near)
    return change


@step
def _moved(level, state, i, destination, flow, near):
    """Move a node; returns the change in bits."""
    origin = np.uint64(state.module_of[i])
    count = gather_near(level.links, state, i, flow, near)
    to_origin = flow[origin] if flow[origin] != NOT_SEEN else 0.0
    to_destination = flow[destination] if flow[destination] != NOT_SEEN else 0.0
    forget(flow, near, count)
    to_origin += teleport_flow(level.terms.teleport, i, state.teleport, origin, 1.0)
    to_destination += teleport_flow(level.terms.teleport, i, state.teleport, destination, 0.0)
    change, _, left, joined = evaluate_move(level.nodes, level.terms, state, i, destination, to_origin, to_destination)
    more = apply_move(level.terms, state, i, destination, left, joined)
    add_to_index(state, codebook_of(state, i), to_origin - to_destination, more)
    return change


@jit
def _move_all(level, state, members, places, flow, near):
    """Move nodes to the given modules."""
    for p in range(len(members)):
        _moved(level, state, np.uint64(members[p]), np.uint64(places[p]), flow, near)

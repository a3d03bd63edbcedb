"""What a search returns: hierarchies of connected modules, and their codelengths to the last digit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, IndexArray
from mapeq._base.hierarchy import Hierarchy, cut, depths, is_two_level, leaf_numbers, two_levels
from mapeq._base.jit import jit, kernel_of, step
from mapeq._base.team import ZERO, barrier, num_chunks, share, ticket
from mapeq.objective.level import Level
from mapeq.objective.multilevel import dissolved, multilevel_codelength
from mapeq.optimizer.aggregation import Groups, group
from mapeq.optimizer.engine import Engine
from mapeq.walk.flow import ask_for_next

_GROUP = kernel_of(group)

#: Modules whose parts are found at once by one thread.
MODULES = np.uint64(16)


class Outcome(NamedTuple):
    """A hierarchy and its codelength; its modules are connected where nothing but links speaks for them.

    Its modules are numbered level by level.
    """

    hierarchy: Hierarchy
    codelength: float


def outcome(level: Level, hierarchy: Hierarchy, engine: Engine, known_codelength: float | None = None) -> Outcome:
    """The hierarchy with each module replaced by its connected parts.

    Its codelength is summed up anew, to the last digit, unless no module is split and `known_codelength` is given.
    Recorded teleportation and contents that attract connect nodes without links, and modules may have a price: then a
    module may be better as a whole.
    """
    candidates = [hierarchy]
    split = _split_by_connection(level, hierarchy, engine)
    if len(split.parent) > len(hierarchy.parent):
        if not is_two_level(split):  # a part may hold a single module
            state = dissolved(level, engine.hierarchy(level, split))
            split = Hierarchy(state.module_of, state.parent)
        contents = level.terms.contents
        attracts = contents is not None and contents.num_attracting > 0
        may_be_apart = level.terms.teleport is not None or level.terms.counting is not None or attracts
        candidates = [split, hierarchy] if may_be_apart else [split]
    elif known_codelength is not None:
        return Outcome(hierarchy, known_codelength)
    return min((_measured(level, candidate, engine) for candidate in candidates), key=lambda found: found.codelength)


def _measured(level: Level, hierarchy: Hierarchy, engine: Engine) -> Outcome:
    if is_two_level(hierarchy):
        return Outcome(hierarchy, engine.measured(level, leaf_numbers(hierarchy)))
    return Outcome(hierarchy, multilevel_codelength(level, engine.hierarchy(level, hierarchy)).total)


def _split_by_connection(level: Level, hierarchy: Hierarchy, engine: Engine) -> Hierarchy:
    """The connected parts of a hierarchy's modules as modules, level by level."""
    if is_two_level(hierarchy):
        return two_levels(connected_parts(level, leaf_numbers(hierarchy), engine))
    depth = depths(hierarchy.parent)
    leaf_depth = depth[hierarchy.module_of]
    module_of = np.zeros_like(hierarchy.module_of)
    parents = [np.zeros(1, dtype=module_of.dtype)]
    count = 1
    for number in range(1, int(depth.max()) + 1):
        parts = connected_parts(level, cut(hierarchy, number), engine)
        inside = leaf_depth >= number
        used = np.zeros(int(parts.max(initial=0)) + 1, dtype=np.bool_)
        used[parts[inside]] = True
        parent = np.empty(len(used), dtype=module_of.dtype)
        parent[parts[inside]] = module_of[inside]
        parents.append(parent[used])
        new_number = count - 1 + np.cumsum(used)
        module_of[inside] = new_number[parts[inside]]
        count += len(parents[-1])
    return Hierarchy(module_of, np.concatenate(parents))


def connected_parts(level: Level, module_of: IndexArray, engine: Engine) -> IndexArray:
    """The connected part of a module that each node is in, numbered module by module.

    Parameters
    ----------
    level : Level
        Of n nodes.
    module_of : unsigned integer array of shape (n,)
    engine : Engine

    Returns
    -------
    unsigned integer array of shape (n,)
        The parts of each module have consecutive numbers, in the order of their first nodes.
    """
    count, shared = int(module_of.max(initial=0)) + 1, engine.is_shared(level)
    groups = Groups(np.empty(count + 1, np.uint64), np.empty_like(module_of))
    engine.together(_GROUP, module_of, groups, np.empty(count, module_of.dtype), shared=shared)
    part_of, queue, num_parts = np.empty_like(module_of), np.empty_like(module_of), np.empty(count, np.uint64)
    engine.together(_find_parts, level.links, module_of, groups, queue, part_of, num_parts, shared=shared)
    return part_of


@jit
def _find_parts(team, links, module_of, groups, queue, part_of, num_parts):
    """Number the connected parts of all modules; one thread walks over the links of a module."""
    n, count = np.uint64(len(module_of)), np.uint64(len(num_parts))
    begin, end = share(n, team)
    for i in range(begin, end):
        part_of[i] = n
    barrier(team)
    shares = num_chunks(count, MODULES)
    one = ticket(team)
    while one < shares:
        for m in range(one * MODULES, min((one + ONE) * MODULES, count)):
            num_parts[m] = _find_parts_of(links, module_of, groups, m, queue, part_of)
        one = ticket(team)
    barrier(team)
    if team.number == ZERO:  # parts are numbered on from module to module
        before = ZERO
        for m in range(count):
            more = num_parts[m]
            num_parts[m] = before
            before += more
    barrier(team)
    for i in range(begin, end):
        part_of[i] += num_parts[module_of[i]]
    barrier(team)


@step
def _find_parts_of(links, module_of, groups, m, queue, part_of):
    """Number the connected parts of one module from 0, by a walk over its links; returns how many there are.

    Most modules are one part, of which few nodes reach all others: the links of the rest need not be read.
    """
    n = np.uint64(len(module_of))
    head, end = groups.starts[m], groups.starts[m + ONE]
    tail = head
    parts = ZERO
    for position in range(head, end):
        first = np.uint64(groups.members[position])
        if part_of[first] < n:
            continue
        part_of[first] = parts
        queue[tail] = first
        tail += ONE
        while head < tail and tail < end:
            i = np.uint64(queue[head])
            ask_for_next(links, queue, head, tail, module_of)
            head += ONE
            for k in range(links.indptr[i], links.indptr[i + ONE]):
                j = np.uint64(links.indices[k])
                if module_of[j] == m and part_of[j] == n:
                    part_of[j] = parts
                    queue[tail] = j
                    tail += ONE
        parts += ONE
    return parts

"""From one level of a search to the next: group nodes by module, and aggregate the modules to nodes of a coarser level.

The search climbs by aggregating the modules it has found and comes down again by composing their numbers
(Blondel et al., J. Stat. Mech. P10008, 2008). The sums of the modules travel with it both ways: they are never
summed up from the links again.

Each kernel is a step that the threads of a team take together, see :mod:`mapeq._base.team`. It writes to memory that is
given to it, as long as it needs at least.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.atomics import read_only_view
from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.jit import inlined, jit, step
from mapeq._base.records import record
from mapeq._base.team import CHUNK, ZERO, barrier, num_chunks, place, share, ticket
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.contents import contents_of
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.level import Level
from mapeq.objective.terms import Terms, within_modules
from mapeq.objective.two_level import COST, INDEX_COST, INDEX_RATE, NUM_MODULES, codebook_of, open_codebooks
from mapeq.optimizer.candidates import add_flow, clear_table, table_mask
from mapeq.optimizer.coarse_contents import contents_of_memory, sum_contents
from mapeq.walk.flow import ENTER, Links, ask_for_next, flow_of

#: Links of a coarser level are summed up in parts of rows with about this many links of the finer one.
ROWS = np.uint64(16_384)

#: Links that wait in scratch memory are put into the hash table when there are so many.
WAITING = np.uint64(2048)


class Groups(NamedTuple):
    """The nodes of each module: those of module ``m`` are ``members[starts[m]:starts[m + 1]]``, in ascending order."""

    starts: NDArray[np.uint64]
    members: IndexArray


@record
class LevelMemory(NamedTuple):
    """Memory for a level of up to n nodes and their links.

    Attributes
    ----------
    indptr : uint64 array of shape (n + 1,)
    indices : unsigned integer array of shape (number of links,)
    flow : float64 array of shape (number of links,)
    nodes : float64 array of shape (n, 3)
    teleport : float64 array of shape (n, 2) or None
    codebook_of : unsigned integer array of shape (n,)
    content_indptr : uint64 array of shape (n + 1,) or None
    features : uint32 array of shape (number of amounts,) or None
    amounts : float64 array of shape (number of amounts,) or None
    """

    indptr: NDArray[np.uint64]
    indices: IndexArray
    flow: FloatArray
    nodes: FloatArray
    teleport: FloatArray | None
    codebook_of: IndexArray
    content_indptr: NDArray[np.uint64] | None
    features: NDArray[np.uint32] | None
    amounts: FloatArray | None


@step
def single_modules(team, level, state, sums):
    """Put every node into a module of its own, node ``i`` into module ``i``."""
    begin, end = share(np.uint64(len(level.nodes)), team)
    for i in range(begin, end):
        state.module_of[i] = i
        _fill_single(level, state, i, i)
    _sum_index_of_singles(team, level, state, sums)


@step
def singletons_in_groups(team, level, groups, state, sums):
    """Put every node into a module of its own, numbered by its place in the groups."""
    begin, end = share(np.uint64(len(level.nodes)), team)
    for m in range(begin, end):
        i = np.uint64(groups.members[m])
        state.module_of[i] = m
        _fill_single(level, state, i, m)
    _sum_index_of_singles(team, level, state, sums)


@inlined
def _fill_single(level, state, i, m):
    """The record of a module `m` of a single node."""
    for column in range(3):
        state.modules[m, column] = level.nodes[i, column]
    state.modules[m, COST] = module_cost(level.nodes[i, 0], level.nodes[i, 1], level.nodes[i, 2])
    state.sizes[m] = 1
    _copy_teleport(level.terms.teleport, i, state.teleport, m)


@inlined
def _copy_teleport(source, i, target, m):
    if source is not None:
        for column in range(2):
            target[m, column] = source[i, column]


@inlined
def _sum_index_of_singles(team, level, state, sums):
    """Sum up the index codebooks of a partition into single nodes."""
    index, exit = state.index_sums, level.codebooks.exit
    n = np.uint64(len(level.nodes))
    for chunk in range(team.number, num_chunks(n, CHUNK), team.size):
        rate = 0.0
        for i in range(chunk * CHUNK, min((chunk + ONE) * CHUNK, n)):
            rate += level.nodes[i, ENTER]
        sums[chunk, 0] = rate
    barrier(team)
    if team.number == ZERO:
        open_codebooks(index, exit)
        if len(exit) == 1:
            index[0, NUM_MODULES] = n
            for chunk in range(num_chunks(n, CHUNK)):
                index[0, INDEX_RATE] += sums[chunk, 0]
        else:
            for i in range(n):
                codebook = codebook_of(state, i)
                index[codebook, INDEX_RATE] += level.nodes[i, ENTER]
                index[codebook, NUM_MODULES] += 1.0
        for g in range(len(exit)):
            index[g, INDEX_COST] = plogp(index[g, INDEX_RATE])
    barrier(team)


@step
def compact(team, state, number, counts, small):
    """Number the modules of a partition without gaps; returns how many there are.

    `number` gets the new number of each module, `counts` is scratch; `small` gets the partition, but for its index.
    """
    rows = np.uint64(len(state.sizes))
    for chunk in range(team.number, num_chunks(rows, CHUNK), team.size):
        count = ZERO
        for m in range(chunk * CHUNK, min((chunk + ONE) * CHUNK, rows)):
            count += np.uint64(state.sizes[m] != ZERO)
        counts[chunk] = count
    barrier(team)
    num_modules = ZERO
    for chunk in range(num_chunks(rows, CHUNK)):
        if chunk % team.size == team.number:
            new = num_modules
            for m in range(chunk * CHUNK, min((chunk + ONE) * CHUNK, rows)):
                if state.sizes[m] != ZERO:
                    number[m] = new
                    _copy_module(state, m, small, new)
                    new += ONE
        num_modules += counts[chunk]
    barrier(team)
    begin, end = share(np.uint64(len(state.module_of)), team)
    for i in range(begin, end):
        small.module_of[i] = number[state.module_of[i]]
    barrier(team)
    return num_modules


@inlined
def _copy_module(source, m, target, new):
    target.sizes[new] = source.sizes[m]
    for column in range(4):
        target.modules[new, column] = source.modules[m, column]
    _copy_teleport(source.teleport, m, target.teleport, new)


@step
def expand(team, small, state):
    """Fill in the modules of a partition, whose `module_of` is known, from a compact one; all other rows are empty."""
    count, rows = np.uint64(len(small.sizes)), np.uint64(len(state.sizes))
    begin, end = share(rows, team)
    for m in range(begin, end):
        if m < count:
            _copy_module(small, m, state, m)
        else:
            for column in range(4):
                state.modules[m, column] = 0.0
            _clear_teleport(state.teleport, m)
    _count_members(team, state.module_of, state.sizes)
    barrier(team)


@inlined
def _clear_teleport(teleport, m):
    if teleport is not None:
        for column in range(2):
            teleport[m, column] = 0.0


@inlined
def _count_members(team, module_of, sizes):
    """The number of nodes in each module; every thread counts those of a range of modules."""
    begin, end = share(np.uint64(len(sizes)), team)
    for m in range(begin, end):
        sizes[m] = 0
    for i in range(np.uint64(len(module_of))):
        m = np.uint64(module_of[i])
        if m - begin < end - begin:
            sizes[m] += ONE


@step
def group(team, module_of, groups, ends):
    """Sort nodes by module: every thread places those of a range of modules. `ends` is scratch, for each module.

    The modules have numbers below ``len(ends)``.
    """
    count, n = np.uint64(len(ends)), np.uint64(len(module_of))
    _count_members(team, module_of, ends)
    barrier(team)
    if team.number == ZERO:
        groups.starts[0] = 0
        for m in range(count):
            groups.starts[m + ONE] = groups.starts[m] + np.uint64(ends[m])
    barrier(team)
    # Ranges of modules with as many nodes each.
    first = first_from(groups.starts, count, n * team.number // team.size)
    last = first_from(groups.starts, count, n * (team.number + ONE) // team.size)
    last = count if team.number + ONE == team.size else last
    for m in range(first, last):
        ends[m] = groups.starts[m]
    for i in range(n):
        m = np.uint64(module_of[i])
        if m - first < last - first:
            groups.members[ends[m]] = i
            ends[m] += ONE
    barrier(team)


@inlined
def first_from(starts, count, position):
    """The first of `count` groups that starts at a position or behind it."""
    low, high = ZERO, count
    while low < high:
        middle = (low + high) // np.uint64(2)
        if starts[middle] < position:
            low = middle + ONE
        else:
            high = middle
    return low


@step
def aggregate(team, level, state, groups, links_before, memory, scratch):
    """The coarser level whose nodes are the modules of a compact partition, linked by the flow between them.

    The codelength of a partition of modules is the same as that of the nodes within them. `links_before`, uint64 of
    shape (n + 1,), is scratch: the number of links of the nodes of all modules before each one.
    """
    count = np.uint64(len(state.sizes))
    _count_links(team, level.links, groups, links_before, count)
    _sum_rows(team, level.links, state.module_of, groups, links_before, memory, count, scratch)
    begin, end = share(count, team)
    for m in range(begin, end):
        for column in range(3):
            memory.nodes[m, column] = state.modules[m, column]
        _copy_teleport(state.teleport, m, memory.teleport, m)
        memory.codebook_of[m] = codebook_of(state, np.uint64(groups.members[groups.starts[m]]))
    if team.number == ZERO:
        sum_contents(level.terms.contents, groups, memory, count, scratch)
    barrier(team)
    return coarser_level(level, memory, count)


@inlined
def coarser_level(level, memory, count):
    """The level that memory holds, of so many nodes."""
    num_links = memory.indptr[count]
    links = Links(
        read_only_view(memory.indptr[: count + ONE]),
        read_only_view(memory.indices[:num_links]),
        read_only_view(memory.flow[:num_links]),
        ONE,
        1.0,
    )
    codebooks = Codebooks(read_only_view(memory.codebook_of[:count]), level.codebooks.stride, level.codebooks.exit)
    contents = contents_of_memory(level.terms.contents, memory, count)[0]
    terms = Terms(_read_only_rows(memory.teleport, count)[0], level.terms.counting, contents)
    return Level(links, read_only_view(memory.nodes[:count]), terms, level.constant, codebooks)


@inlined
def _read_only_rows(array, count):
    # In a tuple: Numba lets no kernel without reference counts return an array by itself.
    if array is not None:
        return (read_only_view(array[:count]),)
    return (read_only_view(array),)


@step
def _count_links(team, links, groups, links_before, count):
    begin, end = share(count, team)
    for m in range(begin, end):
        total = ZERO
        for position in range(groups.starts[m], groups.starts[m + ONE]):
            i = np.uint64(groups.members[position])
            total += links.indptr[i + ONE] - links.indptr[i]
        links_before[m + ONE] = total
    barrier(team)
    if team.number == ZERO:
        links_before[0] = 0
        for m in range(count):
            links_before[m + ONE] += links_before[m]
    barrier(team)


@step
def _sum_rows(team, links, module_of, groups, links_before, memory, count, scratch):
    """Sum up the links of each module, in the order of its nodes, and write the rows of the coarser level.

    A thread sums up a part of the rows in its scratch memory, and learns where they belong as soon as all rows before
    them are summed up: nothing is written twice, and all have the place that a single thread would give them.
    """
    parts = num_chunks(links_before[count], ROWS)
    part = ticket(team)
    while part < max(parts, ONE):
        first = first_from(links_before, count, part * ROWS)
        last = first_from(links_before, count, (part + ONE) * ROWS) if part + ONE < parts else count
        size = ZERO
        for m in range(first, last):
            num_links = links_before[m + ONE] - links_before[m]
            size += _sum_row(links, module_of, groups, m, min(num_links + ONE, count), size, scratch)
            memory.indptr[m + ONE] = size
        begin = place(team, part, size)
        for m in range(first, last):
            memory.indptr[m + ONE] += begin
        for k in range(size):
            memory.indices[begin + k] = scratch.modules[k]
            memory.flow[begin + k] = scratch.flow_to_module[k]
        part = ticket(team)
    if team.number == ZERO:
        memory.indptr[0] = 0
    barrier(team)


@inlined
def _sum_row(links, module_of, groups, m, most, first, scratch):
    """Sum up the links of a module to others, at most so many, in entries from `first` on; returns their number."""
    mask = table_mask(most)
    size, waiting = ZERO, ZERO
    last = groups.starts[m + ONE]
    for position in range(groups.starts[m], last):
        i = np.uint64(groups.members[position])
        start = links.indptr[i]
        ask_for_next(links, groups.members, position, last, module_of)
        for k in range(links.indptr[i + ONE] - start):
            other = np.uint64(module_of[links.indices[start + k]])
            scratch.neighbour_modules[waiting] = other
            scratch.neighbour_flow[waiting] = flow_of(links, start + k)
            waiting += np.uint64(other != m)
        if waiting >= WAITING or position + ONE == last:
            for k in range(waiting):
                other = np.uint64(scratch.neighbour_modules[k])
                size = add_flow(other, scratch.neighbour_flow[k], mask, first, size, scratch)
            waiting = ZERO
    clear_table(size, scratch)
    return size


@step
def compose(team, lower, upper, found):
    """The number above of each item: ``found[i] = upper[lower[i]]``; `found` may be `lower`."""
    begin, end = share(np.uint64(len(lower)), team)
    for i in range(begin, end):
        found[i] = upper[lower[i]]
    barrier(team)


@step
def project(team, module_of, part_of, found):
    """The module of each part of modules, from those of the nodes."""
    begin, end = share(np.uint64(len(module_of)), team)
    for i in range(begin, end):
        found[part_of[i]] = module_of[i]  # threads may write the same number twice
    barrier(team)


def widest_row(indptr: NDArray[np.uint64]) -> int:
    """The largest number of entries in a row."""
    return int(_widest_row(indptr))


@jit
def _widest_row(indptr):
    widest = ZERO
    for i in range(len(indptr) - 1):
        widest = max(widest, indptr[i + 1] - indptr[i])
    return widest


def within_groups(level: Level, group_of: IndexArray, exit: FloatArray) -> tuple[Level, NDArray[np.intp]]:
    """The nodes of some groups, with an index codebook for each group and no links between them.

    Enter and exit flows of the nodes stay the same.

    Parameters
    ----------
    level : Level
        Of n nodes.
    group_of : unsigned integer array of shape (n,)
        The group of each node; a number beyond the last group leaves the node out.
    exit : float64 array of shape (number of groups,)
        The exit flow of each group.

    Returns
    -------
    level : Level
    members : integer array
        The nodes that are left, in order.
    """
    members = np.flatnonzero(group_of < len(exit))
    number = np.empty_like(group_of)
    number[members] = np.arange(len(members))
    indptr = np.zeros(len(members) + 1, dtype=np.uint64)
    _count_within(level.links, group_of, members, indptr)
    np.cumsum(indptr, out=indptr)
    indices = np.empty(int(indptr[-1]), dtype=group_of.dtype)
    flow = np.empty(len(indices)) if level.links.stride else level.links.flow.copy()
    _fill_within(level.links, group_of, number, members, indices, flow)
    links = Links(read_only(indptr), read_only(indices), read_only(flow), level.links.stride, level.links.scale)
    terms = within_modules(level.terms)
    if terms.teleport is not None:
        terms = terms._replace(teleport=read_only(terms.teleport[members]))
    terms = terms._replace(contents=contents_of(terms.contents, members))
    codebooks = Codebooks(read_only(group_of[members]), ONE, read_only(np.ascontiguousarray(exit)))
    return Level(links, read_only(level.nodes[members]), terms, 0.0, codebooks), members


@jit
def _count_within(links, group_of, members, counts):
    """Write the number of links that each member has within its group, from ``counts[1]`` on."""
    for position in range(len(members)):
        i = np.uint64(members[position])
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            counts[position + 1] += np.uint64(group_of[links.indices[k]] == group_of[i])


@jit
def _fill_within(links, group_of, number, members, indices, flow):
    """Write the neighbours of the members within groups, and the flows of these links."""
    filled = ZERO
    for position in range(len(members)):
        i = np.uint64(members[position])
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            j = links.indices[k]
            if group_of[j] == group_of[i]:
                indices[filled] = number[j]
                flow[filled * links.stride] = links.flow[k * links.stride]
                filled += ONE

"""The two-level map equation: bits per step to describe a random walk with a codebook for each module.

For modules with visit rate ``p``, enter flow ``e`` and exit flow ``x`` (Rosvall & Bergstrom, PNAS 105,
1118, 2008), with ``h(y) = y * log2(y)``::

    index codebook     h(sum of e) - sum of h(e)
    module codebooks   sum over modules of h(p + x) - h(x), minus the sum over nodes of h(p)

The index codebook names the module that is entered, each module codebook its nodes and its exit.
Only the sum of all enter flows ties modules together: the rest is a sum over modules, see
:mod:`mapeq.objective.formula`.

Three things must agree, and a test holds them to it: the codelength from scratch
(:func:`codelength`), the change of codelength of a move (:func:`evaluate_move`), and making
the move (:func:`apply_move`). With ``d`` the flow
between a node and a module, both ways, a module that gains the node has ``e + e_i - d`` and
``x + x_i - d``: the flow that crossed the border between the two no longer does. The same ``d`` serves both,
in directed networks too.

Row and module numbers are unsigned: Numba then needs no check for negative indices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.jit import inlined, jit, kernel_of, step
from mapeq._base.team import CHUNK, ZERO, barrier, num_chunks, share, team_of_one, ticket
from mapeq._base.threads import Threads
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.contents import (
    Contents,
    ContentSums,
    change_of_contents,
    content_sums,
    cost_of_sums,
    costs_of_contents,
    fill_sums,
    move_contents,
)
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.level import Level
from mapeq.objective.terms import (
    NODES_ARE_MODULES,
    OTHER_MODULES,
    PREFERRED_NUMBER,
    add_teleport,
    price_in_index,
    price_of_modules,
)
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, VISIT, flow_of

#: The column of a module's cost; the columns before it are those of a node.
COST = 3

#: Columns of an index codebook.
INDEX_RATE, INDEX_COST, NUM_MODULES = 0, 1, 2

#: Columns in which moves of a block are collected until all have been made: changes of the rate and of the number.
MORE_RATE, MORE_MODULES = 3, 4

#: Nodes whose links are read at once by one thread.
NODES = np.uint64(1024)

#: A border whose flow is below this fraction of what its nodes contribute is crossed by rounding errors only.
ROUNDING = 1e-14


class Codelength(NamedTuple):
    """A description length in bits per step; `total` is the sum of the other two."""

    total: float
    index_codelength: float
    module_codelength: float


class Partition(NamedTuple):
    """A partition with the sums that make moves cheap. Kernels write to it.

    Attributes
    ----------
    module_of : uint32 array of shape (n,) (uint64 beyond 2**32 nodes)
        The module of each node.
    modules : float64 array of shape (m, 4)
        A row for every node while nodes move, one for every module when compact:
        visit rate, enter flow, exit flow and cost of each module, side by side because they are
        needed together; a row of zeros where there is no module.
    teleport : float64 array of shape (m, 2) or None
        Recorded teleportation of each module, summed over its nodes.
    sizes : uint32 array of shape (m,)
        Number of nodes in each module.
    index_sums : float64 array of shape (g, 5)
        Of each index codebook: the rate at which it is used, ``h`` of that rate, the number of its modules, and, while
        moves are made, changes of the rate and the number that do not count yet.
    codebooks : Codebooks
        Which index codebook names the module of each node.
    contents : ContentSums or None
        Memory while nodes move; None at other times, and without contents.
    """

    module_of: IndexArray
    modules: FloatArray
    teleport: FloatArray | None
    sizes: IndexArray
    index_sums: FloatArray
    codebooks: Codebooks
    contents: ContentSums | None = None


def partition(
    level: Level, module_of: IndexArray, threads: Threads | None = None, rows: int | None = None
) -> Partition:
    """Sum up the modules of a partition.

    Parameters
    ----------
    level : Level
        Of n nodes, or of n modules of a finer partition (see :func:`mapeq.optimizer.aggregation.aggregate`).
    module_of : unsigned integer array of shape (n,)
        Values from 0 to ``rows - 1``; the Partition owns it afterwards.
    threads : Threads, optional
        They share the work.
    rows : int, optional
        Memory for so many modules; by default for as many as nodes, so that any can move.
    """
    rows = len(module_of) if rows is None else rows
    state = new_partition(level, module_of, rows)
    scratch = np.empty(len(module_of)), np.empty(rows), new_sums(len(module_of))
    (threads or Threads()).together(_sum_modules, level, state, *scratch)
    return state


def new_partition(level: Level, module_of: IndexArray, rows: int) -> Partition:
    """Memory for a partition into up to `rows` modules."""
    teleport = None if level.terms.teleport is None else np.empty((rows, 2))
    index = np.empty((len(level.codebooks.exit), 5))
    return Partition(module_of, np.empty((rows, 4)), teleport, np.empty(rows, module_of.dtype), index, level.codebooks)


def with_memory(level: Level, state: Partition) -> Partition:
    """The partition with memory for the sums of contents."""
    return state._replace(contents=content_sums(level.terms.contents))


def with_content_sums(level: Level, state: Partition) -> Partition:
    """The partition with the sums of the contents of its modules, so that single moves can be made."""
    state = with_memory(level, state)
    if state.contents is not None:
        _fill(level.terms, state)
    return state


@jit
def _fill(terms, state):
    fill_sums(terms.contents, state.module_of, state.contents)


def new_sums(count: int) -> FloatArray:
    """Memory for sums over chunks of so many items."""
    return np.empty((count // int(CHUNK) + 1, 2))


def codelength(level: Level, state: Partition) -> Codelength:
    """The codelength of a partition, from its module sums.

    Examples
    --------
    >>> from mapeq.network.network import Network
    >>> from mapeq.objective.level import network_level
    >>> from mapeq.walk.models import random_walk
    >>> from mapeq.walk.options import WalkOptions
    >>> triangles = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
    >>> level = network_level(random_walk(triangles, WalkOptions()))
    >>> codelength(level, partition(level, np.array([0, 0, 0, 1, 1, 1], np.uint32))).total
    2.320730356833...
    """
    state = with_memory(level, state)
    index, within = _sum_codelength(team_of_one(), level.terms, state, new_sums(len(state.sizes)))
    # Where the exact value is 0, rounding may leave something below it.
    index = max(index, 0.0)
    within = max(within + level.constant, 0.0)
    return Codelength(index + within, index, within)


def one_level_codelength(level: Level) -> float:
    """The codelength without any division into modules, in bits."""
    price = 0.0 if level.terms.counting is None else float(_price_of_one_module(level.terms))
    whole = np.zeros(len(level.nodes), np.uint32)
    return level.constant + price + float(costs_of_contents(level.terms.contents, whole, 1)[0])


@jit
def _price_of_one_module(terms):
    return price_of_modules(terms.counting, 1.0, 1.0)


@inlined
def evaluate_move(nodes, terms, state, i, destination, flow_to_origin, flow_to_destination):
    """What would happen if node `i` moved to another module.

    `flow_to_origin` and `flow_to_destination` are the flows between the node and the rest of each module, both
    ways, teleportation included.

    Returns
    -------
    change : float
        Of the codelength, in bits: below 0 is a gain.
    change_of_modules : float
        The part of the change that is not the index codebook's.
    left, joined : tuples of four floats
        The records of both modules after the move.
    """
    origin = np.uint64(state.module_of[i])
    left = _record(
        state.modules[origin, VISIT] - nodes[i, VISIT],
        state.modules[origin, ENTER] - nodes[i, ENTER] + flow_to_origin,
        state.modules[origin, EXIT] - nodes[i, EXIT] + flow_to_origin,
    )
    joined = _record(
        state.modules[destination, VISIT] + nodes[i, VISIT],
        state.modules[destination, ENTER] + nodes[i, ENTER] - flow_to_destination,
        state.modules[destination, EXIT] + nodes[i, EXIT] - flow_to_destination,
    )
    codebook = codebook_of(state, i)
    rate = state.index_sums[codebook, INDEX_RATE] + (flow_to_origin - flow_to_destination)
    more = np.float64(state.sizes[destination] == 0) - np.float64(state.sizes[origin] == 1)
    of_modules = (left[COST] - state.modules[origin, COST]) + (joined[COST] - state.modules[destination, COST])
    of_modules += change_of_contents(terms.contents, state.contents, i, origin, -1.0)
    of_modules += change_of_contents(terms.contents, state.contents, i, destination, 1.0)
    of_index = plogp(rate) - state.index_sums[codebook, INDEX_COST]
    return of_modules + of_index + change_of_number(terms.counting, state, codebook, more), of_modules, left, joined


@inlined
def _record(visit, enter, exit):
    """The record of a module."""
    return visit, enter, exit, module_cost(visit, enter, exit)


@inlined
def apply_move(terms, state, i, destination, left, joined):
    """Move node `i` as it was evaluated; the index follows by :func:`add_to_index`.

    Returns how many more modules there are: -1, 0 or 1.
    """
    origin = np.uint64(state.module_of[i])
    more = np.float64(state.sizes[destination] == 0) - np.float64(state.sizes[origin] == 1)
    state.module_of[i] = destination
    state.sizes[origin] -= ONE
    state.sizes[destination] += ONE
    # An empty module is cleared exactly: what cancellation leaves must not look like a module.
    kept = 0.0 if state.sizes[origin] == 0 else 1.0
    for column in range(4):
        state.modules[origin, column] = kept * left[column]
        state.modules[destination, column] = joined[column]
    add_teleport(terms.teleport, i, state.teleport, origin, -1.0)
    add_teleport(terms.teleport, i, state.teleport, destination, 1.0)
    move_contents(terms.contents, state.contents, i, origin, destination)
    return more


@inlined
def add_to_index(state, codebook, rate, more):
    """Let an index codebook be used more, by a `rate`, and name `more` modules; returns its change in bits."""
    before = state.index_sums[codebook, INDEX_COST]
    state.index_sums[codebook, INDEX_RATE] += rate
    state.index_sums[codebook, INDEX_COST] = plogp(state.index_sums[codebook, INDEX_RATE])
    state.index_sums[codebook, NUM_MODULES] += more
    return state.index_sums[codebook, INDEX_COST] - before


@inlined
def change_of_number(counting, state, codebook, more):
    """How the price of modules changes if `more` modules are added to an index codebook (negative: removed), in bits.

    The modules of codebook 0 are top modules wherever a number of these is preferred.
    """
    if counting is None:
        return 0.0
    count = state.index_sums[codebook, NUM_MODULES]
    return _price_of_codebook(counting, codebook, count + more) - _price_of_codebook(counting, codebook, count)


@inlined
def codebook_of(state, i):
    """The index codebook that names the module of node `i`."""
    return np.uint64(state.codebooks.of[i * state.codebooks.stride])


@jit
def _sum_modules(team, level, state, internal, bound, sums):
    """Sum up the modules of a partition, and its index; the rest is scratch: for each node, module and chunk."""
    links, nodes, module_of, modules = level.links, level.nodes, state.module_of, state.modules
    n = np.uint64(len(module_of))
    parts = num_chunks(n, NODES)
    part = ticket(team)
    while part < parts:
        for i in range(part * NODES, min((part + ONE) * NODES, n)):
            m, within = module_of[i], 0.0
            for k in range(links.indptr[i], links.indptr[i + ONE]):
                # Branch-free: guesses that go wrong would wait for memory one by one.
                flow = flow_of(links, k)
                within += flow if module_of[links.indices[k]] == m else 0.0
            internal[i] = within
        part = ticket(team)
    barrier(team)
    # Every thread sums up a range of modules.
    begin, end = share(np.uint64(len(modules)), team)
    for m in range(begin, end):
        bound[m] = 0.0
        state.sizes[m] = 0
        for column in range(4):
            modules[m, column] = 0.0
    for i in range(n):
        m = np.uint64(module_of[i])
        if m - begin < end - begin:
            # Internal flow is taken off node by node: differences of two large sums would lose digits.
            state.sizes[m] += ONE
            modules[m, VISIT] += nodes[i, VISIT]
            modules[m, ENTER] += nodes[i, ENTER] - internal[i] / 2
            modules[m, EXIT] += nodes[i, EXIT] - internal[i] / 2
            bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
    barrier(team)
    if team.number == ZERO:
        _sum_teleport(level.terms.teleport, module_of, modules, state.teleport, internal)
    barrier(team)
    for m in range(begin, end):
        for column in range(ENTER, EXIT + 1):
            if modules[m, column] < ROUNDING * bound[m]:
                modules[m, column] = 0.0
        modules[m, COST] = module_cost(modules[m, VISIT], modules[m, ENTER], modules[m, EXIT])
    barrier(team)
    _sum_index(team, state, bound, sums)


@inlined
def _sum_teleport(teleport, module_of, modules, module_teleport, internal):
    """Sum the teleportation of each module, and subtract from its enter and exit flow what stays inside."""
    if teleport is not None:
        internal[:] = 0.0
        module_teleport[:] = 0.0
        for i in range(len(module_of)):
            m = module_of[i]
            # A node's own enter and exit flow leave out what lands where it left.
            internal[m] -= teleport[i, TELEPORT_OUT] * teleport[i, TELEPORT_IN]
            for column in range(2):
                module_teleport[m, column] += teleport[i, column]
        for m in range(len(modules)):
            internal[m] += module_teleport[m, TELEPORT_OUT] * module_teleport[m, TELEPORT_IN]
            modules[m, ENTER] -= internal[m]
            modules[m, EXIT] -= internal[m]


@inlined
def open_codebooks(index, exit):
    """The sums of index codebooks without modules: each is used for the exits to its parent, at the given rate."""
    for g in range(len(exit)):
        for column in range(5):
            index[g, column] = 0.0
        index[g, INDEX_RATE] = exit[g]


@inlined
def _sum_index(team, state, counted, sums):
    """Sum up the index codebooks: their rates, from the enter flows of the modules, and the numbers of these."""
    index, exit, rows = state.index_sums, state.codebooks.exit, np.uint64(len(state.modules))
    for chunk in range(team.number, num_chunks(rows, CHUNK), team.size):
        rate, count = 0.0, 0.0
        for m in range(chunk * CHUNK, min((chunk + ONE) * CHUNK, rows)):
            rate += state.modules[m, ENTER]
            count += np.float64(state.sizes[m] > 0)
            counted[m] = 0.0
        sums[chunk, 0], sums[chunk, 1] = rate, count
    barrier(team)
    if team.number == ZERO:
        open_codebooks(index, exit)
        if len(exit) == 1:
            for chunk in range(num_chunks(rows, CHUNK)):
                index[0, INDEX_RATE] += sums[chunk, 0]
                index[0, NUM_MODULES] += sums[chunk, 1]
        else:
            for i in range(np.uint64(len(state.module_of))):
                m = state.module_of[i]
                if counted[m] == 0.0:
                    counted[m] = 1.0
                    index[codebook_of(state, i), INDEX_RATE] += state.modules[m, ENTER]
                    index[codebook_of(state, i), NUM_MODULES] += 1.0
        for g in range(len(exit)):
            index[g, INDEX_COST] = plogp(index[g, INDEX_RATE])
    barrier(team)


def changes_by_codebook(level: Level, state: Partition) -> FloatArray:
    """How the modules that each index codebook names change the codelength, compared with naming their nodes directly.

    Returns
    -------
    float64 array of shape (g,)
        In bits.
    """
    change, num_nodes = np.zeros((2, len(state.codebooks.exit)))
    rate, counted = state.codebooks.exit.copy(), np.zeros(len(state.modules), np.uint8)
    _sum_changes(level.nodes, level.terms, state, counted, rate, num_nodes, change)
    if level.terms.contents is not None:
        change += _changes_of_contents(level.terms.contents, state)
    return change


def _changes_of_contents(contents: Contents, state: Partition) -> FloatArray:
    count = len(state.codebooks.exit)
    codebook_of_node, codebook_of_module = np.zeros_like(state.module_of), np.zeros(len(state.sizes), np.intp)
    codebook_of_node[:] = state.codebooks.of
    codebook_of_module[state.module_of] = codebook_of_node
    costs = np.bincount(codebook_of_module, costs_of_contents(contents, state.module_of, len(state.sizes)), count)
    return costs - costs_of_contents(contents, codebook_of_node, count)


@jit
def _sum_changes(nodes, terms, state, counted, rate, num_nodes, change):
    """Fill `change`, zeros at first; the other three are scratch, zeros but for the codebooks' exit rates."""
    for i in range(np.uint64(len(state.module_of))):
        g = codebook_of(state, i)
        m = state.module_of[i]
        rate[g] += nodes[i, VISIT]
        num_nodes[g] += 1.0
        if counted[m] == 0:
            counted[m] = 1
            change[g] += state.modules[m, COST]
    for g in range(len(rate)):
        change[g] += state.index_sums[g, INDEX_COST] - plogp(rate[g])
        change[g] += _price_of_level(terms.counting, g, state.index_sums[g, NUM_MODULES], num_nodes[g])


@inlined
def _price_of_level(counting, g, num_modules, num_nodes):
    """The price of modules around nodes, less that of the nodes without them, in bits."""
    if counting is None:
        return 0.0
    num_tops = num_nodes if counting[NODES_ARE_MODULES] == 1.0 else 1.0
    without = abs(num_tops - counting[PREFERRED_NUMBER]) if g == 0 and counting[PREFERRED_NUMBER] > 0.0 else 0.0
    return _price_of_codebook(counting, g, num_modules) - without


@step
def sum_codelength(team, terms, state, sums):
    """The index codelength, and that of the modules without the constant, in bits; fills the sums of contents."""
    rows = np.uint64(len(state.modules))
    for chunk in range(team.number, num_chunks(rows, CHUNK), team.size):
        index, within = 0.0, 0.0
        for m in range(chunk * CHUNK, min((chunk + ONE) * CHUNK, rows)):
            visit, enter, exit = state.modules[m, VISIT], state.modules[m, ENTER], state.modules[m, EXIT]
            index -= plogp(enter)
            within += plogp(visit + exit) - plogp(exit)
        sums[chunk, 0], sums[chunk, 1] = index, within
    barrier(team)
    index, within = 0.0, 0.0
    for chunk in range(num_chunks(rows, CHUNK)):
        index += sums[chunk, 0]
        within += sums[chunk, 1]
    for g in range(len(state.index_sums)):
        index += state.index_sums[g, INDEX_COST]
        within += _price_of_codebook(terms.counting, g, state.index_sums[g, NUM_MODULES])
    in_index = price_in_index(terms.counting, state.index_sums[0, NUM_MODULES])
    if team.number == ZERO:
        fill_sums(terms.contents, state.module_of, state.contents)
    barrier(team)
    within += cost_of_sums(terms.contents, state.contents)
    return index + in_index, within - in_index


_sum_codelength = kernel_of(sum_codelength)


@inlined
def _price_of_codebook(counting, g, count):
    """The price of the modules that an index codebook names; those of codebook 0 are the top modules."""
    if counting is None:
        return 0.0
    others = counting[OTHER_MODULES]
    num_tops = count if g == 0 else counting[PREFERRED_NUMBER]
    return price_of_modules(counting, others + count, num_tops) - price_of_modules(
        counting, others, counting[PREFERRED_NUMBER]
    )

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
from mapeq._base.jit import inlined, jit
from mapeq.objective.codebooks import Codebooks
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
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, VISIT

#: The column of a module's cost; the columns before it are those of a node.
COST = 3

#: Columns of an index codebook.
INDEX_RATE, INDEX_COST, NUM_MODULES = 0, 1, 2

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
    index_sums : float64 array of shape (g, 3)
        Of each index codebook: the rate at which it is used, ``h`` of that rate, and the number of its modules.
    codebooks : Codebooks
        Which index codebook names the module of each node.
    """

    module_of: IndexArray
    modules: FloatArray
    teleport: FloatArray | None
    sizes: IndexArray
    index_sums: FloatArray
    codebooks: Codebooks


def partition(level: Level, module_of: IndexArray) -> Partition:
    """Sum up the modules of a partition.

    Parameters
    ----------
    level : Level
        Of n nodes, or of n modules of a finer partition (see :func:`mapeq.optimizer.aggregation.aggregate`).
    module_of : unsigned integer array of shape (n,)
        Values from 0 to n - 1; the Partition owns it afterwards.
    """
    n = len(module_of)
    modules = np.zeros((n, 4))
    sizes = np.zeros(n, dtype=module_of.dtype)
    teleport = None if level.terms.teleport is None else np.zeros(level.terms.teleport.shape)
    state = Partition(module_of, modules, teleport, sizes, new_index(level), level.codebooks)
    _sum_modules(level.links, level.nodes, level.terms, state)
    sum_index(state)
    return state


def single_modules(level: Level) -> Partition:
    """Every node a module of its own, node ``i`` in module ``i``."""
    n = len(level.nodes)
    modules = np.empty((n, 4))
    modules[:, :COST] = level.nodes
    _fill_costs(modules)
    state = Partition(
        np.arange(n, dtype=level.links.indices.dtype),
        modules,
        None if level.terms.teleport is None else level.terms.teleport.copy(),
        np.ones(n, dtype=level.links.indices.dtype),
        new_index(level),
        level.codebooks,
    )
    sum_index(state)
    return state


def new_index(level: Level) -> FloatArray:
    """Memory for the sums of all index codebooks."""
    return np.empty((len(level.codebooks.exit), 3))


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
    index, within = _sum_codelength(level.terms, state)
    # Where the exact value is 0, rounding may leave something below it.
    index = max(index, 0.0)
    within = max(within + level.constant, 0.0)
    return Codelength(index + within, index, within)


def one_level_codelength(level: Level) -> float:
    """The codelength without any division into modules, in bits."""
    return level.constant + (0.0 if level.terms.counting is None else float(_price_of_one_module(level.terms)))


@jit
def _price_of_one_module(terms):
    return price_of_modules(terms.counting, 1.0, 1.0)


class Move(NamedTuple):
    """What a move would do: memory for one, filled by :func:`evaluate_move`.

    Attributes
    ----------
    origin, destination : float64 arrays of shape (4,)
        The records of both modules after the move.
    arguments, values : float64 arrays of shape (7,)
        The rates whose logarithms are needed, all taken at once, and their :func:`plogp`.
    """

    origin: FloatArray
    destination: FloatArray
    arguments: FloatArray
    values: FloatArray


def new_move() -> Move:
    """Memory for a move."""
    return Move(np.zeros(4), np.zeros(4), np.zeros(7), np.zeros(7))


@inlined
def evaluate_move(nodes, terms, state, i, destination, flow_to_origin, flow_to_destination, move):
    """Change of the codelength if node `i` moved to another module, in bits (below 0 is a gain), and the new records.

    `flow_to_origin` and `flow_to_destination` are the flows between the node and the rest of each module, both
    ways, teleportation included.
    """
    origin = state.module_of[i]
    for column in range(3):
        move.origin[column] = state.modules[origin, column] - nodes[i, column]
        move.destination[column] = state.modules[destination, column] + nodes[i, column]
    for column in range(ENTER, EXIT + 1):
        move.origin[column] += flow_to_origin
        move.destination[column] -= flow_to_destination
    codebook = codebook_of(state, i)
    arguments, values = move.arguments, move.values
    # The seven logarithms of module_cost for both modules and of the index, in a loop that is vectorised.
    arguments[0] = move.origin[VISIT] + move.origin[EXIT]
    arguments[1] = move.origin[EXIT]
    arguments[2] = move.origin[ENTER]
    arguments[3] = move.destination[VISIT] + move.destination[EXIT]
    arguments[4] = move.destination[EXIT]
    arguments[5] = move.destination[ENTER]
    arguments[6] = state.index_sums[codebook, INDEX_RATE] + flow_to_origin - flow_to_destination
    for k in range(7):
        values[k] = plogp(arguments[k])
    move.origin[COST] = values[0] - values[1] - values[2]
    move.destination[COST] = values[3] - values[4] - values[5]
    more = np.float64(state.sizes[destination] == 0) - np.float64(state.sizes[origin] == 1)
    return (
        (move.origin[COST] - state.modules[origin, COST])
        + (move.destination[COST] - state.modules[destination, COST])
        + (values[6] - state.index_sums[codebook, INDEX_COST])
        + change_of_number(terms.counting, state, codebook, more)
    )


@inlined
def apply_move(terms, state, i, destination, move):
    """Move node `i` as it was evaluated, and keep all sums in step."""
    origin = np.uint64(state.module_of[i])
    state.module_of[i] = destination
    state.sizes[origin] -= ONE
    state.sizes[destination] += ONE
    codebook = codebook_of(state, i)
    state.index_sums[codebook, INDEX_RATE] = move.arguments[6]
    state.index_sums[codebook, INDEX_COST] = move.values[6]
    more = np.float64(state.sizes[destination] == 1) - np.float64(state.sizes[origin] == 0)
    state.index_sums[codebook, NUM_MODULES] += more
    # An empty module is cleared exactly: what cancellation leaves must not look like a module.
    left = 0.0 if state.sizes[origin] == 0 else 1.0
    for column in range(4):
        state.modules[origin, column] = left * move.origin[column]
        state.modules[destination, column] = move.destination[column]
    add_teleport(terms.teleport, i, state.teleport, origin, -1.0)
    add_teleport(terms.teleport, i, state.teleport, destination, 1.0)


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
def _sum_modules(links, nodes, terms, state):
    """Fill the (zero) sums of a Partition in one pass over the links."""
    module_of, modules = state.module_of, state.modules
    bound = np.zeros(len(modules))
    for i in range(np.uint64(len(module_of))):
        m = module_of[i]
        internal = 0.0
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            if module_of[links.indices[k]] == m:
                internal += links.flow[k * links.stride]
        # Internal flow is taken off node by node: differences of two large sums would lose digits.
        state.sizes[m] += ONE
        modules[m, VISIT] += nodes[i, VISIT]
        modules[m, ENTER] += nodes[i, ENTER] - internal / 2
        modules[m, EXIT] += nodes[i, EXIT] - internal / 2
        bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
    _sum_teleport(terms.teleport, module_of, modules, state.teleport)
    for m in range(len(modules)):
        for column in range(ENTER, EXIT + 1):
            if modules[m, column] < ROUNDING * bound[m]:
                modules[m, column] = 0.0
    _fill_costs(modules)


@jit
def _fill_costs(modules):
    for m in range(len(modules)):
        modules[m, COST] = module_cost(modules[m, VISIT], modules[m, ENTER], modules[m, EXIT])


@jit
def _sum_teleport(teleport, module_of, modules, module_teleport):
    """Sum the teleportation of each module, and subtract from its enter and exit flow what stays inside."""
    if teleport is not None:
        internal = np.zeros(len(modules))
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


@jit
def sum_index(state):
    """Sum up the index codebooks: their rates, from the enter flows of the modules, and the numbers of these."""
    index = state.index_sums
    for g in range(len(index)):
        index[g, INDEX_RATE] = state.codebooks.exit[g]
        index[g, NUM_MODULES] = 0.0
    if len(index) == 1:
        for m in range(len(state.modules)):
            index[0, INDEX_RATE] += state.modules[m, ENTER]
            index[0, NUM_MODULES] += np.float64(state.sizes[m] > 0)
    else:
        counted = np.zeros(len(state.modules), dtype=np.uint8)
        for i in range(np.uint64(len(state.module_of))):
            m = state.module_of[i]
            if counted[m] == 0:
                counted[m] = 1
                index[codebook_of(state, i), INDEX_RATE] += state.modules[m, ENTER]
                index[codebook_of(state, i), NUM_MODULES] += 1.0
    for g in range(len(index)):
        index[g, INDEX_COST] = plogp(index[g, INDEX_RATE])


def changes_by_codebook(level: Level, state: Partition) -> FloatArray:
    """How the modules that each index codebook names change the codelength, compared with naming their nodes directly.

    Returns
    -------
    float64 array of shape (g,)
        In bits.
    """
    change: FloatArray = _changes_by_codebook(level.nodes, level.terms, state)
    return change


@jit
def _changes_by_codebook(nodes, terms, state):
    rate = state.codebooks.exit.copy()
    change = np.zeros(len(rate))
    num_nodes = np.zeros(len(rate))
    counted = np.zeros(len(state.modules), dtype=np.uint8)
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
    return change


@inlined
def _price_of_level(counting, g, num_modules, num_nodes):
    """The price of modules around nodes, less that of the nodes without them, in bits."""
    if counting is None:
        return 0.0
    num_tops = num_nodes if counting[NODES_ARE_MODULES] == 1.0 else 1.0
    without = abs(num_tops - counting[PREFERRED_NUMBER]) if g == 0 and counting[PREFERRED_NUMBER] > 0.0 else 0.0
    return _price_of_codebook(counting, g, num_modules) - without


@jit
def _sum_codelength(terms, state):
    """The index codelength, and that of the modules without the constant, in bits."""
    index = 0.0
    within = 0.0
    for m in range(len(state.modules)):
        visit, enter, exit = state.modules[m, VISIT], state.modules[m, ENTER], state.modules[m, EXIT]
        index -= plogp(enter)
        within += plogp(visit + exit) - plogp(exit)
    for g in range(len(state.index_sums)):
        index += state.index_sums[g, INDEX_COST]
        within += _price_of_codebook(terms.counting, g, state.index_sums[g, NUM_MODULES])
    in_index = price_in_index(terms.counting, state.index_sums[0, NUM_MODULES])
    return index + in_index, within - in_index


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

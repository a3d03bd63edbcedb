"""The map equation: bits per step to describe a random walk with a codebook per module.

For modules with visit rate ``p``, enter flow ``e`` and exit flow ``x`` (Rosvall & Bergstrom, PNAS 105,
1118, 2008), with ``h(y) = y * log2(y)``::

    index codebook     h(sum of e) - sum of h(e)
    module codebooks   sum over modules of h(p + x) - h(x), minus the sum over nodes of h(p)

The index codebook names the module that is entered, each module codebook its nodes and its exit.
What a module adds, ``h(p + x) - h(x) - h(e)``, is here its *cost*; only the sum of all enter flows
ties modules together.

Three things must agree, and a test holds them to it: the codelength from scratch
(:func:`codelength`), the change of codelength of a move (:func:`weigh_move`) and making
the move (:func:`make_move`). With ``d`` the flow
between a node and a module, both ways, a module that gains the node has ``e + e_i - d`` and
``x + x_i - d``: what crossed the border between the two no longer does. The same ``d`` serves both,
in directed networks too.

Row and module numbers are unsigned: Numba then needs no check for negative indices.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.jit import inlined, jit
from mapeq.objective.codebooks import Codebooks
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, VISIT, Flow

#: Columns of a module's record after those of a node.
COST = 3

#: Columns of an index codebook.
USE, USE_COST = 0, 1

SQRT_HALF = np.int64(0x3FE6A09E667F3BCD)  # the bits of sqrt(1/2) as a float64
MANTISSA_BITS = np.int64(52)
MANTISSA = np.int64((1 << 52) - 1)
TWO_BY_LN2 = 2.8853900817779268


class Codelength(NamedTuple):
    """A description length in bits per step; `total` is the sum of the other two."""

    total: float
    index_codelength: float
    module_codelength: float


class Partition(NamedTuple):
    """A partition with the sums that make a move cheap. Kernels write to it.

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
    uses : float64 array of shape (g, 2)
        Rate at which each index codebook is used, and its :func:`plogp`.
    codebooks : Codebooks
        Which index codebook names the module of each node.
    """

    module_of: IndexArray
    modules: FloatArray
    teleport: FloatArray | None
    sizes: IndexArray
    uses: FloatArray
    codebooks: Codebooks


def partition(flow: Flow, module_of: IndexArray) -> Partition:
    """Sum up the modules of a partition.

    Parameters
    ----------
    flow : Flow
        Of n nodes, or of n modules of a finer partition (see :func:`mapeq.optimizer.aggregation.aggregate`).
    module_of : unsigned integer array of shape (n,)
        Values from 0 to n - 1; the Partition owns it afterwards.
    """
    n = len(module_of)
    modules = np.zeros((n, 4))
    sizes = np.zeros(n, dtype=module_of.dtype)
    teleport = None if flow.teleport is None else np.zeros(flow.teleport.shape)
    state = Partition(module_of, modules, teleport, sizes, np.empty((len(flow.codebooks.exit), 2)), flow.codebooks)
    _sum_modules(flow.links, flow.nodes, flow.teleport, state)
    sum_index(state)
    return state


def single_modules(flow: Flow) -> Partition:
    """Every node a module of its own, node ``i`` in module ``i``."""
    n = len(flow.nodes)
    modules = np.empty((n, 4))
    modules[:, :COST] = flow.nodes
    _fill_costs(modules)
    state = Partition(
        np.arange(n, dtype=flow.links.indices.dtype),
        modules,
        None if flow.teleport is None else flow.teleport.copy(),
        np.ones(n, dtype=flow.links.indices.dtype),
        np.empty((len(flow.codebooks.exit), 2)),
        flow.codebooks,
    )
    sum_index(state)
    return state


def codelength(flow: Flow, state: Partition) -> Codelength:
    """The codelength of a partition, from its module sums.

    Examples
    --------
    >>> from mapeq.walk.options import WalkOptions
    >>> from mapeq.walk.models import random_walk
    >>> from mapeq.network.network import Network
    >>> triangles = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
    >>> flow = random_walk(triangles, WalkOptions())
    >>> codelength(flow, partition(flow, np.array([0, 0, 0, 1, 1, 1], np.uint32))).total
    2.320730356833...
    """
    index, within = _codelength_terms(state)
    # Where the exact value is 0, rounding may leave something below it.
    index = max(index, 0.0)
    within = max(within + flow.node_codelength, 0.0)
    return Codelength(index + within, index, within)


@inlined
def log2(x):
    """The binary logarithm of a positive float64, to 4e-15 of it; finite for 0.

    Unlike that of the C library it is the same on every machine, and a loop over it is vectorised:
    with ``x = 2**e * m``, ``m`` from sqrt(1/2) to sqrt(2), and ``t = (m - 1) / (m + 1)``, it is
    ``e + 2 * (t + t**3 / 3 + t**5 / 5 + ...) / ln(2)``.
    """
    bits = np.float64(x).view(np.int64) - SQRT_HALF
    exponent = bits >> MANTISSA_BITS
    m = np.int64((bits & MANTISSA) + SQRT_HALF).view(np.float64)
    t = (m - 1.0) / (m + 1.0)
    s = t * t
    # Pairs of terms can be computed side by side.
    s2 = s * s
    low = (1.0 + s * (1 / 3)) + s2 * (1 / 5 + s * (1 / 7))
    high = (1 / 9 + s * (1 / 11)) + s2 * ((1 / 13 + s * (1 / 15)) + s2 * (1 / 17))
    return exponent + t * (low + s2 * s2 * high) * TWO_BY_LN2


@inlined
def plogp(x):
    """``x * log2(x)`` in bits; 0 for x <= 0, also for the -1e-17 that cancellation leaves."""
    y = x if x > 0.0 else 0.0  # max() would not be vectorised
    return y * log2(y)


@inlined
def module_cost(visit, enter, exit):
    """What a module adds to the codelength, in bits, apart from its nodes and the sum of all enter flows."""
    return plogp(visit + exit) - plogp(exit) - plogp(enter)


@inlined
def teleport_between(teleport, i, module_teleport, m, own):
    """Recorded teleportation between node `i` and the rest of module `m`, both ways, per step.

    `own` is 1.0 if the node is one of the module, whose sums then contain it, else 0.0.
    """
    if teleport is None:
        return 0.0
    leaving, landing = teleport[i, TELEPORT_OUT], teleport[i, TELEPORT_IN]
    module_leaving = module_teleport[m, TELEPORT_OUT] - own * leaving
    module_landing = module_teleport[m, TELEPORT_IN] - own * landing
    return leaving * module_landing + module_leaving * landing


class Move(NamedTuple):
    """What a move would do: room for one, filled by :func:`weigh_move`.

    Attributes
    ----------
    origin, destination : float64 arrays of shape (4,)
        The records of both modules after the move.
    arguments, terms : float64 arrays of shape (7,)
        What logarithms are taken of, all at once, and the values of :func:`plogp`.
    """

    origin: FloatArray
    destination: FloatArray
    arguments: FloatArray
    terms: FloatArray


def new_move() -> Move:
    """Room for a move."""
    return Move(np.zeros(4), np.zeros(4), np.zeros(7), np.zeros(7))


@inlined
def weigh_move(nodes, state, i, destination, between_origin, between_destination, move):
    """Change of the codelength if node `i` moved to another module, in bits (below 0 is a gain), and the new records.

    `between_origin` and `between_destination` are the flows between the node and the rest of each module, both
    ways, teleportation included.
    """
    origin = state.module_of[i]
    for column in range(3):
        move.origin[column] = state.modules[origin, column] - nodes[i, column]
        move.destination[column] = state.modules[destination, column] + nodes[i, column]
    for column in range(ENTER, EXIT + 1):
        move.origin[column] += between_origin
        move.destination[column] -= between_destination
    entering = state.uses[codebook_of(state, i), USE]
    arguments, terms = move.arguments, move.terms
    arguments[0] = move.origin[VISIT] + move.origin[EXIT]
    arguments[1] = move.origin[EXIT]
    arguments[2] = move.origin[ENTER]
    arguments[3] = move.destination[VISIT] + move.destination[EXIT]
    arguments[4] = move.destination[EXIT]
    arguments[5] = move.destination[ENTER]
    arguments[6] = entering + between_origin - between_destination
    for k in range(7):
        terms[k] = plogp(arguments[k])
    move.origin[COST] = terms[0] - terms[1] - terms[2]
    move.destination[COST] = terms[3] - terms[4] - terms[5]
    return (
        (move.origin[COST] - state.modules[origin, COST])
        + (move.destination[COST] - state.modules[destination, COST])
        + (terms[6] - state.uses[codebook_of(state, i), USE_COST])
    )


@inlined
def make_move(teleport, state, i, destination, between_origin, between_destination, move):
    """Move node `i` as it was weighed, and keep all sums in step."""
    origin = state.module_of[i]
    state.module_of[i] = destination
    state.sizes[origin] -= ONE
    state.sizes[destination] += ONE
    codebook = codebook_of(state, i)
    state.uses[codebook, USE] = move.arguments[6]
    state.uses[codebook, USE_COST] = move.terms[6]
    # An empty module is cleared exactly: what cancellation leaves must not look like a module.
    left = 0.0 if state.sizes[origin] == 0 else 1.0
    for column in range(4):
        state.modules[origin, column] = left * move.origin[column]
        state.modules[destination, column] = move.destination[column]
    _move_teleport(teleport, i, state.teleport, origin, destination)


@inlined
def _move_teleport(teleport, i, module_teleport, origin, destination):
    if teleport is not None:
        for column in range(2):
            module_teleport[origin, column] -= teleport[i, column]
            module_teleport[destination, column] += teleport[i, column]


@jit
def _sum_modules(links, nodes, teleport, state):
    """Fill the (zero) sums of a Partition in one pass over the links."""
    module_of, modules = state.module_of, state.modules
    bound = np.zeros(len(modules))
    for i in range(np.uint64(len(module_of))):
        m = module_of[i]
        internal = 0.0
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            if module_of[links.indices[k]] == m:
                internal += links.flow[k * links.stride]
        # What stays inside is taken off node by node: differences of two large sums would lose digits.
        state.sizes[m] += ONE
        modules[m, VISIT] += nodes[i, VISIT]
        modules[m, ENTER] += nodes[i, ENTER] - internal / 2
        modules[m, EXIT] += nodes[i, EXIT] - internal / 2
        bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
    _sum_teleport(teleport, module_of, modules, state.teleport)
    for m in range(len(modules)):
        # What is left of a border that nothing crosses is rounding error, and is cleared.
        for column in range(ENTER, EXIT + 1):
            if modules[m, column] < 1e-14 * bound[m]:
                modules[m, column] = 0.0
    _fill_costs(modules)


@jit
def _fill_costs(modules):
    for m in range(len(modules)):
        modules[m, COST] = module_cost(modules[m, VISIT], modules[m, ENTER], modules[m, EXIT])


@jit
def _sum_teleport(teleport, module_of, modules, module_teleport):
    """Sum the teleportation of each module, and take off its enter and exit flow what stays inside."""
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


@inlined
def codebook_of(state, i):
    """The index codebook that names the module of node `i`."""
    return np.uint64(state.codebooks.of[i * state.codebooks.stride])


@jit
def sum_index(state):
    """Sum up how often each index codebook is used, from the enter flows of the modules."""
    uses = state.uses
    for g in range(len(uses)):
        uses[g, USE] = state.codebooks.exit[g]
    if len(uses) == 1:
        for m in range(len(state.modules)):
            uses[0, USE] += state.modules[m, ENTER]
    else:
        met = np.zeros(len(state.modules), dtype=np.uint8)
        for i in range(np.uint64(len(state.module_of))):
            m = state.module_of[i]
            if met[m] == 0:
                met[m] = 1
                uses[codebook_of(state, i), USE] += state.modules[m, ENTER]
    for g in range(len(uses)):
        uses[g, USE_COST] = plogp(uses[g, USE])


def changes_by_codebook(flow: Flow, state: Partition) -> FloatArray:
    """What the modules that each index codebook names change about the codelength, compared with naming their nodes.

    Returns
    -------
    float64 array of shape (g,)
        In bits.
    """
    change: FloatArray = _changes_by_codebook(flow.nodes, state)
    return change


@jit
def _changes_by_codebook(nodes, state):
    used = state.codebooks.exit.copy()
    change = np.zeros(len(used))
    met = np.zeros(len(state.modules), dtype=np.uint8)
    for i in range(np.uint64(len(state.module_of))):
        g = codebook_of(state, i)
        m = state.module_of[i]
        used[g] += nodes[i, VISIT]
        if met[m] == 0:
            met[m] = 1
            change[g] += state.modules[m, COST]
    for g in range(len(used)):
        change[g] += state.uses[g, USE_COST] - plogp(used[g])
    return change


@jit
def _codelength_terms(state):
    """The index codelength, and that of the modules without the nodes' constant, in bits."""
    index = 0.0
    within = 0.0
    for m in range(len(state.modules)):
        visit, enter, exit = state.modules[m, VISIT], state.modules[m, ENTER], state.modules[m, EXIT]
        index -= plogp(enter)
        within += plogp(visit + exit) - plogp(exit)
    for g in range(len(state.uses)):
        index += state.uses[g, USE_COST]
    return index, within

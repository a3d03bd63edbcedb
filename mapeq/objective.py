"""The map equation: bits per step to describe a random walk with a codebook per module.

For modules with visit rate ``p``, enter flow ``e`` and exit flow ``x`` (Rosvall & Bergstrom, PNAS 105,
1118, 2008), with ``h(y) = y * log2(y)``::

    index codebook     h(sum of e) - sum of h(e)
    module codebooks   sum over modules of h(p + x) - h(x), minus the sum over nodes of h(p)

The index codebook names the module that is entered, each module codebook its nodes and its exit.

Three things must agree, and a test holds them to it: the codelength from scratch
(:func:`codelength`), the change of codelength of a move (:func:`change_of_index`,
:func:`change_of_leaving` and :func:`change_of_joining`, added up) and making the move
(:func:`make_move`). A move changes two modules and the sum of all enter flows; with ``d`` the flow
between the node and a module, both ways, a module that gains the node has ``e + e_i - d`` and
``x + x_i - d``: what crossed the border between the two no longer does. The same ``d`` serves both,
in directed networks too.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._jit import jit
from mapeq.flow import ENTER, EXIT, VISIT, Flow
from mapeq.rows import FloatArray

#: Columns of recorded teleportation, of a node and of a module.
LEAVING, LANDING = 0, 1


class Codelength(NamedTuple):
    """A description length in bits per step; `total` is the sum of the other two."""

    total: float
    index_codelength: float
    module_codelength: float


class Partition(NamedTuple):
    """A partition with the sums that make a move cheap. Kernels write to it.

    Attributes
    ----------
    module_of : int32 array of shape (n,) (int64 beyond 2**31 nodes)
        The module of each node.
    modules : float64 array of shape (n, 3)
        Visit rate, enter flow and exit flow of each module; a row of zeros where there is none.
    teleport : float64 array of shape (n, 2) or None
        Recorded teleportation of each module, summed over its nodes.
    sizes : int64 array of shape (n,)
        Number of nodes in each module.
    entering : float64 array of shape (1,)
        Enter flow of all modules together: the rate at which the index codebook is used.
    """

    module_of: NDArray[np.signedinteger]
    modules: FloatArray
    teleport: FloatArray | None
    sizes: NDArray[np.int64]
    entering: FloatArray


def partition(flow: Flow, module_of: NDArray[np.signedinteger]) -> Partition:
    """Sum up the modules of a partition.

    Parameters
    ----------
    flow : Flow
        Of n nodes, or of n modules of a finer partition (see :func:`mapeq.moves.aggregate`).
    module_of : integer array of shape (n,)
        Values from 0 to n - 1; the Partition owns it afterwards.
    """
    modules = np.zeros(flow.nodes.shape)
    sizes = np.zeros(len(module_of), dtype=np.int64)
    teleport = None if flow.teleport is None else np.zeros(flow.teleport.shape)
    entering = np.zeros(1)
    _sum_modules(flow.links, flow.nodes, flow.teleport, module_of, modules, teleport, sizes, entering)
    return Partition(module_of, modules, teleport, sizes, entering)


def codelength(flow: Flow, state: Partition) -> Codelength:
    """The codelength of a partition, from its module sums.

    Examples
    --------
    >>> from mapeq.flow import FlowOptions, random_walk
    >>> from mapeq.network import Network
    >>> triangles = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
    >>> flow = random_walk(triangles, FlowOptions())
    >>> codelength(flow, partition(flow, np.array([0, 0, 0, 1, 1, 1], np.int32))).total
    2.320730356833...
    """
    index, within = _codelength_terms(state.modules)
    # Where the exact value is 0, rounding may leave something below it.
    index = max(index, 0.0)
    within = max(within + flow.node_codelength, 0.0)
    return Codelength(index + within, index, within)


@jit
def plogp(x):
    """``x * log2(x)`` in bits; 0 for x <= 0, also for the -1e-17 that cancellation leaves."""
    return x * log2(x) if x > 0.0 else 0.0


@jit
def module_cost(visit, enter, exit):
    """What a module adds to the codelength, in bits, apart from its nodes and the sum of all enter flows."""
    return plogp(visit + exit) - plogp(exit) - plogp(enter)


@jit
def teleport_between(teleport, i, module_teleport, m, inside):
    """Recorded teleportation between node `i` and the rest of module `m`, both ways, per step.

    `inside` says whether the node is one of the module, whose sums then contain it.
    """
    if teleport is None:
        return 0.0
    leaving, landing = teleport[i, LEAVING], teleport[i, LANDING]
    module_leaving, module_landing = module_teleport[m, LEAVING], module_teleport[m, LANDING]
    if inside:
        module_leaving -= leaving
        module_landing -= landing
    return leaving * module_landing + module_leaving * landing


@jit
def change_of_leaving(nodes, i, modules, m, between):
    """Change of a module's cost when node `i` leaves it, in bits.

    `nodes` and `modules` hold visit rate, enter flow and exit flow in each row; `between` is the flow
    between the node and the rest of the module, both ways, teleportation included.
    """
    visit, enter, exit = modules[m, VISIT], modules[m, ENTER], modules[m, EXIT]
    left = module_cost(visit - nodes[i, VISIT], enter - nodes[i, ENTER] + between, exit - nodes[i, EXIT] + between)
    return left - module_cost(visit, enter, exit)


@jit
def change_of_joining(nodes, i, modules, m, between):
    """Change of a module's cost when node `i` joins it, in bits; as :func:`change_of_leaving`."""
    visit, enter, exit = modules[m, VISIT], modules[m, ENTER], modules[m, EXIT]
    joined = module_cost(visit + nodes[i, VISIT], enter + nodes[i, ENTER] - between, exit + nodes[i, EXIT] - between)
    return joined - module_cost(visit, enter, exit)


@jit
def change_of_index(entering, between_origin, between_destination):
    """Change of the first index term when a node changes modules, in bits; `entering` is that before the move."""
    return plogp(entering + between_origin - between_destination) - plogp(entering)


@jit
def make_move(nodes, teleport, state, i, destination, between_origin, between_destination):
    """Move node `i` to another module and keep all sums in step."""
    origin = state.module_of[i]
    state.module_of[i] = destination
    state.sizes[origin] -= 1
    state.sizes[destination] += 1
    state.entering[0] += between_origin - between_destination
    _add_to_module(nodes, i, state.modules, origin, -1.0, between_origin)
    _add_to_module(nodes, i, state.modules, destination, 1.0, -between_destination)
    if state.sizes[origin] == 0:
        for column in range(3):  # exactly: what cancellation leaves must not look like a module
            state.modules[origin, column] = 0.0
    _move_teleport(teleport, i, state.teleport, origin, destination)


@jit
def _add_to_module(nodes, i, modules, m, sign, between):
    modules[m, VISIT] = max(modules[m, VISIT] + sign * nodes[i, VISIT], 0.0)
    modules[m, ENTER] = max(modules[m, ENTER] + sign * nodes[i, ENTER] + between, 0.0)
    modules[m, EXIT] = max(modules[m, EXIT] + sign * nodes[i, EXIT] + between, 0.0)


@jit
def _move_teleport(teleport, i, module_teleport, origin, destination):
    if teleport is not None:
        for column in range(2):
            module_teleport[origin, column] -= teleport[i, column]
            module_teleport[destination, column] += teleport[i, column]


@jit
def _sum_modules(links, nodes, teleport, module_of, modules, module_teleport, sizes, entering):
    """Fill the (zero) arrays of a Partition in one pass over the links."""
    bound = np.zeros(len(modules))
    for i in range(len(module_of)):
        m = module_of[i]
        internal = 0.0
        for k in range(links.indptr[i], links.indptr[i + 1]):
            if module_of[links.indices[k]] == m:
                internal += links.flow[k * links.stride]
        # What stays inside is taken off node by node: differences of two large sums would lose digits.
        sizes[m] += 1
        modules[m, VISIT] += nodes[i, VISIT]
        modules[m, ENTER] += nodes[i, ENTER] - internal / 2
        modules[m, EXIT] += nodes[i, EXIT] - internal / 2
        bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
    _sum_teleport(teleport, module_of, modules, module_teleport)
    for m in range(len(modules)):
        # What is left of a border that nothing crosses is rounding error, and is cleared.
        for column in range(ENTER, EXIT + 1):
            if modules[m, column] < 1e-14 * bound[m]:
                modules[m, column] = 0.0
        entering[0] += modules[m, ENTER]


@jit
def _sum_teleport(teleport, module_of, modules, module_teleport):
    """Sum the teleportation of each module, and take off its enter and exit flow what stays inside."""
    if teleport is not None:
        internal = np.zeros(len(modules))
        for i in range(len(module_of)):
            m = module_of[i]
            # A node's own enter and exit flow leave out what lands where it left.
            internal[m] -= teleport[i, LEAVING] * teleport[i, LANDING]
            for column in range(2):
                module_teleport[m, column] += teleport[i, column]
        for m in range(len(modules)):
            internal[m] += module_teleport[m, LEAVING] * module_teleport[m, LANDING]
            modules[m, ENTER] -= internal[m]
            modules[m, EXIT] -= internal[m]


@jit
def _codelength_terms(modules):
    """The index codelength, and that of the modules without the nodes' constant, in bits."""
    entering = 0.0
    index = 0.0
    within = 0.0
    for m in range(len(modules)):
        visit, enter, exit = modules[m, VISIT], modules[m, ENTER], modules[m, EXIT]
        entering += enter
        index -= plogp(enter)
        within += plogp(visit + exit) - plogp(exit)
    return index + plogp(entering), within

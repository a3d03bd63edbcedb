"""The map equation of a hierarchy: a codebook for every module, of any depth.

The codebook of a leaf module names its nodes and its exit; that of any other module names the modules directly in it
and its exit; that of the root names the top modules (Rosvall & Bergstrom, PLoS ONE 6, e18209, 2011). The *use rate*
``u`` of a module is how often a name in its codebook is read, but for the exit: the visit rates of the nodes in a leaf
module, the enter flows of the modules in any other one. With enter flow ``e``, exit flow ``x`` and
``h(y) = y * log2(y)``, a module adds ::

    h(u + x) - h(x) - h(e)

to the codelength, wherever it is in the hierarchy, and a node ``-h(p)``; the last term of each belongs to the codebook
that names it. The root has neither enter nor exit flow. A two-level partition is the hierarchy of depth one, and the
root its index codebook.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.hierarchy import ROOT, Hierarchy, by_depth, depths
from mapeq._base.jit import jit
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.two_level import COST, Codelength, Partition, module_cost, plogp
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, Flow

#: The first column of a module's record; of a leaf module it is the visit rate.
USE = 0


class MultilevelPartition(NamedTuple):
    """A hierarchy with the sums that make a change of it cheap. Kernels write to it.

    Attributes
    ----------
    module_of : unsigned integer array of shape (n,)
        The module that each node is directly in.
    parent : unsigned integer array of shape (t,)
        The module that each module is in; module 0 is the root.
    modules : float64 array of shape (t, 4)
        Use rate, enter flow, exit flow and cost of each module; a row of zeros where there is no module.
    teleport : float64 array of shape (t, 2) or None
        Recorded teleportation of each module, summed over all nodes in it.
    sizes : unsigned integer array of shape (t,)
        How many nodes or modules are directly in each module.
    """

    module_of: IndexArray
    parent: IndexArray
    modules: FloatArray
    teleport: FloatArray | None
    sizes: IndexArray


def hierarchy(flow: Flow, tree: Hierarchy, room: int = 0) -> MultilevelPartition:
    """Sum up the modules of a hierarchy.

    Parameters
    ----------
    flow : Flow
        Of n nodes.
    tree : Hierarchy
        Of n nodes and t modules.
    room : int
        Empty rows for more modules; ``t + room`` must be at least 1 and is the number of rows.
    """
    count = len(tree.parent) + room
    parent = np.zeros(count, dtype=tree.parent.dtype)
    parent[: len(tree.parent)] = tree.parent
    sizes = np.bincount(tree.module_of, minlength=count) + np.bincount(tree.parent[1:], minlength=count)
    teleport = None if flow.teleport is None else np.zeros((count, 2))
    state = MultilevelPartition(
        tree.module_of.copy(), parent, np.zeros((count, 4)), teleport, sizes.astype(parent.dtype)
    )
    deepest = int(depths(tree.parent).max())
    _sum_hierarchy(flow.links, flow.nodes, flow.teleport, state, len(tree.parent), deepest)
    return state


def hierarchical_codelength(flow: Flow, state: MultilevelPartition) -> Codelength:
    """The codelength of a hierarchy, from its module sums; that of the root's codebook is the index codelength.

    Examples
    --------
    >>> from mapeq.walk.options import WalkOptions
    >>> from mapeq.walk.models import random_walk
    >>> from mapeq.network.network import Network
    >>> triangles = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
    >>> flow = random_walk(triangles, WalkOptions())
    >>> tree = Hierarchy(np.array([1, 1, 1, 2, 2, 2], np.uint32), np.zeros(3, np.uint32))
    >>> hierarchical_codelength(flow, hierarchy(flow, tree)).total
    2.320730356833...
    """
    index, within = _hierarchical_terms(state.parent, state.modules)
    index = max(index, 0.0)  # as in a two-level codelength, rounding may leave something below 0
    within = max(within + flow.node_codelength, 0.0)
    return Codelength(index + within, index, within)


def settled(state: MultilevelPartition, room: int = 0) -> MultilevelPartition:
    """The same hierarchy, parents before the modules in them and all empty rows, so many as asked for, at the end."""
    used = state.sizes > 0
    used[ROOT] = True
    order = by_depth(state.parent, used)
    number = np.zeros_like(state.parent)
    number[order] = np.arange(len(order))
    rows = [number[state.parent[order]], state.modules[order], state.sizes[order]]
    parent, modules, sizes = (np.concatenate([row, np.zeros((room, *row.shape[1:]), row.dtype)]) for row in rows)
    teleport = None
    if state.teleport is not None:
        teleport = np.concatenate([state.teleport[order], np.zeros((room, 2))])
    return MultilevelPartition(number[state.module_of], parent, modules, teleport, sizes)


def repopulated(state: MultilevelPartition, module_of: IndexArray) -> MultilevelPartition:
    """The same modules with other units in the leaf modules: nodes in the place of groups of nodes, or the reverse."""
    filled = state.sizes > 0
    filled[ROOT] = False
    count = len(state.parent)
    sizes = np.bincount(module_of, minlength=count) + np.bincount(state.parent[filled], minlength=count)
    return state._replace(module_of=module_of, sizes=sizes.astype(state.sizes.dtype))


def leaf_modules(state: MultilevelPartition) -> tuple[Partition, IndexArray]:
    """The partition of the nodes into leaf modules, and which modules of the hierarchy these are.

    The index codebook that names a leaf module is that of its parent, whose number it has.
    """
    codebooks = Codebooks(read_only(state.parent[state.module_of]), ONE, read_only(state.modules[:, EXIT].copy()))
    return by_module(state, state.module_of, codebooks)


def by_module(state: MultilevelPartition, module_of: IndexArray, codebooks: Codebooks) -> tuple[Partition, IndexArray]:
    """The partition of units into some modules of a hierarchy, and which modules these are.

    It is compact, and serves to refine and to aggregate, not to measure: how often its codebooks are used is left open.
    """
    modules, numbers = np.unique(module_of, return_inverse=True)
    teleport = None if state.teleport is None else state.teleport[modules]
    sizes = np.bincount(numbers).astype(state.sizes.dtype)
    uses = np.zeros((len(codebooks.exit), 2))
    found: IndexArray = numbers.astype(module_of.dtype)
    return Partition(found, state.modules[modules], teleport, sizes, uses, codebooks), modules


def dissolved(state: MultilevelPartition) -> MultilevelPartition:
    """The hierarchy without modules that save nothing: what is in them is put into their parents.

    A leaf module that is the only one in its parent may dissolve, too: the parent becomes a leaf module.
    """
    state = settled(state)
    leaf = np.zeros(len(state.parent), dtype=np.bool_)
    leaf[state.module_of] = True
    home = np.arange(len(state.parent), dtype=state.parent.dtype)
    _dissolve(state.parent, state.modules, state.sizes, leaf, home)
    return settled(state._replace(module_of=home[state.module_of]))


@jit
def _dissolve(parent, modules, sizes, leaf, home):
    """Dissolve modules from below; `home`, where what is in each module belongs, is the module itself before."""
    for m in range(len(parent) - 1, 0, -1):
        q = parent[m]
        alone = sizes[q] == 1
        if leaf[m] and (not alone or q == ROOT):
            continue
        use = modules[q, USE] - modules[m, ENTER] + modules[m, USE]
        exit = modules[q, EXIT]
        change = plogp(exit + use) - plogp(exit + modules[q, USE]) - modules[m, COST]
        if change < 0.0 or alone:  # a module that is alone in another never saves anything
            modules[q, USE] = use
            modules[q, COST] = module_cost(use, modules[q, ENTER], exit)
            sizes[q] += sizes[m] - ONE
            leaf[q] = leaf[m]
            modules[m, :] = 0.0
            sizes[m] = 0
            home[m] = q
    for m in range(1, len(parent)):  # parents come first, and have found their place
        home[m] = home[home[m]]
        parent[m] = home[parent[m]]


@jit
def _sum_hierarchy(links, nodes, teleport, state, count, deepest):
    """Fill the (zero) sums of the first `count` modules of a MultilevelPartition in one pass over the links."""
    module_of, parent, modules = state.module_of, state.parent, state.modules
    chain = np.zeros(deepest + 1, dtype=np.uint64)  # the modules that a node is in, from its leaf module to the root
    inside = np.zeros(deepest + 1)  # flow to nodes that share a module with it, but none below
    place = np.zeros(len(parent), dtype=np.uint32)  # of a module in the chain, plus 1
    bound = np.zeros(len(parent))
    for i in range(np.uint64(len(module_of))):
        m = np.uint64(module_of[i])
        modules[m, USE] += nodes[i, USE]
        height = 0
        while True:
            chain[height] = m
            inside[height] = 0.0
            place[m] = height + 1
            if m == ROOT:
                break
            height += 1
            m = np.uint64(parent[m])
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            m = np.uint64(module_of[links.indices[k]])
            while place[m] == 0:
                m = np.uint64(parent[m])
            inside[place[m] - 1] += links.flow[k * links.stride]
        internal = 0.0
        for c in range(height):
            m = chain[c]
            place[m] = 0
            internal += inside[c]
            # What stays inside is taken off node by node: differences of two large sums would lose digits.
            modules[m, ENTER] += nodes[i, ENTER] - internal / 2
            modules[m, EXIT] += nodes[i, EXIT] - internal / 2
            bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
        place[ROOT] = 0
    if teleport is not None:
        _sum_teleport_upwards(teleport, module_of, parent, count, modules, state.teleport)
    for m in range(count - 1, 0, -1):  # parents come before the modules in them
        for column in range(ENTER, EXIT + 1):
            # What is left of a border that nothing crosses is rounding error, and is cleared.
            if modules[m, column] < 1e-14 * bound[m]:
                modules[m, column] = 0.0
        modules[parent[m], USE] += modules[m, ENTER]
    for m in range(count):
        modules[m, COST] = module_cost(modules[m, USE], modules[m, ENTER], modules[m, EXIT])


@jit
def _sum_teleport_upwards(teleport, module_of, parent, count, modules, module_teleport):
    """Sum the teleportation of each module, and take off its enter and exit flow what stays inside."""
    internal = np.zeros(len(parent))
    for i in range(len(module_of)):
        m = module_of[i]
        # A node's own enter and exit flow leave out what lands where it left.
        internal[m] -= teleport[i, TELEPORT_OUT] * teleport[i, TELEPORT_IN]
        for column in range(2):
            module_teleport[m, column] += teleport[i, column]
    for m in range(count - 1, 0, -1):
        internal[parent[m]] += internal[m]
        for column in range(2):
            module_teleport[parent[m], column] += module_teleport[m, column]
    for m in range(1, count):
        stays = internal[m] + module_teleport[m, TELEPORT_OUT] * module_teleport[m, TELEPORT_IN]
        modules[m, ENTER] -= stays
        modules[m, EXIT] -= stays


@jit
def _hierarchical_terms(parent, modules):
    """The index codelength, and that of all other modules without the nodes' constant, in bits."""
    index = modules[ROOT, COST]
    within = 0.0
    for m in range(1, len(modules)):
        named = plogp(modules[m, ENTER])
        if parent[m] == ROOT:
            index -= named
            within += modules[m, COST] + named
        else:
            within += modules[m, COST]
    return index, within

"""The map equation of a hierarchy: a codebook for every module, of any depth.

The codebook of a leaf module names its nodes and its exit; that of any other module names the modules directly in it
and its exit; that of the root names the top modules (Rosvall & Bergstrom, PLoS ONE 6, e18209, 2011). With use rate
``u``, enter flow ``e`` and exit flow ``x``, a module adds ``h(u + x) - h(x) - h(e)`` to the codelength, wherever it is
in the hierarchy, see :mod:`mapeq.objective.formula`, and a node ``-h(p)``; the last term of each belongs to the
codebook that names it. The root has neither enter nor exit flow. A two-level partition is the hierarchy of depth one,
and the root its index codebook.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.hierarchy import ROOT, Hierarchy, by_depth, depths
from mapeq._base.jit import inlined, jit
from mapeq._base.team import ZERO, barrier, num_chunks, share, ticket
from mapeq._base.threads import Threads
from mapeq.objective.codebooks import Codebooks
from mapeq.objective.contents import ContentSums, costs_of_contents
from mapeq.objective.formula import module_cost, plogp
from mapeq.objective.level import Level
from mapeq.objective.terms import price_change, price_in_index, price_of_modules
from mapeq.objective.two_level import COST, NODES, ROUNDING, Codelength, Partition
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, ask_for_neighbours, flow_of

#: Nodes whose flow within modules is found before it is summed up.
NODES_AT_ONCE = 1 << 16

#: The first column of a module's record; of a leaf module it is the visit rate.
USE = 0


class MultilevelPartition(NamedTuple):
    """A hierarchy with the sums that make changes of it cheap. Kernels write to it.

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
        Number of nodes or modules directly in each module.
    num_modules : float64 array of shape (1,)
        Number of modules, the root apart.
    contents : ContentSums or None
        Memory for those of leaf modules while units move; None at other times, and without contents.
    """

    module_of: IndexArray
    parent: IndexArray
    modules: FloatArray
    teleport: FloatArray | None
    sizes: IndexArray
    num_modules: FloatArray
    contents: ContentSums | None = None


def multilevel_partition(
    level: Level, hierarchy: Hierarchy, spare_rows: int = 0, threads: Threads | None = None
) -> MultilevelPartition:
    """Sum up the modules of a hierarchy.

    Parameters
    ----------
    level : Level
        Of n nodes.
    hierarchy : Hierarchy
        Of n nodes and t modules.
    spare_rows : int
        Number of empty rows for more modules.
    threads : Threads, optional
        They share the work.
    """
    count = len(hierarchy.parent) + spare_rows
    parent = np.zeros(count, dtype=hierarchy.parent.dtype)
    parent[: len(hierarchy.parent)] = hierarchy.parent
    sizes = np.bincount(hierarchy.module_of, minlength=count) + np.bincount(hierarchy.parent[1:], minlength=count)
    state = MultilevelPartition(
        hierarchy.module_of.copy(),
        parent,
        np.zeros((count, 4)),
        None if level.terms.teleport is None else np.zeros((count, 2)),
        sizes.astype(hierarchy.parent.dtype),
        np.array([float(np.count_nonzero(sizes[1:]))]),
    )
    inside = np.empty((min(len(level.nodes), NODES_AT_ONCE), int(depths(hierarchy.parent).max()) + 1))
    (threads or Threads()).together(_sum_hierarchy, level, state, inside, np.zeros((2, count)))
    return state


def multilevel_codelength(level: Level, state: MultilevelPartition) -> Codelength:
    """The codelength of a hierarchy, from its module sums; that of the root's codebook is the index codelength.

    Examples
    --------
    >>> from mapeq.network.network import Network
    >>> from mapeq.objective.level import network_level
    >>> from mapeq.walk.models import random_walk
    >>> from mapeq.walk.options import WalkOptions
    >>> triangles = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
    >>> level = network_level(random_walk(triangles, WalkOptions()))
    >>> hierarchy = Hierarchy(np.array([1, 1, 1, 2, 2, 2], np.uint32), np.zeros(3, np.uint32))
    >>> multilevel_codelength(level, multilevel_partition(level, hierarchy)).total
    2.320730356833...
    """
    index, within = _sum_codelength(level.terms, state)
    index = max(index, 0.0)  # as in a two-level codelength, rounding may leave something below 0
    within = max(within + level.constant + _cost_of_contents(level, state), 0.0)
    return Codelength(index + within, index, within)


def varying_codelength(level: Level, state: MultilevelPartition) -> float:
    """The codelength without the constant of the level, in bits."""
    price = 0.0 if level.terms.counting is None else float(_price(level.terms, state))
    return float(state.modules[:, COST].sum()) + price + _cost_of_contents(level, state)


def _cost_of_contents(level: Level, state: MultilevelPartition) -> float:
    return float(costs_of_contents(level.terms.contents, state.module_of, len(state.parent)).sum())


@jit
def _price(terms, state):
    return price_of_modules(terms.counting, state.num_modules[0], np.float64(state.sizes[ROOT]))


def settled(state: MultilevelPartition, spare_rows: int = 0) -> MultilevelPartition:
    """The same hierarchy, parents before the modules in them, and a number of empty rows at the end."""
    used = state.sizes > 0
    used[ROOT] = True
    order = by_depth(state.parent, used)
    number = np.zeros_like(state.parent)
    number[order] = np.arange(len(order))
    rows = [number[state.parent[order]], state.modules[order], state.sizes[order]]
    empty = [np.zeros((spare_rows, *row.shape[1:]), row.dtype) for row in rows]
    parent, modules, sizes = (np.concatenate(pair) for pair in zip(rows, empty, strict=True))
    teleport = None
    if state.teleport is not None:
        teleport = np.concatenate([state.teleport[order], np.zeros((spare_rows, 2))])
    return MultilevelPartition(number[state.module_of], parent, modules, teleport, sizes, state.num_modules.copy())


def repopulated(state: MultilevelPartition, module_of: IndexArray) -> MultilevelPartition:
    """The same modules with other units in the leaf modules: nodes in the place of groups of nodes, or the reverse."""
    filled = state.sizes > 0
    filled[ROOT] = False
    count = len(state.parent)
    sizes = np.bincount(module_of, minlength=count) + np.bincount(state.parent[filled], minlength=count)
    return state._replace(module_of=module_of, sizes=sizes.astype(state.sizes.dtype))


def leaf_modules(state: MultilevelPartition) -> tuple[Partition, IndexArray]:
    """The partition of the nodes into leaf modules, and the numbers of these in the hierarchy.

    The index codebook that names a leaf module is that of its parent, and has the parent's number.
    """
    codebooks = Codebooks(read_only(state.parent[state.module_of]), ONE, read_only(state.modules[:, EXIT].copy()))
    return by_module(state, state.module_of, codebooks)


def by_module(state: MultilevelPartition, module_of: IndexArray, codebooks: Codebooks) -> tuple[Partition, IndexArray]:
    """The partition of units into some modules of a hierarchy, and the numbers of these.

    It is compact, and serves to refine and to aggregate, not to measure: the sums of its codebooks are left open.
    """
    modules, numbers = np.unique(module_of, return_inverse=True)
    teleport = None if state.teleport is None else state.teleport[modules]
    sizes = np.bincount(numbers).astype(state.sizes.dtype)
    index = np.zeros((len(codebooks.exit), 5))
    found: IndexArray = numbers.astype(module_of.dtype)
    return Partition(found, state.modules[modules], teleport, sizes, index, codebooks), modules


def dissolved(level: Level, state: MultilevelPartition) -> MultilevelPartition:
    """The hierarchy without modules that save nothing: their contents are put into their parents.

    A leaf module that is the only one in its parent may dissolve, too: the parent becomes a leaf module.
    """
    state = settled(state)
    leaf = np.zeros(len(state.parent), dtype=np.bool_)
    leaf[state.module_of] = True
    home = np.arange(len(state.parent), dtype=state.parent.dtype)
    _dissolve(level.terms, state, leaf, home)
    return settled(state._replace(module_of=home[state.module_of]))


@jit
def _dissolve(terms, state, leaf, home):
    """Dissolve modules from below; `home` has the module that the contents of each belong to, at first the module."""
    parent, modules, sizes = state.parent, state.modules, state.sizes
    for m in range(len(parent) - 1, 0, -1):
        q = parent[m]
        alone = sizes[q] == 1
        if leaf[m] and (not alone or q == ROOT):
            continue
        use = modules[q, USE] - modules[m, ENTER] + modules[m, USE]
        exit = modules[q, EXIT]
        change = plogp(exit + use) - plogp(exit + modules[q, USE]) - modules[m, COST]
        more_tops = np.float64(sizes[m]) - 1.0 if q == ROOT else 0.0
        priced = price_change(terms.counting, state.num_modules[0], np.float64(sizes[ROOT]), -1.0, more_tops)
        # The codebook of a module that is alone in another never saves anything.
        if change + priced < 0.0 or (alone and priced <= 0.0):
            modules[q, USE] = use
            modules[q, COST] = module_cost(use, modules[q, ENTER], exit)
            sizes[q] += sizes[m] - ONE
            leaf[q] = leaf[m]
            modules[m, :] = 0.0
            sizes[m] = 0
            home[m] = q
            state.num_modules[0] -= 1.0
    for m in range(1, len(parent)):  # parents come first, and have found their place
        home[m] = home[home[m]]
        parent[m] = home[parent[m]]


@jit
def _sum_hierarchy(team, level, state, inside, sums):
    """Fill the (zero) sums of a hierarchy in one pass over the links.

    Scratch are `inside`, a row for each of some nodes, see :func:`_find_inside`, and two `sums` over each module, zeros
    at first.
    """
    nodes, module_of, parent, modules, bound = level.nodes, state.module_of, state.parent, state.modules, sums[0]
    n, at_once = np.uint64(len(module_of)), np.uint64(len(inside))
    begin, end = share(np.uint64(len(parent)), team)
    first = ZERO
    while first < n:
        last = min(first + at_once, n)
        parts = num_chunks(last - first, NODES)
        part = ticket(team)
        while part < parts:
            for i in range(first + part * NODES, min(first + (part + ONE) * NODES, last)):
                ask_for_neighbours(level.links, min(i + ONE, n - ONE), module_of)
                _find_inside(level.links, module_of, parent, i, inside, i - first)
            part = ticket(team)
        barrier(team)
        # Every thread sums up a range of modules.
        for i in range(first, last):
            m = np.uint64(module_of[i])
            if m - begin < end - begin:
                modules[m, USE] += nodes[i, USE]
            internal = 0.0
            height = ZERO
            while m != ROOT:
                internal += inside[i - first, height]
                if m - begin < end - begin:
                    # Internal flow is taken off node by node: differences of two large sums would lose digits.
                    modules[m, ENTER] += nodes[i, ENTER] - internal / 2
                    modules[m, EXIT] += nodes[i, EXIT] - internal / 2
                    bound[m] += nodes[i, ENTER] + nodes[i, EXIT]
                height += ONE
                m = np.uint64(parent[m])
        barrier(team)
        first = last
    if team.number == ZERO:
        _sum_teleport_upwards(level.terms.teleport, module_of, parent, modules, state.teleport, sums[1])
        for m in range(len(parent) - 1, 0, -1):  # parents come before the modules in them
            for column in range(ENTER, EXIT + 1):
                if modules[m, column] < ROUNDING * bound[m]:
                    modules[m, column] = 0.0
            modules[parent[m], USE] += modules[m, ENTER]
        for m in range(len(parent)):
            modules[m, COST] = module_cost(modules[m, USE], modules[m, ENTER], modules[m, EXIT])
    barrier(team)


@inlined
def _find_inside(links, module_of, parent, i, inside, row):
    """Sum the flow between a node and others in its leaf module, then others in the module around that, and so on.

    The last sum is of the flow to nodes that share only the root with it.
    """
    own = np.uint64(module_of[i])
    height = ZERO
    m = own
    inside[row, ZERO] = 0.0
    while m != ROOT:
        height += ONE
        inside[row, height] = 0.0
        m = np.uint64(parent[m])
    for k in range(links.indptr[i], links.indptr[i + ONE]):
        m, other = own, np.uint64(module_of[links.indices[k]])
        height = ZERO
        while m != other:  # the larger number is of a module that does not hold the other one
            if m > other:
                m = np.uint64(parent[m])
                height += ONE
            else:
                other = np.uint64(parent[other])
        inside[row, height] += flow_of(links, k)


@inlined
def _sum_teleport_upwards(teleport, module_of, parent, modules, module_teleport, internal):
    """Sum the teleportation of each module, and subtract from its enter and exit flow what stays inside."""
    if teleport is not None:
        for i in range(len(module_of)):
            m = module_of[i]
            # A node's own enter and exit flow leave out what lands where it left.
            internal[m] -= teleport[i, TELEPORT_OUT] * teleport[i, TELEPORT_IN]
            for column in range(2):
                module_teleport[m, column] += teleport[i, column]
        for m in range(len(parent) - 1, 0, -1):
            internal[parent[m]] += internal[m]
            for column in range(2):
                module_teleport[parent[m], column] += module_teleport[m, column]
        for m in range(1, len(parent)):
            stays = internal[m] + module_teleport[m, TELEPORT_OUT] * module_teleport[m, TELEPORT_IN]
            modules[m, ENTER] -= stays
            modules[m, EXIT] -= stays


@jit
def _sum_codelength(terms, state):
    """The index codelength, and that of all other modules without the constant, in bits."""
    parent, modules = state.parent, state.modules
    index = modules[ROOT, COST]
    within = 0.0
    for m in range(1, len(modules)):
        named = plogp(modules[m, ENTER])
        if parent[m] == ROOT:
            index -= named
            within += modules[m, COST] + named
        else:
            within += modules[m, COST]
    num_tops = np.float64(state.sizes[ROOT])
    price = price_of_modules(terms.counting, state.num_modules[0], num_tops)
    in_index = price_in_index(terms.counting, num_tops)
    return index + in_index, within + (price - in_index)

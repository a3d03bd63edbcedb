"""Hierarchies of modules as two flat arrays, without any flow.

Branches may differ in depth, and a module may be the only child of its parent. Nodes are in *leaf modules*; all other
modules contain modules only. Depth is counted down from the root, 0: the top modules are at depth 1. Height is counted
up from the leaf modules, 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import IndexArray
from mapeq._base.jit import jit

#: Number of the root.
ROOT = 0


class Hierarchy(NamedTuple):
    """A hierarchy of modules.

    Attributes
    ----------
    module_of : unsigned integer array of shape (n,)
        Leaf module of each node.
    parent : unsigned integer array of shape (t,)
        Parent of each module. Module 0 is the root, its own parent. All other modules have larger numbers than their
        parents.

    Examples
    --------
    >>> hierarchy = Hierarchy(np.array([2, 2, 3, 4], np.uint32), np.array([0, 0, 1, 1, 0], np.uint32))
    >>> depths(hierarchy.parent), heights(hierarchy.parent)
    (array([0, 1, 2, 2, 1]), array([2, 1, 0, 0, 0]))
    >>> cut(hierarchy, 1)
    array([1, 1, 1, 4], dtype=uint32)
    """

    module_of: IndexArray
    parent: IndexArray


def two_levels(module_of: IndexArray) -> Hierarchy:
    """Return the hierarchy of a partition whose modules are numbered from 0 without gaps."""
    return stacked([module_of])


def stacked(levels: Sequence[IndexArray]) -> Hierarchy:
    """Return the hierarchy of nodes in modules, modules in super-modules, and so on.

    Parameters
    ----------
    levels : sequence of unsigned integer arrays
        The first holds the module of each node, each further one the parent of each module of the level before.
        Modules are numbered from 0 without gaps.

    Examples
    --------
    >>> stacked([np.array([0, 0, 1, 2], np.uint32), np.array([0, 1, 1], np.uint32)])
    Hierarchy(module_of=array([3, 3, 4, 5], dtype=uint32), parent=array([0, 0, 0, 1, 2, 2], dtype=uint32))
    """
    dtype = levels[0].dtype
    parent = np.zeros(1, dtype=dtype)
    first = 0  # number of the first module of the level above
    for number in range(len(levels) - 1, -1, -1):
        modules_above = levels[number + 1] if number + 1 < len(levels) else None
        count = int(levels[number].max()) + 1 if len(levels[number]) else 0
        above = np.zeros(count, dtype=dtype) if modules_above is None else modules_above + dtype.type(first)
        first = len(parent)
        parent = np.concatenate([parent, above])
    return Hierarchy(levels[0] + dtype.type(first), parent)


def is_two_level(hierarchy: Hierarchy) -> bool:
    """Return whether all modules are top modules."""
    return num_tops(hierarchy) == len(hierarchy.parent) - 1


def leaf_numbers(hierarchy: Hierarchy) -> IndexArray:
    """Return the leaf module of each node, with leaf modules numbered from 0 without gaps."""
    if is_two_level(hierarchy):
        return hierarchy.module_of - hierarchy.module_of.dtype.type(1)
    numbers: IndexArray = np.unique(hierarchy.module_of, return_inverse=True)[1].astype(hierarchy.module_of.dtype)
    return numbers


def num_tops(hierarchy: Hierarchy) -> int:
    """Return the number of top modules."""
    return int(np.count_nonzero(hierarchy.parent == ROOT)) - 1


def depths(parent: IndexArray) -> NDArray[np.int64]:
    """Return the depth of each module; parents may have any numbers."""
    found = np.zeros(len(parent), dtype=np.int64)
    _fill_depths(parent, found)
    return found


@jit
def _fill_depths(parent, found):
    for m in range(len(parent)):
        above = m
        while above != ROOT:
            above = np.int64(parent[above])
            found[m] += 1


def heights(parent: IndexArray) -> NDArray[np.int64]:
    """Return the height of each module: the number of levels of modules below it, 0 for leaf modules."""
    found = np.zeros(len(parent), dtype=np.int64)
    _fill_heights(parent, found)
    return found


@jit
def _fill_heights(parent, found):
    for m in range(len(parent)):
        above, height = m, 0
        while above != ROOT:
            above, height = np.int64(parent[above]), height + 1
            found[above] = max(found[above], height)


def by_depth(parent: IndexArray, used: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the modules in use, sorted by depth; parents may have any numbers."""
    depth = depths(np.where(used, parent, parent.dtype.type(ROOT)))
    depth[~used] = len(parent)
    order: NDArray[np.intp] = np.argsort(depth, kind="stable")[: np.count_nonzero(used)]
    return order


def cut(hierarchy: Hierarchy, depth: int) -> IndexArray:
    """Return the module of each node at a depth, or its leaf module if that is higher up."""
    deeper = depths(hierarchy.parent) > depth
    ancestor = np.arange(len(hierarchy.parent), dtype=hierarchy.parent.dtype)
    while (below := deeper[ancestor]).any():
        ancestor[below] = hierarchy.parent[ancestor[below]]
    return ancestor[hierarchy.module_of]


def numbering(hierarchy: Hierarchy, rank: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """Number the modules that contain nodes, level by level; return their old numbers in the new order.

    Parameters
    ----------
    hierarchy : Hierarchy
        Parents may have any numbers, and modules may be empty.
    rank : float64 array of shape (t,), optional
        Modules of the same depth are sorted by parent, then by increasing rank, then by the first node in them.
    """
    parent = hierarchy.parent
    used = np.zeros(len(parent), dtype=np.bool_)
    used[hierarchy.module_of] = True
    above = np.flatnonzero(used)
    used[ROOT] = True
    while len(above):
        above = np.unique(parent[above])
        above = above[~used[above]]
        used[above] = True
    depth = depths(np.where(used, parent, parent.dtype.type(ROOT)))
    n = len(hierarchy.module_of)
    first = np.full(len(parent), n)
    first[hierarchy.module_of[::-1]] = np.arange(n)[::-1]  # of several numbers, the last one stays
    for level in range(int(depth[used].max(initial=0)), 1, -1):
        here = np.flatnonzero(used & (depth == level))
        np.minimum.at(first, parent[here], first[here])
    number = np.zeros(len(parent), dtype=np.int64)
    order = [np.zeros(1, dtype=np.int64)]
    count = 1
    for level in range(1, int(depth[used].max(initial=0)) + 1):
        here = np.flatnonzero(used & (depth == level))
        keys = (first[here], *(() if rank is None else (rank[here],)), number[parent[here]])
        here = here[np.lexsort(keys)]
        number[here] = np.arange(count, count + len(here))
        order.append(here)
        count += len(here)
    return np.concatenate(order)


def reordered(hierarchy: Hierarchy, order: NDArray[np.int64]) -> Hierarchy:
    """Return the hierarchy with the modules of a :func:`numbering` only, numbered in its order."""
    number = np.zeros(len(hierarchy.parent), dtype=hierarchy.parent.dtype)
    number[order] = np.arange(len(order))
    return Hierarchy(number[hierarchy.module_of], number[hierarchy.parent[order]])


def renumbered(hierarchy: Hierarchy, rank: NDArray[np.float64] | None = None) -> Hierarchy:
    """Return the hierarchy without empty modules, its modules numbered level by level.

    See :func:`numbering` for the parameters.
    """
    return reordered(hierarchy, numbering(hierarchy, rank))


def first_children(parent: IndexArray) -> NDArray[np.int64]:
    """Return the first child of each module, in a hierarchy numbered level by level. Shape (t + 1,).

    The children of module ``m`` end where those of ``m + 1`` begin.
    """
    return 1 + np.searchsorted(parent[1:], np.arange(len(parent) + 1))


def ranks(parent: IndexArray) -> NDArray[np.int64]:
    """Return the rank of each module among its siblings, from 1, if numbered level by level; 0 for the root."""
    found: NDArray[np.int64] = np.arange(len(parent)) - first_children(parent)[parent] + 1
    found[ROOT] = 0
    return found


def paths(parent: IndexArray) -> list[tuple[int, ...]]:
    """Return the path of each module: the ranks from the top module down to the module itself; () for the root.

    Examples
    --------
    >>> paths(np.array([0, 0, 0, 1, 1, 2], np.uint32))
    [(), (1,), (2,), (1, 1), (1, 2), (2, 1)]
    """
    found: list[tuple[int, ...]] = [()]
    for above, rank in zip(parent[1:].tolist(), ranks(parent)[1:].tolist(), strict=True):
        found.append((*found[above], rank))
    return found


def leaf_paths(hierarchy: Hierarchy) -> list[str]:
    """Return the path of each node's leaf module as text, in a hierarchy numbered level by level.

    ``2:1`` is the first module in the second top module.
    """
    texts = [":".join(map(str, path)) for path in paths(hierarchy.parent)]
    return [texts[module] for module in hierarchy.module_of.tolist()]


def preorder(parent: IndexArray) -> NDArray[np.int64]:
    """Return all modules depth first, each before its children, in a hierarchy numbered level by level."""
    first = first_children(parent).tolist()
    found: list[int] = []
    waiting = [ROOT]
    while waiting:
        module = waiting.pop()
        found.append(module)
        waiting.extend(range(first[module + 1] - 1, first[module] - 1, -1))
    return np.array(found, dtype=np.int64)


class Branches:
    """Collects modules by their paths, and numbers them in order of first occurrence.

    Examples
    --------
    >>> branches = Branches()
    >>> branches.hierarchy([branches.module(path) for path in (("a", 1), ("a", 2), ("b",))])
    Hierarchy(module_of=array([2, 3, 4], dtype=uint32), parent=array([0, 0, 1, 1, 0], dtype=uint32))
    """

    def __init__(self) -> None:
        self._parent = [ROOT]
        self._number: dict[tuple[int, Hashable], int] = {}

    def module(self, path: Iterable[Hashable]) -> int:
        """Return the number of the module with a path of names, coarsest first."""
        number = ROOT
        for name in path:
            child = self._number.setdefault((number, name), len(self._parent))
            if child == len(self._parent):
                self._parent.append(number)
            number = child
        return number

    def hierarchy(self, module_of: ArrayLike) -> Hierarchy:
        """Return the hierarchy of all modules so far, given the module of each node."""
        dtype = np.uint32 if len(self._parent) <= np.iinfo(np.uint32).max else np.uint64
        return Hierarchy(np.array(module_of, dtype=dtype), np.array(self._parent, dtype=dtype))


def sums_upwards(values: NDArray[np.float64], parent: IndexArray) -> NDArray[np.float64]:
    """Return the sum over each module and all modules in it, at any depth. Shape (t,)."""
    sums = values.astype(np.float64)
    depth = depths(parent)
    for level in range(int(depth.max()), 0, -1):
        here = np.flatnonzero(depth == level)
        sums += np.bincount(parent[here], sums[here], minlength=len(parent))
    return sums


def misplaced(hierarchy: Hierarchy) -> int | None:
    """Return the first node in a module that contains modules; None if there is none."""
    holds_modules = np.zeros(len(hierarchy.parent), dtype=np.bool_)
    holds_modules[hierarchy.parent[1:]] = True
    found = np.flatnonzero(holds_modules[hierarchy.module_of])
    return int(found[0]) if len(found) else None

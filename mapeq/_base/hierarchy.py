"""A hierarchy of modules as two flat arrays, and what can be said of it without any flow.

Branches may be of different depth, and a module may be the only one in another. Nodes are in *leaf
modules*; other modules hold modules only. Depth counts from the root (0) downwards: its modules, the top modules,
are at depth 1. Height counts from the leaf modules (0) upwards.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import IndexArray
from mapeq._base.jit import jit

#: The number of the root.
ROOT = 0


class Hierarchy(NamedTuple):
    """A hierarchy of modules.

    Attributes
    ----------
    module_of : unsigned integer array of shape (n,)
        The leaf module that each node is in.
    parent : unsigned integer array of shape (t,)
        The module that each module is in; module 0 is the root, and said to be in itself.
        All others have larger numbers than their parents.

    Examples
    --------
    >>> tree = Hierarchy(np.array([2, 2, 3, 4], np.uint32), np.array([0, 0, 1, 1, 0], np.uint32))
    >>> depths(tree.parent), heights(tree.parent)
    (array([0, 1, 2, 2, 1]), array([2, 1, 0, 0, 0]))
    >>> cut(tree, 1)
    array([1, 1, 1, 4], dtype=uint32)
    """

    module_of: IndexArray
    parent: IndexArray


def two_levels(module_of: IndexArray) -> Hierarchy:
    """The tree of a partition whose modules are numbered from 0 without gaps."""
    return stacked([module_of])


def stacked(levels: Sequence[IndexArray]) -> Hierarchy:
    """The tree of nodes in modules, these in modules of modules, and so on.

    Parameters
    ----------
    levels : sequence of unsigned integer arrays
        The first has the module of each node, each one after it the module of each module of the one before;
        numbered from 0 without gaps.

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


def is_two_level(tree: Hierarchy) -> bool:
    """Whether no module is in another."""
    return num_tops(tree) == len(tree.parent) - 1


def leaf_numbers(tree: Hierarchy) -> IndexArray:
    """The leaf module of each node, leaf modules being numbered from 0 without gaps."""
    if is_two_level(tree):
        return tree.module_of - tree.module_of.dtype.type(1)
    numbers: IndexArray = np.unique(tree.module_of, return_inverse=True)[1].astype(tree.module_of.dtype)
    return numbers


def num_tops(tree: Hierarchy) -> int:
    """How many top modules there are."""
    return int(np.count_nonzero(tree.parent == ROOT)) - 1


def depths(parent: IndexArray) -> NDArray[np.int64]:
    """How deep each module is; parents may come in any order."""
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
    """How many levels of modules are below each module: 0 for leaf modules."""
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
    """The modules that are used, sorted by depth; parents may come in any order."""
    depth = depths(np.where(used, parent, parent.dtype.type(ROOT)))
    depth[~used] = len(parent)
    order: NDArray[np.intp] = np.argsort(depth, kind="stable")[: np.count_nonzero(used)]
    return order


def cut(tree: Hierarchy, depth: int) -> IndexArray:
    """The module that each node is in at a depth; its leaf module, if that is less deep."""
    deeper = depths(tree.parent) > depth
    ancestor = np.arange(len(tree.parent), dtype=tree.parent.dtype)
    while (below := deeper[ancestor]).any():
        ancestor[below] = tree.parent[ancestor[below]]
    return ancestor[tree.module_of]


def numbering(tree: Hierarchy, rank: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """The modules that any node is in, level by level: their present numbers, in the order of their new ones.

    Parameters
    ----------
    tree : Hierarchy
        Parents may come in any order, and modules without nodes may be left over.
    rank : float64 array of shape (t,), optional
        Modules of the same depth are sorted by their parents, then by this, smallest first, then by number.
    """
    parent = tree.parent
    used = np.zeros(len(parent), dtype=np.bool_)
    used[tree.module_of] = True
    above = np.flatnonzero(used)
    used[ROOT] = True
    while len(above):
        above = np.unique(parent[above])
        above = above[~used[above]]
        used[above] = True
    depth = depths(np.where(used, parent, parent.dtype.type(ROOT)))
    number = np.zeros(len(parent), dtype=np.int64)
    order = [np.zeros(1, dtype=np.int64)]
    count = 1
    for level in range(1, int(depth[used].max(initial=0)) + 1):
        here = np.flatnonzero(used & (depth == level))
        keys = (number[parent[here]],) if rank is None else (rank[here], number[parent[here]])
        here = here[np.lexsort(keys)]
        number[here] = np.arange(count, count + len(here))
        order.append(here)
        count += len(here)
    return np.concatenate(order)


def reordered(tree: Hierarchy, order: NDArray[np.int64]) -> Hierarchy:
    """The same hierarchy with the modules of a :func:`numbering` only, numbered in its order."""
    number = np.zeros(len(tree.parent), dtype=tree.parent.dtype)
    number[order] = np.arange(len(order))
    return Hierarchy(number[tree.module_of], number[tree.parent[order]])


def renumbered(tree: Hierarchy, rank: NDArray[np.float64] | None = None) -> Hierarchy:
    """The same hierarchy, without modules that no node is in, its modules numbered level by level.

    Parameters are those of :func:`numbering`.
    """
    return reordered(tree, numbering(tree, rank))


def first_children(parent: IndexArray) -> NDArray[np.int64]:
    """Where the modules in each module begin, in a tree numbered level by level: those of `m` end where those of
    ``m + 1`` begin. Shape (t + 1,).
    """
    return 1 + np.searchsorted(parent[1:], np.arange(len(parent) + 1))


def ranks(parent: IndexArray) -> NDArray[np.int64]:
    """Which of the modules of its parent each module is, from 1, in a tree numbered level by level; 0 for the root."""
    found: NDArray[np.int64] = np.arange(len(parent)) - first_children(parent)[parent] + 1
    found[ROOT] = 0
    return found


def paths(parent: IndexArray) -> list[tuple[int, ...]]:
    """The ranks of the modules from the top module down to each module; () for the root.

    Examples
    --------
    >>> paths(np.array([0, 0, 0, 1, 1, 2], np.uint32))
    [(), (1,), (2,), (1, 1), (1, 2), (2, 1)]
    """
    found: list[tuple[int, ...]] = [()]
    for above, rank in zip(parent[1:].tolist(), ranks(parent)[1:].tolist(), strict=True):
        found.append((*found[above], rank))
    return found


def leaf_paths(tree: Hierarchy) -> list[str]:
    """The path of each node's leaf module as text, in a tree numbered level by level.

    ``2:1`` is the first module in the second top module.
    """
    texts = [":".join(map(str, path)) for path in paths(tree.parent)]
    return [texts[module] for module in tree.module_of.tolist()]


def preorder(parent: IndexArray) -> NDArray[np.int64]:
    """All modules of a tree numbered level by level, each before the modules in it, and those before the next."""
    first = first_children(parent).tolist()
    found: list[int] = []
    waiting = [ROOT]
    while waiting:
        module = waiting.pop()
        found.append(module)
        waiting.extend(range(first[module + 1] - 1, first[module] - 1, -1))
    return np.array(found, dtype=np.int64)


class Branches:
    """Modules by their paths, numbered in the order in which they first occur.

    Examples
    --------
    >>> branches = Branches()
    >>> branches.tree([branches.module(path) for path in (("a", 1), ("a", 2), ("b",))])
    Hierarchy(module_of=array([2, 3, 4], dtype=uint32), parent=array([0, 0, 1, 1, 0], dtype=uint32))
    """

    def __init__(self) -> None:
        self._parent = [ROOT]
        self._number: dict[tuple[int, Hashable], int] = {}

    def module(self, path: Iterable[Hashable]) -> int:
        """The number of the module that a path from the root leads to, its names coarsest first."""
        number = ROOT
        for name in path:
            child = self._number.setdefault((number, name), len(self._parent))
            if child == len(self._parent):
                self._parent.append(number)
            number = child
        return number

    def tree(self, module_of: ArrayLike) -> Hierarchy:
        """The tree of all modules so far, given the module of each node."""
        dtype = np.uint32 if len(self._parent) <= np.iinfo(np.uint32).max else np.uint64
        return Hierarchy(np.array(module_of, dtype=dtype), np.array(self._parent, dtype=dtype))


def sums_upwards(values: NDArray[np.float64], parent: IndexArray) -> NDArray[np.float64]:
    """What each module has together with all modules in it, at any depth. Shape (t,)."""
    sums = values.astype(np.float64)
    depth = depths(parent)
    for level in range(int(depth.max()), 0, -1):
        here = np.flatnonzero(depth == level)
        sums += np.bincount(parent[here], sums[here], minlength=len(parent))
    return sums


def misplaced(tree: Hierarchy) -> int | None:
    """A node that is beside modules, in a module that is no leaf module; None if there is no such node."""
    holds_modules = np.zeros(len(tree.parent), dtype=np.bool_)
    holds_modules[tree.parent[1:]] = True
    beside = np.flatnonzero(holds_modules[tree.module_of])
    return int(beside[0]) if len(beside) else None

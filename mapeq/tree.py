"""A hierarchy of modules as two flat arrays, and what can be said of it without any flow.

Branches may be of different depth, and a module may be the only one in another. Nodes are in *leaf
modules*; other modules hold modules only. Depth counts from the root (0) downwards: its modules, the top modules,
are at depth 1. Height counts from the leaf modules (0) upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq.rows import IndexArray

#: The number of the root.
ROOT = 0


class Tree(NamedTuple):
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
    >>> tree = Tree(np.array([2, 2, 3, 4], np.uint32), np.array([0, 0, 1, 1, 0], np.uint32))
    >>> depths(tree.parent), heights(tree.parent)
    (array([0, 1, 2, 2, 1]), array([2, 1, 0, 0, 0]))
    >>> cut(tree, 1)
    array([1, 1, 1, 4], dtype=uint32)
    """

    module_of: IndexArray
    parent: IndexArray


def two_levels(module_of: IndexArray) -> Tree:
    """The tree of a partition whose modules are numbered from 0 without gaps."""
    return stacked([module_of])


def stacked(levels: Sequence[IndexArray]) -> Tree:
    """The tree of nodes in modules, these in modules of modules, and so on.

    Parameters
    ----------
    levels : sequence of unsigned integer arrays
        The first has the module of each node, each one after it the module of each module of the one before;
        numbered from 0 without gaps.

    Examples
    --------
    >>> stacked([np.array([0, 0, 1, 2], np.uint32), np.array([0, 1, 1], np.uint32)])
    Tree(module_of=array([3, 3, 4, 5], dtype=uint32), parent=array([0, 0, 0, 1, 2, 2], dtype=uint32))
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
    return Tree(levels[0] + dtype.type(first), parent)


def num_tops(tree: Tree) -> int:
    """How many top modules there are."""
    return int(np.count_nonzero(tree.parent == ROOT)) - 1


def depths(parent: IndexArray) -> NDArray[np.int64]:
    """How deep each module is; parents may come in any order."""
    found = np.zeros(len(parent), dtype=np.int64)
    above = np.arange(len(parent), dtype=parent.dtype)
    while above.any():
        found += above != ROOT
        above = parent[above]
    return found


def heights(parent: IndexArray) -> NDArray[np.int64]:
    """How many levels of modules are below each module: 0 for leaf modules."""
    found = np.zeros(len(parent), dtype=np.int64)
    depth = depths(parent)
    for level in range(int(depth.max(initial=0)), 0, -1):
        here = np.flatnonzero(depth == level)
        np.maximum.at(found, parent[here], found[here] + 1)
    return found


def by_depth(parent: IndexArray, used: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The modules that are used, sorted by depth; parents may come in any order."""
    depth = depths(np.where(used, parent, parent.dtype.type(ROOT)))
    depth[~used] = len(parent)
    order: NDArray[np.intp] = np.argsort(depth, kind="stable")[: np.count_nonzero(used)]
    return order


def cut(tree: Tree, depth: int) -> IndexArray:
    """The module that each node is in at a depth; its leaf module, if that is less deep."""
    deeper = depths(tree.parent) > depth
    ancestor = np.arange(len(tree.parent), dtype=tree.parent.dtype)
    while (below := deeper[ancestor]).any():
        ancestor[below] = tree.parent[ancestor[below]]
    return ancestor[tree.module_of]


def renumbered(tree: Tree, rank: NDArray[np.float64] | None = None) -> Tree:
    """The same hierarchy, without modules that no node is in, its modules numbered level by level.

    Parameters
    ----------
    tree : Tree
        Parents may come in any order, and modules without nodes may be left over.
    rank : float64 array of shape (t,), optional
        Modules of the same depth are sorted by their parents, then by this, smallest first, then by number.
    """
    parent, dtype = tree.parent, tree.parent.dtype
    used = np.zeros(len(parent), dtype=np.bool_)
    used[ROOT] = True
    above = np.unique(tree.module_of)
    while len(above):
        used[above] = True
        above = np.unique(parent[above])
        above = above[~used[above]]
    depth = depths(np.where(used, parent, dtype.type(ROOT)))
    number = np.zeros(len(parent), dtype=dtype)
    new_parent = [np.zeros(1, dtype=dtype)]
    count = 1
    for level in range(1, int(depth[used].max(initial=0)) + 1):
        here = np.flatnonzero(used & (depth == level))
        keys = (number[parent[here]],) if rank is None else (rank[here], number[parent[here]])
        here = here[np.lexsort(keys)]
        number[here] = np.arange(count, count + len(here))
        new_parent.append(number[parent[here]])
        count += len(here)
    return Tree(number[tree.module_of], np.concatenate(new_parent))

"""Hierarchies as flat arrays: everything is compared with what the paths of the nodes say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import hierarchies

from mapeq._base.hierarchy import (
    ROOT,
    Branches,
    Hierarchy,
    cut,
    depths,
    first_children,
    heights,
    leaf_paths,
    misplaced,
    numbering,
    paths,
    preorder,
    ranks,
    renumbered,
    sums_upwards,
    two_levels,
)

some_paths = st.integers(0, 10).flatmap(hierarchies)


def tree_of(node_paths):
    branches = Branches()
    return branches.hierarchy([branches.module(path) for path in node_paths])


def prefixes(node_paths):
    """All modules by path, the root included."""
    return {(), *(path[:depth] for path in node_paths for depth in range(len(path) + 1))}


def modules_by_path(tree, node_paths):
    """The path of each module, found from the nodes in it: of modules with the same nodes, the outer comes first."""
    found = [None] * len(tree.parent)
    for module, path in zip(tree.module_of.tolist(), node_paths, strict=True):
        while True:
            assert found[module] in (None, path)
            found[module] = path
            if module == ROOT:
                break
            module, path = int(tree.parent[module]), path[:-1]
    return found


def same_groups(one, other):
    """Whether two lists of labels say the same of which items belong together."""
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


def scrambled(tree, random):
    """The same hierarchy, its modules numbered anyhow and among modules that nothing is in."""
    t = len(tree.parent)
    number = np.array([0, *random.sample(range(1, t + 3), t - 1)], dtype=np.uint32)
    parent = np.array([random.randrange(t + 3) for _ in range(t + 3)], dtype=np.uint32)
    parent[ROOT] = ROOT
    parent[number] = number[tree.parent]
    strays = np.setdiff1d(np.arange(t + 3), number)
    parent[strays] = [random.choice(number) for _ in strays]
    return Hierarchy(number[tree.module_of], parent)


@given(some_paths)
def test_trees_grow_from_paths(node_paths):
    tree = tree_of(node_paths)
    assert len(tree.parent) == len(prefixes(node_paths))
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()
    assert set(modules_by_path(tree, node_paths)) - {None} <= prefixes(node_paths)
    assert misplaced(tree) is None


@given(some_paths, st.randoms(use_true_random=False))
def test_depths_and_heights(node_paths, random):
    tree = tree_of(node_paths)
    names = modules_by_path(tree, node_paths) if node_paths else [()]
    assert depths(tree.parent).tolist() == [len(name) for name in names]
    expected = [max((len(path) for path in node_paths if path[: len(name)] == name), default=0) for name in names]
    assert heights(tree.parent).tolist() == [deepest - len(name) for deepest, name in zip(expected, names, strict=True)]


@given(some_paths, st.integers(0, 5))
def test_cuts(node_paths, depth):
    found = cut(tree_of(node_paths), depth)
    assert same_groups(found.tolist(), [path[:depth] for path in node_paths])


@given(some_paths, st.randoms(use_true_random=False))
def test_numbering_keeps_the_hierarchy_and_drops_what_nothing_is_in(node_paths, random):
    tree = renumbered(scrambled(tree_of(node_paths), random))
    names = modules_by_path(tree, node_paths) if node_paths else [()]
    assert len(tree.parent) == len(prefixes(node_paths))
    assert [len(name) for name in names] == sorted(len(name) for name in names)
    assert tree.parent.tolist() == sorted(tree.parent.tolist())
    assert [names[parent] for parent in tree.parent[1:]] == [name[:-1] for name in names[1:]]


@given(some_paths, st.data())
def test_numbering_sorts_by_rank_below_each_parent(node_paths, data):
    tree = tree_of(node_paths)
    values = st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=len(tree.parent), max_size=len(tree.parent))
    rank = np.array(data.draw(values))
    order = numbering(tree, rank)
    names = modules_by_path(tree, node_paths) if node_paths else [()]
    first = [next((i for i, path in enumerate(node_paths) if path[: len(name)] == name), 0) for name in names]
    expected = [[ROOT]]
    while expected[-1]:
        below = [np.flatnonzero(tree.parent == m).tolist() for m in expected[-1]]
        expected.append(
            [c for children in below for c in sorted(children, key=lambda c: (rank[c], first[c])) if c != ROOT]
        )
    assert order.tolist() == [m for level in expected for m in level]


@given(some_paths)
def test_paths_ranks_and_preorder(node_paths):
    tree = renumbered(tree_of(node_paths))
    found = paths(tree.parent)
    assert ranks(tree.parent).tolist() == [path[-1] if path else 0 for path in found]
    assert same_groups(found, modules_by_path(tree, node_paths) if node_paths else [()])
    first = first_children(tree.parent)
    for module, path in enumerate(found):
        children = list(range(first[module], first[module + 1]))
        assert [found[child] for child in children] == [(*path, rank) for rank in range(1, len(children) + 1)]
    assert [found[m] for m in preorder(tree.parent)] == sorted(found)
    assert leaf_paths(tree) == [":".join(map(str, found[m])) for m in tree.module_of]


@given(some_paths, st.data())
def test_sums_of_whole_branches(node_paths, data):
    tree = tree_of(node_paths)
    t = len(tree.parent)
    values = np.array(data.draw(st.lists(st.integers(0, 9), min_size=t, max_size=t)))
    expected = values.copy()
    for m in range(t - 1, 0, -1):
        expected[tree.parent[m]] += expected[m]
    assert sums_upwards(values, tree.parent).tolist() == expected.tolist()


@pytest.mark.parametrize(("node_paths", "node"), [([("a", 1), ("b",), ("a",)], 2), ([("a",), ()], 1)])
def test_nodes_beside_modules_are_noticed(node_paths, node):
    assert misplaced(tree_of(node_paths)) == node


def test_a_partition_is_a_tree_of_depth_one():
    tree = two_levels(np.array([1, 0, 1], np.uint32))
    assert tree.module_of.tolist() == [2, 1, 2]
    assert tree.parent.tolist() == [0, 0, 0]
    assert two_levels(np.zeros(0, np.uint32)).parent.tolist() == [0]

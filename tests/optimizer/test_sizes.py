"""Modules of a least size, compared with all that could be done."""

import itertools

import networkx as nx
import numpy as np
import pytest
from command import EMAIL, JAZZ, POWER
from hypothesis import given
from hypothesis import strategies as st
from strategies import hierarchical_walks, level_of, partitioned_walks

import mapeq
from mapeq._base.hierarchy import Branches, leaf_numbers, two_levels
from mapeq.network.network import Network
from mapeq.network.statistics import component_of
from mapeq.objective.level import network_level
from mapeq.objective.two_level import codelength, partition
from mapeq.optimizer.sizes import enlarged, num_small
from mapeq.walk.models import random_walk


def compact(labels):
    return np.unique(labels, return_inverse=True)[1].astype(np.uint32)


def measured(level, labels):
    return codelength(level, partition(level, compact(labels))).total


def links_of(level):
    rows = np.repeat(np.arange(len(level.nodes)), np.diff(level.links.indptr).astype(int))
    return set(zip(rows.tolist(), level.links.indices.tolist(), strict=True))


@given(partitioned_walks(min_nodes=1), st.integers(1, 5))
def test_small_modules_are_gone_unless_nothing_links_them(case, least):
    links, options, labels = case
    level = level_of(links.network(), options)
    start = compact(labels)
    found = leaf_numbers(enlarged(level, two_levels(start), least))
    sizes = np.bincount(found)
    for i, j in links_of(level):
        if sizes[found[i]] < least:
            assert found[i] == found[j]
    for module in np.flatnonzero(np.bincount(start) >= least):  # large modules stay together
        assert len(set(found[start == module])) == 1
    if (np.bincount(start) >= least).all():
        np.testing.assert_array_equal(found, start)


@given(partitioned_walks(min_nodes=3), st.integers(2, 4))
def test_a_single_small_module_goes_where_it_costs_least(case, least):
    """By all ways to merge it, and, for one or two nodes, all ways to move them to large modules."""
    links, options, labels = case
    level = level_of(links.network(), options)
    start = compact(labels)
    sizes = np.bincount(start)
    small = np.flatnonzero(sizes < least)
    linked = links_of(level)
    if len(small) != 1:
        return
    members = np.flatnonzero(start == small[0])
    near = {int(start[j]) for i, j in linked if i in members} - {int(small[0])}
    found = enlarged(level, two_levels(start), least)
    if not near:
        np.testing.assert_array_equal(leaf_numbers(found), start)
        return
    ways = [np.where(start == small[0], module, start) for module in near]
    best = min(measured(level, way) for way in ways)
    singly = [best]
    for places in itertools.product(near, repeat=len(members)):
        way = start.copy()
        way[members] = places
        singly.append(measured(level, way))
    length = measured(level, leaf_numbers(found))
    assert min(singly) - 1e-9 <= length <= best + 1e-9


@given(hierarchical_walks(min_nodes=1), st.integers(1, 4))
def test_leaf_modules_of_hierarchies(case, least):
    links, options, paths = case
    level = level_of(links.network(), options)
    branches = Branches()
    hierarchy = branches.hierarchy([branches.module(path) for path in paths])
    found = enlarged(level, hierarchy, least)
    sizes = np.bincount(found.module_of)
    for i, j in links_of(level):
        if sizes[found.module_of[i]] < least:
            assert found.module_of[i] == found.module_of[j]
    assert num_small(found, least) == np.count_nonzero((sizes > 0) & (sizes < least))


@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize(("file", "directed"), [(JAZZ, False), (POWER, False), (EMAIL, True)])
def test_the_cost_is_what_the_codelength_gains(file, directed, multilevel):
    options = {"directed": directed, "multilevel": multilevel}
    free = mapeq.infomap(file, **options)
    result = mapeq.infomap(file, min_module_size=8, **options)
    again = mapeq.evaluate(file, result)
    assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
    assert result.min_size_cost == pytest.approx(again.codelength - free.codelength, abs=1e-12)
    assert result.min_size_cost > 0
    assert np.bincount(result.labels_at(-1)).min() >= 8
    assert result.options["min_module_size"] == 8
    assert result.summary()["min_size_cost"] == result.min_size_cost
    assert free.min_size_cost is None
    threads = mapeq.infomap(file, min_module_size=8, num_threads=3, **options)
    np.testing.assert_array_equal(threads.hierarchy.module_of, result.hierarchy.module_of)


def test_what_nothing_links_stays_and_is_counted():
    graph = nx.disjoint_union_all([nx.complete_graph(5), nx.complete_graph(3), nx.complete_graph(2), nx.empty_graph(1)])
    with pytest.warns(UserWarning, match=r"^3 modules of fewer than 4 nodes stay: no link connects them to others$"):
        result = mapeq.infomap(graph, min_module_size=4)
    assert result.module_sizes.tolist() == [5, 3, 2, 1]
    assert result.min_size_cost == pytest.approx(0, abs=1e-12)


def test_more_than_there_are_nodes_leaves_the_components():
    network = mapeq.read_network(POWER)
    with pytest.warns(UserWarning, match="1 module of fewer than 5,000 nodes stay"):
        result = mapeq.infomap(network, min_module_size=5000)
    assert result.num_modules == component_of(network).max() + 1 == 1


def test_costs_of_many_are_no_more_than_those_of_merging_by_flow():
    network = mapeq.read_network(POWER)
    result = mapeq.infomap(network)
    level = network_level(random_walk(network, result.walk_options))
    labels = leaf_numbers(result.hierarchy).astype(np.int64)
    found = measured(level, leaf_numbers(enlarged(level, result.hierarchy, 5)))
    while (sizes := np.bincount(labels))[sizes > 0].min() < 5:
        small = int(np.argmin(np.where(sizes > 0, sizes, sizes.max() + 1)))
        near = [labels[j] for i in np.flatnonzero(labels == small) for j in network.matrix()[[i]].indices]
        others = np.bincount([module for module in near if module != small], minlength=len(sizes))
        labels[labels == small] = int(np.argmax(others))
    assert found <= measured(level, labels)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None, True])
def test_bad_values(value):
    with pytest.raises(ValueError, match="min_module_size must be a whole number, 1 or more, not "):
        mapeq.infomap([(0, 1)], min_module_size=value)


def test_small_modules_of_states_are_merged_along_links_only():
    """Two states of a node in components of their own are no link between these."""
    network = Network.from_edges([0, 1, 0, 3], [1, 2, 2, 4]).with_states(["x", "b", "c", "x", "d"])
    with pytest.warns(UserWarning, match=r"^1 module of fewer than 3 nodes stays: no link connects it to others$"):
        result = mapeq.infomap(network, min_module_size=3)
    assert result.labels.tolist() == [0, 0, 0, 1, 1]

"""The search for hierarchies; what it shares with that for two levels is in test_search."""

import itertools
import signal
import threading
import time

import naive
import networkx as nx
import numpy as np
import pytest
from base.test_hierarchy import tree_of
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizer.test_multilevel import assert_well_formed
from optimizer.test_tree_moves import paths_of
from optimizer.test_trials import DIRECTED, RECORDED, all_partitions, components_of, network_of, parts_of, planted
from strategies import hierarchical_walks, nested_walks, partitioned_walks, walks

import mapeq
from mapeq._base.hierarchy import Hierarchy, cut, depths, num_tops, renumbered, two_levels
from mapeq._base.progress import Progress
from mapeq.network.network import Network
from mapeq.objective.level import network_level
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.optimizer.control import Control
from mapeq.optimizer.engine import WORTH_SHARING
from mapeq.optimizer.trials import find_modules
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

# With more of it than this, recorded teleportation leads out of most modules too often for levels above them.
SELDOM = WalkOptions("directed", recorded_teleportation=True, teleportation_probability=0.02)
every_flow = pytest.mark.parametrize(
    "options", [WalkOptions(), DIRECTED, SELDOM], ids=["undirected", "directed", "recorded"]
)


def length_of(flow, tree):
    level = network_level(flow)
    return multilevel_codelength(level, multilevel_partition(level, tree)).total


def assert_sound(flow, found):
    """The hierarchy is one, its leaf modules are connected, and it is as short as the trials and plain partitions."""
    tree, n = found.hierarchy, len(flow.nodes)
    assert_well_formed(tree)
    length = length_of(flow, tree)
    if flow.teleport is None:  # which connects nodes without links
        assert parts_of(flow, tree.module_of)[0] == len(np.unique(tree.module_of))
        assert length <= length_of(flow, two_levels(np.zeros(n, dtype=np.uint32))) + 1e-12
    assert length <= min(found.trials) + 1e-10
    assert length <= length_of(flow, two_levels(components_of(flow).astype(np.uint32))) + 1e-12
    assert 0 <= found.modules_agreed <= num_tops(tree)


def assert_same(one, other):
    np.testing.assert_array_equal(one.hierarchy.module_of, other.hierarchy.module_of)
    np.testing.assert_array_equal(one.hierarchy.parent, other.hierarchy.parent)
    assert one.trials == other.trials
    assert one.modules_agreed == other.modules_agreed


def nested(seed, *, directed=False, sizes=(6, 4, 3, 3), outside=(0.15, 0.05, 0.02)):
    """Groups in groups in groups, with that fraction of the links leaving each: so many nodes or groups in each."""
    rng = np.random.default_rng(seed)
    wholes = np.cumprod(sizes)
    n = int(wholes[-1])
    sources = rng.integers(0, n, 6 * n)
    whole = rng.choice(wholes, len(sources), p=[1 - sum(outside), *outside])
    targets = sources - sources % whole + rng.integers(0, whole)
    return Network.from_edges(sources, targets, rng.exponential(size=len(sources)), directed=directed, num_nodes=n)


# What is found -------------------------------------------------------------------------------


@pytest.mark.thorough
@given(st.one_of(walks(max_nodes=12, max_links=40), nested_walks()), st.integers(0, 2**32))
@settings(max_examples=60)
def test_the_hierarchy_is_sound(case, seed):
    links, options = case
    flow = random_walk(links.network(), options)
    found = find_modules(flow, multilevel=True, num_trials=2, seed=seed)
    assert_sound(flow, found)
    assert len(found.trials) == 2
    expected = naive.hierarchical_codelength(links.walk(options), paths_of(found.hierarchy)).total
    assert length_of(flow, found.hierarchy) == pytest.approx(expected, abs=1e-10)


@pytest.mark.thorough
@given(st.one_of(walks(max_nodes=12, max_links=40), nested_walks()), st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_hierarchy_is_no_longer_than_the_partition_found_with_the_same_seed(case, seed):
    links, options = case
    flow = random_walk(links.network(), options)
    flat = find_modules(flow, seed=seed)
    assert length_of(flow, find_modules(flow, multilevel=True, seed=seed).hierarchy) <= min(flat.trials) + 1e-10


@pytest.mark.parametrize("seed", range(3))
@every_flow
def test_a_flat_network_is_described_as_well_as_with_two_levels(options, seed):
    network = planted(seed, directed=options.flow_model == "directed", inside=(0.9, 0.6, 0.3)[seed])
    flow = random_walk(network, options)
    flat, deep = (find_modules(flow, multilevel=multilevel, seed=seed) for multilevel in (False, True))
    assert_sound(flow, deep)
    assert length_of(flow, deep.hierarchy) <= min(flat.trials) + 1e-10


@every_flow
def test_planted_levels_are_found(options):
    flow = random_walk(nested(1, directed=options.flow_model == "directed"), options)
    found = find_modules(flow, multilevel=True)
    assert_sound(flow, found)
    i = np.arange(len(flow.nodes))
    assert length_of(flow, found.hierarchy) <= length_of(
        flow, tree_of([(g // 12, g // 4, g) for g in (i // 6).tolist()])
    )
    assert depths(found.hierarchy.parent).max() >= 3


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_a_partition_to_start_from_is_never_made_worse(case):
    links, options, module_of = case
    flow = random_walk(links.network(), options)
    assert_no_worse_than(flow, links.walk(options), renumbered(two_levels(module_of)))


@given(hierarchical_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_a_hierarchy_to_start_from_is_never_made_worse(case):
    links, options, node_paths = case
    flow = random_walk(links.network(), options)
    assert_no_worse_than(flow, links.walk(options), tree_of(node_paths))


def assert_no_worse_than(flow, walk, start):
    given_start = Hierarchy(start.module_of.copy(), start.parent.copy())
    found = find_modules(flow, multilevel=True, start=start)
    assert_sound(flow, found)
    parts = parts_of(flow, start.module_of)[1].tolist()
    apart = [(*path[:-1], (path[-1], part)) for path, part in zip(paths_of(start), parts, strict=True)]
    assert min(found.trials) <= naive.hierarchical_codelength(walk, apart).total + 1e-10
    np.testing.assert_array_equal(start.module_of, given_start.module_of)
    np.testing.assert_array_equal(start.parent, given_start.parent)


def test_a_found_hierarchy_to_start_from_stays_as_good():
    flow = random_walk(nested(2), WalkOptions())
    one = find_modules(flow, multilevel=True)
    again = find_modules(flow, multilevel=True, start=one.hierarchy, seed=9)
    assert length_of(flow, again.hierarchy) <= length_of(flow, one.hierarchy) + 1e-12


@pytest.mark.thorough
def test_graphs_of_the_atlas_end():
    for graph in nx.graph_atlas_g()[::3]:
        flow = random_walk(network_of(graph), WalkOptions())
        found = find_modules(flow, multilevel=True)
        assert_sound(flow, found)
        assert found.stopped_by is None


def all_hierarchies(nodes):
    """Every hierarchy of some nodes once, as paths; a module alone in another only makes them longer."""
    found = [dict.fromkeys(nodes, ())]  # none but this leaf module
    for modules in all_partitions(len(nodes)):
        groups = [[i for i, m in zip(nodes, modules, strict=True) if m == g] for g in range(max(modules) + 1)]
        if len(groups) > 1:
            within = itertools.product(*map(all_hierarchies, groups))
            found += [{i: (g, *paths[i]) for g, paths in enumerate(inner) for i in paths} for inner in within]
    return found


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_optima_of_the_small_graphs_of_the_atlas(n):
    everything = [tree_of([paths[i] or (0,) for i in range(n)]) for paths in all_hierarchies(list(range(n)))]
    graphs = [graph for graph in nx.graph_atlas_g() if len(graph) == n and nx.is_connected(graph)]
    assert graphs
    for graph in graphs:
        flow = random_walk(network_of(graph), WalkOptions())
        optimum = min(length_of(flow, tree) for tree in everything)
        assert min(find_modules(flow, multilevel=True, num_trials=5).trials) == pytest.approx(optimum, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_a_ring_of_cliques_in_one_trial(seed):
    """What one trial of infomap finds; its best of 100 takes 3.12408 bits, like ours of three."""
    flow = random_walk(network_of(nx.ring_of_cliques(12, 6)), WalkOptions())
    found = find_modules(flow, multilevel=True, seed=seed)
    assert_sound(flow, found)
    assert min(found.trials) <= 3.128528943240294 + 1e-9
    assert len(set(cut(found.hierarchy, 2).tolist())) == 12


def test_networks_without_structure_or_links():
    def found(graph):
        tree = find_modules(random_walk(network_of(graph), WalkOptions()), multilevel=True).hierarchy
        return tree.module_of.tolist(), tree.parent.tolist()

    assert found(nx.complete_graph(9)) == ([1] * 9, [0, 0])
    assert found(nx.empty_graph(3)) == ([1, 2, 3], [0] * 4)
    assert found(nx.empty_graph(0)) == ([], [0])


def test_levels_are_nested():
    result = mapeq.infomap(nested(3), multilevel=True, num_trials=2)
    assert result.num_levels >= 4
    levels = [result.communities(level) for level in range(1, result.num_levels)]
    for coarse, fine in itertools.pairwise(levels):
        assert len(coarse) < len(fine)
        assert all(sum(module <= above for above in coarse) == 1 for module in fine)
    assert mapeq.evaluate(nested(3), levels).codelength == pytest.approx(result.codelength, abs=1e-12)


def test_the_order_of_nodes_changes_no_codelength():
    network, rng = nested(4, directed=True), np.random.default_rng(0)
    position = rng.permutation(network.num_nodes)
    sources, targets, weights = network.links()
    permuted = Network.from_edges(
        position[sources], position[targets], weights, directed=True, num_nodes=network.num_nodes
    )
    flow, permuted_flow = random_walk(network, RECORDED), random_walk(permuted, RECORDED)
    tree = find_modules(flow, multilevel=True).hierarchy
    module_of = np.empty_like(tree.module_of)
    module_of[position] = tree.module_of
    assert length_of(permuted_flow, Hierarchy(module_of, tree.parent)) == pytest.approx(
        length_of(flow, tree), abs=1e-12
    )


# Seeds and threads ---------------------------------------------------------------------------


@pytest.mark.parametrize("num_trials", [pytest.param(1, marks=pytest.mark.thorough), 4])
@every_flow
def test_a_seed_gives_the_same_on_any_number_of_threads(options, num_trials, monkeypatch):
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)
    flow = random_walk(nested(2, directed=options.flow_model == "directed"), options)
    one = find_modules(flow, multilevel=True, num_trials=num_trials, seed=42)
    assert depths(one.hierarchy.parent).max() > 1
    for num_threads in (1, 2, 3):
        again = find_modules(flow, multilevel=True, num_trials=num_trials, seed=42, num_threads=num_threads)
        assert_same(again, one)


def test_a_large_network_gives_the_same_on_any_number_of_threads():
    """Large enough for threads to share blocks and rows as they do in earnest."""
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 20_000, 900_000)
    whole = rng.choice([100, 1000, 20_000], len(sources), p=[0.7, 0.2, 0.1])
    targets = sources - sources % whole + rng.integers(0, whole)
    flow = random_walk(Network.from_edges(sources, targets), WalkOptions())
    assert len(flow.links.indices) >= WORTH_SHARING
    one = find_modules(flow, multilevel=True)
    assert depths(one.hierarchy.parent).max() > 1
    for num_threads in (2, 3):
        assert_same(find_modules(flow, multilevel=True, num_threads=num_threads), one)


def test_recombined_trials_are_at_least_as_good_as_each():
    flow = random_walk(nested(5, outside=(0.3, 0.15, 0.1), directed=True), DIRECTED)
    found = find_modules(flow, multilevel=True, num_trials=5)
    assert_sound(flow, found)
    assert len(found.trials) == 5
    assert length_of(flow, found.hierarchy) <= min(found.trials)


def test_trials_draw_from_streams_of_their_own():
    flow = random_walk(nested(6, outside=(0.5, 0.3, 0.2)), WalkOptions())
    few, many = (find_modules(flow, multilevel=True, num_trials=trials) for trials in (2, 4))
    assert many.trials[:2] == few.trials
    assert len(set(many.trials)) > 2


# Stopping and reporting ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def flow():
    return random_walk(nested(7), WalkOptions())


class StoppingAfter(Control):
    """Stops the search when it has been asked so many times whether to."""

    def __init__(self, looks):
        super().__init__()
        self.looks = looks

    @property
    def stopped(self):
        self.looks -= 1
        return self.looks < 0


@pytest.mark.thorough
@pytest.mark.parametrize("start", [None, "nested"])
def test_a_search_may_be_stopped_anywhere(flow, start):
    groups = np.arange(len(flow.nodes)) // 6
    tree = tree_of([(g // 12, g // 4, g) for g in groups.tolist()]) if start else None
    unlimited = StoppingAfter(1 << 60)
    find_modules(flow, multilevel=True, num_trials=2, start=tree, control=unlimited)
    looks = (1 << 60) - unlimited.looks
    assert looks > 20
    for after in [*range(25), *range(25, looks, looks // 40 + 1)]:
        found = find_modules(flow, multilevel=True, num_trials=2, start=tree, control=StoppingAfter(after))
        assert_sound(flow, found)
        assert found.stopped_by is not None
        if start:
            assert length_of(flow, found.hierarchy) <= length_of(flow, tree) + 1e-12


@pytest.mark.parametrize("num_threads", [1, 3])
@pytest.mark.parametrize("time_limit", [0, 1e-3, 0.05])
def test_a_time_limit_ends_the_search(flow, time_limit, num_threads):
    control = Control(time_limit=time_limit)
    found = find_modules(flow, multilevel=True, num_trials=1000, num_threads=num_threads, control=control)
    assert found.stopped_by is not None
    assert len(found.trials) < 1000
    assert_sound(flow, found)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_progress_is_reported_after_every_pass(flow, num_threads):
    reports = []
    control = Control(report=reports.append)
    found = find_modules(flow, multilevel=True, num_trials=3, num_threads=num_threads, control=control)
    assert all(isinstance(progress, Progress) for progress in reports)
    assert {progress.num_trials for progress in reports} == {3}
    for trial in range(1, 4):
        passes = [progress for progress in reports if progress.trial == trial and progress.num_passes]
        assert [progress.num_passes for progress in passes] == list(range(1, len(passes) + 1))
        assert min(progress.codelength for progress in passes) == pytest.approx(found.trials[trial - 1], abs=1e-9)
        assert all(1 <= progress.num_modules <= len(flow.nodes) for progress in passes)
    assert min(progress.codelength for progress in reports) >= length_of(flow, found.hierarchy) - 1e-9
    (recombined,) = (progress for progress in reports if not progress.num_passes and progress.trial == 3)
    assert recombined.codelength == length_of(flow, found.hierarchy)
    assert recombined.num_modules == num_tops(found.hierarchy)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_ctrl_c_may_keep_the_best_hierarchy_so_far(flow, after):
    reports = []

    def report(progress):
        reports.append(progress)
        if len(reports) == after:
            time.sleep(0.2)  # until the main thread waits for the trials
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            while not control.stopped:
                time.sleep(0.001)

    control = Control(time_limit=60, report=report, keep_on_interrupt=True)
    found = find_modules(flow, multilevel=True, num_trials=50, control=control)
    assert control.interrupted
    assert found.stopped_by is not None
    assert len(found.trials) == 1
    assert_sound(flow, found)
    assert length_of(flow, found.hierarchy) <= min(progress.codelength for progress in reports) + 1e-9

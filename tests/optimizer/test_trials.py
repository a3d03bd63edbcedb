import signal
import threading
import time

import naive
import networkx as nx
import numpy as np
import pytest
import scipy.sparse.csgraph
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import partitioned_walks, walks

from mapeq._base.hierarchy import cut, leaf_numbers, renumbered, two_levels
from mapeq._base.progress import Progress
from mapeq.network.network import Network
from mapeq.objective.counting import counting_term
from mapeq.objective.level import network_level
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.objective.two_level import codelength, one_level_codelength, partition
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.engine import WORTH_SHARING
from mapeq.optimizer.trials import WORTH_MORE_TRIALS, find_modules
from mapeq.optimizer.two_level import TwoLevelOptimizer
from mapeq.walk.flow import FAR
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

DIRECTED = WalkOptions("directed")
RECORDED = WalkOptions("directed", recorded_teleportation=True)


def modules_of(found):
    """The top module of each node, numbered from 0."""
    return cut(found.hierarchy, 1) - np.uint32(1)


def length_of(flow, module_of):
    level = network_level(flow)
    return codelength(level, partition(level, np.asarray(module_of, dtype=np.uint32))).total


def parts_of(flow, module_of):
    """The connected parts of modules: their number, and the part of each node."""
    n = len(flow.nodes)
    rows = np.repeat(np.arange(n), np.diff(flow.links.indptr).astype(int))
    inside = module_of[rows] == module_of[flow.links.indices]
    kept = scipy.sparse.coo_array((np.ones(inside.sum()), (rows[inside], flow.links.indices[inside])), shape=(n, n))
    return scipy.sparse.csgraph.connected_components(kept, directed=False)


def components_of(flow):
    return parts_of(flow, np.zeros(len(flow.nodes), dtype=np.uint32))[1]


def assert_sound(flow, found):
    """The partition is one, its modules are connected, and it is as short as the trials say."""
    n = len(flow.nodes)
    length = length_of(flow, modules_of(found))
    assert modules_of(found).shape == (n,)
    assert set(modules_of(found).tolist()) == set(range(len(set(modules_of(found).tolist()))))
    if flow.teleport is None:  # which connects nodes without links
        assert parts_of(flow, modules_of(found))[0] == len(np.unique(modules_of(found)))
        assert length <= length_of(flow, np.zeros(n, dtype=np.int64)) + 1e-12
    assert length <= min(found.trials) + 1e-10
    assert length <= length_of(flow, components_of(flow)) + 1e-12
    assert 0 <= found.modules_agreed <= len(np.unique(modules_of(found)))


def planted(seed, *, directed=False, size=25, groups=8, inside=0.85):
    """A weighted network of groups, with that fraction of the links inside them."""
    rng = np.random.default_rng(seed)
    n = size * groups
    sources = rng.integers(0, n, 6 * n)
    nearby = sources - sources % size + rng.integers(0, size, len(sources))
    targets = np.where(rng.random(len(sources)) < inside, nearby, rng.integers(0, n, len(sources)))
    return Network.from_edges(sources, targets, rng.exponential(size=len(sources)), directed=directed, num_nodes=n)


def network_of(graph):
    numbers = {node: number for number, node in enumerate(graph)}
    edges = [(numbers[u], numbers[v], weight) for u, v, weight in graph.edges(data="weight", default=1.0)]
    sources, targets, weights = zip(*edges, strict=True) if edges else ((), (), ())
    return Network.from_edges(sources, targets, weights, directed=graph.is_directed(), num_nodes=len(graph))


# What is found -------------------------------------------------------------------------------


@given(walks(max_nodes=12, max_links=40), st.integers(0, 2**32))
def test_the_partition_is_sound(case, seed):
    links, options = case
    flow = random_walk(links.network(), options)
    found = find_modules(flow, num_trials=2, seed=seed)
    assert_sound(flow, found)
    assert len(found.trials) == 2


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_a_start_is_never_made_worse(case):
    links, options, start = case
    flow = random_walk(links.network(), options)
    given_start = start.copy()
    found = find_modules(flow, start=renumbered(two_levels(start)))
    assert_sound(flow, found)
    assert min(found.trials) <= length_of(flow, parts_of(flow, start)[1]) + 1e-10
    np.testing.assert_array_equal(start, given_start)


@pytest.mark.parametrize("options", [WalkOptions(), DIRECTED, RECORDED], ids=["undirected", "directed", "recorded"])
def test_planted_groups_are_found(options):
    network = planted(1, directed=options.flow_model == "directed")
    flow = random_walk(network, options)
    found = find_modules(flow, num_trials=3)
    assert_sound(flow, found)
    groups = np.arange(200) // 25
    assert min(found.trials) <= length_of(flow, groups)
    agreeing = sum(np.bincount(modules_of(found)[groups == group]).max() for group in range(8))
    assert agreeing >= 190


def test_recorded_teleportation_may_hold_a_module_together():
    """Most nodes are linked to nobody, and the walk teleports there: naming them as modules would cost more."""
    rng = np.random.default_rng(1)
    network = Network.from_edges(*rng.integers(0, 200, (2, 800)), directed=True, num_nodes=1000)
    flow = random_walk(network, WalkOptions("directed", recorded_teleportation=True, teleport_to="nodes"))
    assert length_of(flow, modules_of(find_modules(flow))) <= one_level_codelength(network_level(flow)) + 1e-12


def test_the_price_of_modules_may_hold_one_together():
    """Ten nodes have a small self-link each: ten modules would take fewer bits to describe, but they have a price."""
    network = Network.from_edges([0, 1, 2, *range(3, 13)], [1, 2, 0, *range(3, 13)], [1000.0] * 3 + [1e-3] * 10)
    flow = random_walk(network, WalkOptions())
    for multilevel in (False, True):
        found = find_modules(flow, counting=counting_term(1e-5), multilevel=multilevel)
        groups = leaf_numbers(found.hierarchy)
        assert len(set(groups[:3].tolist())) == 1
        assert len(set(groups.tolist())) == 2


@pytest.mark.thorough
def test_every_graph_of_the_atlas_ends():
    for graph in nx.graph_atlas_g():
        flow = random_walk(network_of(graph), WalkOptions())
        found = find_modules(flow)
        assert_sound(flow, found)
        assert found.stopped_by is None


def all_partitions(n):
    """Every partition of n nodes once, as restricted growth strings."""
    grown = [()]
    for _ in range(n):
        grown = [(*modules, m) for modules in grown for m in range(len(set(modules)) + 1)]
    return [np.array(modules, dtype=np.uint32) for modules in grown]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_optima_of_the_small_graphs_of_the_atlas(n):
    everything = all_partitions(n)
    graphs = [graph for graph in nx.graph_atlas_g() if len(graph) == n and nx.is_connected(graph)]
    assert graphs
    for graph in graphs:
        flow = random_walk(network_of(graph), WalkOptions())
        optimum = min(length_of(flow, module_of) for module_of in everything)
        assert min(find_modules(flow, num_trials=5).trials) == pytest.approx(optimum, abs=1e-12)


KNOWN_OPTIMA = {
    "barbell": (nx.barbell_graph(5, 0), WalkOptions(), 2.6427550064563676),
    "karate": (nx.karate_club_graph(), WalkOptions(), 4.087423158819623),
    "caveman": (nx.connected_caveman_graph(5, 6), WalkOptions(), 3.089850642923342),
    "caves apart": (nx.caveman_graph(5, 6), WalkOptions(), np.log2(6)),
    "ring of cliques": (nx.ring_of_cliques(12, 6), WalkOptions(), 3.146423428048501),
    "copying, 80": (nx.gnc_graph(80, seed=7), DIRECTED, 2.0203742478587353),
    "copying, 40": (nx.gnc_graph(40, seed=3), DIRECTED, 2.3493511266833416),
    "copying, 40, teleporting much": (
        nx.gnc_graph(40, seed=3),
        WalkOptions("directed", teleportation_probability=0.85),
        2.7403670603341608,
    ),
}


@pytest.mark.parametrize(("graph", "options", "optimum"), KNOWN_OPTIMA.values(), ids=KNOWN_OPTIMA)
def test_known_optima(graph, options, optimum):
    found = find_modules(random_walk(network_of(graph), options), num_trials=20)
    assert min(found.trials) == pytest.approx(optimum, abs=1e-9)


def test_networks_without_structure_or_links():
    complete = random_walk(network_of(nx.complete_graph(9)), WalkOptions())
    assert modules_of(find_modules(complete)).tolist() == [0] * 9
    assert modules_of(find_modules(random_walk(network_of(nx.empty_graph(3)), WalkOptions()))).tolist() == [0, 1, 2]
    assert modules_of(find_modules(random_walk(network_of(nx.empty_graph(0)), WalkOptions()))).tolist() == []


@pytest.mark.parametrize("n", range(1, 30))
def test_a_description_of_no_length_ends_the_search(n):
    """Rounding makes it a little more or less than 0."""
    weights = np.random.default_rng(n).exponential(size=n)
    flow = random_walk(Network.from_edges(np.arange(n), np.arange(n), weights), WalkOptions())
    found = find_modules(flow, control=Control(time_limit=60))
    assert found.stopped_by is None
    assert found.trials == pytest.approx((0,), abs=1e-12)
    assert sorted(modules_of(found).tolist()) == list(range(n))


def test_the_order_of_nodes_changes_no_codelength():
    network, rng = planted(4, directed=True), np.random.default_rng(0)
    position = rng.permutation(network.num_nodes)
    sources, targets, weights = network.links()
    permuted = Network.from_edges(
        position[sources], position[targets], weights, directed=True, num_nodes=network.num_nodes
    )
    flow, permuted_flow = random_walk(network, RECORDED), random_walk(permuted, RECORDED)
    module_of = modules_of(find_modules(flow))
    permuted_modules = np.empty_like(module_of)
    permuted_modules[position] = module_of
    assert length_of(permuted_flow, permuted_modules) == pytest.approx(length_of(flow, module_of), abs=1e-12)


def test_the_codelength_is_that_of_the_oracle():
    network = planted(5, directed=True, size=8, groups=5)
    flow = random_walk(network, RECORDED)
    found = find_modules(flow)
    walk = naive.walk(network.matrix().toarray(), True, flow_model="directed", recorded_teleportation=True)
    assert min(found.trials) == pytest.approx(naive.codelength(walk, modules_of(found)).total, abs=1e-11)


# Seeds and threads ---------------------------------------------------------------------------


@pytest.mark.parametrize("num_trials", [pytest.param(1, marks=pytest.mark.thorough), 5])
@pytest.mark.parametrize("options", [WalkOptions(), DIRECTED, RECORDED], ids=["undirected", "directed", "recorded"])
def test_a_seed_gives_the_same_on_any_number_of_threads(options, num_trials, monkeypatch):
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)
    flow = random_walk(planted(2, directed=options.flow_model == "directed"), options)
    one = find_modules(flow, num_trials=num_trials, seed=42)
    for num_threads in (1, 2, 3, 5):
        other = find_modules(flow, num_trials=num_trials, seed=42, num_threads=num_threads)
        np.testing.assert_array_equal(modules_of(other), modules_of(one))
        assert other.trials == one.trials


def test_a_large_network_gives_the_same_on_any_number_of_threads():
    """Large enough for threads to share blocks and rows as they do in earnest."""
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 20_000, 900_000)
    nearby = sources - sources % 50 + rng.integers(0, 50, len(sources))
    targets = np.where(rng.random(len(sources)) < 0.6, nearby, rng.integers(0, 20_000, len(sources)))
    flow = random_walk(Network.from_edges(sources, targets), WalkOptions())
    assert len(flow.links.indices) >= WORTH_SHARING
    one = find_modules(flow)
    for num_threads in (2, 3):
        np.testing.assert_array_equal(modules_of(find_modules(flow, num_threads=num_threads)), modules_of(one))


def test_more_nodes_than_caches_hold():
    """Kernels ask for memory ahead of time there. Groups of six nodes, all linked, are in a chain, in random order."""
    n = -(-int(FAR) // 6) * 6
    nodes = np.arange(n)
    begins = nodes // 6 * 6
    links = [(nodes, begins + (nodes + step) % 6) for step in (1, 2, 3)]
    links.append((nodes[6::6] - 1, nodes[6::6]))
    place = np.random.default_rng(1).permutation(n)
    flow = random_walk(Network.from_edges(*place[np.concatenate(links, axis=1)], num_nodes=n), WalkOptions())
    found = [find_modules(flow, num_threads=num_threads) for num_threads in (1, 2)]
    np.testing.assert_array_equal(modules_of(found[0]), modules_of(found[1]))
    groups = np.empty(n, dtype=np.int64)
    groups[place] = nodes // 6
    pairs = groups * n + modules_of(found[0])
    assert len(np.unique(pairs)) == len(np.unique(groups)) == len(np.unique(modules_of(found[0])))
    for one in found:
        assert min(one.trials) == pytest.approx(length_of(flow, groups), abs=1e-9)


def test_recombined_trials_are_at_least_as_good_as_each():
    flow = random_walk(planted(7, inside=0.35, directed=True), DIRECTED)
    found = find_modules(flow, num_trials=7)
    assert len(found.trials) == 7
    assert length_of(flow, modules_of(found)) <= min(found.trials)


#: By name, a network and a seed with which a single binary tree of recombinations was longer with more trials.
MORE_TRIALS = {
    "grid": (nx.grid_2d_graph(9, 9), 1),
    "random": (nx.gnp_random_graph(60, 0.08, seed=1), 1),
    "path": (nx.path_graph(90), 0),
    "isolated": (nx.gnp_random_graph(80, 0.02, seed=5), 0),
}


@pytest.fixture
def one_search_a_trial(monkeypatch):
    """Small networks searched like larger ones: by one search from single nodes per trial."""
    for name in ("CHEAP_LINKS", "SMALL_LINKS", "TINY_LINKS"):
        monkeypatch.setattr(f"mapeq.optimizer.trials.{name}", 0)


@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize(("graph", "seed"), MORE_TRIALS.values(), ids=MORE_TRIALS)
def test_more_trials_are_never_worse(graph, seed, multilevel, one_search_a_trial):
    flow = random_walk(network_of(graph), WalkOptions())
    level, before = network_level(flow), None
    for num_trials in range(1, 9):
        found = find_modules(flow, multilevel=multilevel, num_trials=num_trials, seed=seed)
        length = multilevel_codelength(level, multilevel_partition(level, found.hierarchy)).total
        if before is None:
            assert found.more_trials_help is None
        else:
            assert length <= before + 1e-12
            assert found.more_trials_help == (length < before * (1 - WORTH_MORE_TRIALS))
        before = length


@given(walks(max_nodes=12, max_links=40), st.integers(0, 2**32))
def test_more_trials_of_any_walk_are_never_worse(case, seed):
    links, options = case
    flow = random_walk(links.network(), options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mapeq.optimizer.trials.CHEAP_LINKS", 0)
        lengths = [length_of(flow, modules_of(find_modules(flow, num_trials=n, seed=seed))) for n in range(1, 6)]
    assert (np.diff(lengths) <= 1e-12).all()


def test_trials_agree_on_what_is_plain():
    flow = random_walk(network_of(nx.ring_of_cliques(12, 6)), WalkOptions())
    found = find_modules(flow, num_trials=4)
    assert found.modules_agreed == 12
    assert found.stopped_by is None
    assert found.more_trials_help is False


# Hubs ----------------------------------------------------------------------------------------


def test_a_star_with_a_million_leaves():
    n = 1_000_000
    flow = random_walk(Network.from_edges(np.zeros(n, dtype=np.int64), np.arange(1, n + 1)), WalkOptions())
    found = find_modules(flow, control=Control(time_limit=300))
    assert found.stopped_by is None
    assert modules_of(found).max() == 0


def test_hubs_with_many_links():
    """Five nodes with more than 100,000 links each, in a network of small groups."""
    rng = np.random.default_rng(1)
    n = 200_000
    hubs = np.repeat(np.arange(5) * 1000, 150_000)
    sources = rng.integers(0, n, 400_000)
    links = [
        (hubs, rng.integers(0, n, len(hubs))),
        (sources, sources - sources % 20 + rng.integers(0, 20, len(sources))),
    ]
    flow = random_walk(Network.from_edges(*np.concatenate(links, axis=1)), WalkOptions())
    assert np.diff(flow.links.indptr).max() > 100_000
    found = find_modules(flow, control=Control(time_limit=300))
    assert found.stopped_by is None
    assert parts_of(flow, modules_of(found))[0] == modules_of(found).max() + 1


def test_trials_draw_from_streams_of_their_own():
    flow = random_walk(planted(3, inside=0.4), WalkOptions())
    few, many = find_modules(flow, num_trials=2), find_modules(flow, num_trials=6)
    assert many.trials[:2] == few.trials
    assert len(set(many.trials[1:])) > 2  # the first trial begins like no other


# Stopping and reporting ----------------------------------------------------------------------


@pytest.fixture
def flow():
    return random_walk(planted(6), WalkOptions())


@pytest.mark.parametrize("num_threads", [1, 3])
def test_a_search_told_to_stop_returns_what_it_has(flow, num_threads):
    control = Control()
    control.stop()
    assert control.stopped
    found = find_modules(flow, num_trials=4, num_threads=num_threads, control=control)
    assert found.stopped_by is not None
    assert_sound(flow, found)


@pytest.mark.parametrize("time_limit", [0, 0.0])
def test_a_time_limit_ends_the_search(flow, time_limit):
    found = find_modules(flow, num_trials=1000, control=Control(time_limit=time_limit))
    assert found.stopped_by == "time limit"
    assert found.more_trials_help is None
    assert len(found.trials) < 1000
    assert_sound(flow, found)


def test_time_enough(flow):
    control = Control(time_limit=3600)
    assert not control.stopped
    assert find_modules(flow, control=control).stopped_by is None


def test_stopping_after_the_first_pass(flow):
    reports = []

    def report(progress):
        reports.append(progress)
        control.stop()

    control = Control(report=report)
    found = find_modules(flow, num_trials=10, control=control)
    assert found.stopped_by is not None
    assert len(reports) == len(found.trials) == 1
    assert_sound(flow, found)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_progress_is_reported_after_every_pass(flow, num_threads):
    reports = []
    control = Control(report=reports.append)
    found = find_modules(flow, num_trials=4, num_threads=num_threads, control=control)
    assert all(isinstance(progress, Progress) for progress in reports)
    assert {progress.num_trials for progress in reports} == {4}
    for trial in range(1, 5):
        passes = [progress for progress in reports if progress.trial == trial and progress.num_passes]
        assert [progress.num_passes for progress in passes] == list(range(1, len(passes) + 1))
        assert min(progress.codelength for progress in passes) == pytest.approx(found.trials[trial - 1], abs=1e-12)
        assert all(1 <= progress.num_modules <= len(flow.nodes) for progress in passes)


def test_one_report_at_a_time(flow):
    busy = threading.Lock()

    def report(progress):
        assert busy.acquire(blocking=False)
        time.sleep(0.001)
        busy.release()

    assert find_modules(flow, num_trials=6, num_threads=3, control=Control(report=report)).stopped_by is None


@pytest.mark.parametrize("num_threads", [1, 3])
def test_an_error_in_the_callback_is_raised(flow, num_threads):
    def report(progress):
        raise ZeroDivisionError("mine")

    control = Control(report=report)
    with pytest.raises(ZeroDivisionError, match="mine"):
        find_modules(flow, num_trials=5, num_threads=num_threads, control=control)
    assert control.stopped


def interrupting():
    """A Control that sends Ctrl-C to the main thread after the first pass, and waits until the search heeds it."""

    def report(progress):
        time.sleep(0.2)  # until the main thread waits for the trials
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while not control.stopped:
            time.sleep(0.001)

    control = Control(time_limit=60, report=report)
    return control


def test_ctrl_c_ends_the_search(flow):
    control = interrupting()
    with pytest.raises(KeyboardInterrupt):
        find_modules(flow, num_trials=5, control=control)
    assert not control.interrupted


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("multilevel", [False, True])
def test_ctrl_c_in_the_first_pass_finds_nothing(flow, keep, multilevel, monkeypatch):
    first_pass = TwoLevelOptimizer._first_pass
    control, sent = Control(time_limit=60, keep_on_interrupt=keep), threading.Lock()

    def interrupted(self, network):
        time.sleep(0.2)  # until the main thread waits for the trials
        if sent.acquire(blocking=False):  # by the first trial alone
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while not control.stopped:
            time.sleep(0.001)
        return first_pass(self, network)

    monkeypatch.setattr(TwoLevelOptimizer, "_first_pass", interrupted)
    with pytest.raises(KeyboardInterrupt, match="nothing was found yet" if keep else "^$"):
        find_modules(flow, multilevel=multilevel, num_trials=2, control=control)
    assert not control.interrupted


def test_ctrl_c_may_keep_what_was_found(flow):
    control = interrupting()
    control.keep_on_interrupt = True
    found = find_modules(flow, num_trials=5, control=control)
    assert control.interrupted
    assert found.stopped_by == "interrupt"
    assert found.more_trials_help is None
    assert len(found.trials) == 1
    assert_sound(flow, found)


# Options -------------------------------------------------------------------------------------

WRONG_OPTIONS = [
    ({"num_trials": 0}, "num_trials must be a whole number, 1 or more, not 0"),
    ({"num_trials": 1.5}, "num_trials must be .*, not 1.5"),
    ({"num_trials": True}, "num_trials must be .*, not True"),
    ({"num_trials": "3"}, "num_trials must be .*, not '3'"),
    ({"num_threads": 0}, "num_threads must be a whole number, 1 or more, or None, not 0"),
    ({"seed": -1}, "seed must be a whole number, 0 or more, or None, not -1"),
    ({"seed": 0.5}, "seed must be .*, not 0.5"),
    ({"time_limit": -1}, "time_limit must be seconds, 0 or more, or None, not -1"),
    ({"time_limit": "1"}, "time_limit must be .*, not '1'"),
    ({"time_limit": float("nan")}, "time_limit must be .*, not nan"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG_OPTIONS, ids=[str(wrong) for wrong, _ in WRONG_OPTIONS])
def test_wrong_options(wrong, message):
    with pytest.raises(ValueError, match=message):
        SearchOptions(**wrong)


def test_options():
    options = SearchOptions(num_trials=np.int64(3), seed=None, num_threads=None, time_limit=0)
    assert options.num_trials == 3
    assert SearchOptions() == SearchOptions(num_trials=1, seed=0)


@settings(max_examples=20)
@given(st.integers(0, 2**64), st.integers(1, 5))
def test_any_seed_will_do(seed, num_trials):
    assert SearchOptions(num_trials=num_trials, seed=seed).seed == seed
    flow = random_walk(Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5]), WalkOptions())
    assert min(find_modules(flow, num_trials=num_trials, seed=seed).trials) == pytest.approx(2.32073035683379)

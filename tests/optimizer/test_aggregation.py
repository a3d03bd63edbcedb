import networkx as nx
import numpy as np
import pytest
import scipy.sparse.csgraph
from hypothesis import given
from hypothesis import strategies as st
from strategies import described, level_of, other_terms, partitioned_walks, partitions, walks

import mapeq
from mapeq._base.jit import kernel_of
from mapeq.network.network import Network
from mapeq.objective.level import as_codewords
from mapeq.objective.two_level import codelength, new_partition, new_sums, partition
from mapeq.optimizer.aggregation import compose, project, singletons_in_groups, within_groups
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.order import draw_order
from mapeq.optimizer.outcome import connected_parts
from mapeq.walk.flow import ENTER, EXIT, link_flows
from mapeq.walk.options import WalkOptions

random_orders = st.randoms(use_true_random=False)


def shuffled(n, random):
    return np.array(random.sample(range(n), n), dtype=np.uint32)


def numbers(n):
    return np.arange(n, dtype=np.uint32)


THREADS = (1, 2, 3, 5, 16)
SINGLETONS, COMPOSE, PROJECT, DRAW_ORDER = map(kernel_of, (singletons_in_groups, compose, project, draw_order))


def compacted(flow, module_of, threads=1):
    with Engine(threads) as engine:
        return engine.compact(flow, engine.partition(flow, module_of.astype(np.uint32)))


def aggregated(flow, state, *, num_threads=1):
    with Engine(num_threads) as engine:
        return engine.aggregate(flow, state)


@pytest.fixture
def all_shared(monkeypatch):
    """Small levels are shared by all threads, too."""
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)


def in_order(module_of):
    """The same modules, numbered in the order of their first nodes."""
    first_of = {}
    return [first_of.setdefault(m, len(first_of)) for m in module_of.tolist()]


def link_matrix(flow):
    """Flow over links, both directions together, as a sparse matrix."""
    links, n = flow.links, len(flow.nodes)
    return scipy.sparse.csr_array(
        (link_flows(links), links.indices.astype(int), links.indptr.astype(int)), shape=(n, n)
    )


def parts_of(flow, module_of):
    """The connected parts of modules, by SciPy: links between modules removed."""
    matrix = link_matrix(flow).tocoo()
    inside = module_of[matrix.row] == module_of[matrix.col]
    kept = scipy.sparse.coo_array((np.ones(inside.sum()), (matrix.row[inside], matrix.col[inside])), matrix.shape)
    return scipy.sparse.csgraph.connected_components(kept, directed=False)


def arrays_of(flow):
    return [flow.nodes, *flow.links[:3]] + ([] if flow.terms.teleport is None else [flow.terms.teleport])


def assert_same_partition(state, expected):
    np.testing.assert_array_equal(state.module_of, expected.module_of)
    np.testing.assert_array_equal(state.sizes, expected.sizes)
    np.testing.assert_allclose(state.modules, expected.modules, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(state.index_sums, expected.index_sums, rtol=1e-10, atol=1e-10)
    assert (state.teleport is None) == (expected.teleport is None)
    if state.teleport is not None:
        np.testing.assert_allclose(state.teleport, expected.teleport, rtol=1e-10, atol=1e-10)
    assert [array.dtype for array in (state.module_of, state.sizes)] == [np.uint32] * 2


# Aggregating ---------------------------------------------------------------------------------


@given(st.data())
def test_aggregating_preserves_every_codelength(data):
    links, options, fine = data.draw(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
    flow, _ = described(links, options, data.draw(other_terms()))
    state = compacted(flow, fine)
    coarse_flow = aggregated(flow, state)
    coarse = data.draw(partitions(len(state.sizes))).astype(np.uint32)
    of_modules = codelength(coarse_flow, partition(coarse_flow, coarse.copy()))
    of_nodes = codelength(flow, partition(flow, coarse[state.module_of]))
    assert of_modules == pytest.approx(of_nodes, abs=1e-10)


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_aggregating_sums_the_links_between_modules(case):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    state = compacted(flow, module_of)
    count = len(state.sizes)
    coarse = aggregated(flow, state)
    members = np.eye(count)[state.module_of]
    expected = members.T @ link_matrix(flow).toarray() @ members
    np.testing.assert_allclose(link_matrix(coarse).toarray(), expected * (1 - np.eye(count)), atol=1e-14)
    assert coarse.links.indptr[-1] == len(coarse.links.indices) == len(link_flows(coarse.links))
    for row in np.split(coarse.links.indices, coarse.links.indptr[1:-1].astype(int)):
        assert len(np.unique(row)) == len(row)
    assert not any(array.flags.writeable for array in arrays_of(coarse))
    assert [array.dtype for array in coarse.links[:4]] == [array.dtype for array in flow.links[:4]]


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40), random_orders)
def test_single_modules_aggregate_to_the_same_flow(case, random):
    links, options, _ = case
    flow = level_of(links.network(), options)
    module_of = shuffled(links.num_nodes, random)
    same = aggregated(flow, compacted(flow, module_of))
    matrix = link_matrix(same).toarray()[np.ix_(module_of, module_of)]
    np.testing.assert_array_equal(matrix, link_matrix(flow).toarray())
    np.testing.assert_allclose(same.nodes[module_of], flow.nodes, atol=1e-14)


def test_links_too_light_to_carry_flow_are_harmless():
    """Two heavy cliques with very many weightless links between them."""
    n = 60
    sources, targets = np.triu_indices(2 * n, 1)
    between = (sources < n) != (targets < n)
    flow = level_of(Network.from_edges(sources, targets, np.where(between, 1e-200, 1e200)), WalkOptions())
    coarse = aggregated(flow, compacted(flow, np.repeat([0, 1], n)))
    assert link_matrix(coarse).sum() == 0
    np.testing.assert_allclose(coarse.nodes, [[0.5, 0, 0], [0.5, 0, 0]], atol=1e-14)


def assert_same_for_any_threads(flow, module_of):
    """All steps from one level to the next, in any number of threads."""
    answers = []
    for threads in THREADS:
        with Engine(threads) as engine:
            state = engine.partition(flow, module_of.copy())
            small = engine.compact(flow, state)
            coarse = engine.aggregate(flow, small)
            groups = engine.group(flow, small)
            wide = engine.expanded(flow, small, small.module_of.copy())
            singles = engine.single_modules(flow)
            parts = connected_parts(flow, module_of, engine)
            found = [*groups, parts, np.array([engine.codelength(flow, small), engine.codelength(flow, wide)])]
            for one in (state, small, wide, singles):
                found += [array for array in one[:5] if array is not None]
        answers.append([*arrays_of(coarse), *found])
    for other in answers[1:]:
        for array, same in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(array, same)


@pytest.mark.thorough
@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_any_threads_take_the_same_steps(case):
    links, options, module_of = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)
        assert_same_for_any_threads(level_of(links.network(), options), module_of)


@pytest.mark.parametrize("modules", [1, 7, 400, 2000])
def test_any_threads_take_the_same_steps_in_a_larger_network(modules, all_shared):
    rng = np.random.default_rng(modules)
    flow = level_of(Network.from_edges(*rng.integers(0, 2000, (2, 20_000)), rng.random(20_000)), WalkOptions())
    assert_same_for_any_threads(flow, rng.integers(0, modules, len(flow.nodes)).astype(np.uint32))


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64, 1000, 40_000])
def test_orders_are_random_permutations_in_any_number_of_threads(count):
    orders = []
    for threads in THREADS:
        with Engine(threads) as engine:
            order = np.full(count, count, np.uint32)
            engine.together(DRAW_ORDER, np.uint64(5), order)
            orders.append(order)
    np.testing.assert_array_equal(np.sort(orders[0]), np.arange(count))
    for other in orders[1:]:
        np.testing.assert_array_equal(orders[0], other)
    if count >= 64:
        another = np.empty(count, np.uint32)
        Engine().together(DRAW_ORDER, np.uint64(6), another)
        assert (another == orders[0]).mean() < 0.2
        runs = orders[0][:: 8 if count == 40_000 else 1].astype(float)
        assert abs(np.corrcoef(runs, np.arange(len(runs)))[0, 1]) < 0.3


def test_every_node_comes_first_and_last_in_some_order():
    firsts, lasts = set(), set()
    for seed in range(400):
        order = np.empty(10, np.uint32)
        Engine().together(DRAW_ORDER, np.uint64(seed), order)
        firsts.add(int(order[0]))
        lasts.add(int(order[-1]))
    assert firsts == lasts == set(range(10))


@given(st.data())
def test_numbers_are_composed_and_projected(data):
    low = data.draw(partitions(9)).astype(np.uint32)
    upper = data.draw(partitions(9)).astype(np.uint32)
    for threads in (1, 3):
        with Engine(threads) as engine:
            found = low.copy()
            engine.together(COMPOSE, found, upper, found)
            np.testing.assert_array_equal(found, upper[low])
            back = np.full(9, 99, np.uint32)
            engine.together(PROJECT, found, low, back)
            np.testing.assert_array_equal(back[np.unique(low)], upper[np.unique(low)])


# Names and groups ----------------------------------------------------------------------------


@given(walks(max_nodes=12, max_links=24))
def test_names_are_read_whenever_a_node_is_entered(case):
    links, options = case
    flow = level_of(links.network(), options)
    before = flow.nodes.copy()
    named = as_codewords(flow)
    np.testing.assert_array_equal(named.nodes, before[:, [ENTER, ENTER, EXIT]])
    np.testing.assert_array_equal(flow.nodes, before)
    assert named._replace(nodes=flow.nodes) == flow
    assert not named.nodes.flags.writeable


@st.composite
def grouped_walks(draw, **kwargs):
    """Links, options of the flow, a group of each node, and how many groups count; the nodes of others are left out."""
    links, options, groups = draw(partitioned_walks(min_nodes=1, **kwargs))
    groups = np.unique(groups, return_inverse=True)[1].astype(np.uint32)
    return links, options, groups, draw(st.integers(0, int(groups.max()) + 1))


@given(grouped_walks(max_nodes=12, max_links=40))
def test_only_links_within_groups_are_left(case):
    links, options, groups, count = case
    flow = level_of(links.network(), options)
    exit = np.random.default_rng(0).random(count)
    within, members = within_groups(flow, groups, exit)
    np.testing.assert_array_equal(members, np.flatnonzero(groups < count))
    np.testing.assert_array_equal(within.nodes, flow.nodes[members])
    same = groups[members, None] == groups[None, members]
    np.testing.assert_array_equal(
        link_matrix(within).toarray(), link_matrix(flow).toarray()[np.ix_(members, members)] * same
    )
    assert within.links.stride == flow.links.stride
    assert [array.dtype for array in within.links[:4]] == [array.dtype for array in flow.links[:4]]
    assert within.links.scale == flow.links.scale
    np.testing.assert_array_equal(within.codebooks.of, groups[members])
    np.testing.assert_array_equal(within.codebooks.exit, exit)
    assert (within.codebooks.stride, within.constant) == (1, 0)
    assert (within.terms.teleport is None) == (flow.terms.teleport is None)
    if flow.terms.teleport is not None:
        np.testing.assert_array_equal(within.terms.teleport, flow.terms.teleport[members])
    assert not any(array.flags.writeable for array in [*arrays_of(within), within.codebooks.of, within.codebooks.exit])


@given(grouped_walks(max_nodes=12, max_links=40), random_orders)
def test_aggregating_keeps_the_groups_apart(case, random):
    links, options, groups, _ = case
    flow, n = level_of(links.network(), options), links.num_nodes
    within, _ = within_groups(flow, groups, np.zeros(int(groups.max()) + 1))
    state = compacted(within, np.unique(3 * groups.astype(int) + random.choices(range(3), k=n), return_inverse=True)[1])
    coarse = aggregated(within, state)
    np.testing.assert_array_equal(coarse.codebooks.of[state.module_of], groups)
    np.testing.assert_array_equal(coarse.codebooks.exit, within.codebooks.exit)
    assert_same_partition(Engine().single_modules(coarse), partition(coarse, numbers(len(state.sizes))))
    np.testing.assert_allclose(
        partition(coarse, numbers(len(state.sizes))).index_sums, state.index_sums, rtol=1e-10, atol=1e-10
    )


# Numbering and grouping ----------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=24))
def test_compact_numbers_modules_without_gaps(case):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    state = partition(flow, module_of.astype(np.uint32))
    small = Engine().compact(flow, state)
    used, expected = np.unique(module_of, return_inverse=True)
    np.testing.assert_array_equal(small.module_of, expected)
    np.testing.assert_array_equal(small.sizes, np.bincount(expected, minlength=len(used)))
    np.testing.assert_array_equal(small.modules, state.modules[used])
    np.testing.assert_array_equal(small.index_sums, state.index_sums)
    if flow.terms.teleport is not None:
        np.testing.assert_array_equal(small.teleport, state.teleport[used])
    assert codelength(flow, small) == codelength(flow, state)
    assert Engine().codelength(flow, small) == codelength(flow, small).total


@given(partitioned_walks(max_nodes=12, max_links=24))
def test_expanding_undoes_compact(case):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    small = compacted(flow, module_of)
    wide = Engine().expanded(flow, small, small.module_of)
    assert len(wide.sizes) == links.num_nodes
    assert_same_partition(wide, partition(flow, small.module_of.copy()))


@given(st.data())
def test_modules_of_modules_are_expanded_down_to_nodes(data):
    links, options, fine = data.draw(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
    flow = level_of(links.network(), options)
    state = compacted(flow, fine)
    level = aggregated(flow, state)
    coarse = compacted(level, data.draw(partitions(len(state.sizes))))
    below = coarse.module_of[state.module_of]
    assert_same_partition(Engine().expanded(flow, coarse, below), partition(flow, below.copy()))


@given(partitioned_walks(max_nodes=12, max_links=24))
def test_group_sorts_nodes_by_module(case):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    state = compacted(flow, module_of)
    starts, members = Engine().group(flow, state)
    np.testing.assert_array_equal(np.diff(starts), state.sizes)
    np.testing.assert_array_equal(members, np.argsort(state.module_of, kind="stable"))


@given(partitioned_walks(max_nodes=12, max_links=24), st.integers(1, 3))
def test_single_nodes_are_numbered_by_their_place_in_the_groups(case, threads):
    links, options, module_of = case
    flow, n = level_of(links.network(), options), links.num_nodes
    with Engine(threads) as engine:
        groups = engine.group(flow, compacted(flow, module_of))
        state = new_partition(flow, np.empty(n, np.uint32), n)
        engine.together(SINGLETONS, flow, groups, state, new_sums(n))
    np.testing.assert_array_equal(state.module_of[groups.members], np.arange(n))
    assert_same_partition(state, partition(flow, state.module_of.copy()))


@given(partitioned_walks(max_nodes=12, max_links=24))
def test_connected_parts_against_scipy_and_networkx(case):
    links, options, module_of = case
    flow, n = level_of(links.network(), options), links.num_nodes
    parts = connected_parts(flow, module_of.astype(np.uint32), Engine())
    count, expected = parts_of(flow, module_of)
    assert in_order(parts) == in_order(expected)
    assert sorted(set(parts.tolist())) == list(range(count))
    firsts = [int(np.flatnonzero(parts == part)[0]) for part in range(count)]
    assert firsts == sorted(firsts, key=lambda i: (module_of[i], i))

    graph = nx.from_scipy_sparse_array(link_matrix(flow))
    graph.remove_edges_from([(i, j) for i, j in graph.edges if module_of[i] != module_of[j]])
    assert sorted(map(sorted, nx.connected_components(graph))) == sorted(
        np.flatnonzero(parts == part).tolist() for part in range(count)
    )
    assert len(parts) == n


def test_trials_that_agree_are_recombined_within_bounds(monkeypatch):
    # As many modules as parts: a module number that is too large by one would be written past the end.
    seen = []

    def checked(flow, module_of, threads=None, rows=None):
        seen.append(int(module_of.max()) < (len(flow.nodes) if rows is None else rows))
        return partition(flow, module_of, threads, rows)

    monkeypatch.setattr("mapeq.optimizer.engine.partition", checked)
    mapeq.infomap(nx.ring_of_cliques(12, 6), num_trials=2)
    assert seen
    assert all(seen)

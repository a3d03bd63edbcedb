import networkx as nx
import numpy as np
import pytest
import scipy.sparse.csgraph
from hypothesis import given
from hypothesis import strategies as st
from strategies import partitioned_walks, partitions

from mapeq.flow import FlowOptions, link_flows, random_walk
from mapeq.moves import aggregate, connected_parts, move_nodes, queue_of, refine, renumber, scratch_for
from mapeq.network import Network
from mapeq.objective import codelength, partition

FOREVER = 1 << 60
random_orders = st.randoms(use_true_random=False)


def shuffled(n, random):
    return np.array(random.sample(range(n), n), dtype=np.int32)


def length_of(flow, module_of):
    return codelength(flow, partition(flow, module_of.astype(np.int32))).total


def moved(flow, module_of, order, *, work=FOREVER):
    """Move nodes until none wants to, interrupted after so much work each time: the change, the Partition."""
    state, change = partition(flow, module_of.copy()), 0.0
    queue, scratch = queue_of(order.copy()), scratch_for(state)
    while queue.ends[1]:
        one, met = move_nodes(flow.links, flow.nodes, flow.teleport, state, queue, scratch, work)
        assert met > 0
        assert one <= 0
        change += one
    assert not queue.waiting.any()
    assert not scratch.flow.any()
    return change, state


def refined(flow, module_of, order, *, work=FOREVER):
    """Sub-modules of all modules, as a Partition."""
    state, position = partition(flow, np.arange(len(module_of), dtype=np.int32)), 0
    scratch = scratch_for(state)
    while position < len(order):
        position = refine(flow.links, flow.nodes, flow.teleport, module_of, state, order, position, scratch, work)
    assert not scratch.flow.any()
    return state


def renumbered(module_of):
    module_of = module_of.copy()
    return module_of, renumber(module_of, np.full(len(module_of), -1, dtype=module_of.dtype))


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


# Moving --------------------------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders)
def test_moving_nodes_shortens_the_description_by_what_it_says(case, random):
    links, options, module_of = case
    flow = random_walk(links.network(), options)
    change, state = moved(flow, module_of, shuffled(links.num_nodes, random))
    assert change <= 0
    before, after = length_of(flow, module_of), length_of(flow, state.module_of)
    assert after == pytest.approx(before + change, abs=1e-10)
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)
    assert ((state.module_of >= 0) & (state.module_of < max(links.num_nodes, 1))).all()


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, st.integers(1, 30))
def test_interrupted_moving_gives_the_same(case, random, work):
    links, options, module_of = case
    flow, order = random_walk(links.network(), options), shuffled(links.num_nodes, random)
    change, state = moved(flow, module_of, order)
    again, interrupted = moved(flow, module_of, order, work=work)
    np.testing.assert_array_equal(interrupted.module_of, state.module_of)
    assert again == pytest.approx(change, abs=1e-11)


def test_moving_stops_after_the_given_work():
    flow = random_walk(Network.from_edges(np.arange(99), np.arange(1, 100)), FlowOptions())
    state = partition(flow, np.arange(100, dtype=np.int32))
    queue, scratch = queue_of(np.arange(100, dtype=np.int32)), scratch_for(state)
    _, met = move_nodes(flow.links, flow.nodes, flow.teleport, state, queue, scratch, 10)
    assert 10 <= met < 14
    assert queue.ends[1] > 90


def test_moving_finds_two_triangles():
    flow = random_walk(Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5]), FlowOptions())
    _, state = moved(flow, np.arange(6, dtype=np.int32), np.arange(6, dtype=np.int32))
    assert renumbered(state.module_of)[0].tolist() == [0, 0, 0, 1, 1, 1]


def test_a_node_may_move_to_a_module_of_its_own():
    """The walk seldom leaves node 0, which names itself over and over."""
    network = Network.from_edges([0, 0, 1, 1, 2], [0, 1, 2, 3, 3], [10, 0.01, 1, 1, 1])
    flow = random_walk(network, FlowOptions())
    change, state = moved(flow, np.zeros(4, dtype=np.int32), np.arange(4, dtype=np.int32))
    assert change < 0
    assert renumbered(state.module_of)[0].tolist() == [0, 1, 1, 1]


# Refining ------------------------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders)
def test_refining_gives_connected_sub_modules_inside_the_modules(case, random):
    links, options, module_of = case
    flow, given_modules = random_walk(links.network(), options), module_of.copy()
    state = refined(flow, module_of, shuffled(links.num_nodes, random))
    np.testing.assert_array_equal(module_of, given_modules)
    for sub in np.unique(state.module_of):
        assert len(np.unique(module_of[state.module_of == sub])) == 1
    count, _ = parts_of(flow, state.module_of)
    assert count == len(np.unique(state.module_of))
    singletons = length_of(flow, np.arange(links.num_nodes))
    after = length_of(flow, state.module_of)
    assert after <= singletons + 1e-10
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, st.integers(1, 30))
def test_interrupted_refining_gives_the_same(case, random, work):
    links, options, module_of = case
    flow, order = random_walk(links.network(), options), shuffled(links.num_nodes, random)
    whole, interrupted = refined(flow, module_of, order), refined(flow, module_of, order, work=work)
    np.testing.assert_array_equal(interrupted.module_of, whole.module_of)


def test_refining_splits_a_module_that_is_two():
    flow = random_walk(Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5]), FlowOptions())
    state = refined(flow, np.zeros(6, dtype=np.int32), np.arange(6, dtype=np.int32))
    assert renumbered(state.module_of)[0].tolist() == [0, 0, 0, 1, 1, 1]


# Aggregating ---------------------------------------------------------------------------------


@given(st.data())
def test_aggregating_preserves_every_codelength(data):
    links, options, fine = data.draw(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
    flow = random_walk(links.network(), options)
    fine, count = renumbered(fine)
    coarse_flow = aggregate(flow, partition(flow, fine), count)
    coarse = data.draw(partitions(count))
    of_modules = codelength(coarse_flow, partition(coarse_flow, coarse.copy()))
    of_nodes = codelength(flow, partition(flow, coarse[fine]))
    assert of_modules == pytest.approx(of_nodes, abs=1e-10)


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40))
def test_aggregating_sums_the_links_between_modules(case):
    links, options, module_of = case
    flow = random_walk(links.network(), options)
    module_of, count = renumbered(module_of)
    coarse = aggregate(flow, partition(flow, module_of), count)
    members = np.eye(count)[module_of]
    expected = members.T @ link_matrix(flow).toarray() @ members
    np.testing.assert_allclose(link_matrix(coarse).toarray(), expected * (1 - np.eye(count)), atol=1e-14)
    assert coarse.links.indptr[-1] == len(coarse.links.indices) == len(link_flows(coarse.links))
    for row in np.split(coarse.links.indices, coarse.links.indptr[1:-1].astype(int)):
        assert len(np.unique(row)) == len(row)
    arrays = [coarse.nodes, *coarse.links[:3]] + ([] if coarse.teleport is None else [coarse.teleport])
    assert not any(array.flags.writeable for array in arrays)
    assert [array.dtype for array in coarse.links] == [array.dtype for array in flow.links]


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40), random_orders)
def test_single_modules_aggregate_to_the_same_flow(case, random):
    links, options, _ = case
    flow = random_walk(links.network(), options)
    order = shuffled(links.num_nodes, random)
    same = aggregate(flow, partition(flow, order), links.num_nodes)
    np.testing.assert_array_equal(link_matrix(same).toarray()[np.ix_(order, order)], link_matrix(flow).toarray())
    np.testing.assert_allclose(same.nodes[order], flow.nodes, atol=1e-14)


def test_links_too_light_to_carry_flow_are_harmless():
    """Two heavy cliques with so many weightless links between them that they outnumber all scratch space."""
    n = 60
    sources, targets = np.triu_indices(2 * n, 1)
    between = (sources < n) != (targets < n)
    flow = random_walk(Network.from_edges(sources, targets, np.where(between, 1e-200, 1e200)), FlowOptions())
    cliques = np.repeat(np.array([0, 1], dtype=np.int32), n)
    coarse = aggregate(flow, partition(flow, cliques.copy()), 2)
    assert link_matrix(coarse).nnz == 0
    np.testing.assert_allclose(coarse.nodes, [[0.5, 0, 0], [0.5, 0, 0]], atol=1e-14)
    _, state = moved(flow, np.arange(2 * n, dtype=np.int32), np.arange(2 * n, dtype=np.int32))
    np.testing.assert_array_equal(renumbered(state.module_of)[0], cliques)


# Numbering -----------------------------------------------------------------------------------


@given(st.integers(0, 20).flatmap(partitions))
def test_renumber_counts_in_the_order_of_first_nodes(module_of):
    numbers, count = renumbered(module_of)
    first_of = {}
    expected = [first_of.setdefault(m, len(first_of)) for m in module_of.tolist()]
    assert numbers.tolist() == expected
    assert count == len(first_of)


@given(partitioned_walks(max_nodes=12, max_links=24))
def test_connected_parts_against_scipy_and_networkx(case):
    links, options, module_of = case
    flow = random_walk(links.network(), options)
    parts = np.full(links.num_nodes, -1, dtype=np.int32)
    count = connected_parts(flow.links, module_of, parts, np.empty_like(parts))
    expected_count, expected = parts_of(flow, module_of)
    assert count == expected_count
    np.testing.assert_array_equal(parts, renumbered(expected)[0])

    graph = nx.from_scipy_sparse_array(link_matrix(flow))
    graph.remove_edges_from([(i, j) for i, j in graph.edges if module_of[i] != module_of[j]])
    assert sorted(map(sorted, nx.connected_components(graph))) == sorted(
        np.flatnonzero(parts == part).tolist() for part in range(count)
    )

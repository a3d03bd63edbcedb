import itertools

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from strategies import countings, described, level_of, partitioned_walks

from mapeq._base.csr import ONE
from mapeq.network.network import Network
from mapeq.objective.two_level import codelength, new_move, partition
from mapeq.optimizer.aggregation import compact, group, singletons_in_groups
from mapeq.optimizer.local_moves import (
    MoveConstraint,
    free_modules_of,
    move_nodes,
    new_queue,
    propose,
    take_block,
    unconstrained,
)
from mapeq.optimizer.workspace import new_scratch
from mapeq.walk.flow import link_flows
from mapeq.walk.options import WalkOptions

FOREVER = 1 << 60
TWO_TRIANGLES = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
random_orders = st.randoms(use_true_random=False)
blocks = st.integers(1, 12)


def shuffled(n, random):
    return np.array(random.sample(range(n), n), dtype=np.uint32)


def numbers(n):
    return np.arange(n, dtype=np.uint32)


def length_of(flow, module_of):
    return codelength(flow, partition(flow, module_of.astype(np.uint32))).total


def queue_with_blocks(order, block):
    """A queue of all nodes; by itself, that of a small network would take one node at a time."""
    return new_queue(order, len(order))._replace(block=np.empty(block, np.uint32), proposed=np.empty(block, np.uint32))


def scratch_of(flow):
    return new_scratch(int(np.diff(flow.links.indptr).max(initial=0)), flow.links.indices.dtype)


def move_all(flow, state, bounds, order, *, block, work):
    """Move nodes until none wants to, interrupted after so much work each time: the change."""
    change = 0.0
    queue, free_modules, scratch, move = (
        queue_with_blocks(order, block),
        free_modules_of(state),
        scratch_of(flow),
        new_move(),
    )
    while queue.ends[1]:
        one, met = move_nodes(
            flow.links, flow.nodes, flow.terms, state, bounds, queue, free_modules, scratch, move, np.uint64(work)
        )
        assert met >= work or not queue.ends[1]
        assert met > 0 or bounds.refining
        assert one <= 0
        change += one
    assert not queue.waiting.any()
    assert not scratch.table.any()
    assert free_modules.size[0] == np.count_nonzero(state.sizes == 0)
    return change


def moved(flow, module_of, order, *, block=1, work=FOREVER):
    """Move nodes to any modules: the change, the Partition."""
    state = partition(flow, module_of.astype(np.uint32))
    return move_all(flow, state, unconstrained(state), order, block=block, work=work), state


def refined(flow, module_of, order, *, block=1, work=FOREVER):
    """Sub-modules of all modules, as a Partition."""
    coarse = compact(partition(flow, module_of.astype(np.uint32)))
    groups = group(coarse, order)
    state = singletons_in_groups(flow, groups)
    move_all(flow, state, MoveConstraint(coarse.module_of, ONE, groups.starts, ONE), order, block=block, work=work)
    return state


def assert_in_step(flow, state):
    """All sums of a partition are what they would be from scratch."""
    expected = partition(flow, state.module_of.copy())
    np.testing.assert_array_equal(state.sizes, expected.sizes)
    np.testing.assert_allclose(state.modules, expected.modules, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(state.index_sums, expected.index_sums, rtol=1e-10, atol=1e-10)
    assert not state.modules[state.sizes == 0].any()
    assert (state.teleport is None) == (expected.teleport is None)
    if state.teleport is not None:
        np.testing.assert_allclose(state.teleport, expected.teleport, rtol=1e-10, atol=1e-10)


def in_order(module_of):
    """The same modules, numbered in the order of their first nodes."""
    first_of = {}
    return [first_of.setdefault(m, len(first_of)) for m in module_of.tolist()]


def graph_of(flow):
    """The nodes and their links, for NetworkX."""
    links, n = flow.links, len(flow.nodes)
    matrix = (np.ones(len(link_flows(links))), links.indices.astype(int), links.indptr.astype(int))
    return nx.from_scipy_sparse_array(scipy.sparse.csr_array(matrix, shape=(n, n)))


# Moving --------------------------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, countings())
def test_moving_nodes_shortens_the_description_by_what_it_says(case, random, block, counting):
    links, options, module_of = case
    flow, _ = described(links, options, counting)
    change, state = moved(flow, module_of, shuffled(links.num_nodes, random), block=block)
    assert change <= 0
    before, after = length_of(flow, module_of), length_of(flow, state.module_of)
    assert after == pytest.approx(before + change, abs=1e-10)
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)
    assert (state.module_of < max(links.num_nodes, 1)).all()


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks)
def test_moving_keeps_all_sums_in_step(case, random, block):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    _, state = moved(flow, module_of, shuffled(links.num_nodes, random), block=block)
    assert_in_step(flow, state)


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, st.integers(1, 30))
def test_interrupted_moving_gives_the_same(case, random, block, work):
    links, options, module_of = case
    flow, order = level_of(links.network(), options), shuffled(links.num_nodes, random)
    change, state = moved(flow, module_of, order, block=block)
    again, interrupted = moved(flow, module_of, order, block=block, work=work)
    np.testing.assert_array_equal(interrupted.module_of, state.module_of)
    assert again == pytest.approx(change, abs=1e-11)


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, st.data())
def test_a_block_may_be_proposed_in_any_parts(case, random, data):
    links, options, module_of = case
    n = links.num_nodes
    flow, order = level_of(links.network(), options), shuffled(n, random)
    state = partition(flow, module_of.astype(np.uint32))
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    answers = []
    for parts in ([0, n], [0, *cuts, n]):
        queue, bounds = queue_with_blocks(order, max(n, 1)), unconstrained(state)
        size, met = take_block(flow.links, state, bounds, queue)
        assert (size, met) == (n, len(flow.links.indices) + n)
        np.testing.assert_array_equal(queue.block[:n], order)
        for begin, end in itertools.pairwise(parts):
            scratch = scratch_of(flow)
            ends = np.uint64(begin), np.uint64(end)
            propose(flow.links, flow.nodes, flow.terms, state, bounds, queue, *ends, scratch)
            assert not scratch.table.any()
        answers.append(queue.proposed[:n])
    np.testing.assert_array_equal(*answers)
    np.testing.assert_array_equal(state.module_of, module_of)
    assert (answers[0] <= n).all()


def test_proposals_of_many_batches_may_be_split():
    """More links than fit into a batch, and a node that has more of them by itself."""
    rng = np.random.default_rng(7)
    sources, targets = rng.integers(0, 900, (2, 6000))
    network = Network.from_edges(np.append(sources, np.zeros(899, int)), np.append(targets, np.arange(1, 900)))
    flow = level_of(network, WalkOptions())
    state = partition(flow, rng.integers(0, 300, 900).astype(np.uint32))
    order, bounds = rng.permutation(numbers(900)), unconstrained(state)
    answers = []
    for parts in ([0, 900], [0, 1, 17, 17, 450, 900], list(range(901))):
        queue, scratch = queue_with_blocks(order, 900), scratch_of(flow)
        take_block(flow.links, state, bounds, queue)
        for begin, end in itertools.pairwise(parts):
            ends = np.uint64(begin), np.uint64(end)
            propose(flow.links, flow.nodes, flow.terms, state, bounds, queue, *ends, scratch)
        assert not scratch.table.any()
        answers.append(queue.proposed)
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
    change, state = moved(flow, state.module_of, order, block=100)
    assert change < 0
    assert_in_step(flow, state)


def test_moving_stops_after_the_given_work():
    flow = level_of(Network.from_edges(np.arange(99), np.arange(1, 100)), WalkOptions())
    state = partition(flow, numbers(100))
    queue, free_modules, scratch = queue_with_blocks(numbers(100), 1), free_modules_of(state), scratch_of(flow)
    common = (flow.links, flow.nodes, flow.terms, state, unconstrained(state), queue, free_modules, scratch, new_move())
    _, met = move_nodes(*common, np.uint64(10))
    assert 10 <= met < 14
    assert queue.ends[1] > 90


@pytest.mark.parametrize("block", [1, 2, 6])
def test_moving_finds_two_triangles(block):
    flow = level_of(TWO_TRIANGLES, WalkOptions())
    _, state = moved(flow, numbers(6), numbers(6), block=block)
    assert in_order(state.module_of) == [0, 0, 0, 1, 1, 1]


def test_a_node_may_move_to_a_module_of_its_own():
    """The walk seldom leaves node 0, which names itself over and over."""
    network = Network.from_edges([0, 0, 1, 1, 2], [0, 1, 2, 3, 3], [10, 0.01, 1, 1, 1])
    flow = level_of(network, WalkOptions())
    change, state = moved(flow, np.zeros(4, dtype=np.uint32), numbers(4))
    assert change < 0
    assert in_order(state.module_of) == [0, 1, 1, 1]


@given(partitioned_walks(max_nodes=12, max_links=40))
def test_spares_are_the_numbers_without_nodes(case):
    links, options, module_of = case
    state = partition(level_of(links.network(), options), module_of.astype(np.uint32))
    free_modules = free_modules_of(state)
    unused = set(range(links.num_nodes)) - set(module_of.tolist())
    assert sorted(free_modules.numbers[: int(free_modules.size[0])].tolist()) == sorted(unused)


def test_moving_keeps_the_spares_in_step():
    rng = np.random.default_rng(7)
    flow = level_of(Network.from_edges(*rng.integers(0, 900, (2, 6000))), WalkOptions())
    state = partition(flow, rng.integers(0, 300, 900).astype(np.uint32))
    queue, free_modules, bounds = (
        queue_with_blocks(rng.permutation(numbers(900)), 100),
        free_modules_of(state),
        unconstrained(state),
    )
    common = (flow.links, flow.nodes, flow.terms, state, bounds, queue, free_modules, scratch_of(flow), new_move())
    move_nodes(*common, np.uint64(FOREVER))
    unused = np.flatnonzero(state.sizes == 0)
    np.testing.assert_array_equal(np.sort(free_modules.numbers[: int(free_modules.size[0])]), unused)


# Refining ------------------------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks)
def test_refining_gives_connected_sub_modules_inside_the_modules(case, random, block):
    links, options, module_of = case
    flow, given_modules = level_of(links.network(), options), module_of.copy()
    state = refined(flow, module_of, shuffled(links.num_nodes, random), block=block)
    np.testing.assert_array_equal(module_of, given_modules)
    graph = graph_of(flow)
    for sub in np.unique(state.module_of):
        nodes = np.flatnonzero(state.module_of == sub)
        assert len(np.unique(module_of[nodes])) == 1
        assert nx.is_connected(graph.subgraph(nodes.tolist()))
    assert_in_step(flow, state)
    singletons = length_of(flow, np.arange(links.num_nodes))
    after = length_of(flow, state.module_of)
    assert after <= singletons + 1e-10
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, st.integers(1, 30))
def test_interrupted_refining_gives_the_same(case, random, block, work):
    links, options, module_of = case
    flow, order = level_of(links.network(), options), shuffled(links.num_nodes, random)
    whole = refined(flow, module_of, order, block=block)
    interrupted = refined(flow, module_of, order, block=block, work=work)
    np.testing.assert_array_equal(interrupted.module_of, whole.module_of)


@pytest.mark.parametrize("block", [1, 2, 6])
def test_refining_splits_a_module_that_is_two(block):
    flow = level_of(TWO_TRIANGLES, WalkOptions())
    state = refined(flow, np.zeros(6, dtype=np.uint32), numbers(6), block=block)
    assert in_order(state.module_of) == [0, 0, 0, 1, 1, 1]

import itertools

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from optimizer.engines import PROPOSE_NODES, block_of, move_all, scratch_for
from strategies import described, level_of, other_terms, partitioned_walks

from mapeq._base.csr import ONE
from mapeq._base.jit import kernel_of
from mapeq.network.network import Network
from mapeq.objective.two_level import codelength, partition
from mapeq.optimizer.blocks import STAY
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.moves import _form_waves, _note_earlier_movers
from mapeq.optimizer.node_moves import NodeConstraint, unconstrained
from mapeq.walk.flow import link_flows
from mapeq.walk.options import WalkOptions

TWO_TRIANGLES = Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5])
random_orders = st.randoms(use_true_random=False)
blocks = st.integers(1, 12)


def shuffled(n, random):
    return np.array(random.sample(range(n), n), dtype=np.uint32)


def numbers(n):
    return np.arange(n, dtype=np.uint32)


def length_of(flow, module_of):
    return codelength(flow, partition(flow, module_of.astype(np.uint32))).total


def moved(flow, module_of, order, **options):
    """Move nodes to any modules until none wants to: the change, the Partition."""
    state = partition(flow, module_of.astype(np.uint32))
    change, _, waiting = move_all(flow, state, unconstrained(state), order, **options)
    assert len(waiting) == 0
    return change, state


def refined(flow, module_of, order, **options):
    """Sub-modules of all modules, as a Partition."""
    engine = Engine()
    coarse = engine.compact(flow, partition(flow, module_of.astype(np.uint32)))
    groups = engine.group(flow, coarse)
    number = np.empty_like(groups.members)
    number[groups.members] = np.arange(len(number))
    state = partition(flow, number)
    constraint = NodeConstraint(coarse.module_of, ONE, groups.starts, ONE, None)
    flow = flow._replace(terms=flow.terms._replace(counting=None))
    move_all(flow, state, constraint, order, **options)
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


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, other_terms())
def test_moving_nodes_shortens_the_description_by_what_it_says(case, random, block, terms):
    links, options, module_of = case
    flow, _ = described(links, options, terms)
    change, state = moved(flow, module_of, shuffled(links.num_nodes, random), block=block)
    assert change <= 0
    before, after = length_of(flow, module_of), length_of(flow, state.module_of)
    assert after == pytest.approx(before + change, abs=1e-10)
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)
    assert (state.module_of < max(links.num_nodes, 1)).all()


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, st.booleans())
def test_moving_keeps_all_sums_in_step(case, random, block, exact):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    change, state = moved(flow, module_of, shuffled(links.num_nodes, random), block=block, exact=exact)
    assert_in_step(flow, state)
    assert length_of(flow, state.module_of) == pytest.approx(length_of(flow, module_of) + change, abs=1e-10)


def random_level(options=None, links=6000):
    rng = np.random.default_rng(7)
    ends = rng.integers(0, 900, (2, links))
    return level_of(Network.from_edges(*ends, rng.random(links)), options or WalkOptions()), rng


@pytest.mark.parametrize("options", [WalkOptions(), WalkOptions("directed", recorded_teleportation=True)])
@pytest.mark.parametrize(("block", "exact"), [(900, False), (300, False), (40, False), (300, True)])
@pytest.mark.parametrize("start", ["singles", "modules"])
def test_any_number_of_threads_moves_alike(options, block, exact, start):
    flow, rng = random_level(options)
    module_of, order = numbers(900) if start == "singles" else rng.integers(0, 30, 900), rng.permutation(900)
    found = [
        (*moved(flow, module_of, order, block=block, exact=exact, threads=threads),) for threads in (1, 2, 3, 5, 16)
    ]
    change, state = found[0]
    assert change < -0.1
    assert_in_step(flow, state)
    for other, same in found[1:]:
        assert other == change
        for one, two in zip(state[:-2], same[:-2], strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_any_number_of_threads_refines_alike(threads):
    flow, rng = random_level()
    module_of, order = rng.integers(0, 3, 900), rng.permutation(900)
    one, other = (refined(flow, module_of, order, block=300, exact=False, threads=number) for number in (1, threads))
    np.testing.assert_array_equal(one.module_of, other.module_of)
    np.testing.assert_array_equal(one.modules, other.modules)


@given(partitioned_walks(min_nodes=1, max_nodes=12, max_links=40), random_orders, st.data())
def test_a_block_may_be_proposed_in_any_parts(case, random, data):
    links, options, module_of = case
    n = links.num_nodes
    flow, order = level_of(links.network(), options), shuffled(n, random)
    state = partition(flow, module_of.astype(np.uint32))
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    whole, parts = proposals(flow, state, order, [0, n]), proposals(flow, state, order, [0, *cuts, n])
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(state.module_of, module_of)
    assert ((whole[0] <= n) | (whole[0] == STAY)).all()


def proposals(flow, state, order, parts):
    """What a block of all nodes proposes, part by part: destinations, and where these are other modules, the flows."""
    block, scratch = block_of(order, len(order)), scratch_for(flow)
    movers = links = 0
    for begin, end in itertools.pairwise(parts):
        ends = np.uint64(begin), np.uint64(end)
        more, met = PROPOSE_NODES(flow, state, unconstrained(state), block, *ends, scratch)
        movers, links = movers + more, links + met
        assert not scratch.table.any()
    assert links == len(flow.links.indices) + len(order)
    wanted = block.destination != STAY
    assert movers == wanted.sum()
    return block.destination, block.flow_to_origin[wanted], block.flow_to_destination[wanted]


def test_proposals_of_many_batches_may_be_split():
    """More links than fit into a batch, and a node that has more of them by itself."""
    rng = np.random.default_rng(7)
    sources, targets = rng.integers(0, 900, (2, 6000))
    network = Network.from_edges(np.append(sources, np.zeros(899, int)), np.append(targets, np.arange(1, 900)))
    flow = level_of(network, WalkOptions())
    state = partition(flow, rng.integers(0, 300, 900).astype(np.uint32))
    order = rng.permutation(numbers(900))
    whole = proposals(flow, state, order, [0, 900])
    for parts in ([0, 1, 17, 17, 450, 900], list(range(901))):
        for one, other in zip(whole, proposals(flow, state, order, parts), strict=True):
            np.testing.assert_array_equal(one, other)
    change, state = moved(flow, state.module_of, order, block=100)
    assert change < 0
    assert_in_step(flow, state)


def test_moving_stops_at_its_limits():
    flow = level_of(Network.from_edges(np.arange(99), np.arange(1, 100)), WalkOptions())
    for limit in ({"max_links": 10}, {"stop": np.ones(1, np.uint8)}):
        state = partition(flow, numbers(100))
        _, met, waiting = move_all(flow, state, unconstrained(state), numbers(100), block=1, **limit)
        assert met <= 13
        assert len(waiting) > 90
        assert_in_step(flow, state)


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


def test_only_nodes_of_the_order_wait_at_first():
    flow = level_of(TWO_TRIANGLES, WalkOptions())
    state = partition(flow, np.array([0, 0, 2, 3, 4, 5], np.uint32))
    change, _, _ = move_all(flow, state, unconstrained(state), [2], block=1, max_links=1)
    assert change < 0
    assert state.module_of.tolist() == [0, 0, 0, 3, 4, 5]


# What threads note about a block -------------------------------------------------------------

FORM_WAVES, NOTE_EARLIER = kernel_of(_form_waves), kernel_of(_note_earlier_movers)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10)), min_size=1, max_size=40), st.integers(0, 50))
def test_moves_of_a_wave_have_no_module_in_common_and_waves_keep_the_order(pairs, last):
    count = len(pairs)
    block = block_of([], count)._replace(stamps=np.zeros(10, np.uint32))
    block.movers[:] = np.arange(count)
    block.origin[:] = [origin for origin, _ in pairs]
    # The last module stands for none: the mover stays.
    block.destination[:] = [STAY if destination == 10 else destination for _, destination in pairs]
    new_last = FORM_WAVES(block, np.uint64(count), np.uint64(last))
    waves = int(block.told[1])
    assert new_last == last + waves
    wave = block.wave.tolist()
    assert set(wave) == set(range(1, waves + 1))
    for w in range(1, waves + 1):
        begin, end = block.wave_starts[w : w + 2].astype(int)
        assert block.by_wave[begin:end].tolist() == [k for k in range(count) if wave[k] == w]
    for (k, one), (other, two) in itertools.combinations(enumerate(pairs), 2):
        if 10 not in (one[1], two[1]) and set(one) & set(two):
            assert wave[k] < wave[other]


@given(partitioned_walks(min_nodes=1, max_nodes=14, max_links=90), random_orders, st.data())
def test_earlier_movers_are_the_neighbours_before_a_mover(case, random, data):
    links, options, _ = case
    n = links.num_nodes
    flow = level_of(links.network(), options)
    order = shuffled(n, random)
    movers = sorted(data.draw(st.sets(st.integers(0, n - 1))))
    block = block_of(order, n)._replace(position=np.zeros(n, np.uint32))
    block.movers[: len(movers)] = movers
    block.position[order[movers]] = np.array(movers, np.uint32) + np.uint32(1)
    with Engine(2) as engine:
        engine.together(NOTE_EARLIER, np.zeros(1, np.uint32), flow.links, block, np.uint64(len(movers)))
    flows = link_flows(flow.links)
    for k in movers:
        row = slice(*flow.links.indptr[order[k] : order[k] + 2].astype(int))
        expected = {
            (movers_place, flow_of)
            for j, flow_of in zip(flow.links.indices[row].tolist(), flows[row].tolist(), strict=True)
            for movers_place in movers
            if order[movers_place] == j and movers_place < k
        }
        count = int(block.num_earlier[k])
        if len(expected) > 8:
            assert count == 255
        else:
            found = zip(block.earlier[k, :count].tolist(), block.earlier_flow[k, :count].tolist(), strict=True)
            assert set(found) == expected
            assert count == len(expected)


# Refining ------------------------------------------------------------------------------------


@given(partitioned_walks(max_nodes=12, max_links=40), random_orders, blocks, st.booleans())
def test_refining_gives_connected_sub_modules_inside_the_modules(case, random, block, exact):
    links, options, module_of = case
    flow, given_modules = level_of(links.network(), options), module_of.copy()
    state = refined(flow, module_of, shuffled(links.num_nodes, random), block=block, exact=exact)
    np.testing.assert_array_equal(module_of, given_modules)
    graph = graph_of(flow)
    for sub in np.unique(state.module_of):
        nodes = np.flatnonzero(state.module_of == sub)
        assert len(np.unique(module_of[nodes])) == 1
        assert nx.is_connected(graph.subgraph(nodes.tolist()))
    assert_in_step(flow, state)
    singletons = length_of(flow, np.arange(links.num_nodes))
    after = length_of(flow, state.module_of)
    assert codelength(flow, state).total == pytest.approx(after, abs=1e-10)
    if exact:
        assert after <= singletons + 1e-10


@pytest.mark.parametrize("block", [1, 2, 6])
def test_refining_splits_a_module_that_is_two(block):
    flow = level_of(TWO_TRIANGLES, WalkOptions())
    state = refined(flow, np.zeros(6, dtype=np.uint32), numbers(6), block=block)
    assert in_order(state.module_of) == [0, 0, 0, 1, 1, 1]

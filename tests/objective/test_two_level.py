import naive
import numba
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import (
    OtherTerms,
    assert_contents_in_step,
    described,
    level_of,
    other_terms,
    partitioned_walks,
    partitions,
    walks,
    with_contents,
)

from mapeq._base.jit import kernel_of
from mapeq.network.network import Network
from mapeq.objective import formula
from mapeq.objective.terms import teleport_flow as inlined_teleport_flow
from mapeq.objective.two_level import (
    COST,
    add_to_index,
    apply_move,
    changes_by_codebook,
    codebook_of,
    codelength,
    evaluate_move,
    one_level_codelength,
    partition,
)
from mapeq.optimizer.aggregation import within_groups
from mapeq.optimizer.engine import Engine
from mapeq.walk.flow import ENTER, EXIT, VISIT, link_flows
from mapeq.walk.options import WalkOptions

plogp, log2, teleport_flow = map(kernel_of, (formula.plogp, formula.log2, inlined_teleport_flow))
DIRECTED = WalkOptions("directed")
RECORDED = WalkOptions("directed", recorded_teleportation=True)
VARIANTS = {
    "undirected": WalkOptions(),
    "undirected, Markov time": WalkOptions(markov_time=1.7),
    "directed": DIRECTED,
    "directed, Markov time": WalkOptions("directed", markov_time=0.4),
    "recorded": RECORDED,
    "recorded, to nodes": WalkOptions("directed", recorded_teleportation=True, teleport_to="nodes"),
    "recorded, Markov time": WalkOptions("directed", recorded_teleportation=True, markov_time=3.0),
    "raw": WalkOptions("rawdir"),
}
every_variant = pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
every_objective = pytest.mark.parametrize(
    "fixed",
    [
        {"flow_models": ["undirected"]},
        {"flow_models": ["directed"], "recorded_teleportation": False},
        {"flow_models": ["directed"], "recorded_teleportation": True},
        {"flow_models": ["rawdir", "precomputed"]},
    ],
    ids=["undirected", "directed", "recorded", "given"],
)


def flow_between(flow, state, i, module):
    """Flow between a node and (the rest of) a module, both ways, teleportation included."""
    row = slice(flow.links.indptr[i], flow.links.indptr[i + 1])
    over_links = link_flows(flow.links)[row][state.module_of[flow.links.indices[row]] == module].sum()
    inside = state.module_of[i] == module
    return over_links + teleport_flow(flow.terms.teleport, i, state.teleport, module, float(inside))


@numba.njit
def _evaluate(nodes, terms, state, i, destination, flow_to_origin, flow_to_destination):
    return evaluate_move(nodes, terms, state, i, destination, flow_to_origin, flow_to_destination)


@numba.njit
def _apply(terms, state, i, destination, rate, left, joined):
    codebook = codebook_of(state, i)
    add_to_index(state, codebook, rate, apply_move(terms, state, i, destination, left, joined))


def weighed(flow, state, i, destination):
    """Change of codelength, in bits, and what else making the move takes."""
    i, destination = np.uint64(i), np.uint64(destination)
    ends = flow_between(flow, state, i, state.module_of[i]), flow_between(flow, state, i, destination)
    change, _, left, joined = _evaluate(flow.nodes, flow.terms, state, i, destination, *ends)
    return change, (ends[0] - ends[1], left, joined)


def move(flow, state, i, destination):
    """Make a move; returns the change of codelength that was foretold."""
    change, records = weighed(flow, state, i, destination)
    _apply(flow.terms, state, np.uint64(i), np.uint64(destination), *records)
    return change


def assert_in_step(flow, state):
    """The sums of a partition are those that summing afresh gives."""
    fresh = partition(flow, state.module_of.copy())
    np.testing.assert_array_equal(state.sizes, fresh.sizes)
    np.testing.assert_allclose(state.modules, fresh.modules, atol=1e-12)
    np.testing.assert_allclose(state.index_sums, fresh.index_sums, atol=1e-12)
    assert not state.modules[state.sizes == 0].any()
    if state.teleport is not None:
        np.testing.assert_allclose(state.teleport, fresh.teleport, atol=1e-12)
    assert_contents_in_step(flow, state)


def coarse_flow(flow, fine):
    """The flow between the modules of a partition, and the module of each node, numbered from 0."""
    engine = Engine()
    state = engine.compact(flow, partition(flow, fine.copy()))
    return engine.aggregate(flow, state), state.module_of


def random_links(rng, n, num_links, *, directed):
    """A random network with self-links, dangling nodes (the last third of a directed one) and weights."""
    sources = rng.integers(0, n - n // 3 if directed else n, num_links)
    weights = rng.exponential(size=num_links)
    return Network.from_edges(sources, rng.integers(0, n, num_links), weights, directed=directed, num_nodes=n)


# From scratch --------------------------------------------------------------------------------


@given(partitioned_walks(), other_terms())
def test_codelength_against_the_oracle(case, terms):
    links, options, module_of = case
    flow, walk = described(links, options, terms)
    state = partition(flow, module_of)
    for m, expected in naive.modules(walk, module_of).items():
        np.testing.assert_allclose(state.modules[m, :COST], expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(state.sizes, np.bincount(module_of, minlength=links.num_nodes))
    found, expected = codelength(flow, state), naive.codelength(walk, module_of)
    assert found.index_codelength == pytest.approx(expected.index, abs=1e-10)
    assert found.module_codelength == pytest.approx(expected.modules, abs=1e-10)
    assert found.total == pytest.approx(expected.total, abs=1e-10)


@given(walks(min_nodes=1), other_terms())
def test_one_module_has_the_one_level_codelength(case, terms):
    links, options = case
    flow, walk = described(links, options, terms)
    found = codelength(flow, partition(flow, np.zeros(links.num_nodes, np.uint32)))
    one_level = naive.one_level_codelength(walk)
    assert found == pytest.approx((one_level, 0, one_level), abs=1e-10)
    assert one_level_codelength(flow) == pytest.approx(one_level, abs=1e-10)


@given(partitioned_walks(min_nodes=1), st.randoms(use_true_random=False))
def test_the_numbers_of_modules_mean_nothing(case, random):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    numbers = np.array(random.sample(range(links.num_nodes), links.num_nodes), dtype=np.uint32)
    renamed = codelength(flow, partition(flow, numbers[module_of]))
    assert renamed == pytest.approx(codelength(flow, partition(flow, module_of)), abs=1e-12)


@given(partitioned_walks(min_nodes=1), st.randoms(use_true_random=False))
def test_the_order_of_nodes_means_nothing(case, random):
    links, options, module_of = case
    position = np.array(random.sample(range(links.num_nodes), links.num_nodes))
    permuted = links._replace(sources=position[links.sources], targets=position[links.targets])
    permuted_modules = np.empty_like(module_of)
    permuted_modules[position] = module_of
    if links.node_weights is not None:
        node_weights = np.empty_like(links.node_weights)
        node_weights[position] = links.node_weights
        permuted = permuted._replace(node_weights=node_weights)
    if links.sides is not None:
        sides = np.empty_like(links.sides)
        sides[position] = links.sides
        permuted = permuted._replace(sides=sides)
    flow, permuted_flow = level_of(links.network(), options), level_of(permuted.network(), options)
    found = codelength(permuted_flow, partition(permuted_flow, permuted_modules))
    assert found == pytest.approx(codelength(flow, partition(flow, module_of)), abs=1e-11)


def test_two_triangles_by_hand():
    flow = level_of(Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5]), WalkOptions())
    state = partition(flow, np.array([4, 4, 4, 1, 1, 1], np.uint32))
    np.testing.assert_allclose(state.modules[[4, 1], VISIT], 1 / 2)
    np.testing.assert_allclose(state.modules[[4, 1], ENTER], 1 / 14)
    np.testing.assert_allclose(state.modules[[4, 1], EXIT], 1 / 14)
    assert codelength(flow, state) == pytest.approx((2.32073035683379, 1 / 7, 2.177873213976648), abs=1e-13)


def test_components_need_no_index():
    network = Network.from_edges([0, 0, 1, 3, 3, 4], [1, 2, 2, 4, 5, 5])
    flow = level_of(network, WalkOptions())
    state = partition(flow, np.array([0, 0, 0, 1, 1, 1], np.uint32))
    assert not state.modules[:, ENTER:COST].any()
    assert codelength(flow, state) == pytest.approx((np.log2(3), 0, np.log2(3)), abs=1e-14)


def test_plogp():
    assert [plogp(x) for x in (0.5, 1.0, 2.0, 0.0, -1e-17)] == [-0.5, 0.0, 2.0, 0.0, 0.0]


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_against_numpy(x):
    assert log2(x) == pytest.approx(np.log2(x), rel=4e-15, abs=4e-15)


# Moves ---------------------------------------------------------------------------------------


@every_objective
@given(st.data())
@settings(max_examples=50)
def test_the_change_of_every_move_against_the_oracle(fixed, data):
    links, options, module_of = data.draw(partitioned_walks(max_nodes=6, max_links=14, **fixed))
    flow, walk = described(links, options, data.draw(other_terms()))
    state = with_contents(flow, partition(flow, module_of.copy()))
    before = naive.codelength(walk, module_of).total
    for i in range(links.num_nodes):
        for destination in set(range(links.num_nodes)) - {module_of[i]}:
            moved = module_of.copy()
            moved[i] = destination
            change, _ = weighed(flow, state, i, destination)
            assert change == pytest.approx(naive.codelength(walk, moved).total - before, abs=1e-10)


@every_objective
@given(st.data())
@settings(max_examples=50)
def test_the_change_of_every_move_of_modules_against_the_oracle(fixed, data):
    links, options, fine = data.draw(partitioned_walks(min_nodes=1, max_nodes=7, max_links=14, **fixed))
    flow, walk = described(links, options, data.draw(other_terms()))
    flow, fine = coarse_flow(flow, fine)
    n = len(flow.nodes)
    coarse = data.draw(partitions(n))
    state = with_contents(flow, partition(flow, coarse.copy()))
    before = naive.codelength(walk, coarse[fine]).total
    assert codelength(flow, state).total == pytest.approx(before, abs=1e-10)
    for i in range(n):
        for destination in set(range(n)) - {coarse[i]}:
            moved = coarse.copy()
            moved[i] = destination
            change, _ = weighed(flow, state, i, destination)
            assert change == pytest.approx(naive.codelength(walk, moved[fine]).total - before, abs=1e-10)


@every_objective
@given(st.data())
@settings(max_examples=50)
def test_moves_keep_the_sums_in_step(fixed, data):
    links, options, module_of = data.draw(partitioned_walks(min_nodes=2, **fixed))
    flow, _ = described(links, options, data.draw(other_terms()))
    state = with_contents(flow, partition(flow, module_of))
    number = st.integers(0, links.num_nodes - 1)
    for i, destination in data.draw(st.lists(st.tuples(number, number), max_size=12)):
        if state.module_of[i] == destination:
            continue
        before = codelength(flow, state).total
        change = move(flow, state, i, destination)
        assert codelength(flow, state).total == pytest.approx(before + change, abs=1e-10)
        assert_in_step(flow, state)


@every_variant
@pytest.mark.parametrize("counting", [None, (0.01, 0), (0.0, 9), (0.02, 5)])
@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("aggregated", [False, True])
def test_the_changes_of_a_long_sequence_add_up(options, aggregated, counting, seed):
    rng = np.random.default_rng(7)
    terms = OtherTerms(counting, seed, any_contents=True)
    flow = level_of(random_links(rng, 60, 240, directed=options.flow_model != "undirected"), options, terms)
    if aggregated:
        flow, _ = coarse_flow(flow, rng.integers(0, 25, 60).astype(np.uint32))
    n = len(flow.nodes)
    state = with_contents(flow, partition(flow, rng.integers(0, n, n).astype(np.uint32)))
    before, changes = codelength(flow, state).total, 0.0
    for i, destination in rng.integers(0, n, (1500, 2)):
        if state.module_of[i] != destination:
            changes += move(flow, state, i, destination)
    assert_in_step(flow, state)
    after = codelength(flow, partition(flow, state.module_of)).total
    assert abs(after - before) > 1e-3
    assert changes == pytest.approx(after - before, abs=1e-10)


@every_variant
def test_there_and_back_changes_nothing(options):
    flow = level_of(random_links(np.random.default_rng(3), 12, 40, directed=True), options)
    state = partition(flow, (np.arange(12) % 3).astype(np.uint32))
    before = codelength(flow, state)
    there = move(flow, state, 4, 2)
    assert move(flow, state, 4, 1) == pytest.approx(-there, abs=1e-14)
    assert codelength(flow, state) == pytest.approx(before, abs=1e-14)


def test_an_emptied_module_leaves_exact_zeros():
    flow = level_of(random_links(np.random.default_rng(5), 9, 30, directed=True), RECORDED)
    state = partition(flow, np.arange(9, dtype=np.uint32))
    for i in range(8):
        move(flow, state, i, 8)
    assert not state.modules[:8].any()
    assert codelength(flow, state).total == pytest.approx(flow.constant, abs=1e-13)


# Several index codebooks ---------------------------------------------------------------------


def modules_in_groups(data, **fixed):
    """A flow within groups of nodes, the walk by the oracle, the group and the module of each node."""
    links, options, groups = data.draw(partitioned_walks(min_nodes=2, max_nodes=8, max_links=20, **fixed))
    flow, walk = described(links, options, data.draw(other_terms()))
    n = links.num_nodes
    groups = np.unique(groups, return_inverse=True)[1].astype(np.uint32)
    assume(groups.max() > 0 or flow.terms.counting is None)  # as in the search: a single module has no price
    exit = partition(flow, groups.copy()).modules[: int(groups.max()) + 1, EXIT]
    within, _ = within_groups(flow, groups, exit)
    apart = n * groups.astype(np.int64) + data.draw(partitions(n)) % 3
    module_of = np.unique(apart, return_inverse=True)[1].astype(np.uint32)
    return within, walk, groups, module_of


def length_in_groups(walk, groups, module_of, divided=None):
    """The codelength of modules in groups, or of groups only one of which is divided."""
    pairs = zip(groups.tolist(), module_of.tolist(), strict=True)
    return naive.hierarchical_codelength(walk, [(g, m) if divided in (None, g) else (g,) for g, m in pairs]).total


@every_objective
@given(st.data())
@settings(max_examples=40)
def test_the_change_of_every_move_within_a_group_against_the_oracle(fixed, data):
    flow, walk, groups, module_of = modules_in_groups(data, **fixed)
    state = with_contents(flow, partition(flow, module_of.copy()))
    before = length_in_groups(walk, groups, module_of)
    empty = set(range(len(groups))) - set(module_of.tolist())
    for i, own in enumerate(groups.tolist()):
        for destination in (set(module_of[groups == own].tolist()) | empty) - {module_of[i]}:
            moved = module_of.copy()
            moved[i] = destination
            change, _ = weighed(flow, state, i, destination)
            assert change == pytest.approx(length_in_groups(walk, groups, moved) - before, abs=1e-10)


@every_objective
@given(st.data())
@settings(max_examples=40)
def test_each_codebook_is_used_and_changes_what_the_oracle_says(fixed, data):
    flow, walk, groups, module_of = modules_in_groups(data, **fixed)
    state = with_contents(flow, partition(flow, module_of))
    number = st.integers(0, len(groups) - 1)
    for i, like in data.draw(st.lists(st.tuples(number, number), max_size=12)):
        if groups[i] == groups[like] and state.module_of[i] != state.module_of[like]:
            move(flow, state, i, state.module_of[like])
            assert_in_step(flow, state)
    found = naive.codebooks(walk, list(zip(groups.tolist(), state.module_of.tolist(), strict=True)))
    undivided = length_in_groups(walk, groups, state.module_of, divided=-1)
    for g, change in enumerate(changes_by_codebook(flow, state)):
        expected = found[g,].exit + sum(found[path].enter for path in found if path[:1] == (g,) and len(path) == 2)
        assert state.index_sums[g, 0] == pytest.approx(expected, abs=1e-10)
        divided = length_in_groups(walk, groups, state.module_of, divided=g)
        assert change == pytest.approx(divided - undivided, abs=1e-10)


@given(partitioned_walks(min_nodes=1), other_terms())
def test_one_codebook_changes_the_whole_codelength(case, terms):
    links, options, module_of = case
    flow, walk = described(links, options, terms)
    (change,) = changes_by_codebook(flow, partition(flow, module_of))
    expected = naive.codelength(walk, module_of).total - naive.one_level_codelength(walk)
    assert change == pytest.approx(expected, abs=1e-10)

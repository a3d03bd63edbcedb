from dataclasses import FrozenInstanceError, asdict

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import networks, walks

from mapeq._base.errors import ConvergenceError, NetworkError
from mapeq.network.network import Network
from mapeq.objective.level import node_entropy
from mapeq.walk.flow import ENTER, EXIT, VISIT, link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.options import FLOW_MODELS, WalkOptions
from mapeq.walk.stationary import visit_rates

#: Two cycles, a bridge, a node without out-links (6), a self-link, a node without links (7).
SOURCES, TARGETS = [0, 1, 2, 2, 3, 4, 5, 5, 1], [1, 2, 0, 3, 4, 5, 3, 6, 1]
WEIGHTS = [1, 2, 1, 1, 1, 3, 1, 0.5, 0.7]


def dense_links(flow):
    """Flow between nodes, both directions together, as a matrix."""
    n = len(flow.nodes)
    matrix = np.zeros((n, n))
    rows = np.repeat(np.arange(n), np.diff(flow.links.indptr).astype(int))
    matrix[rows, flow.links.indices] = link_flows(flow.links)
    return matrix


def assert_flow(flow, walk):
    """The Flow says what the oracle's walk does."""
    alone = naive.modules(walk, np.arange(len(walk.visits))).values()
    np.testing.assert_allclose(flow.nodes, np.array(list(alone)).reshape(-1, 3), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(dense_links(flow), walk.links + walk.links.T, rtol=1e-9, atol=1e-12)
    if flow.teleport is None:
        assert not walk.leaving.any()
    else:
        np.testing.assert_allclose(flow.teleport.T, [walk.leaving, walk.landing], rtol=1e-9, atol=1e-12)
    assert node_entropy(flow.nodes[:, VISIT]) == pytest.approx(-sum(map(naive.plogp, walk.visits)), abs=1e-10)


# Against the oracle --------------------------------------------------------------------------


@pytest.mark.parametrize("flow_model", FLOW_MODELS)
@given(st.data())
def test_every_model_against_the_oracle(flow_model, data):
    links, options = data.draw(walks(flow_models=[flow_model]))
    assert_flow(random_walk(links.network(), options), links.walk(options))


@given(walks())
def test_the_flow_is_whole_and_read_only(case):
    links, options = case
    flow = random_walk(links.network(), options)
    total = flow.nodes[:, VISIT].sum()
    assert total == 0 or total == pytest.approx(1, abs=1e-12)
    assert (flow.nodes >= 0).all()
    assert flow.nodes[:, ENTER].sum() == pytest.approx(flow.nodes[:, EXIT].sum(), rel=1e-12)
    matrix = dense_links(flow)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-12)
    assert not np.diag(matrix).any()
    if flow.teleport is not None:
        # Of a bipartite network, teleportation lands on primary nodes, if there are any.
        lands = links.sides is None or 0 in links.sides or options.bipartite_flow == "unfolded"
        assert flow.teleport[:, 1].sum() == pytest.approx(float(lands))
    arrays = [flow.nodes, *flow.links[:3]] + ([] if flow.teleport is None else [flow.teleport])
    assert not any(array.flags.writeable for array in arrays)
    assert all(array.flags.c_contiguous for array in arrays)
    assert [array.dtype for array in flow.links[:4]] == [np.uint64, np.uint32, np.float64, np.uint64]
    assert flow.links.flow.shape == (len(flow.links.indices) if flow.links.stride else 1,)


@given(networks(directed=False, min_nodes=1), st.floats(0.02, 1))
def test_teleportation_means_nothing_to_an_undirected_walk(links, alpha):
    network = links.network()
    plain = random_walk(network, WalkOptions())
    for options in (
        WalkOptions(teleportation_probability=alpha),
        WalkOptions(recorded_teleportation=True),
        WalkOptions(teleport_to="nodes"),
    ):
        np.testing.assert_array_equal(random_walk(network, options).nodes, plain.nodes)


@given(networks(directed=True, weights=st.floats(0.1, 10)), st.floats(1e-6, 1e6))
def test_the_unit_of_weight_does_not_matter(links, unit):
    for options in (WalkOptions(), WalkOptions("directed"), WalkOptions("rawdir")):
        flow = random_walk(links.network(), options)
        scaled = random_walk(links._replace(weights=links.weights * unit).network(), options)
        np.testing.assert_allclose(scaled.nodes, flow.nodes, rtol=1e-9, atol=1e-13)


@given(networks(directed=True, min_nodes=1))
def test_teleporting_with_certainty_is_raw_flow(links):
    raw = random_walk(links.network(), WalkOptions("rawdir"))
    certain = random_walk(links.network(), WalkOptions("directed", teleportation_probability=1.0))
    np.testing.assert_allclose(certain.nodes, raw.nodes, atol=1e-12)


@pytest.mark.parametrize("flow_model", ["undirdir", "outdirdir"])
@given(networks())
def test_the_raw_models_are_one(flow_model, links):
    raw = random_walk(links.network(), WalkOptions("rawdir"))
    np.testing.assert_array_equal(random_walk(links.network(), WalkOptions(flow_model)).nodes, raw.nodes)


# By hand -------------------------------------------------------------------------------------


def test_undirected_by_hand():
    network = Network.from_edges([0, 0, 1, 2, 3, 3, 4, 0], [1, 2, 2, 3, 4, 5, 5, 0], [1] * 7 + [2])
    flow = random_walk(network, WalkOptions())
    np.testing.assert_allclose(flow.nodes[:, VISIT] * 16, [4, 2, 3, 3, 2, 2])
    np.testing.assert_allclose(flow.nodes[:, ENTER] * 16, [2, 2, 3, 3, 2, 2])
    np.testing.assert_array_equal(flow.nodes[:, ENTER], flow.nodes[:, EXIT])
    np.testing.assert_allclose(link_flows(flow.links), 1 / 8)


def test_directed_by_hand():
    """The example of the specification, with a node that has no links."""
    network = Network.from_edges(SOURCES, TARGETS, WEIGHTS, directed=True, num_nodes=8)
    expected = [0.06525454846252991, 0.11255693051787186, 0.10885312183744617, 0.21280768454274457]
    expected += [0.1998785035429482, 0.22687264305635152, 0.07377656804010733, 0]
    np.testing.assert_allclose(random_walk(network, WalkOptions("directed")).nodes[:, VISIT], expected, atol=1e-13)
    recorded = random_walk(network, WalkOptions("directed", recorded_teleportation=True))
    assert recorded.teleport[:, 0].sum() == pytest.approx(0.21271008283409127, abs=1e-13)


def test_a_node_without_in_links_sends_flow_but_is_not_visited():
    flow = random_walk(Network.from_edges([0, 1, 2], [1, 2, 1], directed=True), WalkOptions("directed"))
    assert flow.nodes[0, VISIT] == 0
    assert flow.nodes[0, EXIT] > 0


def test_an_undirected_network_read_as_directed_has_each_link_both_ways():
    network = Network.from_edges([0, 1, 1], [1, 2, 1], [1, 2, 4])
    both_ways = Network.from_edges([0, 1, 1, 2, 1], [1, 0, 2, 1, 1], [1, 1, 2, 2, 4], directed=True)
    for flow_model in ("directed", "rawdir"):
        options = WalkOptions(flow_model)
        np.testing.assert_array_equal(random_walk(network, options).nodes, random_walk(both_ways, options).nodes)


def test_a_directed_network_read_as_undirected_sums_both_directions():
    network = Network.from_edges(SOURCES, TARGETS, WEIGHTS, directed=True)
    undirected = Network.from_edges(SOURCES, TARGETS, WEIGHTS)
    np.testing.assert_allclose(
        random_walk(network, WalkOptions()).nodes, random_walk(undirected, WalkOptions()).nodes, rtol=1e-14
    )


def test_undirected_flow_is_the_array_of_weights():
    network = Network.from_edges(SOURCES, TARGETS, WEIGHTS).without_self_links()
    links = random_walk(network, WalkOptions()).links
    assert np.shares_memory(links.flow, network.weights)
    assert links.scale == 2 / network.weights.sum()


@pytest.mark.parametrize("options", [WalkOptions(), WalkOptions("directed", recorded_teleportation=True)])
def test_markov_time_scales_the_links_and_nothing_else(options):
    network = Network.from_edges(SOURCES, TARGETS, WEIGHTS, directed=True)
    plain = random_walk(network, options)
    long = random_walk(network, WalkOptions(**asdict(options) | {"markov_time": 2.5}))
    np.testing.assert_array_equal(long.nodes[:, VISIT], plain.nodes[:, VISIT])
    np.testing.assert_allclose(link_flows(long.links), 2.5 * link_flows(plain.links))
    if plain.teleport is not None:
        np.testing.assert_array_equal(long.teleport, plain.teleport)


# Weights at the ends of the range ------------------------------------------------------------


@pytest.mark.parametrize("flow_model", ["undirected", "directed", "rawdir"])
@pytest.mark.parametrize("unit", [1e-307, 1e-300, 1e300])
def test_tiny_and_huge_units(flow_model, unit):
    plain = Network.from_edges(SOURCES, TARGETS, WEIGHTS, directed=True)
    scaled = Network.from_edges(SOURCES, TARGETS, np.array(WEIGHTS) * unit, directed=True)
    options = WalkOptions(flow_model, markov_time=100)
    np.testing.assert_allclose(random_walk(scaled, options).nodes, random_walk(plain, options).nodes, rtol=1e-10)


@pytest.mark.parametrize("flow_model", ["undirected", "directed", "rawdir"])
def test_weights_whose_inverse_overflows(flow_model):
    network = Network.from_edges([0, 1, 2], [1, 2, 0], [1e-310, 1, 2], directed=True)
    with pytest.raises(NetworkError, match=r"smallest weight, 1e-310, .* multiply them all by something large"):
        random_walk(network, WalkOptions(flow_model))


@pytest.mark.parametrize("flow_model", ["undirected", "directed", "rawdir"])
def test_weights_whose_sum_overflows(flow_model):
    network = Network.from_edges([0, 1, 2], [1, 2, 0], [1e308] * 3, directed=True)
    with pytest.raises(NetworkError, match="divide them all by something large"):
        random_walk(network, WalkOptions(flow_model))


def test_weights_of_which_both_directions_overflow():
    network = Network.from_edges([0, 1], [1, 2], [8e307] * 2, directed=True)
    with pytest.raises(NetworkError, match="divide them all by something large"):
        random_walk(network, WalkOptions())


# Node weights --------------------------------------------------------------------------------


def test_precomputed_flow_needs_node_weights():
    with pytest.raises(NetworkError, match="flow_model='precomputed' takes the visit rates from node weights"):
        random_walk(Network.from_edges([0], [1]), WalkOptions("precomputed"))


@pytest.mark.parametrize(
    "options",
    [
        WalkOptions("precomputed"),
        WalkOptions(node_weights_as_flow=True),
        WalkOptions("directed", node_weights_as_flow=True),
        WalkOptions("directed", teleport_to="nodes"),
    ],
)
def test_node_weights_that_are_all_zero(options):
    network = Network.from_edges([0], [1], node_weights=[0, 0])
    with pytest.raises(NetworkError, match="all node weights are zero"):
        random_walk(network, options)


def test_teleportation_that_never_meets_a_link_leaves_no_flow():
    network = Network.from_edges([0, 1], [1, 0], num_nodes=3, node_weights=[0, 0, 1])
    flow = random_walk(network, WalkOptions("directed", teleport_to="nodes"))
    assert not flow.nodes.any()


# Nothing to walk on --------------------------------------------------------------------------


@pytest.mark.parametrize("num_nodes", [0, 1, 3])
@pytest.mark.parametrize("flow_model", FLOW_MODELS)
@given(st.data())
@settings(max_examples=20)
def test_networks_without_links(num_nodes, flow_model, data):
    links, options = data.draw(walks(flow_models=[flow_model], min_nodes=num_nodes, max_nodes=num_nodes, max_links=0))
    flow = random_walk(links.network(), options)
    assert flow.nodes.shape == (num_nodes, 3)
    assert_flow(flow, links.walk(options))


def test_only_self_links():
    for options in (WalkOptions(), WalkOptions("directed"), WalkOptions("rawdir")):
        flow = random_walk(Network.from_edges([0, 1], [0, 1], [1, 3]), options)
        np.testing.assert_allclose(flow.nodes, [[0.25, 0, 0], [0.75, 0, 0]])
        assert len(flow.links.indices) == 0


# Visit rates ---------------------------------------------------------------------------------


def strongly_connected(links):
    """The links and a cycle through all nodes."""
    n = links.num_nodes
    return Network.from_edges(
        np.append(links.sources, np.arange(n)), np.append(links.targets, (np.arange(n) + 1) % n), directed=True
    )


@given(networks(min_nodes=1, max_nodes=6, weighted=False))
def test_without_teleportation(links):
    network = strongly_connected(links)
    landing = np.full(links.num_nodes, 1 / links.num_nodes)
    steps = network.matrix().toarray() / network.out_strengths()[:, None]
    rates = visit_rates(network, landing, teleportation_probability=0.0)
    np.testing.assert_allclose(rates, naive.stationary(steps, landing, 0.0), atol=1e-11)


@given(networks(directed=True, min_nodes=1, max_nodes=6), st.floats(0.05, 1), st.data())
def test_dangling_nodes_may_teleport_elsewhere(links, alpha, data):
    n = links.num_nodes
    anywhere = st.lists(st.floats(0.1, 1), min_size=n, max_size=n).map(lambda w: np.array(w) / sum(w))
    landing, dangling = data.draw(anywhere), data.draw(anywhere)
    network, matrix = links.network(), links.matrix()
    strengths = matrix.sum(axis=1, keepdims=True)
    steps = np.divide(matrix, strengths, out=np.zeros_like(matrix), where=strengths > 0)
    rates = visit_rates(network, landing, teleportation_probability=alpha, dangling=dangling)
    np.testing.assert_allclose(rates, naive.stationary(steps, landing, alpha, dangling), atol=1e-11)
    elsewhere = visit_rates(network, landing, teleportation_probability=alpha, dangling=dangling, start=dangling * 7)
    np.testing.assert_allclose(rates, elsewhere, atol=1e-11)


def test_a_walk_that_alternates_comes_to_rest():
    star = Network.from_edges([0, 0, 0], [1, 2, 3])
    rates = visit_rates(star, np.array([1.0, 0, 0, 0]), teleportation_probability=0.0)
    np.testing.assert_allclose(rates, [1 / 2, 1 / 6, 1 / 6, 1 / 6])


def test_visit_rates_that_have_not_converged_are_an_error():
    path = Network.from_edges(np.arange(50), np.arange(1, 51))
    landing = np.full(51, 1 / 51)
    with pytest.raises(ConvergenceError, match=r"after 1,000 iterations \(tolerance 1e-14\).*than 0.01"):
        visit_rates(path, landing, teleportation_probability=0.01, max_iterations=1000)
    with pytest.raises(ConvergenceError, match="after 2 iterations"):
        visit_rates(path, landing, teleportation_probability=0.15, max_iterations=2)
    assert visit_rates(path, landing, teleportation_probability=0.15, max_iterations=2, tolerance=1.0).sum() == 1


# Options -------------------------------------------------------------------------------------

WRONG_OPTIONS = [
    ({"flow_model": "sideways"}, "flow_model must be one of undirected, directed, .*, precomputed, not 'sideways'"),
    ({"flow_model": None}, "flow_model must be one of .*, not None"),
    ({"teleport_to": "nowhere"}, "teleport_to must be one of links, nodes, not 'nowhere'"),
    ({"teleportation_probability": -0.1}, "teleportation_probability must be a number from 0 to 1, not -0.1"),
    ({"teleportation_probability": 1.5}, "teleportation_probability must be a number from 0 to 1, not 1.5"),
    ({"teleportation_probability": float("nan")}, "teleportation_probability must be .*, not nan"),
    ({"teleportation_probability": "0.15"}, "teleportation_probability must be .*, not '0.15'"),
    ({"teleportation_probability": True}, "teleportation_probability must be .*, not True"),
    ({"teleportation_probability": None}, "teleportation_probability must be .*, not None"),
    ({"markov_time": 0}, "markov_time must be a number above 0, not 0"),
    ({"markov_time": -1.0}, "markov_time must be a number above 0, not -1.0"),
    ({"markov_time": float("inf")}, "markov_time must be a number above 0, not inf"),
    ({"markov_time": "1"}, "markov_time must be a number above 0, not '1'"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG_OPTIONS, ids=[str(wrong) for wrong, _ in WRONG_OPTIONS])
def test_wrong_options(wrong, message):
    with pytest.raises(ValueError, match=message):
        WalkOptions(**wrong)


def test_options():
    options = WalkOptions("directed", teleportation_probability=np.float64(0), markov_time=np.int64(2))
    assert options.as_dict()["flow_model"] == "directed"
    assert WalkOptions(**options.as_dict()) == options
    assert WalkOptions(teleportation_probability=1).teleportation_probability == 1
    with pytest.raises(FrozenInstanceError):
        options.markov_time = 3

"""Rows, and what they spare: weights that are all equal, labels that need no sorting, copies."""

import copy
import pickle
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks, walks

from mapeq._base import csr as rows
from mapeq._base.csr import constant, distinct, is_constant
from mapeq.network.network import Network
from mapeq.walk.flow import link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

EDGES = np.array([[0, 1], [2, 1], [2, 0], [3, 2], [3, 3], [4, 0]])


def weighing(weight, *, directed=False):
    """The same network twice: with one weight for all links, and with one each."""
    network = Network.from_edges(*EDGES.T, np.full(len(EDGES), weight), directed=directed)
    return network, replace(network, weights=np.array(network.weights))


def assert_same(network, other):
    assert network.directed == other.directed
    for name in ("indptr", "indices", "weights"):
        np.testing.assert_array_equal(getattr(network, name), getattr(other, name))
        assert getattr(network, name).dtype == getattr(other, name).dtype
        assert not getattr(network, name).flags.writeable


# Weights that are all equal ------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("weight", [1.0, 0.1])
def test_links_that_weigh_the_same_share_one_weight(weight, directed):
    shared, each = weighing(weight, directed=directed)
    assert is_constant(shared.weights)
    assert not is_constant(each.weights)
    assert shared.weights.shape == shared.indices.shape
    assert shared.total_weight == pytest.approx(weight * len(EDGES))
    for name in ("num_links", "num_self_links", "total_weight"):
        assert getattr(shared, name) == pytest.approx(getattr(each, name), rel=1e-15)
    for name in ("out_strengths", "in_strengths"):
        np.testing.assert_allclose(getattr(shared, name)(), getattr(each, name)(), rtol=1e-15)
    assert shared.is_symmetric() == each.is_symmetric() == (not directed)
    for found, expected in zip(shared.links(), each.links(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert_same(shared.undirected(), each.undirected())
    assert_same(shared.without_self_links(), each.without_self_links())
    assert is_constant(shared.links()[2])
    assert is_constant(shared.without_self_links().weights)
    assert is_constant(shared.undirected().weights)  # no link has a reverse


def test_reverse_links_weigh_together():
    network = Network.from_edges([0, 1, 1], [1, 0, 2], directed=True)
    np.testing.assert_array_equal(network.undirected().weights, [2, 2, 1, 1])


def test_scipy_gets_weights_of_its_own():
    shared, each = weighing(2.0)
    matrix = shared.matrix()
    assert matrix.data.flags.c_contiguous
    assert (matrix != each.matrix()).nnz == 0
    np.testing.assert_array_equal((matrix @ matrix.T).toarray(), (each.matrix() @ each.matrix().T).toarray())


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
@pytest.mark.parametrize("directed", [False, True])
def test_copies_and_pickles(again, directed):
    for network in weighing(3.0, directed=directed):
        other = again(network)
        assert_same(other, network)
        assert is_constant(other.weights) == is_constant(network.weights)


def test_a_pickle_holds_equal_weights_once():
    network = Network.from_edges(np.zeros(10_000, dtype=int), np.arange(1, 10_001))
    assert len(pickle.dumps(network)) < network.indices.nbytes + network.indptr.nbytes + 2000


def test_parallel_links_get_weights():
    for directed, weights in ((True, [2, 1]), (False, [2, 2, 1, 1])):
        network = Network.from_edges([0, 0, 1], [1, 1, 2], directed=directed)
        np.testing.assert_array_equal(network.weights, weights)
    twice = Network.from_edges([0, 0, 1, 2], [1, 1, 2, 1])
    assert is_constant(twice.weights)
    np.testing.assert_array_equal(twice.weights, [2, 2, 2, 2])


def test_equal_weights_of_a_matrix():
    matrix = scipy.sparse.csr_array([[0, 1.0], [1.0, 0]])
    network = Network.from_csr(matrix)
    assert is_constant(network.weights)
    matrix.data[:] = 7
    np.testing.assert_array_equal(network.weights, [1, 1])


def test_what_is_constant():
    assert is_constant(constant(1.0, 3))
    assert not is_constant(constant(1.0, 0))
    assert not is_constant(np.ones(3))


# Building ------------------------------------------------------------------------------------


@given(networks(), st.sampled_from([1, 2, 3]))
def test_links_are_read_in_pieces(links, length):
    network = links.network()
    with mock.patch.object(rows, "PIECE", length):
        pieced = links.network()
        assert_same(pieced, network)
        assert_same(pieced.undirected(), network.undirected())
        assert_same(pieced.without_self_links(), network.without_self_links())


@pytest.mark.parametrize("directed", [False, True])
def test_hubs(directed):
    n = 100_000
    hub, leaves = np.full(n, 7), np.random.default_rng(0).permutation(n)
    network = Network.from_edges(np.append(hub, 9), np.append(leaves, 7), num_nodes=n, directed=directed)
    np.testing.assert_array_equal(network.indices[network.indptr[7] : network.indptr[8]], np.arange(n))
    assert network.out_strengths()[9] == (2 if not directed else 1)
    assert network.num_self_links == 1
    assert random_walk(network, WalkOptions()).nodes[7, 0] == pytest.approx(0.5, abs=1e-5)


@given(st.lists(st.tuples(*2 * [st.integers(0, 9)]), min_size=1), st.sampled_from([1, 3, 1 << 16]), st.data())
def test_labels_from_anywhere_are_numbered_in_their_order(edges, length, data):
    dtype, whole = data.draw(st.sampled_from([(np.int64, (-(2**63), 2**63 - 1)), (np.uint64, (0, 2**64 - 1))]))
    labels = np.array(data.draw(st.lists(st.integers(*whole), min_size=10, max_size=10, unique=True)), dtype=dtype)
    ends = labels[np.array(edges)]
    with mock.patch.object(rows, "PIECE", length):
        network = Network.from_edges(ends[:, 0], ends[:, 1], directed=True)
    names, numbers = np.unique(ends, return_inverse=True)
    assert network.label_list() == names.tolist()
    expected = Network.from_edges(*numbers.reshape(-1, 2).T, num_nodes=len(names), directed=True)
    assert_same(network, expected)


def test_many_labels_from_anywhere():
    rng = np.random.default_rng(1)
    ends = rng.integers(-(2**63), 2**63 - 1, 50_000)[rng.integers(0, 50_000, (2, 100_000))]
    names, numbers = np.unique(ends, return_inverse=True)
    network = Network.from_edges(*ends)
    np.testing.assert_array_equal(network.labels, names)
    assert not network.labels.flags.writeable
    assert_same(network, Network.from_edges(*numbers.reshape(2, -1), num_nodes=len(names)))


def test_labels_of_both_kinds():
    signed, unsigned = np.array([-1, 3]), np.array([5, 2**63], dtype=np.uint64)
    assert Network.from_edges(signed, unsigned).label_list() == [-1, 3, 5, 2**63]
    assert Network.from_edges(signed[1:], unsigned[1:]).label_list() == [3, 2**63]
    assert Network.from_edges(signed, unsigned[:1].repeat(2)).label_list() == [-1, 3, 5]


# Links of flows ------------------------------------------------------------------------------


def test_the_flow_of_an_unweighted_network_copies_nothing():
    network = Network.from_edges([0, 1, 2], [1, 2, 0])
    links = random_walk(network, WalkOptions()).links
    assert np.shares_memory(links.indptr, network.indptr)
    assert np.shares_memory(links.indices, network.indices)
    assert (links.flow.shape, links.stride) == ((1,), 0)
    np.testing.assert_allclose(link_flows(links), np.full(6, 1 / 3))


def test_the_flow_of_a_weighted_network_shares_its_indices():
    network = Network.from_edges([0, 1, 2], [1, 2, 0], [1, 2, 3])
    links = random_walk(network, WalkOptions()).links
    assert np.shares_memory(links.indices, network.indices)
    assert (links.flow.shape, links.stride) == ((6,), 1)


@given(networks(weighted=False), st.sampled_from(["undirected", "directed", "rawdir"]), st.booleans())
def test_equal_weights_make_the_same_flow_as_any(links, flow_model, recorded):
    network = links.network()
    options = WalkOptions(flow_model, recorded_teleportation=recorded)
    each = random_walk(replace(network, weights=np.array(network.weights)), options)
    shared = random_walk(network, options)
    np.testing.assert_allclose(shared.nodes, each.nodes, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(shared.links.indices, each.links.indices)
    np.testing.assert_allclose(link_flows(shared.links), link_flows(each.links), rtol=1e-13, atol=1e-15)


@given(walks(), st.sampled_from([1, 3]))
def test_flows_are_made_in_pieces(case, length):
    links, options = case
    network = links.network()
    flow = random_walk(network, options)
    with mock.patch.object(rows, "PIECE", length):
        pieced = random_walk(replace(network), options)
    for array, expected in zip((*pieced.links, pieced.nodes), (*flow.links, flow.nodes), strict=True):
        np.testing.assert_array_equal(array, expected)


@given(st.lists(st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1)))
def test_distinct_numbers(values):
    array = np.array(values, dtype=np.int64)
    assert distinct(array).tolist() == sorted(set(values))
    assert array.tolist() == values  # not sorted itself

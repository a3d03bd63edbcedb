"""The walk in any number of threads is the same, bit for bit."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from strategies import walks

from mapeq._base import threads as threads_module
from mapeq._base.errors import ConvergenceError
from mapeq.network.network import Network
from mapeq.walk.flow import link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions


def assert_same_in_any_number_of_threads(network, options):
    flow = random_walk(network, options)
    for num_threads in (2, 3, 5, 16):
        other = random_walk(network, options, num_threads=num_threads)
        assert other.links.scale == flow.links.scale
        for array, expected in zip((*other.links[:4], other.nodes), (*flow.links[:4], flow.nodes), strict=True):
            assert (array.dtype, array.shape, array.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
        assert (other.teleport is None) == (flow.teleport is None)
        if flow.teleport is not None:
            assert other.teleport.tobytes() == flow.teleport.tobytes()
    return flow


@given(walks())
def test_small_networks(case):
    links, options = case
    network = links.network()
    with mock.patch.object(threads_module, "MANY_LINKS", 0):
        try:
            assert_same_in_any_number_of_threads(network, options)
        except ConvergenceError:
            assert options.teleportation_probability < 0.05


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_a_large_network(directed, weighted, recorded):
    rng = np.random.default_rng(1)
    sources, targets = (40_000 * rng.random((2, 250_000)) ** 3).astype(np.int64)
    weights = 0.1 + rng.random(250_000) if weighted else None
    network = Network.from_edges(sources, targets, weights, directed=directed)
    options = WalkOptions("directed" if directed else "undirected", recorded_teleportation=recorded)
    flow = assert_same_in_any_number_of_threads(network, options)
    with mock.patch.object(threads_module, "MANY_LINKS", 1 << 40):
        other = random_walk(replace(network), options)
    np.testing.assert_allclose(flow.nodes, other.nodes, rtol=1e-12)
    np.testing.assert_allclose(link_flows(flow.links), link_flows(other.links), rtol=1e-12)


def test_one_thread_stays_alone():
    links = np.random.default_rng(2).integers(0, 1000, (2, 210_000))
    for directed in (False, True):
        network = Network.from_edges(*links, directed=directed)
        with mock.patch.object(threads_module, "usable_processors", side_effect=AssertionError):
            random_walk(network, WalkOptions("directed" if directed else "undirected"), num_threads=1)

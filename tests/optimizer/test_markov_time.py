"""The Markov time that fits a network."""

import os
import signal
import time

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.api import search
from mapeq.inputs import network_and_options
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.markov_time import TIMES


def time_of(graph, **options):
    return mapeq.infomap(graph, markov_time="auto", **options).options["markov_time"]


def planted(num_groups, size, within, between, seed=0):
    """Groups whose members are linked at random, and rarely to others."""
    return nx.planted_partition_graph(num_groups, size, within, between, seed=seed)


def test_modules_with_boundaries_of_their_own_need_no_longer_time():
    for graph in (nx.caveman_graph(5, 6), nx.ring_of_cliques(12, 6), planted(10, 20, 0.5, 0.005)):
        assert time_of(graph) == 1


def test_where_there_are_no_boundaries_the_time_grows():
    assert time_of(nx.grid_2d_graph(40, 40, periodic=True)) > 2
    assert time_of(nx.grid_2d_graph(2, 3000)) == TIMES[-1] == 4


def test_groups_that_fill_regions_are_found_whole():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.random((300, 2)) + corner for corner in ([0, 0], [1.3, 0], [0, 1.3])])
    graph = mapeq.neighbor_graph(points, metric="euclidean")
    result = mapeq.infomap(graph, markov_time="auto", num_trials=2)
    assert result.options["markov_time"] > 2
    truth = np.repeat([0, 1, 2], 300)
    assert (truth[np.unique(result.labels, return_index=True)[1]][result.labels] == truth).all()
    assert 3 * result.num_modules < mapeq.infomap(graph).num_modules


def test_modules_that_tell_next_to_nothing_stop_it():
    noise = nx.gnm_random_graph(400, 3000, seed=1)
    assert time_of(noise) < 4


def test_the_time_is_the_one_that_is_searched_at():
    graph = nx.grid_2d_graph(15, 15)
    result = mapeq.infomap(graph, markov_time="auto", seed=3)
    again = mapeq.infomap(graph, markov_time=result.options["markov_time"], seed=3)
    assert result.codelength == again.codelength
    np.testing.assert_array_equal(result.labels, again.labels)


def test_directed_networks_and_hierarchies_have_one_too():
    graph = nx.grid_2d_graph(15, 15).to_directed()
    assert time_of(graph, multilevel=True) > 1


def test_threads_change_nothing():
    graph = nx.grid_2d_graph(30, 30)
    assert time_of(graph, num_threads=1) == time_of(graph, num_threads=3)


@pytest.mark.parametrize("graph", [[], [(0, 1)], nx.empty_graph(3), nx.complete_graph(9)])
def test_networks_without_structure(graph):
    assert time_of(graph) == 1


def test_a_time_limit_ends_it():
    result = mapeq.infomap(nx.grid_2d_graph(40, 40), markov_time="auto", time_limit=0)
    assert result.options["markov_time"] == 1
    assert not result.converged


def test_who_stops_it_gets_the_modules_that_were_found():
    passes = []

    def stop(progress):
        passes.append(progress)
        if len(passes) == 4:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # the main thread, which waits, takes it meanwhile

    control = Control(report=stop, keep_on_interrupt=True)
    network, flow_options, _ = network_and_options(
        nx.grid_2d_graph(60, 60), directed=None, weight="weight", flow_model=None, markov_time=1.0
    )
    result = search(network, flow_options, SearchOptions(fit_markov_time=True), control)
    assert control.interrupted
    assert result.num_modules > 1


def test_wrong_times():
    with pytest.raises(ValueError, match="markov_time must be a number above 0 or \"auto\", not 'long'"):
        mapeq.infomap([(0, 1)], markov_time="long")
    with pytest.raises(ValueError, match="markov_time must be a number above 0, not 'auto'"):
        mapeq.evaluate([(0, 1)], [0, 0], markov_time="auto")


def test_one_module_for_all_is_no_gain():
    # Rounding must not make something of the nothing that one module saves, nor small parts apart a reason to merge.
    rng = np.random.default_rng(0)
    for apart in ([], [[50.0] * 20, [50.1] * 20, [50.2] * 20]):
        corners = 3 * rng.standard_normal((8, 20))
        points = corners[rng.integers(8, size=600)] + rng.standard_normal((600, 20))
        points = np.concatenate([points, np.reshape(apart, (-1, 20))])
        graph = mapeq.neighbor_graph(points, metric="euclidean", n_neighbors=40)
        assert mapeq.infomap(graph, markov_time="auto").num_modules >= 8

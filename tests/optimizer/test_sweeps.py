"""The search at many Markov times, and what a profile makes of it."""

import networkx as nx
import numpy as np
import pytest
from command import JAZZ, POWER
from hypothesis import given
from strategies import walks

import mapeq
from mapeq.optimizer.control import Control
from mapeq.optimizer.sweeps import sweep
from mapeq.result.assembly import make_result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions
from mapeq.walk.rescaling import at_markov_time

TIMES = [0.5, 0.7, 1, 1.4, 2, 4]


@given(walks(min_nodes=1, markov_time=1.0))
def test_codelengths_are_those_of_the_partitions_and_never_decrease(case):
    links, options = case
    network = links.network()
    flow = random_walk(network, options)
    found = sweep(flow, TIMES[1:4])
    lengths = np.array([end.codelength for end in found])
    assert (np.diff(lengths) >= -1e-9).all()
    for end, time in zip(found, TIMES[1:4], strict=True):
        measured = make_result(network, at_markov_time(flow, time), end.hierarchy, options={})
        assert measured.codelength == pytest.approx(end.codelength, abs=1e-9)


@pytest.mark.parametrize("file", [JAZZ, POWER])
def test_it_is_about_as_good_as_searches_from_scratch(file):
    network = mapeq.read_network(file)
    times = 2.0 ** (np.arange(-3, 13) / 6)
    found = sweep(random_walk(network, WalkOptions()), times)
    alone = [mapeq.infomap(network, markov_time=time).codelength for time in times]
    excess = np.array([end.codelength for end in found]) / alone - 1
    assert excess.mean() < 5e-4
    assert excess.max() < 4e-3


def test_the_number_of_threads_changes_nothing_and_trials_never_harm():
    flow = random_walk(mapeq.read_network(JAZZ), WalkOptions())
    one = sweep(flow, TIMES, num_trials=2, seed=7)
    for num_threads in (2, 3, 5):
        other = sweep(flow, TIMES, num_trials=2, seed=7, num_threads=num_threads)
        for end, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(end.hierarchy.module_of, same.hierarchy.module_of)
            assert (end.codelength, end.trials) == (same.codelength, same.trials)
    lengths = [[end.codelength for end in sweep(flow, TIMES, num_trials=n, seed=7)] for n in (1, 2, 3)]
    assert (np.diff(lengths, axis=0) <= 0).all()
    assert lengths[1] <= [min(end.trials) for end in one]


def test_where_nothing_is_divided_any_more_nothing_is_searched():
    graph = nx.disjoint_union(nx.complete_graph(6), nx.complete_graph(4))
    found = sweep(random_walk(mapeq.Network.from_edges(*zip(*graph.edges, strict=True)), WalkOptions()), [1, 8, 64])
    assert [len(end.hierarchy.parent) - 1 for end in found] == [2, 2, 2]
    assert len({round(end.codelength, 12) for end in found}) == 1


def test_a_sudden_change_is_found_at_its_time_from_either_side():
    """Two cliques of 30 joined by many links: both one module and two are stable where the other one is shorter."""
    graph = nx.planted_partition_graph(2, 30, 0.9, 0.25, seed=3)
    network = mapeq.Network.from_edges(*zip(*graph.edges, strict=True))
    flow = random_walk(network, WalkOptions())
    times = 2.0 ** (np.arange(0, 13) / 12)
    for end, time in zip(sweep(flow, times), times, strict=True):
        best = mapeq.infomap(network, markov_time=time, num_trials=5).codelength
        assert end.codelength == pytest.approx(best, rel=1e-9)


def test_it_stops_when_it_is_asked_to():
    control = Control()
    flow = random_walk(mapeq.read_network(POWER), WalkOptions())

    def stop(trial, position, end):
        if position == 2:
            control.stop()
        assert position <= 2

    found = sweep(flow, TIMES, control=control, report=stop)
    assert len(found) == len(TIMES)


def test_ctrl_c_is_raised():
    def interrupt(trial, position, end):
        raise KeyboardInterrupt

    flow = random_walk(mapeq.read_network(JAZZ), WalkOptions())
    with pytest.raises(KeyboardInterrupt):
        sweep(flow, TIMES, num_trials=3, num_threads=2, report=interrupt)


def test_one_flow_serves_all_times():
    network = mapeq.read_network(JAZZ)
    flow = random_walk(network, WalkOptions())
    for time in TIMES:
        exact = random_walk(network, WalkOptions(markov_time=time))
        np.testing.assert_allclose(at_markov_time(flow, time).nodes, exact.nodes, rtol=1e-12)

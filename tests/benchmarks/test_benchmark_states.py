"""The benchmark of state networks: what is drawn is as described, and both programs search the same network."""

import numpy as np
import pytest
from numpy.random import default_rng

from benchmarks import states
from benchmarks.compare import TABLES


def test_itineraries_remember_two_places():
    network = states.itineraries(default_rng(0), 200)
    labels, physical = network.labels, network.states.labels
    for source, target in zip(network.sources().tolist(), network.indices.tolist(), strict=True):
        assert labels[source][1] == labels[target][0]
    assert [physical[k] for k in network.states.physical.tolist()] == [label[1] for label in labels]
    assert network.weights.sum() == 5 * 200 * (7 - 2)


def test_groups_of_states_share_physical_nodes():
    network = states.groups_of_states(default_rng(0), 2000)
    assert network.num_nodes == 2000
    assert len(network.states.labels) <= 200
    assert np.bincount(network.sources(), network.weights).min() >= 5


def test_layers_have_the_same_nodes():
    network = states.layers(default_rng(0), 80)
    assert len(network.states.layers) == states.NUM_LAYERS
    assert len(network.states.labels) == 80


@pytest.mark.parametrize("multilevel", [False, True])
def test_both_programs_search_the_same_network(multilevel):
    ours = states.search_mapeq("groups", 600, multilevel, repeat=1)
    theirs = states.search_infomap("groups", 600, multilevel)
    assert ours["codelength"] == pytest.approx(theirs["codelength"], rel=0.02)
    shown = TABLES["states"].show([{"kind": "groups", "multilevel": multilevel, **ours, "reference": theirs}])
    assert f"| groups | {'multilevel' if multilevel else 'two-level'} | 600 | 60 |" in shown

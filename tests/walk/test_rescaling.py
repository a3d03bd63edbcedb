from dataclasses import replace

import numpy as np
from hypothesis import given
from strategies import walks

from mapeq.walk.flow import link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.rescaling import at_markov_time


@given(walks())
def test_it_is_the_walk_at_that_time(case):
    links, options = case
    network = links.network()
    expected = random_walk(network, options)
    flow = at_markov_time(random_walk(network, replace(options, markov_time=1.0)), options.markov_time)
    np.testing.assert_allclose(flow.nodes, expected.nodes, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(link_flows(flow.links), link_flows(expected.links), rtol=1e-12)
    np.testing.assert_array_equal(flow.links.indices, expected.links.indices)
    assert (flow.nodes >= 0).all()
    assert not flow.nodes.flags.writeable
    assert not flow.links.flow.flags.writeable

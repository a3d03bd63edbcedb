"""Flow divergence: the published values, and a sum over all pairs of nodes."""

import naive
import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq.result.divergence import flow_divergence
from mapeq.walk.options import WalkOptions

#: Three triangles, and partitions of them, with the values that Blöcker & Scholtes give (map-equation-similarity).
TRIANGLES = [(1, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 4), (7, 8), (8, 9), (9, 7), (2, 4), (6, 8), (7, 3)]
PUBLISHED = {
    "111222333": 0.0,
    "113122323": 1.91508642047648,
    "121223133": 1.91508642047648,
    "311212332": 1.50296642395886,
}


def measured(modules):
    return mapeq.evaluate(TRIANGLES, dict(enumerate(modules, 1)))


@pytest.mark.parametrize(("modules", "bits"), PUBLISHED.items())
def test_published_values(modules, bits):
    assert flow_divergence(measured("111222333"), measured(modules)) == pytest.approx(bits, abs=1e-13)


@given(strategies.networks(min_nodes=1, weighted=False), st.data())
def test_it_equals_a_sum_over_all_pairs(links, data):
    network = links.network()
    one, other = (data.draw(strategies.partitions(links.num_nodes)) for _ in range(2))
    options = WalkOptions("directed" if links.directed else "undirected")
    expected = naive.flow_divergence(links.walk(options), one, other)
    results = [mapeq.evaluate(network, np.asarray(modules)) for modules in (one, other)]
    assert flow_divergence(*results) == pytest.approx(expected, abs=1e-8)


def test_it_is_infinite_if_steps_are_ruled_out():
    links = [(1, 2), (3, 4)]
    apart, together = (mapeq.evaluate(links, dict(enumerate(modules, 1))) for modules in ("1122", "1111"))
    assert flow_divergence(together, apart) == np.inf
    assert 0 < flow_divergence(apart, together) < np.inf


def test_levels():
    levels = [[{1, 2, 3, 4, 5, 6}, {7, 8, 9}], [{1, 2, 3}, {4, 5, 6}, {7, 8, 9}]]
    deep, fine, coarse = mapeq.evaluate(TRIANGLES, levels), measured("111222333"), measured("111111333")
    assert flow_divergence(fine, deep, -1) == pytest.approx(0, abs=1e-12)
    assert flow_divergence(coarse, deep) == pytest.approx(0, abs=1e-12)
    assert flow_divergence(fine, deep) == pytest.approx(flow_divergence(fine, coarse))

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


def hierarchies(num_nodes):
    """Paths of modules of each node, of any depths: nodes that share a path down to some depth are together there."""
    path = st.lists(st.integers(0, 2), min_size=2, max_size=2).map(tuple)
    flat = st.integers(3, 4).map(lambda module: (module,))
    return st.lists(path | flat, min_size=num_nodes, max_size=num_nodes)


@given(strategies.networks(min_nodes=2, weighted=False), st.data())
def test_of_hierarchies_it_equals_a_sum_over_all_pairs(links, data):
    network = links.network()
    labels = network.label_list()
    n = len(labels)
    one, other = (mapeq.evaluate(network, dict(zip(labels, data.draw(hierarchies(n)), strict=True))) for _ in range(2))
    pairs = [(u, v) for u in range(n) for v in range(n) if u != v]
    names = [(labels[u], labels[v]) for u, v in pairs]
    first, second = (np.exp2(-result.similarity(names)) for result in (one, other))
    sources = np.array([u for u, _ in pairs])
    leading = np.bincount(sources, first, n)[sources]
    expected = 0.0
    for u, rate, estimate, whole in zip(sources, first, second, leading, strict=True):
        if one.flow[u] > 0 and rate > 1e-12:
            expected += np.inf if estimate == 0 else one.flow[u] * rate / whole * np.log2(rate / estimate)
    assert flow_divergence(one, other, None) == pytest.approx(expected, abs=1e-8)
    assert flow_divergence(one, one, None) == 0


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

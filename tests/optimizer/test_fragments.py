"""The second pass where the first one leaves fragments: they merge at a longer Markov time."""

import numpy as np
import pytest

import mapeq
from mapeq.optimizer import two_level
from mapeq.optimizer.two_level import TwoLevelOptimizer


@pytest.fixture
def merged(monkeypatch):
    """What every pass at a longer time started from and ended with."""
    pairs = []
    method = TwoLevelOptimizer._merged

    def noted(self, network, found):
        pairs.append((found, method(self, network, found)))
        return pairs[-1][1]

    monkeypatch.setattr(TwoLevelOptimizer, "_merged", noted)
    return pairs


def weighted_groups(num_nodes=20_000, size=400, degree=20, mixing=0.3, seed=1):
    """Directed links of random weights, most of them within planted groups."""
    rng = np.random.default_rng(seed)
    count = num_nodes * degree // 2
    sources, anywhere = rng.integers(0, num_nodes, (2, count))
    nearby = sources // size * size + rng.integers(0, size, count)
    targets = np.where(rng.random(count) < mixing, anywhere, nearby)
    return mapeq.Network.from_edges(sources, targets, rng.exponential(size=count), directed=True, num_nodes=num_nodes)


def random_links(num_nodes, degree):
    ends = np.random.default_rng(1).integers(0, num_nodes, (2, num_nodes * degree // 2))
    return mapeq.Network.from_edges(*ends, num_nodes=num_nodes)


def test_fragments_merge(merged, monkeypatch):
    """At the plain Markov time alone, more modules are left of 50 groups, and the description is longer."""
    network = weighted_groups()
    found = [mapeq.infomap(network, seed=seed) for seed in range(3)]
    assert len(merged) == 3
    for first, then in merged:
        assert len(then.state.sizes) < len(first.state.sizes) / 2
        assert then.codelength < first.codelength
    monkeypatch.setattr(two_level, "MANY_MODULES", network.num_nodes)
    without = [mapeq.infomap(network, seed=seed) for seed in range(3)]
    assert len(merged) == 3
    assert max(result.codelength for result in found) < min(result.codelength for result in without)
    assert max(result.num_modules for result in found) < min(result.num_modules for result in without)


def test_codelengths_after_merging_are_those_of_the_plain_time(merged):
    """Modules of a random network merge at the longer time: sums are made anew before passes go on."""
    network = random_links(5_000, 6)
    result = mapeq.infomap(network, seed=0)
    assert len(merged) == 1
    assert mapeq.evaluate(network, result.labels).codelength == pytest.approx(result.codelength, abs=1e-9)


def test_large_groups_are_found(merged):
    """Twenty groups of a thousand: without a longer time, passes end with some 1,700 modules and 13.38 bits."""
    network = weighted_groups(size=1000, degree=30)
    planted = mapeq.evaluate(network, np.arange(network.num_nodes) // 1000)
    result = mapeq.infomap(network)
    assert result.codelength <= 1.001 * planted.codelength
    assert merged[0][1].codelength < merged[0][0].codelength


def test_modules_do_not_merge_where_none_would_be_better(merged):
    """A random network of many links has no modules: what the first pass found is no fragment of any."""
    assert mapeq.infomap(random_links(8_000, 14), seed=0).num_modules == 1
    assert merged == []


def test_few_or_strong_modules_do_not_merge(merged):
    """What saves much of the description is no fragment, nor are few modules."""
    mapeq.infomap(mapeq.Network.from_edges(np.arange(20_000), (np.arange(20_000) + 1) % 20_000))
    mapeq.infomap(random_links(1_000, 14))
    assert merged == []

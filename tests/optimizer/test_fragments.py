"""The second pass where the first one leaves fragments or merges too much: it goes by way of other Markov times."""

import numpy as np
import pytest

import mapeq
from mapeq.optimizer import two_level
from mapeq.optimizer.control import Control
from mapeq.optimizer.trials import find_modules
from mapeq.optimizer.two_level import TwoLevelOptimizer
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions


@pytest.fixture
def merged(monkeypatch):
    """What every second pass that merges fragments started from and ended with."""
    pairs = []
    method = TwoLevelOptimizer._merged

    def noted(self, network, found, without):
        ended = method(self, network, found, without)
        if ended is not None:
            pairs.append((found, ended))
        return ended

    monkeypatch.setattr(TwoLevelOptimizer, "_merged", noted)
    return pairs


def groups_of(num_nodes=20_000, *, size, degree, mixing, directed, weights="exponential", seed=1):
    """Links, the part `mixing` of them to random nodes, the others within groups; their weights tell nothing."""
    rng = np.random.default_rng(seed)
    count = num_nodes * degree // 2
    sources, anywhere = rng.integers(0, num_nodes, (2, count))
    nearby = sources // size * size + rng.integers(0, size, count)
    targets = np.where(rng.random(count) < mixing, anywhere, nearby)
    drawn = {"exponential": rng.exponential(size=count), "even": rng.uniform(0.5, 1, count), "equal": np.ones(count)}
    return mapeq.Network.from_edges(sources, targets, drawn[weights], directed=directed, num_nodes=num_nodes)


def planted_codelength(network, size, **options):
    return mapeq.evaluate(network, np.arange(network.num_nodes) // size, **options).codelength


def random_links(num_nodes, degree):
    ends = np.random.default_rng(1).integers(0, num_nodes, (2, num_nodes * degree // 2))
    return mapeq.Network.from_edges(*ends, num_nodes=num_nodes)


def test_fragments_merge(merged, monkeypatch):
    """At the plain Markov time alone, more modules are left of 50 groups, and the description is longer."""
    network = groups_of(size=400, degree=20, mixing=0.3, directed=True)
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


@pytest.mark.parametrize("directed", [False, True], ids=["undirected", "directed"])
@pytest.mark.parametrize(("size", "mixing"), [(400, 0.3), (1000, 0.3), (2000, 0.2)])
def test_large_groups_are_found_although_strong_links_hold_small_parts_together(size, mixing, directed):
    """Without a longer time, passes end with some 2,000 modules, and up to 4 % more bits than the groups need."""
    network = groups_of(size=size, degree=20, mixing=mixing, directed=directed)
    assert mapeq.infomap(network).codelength <= planted_codelength(network, size)


@pytest.mark.parametrize("weights", ["equal", "even"])
def test_fragments_of_weak_groups_merge_at_two_times(weights, monkeypatch):
    """Half of all links leave their groups: at the longer time alone, all nodes end in one module."""
    network = groups_of(size=1000, degree=20, mixing=0.5, directed=True, weights=weights)
    result = mapeq.infomap(network)
    assert result.codelength <= planted_codelength(network, 1000)
    monkeypatch.setattr(two_level, "MERGING_TIMES", 2 * two_level.MERGING_TIMES[1:])
    assert mapeq.infomap(network).codelength > 1.05 * result.codelength


def test_codelengths_after_merging_are_those_of_the_plain_time(merged):
    """Modules of a random network merge at the longer time: sums are made anew before passes go on."""
    network = random_links(5_000, 6)
    result = mapeq.infomap(network, seed=0)
    assert len(merged) == 1
    assert mapeq.evaluate(network, result.labels).codelength == pytest.approx(result.codelength, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_no_modules_are_found_where_there_are_none(seed):
    """A random network of many links has no modules, neither those of the first pass nor larger ones."""
    assert mapeq.infomap(random_links(8_000, 14), seed=seed).num_modules == 1


def test_few_or_strong_modules_do_not_merge(merged):
    """What saves much of the description is no fragment where links have the same flow, nor are few modules."""
    mapeq.infomap(mapeq.Network.from_edges(np.arange(20_000), (np.arange(20_000) + 1) % 20_000))
    mapeq.infomap(random_links(1_000, 14))
    assert merged == []


def test_groups_are_found_that_all_merge_when_they_grow(monkeypatch):
    """With a variable Markov time nearly all nodes end in one module, unless finer modules grow first."""
    network = groups_of(size=400, degree=14, mixing=0.4, directed=True, weights="even")
    options = {"variable_markov_time": True}
    result = mapeq.infomap(network, **options)
    assert result.codelength <= planted_codelength(network, 400, **options)
    assert 45 <= result.num_modules <= 70
    monkeypatch.setattr(two_level, "FINER_TIME", 1.0)
    assert mapeq.infomap(network, **options).codelength > 1.03 * result.codelength


@pytest.mark.parametrize(
    ("groups", "options"),
    [
        ({"size": 1000, "degree": 20, "mixing": 0.5, "weights": "even"}, {}),
        ({"size": 400, "degree": 14, "mixing": 0.4, "weights": "even"}, {"variable_markov_time": True}),
    ],
    ids=["merged", "grown"],
)
def test_no_pass_follows_one_after_which_the_search_is_stopped(groups, options):
    """Nor do those at other Markov times, of which each takes as long as one at that of the network."""
    flow = random_walk(groups_of(directed=True, **groups), WalkOptions(**options))

    def passes_until(last):
        """The codelengths after the passes of a search that is stopped after one of them, and what it found."""
        codelengths = []

        def report(progress):
            codelengths.append(progress.codelength)
            if len(codelengths) == last:
                control.stop()

        control = Control(report=report)
        return codelengths, find_modules(flow, num_trials=1, control=control)

    all_codelengths, _ = passes_until(None)
    assert len(all_codelengths) >= 4
    for last in range(1, len(all_codelengths)):
        codelengths, found = passes_until(last)
        assert codelengths == all_codelengths[:last]
        assert found.stopped_by == "interrupt"

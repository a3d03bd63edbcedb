"""Entropy correction and preferred number of modules through the public functions, also side by side with infomap."""

import itertools

import numpy as np
import pytest

import mapeq
from benchmarks.small import DIRECTED, infomap, network, sample
from mapeq._base.errors import OptionError

PRICES = {
    "entropy": {"entropy_correction": 1.0},
    "strong": {"entropy_correction": 2.5},
    "one": {"preferred_number_of_modules": 1},
    "three": {"preferred_number_of_modules": 3},
    "both": {"entropy_correction": 1.0, "preferred_number_of_modules": 4},
}


@pytest.mark.parametrize("walk", [{}, DIRECTED], ids=["undirected", "directed"])
@pytest.mark.parametrize("name", PRICES)
def test_side_by_side_with_infomap(name, walk):
    """The reference gives our modules our codelength; our search is never more than 0.5 % above its one."""
    options = walk | PRICES[name]
    rng = np.random.default_rng(sorted(PRICES).index(name))
    for _ in range(4):
        given = sample(rng)
        graph = network(given, walk)
        if not graph.num_nodes >= 4:
            continue
        found = mapeq.infomap(graph, num_trials=5, **options)
        start = dict(enumerate(found.labels.tolist()))
        measured = infomap(given, options, no_infomap=True, two_level=True).run(initial_partition=start)
        assert measured.codelength == pytest.approx(found.codelength, rel=0, abs=1e-9)
        searched = infomap(given, options, two_level=True, silent=True).run()
        assert found.codelength <= searched.codelength * 1.005 + 1e-9


def partitions(n):
    """All partitions of n nodes, as arrays."""
    for labels in itertools.product(*(range(k + 1) for k in range(n))):
        if all(label <= max(labels[:k], default=-1) + 1 for k, label in enumerate(labels)):
            yield labels


@pytest.mark.parametrize("number", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_all_partitions_is_found(number, seed):
    rng = np.random.default_rng(seed)
    links = np.unique(np.sort(rng.integers(0, 7, (11, 2))), axis=0)
    links = np.concatenate([links, [[k, k + 1] for k in range(6)]])
    graph = mapeq.Network.from_edges(links[:, 0], links[:, 1], rng.exponential(size=len(links)))
    best = min(
        mapeq.evaluate(graph, np.array(labels), preferred_number_of_modules=number).codelength
        for labels in partitions(7)
    )
    found = mapeq.infomap(graph, preferred_number_of_modules=number)
    assert found.codelength == pytest.approx(best, rel=0, abs=1e-9)


def planted(rng, groups, size):
    n = groups * size
    sources = rng.integers(0, n, 8 * n)
    targets = np.where(rng.random(8 * n) < 0.9, sources // size * size + rng.integers(0, size, 8 * n), 0)
    far = targets == 0
    targets[far] = rng.integers(0, n, int(far.sum()))
    return mapeq.Network.from_edges(sources, targets, num_nodes=n)


@pytest.mark.parametrize("number", [1, 2, 5, 11, 12, 13, 20, 60])
def test_planted_networks_reach_the_number(number):
    graph = planted(np.random.default_rng(4), 12, 15)
    found = mapeq.infomap(graph, preferred_number_of_modules=number)
    assert found.num_modules == number
    assert found.price == 0
    free = mapeq.infomap(graph)
    assert free.num_modules == 12
    assert found.preference_cost == pytest.approx(found.codelength - free.codelength, rel=0, abs=1e-9)
    assert (found.preference_cost == pytest.approx(0, abs=1e-9)) == (number == 12)


def test_fewer_modules_than_components():
    graph = [(3 * k + i, 3 * k + (i + 1) % 3) for k in range(6) for i in range(3)]
    found = mapeq.infomap(graph, preferred_number_of_modules=2)
    assert found.num_modules == 2
    assert found.price == 0


def test_a_number_that_does_not_pay_is_not_forced():
    """40 components, each of one link: to merge all takes log2(40) bits, but 39 modules too many cost 39."""
    graph = [(2 * k, 2 * k + 1) for k in range(40)]
    assert mapeq.infomap(graph, preferred_number_of_modules=1).num_modules == 1
    ring = [(k, (k + 1) % 6) for k in range(6)]
    found = mapeq.infomap(ring, preferred_number_of_modules=6)
    lengths = [mapeq.evaluate(ring, np.array(p), preferred_number_of_modules=6).codelength for p in partitions(6)]
    assert found.codelength == pytest.approx(min(lengths), rel=0, abs=1e-9)


def test_the_price_is_part_of_the_codelength():
    graph = planted(np.random.default_rng(1), 5, 10)
    labels = np.arange(50) // 10
    plain = mapeq.evaluate(graph, labels)
    priced = mapeq.evaluate(graph, labels, entropy_correction=2.0, preferred_number_of_modules=7)
    assert plain.price == 0
    assert priced.codelength - plain.codelength == pytest.approx(priced.price, rel=0, abs=1e-9)
    assert priced.price > 2
    assert priced.preference_cost is None  # nothing was searched


def test_levels_save_what_all_modules_save_with_a_price():
    levels = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
    links = [(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)]
    options = {"entropy_correction": 1.0, "preferred_number_of_modules": 3}
    result = mapeq.evaluate(links, levels, **options)
    tops = mapeq.evaluate(links, levels[:1], **options)
    assert sum(result.level_savings) == pytest.approx(result.one_level_codelength - result.codelength)
    assert result.level_savings[0] == pytest.approx(tops.one_level_codelength - tops.codelength)


@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize("options", [{"entropy_correction": 1.0}, {"preferred_number_of_modules": 9}])
def test_threads_change_nothing(options, multilevel):
    graph = planted(np.random.default_rng(2), 6, 12)
    one, *others = (
        mapeq.infomap(graph, num_threads=k, num_trials=3, seed=7, multilevel=multilevel, **options) for k in (1, 2, 3)
    )
    for other in others:
        assert one.codelength == other.codelength
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True, 7])
def test_wrong_numbers_of_modules(value):
    with pytest.raises(OptionError, match="preferred_number_of_modules must be"):
        mapeq.infomap([(k, k + 1) for k in range(5)], preferred_number_of_modules=value)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "1"])
def test_wrong_strengths(value):
    with pytest.raises(OptionError, match="entropy_correction must be"):
        mapeq.infomap([(0, 1)], entropy_correction=value)


@pytest.mark.parametrize("suffix", ["clu", "tree", "json"])
def test_files_record_the_options(suffix, tmp_path):
    graph = planted(np.random.default_rng(3), 4, 8)
    found = mapeq.infomap(graph, entropy_correction=1.5, preferred_number_of_modules=6)
    path = tmp_path / f"modules.{suffix}"
    found.write(path)
    again = mapeq.evaluate(graph, path)
    assert again.options["entropy_correction"] == 1.5
    assert again.options["preferred_number_of_modules"] == 6
    assert again.codelength == pytest.approx(found.codelength, rel=0, abs=1e-9)
    with pytest.warns(UserWarning, match="=6; here it is preferred_number_of_modules=4"):
        mapeq.evaluate(graph, path, preferred_number_of_modules=4)
    assert mapeq.evaluate(graph, found).codelength == pytest.approx(found.codelength, rel=0, abs=1e-9)

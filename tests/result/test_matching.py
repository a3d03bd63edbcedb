"""mapeq.result.matching against a plain oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapeq.result.matching import distance, matched, mixed, weights_of


@st.composite
def pairs_of_partitions(draw):
    n = draw(st.integers(1, 12))
    one = np.unique(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), return_inverse=True)[1]
    other = np.array(draw(st.lists(st.integers(-1, 4), min_size=n, max_size=n)))
    weights = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), dtype=float)
    return one, other, weights


def sets(labels, among):
    return {module: {i for i in among if labels[i] == module} for module in {labels[i] for i in among}}


def jaccard(one, other, weights):
    return sum(weights[i] for i in one & other) / sum(weights[i] for i in one | other)


@given(pairs_of_partitions())
def test_modules_are_matched_with_the_most_similar_ones(pair):
    one, other, weights = pair
    here = [i for i in range(len(one)) if other[i] >= 0]
    found = matched(one, other, weights)
    ours, theirs = sets(one, here), sets(other, here)
    for module in range(one.max() + 1):
        if module not in ours:
            assert np.isnan(found.jaccard[module])
            continue
        best = max(jaccard(ours[module], nodes, weights) for nodes in theirs.values())
        assert found.jaccard[module] == pytest.approx(best, rel=1e-12)
        partners = [nodes for nodes in theirs.values() if jaccard(ours[module], nodes, weights) > best - 1e-12]
        inside = {i for i in ours[module] if found.nodes[i] == 1}
        assert inside in [nodes & ours[module] for nodes in partners]
    assert np.isnan(found.nodes).tolist() == [i not in here for i in range(len(one))]


@given(pairs_of_partitions())
def test_the_distance_is_one_less_the_mean_similarity_both_ways(pair):
    one, other, weights = pair
    here = [i for i in range(len(one)) if other[i] >= 0]
    ours, theirs = sets(one, here), sets(other, here)
    similar = []
    for these, those in ((ours, theirs), (theirs, ours)):
        for nodes in these.values():
            best = max(jaccard(nodes, others, weights) for others in those.values())
            similar.append(best * sum(weights[i] for i in nodes) / (2 * weights[here].sum()))
    expected = 1 - sum(similar) if here else 0
    assert distance(one, other, weights) == pytest.approx(expected, abs=1e-12)
    assert distance(other, one, weights) == pytest.approx(expected, abs=1e-12)
    assert distance(one, one, weights) == 0


@given(pairs_of_partitions())
def test_modules_are_mixed_as_pairs_of_nodes_are(pair):
    one, other, weights = pair
    here = [i for i in range(len(one)) if other[i] >= 0]
    ours = sets(one, here)
    found = mixed(one, other, weights).toarray()
    for a in range(one.max() + 1):
        for b in range(one.max() + 1):
            pairs = [(i, j) for i in ours.get(a, ()) for j in ours.get(b, ())]
            together = sum(weights[i] * weights[j] for i, j in pairs if other[i] == other[j])
            whole = sum(weights[i] * weights[j] for i, j in pairs)
            assert found[a, b] == pytest.approx(together / whole if pairs else 0, abs=1e-12)


def test_equal_modules_are_equal_to_the_last_digit():
    rng = np.random.default_rng(1)
    labels = np.unique(rng.integers(50, size=5000), return_inverse=True)[1]
    weights = rng.random(5000)
    assert (matched(labels, labels[::-1].max() - labels, weights).jaccard == 1).all()


def test_nodes_without_flow_count_only_among_themselves():
    weights = weights_of(np.array([0.5, 0.5, 0, 0]))
    assert matched(np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1]), weights).jaccard == pytest.approx([1, 0.5, 0.5])
    assert matched(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0]), weights).jaccard[0] == pytest.approx(1, abs=1e-8)

"""How well partitions agree: mutual information and the Rand index, compared with scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from mapeq.result import agreement
from mapeq.result.agreement import adjusted_mutual_information, adjusted_rand_index, normalized_mutual_information


def numbered(values):
    return np.unique(np.asarray(values), return_inverse=True)[1]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=60))
def test_they_equal_those_of_scikit_learn(pairs):
    one, other = (numbered(values) for values in zip(*pairs, strict=True))
    expected = adjusted_mutual_info_score(one, other)
    assert adjusted_mutual_information(one, other) == pytest.approx(expected, abs=1e-9)
    assert normalized_mutual_information(one, other) == pytest.approx(
        normalized_mutual_info_score(one, other), abs=1e-9
    )
    assert adjusted_rand_index(one, other) == pytest.approx(adjusted_rand_score(one, other), abs=1e-9)


def test_on_large_partitions_unlikely_overlaps_do_not_count(monkeypatch):
    rng = np.random.default_rng(1)
    one = numbered((rng.random(20_000) ** 3 * 300).astype(int))
    other = numbered(np.where(rng.random(20_000) < 0.8, one, rng.integers(0, 200, 20_000)))
    expected = adjusted_mutual_info_score(one, other)
    assert adjusted_mutual_information(one, other) == pytest.approx(expected, abs=1e-10)
    monkeypatch.setattr(agreement, "_TERMS_AT_ONCE", 1000)
    assert adjusted_mutual_information(one, other) == pytest.approx(expected, abs=1e-10)


def test_equal_partitions_agree_and_trivial_ones_share_nothing():
    singles, whole = np.arange(5), np.zeros(5, dtype=np.int64)
    assert adjusted_mutual_information(singles, singles[::-1]) == 1.0
    assert adjusted_mutual_information(whole, whole) == 1.0
    assert adjusted_mutual_information(singles, whole) == pytest.approx(0)
    for measure in (normalized_mutual_information, adjusted_rand_index):
        assert measure(singles, singles[::-1]) == measure(whole, whole) == 1.0
        assert measure(singles, whole) == 0.0

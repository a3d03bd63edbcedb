"""The benchmark of overlapping groups: scores are those worked out by hand, and networks are as they are planted."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import overlap
from benchmarks.compare import RESULTS
from benchmarks.overlap import Kind, cover_of, omega_index, overlapping_nmi, planted
from benchmarks.worker import ROOT, Settings

HALVES = [{0, 1}, {2, 3}]


def covers(num_nodes):
    """Groups that contain nodes, one at least."""
    return st.lists(st.sets(st.integers(0, num_nodes - 1), min_size=1), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (HALVES, HALVES, 1.0),
        (HALVES, [{2, 3}, {0, 1}], 1.0),
        (HALVES, [{0, 2}, {1, 3}], 0.0),  # independent
        (HALVES, [{0, 1, 2, 3}], 0.0),  # a group of all nodes tells nothing
        # Each first group has 1 bit, each second one, a quarter, h(1/4). Given {0}, of {0, 1} is left 3/4 h(1/3), and
        # of {0}, given {0, 1}, 1/2 bit.
        (HALVES, [{0}, {2}], None),
    ],
)
def test_overlapping_nmi_by_hand(first, second, expected):
    if expected is None:
        h = lambda p: -p * math.log2(p) - (1 - p) * math.log2(1 - p)  # noqa: E731
        told = (2 * (1 - 0.75 * h(1 / 3)) + 2 * (h(0.25) - 0.5)) / 2
        expected = told / 2  # the larger of 2 bits and 2 h(1/4)
    first, second = cover_of(first, 4), cover_of(second, 4)
    assert overlapping_nmi(first, second) == pytest.approx(expected, abs=1e-12)
    assert overlapping_nmi(second, first) == pytest.approx(expected, abs=1e-12)


def test_groups_that_tell_who_is_elsewhere_do_not_count():
    # {0, 1, 2} is who is not in {3, 4, 5}: 0 by either group alone if the complement does not count.
    assert overlapping_nmi(cover_of([{0, 1, 2}], 6), cover_of([{3, 4, 5}], 6)) == 0


def test_omega_index_by_hand():
    # Of 6 pairs, the first cover has 2 in a group, 0-1 and 2-3; the second, of two groups that share node 1, has these
    # and 1-2, 1-3. So 4 of 6 pairs agree. By chance 2/6 4/6 + 4/6 2/6 = 4/9.
    first, second = cover_of(HALVES, 4), cover_of([{0, 1}, {1, 2, 3}], 4)
    assert omega_index(first, second) == pytest.approx((4 / 6 - 4 / 9) / (1 - 4 / 9))
    # Pairs that share two groups agree only with such.
    twice = cover_of([{0, 1}, {0, 1}, {2, 3}], 4)
    assert omega_index(first, twice) == pytest.approx((5 / 6 - (4 / 6 * 4 / 6 + 2 / 6 / 6)) / (1 - (16 / 36 + 2 / 36)))
    assert omega_index(twice, twice) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=12))
def test_the_omega_index_of_partitions_is_the_adjusted_rand_index(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    labels = np.array(pairs).T
    tables = [each[:, None] == np.unique(each) for each in labels]
    assert omega_index(*tables) == pytest.approx(metrics.adjusted_rand_score(*labels), abs=1e-6)


@given(covers(8), covers(8))
def test_scores_are_symmetric_and_best_for_equal_groups(first, second):
    first, second = cover_of(first, 8), cover_of(second, 8)
    for score in (overlapping_nmi, omega_index):
        assert score(first, second) == pytest.approx(score(second, first), abs=1e-9)
        assert score(first, second) <= 1 + 1e-9
        assert score(first, first) == pytest.approx(1)
    assert overlapping_nmi(first, second) >= -1e-9


@pytest.mark.parametrize("kind", [Kind(0.1, 0.0), Kind(0.2, 0.4), Kind(0.3, 0.5, 3)])
def test_networks_are_as_they_are_planted(kind):
    links, cover = planted(np.random.default_rng(1), kind)
    again, _ = planted(np.random.default_rng(1), kind)
    np.testing.assert_array_equal(links, again)
    assert (links[:, 0] < links[:, 1]).all()
    assert len(np.unique(links, axis=0)) == len(links)
    counts = np.bincount(cover.sum(axis=1), minlength=4)
    assert counts[1] == round(1000 * (1 - kind.overlapping))
    assert counts[kind.groups] == 1000 - counts[1] or kind.overlapping == 0
    assert 19 < cover.sum(axis=0).min() < cover.sum(axis=0).max() < 105
    degrees = np.bincount(links.ravel(), minlength=1000)
    assert degrees.max() <= 50
    assert 16 < degrees.mean() < 20
    out = ~(cover[links[:, 0]] & cover[links[:, 1]]).any(axis=1)
    assert kind.mixing - 0.01 < out.mean() < kind.mixing + 0.05


def test_methods_are_measured_and_shown():
    rows = list(overlap.measure(Settings(None, quick=True)))
    assert [row["method"] for row in rows] == list(overlap.METHODS)
    assert all(0 <= row["nmi"] <= 1 and row["omega"] <= 1 and row["networks"] == 1 for row in rows)
    scores = {row["method"]: row["omega"] for row in rows}
    assert scores["shares"] > scores["modules"]
    shown = overlap.show_overlap(rows)
    assert shown.count("| 0.1 | 30% | 2 |") == 4
    assert f"{scores['memory']:.3f}" in shown
    assert "mean overlapping NMI and omega index" in overlap.overlap_in_words(rows)[0]


def test_the_table_of_the_documentation_is_what_was_measured():
    rows = json.loads((RESULTS / "0.1.0.json").read_text())["overlap"]["rows"]
    assert {(row["method"], row["choice"]) for row in rows} >= {
        ("shares", 0.2),
        ("memory, shares", 0.1),
        ("cliques", 4),
    }
    page = (ROOT / "docs" / "memory.md").read_text().replace("**", "")
    for kind in {overlap.kind_of(row) for row in rows if row["overlapping"] > 0}:
        scores = {row["method"]: row["nmi"] for row in rows if overlap.kind_of(row) == kind}
        shown = [f"{scores[name]:.2f}" for name in ("modules", "shares", "memory", "memory, shares", "cliques")]
        about = f"{kind.overlapping:.0%}{' in three' if kind.groups == 3 else ''}"
        assert f"| {kind.mixing} | {about} | {' | '.join(shown)} |" in page

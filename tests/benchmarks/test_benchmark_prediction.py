"""The benchmark of hidden links: pairs are as they should be, scores are those of methods and worked out by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

import mapeq
from benchmarks import networks, prediction
from benchmarks.compare import EXAMPLES, RESULTS
from benchmarks.prediction import SCORES, Known
from benchmarks.worker import ROOT, Settings

#: Two triangles, and a link between them.
LINKS = np.array([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)])


@pytest.mark.parametrize("directed", [False, True])
def test_hidden_links_and_pairs_without_one(directed):
    rng = np.random.default_rng(3)
    links = np.array([(i, j) for i in range(40) for j in range(i + 1, 40) if (i + j) % 3])
    kept, missing, absent = prediction.hidden(rng, links, 40, directed=directed)
    assert len(missing) == len(absent) == round(len(links) / 10)
    pairs = {tuple(pair) for pair in links.tolist()}
    assert {tuple(pair) for pair in np.concatenate([kept, missing]).tolist()} == pairs
    drawn = {tuple(pair) for pair in absent.tolist()}
    assert len(drawn) == len(absent)
    assert not drawn & pairs
    assert not any(i == j for i, j in drawn)
    assert any(i > j for i, j in drawn) == directed


@pytest.mark.parametrize("directed", [False, True])
def test_flow_is_what_predicted_links_are_sorted_by(directed):
    known = Known(LINKS, 6, directed)
    found = prediction.modules(known).predict_links(10)
    scores = prediction.by_flow(known, np.array([(u, v) for u, v, _ in found]))
    assert len(found) > 5
    np.testing.assert_allclose(scores, [-bits for _, _, bits in found])


def test_steps_go_both_ways():
    known, pair = Known(LINKS, 6, False), np.array([(0, 3)])
    # exit, enter one of two modules, visit; degrees of 7 in a module, and an exit
    assert prediction.by_steps(known, pair) == pytest.approx((3 + 2) / 8 / 8 / 2)
    with_direction = prediction.by_steps(Known(LINKS, 6, True), pair)
    assert with_direction == pytest.approx(2.0 ** -prediction.modules(Known(LINKS, 6, True)).similarity(pair))


def test_indices_of_neighbours_by_hand():
    known, pairs = Known(LINKS, 6, False), np.array([(0, 3), (0, 5), (0, 4)])
    assert prediction.common_neighbors(known, pairs).tolist() == [1, 0, 0]
    assert prediction.by_index(known, pairs, index="resource_allocation_index") == pytest.approx([1 / 3, 0, 0])
    step = 0.5 / np.abs(np.linalg.eigvalsh(_matrix())).max()
    powers = [np.linalg.matrix_power(step * _matrix(), length) for length in (2, 3, 4)]
    assert prediction.katz(known, pairs) == pytest.approx(sum(powers)[tuple(pairs.T)])


def _matrix():
    matrix = np.zeros((6, 6))
    matrix[tuple(LINKS.T)] = 1
    return matrix + matrix.T


def test_methods_are_measured_and_shown(tmp_path):
    settings = Settings(networks.Source(tmp_path, tmp_path), quick=True)
    rows = list(prediction.measure(settings, ["jazz", "power"]))
    assert [row["method"] for row in rows] == list(prediction.METHODS)
    assert all(row["network"] == "jazz" and 0.6 < row["auc"] < 1 and 0.6 < row["precision"] < 1 for row in rows)
    shown = prediction.show_prediction(rows)
    assert shown.count("| jazz | 2,742 |") == 3
    assert f"{rows[0]['auc']:.3f}" in shown
    assert "mean area under the curve and average precision" in prediction.prediction_in_words(rows)[0]


def test_the_tables_of_the_documentation_are_what_was_measured():
    rows = json.loads((RESULTS / f"{mapeq.__version__}.json").read_text())["prediction"]["rows"]
    page = Path(ROOT / "docs" / "missing-links.md").read_text()
    found = prediction.by_network(rows)
    assert len(found) == len(EXAMPLES)
    for key in SCORES:
        for network, methods in found.items():
            assert f"| {network} | {' | '.join(in_bold([row[key] for row in methods.values()]))} |" in page
        means = [np.mean([methods[name][key] for methods in found.values()]) for name in prediction.METHODS]
        assert f"| mean | {' | '.join(in_bold(means))} |" in page


def in_bold(scores):
    """Scores with two digits, the best in bold."""
    shown = [f"{score:.2f}" for score in scores]
    return [f"**{score}**" if score == max(shown) else score for score in shown]

"""The benchmarks on vectors: scores, methods and steps."""

import numpy as np
import pytest

from benchmarks import compare, embeddings
from benchmarks.embeddings import METHODS, SCORES, bcubed_f, contingency, held_out, pair_f, scores, singled
from benchmarks.networks import Source
from benchmarks.peers import installed
from benchmarks.strength import in_right_place
from benchmarks.worker import Settings, call

metrics = pytest.importorskip("sklearn.metrics")


def f_score(precision, recall):
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_scikit_learn_and_of_a_naive_count(seed):
    rng = np.random.default_rng(seed)
    classes, clusters = rng.integers(0, 4, 60), 10 * rng.integers(0, 7, 60)
    clusters[:30] = classes[:30]
    found = scores(classes, clusters)
    assert found["AMI"] == pytest.approx(metrics.adjusted_mutual_info_score(classes, clusters))
    assert found["ARI"] == pytest.approx(metrics.adjusted_rand_score(classes, clusters))
    (_, only_found), (only_wanted, both) = metrics.cluster.pair_confusion_matrix(classes, clusters)
    assert found["pair F"] == pytest.approx(f_score(both / (both + only_found), both / (both + only_wanted)))
    together = (classes[:, None] == classes) & (clusters[:, None] == clusters)
    precision = (together.sum(axis=1) / (clusters[:, None] == clusters).sum(axis=1)).mean()
    recall = (together.sum(axis=1) / (classes[:, None] == classes).sum(axis=1)).mean()
    assert found["BCubed F"] == pytest.approx(f_score(precision, recall))


def test_the_right_place_is_where_most_of_the_class_of_the_cluster_are():
    classes, clusters = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 1])
    assert in_right_place(classes, clusters).tolist() == [True, True, False, True, True, False]


def test_noise_is_not_scored():
    classes, clusters = np.array([0, 0, 1, 1, -1, -1]), np.array([7, 7, 3, 3, 3, 7])
    assert scores(classes, clusters) == dict.fromkeys(SCORES, pytest.approx(1))


def test_a_vector_in_no_cluster_is_a_cluster_of_its_own():
    np.testing.assert_array_equal(singled(np.array([-1, 2, 2, -1, 0])), [3, 2, 2, 4, 0])
    singles = contingency(np.arange(4), np.arange(4))
    assert pair_f(singles) == bcubed_f(singles) == 1


@pytest.mark.parametrize(
    "method", [name for name, each in METHODS.items() if installed(each.package) and not each.places]
)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_method_separates_what_is_far_apart(method, metric):
    vectors = np.repeat(10 * np.eye(3, 8, dtype=np.float32), 40, axis=0)
    vectors += np.random.default_rng(0).normal(0, 0.3, vectors.shape).astype(np.float32)
    clusters = METHODS[method].cluster(vectors, metric, 3)
    assert clusters.shape == (120,)
    table = contingency(np.repeat(np.arange(3), 40)[clusters >= 0], clusters[clusters >= 0])
    assert (np.diff(table.tocsc().indptr) == 1).all()  # no cluster has vectors of two classes


@pytest.mark.parametrize("method", [name for name, each in METHODS.items() if each.places])
def test_new_vectors_are_placed(method):
    vectors = embeddings.around_centres(400, 16, 4)
    assert METHODS[method].cluster(vectors, "cosine", 4).shape == (held_out(400).sum(),) == (80,)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    return Settings(Source(folder, folder), repeat=1, timeout=120, quick=True)


@pytest.mark.thorough
def test_sets_are_measured_and_shown(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rows = list(embeddings.measure_sets(settings, "report", ["mapeq", "kmeans-true-k"]))
    assert [(row["set"], row["method"]) for row in rows] == [("iris", "mapeq"), ("iris", "kmeans-true-k")]
    assert all(0 < row[name] < 1 for row in rows for name in SCORES)
    assert "| iris | 150 x 4 | 3 | 0." in compare.TABLES["embeddings"].show(rows)
    (sentence,) = embeddings.sets_in_words(rows)
    assert f"mean AMI is {rows[0]['AMI']:.3f} (kmeans-true-k {rows[1]['AMI']:.3f})" in sentence


def test_scikit_learn_and_mapeq_find_the_same_neighbours():
    vectors = embeddings.around_centres(500)
    found = embeddings.by_mapeq(vectors).indices
    assert embeddings.recall(vectors, embeddings.by_scikit_learn(vectors)[0]) > 0.99
    assert embeddings.recall(vectors, found) > 0.99
    assert embeddings.recall(vectors, np.where(np.arange(15) % 5 == 0, -1, found)) == pytest.approx(0.8, abs=0.01)


def test_later_steps_are_timed():
    assert all(seconds > 0 for seconds in embeddings.later_steps(500).values())


@pytest.mark.skipif(not installed("faiss"), reason="faiss is not installed")
def test_faiss_runs_in_a_process_of_its_own(settings):
    """faiss and infomap crash in one process."""
    found = call("embeddings.neighbors", 120, program=embeddings.APPROXIMATE, num_vectors=500)
    assert 0.5 < found["recall"] <= 1

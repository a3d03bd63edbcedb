"""The scikit-learn estimator: its conventions, what it finds, and where it puts new samples."""

import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsTransformer, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import mapeq
from mapeq import InfomapClustering

NOT_FOR_GRAPHS = {
    "check_clustering": "fits on the features themselves, and precomputed distances are square, never negative"
}


@parametrize_with_checks(
    [
        InfomapClustering(),
        InfomapClustering(metric="euclidean", multilevel=True, num_trials=2),
        InfomapClustering(metric="precomputed"),
        InfomapClustering(metric="precomputed_similarity"),
    ],
    expected_failed_checks=lambda estimator: NOT_FOR_GRAPHS if estimator.metric.startswith("precomputed") else {},
)
def test_scikit_learns_conventions(estimator, check):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_neighbors=15, but there are")
        warnings.filterwarnings("ignore", ".* of zeros")
        check(estimator)


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def halves(digits):
    """Digits to fit on, and others with their classes."""
    samples, classes = digits
    is_new = np.random.default_rng(0).random(len(samples)) < 0.25
    return samples[~is_new], samples[is_new], classes[is_new]


def groups(num_groups=3, size=30, seed=0):
    """Samples around the corners of a simplex, and their groups."""
    truth = np.repeat(np.arange(num_groups), size)
    noise = np.random.default_rng(seed).standard_normal((len(truth), num_groups))
    return 10 * np.eye(num_groups)[truth] + noise, truth


class TestUses:
    """What an estimator is there for."""

    def test_digits_by_default_settings(self, digits):
        samples, classes = digits
        clustering = InfomapClustering()
        labels = clustering.fit_predict(samples)
        assert adjusted_mutual_info_score(classes, labels) >= 0.89
        assert labels is clustering.labels_
        assert clustering.n_clusters_ == labels.max() + 1 == clustering.result_.num_modules
        assert clustering.n_features_in_ == 64

    def test_new_digits(self, halves):
        old, new, classes = halves
        assert adjusted_mutual_info_score(classes, InfomapClustering().fit(old).predict(new)) >= 0.84

    def test_in_a_pipeline(self):
        samples, species = load_iris(return_X_y=True)
        pipeline = make_pipeline(StandardScaler(), InfomapClustering(metric="euclidean"))
        assert adjusted_mutual_info_score(species, pipeline.fit_predict(samples)) > 0.6

    def test_in_a_grid_search(self, halves):
        old, new, _ = halves
        truth = InfomapClustering().fit(old).labels_
        search = GridSearchCV(
            InfomapClustering(), {"n_neighbors": [5, 15]}, scoring="adjusted_mutual_info_score", cv=2
        ).fit(old, truth)
        assert search.best_score_ > 0.7
        assert search.best_estimator_.predict(new).shape == (len(new),)

    def test_after_a_transformer_of_neighbors(self, halves):
        old, new, _ = halves
        neighbors = KNeighborsTransformer(n_neighbors=15, mode="distance", metric="cosine")
        pipeline = make_pipeline(neighbors, InfomapClustering(metric="precomputed")).fit(old)
        alone = InfomapClustering().fit(old)
        np.testing.assert_array_equal(pipeline[-1].labels_, alone.labels_)
        assert adjusted_mutual_info_score(alone.predict(new), pipeline.predict(new)) > 0.95

    def test_with_neighbors_of_another_library(self, halves):
        old, new, _ = halves
        library = NearestNeighbors(n_neighbors=16, metric="cosine").fit(old)
        distances, indices = library.kneighbors(old)
        given = InfomapClustering(metric="precomputed").fit((indices, distances))
        alone = InfomapClustering().fit(old)
        assert adjusted_mutual_info_score(alone.labels_, given.labels_) > 0.95
        distances, indices = library.kneighbors(new)
        assert adjusted_mutual_info_score(alone.predict(new), given.predict((indices, distances))) > 0.95
        assert given.n_features_in_ == len(old)

    def test_small_clusters_and_hierarchies(self, digits):
        samples, _ = digits
        whole = InfomapClustering(markov_time=1).fit(samples)
        sizes = np.bincount(whole.labels_)
        least = int(np.sort(sizes)[len(sizes) // 2])
        without = InfomapClustering(markov_time=1, min_cluster_size=least).fit(samples)
        is_small = sizes < least
        np.testing.assert_array_equal(without.labels_ == -1, is_small[whole.labels_])
        assert without.n_clusters_ == np.count_nonzero(~is_small) == without.labels_.max() + 1
        for cluster in range(without.n_clusters_):
            assert len(set(whole.labels_[without.labels_ == cluster])) == 1
        assert set(without.predict(samples)) <= set(range(-1, without.n_clusters_))
        deep = InfomapClustering(markov_time=1, multilevel=True).fit(samples)
        assert deep.codelength_ <= whole.codelength_
        assert deep.result_.num_levels > 2
        assert deep.n_clusters_ == deep.result_.modules_per_level[-1] > deep.result_.num_modules
        np.testing.assert_array_equal(deep.labels_, deep.result_.labels_at(-1))
        assert (deep.predict(samples) == deep.labels_).mean() > 0.8


def test_probabilities_are_shares_of_the_weight_inside(digits):
    samples, classes = digits
    clustering = InfomapClustering().fit(samples)
    graph, labels = clustering.affinity_graph_.tocoo(), clustering.labels_
    same = labels[graph.row] == labels[graph.col]
    inside, total = (np.bincount(graph.row, weights, len(labels)) for weights in (graph.data * same, graph.data))
    np.testing.assert_allclose(clustering.probabilities_, inside / total, atol=1e-9)
    assert clustering.probabilities_.max() == 1.0
    # Weak members are more often in a cluster of another class.
    majority = np.array([np.bincount(classes[labels == c]).argmax() for c in range(clustering.n_clusters_)])
    right = majority[labels] == classes
    weak = clustering.probabilities_ < 0.7
    assert right[~weak].mean() > right[weak].mean() + 0.1


def test_noise_has_probability_0_and_others_keep_theirs(digits):
    samples, _ = digits
    whole = InfomapClustering(markov_time=1).fit(samples)
    without = InfomapClustering(markov_time=1, min_cluster_size=30).fit(samples)
    noise = without.labels_ == -1
    assert 0 < noise.sum() < len(noise)
    assert (without.probabilities_[noise] == 0).all()
    np.testing.assert_array_equal(without.probabilities_[~noise], whole.probabilities_[~noise])
    deep = InfomapClustering(markov_time=1, multilevel=True).fit(samples)
    np.testing.assert_array_equal(deep.probabilities_, deep.result_.membership_strength(-1))


def test_samples_without_links_are_clusters_of_their_own_or_noise():
    samples = np.vstack([groups()[0], [[-1.0, -1, -1]]])
    alone = InfomapClustering(min_similarity=0.5).fit(samples)
    assert alone.labels_[-1] >= 0
    assert alone.probabilities_[-1] == 1.0
    noise = InfomapClustering(min_similarity=0.5, min_cluster_size=2).fit(samples)
    assert noise.labels_[-1] == -1
    assert noise.probabilities_[-1] == 0.0
    assert noise.predict(samples).tolist() == noise.labels_.tolist()


def test_the_graph_and_the_result_are_those_of_the_functions():
    samples, _ = groups()
    clustering = InfomapClustering(8, weights="local", symmetrize="average", markov_time=1.5, random_state=3).fit(
        samples
    )
    graph = mapeq.neighbor_graph(samples, 8, weights="local", symmetrize="average")
    assert (clustering.affinity_graph_ != graph).nnz == 0
    result = mapeq.infomap(graph, directed=False, markov_time=1.5, seed=3)
    assert clustering.codelength_ == result.codelength == clustering.result_.codelength
    np.testing.assert_array_equal(clustering.labels_, result.labels)
    assert clustering.markov_time_ == 1.5
    assert clustering.result_.seed == 3


@pytest.mark.parametrize("weights", ["umap", "local", "similarity", "binary", "jaccard"])
@pytest.mark.parametrize("symmetrize", ["union", "mutual", "average", "directed"])
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "inner_product"])
def test_groups_are_found_and_new_samples_placed_whatever_the_options(metric, symmetrize, weights):
    samples, truth = groups()
    if metric == "inner_product" and weights == "local":
        with pytest.raises(ValueError, match="weights='local' needs distances of 0 or more, not inner products"):
            InfomapClustering(5, metric=metric, weights=weights).fit(samples)
        return
    clustering = InfomapClustering(5, metric=metric, symmetrize=symmetrize, weights=weights).fit(samples)
    new, wanted = groups(seed=1)
    predicted = clustering.predict(new)
    assert (predicted >= 0).all()
    for labels, classes in ((clustering.labels_, truth), (predicted, wanted)):
        assert all(len(set(classes[labels == label])) == 1 for label in set(labels))


def test_the_same_seed_gives_the_same_clusters_on_any_number_of_threads(digits):
    samples, _ = digits
    one, more = (InfomapClustering(n_jobs=jobs, num_trials=2, random_state=5).fit(samples) for jobs in (1, 3))
    np.testing.assert_array_equal(one.labels_, more.labels_)
    assert one.codelength_ == more.codelength_
    np.testing.assert_array_equal(one.predict(samples[:50] + 1), more.predict(samples[:50] + 1))


@pytest.mark.parametrize("random_state", [None, 7, np.int64(7), np.random.RandomState(7)])
def test_what_a_random_state_may_be(random_state):
    samples, truth = groups()
    clustering = InfomapClustering(random_state=random_state).fit(samples)
    assert adjusted_mutual_info_score(truth, clustering.labels_) == pytest.approx(1)
    assert InfomapClustering(random_state=clustering.result_.seed).fit(samples).codelength_ == clustering.codelength_


def test_options_of_the_walk_and_the_objective(digits):
    samples, _ = digits
    samples = samples[:300]
    plain = InfomapClustering(markov_time=1).fit(samples)
    varied = InfomapClustering(markov_time=1, variable_markov_time=True, variable_markov_damping=0.5).fit(samples)
    wanted = mapeq.infomap(plain.affinity_graph_, variable_markov_time=True, variable_markov_damping=0.5)
    np.testing.assert_array_equal(varied.labels_, wanted.labels)
    assert varied.codelength_ == wanted.codelength != plain.codelength_
    assert InfomapClustering(preferred_number_of_modules=4).fit(samples).n_clusters_ == 4
    for option in ({"regularization": 1.0}, {"entropy_correction": 1.0}):
        found = InfomapClustering(markov_time=1, **option).fit(samples)
        assert found.codelength_ == mapeq.infomap(plain.affinity_graph_, **option).codelength != plain.codelength_
    with pytest.raises(ValueError, match="preferred_number_of_modules must be at most 300, the number of samples"):
        InfomapClustering(preferred_number_of_modules=301).fit(samples)
    with pytest.raises(ValueError, match="regularization must be a number, 0 or more"):
        InfomapClustering(regularization=-1.0).fit(samples)


def test_equal_samples_with_options_of_the_objective():
    samples = np.repeat(groups()[0], 3, axis=0)
    for option in ({"regularization": 0.5}, {"preferred_number_of_modules": 2}, {"variable_markov_time": True}):
        clustering = InfomapClustering(**option).fit(samples)
        labels = clustering.labels_.reshape(-1, 3)
        assert (labels == labels[:, :1]).all()
        again = mapeq.evaluate(clustering.affinity_graph_, clustering.result_)
        assert again.codelength == pytest.approx(clustering.codelength_, abs=1e-9)


def test_fitting_leaves_samples_and_options_alone():
    samples, _ = groups()
    before = samples.copy()
    clustering = InfomapClustering(min_similarity=0.2)
    options = clustering.get_params()
    clustering.fit(samples).predict(samples)
    np.testing.assert_array_equal(samples, before)
    assert clustering.get_params() == options == clone(clustering).get_params()


def test_options_that_are_set_after_fitting_wait_for_the_next_fit():
    samples, _ = groups()
    clustering = InfomapClustering().fit(samples)
    before = clustering.predict(samples)
    clustering.set_params(weights="jaccard", metric="precomputed", n_neighbors=3)
    np.testing.assert_array_equal(clustering.predict(samples), before)


def test_a_pickle_predicts_the_same():
    samples, _ = groups()
    clustering = InfomapClustering().fit(samples)
    again = pickle.loads(pickle.dumps(clustering))
    np.testing.assert_array_equal(again.predict(samples), clustering.predict(samples))


def test_names_of_features_are_kept():
    pandas = pytest.importorskip("pandas")
    samples, _ = groups()
    table = pandas.DataFrame(samples, columns=["a", "b", "c"])
    clustering = InfomapClustering().fit(table)
    assert clustering.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names"):
        clustering.predict(table[["b", "a", "c"]])


def test_samples_without_neighbors_belong_to_no_cluster():
    samples, _ = groups()
    clustering = InfomapClustering(min_similarity=0.5).fit(samples)
    assert clustering.predict([[-1.0, -1, -1]]).tolist() == [-1]
    with pytest.warns(UserWarning, match="1 zero vector, the first in row 1"):
        assert clustering.predict([[10.0, 0, 0], [0, 0, 0]])[1] == -1


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"metric": "manhattan"}, "metric must be one of cosine, euclidean, inner_product, precomputed,"),
            (
                {"weights": "gauss"},
                "weights must be one of auto, umap, local, similarity, binary, jaccard, not 'gauss'",
            ),
            ({"n_neighbors": 0}, "n_neighbors must be a whole number, 1 or more, not 0"),
            ({"min_cluster_size": 0}, "min_cluster_size must be a whole number, 1 or more, not 0"),
            ({"markov_time": "long"}, "markov_time must be a number above 0 or \"auto\", not 'long'"),
            ({"markov_time": 0}, "markov_time must be a number above 0"),
            ({"num_trials": 0}, "num_trials must be a whole number, 1 or more, not 0"),
            ({"multilevel": "yes"}, "multilevel must be True or False, not 'yes'"),
            (
                {"random_state": "one"},
                "random_state must be a whole number, 0 or more, or None, not 'one'",
            ),
            ({"n_jobs": 0}, "n_jobs must be a whole number, 1 or more, -1 or None, not 0"),
        ],
    )
    def test_wrong_options_are_refused_when_fitting(self, options, message):
        estimator = InfomapClustering(**options)
        with pytest.raises(ValueError, match=re.escape(message)):
            estimator.fit(groups()[0])

    def test_bad_samples_are_named(self):
        samples, _ = groups()
        samples[4, 2] = np.nan
        with pytest.raises(ValueError, match="row 4, column 2 of the vectors is NaN"):
            InfomapClustering().fit(samples)
        clustering = InfomapClustering().fit(groups()[0])
        with pytest.raises(ValueError, match="row 4, column 2 of the vectors is NaN"):
            clustering.predict(samples)

    def test_prediction_needs_a_fit_and_the_same_features(self):
        with pytest.raises(NotFittedError):
            InfomapClustering().predict([[1.0, 2.0]])
        with pytest.raises(ValueError, match="X has 2 features, but InfomapClustering is expecting 3 features"):
            InfomapClustering().fit(groups()[0]).predict([[1.0, 2.0]])

    def test_graphs_that_do_not_fit(self):
        graph = scipy.sparse.csr_array(1.0 - np.eye(5))
        with pytest.raises(ValueError, match=r"a precomputed graph must be square, not of shape \(2, 5\)"):
            InfomapClustering(metric="precomputed").fit(graph[:2])
        fitted = InfomapClustering(metric="precomputed", n_neighbors=2).fit(graph)
        with pytest.raises(ValueError, match="X has 2 features, but InfomapClustering is expecting 5 features"):
            fitted.predict(graph[:, :2])
        with pytest.raises(ValueError, match="row 0 of the indices has 5, but there are 5 vectors"):
            fitted.predict((np.array([[5]]), np.array([[1.0]])))


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, "mapeq.embeddings.estimator")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ImportError, match=r"this needs sklearn: pip install 'mapeq\[sklearn\]'"):
        mapeq.InfomapClustering  # noqa: B018

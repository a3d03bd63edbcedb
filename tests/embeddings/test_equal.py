"""Equal vectors are in one cluster, whatever the options."""

import importlib.util
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq.embeddings.equal import chosen_mutually, equal_groups
from mapeq.embeddings.graph import SYMMETRIZE, WEIGHTS

VECTOR_METRICS = ("cosine", "euclidean", "inner_product")


def labels_of(vectors, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mapeq.InfomapClustering(n_jobs=1, **options).fit(vectors)


def together(labels, number):
    """Each distinct vector has one label."""
    return len({*zip(number.tolist(), labels.tolist(), strict=True)}) == len(set(number.tolist()))


@given(
    counts=st.lists(st.integers(1, 12), min_size=2, max_size=12),
    seed=st.integers(0, 2**31),
    metric=st.sampled_from(VECTOR_METRICS),
    symmetrize=st.sampled_from(SYMMETRIZE),
    weights=st.sampled_from([weights for weights in WEIGHTS if weights != "local"]),
    algorithm=st.sampled_from(["auto", "exact"]),
    n_neighbors=st.integers(1, 6),
    multilevel=st.booleans(),
)
def test_equal_vectors_have_equal_labels(counts, seed, metric, symmetrize, weights, algorithm, n_neighbors, multilevel):
    random = np.random.default_rng(seed)
    distinct = random.normal(size=(len(counts), 3))
    number = random.permutation(np.repeat(np.arange(len(counts)), counts))
    found = labels_of(
        distinct[number],
        n_neighbors=n_neighbors,
        metric=metric,
        symmetrize=symmetrize,
        weights=weights,
        algorithm=algorithm,
        multilevel=multilevel,
    )
    assert together(found.labels_, number)
    walk = {"directed": True} if symmetrize == "directed" else {}
    time = found.markov_time_
    again = mapeq.evaluate(found.affinity_graph_, found.result_.tree and found.result_, markov_time=time, **walk)
    assert again.codelength == pytest.approx(found.codelength_, abs=1e-9)
    assert min(found.result_.trials) == pytest.approx(found.codelength_, abs=1e-9)


#: In a process of its own: infomap, which other tests compare with, crashes where faiss is loaded.
BY_FAISS = """
import numpy as np
from mapeq import InfomapClustering
from mapeq.embeddings.graph import SYMMETRIZE

random = np.random.default_rng(0)
number = random.permutation(np.repeat(np.arange(60), 30))
vectors = random.normal(size=(60, 8))[number].astype(np.float32)
for symmetrize in SYMMETRIZE:
    labels = InfomapClustering(n_neighbors=5, algorithm="ann", symmetrize=symmetrize).fit(vectors).labels_
    assert all(len(set(labels[number == one].tolist())) == 1 for one in range(60)), symmetrize
"""


def test_equal_vectors_have_equal_labels_by_faiss():
    pytest.importorskip("sklearn")
    if importlib.util.find_spec("faiss") is None:
        pytest.skip("faiss is not installed")
    done = subprocess.run([sys.executable, "-c", BY_FAISS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("symmetrize", SYMMETRIZE)
def test_more_equal_vectors_than_neighbors_are_connected(metric, symmetrize):
    """300 equal vectors, each with 15 neighbours, used to shatter into 185 clusters under "mutual"."""
    vectors = np.vstack([np.ones((300, 2)), np.random.default_rng(0).normal((0, 9), size=(100, 2))])
    graph = mapeq.neighbor_graph(vectors, metric=metric, symmetrize=symmetrize)
    same = graph[:300, :300]
    assert scipy.sparse.csgraph.connected_components(same, connection="strong")[0] == 1
    assert np.diff(same.indptr).min() >= 10  # neighbours of each other, not all of the same few
    assert len(set(mapeq.infomap(graph, directed=symmetrize == "directed").labels[:300].tolist())) == 1


def test_vectors_that_differ_are_as_they_were():
    vectors = np.random.default_rng(0).normal(size=(50, 3))
    for metric in VECTOR_METRICS:
        assert equal_groups(vectors, metric) is None
    assert equal_groups(np.array([[0, 0], [0, 0], [1, 1]]), "cosine") is None  # zeros have no direction
    assert equal_groups(np.array([[0, -0.0], [0, 0], [1, 1]]), "euclidean").tolist() == [0, 0, 1]


@given(size=st.integers(4, 200), count=st.integers(2, 30))
def test_points_choose_each_other(size, count):
    chosen = chosen_mutually(size, count)
    pairs = {(i, j) for i, row in enumerate(chosen[:, : count // 2 * 2].tolist()) for j in row if j >= 0}
    if count % 2 == 0:
        assert all((j, i) in pairs for i, j in pairs)
    assert all(i != j for i, j in pairs)
    assert all(len(set(row)) == len(row) for row in ([j for j in row if j >= 0] for row in chosen.tolist()))
    assert {(i, (i + 1) % size) for i in range(size)} <= pairs


def test_a_column_of_a_frame_that_names_rows_is_refused():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(20, 2)), columns=["x", "y"])
    frame.insert(0, "id", range(100, 120))
    for use in (mapeq.neighbor_graph, mapeq.InfomapClustering().fit):
        with pytest.raises(ValueError, match="the column 'id' names the rows and is no dimension: leave it out"):
            use(frame)
    assert len(mapeq.InfomapClustering().fit(frame.set_index("id")).labels_) == 20

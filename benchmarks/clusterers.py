"""The methods that cluster vectors: how each is used, as its users would.

All of them get vectors of shape (n, d), the metric and the number of classes, and answer with the number of a cluster
for each vector, -1 for those that they leave in none. Options are their defaults, but for seeds.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.integer]

SEED = 0

#: One vector of so many is held out, to be placed among the clusters of all others.
HELD_OUT = 5


#: What is imported, and what is installed for it.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "igraph": "igraph", "evoc": "evoc", "faiss": "faiss-cpu"}


class Method(NamedTuple):
    """A way to cluster vectors."""

    package: str
    cluster: Callable[[Vectors, str, int], Labels]
    about: str
    places: bool = False  #: whether it answers for those held out only


def mapeq_estimator(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import mapeq

    return mapeq.InfomapClustering(metric=metric).fit_predict(vectors)


def mapeq_at(time: float, vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import mapeq

    return mapeq.infomap(_graph(vectors, metric), directed=False, markov_time=time).labels


def leiden(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import igraph

    links = scipy.sparse.triu(_graph(vectors, metric)).tocoo()
    graph = igraph.Graph(len(vectors), list(zip(*(ends.tolist() for ends in links.coords), strict=True)))
    random.seed(SEED)  # from where igraph draws
    found = graph.community_leiden("modularity", weights=links.data.tolist(), n_iterations=-1)
    return np.array(found.membership)


def hdbscan(smallest: int, vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(_euclidean(vectors, metric))


def evoc(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from evoc import EVoC

    return EVoC(random_state=SEED).fit_predict(vectors)


def kmeans(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from sklearn.cluster import KMeans

    return KMeans(num_classes, random_state=SEED).fit_predict(_euclidean(vectors, metric))


def _graph(vectors: Vectors, metric: str) -> scipy.sparse.csr_array:
    """The graph that mapeq makes of vectors, by default."""
    import mapeq
    from mapeq._base.threads import usable_processors

    return mapeq.neighbor_graph(vectors, metric=metric, num_threads=usable_processors())


def _euclidean(vectors: Vectors, metric: str) -> Vectors:
    """Vectors whose euclidean distances are in the order of the metric."""
    if metric == "euclidean":
        return vectors
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def mapeq_placing(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import mapeq

    is_new = held_out(len(vectors))
    return mapeq.InfomapClustering(metric=metric).fit(vectors[~is_new]).predict(vectors[is_new])


def vote_placing(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    """The cluster that weighs most among the links of a new vector, which are those that `predict` goes by."""
    import mapeq
    from mapeq.embeddings.graph import AffinityOptions, link_graph, link_weights
    from mapeq.embeddings.neighbors import nearest_neighbors

    is_new = held_out(len(vectors))
    options = AffinityOptions(metric=metric)
    clusters = mapeq.InfomapClustering(metric=metric).fit_predict(vectors[~is_new])
    near = nearest_neighbors(vectors[~is_new], options.n_neighbors, metric=metric, queries=vectors[is_new])
    links = link_graph(near, link_weights(near, options.weighting, metric), len(clusters))
    votes = links @ scipy.sparse.csr_array(np.eye(int(clusters.max()) + 1)[clusters])
    return np.asarray(votes.argmax(axis=1)).ravel()


def held_out(num_vectors: int) -> NDArray[np.bool_]:
    """Which vectors are held out, at random."""
    return np.random.default_rng(SEED).permutation(num_vectors) % HELD_OUT == 0


METHODS = {
    "mapeq": Method("mapeq", mapeq_estimator, "`mapeq.InfomapClustering`, which finds the Markov time by itself"),
    "mapeq-t1": Method("mapeq", partial(mapeq_at, 1.0), "the same graph, Markov time 1: the plain map equation"),
    "mapeq-t2": Method("mapeq", partial(mapeq_at, 2.0), "the same graph, Markov time 2"),
    "leiden": Method("igraph", leiden, "the same graph, igraph's Leiden algorithm for modularity"),
    "hdbscan": Method("sklearn", partial(hdbscan, 5), "scikit-learn's HDBSCAN"),
    "hdbscan-15": Method("sklearn", partial(hdbscan, 15), "the same, no cluster of less than 15 vectors"),
    "evoc": Method("evoc", evoc, "EVoC, which goes by cosines, whatever the metric"),
    "kmeans-true-k": Method("sklearn", kmeans, "scikit-learn's KMeans, which is told the number of classes"),
    "mapeq-placing": Method(
        "mapeq",
        mapeq_placing,
        f"`predict` of one vector of {HELD_OUT}, at random, after `fit` to all others",
        places=True,
    ),
    "vote-placing": Method("mapeq", vote_placing, "the same vectors, placed by the votes of their links", places=True),
}


def available(names: Sequence[str]) -> tuple[str, ...]:
    """The methods whose libraries are installed; says which are left out."""
    missing = [name for name in names if not installed(METHODS[name].package)]
    for name in missing:
        library = DISTRIBUTIONS[METHODS[name].package]
        print(f"left out, {library} is not installed: {name} (pip install 'mapeq[embeddings-bench]')", file=sys.stderr)
    return tuple(name for name in names if name not in missing)


def installed(package: str) -> bool:
    """Whether it can be imported."""
    return find_spec(package) is not None


def versions() -> dict[str, str]:
    """The versions of the libraries that are installed; mapeq's own is asked of what is imported."""
    import mapeq

    found = {name: metadata.version(name) for package, name in DISTRIBUTIONS.items() if installed(package)}
    return {"mapeq": mapeq.__version__, **found}

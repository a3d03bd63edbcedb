"""How well clusters agree with known classes."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Labels = NDArray[np.integer]

#: What scores are called, the first of them first where there is room for one only.
SCORES = ("AMI", "ARI", "pair F", "BCubed F")


def scores(classes: Labels, clusters: Labels) -> dict[str, float]:
    """All scores by name: 1 is best. Noise, of class -1, is left out; a point in no cluster, -1, is one of its own."""
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    is_known = classes >= 0
    classes, clusters = classes[is_known], alone(clusters[is_known])
    table = contingency(classes, clusters)
    found = (
        adjusted_mutual_info_score(classes, clusters),
        adjusted_rand_score(classes, clusters),
        pair_f(table),
        bcubed_f(table),
    )
    return {name: float(score) for name, score in zip(SCORES, found, strict=True)}


def alone(clusters: Labels) -> Labels:
    """The same clusters, and one for each point that is in none."""
    own = clusters.max(initial=-1) + np.cumsum(clusters < 0)
    return np.where(clusters < 0, own, clusters)


def contingency(classes: Labels, clusters: Labels) -> scipy.sparse.csr_array:
    """How many points are in each class and each cluster, of shape (classes, clusters)."""
    rows, columns = (np.unique(labels, return_inverse=True)[1] for labels in (classes, clusters))
    return scipy.sparse.coo_array((np.ones(len(rows), dtype=np.int64), (rows, columns))).tocsr()


def pair_f(table: scipy.sparse.csr_array) -> float:
    """The F score of pairs: those in one cluster are found, those in one class should be. 1 if there are none."""
    together, in_class, in_cluster = (
        int((sizes * (sizes - 1)).sum()) for sizes in (table.data, table.sum(axis=1), table.sum(axis=0))
    )
    return 2 * together / (in_class + in_cluster) if in_class + in_cluster else 1.0


def bcubed_f(table: scipy.sparse.csr_array) -> float:
    """The F score of BCubed precision and recall (Bagga & Baldwin 1998), each the mean over all points.

    For a point they are which part of its cluster is of its class, itself included, and of its class in its cluster.
    """
    entries, num_points = table.tocoo(), table.sum()
    rows, columns = entries.coords
    recall = (entries.data**2 / table.sum(axis=1)[rows]).sum() / num_points
    precision = (entries.data**2 / table.sum(axis=0)[columns]).sum() / num_points
    return float(2 * precision * recall / (precision + recall))

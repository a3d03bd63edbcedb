"""What strengths of membership and a least size of clusters tell on labelled sets of vectors.

    python -m benchmarks.strength                            # the sets that defaults are chosen on
    python -m benchmarks.strength iris mnist                 # sets by name

A vector is in the right place if its class is the most frequent one of its cluster. Noise is not scored; a vector in no
cluster counts as a cluster of its own.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

import numpy as np

from benchmarks import sets
from benchmarks.embeddings import Labels, scores
from benchmarks.worker import table

STRENGTHS = (0.0, 0.5, 0.7, 0.9, 1.0)  #: bounds; the last one is a bin of its own
SIZES = (1, 2, 5, 10)


def measured(name: str) -> tuple[list[str], list[str]]:
    """A line of each table: the fraction of right places by strength, and AMI by least size of clusters."""
    from mapeq import InfomapClustering

    known = sets.load(name)
    fits = [InfomapClustering(metric=known.metric, min_cluster_size=size).fit(known.vectors) for size in SIZES]
    is_known = known.labels >= 0
    right = in_right_place(known.labels[is_known], fits[0].labels_[is_known])
    strength = np.digitize(fits[0].probabilities_[is_known], STRENGTHS[1:])
    by_strength = [
        f"{right[strength == k].mean():.3f} ({(strength == k).mean():.0%})" if (strength == k).any() else ""
        for k in range(len(STRENGTHS))
    ]
    by_size = [f"{scores(known.labels, fit.labels_)['AMI']:.3f} ({(fit.labels_ < 0).mean():.1%})" for fit in fits]
    strengths = fits[0].probabilities_
    noise = "" if is_known.all() else f"{strengths[~is_known].mean():.3f}, others {strengths[is_known].mean():.3f}"
    return [name, *by_strength, noise], [name, *by_size]


def in_right_place(classes: Labels, clusters: Labels) -> np.ndarray:
    """Whether the class of each vector is the most frequent one of its cluster."""
    counts = np.zeros((int(clusters.max()) + 1, int(classes.max()) + 1))
    np.add.at(counts, (clusters, classes), 1)
    right: np.ndarray = counts.argmax(axis=1)[clusters] == classes
    return right


def main(names: Sequence[str]) -> None:
    """Print both tables."""
    names = names or [name for name, kind in sets.KINDS.items() if kind.role == "choose"]
    one, two = zip(*map(measured, names), strict=True)
    bounds = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(STRENGTHS)]
    print(table(["right place, by strength", *bounds, "1", "mean strength of noise"], list(one), left=1))
    print()
    print(table(["AMI, by min_cluster_size", *map(str, SIZES)], list(two), left=1))


if __name__ == "__main__":
    main(sys.argv[1:])

"""How near two vectors are, and the nearest of each query so far: what all searches share.

Every search ends with the same measurement in float64, so that all of them find the same neighbours and distances.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.jit import inlined, jit
from mapeq.embeddings.products import four_sums

#: Squared norms below this may underflow in float32, if the largest component of all vectors is between 1 and 2.
TINY = 1e-30


class Points(NamedTuple):
    """Vectors in the forms that a search needs.

    Attributes
    ----------
    rough : float32 array of shape (n, d)
        Centred and scaled, for products; NaN where a vector has no direction.
    exact : float32 or float64 array of shape (n, d)
        For measuring pairs.
    """

    rough: NDArray[np.float32]
    exact: NDArray[np.floating[Any]]


class Scoring(NamedTuple):
    """How to score a pair of vectors; nearer pairs have higher scores.

    Attributes
    ----------
    by_distance : bool
        Whether the score is minus the squared distance; otherwise it is the inner product.
    factor : float
        Factor of the exact vectors.
    """

    by_distance: bool
    factor: float


class Nearest(NamedTuple):
    """The nearest points of each query so far, nearest first: arrays of shape (m, k), updated in place."""

    indices: NDArray[np.signedinteger[Any]]
    scores: FloatArray


def shares_of(vectors: NDArray[np.float32], by_distance: bool) -> NDArray[np.float32]:
    """Return each vector's share in what a product must exceed, as float32 array of shape (n,).

    By distance, half the score of a pair is ``x.y - |x|^2 / 2 - |y|^2 / 2``. The error of the float32 product, summed
    in any order, is below `margin` times ``|x| |y|``, which is at most ``(|x|^2 + |y|^2) / 2``, so that it splits into
    a share for each vector. A pair is as near as a score only if its product exceeds the bar of one vector, see
    :func:`bar_of`, plus the share of the other.
    """
    margin = (vectors.shape[1] + 16) * 2.0**-24  # 16 for roundings before and after the product
    part = (by_distance - margin) / 2
    shares: FloatArray = part * np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64) - TINY
    return shares.astype(np.float32)


@jit
def measure(points, queries, near, own, scoring, found, first, last, _):
    """Measure the points `near` each query from `first` to `last`, except its `own`, and keep the nearest.

    Parameters
    ----------
    points, queries : float32 or float64 arrays of shape (n, d) and (m, d)
    near : signed integer array of shape (m, c)
        Different points for each query; negative entries are absent.
    own : signed integer array of shape (m,)
    scoring : Scoring
    found : Nearest
    """
    for i in range(first, last):
        for j in near[i]:
            if j >= 0 and j != own[i]:
                score = score_of(queries[i], points[j], scoring.by_distance, scoring.factor)
                insert(score, j, found.indices[i], found.scores[i])


@inlined
def bar_of(score, share, by_distance):
    """Return what a product, minus the other vector's share, must exceed for the pair to be as near as the score."""
    return (score / 2 if by_distance else score) + share


@inlined
def insert(score, neighbor, indices, scores):
    """Insert a neighbour by score, of equal ones by number; return whether it is near enough.

    What is kept does not depend on the order of insertion.
    """
    place = len(scores) - 1
    if not (score > scores[place] or (score == scores[place] and neighbor < indices[place])):
        return False
    while place > 0 and (score > scores[place - 1] or (score == scores[place - 1] and neighbor < indices[place - 1])):
        scores[place], indices[place] = scores[place - 1], indices[place - 1]
        place -= 1
    scores[place], indices[place] = score, neighbor
    return True


@inlined
def score_of(x, y, by_distance, factor):
    """Return the score of two vectors of shape (d,), see :class:`Scoring`, as float64.

    Four partial sums are computed in parallel, and added in the same order everywhere.
    """
    a, b, c, d = four_sums(x, y, factor, by_distance)
    for k in range(len(x) // 4 * 4, len(x)):
        if by_distance:
            difference = (np.float64(x[k]) - np.float64(y[k])) * factor
            a -= difference * difference
        else:
            a += (np.float64(x[k]) * factor) * (np.float64(y[k]) * factor)
    return (a + b) + (c + d)

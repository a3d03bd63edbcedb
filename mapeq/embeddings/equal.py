"""Equal vectors: linked to each other, whatever the options; :mod:`mapeq.embeddings.together` searches them as one.

Neighbours alone cannot do it. Of more equal vectors than neighbours all are equally near, and the first by number would
be chosen by all, who do not choose the others; by inner product, equal vectors need not be near each other at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import pieces
from mapeq.embeddings.neighbors import Neighbors

#: Vectors to prepare at a time.
VECTORS_AT_ONCE = 1024


def equal_groups(vectors: NDArray[Any], metric: str) -> NDArray[np.int64] | None:
    """Number the distinct vectors, by cosine the distinct directions; None if no two are equal.

    Parameters
    ----------
    vectors : array of shape (n, d), finite numbers
    metric : str
        By cosine, a zero vector has no direction, and equals no other.

    Returns
    -------
    int64 array of shape (n,), or None

    Examples
    --------
    >>> equal_groups(np.array([[1, 2], [0, 1], [2, 4]]), "cosine")
    array([0, 1, 0])
    >>> equal_groups(np.array([[1, 2], [0, 1], [2, 4]]), "euclidean")
    """
    keys = np.concatenate([_keys(rows) for _, rows in _prepared(vectors, metric)])
    order = np.argsort(keys, kind="stable")
    is_repeated = np.zeros(len(keys), dtype=np.bool_)
    same = keys[order][1:] == keys[order][:-1]
    is_repeated[order[1:]] |= same
    is_repeated[order[:-1]] |= same
    candidates = np.flatnonzero(is_repeated)
    if metric == "cosine":
        candidates = candidates[vectors[candidates].any(axis=1)]
    if len(candidates) == 0:
        return None
    rows = np.concatenate([rows for _, rows in _prepared(vectors[candidates], metric)])
    first, number = np.unique(rows, axis=0, return_index=True, return_inverse=True)[1:]
    if len(first) == len(candidates):  # different vectors of one key
        return None
    leader = np.arange(len(vectors))
    leader[candidates] = candidates[first][number.ravel()]
    groups: NDArray[np.int64] = np.unique(leader, return_inverse=True)[1]
    return groups


def _prepared(vectors: NDArray[Any], metric: str) -> Any:
    """Yield pieces of the vectors as they are compared: directions in float32 by cosine, as the search has them."""
    for first, last in pieces(len(vectors), VECTORS_AT_ONCE):
        rows = vectors[first:last] + 0.0  # turns -0.0 into 0.0, and whole numbers into floats
        if metric == "cosine":
            largest = np.abs(rows).max(axis=1, keepdims=True)
            rows = np.divide(rows, largest, out=np.zeros(rows.shape), where=largest > 0)
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
            rows = np.divide(rows, norms, out=rows, where=norms > 0).astype(np.float32) + np.float32(0)
        yield first, rows


def _keys(rows: NDArray[Any]) -> NDArray[np.uint64]:
    """Return a number for each row that is the same for equal rows, and almost never for others."""
    bits = np.ascontiguousarray(rows, dtype=np.float64).view(np.uint64)
    factors = np.random.default_rng(0).integers(1, 2**63, rows.shape[1], dtype=np.uint64) | np.uint64(1)
    mixed = (bits ^ (bits >> np.uint64(29))) * factors
    keys: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).sum(axis=1, dtype=np.uint64)
    return keys


def spread_neighbors(neighbors: Neighbors, groups: NDArray[np.int64]) -> Neighbors:
    """Choose others among equal vectors that are more than the neighbours of each: such that the choice is mutual."""
    width = neighbors.indices.shape[1]
    indices, distances = neighbors.indices.copy(), neighbors.distances.copy()
    sizes = np.bincount(groups)
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(sizes)[:-1])
    for group in np.flatnonzero(sizes > width + 1):
        rows = members[group]
        if not (groups[indices[rows]] == group).all() or (indices[rows] < 0).any():
            continue  # others are as near or nearer
        chosen = chosen_mutually(len(rows), width)
        distances[rows] = np.where(chosen < 0, np.inf, distances[rows].max())
        indices[rows] = np.where(chosen < 0, -1, rows[chosen])
    return Neighbors(indices, distances)


def chosen_mutually(size: int, count: int) -> NDArray[np.int64]:
    """Choose up to `count` of so many points for each of them, such that i chooses j if j chooses i; -1 is none.

    The points are in random circles, in which each chooses the points beside it: a walk over such links mixes as fast
    as it can, so that there are no modules among equal vectors. If `count` is odd, the last choice goes one way.

    Examples
    --------
    >>> chosen_mutually(5, 2).tolist()
    [[1, 4], [2, 0], [3, 1], [4, 2], [0, 3]]
    """
    random = np.random.default_rng(size)
    chosen = np.empty((size, count + 1), dtype=np.int64)
    for column in range(0, count, 2):
        circle = random.permutation(size) if column else np.arange(size)
        chosen[circle, column], chosen[circle, column + 1] = np.roll(circle, -1), np.roll(circle, 1)
    chosen = chosen[:, :count]
    order = np.argsort(chosen, axis=1, kind="stable")
    ordered = np.take_along_axis(chosen, order, axis=1)
    is_again = np.zeros(chosen.shape, dtype=np.bool_)
    np.put_along_axis(is_again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    order = np.argsort(is_again, axis=1, kind="stable")  # none comes last
    return np.take_along_axis(np.where(is_again, -1, chosen), order, axis=1)


def with_equals_linked(graph: scipy.sparse.csr_array, groups: NDArray[np.int64]) -> scipy.sparse.csr_array:
    """Link each vector to the next that equals it, unless they are linked, as strongly as either is to any other."""
    order = np.argsort(groups, kind="stable")
    follows = groups[order][1:] == groups[order][:-1]
    tails, heads = order[:-1][follows], order[1:][follows]
    matrix = graph.tocsr()
    heaviest = matrix.max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(matrix.shape[0])
    weights = np.maximum(heaviest[tails], heaviest[heads])
    weights[weights == 0] = heaviest.max(initial=0) or 1.0
    links = scipy.sparse.coo_array(
        (np.tile(weights, 2), (np.append(tails, heads), np.append(heads, tails))), shape=matrix.shape
    ).tocsr()
    links = links - links * (matrix != 0)  # links that exist keep their weights
    joined = (matrix + links).tocsr()
    joined.eliminate_zeros()
    joined.sort_indices()
    return joined

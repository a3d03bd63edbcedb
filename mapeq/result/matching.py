"""Modules of one partition matched with those of another, by the flow they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray

#: The weight of nodes without flow, as a fraction of the least flow: they count only among themselves.
TINY = 1e-9

#: Two modules hang together if nodes of both are in one module with more than this probability.
TOGETHER = 0.1


class Together(NamedTuple):
    """Two modules that hang together.

    Examples
    --------
    >>> from mapeq.result.matching import Together
    >>> Together(1, 3, 0.25)
    Together(module=1, other=3, share=0.25)
    """

    module: int  #: number of a module, from 1
    other: int  #: number of another one, larger
    share: float  #: probability that a node of one and a node of the other, drawn by flow, are in one module


class Match(NamedTuple):
    """The modules of a partition, each with the most similar module of another one.

    Attributes
    ----------
    jaccard : float64 array of shape (m,)
        Jaccard index with that module; NaN for modules none of whose nodes the other partition has.
    nodes : float64 array of shape (n,)
        1 for nodes in the module matched with their own, 0 for others, NaN for nodes that the other partition lacks.
    """

    jaccard: FloatArray
    nodes: FloatArray


def weights_of(flow: FloatArray) -> FloatArray:
    """Return the flow of nodes as weights above 0.

    Examples
    --------
    >>> weights_of(np.array([0.5, 0.5, 0.0]))
    array([5.e-01, 5.e-01, 5.e-10])
    """
    least = float(flow[flow > 0].min(initial=1.0))
    return np.where(flow > 0, flow, TINY * least)


def matched(labels: IntArray, other: IntArray, weights: FloatArray) -> Match:
    """Match each module with the most similar one of another partition.

    The Jaccard index of two modules is the weight of the nodes that both have, divided by that of the nodes that at
    least one has. Of equally similar modules the first is taken. Nodes that the other partition lacks are left out.

    Parameters
    ----------
    labels, other : integer arrays of shape (n,)
        Module of each node, from 0; in `other`, -1 for nodes that it lacks.
    weights : float64 array of shape (n,)
        All above 0.

    Examples
    --------
    >>> matched(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.ones(4))
    Match(jaccard=array([0.66666667, 0.5       ]), nodes=array([1., 1., 0., 1.]))
    """
    here = np.flatnonzero(other >= 0)
    rows, columns, _, index = _overlaps(labels[here], other[here], weights[here])
    order = np.lexsort((columns, -index, rows))
    first = order[np.unique(rows[order], return_index=True)[1]]
    num_modules = int(labels.max(initial=-1)) + 1
    jaccard, partner = np.full(num_modules, np.nan), np.full(num_modules, -1)
    jaccard[rows[first]], partner[rows[first]] = index[first], columns[first]
    nodes = np.full(len(labels), np.nan)
    nodes[here] = partner[labels[here]] == other[here]
    return Match(jaccard, nodes)


def distance(one: IntArray, other: IntArray, weights: FloatArray) -> float:
    """Return the distance of two partitions: 0 if they are equal, less than 1 otherwise.

    One less the mean Jaccard index of modules and the most similar ones of the other partition, weighted by the flow of
    the modules, over both directions (Calatayud et al. 2019). Nodes that either lacks (-1) are left out.

    Examples
    --------
    >>> distance(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.ones(4))
    0.0
    >>> distance(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), np.ones(4))
    0.5
    """
    here = np.flatnonzero((one >= 0) & (other >= 0))
    rows, columns, shared, index = _overlaps(one[here], other[here], weights[here])
    total = float(weights[here].sum())
    if not total:
        return 0.0
    similar = 0.0
    for modules in (rows, columns):
        best, size = np.zeros((2, int(modules.max()) + 1))
        np.maximum.at(best, modules, index)
        np.add.at(size, modules, shared)
        similar += float(best @ size) / total / 2
    return max(1.0 - similar, 0.0)


def mixed(labels: IntArray, other: IntArray, weights: FloatArray) -> scipy.sparse.csr_array:
    """Return how probably nodes of two modules, drawn by their weights, are together in another partition.

    Examples
    --------
    >>> mixed(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), np.ones(4)).toarray()
    array([[1. , 0.5],
           [0.5, 0.5]])
    """
    here = np.flatnonzero(other >= 0)
    rows, columns, shared, _ = _overlaps(labels[here], other[here], weights[here])
    num_modules = int(labels.max(initial=-1)) + 1
    size = np.bincount(rows, shared, minlength=num_modules)
    shape = (num_modules, int(other.max(initial=-1)) + 1)
    shares = scipy.sparse.csr_array((shared / size[rows], (rows, columns)), shape=shape)
    return (shares @ shares.T).tocsr()


def pairs_together(labels: IntArray, partitions: Iterable[IntArray], weights: FloatArray) -> tuple[Together, ...]:
    """Return the pairs of modules that hang together in other partitions, most often together first.

    Examples
    --------
    >>> pairs_together(np.array([0, 0, 1, 1]), [np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])], np.ones(4))
    (Together(module=1, other=2, share=0.25),)
    """
    number = int(labels.max(initial=-1)) + 1
    shares, count = scipy.sparse.csr_array((number, number)), 0
    for other in partitions:
        shares, count = shares + mixed(labels, other, weights), count + 1
    upper = scipy.sparse.triu(shares / max(count, 1), 1).tocoo()
    pairs = zip(upper.row.tolist(), upper.col.tolist(), upper.data.tolist(), strict=True)
    found = [Together(one + 1, other + 1, share) for one, other, share in pairs if share > TOGETHER]
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.module, pair.other)))


def _overlaps(
    one: IntArray, other: IntArray, weights: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray]:
    """The pairs of modules that share nodes: module of each partition, weight they share, and Jaccard index.

    All sums are over nodes in the same order, so that the index of equal modules is 1 to the last digit.
    """
    width = int(other.max(initial=0)) + 1
    pairs, position = np.unique(one.astype(np.int64) * width + other, return_inverse=True)
    rows, columns = pairs // width, pairs % width
    shared = np.asarray(np.bincount(position, weights, minlength=len(pairs)), dtype=np.float64)
    union = np.bincount(one, weights)[rows] + np.bincount(other, weights)[columns] - shared
    return rows, columns, shared, shared / union

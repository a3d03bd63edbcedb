"""Matrices that are symmetric up to rounding errors, as products and quotients of symmetric matrices are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, is_constant, is_symmetric, without_repetition

if TYPE_CHECKING:
    import scipy.sparse

    from mapeq.network.network import Network

#: Largest rounding errors, as fractions of the heaviest link of a node, of weights in float64 and in float32.
ROUNDING, ROUNDING_FLOAT32 = 1e-12, 1e-6


def mirrored(network: Network, rounding: float = ROUNDING) -> Network | None:
    """Return the undirected network with the same matrix if it is symmetric up to rounding errors, else None.

    Examples
    --------
    >>> from mapeq import Network
    >>> mirrored(Network.from_edges([0, 1], [1, 0], directed=True))
    <mapeq.Network: 2 nodes, 1 link, undirected>
    """
    if is_symmetric(network.rows):
        return replace(network, directed=False)
    mean = None if is_constant(network.weights) else made_symmetric(network.matrix(), rounding)
    if mean is None:
        return None
    indptr, indices = np.asarray(mean.indptr, np.int64), np.asarray(mean.indices, network.indices.dtype)
    weights = without_repetition(np.asarray(mean.data))
    return replace(network, indptr=indptr, indices=indices, weights=weights, directed=False, num_given=None)


def made_symmetric(matrix: scipy.sparse.csr_array, rounding: float = ROUNDING) -> scipy.sparse.csr_array | None:
    """Return the mean of a matrix and its transpose if they differ by rounding errors only, else None.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of shape (n, n), float64, weights of 0 or more
    rounding : float
        The weights of the two directions of a pair may differ by this fraction of the heaviest link of either node,
        whichever is less. Such a difference does not change where a walk goes.

    Examples
    --------
    >>> import scipy.sparse
    >>> made_symmetric(scipy.sparse.csr_array([[0, 2.0], [np.nextafter(2.0, 3.0), 0]])).toarray().tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    >>> made_symmetric(scipy.sparse.csr_array([[0, 2.0], [2.1, 0]]))
    """
    size = matrix.shape[0]
    halves = matrix * 0.5  # so that sums do not overflow
    out, into = np.asarray(halves.sum(axis=1)), np.bincount(matrix.indices, halves.data, minlength=size)
    if np.any(np.abs(out - into) > 4 * size * rounding * np.maximum(out, into)):  # most directed networks end here
        return None
    back = halves.T.tocsr()
    heaviest = np.maximum(_row_maxima(halves), _row_maxima(back))
    differences = abs(halves - back).tocoo()
    allowed = rounding * np.minimum(heaviest[differences.row], heaviest[differences.col])
    if np.any(differences.data > allowed):
        return None
    mean = (halves + back).tocsr()
    mean.eliminate_zeros()
    mean.sort_indices()
    return mean


def _row_maxima(matrix: scipy.sparse.csr_array) -> FloatArray:
    maxima = np.zeros(matrix.shape[0])
    is_filled = np.diff(matrix.indptr) > 0
    if is_filled.any():
        maxima[is_filled] = np.maximum.reduceat(matrix.data, matrix.indptr[:-1][is_filled])
    return maxima

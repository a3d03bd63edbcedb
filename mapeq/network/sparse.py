"""Networks from SciPy's sparse matrices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mapeq._base.csr import CSR, index_dtype, without_repetition
from mapeq._base.errors import NetworkError
from mapeq.network.labels import checked_labels
from mapeq.network.symmetry import ROUNDING, ROUNDING_FLOAT32, mirrored
from mapeq.network.weights import bad_weight, checked_node_weights, first_bad_weight

if TYPE_CHECKING:
    from mapeq.network.labels import Labels
    from mapeq.network.network import Network


def check_sparse(matrix: Any) -> None:
    """Raise if it is not a SciPy sparse matrix of real numbers with two axes."""
    if not hasattr(matrix, "tocsr"):
        raise TypeError(f"a {type(matrix).__name__} is not a SciPy sparse matrix; scipy.sparse.csr_array makes one")
    if matrix.dtype.kind == "c":
        raise NetworkError("link weights must be real, not complex")
    if matrix.ndim != 2:
        raise NetworkError(f"the matrix of a network must be square, not of shape {matrix.shape}")


def checked_rows(matrix: Any, labels: Labels) -> CSR:
    """Return the rows of a square matrix without explicit zeros and duplicate entries, not copied if there are none.

    Raises
    ------
    NetworkError
        If a weight is negative, NaN or infinite.
    """
    rows = matrix.tocsr()
    data = np.asarray(rows.data, dtype=np.float64)
    k = first_bad_weight(data)
    if k is not None:
        i = int(np.searchsorted(rows.indptr, k, side="right")) - 1
        raise bad_weight(data[k], f"the link {labels[i]!s} - {labels[rows.indices[k]]!s}")
    if not (rows.has_canonical_format and data.all()):
        rows = rows.copy()
        rows.sum_duplicates()
        rows.eliminate_zeros()
        data = np.asarray(rows.data, dtype=np.float64)
    indptr = np.asarray(rows.indptr, dtype=np.int64)
    return CSR(indptr, np.asarray(rows.indices, dtype=index_dtype(len(labels))), without_repetition(data))


def both_sides(matrix: Any) -> Any:
    """Return the square matrix of a bipartite network whose links lead from rows to columns, which follow the rows."""
    import scipy.sparse

    num_rows, num_columns = matrix.shape
    links = matrix.tocoo()
    size = num_rows + num_columns
    return scipy.sparse.coo_array((links.data, (links.row, links.col + np.int64(num_rows))), shape=(size, size))


def from_csr(
    cls: type[Network],
    matrix: Any,
    *,
    directed: bool | None = None,
    labels: Sequence[Hashable] | NDArray[Any] | None = None,
    node_weights: ArrayLike | None = None,
) -> Network:
    """Build a network from a square sparse matrix in which ``A[i, j]`` is the weight of the link i -> j.

    A rectangular matrix is a bipartite network: rows are primary nodes, columns secondary ones, which follow them.
    A CSR matrix of float64 and int32 without explicit zeros or duplicate entries is used without copying its links.

    Parameters
    ----------
    matrix : scipy.sparse matrix or array of shape (n, n) or (n, m), any format
    directed : bool, optional
        By default, a symmetric matrix is undirected, with ``A[i, j]`` as the weight of a pair, and any other is
        directed. False sums the two directions of each pair if the matrix is not symmetric. Symmetric up to
        rounding errors is symmetric, with the mean of ``A[i, j]`` and ``A[j, i]``: they may differ by 1e-12 of the
        heaviest link of either node (1e-6 in a float32 matrix).
    labels, node_weights : as in :meth:`from_edges`

    Returns
    -------
    Network

    Raises
    ------
    TypeError
        If the matrix is not a SciPy sparse matrix.
    NetworkError
        If the matrix is complex, or as in :meth:`from_edges`.

    Examples
    --------
    >>> import scipy.sparse
    >>> import mapeq
    >>> mapeq.Network.from_csr(scipy.sparse.csr_array([[0, 2.0], [2.0, 0]]))
    <mapeq.Network: 2 nodes, 1 link, undirected>
    """
    check_sparse(matrix)
    is_bipartite = matrix.shape[0] != matrix.shape[1]
    names = checked_labels(labels, sum(matrix.shape) if is_bipartite else matrix.shape[0])
    weights = checked_node_weights(node_weights, names)
    network = cls(*checked_rows(both_sides(matrix) if is_bipartite else matrix, names), True, names, weights)
    if is_bipartite:
        network = network.with_sides(np.arange(len(names)) >= matrix.shape[0])
        return network if directed else network.undirected()
    if directed:
        return network
    is_single = np.dtype(matrix.dtype) in (np.float16, np.float32)
    undirected = mirrored(network, ROUNDING_FLOAT32 if is_single else ROUNDING)
    if undirected is not None:
        return undirected
    return network if directed is None else network.undirected()

"""Check SciPy sparse matrices that hold networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.csr import CSR, index_dtype, without_repetition
from mapeq._base.errors import NetworkError
from mapeq.network.weights import bad_weight, first_bad_weight

if TYPE_CHECKING:
    from mapeq.network.labels import Labels


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

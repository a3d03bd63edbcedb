"""Sums over the links of each node, by all threads if there are many links."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import CSR, ONE, FloatArray, constant, is_constant, read_only, row_sums, unsigned
from mapeq._base.jit import jit
from mapeq._base.team import barrier, num_chunks, ticket
from mapeq._base.threads import Threads, are_many

#: Threads take so many rows at a time.
ROWS = np.uint64(1024)


def strengths_of(rows: CSR, threads: Threads, scale: float = 1.0) -> FloatArray:
    """Return the sum of each row, every weight times a scale, which is how kernels sum up flow."""
    if is_constant(rows.weights):
        return row_sums(rows.indptr, constant(rows.weights[0] * scale, len(rows.weights)))
    if not are_many(len(rows.indices)):
        return row_sums(rows.indptr, rows.weights * scale)
    sums = np.empty(len(rows.indptr) - 1)
    threads.together(_sum_rows, *_arguments(rows), scale, sums)
    return sums


def _arguments(rows: CSR) -> tuple[object, FloatArray]:
    return read_only(unsigned(rows.indptr)), read_only(np.ascontiguousarray(rows.weights))


@jit
def _sum_rows(team, indptr, weights, scale, sums):
    """Write the sum of each row, every weight times a scale."""
    rows = np.uint64(len(sums))
    chunk = ticket(team)
    while chunk < num_chunks(rows, ROWS):
        for i in range(chunk * ROWS, min((chunk + ONE) * ROWS, rows)):
            total = 0.0
            for k in range(indptr[i], indptr[i + ONE]):
                total += weights[k] * scale
            sums[i] = total
        chunk = ticket(team)
    barrier(team)

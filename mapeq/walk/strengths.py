"""Sums over the links of each node, and links scaled to flow, by all threads if there are many links."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import CSR, ONE, FloatArray, constant, is_constant, read_only, row_sums, unsigned
from mapeq._base.jit import jit
from mapeq._base.storage import Storage
from mapeq._base.team import barrier, num_chunks, ticket
from mapeq._base.threads import Threads, are_many

#: Threads take so many rows at a time.
ROWS = np.uint64(1024)


def strengths_of(rows: CSR, threads: Threads) -> FloatArray:
    """Return the sum of each row."""
    if is_constant(rows.weights) or not are_many(len(rows.indices)):
        return row_sums(rows.indptr, rows.weights)
    sums = np.empty(len(rows.indptr) - 1)
    threads.together(_scale_rows, *_arguments(rows), 1.0, 1.0, np.empty(0), sums)
    return sums


def scaled(rows: CSR, whole: float, scale: float, threads: Threads, storage: Storage) -> tuple[FloatArray, FloatArray]:
    """Return the weights as parts of the whole, times a factor, in a storage; and the sum of each row of these."""
    if is_constant(rows.weights):
        flow = constant(rows.weights[0] / whole * scale, len(rows.weights))
        return flow, row_sums(rows.indptr, flow)
    if not are_many(len(rows.indices)):
        flow = rows.weights / whole * scale
        return flow, row_sums(rows.indptr, flow)
    weights, sums = storage.empty(len(rows.weights), np.float64), np.empty(len(rows.indptr) - 1)
    threads.together(_scale_rows, *_arguments(rows), whole, scale, weights, sums)
    return weights, sums


def _arguments(rows: CSR) -> tuple[object, FloatArray]:
    return read_only(unsigned(rows.indptr)), read_only(np.ascontiguousarray(rows.weights))


@jit
def _scale_rows(team, indptr, weights, whole, scale, scaled, sums):
    """Write the weights over a whole, times a factor, to `scaled` unless it is empty; and their sums, row by row."""
    rows, keep = np.uint64(len(sums)), len(scaled) > 0
    chunk = ticket(team)
    while chunk < num_chunks(rows, ROWS):
        for i in range(chunk * ROWS, min((chunk + ONE) * ROWS, rows)):
            total = 0.0
            for k in range(indptr[i], indptr[i + ONE]):
                weight = weights[k] / whole * scale
                total += weight
                if keep:
                    scaled[k] = weight
            sums[i] = total
        chunk = ticket(team)
    barrier(team)

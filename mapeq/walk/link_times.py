"""Markov times of links: longer where the walk is spread thin, so that sparse and dense modules show at once.

The time of a node is the largest scale of all nodes over its own: it grows where the effective degree is small. That of
a link from a node is the node's, that of an undirected link the shorter one of its two ends.
"""

# Kernels carry no annotations: their docstrings give shapes and dtypes, Numba infers the rest.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

from __future__ import annotations

import math

import numpy as np

from mapeq._base.csr import CSR, ONE, FloatArray, for_kernels
from mapeq._base.jit import jit
from mapeq._base.storage import Storage
from mapeq._base.team import barrier, num_chunks, ticket
from mapeq._base.threads import Threads
from mapeq.walk.options import WalkOptions

#: Threads take so many rows at a time.
ROWS = np.uint64(1024)


def node_times(visits: FloatArray, num_ends: int, options: WalkOptions) -> FloatArray:
    """The Markov time of the links from each node, at least 1.

    With the effective degree ``k = p * K``, `p` the visit rate and `K` the number of ends of all links, and damping
    `d`, the scale of a node is ::

        g(k) = (1 - d)**2 * (1 + T) + (1 - (1 - d)**2) * T / ln(2),    T = (k**(1 - d) - 1) / (1 - d)

    from ``g = k`` without damping to ``g = log2(k)`` with full damping, but never below the minimum.

    Parameters
    ----------
    visits : float64 array of shape (n,)
    num_ends : int
        2 for each link and 1 for each self-link, whatever their weights.
    options : WalkOptions

    Returns
    -------
    float64 array of shape (n,)

    References
    ----------
    Edler, Holmgren & Rosvall, The map equation with variable Markov time, arXiv:2211.04287.
    """
    degrees, undamped = visits * num_ends, 1 - options.variable_markov_damping
    visited = degrees > 0
    logarithms = np.log(degrees[visited])
    transformed = np.expm1(undamped * logarithms) / undamped if undamped else logarithms
    part = undamped**2
    scales = np.full(len(visits), float(options.variable_markov_min_scale))
    own = part * (1 + transformed) + (1 - part) * transformed / math.log(2)
    scales[visited] = np.maximum(scales[visited], own)
    times: FloatArray = scales.max(initial=options.variable_markov_min_scale) / scales
    return times


def with_times(
    rows: CSR, scale: float, times: FloatArray, threads: Threads, storage: Storage
) -> tuple[CSR, FloatArray]:
    """Undirected links with flow, their weights times a scale and the shorter time of their ends; and row sums."""
    flow, sums = storage.empty(len(rows.indices), np.float64), np.empty(len(times))
    threads.together(_scale_links, for_kernels(rows), scale, times, flow, sums)
    return rows._replace(weights=flow), sums


@jit
def _scale_links(team, links, scale, times, flow, sums):
    rows = np.uint64(len(sums))
    chunk = ticket(team)
    while chunk < num_chunks(rows, ROWS):
        for i in range(chunk * ROWS, min((chunk + ONE) * ROWS, rows)):
            total = 0.0
            for k in range(links.indptr[i], links.indptr[i + ONE]):
                scaled = links.weights[k * links.stride] * scale * min(times[i], times[links.indices[k]])
                flow[k] = scaled
                total += scaled
            sums[i] = total
        chunk = ticket(team)
    barrier(team)

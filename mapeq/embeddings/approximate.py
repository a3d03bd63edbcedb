"""The approximate search for nearest neighbours: faiss's inverted file, with an exact measurement at the end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from mapeq._base.csr import pieces
from mapeq._base.optional import require
from mapeq._base.threads import Threads
from mapeq.embeddings.scoring import Nearest, Points, Scoring, measure

#: Minimum number of vectors per cell of the approximate search; below it, faiss warns.
VECTORS_PER_CELL = 39

#: Fraction of the cells that the approximate search visits, and their minimum number.
FRACTION_OF_CELLS, MIN_CELLS = 1 / 32, 16

#: Queries at a time.
QUERIES_AT_ONCE = 16_384


def load_faiss(num_vectors: int, limit: int | None) -> Any:
    """Import the library of the approximate search, which is the default above a limit, or requested without one."""
    try:
        return require("faiss", extra="ann")
    except ImportError as error:
        if limit is None:
            raise
        raise ImportError(
            f"the approximate search for more than {limit:,} vectors (here {num_vectors:,}) needs faiss: "
            "pip install 'mapeq[ann]', or use algorithm='exact', whose time is quadratic",
            name="faiss",
        ) from error


def search_approximately(
    faiss: Any, points: Points, queries: Points, scoring: Scoring, found: Nearest, threads: Threads
) -> Iterator[float]:
    """Find most of the nearest points of each query: those in nearby cells.

    Parameters
    ----------
    faiss : module
    points, queries, scoring, found, threads
        See :func:`mapeq.embeddings.exact.search_exactly`.
    """
    are_same = queries is points
    has_direction = ~np.isnan(points.rough[:, 0])
    numbers = np.flatnonzero(has_direction)
    rough = points.rough if has_direction.all() else points.rough[has_direction]
    metric = faiss.METRIC_L2 if scoring.by_distance else faiss.METRIC_INNER_PRODUCT
    if len(rough) == 0:
        return
    num_cells = max(min(int(4 * np.sqrt(len(rough))), len(rough) // VECTORS_PER_CELL), 1)
    cells = faiss.IndexFlat(rough.shape[1], metric)
    index = faiss.IndexIVFFlat(cells, rough.shape[1], num_cells, metric)
    index.nprobe = max(MIN_CELLS, int(num_cells * FRACTION_OF_CELLS))
    threads_before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads.num_threads)
    try:
        index.train(rough)
        index.add(rough)
        for first, last in pieces(len(queries.rough), QUERIES_AT_ONCE):
            some = queries.rough[first:last]
            near = index.search(np.nan_to_num(some), found.indices.shape[1] + are_same)[1]
            near = np.where((near < 0) | np.isnan(some[:, :1]), -1, numbers[near])
            own = np.arange(first, last) if are_same else np.full(last - first, -1)
            best = Nearest(found.indices[first:last], found.scores[first:last])
            work = partial(measure, points.exact, queries.exact[first:last], near, own, scoring, best)
            threads.run(work, threads.parts(last - first, near.size))
            yield last / len(queries.rough)
    finally:
        faiss.omp_set_num_threads(threads_before)

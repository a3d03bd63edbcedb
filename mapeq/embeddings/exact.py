"""The exact search for nearest neighbours, on all threads.

Blocks of vectors are multiplied in float32, which bounds the score of each pair. Only pairs that may be among the
nearest are measured in float64. Pairs may be met in any order, see :func:`mapeq.embeddings.scoring.insert`, so that
neither the number of threads nor the rounding of products matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, pieces, read_only
from mapeq._base.jit import inlined, jit, step
from mapeq._base.team import ZERO, barrier, ticket
from mapeq._base.threads import Threads
from mapeq.embeddings.products import COLUMNS, ROWS, multiply
from mapeq.embeddings.scoring import Nearest, Points, Scoring, bar_of, insert, score_of, shares_of

#: Maximum number of vectors of a block.
BLOCK = 384

#: Numbers in the transposed columns that a thread multiplies at a time: they stay in the processor's own cache.
PANEL_NUMBERS = 65_536

#: Multiplications by each thread, or points and queries, before the search says how far it is: some hundredths of a
#: second. Starting all threads takes up to a thousandth.
MULTIPLICATIONS_AT_ONCE = 2_000_000_000
POINTS_AT_ONCE, QUERIES_AT_ONCE = 4096, 65_536

#: Fewer multiplications than this are not worth waking another thread for.
WORTH_SHARING = 5_000_000

_ROWS, _COLUMNS = np.uint64(ROWS), np.uint64(COLUMNS)
_INFINITY = np.float32(np.inf)


class _State(NamedTuple):
    """State of an exact search for the kernels; n points and m queries.

    Attributes
    ----------
    rough, rough_queries : float32 arrays of shape (n, d) and (m, d)
    points, queries : read-only float32 or float64 arrays of shape (n, d) and (m, d)
    shares, query_shares : read-only float32 arrays of shape (n,) and (m,)
    scoring : Scoring
    found : Nearest
    bars : float32 array of shape (m,)
        Of the queries; they rise with the worst score that is kept.
    are_same : bool
        Whether queries and points are the same vectors, none of which is its own neighbour.
    """

    rough: NDArray[np.float32]
    rough_queries: NDArray[np.float32]
    points: NDArray[np.floating[Any]]
    queries: NDArray[np.floating[Any]]
    shares: NDArray[np.float32]
    query_shares: NDArray[np.float32]
    scoring: Scoring
    found: Nearest
    bars: NDArray[np.float32]
    are_same: bool


class _Desk(NamedTuple):
    """Memory of a thread, see :func:`mapeq.embeddings.products.multiply`.

    Attributes
    ----------
    row_limits : float32 array of shape (2, ROWS)
    products : float32 array of shape (ROWS, COLUMNS)
    rows : float32 array of shape (ROWS, d)
        The last rows of a block, if they are fewer than ROWS.
    column_limits : float32 array of shape (p, 2, COLUMNS)
    panels : float32 array of shape (p, d, COLUMNS)
    """

    row_limits: NDArray[np.float32]
    products: NDArray[np.float32]
    rows: NDArray[np.float32]
    column_limits: NDArray[np.float32]
    panels: NDArray[np.float32]

    @classmethod
    def of(cls, num_dimensions: int) -> _Desk:
        """Return memory of its own, away from that of others by more than a cache line."""
        count = max(PANEL_NUMBERS // (num_dimensions * COLUMNS), 1)
        shapes = (
            (2, ROWS),
            (ROWS, COLUMNS),
            (ROWS, num_dimensions),
            (count, 2, COLUMNS),
            (count, num_dimensions, COLUMNS),
        )
        ends = np.cumsum([32, *(int(np.prod(shape)) for shape in shapes)])
        room = np.zeros(int(ends[-1]) + 32, dtype=np.float32)
        return cls(
            *(room[end - np.prod(shape) : end].reshape(shape) for end, shape in zip(ends[1:], shapes, strict=True))
        )


def search_exactly(
    points: Points, queries: Points, scoring: Scoring, found: Nearest, threads: Threads
) -> Iterator[float]:
    """Find the nearest points of each query; yield the fraction that is done from time to time.

    Parameters
    ----------
    points, queries : Points
        The queries may be the points themselves, as the same object.
    scoring : Scoring
    found : Nearest
        Updated in place.
    threads : Threads
    """
    are_same = queries is points
    num_points, num_dimensions = points.rough.shape
    num_queries = len(queries.rough)
    shares = read_only(shares_of(points.rough, scoring.by_distance))
    query_shares = shares if are_same else read_only(shares_of(queries.rough, scoring.by_distance))
    bars = np.full(num_queries, -np.inf, dtype=np.float32)
    exact = read_only(points.exact), read_only(queries.exact)
    state = _State(points.rough, queries.rough, *exact, shares, query_shares, scoring, found, bars, are_same)
    shared = num_points * num_queries * num_dimensions >= WORTH_SHARING
    team_size = threads.num_threads if shared else 1
    desks = [_Desk.of(num_dimensions) for _ in range(team_size)]
    if are_same:
        # The games of a round are a multiple of the threads: none waits for long at the end of it.
        num_blocks = 2 * team_size * max(-(-num_points // (2 * team_size * BLOCK)), 1)
        of_a_round = num_points * num_points * num_dimensions // (2 * num_blocks)
        for first, last in pieces(num_blocks, max(team_size * MULTIPLICATIONS_AT_ONCE // max(of_a_round, 1), 1)):
            numbers = np.uint64(first), np.uint64(last), np.uint64(num_blocks)
            threads.together(_play_rounds, state, *numbers, each=desks, shared=shared)
            yield last / num_blocks
    else:
        for first, last in pieces(num_queries, QUERIES_AT_ONCE):
            size = min(max(-(-(last - first) // (4 * team_size)), COLUMNS), BLOCK)
            part = np.uint64(first), np.uint64(last), np.uint64(size)
            for start, end in pieces(num_points, POINTS_AT_ONCE):
                ends = np.uint64(start), np.uint64(end)
                threads.together(_search_piece, state, *part, *ends, each=desks, shared=shared)
                yield (first + (last - first) * end / num_points) / num_queries


@jit
def _play_rounds(team, state, first_turn, last_turn, num_blocks, desk):
    """Compare pairs of blocks of the same vectors, as in a tournament: no block is in two games of a round.

    Parameters
    ----------
    team : Team
    state : _State
    first_turn, last_turn : uint64
        Of `num_blocks` rounds, the first and, exclusively, the last to play. In round 0, blocks are compared with
        themselves; each other pair meets in one of the others.
    num_blocks : uint64, even
    desk : _Desk
    """
    count = np.uint64(len(state.rough))
    turn = first_turn
    while turn < last_turn:
        barrier(team)
        games = num_blocks if turn == ZERO else num_blocks // (ONE + ONE)
        game = ticket(team)
        while game < games:
            a, b = (game, game) if turn == ZERO else _pair(turn, game, num_blocks - ONE)
            rows = count * a // num_blocks, count * (a + ONE) // num_blocks
            columns = count * b // num_blocks, count * (b + ONE) // num_blocks
            _compare(state, rows, columns, turn != ZERO, desk)
            game = ticket(team)
        turn += ONE


@inlined
def _pair(turn, game, circle):
    """Return the two blocks of a game: one stands outside of the circle of the others, which turns at each round."""
    if game == ZERO:
        return circle, turn - ONE
    return (turn - ONE + game) % circle, (turn - ONE + circle - game) % circle


@jit
def _search_piece(team, state, first, last, size, start, end, desk):
    """Compare the points from `start` to `end` with the queries from `first` to `last`, in blocks of a `size`."""
    barrier(team)
    left = first + size * ticket(team)
    while left < last:
        _compare(state, (start, end), (left, min(left + size, last)), False, desk)
        left = first + size * ticket(team)


@step
def _compare(state, rows, columns, is_mutual, desk):
    """Find neighbours of the queries in `columns` among the points in `rows`, and the reverse, too, if `is_mutual`.

    Parameters
    ----------
    state : _State
    rows, columns : tuple of two uint64
        Their first and, exclusively, last numbers.
    is_mutual : bool
    desk : _Desk
    """
    width = np.uint64(len(desk.panels)) * _COLUMNS
    left = columns[0]
    while left < columns[1]:
        right = min(left + width, columns[1])
        num_panels = (right - left + _COLUMNS - ONE) // _COLUMNS
        _lay_out_columns(state, left, right, num_panels, desk)
        first = rows[0]
        while first < rows[1]:
            size = min(_ROWS, rows[1] - first)
            lines, line = state.rough, first
            if size < _ROWS:
                lines, line = desk.rows, ZERO
                for r in range(size):
                    for k in range(desk.rows.shape[1]):
                        desk.rows[r, k] = state.rough[first + r, k]
            for r in range(ROWS):
                is_there = np.uint64(r) < size
                desk.row_limits[0, r] = state.bars[first + np.uint64(r)] if is_mutual and is_there else _INFINITY
                desk.row_limits[1, r] = state.shares[first + np.uint64(r)] if is_there else _INFINITY
            for panel in range(num_panels):
                high = multiply(
                    lines, line, desk.panels, np.uint64(panel), desk.row_limits, desk.column_limits, desk.products
                )
                if high:
                    _look_again(state, first, left, np.uint64(panel), high, desk)
            first += _ROWS
        left = right


@inlined
def _lay_out_columns(state, left, right, num_panels, desk):
    """Transpose the queries from `left` to `right` into panels, and note what their products must exceed."""
    for panel in range(num_panels):
        lines = desk.panels[panel]
        for c in range(COLUMNS):
            j = left + np.uint64(panel) * _COLUMNS + np.uint64(c)
            if j < right:
                desk.column_limits[panel, 0, c] = state.bars[j]
                desk.column_limits[panel, 1, c] = state.query_shares[j]
                query = state.rough_queries[j]
                for k in range(len(query)):
                    lines[k, c] = query[k]
            else:
                desk.column_limits[panel, 0, c] = _INFINITY
                desk.column_limits[panel, 1, c] = _INFINITY
                lines[:, c] = 0


@step
def _look_again(state, first, left, panel, high, desk):
    """Measure the pairs whose products are high enough, among the columns of which `high` has a bit."""
    by_distance = state.scoring.by_distance
    indices, scores = state.found
    row_bars, row_shares = desk.row_limits
    column_bars, column_shares = desk.column_limits[panel]
    for c in range(COLUMNS):
        if not (high >> c) & 1:
            continue
        j = left + panel * _COLUMNS + np.uint64(c)
        for r in range(ROWS):
            product = desk.products[r, c]
            i = first + np.uint64(r)
            for_row = product > row_bars[r] + column_shares[c]
            for_column = product > column_bars[c] + row_shares[r]
            if not (for_row or for_column) or (state.are_same and i == j):
                continue
            score = score_of(state.points[i], state.queries[j], by_distance, state.scoring.factor)
            if for_row and insert(score, np.int64(j), indices[i], scores[i]):
                row_bars[r] = state.bars[i] = bar_of(scores[i, -1], state.query_shares[i], by_distance)
            if for_column and insert(score, np.int64(i), indices[j], scores[j]):
                column_bars[c] = state.bars[j] = bar_of(scores[j, -1], state.query_shares[j], by_distance)

"""Networks as matrices: Matrix Market files, SciPy's .npz files, and square tables of numbers."""

from __future__ import annotations

import io
import re
from typing import NamedTuple

import numpy as np
import scipy.io
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.errors import FormatError
from mapeq.io.columns import is_number, known_ends
from mapeq.io.files.header import fields_of, separator_of
from mapeq.io.files.reading import (
    ReadOptions,
    from_entries,
    labels_of,
    numbers_in,
    without_columns,
)
from mapeq.io.files.source import Source, reading
from mapeq.network.network import Network

#: Fewer numbers on a line may be a link with a weight; fewer labels, the header of a table.
_LEAST_SIZE = 4
_LEAST_LABELLED = 3
#: From this size on, a square of numbers is a matrix even if it is not symmetric.
_CERTAIN_SIZE = 10
#: Relative difference from the transpose up to which a matrix is symmetric.
_ROUNDING = 1e-12
#: NumPy counts rows from 0.
_ROW = re.compile(r"at row (\d+)")


def read_matrix_market(source: Source, options: ReadOptions) -> Network:
    """Read a Matrix Market file; nodes are numbered from 1: rows, or, if it is rectangular, rows and then columns."""
    what = "a Matrix Market file"
    without_columns(options, source, what)
    with reading(source.name, what):
        matrix = scipy.io.mmread(io.BytesIO(source.read_all()), spmatrix=False)
        matrix = scipy.sparse.coo_array(matrix)
        num_nodes = matrix.shape[0] if matrix.shape[0] == matrix.shape[1] else sum(matrix.shape)
        return from_entries(matrix, options, range(1, num_nodes + 1))


def read_npz(source: Source, options: ReadOptions) -> Network:
    """Read a sparse matrix that SciPy wrote; nodes are positions, from 0."""
    what = "a sparse matrix of SciPy (scipy.sparse.save_npz)"
    without_columns(options, source, what)
    with reading(source.name, what):
        matrix = scipy.sparse.load_npz(io.BytesIO(source.read_all()))
        return from_entries(matrix, options)


class _Square(NamedTuple):
    """A square of numbers, of shape (n, n), with the labels of its columns, which also name the rows or do not."""

    values: NDArray[np.float64]
    labels: list[str] | None
    has_row_names: bool


def read_matrix(source: Source, options: ReadOptions) -> Network:
    """Read a square table of numbers, with or without labels of rows and columns; an empty cell is no link."""
    without_columns(options, source, "a matrix")
    square = _square(source, is_certain=True)
    if square is None:
        raise source.error(
            "is not a square matrix: n lines of n numbers, with or without the same labels in the first line and the "
            "first column"
        )
    return _network(source, square, options)


def find_matrix(source: Source, options: ReadOptions) -> Network | None:
    """Read a file that may be a matrix or a link list; return None, at the same position, if it is no matrix.

    Raises
    ------
    FormatError
        If it may be either.
    """
    if options.columns.chosen_by_caller or (square := _square(source, is_certain=False)) is None:
        return None
    values, labels, has_row_names = square
    size = len(values)
    if has_row_names or size >= _CERTAIN_SIZE or np.allclose(values, values.T, rtol=_ROUNDING, atol=0):
        return _network(source, square, options)
    if labels is not None:
        return None
    raise source.error(
        f"{size} lines of {size} numbers may be a matrix or a list of links: use --input-format matrix or links "
        '(format="matrix" in Python)'
    )


def _network(source: Source, square: _Square, options: ReadOptions) -> Network:
    labels = None if square.labels is None else labels_of(square.labels)
    with reading(source.name, "a matrix"):
        return from_entries(scipy.sparse.coo_array(square.values), options, labels)


def _square(source: Source, *, is_certain: bool) -> _Square | None:
    """Read the file if the numbers of its lines and cells fit a square matrix.

    With `is_certain`, or if rows and columns have the same labels, it is one, and an invalid number raises.
    """
    line = source.first_line()
    separator = separator_of(line)
    names = _cells(line.decode(), separator)
    while len(names) > 1 and not names[-1]:
        names.pop()  # empty cells of spreadsheets
    least = 1 if is_certain else _LEAST_SIZE
    if all(map(is_number, names)) and not line.startswith(b'"'):
        lines = _all_lines(source, len(names)) if len(names) >= least else None
        values = None if lines is None else _numbers(source, lines, separator, is_certain)
        return None if values is None else _Square(values, None, False)
    if not is_certain and (len(names) < _LEAST_LABELLED or known_ends(names) is not None):
        return None
    for labels in (names[1:], names):
        lines = _all_lines(source, len(labels) + 1)
        if lines is not None and len(labels) > 0 and (square := _labelled(source, lines[1:], separator, labels)):
            return square
    lines = _all_lines(source, len(names) + 1) if len(names) >= least else None
    values = None if lines is None else _numbers(source, lines[1:], separator, is_certain)
    return None if values is None else _Square(values, names, False)


def _all_lines(source: Source, count: int) -> list[tuple[int, str]] | None:
    """Return all lines of a file, if it has so many."""
    lines = source.peek_lines(count + 1)
    return lines if len(lines) == count else None


def _labelled(source: Source, lines: list[tuple[int, str]], separator: bytes, labels: list[str]) -> _Square | None:
    """Read rows that begin with the labels of the columns, in any order; None if they do not."""
    gap = r"\s+" if separator == b" " else rf"\s*{re.escape(separator.decode())}"
    label = re.compile(rf'("(?:[^"]|"")*"|.*?)\s*?{gap}')
    cut = [match for _, text in lines if (match := label.match(text))]
    rows = [(_cells(match[1], separator) or [""])[0] if match[1] else "" for match in cut]
    if len(cut) < len(lines) or sorted(rows) != sorted(labels) or len(set(labels)) < len(labels):
        return None
    rest = [(number, text[match.end() :]) for (number, text), match in zip(lines, cut, strict=True)]
    values = _numbers(source, rest, separator, is_certain=True)
    position = {name: row for row, name in enumerate(rows)}
    return None if values is None else _Square(values[[position[name] for name in labels]], labels, True)


def _numbers(
    source: Source, lines: list[tuple[int, str]], separator: bytes, is_certain: bool
) -> NDArray[np.float64] | None:
    """Return the numbers of n lines of n numbers; None if there are more or fewer.

    Raises
    ------
    FormatError
        If a cell is not a number and the caller `is_certain` that it must be one.
    """
    delimiter = separator.decode()
    texts = [filled for _, text in lines if (filled := _filled(text, delimiter, len(lines))) is not None]
    if len(texts) < len(lines):
        return None
    values = numbers_in(delimiter.join(texts), delimiter, len(texts) ** 2)
    if values is not None:
        return values.reshape(len(texts), -1)
    try:
        return np.loadtxt(texts, np.float64, None, None if separator == b" " else delimiter, ndmin=2)
    except ValueError as error:
        if not is_certain:
            return None
        row = _ROW.search(str(error))
        number = None if row is None else lines[int(row[1])][0]
        what = str(error).partition(" at row")[0]
        raise FormatError(f"a matrix must hold numbers: {what}", file=source.name, line=number) from error


def _filled(text: str, delimiter: str, width: int) -> str | None:
    """Return a line of `width` cells, with 0 in empty ones; None if it has more or fewer."""
    if delimiter == " ":
        return text if len(text.split()) == width else None
    excess = text.count(delimiter) + 1 - width
    if excess == 0 and 2 * delimiter not in text and text[:1] != delimiter and text.rstrip()[-1:] != delimiter:
        return text
    cells = text.split(delimiter)
    if excess < 0 or any(cell.strip() for cell in cells[width:]):
        return None
    return delimiter.join(cell if cell.strip() else "0" for cell in cells[:width])


def _cells(line: str, separator: bytes) -> list[str]:
    """Return the cells of a line; none if a quote is not closed."""
    return [] if line.count('"') % 2 else fields_of(line.encode(), separator)

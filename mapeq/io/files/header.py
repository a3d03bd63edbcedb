"""What the first lines of a link list say: whether there is a header, and in which columns the links are."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq._base.notes import note
from mapeq.io.columns import (
    ColumnChoice,
    Columns,
    ends_of_records,
    find_columns,
    is_number,
    is_weight,
    known_ends,
)
from mapeq.io.files._scan import Cells
from mapeq.io.files.source import Source
from mapeq.network.blocks import Rows

#: Separators of table cells; if the first line has none of these, cells are separated by spaces.
_SEPARATORS = (b"\t", b",", b";")
_FIELD = re.compile(r'"(?:[^"]|"")*"|\S+')

ADVICE = (
    "if this line is a header, name its columns source, target and weight, or choose columns "
    "(--source, --target and --weight on the command line); if it is a link, quote labels with spaces"
)

_MATRIX = (
    "an adjacency matrix has the same labels, in any order, in its first line and its first column; a list of links "
    "needs columns of source and target (--source and --target on the command line)"
)

#: A first line of more bytes is neither a link nor a header.
_LONGEST = 1 << 20

#: Number of lines that show whether there are names of rows.
_FEW_LINES = 5


class Header(NamedTuple):
    """What the first lines say.

    Attributes
    ----------
    cells : Cells or None
        Where a table's cells are; None for a plain list.
    is_there : bool
        Whether there is a header.
    names_weight : bool
        Whether it or the caller names the column of the weights.
    """

    cells: Cells | None
    is_there: bool
    names_weight: bool


def read_header(text: Source, columns: ColumnChoice, is_table: bool) -> Header:
    """Find out what the first lines say, and skip the header if there is one.

    Raises
    ------
    FormatError
        If a chosen column is missing, or it is not clear which columns hold the links.
    """
    line = text.first_line()
    place, chosen = text.position, columns.chosen_by_caller
    if len(line) > _LONGEST:
        raise text.error(f"a line of {len(line):,} bytes is no link", place)
    separator = separator_of(line)
    try:
        names = fields_of(line, separator)
        ends = _named_ends(names, separator)
        has_names = any(isinstance(name, str) for name in chosen) or _is_text(names, columns.weight)
        has_header = ends is not None or has_names
        if line.startswith((b",", b";")) and not has_header and len(names) > 3:
            raise NetworkError(f"the first cell is empty: {_MATRIX}")
        lines = [row for _, row in text.peek_lines(1 + _FEW_LINES)[1:]]
        shift = int(has_header and _has_row_names(lines, names, separator))
        row = fields_of(lines[0].encode(), separator)[shift:] if lines else []

        def is_numeric(place: int) -> bool:
            return place < len(row) and is_number(row[place])

        # Unless a header says otherwise, the first two columns are the ends of links, and the third is the weight.
        is_usual = ends == (0, 1) and (len(names) == 2 or (len(names) == 3 and (is_weight(names[2]) or is_numeric(2))))
        found = None
        if has_header and (chosen or shift or not is_usual):
            found = find_columns(names, columns, is_numeric)
        elif chosen:
            found = find_columns(range(len(names)), _by_position(columns), is_numeric)
    except NetworkError as error:
        raise text.error(str(error), place) from error
    if has_header:
        text.skip_line()
    cells = None if found is None else _cells(separator, found, shift)
    is_list = cells is None and separator != b" "
    if is_list and (
        separator in text.first_line() if has_header else is_table or (separator == b";" and len(line.split()) == 1)
    ):
        # A third cell is the weight even if the header does not name it.
        cells = _cells(separator, Columns(0, 1, None if columns.weight is None else 2, None))
    names_weight = len(names) == 3 and is_usual if found is None else found.weight is not None
    return Header(cells, has_header, names_weight)


def _named_ends(names: list[str], separator: bytes) -> tuple[int, int] | None:
    """Return the positions of link ends if the first line holds names that say so."""
    if any(map(is_number, names)):
        return None
    ends = known_ends(names)
    # Two labels may end in _l and _r, too.
    return ends if ends or separator == b" " or len(names) < 3 else ends_of_records(names)


def _by_position(columns: ColumnChoice) -> ColumnChoice:
    """Choose the first two columns that are not the weight, if no end of links is chosen."""
    if columns.source is not None or columns.target is not None:
        return columns
    source, target = [place for place in range(3) if place != columns.weight][:2]
    return columns._replace(source=source, target=target)


def _cells(separator: bytes, columns: Columns, shift: int = 0) -> Cells:
    places = np.array([-1 if place is None else place + shift for place in columns])
    return Cells(ord(separator), places, np.zeros(2, np.bool_), np.zeros((4, 2), np.int64))


def separator_of(line: bytes) -> bytes:
    """Return the separator of the cells of a table, given its first line; a space if cells are separated by spaces."""
    if b";" in line and b"\t" not in line and b"," not in re.sub(rb"(?<=\d),(?=\d)", b"", line):
        return b";"  # the commas are decimal points
    return next((byte for byte in _SEPARATORS if byte in line), b" ")


def _has_row_names(lines: list[str], names: list[str], separator: bytes) -> bool:
    """Return whether lines begin with the name of the row, which the header does not name, as R writes tables.

    Raises
    ------
    NetworkError
        If what may be row names may as well be sources, because they are not in quotes.
    """
    rows = [fields_of(line.encode(), separator) for line in lines]
    if not rows or {len(row) for row in rows} != {len(names) + 1}:
        return False
    if all(line.startswith('"') for line in lines):
        return all(row[0] not in ("", *row[1:]) for row in rows)
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    if len(names) > 2 and len(rows) > 2 and [row[0] for row in rows] == numbers:
        raise NetworkError(
            "the lines below have one cell more than this header: leave out the names of rows (in R row.names=FALSE), "
            "or name the last column"
        )
    return False


def _is_text(names: list[str], place: str | int | None) -> bool:
    """Return whether the field at the position of the weights is not a number."""
    return isinstance(place, int) and place < len(names) and not is_number(names[place])


def fields_of(line: bytes, separator: bytes) -> list[str]:
    """Return the cells of a line.

    Raises
    ------
    NetworkError
        If a cell is longer than any name.
    """
    text = line.decode()
    if separator == b" ":
        return [field.strip('"') for field in _FIELD.findall(text)]
    try:
        rows = csv.reader([text], delimiter=separator.decode(), skipinitialspace=True)
        return [field.strip() for field in next(rows, [])]
    except csv.Error as error:
        raise NetworkError(f"the line holds no links: {error}") from error


def check_first_link(text: Source, labels: tuple[str, ...], pieces: Callable[[], Iterator[Rows]]) -> None:
    """Raise if the first line holds text and all other labels are numbers; note if nothing else is linked to its two.

    Labels are in order of first occurrence, and the ends of links, which come in pieces, are positions of them.
    """
    first = f"the first line links {labels[0]!r} and {labels[1 % len(labels)]!r}"
    if len(labels) > 3 and not any(map(str.isdigit, labels[:2])) and all(map(str.isdigit, labels[2:])):
        raise text.error(f"{first}, but all other labels are numbers; {ADVICE}")
    if any(map(is_number, labels[:2])):
        return
    # The first two labels are those of the first line.
    if sum(np.count_nonzero(ends < 2) for *both, _ in pieces() for ends in both) != 2:
        return
    counts = np.zeros(len(labels), np.int64)
    for *both, _ in pieces():
        for ends in both:
            np.add.at(counts, ends, 1)
    is_apart = counts == 1
    num_apart = sum(np.count_nonzero(is_apart[sources] & is_apart[targets]) for sources, targets, _ in pieces())
    if num_apart == 1 and len(labels) > 2:
        note(
            f"{text.name}: {first}, which occur nowhere else; if that line is a header, choose columns by their names "
            "(--source and --target on the command line)"
        )

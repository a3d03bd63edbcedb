"""Read a file with one contact per line: a time, and the two nodes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from mapeq._base.errors import FormatError, NetworkError
from mapeq.io.columns import ColumnChoice, has_times, known_ends
from mapeq.io.contacts import COLUMNS, Table, contacts_of
from mapeq.io.files.header import fields_of, separator_of
from mapeq.io.files.source import Source
from mapeq.network.windows import Contacts

_ADVICE = "; if this line is a header, call its columns time, source and target, or name them as they are"


def read_contacts(
    source: Source, *, time: str | int | None, columns: ColumnChoice, directed: bool | None
) -> tuple[Contacts, bool]:
    """Read the contacts of a text file; also return whether they are directed.

    Fields are separated by tabs, commas or semicolons if the first line has one of them, else by blanks. A first line
    that names the times or both ends, or any column that the caller names, is a header. Without it, lines of three or
    four fields hold time, source, target, and perhaps weight; the columns of other lines are known by their positions.

    Raises
    ------
    FormatError
        If the file cannot be read, or a line is invalid.
    """
    line = source.first_line()
    if not line:
        raise source.error("contains no contacts")
    separator = separator_of(line)
    try:
        names = fields_of(line, separator)
        chosen = [name for name in (time, *columns.chosen_by_caller) if isinstance(name, str)]
        has_header = bool(chosen) or has_times(names) or known_ends(names) is not None
        if has_header:
            source.skip_line()
        table = _table(source, separator, names if has_header else None, len(names))
        return contacts_of(table, time, columns, directed)
    except (NetworkError, csv.Error) as error:
        raise source.error(str(error)) from error


def _table(source: Source, separator: bytes, names: list[str] | None, width: int) -> Table:
    """The rows of the file as a table."""
    prefixes, lines = source.comments.prefixes, []

    def texts() -> Iterator[str]:
        for number, text in source.numbered_lines():
            if not text.lstrip().startswith(prefixes):
                lines.append((number, text))
                yield text

    rows = list(_fields(texts(), separator))
    for row, (number, text) in zip(rows, lines, strict=False):
        if len(row) != width:
            problem = f"has {len(row)} fields, but the first line {width}"
            raise FormatError(problem, file=source.name, line=number, text=text)
    if len(rows) != len(lines):
        raise source.error("a quote is not closed on its line")

    def error(row: int, what: str) -> FormatError:
        advice = _ADVICE if row == 0 and names is None else ""
        return FormatError(f"the contact {what}{advice}", file=source.name, line=lines[row][0], text=lines[row][1])

    known: Sequence[Any] = names or (COLUMNS[:width] if width in (3, 4) else range(width))
    return Table([*known], lambda place: [row[place] for row in rows], error, is_text=True)


def _fields(texts: Iterator[str], separator: bytes) -> Iterator[list[str]]:
    """Yield the fields of each line; a quote that is left open runs on into the next."""
    if separator == b" ":
        return (text.split() if '"' not in text else fields_of(text.encode(), separator) for text in texts)
    rows = csv.reader(texts, delimiter=separator.decode(), skipinitialspace=True, strict=True)
    return ([field.strip() for field in row] for row in rows)

"""The rows of a text file with one node per line: the node, and a value such as its name or its category."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from mapeq._base.errors import FormatError
from mapeq.io.files.source import file_name, text_lines
from mapeq.io.files.tables import table_rows


class NodeRow(NamedTuple):
    """A node and its value, as a line of a file has them."""

    node: str
    value: str
    line: int
    text: str


def node_rows(
    path: str | os.PathLike[str],
    header: Callable[[list[str]], tuple[int, int] | None],
    what: tuple[str, str],
    expected: str,
) -> Iterator[NodeRow]:
    """Read a file with one node per line.

    Columns are separated by tabs, commas or semicolons, or, where the first line has none of them, by the first space.
    Lines that begin with "# " are comments.

    Parameters
    ----------
    path : str or path
    header : callable
        Returns the positions of nodes and values if the first row is a header, else None: then there are exactly two.
    what : pair of str
        What the values are, and what one of them is, for errors.
    expected : str
        What a file without a header must look like, for errors.

    Raises
    ------
    FormatError
        If the file cannot be read or is empty, or a line has no value.
    """
    file = file_name(path)
    lines = (line for line in text_lines(path) if not line[1].startswith("# "))
    head = list(islice(lines, 1))
    if not head:
        raise FormatError(f"contains no {what[0]}", file=file)
    delimiter = next((mark for mark in "\t,;" if mark in head[0][1]), " ")
    rows: Iterator[tuple[int, list[str]]] = table_rows(chain(head, lines), file, delimiter)
    if delimiter == " ":
        rows = ((number, text.split(None, 1)) for number, text in chain(head, lines))
    places: tuple[int, int] | None = None
    for number, row in rows:
        cells, text = [cell.strip() for cell in row], delimiter.join(row)
        if places is None:
            places = header(cells)
            if places is not None:
                continue
            places = (0, 1)
            if len(cells) != 2:
                raise FormatError(expected, file=file, line=number, text=text)
        if max(places) >= len(cells):
            raise FormatError(f"expected a node and its {what[1]}", file=file, line=number, text=text)
        yield NodeRow(cells[places[0]], cells[places[1]], number, text)

"""Read contacts: links at times, from tables, columns, tuples and files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mapeq._base.errors import FormatError, NetworkError
from mapeq.io.columns import ColumnChoice
from mapeq.io.contacts import COLUMNS, Table, contacts_of
from mapeq.io.files.comments import USUAL
from mapeq.io.objects.tables import column_names, is_table, readable
from mapeq.network.windows import Contacts

_WHAT = "a contact is (time, source, target) or (time, source, target, weight)"


def contacts_from(
    contacts: Any,
    *,
    time: str | int | None,
    columns: ColumnChoice,
    directed: bool | None,
    encoding: str | None = None,
    comments: tuple[str, ...] = USUAL,
) -> tuple[Contacts, bool]:
    """Read contacts; see :meth:`mapeq.Network.from_contacts`. Also returns whether they are directed.

    `encoding` and `comments` are those of a text file.
    """
    if isinstance(contacts, str | os.PathLike):
        from mapeq.io.files.columnar import columnar_table, is_columnar
        from mapeq.io.files.contacts import read_contacts
        from mapeq.io.files.source import Source, file_name

        if not is_columnar(contacts):
            with Source(contacts, encoding=encoding, comments=comments, can_choose_encoding=True) as source:
                return read_contacts(source, time=time, columns=columns, directed=directed)
        try:
            return contacts_of(_table(columnar_table(contacts)), time, columns, directed)
        except NetworkError as error:
            raise FormatError(str(error), file=file_name(contacts)) from error
    return contacts_of(_table(contacts), time, columns, directed)


def _table(contacts: Any) -> Table:
    if is_table(contacts):
        table = readable(contacts)
        names = column_names(table)
        return Table(names, lambda place: table[names[place]], _error)
    if isinstance(contacts, np.ndarray) and contacts.dtype.names:
        array, names = contacts, list(contacts.dtype.names)
        return Table(names, lambda place: array[names[place]], _error)
    if isinstance(contacts, Mapping):
        mapping, names = contacts, list(contacts)
        lengths = {name: len(column) if hasattr(column, "__len__") else -1 for name, column in mapping.items()}
        if len(set(lengths.values())) > 1 or -1 in lengths.values():
            raise NetworkError(f"a dict of contacts holds columns of one length, but these are {names}: {lengths}")
        return Table(names, lambda place: mapping[names[place]], _error)
    if isinstance(contacts, np.ndarray) and contacts.ndim == 2 and contacts.dtype.kind in "iufUO":
        rows: Sequence[Any] = contacts.tolist()
        if contacts.dtype.kind == "f":  # nodes are numbers like times and weights
            rows = [[row[0], *map(_whole, row[1:3]), *row[3:]] for row in rows]
    elif isinstance(contacts, Iterable) and not isinstance(contacts, bytes):
        rows = list(contacts)
    else:
        raise TypeError(f"contacts must be a table, columns, the path of a file or tuples, not {contacts!r:.60}")
    return _of_rows(rows)


def _of_rows(rows: Sequence[Any]) -> Table:
    width = None
    for k, row in enumerate(rows):
        if isinstance(row, str | bytes) or not hasattr(row, "__len__") or len(row) not in (3, 4):
            raise _error(k, f"is {row!r:.60}; {_WHAT}")
        width = width or len(row)
        if len(row) != width:
            raise _error(k, f"has {len(row)} parts, but the first one {width}; all contacts have weights, or none")
    width = width or 3
    return Table(list(COLUMNS[:width]), lambda place: [row[place] for row in rows], _error)


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _error(row: int, what: str) -> NetworkError:
    return NetworkError(f"the contact in row {row}, counted from 0, {what}")

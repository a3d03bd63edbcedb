"""Read contacts, links at times, from tables of any kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, is_whole, option_error
from mapeq.io.columns import (
    WEIGHT,
    ColumnChoice,
    Columns,
    column_of_times,
    declared_direction,
    find_column,
    find_columns,
    is_number,
)
from mapeq.io.files.reading import labels_of
from mapeq.io.objects.arrays import checked_weights
from mapeq.io.objects.tables import objects
from mapeq.io.times import length_of_windows, origin_of_windows, times_from
from mapeq.network.layers import Coupling, coupled
from mapeq.network.network import Network
from mapeq.network.states import is_missing
from mapeq.network.windows import Contacts, check_number, equal_windows, layers_of, windows_of_length

#: What is in rows without names, in order; the last may be left out.
COLUMNS = ("time", "source", "target", "weight")


class Table(NamedTuple):
    """A table with one contact per row.

    Attributes
    ----------
    names : list
        Of the columns.
    column : callable
        The values of the column at a position, an array or a sequence.
    error : callable
        The error to raise for a row: its position, and what is wrong.
    is_text : bool
        Whether all values are text, as those of files are.
    """

    names: list[Any]
    column: Callable[[int], Any]
    error: Callable[[int, str], Exception]
    is_text: bool = False


def contacts_of(
    table: Table, time: str | int | None, columns: ColumnChoice, directed: bool | None
) -> tuple[Contacts, bool]:
    """Read the contacts of a table; also return whether they are directed.

    Raises
    ------
    NetworkError
        If a column is missing, or it is not clear which one is meant, or as the table's `error` for what is wrong with
        a row.
    """
    when, places = _places(table, time, columns)
    if directed is None:
        kinds = [] if places.type is None else listed(table.column(places.type))
        directed = declared_direction({kind.strip().lower() for kind in set(kinds) if isinstance(kind, str)})
    tails, heads = (listed(table.column(place)) for place in (places.source, places.target))
    if not tails:
        raise NetworkError("there are no contacts")
    times = times_from(_raw(table.column(when)), lambda k, what: table.error(k, f"has a time that {what}"))
    weights = _weights(table, places.weight, len(tails))
    sources, targets, labels = _numbered(tails, heads, table.error)
    if (sources == targets).any():
        k = int((sources == targets).argmax())
        raise table.error(k, f"links {tails[k]!r} with itself; a contact is between two nodes")
    return Contacts(times, sources, targets, weights, labels_of(labels) if table.is_text else labels), directed


def check_windows(window: Any, num_windows: int | None, origin: Any) -> None:
    """Raise for options of windows of time that do not go together.

    Raises
    ------
    ValueError
        If windows have both a length and a number, or neither, or a number and an origin.
    """
    if window is None and num_windows is None:
        raise option_error("window", window, "a length of time, unless num_windows is given")
    if not (num_windows is None or is_whole(num_windows, 1)):
        raise option_error("num_windows", num_windows, "a whole number, 1 or more")
    if num_windows is not None and window is not None:
        raise option_error("window", window, "omitted with num_windows, which have equal lengths")
    if num_windows is not None and origin is not None:
        raise option_error("origin", origin, "omitted with num_windows, which begin at the first contact")


def temporal_network(
    contacts: Contacts,
    coupling: Coupling,
    *,
    window: Any = None,
    num_windows: int | None = None,
    origin: Any = None,
    directed: bool = False,
) -> Network:
    """Cut contacts into windows, and couple these; see :meth:`mapeq.Network.from_contacts`.

    Raises
    ------
    ValueError
        If the window or the origin is not of the kind that times are.
    NetworkError
        If there are too many windows.
    """
    if num_windows is not None:
        windows = equal_windows(contacts.times, int(num_windows))
    else:
        dates = contacts.times.dtype.kind == "M"
        length, begin = length_of_windows(window, dates=dates), origin_of_windows(origin, dates=dates)
        windows = windows_of_length(contacts.times, length, begin)
    check_number(windows, coupling)
    return coupled(layers_of(contacts, windows, directed=directed), coupling)


def _places(table: Table, time: str | int | None, columns: ColumnChoice) -> tuple[int, Columns]:
    """Return the positions of the column of times and of those of links."""
    names = table.names
    when = column_of_times(names) if time is None else find_column(names, time, "times")
    others = [place for place in range(len(names)) if place != when]
    rest = [names[place] for place in others]
    roles = zip(columns, ("sources", "targets", "weights"), strict=True)
    choice = [one if one in (None, WEIGHT) else names[find_column(names, one, role)] for one, role in roles]
    if names[when] in choice:
        raise NetworkError(f"column {names[when]!r} is used for the times and for one of source, target and weight")
    found = find_columns(rest, ColumnChoice(*choice), lambda place: _holds_numbers(table, others[place]))
    return when, Columns(*(None if place is None else others[place] for place in found))  # type: ignore[arg-type]


def _holds_numbers(table: Table, place: int) -> bool:
    first = listed(table.column(place)[:1])
    return bool(first) and (is_number(first[0]) if table.is_text else isinstance(first[0], Real))


def _raw(column: Any) -> Any:
    """Return a column of numbers or dates as an array, any other as objects."""
    if not isinstance(column, list | tuple):
        array = np.asarray(column)
        if array.dtype.kind in "iufM":
            return array
    return listed(column)


def listed(column: Any) -> list[Any]:
    """Return a column as Python objects."""
    return list(column) if isinstance(column, list | tuple | range) else objects(column)


def _weights(table: Table, place: int | None, count: int) -> FloatArray:
    if place is None:
        return np.ones(count)
    values = listed(table.column(place))
    if table.is_text:
        for k, value in enumerate(values):
            if not is_number(value) or not 0 <= float(value) < np.inf:
                raise table.error(k, f"has the weight {value!r}; weights are numbers, 0 or more")
        return np.array(values, dtype=np.float64)
    return checked_weights(values, lambda k: f"the contact in row {k}, counted from 0,")


def _numbered(
    tails: Sequence[Any], heads: Sequence[Any], error: Callable[[int, str], Exception]
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[Hashable, ...]]:
    """Number the nodes; return both ends of contacts, and the labels."""
    number: dict[Hashable, int] = {}
    ends = np.empty((2, len(tails)), dtype=np.int64)
    for side, labels in zip(ends, (tails, heads), strict=True):
        for k, label in enumerate(labels):
            try:
                side[k] = number.setdefault(label, len(number))
            except TypeError:
                raise error(k, f"has an end that cannot be a label: {label!r:.60}") from None
    if any(map(_is_no_label, number)):
        k, label = next((k, label) for k, pair in enumerate(zip(tails, heads, strict=True)) for label in pair
                        if _is_no_label(label))  # fmt: skip
        is_gone = is_missing(label) or label == ""
        raise error(k, "has no node at one end" if is_gone else f"has the end {label!r}; labels are integers or text")
    return ends[0], ends[1], tuple(number)


def _is_no_label(label: Any) -> bool:
    return isinstance(label, float) or is_missing(label) or label == ""

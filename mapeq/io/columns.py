"""Find the columns of a table that hold link ends and weights: one rule for files and for tables in memory.

Columns that the caller names come first. Otherwise link ends have known names, see :func:`known_ends` and
:func:`ends_of_records`, or they are the first two of exactly two columns, or of three whose last holds numbers: the
weights. Nothing else is guessed. Columns that programs add to a table when they write it, row numbers without a name,
do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from mapeq._base.errors import NetworkError, counted, is_whole
from mapeq._base.notes import note

#: Default name of the column of weights. Only this column may be missing.
WEIGHT = "weight"

#: Known names of link ends, in any case, with or without spaces, hyphens and underscores.
_ENDS = {
    (first + suffix, second + suffix)
    for first, second in (("source", "target"), ("from", "to"), ("src", "dst"))
    for suffix in ("", "id", "node", "nodeid")
}

#: Names of columns that are the two sides of a pair of records, and of those that tell records apart.
_SIDE = re.compile(r"(.*)_([lr])", re.DOTALL)
_RECORDS = ("unique_id", "id")

#: What pandas calls a column of row numbers without a name that it has written and read again.
_NAMELESS = re.compile(r"|Unnamed: \d+")

#: Known names of a column of nodes in a table with one row per node, in any case; the surest first.
_NODES = ("node", "nodeid", "id", "number", "key", "label", "name")

#: Known names of a column of times, in any case.
_TIMES = ("time", "timestamp", "datetime", "date", "t")

#: Columns that number the rows of a table are no ends of links.
_ROW_NUMBERS = ("id", "index", "edgeid", "linkid", "rowid", "row")


class ColumnChoice(NamedTuple):
    """Columns by name or position. Ends that are None have their default names; without a weight links weigh 1."""

    source: str | int | None = None
    target: str | int | None = None
    weight: str | int | None = WEIGHT

    @property
    def chosen_by_caller(self) -> list[str | int]:
        """The columns that differ from the defaults."""
        defaults = (None, None, None if self.weight is None else WEIGHT)
        return [name for name, default in zip(self, defaults, strict=True) if name is not None and name != default]


DEFAULT_COLUMNS = ColumnChoice()


class Columns(NamedTuple):
    """Positions of columns, from 0.

    Attributes
    ----------
    source, target : int
    weight : int or None
    type : int or None
        The column that says of each link whether it is directed.
    """

    source: int
    target: int
    weight: int | None
    type: int | None


def find_columns(names: Sequence[Any], choice: ColumnChoice, is_numeric: Callable[[int], bool]) -> Columns:
    """Return the positions of the columns of links among the columns of a table.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    choice : ColumnChoice
    is_numeric : callable
        Whether the column at a position holds numbers.

    Warns
    -----
    UserWarning
        If a column of numbers is left over, and there are no weights though they were not declined.

    Raises
    ------
    NetworkError
        If a chosen column is missing or ambiguous, or it is not clear which columns hold the ends of links.
    """
    weight = None
    if choice.weight is not None:
        weight = _find_known(names, WEIGHT) if choice.weight == WEIGHT else find_column(names, choice.weight, "weights")
    source = None if choice.source is None else find_column(names, choice.source, "sources")
    target = None if choice.target is None else find_column(names, choice.target, "targets")
    if source is None and target is None:
        source, target = known_ends(names) or ends_of_records(names) or _ends_by_position(names, weight, is_numeric)
    elif source is None or target is None:
        ends = known_ends(names) or ends_of_records(names)
        if ends is None:
            missing = "source" if source is None else "target"
            raise NetworkError(f"name the column of {missing}s with {missing}; {_columns_are(names)}")
        source, target = ends[0] if source is None else source, ends[1] if target is None else target
    chosen = [place for place in (source, target, weight) if place is not None]
    for place in chosen:
        if chosen.count(place) > 1:
            raise NetworkError(f"column {names[place]!r} is used for two of source, target and weight")
    kind = _find_known(names, "type")
    kind = None if kind in chosen or (kind is not None and is_numeric(kind)) else kind
    if weight is None and choice.weight is not None:
        weight = _only_weight(names, source, target, is_numeric)
    return Columns(source, target, weight, kind)


def known_ends(names: Sequence[Any]) -> tuple[int, int] | None:
    """Return the positions of the link ends if they have known names.

    These are ``source`` and ``target``, ``from`` and ``to``, ``src`` and ``dst``, alone or followed by ``id``, ``node``
    or ``node id``.

    Raises
    ------
    NetworkError
        If several columns have such names.
    """
    plain = [_plain(name) for name in names]
    found = sorted((a, b) for a, b in _ENDS if a in plain and b in plain)
    return _only_pair(names, [(_find_known(names, a), _find_known(names, b)) for a, b in found])


def ends_of_records(names: Sequence[Any]) -> tuple[int, int] | None:
    """Return the positions of two names that end in ``_l`` and ``_r``, as programs for record linkage write them.

    Of several such pairs, those of the records' identifiers, ``unique_id`` or ``id``, are the ends of links.
    """
    sides = [match for name in names if isinstance(name, str) and (match := _SIDE.fullmatch(name))]
    stems = [match[1] for match in sides if match[2] == "l" and f"{match[1]}_r" in names]
    chosen = [stem for stem in _RECORDS if stem in stems][:1] or stems
    return _only_pair(names, [(names.index(f"{stem}_l"), names.index(f"{stem}_r")) for stem in chosen])


def _only_pair(names: Sequence[Any], pairs: list[tuple[int | None, int | None]]) -> tuple[int, int] | None:
    if len(pairs) > 1:
        first, second = (" and ".join(repr(names[place]) for place in pair if place is not None) for pair in pairs[:2])
        raise NetworkError(f"links may lead between {first}, or {second}; name the columns with source and target")
    source, target = pairs[0] if pairs else (None, None)
    return None if source is None or target is None else (source, target)


def declared_direction(types: Collection[str]) -> bool:
    """Return whether links are directed, from what a column ``Type`` says of them, in lower case.

    Raises
    ------
    NetworkError
        If there are links of both types.
    """
    if "directed" in types and "undirected" in types:
        raise NetworkError(
            "links have both types, Directed and Undirected; choose one for all with directed "
            "(--directed or --undirected on the command line)"
        )
    return "directed" in types


def _ends_by_position(names: Sequence[Any], weight: int | None, is_numeric: Callable[[int], bool]) -> tuple[int, int]:
    places = [place for place in _named(names) if place != weight]
    if len(places) < 2:
        raise NetworkError(f"a table of links needs columns of sources and targets, but this one has only {[*names]}")
    has_two = len(places) == 2 or (len(places) == 3 and weight is None and is_numeric(places[2]))
    if not has_two or any(_plain(names[place]) in _ROW_NUMBERS for place in places):
        raise NetworkError(
            f"{_columns_are(names)}: call two of them source and target, and one weight if there are weights, "
            "or name them with source, target and weight"
        )
    links = [names[place] for place in places]
    if any(is_number(name) for name in links) and not any(isinstance(name, int) for name in links):
        raise NetworkError(
            f"{_columns_are(names)}: that looks like a link, not like names; if the first row of a file was taken for "
            "the names of columns, read it without a header (header=None in pandas)"
        )
    return places[0], places[1]


def _only_weight(names: Sequence[Any], source: int, target: int, is_numeric: Callable[[int], bool]) -> int | None:
    """Return the third of three columns if it holds numbers; warn of other columns of numbers."""
    others = [place for place in _named(names) if place not in (source, target)]
    numeric = [place for place in others if is_numeric(place) and _plain(names[place]) not in _ROW_NUMBERS]
    if len(others) == 1 and numeric and others[0] > max(source, target):
        return numeric[0]
    if numeric:
        listed = ", ".join(repr(names[place]) for place in numeric)
        note(
            f"all links weigh 1: there is no column 'weight', but numbers in {listed}; name the column with weight "
            "(--weight on the command line)"
        )
    return None


def _named(names: Sequence[Any]) -> list[int]:
    """Return the positions of all columns but those of row numbers without a name."""
    return [place for place, name in enumerate(names) if not (isinstance(name, str) and _NAMELESS.fullmatch(name))]


def is_weight(name: Any) -> bool:
    """Return whether a column of this name holds weights."""
    return _plain(name) == WEIGHT


def is_number(name: Any) -> bool:
    """Return whether a name is the text of a number, or a number."""
    try:
        float(name)
    except (TypeError, ValueError):
        return False
    return True


def _plain(name: Any) -> str | None:
    return re.sub(r"[\s_-]+", "", name).lower() if isinstance(name, str) else None


def _find_known(names: Sequence[Any], name: str) -> int | None:
    """Find a column by a known name; if there is no exact match, in any spelling."""
    if name in names:
        return _find_unique(names, name)
    matches = [place for place, other in enumerate(names) if _plain(other) == name]
    if len(matches) > 1:
        listed = " and ".join(repr(names[place]) for place in matches)
        raise NetworkError(f"the columns {listed} have the same meaning; choose one of them")
    return matches[0] if matches else None


def find_column(names: Sequence[Any], name: str | int, role: str) -> int:
    """Find a column by name, else by position; `role` says what it holds, for the error if there is none."""
    if name in names:
        return _find_unique(names, name)
    if is_whole(name, 0) and int(name) < len(names):
        return _find_unique(names, names[int(name)])
    raise NetworkError(f"there is no {called(name)} for the {role}; {_columns_are(names)}")


def columns_of_values(names: Sequence[Any], column: str | int | None, what: str) -> tuple[int, int]:
    """Return the positions of the nodes and of the values in a table with one row per node.

    Parameters
    ----------
    names : sequence
        The names of all columns.
    column : str, int or None
        The column of the values; by default the only one beside that of the nodes.
    what : str
        What the values are, for errors: "categories".

    Raises
    ------
    NetworkError
        If the column of nodes has no known name, or it is not clear which column holds the values.
    """
    values = None if column is None else find_column(names, column, what)
    nodes = column_of_nodes(names, values)
    if nodes is None:
        raise NetworkError(f"{_columns_are(names)}: call the one that holds the nodes node or id")
    others = [place for place in _named(names) if place != nodes]
    if values is None and len(others) != 1:
        raise NetworkError(f"{_columns_are(names)}: name the one that holds the {what}")
    return nodes, others[0] if values is None else values


def column_of_nodes(names: Sequence[Any], other: int | None = None) -> int | None:
    """Return the position of the column of nodes by its name, or None; it is not the `other` one."""
    plain = [None if place == other else _plain(name) for place, name in enumerate(names)]
    return next((plain.index(known) for known in _NODES if known in plain), None)


def column_of_times(names: Sequence[Any]) -> int:
    """Return the position of the column of times by its name.

    Raises
    ------
    NetworkError
        If no column has a known name, or several do.
    """
    plain = [_plain(name) for name in names]
    found = [place for place, name in enumerate(plain) if name in _TIMES]
    if len(found) > 1:
        listed = " and ".join(repr(names[place]) for place in found)
        raise NetworkError(f"the columns {listed} may both hold the times; name one with time")
    if not found:
        raise NetworkError(f"{_columns_are(names)}: call the one that holds the times time, or name it with time")
    return found[0]


def has_times(names: Sequence[Any]) -> bool:
    """Return whether one of the names is that of a column of times."""
    return any(_plain(name) in _TIMES for name in names)


def called(column: str | int) -> str:
    """Return how errors call a column; the command turns positions into numbers from 1, as they are typed there."""
    return f"column {column!r}" if isinstance(column, str) else f"column at position {column!r}, from 0,"


def _find_unique(names: Sequence[Any], name: Any) -> int:
    if names.count(name) > 1:
        raise NetworkError(f"{counted(names.count(name), 'column')} of the table are called {name!r}")
    return names.index(name)


def _columns_are(names: Sequence[Any]) -> str:
    return "the columns are " + (", ".join(map(repr, names)) or "none")

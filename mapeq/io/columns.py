"""Find the columns of a table that hold link ends and weights, by name or by position from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mapeq._base.errors import NetworkError, counted, is_whole

#: Default names of the columns of link ends, in any case. Without these names they are the first two columns.
ENDS = (("source", "target"), ("from", "to"))
#: Default name of the column of weights. Only this column may be missing.
WEIGHT = "weight"


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
    """Positions of columns, from 0."""

    source: int
    target: int
    weight: int | None


def find_columns(names: Sequence[Any], choice: ColumnChoice) -> Columns:
    """Return the positions of the columns of links among the columns of a table.

    Raises
    ------
    NetworkError
        If a chosen column is missing or ambiguous, or there is no column for one of the ends.
    """
    weight = None
    if choice.weight is not None:
        weight = _find_default(names, WEIGHT) if choice.weight == WEIGHT else _find(names, choice.weight, "weights")
    source = None if choice.source is None else _find(names, choice.source, "sources")
    target = None if choice.target is None else _find(names, choice.target, "targets")
    if source is None and target is None:
        source, target = default_ends(names) or _first_two(names, weight)
    for name, other in ENDS:
        source = _find_default(names, name) if source is None else source
        target = _find_default(names, other) if target is None else target
    if source is None or target is None:
        missing = "source" if source is None else "target"
        raise NetworkError(f"name the column of {missing}s with {missing}; the columns are {_listed(names)}")
    chosen = [place for place in (source, target, weight) if place is not None]
    for place in chosen:
        if chosen.count(place) > 1:
            raise NetworkError(f"column {names[place]!r} is used for two of source, target and weight")
    return Columns(source, target, weight)


def default_ends(names: Sequence[Any]) -> tuple[int, int] | None:
    """Return the positions of the link ends if they have default names."""
    for source, target in ENDS:
        ends = _find_default(names, source), _find_default(names, target)
        if ends[0] is not None and ends[1] is not None:
            return ends[0], ends[1]
    return None


def _first_two(names: Sequence[Any], weight: int | None) -> tuple[int, int]:
    others = [place for place in range(len(names)) if place != weight]
    if len(others) < 2:
        raise NetworkError(f"a table of links needs columns of sources and targets, but this one has only {[*names]}")
    return others[0], others[1]


def _find_default(names: Sequence[Any], name: str) -> int | None:
    """Find a column by its default name; if there is no exact match, in any case."""
    if name in names:
        return _find_unique(names, name)
    matches = [other for other in names if isinstance(other, str) and other.lower() == name]
    return _find_unique(names, matches[0]) if matches else None


def _find(names: Sequence[Any], name: str | int, role: str) -> int:
    """Find a column by name, else by position."""
    if name in names:
        return _find_unique(names, name)
    if is_whole(name, 0) and int(name) < len(names):
        return _find_unique(names, names[int(name)])
    which = f"column {name!r}" if isinstance(name, str) else f"column at position {name!r}, from 0,"
    raise NetworkError(f"there is no {which} for the {role}; the columns are {_listed(names)}")


def _find_unique(names: Sequence[Any], name: Any) -> int:
    if names.count(name) > 1:
        raise NetworkError(f"{counted(names.count(name), 'column')} of the table are called {name!r}")
    return names.index(name)


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(map(repr, names)) or "none"

"""Which columns of a table hold the ends of links and what these weigh: by name, or by position from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mapeq._base.errors import NetworkError, counted, is_whole

#: What the ends of links are called, in any case; under other names they are the first two columns.
ENDS = (("source", "target"), ("from", "to"))
#: What weights are called where nobody says otherwise: only then may they be missing.
WEIGHT = "weight"


class Wanted(NamedTuple):
    """The columns that the caller asks for, by name or position; None for ends under their usual names.

    Without weights, None, every link weighs 1.
    """

    source: str | int | None = None
    target: str | int | None = None
    weight: str | int | None = WEIGHT

    @property
    def said(self) -> list[str | int]:
        """What the caller has chosen himself."""
        usual = (None, None, None if self.weight is None else WEIGHT)
        return [name for name, default in zip(self, usual, strict=True) if name is not None and name != default]


#: The columns of those who do not ask for any.
USUAL = Wanted()


class Columns(NamedTuple):
    """Positions of columns, from 0."""

    source: int
    target: int
    weight: int | None


def find_columns(names: Sequence[Any], wanted: Wanted) -> Columns:
    """Where among the columns of a table those are that hold links.

    Raises
    ------
    NetworkError
        If a column that is asked for is not there or there twice, or one of the ends cannot be told.
    """
    weight = None
    if wanted.weight is not None:
        weight = _usual(names, WEIGHT) if wanted.weight == WEIGHT else _said(names, wanted.weight, "weights")
    source = None if wanted.source is None else _said(names, wanted.source, "sources")
    target = None if wanted.target is None else _said(names, wanted.target, "targets")
    if source is None and target is None:
        source, target = usual_ends(names) or _first_two(names, weight)
    for name, other in ENDS:
        source = _usual(names, name) if source is None else source
        target = _usual(names, other) if target is None else target
    if source is None or target is None:
        missing = "source" if source is None else "target"
        raise NetworkError(f"which column holds the {missing}s? Say it by {missing}; there are {_listed(names)}")
    chosen = [place for place in (source, target, weight) if place is not None]
    for place in chosen:
        if chosen.count(place) > 1:
            raise NetworkError(f"the column {names[place]!r} cannot be two of source, target and weight")
    return Columns(source, target, weight)


def usual_ends(names: Sequence[Any]) -> tuple[int, int] | None:
    """Where the ends of links are if they are called as usual."""
    for source, target in ENDS:
        ends = _usual(names, source), _usual(names, target)
        if ends[0] is not None and ends[1] is not None:
            return ends[0], ends[1]
    return None


def _first_two(names: Sequence[Any], weight: int | None) -> tuple[int, int]:
    others = [place for place in range(len(names)) if place != weight]
    if len(others) < 2:
        raise NetworkError(f"a table of links needs columns of sources and targets, but this one has only {[*names]}")
    return others[0], others[1]


def _usual(names: Sequence[Any], name: str) -> int | None:
    """The column of a usual name, as it is written or in other case."""
    if name in names:
        return _only(names, name)
    alike = [other for other in names if isinstance(other, str) and other.lower() == name]
    return _only(names, alike[0]) if alike else None


def _said(names: Sequence[Any], name: str | int, what: str) -> int:
    """The column of a name that somebody has said, else that at the position."""
    if name in names:
        return _only(names, name)
    if is_whole(name, 0) and int(name) < len(names):
        return _only(names, names[int(name)])
    which = f"column {name!r}" if isinstance(name, str) else f"column at position {name!r}, from 0,"
    raise NetworkError(f"there is no {which} for the {what}; there are {_listed(names)}")


def _only(names: Sequence[Any], name: Any) -> int:
    if names.count(name) > 1:
        raise NetworkError(f"{counted(names.count(name), 'column')} of the table are called {name!r}")
    return names.index(name)


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(map(repr, names)) or "none"

"""Read paths: sequences of places, such as itineraries, click streams and citations in order."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq.io.objects.arrays import checked_weights
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.network.memory import Paths
from mapeq.network.states import is_missing


class _Numbers(dict[Any, int]):
    """Numbers of places in order of first occurrence; looking one up numbers it."""

    def __missing__(self, place: Any) -> int:
        number = self[place] = len(self)
        return number


def paths_from(paths: Any, *, path: str | None = None, place: str | None = None, weights: Any = None) -> Paths:
    """Number the places of paths; see :meth:`mapeq.Network.from_paths`."""
    if isinstance(paths, str | os.PathLike):
        from mapeq.io.files.paths import read_paths

        _check_no_columns(path, place, "a file")
        found = _numbered(read_paths(paths), weights)
        return found._replace(labels=_as_numbers(list(found.labels)))
    if is_table(paths):
        return _numbered(_of_table(paths, path, place), weights)
    _check_no_columns(path, place, "sequences")
    if not isinstance(paths, Iterable) or isinstance(paths, bytes):
        raise TypeError(f"paths must be sequences of places, a table or the path of a file, not {paths!r:.60}")
    return _numbered(paths, weights)


def _check_no_columns(path: str | None, place: str | None, what: str) -> None:
    if path is not None or place is not None:
        raise NetworkError(f"the columns path and place are those of a table; {what} has none")


def _of_table(table: Any, path: str | None, place: str | None) -> Iterable[list[Any]]:
    table = readable(table)
    names = column_names(table)
    path, place = (name if name is not None else default for name, default in ((path, "path"), (place, "place")))
    for name in (path, place):
        if name not in names:
            known = ", ".join(map(repr, names))
            raise NetworkError(
                f"the table has no column {name!r}, but {known}; path= names the column that tells paths apart, place= "
                "that of the places, in the order in which they are visited"
            )
    sequences: dict[Any, list[Any]] = {}
    for number, one in zip(objects(table[path]), objects(table[place]), strict=True):
        sequences.setdefault(number, []).append(one)
    return sequences.values()


def _numbered(sequences: Iterable[Any], weights: Any) -> Paths:
    numbers = _Numbers()
    places: list[int] = []
    starts = [0]
    for position, sequence in enumerate(sequences):
        if isinstance(sequence, str | bytes) or not isinstance(sequence, Iterable):
            raise NetworkError(f"path {position} must be a sequence of places, not {sequence!r:.60}")
        try:
            places.extend(map(numbers.__getitem__, sequence))
        except TypeError:
            raise NetworkError(f"path {position} has a place that cannot be a label: {sequence!r:.60}") from None
        starts.append(len(places))
        if starts[-1] - starts[-2] < 2:
            what = "no place" if starts[-1] == starts[-2] else f"a single place, {next(iter(sequence))!r}"
            raise NetworkError(f"path {position} has {what}; a path needs at least two")
    count = len(starts) - 1
    values = np.ones(count) if weights is None else checked_weights(weights, lambda k: f"path {k}")
    if len(values) != count:
        raise NetworkError(f"there are {count:,} paths, but {len(values):,} weights")
    labels: list[Hashable] = list(numbers)
    for label in labels:
        if is_missing(label):
            raise NetworkError(f"a place of a path is missing: {label!r}")
    return Paths(np.array(places, dtype=np.int64), np.array(starts, dtype=np.int64), values, tuple(labels))


def _as_numbers(labels: list[Any]) -> tuple[Any, ...]:
    """Text from a file as whole numbers, if all of it looks so, as in link lists."""
    are_numbers = all(label.isascii() and label.isdecimal() and str(int(label)) == label for label in labels)
    return tuple(map(int, labels) if are_numbers else labels)

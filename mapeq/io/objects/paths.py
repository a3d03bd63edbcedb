"""Read paths: sequences of places, such as itineraries, click streams and citations in order."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from mapeq._base.errors import NetworkError
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.io.paths import numbered_paths
from mapeq.network.memory import Paths


def paths_from(paths: Any, *, path: str | None = None, place: str | None = None, weights: Any = None) -> Paths:
    """Number the places of paths; see :meth:`mapeq.Network.from_paths`."""
    if isinstance(paths, str | os.PathLike):
        from mapeq.io.files.paths import read_paths
        from mapeq.io.files.source import Source

        _check_no_columns(path, place, "a file")
        with Source(paths) as source:
            return read_paths(source, weights)
    if is_table(paths):
        return numbered_paths(_of_table(paths, path, place), weights)
    _check_no_columns(path, place, "sequences")
    if not isinstance(paths, Iterable) or isinstance(paths, bytes):
        raise TypeError(f"paths must be sequences of places, a table or the path of a file, not {paths!r:.60}")
    return numbered_paths(paths, weights)


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

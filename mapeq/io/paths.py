"""Number the places of paths, whatever the paths come from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq.io.objects.arrays import checked_weights
from mapeq.network.memory import Paths
from mapeq.network.states import is_missing


class _Numbers(dict[Any, int]):
    """Numbers of places in order of first occurrence; looking one up numbers it."""

    def __missing__(self, place: Any) -> int:
        number = self[place] = len(self)
        return number


def numbered_paths(sequences: Iterable[Any], weights: Any = None) -> Paths:
    """Number the places of sequences; `weights` say how often each path was taken, by default once.

    Raises
    ------
    NetworkError
        If a path is no sequence, has fewer than two places or one that is missing, or a weight is invalid.
    """
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

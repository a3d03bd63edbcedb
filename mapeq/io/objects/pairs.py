"""Read pairs of nodes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import NetworkError
from mapeq.io.columns import ColumnChoice, find_columns
from mapeq.io.objects.tables import column_names, is_table, objects, readable
from mapeq.network.labels import positions
from mapeq.network.network import Network


def pairs_of(pairs: Any, network: Network) -> NDArray[np.int64]:
    """Return the positions of pairs of labels: int64 array of shape (2, p); see :meth:`mapeq.Result.similarity`.

    Raises
    ------
    NetworkError
        If a pair is not one, or a label is not one of the network's.
    """
    array = np.asarray(pairs) if hasattr(pairs, "__array__") and not is_table(pairs) else None
    if array is not None and (array.ndim != 2 or array.shape[1] != 2):
        raise NetworkError(f"an array of pairs of labels has shape (p, 2), not {array.shape}")
    if array is not None:
        rows: Any = array.tolist()
    elif is_table(pairs):
        rows = _of_table(pairs)
    elif isinstance(pairs, Iterable) and not isinstance(pairs, str | bytes):
        rows = pairs
    else:
        raise NetworkError(f"expected pairs of labels, an array of shape (p, 2) or a table, not {pairs!r}")
    ends = _ends(rows)
    distinct = tuple(dict.fromkeys(ends))
    place = positions(distinct, network.labels)
    for label, position in zip(distinct, place.tolist(), strict=True):
        if position == network.num_nodes:
            raise _unknown(ends.index(label) // 2, label)
    position_of = dict(zip(distinct, place.tolist(), strict=True))
    return np.array([position_of[label] for label in ends], dtype=np.int64).reshape(-1, 2).T


def _of_table(table: Any) -> Iterable[tuple[Any, Any]]:
    """The ends in each row of a table, in columns as those of links."""
    table = readable(table)
    names = column_names(table)
    found = find_columns(names, ColumnChoice(weight=None), lambda place: False)
    return zip(*(objects(table[names[place]]) for place in (found.source, found.target)), strict=True)


def _ends(rows: Iterable[Any]) -> list[Hashable]:
    """The labels of all pairs, one after the other."""
    ends: list[Hashable] = []
    for number, row in enumerate(rows):
        if isinstance(row, str | bytes) or not isinstance(row, Iterable):
            raise NetworkError(f"pair {number} is {row!r}; a pair is (u, v)")
        pair = tuple(row)
        if len(pair) != 2:
            raise NetworkError(f"pair {number} has {len(pair)} parts; a pair is (u, v)")
        for label in pair:
            if not isinstance(label, Hashable):
                raise _unknown(number, label)
        ends += pair
    return ends


def _unknown(number: int, label: object) -> NetworkError:
    return NetworkError(f"pair {number} names {label!r}, which is not a node of the network")

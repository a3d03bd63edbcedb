"""Tables of links in: pandas, Polars, Arrow, and what else can be had as Arrow."""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._optional import require
from mapeq.adapters.edges import checked_weights
from mapeq.errors import NetworkError, counted
from mapeq.network import Network

#: What the columns of the ends of links may be called; under other names they are the first two.
ENDS = (("source", "target"), ("from", "to"))


def is_table(thing: object) -> bool:
    """Whether something has columns and can be exchanged between libraries of tables, which single columns can, too."""
    exchanged = hasattr(thing, "__arrow_c_stream__") or hasattr(thing, "__dataframe__")
    return exchanged and (hasattr(thing, "columns") or hasattr(thing, "column_names"))


def from_table(table: Any, *, directed: bool, weight: str | None = "weight") -> Network:
    """The network of a table with one link a row.

    Parameters
    ----------
    table : pandas or Polars DataFrame, Arrow Table, or any table that can be had as Arrow (then by pyarrow)
        Its columns ``source`` and ``target``, or ``from`` and ``to``, hold the labels; failing these, the
        first two that are not the weight. Nodes are in the order of their labels if these are whole numbers,
        and else in the order in which they occur.
    directed : bool
        Whether links lead from source to target only.
    weight : str, optional
        The column that holds the weight; without it every link weighs 1, and with None.

    Raises
    ------
    NetworkError
        If the columns cannot be told, an end of a link is missing, or a weight is no number, negative, NaN or infinite.
    """
    if not hasattr(table, "__array__"):  # then its columns are no arrays either
        table = require("pyarrow", extra="parquet").table(table)
    source, target, weight = _links_columns(table, weight)
    tails, heads = _labels(table, source), _labels(table, target)
    weights = None
    if weight is not None:
        weights = checked_weights(_values(table[weight]), lambda k: f"the link {tails[k]!s} - {heads[k]!s} (row {k})")
    if isinstance(tails, np.ndarray) and isinstance(heads, np.ndarray):  # as an array of links
        return Network.from_edges(tails, heads, weights, directed=directed)
    if weights is not None:  # a link of weight 0 makes no node
        linked = weights > 0
        tails, heads, weights = list(compress(tails, linked)), list(compress(heads, linked)), weights[linked]
    ends: list[Any] = [None] * (2 * len(tails))
    ends[::2], ends[1::2] = tails, heads
    position = {label: i for i, label in enumerate(dict.fromkeys(ends))}
    numbers = np.fromiter(map(position.__getitem__, ends), np.int64, len(ends))
    return Network.from_edges(numbers[::2], numbers[1::2], weights, directed=directed, labels=tuple(position))


def _links_columns(table: Any, weight: str | None) -> tuple[Any, Any, str | None]:
    """What the columns of sources, targets and, if there is one, weights are called."""
    # Arrow's `columns` are the columns themselves; and a column of pandas may be called `column_names`.
    names = list(
        table.column_names if isinstance(table.columns, list) and hasattr(table, "column_names") else table.columns
    )
    weight = weight if weight in names else None
    ends = next((pair for pair in ENDS if set(pair) <= set(names)), [name for name in names if name != weight][:2])
    if len(ends) < 2:
        raise NetworkError(f"a table of links needs columns of sources and targets, but this one has only {names}")
    for name in (*ends, weight):
        if names.count(name) > 1:
            raise NetworkError(f"{counted(names.count(name), 'column')} of the table are called {name!r}")
    return *ends, weight


def _labels(table: Any, name: Any) -> NDArray[Any] | list[Any]:
    """The labels in a column: an array of whole numbers, or a list of anything else but fractions and truth values."""
    column = table[name]
    missing = np.asarray(column.isna() if hasattr(column, "isna") else column.is_null(), dtype=np.bool_)
    if missing.any():
        raise NetworkError(f"the column {name!r} has no node in row {int(missing.argmax())}, counted from 0")
    labels = _values(column)
    if isinstance(labels, np.ndarray) and len(labels) and labels.dtype.kind not in "iu":
        raise NetworkError(
            f"the column {name!r} holds {labels.dtype}, but nodes are called by whole numbers or words; give the table "
            "columns source and target, and a matrix as a SciPy sparse one"
        )
    return labels


def _values(column: Any) -> NDArray[Any] | list[Any]:
    """A column as an array of numbers, or as a list of Python objects."""
    array = np.asarray(column)
    if array.dtype.kind in "biufc":
        return array
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return values

"""Tables of links in: pandas, Polars, Arrow, and what else can be had as Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.optional import require
from mapeq.io.columns import Wanted, find_columns
from mapeq.io.objects.arrays import checked_weights
from mapeq.network.labels import renumbered_by_occurrence
from mapeq.network.network import Network


def is_table(thing: object) -> bool:
    """Whether something has columns and can be exchanged between libraries of tables, which single columns can, too."""
    exchanged = hasattr(thing, "__arrow_c_stream__") or hasattr(thing, "__dataframe__")
    return exchanged and (hasattr(thing, "columns") or hasattr(thing, "column_names"))


def from_table(table: Any, *, directed: bool, wanted: Wanted) -> Network:
    """The network of a table with one link a row.

    Parameters
    ----------
    table : pandas or Polars DataFrame, Arrow Table, or any table that can be had as Arrow (then by pyarrow)
        Nodes are in the order of their labels if these are whole numbers, and else in the order in which they occur.
    directed : bool
        Whether links lead from source to target only.
    wanted : Wanted
        Its columns with the ends and the weights of links.

    Raises
    ------
    NetworkError
        If the columns cannot be told, an end of a link is missing, or a weight is no number, negative, NaN or infinite.
    """
    if not hasattr(table, "__array__"):  # then its columns are no arrays either
        table = require("pyarrow", extra="parquet").table(table)
    names = _names(table)
    columns = find_columns(names, wanted)
    tails, heads = (_ends(table[names[place]], names[place]) for place in (columns.source, columns.target))
    weights = None
    if columns.weight is not None:
        column = table[names[columns.weight]]
        values = _numbers(column)
        weights = checked_weights(
            _objects(column) if values is None else values,
            lambda k: f"the link {_cell(tails, k)!s} - {_cell(heads, k)!s} (row {k})",
        )
    if isinstance(tails, np.ndarray) and isinstance(heads, np.ndarray):  # as an array of links
        return Network.from_edges(tails, heads, weights, directed=directed)
    numbers, labels = _numbered(tails, heads)
    if weights is not None and not weights.all():  # a link of weight 0 makes no node
        linked = weights > 0
        numbers, weights = numbers[:, linked], weights[linked]
    sources, targets, order = renumbered_by_occurrence(numbers[0], numbers[1], len(labels))
    return Network.from_edges(sources, targets, weights, directed=directed, labels=[labels[i] for i in order.tolist()])


def _names(table: Any) -> list[Any]:
    # Arrow's `columns` are the columns themselves; and a column of pandas may be called `column_names`.
    return list(
        table.column_names if isinstance(table.columns, list) and hasattr(table, "column_names") else table.columns
    )


def _ends(column: Any, name: Any) -> Any:
    """The column if it holds words or other objects, an array if whole numbers; nothing else calls nodes."""
    missing = np.asarray(column.isna() if hasattr(column, "isna") else column.is_null(), dtype=np.bool_)
    if missing.any():
        raise NetworkError(f"the column {name!r} has no node in row {int(missing.argmax())}, counted from 0")
    numbers = _numbers(column)
    if numbers is not None and len(numbers) and numbers.dtype.kind not in "iu":
        raise NetworkError(
            f"the column {name!r} holds {numbers.dtype}, but nodes are called by whole numbers or words; give the "
            "table columns source and target, and a matrix as a SciPy sparse one"
        )
    return column if numbers is None else numbers


def _numbers(column: Any) -> NDArray[Any] | None:
    """A column of numbers as an array; None if it holds anything else."""
    dtype = getattr(getattr(column, "dtype", None), "numpy_dtype", None)  # of pandas' numbers that may be missing
    if dtype is not None and dtype.kind in "biuf" and not column.isna().any():
        return np.asarray(column.to_numpy(dtype=dtype))
    if _is_text(column):  # which is no array without a Python object for each word
        return None
    array = np.asarray(column)
    return array if array.dtype.kind in "biufc" else None


def _is_text(column: Any) -> bool:
    """Whether a column is Arrow's and holds text, as it is or encoded, or a column of text of Polars'."""
    if hasattr(column, "dictionary_encode"):
        return str(column.type).removeprefix("dictionary<values=").startswith(("string", "large_string"))
    return hasattr(column, "replace_strict") and str(column.dtype) == "String"


def _objects(column: Any) -> list[Any]:
    name = next(name for name in ("tolist", "to_list", "to_pylist") if hasattr(column, name))
    values: list[Any] = getattr(column, name)()
    return values


def _cell(column: Any, row: int) -> Any:
    """What stands in a row, as Python knows it."""
    return _objects(getattr(column, "iloc", column)[row : row + 1])[0]  # rows of pandas have names, too


def _numbered(tails: Any, heads: Any) -> tuple[IntArray, list[Any]]:
    """Ends of links as numbers of labels, shape (2, m), and the labels in any order."""
    position: dict[Any, int] = {}
    numbers = []
    for column in (tails, heads):
        codes, distinct = _encoded(column)
        places = np.fromiter((position.setdefault(label, len(position)) for label in distinct), np.int64)
        numbers.append(places[codes])
    return np.stack(numbers), list(position)


def _encoded(column: Any) -> tuple[IntArray, list[Any]]:
    """A column as numbers of its distinct values, and these; by the library that it is from, if that can do it."""
    if len(column) == 0:  # of which nobody knows the type
        return np.empty(0, np.int64), []
    if hasattr(column, "factorize"):
        codes, distinct = column.factorize()
        return codes, distinct.tolist()
    if hasattr(column, "dictionary_encode"):
        encoded = column.dictionary_encode()
        if hasattr(encoded, "unify_dictionaries"):
            encoded = encoded.unify_dictionaries().combine_chunks()
        return np.asarray(encoded.indices), encoded.dictionary.to_pylist()
    if _is_text(column):
        distinct = column.unique(maintain_order=True)
        return column.replace_strict(distinct, np.arange(len(distinct))).to_numpy(), distinct.to_list()
    values = _objects(column)
    position = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.fromiter(map(position.__getitem__, values), np.int64, len(values)), list(position)

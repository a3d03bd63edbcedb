"""Read tables of links: pandas, Polars, Arrow, and any table that pyarrow can convert."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.optional import require
from mapeq.io.columns import ColumnChoice, Columns, declared_direction, find_columns
from mapeq.io.objects.arrays import checked_weights, from_array
from mapeq.network.blocks import Spool, WordTable, network_of
from mapeq.network.labels import renumbered_by_occurrence
from mapeq.network.network import Network


def is_table(thing: object) -> bool:
    """Return whether an object is a table: it has columns and an exchange protocol, which single columns have, too."""
    exchanged = hasattr(thing, "__arrow_c_stream__") or hasattr(thing, "__dataframe__")
    return exchanged and (hasattr(thing, "columns") or hasattr(thing, "column_names"))


def is_adjacency(thing: Any) -> bool:
    """Return whether a table is a square pandas DataFrame whose index holds the names of its columns, in any order.

    Rows and columns of a table of links may be counted from 0, too, but its columns mostly differ in type.
    """
    index, columns = getattr(thing, "index", None), getattr(thing, "columns", None)
    if not hasattr(thing, "iloc") or columns is None or index is None or not 0 < len(index) == len(columns):
        return False
    if not (index.is_unique and columns.is_unique and index.isin(columns).all()):
        return False
    kinds = set(thing.dtypes)
    return not _is_counted(columns) or (len(kinds) == 1 and getattr(kinds.pop(), "kind", "O") in "biuf")


def _is_counted(columns: Any) -> bool:
    return bool(columns.tolist() == list(range(len(columns))))


def from_adjacency(frame: Any, *, directed: bool | None, implied: bool, weight: str | int | None) -> Network:
    """Read a square pandas DataFrame, in which the cell in row i and column j is the weight of the link i -> j.

    If index and columns are only counted from 0, it is read like an array.

    Raises
    ------
    NetworkError
        If the cells are not numbers, a weight is negative, NaN or infinite, or the cells may be links as well.
    """
    import scipy.sparse

    values = frame.loc[frame.columns].to_numpy()
    if _is_counted(frame.columns):
        return from_array(values, directed=directed, implied=implied, weight=weight)
    if values.dtype.kind not in "biuf":
        raise NetworkError(f"a data frame whose index names its columns holds weights, but these are {values.dtype}")
    matrix = scipy.sparse.csr_array(values if weight is not None else (values != 0).astype(np.float64))
    return Network.from_csr(matrix, directed=directed, labels=frame.columns.tolist())


def from_table(table: Any, *, directed: bool | None = None, implied: bool = False, columns: ColumnChoice) -> Network:
    """Read a table with one link per row.

    Parameters
    ----------
    table : pandas or Polars DataFrame, Arrow Table, or any table that pyarrow can convert to Arrow
        Nodes are sorted by label if labels are integers, and otherwise in order of first occurrence.
    directed : bool, optional
        Whether links lead only from source to target; by default what a column ``Type`` says, as in Gephi's tables,
        and otherwise as `implied`.
    columns : ColumnChoice
        Columns of link ends and weights.

    Raises
    ------
    NetworkError
        If a column or the end of a link is missing, a weight is not a number, negative, NaN or infinite, or links are
        of both types.
    """
    table = readable(table)
    found = _found_columns(table, columns)
    if directed is None:
        directed = implied if found.type is None else declared_direction(_types(table, found))
    tails, heads, weights = _links(table, found)
    if isinstance(tails, np.ndarray) and isinstance(heads, np.ndarray):  # integer labels, sorted as for arrays of links
        return Network.from_edges(tails, heads, weights, directed=directed)
    words = WordTable()
    numbers = [_numbered(column, words) for column in (tails, heads)]
    sources, targets, order = renumbered_by_occurrence(numbers[0], numbers[1], len(words.labels))
    labels = [words.labels[i] for i in order.tolist()]
    return Network.from_edges(sources, targets, weights, directed=directed, labels=labels)


def from_tables(tables: Iterable[Any], *, directed: bool | None, columns: ColumnChoice) -> Network:
    """Do for the parts of a table, in order, what :func:`from_table` does; they need not fit into memory together.

    Parameters
    ----------
    tables : iterable of Arrow tables with the same columns, at least one
    directed, columns : as in :func:`from_table`

    Raises
    ------
    NetworkError
        As in :func:`from_table`, or if temporary files cannot be written.
    """
    with Spool() as spool:
        words = WordTable()
        types: set[str] = set()
        for table in tables:
            found = _found_columns(table, columns)
            types |= _types(table, found)
            tails, heads, weights = _links(table, found, spool.num_rows)
            if not (isinstance(tails, np.ndarray) and isinstance(heads, np.ndarray)):
                tails, heads = _numbered(tails, words), _numbered(heads, words)
            spool.add(tails, heads, weights)
        is_directed = declared_direction(types) if directed is None else directed
        return network_of(Network, spool, words.labels if words else None, directed=is_directed)


def _found_columns(table: Any, columns: ColumnChoice) -> Columns:
    names = column_names(table)
    return find_columns(names, columns, lambda place: _holds_numbers(table[names[place]]))


def _links(table: Any, found: Columns, rows_before: int = 0) -> tuple[Any, Any, FloatArray | None]:
    """Return sources, targets and weights: ends as arrays if they are integers, and else as columns."""
    names = column_names(table)
    tails, heads = (_ends(table[names[place]], names[place], rows_before) for place in (found.source, found.target))
    if found.weight is None:
        return tails, heads, None
    column = table[names[found.weight]]
    values = _numbers(column)

    def name(k: int) -> str:
        return f"the link {_cell(tails, k)!s} - {_cell(heads, k)!s} (row {rows_before + k})"

    return tails, heads, checked_weights(objects(column) if values is None else values, name)


def readable(table: Any) -> Any:
    """Return a table whose columns convert to arrays: itself, or as an Arrow table."""
    return table if hasattr(table, "__array__") else require("pyarrow", extra="parquet").table(table)


def column_names(table: Any) -> list[Any]:
    """Return the names of the columns."""
    # Arrow's `columns` are arrays, not names; pandas may have a column called `column_names`.
    return list(
        table.column_names if isinstance(table.columns, list) and hasattr(table, "column_names") else table.columns
    )


def _ends(column: Any, name: Any, rows_before: int) -> Any:
    """Return integer labels as an array, other labels as the column itself; raise for anything else."""
    missing = np.asarray(column.isna() if hasattr(column, "isna") else column.is_null(), dtype=np.bool_)
    if missing.any():
        raise NetworkError(f"column {name!r} has no node in row {rows_before + int(missing.argmax())}, counted from 0")
    numbers = _numbers(column)
    if numbers is not None and len(numbers) and numbers.dtype.kind not in "iu":
        raise NetworkError(
            f"column {name!r} holds {numbers.dtype}, but node labels must be integers or strings; pass a table with "
            "columns source and target, or a matrix as a SciPy sparse matrix"
        )
    return column if numbers is None else numbers


def _numbers(column: Any) -> NDArray[Any] | None:
    """Return a column of numbers as an array, or None if it holds anything else."""
    dtype = getattr(getattr(column, "dtype", None), "numpy_dtype", None)  # pandas' nullable numbers
    if dtype is not None and dtype.kind in "biuf" and not column.isna().any():
        return np.asarray(column.to_numpy(dtype=dtype))
    if _is_text(column):  # converting it would make a Python object of each string
        return None
    array = np.asarray(column)
    return array if array.dtype.kind in "biufc" else None


def _holds_numbers(column: Any) -> bool:
    numbers = _numbers(column)
    return numbers is not None and numbers.dtype.kind in "iuf"


def _types(table: Any, found: Columns) -> set[str]:
    """Return the types of links that a column names."""
    if found.type is None:
        return set()
    column = table[column_names(table)[found.type]]
    return {value.strip().lower() for value in set(objects(column)) if isinstance(value, str)}


def _is_text(column: Any) -> bool:
    """Return whether a column is an Arrow column of text, plain or dictionary-encoded, or a Polars column of text."""
    if hasattr(column, "dictionary_encode"):
        return str(column.type).removeprefix("dictionary<values=").startswith(("string", "large_string"))
    return hasattr(column, "replace_strict") and str(column.dtype) == "String"


def objects(column: Any) -> list[Any]:
    """Return a column as Python objects."""
    name = next(name for name in ("tolist", "to_list", "to_pylist") if hasattr(column, name))
    values: list[Any] = getattr(column, name)()
    return values


def _cell(column: Any, row: int) -> Any:
    """Return the value in a row as a Python object."""
    return objects(getattr(column, "iloc", column)[row : row + 1])[0]  # pandas indexes rows by label otherwise


def _numbered(column: Any, words: WordTable) -> NDArray[np.int64]:
    """Number the labels of a column."""
    codes, distinct = _encoded(column)
    return words.numbers(distinct)[codes]


def _encoded(column: Any) -> tuple[IntArray, list[Any]]:
    """Return a column as indices of its distinct values, and these values; use the column's own library if possible."""
    if len(column) == 0:  # an empty column has no type
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
    values = objects(column)
    position = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.fromiter(map(position.__getitem__, values), np.int64, len(values)), list(position)

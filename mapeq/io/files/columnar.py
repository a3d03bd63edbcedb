"""Read links from Parquet and Arrow (Feather) files; only the columns of links are read (extra ``parquet``).

A folder of Parquet files, as Spark and Dask write them, is one table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from mapeq._base.errors import FormatError, NetworkError
from mapeq._base.optional import require
from mapeq.io.columns import ColumnChoice, find_columns
from mapeq.io.files.source import file_name, reading
from mapeq.io.objects.tables import from_tables
from mapeq.network.network import Network

#: First bytes and suffixes; one of them suffices.
_PARQUET = (b"PAR1", (".parquet", ".pq"))
#: Arrow's types of numbers.
_NUMBER = re.compile("u?int|float|halffloat|double")
_ARROW = (b"ARROW1", (".arrow", ".feather"))

#: Rows of a Parquet file that are read at once.
PART = 1 << 20


def is_columnar(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is Parquet or Arrow by its first bytes or its suffix, or a folder holds Parquet files."""
    return os.fspath(path) != "-" and (_is(path, _PARQUET) or _is(path, _ARROW))


def _is(path: str | os.PathLike[str], kind: tuple[bytes, tuple[str, ...]]) -> bool:
    begin, suffixes = kind
    if Path(os.fsdecode(path)).suffix.lower() in suffixes:
        return True
    if os.path.isdir(path):
        return kind is _PARQUET and _is_table(Path(os.fsdecode(path)))
    if not os.path.isfile(path):  # peeking would consume a pipe
        return False
    with suppress(OSError), open(path, "rb") as stream:
        return stream.read(len(begin)) == begin
    return False  # the next reader reports the error


def _is_table(folder: Path) -> bool:
    """Whether a folder holds Parquet files itself, or is what Spark has written; others are not searched for them."""
    return (folder / "_SUCCESS").exists() or any(folder.glob("[!._]*.parquet"))


def read_columnar(path: str | os.PathLike[str], *, directed: bool | None, columns: ColumnChoice) -> Network:
    """Read a Parquet or Arrow file with one link per row; see :func:`mapeq.read_network`.

    Raises
    ------
    FormatError
        If the file cannot be read, a column is missing, or a row is invalid.
    ImportError
        If pyarrow is not installed.
    """
    file = file_name(path)
    open_parts = _parquet if _is(path, _PARQUET) else _arrow
    try:
        with (
            reading(file_name(path), "a Parquet file" if open_parts is _parquet else "an Arrow file"),
            open_parts(path, columns) as (tables, found),
        ):
            return from_tables(tables, directed=directed, columns=found)
    except NetworkError as error:
        raise FormatError(str(error), file=file) from error


def columnar_table(path: str | os.PathLike[str]) -> Any:
    """Return a Parquet or Arrow file as an Arrow table.

    Raises
    ------
    FormatError
        If the file cannot be read.
    ImportError
        If pyarrow is not installed.
    """
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    if _is(path, _PARQUET):
        with reading(file_name(path), "a Parquet file"):
            return _validated(arrow.concat_tables([_whole(_opened(parquet, part, []), part) for part in _parts(path)]))
    with reading(file_name(path), "an Arrow file"), arrow.memory_map(os.fspath(path)) as data:
        return _validated(arrow.ipc.open_file(data).read_all())


@contextmanager
def _parquet(path: str | os.PathLike[str], columns: ColumnChoice) -> Iterator[tuple[Iterator[Any], ColumnChoice]]:
    """The parts of a Parquet file as tables of the columns that are needed, and the choice of columns by name."""
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    parts = _parts(path)
    schema = parquet.read_schema(parts[0])
    names, found = _resolved(schema, columns)
    texts = [name for name in names if str(schema.field(name).type) in ("string", "large_string")]

    def tables() -> Iterator[Any]:
        for part in parts:
            _check_same_types(names, schema, parts[0], parquet.read_schema(part), part)
            with _opened(parquet, part, texts) as file:
                if not file.metadata.num_rows:
                    yield file.read(columns=names)
                for batch in _row_groups(file, part, names):
                    yield arrow.table(batch)

    yield tables(), found


def _check_same_types(names: list[str], first: Any, first_part: str, schema: Any, part: str) -> None:
    """Raise FormatError unless columns of a file in a folder have the types that they have in the first one."""
    for name in names:
        found = schema.field(name).type if name in schema.names else None
        if found != first.field(name).type:
            there = f"is {first.field(name).type} in {first_part}"
            here = "this file has no such column" if found is None else f"{found} here"
            raise FormatError(f"column {name!r} {there}, {here}", file=part)


def _parts(path: str | os.PathLike[str]) -> list[str]:
    """The Parquet files of a folder, in the order of their names; or the file itself."""
    if not os.path.isdir(path):
        return [os.fsdecode(path)]
    parts = _parts_in(path)
    if not parts:
        raise FormatError("a directory that holds no Parquet file", file=file_name(path))
    return parts


def _parts_in(folder: str | os.PathLike[str]) -> list[str]:
    """The Parquet files in a folder and in folders in it; names with _ or . at their beginning are not of the table."""
    files = (file.relative_to(os.fsdecode(folder)) for file in Path(os.fsdecode(folder)).rglob("*.parquet"))
    shown = (file for file in files if not any(name.startswith(("_", ".")) for name in file.parts))
    return [os.path.join(os.fsdecode(folder), file) for file in sorted(shown)]


def _whole(file: Any, path: str) -> Any:
    """A Parquet file as one table."""
    arrow = require("pyarrow", extra="parquet")
    batches = list(_row_groups(file, path, None))
    return arrow.Table.from_batches(batches) if batches else file.read()


def _opened(parquet: Any, path: str | os.PathLike[str], texts: list[str]) -> Any:
    """Open a Parquet file so that damaged pages are found where the file has checksums."""
    return parquet.ParquetFile(os.fspath(path), read_dictionary=texts, page_checksum_verification=True)


def _row_groups(file: Any, path: str, names: list[str] | None) -> Iterator[Any]:
    """The rows of a Parquet file in batches, some columns or all; an error says which row group is damaged."""
    arrow = require("pyarrow", extra="parquet")
    for number in range(file.num_row_groups):
        try:
            yield from file.iter_batches(batch_size=PART, row_groups=[number], columns=names)
        except (OSError, arrow.ArrowException) as error:
            if getattr(error, "errno", None) is not None:  # of the system
                raise
            message = f"row group {number + 1} of {file.num_row_groups} is damaged: {' '.join(str(error).split())}"
            raise FormatError(message, file=path) from error


@contextmanager
def _arrow(path: str | os.PathLike[str], columns: ColumnChoice) -> Iterator[tuple[Iterator[Any], ColumnChoice]]:
    """Do for an Arrow file what :func:`_parquet` does."""
    arrow = require("pyarrow", extra="parquet")
    with arrow.memory_map(os.fspath(path)) as data:
        schema = arrow.ipc.open_file(data).schema
    names, found = _resolved(schema, columns)
    options = arrow.ipc.IpcReadOptions(included_fields=[schema.names.index(name) for name in names])
    with arrow.memory_map(os.fspath(path)) as data:
        file = arrow.ipc.open_file(data, options=options)
        empty = [] if file.num_record_batches else [file.read_all()]
        batches = (file.get_batch(number) for number in range(file.num_record_batches))
        yield chain(empty, (_validated(arrow.table(batch)) for batch in batches)), found


def _validated(table: Any) -> Any:
    """The table, unless it is damaged: text is decoded, and nothing is read from anywhere in memory."""
    table.validate(full=True)
    return table


def _resolved(schema: Any, columns: ColumnChoice) -> tuple[list[str], ColumnChoice]:
    """Return the names of the columns to read, and the choice of columns by these names."""
    names: list[str] = schema.names
    places = find_columns(names, columns, lambda place: _NUMBER.match(str(schema.field(place).type)) is not None)
    read = [names[place] for place in places if place is not None]
    return read, ColumnChoice(names[places.source], names[places.target], None if places.weight is None else read[2])

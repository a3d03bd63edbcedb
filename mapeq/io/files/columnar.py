"""Links in Parquet and Arrow (Feather) files, of which only the columns that count are read (extra ``parquet``)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from mapeq._base.errors import FormatError, NetworkError
from mapeq._base.optional import require
from mapeq.io.columns import Wanted, find_columns
from mapeq.io.files.source import file_name, reading
from mapeq.io.objects.tables import from_table
from mapeq.network.network import Network

#: How files begin, and what they may be called: either will do.
_PARQUET = (b"PAR1", (".parquet", ".pq"))
_ARROW = (b"ARROW1", (".arrow", ".feather"))


def is_columnar(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins, or at least is called, like one of these."""
    return os.fspath(path) != "-" and (_is(path, _PARQUET) or _is(path, _ARROW))


def _is(path: str | os.PathLike[str], kind: tuple[bytes, tuple[str, ...]]) -> bool:
    begin, suffixes = kind
    if Path(os.fsdecode(path)).suffix.lower() in suffixes:
        return True
    if not os.path.isfile(path):  # what is read from a pipe is gone
        return False
    with suppress(OSError), open(path, "rb") as stream:
        return stream.read(len(begin)) == begin
    return False  # whoever reads it on says why


def read_columnar(path: str | os.PathLike[str], *, directed: bool, wanted: Wanted) -> Network:
    """Read links from a Parquet or Arrow file, one a row; see :func:`mapeq.read_network`.

    Raises
    ------
    FormatError
        If the file cannot be read, columns cannot be told, or a row makes no sense; says which.
    ImportError
        If pyarrow is not installed.
    """
    file = file_name(path)
    read = _parquet if _is(path, _PARQUET) else _arrow
    try:
        table, chosen = read(path, wanted)
        return from_table(table, directed=directed, wanted=chosen)
    except NetworkError as error:
        raise FormatError(str(error), file=file) from error


def _parquet(path: str | os.PathLike[str], wanted: Wanted) -> tuple[Any, Wanted]:
    parquet = require("pyarrow.parquet", extra="parquet")
    with reading(path, "a Parquet file"):
        schema = parquet.read_schema(os.fspath(path))
    names, chosen = _chosen(schema.names, wanted)
    words = [name for name in names if str(schema.field(name).type) in ("string", "large_string")]
    with reading(path, "a Parquet file"), parquet.ParquetFile(os.fspath(path), read_dictionary=words) as file:
        return file.read(columns=names), chosen


def _arrow(path: str | os.PathLike[str], wanted: Wanted) -> tuple[Any, Wanted]:
    arrow = require("pyarrow", extra="parquet")
    with reading(path, "an Arrow file"), arrow.memory_map(os.fspath(path)) as data:
        held = arrow.ipc.open_file(data).schema.names
    names, chosen = _chosen(held, wanted)
    options = arrow.ipc.IpcReadOptions(included_fields=[held.index(name) for name in names])
    with reading(path, "an Arrow file"), arrow.memory_map(os.fspath(path)) as data:
        return arrow.ipc.open_file(data, options=options).read_all(), chosen


def _chosen(names: list[str], wanted: Wanted) -> tuple[list[str], Wanted]:
    """The names of the columns to read, and which of them is what."""
    source, target, weight = find_columns(names, wanted)
    chosen = Wanted(names[source], names[target], None if weight is None else names[weight])
    return [name for name in chosen if isinstance(name, str)], chosen

"""Write what has columns and a summary, such as resolution profiles and stability, as tables and as JSON."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from mapeq._base.optional import require
from mapeq.io.files.compression import plain_name
from mapeq.io.files.streams import STANDARD_OUTPUT, check_not_packed, check_place, opened


class Tabular(Protocol):
    """What can be written: a profile, stability, a table of modules."""

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of a table."""

    def summary(self) -> dict[str, Any]:
        """Return what JSON can hold."""


def write_csv(found: Tabular, stream: IO[str], delimiter: str = ",") -> None:
    """Write a header, and the columns of ``columns()``; None is an empty field."""
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    columns = found.columns()
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def write_tsv(found: Tabular, stream: IO[str]) -> None:
    """Write as :func:`write_csv`, with tabs."""
    write_csv(found, stream, "\t")


def write_json(found: Tabular, stream: IO[str]) -> None:
    """Write ``summary()``."""
    stream.write(json.dumps(found.summary(), indent=1, ensure_ascii=False) + "\n")


def write_parquet(found: Tabular, stream: IO[bytes]) -> None:
    """Write the columns of ``columns()`` as Parquet (extra ``parquet``), with ``summary()`` as metadata."""
    arrow = require("pyarrow", extra="parquet")
    table = arrow.table(found.columns()).replace_schema_metadata({"mapeq": json.dumps(found.summary())})
    require("pyarrow.parquet", extra="parquet").write_table(table, stream)


class _Writer(NamedTuple):
    write: Callable[[Tabular, IO[Any]], None]
    binary: bool = False


#: By suffix.
TABLES = {
    "csv": _Writer(write_csv),
    "tsv": _Writer(write_tsv),
    "json": _Writer(write_json),
    "parquet": _Writer(write_parquet, binary=True),
}


def table_format(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a path, that of the text in a compressed file."""
    whole = Path(path).suffix.removeprefix(".").lower()
    inner = Path(plain_name(os.fspath(path))).suffix.removeprefix(".").lower()
    return inner if inner in TABLES and path != STANDARD_OUTPUT else whole


def check_table(path: str | os.PathLike[str], others: tuple[str, ...] = ()) -> None:
    """Check before a long search that a table, or a file with one of the other suffixes, can be written.

    Raises
    ------
    ValueError
        If the suffix is another one.
    FormatError
        If the file cannot be written.
    ImportError
        If pyarrow is not installed, for Parquet.
    """
    name = table_format(path)
    if name not in (*TABLES, *others):
        known = ", ".join(f".{suffix}" for suffix in (*TABLES, *others))
        raise ValueError(f"{os.fspath(path)}: the suffix selects the format; it must be one of {known}")
    check_place(path)
    if name == "parquet":
        check_not_packed(path, name)
        require("pyarrow", extra="parquet")


def write_table(found: Tabular, path: str | os.PathLike[str]) -> None:
    """Write to a file; the suffix selects the format. Raises as :func:`check_table`."""
    check_table(path)
    writer = TABLES[table_format(path)]
    with opened(path, binary=writer.binary) as stream:
        writer.write(found, stream)

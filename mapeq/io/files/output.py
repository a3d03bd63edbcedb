"""Write results: the suffix selects the format, and a file is replaced only once it is complete."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mapeq._base.errors import NetworkError, option_error
from mapeq._base.optional import require
from mapeq.io.files.clu import write_clu
from mapeq.io.files.compression import plain_name
from mapeq.io.files.flow_tree import write_flow_tree
from mapeq.io.files.graphs import write_gexf, write_graphml
from mapeq.io.files.streams import STANDARD_OUTPUT, check_not_packed, check_place, opened
from mapeq.io.files.tables import write_csv, write_json, write_parquet, write_tsv
from mapeq.io.files.tree import write_tree
from mapeq.result.result import Result


class Writer(NamedTuple):
    """How to write results in one format."""

    write: Callable[..., None]  #: takes the result, a stream and the options below
    binary: bool = False
    options: tuple[str, ...] = ()  #: those of write_result, from "level" on, that it supports
    needs: tuple[str, str] | None = None  #: the library it needs, and the extra that installs it


#: By suffix. Formats that need more than files, such as the report, register themselves.
WRITERS = {
    "clu": Writer(write_clu, options=("level", "physical")),
    "tree": Writer(write_tree, options=("physical",)),
    "ftree": Writer(write_flow_tree, options=("physical",)),
    "json": Writer(write_json),
    "csv": Writer(write_csv, options=("min_size", "strength")),
    "tsv": Writer(write_tsv, options=("min_size", "strength")),
    "parquet": Writer(write_parquet, binary=True, options=("min_size", "strength"), needs=("pyarrow", "parquet")),
    "graphml": Writer(write_graphml, binary=True),
    "gexf": Writer(write_gexf),
}


def write_result(
    result: Result,
    path: str | os.PathLike[str],
    format: str | None = None,
    level: int = 1,
    min_size: int = 1,
    title: str | None = None,
    physical: bool = False,
    strength: bool = False,
) -> None:
    """Write a result; see :meth:`mapeq.Result.write`. The path ``-`` is standard output.

    Tables show modules of fewer nodes than `min_size` as -1; `title` is the name of the network in reports.
    """
    check_writable(path, format)
    name = format_of(path, format)
    writer = WRITERS[name]
    if level != 1 and "level" not in writer.options:
        raise option_error("level", level, f"omitted, because a .{name} file holds all levels")
    if min_size != 1 and "min_size" not in writer.options:
        raise option_error("min_size", min_size, f"omitted, because a .{name} file holds all modules")
    if physical and "physical" not in writer.options:
        raise option_error("physical", physical, f"omitted, because a .{name} file has the physical node of each state")
    if strength and "strength" not in writer.options:
        raise option_error("strength", strength, f"omitted, because a .{name} file has no such columns")
    if physical and result.network.states is None:
        raise NetworkError(f"{os.fspath(path)}: the network has no states, whose physical nodes could be written")
    given = {"level": level, "min_size": min_size, "title": title, "physical": physical, "strength": strength}
    with opened(path, binary=writer.binary) as stream:
        writer.write(result, stream, **{option: given[option] for option in writer.options})


def format_of(path: str | os.PathLike[str], format: str | None = None) -> str:
    """Return the format that is given, or that of a path's suffix.

    Raises
    ------
    ValueError
        If there is no such format, no format has this suffix, or another one has.
    """
    name = Path(plain_name(os.fspath(path))).suffix.removeprefix(".").lower()
    if format is not None:
        if format not in WRITERS:
            raise option_error("format", format, "one of " + ", ".join(WRITERS))
        if name in WRITERS and name != format:
            raise ValueError(f"{os.fspath(path)}: the format is {format!r}, but this is the suffix of {name} files")
        return format
    if name not in WRITERS:
        known = ", ".join(f".{writer}" for writer in WRITERS)
        raise ValueError(f"{os.fspath(path)}: the suffix selects the format; it must be one of {known}")
    return name


def check_writable(path: str | os.PathLike[str], format: str | None = None) -> None:
    """Check before a long search that a file can be written.

    Raises
    ------
    ValueError, FormatError
        As :func:`format_of` and :func:`~mapeq.io.files.streams.check_place`.
    ImportError
        If the format needs a library that is not installed.
    """
    if path != STANDARD_OUTPUT:
        check_place(path)
    name = format_of(path, format)
    if name == "parquet":
        check_not_packed(path, name)
    if (needs := WRITERS[name].needs) is not None:
        require(needs[0], extra=needs[1])

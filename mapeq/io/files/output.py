"""Write results: the suffix selects the format, and a file is replaced only once it is complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from mapeq._base.errors import FormatError, option_error
from mapeq._base.optional import require
from mapeq.io.files.clu import write_clu
from mapeq.io.files.flow_tree import write_flow_tree
from mapeq.io.files.graphs import write_gexf, write_graphml
from mapeq.io.files.tables import write_csv, write_json, write_parquet, write_tsv
from mapeq.io.files.tree import write_tree
from mapeq.result.result import Result


class Writer(NamedTuple):
    """How to write results in one format."""

    write: Callable[..., None]  #: takes the result, a stream and the options below
    binary: bool = False
    options: tuple[str, ...] = ()  #: those of "level", "min_size" and "title" that it supports
    needs: tuple[str, str] | None = None  #: the library it needs, and the extra that installs it


#: By suffix. Formats that need more than files, such as the report, register themselves.
WRITERS = {
    "clu": Writer(write_clu, options=("level",)),
    "tree": Writer(write_tree),
    "ftree": Writer(write_flow_tree),
    "json": Writer(write_json),
    "csv": Writer(write_csv, options=("min_size",)),
    "tsv": Writer(write_tsv, options=("min_size",)),
    "parquet": Writer(write_parquet, binary=True, options=("min_size",), needs=("pyarrow", "parquet")),
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
) -> None:
    """Write a result; see :meth:`mapeq.Result.write`.

    Tables show modules of fewer nodes than `min_size` as -1; `title` is the name of the network in reports.
    """
    name = format_of(path) if format is None else format
    if name not in WRITERS:
        raise option_error("format", format, "one of " + ", ".join(WRITERS))
    writer = WRITERS[name]
    if level != 1 and "level" not in writer.options:
        raise option_error("level", level, f"omitted, because a .{name} file holds all levels")
    if min_size != 1 and "min_size" not in writer.options:
        raise option_error("min_size", min_size, f"omitted, because a .{name} file holds all modules")
    given = {"level": level, "min_size": min_size, "title": title}
    with atomic_file(path, binary=writer.binary) as stream:
        writer.write(result, stream, **{option: given[option] for option in writer.options})


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format for a path's suffix.

    Raises
    ------
    ValueError
        If no format has this suffix.
    """
    name = Path(path).suffix.removeprefix(".").lower()
    if name not in WRITERS:
        known = ", ".join(f".{writer}" for writer in WRITERS)
        raise ValueError(f"{os.fspath(path)}: the suffix selects the format; it must be one of {known}")
    return name


def check_writable(path: str | os.PathLike[str]) -> None:
    """Check before a long search that a file can be written.

    Raises
    ------
    FormatError
        If the path is a directory, or its directory does not exist or cannot be written to.
    ImportError
        If the format needs a library that is not installed.
    """
    target = Path(path)
    writer = WRITERS.get(target.suffix.removeprefix(".").lower())
    if writer is not None and writer.needs is not None:
        require(writer.needs[0], extra=writer.needs[1])
    if target.is_dir():
        raise FormatError("is a directory; name a file in it", file=str(target))
    if not target.parent.is_dir():
        raise FormatError(f"there is no directory {str(target.parent)!r}", file=str(target))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FormatError("no permission to write to this directory", file=str(target))


@contextmanager
def atomic_file(path: str | os.PathLike[str], *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a stream, of text unless `binary`, that replaces the file at the path once it is written without errors."""
    check_writable(path)
    target = Path(os.path.realpath(path))
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", file=str(path)) from error
    try:
        mode, encoding, newline = ("wb", None, None) if binary else ("w", "utf-8", "\n")
        with open(descriptor, mode, encoding=encoding, newline=newline) as stream:
            yield stream
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", file=str(path)) from error
    finally:
        with suppress(FileNotFoundError):  # on success it has been renamed
            os.unlink(name)


#: For :mod:`mapeq.integrations.infomap`, which still imports the old name.
whole_file = atomic_file


def _mode(target: Path) -> int:
    """Return the permissions of the file, or those of a new file."""
    with suppress(FileNotFoundError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

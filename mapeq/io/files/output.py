"""Writing results: the format follows the suffix, and a file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from mapeq._base.errors import FormatError, option_error
from mapeq._base.optional import require
from mapeq.io.files.clu import write_clu
from mapeq.io.files.flow_tree import write_flow_tree
from mapeq.io.files.graphs import write_gexf, write_graphml
from mapeq.io.files.tables import write_csv, write_json, write_parquet, write_tsv
from mapeq.io.files.tree import write_tree
from mapeq.pictures.report import write_report
from mapeq.result.result import Result

WRITERS: dict[str, Callable[..., None]] = {
    "clu": write_clu,
    "tree": write_tree,
    "ftree": write_flow_tree,
    "json": write_json,
    "csv": write_csv,
    "tsv": write_tsv,
    "parquet": write_parquet,
    "graphml": write_graphml,
    "gexf": write_gexf,
    "html": write_report,
}

#: The formats that are bytes rather than text.
_BINARY = ("parquet", "graphml")

#: The formats that can leave small modules out.
TABLES = ("csv", "tsv", "parquet")


def write_result(
    result: Result,
    path: str | os.PathLike[str],
    format: str | None = None,
    level: int = 1,
    min_size: int = 1,
    title: str | None = None,
) -> None:
    """Write a result; see :meth:`mapeq.Result.write`.

    Tables have -1 for the modules of fewer nodes than `min_size`; `title` is what reports call the network.
    """
    name = format_of(path) if format is None else format
    if name not in WRITERS:
        raise option_error("format", format, "one of " + ", ".join(WRITERS))
    if level != 1 and name != "clu":
        raise option_error("level", level, f"left out, as a .{name} file holds all levels")
    if min_size != 1 and name not in TABLES:
        raise option_error("min_size", min_size, f"left out, as a .{name} file holds all modules")
    options: dict[str, Any] = {"min_size": min_size} if name in TABLES else {}
    if name == "clu":
        options = {"level": level}
    elif name == "html":
        options = {"title": title}
    with whole_file(path, binary=name in _BINARY) as stream:
        WRITERS[name](result, stream, **options)


def format_of(path: str | os.PathLike[str]) -> str:
    """The format that a path's suffix asks for.

    Raises
    ------
    ValueError
        If there is none.
    """
    name = Path(path).suffix.removeprefix(".").lower()
    if name not in WRITERS:
        known = ", ".join(f".{writer}" for writer in WRITERS)
        raise ValueError(f"{os.fspath(path)}: the suffix tells the format; it must be one of {known}")
    return name


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse at once what could only fail after the work is done.

    Raises
    ------
    FormatError
        If the path is a directory, or its directory does not exist or cannot be written to.
    ImportError
        If it is a Parquet file and pyarrow is not installed, or a report and matplotlib is not.
    """
    target = Path(path)
    if target.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet")
    if target.suffix.lower() == ".html":
        require("matplotlib", extra="plot")
    if target.is_dir():
        raise FormatError("is a directory; name a file in it", file=str(target))
    if not target.parent.is_dir():
        raise FormatError(f"there is no directory {str(target.parent)!r} to write to", file=str(target))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FormatError("no permission to write there", file=str(target))


@contextmanager
def whole_file(path: str | os.PathLike[str], *, binary: bool = False) -> Iterator[IO[Any]]:
    """A stream, of text unless `binary`, whose content is under the path once it is complete, else not at all."""
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
        with suppress(FileNotFoundError):  # the usual case: it has its final name
            os.unlink(name)


def _mode(target: Path) -> int:
    """The permissions the file has, or those a new one would get."""
    with suppress(FileNotFoundError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

"""Writing results: the format follows the suffix, and a file is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from mapeq.errors import FormatError, option_error
from mapeq.formats.clu import write_clu
from mapeq.formats.flow_tree import write_flow_tree
from mapeq.formats.tables import write_csv, write_json, write_tsv
from mapeq.formats.tree import write_tree
from mapeq.result import Result

WRITERS: dict[str, Callable[[Result, TextIO], None]] = {
    "clu": write_clu,
    "tree": write_tree,
    "ftree": write_flow_tree,
    "json": write_json,
    "csv": write_csv,
    "tsv": write_tsv,
}


def write_result(result: Result, path: str | os.PathLike[str], format: str | None = None, level: int = 1) -> None:
    """Write a result; see :meth:`mapeq.Result.write`."""
    name = format_of(path) if format is None else format
    if name not in WRITERS:
        raise option_error("format", format, "one of " + ", ".join(WRITERS))
    if level != 1 and name != "clu":
        raise option_error("level", level, f"left out, as a .{name} file holds all levels")
    write = partial(write_clu, level=level) if name == "clu" else WRITERS[name]
    with whole_file(path) as stream:
        write(result, stream)


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
    """
    target = Path(path)
    if target.is_dir():
        raise FormatError("is a directory; name a file in it", file=str(target))
    if not target.parent.is_dir():
        raise FormatError(f"there is no directory {str(target.parent)!r} to write to", file=str(target))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FormatError("no permission to write there", file=str(target))


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """A text stream whose content appears under the path once it is complete, and not at all on an error."""
    check_writable(path)
    target = Path(os.path.realpath(path))
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", file=str(path)) from error
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
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

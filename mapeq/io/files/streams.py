"""Streams to write to: a file that is replaced only once it is complete, or standard output."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from mapeq._base.errors import FormatError
from mapeq.io.files.compression import SUFFIXES

STANDARD_OUTPUT = "-"

#: Number of characters of a file's name in that of its temporary file; names have at most 255 bytes.
_MOST_CHARACTERS = 40


def check_place(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written.

    Raises
    ------
    FormatError
        If the path is a directory, or its directory does not exist or cannot be written to, or if its suffix is that of
        a compression that is only read.
    """
    target = Path(path)
    if target.suffix.lower() in set(SUFFIXES) - _PACKERS.keys():
        raise FormatError(f"compressed files are written as {', '.join(_PACKERS)}", file=str(target))
    if target.is_dir():
        raise FormatError("is a directory; name a file in it", file=str(target))
    if not target.parent.is_dir():
        raise FormatError(f"there is no directory {str(target.parent)!r}", file=str(target))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FormatError("no permission to write to this directory", file=str(target))


def check_not_packed(path: str | os.PathLike[str], format: str) -> None:
    """Check that a file of a format that is compressed by itself is not to be compressed again.

    Raises
    ------
    FormatError
        If its suffix says so.
    """
    if os.path.splitext(os.fspath(path))[1].lower() in _PACKERS:
        message = f"{format} files are compressed by themselves; leave out the last suffix"
        raise FormatError(message, file=os.fspath(path))


#: How files are compressed, by suffix; equal contents give equal files.
_PACKERS: dict[str, Callable[[Any], Any]] = {
    ".gz": lambda stream: gzip.GzipFile("", "wb", fileobj=stream, mtime=0),
    ".bz2": lambda stream: bz2.BZ2File(stream, "wb"),
    ".xz": lambda stream: lzma.LZMAFile(stream, "wb"),  # noqa: SIM115 (closed by who packs)
}


@contextmanager
def atomic_file(path: str | os.PathLike[str], *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a stream, of text unless `binary`, that replaces the file at the path once it is written without errors.

    What a process that was killed has left beside the file is removed.
    """
    check_place(path)
    target = Path(os.path.realpath(path))
    _remove_abandoned(target)
    try:
        descriptor, name = tempfile.mkstemp(_suffix(os.getpid()), _prefix(target), target.parent)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", file=str(path)) from error
    try:
        mode, encoding, newline = ("wb", None, None) if binary else ("w", "utf-8", "\n")
        with open(descriptor, mode, encoding=encoding, newline=newline) as stream:
            yield stream
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", file=str(path)) from error
    finally:
        with suppress(FileNotFoundError):  # on success it has been renamed
            os.unlink(name)


@contextmanager
def opened(path: str | os.PathLike[str], *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a file as :func:`atomic_file` does, or standard output for the path ``-``; text is UTF-8 in both.

    A file that ends in .gz, .bz2 or .xz is compressed.
    """
    pack = _PACKERS.get(os.path.splitext(os.fspath(path))[1].lower())
    if path != STANDARD_OUTPUT:
        with atomic_file(path, binary=binary or pack is not None) as stream:
            if pack is None:
                yield stream
                return
            with pack(stream) as packed:
                if binary:
                    yield packed
                    return
                with io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text:
                    yield text
        return
    sys.stdout.flush()
    output = getattr(sys.stdout, "buffer", None)
    if output is None and binary:
        raise FormatError("takes text only", file="standard output")
    if output is None:  # a notebook has replaced it by a stream of text
        yield sys.stdout
        return
    stream = output if binary else io.TextIOWrapper(output, encoding="utf-8", newline="\n")
    try:
        yield stream
        stream.flush()
    finally:
        if stream is not output:
            stream.detach()


def _prefix(target: Path) -> str:
    return f".{target.name[:_MOST_CHARACTERS]}."


def _suffix(process: int) -> str:
    """Return the end of the names of temporary files, which says which process of which machine writes them."""
    return f".{hashlib.sha256(platform.node().encode()).hexdigest()[:8]}-{process}.part"


def _remove_abandoned(target: Path) -> None:
    """Remove the temporary files of processes of this machine that have been killed while they wrote this file."""
    machine = _suffix(0).removesuffix("-0.part")
    name = re.compile(rf"{re.escape(_prefix(target))}\w+{re.escape(machine)}-(\d+)\.part")
    with suppress(OSError):  # a directory that cannot be listed can still be written to
        for entry in os.listdir(target.parent):
            found = name.fullmatch(entry)
            if found and not _is_running(int(found[1])):
                os.unlink(target.parent / entry)


def _is_running(process: int) -> bool:
    """Return whether a process exists."""
    if os.name == "nt":  # where signals cannot ask, but the open files of a process cannot be removed
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _mode(target: Path) -> int:
    """Return the permissions of the file, or those of a new file."""
    with suppress(FileNotFoundError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask

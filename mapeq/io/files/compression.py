"""Unpack compressed files, recognised by their first bytes: gzip, bzip2, xz, zstd, and zip archives of one file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, Protocol

from mapeq._base.errors import FormatError, counted
from mapeq._base.optional import require

#: Suffixes of compressed files; the suffix before tells the format.
SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zip")

_ZIP = b"PK\x03\x04"
#: What archives hold besides the user's files.
_HIDDEN = ("__MACOSX/",)
_LISTED = 4


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes, at most `size`; none at the end."""


class Unpacked(NamedTuple):
    """A stream of what a file holds, uncompressed.

    Attributes
    ----------
    stream : Readable
    name : str
        Name of the file without the suffix of the compression, or of the only file in an archive.
    has_arrays : bool
        Whether it is an archive of NumPy arrays (.npz), which is not unpacked.
    """

    stream: Readable
    name: str
    has_arrays: bool = False


class _Method(NamedTuple):
    name: str
    begin: bytes
    open: Callable[[Any], Readable]


class Rejoined:
    """A stream, with what was already read from it put back: a pipe cannot be rewound."""

    def __init__(self, head: bytes, stream: Readable):
        self._head = head
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """Return some bytes."""
        head, self._head = self._head[:size], self._head[size:]
        return head + self._stream.read(size - len(head))

    def seek(self, offset: int, /) -> object:
        """Refuse: only what is read for the first time is needed."""
        raise io.UnsupportedOperation("seek")

    def seekable(self) -> bool:
        """Return False."""
        return False


class _Unpacking:
    """A stream that unpacks another, and raises FormatErrors if that is truncated or damaged."""

    def __init__(self, stream: Readable, method: str, file: str):
        self._stream = stream
        self._method = method
        self._file = file

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError as error:
            raise FormatError(f"the {self._method} file is truncated", file=self._file) from error
        except (OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the content
            raise FormatError(f"the {self._method} file is damaged", file=self._file) from error


class _Zstandard:
    """Unpacks zstd, frame by frame; the library's own stream does not tell whether a file is truncated."""

    #: Unpacks to 128 MiB at most.
    _STEP = 1 << 12

    def __init__(self, stream: Readable):
        self._library = require("zstandard", extra="zstd")
        self._stream = stream
        self._packed = b""
        self._ready = b""
        self._frame: Any = None

    def read(self, size: int, /) -> bytes:
        while not self._ready:
            if not self._packed and not (packed := self._stream.read(self._STEP)):
                if self._frame is not None:
                    raise EOFError
                return b""
            elif not self._packed:
                self._packed = packed
            if self._frame is None:
                self._frame = self._library.ZstdDecompressor().decompressobj()
            try:
                self._ready = self._frame.decompress(self._packed)
            except self._library.ZstdError as error:
                raise zlib.error(str(error)) from error
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        ready, self._ready = self._ready[:size], self._ready[size:]
        return ready


_METHODS = (
    _Method("gzip", b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream, mode="rb")),
    _Method("bzip2", b"BZh", bz2.BZ2File),
    _Method("xz", b"\xfd7zXZ\x00", lzma.LZMAFile),
    _Method("zstd", b"\x28\xb5\x2f\xfd", _Zstandard),
)
_LONGEST = max(len(method.begin) for method in _METHODS)


def plain_name(file: str) -> str:
    """Return the name of a file without the suffix of its compression."""
    stem, suffix = os.path.splitext(file)
    return stem if suffix.lower() in SUFFIXES else file


def unpacked(stream: BinaryIO, file: str) -> Unpacked:
    """Return the content of a file; `file` is its name.

    Raises
    ------
    FormatError
        If an archive is damaged or does not hold exactly one file. Damaged and truncated files of other kinds raise
        when they are read.
    ImportError
        If the file is compressed by zstd and zstandard is not installed.
    """
    head = _head(stream)
    if head.startswith(_ZIP):
        return _from_archive(stream, head, file)
    method = next((method for method in _METHODS if head.startswith(method.begin)), None)
    # bzip2 begins with letters, and a digit for the size of its blocks.
    if method is None or (method.name == "bzip2" and not head[3:4].isdigit()):
        return Unpacked(Rejoined(head, stream), file)
    return Unpacked(_Unpacking(method.open(Rejoined(head, stream)), method.name, file), plain_name(file))


def _head(stream: BinaryIO) -> bytes:
    """Return the first bytes; a pipe may give them one by one."""
    head = b""
    while len(head) < _LONGEST and (more := stream.read(_LONGEST - len(head))):
        head += more
    return head


def _from_archive(stream: BinaryIO, head: bytes, file: str) -> Unpacked:
    # The list of files is at the end.
    packed = stream if stream.seekable() else io.BytesIO(head + stream.read())
    packed.seek(0)
    try:
        archive = zipfile.ZipFile(packed)
        members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith(_HIDDEN)]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise FormatError("the zip file is damaged or truncated", file=file) from error
    if members and all(name.endswith(".npy") for name in members):
        packed.seek(0)
        return Unpacked(packed, file, has_arrays=True)
    if "[Content_Types].xml" in members:
        raise FormatError("is an Excel or Office file: save the table as .csv", file=file)
    if len(members) != 1:
        names = ", ".join(members[:_LISTED]) + (", ..." if len(members) > _LISTED else "")
        raise FormatError(
            f"the zip file holds {counted(len(members), 'file')}{': ' * bool(members)}{names}; it must hold one",
            file=file,
        )
    try:
        return Unpacked(_Unpacking(archive.open(members[0]), "zip", file), plain_name(members[0]))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise FormatError(f"the zip file cannot be unpacked: {error}", file=file) from error

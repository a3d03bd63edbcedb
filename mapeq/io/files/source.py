"""Read text block by block: from a file or standard input, plain or gzipped."""

from __future__ import annotations

import difflib
import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import FormatError
from mapeq.io.files._scan import next_line
from mapeq.io.files.foreign import describe_foreign_binary

#: Number of bytes to read at a time; a kernel processes them in less than a second.
BLOCK_SIZE = 1 << 23

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_REASONS: dict[type[BaseException], str] = {
    FileNotFoundError: "no such file",
    IsADirectoryError: "a directory, not a file",
    PermissionError: "no permission to read it",
    EOFError: "the gzip file is truncated",
    gzip.BadGzipFile: "the gzip file is damaged",
    zlib.error: "the gzip file is damaged",
}


class Source:
    """A text file, read one block of whole lines at a time.

    All line ends become line feeds, the last line gets one if it is missing, and a byte order mark is skipped. Blocks
    hold valid UTF-8 without NUL bytes.

    Parameters
    ----------
    path : str or os.PathLike
        ``-`` is standard input. Gzip files are recognised by their first bytes, whatever their names.
    block_size : int
        Number of bytes to read at a time.

    Attributes
    ----------
    name : str
        For error messages.
    block : bytes
        The current block; every line ends with a line feed.
    data : read-only uint8 array
        The same bytes.
    position : int
        Number of bytes of the block already read: the start of a line, or the end of the block.

    Raises
    ------
    FormatError
        If the file does not exist or cannot be read.
    """

    block: bytes
    data: NDArray[np.uint8]
    position: int

    def __init__(self, path: str | os.PathLike[str], block_size: int = BLOCK_SIZE):
        self.name = file_name(path)
        self._closes = os.fspath(path) != "-"
        try:
            self._stream = _opened(path)
        except OSError as error:
            raise unreadable(self.name, error) from error
        self._blocks = _blocks(self._stream, block_size)
        self._lines = 0
        self._present(b"")

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._closes:
            self._stream.close()

    def more(self) -> bool:
        """Return whether there is more to read; load the next block at the end of this one."""
        if self.position < len(self.block):
            return True
        self._lines += self.block.count(b"\n")
        try:
            block = next(self._blocks, b"")
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(self.name, error) from error
        self._present(block)
        self._check_text()
        return bool(block)

    def first_line(self) -> bytes:
        """Skip blank lines and comments; return the next line from its first field on, or b"" at the end of the file.

        The position moves to the start of that line.
        """
        while self.more():
            self.position, first = next_line(self.data, self.position)
            if self.position < len(self.block):
                return self.block[first : self.block.index(b"\n", first)]
        return b""

    def skip_line(self) -> None:
        """Skip the line at the position."""
        self.position += self.line_length()

    def line_length(self) -> int:
        """Return the length in bytes of the line at the position, with its line feed."""
        return self.block.index(b"\n", self.position) + 1 - self.position

    def numbered_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the number and the text of every line that is not blank, from the position on."""
        while self.more():
            number = self._lines + self.block.count(b"\n", 0, self.position)
            text = self.block[self.position :].decode()
            self.position = len(self.block)
            for line in text.split("\n"):
                number += 1
                if line and not line.isspace():
                    yield number, line

    def error(self, message: str, position: int | None = None) -> FormatError:
        """Return an error for the line at a position of the block, or for the whole file."""
        if position is None:
            return FormatError(message, file=self.name)
        number = self._lines + self.block.count(b"\n", 0, position) + 1
        begin = self.block.rfind(b"\n", 0, position) + 1
        text = self.block[begin : self.block.index(b"\n", position)]
        return FormatError(message, file=self.name, line=number, text=text.decode(errors="replace"))

    def _present(self, block: bytes) -> None:
        self.block = block
        self.data = np.frombuffer(block, dtype=np.uint8)
        self.position = 0

    def _check_text(self) -> None:
        nul = self.block.find(b"\0")
        if (nul >= 0 or not self.block.isascii()) and not self._lines:
            what = describe_foreign_binary(self.block)
            if what:
                raise self.error(f"not a UTF-8 text file: it is {what}")
        if nul >= 0:
            raise self.error("not a UTF-8 text file: it contains a NUL byte", nul)
        if not self.block.isascii():
            try:
                self.block.decode()
            except UnicodeDecodeError as error:
                byte = self.block[error.start]
                raise self.error(f"not a UTF-8 text file: invalid byte {byte:#x}", error.start) from None


def unreadable(file: str, error: Exception) -> FormatError:
    """Return the error for a file that cannot be opened or read."""
    reason = _REASONS.get(type(error), getattr(error, "strerror", None) or str(error))
    return FormatError(reason + (_suggestion(file) if isinstance(error, FileNotFoundError) else ""), file=file)


def _suggestion(file: str) -> str:
    """Name a missing directory or a file of a similar name, as the end of a sentence; empty if there is neither."""
    folder, name = os.path.split(file)
    try:
        names = os.listdir(folder or os.curdir)
    except FileNotFoundError:
        return f": there is no directory {folder!r}"
    except OSError:
        return ""
    near = difflib.get_close_matches(name, names, 1, 0.7) or [other for other in names if other.startswith(f"{name}.")]
    return f"; did you mean {os.path.join(folder, near[0])!r}?" if near else ""


@contextmanager
def reading(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Convert the errors of a library into FormatErrors that say which format was expected."""
    try:
        yield
    except OSError as error:
        raise unreadable(file_name(path), error) from error
    except (ValueError, EOFError, BadZipFile) as error:  # ValueError: also pickled objects, which are not loaded
        raise FormatError(f"is not {what}: {error}", file=file_name(path)) from error


def file_name(path: str | os.PathLike[str]) -> str:
    """Return the name of a file in error messages."""
    return "<stdin>" if os.fspath(path) == "-" else os.fsdecode(path)


def text_lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file that are not blank, numbered from 1, without line ends.

    Raises
    ------
    FormatError
        If the file cannot be read or is not text.
    """
    with Source(path) as source:
        yield from source.numbered_lines()


class Reread(os.PathLike[str]):
    """A file that can be read only once, such as standard input or a pipe, with its content in memory."""

    def __init__(self, path: str | os.PathLike[str]):
        self._path = os.fspath(path)
        if self._path == "-":
            self.content = _standard_input().read()
        else:
            with open(path, "rb") as stream:
                self.content = stream.read()

    def __fspath__(self) -> str:
        return self._path


def rereadable(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Return a path that can be read twice: the same one if it is that of a file on a disk."""
    if isinstance(path, Reread) or (os.fspath(path) != "-" and not Path(path).is_fifo()):
        return path
    try:
        return Reread(path)
    except OSError as error:
        raise unreadable(file_name(path), error) from error


def _opened(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file; who reads it closes it, unless it is standard input."""
    if isinstance(path, Reread):
        return io.BytesIO(path.content)
    return _standard_input() if os.fspath(path) == "-" else open(path, "rb")


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise OSError(0, "standard input is closed")
    return sys.stdin.buffer


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Rejoined:
    """A stream, with what was already read from it put back: a pipe cannot be rewound."""

    def __init__(self, head: bytes, stream: BinaryIO):
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        head, self._head = self._head[:size], self._head[size:]
        return head + self._stream.read(size - len(head))

    def seek(self, offset: int, /) -> object:
        raise io.UnsupportedOperation("seek")


def _unpacked(stream: BinaryIO) -> _Readable:
    head = stream.read(len(_GZIP))
    whole = _Rejoined(head, stream)
    return gzip.GzipFile(fileobj=whole, mode="rb") if head == _GZIP else whole


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Split a stream into blocks of whole lines that end with line feeds."""
    first = True
    for block in _whole_lines(_unpacked(stream), size):
        text = block.removeprefix(_BOM) if first else block
        first = False
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield text


def _whole_lines(stream: _Readable, size: int) -> Iterator[bytes]:
    pieces: list[bytes] = []
    while chunk := stream.read(size):
        # A final carriage return may be the first half of a line end. A block with NUL is passed on at once: a device
        # without line ends would fill the memory otherwise.
        end = chunk.rfind(b"\n") + 1 or chunk.rfind(b"\r", 0, -1) + 1
        if end == 0 and b"\0" not in chunk:
            pieces.append(chunk)
            continue
        yield b"".join((*pieces, chunk[:end] or chunk + b"\n"))
        pieces = [chunk[end:]] if end else []
    rest = b"".join(pieces)
    if rest:
        yield rest + b"\n"

"""Read text block by block: from a file or standard input, plain or compressed, in any encoding."""

from __future__ import annotations

import difflib
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import FormatError, MapeqError
from mapeq.io.files._scan import next_line
from mapeq.io.files.comments import USUAL, Comments
from mapeq.io.files.compression import Readable, unpacked
from mapeq.io.files.encodings import checked_encoding, decoded, likely_encoding
from mapeq.io.files.foreign import describe_foreign_binary

#: Number of bytes to read at a time; a kernel processes them in less than a second.
BLOCK_SIZE = 1 << 23

_BOM = b"\xef\xbb\xbf"
#: How libraries say where they stopped: "line 3, column 5", "line 3 column 5 (char 11)", "Line 3", "at (3, 5)".
_LINE = re.compile(
    r"[:,]? *(?:\bline (\d+)(?:, *column \d+| column \d+ \(char \d+\))?|\bat \((\d+), \d+\))", re.IGNORECASE
)

_REASONS: dict[type[BaseException], str] = {
    FileNotFoundError: "no such file",
    IsADirectoryError: "a directory, not a file",
    PermissionError: "no permission to read it",
}


class Source:
    """A text file, read one block of whole lines at a time.

    All line ends become line feeds, the last line gets one if it is missing, and a byte order mark is skipped. Blocks
    hold valid UTF-8 without NUL bytes.

    Parameters
    ----------
    path : str or os.PathLike
        ``-`` is standard input. Compressed files are recognised by their first bytes, whatever their names.
    block_size : int
        Number of bytes to read at a time.
    encoding : str, optional
        By default UTF-8, or what an XML file declares.
    comments : tuple of str
        What comments begin with.
    can_choose_encoding : bool
        Whether errors may advise to choose an encoding.

    Attributes
    ----------
    name : str
        For error messages.
    suffix : str
        Of the uncompressed file, in lower case, such as ``.csv``.
    has_arrays : bool
        Whether the file is an archive of NumPy arrays (.npz), no text: only :meth:`read_all` reads it.
    block : bytes
        The current block; every line ends with a line feed.
    data : read-only uint8 array
        The same bytes.
    comments : Comments
    position : int
        Number of bytes of the block already read: the start of a line, or the end of the block.

    Raises
    ------
    FormatError
        If the file does not exist or cannot be read.
    ValueError
        If there is no such encoding.
    """

    block: bytes
    data: NDArray[np.uint8]
    position: int

    def __init__(
        self,
        path: str | os.PathLike[str],
        block_size: int = BLOCK_SIZE,
        encoding: str | None = None,
        comments: tuple[str, ...] = USUAL,
        *,
        can_choose_encoding: bool = False,
    ):
        self.name = file_name(path)
        self.comments = Comments(comments)
        self._encoding = checked_encoding(encoding)
        self._can_choose = can_choose_encoding
        self._closes = os.fspath(path) != "-"
        try:
            self._stream = _opened(path)
        except OSError as error:
            raise unreadable(self.name, error) from error
        self._lines = 0
        self._present(b"")
        try:
            content = unpacked(self._stream, self.name)
            self.suffix = os.path.splitext(content.name)[1].lower()
            self.has_arrays = content.has_arrays
            self._content = content.stream if content.has_arrays else decoded(content.stream, self._encoding)
        except BaseException as error:
            self.__exit__(None, None, None)
            if isinstance(error, OSError):
                raise unreadable(self.name, error) from error
            raise
        self._blocks = _blocks(self._content, block_size)

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
        self._present(self._next_block())
        return bool(self.block)

    def extend(self) -> bool:
        """Append the next block to this one; return whether there was one."""
        block = self._next_block()
        self._present(self.block + block, self.position)
        return bool(block)

    def peek_lines(self, count: int) -> list[tuple[int, str]]:
        """Return numbers and texts of the next lines, at most `count`, without blank lines and comments.

        The position stays; the block is extended to hold the lines.
        """
        while self.block.count(b"\n", self.position) < count and self.extend():
            pass
        while True:
            lines: list[tuple[int, str]] = []
            position, seen = self.position, 0
            number = self._lines + 1
            while len(lines) < count:
                position, first = next_line(self.data, position, self.comments.table)
                if position == len(self.block):
                    break
                number += self.block.count(b"\n", seen, position)
                seen, end = position, self.block.index(b"\n", first)
                lines.append((number, self.block[first:end].decode()))
                position = end + 1
            if len(lines) == count or not self.extend():
                return lines

    def read_all(self) -> bytes:
        """Return all bytes from the position on; they are UTF-8 with line feeds, except for an archive of arrays."""
        if self.has_arrays:
            pieces = list(iter(lambda: self._content.read(BLOCK_SIZE), b""))
        else:
            pieces = []
            while self.more():
                pieces.append(self.block[self.position :])
                self.position = len(self.block)
        return b"".join(pieces)

    def first_line(self) -> bytes:
        """Skip blank lines and comments; return the next line from its first field on, or b"" at the end of the file.

        The position moves to the start of that line.
        """
        while self.more():
            self.position, first = next_line(self.data, self.position, self.comments.table)
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

    def _present(self, block: bytes, position: int = 0) -> None:
        self.block = block
        self.data = np.frombuffer(block, dtype=np.uint8)
        self.position = position
        self._check_text()

    def _next_block(self) -> bytes:
        try:
            block = next(self._blocks, b"")
        except OSError as error:
            raise unreadable(self.name, error) from error
        except UnicodeError as error:
            reason = f"invalid byte {error.object[error.start]:#x}" if isinstance(error, UnicodeDecodeError) else error
            raise FormatError(f"not a text file in the encoding {self._encoding}: {reason}", file=self.name) from error
        self.comments.look(block)
        return block

    def _check_text(self) -> None:
        nul = self.block.find(b"\0")
        if nul < 0 and self.block.isascii():
            return
        if not self._lines and (what := describe_foreign_binary(self.block)):
            raise self.error(f"not a UTF-8 text file: it is {what}")
        if nul >= 0:
            likely = "" if self._encoding else likely_encoding(self.block, can_choose=self._can_choose)
            if likely.startswith("it is in"):
                raise self.error(f"not a UTF-8 text file: {likely}")
            raise self.error("not a UTF-8 text file: it contains a NUL byte" + (likely and f"; {likely}"), nul)
        try:
            self.block.decode()
        except UnicodeDecodeError as error:
            likely = likely_encoding(self.block, can_choose=self._can_choose)
            message = f"not a UTF-8 text file: invalid byte {self.block[error.start]:#x}; {likely}"
            raise self.error(message, error.start) from None


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
def reading(file: str, what: str) -> Iterator[None]:
    """Convert all errors of a library into FormatErrors that say which format was expected, and where reading stopped.

    Damaged files make libraries raise errors of nearly every kind.
    """
    try:
        yield
    except (FormatError, ImportError):
        raise
    except MapeqError as error:
        raise FormatError(str(error), file=file) from error
    except OSError as error:
        raise unreadable(file, error) from error
    except MemoryError as error:
        raise FormatError("needs more memory than there is; is the file damaged?", file=file) from error
    except Exception as error:
        raise FormatError(f"is not {what}: {_described(error)}", file=file, line=_line(error)) from error


def _described(error: Exception) -> str:
    """Return the message of an error on one line, without the place; some errors consist of a name or of nothing."""
    text = " ".join(str(error).split())
    if isinstance(error, KeyError):
        return f"{text} is missing"
    text = " ".join(_LINE.sub("", text, count=1).split()).lstrip(": ")
    return text if len(text) > 1 else type(error).__name__


def _line(error: Exception) -> int | None:
    number = getattr(error, "lineno", None)
    found = _LINE.search(str(error))
    if isinstance(number, int):
        return number
    return None if found is None else int(found[1] or found[2])


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


def _blocks(stream: Readable, size: int) -> Iterator[bytes]:
    """Split a stream into blocks of whole lines that end with line feeds."""
    first = True
    for block in _whole_lines(stream, size):
        text = block.removeprefix(_BOM) if first else block
        first = False
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield text


def _whole_lines(stream: Readable, size: int) -> Iterator[bytes]:
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

"""Text in other encodings than UTF-8: convert it, and guess for error messages what an unreadable file is in."""

from __future__ import annotations

import codecs
import re

from mapeq._base.errors import option_error
from mapeq.io.files.compression import Readable, Rejoined

#: Number of bytes at the beginning that are looked at.
_BEGINNING = 1 << 10
#: So many zero bytes do not tell an encoding.
_FEW_ZEROS = 4
#: XML names its encoding itself, in letters of ASCII.
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["'][^>]*\?>""")


class Transcoded:
    """A stream of UTF-8, converted from a stream in another encoding.

    Raises
    ------
    UnicodeError
        When bytes are read that the encoding does not have.
    """

    def __init__(self, stream: Readable, encoding: str):
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Return some bytes, at most `size`; none at the end."""
        while not self._ready and not self._ended:
            chunk = self._stream.read(size)
            self._ended = not chunk
            self._ready = self._decoder.decode(chunk, final=self._ended).encode()
        ready, self._ready = self._ready[:size], self._ready[size:]
        return ready


def checked_encoding(encoding: str | None) -> str | None:
    """Return the name of an encoding of text as Python has it; None for UTF-8.

    Raises
    ------
    ValueError
        If there is no such encoding.
    """
    if encoding is None:
        return None
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)  # raises for codecs that are not of text, such as base64
        codecs.getincrementaldecoder(encoding)
    except (LookupError, TypeError, ValueError) as error:
        raise option_error("encoding", encoding, "the name of an encoding, such as utf-8, utf-16 or cp1252") from error
    return None if found.name == "utf-8" else found.name


def decoded(stream: Readable, encoding: str | None) -> Readable:
    """Return a stream as UTF-8: from the given encoding, or from the one that an XML file declares."""
    if encoding is None:
        head = b""
        while len(head) < _BEGINNING and (more := stream.read(_BEGINNING - len(head))):
            head += more
            if not _begins_xml(head):
                break
        stream = Rejoined(head, stream)
        encoding = _declared(head)
    return stream if encoding is None else Transcoded(stream, encoding)


def _begins_xml(head: bytes) -> bool:
    return head.lstrip()[:5] == b"<?xml"[: len(head.lstrip())]


def _declared(head: bytes) -> str | None:
    """Return the encoding that an XML file declares, if it is known and not UTF-8."""
    declaration = _DECLARATION.match(head)
    if declaration is None:
        return None
    try:
        return checked_encoding(declaration[1].decode())
    except ValueError:
        return None


def likely_encoding(block: bytes, *, can_choose: bool) -> str:
    """Return what text that is not UTF-8 is probably in, and what to do, as the end of a sentence; empty if unknown.

    The caller `can_choose` the encoding of a network.
    """
    begin = block[:_BEGINNING]
    even, odd = begin[::2], begin[1::2]
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "it is in UTF-16: " + _advice("utf-16", can_choose)
    if begin.count(b"\0") == 0:
        return "it is perhaps in Latin-1 (cp1252): " + _advice("cp1252", can_choose)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(b"\0") > max(_FEW_ZEROS, len(zeros) // 2) and not others.count(b"\0"):
            return "it is perhaps in UTF-16: " + _advice(name, can_choose)
    return ""


def _advice(name: str, can_choose: bool) -> str:
    return (f'use --encoding {name} (encoding="{name}" in Python), or ' if can_choose else "") + "save it as UTF-8"

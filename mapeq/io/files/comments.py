"""What begins a comment, and comments that may be no comments: labels may begin as comments do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from mapeq._base.notes import note
from mapeq.io.columns import is_number, known_ends

#: What comments begin with.
USUAL = ("#", "%", "//")

#: So many comments that look like links are counted.
_MANY = 1000

#: A node in an .lgl file.
_NODE = re.compile(rb"# (\S+) *\n")


class Comments:
    """Tells comments from links, and keeps in mind those that look like links or nodes.

    Parameters
    ----------
    prefixes : tuple of str
        What comments begin with.

    Attributes
    ----------
    prefixes : tuple of str
    table : uint8 array
        The same, as :func:`mapeq.io.files._scan.next_line` takes it.
    nodes : list of str
        Comments of one word between other lines, as the nodes of an .lgl file look; at most 1,000.
    """

    def __init__(self, prefixes: tuple[str, ...] = USUAL):
        self.prefixes = prefixes
        self._prefixes = [prefix.encode() for prefix in prefixes]
        begins = np.zeros(256, np.uint8)
        for prefix in self._prefixes:
            begins[prefix[0]] = 1
        texts = b"".join(prefix + b"\n" for prefix in self._prefixes)
        self.table = np.concatenate([begins, np.frombuffer(texts, np.uint8)])
        self._count = 0
        self._first = ""
        self.nodes: list[str] = []

    def look(self, block: bytes) -> None:
        """Count the comments in a block of whole lines that look like links."""
        for prefix in self._prefixes:
            if prefix[:1] not in block:  # found at once, unlike line by line
                continue
            for begin in _beginnings(block, prefix):
                if self._count == _MANY:
                    return
                end = block.index(b"\n", begin)
                if _looks_like_link(block[begin + len(prefix) : end]):
                    self._count += 1
                    self._first = self._first or block[begin:end].decode(errors="replace")
                elif len(self.nodes) < _MANY and not _follows(block, begin, prefix):
                    node = _NODE.match(block, begin)
                    self.nodes += [node[1].decode(errors="replace")] if node else []

    def note_links(self, file: str) -> None:
        """Note that there are comments that look like links."""
        if self._count:
            number = f"{_MANY:,} or more" if self._count == _MANY else f"{self._count:,}"
            note(
                f"{file}: left out as comments, but in the form of links: {number}, such as {self._first!r}; quote "
                "such labels, or choose what begins a comment with comment (--comment none: nothing does)"
            )


def _beginnings(block: bytes, prefix: bytes) -> Iterator[int]:
    """Yield where lines begin that begin with a prefix."""
    if block.startswith(prefix):
        yield 0
    place = block.find(b"\n" + prefix)
    while place >= 0:
        yield place + 1
        place = block.find(b"\n" + prefix, place + 1)


def _follows(block: bytes, begin: int, prefix: bytes) -> bool:
    """Return whether a comment is at the beginning of a block, or follows another comment."""
    return begin == 0 or block.startswith(prefix, block.rfind(b"\n", 0, begin - 1) + 1)


def _looks_like_link(text: bytes) -> bool:
    """Return whether what follows the beginning of a comment is a link: a word at once, another one, and a number."""
    fields = text.replace(b",", b" ").split()
    if text[:1].isspace() or not 2 <= len(fields) <= 3 or not fields[0][:1].strip(b"#%/!"):
        return False
    names = [field.decode(errors="replace") for field in fields]
    return known_ends(names) is None and (len(fields) == 2 or is_number(names[2]))

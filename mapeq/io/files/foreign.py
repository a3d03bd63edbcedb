"""Recognise files of other formats by their first bytes, for better error messages."""

from __future__ import annotations

import re

#: First bytes of binary files, and descriptions.
_BINARY = {
    b"\x89PNG": "an image (PNG)",
    b"\xff\xd8\xff": "an image (JPEG)",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a damaged zip archive",
    b"\x93NUMPY": "a NumPy array; `mapeq embeddings` reads vectors from it",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "a database (SQLite)",
    b"\x7fELF": "a program",
    b"\x80\x04\x95": "a pickle",
}

#: Beginnings of other text formats, and advice.
_TEXTS = {
    r"<(\?xml|!doctype|html)": "XML or HTML, but neither GraphML nor GEXF",
    r"(strict\s+)?(di)?graph\b[^\n{]*\{": "a Graphviz file: networkx.nx_agraph.read_dot reads it",
}
#: Number of bytes that show the format of a text.
BEGINNING = 1 << 12


def describe_foreign_binary(block: bytes) -> str:
    """Describe a binary file by its first bytes, in words that follow "it is"; empty if unknown."""
    return next((what for begin, what in _BINARY.items() if block.startswith(begin)), "")


def describe_foreign_text(begin: str) -> str:
    """Describe a text in a format that is not read; empty if unknown. `begin` is its beginning, without blanks."""
    return next((what for how, what in _TEXTS.items() if re.match(how, begin, re.IGNORECASE | re.DOTALL)), "")

"""Recognise files of other formats by their first bytes, for better error messages."""

from __future__ import annotations

import re

#: First bytes of binary files, and descriptions.
_BINARY = {
    b"\x89PNG": "an image (PNG)",
    b"\xff\xd8\xff": "an image (JPEG)",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive, like .npz and .xlsx files",
    b"\x93NUMPY": "a NumPy array; `mapeq embeddings` reads vectors from it",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "a database (SQLite)",
    b"\x7fELF": "a program",
    b"BZh": "compressed by bzip2: unpack it, or use gzip",
    b"\xfd7zXZ": "compressed by xz: unpack it, or use gzip",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it, or use gzip",
    b"\xff\xfe": "in UTF-16: save it as UTF-8",
    b"\xfe\xff": "in UTF-16: save it as UTF-8",
    b"\x80\x04\x95": "a pickle",
}

#: Beginnings of networks in other text formats, and programs that read them.
_TEXTS = {
    rb"%%MatrixMarket": "a Matrix Market file: read it with scipy.io.mmread and pass the matrix",
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<graphml": "a GraphML file: networkx.read_graphml reads it",
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<gexf": "a GEXF file: networkx.read_gexf reads it",
    rb"<(\?xml|!doctype|html)": "XML or HTML, not a list of links",
    rb"(creator\s+\"[^\n]*\s+)?(version\s[^\n]*\s+)?graph\s*\[": "a GML file: networkx.read_gml reads it",
    rb"(strict\s+)?(di)?graph\b[^\n{]*\{": "a Graphviz file: networkx.nx_agraph.read_dot reads it",
    rb"[\[{]\s*(\"|[\[{]\s*[\"\d])": "a JSON file: networkx.node_link_graph reads JSON written by NetworkX",
}
_BEGINNING = 1 << 12


def describe_foreign_binary(block: bytes) -> str:
    """Describe a binary file by its first bytes, in words that follow "it is"; empty if unknown."""
    return next((what for begin, what in _BINARY.items() if block.startswith(begin)), "")


def describe_foreign_text(block: bytes) -> str:
    """Describe a text in another format and say what reads it; empty if unknown."""
    begin = block[:_BEGINNING].lstrip()
    return next((what for how, what in _TEXTS.items() if re.match(how, begin, re.IGNORECASE | re.DOTALL)), "")

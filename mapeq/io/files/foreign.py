"""What a file is that is no text, or no network as mapeq reads them: told by how it begins."""

from __future__ import annotations

import re

#: How binary files begin, and what they are.
_BINARY = {
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive, as .npz and .xlsx files are",
    b"\x93NUMPY": "an array of NumPy; `mapeq embeddings` reads vectors from it",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "a database (SQLite)",
    b"\x7fELF": "a program",
    b"BZh": "compressed by bzip2: unpack it, or gzip it",
    b"\xfd7zXZ": "compressed by xz: unpack it, or gzip it",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it, or gzip it",
    b"\xff\xfe": "in UTF-16: save it as UTF-8",
    b"\xfe\xff": "in UTF-16: save it as UTF-8",
    b"\x80\x04\x95": "a pickle",
}

#: How texts begin that are networks in other formats, and who reads these.
_TEXTS = {
    rb"%%MatrixMarket": "a Matrix Market file: read it with scipy.io.mmread and pass the matrix",
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<graphml": "a GraphML file: networkx.read_graphml reads it",
    rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<gexf": "a GEXF file: networkx.read_gexf reads it",
    rb"<(\?xml|!doctype|html)": "XML or HTML, not a list of links",
    rb"(creator\s+\"[^\n]*\s+)?(version\s[^\n]*\s+)?graph\s*\[": "a GML file: networkx.read_gml reads it",
    rb"(strict\s+)?(di)?graph\b[^\n{]*\{": "a Graphviz file: networkx.nx_agraph.read_dot reads it",
    rb"[\[{]\s*(\"|[\[{]\s*[\"\d])": "a JSON file: networkx.node_link_graph makes a graph of one that NetworkX wrote",
}
_BEGINNING = 1 << 12


def what_binary(block: bytes) -> str:
    """What a file that is no text is, judged by its beginning, in words that follow "it is"; empty if unknown."""
    return next((what for begin, what in _BINARY.items() if block.startswith(begin)), "")


def what_text(block: bytes) -> str:
    """What other format a text is in, and who reads it; empty if it is none that is known."""
    begin = block[:_BEGINNING].lstrip()
    return next((what for how, what in _TEXTS.items() if re.match(how, begin, re.IGNORECASE | re.DOTALL)), "")

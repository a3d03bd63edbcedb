"""The formats of network files: how each is recognised and read. :data:`READERS` is the one list of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from mapeq._base.errors import FormatError
from mapeq.io.files.foreign import BEGINNING, describe_foreign_text
from mapeq.io.files.link_list import read_link_list
from mapeq.io.files.listings import read_adjacency_list, read_lgl, read_metis
from mapeq.io.files.matrices import find_matrix, read_matrix, read_matrix_market, read_npz
from mapeq.io.files.node_link import read_json
from mapeq.io.files.pajek import read_pajek
from mapeq.io.files.paths import read_network_of_paths
from mapeq.io.files.reading import ReadOptions, without_columns
from mapeq.io.files.source import Source
from mapeq.network.network import Network


class Reader(NamedTuple):
    """How to recognise and read one format.

    Attributes
    ----------
    read : callable
        Takes a Source at its beginning and ReadOptions.
    suffixes : tuple of str
        They decide if the content is not recognised.
    begin : str or None
        Regular expression of the beginning of the text, from the first character that is not blank.
    """

    read: Callable[[Source, ReadOptions], Network]
    suffixes: tuple[str, ...] = ()
    begin: str | None = None


_XML = r"(<\?xml[^>]*>\s*)?((<!--.*?-->|<!DOCTYPE[^>]*>)\s*)*"


def _read_links(source: Source, options: ReadOptions) -> Network:
    _check_no_label(source, options)
    return read_link_list(source, directed=options.directed, columns=options.columns, some_weights=options.some_weights)


def _read_table(source: Source, options: ReadOptions) -> Network:
    _check_no_label(source, options)
    return read_link_list(source, directed=options.directed, columns=options.columns, is_table=True)


def _read_pajek(source: Source, options: ReadOptions) -> Network:
    without_columns(options, source, "a Pajek file")
    is_weighted = options.columns.weight is not None
    return read_pajek(source, directed=options.directed, weighted=is_weighted, coupling=options.coupling)


def _by_networkx(name: str) -> Callable[[Source, ReadOptions], Network]:
    def read(source: Source, options: ReadOptions) -> Network:
        from mapeq.io.files import graph_files  # imports NetworkX

        reader: Callable[[Source, ReadOptions], Network] = getattr(graph_files, name)
        return reader(source, options)

    return read


def _check_no_label(source: Source, options: ReadOptions) -> None:
    if options.label is not None:
        raise FormatError("a list of links has no attributes of nodes, such as the label", file=source.name)


#: By the name that ``format=`` and ``--input-format`` take. Parquet and Arrow files are read by columnar.py.
READERS = {
    "links": Reader(_read_links),
    "csv": Reader(_read_table, (".csv",)),
    "tsv": Reader(_read_table, (".tsv",)),
    "matrix": Reader(read_matrix),
    "pajek": Reader(_read_pajek, begin=r"\*"),
    "graphml": Reader(_by_networkx("read_graphml"), (".graphml",), _XML + r"<(\w+:)?graphml\b"),
    "gexf": Reader(_by_networkx("read_gexf"), (".gexf",), _XML + r"<(\w+:)?gexf\b"),
    "gml": Reader(_by_networkx("read_gml"), (".gml",), r"((creator|version|comment)\s[^\n]*\s+)*graph\s*\["),
    "json": Reader(read_json, (".json",), r"[\[{]\s*(\"|[\[{]\s*[\"\d])"),
    "adjlist": Reader(read_adjacency_list, (".adjlist",)),
    "mtx": Reader(read_matrix_market, (".mtx",), "%%MatrixMarket"),
    "npz": Reader(read_npz, (".npz",)),
    "metis": Reader(read_metis, (".graph", ".metis")),
    "lgl": Reader(read_lgl, (".lgl",)),
    "paths": Reader(read_network_of_paths, (".paths",)),
}

#: First characters of formats whose recognition takes more than the first line.
_LONG_BEGINNINGS = (b"<", b"{", b"[", b"graph", b"creator", b"version", b"comment", b"strict", b"digraph")


def find_format(source: Source) -> str:
    """Return the name of the format of a file, by its content, else by its suffix, else a list of links.

    Raises
    ------
    FormatError
        If it is a known format that is not read.
    """
    if source.has_arrays:
        return "npz"
    begin = _beginning(source)
    for name, reader in READERS.items():
        if reader.begin is not None and re.match(reader.begin, begin, re.IGNORECASE | re.DOTALL):
            return name
    for name, reader in READERS.items():
        if source.suffix in reader.suffixes:
            return name
    if other := describe_foreign_text(begin):
        raise source.error(other, 0)
    return "pajek" if source.first_line().startswith(b"*") else "links"


def _beginning(source: Source) -> str:
    """Return the beginning of a text, without blanks at the front."""
    if not source.more():
        return ""
    while source.block[:BEGINNING].lstrip()[:10].lower().startswith(_LONG_BEGINNINGS):
        if len(source.block) >= BEGINNING or not source.extend():
            break
    return source.block[:BEGINNING].decode(errors="replace").lstrip()


def read_as(source: Source, name: str, options: ReadOptions, *, is_given: bool = False) -> Network:
    """Read a file in the format of a name; unless it `is_given` by the caller, a table may be a matrix."""
    has_comments = name in ("links", "csv", "tsv", "matrix", "pajek", "paths")
    if not source.has_arrays and not (source.first_line() if has_comments else source.more()):
        raise source.error("contains no links")
    if source.has_arrays != (name == "npz"):
        what = "is an archive of NumPy arrays, as .npz files are" if source.has_arrays else "is no .npz archive"
        raise FormatError(what, file=source.name)
    if not is_given and name in ("links", "csv", "tsv"):
        matrix = find_matrix(source, options)
        if matrix is not None:
            return matrix
    return READERS[name].read(source, options)

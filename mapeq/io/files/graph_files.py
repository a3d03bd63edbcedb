"""Graphs in the formats that NetworkX reads: GraphML, GEXF, GML."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import replace

import networkx as nx

from mapeq._base.errors import FormatError
from mapeq.io.files.reading import (
    ReadOptions,
    labels_by,
    note_unused_numbers,
    without_columns,
)
from mapeq.io.files.source import Source, reading
from mapeq.io.objects.networkx import check_attribute, from_networkx
from mapeq.network.network import Network

#: The declaration of an XML file names the encoding before the conversion to UTF-8.
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
_GRAPH = re.compile(rb"<(?:\w+:)?graph[\s>]")
_GROUPS = b"yfiles.foldertype"
_GML_GRAPH = re.compile(r"^(\s*graph\s*\[)", re.MULTILINE)
_GML_SIMPLE = re.compile(r"^(\s*multigraph)\s+0\b", re.MULTILINE)
_GML_MULTIGRAPH = re.compile(r"^\s*multigraph\s+\d", re.MULTILINE)


def read_graphml(source: Source, options: ReadOptions) -> Network:
    """Read a GraphML file; nodes are labelled by their ids."""
    return _read(source, options, "a GraphML file", _graphml)


def read_gexf(source: Source, options: ReadOptions) -> Network:
    """Read a GEXF file; nodes are labelled by their ids."""
    return _read(source, options, "a GEXF file", lambda source, _: nx.read_gexf(io.BytesIO(_xml(source))))


def read_gml(source: Source, options: ReadOptions) -> Network:
    """Read a GML file; nodes are labelled by ``label`` if all nodes have one and all differ, else by ``id``."""
    return _read(source, options, "a GML file", _gml, own_label="label")


def _read(
    source: Source,
    options: ReadOptions,
    what: str,
    graph_of: Callable[[Source, ReadOptions], nx.Graph],
    own_label: str | None = None,
) -> Network:
    without_columns(options, source, what, has_attributes=True)
    with reading(source.name, what):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of pictures that are not read
            graph = graph_of(source, options)
        weight = options.columns.weight
        default = graph.graph.get("edge_default") or {}
        if weight in default:  # NetworkX reads the default of an attribute, but does not apply it
            for _, _, data in graph.edges(data=True):
                data.setdefault(weight, float(default[weight]))
        check_attribute(graph, weight)
        note_unused_numbers((data for _, _, data in graph.edges(data=True)), weight, source.name)
        network = from_networkx(graph, directed=options.directed, weight=weight)
        nodes = [data for _, data in graph.nodes(data=True)]
        return replace(network, labels=labels_by(tuple(graph), nodes, options.label, own_label))


def _xml(source: Source) -> bytes:
    data = source.read_all()
    declaration = _DECLARATION.match(data)
    if declaration is None:
        return data
    # Numbers of lines stay.
    return b"\n" * declaration[0].count(b"\n") + data[declaration.end() :]


def _graphml(source: Source, options: ReadOptions) -> nx.Graph:
    data = _xml(source)
    if len(_GRAPH.findall(data)) > 1 and _GROUPS not in data:
        raise FormatError("holds more than one graph; a file must hold one", file=source.name)
    return nx.read_graphml(io.BytesIO(data))


def _gml(source: Source, options: ReadOptions) -> nx.Graph:
    text = _GML_SIMPLE.sub(r"\1 1", source.read_all().decode())
    if not _GML_MULTIGRAPH.search(text):
        text = _GML_GRAPH.sub(r"\1 multigraph 1", text, count=1)  # parallel links are summed
    return nx.parse_gml(text.split("\n"), label="id")

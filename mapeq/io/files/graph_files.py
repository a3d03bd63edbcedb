"""Graphs in the formats that NetworkX reads: GraphML, GEXF, GML, node-link JSON, adjacency lists."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import networkx as nx

from mapeq._base.errors import FormatError
from mapeq.io.files.reading import ReadOptions, labels_of, reading_with_library, without_columns
from mapeq.io.files.source import Source
from mapeq.io.objects.networkx import check_attribute, from_networkx
from mapeq.network.network import Network

#: The declaration of an XML file names the encoding before the conversion to UTF-8.
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
_GRAPH = re.compile(rb"<(?:\w+:)?graph[\s>]")
_GROUPS = b"yfiles.foldertype"
_GML_GRAPH = re.compile(r"^(\s*graph\s*\[)", re.MULTILINE)
_GML_SIMPLE = re.compile(r"^(\s*multigraph)\s+0\b", re.MULTILINE)
_GML_MULTIGRAPH = re.compile(r"^\s*multigraph\s+\d", re.MULTILINE)
#: Keys of a JSON file that hold the links.
_LINKS = ("links", "edges")


def read_graphml(source: Source, options: ReadOptions) -> Network:
    """Read a GraphML file; nodes are labelled by their ids."""
    return _read(source, options, "a GraphML file", _graphml)


def read_gexf(source: Source, options: ReadOptions) -> Network:
    """Read a GEXF file; nodes are labelled by their ids."""
    return _read(source, options, "a GEXF file", lambda source, _: nx.read_gexf(io.BytesIO(_xml(source))))


def read_gml(source: Source, options: ReadOptions) -> Network:
    """Read a GML file; nodes are labelled by ``label`` if all nodes have one and all differ, else by ``id``."""
    return _read(source, options, "a GML file", _gml, own_label="label")


def read_json(source: Source, options: ReadOptions) -> Network:
    """Read JSON with nodes and links, as NetworkX's ``node_link_data`` and D3 write it."""
    return _read(source, options, "node-link JSON", _node_link)


def read_adjacency_list(source: Source, options: ReadOptions) -> Network:
    """Read an adjacency list: a line for each node, with the node and its neighbours."""
    without_columns(options, source, "an adjacency list")
    return _read(source, options, "an adjacency list", _adjacency_list)


def _read(
    source: Source,
    options: ReadOptions,
    what: str,
    graph_of: Callable[[Source, ReadOptions], nx.Graph],
    own_label: str | None = None,
) -> Network:
    without_columns(options, source, what, has_attributes=True)
    with reading_with_library(source, what), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts of pictures that are not read
        graph = graph_of(source, options)
        weight = options.columns.weight
        default = graph.graph.get("edge_default") or {}
        if weight in default:  # NetworkX reads the default of an attribute, but does not apply it
            for _, _, data in graph.edges(data=True):
                data.setdefault(weight, float(default[weight]))
        check_attribute(graph, weight)
        network = from_networkx(graph, directed=options.directed, weight=weight)
        return replace(network, labels=_labels(graph, options.label, own_label))


def _labels(graph: nx.Graph, attribute: str | None, own_label: str | None) -> tuple[Hashable, ...]:
    """Return the attribute of the nodes that the caller chose, or the one of the format if it identifies nodes."""
    ids = labels_of(tuple(graph))
    chosen = attribute if attribute is not None else own_label
    if chosen is None or chosen == "id":
        return ids
    names = [data.get(chosen) for _, data in graph.nodes(data=True)]
    if attribute is None:
        identifies = None not in names and len(set(map(str, names))) == len(names)
        return labels_of([str(name) for name in names]) if identifies else ids
    if None in names:
        known = ", ".join(map(repr, dict.fromkeys(name for _, data in graph.nodes(data=True) for name in data)))
        raise ValueError(
            f"node {ids[names.index(None)]!r} has no attribute {attribute!r}; nodes have {known or 'none'}"
        )
    texts = [str(name) for name in names]
    repeated = {text for text, number in Counter(texts).items() if number > 1}
    return labels_of([f"{text} ({node})" if text in repeated else text for text, node in zip(texts, ids, strict=True)])


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


def _node_link(source: Source, options: ReadOptions) -> nx.Graph:
    data = json.loads(source.read_all())
    if not isinstance(data, dict) or "nodes" not in data or _links_key(data) is None:
        hint = "; this is a result of mapeq, not a network" if isinstance(data, dict) and "codelength" in data else ""
        raise FormatError(f'node-link JSON is an object with "nodes" and "links" or "edges"{hint}', file=source.name)
    links = data[_links_key(data)]
    if any("key" in link for link in links):  # parallel links are all kept, whatever their keys
        links = [{name: value for name, value in link.items() if name != "key"} for link in links]
    graph = nx.node_link_graph(data | {"multigraph": True, "links": links}, edges="links")
    if len(graph) > len(data["nodes"]):
        unknown = list(graph)[len(data["nodes"])]
        raise FormatError(f"a link ends at {unknown!r}, which is not among the nodes", file=source.name)
    if len(graph) < len(data["nodes"]):
        raise FormatError("two nodes have the same id", file=source.name)
    return graph


def _links_key(data: dict[str, Any]) -> Any:
    return next((key for key in _LINKS if key in data), None)


def _adjacency_list(source: Source, options: ReadOptions) -> nx.Graph:
    lines = source.read_all().decode().split("\n")
    return nx.parse_adjlist(lines, create_using=nx.DiGraph if options.directed else nx.Graph, nodetype=str)

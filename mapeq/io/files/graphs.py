"""GraphML and GEXF: the network with the module of each node, for Gephi, Cytoscape and similar programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO
from xml.sax.saxutils import escape

from mapeq import __version__
from mapeq.io.files.naming import node_names
from mapeq.io.files.tables import in_json
from mapeq.result.result import Result

if TYPE_CHECKING:
    import networkx

#: Characters that XML cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(result: Result, stream: BinaryIO) -> None:
    """Write nodes with ``label``, ``module``, ``flow`` and, in hierarchies, ``path``; links with ``weight``.

    The attributes of the graph are :func:`graph_attributes`.
    """
    import networkx

    graph = _graph(result, "graphml")
    graph.graph.update(graph_attributes(result))
    networkx.write_graphml_xml(graph, stream, infer_numeric_types=False)


def write_gexf(result: Result, stream: TextIO, looks: Sequence[dict[str, Any]] | None = None) -> None:
    """Write as :func:`write_graphml`, in Gephi's own format, with :func:`graph_attributes` as the description.

    `looks` are the colour, size and position of each node, as NetworkX has them in its attribute ``viz``.
    """
    graph = _graph(result, "gexf")
    if looks is not None:
        for node, viz in zip(graph, looks, strict=True):
            graph.nodes[node]["viz"] = viz
    description = "; ".join(f"{name}: {value}" for name, value in graph_attributes(result).items())
    stream.write(gexf_text(graph, description))


def gexf_text(graph: networkx.Graph, description: str = "") -> str:
    """Return a graph as a GEXF file."""
    import networkx

    text = "\n".join(networkx.generate_gexf(graph, version="1.2draft"))
    # NetworkX would write its own name and the date, so that equal results gave different files.
    described = f"    <description>{escape(description)}</description>\n" if description else ""
    meta = f"<meta>\n    <creator>mapeq {__version__}</creator>\n{described}  </meta>"
    text = re.sub("<meta.*?</meta>", lambda _: meta, text, count=1, flags=re.DOTALL)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def graph_attributes(result: Result) -> dict[str, Any]:
    """Return the summary and options of a result by name, as numbers and strings only."""
    found = result.summary()
    found |= found.pop("options")
    return {
        name: json.dumps(value) if isinstance(value, list) else value
        for name, value in found.items()
        if value is not None
    }


def _graph(result: Result, format: str) -> networkx.Graph:
    """Return the network with string nodes: the labels, or numbers from 0 if two labels have the same text."""
    from mapeq.io.objects.networkx import to_networkx

    texts = [in_xml(str(name), format) for name in node_names(result.network)]
    are_distinct = len(set(texts)) == len(texts)
    graph = to_networkx(result, texts if are_distinct else [str(i) for i in range(len(texts))])
    for node, text in zip(graph, texts, strict=True):
        graph.nodes[node]["label"] = text
    for name in result.state_columns():  # these may be dates, or tuples
        for attributes in graph.nodes.values():
            value = in_json(attributes[name])
            attributes[name] = in_xml(value, format) if isinstance(value, str) else value
    return graph


def in_xml(text: str, format: str) -> str:
    """Return a text that XML can hold, or raise a ValueError."""
    bad = _FORBIDDEN.search(text)
    if bad:
        raise ValueError(
            f".{format} cannot hold the character {bad.group()!r} in the label {text!r}; write .json or .csv"
        )
    return text

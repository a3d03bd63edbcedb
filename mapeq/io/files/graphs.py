"""GraphML and GEXF: the network, its nodes with their modules, for Gephi, Cytoscape and the like (by NetworkX)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO
from xml.sax.saxutils import escape

from mapeq.result.result import Result

if TYPE_CHECKING:
    import networkx

#: What no XML file can hold, however it is written.
_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_graphml(result: Result, stream: BinaryIO) -> None:
    """Write nodes with ``label``, ``module``, ``flow`` and, in hierarchies, ``path``, and links with ``weight``.

    The graph itself has what :func:`figures` says.
    """
    import networkx

    graph = _graph(result, "graphml")
    graph.graph.update(figures(result))
    networkx.write_graphml_xml(graph, stream, infer_numeric_types=False)


def write_gexf(result: Result, stream: TextIO) -> None:
    """As :func:`write_graphml`, in Gephi's own format, which has :func:`figures` as its description."""
    import networkx

    text = "\n".join(networkx.generate_gexf(_graph(result, "gexf"), version="1.2draft"))
    said = "; ".join(f"{name}: {value}" for name, value in figures(result).items())
    creator = f"<creator>mapeq {result.version}</creator>"
    # NetworkX would put itself and the date there, and the same result would not give the same file.
    meta = f"<meta>\n    {creator}\n    <description>{escape(said)}</description>\n  </meta>"
    stream.write('<?xml version="1.0" encoding="utf-8"?>\n')
    stream.write(re.sub("<meta.*?</meta>", lambda _: meta, text, count=1, flags=re.DOTALL) + "\n")


def figures(result: Result) -> dict[str, Any]:
    """The figures of a result and its options by name, as numbers and texts only."""
    found = result.summary()
    found |= found.pop("options")
    return {
        name: json.dumps(value) if isinstance(value, list) else value
        for name, value in found.items()
        if value is not None
    }


def _graph(result: Result, format: str) -> networkx.Graph:
    """The network with texts for nodes: their labels, or numbers from 0 if two labels have the same text."""
    from mapeq.io.objects.networkx import to_networkx

    texts = [_checked(str(label), format) for label in result.node_labels]
    differ = len(set(texts)) == len(texts)
    graph = to_networkx(result, texts if differ else [str(i) for i in range(len(texts))])
    for node, text in zip(graph, texts, strict=True):
        graph.nodes[node]["label"] = text
    return graph


def _checked(text: str, format: str) -> str:
    bad = _FORBIDDEN.search(text)
    if bad:
        raise ValueError(
            f".{format} cannot hold the character {bad.group()!r} in the label {text!r}; write .json or .csv"
        )
    return text

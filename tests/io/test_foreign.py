"""Files of other kinds are told for what they are, and link lists that look like them stay link lists."""

import json

import networkx as nx
import pytest

import mapeq
from mapeq.io.files.foreign import describe_foreign_text


def written(graph, path):
    if path.suffix == ".graphml":
        nx.write_graphml(graph, path)
    elif path.suffix == ".gexf":
        nx.write_gexf(graph, path)
    elif path.suffix == ".gml":
        nx.write_gml(graph, path)
    else:
        path.write_text(json.dumps(nx.node_link_data(graph, edges="edges"), indent=1 if path.stem == "wide" else None))
    return path


@pytest.mark.parametrize(
    ("name", "reader"),
    {
        "net.graphml": "networkx.read_graphml",
        "net.gexf": "networkx.read_gexf",
        "net.gml": "networkx.read_gml",
        "net.json": "networkx.node_link_graph",
        "wide.json": "networkx.node_link_graph",
    }.items(),
)
def test_what_networkx_writes_is_told_by_who_reads_it(name, reader, tmp_path):
    path = written(nx.karate_club_graph(), tmp_path / name)
    with pytest.raises(mapeq.FormatError, match=f"{name}, line 1: .*{reader}"):
        mapeq.read_network(path)


@pytest.mark.parametrize("text", ["digraph {\n a -> b;\n}\n", "strict graph net {\n a -- b\n}\n"])
def test_graphviz_files_are_told(text):
    assert describe_foreign_text(text.encode()).startswith("a Graphviz file")


@pytest.mark.parametrize(
    "text", ["graph paper\npaper tree\n", "[a] [b]\n", "{x y\n", "<a> <b>\n", "Creator Graph\n", "1 2\n"]
)
def test_words_that_look_alike_are_labels(text, tmp_path):
    path = tmp_path / "net.txt"
    path.write_text(text)
    assert mapeq.read_network(path).num_links == text.count("\n")

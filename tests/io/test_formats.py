"""One network through every file format; how each format is recognised; what is wrong with a file."""

import bz2
import gzip
import io
import json
import lzma
import warnings
import zipfile

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from command import refused, run
from reading import links

import mapeq
from mapeq.io.files.networks import FORMATS
from mapeq.io.files.readers import READERS, find_format
from mapeq.io.files.source import Source

#: Links of one network with a self-link; node 7 is isolated.
LINKS = [(1, 2, 2.0), (1, 3, 0.5), (2, 3, 1.0), (3, 4, 4.0), (4, 5, 1.0), (5, 5, 3.0), (5, 6, 1.0), (4, 6, 1.0)]
NODES = range(1, 8)


def graph_of(directed, weighted=True, shift=0):
    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(node - shift for node in NODES)
    for u, v, weight in LINKS:
        graph.add_edge(u - shift, v - shift, **({"weight": weight} if weighted else {}))
    return graph


def matrix_of(directed, kind=scipy.sparse.csr_array):
    return kind(nx.to_numpy_array(graph_of(directed), nodelist=list(NODES)))


def saved(write, *arguments):
    stream = io.BytesIO()
    write(stream, *arguments)
    return stream.getvalue()


def lines(rows, separator=" "):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows).encode()


def pajek(heading, rows):
    return b"*Network test\n*Vertices 7\n" + heading + b"\n" + lines(rows)


def table_of(directed):
    matrix = matrix_of(directed).toarray().tolist()
    return lines([["", *NODES], *([node, *row] for node, row in zip(NODES, matrix, strict=True))], ",")


def metis():
    graph = graph_of(False)
    rows = [
        [field for other in sorted(graph[node]) for field in (other, graph[node][other]["weight"])] for node in NODES
    ]
    return lines([[7, 8, "001"], *rows])


def lgl():
    by_source = {node: [f"{v} {w}\n" for u, v, w in LINKS if u == node] for node in NODES}
    return "".join(f"# {node}\n" + "".join(rows) for node, rows in by_source.items()).encode()


#: By name: suffix, content for undirected and directed (None: not in this format), numbers of nodes start with 1.
FILES = {
    "graphml": (".graphml", lambda directed: saved(lambda s, g: nx.write_graphml(g, s), graph_of(directed))),
    "gexf": (".gexf", lambda directed: saved(lambda s, g: nx.write_gexf(g, s), graph_of(directed))),
    "gml": (".gml", lambda directed: saved(lambda s, g: nx.write_gml(g, s), graph_of(directed))),
    "json": (".json", lambda directed: json.dumps(nx.node_link_data(graph_of(directed), edges="edges")).encode()),
    "d3": (
        ".json",
        lambda directed: json.dumps(nx.node_link_data(graph_of(directed), edges="links"), indent=1).encode(),
    ),
    "mtx": (".mtx", lambda directed: saved(scipy.io.mmwrite, matrix_of(directed))),
    "mtx array": (".mtx", lambda directed: saved(scipy.io.mmwrite, matrix_of(directed).toarray())),
    "npz": (".npz", lambda directed: saved(scipy.sparse.save_npz, matrix_of(directed))),
    "npz coo": (".npz", lambda directed: saved(scipy.sparse.save_npz, matrix_of(directed, scipy.sparse.coo_matrix))),
    "metis": (".graph", lambda directed: None if directed else metis()),
    "lgl": (".lgl", lambda directed: None if directed else lgl()),
    "matrix": (".csv", table_of),
    "pajek": (".net", lambda directed: pajek(b"*Arcs" if directed else b"*Edges", LINKS)),
    "pajek matrix": (".net", lambda directed: pajek(b"*Matrix", matrix_of(directed).toarray().tolist())),
}


def expected(directed):
    return sorted(LINKS) if directed else sorted((min(u, v), max(u, v), w) for u, v, w in LINKS)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_network(name, directed, tmp_path):
    suffix, content = FILES[name]
    data = content(directed)
    if data is None:
        return
    network = mapeq.read_network(write(tmp_path, f"network{suffix}", data))
    shift = 1 if suffix == ".npz" else 0
    assert network.label_list() == [node - shift for node in NODES]
    assert network.directed == directed
    assert [(u + shift, v + shift, w) for u, v, w in links(network)] == expected(directed)
    unweighted = mapeq.read_network(tmp_path / f"network{suffix}", weight=None)
    assert links(unweighted) == [(u, v, 1.0) for u, v, _ in links(network)]
    assert mapeq.read_network(tmp_path / f"network{suffix}", directed=True).directed


@pytest.mark.parametrize("name", [name for name, (suffix, _) in FILES.items() if suffix not in (".graph", ".lgl")])
def test_content_tells_the_format_whatever_the_suffix(name, tmp_path):
    suffix, content = FILES[name]
    network = mapeq.read_network(write(tmp_path, f"network{suffix}", content(False)))
    assert links(mapeq.read_network(write(tmp_path, "other.dat", content(False)))) == links(network)


@pytest.mark.parametrize("name", ["graphml", "gexf", "gml", "json"])
def test_words_are_labels_and_weights_may_be_missing(name, tmp_path):
    graph = nx.Graph([("New York", "Zürich"), ("Zürich", "b&<c"), ("07", "7")])
    graph["07"]["7"]["weight"] = 2.5
    path = tmp_path / f"network.{name}"
    writers = {"graphml": nx.write_graphml, "gexf": nx.write_gexf, "gml": nx.write_gml}
    if name == "json":
        path.write_text(json.dumps(nx.node_link_data(graph, edges="links")))
    else:
        writers[name](graph, path)
    network = mapeq.read_network(path)
    assert network.labels == tuple(graph)
    assert network.total_weight == 4.5


def test_adjacency_lists(tmp_path):
    path = tmp_path / "network.adjlist"
    nx.write_adjlist(graph_of(False, weighted=False), path)
    network = mapeq.read_network(path)
    assert sorted(network.label_list()) == list(NODES)
    assert sorted(links(network)) == [(u, v, 1.0) for u, v, _ in expected(False)]
    text = "a b c\nb a\nc d e\n"
    both = write(tmp_path, "words.adjlist", text)
    assert mapeq.read_network(both).total_weight == 4  # a - b is one link, though both ends list it
    assert mapeq.read_network(both, directed=True).total_weight == 5
    assert mapeq.read_network(write(tmp_path, "words.txt", text), format="adjlist").num_links == 4


def test_pajek_lists(tmp_path):
    text = "*Network x\n*Vertices 4\n1 a\n2 b\n3 c\n4 d\n*Edgeslist\n1 2 3\n2 3\n"
    network = mapeq.read_network(write(tmp_path, "x.net", text))
    assert links(network) == [("a", "b", 1.0), ("a", "c", 1.0), ("b", "c", 1.0)]
    assert (network.labels, network.directed) == (("a", "b", "c", "d"), False)
    arcs = mapeq.read_network(
        write(tmp_path, "x.net", text.replace("Edgeslist", "ARCSLIST :1 'r'") + "*Edges\n3 4 2\n")
    )
    assert arcs.directed
    assert links(arcs)[-2:] == [("c", "d", 2.0), ("d", "c", 2.0)]


@pytest.mark.parametrize("separator", [",", "\t", ";", " "])
def test_square_tables(separator, tmp_path):
    square = [[0, 1, 0, 2.5], [1, 0, 1, 0], [0, 1, 0, 1], [2.5, 0, 1, 0]]
    names = ["ann", "bob", "cid", "dan"]
    plain = mapeq.read_network(write(tmp_path, "plain.txt", lines(square, separator)))
    assert links(plain) == [(0, 1, 1.0), (0, 3, 2.5), (1, 2, 1.0), (2, 3, 1.0)]
    rows = [[name, *row] for name, row in zip(names, square, strict=True)]
    network = [("ann", "bob", 1.0), ("ann", "dan", 2.5), ("bob", "cid", 1.0), ("cid", "dan", 1.0)]
    for header in (["id", *names], names):  # with a corner, and as R writes it
        assert links(mapeq.read_network(write(tmp_path, "named.txt", lines([header, *rows], separator)))) == network
    shuffled = [rows[k] for k in (2, 0, 3, 1)]
    assert (
        links(mapeq.read_network(write(tmp_path, "named.txt", lines([["id", *names], *shuffled], separator))))
        == network
    )
    assert links(mapeq.read_network(write(tmp_path, "named.txt", lines([names, *square], separator)))) == network
    assert plain.directed is False


def test_empty_cells_and_quotes_in_square_tables(tmp_path):
    text = '"","New York","b,c","d",\n"New York",,1,,\n"b,c",1,,2,\n"d",,2,,\n,,,,\n'
    path = write(tmp_path, "x.csv", text.rsplit(",,,,", 1)[0])
    assert links(mapeq.read_network(path)) == [("New York", "b,c", 1.0), ("b,c", "d", 2.0)]


def test_what_may_be_a_matrix_or_a_list_is_refused(tmp_path):
    square = np.arange(36).reshape(6, 6).tolist()
    path = write(tmp_path, "x.csv", lines(square, ","))
    with pytest.raises(
        mapeq.FormatError, match="6 lines of 6 numbers may be a matrix or a list of links: use --input-"
    ):
        mapeq.read_network(path)
    assert mapeq.read_network(path, format="matrix").num_links == 35
    assert mapeq.read_network(path, format="links").num_links == 6
    assert mapeq.read_network(path, source=0, target=1, weight=None).num_links == 6
    large = np.arange(144).reshape(12, 12).tolist()
    assert mapeq.read_network(write(tmp_path, "x.csv", lines(large, ","))).num_links == 143


def test_formats_are_recognised(tmp_path):
    for suffix, content in (*FILES.values(), (".tsv", lambda _: b"a\tb\n"), (".txt", lambda _: b"a b\n")):
        with Source(write(tmp_path, f"x{suffix}", content(False))) as source:
            name = {".graph": "metis", ".net": "pajek", ".txt": "links"}.get(suffix, suffix[1:])
            assert find_format(source) == name
    assert set(READERS) < set(FORMATS)


def test_the_weight_is_any_attribute(tmp_path):
    graph = nx.Graph()
    graph.add_edge("a", "b", strength=3, weight=1)
    for suffix, write_graph in ((".graphml", nx.write_graphml), (".gexf", nx.write_gexf), (".gml", nx.write_gml)):
        path = tmp_path / f"x{suffix}"
        write_graph(graph, path)
        assert mapeq.read_network(path, weight="strength").total_weight == 3
        assert mapeq.read_network(path).total_weight == 1
        with pytest.raises(mapeq.FormatError, match="no link has the attribute 'w' for its weight; the attributes are"):
            mapeq.read_network(path, weight="w")


def test_graphml_applies_the_default_of_the_weight(tmp_path):
    text = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="w" for="edge" attr.name="weight" attr.type="double"><default>5</default></key>'
        '<graph edgedefault="undirected"><node id="a"/><node id="b"/><node id="c"/>'
        '<edge source="a" target="b"/><edge source="b" target="c"><data key="w">2</data></edge></graph></graphml>'
    )
    assert links(mapeq.read_network(write(tmp_path, "x.graphml", text))) == [("a", "b", 5.0), ("b", "c", 2.0)]
    twice = text.replace("</graphml>", '<graph edgedefault="undirected"/></graphml>')
    with pytest.raises(mapeq.FormatError, match="holds more than one graph"):
        mapeq.read_network(write(tmp_path, "x.graphml", twice))


def test_xml_in_the_encoding_that_it_declares(tmp_path):
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    text += (
        '<graph edgedefault="undirected"><node id="ä"/><node id="ö"/><edge source="ä" target="ö"/></graph></graphml>'
    )
    assert mapeq.read_network(write(tmp_path, "x.graphml", text.encode("latin-1"))).labels == ("ä", "ö")


def test_parallel_links_are_summed(tmp_path):
    text = 'graph [\n node [\n id 1\n label "a"\n ]\n node [\n id 2\n label "b"\n ]\n'
    text += " edge [\n source 1\n target 2\n weight 2\n ]\n" * 2 + "]\n"
    assert links(mapeq.read_network(write(tmp_path, "x.gml", text))) == [("a", "b", 4.0)]
    data = {"multigraph": False, "nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2, "key": 0}] * 2}
    assert links(mapeq.read_network(write(tmp_path, "x.json", json.dumps(data)))) == [(1, 2, 2.0)]


def test_labels_of_gml_are_ids_if_they_repeat(tmp_path):
    text = 'graph [ node [ id 5 label "a" ] node [ id 6 label "a" ] edge [ source 5 target 6 ] ]'
    path = write(tmp_path, "x.gml", text)
    assert mapeq.read_network(path).labels == (5, 6)
    assert mapeq.read_network(path, label="label").labels == ("a (5)", "a (6)")


def test_a_node_attribute_names_the_nodes(tmp_path):
    graph = graph_of(False)
    nx.set_node_attributes(graph, {node: f"N{node}" for node in NODES}, "title")
    nx.write_graphml(graph, tmp_path / "x.graphml")
    assert mapeq.read_network(tmp_path / "x.graphml", label="title").labels == tuple(f"N{node}" for node in NODES)
    with pytest.raises(mapeq.FormatError, match="node 1 has no attribute 'name'; nodes have 'title'"):
        mapeq.read_network(tmp_path / "x.graphml", label="name")


@pytest.mark.parametrize("name", [name for name in FILES if name != "matrix"])
def test_files_without_columns_refuse_them(name, tmp_path):
    suffix, content = FILES[name]
    path = write(tmp_path, f"x{suffix}", content(False))
    for options in ({"source": "u"}, {"target": 2}, {"weight": 2}):
        with pytest.raises(mapeq.FormatError, match=f"x{suffix}: there is no column .*, which has no columns"):
            mapeq.read_network(path, **options)


def test_columns_of_graph_files_are_called_as_typed(tmp_path):
    nx.write_graphml(graph_of(False), tmp_path / "x.graphml")
    for flag in ("--weight", "--source"):
        done = run("info", tmp_path / "x.graphml", flag, 9)
        assert refused(done, "x.graphml: there is no column 9 in a GraphML file, which has no columns")


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "gml", "json"])
def test_numbers_of_graph_files_that_are_not_used_are_noted(suffix, tmp_path):
    graph, path = nx.Graph(), tmp_path / f"x.{suffix}"
    graph.add_edge("a", "b", score=2.0, kind="x", id=7)
    graph.add_edge("b", "c", score=1.0, kind="y", id=8)
    if suffix == "json":
        path.write_text(json.dumps(nx.node_link_data(graph, edges="links")))
    else:
        getattr(nx, f"write_{suffix}")(graph, path)
    with pytest.warns(UserWarning, match="no link has an attribute 'weight', but there are numbers in 'score'; name"):
        assert mapeq.read_network(path).total_weight == 2
    for weight, total in (("score", 3), (None, 2)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert mapeq.read_network(path, weight=weight).total_weight == total


@pytest.mark.parametrize(
    ("text", "format", "num_links"),
    [
        ("# Ann\nBob 2\nCid 3\n# Bob\nCid 1\n", "lgl", 3),
        ("# 1\n2 2\n3 3\n# 2\n3 1\n", "lgl", 3),
        ("4 4\n2 3\n1 4\n1 4\n2 3\n", "metis", 4),  # a ring
        ("5 3\n2 3\n1 3\n1 2\n\n\n", "metis", 3),  # blank lines are nodes without links
        ("4 6 0\n2 3 4\n1 3 4\n1 2 4\n1 2 3\n", "metis", 6),
        ("4 4 10\n7 2 3\n1 1 4\n1 1 4\n1 2 3\n", "metis", 4),
        ("4 2 11\n7 2 3\n1 1 3\n1 4 2\n1 3 2\n", "metis", 2),
    ],
)
def test_lists_of_neighbours_that_can_be_read_as_links_are_noted(text, format, num_links, tmp_path):
    path = write(tmp_path, "x.txt", text)
    with pytest.warns(UserWarning, match=f'format="{format}"'):
        mapeq.read_network(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mapeq.read_network(path, format=format).num_links == num_links


@pytest.mark.parametrize(
    "text",
    ["# part\n4 4\n1 2\n# more\n2 3\n", "4 4\n2 3\n1 4\n2 3\n", "3 3\n1 2\n2 3\n", "4 2\n1 2\n3 4\n", "1 1\n"],
)
def test_links_are_not_noted_as_lists_of_neighbours(text, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mapeq.read_network(write(tmp_path, "x.txt", text))


def test_numbers_of_entries_that_no_memory_holds(tmp_path):
    path = write(tmp_path, "x.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 299999999999991\n1 2 1\n")
    with pytest.raises(mapeq.FormatError, match="needs more memory than there is; is the file damaged"):
        mapeq.read_network(path)


def test_an_lgl_file_of_another_name_is_noted(tmp_path):
    path = write(tmp_path, "x.txt", "# a\nb 1\nc 2\n# b\nc 1\n# c\nd 3\n# d\na 1\n")
    with pytest.warns(UserWarning, match="such as '# b', look like the nodes of an .lgl file"):
        mapeq.read_network(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mapeq.read_network(path, format="lgl").num_links == 5
        mapeq.read_network(write(tmp_path, "y.txt", "# links\n# 2024\n# all\n# done\n1 2\n# 7\n2 3\n"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.graphml", "<graphml><graph", "x.graphml, line 1: is not a GraphML file"),
        ("x.graphml", '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"/>', "is not a GraphML file"),
        ("x.gexf", "<gexf>\n<graph></gexf>", "x.gexf, line 2: is not a GEXF file: mismatched tag"),
        ("x.gml", "graph [\n node [ id ]\n]", "is not a GML file: expected ']', found EOF"),
        ("x.gml", "1 2\n2 3\n", "x.gml, line 1: is not a GML file"),
        ("x.gml", "graph [\n node [ x 1 ]\n]", "is not a GML file: node #0 has no 'id' attribute"),
        ("x.json", '{"nodes": [],\n "links": ]', "x.json, line 2: is not node-link JSON: Expecting value"),
        (
            "x.json",
            '{"nodes": [{"id": 1}], "links": [{"source": 1}]}',
            'x.json: "links" must hold objects with "source" and "target", but number 1 is {"source": 1}',
        ),
        ("x.json", '{"nodes": [{}, 7], "links": []}', '"nodes" must hold objects such as {"id": 1}, but number 2 is 7'),
        ("x.json", '{"nodes": [], "edges": 3}', '"edges" must be a list of objects with "source" and "target", not 3'),
        ("x.json", '{"nodes": [{"id": {}}], "links": []}', "x.json: an id must be text or a number, not {}"),
        (
            "x.txt",
            "4 3\n2\n1 3\n2 4\n3\n",
            "name their format (--input-format, in Python format): adjlist, metis or lgl",
        ),
        ("x.txt", "4 3\n2 3 4\n1 2 3\n", "name their format (--input-format, in Python format): adjlist, metis or lgl"),
        ("x.json", '{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}', "a link ends at 2, which is not"),
        ("x.json", '{"nodes": [{"id": 1}, {"id": 1}], "links": []}', "two nodes have the same id"),
        ("x.json", "[[1, 2]]", 'node-link JSON is an object with "nodes" and "links" or "edges"'),
        ("x.json", '{"codelength": 1, "nodes": []}', "this is a result of mapeq, not a network"),
        ("x.json", "[" * 100_000, "is not node-link JSON"),
        ("x.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 1\n1 7 1\n", "x.mtx, line 3: is not a Matrix"),
        ("x.mtx", "1 2\n2 3\n", "is not a Matrix Market file"),
        ("x.graph", "3 2\n2\n1 3\n", "line 1: the first line promises 3 nodes, but 2 lines follow: '3 2'"),
        ("x.graph", "3 2\n2\n1 3\n2 \x1f\n", "line 4: expected numbers: the neighbours of a node"),
        ("x.graph", "3 1\n2\x1f\n\x0b1\n\x1c\n", "line 2: expected numbers: the neighbours of a node"),
        ("x.graph", "3 2\n2\n1 3\n4\n", "line 4: 4 is not a node; nodes are numbered from 1 to 3: '4'"),
        ("x.graph", "3 2\n2\n1 3\n\n", "the link 2 - 3 is not listed alike at both nodes"),
        ("x.graph", "3 3\n2\n1 3\n2\n", "line 1: the first line promises 3 links, but there are 2"),
        ("x.graph", "3 2\n2\n1 x\n2\n", "line 3: expected numbers: the neighbours of a node: '1 x'"),
        (
            "x.graph",
            "3 2 001\n2\n1 1 3 1\n2 1\n",
            "line 2: this line has too few numbers for the format in line 1: '2'",
        ),
        ("x.graph", "a b\n", "line 1: the first line of a METIS graph is: nodes links"),
        ("x.lgl", "1 2\n", "line 1: expected a line '# node', then lines 'neighbour [weight]': '1 2'"),
        ("x.lgl", "# 1\n2 1\n3\n", "line 3: every link has a weight, or none has: '3'"),
        ("x.lgl", "# 1\n2 x\n", "line 2: expected a number for the weight, found 'x'"),
        ("x.lgl", "# 1\n2 -1\n", "line 2: the weight -1 must be finite and 0 or more"),
        ("x.csv", ",a,b\na,0,x\nb,1,0\n", "line 2: a matrix must hold numbers: could not convert string 'x'"),
        ("x.csv", ",a,b\na,0,-1\nb,-1,0\n", "the weight of the link a - b is negative"),
        ("x.net", "*Vertices 2\n*Matrix\n0 1\n1\n", "line 4: expected row 2 of the matrix: 2 numbers"),
        ("x.net", "*Vertices 2\n*Matrix\n0 1\n", "expected row 2 of the matrix"),
        ("x.net", "*Vertices 1\n*Matrix\n0\n1 2\n", "line 4: expected a heading, such as *Vertices: '1 2'"),
        ("x.net", "*Matrix\n0 1\n1 0\n", "*Matrix must follow *Vertices"),
        ("x.net", "*Vertices 3\n*Arcslist\n1 2\n2 3 9\n", "line 4: the id 9 is not under *Vertices: '2 3 9'"),
        ("x.net", "*Vertices 3\n*Arcslist\n1 b\n", "line 3: expected the id of a node and the ids of its neighbours"),
        ("x.net", "*Network a\n*Vertices 1\n*Edges\n*Network b\n", "line 4: a second *Network begins"),
        ("x.xml", '<?xml version="1.0"?>\n<html>\n', "XML or HTML, but neither GraphML nor GEXF"),
        ("x.npz", "1 2\n", "x.npz: is no .npz archive"),
        ("x.adjlist", "", "contains no links"),
        ("x.graphml", "", "contains no links"),
    ],
)
def test_what_is_wrong_is_said(name, text, message, tmp_path):
    path = write(tmp_path, name, text)
    with pytest.raises(mapeq.FormatError) as caught:
        mapeq.read_network(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["npz", "graphml", "gexf", "gml", "json", "mtx", "metis", "lgl", "matrix"])
def test_damaged_files_give_errors_of_ours(name, tmp_path):
    suffix, content = FILES[name]
    whole = content(False)
    random = np.random.default_rng(5)
    for _ in range(40):
        data = bytearray(whole[: random.integers(1, len(whole) + 1)])
        for place in random.integers(len(data), size=random.integers(3)):
            data[place] = random.integers(256)
        try:
            mapeq.read_network(write(tmp_path, f"x{suffix}", bytes(data)))
        except mapeq.MapeqError as error:
            assert f"x{suffix}" in str(error)  # noqa: PT017 (most files are damaged, but not all)


# The format that the caller names -----------------------------------------------------------------


def test_the_format_can_be_named(tmp_path):
    path = write(tmp_path, "x.txt", "New York,Boston,5\n")
    assert links(mapeq.read_network(path, format="csv")) == [("New York", "Boston", 5.0)]
    assert mapeq.read_network(write(tmp_path, "x.graph", "1 2\n2 3\n"), format="links").num_links == 2
    with pytest.raises(ValueError, match=r"format must be one of links, csv, .*, not 'dot'"):
        mapeq.read_network(path, format="dot")
    with pytest.raises(mapeq.FormatError, match=r"is no \.npz archive"):
        mapeq.read_network(path, format="npz")
    with pytest.raises(mapeq.FormatError, match="a list of links has no attributes of nodes"):
        mapeq.read_network(path, label="name")


# Tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".csv", ";"), (".tsv", "\t"), (".csv", "\t")])
def test_labels_with_blanks_in_tables_without_a_header(suffix, separator, tmp_path):
    rows = [["New York", "Boston", 5], ["Boston", "Rio de  Janeiro", 0.5]]
    path = write(tmp_path, f"x{suffix}", lines(rows, separator))
    assert links(mapeq.read_network(path)) == [(u, v, float(weight)) for u, v, weight in rows]
    short = write(tmp_path, f"x{suffix}", lines([row[:2] for row in rows], separator))
    assert mapeq.read_network(short).total_weight == 2
    zipped = tmp_path / f"x{suffix}.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert mapeq.read_network(zipped).total_weight == 2


def test_decimal_commas_are_refused(tmp_path):
    with pytest.raises(mapeq.FormatError, match="found '0,5'; use a decimal point"):
        mapeq.read_network(write(tmp_path, "x.csv", "a;b;0,5\nb;c;1,5\n"))


def test_names_of_rows_as_r_writes_them(tmp_path):
    text = '"from" "to" "weight"\n"1" "a" "b" 2\n"2" "b" "c d" 3\n'
    assert links(mapeq.read_network(write(tmp_path, "x.txt", text))) == [("a", "b", 2.0), ("b", "c d", 3.0)]
    assert mapeq.read_network(tmp_path / "x.txt", weight=None).total_weight == 2
    numbers = '"from","to"\n"1",5,6\n"2",6,7\n'
    assert links(mapeq.read_network(write(tmp_path, "x.csv", numbers))) == [(5, 6, 1.0), (6, 7, 1.0)]
    bare = "from to weight\n1 a b 2\n2 b c 3\n3 c d 1\n"
    with pytest.raises(mapeq.FormatError, match="line 1: the lines below have one cell more than this header"):
        mapeq.read_network(write(tmp_path, "x.txt", bare))


# Compression and encoding ---------------------------------------------------------------------


def zipped(data, *more):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/inner.csv", data)
        for name in more:
            archive.writestr(name, data)
    return stream.getvalue()


def zstandard(data):
    return pytest.importorskip("zstandard").ZstdCompressor().compress(data)


PACK = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstandard, "zip": zipped}
TEXT = "".join(f"{k} {k + 1} {k % 7 + 0.5}\n" for k in range(3000)).encode()


@pytest.mark.parametrize("method", PACK)
def test_compressed_files_are_told_by_content(method, tmp_path):
    path = write(tmp_path, "x", PACK[method](TEXT))
    plain = mapeq.read_network(write(tmp_path, "x.txt", TEXT))
    assert links(mapeq.read_network(path)) == links(plain)
    data = PACK[method](FILES["graphml"][1](True))
    assert mapeq.read_network(write(tmp_path, "x.graphml.gz", data)).directed


@pytest.mark.parametrize("method", PACK)
def test_truncated_and_damaged_archives_give_one_error(method, tmp_path):
    whole = PACK[method](TEXT)
    for length in (len(whole) // 2, len(whole) - 1, 12):
        with pytest.raises(mapeq.FormatError, match=rf"x: the {method} file is (damaged or )?truncated$"):
            mapeq.read_network(write(tmp_path, "x", whole[:length]))
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    with pytest.raises(mapeq.FormatError, match=rf"x: the {method} file is (damaged|truncated)|x, line \d+: "):
        mapeq.read_network(write(tmp_path, "x", bytes(damaged)))


def test_frames_of_zstd_follow_each_other(tmp_path):
    parts = zstandard(TEXT[:5]) + zstandard(TEXT[5:])
    assert mapeq.read_network(write(tmp_path, "x.zst", parts)).num_links == 3000


def test_zstd_needs_its_extra(tmp_path, monkeypatch):
    path = write(tmp_path, "x.zst", b"\x28\xb5\x2f\xfd0000")
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(ImportError, match=r"mapeq\[zstd\]"):
        mapeq.read_network(path)


def test_a_zip_archive_holds_one_file(tmp_path):
    with pytest.raises(
        mapeq.FormatError, match=r"the zip file holds 2 files: folder/inner.csv, b.txt; it must hold one"
    ):
        mapeq.read_network(write(tmp_path, "x.zip", zipped(b"a,b", "b.txt")))
    with pytest.raises(mapeq.FormatError, match=r"is an Excel or Office file: save the table as \.csv"):
        mapeq.read_network(write(tmp_path, "x.xlsx", zipped(b"a,b", "[Content_Types].xml")))
    spread = zipped(b"New York,Boston\n", "__MACOSX/x", "empty/")
    assert mapeq.read_network(write(tmp_path, "x.zip", spread)).labels == ("New York", "Boston")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-8", "utf-8-sig", "koi8-r"])
def test_text_in_any_encoding(encoding, tmp_path):
    words = "жук жаба" if encoding == "koi8-r" else "Köln Zürich"
    path = write(tmp_path, "x.txt", f"{words}\na b\n".encode(encoding))
    assert mapeq.read_network(path, encoding=encoding).labels == (*words.split(), "a", "b")


@pytest.mark.parametrize(
    ("encoding", "advice"),
    [
        ("cp1252", "invalid byte 0xf6; it is perhaps in Latin-1 (cp1252): use --encoding cp1252"),
        ("utf-16", 'it is in UTF-16: use --encoding utf-16 (encoding="utf-16" in Python)'),
        ("utf-16-le", "it contains a NUL byte; it is perhaps in UTF-16: use --encoding utf-16-le"),
        ("utf-16-be", "it contains a NUL byte; it is perhaps in UTF-16: use --encoding utf-16-be"),
    ],
)
def test_text_that_is_no_utf_8_says_what_it_probably_is(encoding, advice, tmp_path):
    path = write(tmp_path, "x.txt", "Köln Zürich\n".encode(encoding))
    with pytest.raises(mapeq.FormatError) as caught:
        mapeq.read_network(path)
    assert advice in str(caught.value)


def test_wrong_encodings(tmp_path):
    path = write(tmp_path, "x.txt", "Köln Zürich\n".encode("cp1252"))
    for name in ("base64", "nothing"):
        with pytest.raises(ValueError, match=f"encoding must be the name of an encoding, .*, not '{name}'"):
            mapeq.read_network(path, encoding=name)
    with pytest.raises(mapeq.FormatError, match="not a text file in the encoding ascii: invalid byte 0xf6"):
        mapeq.read_network(path, encoding="ascii")


def test_partitions_and_vectors_are_unpacked_too(tmp_path):
    network = mapeq.read_network(write(tmp_path, "x.txt", "1 2\n2 3\n"))
    write(tmp_path, "modules.csv.bz2", bz2.compress(b"node,module\n1,0\n2,0\n3,0\n"))
    assert mapeq.evaluate(network, tmp_path / "modules.csv.bz2").num_modules == 1


def test_a_quote_in_the_first_cell_is_no_matrix(tmp_path):
    """Which the search for labels of rows took for a cell without text."""
    for text in ('ann bob 2\nbob \tc-1d" 1\n"c d6\n', ",a,b,c\n}\na,0,1,2\nb,1,0,3\nc,2,3,0"):
        with pytest.raises(mapeq.FormatError):
            mapeq.read_network(write(tmp_path, "x.txt", text))

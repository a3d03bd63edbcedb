"""Scripts as people have them run on mapeq.compat, and give what they give on the infomap package."""

import importlib.util
import json
import subprocess
import sys
from collections import defaultdict

import infomap
import networkx as nx
import numpy as np
import pytest
import scipy.sparse
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

import mapeq
from mapeq import compat

pytestmark = pytest.mark.filterwarnings("ignore:.*3\\.0")

ARCS = [(7, 1), (1, 2), (2, 7), (2, 3), (3, 4), (4, 5), (5, 3), (4, 7)]
RAGGED = [(i, j) for b in (0, 4, 8, 12, 16) for i in range(b, b + 4) for j in range(b, i)]
RAGGED += [(0, 4), (4, 8), (8, 12), (12, 16), (3, 7), (19, 1), (0, 20)]
BRANCHES = {"1:1": range(4), "1:2": range(4, 8), "2": range(8, 12), "3:1:1": (12, 13), "3:1:2": (14, 15)}
BRANCHES |= {"3:2": range(16, 20), "4": (20,)}
EVENTS = [(i, 12 + (i // 6) * 3 + (5 * i + k) % 3, 1 + (i + k) % 2) for i in range(12) for k in range(2)]
EVENTS += [(0, 16), (7, 13)]


@pytest.fixture(scope="module", name="similarities")
def _similarities():
    """Pairs of near neighbours among pictures of digits, and how similar they are."""
    vectors = load_digits().data[:600]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances, neighbors = NearestNeighbors(n_neighbors=9, metric="cosine").fit(vectors).kneighbors()
    return {
        (i, int(j)): 1.0 - float(distance)
        for i in range(len(vectors))
        for j, distance in zip(neighbors[i], distances[i], strict=True)
    }


NEW_NAMES = """
def labels(module, links, flags):
    im = module.Infomap(flags)
    for (i, j), similarity in links.items():
        im.add_link(i, j, similarity)
    im.run()
    found = {}
    for node in im.tree:
        if node.is_leaf:
            found[node.node_id] = node.module_id - 1
    return found, im.num_top_modules, im.codelength
"""
OLD_NAMES = """
def labels(module, links, flags):
    im = module.Infomap(flags)
    for (i, j), similarity in links.items():
        _ = im.addLink(int(i), int(j), similarity)
    im.run()
    found = {}
    for node in im.iterTree():
        if node.isLeaf():
            found[node.physicalId] = node.moduleIndex()
    return found, im.numTopModules(), im.codelength
"""


def script(source):
    scope = {}
    exec(source, scope)
    return scope["labels"]


@pytest.mark.parametrize("flags", ["--two-level --silent", "-2 --silent -N 3", "--two-level --directed --silent -N3"])
def test_faces_get_the_labels_of_one_call(similarities, flags):
    labels, number, codelength = script(NEW_NAMES)(compat, similarities, flags)
    trials = 3 if "N" in flags else 1
    ends, weights = np.array(list(similarities)), list(similarities.values())
    network = mapeq.Network.from_edges(ends[:, 0], ends[:, 1], weights, directed="directed" in flags)
    result = mapeq.infomap(network, num_trials=trials, seed=123)
    assert labels == {node: module - 1 for node, module in result.modules().items()}  # as the package counts
    assert (number, codelength) == (result.num_modules, result.codelength)
    assert number > 5
    theirs = script(NEW_NAMES)(infomap, similarities, flags)
    assert codelength <= theirs[2] * 1.002
    im = infomap.Infomap(flags, no_infomap=True)  # the package measures what we have found
    im.add_links([(i, j, similarity) for (i, j), similarity in similarities.items()])
    im.run(initial_partition=labels)
    assert codelength == pytest.approx(im.codelength, abs=1e-9)


def test_names_of_old_say_the_same(similarities):
    flags = "--two-level --directed --silent"
    assert script(OLD_NAMES)(compat, similarities, flags) == script(NEW_NAMES)(compat, similarities, flags)


def as_cdlib_does_it(module, graph, flags="", weight="weight"):
    """The calls that cdlib 0.4.1 makes."""
    assert tuple(map(int, module.__version__.split("."))) >= (1, 7, 1)  # noqa: RUF048
    numbered = nx.convert_node_labels_to_integers(graph, label_attribute="name")
    im = module.Infomap(flags)
    im.add_nodes({i: str(n) for i, n in enumerate(numbered.nodes)})
    for source, target, data in numbered.edges(data=True):
        if weight in data:
            im.add_link(source, target, data[weight])
        else:
            im.add_link(source, target)
    im.run()
    communities = defaultdict(list)
    for node_id, module_id in im.modules:
        communities[module_id].append(numbered.nodes[node_id]["name"])
    return [list(community) for community in communities.values()]


GRAPHS = {
    "karate": nx.relabel_nodes(nx.karate_club_graph(), "${}$".format),
    "arcs": nx.DiGraph(ARCS),
    "people": nx.les_miserables_graph(),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_cdlib_asks_for(graph):
    flags = "--two-level -N 10" + (" -d" if GRAPHS[graph].is_directed() else "")
    ours, theirs = (as_cdlib_does_it(module, GRAPHS[graph], flags) for module in (compat, infomap))
    assert sorted(map(sorted, ours)) == sorted(map(sorted, theirs))


CDLIB = """
import json, sys
import mapeq.compat
sys.modules["infomap"] = mapeq.compat
import networkx as nx
from cdlib import algorithms
graph = nx.relabel_nodes(nx.karate_club_graph(), "${}$".format)
arcs = nx.DiGraph()
arcs.add_edges_from(graph.edges, weight=3)
found = [
    algorithms.infomap(graph, flags="--two-level -N 10"),
    algorithms.infomap(arcs),
    algorithms.infomap_bipartite(nx.algorithms.bipartite.random_graph(30, 10, 0.5, seed=1)),
]
print(json.dumps([[clustering.method_name, clustering.communities] for clustering in found]))
"""


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("cdlib", "wurlitzer"))), reason="cdlib and wurlitzer are not installed"
)
def test_cdlib_itself():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", CDLIB], capture_output=True, text=True, check=True)
    names, (people, arcs, kinds) = zip(*json.loads(done.stdout.splitlines()[-1]), strict=True)
    assert list(names)[:2] == ["Infomap", "Infomap"]
    assert sorted(map(len, people)) == sorted(map(len, as_cdlib_does_it(compat, GRAPHS["karate"], "--two-level -N 10")))
    assert {node for community in arcs for node in community} == set(GRAPHS["karate"])
    assert sum(map(len, kinds)) == 40


def of_two_kinds(module, flags):
    im = module.Infomap(flags, silent=True)
    im.bipartite_start_id = 12
    im.add_links(EVENTS)
    if "-d" in flags:  # there must be a way back
        im.add_links([(event, person, 0.5) for person, event, *_ in EVENTS])
    im.run()
    return im


@pytest.mark.parametrize(
    "flags",
    [
        "-2",
        "",
        "-2 --skip-adjust-bipartite-flow",
        "-2 --markov-time 1.5",
        "-2 --variable-markov-time",
        "-2 --regularized",
        "-2 -d",
        "-2 -d -e",
    ],
)
def test_nodes_of_two_kinds(flags):
    theirs, ours = (of_two_kinds(module, flags) for module in (infomap, compat))
    assert ours.bipartite_start_id == theirs.bipartite_start_id == 12
    assert ours.get_modules() == theirs.get_modules()
    for name in ("codelength", "one_level_codelength", "entropy_rate", "effective_num_top_modules", "num_links"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-9), name
    for ask in (lambda im: im.flow_links, lambda im: [(n.node_id, n.flow, n.data.enter_flow) for n in im.nodes]):
        got, expected = (np.array(sorted(ask(im))) for im in (ours, theirs))
        assert got == pytest.approx(expected, abs=1e-9)


def test_links_within_one_kind():
    im = compat.Infomap()
    im.bipartite_start_id = 3
    im.add_links([(1, 3), (1, 2)])
    with pytest.raises(ValueError, match="1 - 2 joins nodes of one kind"):
        im.run()


@pytest.fixture(name="ragged")
def _ragged(tmp_path):
    """A hierarchy whose branches are of different depth, measured by both."""
    rows = [f'{path}:{k} 0.1 "{n}" {n}\n' for path, nodes in BRANCHES.items() for k, n in enumerate(nodes, 1)]
    (tmp_path / "given.tree").write_text("".join(rows))
    found = []
    for module in (infomap, compat):
        im = module.Infomap(silent=True, no_infomap=True, cluster_data=str(tmp_path / "given.tree"))
        im.add_links(RAGGED)
        im.set_name(20, 'the "last" one')
        im.run()
        found.append(im)
    return found


def test_a_hierarchy_of_different_depths(ragged):
    theirs, ours = ragged
    for name in ("codelength", "index_codelength", "num_leaf_modules", "num_non_trivial_top_modules", "max_depth"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-9), name
    for level in (-1, 0, 1, 2, 3, 4, 5):
        expected = theirs.get_effective_num_modules(level)
        assert ours.get_effective_num_modules(level) == pytest.approx(expected, abs=1e-9)
    expected, got = (sorted((n.node_id, len(n.path), n.modular_centrality) for n in im.nodes) for im in ragged)
    assert np.array(got) == pytest.approx(np.array(expected), abs=1e-9)


def test_json_says_the_same(ragged, tmp_path):
    contents = []
    for im in ragged:
        im.write_json(tmp_path / "x.json")
        contents.append(json.loads((tmp_path / "x.json").read_text()))
    expected, got = contents
    for name in ("numLevels", "numTopModules", "numModules", "directed", "flowModel", "higherOrder"):
        assert got[name] == expected[name]
    assert got["codelength"] == pytest.approx(expected["codelength"], abs=1e-9)
    for kind in ("nodes", "modules"):
        assert set(got[kind][0]) == set(expected[kind][0])
    names = ("id", "modules", "name", "flow", "mec")
    nodes = [sorted(([node[name] for name in names] for node in content["nodes"]), key=str) for content in contents]
    assert [node[:3] for node in nodes[1]] == [node[:3] for node in nodes[0]]
    assert [node[3:] for node in nodes[1]] == [pytest.approx(node[3:], rel=1e-5) for node in nodes[0]]
    figures = [sorted(list(map(repr, m["path"])) for m in content["modules"]) for content in contents]
    assert figures[1] == figures[0]
    names = ("enterFlow", "exitFlow", "numEdges", "numChildren", "codelength")
    figures = [{tuple(m["path"]): [m[name] for name in names] for m in content["modules"]} for content in contents]
    assert {path: pytest.approx(row, abs=1e-5) for path, row in figures[0].items()} == figures[1]


def test_csv_and_newick_say_the_same(ragged, tmp_path):
    tables, trees = [], []
    for im in ragged:
        im.write_csv(tmp_path / "x.csv")
        im.write(tmp_path / "x.nwk")
        tables.append((tmp_path / "x.csv").read_text().splitlines())
        trees.append("".join(c for c in (tmp_path / "x.nwk").read_text().strip() if not (c.isdigit() or c == ".")))
    rows = [{row.rpartition(",")[2]: row.split(",")[2] for row in table[1:]} for table in tables]
    assert tables[0][0] == tables[1][0]
    assert rows[0] == rows[1]
    assert trees[0] == trees[1]


@pytest.mark.parametrize("flags", ["--silent", "-d --silent"])
def test_pajek_files_come_back(tmp_path, flags):
    path = tmp_path / "x.net"
    for module in (infomap, compat):
        im = module.Infomap(flags)
        im.add_links(ARCS)
        im.add_node(3, "the third", 2.0)
        im.write_pajek(path)
        before = path.read_text()
        im.run()
        im.write_pajek(path)
        if module is compat:
            assert path.read_text() == before
            again = compat.Infomap(flags)
            again.read_file(path)
            assert list(again.links) == sorted(im.links)
            assert again.names[3] == "the third"
        lines = [line for line in before.splitlines() if line[0] != "#"]
        kind = next(k for k, line in enumerate(lines) if line in ("*Edges", "*Arcs"))
        if module is infomap:
            expected = (lines[kind], len(lines), lines[3])
        assert (lines[kind], len(lines), lines[3]) == expected
        im.write_pajek(path, flow=True)
        assert len([line for line in path.read_text().splitlines() if line[0] != "#"]) == len(lines)


@pytest.mark.parametrize("flags", ["", "-d", "-d -e", "-f rawdir"])
def test_links_of_nodes_that_are_linked_to_themselves_only(flags):
    found = []
    for module in (infomap, compat):
        im = module.Infomap(flags, silent=True)
        im.add_links([(1, 2), (2, 3), (3, 1), (5, 5)])
        im.run()
        found.append(([flow for *_, flow in sorted(im.flow_links, key=max)], im.entropy_rate))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-9)
    assert found[1][1] == pytest.approx(found[0][1], abs=1e-9)


def test_a_partition_may_leave_nodes_out_and_name_others():
    for module in (infomap, compat):
        im = module.Infomap(silent=True, no_infomap=True)
        im.add_links([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5)])
        im.run(initial_partition={1: 7, 2: 7, 3: 7, 9: 8})
        assert im.get_modules() == {1: 1, 2: 1, 3: 1, 4: 2, 5: 3}


def test_links_that_weigh_too_little():
    for module in (infomap, compat):
        im = module.Infomap("--weight-threshold 2", silent=True)
        im.add_links([(1, 2, 1.0), (2, 3, 2.0), (1, 2, 1.5), (4, 5, 1.0), (3, 4, 2.5)])
        im.run()
        assert (im.num_nodes, list(im.links)) == (3, [(2, 3, 2.0), (3, 4, 2.5)])


MATRIX = scipy.sparse.csr_array(np.array([[0, 2, 0], [2, 0, 1], [0, 1, 3.0]]))
OTHER_GRAPHS = {
    "matrix": lambda im: im.add_scipy_sparse_matrix(MATRIX),
    "matrix of arcs": lambda im: im.add_scipy_sparse_matrix(MATRIX, directed=True),
    "pattern": lambda im: im.add_scipy_sparse_matrix(MATRIX, weighted=False),
    "matrix with names": lambda im: im.add_scipy_sparse_matrix(MATRIX, node_ids=["a", "b", "c"]),
    "edge index": lambda im: im.add_edge_index(np.array([[0, 1, 2], [1, 2, 2]])),
    "edge index of pairs": lambda im: im.add_edge_index(np.array([[0, 1], [1, 2]]), directed=False),
    "edge index with weights": lambda im: im.add_edge_index([[0, 1], [1, 2]], edge_weight=[1.0, 2.0], num_nodes=4),
}


@pytest.mark.parametrize("name", OTHER_GRAPHS)
def test_matrices_and_edge_indices(name):
    found = []
    for module in (infomap, compat):
        im = module.Infomap(silent=True)
        mapping = OTHER_GRAPHS[name](im)
        before = (mapping, list(im.links), im.names, im.num_nodes)
        found.append((before, pytest.approx(im.run().one_level_codelength, abs=1e-9)))
    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1].expected


def test_weights_of_igraph_graphs_are_one_an_edge():
    import igraph

    im = compat.Infomap(silent=True)
    with pytest.raises(mapeq.NetworkError, match="there are 3 sources, 3 targets and 2 weights"):
        im.add_igraph_graph(igraph.Graph.Full(3), edge_weights=[1.0, 2.0])
    assert (im.num_nodes, im.num_links) == (3, 0)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_igraph_graphs(directed, named):
    import igraph

    graph = igraph.Graph(edges=[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)], directed=directed)
    graph.es["weight"] = [5, 6, 7, 1, 3, 2, 4]
    if named:
        graph.vs["name"] = list("abcdef")
    found = []
    for module in (infomap, compat):
        im = module.Infomap(silent=True, two_level=True)
        before = (im.add_igraph_graph(graph), sorted(im.links), im.names, im.num_nodes)
        im.run()
        found.append((before, im.get_modules(), round(im.codelength, 9)))
    assert found[1] == found[0]


def test_objects_made_of_matrices():
    for make in (
        lambda module: module.Infomap.from_scipy_sparse_matrix(MATRIX, silent=True),
        lambda module: module.Infomap.from_edge_index([[0, 1], [1, 2]], args="-2", silent=True),
    ):
        theirs, ours = make(infomap), make(compat)
        assert list(ours.links) == list(theirs.links)


def test_a_result_stays_as_it_is():
    im = compat.Infomap(silent=True)
    im.add_links(ARCS)
    with pytest.raises(compat.NotRunError, match=r"run\(\) first"):
        im.get_modules()
    assert im.summary()["status"] == "not run"
    first = im.run()
    before = (first.modules(), first.codelength, list(first.links("flow")))
    im.add_links([(8, 9), (9, 10)])
    im.run()
    assert (first.modules(), first.codelength, list(first.links("flow"))) == before
    assert (first.num_nodes, im.num_nodes) == (6, 9)
    assert first.found.num_nodes == 6
    assert im.summary()["codelength"] == im.codelength

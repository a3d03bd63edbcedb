"""Old scripts do with mapeq.compat what they do with the infomap package, as a black box: one source, run on both."""

import subprocess
import sys

import igraph
import infomap
import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq import compat
from mapeq._base.errors import FormatError, NetworkError
from mapeq.integrations.infomap.options import named_options

pytestmark = pytest.mark.filterwarnings("ignore:.*3\\.0")

TRIANGLES = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
RING = [(6 * c + i, 6 * c + j) for c in range(5) for i in range(6) for j in range(i)]
RING += [(6 * c, (6 * c + 7) % 30) for c in range(5)]
ARCS = [(7, 1), (1, 2), (2, 7), (2, 3), (3, 4), (4, 5), (5, 3), (4, 7)]
#: Two groups of three and of two cliques of growing weight: no two modules have the same flow.
NESTED = [(5 * c + i, 5 * c + j, 10 + c) for c in range(9) for i in range(5) for j in range(i)]
NESTED += [(15 * g + 5 * a, 15 * g + 5 * b + 1, 5) for g in range(3) for a, b in ((0, 1), (1, 2), (2, 0))]
NESTED += [(2, 18, 0.1), (17, 33, 0.1), (32, 3, 0.1)]


def of_links(links, *args, **options):
    def build(module):
        im = module.Infomap(*args, **options)
        for link in links:
            im.add_link(*link)
        return im

    return build


def of_graph(graph, *args, **options):
    def build(module):
        im = module.Infomap(*args, **options)
        im.mapping = im.add_networkx_graph(graph)
        return im

    return build


def named(module):
    im = module.Infomap("-2", silent=True)
    im.add_nodes([(1, "ann"), (2, "bob")])
    im.set_names({3: "cid", 6: "dan"})
    im.add_links(np.array(TRIANGLES))
    return im


def with_metadata(links, categories, *args, **options):
    def build(module):
        im = of_links(links, *args, **options)(module)
        im.set_meta_data(categories)
        im.set_meta_data(5, 2)
        return im

    return build


WORDS = nx.relabel_nodes(nx.Graph(TRIANGLES), dict(zip(range(1, 7), "zyxwvu", strict=True)))

CASES = {
    "triangles": of_links(TRIANGLES, "--two-level --silent"),
    "triangles, multilevel": of_links(TRIANGLES, silent=True),
    "ring of cliques": of_links(RING, two_level=True, num_trials=3, silent=True),
    "weights": of_links([(*link, 0.5 + k % 3) for k, link in enumerate(TRIANGLES)], "-2 --silent"),
    "self-links": of_links([*TRIANGLES, (1, 1, 0.5)], "-2 --silent"),
    "self-links only": of_links([*ARCS, (7, 8), (8, 8)], "-2 -d --silent"),
    "self-links only, raw": of_links([*ARCS, (7, 8), (8, 8)], "-2 -f rawdir --silent"),
    "self-links only, long time": of_links([*ARCS, (7, 8), (8, 8)], "-2 -d --markov-time 1.5 --silent"),
    "no self-links": of_links([*TRIANGLES, (1, 1, 0.5)], "-2 --silent", no_self_links=True),
    "there and back": of_links([*TRIANGLES, (2, 1), (1, 2, 3)], "-2 --silent"),
    "directed": of_links(ARCS, "-2d --silent -N 3"),
    "directed wins": of_links(ARCS, "-d --two-level -f undirected --silent"),
    "recorded": of_links(ARCS, "-2de --silent -p 0.3 --to-nodes"),
    "raw": of_links(ARCS, "-2 --silent --flow-model rawdir"),
    "Markov time": of_links(TRIANGLES, "--silent", two_level=True, markov_time=1.3, seed=5),
    "modules in modules": of_links(NESTED, num_trials=5, silent=True),
    "karate": of_graph(nx.karate_club_graph(), "--two-level --silent --num-trials 10"),
    "directed graph": of_graph(nx.DiGraph(ARCS), two_level=True, silent=True),
    "directed graph, said not to be": of_graph(nx.DiGraph(ARCS), two_level=True, silent=True, directed=False),
    "labels that are words": of_graph(WORDS, two_level=True, silent=True),
    "names": named,
    "metadata": with_metadata(TRIANGLES, dict.fromkeys((1, 2, 3), 5), "-2 --silent --meta-data-rate 0.5"),
    "metadata, unweighted": with_metadata(ARCS, {1: 1, 3: 0}, "-2de --silent --meta-data-unweighted"),
}
FIGURES = (
    "codelength",
    "index_codelength",
    "module_codelength",
    "one_level_codelength",
    "relative_codelength_savings",
    "num_top_modules",
    "num_leaf_modules",
    "max_depth",
    "num_levels",
    "num_nodes",
    "num_links",
    "num_physical_nodes",
    "num_non_trivial_top_modules",
    "effective_num_top_modules",
    "effective_num_leaf_modules",
    "entropy_rate",
    "have_memory",
    "state_names",
    "meta_codelength",
    "meta_entropy",
)


@pytest.fixture(params=CASES, name="both")
def _both(request):
    found = []
    for module in (infomap, compat):
        im = CASES[request.param](module)
        before = (im.num_nodes, im.num_links, list(im.links))
        im.run()
        found.append((im, before))
    (theirs, before_theirs), (ours, before_ours) = found
    assert before_ours == before_theirs
    return theirs, ours


def test_figures_are_the_same(both):
    theirs, ours = both
    for name in FIGURES:
        expected, got = getattr(theirs, name), getattr(ours, name)
        assert type(got) is type(expected), name
        assert got == pytest.approx(expected, abs=1e-9), name
    assert type(ours.codelengths) is type(theirs.codelengths)
    assert len(ours.codelengths) == len(theirs.codelengths)
    for level in (-1, 0, 1, 2, 3):
        expected = theirs.get_effective_num_modules(level)
        assert ours.get_effective_num_modules(depth_level=level) == pytest.approx(expected, abs=1e-9)


def test_metadata_in_a_hierarchy_are_those_of_leaf_modules():
    """The figure of the package is that of the top modules; its codelength, too, has those of leaf modules."""
    build = with_metadata(NESTED, {node: node // 5 % 3 for node in range(45)}, "--silent", num_trials=5)
    theirs, ours = (build(module) for module in (infomap, compat))
    for im in (theirs, ours):
        im.run()
        assert (im.num_levels, im.num_leaf_modules) == (3, 9)
    assert ours.codelength == pytest.approx(theirs.codelength, abs=1e-9)
    assert ours.codelength == pytest.approx(sum(node.codelength for node in ours.tree), abs=1e-9)
    plain = of_links(NESTED, "--silent", num_trials=5)(compat)
    plain.run()
    assert ours.meta_codelength == pytest.approx(ours.codelength - plain.codelength, abs=1e-9)


def test_metadata_in_a_file(tmp_path):
    path = tmp_path / "metadata.txt"
    path.write_text("1 0\n2 0\n3 1\n")
    found = [of_links(TRIANGLES, f"-2 --silent --meta-data {path}")(module) for module in (infomap, compat)]
    theirs, ours = (im.run() for im in found)
    assert ours.codelength == pytest.approx(theirs.codelength, abs=1e-9)
    assert ours.meta_entropy == pytest.approx(theirs.meta_entropy, abs=1e-9)
    assert {node.node_id: node.meta_data for node in ours.nodes()} == {1: 0, 2: 0, 3: 1, 4: 0, 5: 0, 6: 0}


def test_the_rate_of_metadata_has_no_effect_without_any():
    theirs, ours = (of_links(TRIANGLES, "-2 --silent --meta-data-rate 3")(module).run() for module in (infomap, compat))
    assert ours.codelength == pytest.approx(theirs.codelength, abs=1e-9)
    assert ours.meta_codelength == theirs.meta_codelength == 0.0


def test_modules_are_the_same(both):
    theirs, ours = both
    assert type(ours.modules) is type(theirs.modules)
    assert list(ours.modules) == list(theirs.modules)
    assert ours.get_modules() == theirs.get_modules()
    for level in (0, 1, 2, 3, -1):
        assert ours.get_modules(depth_level=level) == theirs.get_modules(depth_level=level)
    assert ours.get_multilevel_modules() == theirs.get_multilevel_modules()
    assert dict(ours.multilevel_modules) == dict(theirs.multilevel_modules)


def of_modules(im, level):
    return [
        (node.path, node.module_id, node.depth, node.child_degree, node.child_index, node.is_root, node.is_leaf_module)
        for node in im.get_tree(level)
        if not node.is_leaf
    ]


def of_nodes(im, level):
    return {
        node.node_id: (
            *(node.physicalId, node.stateId, node.state_id, node.path[:-1], node.depth, node.child_degree),
            *(node.module_id, node.moduleIndex(), node.moduleId(), node.isLeaf(), node.isRoot(), node.isLeafModule()),
            *(node.meta_data,),
            *map(type, (node.node_id, node.path, node.module_id, node.flow, node.data.flow, node.is_leaf)),
        )
        for node in im.get_nodes(level)
    }


def test_trees_are_the_same(both):
    theirs, ours = both
    for level in (1, 2, -1):
        assert of_modules(ours, level) == of_modules(theirs, level)
        assert of_nodes(ours, level) == of_nodes(theirs, level)
    flows = [{node.node_id: node.data.flow for node in im.nodes} for im in both]
    assert flows[1] == pytest.approx(flows[0], abs=1e-9)
    for name in ("flow", "codelength"):
        expected, got = ([getattr(node, name) for node in im.tree] for im in both)
        assert got == pytest.approx(expected, abs=1e-9)
    for data in ("flow", "enter_flow", "exit_flow", "enterFlow", "exitFlow"):
        expected, got = ({(n.path[:-1], n.node_id): getattr(n.data, data) for n in im.nodes} for im in both)
        assert got == pytest.approx(expected, abs=1e-9)
        expected, got = ([getattr(n.data, data) for n in im.tree if not n.is_leaf] for im in both)
        assert got == pytest.approx(expected, abs=1e-9)
    expected, got = (
        {(n.node_id or n.path): (n.modular_centrality, n.modularCentrality()) for n in im.tree} for im in both
    )
    assert {key: pytest.approx(pair, abs=1e-9) for key, pair in expected.items()} == got
    assert [node.path for node in ours.leaf_modules] == [node.path for node in theirs.leaf_modules]


def test_names_and_links_are_the_same(both):
    theirs, ours = both
    assert ours.names == theirs.names == ours.get_names()
    assert [ours.get_name(i, default="-") for i in range(9)] == [theirs.get_name(i, default="-") for i in range(9)]
    assert {(frozenset(ends), weight) for *ends, weight in ours.links} == {
        (frozenset(ends), weight) for *ends, weight in theirs.links
    }
    assert getattr(ours, "mapping", None) == getattr(theirs, "mapping", None)


def test_the_flow_of_links_is_the_same(both):
    expected, got = ({tuple(sorted(ends)): flow for *ends, flow in im.flow_links} for im in both)
    assert got == pytest.approx(expected, abs=1e-9)
    assert sorted(both[1].get_links("flow")) == sorted(both[1].flow_links)


def test_what_a_run_returns_has_the_same(both):
    expected, got = (im.run() for im in both)
    assert type(got).__name__ == type(expected).__name__
    for level in (1, 2, -1, None):
        assert got.modules(level) == expected.modules(level)
        assert got.modules(depth_level=level) == got.modules(depth=level) == got.modules(level)
        assert {node.node_id: (node.module_id, node.name, node.layer_id) for node in got.nodes(level)} == {
            node.node_id: (node.module_id, node.name, node.layer_id) for node in expected.nodes(level)
        }
        modules = [[node.path for node in found.tree(level) if not node.is_leaf] for found in (got, expected)]
        assert modules[0] == modules[1]
    assert got.multilevel_modules() == expected.multilevel_modules()
    assert [node.path for node in got.leaf_modules()] == [node.path for node in expected.leaf_modules()]
    assert sorted(link[2] for link in got.links()) == sorted(link[2] for link in expected.links())
    assert got.names == expected.names
    summaries = [
        {name: value for name, value in r.summary().items() if name != "elapsed_time"} for r in (got, expected)
    ]
    assert list(summaries[0]) == list(summaries[1])
    assert summaries[0] == pytest.approx(summaries[1], abs=1e-9)
    assert list(got.to_series().index) == list(expected.to_series().index)
    assert got.elapsed_time > 0
    assert repr(got).startswith("Result(codelength=")


def test_tables_are_the_same(both):
    expected, got = (im.get_dataframe().sort_values("node_id").reset_index(drop=True) for im in both)
    assert list(got.columns) == list(expected.columns)
    assert got["name"].tolist() == expected["name"].tolist()
    got, expected = (im.get_dataframe(["node_id", "module_id"]).sort_values("node_id").values.tolist() for im in both)
    assert got == expected
    theirs, ours = (im.to_dataframe(sort=True, index="node_id", level=-1) for im in both)
    assert list(ours.columns) == list(theirs.columns)
    assert ours.drop(columns=["flow", "path"]).equals(theirs.drop(columns=["flow", "path"]))
    assert ours["flow"].tolist() == pytest.approx(theirs["flow"].tolist(), abs=1e-9)
    columns = ["node_id", "community", "depth", "state_id", "state_name", "layer_id"]
    theirs, ours = (im.to_dataframe(columns, sort=["community", "node_id"]) for im in both)
    assert ours.equals(theirs)


def test_files_are_the_same_but_for_comments(both, tmp_path):
    rows = []
    for name, im in zip(("theirs", "ours"), both, strict=True):
        im.write_clu(tmp_path / f"{name}.clu")
        im.write_tree(tmp_path / f"{name}.tree")
        im.write_flow_tree(tmp_path / f"{name}.ftree")
        clu, tree, ftree = (
            [line.split() for line in (tmp_path / f"{name}.{suffix}").read_text().splitlines() if line[0] != "#"]
            for suffix in ("clu", "tree", "ftree")
        )
        nodes = {row[-1]: (row[0].rpartition(":")[0], row[2]) for row in tree}
        rows.append(({row[0]: row[1] for row in clu}, nodes, [row[:2] for row in ftree if row[0] == "*Links"]))
    assert rows[1] == rows[0]


def test_levels_of_clu_files_have_several_names(tmp_path):
    for module in (infomap, compat):
        im = CASES["modules in modules"](module)
        result = im.run()
        for names in ({"level": 2}, {"depth": 2}, {"depth_level": -1}, {"states": False, "level": 2}):
            result.write_clu(tmp_path / "x.clu", **names)
            rows = [line.split() for line in (tmp_path / "x.clu").read_text().splitlines() if line[0] != "#"]
            assert len({row[1] for row in rows}) == 9, names


def test_a_link_is_taken_away_and_its_nodes_stay():
    for module in (infomap, compat):
        im = module.Infomap(silent=True)
        im.add_links([(1, 2), (1, 2, 0.5), (2, 1), (3, 4), (4, 5, 0)])
        assert im.remove_link(1, 2) is True
        assert im.remove_link(1, 2) is False
        im.remove_links([(3, 4)])
        assert (im.num_nodes, im.num_links, list(im.links)) == (4, 1, [(2, 1, 1.0)])


def test_nodes_in_every_shape():
    for module in (infomap, compat):
        im = module.Infomap(silent=True)
        im.add_nodes([1, 2])
        im.add_nodes([(3, "c"), (4, "d", 2.0)])
        im.add_nodes({5: "e", 6: ("f", 3.0)})
        im.set_name(1, "a")
        im.set_name(1, None)
        assert im.num_nodes == 6
        assert im.names == {1: "a", 3: "c", 4: "d", 5: "e", 6: "f"}


def test_node_weights():
    flows = []
    for module in (infomap, compat):
        im = module.Infomap("-d --to-nodes --silent")
        im.add_node(7, teleportation_weight=5.0)
        im.add_links(ARCS)
        im.run()
        flows.append({node.node_id: node.flow for node in im.nodes})
    assert flows[1] == pytest.approx(flows[0], abs=1e-9)


def test_options_of_a_run_hold_for_that_run():
    for module in (infomap, compat):
        im = of_links(NESTED, silent=True)(module)
        depths = []
        for run in ({}, {"two_level": True}, {}, {"args": "--two-level"}, {}):
            im.run(**run)
            depths.append(im.max_depth)
        assert depths == [3, 2, 3, 2, 3]


@pytest.mark.parametrize("given", [{1: 7, 2: 7, 3: 9, 4: 9}, None])
def test_only_measuring(given):
    for module in (infomap, compat):
        im = of_links([(1, 2), (2, 3), (1, 3), (3, 4)], no_infomap=True, silent=True)(module)
        im.run(initial_partition=given)
        assert im.codelength == pytest.approx(2.7830828133113004 if given else 1.9056390622295665, abs=1e-9)
        assert im.get_modules() == ({1: 1, 2: 1, 3: 2, 4: 2} if given else dict.fromkeys(range(1, 5), 1))


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n1 2 2\n2 3\n3 3\n7 8 0.5\n",
        '*Vertices 3\n1 "a b"\n2 "c" 2.0\n3 "d"\n*Edges\n1 2 2\n2 3\n',
        '*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n*Arcs\n1 2 2\n2 3\n3 1\n2 1\n',
    ],
)
def test_files_are_read_as_theirs(tmp_path, text):
    path = tmp_path / "network"
    path.write_text(text)
    found = []
    for module in (infomap, compat):
        im = module.Infomap(silent=True)
        im.read_file(str(path))
        before = (im.num_nodes, im.names, list(im.links))
        im.run()
        found.append((before, round(im.one_level_codelength, 9)))
    assert found[1] == found[0]


def test_a_second_file_is_added_unless_it_is_said_to_take_the_place(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("1 2\n")
    im = compat.Infomap()
    im.add_link(5, 6)
    im.read_file(path)
    assert im.num_nodes == 4
    im.read_file(path, accumulate=False)
    assert im.num_nodes == 2


FACES = """
def clusters(module, links):
    im = module.Infomap("--two-level --silent", num_trials=5)
    for i, j, similarity in links:
        im.add_link(i, j, similarity)
    im.run()
    labels = {}
    for node in im.tree:
        if node.is_leaf:
            labels[node.physicalId] = node.moduleIndex()
    return [labels[i] for i in sorted(labels)]
"""


def test_a_script_that_clusters_faces_gives_the_labels_of_one_call():
    rng = np.random.default_rng(3)
    vectors = np.repeat(rng.normal(size=(8, 16)), np.arange(5, 13), axis=0) + rng.normal(scale=0.2, size=(68, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = vectors @ vectors.T
    links = [(i, j, float(similarity[i, j])) for i in range(68) for j in range(i) if similarity[i, j] > 0.5]
    scope = {}
    exec(FACES, scope)
    labels = scope["clusters"](compat, links)
    result = mapeq.infomap(links, num_trials=5)
    assert labels == [result.modules()[i] - 1 for i in range(68)]
    assert labels == scope["clusters"](infomap, links)


def test_names_of_older_versions():
    im = compat.Infomap("--two-level --silent")
    for link in TRIANGLES:
        im.addLink(*link)
    im.addNode(1, "one")
    im.setName(2, "two")
    im.run()
    assert im.numTopModules() == im.num_top_modules == 2
    assert {node.physicalId: node.moduleIndex() for node in im.iterTree() if node.isLeaf()} == {
        node.physical_id: node.module_id - 1 for node in im.leafIter()
    }
    assert im.getModules() == im.get_modules()
    assert im.getName(2) == "two"


@pytest.mark.parametrize(
    ("flags", "options", "said"),
    [
        ("--bogus", {}, "--bogus"),
        ("-2 --hide-bipartite-nodes", {}, "--hide-bipartite-nodes"),
        ("-2x", {}, "-x"),
        ("-N", {}, "-N needs a whole number, not ''"),
        ("-N x", {}, "-N needs a whole number, not 'x'"),
        ("--markov-time --silent", {}, "--markov-time needs a number, not '--silent'"),
        ("net.txt out", {}, "'net.txt' is not an option"),
        ("", {"preferred_number_of_levels": 2}, "preferred_number_of_levels"),
    ],
)
def test_options_that_mean_nothing_here_are_named(flags, options, said):
    for refuse in (compat.Infomap, compat.Infomap().run):
        with pytest.raises(ValueError, match=said):
            refuse(flags, **options)


def test_flags_in_every_shape():
    text = "--two-level -d -f undirected -s7 -N 10 -p0.2 -e --markov-time 2 -vvv --silent --clu --out-name 'a b' -0"
    assert named_options(text, {}) == {
        "two_level": True,
        "directed": True,
        "flow_model": "undirected",
        "seed": 7,
        "num_trials": 10,
        "teleportation_probability": 0.2,
        "recorded_teleportation": True,
        "markov_time": 2.0,
        "verbose": True,
        "silent": True,
        "clu": True,
        "out_name": "a b",
        "no_file_output": True,
    }


@pytest.mark.parametrize("link", [(-1, 2), ("a", 2), (1.5, 2), (1, 2, -1), (1, 2, float("nan")), (1, 2, float("inf"))])
def test_links_that_make_no_sense(link):
    with pytest.raises(NetworkError):
        compat.Infomap().add_link(*link)
    if not isinstance(link[0], str):
        with pytest.raises(NetworkError):
            compat.Infomap().add_links(np.array([link]))


def test_what_cannot_be(tmp_path):
    im = compat.Infomap()
    with pytest.raises(RuntimeError, match=r"run\(\) first"):
        im.codelength  # noqa: B018
    with pytest.raises(NetworkError, match="add links or nodes first"):
        im.run()
    with pytest.raises(NetworkError, match=r"not \(3,\)"):
        im.add_links(np.arange(3))
    with pytest.raises(FormatError):
        im.read_file(tmp_path / "none.txt")
    (tmp_path / "words.txt").write_text("ann bob\n")
    with pytest.raises(NetworkError, match="whole numbers"):
        im.read_file(tmp_path / "words.txt")


@pytest.mark.parametrize("weights", [None, "weight", "list"])
def test_communities_have_the_shape_of_those_of_igraph(weights):
    graph = igraph.Graph.from_networkx(nx.karate_club_graph())
    weights = graph.es["weight"] if weights == "list" else weights
    theirs, ours = graph.community_infomap(edge_weights=weights), compat.community_infomap(graph, edge_weights=weights)
    assert type(ours) is type(theirs)
    assert ours.codelength == pytest.approx(theirs.codelength, abs=1e-9)
    assert ours.membership == theirs.membership
    assert ours.modularity == pytest.approx(theirs.modularity)


def test_communities_of_a_directed_igraph_graph():
    graph = igraph.Graph(edges=ARCS, directed=True)
    found = compat.community_infomap(graph, vertex_weights=[1.0] * 8, trials=2)
    walk = {"directed": True, "teleport_to": "nodes"}
    assert found.codelength == pytest.approx(mapeq.infomap(nx.DiGraph(ARCS), **walk).codelength, rel=0.1)
    assert found.membership[:4] == [0, 1, 1, 2]


def test_the_version_is_that_of_the_package_it_is_compared_with():
    assert compat.__version__ == infomap.__version__


def test_importing_mapeq_does_not_import_it():
    code = "import sys, mapeq; mapeq.infomap([(0, 1)]); assert 'mapeq.compat' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = "import sys, mapeq.compat; assert not {'infomap', 'igraph', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

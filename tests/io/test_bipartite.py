"""One bipartite network through every container that says its sides."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import mapeq

#: Visits of insects to flowers; insects are primary nodes.
LINKS = [("bee", "rose", 2.0), ("bee", "lily", 1.0), ("fly", "lily", 1.0), ("fly", "iris", 1.0), ("ant", "iris", 3.0)]
INSECTS, FLOWERS = ("bee", "fly", "ant"), ("rose", "lily", "iris")


def as_networkx():
    graph = nx.Graph()
    graph.add_nodes_from(INSECTS, bipartite=0)
    graph.add_nodes_from(FLOWERS, bipartite=1)
    graph.add_weighted_edges_from(LINKS)
    return graph


def as_igraph():
    igraph = pytest.importorskip("igraph")
    names = [*INSECTS, *FLOWERS]
    graph = igraph.Graph.Bipartite([False] * 3 + [True] * 3, [(names.index(u), names.index(v)) for u, v, _ in LINKS])
    graph.vs["name"] = names
    graph.es["weight"] = [weight for *_, weight in LINKS]
    return graph


def as_network():
    network = mapeq.Network.from_edges(*zip(*LINKS, strict=True))
    return network.with_sides({**dict.fromkeys(INSECTS, 0), **dict.fromkeys(FLOWERS, 1)})


def as_file(tmp_path, text, name="links.net"):
    path = tmp_path / name
    path.write_text(text)
    return path


def named_lines(first=1):
    names = [*INSECTS, *FLOWERS]
    vertices = "".join(f'{number} "{name}"\n' for number, name in enumerate(names, first))
    links = "".join(f"{names.index(u) + first} {names.index(v) + first} {weight}\n" for u, v, weight in LINKS)
    return vertices, links


CONTAINERS = {
    "networkx": lambda _: (as_networkx(), {}),
    "igraph": lambda _: (as_igraph(), {}),
    "Network": lambda _: (as_network(), {}),
    "table": lambda _: (pd.DataFrame(LINKS, columns=["source", "target", "weight"]), {"bipartite": True}),
    "links": lambda _: (LINKS, {"bipartite": True}),
    "iterator": lambda _: (iter(LINKS), {"bipartite": True}),
    "dict": lambda _: (
        {u: {v: weight for start, v, weight in LINKS if start == u} for u in INSECTS},
        {"bipartite": True},
    ),
    "csv": lambda folder: (
        as_file(folder, "".join(f"{u},{v},{weight}\n" for u, v, weight in LINKS), "links.csv"),
        {"bipartite": True},
    ),
    "*Bipartite": lambda folder: (
        as_file(folder, "*Vertices 6\n{}*Bipartite 4\n{}".format(*named_lines())),
        {},
    ),
    "two-mode Pajek": lambda folder: (as_file(folder, "*Vertices 6 3\n{}*Edges\n{}".format(*named_lines())), {}),
}


def modules_of(result):
    """Sets of labels, and the visit rate of each node, by label."""
    return sorted(map(sorted, result.communities())), dict(zip(result.node_labels, result.flow.tolist(), strict=True))


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_walk(name, tmp_path):
    graph, options = CONTAINERS[name](tmp_path)
    result = mapeq.infomap(graph, markov_time=0.5, **options)
    modules, flow = modules_of(result)
    assert len(modules) > 1
    assert flow == pytest.approx({"bee": 3 / 8, "fly": 2 / 8, "ant": 3 / 8, "rose": 0, "lily": 0, "iris": 0})
    communities = [set(module) for module in modules]
    assert mapeq.evaluate(as_network(), communities, markov_time=0.5).codelength == pytest.approx(result.codelength)


@pytest.mark.parametrize("name", CONTAINERS)
def test_sides_can_be_ignored(name, tmp_path):
    graph, options = CONTAINERS[name](tmp_path)
    plain = mapeq.infomap([(u, v, weight) for u, v, weight in LINKS])
    ignored = mapeq.infomap(graph, bipartite=False, directed=False)
    assert ignored.codelength == pytest.approx(plain.codelength, abs=1e-12)
    graph, options = CONTAINERS[name](tmp_path)
    unfolded = mapeq.infomap(graph, bipartite_flow="unfolded", **options)
    assert unfolded.codelength == pytest.approx(plain.codelength, abs=1e-12)


@pytest.mark.parametrize("suffix", [".tree", ".json"])
def test_modules_are_measured_on_the_sides_that_they_were_found_with(suffix, tmp_path):
    path = as_file(tmp_path, "".join(f"{u} {v} {weight}\n" for u, v, weight in LINKS), "links.txt")
    found = mapeq.infomap(path, bipartite=True, markov_time=0.5)
    assert found.options["bipartite"]
    found.write(tmp_path / f"found{suffix}")
    for partition in (tmp_path / f"found{suffix}", found):
        measured = mapeq.evaluate(path, partition)
        assert measured.codelength == pytest.approx(found.codelength, abs=1e-12)
        assert measured.network.sides is not None


@pytest.mark.parametrize("name", ["*Bipartite", "two-mode Pajek"])
def test_a_file_that_says_its_sides_keeps_its_direction(name, tmp_path):
    path, _ = CONTAINERS[name](tmp_path)
    network = mapeq.infomap(path, bipartite=True).network
    assert (network.directed, network.num_links, network.sides.sum()) == (False, 5, 3)
    assert mapeq.infomap(path, bipartite=True, directed=True, bipartite_flow="infomap").network.directed


def test_rectangular_sparse_matrices():
    weights = np.zeros((3, 4))  # a flower that nobody visits
    for u, v, weight in LINKS:
        weights[INSECTS.index(u), FLOWERS.index(v)] = weight
    matrix = scipy.sparse.csr_array(weights)
    result = mapeq.infomap(matrix)
    assert result.node_labels == list(range(7))
    np.testing.assert_allclose(result.flow, [3 / 8, 2 / 8, 3 / 8, 0, 0, 0, 0])
    square = mapeq.infomap(matrix[:, :3], bipartite=True)
    np.testing.assert_allclose(square.flow, result.flow[:6])
    network = mapeq.Network.from_csr(matrix, labels=[*INSECTS, *FLOWERS, "oak"])
    assert repr(network) == "<mapeq.Network: 7 nodes, 5 links, undirected, bipartite>"
    assert network.sides.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_rectangular_matrix_market_files(tmp_path):
    text = "%%MatrixMarket matrix coordinate real general\n3 2 3\n1 2 1\n2 1 2\n3 2 1\n"
    network = mapeq.read_network(as_file(tmp_path, text, "visits.mtx"))
    assert (network.label_list(), network.sides.tolist()) == ([1, 2, 3, 4, 5], [0, 0, 0, 1, 1])
    assert sorted(zip(*(ends.tolist() for ends in network.links()), strict=True)) == [(0, 4, 1), (1, 3, 2), (2, 4, 1)]


def test_the_primary_side_alone(tmp_path):
    result = mapeq.infomap(as_network(), markov_time=0.5)
    primary = result.primary()
    assert set(primary.node_labels) == set(INSECTS)
    assert primary.modules() == {label: result.modules()[label] for label in primary.node_labels}
    assert (primary.codelength, primary.num_modules) == (result.codelength, result.num_modules)
    assert primary.flow.sum() == pytest.approx(1)
    for name in ("a.clu", "a.tree", "a.ftree", "a.json", "a.csv"):
        primary.write(tmp_path / name)
        assert "rose" not in (tmp_path / name).read_text()
    plain = mapeq.infomap(LINKS)
    assert plain.primary() is plain
    nested = mapeq.evaluate(as_network(), {**dict.fromkeys(INSECTS, ("a", 1)), **dict.fromkeys(FLOWERS, ("b", 1))})
    assert nested.primary().modules(level=2) == dict.fromkeys(primary.node_labels, 1)


def within_a_side():
    graph = as_networkx()
    graph.add_edge("bee", "fly")
    return graph


REFUSED = {
    "within a side, NetworkX": (
        within_a_side,
        {},
        "the link 'bee' - 'fly' is within the primary side of a bipartite network; .*; bipartite=False",
    ),
    "no sides, NetworkX": (
        nx.karate_club_graph,
        {"bipartite": True},
        "needs the node attribute bipartite at all nodes",
    ),
    "both a source and a target": (
        lambda: [("a", "b"), ("b", "c")],
        {"bipartite": True},
        "the node 'b' is both a source and a target",
    ),
    "directed": (
        lambda: LINKS,
        {"bipartite": True, "directed": True},
        "all links lead from the sources to the targets",
    ),
    "no sides, Network": (
        lambda: mapeq.Network.from_edges([0], [1]),
        {"bipartite": True},
        r"needs a network with sides: Network\.with_sides",
    ),
    "no such value": (lambda: LINKS, {"bipartite": "yes"}, "bipartite must be True, False or None, not 'yes'"),
    "regularized in two steps": (
        lambda: as_networkx().to_directed(),
        {"regularization": 1.0},
        "cannot be both regularized and walked on in two steps; bipartite_flow must be infomap or unfolded",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_bipartite_network_is_refused(name):
    graph, options, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        mapeq.infomap(graph(), **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*Bipartite 4\n1 4\n2 4\n1 2\n", r"line 4: a link must lead from a number below 4 to one from it on, or back"),
        ("*Bipartite\n1 4\n", r"line 1: \*Bipartite must name the first number of the secondary nodes"),
        ("*Bipartite x\n1 4\n", r"line 1: \*Bipartite must name the first number of the secondary nodes"),
        ("*Vertices 3 4\n*Edges\n1 3\n", "line 1: there are more primary nodes than nodes"),
        ("*Vertices 3 2\n*Edges\n1 3\n1 2\n", "the link 1 - 2 is within the primary side"),
    ],
)
def test_bad_bipartite_files(text, message, tmp_path):
    with pytest.raises(mapeq.FormatError, match=message):
        mapeq.read_network(as_file(tmp_path, text))


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ([0, 1], r"there are 3 nodes, but the sides have the shape \(2,\)"),
        ([0, 1, 2], "the side of the node 'c' must be 0 .* or 1 .*, not 2"),
        ({"a": 0, "b": 1}, "the sides do not name the node 'c'"),
        ([0, 0, 1], "the link 'a' - 'b' is within the primary side"),
        ([0, 1, 1], "the link 'b' - 'c' is within the secondary side"),
    ],
)
def test_bad_sides(sides, message):
    network = mapeq.Network.from_edges(["a", "b"], ["b", "c"])
    with pytest.raises(mapeq.NetworkError, match=message):
        network.with_sides(sides)


@pytest.mark.parametrize("options", [{}, {"bipartite_flow": "infomap", "recorded_teleportation": True}])
def test_a_walk_without_a_way_back_is_refused(options):
    graph = nx.DiGraph([("ann", "book"), ("bob", "book"), ("bob", "film")])
    nx.set_node_attributes(graph, {node: int(node in ("book", "film")) for node in graph}, "bipartite")
    for function in (mapeq.infomap, lambda *args, **more: mapeq.evaluate(*args, [0, 0, 0, 0], **more)):
        with pytest.raises(mapeq.NetworkError, match="no link of this directed bipartite network leads back"):
            function(graph, **options)
    assert mapeq.infomap(graph, directed=False).flow.sum() == pytest.approx(1.0)

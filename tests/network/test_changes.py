"""Searches that go on from modules of a network that has changed since."""

import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

import mapeq
from mapeq.inputs import start_from
from mapeq.network.changes import changed_nodes
from mapeq.network.labels import positions
from mapeq.network.network import Network
from mapeq.optimizer.engine import Engine

TRIANGLES = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]


def example(name):
    with gzip.open(Path(__file__).parents[2] / "examples" / "data" / f"{name}.txt.gz", "rt") as lines:
        return np.loadtxt(lines, dtype=np.int64, comments="#")[:, :2]


def grown(name, *, directed=False, seed=0):
    """A network without a hundredth of its links, and whole."""
    links = example(name)
    num_nodes = int(links.max()) + 1
    early = np.random.default_rng(seed).random(len(links)) >= 0.01
    return [Network.from_edges(*part.T, directed=directed, num_nodes=num_nodes) for part in (links[early], links)]


# Labels, and what has changed --------------------------------------------------------------------


LABELS = (
    range(5),
    range(7),
    range(3, 9, 2),
    np.array([4, 9, -2, 0]),
    np.array([0, 4, 9, 11]),
    np.array([2**63 + 1, 4], dtype=np.uint64),
    (),
    ("x", 4, (1, 2)),
    (4, 0, "x"),
)


@pytest.mark.parametrize("among", LABELS, ids=str)
@pytest.mark.parametrize("labels", LABELS, ids=str)
def test_labels_are_found_among_others(labels, among):
    listed, others = ([*names.tolist()] if isinstance(names, np.ndarray) else [*names] for names in (labels, among))
    expected = [others.index(label) if label in others else len(others) for label in listed]
    assert positions(labels, among).tolist() == expected
    assert positions(labels, labels).tolist() == list(range(len(labels)))


def as_matrix(network, labels):
    """The links of a network as a dense matrix over given labels."""
    place = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)))
    for i, j, weight in zip(*(part.tolist() for part in network.links()), strict=True):
        u, v = place[network.labels[i]], place[network.labels[j]]
        matrix[u, v] += weight
        if not network.directed and u != v:
            matrix[v, u] += weight
    return matrix


@given(
    before=networks(node_weights=False, min_nodes=1), after=networks(node_weights=False, min_nodes=1), data=st.data()
)
def test_what_has_changed_is_what_differs(before, after, data):
    names = data.draw(st.permutations(range(10)))
    old, new = (
        before.network(),
        Network.from_edges(
            after.sources, after.targets, after.weights, directed=before.directed, labels=names[: after.num_nodes]
        ),
    )
    everybody = sorted({*old.label_list(), *new.label_list()})
    differs = as_matrix(old, everybody) != as_matrix(new, everybody)
    concerned = {everybody[i] for i in np.flatnonzero(differs.any(axis=0) | differs.any(axis=1))}
    expected = {label for label in new.labels if label in concerned or label not in set(old.labels)}
    assert {new.labels[i] for i in changed_nodes(new, old).tolist()} == expected


def test_weights_that_differ_are_changes():
    one, two = (Network.from_edges([0, 1, 2], [1, 2, 3], weights) for weights in (None, [1, 1, 1.5]))
    assert changed_nodes(one, one).tolist() == []
    assert changed_nodes(two, one).tolist() == [2, 3]


def test_node_weights_that_differ_are_changes():
    links, weights = ([0, 1, 2], [1, 2, 0]), [1.0, 2.0, 3.0]
    plain, one = Network.from_edges(*links), Network.from_edges(*links, num_nodes=3, node_weights=weights)
    other = Network.from_edges([0, 1, 2, 0], [1, 2, 0, 3], num_nodes=4, node_weights=[1.0, 2.5, 3.0, 1.0])
    assert changed_nodes(one, one).tolist() == []
    assert changed_nodes(other, one).tolist() == [0, 1, 3]
    assert changed_nodes(one, plain).tolist() == changed_nodes(plain, one).tolist() == [0, 1, 2]


def test_communities_may_be_iterators():
    found = mapeq.infomap(TRIANGLES, initial_partition=map(iter, ["abc", "defg"]))
    assert {frozenset(community) for community in found.communities()} == {frozenset("abc"), frozenset("def")}


# Modules of another network ----------------------------------------------------------------------


PARTITION = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "gone": 2}
KINDS = {
    "mapping": lambda folder: PARTITION,
    "paths": lambda folder: {node: (module, "leaf") for node, module in PARTITION.items()},
    "communities": lambda folder: [{"a", "b", "c"}, {"d", "e", "gone"}],
    "levels": lambda folder: [[{"a", "b", "c"}, {"d", "e", "gone"}]] * 2,
    "result": lambda folder: mapeq.evaluate([*TRIANGLES[:5], ("gone", "e")], PARTITION),
    "table": lambda folder: written(folder / "modules.csv"),
    "tree": lambda folder: written(folder / "modules.tree"),
}


def written(path):
    KINDS["result"](None).write(path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_modules_may_be_those_of_another_network(kind, tmp_path):
    network = mapeq.infomap(TRIANGLES).network
    modules = KINDS[kind](tmp_path)
    module_of = start_from(modules, network).hierarchy.module_of
    start = mapeq.evaluate(TRIANGLES, dict(zip("abcdef", module_of, strict=True)))
    assert {frozenset(found) for found in start.communities()} == {frozenset("abc"), frozenset("de"), frozenset("f")}
    with pytest.raises(mapeq.PartitionError, match=r"does not name the node 'f'|names 'gone'|'gone' is not a node"):
        mapeq.evaluate(TRIANGLES, modules)
    found = mapeq.infomap(TRIANGLES, initial_partition=modules)  # f joins its neighbours
    assert {frozenset(community) for community in found.communities()} == {frozenset("abc"), frozenset("def")}


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind != "tree"]
)  # where nodes have numbers, .tree goes by these
def test_modules_of_strangers_are_refused(kind, tmp_path):
    modules = KINDS[kind](tmp_path)
    with pytest.raises(mapeq.PartitionError, match=r"names no node of the network, such as 1|nodes have no module"):
        mapeq.infomap([(1, 2), (2, 3)], initial_partition=modules)


def test_an_array_names_all_nodes():
    with pytest.raises(mapeq.PartitionError, match="one entry per node"):
        mapeq.infomap(TRIANGLES, initial_partition=[0, 0, 0])


def test_the_old_network_may_call_nodes_otherwise_ordered():
    network = mapeq.infomap(nx.karate_club_graph())
    shuffled = nx.Graph()
    shuffled.add_nodes_from(reversed(range(34)))
    shuffled.add_weighted_edges_from(nx.karate_club_graph().edges(data="weight"))
    assert mapeq.evaluate(shuffled, network).codelength == pytest.approx(network.codelength, abs=1e-12)


# Going on ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize(("name", "directed"), [("astro-ph", False), ("hep-th", False), ("wiki-vote", True)])
def test_a_network_that_grew_is_described_as_well_as_from_nothing(name, directed, multilevel):
    before, after = grown(name, directed=directed)
    old = mapeq.infomap(before, multilevel=multilevel)
    warm = mapeq.infomap(after, multilevel=multilevel, initial_partition=old)
    full = mapeq.infomap(after, multilevel=multilevel)
    assert warm.codelength < mapeq.evaluate(after, old).codelength
    assert warm.codelength < 1.001 * full.codelength
    assert warm.codelength == pytest.approx(mapeq.evaluate(after, warm).codelength, abs=1e-9)
    assert warm.trials[0] == pytest.approx(warm.codelength, abs=1e-9)


def test_only_what_has_changed_is_looked_at(monkeypatch):
    before, after = grown("hep-th")
    waiting = []
    move, leiden_pass = Engine.move, Engine.leiden_pass

    def watched_move(engine, level, state, constraint, seed, nodes):
        waiting.append(len(nodes))
        return move(engine, level, state, constraint, seed, nodes)

    def watched_pass(engine, level, *arguments, **options):
        waiting.append(len(level.nodes))
        return leiden_pass(engine, level, *arguments, **options)

    monkeypatch.setattr(Engine, "move", watched_move)
    monkeypatch.setattr(Engine, "leiden_pass", watched_pass)
    old = mapeq.infomap(before)
    waiting.clear()
    mapeq.infomap(after, initial_partition=old)
    assert sum(waiting[:2]) == len(changed_nodes(after, before)) < after.num_nodes / 10  # those alone, the others
    for other in ({"markov_time": 1.5}, {"flow_model": "rawdir", "directed": True}):  # another question
        waiting.clear()
        mapeq.infomap(after, initial_partition=old, **other)
        assert waiting[0] == after.num_nodes
    waiting.clear()
    mapeq.infomap(after, initial_partition=mapeq.evaluate(before, old))  # nobody knows how good that is
    assert waiting[0] == after.num_nodes


def test_new_nodes_join_their_neighbours():
    before = mapeq.infomap(nx.caveman_graph(6, 5))
    graph = nx.caveman_graph(6, 5)
    graph.add_edges_from([(0, "new"), (1, "new"), ("newer", "new"), ("newer", 2), ("apart", "from all")])
    graph.add_node("alone")
    graph.remove_node(29)
    for modules in (before, before.modules()):
        after = mapeq.infomap(graph, initial_partition=modules).modules()
        assert after["new"] == after["newer"] == after[0]
        assert after["apart"] == after["from all"]
        assert list(after.values()).count(after["alone"]) == 1
        assert len(set(after.values())) == 8


@pytest.mark.parametrize("multilevel", [False, True])
def test_the_seed_decides_not_the_threads(multilevel):
    before, after = grown("power")
    old = mapeq.infomap(before, multilevel=multilevel)
    found = [
        mapeq.infomap(after, initial_partition=old, multilevel=multilevel, num_threads=threads, num_trials=trials)
        for trials in (1, 3)
        for threads in (1, 2, 3)
    ]
    for same in (found[:3], found[3:]):
        assert len({result.codelength for result in same}) == 1
        assert len({tuple(result.labels.tolist()) for result in same}) == 1
    assert found[3].codelength <= found[0].codelength + 1e-12


def test_modules_that_come_apart_are_two():
    bridge = nx.barbell_graph(5, 0)
    bridge.add_edges_from((u + 20, v + 20) for u, v in nx.complete_graph(30).edges())
    old = mapeq.evaluate(bridge, [set(range(10)), set(range(20, 50))])
    searched = mapeq.infomap(bridge, initial_partition=old)
    bridge.remove_edge(4, 5)
    found = mapeq.infomap(bridge, initial_partition=searched)
    assert {frozenset(module) for module in found.communities()} == {
        frozenset(range(5)),
        frozenset(range(5, 10)),
        frozenset(range(20, 50)),
    }


@given(
    before=networks(min_nodes=1, node_weights=False), after=networks(min_nodes=1, node_weights=False), data=st.data()
)
def test_any_change_gives_a_result(before, after, data):
    multilevel, recorded = data.draw(st.booleans()), data.draw(st.booleans())
    flow = {"recorded_teleportation": recorded}
    options = flow | {"multilevel": multilevel, "num_threads": 1}
    old = mapeq.infomap(before.network(), **options)
    found = mapeq.infomap(after.network(), initial_partition=old, **options)
    assert found.num_nodes == after.num_nodes
    assert found.codelength == pytest.approx(mapeq.evaluate(after.network(), found, **flow).codelength, abs=1e-9)

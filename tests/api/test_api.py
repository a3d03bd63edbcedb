"""The front doors: what a graph and a partition may be, options, and results."""

import copy
import json
import pickle
import sys
import time
from pathlib import Path

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import mapeq

TRIANGLES = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
CODELENGTH = 2.32073035683379


def matrix():
    ends = np.array(TRIANGLES).T - 1
    half = scipy.sparse.coo_array((np.ones(7), ends), shape=(6, 6))
    return half + half.T


GRAPHS = {
    "networkx": lambda: nx.Graph(TRIANGLES),
    "multigraph": lambda: nx.MultiGraph(TRIANGLES),
    "sparse array": lambda: matrix().tocsr(),
    "sparse matrix": lambda: scipy.sparse.csc_matrix(matrix()),
    "coo": lambda: matrix().tocoo(),
    "list": lambda: TRIANGLES,
    "generator": lambda: (link for link in TRIANGLES),
    "weighted links": lambda: [(u, v, 2.5) for u, v in TRIANGLES],
    "words": lambda: [(f"node {u}", f"node {v}") for u, v in TRIANGLES],
    "array": lambda: np.array(TRIANGLES),
    "other array": lambda: np.asfortranarray(TRIANGLES, dtype=np.uint16),
    "network": lambda: mapeq.Network.from_edges(*np.array(TRIANGLES).T),
    "path": lambda: Path("triangles.txt"),
    "path as text": lambda: "triangles.txt",
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_every_kind_of_graph_gives_the_same(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("triangles.txt").write_text("\n".join(f"{u} {v}" for u, v in TRIANGLES))
    result = mapeq.infomap(GRAPHS[kind]())
    assert result.codelength == pytest.approx(CODELENGTH, abs=1e-12)
    assert (result.num_nodes, result.num_links, result.num_modules) == (6, 7, 2)
    assert result.labels.tolist() in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


def test_labels_come_out_as_they_went_in(tmp_path):
    assert mapeq.infomap(np.array(TRIANGLES)).node_labels == [1, 2, 3, 4, 5, 6]
    assert mapeq.infomap(np.array(TRIANGLES) * 1000).node_labels == [1000, 2000, 3000, 4000, 5000, 6000]
    assert mapeq.infomap([("x", 1), (1, (2, 3))]).node_labels == ["x", 1, (2, 3)]
    assert all(type(label) is int for label in mapeq.infomap(np.array(TRIANGLES)).modules())


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ([(1, 2, 3, 4)], "link 0 has 4 parts"),
        ([(1, 2), 7], "link 1 is 7"),
        (["ab"], "link 0 is 'ab'"),
        ([("a", "b", "c")], "'a' - 'b' .* not a number: 'c'"),
        ([("a", "b", -1)], "negative"),
        (np.eye(3), "may hold links as rows, or a matrix of weights; say which"),
        (np.array([[0.0, 1.0]]), "integers"),
        (scipy.sparse.csr_array([[0, -1, 0], [1, 0, 0]]), "negative"),
    ],
)
def test_bad_links_are_one_clear_error(graph, message):
    with pytest.raises(mapeq.NetworkError, match=message):
        mapeq.infomap(graph)


@pytest.mark.parametrize("thing", [3, None, {"a": "b"}, b"ab"])
def test_what_is_no_graph_is_a_type_error(thing):
    with pytest.raises(TypeError, match="is not a network: give a NetworkX graph"):
        mapeq.infomap(thing)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("num_trials", 0, "1 or more"),
        ("num_trials", True, "1 or more"),
        ("seed", -1, "0 or more"),
        ("seed", 1.5, "0 or more"),
        ("num_threads", 0, "1 or more"),
        ("time_limit", -1, "seconds"),
        ("flow_model", "random", "one of undirected, directed"),
        ("teleport_to", "moon", "one of links, nodes"),
        ("teleportation_probability", 1.5, "from 0 to 1"),
        ("teleportation_probability", "x", "from 0 to 1"),
        ("markov_time", 0, "above 0"),
        ("directed", "yes", "True, False or None"),
        ("weight", 3, "edge attribute"),
        ("multilevel", "yes", "True or False"),
    ],
)
def test_bad_options_name_the_option_the_value_and_what_is_allowed(option, value, message):
    with pytest.raises(ValueError, match=message) as caught:
        mapeq.infomap(TRIANGLES, **{option: value})
    assert option in str(caught.value)


def test_options_are_checked_before_anything_is_read():
    with pytest.raises(ValueError, match="markov_time"):
        mapeq.infomap("no/such/file", markov_time=-1)


@pytest.mark.parametrize(("directed", "model"), [(True, "undirected"), (False, "directed"), (False, "rawdir")])
def test_direction_and_flow_model_must_agree(directed, model):
    with pytest.raises(ValueError, match="flow_model"):
        mapeq.infomap(TRIANGLES, directed=directed, flow_model=model)


def test_a_flow_model_tells_the_direction_where_the_container_does_not(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("a b\nb c\nc a\n")
    for graph in ([("a", "b"), ("b", "c"), ("c", "a")], path):
        assert not mapeq.infomap(graph).network.directed
        assert mapeq.infomap(graph, flow_model="rawdir").network.directed
    assert mapeq.infomap(nx.DiGraph([(0, 1)]), flow_model="undirected").options["flow_model"] == "undirected"


@pytest.mark.parametrize(
    "partition",
    [
        {1: "x", 2: "x", 3: "x", 4: "y", 5: "y", 6: "y"},
        {1: 5, 2: 5, 3: 5, 4: -1, 5: -1, 6: -1},
        [{4, 5, 6}, {1, 2, 3}],
        [[4, 5, 6], (1, 2, 3)],
        [7, 7, 7, 3, 3, 3],
        np.array([7, 7, 7, 3, 3, 3]),
        np.array(["x", "x", "x", "y", "y", "y"]),
    ],
)
def test_every_kind_of_partition_gives_the_same(partition):
    result = mapeq.evaluate(TRIANGLES, partition)
    assert result.codelength == pytest.approx(CODELENGTH, abs=1e-12)
    assert result.trials == ()
    assert mapeq.infomap(TRIANGLES, initial_partition=partition).codelength == pytest.approx(CODELENGTH, abs=1e-12)


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        ({1: 0, 2: 0}, "does not name the node 3"),
        (dict.fromkeys(range(1, 8), 0), "names 7"),
        ([0, 0, 0], "one entry per node \\(6\\)"),
        (np.zeros((6, 1)), "one entry per node \\(6\\)"),
        ([{1, 2, 3}, {3, 4, 5, 6}], "3 is named twice"),
        ([{1, 2, 3}], "does not name the node 4"),
        ([{1, 2, 3, 4, 5, 6, 9}], "names 9"),
    ],
)
def test_what_is_no_partition_is_one_clear_error(partition, message):
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.evaluate(TRIANGLES, partition)


def test_an_object_that_is_no_partition_is_a_type_error():
    with pytest.raises(TypeError, match="is not a partition: give a dict"):
        mapeq.evaluate(TRIANGLES, 3)


# Results -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def karate():
    graph = nx.relabel_nodes(nx.karate_club_graph(), lambda i: f"member {i}")
    graph.add_node("hermit")
    return mapeq.infomap(graph, num_trials=3, seed=4)


def test_a_result_adds_up(karate):
    assert karate.codelength == pytest.approx(karate.index_codelength + karate.module_codelength, abs=1e-12)
    assert karate.relative_savings == pytest.approx(1 - karate.codelength / karate.one_level_codelength)
    assert karate.codelength == min(karate.trials)
    assert (len(karate.trials), karate.seed, karate.converged, karate.num_levels) == (3, 4, True, 2)
    assert karate.flow.sum() == pytest.approx(1)
    assert karate.module_flow.tolist() == sorted(karate.module_flow, reverse=True)
    assert karate.module_sizes.sum() == karate.num_nodes == 35
    assert karate.options["num_trials"] == 3


def test_modules_and_communities_say_the_same(karate):
    modules = karate.modules()
    assert list(modules) == karate.node_labels
    assert list(modules.values()) == (karate.labels + 1).tolist()
    assert [{n for n in modules if modules[n] == m + 1} for m in range(karate.num_modules)] == karate.communities()
    assert karate.communities()[-1] == {"hermit"}
    for method in (karate.modules, karate.communities):
        with pytest.raises(ValueError, match="level must be 1"):
            method(level=2)


def test_a_result_is_immutable(karate):
    with pytest.raises(AttributeError):
        karate.codelength = 0
    for array in (karate.labels, karate.flow):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_repr_is_one_informative_line(karate):
    assert repr(karate) == "<mapeq.Result: 4 modules of 35 nodes, 4.0874 bits per step, 11.8% saved>"
    assert "<td>4.0874 bits per step</td>" in karate._repr_html_()


def test_a_summary_is_plain_python(karate):
    summary = json.loads(json.dumps(karate.summary()))
    assert summary["codelength"] == karate.codelength
    assert summary["num_modules"] == 4
    assert summary["options"]["flow_model"] == "undirected"


def test_a_result_becomes_a_dataframe(karate):
    frame = karate.to_dataframe()
    assert list(frame) == ["node", "module", "flow"]
    assert isinstance(frame, pd.DataFrame)
    assert dict(zip(frame["node"], frame["module"], strict=True)) == karate.modules()


def test_a_result_becomes_an_igraph_graph(karate):
    graph = karate.to_igraph()
    assert isinstance(graph, igraph.Graph)
    assert graph.vs["name"] == karate.node_labels
    assert graph.vs["module"] == list(karate.modules().values())
    assert sum(graph.es["weight"]) == pytest.approx(karate.network.total_weight)


def test_a_missing_library_names_its_extra(karate, monkeypatch):
    for library, method in {
        "pandas": karate.to_dataframe,
        "igraph": karate.to_igraph,
        "matplotlib": karate.plot,
    }.items():
        for module in (library, f"{library}.pyplot"):
            monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ImportError, match=r"pip install 'mapeq\["):
            method()


def test_the_same_seed_gives_the_same_labels_on_any_number_of_threads():
    graph = nx.gnp_random_graph(300, 0.02, seed=1)
    expected = mapeq.infomap(graph, num_trials=5, seed=11, num_threads=1)
    for num_threads in (2, 3, 5, None):
        again = mapeq.infomap(graph, num_trials=5, seed=11, num_threads=num_threads)
        assert np.array_equal(again.labels, expected.labels)
        assert again.trials == expected.trials


def test_no_seed_draws_one_that_is_named():
    graph = nx.gnp_random_graph(200, 0.03, seed=1)
    drawn = mapeq.infomap(graph, seed=None)
    assert drawn.seed is not None
    assert np.array_equal(drawn.labels, mapeq.infomap(graph, seed=drawn.seed).labels)


def test_a_time_limit_returns_what_there_is():
    graph = nx.gnp_random_graph(3000, 0.01, seed=1)
    begin = time.monotonic()
    result = mapeq.infomap(graph, num_trials=1000, time_limit=0.2)
    assert not result.converged
    assert 1 <= len(result.trials) < 1000
    assert time.monotonic() - begin < 60
    assert mapeq.evaluate(graph, result.modules()).codelength == pytest.approx(result.codelength, abs=1e-12)


def test_progress_is_reported(capsys):
    seen = []
    result = mapeq.infomap(nx.karate_club_graph(), num_trials=2, progress=seen.append)
    assert {report.trial for report in seen} == {1, 2}
    assert min(report.codelength for report in seen) == pytest.approx(result.codelength, abs=1e-12)
    assert capsys.readouterr().err == ""
    mapeq.infomap(nx.karate_club_graph(), progress=True)
    assert "bits per step" in capsys.readouterr().err


def test_networks_without_links_are_an_answer():
    nothing = mapeq.infomap(nx.Graph())
    assert (nothing.num_modules, nothing.codelength, nothing.communities()) == (0, 0, [])
    alone = mapeq.infomap(nx.empty_graph(3))
    assert (alone.num_modules, alone.codelength, alone.relative_savings) == (3, 0, 0)
    assert mapeq.infomap([]).num_nodes == 0


def test_a_picture_shows_every_linked_node(karate):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    assert karate.plot(ax=ax) is ax
    dots = ax.collections[-1].get_offsets()
    assert len(dots) == 34
    assert np.isfinite(dots).all()
    assert "4 modules" in ax.get_title()
    plt.close(figure)


# What went wrong once ------------------------------------------------------------------------


def test_one_module_has_the_one_level_codelength_on_large_networks():
    # Sums over many nodes must not leave a border where nothing crosses.
    n = 200_000
    ring = np.arange(n)
    result = mapeq.evaluate(np.column_stack([ring, (ring + 1) % n]), np.zeros(n, dtype=int))
    assert result.index_codelength == 0
    assert result.codelength == pytest.approx(result.one_level_codelength, abs=1e-10)
    assert result.relative_savings == 0


@pytest.mark.parametrize("probability", [0, 1e-6, 1e-3, 0.01, 0.1])
def test_almost_periodic_walks_converge(probability):
    graph = nx.DiGraph(nx.complete_bipartite_graph(3, 4))
    result = mapeq.infomap(graph, bipartite=False, teleportation_probability=probability)
    assert result.flow.sum() == pytest.approx(1)
    assert result.flow == pytest.approx([1 / 6] * 3 + [1 / 8] * 4, abs=0.02)


def test_numpy_options_become_plain_python():
    options = {"directed": np.True_, "num_trials": np.int64(2), "markov_time": np.float32(2), "seed": np.uint8(3)}
    summary = mapeq.infomap(TRIANGLES, **options).summary()
    assert json.loads(json.dumps(summary))["options"]["markov_time"] == 2


@pytest.mark.parametrize("option", ["recorded_teleportation", "node_weights_as_flow", "progress"])
def test_words_are_no_flags(option):
    with pytest.raises(ValueError, match=f"{option} must be True"):
        mapeq.infomap(TRIANGLES, **{option: "no"})


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_are_as_immutable(copied):
    result = copied(mapeq.infomap(TRIANGLES))
    for array in (result.labels, result.flow, result.network.weights, result.network.indptr, result.module_flow):
        assert not array.flags.writeable
    result.node_labels.append("stranger")
    assert list(result.modules()) == [1, 2, 3, 4, 5, 6]
    assert mapeq.evaluate(result.network, result.modules()).codelength == result.codelength


def test_columns_of_tables_are_taken():
    table = pd.DataFrame({"from": ["ann", "bob", "cid"], "to": ["bob", "cid", "ann"], "group": ["x", "x", "y"]})
    network = mapeq.Network.from_edges(table["from"], table["to"])
    assert network.labels == ("ann", "bob", "cid")
    assert mapeq.evaluate(network, table["group"].to_numpy()).communities() == [{"ann", "bob"}, {"cid"}]
    groups = table.set_index("from")["group"]
    assert mapeq.evaluate(network, groups[::-1]).communities() == [{"ann", "bob"}, {"cid"}]
    with pytest.raises(
        mapeq.PartitionError, match="counts its rows from 0, but there is a node 'ann': index the Series"
    ):
        mapeq.evaluate(network, table["group"])
    assert mapeq.evaluate(network, ["x", "x", "y"]).communities() == [{"ann", "bob"}, {"cid"}]


@pytest.mark.parametrize(
    "partition", [np.full(6, np.nan), dict.fromkeys(range(1, 7), float("nan")), dict.fromkeys(range(1, 7)), ["ab", 3]]
)
def test_missing_modules_are_refused(partition):
    with pytest.raises(mapeq.PartitionError):
        mapeq.evaluate(TRIANGLES, partition)


def test_edge_views_are_links():
    assert mapeq.infomap(nx.Graph(TRIANGLES).edges).codelength == pytest.approx(CODELENGTH, abs=1e-12)


def test_a_network_without_links_has_a_picture():
    import matplotlib.pyplot as plt

    assert mapeq.infomap(nx.empty_graph(2)).plot().get_title() == "no links"
    plt.close("all")


def test_matrices_of_no_sense_are_refused():
    with pytest.raises(mapeq.NetworkError, match="not complex"):
        mapeq.infomap(scipy.sparse.csr_array(np.array([[0, 1j], [1j, 0]])))
    with pytest.raises(TypeError, match="not a SciPy sparse matrix"):
        mapeq.Network.from_csr(np.eye(3))
    pattern = scipy.sparse.csr_array(np.array([[0, 2.0], [1.0, 0]]))
    assert not mapeq.infomap(pattern, weight=None).network.directed

"""Networks in folders: the same network comes back, searches on mapped ones find the same, damage is named."""

import json
import os
import pickle
from unittest import mock

import networkx as nx
import numpy as np
import pytest
from command import refused, run
from disk import files_up_to
from hypothesis import given
from strategies import networks

import mapeq
from mapeq._base import storage
from mapeq._base.errors import FormatError, NetworkError
from mapeq.network import folders

CASES = {
    "numbers": lambda: mapeq.Network.from_edges([1, 2, 3], [2, 3, 1]),
    "words, weights, directed": lambda: mapeq.Network.from_edges(["a", "b"], ["b", "c"], [1.5, 2.0], directed=True),
    "nodes without links": lambda: mapeq.Network.from_edges([0], [1], num_nodes=4),
    "no nodes": lambda: mapeq.Network.from_edges([], []),
    "node weights": lambda: mapeq.Network.from_edges([0, 1], [1, 2], num_nodes=3, node_weights=[1.0, 2.0, 0.5]),
    "metadata": lambda: mapeq.Network.from_edges(["a", "b"], ["b", "c"]).with_metadata({"a": "x", "c": "y"}),
    "bipartite": lambda: mapeq.Network.from_edges(["a", "b"], ["x", "x"]).with_sides({"a": 0, "b": 0, "x": 1}),
    "paths": lambda: mapeq.Network.from_paths([["a", "b", "c"], ["d", "b", "a"]]),
    "layers": lambda: mapeq.Network.from_layers({"work": [("a", "b")], 2: [("a", "c"), ("b", "c")]}),
}


def described(network):
    """All that a network holds, as plain Python values."""
    states, metadata = network.states, network.metadata

    def plain(value):
        return (value.dtype.str, value.tolist()) if isinstance(value, np.ndarray) else value

    found = {name: plain(getattr(network, name)) for name in ("indptr", "indices", "weights", "directed", "num_given")}
    found |= {name: plain(getattr(network, name)) for name in ("labels", "node_weights", "ids", "sides")}
    found["metadata"] = None if metadata is None else [plain(value) for value in metadata]
    found["states"] = None if states is None else [plain(value) for value in states]
    return found


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_same_network_comes_back(case, mapped, tmp_path):
    network = CASES[case]()
    network.save(tmp_path / "net")
    found = mapeq.Network.open(tmp_path / "net", mapped=mapped)
    assert described(found) == described(network)
    assert (found.mapped is not None) == mapped
    assert os.listdir(tmp_path) == ["net"]


@given(networks(max_nodes=8, max_links=30))
def test_any_network_comes_back(tmp_path_factory, links):
    folder = tmp_path_factory.mktemp("saved") / "net"
    network = links.network()
    network.save(folder)
    assert described(mapeq.Network.open(folder)) == described(network)


def test_labels_of_other_types_are_refused(tmp_path):
    network = mapeq.Network.from_edges([0, 1], [1, 0], labels=[frozenset("a"), frozenset("b")])
    with pytest.raises(NetworkError, match=r"not frozenset\(\{'a'\}\); use pickle"):
        network.save(tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize("kind", ["undirected", "weighted", "directed", "self-links"])
def test_searches_on_mapped_networks_find_the_same(kind, multilevel, tmp_path):
    graph = nx.connected_caveman_graph(60, 7)
    sources, targets = np.array(graph.edges()).T
    if kind == "self-links":
        sources, targets = np.append(sources, [3, 8]), np.append(targets, [3, 8])
    weights = None if kind == "undirected" else np.random.default_rng(1).random(len(sources)) + 0.5
    network = mapeq.Network.from_edges(sources, targets, weights, directed=kind == "directed")
    network.save(tmp_path / "net")
    expected = mapeq.infomap(network, multilevel=multilevel, num_trials=2)
    with mock.patch.object(storage, "SMALLEST_FILE", 1):  # all long arrays go to files
        found = mapeq.infomap(mapeq.Network.open(tmp_path / "net"), multilevel=multilevel, num_trials=2)
    assert (found.codelength, found.trials) == (expected.codelength, expected.trials)
    np.testing.assert_array_equal(found.labels_at(-1), expected.labels_at(-1))
    assert set(os.listdir(tmp_path / "net")) <= {
        "indptr.npy",
        "indices.npy",
        "weights.npy",
        "labels.npy",
        "network.json",
    }


def test_a_pickle_of_a_mapped_network_needs_no_files(tmp_path):
    CASES["words, weights, directed"]().save(tmp_path / "net")
    network = pickle.loads(pickle.dumps(mapeq.Network.open(tmp_path / "net")))
    assert network.mapped is None
    assert described(network) == described(CASES["words, weights, directed"]())


def test_a_network_is_replaced_as_a_whole(tmp_path):
    CASES["layers"]().save(tmp_path / "net")
    CASES["numbers"]().save(tmp_path / "net")
    assert described(mapeq.Network.open(tmp_path / "net")) == described(CASES["numbers"]())
    assert os.listdir(tmp_path) == ["net"]


def ring(size):
    nodes = np.arange(size)
    return mapeq.Network.from_edges(nodes, (nodes + 1) % size)


def test_a_full_disk_leaves_the_old_network(tmp_path):
    CASES["numbers"]().save(tmp_path / "net")
    with files_up_to(10_000), pytest.raises(FormatError, match=r"net: cannot be written: .*"):
        ring(5000).save(tmp_path / "net")
    assert described(mapeq.Network.open(tmp_path / "net")) == described(CASES["numbers"]())
    assert os.listdir(tmp_path) == ["net"]


def test_no_room_for_the_arrays_of_a_search_is_said_before_it(tmp_path):
    ring(5000).save(tmp_path / "net")
    network = mapeq.Network.open(tmp_path / "net")
    with mock.patch.object(storage, "SMALLEST_FILE", 1), files_up_to(10_000), pytest.raises(NetworkError) as raised:
        mapeq.infomap(network, seed=1)
    assert "a temporary file of " in str(raised.value)
    assert f"cannot be made in {tmp_path / 'net'}: File too large" in str(raised.value)


def damaged(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


def test_files_that_change_under_a_network_are_noticed(tmp_path):
    ring(50).save(tmp_path / "net")
    network = mapeq.Network.open(tmp_path / "net")
    assert mapeq.infomap(network).num_nodes == 50
    ring(60).save(tmp_path / "net")
    with pytest.raises(NetworkError, match=r"net/indptr.npy has changed since the network was opened: open it again"):
        mapeq.infomap(network)
    with pytest.raises(NetworkError, match="has changed since"):
        mapeq.evaluate(network, dict.fromkeys(range(50), 0))


def without_end(data):
    return data[:-8]


def with_largest_end(data):
    return data[:-8] + b"\xff" * 7 + b"\x7f"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("network.json", lambda text: text.replace(b'version": 1', b'version": 9'), "has version 9 of the format"),
        ("network.json", lambda text: text[:20], "is damaged: not JSON"),
        ("network.json", lambda text: b"[]", "does not describe a network saved by mapeq"),
        ("network.json", lambda text: text.replace(b'"directed"', b'"direkted"'), "is damaged: 'directed'"),
        ("indices.npy", without_end, r"indices.npy: is damaged or has changed: it has \d+ bytes, network.json says"),
        ("indices.npy", with_largest_end, "its arrays are not the links of a network"),
        ("indptr.npy", with_largest_end, "its arrays are not the links of a network"),
        ("weights.npy", with_largest_end, "its arrays are not the links of a network"),
        ("indices.npy", lambda data: b"X" * len(data), "indices.npy: is damaged"),
    ],
)
@pytest.mark.parametrize("mapped", [True, False])
def test_damage_is_named(name, change, message, mapped, tmp_path):
    network = mapeq.Network.from_edges([0, 1, 2], [1, 2, 3], [1.0, 2.0, 3.0])
    network.save(tmp_path / "net")
    damaged(tmp_path / "net", name, change)
    with pytest.raises(FormatError, match=message):
        mapeq.Network.open(tmp_path / "net", mapped=mapped)


def test_damage_is_named_once(tmp_path):
    ring(9).save(tmp_path / "net")
    damaged(tmp_path / "net", "indices.npy", without_end)
    with pytest.raises(FormatError) as raised:
        mapeq.Network.open(tmp_path / "net")
    assert str(raised.value).count("damaged") == 1
    assert str(raised.value).startswith(f"{tmp_path / 'net' / 'indices.npy'}: is damaged or has changed")


def test_what_is_no_network_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"nothing: no such folder$"):
        mapeq.Network.open(tmp_path / "nothing")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FormatError, match=r"nothing: is no network saved by mapeq: network.json cannot be read"):
        mapeq.Network.open(tmp_path / "nothing")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    with pytest.raises(FormatError, match="is there already, and holds no network"):
        ring(3).save(tmp_path / "mine")
    with pytest.raises(FormatError, match="there is no directory"):
        ring(3).save(tmp_path / "no" / "net")
    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear diary"


def test_the_header_is_as_documented(tmp_path):
    CASES["words, weights, directed"]().save(tmp_path / "net")
    header = json.loads((tmp_path / "net" / "network.json").read_text())
    assert (header["format"], header["version"]) == ("mapeq network", folders.VERSION)
    assert (header["directed"], header["num_given"], header["weight"]) == (True, 2, None)
    assert header["labels"] == ["a", "b", "c"]
    assert header["files"] == {path.name: path.stat().st_size for path in (tmp_path / "net").glob("*.npy")}


def test_the_command_converts_and_clusters_folders(tmp_path):
    (tmp_path / "net.csv").write_text("source,target,weight\nann,bob,2\nbob,cid,1\ncid,ann,1\ncid,dan,0.5\n")
    assert run("convert", "net.csv", "net.mapeq", cwd=tmp_path).returncode == 0
    expected = run("cluster", "net.csv", "-q", cwd=tmp_path)
    assert run("cluster", "net.mapeq", "-q", cwd=tmp_path).stdout == expected.stdout
    assert run("convert", "net.mapeq", "back.csv", cwd=tmp_path).returncode == 0
    back = (tmp_path / "back.csv").read_text().split()
    assert sorted(back) == sorted((tmp_path / "net.csv").read_text().replace("cid,ann", "ann,cid").split())
    assert refused(run("convert", "net.mapeq", "net.mapeq", cwd=tmp_path), "net.mapeq: is the input")
    assert refused(run("cluster", "no.mapeq", cwd=tmp_path), "no.mapeq: no such folder")
    assert refused(run("cluster", "net.mapeq", "--encoding", "latin-1", cwd=tmp_path), "has no encoding to choose")


def test_a_folder_is_read_with_the_options_of_files(tmp_path):
    mapeq.Network.from_edges([0, 1, 1], [1, 0, 2], [1.0, 2.0, 4.0], directed=True).save(tmp_path / "net")
    undirected = mapeq.read_network(tmp_path / "net", directed=False)
    assert (undirected.directed, undirected.links()[2].tolist()) == (False, [3.0, 4.0])
    assert mapeq.read_network(tmp_path / "net", weight=None).total_weight == 3
    assert mapeq.infomap(tmp_path / "net").network.directed

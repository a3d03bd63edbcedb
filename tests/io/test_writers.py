"""Networks written and read again: what a format holds comes back, and what it does not hold is said."""

import contextlib
import gzip
import warnings

import numpy as np
import pytest
from command import JAZZ, refused, run
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq.io.files.writers import WRITERS

SUFFIXES = {name: (writer.suffixes or (".csv",))[0] for name, writer in WRITERS.items()}


def network(directed=False, labels=("ann", "bob", "cid", "dan", "eve"), weights=(2.0, 0.5, 1 / 3, 1e-7, 3.0)):
    """A network with a self-link and a node without links."""
    sources, targets = [0, 1, 2, 0, 3], [1, 2, 0, 0, 2]
    return mapeq.Network.from_edges(sources, targets, weights, directed=directed, labels=labels)


def written(graph, format, folder, *, noted=False, suffix=""):
    path = folder / f"net{SUFFIXES[format]}{suffix}"
    with pytest.warns(UserWarning, match="does not hold") if noted else contextlib.nullcontext():
        mapeq.write_network(graph, path, format)
    return path


def links(graph, names=None):
    """Weights by pairs of labels, as text, and all labels."""
    labels = [str(label) for label in graph.labels] if names is None else names
    found = {}
    for u, v, weight in zip(*(column.tolist() for column in graph.links()), strict=True):
        ends = (labels[u], labels[v])
        found[ends if graph.directed else frozenset(ends)] = weight
    return found, sorted(labels)


LABELLED = [name for name, writer in WRITERS.items() if not writer.loses or writer.loses == "direction"]


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("format", LABELLED)
@pytest.mark.parametrize("labels", [("ann", "bob", "cid", "dan", "eve"), (3, 5, 10, 20, 7)], ids=["words", "numbers"])
def test_what_is_written_is_read_again(format, directed, labels, tmp_path):
    before = network(directed, labels)
    loses = directed and WRITERS[format].loses == "direction"
    path = written(before, format, tmp_path, noted=loses)
    after = mapeq.read_network(path, format=format if format == "matrix" else None, directed=True if loses else None)
    assert after.directed == directed
    assert links(after) == links(before)
    if format != "pajek":  # whose names are text
        assert set(map(type, after.label_list())) == set(map(type, before.label_list()))


@pytest.mark.parametrize("format", ["mtx", "npz"])
@pytest.mark.parametrize("directed", [False, True])
def test_matrices_number_the_nodes(format, directed, tmp_path):
    before = network(directed)
    path = written(before, format, tmp_path, noted=True)
    after = mapeq.read_network(path)
    assert list(after.labels) == list(range(5) if format == "npz" else range(1, 6))
    assert after.directed == directed
    assert links(after, list(before.labels)) == links(before)


@pytest.mark.parametrize("format", ["metis", "lgl", "adjlist"])
def test_lists_of_neighbours_come_back(format, tmp_path):
    plain = network(weights=[1.0] * 5, labels=range(1, 6))
    after = mapeq.read_network(written(plain, format, tmp_path))
    assert links(after) == links(plain)
    weighted = network(labels=range(1, 6))
    after = mapeq.read_network(written(weighted, format, tmp_path, noted=format == "adjlist"))
    assert links(after) == links(plain if format == "adjlist" else weighted)


def test_what_a_format_does_not_hold_is_said(tmp_path):
    directed = network(True)
    for format, said in (
        ("links", "that links are directed: read it with --directed"),
        ("mtx", "the labels: nodes are numbered from 1"),
        ("npz", "the labels: nodes are numbered from 0"),
        ("adjlist", "that links are directed.*; nor the weights"),
    ):
        with pytest.warns(UserWarning, match=f"net{SUFFIXES[format]} does not hold {said}"):
            mapeq.write_network(directed, tmp_path / f"net{SUFFIXES[format]}")
    both_ways = mapeq.Network.from_edges([0, 1], [1, 0], directed=True)
    with pytest.warns(UserWarning, match="that links are directed"):
        mapeq.write_network(both_ways, tmp_path / "net.npz")
    weighted = mapeq.Network.from_edges([0], [1], num_nodes=2, node_weights=[1, 2])
    with pytest.warns(UserWarning, match="the weights of nodes"):
        mapeq.write_network(weighted, tmp_path / "net.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mapeq.write_network(weighted, tmp_path / "net.net")
    assert mapeq.read_network(tmp_path / "net.net").node_weights.tolist() == [1, 2]


def test_what_a_format_cannot_hold_is_an_error_and_leaves_no_file(tmp_path):
    for format in ("metis", "lgl"):
        with pytest.raises(mapeq.NetworkError, match="this format is for undirected networks only"):
            mapeq.write_network(network(True), tmp_path / f"net{SUFFIXES[format]}")
    for format, label in (("lgl", "New York"), ("adjlist", "#tag"), ("adjlist", "")):
        with pytest.raises(mapeq.NetworkError, match="labels must be words"):
            mapeq.write_network([(label, "b")], tmp_path / f"net{SUFFIXES[format]}")
    with pytest.raises(ValueError, match="line break"):
        mapeq.write_network([("a\nb", "b")], tmp_path / "net.txt")
    with pytest.raises(ValueError, match="format must be one of links, csv"):
        mapeq.write_network([(0, 1)], tmp_path / "net.txt", "dot")
    with pytest.raises(ValueError, match=r"the suffix selects the format; it must be one of \.txt"):
        mapeq.write_network([(0, 1)], tmp_path / "net.dot")
    with pytest.raises(mapeq.FormatError, match=r"compressed files are written as \.gz, \.bz2, \.xz"):
        mapeq.write_network([(0, 1)], tmp_path / "net.csv.zst")
    assert list(tmp_path.iterdir()) == []


ODD = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"]), min_size=1, max_size=6)


@given(labels=st.lists(ODD.map(str.strip).filter(bool), min_size=2, max_size=5, unique=True))
@pytest.mark.parametrize("format", [name for name in LABELLED if name not in ("matrix", "parquet", "arrow")])
def test_odd_labels_come_back(format, labels, tmp_path_factory):
    before = mapeq.Network.from_edges(np.arange(len(labels) - 1), np.arange(1, len(labels)), labels=labels)
    after = mapeq.read_network(written(before, format, tmp_path_factory.mktemp("odd")))
    assert links(after)[0].keys() == links(before)[0].keys()


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("format", ["csv", "graphml", "mtx"])
def test_files_may_be_compressed(format, suffix, tmp_path):
    numbered = network(labels=range(1, 6))
    path = written(numbered, format, tmp_path, suffix=suffix)
    assert links(mapeq.read_network(path)) == links(numbered)
    with pytest.raises(mapeq.FormatError, match="npz files are compressed by themselves; leave out the last suffix"):
        written(numbered, "npz", tmp_path, suffix=suffix)
    content = path.read_bytes()
    assert written(numbered, format, tmp_path, suffix=suffix).read_bytes() == content


def test_convert(tmp_path):
    done = run("convert", JAZZ, tmp_path / "jazz.graphml")
    assert (done.returncode, done.stdout) == (0, b"")
    assert f"198 nodes, 2,742 links, undirected -> {tmp_path / 'jazz.graphml'}" in done.stderr.decode()
    done = run("convert", tmp_path / "jazz.graphml", tmp_path / "again.txt.gz", "-q")
    assert (done.returncode, done.stderr) == (0, b"")
    assert links(mapeq.read_network(tmp_path / "again.txt.gz")) == links(mapeq.read_network(JAZZ))


def test_convert_to_standard_output():
    given = b"b,a,2\nb,c,1\n"
    done = run("convert", "-", "-", "--format", "csv", "-q", stdin=given)
    assert done.stdout == b"source,target,weight\nb,a,2\nb,c,1\n"
    assert refused(run("convert", "-", "-", stdin=given), "standard output has no suffix", "give --format")
    assert refused(run("convert", "-", "-", "--format", "dot", stdin=given), "--format must be one of links, csv")
    packed = run("convert", "-", "-", "--format", "npz", "-q", "--directed", stdin=given)
    assert packed.stdout.startswith(b"PK")


def test_convert_says_what_is_lost(tmp_path):
    done = run("convert", "-", tmp_path / "net.mtx", stdin=b"a b\n")
    assert f"mapeq: note: {tmp_path / 'net.mtx'} does not hold the labels" in done.stderr.decode()
    assert refused(run("convert", "-", tmp_path / "none/net.mtx", stdin=b"a b\n"), "there is no directory")


def test_results_may_be_compressed(tmp_path):
    result = mapeq.infomap([("a", "b"), ("b", "c"), ("c", "d")])
    for suffix in ("csv", "tree", "json"):
        path = tmp_path / f"modules.{suffix}.gz"
        result.write(path)
        result.write(path.with_suffix(""))
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
        assert mapeq.evaluate(result.network, path).modules() == result.modules()

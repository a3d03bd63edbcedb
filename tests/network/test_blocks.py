"""Networks from blocks of links: the same as from all links at once, whatever the blocks, and without traces."""

from contextlib import contextmanager
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from disk import files_up_to
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

import mapeq
from mapeq._base.errors import NetworkError
from mapeq.network import blocks as blocks_module

#: What turns node numbers into labels of each kind.
KINDS = {
    "numbers": lambda nodes: nodes,
    "gaps": lambda nodes: 3 * nodes + 7,
    "small": lambda nodes: nodes.astype(np.uint8),
    "scattered": lambda nodes: nodes * 10**15 + 1,
    "negative": lambda nodes: -5 * nodes,
    "beyond int64": lambda nodes: nodes.astype(np.uint64) + np.uint64(2**63 - 2),
}


@contextmanager
def pieces_of(size):
    """Links go to files so many at a time."""
    with mock.patch.object(blocks_module, "PIECE", size):
        yield


def assert_same(network, other):
    for name in ("indptr", "indices", "weights"):
        array, expected = getattr(network, name), getattr(other, name)
        assert (array.dtype, array.tobytes()) == (expected.dtype, expected.tobytes()), name
    assert (network.directed, network.num_given) == (other.directed, other.num_given)
    assert network.label_list() == other.label_list()
    assert type(network.labels) is type(other.labels)


def cut(columns, cuts):
    """The columns of links as blocks."""
    bounds = [0, *sorted(cuts), len(columns[0])]
    return [tuple(column[a:b] for column in columns) for a, b in pairwise(bounds)]


@given(
    networks(max_nodes=8, max_links=30),
    st.sampled_from(list(KINDS)),
    st.booleans(),
    st.sets(st.integers(0, 30), max_size=4),
    st.sampled_from([1, 4, 1000]),
)
def test_blocks_make_the_same_network(links, kind, weighted, cuts, piece):
    sources, targets = KINDS[kind](links.sources), KINDS[kind](links.targets)
    columns = (sources, targets, links.weights) if weighted else (sources, targets)
    expected = mapeq.Network.from_edges(*columns, directed=links.directed)
    with pieces_of(piece):
        network = mapeq.Network.from_blocks(cut(columns, cuts), directed=links.directed)
    assert_same(network, expected)


@given(networks(max_nodes=8, max_links=30), st.sampled_from([2, 1000]))
def test_positions_and_nodes_without_links(links, piece):
    columns = links.sources, links.targets, links.weights
    with pieces_of(piece):
        network = mapeq.Network.from_blocks([columns], num_nodes=links.num_nodes + 2, directed=links.directed)
    expected = mapeq.Network.from_edges(*columns, num_nodes=links.num_nodes + 2, directed=links.directed)
    assert_same(network, expected)


@pytest.mark.parametrize("piece", [2, 1000])
def test_words_are_in_order_of_first_occurrence(piece):
    with pieces_of(piece):
        network = mapeq.Network.from_blocks(
            [(["eva", "bob"], ["ann", "eva"]), (np.array(["cid"]), np.array(["ann"])), (["bob"], ["bob"])]
        )
    assert network.labels == ("eva", "ann", "bob", "cid")
    assert [ends.tolist() for ends in network.links()[:2]] == [[0, 0, 1, 2], [1, 2, 3, 2]]


def test_many_links_of_many_nodes():
    rng = np.random.default_rng(4)
    columns = *rng.integers(0, 5000, (2, 120_000)) * 10**14, rng.integers(0, 3, 120_000).astype(float)
    expected = mapeq.Network.from_edges(*columns)
    with pieces_of(25_000):
        assert_same(mapeq.Network.from_blocks(cut(columns, [7, 40_000, 40_001])), expected)


def test_no_blocks_are_an_empty_network():
    assert mapeq.Network.from_blocks([]).num_nodes == 0
    assert mapeq.Network.from_blocks(iter([([], [])]), num_nodes=3).num_nodes == 3


@pytest.mark.parametrize(
    ("blocks", "options", "message"),
    [
        ([np.zeros((3, 2))], {}, r"block 0 must be \(sources, targets\) or \(sources, targets, weights\), not array"),
        ([([1], [2]), ([1], [2], [3], [4])], {}, "block 1 must be"),
        ([([1, 2], [2])], {}, "block 0 has 2 sources, 1 targets"),
        ([([1], [2], [1, 2])], {}, r"weights of shape \(2,\)"),
        ([([1], [2]), ([7, 3], [4, 5], [1, -2])], {}, r"the link 3 - 5 \(block 1, position 1\) is negative: -2.0"),
        ([([1], [2]), ([3], [4], [1])], {}, "links of block 1 have a weight, those before none"),
        ([([1], [2], [1]), ([3], [4])], {}, "links of block 1 have no weight, those before one"),
        ([([1], [2]), (["a"], ["b"])], {}, "labels up to block 1 are integers as well as strings"),
        ([(["a"], ["b"]), ([1], [2])], {}, "labels up to block 1 are integers as well as strings"),
        ([([1.5], [2.0])], {}, "sources of block 0 must be integers or strings"),
        ([([1], [5])], {"num_nodes": 5}, "a link ends at position 5, but there are 5 nodes"),
        ([(["a"], ["b"])], {"num_nodes": 5}, "must be positions: integers from 0"),
        (
            [(np.array([-1]), np.array([2**63], dtype=np.uint64))],
            {},
            "labels from -1 to 9223372036854775808 do not fit into 64 bits",
        ),
    ],
)
def test_bad_blocks(blocks, options, message):
    with pytest.raises(NetworkError, match=message):
        mapeq.Network.from_blocks(blocks, **options)


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path):
    links = np.arange(50_000)
    with pieces_of(10_000), files_up_to(100_000), pytest.raises(NetworkError) as raised:
        mapeq.Network.from_blocks([(links, links[::-1])], folder=tmp_path)
    assert f"20,000 links were written to temporary files in {tmp_path}, then: File too large; name a folder" in str(
        raised.value
    )
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_blocks_pass_through(tmp_path):
    def broken():
        yield np.arange(10), np.arange(10)
        raise OSError("the database is gone")

    with pieces_of(5), pytest.raises(OSError, match="the database is gone"):
        mapeq.Network.from_blocks(broken(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []

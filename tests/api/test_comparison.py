"""Partitions compared: agreement, matches and moves, in every form that partitions have."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

import mapeq
from mapeq.comparison import Match, Move

LINKS = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]
BEFORE = dict(zip("abcdef", "111222", strict=True))
AFTER = dict(zip("abcdef", "112222", strict=True))


def test_matches_and_moves_by_nodes():
    found = mapeq.compare(BEFORE, AFTER)
    assert (found.num_nodes, found.num_modules, found.flow_divergence) == (6, (2, 2), None)
    assert found.matches == (
        Match(2, 1, pytest.approx(0.75), 0.75),
        Match(1, 2, pytest.approx(2 / 3), pytest.approx(2 / 3)),
    )
    assert found.moves == (Move(1, 1, pytest.approx(1 / 6), 1),)
    assert found.moved_flow == pytest.approx(1 / 6)
    assert repr(found) == "<mapeq.Comparison: 6 nodes in 2 and 2 modules, AMI 0.355, 16.7% of the flow moved>"


def test_a_result_weighs_nodes_by_flow_and_gives_the_divergence():
    result = mapeq.infomap(LINKS)
    found = mapeq.compare(result, AFTER)
    assert found.matches == (
        Match(2, 1, pytest.approx(0.7), 0.75),
        Match(1, 2, pytest.approx(4 / 7), pytest.approx(2 / 3)),
    )
    assert found.moves == (Move(1, 1, pytest.approx(3 / 14), 1),)
    assert found.flow_divergence > 0
    swapped = mapeq.compare(AFTER, result)
    assert swapped.moves == (Move(1, 1, pytest.approx(3 / 14), 1),)
    assert swapped.flow_divergence not in (None, found.flow_divergence)
    assert mapeq.compare(BEFORE, AFTER, network=LINKS).flow_divergence == pytest.approx(found.flow_divergence)


def test_the_walk_is_that_of_the_first_result():
    long, short = (mapeq.infomap(nx.karate_club_graph(), markov_time=time) for time in (2, 1))
    assert mapeq.compare(long, short).flow_divergence == mapeq.compare(long, short.modules()).flow_divergence
    assert mapeq.compare(long, short).flow_divergence != mapeq.compare(short, long).flow_divergence


def test_hierarchies_are_compared_as_a_whole_too():
    links = [(3 * k + i, 3 * k + j) for k in range(3) for i, j in ((0, 1), (0, 2), (1, 2))] + [(2, 3), (5, 6), (8, 0)]
    flat = {node: node // 3 for node in range(9)}
    deep = mapeq.evaluate(links, {node: (min(node // 3, 1), node // 3) for node in range(9)})
    found = mapeq.compare(mapeq.evaluate(links, flat), deep, level=-1)
    assert found.flow_divergence == 0
    assert found.hierarchical_flow_divergence > 0
    assert f"0.0000 bits per step, {found.hierarchical_flow_divergence:.4f} between the hierarchies\n" in str(found)
    assert found.summary()["hierarchical_flow_divergence"] == found.hierarchical_flow_divergence
    found = mapeq.compare(mapeq.evaluate(links, flat), {node: node // 5 for node in range(9)})
    assert found.hierarchical_flow_divergence == found.flow_divergence > 0
    assert mapeq.compare(flat, flat).hierarchical_flow_divergence is None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_measures_and_flow_are_complete(pairs):
    one, other = (np.array(values) for values in zip(*pairs, strict=True))
    found = mapeq.compare(one, other)
    assert found.ami == pytest.approx(adjusted_mutual_info_score(one, other), abs=1e-9)
    assert found.nmi == pytest.approx(normalized_mutual_info_score(one, other), abs=1e-9)
    assert found.ari == pytest.approx(adjusted_rand_score(one, other), abs=1e-9)
    assert len({match.one for match in found.matches}) == len({match.other for match in found.matches})
    matched = sum(
        np.mean((one == i) & (other == j))
        for i, j in ((numbers(one)[match.one], numbers(other)[match.other]) for match in found.matches)
    )
    assert matched + found.moved_flow == pytest.approx(1)


def numbers(modules):
    """The module that each number stands for: by decreasing size, equal ones by name."""
    names, count = np.unique(modules, return_counts=True)
    return dict(enumerate(names[np.argsort(-count, kind="stable")].tolist(), 1))


def test_all_forms_of_partitions(tmp_path):
    result = mapeq.evaluate(LINKS, BEFORE)
    moved = mapeq.evaluate(LINKS, AFTER)
    expected = mapeq.compare(BEFORE, AFTER).summary()
    table = pd.DataFrame({"before": BEFORE, "after": AFTER})
    nodes = pd.DataFrame({"node": list("abcdef"), "module": list("112222")})
    sets = [{"a", "b"}, {"c", "d", "e", "f"}]
    for one, other in [
        (table["before"], table["after"]),
        (BEFORE, nodes),
        (nodes, BEFORE),
        (BEFORE, sets),
        (BEFORE, iter(map(frozenset, sets))),
        (BEFORE, [[set("abcdef")], sets]),
        (list("111222"), np.array([0, 0, 1, 1, 1, 1])),
        (BEFORE, np.array([0, 0, 1, 1, 1, 1])),
    ]:
        level = -1 if isinstance(other, list) and isinstance(other[0], list) else 1
        found = mapeq.compare(one, other, level=level)
        assert found.num_nodes == 6
        assert one is nodes or found.summary() == expected
    whole = mapeq.compare(result, moved).summary()
    assert mapeq.compare(moved, moved).moves == ()
    for suffix in ("tree", "clu", "csv", "tsv", "json", "ftree"):
        files = [tmp_path / f"{name}.{suffix}" for name in ("before", "after")]
        result.write(files[0])
        moved.write(files[1])
        assert mapeq.compare(result, files[1]).summary() == whole
        found = mapeq.compare(*files)
        assert found.moves == (Move(1, 1, pytest.approx(3 / 14), 1),), suffix
        assert found.flow_divergence is None
        found = mapeq.compare(*files, network=LINKS)
        assert found.flow_divergence == pytest.approx(whole["flow_divergence"])


def test_files_of_one_format_and_another(tmp_path):
    graph = nx.karate_club_graph()
    one, other = mapeq.infomap(graph), mapeq.infomap(graph, markov_time=2)
    one.write(tmp_path / "one.tree")
    other.write(tmp_path / "other.csv")
    found = mapeq.compare(tmp_path / "one.tree", tmp_path / "other.csv")
    expected = mapeq.compare(one, other)
    assert found.moves == tuple(move._replace(flow=pytest.approx(move.flow)) for move in expected.moves)


def test_states_are_nodes(tmp_path):
    layers = {"work": [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], "sport": [("ann", "dan"), ("dan", "eve")]}
    network = mapeq.Network.from_layers(layers)
    one, other = mapeq.infomap(network), mapeq.evaluate(network, np.zeros(network.num_nodes, dtype=int))
    found = mapeq.compare(one, other)
    assert found.num_nodes == network.num_nodes == 6
    for result, name in ((one, "one.tree"), (other, "other.tree")):
        result.write(tmp_path / name)
    from_files = mapeq.compare(tmp_path / "one.tree", tmp_path / "other.tree")
    assert from_files.moves == tuple(move._replace(flow=pytest.approx(move.flow)) for move in found.moves)
    assert mapeq.compare(one, tmp_path / "other.tree").summary() == found.summary()


def test_partitions_of_different_nodes():
    result = mapeq.infomap(LINKS)
    message = (
        "the second partition has other nodes than the first: the partition does not name the node 'f'; on='common'"
    )
    fewer = {label: AFTER[label] for label in "abcde"}
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.compare(result, fewer)
    with pytest.raises(mapeq.PartitionError, match=r"the second partition .* names 'x', which is not a node"):
        mapeq.compare(BEFORE, AFTER | {"x": "2"})
    with pytest.raises(mapeq.PartitionError, match=r"the first partition has other nodes than the network: .* 'f'"):
        mapeq.compare(fewer, fewer, network=LINKS)
    assert mapeq.compare(fewer, fewer, network=LINKS, on="common").ami == 1
    found = mapeq.compare(result, fewer | {"x": "2"}, on="common")
    assert (found.num_nodes, found.flow_divergence) == (5, None)
    assert found.moved_flow == pytest.approx(3 / 12)
    assert mapeq.compare(fewer, result, on="common").moved_flow == pytest.approx(3 / 12)
    assert mapeq.compare(result, AFTER, on="common").summary() == mapeq.compare(result, AFTER).summary()
    with pytest.raises(mapeq.PartitionError, match="partitions share no node"):
        mapeq.compare(BEFORE, {"x": 1}, on="common")
    with pytest.raises(mapeq.PartitionError, match="the second partition: levels must be nested"):
        mapeq.compare(BEFORE, [[set("abc"), set("def")], [set("ab"), set("cdef")]])


def test_common_nodes_of_results_and_files(tmp_path):
    more = mapeq.infomap([*LINKS, ("f", "g"), ("g", "h"), ("f", "h")])
    result = mapeq.infomap(LINKS)
    expected = mapeq.compare(result, more, on="common")
    assert expected.num_nodes == 6
    assert mapeq.compare(more, result, on="common").num_nodes == 6
    for suffix in ("tree", "csv", "clu"):
        result.write(tmp_path / f"result.{suffix}")
        more.write(tmp_path / f"more.{suffix}")
        found = mapeq.compare(tmp_path / f"result.{suffix}", tmp_path / f"more.{suffix}", on="common")
        assert (found.num_nodes, found.ami) == (6, pytest.approx(expected.ami))


def test_levels_and_options():
    levels = [[set("abcdef")], [set("abc"), set("def")]]
    deep = mapeq.evaluate(LINKS, levels)
    assert mapeq.compare(deep, BEFORE, level=-1).ami == 1
    assert mapeq.compare(deep, BEFORE).num_modules == (1, 2)
    with pytest.raises(ValueError, match="level must be"):
        mapeq.compare(BEFORE, AFTER, level=2)
    with pytest.raises(ValueError, match='on must be one of "all", "common"'):
        mapeq.compare(BEFORE, AFTER, on="some")
    with pytest.raises(ValueError, match="partitions must be two or more"):
        mapeq.plot_changes([BEFORE])
    with pytest.raises(TypeError, match="is not a partition"):
        mapeq.compare(BEFORE, 3)


def test_a_summary_is_json_even_if_infinite():
    links = [(1, 2), (3, 4)]
    found = mapeq.compare(mapeq.evaluate(links, [1, 1, 1, 1]), [1, 1, 2, 2])
    assert found.summary()["flow_divergence"] == "inf"
    assert "flow divergence: inf bits per step" in str(found)

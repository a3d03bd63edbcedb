"""The map equation of hierarchies, against the oracle, and what a result says of one."""

import copy
import pickle

import naive
import numpy as np
import pytest
from base.test_hierarchy import tree_of
from hypothesis import given
from hypothesis import strategies as st
from strategies import hierarchical_walks, level_of, partitioned_walks, walks

import mapeq
from mapeq._base.hierarchy import two_levels
from mapeq._base.threads import Threads
from mapeq.objective import multilevel
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.objective.two_level import codelength, partition
from mapeq.result.assembly import make_result
from mapeq.walk.flow import ENTER, EXIT
from mapeq.walk.models import random_walk

NINE_TRIANGLES = [
    *[(3 * t + i, 3 * t + j) for t in range(9) for i, j in ((0, 1), (0, 2), (1, 2))],
    *[(9 * g + i, 9 * g + j) for g in range(3) for i, j in ((1, 3), (2, 6), (5, 7))],
    *[(4, 9), (8, 18), (17, 22)],
]
GROUPS_OF_TRIANGLES = {node: (node // 9, node // 3) for node in range(27)}
RAGGED = {node: ("a",) if node < 9 else ("b", "c", node // 3) if node < 18 else ("d", node // 3) for node in range(27)}


def result_of(case):
    """The walk of the oracle, the paths of the nodes, and the result."""
    links, options, node_paths = case
    network = links.network()
    flow = random_walk(network, options)
    return links.walk(options), node_paths, make_result(network, flow, tree_of(node_paths), options=options.as_dict())


def close(expected):
    return pytest.approx(expected, rel=1e-9, abs=1e-10)


@given(hierarchical_walks())
def test_sums_and_codelength_against_the_oracle(case):
    links, options, node_paths = case
    flow, walk, tree = level_of(links.network(), options), links.walk(options), tree_of(node_paths)
    state = multilevel_partition(flow, tree)
    expected = naive.codebooks(walk, node_paths)
    for i, path in enumerate(node_paths):
        module = tree.module_of[i]
        while path:
            np.testing.assert_allclose(state.modules[module, [ENTER, EXIT]], expected[path][1:3], rtol=1e-9, atol=1e-12)
            module, path = tree.parent[module], path[:-1]
    assert not state.modules[0, [ENTER, EXIT]].any()
    found, whole = multilevel_codelength(flow, state), naive.hierarchical_codelength(walk, node_paths)
    assert found.total == close(whole.total)
    assert found.index_codelength == close(whole.index)
    assert found.module_codelength == close(whole.modules)


@given(hierarchical_walks(), st.integers(2, 3), st.integers(1, 5))
def test_threads_and_parts_change_no_sum(case, num_threads, nodes_at_once):
    links, options, node_paths = case
    level, tree = level_of(links.network(), options), tree_of(node_paths)
    alone = multilevel_partition(level, tree)
    with Threads(num_threads) as threads, pytest.MonkeyPatch.context() as patch:
        patch.setattr(multilevel, "NODES_AT_ONCE", nodes_at_once)
        shared = multilevel_partition(level, tree, threads=threads)
    np.testing.assert_array_equal(shared.modules, alone.modules)
    if alone.teleport is not None:
        np.testing.assert_array_equal(shared.teleport, alone.teleport)


@given(partitioned_walks())
def test_a_hierarchy_of_one_level_is_a_partition(case):
    links, options, module_of = case
    flow = level_of(links.network(), options)
    found = multilevel_codelength(flow, multilevel_partition(flow, two_levels(module_of)))
    expected = codelength(flow, partition(flow, module_of.copy()))
    assert found.total == close(expected.total)
    assert found.index_codelength == close(expected.index_codelength)


@given(hierarchical_walks())
def test_modules_are_those_of_the_oracle_and_their_codelengths_add_up(case):
    walk, node_paths, result = result_of(case)
    expected = naive.codebooks(walk, node_paths)
    position = {label: i for i, label in enumerate(result.node_labels)}
    modules = list(result.tree.walk())
    assert len(modules) == len(expected)
    assert [module.path for module in modules] == sorted({module.path for module in modules})
    for module in modules:
        leaves = [leaf for leaf in module.walk() if leaf.is_leaf]
        members = [position[label] for leaf in leaves for label in leaf.nodes]
        assert len(members) == module.num_nodes
        if members:
            own = node_paths[members[0]][: module.level]
            assert sorted(members) == [i for i, path in enumerate(node_paths) if path[: module.level] == own]
            assert (module.flow, module.enter, module.exit, module.codelength) == close(tuple(expected[own]))
        assert module.num_children == (len(module.nodes) if module.is_leaf else len(module.children))
        flows = [child.flow for child in module.children] or [result.flow[position[label]] for label in module.nodes]
        assert flows == sorted(flows, reverse=True) or flows == pytest.approx(sorted(flows, reverse=True), abs=1e-12)
        assert [child.path for child in module.children] == [
            (*module.path, rank) for rank in range(1, len(module.children) + 1)
        ]
    assert sum(module.codelength for module in modules) == close(result.codelength)


@given(hierarchical_walks())
def test_levels_are_nested_numbered_by_flow_and_save_what_the_oracle_says(case):
    walk, node_paths, result = result_of(case)
    deepest = max((len(path) for path in node_paths), default=1)
    assert result.num_levels == deepest + 1
    lengths = [naive.one_level_codelength(walk)]
    for level in range(1, deepest + 1):
        labels, cut = result.labels_at(level).tolist(), [path[:level] for path in node_paths]
        pairs = set(zip(labels, cut, strict=True))
        assert len(pairs) == len(set(labels)) == len(set(cut)) == result.modules_per_level[level - 1]
        flows = np.bincount(labels, result.flow) if labels else np.zeros(0)
        assert (np.diff(flows) <= 1e-11).all()
        assert list(result.modules(level).values()) == [module + 1 for module in labels]
        assert [sorted(community) for community in result.communities(level)] == [
            [i for i in range(len(labels)) if labels[i] == module] for module in range(len(flows))
        ]
        lengths.append(naive.hierarchical_codelength(walk, cut).total)
        if level > 1:
            assert len(set(zip(labels, result.labels_at(level - 1).tolist(), strict=True))) == len(set(labels))
    if walk.visits.sum() > 0:
        assert result.level_savings == close((-np.diff(lengths)).tolist())
    assert sum(result.level_savings) == close(result.one_level_codelength - result.codelength)
    np.testing.assert_array_equal(result.labels_at(-1), result.labels_at(deepest))
    np.testing.assert_array_equal(result.labels, result.labels_at(1))


@given(walks(), st.data())
def test_numbers_of_modules_do_not_matter(case, data):
    links, options = case
    network = links.network()
    flow = random_walk(network, options)
    modules = st.lists(st.integers(0, 3), min_size=links.num_nodes, max_size=links.num_nodes)
    module_of = np.array(data.draw(modules), dtype=np.uint32)
    one = make_result(network, flow, two_levels(module_of), options={})
    gaps = make_result(network, flow, two_levels(3 * module_of), options={})
    assert gaps.num_modules == one.num_modules == len(set(module_of.tolist()))
    np.testing.assert_array_equal(gaps.labels, one.labels)


# What a result says --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ragged():
    return mapeq.evaluate(NINE_TRIANGLES, RAGGED)


def test_a_result_of_several_levels(ragged):
    assert (ragged.num_modules, ragged.num_levels, ragged.modules_per_level) == (3, 4, (3, 5, 7))
    assert repr(ragged).startswith("<mapeq.Result: 3 top modules in 4 levels of 27 nodes, ")
    assert "<tr><th>levels</th><td>4</td></tr><tr><th>modules</th><td>3, 5, 7</td></tr>" in ragged._repr_html_()
    summary = ragged.summary()
    assert (summary["modules_per_level"], summary["num_levels"]) == ([3, 5, 7], 4)
    assert summary["level_savings"] == list(ragged.level_savings)
    assert repr(ragged.tree).startswith("<mapeq Module root: 3 modules of 27 nodes, 100.0% of the flow, ")
    (deep,) = (module for module in ragged.tree.walk() if module.level == 2 and not module.is_leaf)
    assert repr(deep).startswith(f"<mapeq Module {':'.join(map(str, deep.path))}: 3 modules of 9 nodes, 33.3%")


def test_notebooks_show_what_is_in_a_module(ragged):
    shown = ragged.tree._repr_html_()
    assert shown.startswith("<table><tr><th></th><td>mapeq Module root: 3 modules of 27 nodes")
    first = ragged.tree.children[0]
    assert f"<tr><th>1</th><td>{first.num_nodes} nodes, {first.flow:.1%} of the flow" in shown
    assert shown.count("<tr>") == 4
    leaf = next(module for module in ragged.tree.walk() if module.is_leaf)
    assert leaf._repr_html_().count("<tr>") == 1
    assert ", ".join(map(str, leaf.nodes[:3])) in "".join(m._repr_html_() for m in ragged.tree.walk())


def test_levels_that_are_not_there_are_refused(ragged):
    for level in (0, 4, -2, 1.5, "top"):
        for method in (ragged.labels_at, ragged.modules, ragged.communities):
            with pytest.raises(ValueError, match=r"level must be from 1 \(the top modules\) to 3 .* not"):
                method(level)
    with pytest.raises(ValueError, match="level must be 1, the only level"):
        mapeq.evaluate([(1, 2)], [0, 0]).modules(2)
    assert mapeq.evaluate([(1, 2)], [0, 0]).modules(-1) == {1: 1, 2: 1}


def test_tables_and_graphs_carry_the_path(ragged):
    frame = ragged.to_dataframe()
    assert list(frame) == ["node", "module", "flow", "path"]
    module_paths = dict(zip(frame["node"], frame["path"], strict=True))
    for leaf in ragged.tree.walk():
        assert all(module_paths[label] == ":".join(map(str, leaf.path)) for label in leaf.nodes)
    assert [int(path.split(":")[0]) - 1 for path in frame["path"]] == ragged.labels.tolist()
    assert {label: data["path"] for label, data in ragged.to_networkx().nodes(data=True)} == module_paths
    assert ragged.to_igraph().vs["path"] == list(frame["path"])
    flat = mapeq.evaluate(NINE_TRIANGLES, np.arange(27) // 3)
    assert list(flat.to_dataframe()) == ["node", "module", "flow"]
    assert set(flat.to_networkx().nodes[0]) == {"module", "flow"}
    assert "path" not in flat.to_igraph().vs.attributes()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_are_as_immutable(ragged, copied):
    _ = ragged.tree.codelength, ragged.labels
    again = copied(ragged)
    for array in (*again.hierarchy, again.module_records, again.labels, again.labels_at(2), again.flow):
        assert not array.flags.writeable
    assert again.tree.codelength == ragged.tree.codelength
    assert again.communities(-1) == ragged.communities(-1)


def test_networks_without_nodes_or_links_have_trees():
    nothing = mapeq.evaluate([], [])
    assert (nothing.num_levels, nothing.modules_per_level, nothing.communities(-1)) == (2, (0,), [])
    assert [(module.path, module.nodes, module.codelength) for module in nothing.tree.walk()] == [((), [], 0)]
    alone = mapeq.evaluate(mapeq.Network.from_edges([], [], num_nodes=2), [[{0, 1}], [{0}, {1}]])
    assert (alone.codelength, alone.level_savings, alone.num_levels) == (0, (0, 0), 3)


# What may be given ---------------------------------------------------------------------------


def test_every_kind_of_hierarchy_gives_the_same(ragged, tmp_path):
    ragged.write(tmp_path / "ragged.tree")
    levels = [ragged.communities(level) for level in (1, 2, 3)]
    kinds = [
        RAGGED,
        dict(reversed(RAGGED.items())),
        ragged,
        tmp_path / "ragged.tree",
    ]
    for kind in kinds:
        again = mapeq.evaluate(NINE_TRIANGLES, kind)
        assert again.codelength == pytest.approx(ragged.codelength, abs=1e-12)
        assert [again.communities(level) for level in (1, 2, 3)] == levels
        assert mapeq.infomap(NINE_TRIANGLES, initial_partition=kind).num_levels == 2


def test_levels_say_what_splits():
    paths = {node: ("a",) if node < 9 else ("b", node // 3) for node in range(27)}
    expected = mapeq.evaluate(NINE_TRIANGLES, paths)
    levels = [expected.communities(1), expected.communities(2), expected.communities(2)]
    frozen = [[frozenset(community) for community in level] for level in levels]
    for kind in (levels, iter(levels), frozen, [levels[0], *levels]):
        found = mapeq.evaluate(NINE_TRIANGLES, kind)
        assert found.codelength == pytest.approx(expected.codelength, abs=1e-12)
        assert found.modules_per_level == expected.modules_per_level


def test_a_result_is_taken_over_by_labels():
    one = mapeq.evaluate([("a", "b"), ("b", "c"), ("c", "d")], {"a": (1, 1), "b": (1, 2), "c": (2,), "d": (2,)})
    other = [("d", "c"), ("c", "a"), ("b", "a")]
    assert mapeq.evaluate(other, one).communities(2) == [{"c", "d"}, {"a"}, {"b"}]
    with pytest.raises(mapeq.PartitionError, match="does not name the node 'e'"):
        mapeq.evaluate([*other, ("d", "e")], one)
    with pytest.raises(mapeq.PartitionError, match="names 'd', which is not a node"):
        mapeq.evaluate([("a", "b"), ("b", "c")], one)


def test_labels_may_be_sets_and_tuples():
    labels = [frozenset({1}), frozenset({2}), (3, 4), (5,)]
    links = [(labels[i], labels[i + 1]) for i in range(3)]
    assert mapeq.evaluate(links, [labels[:2], labels[2:]]).num_levels == 2
    deep = mapeq.evaluate(links, [[set(labels)], [set(labels[:2]), set(labels[2:])]])
    assert deep.modules_per_level == (1, 2)
    assert mapeq.evaluate(links, {label: (i // 2, i) for i, label in enumerate(labels)}).modules_per_level == (2, 4)


@pytest.mark.parametrize(
    ("partition", "message"),
    [
        (
            [[{1, 2}, {3, 4}], [{1, 3}, {2, 4}]],
            "levels must be nested, coarsest first: .* of level 2, but in two of level 1",
        ),
        ([[{1}, {2}, {3, 4}], [{1, 2}, {3, 4}]], "levels must be nested"),
        ([[{1, 2, 3, 4}], [{1, 2}, {3}]], "does not name the node 4"),
        ([[{1, 2, 3, 4}], [{1, 2}, {2, 3, 4}]], "2 is named twice"),
        ([[{1, 2, 3, 4}], [{1, 2}, {3, 4, 5}]], "names 5"),
        ({1: ("a",), 2: ("a", "b"), 3: ("c",), 4: ("c",)}, "of the node 1 ends at a module that contains modules"),
        ({1: (), 2: (), 3: (), 4: ()}, "the path \\(\\) of the node 1"),
        ({1: ("a",), 2: "a", 3: ("c",), 4: ("c",)}, "node 1 has a path, but node 2 has the module 'a'"),
        ({1: ("a",), 2: ("b",)}, "does not name the node 3"),
    ],
)
def test_what_is_no_hierarchy_is_one_clear_error(partition, message):
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.evaluate([(1, 2), (2, 3), (3, 4)], partition)

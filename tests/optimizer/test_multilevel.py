"""The steps of a search for hierarchies: each says exactly what it changes, and the oracle agrees."""

import naive
import numpy as np
import pytest
from base.test_hierarchy import tree_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from optimizer.test_tree_moves import assert_in_step, every_flow, length_of, paths_of
from strategies import described, hierarchies, nested_walks, other_terms, partitions, walks

from mapeq._base.hierarchy import ROOT, Hierarchy, cut, leaf_numbers, misplaced, renumbered, two_levels
from mapeq.objective.multilevel import dissolved, leaf_modules, multilevel_partition
from mapeq.objective.two_level import partition
from mapeq.optimizer.aggregation import within_groups
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.multilevel import MultilevelOptimizer
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.optimizer.outcome import outcome
from mapeq.walk.flow import EXIT

seeds = st.integers(0, 2**32)


def never():
    return False


class Watched(MultilevelOptimizer):
    """Keeps what comes of finding clusters."""

    def __init__(self, seed, stopped=never):
        super().__init__(np.random.default_rng(seed), Engine(), stopped)
        self.found = []

    def _clustered(self, flow, start=None):
        found = super()._clustered(flow, start)
        # Arrays are used up by what follows.
        kept = found.state._replace(module_of=found.state.module_of.copy())
        self.found.append(found._replace(state=kept, change=found.change.copy()))
        return found


def stopping_after(count):
    """A sign to stop that shows after so many looks."""
    looks = iter(range(count))
    return lambda: next(looks, None) is None


def oracle(walk, paths):
    return naive.hierarchical_codelength(walk, paths).total


def drawn(data, **fixed):
    """A flow with at least one node, and its walk by the oracle: of any network, or of one that has levels."""
    some = st.one_of(walks(min_nodes=2, max_nodes=12, max_links=30, **fixed), nested_walks(**fixed))
    links, options = data.draw(some)
    return described(links, options, data.draw(other_terms()))


def drawn_tree(data, flow):
    """Any hierarchy, or modules of nodes side by side, which the groups of a network with levels are."""
    n = len(flow.nodes)
    size, factor = data.draw(st.integers(1, 6)), data.draw(st.sampled_from([1, 4, n]))
    side_by_side = [(i // (size * factor), i // size) if factor < n else (i // size,) for i in range(n)]
    return tree_of(data.draw(st.one_of(hierarchies(n), st.just(side_by_side))))


def assert_well_formed(tree):
    """Parents come first, no module is empty, and no node beside modules."""
    assert tree.parent[ROOT] == ROOT
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()
    assert misplaced(Hierarchy(tree.module_of, tree.parent)) is None
    used = {ROOT} | {module for path in paths_of(tree) for module in path}
    assert used == set(range(len(tree.parent)))


# Dissolving ----------------------------------------------------------------------------------


def may_dissolve(paths):
    """Modules that might be put into their parents: all that hold modules, and leaf modules alone in another."""
    modules = {path[:d] for path in paths for d in range(1, len(path) + 1)}
    holding = {module[:-1] for module in modules}
    alone = {m for m in modules if len(m) > 1 and sum(other[:-1] == m[:-1] for other in modules) == 1}
    return (modules & holding) | (alone - holding)


def without(paths, module):
    return [path[: len(module) - 1] + path[len(module) :] if path[: len(module)] == module else path for path in paths]


@every_flow
@given(st.data())
@settings(max_examples=25)
def test_no_module_is_left_that_would_better_be_dissolved(fixed, data):
    flow, walk = drawn(data, **fixed)
    tree = drawn_tree(data, flow)
    before = multilevel_partition(flow, tree)
    length = length_of(flow, before)
    state = dissolved(flow, before)
    assert_in_step(flow, state)
    assert_well_formed(state)
    paths = paths_of(state)
    after = oracle(walk, paths)
    assert after <= length + 1e-10
    for module in may_dissolve(paths):
        assert oracle(walk, without(paths, module)) >= after - 1e-10


@every_flow
@given(st.data())
@settings(max_examples=30)
def test_a_module_alone_in_another_always_dissolves(fixed, data):
    flow, _ = drawn(data, **fixed)
    paths = [(0, *path) for path in data.draw(hierarchies(len(flow.nodes)))]
    found = paths_of(dissolved(flow, multilevel_partition(flow, tree_of(paths))))
    modules = {path[:d] for path in found for d in range(1, len(path) + 1)}
    for module in modules:
        assert len(module) == 1 or sum(other[:-1] == module[:-1] for other in modules) > 1


# Modules within groups -----------------------------------------------------------------------


def grouped(data, flow):
    """Groups of nodes, some of them left out, as top modules of a hierarchy: the flow within, the groups, members."""
    n = len(flow.nodes)
    in_two = st.integers(0, n // 2).map(lambda first: np.arange(n) >= first)  # one with more levels in it, maybe
    groups = np.unique(data.draw(st.one_of(partitions(n), in_two)), return_inverse=True)[1].astype(np.uint32)
    exit = multilevel_partition(flow, two_levels(groups)).modules[1:, EXIT]
    assume(len(exit) > 1 or flow.terms.counting is None)  # as in the search: a single module has no price
    kept = data.draw(st.integers(1, len(exit)))
    within, members = within_groups(flow, groups, exit[:kept])
    return within, groups, members


def divided(groups, levels, group):
    """The paths of nodes in groups, one of which is divided by levels of modules, coarsest first."""
    return [(g, *levels[i]) if g == group else (g,) for i, g in enumerate(groups.tolist())]


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_modules_within_groups_change_what_they_say(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    within, groups, members = grouped(data, flow)
    found = Watched(seed)._clustered(within)
    modules = dict(zip(members.tolist(), found.state.module_of.tolist(), strict=True))
    undivided = oracle(walk, [(g,) for g in groups.tolist()])
    assert len(found.change) == len(within.codebooks.exit)
    for group, change in enumerate(found.change):
        paths = divided(groups, {node: (module,) for node, module in modules.items()}, group)
        assert change == pytest.approx(oracle(walk, paths) - undivided, abs=1e-10)
    for node, module in modules.items():
        assert found.codebook_of[module] == groups[node]
    assert sorted(set(modules.values())) == list(range(len(found.codebook_of)))


def watched_levels(monkeypatch):
    """The partitions that the optimizer aggregates, in order: the module of each node of a level."""
    levels = []

    def watched(engine, level, state):
        levels.append(state.module_of.copy())
        return aggregate(engine, level, state)

    aggregate = Engine.aggregate
    monkeypatch.setattr(Engine, "aggregate", watched)
    return levels


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_tops_change_what_they_say_with_all_modules_in_them(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    within, groups, members = grouped(data, flow)
    with pytest.MonkeyPatch.context() as patch:
        levels = watched_levels(patch)
        tops = Watched(seed)._tops(within)
    chains = [[numbers] for numbers in range(len(members))]
    for level in levels:
        for chain in chains:
            chain.append(int(level[chain[-1]]))
    np.testing.assert_array_equal(tops.module_of, [chain[-1] for chain in chains])
    undivided = oracle(walk, [(g,) for g in groups.tolist()])
    position = dict(zip(members.tolist(), range(len(members)), strict=True))
    for group, change in enumerate(tops.change):
        own = [position[node] for node in np.flatnonzero(groups == group).tolist()]
        # A level that does not pay in a group leaves the modules there as they are.
        depths = [1] + [
            d
            for d in range(2, len(levels) + 1)
            if len({chains[p][d] for p in own}) < len({chains[p][d - 1] for p in own})
        ]
        paths = divided(groups, {int(members[p]): [chains[p][d] for d in depths[::-1]] for p in own}, group)
        assert change == pytest.approx(oracle(walk, paths) - undivided, abs=1e-10)
        for p in own:
            assert tops.codebook_of[tops.module_of[p]] == group
    exit = partition(within, tops.module_of.copy()).modules[: len(tops.exit), EXIT]
    np.testing.assert_allclose(tops.exit, exit, atol=1e-12)


# Levels --------------------------------------------------------------------------------------


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_levels_above_modules_shorten_the_description_by_what_they_say(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    module_of = np.unique(data.draw(partitions(len(flow.nodes))), return_inverse=True)[1].astype(np.uint32)
    optimizer = Watched(seed)
    tree = optimizer._raised(flow, partition_of(flow, module_of))
    assert_well_formed(tree)
    paths = paths_of(tree)
    numbers = dict(zip((path[-1] for path in paths), module_of.tolist(), strict=True))
    assert [numbers[path[-1]] for path in paths] == module_of.tolist()
    changes = [float(found.change[0]) for found in optimizer.found]
    assert len({len(path) for path in paths}) == 1
    assert len(paths[0]) == len(changes)
    assert changes[-1] >= -MIN_GAIN
    flat = oracle(walk, [(m,) for m in module_of.tolist()])
    assert oracle(walk, paths) == pytest.approx(flat + sum(changes[:-1]), abs=1e-10)


def partition_of(flow, module_of):
    return Engine().compact(flow, partition(flow, module_of.copy()))


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_inserted_levels_shorten_the_description_by_what_they_say(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    tree = drawn_tree(data, flow)
    state = multilevel_partition(flow, tree)
    leaves, numbers = leaf_modules(state)
    optimizer = Watched(seed)
    level = optimizer.engine.aggregate(flow, leaves)
    inserted = optimizer._inserted(level, numbers, state)
    (found,) = optimizer.found
    paths, before = paths_of(tree), oracle(walk, paths_of(tree))
    name = {m: ("new", int(found.state.module_of[m - 1])) for m in range(1, len(tree.parent))}

    def with_level_in(modules):
        """The paths with a new level in some modules."""
        steps = [list(zip((ROOT, *path[:-1]), path, strict=True)) for path in paths]
        return [tuple(s for above, m in path for s in ((name[m], m) if above in modules else (m,))) for path in steps]

    assert found.change[numbers] == pytest.approx(0, abs=1e-10)  # in leaf modules there are no modules
    for module in sorted(set(tree.parent.tolist())):
        length = oracle(walk, with_level_in({module}))
        assert found.change[module] == pytest.approx(length - before, abs=1e-10)
    pays = set(np.flatnonzero(found.change < -MIN_GAIN).tolist())
    if inserted is None:
        assert not pays
    elif not pays:  # pairs of modules do, see test_pairs.py
        assert_well_formed(inserted)
        assert oracle(walk, paths_of(inserted)) < before + 1e-12
    else:
        assert_well_formed(inserted)
        after = oracle(walk, paths_of(inserted))
        assert after == pytest.approx(oracle(walk, with_level_in(pays)), abs=1e-10)
        assert after == pytest.approx(before + found.change[sorted(pays)].sum(), abs=1e-10)


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_tops_are_divided_no_further_than_pays(fixed, data, seed):
    flow, _ = drawn(data, **fixed)
    optimizer = MultilevelOptimizer(np.random.default_rng(seed), Engine(), never)
    tops = optimizer._tops(flow)
    tree = optimizer._topped(flow, tops)
    assert_well_formed(tree)
    if tops.change[0] >= -MIN_GAIN:
        assert tree.parent.tolist() == [0, 0]
    else:
        np.testing.assert_array_equal(cut(tree, 1) - 1, tops.module_of)
        assert (
            length_of(flow, multilevel_partition(flow, tree))
            <= length_of(flow, multilevel_partition(flow, two_levels(tops.module_of))) + 1e-10
        )


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_a_disturbed_hierarchy_has_other_inner_modules_and_parts_of_the_leaf_modules(fixed, data, seed):
    flow, _ = drawn(data, **fixed)
    tree = drawn_tree(data, flow)
    disturbed = MultilevelOptimizer(np.random.default_rng(seed), Engine(), never)._disturbed(tree)
    assert_well_formed(disturbed)
    before, after = leaf_numbers(tree).tolist(), leaf_numbers(disturbed).tolist()
    pairs = set(zip(before, after, strict=True))
    assert len(pairs) == len(set(after))  # each leaf module is a part of one of those before
    assert len(pairs) <= 2 * len(set(before))
    inner = [len(set(t.parent[1:].tolist()) - {0}) for t in (tree, disturbed)]
    assert inner[1] <= inner[0]


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_leaf_modules_are_divided_from_halves_only_where_that_pays(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    tree = drawn_tree(data, flow)
    exit = multilevel_partition(flow, tree).modules[np.unique(tree.module_of), EXIT]
    optimizer = MultilevelOptimizer(np.random.default_rng(seed), Engine(), never)
    divided = optimizer._leaves_divided(flow, tree, exit, from_halves=True)
    assert_well_formed(divided)
    before, after = paths_of(tree), paths_of(divided)
    assert all(path[: len(above)] == above for above, path in zip(before, after, strict=True))
    gain = oracle(walk, before) - oracle(walk, after)
    assert gain > 0 if len(divided.parent) > len(tree.parent) else gain == 0


@every_flow
@given(st.data(), seeds)
@settings(max_examples=25)
def test_a_network_is_divided_unless_it_is_flat(fixed, data, seed):
    flow, _ = drawn(data, **fixed)
    optimizer = Watched(seed)
    stage = optimizer._first_pass(flow)
    tree = optimizer._divided(flow, stage)
    if tree is not None:
        assert_well_formed(tree)
        assert len(tree.module_of) == len(flow.nodes)


# Better levels -------------------------------------------------------------------------------

STEPS = {
    "nodes": lambda optimizer, flow, state: optimizer._nodes_moved(flow, state),
    "parts": lambda optimizer, flow, state: optimizer._parts_moved(flow, state),
    "subtrees": lambda optimizer, flow, state: optimizer._subtrees_moved(flow, state, insert=False),
    "subtrees and levels": lambda optimizer, flow, state: optimizer._subtrees_moved(flow, state, insert=True),
    "tuned": lambda optimizer, flow, state: optimizer._tuned(flow, state),
    "all": lambda optimizer, flow, state: optimizer._tuned(
        flow, dissolved(flow, optimizer._nodes_moved(flow, state)), rounds=3
    ),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@every_flow
@given(st.data(), seeds)
@settings(max_examples=15)
def test_no_step_lengthens_the_description_and_all_keep_sums_in_step(fixed, step, data, seed):
    flow, walk = drawn(data, **fixed)
    tree = drawn_tree(data, flow)
    stopped = stopping_after(data.draw(st.sampled_from([0, 1, 2, 3, 5, 8, 10**6])))
    state = step(
        MultilevelOptimizer(np.random.default_rng(seed), Engine(), stopped), flow, multilevel_partition(flow, tree)
    )
    assert_in_step(flow, state)
    assert_well_formed(state)
    after = oracle(walk, paths_of(state))
    assert length_of(flow, state) == pytest.approx(after, abs=1e-10)
    assert after <= oracle(walk, paths_of(tree)) + 1e-10


@every_flow
@given(st.data(), seeds)
@settings(max_examples=20)
def test_a_recombined_hierarchy_is_as_good_as_both(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    pair = [outcome(flow, drawn_tree(data, flow), Engine()) for _ in range(2)]
    stopped = stopping_after(data.draw(st.sampled_from([0, 2, 5, 10**6])))
    end = MultilevelOptimizer(np.random.default_rng(seed), Engine(), stopped).recombine(flow, *pair)
    assert_well_formed(end.hierarchy)
    assert end.codelength == pytest.approx(oracle(walk, paths_of(end.hierarchy)), abs=1e-10)
    assert end.codelength <= min(parent.codelength for parent in pair) + 1e-10


@every_flow
@given(st.data(), seeds)
@settings(max_examples=20)
def test_a_finished_partition_is_as_good_as_it_was(fixed, data, seed):
    flow, walk = drawn(data, **fixed)
    end = outcome(flow, renumbered(two_levels(data.draw(partitions(len(flow.nodes))))), Engine())
    finished = MultilevelOptimizer(np.random.default_rng(seed), Engine(), never).finish(flow, end)
    assert_well_formed(finished.hierarchy)
    assert finished.codelength == pytest.approx(oracle(walk, paths_of(finished.hierarchy)), abs=1e-10)
    assert finished.codelength <= end.codelength + 1e-12

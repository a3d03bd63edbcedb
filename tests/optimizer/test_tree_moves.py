"""Moves in a hierarchy, against all places where a unit could go, each described anew by the oracle."""

import itertools

import naive
import numpy as np
import pytest
from base.test_hierarchy import tree_of
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizer.engines import BEST_PLACE, PROPOSE_UNITS, block_of, move_all, scratch_for
from strategies import described, hierarchies, level_of, nested_walks, other_terms, walks, with_contents

from mapeq._base.hierarchy import ROOT, Hierarchy
from mapeq.network.network import Network
from mapeq.objective.contents import has_row as inlined_has_row
from mapeq.objective.level import as_codewords
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition, settled
from mapeq.objective.two_level import partition
from mapeq.optimizer.blocks import STAY
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.node_moves import MIN_GAIN
from mapeq.optimizer.tree_moves import unit_constraint
from mapeq.walk.options import WalkOptions

DIRECTED = WalkOptions("directed")
RECORDED = WalkOptions("directed", recorded_teleportation=True)
random_orders = st.randoms(use_true_random=False)
blocks = st.integers(1, 12)


def shuffled(n, random):
    return np.array(random.sample(range(n), n), dtype=np.uint32)


def paths_of(state):
    """The modules that each node of a tree or a hierarchy is in, by number, coarsest first."""
    found = []
    for module in state.module_of.tolist():
        path = ()
        while module != ROOT:
            path, module = (module, *path), int(state.parent[module])
        found.append(path)
    return found


def length_of(flow, state):
    return multilevel_codelength(flow, state).total


def assert_in_step(flow, state):
    """All sums of a hierarchy are what they would be from scratch, and nothing is left of what is no module."""
    rows = settled(state)
    fresh = multilevel_partition(flow, Hierarchy(rows.module_of, rows.parent))
    np.testing.assert_array_equal(rows.sizes, fresh.sizes)
    np.testing.assert_allclose(rows.modules, fresh.modules, rtol=1e-10, atol=1e-10)
    assert not state.modules[1:][state.sizes[1:] == 0].any()
    assert (state.teleport is None) == (flow.terms.teleport is None)
    if state.teleport is not None:
        np.testing.assert_allclose(rows.teleport[1:], fresh.teleport[1:], rtol=1e-10, atol=1e-10)
        assert not state.teleport[1:][state.sizes[1:] == 0].any()
    used = {module for path in paths_of(state) for module in path}
    assert used | {ROOT} == set(np.flatnonzero(state.sizes).tolist()) | {ROOT}


class Units:
    """What moves: nodes, groups of nodes within leaf modules, or whole modules.

    Attributes
    ----------
    flow : Flow
        Between the units.
    state : MultilevelPartition
        Of the units.
    members : list of lists
        The nodes of each unit.
    homes : list of paths
        The module that each unit is directly in.
    anywhere : bool
        Whether units may move beside modules.
    """

    def __init__(self, flow, tree, unit_of, homes, state, *, anywhere):
        small = Engine().compact(flow, partition(flow, unit_of))
        level = Engine().aggregate(flow, small)
        self.flow = as_codewords(level) if anywhere else level
        self.members = [np.flatnonzero(small.module_of == u).tolist() for u in range(len(small.sizes))]
        self.homes = [homes[nodes[0]] for nodes in self.members]
        self.state = with_contents(self.flow, state)
        self.anywhere = anywhere
        self.paths = paths_of(tree)

    @classmethod
    def nodes(cls, flow, tree, room):
        n = np.arange(len(tree.module_of), dtype=np.uint32)
        return cls(flow, tree, n, paths_of(tree), multilevel_partition(flow, tree, room), anywhere=False)

    @classmethod
    def parts(cls, flow, tree, room, labels):
        """Groups of nodes that have the same label and leaf module."""
        keys = tree.module_of.astype(np.int64) * len(labels) + labels
        _, firsts, unit_of = np.unique(keys, return_index=True, return_inverse=True)
        state = multilevel_partition(flow, tree, room)
        in_modules = np.bincount(tree.parent[1:], minlength=len(state.parent))
        sizes = in_modules + np.bincount(tree.module_of[firsts], minlength=len(state.parent))
        state = state._replace(module_of=tree.module_of[firsts], sizes=sizes.astype(np.uint32))
        return cls(flow, tree, unit_of.astype(np.uint32), paths_of(tree), state, anywhere=False)

    @classmethod
    def subtrees(cls, flow, tree, height):
        """The largest modules that have no more levels than so many below them; None if there is only the root."""
        node_paths = paths_of(tree)
        levels = {path[:d]: 0 for path in node_paths for d in range(len(path) + 1)}
        for path in node_paths:
            for d in range(len(path) + 1):
                levels[path[:d]] = max(levels[path[:d]], len(path) - d)
        if levels.get((), 0) <= height:
            return None
        roots = [next(path[:d] for d in range(1, len(path) + 1) if levels[path[:d]] <= height) for path in node_paths]
        names = np.array([root[-1] for root in roots], dtype=np.uint32)
        unit_roots, unit_of = np.unique(names, return_inverse=True)
        state = multilevel_partition(flow, tree)
        state = state._replace(module_of=tree.parent[unit_roots])
        return cls(flow, tree, unit_of.astype(np.uint32), [root[:-1] for root in roots], state, anywhere=True)

    def moved(self, u, home):
        """The paths of all nodes when a unit has moved."""
        paths = list(self.paths)
        for node in self.members[u]:
            paths[node] = home + self.paths[node][len(self.homes[u]) :]
        return paths

    def places(self, u):
        """The homes that a unit has to consider; a new module has a name of its own."""
        links = self.flow.links
        row = slice(links.indptr[u], links.indptr[u + 1])
        own, around = self.homes[u], {self.homes[v] for v in links.indices[row].tolist()}
        has_contents = has_row(self.flow.terms.contents, np.uint64(u))
        if around <= {own} and not has_contents:
            return set()
        # Modules around the unit count from the lowest one that is around all neighbours, too; with contents, the
        # module around its own does anyway.
        lowest = max(d for d in range(len(own) + 1) if {home[:d] for home in around | {own}} == {own[:d]})
        lowest = min(lowest, len(own) - 1) if has_contents else lowest
        above = {own[:d] for d in range(lowest, len(own))}
        if self.anywhere:
            return (above | {home[:d] for home in around for d in range(lowest, len(home) + 1)}) - {own}
        return (around | {(*module, "new") for module in above}) - {own}

    def all_places(self, u):
        """All homes that a unit might have, but for those within itself."""
        own = self.homes[u]
        if self.anywhere:
            root = self.paths[self.members[u][0]][: len(own) + 1]
            modules = {path[:d] for path in self.paths for d in range(len(path))}
            return {module for module in modules if module[: len(root)] != root} - {own}
        return (set(self.paths) | {(*path[:d], "new") for path in self.paths for d in range(len(path))}) - {own}

    def constraint(self):
        return unit_constraint(self.state, anywhere=self.anywhere)

    def best_place(self, u, scratch):
        flow = self.flow
        return BEST_PLACE(flow.links, flow.nodes, flow.terms, self.state, self.constraint(), np.uint64(u), scratch)

    def scratch(self):
        return scratch_for(self.flow, (len(self.members) + 2) * int(self.constraint().deepest))

    def run(self, order, **options):
        """Visit all units until none waits; returns the change."""
        change, _, waiting = move_all(self.flow, self.state, self.constraint(), order, **options)
        assert change <= 0
        assert len(waiting) == 0
        return change

    def whole(self, tree):
        """The hierarchy of all nodes, units and what is in them."""
        if self.anywhere:
            parent = self.state.parent.copy()
            for u, nodes in enumerate(self.members):
                parent[self.paths[nodes[0]][len(self.homes[u])]] = self.state.module_of[u]
            return self.state._replace(module_of=tree.module_of, parent=parent)
        module_of = np.empty_like(tree.module_of)
        for u, nodes in enumerate(self.members):
            module_of[nodes] = self.state.module_of[u]
        sizes = self.state.sizes + np.bincount(module_of, minlength=len(self.state.sizes))
        sizes = sizes - np.bincount(self.state.module_of, minlength=len(self.state.sizes))
        return self.state._replace(module_of=module_of, sizes=sizes.astype(np.uint32))


every_flow = pytest.mark.parametrize(
    "fixed",
    [
        {"flow_models": ["undirected"]},
        {"flow_models": ["directed"], "recorded_teleportation": False},
        {"flow_models": ["directed"], "recorded_teleportation": True},
        {"flow_models": ["rawdir", "precomputed", "undirdir", "outdirdir"]},
    ],
    ids=["undirected", "directed", "recorded", "given"],
)
has_row = inlined_has_row.py_func
every_kind = pytest.mark.parametrize("kind", ["nodes", "parts", "subtrees"])


def drawn(data, kind, room=4, **fixed):
    """A flow, its walk by the oracle, a hierarchy, and units of it; None if there is only the root."""
    links, options = data.draw(st.one_of(walks(min_nodes=3, max_nodes=8, max_links=20, **fixed), nested_walks(**fixed)))
    flow, walk = described(links, options, data.draw(other_terms(any_contents=False)))
    n = links.num_nodes
    tree = tree_of(data.draw(hierarchies(n)))
    if kind == "nodes":
        units = Units.nodes(flow, tree, room)
    elif kind == "parts":
        labels = data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
        units = Units.parts(flow, tree, room, np.array(labels))
    else:
        units = Units.subtrees(flow, tree, data.draw(st.integers(0, 2)))
    return flow, walk, tree, units


def home_of(state, module):
    path = ()
    while module != ROOT:
        path, module = (module, *path), int(state.parent[module])
    return path


# The best place ------------------------------------------------------------------------------


@every_kind
@every_flow
@given(st.data(), random_orders)
@settings(max_examples=30)
def test_the_best_place_is_the_best_of_all_places_by_the_oracle(fixed, kind, data, random):
    _, walk, _, units = drawn(data, kind, **fixed)
    if units is None:
        return
    before = naive.hierarchical_codelength(walk, units.paths).total
    # The oracle subtracts two codelengths: where these are huge, no change is known any better.
    tolerance = 1e-10 + 1e-14 * abs(before)
    scratch = units.scratch()
    for u in shuffled(len(units.members), random).tolist()[:8]:
        change, chain, entry, new = units.best_place(u, scratch)
        assert not scratch.table.any()
        considered = units.places(u)
        changes = {
            home: naive.hierarchical_codelength(walk, units.moved(u, home)).total - before for home in considered
        }
        assert change == pytest.approx(min([0.0, *changes.values()]), abs=tolerance)
        if change < 0:
            assert scratch.modules[:chain].tolist() == [*units.homes[u][::-1], ROOT]
            home = home_of(units.state, int(scratch.modules[entry]))
            assert changes[(*home, "new") if new else home] == pytest.approx(change, abs=tolerance)


def test_a_node_may_move_to_a_new_module_beside_its_own_or_further_up():
    """The walk seldom goes on from node 0, which names itself over and over; where it goes to decides how far up."""
    network = Network.from_edges([0, 0, 1, 1, 2, 4, 4, 5], [0, 3, 2, 3, 3, 5, 6, 6], [10, 0.01, 1, 1, 1, 1, 1, 1])
    flow = level_of(network, WalkOptions())
    inner, outer = [(0, 0), (0, 0), (0, 1), (0, 2)], [(0, 0, 0), (0, 0, 0), (0, 1, 0), (1, 0, 0)]
    for paths, above in ((inner, 1), (outer, 0)):
        tree = tree_of([*paths, (2,), (2,), (2,)])
        units = Units.nodes(flow, tree, 2)
        scratch = units.scratch()
        change, _, entry, new = units.best_place(0, scratch)
        assert change < 0
        assert new
        assert home_of(units.state, int(scratch.modules[entry])) == units.homes[0][:above]


# Moving --------------------------------------------------------------------------------------


@every_kind
@every_flow
@given(st.data(), random_orders, blocks)
@settings(max_examples=40)
def test_moving_keeps_all_sums_in_step_and_changes_what_it_says(fixed, kind, data, random, block):
    flow, walk, tree, units = drawn(data, kind, **fixed)
    if units is None:
        return
    before = naive.hierarchical_codelength(walk, units.paths).total
    change = units.run(shuffled(len(units.members), random), block=block)
    state = units.whole(tree)
    assert_in_step(flow, state)
    after = naive.hierarchical_codelength(walk, paths_of(state)).total
    assert after == pytest.approx(before + change, abs=1e-10)
    assert length_of(flow, state) == pytest.approx(after, abs=1e-10)


@pytest.mark.parametrize("options", [WalkOptions(), DIRECTED, RECORDED], ids=["undirected", "directed", "recorded"])
def test_nodes_leave_random_modules_for_new_ones(options):
    rng = np.random.default_rng(4)
    sources = rng.integers(0, 24, 150)
    whole = rng.choice([3, 12, 24], 150, p=[0.8, 0.15, 0.05])
    targets = sources - sources % whole + rng.integers(0, whole)
    flow = level_of(Network.from_edges(sources, targets, rng.exponential(size=150), directed=True), options)
    units = Units.nodes(flow, tree_of(list(map(tuple, rng.integers(0, 2, (24, 3)).tolist()))), 8)
    first = next(u for u in range(24) if units.best_place(u, units.scratch())[3])
    unused = np.count_nonzero(units.state.sizes == 0)
    # With this limit, only the first block of one unit is visited.
    move_all(flow, units.state, units.constraint(), [first], block=1, max_links=1)
    assert np.count_nonzero(units.state.sizes == 0) == unused - 1
    assert_in_step(flow, units.state)


@every_kind
@every_flow
@given(st.data(), random_orders)
@settings(max_examples=15)
def test_when_no_unit_moves_any_more_no_place_is_better(fixed, kind, data, random):
    _, walk, tree, units = drawn(data, kind, room=24, **fixed)
    if units is None:
        return
    n = len(units.members)
    while units.run(shuffled(n, random), block=3) < 0:
        pass
    state = units.whole(tree)
    units.paths = paths_of(state)
    units.homes = [home_of(state, module) for module in units.state.module_of.tolist()]
    length = naive.hierarchical_codelength(walk, units.paths).total
    for u in shuffled(n, random).tolist()[:8]:
        for home in units.places(u):
            assert naive.hierarchical_codelength(walk, units.moved(u, home)).total >= length - 1e-10


def arrays_of(state):
    return [*state._replace(contents=None), *(state.contents or ())]


def copied(state):
    return state._replace(
        module_of=state.module_of.copy(),
        parent=state.parent.copy(),
        modules=state.modules.copy(),
        teleport=None if state.teleport is None else state.teleport.copy(),
        num_modules=state.num_modules.copy(),
        sizes=state.sizes.copy(),
        contents=state.contents
        and state.contents._replace(**{k: a.copy() for k, a in state.contents._asdict().items()}),
    )


@every_kind
@given(st.data(), random_orders)
@settings(max_examples=50)
def test_a_block_may_be_proposed_in_any_parts(kind, data, random):
    _, _, _, units = drawn(data, kind)
    if units is None:
        return
    n = len(units.members)
    order, before = shuffled(n, random), copied(units.state)
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    answers = []
    for parts in ([0, n], [0, *cuts, n]):
        block, scratch, links = block_of(order, n), units.scratch(), 0
        for begin, end in itertools.pairwise(parts):
            ends = np.uint64(begin), np.uint64(end)
            links += PROPOSE_UNITS(units.flow, units.state, units.constraint(), block, *ends, scratch)[1]
            assert not scratch.table.any()
        assert links == len(units.flow.links.indices) + n
        answers.append(block.destination)
    np.testing.assert_array_equal(*answers)
    for array, same in zip(arrays_of(units.state), arrays_of(before), strict=True):
        np.testing.assert_array_equal(array, same)
    for u, wanted in zip(order, answers[0], strict=True):
        assert (wanted != STAY) == (units.best_place(u, scratch)[0] < -MIN_GAIN)


def test_any_number_of_threads_moves_a_larger_network_alike():
    """More units than one block holds, and a hub whose candidates are many."""
    rng = np.random.default_rng(7)
    sources, targets = rng.integers(0, 900, (2, 6000))
    network = Network.from_edges(np.append(sources, np.zeros(899, int)), np.append(targets, np.arange(1, 900)))
    flow = level_of(network, WalkOptions())
    leaves = rng.integers(0, 200, 900)
    tree = tree_of([(int(m) % 5, int(m) % 30, int(m)) for m in leaves])
    lengths = []
    for threads in (1, 2, 3, 5, 16):
        units = Units.nodes(flow, tree, 64)
        change = units.run(np.arange(900), block=100, threads=threads)
        assert_in_step(flow, units.state)
        lengths.append(length_of(flow, units.state))
        assert lengths[-1] == pytest.approx(length_of(flow, multilevel_partition(flow, tree)) + change, abs=1e-9)
    assert lengths == [lengths[0]] * 5
    assert change < -0.1


def test_without_spare_numbers_nothing_new_is_made():
    network = Network.from_edges([0, 0, 1, 1, 2], [0, 3, 2, 3, 3], [10, 0.01, 1, 1, 1])
    flow = level_of(network, WalkOptions())
    tree = tree_of([(0, 0), (0, 0), (0, 0), (0, 1)])
    changes = []
    for room in (0, 1):
        units = Units.nodes(flow, tree, room)
        changes.append(units.run(np.arange(4), block=1))
        assert_in_step(flow, units.state)
    assert changes[1] < changes[0]


def test_modules_that_fall_empty_together_are_spare_again():
    """A node that is alone in a module, alone in another, and that in a third."""
    flow = level_of(Network.from_edges([0, 0, 1, 2, 3, 3, 4], [1, 2, 2, 3, 4, 5, 5]), WalkOptions())
    tree = tree_of([(0,), (0,), (1, 0, 0), (2,), (2,), (2,)])
    units = Units.nodes(flow, tree, 0)
    units.run([2, 0, 1, 3, 4, 5], block=1)
    gone = list(paths_of(tree)[2])
    assert not units.state.modules[gone].any()
    assert not units.state.sizes[gone].any()
    assert_in_step(flow, units.state)
    assert units.state.module_of[2] == units.state.module_of[0]

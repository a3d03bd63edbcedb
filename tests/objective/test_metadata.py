"""Metadata in the objective and in the search."""

import networkx as nx
import numpy as np
import pytest

from mapeq._base.hierarchy import leaf_numbers
from mapeq.network.network import Network
from mapeq.objective.level import network_level
from mapeq.objective.metadata import metadata_contents
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions


def clique_flow(n=8):
    return random_walk(Network.from_edges(*np.array(list(nx.complete_graph(n).edges)).T), WalkOptions())


def test_categories_divide_what_links_do_not():
    flow = clique_flow()
    categories = np.array([7, 7, 7, 7, -1, -1, -1, -1])
    assert len(find_modules(flow).hierarchy.parent) == 2
    contents = metadata_contents(categories, flow.nodes[:, VISIT], 10.0)
    for multilevel in (False, True):
        leaves = leaf_numbers(find_modules(flow, contents=contents, multilevel=multilevel).hierarchy)
        assert len({(leaf, category) for leaf, category in zip(leaves, categories, strict=True)}) == 2


def test_metadata_that_cost_nothing_are_none():
    assert metadata_contents(np.zeros(3, int), np.full(3, 1 / 3), 0.0) is None
    assert metadata_contents(np.zeros(0, int), np.zeros(0)) is None


def test_the_names_of_categories_mean_nothing():
    flow = clique_flow()
    lengths = []
    for categories in ([0, 0, 1, 1, 2, 2, 2, 2], [5, 5, -1, -1, 3, 3, 3, 3]):
        contents = metadata_contents(np.array(categories), flow.nodes[:, VISIT])
        lengths.append(find_modules(flow, contents=contents).trials)
    assert lengths[0] == pytest.approx(lengths[1], abs=1e-12)


@pytest.mark.parametrize("multilevel", [False, True])
def test_any_number_of_threads_finds_the_same_with_metadata(multilevel, monkeypatch):
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)
    rng = np.random.default_rng(3)
    sources = rng.integers(0, 900, 5000)
    network = Network.from_edges(sources, sources // 9 * 9 + rng.integers(0, 9, 5000) * rng.choice([1, 90], 5000) % 900)
    flow = random_walk(network, WalkOptions())
    categories = rng.integers(0, 3, network.num_nodes)
    contents = metadata_contents(categories, flow.nodes[:, VISIT], 0.5)
    found = [
        find_modules(flow, contents=contents, multilevel=multilevel, num_threads=threads) for threads in (1, 2, 3, 5)
    ]
    level = network_level(flow, contents=contents)
    length = multilevel_codelength(level, multilevel_partition(level, found[0].hierarchy)).total
    assert length == pytest.approx(min(found[0].trials), abs=1e-10)
    for other in found[1:]:
        assert other.trials == found[0].trials
        np.testing.assert_array_equal(other.hierarchy.module_of, found[0].hierarchy.module_of)
        np.testing.assert_array_equal(other.hierarchy.parent, found[0].hierarchy.parent)

"""Metadata in the objective and in the search."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

import mapeq
from mapeq._base.csr import read_only
from mapeq._base.hierarchy import leaf_numbers
from mapeq._base.jit import kernel_of
from mapeq.network.network import Network
from mapeq.network.states import States
from mapeq.objective.contents import content_sums, costs_of_contents, fill_sums, least_change_of_contents, together
from mapeq.objective.level import network_level
from mapeq.objective.metadata import metadata_contents
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.objective.states import contents_of_states
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

LEAST_CHANGE, FILL_SUMS = kernel_of(least_change_of_contents), kernel_of(fill_sums)


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


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_what_need_not_be_looked_up_changes_nothing(seed, has_states, has_metadata):
    """No module changes less, by what is in hash tables, than the least that is known without looking it up."""
    rng = np.random.default_rng(seed)
    n, most_listed = int(rng.integers(2, 20)), int(rng.integers(0, 5))
    visits = rng.random(n) / n
    states = States(rng.integers(0, 6, n).astype(np.uint32), tuple("abcdef")) if has_states else None
    metadata = metadata_contents(rng.integers(-1, 4, n), visits, 0.7) if has_metadata else None
    contents = together(contents_of_states(states, visits), metadata)
    if contents is None:
        return
    module_of = rng.integers(0, 5, n).astype(np.uint32)
    sums = content_sums(contents, most_listed)
    FILL_SUMS(contents, module_of, sums)
    are_listed = np.bincount(contents.features, minlength=len(contents.coefficients)) <= most_listed
    hashed = contents._replace(coefficients=read_only(np.where(are_listed, 0.0, contents.coefficients)))
    for i in range(n):
        apart = np.where(np.arange(n) == i, 5, module_of).astype(np.uint32)
        before = costs_of_contents(hashed, apart, 6)
        alone = before[5]
        least = LEAST_CHANGE(contents, sums, np.uint64(i))
        for m in range(5):
            joined = np.where(np.arange(n) == i, m, module_of).astype(np.uint32)
            assert costs_of_contents(hashed, joined, 6)[m] - before[m] >= least - 1e-12
        assert alone >= least - 1e-12


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


#: Departments of 64 nodes; links follow groups of four in groups of sixteen.
def nested(seed=1):
    rng = np.random.default_rng(seed)
    sources = rng.integers(0, 64, 400)
    near = 4 ** rng.choice([1, 2, 3], 400, p=[0.8, 0.15, 0.05])
    return Network.from_edges(sources, sources // near * near + rng.integers(0, near), num_nodes=64)


def test_parts_of_the_codelength_add_up_in_hierarchies():
    network = nested().with_metadata(np.arange(64) % 16 // 8)
    result = mapeq.infomap(network, multilevel=True, metadata_rate=0.4)
    assert result.num_levels > 2
    assert result.codelength == pytest.approx(result.index_codelength + result.module_codelength, abs=1e-12)
    assert sum(result.level_savings) == pytest.approx(result.one_level_codelength - result.codelength, abs=1e-12)
    assert sum(module.codelength for module in result.tree.walk()) == pytest.approx(result.codelength, abs=1e-12)
    tops = mapeq.evaluate(network, result.labels, metadata_rate=0.4)
    assert result.level_savings[0] == pytest.approx(tops.one_level_codelength - tops.codelength, abs=1e-12)
    plain = mapeq.evaluate(network, result, metadata_rate=0)
    assert result.metadata_codelength == pytest.approx(result.codelength - plain.codelength, abs=1e-12)
    assert plain.metadata_codelength == 0.0
    by_level = [result.metadata_agreement(level) for level in range(1, result.num_levels)]
    assert by_level == [
        pytest.approx(adjusted_mutual_info_score(network.metadata.codes, result.labels_at(level)), abs=1e-9)
        for level in range(1, result.num_levels)
    ]


def test_a_larger_rate_separates_more():
    network = nested(2).with_metadata(np.arange(64) % 3)
    found = [mapeq.infomap(network, metadata_rate=rate) for rate in (0, 0.2, 1.0, 5.0)]
    entropies = [
        result.metadata_codelength / result.options["metadata_rate"]
        if result.options["metadata_rate"]
        else mapeq.evaluate(network, result, metadata_rate=1.0).metadata_codelength
        for result in found
    ]
    assert entropies == sorted(entropies, reverse=True)
    assert found[0].labels.tolist() == mapeq.infomap(nested(2)).labels.tolist()


def test_agreement_leaves_out_what_is_missing():
    links = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    result = mapeq.evaluate(links, [0, 0, 0, 1, 1, 1], metadata={1: "a", 2: "a", 4: "b", 5: "b"})
    assert result.metadata_agreement() == 1.0
    assert mapeq.evaluate(links, [0, 0, 0, 1, 1, 1]).metadata_agreement() is None
    assert result.summary()["metadata_agreement"] == 1.0


def test_bipartite_networks_have_metadata():
    visits = [("bee", "rose"), ("bee", "lily"), ("fly", "lily"), ("fly", "iris"), ("ant", "iris"), ("ant", "fern")]
    result = mapeq.infomap(visits, bipartite=True, metadata={"bee": "wings", "fly": "wings", "ant": "none"})
    assert result.metadata_codelength >= 0
    one_side = result.primary()
    assert one_side.metadata_codelength == result.metadata_codelength
    assert one_side.network.metadata.codes.tolist() == [1, 1, 0]


def test_updates_follow_categories():
    """A search from an earlier result looks again where categories have changed."""
    links = [(6 * c + i, 6 * c + j) for c in range(4) for i in range(6) for j in range(i)]
    links += [(6 * c, (6 * c + 6) % 24) for c in range(4)]
    before = mapeq.infomap(links, metadata=dict.fromkeys(range(24), 0), metadata_rate=3.0)
    assert before.num_modules == 4
    categories = {i: int(i in (0, 1, 2)) for i in range(24)}
    after = mapeq.infomap(links, metadata=categories, metadata_rate=3.0, initial_partition=before)
    again = mapeq.infomap(links, metadata=categories, metadata_rate=3.0)
    assert after.codelength == pytest.approx(again.codelength, abs=1e-9)
    assert after.num_modules == 5


def test_explanations_and_small_modules_count_metadata():
    clique = nx.complete_graph(6)
    result = mapeq.infomap(clique, metadata={i: i % 2 for i in range(6)}, metadata_rate=5.0)
    assert result.num_modules == 2
    larger = mapeq.infomap(clique, metadata={i: i % 2 for i in range(6)}, metadata_rate=5.0, min_module_size=4)
    assert larger.min_size_cost == pytest.approx(larger.codelength - result.codelength, abs=1e-12)
    alike = mapeq.infomap(clique, metadata=dict.fromkeys(range(6), "all"))
    assert alike.num_modules == 1
    assert "All 6 nodes are in one module" in alike.explanation

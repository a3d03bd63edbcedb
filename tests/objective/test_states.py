"""State networks: several nodes of the walk with one code word in each module."""

import json
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import hierarchies, networks, walks

import mapeq
from mapeq.network.network import Network
from mapeq.objective.level import added_terms, network_level, with_all_links, with_links_of_contents
from mapeq.objective.options import ObjectiveOptions
from mapeq.walk.flow import link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

CASES = json.loads((Path(__file__).parents[1] / "data" / "golden-states.json").read_text())["cases"]
STATES = [case for case in CASES if "states" in case and "--entropy-corrected" not in case["options"]]
OPTIONS = {
    "-e": {"recorded_teleportation": True},
    "--to-nodes": {"teleport_to": "nodes"},
    "--regularized": {"regularization": 1.0},
    "--variable-markov-time": {"variable_markov_time": True},
}


def options_of(case):
    words = case["options"].split()
    return {name: value for word in words for name, value in OPTIONS.get(word, {}).items()}


def network_of(case):
    states = sorted(map(int, case["expected"]["node_flows"]))
    sources, targets, weights = np.array(case["edges"]).T
    weights_of_states = case.get("node_weights")
    network = Network.from_edges(
        np.searchsorted(states, sources),
        np.searchsorted(states, targets),
        weights,
        directed="-d" in case["options"].split(),
        labels=np.array(states),
        node_weights=weights_of_states and [weights_of_states[str(state)] for state in states],
    )
    return network.with_states([case["states"][str(state)] for state in states])


def close(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


@pytest.mark.parametrize("case", STATES, ids=[case["id"] for case in STATES])
def test_values_of_infomap(case):
    network, expected = network_of(case), case["expected"]
    paths = {int(state): tuple(path) for state, path in expected["paths"].items()}
    result = mapeq.evaluate(network, paths, **options_of(case))
    assert result.codelength == close(expected["codelength"])
    assert result.index_codelength == close(expected["index_codelength"])
    assert result.one_level_codelength == close(expected["one_level_codelength"])
    assert result.flow.tolist() == close([expected["node_flows"][str(state)] for state in network.labels])
    given = {module.path: (module.flow, module.enter, module.exit, module.codelength) for module in result.tree.walk()}
    for module in expected["modules"]:
        found = given[tuple(module["path"])]
        assert found == close((module["flow"], module["enter"], module["exit"], module["codelength"]))


def test_there_is_no_entropy_correction_of_shared_code_words():
    (case,) = (case for case in CASES if "--entropy-corrected" in case["options"])
    network, expected = network_of(case), case["expected"]  # infomap leaves the correction out
    paths = {int(state): tuple(path) for state, path in expected["paths"].items()}
    assert mapeq.evaluate(network, paths).codelength == close(expected["codelength"])
    with pytest.raises(ValueError, match="entropy_correction must be 0 for state networks, in whose modules states sh"):
        mapeq.infomap(network, entropy_correction=1.0)


@given(st.data())
def test_codelengths_and_parts_of_them(data):
    links, options = data.draw(walks(min_nodes=1, regularization=0.0))
    n = links.num_nodes
    physical = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    paths = data.draw(hierarchies(n))
    network = links.network().with_states(physical)
    try:
        result = mapeq.evaluate(network, dict(zip(network.labels, paths, strict=True)), **options.as_dict())
    except mapeq.NetworkError:  # a bipartite network without a way back
        return
    walk = links.walk(options)
    walk = walk._replace(amounts=np.eye(4)[physical] * walk.visits[:, None], coefficients=-np.ones(4))
    own = sum(map(naive.plogp, walk.visits))
    assert result.codelength == close(naive.hierarchical_codelength(walk, paths).total + own)
    assert result.one_level_codelength == close(naive.one_level_codelength(walk) + own)
    assert sum(module.codelength for module in result.tree.walk()) == close(result.codelength)
    assert sum(result.level_savings) == close(result.one_level_codelength - result.codelength)


PLACES = {"ann from bob": "ann", "ann from cid": "ann", "bob": "bob", "cid": "cid"}
TRIPS = [("ann from bob", "bob"), ("bob", "ann from bob"), ("ann from cid", "cid"), ("cid", "ann from cid")]


def test_modules_overlap_in_physical_nodes():
    network = Network.from_edges(*zip(*TRIPS, strict=True), directed=True).with_states(PLACES)
    result = mapeq.infomap(network)
    assert repr(network) == "<mapeq.Network: 4 states of 3 physical nodes, 4 links, directed>"
    assert sorted(map(sorted, result.communities())) == [["ann", "bob"], ["ann", "cid"]]
    assert result.memberships() == {"ann": {1: 0.5, 2: 0.5}, "bob": {1: 1.0}, "cid": {2: 1.0}}
    assert result.modules() == {"ann from bob": 1, "bob": 1, "ann from cid": 2, "cid": 2}
    # Each state a node of its own takes more bits, and so does what the states have no memory of.
    apart = mapeq.infomap(Network.from_edges(*zip(*TRIPS, strict=True), directed=True))
    assert apart.codelength == close(result.codelength)  # no module has two states of ann
    together = mapeq.infomap([(PLACES[one], PLACES[other]) for one, other in TRIPS], directed=True)
    assert together.codelength > result.codelength
    one = mapeq.evaluate(network, dict.fromkeys(PLACES, 1))
    assert one.codelength == close(one.one_level_codelength) == close(together.one_level_codelength)


def test_a_physical_node_brings_its_states_together():
    """Two states without a link between them share a code word in one module."""
    links = [(0, 2), (2, 0), (1, 3), (3, 1), (2, 3), (3, 2)]
    network = Network.from_edges(*zip(*links, strict=True), directed=True)
    assert mapeq.infomap(network.with_states(["a", "a", "b", "b"])).num_modules == 1
    # Here no link joins the pairs at all: only the physical nodes do.
    apart = Network.from_edges([0, 2, 1, 3], [2, 0, 3, 1], directed=True)
    result = mapeq.infomap(apart.with_states(["a", "a", "b", "b"]))
    assert result.num_modules == 1
    assert result.codelength == close(1.0)
    assert mapeq.infomap(apart).num_modules == 2


@given(st.data())
def test_searches_with_links_to_all_nodes_start_with_the_same_flow(data):
    """With recorded teleportation, states are linked to others of their physical node, and to all nodes."""
    case = data.draw(networks(directed=True, min_nodes=2))
    n = case.network().num_nodes
    physical = data.draw(st.lists(st.integers(0, n // 2), min_size=n, max_size=n))
    network = case.network().with_states(physical)
    flow = random_walk(network, WalkOptions(flow_model="directed", recorded_teleportation=True))
    terms = added_terms(network, flow, ObjectiveOptions())
    level = network_level(flow, *terms)
    found = with_all_links(network_level(with_links_of_contents(flow, terms.contents), *terms))
    ends = np.repeat(np.arange(n), np.diff(found.links.indptr).astype(np.intp)), found.links.indices
    expected = np.repeat(np.arange(n), np.diff(level.links.indptr).astype(np.intp)), level.links.indices
    flows = np.zeros((2, n, n))
    np.add.at(flows[0], ends, link_flows(found.links))
    np.add.at(flows[1], expected, link_flows(level.links))
    np.testing.assert_array_equal(*flows)


@pytest.mark.parametrize("multilevel", [False, True])
def test_any_number_of_threads_finds_the_same(multilevel, monkeypatch):
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)
    rng = np.random.default_rng(3)
    sources = rng.integers(0, 900, 5000)
    targets = sources // 9 * 9 + rng.integers(0, 9, 5000) * rng.choice([1, 90], 5000) % 900
    network = Network.from_edges(sources, targets, num_nodes=1900, directed=True)
    network = network.with_states(rng.integers(0, 300, network.num_nodes))
    found = [
        mapeq.infomap(network, multilevel=multilevel, num_threads=threads, num_trials=2) for threads in (1, 2, 3, 5)
    ]
    for other in found[1:]:
        assert other.trials == found[0].trials
        np.testing.assert_array_equal(other.labels_at(-1), found[0].labels_at(-1))
    again = mapeq.evaluate(network, found[0])
    assert again.codelength == close(found[0].codelength)
    assert found[0].codelength <= min(found[0].trials) + 1e-12


@pytest.mark.parametrize(
    ("physical", "message"),
    [
        ({"ann from bob": "ann"}, "the state 'ann from cid' has no physical node; every state needs one"),
        (["ann", "ann", None, "cid"], "the state 'bob' has no physical node; every state needs one"),
        (["ann", "ann", "bob"], "there are 4 states, but 3 physical nodes"),
        (["ann", "ann", [1], "cid"], r"a physical node must be one value, not \[1\]"),
        (7, "physical nodes must be a mapping or Series by state, or an array in node order, not 7"),
    ],
)
def test_states_that_make_no_sense(physical, message):
    network = Network.from_edges(*zip(*TRIPS, strict=True), directed=True)
    with pytest.raises(mapeq.NetworkError, match=message):
        network.with_states(physical)


def test_memberships_of_plain_networks_are_shares_of_flow():
    result = mapeq.infomap([(1, 2), (2, 3), (1, 3), (3, 4, 2.0), (4, 5), (4, 6), (5, 6)], directed=True)
    links = result.link_flow()
    for node, shares in result.memberships().items():
        i = result.node_labels.index(node)
        flow = {}
        for source, target, amount in zip(links.sources, links.targets, links.flow, strict=True):
            if i in (source, target):
                other = int(result.labels[target if source == i else source]) + 1
                flow[other] = flow.get(other, 0.0) + amount
        assert shares == {module: close(amount / sum(flow.values())) for module, amount in flow.items()}
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
    alone = mapeq.infomap(Network.from_edges([0], [1], num_nodes=3))
    assert alone.memberships()[2] == {2: 1.0}


def test_communities_of_a_least_share_overlap():
    links = [(1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    result = mapeq.infomap(links)
    assert result.communities() == [{1, 2, 3}, {4, 5, 6}]
    assert result.communities(min_share=0.34) == [{1, 2, 3}, {4, 5, 6}]
    assert result.communities(min_share=1 / 3) == [{1, 2, 3, 4}, {3, 4, 5, 6}]
    assert result.communities(min_share=1) == [{1, 2, 3}, {4, 5, 6}]
    moved = mapeq.evaluate(links, {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2})  # 4 has most of its links in module 2
    assert moved.communities(min_share=1) == [{1, 2, 3, 4}, {5, 6}]
    assert mapeq.infomap(Network.from_edges([0], [1], num_nodes=3)).communities(min_share=0.5) == [{0, 1}, {2}]


def test_communities_of_states_are_those_with_large_shares():
    links = [(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)]
    weights = [9.0, 9.0, 6.0, 6.0, 1.0, 1.0]
    network = Network.from_edges(*zip(*links, strict=True), weights, directed=True)
    result = mapeq.evaluate(network.with_states(["a", "b", "a", "c", "a", "b"]), [0, 0, 1, 1, 2, 2])
    assert result.memberships()["b"] == {1: close(0.9), 3: close(0.1)}
    assert result.communities() == [{"a", "b"}, {"a", "c"}, {"a", "b"}]
    assert result.communities(min_share=0.1) == [{"a", "b"}, {"a", "c"}, {"b"}]
    assert result.communities(min_share=0.3) == [{"a", "b"}, {"a", "c"}]  # none is left in the third
    assert result.communities(min_share=1) == [{"a", "b"}, {"c"}]


@pytest.mark.parametrize("min_share", [0, -0.1, 1.1, "half", float("nan")])
def test_least_shares_that_make_no_sense(min_share):
    with pytest.raises(ValueError, match="min_share must be above 0 and at most 1, not"):
        mapeq.infomap([(0, 1)]).communities(min_share=min_share)


@given(st.data())
def test_communities_have_the_members_of_memberships(data):
    network = data.draw(networks(min_nodes=1)).network()
    n = network.num_nodes
    physical = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    result = mapeq.infomap(network.with_states([f"node {node}" for node in physical]))
    for share in (0.05, 0.25, 0.6):
        expected = {}
        for node, shares in result.memberships().items():
            for position, (module, part) in enumerate(shares.items()):
                if position == 0 or part >= share:
                    expected.setdefault(module, set()).add(node)
        assert result.communities(min_share=share) == [expected[module] for module in sorted(expected)]


# What else takes networks ----------------------------------------------------------------------


def hubs(order=2):
    paths = [["a", "hub", "b", "hub", "c", "hub"] * 3, ["x", "hub", "y", "hub", "z", "hub"] * 3]
    return Network.from_paths(paths, order=order)


def test_tables_say_what_states_are(tmp_path):
    pandas = pytest.importorskip("pandas")
    result = mapeq.infomap(hubs())
    table = result.to_dataframe()
    assert table.columns.tolist() == ["node", "module", "flow", "physical"]
    assert table["physical"].tolist() == [label[-1] for label in table["node"]]
    layers = mapeq.infomap(Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "cid")]}))
    assert layers.to_dataframe()["layer"].tolist() == ["work", "work", "sport", "sport"]
    assert layers.to_arrow().column_names == ["node", "module", "flow", "physical", "layer"]
    assert layers.to_networkx().nodes["sport", "cid"]["layer"] == "sport"
    layers.write(tmp_path / "modules.csv")
    assert pandas.read_csv(tmp_path / "modules.csv")["physical"].tolist() == ["ann", "bob", "ann", "cid"]
    assert "physical" not in mapeq.infomap([(1, 2)]).to_dataframe()


@pytest.mark.parametrize("name", ["modules.csv", "modules.tsv", "modules.tree", "modules.ftree", "modules.json"])
@pytest.mark.parametrize("multilevel", [False, True])
def test_files_of_modules_of_states(tmp_path, name, multilevel):
    network = hubs(order=3)
    result = mapeq.infomap(network, multilevel=multilevel)
    result.write(tmp_path / name)
    assert mapeq.evaluate(network, tmp_path / name).codelength == close(result.codelength)
    assert mapeq.evaluate(network, result.to_dataframe()).codelength == close(result.codelength)


def test_networks_of_states_in_files(tmp_path):
    network = hubs()
    mapeq.write_network(network, tmp_path / "states.net")
    again = mapeq.read_network(tmp_path / "states.net")
    assert (again.matrix() != network.matrix()).nnz == 0
    nodes = [[each.states.labels[k] for k in each.states.physical] for each in (network, again)]
    assert nodes[0] == nodes[1]
    assert mapeq.infomap(again).codelength == mapeq.infomap(network).codelength
    with pytest.warns(UserWarning, match="does not hold the physical nodes of its states"):
        mapeq.write_network(network, tmp_path / "states.csv")
    with pytest.warns(UserWarning, match="does not hold the layers of its states"):
        mapeq.write_network(Network.from_layers({"work": [(1, 2)]}), tmp_path / "layers.net")


def test_profiles_and_fitted_times_know_states():
    network = hubs()
    profile = mapeq.resolution_profile(network, [0.8, 1.0, 1.6])
    for result in profile.results:
        options = {"markov_time": result.options["markov_time"]}
        assert result.codelength == close(mapeq.evaluate(network, result, **options).codelength)
        assert result.codelength <= mapeq.infomap(network, **options).codelength + 1e-9
    fitted = mapeq.infomap(network, markov_time="auto")
    assert fitted.codelength == close(mapeq.evaluate(network, fitted).codelength)


def test_updates_follow_what_states_are():
    network = hubs()
    result = mapeq.infomap(network)
    places = [network.states.labels[k] for k in network.states.physical]
    other = network.with_states([f"{place} of {label[0]}" for place, label in zip(places, network.labels, strict=True)])
    again = mapeq.infomap(other, initial_partition=result)
    assert again.codelength == close(mapeq.evaluate(other, again).codelength)
    assert again.one_level_codelength > result.one_level_codelength
    same = mapeq.infomap(network.with_states(places), initial_partition=result)
    assert same.codelength == close(result.codelength)


def test_small_modules_of_states_are_dissolved():
    paths = [["a", "hub", "b", "hub"] * 9, ["x", "hub", "y", "hub", "z", "hub"] * 9, ["a", "hub", "x"]]
    network = Network.from_paths(paths)
    result, plain = mapeq.infomap(network, min_module_size=6), mapeq.infomap(network)
    assert (result.num_modules, plain.num_modules) == (1, 2)
    assert result.min_size_cost == close(result.codelength - plain.codelength)

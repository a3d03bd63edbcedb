"""Multilayer networks: flow of infomap, and what the layers are made of."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import mapeq
from mapeq import Network
from mapeq.walk.flow import EXIT

CASES = json.loads((Path(__file__).parents[1] / "data" / "golden-states.json").read_text())["cases"]
INTRA = [case for case in CASES if case["id"].startswith("ml_intra")]
OPTIONS = {
    "--multilayer-relax-rate": ("relax_rate", float),
    "--multilayer-relax-limit": ("limit", int),
    "--multilayer-relax-by-jsd": ("relax", "jsd-infomap"),
    "--multilayer-relax-to-self": ("relax", "self"),
}

WORK = [("ann", "bob"), ("bob", "cid"), ("ann", "cid")]
SPORT = [("ann", "dan"), ("dan", "eve"), ("ann", "eve")]
BOTH = {"work": WORK, "sport": SPORT}


def layers_of(case):
    """The layers of a file, and the links between them, None without any."""
    section, layers, inter = None, {}, []
    for line in case["network"].splitlines():
        fields = line.split()
        if line.startswith("*"):
            section = fields[0].lower()
        elif line.startswith("#") or section == "*vertices":
            continue
        elif section == "*intra":
            layers.setdefault(int(fields[0]), []).append((int(fields[1]), int(fields[2]), float(fields[3])))
        else:
            inter.append((int(fields[0]), int(fields[1]), int(fields[2]), float(fields[3])))
    return {name: layers[name] for name in sorted(layers)}, inter or None


def options_of(case):
    words, options = case["options"].split(), {}
    for place, word in enumerate(words):
        if word in OPTIONS:
            name, kind = OPTIONS[word]
            options[name] = kind(words[place + 1]) if isinstance(kind, type) else kind
    if "--multilayer-relax-limit-up" in words:
        options["limit"] = (1, 0)
    return options


def close(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


@pytest.mark.parametrize("case", INTRA, ids=[case["id"] for case in INTRA])
def test_values_of_infomap(case):
    layers, inter = layers_of(case)
    directed = "-d" in case["options"].split()
    network = Network.from_layers(layers, directed=directed, inter=inter, **options_of(case))
    partition = {tuple(map(int, state.split(","))): module for state, module in case["partition"].items()}
    result = mapeq.evaluate(network, partition, recorded_teleportation="-e" in case["options"].split())
    expected = case["expected"]
    assert result.codelength == close(expected["codelength"])
    assert result.index_codelength == close(expected["index_codelength"])
    assert result.one_level_codelength == close(expected["one_level_codelength"])
    flow = {
        (expected["state_to_layer"][state], expected["state_to_physical"][state]): rate
        for state, rate in expected["node_flows"].items()
    }
    assert dict(zip(network.labels, result.flow, strict=True)) == close(flow)


def test_one_trial_finds_the_best_of_fifty():
    (case,) = (case for case in CASES if case["id"] == "opt_multilayer_intra")
    layers, inter = layers_of(case)
    found = mapeq.infomap(Network.from_layers(layers, inter=inter))
    assert found.codelength <= case["expected"]["codelength"] + 1e-9


def test_modules_of_layers():
    network = Network.from_layers(BOTH)
    assert network.labels[:3] == (("work", "ann"), ("work", "bob"), ("work", "cid"))
    result = mapeq.infomap(network)
    assert result.layer("work") == {"ann": 1, "bob": 1, "cid": 1}
    assert result.layer("sport") == {"ann": 2, "dan": 2, "eve": 2}
    assert result.communities() == [{"ann", "bob", "cid"}, {"ann", "dan", "eve"}]
    assert result.memberships()["ann"] == {1: close(0.5), 2: close(0.5)}
    with pytest.raises(KeyError, match="there is no layer 'home'; the layers are 'work', 'sport'"):
        result.layer("home")
    with pytest.raises(mapeq.NetworkError, match=r"the network has no layers; mapeq\.Network\.from_layers makes"):
        mapeq.infomap(WORK).layer("work")


@pytest.mark.parametrize("relax", ["neighbors", "jsd"])
def test_weights_are_the_probabilities_of_steps(relax):
    rng = np.random.default_rng(2)
    layers = {name: rng.integers(0, 4, (6, 6)) * rng.random((6, 6)) for name in "abc"}
    network = Network.from_layers({name: nx.from_numpy_array(m) for name, m in layers.items()}, relax=relax)
    np.testing.assert_allclose(network.out_strengths(), 1.0)
    scaled = Network.from_layers({name: nx.from_numpy_array(m * 7) for name, m in layers.items()}, relax=relax)
    np.testing.assert_allclose(scaled.weights, network.weights)  # the unit of weight means nothing


def test_a_walk_that_never_relaxes_stays_in_its_layer():
    apart = Network.from_layers(BOTH, relax_rate=0)
    assert {(one[0], other[0]) for one, other in named_links(apart)} == {("work", "work"), ("sport", "sport")}
    always = Network.from_layers(BOTH, relax_rate=1)
    rows = {}
    for i, j, weight in zip(*always.links(), strict=True):
        rows.setdefault(always.labels[i], {})[always.labels[j]] = weight
    assert rows["work", "ann"] == pytest.approx(rows["sport", "ann"])


def named_links(network):
    return [(network.labels[i], network.labels[j]) for i, j, _ in zip(*network.links(), strict=True)]


def random_layers(rng, *, num_layers=3, num_nodes=7):
    """Dense matrices of layers; some nodes have no links in some of them, or none that lead on."""
    matrices = rng.random((num_layers, num_nodes, num_nodes)) * (rng.random((num_layers, num_nodes, num_nodes)) < 0.3)
    matrices[:, rng.integers(num_nodes)] = 0
    return matrices


def of_matrices(matrices, **options):
    graphs = {
        layer: [(i, j, matrix[i, j]) for i, j in zip(*np.nonzero(matrix), strict=True)]
        for layer, matrix in enumerate(matrices)
    }
    return Network.from_layers(graphs, directed=True, **options)


SWITCHING = [
    {},
    {"recorded_teleportation": True},
    {"recorded_teleportation": True, "teleport_to": "nodes"},
    {"teleport_to": "nodes", "markov_time": 1.7},
    {"teleportation_probability": 0.0},
    {"node_weights_as_flow": True},
]


@pytest.mark.parametrize("options", SWITCHING)
@pytest.mark.parametrize("how", [{}, {"limit": (0, 1), "relax_rate": 0.6}, {"relax_rate": 1}])
def test_a_walk_that_switches_visits_what_one_among_neighbors_does(options, how):
    rng = np.random.default_rng(3)
    for _ in range(5):
        matrices = random_layers(rng)
        networks = [of_matrices(matrices, relax=relax, **how) for relax in ("neighbors", "self")]
        one, other = (mapeq.evaluate(network, [0] * network.num_nodes, **options) for network in networks)
        assert other.network.labels == one.network.labels
        np.testing.assert_allclose(other.flow, one.flow, rtol=0, atol=1e-12)
        assert other.codelength == close(one.codelength)  # of one module, which no link leaves


@pytest.mark.parametrize("recorded", [True, False])
def test_flow_of_switches_and_of_the_steps_after_them(recorded):
    """By the rates of the walk among neighbors: from a state over a switch, and on over the links in that layer."""
    rng, nodes = np.random.default_rng(4), {"teleport_to": "nodes"}
    for _ in range(10):
        matrices = random_layers(rng)
        strengths = matrices.sum(axis=2)
        walk = of_matrices(matrices, relax_rate=0.3)
        stationary = mapeq.evaluate(walk, [0] * walk.num_nodes, recorded_teleportation=True, **nodes)
        rate = dict(zip(walk.labels, stationary.flow, strict=True))
        leads_on = dict(zip(walk.labels, walk.out_strengths() > 0, strict=True))
        walking = 0.85 if recorded else 1 / sum(rate[state] for state in walk.labels if leads_on[state])
        switched, through = {}, dict.fromkeys(walk.labels, 0.0)
        for layer, node in walk.labels:
            whole = strengths[:, node].sum()
            for other in np.flatnonzero(strengths[:, node]).tolist():
                share = 0.3 * strengths[other, node] / whole + (0.7 if other == layer else 0)
                if not strengths[layer, node]:  # weights are as if it had links in its layer; it follows others
                    share = share / 0.3
                flow = walking * rate[layer, node] * share
                through[other, node] += flow
                if other != layer:
                    switched[(layer, node), (other, node)] = flow
        expected = dict(switched)
        for layer, node in walk.labels:
            for other in np.flatnonzero(matrices[layer, node]).tolist():
                if other != node:
                    share = matrices[layer, node, other] / strengths[layer, node]
                    expected[(layer, node), (layer, other)] = through[layer, node] * share
        network = of_matrices(matrices, relax="self", relax_rate=0.3)
        found = mapeq.evaluate(network, np.arange(network.num_nodes), recorded_teleportation=recorded, **nodes)
        links = found.link_flow()
        names = [[network.labels[i] for i in ends.tolist()] for ends in (links.sources, links.targets)]
        assert dict(zip(zip(*names, strict=True), links.flow, strict=True)) == close(expected)
        jumping = found.node_flow.teleport
        over_borders = 0 if jumping is None else (jumping[:, 0] * (1 - jumping[:, 1])).sum()
        assert found.node_flow.nodes[:, EXIT].sum() == close(sum(expected.values()) + over_borders)


def test_links_between_layers_as_switches():
    network = Network.from_layers(BOTH, relax="self", inter=[("work", "ann", "sport", 2.0)])
    links = {(one, other): weight for (one, other), weight in zip(named_links(network), network.weights, strict=True)}
    assert links[("work", "ann"), ("sport", "ann")] == links[("sport", "ann"), ("work", "ann")] == 2.0
    assert links[("work", "ann"), ("work", "bob")] == 1.0
    assert len(links) == 14
    spread = mapeq.evaluate(Network.from_layers(BOTH, inter=[("work", "ann", "sport", 2.0)]), [0] * 6)
    assert mapeq.evaluate(network, [0] * 6).flow.tolist() == close(spread.flow.tolist())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"flow_model": "undirected"}, "flow_model=undirected"),
        ({"flow_model": "rawdir"}, "flow_model=rawdir"),
        ({"regularization": 1.0}, "regularization"),
        ({"variable_markov_time": True}, "variable_markov_time"),
    ],
)
def test_walks_that_switch_have_directed_flow(options, name):
    with pytest.raises(mapeq.NetworkError, match=f"{name} says nothing of walks that change layers on the way"):
        mapeq.infomap(Network.from_layers(BOTH, relax="self"), **options)


def test_files_lose_that_layers_switch(tmp_path):
    with pytest.warns(UserWarning, match="that links between layers are no steps of the walk"):
        mapeq.write_network(Network.from_layers(BOTH, relax="self"), tmp_path / "layers.net")


def test_limits_go_by_the_order_of_layers():
    layers = {time: [(1, 2), (2, 3)] for time in (10, 20, 30)}
    forward = Network.from_layers(layers, limit=(0, 1))
    assert {(one[0], other[0]) for one, other in named_links(forward)} == {
        *((10, 10), (10, 20), (20, 20), (20, 30), (30, 30))
    }
    assert Network.from_layers(layers, limit=2).num_links == Network.from_layers(layers).num_links


def test_layers_in_any_container():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    rows = [(name, *link, 2.0) for name, links in BOTH.items() for link in links]
    table = pandas.DataFrame(rows, columns=["layer", "source", "target", "weight"])
    expected = Network.from_layers({name: [(*link, 2.0) for link in links] for name, links in BOTH.items()})
    for given, options in (
        ({name: nx.Graph(links) for name, links in BOTH.items()}, {}),
        (table, {}),
        (polars.from_pandas(table), {}),
        (polars.from_pandas(table).to_arrow(), {}),
        (table.rename(columns={"layer": "kind"}), {"layer": "kind"}),
    ):
        network = Network.from_layers(given, **options)
        assert network.labels == expected.labels
        np.testing.assert_allclose(network.matrix().toarray(), expected.matrix().toarray())


def test_nodes_without_links_are_in_one_layer():
    one, other = nx.Graph([(1, 2)]), nx.Graph([(2, 3)])
    one.add_nodes_from([3, 9])
    other.add_node(9)
    assert Network.from_layers({"one": one, "other": other}).labels == (
        *(("one", 1), ("one", 2), ("one", 9)),
        *(("other", 2), ("other", 3)),
    )


def test_links_between_layers():
    network = Network.from_layers(BOTH, inter=[("work", "ann", "sport", 2.0)])
    links = {(one, other): weight for (one, other), weight in zip(named_links(network), network.weights, strict=True)}
    assert links[("work", "ann"), ("sport", "dan")] == links[("work", "ann"), ("sport", "eve")] == 1.0
    assert links[("sport", "ann"), ("work", "bob")] == 1.0
    directed = Network.from_layers(BOTH, directed=True, inter=[("work", "ann", "sport", 2.0)])
    assert (("sport", "ann"), ("work", "bob")) not in named_links(directed)


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (BOTH, {"relax_rate": 1.5}, "relax_rate must be a number from 0 to 1, not 1.5"),
        (BOTH, {"relax_rate": -0.1}, "relax_rate must be a number from 0 to 1, not -0.1"),
        (BOTH, {"relax": "node"}, "relax must be one of neighbors, jsd, jsd-infomap, self, not 'node'"),
        (BOTH, {"relax": "jsd-infomap", "relax_rate": 1}, "relax_rate must be below 1 with relax='jsd-infomap', not 1"),
        (BOTH, {"limit": -1}, "limit must be a whole number, 0 or more, a pair of them, or None, not -1"),
        (BOTH, {"inter": [("work", "ann", "work")]}, r"\('work', 'ann', 'work'\) is within the layer 'work'"),
        (BOTH, {"inter": [("work", "ann", "home")]}, r"names the layer 'home'; the layers are 'work', 'sport'"),
        (BOTH, {"inter": [("work", "bob", "sport")]}, r"'bob' is no node of the layer 'sport'"),
        (BOTH, {"inter": [("work", "ann")]}, r"a link between layers is \(layer, node, layer\) or with a weight"),
        (BOTH, {"inter": [("work", "ann", "sport", -1.0)]}, "the weight of link 0 between layers is negative"),
        (BOTH, {"layer": "kind"}, "the column 'kind' of layers is that of a table"),
        ({}, {}, "there are no layers; a multilayer network needs at least one"),
        ({"work": [("ann", "bob", -1.0)]}, {}, "layer 'work': the weight of the link 'ann' - 'bob' .* is negative"),
    ],
)
def test_layers_that_make_no_sense(layers, options, message):
    with pytest.raises(ValueError, match=message):
        Network.from_layers(layers, **options)


def test_tables_of_layers_that_make_no_sense():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"kind": ["a", None], "source": [1, 2], "target": [2, 3]})
    with pytest.raises(mapeq.NetworkError, match="the table has no column 'layer', but 'kind', 'source', 'target'"):
        Network.from_layers(table)
    with pytest.raises(mapeq.NetworkError, match="the layer of the link in row 1 is missing"):
        Network.from_layers(table, layer="kind")
    with pytest.raises(TypeError, match="layers must be a mapping from the name of a layer to its graph, or a table"):
        Network.from_layers([WORK, SPORT])


WEIGHTS = {("work", "ann"): 30, ("work", "bob"): 40, ("work", "cid"): 20}
WEIGHTS |= {("sport", "ann"): 2, ("sport", "dan"): 5, ("sport", "eve"): 3}


@pytest.mark.parametrize("relax", ["neighbors", "jsd", "self"])
def test_node_weights_are_the_flow_of_states(relax):
    network = Network.from_layers(BOTH, relax=relax, node_weights=WEIGHTS)
    result = mapeq.evaluate(network, [0, 0, 0, 1, 1, 1], node_weights_as_flow=True)
    assert dict(zip(network.labels, result.flow.tolist(), strict=True)) == {
        state: close(weight / 100) for state, weight in WEIGHTS.items()
    }


@pytest.mark.parametrize("recorded", [False, True])
def test_the_walk_jumps_to_layers_by_node_weights(recorded):
    """Layers that the walk leaves by jumping alone have the flow of their weights."""
    network = Network.from_layers(BOTH, relax_rate=0, node_weights=WEIGHTS)
    options = {"teleport_to": "nodes", "recorded_teleportation": recorded, "teleportation_probability": 0.3}
    result = mapeq.evaluate(network, [0, 0, 0, 1, 1, 1], **options)
    assert result.flow[:3].sum() == close(0.9)
    if recorded:  # p = 0.3 w + 0.7 p T, in a triangle (1 - p) / 2 comes from the others
        expected = [(0.3 * weight / 90 + 0.35) / 1.35 for weight in (30, 40, 20)]
        assert result.flow[:3] == close(0.9 * np.array(expected))


def test_node_weights_of_layers():
    """Of networks, by label; 1 in layers that have none; an argument replaces them."""
    work = Network.from_edges(["bob", "cid"], ["ann", "ann"], node_weights={"ann": 30, "bob": 40, "cid": 20})
    network = Network.from_layers({"work": work, "sport": SPORT})
    assert dict(zip(network.labels, network.node_weights.tolist(), strict=True)) == {
        state: weight if state[0] == "work" else 1 for state, weight in WEIGHTS.items()
    }
    again = Network.from_layers({"work": work, "sport": SPORT}, node_weights=WEIGHTS)
    assert again.node_weights.tolist() == list(WEIGHTS.values())
    assert Network.from_layers(BOTH).node_weights is None
    series = pd.Series(WEIGHTS)
    assert Network.from_layers(BOTH, node_weights=series).node_weights.tolist() == list(WEIGHTS.values())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({("work", "ann"): 1}, r"node_weights does not name the node \('work', 'bob'\)"),
        (WEIGHTS | {("sport", "bob"): 1}, r"node_weights names \('sport', 'bob'\), which is not a node of the network"),
        (
            WEIGHTS | {("sport", "dan"): -5},
            r"the weight of the node \('sport', 'dan'\) is negative: -5.0; weights must",
        ),
        (WEIGHTS | {("sport", "dan"): np.nan}, r"the weight of the node \('sport', 'dan'\) is not finite: nan"),
        (WEIGHTS | {("sport", "dan"): "five"}, "node_weights must be numbers, one for each node, not"),
        ([1, 2], r"there are 6 nodes but node_weights has shape \(2,\)"),
    ],
)
def test_bad_node_weights(weights, message):
    with pytest.raises(mapeq.NetworkError, match=message):
        Network.from_layers(BOTH, node_weights=weights)

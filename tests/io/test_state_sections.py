"""Files of states and layers, as infomap reads them."""

import json
from pathlib import Path

import pytest

import mapeq

CASES = json.loads((Path(__file__).parents[1] / "data" / "golden-states.json").read_text())["cases"]
READ = [case for case in CASES if "--multilayer" not in case["options"] and "--entropy" not in case["options"]]
OPTIONS = {
    "-e": {"recorded_teleportation": True},
    "--to-nodes": {"teleport_to": "nodes"},
    "--regularized": {"regularization": 1.0},
    "--variable-markov-time": {"variable_markov_time": True},
}


def read(tmp_path, text, **options):
    (tmp_path / "network.net").write_text(text)
    return mapeq.read_network(tmp_path / "network.net", **options)


@pytest.mark.parametrize("case", READ, ids=[case["id"] for case in READ])
def test_values_of_infomap(case, tmp_path):
    words, expected = case["options"].split(), case["expected"]
    network = read(tmp_path, case["network"], directed="-d" in words)
    options = {name: value for word in words for name, value in OPTIONS.get(word, {}).items()}
    if "partition" not in case and "tree" not in case:
        assert mapeq.infomap(network, **options).codelength <= expected["codelength"] + 1e-9
        return
    if "states" in case:
        ids = network.ids.tolist() if network.ids is not None else network.label_list()
        paths = {
            label: tuple(expected["paths"][str(number)]) for label, number in zip(network.labels, ids, strict=True)
        }
    else:
        paths = {tuple(map(int, state.split(","))): (module,) for state, module in case["partition"].items()}
    result = mapeq.evaluate(network, paths, **options)
    assert result.codelength == pytest.approx(expected["codelength"], rel=0, abs=1e-9)
    assert result.one_level_codelength == pytest.approx(expected["one_level_codelength"], rel=0, abs=1e-9)


STATES = """*Vertices 3
1 "ann"
2 "bob"
3 "cid"
*States
10 1 "ann from bob"
11 1 "ann from cid"
12 2 "bob"
*Arcs
10 12 2
12 10
11 3 0.5
3 11
"""


def test_names_of_states_and_nodes(tmp_path):
    network = read(tmp_path, STATES)
    assert network.directed
    assert network.ids is None  # not all have names: the state 3 has links only, and is one of the node 3
    assert network.label_list() == [10, 11, 12, 3]
    assert [network.states.labels[node] for node in network.states.physical] == ["ann", "ann", "bob", "cid"]
    assert network.links()[2].tolist() == [2.0, 0.5, 1.0, 1.0]
    named = read(tmp_path, STATES.replace("*Arcs", '3 3 "cid"\n*Arcs'))
    assert named.label_list() == ["ann from bob", "ann from cid", "bob", "cid"]
    assert named.ids.tolist() == [10, 11, 12, 3]
    assert mapeq.infomap(named).communities() == [{"ann", "bob"}, {"ann", "cid"}]
    weighted = read(tmp_path, STATES.replace('"bob"\n*Arcs', '"bob" 2.5\n*Arcs'))
    assert weighted.node_weights.tolist() == [1.0, 1.0, 2.5, 1.0]


def test_limits_go_by_the_numbers_of_layers(tmp_path):
    """Codelengths of infomap 2.16; layers 2 and 5 are 3 apart."""
    path = tmp_path / "layers.net"
    path.write_text("*Intra\n1 1 2\n1 2 3\n2 1 2\n2 2 3 2\n5 1 3\n5 2 3 3\n5 1 4\n")
    for limit, expected in ((0, 1.731858473228), (1, 1.730203104006), (3, 1.733579782501), (4, 1.747231365848)):
        network = mapeq.read_network(path, limit=limit)
        assert mapeq.evaluate(network, [0] * network.num_nodes).codelength == pytest.approx(expected, rel=0, abs=1e-9)


def test_layers_with_names(tmp_path):
    text = '*Vertices\n1 "ann"\n2 "bob"\n3 "cid"\n*Intra\n# layer node node weight\n7 1 2 2\n7 2 3\n9 1 3\n'
    network = read(tmp_path, text)
    assert network.labels == ((7, "ann"), (7, "bob"), (7, "cid"), (9, "ann"), (9, "cid"))
    layers = {7: [("ann", "bob", 2.0), ("bob", "cid", 1.0)], 9: [("ann", "cid", 1.0)]}
    expected = mapeq.Network.from_layers(layers)
    assert (network.matrix() != expected.matrix()).nnz == 0
    inter = read(tmp_path, text + "*Inter\n7 1 9 3\n")
    expected = mapeq.Network.from_layers(layers, inter=[(7, "ann", 9, 3.0)])
    assert (inter.matrix() != expected.matrix()).nnz == 0
    unweighted = mapeq.read_network(tmp_path / "network.net", weight=None)
    assert (unweighted.matrix() != inter.matrix()).nnz > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*States\n1\n", "network.net, line 2: expected a state: its number, that of its physical node"),
        ("*States\n1 -1\n*Links\n1 1\n", "network.net, line 2: expected a state"),
        (
            "*States\n1 1 a x\n",
            "network.net, line 2: expected a weight, a number that is finite and 0 or more",
        ),
        ("*Intra\n1 1\n", "network.net, line 2: expected whole numbers: layer node node, and perhaps a weight"),
        ("*Intra\n1 1 2 -1\n", "network.net, line 2: expected a weight, a number that is finite and 0 or more"),
        ("*Multilayer\n1 1 2\n", "network.net, line 2: expected whole numbers: layer node layer node"),
        ("*Intra\n1 1 2\n*Inter\n1 1 1\n", "network.net, line 4: a link under \\*Inter must lead to another layer"),
        ("*Intra\n1 1 2\n*Inter\n1 1 5\n", r"the link between layers \(1, 1, 5\) names the layer 5; the layers are 1"),
        ("*Intra\n1 1 2\n2 1 2\n*Inter\n1 9 2\n", r"the link between layers \(1, 9, 2\): 9 is no node of the layer 1"),
        ("*States\n1 1\n1 2\n", r"network.net, line 3: the state 1 occurs twice under \*States"),
        ("*Vertices 2 1\n*States\n1 1\n2 2\n*Links\n1 2\n", "states and layers cannot be bipartite"),
        ("*Inter\n1 1 2\n", "there are no links within layers: \\*Inter needs \\*Intra"),
        ("*States\n1 1\n*Intra\n1 1 2\n", "a file holds either \\*States, or \\*Multilayer, or \\*Intra with \\*Inter"),
        ("*Links\n1 2\n*States\n1 1\n", "links before states or layers; links of states follow \\*States"),
        ("*Intra\n1 1 2\n*Links\n1 2\n", "links of nodes without a layer; they belong under \\*Intra"),
    ],
)
def test_sections_that_make_no_sense(tmp_path, text, message):
    with pytest.raises(mapeq.FormatError, match=message):
        read(tmp_path, text)

"""State nodes and layers in mapeq.compat, compared with the infomap package, as a black box."""

import json
import random
import re

import infomap
import numpy as np
import pytest

import mapeq
from mapeq import compat
from mapeq._base.errors import NetworkError

pytestmark = pytest.mark.filterwarnings("ignore:.*3\\.0")


def group(layer, node):
    return int(node % 3 == 0) if layer == 5 else node // 5


RANDOM = random.Random(3)
#: Two groups, which in layer 5 are others, and few links between them.
INTRA = [
    (layer, i, j, 0.5 + RANDOM.random())
    for layer in (1, 2, 5)
    for i in range(10)
    for j in range(i)
    if RANDOM.random() < (0.8 if group(layer, i) == group(layer, j) else 0.1)
]
INTER = [(1, 3, 2, 0.5), (2, 4, 5, 0.7), (5, 2, 1, 0.2)]


def states(module, args=""):
    im = module.Infomap(f"--silent {args}")
    im.add_state_node(10, 1, "ann from bob")
    im.add_state_nodes([(11, 1), (12, 2, "bob's"), (13, 5)])
    im.set_name(1, "ann")
    im.set_names({2: "bob"})
    for link in [(10, 12, 2), (12, 10), (11, 3, 0.5), (3, 11), (13, 11), (3, 13), (10, 11, 0.1)]:
        im.add_link(*link)
    return im


def shared(module, args=""):
    im = module.Infomap(f"--silent {args}")
    im.add_state_nodes({1: 7, 2: 3, 3: 7, 4: 2, 5: 1, 6: 2})
    im.add_links([(1, 2), (2, 3), (3, 1, 2), (4, 5), (5, 6), (6, 4), (3, 4, 0.1), (1, 9, 0.2)])
    return im


def intra(module, args=""):
    im = module.Infomap(f"--silent {args}")
    im.set_name(1, "ann")
    im.add_multilayer_intra_link(*INTRA[0])
    im.add_multilayer_intra_links(INTRA[1:9])
    im.add_multilayer_intra_links(np.array(INTRA[9:]))
    return im


def inter(module, args=""):
    im = intra(module, args)
    im.add_multilayer_inter_link(*INTER[0])
    im.add_multilayer_inter_links(INTER[1:])
    return im


def full(module, args=""):
    im = module.Infomap(f"--silent {args}")
    for layer, i, j, weight in INTRA:
        im.add_multilayer_link((layer, i), module.MultilayerNode(layer_id=layer, node_id=j), weight)
    im.add_multilayer_links([((1, 1), (2, 1), 0.3), ((2, 1), (5, 1), 0.3)])
    im.add_multilayer_links(np.array([[1, 4, 1, 2], [5, 3, 5, 0]]))
    return im


CASES = [
    (build, args)
    for build in (states, shared, full)
    for args in ("", "-2", "-2 -d", "-2de", "-2 -f rawdir", "-2de --to-nodes")
]
CASES += [
    (build, args)
    for build in (intra, inter)
    for args in ("-2", "-2d", "-2e", "-2 --no-self-links", "-2 --markov-time 1.3", "-2 --variable-markov-time")
]
CASES += [
    (intra, f"-2 --multilayer-relax-{args}")
    for args in (
        *("rate 0.4", "rate 0", "rate 1", "limit 1", "limit 3", "limit-up 0", "limit-down 1", "limit -1", "by-jsd"),
        *("to-self --no-self-links", "limit 3 --multilayer-relax-limit-up 1", "by-jsd --multilayer-relax-rate 0.3"),
    )
]
CASES += [(build, "-2 --matchable-multilayer-ids 5") for build in (intra, full)]
FIGURES = (
    *("codelength", "index_codelength", "module_codelength", "one_level_codelength", "relative_codelength_savings"),
    *("num_nodes", "num_physical_nodes", "num_links", "have_memory", "num_top_modules", "num_leaf_modules"),
    *("num_levels", "state_names", "names", "effective_num_top_modules", "effective_num_leaf_modules", "entropy_rate"),
    *("num_non_trivial_top_modules", "max_depth"),
)


def key(node):
    return (node.layer_id, node.node_id) if node.layer_id else node.state_id


def same_partition(build, args):
    """Objects of the package and of mapeq after a run, with the modules that the package has found."""
    theirs, ours = build(infomap, args), build(compat, args)
    theirs.run("--num-trials 5")
    ours.run()
    state = {key(node): node.state_id for node in ours.nodes}
    found = {state[key(node)]: node.path[:-1] if "-2" not in args else node.module_id for node in theirs.nodes}
    ours.run("--no-infomap", initial_partition=found)
    return theirs, ours


def of_nodes(nodes):
    return sorted(
        (
            *(node.path[:-1], node.layer_id, node.node_id, node.module_id, node.depth, node.is_leaf, node.meta_data),
            *(round(value, 9) for value in (node.flow, node.data.enter_flow, node.data.exit_flow)),
            round(node.modular_centrality, 9),
        )
        for node in nodes
    )


def flows(im):
    """The flow over links, by the states at both ends, in any order."""
    keys = {node.state_id: key(node) for node in im.nodes}
    return sorted((*sorted((keys[source], keys[target])), round(flow, 9)) for source, target, flow in im.flow_links)


@pytest.mark.parametrize(("build", "args"), CASES, ids=[f"{build.__name__} {args}" for build, args in CASES])
def test_the_same_modules_have_the_same_figures(build, args):
    theirs, ours = same_partition(build, args)
    for name in FIGURES:
        expected, got = getattr(theirs, name), getattr(ours, name)
        assert type(got) is type(expected), name
        assert got == pytest.approx(expected, abs=1e-9), name
    assert of_nodes(ours.nodes) == of_nodes(theirs.nodes)
    assert of_nodes(ours.physical_nodes) == of_nodes(theirs.physical_nodes)
    for level in (1, -1):
        assert of_nodes(ours.get_nodes(level, states=True)) == of_nodes(theirs.get_nodes(level, states=True))
        assert of_nodes(ours.get_nodes(depth_level=level)) == of_nodes(theirs.get_nodes(depth_level=level))
    assert flows(ours) == flows(theirs)
    summary = theirs.summary()
    for name in ("nodes", "links", "physical_nodes", "state_nodes", "higher_order", "status"):
        assert ours.summary()[name] == summary[name]


@pytest.mark.parametrize("build", [states, shared])
def test_modules_of_states(build):
    theirs, ours = same_partition(build, "-2")
    assert ours.get_modules(states=True) == theirs.get_modules(states=True)
    assert ours.get_multilevel_modules(states=True) == theirs.get_multilevel_modules(states=True)
    assert {node.state_id: node.state_name for node in ours.nodes} == {
        node.state_id: node.state_name for node in theirs.run().nodes(states=True)
    }
    for im in (theirs, ours):
        for ask in (im.get_modules, im.get_multilevel_modules, lambda im=im: im.modules):
            with pytest.raises((infomap.InfomapError, compat.InfomapError), match=r"states=True|without states"):
                ask()


def test_one_module_for_each_node_needs_no_states():
    found = []
    for module in (infomap, compat):
        im = module.Infomap("--silent")
        im.add_state_nodes({1: 1, 2: 2})
        im.add_link(1, 2)
        im.run()
        found.append((im.have_memory, im.get_modules(), im.num_physical_nodes))
    assert found[0] == found[1] == (False, {1: 1, 2: 1}, 2)


def test_metadata_are_those_of_states():
    found = []
    for module in (infomap, compat):
        im = shared(module, "-2d")
        im.set_meta_data({1: 1, 4: 2, 3: 5})
        partition = {1: 0, 2: 0, 3: 0, 9: 0, 4: 1, 5: 1, 6: 1}
        im.run("--no-infomap", initial_partition=partition)
        found.append((im.meta_codelength, {node.state_id: node.meta_data for node in im.nodes}))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-9)
    assert found[1][1] == found[0][1]
    plain = shared(compat, "-2d")
    plain.run("--no-infomap", initial_partition=partition)
    assert im.codelength == pytest.approx(plain.codelength + im.meta_codelength, abs=1e-9)


def test_partitions_by_layer_and_node():
    found = []
    for module in (infomap, compat):
        im = intra(module, "-2")
        partition = {(layer, node): group(layer, node) for layer, *ends, _ in INTRA for node in ends}
        im.initial_partition = {module.MultilayerNode(*pair): part for pair, part in partition.items()}
        im.run("--no-infomap")
        found.append((im.codelength, of_nodes(im.nodes)))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-9)
    assert found[1][1] == found[0][1]
    with pytest.raises(NetworkError, match=r"names the layer and node \(3, 1\), which have no links"):
        intra(compat).run(initial_partition={(3, 1): 0})


FILES = {
    "states": '*Vertices\n1 "ann"\n2 "bob"\n*States\n1 1 "x"\n2 1\n3 2\n*Links\n1 3 .5\n2 7\n3 7\n',
    "layers": '*Vertices\n1 "ann"\n2 "bob"\n*Intra\n1 1 2\n1 2 3\n2 1 4 .5\n2 4 3\n',
    "links between layers": "*Intra\n1 1 2\n1 2 3\n2 1 4 .5\n2 4 3\n*Inter\n1 1 2 .4\n",
    "links of states in layers": "*Multilayer\n1 1 1 2\n1 2 2 3 .5\n2 1 1 4\n2 1 2 3\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_files(tmp_path, text):
    path = tmp_path / "network.net"
    path.write_text(text)

    def build(module, args):
        im = module.Infomap(f"--silent {args}")
        im.read_file(path)
        return im

    theirs, ours = same_partition(build, "-2d")
    for name in FIGURES:
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-9), name
    assert of_nodes(ours.nodes) == of_nodes(theirs.nodes)
    again = compat.Infomap(silent=True)
    again.add_link(1, 2)
    again.read_file(path, accumulate=False)
    assert again.num_nodes == ours.num_nodes
    ours.read_file(path)
    assert ours.num_nodes == again.num_nodes


@pytest.mark.parametrize("level", [True, False])
@pytest.mark.parametrize("build", [states, shared, intra], ids=["states", "shared", "layers"])
@pytest.mark.parametrize("format", ["clu", "tree", "ftree", "csv", "json", "nwk"])
def test_written_files(tmp_path, format, build, level):
    """The rows are those of the package, but for their order among physical nodes, which is theirs by number."""
    found = []
    for im in same_partition(build, "-2 --matchable-multilayer-ids 5" if build is intra else "-2"):
        method = {"ftree": "flow_tree", "nwk": "newick"}.get(format, format)
        getattr(im, f"write_{method}")(tmp_path / f"x.{format}", states=level)
        text = (tmp_path / f"x.{format}").read_text()
        if format == "json":
            found.append(of_json(text))
            continue
        if format == "nwk":
            pairs = [word.split(":") for word in re.findall(r"\d+:[\d.e-]+", text)]
            found.append(("", sorted((name, float(flow)) for name, flow in pairs)))
            continue
        head = [line for line in text.splitlines() if line.startswith(("# state", "# physical", "# node", "# path"))]
        rows = [line for line in text.split("*Links")[0].splitlines() if line[0] != "#"]
        found.append((head, sorted(as_numbers(row, format) for row in rows)))
    (head, rows), (our_head, our_rows) = found
    assert our_head == head
    assert [row[:-1] for row in our_rows] == [row[:-1] for row in rows]
    assert [row[-1] for row in our_rows] == pytest.approx([row[-1] for row in rows], rel=1e-5)


def as_numbers(row, format):
    """The fields of a row without the rank of the node, its flow at the end."""
    fields = row.split("," if format == "csv" else " ")
    if fields[0] == "path":
        return (*fields, 0.0)
    flow = float(fields.pop(2 if format == "clu" else 1))
    if format != "clu":
        fields[0] = fields[0].rpartition(":")[0]
    return (*fields, flow)


def of_json(text):
    content = json.loads(text)
    names = ("name", "id", "stateId", "layerId")
    rows = [
        (str(node["path"][:-1]), str(node.get("modules")), *(str(node.get(name)) for name in names), node["flow"])
        for node in content["nodes"]
    ]
    return (content["higherOrder"], content["stateLevel"], content["numTopModules"]), sorted(rows)


def test_flow_tree_of_physical_nodes(tmp_path):
    _, ours = same_partition(shared, "-2")
    ours.write_flow_tree(tmp_path / "x.ftree")
    lines = (tmp_path / "x.ftree").read_text().splitlines()
    first = lines.index("#*Links path enterFlow exitFlow numEdges numChildren") + 1
    assert [line for line in lines if line[0] not in "#*"][:5] == [
        '1:1 0.431506849 "7" 7',
        '1:2 0.136986301 "3" 3',
        '1:3 0.0136986301 "9" 9',
        '2:1 0.280821918 "2" 2',
        '2:2 0.136986301 "1" 1',
    ]
    assert lines[first:] == [
        "*Links root 0 0 1 2",
        "1 2 0.0136986301",
        "*Links 1 0.00684931507 0.00684931507 2 3",
        "1 2 0.273972603",
        "1 3 0.0273972603",
        "*Links 2 0.00684931507 0.00684931507 1 2",
        "1 2 0.273972603",
    ]


def test_networks_written(tmp_path):
    for build in (states, shared, full):
        ours = build(compat, "-2d")
        ours.write_state_network(tmp_path / "states.net")
        again = compat.Infomap("-2d", silent=True)
        again.read_file(tmp_path / "states.net")
        assert again.run().codelength == pytest.approx(ours.run().codelength, abs=1e-7)
        assert again.get_state_names() == ours.get_state_names()
        package = infomap.Infomap("-2d --silent")
        package.read_file(str(tmp_path / "states.net"))
        assert (package.num_nodes, package.num_physical_nodes) == (ours.num_nodes, ours.num_physical_nodes)
        ours.write_pajek(tmp_path / "nodes.net")
        assert mapeq.read_network(tmp_path / "nodes.net").num_nodes == ours.num_nodes


def test_tables():
    theirs, ours = same_partition(shared, "-2")
    columns = ["state_id", "node_id", "module_id", "layer_id", "flow"]
    for level in (True, False):
        tables = [im.get_dataframe(columns, states=level).sort_values(["state_id"]) for im in (theirs, ours)]
        assert np.allclose(*(table.to_numpy(dtype=float) for table in tables), atol=1e-9)
    assert len(ours.get_dataframe()) == len(theirs.get_dataframe()) == 7
    assert len(ours.to_dataframe()) == len(theirs.to_dataframe()) == 5
    assert list(ours.to_dataframe().columns) == list(theirs.to_dataframe().columns)


def ask(build, *args, **options):
    return lambda: build(compat, *args, **options).run()


def added(name, *args):
    return lambda: getattr(compat.Infomap(silent=True), name)(*args)


def both(first, second):
    def run():
        im = compat.Infomap(silent=True)
        for name, *args in (first, second):
            getattr(im, name)(*args)
        im.run()

    return run


LINK, STATE = ("add_link", 1, 2), ("add_state_node", 1, 5)
WITHIN, FULL = ("add_multilayer_intra_link", 1, 1, 2), ("add_multilayer_link", (1, 1), (2, 1))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (added("add_state_node", -1, 2), "whole numbers from 0"),
        (added("add_state_node", 1, 1.5), "whole numbers from 0"),
        (added("add_state_node", 1, "a"), "whole numbers from 0"),
        (both(STATE, ("add_state_node", 1, 6)), "the state 1 is one of the node 5; it cannot be one of 6, too"),
        (added("add_multilayer_link", (1, 1), 2), r"a link must be \(layer, node\), \(layer, node\), and perhaps"),
        (added("add_multilayer_links", [((1, 1), (2, -1))]), "whole numbers from 0"),
        (added("add_multilayer_links", np.ones((2, 3))), r"shape \(m, 4\), or \(m, 5\) with weights, not \(2, 3\)"),
        (added("add_multilayer_intra_links", [(1, 1)]), r"a link must be layer, node, node, and perhaps a weight"),
        (added("add_multilayer_intra_link", 1, 1, 2, -1), r"the link \(1, 1, 2\)"),
        (added("add_multilayer_intra_link", 1, 1, 2, "x"), "weights must be numbers"),
        (added("add_multilayer_inter_link", 1, 1, 1), r"the link \(1, 1, 1\) is within a layer"),
        (both(LINK, WITHIN), "there are links of nodes or states, and links of layers"),
        (both(STATE, FULL), "there are links of nodes or states, and links of layers"),
        (both(WITHIN, FULL), r"there are links from \(layer, node\) to \(layer, node\), and links within or between"),
        (both(("add_multilayer_inter_link", 1, 1, 2), ("set_name", 1, "x")), "there are no links within layers"),
        (both(WITHIN, ("add_multilayer_inter_link", 1, 1, 2)), "names the layer 2; the layers are 1"),
        (both(WITHIN, ("add_node", 1, "x", 2.0)), "weights of nodes have no meaning in layers"),
        (ask(intra, "--multilayer-relax-rate 1.5"), "multilayer_relax_rate must be a number from 0 to 1"),
        (ask(intra, "--multilayer-relax-rate 1 --multilayer-relax-by-jsd"), "must be below 1 with"),
        (ask(intra, "--multilayer-relax-limit -2"), "multilayer_relax_limit must be a whole number, or -1"),
        (ask(intra, "--matchable-multilayer-ids 3"), "there is a layer 5, above matchable_multilayer_ids=3"),
        (ask(intra, "--matchable-multilayer-ids -3"), "matchable_multilayer_ids must be"),
        (ask(intra, "--weight-threshold 0.5"), "weight_threshold has no meaning where the walk changes layers"),
        (ask(intra, "--regularized"), "no option --regularized for networks whose walk changes layers"),
        (ask(intra, "--multilayer-relax-to-self --multilayer-relax-by-jsd"), "must be False with multilayer_relax_by"),
    ],
)
def test_what_cannot_be(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_states_cannot_be_bipartite():
    im = shared(compat)
    im.bipartite_start_id = 4
    with pytest.raises(NetworkError, match="cannot be bipartite"):
        im.run()

"""Files of the modules of state networks: at the level of states, and of physical nodes."""

import infomap
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq.io.files.leaves import leaves_of
from tests.command import refused, run

pytestmark = pytest.mark.filterwarnings("ignore:.*3\\.0")

STATES = """*Vertices
1 "ann"
2 "bob"
7 "cid"
*States
11 1 "a"
12 1
13 2
14 7
15 7
16 2
*Arcs
11 13 2
13 11
11 12 .5
12 11
14 15 2
15 14
14 16
16 15 3
12 16 .1
15 11 .2
"""
LAYERS = '*Vertices\n1 "ann"\n2 "bob"\n3 "cid"\n*Intra\n4 1 2 2\n4 2 3\n4 1 3\n9 1 5\n9 5 6 2\n9 1 6\n9 2 7 .1\n9 7 5\n'
FULL = "*Multilayer\n1 1 1 2\n1 2 1 3\n1 3 1 1\n2 1 2 4\n2 4 2 5\n2 5 2 1\n1 1 2 1 .3\n2 1 1 1 .2\n"
NETWORKS = {"states": STATES, "layers": LAYERS, "links of layers": FULL}


def read(tmp_path, text, name="network.net"):
    (tmp_path / name).write_text(text)
    return mapeq.read_network(tmp_path / name, directed=True)


def rows(path):
    """The lines of a file without the comments of its header."""
    keep = ("# path", "# node_id", "# state_id", "# physical", "# state level", "# higher")
    return [line for line in path.read_text().splitlines() if not line.startswith("# ") or line.startswith(keep)]


def test_both_levels(tmp_path):
    network = read(tmp_path, STATES)
    partition = dict(zip(network.label_list(), "xxxyyy", strict=True))
    result = mapeq.evaluate(network, partition)
    flow = dict(zip(network.label_list(), result.flow.tolist(), strict=True))
    for name, physical in (("states", False), ("nodes", True)):
        for suffix in ("tree", "clu"):
            result.write(tmp_path / f"{name}.{suffix}", physical=physical)
    heading, level, columns, *lines = rows(tmp_path / "states.tree")
    assert (heading, level, columns) == ("# higher order", "# state level", "# path flow name state_id node_id")
    first = [f'1:1 {flow[14]:.9g} "cid" 14 7', f'1:2 {flow[15]:.9g} "cid" 15 7', f'1:3 {flow[16]:.9g} "bob" 16 2']
    second = [f'2:1 {flow[11]:.9g} "ann" 11 1', f'2:2 {flow[13]:.9g} "bob" 13 2', f'2:3 {flow[12]:.9g} "ann" 12 1']
    by_flow = [first, second] if sum(flow[state] for state in (14, 15, 16)) > 0.5 else [second, first]
    assert sorted(line.split()[1:] for line in lines) == sorted(
        line.split()[1:] for module in by_flow for line in module
    )
    _, level, columns, *lines = rows(tmp_path / "nodes.tree")
    assert (level, columns) == ("# physical level", "# path flow name node_id")
    assert sorted(line.split()[1:] for line in lines) == sorted(
        [f"{value:.9g}", f'"{name}"', str(node)]
        for value, name, node in (
            (flow[14] + flow[15], "cid", 7),
            (flow[16], "bob", 2),
            (flow[11] + flow[12], "ann", 1),
            (flow[13], "bob", 2),
        )
    )
    assert rows(tmp_path / "states.clu")[2] == "# state_id module flow node_id"
    assert rows(tmp_path / "nodes.clu")[1:3] == ["# physical level", "# node_id module flow"]
    assert sorted(line.split()[0] for line in rows(tmp_path / "nodes.clu")[3:]) == ["1", "2", "2", "7"]


def test_flow_between_physical_nodes(tmp_path):
    network = read(tmp_path, STATES)
    result = mapeq.evaluate(network, dict(zip(network.label_list(), "xxxyyy", strict=True)))
    result.write(tmp_path / "x.ftree", physical=True)
    result.write(tmp_path / "states.ftree")
    links = result.link_flow()
    modules, nodes = result.labels, network.states.physical
    expected = {}
    for source, target, flow in zip(links.sources, links.targets, links.flow, strict=True):
        ends = nodes[source], nodes[target]
        if modules[source] == modules[target] and ends[0] != ends[1]:
            expected[modules[source], *ends] = expected.get((modules[source], *ends), 0) + flow
    lines = (tmp_path / "x.ftree").read_text().splitlines()
    tree = {line.split()[0]: line.split()[-1] for line in lines if line[0].isdigit() and ":" in line.split()[0]}
    found, module, size = {}, None, None
    for line in lines[lines.index("*Links directed") + 2 :]:
        fields = line.split()
        if line.startswith("*Links"):
            module, size = fields[1], int(fields[5])
            assert size == (2 if module == "root" else sum(path.startswith(f"{module}:") for path in tree))
        elif module != "root":
            ends = (int(tree[f"{module}:{rank}"]) for rank in fields[:2])
            found[(int(module) - 1, *(network.states.ids.tolist().index(end) for end in ends))] = float(fields[2])
    assert found == pytest.approx(expected, rel=1e-7)
    assert "numEdges" in (tmp_path / "states.ftree").read_text()


@pytest.mark.parametrize("suffix", ["tree", "clu", "ftree", "json", "csv"])
@pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)
def test_files_of_states_are_read_back(tmp_path, text, suffix):
    network = read(tmp_path, text)
    labels = network.label_list()
    result = mapeq.evaluate(network, {label: i % 3 for i, label in enumerate(labels)})
    result.write(tmp_path / f"modules.{suffix}")
    again = mapeq.evaluate(network, tmp_path / f"modules.{suffix}")
    assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
    assert again.communities() == result.communities()
    assert again.modules() == result.modules()


@pytest.mark.parametrize("suffix", ["tree", "clu", "ftree"])
@pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)
def test_files_of_infomap_are_read_and_ours_by_infomap(tmp_path, text, suffix):
    network = read(tmp_path, text)
    im = infomap.Infomap("--silent -2 -d -N 5")
    im.read_file(str(tmp_path / "network.net"))
    im.run()
    getattr(im, "write_flow_tree" if suffix == "ftree" else f"write_{suffix}")(str(tmp_path / f"theirs.{suffix}"), True)
    result = mapeq.evaluate(network, tmp_path / f"theirs.{suffix}")
    assert result.codelength == pytest.approx(im.codelength, abs=1e-9)
    labels = network.label_list()
    ours = mapeq.evaluate(network, {label: i % 2 for i, label in enumerate(labels)})
    ours.write(tmp_path / f"ours.{suffix}")
    again = infomap.Infomap(f"--silent -2 -d --no-infomap --cluster-data {tmp_path / f'ours.{suffix}'}")
    again.read_file(str(tmp_path / "network.net"))
    again.run()
    assert again.codelength == pytest.approx(ours.codelength, abs=1e-9)


@pytest.mark.parametrize("suffix", ["tree", "clu", "ftree"])
def test_files_of_physical_nodes_are_read_where_they_tell(tmp_path, suffix):
    network = read(tmp_path, STATES)
    nodes = [network.states.labels[node] for node in network.states.physical]
    together = {state: node == "ann" for state, node in zip(network.label_list(), nodes, strict=True)}
    result = mapeq.evaluate(network, together)
    result.write(tmp_path / f"nodes.{suffix}", physical=True)
    assert mapeq.evaluate(network, tmp_path / f"nodes.{suffix}").communities() == result.communities()
    apart = mapeq.evaluate(network, dict(zip(network.label_list(), "xxxyyy", strict=True)))
    apart.write(tmp_path / f"nodes.{suffix}", physical=True)
    message = (
        r"nodes.\w+, line \d+: the node '2' is in two modules, and only a file of states tells which of its states"
    )
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.evaluate(network, tmp_path / f"nodes.{suffix}")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=9))
def test_rows_of_physical_nodes(pairs):
    """Each pair of a module and a physical node is a row, with the flow of its states."""
    physical, modules = zip(*pairs, strict=True)
    n = len(pairs)
    ring = np.arange(n), (np.arange(n) + 1) % n, 1 + np.arange(n) % 3
    network = mapeq.Network.from_edges(*ring, directed=True, num_nodes=n).with_states(physical)
    result = mapeq.evaluate(network, modules, flow_model="undirected")
    leaves = leaves_of(result, physical=True)
    expected = {}
    for state, pair in enumerate(zip(physical, result.labels.tolist(), strict=True)):
        expected.setdefault(pair, []).append(state)
    assert len(leaves.nodes) == len(expected)
    for pair, states in expected.items():
        row = set(leaves.row_of[states].tolist())
        assert len(row) == 1
        flow, most = leaves.flow[row.pop()], max(result.flow[states])
        assert flow == pytest.approx(result.flow[states].sum())
        assert most == max(result.flow[node] for node in leaves.nodes if (physical[node], result.labels[node]) == pair)
    for module in set(leaves.modules.tolist()):
        here = leaves.modules == module
        assert leaves.ranks[here].tolist() == list(range(1, here.sum() + 1))
        assert (np.diff(leaves.flow[here]) <= 1e-15).all()


def test_networks_without_numbers(tmp_path):
    """Numbers only count nodes and states then, so names must fit."""
    paths = [["ann", "cafe", "ann"], ["bob", "cafe", "bob"]]
    network = mapeq.Network.from_paths(paths * 2)
    result = mapeq.infomap(network)
    result.write(tmp_path / "x.tree")
    assert '"cafe" 1 2' in (tmp_path / "x.tree").read_text()
    assert mapeq.evaluate(network, tmp_path / "x.tree").modules() == result.modules()
    other = mapeq.Network.from_paths([[{"ann": "eve"}.get(place, place) for place in path] for path in paths])
    with pytest.raises(mapeq.PartitionError, match="the node 1 is 'eve' in the network, not 'ann'"):
        mapeq.evaluate(other, tmp_path / "x.tree")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.tree", '1:1 0.1 "ann" 11 2\n', "line 1: the state 11 is one of the node 1 in the network, not of 2"),
        ("x.clu", "11 1 0.1 2\n", "line 1: the state 11 is one of the node 1 in the network, not of 2"),
        ("x.tree", '1:1 0.1 "ann" 99 1\n', "line 1: '99' is not a node of the network"),
        ("x.tree", '1:1 0.1 "ann" 99\n', "line 1: '99' is not a node of the network"),
        ("x.clu", "# physical level\n11 1\n", "line 2: '11' is not a node of the network"),
        ("x.clu", "11 1\n11 2\n", "line 2: the node '11' is named twice"),
        ("x.clu", "11 1\n12 2\n", "4 of 6 nodes have no module, such as 13"),
    ],
)
def test_files_that_do_not_fit(tmp_path, name, text, message):
    network = read(tmp_path, STATES)
    (tmp_path / name).write_text(text)
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.evaluate(network, tmp_path / name)


def test_recorded_options_that_do_not_fit(tmp_path):
    network = read(tmp_path, STATES)
    (tmp_path / "x.clu").write_text("# options entropy_correction=0.1\n" + "".join(f"{i} 1\n" for i in network.labels))
    message = "found with options that do not fit the network: entropy_correction must be 0 for state networks"
    with pytest.raises(mapeq.PartitionError, match=message):
        mapeq.evaluate(network, tmp_path / "x.clu")
    with pytest.raises(ValueError, match=r"^entropy_correction must be 0 for state networks"):
        mapeq.evaluate(network, np.zeros(6, int), entropy_correction=0.1)


def test_what_has_no_physical_level(tmp_path):
    result = mapeq.infomap([(1, 2)])
    with pytest.raises(mapeq.NetworkError, match="the network has no states, whose"):
        result.write(tmp_path / "x.tree", physical=True)
    with pytest.raises(ValueError, match=r"physical must be omitted, because a .csv file"):
        mapeq.infomap(read(tmp_path, STATES)).write(tmp_path / "x.csv", physical=True)
    assert not (tmp_path / "x.tree").exists()
    with pytest.raises(mapeq.NetworkError, match="all its nodes are physical nodes"):
        leaves_of(result, physical=True)


def test_the_command(tmp_path):
    (tmp_path / "states.net").write_text(STATES)
    (tmp_path / "plain.txt").write_text("1 2\n")
    done = run("cluster", tmp_path / "states.net", "-q", "-o", "x.tree", "-o", "x.clu", "--physical", cwd=tmp_path)
    assert done.returncode == 0
    assert "# physical level" in (tmp_path / "x.tree").read_text()
    assert "# physical level" in (tmp_path / "x.clu").read_text()
    done = run("cluster", tmp_path / "states.net", "-q", "-o", "x.json", "--physical", cwd=tmp_path)
    assert refused(done, "--physical must be omitted, because only .clu, .tree and .ftree files have it")
    done = run("cluster", tmp_path / "plain.txt", "-q", "-o", "x.tree", "--physical", cwd=tmp_path)
    assert refused(done, "--physical is for networks of states, and this one has none")

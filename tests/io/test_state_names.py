"""States as people read them: on standard output, in files, reports and summaries."""

import csv
import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import mapeq
from mapeq.io.files.metadata import read_metadata
from tests.command import run
from tests.reports import data_of

PATHS = [["a", "hub", "b"], ["b", "hub", "a"], ["x", "hub", "y"], ["y", "hub", "x"]]
HOURS = np.array(["2024-05-31T08:00", "2024-05-31T09:00"], "datetime64[m]")
NETWORKS = {
    "memory": mapeq.Network.from_paths(PATHS),
    "layers": mapeq.Network.from_layers({HOURS[0]: [("ann", "bob")], HOURS[1]: [("ann", "cid"), ("bob", "cid")]}),
    "own names": mapeq.Network.from_edges([0, 1, 2], [1, 2, 0], directed=True).with_states(["ann", "bob", "ann"]),
    # Names that contain the separator, and names that look alike.
    "places": mapeq.Network.from_paths([["a", "b > c", "a"], ["a > b", "c", "a"]]),
    "nodes": mapeq.Network.from_layers({"z": [("x in y", "b")], "y in z": [("x", "b")]}),
    "numbers": mapeq.Network.from_layers({1: [("a", "b")], "1": [("a", "b")]}),
}
NAMES = {
    "memory": ["a > hub", "hub > b", "hub > a", "hub > y", "hub > x", "b > hub", "x > hub", "y > hub"],
    "layers": [
        "ann in 2024-05-31T08:00",
        "bob in 2024-05-31T08:00",
        "ann in 2024-05-31T09:00",
        "bob in 2024-05-31T09:00",
        "cid in 2024-05-31T09:00",
    ],
    "own names": ["0", "1", "2"],
    "places": ["('a', 'b > c')", "('b > c', 'a')", "('c', 'a')", "('a > b', 'c')"],
    "nodes": ["('z', 'x in y')", "('z', 'b')", "('y in z', 'b')", "('y in z', 'x')"],
    "numbers": ["(1, 'a')", "(1, 'b')", "('1', 'a')", "('1', 'b')"],
}


def modules_of(network):
    return {label: i % 2 for i, label in enumerate(network.label_list())}


@pytest.mark.parametrize("kind", NETWORKS)
def test_names_in_files(kind, tmp_path):
    network, names = NETWORKS[kind], sorted(NAMES[kind])
    result = mapeq.evaluate(network, modules_of(network))
    for suffix in ("csv", "json", "graphml", "html"):
        result.write(tmp_path / f"x.{suffix}")
    with (tmp_path / "x.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["node"] for row in rows) == names
    written = json.loads((tmp_path / "x.json").read_text())
    assert sorted(node["name"] for node in written["nodes"]) == names
    with pytest.warns(UserWarning, match="does not hold the physical nodes of its states"):
        mapeq.write_network(network, tmp_path / "links.json")
    assert sorted(str(node["id"]) for node in json.loads((tmp_path / "links.json").read_text())["nodes"]) == names
    page = data_of((tmp_path / "x.html").read_text())
    nodes = {str(network.states.labels[i]) for i in network.states.physical}
    assert set(map(str, page["nodes"]["label"])) == nodes
    layers = network.states.layers
    assert sorted(page["states"]["names"]) == sorted(names if layers is None else map(str, layers))
    if "layer" in rows[0]:
        assert {row["layer"] for row in rows} == set(map(str, network.states.layers))
    assert {row["physical"] for row in rows} == nodes


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "clu", "tree", "ftree"])
def test_files_are_read_back(kind, suffix, tmp_path):
    network = NETWORKS[kind]
    result = mapeq.evaluate(network, modules_of(network))
    result.write(tmp_path / f"x.{suffix}")
    if kind == "numbers" and suffix == "clu":  # which names nodes and layers
        with pytest.raises(mapeq.PartitionError, match="the node '3' is named twice"):
            mapeq.evaluate(network, tmp_path / "x.clu")
        return
    assert mapeq.evaluate(network, tmp_path / f"x.{suffix}").modules() == result.modules()


@pytest.mark.parametrize("kind", NETWORKS)
def test_tables_are_read_by_names_and_labels(kind, tmp_path):
    network = NETWORKS[kind]
    result = mapeq.evaluate(network, modules_of(network))
    result.write(tmp_path / "names.csv")
    result.to_dataframe().to_csv(tmp_path / "labels.csv", index=False)
    for name in ("names.csv", "labels.csv"):
        assert mapeq.evaluate(network, pd.read_csv(tmp_path / name)).modules() == result.modules()
        assert mapeq.evaluate(network, tmp_path / name).modules() == result.modules()


READERS = {"graphml": nx.read_graphml, "gexf": nx.read_gexf, "gml": nx.read_gml}


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("kind", ["memory", "layers", "places"])
def test_graph_files_of_networks_say_what_states_are(kind, suffix, tmp_path):
    network, path = NETWORKS[kind], tmp_path / f"x.{suffix}"
    what = "physical and layer" if kind == "layers" else "physical"
    with pytest.warns(UserWarning, match=f"does not hold the physical nodes of its states, but as attributes: {what}$"):
        mapeq.write_network(network, path)
    nodes = READERS[suffix](path).nodes(data=True)
    columns = mapeq.evaluate(network, modules_of(network)).state_columns()
    for name in ("physical", "layer"):
        found = [str(attributes.get(name)) for _, attributes in nodes]
        assert found == (list(map(str, columns[name])) if name in columns else ["None"] * len(nodes))
    assert mapeq.read_network(path).states is None
    assert mapeq.read_network(path).num_links == network.num_links


def test_metadata_by_name(tmp_path):
    network = NETWORKS["layers"]
    (tmp_path / "kinds.csv").write_text("".join(f"{name},{name[-5:]}\n" for name in NAMES["layers"]))
    found = read_metadata(tmp_path / "kinds.csv", network).metadata
    assert [found.categories[code] for code in found.codes] == ["08:00"] * 2 + ["09:00"] * 3


def test_names_in_text(tmp_path):
    hubs = mapeq.Network.from_layers({"work": [("ann", other) for other in "bcdefg"]}, relax_rate=0)
    assert hubs.summary()["hubs"][0] == ("ann in work", 12)
    assert "ann in work (12)" in hubs._repr_html_()
    result = mapeq.infomap(hubs)
    assert "The walk is at node ann in work in 53% of all steps" in result.explanation
    (tmp_path / "trips.paths").write_text("a hub b\nx hub y\n")
    done = run("cluster", tmp_path / "trips.paths")
    assert done.stdout.decode().splitlines()[0] == "a > hub\t1"

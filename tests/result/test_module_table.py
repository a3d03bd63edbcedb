"""The table of the modules of a result."""

import csv
import json

import naive
import networkx as nx
import numpy as np
import pyarrow.parquet
import pytest
from command import JAZZ, refused, run

import mapeq

LEVELS = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
PATH = [(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)]


def close(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


def test_rates_and_codelengths_are_those_of_the_formula():
    result = mapeq.infomap(nx.les_miserables_graph(), multilevel=True, markov_time=0.7)
    graph = nx.les_miserables_graph()
    weights = nx.to_numpy_array(graph, nodelist=result.node_labels)
    flow = weights / weights.sum()
    time = 0.7
    table = {row["path"]: row for row in result.module_table()} if result.num_levels > 2 else None
    table = table or {str(row["module"]): row for row in result.module_table()}
    paths = result.modules(level=-1) if result.num_levels == 2 else None
    finest = result.path_column().get("path") or [str(paths[name]) for name in result.node_labels]
    for path, row in table.items():
        inside = np.array([one == path or one.startswith(path + ":") for one in finest])
        assert row["num_nodes"] == inside.sum()
        assert row["flow"] == close(flow[inside].sum())
        assert row["exit"] == close(time * flow[inside][:, ~inside].sum())
        assert row["enter"] == close(row["exit"])
        children = [other for name, other in table.items() if name.rpartition(":")[0] == path and ":" in name]
        words = [child["enter"] for child in children] or flow[inside].sum(axis=1).tolist()
        words = [*words, row["exit"]]
        assert row["codelength"] == close(naive.plogp(sum(words)) - sum(map(naive.plogp, words)))
    assert len(table) == len(result.hierarchy.parent) - 1


CASES = {
    "two levels": (PATH, {}),
    "levels": (PATH, {"multilevel": True}),
    "directed": (PATH, {"directed": True, "recorded_teleportation": True}),
    "metadata": (PATH, {"metadata": {node: node % 2 for node in range(1, 7)}}),
    "priced": (nx.karate_club_graph(), {"entropy_correction": 1.0, "preferred_number_of_modules": 3}),
    "bipartite": ([("bee", "rose"), ("bee", "lily"), ("fly", "lily"), ("ant", "leek")], {"bipartite": True}),
    "states": (mapeq.Network.from_paths([[1, 2, 3, 1, 2], [4, 2, 5, 4, 2, 5], [3, 1, 4]]), {}),
    "no links": (nx.empty_graph(3), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_codelengths_add_up(case):
    network, options = CASES[case]
    result = mapeq.infomap(network, **options)
    table = result.module_table()
    assert sum(table.columns()["codelength"]) + result.tree.codelength + result.price == close(result.codelength)
    assert sum(table.columns()["num_nodes"]) == result.num_nodes or result.num_levels > 2
    if result.price == 0:
        assert result.tree.codelength == close(result.index_codelength)


def test_levels():
    result = mapeq.evaluate(PATH, LEVELS)
    every, top, finest = (result.module_table(level).columns() for level in (None, 1, -1))
    assert every["path"] == ["1", "1:1", "1:2", "2"]
    assert (every["module"], every["level"]) == ([1, 1, 1, 2], [1, 2, 2, 1])
    assert (top["module"], top["path"], top["num_nodes"]) == ([1, 2], ["1", "2"], [4, 2])
    assert top["top_nodes"] == [[2, 3, 4, 1], [5, 6]]
    assert finest["module"] == [1, 2, 3]
    assert sum(finest["flow"]) == close(1)
    for number, path in zip(finest["module"], finest["path"], strict=True):
        members = {node for node, module in result.modules(-1).items() if module == number}
        found = every["top_nodes"][every["path"].index(path)]
        assert set(found) == members


def test_names_of_states_and_of_one_side():
    layers = mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "bob")]})
    assert mapeq.evaluate(layers, [0, 0, 0, 0]).module_table().columns()["top_nodes"] == [["ann", "bob"]]
    visits = [("bee", "rose"), ("bee", "lily"), ("fly", "lily")]
    assert mapeq.infomap(visits, bipartite=True).module_table().columns()["top_nodes"] == [["bee", "fly"]]


def test_stability_is_that_of_the_modules():
    found = mapeq.stability(nx.les_miserables_graph(), resample="links", num_trials=5)
    table = found.result.module_table(stability=found).columns()
    expected = found.columns()
    for name in ("module", "num_nodes", "over_trials", "over_resamples", "num_core"):
        assert table[name] == expected[name]
    other = mapeq.infomap(nx.les_miserables_graph(), markov_time=2)
    with pytest.raises(mapeq.PartitionError, match="that of other modules than those at level 1"):
        other.module_table(stability=found)


def test_files_and_tables(tmp_path):
    result = mapeq.infomap([("a,b", "c"), ("c", "d"), ("a,b", "d")])
    table = result.module_table(num_names=2)
    for suffix in ("csv", "tsv", "json", "parquet"):
        table.write(tmp_path / f"table.{suffix}")
    with open(tmp_path / "table.csv") as file:
        (row,) = csv.DictReader(file)
    assert row["top_nodes"] == '"a,b", c'
    assert float(row["codelength"]) == table.columns()["codelength"][0]
    assert json.loads((tmp_path / "table.json").read_text()) == {"modules": list(table)}
    assert pyarrow.parquet.read_table(tmp_path / "table.parquet").to_pydict() == table.columns()
    assert table.to_dataframe().to_dict("list") == table.to_arrow().to_pydict() == table.columns()
    assert (len(table), repr(table)) == (1, "<mapeq ModuleTable: 1 module>")
    with pytest.raises(ValueError, match="the suffix selects the format"):
        table.write(tmp_path / "table.tree")


def test_the_command_writes_it(tmp_path):
    done = run("cluster", JAZZ, "-q", "-o", tmp_path / "x.clu", "--module-table", tmp_path / "table.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    table = mapeq.infomap(JAZZ).module_table()
    assert json.loads((tmp_path / "table.json").read_text()) == table.summary()
    outputs = ["-o", "a.csv", "--module-table"]
    assert refused(run("cluster", JAZZ, *outputs, "a.csv", cwd=tmp_path), "a.csv: this output is named twice")
    assert refused(run("cluster", JAZZ, *outputs, "a.tree", cwd=tmp_path), "a.tree: the suffix selects the format")


def test_the_command_writes_that_of_a_given_partition(tmp_path):
    result = mapeq.infomap(JAZZ, markov_time=0.8)
    result.write(tmp_path / "given.tree")
    done = run("evaluate", JAZZ, "given.tree", "--module-table", "table.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == run("evaluate", JAZZ, "given.tree", cwd=tmp_path).stdout
    given = mapeq.evaluate(JAZZ, tmp_path / "given.tree").module_table()
    assert json.loads((tmp_path / "table.json").read_text()) == given.summary()
    (tmp_path / "given.csv").write_text("node,module\n1,1\n")
    wrong = run("evaluate", JAZZ, "given.csv", "--module-table", "given.csv", cwd=tmp_path)
    assert refused(wrong, "given.csv: is the input; name another output file")
    assert refused(run("evaluate", JAZZ, "given.tree", "--module-table", "a.tree", cwd=tmp_path), "a.tree: the suffix")


def test_what_is_shown():
    table = mapeq.infomap(nx.relabel_nodes(nx.empty_graph(60), {0: "<a>"})).module_table()
    assert str(table).splitlines()[-1] == "... and 10 modules more"
    assert "<td>&lt;a&gt;</td>" in table._repr_html_()
    assert len(mapeq.infomap(nx.Graph()).module_table()) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 2}, "level must be 1"),
        ({"num_names": -1}, "num_names must be a whole number, 0 or more, not -1"),
        ({"stability": 0.5}, "stability must be the Stability that mapeq.stability returns, not 0.5"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        mapeq.infomap(PATH).module_table(**options)

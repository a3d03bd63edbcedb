"""What a print and a notebook show of modules."""

import networkx as nx

import mapeq


def test_a_tree_is_printed_with_its_modules():
    levels = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
    result = mapeq.evaluate([(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)], levels)
    root, *lines = str(result.tree).splitlines()
    assert root == repr(result.tree).strip("<>")
    assert lines == [
        "  1  4 nodes, 70.0% of the flow, in 2 modules",
        "    1:1  2 nodes, 40.0% of the flow: 3, 4",
        "    1:2  2 nodes, 30.0% of the flow: 2, 1",
        "  2  2 nodes, 30.0% of the flow: 5, 6",
    ]
    leaf = result.tree.children[1]
    assert str(leaf).splitlines() == [repr(leaf).strip("<>"), "  5, 6"]


def test_wide_and_deep_trees_are_shortened():
    wide = str(mapeq.infomap(nx.empty_graph(1000)).tree).splitlines()
    assert len(wide) == 22
    assert wide[-1] == "  ...  and 980 smaller"
    deep = str(mapeq.infomap(nx.ring_of_cliques(300, 5), multilevel=True).tree).splitlines()
    assert 10 < len(deep) < 120
    assert any(line.startswith("    ") for line in deep)
    assert str(mapeq.infomap(nx.Graph()).tree) == repr(mapeq.infomap(nx.Graph()).tree).strip("<>")


def test_a_notebook_shows_the_modules_of_a_result():
    shown = mapeq.infomap(nx.relabel_nodes(nx.barbell_graph(5, 0), {0: "<a>"}))._repr_html_()
    assert "<th>1</th><td>5 nodes, 50.0% of the flow: " in shown
    assert "&lt;a&gt;" in shown

"""Partitions in pandas, Polars and Arrow: Series go by label, tables by their columns."""

import random

import networkx as nx
import numpy as np
import pytest
import scipy.sparse

import mapeq

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

LINKS = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]
NUMBERS = [(2, 0), (0, 1), (2, 1), (1, 3), (3, 4), (4, 5), (3, 5)]  # nodes in the order 2, 0, 1, 3, 4, 5
TRIANGLES = 2.320730356833


@pytest.fixture
def result():
    return mapeq.infomap(LINKS)


def shuffled(values):
    return random.Random(1).sample(values, len(values))


def test_the_index_of_a_series_holds_the_labels():
    for names, links in ((list("abcdef"), LINKS), ([0, 1, 2, 3, 4, 5], NUMBERS)):
        modules = pandas.Series([0, 0, 0, 1, 1, 1], index=names)
        for series in (modules, modules[shuffled(names)], modules.astype(str), modules.astype("category")):
            assert mapeq.evaluate(links, series).codelength == pytest.approx(TRIANGLES, abs=1e-9)
            started = mapeq.infomap(links, initial_partition=series, num_trials=1)
            assert started.codelength == pytest.approx(TRIANGLES, abs=1e-9)
    by_position = mapeq.evaluate(LINKS, np.array([0, 1, 0, 1, 0, 1]))
    assert by_position.codelength > TRIANGLES + 1


def test_a_series_of_paths_is_a_hierarchy():
    paths = pandas.Series([("x", 1), ("x", 1), ("x", 2), ("y",), ("y",), ("y",)], index=list("abcdef"))
    assert mapeq.evaluate(LINKS, paths[::-1]).num_levels == 3


def test_a_series_that_counts_its_rows_is_refused_unless_the_labels_do():
    counted = pandas.Series([0, 0, 0, 1, 1, 1])
    message = r"counts its rows from 0, but there is a node 'a': index the Series by node labels, such as table.set_in"
    for use in (mapeq.evaluate, lambda links, series: mapeq.infomap(links, initial_partition=series)):
        with pytest.raises(mapeq.PartitionError, match=message):
            use(LINKS, counted)
        with pytest.raises(mapeq.PartitionError, match="counts its rows from 0, but there is a node 6"):
            use([(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)], counted)
        assert use(NUMBERS, counted).codelength == pytest.approx(TRIANGLES, abs=1e-9)
        assert use(LINKS, counted.to_numpy()).codelength == pytest.approx(TRIANGLES, abs=1e-9)
    earlier = pandas.Series([0, 0, 0, 1])  # of a network of fewer nodes
    assert mapeq.infomap(NUMBERS, initial_partition=earlier).num_modules == 2


def test_what_is_wrong_with_a_series():
    for series, message in (
        (pandas.Series([0, 1], index=["a", "a"]), "the index of the Series names 'a' twice"),
        (pandas.Series([0], index=["a"]), "does not name the node 'b'"),
        (pandas.Series([0] * 7, index=list("abcdefg")), "names 'g', which is not a node"),
        (pandas.Series([0] * 5 + [None], index=list("abcdef")), "the node 'f' has no module"),
    ):
        with pytest.raises(mapeq.PartitionError, match=message):
            mapeq.evaluate(LINKS, series)


def test_series_and_arrays_without_labels_are_in_node_order():
    for modules in (polars.Series([0, 0, 0, 1, 1, 1]), pyarrow.array([*"xxxyyy"]), pandas.Index([0, 0, 0, 1, 1, 1])):
        assert mapeq.evaluate(LINKS, modules).codelength == pytest.approx(TRIANGLES, abs=1e-9)


def tables(frame):
    yield frame
    yield frame.sample(frac=1, random_state=0)
    yield frame.set_index("node")
    yield frame.rename(columns={"node": " Node", "module": "MODULE"})
    yield polars.from_pandas(frame.astype({"node": str}))
    yield pyarrow.Table.from_pandas(frame.astype({"node": str}), preserve_index=False)


def test_the_table_of_a_result_is_a_partition(result, tmp_path):
    for table in tables(result.to_dataframe()):
        assert mapeq.evaluate(LINKS, table).communities() == result.communities()
        assert mapeq.infomap(LINKS, initial_partition=table).communities() == result.communities()
    assert mapeq.evaluate(LINKS, result.to_arrow()).communities() == result.communities()
    for suffix, read in (("csv", pandas.read_csv), ("parquet", pandas.read_parquet), ("parquet", polars.read_parquet)):
        result.write(tmp_path / f"r.{suffix}")
        assert mapeq.evaluate(LINKS, read(tmp_path / f"r.{suffix}")).communities() == result.communities()


def test_the_table_of_a_hierarchy_is_a_hierarchy(tmp_path):
    links = [(f"n{u}", f"n{v}") for u, v in nx.ring_of_cliques(30, 5).edges()]
    result = mapeq.infomap(links, multilevel=True)
    assert result.num_levels > 2
    for table in tables(result.to_dataframe()):
        again = mapeq.evaluate(links, table)
        assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
        assert again.num_levels == result.num_levels


def test_labels_in_a_table_may_be_their_text(tmp_path):
    links = [(("a", 1), 2), (2, "3"), ("3", ("a", 1))]
    result = mapeq.infomap(links)
    assert mapeq.evaluate(links, result.to_arrow()).communities() == result.communities()
    words = [("1", "2"), ("2", "3")]
    table = pandas.DataFrame({"node": [1, 2, 3], "module": [0, 0, 1]})  # as pandas reads the numbers of a file
    assert mapeq.evaluate(words, table).modules() == {"1": 1, "2": 1, "3": 2}


def test_what_is_wrong_with_a_table(result):
    frame = result.to_dataframe()
    for table, message in (
        (
            frame[["node", "flow"]],
            r"needs the columns node and module \(or path\), one row per node; it has 'node', 'f",
        ),
        (polars.from_pandas(frame)[["module"]], "needs the columns node and module .* it has 'module'"),
        (pandas.concat([frame, frame[:1]]), "the table names the node 'a' twice"),
        (frame[:5], "does not name the node 'f'"),
    ):
        with pytest.raises(mapeq.PartitionError, match=message):
            mapeq.evaluate(LINKS, table)


def test_weights_of_nodes_go_by_label():
    weights = {"c": 3.0, "a": 1.0, "b": 2.0}
    for given in (weights, pandas.Series(weights)):
        network = mapeq.Network.from_edges(["a", "b"], ["b", "c"], node_weights=given)
        assert network.node_weights.tolist() == [1, 2, 3]
    matrix = scipy.sparse.csr_array([[0, 1.0], [1.0, 0]])
    assert mapeq.Network.from_csr(matrix, node_weights={1: 2, 0: 1}).node_weights.tolist() == [1, 2]
    for given, message in (
        ({"a": 1}, "node_weights does not name the node 'b'"),
        (weights | {"d": 1}, "node_weights names 'd', which is not a node"),
        (pandas.Series([1, 2, 3]), "counts its rows from 0, but there is a node 'a'"),
    ):
        with pytest.raises(mapeq.NetworkError, match=message):
            mapeq.Network.from_edges(["a", "b"], ["b", "c"], node_weights=given)


def test_the_old_class_starts_from_a_series():
    from mapeq.compat import Infomap

    im = Infomap(two_level=True, silent=True)
    im.add_links(NUMBERS)
    modules = pandas.Series([1, 1, 1, 2, 2, 2])[::-1]
    assert im.run(initial_partition=modules, no_infomap=True).codelength == pytest.approx(TRIANGLES, abs=1e-9)

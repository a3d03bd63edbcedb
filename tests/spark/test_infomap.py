"""Searches on Spark against those on one machine."""

import numpy as np
import pyarrow
import pytest

import mapeq
import mapeq.spark
from benchmarks.large import planted
from benchmarks.networks import EXAMPLES, rmat

TRIANGLES = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "d")]


def modules_of(result):
    return {row["id"]: row["module"] for row in result.nodes.collect()}


def frame(spark, links):
    return spark.createDataFrame(pyarrow.table({"src": links[:, 0], "dst": links[:, 1]}))


def planted_links(num_links, seed):
    return np.concatenate([np.column_stack(block) for block in planted(num_links, seed)]).astype(np.int64)


def test_two_triangles(spark):
    vertices = spark.createDataFrame([("a",), ("x",), ("y",)], "id string")
    result = mapeq.spark.infomap(spark.createDataFrame(TRIANGLES, "src string, dst string"), vertices)
    assert result.codelength == pytest.approx(2.32073035683379, abs=1e-12)
    assert result.one_level_codelength == pytest.approx(2.55665670746282, abs=1e-12)
    assert modules_of(result) == {"a": 0, "b": 0, "c": 0, "d": 1, "e": 1, "f": 1, "x": 2, "y": 3}
    assert result.nodes.dtypes == [("id", "string"), ("module", "bigint"), ("flow", "double")]
    assert result.nodes.agg({"flow": "sum"}).first()[0] == pytest.approx(1)
    assert result.num_modules == 4
    assert repr(result) == "<SparkResult: 4 modules, 2.3207 bits per step>"
    assert [(row.stage, row.num_modules) for row in result.history] == [("search", 2)]


def test_directed_search_on_an_executor(spark):
    links = [(0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0), (2, 3, 1.0), (3, 4, 1.0), (4, 5, 3.0), (5, 3, 1.0), (5, 6, 0.5)]
    edges = spark.createDataFrame(links, "src int, dst int, w double")
    options = {"directed": True, "teleportation_probability": 0.8}  # converges in few steps
    result = mapeq.spark.infomap(edges, weight="w", finish="executor", **options)
    assert result.codelength == pytest.approx(mapeq.infomap(links, **options).codelength, abs=1e-9)
    assert mapeq.evaluate(links, modules_of(result), **options).codelength == pytest.approx(result.codelength, abs=1e-9)
    assert result.nodes.dtypes[0] == ("id", "int")


def test_no_links(spark):
    edges = spark.createDataFrame([(3, 4, 0.0)], "src int, dst int, w double")
    result = mapeq.spark.infomap(edges, weight="w")
    assert (result.codelength, modules_of(result)) == (0.0, {3: 0, 4: 1})


def test_rounds_are_as_good_as_one_machine(spark):
    links = planted_links(20_000, 1)
    result = mapeq.spark.infomap(frame(spark, links), local_memory=200 * 10_000)
    found = mapeq.evaluate(links, modules_of(result), directed=False).codelength
    assert result.codelength == pytest.approx(found, abs=1e-9)
    assert found <= 1.001 * mapeq.infomap(links, directed=False).codelength
    searched = next(row for row in result.history if row.stage == "search")
    assert searched.level > 0
    assert searched.codelength <= 1.005 * mapeq.infomap(links, directed=False).codelength
    assert result.codelength == min(row.codelength for row in result.history)


def example(name):
    return np.loadtxt(EXAMPLES / f"{name}.txt.gz", dtype=np.int64, usecols=(0, 1))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "links",
    [
        pytest.param(lambda: example("astro-ph"), id="astro-ph"),
        pytest.param(lambda: example("deezer-hu"), id="deezer-hu"),
        pytest.param(lambda: planted_links(110_000, 2), id="groups"),
        pytest.param(lambda: planted_links(200_000, 3), id="more groups"),
        pytest.param(lambda: rmat(14, 1), id="hubs"),
    ],
)
def test_networks_of_a_hundred_thousand_links(spark, links):
    """Rounds until a third of the network is left, the search there, fine-tuning, and all that again."""
    ends = links()
    assert len(ends) >= 100_000
    alone = mapeq.infomap(ends, directed=False).codelength
    result = mapeq.spark.infomap(frame(spark, ends), local_memory=200 * len(ends) // 3)
    first, second, *_ = (row for row in result.history if row.stage == "search")
    assert first.level > 0
    assert second.codelength <= 1.005 * alone
    assert result.codelength <= 1.001 * alone
    assert result.codelength == min(row.codelength for row in result.history)


def test_what_does_not_fit_is_left_out(spark):
    edges = spark.createDataFrame(TRIANGLES, "src string, dst string")
    with pytest.warns(UserWarning, match="the search on one machine is left out"):
        result = mapeq.spark.infomap(edges, local_memory=0)
    found = mapeq.evaluate(TRIANGLES, modules_of(result), directed=False).codelength
    assert result.codelength == pytest.approx(found, abs=1e-9)

"""What is wrong with input gets one clear line."""

import re

import pytest

import mapeq.spark

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("rows", "columns", "options", "message"),
    [
        ([(0, 1)], "a int, dst int", {}, "edges has no column 'src' (its columns: 'a', 'dst'); src= names the column"),
        ([(0, 1)], "src int, dst int", {"weight": "w"}, "edges has no column 'w'"),
        ([(0.5, 1)], "src double, dst int", {}, "the column 'src' of edges holds double; ids must be integers or str"),
        ([("a", 1)], "src string, dst int", {}, "the columns of ids hold int and string"),
        (
            [("a", "b"), ("b", None)],
            "src string, dst string",
            {},
            "the column 'dst' of edges is null in the link 'b' - ",
        ),
        (
            [(0, 1, -1.0)],
            "src int, dst int, w double",
            {"weight": "w"},
            "the weight of the link 0 - 1 is -1.0; weights",
        ),
        ([(0, 1, NAN)], "src int, dst int, w double", {"weight": "w"}, "the weight of the link 0 - 1 is nan"),
        ([(0, 1, INF)], "src int, dst int, w double", {"weight": "w"}, "the weight of the link 0 - 1 is inf"),
        ([(0, 1, None)], "src int, dst int, w double", {"weight": "w"}, "the weight of the link 0 - 1 is null"),
        ([(0, 1, "x")], "src int, dst int, w string", {"weight": "w"}, "the column 'w' of edges holds string, not num"),
    ],
)
def test_edges(spark, rows, columns, options, message):
    with pytest.raises(mapeq.NetworkError, match=re.escape(message)):
        mapeq.spark.infomap(spark.createDataFrame(rows, columns), **options)


def test_vertices(spark):
    edges = spark.createDataFrame([(0, 1)], "src int, dst int")
    with pytest.raises(mapeq.NetworkError, match="vertices has no column 'id'"):
        mapeq.spark.infomap(edges, edges)
    with pytest.raises(mapeq.NetworkError, match="the column 'id' of vertices is null in 1 of its rows"):
        mapeq.spark.infomap(edges, spark.createDataFrame([(None,)], "id int"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"finish": "moon"}, "finish must be 'driver' or 'executor', not 'moon'"),
        ({"local_memory": -1}, "local_memory must be a whole number, 0 or more, not -1"),
        ({"num_searches": 0}, "num_searches must be a whole number, 1 or more, not 0"),
        ({"directed": "yes"}, "directed must be True or False, not 'yes'"),
        ({"teleportation_probability": 0}, "teleportation_probability must be a number above 0, at most 1, not 0"),
        ({"resume": True}, "resume=True needs checkpoint_dir"),
    ],
)
def test_options(spark, options, message):
    edges = spark.createDataFrame([(0, 1)], "src int, dst int")
    with pytest.raises(ValueError, match=re.escape(message)):
        mapeq.spark.infomap(edges, **options)


def test_other_tables():
    with pytest.raises(ValueError, match="edges must be a PySpark DataFrame, not 'list'"):
        mapeq.spark.infomap([(0, 1)])

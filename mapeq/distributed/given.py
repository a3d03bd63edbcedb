"""The edges and vertices of the caller: checked, with weights as whole numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from mapeq._base.errors import NetworkError, option_error
from mapeq._base.optional import require
from mapeq.distributed.session import functions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

#: Types of ids, and of weights, as Spark calls them.
WHOLE = ("tinyint", "smallint", "int", "bigint")
NUMBERS = (*WHOLE, "float", "double")

#: Weights are counted in units of which twice their sum has no more than 2 to this power, so that a bigint holds it.
BITS = 61

#: Sums of weights from 2 to the power of -900 on have a unit that is a float.
LEAST_EXPONENT = -900


class Given(NamedTuple):
    """A network as it was given.

    Attributes
    ----------
    links : DataFrame of src, dst, weight
        Every edge with a weight above 0. Weights are bigints. They add up exactly, so that no result depends on the
        order in which Spark adds. The ids are bigints or strings.
    ids : DataFrame of id
        Every node, once, those without links included.
    id_type : str
        The type of the ids of the caller.
    num_edges : int
    """

    links: DataFrame
    ids: DataFrame
    id_type: str
    num_edges: int


def given_network(edges: Any, vertices: Any, src: str, dst: str, weight: str | None) -> Given:
    """Check the input.

    Raises
    ------
    NetworkError
        If a column is missing or of a wrong type, an end or an id is null, or a weight is null, NaN, negative or
        infinite.
    """
    F = functions()
    _check_frame("edges", edges)
    types = [_id_type("edges", edges, option, name) for option, name in (("src", src), ("dst", dst))]
    columns = [edges[src].alias("src"), edges[dst].alias("dst")]
    if weight is None:
        weights = F.lit(1.0)
    else:
        found = _type_of("edges", edges, "weight", weight)
        if found not in NUMBERS and not found.startswith("decimal"):
            raise NetworkError(f"the column {weight!r} of edges holds {found}, not numbers; weights must be numbers")
        weights = edges[weight].cast("double")
    links = edges.select(*columns, weights.alias("weight"))
    own = None
    if vertices is not None:
        _check_frame("vertices", vertices)
        types.append(_id_type("vertices", vertices, "vertices", "id"))
        own = vertices.select("id")
        nulls = own.where(F.col("id").isNull()).count()
        if nulls:
            raise NetworkError(f"the column 'id' of vertices is null in {nulls:,} of its rows; every node needs an id")
    id_type = _common(types)
    plain = "string" if id_type == "string" else "bigint"
    links = links.select(F.col("src").cast(plain), F.col("dst").cast(plain), "weight")
    num_edges, whole = _checked_links(links, src, dst)
    ends = links.select(F.explode(F.array("src", "dst")).alias("id"))
    ids = (ends if own is None else ends.unionByName(own.select(F.col("id").cast(plain)))).distinct()
    units = (F.col("weight") * F.lit(_unit(whole)) + 0.5).cast("bigint")
    return Given(links.withColumn("weight", units).where("weight > 0"), ids, id_type, num_edges)


def _check_frame(option: str, frame: Any) -> None:
    require("pyspark.sql", extra="spark")
    if not (hasattr(frame, "sparkSession") and hasattr(frame, "schema")):
        raise option_error(option, type(frame).__name__, "a PySpark DataFrame")


def _type_of(table: str, frame: DataFrame, option: str, name: str) -> str:
    types: dict[str, str] = dict(frame.dtypes)
    if name not in types:
        columns = ", ".join(map(repr, types)) or "none"
        hint = "" if option == "vertices" else f"; {option}= names the column"
        raise NetworkError(f"{table} has no column {name!r} (its columns: {columns}){hint}")
    found: str = types[name]
    return found


def _id_type(table: str, frame: DataFrame, option: str, name: str) -> str:
    found = _type_of(table, frame, option, name)
    if found not in (*WHOLE, "string"):
        raise NetworkError(f"the column {name!r} of {table} holds {found}; ids must be integers or strings")
    return found


def _common(types: list[str]) -> str:
    """The type that ids have in the result: that of all columns, or bigint for different integers."""
    if len(set(types)) == 1:
        return types[0]
    if "string" in types:
        raise NetworkError(
            f"the columns of ids hold {' and '.join(sorted(set(types)))}; cast all to integers or all to strings"
        )
    return "bigint"


def _checked_links(links: DataFrame, src: str, dst: str) -> tuple[int, float]:
    """The number of edges and the sum of their weights, if every edge has two ends and a weight."""
    F = functions()
    weight = F.col("weight")
    is_bad = weight.isNull() | F.isnan(weight) | (weight < 0) | (weight == float("inf"))
    lacks_end = F.col("src").isNull() | F.col("dst").isNull()
    edge = F.struct("src", "dst", "weight")
    found = links.agg(
        F.count("*").alias("count"),
        F.sum(F.when(~is_bad, weight).otherwise(0.0)).alias("whole"),
        F.min(F.when(lacks_end, edge)).alias("lacking"),
        F.min(F.when(is_bad, edge)).alias("bad"),
    ).first()
    assert found is not None
    if found["lacking"] is not None:
        column = src if found["lacking"]["src"] is None else dst
        raise NetworkError(f"the column {column!r} of edges is null in {_named(found['lacking'])}; links need two ends")
    if found["bad"] is not None:
        raise NetworkError(
            f"the weight of {_named(found['bad'])} is {_shown(found['bad']['weight'])}; weights must be finite "
            "numbers, 0 or more"
        )
    whole = float(found["whole"] or 0.0)
    if not math.isfinite(2 * whole):
        raise NetworkError("the weights add up to more than a float can hold: divide them all by something large")
    return found["count"], whole


def _named(edge: Row) -> str:
    return f"the link {edge['src']!r} - {edge['dst']!r}"


def _shown(weight: float | None) -> str:
    return "null" if weight is None else str(weight)


def _unit(whole: float) -> float:
    """The factor that makes whole numbers of weights: a power of 2, so that whole weights stay what they are."""
    if whole == 0:
        return 1.0
    # Sums of floats depend on their order in the last digit, which must not matter here.
    exponent = math.ceil(math.log2(2 * whole * (1 + 1e-6)))
    if exponent < LEAST_EXPONENT:
        raise NetworkError(f"the weights add up to {whole}, which is too small: multiply them all by something large")
    return math.ldexp(1.0, BITS - exponent)

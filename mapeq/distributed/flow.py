"""The flow of a random walk, by joins: the models "undirected" and "directed" of :mod:`mapeq.walk.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mapeq._base.errors import ConvergenceError
from mapeq.distributed.checkpoints import Checkpoints
from mapeq.distributed.level import Level, plogp
from mapeq.distributed.session import functions
from mapeq.walk.stationary import MAX_ITERATIONS, ROUNDING, TOLERANCE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Rates are whole numbers, as parts of this.
WHOLE = 1 << 60

#: So many steps of a walk are one job; only what they change together is looked at.
STEPS = 4

#: Tables of the network's nodes and links.
NODES, LINKS = "level-0/nodes", "level-0/links"


def network_flow(links: DataFrame, directed: bool, teleportation_probability: float, store: Checkpoints) -> Level:
    """The level of the network's nodes, kept.

    Parameters
    ----------
    links : DataFrame of src, dst, weight
        As in :class:`mapeq.distributed.given.Given`.
    directed : bool
        Whether links lead only from `src` to `dst`; the walk then teleports, unrecorded, to links.
    teleportation_probability : float
    store : Checkpoints
    """
    F = functions()
    steps = _directed(links, teleportation_probability, store) if directed else _undirected(links)
    steps = store.keep(steps, "level-0/steps")
    is_link = F.col("src") != F.col("dst")
    arriving = steps.groupBy(F.col("dst").alias("id")).agg(
        F.sum("flow").alias("visit"), F.sum(F.when(is_link, F.col("flow")).otherwise(0)).alias("enter")
    )
    leaving = steps.where(is_link).groupBy(F.col("src").alias("id")).agg(F.sum("flow").alias("exit"))
    nodes = arriving.join(leaving, "id", "full").na.fill(0)
    nodes = store.keep(nodes.select("id", "visit", "enter", "exit"), NODES)
    both = F.explode(F.array(F.struct("src", "dst"), F.struct(F.col("dst").alias("src"), F.col("src").alias("dst"))))
    flowing = steps.where(is_link & (F.col("flow") > 0)).select(both.alias("ends"), "flow")
    flowing = flowing.groupBy("ends.src", "ends.dst").agg(F.sum("flow").alias("flow"))
    flowing = flowing.withColumn("inner", F.lit(True))
    kept_links = store.keep(flowing, LINKS)
    total = _value(nodes.agg(F.sum("visit"))) or 0
    found = nodes.agg(F.count("*"), F.sum(plogp(F.col("visit") / F.lit(max(total, 1))))).first()
    assert found is not None
    num_nodes, entropy = found
    level = Level(kept_links, nodes, total, 0.0 - (entropy or 0.0), num_nodes, kept_links.count() // 2)
    store.begin_level(0, level)
    return level


def _undirected(links: DataFrame) -> DataFrame:
    """The walk on an undirected network is reversible: each link carries its weight, in both directions."""
    F = functions()
    there, back = F.struct("src", "dst"), F.struct(F.col("dst").alias("src"), F.col("src").alias("dst"))
    ways = F.when(F.col("src") == F.col("dst"), F.array(there)).otherwise(F.array(there, back))
    both = links.select(F.explode(ways).alias("ends"), "weight")
    return both.groupBy("ends.src", "ends.dst").agg(F.sum("weight").alias("flow"))


class _Walk(NamedTuple):
    """A walk that teleports: the share of each link in the out-weight of its source, and where teleportation lands."""

    links: DataFrame  #: src, dst, share
    nodes: DataFrame  #: id, landing: a whole number


def _directed(links: DataFrame, teleportation_probability: float, store: Checkpoints) -> DataFrame:
    """PageRank, and one more step over links."""
    F = functions()
    links = links.groupBy("src", "dst").agg(F.sum("weight").alias("weight"))
    out = links.groupBy("src").agg(F.sum("weight").alias("out"))
    links = store.keep(
        links.join(out, "src").select("src", "dst", (F.col("weight") / F.col("out")).alias("share")), "walk/links"
    )
    whole = _value(out.agg(F.sum("out")))
    if whole is None:
        return links.select("src", "dst", F.lit(0).cast("bigint").alias("flow"))
    targets = links.select(F.col("dst").alias("id")).distinct()
    landing = (F.coalesce("out", F.lit(0)) / F.lit(whole) * F.lit(float(WHOLE))).cast("bigint")
    nodes = targets.join(out.withColumnRenamed("src", "id"), "id", "full").select("id", landing.alias("landing"))
    nodes = store.keep(nodes, "walk/nodes")
    walk = _Walk(links.repartition("src").persist(), nodes.repartition("id").persist())
    rates = _rates(walk, teleportation_probability, store)
    # Only walkers on nodes with out-links make the step.
    flowing = walk.links.join(rates, F.col("src") == F.col("id")).select(
        "src", "dst", (F.col("rate") * F.col("share")).alias("flow")
    )
    sending = walk.links.select(F.col("src").alias("id")).distinct()
    stepping = _value(rates.join(sending, "id", "leftsemi").agg(F.sum("rate")))
    flow = (F.col("flow") * F.lit(WHOLE / stepping) + 0.5).cast("bigint")
    return flowing.select("src", "dst", flow.alias("flow"))


def _rates(walk: _Walk, teleportation_probability: float, store: Checkpoints) -> DataFrame:
    """The stationary visit rates, as whole numbers, up to a factor.

    Nodes without out-links teleport to where all others do, so the rates are those of a walk that ends there, up to a
    factor: ``x = (1 - a) * W.T @ (x / s) + a * landing``, which takes no sum over all nodes in each step.
    """
    F = functions()
    state = store.state
    if state.stage == "walk":
        assert state.table is not None
        rates = store.table(state.table)
    else:
        rates = walk.nodes.select("id", F.col("landing").alias("rate"))
    last_change = state.change if state.change is not None else float("inf")
    for iteration in range(state.step, MAX_ITERATIONS // STEPS):
        stepped = rates
        for _ in range(STEPS):
            stepped = _stepped(walk, stepped, teleportation_probability)
        table = f"walk/rates-{'ab'[iteration % 2]}"
        stepped = store.keep(stepped, table)
        compared = stepped.join(rates.withColumnRenamed("rate", "before"), "id")
        rates = stepped
        found = compared.agg(F.sum(F.abs(F.col("rate") - F.col("before"))), F.sum("rate")).first()
        assert found is not None
        change = found[0] / found[1]
        if change <= TOLERANCE or last_change <= change < ROUNDING:
            return rates
        last_change = change
        store.note(stage="walk", step=iteration + 1, table=table, change=change)
    raise ConvergenceError(
        f"the visit rates still change by {last_change:.1e} a step after {MAX_ITERATIONS:,} iterations (tolerance "
        f"{TOLERANCE:.0e}); a larger teleportation_probability than {teleportation_probability} makes the walk "
        "converge faster"
    )


def _stepped(walk: _Walk, rates: DataFrame, teleportation_probability: float) -> DataFrame:
    """The rates after a step."""
    F = functions()
    walking = F.lit(1 - teleportation_probability)
    sent = (F.col("rate") * F.col("share") * walking + 0.5).cast("bigint")
    arriving = walk.links.join(rates.withColumnRenamed("id", "src"), "src").select(
        F.col("dst").alias("id"), sent.alias("sent")
    )
    arriving = arriving.groupBy("id").agg(F.sum("sent").alias("sent"))
    landing = (F.col("landing") * F.lit(teleportation_probability) + 0.5).cast("bigint")
    return walk.nodes.join(arriving, "id", "left").select("id", (F.coalesce("sent", F.lit(0)) + landing).alias("rate"))


def _value(frame: DataFrame) -> Any:
    """The only value of a DataFrame."""
    row = frame.first()
    assert row is not None
    return row[0]

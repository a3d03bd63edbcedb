"""A network whose flow is in Spark, and the exact codelength of its partitions.

Flow is counted in whole numbers, as parts of a total, so that sums are exact: they depend neither on the order in which
Spark adds nor on which executor does. What stays inside a module cancels to the last unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from mapeq.distributed.session import functions

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


class Level(NamedTuple):
    """Nodes, or modules of a finer level as nodes.

    Attributes
    ----------
    links : DataFrame of src, dst, flow, inner
        Every link in both directions, each with the flow of both, as a bigint; no self-links. One end may join the
        module of the other only where `inner` is true.
    nodes : DataFrame of id, visit, enter, exit
        The visit rate, enter flow and exit flow of each node, as bigints.
    total : int
        The flow that is 1.
    constant : float
        The part of the codelength that no partition changes, in bits: the names of the network's nodes.
    num_nodes, num_links : int
        A link in both directions counts once.
    """

    links: DataFrame
    nodes: DataFrame
    total: int
    constant: float
    num_nodes: int
    num_links: int

    def persisted(self) -> Level:
        """The level in the memory of the executors, its links where the joins of every round look for them."""
        return self._replace(links=self.links.repartition("dst").persist(), nodes=self.nodes.persist())

    def release(self) -> None:
        """Give the memory back."""
        self.links.unpersist()
        self.nodes.unpersist()


class Measured(NamedTuple):
    """A partition, and what it costs.

    Attributes
    ----------
    modules : DataFrame of id, module
        A module is named by the id of a node.
    flow_to : DataFrame of id, own, module, flow, inner
        The flow, both ways, between a node of the module `own` and each module that it has links to, and whether the
        node may join it.
    sums : DataFrame of module, visit, enter, exit, size
    codelength : float
        In bits.
    index_rate : int
        How often the index codebook is used.
    num_modules : int
    """

    modules: DataFrame
    flow_to: DataFrame
    sums: DataFrame
    codelength: float
    index_rate: int
    num_modules: int

    def release(self) -> None:
        """Give the memory back."""
        self.flow_to.unpersist()
        self.sums.unpersist()


def measured(level: Level, modules: DataFrame) -> Measured:
    """Sum up a partition: one pass over the links.

    The formula is that of :mod:`mapeq.objective.two_level`: Rosvall & Bergstrom, PNAS 105, 1118 (2008).
    """
    F = functions()
    of_targets = modules.select(F.col("id").alias("dst"), "module")
    of_nodes = modules.select("id", F.col("module").alias("own"))
    # By node first: then neither the sums nor the search for the best module send anything again.
    arriving = level.links.join(of_targets, "dst").select(F.col("src").alias("id"), "module", "flow", "inner")
    whole = F.sum("flow").alias("flow"), F.max("inner").alias("inner")
    flow_to = arriving.repartition("id").groupBy("id", "module").agg(*whole)
    flow_to = flow_to.join(of_nodes, "id").select("id", "own", "module", "flow", "inner").persist()
    # Both ends of a link have its flow.
    inside = flow_to.where("module = own").groupBy("module").agg(F.sum("flow").alias("twice"))
    crossing = level.nodes.join(modules, "id").groupBy("module")
    sums = crossing.agg(*(F.sum(name).alias(name) for name in ("visit", "enter", "exit")), F.count("*").alias("size"))
    staying = F.shiftright(F.coalesce("twice", F.lit(0)), 1)
    sums = sums.join(inside, "module", "left").select(
        "module", "visit", (F.col("enter") - staying).alias("enter"), (F.col("exit") - staying).alias("exit"), "size"
    )
    sums = sums.persist()
    found = sums.agg(
        F.coalesce(F.sum("enter"), F.lit(0)).alias("index_rate"),
        F.coalesce(F.sum(module_cost(level.total, "visit", "enter", "exit")), F.lit(0.0)).alias("cost"),
        F.count("*").alias("count"),
    ).first()
    assert found is not None
    rate = found["index_rate"] / level.total if level.total else 0.0
    of_index = rate * math.log2(rate) if rate > 0 else 0.0
    length = max(of_index + found["cost"] + level.constant, 0.0)
    return Measured(modules, flow_to, sums, length, found["index_rate"], found["count"])


def module_cost(total: int, visit: str | Column, enter: str | Column, exit: str | Column) -> Column:
    """What a module costs, but for the names of its nodes: ``plogp(p + x) - plogp(x) - plogp(e)``."""
    F = functions()
    visit, enter, exit = (F.col(flow) if isinstance(flow, str) else flow for flow in (visit, enter, exit))
    whole = F.lit(total)
    cost: Column = plogp((visit + exit) / whole) - plogp(exit / whole) - plogp(enter / whole)
    return cost


def plogp(rate: Column) -> Column:
    """``p * log2(p)``, 0 for 0."""
    F = functions()
    cost: Column = F.when(rate > 0, rate * F.log2(rate)).otherwise(0.0)
    return cost


def grouped(level: Level, groups: DataFrame) -> Level:
    """The level, with nodes that may only join nodes of the same group.

    Parameters
    ----------
    level : Level
    groups : DataFrame of id, module
    """
    F = functions()
    links = level.links
    for end in ("src", "dst"):
        links = links.join(groups.select(F.col("id").alias(end), F.col("module").alias(f"{end}_group")), end)
    is_inner = F.col("src_group") == F.col("dst_group")
    return level._replace(links=links.select("src", "dst", "flow", is_inner.alias("inner")))


def own_modules(level: Level) -> DataFrame:
    """Every node as a module of its own."""
    return level.nodes.select("id", functions().col("id").alias("module"))

"""From modules to the nodes of a coarser level, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mapeq.distributed.checkpoints import Checkpoints
from mapeq.distributed.level import Level, Measured
from mapeq.distributed.session import functions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: The tables of a level.
TABLES = "links", "nodes", "labels"


def contracted(level: Level, found: Measured, labels: DataFrame, store: Checkpoints) -> tuple[Level, DataFrame]:
    """The modules as nodes, kept, and the module of each of the network's nodes.

    Parameters
    ----------
    level : Level
    found : Measured
        Of the level.
    labels : DataFrame of id, module
        The node of the level that each of the network's nodes belongs to.
    store : Checkpoints
    """
    F = functions()
    number = store.state.level + 1
    folder = store.level_folder(number)
    nodes = found.sums.select(F.col("module").alias("id"), "visit", "enter", "exit")
    crossing = found.flow_to.where("module != own").groupBy(F.col("own").alias("src"), F.col("module").alias("dst"))
    links = crossing.agg(F.sum("flow").alias("flow"), F.max("inner").alias("inner"))
    tables = links, nodes, projected(labels, found.modules)
    links, nodes, labels = (store.keep(table, f"{folder}/{name}") for table, name in zip(tables, TABLES, strict=True))
    coarse = level._replace(links=links, nodes=nodes, num_nodes=found.num_modules, num_links=links.count() // 2)
    store.begin_level(number, coarse)
    return coarse, labels


def projected(labels: DataFrame, modules: DataFrame) -> DataFrame:
    """The module of each of the network's nodes, from that of the node that it belongs to."""
    F = functions()
    of_nodes = modules.select(F.col("id").alias("module"), F.col("module").alias("new"))
    return labels.join(of_nodes, "module").select("id", F.col("new").alias("module"))

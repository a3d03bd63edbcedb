"""The result of a search on Spark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.distributed.level import Level
from mapeq.distributed.session import functions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Round(NamedTuple):
    """A row of the history.

    Attributes
    ----------
    search : int
        From 1: the search that the round prepares, is or follows.
    stage : str
        "rounds" of local moving, "search" for the compiled search, or "finetune".
    level : int
        0 for the network's nodes, 1 for modules of these, and so on.
    number : int
        From 1, at each level of each stage of each search.
    rate : float
        The part of the nodes that could move.
    num_modules : int
    codelength : float
        After the round, exactly, in bits.
    accepted : bool
        Whether the round shortened the description; what it did is undone otherwise.
    """

    search: int
    stage: str
    level: int
    number: int
    rate: float
    num_modules: int
    codelength: float
    accepted: bool


@dataclass(frozen=True)
class SparkResult:
    """Modules in a PySpark DataFrame.

    Attributes
    ----------
    nodes : DataFrame of id, module, flow
        Every node, with an id of the caller's type. Modules are numbered from 0, by decreasing flow, as a bigint; a
        node without flow is a module of its own. The flow of a node is its visit rate.
    codelength : float
        Of the two-level description, in bits per step.
    one_level_codelength : float
        The same without modules.
    num_modules : int
        Nodes without flow included.
    history : tuple of Round
    """

    nodes: DataFrame
    codelength: float
    one_level_codelength: float
    num_modules: int
    history: tuple[Round, ...]

    def __repr__(self) -> str:
        return f"<SparkResult: {counted(self.num_modules, 'module')}, {self.codelength:.4f} bits per step>"


def numbered(ids: DataFrame, id_type: str, level: Level, modules: DataFrame) -> DataFrame:
    """All nodes with their modules, numbered by decreasing flow; of equal flow, by name.

    Parameters
    ----------
    ids : DataFrame of id
    id_type : str
        What ids are cast to.
    level : Level
        The network's nodes that have links.
    modules : DataFrame of id, module
        Of these.
    """
    F, window = functions(), require("pyspark.sql.window", extra="spark").Window
    nodes = ids.join(level.nodes.select("id", "visit").join(modules, "id"), "id", "left")
    nodes = nodes.select("id", F.coalesce("module", "id").alias("name"), F.coalesce("visit", F.lit(0)).alias("visit"))
    # A node without flow may share its name with a module that it gave the name and has left.
    key = ("name", (F.col("visit") == 0).alias("is_still"))
    nodes = nodes.select("id", *key, "visit")
    sums = nodes.groupBy("name", "is_still").agg(F.sum("visit").alias("whole"))
    order = window.orderBy(F.col("whole").desc(), "name", "is_still")
    numbers = sums.select("name", "is_still", (F.row_number().over(order) - 1).cast("bigint").alias("module"))
    flow = F.col("visit") / F.lit(max(level.total, 1))
    return nodes.join(numbers, ["name", "is_still"]).select(
        F.col("id").cast(id_type).alias("id"), "module", flow.alias("flow")
    )

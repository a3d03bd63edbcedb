"""The compiled search on what is left after contraction, on the driver or in one task of an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.building import build_csr
from mapeq._base.csr import for_kernels
from mapeq._base.hierarchy import leaf_numbers
from mapeq._base.optional import require
from mapeq._base.threads import usable_processors
from mapeq.distributed.level import Level, Measured
from mapeq.distributed.session import functions
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import Links, assemble_flow

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Memory of the compiled search, the table of links that it reads included, in bytes per link and per node.
BYTES = 200


def fits(level: Level, memory: int) -> bool:
    """Whether one machine can search a level in so many bytes."""
    return _fit(level.num_links, level.num_nodes, memory)


def fits_contracted(found: Measured, memory: int) -> bool:
    """Whether it can once the modules of a partition are nodes."""
    num_links = found.flow_to.where("module != own").select("own", "module").distinct().count() // 2
    return _fit(num_links, found.num_modules, memory)


def _fit(num_links: int, num_nodes: int, memory: int) -> bool:
    return BYTES * (num_links + num_nodes) <= memory


def searched(level: Level, finish: str, num_trials: int, seed: int) -> DataFrame:
    """The modules of the compiled search: a DataFrame of id, module, which is the smallest id of a node in it."""
    F = functions()
    none = F.lit(None).cast("bigint")
    id_type = dict(level.nodes.dtypes)["id"]
    links = level.links.where("src < dst").select(
        "src", "dst", "flow", *[none.alias(name) for name in ("enter", "exit")]
    )
    nodes = level.nodes.select(
        F.col("id").alias("src"), F.lit(None).cast(id_type).alias("dst"), "visit", "enter", "exit"
    )
    rows = links.union(nodes)  # the flow of a link, and the visit rate of a node, in one column
    search = partial(search_table, total=level.total, num_trials=num_trials, seed=seed)
    if finish == "executor":
        return rows.repartition(1).mapInArrow(_on_batches(search), f"id {id_type}, module {id_type}")
    return rows.sparkSession.createDataFrame(search(rows.toArrow()))


def _on_batches(search: Callable[[Any], Any]) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def run(batches: Iterator[Any]) -> Iterator[Any]:
        collected = list(batches)
        if collected:
            yield from search(require("pyarrow", extra="spark").Table.from_batches(collected)).to_batches()

    return run


def search_table(table: Any, *, total: int, num_trials: int, seed: int) -> Any:
    """Search the network in an Arrow table.

    Parameters
    ----------
    table : pyarrow.Table of src, dst, flow, enter, exit
        A row for each link, with the flow of both directions; and one for each node, with a null for `dst` and the
        visit rate for `flow`.
    total : int
        The flow that is 1.
    num_trials, seed : int

    Returns
    -------
    pyarrow.Table of id, module
    """
    arrow, compute = require("pyarrow", extra="spark"), require("pyarrow.compute", extra="spark")
    is_node = compute.is_null(table["dst"])
    nodes = table.filter(is_node).sort_by("src")
    links = table.filter(compute.invert(is_node))
    ids = nodes["src"].combine_chunks()
    sources, targets = (compute.index_in(links[side], value_set=ids).to_numpy() for side in ("src", "dst"))
    rows = build_csr(sources, targets, links["flow"].to_numpy() / total, len(ids), symmetric=True)
    visits, enters, exits = (nodes[name].to_numpy() / total for name in ("flow", "enter", "exit"))
    flow = assemble_flow(Links(*for_kernels(rows)), visits, enters, exits, None)
    found = find_modules(flow, num_trials=num_trials, seed=seed, num_threads=usable_processors())
    _, first, module_of = np.unique(leaf_numbers(found.hierarchy), return_index=True, return_inverse=True)
    return arrow.table({"id": ids, "module": ids.take(arrow.array(first[module_of]))})

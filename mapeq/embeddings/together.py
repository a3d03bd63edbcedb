"""Search a network for modules that do not part groups of nodes, such as equal vectors."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq import api
from mapeq._base.csr import index_dtype
from mapeq._base.hierarchy import Hierarchy
from mapeq.network.network import Network
from mapeq.objective.options import PLAIN, ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.result.assembly import make_result
from mapeq.result.result import Result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: What of a result depends on the network and the modules alone.
_MEASURED = {
    *("codelength", "index_codelength", "module_codelength", "one_level_codelength", "flow", "hierarchy"),
    *("module_records", "network", "node_flow", "level_savings", "metadata_costs", "state_costs"),
    "price",
}


def search_as_one(
    network: Network,
    groups: NDArray[np.int64] | None,
    flow_options: WalkOptions,
    search_options: SearchOptions,
    control: Control,
    initial_partition: Any = None,
    objective: ObjectiveOptions = PLAIN,
) -> Result:
    """Search a network for modules that do not part equal vectors; see :func:`mapeq.api.search`.

    Equal vectors are one node during the search, with their links to each other as a self-link: a walk on undirected
    links moves between such nodes as between the groups. The result is that of the whole network.
    """
    if groups is None:
        return api.search(network, flow_options, search_options, control, initial_partition, objective)
    size = int(groups.max()) + 1
    joins = scipy.sparse.csr_array(
        (np.ones(len(groups)), groups.astype(index_dtype(size)), np.arange(len(groups) + 1)), shape=(len(groups), size)
    )
    contracted = Network.from_csr((joins.T @ network.matrix() @ joins).tocsr(), directed=network.directed)
    found = api.search(contracted, flow_options, search_options, control, objective=objective)
    walk = found.walk_options
    hierarchy = Hierarchy(found.hierarchy.module_of[groups], found.hierarchy.parent)
    measured = make_result(network, random_walk(network, walk), hierarchy, options=found.options)
    known = {field.name: getattr(found, field.name) for field in fields(Result) if field.name not in _MEASURED}
    offset = measured.codelength - found.codelength  # names of nodes in place of names of groups
    return replace(measured, **known | {"trials": tuple(length + offset for length in found.trials)})

"""Build a Result from a hierarchy and the flow: number the modules and compute their flow and codelength."""

from __future__ import annotations

from typing import Any

import numpy as np

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.hierarchy import ROOT, Hierarchy, numbering, reordered, sums_upwards
from mapeq._base.threads import in_threads
from mapeq.network.network import Network
from mapeq.objective.contents import costs_of_contents
from mapeq.objective.counting import price_of_numbers
from mapeq.objective.level import added_terms, network_level
from mapeq.objective.metadata import contents_of_metadata
from mapeq.objective.multilevel import USE, multilevel_codelength, multilevel_partition
from mapeq.objective.options import ObjectiveOptions
from mapeq.objective.states import costs_of_states
from mapeq.objective.two_level import one_level_codelength
from mapeq.result.levels import savings_of_levels
from mapeq.result.modules import descending
from mapeq.result.result import Result
from mapeq.walk.flow import VISIT, Flow, NodeFlow


def make_result(
    network: Network,
    flow: Flow,
    tree: Hierarchy,
    *,
    trials: tuple[float, ...] = (),
    modules_agreed: int | None = None,
    stopped_by: str | None = None,
    more_trials_help: bool | None = None,
    seed: int | None = None,
    options: dict[str, Any],
    preference_cost: float | None = None,
    min_size_cost: float | None = None,
    num_threads: int | None = None,
) -> Result:
    """Build the result for a hierarchy of n nodes.

    Modules are renumbered level by level, by decreasing flow. In the input, parents have smaller numbers than their
    children, and modules may be empty. A partition is a hierarchy of one level, see
    :func:`mapeq._base.hierarchy.two_levels`.
    """
    dtype = flow.links.indices.dtype
    tree = Hierarchy(tree.module_of.astype(dtype, copy=False), tree.parent.astype(dtype, copy=False))
    terms = added_terms(network, flow, ObjectiveOptions.from_dict(options))
    level = network_level(flow, *terms)
    state = in_threads(
        lambda threads: multilevel_partition(level, tree, threads=threads), len(flow.links.indices), num_threads
    )
    length = multilevel_codelength(level, state)
    records = state.modules
    records[:, VISIT] = _visits(state.modules[:, USE], tree)
    order = numbering(tree, descending(records[:, VISIT]))
    tree = reordered(tree, order)
    one_level = one_level_codelength(level)
    visits, options_of_objective = flow.nodes[:, VISIT], ObjectiveOptions.from_dict(options)
    metadata = contents_of_metadata(network.metadata, visits, options_of_objective)
    metadata_costs = costs_of_contents(metadata, tree.module_of, len(tree.parent))
    return Result(
        codelength=length.total,
        index_codelength=length.index_codelength,
        module_codelength=length.module_codelength,
        one_level_codelength=one_level,
        level_savings=savings_of_levels(tree, records[order], terms, one_level, length.total),
        flow=read_only(flow.nodes[:, VISIT].copy()),
        hierarchy=Hierarchy(read_only(tree.module_of), read_only(tree.parent)),
        module_records=read_only(records[order]),
        trials=trials,
        modules_agreed=modules_agreed,
        stopped_by=stopped_by,
        more_trials_help=more_trials_help,
        seed=seed,
        options=options,
        network=network,
        node_flow=NodeFlow(flow.nodes, flow.teleport),
        metadata_costs=None if network.metadata is None else read_only(metadata_costs),
        state_costs=costs_of_states(network.states, visits, tree.module_of, len(tree.parent)),
        price=price_of_numbers(
            terms.counting, network.num_nodes, len(tree.parent) - 1, int((tree.parent[1:] == ROOT).sum())
        ),
        preference_cost=preference_cost,
        min_size_cost=min_size_cost,
    )


def _visits(use: FloatArray, tree: Hierarchy) -> FloatArray:
    """Return the visit rate of each module, given the use rates, which equal it for leaf modules. Shape (t,)."""
    holds_modules = np.zeros(len(use), dtype=np.bool_)
    holds_modules[tree.parent[1:]] = True
    return sums_upwards(np.where(holds_modules, 0.0, use), tree.parent)

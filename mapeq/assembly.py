"""From a hierarchy and the flow to a result: modules are numbered, and everything is summed up once more."""

from __future__ import annotations

from typing import Any

import numpy as np

from mapeq.flow import VISIT, Flow
from mapeq.hierarchy import USE, hierarchical_codelength, hierarchy
from mapeq.modules import descending
from mapeq.network import Network
from mapeq.result import Result
from mapeq.rows import FloatArray, frozen
from mapeq.tree import Tree, numbering, reordered, sums_upwards


def make_result(
    network: Network,
    flow: Flow,
    tree: Tree,
    *,
    trials: tuple[float, ...] = (),
    modules_agreed: int | None = None,
    converged: bool = True,
    seed: int | None = None,
    options: dict[str, Any],
) -> Result:
    """The result of a hierarchy of n nodes: modules are numbered anew, level by level and by flow.

    Parents have smaller numbers than the modules in them; modules that no node is in may be left over. A
    partition is a hierarchy of one level, see :func:`mapeq.tree.two_levels`.
    """
    dtype = flow.links.indices.dtype
    tree = Tree(tree.module_of.astype(dtype, copy=False), tree.parent.astype(dtype, copy=False))
    state = hierarchy(flow, tree)
    length = hierarchical_codelength(flow, state)
    records = state.modules
    records[:, VISIT] = _visits(state.modules[:, USE], tree)
    order = numbering(tree, descending(records[:, VISIT]))
    tree = reordered(tree, order)
    return Result(
        codelength=length.total,
        index_codelength=length.index_codelength,
        module_codelength=length.module_codelength,
        one_level_codelength=flow.node_codelength,
        flow=frozen(flow.nodes[:, VISIT].copy()),
        hierarchy=Tree(frozen(tree.module_of), frozen(tree.parent)),
        module_records=frozen(records[order]),
        trials=trials,
        modules_agreed=modules_agreed,
        converged=converged,
        seed=seed,
        options=options,
        network=network,
    )


def _visits(use: FloatArray, tree: Tree) -> FloatArray:
    """How often the nodes in each module are visited; for leaf modules, that is the use rate. Shape (t,)."""
    holds_modules = np.zeros(len(use), dtype=np.bool_)
    holds_modules[tree.parent[1:]] = True
    return sums_upwards(np.where(holds_modules, 0.0, use), tree.parent)

"""Levels of a hierarchy: which there are, and what each saves."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import FloatArray, IndexArray
from mapeq._base.errors import is_whole, option_error
from mapeq._base.hierarchy import ROOT, Hierarchy, cut, depths
from mapeq.objective.contents import costs_of_contents
from mapeq.objective.counting import price_of_numbers
from mapeq.objective.formula import module_costs
from mapeq.objective.level import AddedTerms
from mapeq.objective.two_level import COST
from mapeq.walk.flow import ENTER, EXIT, VISIT


def checked_level(level: int, finest: int) -> int:
    """The depth of the modules at a level, -1 for the finest; raises a ValueError if the level does not exist."""
    if level == -1:
        return finest
    if not is_whole(level, 1) or level > finest:
        allowed = "1, the only level of modules of a two-level partition"
        if finest > 1:
            allowed = f"from 1 (the top modules) to {finest} (the finest, also -1)"
        raise option_error("level", level, allowed)
    return int(level)


def savings_of_levels(
    tree: Hierarchy, records: FloatArray, terms: AddedTerms, one_level: float, codelength: float
) -> tuple[float, ...]:
    """The codelength of the hierarchy cut above each level of modules, minus that of it cut below, in bits.

    Parameters
    ----------
    tree : Hierarchy
    records : float64 array
        Of all modules, the root first.
    terms : AddedTerms
        The price of modules, and the contents of nodes, which leaf modules describe.
    one_level, codelength : float
        Without modules, and with all of them.
    """
    depth = depths(tree.parent)
    num_levels = max(int(depth.max()), 1) + 1
    visit, enter, exit, cost = (records[:, column] for column in (VISIT, ENTER, EXIT, COST))
    beyond = np.bincount(depth, module_costs(visit, enter, exit) - cost, minlength=num_levels)
    within = np.bincount(depth, cost, minlength=num_levels).cumsum()
    lengths = (within + beyond)[:num_levels] + one_level
    num_tops = int(np.count_nonzero(tree.parent[1:] == ROOT))
    num_modules = np.bincount(depth, minlength=num_levels).cumsum() - 1  # down to each level
    for level in range(1, num_levels):
        priced = price_of_numbers(terms.counting, 1, int(num_modules[level]), num_tops)
        lengths[level] += priced - price_of_numbers(terms.counting, 1, 1, 1)
        if terms.contents is not None:
            lengths[level] += _cost_of_contents(terms, cut(tree, level)) - _cost_of_contents(terms, cut(tree, 0))
    lengths[0], lengths[-1] = one_level, codelength  # free of rounding errors
    return tuple((lengths[:-1] - lengths[1:]).tolist())


def _cost_of_contents(terms: AddedTerms, module_of: IndexArray) -> float:
    return float(costs_of_contents(terms.contents, module_of, int(module_of.max(initial=0)) + 1).sum())

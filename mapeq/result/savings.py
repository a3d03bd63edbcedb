"""What each level of a hierarchy saves."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.hierarchy import ROOT, Hierarchy, depths
from mapeq.objective.counting import price_of_numbers
from mapeq.objective.formula import module_costs
from mapeq.objective.multilevel import COST
from mapeq.walk.flow import ENTER, EXIT, VISIT


def savings_of_levels(
    tree: Hierarchy, records: FloatArray, counting: FloatArray | None, one_level: float, codelength: float
) -> tuple[float, ...]:
    """The codelength of the hierarchy cut above each level of modules, minus that of it cut below, in bits.

    Parameters
    ----------
    tree : Hierarchy
    records : float64 array
        Of all modules, the root first.
    counting : float64 array of shape (4,) or None
        The price of modules.
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
        priced = price_of_numbers(counting, 1, int(num_modules[level]), num_tops)
        lengths[level] += priced - price_of_numbers(counting, 1, 1, 1)
    lengths[0], lengths[-1] = one_level, codelength  # free of rounding errors
    return tuple((lengths[:-1] - lengths[1:]).tolist())

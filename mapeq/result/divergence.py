"""Flow divergence: how many bits per step a partition costs as an estimate of another one.

Blöcker & Scholtes, arXiv:2401.09052 (2024), with map equation similarity: Blöcker, Smiljanić, Scholtes & Rosvall,
Proceedings of Machine Learning Research 198, 52 (2022).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IntArray, column_sums
from mapeq._base.hierarchy import cut
from mapeq.result.levels import checked_level
from mapeq.result.result import ROUNDING, Result
from mapeq.walk.flow import ENTER, EXIT, VISIT


class _Rates(NamedTuple):
    """How a partition says that the walk goes on, by module.

    The similarity of a node to a node v of its own module is ``p_v * inside``, and to one of another module k it is
    ``leave * p_v * enter[k]``.
    """

    inside: FloatArray
    leave: FloatArray
    enter: FloatArray

    def logs(self) -> _Rates:
        """Return the binary logarithms, with 0 for those of 0."""
        return _Rates(*(np.log2(rates, out=np.zeros(len(rates)), where=rates > 0) for rates in self))


def flow_divergence(one: Result, other: Result, level: int = 1) -> float:
    """Return the flow divergence of two partitions of the same network by the same walk, in bits per step.

    The expectation, over the steps u to v that the first partition describes, of the logarithm of the ratio of the map
    equation similarities of u and v in the two partitions. A step leads to another node, as in the published values;
    later versions of the authors' program also count staying, which gives other values. It is infinite if the second
    partition rules out steps of the first one, which their program leaves out. Where the hierarchies are deeper, the
    modules of the level are compared.

    References
    ----------
    C. Blöcker and I. Scholtes, arXiv:2401.09052 (2024).
    """
    (modules, rates), (other_modules, other_rates) = (_rates(result, level) for result in (one, other))
    flow, number = one.flow, len(other_rates.inside)
    cells, cell = np.unique(modules.astype(np.int64) * number + other_modules, return_inverse=True)
    i, j = cells // number, cells % number
    together = column_sums(cell, flow, len(cells))
    visits = np.bincount(modules, flow, len(rates.inside))
    others = float(rates.enter @ visits) - rates.enter * visits  # of all other modules, those of each

    logs, other_logs = rates.logs(), other_rates.logs()
    entropy = rates.enter * visits * logs.enter
    own = rates.leave * (others * logs.leave + entropy.sum() - entropy) + rates.inside * visits * logs.inside
    everywhere = rates.leave * others + rates.inside * visits
    ruled_out = _Rates(*(np.asarray(each == 0, np.float64) for each in other_rates))
    is_visited = together > 0
    if (_crossed(rates, ruled_out, i, j, together) > ROUNDING * everywhere[i])[is_visited].any():
        return np.inf
    costs = (own[i] - _crossed(rates, other_logs, i, j, together))[cell]
    staying = flow * rates.inside[modules]  # the similarity of a node to itself
    leading = everywhere[modules] - staying
    costs -= staying * (logs.inside[modules] - other_logs.inside[other_modules])
    moves = leading > ROUNDING
    found = float((flow[moves] * costs[moves] / leading[moves]).sum())
    return found if abs(found) > ROUNDING else 0.0


def _rates(result: Result, level: int) -> tuple[IntArray, _Rates]:
    """Return the module of each node at a level, from 0 without gaps, and the rates of the modules."""
    depth = checked_level(level, result.num_levels - 1)
    here, modules = np.unique(cut(result.hierarchy, depth), return_inverse=True)
    records = result.module_records[here]
    use = np.maximum(records[:, VISIT] + records[:, EXIT], 1e-300)
    entering = max(float(records[:, ENTER].sum()), 1e-300)
    return modules, _Rates(1 / use, records[:, EXIT] / use, records[:, ENTER] / entering / use)


def _crossed(rates: _Rates, logs: _Rates, i: IntArray, j: IntArray, together: FloatArray) -> FloatArray:
    """Return, for nodes in modules i and j, the sum of similarities in one partition times logarithms in the other."""
    visits = np.bincount(i, together, len(rates.inside))
    entered = np.bincount(i, together * logs.enter[j], len(rates.inside))
    reached = np.bincount(j, together * rates.enter[i], len(logs.inside))
    others = float(rates.enter @ visits) - rates.enter * visits
    entered_others = float(rates.enter @ entered) - rates.enter * entered
    extra = (logs.inside - logs.leave - logs.enter)[j]  # in the same module of the other partition
    outside = others[i] * logs.leave[j] + entered_others[i] + (reached[j] - rates.enter[i] * together) * extra
    inside = visits[i] * logs.leave[j] + entered[i] + together * extra
    found: FloatArray = rates.leave[i] * outside + rates.inside[i] * inside
    return found

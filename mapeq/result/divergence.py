"""Flow divergence: how many bits per step a partition costs as an estimate of another one.

Blöcker & Scholtes, arXiv:2401.09052 (2024), with map equation similarity: Blöcker, Smiljanić, Scholtes & Rosvall,
Proceedings of Machine Learning Research 198, 52 (2022).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IndexArray, IntArray, column_sums
from mapeq._base.hierarchy import ROOT, cut, depths
from mapeq.result.levels import checked_level
from mapeq.result.result import ROUNDING, Result
from mapeq.walk.flow import ENTER, EXIT


class _Code(NamedTuple):
    """How a partition says that the walk goes on, for cells: nodes that are together in both partitions.

    A step leaves modules up to one that contains both ends, and enters others down to its target.

    Attributes
    ----------
    depth : integer array of shape (c,)
        How many modules each cell is in.
    path : integer array of shape (depths + 1, c)
        The module of each cell at each depth, the root at 0; repeated below the leaf module.
    leave, enter : float64 arrays of shape (modules,)
        The probabilities of the code words for leaving a module, in its codebook, and for entering it, in its parent's.
    inside : float64 array of shape (modules,)
        1 / the use rate of each codebook: times its visit rate, this is the probability of a node in a leaf module.
    """

    depth: IntArray
    path: IntArray
    leave: FloatArray
    enter: FloatArray
    inside: FloatArray

    def logs(self) -> _Code:
        """Return the same with binary logarithms, with 0 for those of 0."""
        rates = (self.leave, self.enter, self.inside)
        return self._of(np.log2(each, out=np.zeros(len(each)), where=each > 0) for each in rates)

    def ruled_out(self) -> _Code:
        """Return the same with 1 for code words that are never used, and 0 for others."""
        return self._of(np.asarray(each == 0, np.float64) for each in (self.leave, self.enter, self.inside))

    def _of(self, rates: Iterable[FloatArray]) -> _Code:
        return _Code(self.depth, self.path, *rates)


def flow_divergence(one: Result, other: Result, level: int | None = 1) -> float:
    """Return the flow divergence of two partitions of the same network by the same walk, in bits per step.

    The expectation, over the steps u to v that the first partition describes, of the logarithm of the ratio of the map
    equation similarities of u and v in the two partitions. A step leads to another node, as in the published values;
    later versions of the authors' program also count staying, which gives other values. It is infinite if the second
    partition rules out steps of the first one, which their program leaves out.

    The modules of the level are compared, or whole hierarchies of any depths, by all their codebooks, if it is None.

    References
    ----------
    C. Blöcker and I. Scholtes, arXiv:2401.09052 (2024).
    """
    (leaves, parent, records), (other_leaves, other_parent, other_records) = (
        _modules(result, level) for result in (one, other)
    )
    cells, cell = np.unique(leaves * len(other_parent) + other_leaves, return_inverse=True)
    leaf, other_leaf = cells // len(other_parent), cells % len(other_parent)
    flow = one.flow
    code = _code(leaves, leaf, parent, records, flow)
    other_code = _code(other_leaves, other_leaf, other_parent, other_records, flow)
    together = column_sums(cell, flow, len(cells))

    everywhere = _reached(code, together, np.zeros(len(cells), np.int64))
    ruled_out = _crossed(code, other_code.ruled_out(), together)
    if (ruled_out > ROUNDING * everywhere)[together > 0].any():
        return np.inf
    logs, other_logs = code.logs(), other_code.logs()
    costs = (_crossed(code, logs, together) - _crossed(code, other_logs, together))[cell]
    staying = flow * code.inside[leaves]  # the similarity of a node to itself
    leading = everywhere[cell] - staying
    costs -= staying * (logs.inside[leaves] - other_logs.inside[other_leaves])
    moves = leading > ROUNDING
    found = float((flow[moves] * costs[moves] / leading[moves]).sum())
    return found if abs(found) > ROUNDING else 0.0


def _modules(result: Result, level: int | None) -> tuple[IntArray, IndexArray, FloatArray]:
    """Return the leaf module of each node, the parents of modules, and their records: of a level, or of all."""
    module_of, parent = result.hierarchy
    if level is None:
        return module_of.astype(np.int64), parent, result.module_records
    depth = checked_level(level, result.num_levels - 1)
    here, modules = np.unique(cut(result.hierarchy, depth), return_inverse=True)
    return modules + 1, np.full(len(here) + 1, ROOT, parent.dtype), result.module_records[np.append(ROOT, here)]


def _code(leaves: IntArray, leaf: IntArray, parent: IndexArray, records: FloatArray, flow: FloatArray) -> _Code:
    """Return the code of modules, for cells in these leaf modules."""
    enter, exit = records[:, ENTER], np.where(np.arange(len(parent)) == ROOT, 0.0, records[:, EXIT])
    use = exit + np.bincount(leaves, flow, len(parent)) + np.bincount(parent[1:], enter[1:], len(parent))
    use = np.maximum(use, 1e-300)
    depth_of = depths(parent)
    depth = depth_of[leaf]
    path = np.empty((int(depth.max(initial=0)) + 1, len(leaf)), np.int64)
    module = leaf.astype(np.int64)
    for d in range(len(path) - 1, -1, -1):
        module = np.where(depth_of[module] > d, parent[module].astype(np.int64), module)
        path[d] = module
    return _Code(depth, path, exit / use, enter / use[parent], 1 / use)


def _reached(code: _Code, masses: FloatArray, group: IntArray) -> FloatArray:
    """Return, for nodes of each cell, the sum of similarities to the masses of the cells of its group.

    Modules are left one after the other; in each, what it holds is reached but what its module below held.
    """
    found, up, down = np.zeros(len(masses)), np.ones(len(masses)), masses * code.inside[code.path[-1]]
    below = np.zeros(len(masses))
    for d in range(len(code.path) - 1, -1, -1):
        is_here = code.depth >= d
        _, key = np.unique(code.path[d] * (group.max(initial=0) + 1) + group, return_inverse=True)
        held = column_sums(key, np.where(is_here, down, 0.0), int(key.max(initial=-1)) + 1)[key]
        found += np.where(is_here, up * (held - below), 0.0)
        if d:
            entered = code.enter[code.path[d]]
            below = np.where(is_here, entered * held, 0.0)
            up, down = (
                np.where(is_here, each * by, each) for each, by in ((up, code.leave[code.path[d]]), (down, entered))
            )
    return found


def _crossed(code: _Code, logs: _Code, masses: FloatArray) -> FloatArray:
    """Return, for nodes of each cell, the sum of similarities in one partition times logarithms in the other.

    All targets are reached by leaving all modules and entering those around them, but for modules that contain both.
    """
    down, up = logs.inside[logs.path[-1]], np.zeros(len(masses))
    shared = np.zeros(len(masses))
    for d in range(1, len(logs.path)):
        is_here = logs.depth >= d
        leave, enter = (np.where(is_here, each[logs.path[d]], 0.0) for each in (logs.leave, logs.enter))
        down, up = down + enter, up + leave
        shared += (leave + enter) * _reached(code, masses, logs.path[d])
    everywhere = np.zeros(len(masses), np.int64)
    return _reached(code, masses * down, everywhere) + up * _reached(code, masses, everywhere) - shared

"""The contents of the nodes of a coarser level: those of all nodes in each module, summed by feature.

One thread sums them up, in the order of the nodes. See :mod:`mapeq.objective.contents`.
"""

from __future__ import annotations

import numpy as np

from mapeq._base.atomics import read_only_view
from mapeq._base.csr import ONE
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO
from mapeq.objective.contents import Contents
from mapeq.optimizer.candidates import add_flow, clear_table, table_mask


@inlined
def contents_of_memory(contents, memory, count):
    """The contents that memory holds, of so many nodes; in a tuple, since Numba lets no such kernel return them."""
    if contents is not None:
        filled = memory.content_indptr[count]
        return (
            Contents(
                read_only_view(memory.content_indptr[: count + ONE]),
                read_only_view(memory.features[:filled]),
                read_only_view(memory.amounts[:filled]),
                contents.coefficients,
                contents.totals,
                contents.num_attracting,
                contents.constant,
            ),
        )
    return (contents,)


@inlined
def sum_contents(contents, groups, memory, count, scratch):
    """Sum up the contents of the nodes of each module, feature by feature."""
    if contents is not None:
        _sum_amounts(contents, groups, memory, count, scratch)


@step
def _sum_amounts(contents, groups, memory, count, scratch):
    filled = ZERO
    memory.content_indptr[0] = ZERO
    for m in range(count):
        most = ZERO
        for position in range(groups.starts[m], groups.starts[m + ONE]):
            i = np.uint64(groups.members[position])
            most += contents.indptr[i + ONE] - contents.indptr[i]
        mask = table_mask(min(most, np.uint64(len(contents.coefficients))))
        size = ZERO
        for position in range(groups.starts[m], groups.starts[m + ONE]):
            i = np.uint64(groups.members[position])
            for r in range(contents.indptr[i], contents.indptr[i + ONE]):
                size = add_flow(np.uint64(contents.features[r]), contents.amounts[r], mask, ZERO, size, scratch)
        clear_table(size, scratch)
        for c in range(size):
            memory.features[filled + c] = scratch.modules[c]
            memory.amounts[filled + c] = scratch.flow_to_module[c]
        filled += size
        memory.content_indptr[m + ONE] = filled

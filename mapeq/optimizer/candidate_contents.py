"""What the contents of a node change in its own module and in its candidate modules.

Few modules hold any of the nodes that have a listed feature: going through these is faster than looking for each
candidate among them. Features with hash tables are looked up later, where they may decide. See
:mod:`mapeq.objective.contents`.
"""

from __future__ import annotations

import numpy as np

from mapeq._base.atomics import prefetch
from mapeq._base.csr import ONE
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO
from mapeq.objective.contents import EMPTY, H_OF_SUM, MODULE, SUM, home_of, is_listed, with_contents
from mapeq.objective.formula import plogp
from mapeq.optimizer.candidates import hash_slot

LINE = np.uint64(2)  # slots in a line of the cache


@inlined
def gather_contents(contents, sums, i, own, first, count, left, alone, mask, scratch):
    """How listed contents change the codelength if node `i` gets into the module of each entry, in bits.

    `scratch.contents` gets the changes: of the `count` entries from `first` on, which are in the hash table of
    candidates; as entry `left` that of all contents if the node gets out of its `own` module; and as entry `alone` that
    of getting into a new one.
    """
    if contents is not None:
        _gather(contents, sums, i, own, first, count, left, alone, mask, scratch)


@inlined
def ask_for_row(contents, i):
    """Prefetch where the contents of node `i` are."""
    if contents is not None:
        prefetch(contents.indptr, i)


@inlined
def ask_for_sums(contents, sums, i):
    """Prefetch the sums of what node `i` contains; loads that wait for memory do so together."""
    if contents is not None:
        prefetch(contents.amounts, contents.indptr[i])
        for r in range(contents.indptr[i], contents.indptr[i + ONE]):
            feature = contents.features[r]
            prefetch(contents.coefficients, feature)
            slot = sums.starts[feature]
            prefetch(sums.slots, slot)
            prefetch(sums.slots, slot + LINE)
            prefetch(sums.slots, slot + LINE + LINE)


@inlined
def ask_for_sum(contents, sums, i, m):
    """Prefetch what a module contains of what node `i` does, where that is in hash tables."""
    if contents is not None:
        for r in range(contents.indptr[i], contents.indptr[i + ONE]):
            feature = np.uint64(contents.features[r])
            if not is_listed(sums, feature):
                prefetch(sums.slots, home_of(sums, feature, m))


@inlined
def contents_of_entry(contents, entry, scratch):
    """What :func:`gather_contents` has found for an entry."""
    if contents is None:
        return 0.0
    return scratch.contents[entry]


@step
def _gather(contents, sums, i, own, first, count, left, alone, mask, scratch):
    leaving, by_itself = 0.0, 0.0
    for c in range(count):
        scratch.contents[first + c] = 0.0
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        feature, amount = np.uint64(contents.features[r]), contents.amounts[r]
        if is_listed(sums, feature):
            coefficient, h_of_amount = contents.coefficients[feature], plogp(amount)
            by_itself += coefficient * h_of_amount
            slot = sums.starts[feature]
            while sums.slots[slot, MODULE] != EMPTY:
                m = np.uint64(sums.slots[slot, MODULE])
                if m == own:
                    leaving += coefficient * (plogp(sums.slots[slot, SUM] - amount) - sums.slots[slot, H_OF_SUM])
                else:
                    entry = np.uint64(scratch.table[hash_slot(m, mask, first, scratch)])
                    if entry != ZERO:
                        joined = plogp(sums.slots[slot, SUM] + amount) - sums.slots[slot, H_OF_SUM]
                        scratch.contents[first + entry - ONE] += coefficient * (joined - h_of_amount)
                slot += ONE
    for c in range(count):
        scratch.contents[first + c] += by_itself
    scratch.contents[left] = with_contents(contents, sums, i, own, -1.0, leaving)
    scratch.contents[alone] = by_itself

"""Candidate modules: sums by module, in a hash table that stays in the first cache, and scratch memory for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.jit import inlined
from mapeq._base.records import record
from mapeq._base.team import ZERO

#: Entries that are evaluated at once: few enough for the first cache, enough to wait for memory together.
BATCH = 512

BATCH_SIZE = np.uint64(BATCH)
TWO = np.uint64(2)
FOUR = np.uint64(4)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: its multiples are spread evenly
SPREAD_BITS = np.uint64(40)
MIN_MASK = np.uint64(255)


@record
class Scratch(NamedTuple):
    """Memory for one thread to evaluate the candidate modules of a batch of nodes.

    Each candidate module of a node is an *entry*. Arrays have room for an entry a link, and two more for each node.

    Attributes
    ----------
    chosen : uint64 array of shape (nodes that propose at once,)
        The positions in the block of the nodes that may move.
    neighbour_modules : unsigned integer array of shape (r,)
        The modules of the nodes' neighbours, one row of links after the other.
    neighbour_flow : float64 array of shape (r,)
        The flow of these links.
    table : uint32 array of shape (t,), zeros between uses
        Hash table: position of a module among the candidates of one node, plus 1; its size is a power of two.
    slots : uint32 array of shape (r,)
        The slot of each candidate of one node in the table; later, the entry of each node that is looked up first.
    starts : uint32 array of shape (BATCH + 1,)
        The first entry of each node: its own module, then those of its neighbours, then a new one.
    modules : unsigned integer array of shape (r,)
        The module of each entry.
    flow_to_module : float64 array of shape (r,)
        Flow between the node and the module of each entry, both ways.
    visit, enter, exit, cost : float64 arrays of shape (r,)
        The record of each entry's module.
    index_rate : float64 array of shape (r,)
        The rate at which the index codebook would be used.
    contents : float64 array of shape (r,)
        What listed contents of the node change in the module of each entry, in bits.
    direct : float64 array of shape (r,)
        In a hierarchy, the flow between the unit and others that are directly in the module of each entry.
    up : uint32 array of shape (r,)
        In a hierarchy, the entry of the parent of each entry's module.
    """

    chosen: NDArray[np.uint64]
    neighbour_modules: IndexArray
    neighbour_flow: FloatArray
    table: NDArray[np.uint32]
    slots: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    modules: IndexArray
    flow_to_module: FloatArray
    visit: FloatArray
    enter: FloatArray
    exit: FloatArray
    cost: FloatArray
    index_rate: FloatArray
    contents: FloatArray
    direct: FloatArray
    up: NDArray[np.uint32]


def new_scratch(most: int, chosen: int, dtype: np.dtype) -> Scratch:
    """Scratch memory of one thread. What is never used never takes up memory.

    Parameters
    ----------
    most : int
        Nodes have up to so many links or candidate modules each.
    chosen : int
        Number of nodes that propose at once.
    dtype : dtype
        Of numbers of modules.
    """
    room = max(most, BATCH) + 16  # at least 8 more than are ever in use: loops run over whole vectors
    neighbour_flow, flow_to_module, visit, enter, exit, cost, index_rate, contents, direct = np.zeros((9, room))
    return Scratch(
        chosen=np.empty(chosen, dtype=np.uint64),
        neighbour_modules=np.empty(room, dtype=dtype),
        neighbour_flow=neighbour_flow,
        table=np.zeros(max(256, 4 << room.bit_length()), dtype=np.uint32),
        slots=np.empty(room, dtype=np.uint32),
        starts=np.zeros(BATCH + 1, dtype=np.uint32),
        modules=np.empty(room, dtype=dtype),
        flow_to_module=flow_to_module,
        visit=visit,
        enter=enter,
        exit=exit,
        cost=cost,
        index_rate=index_rate,
        contents=contents,
        direct=direct,
        up=np.empty(room, dtype=np.uint32),
    )


def has_room(scratch: Scratch, most: int, chosen: int, dtype: np.dtype) -> bool:
    """Whether scratch memory is enough for others of these sizes."""
    return len(scratch.modules) >= most + 16 and len(scratch.chosen) >= chosen and scratch.modules.dtype == dtype


@inlined
def table_mask(most):
    """The last slot of a hash table that `most` modules leave at least three quarters empty."""
    mask = MIN_MASK
    while mask < most * FOUR:
        mask = mask * TWO + ONE
    return mask


@inlined
def add_flow(module, flow, mask, first, count, scratch):
    """Add to the flow gathered for a module, one of `count` from entry `first` on or a new one; returns the count."""
    # Branch-free: always write the candidate behind the others, and keep it only if it is new.
    scratch.modules[first + count] = module
    scratch.flow_to_module[first + count] = 0.0
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    entry = np.uint64(scratch.table[slot])
    c = count if entry == ZERO else entry - ONE
    while scratch.modules[first + c] != module:  # seldom: the slot is another module's
        slot = (slot + ONE) & mask
        entry = np.uint64(scratch.table[slot])
        c = count if entry == ZERO else entry - ONE
    scratch.table[slot] = c + ONE
    scratch.slots[c] = slot
    scratch.flow_to_module[first + c] += flow
    return count + ONE if entry == ZERO else count


@inlined
def hash_slot(module, mask, first, scratch):
    """The slot of a module in the hash table, or the empty slot for it; the gathered modules begin at entry `first`."""
    slot = (module * SPREAD >> SPREAD_BITS) & mask
    while scratch.table[slot] != 0 and scratch.modules[first + scratch.table[slot] - ONE] != module:
        slot = (slot + ONE) & mask
    return slot


@inlined
def clear_table(count, scratch):
    """Empty the hash table; the gathered modules stay."""
    for c in range(count):
        scratch.table[scratch.slots[c]] = 0

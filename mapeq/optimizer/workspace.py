"""Scratch memory of the kernels that evaluate moves: a piece for each thread of a search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IndexArray
from mapeq._base.threads import Threads

#: Entries that are evaluated at once: few enough for the first cache, enough to wait for memory together.
BATCH = 512


class Scratch(NamedTuple):
    """Memory for one thread to evaluate the candidate modules of a batch of nodes.

    Each candidate module of a node is an *entry*. Arrays have room for an entry a link, and two more for each node.

    Attributes
    ----------
    neighbour_modules : unsigned integer array of shape (r,)
        The modules of the nodes' neighbours, one row of links after the other.
    table : uint32 array of shape (t,), zeros between uses
        Hash table: position of a module among the candidates of one node, plus 1; its size is a power of two.
    slots : uint32 array of shape (r,)
        The slot of each candidate of one node in the table.
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
    direct : float64 array of shape (r,)
        In a hierarchy, the flow between the unit and others that are directly in the module of each entry.
    up : uint32 array of shape (r,)
        In a hierarchy, the entry of the parent of each entry's module.
    """

    neighbour_modules: IndexArray
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
    direct: FloatArray
    up: NDArray[np.uint32]


def new_scratch(most: int, dtype: np.dtype) -> Scratch:
    """Scratch memory for nodes with at most `most` links or candidate modules each."""
    room = max(most, BATCH) + 16  # at least 8 more than are ever in use: loops run over whole vectors
    flow_to_module, visit, enter, exit, cost, index_rate, direct = np.ones((7, room))
    return Scratch(
        neighbour_modules=np.empty(room, dtype=dtype),
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
        direct=direct,
        up=np.empty(room, dtype=np.uint32),
    )


class Workers(Threads):
    """The threads of a search, each with scratch memory of its own."""

    def __init__(self, num_threads: int = 1):
        super().__init__(num_threads)
        self._scratch: list[Scratch | None] = [None] * num_threads

    def scratch(self, most: int, dtype: np.dtype, number: int = 0) -> Scratch:
        """The memory of thread `number`, kept between calls, for nodes with at most `most` links or candidates."""
        scratch = self._scratch[number]
        if scratch is None or len(scratch.slots) < most + 16:
            scratch = self._scratch[number] = new_scratch(most, dtype)
        return scratch

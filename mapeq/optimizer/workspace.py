"""Scratch memory of the kernels that evaluate moves, one piece for each thread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IndexArray
from mapeq._base.threads import Threads

#: So many entries are weighed at once: few enough for the first cache, enough to wait for memory together.
BATCH = 512


class Scratch(NamedTuple):
    """Room for one thread to look at the candidate modules of a batch of nodes.

    Its arrays have one place more than the links of the batch, and two more for each node.

    Attributes
    ----------
    heads : unsigned integer array of shape (r,)
        The modules at the other ends of the nodes' links, one row of links after the other.
    table : uint32 array of shape (t,), zeros between uses
        Hash table: position of a module among the candidates of one node, plus 1; its size is a power of two.
    slots : uint32 array of shape (r,)
        Where each candidate of one node stands in the table.
    starts : uint32 array of shape (BATCH + 1,)
        Where the entries of each node begin: its own module, those around it and a new one.
    modules : unsigned integer array of shape (r,)
        The module of each entry.
    between : float64 array of shape (r,)
        The flow between the node and the module of each entry, both ways.
    visit, enter, exit, cost : float64 arrays of shape (r,)
        The record of each entry's module.
    entering : float64 array of shape (r,)
        The rate at which the index codebook would be used.
    direct : float64 array of shape (r,)
        In a hierarchy, the flow between the node and others that are directly in the module of each entry.
    up : uint32 array of shape (r,)
        In a hierarchy, which entry the parent of each entry's module is.
    """

    heads: IndexArray
    table: NDArray[np.uint32]
    slots: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    modules: IndexArray
    between: FloatArray
    visit: FloatArray
    enter: FloatArray
    exit: FloatArray
    cost: FloatArray
    entering: FloatArray
    direct: FloatArray
    up: NDArray[np.uint32]


def new_scratch(most: int, dtype: np.dtype) -> Scratch:
    """Scratch space for nodes with so many links or candidate modules at most."""
    room = max(most, BATCH) + 16  # at least 8 more than are ever in use: loops run over whole vectors
    between, visit, enter, exit, cost, entering, direct = np.ones((7, room))
    return Scratch(
        heads=np.empty(room, dtype=dtype),
        table=np.zeros(max(256, 4 << room.bit_length()), dtype=np.uint32),
        slots=np.empty(room, dtype=np.uint32),
        starts=np.zeros(BATCH + 1, dtype=np.uint32),
        modules=np.empty(room, dtype=dtype),
        between=between,
        visit=visit,
        enter=enter,
        exit=exit,
        cost=cost,
        entering=entering,
        direct=direct,
        up=np.empty(room, dtype=np.uint32),
    )


class Workers(Threads):
    """The threads of a search, each with scratch memory of its own."""

    def __init__(self, num_threads: int = 1):
        super().__init__(num_threads)
        self._scratch: list[Scratch | None] = [None] * num_threads

    def scratch(self, most: int, dtype: np.dtype, number: int = 0) -> Scratch:
        """Room for thread `number`, kept between calls, for nodes with so many links or candidates at most."""
        scratch = self._scratch[number]
        if scratch is None or len(scratch.heads) < most + 16:
            scratch = self._scratch[number] = new_scratch(most, dtype)
        return scratch

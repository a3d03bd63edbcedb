"""Blocks: nodes that propose their moves at the same time, and what the threads of a team note about them.

Nodes wait with a flag. A sweep lists the waiting ones in a random order, and takes them from the list block by block;
see :mod:`mapeq.optimizer.moves` for what happens to a block.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray
from mapeq._base.jit import inlined
from mapeq._base.records import record

#: A block holds a 64th of the nodes, but never fewer than the minimum. It must not depend on the number of threads.
BLOCKS = np.uint64(64)
MIN_BLOCK = np.uint64(32)

#: A block is proposed in about so many parts, which the threads of a team share.
PARTS = np.uint64(256)
MIN_PART = np.uint64(16)

#: Nodes listed at once by one thread.
LISTED = np.uint64(4096)

#: The proposal of a node that had better stay.
STAY = np.uint64(2**64 - 1)

#: What became of a proposed move: it was given up, made, or is to be proposed again.
DROPPED, MADE, AGAIN = np.uint8(0), np.uint8(1), np.uint8(2)

#: So many earlier movers among the neighbours of a mover are noted; if there are more, its links are read again.
MOST_EARLIER = 8
READ_AGAIN = np.uint8(255)

#: Positions of what one thread tells the others: whether to stop, the number of waves, of moves made so far, whether
#: every move is to be evaluated with the index as it is then, and the change of codelength.
STOPPED, NUM_WAVES, NUM_MADE, EXACT, CHANGE, TOLD = 0, 1, 2, 3, 4, 8


class Visits(NamedTuple):
    """Which nodes to visit, and in which order.

    Attributes
    ----------
    order : unsigned integer array of shape (m,)
        The nodes that may wait, in random order.
    waiting : uint8 array of shape (n,)
        1 for nodes that wait for a visit.
    listed : unsigned integer array of shape (m,)
        The nodes that a sweep visits.
    counts : uint64 array
        The number of waiting nodes in each chunk of the order.
    """

    order: IndexArray
    waiting: NDArray[np.uint8]
    listed: IndexArray
    counts: NDArray[np.uint64]


@record
class Block(NamedTuple):
    """The nodes of a block, in the order of their visits, and those of them that would move, the movers.

    Attributes
    ----------
    node, origin, destination : uint64 arrays of shape (b,)
        The node; its module; and the module that it would move to: a number beyond the last for a new one, or ``STAY``.
        Of units in a hierarchy, 0 if they would move.
    flow_to_origin, flow_to_destination : float64 arrays of shape (b,)
        Flow over links between the node and the rest of each module, when it proposed.
    num_movers, num_links : uint64 arrays
        Of each part of the block.
    movers : uint32 array of shape (b,)
        Positions of the movers in the block.
    position : uint32 array of shape (n,), zeros between blocks
        The position of each mover, plus 1.
    earlier : uint32 array of shape (b, MOST_EARLIER)
        The positions of the neighbours of each mover that are movers and come before it.
    earlier_flow : float64 array of shape (b, MOST_EARLIER)
        The flow of the links to them.
    num_earlier : uint8 array of shape (b,)
        Their number, or ``READ_AGAIN``.
    verdict : uint8 array of shape (b,)
        ``DROPPED``, ``MADE`` or ``AGAIN``.
    change, rate, more : float64 arrays of shape (b,)
        What a move changed: the codelength of the two modules in bits, the rate at which the index codebook is used,
        and the number of modules.
    stamps : uint32 array of shape (rows of a partition,)
        The last wave of moves that touched each module; waves are numbered on from block to block.
    wave, by_wave : uint32 arrays of shape (b,)
        The wave of each mover, and their positions sorted by wave.
    wave_starts : uint64 array of shape (b + 2,)
        Where each wave begins there.
    told : float64 array of shape (TOLD,)
        What one thread tells the others.
    """

    node: NDArray[np.uint64]
    origin: NDArray[np.uint64]
    destination: NDArray[np.uint64]
    flow_to_origin: FloatArray
    flow_to_destination: FloatArray
    num_movers: NDArray[np.uint64]
    num_links: NDArray[np.uint64]
    movers: NDArray[np.uint32]
    position: NDArray[np.uint32]
    earlier: NDArray[np.uint32]
    earlier_flow: FloatArray
    num_earlier: NDArray[np.uint8]
    verdict: NDArray[np.uint8]
    change: FloatArray
    rate: FloatArray
    more: FloatArray
    stamps: NDArray[np.uint32]
    wave: NDArray[np.uint32]
    by_wave: NDArray[np.uint32]
    wave_starts: NDArray[np.uint64]
    told: FloatArray


class Limits(NamedTuple):
    """How far moving may go, and how.

    Attributes
    ----------
    max_links : float
        Moving ends after the block with which this number of links is visited.
    exact : uint64
        1 to evaluate every move with the index as it is when it is made; 0 with the index as it was before the block,
        which lets threads make moves at the same time.
    block_size : uint64
        Number of nodes in a block.
    stop : uint8 array of shape (1,)
        Anything but 0 ends moving with the current block.
    """

    max_links: float
    exact: np.uint64
    block_size: np.uint64
    stop: NDArray[np.uint8]


@inlined
def block_size(num_nodes):
    """Number of nodes in a block."""
    return min(max(num_nodes, ONE), max(MIN_BLOCK, num_nodes // BLOCKS))


@inlined
def part_size(size):
    """Number of nodes in a part of a block of so many nodes."""
    return max(MIN_PART, (size + PARTS - ONE) // PARTS)


def new_visits(num_nodes: int, dtype: np.dtype) -> Visits:
    """Memory to visit up to so many nodes."""
    return Visits(
        np.empty(num_nodes, dtype),
        np.empty(num_nodes, np.uint8),
        np.empty(num_nodes, dtype),
        np.empty(num_nodes // int(LISTED) + 1, np.uint64),
    )


def new_block(num_nodes: int) -> Block:
    """Memory for blocks of levels of up to so many nodes."""
    size = int(block_size.py_func(np.uint64(num_nodes)))
    node, origin, destination = np.empty((3, size), np.uint64)
    flow_to_origin, flow_to_destination, change, rate, more = np.empty((5, size))
    num_movers, num_links = np.empty((2, size // int(MIN_PART) + 1), np.uint64)
    movers, wave, by_wave = np.empty((3, size), np.uint32)
    return Block(
        node=node,
        origin=origin,
        destination=destination,
        flow_to_origin=flow_to_origin,
        flow_to_destination=flow_to_destination,
        num_movers=num_movers,
        num_links=num_links,
        movers=movers,
        position=np.zeros(num_nodes, np.uint32),
        earlier=np.empty((size, MOST_EARLIER), np.uint32),
        earlier_flow=np.empty((size, MOST_EARLIER)),
        num_earlier=np.empty(size, np.uint8),
        verdict=np.empty(size, np.uint8),
        change=change,
        rate=rate,
        more=more,
        stamps=np.empty(num_nodes, np.uint32),
        wave=wave,
        by_wave=by_wave,
        wave_starts=np.empty(size + 2, np.uint64),
        told=np.zeros(TOLD),
    )

"""What a random walk gives: how often it visits each node and uses each link.

A :class:`Flow` is all that the objective and the optimizer ever see: undirected and directed networks, recorded and
unrecorded teleportation differ only in the numbers it holds. :mod:`mapeq.walk.models` computes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.atomics import prefetch
from mapeq._base.csr import ONE, FloatArray, read_only
from mapeq._base.jit import inlined

#: Columns of a node's record.
VISIT, ENTER, EXIT = 0, 1, 2

#: Columns of recorded teleportation.
TELEPORT_OUT, TELEPORT_IN = 0, 1

#: So many numbers of nodes fill a line of the cache, and so many numbers of 8 bytes.
LINE, HALF_LINE = np.uint64(16), np.uint64(8)

#: Arrays of fewer items stay in the caches.
FAR = np.uint64(1 << 20)

#: The links of a node are asked for so many nodes before they are read.
SOON = np.uint64(3)


class Links(NamedTuple):
    """Flow between nodes, in rows: :func:`flow_of` is that of the k-th link in both directions, ``f_ij + f_ji``.

    Where flow is proportional to the weights of links, as in undirected networks, `flow` is the array of weights. Every
    link stands in the rows of both its ends; there are no self-links. Integers are unsigned, so that
    kernels need not check for indices that count from the end.

    Attributes
    ----------
    indptr : uint64 array of shape (n + 1,)
    indices : uint32 array (uint64 beyond 2**31 nodes), one entry a link
    flow : float64 array, one entry a link, or of shape (1,) where every link carries the same flow
    stride : uint64
        1, or 0 with a flow of shape (1,).
    scale : float
        The flow is ``flow[k * stride] * scale``.
    """

    indptr: NDArray[np.uint64]
    indices: NDArray[Any]
    flow: FloatArray
    stride: np.uint64
    scale: float = 1.0


@inlined
def flow_of(links, k):
    """The flow over the k-th link, both ways."""
    return links.flow[k * links.stride] * links.scale


@inlined
def ask_for_links(links, i):
    """Prefetch the links of node `i`."""
    for k in range(links.indptr[i], links.indptr[i + ONE], LINE):
        prefetch(links.indices, k)
        prefetch(links.flow, k * links.stride)
        prefetch(links.flow, (k + HALF_LINE) * links.stride)


@inlined
def ask_for_neighbours(links, i, values):
    """Prefetch the values of all neighbours of node `i`: reads at random places then wait for memory together.

    Nothing is done for short arrays, which stay in the caches.
    """
    if np.uint64(len(values)) >= FAR:
        for k in range(links.indptr[i], links.indptr[i + ONE]):
            prefetch(values, links.indices[k])


@inlined
def ask_for_next(links, nodes, position, end, values):
    """Prefetch what a loop over nodes reads next, once it is at a position: links, and the values of neighbours."""
    if position + SOON < end:
        ask_for_links(links, np.uint64(nodes[position + SOON]))
    if position + ONE < end:
        ask_for_neighbours(links, np.uint64(nodes[position + ONE]), values)


def link_flows(links: Links) -> FloatArray:
    """The flow of every link: float64, as long as `indices`."""
    flow = links.flow if links.scale == 1 else links.flow * links.scale
    return flow if links.stride else np.broadcast_to(flow, links.indices.shape)


class NodeFlow(NamedTuple):
    """What the walk gives for nodes, which is what a result keeps of it. All arrays are read-only.

    Attributes
    ----------
    nodes : float64 array of shape (n, 3)
        Visit rate, enter flow and exit flow of each node: the columns ``VISIT``, ``ENTER``, ``EXIT``.
    teleport : float64 array of shape (n, 2) or None
        Recorded teleportation, as in a :class:`Flow`.
    """

    nodes: FloatArray
    teleport: FloatArray | None


class Flow(NamedTuple):
    """What the random walk gives, per step. All arrays are read-only.

    Attributes
    ----------
    links : Links
    nodes : float64 array of shape (n, 3)
        Visit rate, enter flow and exit flow of each node: the columns ``VISIT``, ``ENTER``, ``EXIT``.
    teleport : float64 array of shape (n, 2) or None
        Recorded teleportation: the flow that teleports from each node, and the probability
        that teleportation lands on it. None if teleportation is not recorded.
    """

    links: Links
    nodes: FloatArray
    teleport: FloatArray | None


def assemble_flow(
    links: Links, visits: FloatArray, enters: FloatArray, exits: FloatArray, teleport: FloatArray | None
) -> Flow:
    """The flow from its parts: flows of nodes without teleportation, which is added."""
    nodes = np.column_stack([visits, enters, exits])
    if teleport is not None:
        # Teleportation crosses the border of a node unless it lands where it left.
        leaving, landing = teleport.T
        nodes[:, EXIT] += leaving * (1 - landing)
        nodes[:, ENTER] += (leaving.sum() - leaving) * landing
        teleport = read_only(teleport)
    return Flow(links, read_only(nodes), teleport)

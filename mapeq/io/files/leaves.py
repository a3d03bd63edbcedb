"""The rows of files of partitions: the nodes in their modules, in the order of their paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, pieces
from mapeq._base.errors import NetworkError
from mapeq._base.hierarchy import preorder
from mapeq.io.files.naming import ROWS
from mapeq.result.result import Result


class Leaves(NamedTuple):
    """Rows, module by module and by decreasing flow within a module.

    Attributes
    ----------
    nodes : int64 array of shape (r,)
        The node of each row; at the physical level the most visited of its states.
    modules : int64 array of shape (r,)
        Its leaf module, or its module at a level, as a position by decreasing flow.
    ranks : int64 array of shape (r,)
        Its rank within that module, from 1.
    flow : float64 array of shape (r,)
        Its visit rate, per step.
    row_of : int64 array of shape (n,)
        The row that each node is in.
    """

    nodes: NDArray[np.int64]
    modules: NDArray[np.int64]
    ranks: NDArray[np.int64]
    flow: FloatArray
    row_of: NDArray[np.int64]

    def parts(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], FloatArray]]:
        """Yield nodes, modules, ranks and flow of some rows at a time."""
        for first, last in pieces(len(self.nodes), ROWS):
            part = slice(first, last)
            yield self.nodes[part], self.modules[part], self.ranks[part], self.flow[part]


def leaves_of(result: Result, *, physical: bool = False, level: int | None = None) -> Leaves:
    """The rows of a file of n nodes.

    Parameters
    ----------
    result : Result
    physical : bool
        Whether states of a physical node in the same module share a row.
    level : int, optional
        Of the modules; by default the leaf modules, depth first.

    Raises
    ------
    NetworkError
        If `physical` and the network has no states.
    """
    module_of = (result.hierarchy.module_of if level is None else result.labels_at(level)).astype(np.int64)
    place = _places(result)[module_of] if level is None else module_of
    nodes = np.lexsort((-result.flow, place))  # a stable order: of nodes of equal flow, the first comes first
    row_of, flow = _numbers(nodes), result.flow[nodes]
    if physical:
        states = result.network.states
        if states is None:
            raise NetworkError("the network has no states: all its nodes are physical nodes")
        pairs = (place * len(states.labels) + states.physical)[nodes]
        _, first, group = np.unique(pairs, return_index=True, return_inverse=True)
        row_of[nodes], nodes = group.ravel(), nodes[first]
        flow = np.bincount(row_of, result.flow, len(nodes)).astype(np.float64)
        order = np.lexsort((nodes, -flow, place[nodes]))
        nodes, flow, row_of = nodes[order], flow[order], _numbers(order)[row_of]
    in_order = place[nodes]
    ranks = np.arange(1, len(nodes) + 1) - np.searchsorted(in_order, in_order)
    return Leaves(nodes, module_of[nodes], ranks, flow, row_of)


def _numbers(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each item in an order."""
    numbers = np.empty_like(order)
    numbers[order] = np.arange(len(order))
    return numbers


def _places(result: Result) -> NDArray[np.int64]:
    """The place of each module, depth first."""
    parent = result.hierarchy.parent
    places = np.empty(len(parent), dtype=np.int64)
    places[preorder(parent)] = np.arange(len(parent))
    return places

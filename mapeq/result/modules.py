"""The modules of a result as objects that can be walked: from the root to its modules, and on to the nodes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import counted
from mapeq._base.hierarchy import ROOT, Hierarchy, depths, first_children, ranks, sums_upwards
from mapeq.network.network import Network
from mapeq.network.statistics import html_table
from mapeq.objective.formula import plogps
from mapeq.objective.two_level import COST
from mapeq.walk.flow import ENTER, EXIT, VISIT

#: So many modules are shown in notebooks, and so many nodes of each are named.
_MOST_SHOWN, _MOST_NAMED = 20, 4


class Catalogue:
    """What all modules of a result share: the arrays that the objects look things up in.

    Parameters
    ----------
    tree : Hierarchy
        Numbered level by level, of n nodes and t modules.
    records : float64 array of shape (t, 4)
        Visit rate, enter flow, exit flow and cost of each module.
    flow : float64 array of shape (n,)
        Visit rates of the nodes.
    network : Network
    """

    def __init__(self, tree: Hierarchy, records: FloatArray, flow: FloatArray, network: Network):
        self.tree = tree
        self.records = records
        self.first_children = first_children(tree.parent)
        self.ranks = ranks(tree.parent)
        self.depths = depths(tree.parent)
        self.labels = network.labels
        self._flow = flow

    @cached_property
    def codelengths(self) -> FloatArray:
        """Bits per step that each module's own codebook takes; together the codelength. Shape (t,)."""
        module_of, parent = self.tree
        # The cost of a module counts the name of its own that stands in the codebook above.
        named = plogps(self.records[:, ENTER])
        found = self.records[:, COST] + named
        found -= np.bincount(parent[1:], named[1:], minlength=len(parent))
        found -= np.bincount(module_of, plogps(self._flow), minlength=len(parent))
        clamped: FloatArray = np.maximum(found, 0.0)
        return clamped

    @cached_property
    def num_nodes(self) -> NDArray[np.int64]:
        """How many nodes are in each module, at any depth. Shape (t,)."""
        counts = np.bincount(self.tree.module_of, minlength=len(self.tree.parent))
        return sums_upwards(counts.astype(np.float64), self.tree.parent).astype(np.int64)

    @cached_property
    def node_order(self) -> NDArray[np.int64]:
        """The nodes module by module, most flow first. Shape (n,)."""
        return np.lexsort((-self._flow, self.tree.module_of))

    @cached_property
    def first_nodes(self) -> NDArray[np.int64]:
        """Where in `node_order` the nodes directly in each module begin. Shape (t + 1,)."""
        counts = np.bincount(self.tree.module_of, minlength=len(self.tree.parent))
        return np.concatenate([[0], np.cumsum(counts)])


class Module:
    """A module of a result, and the way to the modules and nodes in it. Made by ``Result.tree``, the root.

    Flow is in fractions of all steps, codelengths in bits per step.

    Examples
    --------
    >>> import mapeq
    >>> levels = [[{1, 2, 3, 4}, {5, 6}], [{1, 2}, {3, 4}, {5, 6}]]
    >>> root = mapeq.evaluate([(1, 2), (3, 4), (5, 6), (2, 3), (4, 5)], levels).tree
    >>> for module in root.walk():
    ...     print(module.path, f"{module.flow:.1f}", module.nodes)
    () 1.0 []
    (1,) 0.7 []
    (1, 1) 0.4 [3, 4]
    (1, 2) 0.3 [2, 1]
    (2,) 0.3 [5, 6]
    """

    __slots__ = ("_catalogue", "_number")

    def __init__(self, catalogue: Catalogue, number: int):
        self._catalogue = catalogue
        self._number = number

    @property
    def path(self) -> tuple[int, ...]:
        """Ranks by flow from 1, of the top module that this is in or is, and so on down; () for the root."""
        found = []
        parent, number = self._catalogue.tree.parent, self._number
        while number != ROOT:
            found.append(int(self._catalogue.ranks[number]))
            number = int(parent[number])
        return tuple(reversed(found))

    @property
    def level(self) -> int:
        """How deep it is: 0 for the root, 1 for top modules."""
        return int(self._catalogue.depths[self._number])

    @property
    def flow(self) -> float:
        """Visit rate of all nodes in it."""
        return float(self._catalogue.records[self._number, VISIT])

    @property
    def enter(self) -> float:
        """How often it is entered."""
        return float(self._catalogue.records[self._number, ENTER])

    @property
    def exit(self) -> float:
        """How often it is left."""
        return float(self._catalogue.records[self._number, EXIT])

    @property
    def codelength(self) -> float:
        """What its own codebook takes; those of all modules, the root's included, add up to the codelength."""
        return float(self._catalogue.codelengths[self._number])

    @property
    def children(self) -> list[Module]:
        """The modules directly in it, most flow first; none in a leaf module."""
        first, last = self._catalogue.first_children[self._number : self._number + 2].tolist()
        return [Module(self._catalogue, number) for number in range(first, last)]

    @property
    def num_children(self) -> int:
        """Number of modules directly in it, or of nodes if it is a leaf module."""
        first, last = self._catalogue.first_children[self._number : self._number + 2].tolist()
        return last - first or self.num_nodes

    @property
    def nodes(self) -> list[Hashable]:
        """The labels of the nodes directly in it, most flow first: none but in a leaf module."""
        first, last = self._catalogue.first_nodes[self._number : self._number + 2]
        labels = self._catalogue.labels
        chosen = self._catalogue.node_order[first:last]
        return labels[chosen].tolist() if isinstance(labels, np.ndarray) else [labels[i] for i in chosen.tolist()]

    @property
    def num_nodes(self) -> int:
        """Number of nodes in it and in the modules in it."""
        return int(self._catalogue.num_nodes[self._number])

    @property
    def is_root(self) -> bool:
        """Whether it holds the whole network."""
        return self._number == ROOT

    @property
    def is_leaf(self) -> bool:
        """Whether it holds nodes, and no modules."""
        first, last = self._catalogue.first_children[self._number : self._number + 2]
        return bool(first == last)

    def walk(self) -> Iterator[Module]:
        """This module and all modules in it, at any depth, in the order of their paths."""
        waiting = [self]
        while waiting:
            module = waiting.pop()
            yield module
            waiting.extend(reversed(module.children))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Module):
            return NotImplemented
        return self._catalogue is other._catalogue and self._number == other._number

    def __hash__(self) -> int:
        return hash((id(self._catalogue), self._number))

    def __repr__(self) -> str:
        name = "the root" if self.is_root else ":".join(map(str, self.path))
        held = counted(self.num_nodes, "node")
        if not self.is_leaf:
            held = f"{counted(self.num_children, 'module')} of {held}"
        return f"<mapeq Module {name}: {held}, {self.flow:.1%} of the flow, {self.codelength:.4f} bits per step>"

    def _repr_html_(self) -> str:
        rows = {"": repr(self).strip("<>")}
        children = self.children
        rows |= {":".join(map(str, child.path)): _in_words(child) for child in children[:_MOST_SHOWN]}
        if len(children) > _MOST_SHOWN:
            rows["..."] = f"and {len(children) - _MOST_SHOWN:,} smaller"
        return html_table(rows)


def _in_words(module: Module) -> str:
    """What a table says of a module: how large it is, and its most visited nodes if it is a leaf."""
    said = f"{counted(module.num_nodes, 'node')}, {module.flow:.1%} of the flow"
    if not module.is_leaf:
        return f"{said}, in {counted(module.num_children, 'module')}"
    nodes = module.nodes
    return f"{said}: {', '.join(map(str, nodes[:_MOST_NAMED]))}{', ...' if len(nodes) > _MOST_NAMED else ''}"


def by_flow(visits: FloatArray) -> NDArray[np.int64]:
    """The positions of modules, most flow first."""
    return np.argsort(descending(visits), kind="stable")


def descending(visits: FloatArray) -> FloatArray:
    """Keys that sort modules by decreasing flow: rounding makes equal flows equal, and these stay in their order."""
    return -np.round(visits, 12)

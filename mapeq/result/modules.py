"""The modules of a result as objects, from the root down to the nodes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import counted
from mapeq._base.hierarchy import ROOT, Hierarchy, depths, first_children, ranks, sums_upwards
from mapeq.network.network import Network
from mapeq.network.states import most_visited
from mapeq.network.statistics import html_table
from mapeq.objective.formula import plogps
from mapeq.objective.two_level import COST
from mapeq.walk.flow import ENTER, EXIT, VISIT

if TYPE_CHECKING:
    from mapeq.result.result import Result

#: Number of modules that a notebook shows, and of nodes that it names per module.
_MOST_SHOWN, _MOST_NAMED = 20, 4

#: Number of modules that a printed tree shows, about.
_MOST_LINES = 60


class Catalogue:
    """The arrays that all Module objects of a result share.

    Parameters
    ----------
    hierarchy : Hierarchy
        Numbered level by level, of n nodes and t modules.
    records : float64 array of shape (t, 4)
        Visit rate, enter flow, exit flow and cost of each module.
    flow : float64 array of shape (n,)
        Visit rates of the nodes.
    network : Network
    costs : float64 arrays of shape (t,) or None
        Bits that each leaf module takes besides its nodes and exits: for their categories, and for states.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        records: FloatArray,
        flow: FloatArray,
        network: Network,
        costs: Sequence[FloatArray | None] = (),
    ):
        self.hierarchy = hierarchy
        self.records = records
        self.first_children = first_children(hierarchy.parent)
        self.ranks = ranks(hierarchy.parent)
        self.depths = depths(hierarchy.parent)
        self.labels = network.labels
        self.states = network.states
        self.flow = flow
        self._costs = [each for each in costs if each is not None]

    @cached_property
    def codelengths(self) -> FloatArray:
        """Codelength of each module's own codebook, in bits per step; they add up to the total. Shape (t,)."""
        module_of, parent = self.hierarchy
        # The cost of a module includes its own codeword, which belongs to the codebook of its parent.
        codewords = plogps(self.records[:, ENTER])
        found = self.records[:, COST] + codewords
        found -= np.bincount(parent[1:], codewords[1:], minlength=len(parent))
        found -= np.bincount(module_of, plogps(self.flow), minlength=len(parent))
        for each in self._costs:
            found += each
        clamped: FloatArray = np.maximum(found, 0.0)
        return clamped

    @cached_property
    def num_nodes(self) -> NDArray[np.int64]:
        """Number of nodes in each module, at any depth. Shape (t,)."""
        counts = np.bincount(self.hierarchy.module_of, minlength=len(self.hierarchy.parent))
        return sums_upwards(counts.astype(np.float64), self.hierarchy.parent).astype(np.int64)

    @cached_property
    def node_order(self) -> NDArray[np.int64]:
        """The nodes grouped by leaf module, within a module by decreasing flow. Shape (n,)."""
        return np.lexsort((-self.flow, self.hierarchy.module_of))

    @cached_property
    def first_nodes(self) -> NDArray[np.int64]:
        """Position in `node_order` of the first node directly in each module. Shape (t + 1,)."""
        counts = np.bincount(self.hierarchy.module_of, minlength=len(self.hierarchy.parent))
        return np.concatenate([[0], np.cumsum(counts)])


def catalogue_of(result: Result) -> Catalogue:
    """Return the arrays of all modules of a result."""
    costs = result.metadata_costs, result.state_costs
    return Catalogue(result.hierarchy, result.module_records, result.flow, result.network, costs)


class Module:
    """A module of a result, with access to the modules and nodes in it. :attr:`mapeq.Result.tree` is the root module.

    All rates are fractions of the described steps; codelengths are in bits per step.

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
        """Path from the top module down to this module, as ranks by flow, from 1; () for the root."""
        found = []
        parent, number = self._catalogue.hierarchy.parent, self._number
        while number != ROOT:
            found.append(int(self._catalogue.ranks[number]))
            number = int(parent[number])
        return tuple(reversed(found))

    @property
    def level(self) -> int:
        """Depth in the hierarchy: 0 for the root, 1 for top modules."""
        return int(self._catalogue.depths[self._number])

    @property
    def flow(self) -> float:
        """Total visit rate of the nodes in this module, at any depth."""
        return float(self._catalogue.records[self._number, VISIT])

    @property
    def enter(self) -> float:
        """Rate at which the walk enters this module."""
        return float(self._catalogue.records[self._number, ENTER])

    @property
    def exit(self) -> float:
        """Rate at which the walk leaves this module."""
        return float(self._catalogue.records[self._number, EXIT])

    @property
    def codelength(self) -> float:
        """Codelength of this module's own codebook. Over all modules, the root included, they add up to the total."""
        return float(self._catalogue.codelengths[self._number])

    @property
    def children(self) -> list[Module]:
        """Modules directly in this one, by decreasing flow; empty for a leaf module."""
        first, last = self._catalogue.first_children[self._number : self._number + 2].tolist()
        return [Module(self._catalogue, number) for number in range(first, last)]

    @property
    def num_children(self) -> int:
        """Number of modules directly in this one, or of nodes if it is a leaf module."""
        first, last = self._catalogue.first_children[self._number : self._number + 2].tolist()
        return last - first or self.num_nodes

    @property
    def nodes(self) -> list[Hashable]:
        """Labels of the nodes directly in this module, by decreasing flow; empty unless it is a leaf module."""
        first, last = self._catalogue.first_nodes[self._number : self._number + 2]
        labels = self._catalogue.labels
        chosen = self._catalogue.node_order[first:last]
        return labels[chosen].tolist() if isinstance(labels, np.ndarray) else [labels[i] for i in chosen.tolist()]

    def most_visited(self) -> list[Hashable]:
        """Return the names of the nodes directly in this module, most visited first; of states the physical nodes.

        Examples
        --------
        >>> import mapeq
        >>> network = mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "bob")]})
        >>> mapeq.infomap(network).tree.children[0].most_visited()
        ['ann', 'bob']
        """
        catalogue = self._catalogue
        first, last = catalogue.first_nodes[self._number : self._number + 2]
        return most_visited(catalogue.states, catalogue.labels, catalogue.node_order[first:last], catalogue.flow)

    @property
    def num_nodes(self) -> int:
        """Number of nodes in this module, at any depth."""
        return int(self._catalogue.num_nodes[self._number])

    @property
    def is_root(self) -> bool:
        """Whether this is the root, which contains all nodes."""
        return self._number == ROOT

    @property
    def is_leaf(self) -> bool:
        """Whether this module contains nodes rather than modules."""
        first, last = self._catalogue.first_children[self._number : self._number + 2]
        return bool(first == last)

    def walk(self) -> Iterator[Module]:
        """Iterate over this module and all modules in it, at any depth, in the order of their paths.

        Examples
        --------
        >>> import mapeq
        >>> [module.path for module in mapeq.infomap([("a", "b"), ("c", "d")]).tree.walk()]
        [(), (1,), (2,)]
        """
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
        name = "root" if self.is_root else ":".join(map(str, self.path))
        held = counted(self.num_nodes, "node")
        if not self.is_leaf:
            held = f"{counted(self.num_children, 'module')} of {held}"
        return f"<mapeq Module {name}: {held}, {self.flow:.1%} of the flow, {self.codelength:.4f} bits per step>"

    def __str__(self) -> str:
        """An indented tree: a line for each module, and the most visited nodes of those without modules."""
        lines = [repr(self).strip("<>")]
        if self.is_leaf:
            return "\n".join([*lines, *(["  " + listed(self.most_visited())] if self.num_nodes else [])])
        _add_lines(self, lines, 1, _MOST_LINES)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html_table({"": repr(self).strip("<>")} | self.described_children())

    def described_children(self) -> dict[str, str]:
        """Return what a notebook shows of the modules directly in this one, by path: size, flow, most visited nodes.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("c", "d")]).tree.described_children()
        {'1': '2 nodes, 50.0% of the flow: a, b', '2': '2 nodes, 50.0% of the flow: c, d'}
        """
        children = self.children
        rows = {":".join(map(str, child.path)): _describe(child) for child in children[:_MOST_SHOWN]}
        return rows | _smaller(children)


def _add_lines(module: Module, lines: list[str], depth: int, room: int) -> None:
    """Add the lines of the modules in a module, about `room` of them: modules with more flow show more of theirs."""
    children = module.children
    shown = children[: max(min(_MOST_SHOWN, room), 2)]
    for child in shown:
        lines.append("  " * depth + f"{':'.join(map(str, child.path))}  {_describe(child)}")
        share = int((room - len(shown)) * child.flow / module.flow) if module.flow else 0
        if not child.is_leaf and share > 0:
            _add_lines(child, lines, depth + 1, share)
    lines += ["  " * depth + f"{name}  {text}" for name, text in _smaller(children, len(shown)).items()]


def _smaller(children: list[Module], shown: int = _MOST_SHOWN) -> dict[str, str]:
    """Return a row that counts the modules that are not shown, if there are any."""
    return {"...": f"and {len(children) - shown:,} smaller"} if len(children) > shown else {}


def _describe(module: Module) -> str:
    """Describe a module in a table: its size, and its most visited nodes if it is a leaf module."""
    size = f"{counted(module.num_nodes, 'node')}, {module.flow:.1%} of the flow"
    if not module.is_leaf:
        return f"{size}, in {counted(module.num_children, 'module')}"
    return f"{size}: {listed(module.most_visited())}"


def listed(labels: Sequence[Hashable], most: int = _MOST_NAMED) -> str:
    """Return the first labels in a list with commas; those with commas of their own are in quotes."""
    texts = [f'"{label}"' if "," in str(label) else str(label) for label in labels[:most]]
    return ", ".join([*texts, "..."] if len(labels) > most else texts)


def numbered(positions: IntArray) -> IntArray:
    """Return the numbers of modules, from 1 as in the papers and their files, given positions from 0; -1 stays."""
    return np.where(positions < 0, positions, positions + 1)


def by_flow(visits: FloatArray) -> NDArray[np.int64]:
    """Return the positions of modules, by decreasing flow."""
    return np.argsort(descending(visits), kind="stable")


def descending(visits: FloatArray) -> FloatArray:
    """Return keys that sort modules by decreasing flow; rounding keeps modules of equal flow in their order."""
    return -np.round(visits, 12)

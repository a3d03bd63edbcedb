"""What a script gets when it goes through the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mapeq.integrations.infomap.found import Result


class FlowData(NamedTuple):
    """What flows through a node or a module, per step."""

    flow: float
    enter_flow: float
    exit_flow: float

    @property
    def enterFlow(self) -> float:
        """How often it is entered."""
        return self.enter_flow

    @property
    def exitFlow(self) -> float:
        """How often it is left."""
        return self.exit_flow


class Node:
    """A node, or a module, of the tree that was found.

    Attributes
    ----------
    node_id : int
        The number that the script gave; 0 for modules.
    module_id : int
        From 1; of the level that was asked for.
    path : tuple of int
        Ranks by flow from 1, from the top module down to the node itself; () for the root.
    flow : float
        Visit rate.
    child_degree : int
        How many modules or nodes are directly in it.
    is_leaf_module : bool
        Whether it is a module of nodes.
    """

    __slots__ = ("_number", "_result", "child_degree", "flow", "is_leaf_module", "module_id", "node_id", "path")

    def __init__(
        self,
        result: Result,
        number: int,
        node_id: int,
        module_id: int,
        path: tuple[int, ...],
        flow: float,
        child_degree: int = 0,
        is_leaf_module: bool = False,
    ):
        self._result = result
        self._number = number
        self.node_id = node_id
        self.module_id = module_id
        self.path = path
        self.flow = flow
        self.child_degree = child_degree
        self.is_leaf_module = is_leaf_module

    @property
    def physical_id(self) -> int:
        """The node's number: there are no networks with states here."""
        return self.node_id

    state_id = physicalId = stateId = physical_id

    #: There are no layers and no metadata.
    layer_id = layerId = meta_data = 0

    @property
    def name(self) -> str | int:
        """The name of the node, or its number."""
        return self._result.names.get(self.node_id, self.node_id)

    state_name = name

    @property
    def depth(self) -> int:
        """0 for the root, 1 for top modules."""
        return len(self.path)

    @property
    def child_index(self) -> int:
        """Which one it is of those in the same module, from 0."""
        return self.path[-1] - 1 if self.path else 0

    @property
    def is_leaf(self) -> bool:
        """Whether it is a node of the network."""
        return self.child_degree == 0

    @property
    def is_root(self) -> bool:
        """Whether it holds the whole network."""
        return not self.path

    @property
    def codelength(self) -> float:
        """Bits per step of the codebook of a module; 0 for nodes."""
        return 0.0 if self.is_leaf else self._result.codebook(self._number)

    @property
    def modular_centrality(self) -> float:
        """What its absence would save in the module that it is in: ``(P - p) log2(P / (P - p))`` for flows p in P."""
        return self._result.centrality(self._number, is_leaf=self.is_leaf)

    @property
    def data(self) -> FlowData:
        """The flow through it: ``flow``, ``enter_flow`` and ``exit_flow``."""
        return FlowData(self.flow, *self._result.boundary(self._number, is_leaf=self.is_leaf))

    def moduleIndex(self) -> int:
        """The module, from 0."""
        return self.module_id - 1

    def moduleId(self) -> int:
        """The module, from 1."""
        return self.module_id

    def isLeaf(self) -> bool:
        """Whether it is a node of the network."""
        return self.is_leaf

    def isLeafModule(self) -> bool:
        """Whether it is a module of nodes."""
        return self.is_leaf_module

    def isRoot(self) -> bool:
        """Whether it holds the whole network."""
        return self.is_root

    def childDegree(self) -> int:
        """How many modules or nodes are directly in it."""
        return self.child_degree

    def childIndex(self) -> int:
        """Which one it is of those in the same module, from 0."""
        return self.child_index

    def modularCentrality(self) -> float:
        """What its absence would save in the module that it is in."""
        return self.modular_centrality

    def __repr__(self) -> str:
        return f"Node(node_id={self.node_id}, module_id={self.module_id}, flow={self.flow}, path={self.path})"

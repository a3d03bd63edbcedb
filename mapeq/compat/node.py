"""What a script gets when it goes through the tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
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
    child_degree : int
        How many modules or nodes are directly in it.
    is_leaf_module : bool
        Whether it is a module of nodes.
    codelength : float
        Bits per step of the codebook of a module; 0 for nodes.
    """

    node_id: int
    module_id: int
    path: tuple[int, ...]
    flow: float
    child_degree: int = 0
    is_leaf_module: bool = False
    codelength: float = 0.0

    @property
    def physical_id(self) -> int:
        """The node's number: there are no networks with states here."""
        return self.node_id

    state_id = physicalId = stateId = physical_id

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
    def data(self) -> Node:
        """What has the flow: ``node.data.flow``."""
        return self

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

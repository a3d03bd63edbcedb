"""The nodes and modules that a script meets when it walks the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple


class FlowData(NamedTuple):
    """Visit rate, enter flow and exit flow of a node or module, per step."""

    flow: float
    enter_flow: float
    exit_flow: float


def _derived(get: Callable[[Any], Any], doc: str) -> Any:
    return property(get, doc=doc)


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """A node or a module of the tree."""

    node_id: int  #: the number that the script gave, of a state that of its physical node; 0 for modules
    name: str | int  #: the name of the node, or its number if it has none
    module_id: int  #: number of its module at the requested level, from 1
    path: tuple[int, ...]  #: ranks by flow from 1, from the top module down to the node itself; () for the root
    data: FlowData
    parent_flow: float  #: visit rate of the module it is in
    child_degree: int = 0  #: number of modules or nodes directly in it; 0 for nodes
    is_leaf_module: bool = False  #: whether it is a module of nodes
    codelength: float = 0.0  #: bits per step of the codebook of a module; 0 for nodes
    meta_data: int = 0  #: the category of the node; 0 for modules, and for nodes without one
    state_id: int = 0  #: the number of the state, or of the node if there are no states; 0 for modules
    state_name: str | int = 0  #: the name of the state, or else that of its node
    layer_id: int = 0  #: the layer of the state; 0 without layers

    flow = _derived(lambda node: node.data.flow, "Visit rate.")
    depth = _derived(lambda node: len(node.path), "0 for the root, 1 for top modules.")
    child_index = _derived(lambda node: node.path[-1] - 1 if node.path else 0, "Its rank in its module, from 0.")
    is_leaf = _derived(lambda node: node.child_degree == 0, "Whether it is a node of the network.")
    is_root = _derived(lambda node: not node.path, "Whether it holds the whole network.")
    physical_id = _derived(lambda node: node.node_id, "The same as node_id.")

    @property
    def modular_centrality(self) -> float:
        """Bits that its absence would save in its module: ``(P - p) log2(P / (P - p))`` for a flow p in P."""
        rest = self.parent_flow - self.flow
        return rest * log2(self.parent_flow / rest) if rest > 1e-15 else 0.0

    def _module_index(self) -> int:
        """Number of its module, from 0."""
        return self.module_id - 1

    def __repr__(self) -> str:
        return f"Node(node_id={self.node_id}, module_id={self.module_id}, flow={self.flow}, path={self.path})"


def camel_case(name: str) -> str:
    """The name of version 1.x: ``moduleId`` for ``module_id``."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _getter(name: str) -> Callable[[Any], Any]:
    return lambda owner: getattr(owner, name)


for _name in ("physical_id", "state_id", "layer_id"):
    setattr(Node, camel_case(_name), property(_getter(_name)))
Node.moduleIndex = Node._module_index  # type: ignore[attr-defined]
for _name in ("enter_flow", "exit_flow"):
    setattr(FlowData, camel_case(_name), property(_getter(_name)))
#: Attributes that were methods.
_METHODS = ("module_id", "is_leaf", "is_leaf_module", "is_root", "child_degree", "child_index", "modular_centrality")
for _name in _METHODS:
    setattr(Node, camel_case(_name), _getter(_name))

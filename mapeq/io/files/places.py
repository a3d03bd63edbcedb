"""Which nodes the rows of a file of a partition are about."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from mapeq._base.errors import PartitionError
from mapeq.io.files.naming import Row, layer_numbers, physical_names, physical_numbers
from mapeq.network.network import Network


class NodePlaces:
    """Positions of nodes by their names in a file.

    Parameters
    ----------
    network : Network
    names : sequence
        Names of all nodes in the file.
    file : str
        For error messages.

    Raises
    ------
    PartitionError
        If two nodes look alike in files.
    """

    def __init__(self, network: Network, names: Sequence[Hashable], file: str):
        self.file = file
        self._position = {str(name): i for i, name in enumerate(names)}
        if len(self._position) < network.num_nodes:
            raise PartitionError(f"{file}: the network has labels that look alike in files, such as 1 and '1'")
        if network.states is not None:  # tables that other libraries write have the labels of states
            labels = network.label_list()
            self._position = {str(label): i for i, label in enumerate(labels)} | self._position

    def of(self, row: Row) -> list[int]:
        """The positions of all nodes that a row is about; none if it names no node of the network."""
        position = self._position.get(row.node)
        return [] if position is None else [position]


class StatePlaces(NodePlaces):
    """Positions of states: by their own names, by node and layer, or all states of a physical node.

    Parameters
    ----------
    network : Network
        One of states.
    names : sequence
        Names of all states in the file.
    file : str
        For error messages.
    by_number : bool
        Whether the file numbers states, nodes and layers, as .tree files do.
    """

    def __init__(self, network: Network, names: Sequence[Hashable], file: str, *, by_number: bool):
        super().__init__(network, names, file)
        states = network.states
        assert states is not None
        nodes = physical_numbers(states) if by_number else physical_names(states)
        layers = layer_numbers(states) if by_number else states.layers or ()
        self._physical = [str(nodes[node]) for node in states.physical.tolist()]
        of_layers = [] if states.layer is None else [str(layers[layer]) for layer in states.layer.tolist()]
        self._in_layers = {pair: i for i, pair in enumerate(zip(self._physical, of_layers, strict=False))}
        self._states_of: dict[str, list[int]] = {}
        for i, node in enumerate(self._physical):
            self._states_of.setdefault(node, []).append(i)
        #: Names of the nodes, which must fit where their numbers only count them.
        self._names = [str(states.labels[node]) for node in states.physical.tolist()]
        self._are_counted = by_number and isinstance(nodes, range)

    def of(self, row: Row) -> list[int]:
        """The positions of all states that a row is about; none if it names no state of the network.

        Raises
        ------
        PartitionError
            If the state is one of another node in the network.
        """
        if row.is_physical:
            found = self._states_of.get(row.node, [])
        elif row.layer and self._in_layers:
            state = self._in_layers.get((row.physical, row.layer))
            found = [] if state is None else [state]
        else:
            found = super().of(row)
        if not found:
            return found
        node, name = self._physical[found[0]], self._names[found[0]]
        if row.physical and row.physical != node:
            what = f"the state {row.node} is one of the node {node} in the network, not of {row.physical}"
            raise PartitionError(f"{self.file}, {row.place}: {what}")
        if self._are_counted and row.name != name:
            raise PartitionError(
                f"{self.file}, {row.place}: the node {node} is {name!r} in the network, not {row.name!r}"
            )
        return found

"""State nodes and layers as a script adds them, and the networks made of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.integrations.infomap.collecting import Collection, checked_weights, whole_number, whole_numbers
from mapeq.io.files.pajek import PajekContent
from mapeq.io.files.state_sections import INTER, INTRA, MULTILAYER, coupled_network, literal_network, width_of
from mapeq.network.layers import DEFAULT_COUPLING, Coupling
from mapeq.network.network import Network
from mapeq.network.states import States, numbered_states


class MultilayerNode(NamedTuple):
    """A node in a layer."""

    layer_id: int
    node_id: int


class LayerOptions(NamedTuple):
    """How the walk changes layers, and the largest layer of states that are numbered by node and layer, or None."""

    coupling: Coupling = DEFAULT_COUPLING
    largest: int | None = None


DEFAULT_LAYERS = LayerOptions()

#: What a link of each kind is, for errors.
_LINKS = {
    MULTILAYER: "(layer, node), (layer, node)",
    INTRA: "layer, node, node",
    INTER: "layer, node, layer",
}


class HigherOrderCollection(Collection):
    """A collection of nodes and links that may be states, or nodes in layers."""

    def _clear(self) -> None:
        super()._clear()
        self._physical: dict[int, int] = {}
        self._state_names: dict[int, str] = {}
        self._rows: dict[bytes, tuple[array[int], array[float]]] = {}

    @property
    def num_physical_nodes(self) -> int:
        """Number of physical nodes."""
        network = self._present()
        return network.num_nodes if network.states is None else len(network.states.labels)

    @property
    def walks_between_layers(self) -> bool:
        """Whether there are links within layers, between which the walk changes."""
        return INTRA in self._rows

    def add_state_node(self, state_id: int, node_id: int, name: str | None = None) -> None:
        """Add a state of a physical node. Links are then links of states; one that is not added is of its own node.

        Raises
        ------
        NetworkError
            If a number is not a whole number from 0, or the state is one of another node.
        """
        state, node = whole_number(state_id), whole_number(node_id)
        known = self._physical.setdefault(state, node)
        if known != node:
            raise NetworkError(f"the state {state} is one of the node {known}; it cannot be one of {node}, too")
        self.add_node(state)
        if name is not None:
            self._state_names[state] = name

    def add_state_nodes(self, state_nodes: Iterable[Any]) -> None:
        """Add states: tuples of state, node and perhaps a name, or a mapping from state to node."""
        for row in state_nodes.items() if isinstance(state_nodes, Mapping) else state_nodes:
            self.add_state_node(*row)

    def get_state_names(self) -> dict[int, str]:
        """The names of all states that have one."""
        return dict(sorted(self._state_names.items()))

    def add_multilayer_link(
        self, source_multilayer_node: Any, target_multilayer_node: Any, weight: float = 1.0
    ) -> None:
        """Add a link between two nodes in layers, each a pair of layer and node; the walk follows it as it is."""
        self.add_multilayer_links([(source_multilayer_node, target_multilayer_node, weight)])

    def add_multilayer_links(self, links: Iterable[Any]) -> None:
        """Add links: tuples of two pairs ``(layer, node)``, or an array of 4 columns; a weight may follow."""
        if not isinstance(links, np.ndarray):
            links = [_flat(link) for link in links]
        self._add_rows(MULTILAYER, links)

    def add_multilayer_intra_link(
        self, layer_id: int, source_node_id: int, target_node_id: int, weight: float = 1.0
    ) -> None:
        """Add a link within a layer."""
        self.add_multilayer_intra_links([(layer_id, source_node_id, target_node_id, weight)])

    def add_multilayer_intra_links(self, links: Iterable[Any]) -> None:
        """Add links within layers: tuples ``(layer, source, target)`` or an array of 3 columns; a weight may follow."""
        self._add_rows(INTRA, links)

    def add_multilayer_inter_link(
        self, source_layer_id: int, node_id: int, target_layer_id: int, weight: float = 1.0
    ) -> None:
        """Add a link of a node from a layer to another."""
        self.add_multilayer_inter_links([(source_layer_id, node_id, target_layer_id, weight)])

    def add_multilayer_inter_links(self, links: Iterable[Any]) -> None:
        """Add links between layers: tuples ``(layer, node, layer)`` or an array of 3 columns; a weight may follow.

        Raises
        ------
        NetworkError
            If a link is within a layer.
        """
        self._add_rows(INTER, links)

    def _add_rows(self, kind: bytes, links: Iterable[Any]) -> None:
        """Add links of a kind, each of so many whole numbers and perhaps a weight."""
        width = width_of(kind)
        rows: Any = links if isinstance(links, np.ndarray) else [tuple(link) for link in links]
        if isinstance(rows, list):
            wrong = next((row for row in rows if len(row) not in (width, width + 1)), None)
            if wrong is not None:
                raise NetworkError(f"a link must be {_LINKS[kind]}, and perhaps a weight, not {wrong}")
            ends = whole_numbers([number for row in rows for number in row[:width]]).reshape(-1, width)
            weights: Any = [row[width] if len(row) > width else 1.0 for row in rows]
        elif rows.ndim != 2 or rows.shape[1] not in (width, width + 1):
            raise NetworkError(
                f"links are an array of shape (m, {width}), or (m, {width + 1}) with weights, not {rows.shape}"
            )
        else:
            ends = whole_numbers(rows[:, :width].ravel()).reshape(-1, width)
            weights = rows[:, width] if rows.shape[1] > width else np.ones(len(rows))
        values = checked_weights(weights, lambda k: f"the link {tuple(ends[k].tolist())}")
        within = np.flatnonzero(ends[:, 0] == ends[:, 2])
        if kind == INTER and len(within):
            link = tuple(ends[within[0]].tolist())
            raise NetworkError(f"the link {link} is within a layer; one between layers must lead to another layer")
        self._append_rows(kind, ends, values)

    def _append_rows(self, kind: bytes, ends: NDArray[np.int64], weights: FloatArray) -> None:
        numbers, values = self._rows.setdefault(kind, (array("q"), array("d")))
        numbers.frombytes(ends[weights > 0].astype("q").tobytes())
        values.frombytes(weights[weights > 0].tobytes())
        self._network = None

    def _add_sections(self, content: PajekContent) -> None:
        """Add the states or layers of a file, and the names of their nodes."""
        names = content.vertices.labels()[0] if len(content.vertices.ids) else ()
        for number, name in zip(content.vertices.ids.tolist(), names, strict=True):
            if name != number:
                self._names[number] = str(name)
        for state, (node, name, weight) in content.states.states.items():
            self.add_state_node(state, node, name or None)
            if weight is not None:
                self._node_weights[state] = weight
        self._add_columns(*content.links.columns())
        for kind, (ends, weights) in content.states.links_of_layers().items():
            self._append_rows(kind, ends, weights)

    def _collected(self, *, directed: bool, layers: LayerOptions = DEFAULT_LAYERS) -> Network:
        if self._rows:
            return self._of_layers(layers, directed=directed)
        network = super()._collected(directed=directed)
        states = np.asarray(network.labels).tolist()
        physical = [self._physical.get(state, state) for state in states]
        return network if physical == states else replace(network, states=numbered_states(physical))

    def _of_layers(self, options: LayerOptions, *, directed: bool) -> Network:
        """The multilayer network, labelled by the numbers of its states."""
        if len(self._sources) or self._physical:
            raise NetworkError(
                "there are links of nodes or states, and links of layers; a network has one or the other"
            )
        if MULTILAYER in self._rows and len(self._rows) > 1:
            raise NetworkError(
                "there are links from (layer, node) to (layer, node), and links within or between layers"
            )
        if any(weight is not None for weight in self._node_weights.values()):
            raise NetworkError("weights of nodes have no meaning in layers, where each node may be several states")
        links = {
            kind: (np.array(numbers).reshape(-1, width_of(kind)), np.array(weights))
            for kind, (numbers, weights) in self._rows.items()
        }
        if MULTILAYER in links:
            rows, weights = links[MULTILAYER]
            heavy = weights >= self._threshold
            found = literal_network(rows[heavy], weights[heavy], directed=directed)
        elif INTRA not in links:
            raise NetworkError("there are no links within layers: add_multilayer_intra_link adds them")
        elif self._threshold > 0:
            raise NetworkError(
                "weight_threshold has no meaning where the walk changes layers; add the heavy links only"
            )
        else:
            found = coupled_network(links[INTRA], links.get(INTER), options.coupling, directed=directed)
        assert found.states is not None
        found = replace(found, labels=_numbers_of_states(found.states, options.largest))
        return found if self._self_links else found.without_self_links()


def _flat(link: Any) -> tuple[Any, ...]:
    """Layer and node of both ends, and the weight if there is one."""
    try:
        (one, node), (other, target), *weight = link
    except (TypeError, ValueError):
        raise NetworkError(f"a link must be {_LINKS[MULTILAYER]}, and perhaps a weight, not {link!r}") from None
    return one, node, other, target, *weight


def _numbers_of_states(states: States, largest: int | None) -> NDArray[np.int64]:
    """The number of each state: its position, or one made of node and layer, which other networks share.

    Raises
    ------
    NetworkError
        If a layer is above the largest.
    """
    assert states.layer is not None
    if largest is None:
        return np.arange(len(states.physical))
    layers, nodes = np.array(states.layers), np.array(states.labels)
    if layers.max() > largest:
        raise NetworkError(f"there is a layer {layers.max()}, above matchable_multilayer_ids={largest}")
    bits = ceil(log2(largest)) + 1
    numbers: NDArray[np.int64] = (nodes[states.physical] << bits) | layers[states.layer]
    return numbers


def in_layers(partition: Mapping[Any, Any], network: Network) -> dict[Any, Any]:
    """The partition by number of state, of one that may name states by pairs of layer and node."""
    states, ids = network.states, np.asarray(network.labels).tolist()
    if states is None or states.layer is None or states.layers is None:
        return dict(partition)
    pairs = zip(states.layer.tolist(), states.physical.tolist(), strict=True)
    number = {
        (states.layers[layer], states.labels[node]): state for (layer, node), state in zip(pairs, ids, strict=True)
    }
    unknown = next((pair for pair in partition if isinstance(pair, tuple) and pair not in number), None)
    if unknown is not None:
        raise NetworkError(f"the partition names the layer and node {tuple(unknown)}, which have no links")
    return {number.get(state, state): module for state, module in partition.items()}

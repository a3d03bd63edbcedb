"""Multilayer networks: the same nodes in several layers, between which the walk changes now and then.

A state is a node in a layer. With probability r, the relax rate, the walk chooses its next link regardless of the layer
that it is in, among all links of the node; otherwise it stays in the layer (De Domenico, Lancichinetti, Arenas &
Rosvall, Physical Review X 5, 011027, 2015).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import NetworkError, is_number, is_whole, option_error
from mapeq.network.network import Network
from mapeq.network.states import States

#: How the walk changes layers.
RELAX = ("neighbors", "jsd", "jsd-infomap", "self")

#: Sources, targets and weights of links between states.
Part = tuple[NDArray[Any], NDArray[Any], FloatArray]


class Coupling(NamedTuple):
    """How the walk changes layers.

    Attributes
    ----------
    relax : str
        One of :data:`RELAX`.
    rate : float
        The relax rate.
    down, up : float
        The walk gets to layers at most so far before and behind its own.
    """

    relax: str = "neighbors"
    rate: float = 0.15
    down: float = np.inf
    up: float = np.inf


#: How the walk changes layers by default.
DEFAULT_COUPLING = Coupling()


def checked_coupling(rate: float, relax: str, limit: Any) -> Coupling:
    """How the walk changes layers, by checked options; see :meth:`mapeq.Network.from_layers`.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    if not (is_number(rate) and 0 <= rate <= 1):
        raise option_error("relax_rate", rate, "a number from 0 to 1")
    if relax not in RELAX:
        raise option_error("relax", relax, "one of " + ", ".join(RELAX))
    if relax == "jsd-infomap" and rate == 1:
        raise option_error("relax_rate", rate, "below 1 with relax='jsd-infomap'")
    down, up = limit if isinstance(limit, tuple) and len(limit) == 2 else (limit, limit)
    if not all(distance is None or is_whole(distance, 0) for distance in (down, up)):
        raise option_error("limit", limit, "a whole number, 0 or more, a pair of them, or None")
    return Coupling(relax, float(rate), np.inf if down is None else float(down), np.inf if up is None else float(up))


class InterLinks(NamedTuple):
    """Links of nodes from layer to layer: positions of layers and nodes, arrays of shape (m,), and weights."""

    sources: NDArray[np.int64]
    nodes: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: FloatArray


class Layers(NamedTuple):
    """Layers of the same n nodes.

    Attributes
    ----------
    names : tuple
    labels : tuple
        Names of the nodes.
    links : list of sparse arrays of shape (n, n)
        Of each layer: the weight of the links from node to node, both ways if they have no direction.
    states : integer array of shape (number of layers, n)
        Number of the state of each node in each layer, -1 if it is not there. Nodes are in the layers where they have
        links, and those without any in one.
    places : integer array of shape (number of layers,)
        Where each layer is; limits are distances between places.
    node_weights : float64 array of shape (number of layers, n) or None
        The weight of each node in each layer, 1 in layers that have none; None if no layer has any.
    """

    names: tuple[Hashable, ...]
    labels: tuple[Hashable, ...]
    links: list[scipy.sparse.csr_array]
    states: NDArray[Any]
    places: NDArray[np.int64]
    node_weights: FloatArray | None = None


def aligned(names: Sequence[Hashable], networks: Sequence[Network]) -> Layers:
    """Networks as layers of the same nodes, which are known by their labels, in order of first occurrence."""
    position: dict[Hashable, int] = {}
    places = [
        np.array([position.setdefault(label, len(position)) for label in network.label_list()], dtype=np.int64)
        for network in networks
    ]
    n = len(position)
    links, present = [], np.zeros((len(networks), n), np.bool_)
    for layer, (network, place) in enumerate(zip(networks, places, strict=True)):
        entries = network.weights, (place[network.sources()], place[network.indices])
        links.append(scipy.sparse.csr_array(entries, shape=(n, n)))
        present[layer, place[network.indices]] = present[layer, place[network.sources()]] = True
    for layer, place in enumerate(places):
        present[layer, place[~present[:, place].any(axis=0)]] = True
    states = np.full(present.shape, -1, np.int32 if present.size < 2**31 else np.int64)
    states[present] = np.arange(np.count_nonzero(present))
    node_weights = None
    if any(network.node_weights is not None for network in networks):
        node_weights = np.ones(present.shape)
        for layer, (network, place) in enumerate(zip(networks, places, strict=True)):
            node_weights[layer, place] = 1.0 if network.node_weights is None else network.node_weights
    return Layers(tuple(names), tuple(position), links, states, np.arange(len(names)), node_weights)


def inter_links(
    links: Sequence[tuple[Any, ...]], weights: FloatArray, layers: Layers, *, both_ways: bool
) -> InterLinks:
    """Links of nodes from layer to layer, each a tuple of a layer, a node and another layer, by name.

    Raises
    ------
    NetworkError
        If a link is within a layer, or names an unknown layer or a node that is not in it.
    """
    layer_of, node_of = ({name: k for k, name in enumerate(names)} for names in (layers.names, layers.labels))
    rows = []
    for link in links:
        source, node, target = link
        for name in (source, target):
            if name not in layer_of:
                known = ", ".join(map(repr, layers.names[:6]))
                raise NetworkError(f"the link between layers {link!r} names the layer {name!r}; the layers are {known}")
        if source == target:
            raise NetworkError(f"the link between layers {link!r} is within the layer {source!r}")
        for name in (source, target):
            if node not in node_of or layers.states[layer_of[name], node_of[node]] < 0:
                raise NetworkError(f"the link between layers {link!r}: {node!r} is no node of the layer {name!r}")
        rows.append((layer_of[source], node_of[node], layer_of[target]))
    sources, nodes, targets = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    if both_ways:
        sources, targets = np.append(sources, targets), np.append(targets, sources)
        nodes, weights = np.append(nodes, nodes), np.append(weights, weights)
    return InterLinks(sources, nodes, targets, weights)


def coupled(layers: Layers, coupling: Coupling, inter: InterLinks | None = None) -> Network:
    """The states of all layers, linked as the walk moves; with links between layers, by these alone."""
    switching = coupling.relax == "self"
    parts = _HOW[coupling.relax](layers, coupling) if inter is None else _by_links(layers, inter, switching=switching)
    return _linked(layers, parts, switching=switching)


def state_network(states: States, links: Part, *, directed: bool) -> Network:
    """A network of nodes in layers, with links by the position of their states."""
    return replace(Network.from_edges(*links, directed=directed, labels=layer_labels(states)), states=states)


def layer_labels(states: States) -> tuple[tuple[Hashable, Hashable], ...]:
    """The label of each state of a multilayer network: its layer and its node."""
    assert states.layer is not None
    assert states.layers is not None
    return tuple(
        (states.layers[layer], states.labels[node])
        for layer, node in zip(states.layer.tolist(), states.physical.tolist(), strict=True)
    )


def _linked(layers: Layers, parts: Iterator[Part], *, switching: bool) -> Network:
    """The states of all layers with links between them."""
    sources, targets, weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    layer, node = np.nonzero(layers.states >= 0)
    places = read_only(node.astype(np.uint32)), layers.labels, read_only(layer.astype(np.uint32)), layers.names
    states = States(*places, switching=switching)
    network = state_network(states, (sources, targets, weights), directed=True)
    return network if layers.node_weights is None else replace(network, node_weights=layers.node_weights[layer, node])


def _by_neighbors(layers: Layers, coupling: Coupling) -> Iterator[Part]:
    """Relaxed, the walk chooses among the links of its node in all layers, by weight."""
    strengths = _strengths(layers)
    for a in range(len(layers.names)):
        reached = _reached(layers, a, coupling)
        whole = strengths[reached].sum(axis=0)
        scale = _ratio(np.full_like(whole, coupling.rate), whole)
        own = _ratio(np.full_like(whole, 1 - coupling.rate), strengths[a])
        for b in reached.tolist():
            yield _part(layers, a, b, scale + own if a == b else scale)


def _by_itself(layers: Layers, coupling: Coupling) -> Iterator[Part]:
    """As :func:`_by_neighbors`, in two halves: the walk changes its layer, by strength, and follows a link there."""
    strengths = _strengths(layers)
    for a in range(len(layers.names)):
        reached = _reached(layers, a, coupling)
        whole = strengths[reached].sum(axis=0)
        scale = _ratio(np.full_like(whole, coupling.rate), whole)
        yield _part(layers, a, a, scale + _ratio(np.full_like(whole, 1 - coupling.rate), strengths[a]))
        for b in reached[reached != a].tolist():
            yield _switches(layers, a, b, scale * strengths[b])


def _by_similarity(layers: Layers, coupling: Coupling) -> Iterator[Part]:
    """Relaxed, the walk gets to a layer by how similar the links of its node are there, and follows one of them.

    The similarity is 1 less the Jensen-Shannon divergence of the two distributions of next nodes, in bits, and 0 if
    they have none in common.
    """
    strengths = _strengths(layers)
    is_scaled = coupling.relax == "jsd"
    for a in range(len(layers.names)):
        reached = _reached(layers, a, coupling)
        similar = np.stack([_similarity(layers, strengths, a, b) for b in reached.tolist()])
        whole = similar.sum(axis=0)
        for b, similarity in zip(reached.tolist(), similar, strict=True):
            share = _ratio(similarity, whole)
            if is_scaled:  # a layer by similarity, its own included, and there a link by weight
                yield _part(layers, a, b, _ratio(coupling.rate * share + (1 - coupling.rate) * (b == a), strengths[b]))
            elif b == a:
                yield _part(layers, a, a, np.ones(len(layers.labels)))
            else:
                yield _part(layers, a, b, coupling.rate / (1 - coupling.rate) * strengths[a] * share)


def _by_links(layers: Layers, inter: InterLinks, *, switching: bool) -> Iterator[Part]:
    """Over a link between layers, the walk gets to another layer, and on over a link of its node there."""
    strengths, n = _strengths(layers), len(layers.labels)
    for a in range(len(layers.names)):
        yield _part(layers, a, a, np.ones(n))
    for a, b in np.unique(np.stack([inter.sources, inter.targets]), axis=1).T.tolist():
        here = (inter.sources == a) & (inter.targets == b)
        weights = np.bincount(inter.nodes[here], inter.weights[here], n).astype(np.float64)
        if switching:
            yield _switches(layers, a, b, np.where(strengths[b] > 0, weights, 0.0))
        else:
            yield _part(layers, a, b, _ratio(weights, strengths[b]))


_HOW = {"neighbors": _by_neighbors, "jsd": _by_similarity, "jsd-infomap": _by_similarity, "self": _by_itself}


def _strengths(layers: Layers) -> FloatArray:
    """The strength of each node in each layer: shape (number of layers, n)."""
    return np.stack([links.sum(axis=1) for links in layers.links])


def _reached(layers: Layers, a: int, coupling: Coupling) -> NDArray[np.int64]:
    """The layers that the walk gets to from layer `a`, itself included."""
    ahead = layers.places - layers.places[a]
    return np.flatnonzero((ahead >= -coupling.down) & (ahead <= coupling.up))


def _part(layers: Layers, a: int, b: int, scale: FloatArray) -> Part:
    """The links of layer `b` as links from the states of layer `a`, their weights scaled by source."""
    links = layers.links[b]
    lengths = np.diff(links.indptr)
    sources, weights = np.repeat(layers.states[a], lengths), links.data * np.repeat(scale, lengths)
    kept = (weights > 0) & (sources >= 0)
    return sources[kept], layers.states[b, links.indices[kept]], weights[kept]


def _switches(layers: Layers, a: int, b: int, weights: FloatArray) -> Part:
    """Links from the nodes of layer `a` to themselves in layer `b`, of these weights."""
    nodes = np.flatnonzero((weights > 0) & (layers.states[a] >= 0))
    return layers.states[a, nodes], layers.states[b, nodes], weights[nodes]


def _similarity(layers: Layers, strengths: FloatArray, a: int, b: int) -> FloatArray:
    """How similar the links of each node are in two layers, 0 where it has none in one of them."""
    both = (strengths[a] > 0) & (strengths[b] > 0)
    if a == b:
        return np.where(both, 1.0, 0.0)
    shares = [_scaled(layers.links[c], _ratio(both * 1.0, strengths[c])) for c in (a, b)]
    weight = _ratio(both * strengths[a], strengths[a] + strengths[b])
    mixed = _scaled(shares[0], weight) + _scaled(shares[1], 1 - weight)
    one, other, together = map(_entropies, (*shares, mixed))
    divergence = together - weight * one - (1 - weight) * other
    has_common = shares[0].multiply(shares[1]).sum(axis=1) > 0
    return np.where(both & has_common, np.clip(1 - divergence, 0.0, 1.0), 0.0)


def _ratio(values: FloatArray, by: FloatArray) -> FloatArray:
    """Values by others, 0 where these are 0."""
    return np.divide(values, by, out=np.zeros(len(by)), where=by > 0)


def _scaled(matrix: scipy.sparse.csr_array, factors: FloatArray) -> scipy.sparse.csr_array:
    """A matrix with its rows multiplied by factors."""
    values = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return scipy.sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape)


def _entropies(shares: scipy.sparse.csr_array) -> FloatArray:
    """The entropy of each row, in bits."""
    rows = np.repeat(np.arange(shares.shape[0]), np.diff(shares.indptr))
    bits = -shares.data * np.log2(np.where(shares.data > 0, shares.data, 1.0))
    return np.bincount(rows, bits, shares.shape[0]).astype(np.float64)

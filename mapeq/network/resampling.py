"""Other networks that the same data might have given: link weights drawn anew, links or nodes left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq.network.metadata import Metadata
from mapeq.network.network import Network

#: Weights from here on are no counts: floats no longer tell neighbouring whole numbers apart.
MOST = 2.0**53


def has_counts(network: Network) -> bool:
    """Return whether the weights are counts: whole numbers below 2**53, not all 1.

    Examples
    --------
    >>> has_counts(Network.from_edges([0, 1], [1, 2], [3, 1])), has_counts(Network.from_edges([0, 1], [1, 2]))
    (True, False)
    """
    weights = network.weights
    if not len(weights) or (weights != np.floor(weights)).any():
        return False
    return bool(1 < weights.max() < MOST)


def with_drawn_weights(network: Network, rng: np.random.Generator) -> Network:
    """Return the network with the weight of each link drawn from the Poisson distribution whose mean is its weight.

    Links that draw 0 are left out (parametric bootstrap; Rosvall & Bergstrom, PLoS ONE 5, e8694, 2010).

    Examples
    --------
    >>> drawn = with_drawn_weights(Network.from_edges([0, 1], [1, 2], [50, 100]), np.random.default_rng(1))
    >>> drawn.links()[2]
    array([50., 94.])
    """
    sources, targets, weights = network.links()
    return _with_links(network, sources, targets, rng.poisson(weights).astype(np.float64))


def without_links(network: Network, fraction: float, rng: np.random.Generator) -> Network:
    """Return the network without a random fraction of its links, rounded to a whole number of links, at least one.

    Examples
    --------
    >>> ring = Network.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> without_links(ring, 0.5, np.random.default_rng(1))
    <mapeq.Network: 4 nodes, 2 links, undirected>
    """
    sources, targets, weights = network.links()
    kept = _kept(len(sources), fraction, rng)
    return _with_links(network, sources[kept], targets[kept], weights[kept])


def without_nodes(network: Network, fraction: float, rng: np.random.Generator) -> tuple[Network, NDArray[np.intp]]:
    """Return the network without a random fraction of its nodes, at least one, and the positions of the others.

    Examples
    --------
    >>> ring = Network.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> without_nodes(ring, 0.25, np.random.default_rng(1))
    (<mapeq.Network: 3 nodes, 2 links, undirected>, array([1, 2, 3]))
    """
    kept = _kept(network.num_nodes, fraction, rng)
    place = np.full(network.num_nodes, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    sources, targets, weights = network.links()
    inside = (place[sources] >= 0) & (place[targets] >= 0)
    metadata = network.metadata
    smaller = Network.from_edges(
        place[sources[inside]],
        place[targets[inside]],
        weights[inside],
        directed=network.directed,
        labels=[network.labels[position] for position in kept.tolist()],
        node_weights=None if network.node_weights is None else network.node_weights[kept],
    )
    return replace(
        smaller,
        ids=None if network.ids is None else network.ids[kept],
        sides=None if network.sides is None else network.sides[kept],
        metadata=None if metadata is None else Metadata(metadata.codes[kept], metadata.categories),
    ), kept


def _kept(number: int, fraction: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Positions that stay, in increasing order, if a fraction of so many goes, at least one."""
    gone = min(max(round(fraction * number), 1), number)
    return np.sort(rng.permutation(number)[gone:])


def _with_links(network: Network, sources: IntArray, targets: IntArray, weights: FloatArray) -> Network:
    rows = Network.from_edges(sources, targets, weights, directed=network.directed, num_nodes=network.num_nodes)
    return replace(network, indptr=rows.indptr, indices=rows.indices, weights=rows.weights, num_given=rows.num_given)

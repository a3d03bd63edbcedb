"""Read dicts of dicts and dicts of lists, as NetworkX's ``to_dict_of_dicts`` and ``to_dict_of_lists`` make them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from mapeq._base.errors import NetworkError
from mapeq.io.columns import WEIGHT, known_ends
from mapeq.io.objects.arrays import checked_weights, missing_attribute
from mapeq.network.network import Network


def from_mapping(
    graph: Mapping[Any, Any], *, directed: bool | None = None, weight: str | int | None = WEIGHT
) -> Network:
    """Read the neighbours of each node.

    Parameters
    ----------
    graph : mapping
        From a node to a list or set of its neighbours; or to a mapping from neighbour to weight, or to a dict of
        attributes, or, with parallel links, to a dict of such dicts. Nodes are in order of first occurrence, keys
        first.
    directed : bool, optional
        By default a graph with every link in both directions, with equal weights, is undirected, as a symmetric sparse
        matrix is, and any other directed.
    weight : str, optional
        Attribute that holds the weights; a link without it weighs 1. With None every link weighs 1.

    Raises
    ------
    TypeError
        If the neighbours of a node are no list or mapping.
    NetworkError
        If a weight is not a number, negative, NaN or infinite, or the keys are names of columns.

    Examples
    --------
    >>> from_mapping({"a": {"b": 2.0}, "b": {"a": 2.0}}), from_mapping({"a": ["b", "c"], "b": []})
    (<mapeq.Network: 2 nodes, 1 link, undirected>, <mapeq.Network: 3 nodes, 2 links, directed>)
    """
    import scipy.sparse

    _check_no_columns(graph)
    position: dict[Hashable, int] = {label: i for i, label in enumerate(graph)}
    ends: list[int] = []
    weights: list[Any] = []
    attributes: dict[Any, None] = {}
    for label, neighbors in graph.items():
        for neighbor, data in _links(label, neighbors):
            ends += (position[label], position.setdefault(neighbor, len(position)))
            if isinstance(data, Mapping):
                attributes.update(dict.fromkeys(data))
                data = data.get(weight, 1.0) if weight is not None else 1.0
            weights.append(1.0 if weight is None else data)
    if weight not in (None, WEIGHT, *attributes) and ends:
        raise missing_attribute(weight, attributes)
    labels = tuple(position)
    values = checked_weights(weights, lambda k: f"the link {labels[ends[2 * k]]!r} - {labels[ends[2 * k + 1]]!r}")
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    matrix = scipy.sparse.coo_array((values, (pairs[0], pairs[1])), shape=(len(labels), len(labels)))
    return Network.from_csr(matrix, directed=directed, labels=labels)


def _links(label: Hashable, neighbors: Any) -> Iterator[tuple[Hashable, Any]]:
    """Yield each neighbour of a node with a weight or a dict of attributes."""
    if isinstance(neighbors, str | bytes) or not isinstance(neighbors, Iterable):
        raise TypeError(
            f"a dict of {label!r} to {neighbors!r} is not a network: give a NetworkX graph, or a dict of each node to "
            "a list of its neighbours, or to a dict of neighbour to weight"
        )
    if not isinstance(neighbors, Mapping):
        yield from ((neighbor, 1.0) for neighbor in neighbors)
        return
    for neighbor, data in neighbors.items():
        if isinstance(data, Mapping) and data and all(isinstance(link, Mapping) for link in data.values()):
            yield from ((neighbor, link) for link in data.values())  # parallel links by key
        else:
            yield neighbor, data


def _check_no_columns(graph: Mapping[Any, Any]) -> None:
    """Raise if the keys are the columns of a table of links rather than nodes."""
    names = list(graph)
    ends = known_ends(names)
    if ends is not None:
        one, other = names[ends[0]], names[ends[1]]
        raise NetworkError(
            f"a dict maps each node to its neighbours, but {one!r} and {other!r} are names of columns: pass "
            "pandas.DataFrame(...) for a table; or a NetworkX graph, if these are nodes"
        )

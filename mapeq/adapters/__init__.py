"""What a graph and a partition may be: :func:`as_network` and :func:`as_partition` take them all.

Libraries that mapeq does not need are recognised by what is already loaded and never imported:
nobody can hold a NetworkX graph without having imported NetworkX.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mapeq.errors import PartitionError
from mapeq.network import Network
from mapeq.rows import IntArray, frozen


def as_network(
    graph: Any, *, directed: bool | None = None, weight: str | None = "weight", implied: bool = False
) -> Network:
    """Turn anything that describes a network into a `Network`.

    Parameters
    ----------
    graph : Network, NetworkX graph, SciPy sparse matrix, path of a network file, integer array of
        shape (m, 2), or iterable of (u, v) or (u, v, w)
    directed : bool, optional
        By default as the container says.
    weight : str, optional
        The edge attribute that holds the weight where links have named attributes; a link without it
        weighs 1. None: every link weighs 1, whatever the container says.
    implied : bool
        Whether links have a direction in a container that does not say.

    Raises
    ------
    TypeError
        If it is none of these.
    NetworkError, FormatError
        If it makes no sense.
    """
    if isinstance(graph, Network):
        return _turned(graph, directed, weight)
    if isinstance(graph, str | os.PathLike):
        from mapeq.formats import read_network

        said = True if directed is None and implied else directed
        return read_network(graph, directed=said, weighted=weight is not None)
    if _is_instance(graph, "networkx", "Graph"):
        from mapeq.adapters.networkx import from_networkx

        return from_networkx(graph, directed=directed, weight=weight)
    if _is_instance(graph, "scipy.sparse", "sparray") or _is_instance(graph, "scipy.sparse", "spmatrix"):
        network = Network.from_csr(graph, directed=directed)
        return network if weight is not None else _unweighted(network)

    from mapeq.adapters.edges import from_array, from_links

    leads = implied if directed is None else directed
    if isinstance(graph, np.ndarray):
        return from_array(graph, directed=leads)
    if isinstance(graph, Iterable) and not isinstance(graph, Mapping | bytes):
        return from_links(graph, directed=leads, weighted=weight is not None)
    raise TypeError(
        f"a {type(graph).__name__} is no network: give a NetworkX graph, a SciPy sparse matrix, the path of a network "
        "file, an integer array of shape (m, 2), links as (u, v) or (u, v, weight), or a mapeq.Network"
    )


def _is_instance(thing: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(thing, kind)


def _turned(network: Network, directed: bool | None, weight: str | None) -> Network:
    if weight is None:
        network = _unweighted(network)
    if directed is None or directed == network.directed:
        return network
    return replace(network, directed=True) if directed else network.undirected()


def _unweighted(network: Network) -> Network:
    return replace(network, weights=frozen(np.ones(len(network.weights))))


def as_partition(partition: Any, network: Network) -> IntArray:
    """Turn anything that describes a partition into an array of module numbers in node order.

    Parameters
    ----------
    partition : mapping of label to module, array in node order, iterable of communities (sets of
        labels), or path of a .clu, .tree, .csv or .tsv file
    network : Network
        Of n nodes.

    Returns
    -------
    integer array of shape (n,)
        Numbered from 0.

    Raises
    ------
    PartitionError
        If a node is missing, unknown or in two modules.
    """
    if isinstance(partition, str | os.PathLike):
        from mapeq.formats.partitions import read_partition

        return read_partition(partition, network)
    labels = network.label_list()
    if isinstance(partition, Mapping):
        if len(partition) > len(labels):
            unknown = next(iter(partition.keys() - set(labels)))
            raise PartitionError(f"the partition names {unknown!r}, which is no node of the network")
        missing = next((label for label in labels if label not in partition), None)
        if missing is not None:
            raise PartitionError(f"the partition misses the node {missing!r}")
        return _numbered([partition[label] for label in labels])
    if isinstance(partition, np.ndarray) or (
        isinstance(partition, list | tuple) and all(isinstance(module, int | np.integer) for module in partition)
    ):
        if np.shape(partition) != (len(labels),):
            raise PartitionError(
                f"a partition in node order needs {len(labels)} modules, one a node, not shape {np.shape(partition)}"
            )
        return _numbered(list(partition))
    if isinstance(partition, Iterable):
        return _from_communities(partition, network)
    raise TypeError(
        f"a {type(partition).__name__} is no partition: give a dict of label to module, an array in node order, "
        "a list of sets of labels, or the path of a .clu, .tree, .csv or .tsv file"
    )


def _from_communities(communities: Iterable[Any], network: Network) -> IntArray:
    position = {label: i for i, label in enumerate(network.label_list())}
    module_of: list[int | None] = [None] * len(position)
    for number, community in enumerate(communities):
        for label in community:
            i = position.get(label)
            if i is None:
                raise PartitionError(f"the partition names {label!r}, which is no node of the network")
            if module_of[i] is not None:
                raise PartitionError(f"the node {label!r} is in two modules")
            module_of[i] = number
    for label, i in position.items():
        if module_of[i] is None:
            raise PartitionError(f"the partition misses the node {label!r}")
    return _numbered(module_of)


def _numbered(modules: list[Any]) -> IntArray:
    """Number modules, whatever they are called, in the order in which they first occur."""
    number: dict[Any, int] = {}
    return np.array([number.setdefault(module, len(number)) for module in modules], dtype=np.int64)

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
from numpy.typing import NDArray

from mapeq.errors import PartitionError, counted
from mapeq.network import Network
from mapeq.rows import IntArray, constant


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
        return Network.from_csr(graph if weight is not None else _pattern(graph), directed=directed)

    from mapeq.adapters.edges import from_array, from_links

    leads = implied if directed is None else directed
    if isinstance(graph, np.ndarray):
        return from_array(graph, directed=leads)
    if isinstance(graph, Iterable) and not isinstance(graph, dict | bytes):
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


def _pattern(matrix: Any) -> Any:
    """The matrix with 1 for every link, whatever it weighs."""
    return (matrix.tocsr() > 0).astype(np.float64)


def _unweighted(network: Network) -> Network:
    return replace(network, weights=constant(1.0, len(network.weights)))


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
    if isinstance(partition, Mapping):
        return _from_mapping(partition, network)
    if hasattr(partition, "__array__") or (
        isinstance(partition, list | tuple)
        and partition
        and all(isinstance(module, int | np.integer | str) for module in partition)
    ):
        return _from_array(np.asarray(partition), network)
    if isinstance(partition, Iterable) and not isinstance(partition, bytes):
        return _from_communities(partition, network)
    raise TypeError(
        f"a {type(partition).__name__} is no partition: give a dict of label to module, an array in node order, "
        "a list of sets of labels, or the path of a .clu, .tree, .csv or .tsv file"
    )


def _from_array(modules: NDArray[Any], network: Network) -> IntArray:
    if modules.shape != (network.num_nodes,):
        raise PartitionError(
            f"a partition in node order needs {counted(network.num_nodes, 'module')}, one a node, "
            f"not an array of shape {modules.shape}"
        )
    if modules.dtype.kind == "O":  # words in the column of a table, for one
        modules = np.asarray(modules.tolist())
    if modules.dtype.kind not in "iuUST":
        raise PartitionError(f"modules in node order must be whole numbers or words, not {modules.dtype}")
    numbers: IntArray = np.unique(modules, return_inverse=True)[1]
    return numbers


def _from_mapping(partition: Mapping[Any, Any], network: Network) -> IntArray:
    labels = network.label_list()
    missing = next((label for label in labels if label not in partition), None)
    if missing is not None:
        raise PartitionError(f"the partition misses the node {missing!r}")
    if len(partition) > len(labels):
        known = set(labels)
        unknown = next(label for label in partition if label not in known)
        raise PartitionError(f"the partition names {unknown!r}, which is no node of the network")
    modules = [partition[label] for label in labels]
    for label, module in zip(labels, modules, strict=True):
        if module is None or module != module:  # NaN
            raise PartitionError(f"the node {label!r} has no module: {module!r}")
    return _numbered(modules)


def _from_communities(communities: Iterable[Any], network: Network) -> IntArray:
    position = {label: i for i, label in enumerate(network.label_list())}
    module_of: list[int | None] = [None] * len(position)
    for number, community in enumerate(communities):
        if isinstance(community, str | bytes) or not isinstance(community, Iterable):
            raise PartitionError(f"a community is a set of labels, not {community!r}")
        for label in community:
            i = position.get(label)
            if i is None:
                raise PartitionError(f"the partition names {label!r}, which is no node of the network")
            if module_of[i] is not None:
                raise PartitionError(f"the node {label!r} is in two modules, or in one twice")
            module_of[i] = number
    for label, i in position.items():
        if module_of[i] is None:
            raise PartitionError(f"the partition misses the node {label!r}")
    return _numbered(module_of)


def _numbered(modules: list[Any]) -> IntArray:
    """Number modules, whatever they are called, in the order in which they first occur."""
    number: dict[Any, int] = {}
    return np.array([number.setdefault(module, len(number)) for module in modules], dtype=np.int64)

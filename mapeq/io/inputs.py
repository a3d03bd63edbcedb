"""Read networks and partitions from any supported input: :func:`as_network` and :func:`as_partition`.

Optional libraries are never imported to recognise their objects: an object of a library can only exist once that
library is loaded.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from typing import Any

import numpy as np

from mapeq._base.csr import constant
from mapeq._base.errors import NetworkError, option_error
from mapeq._base.hierarchy import Hierarchy
from mapeq.io.columns import WEIGHT, ColumnChoice
from mapeq.io.objects.bipartite import sides_by_direction, sides_of_igraph, sides_of_networkx, with_given_sides
from mapeq.io.objects.metadata import categories_of_table, values_of_attribute
from mapeq.io.objects.partitions import partition_from_object
from mapeq.io.objects.tables import is_table
from mapeq.network.labelled import is_series
from mapeq.network.network import Network
from mapeq.network.sparse import both_sides


def as_network(
    graph: Any,
    *,
    directed: bool | None = None,
    weight: str | int | None = WEIGHT,
    ends: tuple[str | int | None, str | int | None] = (None, None),
    implied: bool = False,
    bipartite: bool | None = None,
    file_options: Mapping[str, Any] | None = None,
) -> Network:
    """Convert any supported description of a network to a `Network`.

    Parameters
    ----------
    graph : Network, NetworkX graph, igraph graph, SciPy sparse matrix, table with columns source and target, square
        data frame, path of a network file, array or tensor of links or of weights (:func:`from_array`), object with an
        ``edge_index`` of shape (2, m), dict of dicts or lists of neighbours, or iterable of (u, v) or (u, v, w)
    directed : bool, optional
        By default the container decides.
    weight : str, int or None
        Edge attribute or column that holds the weights; a link without it weighs 1. Raises if a named attribute is
        missing; the default "weight" may be absent. With None every link weighs 1, whatever the container holds.
    ends : pair
        Columns of sources and targets in a table or a file, by name or by position from 0; by default those with the
        default names.
    implied : bool
        Whether a container without directions is directed.
    bipartite : bool, optional
        True makes a table or a list of links an undirected bipartite network whose primary nodes are the sources. By
        default the container decides; False ignores what it says.
    file_options : mapping, optional
        Further options of :func:`mapeq.read_network`, for a path.

    Raises
    ------
    TypeError
        If the type of `graph` is not supported.
    NetworkError, FormatError
        If the network or file is invalid.
    """
    if not bipartite:
        network = _as_network(graph, directed, weight, ends, implied, file_options)
        return network if bipartite is None else replace(network, sides=None)
    says_sides = {"networkx": "the node attribute bipartite", "igraph": "the vertex attribute type"}
    for library, attribute in says_sides.items():
        if _is_instance(graph, library, "Graph"):
            network = _as_network(graph, directed, weight, ends, implied, file_options)
            if network.sides is None:
                raise NetworkError(f"bipartite=True needs {attribute} at all nodes, which says their sides")
            return network
    if isinstance(graph, Network):
        if graph.sides is None:
            raise NetworkError("bipartite=True needs a network with sides: Network.with_sides gives them")
        return _converted(graph, directed, weight)
    if isinstance(graph, str | os.PathLike):
        from mapeq.io.files.source import rereadable

        graph = rereadable(graph)
    if _is_sparse(graph) and not directed:
        both = both_sides(graph if weight is not None else _pattern(graph))
        return Network.from_csr(both, directed=False).with_sides(np.arange(both.shape[0]) >= graph.shape[0])
    network = _as_network(graph, True, weight, ends, implied, file_options)
    if network.sides is not None:  # the file says its sides, and perhaps its direction
        return network if directed else _as_network(graph, directed, weight, ends, implied, file_options)
    if directed:
        raise NetworkError(
            "with bipartite=True all links lead from the sources to the targets: none leads back, so that they cannot "
            "be directed; Network.with_sides gives sides to networks with links both ways"
        )
    return sides_by_direction(network)


def with_metadata(network: Network, metadata: Any, graph: Any = None, column: str | int | None = None) -> Network:
    """Return the network with the categories of its nodes.

    Parameters
    ----------
    network : Network
    metadata : any
        As in :func:`mapeq.infomap`; None leaves the network as it is.
    graph : any
        What the network was made of; its node attributes can be named.
    column : str, optional
        Column of the categories in a table or a file.

    Raises
    ------
    NetworkError
        If a node or attribute is unknown, or as :meth:`Network.with_metadata`.
    FormatError
        If a file cannot be read.
    """
    if metadata is None:
        if column is not None:
            raise option_error("metadata_column", column, "omitted without metadata")
        return network
    is_graph = _is_instance(graph, "networkx", "Graph") or _is_instance(graph, "igraph", "Graph")
    if isinstance(metadata, str) and is_graph:
        metadata = values_of_attribute(graph, metadata)
    elif isinstance(metadata, str | os.PathLike):
        from mapeq.io.files.metadata import read_metadata

        return read_metadata(metadata, network, column)
    elif is_table(metadata):
        metadata = categories_of_table(metadata, network, column)
    elif column is not None:
        raise option_error("metadata_column", column, "omitted unless the metadata are a table or a file")
    return network.with_metadata(metadata)


def _as_network(
    graph: Any,
    directed: bool | None,
    weight: str | int | None,
    ends: tuple[str | int | None, str | int | None],
    implied: bool,
    file_options: Mapping[str, Any] | None,
) -> Network:
    if isinstance(graph, Network):
        return _converted(graph, directed, weight)
    if isinstance(graph, str | os.PathLike):
        from mapeq.io.files.networks import read_network

        in_file = True if directed is None and implied else directed
        return read_network(
            graph, directed=in_file, source=ends[0], target=ends[1], weight=weight, **(file_options or {})
        )
    if _is_instance(graph, "networkx", "Graph"):
        from mapeq.io.objects.networkx import check_attribute, from_networkx

        check_attribute(graph, weight)
        network = from_networkx(graph, directed=directed, weight=weight)
        return with_given_sides(network, sides_of_networkx(graph))
    if _is_instance(graph, "igraph", "Graph"):
        from mapeq.io.objects.igraph import from_igraph

        network = from_igraph(graph, directed=directed, weight=weight)
        return with_given_sides(network, sides_of_igraph(graph))
    if _is_sparse(graph):
        return Network.from_csr(graph if weight is not None else _pattern(graph), directed=directed)

    from mapeq.io.objects.arrays import from_array, from_edge_index, from_links
    from mapeq.io.objects.mappings import from_mapping
    from mapeq.io.objects.tables import from_adjacency, from_table, is_adjacency

    is_directed = implied if directed is None else directed
    if is_adjacency(graph):
        return from_adjacency(graph, directed=directed, implied=implied, weight=weight)
    if is_table(graph):
        return from_table(graph, directed=directed, implied=implied, columns=ColumnChoice(*ends, weight))
    if isinstance(graph, np.ndarray) or (hasattr(graph, "__array__") and getattr(graph, "ndim", None) == 2):
        return from_array(graph, directed=directed, implied=implied, weight=weight)
    if hasattr(graph, "edge_index"):
        return from_edge_index(graph, directed=directed, weight=weight)
    if isinstance(graph, Mapping) and not isinstance(graph, Set):  # as NetworkX's views of edges are
        return from_mapping(graph, directed=directed, weight=weight)
    if isinstance(graph, Iterable) and not isinstance(graph, bytes) and not is_series(graph):
        return from_links(graph, directed=is_directed, weighted=weight is not None)
    raise TypeError(
        f"a {type(graph).__name__} is not a network: give a NetworkX graph, an igraph graph, a SciPy sparse matrix, "
        "a table with columns source and target, the path of a network file, an array of links or a square one, links "
        "as (u, v) or (u, v, weight), a dict of neighbours, or a mapeq.Network"
    )


def as_partition(partition: Any, network: Network, *, fit: bool = False) -> Hierarchy:
    """Convert any supported description of a partition or hierarchy to a Hierarchy.

    Parameters
    ----------
    partition : mapping of label to module or to path (a tuple of modules, coarsest first), pandas Series indexed by
        label, array in node order, table with columns node and module and perhaps path, iterable of communities (sets
        of labels) or of levels (lists of sets of labels), coarsest first, Result, or path of a .clu, .tree, .ftree,
        .csv or .tsv file
    network : Network
        Of n nodes.
    fit : bool
        Accept a partition of another network that shares nodes with this one. Unknown labels are ignored; a node that
        the partition does not name becomes a singleton top module. An array in node order must cover all nodes.

    Returns
    -------
    Hierarchy
        Of n nodes; a plain partition is a hierarchy of depth one.

    Raises
    ------
    PartitionError
        If a node is missing, unknown or in two modules, if a module contains both nodes and modules, or if levels are
        not nested. With `fit`, if no node is known.
    """
    if isinstance(partition, str | os.PathLike):
        from mapeq.io.files.partitions import read_partition

        return read_partition(partition, network, fit=fit)
    return partition_from_object(partition, network, fit=fit)


def _is_instance(thing: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(thing, kind)


def _is_sparse(graph: object) -> bool:
    return _is_instance(graph, "scipy.sparse", "sparray") or _is_instance(graph, "scipy.sparse", "spmatrix")


def _converted(network: Network, directed: bool | None, weight: str | int | None) -> Network:
    if weight is None:
        network = _unweighted(network)
    if directed is None or directed == network.directed:
        return network
    return replace(network, directed=True) if directed else network.undirected()


def _pattern(matrix: Any) -> Any:
    """Return the matrix with 1 for every link."""
    return (matrix.tocsr() != 0).astype(np.float64)


def _unweighted(network: Network) -> Network:
    return replace(network, weights=constant(1.0, len(network.weights)))

"""Read links from arrays and from Python tuples, and helpers that all readers of objects share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from math import inf
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError, counted
from mapeq.io.columns import WEIGHT
from mapeq.network.labels import checked_positions
from mapeq.network.network import Network, bad_weight, first_bad_weight


def from_array(links: Any, *, directed: bool) -> Network:
    """Read an integer array or tensor with one link per row, shape (m, 2), or per column, shape (2, m).

    Shape (2, 2) is read as one link per row.
    """
    array = _as_array(links)
    if array.ndim != 2 or 2 not in array.shape or array.dtype.kind not in "iu":
        raise NetworkError(
            f"an array of links must hold integers and have shape (m, 2) or (2, m), not {array.dtype} of shape "
            f"{array.shape}; for weights use mapeq.Network.from_edges(sources, targets, weights), for a matrix a SciPy "
            "sparse matrix"
        )
    sources, targets = array.T if array.shape[1] == 2 else array
    return Network.from_edges(sources, targets, directed=directed)


def from_edge_index(graph: Any, *, directed: bool | None = None, weight: str | int | None = WEIGHT) -> Network:
    """Read an object with an ``edge_index`` of shape (2, m), such as the Data of PyTorch Geometric.

    Parameters
    ----------
    graph : object
        ``num_nodes`` is the number of nodes; by default the highest position of a link end plus 1.
    directed : bool, optional
        By default a graph with every link in both directions, with equal weights, is undirected, as a symmetric sparse
        matrix is.
    weight : str, optional
        Attribute that holds the weights; "weight" stands for ``edge_weight``, which may be missing. Without it, and
        with None, every link weighs 1.

    Raises
    ------
    NetworkError
        If nodes or weights are out of range, shapes do not fit, or the attribute is missing.
    """
    import scipy.sparse

    ends = _as_array(graph.edge_index)
    if ends.ndim != 2 or len(ends) != 2 or ends.dtype.kind not in "iu":
        raise NetworkError(
            f"an edge_index must hold integers and have shape (2, m), not {ends.dtype} of shape {ends.shape}"
        )
    given = getattr(graph, "num_nodes", None)
    num_nodes = int(ends.max(initial=-1)) + 1 if given is None else int(given)
    sources, targets = (checked_positions(nodes, num_nodes) for nodes in ends)
    values = None if weight is None else getattr(graph, "edge_weight" if weight == WEIGHT else str(weight), None)
    if values is None and weight not in (None, WEIGHT):
        known = [name for name in dir(graph) if name.startswith("edge_") and name != "edge_index"]
        raise missing_attribute(weight, known)
    weights = np.ones(len(sources)) if values is None else _as_array(values)
    if weights.shape not in ((len(sources),), (len(sources), 1)):
        raise NetworkError(f"there are {counted(len(sources), 'link')}, but weights of shape {weights.shape}")
    weights = checked_weights(weights.ravel(), lambda k: f"the link {sources[k]} - {targets[k]} (position {k})")
    matrix = scipy.sparse.coo_array((weights, (sources, targets)), shape=(num_nodes, num_nodes))
    return Network.from_csr(matrix, directed=directed)


def _as_array(values: Any) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, RuntimeError) as error:  # a tensor on a GPU, say; its message tells how to copy it
        raise NetworkError(f"cannot convert this {type(values).__name__} to an array: {error}") from error


def from_links(links: Iterable[Any], *, directed: bool, weighted: bool = True) -> Network:
    """Read links (u, v) or (u, v, weight) between any hashables; nodes are in order of first occurrence."""
    position: dict[Hashable, int] = {}
    ends: list[int] = []
    weights: list[float] = []
    for number, link in enumerate(links):
        if isinstance(link, str | bytes) or not isinstance(link, Iterable):
            raise NetworkError(f"link {number} is {link!r}; a link is (u, v) or (u, v, weight)")
        u, v, *rest = _unpacked(tuple(link), number)
        weight = rest[0] if rest and weighted else 1.0
        if not isinstance(weight, Real):
            raise NetworkError(f"the weight of the link {u!r} - {v!r} (link {number}) is not a number: {weight!r}")
        if not 0 <= float(weight) < inf:
            raise bad_weight(float(weight), f"the link {u!r} - {v!r} (link {number})")
        if weight == 0:
            continue
        ends.append(position.setdefault(u, len(position)))
        ends.append(position.setdefault(v, len(position)))
        weights.append(float(weight))
    return Network.from_edges(ends[::2], ends[1::2], weights, directed=directed, labels=tuple(position))


def _unpacked(link: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    if len(link) not in (2, 3):
        raise NetworkError(f"link {number} has {len(link)} parts; a link is (u, v) or (u, v, weight)")
    return link


def from_graph(
    sources: IntArray,
    targets: IntArray,
    weights: FloatArray | None,
    *,
    labels: Sequence[Hashable] | NDArray[Any],
    is_directed: bool,
    directed: bool | None,
) -> Network:
    """Build the network of a graph that is directed or not by itself; `directed` overrides that.

    An undirected graph read as directed has each edge in both directions.
    """
    keeps_directions = is_directed and directed is not False
    network = Network.from_edges(sources, targets, weights, directed=keeps_directions, labels=labels)
    return replace(network, directed=True) if directed and not keeps_directions else network


def missing_attribute(weight: object, known: Iterable[object]) -> NetworkError:
    """Return the error for a weight attribute that no link has."""
    names = ", ".join(map(repr, known)) or "none"
    return NetworkError(f"no link has the attribute {weight!r} for its weight; the attributes are {names}")


def checked_weights(values: NDArray[Any] | list[Any], name: Callable[[int], str]) -> FloatArray:
    """Return link weights as floats, or raise; `name` describes link k in the error."""
    if not (isinstance(values, np.ndarray) and values.dtype.kind in "biuf"):
        # Check the types, which are few: NumPy would accept "3" as a number.
        invalid = {kind for kind in set(map(type, values)) if not issubclass(kind, Real)}
        if invalid:
            first = next(k for k, value in enumerate(values) if type(value) in invalid)
            raise NetworkError(f"the weight of {name(first)} is not a number: {values[first]!r}")
    weights = np.asarray(values, dtype=np.float64)
    k = first_bad_weight(weights)
    if k is not None:
        raise bad_weight(weights[k], name(k))
    return weights

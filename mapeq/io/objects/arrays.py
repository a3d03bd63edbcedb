"""Read arrays and Python tuples, and helpers that all readers of objects share."""

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
from mapeq.network.network import Network
from mapeq.network.weights import bad_weight, first_bad_weight


def from_array(
    links: Any, *, directed: bool | None, implied: bool = False, weight: str | int | None = WEIGHT
) -> Network:
    """Read an array or tensor: links as rows, an edge index, or a square matrix of weights.

    Parameters
    ----------
    links : array_like
        Of integers or strings and shape (m, 2): links as rows, also with shape (2, 2). Of shape (m, 3) with weights in
        the last column. Of integers and shape (2, m): an edge index, with links as columns. Of shape (n, n): a matrix,
        read like a sparse one; if it is 2 x 2, not of integers.
    directed : bool, optional
        By default links are as `implied`, and a matrix is undirected if it is symmetric.
    implied : bool
        Whether links are directed by default.
    weight : str or None
        With None every link weighs 1.

    Raises
    ------
    NetworkError
        If the shape is none of these, or may be two of them.
    """
    import scipy.sparse

    array = _as_array(links)
    is_directed = implied if directed is None else directed
    if array.dtype.kind == "O":
        return from_links(array.tolist(), directed=is_directed, weighted=weight is not None)
    kind = _kind_of(array)
    if kind == "matrix":
        matrix = scipy.sparse.csr_array(array if weight is not None else (array != 0).astype(np.float64))
        return Network.from_csr(matrix, directed=directed)
    if kind == "edge index":
        return Network.from_edges(array[0], array[1], directed=is_directed)
    weights = array[:, 2] if array.shape[1] == 3 and weight is not None else None
    ends = array[:, :2] if array.dtype.kind != "f" else array[:, :2].astype(np.int64)
    return Network.from_edges(ends[:, 0], ends[:, 1], weights, directed=is_directed)


def _kind_of(array: NDArray[Any]) -> str:
    """Return what an array holds: "links", "edge index" or "matrix"; raise if it is nothing or two of them."""
    whole, is_number = array.dtype.kind in "iu", array.dtype.kind in "biuf"
    shape = array.shape if array.ndim == 2 else (0, 0, 0)
    has_weights = len(shape) == 2 and shape[1] == 3 and array.dtype.kind in "iuf" and _are_whole(array[:, :2])
    kinds = {
        "links": len(shape) == 2 and ((shape[1] == 2 and array.dtype.kind in "iuUST") or has_weights),
        "edge index": len(shape) == 2 and shape[0] == 2 and whole and shape != (2, 2),
        "matrix": len(shape) == 2 and shape[0] == shape[1] and is_number and not (whole and shape == (2, 2)),
    }
    found = [kind for kind, is_it in kinds.items() if is_it]
    if len(found) == 1:
        return found[0]
    what = f"an array of {array.dtype} of shape {array.shape}"
    if found:
        raise NetworkError(f"{what} may hold {_READINGS[found[0]]}, or {_READINGS[found[1]]}; {_SAY}")
    raise NetworkError(
        f"{what} is not a network: an array holds links in shape (m, 2), weighted links in shape (m, 3), an edge index "
        "of integers in shape (2, m), or a square matrix of weights; for labels and weights of other kinds use "
        "mapeq.Network.from_edges(sources, targets, weights)"
    )


_READINGS = {
    "links": "links as rows",
    "edge index": "sources and targets as rows",
    "matrix": "a matrix of weights",
}
_SAY = (
    "say which: mapeq.Network.from_edges(sources, targets, weights) for links, scipy.sparse.csr_array(...) for a matrix"
)


def _are_whole(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "iu" or bool(np.isfinite(values).all() and (values == np.trunc(values)).all())


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
    kind = weights.dtype if weights.dtype == np.float32 else np.float64  # which says how large rounding errors are
    weights = checked_weights(weights.ravel(), lambda k: f"the link {sources[k]} - {targets[k]} (position {k})")
    weights = weights.astype(kind, copy=False)
    matrix = scipy.sparse.coo_array((weights, (sources, targets)), shape=(num_nodes, num_nodes))
    return Network.from_csr(matrix, directed=directed)


def _as_array(values: Any) -> NDArray[Any]:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise NetworkError("the array has masked entries; fill them, with 0 where there is no link")
    try:
        return np.asarray(values)
    except (TypeError, RuntimeError) as error:  # a tensor on a GPU, say; its message tells how to copy it
        raise NetworkError(f"cannot convert this {type(values).__name__} to an array: {error}") from error


def from_links(links: Iterable[Any], *, directed: bool, weighted: bool = True) -> Network:
    """Read links (u, v) or (u, v, weight) between any hashables; nodes are in order of first occurrence.

    Raises
    ------
    NetworkError
        If a link or weight is invalid, or the links may as well be a matrix or a pair of columns.
    """
    if isinstance(links, list | tuple):
        _check_rows(links)
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
        ends.append(position.setdefault(u, len(position)))
        ends.append(position.setdefault(v, len(position)))
        weights.append(float(weight))
    return Network.from_edges(ends[::2], ends[1::2], weights, directed=directed, labels=tuple(position))


def _check_rows(rows: Sequence[Any]) -> None:
    """Raise if a list of two or three rows may be columns or a matrix: links are tuples, or lists if there are more."""
    if any(isinstance(row, np.ndarray) for row in rows) and len(rows) in (2, 3):
        what = "a pair of arrays" if len(rows) == 2 else "three arrays"
        raise NetworkError(f"{what} may be columns, or links as rows; {_SAY}, a list of tuples for links as rows")
    if len(rows) not in (2, 3) or not all(isinstance(row, list) and len(row) == 3 for row in rows):
        return
    if all(isinstance(value, Real) for row in rows for value in row):
        other = "sources and targets" if len(rows) == 2 else "a matrix"
        raise NetworkError(
            f"{len(rows)} lists of 3 numbers may be weighted links, or {other}; {_SAY}, a list of tuples for links as "
            "rows"
        )


def _unpacked(link: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    if len(link) not in (2, 3):
        raise NetworkError(
            f"link {number} has {len(link)} parts; a link is (u, v) or (u, v, weight), and a matrix numpy.array(...)"
        )
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

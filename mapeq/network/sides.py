"""The sides of a bipartite network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import CSR, IntArray, pieces
from mapeq._base.errors import NetworkError
from mapeq.network.labelled import by_label

if TYPE_CHECKING:
    from mapeq.network.labels import Labels

#: What messages call the sides.
_NAMES = ("primary", "secondary")


def checked_sides(sides: Any, rows: CSR, labels: Labels) -> NDArray[np.uint8]:
    """The side of each node, 0 or 1, given in node order or by label.

    Raises
    ------
    NetworkError
        If a side is neither 0 nor 1, a node has none, or a link is within a side.
    """
    names = list(labels)
    named = by_label(sides, names, "side", NetworkError)
    if named is not None:
        missing = next((label for label in names if label not in named), None)
        if missing is not None:
            raise NetworkError(f"the sides do not name the node {missing!r}")
        sides = [named[label] for label in names]
    found = np.asarray(sides)
    if found.shape != (len(names),):
        raise NetworkError(f"there are {len(names):,} nodes, but the sides have the shape {found.shape}")
    is_side = (found == 0) | (found == 1)
    if not np.all(is_side):
        node = int(np.argmin(is_side))
        raise NetworkError(
            f"the side of the node {names[node]!r} must be 0 (primary) or 1 (secondary), not {found.tolist()[node]!r}"
        )
    found = found.astype(np.uint8)
    _check_crossing(rows.indptr, rows.indices, found, labels)
    return found


def _check_crossing(indptr: NDArray[np.int64], indices: IntArray, sides: NDArray[np.uint8], labels: Labels) -> None:
    for first, last in pieces(len(indptr) - 1):
        rows = np.repeat(np.arange(first, last), np.diff(indptr[first : last + 1]))
        within = np.flatnonzero(sides[rows] == sides[indices[indptr[first] : indptr[last]]])
        if len(within):
            node = int(rows[within[0]])
            other = int(indices[indptr[first] + within[0]])
            raise NetworkError(
                f"the link {labels[node]!r} - {labels[other]!r} is within the {_NAMES[sides[node]]} side of a "
                "bipartite network; every link must lead to the other side"
            )

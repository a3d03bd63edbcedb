"""Links as arrays and as plain Python tuples."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import inf
from numbers import Real
from typing import Any

from numpy.typing import NDArray

from mapeq.errors import NetworkError
from mapeq.network import Network, bad_weight


def from_array(links: NDArray[Any], *, directed: bool) -> Network:
    """The network of an integer array of shape (m, 2), one link a row."""
    if links.ndim != 2 or links.shape[1] != 2 or links.dtype.kind not in "iu":
        raise NetworkError(
            f"an array of links must be of integers and of shape (m, 2), not {links.dtype} of shape {links.shape}; "
            "with weights use mapeq.Network.from_edges(sources, targets, weights), and for a matrix a SciPy sparse one"
        )
    return Network.from_edges(links[:, 0], links[:, 1], directed=directed)


def from_links(links: Iterable[Any], *, directed: bool, weighted: bool = True) -> Network:
    """The network of links (u, v) or (u, v, weight) between any hashables, in the order in which they occur."""
    position: dict[Hashable, int] = {}
    ends: list[int] = []
    weights: list[float] = []
    for number, link in enumerate(links):
        if isinstance(link, str | bytes) or not isinstance(link, Iterable):
            raise NetworkError(f"link {number} is {link!r}; a link is (u, v) or (u, v, weight)")
        u, v, *rest = _unpacked(tuple(link), number)
        weight = rest[0] if rest and weighted else 1.0
        if not isinstance(weight, Real):
            raise NetworkError(f"the weight of the link {u!r} - {v!r} (link {number}) is no number: {weight!r}")
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

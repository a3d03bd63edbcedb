"""The public entry point :func:`compare_orders`: how much of a path its last places explain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import distinct
from mapeq._base.errors import NetworkError, is_number, is_whole, option_error
from mapeq._base.keywords import answers_keywords
from mapeq.io.objects.paths import paths_from
from mapeq.network.memory import held_out_bits, state_links
from mapeq.optimizer.seeds import whole_seed


class Order(NamedTuple):
    """What memory of an order needs and gives."""

    order: int  #: number of places that the walk remembers
    num_states: int
    num_links: int
    bits: float  #: per step of paths that were held out


class OrderComparison(NamedTuple):
    """Orders of memory, compared on the same paths; printed as a table.

    Examples
    --------
    >>> import mapeq
    >>> print(mapeq.compare_orders([["a", "hub", "a", "hub"] * 5, ["b", "hub", "b", "hub"] * 5] * 10))
    order  states  links  bits per step
        1       3      4         ...
        2       4      4         ...
        3       4      4         ...
        4       4      4         ...
    order 2 is enough for the paths that were held out
    """

    orders: tuple[Order, ...]

    @property
    def best(self) -> int:
        """The lowest order that takes at most 0.01 bits per step, or 1 %, more than the one that takes the fewest."""
        fewest = min(each.bits for each in self.orders)
        return next(each.order for each in self.orders if each.bits <= max(fewest + 0.01, 1.01 * fewest))

    def __str__(self) -> str:
        rows = [("order", "states", "links", "bits per step")]
        rows += [(str(o.order), f"{o.num_states:,}", f"{o.num_links:,}", f"{o.bits:.4f}") for o in self.orders]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, f"order {self.best} is enough for the paths that were held out"])


@answers_keywords()
def compare_orders(
    paths: Any,
    *,
    orders: Iterable[int] = (1, 2, 3, 4),
    held_out: float = 0.2,
    weights: Any = None,
    path: str | None = None,
    place: str | None = None,
    seed: Any = 0,
) -> OrderComparison:
    """Compare how well the last place, the last two, ... tell where paths go on, on paths that are held out.

    Memory pays where a higher order takes clearly fewer bits. It takes more if paths are too few to know so many
    contexts, or do not depend on them: then choose the lower order.

    Parameters
    ----------
    paths, weights, path, place : as in :meth:`mapeq.Network.from_paths`
    orders : iterable of int, 1 or more
    held_out : float between 0 and 1
        Part of the paths, drawn at random, that the others have to predict.
    seed : as in :func:`mapeq.infomap`

    Returns
    -------
    OrderComparison

    Raises
    ------
    ValueError
        If an option is out of range.
    NetworkError, FormatError
        As :meth:`mapeq.Network.from_paths`, or if there are fewer than two paths, or those held out weigh nothing.

    Examples
    --------
    >>> import mapeq
    >>> trips = [["ann", "hub", "ann", "hub"] * 3, ["bob", "hub", "bob", "hub"] * 3] * 20
    >>> mapeq.compare_orders(trips, orders=[1, 2]).best
    2

    References
    ----------
    I. H. Witten and T. C. Bell, IEEE Transactions on Information Theory 37, 1085 (1991).
    """
    chosen = list(orders) if isinstance(orders, Iterable) else []
    if not chosen or not all(is_whole(order, 1) for order in chosen):
        raise option_error("orders", orders, "whole numbers, 1 or more, at least one")
    if not (is_number(held_out) and 0 < held_out < 1):
        raise option_error("held_out", held_out, "a number between 0 and 1")
    given = paths_from(paths, path=path, place=place, weights=weights)
    count = len(given.weights)
    if count < 2:
        raise NetworkError("to hold out some paths, there must be at least two")
    rng = np.random.default_rng(whole_seed(seed))
    is_held_out = np.zeros(count, dtype=np.bool_)
    is_held_out[rng.permutation(count)[: min(max(round(held_out * count), 1), count - 1)]] = True
    if not given.weights[is_held_out].any():
        raise NetworkError("the paths that were held out weigh nothing; give them weights above 0, or another seed")
    chosen = sorted({int(order) for order in chosen})
    found = []
    for order, bits in zip(chosen, held_out_bits(given, chosen, is_held_out), strict=True):
        links = state_links(given, order, is_noted=False)
        pairs = distinct(links.sources * max(len(links.contexts), 1) + links.targets)
        found.append(Order(order, len(links.contexts), len(pairs), bits))
    return OrderComparison(tuple(found))

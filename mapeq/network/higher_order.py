"""Constructors of :class:`mapeq.Network` for flow that depends on more than the node: memory and layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mapeq._base.errors import is_whole, option_error

if TYPE_CHECKING:
    from mapeq.network.network import Network


def from_paths(
    cls: type[Network],
    paths: Any,
    *,
    order: int = 2,
    weights: Any = None,
    path: str | None = None,
    place: str | None = None,
) -> Network:
    """Build a network with memory from paths, such as itineraries, click streams or sequences of citations.

    Where a path leads depends on its last places, `order` of them: each sequence of so many places that occurs is a
    state of the last of them, and links lead from state to state, as often as paths go on so. Modules of states overlap
    in places: a place belongs to different modules where travellers who come from different places go on differently.

    Parameters
    ----------
    paths : iterable of sequences, table or path
        The places of each path in order, any hashables; or a table with a row for each step, in order; or the path of a
        text file with a path per line, its places separated by tabs, commas, semicolons or blanks (plain or
        compressed). A path has at least two places.
    order : int, 1 or more
        How many places the walk remembers, the last one included. 1 is an ordinary directed network.
    weights : array_like, optional
        How often each path was taken; by default once.
    path, place : str, optional
        Columns of a table: what tells paths apart, and the place of the step. By default "path" and "place".

    Returns
    -------
    Network
        Directed. States are labelled by the tuple of their places, oldest first, of order 1 by the place.

    Raises
    ------
    ValueError
        If the order is out of range.
    NetworkError, FormatError
        If a path has fewer than two places, a weight is negative, NaN or infinite, or a column is missing.

    Warns
    -----
    UserWarning
        If paths have too few places for the order: at most so many as it has.

    Examples
    --------
    >>> from mapeq import Network
    >>> network = Network.from_paths([["ann", "cafe", "ann"], ["bob", "cafe", "bob"]])
    >>> network, network.labels
    (<mapeq.Network: 4 states of 3 physical nodes, 2 links, directed>, \
(('ann', 'cafe'), ('cafe', 'ann'), ('bob', 'cafe'), ('cafe', 'bob')))

    References
    ----------
    M. Rosvall, A. V. Esquivel, A. Lancichinetti, J. D. West and R. Lambiotte, Nature Communications 5, 4630 (2014).
    """
    from mapeq.io.objects.paths import paths_from
    from mapeq.network.memory import state_links

    if not is_whole(order, 1):
        raise option_error("order", order, "a whole number, 1 or more")
    given = paths_from(paths, path=path, place=place, weights=weights)
    links = state_links(given, int(order))
    labels = [tuple(given.labels[k] for k in context) for context in links.contexts.tolist()]
    network = cls.from_edges(
        links.sources,
        links.targets,
        links.weights,
        directed=True,
        labels=given.labels if order == 1 else labels,
    )
    return replace(network, states=links.states(given.labels))

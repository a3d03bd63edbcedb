"""Methods of :class:`mapeq.Network` that make networks whose flow depends on more than the node: memory and layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mapeq._base.errors import NetworkError, is_whole, option_error

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
    >>> network
    <mapeq.Network: 4 states of 3 physical nodes, 2 links, directed>
    >>> network.labels
    (('ann', 'cafe'), ('cafe', 'ann'), ('cafe', 'bob'), ('bob', 'cafe'))

    References
    ----------
    M. Rosvall, A. V. Esquivel, A. Lancichinetti, J. D. West and R. Lambiotte, Nature Communications 5, 4630 (2014).
    """
    from mapeq.io.objects.paths import paths_from
    from mapeq.network.memory import memory_network

    if not is_whole(order, 1):
        raise option_error("order", order, "a whole number, 1 or more")
    return memory_network(paths_from(paths, path=path, place=place, weights=weights), int(order))


def with_memory(self: Network, *, backtracking: bool = False) -> Network:
    """Return the network of a walk that remembers the link that it has come over, so that modules may overlap.

    Each link is a state of its end, in each direction that it leads; links of states follow the weights of the network.
    A node is in all modules of its states: nodes between groups belong to each of them, by how many of their links do.

    Parameters
    ----------
    backtracking : bool
        Whether the walk may go back over the link that it has come over. If not, it does so only at dead ends.

    Returns
    -------
    Network
        Directed; states are labelled by both ends of their links. It has as many links as the network has ways of two
        links: the sum of squared degrees.

    Raises
    ------
    NetworkError
        If it would have more than 300,000,000 links, or the network is one of states already.

    Examples
    --------
    >>> import mapeq
    >>> groups = range(6), range(5, 11)
    >>> links = [(i, j) for group in groups for i in group for j in group if i < j]
    >>> network = mapeq.Network.from_edges(*zip(*links))
    >>> mapeq.infomap(network).communities()
    [{5, 6, 7, 8, 9, 10}, {0, 1, 2, 3, 4}]
    >>> mapeq.infomap(network.with_memory()).communities()
    [{0, 1, 2, 3, 4, 5}, {5, 6, 7, 8, 9, 10}]

    References
    ----------
    M. Rosvall, A. V. Esquivel, A. Lancichinetti, J. D. West and R. Lambiotte, Nature Communications 5, 4630 (2014).
    """
    from mapeq.network.memory import memory_of_links

    if self.states is not None:
        raise NetworkError("a state network has memory already")
    return memory_of_links(self, backtracking=backtracking)


def from_layers(
    cls: type[Network],
    layers: Any,
    *,
    relax_rate: float = 0.15,
    relax: str = "neighbors",
    limit: int | tuple[int, int] | None = None,
    inter: Any = None,
    node_weights: Any = None,
    layer: str | None = None,
    weight: str | int | None = "weight",
    directed: bool | None = None,
) -> Network:
    """Build a multilayer network: the same nodes with several kinds of links, or at several times.

    A state is a node in a layer. With the probability `relax_rate` the walk leaves its layer before a step, and goes on
    from the same node in another; modules may contain a node in some layers and not in others.

    Parameters
    ----------
    layers : mapping of name to graph, or table
        Each graph in any form that :func:`mapeq.infomap` takes; nodes with equal labels are the same node. Or a table
        with one link per row and a column that names its layer. Layers keep their order.
    relax_rate : float from 0 to 1
        Probability of choosing the next link whatever layer it is in; 0 keeps the walk in its layer.
    relax : {"neighbors", "jsd", "jsd-infomap", "self"}
        How the walk then chooses. "neighbors": among the links of the node in all layers, by weight. "jsd": first a
        layer, by how similar the node's links are there (1 less the Jensen-Shannon divergence of the next nodes), then
        a link. "jsd-infomap" is the same with weights as infomap has them, which depend on the unit of weight. "self":
        as "neighbors", in two halves: the walk changes to the node in the other layer, chosen by its strength there,
        and goes on over a link of that layer at once. Nodes are visited as often, but the description names both
        halves where they change modules, and each state has a link for each layer instead of one for each neighbor
        there. Only for directed flow, neither regularized nor with variable Markov times.
    limit : int or pair of ints, optional
        Greatest distance of the layers between which the walk changes, in their order; a pair limits the ways to
        earlier and to later layers. By default all.
    inter : iterable of (layer, node, layer) or (layer, node, layer, weight), optional
        Links of a node to itself in another layer. If there are any, only these lead to other layers, and `relax_rate`
        has no effect, nor does `relax` but for "self". They lead both ways, unless all layers are directed.
    node_weights : mapping of (layer, node) to number, or pandas Series, optional
        Weights of the states, for ``teleport_to="nodes"`` and ``node_weights_as_flow``: one for each. By default those
        of the graphs, such as networks with node weights; 1 in layers without.
    layer : str, optional
        Column of a table that names the layer; by default "layer".
    weight, directed : as in :func:`mapeq.infomap`
        Of the graphs.

    Returns
    -------
    Network
        Directed, since the walk depends on where it comes from; labelled by ``(layer, node)``. States are the nodes of
        each layer that have links there.

    Raises
    ------
    ValueError
        If an option is out of range.
    NetworkError
        If there is no layer, a graph is invalid, or a link between layers is within one, or names an unknown layer or
        node, or a state has no weight, or one that is negative or not finite.

    Examples
    --------
    >>> from mapeq import Network, infomap
    >>> work = [("ann", "bob"), ("bob", "cid"), ("ann", "cid")]
    >>> sport = [("ann", "dan"), ("dan", "eve"), ("ann", "eve")]
    >>> network = Network.from_layers({"work": work, "sport": sport})
    >>> network
    <mapeq.Network: 6 states of 5 physical nodes, 16 links, directed>
    >>> infomap(network).memberships()["ann"]
    {1: 0.5, 2: 0.5}

    References
    ----------
    M. De Domenico, A. Lancichinetti, A. Arenas and M. Rosvall, Physical Review X 5, 011027 (2015).
    """
    from mapeq.io.objects.layers import inter_links_from, layers_from
    from mapeq.network.layers import checked_coupling, coupled
    from mapeq.network.weights import checked_node_weights

    coupling = checked_coupling(relax_rate, relax, limit)
    given, are_directed = layers_from(layers, layer=layer, weight=weight, directed=directed)
    links = None if inter is None else inter_links_from(inter, given, both_ways=not are_directed)
    network = coupled(given, coupling, links)
    weights = checked_node_weights(node_weights, network.labels)
    return network if weights is None else replace(network, node_weights=weights)


def from_contacts(
    cls: type[Network],
    contacts: Any,
    *,
    window: Any = None,
    num_windows: int | None = None,
    origin: Any = None,
    relax_rate: float = 0.15,
    relax: str = "jsd",
    limit: int | tuple[int, int] | None = None,
    time: str | int | None = None,
    source: str | int | None = None,
    target: str | int | None = None,
    weight: str | int | None = "weight",
    directed: bool | None = None,
) -> Network:
    """Build a temporal network from contacts: links at times, such as meetings, calls and messages.

    Time is cut into windows, and the contacts in each are a layer of a multilayer network, in order of time: see
    :meth:`from_layers`. Modules contain nodes at some times and not at others. Windows without contacts are no layers.

    Parameters
    ----------
    contacts : table, columns, tuples or path
        A table with one contact per row; a dict of columns or a structured array; tuples ``(time, source, target)`` or
        ``(time, source, target, weight)``; or the path of a file with such lines, with or without a header: .csv, .tsv,
        text with blanks, plain or compressed, Parquet or Arrow. Times are numbers or dates: of NumPy, pandas or
        Python, or text like ``2024-05-31T08:20``. Dates with a time zone are turned into UTC. A contact at the edge of
        two windows is in the later one. Contacts of the same nodes in a window add up.
    window : number, timedelta or str
        Length of the windows: for times that are numbers a number, in their unit; for dates a timedelta of NumPy,
        pandas or Python, or a text of a whole number and ``W``, ``D``, ``h``, ``min``, ``s``, ``ms``, ``us`` or ``ns``.
    num_windows : int, optional
        Instead of `window`: so many windows of equal length from the first to the last contact.
    origin : number or date, optional
        Where a window begins; others follow before and after it. By default 0, or the midnight before the first
        contact.
    relax_rate, relax, limit : as in :meth:`from_layers`
        How the walk changes windows. By default it gets to any, and to those where the node's contacts are similar.
        With ``limit=(0, 1)`` it goes on in time only, so that flow gathers in late windows.
    time, source, target, weight : str, int or None
        Columns by name or by position from 0. By default the time is in ``time``, ``timestamp``, ``datetime``, ``date``
        or ``t``, and the others are found as in :meth:`from_table`. With the weight None every contact weighs 1.
    directed : bool, optional
        Whether contacts lead only from source to target. By default they do if a column ``Type`` says ``Directed``.

    Returns
    -------
    Network
        Directed, labelled by ``(start, node)`` with the start of the window: a number, or a datetime64.

    Raises
    ------
    ValueError
        If an option is out of range, or not of the kind that times are.
    NetworkError, FormatError
        If a time is missing, or no number and no date, a contact links a node with itself, has no node at an end or an
        invalid weight, a column is missing, or there are too many windows.

    Examples
    --------
    >>> from mapeq import Network, infomap
    >>> morning = [(8, "ann", "bob"), (8, "bob", "cid"), (9, "ann", "cid"), (9, "dan", "eve")]
    >>> evening = [(18, "ann", "dan"), (19, "dan", "eve"), (19, "ann", "eve"), (19, "bob", "cid")]
    >>> network = Network.from_contacts(morning + evening, window=12)
    >>> network
    <mapeq.Network: 10 states of 5 physical nodes, 28 links, directed>
    >>> result = infomap(network)
    >>> result.layer(0), result.layer(12)
    ({'ann': 1, 'bob': 1, 'cid': 1, 'dan': 2, 'eve': 2}, {'ann': 2, 'bob': 1, 'cid': 1, 'dan': 2, 'eve': 2})

    References
    ----------
    U. Aslak, M. Rosvall and S. Lehmann, Physical Review E 97, 062312 (2018).
    """
    from mapeq.io.columns import ColumnChoice
    from mapeq.io.contacts import check_windows, temporal_network
    from mapeq.io.objects.contacts import contacts_from
    from mapeq.network.layers import checked_coupling

    coupling = checked_coupling(relax_rate, relax, limit)
    check_windows(window, num_windows, origin)
    columns = ColumnChoice(source, target, weight)
    given, is_directed = contacts_from(contacts, time=time, columns=columns, directed=directed)
    cut: dict[str, Any] = {"window": window, "num_windows": num_windows, "origin": origin}
    return temporal_network(given, coupling, **cut, directed=is_directed)

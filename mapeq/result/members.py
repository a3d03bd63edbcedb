"""Methods of :class:`mapeq.Result` that say which nodes are in which modules, and where new nodes belong."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError, is_number, is_whole, option_error
from mapeq.network.states import columns_of, nodes_of_new_states
from mapeq.result.modules import numbered

if TYPE_CHECKING:
    import scipy.sparse

    from mapeq.result.result import Result


def modules(self: Result, level: int = 1) -> dict[Hashable, int]:
    """Return the number of the module of each node at a level, by node label.

    Numbers count from 1 by decreasing flow, as in papers, files and wherever mapeq shows a module. Module 1 is
    ``communities()[0]``.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`.

    Returns
    -------
    dict of label to int
        Of a state network a number for each state.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b"), ("c", "d")]).modules()
    {'a': 1, 'b': 1, 'c': 2, 'd': 2}
    """
    return dict(zip(self.node_labels, numbered(self._labels_at(level)).tolist(), strict=True))


def communities(self: Result, level: int = 1, min_share: float | None = None) -> list[set[Hashable]]:
    """Return the modules at a level as sets of node labels, by decreasing flow.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`.
    min_share : float, above 0 and at most 1, optional
        Least share, as :meth:`memberships` has them, that makes a node a member of a module, so that modules of any
        network may overlap. Each node stays in its own module; of a state network, in that of its largest share.

    Returns
    -------
    list of sets of labels
        Of a state network the names of physical nodes, which may be in several sets. With `min_share`, modules without
        members are left out.

    Raises
    ------
    ValueError
        If the hierarchy has no such level, or `min_share` is out of range.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([(1, 2), (3, 4)]).communities()
    [{1, 2}, {3, 4}]
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> [sorted(module) for module in result.communities(min_share=0.3)]
    [['a', 'b', 'c', 'd'], ['c', 'd', 'e', 'f']]
    """
    modules, states, labels = self._labels_at(level), self.network.states, self.node_labels
    if min_share is not None:
        return _overlapping(self, level, min_share)
    if states is not None:
        labels = [states.labels[node] for node in states.physical.tolist()]
    sets: list[set[Hashable]] = [set() for _ in range(int(modules.max(initial=-1)) + 1)]
    for label, module in zip(labels, modules.tolist(), strict=True):
        sets[module].add(label)
    return sets


def _overlapping(self: Result, level: int, min_share: float) -> list[set[Hashable]]:
    """Modules that contain the nodes with at least so large a share in them, and the nodes that are theirs."""
    if not is_number(min_share) or not 0 < min_share <= 1:
        raise option_error("min_share", min_share, "above 0 and at most 1")
    labels, shares = share_table(self, level)
    rows, columns = shares.nonzero()
    own = self._labels_at(level).astype(np.intp)
    if self.network.states is not None:
        order = np.lexsort((-columns, np.round(shares.data, 15)))  # the last one of each node counts
        own = np.full(len(labels), -1)
        own[rows[order]] = columns[order]
    inside = (shares.data >= min_share - 1e-12) & (columns != own[rows])
    sets: list[set[Hashable]] = [set() for _ in range(shares.shape[1])]
    owners = np.flatnonzero(own >= 0)
    pairs = np.append(rows[inside], owners), np.append(columns[inside], own[owners])
    for node, module in zip(*(ends.tolist() for ends in pairs), strict=True):
        sets[module].add(labels[node])
    return [members for members in sets if members]


def memberships(self: Result, level: int = 1) -> dict[Hashable, dict[int, float]]:
    """Return how much of each node belongs to which modules.

    Of a state network, the share of a physical node's flow that its states have in each module: modules overlap where
    they share physical nodes. Of any other network, where each node is in one module, the share of the flow over its
    links, both ways, that connects it to each module: a node between modules has large shares in several.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`.

    Returns
    -------
    dict of label to dict of int to float
        Numbers of modules, as :meth:`modules` has them, by decreasing share; the shares of a node add up to 1.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> result.memberships()["c"]
    {1: 0.666..., 2: 0.333...}
    >>> links = [(0, 1), (1, 0), (2, 3), (3, 2)]
    >>> states = mapeq.Network.from_edges(*zip(*links), directed=True).with_states(["ann", "bob", "ann", "cid"])
    >>> mapeq.infomap(states).memberships()
    {'ann': {1: 0.5, 2: 0.5}, 'bob': {1: 1.0}, 'cid': {2: 1.0}}
    """
    labels, shares = share_table(self, level)
    found: dict[Hashable, dict[int, float]] = {}
    for row, label in enumerate(labels):
        inside = slice(shares.indptr[row], shares.indptr[row + 1])
        share, numbers = shares.data[inside], numbered(shares.indices[inside])
        order = np.lexsort((numbers, -np.round(share, 15)))
        found[label] = dict(zip(numbers[order].tolist(), share[order].tolist(), strict=True))
    return found


def share_table(self: Result, level: int) -> tuple[list[Hashable], scipy.sparse.csr_array]:
    """Return names of nodes, of a state network the physical ones, and their shares in modules.

    Shares are those of :meth:`memberships`; zeros are not stored, and rows add up to 1. Shape (nodes, modules).
    """
    modules, states = self._labels_at(level), self.network.states
    count = int(modules.max(initial=-1)) + 1
    if states is not None:
        labels = list(states.labels)
        return labels, normalised_shares(states.physical.astype(np.intp), modules, self.flow, (len(labels), count))
    links = self.link_flow()
    ends, flow = (links.sources, links.targets), links.flow
    if links.directed:  # the flow of a link is that of both ends
        ends = np.concatenate(ends), np.concatenate(ends[::-1])
        flow = np.concatenate([flow, flow])
    alone = np.flatnonzero(np.bincount(ends[0], flow, self.num_nodes) == 0)  # all in its own module
    linked = flow > 0
    rows, columns = np.append(ends[0][linked], alone), modules[np.append(ends[1][linked], alone)]
    shares = np.append(flow[linked], np.ones(len(alone)))
    return self.node_labels, normalised_shares(rows, columns, shares, (self.num_nodes, count))


def normalised_shares(
    nodes: IntArray, modules: IntArray, flow: FloatArray, shape: tuple[int, int]
) -> scipy.sparse.csr_array:
    """Return the part of each node's flow in each module; without any flow, states count alike.

    Parameters
    ----------
    nodes, modules, flow : arrays with one entry per state
    shape : pair of int
        Numbers of nodes and of modules.

    Returns
    -------
    sparse array of this shape
        Zeros are not stored, and rows add up to 1.
    """
    import scipy.sparse

    alike = np.bincount(nodes, flow, shape[0])[nodes] == 0
    table = scipy.sparse.csr_array((np.where(alike, 1.0, flow), (nodes, modules)), shape=shape)
    table.eliminate_zeros()
    table.sort_indices()
    rows = np.repeat(np.arange(shape[0]), np.diff(table.indptr))
    table.data /= np.bincount(rows, table.data, shape[0])[rows]
    return table


def check_both_sides(self: Result) -> None:
    """Raise if this is the result of :meth:`primary` nodes, which has no links.

    Raises
    ------
    NetworkError
    """
    if self.options.get("bipartite") and self.network.sides is None:
        raise NetworkError(
            "this result is about one side of a bipartite network; ask the result of both sides, before primary()"
        )


def state_columns(self: Result) -> dict[str, list[Hashable]]:
    """Return the columns ``physical`` and ``layer`` of tables of state networks, else an empty dict.

    Examples
    --------
    >>> import mapeq
    >>> network = mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "cid")]})
    >>> mapeq.infomap(network).state_columns()
    {'physical': ['ann', 'bob', 'ann', 'cid'], 'layer': ['work', 'work', 'sport', 'sport']}
    """
    return columns_of(self.network.states)


def layer(self: Result, name: Hashable, level: int = 1) -> dict[Hashable, int]:
    """Return the module of each node in one layer of a multilayer network.

    Parameters
    ----------
    name : hashable
        Name of the layer.
    level : int
        See :meth:`labels_at`.

    Returns
    -------
    dict of label to int
        Numbers as :meth:`modules` has them: the same module has the same number in every layer.

    Raises
    ------
    KeyError
        If there is no such layer.
    NetworkError
        If the network has no layers.
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> layers = {"work": [("ann", "bob"), ("bob", "cid")], "sport": [("ann", "dan")]}
    >>> mapeq.infomap(mapeq.Network.from_layers(layers, relax_rate=0.1)).layer("sport")
    {'ann': 2, 'dan': 2}
    """
    states = self.network.states
    if states is None or states.layer is None or states.layers is None:
        raise NetworkError("the network has no layers; mapeq.Network.from_layers makes networks that have some")
    if name not in states.layers:
        raise KeyError(f"there is no layer {name!r}; the layers are {', '.join(map(repr, states.layers))}")
    here = np.flatnonzero(states.layer == states.layers.index(name))
    numbers = numbered(self._labels_at(level)[here]).tolist()
    return {states.labels[node]: module for node, module in zip(states.physical[here].tolist(), numbers, strict=True)}


def similarity(self: Result, pairs: Any) -> FloatArray:
    """Return the bits that describe a step from one node to another, whether or not there is a link.

    The fewer, the more similar. This is the map equation similarity of Blöcker et al. in bits, -log2 of their rate: the
    step is described by leaving modules, from the leaf module of u up to the lowest module that contains both nodes,
    and entering modules from there down to v. Each code word takes -log2 of its share in all uses of its codebook. That
    of u counts, too: nothing but its modules matters of u.

    Parameters
    ----------
    pairs : iterable of (u, v), array of shape (p, 2), or table
        Labels of nodes; in a table, in columns like those of links.

    Returns
    -------
    float64 array of shape (p,)
        Bits of the step from u to v; from v to u they may be others. Infinite where modules are never left, or v is
        never visited.

    Raises
    ------
    NetworkError
        If a pair is not one, a label is not one of the network's, the network has states, whose code words are not
        their own, or the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")])
    >>> result.similarity([("a", "c"), ("c", "a"), ("a", "d")]).round(3)
    array([1.415, 2.   , 5.415])

    References
    ----------
    C. Blöcker, J. Smiljanić, I. Scholtes and M. Rosvall, Learning on Graphs, PMLR 198, 52 (2022).
    """
    from mapeq.io.objects.pairs import pairs_of
    from mapeq.result.similarity import step_bits

    return step_bits(self, *pairs_of(pairs, self.network))


def predict_links(self: Result, k: int) -> list[tuple[Hashable, Hashable, float]]:
    """Return the pairs of nodes without a link that are most likely to miss one, by the modules they are in.

    They are those with most flow by the coding scheme: the rate at which the walk leaves u, times the rate of a step
    from u to v, which is 2 to the power of minus its :meth:`similarity`. So nodes of many links and of small modules
    come first. Of an undirected link the larger flow of both ways counts; as a rule they are the same.

    Parameters
    ----------
    k : int, 1 or more

    Returns
    -------
    list of (u, v, bits)
        At most k, by increasing bits: -log2 of the flow. Pairs without flow are left out. On an undirected network each
        pair is given once, in node order; on a bipartite one pairs join its sides.

    Raises
    ------
    NetworkError
        If the network has states, is bipartite and the walk gives secondary nodes no visit rates, or the result is that
        of :meth:`primary` nodes.
    ValueError
        If `k` is not a whole number above 0.

    Notes
    -----
    Exact, in time of order (n l + m + k) log n for n nodes in l levels and m links: not all pairs are looked at.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([(1, 2), (2, 3), (3, 4), (4, 1), (4, 5), (5, 6), (6, 7), (7, 8), (8, 5)])
    >>> [(u, v, round(bits, 3)) for u, v, bits in result.predict_links(2)]
    [(2, 4, 4.907), (5, 7, 4.907)]

    References
    ----------
    C. Blöcker, J. Smiljanić, I. Scholtes and M. Rosvall, Learning on Graphs, PMLR 198, 52 (2022).
    """
    from mapeq.result.similarity import missing_links

    if not is_whole(k, 1):
        raise option_error("k", k, "a whole number, 1 or more")
    found, labels = missing_links(self, int(k)), self.node_labels
    columns = (column.tolist() for column in found)
    return [(labels[u], labels[v], bits) for u, v, bits in zip(*columns, strict=True)]


def assign(self: Result, links: Any, level: int = 1) -> IntArray | dict[Hashable, int]:
    """Assign new nodes to modules, without changing the modules of other nodes.

    Parameters
    ----------
    links : sparse matrix or array of shape (m, num_nodes), or links by label
        Weights of the links from each new node to the nodes of the network, in node order. Or links by label, in
        any form that :func:`mapeq.infomap` takes, but matrices: tuples, a table, a graph, a dict, a path; nodes
        that this result does not have are the new ones. On a directed network links count in both directions.
        Links between new nodes, or between old ones, are not taken into account. On a bipartite network, new nodes
        are primary, unless all nodes have visit rates (``bipartite_flow="unfolded"``). On a network of states from
        paths or layers, new states go by label: a tuple that ends in the physical node, which may be new or have other
        states already. Weights are in the unit of the network's; the links of a state of layers add up to 1 there,
        unless links lead between layers.
    level : int
        Level of the modules to choose from, see :meth:`labels_at`; they are treated as a two-level partition.

    Returns
    -------
    integer array of shape (m,), or dict of label to int
        Of the modules that the new node links to, the one that lengthens the description least; -1 for a node
        without links. In a module, a new state shares the code word of other states of its physical node. Positions as
        :meth:`labels_at`; or, for links by label, numbers as :meth:`modules`.

    Raises
    ------
    NetworkError
        If the shape does not fit, a weight is negative, NaN or infinite, a link leads to a primary node of a bipartite
        network, or it is not known whose states new states are.
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> result = mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (3, 5)])
    >>> result.assign([[1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, 2]])
    array([0, 1])
    >>> result.assign([("new", 0), ("new", 1), ("other", 4)])
    {'new': 1, 'other': 2}
    >>> layers = {"work": [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], "sport": [("ann", "dan"), ("dan", "eve")]}
    >>> result = mapeq.infomap(mapeq.Network.from_layers(layers))
    >>> result.assign([(("sport", "bob"), ("sport", "dan"), 0.5), (("sport", "bob"), ("sport", "eve"), 0.5)])
    {('sport', 'bob'): 2}

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PNAS 105, 1118 (2008), for the two-level map equation.
    """
    from mapeq.io.objects.newcomers import links_of_newcomers
    from mapeq.result.assign import assign

    newcomers, states = links_of_newcomers(links, self.network), self.network.states
    if newcomers is None:
        return assign(self, links, level)
    physical = None if states is None else nodes_of_new_states(states, self.node_labels, newcomers.labels)
    found = numbered(assign(self, newcomers.weights, level, physical))
    return dict(zip(newcomers.labels, found.tolist(), strict=True))

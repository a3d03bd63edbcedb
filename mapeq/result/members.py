"""Methods of :class:`mapeq.Result` that say which nodes are in which modules, and where new nodes belong."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from mapeq._base.csr import IntArray
from mapeq._base.errors import NetworkError
from mapeq.network.states import nodes_of_new_states
from mapeq.result.modules import numbered

if TYPE_CHECKING:
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


def communities(self: Result, level: int = 1) -> list[set[Hashable]]:
    """Return the modules at a level as sets of node labels, by decreasing flow.

    Parameters
    ----------
    level : int
        See :meth:`labels_at`.

    Returns
    -------
    list of sets of labels
        Of a state network the names of physical nodes, which may be in several sets.

    Raises
    ------
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([(1, 2), (3, 4)]).communities()
    [{1, 2}, {3, 4}]
    """
    modules, states, labels = self._labels_at(level), self.network.states, self.node_labels
    if states is not None:
        labels = [states.labels[node] for node in states.physical.tolist()]
    sets: list[set[Hashable]] = [set() for _ in range(int(modules.max(initial=-1)) + 1)]
    for label, module in zip(labels, modules.tolist(), strict=True):
        sets[module].add(label)
    return sets


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
    modules, states = self._labels_at(level), self.network.states
    count = int(modules.max(initial=-1)) + 1
    if states is not None:
        labels, rows, columns, shares = list(states.labels), states.physical.astype(np.intp), modules, self.flow
        lone = np.bincount(rows, shares, len(labels))[rows] == 0
    else:
        links = self.link_flow()
        labels, num_nodes = self.node_labels, np.arange(self.num_nodes)
        ends = links.sources, links.targets
        both = ends if not links.directed else tuple(np.concatenate(pair) for pair in (ends, ends[::-1]))
        shares = links.flow if not links.directed else np.concatenate([links.flow, links.flow])
        lone = np.bincount(both[0], shares, self.num_nodes) == 0
        rows, columns = np.append(both[0], num_nodes), modules[np.append(both[1], num_nodes)]
        shares, lone = np.append(shares, np.zeros(self.num_nodes)), np.append(np.zeros(len(shares), np.bool_), lone)
    shares = np.where(lone, 1.0, shares)  # without flow, all states alike; without links, all in its own module
    table = scipy.sparse.csr_array((shares, (rows, columns)), shape=(len(labels), count))
    found: dict[Hashable, dict[int, float]] = {}
    for row, label in enumerate(labels):
        inside = slice(table.indptr[row], table.indptr[row + 1])
        flow, numbers = table.data[inside], numbered(table.indices[inside])
        order = [k for k in np.lexsort((numbers, -np.round(flow, 15))) if flow[k] > 0]
        found[label] = {int(numbers[k]): float(flow[k] / flow.sum()) for k in order}
    return found


def state_columns(self: Result) -> dict[str, list[Hashable]]:
    """Return the columns ``physical`` and ``layer`` of tables of state networks, else an empty dict.

    Examples
    --------
    >>> import mapeq
    >>> network = mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "cid")]})
    >>> mapeq.infomap(network).state_columns()
    {'physical': ['ann', 'bob', 'ann', 'cid'], 'layer': ['work', 'work', 'sport', 'sport']}
    """
    states = self.network.states
    if states is None:
        return {}
    columns = {"physical": [states.labels[node] for node in states.physical.tolist()]}
    if states.layer is not None and states.layers is not None:
        columns["layer"] = [states.layers[layer] for layer in states.layer.tolist()]
    return columns


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

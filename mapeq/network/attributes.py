"""Methods of :class:`mapeq.Network` that give it what is known of its nodes: sides, metadata, physical nodes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mapeq.network.metadata import checked_metadata, metadata_of_states
from mapeq.network.sides import checked_sides
from mapeq.network.states import checked_states

if TYPE_CHECKING:
    from mapeq.network.network import Network


def with_sides(self: Network, sides: Any) -> Network:
    """Return the network as a bipartite one.

    Parameters
    ----------
    sides : array_like of shape (num_nodes,), mapping or Series by label
        0 for primary nodes, 1 for secondary nodes, which get no visit rates.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If a link is within a side.

    Examples
    --------
    >>> import mapeq
    >>> network = mapeq.Network.from_edges(["bee", "fly"], ["lily", "lily"])
    >>> network.with_sides({"bee": 0, "fly": 0, "lily": 1})
    <mapeq.Network: 3 nodes, 2 links, undirected, bipartite>
    """
    return replace(self, sides=checked_sides(sides, self.rows, self.labels))


def with_metadata(self: Network, metadata: Any) -> Network:
    """Return the network with a category for each node, such as a department, which modules had better not mix.

    Parameters
    ----------
    metadata : array_like of shape (num_nodes,), mapping or Series by label
        Text, whole numbers or other hashables. None, NaN and ``pandas.NA`` are missing, and so are nodes that a mapping
        does not name. A mapping for a state network names states, or physical nodes, whose states then share their
        category.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If a number has a fraction, or no node has a category.

    Warns
    -----
    UserWarning
        If some labels are unknown.

    Examples
    --------
    >>> import mapeq
    >>> network = mapeq.Network.from_edges(["ann", "bob"], ["bob", "cid"]).with_metadata({"ann": "sales", "bob": "law"})
    >>> network.metadata.codes, network.metadata.categories
    (array([ 1,  0, -1], dtype=int32), ('law', 'sales'))
    """
    if self.states is not None:
        return replace(self, metadata=metadata_of_states(metadata, self.labels, self.states))
    return replace(self, metadata=checked_metadata(metadata, self.labels))


def with_states(self: Network, physical: Any) -> Network:
    """Return the network as a state network: its nodes are states, each of a physical node.

    Several states of a physical node tell what the walk does there in different contexts, such as where it came from.
    The links lead between states; modules contain states, so that a physical node may be in several modules. In each
    module the states of a physical node have one code word.

    Parameters
    ----------
    physical : array_like of shape (num_nodes,), mapping or Series by label
        Name of the physical node of each state.

    Returns
    -------
    Network

    Raises
    ------
    NetworkError
        If a state has no physical node.

    Examples
    --------
    >>> import mapeq
    >>> trips = [("A from C", "B from A"), ("B from A", "A from C"), ("A from D", "E from A"), ("E from A", "A from D")]
    >>> network = mapeq.Network.from_edges(*zip(*trips), directed=True)
    >>> states = network.with_states({"A from C": "A", "A from D": "A", "B from A": "B", "E from A": "E"})
    >>> states
    <mapeq.Network: 4 states of 3 physical nodes, 4 links, directed>
    >>> mapeq.infomap(states).memberships()["A"]
    {1: 0.5, 2: 0.5}

    References
    ----------
    M. Rosvall et al., Nature Communications 5, 4630 (2014); D. Edler, L. Bohlin and M. Rosvall, Algorithms 10, 112
    (2017).
    """
    return replace(self, states=checked_states(physical, self.labels))

"""What pictures of nodes show: nodes with links, of a state network physical nodes, in all layers or in one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import scipy.sparse

from mapeq._base.csr import FloatArray, IntArray, column_sums
from mapeq._base.errors import counted
from mapeq.result.members import normalised_shares, share_table
from mapeq.result.result import Result
from mapeq.walk.link_flow import LinkFlow


class View(NamedTuple):
    """The n nodes that a picture shows.

    Attributes
    ----------
    nodes : integer array of shape (n,)
        Positions among all nodes, of a state network among the physical ones.
    names : list of hashables
    flow : float64 array of shape (n,)
    module : integer array of shape (n,)
        The module whose colour the node has.
    shares : sparse array of shape (n, k)
        Shares of nodes in all modules; rows add up to 1.
    links : LinkFlow
        Between these nodes.
    link_module : integer array, one entry a link
        The module that the flow over it stays in; -1 if most of it leads from one module to another.
    left_out : str
        How many nodes are not shown, in words for the title; "" if all are.
    """

    nodes: IntArray
    names: list[Hashable]
    flow: FloatArray
    module: IntArray
    shares: scipy.sparse.csr_array
    links: LinkFlow
    link_module: IntArray
    left_out: str


def view_of(result: Result, level: int, *, overlap: bool, layer: int | None = None) -> View:
    """Return what to draw of a result: its nodes, or the physical nodes of its states.

    Parameters
    ----------
    result : Result
    level : int
    overlap : bool
        Whether nodes of a network without states have shares in several modules, see
        :meth:`mapeq.Result.memberships`. Those of states always do.
    layer : int, optional
        Show only the states in this layer, and the links between them.
    """
    states, labels = result.network.states, result.labels_at(level).astype(np.intp)
    if states is None:
        physical, names = np.arange(result.num_nodes), result.node_labels
        modules = share_table(result, level)[1] if overlap else _one_each(labels)
    else:
        physical, names = states.physical.astype(np.intp), list(states.labels)
    inside = np.ones(result.num_nodes, dtype=np.bool_)
    if states is not None and states.layer is not None and layer is not None:
        inside = states.layer == layer
    links = result.link_flow()
    sources, targets, _ = result.network.links()
    kept = inside[sources] & inside[targets]
    linked = np.zeros(len(names), dtype=np.bool_)
    linked[physical[sources[kept]]] = linked[physical[targets[kept]]] = True
    flow = column_sums(physical[inside], result.flow[inside], len(names))
    ends = labels[links.sources], labels[links.targets]
    link_module = np.where(ends[0] == ends[1], ends[0], -1)
    if states is not None:
        shape = (len(names), int(labels.max(initial=-1)) + 1)
        modules = normalised_shares(physical[inside], labels[inside], result.flow[inside], shape)
        between = inside[links.sources] & inside[links.targets]
        kept_links = LinkFlow(links.sources[between], links.targets[between], links.flow[between], links.directed)
        links, link_module = _summed(kept_links, link_module[between], physical, len(names))
    nodes, number = np.flatnonzero(linked), np.cumsum(linked) - 1
    links = links._replace(sources=number[links.sources], targets=number[links.targets])
    shares = modules[nodes]
    module = labels[nodes] if states is None else _largest(shares)
    missing = len(names) - len(nodes)
    left_out = f"without {counted(missing, 'unlinked node' if states is None else 'node')}" if missing else ""
    left_out += " that no linked state stands for" if missing and states is not None else ""
    shown = [names[node] for node in nodes.tolist()]
    return View(nodes, shown, flow[nodes], module, shares, links, link_module, left_out)


def _one_each(labels: IntArray) -> scipy.sparse.csr_array:
    """Shares of nodes that are each in one module."""
    shape = (len(labels), int(labels.max(initial=-1)) + 1)
    return scipy.sparse.csr_array((np.ones(len(labels)), (np.arange(len(labels)), labels)), shape=shape)


def _largest(shares: scipy.sparse.csr_array) -> IntArray:
    """The module of the largest share of each node; of equal ones the first."""
    rows, columns = shares.nonzero()
    order = np.lexsort((-columns, np.round(shares.data, 15)))  # the last one of each node counts
    found = np.zeros(shares.shape[0], dtype=np.intp)
    found[rows[order]] = columns[order]
    return found


def _summed(links: LinkFlow, modules: IntArray, physical: IntArray, count: int) -> tuple[LinkFlow, IntArray]:
    """Sum links between states to links between physical nodes, and find the modules that most of their flow stays in.

    They have directions only where some lead one way: also if all links of a layer lead both ways, those between states
    have different flow.
    """
    sources, targets = physical[links.sources], physical[links.targets]
    apart = sources != targets
    codes, link = np.unique(sources[apart] * count + targets[apart], return_inverse=True)
    flow = column_sums(link, links.flow[apart], len(codes))
    inside = modules[apart] >= 0
    stays = scipy.sparse.coo_array(
        (links.flow[apart][inside], (link[inside], modules[apart][inside])),
        shape=(len(codes), int(modules.max(initial=0)) + 1),
    ).tocsr()
    link_module = np.full(len(codes), -1)
    rows, columns = stays.nonzero()
    most = (stays.data >= flow[rows] / 2) & (stays.data > 0)
    link_module[rows[most]] = columns[most]
    sources, targets = np.divmod(codes, max(count, 1))
    one_way = not np.array_equal(codes, np.sort(targets * count + sources))
    return LinkFlow(sources, targets, flow, one_way), link_module

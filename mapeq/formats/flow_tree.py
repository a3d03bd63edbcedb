"""The .ftree format: that of .tree, and then the flow between the modules and nodes in each module.

Infomap's Network Navigator draws its maps from it.
"""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from mapeq.flow import EXIT, Flow, FlowOptions, random_walk
from mapeq.formats.naming import in_tree_order
from mapeq.formats.tree import write_tree
from mapeq.network import Network
from mapeq.objective import LANDING, LEAVING
from mapeq.result import Result
from mapeq.rows import FloatArray, IntArray, row_sums, without_diagonal
from mapeq.tree import Tree, depths, preorder, ranks


class Exchange(NamedTuple):
    """Flow between parts of modules: rows sorted by module, then by source, then by target.

    Attributes
    ----------
    modules : int64 array
        The module that both ends are in: the smallest one.
    sources, targets : int64 arrays
        Ranks of the modules, or in a leaf module of the nodes, directly in it.
    flow : float64 array
    """

    modules: NDArray[np.int64]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    flow: FloatArray


def write_flow_tree(result: Result, stream: TextIO) -> None:
    """Write a .tree file and its links: for every module the flow between its parts, named by their ranks.

    Flow is per step. In undirected networks it is that in both directions, in one row a pair.
    """
    write_tree(result, stream)
    directed = result.options["flow_model"] != "undirected"
    exchange = exchange_in_modules(result)
    columns = [column.tolist() for column in (exchange.sources, exchange.targets, exchange.flow)]
    first = np.searchsorted(exchange.modules, np.arange(len(result.hierarchy.parent) + 1)).tolist()
    stream.write(f"*Links {'directed' if directed else 'undirected'}\n")
    if not directed:
        stream.write("# link flow is both directions combined, one row per module pair\n")
    stream.write("#*Links path enterFlow exitFlow numEdges numChildren\n")
    order = preorder(result.hierarchy.parent).tolist()
    for number, module in zip(order, result.tree.walk(), strict=True):
        rows = slice(first[number], first[number + 1])
        path = ":".join(map(str, module.path)) or "root"
        num_rows = rows.stop - rows.start
        stream.write(f"*Links {path} {module.enter:.9g} {module.exit:.9g} {num_rows} {module.num_children}\n")
        for source, target, flow in zip(*(column[rows] for column in columns), strict=True):
            stream.write(f"{source} {target} {flow:.9g}\n")


def flow_options(result: Result) -> FlowOptions:
    """The options of the walk that a result is about."""
    return FlowOptions(**{field.name: result.options[field.name] for field in fields(FlowOptions)})


def exchange_in_modules(result: Result) -> Exchange:
    """Sum the flow over links up to where both ends are in the same module."""
    options = flow_options(result)
    directed = options.flow_model != "undirected"
    network = result.network if directed else result.network.undirected()
    sources, targets, flow = _link_flow(network, random_walk(network, options))
    modules, sources, targets = _meetings(result.hierarchy, in_tree_order(result)[1], sources, targets)
    if not directed:
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
    order = np.lexsort((targets, sources, modules))
    ends = np.stack([modules, sources, targets])[:, order]
    first = np.flatnonzero(np.append(len(order) > 0, (ends[:, 1:] != ends[:, :-1]).any(axis=0)))
    modules, sources, targets = ends[:, first]
    return Exchange(modules, sources, targets, np.add.reduceat(flow[order], first) if len(first) else flow)


def rates_per_weight(network: Network, flow: Flow) -> FloatArray:
    """The flow that leaves each node over links to others, for each unit of their weight. Shape (n,).

    What leaves a node over links is spread over them by their weights, in every flow model.
    """
    rows = without_diagonal(network.rows, network.self_links)
    exits = flow.nodes[:, EXIT]
    if flow.teleport is not None:
        leaving, landing = flow.teleport[:, LEAVING], flow.teleport[:, LANDING]
        exits = np.maximum(exits - leaving * (1 - landing), 0.0)
    strengths = row_sums(rows.indptr, rows.weights)
    return np.divide(exits, strengths, out=np.zeros_like(exits), where=strengths > 0)


def _link_flow(network: Network, flow: Flow) -> tuple[IntArray, IntArray, FloatArray]:
    """The flow over every stored link but self-links: sources, targets and flow in that direction."""
    network = network.without_self_links()
    sources = network.sources()
    return sources, network.indices, rates_per_weight(network, flow)[sources] * network.weights


def _meetings(
    tree: Tree, node_ranks: NDArray[np.int64], sources: IntArray, targets: IntArray
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The smallest module that both ends of each link are in, and the ranks in it of the parts that they are in."""
    parent, depth, module_ranks = tree.parent.astype(np.int64), depths(tree.parent), ranks(tree.parent)
    ends = np.stack([tree.module_of[sources], tree.module_of[targets]]).astype(np.int64)
    found_ranks = np.stack([node_ranks[sources], node_ranks[targets]])
    apart = np.flatnonzero(ends[0] != ends[1])
    while len(apart):
        here = ends[:, apart]
        # The deeper end climbs, or both: they meet at the latest at the root.
        climbs = depth[here] >= depth[here[::-1]]
        found_ranks[:, apart] = np.where(climbs, module_ranks[here], found_ranks[:, apart])
        ends[:, apart] = np.where(climbs, parent[here], here)
        apart = apart[ends[0, apart] != ends[1, apart]]
    return ends[0], found_ranks[0], found_ranks[1]

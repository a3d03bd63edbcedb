"""The data of the page: the hierarchy and the flow in it as flat arrays, rounded to the digits shown."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, column_sums
from mapeq._base.hierarchy import depths
from mapeq.io.files.leaves import Leaves
from mapeq.pictures.colours import assign_colours
from mapeq.pictures.layout import flow_between
from mapeq.pictures.modules import shown_modules
from mapeq.pictures.network import informative_level
from mapeq.pictures.report.flows import PartFlow, chosen, flow_between_parts, strongest, together
from mapeq.pictures.report.rows import lists_of_states, members, most_of_each, num_nodes, rows_of
from mapeq.result.modules import catalogue_of
from mapeq.result.result import Result
from mapeq.walk.flow import ENTER, EXIT, VISIT

#: Maximum number of nodes, modules and flows in a page, so that it stays below 5 MB and opens quickly.
MOST_NODES = 120_000
MOST_MODULES = 120_000
MOST_FLOWS = 300_000


def page_data(result: Result) -> dict[str, Any]:
    """Return the data of the page, for JSON.

    ``modules`` has lists with one entry per module, level by level from the root: ``parent``; ``size``, the number of
    nodes at any depth; ``flow``, ``enter``, ``exit``, ``codelength``; ``coloured``, the module of ``level`` that gives
    it its colour; ``listed``, how many of the nodes directly in it are in ``nodes``; ``drawn``, how many flows between
    its parts are in ``flows``, of ``linked`` in all.

    ``nodes`` has lists ``label`` and ``flow``, module by module, by decreasing flow; in bipartite networks ``side``.
    Of states, these are physical nodes, once for each finest module that has states of theirs. ``modules`` then has
    ``members``, too, which counts a node once for each of its finest modules, and ``states`` is what
    :func:`mapeq.pictures.report.rows.lists_of_states` returns.

    ``flows`` has lists ``source``, ``target`` and ``flow``, module by module, by decreasing flow. The ends are ranks of
    the module's parts from 0: of the modules in it, or of its nodes. If not ``directed``, the flow back is the same.

    ``level`` is that of the coloured modules, ``colours`` are theirs, by decreasing flow, like ``#0072b2``; small
    modules have none. ``flows_each`` has the number of the strongest flows that each part has in the page, if it is a
    module and if it is a node; null for all.
    """
    rows, states, sides = rows_of(result), result.network.states, result.network.sides
    modules = _modules_shown(result.module_records[:, VISIT])
    listed, shown = _nodes_listed(rows, modules)
    nodes = rows.nodes[shown]
    number = np.zeros(len(result.module_records), dtype=np.int64)
    number[modules] = np.arange(len(modules))
    records = result.module_records[modules]
    parent = number[result.hierarchy.parent[modules]]
    all_flows = flow_between_parts(result, rows)
    flows, each = _strongest(_of_parts_shown(all_flows, number, modules, parent, listed), parent)
    level = informative_level(result)
    return {
        "modules": {
            "parent": parent.tolist(),
            "size": num_nodes(result, rows)[modules].tolist(),
            **({} if states is None else {"members": members(result, rows)[modules].tolist()}),
            "flow": _rounded(records[:, VISIT], 6),
            "enter": _rounded(records[:, ENTER], 6),
            "exit": _rounded(records[:, EXIT], 6),
            "codelength": _rounded(catalogue_of(result).codelengths[modules], 6),
            "coloured": _coloured(result, level)[modules].tolist(),
            "listed": listed.tolist(),
            "drawn": np.bincount(flows.module, minlength=len(modules)).tolist(),
            "linked": np.bincount(all_flows.module, minlength=len(number))[modules].tolist(),
        },
        "nodes": {
            "label": [_label(name) for name in _names(result, nodes)],
            "flow": _rounded(rows.flow[shown], 4),
            **({} if sides is None else {"side": sides[nodes].tolist()}),
        },
        "flows": {
            "source": flows.source.tolist(),
            "target": flows.target.tolist(),
            "flow": _rounded(flows.flow, 3),
        },
        **({} if states is None else {"states": lists_of_states(result, states, rows, shown)}),
        "directed": flows.directed,
        "flows_each": each,
        "level": level,
        "colours": _colours(result, level),
    }


def _of_parts_shown(
    flows: PartFlow,
    number: NDArray[np.int64],
    modules: NDArray[np.int64],
    parent: NDArray[np.int64],
    listed: NDArray[np.int64],
) -> PartFlow:
    """Return the flows between parts that the page shows, with modules by their numbers there."""
    parts = np.bincount(parent[1:], minlength=len(parent)) + listed
    module = number[flows.module]
    shown = (modules[module] == flows.module) & (np.maximum(flows.source, flows.target) < parts[module])
    return chosen(flows._replace(module=module), shown)


def _strongest(flows: PartFlow, parent: NDArray[np.int64]) -> tuple[PartFlow, list[int | None]]:
    """Return as many flows as a page may have: those between modules first, up to half of them, since they are few."""
    between = np.isin(flows.module, parent[1:])
    of_modules, each_module = strongest(chosen(flows, between), MOST_FLOWS // 2)
    of_nodes, each_node = strongest(chosen(flows, ~between), MOST_FLOWS - len(of_modules.flow))
    return together(of_modules, of_nodes), [each_module, each_node]


def _colours(result: Result, level: int) -> list[str]:
    """Return colours of the modules at a level by decreasing flow, different ones for those that exchange much flow."""
    labels, links = result.labels_at(level), result.link_flow()
    flow = column_sums(labels, result.flow, int(labels.max(initial=-1)) + 1)
    shown = shown_modules(flow if flow.any() else np.ones(len(flow))) if len(flow) else 0
    between = flow_between(labels, len(flow), links.sources, links.targets, links.flow)[:shown, :shown].toarray()
    both = between + between.T
    leaving = both.sum(axis=1)
    # The map places modules near to those with which they exchange a large share of their flow.
    shares = both / np.maximum(np.minimum(leaving[:, None], leaving), 1e-300)
    found = np.round(255 * assign_colours(np.sqrt(np.minimum(shares, 1.0)))).astype(np.int64)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in found.tolist()]


def _coloured(result: Result, level: int) -> NDArray[np.int64]:
    """Return the module at a level that each module is, lies in or contains alone; -1 if it contains several."""
    module_of, parent = result.hierarchy
    labels, depth = result.labels_at(level), depths(parent)
    lowest, highest = np.full(len(parent), len(labels)), np.full(len(parent), -1)
    np.minimum.at(lowest, module_of, labels)
    np.maximum.at(highest, module_of, labels)
    for below in range(int(depth.max()), 0, -1):
        here = np.flatnonzero(depth == below)
        np.minimum.at(lowest, parent[here], lowest[here])
        np.maximum.at(highest, parent[here], highest[here])
    return np.where(lowest == highest, lowest, -1)


def _modules_shown(visits: FloatArray) -> NDArray[np.int64]:
    """Return the modules with most flow, in increasing order of their numbers.

    A parent has at least the flow of its children and a smaller number, so that all parents of shown modules are shown.
    Among siblings the first are shown, so that ranks do not change.
    """
    return np.sort(np.argsort(-np.round(visits, 12), kind="stable")[:MOST_MODULES])


def _nodes_listed(rows: Leaves, modules: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many nodes to list of those directly in each module, and their rows, module by module."""
    first, last = (np.searchsorted(rows.modules, modules, side=side) for side in ("left", "right"))
    listed = last - first
    if len(rows.nodes) > MOST_NODES:
        listed = np.minimum(listed, max(most_of_each(listed, MOST_NODES), 1))
    skipped = first - (np.cumsum(listed) - listed)
    return listed, np.arange(listed.sum()) + np.repeat(skipped, listed)


def _names(result: Result, nodes: NDArray[np.int64]) -> list[Hashable]:
    """Return labels of nodes, of states those of their physical nodes."""
    states = result.network.states
    if states is None:
        labels = result.node_labels
        return [labels[node] for node in nodes.tolist()]
    return [states.labels[node] for node in states.physical[nodes].tolist()]


def _rounded(values: FloatArray, digits: int) -> list[float]:
    """Round to a number of significant digits."""
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def _label(label: Any) -> str | int:
    """Return a label as an integer, which JSON does not quote, or as text."""
    plain = label.item() if isinstance(label, np.generic) else label
    return plain if type(plain) is int and abs(plain) < 1 << 53 else str(plain)

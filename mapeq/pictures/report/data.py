"""The data of the page: the hierarchy as flat arrays, rounded to the digits shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.hierarchy import depths
from mapeq.network.states import names_of_nodes
from mapeq.result.modules import Catalogue, catalogue_of
from mapeq.result.result import Result
from mapeq.walk.flow import ENTER, EXIT, VISIT

#: Maximum number of nodes and modules in a page, so that it stays small and opens quickly.
MOST_NODES = 50_000
MOST_MODULES = 50_000
#: Maximum number of nodes per module in larger networks.
_MOST_OF_EACH = 10


def page_data(result: Result, level: int) -> dict[str, Any]:
    """Return the data of the page, for JSON.

    ``modules`` has lists with one entry per module, level by level from the root: ``parent``; ``size``, the number of
    nodes at any depth; ``flow``, ``enter``, ``exit``, ``codelength``; ``coloured``, the module of `level` that gives it
    its colour; ``listed``, how many of the nodes directly in it are in ``nodes``. ``nodes`` has lists ``label`` and
    ``flow``, module by module, by decreasing flow.
    """
    catalogue = catalogue_of(result)
    modules = _modules_shown(result.module_records[:, VISIT])
    listed, nodes = _nodes_listed(catalogue, modules)
    number = np.zeros(len(result.module_records), dtype=np.int64)
    number[modules] = np.arange(len(modules))
    records = result.module_records[modules]
    names = names_of_nodes(result.node_labels, result.network.states)
    return {
        "modules": {
            "parent": number[result.hierarchy.parent[modules]].tolist(),
            "size": catalogue.num_nodes[modules].tolist(),
            "flow": _rounded(records[:, VISIT], 6),
            "enter": _rounded(records[:, ENTER], 6),
            "exit": _rounded(records[:, EXIT], 6),
            "codelength": _rounded(catalogue.codelengths[modules], 6),
            "coloured": _coloured(result, level)[modules].tolist(),
            "listed": listed.tolist(),
        },
        "nodes": {
            "label": [_label(names[i]) for i in nodes.tolist()],
            "flow": _rounded(result.flow[nodes], 4),
        },
    }


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


def _nodes_listed(catalogue: Catalogue, modules: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many nodes to list of those directly in each module, and these nodes, module by module."""
    first = catalogue.first_nodes[modules]
    listed = catalogue.first_nodes[modules + 1] - first
    if len(catalogue.node_order) > MOST_NODES:
        each = _MOST_OF_EACH
        while each > 1 and np.minimum(listed, each).sum() > MOST_NODES:
            each -= 1
        listed = np.minimum(listed, each)
    skipped = first - (np.cumsum(listed) - listed)
    return listed, catalogue.node_order[np.arange(listed.sum()) + np.repeat(skipped, listed)]


def _rounded(values: FloatArray, digits: int) -> list[float]:
    """Round to a number of significant digits."""
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def _label(label: Any) -> str | int:
    """Return a label as an integer, which JSON does not quote, or as text."""
    plain = label.item() if isinstance(label, np.generic) else label
    return plain if type(plain) is int and abs(plain) < 1 << 53 else str(plain)

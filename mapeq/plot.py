"""Pictures of clustered networks (extra ``plot``)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from mapeq._optional import require
from mapeq.result import Result
from mapeq.rows import FloatArray, IntArray

if TYPE_CHECKING:
    import matplotlib.axes

#: Colours that colour-blind people can tell apart (Okabe & Ito 2008), the module with most flow first.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#222222")
_REST = "#BBBBBB"
_BETWEEN = "#8090A0"


def plot_network(result: Result, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw a network, each module together and in its colour, the area of a node by its flow.

    The eight modules with most flow have colours of their own, the rest is grey. Nodes without links are
    left out.

    Parameters
    ----------
    result : Result
    ax : matplotlib Axes, optional
        By default those of a new figure.

    Returns
    -------
    matplotlib Axes
    """
    plt = require("matplotlib.pyplot", extra="plot")
    collections = require("matplotlib.collections", extra="plot")
    ax = plt.subplots()[1] if ax is None else ax
    ax.set_axis_off()
    if result.num_links == 0:
        ax.set_title("no links")
        return ax
    sources, targets, _ = result.network.links()
    linked = np.zeros(result.num_nodes, dtype=np.bool_)
    linked[sources] = linked[targets] = True
    places = _layout(result)
    colours = np.array([*_COLOURS, _REST])[np.minimum(result.labels, len(_COLOURS))]

    between = sources != targets
    ends = np.stack([places[sources[between]], places[targets[between]]], axis=1)
    inside = result.labels[sources[between]] == result.labels[targets[between]]
    faint, strong = np.clip(np.array([600, 1500]) / max(len(ends), 1), 0.03, 0.6)
    lines = functools.partial(collections.LineCollection, linewidths=0.5, zorder=1)
    ax.add_collection(lines(ends[~inside], colors=_BETWEEN, alpha=faint))
    ax.add_collection(lines(ends[inside], colors=colours[sources[between]][inside], alpha=strong))
    areas = 6 + 4000 * result.flow / max(result.flow.max(initial=0), 1e-300) / np.sqrt(max(linked.sum(), 1))
    x, y = places[linked].T
    ax.scatter(x, y, s=areas[linked], c=colours[linked], linewidths=0.3, edgecolors="white", zorder=2)
    ax.set_aspect("equal")
    ax.set_title(f"{result.num_modules:,} modules, {result.codelength:.3f} bits per step")
    return ax


def _layout(result: Result) -> FloatArray:
    """Places of the nodes, shape (n, 2): modules by the links between them, the nodes of each within its disc."""
    sources, targets, weights = result.network.links()
    centres = _spring(result.num_modules, result.labels[sources], result.labels[targets], weights)
    radii = np.sqrt(result.module_sizes / max(result.num_nodes, 1))
    centres = _apart(centres * 1.2, radii)
    places = np.empty((result.num_nodes, 2))
    inside = result.labels[sources] == result.labels[targets]
    for module in range(result.num_modules):
        members = np.flatnonzero(result.labels == module)
        own = inside & (result.labels[sources] == module)
        rank = np.full(result.num_nodes, -1)
        rank[members] = np.arange(len(members))
        disc = _spring(len(members), rank[sources[own]], rank[targets[own]], weights[own])
        places[members] = centres[module] + radii[module] * disc
    return places


def _spring(n: int, sources: IntArray, targets: IntArray, weights: FloatArray) -> FloatArray:
    """A force-directed layout in the unit disc, shape (n, 2)."""
    if n == 1:
        return np.zeros((1, 2))
    graph = nx.empty_graph(n)
    for i, j, weight in zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True):
        if i != j:
            total = graph.get_edge_data(i, j, {"weight": 0.0})["weight"] + weight
            graph.add_edge(i, j, weight=total)
    for _, _, data in graph.edges(data=True):
        data["weight"] = np.log1p(data["weight"])
    layout = nx.spring_layout(graph, seed=1, k=2 / np.sqrt(n), iterations=60)
    places = np.array([layout[i] for i in range(n)])
    places -= places.mean(axis=0)
    # Strangers to the rest drift far away: bring everybody into the disc by rank of distance.
    distance = np.hypot(*places.T)
    rank = np.argsort(np.argsort(distance)) + 1
    scale = np.sqrt(rank / n) / np.maximum(distance, 1e-9)
    return np.asarray(places * scale[:, None])


def _apart(centres: FloatArray, radii: FloatArray, rounds: int = 200) -> FloatArray:
    """Push overlapping discs apart; beyond some thousand, where all pairs are too many, they stay where they are."""
    for _ in range(rounds if len(radii) <= 2000 else 0):
        gap = centres[:, None] - centres[None]
        distance = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(len(radii))
        overlap = np.maximum(1.08 * (radii[:, None] + radii[None]) - distance, 0) * (1 - np.eye(len(radii)))
        if not overlap.any():
            break
        centres = centres + (gap / np.maximum(distance, 1e-9)[..., None] * overlap[..., None]).sum(axis=1) * 0.3
    return centres

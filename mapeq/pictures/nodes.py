"""Draw networks of nodes: modules as discs, nodes within them, shares of nodes in several modules as pies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import GREY, assign_colours, closeness_by_flow, closeness_of_discs, mixed
from mapeq.pictures.label_placement import INK, LabelPlacer, LabelRequest, as_text, set_title
from mapeq.pictures.layout import NetworkLayout, flow_between, network_layout
from mapeq.pictures.shapes import (
    MOST_INKED,
    MOST_TAPERED,
    MOST_VECTORS,
    add_discs,
    add_pies,
    add_tapered,
    ink_on,
    number_labels,
    opacity,
    set_frame,
    shape_of,
)
from mapeq.pictures.style import Style
from mapeq.pictures.views import View
from mapeq.walk.link_flow import LinkFlow

if TYPE_CHECKING:
    import matplotlib.axes

#: Maximum number of node labels, and fraction of the picture that they may cover.
_MOST_LABELS, MOST_LABELLED = 45, 0.04


def draw_nodes(view: View, ax: matplotlib.axes.Axes, style: Style | None, heading: str) -> dict[int, FloatArray]:
    """Draw nodes, each module in a disc; return the colours of modules."""
    set_title(ax, style, heading, view.left_out)
    shown, module = np.unique(view.module, return_inverse=True)
    links, flow = view.links, view.flow
    layout = network_layout(module, flow, links.sources, links.targets, links.flow, shape=shape_of(ax))
    others = np.setdiff1d(view.shares.indices, shown)  # no node has its largest share there
    modules = np.concatenate([shown, others])
    centres, radii = extents(view.shares[:, others], layout.places)
    nearness = closeness_of_discs(np.concatenate([layout.centres, centres]), np.concatenate([layout.radii, radii]))
    between = flow_between(module, len(modules), links.sources, links.targets, links.flow)
    colours = assign_colours(np.maximum(nearness, closeness_by_flow(between)))
    set_frame(ax, layout.centres, layout.radii)
    placer = LabelPlacer(ax, layout.places, layout.dots, most=MOST_LABELLED)
    if len(layout.radii) < len(flow):
        discs = mixed(colours[: len(shown)], 1, 0.87)
        add_discs(ax, layout.centres, layout.radii, discs, zorder=0, name="modules")
    _add_links(ax, module, layout, links, link_colours(view, modules, colours))
    add_discs(ax, layout.places, layout.dots, colours[module], zorder=3, name="nodes", edge="white")
    add_pies(ax, layout.places, layout.dots, view.shares[:, modules], colours)
    if style is not None and style.numbers:
        rims = layout.centres + np.column_stack([np.zeros(len(shown)), layout.radii])  # the middle is full of nodes
        points = np.full(len(shown), 1e-9)
        placer.write(number_labels(shown, rims, points, colours[: len(shown)], beside=True))
    placer.write(node_labels(view, module, layout.places, layout.dots, colours))
    return dict(zip(modules.tolist(), colours, strict=True))


def extents(shares: scipy.sparse.csr_array, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean places of modules, by the shares of nodes, and how far around these they are."""
    whole = np.maximum(np.asarray(shares.sum(axis=0)).ravel(), 1e-300)
    centres = (shares.T @ places) / whole[:, None]
    squares = (shares.T @ np.square(places).sum(axis=1)) / whole - np.square(centres).sum(axis=1)
    return centres, np.sqrt(np.maximum(squares, 0.0))


def node_labels(
    view: View, module: IntArray, places: FloatArray, dots: FloatArray, colours: FloatArray
) -> Iterator[LabelRequest]:
    """Yield labels: the most visited node of every module with some flow, then the second of larger ones, and so on.

    Parameters
    ----------
    view : View
    module : integer array of shape (n,)
        Modules of its nodes, as positions in `colours`.
    places, dots : float64 arrays of shape (n, 2) and (n,)
    colours : float64 array of shape (k, 3)
    """
    shares = np.bincount(module, view.flow) / max(view.flow.sum(), 1e-300)
    in_parts = np.diff(view.shares.indptr) > 1
    columns = []
    for number, share in enumerate(shares.tolist()):
        members = np.flatnonzero(module == number)
        most = min(int(30 * share) + (share > 0.004), len(members))
        columns.append(members[np.argsort(-view.flow[members], kind="stable")][:most].tolist())
    chosen = [node for row in zip_longest(*columns) for node in row if node is not None][:_MOST_LABELS]
    for node in chosen:
        size = 7 + 2.5 * min(float(shares[module[node]]) * 5, 1)
        place = (float(places[node, 0]), float(places[node, 1]))
        outlined = bool(in_parts[node])
        ink = INK if outlined else ink_on(colours[module[node]])
        yield LabelRequest((as_text(view.names[node], 18),), place, float(dots[node]), size, ink, outlined=outlined)


def link_colours(view: View, modules: IntArray, colours: FloatArray) -> FloatArray:
    """Return the colour of each link, that of the module that its flow stays in, or grey. Shape (links, 3).

    Parameters
    ----------
    view : View
    modules : integer array of shape (k,)
        All modules that nodes have shares in, each once.
    colours : float64 array of shape (k, 3)
    """
    order = np.argsort(modules)
    position = np.searchsorted(modules, view.link_module, sorter=order)
    found = colours[order][np.minimum(position, len(modules) - 1)]
    return np.where(view.link_module[:, None] >= 0, found, GREY)


def _add_links(
    ax: matplotlib.axes.Axes, module: IntArray, layout: NetworkLayout, links: LinkFlow, colours: FloatArray
) -> None:
    """Draw links within discs as straight lines, others as bundles of curves, in the colour of each link."""
    collections = require("matplotlib.collections", extra="plot")
    once = slice(None) if links.directed else links.sources < links.targets
    sources, targets, shades = links.sources[once], links.targets[once], colours[once]
    inside = module[sources] == module[targets]
    starts, ends = layout.places[sources], layout.places[targets]
    count = len(sources)
    if links.directed and count <= MOST_TAPERED:
        add_tapered(ax, starts, ends, shades, 0.014 * max(layout.radii.max(), 0.4))
        return
    looks = {"rasterized": count > MOST_VECTORS, "capstyle": "round", "zorder": 1}
    width = 0.9 if count < 500 else 0.5
    bundle = module[sources[~inside]], module[targets[~inside]]
    bundled = _bundles(*bundle, starts[~inside], ends[~inside], layout)
    pair = np.minimum(*bundle).astype(np.int64) * len(colours) + np.maximum(*bundle)
    faint = opacity(pair, 1.5) * 0.6
    way = ends[~inside] - starts[~inside]
    faint *= min(MOST_INKED / max(float(faint @ np.hypot(*way.T)) * width / 72 / 8 / np.pi, 1e-300), 1)
    ax.add_collection(
        collections.LineCollection(bundled, colors=np.column_stack([shades[~inside], faint]), linewidths=width, **looks)
    )
    own = module[sources[inside]]
    shades = np.column_stack([shades[inside], opacity(own, 60.0)])
    straight = np.stack([starts[inside], ends[inside]], axis=1)
    ax.add_collection(collections.LineCollection(straight, colors=shades, linewidths=width, **looks))


def _bundles(
    first: IntArray, second: IntArray, starts: FloatArray, ends: FloatArray, layout: NetworkLayout, points: int = 14
) -> FloatArray:
    """Return curves that pass through the nearest points of both discs. Shape (m, points, 2)."""
    way = layout.centres[second] - layout.centres[first]
    way = way / np.maximum(np.hypot(*way.T), 1e-300)[:, None]
    gates = layout.centres[first] + way * layout.radii[first][:, None]
    far_gates = layout.centres[second] - way * layout.radii[second][:, None]
    t = np.linspace(0, 1, points)[:, None]
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    corners = starts, gates, far_gates, ends
    curves: FloatArray = np.sum(
        [weight * corner[:, None] for weight, corner in zip(weights, corners, strict=True)], axis=0
    )
    return curves

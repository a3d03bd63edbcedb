"""Draw networks of nodes: modules as discs, nodes within them, shares of nodes in several modules as pies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import (
    GREY,
    assign_colours,
    closeness_by_flow,
    closeness_of_discs,
    ground_of,
    is_dark,
    mixed,
)
from mapeq.pictures.given import Given
from mapeq.pictures.label_placement import LabelPlacer, LabelRequest, as_text, ink_on, set_title
from mapeq.pictures.layout import NetworkLayout, flow_between, network_layout
from mapeq.pictures.legend import Entry, add_legend, paint_legend
from mapeq.pictures.shapes import (
    MOST_INKED,
    MOST_TAPERED,
    add_arrows,
    add_discs,
    add_pies,
    add_tapered,
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


def draw_nodes(
    view: View,
    ax: matplotlib.axes.Axes,
    style: Style,
    given: Given,
    heading: str,
    submodules: IntArray | None = None,
) -> dict[int, FloatArray]:
    """Draw nodes, each module in a disc, with discs of their submodules if given; return the colours of modules."""
    set_title(ax, style, heading, view.left_out)
    shown, module = np.unique(view.module, return_inverse=True)
    links, flow = view.links, view.flow
    others = np.setdiff1d(view.shares.indices, shown)  # no node has its largest share there
    modules = np.concatenate([shown, others])
    listed = add_legend(ax, entries_of(view, modules)) if style.legend else []
    ends = links.sources, links.targets
    layout = network_layout(
        module, flow, *ends, links.flow, sizes=given.sizes, submodules=submodules, shape=shape_of(ax)
    )
    centres, radii = extents(view.shares[:, others], layout.places)
    nearness = closeness_of_discs(np.concatenate([layout.centres, centres]), np.concatenate([layout.radii, radii]))
    colours = colours_of(view, modules, nearness, dark=is_dark(ground_of(ax)))
    paint_legend(ax, colours[listed])
    set_frame(ax, layout.centres, layout.radii)
    placer = LabelPlacer(ax, layout.places, layout.dots, most=MOST_LABELLED if given.texts is None else 1.0)
    if len(layout.radii) < len(flow):
        discs = mixed(colours[: len(shown)], ground_of(ax), 0.87)
        add_discs(ax, layout.centres, layout.radii, discs, zorder=0, name="modules")
    if len(layout.inner.radii):
        shades = mixed(colours[layout.inner.module], ground_of(ax), 0.74)
        add_discs(ax, layout.inner.centres, layout.inner.radii, shades, zorder=0, name="submodules")
    _add_links(ax, module, layout, links, link_colours(view, modules, colours), style)
    add_nodes(ax, view, module, layout.places, layout.dots, modules, colours, style, given)
    if style.numbers:
        rims = layout.centres + np.column_stack([np.zeros(len(shown)), layout.radii])  # the middle is full of nodes
        points = np.full(len(shown), 1e-9)
        placer.write(number_labels(shown, rims, points, colours[: len(shown)], beside=True))
    placer.write(node_labels(view, module, layout.places, layout.dots, colours, given))
    return dict(zip(modules.tolist(), colours, strict=True))


def entries_of(view: View, modules: IntArray) -> list[Entry]:
    """Return the modules of a legend, by decreasing flow, with positions in `modules`.

    The size of a module is the number of nodes that have a share in it, its name the node with the most flow in it.
    """
    shares = view.shares[:, modules].tocsc()
    flow = shares.T @ view.flow
    entries = []
    for k in np.argsort(-np.round(flow, 12), kind="stable").tolist():
        inside = slice(shares.indptr[k], shares.indptr[k + 1])
        members = shares.indices[inside]
        first = members[np.argmax(np.round(view.flow[members] * shares.data[inside], 15))]
        entries.append(Entry(k, int(modules[k]) + 1, view.names[first], len(members)))
    return entries


def colours_of(view: View, modules: IntArray, nearness: FloatArray, *, dark: bool) -> FloatArray:
    """Return colours that tell apart modules that are near to each other or exchange much flow. Shape (k, 3).

    Parameters
    ----------
    view : View
    modules : integer array of shape (k,)
        All modules that nodes have shares in, each once.
    nearness : float64 array of shape (k, k)
    dark : bool
        Whether they are on a dark ground.
    """
    order = np.argsort(modules)
    module = order[np.searchsorted(modules, view.module, sorter=order)]
    between = flow_between(module, len(modules), view.links.sources, view.links.targets, view.links.flow)
    return assign_colours(np.maximum(nearness, closeness_by_flow(between)), dark=dark)


def add_nodes(
    ax: matplotlib.axes.Axes,
    view: View,
    module: IntArray,
    places: FloatArray,
    dots: FloatArray,
    modules: IntArray,
    colours: FloatArray,
    style: Style,
    given: Given,
) -> None:
    """Draw nodes as discs, and those in several modules as pies unless their colours are given.

    Parameters
    ----------
    ax : matplotlib Axes
    view : View
    module : integer array of shape (n,)
        Modules of its nodes, as positions in `colours`.
    places, dots : float64 arrays of shape (n, 2) and (n,)
    modules : integer array of shape (k,)
    colours : float64 array of shape (k, 3)
        Of the modules.
    style : Style
    given : Given
    """
    shades = colours[module] if given.colours is None else given.colours
    add_discs(ax, places, dots, shades, zorder=3, name="nodes", edged=True)
    if given.colours is None:
        add_pies(ax, places, dots, view.shares[:, modules], colours, rasterized=style.rasterized)


def extents(shares: scipy.sparse.csr_array, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean places of modules, by the shares of nodes, and how far around these they are."""
    whole = np.maximum(np.asarray(shares.sum(axis=0)).ravel(), 1e-300)
    centres = (shares.T @ places) / whole[:, None]
    squares = (shares.T @ np.square(places).sum(axis=1)) / whole - np.square(centres).sum(axis=1)
    return centres, np.sqrt(np.maximum(squares, 0.0))


def node_labels(
    view: View, module: IntArray, places: FloatArray, dots: FloatArray, colours: FloatArray, given: Given
) -> Iterator[LabelRequest]:
    """Yield labels: the most visited node of every module with some flow, then the second of larger ones, and so on.

    If texts are given, yield all of them, the most visited nodes first.

    Parameters
    ----------
    view : View
    module : integer array of shape (n,)
        Modules of its nodes, as positions in `colours`.
    places, dots : float64 arrays of shape (n, 2) and (n,)
    colours : float64 array of shape (k, 3)
    given : Given
    """
    shares = np.bincount(module, view.flow) / max(view.flow.sum(), 1e-300)
    in_parts = (np.diff(view.shares.indptr) > 1) & (given.colours is None)
    shades = colours[module] if given.colours is None else given.colours
    columns = []
    for number, share in enumerate(shares.tolist()):
        members = np.flatnonzero(module == number)
        most = min(int(30 * share) + (share > 0.004), len(members))
        columns.append(members[np.argsort(-view.flow[members], kind="stable")][:most].tolist())
    chosen = [node for row in zip_longest(*columns) for node in row if node is not None][:_MOST_LABELS]
    if given.texts is not None:
        chosen = [node for node in np.argsort(-view.flow, kind="stable").tolist() if given.texts[node]]
    for node in chosen:
        size = 7 + 2.5 * min(float(shares[module[node]]) * 5, 1)
        place = (float(places[node, 0]), float(places[node, 1]))
        ink, outlined = ink_on(shades[node]), bool(in_parts[node])
        text = as_text(view.names[node], 18) if given.texts is None else as_text(given.texts[node], 40)
        yield LabelRequest((text,), place, float(dots[node]), size, ink, outlined=outlined)


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
    ax: matplotlib.axes.Axes,
    module: IntArray,
    layout: NetworkLayout,
    links: LinkFlow,
    colours: FloatArray,
    style: Style,
) -> None:
    """Draw links within discs as straight lines, others as bundles of curves, in the colour of each link."""
    collections = require("matplotlib.collections", extra="plot")
    once = slice(None) if links.directed else links.sources < links.targets
    sources, targets, shades = links.sources[once], links.targets[once], colours[once]
    inside = module[sources] == module[targets]
    starts, ends = layout.places[sources], layout.places[targets]
    count = len(sources)
    if links.directed and (style.arrows or count <= MOST_TAPERED):
        add_directed(ax, starts, ends, layout.dots[targets], shades, 0.014 * max(layout.radii.max(), 0.4), style)
        return
    looks = {"rasterized": style.rasterized, "gid": "links", "capstyle": "round", "zorder": 1}
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


def add_directed(
    ax: matplotlib.axes.Axes,
    starts: FloatArray,
    ends: FloatArray,
    reach: FloatArray,
    shades: FloatArray,
    width: float,
    style: Style,
) -> None:
    """Draw links with a direction: as arrows, thinner if there are many, or thinner to their ends.

    Parameters
    ----------
    ax : matplotlib Axes
    starts, ends : float64 arrays of shape (m, 2)
    reach : float64 array of shape (m,)
        Radii of the discs at the ends.
    shades : float64 array of shape (m, 3)
    width : float
    style : Style
    """
    if style.arrows:
        width *= min(np.sqrt(MOST_TAPERED / 4 / max(len(starts), 1)), 1.0)
        add_arrows(ax, starts, ends, reach, shades, width, rasterized=style.rasterized)
    else:
        add_tapered(ax, starts, ends, shades, width, rasterized=style.rasterized)


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

"""Draw clustered networks (extra ``plot``). Pictures without links are in :mod:`mapeq.pictures.charts`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, IntArray, column_sums
from mapeq._base.errors import counted, option_error
from mapeq._base.optional import require
from mapeq.pictures.charts import describe, draw_codelength, draw_hierarchy
from mapeq.pictures.colours import assign_colours, closeness_of_discs, is_dark, mixed, rgb
from mapeq.pictures.label_placement import INK, LabelPlacer, LabelRequest, as_text, set_title
from mapeq.pictures.layers import draw_layers
from mapeq.pictures.layout import NetworkLayout, flow_between, network_layout, place_discs
from mapeq.result.result import Result
from mapeq.walk.link_flow import LinkFlow

if TYPE_CHECKING:
    import matplotlib.axes
    import scipy.sparse

#: Kinds of pictures, and the size of their figures in inches.
KINDS = {"network": (8.0, 8.0), "hierarchy": (9.0, 6.5), "codelength": (9.0, 4.5), "layers": (9.0, 6.5)}

#: Kinds that show one level, coloured by its modules.
_OF_LEVEL = ("network", "layers")

#: Networks with more linked nodes are drawn as networks of modules.
MOST_NODES = 2000

#: Fraction of the flow in the modules drawn of such a network, and bounds for their number.
_FLOW_SHOWN, _FEWEST_SHOWN, _MOST_SHOWN = 0.9, 50, 100

#: Maximum number of links whose direction is shown.
_MOST_TAPERED = 400
#: Maximum number of node labels, and fraction of the picture that they may cover.
_MOST_LABELS, _MOST_LABELLED = 45, 0.04

#: Fraction of the picture that links between modules may cover.
_MOST_INKED = 0.3

#: Above this number, links are rasterised, also in .svg and .pdf files.
_MOST_VECTORS = 1500
_GREY = rgb("#7A8794")


def plot(
    result: Result,
    kind: str = "network",
    ax: matplotlib.axes.Axes | None = None,
    level: int | None = None,
    name: str | None = None,
) -> matplotlib.axes.Axes:
    """Draw a result on axes, by default those of a new figure; see :meth:`mapeq.Result.plot`."""
    check_kind(kind, level)
    if ax is None:
        pyplot = require("matplotlib.pyplot", extra="plot")
        ax = pyplot.subplots(figsize=KINDS[kind], layout="constrained")[1]
    if kind in _OF_LEVEL:
        draw = _draw_network if kind == "network" else draw_layers
        draw(result, ax, informative_level(result) if level is None else level, name)
    elif kind == "hierarchy":
        draw_hierarchy(result, ax, name)
    else:
        draw_codelength(result, ax, name)
    return ax


def informative_level(result: Result) -> int:
    """Return the level to colour a network by: the coarsest at which no module has more than half of the flow."""
    largest = (
        column_sums(labels, result.flow, int(labels.max(initial=0)) + 1).max()
        for labels in map(result.labels_at, range(1, result.num_levels))
    )
    return next((level for level, flow in enumerate(largest, 1) if flow <= 0.5), result.num_levels - 1)


def check_kind(kind: str, level: int | None) -> None:
    """Check the kind of picture and the level.

    Raises
    ------
    ValueError
        If the kind is unknown, or a level is given for a kind that shows all levels.
    """
    if kind not in KINDS:
        raise option_error("kind", kind, "one of " + ", ".join(KINDS))
    if kind not in _OF_LEVEL and level is not None:
        raise option_error("level", level, f"omitted, because the picture of the {kind} shows all levels")


def _draw_network(result: Result, ax: matplotlib.axes.Axes, level: int, name: str | None) -> None:
    labels = result.labels_at(level)
    ax.set_axis_off()
    if result.num_links == 0:
        set_title(ax, name, "no links")
        return
    sources, targets, _ = result.network.links()
    linked = np.zeros(result.num_nodes, dtype=np.bool_)
    linked[sources] = linked[targets] = True
    heading = describe(result, level % result.num_levels)  # -1 is the finest
    links = result.link_flow()
    if np.count_nonzero(linked) > MOST_NODES:
        _draw_modules(result, ax, labels, links, name, heading)
    else:
        _draw_nodes(result, ax, labels, links, linked, name, heading)


# A network of nodes ---------------------------------------------------------------------------


def _draw_nodes(
    result: Result,
    ax: matplotlib.axes.Axes,
    labels: IntArray,
    links: LinkFlow,
    linked: np.typing.NDArray[np.bool_],
    name: str | None,
    heading: str,
) -> None:
    """Draw the nodes with links, each module in a disc."""
    left_out = int(np.count_nonzero(~linked))
    number = np.cumsum(linked) - 1
    module = np.unique(labels[linked], return_inverse=True)[1]
    links = links._replace(sources=number[links.sources], targets=number[links.targets])
    flow = result.flow[linked]
    set_title(ax, name, heading, f"without {counted(left_out, 'unlinked node')}" if left_out else "")
    layout = network_layout(module, flow, links.sources, links.targets, links.flow, shape=_shape(ax))
    colours = assign_colours(closeness_of_discs(layout.centres, layout.radii))
    _frame(ax, layout.centres, layout.radii)
    placer = LabelPlacer(ax, layout.places, layout.dots, most=_MOST_LABELLED)
    if len(layout.radii) < len(flow):
        _add_discs(ax, layout.centres, layout.radii, mixed(colours, 1, 0.87), zorder=0, name="modules")
    _add_links(ax, module, layout, links, colours)
    _add_discs(ax, layout.places, layout.dots, colours[module], zorder=3, name="nodes", edge="white")
    names = [result.network.labels[i] for i in np.flatnonzero(linked).tolist()]
    placer.write(_node_labels(module, flow, layout, names, colours))


def _node_labels(
    module: IntArray, flow: FloatArray, layout: NetworkLayout, names: list[Hashable], colours: FloatArray
) -> Iterator[LabelRequest]:
    """Yield labels: the most visited node of every module with some flow, then the second of larger ones, and so on."""
    shares = np.bincount(module, flow) / max(flow.sum(), 1e-300)
    columns = []
    for number, share in enumerate(shares.tolist()):
        members = np.flatnonzero(module == number)
        most = min(int(30 * share) + (share > 0.004), len(members))
        columns.append(members[np.argsort(-flow[members], kind="stable")][:most].tolist())
    chosen = [node for row in zip_longest(*columns) for node in row if node is not None][:_MOST_LABELS]
    for node in chosen:
        size = 7 + 2.5 * min(float(shares[module[node]]) * 5, 1)
        place = (float(layout.places[node, 0]), float(layout.places[node, 1]))
        yield LabelRequest(
            (as_text(names[node], 18),), place, float(layout.dots[node]), size, _ink(colours[module[node]])
        )


def _add_links(
    ax: matplotlib.axes.Axes, module: IntArray, layout: NetworkLayout, links: LinkFlow, colours: FloatArray
) -> None:
    """Draw links within modules as coloured lines, links between modules as grey bundles of curves."""
    collections = require("matplotlib.collections", extra="plot")
    once = slice(None) if links.directed else links.sources < links.targets
    sources, targets = links.sources[once], links.targets[once]
    inside = module[sources] == module[targets]
    starts, ends = layout.places[sources], layout.places[targets]
    count = len(sources)
    if links.directed and count <= _MOST_TAPERED:
        shades = np.where(inside[:, None], colours[module[sources]], _GREY)
        widths = np.full(count, 0.014 * max(layout.radii.max(), 0.4))
        bands = _bands(starts, ends, widths, tapered=True)
        ax.add_collection(collections.PolyCollection(bands, facecolors=shades, linewidths=0, alpha=0.6, zorder=2))
        return
    looks = {"rasterized": count > _MOST_VECTORS, "capstyle": "round", "zorder": 1}
    width = 0.9 if count < 500 else 0.5
    bundle = module[sources[~inside]], module[targets[~inside]]
    bundled = _bundles(*bundle, starts[~inside], ends[~inside], layout)
    pair = np.minimum(*bundle).astype(np.int64) * len(colours) + np.maximum(*bundle)
    opacity = _opacity(pair, 1.5) * 0.6
    way = ends[~inside] - starts[~inside]
    opacity *= min(_MOST_INKED / max(float(opacity @ np.hypot(*way.T)) * width / 72 / 8 / np.pi, 1e-300), 1)
    shades = np.column_stack([np.tile(_GREY, (len(bundled), 1)), opacity])
    ax.add_collection(collections.LineCollection(bundled, colors=shades, linewidths=width, **looks))
    own = module[sources[inside]]
    shades = np.column_stack([colours[own], _opacity(own, 60.0)])
    straight = np.stack([starts[inside], ends[inside]], axis=1)
    ax.add_collection(collections.LineCollection(straight, colors=shades, linewidths=width, **looks))


def _opacity(group: IntArray, many: float) -> FloatArray:
    """Return the opacity of links: the more links a module or a pair of modules has, the fainter is each."""
    _, of, count = np.unique(group, return_inverse=True, return_counts=True)
    found: FloatArray = np.clip((many / count) ** 0.7, 0.04, 0.6)[of]
    return found


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


# A network of modules -------------------------------------------------------------------------


def _draw_modules(
    result: Result, ax: matplotlib.axes.Axes, labels: IntArray, links: LinkFlow, name: str | None, heading: str
) -> None:
    """Draw modules as discs with areas proportional to flow, and the flow between them."""
    flow = column_sums(labels, result.flow, int(labels.max()) + 1)
    shown = shown_modules(flow)
    left_out = len(flow) - shown
    between = flow_between(labels, len(flow), links.sources, links.targets, links.flow)[:shown, :shown]
    rest = max(1 - float(flow[:shown].sum() / flow.sum()), 0.0)
    which = f"the {left_out:,} smallest modules" if left_out > 1 else "the smallest module"
    set_title(ax, name, heading, f"without {which} ({rest:.1%} of the flow)" if left_out else "")
    radii = np.sqrt(flow[:shown] / flow[:shown].sum())
    centres = place_discs(radii, between, gap=1.0, pull=0.003, shape=_shape(ax))
    colours = assign_colours(closeness_of_discs(centres, radii))
    _frame(ax, centres, radii)
    placer = LabelPlacer(ax, centres, radii)
    _add_flows(ax, centres, radii, between, directed=links.directed)
    _add_discs(ax, centres, radii, colours, zorder=3, name="modules", edge="white")
    placer.write(_module_labels(result, labels, centres, radii, colours))


def shown_modules(flow: FloatArray) -> int:
    """Return how many of the largest modules a network of modules shows; none without flow."""
    enough = int(np.searchsorted(np.cumsum(flow), _FLOW_SHOWN * flow.sum() * (1 - 1e-9))) + 1
    bounded = min(max(enough, _FEWEST_SHOWN), _MOST_SHOWN)
    return min(bounded, max(int(np.count_nonzero(flow > 1e-12)), 1))


def _module_labels(
    result: Result, labels: IntArray, centres: FloatArray, radii: FloatArray, colours: FloatArray
) -> Iterator[LabelRequest]:
    """Yield labels: the most visited nodes of each module, as many as fit."""
    names = result.network.labels
    for number, radius in enumerate(radii.tolist()):
        members = np.flatnonzero(labels == number)
        visited = members[np.argsort(-result.flow[members], kind="stable")][:3]
        texts = [as_text(names[i], 16) for i in visited.tolist()]
        place = (float(centres[number, 0]), float(centres[number, 1]))
        choices = tuple("\n".join(texts[:most]) for most in range(len(texts), 0, -1))
        yield LabelRequest(choices, place, radius, 8, _ink(colours[number]), beside=False)


def _add_flows(
    ax: matplotlib.axes.Axes, centres: FloatArray, radii: FloatArray, between: scipy.sparse.csr_array, *, directed: bool
) -> None:
    """Draw the flow between modules as bands of proportional width, tapered if the network is directed."""
    collections = require("matplotlib.collections", extra="plot")
    flows = between.tocoo()
    i, j = flows.coords
    once = np.full(len(i), True) if directed else i < j
    i, j, flow = i[once], j[once], flows.data[once]
    if len(flow) == 0:
        return
    way = centres[j] - centres[i]
    area = np.ptp(centres, axis=0).prod()
    by_area = _MOST_INKED * area / (flow @ np.hypot(*way.T))
    widths = flow * min(np.quantile(0.8 * np.minimum(radii[i], radii[j]) / flow, 0.03), by_area)
    order = np.argsort(flow, kind="stable")
    bands = _bands(centres[i[order]], centres[j[order]], widths[order], tapered=directed)
    ax.add_collection(
        collections.PolyCollection(bands, facecolors=[mixed(_GREY, 1, 0.35)], linewidths=0, alpha=0.75, zorder=1)
    )


def _ink(ground: FloatArray) -> str:
    return "white" if is_dark(ground) else INK


# Shapes ---------------------------------------------------------------------------------------


def _bands(starts: FloatArray, ends: FloatArray, widths: FloatArray, *, tapered: bool, points: int = 14) -> FloatArray:
    """Return outlines of bands, shape (m, 2 * points, 2): straight, or curved to the left and tapered."""
    t = np.linspace(0, 1, points)[None, :, None]
    way = ends - starts
    normal = np.column_stack([-way[:, 1], way[:, 0]])
    middle = starts + way / 2 + (0.12 if tapered else 0.0) * normal
    line = (1 - t) ** 2 * starts[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * ends[:, None]
    normal = normal / np.maximum(np.hypot(*normal.T), 1e-300)[:, None]
    profile = 1.6 - 1.2 * t if tapered else np.ones_like(t)  # the area is the same in both cases
    half = normal[:, None] * widths[:, None, None] / 2 * profile
    return np.concatenate([line + half, (line - half)[:, ::-1]], axis=1)


def _add_discs(
    ax: matplotlib.axes.Axes,
    centres: FloatArray,
    radii: FloatArray,
    colours: FloatArray,
    *,
    zorder: int,
    name: str,
    edge: str = "none",
) -> None:
    collections = require("matplotlib.collections", extra="plot")
    ax.add_collection(
        collections.EllipseCollection(
            2 * radii,
            2 * radii,
            np.zeros(len(radii)),
            units="xy",
            offsets=centres,
            offset_transform=ax.transData,
            facecolors=colours,
            edgecolors=edge,
            linewidths=0.4 if edge != "none" else 0,
            zorder=zorder,
            gid=name,
        )
    )


def _shape(ax: matplotlib.axes.Axes) -> float:
    """Return height divided by width of the axes; call it after setting the title."""
    frame = ax.get_window_extent()
    return float(frame.height / max(frame.width, 1e-9))


def _frame(ax: matplotlib.axes.Axes, centres: FloatArray, radii: FloatArray) -> None:
    """Set limits that fill the axes and leave some room for labels; call it after setting the title."""
    low, high = (centres - radii[:, None]).min(axis=0), (centres + radii[:, None]).max(axis=0)
    room = (high - low) * 1.06
    frame = ax.get_window_extent()
    scale = max(room[0] / frame.width, room[1] / frame.height)
    half = scale * np.array([frame.width, frame.height]) / 2
    middle = (low + high) / 2
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    ax.set_aspect("equal")

"""Draw nodes at the same places in all layers of a multilayer network, side by side, or at places that are given."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import closeness_of_discs, ground_of, is_dark
from mapeq.pictures.fonts import typeset
from mapeq.pictures.given import Given, given_at, given_of
from mapeq.pictures.label_placement import LabelPlacer, as_text, free_extent, set_title
from mapeq.pictures.layout import dot_radii, free_layout, spread_out
from mapeq.pictures.legend import add_legend, paint_legend
from mapeq.pictures.nodes import add_directed, add_nodes, colours_of, entries_of, extents, link_colours, node_labels
from mapeq.pictures.shapes import MOST_TAPERED, opacity, set_frame, shape_of
from mapeq.pictures.style import Style
from mapeq.pictures.views import View, view_of
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

#: With more layers, their nodes are drawn together.
MOST_LAYERS = 12

#: Fraction of the picture of a layer that labels may cover.
_MOST_LABELLED = 0.08

#: Side of the picture of a layer, in inches.
_SIDE = 4.4

#: Bounds of the font size of its title in points, and its usual width and height, by that.
_SMALLEST, _LARGEST, _WIDTH, _HEIGHT = 6.5, 11, 16, 1.7


def num_panels(result: Result) -> int:
    """Return the number of layers to draw side by side; 1 if nodes are drawn together."""
    layers = None if result.network.states is None else result.network.states.layers
    return len(layers) if layers is not None and 1 < len(layers) <= MOST_LAYERS else 1


def grid(count: int, shape: float = 0.6) -> tuple[int, int]:
    """Return the numbers of rows and columns that leave square panels the most room in a picture of this shape."""
    return max(
        ((ceil(count / columns), columns) for columns in range(1, count + 1)),
        key=lambda cells: (min(1 / cells[1], shape / cells[0]), -cells[0] * cells[1]),
    )


def size_of_layers(count: int) -> tuple[float, float]:
    """Return the size of a figure with so many layers, in inches."""
    rows, columns = grid(count)
    return columns * _SIDE, rows * _SIDE + 0.5


def draw_layers(
    result: Result, ax: matplotlib.axes.Axes, level: int, style: Style, heading: str
) -> dict[int, FloatArray]:
    """Draw each layer on axes of its own; return the colours of modules."""
    states = result.network.states
    assert states is not None
    assert states.layers is not None
    whole = view_of(result, level, overlap=True)
    given = given_of(result, style, whole.nodes)
    set_title(ax, style, heading, whole.left_out)
    modules = np.unique(whole.shares.indices)
    listed = add_legend(ax, entries_of(whole, modules)) if style.legend else []
    panels = _panels(ax, [as_text(layer, 40) for layer in states.layers])
    links = whole.links
    dots = dot_radii(whole.flow if given.sizes is None else given.sizes)
    if given.places is None:
        places = free_layout(dots, links.sources, links.targets, links.flow, shape=shape_of(panels[0]))
    else:
        places = spread_out(given.places)
    nearness = closeness_of_discs(*extents(whole.shares[:, modules], places))
    colours = colours_of(whole, modules, nearness, dark=is_dark(ground_of(ax)))
    paint_legend(ax, colours[listed])
    views = [view_of(result, level, overlap=True, layer=number) for number in range(len(panels))]
    radii = np.zeros((len(panels), len(dots)))
    for view, own in zip(views, radii, strict=True):
        here = np.searchsorted(whole.nodes, view.nodes)
        scale = np.sqrt(len(panels) * view.flow / np.maximum(whole.flow[here], 1e-300)) if given.sizes is None else 1.0
        own[here] = np.maximum(dots[here] * scale, np.sqrt(0.006 / len(dots)))
    for view, own, panel in zip(views, radii, panels, strict=True):
        set_frame(panel, places, radii.max(axis=0))
        here = np.searchsorted(whole.nodes, view.nodes)
        draw_in_place(view, panel, places[here], own[here], modules, colours, style, given_at(given, here))
    return dict(zip(modules.tolist(), colours, strict=True))


def _panels(ax: matplotlib.axes.Axes, titles: list[str]) -> list[matplotlib.axes.Axes]:
    """Add axes for each layer, in rows, where the legend leaves room."""
    frame, free = ax.get_window_extent(), free_extent(ax)
    rows, columns = grid(len(titles), shape_of(ax))
    width, height = (free[2] - free[0]) / frame.width / columns, (free[3] - free[1]) / frame.height / rows
    figure: Any = ax.figure
    point = figure.dpi / 72
    size = float(np.clip(width * frame.width / point / _WIDTH, _SMALLEST, _LARGEST))
    panels = []
    for k, title in enumerate(titles):
        corner = k % columns * width, 1 - (k // columns + 1) * height
        tall = max(height - _HEIGHT * size * point / frame.height, 0.5 * height)
        panel = ax.inset_axes((*corner, 0.98 * width, tall))
        panel.set_axis_off()
        words, families = typeset(title)
        name = panel.set_title(words, parse_math=False, fontsize=size, fontfamily=families, pad=0.3 * size)
        wide = name.get_window_extent().width
        name.set_fontsize(size * min(0.95 * width * frame.width / wide, 1.0))
        panels.append(panel)
    figure.figure.draw_without_rendering()  # determines the sizes of the panels
    return panels


def draw_at_places(
    view: View, ax: matplotlib.axes.Axes, style: Style, given: Given, heading: str
) -> dict[int, FloatArray]:
    """Draw nodes at the places that are given; return the colours of modules."""
    assert given.places is not None
    set_title(ax, style, heading, view.left_out)
    modules = np.unique(view.shares.indices)
    listed = add_legend(ax, entries_of(view, modules)) if style.legend else []
    places, dots = spread_out(given.places), dot_radii(view.flow if given.sizes is None else given.sizes)
    nearness = closeness_of_discs(*extents(view.shares[:, modules], places))
    colours = colours_of(view, modules, nearness, dark=is_dark(ground_of(ax)))
    paint_legend(ax, colours[listed])
    set_frame(ax, places, dots)
    draw_in_place(view, ax, places, dots, modules, colours, style, given)
    return dict(zip(modules.tolist(), colours, strict=True))


def draw_in_place(
    view: View,
    ax: matplotlib.axes.Axes,
    places: FloatArray,
    radii: FloatArray,
    modules: IntArray,
    colours: FloatArray,
    style: Style,
    given: Given,
) -> None:
    """Draw nodes and links at given places.

    Parameters
    ----------
    view : View
    ax : matplotlib Axes
    places, radii : float64 arrays of shape (n, 2) and (n,)
    modules : integer array of shape (k,)
        All modules that nodes have shares in, each once, in ascending order.
    colours : float64 array of shape (k, 3)
    style : Style
    given : Given
    """
    placer = LabelPlacer(ax, places, radii, most=_MOST_LABELLED if given.texts is None else 1.0)
    module = np.searchsorted(modules, view.module)
    once = slice(None) if view.links.directed else view.links.sources < view.links.targets
    sources, targets = view.links.sources[once], view.links.targets[once]
    shades = link_colours(view, modules, colours)[once]
    if view.links.directed and (style.arrows or len(sources) <= MOST_TAPERED):
        add_directed(ax, places[sources], places[targets], radii[targets], shades, 0.012, style)
    else:
        collections = require("matplotlib.collections", extra="plot")
        lines = np.stack([places[sources], places[targets]], axis=1)
        faint = opacity(np.zeros(len(lines), dtype=np.int64), 150.0)
        looks = {"rasterized": style.rasterized, "capstyle": "round", "zorder": 1, "gid": "links"}
        width = 1.1 if len(lines) < 200 else 0.6
        ax.add_collection(
            collections.LineCollection(lines, colors=np.column_stack([shades, faint]), linewidths=width, **looks)
        )
    add_nodes(ax, view, module, places, radii, modules, colours, style, given)
    placer.write(node_labels(view, module, places, radii, colours, given))

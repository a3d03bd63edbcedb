"""Draw the layers of a multilayer network side by side: each node at the same place, each module in one colour."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import assign_colours, closeness_by_flow, closeness_of_discs
from mapeq.pictures.label_placement import LabelPlacer, as_text, set_title
from mapeq.pictures.layout import flow_between, free_layout
from mapeq.pictures.nodes import extents, link_colours, node_labels
from mapeq.pictures.shapes import (
    MOST_TAPERED,
    MOST_VECTORS,
    add_discs,
    add_pies,
    add_tapered,
    opacity,
    set_frame,
    shape_of,
)
from mapeq.pictures.style import Style
from mapeq.pictures.views import View, view_of
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

#: With more layers, their nodes are drawn together.
MOST_LAYERS = 12

#: Fraction of the picture of a layer that labels may cover.
_MOST_LABELLED = 0.08

#: Side of the picture of a layer, in inches, and the height of its title by it.
_SIDE, _TITLE = 4.4, 0.08


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
    result: Result, ax: matplotlib.axes.Axes, level: int, style: Style | None, heading: str
) -> dict[int, FloatArray]:
    """Draw each layer on axes of its own; return the colours of modules."""
    states = result.network.states
    assert states is not None
    assert states.layers is not None
    whole = view_of(result, level, overlap=True)
    set_title(ax, style, heading, whole.left_out)
    rows, columns = grid(len(states.layers), shape_of(ax))
    panels = [
        ax.inset_axes((k % columns / columns, 1 - (k // columns + 1) / rows, 0.98 / columns, (1 - _TITLE) / rows))
        for k in range(len(states.layers))
    ]
    for panel, layer in zip(panels, states.layers, strict=True):
        panel.set_axis_off()
        set_title(panel, None, as_text(layer, 40))
    links = whole.links
    places, dots = free_layout(whole.flow, links.sources, links.targets, links.flow, shape=shape_of(panels[0]))
    modules = np.unique(whole.shares.indices)
    nearness = closeness_of_discs(*extents(whole.shares[:, modules], places))
    between = flow_between(
        np.searchsorted(modules, whole.module), len(modules), links.sources, links.targets, links.flow
    )
    colours = assign_colours(np.maximum(nearness, closeness_by_flow(between)))
    views = [view_of(result, level, overlap=True, layer=number) for number in range(len(panels))]
    radii = np.zeros((len(panels), len(dots)))
    for view, own in zip(views, radii, strict=True):
        here = np.searchsorted(whole.nodes, view.nodes)
        scale = np.sqrt(len(panels) * view.flow / np.maximum(whole.flow[here], 1e-300))
        own[here] = np.maximum(dots[here] * scale, np.sqrt(0.006 / len(dots)))
    for view, own, panel in zip(views, radii, panels, strict=True):
        set_frame(panel, places, radii.max(axis=0))
        here = np.searchsorted(whole.nodes, view.nodes)
        _draw_layer(view, panel, places[here], own[here], modules, colours)
    return dict(zip(modules.tolist(), colours, strict=True))


def _draw_layer(
    view: View,
    ax: matplotlib.axes.Axes,
    places: FloatArray,
    radii: FloatArray,
    modules: IntArray,
    colours: FloatArray,
) -> None:
    """Draw the nodes and links of a layer at given places."""
    placer = LabelPlacer(ax, places, radii, most=_MOST_LABELLED)
    module = np.searchsorted(modules, view.module)
    once = slice(None) if view.links.directed else view.links.sources < view.links.targets
    sources, targets = view.links.sources[once], view.links.targets[once]
    shades = link_colours(view, modules, colours)[once]
    if view.links.directed and len(sources) <= MOST_TAPERED:
        add_tapered(ax, places[sources], places[targets], shades, 0.012)
    else:
        collections = require("matplotlib.collections", extra="plot")
        lines = np.stack([places[sources], places[targets]], axis=1)
        faint = opacity(np.zeros(len(lines), dtype=np.int64), 150.0)
        looks = {"rasterized": len(lines) > MOST_VECTORS, "capstyle": "round", "zorder": 1, "gid": "links"}
        width = 1.1 if len(lines) < 200 else 0.6
        ax.add_collection(
            collections.LineCollection(lines, colors=np.column_stack([shades, faint]), linewidths=width, **looks)
        )
    add_discs(ax, places, radii, colours[module], zorder=3, name="nodes", edge="white")
    add_pies(ax, places, radii, view.shares[:, modules], colours)
    placer.write(node_labels(view, module, places, radii, colours))

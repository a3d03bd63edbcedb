"""Draw clustered networks (extra ``plot``). Pictures without links are in :mod:`mapeq.pictures.charts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, column_sums
from mapeq._base.errors import option_error
from mapeq._base.optional import require
from mapeq.pictures.alluvial import draw_layers_as_columns, size_of_columns
from mapeq.pictures.charts import describe, draw_codelength, draw_hierarchy
from mapeq.pictures.fonts import warns_once
from mapeq.pictures.given import given_of
from mapeq.pictures.label_placement import set_title
from mapeq.pictures.layers import draw_at_places, draw_layers, num_panels, size_of_layers
from mapeq.pictures.modules import draw_modules
from mapeq.pictures.nodes import draw_nodes
from mapeq.pictures.style import Style
from mapeq.pictures.timeline import draw_timeline
from mapeq.pictures.views import view_of
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

#: Kinds of pictures, and the size of their figures in inches; see :func:`size_of` for layers side by side.
KINDS = {
    "network": (8.0, 8.0),
    "overlap": (8.0, 8.0),
    "layers": (9.0, 6.5),
    "alluvial": (9.0, 6.5),
    "hierarchy": (9.0, 6.5),
    "codelength": (9.0, 4.5),
}

#: Kinds that show one level, coloured by its modules.
_OF_LEVEL = ("network", "overlap", "layers", "alluvial")

#: Kinds that draw modules as discs.
_WITH_DISCS = ("network", "overlap")

#: Networks with more linked nodes are drawn as networks of modules.
MOST_NODES = 2000


@warns_once
def plot(
    result: Result,
    kind: str = "network",
    ax: matplotlib.axes.Axes | None = None,
    level: int | None = None,
    style: Style | None = None,
) -> matplotlib.axes.Axes:
    """Draw a result on axes, by default those of a new figure; see :meth:`mapeq.Result.plot`."""
    style = Style() if style is None else style
    check_kind(kind, level, style)
    for option, value in (("size", style.size), ("dpi", style.dpi), ("dark", style.dark or None)):
        if ax is not None and value is not None:
            raise option_error(option, value, "omitted with ax, whose figure has its own")
    if ax is not None:
        _draw(result, kind, ax, level, style)
        return ax
    pyplot = require("matplotlib.pyplot", extra="plot")
    with pyplot.rc_context(style.settings()):
        ax = pyplot.subplots(figsize=style.size or size_of(result, kind), dpi=style.dpi, layout="constrained")[1]
        _draw(result, kind, ax, level, style)
    return ax


def _draw(result: Result, kind: str, ax: matplotlib.axes.Axes, level: int | None, style: Style) -> None:
    """Draw on axes."""
    if kind in _OF_LEVEL:
        level = informative_level(result) if level is None else level
        if kind == "layers":
            draw_timeline(result, ax, level, style)
        elif kind == "alluvial":
            draw_layers_as_columns(result, ax, level, style)
        else:
            draw_network(result, ax, level, style, overlap=kind == "overlap")
    elif kind == "hierarchy":
        draw_hierarchy(result, ax, style)
    else:
        draw_codelength(result, ax, style)


def size_of(result: Result, kind: str) -> tuple[float, float]:
    """Return the size of the figure of a picture, in inches."""
    layers = num_panels(result) if kind == "network" else 1
    if layers > 1 and len(view_of(result, 1, overlap=False).nodes) <= MOST_NODES:
        return size_of_layers(layers)
    if kind == "alluvial" and result.network.states is not None:
        return size_of_columns(len(result.network.states.layers or ()))
    return KINDS[kind]


def informative_level(result: Result) -> int:
    """Return the level to colour a network by: the coarsest at which no module has more than half of the flow."""
    largest = (
        column_sums(labels, result.flow, int(labels.max(initial=0)) + 1).max()
        for labels in map(result.labels_at, range(1, result.num_levels))
    )
    return next((level for level, flow in enumerate(largest, 1) if flow <= 0.5), result.num_levels - 1)


def check_kind(kind: str, level: int | None, style: Style | None = None) -> None:
    """Check the kind of picture, the level and the style.

    Raises
    ------
    ValueError
        If the kind is unknown, a level is given for a kind that shows all levels, or numbers for one without discs.
    """
    if kind not in KINDS:
        raise option_error("kind", kind, "one of " + ", ".join(KINDS))
    if kind not in _OF_LEVEL and level is not None:
        raise option_error("level", level, f"omitted, because the picture of the {kind} shows all levels")
    if kind not in _WITH_DISCS and style is not None:
        if style.numbers:
            why = f"the picture of the {kind} has no discs of modules"
            raise option_error("module_numbers", True, f"omitted, because {why}")
        if style.legend and kind == "codelength":
            raise option_error("legend", True, "omitted, because the picture of the codelength does not show modules")
        flags = {name: True for name in ("arrows", "rasterized", "submodules") if getattr(style, name)}
        for option, value in (flags | style.of_nodes()).items():
            raise option_error(option, value, f"omitted, because the picture of the {kind} does not draw the network")


def draw_network(
    result: Result, ax: matplotlib.axes.Axes, level: int, style: Style | None, *, overlap: bool = False
) -> dict[int, FloatArray]:
    """Draw the network on axes; return the colour of each module shown, by position.

    `overlap` draws nodes as pies of their shares in modules, also of networks without states, and layers together.
    """
    ax.set_axis_off()
    if result.num_links == 0:
        set_title(ax, style, "no links")
        return {}
    style = Style() if style is None else style
    heading = describe(result, level % result.num_levels)  # -1 is the finest
    view = view_of(result, level, overlap=overlap)
    if style.arrows and not view.links.directed:
        raise option_error("arrows", True, "omitted, because the links of this network have no direction")
    level %= result.num_levels
    if style.submodules:
        _check_submodules(result, level, style)
    if len(view.nodes) > MOST_NODES and style.positions is None:
        for option, value in (({"arrows": True} if style.arrows else {}) | style.of_nodes()).items():
            why = f"pictures of more than {MOST_NODES:,} nodes show modules, unless positions are given"
            raise option_error(option, value, f"omitted, because {why}")
        return draw_modules(result, ax, level, style, heading)
    is_in_panels = num_panels(result) > 1 and not overlap
    if style.numbers and (is_in_panels or style.positions is not None):
        what = "layers side by side have" if is_in_panels else "nodes at given positions have"
        raise option_error("module_numbers", True, f"omitted, because {what} no discs of modules")
    if is_in_panels:
        return draw_layers(result, ax, level, style, heading)
    given = given_of(result, style, view.nodes)
    if given.places is not None:
        return draw_at_places(view, ax, style, given, heading)
    below = result.labels_at(level + 1)[view.nodes].astype(np.intp) if style.submodules else None
    return draw_nodes(view, ax, style, given, heading, below)


def _check_submodules(result: Result, level: int, style: Style) -> None:
    why = ""
    if level + 1 >= result.num_levels:
        why = f"the modules at level {level} have none"
    elif result.network.states is not None:
        why = "the nodes of states are in several modules"
    elif style.positions is not None:
        why = "nodes at given positions have no discs of modules"
    if why:
        raise option_error("submodules", True, f"omitted, because {why}")

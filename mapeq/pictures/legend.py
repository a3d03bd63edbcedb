"""Legends of modules: the colour, number, most visited node and size of the largest, beside or below the picture."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.network.states import most_visited
from mapeq.pictures.fonts import typeset_together
from mapeq.pictures.label_placement import BELOW, BESIDE, as_text
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.legend

#: Modules that a legend lists at most, and its font size in points.
MOST_LISTED, _SIZE = 12, 8
#: Height of its lines and usual width of its columns, by the font size, and the part of a picture that it takes at most
#: below.
_LINE, _WIDTH, _MOST_BELOW = 1.75, 18, 0.25
#: Name of legends outside axes, the pixels between the two, and the least width of axes that have one beside them, by
#: that of its columns.
OUTSIDE, _GAP, _WIDE = "legend-outside", 10, 2.5


class Entry(NamedTuple):
    """A module in a legend."""

    place: int  #: of its colour among those of all modules
    number: int | str  #: from 1, or the path of a module in others
    name: Hashable  #: its most visited node
    num_nodes: int


def add_legend(ax: matplotlib.axes.Axes, entries: list[Entry], left_out: int = 0) -> list[int]:
    """Add a legend of modules, by decreasing flow, to axes whose size is final; return the places of those in it.

    Smaller ones are counted, with the `left_out` ones that the picture does not show.

    It takes a part of the axes, beside the picture or below it, where it leaves the larger square: see
    :func:`~mapeq.pictures.label_placement.free_extent`. Their colours are set by :func:`paint_legend`.
    """
    figure: Any = ax.figure
    frame = ax.get_window_extent()
    point = figure.dpi / 72
    line, width = _SIZE * _LINE * point, _SIZE * _WIDTH * point
    columns = max(int(frame.width / width), 1)
    below = max(int(frame.height * _MOST_BELOW / line), 1), columns
    number = len(entries) + left_out
    height = min(ceil(min(number, MOST_LISTED + 1) / columns), below[0]) * line
    is_below = min(frame.width, frame.height - height) > min(frame.width - width, frame.height)
    rows, columns = below if is_below else (int(frame.height / line), 1)
    listed, texts = _listed(entries, left_out, rows * columns)
    loc = "lower center" if is_below else "center right"
    for ncols in range(min(columns, len(texts)), 0, -1):  # until the columns are not wider than the picture
        legend = _write(ax, texts, ncols, BELOW if is_below else BESIDE, loc=loc)
        if legend.get_window_extent().width <= frame.width:
            break
    return [entry.place for entry in listed]


def add_legend_outside(ax: matplotlib.axes.Axes, entries: list[Entry], left_out: int = 0) -> list[int]:
    """Add a legend as :func:`add_legend`, next to axes that have ticks; these become smaller.

    It is beside wide axes and below others, outside their ticks. Call it after setting these, and before the title.
    """
    figure: Any = ax.figure
    frame, point = ax.get_window_extent(), figure.dpi / 72
    line, width = _SIZE * _LINE * point, _SIZE * _WIDTH * point
    is_below = frame.width < _WIDE * width
    rows = int(frame.height * (_MOST_BELOW if is_below else 1.0) / line)
    transforms = require("matplotlib.transforms", extra="plot")
    gap = _GAP * 72 / figure.dpi
    ticks = ax.xaxis.get_tightbbox()
    deep = max(frame.y0 - ticks.y0, 0.0) / point if ticks is not None else 0.0
    across, down = (0.0, -deep - gap) if is_below else (gap, 0.0)
    shifted = ax.transAxes + transforms.ScaledTranslation(across / 72, down / 72, figure.dpi_scale_trans)
    looks = {"bbox_to_anchor": (0.5, 0.0) if is_below else (1.0, 0.5), "bbox_transform": shifted}
    for columns in range(ceil(frame.width / width) if is_below else 1, 0, -1):
        listed, texts = _listed(entries, left_out, rows * columns)
        legend = _write(ax, texts, columns, OUTSIDE, loc="upper center" if is_below else "center left", **looks)
        box = legend.get_window_extent()
        if box.width <= frame.width:
            break
    if figure.figure.get_layout_engine() is None:  # which would make room
        whole, old = figure.bbox, ax.get_position()
        wide, high = (0.0, box.height + gap * point) if is_below else (box.width + gap * point, 0.0)
        left, bottom = old.x0, old.y0 + high / whole.height
        ax.set_position((left, bottom, old.width - wide / whole.width, old.height - high / whole.height))
    figure.figure.draw_without_rendering()
    return [entry.place for entry in listed]


def _listed(entries: list[Entry], left_out: int, most: int) -> tuple[list[Entry], list[str]]:
    """Return the modules that are listed on so many lines, at least two, and all lines; the last counts the others."""
    number, most = len(entries) + left_out, min(max(most, 2), MOST_LISTED + 1)
    listed = entries if number <= most else entries[: most - 1]
    texts = [_text(entry) for entry in listed]
    return listed, texts if len(listed) == number else [*texts, counted(number - len(listed), "smaller module")]


def _write(
    ax: matplotlib.axes.Axes, texts: list[str], columns: int, name: str, **looks: Any
) -> matplotlib.legend.Legend:
    """Write a legend in so many columns."""
    figure: Any = ax.figure
    texts, families = typeset_together(texts)
    lines = require("matplotlib.lines", extra="plot").Line2D
    handles = [lines([], [], linestyle="none", marker="o", markersize=_SIZE, color="none") for _ in texts]
    legend = ax.legend(
        handles,
        texts,
        ncols=columns,
        prop={"family": families, "size": _SIZE},
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        handletextpad=0.2,
        columnspacing=1.0,
        **looks,
    )
    legend.set_gid(name)
    for text in legend.get_texts():
        text.set_parse_math(False)
    figure.figure.draw_without_rendering()  # determines the size of the legend
    return legend


def entries_at(result: Result, labels: IntArray, modules: Iterable[int]) -> list[Entry]:
    """Return entries of modules, given those of all nodes, with positions in `modules`.

    Of states, the physical nodes count.
    """
    states, names = result.network.states, result.network.labels
    entries = []
    for place, number in enumerate(modules):
        nodes = most_visited(states, names, np.flatnonzero(labels == number), result.flow)
        entries.append(Entry(place, number + 1, nodes[0], len(nodes)))
    return entries


def _text(entry: Entry) -> str:
    name = as_text(entry.name, 14)
    return (
        f"{entry.number}: {name}, … ({entry.num_nodes:,} nodes)" if entry.num_nodes > 1 else f"{entry.number}: {name}"
    )


def paint_legend(ax: matplotlib.axes.Axes, colours: FloatArray | Sequence[Any]) -> None:
    """Give the modules of the legend their colours, shape (number of modules in it, 3), or "none"."""
    legend = ax.get_legend()
    if legend is not None and legend.get_gid() in (BELOW, BESIDE, OUTSIDE):
        handles: list[Any] = legend.legend_handles
        for handle, colour in zip(handles, colours, strict=False):
            handle.set_color(colour)

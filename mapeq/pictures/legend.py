"""Legends of modules: the colour, number, most visited node and size of the largest, beside or below the picture."""

from __future__ import annotations

from collections.abc import Hashable
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from mapeq._base.csr import FloatArray
from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.pictures.fonts import typeset_together
from mapeq.pictures.label_placement import BELOW, BESIDE, as_text

if TYPE_CHECKING:
    import matplotlib.axes

#: Modules that a legend lists at most, and its font size in points.
MOST_LISTED, _SIZE = 12, 8
#: Height of its lines and usual width of its columns, by the font size, and the part of a picture that it takes at most
#: below.
_LINE, _WIDTH, _MOST_BELOW = 1.75, 18, 0.25


class Entry(NamedTuple):
    """A module in a legend."""

    place: int  #: of its colour among those of all modules
    number: int  #: from 1
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
    most = min(max(rows * columns, 2), MOST_LISTED + 1)
    listed = entries if number <= most else entries[: most - 1]
    texts = [_text(entry) for entry in listed]
    if len(listed) < number:
        texts.append(counted(number - len(listed), "smaller module"))
    texts, families = typeset_together(texts)
    lines = require("matplotlib.lines", extra="plot").Line2D
    handles = [lines([], [], linestyle="none", marker="o", markersize=_SIZE, color="none") for _ in texts]
    for ncols in range(min(columns, len(texts)), 0, -1):  # until the columns are not wider than the picture
        legend = ax.legend(
            handles,
            texts,
            loc="lower center" if is_below else "center right",
            ncols=ncols,
            prop={"family": families, "size": _SIZE},
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            handletextpad=0.2,
            columnspacing=1.0,
        )
        legend.set_gid(BELOW if is_below else BESIDE)
        for text in legend.get_texts():
            text.set_parse_math(False)
        figure.figure.draw_without_rendering()  # determines the size of the legend
        if legend.get_window_extent().width <= frame.width:
            break
    return [entry.place for entry in listed]


def _text(entry: Entry) -> str:
    name = as_text(entry.name, 14)
    return (
        f"{entry.number}: {name}, … ({entry.num_nodes:,} nodes)" if entry.num_nodes > 1 else f"{entry.number}: {name}"
    )


def paint_legend(ax: matplotlib.axes.Axes, colours: FloatArray) -> None:
    """Give the modules of the legend their colours, shape (number of modules in it, 3)."""
    legend = ax.get_legend()
    if legend is not None and legend.get_gid() in (BELOW, BESIDE):
        handles: list[Any] = legend.legend_handles
        for handle, colour in zip(handles, colours, strict=False):
            handle.set_color(colour)

"""Draw the modules of nodes in layers, which may be windows of time: a row for each node, a column for each layer."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, counted
from mapeq.network.states import States
from mapeq.pictures.charts import describe
from mapeq.pictures.colours import GREY, assign_colours, ground_of, is_dark, mixed, rgb
from mapeq.pictures.fonts import typeset_together
from mapeq.pictures.label_placement import LabelPlacer, LabelRequest, as_text, ink_on, set_title
from mapeq.pictures.legend import MOST_LISTED, add_legend_outside, entries_at, paint_legend
from mapeq.pictures.style import Style
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

#: Nodes that are drawn at most: those with the most flow.
MOST_ROWS = 1000
#: Number of modules with colours of their own, those in most cells; others are grey.
_MOST_COLOURED = 400
#: Number of labels of columns, and of modules with numbers, and the least size of labels of rows, in points.
_MOST_HEADINGS, _MOST_NUMBERED, _SMALLEST = 24, 100, 4.5
_GREY = rgb("#9AA5B1")


def draw_timeline(result: Result, ax: matplotlib.axes.Axes, level: int, style: Style | None) -> None:
    """Draw the module of each node in each layer; nodes that are in the same modules for long are near each other.

    Raises
    ------
    NetworkError
        If the network has no layers.
    """
    states = result.network.states
    if states is None or states.layer is None or not states.layers:
        raise NetworkError(
            "the picture of layers needs a network that has some; mapeq.Network.from_contacts and from_layers make such"
        )
    table = module_table(states, result.labels_at(level))
    visits = np.bincount(states.physical, result.flow, len(states.labels))
    shown = np.sort(np.argsort(-visits, kind="stable")[:MOST_ROWS])
    rows = shown[row_order(table[shown])]
    table = table[rows]
    note = "" if len(rows) == len(visits) else f"the {len(rows):,} most visited of {counted(len(visits), 'node')}"
    ground = ground_of(ax)
    colours = _colours(table, dark=is_dark(ground))
    cells = np.where((table < 0)[..., None], mixed(GREY, ground, 0.86), colours[table])
    ax.set_xlim(-0.5, table.shape[1] - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    _name_columns(ax, states.layers)
    if style is not None and style.legend:
        modules = np.unique(table[table >= 0])
        entries = entries_at(result, result.labels_at(level), modules[: MOST_LISTED + 1].tolist())
        listed = add_legend_outside(ax, entries, result.modules_per_level[level % result.num_levels - 1] - len(entries))
        paint_legend(ax, colours[modules[listed]])
    set_title(ax, style, describe(result, level % result.num_levels), note)
    _name_rows(ax, [states.labels[node] for node in rows.tolist()])
    frame = ax.get_window_extent()
    are_visible = frame.height >= table.shape[0] and frame.width >= table.shape[1]
    ax.imshow(cells, aspect="auto", interpolation="nearest" if are_visible else "antialiased", zorder=1)
    _add_lines(ax, table.shape, gaps(states.layers))
    placer = LabelPlacer(ax, np.zeros((0, 2)), np.zeros(0))
    placer.write(_numbers(table, colours))


def module_table(states: States, labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """The module of each physical node in each layer, shape (number of nodes, number of layers); -1 where it is not."""
    assert states.layer is not None
    assert states.layers is not None
    table = np.full((len(states.labels), len(states.layers)), -1)
    table[states.physical, states.layer] = labels
    return table


def row_order(table: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order of rows: by the module that a node is in most often, then by its modules in order of layers."""
    main = np.empty(len(table), dtype=np.int64)
    for row, modules in enumerate(table):
        found, count = np.unique(modules[modules >= 0], return_counts=True)
        main[row] = found[count.argmax()] if len(found) else -1
    return np.lexsort((*table.T[::-1], main))


def gaps(layers: Sequence[Hashable]) -> list[int]:
    """Positions of layers, but the first, that do not follow the one before at once: windows between are left out."""
    are_times = {np.datetime64} == set(map(type, layers)) or set(map(type, layers)) <= {int, float}
    if not are_times or len(layers) < 3:
        return []
    steps = np.diff(np.array(layers)).astype(np.float64)
    return (np.flatnonzero(steps > 1.5 * steps.min()) + 1).tolist() if steps.min() > 0 else []


def _colours(table: NDArray[np.int64], *, dark: bool) -> FloatArray:
    """The colour of each module, shape (number of modules, 3): those with common borders are told apart best."""
    size = int(table.max(initial=0)) + 1
    count = np.bincount(table[table >= 0], minlength=size)
    largest = np.argsort(-count, kind="stable")[:_MOST_COLOURED]
    rank = np.full(size + 1, -1)  # the last is that of cells without a module
    rank[largest] = np.arange(len(largest))
    beside = np.zeros((len(largest), len(largest)))
    ranks = rank[table]
    for one, other in ((ranks[1:], ranks[:-1]), (ranks[:, 1:], ranks[:, :-1])):
        is_border = (one >= 0) & (other >= 0) & (one != other)
        np.add.at(beside, (one[is_border], other[is_border]), 1.0)
    beside += beside.T
    colours = np.tile(_GREY, (size, 1))
    colours[largest] = assign_colours(beside / max(beside.max(initial=0.0), 1.0), dark=dark)
    return colours


def _add_lines(ax: matplotlib.axes.Axes, shape: tuple[int, ...], breaks: list[int]) -> None:
    """Draw lines between columns, and rows if these are high enough; wide ones where windows are left out."""
    frame = ax.get_window_extent()
    ax.spines[:].set_visible(False)
    ground = ground_of(ax)
    if frame.width > 8 * shape[1]:
        ax.vlines(np.arange(1, shape[1]) - 0.5, -0.5, shape[0] - 0.5, color=ground, linewidth=0.8, zorder=2)
    if frame.height > 6 * shape[0]:
        ax.hlines(np.arange(1, shape[0]) - 0.5, -0.5, shape[1] - 0.5, color=ground, linewidth=0.4, zorder=2)
    ax.vlines(np.array(breaks) - 0.5, -0.5, shape[0] - 0.5, color=ground, linewidth=4, zorder=2)


def _name_columns(ax: matplotlib.axes.Axes, layers: Sequence[Hashable]) -> None:
    """Write the names of layers."""
    texts, common = headings(layers)
    step = -(-len(texts) // _MOST_HEADINGS)
    is_long = sum(len(text) + 2 for text in texts[::step]) > 90
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if is_long else {}
    texts, families = typeset_together(texts[::step])
    ticks = range(0, len(layers), step)
    ax.set_xticks(ticks, texts, fontsize=8, parse_math=False, fontfamily=families, **turned)
    ax.set_xlabel(common, fontsize=9)
    ax.tick_params(length=0)
    ax.set_yticks([])


def _name_rows(ax: matplotlib.axes.Axes, nodes: Sequence[Hashable]) -> None:
    """Write the names of nodes, or how many there are, if names would not be readable; call it after the title."""
    figure: Any = ax.figure
    height = ax.get_window_extent().height / figure.dpi * 72 / max(len(nodes), 1)
    size = min(8.0, 0.95 * height)
    if size >= _SMALLEST:
        names, families = typeset_together([as_text(node, 18) for node in nodes])
        ax.set_yticks(range(len(nodes)), names, fontsize=size, parse_math=False, fontfamily=families)
    else:
        ax.set_ylabel(counted(len(nodes), "node"), fontsize=9)


def headings(layers: Sequence[Hashable]) -> tuple[list[str], str]:
    """The texts of layers, and what dates have in common: the day or the year, if it is the same."""
    if {np.datetime64} != set(map(type, layers)):
        return [as_text(layer, 18) for layer in layers], ""
    parts = [str(layer).split("T") for layer in layers]
    if len(parts[0]) == 2 and len({day for day, _ in parts}) == 1:
        return [time for _, time in parts], parts[0][0]
    texts, years = [" ".join(part) for part in parts], {day[:-6] for day, *_ in parts}
    return (texts, "") if len(years) > 1 else ([text[len(min(years)) + 1 :] for text in texts], min(years))


def _numbers(table: NDArray[np.int64], colours: FloatArray) -> Iterator[LabelRequest]:
    """Yield the number of each module for the largest rectangle of it that begins as a run of rows in a column."""
    largest: dict[int, tuple[int, int, int, int, int]] = {}
    for column, modules in enumerate(table.T):
        bounds = np.flatnonzero(np.diff(modules, prepend=-2, append=-2))
        for top, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            module = int(modules[top])
            if module >= 0 and (column == 0 or (table[top:end, column - 1] != module).any()):
                same = (table[top:end, column:] == module).all(axis=0)
                width = len(same) if same.all() else int(same.argmin())
                if module not in largest or (end - top) * width > largest[module][0]:
                    largest[module] = ((end - top) * width, top, end - top, column, width)
    for module in sorted(largest, key=lambda module: -largest[module][0])[:_MOST_NUMBERED]:
        _, top, height, column, width = largest[module]
        ink = ink_on(colours[module])
        across, down = (width - 1) // 2, (height - 1) // 2  # in the middle of a cell, not on a line between two
        place = (column + across, top + down)
        yield LabelRequest((str(module + 1),), place, (across + 0.5, down + 0.5), 8.5, ink, beside=False)

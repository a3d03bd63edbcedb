"""Draw the hierarchy and the codelength of a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import counted
from mapeq._base.hierarchy import ROOT, depths, first_children, paths, ranks
from mapeq._base.optional import require
from mapeq.network.states import most_visited
from mapeq.pictures.colours import assign_colours, ground_of, is_dark, mixed, rgb
from mapeq.pictures.label_placement import LabelPlacer, LabelRequest, as_text, ink_on, set_title
from mapeq.pictures.legend import MOST_LISTED, add_legend_outside, entries_at, paint_legend
from mapeq.pictures.style import Style
from mapeq.result.result import Result
from mapeq.walk.flow import VISIT

if TYPE_CHECKING:
    import matplotlib.axes

#: Number of families of modules with colours of their own; smaller ones are grey.
_MOST_FAMILIES = 400
_GREY = rgb("#9AA5B1")
#: Room for the texts of the codelength, in points: beside axes and between them, below, also if turned, and beside the
#: last bar.
_BESIDE, _BETWEEN, _BELOW, _TURNED, _PARTS = 40.0, 58.0, 28.0, 46.0, 40.0
#: Room for a bar below which the text under it is turned.
_NARROW = 42.0
#: Font size in points below which headings are shorter.
_READABLE = 6.0
_INDEX, _MODULES, _SAVED, _LOST, _LINE = "#E69F00", "#0072B2", "#009E73", "#D55E00", "#808080"


def describe(result: Result, level: int = 1) -> str:
    """Return the number of modules, the codelength and the savings, for titles."""
    modules = counted(result.modules_per_level[level - 1] if result.modules_per_level else 0, "module")
    if result.num_levels > 2 and level == 1:
        modules = f"{counted(result.num_modules, 'top module')} in {result.num_levels} levels"
    elif result.num_levels > 2:
        modules = f"{modules} at level {level}"
    saved = result.relative_savings
    what = f"{saved:.1%} saved" if saved >= 0 else f"{-saved:.1%} more than without modules"
    return f"{modules}, {result.codelength:.3f} bits per step, {what}"


# The hierarchy --------------------------------------------------------------------------------


class Cells(NamedTuple):
    """The cells of an icicle diagram: modules by number, including the root, then nodes.

    Attributes
    ----------
    column : int64 array of shape (t + n,)
        Depth; 0 for the root.
    top, height : float64 arrays of shape (t + n,)
        As fractions of the flow; the heights of a module's parts add up to its height.
    """

    column: NDArray[np.int64]
    top: FloatArray
    height: FloatArray


def icicle(result: Result) -> Cells:
    """Place each module and node next to its parent, by decreasing flow."""
    module_of, parent = result.hierarchy.module_of.astype(np.int64), result.hierarchy.parent.astype(np.int64)
    depth = depths(result.hierarchy.parent)
    visits = result.module_records[:, VISIT].copy()
    visits[ROOT] = visits[1:][parent[1:] == ROOT].sum()
    before = np.cumsum(visits) - visits - visits[ROOT]  # sum over all modules of smaller numbers, without the root
    first = np.minimum(first_children(result.hierarchy.parent)[:-1], len(parent) - 1)
    top = np.zeros(len(parent))
    for level in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == level)
        top[here] = top[parent[here]] + before[here] - before[first[parent[here]]]
    order = np.lexsort((-result.flow, module_of))
    sums = np.cumsum(result.flow[order]) - result.flow[order]
    starts = np.searchsorted(module_of[order], module_of[order])
    node_top = np.empty(len(module_of))
    node_top[order] = top[module_of[order]] + sums - sums[starts]
    whole = max(visits[ROOT], 1e-300)
    return Cells(
        np.concatenate([depth, depth[module_of] + 1]),
        np.concatenate([top, node_top]) / whole,
        np.concatenate([visits, result.flow]) / whole,
    )


def draw_hierarchy(result: Result, ax: matplotlib.axes.Axes, style: Style | None) -> None:
    """Draw the hierarchy as an icicle diagram: one column per level, heights by flow, coloured by top module."""
    collections = require("matplotlib.collections", extra="plot")
    if result.num_links == 0:
        ax.set_axis_off()
        set_title(ax, style, "no links")
        return
    cells = icicle(result)
    paper = ground_of(ax)
    colours = _cell_colours(result, cells, dark=is_dark(paper))
    num_columns = int(cells.column.max())
    ax.set_xlim(0.5, num_columns + 0.5)
    ax.set_ylim(1, 0)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=8)
    ax.xaxis.tick_top()
    ax.set_yticks(np.linspace(0, 1, 6), [f"{part:.0%}" for part in np.linspace(0, 1, 6)])
    ax.set_ylabel("share of the flow", fontsize=9)
    if style is not None and style.legend:
        _add_legend(result, ax, cells, colours)
    _add_headings(result, ax, num_columns)
    set_title(ax, style, describe(result))
    placer = LabelPlacer(ax, np.zeros((0, 2)), np.zeros(0))
    corners = _corners(cells)
    visible = cells.height * ax.get_window_extent().height
    is_node = np.arange(len(cells.height)) >= len(result.hierarchy.parent)
    leaves = np.unique(result.hierarchy.module_of).astype(np.int64)
    ground = corners[leaves] + [1.0, 0.0]  # background where nodes are too thin to draw
    ground_colours = mixed(colours[leaves], paper, 0.5)
    shown = (cells.column > 0) & (visible > np.where(is_node, 0.7, 0.1))
    edges = np.where(visible[shown] > 3, 0.5, 0.0)
    quads = collections.PolyCollection
    ax.add_collection(quads(ground, facecolors=ground_colours, linewidths=0, zorder=1))
    ax.add_collection(
        quads(corners[shown], facecolors=colours[shown], edgecolors=paper, linewidths=edges, zorder=2, gid="cells")
    )
    placer.write(_cell_labels(result, cells, colours, visible))


def _corners(cells: Cells) -> FloatArray:
    """Return the outlines of the cells, shape (t + n, 4, 2)."""
    left, right = cells.column - 0.5, cells.column + 0.5
    bottom = cells.top + cells.height
    across, down = np.stack([left, right, right, left]), np.stack([cells.top, cells.top, bottom, bottom])
    return np.stack([across.T, down.T], axis=2)


def _add_headings(result: Result, ax: matplotlib.axes.Axes, num_columns: int) -> None:
    """Write headings of the columns, the longest that are readable: what is in a level, and what that saves."""
    figure: Any = ax.figure
    levels = list(enumerate(zip(result.modules_per_level, result.level_savings, strict=True), 1))
    names = ["" if result.num_levels == 2 else f"level {level}\n" for level, _ in levels]
    counts = [counted(number, "module") for _, (number, _) in levels] + [counted(result.num_nodes, "node")]
    savings = [f"\nsaves {saved + 0.0:.3f} bits" for _, (_, saved) in levels]
    short = [name + count.replace(" ", "\n") for name, count in zip([*names, ""], counts, strict=True)]
    long = ["".join(parts) for parts in zip([*names, ""], counts, [*savings, ""], strict=True)]
    for texts in (long, short):
        ax.set_xticks(range(1, num_columns + 1), texts)
        figure.figure.draw_without_rendering()
        widest = max(label.get_window_extent().width for label in ax.get_xticklabels())
        size = min(8.0, 7.6 * ax.get_window_extent().width / num_columns / widest)
        if size >= _READABLE:
            break
    ax.tick_params(axis="x", labelsize=size)


def _families(result: Result) -> NDArray[np.int64]:
    """Return the module that each module takes its colour from: its top module. Shape (t,).

    A module with more than half of the flow would make the picture a single colour: it gets none, -1, and its children
    get colours instead.
    """
    parent = result.hierarchy.parent.astype(np.int64)
    visits = result.module_records[:, VISIT]
    holds_modules = np.zeros(len(parent), dtype=np.bool_)
    holds_modules[parent[1:]] = True
    dominates = holds_modules & (visits > visits[1:][parent[1:] == ROOT].sum() / 2)
    dominates[ROOT] = True
    family = np.full(len(parent), -1)
    for module in range(1, len(parent)):
        if not dominates[module]:
            above = parent[module]
            family[module] = module if dominates[above] else family[above]
    return family


def _cell_colours(result: Result, cells: Cells, *, dark: bool) -> FloatArray:
    """Return one hue per family, lighter at each level below, alternating slightly between siblings."""
    parent, num_modules = result.hierarchy.parent, len(result.hierarchy.parent)
    family = _families(result)
    largest = _by_height(family, cells)[:_MOST_FAMILIES]
    bounds = cells.top[largest], (cells.top + cells.height)[largest]
    gap = np.maximum(np.maximum.outer(bounds[0], bounds[0]) - np.minimum.outer(bounds[1], bounds[1]), 0)
    own = np.tile(_GREY, (num_modules, 1))
    own[largest] = assign_colours(np.exp(-gap / 0.03), dark=dark)
    hues = np.where((family >= 0)[:, None], own[family], mixed(_GREY, 1, 0.4))
    below = np.where(family >= 0, cells.column[:num_modules] - cells.column[family], 0)
    odd = ranks(parent) % 2 == 0
    module_of = result.hierarchy.module_of
    order = np.lexsort((-result.flow, module_of))
    odd_nodes = np.zeros(len(module_of), dtype=np.bool_)
    odd_nodes[order] = np.arange(len(order)) % 2 == 1
    hues = np.concatenate([hues, hues[module_of]])
    steps = np.concatenate([below, below[module_of] + 1])
    lightening = 1 - 0.76**steps + np.where(np.concatenate([odd & (below > 0), odd_nodes]), 0.08, 0.0)
    return mixed(hues, 1, lightening)


def _add_legend(result: Result, ax: matplotlib.axes.Axes, cells: Cells, colours: FloatArray) -> None:
    """List the modules with colours of their own, by decreasing flow."""
    family = _families(result)
    modules = _by_height(family, cells)
    entries = entries_at(result, family[result.hierarchy.module_of], modules[: MOST_LISTED + 1].tolist())
    every = paths(result.hierarchy.parent)
    numbers = [":".join(map(str, every[module])) for module in modules.tolist()]
    entries = [entry._replace(number=number) for entry, number in zip(entries, numbers, strict=False)]
    listed = add_legend_outside(ax, entries, len(modules) - len(entries))
    paint_legend(ax, colours[modules[listed]])


def _by_height(family: NDArray[np.int64], cells: Cells) -> NDArray[np.int64]:
    """Return the families by decreasing height."""
    found = np.unique(family[family >= 0])
    return found[np.argsort(-cells.height[found].round(12), kind="stable")]


def _cell_labels(result: Result, cells: Cells, colours: FloatArray, visible: FloatArray) -> Iterator[LabelRequest]:
    """Yield labels for all cells that are high enough: the most visited nodes of a module."""
    states, names, num_modules = result.network.states, result.network.labels, len(result.hierarchy.parent)
    readable = np.flatnonzero((cells.column > 0) & (visible > 10))
    by_flow = np.argsort(-result.flow, kind="stable")
    first, last = cells.top[num_modules:][by_flow], (cells.top + cells.height)[num_modules:][by_flow]
    middles = (first + last) / 2
    for cell in readable.tolist():
        top, height = float(cells.top[cell]), float(cells.height[cell])
        if cell >= num_modules:
            node = cell - num_modules
            choices: tuple[str, ...] = (
                as_text(names[node] if states is None else states.labels[states.physical[node]]),
            )
        else:
            inside = by_flow[(middles > top) & (middles < top + height)]
            texts = [as_text(label, 16) for label in most_visited(states, names, inside, result.flow)[:4]]
            lines = [", ".join(texts[:most]) for most in range(len(texts), 0, -1)]
            choices = (
                (*(f"{height:.1%}\n{line}" for line in lines), *lines) if cells.column[cell] == 1 else tuple(lines)
            )
        ink = ink_on(colours[cell])
        place = (float(cells.column[cell]), top + height / 2)
        yield LabelRequest(choices, place, (0.48, height / 2), 7.5, ink, beside=False)


# The codelength -------------------------------------------------------------------------------


def draw_codelength(result: Result, ax: matplotlib.axes.Axes, style: Style | None) -> None:
    """Draw the savings of the levels and, if there are several, the codelengths of the trials."""
    ax.set_axis_off()
    if result.num_links == 0:
        set_title(ax, style, "no links")
        return
    several = len(result.trials) > 1
    set_title(ax, style, describe(result))
    figure: Any = ax.figure
    wide, high = np.array(ax.get_window_extent().size) / figure.dpi * 72  # in points, as texts are
    across = max(0.22 * wide, 50.0) if several else 0.0
    bars = max(wide - _BESIDE - (across + _BETWEEN if several else 0.0), 1.0)
    step = max(bars - _PARTS, 1.0) / (len(result.level_savings) + 2.1)
    bottom = (_TURNED if step < _NARROW else _BELOW) / high
    tall = max(0.98 - bottom, 0.1)
    _draw_levels(result, ax.inset_axes((_BESIDE / wide, bottom, bars / wide, tall)), step, tall * high)
    if several:
        _draw_trials(result, ax.inset_axes((0.99 - across / wide, bottom, across / wide, tall)))


def _draw_levels(result: Result, ax: matplotlib.axes.Axes, step: float, high: float) -> None:
    """Draw bars from the one-level codelength down to the codelength, and the two parts of the latter.

    Parameters
    ----------
    result : Result
    ax : matplotlib Axes
    step : float
        Room for a bar, in points.
    high : float
        Height of the axes, in points.
    """
    savings = np.array(result.level_savings)
    savings[np.abs(savings) < 1e-12] = 0.0  # avoids -0.000
    left = result.one_level_codelength - np.cumsum(savings)
    names = ["without\nmodules", *(f"level {level}" for level in range(1, len(savings) + 1)), "codelength"]
    if len(savings) == 1:
        names[1] = "modules"
    last = len(names) - 1
    ax.bar(0, result.one_level_codelength, color="#9AA5B1", width=0.7)
    colours = [_SAVED if saved >= 0 else _LOST for saved in savings]
    ax.bar(range(1, last), savings, bottom=left, color=colours, width=0.7)
    ax.bar(last, result.module_codelength, color=_MODULES, width=0.7)
    ax.bar(last, result.index_codelength, bottom=result.module_codelength, color=_INDEX, width=0.7)
    heights = [result.one_level_codelength, *np.maximum(left, left + savings).tolist(), result.codelength]
    texts = [f"{heights[0]:.3f}", *(f"{0.0 - saved:+.3f}" for saved in savings), f"{heights[-1]:.3f}"]
    upright = 90 if step < _NARROW / 1.5 else 0
    if upright:
        names[0] = "without"
    looks: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 8, "rotation": upright}
    for place, (height, text) in enumerate(zip(heights, texts, strict=True)):
        ax.annotate(text, (place, height), (0, 2), textcoords="offset points", **looks)
    for place, height in enumerate([result.one_level_codelength, *left.tolist()]):
        ax.plot([place - 0.35, place + 1.35], [height, height], color=_LINE, linewidth=0.6)
    above = min(36.0 if upright else 14.0, 0.5 * high)
    top = max(heights) * high / (high - above) or 1.0
    line = 10 * top / high  # half the height of a label
    lower = max(result.module_codelength / 2, line)
    upper = max(result.module_codelength + result.index_codelength / 2, lower + 2 * line)
    for part, size, middle in (("index", result.index_codelength, upper), ("modules", result.module_codelength, lower)):
        ax.text(last + 0.42, middle, f"{part}\n{size:.3f}", ha="left", va="center", fontsize=8)
    ax.set_xlim(-0.6, last + 0.5 + _PARTS / step)
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if step < _NARROW else {}
    ax.set_xticks(range(len(names)), names, fontsize=8, **turned)
    ax.set_ylim(0, top)
    _tidy(ax, "bits per step")


def _draw_trials(result: Result, ax: matplotlib.axes.Axes) -> None:
    """Draw one dot per trial, and a line for the recombined result."""
    trials = np.array(result.trials)
    ax.plot(
        range(1, len(trials) + 1), trials, "o", color=_MODULES, markersize=5 if len(trials) < 60 else 2, gid="trials"
    )
    ax.axhline(result.codelength, color=_LOST, linewidth=1.2, gid="result")
    low, high = min(trials.min(), result.codelength), trials.max()
    room = max(high - low, 1e-4 * high) or 1.0
    ax.set_ylim(low - 0.16 * room, high + 0.12 * room)
    ax.set_xlim(0.4, len(trials) + 0.6)
    ax.annotate(
        "recombined", (1, result.codelength), (0, -3), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", va="top", fontsize=8, color=_LOST,
    )  # fmt: skip
    ax.set_xlabel("trial", fontsize=9)
    ax.locator_params(axis="x", integer=True)
    ax.ticklabel_format(axis="y", useOffset=False)
    _tidy(ax, "bits per step")


def _tidy(ax: matplotlib.axes.Axes, what: str) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)
    ax.set_ylabel(what, fontsize=9)

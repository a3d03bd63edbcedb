"""Alluvial diagrams: columns of modules, and bands for the nodes that they share (extra ``plot``)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.optional import require
from mapeq.pictures.charts import describe
from mapeq.pictures.colours import GREY, assign_colours, ground_of, is_dark
from mapeq.pictures.fonts import typeset_together, warns_once
from mapeq.pictures.label_placement import as_text, ink_on, set_title
from mapeq.pictures.legend import MOST_LISTED, add_legend_outside, entries_at, paint_legend
from mapeq.pictures.style import Style
from mapeq.pictures.timeline import headings
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

#: Modules that are drawn in a column at most, and the least flow of each; the others are gathered.
MOST_MODULES, LEAST_FLOW = 20, 0.005
#: Nodes that a label names, and the least height of a block that has a number, as a fraction of the picture.
_MOST_NAMED, _LEAST_HEIGHT = 3, 0.025


class Column(NamedTuple):
    """A partition in an alluvial diagram."""

    name: str
    labels: Sequence[Hashable]  #: of its nodes; those of other columns with the same text are the same nodes
    modules: IntArray  #: number of the module of each node, from 1
    flow: FloatArray  #: fraction of the height of each node


class _Drawn(NamedTuple):
    """The modules of a column as they are drawn."""

    modules: IntArray  #: of each node; those that are gathered have one number
    texts: dict[int, str]  #: what each is called
    gathered: int | None  #: the number of those that are gathered, if there are any


def size_of_columns(count: int) -> tuple[float, float]:
    """Return the size of the figure of a diagram, in inches."""
    return min(max(9.0, 3.0 + 1.6 * count), 24.0), 6.5


@warns_once
def plot_columns(columns: Sequence[Column], ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Draw columns on axes, by default those of a new figure; see :func:`mapeq.plot_changes`."""
    if ax is None:
        pyplot = require("matplotlib.pyplot", extra="plot")
        ax = pyplot.subplots(figsize=size_of_columns(len(columns)), layout="constrained")[1]
    draw_columns(columns, ax)
    return ax


def draw_layers_as_columns(result: Result, ax: matplotlib.axes.Axes, level: int, style: Style | None) -> None:
    """Draw the modules of each layer as a column.

    Raises
    ------
    NetworkError
        If the network does not have two layers or more.
    """
    states = result.network.states
    if states is None or states.layer is None or states.layers is None or len(states.layers) < 2:
        raise NetworkError(
            "the alluvial picture needs a network of two layers or more, such as mapeq.Network.from_contacts and "
            "from_layers make; mapeq.plot_changes draws several results"
        )
    labels, texts = result.labels_at(level), headings(states.layers)[0]
    columns = []
    for layer, text in enumerate(texts):
        here = np.flatnonzero(states.layer == layer)
        nodes = [states.labels[node] for node in states.physical[here].tolist()]
        flow = result.flow[here]
        shares = flow / flow.sum() if flow.any() else np.full(len(here), 1 / max(len(here), 1))
        columns.append(Column(text, nodes, labels[here].astype(np.int64) + 1, shares))
    ax.set_axis_off()  # the legend needs no room for ticks
    listed: list[int] = []
    if style is not None and style.legend:
        modules = np.unique(labels).tolist()
        entries = entries_at(result, labels, modules[: MOST_LISTED + 1])
        listed = add_legend_outside(ax, entries, len(modules) - len(entries))
    text = describe(result, level % result.num_levels)
    colours = draw_columns([column for column in columns if len(column.labels)], ax, text, style)
    paint_legend(ax, [colours.get(module + 1, "none") for module in listed])


def draw_columns(
    columns: Sequence[Column], ax: matplotlib.axes.Axes, title: str = "", style: Style | None = None
) -> dict[int, FloatArray]:
    """Draw columns: nodes that are in the same modules of all columns are one group, which is a band.

    The title is the usual one, if the style has no other.
    Return the colours of modules that have some, by number, as in the first column where they do.
    """
    alluvial = require("alluvial", extra="plot")
    ax.set_axis_off()
    set_title(ax, style, title)
    drawn = [_gathered(column) for column in columns]
    table = _module_table(columns, drawn)
    groups, group = np.unique(table, axis=0, return_inverse=True)
    place = {text: row for row, text in enumerate(_texts(columns))}
    networks: list[Any] = []
    names: dict[tuple[int, str], str] = {}
    for k, (column, (modules, texts, _)) in enumerate(zip(columns, drawn, strict=True)):
        rows = group.ravel()[[place[str(label)] for label in column.labels]]
        flow = np.bincount(rows, column.flow, len(groups))
        present = np.unique(rows).tolist()
        networks.append(
            alluvial.partition(
                {f"g{row}": int(groups[row, k]) for row in present}, {f"g{row}": float(flow[row]) for row in present}
            )
        )
        names |= {(k, str(module)): texts[module] for module in np.unique(modules).tolist()}
    words, families = typeset_together([as_text(column.name, 30) for column in columns] + list(names.values()))
    names = dict(zip(names, words[len(columns) :], strict=True))
    coloured = _coloured(groups, drawn)
    apart = np.abs(np.subtract.outer(np.arange(len(coloured)), np.arange(len(coloured))))
    colours = assign_colours(1 / (1.0 + apart), dark=is_dark(ground_of(ax)))
    to_hex = require("matplotlib.colors", extra="plot").to_hex
    geometry = alluvial.layout(
        networks,
        names=words[: len(columns)],
        ids=[f"c{k}" for k in range(len(columns))],
        highlight={f"{k}:{module}": [f"g{row}" for row in rows] for (k, module), rows in coloured.items()},
        highlight_colors=[to_hex(colour) for colour in colours],
        module_names=lambda module: names[module.network_index, module.id],
        flow_threshold=0,
        streamline_threshold=0.3,
        vertical_align="justify",
    )
    with require("matplotlib", extra="plot").rc_context({"font.family": families}):
        alluvial.draw(geometry, ax, default_color=to_hex(GREY), label_colors=False, avoid_label_overlap=True)
    for network, (_, _, gathered) in zip(geometry.networks, drawn, strict=True):
        for module in network.modules:
            if module.height < _LEAST_HEIGHT * geometry.height or module.id == str(gathered):
                continue
            widest = max(module.groups, key=lambda each: each.height)
            ground = colours[widest.highlight_index] if widest.highlight_index >= 0 else GREY
            middle = geometry.height - (widest.y + widest.height / 2)
            looks: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "color": ink_on(ground)}
            ax.text(module.x + module.width / 2, middle, module.id, **looks)
    own: dict[int, FloatArray] = {}
    for (_, number), colour in zip(coloured, colours, strict=True):
        own.setdefault(number, colour)
    return own


def _gathered(column: Column) -> _Drawn:
    """Return the modules of a column, the small ones as one after the others."""
    flow = np.bincount(column.modules, column.flow)
    largest = np.argsort(-flow, kind="stable")
    present = np.unique(column.modules)
    kept = [k for k in largest[:MOST_MODULES].tolist() if flow[k] >= LEAST_FLOW]
    small = np.setdiff1d(present, kept)
    modules = column.modules.copy()
    texts: dict[int, str] = {}
    gathered = None
    if len(small) > 1:
        gathered = len(flow)
        modules[np.isin(modules, small)] = gathered
        texts[gathered] = f"{len(small):,} smaller"
    order = np.lexsort((-column.flow, modules))
    first = np.searchsorted(modules[order], np.unique(modules))
    for begin, end in zip(first.tolist(), [*first[1:].tolist(), len(order)], strict=True):
        module = int(modules[order[begin]])
        named = [as_text(column.labels[i], 14) for i in order[begin : min(end, begin + _MOST_NAMED)].tolist()]
        more = ", …" if end - begin > _MOST_NAMED else ""
        texts.setdefault(module, f"{module}: {', '.join(named)}{more}")
    return _Drawn(modules, texts, gathered)


def _texts(columns: Sequence[Column]) -> list[str]:
    """The texts of all labels, each once."""
    return list(dict.fromkeys(str(label) for column in columns for label in column.labels))


def _module_table(columns: Sequence[Column], drawn: Sequence[_Drawn]) -> NDArray[np.int64]:
    """The module of each node in each column, shape (number of nodes, number of columns); 0 where it is not."""
    place = {text: row for row, text in enumerate(_texts(columns))}
    table = np.zeros((len(place), len(columns)), dtype=np.int64)
    for k, (column, each) in enumerate(zip(columns, drawn, strict=True)):
        table[[place[str(label)] for label in column.labels], k] = each.modules
    return table


def _coloured(groups: NDArray[np.int64], drawn: Sequence[_Drawn]) -> dict[tuple[int, int], list[int]]:
    """The groups that have the colour of a module, the first that they are in; those of gathered ones are grey."""
    found: dict[tuple[int, int], list[int]] = {}
    for row, modules in enumerate(groups.tolist()):
        k = next(k for k, module in enumerate(modules) if module)
        if modules[k] != drawn[k].gathered:
            found.setdefault((k, modules[k]), []).append(row)
    return dict(sorted(found.items()))

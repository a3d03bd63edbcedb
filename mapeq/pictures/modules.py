"""Draw networks of modules: a disc for each of the largest, and the flow between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.csr import FloatArray, IntArray, column_sums
from mapeq._base.optional import require
from mapeq.network.states import most_visited
from mapeq.pictures.colours import (
    GREY,
    assign_colours,
    closeness_by_flow,
    closeness_of_discs,
    ground_of,
    is_dark,
    mixed,
)
from mapeq.pictures.label_placement import LabelPlacer, LabelRequest, as_text, ink_on, set_title
from mapeq.pictures.layout import flow_between, place_discs
from mapeq.pictures.legend import add_legend, entries_at, paint_legend
from mapeq.pictures.shapes import MOST_INKED, add_discs, bands, number_labels, set_frame, shape_of
from mapeq.pictures.style import Style
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes
    import scipy.sparse

#: Fraction of the flow in the modules drawn, and bounds for their number.
_FLOW_SHOWN, _FEWEST_SHOWN, _MOST_SHOWN = 0.9, 50, 100


def draw_modules(
    result: Result, ax: matplotlib.axes.Axes, level: int, style: Style, heading: str
) -> dict[int, FloatArray]:
    """Draw modules as discs with areas proportional to flow, and the flow between them; return their colours."""
    labels, links = result.labels_at(level), result.link_flow()
    flow = column_sums(labels, result.flow, int(labels.max()) + 1)
    shown = shown_modules(flow)
    left_out = len(flow) - shown
    between = flow_between(labels, len(flow), links.sources, links.targets, links.flow)[:shown, :shown]
    rest = max(1 - float(flow[:shown].sum() / flow.sum()), 0.0)
    which = f"the {left_out:,} smallest modules" if left_out > 1 else "the smallest module"
    set_title(ax, style, heading, f"without {which} ({rest:.1%} of the flow)" if left_out else "")
    listed = add_legend(ax, entries_at(result, labels, range(shown)), left_out) if style.legend else []
    radii = np.sqrt(flow[:shown] / flow[:shown].sum())
    centres = place_discs(radii, between, gap=1.0, pull=0.003, shape=shape_of(ax))
    closeness = np.maximum(closeness_of_discs(centres, radii), closeness_by_flow(between))
    colours = assign_colours(closeness, dark=is_dark(ground_of(ax)))
    paint_legend(ax, colours[listed])
    set_frame(ax, centres, radii)
    placer = LabelPlacer(ax, centres, radii)
    _add_flows(ax, centres, radii, between, directed=links.directed)
    add_discs(ax, centres, radii, colours, zorder=3, name="modules", edged=True)
    outlined = style.submodules and _add_submodules(ax, result, level, centres, radii, colours)
    if style.numbers:
        requests = number_labels(np.arange(shown), centres, radii, colours)
    else:
        requests = _module_labels(result, labels, centres, radii, colours)
    if outlined:
        requests = (request._replace(outlined=True) for request in requests)
    placer.write(requests)
    return dict(enumerate(colours))


def shown_modules(flow: FloatArray) -> int:
    """Return how many of the largest modules a network of modules shows; none without flow."""
    enough = int(np.searchsorted(np.cumsum(flow), _FLOW_SHOWN * flow.sum() * (1 - 1e-9))) + 1
    bounded = min(max(enough, _FEWEST_SHOWN), _MOST_SHOWN)
    return min(bounded, max(int(np.count_nonzero(flow > 1e-12)), 1))


def _module_labels(
    result: Result, labels: IntArray, centres: FloatArray, radii: FloatArray, colours: FloatArray
) -> Iterator[LabelRequest]:
    """Yield labels: the most visited nodes of each module, as many as fit."""
    states, names = result.network.states, result.network.labels
    for number, radius in enumerate(radii.tolist()):
        members = np.flatnonzero(labels == number)
        texts = [as_text(label, 16) for label in most_visited(states, names, members, result.flow)[:3]]
        place = (float(centres[number, 0]), float(centres[number, 1]))
        choices = tuple("\n".join(texts[:most]) for most in range(len(texts), 0, -1))
        yield LabelRequest(choices, place, radius, 8, ink_on(colours[number]), beside=False)


def _add_submodules(
    ax: matplotlib.axes.Axes,
    result: Result,
    level: int,
    centres: FloatArray,
    radii: FloatArray,
    colours: FloatArray,
) -> bool:
    """Draw the modules of the next level in the discs of their modules; return whether there are any."""
    labels, below = result.labels_at(level), result.labels_at(level + 1)
    links = result.link_flow()
    count = int(below.max()) + 1
    flow = column_sums(below, result.flow, count)
    between = flow_between(below, count, links.sources, links.targets, links.flow)
    module = np.zeros(count, dtype=np.intp)
    module[below] = labels
    inner = []
    for number, (centre, radius) in enumerate(zip(centres, radii.tolist(), strict=True)):
        parts = np.flatnonzero(module == number)
        if len(parts) > 1:
            sizes = np.maximum(np.sqrt(flow[parts] / max(flow[parts].sum(), 1e-300)), 0.02)
            places = place_discs(sizes, between[parts][:, parts], gap=0.1, pull=0.01)
            scale = 0.92 * radius / (np.hypot(*places.T) + sizes).max()
            shades = np.tile(mixed(colours[number], ground_of(ax), 0.4), (len(parts), 1))
            inner.append((centre + scale * places, scale * sizes, shades))
    if inner:
        places, sizes, shades = (np.concatenate(arrays) for arrays in zip(*inner, strict=True))
        add_discs(ax, places, sizes, shades, zorder=3.5, name="submodules")
    return bool(inner)


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
    by_area = MOST_INKED * area / (flow @ np.hypot(*way.T))
    widths = flow * min(np.quantile(0.8 * np.minimum(radii[i], radii[j]) / flow, 0.03), by_area)
    order = np.argsort(flow, kind="stable")
    outlines = bands(centres[i[order]], centres[j[order]], widths[order], tapered=directed)
    ax.add_collection(
        collections.PolyCollection(
            outlines, facecolors=[mixed(GREY, ground_of(ax), 0.35)], linewidths=0, alpha=0.75, zorder=1, gid="links"
        )
    )

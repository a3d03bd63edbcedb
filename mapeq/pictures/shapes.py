"""Shapes of networks in pictures: discs and pies, bands and lines, and the frame around them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import ground_of
from mapeq.pictures.label_placement import LabelRequest, free_extent, ink_on

if TYPE_CHECKING:
    import matplotlib.axes

#: Maximum number of links whose direction is shown.
MOST_TAPERED = 400

#: If there are more links with a direction, they are fainter.
_MOST_PLAIN = 2000

#: Fraction of the picture that links between modules may cover.
MOST_INKED = 0.3


def bands(starts: FloatArray, ends: FloatArray, widths: FloatArray, *, tapered: bool, points: int = 14) -> FloatArray:
    """Return outlines of bands, shape (m, 2 * points, 2): straight, or curved to the left and tapered."""
    t = np.linspace(0, 1, points)[None, :, None]
    way = ends - starts
    normal = _normal(way)
    middle = starts + way / 2 + (0.12 if tapered else 0.0) * normal
    line = _curve(starts, middle, ends, t[..., 0])
    normal = normal / np.maximum(np.hypot(*normal.T), 1e-300)[:, None]
    profile = 1.6 - 1.2 * t if tapered else np.ones_like(t)  # the area is the same in both cases
    half = normal[:, None] * widths[:, None, None] / 2 * profile
    return np.concatenate([line + half, (line - half)[:, ::-1]], axis=1)


def _normal(way: FloatArray) -> FloatArray:
    """Return ways turned to the left. Shape (m, 2)."""
    return np.column_stack([-way[:, 1], way[:, 0]])


def _curve(starts: FloatArray, middle: FloatArray, ends: FloatArray, at: FloatArray) -> FloatArray:
    """Return points of quadratic Bézier curves at fractions of shape (m, p) or (1, p). Shape (m, p, 2)."""
    t = at[..., None]
    found: FloatArray = (1 - t) ** 2 * starts[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * ends[:, None]
    return found


def add_tapered(
    ax: matplotlib.axes.Axes,
    starts: FloatArray,
    ends: FloatArray,
    shades: FloatArray,
    width: float,
    *,
    rasterized: bool = False,
) -> None:
    """Draw links with a direction: curved, and thinner to their ends."""
    outlines = bands(starts, ends, np.full(len(starts), width), tapered=True)
    _add_outlines(ax, list(outlines), shades, "links", rasterized=rasterized)


def add_arrows(
    ax: matplotlib.axes.Axes,
    starts: FloatArray,
    ends: FloatArray,
    reach: FloatArray,
    shades: FloatArray,
    width: float,
    *,
    rasterized: bool = False,
) -> None:
    """Draw links as curved arrows that end at the rims of discs.

    Parameters
    ----------
    ax : matplotlib Axes
    starts, ends : float64 arrays of shape (m, 2)
        Centres of discs.
    reach : float64 array of shape (m,)
        Radii of the discs at the ends.
    shades : float64 array of shape (m, 3)
    width : float
        Of the lines; heads are four times as wide.
    rasterized : bool
        Whether they are pixels in .svg and .pdf files, too.
    """
    length = np.maximum(np.hypot(*(ends - starts).T), 1e-300)
    tip = np.clip(1 - reach / length, 0.3, 1.0)
    neck = tip - np.minimum(5 * width / length, 0.5 * tip)
    middle = starts + (ends - starts) / 2 + 0.12 * _normal(ends - starts)
    t = np.linspace(0, 1, 14)[None, :] * neck[:, None]
    line = _curve(starts, middle, ends, t)
    point, base = (_curve(starts, middle, ends, at[:, None])[:, 0] for at in (tip, neck))
    side = _normal(point - base)
    side *= width / np.maximum(np.hypot(*side.T), 1e-300)[:, None]
    half = side[:, None] / 2
    lines = np.concatenate([line + half, (line - half)[:, ::-1]], axis=1)
    heads = np.stack([point, base + 2 * side, base - 2 * side], axis=1)
    _add_outlines(ax, list(lines), shades, "links", rasterized=rasterized)
    _add_outlines(ax, list(heads), shades, "arrows", rasterized=rasterized)


def _add_outlines(
    ax: matplotlib.axes.Axes, outlines: list[FloatArray], shades: FloatArray, name: str, *, rasterized: bool
) -> None:
    collections = require("matplotlib.collections", extra="plot")
    faint = 0.6 * min(np.sqrt(_MOST_PLAIN / max(len(outlines), 1)), 1.0)
    looks = {"linewidths": 0, "alpha": faint, "zorder": 2, "gid": name, "rasterized": rasterized}
    ax.add_collection(collections.PolyCollection(outlines, facecolors=shades, **looks))


def add_discs(
    ax: matplotlib.axes.Axes,
    centres: FloatArray,
    radii: FloatArray,
    colours: FloatArray,
    *,
    zorder: float,
    name: str,
    edged: bool = False,
) -> None:
    """Draw discs with radii in data units, with edges in the colour of the ground or without."""
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
            edgecolors=ground_of(ax) if edged else "none",
            linewidths=0.4 if edged else 0,
            zorder=zorder,
            gid=name,
        )
    )


def shape_of(ax: matplotlib.axes.Axes) -> float:
    """Return height divided by width of what is free of the axes; call it after setting the title and the legend."""
    left, bottom, right, top = free_extent(ax).tolist()
    return float((top - bottom) / max(right - left, 1e-9))


def set_frame(ax: matplotlib.axes.Axes, centres: FloatArray, radii: FloatArray) -> None:
    """Set limits that fill the axes but for the legend, with room for labels; call it after title and legend."""
    low, high = (centres - radii[:, None]).min(axis=0), (centres + radii[:, None]).max(axis=0)
    free, frame = free_extent(ax), np.array(ax.get_window_extent().extents)
    scale = ((high - low) * 1.06 / (free[2:] - free[:2])).max()
    corner = (low + high) / 2 - scale * ((free[:2] + free[2:]) / 2 - frame[:2])
    far = corner + scale * (frame[2:] - frame[:2])
    ax.set_xlim(corner[0], far[0])
    ax.set_ylim(corner[1], far[1])
    ax.set_aspect("equal")


def add_pies(
    ax: matplotlib.axes.Axes,
    places: FloatArray,
    radii: FloatArray,
    shares: scipy.sparse.csr_array,
    colours: FloatArray,
    *,
    rasterized: bool = False,
) -> None:
    """Draw nodes that are in several modules as pies: a wedge for each share, clockwise from the top, largest first.

    Parameters
    ----------
    ax : matplotlib Axes
    places, radii : float64 arrays of shape (n, 2) and (n,)
    shares : sparse array of shape (n, k)
        Shares of nodes in modules; rows add up to 1.
    colours : float64 array of shape (k, 3)
    rasterized : bool
        Whether they are pixels in .svg and .pdf files, too.
    """
    collections = require("matplotlib.collections", extra="plot")
    wedge = require("matplotlib.patches", extra="plot").Wedge
    wedges, shades = [], []
    for node in np.flatnonzero(np.diff(shares.indptr) > 1).tolist():
        inside = slice(shares.indptr[node], shares.indptr[node + 1])
        order = np.argsort(-shares.data[inside], kind="stable")
        ends = 90 - 360 * np.append(0.0, np.cumsum(shares.data[inside][order]))
        wedges += [wedge(places[node], radii[node], end, begin) for begin, end in pairwise(ends)]
        shades.append(colours[shares.indices[inside][order]])
    if wedges:
        looks = {"edgecolors": ground_of(ax), "linewidths": 0.25, "zorder": 4, "gid": "shares"}
        ax.add_collection(
            collections.PatchCollection(wedges, facecolors=np.concatenate(shades), rasterized=rasterized, **looks)
        )


def opacity(group: IntArray, many: float) -> FloatArray:
    """Return the opacity of links: the more links a module or a pair of modules has, the fainter is each."""
    _, of, count = np.unique(group, return_inverse=True, return_counts=True)
    found: FloatArray = np.clip((many / count) ** 0.7, 0.04, 0.6)[of]
    return found


def number_labels(
    modules: IntArray, places: FloatArray, radii: FloatArray, colours: FloatArray, *, beside: bool = False
) -> Iterator[LabelRequest]:
    """Yield the number of each module, from 1, for the middle of its disc or a place next to it."""
    for module, (x, y), radius, colour in zip(modules.tolist(), places.tolist(), radii.tolist(), colours, strict=True):
        yield LabelRequest((str(module + 1),), (x, y), radius, 10, ink_on(colour), beside=beside)

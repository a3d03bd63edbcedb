"""Shapes of networks in pictures: discs and pies, bands and lines, and the frame around them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.optional import require
from mapeq.pictures.colours import is_dark
from mapeq.pictures.label_placement import INK, LabelRequest

if TYPE_CHECKING:
    import matplotlib.axes

#: Above this number, links and wedges are rasterised, also in .svg and .pdf files.
MOST_VECTORS = 1500

#: Maximum number of links whose direction is shown.
MOST_TAPERED = 400

#: Fraction of the picture that links between modules may cover.
MOST_INKED = 0.3


def bands(starts: FloatArray, ends: FloatArray, widths: FloatArray, *, tapered: bool, points: int = 14) -> FloatArray:
    """Return outlines of bands, shape (m, 2 * points, 2): straight, or curved to the left and tapered."""
    t = np.linspace(0, 1, points)[None, :, None]
    way = ends - starts
    normal = np.column_stack([-way[:, 1], way[:, 0]])
    middle = starts + way / 2 + (0.12 if tapered else 0.0) * normal
    line = (1 - t) ** 2 * starts[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * ends[:, None]
    normal = normal / np.maximum(np.hypot(*normal.T), 1e-300)[:, None]
    profile = 1.6 - 1.2 * t if tapered else np.ones_like(t)  # the area is the same in both cases
    half = normal[:, None] * widths[:, None, None] / 2 * profile
    return np.concatenate([line + half, (line - half)[:, ::-1]], axis=1)


def add_tapered(
    ax: matplotlib.axes.Axes, starts: FloatArray, ends: FloatArray, shades: FloatArray, width: float
) -> None:
    """Draw links with a direction: curved, and thinner to their ends."""
    collections = require("matplotlib.collections", extra="plot")
    outlines = bands(starts, ends, np.full(len(starts), width), tapered=True)
    ax.add_collection(
        collections.PolyCollection(outlines, facecolors=shades, linewidths=0, alpha=0.6, zorder=2, gid="links")
    )


def add_discs(
    ax: matplotlib.axes.Axes,
    centres: FloatArray,
    radii: FloatArray,
    colours: FloatArray,
    *,
    zorder: int,
    name: str,
    edge: str = "none",
) -> None:
    """Draw discs with radii in data units."""
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
            edgecolors=edge,
            linewidths=0.4 if edge != "none" else 0,
            zorder=zorder,
            gid=name,
        )
    )


def shape_of(ax: matplotlib.axes.Axes) -> float:
    """Return height divided by width of the axes; call it after setting the title."""
    frame = ax.get_window_extent()
    return float(frame.height / max(frame.width, 1e-9))


def set_frame(ax: matplotlib.axes.Axes, centres: FloatArray, radii: FloatArray) -> None:
    """Set limits that fill the axes and leave some room for labels; call it after setting the title."""
    low, high = (centres - radii[:, None]).min(axis=0), (centres + radii[:, None]).max(axis=0)
    room = (high - low) * 1.06
    frame = ax.get_window_extent()
    scale = max(room[0] / frame.width, room[1] / frame.height)
    half = scale * np.array([frame.width, frame.height]) / 2
    middle = (low + high) / 2
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    ax.set_aspect("equal")


def add_pies(
    ax: matplotlib.axes.Axes, places: FloatArray, radii: FloatArray, shares: scipy.sparse.csr_array, colours: FloatArray
) -> None:
    """Draw nodes that are in several modules as pies: a wedge for each share, clockwise from the top, largest first.

    Parameters
    ----------
    ax : matplotlib Axes
    places, radii : float64 arrays of shape (n, 2) and (n,)
    shares : sparse array of shape (n, k)
        Shares of nodes in modules; rows add up to 1.
    colours : float64 array of shape (k, 3)
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
        looks = {"edgecolors": "white", "linewidths": 0.25, "zorder": 4, "gid": "shares"}
        raster = len(wedges) > MOST_VECTORS
        ax.add_collection(
            collections.PatchCollection(wedges, facecolors=np.concatenate(shades), rasterized=raster, **looks)
        )


def opacity(group: IntArray, many: float) -> FloatArray:
    """Return the opacity of links: the more links a module or a pair of modules has, the fainter is each."""
    _, of, count = np.unique(group, return_inverse=True, return_counts=True)
    found: FloatArray = np.clip((many / count) ** 0.7, 0.04, 0.6)[of]
    return found


def ink_on(ground: FloatArray) -> str:
    """Return a text colour that is easy to read on a colour."""
    return "white" if is_dark(ground) else INK


def number_labels(
    modules: IntArray, places: FloatArray, radii: FloatArray, colours: FloatArray, *, beside: bool = False
) -> Iterator[LabelRequest]:
    """Yield the number of each module, from 1, for the middle of its disc or a place next to it."""
    for module, (x, y), radius, colour in zip(modules.tolist(), places.tolist(), radii.tolist(), colours, strict=True):
        yield LabelRequest((str(module + 1),), (x, y), radius, 10, ink_on(colour), beside=beside)

"""Draw how stable modules are, and the landscape of the partitions found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import counted, option_error
from mapeq._base.optional import require
from mapeq.pictures.colours import ground_of
from mapeq.pictures.label_placement import ink_on, set_title
from mapeq.pictures.profile import write_as
from mapeq.pictures.style import Style
from mapeq.result.stability import Stability

if TYPE_CHECKING:
    import matplotlib.axes

#: Size of figures in inches.
SIZE = (8.0, 5.0)

#: Modules with a number, at most: those with the most flow.
NUMBERED = 40

#: Where numbers may be, in points from the middle of a disc.
_SHIFTS = ((0, 0), (9, 0), (-9, 0), (0, 10), (0, -10))

_RESAMPLES, _TRIALS, _GREY = "#0072B2", "#D55E00", "#808080"


def write_stability(found: Stability, path: str | os.PathLike[str], style: Style | None = None) -> None:
    """Write to a file; see :meth:`mapeq.Stability.write`."""
    write_as(found, path, SIZE, lambda ax: plot_stability(found, "modules", ax, style), style)


def plot_stability(
    found: Stability, kind: str = "modules", ax: matplotlib.axes.Axes | None = None, style: Style | None = None
) -> matplotlib.axes.Axes:
    """Draw on axes, by default those of a new figure; see :meth:`mapeq.Stability.plot`."""
    draw = {"modules": _draw_modules, "landscape": _draw_landscape}.get(kind) if isinstance(kind, str) else None
    if draw is None:
        raise option_error("kind", kind, '"modules" or "landscape"')
    if ax is None:
        ax = require("matplotlib.pyplot", extra="plot").subplots(figsize=SIZE, layout="constrained")[1]
    draw(found, ax, style)
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _draw_modules(found: Stability, ax: matplotlib.axes.Axes, style: Style | None) -> None:
    sizes = np.bincount(found.labels, minlength=found.num_modules)
    flow = np.bincount(found.labels, found.result.flow, minlength=found.num_modules)
    area = 40 + 900 * flow / max(float(flow.max(initial=0)), 1e-300)
    if found.resampled is not None:
        ax.scatter(
            sizes, found.over_trials, s=14, facecolors="none", edgecolors=_TRIALS, gid="trials", label="over trials"
        )
    colour, over = (_TRIALS, "trials") if found.resampled is None else (_RESAMPLES, "resampled networks")
    ax.scatter(
        sizes, found.stability, s=area, color=colour, alpha=0.45, linewidths=0, gid="modules", label=f"over {over}"
    )
    ax.set_xscale("log")
    ax.margins(x=0.08)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.3g}" if value < 1000 else f"{value:,.0f}")
    ax.xaxis.set_minor_formatter("")
    ax.set_ylim(0, 1.08)
    ax.set_xlabel("number of nodes", fontsize=9)
    ax.set_ylabel("stability\n(mean largest Jaccard index)", fontsize=9)
    if found.resampled is not None:
        legend: Any = ax.legend(frameon=False, fontsize=8, loc="lower right")
        for handle in legend.legend_handles:
            handle.set_sizes([30])
    core = int(found.core.sum())
    set_title(
        ax,
        style,
        f"{counted(found.num_modules, 'module')}, {core:,} of {found.network.num_nodes:,} nodes in cores",
    )
    _write_numbers(ax, np.column_stack([sizes, found.stability]))


def _write_numbers(ax: matplotlib.axes.Axes, places: FloatArray) -> None:
    """Write the numbers of modules, shape (number of modules, 2), by decreasing flow as far as they have room."""
    taken: list[Any] = []
    for module, place in enumerate(places[:NUMBERED].tolist()):
        if np.isnan(place).any():
            continue
        for shift in _SHIFTS:
            looks: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "color": ink_on(ground_of(ax))}
            text = ax.annotate(str(module + 1), place, shift, textcoords="offset points", **looks)
            box = text.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            text.remove()


def _draw_landscape(found: Stability, ax: matplotlib.axes.Axes, style: Style | None) -> None:
    places = _scaled(found.distances)
    number = len(found.codelengths)
    if len(places) > number:
        ax.scatter(
            places[number:, 0],
            places[number:, 1],
            marker="x",
            s=22,
            color=_GREY,
            linewidths=1,
            gid="resamples",
            label="resampled",
        )
        ax.legend(frameon=False, fontsize=8)
    dots = ax.scatter(
        places[:number, 0], places[:number, 1], c=found.codelengths, cmap="viridis", s=42, alpha=0.85, gid="trials"
    )
    best = int(np.argmin(np.abs(found.codelengths - found.result.codelength)))
    ax.scatter(
        places[best, 0], places[best, 1], s=130, facecolors="none", edgecolors=_TRIALS, linewidths=1.5, gid="best"
    )
    bar = ax.figure.colorbar(dots, ax=ax)
    bar.set_label("codelength (bits per step)", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("distance of partitions, scaled to two dimensions", fontsize=9)
    apart = float(found.distances[:number, :number].max(initial=0))
    set_title(ax, style, f"{counted(len(places), 'partition')}, trials up to {apart:.2f} apart")


def _scaled(distances: FloatArray) -> FloatArray:
    """Points in the plane with about the given distances (classical scaling, Torgerson 1952). Shape (k, 2)."""
    centred = distances**2 - (distances**2).mean(axis=0)
    values, vectors = np.linalg.eigh(-(centred - centred.mean(axis=1, keepdims=True)) / 2)
    places = np.zeros((len(distances), 2))
    for axis in range(min(2, len(values))):
        vector = vectors[:, -1 - axis]
        sign = np.sign(vector[np.argmax(np.abs(vector))])  # either is a solution: always take the same one
        places[:, axis] = sign * vector * np.sqrt(max(values[-1 - axis], 0.0))
    return places

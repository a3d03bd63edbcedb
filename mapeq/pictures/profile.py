"""Draw resolution profiles, and write them to files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.io.files.profiles import TABLES, Tabular, check_table, table_format, write_table
from mapeq.pictures.files import FORMATS, write_figure
from mapeq.pictures.label_placement import set_title
from mapeq.pictures.style import Style
from mapeq.result.profile import ResolutionProfile

if TYPE_CHECKING:
    import matplotlib.axes

#: Size of figures in inches.
SIZE = (9.0, 5.0)

_MODULES, _AGREEMENT, _PLATEAU = "#0072B2", "#D55E00", "#009E73"


def check_profile_output(path: str | os.PathLike[str]) -> None:
    """Check before a long search that a profile can be written.

    Raises
    ------
    ValueError
        If the suffix is that of no table and no picture.
    FormatError
        If the file cannot be written.
    ImportError
        If matplotlib is not installed, for pictures, or pyarrow, for Parquet.
    """
    check_table(path, tuple(FORMATS))
    if table_format(path) in FORMATS:
        require("matplotlib", extra="plot")


def write_profile(profile: ResolutionProfile, path: str | os.PathLike[str], style: Style | None = None) -> None:
    """Write a profile; see :meth:`mapeq.ResolutionProfile.write`."""
    write_as(profile, path, SIZE, lambda ax: plot_profile(profile, ax, style), style)


def write_as(
    found: Tabular,
    path: str | os.PathLike[str],
    size: tuple[float, float],
    draw: Callable[[matplotlib.axes.Axes], object],
    style: Style | None,
) -> None:
    """Write as a table or as JSON, or draw a figure of a usual size in inches; the suffix selects the format."""
    check_profile_output(path)
    if table_format(path) in TABLES:
        write_table(found, path)
    else:
        write_figure(path, size, draw, style)


def plot_profile(
    profile: ResolutionProfile, ax: matplotlib.axes.Axes | None = None, style: Style | None = None
) -> matplotlib.axes.Axes:
    """Draw a profile on axes, by default those of a new figure; see :meth:`mapeq.ResolutionProfile.plot`."""
    if ax is None:
        ax = require("matplotlib.pyplot", extra="plot").subplots(figsize=SIZE, layout="constrained")[1]
    times, numbers = profile.markov_times, profile.num_modules
    set_title(ax, style, f"{counted(len(profile.plateaus), 'plateau')} over {counted(len(times), 'Markov time')}")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for plateau in profile.plateaus:
        ax.axvspan(plateau.shortest, plateau.longest, color=_PLATEAU, alpha=0.15, linewidth=0, gid="plateau")
        ax.annotate(
            f"{plateau.num_modules:,}", (plateau.markov_time, plateau.num_modules), (0, 9),
            textcoords="offset points", ha="center", fontsize=10, color=_PLATEAU, weight="bold",
        )  # fmt: skip
    ax.plot(times, numbers, "o-", color=_MODULES, markersize=4, linewidth=1.2, gid="modules")
    ax.set_ylim(0.8, max(float(numbers.max(initial=1)) * 1.6, 2.0))
    ax.set_xlabel("Markov time", fontsize=9)
    ax.set_ylabel("number of modules", fontsize=9, color=_MODULES)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.3g}" if value < 1000 else f"{value:,.0f}")
    ax.tick_params(labelsize=8)
    ax.spines["top"].set_visible(False)
    if len(times) > 1:
        beside = ax.twinx()
        between = np.sqrt(times[1:] * times[:-1])
        beside.plot(
            between, profile.agreement, color=_AGREEMENT, linewidth=1, linestyle=":", marker=".", gid="agreement"
        )
        beside.set_ylim(min(0.0, float(profile.agreement.min())), 1.05)
        beside.set_ylabel("agreement of neighbours (AMI)", fontsize=9, color=_AGREEMENT)
        beside.tick_params(labelsize=8)
        beside.spines["top"].set_visible(False)
    return ax

"""Write pictures: the suffix selects the format, and a file is replaced only once it is complete."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mapeq._base.optional import require
from mapeq.io.files.streams import atomic_file, check_place
from mapeq.pictures.network import plot, size_of
from mapeq.pictures.style import Style
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes

FORMATS = ("png", "svg", "pdf")


def is_picture(path: str | os.PathLike[str]) -> bool:
    """Return whether the suffix is that of a picture."""
    return _format_of(path) in FORMATS


def check_picture(path: str | os.PathLike[str]) -> None:
    """Check before a long search that a picture can be written.

    Raises
    ------
    ValueError
        If the suffix is not that of a picture.
    FormatError
        If the file cannot be written.
    ImportError
        If matplotlib is not installed.
    """
    if not is_picture(path):
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ValueError(f"{os.fspath(path)}: the suffix selects the format; that of a picture must be one of {known}")
    check_place(path)
    require("matplotlib", extra="plot")


def write_picture(
    result: Result,
    path: str | os.PathLike[str],
    kind: str = "network",
    *,
    level: int | None = None,
    style: Style | None = None,
) -> None:
    """Write a picture of a result; see :meth:`mapeq.Result.plot`. Equal results give equal bytes."""
    check_picture(path)
    style = Style() if style is None else style
    looks = replace(style, size=None, dpi=None, dark=False)
    write_figure(path, size_of(result, kind), lambda ax: plot(result, kind, ax, level, looks), style)


def write_figure(
    path: str | os.PathLike[str],
    size: tuple[float, float],
    draw: Callable[[matplotlib.axes.Axes], object],
    style: Style | None = None,
) -> None:
    """Write a figure, drawn on one pair of axes. Equal drawings give equal bytes.

    Parameters
    ----------
    path : str or path
    size : pair of float
        Usual width and height, in inches.
    draw : callable
        Draws on the axes.
    style : Style, optional
        Size, resolution and ground of the figure.
    """
    style = Style() if style is None else style
    matplotlib = require("matplotlib", extra="plot")
    figures = require("matplotlib.figure", extra="plot")
    # Keep text as text in SVG, and its identifiers constant from run to run.
    with matplotlib.rc_context({"svg.hashsalt": "mapeq", "svg.fonttype": "none", **style.settings()}):
        figure = figures.Figure(figsize=style.size or size, layout="constrained")
        draw(figure.add_subplot())
        format = _format_of(path)
        date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format)
        with atomic_file(path, binary=True) as stream:
            figure.savefig(stream, format=format, dpi=style.dpi or 100, metadata=date)


def _format_of(path: str | os.PathLike[str]) -> str:
    return Path(path).suffix.removeprefix(".").lower()

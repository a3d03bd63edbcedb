"""Place labels in pictures, on or next to their shapes, without overlaps and within the axes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq.pictures.colours import ground_of, is_dark
from mapeq.pictures.fonts import typeset
from mapeq.pictures.style import Style

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.text

#: Text colour on a light background.
INK = "#222222"

#: Names of legends below and beside a picture, and the pixels between the two.
BELOW, BESIDE, _GAP = "legend-below", "legend-beside", 8

#: Directions of a label from the centre of its shape, by preference.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))


class LabelRequest(NamedTuple):
    """A label to place on or next to a shape.

    Attributes
    ----------
    texts : tuple of str
        Alternatives; the first that fits is used.
    place : pair of float
        Centre of the shape, in data coordinates.
    reach : float or pair of float
        Radius of a disc, or half the width and height of a rectangle.
    size : float
        Font size in points.
    ink : str
        Text colour on the shape itself.
    beside : bool
        Whether the first text may be placed next to the shape if none fits on it.
    outlined : bool
        Whether text on the shape has an outline and the colour of text beside it, because the shape has several
        colours.
    """

    texts: tuple[str, ...]
    place: tuple[float, float]
    reach: float | tuple[float, float]
    size: float
    ink: str
    beside: bool = True
    outlined: bool = False


def ink_on(ground: FloatArray) -> str:
    """Return a text colour that is easy to read on a colour."""
    return "white" if is_dark(ground) else INK


def as_text(label: Hashable, longest: int = 22) -> str:
    """Return a label on one line, shortened if necessary; lone surrogates, which no font has, become question marks."""
    text = " ".join(str(label).encode(errors="replace").decode().split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


class LabelPlacer:
    """Places labels on axes whose limits are final.

    Parameters
    ----------
    ax : matplotlib Axes
    places, radii : float64 arrays of shape (n, 2) and (n,)
        Discs that labels next to shapes should not cover, if possible.
    most : float
        Maximum fraction of the axes that all labels may cover.
    """

    def __init__(self, ax: matplotlib.axes.Axes, places: FloatArray, radii: FloatArray, most: float = 1.0):
        self._ax = ax
        figure: Any = ax.figure
        figure.figure.draw_without_rendering()  # determines the size of the axes
        self._pixels = np.abs(ax.transData.transform((1, 1)) - ax.transData.transform((0, 0)))
        centres = ax.transData.transform(places) if len(places) else np.zeros((0, 2))
        reach = radii[:, None] * self._pixels
        self._discs = np.concatenate([centres - reach, centres + reach], axis=1)
        self._taken = np.zeros((0, 4))
        self._ground = ground_of(ax)
        self._frame = free_extent(ax)
        self._most = most * (self._frame[2:] - self._frame[:2]).prod()

    def write(self, requests: Iterable[LabelRequest]) -> int:
        """Place labels one after the other, as far as they fit; return how many were placed."""
        return sum(self._place(request) for request in requests)

    def _place(self, request: LabelRequest) -> bool:
        texts = [text for text in request.texts if text]
        on_shape = (self._write(text, request, beside=False) for text in texts)
        return any(on_shape) or (request.beside and any(self._write(text, request, beside=True) for text in texts[:1]))

    def _write(self, words: str, request: LabelRequest, *, beside: bool) -> bool:
        text = self._text(words, request, beside=beside)
        extent = text.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2 + 1.5
        centre = self._ax.transData.transform(request.place)
        reach = np.array(request.reach) * self._pixels
        middles = [centre + np.array(side) * (reach + half) for side in _SIDES]
        if not beside:
            fits = (half <= reach).all() if isinstance(request.reach, tuple) else np.hypot(*(half / reach)) <= 1.02
            middles = [centre] if fits else []
        best: tuple[float, Any] | None = None
        for rank, middle in enumerate(middles):
            box = np.concatenate([middle - half, middle + half])
            if self._is_free(box):
                cost = self._covered(box) / (4 * half.prod()) + 0.02 * rank
                if best is None or cost < best[0]:
                    best = cost, middle
        if best is None:
            text.remove()
            return False
        x, y = self._ax.transData.inverted().transform(best[1])
        text.set_position((float(x), float(y)))
        self._taken = np.vstack([self._taken, np.concatenate([best[1] - half, best[1] + half])])
        return True

    def _text(self, words: str, request: LabelRequest, *, beside: bool) -> matplotlib.text.Text:
        words, families = typeset(words)
        looks: dict[str, Any] = {
            "fontfamily": families,
            "fontsize": request.size,
            "ha": "center",
            "va": "center",
            "linespacing": 1.1,
            "parse_math": False,
            "zorder": 5,
        }
        if not (beside or request.outlined):
            return self._ax.text(*request.place, words, color=request.ink, **looks)
        from mapeq.pictures.outlined import OutlinedText

        text = OutlinedText(*request.place, words, self._ground, color=ink_on(self._ground), **looks)
        text.set_transform(self._ax.transData)
        self._ax.add_artist(text)
        return text

    def _is_free(self, box: FloatArray) -> bool:
        if (box[:2] < self._frame[:2]).any() or (box[2:] > self._frame[2:]).any():
            return False
        covered = (self._taken[:, 2:] - self._taken[:, :2]).prod(axis=1).sum() + (box[2:] - box[:2]).prod()
        if covered > self._most:
            return False
        taken = self._taken
        return not ((taken[:, :2] < box[2:]) & (box[:2] < taken[:, 2:])).all(axis=1).any()

    def _covered(self, box: FloatArray) -> float:
        """Return the area of discs under a box, in square pixels."""
        common = np.minimum(self._discs[:, 2:], box[2:]) - np.maximum(self._discs[:, :2], box[:2])
        return float(np.maximum(common, 0).prod(axis=1).sum())


def free_extent(ax: matplotlib.axes.Axes) -> FloatArray:
    """Return the part of the axes that the legend leaves free, in pixels: left, bottom, right, top."""
    free = np.array(ax.get_window_extent().extents)
    legend = ax.get_legend()
    if legend is not None:
        box = legend.get_window_extent()
        if legend.get_gid() == BELOW:
            free[1] = min(box.y1 + _GAP, free[3] - 1)
        elif legend.get_gid() == BESIDE:
            free[2] = max(box.x0 - _GAP, free[0] + 1)
    return free


def set_title(ax: matplotlib.axes.Axes, style: Style | None, *lines: str) -> None:
    """Set the title, beginning with the name, or that of the style, and shrink it to fit into the figure."""
    name, text = (Style() if style is None else style).title_of(lines)
    figure: Any = ax.figure
    if not text:
        figure.figure.draw_without_rendering()  # determines the size of the axes
        return
    start = f"{as_text(name, 60)}:" if name else ""
    words, families = typeset(f"{start} {text}".strip())
    title = ax.set_title(words, parse_math=False, fontsize=11, fontfamily=families)
    figure.figure.draw_without_rendering()  # a subfigure has the size of its parent
    frame = ax.get_window_extent()
    middle = (frame.x0 + frame.x1) / 2 - figure.bbox.x0
    room = 2 * min(middle, figure.bbox.width - middle) * 0.98
    if name and title.get_window_extent().width > room:
        title.set_text(typeset(f"{start}\n{text}")[0])
    wide = title.get_window_extent().width
    if wide > room:
        title.set_fontsize(10.5 * room / wide)  # text does not shrink proportionally

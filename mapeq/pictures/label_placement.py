"""Labels in pictures: each beside or on its thing, none over another, none cut off."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.optional import require

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.text

#: The colour of letters on light ground.
INK = "#222222"

#: Where a label may stand, best first: the direction from the thing's centre.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))


class Wish(NamedTuple):
    """A label that a thing should have.

    Attributes
    ----------
    texts : tuple of str
        The first that there is room for is taken.
    place : pair of float
        The centre of the thing, in data coordinates.
    reach : float or pair of float
        The radius of a disc, or half the width and height of a rectangle.
    size : float
        Of the letters, in points.
    ink : str
        The colour of letters on the thing itself.
    beside : bool
        Whether the first text may stand beside the thing if none fits on it.
    """

    texts: tuple[str, ...]
    place: tuple[float, float]
    reach: float | tuple[float, float]
    size: float
    ink: str
    beside: bool = True


def as_text(label: Hashable, longest: int = 22) -> str:
    """A label on one line, shortened if need be; question marks for what no font can hold, halves of UTF-16 pairs."""
    text = " ".join(str(label).encode(errors="replace").decode().split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


class Lettering:
    """Puts labels on axes whose limits stand.

    Parameters
    ----------
    ax : matplotlib Axes
    places, radii : float64 arrays of shape (n, 2) and (n,)
        Discs that labels beside things should not cover, if that can be helped.
    most : float
        The part of the axes that labels may cover in all.
    """

    def __init__(self, ax: matplotlib.axes.Axes, places: FloatArray, radii: FloatArray, most: float = 1.0):
        self._ax = ax
        figure: Any = ax.figure
        figure.figure.draw_without_rendering()  # only now it is known how large the axes are
        self._pixels = np.abs(ax.transData.transform((1, 1)) - ax.transData.transform((0, 0)))
        centres = ax.transData.transform(places) if len(places) else np.zeros((0, 2))
        reach = radii[:, None] * self._pixels
        self._things = np.concatenate([centres - reach, centres + reach], axis=1)
        self._taken = np.zeros((0, 4))
        self._frame = np.array(ax.get_window_extent().extents)
        self._most = most * (self._frame[2:] - self._frame[:2]).prod()

    def write(self, wishes: Iterable[Wish]) -> int:
        """Grant the wishes one after the other, as far as there is room; returns how many were."""
        return sum(self._granted(wish) for wish in wishes)

    def _granted(self, wish: Wish) -> bool:
        texts = [text for text in wish.texts if text]
        on_thing = (self._is_written(text, wish, beside=False) for text in texts)
        return any(on_thing) or (wish.beside and any(self._is_written(text, wish, beside=True) for text in texts[:1]))

    def _is_written(self, words: str, wish: Wish, *, beside: bool) -> bool:
        text = self._text(words, wish, beside=beside)
        extent = text.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2 + 1.5
        centre = self._ax.transData.transform(wish.place)
        reach = np.array(wish.reach) * self._pixels
        middles = [centre + np.array(side) * (reach + half) for side in _SIDES]
        if not beside:
            fits = (half <= reach).all() if isinstance(wish.reach, tuple) else np.hypot(*(half / reach)) <= 1.02
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

    def _text(self, words: str, wish: Wish, *, beside: bool) -> matplotlib.text.Text:
        effects = require("matplotlib.patheffects", extra="plot")
        return self._ax.text(
            *wish.place,
            words,
            fontsize=wish.size,
            color=INK if beside else wish.ink,
            ha="center",
            va="center",
            linespacing=1.1,
            parse_math=False,
            path_effects=[effects.withStroke(linewidth=2, foreground="white", alpha=0.85)] if beside else [],
            zorder=5,
        )

    def _is_free(self, box: FloatArray) -> bool:
        if (box[:2] < self._frame[:2]).any() or (box[2:] > self._frame[2:]).any():
            return False
        covered = (self._taken[:, 2:] - self._taken[:, :2]).prod(axis=1).sum() + (box[2:] - box[:2]).prod()
        if covered > self._most:
            return False
        taken = self._taken
        return not ((taken[:, :2] < box[2:]) & (box[:2] < taken[:, 2:])).all(axis=1).any()

    def _covered(self, box: FloatArray) -> float:
        """How much of the things is under a box, in square pixels."""
        common = np.minimum(self._things[:, 2:], box[2:]) - np.maximum(self._things[:, :2], box[:2])
        return float(np.maximum(common, 0).prod(axis=1).sum())


def entitle(ax: matplotlib.axes.Axes, name: str | None, *lines: str) -> None:
    """Set the title, the name first; the letters as small as it takes to fit into the figure."""
    text = "\n".join(line for line in lines if line)
    title = ax.set_title(f"{as_text(name, 60)}: {text}" if name else text, parse_math=False, fontsize=11)
    figure: Any = ax.figure
    figure.figure.draw_without_rendering()  # a figure in another has that one's size
    frame = ax.get_window_extent()
    middle = (frame.x0 + frame.x1) / 2 - figure.bbox.x0
    room = 2 * min(middle, figure.bbox.width - middle) * 0.98
    if name and title.get_window_extent().width > room:
        title.set_text(f"{as_text(name, 60)}:\n{text}")
    wide = title.get_window_extent().width
    if wide > room:
        title.set_fontsize(10.5 * room / wide)  # letters do not shrink evenly

"""Texts with outlines that stay texts in vector files; needs matplotlib: import it where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mapeq._base.csr import FloatArray
from mapeq._base.optional import require

if TYPE_CHECKING:
    from matplotlib import patheffects, text
else:  # the base class is needed at import; pictures import this module only on request
    patheffects = require("matplotlib.patheffects", extra="plot")
    text = require("matplotlib.text", extra="plot")


class OutlinedText(text.Text):
    """Text over its own outline. matplotlib draws texts with effects as shapes, which nobody can search or edit.

    Parameters
    ----------
    x, y : float
    words : str
    outline : float64 array of shape (3,)
        Colour of the outline.
    **looks
        As matplotlib's Text takes them.
    """

    def __init__(self, x: float, y: float, words: str, outline: FloatArray, **looks: Any):
        self._effects: list[patheffects.AbstractPathEffect] = []
        super().__init__(x, y, words, **looks)
        self._outline: list[patheffects.AbstractPathEffect] = [
            patheffects.Stroke(linewidth=2, foreground=tuple(outline.tolist()), alpha=0.85)
        ]

    def get_path_effects(self) -> list[patheffects.AbstractPathEffect]:
        """Return the outline while it is drawn, else none."""
        return self._effects

    def draw(self, renderer: Any) -> None:
        """Draw the outline as a shape, then the text."""
        self._effects = self._outline
        try:
            super().draw(renderer)
        finally:
            self._effects = []
        super().draw(renderer)

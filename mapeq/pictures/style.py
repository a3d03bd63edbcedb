"""How a picture looks, whatever it shows: its size, its title, its legend, and what the caller says of nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mapeq._base.errors import is_flag, is_number, option_error

#: Pixels that a side of a picture may have: matplotlib draws no larger ones.
_MOST_PIXELS = 2**16 - 1
#: Bounds of a side, in inches: there must be room for a title.
_LEAST_INCHES, _MOST_INCHES = 1, 200
#: A side of a picture whose size is not given is no longer.
_USUAL_INCHES = 24
#: Colours of a dark ground, and of texts and lines on it; those of the report.
_DARK, _LIGHT = "#111317", "#eceef2"


@dataclass(frozen=True)
class Style:
    """The looks of a picture, checked when they are set.

    Attributes
    ----------
    name : str, optional
        First part of the title.
    title : str or bool
        The whole title in place of the usual one, or False for none.
    size : pair of float, optional
        Width and height in inches; by default those of the kind of picture.
    dpi : float, optional
        Pixels per inch; by default 100 in files, and what matplotlib is set to in new figures.
    numbers : bool
        Whether modules in discs are labelled by their numbers, not by their most visited nodes.
    legend : bool
        Whether the largest modules are listed.
    arrows : bool
        Whether links with a direction are arrows.
    rasterized : bool
        Whether links and pies are pixels in .svg and .pdf files, too.
    submodules : bool
        Whether modules of the next level are discs in those of their modules.
    dark : bool
        Whether the ground is dark.
    positions, node_sizes, node_colors : mapping, Series, array or None
        What the caller says of nodes, see :func:`~mapeq.pictures.given.given_of`, which checks it.
    node_labels : mapping, Series, array or bool
        Texts of nodes; True for their names, False for none.

    Raises
    ------
    ValueError
        If a value is invalid.
    """

    name: str | None = None
    title: str | bool = True
    size: tuple[float, float] | None = None
    dpi: float | None = None
    numbers: bool = False
    legend: bool = False
    arrows: bool = False
    rasterized: bool = False
    submodules: bool = False
    dark: bool = False
    positions: Any = None
    node_sizes: Any = None
    node_colors: Any = None
    node_labels: Any = True

    def __post_init__(self) -> None:
        if not (isinstance(self.title, str) or is_flag(self.title)):
            raise option_error("title", self.title, "a text, or False for none")
        if self.size is not None and not _is_size(self.size):
            allowed = f"two numbers from {_LEAST_INCHES} to {_MOST_INCHES}, width and height in inches"
            raise option_error("size", self.size, allowed)
        if self.dpi is not None and not (is_number(self.dpi) and self.dpi >= 10 and isfinite(self.dpi)):
            raise option_error("dpi", self.dpi, "a number of pixels per inch, 10 or more")
        longest = max(self.size or (_USUAL_INCHES,))
        if self.dpi is not None and longest * self.dpi > _MOST_PIXELS:
            allowed = f"{int(_MOST_PIXELS / longest):,} at most, for sides of {_MOST_PIXELS:,} pixels or less"
            raise option_error("dpi", self.dpi, allowed)
        for option, value in (
            ("module_numbers", self.numbers),
            ("legend", self.legend),
            ("arrows", self.arrows),
            ("rasterized", self.rasterized),
            ("submodules", self.submodules),
            ("dark", self.dark),
        ):
            if not is_flag(value):
                raise option_error(option, value, "True or False")

    def settings(self) -> dict[str, Any]:
        """Return what matplotlib is set to while a figure is made and drawn on."""
        if not self.dark:
            return {}
        grounds = dict.fromkeys(("figure.facecolor", "axes.facecolor"), _DARK)
        inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        return grounds | dict.fromkeys(inks, _LIGHT) | {"savefig.facecolor": "auto"}

    def of_nodes(self) -> dict[str, Any]:
        """Return what the caller says of nodes, by option."""
        given = {name: getattr(self, name) for name in ("positions", "node_sizes", "node_colors")}
        given = {name: value for name, value in given.items() if value is not None}
        return given if self.node_labels is True else given | {"node_labels": self.node_labels}

    def title_of(self, lines: Iterable[str]) -> tuple[str | None, str]:
        """Return the name that begins the title, and the rest of it, given the lines that are usual."""
        if isinstance(self.title, str):
            return None, self.title
        return (self.name, "\n".join(line for line in lines if line)) if self.title else (None, "")


def _is_size(size: Any) -> bool:
    """Return whether a size is that of a picture; NumPy's numbers are numbers."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        return False
    return all(is_number(side) and _LEAST_INCHES <= side <= _MOST_INCHES for side in size)

"""The picture of the network in the page."""

from __future__ import annotations

import base64
import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.pictures.network import telling_level
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

_INCHES = 8
_DPI = 160

#: Colours where nothing is drawn that has any (Okabe & Ito 2008), without black.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")


class Picture(NamedTuple):
    """A picture in HTML.

    Attributes
    ----------
    html : str
        The figure, or a sentence if there is nothing to draw.
    level : int
        Which modules it shows, see :meth:`mapeq.Result.labels_at`.
    colours : list of str
        Those of these modules, most flow first, like ``#0072b2``; "" and beyond the end for those without.
    """

    html: str
    level: int
    colours: list[str]


def drawn(result: Result) -> Picture:
    """The network as PNG data.

    Raises
    ------
    ImportError
        If matplotlib is not installed (extra ``plot``).
    """
    if result.num_links == 0:
        return Picture("<p>The network has no links: there is nothing to draw.</p>", 1, list(_COLOURS))
    # A figure of its own, not pyplot's: those are kept until somebody closes them.
    figure = require("matplotlib.figure", extra="plot").Figure((_INCHES, _INCHES))
    figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.15)
    with warnings.catch_warnings():
        # Letters that no font has are boxes in the picture; the rest of the page leaves them to the browser.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        level = telling_level(result)
        axes = result.plot(ax=figure.add_subplot(), level=level)
        content = base64.b64encode(_png(figure)).decode()
    side = _INCHES * _DPI
    what = f"{counted(result.num_nodes, 'node')} in {counted(result.modules_per_level[level - 1], 'module')}"
    above = f"These are the modules of level {level}. " if level > 1 else ""
    html = (
        f'<figure><img src="data:image/png;base64,{content}" width="{side}" height="{side}" '
        f'alt="A drawing of the network, {what}, coloured by module.">'
        f"<figcaption>{above}Areas say how often the walk is there. Modules have the same colours all over this page; "
        "small ones are grey.</figcaption></figure>"
    )
    return Picture(html, level, _colours(result, axes, level))


def _png(figure: matplotlib.figure.Figure) -> bytes:
    """A figure in 256 colours: a third of the bytes, and nobody sees it."""
    image = require("PIL.Image", extra="plot")  # matplotlib brings it along
    large, small = io.BytesIO(), io.BytesIO()
    figure.savefig(large, format="png", dpi=_DPI)
    with image.open(large) as picture:
        picture.convert("RGB").quantize(256, dither=image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()


def _colours(result: Result, axes: matplotlib.axes.Axes, level: int) -> list[str]:
    """The colours in which the modules of a level are drawn: those of the discs for nodes, or else for modules."""
    to_hex = require("matplotlib.colors", extra="plot").to_hex
    discs = {shapes.get_gid(): np.asarray(shapes.get_facecolor()) for shapes in axes.collections}
    if "nodes" in discs:
        sources, targets, _ = result.network.links()
        modules, first = np.unique(result.labels_at(level)[np.union1d(sources, targets)], return_index=True)
        found = dict(zip(modules.tolist(), discs["nodes"][first], strict=True))
    elif "modules" in discs:
        found = dict(enumerate(discs["modules"]))
    else:
        return list(_COLOURS)
    return [to_hex(found[module]) if module in found else "" for module in range(max(found) + 1)]

"""Draw the picture of the network in the page."""

from __future__ import annotations

import base64
import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mapeq._base.errors import counted
from mapeq._base.optional import require
from mapeq.pictures.network import draw_network, informative_level
from mapeq.result.result import Result

if TYPE_CHECKING:
    import matplotlib.figure

_INCHES = 8
_DPI = 160

#: Colours for a page whose picture has none (Okabe & Ito 2008), without black.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")


class Picture(NamedTuple):
    """A picture as HTML.

    Attributes
    ----------
    html : str
        The figure, or a sentence if the network has no links.
    level : int
        Level of the modules shown, see :meth:`mapeq.Result.labels_at`.
    colours : list of str
        Colours of these modules, by decreasing flow, like ``#0072b2``; "" or missing at the end for modules not drawn.
    """

    html: str
    level: int
    colours: list[str]


def draw_picture(result: Result) -> Picture:
    """Draw the network as a PNG image.

    Raises
    ------
    ImportError
        If matplotlib is not installed (extra ``plot``).
    """
    if result.num_links == 0:
        return Picture("<p>The network has no links to draw.</p>", 1, list(_COLOURS))
    # Not a figure of pyplot, which would keep it in memory.
    figure = require("matplotlib.figure", extra="plot").Figure((_INCHES, _INCHES))
    figure.set_layout_engine("constrained", w_pad=0.15, h_pad=0.15)
    with warnings.catch_warnings():
        # Characters that the font lacks are drawn as boxes; the text of the page is up to the browser.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        level = informative_level(result)
        found = draw_network(result, figure.add_subplot(), level, None)
        content = base64.b64encode(_png(figure)).decode()
    side = _INCHES * _DPI
    states = result.network.states
    num_nodes = result.num_nodes if states is None else len(np.unique(states.physical))
    what = f"{counted(num_nodes, 'node')} in {counted(result.modules_per_level[level - 1], 'module')}"
    above = f"The modules are those of level {level}. " if level > 1 else ""
    html = (
        f'<figure><img src="data:image/png;base64,{content}" width="{side}" height="{side}" '
        f'alt="A drawing of the network, {what}, coloured by module.">'
        f"<figcaption>{above}Areas are proportional to flow. Modules have the same colours throughout this page; "
        "small ones are grey.</figcaption></figure>"
    )
    to_hex = require("matplotlib.colors", extra="plot").to_hex
    colours = [to_hex(found[module]) if module in found else "" for module in range(max(found) + 1)]
    return Picture(html, level, colours)


def _png(figure: matplotlib.figure.Figure) -> bytes:
    """Return a figure in 256 colours, which takes a third of the bytes without a visible difference."""
    image = require("PIL.Image", extra="plot")  # a dependency of matplotlib
    large, small = io.BytesIO(), io.BytesIO()
    figure.savefig(large, format="png", dpi=_DPI)
    with image.open(large) as picture:
        picture.convert("RGB").quantize(256, dither=image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()

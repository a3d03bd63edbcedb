"""The picture of the network in the page."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from mapeq._optional import require
from mapeq.errors import counted
from mapeq.result import Result

if TYPE_CHECKING:
    import matplotlib.figure

_INCHES = 8
_DPI = 160


def embedded_picture(result: Result) -> str:
    """The figure's HTML, the picture as PNG data in it; a sentence if there is nothing to draw.

    Raises
    ------
    ImportError
        If matplotlib is not installed (extra ``plot``).
    """
    if result.num_links == 0:
        return "<p>The network has no links: there is nothing to draw.</p>"
    # A figure of its own, not pyplot's: those are kept until somebody closes them.
    figure = require("matplotlib.figure", extra="plot").Figure((_INCHES, _INCHES), layout="constrained")
    axes = result.plot(figure.add_subplot())
    axes.set_title("")  # the page has said it
    content = base64.b64encode(_png(figure)).decode()
    side = _INCHES * _DPI
    what = f"{counted(result.num_nodes, 'node')} in {counted(result.num_modules, 'module')}"
    return (
        f'<figure><img src="data:image/png;base64,{content}" width="{side}" height="{side}" '
        f'alt="The network drawn: {what}, each module together.">'
        "<figcaption>Each module together; the area of a node says how often it is visited. The eight modules with "
        "most flow have colours, the same ones as below.</figcaption></figure>"
    )


def _png(figure: matplotlib.figure.Figure) -> bytes:
    """A figure in 256 colours: a third of the bytes, and nobody sees it."""
    image = require("PIL.Image", extra="plot")  # matplotlib brings it along
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    with image.open(drawn) as picture:
        picture.convert("RGB").quantize(256, dither=image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()

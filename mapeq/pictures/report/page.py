"""Reports: a result on one self-contained page of HTML.

Style, scripts and data are in the file; nothing is loaded from elsewhere. Python writes statistics and text; the
scripts draw the map of the network, the hierarchy, the table of modules and the sizes from the data in the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from html import escape
from importlib import resources
from string import Template
from typing import Any, TextIO

from mapeq import __version__
from mapeq.io.files.output import WRITERS, Writer
from mapeq.pictures.report.data import page_data
from mapeq.pictures.report.words import (
    codelength_bars,
    details,
    explanation,
    headline,
    legend,
    level_table,
    omissions,
)
from mapeq.result.result import Result

#: Styles and scripts, in the order in which they depend on each other.
_STYLE = ("page.css", "map.css", "drawn.css")
_PROGRAM = (
    *("data.js", "states.js", "page.js", "sizes.js", "view.js", "placement.js"),
    *("map.js", "moves.js", "hierarchy.js", "table.js", "start.js"),
)


def write_report(result: Result, stream: TextIO, *, title: str | None = None) -> None:
    """Write the page of :func:`html_report` to a text stream."""
    stream.write(html_report(result, title=title))


WRITERS["html"] = Writer(write_report, options=("title",))


def html_report(result: Result, *, title: str | None = None) -> str:
    """Return a page about a result: statistics, a map of the network, its hierarchy, and a searchable table of modules.

    Above 120,000 nodes, it lists only the nodes with most flow in each module; above 120,000 modules, only those with
    most flow; above 300,000 flows between modules of the same module or nodes of the same module, only the strongest
    flows of each. The page then says so. Of states, nodes are physical nodes, once in each finest module of theirs.
    Equal results give equal bytes.

    Parameters
    ----------
    result : Result
    title : str, optional
        Name of the network, such as that of its file.

    Returns
    -------
    str
        HTML, to be written as UTF-8.

    Examples
    --------
    >>> import mapeq
    >>> from mapeq.pictures.report.page import html_report
    >>> page = html_report(mapeq.infomap([("ann", "bob"), ("bob", "cid"), ("cid", "ann")]), title="A & B")
    >>> page[:15], "<title>A &amp; B · mapeq</title>" in page
    ('<!doctype html>', True)
    """
    css, js = ("\n".join(map(_file, files)) for files in (_STYLE, _PROGRAM))
    data = page_data(result)
    name = "Communities of a network" if title is None else title
    return Template(_file("page.html")).substitute(
        title=_encodable(escape("mapeq" if title is None else f"{title} · mapeq")),
        name=_encodable(escape(name)),
        version=escape(__version__),
        css=css,
        js=js,
        css_hash=_hash(css),
        js_hash=_hash(js),
        headline=headline(result),
        explanation=_encodable(explanation(result)),  # it may quote a label
        bars=codelength_bars(result),
        levels=level_table(result),
        legend=legend(data),
        omissions=omissions(result, data),
        details=details(result),
        data=_packed(data),
    )


def _file(name: str) -> str:
    return resources.files("mapeq.pictures.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return the hash of a style or script for the page's security policy, which blocks all others."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _packed(data: dict[str, Any]) -> str:
    """Return JSON, compressed, in base64: a third of the size, and without characters that are special in HTML."""
    text = json.dumps(data, separators=(",", ":"))  # in ASCII: labels may be invalid text
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _encodable(text: str) -> str:
    """Replace what UTF-8 cannot hold by question marks: names of files and nodes may be invalid text."""
    return text.encode(errors="replace").decode()

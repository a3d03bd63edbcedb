"""Reports: all that a result says, on one page of HTML that needs nothing but a browser (extra ``plot``).

Style, program, data and picture are inside the file, nothing is loaded from anywhere. The figures and the words are
written here; the hierarchy, the table of modules and the sizes are drawn by ``page.js`` from the data in the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib import resources
from string import Template
from typing import Any, TextIO

from mapeq import __version__
from mapeq.io.files.output import WRITERS, Writer
from mapeq.pictures.report.data import page_data
from mapeq.pictures.report.picture import drawn
from mapeq.pictures.report.words import codelength_bars, explanation, facts, headline, left_out, level_table
from mapeq.result.result import Result

#: What could end a script's element, or has no place in a file: half of a pair of UTF-16.
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


#: The page's style and program, in the order in which their parts build on each other.
_STYLE = ("page.css", "drawn.css")
_PROGRAM = ("page.js", "hierarchy.js", "table.js")


def write_report(result: Result, stream: TextIO, *, title: str | None = None) -> None:
    """Write the page of :func:`html_report` to a stream of text."""
    stream.write(html_report(result, title=title))


WRITERS["html"] = Writer(write_report, options=("title",), needs=("matplotlib", "plot"))


def html_report(result: Result, *, title: str | None = None) -> str:
    """A page about a result: figures, picture, hierarchy, and a table of modules to search in. Always the same bytes.

    Of networks of more than 50,000 nodes it lists only the nodes with most flow in each module, of hierarchies of more
    than 50,000 modules only those with most flow; it says so then.

    Parameters
    ----------
    result : Result
    title : str, optional
        What the network is called, for one the name of its file.

    Returns
    -------
    str
        HTML, to be encoded as UTF-8.

    Raises
    ------
    ImportError
        If matplotlib is not installed (extra ``plot``) and there are links to draw.

    Examples
    --------
    >>> import mapeq
    >>> from mapeq.pictures.report.page import html_report
    >>> page = html_report(mapeq.infomap([("ann", "bob"), ("bob", "cid"), ("cid", "ann")]), title="A & B")
    >>> page[:15], "<title>A &amp; B · mapeq</title>" in page
    ('<!doctype html>', True)
    """
    css, js = ("\n".join(map(_file, files)) for files in (_STYLE, _PROGRAM))
    picture = drawn(result)
    data = page_data(result, picture.level) | {"colours": picture.colours}
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
        explanation=_encodable(explanation(result)),  # it may name a node
        bars=codelength_bars(result),
        levels=level_table(result),
        picture=picture.html,
        left_out=left_out(result, data),
        facts=facts(result),
        data=_json_in_html(data),
    )


def _file(name: str) -> str:
    return resources.files("mapeq.pictures.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's policy knows an element by: no other style or script is applied or run, whatever labels say."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json_in_html(data: dict[str, Any]) -> str:
    """JSON that holds no character with a meaning in HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _encodable(text: str) -> str:
    """The text with a question mark for what UTF-8 cannot hold: names of files and nodes are not always text."""
    return text.encode(errors="replace").decode()

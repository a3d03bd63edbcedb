"""The .clu format: one row ``node module flow`` per node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from mapeq._base.errors import FormatError
from mapeq.io.files.naming import Row, header, in_text, names_in_files, quoted
from mapeq.result.modules import numbered
from mapeq.result.result import Result

_FIELDS = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^\s,]+))(?:\s*,\s*|\s+)(?P<module>[^\s,]+)')


def write_clu(result: Result, stream: TextIO, level: int = 1) -> None:
    """Write the nodes module by module, with modules numbered from 1, both by decreasing flow.

    Nodes are named by their numbers in the input file if it has numbers, else by their labels.
    """
    modules = numbered(result.labels_at(level))
    stream.write(header(result))
    stream.write(f"# module level {level}\n# node_id module flow\n")
    names = [quoted(in_text(name, "clu")) for name in names_in_files(result.network)]
    numbers, flows = modules.tolist(), result.flow.tolist()
    for i in np.lexsort((-result.flow, modules)).tolist():
        stream.write(f"{names[i]} {numbers[i]} {flows[i]:.9g}\n")


def read_clu(lines: Iterator[tuple[int, str]], file: str) -> Iterator[Row]:
    """Read rows ``node module``; ignore further columns, comments (#) and a heading ``*Vertices``.

    Parameters
    ----------
    lines : iterator of (line number, text)
    file : str
        For error messages.
    """
    for number, text in lines:
        if text.startswith("#") or text[:9].lower() == "*vertices":
            continue
        match = _FIELDS.match(text)
        if match is None:
            raise FormatError("expected a node and its module", file=file, line=number, text=text)
        name = match["plain"] if match["quoted"] is None else match["quoted"].replace('""', '"')
        yield Row(name, (match["module"],), number)

"""The .tree format: a row ``path flow "name" node`` for every node, the path leading through its modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from mapeq.errors import FormatError
from mapeq.formats.naming import Row, has_numbers, header, in_text, names_in_files
from mapeq.result import Result

_FIELDS = re.compile(r'(?P<path>\d+(?::\d+)*)\s+(?P<flow>\S+)\s+"(?P<name>.*)"\s+(?P<node>\S+)')


def write_tree(result: Result, stream: TextIO) -> None:
    """Write nodes in the order of their paths: modules from 1 by decreasing flow, and the nodes within likewise.

    Nodes whose file or label has no number for them are numbered from 1 in the last column.
    """
    stream.write(header(result))
    stream.write("# path flow name node_id\n")
    labels = [in_text(label, "tree") for label in result.node_labels]
    names = names_in_files(result.network)
    numbers = names if has_numbers(result.network) else range(1, len(labels) + 1)
    modules, flows = result.labels.tolist(), result.flow.tolist()
    rank, last = 0, -1
    for i in np.lexsort((-result.flow, result.labels)).tolist():
        rank = rank + 1 if modules[i] == last else 1
        last = modules[i]
        stream.write(f'{modules[i] + 1}:{rank} {flows[i]:.9g} "{labels[i]}" {numbers[i]}\n')


def read_tree(lines: Iterator[tuple[int, str]], file: str, *, by_number: bool) -> Iterator[Row]:
    """Read the top module of every node, named by its number or by its name; links of a .ftree are passed over.

    Raises
    ------
    FormatError
        If a row is malformed, or the tree is deeper than two levels.
    """
    for number, text in lines:
        if text.startswith("#"):
            continue
        if text.startswith("*"):
            return
        match = _FIELDS.match(text)
        if match is None:
            raise FormatError('expected: path flow "name" node', file=file, line=number, text=text)
        path = match["path"].split(":")
        if len(path) > 2:
            raise FormatError(
                f"a hierarchy of {len(path)} levels; only two-level partitions can be read so far",
                file=file,
                line=number,
                text=text,
            )
        yield Row(match["node" if by_number else "name"], path[0], number)

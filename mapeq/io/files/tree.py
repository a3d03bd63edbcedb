"""The .tree format: one row ``path flow "name" node`` per node.

A path holds the ranks, from 1 and by decreasing flow, of the top module, of the module within it, and so on. Its last
number is the rank of the node in its leaf module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from mapeq._base.errors import FormatError
from mapeq._base.hierarchy import leaf_paths
from mapeq.io.files.naming import Row, has_numbers, header, in_text, in_tree_order, names_in_files
from mapeq.result.result import Result

#: Regular expression of a row.
ROW_OF_TREE = r'(?P<path>\d+(?::\d+)*)\s+(?P<flow>\S+)\s+"(?P<name>.*)"\s+(?P<node>\S+)'
_FIELDS = re.compile(ROW_OF_TREE)


def write_tree(result: Result, stream: TextIO) -> None:
    """Write nodes in the order of their paths.

    The last column holds the numbers of the nodes in the input file or their integer labels, or else numbers from 1.
    """
    stream.write(header(result))
    stream.write("# path flow name node_id\n")
    labels = [in_text(label, "tree") for label in result.node_labels]
    names = names_in_files(result.network)
    numbers = names if has_numbers(result.network) else range(1, len(labels) + 1)
    paths, flows = leaf_paths(result.hierarchy), result.flow.tolist()
    order, ranks = (array.tolist() for array in in_tree_order(result))
    for i in order:
        stream.write(f'{paths[i]}:{ranks[i]} {flows[i]:.9g} "{labels[i]}" {numbers[i]}\n')


def read_tree(lines: Iterator[tuple[int, str]], file: str, *, by_number: bool) -> Iterator[Row]:
    """Read the modules of every node, named by number or by name; ignore the links of a .ftree file.

    The last number of a path is ignored unless it is the only one: then it is a module.

    Raises
    ------
    FormatError
        If a row is malformed.
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
        yield Row(match["node" if by_number else "name"], tuple(path[:-1] or path), number)

"""Read a partition of a network from a file: find the format, and match rows to nodes."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from mapeq._base.errors import FormatError, PartitionError
from mapeq._base.hierarchy import Branches, Hierarchy, misplaced
from mapeq.io.files.clu import read_clu
from mapeq.io.files.compression import plain_name
from mapeq.io.files.naming import Row, has_numbers, names_in_files
from mapeq.io.files.source import file_name, text_lines
from mapeq.io.files.tables import read_json, read_table
from mapeq.io.files.tree import ROW_OF_TREE, read_tree
from mapeq.network.network import Network


def read_partition(path: str | os.PathLike[str], network: Network, *, fit: bool = False) -> Hierarchy:
    """Read the modules of every node of a network from a .clu, .tree, .ftree, .json, .csv or .tsv file.

    Any other file, and standard input (``-``), is read by its content: as .json if it begins with a brace, as .csv if
    it has that header, as .tsv or .tree if its first row looks so, else as .clu. With `fit`, the partition may belong
    to another network, see :func:`mapeq.io.inputs.as_partition`.

    Returns
    -------
    Hierarchy
        Of n nodes; a plain partition is a hierarchy of depth one.

    Raises
    ------
    FormatError
        If the file cannot be read, a row is malformed, or a module contains both nodes and modules.
    PartitionError
        If a node is missing, unknown or named twice; with `fit`, if no node is known.
    """
    file = file_name(path)
    rows, names = _rows_and_names(path, file, network)
    position = {str(name): i for i, name in enumerate(names)}
    if len(position) < network.num_nodes:
        raise PartitionError(f"{file}: the network has labels that look alike in files, such as 1 and '1'")
    module_of = np.full(network.num_nodes, -1, dtype=np.int64)
    lines: list[int | None] = [None] * network.num_nodes
    branches = Branches()
    for row in rows:
        i = position.get(row.node)
        if i is None and fit:
            continue
        if i is None:
            hint = "; if this line is a header, it must name the columns node and module" if row.line == 1 else ""
            raise PartitionError(f"{file}, {row.place}: {row.node!r} is not a node of the network{hint}")
        if module_of[i] >= 0:
            raise PartitionError(f"{file}, {row.place}: the node {row.node!r} is named twice")
        module_of[i] = branches.module(row.path)
        lines[i] = row.line
    missing = np.flatnonzero(module_of < 0)
    if fit and len(missing) < network.num_nodes:
        # A tuple, unlike all names in files, which are strings.
        module_of[missing] = [branches.module([("singleton", i)]) for i in missing.tolist()]
    elif len(missing):
        raise PartitionError(
            f"{file}: {len(missing):,} of {network.num_nodes:,} nodes have no module, "
            f"such as {network.labels[missing[0]]!s}"
        )
    hierarchy = branches.hierarchy(module_of)
    misplaced_node = misplaced(hierarchy)
    if misplaced_node is not None:
        raise FormatError(
            f"the node {names[misplaced_node]!s} is in a module that contains modules; "
            "a module must contain either nodes or modules",
            file=file,
            line=lines[misplaced_node],
        )
    return hierarchy


def _rows_and_names(
    path: str | os.PathLike[str], file: str, network: Network
) -> tuple[Iterator[Row], Sequence[Hashable]]:
    """Return the rows of a file, and the names of nodes in it: labels in tables, else numbers if there are some."""
    suffix = Path(plain_name(os.fspath(path))).suffix.lower()
    if suffix in (".graphml", ".gexf", ".parquet", ".html"):
        raise FormatError(
            "partitions cannot be read from this format; give .clu, .tree, .ftree, .json, .csv or .tsv", file=file
        )
    lines = text_lines(path)
    if suffix not in _SUFFIXES:
        lines, suffix = _recognised(lines)
    by_number = has_numbers(network)
    if suffix in (".csv", ".tsv"):
        return read_table(lines, file, "," if suffix == ".csv" else "\t"), network.label_list()
    if suffix == ".clu":
        return read_clu(lines, file), names_in_files(network)
    names = names_in_files(network) if by_number else network.label_list()
    return (read_json if suffix == ".json" else read_tree)(lines, file, by_number=by_number), names


#: Formats that can be told by their content, and how their first line that is no comment looks.
_SUFFIXES = {
    ".json": r"\s*\{",
    ".csv": "node,module",
    ".tsv": r".*\t",
    ".tree": ROW_OF_TREE,
    ".ftree": ROW_OF_TREE,
    ".clu": "",
}


def _recognised(lines: Iterator[tuple[int, str]]) -> tuple[Iterator[tuple[int, str]], str]:
    """Return the same lines, and the suffix of files of their format."""
    head: list[tuple[int, str]] = []
    for line in lines:
        head.append(line)
        if not line[1].startswith("#"):
            break
    begin = head[-1][1] if head else ""
    return chain(head, lines), next(suffix for suffix, look in _SUFFIXES.items() if re.match(look, begin))

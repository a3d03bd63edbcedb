"""Read a partition of a network from a file: find the format, and match rows to nodes."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np

from mapeq._base.errors import FormatError, PartitionError
from mapeq._base.hierarchy import Branches, Hierarchy, misplaced
from mapeq.io.files.clu import read_clu
from mapeq.io.files.compression import plain_name
from mapeq.io.files.naming import Row, has_numbers, names_in_files
from mapeq.io.files.source import file_name, text_lines
from mapeq.io.files.tables import read_table
from mapeq.io.files.tree import read_tree
from mapeq.network.network import Network


def read_partition(path: str | os.PathLike[str], network: Network, *, fit: bool = False) -> Hierarchy:
    """Read the modules of every node of a network from a .clu, .tree, .ftree, .csv or .tsv file.

    Any other file, and standard input (``-``), is read like .tsv if its first row has a tab, else like .clu. With
    `fit`, the partition may belong to another network, see :func:`mapeq.io.inputs.as_partition`.

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
    module_of, line = np.full((2, network.num_nodes), -1, dtype=np.int64)
    branches = Branches()
    for row in rows:
        i = position.get(row.node)
        if i is None and fit:
            continue
        if i is None:
            raise PartitionError(f"{file}, line {row.line}: {row.node!r} is not a node of the network")
        if module_of[i] >= 0:
            raise PartitionError(f"{file}, line {row.line}: the node {row.node!r} is named twice")
        module_of[i] = branches.module(row.path)
        line[i] = row.line
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
            line=int(line[misplaced_node]),
        )
    return hierarchy


def _rows_and_names(
    path: str | os.PathLike[str], file: str, network: Network
) -> tuple[Iterator[Row], Sequence[Hashable]]:
    """Return the rows of a file, and the names of nodes in it: labels in tables, else numbers if there are some."""
    lines = text_lines(path)
    suffix = Path(plain_name(os.fspath(path))).suffix.lower()
    if suffix in (".json", ".graphml", ".gexf", ".parquet", ".html"):
        raise FormatError(
            "partitions cannot be read from this format; give .clu, .tree, .ftree, .csv or .tsv", file=file
        )
    if suffix == ".csv":
        return read_table(lines, file, ","), network.label_list()
    if suffix in (".tree", ".ftree"):
        by_number = has_numbers(network)
        names = names_in_files(network) if by_number else network.label_list()
        return read_tree(lines, file, by_number=by_number), names
    if suffix != ".clu":
        lines, has_tabs = _peeked(lines)
        if has_tabs or suffix == ".tsv":
            return read_table(lines, file, "\t"), network.label_list()
    return read_clu(lines, file), names_in_files(network)


def _peeked(lines: Iterator[tuple[int, str]]) -> tuple[Iterator[tuple[int, str]], bool]:
    """Return the same lines, and whether the first has a tab."""
    head = list(islice(lines, 1))
    return chain(head, lines), any("\t" in text for _, text in head)

"""Read a partition of a network from a file: find the format, and match rows to nodes."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import FormatError, PartitionError
from mapeq._base.hierarchy import Branches, Hierarchy, misplaced
from mapeq.io.files.clu import read_clu
from mapeq.io.files.compression import plain_name
from mapeq.io.files.naming import Row, has_numbers, listed, names_in_files, node_names, numbers_in_files
from mapeq.io.files.places import NodePlaces, StatePlaces
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
    rows, places, names = _rows_and_places(path, file, network)
    module_of = np.full(network.num_nodes, -1, dtype=np.int64)
    lines: list[int | None] = [None] * network.num_nodes
    branches = Branches()
    for row in rows:
        found = places.of(row)
        if not found and not fit:
            hint = "; if this line is a header, it must name the columns node and module" if row.line == 1 else ""
            raise PartitionError(f"{file}, {row.place}: {row.node!r} is not a node of the network{hint}")
        for i in found:
            if module_of[i] >= 0:
                raise PartitionError(f"{file}, {row.place}: {_named_twice(row)}")
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


class NamedNodes(NamedTuple):
    """The nodes that a partition names."""

    labels: list[Hashable]
    flow: FloatArray | None  #: visit rate of each of them, if the partition says it


def nodes_in_file(path: str | os.PathLike[str]) -> NamedNodes:
    """Return the nodes that a file of modules names, without a network, and their flow if all of them have it.

    Nodes are named by their names; in .tree and .json files in which two nodes have the same name, such as those of
    states, by their numbers.

    Raises
    ------
    FormatError
        If the file cannot be read, or a row is malformed.
    """
    file, rows = file_name(path), list[Row]()
    for by_number in (False, True):
        lines, suffix = _lines_and_suffix(path, file)
        rows = list(_rows(lines, suffix, file, by_number=by_number))
        if suffix in _OF_NAMES or len({row.node for row in rows}) == len(rows):
            break
    flow = {row.node: row.flow for row in rows}
    labels: list[Hashable] = [int(node) if by_number else node for node in flow]
    try:
        visits = np.array([float(each) for each in flow.values()])
    except ValueError:
        return NamedNodes(labels, None)
    return NamedNodes(labels, visits if np.isfinite(visits).all() and (visits >= 0).all() and visits.any() else None)


def names_of_file(path: str | os.PathLike[str], network: Network) -> NDArray[np.bool_]:
    """Return whether a file of modules names each node of a network; it may name others, too."""
    rows, places, _ = _rows_and_places(path, file_name(path), network)
    is_named = np.zeros(network.num_nodes, dtype=np.bool_)
    for row in rows:
        is_named[places.of(row)] = True
    return is_named


def _named_twice(row: Row) -> str:
    if row.is_physical:
        return f"the node {row.node!r} is in two modules, and only a file of states tells which of its states are where"
    return f"the node {row.node!r} is named twice"


def _rows_and_places(
    path: str | os.PathLike[str], file: str, network: Network
) -> tuple[Iterator[Row], NodePlaces, Sequence[Hashable]]:
    """Return the rows of a file, what they are about, and the names of nodes in it.

    Names are labels in tables, else numbers if there are some.
    """
    lines, suffix = _lines_and_suffix(path, file)
    by_number, has_states = has_numbers(network), network.states is not None
    rows = _rows(lines, suffix, file, by_number=by_number, has_states=has_states)
    names = listed(names_in_files(network))
    if has_states and suffix not in (".csv", ".tsv", ".json"):
        is_tree = suffix != ".clu"
        names = listed(numbers_in_files(network)) if is_tree else names
        return rows, StatePlaces(network, names, file, by_number=is_tree), names
    if suffix in (".csv", ".tsv") or (suffix != ".clu" and not by_number):
        names = node_names(network)
    return rows, NodePlaces(network, names, file), names


def _lines_and_suffix(path: str | os.PathLike[str], file: str) -> tuple[Iterator[tuple[int, str]], str]:
    """Return the lines of a file, with their numbers, and the suffix of files of its format."""
    suffix = Path(plain_name(os.fspath(path))).suffix.lower()
    if suffix in (".graphml", ".gexf", ".parquet", ".html"):
        raise FormatError(
            "partitions cannot be read from this format; give .clu, .tree, .ftree, .json, .csv or .tsv", file=file
        )
    lines = text_lines(path)
    return (lines, suffix) if suffix in _SUFFIXES else _recognised(lines)


def _rows(
    lines: Iterator[tuple[int, str]], suffix: str, file: str, *, by_number: bool, has_states: bool = False
) -> Iterator[Row]:
    """Return the rows of a file of a format; see the readers of the formats."""
    if suffix in (".csv", ".tsv"):
        return read_table(lines, file, "," if suffix == ".csv" else "\t")
    if suffix == ".clu":
        return read_clu(lines, file, has_states=has_states)
    if suffix == ".json":
        return read_json(lines, file, by_number=by_number)
    return read_tree(lines, file, by_number=by_number, has_states=has_states)


#: Formats that name nodes in one way only.
_OF_NAMES = (".csv", ".tsv", ".clu")

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

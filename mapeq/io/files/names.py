"""Names of nodes from a file of their own: a table with a column of numbers, or other labels, and one of names."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import replace

import numpy as np

from mapeq._base.errors import FormatError, NetworkError, counted
from mapeq._base.notes import note
from mapeq.io.columns import column_of_nodes
from mapeq.io.files.node_rows import node_rows
from mapeq.io.files.reading import told_apart
from mapeq.io.files.source import file_name
from mapeq.network.network import Network

#: Headers of columns of names, and headers that are surely of nodes, in lower case.
_SURELY_NODES = ("id", "node", "node_id", "nodeid")
_NAMES = ("name", "label", "title", "text")
_EXPECTED = 'expected two columns, a node and its name, or a header with "id" and "name"'


def with_names(network: Network, names: Mapping[Hashable, str] | str | os.PathLike[str]) -> Network:
    """Return the network with names as labels; numbers become :attr:`Network.ids`. Other nodes keep their labels.

    Parameters
    ----------
    network : Network
    names : mapping of label to name, or path
        The file of :func:`read_names`.

    Warns
    -----
    UserWarning
        If some nodes have no name.

    Raises
    ------
    NetworkError
        If no node has a name.
    FormatError
        As :func:`read_names`.
    """
    if isinstance(names, Mapping):
        known, place = {str(label): str(name) for label, name in names.items()}, "the mapping"
    else:
        known, place = read_names(names), f"{file_name(names)}:"
    labels = network.label_list()
    found = [known.get(str(label)) for label in labels]
    missing = [label for label, name in zip(labels, found, strict=True) if name is None]
    if len(missing) == len(labels) and labels:
        raise NetworkError(f"{place} has no name for any node of the network, one of which is {labels[0]!r}")
    if missing:
        counts = f"{counted(len(missing), 'node')} of {len(labels):,}"
        note(f"{place} has no name for {counts}, such as {missing[0]!r}")
    texts = [str(label) if name is None else name for label, name in zip(labels, found, strict=True)]
    ids = np.array(labels) if all(type(label) is int for label in labels) else None
    return replace(network, labels=tuple(told_apart(texts, labels)), ids=ids if network.ids is None else network.ids)


def read_names(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read the names of nodes from a file with one node per line.

    Columns are separated by tabs, commas or semicolons, or, where a line has none of them, by the first space. A
    header may call them ``id`` (or ``node``, ...) and ``name`` (or ``label``, ...); without one there are exactly two.

    Raises
    ------
    FormatError
        If the file cannot be read, a line has no name, or a node has two.
    """
    file = file_name(path)
    found: dict[str, str] = {}
    for row in node_rows(path, _header, ("names", "name"), _EXPECTED):
        if not row.value or (not found and row.node.lower() in _SURELY_NODES):
            message = "expected a node and its name" if not row.value else _EXPECTED
            raise FormatError(message, file=file, line=row.line, text=row.text)
        if found.setdefault(row.node, row.value) != row.value:
            raise FormatError(f"the node {row.node!r} has two names", file=file, line=row.line, text=row.text)
    return found


def _header(cells: list[str]) -> tuple[int, int] | None:
    """Return the places of nodes and names if the cells are a header."""
    plain = [cell.lower() for cell in cells]
    name = next((plain.index(known) for known in _NAMES if known in plain), None)
    node = None if name is None else column_of_nodes(cells, name)
    return None if name is None or node is None else (node, name)

"""Names of nodes from a file of their own: a table with a column of numbers, or other labels, and one of names."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import FormatError, NetworkError, counted
from mapeq._base.notes import note
from mapeq.io.columns import column_of_nodes
from mapeq.io.files.node_rows import node_rows
from mapeq.io.files.reading import told_apart
from mapeq.io.files.source import file_name
from mapeq.network.layers import layer_labels
from mapeq.network.network import Network
from mapeq.network.states import States, physical_labels

#: Headers of columns of names, and headers that are surely of nodes, in lower case.
_SURELY_NODES = ("id", "node", "node_id", "nodeid")
_NAMES = ("name", "label", "title", "text")
_EXPECTED = 'expected two columns, a node and its name, or a header with "id" and "name"'


def with_names(network: Network, names: Mapping[Hashable, str] | str | os.PathLike[str]) -> Network:
    """Return the network with names as labels; numbers become :attr:`Network.ids`. Other nodes keep their labels.

    Names of a state network are those of physical nodes. They are also in the labels of states in layers, and of states
    that are sequences of nodes, as :meth:`Network.from_paths` and :meth:`Network.with_memory` label them.

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
    if network.states is not None:
        return _with_names_of_nodes(network, network.states, known, place)
    labels = network.label_list()
    texts, ids = _named(labels, known, place), _numbers(labels)
    return replace(network, labels=texts, ids=ids if network.ids is None else network.ids)


def _with_names_of_nodes(network: Network, states: States, known: Mapping[str, str], place: str) -> Network:
    """The state network with names of physical nodes, also in the labels of states that are made of nodes."""
    labels = physical_labels(states)
    texts = _named(labels, known, place)
    ids = _numbers(labels) if states.ids is None else states.ids
    named = states._replace(labels=texts, ids=ids)
    if named.layer is not None:
        return replace(network, states=named, labels=layer_labels(named))
    text_of: dict[Hashable, str] = dict(zip(labels, texts, strict=True))
    of_states = network.label_list()
    if all(isinstance(label, tuple) and all(node in text_of for node in label) for label in of_states):
        of_states = [tuple(text_of[node] for node in label) for label in of_states if isinstance(label, tuple)]
        return replace(network, states=named, labels=tuple(of_states))
    return replace(network, states=named)


def _named(labels: Sequence[Hashable], known: Mapping[str, str], place: str) -> tuple[str, ...]:
    """The name of each node, or else its label; different ones."""
    found = [known.get(str(label)) for label in labels]
    missing = [label for label, name in zip(labels, found, strict=True) if name is None]
    if len(missing) == len(labels) and labels:
        raise NetworkError(f"{place} has no name for any node of the network, one of which is {labels[0]!r}")
    if missing:
        counts = f"{counted(len(missing), 'node')} of {len(labels):,}"
        note(f"{place} has no name for {counts}, such as {missing[0]!r}")
    texts = [str(label) if name is None else name for label, name in zip(labels, found, strict=True)]
    return tuple(told_apart(texts, labels))


def _numbers(labels: Sequence[Hashable]) -> NDArray[np.int64] | None:
    """The labels, if all are numbers."""
    return np.array(labels) if all(type(label) is int for label in labels) else None


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

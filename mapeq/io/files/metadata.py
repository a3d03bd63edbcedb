"""Categories of nodes from a file of their own: a table with a column of nodes, and one of categories."""

from __future__ import annotations

import os
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import FormatError, NetworkError
from mapeq._base.notes import note
from mapeq.io.columns import column_of_nodes, columns_of_values
from mapeq.io.files.columnar import columnar_table, is_columnar
from mapeq.io.files.naming import node_names
from mapeq.io.files.node_rows import NodeRow, node_rows
from mapeq.io.files.source import file_name
from mapeq.io.objects.metadata import categories_of_table
from mapeq.network.labelled import label_by_text
from mapeq.network.metadata import check_known
from mapeq.network.network import Network
from mapeq.network.states import are_physical, physical_labels

_EXPECTED = (
    'expected two columns, a node and its category, or a header with "node" and the names of other columns, one of '
    "them chosen by metadata_column (--metadata-column on the command line)"
)


def read_metadata(path: str | os.PathLike[str], network: Network, column: str | int | None = None) -> Network:
    """Return the network with the categories in a file with one node per line.

    The file is text, see :func:`~mapeq.io.files.node_rows.node_rows`, or Parquet or Arrow. Nodes are named as in the
    network; if it has numbers beside its labels, as in Pajek files, by these, too. In a state network they are states,
    or physical nodes, whose states share their category. Categories are numbers if all are
    whole numbers. Empty cells are missing, and so are nodes that the file does not name.

    Parameters
    ----------
    path : str or path
    network : Network
    column : str or int, optional
        Column of the categories in a file of more than two columns, by name or position.

    Raises
    ------
    FormatError
        If the file cannot be read, it is not clear where the categories are, no node is known, or one has two
        categories.

    Warns
    -----
    UserWarning
        If the network does not have some of the nodes.
    """
    file = file_name(path)
    try:
        if is_columnar(path):
            return network.with_metadata(categories_of_table(columnar_table(path), network, column))
        known = set(map(str, (*network.label_list(), *node_names(network))))
        if network.states is not None:
            known |= set(map(str, physical_labels(network.states)))

        def header(cells: list[str]) -> tuple[int, int] | None:
            nodes = column_of_nodes(cells)
            if column is None and (nodes is None or cells[nodes] in known):
                return None
            return columns_of_values(cells, column, "categories")

        rows = list(node_rows(path, header, ("categories", "category"), _EXPECTED))
        nodes, names, ids = _nodes_named(rows, network)
        found = _by_label(rows, nodes, names, ids, file)
        labels = set(nodes)
        first = next(iter(found), None)
        if first not in labels and any(label in labels for label in found):
            advice = "if this line is a header, it must call the column of nodes node or id"
            note(f"{file}, line {rows[0].line}: {first!r} is not a node of the network; {advice}")
            del found[first]
        check_known(nodes, found, f"{file}: the metadata")
        return network.with_metadata({label: category for label, category in found.items() if label in labels})
    except NetworkError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(str(error), file=file) from error


def _nodes_named(
    rows: list[NodeRow], network: Network
) -> tuple[list[Hashable], list[Hashable], NDArray[np.int64] | None]:
    """Return labels, names and numbers of the nodes, or of the physical nodes of states if the rows name these."""
    states, labels, names = network.states, network.label_list(), node_names(network)
    if states is None:
        return labels, names, network.ids
    numbers = [() if ids is None else ids.tolist() for ids in (network.ids, states.ids)]
    of_states, of_nodes = (
        [str(name) for name in (*known, *ids)]
        for known, ids in zip(((*labels, *names), physical_labels(states)), numbers, strict=True)
    )
    if are_physical([row.node for row in rows], of_states, states._replace(labels=tuple(of_nodes))):
        return physical_labels(states), physical_labels(states), states.ids
    return labels, names, network.ids


def _by_label(
    rows: list[NodeRow], labels: list[Hashable], names: list[Hashable], ids: NDArray[np.int64] | None, file: str
) -> dict[Hashable, Any]:
    """Return the categories by label; raise if a node has two."""
    known, label_of = set(labels), label_by_text(labels, names)
    if ids is not None and any(label_of(row.node) not in known for row in rows):
        by_number = dict(zip(map(str, ids.tolist()), labels, strict=True))
        if all(row.node in by_number for row in rows):
            label_of = by_number.__getitem__
    are_numbers = all(_is_number(row.value) for row in rows if row.value)
    found: dict[Hashable, Any] = {}
    for row in rows:
        label = label_of(row.node)
        category = None if not row.value else int(row.value) if are_numbers else row.value
        if found.setdefault(label, category) != category:
            raise FormatError(f"the node {row.node!r} has two categories", file=file, line=row.line, text=row.text)
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()

"""What all readers of whole files share: what the caller wants, labels, numbers."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import is_number
from mapeq._base.notes import note
from mapeq.io.columns import DEFAULT_COLUMNS, WEIGHT, ColumnChoice, called
from mapeq.io.files.source import Source
from mapeq.network.layers import DEFAULT_COUPLING, Coupling
from mapeq.network.network import Network

_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST = 2**63
#: Attributes of links that are numbers, but cannot be weights.
_NO_WEIGHTS = ("source", "target", "id", "key", "index")


class ReadOptions(NamedTuple):
    """What the caller wants of a file.

    ``label`` is a node attribute, or None for what the format calls the nodes. With ``some_weights``, some links of a
    list may have a weight and others not, and weigh 1. ``order`` is how many places a walk over paths remembers, and
    ``coupling`` how one over layers changes them.
    """

    directed: bool | None = None
    columns: ColumnChoice = DEFAULT_COLUMNS
    label: str | None = None
    some_weights: bool = False
    order: int | None = None
    coupling: Coupling = DEFAULT_COUPLING


def without_columns(options: ReadOptions, source: Source, what: str, *, has_attributes: bool = False) -> None:
    """Raise if columns are chosen in a format that has none, or, without `has_attributes`, a weight or a label."""
    columns = options.columns
    is_attribute = has_attributes and not isinstance(columns.weight, int)
    chosen = columns._replace(weight=None).chosen_by_caller if is_attribute else columns.chosen_by_caller
    if chosen:
        raise source.error(f"there is no {called(chosen[0])} in {what}, which has no columns")
    if options.label is not None and not has_attributes:
        raise source.error(f"{what} has no attributes of nodes to choose from, such as {options.label!r}")


def labels_of(names: Sequence[Any]) -> tuple[Hashable, ...]:
    """Return labels: integers if all names are texts of integers, as in link lists, else the names as they are."""
    if all(isinstance(name, str) and _WHOLE.fullmatch(name) and int(name) < _MOST for name in names):
        return tuple(int(name) for name in names)
    return tuple(names)


def labels_by(
    ids: Sequence[Any], nodes: Sequence[Mapping[str, Any]], attribute: str | None, own_label: str | None = None
) -> tuple[Hashable, ...]:
    """Return the labels of the nodes of a graph.

    Parameters
    ----------
    ids : sequence
        What the format calls the nodes.
    nodes : sequence of mappings
        The attributes of each node.
    attribute : str or None
        The attribute that the caller chose. Nodes that share a name have their ids in parentheses.
    own_label : str or None
        The attribute that the format uses as the label, if it identifies nodes.

    Raises
    ------
    ValueError
        If a node does not have the attribute that the caller chose.
    """
    ids = labels_of(ids)
    chosen = attribute if attribute is not None else own_label
    if chosen is None or chosen == "id":
        return ids
    names = [node.get(chosen) for node in nodes]
    if attribute is None:
        identifies = None not in names and len(set(map(str, names))) == len(names)
        return labels_of([str(name) for name in names]) if identifies else ids
    if None in names:
        known = ", ".join(map(repr, dict.fromkeys(name for node in nodes for name in node)))
        raise ValueError(
            f"node {ids[names.index(None)]!r} has no attribute {attribute!r}; nodes have {known or 'none'}"
        )
    return labels_of(told_apart([str(name) for name in names], ids))


def told_apart(names: Sequence[str], ids: Sequence[Hashable]) -> list[str]:
    """Return names, followed by the id of the node in parentheses where nodes have the same name."""
    number = Counter(names)
    return [f"{name} ({node})" if number[name] > 1 else name for name, node in zip(names, ids, strict=True)]


def note_unused_numbers(links: Iterable[Mapping[str, Any]], weight: str | int | None, file: str) -> None:
    """Note that all links of a graph weigh 1 though their attributes have numbers, if the caller chose no attribute."""
    if weight != WEIGHT:
        return
    numbers: dict[str, None] = {}
    for link in links:
        if WEIGHT in link:
            return
        numbers |= {name: None for name, value in link.items() if is_number(value) and name not in _NO_WEIGHTS}
    if numbers:
        note(
            f"{file}: all links weigh 1: no link has an attribute 'weight', but there are numbers in "
            f"{', '.join(map(repr, numbers))}; name the attribute with weight (--weight on the command line)"
        )


def numbers_in(text: str, separator: str, count: int) -> FloatArray | None:
    """Return the numbers in a text; None if there are more or fewer, or something else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that text which is not a number ends the numbers
        try:
            values = np.fromstring(text, dtype=np.float64, sep=separator) if count else np.empty(0)
        except ValueError:
            return None
    return values if len(values) == count else None


def from_entries(matrix: Any, options: ReadOptions, labels: Any = None) -> Network:
    """Return the network of a sparse matrix: undirected if it is symmetric, and without weights if none are wanted."""
    if options.columns.weight is None:
        matrix = (matrix.tocsr() != 0).astype(float)
    return Network.from_csr(matrix, directed=options.directed, labels=labels)

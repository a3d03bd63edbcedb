"""Metadata of a network: a category for each node, such as a department, a country or a class."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import read_only
from mapeq._base.errors import NetworkError, counted
from mapeq._base.notes import note
from mapeq.network.labelled import by_label, is_series
from mapeq.network.states import States, are_physical

if TYPE_CHECKING:
    from mapeq.network.labels import Labels

#: The code of a node without a category.
MISSING = -1


class Metadata(NamedTuple):
    """The category of each node.

    Attributes
    ----------
    codes : int32 array of shape (n,)
        Position of the category of each node; -1 if it is missing. Read-only.
    categories : tuple of hashables
        All different; sorted if they are all numbers or all text, else in order of first occurrence.
    """

    codes: NDArray[np.int32]
    categories: tuple[Hashable, ...]


def checked_metadata(values: Any, labels: Labels) -> Metadata:
    """The category of each node, given in node order or by label; nodes that are not named have none.

    Raises
    ------
    NetworkError
        If a category is not hashable or a number with a fraction, or no node has a category.

    Warns
    -----
    UserWarning
        If labels are unknown, or every node has a category of its own.
    """
    names = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    named = by_label(values, names, "category", NetworkError)
    if named is not None:
        found = _in_node_order(named, names)
    else:
        if not hasattr(values, "__len__") or isinstance(values, str | bytes):
            raise NetworkError(
                f"metadata must be a mapping or Series by label, or an array in node order, not {values!r}"
            )
        found = values.tolist() if hasattr(values, "tolist") else list(values)
        if len(found) != len(names):
            raise NetworkError(f"there are {counted(len(names), 'node')}, but {len(found):,} metadata in node order")
    known = [_checked(category, label) for category, label in zip(found, names, strict=True)]
    categories = _sorted({category: None for category in known if category is not None})
    if names and not categories:
        raise NetworkError("the metadata hold no category for any node: all are missing")
    if len(categories) == len(names) > 2:
        note("the metadata give every node a category of its own, so that modules can share nothing")
    code = {category: k for k, category in enumerate(categories)}
    codes = np.array([MISSING if category is None else code[category] for category in known], dtype=np.int32)
    return Metadata(read_only(codes), categories)


def metadata_of_states(values: Any, labels: Labels, states: States) -> Metadata:
    """The category of each state: its own, or that of its physical node if a mapping names these.

    Raises
    ------
    NetworkError
        As :func:`checked_metadata`.
    """
    if isinstance(values, Mapping) or is_series(values):
        names = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        named = values if isinstance(values, Mapping) else values.index.tolist()
        if are_physical(named, names, states):
            of_nodes = checked_metadata(values, states.labels)
            return of_nodes._replace(codes=read_only(of_nodes.codes[states.physical]))
    return checked_metadata(values, labels)


def metadata_at(metadata: Metadata | None, nodes: NDArray[np.bool_]) -> Metadata | None:
    """The metadata of some nodes."""
    return None if metadata is None else metadata._replace(codes=read_only(metadata.codes[nodes]))


def _in_node_order(named: Mapping[Any, Any], names: list[Hashable]) -> list[Any]:
    check_known(names, named, "the metadata")
    return [named.get(label) for label in names]


def check_known(labels: list[Hashable], named: Collection[Hashable], place: str) -> None:
    """Note how many nodes the network does not have: metadata often cover more; raise if it has none of them.

    `place` is where the metadata come from, for messages.
    """
    known = set(labels)
    unknown = [label for label in named if label not in known]
    if not unknown:
        return
    if len(unknown) == len(named):
        such_as = f", such as {labels[0]!r}," if labels else ", which has none,"
        raise NetworkError(f"{place} name no node of the network{such_as} but {unknown[0]!r}")
    counts = f"{counted(len(unknown), 'node')} of {len(named):,}"
    note(f"{place} name {counts} that the network does not have, such as {unknown[0]!r}")


def _checked(category: Any, label: Hashable) -> Hashable:
    """Return a category as a Python object, None if it is missing; 3.0 is 3, as a column with gaps holds it."""
    category = category.item() if isinstance(category, np.generic) else category
    if isinstance(category, float):
        if math.isnan(category):
            return None
        if not category.is_integer():
            raise NetworkError(
                f"the category of the node {label!r} is {category}; metadata must be categories, such as text or whole "
                "numbers: put measurements into classes first"
            )
        return int(category)
    try:
        hash(category)
    except TypeError:
        raise NetworkError(f"the category of the node {label!r} must be one value, not {category!r}") from None
    # pandas.NA and NaT differ from themselves, or do not say.
    return None if type(category).__name__ in ("NAType", "NaTType") else category


def _sorted(categories: dict[Hashable, None]) -> tuple[Hashable, ...]:
    if all(isinstance(category, str) for category in categories) or all(isinstance(c, int) for c in categories):
        return tuple(sorted(categories))  # type: ignore[type-var]
    return tuple(categories)

"""Values that belong to nodes by label: mappings, and pandas Series, whose index holds the labels."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any

from mapeq._base.errors import MapeqError


def by_label(values: Any, labels: Iterable[Hashable], what: str, error: type[MapeqError]) -> Mapping[Any, Any] | None:
    """Return values as a mapping from label to value, or None if they have no labels but a position each.

    A Series that was never indexed counts its rows. It is refused unless the labels are such numbers, too: its rows
    may be in any order.

    Parameters
    ----------
    values : mapping, pandas Series, or anything else
    labels : iterable of hashables
        Labels of the nodes.
    what : str
        What there is one of for each node, for errors: "module", "weight".
    error : type
        The error to raise.

    Examples
    --------
    >>> from mapeq import NetworkError
    >>> by_label({"ann": 2}, ["ann"], "weight", NetworkError), by_label([2], ["ann"], "weight", NetworkError)
    ({'ann': 2}, None)
    """
    if isinstance(values, Mapping):
        return values
    if not is_series(values):
        return None
    index = values.index
    if not index.is_unique:
        raise error(f"the index of the Series names {index[index.duplicated()][0]!r} twice; it must hold node labels")
    named: dict[Any, Any] = dict(zip(index.tolist(), values.tolist(), strict=True))
    if type(index).__name__ == "RangeIndex" and index.equals(type(index)(len(index))):
        nodes = dict.fromkeys(labels)
        if not (named.keys() <= nodes.keys() or nodes.keys() <= named.keys()):
            odd = next(label for label in nodes if label not in named)
            raise error(
                f"the index of the Series counts its rows from 0, but there is a node {odd!r}: index the Series by "
                f"node labels, such as table.set_index('node')[{what!r}], or pass series.to_numpy() if row i belongs "
                "to node i"
            )
    return named


def label_by_text(labels: Collection[Hashable], names: Collection[Hashable] = ()) -> Callable[[Any], Any]:
    """Return a function that gives the label a name in a table stands for: itself, or the label that looks like it.

    A name that stands for no label is returned as it is. If two labels look alike, such as 1 and "1", only labels
    themselves tell nodes apart. So do `names`, other ones of the same nodes.

    Examples
    --------
    >>> label_of = label_by_text([1, 2])
    >>> label_of("2"), label_of(2), label_of("3")
    (2, 2, '3')
    """
    known = set(labels)
    by_text: dict[str, Hashable] = {}
    for texts in (labels, names):
        by_name = {str(name): label for name, label in zip(texts, labels, strict=False)}
        by_text |= by_name if len(by_name) == len(labels) else {}
    return lambda name: name if name in known else by_text.get(str(name), name)


def is_series(values: Any) -> bool:
    """Return whether values are a pandas Series."""
    kind = getattr(sys.modules.get("pandas"), "Series", None)
    return kind is not None and isinstance(values, kind)

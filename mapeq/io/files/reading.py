"""What all readers of whole files share: what the caller wants, errors of libraries, labels."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from mapeq._base.errors import FormatError, MapeqError
from mapeq.io.columns import DEFAULT_COLUMNS, ColumnChoice
from mapeq.io.files.source import Source
from mapeq.network.network import Network

#: How libraries say where they stopped: "line 3", "Line 3", "at (3, 5)".
_LINE = re.compile(r"\bline (\d+)|\bat \((\d+), \d+\)", re.IGNORECASE)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST = 2**63


class ReadOptions(NamedTuple):
    """What the caller wants of a file.

    ``label`` is a node attribute, or None for what the format calls the nodes. With ``some_weights``, some links of a
    list may have a weight and others not, and weigh 1.
    """

    directed: bool | None = None
    columns: ColumnChoice = DEFAULT_COLUMNS
    label: str | None = None
    some_weights: bool = False


@contextmanager
def reading_with_library(source: Source, what: str) -> Iterator[None]:
    """Convert all errors of a library into FormatErrors, with the line if the error names it.

    Damaged files make libraries raise errors of nearly every kind.
    """
    try:
        yield
    except FormatError:
        raise
    except MapeqError as error:
        raise FormatError(str(error), file=source.name) from error
    except (MemoryError, ImportError):
        raise
    except Exception as error:
        raise FormatError(f"is not {what}: {_described(error)}", file=source.name, line=_line(error)) from error


def _described(error: Exception) -> str:
    """Return the message of an error on one line; some errors consist of a name or of nothing."""
    text = " ".join(str(error).split())
    if isinstance(error, KeyError):
        return f"{text} is missing"
    return text if len(text) > 1 else type(error).__name__


def _line(error: Exception) -> int | None:
    number = getattr(error, "lineno", None)
    found = _LINE.search(str(error))
    if isinstance(number, int):
        return number
    return None if found is None else int(found[1] or found[2])


def without_columns(options: ReadOptions, source: Source, what: str, *, has_attributes: bool = False) -> None:
    """Raise if columns are chosen in a format that has none, or, without `has_attributes`, a weight or a label."""
    columns = options.columns
    is_attribute = has_attributes and not isinstance(columns.weight, int)
    chosen = columns._replace(weight=None).chosen_by_caller if is_attribute else columns.chosen_by_caller
    if chosen:
        raise source.error(f"{what} has no columns to choose from, such as {chosen[0]!r}")
    if options.label is not None and not has_attributes:
        raise source.error(f"{what} has no attributes of nodes to choose from, such as {options.label!r}")


def labels_of(names: Sequence[Any]) -> tuple[Hashable, ...]:
    """Return labels: integers if all names are texts of integers, as in link lists, else the names as they are."""
    if all(isinstance(name, str) and _WHOLE.fullmatch(name) and int(name) < _MOST for name in names):
        return tuple(int(name) for name in names)
    return tuple(names)


def from_entries(matrix: Any, options: ReadOptions, labels: Any = None) -> Network:
    """Return the network of a sparse matrix: undirected if it is symmetric, and without weights if none are wanted."""
    if options.columns.weight is None:
        matrix = (matrix.tocsr() != 0).astype(float)
    return Network.from_csr(matrix, directed=options.directed, labels=labels)

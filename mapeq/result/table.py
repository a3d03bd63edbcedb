"""A table of the modules of a result: :meth:`mapeq.Result.module_table`."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import PartitionError, counted, is_whole, option_error
from mapeq._base.hierarchy import cut, depths, paths, preorder
from mapeq._base.optional import require
from mapeq.network.states import most_visited
from mapeq.result.levels import checked_level
from mapeq.result.modules import by_flow, catalogue_of, listed
from mapeq.result.result import Result
from mapeq.result.stability import Stability
from mapeq.walk.flow import ENTER, EXIT, VISIT

if TYPE_CHECKING:
    import pandas
    import pyarrow

#: Modules that are printed, at most.
SHOWN_MODULES = 50

_HEADERS = {"num_nodes": "nodes", "codelength": "bits per step", "top_nodes": "most visited nodes"}


class ModuleTable:
    """A table with a row for each module, as lists of plain Python values; see :meth:`mapeq.Result.module_table`.

    Printing and notebooks show the first 50 modules.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> table = mapeq.infomap(nx.barbell_graph(5, 0)).module_table(num_names=2)
    >>> print(table)
    module  nodes    flow   enter    exit  bits per step  most visited nodes
         1      5  0.5000  0.0238  0.0238         1.2976  4, 0
         2      5  0.5000  0.0238  0.0238         1.2976  5, 6
    >>> table.columns()["top_nodes"]
    [[4, 0], [5, 6]]
    """

    def __init__(self, columns: dict[str, list[Any]]):
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns["module"])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows, as dicts."""
        return (dict(zip(self._columns, row, strict=True)) for row in zip(*self._columns.values(), strict=True))

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns as lists of plain Python values, by name.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("c", "d")]).module_table().columns()["num_nodes"]
        [2, 2]
        """
        return {name: list(values) for name, values in self._columns.items()}

    def summary(self) -> dict[str, Any]:
        """Return the rows as the list ``modules``, of values that JSON can hold.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("c", "d")]).module_table().summary()["modules"][1]["top_nodes"]
        ['c', 'd']
        """
        return {"modules": [row | {"top_nodes": [_plain(name) for name in row["top_nodes"]]} for row in self]}

    def to_dataframe(self) -> pandas.DataFrame:
        """Return a pandas DataFrame with one row per module (extra ``pandas``).

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("c", "d")]).module_table().to_dataframe()["flow"].tolist()
        [0.5, 0.5]
        """
        return require("pandas", extra="pandas").DataFrame(self._columns)

    def to_arrow(self) -> pyarrow.Table:
        """Return an Arrow table with one row per module (extra ``parquet``); names of nodes are text.

        Raises
        ------
        ImportError
            If pyarrow is not installed.

        Examples
        --------
        >>> import mapeq
        >>> mapeq.infomap([("a", "b"), ("c", "d")]).module_table().to_arrow().column("top_nodes").to_pylist()
        [['a', 'b'], ['c', 'd']]
        """
        arrow = require("pyarrow", extra="parquet")
        names = [list(map(str, row)) for row in self._columns["top_nodes"]]
        return arrow.table(self._columns | {"top_nodes": arrow.array(names, arrow.list_(arrow.string()))})

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the table to a file. On failure, an existing file stays as it was.

        Parameters
        ----------
        path : str or path
            The suffix selects the format: .csv and .tsv, with the names of nodes in one column, separated by commas;
            .json, a list ``modules`` of rows; or .parquet (extra ``parquet``).

        Raises
        ------
        ValueError
            If the suffix is none of these.
        FormatError
            If the file cannot be written.
        ImportError
            If pyarrow is not installed, for Parquet.

        Examples
        --------
        >>> import mapeq, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "table.csv")
        ...     mapeq.infomap([("a", "b"), ("c", "d")]).module_table().write(path)
        ...     print(path.read_text())
        module,num_nodes,flow,enter,exit,codelength,top_nodes
        1,2,0.5,0.0,0.0,0.5,"a, b"
        2,2,0.5,0.0,0.0,0.5,"c, d"
        """
        from mapeq.io.files.profiles import table_format, write_table

        is_text = table_format(path) in ("csv", "tsv")
        write_table(ModuleTable(self._columns | {"top_nodes": self._names()}) if is_text else self, path)

    def _names(self) -> list[str]:
        return [listed(names, len(names)) for names in self._columns["top_nodes"]]

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """The header of the printed table, and its first rows."""
        header = [_HEADERS.get(name, name).replace("_", " ") for name in self._columns]
        columns = (self._columns | {"top_nodes": self._names()}).values()
        return header, [[_cell(value) for value in row] for row in islice(zip(*columns, strict=True), SHOWN_MODULES)]

    def __repr__(self) -> str:
        return f"<mapeq ModuleTable: {counted(len(self), 'module')}>"

    def __str__(self) -> str:
        header, rows = self._rows()
        lines = [header, *rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        texts = [
            "  ".join(
                f"{cell:<{width}}" if name == _HEADERS["top_nodes"] else f"{cell:>{width}}"
                for name, cell, width in zip(header, line, widths, strict=True)
            ).rstrip()
            for line in lines
        ]
        return "\n".join([*texts, *self._more()])

    def _more(self) -> list[str]:
        more = len(self) - SHOWN_MODULES
        return [f"... and {counted(more, 'module')} more"] if more > 0 else []

    def _repr_html_(self) -> str:
        header, rows = self._rows()
        head = "".join(f"<th>{name}</th>" for name in header)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return f"<table><tr>{head}</tr>{body}</table>{''.join(f'<p>{line}</p>' for line in self._more())}"


def module_table(
    result: Result, level: int | None = None, stability: Stability | None = None, num_names: int = 5
) -> ModuleTable:
    """Return the table of a result; see :meth:`mapeq.Result.module_table`."""
    if not is_whole(num_names, 0):
        raise option_error("num_names", num_names, "a whole number, 0 or more")
    if stability is not None:
        if not isinstance(stability, Stability):
            raise option_error("stability", stability, "the Stability that mapeq.stability returns")
        level = stability.level if level is None else level
    is_deep = result.num_levels > 2
    if level is None and not is_deep:
        level = 1
    if level is None:
        order = preorder(result.hierarchy.parent)[1:]
        numbers = [path[0] for path in _paths(result, order)]
    else:
        depth = checked_level(level, result.num_levels - 1)
        present = np.unique(cut(result.hierarchy, depth))
        order = present[by_flow(result.module_records[present, VISIT])].astype(np.int64)
        numbers = list(range(1, len(order) + 1))
    records, catalogue = result.module_records[order], catalogue_of(result)
    columns: dict[str, list[Any]] = {"module": numbers}
    if is_deep:
        columns["path"] = [":".join(map(str, path)) for path in _paths(result, order)]
        columns["level"] = catalogue.depths[order].tolist()
    columns |= {
        "num_nodes": catalogue.num_nodes[order].tolist(),
        "flow": records[:, VISIT].tolist(),
        "enter": records[:, ENTER].tolist(),
        "exit": records[:, EXIT].tolist(),
        "codelength": catalogue.codelengths[order].tolist(),
    }
    if stability is not None:
        columns |= _stability_columns(result, level or 1, stability)
    names = _most_visited(result, num_names)
    columns["top_nodes"] = [names[module] for module in order.tolist()]
    return ModuleTable(columns)


def _paths(result: Result, modules: NDArray[Any]) -> list[tuple[int, ...]]:
    found = paths(result.hierarchy.parent)
    return [found[module] for module in modules.tolist()]


def _stability_columns(result: Result, level: int, stability: Stability) -> dict[str, list[Any]]:
    """The stability of each module; modules at a level have the same order there and here."""
    if not np.array_equal(result.labels_at(level), stability.labels):
        raise PartitionError(
            f"the stability is that of other modules than those at level {level} of this result; "
            "stability.result.module_table(stability=stability) has them"
        )
    found = stability.columns()
    return {name: found[name] for name in ("over_trials", "over_resamples", "num_core")}


def _most_visited(result: Result, number: int) -> dict[int, list[Hashable]]:
    """Names of the nodes with the most flow in each module, at any depth; nodes without flow only if all have none."""
    network, flow = result.network, result.flow
    found: dict[int, list[Hashable]] = {}
    visited = np.flatnonzero(flow > 0) if network.sides is not None and flow.any() else np.arange(len(flow))
    for depth in range(1, int(depths(result.hierarchy.parent).max(initial=0)) + 1):
        for module, nodes in _grouped(cut(result.hierarchy, depth)[visited], visited):
            if module not in found:
                found[module] = most_visited(network.states, network.labels, nodes, flow)[:number]
    return {module: found.get(module, []) for module in range(len(result.hierarchy.parent))}


def _grouped(module_of: NDArray[Any], nodes: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The nodes of each module that has any, in their order."""
    order = np.argsort(module_of, kind="stable")
    modules, first = np.unique(module_of[order], return_index=True)
    return zip(modules.tolist(), np.split(nodes[order], first[1:]), strict=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _plain(name: Hashable) -> Any:
    return name if isinstance(name, str | int) else str(name)

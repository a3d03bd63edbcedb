"""Read and write tables (.csv, .tsv, .parquet) with one row per node, and write .json."""

from __future__ import annotations

import csv
import json
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, repeat
from math import isfinite
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TextIO

import numpy as np

from mapeq._base.csr import IntArray
from mapeq._base.errors import FormatError
from mapeq._base.hierarchy import paths
from mapeq._base.optional import require
from mapeq.io.files.leaves import leaves_of
from mapeq.io.files.naming import Row, labels_in_tables, listed, node_names, numbers_in_files, rows_of
from mapeq.io.files.source import reading
from mapeq.result.result import Result

if TYPE_CHECKING:
    import pyarrow

_NODE, _MODULE, _PATH, _FLOW = "node", "module", "path", "flow"
_HEADER = [_NODE, _MODULE, _FLOW]


def write_csv(result: Result, stream: TextIO, min_size: int = 1, strength: bool = False, delimiter: str = ",") -> None:
    """Write a header and, in node order, label, module (1 has most flow) and flow of each node.

    In a hierarchy of more than two levels, ``module`` is the top module, and a fourth column ``path`` identifies the
    leaf module: ``2:1`` is the first module in the second top module. Columns ``physical`` and ``layer`` say what
    states are. Modules of fewer nodes than `min_size` are -1. With `strength` there are columns of
    :meth:`~mapeq.Result.strength_columns`.
    """
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    more = result.path_column() | result.state_columns()
    more |= strength_columns(result, min_size) if strength else {}
    writer.writerow([*_HEADER, *more])
    columns = labels_in_tables(result.network), modules_column(result, min_size), result.flow
    writer.writerows(rows_of(*columns, *more.values()))


def write_tsv(result: Result, stream: TextIO, min_size: int = 1, strength: bool = False) -> None:
    """Write as :func:`write_csv`, with tabs."""
    write_csv(result, stream, min_size, strength, "\t")


def write_parquet(result: Result, stream: BinaryIO, min_size: int = 1, strength: bool = False) -> None:
    """Write the columns of :func:`write_csv` as Parquet (extra ``parquet``); non-integer labels become text."""
    require("pyarrow.parquet", extra="parquet").write_table(arrow_table(result, min_size, strength), stream)


def arrow_table(result: Result, min_size: int = 1, strength: bool = False) -> pyarrow.Table:
    """Return the columns of :func:`write_csv` as an Arrow table, with the result's summary as metadata."""
    arrow = require("pyarrow", extra="parquet")
    columns = [_plain(node_names(result.network)), modules_column(result, min_size), result.flow]
    more: dict[str, Any] = {
        name: _plain(values) for name, values in (result.path_column() | result.state_columns()).items()
    }
    more |= strength_columns(result, min_size) if strength else {}
    table = arrow.table(dict(zip(_HEADER, columns, strict=True)) | more)
    return table.replace_schema_metadata({"mapeq": json.dumps(result.summary())})


def _plain(labels: Sequence[Hashable]) -> list[Hashable]:
    """Labels as a column of numbers, if all of them are, or of text."""
    return list(labels) if all(type(label) is int for label in labels) else [str(label) for label in labels]


def write_labels(result: Result, stream: IO[str], min_size: int = 1) -> None:
    """Write lines ``label<TAB>module`` for the next program in a pipe."""
    rows = rows_of(labels_in_tables(result.network), modules_column(result, min_size))
    csv.writer(stream, delimiter="\t", lineterminator="\n").writerows(rows)


def modules_column(result: Result, min_size: int) -> IntArray:
    """Return the number of each node's top module, -1 if it has fewer nodes than `min_size`; numbers have no gaps."""
    return _numbers(result, min_size)[result.labels]


def strength_columns(result: Result, min_size: int) -> dict[str, Any]:
    """Return the columns of :meth:`~mapeq.Result.strength_columns`, with the numbers of :func:`modules_column`.

    Nodes of modules that are -1 have strength 0.
    """
    columns = result.strength_columns()
    columns["alternative"] = np.append(0, _numbers(result, min_size))[columns["alternative"]]
    columns["strength"] = np.where(modules_column(result, min_size) < 0, 0.0, columns["strength"])
    return columns


def _numbers(result: Result, min_size: int) -> IntArray:
    """Return the number of each top module in tables."""
    is_small = result.module_sizes < min_size
    return np.where(is_small, -1, np.cumsum(~is_small))


def read_table(lines: Iterator[tuple[int, str]], file: str, delimiter: str) -> Iterator[Row]:
    """Read the node and its module in every row.

    A header names the columns ``node`` and ``module``, or ``path``, which takes precedence; others are ignored. Without
    it, the node is in the first column and the module in the second.
    """
    places, has_path, width, flow_at = (0, 1), False, 2, None
    rows = table_rows(lines, file, delimiter)
    for is_first, (line, row) in zip(chain([True], repeat(False)), rows, strict=False):
        names = [cell.strip().lower() for cell in row] if is_first else []
        if _NODE in names and {_MODULE, _PATH} & set(names):
            has_path = _PATH in names
            places = (names.index(_NODE), names.index(_PATH if has_path else _MODULE))
            width = max(places) + 1
            flow_at = names.index(_FLOW) if _FLOW in names else None
            continue
        problem = None
        if len(row) < width:
            problem = f"expected a node and its {'path' if has_path else 'module'}"
        elif row[places[1]] == "":
            problem = "the node has no module"
        if problem is not None:
            raise FormatError(problem, file=file, line=line, text=delimiter.join(row))
        node, module = (row[place] for place in places)
        flow = "" if flow_at is None or flow_at >= len(row) else row[flow_at]
        yield Row(node, tuple(module.split(":")) if has_path else (module,), line, flow=flow)


def read_json(lines: Iterator[tuple[int, str]], file: str, *, by_number: bool) -> Iterator[Row]:
    """Read the paths of the nodes, named by number or by name, in a file of :func:`write_json` or of infomap.

    Raises
    ------
    FormatError
        If it is no such file.
    """
    with reading(file, "a result in JSON"):
        nodes = json.loads("\n".join(text for _, text in lines))["nodes"]
        if not isinstance(nodes, list):
            raise FormatError(f'"nodes" must be a list of the nodes of a result, not {nodes!r:.40}', file=file)
        rows = [
            Row(
                str(node["id" if by_number else "name"]),
                tuple(map(str, node["path"][:-1])),
                None,
                number,
                flow=str(node.get("flow", "")),
            )
            for number, node in enumerate(nodes, 1)
        ]
    yield from rows


def table_rows(lines: Iterator[tuple[int, str]], file: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of every row and the number of its last line."""
    last = 0

    def texts() -> Iterator[str]:
        nonlocal last
        for last, text in lines:  # noqa: B007 (read by the loop below)
            yield text + "\n"

    try:
        for row in csv.reader(texts(), delimiter=delimiter):
            yield last, row
    except csv.Error as error:
        raise FormatError(f"is not a table: {error}; is a quote left open?", file=file) from error


def in_json(label: Hashable) -> str | int | float:
    """Return the label if JSON can hold it, else its text."""
    is_number = isinstance(label, np.generic) and label.dtype.kind not in "Mm"  # dates of nanoseconds would be numbers
    plain: Hashable = label.item() if is_number else label  # type: ignore[attr-defined]
    return plain if isinstance(plain, str | int) or (isinstance(plain, float) and isfinite(plain)) else str(plain)


def write_json(result: Result, stream: TextIO) -> None:
    """Write the statistics of the result, its modules in the order of their paths, and its nodes in node order.

    ``path``, ``id``, ``name``, ``flow``, ``enterFlow``, ``exitFlow``, ``numChildren`` and ``codelength`` are as in
    Infomap's files. ``node`` is the label itself, of a state its name, ``module`` the top module from 1,
    ``size`` the number of nodes.
    """
    labels, flows = [in_json(name) for name in node_names(result.network)], result.flow.tolist()
    numbers, leaves = listed(numbers_in_files(result.network)), leaves_of(result)
    ranks, module_of = leaves.ranks[leaves.row_of].tolist(), result.hierarchy.module_of.tolist()
    module_paths = paths(result.hierarchy.parent)
    modules = (
        {
            "path": module.path,
            "module": module.path[0],
            "size": module.num_nodes,
            "flow": module.flow,
            "enterFlow": module.enter,
            "exitFlow": module.exit,
            "numChildren": module.num_children,
            "codelength": module.codelength,
        }
        for module in result.tree.walk()
        if not module.is_root
    )
    nodes = (
        {
            "path": (*module_paths[module], rank),
            "node": label,
            "module": module_paths[module][0],
            "flow": flow,
            "id": number,
            "name": str(label),
        }
        for label, module, rank, flow, number in zip(labels, module_of, ranks, flows, numbers, strict=True)
    )
    summary = result.summary() | {"version": f"mapeq {result.version}"}
    stream.write(json.dumps(summary, indent=1, ensure_ascii=False).removesuffix("\n}"))
    for name, rows in (("modules", modules), ("nodes", nodes)):
        stream.write(f',\n "{name}": [')
        for number, row in enumerate(rows):  # one row per line keeps the file readable
            stream.write((",\n  " if number else "\n  ") + json.dumps(row, ensure_ascii=False))
        stream.write("\n ]")
    stream.write("\n}\n")

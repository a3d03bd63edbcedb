"""Tables (.csv, .tsv) and .json: a row for every node, with its label, module and flow."""

from __future__ import annotations

import csv
import json
from collections.abc import Hashable, Iterator
from math import isfinite
from typing import TextIO

import numpy as np

from mapeq import __version__
from mapeq.errors import FormatError
from mapeq.formats.naming import Row
from mapeq.result import Result

_HEADER = ["node", "module", "flow"]


def write_csv(result: Result, stream: TextIO, delimiter: str = ",") -> None:
    """Write node, module (0 has most flow) and flow, with a header, in node order."""
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(zip(result.node_labels, result.labels.tolist(), result.flow.tolist(), strict=True))


def write_tsv(result: Result, stream: TextIO) -> None:
    """As :func:`write_csv`, with tabs."""
    write_csv(result, stream, "\t")


def write_labels(result: Result, stream: TextIO) -> None:
    """Write ``label<TAB>module`` and nothing else, for the next program in a pipe."""
    rows = zip(result.node_labels, result.labels.tolist(), strict=True)
    csv.writer(stream, delimiter="\t", lineterminator="\n").writerows(rows)


def read_table(lines: Iterator[tuple[int, str]], file: str, delimiter: str) -> Iterator[Row]:
    """Read rows that begin with a node and its module, under the header of :func:`write_csv` or under none."""
    numbers: list[int] = []

    def texts() -> Iterator[str]:
        for number, text in lines:
            numbers.append(number)
            yield text + "\n"

    try:
        for row in csv.reader(texts(), delimiter=delimiter):
            if len(row) < 2:
                text = delimiter.join(row)
                raise FormatError("expected a node and its module", file=file, line=numbers[-1], text=text)
            if row[1] == "":
                raise FormatError("the node has no module", file=file, line=numbers[-1], text=delimiter.join(row))
            if row[:2] != _HEADER[:2]:
                yield Row(row[0], row[1], numbers[-1])
    except csv.Error as error:
        raise FormatError(f"no table: {error}; is there a quote without its end?", file=file) from error


def _in_json(label: Hashable) -> str | int | float:
    """The label itself if JSON knows its like, else the text of it."""
    plain = label.item() if isinstance(label, np.generic) else label
    return plain if isinstance(plain, str | int) or (isinstance(plain, float) and isfinite(plain)) else str(plain)


def write_json(result: Result, stream: TextIO) -> None:
    """Write all figures of the result, and the nodes with label, module and flow."""
    labels = [_in_json(label) for label in result.node_labels]
    nodes = zip(labels, result.labels.tolist(), result.flow.tolist(), strict=True)
    content = {
        "version": f"mapeq {__version__}",
        **result.summary(),
        "modules": [
            {"module": module, "size": size, "flow": flow}
            for module, (size, flow) in enumerate(
                zip(result.module_sizes.tolist(), np.asarray(result.module_flow).tolist(), strict=True)
            )
        ],
        "nodes": [dict(zip(_HEADER, node, strict=True)) for node in nodes],
    }
    json.dump(content, stream, indent=1, ensure_ascii=False)
    stream.write("\n")

"""Write what has columns and a summary, resolution profiles and stability, as tables and as JSON."""

from __future__ import annotations

import csv
import json
from typing import IO, Any, Protocol


class Tabular(Protocol):
    """What can be written: :class:`mapeq.ResolutionProfile`, :class:`mapeq.Stability`."""

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of a table."""

    def summary(self) -> dict[str, Any]:
        """Return what JSON can hold."""


def write_csv(found: Tabular, stream: IO[str], delimiter: str = ",") -> None:
    """Write a header, and the columns of ``columns()``; None is an empty field."""
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    columns = found.columns()
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def write_tsv(found: Tabular, stream: IO[str]) -> None:
    """Write as :func:`write_csv`, with tabs."""
    write_csv(found, stream, "\t")


def write_json(found: Tabular, stream: IO[str]) -> None:
    """Write ``summary()``."""
    stream.write(json.dumps(found.summary(), indent=1, ensure_ascii=False) + "\n")

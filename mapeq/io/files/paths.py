"""Read a file with one path per line: the places that it visits, in order."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator

from mapeq._base.errors import FormatError
from mapeq.io.files.source import file_name, text_lines


def read_paths(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Yield the places of each path of a text file, plain or compressed; ``-`` is standard input.

    Places are separated by tabs, commas or semicolons if the first path has one of them, else by blanks; then they may
    be in double quotes. Empty lines, and lines that begin with "# ", are skipped.

    Raises
    ------
    FormatError
        If the file cannot be read or holds no path, or a path has fewer than two places.
    """
    file, delimiter, count = file_name(path), None, 0
    for number, text in text_lines(path):
        if text.startswith("# ") or not text.strip():
            continue
        if delimiter is None:
            delimiter = next((mark for mark in "\t,;" if mark in text), " ")
        if delimiter == " " and '"' not in text:
            places = text.split()
        elif delimiter == " ":
            places = [place for place in next(csv.reader([text], delimiter=" ")) if place]
        else:
            places = [place.strip() for place in next(csv.reader([text], delimiter=delimiter))]
            while places and not places[-1]:  # as spreadsheets write shorter rows
                places.pop()
            if "" in places:
                raise FormatError("a place of the path is empty", file=file, line=number, text=text)
        if len(places) < 2:
            raise FormatError("a path needs at least two places, in order of travel", file=file, line=number, text=text)
        yield places
        count += 1
    if not count:
        raise FormatError("contains no paths", file=file)

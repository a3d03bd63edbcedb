"""Read a file with one path per line: the places that it visits, in order."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from mapeq._base.errors import FormatError
from mapeq.io.files.reading import ReadOptions, labels_of, without_columns
from mapeq.io.files.source import Source
from mapeq.io.paths import numbered_paths
from mapeq.network.memory import Paths, memory_network
from mapeq.network.network import Network

#: How many places the walk remembers, by default.
ORDER = 2


def read_network_of_paths(source: Source, options: ReadOptions) -> Network:
    """Read the network with memory of the paths in a file."""
    without_columns(options, source, "a file of paths")
    if options.directed is False:
        raise source.error("paths have a direction; they make no undirected network")
    return memory_network(read_paths(source), ORDER if options.order is None else options.order)


def read_paths(source: Source, weights: Any = None) -> Paths:
    """Read the paths of a text file.

    Places are separated by tabs, commas or semicolons if the first path has one of them, else by blanks; then they may
    be in double quotes. Empty lines, and lines that begin with "# ", are skipped. If all places are whole numbers, they
    are labelled by these.

    Raises
    ------
    FormatError
        If the file cannot be read or holds no path, or a path has fewer than two places.
    """
    paths = numbered_paths(_sequences(source), weights)
    if not len(paths.weights):
        raise source.error("contains no paths")
    return paths._replace(labels=labels_of(list(paths.labels)))


def _sequences(source: Source) -> Iterator[list[str]]:
    file, delimiter = source.name, None
    for number, text in source.numbered_lines():
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

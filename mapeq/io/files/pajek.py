"""Pajek files: nodes with numbers and names under ``*Vertices``, links under ``*Edges``, ``*Arcs`` or ``*Links``."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq.io.files import _scan
from mapeq.io.files._words import Words
from mapeq.io.files.link_list import (
    LinkTable,
    lengthen,
    line_error,
    new_late,
    new_words,
    read_late,
    with_room,
    word_list,
)
from mapeq.io.files.source import Source
from mapeq.network.network import Network

_VERTICES, _ARCS = b"*vertices", b"*arcs"
_KNOWN = (_VERTICES, b"*edges", _ARCS, b"*links")

IdArray = NDArray[np.int64]


class Section(NamedTuple):
    """A heading of links, and the row at which its links begin."""

    is_arcs: bool
    row: int


def read_pajek(source: Source, *, directed: bool | None, weighted: bool) -> Network:
    """Read a Pajek file; see :func:`mapeq.read_network`.

    Nodes stand in the order of ``*Vertices``; without it they are the numbers that occur in links,
    sorted. ``*Vertices n`` with fewer lines than n means nodes 1 to n, those without a line at the
    end and named by their number.
    """
    vertices = Vertices()
    links = LinkTable(_scan.NO_COMMA, weighted)
    sections: list[Section] = []
    reads_vertices = False
    early = 0  # links that came before a *Vertices: checked in the end
    while source.more():
        status = vertices.read(source) if reads_vertices else _read_links(source, links, vertices)
        if status == _scan.HEADING:
            heading, count = _heading(source)
            vertices.end_section()
            reads_vertices = heading == _VERTICES
            if reads_vertices:
                vertices.begin_section(count)
                early = links.num_rows
            else:
                sections.append(Section(heading == _ARCS, links.num_rows))
    vertices.end_section()
    if links.num_rows == 0 and len(vertices.ids) == 0:
        raise source.error("holds no links")
    _check_early(source, links, vertices, early)
    return _network(vertices, links, sections, directed)


def _heading(source: Source) -> tuple[bytes, int]:
    """Read a heading: which, and how many nodes it announces."""
    position = source.position
    fields = source.first_line().split()
    source.skip_line()
    heading = fields[0].lower()
    if heading not in _KNOWN:
        raise source.error("unknown heading; known are *Vertices, *Edges, *Arcs and *Links", position)
    if heading != _VERTICES or len(fields) == 1:
        return heading, 0
    if not fields[1].isdigit() or len(fields[1]) > 10 or int(fields[1]) >= 2**31:
        raise source.error("the number of vertices must be a whole number below 2**31", position)
    return heading, int(fields[1])


# Links ---------------------------------------------------------------------------------------


def _read_links(source: Source, links: LinkTable, vertices: Vertices) -> int:
    begin, first = source.position, links.num_rows
    status = links.read(source)
    if status == _scan.WORD:
        raise source.error("nodes of links are whole numbers from 0, without leading zeros", source.position)
    row = vertices.first_unknown(links, first, links.num_rows)
    if row is not None:
        place = _scan.line_of_row(source.data, begin, row - first)
        raise source.error(f"the id {_unknown_end(vertices, links, row)} is not under *Vertices", place)
    return status


def _check_early(source: Source, links: LinkTable, vertices: Vertices, end: int) -> None:
    row = vertices.first_unknown(links, 0, end)
    if row is not None:
        ends = f"{links.links.sources[row]} {links.links.targets[row]}"
        raise source.error(f"the id {_unknown_end(vertices, links, row)} of the link {ends} is not under *Vertices")


def _unknown_end(vertices: Vertices, links: LinkTable, row: int) -> int:
    source, target = int(links.links.sources[row]), int(links.links.targets[row])
    return target if np.isin(source, vertices.ids) else source


def _network(vertices: Vertices, table: LinkTable, sections: list[Section], directed: bool | None) -> Network:
    arcs = _arc_rows(sections, table.num_rows)
    sources, targets, weights = table.columns()
    if directed is None:
        # Programs write both headings though one may be empty: links decide, if there are some.
        directed = bool(arcs.any()) or (len(arcs) == 0 and any(section.is_arcs for section in sections))
        if directed and not arcs.all():
            back = ~arcs & (sources != targets)
            sources, targets = np.concatenate([sources, targets[back]]), np.concatenate([targets, sources[back]])
            weights = None if weights is None else np.concatenate([weights, weights[back]])
    if len(vertices.ids) == 0:
        return Network.from_edges(sources, targets, weights, directed=directed)
    labels, named = vertices.labels()
    network = Network.from_edges(
        vertices.positions(sources),
        vertices.positions(targets),
        weights,
        directed=directed,
        labels=labels,
        node_weights=vertices.node_weights(),
    )
    return replace(network, ids=read_only(vertices.ids)) if named else network


def _arc_rows(sections: list[Section], num_rows: int) -> NDArray[np.bool_]:
    """Which links stand under ``*Arcs``."""
    arcs = np.zeros(num_rows, dtype=np.bool_)
    for section in sections:
        arcs[section.row :] = section.is_arcs
    return arcs


# Nodes ---------------------------------------------------------------------------------------


class Vertices:
    """What stands under ``*Vertices``.

    Attributes
    ----------
    ids : int64 array
        The numbers of all nodes, each once, after :meth:`end_section`: those that have lines, in order,
        then those that a heading announces.
    """

    def __init__(self) -> None:
        self.ids: IdArray = np.empty(0, np.int64)
        self._num_rows = 0
        self._highest = -1
        self._listed: IdArray = np.empty(1 << 12, np.int64)
        self._weights = np.empty(1 << 12)
        self._names: Words = new_words(sought=False)
        self._late = new_late()
        self._announced: IdArray = np.empty(0, np.int64)
        self._section: tuple[int, int] | None = None  # first row, announced number

    def begin_section(self, count: int) -> None:
        """A heading ``*Vertices count``."""
        self._section = (self._num_rows, count)

    def end_section(self) -> None:
        """The section of the last heading, if it is still open, has ended: its nodes are known."""
        if self._section is None:
            return
        first, count = self._section
        listed = self._listed[first : self._num_rows]
        # Numbers beyond the count show that it counts something else.
        if len(listed) < count and (len(listed) == 0 or (listed.min() >= 1 and listed.max() <= count)):
            absent = np.setdiff1d(np.arange(1, count + 1), self._listed[: self._num_rows], assume_unique=True)
            self._announced = np.union1d(self._announced, absent)
            self._highest = max(self._highest, count)
        self.ids = np.concatenate([self._listed[: self._num_rows], self._announced])
        self._section = None

    def read(self, source: Source) -> int:
        """Read the lines of a block from its position on; returns DONE or HEADING."""
        begin, first = source.position, self._num_rows
        status = self._scan(source)
        row = self._first_repeated(first)
        if row is not None:
            place = _scan.line_of_row(source.data, begin, row - first)
            raise source.error(f"the id {self._listed[row]} stands twice under *Vertices", place)
        return status

    def _scan(self, source: Source) -> int:
        while True:
            status, source.position, self._num_rows, num_late, begin, end = _scan.scan_vertices(
                source.data, source.position, self._listed, self._weights, self._num_rows, self._late, self._names
            )
            read_late(source, self._late[:num_late], self._weights, "weight of the node")
            if status == _scan.FULL:
                if self._num_rows == len(self._listed):
                    lengthen(self._listed)
                    lengthen(self._weights)
            elif status == _scan.WORDS_FULL:
                self._names = with_room(self._names, source.line_length() + 1)
            elif status in (_scan.DONE, _scan.HEADING):
                return int(status)
            elif status == _scan.WORD:
                raise source.error("a whole number from 0, the id of the node, must come first", source.position)
            else:
                raise line_error(source, status, begin, end, "weight of the node")

    def _first_repeated(self, first: int) -> int | None:
        """The first row from `first` on whose id stands in a row before it, or is announced."""
        new = self._listed[first : self._num_rows]
        if not len(new):
            return None
        highest, self._highest = self._highest, max(self._highest, int(new.max()))
        if new[0] > highest and bool((new[1:] > new[:-1]).all()):
            return None
        old = np.concatenate([self._listed[:first], self._announced])
        if not np.isin(new, old).any() and len(np.unique(new)) == len(new):
            return None
        repeated = np.ones(len(old) + len(new), dtype=np.bool_)
        repeated[np.unique(np.concatenate([old, new]), return_index=True)[1]] = False
        return first + int(np.argmax(repeated[len(old) :]))

    def first_unknown(self, table: LinkTable, begin: int, end: int) -> int | None:
        """The first row of links with an id that is not declared; None if there is none, or nothing is declared."""
        sources, targets = table.links.sources[begin:end], table.links.targets[begin:end]
        if len(self.ids) == 0 or len(sources) == 0:
            return None
        low, high = int(self.ids.min()), int(self.ids.max())
        if high - low + 1 == len(self.ids) and all(
            low <= ends.min() and ends.max() <= high for ends in (sources, targets)
        ):
            return None
        unknown = ~(np.isin(sources, self.ids) & np.isin(targets, self.ids))
        return begin + int(np.argmax(unknown)) if unknown.any() else None

    def positions(self, ends: IdArray) -> IdArray:
        """The positions of nodes, given their ids."""
        low, high = int(self.ids.min()), int(self.ids.max())
        if high - low + 1 == len(self.ids) and bool((np.diff(self.ids) == 1).all()):
            return ends - low
        if high < 8 * (len(self.ids) + len(ends)) + 1024:
            place = np.empty(high + 1, dtype=np.int64)
            place[self.ids] = np.arange(len(self.ids))
            return place[ends]
        order = np.argsort(self.ids)
        found: IdArray = order[np.searchsorted(self.ids, ends, sorter=order)]
        return found

    def node_weights(self) -> FloatArray | None:
        """The weights of the nodes, 1 where none is given; None if no line gives one."""
        weights = self._weights[: self._num_rows]
        absent = np.isnan(weights)
        if absent.all():
            return None
        return np.concatenate([np.where(absent, 1.0, weights), np.ones(len(self._announced))])

    def labels(self) -> tuple[range | IdArray | tuple[str, ...], bool]:
        """What the nodes are called, and whether that is their names: else these are their numbers, or not distinct."""
        names = word_list(self._names)
        numbers = self._listed[: self._num_rows].tolist()
        if not all(map(str.__eq__, names, map(str, numbers))):
            names += tuple(map(str, self._announced.tolist()))
            if len(set(names)) == len(names):
                return names, True
        first, last = int(self.ids[0]), int(self.ids[-1])
        if last - first + 1 == len(self.ids) and bool((np.diff(self.ids) == 1).all()):
            return range(first, last + 1), False
        return self.ids, False

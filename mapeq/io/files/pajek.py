"""Pajek files: nodes under ``*Vertices``; links under ``*Edges``, ``*Arcs`` or ``*Links``, or as lists or a matrix.

Under ``*Edgeslist`` and ``*Arcslist``, a line holds a node and its neighbours; under ``*Matrix``, a row of weights.
Sections about states and layers are in :mod:`mapeq.io.files.state_sections`.
Bipartite networks have links under ``*Bipartite n``, whose secondary nodes are those from number `n` on, or begin with
``*Vertices n p``, whose first `p` nodes are the primary ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import NetworkError, counted
from mapeq.io.files import _scan
from mapeq.io.files._scan import Form
from mapeq.io.files._words import Words
from mapeq.io.files.link_list import (
    LinkTable,
    lengthen,
    line_error,
    new_deferred,
    new_words,
    read_deferred,
    with_room,
    word_list,
)
from mapeq.io.files.source import Source
from mapeq.io.files.state_sections import HEADINGS, StateSections
from mapeq.network.layers import DEFAULT_COUPLING, Coupling
from mapeq.network.network import Network

_VERTICES, _NETWORK, _MATRIX = b"*vertices", b"*network", b"*matrix"
_PAIRS = (b"*edges", b"*arcs", b"*links")
_LISTS = (b"*edgeslist", b"*arcslist")
_ARCS = (b"*arcs", b"*arcslist")
_BIPARTITE = b"*bipartite"
_KNOWN = (_NETWORK, _VERTICES, *_PAIRS, *_LISTS, _MATRIX, _BIPARTITE, *HEADINGS)

#: A file may declare so many nodes without lines or links, and so many more for each line.
_FEW_DECLARED, _DECLARED_PER_LINE = 1_000_000, 100

#: More digits than any number of a node has.
_MOST_DIGITS = 19

IdArray = NDArray[np.int64]


class Section(NamedTuple):
    """A heading of links, and the first row of its links."""

    is_arcs: bool
    row: int


class PajekContent(NamedTuple):
    """What a Pajek file holds; `secondary` is the first number of the secondary side, None without sides."""

    vertices: Vertices
    links: LinkTable
    sections: list[Section]
    secondary: int | None
    states: StateSections


def read_pajek(
    source: Source, *, directed: bool | None, weighted: bool, coupling: Coupling = DEFAULT_COUPLING
) -> Network:
    """Read a Pajek file; see :func:`mapeq.read_network`.

    Nodes are in the order of ``*Vertices``, or without it the numbers in links, sorted. If ``*Vertices n`` is followed
    by fewer than n lines, the nodes are 1 to n; those without a line come last, named by their number.
    """
    content = pajek_content(source, weighted=weighted)
    if content.states.has_any:
        return _higher_order(source, content, directed, weighted, coupling)
    return network_of_pajek(content, directed=directed)


def pajek_content(source: Source, *, weighted: bool) -> PajekContent:
    """Read all lines of a Pajek file, and check that they make a network.

    Raises
    ------
    FormatError
        If they do not.
    """
    vertices = Vertices()
    links = LinkTable(Form(_scan.NO_COMMA, weighted, _scan.ANY, source.comments.table))
    sections: list[Section] = []
    heading = b""
    secondary: int | None = None  # the first number of the secondary side
    higher_order = StateSections()
    early = 0  # links before *Vertices, whose ends are checked later
    while source.more():
        if heading == _VERTICES:
            status = vertices.read(source)
        elif heading in _LISTS:
            status = _read_lists(source, links, vertices)
        elif heading in HEADINGS:
            status = higher_order.read(source, heading)
        elif heading in (_NETWORK, _MATRIX):
            status = _expect_heading(source)
        else:
            known = Vertices() if higher_order.has_states else vertices
            status = _read_links(source, links, known, secondary if heading == _BIPARTITE else None)
        if status == _scan.HEADING:
            last, (heading, count, num_primary) = heading, _heading(source)
            if heading == _NETWORK and last:
                raise source.error("a second *Network begins; a file must hold one", source.position - 1)
            if heading == _NETWORK:
                continue
            if heading in HEADINGS:
                vertices.end_section()
                higher_order.begin(heading, source, links.num_rows)
                continue
            vertices.end_section()
            if heading == _BIPARTITE:
                secondary = count
            if heading == _VERTICES:
                secondary = num_primary + 1 if num_primary else secondary
                vertices.begin_section(count)
                early = links.num_rows
                continue
            first = links.num_rows
            is_arcs = _read_matrix(source, links, vertices, weighted) if heading == _MATRIX else heading in _ARCS
            sections.append(Section(is_arcs, first))
    vertices.end_section()
    if higher_order.has_any:
        if secondary is not None:
            raise source.error("states and layers cannot be bipartite; leave out *Bipartite or the primary nodes")
        if links.num_rows and not higher_order.has_states:
            raise source.error("links of nodes without a layer; they belong under *Intra")
        return PajekContent(vertices, links, sections, None, higher_order)
    if links.num_rows == 0 and len(vertices.ids) == 0:
        raise source.error("contains no links")
    _check_early(source, links, vertices, early)
    vertices.check_declared(source, links.num_rows)
    return PajekContent(vertices, links, sections, secondary, higher_order)


def _heading(source: Source) -> tuple[bytes, int, int]:
    """Read a heading; return it, the number that follows, and that of primary nodes after ``*Vertices``, 0 for all."""
    position = source.position
    fields = source.first_line().split()
    source.skip_line()
    heading = fields[0].lower().partition(b":")[0]
    if heading not in _KNOWN:
        known = "*Vertices, *Edges, *Arcs, *Links, *Edgeslist, *Arcslist, *Matrix, *Bipartite, *States, *Intra, *Inter "
        known += "or *Multilayer"
        raise source.error(f"unknown heading; expected {known}", position)
    if heading == _BIPARTITE and not (len(fields) > 1 and _is_count(fields[1])):
        raise source.error("*Bipartite must name the first number of the secondary nodes", position)
    if heading not in (_VERTICES, _BIPARTITE) or len(fields) == 1:
        return heading, 0, 0
    if not _is_count(fields[1]):
        raise source.error("the number of vertices must be an integer below 2**31", position)
    num_primary = int(fields[2]) if heading == _VERTICES and len(fields) > 2 and _is_count(fields[2]) else 0
    if num_primary > int(fields[1]):
        raise source.error("there are more primary nodes than nodes", position)
    return heading, int(fields[1]), num_primary


def _is_count(field: bytes) -> bool:
    return field.isdigit() and len(field) <= 10 and int(field) < 2**31


# Links ---------------------------------------------------------------------------------------


def _read_links(source: Source, links: LinkTable, vertices: Vertices, secondary: int | None) -> int:
    """Read lines of links of a block, all to the other side if the secondary nodes begin with a number."""
    begin, first = source.position, links.num_rows
    status = links.read(source)
    if status == _scan.WORD:
        raise source.error("links must connect integers from 0, without leading zeros", source.position)
    row = vertices.first_unknown(links, first, links.num_rows)
    if row is not None:
        place = _scan.line_of_row(source.data, begin, row - first, source.comments.table)
        raise source.error(f"the id {_unknown_end(vertices, links, row)} is not under *Vertices", place)
    if secondary is not None:
        sources, targets = (ends[first : links.num_rows] for ends in (links.links.sources, links.links.targets))
        within = np.flatnonzero((sources < secondary) == (targets < secondary))
        if len(within):
            place = _scan.line_of_row(source.data, begin, int(within[0]), source.comments.table)
            raise source.error(f"a link must lead from a number below {secondary} to one from it on, or back", place)
    return status


def _read_lists(source: Source, links: LinkTable, vertices: Vertices) -> int:
    """Read lines "node neighbour ..." of a block, from its position on; return DONE or HEADING."""
    ends: list[tuple[int, int]] = []
    places: list[int] = []
    first_row, status = links.num_rows, _scan.DONE
    while True:
        source.position, first = _scan.next_line(source.data, source.position, source.comments.table)
        if source.position == len(source.block):
            break
        fields = source.block[first : source.block.index(b"\n", first)].split()
        if fields[0].startswith(b"*"):
            status = _scan.HEADING
            break
        if not all(field.isdigit() and len(field) < _MOST_DIGITS for field in fields):
            raise source.error("expected the id of a node and the ids of its neighbours", source.position)
        node, *others = map(int, fields)
        ends += [(node, other) for other in others]
        places += [source.position] * len(others)
        source.skip_line()
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
    links.append(pairs[:, 0], pairs[:, 1], None)
    row = vertices.first_unknown(links, first_row, links.num_rows)
    if row is not None:
        message = f"the id {_unknown_end(vertices, links, row)} is not under *Vertices"
        raise source.error(message, places[row - first_row])
    return status


def _expect_heading(source: Source) -> int:
    """Return HEADING, or DONE at the end of the file."""
    line = source.first_line()
    if line and not line.startswith(b"*"):
        raise source.error("expected a heading, such as *Vertices", source.position)
    return _scan.HEADING if line else _scan.DONE


def _read_matrix(source: Source, links: LinkTable, vertices: Vertices, weighted: bool) -> bool:
    """Read a row of weights for each node; return whether they are arcs, since the matrix is not symmetric."""
    size = len(vertices.ids)
    if size == 0:
        raise source.error("*Matrix must follow *Vertices")
    values = np.empty((size, size))
    for row in range(size):
        fields = source.first_line().split()
        try:
            numbers = np.array(fields, dtype=np.float64)
        except ValueError:
            numbers = np.empty(0)
        if numbers.shape != (size,) or not (np.isfinite(numbers) & (numbers >= 0)).all():
            message = f"expected row {row + 1} of the matrix: {size} numbers, finite and 0 or more"
            raise source.error(message, source.position if fields else None)
        values[row] = numbers
        source.skip_line()
    is_symmetric = bool((values == values.T).all())
    rows, columns = np.nonzero(np.triu(values) if is_symmetric else values)
    links.append(vertices.ids[rows], vertices.ids[columns], values[rows, columns] if weighted else None)
    return not is_symmetric


def _check_early(source: Source, links: LinkTable, vertices: Vertices, end: int) -> None:
    row = vertices.first_unknown(links, 0, end)
    if row is not None:
        ends = f"{links.links.sources[row]} {links.links.targets[row]}"
        raise source.error(f"the id {_unknown_end(vertices, links, row)} of the link {ends} is not under *Vertices")


def _unknown_end(vertices: Vertices, links: LinkTable, row: int) -> int:
    source, target = int(links.links.sources[row]), int(links.links.targets[row])
    return target if np.isin(source, vertices.ids) else source


def network_of_pajek(content: PajekContent, *, directed: bool | None) -> Network:
    """The network of a Pajek file without states."""
    vertices, table, sections, secondary, _ = content
    arcs = _arc_rows(sections, table.num_rows)
    sources, targets, weights = table.columns()
    if directed is None:
        # Programs write both headings though one section may be empty: the links decide, if there are any.
        directed = bool(arcs.any()) or (len(arcs) == 0 and any(section.is_arcs for section in sections))
        if directed and not arcs.all():
            back = ~arcs & (sources != targets)
            sources, targets = np.concatenate([sources, targets[back]]), np.concatenate([targets, sources[back]])
            weights = None if weights is None else np.concatenate([weights, weights[back]])
    if len(vertices.ids) == 0:
        network = Network.from_edges(sources, targets, weights, directed=directed)
        return network if secondary is None else network.with_sides(np.asarray(network.labels) >= secondary)
    labels, named = vertices.labels()
    network = Network.from_edges(
        vertices.positions(sources),
        vertices.positions(targets),
        weights,
        directed=directed,
        labels=labels,
        node_weights=vertices.node_weights(),
    )
    if secondary is not None:
        network = network.with_sides(vertices.ids >= secondary)
    return replace(network, ids=read_only(vertices.ids)) if named else network


def _higher_order(
    source: Source, content: PajekContent, directed: bool | None, weighted: bool, coupling: Coupling
) -> Network:
    vertices, table, sections, _, found = content
    if directed is None:
        directed = bool(_arc_rows(sections, table.num_rows).any())
    try:
        if found.has_states:
            return found.of_states(vertices, table.columns(), directed)
        return found.of_layers(vertices, directed, weighted, coupling)
    except NetworkError as error:
        raise source.error(str(error)) from None


def _arc_rows(sections: list[Section], num_rows: int) -> NDArray[np.bool_]:
    """Mark the links under ``*Arcs``."""
    arcs = np.zeros(num_rows, dtype=np.bool_)
    for section in sections:
        arcs[section.row :] = section.is_arcs
    return arcs


# Nodes ---------------------------------------------------------------------------------------


class Vertices:
    """The nodes under ``*Vertices``.

    Attributes
    ----------
    ids : int64 array
        Numbers of all nodes, each once, updated by :meth:`end_section`: first those with lines, in order, then those
        that only a heading declares.
    """

    def __init__(self) -> None:
        self.ids: IdArray = np.empty(0, np.int64)
        self._num_rows = 0
        self._highest = -1
        self._listed: IdArray = np.empty(1 << 12, np.int64)
        self._weights = np.empty(1 << 12)
        self._names: Words = new_words(indexed=False)
        self._deferred = new_deferred()
        self._declared: IdArray = np.empty(0, np.int64)
        self._section: tuple[int, int] | None = None  # first row, declared number of nodes

    def begin_section(self, count: int) -> None:
        """Begin a section with the heading ``*Vertices count``."""
        self._section = (self._num_rows, count)

    def end_section(self) -> None:
        """End the open section, if there is one, and update the nodes."""
        if self._section is None:
            return
        first, count = self._section
        listed = self._listed[first : self._num_rows]
        # A number above the declared count means that the count is not a range of numbers.
        if len(listed) < count and (len(listed) == 0 or (listed.min() >= 1 and listed.max() <= count)):
            absent = np.setdiff1d(np.arange(1, count + 1), self._listed[: self._num_rows], assume_unique=True)
            self._declared = np.union1d(self._declared, absent)
            self._highest = max(self._highest, count)
        self.ids = np.concatenate([self._listed[: self._num_rows], self._declared])
        self._section = None

    def check_declared(self, source: Source, num_links: int) -> None:
        """Raise if a heading declares millions of nodes in a file about a few: the number must be damaged."""
        most = _FEW_DECLARED + _DECLARED_PER_LINE * (self._num_rows + num_links)
        if len(self._declared) > most:
            raise source.error(
                f"*Vertices declares {counted(len(self.ids), 'node')}, but there are "
                f"{counted(self._num_rows, 'line')} of nodes and {counted(num_links, 'link')}: the number must be wrong"
            )

    def read(self, source: Source) -> int:
        """Read the lines of a block, from its position on; return DONE or HEADING."""
        begin, first = source.position, self._num_rows
        status = self._scan(source)
        row = self._first_repeated(first)
        if row is not None:
            place = _scan.line_of_row(source.data, begin, row - first, source.comments.table)
            raise source.error(f"the id {self._listed[row]} occurs twice under *Vertices", place)
        return status

    def _scan(self, source: Source) -> int:
        while True:
            status, source.position, self._num_rows, num_deferred, begin, end = _scan.scan_vertices(
                source.data,
                source.position,
                self._listed,
                self._weights,
                self._num_rows,
                self._deferred,
                self._names,
                source.comments.table,
            )
            read_deferred(source, self._deferred[:num_deferred], self._weights, "weight of the node")
            if status == _scan.FULL:
                if self._num_rows == len(self._listed):
                    lengthen(self._listed)
                    lengthen(self._weights)
            elif status == _scan.WORDS_FULL:
                self._names = with_room(self._names, source.line_length() + 1)
            elif status in (_scan.DONE, _scan.HEADING):
                return int(status)
            elif status == _scan.WORD:
                raise source.error("a line must begin with the id of the node, an integer from 0", source.position)
            else:
                raise line_error(source, status, begin, end, "weight of the node")

    def _first_repeated(self, first: int) -> int | None:
        """Return the first row, from `first` on, whose id occurs in an earlier row or is declared."""
        new = self._listed[first : self._num_rows]
        if not len(new):
            return None
        highest, self._highest = self._highest, max(self._highest, int(new.max()))
        if new[0] > highest and bool((new[1:] > new[:-1]).all()):
            return None
        old = np.concatenate([self._listed[:first], self._declared])
        if not np.isin(new, old).any() and len(np.unique(new)) == len(new):
            return None
        repeated = np.ones(len(old) + len(new), dtype=np.bool_)
        repeated[np.unique(np.concatenate([old, new]), return_index=True)[1]] = False
        return first + int(np.argmax(repeated[len(old) :]))

    def first_unknown(self, table: LinkTable, begin: int, end: int) -> int | None:
        """Return the first row of links with an unknown id; None if all are known or no node is declared."""
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
        """Return the positions of nodes, given their ids."""
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
        """Return the weights of the nodes, 1 by default; None if no line has a weight."""
        weights = self._weights[: self._num_rows]
        absent = np.isnan(weights)
        if absent.all():
            return None
        return np.concatenate([np.where(absent, 1.0, weights), np.ones(len(self._declared))])

    def labels(self) -> tuple[range | IdArray | tuple[str, ...], bool]:
        """Return the labels, and whether they are names: otherwise they are ids, because names equal ids or repeat."""
        names = word_list(self._names)
        numbers = self._listed[: self._num_rows].tolist()
        if not all(map(str.__eq__, names, map(str, numbers))):
            names += tuple(map(str, self._declared.tolist()))
            if len(set(names)) == len(names):
                return names, True
        first, last = int(self.ids[0]), int(self.ids[-1])
        if last - first + 1 == len(self.ids) and bool((np.diff(self.ids) == 1).all()):
            return range(first, last + 1), False
        return self.ids, False

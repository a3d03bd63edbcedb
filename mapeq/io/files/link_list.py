"""Link lists: one line ``source target [weight]`` per link.

Fields are separated by spaces and tabs, or by a comma with or without spaces around it, but not both within a line. A
label that contains spaces or commas, or begins with ``#``, ``%``, ``*`` or a quote, must be in double quotes, with
quotes inside doubled. Lines that begin with ``#``, ``%`` or ``//`` are comments. Further fields are ignored.

All lines have a weight, or none, and the same number of fields that are numbers: ``1 2 3`` before ``2 4`` may as well
be an adjacency list. If a header or the caller names the weight, every line must have one.

A first line that names source and target is a header, see :func:`mapeq.io.columns.known_ends`. The file is a table if
its suffix is .csv or .tsv, if it has a header, or if the caller chooses columns: cells are separated by commas, tabs,
semicolons or spaces, and may contain spaces where these do not separate them. Empty cells at the ends of lines, and
lines without any text, are ignored. If every line begins with a quoted cell that the header does not name, these are
names of rows, as R writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.threads import Threads, usable_processors
from mapeq.io.columns import ColumnChoice, declared_direction
from mapeq.io.files import _scan
from mapeq.io.files._scan import Cells, Form, Links
from mapeq.io.files._words import AHEAD, LONGEST, Words, fill_slots, numbers_to_words
from mapeq.io.files.header import ADVICE, check_first_link, read_header
from mapeq.io.files.mistaken import note_other_format
from mapeq.io.files.source import Source
from mapeq.network.blocks import PIECE, Rows, Spool, network_of
from mapeq.network.network import Network

#: What :class:`Cells` notes of the types of links.
_TYPES = ("directed", "undirected")

_MESSAGES = {
    _scan.ONE_FIELD: "a link needs a source and a target, separated by spaces, a tab or a comma",
    _scan.EMPTY_FIELD: "a field is empty",
    _scan.OPEN_QUOTE: "the quote is not closed on this line",
    _scan.AFTER_QUOTE: "a closing quote must be followed by a space or a comma (double a quote within quotes)",
    _scan.MIXED: "separate fields either by spaces or by commas; use decimal points; quote labels with spaces",
}

_EVEN = "all links have weights, or none (--unweighted, in Python weight=None, ignores weights)"
_OTHER_FORMAT = (
    "if these are lists of neighbours, name their format (--input-format, in Python format): adjlist, metis or lgl"
)

#: Advice for numbers in other notations, and for edge data as NetworkX writes them.
_ADVICE = {
    r"\d+,\d+": "use a decimal point",
    r"\{.*": "write the file with networkx.write_weighted_edgelist",
}

#: Blocks of so many bytes are read in all threads.
MANY_BYTES = 1 << 21

#: Of more links than these, those read first go to temporary files.
MOST_ROWS = 1 << 25

#: Initial capacity of columns, and minimum growth.
_INITIAL_CAPACITY = 1 << 14


def read_link_list(
    source: Source, *, directed: bool | None, columns: ColumnChoice, is_table: bool = False, some_weights: bool = False
) -> Network:
    """Read a link list or a table; see :func:`mapeq.read_network`. With `is_table`, cells may contain spaces.

    If all labels are integers, they stay integers, and nodes are sorted. Otherwise labels are strings, exactly as
    written, and nodes are in order of first occurrence.
    """
    header = read_header(source, columns, is_table)
    cells = header.cells
    is_weighted = columns.weight is not None and (cells is None or cells.places[_scan.WEIGHT] >= 0)
    num_fields = _scan.WITH_WEIGHT if header.names_weight else _scan.ANY if some_weights else _scan.UNKNOWN
    form = Form(_scan.COMMA, is_weighted, num_fields if is_weighted else _scan.ANY, source.comments.table)
    with Spool() as earlier:
        table = LinkTable(form, cells, "" if header.is_there else ADVICE, earlier)
        while source.more():
            status = table.read(source)
            if status == _scan.WORD:
                table.turn_to_words()
            elif status == _scan.HEADING:
                raise source.error(
                    "a link list has no headings with *, a Pajek file begins with one; quote labels that begin with *",
                    source.position,
                )
        if table.num_links == 0:
            raise source.error("contains no links")
        source.comments.note_links(source.name)
        is_directed = _has_directed_type(source, cells) if directed is None else directed
        labels = None if table.words is None else word_list(table.words)
        if cells is None:
            note_other_format(source.name, source.comments.nodes, table.num_links, table.pieces, labels)
        if labels is not None and not header.is_there:
            check_first_link(source, labels, table.pieces)
        rest = table.columns()
        del table
        if not earlier.num_rows:
            return Network.from_edges(*rest, directed=is_directed, labels=labels)
        earlier.add(*rest)
        return network_of(Network, earlier, labels, directed=is_directed)


def _has_directed_type(text: Source, cells: Cells | None) -> bool:
    """Return whether a table declares its links as directed; raise if it declares both types."""
    types = [] if cells is None else [name for name, occurs in zip(_TYPES, cells.types, strict=True) if occurs]
    try:
        return declared_direction(types)
    except NetworkError as error:
        raise text.error(str(error)) from error


class LinkTable:
    """Links read from a file so far: integer labels, or numbers of words.

    Parameters
    ----------
    form : Form
    cells : Cells, optional
        Positions of the cells of links, for a table.
    advice : str
        What to add to the error if the weight on the first line is not a number.
    earlier : Spool, optional
        Where links go, in order, when there are more than ``MOST_ROWS``; by default all of them stay here.

    Attributes
    ----------
    num_rows : int
        Of links that are here.
    links : Links
        Columns; the first `num_rows` rows are filled.
    words : Words or None
        The labels, from the first label on that is not an integer.
    """

    def __init__(self, form: Form, cells: Cells | None = None, advice: str = "", earlier: Spool | None = None):
        self.num_rows = 0
        self.links = Links(np.empty(_INITIAL_CAPACITY, np.int64), np.empty(_INITIAL_CAPACITY, np.int64), np.empty(0))
        self.words: Words | None = None
        self._deferred = new_deferred()
        self._form = form
        self._cells = cells
        self._advice = advice
        self._earlier = earlier

    @property
    def num_links(self) -> int:
        """Number of links that were read."""
        return self.num_rows + (0 if self._earlier is None else self._earlier.num_rows)

    def pieces(self) -> Iterator[Rows]:
        """All links that were read, in order, in pieces."""
        if self._earlier is not None:
            yield from self._earlier.pieces()
        if self.num_rows:
            yield self._rows(0, self.num_rows)

    def _rows(self, begin: int, end: int) -> Rows:
        sources, targets, weights = self.links
        return sources[begin:end], targets[begin:end], weights[begin:end] if len(weights) else None

    def read(self, source: Source) -> int:
        """Read the lines of a block, from its position on.

        Returns
        -------
        int
            DONE; or HEADING or WORD, with the position at a line that is not a link between integers.

        Raises
        ------
        FormatError
            If a line is invalid.
        """
        if self._earlier is not None and self.num_rows >= MOST_ROWS:
            self._unload(self._earlier)
        if self._form.num_fields != _scan.UNKNOWN:
            self._read_in_threads(source)
        while True:
            status, source.position, self.num_rows, num_deferred, begin, end = _scan.scan_links(
                source.data,
                source.position,
                self._form,
                self.links,
                self.num_rows,
                self._deferred,
                self.words,
                self._cells,
            )
            read_deferred(source, self._deferred[:num_deferred], self.links.weights, "weight")
            if status == _scan.FULL:
                self._make_room()
            elif status == _scan.FIRST:
                self._form = self._form._replace(num_fields=begin)
                if begin > _scan.FEWEST:
                    self._begin_weights()
                self._read_in_threads(source)
            elif status == _scan.UNEVEN:
                raise source.error(_uneven(begin, self._form.num_fields), source.position)
            elif status == _scan.WEIGHTED:
                self._begin_weights()
            elif status == _scan.WORDS_FULL and self.words is not None:
                self.words = with_room(self.words, source.line_length() + 1)
            elif status in (_scan.DONE, _scan.HEADING, _scan.WORD):
                return int(status)
            else:
                raise line_error(source, status, begin, end, "weight", "" if self.num_links else self._advice)

    def _read_in_threads(self, source: Source) -> None:
        """Read the lines of integers of a large block in all threads, up to the first that needs more than reading.

        Each thread reads a piece of the block, into the rows that it needs if every line is a link.
        """
        if self.words is not None or len(source.block) - source.position < MANY_BYTES:
            return
        num_threads, begin, block = usable_processors(), source.position, source.block
        aims = [begin + (len(block) - begin) * t // num_threads for t in range(num_threads)]
        bounds = [begin, *(max(block.rfind(b"\n", begin, aim) + 1, begin) for aim in aims[1:]), len(block)]
        lines = [block.count(b"\n", first, last) for first, last in pairwise(bounds)]
        starts = [self.num_rows, *(self.num_rows + count for count in accumulate(lines))]
        while len(self.links.sources) < starts[-1]:
            for column in self.links:
                if len(column):
                    lengthen(column)

        def scan(first: int, last: int, t: int) -> tuple[NDArray[np.int64], int, int, int, int]:
            sources, targets, weights = self.links
            own = slice(starts[t], starts[t + 1])
            rows = Links(sources[own], targets[own], weights[own])
            cells = self._cells and self._cells._replace(found=np.zeros_like(self._cells.found))
            deferred, data = new_deferred(), source.data[first:last]
            found = _scan.scan_links(data, 0, self._form, rows, 0, deferred, None, cells)
            status, position, row, num_deferred = found[:4]
            return deferred[:num_deferred], status, first + position, row, first

        with Threads(num_threads) as threads:
            pieces = threads.run(scan, bounds)
        for start, (deferred, status, position, num_rows, first) in zip(starts, pieces, strict=False):
            if start != self.num_rows:  # lines before were no links
                for column in self.links:
                    column[self.num_rows : self.num_rows + num_rows] = column[start : start + num_rows]
            source.position = position
            read_deferred(source, np.add(deferred, (self.num_rows, first, first)), self.links.weights, "weight")
            self.num_rows += num_rows
            if status != _scan.DONE:
                break

    def append(self, sources: NDArray[np.int64], targets: NDArray[np.int64], weights: FloatArray | None) -> None:
        """Append links between integers; without weights they weigh 1."""
        if weights is not None and len(self.links.weights) == 0:
            self._begin_weights()
        first, self.num_rows = self.num_rows, self.num_rows + len(sources)
        for column, values in zip(self.links, (sources, targets, 1.0 if weights is None else weights), strict=True):
            while 0 < len(column) < self.num_rows:
                lengthen(column)
            if len(column):
                column[first : self.num_rows] = values

    def turn_to_words(self) -> None:
        """Replace the integers read so far by words with the same digits."""
        self.words = new_words()
        if self._earlier is not None:
            self._earlier.replace(self._as_words)
        for begin in range(0, self.num_rows, PIECE):
            sources, targets, _ = self._rows(begin, min(begin + PIECE, self.num_rows))
            sources[:], targets[:] = self._as_words(sources, targets)

    def _as_words(self, sources: IntArray, targets: IntArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        assert self.words is not None
        links, row = Links(sources.astype(np.int64), targets.astype(np.int64), np.empty(0)), 0
        while row < len(sources):
            # A part at a time, so that Ctrl-C works.
            row = numbers_to_words(links, row, min(row + (1 << 18), len(sources)), self.words)
            self.words = with_room(self.words, 2 * LONGEST)
        return links.sources, links.targets

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray | None]:
        """Return sources, targets, and weights or None. No more links can be read afterwards."""
        for column in self.links:
            column.resize(min(len(column), self.num_rows), refcheck=False)
        sources, targets, weights = self.links
        return sources, targets, weights if len(weights) else None

    def _unload(self, earlier: Spool) -> None:
        """Move all whole pieces of links; the rest stays."""
        if self._form.weighted and self._form.num_fields == _scan.ANY and not len(self.links.weights):
            self._begin_weights()  # the first weight may be on a later line
        whole = self.num_rows - self.num_rows % PIECE
        for begin in range(0, whole, PIECE):
            earlier.add(*self._rows(begin, begin + PIECE))
        for column in self.links:
            if len(column):
                column[: self.num_rows - whole] = column[whole : self.num_rows]
        self.num_rows -= whole

    def _make_room(self) -> None:
        for column in self.links:
            if 0 < len(column) == self.num_rows:
                lengthen(column)

    def _begin_weights(self) -> None:
        self.links = self.links._replace(weights=np.ones(len(self.links.sources)))


def _uneven(found: int, expected: int) -> str:
    """Return the error for a line with another number of fields than the first link, or without a weight."""
    what = f"this line has {found} fields, the first link has {expected}"
    if expected == _scan.WITH_WEIGHT:
        return f"this line has no weight; {_EVEN}"
    return f"{what}; {_EVEN}; {_OTHER_FORMAT}"


def new_deferred() -> NDArray[np.int64]:
    """Return an array for numbers that the scanner leaves to Python: row, begin and end of each."""
    return np.empty((1 << 12, 3), dtype=np.int64)


def read_deferred(source: Source, deferred: NDArray[np.int64], column: FloatArray, what: str) -> None:
    """Parse the numbers that the scanner left to Python."""
    for row, begin, end in deferred.tolist():
        value = float(source.block[begin:end])
        if not 0 <= value < np.inf:
            raise line_error(source, _scan.BAD_NUMBER, begin, end, what)
        column[row] = value


def line_error(source: Source, status: int, begin: int, end: int, what: str, advice: str = "") -> Exception:
    """Return the error for the line at which the scanner stopped.

    For an invalid number, `begin` and `end` are its position, `what` is its meaning, and `advice` is for text instead
    of a number.
    """
    if status != _scan.BAD_NUMBER:
        line = source.block[source.position : source.position + source.line_length()]
        has_semicolons = status == _scan.ONE_FIELD and b";" in line
        advice = ""
        if has_semicolons:
            advice = "; name a table with semicolons .csv, or use --input-format csv"
        elif status == _scan.ONE_FIELD:
            advice = f"; {_OTHER_FORMAT}"
        return source.error(_MESSAGES[status] + advice, source.position)
    text = source.block[begin:end].decode()
    advice = next((advice for how, advice in _ADVICE.items() if re.fullmatch(how, text)), advice)
    try:
        value = float(text)
    except ValueError:
        problem = f"expected a number for the {what}, found {text!r}"
        return source.error(f"{problem}; {advice}" if advice else problem, begin)
    if not np.isfinite(value):
        return source.error(f"the {what} {text} is not finite", begin)
    if value < 0:
        return source.error(f"the {what} {text} is negative; it must be 0 or more", begin)
    return source.error(f"the {what} must be written like 12, 0.5 or 2e-3, not {text!r}", begin)


def lengthen(array: NDArray[np.generic]) -> None:
    """Lengthen an array in place; the operating system moves large arrays without copying them."""
    array.resize(len(array) + max(len(array) // 4, _INITIAL_CAPACITY), refcheck=False)


def new_words(*, indexed: bool = True) -> Words:
    """Return an empty table of words; without `indexed`, words cannot be looked up."""
    slots = np.zeros(2 * _INITIAL_CAPACITY if indexed else 0, np.uint64)
    ends, text = np.zeros(_INITIAL_CAPACITY, np.int64), np.empty(16 * _INITIAL_CAPACITY, np.uint8)
    return Words(np.zeros(2, np.int64), np.empty(AHEAD // 2, np.int64), ends, text, slots)


def with_room(words: Words, num_bytes: int) -> Words:
    """Return the same words, with room for two more words of `num_bytes` bytes in total."""
    size = int(words.size[0])
    if int(words.ends[size]) + num_bytes > len(words.text):
        words.text.resize(3 * len(words.text) // 2 + num_bytes, refcheck=False)
    if size + 2 >= len(words.ends):
        words.ends.resize(2 * len(words.ends), refcheck=False)
        if len(words.slots):
            words = words._replace(slots=np.zeros(2 * len(words.slots), np.uint64))
            fill_slots(words)
    return words


def word_list(words: Words) -> tuple[str, ...]:
    """Return the words, in order."""
    size = int(words.size[0])
    # Every word ends with a line feed.
    return tuple(words.text[: words.ends[size]].tobytes().decode().split("\n")[:-1])

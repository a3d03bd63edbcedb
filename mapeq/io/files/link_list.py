"""Link lists: a line ``source target [weight]`` for every link.

Fields are separated by blanks and tabs, or by a comma with or without blanks around it: one way or
the other within a line. A word that holds blanks or commas, or begins with ``#``, ``%``, ``*`` or a
quote, stands in double quotes, a quote within it doubled. Lines whose first character is ``#`` or
``%`` are comments. A first line that reads ``source target``, with or without ``weight``, or ``from to`` is a
heading; further fields are ignored.

Under a heading with commas or tabs, source and target among its columns, or if the caller says which columns count, the
file is a table: cells between commas, tabs or semicolons, which may hold blanks.
"""

from __future__ import annotations

import csv
import re

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.io.columns import Wanted, find_columns, usual_ends
from mapeq.io.files import _scan
from mapeq.io.files._scan import Cells, Links
from mapeq.io.files._words import LONGEST, Words, fill_slots, numbers_to_words
from mapeq.io.files.source import Source
from mapeq.network.labels import renumbered_by_occurrence
from mapeq.network.network import Network

_HEADER = re.compile(
    rb'("?)(?:source|from)\1(?:\s*,\s*|\s+)("?)(?:target|to)\2(?:(?:\s*,\s*|\s+)("?)weight\3)?\s*', re.IGNORECASE
)

_MESSAGES = {
    _scan.ONE_FIELD: "a link needs a source and a target, separated by blanks, a tab or a comma",
    _scan.EMPTY_FIELD: "nothing stands where a field belongs",
    _scan.OPEN_QUOTE: "the quote has no end on this line",
    _scan.AFTER_QUOTE: "a blank or a comma belongs behind the closing quote (a quote within quotes is written twice)",
    _scan.MIXED: "separate the fields either by blanks or by commas; decimals have a point; quote a word with blanks",
}

#: What separates the cells of a table; if the first line holds none of these, blanks do.
_SEPARATORS = (b"\t", b",", b";")

_HEADING = (
    "if this line is a heading, call its columns source, target and weight, or say which are these "
    "(on the command line by --source, --target and --weight); if it is a link, a word with blanks needs quotes"
)

_MATRIX = (
    "this looks like an adjacency matrix: pass it as a SciPy sparse matrix; if it is a list of links, say which "
    "columns hold source and target (on the command line by --source and --target)"
)
#: A square of so many numbers, or more, is a matrix.
_LEAST_MATRIX = 5

#: Numbers as they are written elsewhere, and data as NetworkX writes them: what to do.
_OTHERWISE = {
    r"\d+,\d+": "decimals have a point",
    r"\{.*": "networkx.write_weighted_edgelist writes a list that can be read",
}

#: First capacity of columns, and least growth.
_FEW = 1 << 14


def read_link_list(source: Source, *, directed: bool | None, wanted: Wanted) -> Network:
    """Read a link list or a table; see :func:`mapeq.read_network`.

    Whole numbers stay whole numbers if all labels are, and nodes are then sorted. Else labels are
    words, exactly as written, and nodes stand in the order of their first link.
    """
    width = _width(source.first_line())
    cells, has_heading = _heading(source, wanted)
    table = LinkTable(_scan.COMMA, wanted.weight is not None, cells, "" if has_heading else _HEADING)
    while source.more():
        status = table.read(source)
        if status == _scan.WORD:
            table.turn_to_words()
        elif status == _scan.HEADING:
            raise source.error(
                "a link list holds no headings, a Pajek file begins with one; a label that begins with * needs quotes",
                source.position,
            )
    if table.num_rows == 0:
        raise source.error("holds no links")
    if cells is None and not has_heading and table.num_rows == width >= _LEAST_MATRIX:
        raise source.error(f"{width} lines of {width} numbers: {_MATRIX}")
    sources, targets, weights = table.columns()
    leads = _leads(source, cells) if directed is None else directed
    if table.words is None:
        return Network.from_edges(sources, targets, weights, directed=leads)
    labels = word_list(table.words)
    if not has_heading:
        _check_first_link(source, labels)
    del table
    if weights is not None and not weights.all():
        sources, targets, weights, labels = _without_zeros(sources, targets, weights, labels)
    return Network.from_edges(sources, targets, weights, directed=leads, labels=labels)


def _heading(text: Source, wanted: Wanted) -> tuple[Cells | None, bool]:
    """Pass over a heading: how lines are cut into cells if this is a table, and whether there was a heading.

    Raises
    ------
    FormatError
        If a column that the caller asks for is not there.
    """
    line = text.first_line()
    is_usual = _HEADER.fullmatch(line) is not None
    separator = next((byte for byte in _SEPARATORS if byte in line), b" ")
    names = _fields(line, separator)
    has_names = is_usual or (separator != b" " and usual_ends(names) is not None)
    has_heading = has_names or any(isinstance(name, str) for name in wanted.said) or _is_word(names, wanted.weight)
    if line.startswith((b",", b";")) and not has_heading and len(names) > 3:
        raise text.error(f"the first cell is empty: {_MATRIX}", text.position)
    cells = None
    if wanted.said or (has_heading and not is_usual):
        try:
            columns = find_columns(names if has_heading else range(len(names)), wanted)
        except NetworkError as error:
            raise text.error(str(error), text.position) from error
        kind = next((place for place, name in enumerate(names) if has_heading and name.lower() == "type"), None)
        places = [-1 if place is None or place in columns[:k] else place for k, place in enumerate((*columns, kind))]
        cells = _cells(separator, places)
    if has_heading:
        text.skip_line()
    if cells is None and is_usual and separator != b" " and separator in text.first_line():
        # Of the rows, a third cell weighs even if the heading is silent about it.
        cells = _cells(separator, [0, 1, -1 if wanted.weight is None else 2, -1])
    return cells, has_heading


def _cells(separator: bytes, places: list[int]) -> Cells:
    return Cells(ord(separator), np.array(places), np.zeros(2, np.bool_), np.zeros((4, 2), np.int64))


def _width(line: bytes) -> int:
    """How many numbers stand on a line; 0 if it holds anything else."""
    fields = line.replace(b",", b" ").split()
    try:
        return len([float(field) for field in fields])
    except ValueError:
        return 0


def _is_word(names: list[str], place: str | int | None) -> bool:
    """Whether a word stands at the position of the weights."""
    if not isinstance(place, int) or place >= len(names):
        return False
    try:
        float(names[place])
    except ValueError:
        return True
    return False


def _fields(line: bytes, separator: bytes) -> list[str]:
    """The cells of a heading."""
    text = line.decode()
    if separator == b" ":
        return [field.strip('"') for field in text.split()]
    return [field.strip() for field in next(csv.reader([text], delimiter=separator.decode(), skipinitialspace=True))]


def _leads(text: Source, cells: Cells | None) -> bool:
    """Whether a table says that its links are directed."""
    directed, undirected = (False, False) if cells is None else cells.types.tolist()
    if directed and undirected:
        raise text.error(
            "some links are of the type Directed, others Undirected; say that all are directed, or that none is "
            "(on the command line by --directed and --undirected)"
        )
    return bool(directed)


def _check_first_link(text: Source, labels: tuple[str, ...]) -> None:
    """Refuse words on the first line over nothing but whole numbers: that is a heading."""
    if len(labels) > 3 and not any(map(str.isdigit, labels[:2])) and all(map(str.isdigit, labels[2:])):
        first = f"the first line links {labels[0]!r} and {labels[1]!r}, and all other labels are numbers"
        raise text.error(f"{first}; {_HEADING}")


class LinkTable:
    """Links as they are read from a file: whole numbers, or numbers of words.

    Parameters
    ----------
    comma : int
        The byte that separates fields besides blanks, or ``NO_COMMA``.
    weighted : bool
        Whether to look at a third field.
    cells : Cells, optional
        Where to look for links in a table, instead.
    advice : str
        What to say besides if the weight on the first line is no number.

    Attributes
    ----------
    num_rows : int
    links : Links
        Columns; the first `num_rows` rows are filled.
    words : Words or None
        The labels, once one of them was no whole number.
    """

    def __init__(self, comma: int, weighted: bool, cells: Cells | None = None, advice: str = ""):
        self.num_rows = 0
        self.links = Links(np.empty(_FEW, np.int64), np.empty(_FEW, np.int64), np.empty(0))
        self.words: Words | None = None
        self._late = new_late()
        self._comma = comma
        self._weighted = weighted
        self._cells = cells
        self._advice = advice

    def read(self, source: Source) -> int:
        """Read the lines of a block from its position on.

        Returns
        -------
        int
            DONE; or HEADING or WORD, and the position is the line that is no link of whole numbers.

        Raises
        ------
        FormatError
            If a line is wrong.
        """
        while True:
            status, source.position, self.num_rows, num_late, begin, end = _scan.scan_links(
                source.data,
                source.position,
                self._comma,
                self._weighted,
                self.links,
                self.num_rows,
                self._late,
                self.words,
                self._cells,
            )
            read_late(source, self._late[:num_late], self.links.weights, "weight")
            if status == _scan.FULL:
                self._make_room()
            elif status == _scan.WEIGHTED:
                self._begin_weights()
            elif status == _scan.WORDS_FULL and self.words is not None:
                self.words = with_room(self.words, source.line_length() + 1)
            elif status in (_scan.DONE, _scan.HEADING, _scan.WORD):
                return int(status)
            else:
                raise line_error(source, status, begin, end, "weight", "" if self.num_rows else self._advice)

    def turn_to_words(self) -> None:
        """Replace the numbers read so far by words that spell them: a number is plainly written or it is a word."""
        self.words = new_words()
        row = 0
        while row < self.num_rows:
            # Some at a time, so that the interpreter can be interrupted.
            row = numbers_to_words(self.links, row, min(row + (1 << 18), self.num_rows), self.words)
            self.words = with_room(self.words, 2 * LONGEST)

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray | None]:
        """Sources, targets, and weights if there are some; the table is not to be filled any further."""
        for column in self.links:
            column.resize(min(len(column), self.num_rows), refcheck=False)
        sources, targets, weights = self.links
        return sources, targets, weights if len(weights) else None

    def _make_room(self) -> None:
        for column in self.links:
            if 0 < len(column) == self.num_rows:
                lengthen(column)

    def _begin_weights(self) -> None:
        self.links = self.links._replace(weights=np.ones(len(self.links.sources)))


def new_late() -> NDArray[np.int64]:
    """Room for numbers that the scanner leaves to Python: row, begin and end of each."""
    return np.empty((1 << 12, 3), dtype=np.int64)


def read_late(source: Source, late: NDArray[np.int64], column: FloatArray, what: str) -> None:
    """Read the numbers that the scanner left to Python."""
    for row, begin, end in late.tolist():
        value = float(source.block[begin:end])
        if not 0 <= value < np.inf:
            raise line_error(source, _scan.BAD_NUMBER, begin, end, what)
        column[row] = value


def line_error(source: Source, status: int, begin: int, end: int, what: str, advice: str = "") -> Exception:
    """The error of a line at which the scanner stopped; `begin` and `end` of the number if that is wrong.

    `advice` is for a word in its place.
    """
    if status != _scan.BAD_NUMBER:
        line = source.block[source.position : source.position + source.line_length()]
        has_semicolons = status == _scan.ONE_FIELD and b";" in line
        advice = "; semicolons need a heading: source;target;weight" if has_semicolons else ""
        return source.error(_MESSAGES[status] + advice, source.position)
    text = source.block[begin:end].decode()
    advice = next((what for how, what in _OTHERWISE.items() if re.fullmatch(how, text)), advice)
    try:
        value = float(text)
    except ValueError:
        problem = f"{text!r} stands where a number belongs, the {what}"
        return source.error(f"{problem}; {advice}" if advice else problem, begin)
    if not np.isfinite(value):
        return source.error(f"the {what} {text} is not finite", begin)
    if value < 0:
        return source.error(f"the {what} {text} is negative; it must be 0 or more", begin)
    return source.error(f"the {what} {text!r} must be written like 12, 0.5 or 2e-3", begin)


def lengthen(array: NDArray[np.generic]) -> None:
    """Make a column or an arena longer, in place; large ones are not copied but moved by the operating system."""
    array.resize(len(array) + max(len(array) // 4, _FEW), refcheck=False)


def new_words(*, sought: bool = True) -> Words:
    """An empty table of words; without a hash table if they need not be found again."""
    slots = np.zeros(2 * _FEW if sought else 0, np.uint64)
    return Words(np.zeros(2, np.int64), np.zeros(_FEW, np.int64), np.empty(16 * _FEW, np.uint8), slots)


def with_room(words: Words, num_bytes: int) -> Words:
    """The same words, with room for a line's two more in so many bytes."""
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
    """The words, in order."""
    size = int(words.size[0])
    # Every word ends with a line feed.
    return tuple(words.text[: words.ends[size]].tobytes().decode().split("\n")[:-1])


def _without_zeros(
    sources: NDArray[np.int64], targets: NDArray[np.int64], weights: FloatArray, labels: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, tuple[str, ...]]:
    """Drop links of weight zero, and the nodes that occur in no other."""
    linked = weights > 0
    sources, targets, order = renumbered_by_occurrence(sources[linked], targets[linked], len(labels))
    return sources, targets, weights[linked], tuple(labels[i] for i in order.tolist())

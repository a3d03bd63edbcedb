"""Networks as lists of neighbours: adjacency lists, METIS graphs (.graph), the Large Graph Layout format (.lgl)."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import FormatError, counted
from mapeq.io.files.reading import ReadOptions, labels_of, numbers_in, without_columns
from mapeq.io.files.source import Source, reading
from mapeq.network.network import Network

_METIS = "a METIS graph"
#: Blanks that no program writes between numbers. NumPy and Python do not agree on them.
_ODD_BLANK = re.compile(r"[^\S \t\r]")
#: More nodes than any file has lines.
_MOST = 2**31


def read_adjacency_list(source: Source, options: ReadOptions) -> Network:
    """Read an adjacency list: lines ``node neighbour neighbour ...``; what follows a # is a comment."""
    without_columns(options, source, "an adjacency list")
    position: dict[str, int] = {}
    sources: list[int] = []
    targets: list[int] = []
    for _, text in source.numbered_lines():
        places = [position.setdefault(name, len(position)) for name in text.partition("#")[0].split()]
        sources += places[:1] * (len(places) - 1)
        targets += places[1:]
    if not position:
        raise source.error("contains no links")
    links = np.array([sources, targets])
    if not options.directed:  # a link may stand at one of its ends or at both
        links.sort(axis=0)
    links = np.unique(links, axis=1)
    return Network.from_edges(*links, directed=bool(options.directed), labels=labels_of(tuple(position)))


def read_lgl(source: Source, options: ReadOptions) -> Network:
    """Read a file of the Large Graph Layout: lines ``# node``, each followed by lines ``neighbour [weight]``."""
    without_columns(options, source, "an .lgl file")
    position: dict[str, int] = {}
    ends: list[int] = []
    weights: list[float] = []
    node = None
    num_fields = None
    for number, text in source.numbered_lines():
        fields = text.split()
        if fields[0].startswith("#"):
            name = text.strip()[1:].strip()
            node = position.setdefault(name, len(position))
            if not name or " " in name:
                raise _line_error(source, number, text, "expected # and the name of one node")
            continue
        if node is None or len(fields) > 2:
            raise _line_error(source, number, text, "expected a line '# node', then lines 'neighbour [weight]'")
        if num_fields not in (None, len(fields)):
            raise _line_error(source, number, text, "every link has a weight, or none has")
        num_fields = len(fields)
        ends += node, position.setdefault(fields[0], len(position))
        weights.append(_weight(source, number, text, fields))
    if not position:
        raise source.error("contains no links")
    return Network.from_edges(
        ends[::2],
        ends[1::2],
        None if options.columns.weight is None else weights,
        directed=bool(options.directed),
        labels=labels_of(tuple(position)),
    )


def _weight(source: Source, number: int, text: str, fields: list[str]) -> float:
    try:
        weight = float(fields[1]) if len(fields) > 1 else 1.0
    except ValueError:
        raise _line_error(source, number, text, f"expected a number for the weight, found {fields[1]!r}") from None
    if not 0 <= weight < np.inf:
        raise _line_error(source, number, text, f"the weight {fields[1]} must be finite and 0 or more")
    return weight


def _line_error(source: Source, number: int, text: str, message: str) -> FormatError:
    return FormatError(message, file=source.name, line=number, text=text)


# METIS ---------------------------------------------------------------------------------------


class _Header(NamedTuple):
    """The first line of a METIS graph: ``n m [format [number of node weights]]``."""

    num_nodes: int
    num_links: int
    has_sizes: bool
    num_node_weights: int
    has_weights: bool
    line: int

    @property
    def num_leading(self) -> int:
        """Number of fields of a line before the first neighbour."""
        return self.has_sizes + self.num_node_weights


def read_metis(source: Source, options: ReadOptions) -> Network:
    """Read a METIS graph: after the header, line k holds the neighbours of node k, from 1, and weights of the links.

    Each link must be listed at both ends, unless the caller wants a directed network.
    """
    without_columns(options, source, _METIS)
    numbers, texts = _lines(source)
    header = _header(source, numbers, texts)
    rows, values = _fields(source, numbers[1:], texts[1:])
    counts = np.bincount(rows, minlength=header.num_nodes)
    starts = np.cumsum(counts) - counts
    place = np.arange(len(rows)) - starts[rows]
    step = 1 + header.has_weights
    short = np.flatnonzero((counts < header.num_leading) | ((counts - header.num_leading) % step > 0))
    if len(short):
        line = int(short[0]) + 1
        raise _line_error(source, numbers[line], texts[line], "this line has too few numbers for the format in line 1")
    is_end = (place >= header.num_leading) & ((place - header.num_leading) % step == 0)
    ends = values[is_end]
    bad = np.flatnonzero(~((ends >= 1) & (ends <= header.num_nodes) & (ends == np.floor(ends))))
    if len(bad):
        line = int(rows[is_end][bad[0]]) + 1
        message = f"{ends[bad[0]]:g} is not a node; nodes are numbered from 1 to {header.num_nodes}"
        raise _line_error(source, numbers[line], texts[line], message)
    weights = values[np.flatnonzero(is_end) + 1] if header.has_weights else np.ones(len(ends))
    node_weights = values[starts + header.has_sizes] if header.num_node_weights == 1 else None
    return _network(source, options, header, rows[is_end], ends.astype(np.int64) - 1, weights, node_weights)


def _lines(source: Source) -> tuple[list[int], list[str]]:
    """Return numbers and texts of all lines but comments. A blank line is a node without neighbours."""
    found = [
        (number, text)
        for number, text in enumerate(source.read_all().decode().split("\n")[:-1], 1)
        if not text.lstrip().startswith("%")
    ]
    while found and (not found[0][1].strip()):
        found.pop(0)
    return [number for number, _ in found], [text for _, text in found]


def _header(source: Source, numbers: list[int], texts: list[str]) -> _Header:
    """Read the header, and check the number of lines."""
    if not texts:
        raise source.error("contains no links")
    fields = texts[0].split()
    are_numbers = all(field.isascii() and field.isdigit() for field in fields)
    if not 2 <= len(fields) <= 4 or not are_numbers or set("".join(fields[2:3])) - set("01"):
        message = "the first line of a METIS graph is: nodes links [format [node weights]], with a format such as 001"
        raise _line_error(source, numbers[0], texts[0], message)
    kind = fields[2].zfill(3) if len(fields) > 2 else "000"
    has_node_weights = kind[-2] == "1"
    num_node_weights = (int(fields[3]) if len(fields) > 3 else 1) if has_node_weights else 0
    num_nodes, num_links = int(fields[0]), int(fields[1])
    header = _Header(num_nodes, num_links, kind[-3] == "1", num_node_weights, kind[-1] == "1", numbers[0])
    while len(texts) > num_nodes + 1 and not texts[-1].strip():
        texts.pop()
    if len(texts) != num_nodes + 1 or num_nodes >= _MOST:
        raise _line_error(
            source,
            numbers[0],
            texts[0],
            f"the first line promises {counted(num_nodes, 'node')}, but {counted(len(texts) - 1, 'line')} follow",
        )
    return header


def _fields(source: Source, numbers: list[int], texts: list[str]) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the line, from 0, and the value of every number."""
    counts = np.fromiter((len(text.split()) for text in texts), np.int64, len(texts))
    are_odd = [_ODD_BLANK.search(text) is not None for text in texts]
    values = None if any(are_odd) else numbers_in(" ".join(texts), " ", int(counts.sum()))
    if values is None:
        is_bad = (
            is_odd or numbers_in(text, " ", len(text.split())) is None
            for is_odd, text in zip(are_odd, texts, strict=True)
        )
        line = next(line for line, bad in enumerate(is_bad) if bad)
        raise _line_error(source, numbers[line], texts[line], "expected numbers: the neighbours of a node")
    return np.repeat(np.arange(len(texts)), counts), values


def _network(
    source: Source,
    options: ReadOptions,
    header: _Header,
    rows: NDArray[np.int64],
    ends: NDArray[np.int64],
    weights: FloatArray,
    node_weights: FloatArray | None,
) -> Network:
    num_nodes = header.num_nodes
    with reading(source.name, _METIS):
        given = weights if options.columns.weight is not None else np.ones(len(weights))
        matrix = scipy.sparse.coo_array((given, (rows, ends)), shape=(num_nodes, num_nodes)).tocsr()
        labels = range(1, num_nodes + 1)
        if options.directed:
            return Network.from_csr(matrix, directed=True, labels=labels, node_weights=node_weights)
        difference = (matrix - matrix.T).tocoo()
        apart = np.flatnonzero(difference.data)
        if len(apart):
            u, v = int(difference.row[apart[0]]) + 1, int(difference.col[apart[0]]) + 1
            raise FormatError(
                f"the link {u} - {v} is not listed alike at both nodes, as METIS demands; if links lead one way, use "
                "--directed (directed=True in Python)",
                file=source.name,
            )
        loops = int((rows == ends).sum())
        if (len(ends) - loops) // 2 + loops != header.num_links and len(ends) != 2 * header.num_links:
            message = f"the first line promises {counted(header.num_links, 'link')}, but there are {len(ends) // 2:,}"
            raise FormatError(message, file=source.name, line=header.line)
        return Network.from_csr(matrix, directed=False, labels=labels, node_weights=node_weights)

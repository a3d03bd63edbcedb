"""Sections of Pajek files about states and layers, as infomap has them.

Under ``*States``, a line holds the number of a state, that of its physical node, and perhaps a name and a weight; the
links that follow lead between states, and a state that has only links is one of the physical node of the same number.
Under ``*Intra``, a line holds a layer and a link in it; under ``*Inter``, a layer, a node, and another layer that a
link of the node leads to; under ``*Multilayer`` (or ``*Multiplex``), layer and node of both ends of a link between
states. Links may have weights.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, distinct, read_only
from mapeq._base.errors import NetworkError
from mapeq.io.files import _scan
from mapeq.io.files.source import Source
from mapeq.network.layers import Coupling, aligned, coupled, inter_links, layer_labels, state_network
from mapeq.network.network import Network
from mapeq.network.states import States, numbered_states

if TYPE_CHECKING:
    from mapeq.io.files.pajek import Vertices

_STATES, INTRA, INTER, MULTILAYER, _MULTIPLEX = b"*states", b"*intra", b"*inter", b"*multilayer", b"*multiplex"
HEADINGS = (_STATES, INTRA, INTER, MULTILAYER, _MULTIPLEX)

_STATE = re.compile(rb'\s*(\d{1,18})\s+(\d{1,18})(?:\s+("[^"]*"|[^\s"]\S*))?(?:\s+(\S+))?\s*')

#: Rows of whole numbers, and weights.
Links = tuple[NDArray[np.int64], FloatArray]

#: Columns of whole numbers under each heading but that of states; a weight may follow.
_COLUMNS = {INTRA: "layer node node", INTER: "layer node layer", MULTILAYER: "layer node layer node"}


class StateSections:
    """The lines of all sections about states and layers.

    Attributes
    ----------
    has_states : bool
        Whether there is a heading ``*States``.
    states : dict
        The physical node of each state, its name or "", and its weight or None.
    """

    def __init__(self) -> None:
        self.has_states = False
        self.states: dict[int, tuple[int, str, float | None]] = {}
        self._rows: dict[bytes, list[tuple[int, ...]]] = {}
        self._weights: dict[bytes, list[float]] = {}

    @property
    def has_any(self) -> bool:
        """Whether there is any heading of states or layers."""
        return self.has_states or bool(self._rows)

    def begin(self, heading: bytes, source: Source, num_links: int) -> None:
        """Begin a section after so many links."""
        heading = MULTILAYER if heading == _MULTIPLEX else heading
        self.has_states |= heading == _STATES
        if heading != _STATES:
            self._rows.setdefault(heading, [])
            self._weights.setdefault(heading, [])
        literal = self.has_states or MULTILAYER in self._rows
        if (self.has_states and self._rows) or (literal and {INTRA, INTER} & self._rows.keys()):
            both = "a file holds either *States, or *Multilayer, or *Intra with *Inter, not two of these"
            raise source.error(both, source.position - 1)
        if num_links:
            raise source.error("links before states or layers; links of states follow *States", source.position - 1)

    def read(self, source: Source, heading: bytes) -> int:
        """Read the lines of a block, from its position on; return DONE or HEADING."""
        heading = MULTILAYER if heading == _MULTIPLEX else heading
        while True:
            source.position, first = _scan.next_line(source.data, source.position, source.comments.table)
            if source.position == len(source.block):
                return _scan.DONE
            line = source.block[first : source.block.index(b"\n", first)]
            if line.startswith(b"*"):
                return _scan.HEADING
            if heading == _STATES:
                state, what = _state(source, line)
                if state in self.states:
                    raise source.error(f"the state {state} occurs twice under *States", source.position)
                self.states[state] = what
            else:
                row, weight = _row(source, line, heading)
                self._rows[heading].append(row)
                self._weights[heading].append(weight)
            source.skip_line()

    def of_states(
        self, vertices: Vertices, links: tuple[NDArray[np.int64], NDArray[np.int64], FloatArray | None], directed: bool
    ) -> Network:
        """The network of states, with links between them by number."""
        sources, targets, weights = links
        given = self.states
        ids = list(given)
        ids += [state for state in distinct(np.concatenate([sources, targets])).tolist() if state not in given]
        place = np.array(ids, dtype=np.int64)
        order = np.argsort(place)
        one, other = (order[np.searchsorted(place, end, sorter=order)] for end in (sources, targets))
        names = [given[state][1] if state in given else "" for state in ids]
        is_named = all(names) and len(set(names)) == len(names)
        given_weights = [given[state][2] if state in given else None for state in ids]
        has_weights = any(weight is not None for weight in given_weights)
        network = Network.from_edges(
            one,
            other,
            weights,
            directed=directed,
            labels=names if is_named else place,
            node_weights=[1.0 if weight is None else weight for weight in given_weights] if has_weights else None,
        )
        physical = [given[state][0] if state in given else state for state in ids]
        network = replace(network, states=_named(numbered_states(physical), vertices))
        return replace(network, ids=read_only(place)) if is_named else network

    def of_layers(self, vertices: Vertices, directed: bool, weighted: bool, coupling: Coupling) -> Network:
        """The multilayer network."""
        links = self.links_of_layers()
        if not weighted:
            links = {heading: (rows, np.ones(len(rows))) for heading, (rows, _) in links.items()}
        if MULTILAYER in links:
            found = literal_network(*links[MULTILAYER], directed=directed)
        elif INTRA not in links or not len(links[INTRA][0]):
            raise NetworkError("there are no links within layers: *Inter needs *Intra")
        else:
            found = coupled_network(links[INTRA], links.get(INTER), coupling, directed=directed)
        return _with_names(found, vertices)

    def links_of_layers(self) -> dict[bytes, Links]:
        """The rows and weights under each heading of layers."""
        return {
            heading: (np.array(rows, dtype=np.int64).reshape(-1, width_of(heading)), np.array(self._weights[heading]))
            for heading, rows in self._rows.items()
        }


def width_of(heading: bytes) -> int:
    """The number of whole numbers in a row under a heading of layers."""
    return len(_COLUMNS[heading].split())


def coupled_network(intra: Links, inter: Links | None, coupling: Coupling, *, directed: bool) -> Network:
    """A multilayer network of rows under ``*Intra`` and ``*Inter``, whose nodes and layers are numbers."""
    rows, weights = intra
    names = np.unique(rows[:, 0])
    networks = []
    for name in names:
        here = rows[:, 0] == name
        networks.append(Network.from_edges(rows[here, 1], rows[here, 2], weights[here], directed=directed))
    layers = aligned(names.tolist(), networks)._replace(places=names)
    between = None
    if inter is not None:
        between = inter_links([tuple(row) for row in inter[0].tolist()], inter[1], layers, both_ways=not directed)
    return coupled(layers, coupling, between)


def literal_network(rows: NDArray[np.int64], weights: FloatArray, *, directed: bool) -> Network:
    """A network of rows under ``*Multilayer``, whose links lead from state to state as they stand."""
    pairs = np.concatenate([rows[:, :2], rows[:, 2:]])
    states, numbers = np.unique(pairs, axis=0, return_inverse=True)
    numbers = numbers.ravel()
    names, layer = np.unique(states[:, 0], return_inverse=True)
    found = numbered_states(states[:, 1].tolist())
    found = found._replace(layer=read_only(layer.astype(np.uint32)), layers=tuple(names.tolist()))
    return state_network(found, (numbers[: len(rows)], numbers[len(rows) :], weights), directed=directed)


def _state(source: Source, line: bytes) -> tuple[int, tuple[int, str, float | None]]:
    found = _STATE.fullmatch(line)
    if found is None:
        raise source.error("expected a state: its number, that of its physical node, a name, a weight", source.position)
    state, physical, name, weight = found.groups()
    text = "" if name is None else name.decode().strip('"')
    return int(state), (int(physical), text, None if weight is None else _weight(source, weight))


def _row(source: Source, line: bytes, heading: bytes) -> tuple[tuple[int, ...], float]:
    columns = _COLUMNS[heading].split()
    fields = line.split()
    numbers = fields[: len(columns)]
    if len(numbers) < len(columns) or not all(field.isdigit() and len(field) < 19 for field in numbers):
        raise source.error(f"expected whole numbers: {' '.join(columns)}, and perhaps a weight", source.position)
    row = tuple(map(int, numbers))
    if heading == INTER and row[0] == row[2]:
        raise source.error("a link under *Inter must lead to another layer", source.position)
    return row, _weight(source, fields[len(columns)]) if len(fields) > len(columns) else 1.0


def _weight(source: Source, field: bytes) -> float:
    try:
        weight = float(field)
    except ValueError:
        weight = np.nan
    if not 0 <= weight < np.inf:
        raise source.error("expected a weight, a number that is finite and 0 or more", source.position)
    return weight


def _names(vertices: Vertices) -> dict[Any, Any]:
    """The names under ``*Vertices``, by number."""
    return dict(zip(vertices.ids.tolist(), vertices.labels()[0], strict=True)) if len(vertices.ids) else {}


def _named(states: States, vertices: Vertices) -> States:
    """The same states with the names under ``*Vertices`` for labels of nodes, which are numbers."""
    named, numbers = _names(vertices), states.labels
    labels = tuple(named.get(node, node) for node in numbers)
    return states._replace(labels=labels, ids=None if labels == numbers else read_only(np.array(numbers)))


def _with_names(network: Network, vertices: Vertices) -> Network:
    """The same multilayer network with the names under ``*Vertices``."""
    assert network.states is not None
    states = _named(network.states, vertices)
    labels = network.labels if states.ids is None else layer_labels(states)
    return replace(network, states=states, labels=labels)

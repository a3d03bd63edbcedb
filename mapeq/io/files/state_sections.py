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

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import NetworkError
from mapeq.io.files import _scan
from mapeq.io.files.source import Source
from mapeq.network.layers import Coupling, aligned, coupled, inter_links, state_network
from mapeq.network.network import Network
from mapeq.network.states import States, numbered_states

if TYPE_CHECKING:
    from mapeq.io.files.pajek import Vertices

_STATES, _INTRA, _INTER = b"*states", b"*intra", b"*inter"
_MULTILAYER = (b"*multilayer", b"*multiplex")
HEADINGS = (_STATES, _INTRA, _INTER, *_MULTILAYER)

_STATE = re.compile(rb'\s*(\d{1,18})\s+(\d{1,18})(?:\s+("[^"]*"|[^\s"]\S*))?(?:\s+(\S+))?\s*')

#: Columns of whole numbers under each heading but that of states; a weight may follow.
_COLUMNS = {_INTRA: "layer node node", _INTER: "layer node layer", _MULTILAYER[0]: "layer node layer node"}


class StateSections:
    """The lines of all sections about states and layers.

    Attributes
    ----------
    has_states : bool
        Whether there is a heading ``*States``.
    """

    def __init__(self) -> None:
        self.has_states = False
        self._states: dict[int, tuple[int, str, float | None]] = {}
        self._rows: dict[bytes, list[tuple[int, ...]]] = {}
        self._weights: dict[bytes, list[float]] = {}

    @property
    def has_any(self) -> bool:
        """Whether there is any heading of states or layers."""
        return self.has_states or bool(self._rows)

    def begin(self, heading: bytes, source: Source, num_links: int) -> None:
        """Begin a section after so many links."""
        heading = _MULTILAYER[0] if heading in _MULTILAYER else heading
        self.has_states |= heading == _STATES
        if heading != _STATES:
            self._rows.setdefault(heading, [])
            self._weights.setdefault(heading, [])
        literal = self.has_states or _MULTILAYER[0] in self._rows
        if (self.has_states and self._rows) or (literal and {_INTRA, _INTER} & self._rows.keys()):
            both = "a file holds either *States, or *Multilayer, or *Intra with *Inter, not two of these"
            raise source.error(both, source.position - 1)
        if num_links:
            raise source.error("links before states or layers; links of states follow *States", source.position - 1)

    def read(self, source: Source, heading: bytes) -> int:
        """Read the lines of a block, from its position on; return DONE or HEADING."""
        heading = _MULTILAYER[0] if heading in _MULTILAYER else heading
        while True:
            source.position, first = _scan.next_line(source.data, source.position, source.comments.table)
            if source.position == len(source.block):
                return _scan.DONE
            line = source.block[first : source.block.index(b"\n", first)]
            if line.startswith(b"*"):
                return _scan.HEADING
            if heading == _STATES:
                state, what = _state(source, line)
                if state in self._states:
                    raise source.error(f"the state {state} occurs twice under *States", source.position)
                self._states[state] = what
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
        given = self._states
        ids = list(given)
        ids += [state for state in np.unique(np.concatenate([sources, targets])).tolist() if state not in given]
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
        network = replace(network, states=_states_of(physical, vertices))
        return replace(network, ids=read_only(place)) if is_named else network

    def of_layers(self, vertices: Vertices, directed: bool, weighted: bool, coupling: Coupling) -> Network:
        """The multilayer network."""
        rows = {
            heading: np.array(rows, dtype=np.int64).reshape(-1, len(_COLUMNS[heading].split()))
            for heading, rows in self._rows.items()
        }
        weights = {
            heading: np.array(values) if weighted else np.ones(len(values)) for heading, values in self._weights.items()
        }
        if _MULTILAYER[0] in rows:
            return _literal(rows[_MULTILAYER[0]], weights[_MULTILAYER[0]], vertices, directed)
        if not len(rows.get(_INTRA, ())):
            raise NetworkError("there are no links within layers: *Inter needs *Intra")
        intra = rows[_INTRA]
        names = np.unique(intra[:, 0])
        networks = []
        for name in names:
            here = intra[:, 0] == name
            ends = intra[here, 1], intra[here, 2]
            networks.append(Network.from_edges(*ends, weights[_INTRA][here], directed=directed))
        layers = aligned(names.tolist(), networks)
        inter = None
        if _INTER in rows:
            links = [tuple(row) for row in rows[_INTER].tolist()]
            inter = inter_links(links, weights[_INTER], layers, both_ways=not directed)
        named = _names(vertices)
        layers = layers._replace(labels=tuple(named.get(label, label) for label in layers.labels), places=names)
        return coupled(layers, coupling, inter)


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
    if heading == _INTER and row[0] == row[2]:
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


def _states_of(physical: list[int], vertices: Vertices) -> States:
    """States of physical nodes, which are called as under ``*Vertices``, or by their numbers."""
    states, named = numbered_states(physical), _names(vertices)
    return states._replace(labels=tuple(named.get(node, node) for node in states.labels))


def _literal(rows: NDArray[np.int64], weights: FloatArray, vertices: Vertices, directed: bool) -> Network:
    """A network whose links lead from state to state as they stand."""
    pairs = np.concatenate([rows[:, :2], rows[:, 2:]])
    states, numbers = np.unique(pairs, axis=0, return_inverse=True)
    numbers = numbers.ravel()
    names, layer = np.unique(states[:, 0], return_inverse=True)
    found = _states_of(states[:, 1].tolist(), vertices)
    found = found._replace(layer=read_only(layer.astype(np.uint32)), layers=tuple(names.tolist()))
    return state_network(found, (numbers[: len(rows)], numbers[len(rows) :], weights), directed=directed)

"""The .clu format: one row ``node module flow`` per node.

Of a state network, a row is about a state: ``state module flow node layer``, with the layer if there are some. Or it is
about a physical node, whose states in the module are taken together; a comment ``# physical level`` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from mapeq._base.errors import FormatError
from mapeq.io.files.leaves import leaves_of
from mapeq.io.files.naming import (
    Row,
    fields,
    header,
    in_text,
    level_lines,
    names_in_files,
    numbers_in_files,
    physical_names,
    quoted,
)
from mapeq.network.network import Network
from mapeq.result.result import Result

if TYPE_CHECKING:
    from mapeq.io.files.naming import Names

#: A field, perhaps in quotes, and what ends it.
_FIELD = re.compile(r'\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^\s,]+))(?:\s*,\s*|\s+|$)')


def write_clu(result: Result, stream: TextIO, level: int = 1, physical: bool = False) -> None:
    """Write the nodes module by module, with modules numbered from 1, both by decreasing flow.

    Nodes are named by their numbers in the input file if it has numbers, else by their labels. With `physical`, rows
    are about physical nodes.
    """
    leaves = leaves_of(result, physical=physical, level=level)
    columns = _columns(result.network, physical=physical)
    first, *more = columns
    stream.write(header(result) + level_lines(result.network, physical=physical))
    stream.write(f"# module level {level}\n# {' '.join((first, 'module', 'flow', *more))}\n")
    of_nodes, *of_states = (fields(column, lambda name: quoted(in_text(name, "clu"))) for column in columns.values())
    form = "%s %d %.9g" + " %s" * len(of_states) + "\n"
    for nodes, modules, _, flow in leaves.parts():
        names = (column(nodes) for column in of_states)
        rows = zip(of_nodes(nodes), (modules + 1).tolist(), flow.tolist(), *names, strict=True)
        stream.write("".join(form % row for row in rows))


def _columns(network: Network, *, physical: bool) -> dict[str, Names]:
    """The columns that say what a row is about, in node order: first of its node or state."""
    states, names = network.states, names_in_files(network)
    if states is None:
        return {"node_id": names}
    nodes = physical_names(states)
    of_nodes: dict[str, Names] = {"node_id": [nodes[node] for node in states.physical.tolist()]}
    if physical:
        return of_nodes
    of_layers: dict[str, Names] = {}
    if states.layer is not None and states.layers is not None:
        names = numbers_in_files(network)  # node and layer tell which state it is
        of_layers = {"layer_id": [states.layers[layer] for layer in states.layer.tolist()]}
    return {"state_id": names} | of_nodes | of_layers


def read_clu(lines: Iterator[tuple[int, str]], file: str, *, has_states: bool = False) -> Iterator[Row]:
    """Read rows ``node module``; ignore further columns, comments (#) and a heading ``*Vertices``.

    Parameters
    ----------
    lines : iterator of (line number, text)
    file : str
        For error messages.
    has_states : bool
        Whether further columns say what states are: a flow, a physical node, and perhaps a layer.
    """
    is_physical = False
    for number, text in lines:
        if text.startswith("#") or text[:9].lower() == "*vertices":
            is_physical |= has_states and text.split() == ["#", "physical", "level"]
            continue
        fields = _fields(text, 5 if has_states and not is_physical else 3)
        if len(fields) < 2:
            raise FormatError("expected a node and its module", file=file, line=number, text=text)
        flow, physical, layer = (*fields[2:], "", "", "")[:3]
        yield Row(fields[0], (fields[1],), number, physical=physical, layer=layer, is_physical=is_physical, flow=flow)


def _fields(text: str, most: int) -> list[str]:
    """The first fields of a line, those in quotes without them."""
    found: list[str] = []
    position = 0
    while len(found) < most and (match := _FIELD.match(text, position)) is not None:
        plain = match["plain"]
        found.append(match["quoted"].replace('""', '"') if plain is None else plain)
        position = match.end()
    return found

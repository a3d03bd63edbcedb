"""The .tree format: one row ``path flow "name" node`` per node.

Of a state network, a row is about a state: ``path flow "name" state node layer`` with the name of its physical node,
and a layer if there are some. Or it is about a physical node, whose states in the module are taken together.

A path holds the ranks, from 1 and by decreasing flow, of the top module, of the module within it, and so on. Its last
number is the rank of the node in its leaf module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from mapeq._base.errors import FormatError
from mapeq._base.hierarchy import paths
from mapeq.io.files.leaves import leaves_of
from mapeq.io.files.naming import (
    Row,
    fields,
    header,
    in_text,
    layer_numbers,
    level_lines,
    numbers_in_files,
    physical_numbers,
)
from mapeq.result.result import Result

if TYPE_CHECKING:
    from mapeq.io.files.naming import Names

#: Regular expression of a row.
ROW_OF_TREE = r'(?P<path>\d+(?::\d+)*)\s+(?P<flow>\S+)\s+"(?P<name>.*)"\s+(?P<node>\S+)'
_MORE = r"(?:\s+(?P<physical>\d+))?(?:\s+(?P<layer>\d+))?"
_FIELDS = re.compile(ROW_OF_TREE + _MORE)


def write_tree(result: Result, stream: TextIO, physical: bool = False) -> None:
    """Write nodes in the order of their paths.

    The last column holds the numbers of the nodes in the input file or their integer labels, or else numbers from 1.
    With `physical`, rows are about physical nodes.
    """
    network, states = result.network, result.network.states
    leaves = leaves_of(result, physical=physical)
    columns = "node_id"
    names: Names = network.labels
    numbers: list[Names] = [numbers_in_files(network)]
    if states is not None:
        nodes = states.physical.tolist()
        names, of_nodes = ([column[node] for node in nodes] for column in (states.labels, physical_numbers(states)))
        numbers = [of_nodes]
        if not physical:
            columns, numbers = "state_id node_id", [numbers_in_files(network), of_nodes]
            if states.layer is not None:
                of_layers = layer_numbers(states)
                columns, numbers = f"{columns} layer_id", [*numbers, [of_layers[k] for k in states.layer.tolist()]]
    stream.write(header(result) + level_lines(result.network, physical=physical))
    stream.write(f"# path flow name {columns}\n")
    of_modules = [":".join(map(str, path)) for path in paths(result.hierarchy.parent)]
    shown = fields(names, lambda name: in_text(name, "tree"))
    ends = [fields(column, str) for column in numbers]
    form = '%s:%d %.9g "%s"' + " %s" * len(ends) + "\n"
    for nodes, modules, ranks, flow in leaves.parts():
        names_and_numbers = (column(nodes) for column in (shown, *ends))
        within = [of_modules[module] for module in modules.tolist()]
        rows = zip(within, ranks.tolist(), flow.tolist(), *names_and_numbers, strict=True)
        stream.write("".join(form % row for row in rows))


def read_tree(
    lines: Iterator[tuple[int, str]], file: str, *, by_number: bool, has_states: bool = False
) -> Iterator[Row]:
    """Read the modules of every node, named by number or by name; ignore the links of a .ftree file.

    The last number of a path is ignored unless it is the only one: then it is a module. With `has_states`, nodes are
    always named by number, and a row without the number of a state is about a physical node.

    Raises
    ------
    FormatError
        If a row is malformed.
    """
    for number, text in lines:
        if text.startswith("#"):
            continue
        if text.startswith("*"):
            return
        match = _FIELDS.match(text)
        if match is None:
            raise FormatError('expected: path flow "name" node', file=file, line=number, text=text)
        path = match["path"].split(":")
        node = match["node" if by_number or has_states else "name"]
        row = Row(node, tuple(path[:-1] or path), number, flow=match["flow"])
        if has_states:
            physical = match["physical"] or ""
            row = row._replace(
                name=match["name"], physical=physical, layer=match["layer"] or "", is_physical=not physical
            )
        yield row

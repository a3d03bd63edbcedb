"""Files as the infomap package lays them out, where mapeq's own formats are others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

import mapeq.pictures.report.page  # noqa: F401  (registers .html)
from mapeq import __version__
from mapeq._base.errors import option_error
from mapeq._base.hierarchy import depths, preorder
from mapeq.integrations.infomap.collecting import weighted_links
from mapeq.io.files.flow_tree import exchange_in_modules
from mapeq.io.files.naming import in_text
from mapeq.io.files.output import WRITERS as OUR_WRITERS
from mapeq.io.files.output import whole_file, write_result
from mapeq.network.network import Network

if TYPE_CHECKING:
    from mapeq.integrations.infomap.found import Result


def write(result: Result, path: str | os.PathLike[str], format: str | None = None, level: int = 1) -> None:
    """Write what was found, in the format of the suffix unless another is said; see :meth:`mapeq.Result.write`.

    Raises
    ------
    ValueError
        If there is no such format.
    FormatError
        If the file cannot be written.
    """
    name = Path(path).suffix.removeprefix(".").lower() if format is None else format
    if name == "net":
        write_pajek(path, result.found.network, result.names)
    elif name in WRITERS:
        with whole_file(path) as stream:
            WRITERS[name](result, stream)
    elif name in OUR_WRITERS:
        write_result(result.named(), path, name, level)
    else:
        raise option_error("format", name, "one of " + ", ".join(sorted({*WRITERS, *OUR_WRITERS, "net"})))


def write_pajek(
    path: str | os.PathLike[str], network: Network, names: Mapping[int, str], found: Result | None = None
) -> None:
    """Write a network as a Pajek file: vertices by number and name, with the weights that they were given, and links.

    Or, with what was found, flow in place of weights.
    """
    weights, links = network.node_weights, weighted_links(network)
    if found is not None:
        weights, links = found.found.flow, found.links("flow")
    ids = np.asarray(network.labels).tolist()
    with whole_file(path) as stream:
        stream.write(f"*Vertices {len(ids)}\n")
        for i, node_id in enumerate(ids):
            weight = "" if weights is None else f" {weights[i]:.9g}"
            stream.write(f'{node_id} "{in_text(names.get(node_id, node_id), "net")}"{weight}\n')
        stream.write("*Arcs\n" if network.directed else "*Edges\n")
        stream.writelines(f"{source} {target} {weight:.9g}\n" for source, target, weight in links)


def _write_csv(result: Result, stream: IO[str]) -> None:
    """A row ``path,flow,name,node_id`` for every node, in the order of the tree."""
    stream.write("path,flow,name,node_id\n")
    for node in result.nodes():
        name = in_text(node.name, "csv").replace('"', '""')
        stream.write(f'{_written(node.path)},{node.flow:.9g},"{name}",{node.node_id}\n')


def _write_json(result: Result, stream: IO[str]) -> None:
    """One object: figures, nodes and modules."""
    found = result.found
    flow_model = found.options["flow_model"]
    content = {
        "version": f"mapeq {__version__}",
        "codelength": result.codelength,
        "seed": found.seed,
        "trials": len(found.trials),
        "numLevels": result.num_levels,
        "numTopModules": result.num_top_modules,
        "numModules": np.bincount(depths(found.hierarchy.parent), minlength=result.num_levels + 1)[1:].tolist(),
        "relativeCodelengthSavings": result.relative_codelength_savings,
        "directed": flow_model != "undirected",
        "flowModel": flow_model,
        "higherOrder": False,
        "nodes": list(_nodes_in_json(result)),
        "modules": list(_modules_in_json(result)),
    }
    json.dump(content, stream, allow_nan=False)


def _nodes_in_json(result: Result) -> Iterator[dict[str, Any]]:
    modules = result.multilevel_modules()
    for node in result.nodes():
        yield {
            "path": node.path,
            "modules": modules[node.node_id],
            "name": str(node.name),
            "flow": node.flow,
            "mec": node.modular_centrality,
            "id": node.node_id,
        }


def _modules_in_json(result: Result) -> Iterator[dict[str, Any]]:
    parent = result.found.hierarchy.parent
    num_links = np.bincount(exchange_in_modules(result.found).modules, minlength=len(parent))
    modules = (node for node in result.tree() if not node.is_leaf)
    for node, size in zip(modules, num_links[preorder(parent)].tolist(), strict=True):
        yield {
            "path": node.path or (0,),
            "enterFlow": node.data.enter_flow,
            "exitFlow": node.data.exit_flow,
            "numEdges": size,
            "numChildren": node.child_degree,
            "codelength": node.codelength,
        }


def _write_newick(result: Result, stream: IO[str]) -> None:
    """The tree in brackets, a node or a module followed by its flow: ``(((1:0.2,2:0.3):0.5,...):1);``."""
    text = ["("]
    closing: list[float] = []
    for node in result.tree():
        while len(closing) > node.depth:
            text.append(f"):{closing.pop():.9g}")
        if text[-1] != "(":
            text.append(",")
        if node.is_leaf:
            text.append(f"{node.node_id}:{node.flow:.9g}")
        else:
            text.append("(")
            closing.append(node.flow)
    while closing:
        text.append(f"):{closing.pop():.9g}")
    stream.write("".join(text) + ");\n")


def _written(path: tuple[int, ...]) -> str:
    return ":".join(map(str, path))


WRITERS: dict[str, Callable[[Result, IO[str]], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "nwk": _write_newick,
}

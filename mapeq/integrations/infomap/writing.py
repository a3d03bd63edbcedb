"""The file formats of the infomap package that differ from mapeq's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import IO, TYPE_CHECKING

import numpy as np

from mapeq import __version__
from mapeq._base.hierarchy import depths, preorder
from mapeq.integrations.infomap.collecting import weighted_links
from mapeq.io.files.flow_tree import exchange_in_modules
from mapeq.io.files.leaves import leaves_of
from mapeq.io.files.naming import in_text
from mapeq.network.network import Network

if TYPE_CHECKING:
    from mapeq.integrations.infomap.result import Result


def pajek_lines(network: Network, names: Mapping[int, str], flow: Result | None = None) -> Iterator[str]:
    """The lines of a Pajek file: a network, with the flow of a result for weights if one is given."""
    weights, links = network.node_weights, weighted_links(network)
    if flow is not None:
        weights, links = flow.found.flow, flow.links("flow")
    ids = np.asarray(network.labels).tolist()
    yield f"*Vertices {len(ids)}\n"
    for i, node_id in enumerate(ids):
        weight = "" if weights is None else f" {weights[i]:.9g}"
        yield f'{node_id} "{in_text(names.get(node_id, node_id), "net")}"{weight}\n'
    yield "*Arcs\n" if network.directed else "*Edges\n"
    yield from (f"{source} {target} {weight:.9g}\n" for source, target, weight in links)


def _write_pajek(result: Result, stream: IO[str]) -> None:
    """The network, with the weights it was given."""
    stream.writelines(pajek_lines(result.found.network, result.names))


def _write_csv(result: Result, stream: IO[str]) -> None:
    """A row ``path,flow,name,node_id`` for every node, in the order of the tree."""
    stream.write("path,flow,name,node_id\n")
    for node in result.nodes():
        path, name = ":".join(map(str, node.path)), in_text(node.name, "csv").replace('"', '""')
        stream.write(f'{path},{node.flow:.9g},"{name}",{node.node_id}\n')


def _write_json(result: Result, stream: IO[str]) -> None:
    """One object: figures, nodes and modules."""
    found, parent = result.found, result.found.hierarchy.parent
    modules_of = result.multilevel_modules()
    num_links = np.bincount(exchange_in_modules(found, leaves_of(found)).modules, minlength=len(parent))[
        preorder(parent)
    ].tolist()
    modules = (node for node in result.tree() if not node.is_leaf)
    content = {
        "version": f"mapeq {__version__}",
        "codelength": result.codelength,
        "seed": found.seed,
        "trials": len(found.trials),
        "numLevels": result.num_levels,
        "numTopModules": result.num_top_modules,
        "numModules": np.bincount(depths(parent), minlength=result.num_levels + 1)[1:].tolist(),
        "relativeCodelengthSavings": result.relative_codelength_savings,
        "directed": found.walk_options.directed,
        "flowModel": found.walk_options.flow_model,
        "higherOrder": False,
        "nodes": [
            {
                "path": node.path,
                "modules": modules_of[node.node_id],
                "name": str(node.name),
                "flow": node.flow,
                "mec": node.modular_centrality,
                "id": node.node_id,
            }
            for node in result.nodes()
        ],
        "modules": [
            {
                "path": module.path or (0,),
                "enterFlow": module.data.enter_flow,
                "exitFlow": module.data.exit_flow,
                "numEdges": size,
                "numChildren": module.child_degree,
                "codelength": module.codelength,
            }
            for module, size in zip(modules, num_links, strict=True)
        ],
    }
    json.dump(content, stream, allow_nan=False)


def _write_newick(result: Result, stream: IO[str]) -> None:
    """The tree in brackets, each node or module followed by its flow: ``(((1:0.2,2:0.3):0.5,...):1);``."""
    text = ["("]
    flows: list[float] = []  # of the modules whose bracket is open
    for node in result.tree():
        while len(flows) > node.depth:
            text.append(f"):{flows.pop():.9g}")
        if text[-1] != "(":
            text.append(",")
        if node.is_leaf:
            text.append(f"{node.node_id}:{node.flow:.9g}")
        else:
            text.append("(")
            flows.append(node.flow)
    text += [f"):{flow:.9g}" for flow in reversed(flows)]
    stream.write("".join(text) + ");\n")


#: By suffix; mapeq writes all other formats.
WRITERS: dict[str, Callable[[Result, IO[str]], None]] = {
    "net": _write_pajek,
    "csv": _write_csv,
    "json": _write_json,
    "nwk": _write_newick,
}

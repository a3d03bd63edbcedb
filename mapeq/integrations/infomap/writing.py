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


def state_network_lines(network: Network, names: Mapping[int, str], state_names: Mapping[int, str]) -> Iterator[str]:
    """The lines of a file of states: names of physical nodes, states, and links between them."""
    ids, states = np.asarray(network.labels).tolist(), network.states
    nodes = ids if states is None else np.asarray(states.labels)[states.physical].tolist()
    if names:
        yield "*Vertices\n"
        yield from (f'{node} "{in_text(name, "net")}"\n' for node, name in names.items())
    yield "*States\n# stateId physicalId\n"
    for state, node in zip(ids, nodes, strict=True):
        name = state_names.get(state)
        yield f"{state} {node}\n" if name is None else f'{state} {node} "{in_text(name, "net")}"\n'
    yield "*Arcs\n" if network.directed else "*Links\n"
    yield from (f"{source} {target} {weight:.9g}\n" for source, target, weight in weighted_links(network))


def _write_pajek(result: Result, stream: IO[str], states: bool) -> None:
    """The network, with the weights it was given."""
    stream.writelines(pajek_lines(result.found.network, {} if result.have_memory else result.names))


def _write_csv(result: Result, stream: IO[str], states: bool) -> None:
    """A row ``path,flow,name,node_id`` for every node, in the order of the tree; state and layer precede the node."""
    columns = ["node_id"]
    if result.have_memory and states:
        columns = ["state_id", *(["layer_id"] if result.has_layers else []), "node_id"]
    stream.write(",".join(["path,flow,name", *columns]) + "\n")
    for node in result.nodes(states=states):
        path, name = ":".join(map(str, node.path)), in_text(node.name, "csv").replace('"', '""')
        numbers = ",".join(str(getattr(node, column)) for column in columns)
        stream.write(f'{path},{node.flow:.9g},"{name}",{numbers}\n')


def _json_nodes(result: Result, *, states: bool) -> Iterator[dict[str, object]]:
    """The nodes, those of states with the state and its layer, or without their modules, which differ by state."""
    modules_of = result.multilevel_modules(states=states) if states or not result.have_memory else {}
    for node in result.nodes(states=states):
        state = {"stateId": node.state_id} if result.have_memory and states else {}
        if state and result.has_layers:
            state["layerId"] = node.layer_id
        yield {
            "path": node.path,
            **({"modules": modules_of[node.state_id]} if modules_of else {}),
            "name": str(node.name),
            "flow": node.flow,
            "mec": node.modular_centrality,
            **state,
            "id": node.node_id,
        }


def _write_json(result: Result, stream: IO[str], states: bool) -> None:
    """One object: figures, nodes and modules."""
    found, parent = result.found, result.found.hierarchy.parent
    leaves = leaves_of(found, physical=result.have_memory and not states)
    num_links = np.bincount(exchange_in_modules(found, leaves).modules, minlength=len(parent))[preorder(parent)]
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
        "higherOrder": result.have_memory,
        **({"stateLevel": states} if result.have_memory else {}),
        "nodes": list(_json_nodes(result, states=states)),
        "modules": [
            {
                "path": module.path or (0,),
                "enterFlow": module.data.enter_flow,
                "exitFlow": module.data.exit_flow,
                "numEdges": size,
                "numChildren": module.child_degree,
                "codelength": module.codelength,
            }
            for module, size in zip(modules, num_links.tolist(), strict=True)
        ],
    }
    json.dump(content, stream, allow_nan=False)


def _write_newick(result: Result, stream: IO[str], states: bool) -> None:
    """The tree in brackets, each node or module followed by its flow: ``(((1:0.2,2:0.3):0.5,...):1);``."""
    text = ["("]
    flows: list[float] = []  # of the modules whose bracket is open
    for node in result.tree(states=states):
        while len(flows) > node.depth:
            text.append(f"):{flows.pop():.9g}")
        if text[-1] != "(":
            text.append(",")
        if node.is_leaf:
            text.append(f"{node.state_id if states else node.node_id}:{node.flow:.9g}")
        else:
            text.append("(")
            flows.append(node.flow)
    text += [f"):{flow:.9g}" for flow in reversed(flows)]
    stream.write("".join(text) + ");\n")


#: By suffix; they take the result, a stream, and whether nodes are states. mapeq writes all other formats.
WRITERS: dict[str, Callable[[Result, IO[str], bool], None]] = {
    "net": _write_pajek,
    "csv": _write_csv,
    "json": _write_json,
    "nwk": _write_newick,
}

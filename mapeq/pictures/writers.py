"""Files that need pictures: GEXF with the places, colours and sizes of nodes, and, imported here, the report."""

from __future__ import annotations

from typing import Any, TextIO

import numpy as np

import mapeq.pictures.report.page  # noqa: F401  (registers .html)
from mapeq._base.csr import FloatArray, IntArray
from mapeq.io.files.graphs import write_gexf
from mapeq.io.files.output import WRITERS, Writer
from mapeq.pictures.colours import GREY, assign_colours, closeness_by_flow, closeness_of_discs
from mapeq.pictures.layout import dot_radii, flow_between, network_layout
from mapeq.pictures.network import informative_level
from mapeq.result.result import Result

#: Networks of more nodes, modules, or nodes in a module are not laid out, which would take up to minutes.
MOST_NODES, MOST_MODULES, MOST_MEMBERS = 20_000, 2_000, 5_000
#: Modules after so many are grey.
MOST_COLOURED = 1_000

#: Units of Gephi by that of the layout, whose discs have the area of a circle of radius 1.
_SCALE = 1000


def write_drawn_gexf(result: Result, stream: TextIO) -> None:
    """Write a GEXF file that Gephi opens as the network is drawn: see :func:`looks_in_gephi`."""
    write_gexf(result, stream, looks_in_gephi(result))


WRITERS["gexf"] = Writer(write_drawn_gexf)


def looks_in_gephi(result: Result) -> list[dict[str, Any]]:
    """Return the colour, size and position of each node, as NetworkX has them for GEXF files.

    Colours are those of modules in pictures. Nodes are in the discs of their modules; those without links are in a row
    below. Networks of more than 20,000 nodes, 2,000 modules or 5,000 nodes in one have no positions.
    """
    labels = result.labels_at(informative_level(result)).astype(np.intp)
    sources, targets, _ = result.network.links()
    linked = np.zeros(result.num_nodes, dtype=np.bool_)
    linked[sources] = linked[targets] = True
    nodes = np.flatnonzero(linked)
    module = np.unique(labels[nodes], return_inverse=True)[1]
    shades = np.tile(GREY, (result.num_nodes, 1))
    places, nearness = None, np.zeros((0, 0))
    sizes = dot_radii(result.flow)
    members = np.bincount(module)
    if result.num_nodes <= MOST_NODES and len(members) <= MOST_MODULES and members.max(initial=0) <= MOST_MEMBERS:
        places, sizes[nodes], nearness = _placed(result, nodes, module)
    shades[nodes] = _colours(result, nodes, module, nearness)[module]
    found: list[dict[str, Any]] = []
    for k, (red, green, blue) in enumerate(np.rint(255 * shades).astype(int).tolist()):
        looks = {"color": {"r": red, "g": green, "b": blue, "a": 1.0}, "size": round(_SCALE * float(sizes[k]), 3)}
        if places is not None:
            x, y = np.round(_SCALE * places[k], 3).tolist()
            looks["position"] = {"x": x, "y": y, "z": 0.0}
        found.append(looks)
    return found


def _placed(result: Result, nodes: IntArray, module: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the places of all nodes, the radii of those with links, and how near modules are."""
    links, number = result.link_flow(), np.zeros(result.num_nodes, dtype=np.intp)
    number[nodes] = np.arange(len(nodes))
    layout = network_layout(module, result.flow[nodes], number[links.sources], number[links.targets], links.flow)
    alone = np.setdiff1d(np.arange(result.num_nodes), nodes)
    places = np.zeros((result.num_nodes, 2))
    places[nodes] = layout.places
    low = (layout.centres - layout.radii[:, None]).min(axis=0, initial=-1.0)
    places[alone] = np.column_stack([np.linspace(-1, 1, len(alone)), np.full(len(alone), low[1] - 0.1)])
    return places, layout.dots, closeness_of_discs(layout.centres[:MOST_COLOURED], layout.radii[:MOST_COLOURED])


def _colours(result: Result, nodes: IntArray, module: IntArray, nearness: FloatArray) -> FloatArray:
    """Return the colours of modules, shape (k, 3)."""
    links, number = result.link_flow(), np.full(result.num_nodes, -1)
    num_modules = int(module.max(initial=-1)) + 1
    most = min(num_modules, MOST_COLOURED)
    number[nodes] = np.arange(len(nodes))
    ends = number[links.sources], number[links.targets]
    between = flow_between(module, num_modules, *ends, links.flow)[:most, :most]
    closeness = closeness_by_flow(between)
    if len(nearness):
        closeness = np.maximum(closeness, nearness)
    return np.concatenate([assign_colours(closeness), np.tile(GREY, (num_modules - most, 1))])

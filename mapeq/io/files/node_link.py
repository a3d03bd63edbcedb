"""Node-link JSON, as NetworkX's ``node_link_data`` and D3 write it."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import numpy as np

from mapeq._base.errors import FormatError, NetworkError
from mapeq.io.columns import WEIGHT
from mapeq.io.files.reading import (
    ReadOptions,
    labels_by,
    note_unused_numbers,
    without_columns,
)
from mapeq.io.files.source import Source, reading
from mapeq.io.objects.arrays import checked_weights, from_graph, missing_attribute
from mapeq.network.network import Network

_WHAT = "node-link JSON"
#: Keys that hold the links.
_LINKS = ("links", "edges")


def read_json(source: Source, options: ReadOptions) -> Network:
    """Read JSON with nodes and links; a node without an ``id`` is named by its place, from 0."""
    without_columns(options, source, _WHAT, has_attributes=True)
    with reading(source.name, _WHAT):
        data = json.loads(source.read_all())
        key = next((key for key in _LINKS if isinstance(data, dict) and key in data), None)
        if key is None or "nodes" not in data:
            is_result = isinstance(data, dict) and "codelength" in data
            hint = "; this is a result of mapeq, not a network" if is_result else ""
            message = f'{_WHAT} is an object with "nodes" and "links" or "edges"{hint}'
            raise FormatError(message, file=source.name)
        nodes, links = data["nodes"], data[key]
        _check_objects(source, "nodes", nodes, 'such as {"id": 1}')
        _check_objects(source, key, links, 'with "source" and "target"', "source", "target")
        ids = [_hashable(node.get("id", place)) for place, node in enumerate(nodes)]
        number = {node: place for place, node in enumerate(ids)}
        if len(number) < len(ids):
            raise FormatError("two nodes have the same id", file=source.name)
        ends = [[number.get(_hashable(link[end]), -1) for link in links] for end in ("source", "target")]
        for end, places in zip(("source", "target"), ends, strict=True):
            if -1 in places:
                unknown = links[places.index(-1)][end]
                raise FormatError(f"a link ends at {unknown!r}, which is not among the nodes", file=source.name)
        sources, targets = (np.array(places, dtype=np.int64) for places in ends)
        return from_graph(
            sources,
            targets,
            _weights(links, options, source),
            labels=labels_by(ids, nodes, options.label),
            is_directed=bool(data.get("directed", False)),
            directed=options.directed,
        )


def _check_objects(source: Source, key: str, objects: Any, examples: str, *keys: str) -> None:
    """Raise if a value of the JSON is no list of objects with these keys."""
    if not isinstance(objects, list):
        raise FormatError(f'"{key}" must be a list of objects {examples}, not {objects!r:.40}', file=source.name)
    for number, item in enumerate(objects, 1):
        if not isinstance(item, dict) or not all(name in item for name in keys):
            text = json.dumps(item, ensure_ascii=False)
            message = f'"{key}" must hold objects {examples}, but number {number:,} is {text:.40}'
            raise FormatError(message, file=source.name)


def _hashable(name: Any) -> Hashable:
    """Return an id; tuples are lists in JSON."""
    if isinstance(name, dict):
        raise NetworkError(f"an id must be text or a number, not {name!r:.40}")
    return tuple(map(_hashable, name)) if isinstance(name, list) else name


def _weights(links: list[dict[str, Any]], options: ReadOptions, source: Source) -> Any:
    weight = options.columns.weight
    if not isinstance(weight, str) or not links:  # a position has been refused
        return None
    note_unused_numbers(links, weight, source.name)
    values = [link.get(weight, 1) for link in links]
    if weight != WEIGHT and not any(weight in link for link in links):
        known = dict.fromkeys(name for link in links for name in link if name not in ("source", "target"))
        raise missing_attribute(weight, known)
    return checked_weights(values, lambda k: f"the link {links[k]['source']!r} - {links[k]['target']!r}")

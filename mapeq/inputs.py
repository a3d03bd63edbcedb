"""What callers give: a network, options, and modules to start from; all checked before the work begins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import IndexArray, read_only
from mapeq._base.errors import OptionError, PartitionError, is_whole, option_error
from mapeq._base.hierarchy import Hierarchy
from mapeq._base.notes import note
from mapeq._base.options import stated_options
from mapeq.io.inputs import as_network, as_partition, with_metadata
from mapeq.network import search_memory
from mapeq.network.changes import changed_nodes
from mapeq.network.labels import positions
from mapeq.network.metadata import MISSING
from mapeq.network.network import Network
from mapeq.objective.options import PLAIN, ObjectiveOptions
from mapeq.optimizer.control import SearchOptions
from mapeq.result.result import Result
from mapeq.walk.options import WalkOptions


def checked_markov_time(markov_time: float | str) -> tuple[float, bool]:
    """Return the Markov time to start with, and whether the search chooses it ("auto")."""
    if not isinstance(markov_time, str):
        return markov_time, False
    if markov_time != "auto":
        raise option_error("markov_time", markov_time, 'a number above 0 or "auto"')
    return 1.0, True


def with_room(network: Network, flow_options: WalkOptions, options: SearchOptions) -> Network:
    """The network, with room for long arrays on the disk if a search needs more memory than there is, and a warning."""
    return search_memory.with_room(
        network,
        directed=flow_options.flow_model != "undirected",
        multilevel=bool(options.multilevel),
        num_trials=options.num_trials,
        num_threads=options.num_threads,
    )


def network_and_options(
    graph: Any,
    *,
    directed: bool | None,
    weight: str | int | None,
    bipartite: bool | None = None,
    flow_model: str | None,
    ends: tuple[str | int | None, str | int | None] = (None, None),
    file_options: Mapping[str, Any] | None = None,
    partition: Any = None,
    metadata: Any = None,
    metadata_column: str | int | None = None,
    **options: Any,
) -> tuple[Network, WalkOptions, ObjectiveOptions]:
    """Read the graph, check the options, and choose the flow model if none is given.

    Options that are None are those that `partition` was found with, if it says so, else the defaults.

    Raises
    ------
    ValueError
        If an option is out of range, or contradicts another.
    NetworkError, FormatError
        If the network is invalid.
    """
    if not (directed is None or isinstance(directed, bool | np.bool_)):
        raise option_error("directed", directed, "True, False or None")
    if not (bipartite is None or isinstance(bipartite, bool | np.bool_)):
        raise option_error("bipartite", bipartite, "True, False or None")
    is_position = is_whole(weight, 0) and isinstance(graph, str | os.PathLike)
    if not (weight is None or isinstance(weight, str) or is_position):
        allowed = "the name of an edge attribute or column, the position of a column in a file, or None"
        raise option_error("weight", weight, allowed)
    options = {name: value for name, value in options.items() if value is not None}
    # Check the options before reading a large file.
    of_objective = {stated.name for stated in stated_options(ObjectiveOptions)}
    walk = {name: value for name, value in options.items() if name not in of_objective}
    WalkOptions(flow_model="directed" if flow_model is None else flow_model, **walk)
    ObjectiveOptions.from_dict(options)
    has_direction = flow_model not in (None, "undirected")
    if directed is not None and flow_model is not None and directed != has_direction:
        kind = "directed" if directed else "undirected"
        raise option_error("flow_model", flow_model, f"omitted, or one for {kind} networks, with directed={directed}")
    directed = None if directed is None else bool(directed)
    found_with = found_options(partition)
    given = {"directed": directed, "bipartite": bipartite, "flow_model": flow_model, **options}
    given["metadata"] = None if metadata is None else True
    warn_of_other_options(partition, found_with, given)
    if directed is None and flow_model is None:
        directed, flow_model = found_with.get("directed"), found_with.get("flow_model")
    elif flow_model is None and directed == found_with.get("directed"):
        flow_model = found_with.get("flow_model")
    if bipartite is None and found_with.get("bipartite"):
        bipartite = True
    options = {name: found_with[name] for name in found_with if name not in ("directed", "flow_model")} | options
    options.pop("metadata", None)
    has_direction = flow_model not in (None, "undirected")
    network = as_network(
        graph,
        directed=directed,
        weight=weight,
        ends=ends,
        implied=has_direction,
        bipartite=None if bipartite is None else bool(bipartite),
        file_options=file_options,
    )
    network = with_metadata(network, metadata, graph, metadata_column)
    if network.metadata is None:
        _check_needs_no_metadata({name: given[name] for name in given if given[name] is not None})
        network = _with_metadata_of(partition, network, found_with)
    if flow_model is None:
        flow_model = "directed" if network.directed else "undirected"
    objective = ObjectiveOptions.from_dict(options)
    try:
        check_preferred_number(objective, network.num_nodes)
        if objective.entropy_correction and network.states is not None:
            allowed = "0 for state networks, in whose modules states share code words"
            raise option_error("entropy_correction", objective.entropy_correction, allowed)
    except OptionError as error:
        if given.get(error.name) is not None:
            raise
        raise PartitionError(f"the modules were found with options that do not fit the network: {error}") from None
    return network, WalkOptions.from_dict(options | {"flow_model": flow_model}), objective


def check_preferred_number(objective: ObjectiveOptions, num_nodes: int, of: str = "nodes") -> None:
    """Raise if more modules are preferred than there are nodes."""
    number = objective.preferred_number_of_modules
    if number is not None and number > num_nodes:
        raise option_error("preferred_number_of_modules", number, f"at most {num_nodes}, the number of {of}")


def _check_needs_no_metadata(given: Mapping[str, Any]) -> None:
    """Raise if options are given that have an effect on metadata only."""
    for name, value in given.items():
        if name.startswith("metadata_") and value != getattr(PLAIN, name):
            raise option_error(name, value, "omitted without metadata")


def _with_metadata_of(partition: Any, network: Network, found_with: Mapping[str, Any]) -> Network:
    """Return the network with the metadata that a partition was found with, by label; note that a file has none."""
    if not found_with.get("metadata"):
        return network
    if not isinstance(partition, Result):
        from mapeq.io.files.source import file_name

        note(f"{file_name(partition)} was found with metadata; here there are none")
        return network
    before = partition.network
    place = positions(network.labels, before.labels)
    codes = np.append(before.metadata.codes, MISSING)[place]  # type: ignore[union-attr]
    return replace(network, metadata=before.metadata._replace(codes=read_only(codes)))  # type: ignore[union-attr]


def read_twice(partition: Any) -> Any:
    """Return a partition whose file can be read twice: for its options, then for its modules. Pipes go to memory."""
    if isinstance(partition, str | os.PathLike):
        from mapeq.io.files.source import rereadable

        return rereadable(partition)
    return partition


def found_options(partition: Any) -> dict[str, Any]:
    """Return the options of the walk, and ``directed``, that a partition was found with; empty if it does not say."""
    if isinstance(partition, Result):
        return {
            "directed": partition.options["directed"],
            "bipartite": partition.options["bipartite"],
            "metadata": partition.network.metadata is not None,
            **partition.walk_options.as_dict(),
            **partition.objective_options.as_dict(),
        }
    if isinstance(partition, str | os.PathLike):
        from mapeq.io.files.recorded import recorded_options

        return recorded_options(partition)
    return {}


def warn_of_other_options(partition: Any, found_with: dict[str, Any], given: dict[str, Any]) -> None:
    """Warn that the header of a file records other options than those that are given (not None)."""
    others = [name for name, value in given.items() if value is not None and found_with.get(name, value) != value]
    if others and isinstance(partition, str | os.PathLike):
        from mapeq.io.files.source import file_name

        recorded = ", ".join(f"{name}={found_with[name]}" for name in others)
        used = ", ".join(f"{name}={given[name]}" for name in others)
        note(f"{file_name(partition)} was found with {recorded}; here it is {used}")


def all_options(network: Network, flow_options: WalkOptions, objective: ObjectiveOptions) -> dict[str, Any]:
    """Return all options of the walk and the objective, ``directed``, ``bipartite`` and ``metadata``."""
    known = {
        "directed": network.directed,
        "bipartite": network.sides is not None,
        "metadata": network.metadata is not None,
    }
    return {**known, **flow_options.as_dict(), **objective.as_dict()}


class WarmStart(NamedTuple):
    """Modules to start a search from.

    Attributes
    ----------
    hierarchy : Hierarchy
        Of n nodes; each node that the partition does not name is a top module.
    changed : unsigned integer array or None
        Nodes whose links or weights have changed since the modules were found; None if none have or it is unknown.
    options : dict
        Options of the search that found the modules; empty if unknown.
    """

    hierarchy: Hierarchy
    changed: IndexArray | None
    options: dict[str, Any]


def start_from(partition: Any, network: Network) -> WarmStart:
    """Read the modules to start from: of this network, or of one that shares nodes with it.

    Parameters
    ----------
    partition : as in :func:`mapeq.io.inputs.as_partition`
        Only a Result of a search tells which nodes' links have changed.
    network : Network
        Of n nodes.

    Raises
    ------
    PartitionError
        As :func:`mapeq.io.inputs.as_partition` with ``fit=True``.
    """
    hierarchy = as_partition(partition, network, fit=True)
    if not isinstance(partition, Result) or not partition.trials:
        return WarmStart(hierarchy, None, {})
    changed = changed_nodes(network, partition.network)
    return WarmStart(hierarchy, changed if len(changed) else None, partition.options)

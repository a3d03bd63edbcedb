"""The public entry points: :func:`infomap` searches for modules, :func:`evaluate` measures a given partition."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import IndexArray, unsigned
from mapeq._base.errors import counted, is_whole, option_error
from mapeq._base.hierarchy import Hierarchy, cut, two_levels
from mapeq._base.keywords import answers_keywords
from mapeq._base.notes import note
from mapeq._base.progress import Progress, StatusLine
from mapeq._base.threads import usable_processors
from mapeq.io.inputs import as_network, as_partition
from mapeq.network.changes import changed_nodes
from mapeq.network.network import Network
from mapeq.network.statistics import component_of
from mapeq.objective.level import network_level
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.markov_time import fitting_markov_time
from mapeq.optimizer.sizes import enlarged, num_small
from mapeq.optimizer.trials import find_modules
from mapeq.result.assembly import make_result
from mapeq.result.result import ROUNDING, Result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions, with_walk_options


@answers_keywords()
@with_walk_options
def infomap(
    graph: Any,
    *,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    bipartite: bool | None = None,
    flow_model: str | None = None,
    teleportation_probability: float = 0.15,
    recorded_teleportation: bool = False,
    teleport_to: str = "links",
    node_weights_as_flow: bool = False,
    markov_time: float | str = 1.0,
    variable_markov_time: bool = False,
    variable_markov_damping: float = 1.0,
    variable_markov_min_scale: float = 1.0,
    regularization: float = 0.0,
    bipartite_flow: str = "two-step",
    multilevel: bool = False,
    min_module_size: int = 1,
    initial_partition: Any = None,
    num_trials: int = 1,
    seed: Any = 0,
    num_threads: int | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[Progress], object] = False,
) -> Result:
    """Find communities by minimising the map equation.

    Parameters
    ----------
    graph : graph, table, matrix, array, links, path or Network
        A NetworkX or igraph graph; a pandas, Polars or Arrow table; a SciPy sparse matrix, a square array of weights,
        or a pandas DataFrame whose index names its columns; an array or tensor of shape (m, 2), with integers also of
        shape (2, m), or of shape (m, 3) with weights; an iterable of ``(u, v)`` or ``(u, v, weight)``; a dict from node
        to a list of neighbours or to a dict ``{neighbour: weight}``; an object with an ``edge_index`` (PyTorch
        Geometric); or the path of a network file. An array of integers of shape (2, 2) holds one link per row; what may
        be two of these, such as integers of shape (3, 3), is refused.

        The weights of parallel links are summed. An undirected self-link counts once. A link of weight 0 is no link,
        but its ends are nodes. Nodes without links are kept, each as a module without flow. The result uses the labels
        of the input; igraph vertices are labelled by the attribute "name" if all names differ. In a table, links run
        between the columns that :meth:`Network.from_table` finds by their names, or that it is given.
    directed : bool, optional
        Whether links lead only from the first node to the second. By default the container decides; a container
        without directions is undirected. A matrix, a dict and an ``edge_index`` are undirected if they are symmetric up
        to rounding errors (:meth:`Network.from_csr`), and otherwise directed. False sums the weights of the two
        directions of each pair.
    weight : str, int or None
        Edge attribute or column that holds the weights; in a file also its position, from 0. A link without the
        attribute weighs 1. Raises if a named attribute is missing; the default "weight" may be absent. With None every
        link weighs 1.
    bipartite : bool, optional
        Whether links lead between two sides, and modules are about the primary one, see `bipartite_flow`. By default
        the container decides: the node attribute ``bipartite`` of NetworkX (0 for primary nodes, 1 for secondary
        ones), the vertex attribute ``type`` of igraph, a rectangular sparse matrix (rows are primary nodes, columns
        follow them), a Pajek file with ``*Bipartite``, or :meth:`Network.with_sides`. True makes the sources of a table
        or of a list of links primary nodes, its targets secondary ones, and the links undirected. False ignores sides.
    {walk options}
    multilevel : bool
        Whether modules may contain modules, to any depth. The search returns the hierarchy with the shortest
        description it finds.
    min_module_size : int, 1 or more
        Least number of nodes in a module, in a hierarchy in a leaf module. When the search is over, the nodes of
        smaller modules go where that costs the fewest bits; ``result.min_size_cost`` says how many. Modules that no
        link connects to others stay as they are, and a warning counts them.
    initial_partition : mapping or Series of label to module, array, table, list of sets, Result, or path, optional
        Partition or hierarchy to start from, in any form that :func:`evaluate` takes; by default every node starts in
        its own module. A two-level search uses only the top modules of a hierarchy. The partition may belong to an
        earlier version of the network: nodes it does not name join their neighbours' modules, and unknown labels are
        ignored. A file whose header says that it was found with other options of the walk gives a warning. A Result
        found with the same options also tells which links have changed; the search then updates only the affected part
        of the network, which takes a fraction of the time of a full search if few links have changed.
    num_trials : int, 1 or more
        Number of independent searches; their results are recombined into one at least as good as the best. More trials
        are never worse: with the same seed, each further trial leaves the codelength as it is, or lowers it.
    seed : int, 0 or more, numpy Generator or RandomState, random.Random, or None
        Random seed. The same seed gives the same result on any number of threads. A generator draws one number. None
        draws a seed. The result records it.
    num_threads : int, optional
        Number of threads; by default the number of processors available to the process.
    time_limit : float, optional
        Time limit of the search in seconds. When it expires, the best result so far is returned with
        ``stopped_by="time limit"``.
    progress : bool or callable
        True reports every pass on standard error. A callable receives a :class:`Progress` after every pass.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If an option is out of range.
    NetworkError, FormatError, PartitionError
        If the network, a file or the initial partition is invalid. All three are ValueErrors.
    ConvergenceError
        If the visit rates of the walk on a directed network do not converge.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> result = mapeq.infomap(nx.karate_club_graph(), num_trials=5)
    >>> result.num_modules, round(result.codelength, 4)
    (3, 4.0874)

    References
    ----------
    M. Rosvall and C. T. Bergstrom, "Maps of random walks on complex networks reveal community structure",
    PNAS 105, 1118 (2008).
    """
    markov_time, is_auto = checked_markov_time(markov_time)
    search_options = SearchOptions(num_trials, seed, num_threads, time_limit, multilevel, is_auto, min_module_size)
    if not (isinstance(progress, bool) or callable(progress)):
        raise option_error("progress", progress, "True, False or a callable")
    network, flow_options = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        bipartite=bipartite,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        markov_time=markov_time,
        variable_markov_time=variable_markov_time,
        variable_markov_damping=variable_markov_damping,
        variable_markov_min_scale=variable_markov_min_scale,
        regularization=regularization,
        bipartite_flow=bipartite_flow,
    )
    report = StatusLine() if progress is True else progress or None
    try:
        return search(network, flow_options, search_options, Control(time_limit, report), initial_partition)
    finally:
        if isinstance(report, StatusLine):
            report.clear()


def checked_markov_time(markov_time: float | str) -> tuple[float, bool]:
    """Return the Markov time to start with, and whether the search chooses it ("auto")."""
    if not isinstance(markov_time, str):
        return markov_time, False
    if markov_time != "auto":
        raise option_error("markov_time", markov_time, 'a number above 0 or "auto"')
    return 1.0, True


def search(
    network: Network,
    flow_options: WalkOptions,
    search_options: SearchOptions,
    control: Control,
    initial_partition: Any = None,
) -> Result:
    """Search with checked options; the caller can stop the search through `control`. See :func:`infomap`."""
    multilevel = bool(search_options.multilevel)
    initial_partition = read_twice(initial_partition)
    if isinstance(initial_partition, str | os.PathLike):
        given = _all_options(network, flow_options)
        if search_options.fit_markov_time:
            del given["markov_time"]
        warn_of_other_options(initial_partition, found_options(initial_partition), given)
    start = None if initial_partition is None else start_from(initial_partition, network)
    tree = None if start is None else start.hierarchy
    if tree is not None and not multilevel:
        tree = two_levels(cut(tree, 1))
    seed = secrets.randbits(32) if search_options.seed is None else int(search_options.seed)
    num_threads = search_options.num_threads or usable_processors()
    if search_options.fit_markov_time:
        time, fitted = fitting_markov_time(network, flow_options, seed=seed, num_threads=num_threads, control=control)
        flow_options = replace(flow_options, markov_time=time)
        if control.stopped:  # no time is left to search: return what fitting the Markov time found
            tree = fitted
    options = _all_options(network, flow_options) | {"multilevel": multilevel}
    can_update = start is not None and options.items() <= start.options.items()
    flow = random_walk(network, flow_options, num_threads=num_threads)
    found = find_modules(
        flow,
        multilevel=multilevel,
        num_trials=search_options.num_trials,
        seed=seed,
        num_threads=num_threads,
        start=tree,
        changed=start.changed if start is not None and can_update else None,
        control=control,
    )
    make = partial(
        make_result,
        network,
        flow,
        trials=found.trials,
        modules_agreed=found.modules_agreed,
        stopped_by=found.stopped_by,
        more_trials_help=found.more_trials_help,
        seed=seed,
        options=options | {"num_trials": int(search_options.num_trials)},
    )
    result = make(found.hierarchy)
    if not len(flow.links.indices) and network.num_links:  # the search cannot see which nodes are linked
        by_links = make(two_levels(unsigned(component_of(network.undirected()))))
        if by_links.codelength <= result.codelength + ROUNDING:
            result = by_links
    min_size = int(search_options.min_module_size)
    if min_size == 1:
        return result
    hierarchy = enlarged(network_level(flow), result.hierarchy, min_size)
    if (number := num_small(hierarchy, min_size)) > 0:
        note(f"{counted(number, 'module')} of fewer than {min_size:,} nodes stay: no link connects them to others")
    larger = make(
        hierarchy, options=options | {"num_trials": int(search_options.num_trials), "min_module_size": min_size}
    )
    return replace(larger, min_size_cost=larger.codelength - result.codelength)


@answers_keywords()
def evaluate(
    graph: Any,
    partition: Any,
    *,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    bipartite: bool | None = None,
    flow_model: str | None = None,
    teleportation_probability: float | None = None,
    recorded_teleportation: bool | None = None,
    teleport_to: str | None = None,
    node_weights_as_flow: bool | None = None,
    markov_time: float | None = None,
    variable_markov_time: bool | None = None,
    variable_markov_damping: float | None = None,
    variable_markov_min_scale: float | None = None,
    regularization: float | None = None,
    bipartite_flow: str | None = None,
) -> Result:
    """Measure a given partition or hierarchy by the map equation, without a search.

    Parameters
    ----------
    graph : as in :func:`infomap`
    partition : mapping of label to module, Series, array in node order, table, list of sets of labels, Result, or path
        Must name every node exactly once. The index of a pandas Series holds the labels; a Polars Series is in node
        order. A table has the columns ``node`` and ``module``, and perhaps ``path``, as :meth:`Result.to_dataframe`
        makes it. A path is that of a .clu, .tree, .ftree, .csv or .tsv file. A hierarchy is one of

        - a mapping of label to path: the tuple of the modules that contain the node, coarsest first. Two modules are
          the same if their paths are equal. Either all values are tuples or none.
        - a list of levels, coarsest first, each a list of sets of labels, as :func:`infomap_partitions` yields them.
          Each set must lie within one set of the level above; a set that does not split is the same module.
        - a Result: its hierarchy, matched by label
        - the path of a .tree, .ftree, .csv or .tsv file that holds a hierarchy
    directed, weight, ... : as in :func:`infomap`
        Options of the walk that are not given, and the direction, are those that the partition was found with, if it is
        a Result, or a .clu, .tree or .ftree file with a header. Else they have the defaults of :func:`infomap`. An
        option that differs from what the header of a file says is used, with a warning.

    Returns
    -------
    Result
        Its ``options`` are those that it was measured with. Modules are numbered by decreasing flow, not by their names
        in `partition`.

    Raises
    ------
    PartitionError
        If a node is missing, unknown or in two modules, if a module contains both nodes and modules, or if levels are
        not nested.
    ValueError, NetworkError, FormatError, ConvergenceError
        As in :func:`infomap`.

    Examples
    --------
    >>> import mapeq
    >>> links = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    >>> mapeq.evaluate(links, {1: "left", 2: "left", 3: "left", 4: "right", 5: "right", 6: "right"}).codelength
    2.320730356833...
    >>> paths = {1: ("left", 1), 2: ("left", 1), 3: ("left", 2), 4: ("right",), 5: ("right",), 6: ("right",)}
    >>> mapeq.evaluate(links, paths)
    <mapeq.Result: 2 top modules in 3 levels of 6 nodes, 2.9650 bits per step, -16.0% saved>

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PNAS 105, 1118 (2008), for two levels; PLoS ONE 6, e18209 (2011), for hierarchies.
    """
    partition = read_twice(partition)
    network, flow_options = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        bipartite=bipartite,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        markov_time=markov_time,
        variable_markov_time=variable_markov_time,
        variable_markov_damping=variable_markov_damping,
        variable_markov_min_scale=variable_markov_min_scale,
        regularization=regularization,
        bipartite_flow=bipartite_flow,
        partition=partition,
    )
    return measure(network, flow_options, partition)


def measure(network: Network, flow_options: WalkOptions, partition: Any) -> Result:
    """Measure a partition with checked options; see :func:`evaluate`."""
    tree = as_partition(partition, network)
    return make_result(network, random_walk(network, flow_options), tree, options=_all_options(network, flow_options))


def warmup(*, progress: bool = False) -> None:
    """Compile all kernels and cache them on disk, so that later processes start at once.

    Meant for container images and test environments. Without it, each kernel is compiled on first use. If the cache
    cannot be written, the kernels are compiled for this process only.

    Parameters
    ----------
    progress : bool
        Whether to show on standard error how far it is.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.warmup()
    """
    from mapeq.integrations.warming import steps

    status = StatusLine() if progress else None
    try:
        everything = steps()
        for number, (name, step) in enumerate(everything):
            if status:
                status.show(f"compiling: {name} ...", number / len(everything))
            step()
    finally:
        if status:
            status.clear()


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
    **options: Any,
) -> tuple[Network, WalkOptions]:
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
    WalkOptions(flow_model="directed" if flow_model is None else flow_model, **options)
    has_direction = flow_model not in (None, "undirected")
    if directed is not None and flow_model is not None and directed != has_direction:
        kind = "directed" if directed else "undirected"
        raise option_error("flow_model", flow_model, f"omitted, or one for {kind} networks, with directed={directed}")
    directed = None if directed is None else bool(directed)
    found_with = found_options(partition)
    given = {"directed": directed, "flow_model": flow_model, **options}
    warn_of_other_options(partition, found_with, given)
    if directed is None and flow_model is None:
        directed, flow_model = found_with.get("directed"), found_with.get("flow_model")
    elif flow_model is None and directed == found_with.get("directed"):
        flow_model = found_with.get("flow_model")
    options = {name: found_with[name] for name in found_with if name not in ("directed", "flow_model")} | options
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
    if flow_model is None:
        flow_model = "directed" if network.directed else "undirected"
    return network, WalkOptions(flow_model=flow_model, **options)


def read_twice(partition: Any) -> Any:
    """Return a partition whose file can be read twice: for its options, then for its modules. Pipes go to memory."""
    if isinstance(partition, str | os.PathLike):
        from mapeq.io.files.source import rereadable

        return rereadable(partition)
    return partition


def found_options(partition: Any) -> dict[str, Any]:
    """Return the options of the walk, and ``directed``, that a partition was found with; empty if it does not say."""
    if isinstance(partition, Result):
        return {"directed": partition.options["directed"], **partition.walk_options.as_dict()}
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


def _all_options(network: Network, flow_options: WalkOptions) -> dict[str, Any]:
    return {"directed": network.directed, **flow_options.as_dict()}


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

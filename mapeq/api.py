"""The front doors: :func:`infomap` searches for modules, :func:`evaluate` measures given ones."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import IndexArray
from mapeq._base.errors import is_whole, option_error
from mapeq._base.hierarchy import Hierarchy, cut, two_levels
from mapeq._base.progress import Progress, StatusLine
from mapeq._base.threads import usable_processors
from mapeq.io.inputs import as_network, as_partition
from mapeq.network.changes import changed_nodes
from mapeq.network.network import Network
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.markov_time import fitting_markov_time
from mapeq.optimizer.trials import find_modules
from mapeq.result.assembly import make_result
from mapeq.result.result import Result
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions, with_walk_options


@with_walk_options
def infomap(
    graph: Any,
    *,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    flow_model: str | None = None,
    teleportation_probability: float = 0.15,
    recorded_teleportation: bool = False,
    teleport_to: str = "links",
    node_weights_as_flow: bool = False,
    markov_time: float | str = 1.0,
    multilevel: bool = False,
    initial_partition: Any = None,
    num_trials: int = 1,
    seed: int | None = 0,
    num_threads: int | None = None,
    time_limit: float | None = None,
    progress: bool | Callable[[Progress], object] = False,
) -> Result:
    """Find communities by minimising the map equation.

    Parameters
    ----------
    graph : graph, table, matrix, array, links, path or Network
        A NetworkX or igraph graph; a pandas, Polars or Arrow table; a SciPy sparse matrix; an integer array or tensor
        of shape (m, 2) or (2, m); an iterable of (u, v) or (u, v, w); the path of a network file.
        Parallel links are summed; an undirected self-link counts once; nodes without links stay,
        each a module of its own without flow. Labels that go in come out; those of igraph are the vertex attribute
        "name", if all differ. The ends of links in a table are its columns "source" and "target", or "from" and "to",
        or else the first two that are not the weight; ``Network.from_table`` takes any. An array of shape (2, 2) has a
        link a row. An object with an ``edge_index`` (PyTorch Geometric) is read like the sparse matrix of its links.
    directed : bool, optional
        Whether links lead from the first node to the second only; by default as the container says,
        and undirected where it does not say. With False a pair weighs the sum of its two directions.
    weight : str, int or None
        The edge attribute or column that holds the weight, in a file also its position, from 0; a link without it
        weighs 1. A name other than "weight" has to be there. None: every link weighs 1.
    {walk options}
    multilevel : bool
        Whether modules may be in modules, to any depth: the hierarchy with the shortest description.
    initial_partition : mapping of label to module, array in node order, list of sets, Result, or path, optional
        Where to start from; by default every node is a module. All that :func:`evaluate` takes; a multilevel
        search starts from a whole hierarchy, a two-level one from its top modules. It may be one of a network that has
        changed since: nodes that it does not name join their neighbours, names that are no nodes are passed over. A
        Result of a search with the same options also tells where links have changed, and the search looks only there
        and as far as that has consequences: for a network that has grown by a hundredth, in a fraction of the time.
    num_trials : int, 1 or more
        So many searches are made and recombined to one that is at least as good as the best of them.
    seed : int, 0 or more, or None
        The same seed gives the same result on any number of threads. None draws one; the result names it.
    num_threads : int, optional
        Threads for the search; by default as many as the process may use processors.
    time_limit : float, optional
        Seconds for the search, after which the best result so far is returned, with ``converged=False``.
    progress : bool or callable
        True reports every pass on standard error; a callable gets a ``mapeq.Progress`` after every pass.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If an option is out of range.
    NetworkError, FormatError, PartitionError
        If the input makes no sense; all three are ValueErrors.
    ConvergenceError
        If the walk on a directed network has no stationary flow within reach.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> result = mapeq.infomap(nx.karate_club_graph(), num_trials=5)
    >>> result.num_modules, round(result.codelength, 4)
    (3, 4.0874)

    References
    ----------
    Rosvall & Bergstrom, Maps of random walks on complex networks reveal community structure, PNAS 105, 1118 (2008).
    """
    markov_time, is_auto = checked_markov_time(markov_time)
    search_options = SearchOptions(num_trials, seed, num_threads, time_limit, multilevel, is_auto)
    if not (isinstance(progress, bool) or callable(progress)):
        raise option_error("progress", progress, "True, False or a callable")
    network, flow_options = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        markov_time=markov_time,
    )
    report = StatusLine() if progress is True else progress or None
    try:
        return search(network, flow_options, search_options, Control(time_limit, report), initial_partition)
    finally:
        if isinstance(report, StatusLine):
            report.clear()


def checked_markov_time(markov_time: float | str) -> tuple[float, bool]:
    """The Markov time to begin with, and whether the search is to find a fitting one."""
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
    """Search under a control by which the caller may stop it; see :func:`infomap`."""
    multilevel = bool(search_options.multilevel)
    start = None if initial_partition is None else start_from(initial_partition, network)
    tree = None if start is None else start.tree
    if tree is not None and not multilevel:
        tree = two_levels(cut(tree, 1))
    seed = secrets.randbits(32) if search_options.seed is None else int(search_options.seed)
    num_threads = search_options.num_threads or usable_processors()
    if search_options.fit_markov_time:
        time, fitted = fitting_markov_time(network, flow_options, seed=seed, num_threads=num_threads, control=control)
        flow_options = replace(flow_options, markov_time=time)
        if control.stopped:  # before the search, which then ends where it starts
            tree = fitted
    options = _known(network, flow_options) | {"multilevel": multilevel}
    goes_on = start is not None and options.items() <= start.options.items()
    flow = random_walk(network, flow_options)
    found = find_modules(
        flow,
        multilevel=multilevel,
        num_trials=search_options.num_trials,
        seed=seed,
        num_threads=num_threads,
        start=tree,
        changed=start.changed if start is not None and goes_on else None,
        control=control,
    )
    return make_result(
        network,
        flow,
        found.hierarchy,
        trials=found.trials,
        modules_agreed=found.modules_agreed,
        converged=found.converged,
        seed=seed,
        options=options | {"num_trials": int(search_options.num_trials)},
    )


def evaluate(
    graph: Any,
    partition: Any,
    *,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    flow_model: str | None = None,
    teleportation_probability: float = 0.15,
    recorded_teleportation: bool = False,
    teleport_to: str = "links",
    node_weights_as_flow: bool = False,
    markov_time: float = 1.0,
) -> Result:
    """Measure a given partition or hierarchy: its codelength by the map equation, without any search.

    Parameters
    ----------
    graph : as in :func:`infomap`
    partition : mapping of label to module, array in node order, list of sets of labels, or path
        Of a .clu, .tree, .ftree, .csv or .tsv file, if it is a path. Has to name every node once. A hierarchy of
        modules is one of

        - a mapping of label to path: a tuple of the modules that a node is in, coarsest first. Two modules
          are the same if their whole paths are. All values have to be tuples, or none.
        - a list of its levels, coarsest first, each a list of sets of labels, as :func:`infomap_partitions`
          yields them. Every set has to be within one of the level above; one that stays whole is the same module.
        - a Result, whose hierarchy is taken over by labels
        - the path of a .tree, .ftree, .csv or .tsv file that holds one
    directed, weight, ... : as in :func:`infomap`

    Returns
    -------
    Result
        Its modules are numbered by flow, whatever they are called in the partition.

    Raises
    ------
    PartitionError
        If a node is missing, unknown or in two modules, or has modules beside it; if levels are not nested.
    ValueError, NetworkError, FormatError, ConvergenceError
        As :func:`infomap`.

    Examples
    --------
    >>> import mapeq
    >>> links = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
    >>> mapeq.evaluate(links, {1: "left", 2: "left", 3: "left", 4: "right", 5: "right", 6: "right"}).codelength
    2.320730356833...
    >>> paths = {1: ("left", 1), 2: ("left", 1), 3: ("left", 2), 4: ("right",), 5: ("right",), 6: ("right",)}
    >>> mapeq.evaluate(links, paths)
    <mapeq.Result: 2 top modules in 3 levels of 6 nodes, 2.9650 bits per step, -16.0% saved>
    """
    network, flow_options = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        markov_time=markov_time,
    )
    return measure(network, flow_options, partition)


def measure(network: Network, flow_options: WalkOptions, partition: Any) -> Result:
    """Measure a partition with checked options; see :func:`evaluate`."""
    tree = as_partition(partition, network)
    return make_result(network, random_walk(network, flow_options), tree, options=_known(network, flow_options))


def warmup() -> None:
    """Compile what searches need and keep it on disk, so that no later process has to wait for it.

    For images and test environments. Without it, every function is compiled when it is first used.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.warmup()
    """
    from mapeq.embeddings.graph import neighbor_graph

    # Cliques in a ring: several levels, and modules that meet.
    first = np.arange(600)
    links = np.concatenate([np.column_stack([first, first // 6 * 6 + (first + step) % 6]) for step in (1, 2)])
    links = np.concatenate([links, np.column_stack([first, (first + 6) % 600])])
    for directed, recorded in ((False, False), (True, False), (True, True)):
        for weights in (None, 1.0 + np.arange(len(links)) % 7):
            network = Network.from_edges(links[:, 0], links[:, 1], weights, directed=directed)
            for multilevel in (False, True):
                infomap(network, recorded_teleportation=recorded, multilevel=multilevel, num_trials=2, num_threads=1)
    for dtype in (np.float32, np.float64):
        vectors = np.column_stack([first % 6, first // 6]).astype(dtype)
        neighbor_graph(vectors, metric="euclidean", weights="jaccard")


def network_and_options(
    graph: Any,
    *,
    directed: bool | None,
    weight: str | int | None,
    flow_model: str | None,
    ends: tuple[str | int | None, str | int | None] = (None, None),
    **options: Any,
) -> tuple[Network, WalkOptions]:
    """Read the graph as the options ask, and find the flow model that fits it."""
    if not (directed is None or isinstance(directed, bool | np.bool_)):
        raise option_error("directed", directed, "True, False or None")
    is_position = is_whole(weight, 0) and isinstance(graph, str | os.PathLike)
    if not (weight is None or isinstance(weight, str) or is_position):
        allowed = "the name of an edge attribute or column, the position of a column in a file, or None"
        raise option_error("weight", weight, allowed)
    WalkOptions(flow_model="directed" if flow_model is None else flow_model, **options)  # before anything is read
    has_direction = flow_model not in (None, "undirected")
    if directed is not None and flow_model is not None and directed != has_direction:
        kind = "directed" if directed else "undirected"
        raise option_error("flow_model", flow_model, f"left out, or one for {kind} networks, with directed={directed}")
    directed = None if directed is None else bool(directed)
    network = as_network(graph, directed=directed, weight=weight, ends=ends, implied=has_direction)
    if flow_model is None:
        flow_model = "directed" if network.directed else "undirected"
    return network, WalkOptions(flow_model=flow_model, **options)


def _known(network: Network, flow_options: WalkOptions) -> dict[str, Any]:
    return {"directed": network.directed, **flow_options.as_dict()}


class Start(NamedTuple):
    """Where a search starts from.

    Attributes
    ----------
    tree : Hierarchy
        Of n nodes; those of which nothing was known are alone in top modules.
    changed : unsigned integer array or None
        The nodes whose links or weights are others than when the modules were found; None if none are, or that is
        not known.
    options : dict
        Those of the search that found the modules; empty if that is not known.
    """

    tree: Hierarchy
    changed: IndexArray | None
    options: dict[str, Any]


def start_from(partition: Any, network: Network) -> Start:
    """What to start from, given modules of this network or of one that has some of its nodes.

    Parameters
    ----------
    partition : all that :func:`mapeq.io.inputs.as_partition` takes
        Only a Result that was searched for tells which nodes' links have changed since.
    network : Network
        Of n nodes.

    Raises
    ------
    PartitionError
        As :func:`mapeq.io.inputs.as_partition` with ``fit=True``.
    """
    tree = as_partition(partition, network, fit=True)
    if not isinstance(partition, Result) or not partition.trials:
        return Start(tree, None, {})
    changed = changed_nodes(network, partition.network)
    return Start(tree, changed if len(changed) else None, partition.options)

"""The public entry points: :func:`infomap` searches for modules, :func:`evaluate` measures a given partition."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mapeq._base.csr import unsigned
from mapeq._base.errors import counted, option_error
from mapeq._base.hierarchy import cut, two_levels
from mapeq._base.keywords import answers_keywords
from mapeq._base.notes import note
from mapeq._base.options import with_options
from mapeq._base.progress import Progress, StatusLine
from mapeq._base.threads import usable_processors
from mapeq.inputs import (
    all_options,
    checked_markov_time,
    found_options,
    network_and_options,
    read_twice,
    start_from,
    warn_of_other_options,
    with_room,
)
from mapeq.io.inputs import as_partition
from mapeq.network.folders import check_files
from mapeq.network.network import Network
from mapeq.network.statistics import component_of
from mapeq.objective.level import added_terms, network_level, with_links_of_contents
from mapeq.objective.options import PLAIN, ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.optimizer.markov_time import fitting_markov_time
from mapeq.optimizer.sizes import enlarged, num_small
from mapeq.optimizer.trials import find_modules
from mapeq.result.assembly import make_result
from mapeq.result.result import ROUNDING, Result
from mapeq.walk.bipartite import check_way_back
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions


@answers_keywords()
@with_options("{walk options}", WalkOptions)
@with_options("{objective options}", ObjectiveOptions)
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
    entropy_correction: float = 0.0,
    preferred_number_of_modules: int | None = None,
    metadata: Any = None,
    metadata_column: str | int | None = None,
    metadata_rate: float = 1.0,
    metadata_unweighted: bool = False,
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
    metadata : str, mapping, Series, array, table or path, optional
        The category of each node, such as the department of a person: modules that mix categories take more bits.
        The name of a node attribute of a NetworkX or igraph graph; a mapping or Series by label; an array in node
        order; a table with a column of nodes (``node``, ``id``, ...) and one of categories; or the path of a file of
        two such columns (for graphs as a :class:`pathlib.Path`). Categories are text, whole numbers or other hashables.
        None and NaN are missing, and so are nodes that are not named; all missing ones are one more category. By
        default that of :meth:`Network.with_metadata`.
    metadata_column : str or int, optional
        Column of the categories in a table or a file of more than two columns, by name or position.
    {objective options}
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
    network, flow_options, objective = network_and_options(
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
        entropy_correction=entropy_correction,
        preferred_number_of_modules=preferred_number_of_modules,
        metadata=metadata,
        metadata_column=metadata_column,
        metadata_rate=metadata_rate,
        metadata_unweighted=metadata_unweighted,
    )
    network = with_room(network, flow_options, search_options)
    report = StatusLine() if progress is True else progress or None
    try:
        control = Control(time_limit, report)
        return search(network, flow_options, search_options, control, initial_partition, objective)
    finally:
        if isinstance(report, StatusLine):
            report.clear()


def search(
    network: Network,
    flow_options: WalkOptions,
    search_options: SearchOptions,
    control: Control,
    initial_partition: Any = None,
    objective: ObjectiveOptions = PLAIN,
) -> Result:
    """Search with checked options; the caller can stop the search through `control`. See :func:`infomap`."""
    multilevel = bool(search_options.multilevel)
    initial_partition = read_twice(initial_partition)
    if isinstance(initial_partition, str | os.PathLike):
        given = all_options(network, flow_options, objective)
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
    options = all_options(network, flow_options, objective) | {"multilevel": multilevel}
    can_update = start is not None and options.items() <= start.options.items()
    check_files(network)
    flow = random_walk(network, flow_options, num_threads=num_threads)
    check_way_back(network, flow.nodes[:, VISIT])
    has_flow = len(flow.links.indices) > 0
    min_size = int(search_options.min_module_size)
    walked = flow if min_size > 1 else None  # small modules are merged along links of the network only
    terms = added_terms(network, flow, objective)
    flow = with_links_of_contents(flow, terms.contents)
    found = find_modules(
        flow,
        multilevel=multilevel,
        counting=terms.counting,
        contents=terms.contents,
        num_trials=search_options.num_trials,
        seed=seed,
        num_threads=num_threads,
        start=tree,
        changed=start.changed if start is not None and can_update else None,
        control=control,
        storage=network.storage,
    )
    check_files(network)
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
        preference_cost=found.preference_cost,
        num_threads=num_threads,
    )
    result = make(found.hierarchy)
    if not has_flow and network.num_links:  # the search cannot see which nodes are linked
        by_links = make(two_levels(unsigned(component_of(network.undirected()))))
        if by_links.codelength <= result.codelength + ROUNDING:
            result = by_links
    if walked is None:
        return result
    hierarchy = enlarged(network_level(walked, *terms), result.hierarchy, min_size)
    if (number := num_small(hierarchy, min_size)) > 0:
        stay, them = ("stays", "it") if number == 1 else ("stay", "them")
        note(f"{counted(number, 'module')} of fewer than {min_size:,} nodes {stay}: no link connects {them} to others")
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
    entropy_correction: float | None = None,
    preferred_number_of_modules: int | None = None,
    metadata: Any = None,
    metadata_column: str | int | None = None,
    metadata_rate: float | None = None,
    metadata_unweighted: bool | None = None,
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
    network, flow_options, objective = network_and_options(
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
        entropy_correction=entropy_correction,
        preferred_number_of_modules=preferred_number_of_modules,
        metadata=metadata,
        metadata_column=metadata_column,
        metadata_rate=metadata_rate,
        metadata_unweighted=metadata_unweighted,
        partition=partition,
    )
    return measure(network, flow_options, partition, objective)


def measure(network: Network, flow_options: WalkOptions, partition: Any, objective: ObjectiveOptions = PLAIN) -> Result:
    """Measure a partition with checked options; see :func:`evaluate`."""
    tree = as_partition(partition, network)
    options = all_options(network, flow_options, objective)
    check_files(network)
    flow = random_walk(network, flow_options)
    check_way_back(network, flow.nodes[:, VISIT])
    return make_result(network, flow, tree, options=options)


def warmup(*, progress: bool = False) -> None:
    """Compile the kernels and cache them on disk, so that later processes start at once.

    Meant for container images and test environments. Without it, each kernel is compiled on first use. So is what only
    some options need: metadata, the entropy correction and a preferred number of modules, for example. If the cache
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

"""NetworkX's community functions and PageRank in compiled code, and the backend ``mapeq`` that offers them to NetworkX.

Signatures, return types and errors are those that NetworkX documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx
import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import ConvergenceError, PartitionError
from mapeq._base.keywords import answers_keywords
from mapeq.api import evaluate, infomap
from mapeq.io.inputs import with_metadata
from mapeq.io.objects.networkx import from_networkx
from mapeq.network.network import Network
from mapeq.optimizer.seeds import whole_seed
from mapeq.result.result import Result
from mapeq.walk.stationary import visit_rates


@answers_keywords(further=infomap)
def infomap_communities(
    G: nx.Graph,
    *,
    weight: str | None = "weight",
    seed: Any = None,
    num_trials: int = 1,
    teleportation_probability: float = 0.15,
    **options: Any,
) -> list[set[Any]]:
    """Find the communities of a graph by the two-level map equation.

    Parameters
    ----------
    G : NetworkX graph
    weight : str, optional
        Edge attribute that holds the weights; an edge without it weighs 1. With None all edges weigh 1.
    seed : int, random.Random, numpy generator or None
        Random seed. The same seed gives the same communities; None draws a seed.
    num_trials : int
        Number of independent searches, which are recombined.
    teleportation_probability : float from 0 to 1
        Probability of teleporting at each step (directed graphs only).
    **options : any
        Other options of :func:`mapeq.infomap`, such as ``markov_time`` or ``metadata``.

    Returns
    -------
    list of sets of nodes
        Communities by decreasing flow. A node without edges is a community of its own.

    Raises
    ------
    ValueError
        If a weight is negative, NaN or infinite, or an option is out of range.

    Examples
    --------
    >>> import networkx as nx
    >>> infomap_communities(nx.barbell_graph(4, 0), seed=1)
    [{0, 1, 2, 3}, {4, 5, 6, 7}]

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PNAS 105, 1118 (2008).
    """
    options = {"multilevel": False} | options
    return _search(G, weight, seed, num_trials, teleportation_probability, options).communities()


@answers_keywords(further=infomap)
def infomap_partitions(
    G: nx.Graph,
    *,
    weight: str | None = "weight",
    seed: Any = None,
    num_trials: int = 1,
    teleportation_probability: float = 0.15,
    **options: Any,
) -> Iterator[list[set[Any]]]:
    """Find the hierarchy of communities that describes the walk on a graph in the fewest bits.

    Parameters
    ----------
    G, weight, seed, num_trials, teleportation_probability, **options : as in :func:`infomap_communities`

    Returns
    -------
    iterator of lists of sets of nodes
        The levels, coarsest first, each a list of communities by decreasing flow. Each community lies within one of the
        level before. Where a branch of the hierarchy ends early, its finest communities are repeated.

    Raises
    ------
    ValueError
        As :func:`infomap_communities`; at once, not with the first level.

    Examples
    --------
    >>> import networkx as nx
    >>> list(infomap_partitions(nx.barbell_graph(3, 0), seed=1))
    [[{0, 1, 2}, {3, 4, 5}]]

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PLoS ONE 6, e18209 (2011).
    """
    options = {"multilevel": True} | options
    result = _search(G, weight, seed, num_trials, teleportation_probability, options)
    levels = range(1, result.num_levels) if result.num_nodes else ()
    return (result.communities(level) for level in levels)


def _search(
    G: nx.Graph,
    weight: str | None,
    seed: Any,
    num_trials: int,
    teleportation_probability: float,
    options: dict[str, Any],
) -> Result:
    """Search with the options of NetworkX."""
    metadata, column = (options.pop(name, None) for name in ("metadata", "metadata_column"))
    return infomap(
        with_metadata(from_networkx(G, weight=weight), metadata, G, column),
        seed=whole_seed(seed),
        num_trials=num_trials,
        # It has no effect on an undirected graph, and so is not checked there.
        teleportation_probability=teleportation_probability if G.is_directed() else 0.15,
        **options,
    )


@answers_keywords()
def map_equation(
    G: nx.Graph,
    communities: Iterable[Iterable[Any]],
    *,
    weight: str | None = "weight",
    teleportation_probability: float = 0.15,
) -> float:
    """Return the two-level codelength of a partition of a graph, in bits per step.

    Parameters
    ----------
    G : NetworkX graph
    communities : iterable of sets of nodes
        Must contain every node of the graph exactly once.
    weight, teleportation_probability : as in :func:`infomap_communities`

    Returns
    -------
    float

    Raises
    ------
    networkx.NetworkXError
        If the communities are not a partition of the nodes.
    ValueError
        As :func:`infomap_communities`.

    Examples
    --------
    >>> import networkx as nx
    >>> map_equation(nx.barbell_graph(5, 0), [range(5), range(5, 10)])
    2.642755006456...

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PNAS 105, 1118 (2008).
    """
    if not G.is_directed():
        teleportation_probability = 0.15
    lists = [list(community) for community in communities]
    try:
        network = from_networkx(G, weight=weight)
        return evaluate(network, lists, teleportation_probability=teleportation_probability).codelength
    except PartitionError as error:
        raise nx.NetworkXError(f"not a partition of the graph's nodes: {error}") from error


def pagerank(
    G: nx.Graph,
    alpha: float = 0.85,
    personalization: dict[Any, float] | None = None,
    max_iter: int = 100,
    tol: float = 1.0e-6,
    nstart: dict[Any, float] | None = None,
    weight: str | None = "weight",
    dangling: dict[Any, float] | None = None,
) -> dict[Any, float]:
    """Compute the PageRank of the nodes, with the signature, defaults and errors of NetworkX.

    Parameters
    ----------
    G, alpha, personalization, max_iter, tol, nstart, weight, dangling : as in ``networkx.pagerank``
        `alpha` is the probability *not* to teleport.

    Returns
    -------
    dict of node to float

    Raises
    ------
    networkx.PowerIterationFailedConvergence
        If the rates still change by more than ``len(G) * tol`` in total after `max_iter` iterations.
    ZeroDivisionError
        If the values of `personalization`, `dangling` or `nstart` sum to zero.

    Examples
    --------
    >>> import networkx as nx
    >>> round(pagerank(nx.star_graph(3))[0], 4)
    0.4797
    """
    network = from_networkx(G, directed=True, weight=weight)
    if network.num_nodes == 0:
        return {}
    landing = _distribution(personalization, network)
    try:
        rates = visit_rates(
            network,
            landing,
            teleportation_probability=1 - alpha,
            dangling=None if dangling is None else _distribution(dangling, network),
            start=_distribution(nstart, network),
            tolerance=tol * network.num_nodes,
            max_iterations=max_iter,
        )
    except ConvergenceError as error:
        raise nx.PowerIterationFailedConvergence(max_iter) from error
    return dict(zip(network.label_list(), rates.tolist(), strict=True))


def _distribution(values: dict[Any, float] | None, network: Network) -> FloatArray:
    """Return probabilities in node order from a dict that may lack nodes; None is uniform."""
    if values is None:
        return np.full(network.num_nodes, 1 / network.num_nodes)
    given = np.array([values.get(label, 0) for label in network.label_list()], dtype=np.float64)
    total = float(given.sum())
    if total == 0:
        raise ZeroDivisionError("the values of personalization, nstart or dangling sum to zero")
    given /= total
    return given


class _BackendGraph:
    """A graph that NetworkX passes to the backend: a wrapper of the original graph."""

    __networkx_backend__ = "mapeq"

    def __init__(self, graph: nx.Graph):
        self.graph = graph

    def is_directed(self) -> bool:
        return bool(self.graph.is_directed())

    def is_multigraph(self) -> bool:
        return bool(self.graph.is_multigraph())


class _Backend:
    """The backend interface of NetworkX: conversions, and a static method for each function."""

    @staticmethod
    def convert_from_nx(graph: nx.Graph, **_: Any) -> _BackendGraph:
        return _BackendGraph(graph)

    @staticmethod
    def convert_to_nx(result: Any, **_: Any) -> Any:
        return result.graph if isinstance(result, _BackendGraph) else result

    @staticmethod
    def infomap_communities(G: _BackendGraph, **options: Any) -> list[set[Any]]:
        return infomap_communities(G.graph, **options)

    @staticmethod
    def infomap_partitions(G: _BackendGraph, **options: Any) -> Iterator[list[set[Any]]]:
        return infomap_partitions(G.graph, **options)

    @staticmethod
    def map_equation(G: _BackendGraph, communities: Iterable[Iterable[Any]], **options: Any) -> float:
        return map_equation(G.graph, communities, **options)

    @staticmethod
    def pagerank(G: _BackendGraph, *args: Any, **options: Any) -> dict[Any, float]:
        return pagerank(G.graph, *args, **options)


backend = _Backend()

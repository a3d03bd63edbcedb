"""The libraries that are compared: how each loads links and searches them, as its users would.

Each way in is the fastest that the library's documentation offers for links in memory. Links come as
an int64 array of shape (m, 2), weights as a float64 array of shape (m,) or None.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Edges = NDArray[np.int64]
Weights = NDArray[np.float64] | None


class Job(NamedTuple):
    """What every library is asked to do."""

    num_nodes: int
    directed: bool
    trials: int
    threads: int
    seed: int


class Found(NamedTuple):
    """What a library answers: a module for every node, in node order, and the codelength it claims, if any."""

    labels: NDArray[np.int64]
    claimed: float | None


class Peer(NamedTuple):
    """A library and the two steps that are timed."""

    package: str
    load: Callable[[Edges, Weights, Job], Any]
    search: Callable[[Any, Job], Found]
    undirected_only: bool = False
    on_directed: str = ""  #: what a reader of its figures on directed networks must know
    on_trials: str = ""  #: and of those with several trials


def load_mapeq(edges: Edges, weights: Weights, job: Job) -> Any:
    import mapeq

    return mapeq.Network.from_edges(edges[:, 0], edges[:, 1], weights, directed=job.directed)


def search_mapeq(network: Any, job: Job) -> Found:
    import mapeq

    result = mapeq.infomap(network, num_trials=job.trials, seed=job.seed, num_threads=job.threads)
    return Found(result.labels, result.codelength)


def load_infomap(edges: Edges, weights: Weights, job: Job) -> Any:
    import infomap

    return infomap.Network().add_links(edges if weights is None else np.column_stack([edges, weights]))


def search_infomap(network: Any, job: Job) -> Found:
    import infomap

    options = infomap.Options(
        two_level=True,
        directed=job.directed,
        num_trials=job.trials,
        num_threads=job.threads,
        parallel_trials=job.threads > 1,
        seed=max(1, job.seed),
    )
    result = infomap.run(network, options=options)
    module_of = result.modules()
    labels = np.fromiter(map(module_of.__getitem__, range(job.num_nodes)), dtype=np.int64, count=job.num_nodes)
    return Found(labels, result.codelength)


def load_igraph(edges: Edges, weights: Weights, job: Job) -> Any:
    import igraph

    # A list of tuples loads three times as fast as the array itself.
    pairs = list(zip(edges[:, 0].tolist(), edges[:, 1].tolist(), strict=True))
    attributes = {} if weights is None else {"weight": weights.tolist()}
    return igraph.Graph(n=job.num_nodes, edges=pairs, directed=job.directed, edge_attrs=attributes)


def search_igraph(graph: Any, job: Job) -> Found:
    random.seed(job.seed)  # from where igraph draws
    weights = "weight" if graph.is_weighted() else None
    clustering = graph.community_infomap(edge_weights=weights, trials=job.trials)
    return Found(np.array(clustering.membership, dtype=np.int64), clustering.codelength)


def load_networkit(edges: Edges, weights: Weights, job: Job) -> Any:
    import networkit

    networkit.setNumberOfThreads(job.threads)
    ends = np.ascontiguousarray(edges[:, 0]), np.ascontiguousarray(edges[:, 1])
    if weights is None:
        return networkit.GraphFromCoo(ends, n=job.num_nodes)
    return networkit.GraphFromCoo((weights, ends), n=job.num_nodes, weighted=True)


def search_networkit(graph: Any, job: Job) -> Found:
    import networkit

    networkit.setSeed(job.seed, False)
    strategy = "relaxmap" if job.threads > 1 else "none"
    algorithm = networkit.community.LouvainMapEquation(graph, hierarchical=True, parallelizationStrategy=strategy)
    labels = algorithm.run().getPartition().getVector()
    return Found(np.array(labels, dtype=np.int64), None)


PEERS = {
    "mapeq": Peer("mapeq", load_mapeq, search_mapeq),
    "infomap": Peer("infomap", load_infomap, search_infomap),
    "igraph": Peer(
        "igraph",
        load_igraph,
        search_igraph,
        on_directed="on directed networks it minimises a variant of its own; "
        "what it claims for its partition is not what infomap and mapeq find",
    ),
    "networkit": Peer(
        "networkit",
        load_networkit,
        search_networkit,
        undirected_only=True,
        on_directed="its LouvainMapEquation takes undirected networks only",
        on_trials="its LouvainMapEquation has no trials, it ran once",
    ),
}


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return find_spec(PEERS[name].package) is not None


def version(name: str) -> str:
    """The version of a peer; mapeq's own is asked of what is imported, which may be a checkout."""
    if name == "mapeq":
        import mapeq

        return mapeq.__version__
    return metadata.version(PEERS[name].package)


def infomap_codelength(edges: Edges, weights: Weights, labels: NDArray[np.int64], job: Job) -> float:
    """The codelength of a partition as the reference sees it: no search, only the sum."""
    import infomap

    options = infomap.Options(two_level=True, directed=job.directed, num_threads=1, no_infomap=True)
    partition = dict(enumerate(labels.tolist()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = infomap.run(load_infomap(edges, weights, job), options=options, initial_partition=partition)
    return float(result.codelength)

"""The libraries that are compared: how each loads links and searches them, as its users would.

Each way in is the fastest that the library's documentation offers for links in memory. Links come as
an int64 array of shape (m, 2), weights as a float64 array of shape (m,) or None.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
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
    multilevel: bool = False


class Found(NamedTuple):
    """What a library answers.

    `modules` has a module for every node, or what modules it is in, in node order: this is what is timed. `save`
    writes it to a file afterwards, labels as .npy, a hierarchy as .tree.
    """

    modules: Any
    claimed: float | None  #: the codelength
    save: Callable[[Path], object]


def labelled(labels: NDArray[np.int64], claimed: float | None) -> Found:
    """A partition, as an array in node order."""
    return Found(labels, claimed, partial(np.save, arr=labels))


class Peer(NamedTuple):
    """A library and the two steps that are timed."""

    package: str
    load: Callable[[Edges, Weights, Job], Any]
    search: Callable[[Any, Job], Found]
    undirected_only: bool = False
    multilevel: bool = False  #: whether it finds hierarchies
    on_directed: str = ""  #: what a reader of its figures on directed networks must know
    on_trials: str = ""  #: and of those with several trials


def load_mapeq(edges: Edges, weights: Weights, job: Job) -> Any:
    import mapeq

    return mapeq.Network.from_edges(edges[:, 0], edges[:, 1], weights, directed=job.directed)


def search_mapeq(network: Any, job: Job) -> Found:
    import mapeq

    result = mapeq.infomap(
        network, multilevel=job.multilevel, num_trials=job.trials, seed=job.seed, num_threads=job.threads
    )
    if job.multilevel:
        return Found(result.hierarchy, result.codelength, result.write)
    return labelled(result.labels, result.codelength)


def load_infomap(edges: Edges, weights: Weights, job: Job) -> Any:
    import infomap

    return infomap.Network().add_links(edges if weights is None else np.column_stack([edges, weights]))


def search_infomap(network: Any, job: Job) -> Found:
    import infomap

    options = infomap.Options(
        two_level=not job.multilevel,
        directed=job.directed,
        num_trials=job.trials,
        num_threads=job.threads,
        parallel_trials=job.threads > 1,
        seed=max(1, job.seed),
    )
    result = infomap.run(network, options=options)
    if job.multilevel:
        return Found(infomap_paths(result, job.num_nodes), result.codelength, result.write_tree)
    module_of = result.modules()
    labels = np.fromiter(map(module_of.__getitem__, range(job.num_nodes)), dtype=np.int64, count=job.num_nodes)
    return labelled(labels, result.codelength)


def infomap_paths(result: Any, num_nodes: int) -> list[str]:
    """The path of every node, in node order.

    By way of a file: that is some four times as fast as its objects for nodes, and the levels that it gives in
    bulk repeat a module below itself where the hierarchy is less deep.
    """
    paths = [""] * num_nodes
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "infomap.tree"
        result.write_tree(file)
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if line[0] != "#":
                    path, _, _, node = line.split(" ")
                    paths[int(node)] = path
    return paths


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
    return labelled(np.array(clustering.membership, dtype=np.int64), clustering.codelength)


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
    return labelled(np.array(labels, dtype=np.int64), None)


PEERS = {
    "mapeq": Peer("mapeq", load_mapeq, search_mapeq, multilevel=True),
    "infomap": Peer("infomap", load_infomap, search_infomap, multilevel=True),
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


def versions() -> dict[str, str]:
    """The versions of the peers that are installed."""
    return {name: version(name) for name in PEERS if installed(name)}


def infomap_codelength(edges: Edges, weights: Weights, modules: Path, job: Job) -> float:
    """The codelength of labels or a hierarchy in a file as the reference sees it: no search, only the sum."""
    import infomap

    options = infomap.Options(
        two_level=not job.multilevel,
        directed=job.directed,
        num_threads=1,
        no_infomap=True,
        cluster_data=str(modules) if job.multilevel else None,
    )
    labels = None if job.multilevel else dict(enumerate(np.load(modules).tolist()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = infomap.run(load_infomap(edges, weights, job), options=options, initial_partition=labels)
    return float(result.codelength)

"""The libraries that are compared: how each loads links, searches, and runs from the shell.

Each uses the fastest documented way in for links in memory: an int64 array of shape (m, 2), and weights as a float64
array of shape (m,) or None. infomap, igraph and NetworKit are black boxes: nothing here depends on their source.
"""

from __future__ import annotations

import random
import sys
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

Ends = NDArray[np.int64]
Weights = NDArray[np.float64] | None


class Job(NamedTuple):
    """A search that any library is asked for."""

    num_nodes: int
    directed: bool
    multilevel: bool = False
    trials: int = 1
    threads: int = 1
    seed: int = 1
    recorded: bool = False  #: recorded teleportation


class Found(NamedTuple):
    """The answer of a library."""

    modules: Any  #: the module of each node, or its path in the hierarchy, in node order
    claimed: float | None  #: the codelength, as the library reports it
    save: Callable[[Path], object]  #: writes labels as .npy, a hierarchy as .tree


class Peer(NamedTuple):
    """A library, and the two steps that are timed."""

    load: Callable[[Ends, Weights, Job], Any]
    search: Callable[[Any, Job], Found]
    command: Callable[[Path, Path, Job], list[str]] | None = None  #: from a link list to a .tree file
    multilevel: bool = False  #: whether it finds hierarchies
    undirected_only: bool = False
    remark: str = ""


def flat(labels: Any, claimed: float | None) -> Found:
    """A two-level partition."""
    labels = np.asarray(labels, dtype=np.int64)
    return Found(labels, claimed, partial(np.save, arr=labels))


# mapeq ---------------------------------------------------------------------------------------


def load_mapeq(ends: Ends, weights: Weights, job: Job) -> Any:
    import mapeq

    return mapeq.Network.from_edges(ends[:, 0], ends[:, 1], weights, directed=job.directed)


def search_mapeq(network: Any, job: Job) -> Found:
    import mapeq

    result = mapeq.infomap(
        network,
        multilevel=job.multilevel,
        num_trials=job.trials,
        seed=job.seed,
        num_threads=job.threads,
        recorded_teleportation=job.recorded,
    )
    if job.multilevel:
        return Found(result.hierarchy, result.codelength, result.write)
    return flat(result.labels, result.codelength)


def mapeq_command(path: Path, tree: Path, job: Job) -> list[str]:
    options = ["--num-trials", str(job.trials), "--num-threads", str(job.threads), "--seed", str(job.seed), "--quiet"]
    options += ["--multilevel"] * job.multilevel + ["--directed"] * job.directed
    return [sys.executable, "-m", "mapeq", "cluster", str(path), "-o", str(tree), *options]


# infomap -------------------------------------------------------------------------------------


def load_infomap(ends: Ends, weights: Weights, job: Job) -> Any:
    import infomap

    return infomap.Network().add_links(ends if weights is None else np.column_stack([ends, weights]))


def search_infomap(network: Any, job: Job) -> Found:
    import infomap

    options = infomap.Options(
        two_level=not job.multilevel,
        directed=job.directed,
        num_trials=job.trials,
        num_threads=job.threads,
        parallel_trials=job.threads > 1,
        seed=max(1, job.seed),
        recorded_teleportation=job.recorded,
    )
    result = infomap.run(network, options=options)
    if job.multilevel:
        return Found(infomap_paths(result, job.num_nodes), result.codelength, result.write_tree)
    module_of = result.modules()
    labels = np.fromiter(map(module_of.__getitem__, range(job.num_nodes)), dtype=np.int64, count=job.num_nodes)
    return flat(labels, result.codelength)


def infomap_paths(result: Any, num_nodes: int) -> list[str]:
    """The path of each node, in node order, by way of a .tree file.

    This is about four times as fast as its node objects. Its bulk `multilevel_modules` are not paths: they repeat a
    module where a branch is less deep than others.
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


def infomap_command(path: Path, tree: Path, job: Job) -> list[str]:
    options = ["--num-trials", str(job.trials), "--num-threads", str(job.threads), "--seed", str(max(1, job.seed))]
    options += ["--silent", "--tree", "--out-name", tree.stem]
    options += ["--two-level"] * (not job.multilevel) + ["--directed"] * job.directed
    return [sys.executable, "-m", "infomap", str(path), str(tree.parent), *options]


def infomap_codelength(ends: Ends, weights: Weights, modules: Path, job: Job) -> float:
    """The codelength of saved labels (.npy) or of a hierarchy (.tree) according to infomap, without a search."""
    import infomap

    is_tree = modules.suffix == ".tree"
    options = infomap.Options(
        two_level=not job.multilevel,
        directed=job.directed,
        num_threads=1,
        no_infomap=True,
        cluster_data=str(modules) if is_tree else None,
        recorded_teleportation=job.recorded,
    )
    labels = None if is_tree else dict(enumerate(np.load(modules).tolist()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = infomap.run(load_infomap(ends, weights, job), options=options, initial_partition=labels)
    return float(result.codelength)


# igraph and NetworKit ------------------------------------------------------------------------


def load_igraph(ends: Ends, weights: Weights, job: Job) -> Any:
    import igraph

    # A list of tuples loads three times as fast as the array.
    pairs = list(zip(ends[:, 0].tolist(), ends[:, 1].tolist(), strict=True))
    attributes = {} if weights is None else {"weight": weights.tolist()}
    return igraph.Graph(n=job.num_nodes, edges=pairs, directed=job.directed, edge_attrs=attributes)


def search_igraph(graph: Any, job: Job) -> Found:
    random.seed(job.seed)  # igraph draws from Python's generator
    weights = "weight" if graph.is_weighted() else None
    clustering = graph.community_infomap(edge_weights=weights, trials=job.trials)
    return flat(clustering.membership, clustering.codelength)


def load_networkit(ends: Ends, weights: Weights, job: Job) -> Any:
    import networkit

    networkit.setNumberOfThreads(job.threads)
    pairs = np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])
    if weights is None:
        return networkit.GraphFromCoo(pairs, n=job.num_nodes)
    return networkit.GraphFromCoo((weights, pairs), n=job.num_nodes, weighted=True)


def search_networkit(graph: Any, job: Job) -> Found:
    import networkit

    networkit.setSeed(job.seed, False)
    strategy = "relaxmap" if job.threads > 1 else "none"
    algorithm = networkit.community.LouvainMapEquation(graph, hierarchical=True, parallelizationStrategy=strategy)
    return flat(algorithm.run().getPartition().getVector(), None)


PEERS = {
    "mapeq": Peer(load_mapeq, search_mapeq, mapeq_command, multilevel=True),
    "infomap": Peer(load_infomap, search_infomap, infomap_command, multilevel=True),
    "igraph": Peer(
        load_igraph, search_igraph, remark="igraph minimises a variant of the map equation on directed networks."
    ),
    "networkit": Peer(
        load_networkit,
        search_networkit,
        undirected_only=True,
        remark="NetworKit's LouvainMapEquation takes undirected networks only and has no trials.",
    ),
}


def installed(package: str) -> bool:
    """Whether a package can be imported."""
    return find_spec(package) is not None


def versions(distributions: dict[str, str]) -> dict[str, str]:
    """The versions of installed distributions, given by the package that each provides; mapeq's is the imported one."""
    import mapeq

    others = {name: metadata.version(name) for package, name in distributions.items() if installed(package)}
    return others | {"mapeq": mapeq.__version__}

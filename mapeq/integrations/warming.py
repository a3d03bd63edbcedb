"""Use everything once, on small data, so that all kernels are compiled: the steps of :func:`mapeq.warmup`."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mapeq._base.building import FEW_LINKS
from mapeq._base.threads import MANY_LINKS
from mapeq.api import evaluate, infomap
from mapeq.embeddings.graph import neighbor_graph
from mapeq.io.files.networks import read_network
from mapeq.network.network import Network
from mapeq.pictures.layout import network_layout
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: A ring of cliques has several levels and modules that merge.
_SIZE, _CLIQUE = 600, 6


def steps() -> list[tuple[str, Callable[[], object]]]:
    """Return what to do, each with a name for the status line."""
    searches = [
        (f"{kind}{', ' + weighted if weighted else ''}", partial(_search, network, recorded))
        for kind, directed, recorded in (
            ("undirected networks", False, False),
            ("directed networks", True, False),
            ("recorded teleportation", True, True),
        )
        for weighted in ("", "with weights")
        for network in (_ring(directed=directed, weighted=bool(weighted)),)
    ]
    return [
        *searches,
        ("large networks", _large_networks),
        ("files", _files),
        ("vectors", _vectors),
        ("pictures", _pictures),
    ]


def _ring(*, directed: bool, weighted: bool) -> Network:
    first = np.arange(_SIZE)
    clique = first // _CLIQUE * _CLIQUE
    within = [np.column_stack([first, clique + (first + step) % _CLIQUE]) for step in (1, 2)]
    links = np.concatenate([*within, np.column_stack([first, (first + _CLIQUE) % _SIZE])])
    weights = 1.0 + np.arange(len(links)) % 7 if weighted else None
    return Network.from_edges(links[:, 0], links[:, 1], weights, directed=directed)


def _search(network: Network, recorded: bool) -> None:
    nodes = range(network.num_nodes)
    other = Network.from_edges([0], [_SIZE // 2], directed=network.directed)
    more = Network.from_edges(
        np.append(network.links()[0], [0, *other.sources()]),
        np.append(network.links()[1], [_SIZE // 2, *other.indices]),
        np.append(network.links()[2], [1.0] * (1 + len(other.indices))),
        directed=network.directed,
    )
    for multilevel in (False, True):
        result = infomap(network, recorded_teleportation=recorded, multilevel=multilevel, num_trials=2, num_threads=1)
        infomap(more, recorded_teleportation=recorded, multilevel=multilevel, initial_partition=result)
        infomap(network, multilevel=multilevel, initial_partition={node: node // _CLIQUE for node in nodes})
        result.summary(), result.link_flow(), result.alternatives()
        result.similarity([(0, 1)]), result.predict_links(3)
    infomap(network, recorded_teleportation=recorded, min_module_size=_CLIQUE + 1)
    evaluate(network, {node: (node // 60, node // _CLIQUE) for node in nodes}, recorded_teleportation=recorded)
    network.summary()


def _large_networks() -> None:
    distant = np.arange(100) * 10**12
    Network.from_edges(distant[1:], distant[:-1])
    for num_links in (FEW_LINKS + 1, MANY_LINKS):
        turn, sources = np.divmod(np.arange(num_links), num_links // 8)
        targets = (sources + turn + 1) % (num_links // 8)
        for weights in (None, 1.0 + np.arange(num_links) % 7):
            for directed in (False, True):
                network = Network.from_edges(sources, targets, weights, directed=directed).without_self_links()
                random_walk(network, WalkOptions("directed" if directed else "undirected"))
                network.summary()


def _files() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.txt")
        for text in _TEXTS:
            path.write_text(text)
            read_network(path).summary()


_TEXTS = (
    "1 2\n2 3\n",
    "1 2 0.5\n2 3 2\n",
    "ann bob 1\nbob cid 2\n",
    "1 2\nann bob\n",
    "source,target,weight\n1,2,3\n2,3,4\n",
    "source,target,weight\nann,bob,2\nbob,cid,1\n",
    "source\ttarget\nann\tbob\n",
    '*Vertices 3\n1 "a" 2\n2 "b"\n3 "c"\n*Edges\n1 2\n2 3 2\n',
    "*Vertices 3\n*Arcs\n1 2\n2 3 2\n",
)


def _pictures() -> None:
    result = infomap(_ring(directed=False, weighted=False))
    links = result.link_flow()
    module, sources, targets = (part.astype(np.int64) for part in (result.labels, links.sources, links.targets))
    network_layout(module, result.flow, sources, targets, links.flow)


def _vectors() -> None:
    number = np.arange(_SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in (np.float32, np.float64):
            vectors = np.column_stack([1 + number % 6, number // 6]).astype(dtype)
            for metric in ("cosine", "euclidean", "inner_product"):
                neighbor_graph(vectors, metric=metric, weights="jaccard")
                if find_spec("sklearn") is not None:
                    from mapeq.embeddings.estimator import InfomapClustering

                    InfomapClustering(n_neighbors=5, metric=metric, n_jobs=1).fit(vectors).predict(vectors[:3])

"""The command ``mapeq embeddings``."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq import inputs
from mapeq._base.errors import counted, option_error
from mapeq._base.threads import usable_processors
from mapeq.cli.groups import OF_VECTORS
from mapeq.cli.outputs import check_outputs, write_modules
from mapeq.cli.searches import Prepared, clustered
from mapeq.cli.stages import Stages
from mapeq.embeddings.graph import AffinityOptions, affinity_graph, find_neighbors
from mapeq.embeddings.neighbors import METRICS, Neighbors
from mapeq.embeddings.together import search_as_one
from mapeq.io.files.vectors import read_vectors
from mapeq.network.network import Network
from mapeq.objective.options import ObjectiveOptions
from mapeq.result.result import Result
from mapeq.walk.options import WalkOptions


def embeddings(options: argparse.Namespace) -> int:
    """Find the clusters of vectors: the communities of the network of their nearest neighbours."""
    if options.metric not in METRICS:
        raise option_error("metric", options.metric, "one of " + ", ".join(METRICS))
    affinity = AffinityOptions(
        options.n_neighbors,
        options.metric,
        options.weights,
        options.symmetrize,
        options.min_similarity,
        options.algorithm,
    )
    is_directed = affinity.symmetrize == "directed"
    markov_time, _ = inputs.checked_markov_time(options.markov_time)
    given = {name: value for name in OF_VECTORS if (value := getattr(options, name)) is not None}
    walk = {"flow_model": "directed" if is_directed else "undirected", "markov_time": markov_time}
    flow_options, objective = WalkOptions.from_dict(given | walk), ObjectiveOptions.from_dict(given)

    groups: NDArray[np.int64] | None = None

    def search(network: Network, *rest: Any) -> Result:
        return search_as_one(network, groups, *rest)

    def prepared(stages: Stages) -> Prepared:
        vectors, labels = read_vectors(options.file)
        _check_distinct(labels)
        inputs.check_preferred_number(objective, len(vectors), "vectors")
        nonlocal groups
        groups = affinity.groups(vectors)
        neighbors = _neighbors(vectors, groups, affinity, options, stages)
        graph = affinity_graph(neighbors, affinity, groups, num_threads=options.num_threads or usable_processors())
        network = Network.from_csr(graph, directed=is_directed, labels=labels)
        num_vectors, num_dimensions = vectors.shape
        heading = (
            f"{counted(num_vectors, 'vector')} of {counted(num_dimensions, 'dimension')}, "
            f"{counted(neighbors.indices.shape[1], 'neighbour')} each by {affinity.metric}, "
            f"{counted(network.num_links, 'link')}"
        )
        return network, flow_options, objective, heading

    min_size = options.min_cluster_size
    check_outputs(options, min_size)
    write = partial(write_modules, options, min_size=min_size)
    return clustered(options, prepared, write, min_size=min_size, search=search)


def _neighbors(
    vectors: Any,
    groups: NDArray[np.int64] | None,
    affinity: AffinityOptions,
    options: argparse.Namespace,
    stages: Stages,
) -> Neighbors:
    """Find the neighbours of vectors."""
    stages.begin("neighbours", "finding neighbours ...")
    num_threads = options.num_threads or usable_processors()
    return find_neighbors(vectors, affinity, groups, num_threads=num_threads, report=stages.report_part)


def _check_distinct(labels: list[str] | None) -> None:
    """Raise if two labels are equal, before the slow search for neighbours."""
    rows: dict[str, int] = {}
    for row, label in enumerate(labels or []):
        if rows.setdefault(label, row) != row:
            raise ValueError(f"rows {rows[label]} and {row} of the vectors have the same label {label!r}")

"""One measured run on vectors, in a process of its own: ``python -m benchmarks._clusterer JOB.json``.

The answer goes to files beside the job, because libraries may print what they like.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import labelled
from benchmarks._worker import Memory
from benchmarks.clusterers import METHODS, Vectors

#: What the neighbours are searched of: vectors of so many numbers, around so many centres.
NUM_DIMENSIONS, NUM_CENTRES = 128, 200
NUM_NEIGHBORS = 15

#: What finding neighbours is called.
SEARCH = "neighbours"

#: `affinity_graph` weighs links and makes them symmetric; the latter is what it takes longer than the former alone.
STAGES = ("weights", "symmetric links", "network", "search, Markov time included")

#: So few vectors are clustered or searched before the clock starts, so that nothing is compiled or imported later.
WARMING_UP = 400

#: Of so many vectors the neighbours are searched exactly, too, to see how many of them an approximate search finds.
NUM_CHECKED = 1000


def around_centres(num_vectors: int, num_dimensions: int = NUM_DIMENSIONS, num_centres: int = NUM_CENTRES) -> Vectors:
    """Vectors, each as far from its centre as the centres are from the origin."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((num_vectors, num_dimensions), dtype=np.float32)
    centres = rng.standard_normal((num_centres, num_dimensions), dtype=np.float32)
    vectors += centres[rng.integers(0, num_centres, num_vectors)]
    return vectors


def cluster(name: str, method: str, clusters: str) -> dict[str, Any]:
    """Cluster a labelled set; the clusters go to a file."""
    known, run = labelled.load(name), METHODS[method].cluster
    num_classes = int(known.labels.max()) + 1
    run(around_centres(WARMING_UP, known.vectors.shape[1], 4), known.metric, 4)
    start = time.perf_counter()
    found = run(known.vectors, known.metric, num_classes)
    seconds = time.perf_counter() - start
    np.save(clusters, found)
    return {"seconds": seconds}


def neighbors(program: str, num_vectors: int) -> dict[str, Any]:
    """Search the nearest neighbours of vectors, by cosine."""
    vectors, search = around_centres(num_vectors), PROGRAMS[program].search
    search(vectors[:WARMING_UP])
    figures, found = _timed(partial(search, vectors))
    parts = [getattr(found, part) for part in ("data", "indices", "indptr")] if hasattr(found, "indptr") else found
    figures["allowed"] = 3 * vectors.nbytes + sum(part.nbytes for part in parts)
    if program == APPROXIMATE:
        figures["recall"] = _recall(vectors, found[0])
    return figures


def by_mapeq(vectors: Vectors, algorithm: str = "exact") -> Any:
    from mapeq._base.threads import usable_processors
    from mapeq.embeddings.neighbors import nearest_neighbors

    return nearest_neighbors(vectors, NUM_NEIGHBORS, algorithm=algorithm, num_threads=usable_processors())


def by_scikit_learn(vectors: Vectors) -> Any:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=NUM_NEIGHBORS, algorithm="brute", metric="cosine", n_jobs=-1)
    return search.fit(vectors).kneighbors()


def by_faiss(vectors: Vectors) -> Any:
    import faiss

    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index.search(vectors, NUM_NEIGHBORS + 1)  # the vector itself is among them


def graph_by_mapeq(vectors: Vectors) -> Any:
    import mapeq
    from mapeq._base.threads import usable_processors

    return mapeq.neighbor_graph(vectors, NUM_NEIGHBORS, algorithm="exact", num_threads=usable_processors())


class Program(NamedTuple):
    """A way to find nearest neighbours."""

    package: str
    search: Callable[[Vectors], Any]


EXACT, APPROXIMATE, GRAPH = "mapeq", "mapeq, approximate", "mapeq, weighted graph"
PROGRAMS = {
    EXACT: Program("mapeq", by_mapeq),
    "scikit-learn": Program("sklearn", by_scikit_learn),
    "faiss": Program("faiss", by_faiss),
    GRAPH: Program("mapeq", graph_by_mapeq),
    APPROXIMATE: Program("faiss", partial(by_mapeq, algorithm="ann")),
}


def _timed(run: Callable[[], Any]) -> tuple[dict[str, Any], Any]:
    gc.collect()
    memory, start = Memory(), time.perf_counter()
    found = run()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak": memory.above()}, found


def _recall(vectors: Vectors, found: NDArray[np.signedinteger]) -> float:
    """Which part of the nearest neighbours was found, of some vectors."""
    from mapeq.embeddings.neighbors import nearest_neighbors

    some = np.random.default_rng(0).choice(len(vectors), min(NUM_CHECKED, len(vectors)), replace=False)
    near = nearest_neighbors(vectors, NUM_NEIGHBORS + 1, queries=vectors[some], algorithm="exact").indices
    is_other = near != some[:, None]
    shared = (found[some][:, :, None] == near[:, None, :]) & is_other[:, None, :]
    return float(shared.sum() / (len(some) * NUM_NEIGHBORS))


def rest(num_vectors: int) -> dict[str, Any]:
    """Time all that follows when the neighbours are found, by stages."""
    _stages(around_centres(WARMING_UP))
    return _stages(around_centres(num_vectors))


def _stages(vectors: Vectors) -> dict[str, float]:
    import mapeq
    from mapeq.embeddings.graph import AffinityOptions, affinity_graph, link_weights

    found, options = by_mapeq(vectors), AffinityOptions(n_neighbors=NUM_NEIGHBORS)
    weighing, _ = _timed(lambda: link_weights(found, options.weighting, options.metric))
    linking, graph = _timed(lambda: affinity_graph(found, options))
    reading, network = _timed(lambda: mapeq.Network.from_csr(graph, directed=False))
    searching, _ = _timed(lambda: mapeq.infomap(network, markov_time="auto"))
    both = weighing["seconds"], max(linking["seconds"] - weighing["seconds"], 0)
    return dict(zip(STAGES, (*both, reading["seconds"], searching["seconds"]), strict=True))


TASKS = {"cluster": cluster, "neighbors": neighbors, "rest": rest}


def main(path: Path) -> None:
    """Do the task of a job."""
    asked = json.loads(path.read_text(encoding="utf-8"))
    answer = TASKS[asked.pop("task")](**asked)
    path.with_suffix(".answer").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

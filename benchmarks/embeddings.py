"""Clustering of vectors: the methods, their scores on labelled sets, and the time of each step.

A method takes vectors of shape (n, d), the metric and the number of classes, and returns the cluster of each vector, -1
for vectors in no cluster. Options are defaults, but for seeds; none is tuned to a set.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.peers import installed
from benchmarks.worker import Memory, Row, RunError, Settings, call, show, table

Vectors = NDArray[np.float32]
Labels = NDArray[np.integer]

SEED = 0
HELD_OUT = 5  #: one vector in this many is placed after the others are clustered
NUM_NEIGHBORS = 15
NUM_DIMENSIONS = 128  #: of the vectors whose steps are timed
WARM_UP = 400  #: vectors that a process handles before the clock starts
NUM_CHECKED = 1000  #: vectors whose exact neighbours give the recall
SCORES = ("AMI", "ARI", "pair F", "BCubed F")

#: The package that is imported, and what is installed for it.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "igraph": "igraph", "evoc": "evoc", "faiss": "faiss-cpu"}


# Methods -------------------------------------------------------------------------------------


class Method(NamedTuple):
    """A way to cluster vectors."""

    package: str
    cluster: Callable[[Vectors, str, int], Labels]
    about: str
    places: bool = False  #: whether it returns clusters of the held-out vectors only


def by_estimator(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import mapeq

    return mapeq.InfomapClustering(metric=metric).fit_predict(vectors)


def at_markov_time(
    markov_time: float | str, vectors: Vectors, metric: str, num_classes: int, *, variable: bool = False
) -> Labels:
    import mapeq

    graph = mapeq.neighbor_graph(vectors, metric=metric)
    return mapeq.infomap(graph, directed=False, markov_time=markov_time, variable_markov_time=variable).labels


def by_leiden(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import igraph

    import mapeq

    links = scipy.sparse.triu(mapeq.neighbor_graph(vectors, metric=metric)).tocoo()
    graph = igraph.Graph(len(vectors), list(zip(*(ends.tolist() for ends in links.coords), strict=True)))
    random.seed(SEED)  # igraph draws from Python's generator
    found = graph.community_leiden("modularity", weights=links.data.tolist(), n_iterations=-1)
    return np.array(found.membership)


def by_hdbscan(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(copy=True).fit_predict(_euclidean(vectors, metric))


def by_evoc(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from evoc import EVoC

    return EVoC(random_state=SEED).fit_predict(vectors)


def by_kmeans(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    from sklearn.cluster import KMeans

    return KMeans(num_classes, random_state=SEED).fit_predict(_euclidean(vectors, metric))


def by_predict(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    import mapeq

    is_new = held_out(len(vectors))
    return mapeq.InfomapClustering(metric=metric).fit(vectors[~is_new]).predict(vectors[is_new])


def by_vote(vectors: Vectors, metric: str, num_classes: int) -> Labels:
    """The cluster with the largest weight among the links that `predict` uses."""
    import mapeq
    from mapeq.embeddings.graph import link_weights
    from mapeq.embeddings.neighbors import nearest_neighbors

    is_new = held_out(len(vectors))
    clusters = mapeq.InfomapClustering(metric=metric).fit_predict(vectors[~is_new])
    near = nearest_neighbors(vectors[~is_new], NUM_NEIGHBORS, metric=metric, queries=vectors[is_new])
    votes = np.zeros((len(near.indices), int(clusters.max()) + 1))
    np.add.at(votes, (np.arange(len(votes))[:, None], clusters[near.indices]), link_weights(near, "umap", metric))
    return votes.argmax(axis=1)


def _euclidean(vectors: Vectors, metric: str) -> Vectors:
    """Vectors whose euclidean distances have the order of the metric."""
    if metric == "euclidean":
        return vectors
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def held_out(num_vectors: int) -> NDArray[np.bool_]:
    """Which vectors are held out, at random."""
    return np.random.default_rng(SEED).permutation(num_vectors) % HELD_OUT == 0


METHODS = {
    "mapeq": Method("sklearn", by_estimator, "`mapeq.InfomapClustering`, which finds the Markov time itself"),
    "mapeq-t1": Method("mapeq", partial(at_markov_time, 1.0), "the same graph, Markov time 1: the plain map equation"),
    "mapeq-t2": Method("mapeq", partial(at_markov_time, 2.0), "the same graph, Markov time 2"),
    "mapeq-variable": Method(
        "mapeq", partial(at_markov_time, "auto", variable=True), "the same graph, variable Markov times, found likewise"
    ),
    "leiden": Method("igraph", by_leiden, "the same graph, igraph's Leiden algorithm for modularity"),
    "hdbscan": Method("sklearn", by_hdbscan, "scikit-learn's HDBSCAN"),
    "evoc": Method("evoc", by_evoc, "EVoC, which uses cosines, whatever the metric"),
    "kmeans-true-k": Method("sklearn", by_kmeans, "scikit-learn's KMeans with the true number of classes"),
    "mapeq-placing": Method(
        "sklearn", by_predict, f"`predict` of one vector in {HELD_OUT} after `fit` to the others", places=True
    ),
    "vote-placing": Method("sklearn", by_vote, "the same vectors, placed by the weighted vote of neighbours", True),
}


# Scores --------------------------------------------------------------------------------------


def scores(classes: Labels, clusters: Labels) -> dict[str, float]:
    """All scores; 1 is best. Noise (class -1) is not scored; a vector in no cluster is a cluster of its own."""
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    is_known = classes >= 0
    classes, clusters = classes[is_known], singled(clusters[is_known])
    table = contingency(classes, clusters)
    found = (
        adjusted_mutual_info_score(classes, clusters),
        adjusted_rand_score(classes, clusters),
        pair_f(table),
        bcubed_f(table),
    )
    return {name: float(score) for name, score in zip(SCORES, found, strict=True)}


def singled(clusters: Labels) -> Labels:
    """The clusters, with one more for each vector in none."""
    own = clusters.max(initial=-1) + np.cumsum(clusters < 0)
    return np.where(clusters < 0, own, clusters)


def contingency(classes: Labels, clusters: Labels) -> scipy.sparse.csr_array:
    """The number of vectors in each class and cluster, shape (classes, clusters)."""
    rows, columns = (np.unique(labels, return_inverse=True)[1] for labels in (classes, clusters))
    return scipy.sparse.coo_array((np.ones(len(rows), dtype=np.int64), (rows, columns))).tocsr()


def pair_f(table: scipy.sparse.csr_array) -> float:
    """F score of pairs: those in one cluster are predicted, those in one class are true. 1 without any pairs."""
    together, in_class, in_cluster = (
        int((sizes * (sizes - 1)).sum()) for sizes in (table.data, table.sum(axis=1), table.sum(axis=0))
    )
    return 2 * together / (in_class + in_cluster) if in_class + in_cluster else 1.0


def bcubed_f(table: scipy.sparse.csr_array) -> float:
    """F score of BCubed precision and recall (Bagga & Baldwin 1998), each the mean over vectors."""
    entries, num_points = table.tocoo(), table.sum()
    rows, columns = entries.coords
    recall = (entries.data**2 / table.sum(axis=1)[rows]).sum() / num_points
    precision = (entries.data**2 / table.sum(axis=0)[columns]).sum() / num_points
    return float(2 * precision * recall / (precision + recall))


# Clusters of labelled sets -------------------------------------------------------------------


def cluster(method: str, names: list[str], folder: str) -> list[Row]:
    """Cluster labelled sets in this process; clusters are saved as NAME.npy."""
    run, rows = METHODS[method].cluster, []
    for name in names:
        known = sets.load(name)
        try:
            run(around_centres(WARM_UP, known.vectors.shape[1], 4), known.metric, 4)
            start = time.perf_counter()
            found = run(known.vectors, known.metric, int(known.labels.max()) + 1)
            rows.append({"seconds": time.perf_counter() - start})
            np.save(Path(folder) / f"{name}.npy", found)
        except Exception as error:  # whatever a library raises, the other sets follow
            rows.append({"problem": f"{type(error).__name__}: {error}"[:200]})
    return rows


def measure_sets(settings: Settings, role: str, methods: Sequence[str] = tuple(METHODS)) -> Iterator[Row]:
    """Every method on every set of a role: one process for each method, on all processors."""
    names = [name for name, kind in sets.KINDS.items() if kind.role == role]
    known = _loaded([name for name in names if name in ("iris", "wine")] if settings.quick else names)
    for method in methods:
        if not installed(METHODS[method].package):
            print(f"{method}: {DISTRIBUTIONS[METHODS[method].package]} is not installed", file=sys.stderr)
            continue
        show(f"clusters by {method}")
        with tempfile.TemporaryDirectory(prefix="mapeq-benchmarks-") as folder:
            arguments = {"method": method, "names": list(known), "folder": folder}
            try:
                runs = call("embeddings.cluster", settings.timeout, threads=processors(), **arguments)
            except RunError as error:
                runs = [{"problem": str(error)}] * len(known)
            for each, run in zip(known.values(), runs, strict=True):
                about = {"set": each.name, "vectors": len(each.vectors), "dimensions": each.vectors.shape[1]}
                row = {**about, "classes": int(each.labels.max()) + 1, "method": method, **run}
                yield row if "problem" in run else row | _scored(each, method, Path(folder))


def _loaded(names: Sequence[str]) -> dict[str, sets.LabelledSet]:
    known = {}
    for name in names:
        show(f"labelled set {name}")
        try:
            known[name] = sets.load(name)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    return known


def _scored(known: sets.LabelledSet, method: str, folder: Path) -> Row:
    clusters = np.load(folder / f"{known.name}.npy")
    labels = known.labels[held_out(len(known.labels))] if METHODS[method].places else known.labels
    return {
        "clusters": len(np.unique(clusters[clusters >= 0])),
        "unclustered": int(np.count_nonzero(clusters < 0)),
        **scores(labels, clusters),
    }


def show_sets(rows: Sequence[Row]) -> str:
    """Means over the sets, then each set."""
    used = [name for name in METHODS if any(row["method"] == name for row in rows)]
    num_sets = len({row["set"] for row in rows})
    means = []
    for method in used:
        known = [row for row in rows if row["method"] == method and "problem" not in row]
        if not known:
            continue
        worst = min(known, key=lambda row: row["AMI"])
        means.append(
            [
                method if len(known) == num_sets else f"{method} ({len(known)} of {num_sets} sets)",
                f"{mean(row['AMI'] for row in known):.3f}",
                f"{worst['AMI']:.3f} ({worst['set']})",
                *(f"{mean(row[name] for row in known):.3f}" for name in SCORES[1:]),
                f"{sum(row['seconds'] for row in known):.1f}",
            ]
        )
    cells = {(row["set"], row["method"]): row for row in rows if "problem" not in row}
    about = {row["set"]: row for row in rows}
    parts = [
        "\n".join(f"- {name}: {METHODS[name].about}" for name in used),
        table(["method", "AMI", "worst AMI", *SCORES[1:], "s, all sets"], means, left=1),
    ]
    lines = []
    for name, row in about.items():
        found = [cells.get((name, method)) for method in used]
        size = [name, f"{row['vectors']:,} x {row['dimensions']}", str(row["classes"])]
        lines.append(size + ["" if each is None else f"{each['AMI']:.3f}" for each in found])
    return "\n\n".join([*parts, table(["AMI", "vectors", "classes", *used], lines, left=1)])


def sets_in_words(rows: Sequence[Row]) -> list[str]:
    """Whose AMI is highest, and where."""
    rows = [row for row in rows if "problem" not in row and not METHODS[row["method"]].places]
    by_set: dict[str, dict[str, float]] = {row["set"]: {} for row in rows}
    for row in rows:
        by_set[row["set"]][row["method"]] = row["AMI"]
    others = [name for name in METHODS if name[:5] != "mapeq" and any(name in found for found in by_set.values())]
    if not others or not by_set or not all("mapeq" in found for found in by_set.values()):
        return []
    means = {name: mean(found[name] for found in by_set.values() if name in found) for name in ("mapeq", *others)}
    best = [name for name, found in by_set.items() if all(found["mapeq"] >= found.get(other, -1) for other in others)]
    gaps = {name: max(found.get(other, -1) for other in others) - found["mapeq"] for name, found in by_set.items()}
    furthest = max(gaps, key=gaps.__getitem__)
    words = ", ".join(f"{name} {means[name]:.3f}" for name in others)
    text = (
        f"Clusters of embeddings, {len(by_set)} labelled sets: mapeq's mean AMI is {means['mapeq']:.3f} ({words}). "
        f"mapeq scores highest on {len(best)}"
    )
    return [
        text + (f"; it falls furthest behind on {furthest}, by {gaps[furthest]:.3f}." if gaps[furthest] > 0 else ".")
    ]


# Steps ---------------------------------------------------------------------------------------


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def around_centres(num_vectors: int, num_dimensions: int = NUM_DIMENSIONS, num_centres: int = 200) -> Vectors:
    """Vectors, each as far from its centre as the centres are from the origin."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((num_vectors, num_dimensions), dtype=np.float32)
    centres = rng.standard_normal((num_centres, num_dimensions), dtype=np.float32)
    vectors += centres[rng.integers(0, num_centres, num_vectors)]
    return vectors


def by_mapeq(vectors: Vectors, algorithm: str = "exact") -> Any:
    from mapeq.embeddings.neighbors import nearest_neighbors

    return nearest_neighbors(vectors, NUM_NEIGHBORS, algorithm=algorithm, num_threads=processors())


def by_scikit_learn(vectors: Vectors) -> Any:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=NUM_NEIGHBORS, algorithm="brute", metric="cosine", n_jobs=-1)
    return search.fit(vectors).kneighbors()[::-1]


def by_faiss(vectors: Vectors) -> Any:
    import faiss

    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index.search(vectors, NUM_NEIGHBORS + 1)[::-1]  # each vector is its own nearest neighbour


def graph_by_mapeq(vectors: Vectors) -> Any:
    import mapeq

    return mapeq.neighbor_graph(vectors, NUM_NEIGHBORS, algorithm="exact")


APPROXIMATE = "mapeq, approximate"
PROGRAMS = {
    "mapeq": ("mapeq", by_mapeq),
    "scikit-learn": ("sklearn", by_scikit_learn),
    "faiss": ("faiss", by_faiss),
    "mapeq, weighted graph": ("mapeq", graph_by_mapeq),
    APPROXIMATE: ("faiss", partial(by_mapeq, algorithm="ann")),
}


def neighbors(program: str, num_vectors: int) -> Row:
    """Time a search for nearest neighbours by cosine."""
    vectors, search = around_centres(num_vectors), PROGRAMS[program][1]
    search(vectors[:WARM_UP])
    memory, start = Memory(), time.perf_counter()
    found = search(vectors)
    row = {"seconds": time.perf_counter() - start, "peak": memory.above()}
    return row | {"recall": recall(vectors, found[0])} if program == APPROXIMATE else row


def recall(vectors: Vectors, indices: NDArray[np.signedinteger]) -> float:
    """The fraction of the true nearest neighbours that were found, for a sample of vectors."""
    some = np.random.default_rng(0).choice(len(vectors), min(NUM_CHECKED, len(vectors)), replace=False)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarities = units[some] @ units.T
    similarities[np.arange(len(some)), some] = -np.inf
    near = np.argpartition(-similarities, NUM_NEIGHBORS, axis=1)[:, :NUM_NEIGHBORS]
    return float((indices[some][:, :, None] == near[:, None, :]).sum() / near.size)


def later_steps(num_vectors: int) -> dict[str, float]:
    """Time what follows the neighbours: the weighted graph, the network and the search."""
    import mapeq
    from mapeq.embeddings.graph import AffinityOptions, affinity_graph

    def timed(vectors: Vectors) -> dict[str, float]:
        near, times, options = by_mapeq(vectors), [time.perf_counter()], AffinityOptions(NUM_NEIGHBORS)
        graph = affinity_graph(near, options, options.groups(vectors), num_threads=processors())
        times.append(time.perf_counter())
        network = mapeq.Network.from_csr(graph, directed=False)
        times.append(time.perf_counter())
        mapeq.infomap(network, markov_time="auto")
        times.append(time.perf_counter())
        return dict(zip(("weighted graph", "network", "search and Markov time"), np.diff(times).tolist(), strict=True))

    timed(around_centres(WARM_UP))
    return timed(around_centres(num_vectors))


def measure_steps(settings: Settings) -> Iterator[Row]:
    """Neighbours by each program, then what follows, on all processors; scikit-learn and the large search run once."""
    few, many = (1_500, 3_000) if settings.quick else (50_000, 200_000)
    once = replace(settings, repeat=1)
    for program in PROGRAMS:
        yield from _step(program, few, once if program == "scikit-learn" else settings)
    show("steps after the neighbours")
    answers = [
        call("embeddings.later_steps", settings.timeout, threads=processors(), num_vectors=few)
        for _ in range(settings.repeat)
    ]
    about = {"program": "mapeq", "vectors": few, "dimensions": NUM_DIMENSIONS, "runs": settings.repeat}
    for step in answers[0]:
        yield {"step": step, **about, "seconds": median(answer[step] for answer in answers)}
    yield {"step": "all after neighbours", **about, "seconds": median(sum(answer.values()) for answer in answers)}
    yield from _step(APPROXIMATE, many, once)


def _step(program: str, num_vectors: int, settings: Settings) -> Iterator[Row]:
    if not installed(PROGRAMS[program][0]):
        print(f"neighbours by {program}: {PROGRAMS[program][0]} is not installed", file=sys.stderr)
        return
    show(f"{num_vectors:,} vectors: neighbours by {program}")
    row: Row = {"step": "neighbours", "program": program, "vectors": num_vectors, "dimensions": NUM_DIMENSIONS}
    try:
        arguments = {"program": program, "num_vectors": num_vectors}
        answers = [
            call("embeddings.neighbors", settings.timeout, threads=processors(), **arguments)
            for _ in range(settings.repeat)
        ]
    except RunError as error:
        yield row | {"problem": str(error)}
        return
    row |= {"runs": len(answers), "seconds": median(answer["seconds"] for answer in answers)}
    peaks = [answer["peak"] for answer in answers if answer["peak"] is not None]
    yield row | {"peak": median(peaks) if peaks else None, "recall": answers[0].get("recall")}


def show_steps(rows: Sequence[Row]) -> str:
    """A line for each step."""
    lines = [
        [
            row["step"],
            row["program"],
            f"{row['vectors']:,} x {row['dimensions']}",
            f"{row['seconds']:.3g}",
            f"{row['peak'] / 1e6:,.0f}" if row.get("peak") else "",
            f"{row['recall']:.3f}" if row.get("recall") else "",
        ]
        for row in rows
        if "problem" not in row
    ]
    return table(["step", "program", "vectors", "s", "peak MB", "recall"], lines, left=2)


def steps_in_words(rows: Sequence[Row]) -> list[str]:
    """How long neighbours take, and everything else."""
    seconds = {(row["step"], row["program"], row["vectors"]): row["seconds"] for row in rows if "problem" not in row}
    few = min((row["vectors"] for row in rows), default=0)
    exact, rest = seconds.get(("neighbours", "mapeq", few)), seconds.get(("all after neighbours", "mapeq", few))
    if exact is None or rest is None:
        return []
    others = [(name, seconds.get(("neighbours", name, few))) for name in ("scikit-learn", "faiss", APPROXIMATE)]
    words = "; ".join(f"{name} takes {time:.3g} s" for name, time in others if time is not None)
    return [
        f"From {few:,} vectors to clusters: mapeq finds exact neighbours in {exact:.3g} s"
        + (f" ({words})" if words else "")
        + f", and all other steps take {rest:.2g} s."
    ]

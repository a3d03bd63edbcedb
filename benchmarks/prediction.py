"""Links hidden from the example networks: how well map equation similarity and indices of neighbours find them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse.linalg
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.worker import Row, Settings, show, table

Ends = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Part of the links that are hidden.
HIDDEN = 0.1

#: Draws of hidden links.
DRAWS = 3

#: Trials of each search.
TRIALS = 2

#: Area under the receiver operating characteristic curve, and average precision.
SCORES = ("auc", "precision")

#: Rows of a product of sparse matrices at a time.
_AT_ONCE = 2000

#: Instead of infinitely many bits.
_MOST_BITS = 1e6


class Known(NamedTuple):
    """What is left of a network: links of shape (m, 2)."""

    links: Ends
    num_nodes: int
    directed: bool


# Links ---------------------------------------------------------------------------------------


def hidden(rng: Generator, links: Ends, num_nodes: int, *, directed: bool) -> tuple[Ends, Ends, Ends]:
    """Links that stay, links that are hidden, and as many pairs without a link: arrays of shape (m, 2)."""
    order = rng.permutation(len(links))
    count = round(HIDDEN * len(links))
    return links[order[count:]], links[order[:count]], without_link(rng, links, num_nodes, count, directed=directed)


def without_link(rng: Generator, links: Ends, num_nodes: int, count: int, *, directed: bool) -> Ends:
    """Different pairs of different nodes that have no link, uniformly at random; shape (count, 2)."""

    def numbers(pairs: Ends) -> Ends:
        pairs = pairs if directed else np.sort(pairs, axis=1)
        return pairs[:, 0] * num_nodes + pairs[:, 1]

    taken, found = numbers(links), np.empty(0, dtype=np.int64)
    while len(found) < count:
        pairs = rng.integers(0, num_nodes, (2 * count, 2))
        drawn = numbers(pairs[pairs[:, 0] != pairs[:, 1]])
        found = np.append(found, drawn[~np.isin(drawn, taken)])
        found = found[np.sort(np.unique(found, return_index=True)[1])]
    return np.column_stack(np.divmod(found[:count], num_nodes))


# Methods -------------------------------------------------------------------------------------


def modules(known: Known, **options: Any) -> Any:
    """A result of mapeq."""
    import mapeq

    network = mapeq.Network.from_edges(*known.links.T, num_nodes=known.num_nodes, directed=known.directed)
    return mapeq.infomap(network, num_trials=TRIALS, seed=1, num_threads=1, **options)


def by_flow(known: Known, pairs: Ends, **options: Any) -> FloatArray:
    """Minus the bits by which `predict_links` sorts pairs: of a step, and of leaving its start."""
    from mapeq.walk.flow import EXIT

    result = modules(known, **options)
    with np.errstate(divide="ignore"):
        leaving = -np.log2(result.node_flow.nodes[:, EXIT])
    bits = result.similarity(pairs) + leaving[pairs[:, 0]]
    if not known.directed:
        bits = np.minimum(bits, result.similarity(pairs[:, ::-1]) + leaving[pairs[:, 1]])
    return -np.minimum(bits, _MOST_BITS)


def by_steps(known: Known, pairs: Ends, **options: Any) -> FloatArray:
    """The rate of a step, of undirected links the sum of both ways."""
    result = modules(known, **options)
    rate = np.exp2(-result.similarity(pairs))
    return rate if known.directed else rate + np.exp2(-result.similarity(pairs[:, ::-1]))


def graph(known: Known) -> Any:
    """An undirected graph of NetworkX."""
    import networkx as nx

    found = nx.Graph()
    found.add_nodes_from(range(known.num_nodes))
    found.add_edges_from(known.links.tolist())
    return found


def by_index(known: Known, pairs: Ends, *, index: str) -> FloatArray:
    """An index of NetworkX."""
    import networkx as nx

    found = getattr(nx, index)(graph(known), [tuple(pair) for pair in pairs.tolist()])
    return np.array([score for _, _, score in found], dtype=np.float64)


def common_neighbors(known: Known, pairs: Ends) -> FloatArray:
    """The number of common neighbours."""
    import networkx as nx

    whole = graph(known)
    return np.array([len(nx.common_neighbors(whole, u, v)) for u, v in pairs.tolist()], dtype=np.float64)


def katz(known: Known, pairs: Ends) -> FloatArray:
    """Walks of 2 to 4 steps, each step at half the reciprocal of the largest eigenvalue (Katz 1953)."""
    links = np.concatenate([known.links, known.links[:, ::-1]])
    shape = known.num_nodes, known.num_nodes
    matrix = scipy.sparse.csr_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=shape)
    matrix.data[:] = 1.0  # links both ways are one
    largest = scipy.sparse.linalg.eigsh(matrix, k=1, v0=np.ones(known.num_nodes), return_eigenvectors=False)[0]
    matrix *= 0.5 / largest
    found = np.empty(len(pairs))
    for begin in range(0, len(pairs), _AT_ONCE):
        here, there = (matrix[ends] for ends in pairs[begin : begin + _AT_ONCE].T)
        two, back = here @ matrix, there @ matrix
        walks = here.multiply(there) + two.multiply(there) + two.multiply(back)
        found[begin : begin + _AT_ONCE] = walks.sum(axis=1)
    return found


class Method(NamedTuple):
    """How pairs are scored."""

    about: str
    score: Callable[..., FloatArray]
    options: dict[str, Any]


DEEP = {"multilevel": True}
METHODS = {
    "two-level": Method("`infomap(network)`, flow as in `predict_links`", by_flow, {}),
    "multilevel": Method("`infomap(network, multilevel=True)`, likewise", by_flow, DEEP),
    "regularized": Method(
        "`infomap(network, multilevel=True, regularization=1)`, likewise", by_flow, {**DEEP, "regularization": 1.0}
    ),
    "steps": Method("the result *multilevel*, rates of steps, 2 to the power of minus `similarity`", by_steps, DEEP),
    "common": Method("common neighbours", common_neighbors, {}),
    "Adamic-Adar": Method("`adamic_adar_index` of NetworkX", by_index, {"index": "adamic_adar_index"}),
    "resource": Method("`resource_allocation_index` of NetworkX", by_index, {"index": "resource_allocation_index"}),
    "preferential": Method("`preferential_attachment` of NetworkX", by_index, {"index": "preferential_attachment"}),
    "Katz": Method("walks of at most 4 steps, each at half the reciprocal of the largest eigenvalue", katz, {}),
}

# Measuring -----------------------------------------------------------------------------------


def measure(settings: Settings, specifications: Sequence[str]) -> Iterator[Row]:
    """A row for each network and method."""
    for method in METHODS.values():  # compiled, imported
        method.score(Known(np.array([(0, 1), (1, 2), (0, 2), (2, 3)]), 4, False), np.array([(0, 3)]), **method.options)
    for specification in specifications[:1] if settings.quick else specifications:
        links = settings.source(specification)
        scores: dict[str, list[Row]] = {name: [] for name in METHODS}
        for draw in range(1 if settings.quick else DRAWS):
            show(f"{links.title}, draw {draw + 1}")
            kept, missing, absent = hidden(
                default_rng([1, draw]), links.load(), links.num_nodes, directed=links.directed
            )
            known = Known(kept, links.num_nodes, links.directed)
            for name, row in scored(known, missing, absent):
                scores[name].append(row)
        about = {"network": links.title, "links": links.num_links}
        for name, rows in scores.items():
            means = {key: mean(row[key] for row in rows) for key in rows[0]}
            yield {**about, "method": name, "draws": len(rows), **means}


def scored(known: Known, missing: Ends, absent: Ends) -> Iterator[tuple[str, Row]]:
    """Scores and seconds of the processor of each method."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    pairs = np.concatenate([missing, absent])
    truth = np.repeat([True, False], [len(missing), len(absent)])
    for name, method in METHODS.items():
        start = time.process_time()
        found = method.score(known, pairs, **method.options)
        seconds = time.process_time() - start
        auc, precision = roc_auc_score(truth, found), average_precision_score(truth, found)
        yield name, {"auc": float(auc), "precision": float(precision), "seconds": seconds}


# Showing -------------------------------------------------------------------------------------


def show_prediction(rows: Sequence[Row]) -> str:
    """What methods are, and a table for each score and for seconds."""
    names = list(dict.fromkeys(row["method"] for row in rows))
    parts = ["\n".join(f"- {name}: {METHODS[name].about}" for name in names)]
    for key, title, form in (
        ("auc", "Area under the curve", "{:.3f}"),
        ("precision", "Average precision", "{:.3f}"),
        ("seconds", "Seconds of the processor", "{:.2f}"),
    ):
        lines = [
            [network, f"{found[names[0]]['links']:,}", *(form.format(found[name][key]) for name in names)]
            for network, found in by_network(rows).items()
        ]
        parts += [f"**{title}**", table(["network", "links", *names], lines)]
    return "\n\n".join(parts)


def by_network(rows: Sequence[Row]) -> dict[str, dict[str, Row]]:
    """Rows by network and method."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row["network"], {})[row["method"]] = row
    return found


def prediction_in_words(rows: Sequence[Row]) -> list[str]:
    """What holds of hidden links."""
    if not rows:
        return []
    names = dict.fromkeys(row["method"] for row in rows)
    means = {name: [mean(row[key] for row in rows if row["method"] == name) for key in SCORES] for name in names}
    words = [f"{auc:.3f} and {precision:.3f} ({name})" for name, (auc, precision) in means.items()]
    return [f"Hidden links: mean area under the curve and average precision {', '.join(words)}."]

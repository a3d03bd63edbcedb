"""What there is to know of a network before a search: its figures, and what is remarkable about them."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, column_sums, is_constant
from mapeq._base.errors import counted

if TYPE_CHECKING:
    from mapeq.network.network import Network

#: The memory that a network and a search on it take at their peak, in bytes by link and by node: undirected and
#: directed, without weights and with. From peaks of resident memory of `mapeq.infomap`, one trial and one thread, on
#: networks of a million nodes in groups of 50 and of 3 and 10 million links; Linux, Python 3.11.
PEAK_BYTES = {(False, False): (23, 175), (False, True): (61, 127), (True, False): (36, 274), (True, True): (52, 289)}

#: So many nodes with most links are named.
NUM_HUBS = 5


def figures(network: Network) -> dict[str, Any]:
    """All that :meth:`mapeq.Network.summary` says."""
    found = quick_figures(network)
    undirected = network.undirected()
    sizes = np.bincount(component_of(undirected))
    found |= {"num_components": len(sizes), "largest_component": int(sizes.max(initial=0))}
    if network.directed:
        between = network.num_links - network.num_self_links
        mutual = between - (undirected.num_links - undirected.num_self_links)
        strong = np.bincount(component_of(network))
        found |= {
            "num_strong_components": len(strong),
            "largest_strong_component": int(strong.max(initial=0)),
            "reciprocity": 2 * mutual / between if between else 0.0,
        }
    found["memory"] = memory_to_cluster(network)
    found["notes"] = notes(network, found)
    return found


def quick_figures(network: Network) -> dict[str, Any]:
    """What is known of a network without following its links from node to node."""
    n, m = network.num_nodes, network.num_links
    pairs = n * (n - 1) if network.directed else n * (n - 1) // 2
    degrees = total_degrees(network)
    numbers: dict[str, NDArray[Any]] = {**degrees_of(network), **strengths_of(network)}
    return {
        "num_nodes": n,
        "num_links": m,
        "num_given": network.num_given,
        "directed": network.directed,
        "labels": label_kind(network),
        "num_self_links": network.num_self_links,
        "num_nodes_without_links": int(np.count_nonzero(degrees == 0)),
        "density": (m - network.num_self_links) / pairs if pairs else 0.0,
        "weights": distribution(network.links()[2]),
        "total_weight": network.total_weight,
        **{name: distribution(values) for name, values in numbers.items()},
        "hubs": hubs(network, degrees),
    }


def degrees_of(network: Network) -> dict[str, NDArray[np.int64]]:
    """How many nodes each node is linked to, itself included, by name: degree, or out_degree and in_degree."""
    out = np.diff(network.indptr)
    if not network.directed:
        return {"degree": out}
    return {"out_degree": out, "in_degree": np.bincount(network.indices, minlength=network.num_nodes)}


def total_degrees(network: Network) -> NDArray[np.int64]:
    """How many links each node has, in and out together if directed. Shape (n,)."""
    total: NDArray[np.int64] = np.sum(list(degrees_of(network).values()), axis=0)
    return total


def strengths_of(network: Network) -> dict[str, FloatArray]:
    """The weight of each node's links by name: strength, or out_strength and in_strength."""
    if not network.directed:
        return {"strength": network.out_strengths()}
    into = column_sums(network.indices, network.weights, network.num_nodes)
    return {"out_strength": network.out_strengths(), "in_strength": into}


def distribution(values: NDArray[Any]) -> dict[str, float] | None:
    """Least, median, mean and greatest of some numbers; None if there are none."""
    if len(values) == 0:
        return None
    if is_constant(values):
        values = values[:1]
    median = float(np.median(values))
    return {"min": values.min().item(), "median": median, "mean": float(values.mean()), "max": values.max().item()}


def component_of(network: Network) -> NDArray[np.int32]:
    """The connected component of each node, or the strongly connected one if directed. Shape (n,)."""
    from scipy.sparse.csgraph import connected_components

    if network.num_nodes == 0:
        return np.zeros(0, dtype=np.int32)
    # In a symmetric matrix the strong components are the components, and no transpose is needed for them.
    components: NDArray[np.int32] = connected_components(network.matrix(), directed=True, connection="strong")[1]
    return components


def label_kind(network: Network) -> str:
    """What nodes are called by: "numbers", whole ones, "words", or "objects" of any kind."""
    labels = network.labels
    if not isinstance(labels, tuple) or all(type(label) is int for label in labels):
        return "numbers"
    return "words" if all(isinstance(label, str) for label in labels) else "objects"


def hubs(network: Network, degrees: NDArray[np.int64]) -> list[tuple[Hashable, int]]:
    """The nodes with most links and how many these are, in and out together; none where all have as many."""
    if len(degrees) == 0 or degrees.min() == degrees.max():
        return []
    most = np.argpartition(-degrees, min(NUM_HUBS, len(degrees) - 1))[:NUM_HUBS]
    most = most[np.lexsort((most, -degrees[most]))]
    return [(_plain(network.labels[i]), int(degrees[i])) for i in most.tolist()]


def _plain(label: Any) -> Hashable:
    value: Hashable = label.item() if isinstance(label, np.generic) else label
    return value


def memory_to_cluster(network: Network) -> int:
    """An estimate of the bytes that a network and a two-level search take above what Python takes."""
    per_link, per_node = PEAK_BYTES[network.directed, len(network.weights) > 0 and not is_constant(network.weights)]
    return per_link * network.num_links + per_node * network.num_nodes


# What is remarkable --------------------------------------------------------------------------


def notes(network: Network, found: dict[str, Any]) -> list[str]:
    """What is worth knowing before a search: facts, a sentence each."""
    n, m, alone = found["num_nodes"], found["num_links"], found["num_nodes_without_links"]
    said: list[str] = []
    if alone:
        said.append(f"{counted(alone, 'node')} without links: each stays a module of its own, without flow")
    if found["num_components"] - alone > 1:
        parts = counted(found["num_components"] - alone, "component")
        said.append(f"{parts} with links: no module spans two of them unless recorded teleportation joins them")
    if network.directed and m and network.is_symmetric():
        said.append("every link has a reverse link of the same weight: as an undirected network it is the same")
    elif network.directed and (sinks := int(np.count_nonzero(np.diff(network.indptr) == 0)) - alone):
        said.append(f"{counted(sinks, 'node')} without links out: there the walk goes on by teleportation")
    if network.num_given is not None and network.num_given > m:
        said.append(f"{counted(network.num_given, 'link')} given: those of the same two nodes are summed")
    weights = found["weights"]
    if weights and weights["min"] == weights["max"] != 1:
        said.append(f"every link weighs {weights['max']:g}: the modules are those without weights")
    if found["density"] == 1 and n > 2:
        said.append("every node is linked to every other: only weights can tell modules apart")
    if m > n and weights["min"] < weights["max"] and (share := weights["max"] / found["total_weight"]) >= 0.1:
        said.append(f"the heaviest link has {share:.0%} of all weight")
    if found["num_self_links"]:
        said.append(f"{counted(found['num_self_links'], 'self-link')}: there the walk stays where it is")
    most = found["hubs"][0] if found["hubs"] and not network.directed else None
    if most and n > 10 and most[1] >= n / 2:
        said.append(f"node {most[0]} is linked to {most[1] / n:.0%} of all nodes")
    return said


# For people ----------------------------------------------------------------------------------


def in_words(found: dict[str, Any]) -> dict[str, str]:
    """Figures, some or all, as people read them: what they are about, and what they say."""
    alone, loops = found["num_nodes_without_links"], found["num_self_links"]
    rows = {
        "nodes": f"{found['num_nodes']:,}, called by {found['labels']}"
        + (f"; {alone:,} without links" if alone else ""),
        "links": f"{found['num_links']:,}, {'directed' if found['directed'] else 'undirected'}"
        + (f"; {counted(loops, 'self-link')}" if loops else ""),
        "pairs linked": f"{found['density']:.3%}",
        "weights": _spread(found["weights"]),
    }
    for key in ("component", "strong_component"):
        if f"num_{key}s" in found:
            rows[f"{key}s".replace("_", " ")] = _parts(
                found[f"num_{key}s"], found[f"largest_{key}"], found["num_nodes"]
            )
    if "reciprocity" in found:
        rows["reciprocity"] = f"{found['reciprocity']:.1%} of links have a reverse link"
    weights = found["weights"]
    is_weighted = weights is not None and weights["min"] < weights["max"]
    for kind in ("degree", "strength") if is_weighted else ("degree",):
        for key in (kind, f"out_{kind}", f"in_{kind}"):
            if key in found:
                rows[key.replace("_", "-")] = _spread(found[key])
    if found["hubs"]:
        rows["most links"] = ", ".join(f"{label} ({degree:,})" for label, degree in found["hubs"])
    if "memory" in found:
        megabytes = found["memory"] / 1e6
        rows["memory"] = (
            f"{f'some {megabytes:,.0f}' if megabytes >= 1 else 'less than 1'} MB to cluster it, an estimate"
        )
    return rows


def _spread(found: dict[str, float] | None) -> str:
    if found is None:
        return "none"
    if found["min"] == found["max"]:
        return f"all {_rounded(found['max'])}"
    return ", ".join(f"{name} {_rounded(found[name])}" for name in ("min", "median", "mean", "max"))


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:,.4g}"


def _parts(number: int, largest: int, num_nodes: int) -> str:
    share = f"; the largest has {largest / num_nodes:.1%} of the nodes" if number > 1 else ""
    return f"{number:,}{share}"


def html_table(rows: dict[str, str]) -> str:
    """A table of two columns, names and values, neither of them HTML yet."""
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
    return f"<table>{cells}</table>"


def network_html(network: Network) -> str:
    """What a notebook shows of a network: what is known at once."""
    return html_table(in_words(quick_figures(network)))

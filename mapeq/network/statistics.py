"""Statistics of a network before a search, and notes on what is remarkable."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, column_sums, is_constant
from mapeq._base.errors import counted
from mapeq.network.search_memory import memory_of_search, size_in_words
from mapeq.network.states import name_of_state

if TYPE_CHECKING:
    from mapeq.network.network import Network

#: Number of nodes with the highest degrees to name.
NUM_HUBS = 5


def network_statistics(network: Network) -> dict[str, Any]:
    """Return the statistics of :meth:`mapeq.Network.summary`."""
    found = quick_statistics(network)
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
    for key, multilevel in (("memory", False), ("memory_multilevel", True)):
        found[key] = memory_of_search(network, multilevel=multilevel, num_threads=1).total
    found["notes"] = notes(network, found)
    return found


def quick_statistics(network: Network) -> dict[str, Any]:
    """Return the statistics that need no traversal of the network."""
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
    """Return the degrees by name: degree, or out_degree and in_degree. A self-link counts once. Shape (n,) each."""
    out = np.diff(network.indptr)
    if not network.directed:
        return {"degree": out}
    return {"out_degree": out, "in_degree": np.bincount(network.indices, minlength=network.num_nodes)}


def total_degrees(network: Network) -> NDArray[np.int64]:
    """Return the number of links of each node, in-links and out-links together if directed. Shape (n,)."""
    total: NDArray[np.int64] = np.sum(list(degrees_of(network).values()), axis=0)
    return total


def strengths_of(network: Network) -> dict[str, FloatArray]:
    """Return the strengths by name: strength, or out_strength and in_strength. Shape (n,) each."""
    if not network.directed:
        return {"strength": network.out_strengths()}
    into = column_sums(network.indices, network.weights, network.num_nodes)
    return {"out_strength": network.out_strengths(), "in_strength": into}


def distribution(values: NDArray[Any]) -> dict[str, float] | None:
    """Return the minimum, median, mean and maximum of some numbers; None if there are none."""
    if len(values) == 0:
        return None
    if is_constant(values):
        values = values[:1]
    median = float(np.median(values))
    return {"min": values.min().item(), "median": median, "mean": float(values.mean()), "max": values.max().item()}


def component_of(network: Network) -> NDArray[np.int32]:
    """Return the connected component of each node, the strongly connected one if directed. Shape (n,)."""
    from scipy.sparse.csgraph import connected_components

    if network.num_nodes == 0:
        return np.zeros(0, dtype=np.int32)
    # In a symmetric matrix the strong components are the components, and SciPy needs no transpose for them.
    components: NDArray[np.int32] = connected_components(network.matrix(), directed=True, connection="strong")[1]
    return components


def label_kind(network: Network) -> str:
    """Return the kind of the labels: "numbers" (integers), "words" (strings) or "objects"."""
    labels = network.labels
    if not isinstance(labels, tuple) or all(type(label) is int for label in labels):
        return "numbers"
    return "words" if all(isinstance(label, str) for label in labels) else "objects"


def hubs(network: Network, degrees: NDArray[np.int64]) -> list[tuple[Hashable, int]]:
    """Return names and degrees of the nodes with the highest degrees; nothing if all degrees are equal."""
    if len(degrees) == 0 or degrees.min() == degrees.max():
        return []
    most = np.argpartition(-degrees, min(NUM_HUBS, len(degrees) - 1))[:NUM_HUBS]
    most = most[np.lexsort((most, -degrees[most]))]
    return [(name_of_node(network, i), int(degrees[i])) for i in most.tolist()]


def name_of_node(network: Network, node: int) -> Hashable:
    """Return the label of a node, of a state what people call it."""
    label = _plain(network.labels[node])
    return label if network.states is None else name_of_state(network.states, node, label)


def _plain(label: Any) -> Hashable:
    value: Hashable = label.item() if isinstance(label, np.generic) else label
    return value


# Notes ---------------------------------------------------------------------------------------


def described(network: Network) -> str:
    """The size and the kind of a network, in a few words."""
    nodes = counted(network.num_nodes, "node")
    if network.states is not None:
        nodes = f"{counted(network.num_nodes, 'state')} of {counted(len(network.states.labels), 'physical node')}"
    return f"{nodes}, {counted(network.num_links, 'link')}, {'directed' if network.directed else 'undirected'}"


def notes(network: Network, found: dict[str, Any]) -> list[str]:
    """Return what is worth knowing before a search, one sentence each."""
    n, m, num_isolated = found["num_nodes"], found["num_links"], found["num_nodes_without_links"]
    sentences: list[str] = []
    if num_isolated:
        sentences.append(f"{counted(num_isolated, 'node')} without links: each is a separate module without flow")
    if found["num_components"] - num_isolated > 1:
        parts = counted(found["num_components"] - num_isolated, "component")
        but = "except with recorded teleportation" if network.states is None else "unless they share physical nodes"
        sentences.append(f"{parts} with links: no module spans two components, {but}")
    if network.directed and m and network.is_symmetric():
        sentences.append("every link has a reverse link of the same weight: the network is effectively undirected")
    elif network.directed and (sinks := int(np.count_nonzero(np.diff(network.indptr) == 0)) - num_isolated):
        sentences.append(f"{counted(sinks, 'node')} without out-links: the walk leaves by teleportation")
    if network.num_given is not None and network.num_given > m:
        sentences.append(f"{counted(network.num_given, 'link')} in the input: parallel links are summed")
    weights = found["weights"]
    if weights and weights["min"] == weights["max"] != 1:
        sentences.append(f"every link weighs {weights['max']:g}: the weights do not affect the modules")
    if found["density"] == 1 and n > 2:
        sentences.append("every node is linked to every other: only weights can tell modules apart")
    if m > n and weights["min"] < weights["max"] and (share := weights["max"] / found["total_weight"]) >= 0.1:
        sentences.append(f"the heaviest link holds {share:.0%} of the total weight")
    if found["num_self_links"]:
        sentences.append(f"{counted(found['num_self_links'], 'self-link')}: the walk can stay at a node")
    hub = found["hubs"][0] if found["hubs"] and not network.directed else None
    if hub and n > 10 and hub[1] >= n / 2:
        sentences.append(f"node {hub[0]} is linked to {hub[1] / n:.0%} of all nodes")
    return sentences


# Text and HTML -------------------------------------------------------------------------------


def describe_statistics(found: dict[str, Any]) -> dict[str, str]:
    """Return statistics, all or only the quick ones, as text by heading."""
    num_isolated, num_self_links = found["num_nodes_without_links"], found["num_self_links"]
    rows = {
        "nodes": f"{found['num_nodes']:,}, labelled by {found['labels']}"
        + (f"; {num_isolated:,} without links" if num_isolated else ""),
        "links": f"{found['num_links']:,}, {'directed' if found['directed'] else 'undirected'}"
        + (f"; {counted(num_self_links, 'self-link')}" if num_self_links else ""),
        "density": f"{found['density']:.3%} of all pairs",
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
        rows["highest degrees"] = ", ".join(f"{label} ({degree:,})" for label, degree in found["hubs"])
    if "memory" in found:
        two_level, multilevel = map(size_in_words, (found["memory"], found["memory_multilevel"]))
        rows["memory"] = f"{two_level} to find two levels, {multilevel} for hierarchies (estimate)"
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
    """Return an HTML table of names and values, which are escaped here."""
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
    return f"<table>{cells}</table>"


def network_html(network: Network) -> str:
    """Return what a notebook shows of a network: the quick statistics."""
    return html_table(describe_statistics(quick_statistics(network)))

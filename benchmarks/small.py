"""Small random networks of every objective: how often one trial is as good as the reference's one, and its ten.

Small networks show what a search misses: most of them have one best partition, and a search finds it or does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.worker import Row, Settings, show, table

#: Networks of each kind.
NUM_NETWORKS = 12

#: Codelengths that differ by less than this part of them, or by this number of bits, are equal.
SAME = 1e-9

DIRECTED = {"flow_model": "directed"}
RECORDED = DIRECTED | {"recorded_teleportation": True}
NODES = {"teleport_to": "nodes"}
VARIABLE = {"variable_markov_time": True}
REGULARIZED = {"regularization": 1.0}
CORRECTED = {"entropy_correction": 1.0}
BIPARTITE = {"bipartite_flow": "infomap"}
TWO_STEP = DIRECTED | {"bipartite_flow": "two-step"}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "undirected": {},
    "undirected, Markov time": {"markov_time": 1.8},
    "undirected, node weights as flow": {"node_weights_as_flow": True},
    "directed": DIRECTED,
    "directed, teleporting seldom": DIRECTED | {"teleportation_probability": 0.05},
    "directed, always teleporting": DIRECTED | {"teleportation_probability": 1.0},
    "directed, to nodes": DIRECTED | NODES,
    "directed, Markov time": DIRECTED | {"markov_time": 0.6},
    "directed, node weights as flow": DIRECTED | {"node_weights_as_flow": True},
    "recorded": RECORDED,
    "recorded, teleporting often": RECORDED | {"teleportation_probability": 0.4},
    "recorded, to nodes": RECORDED | NODES,
    "recorded, Markov time": RECORDED | {"markov_time": 2.5},
    "recorded, node weights as flow": RECORDED | {"node_weights_as_flow": True},
    "undirected, variable Markov time": VARIABLE,
    "undirected, variable Markov time, damped by half": VARIABLE | {"variable_markov_damping": 0.5, "markov_time": 0.8},
    "directed, variable Markov time": DIRECTED | VARIABLE,
    "recorded, variable Markov time": RECORDED | VARIABLE | {"variable_markov_min_scale": 0.5},
    "undirected, regularized": REGULARIZED,
    "undirected, regularized a little": {"regularization": 0.3} | VARIABLE,
    "directed, regularized": DIRECTED | REGULARIZED,
    "directed, regularized, Markov time": DIRECTED | REGULARIZED | {"markov_time": 1.5},
    "bipartite": BIPARTITE,
    "bipartite, unfolded": {"bipartite_flow": "unfolded"},
    "bipartite, variable Markov time": BIPARTITE | VARIABLE,
    "bipartite, regularized": BIPARTITE | REGULARIZED,
    "bipartite, directed": BIPARTITE | DIRECTED,
    "bipartite, recorded": BIPARTITE | RECORDED,
    "bipartite, recorded, to nodes": BIPARTITE | RECORDED | NODES,
    "bipartite, rawdir": BIPARTITE | {"flow_model": "rawdir"},
    "bipartite, two steps": TWO_STEP,
    "bipartite, two steps, recorded": TWO_STEP | RECORDED,
    "rawdir": {"flow_model": "rawdir"},
    "undirdir": {"flow_model": "undirdir"},
    "outdirdir": {"flow_model": "outdirdir", "markov_time": 1.5},
    "precomputed": {"flow_model": "precomputed"},
    "undirected, metadata": {"metadata_rate": 1.0},
    "undirected, metadata, Markov time": {"metadata_rate": 0.3, "metadata_unweighted": True, "markov_time": 1.3},
    "directed, metadata": DIRECTED | {"metadata_rate": 2.5},
    "recorded, metadata": RECORDED | {"metadata_rate": 0.5},
    "undirected, metadata, regularized": REGULARIZED | {"metadata_rate": 1.0},
    "directed, metadata, variable Markov time": DIRECTED
    | VARIABLE
    | {"metadata_rate": 0.2, "metadata_unweighted": True},
    "bipartite, metadata": BIPARTITE | {"metadata_rate": 1.0},
    "undirected, corrected": CORRECTED,
    "recorded, corrected": RECORDED | {"entropy_correction": 0.3},
    "states": {},
    "states, Markov time": {"markov_time": 1.4},
    "states, directed": DIRECTED,
    "states, directed, variable Markov time": DIRECTED | VARIABLE,
    "states, directed, regularized": DIRECTED | REGULARIZED,
    "states, recorded": RECORDED,
    "states, recorded, to nodes": RECORDED | NODES,
    "states, rawdir": {"flow_model": "rawdir"},
    "undirected, 2 modules preferred": {"preferred_number_of_modules": 2},
    "directed, 2 modules preferred": DIRECTED | {"preferred_number_of_modules": 2},
    "undirected, 2 modules preferred, corrected": CORRECTED | {"preferred_number_of_modules": 2},
    "layers": {},
    "layers, directed": DIRECTED,
    "layers, recorded": {"recorded_teleportation": True},
    "layers, directed, recorded": RECORDED,
    "layers, recorded, to nodes": RECORDED | NODES,
    "layers, Markov time": {"markov_time": 1.5},
    "layers, variable Markov time": VARIABLE,
    "layers, similar": {},
    "layers, similar, directed, recorded": RECORDED,
    "layers, switching": {},
    "layers, switching, directed": DIRECTED,
    "layers, switching, recorded": {"recorded_teleportation": True},
    "layers, linked": {},
    "layers, linked, directed, recorded": RECORDED,
    "layers, linked, switching": {},
    "layers, literal": {},
    "layers, literal, directed": DIRECTED,
}

#: Groups of groups: 6 nodes in each of the smallest ones, 3 groups in each larger one, 4 levels.
NESTED = "nested groups"


class Layered(NamedTuple):
    """Links within layers, numbered from 1, as layer, node, node and weight; links between them; how the walk changes.

    Links between layers are layer, node, layer, node and weight. `literal` links lead from state to state as they
    stand; others do from a node to itself. `coupling` are options of `mapeq.Network.from_layers`.
    """

    intra: list[tuple[int, int, int, float]]
    inter: list[tuple[int, int, int, int, float]]
    literal: bool
    coupling: dict[str, Any]

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return max(layer for layer, *_ in self.intra)

    def states(self) -> list[tuple[int, int]]:
        """Each layer and node that has a link there."""
        return sorted({(layer, node) for layer, *ends, _ in self.intra for node in ends})

    def numbers(self, labels: Sequence[tuple[int, int]]) -> list[int]:
        """What infomap calls states, if told how many layers there are."""
        bits = (self.num_layers - 1).bit_length() + 1
        return [node * 2**bits + layer for layer, node in labels]


class Sample(NamedTuple):
    """Links of a random network, weights of its nodes or None, and its first secondary node if it is bipartite.

    `categories` are the metadata, -1 where they are missing; None without any. `physical` are the physical nodes of
    states; None if the nodes are no states. `layered` are the links of a multilayer network instead.
    """

    links: list[tuple[int, int, float]]
    num_nodes: int
    node_weights: NDArray[np.float64] | None
    first_secondary: int | None = None
    categories: NDArray[np.int64] | None = None
    physical: NDArray[np.int64] | None = None
    layered: Layered | None = None

    def of_flow(self) -> Sample:
        """The same network with weights that are flow per step."""
        total = sum(weight for *_, weight in self.links)
        return self._replace(links=[(i, j, weight / total) for i, j, weight in self.links])


def sample(rng: Generator, *, need_node_weights: bool = False, max_nodes: int = 60) -> Sample:
    """A network with self-links and parallel links; sparse ones fall apart, have isolated and dangling nodes.

    A third of all has weights of another magnitude, from 1e-12 to 1e12.
    """
    n = int(rng.integers(2, max_nodes + 1))
    num_links = max(1, int(n * rng.uniform(0.5, 4)))
    sources = rng.choice(rng.permutation(n)[: max(1, int(n * rng.uniform(0.5, 1)))], num_links)
    targets = rng.integers(0, n, num_links)
    if rng.random() < 0.5:  # in groups
        targets = np.where(rng.random(num_links) < 0.7, sources // 5 * 5 + targets % 5, targets) % n
    if rng.random() < 0.5:
        targets[sources == targets] = (targets[sources == targets] + 1) % n
    weights = rng.choice([np.ones(num_links), rng.exponential(size=num_links), 10.0 ** rng.uniform(-3, 3, num_links)])
    if rng.random() < 1 / 3:
        weights = weights * 10.0 ** rng.uniform(-12, 12)
    node_weights = None
    if need_node_weights or rng.random() < 0.3:
        node_weights = rng.exponential(size=n) + 0.01
        node_weights[rng.random(n) < 0.1] = 0.0
        node_weights[sources[0]] += 1.0
    return Sample(list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True)), n, node_weights)


def bipartite_sample(rng: Generator, *, back: bool) -> Sample:
    """A network of two sides, with links in both directions; all secondary nodes have links `back` if wanted.

    All secondary nodes have links: infomap takes those without for primary ones.
    """
    given = sample(rng, max_nodes=40)
    n = given.num_nodes
    middle = int(rng.integers(1, n))
    links = [(i % middle, middle + j % (n - middle), weight) for i, j, weight in given.links]
    weight = links[0][2]
    links += [(int(rng.integers(middle)), j, weight) for j in set(range(middle, n)) - {j for _, j, _ in links}]
    links = [(j, i, weight) if rng.random() < 0.4 else (i, j, weight) for i, j, weight in links]
    if not any(j >= middle for j, _, _ in links):  # infomap refuses walks without any way back
        links.append((middle, 0, weight))
    if back:
        links += [(j, int(rng.integers(middle)), weight) for j in range(middle, n)]
    return Sample(links, n, given.node_weights, middle)


def layered_sample(rng: Generator, kind: str) -> Sample:
    """A network of up to 4 layers, some of whose links are in two of them; of a kind that `OBJECTIVES` names."""
    given = sample(rng, max_nodes=25)
    links = [link for link in given.links if "switching" not in kind or link[0] != link[1]] or [(0, 1, 1.0)]
    layer = rng.integers(0, rng.integers(1, 5), len(links))
    again = rng.choice(len(links), rng.binomial(len(links), 0.4), replace=False)
    _, layer = np.unique(np.append(layer, layer[rng.permutation(again)]), return_inverse=True)
    links += [links[k] for k in again.tolist()]
    intra = [(number + 1, *link) for number, link in zip(layer.tolist(), links, strict=True)]
    coupling: dict[str, Any] = {"relax_rate": float(rng.choice([0.0, 0.15, 0.4, 0.95]))}
    coupling["limit"] = None if rng.random() < 0.5 else (int(rng.integers(3)), int(rng.integers(3)))
    coupling["relax"] = "jsd-infomap" if "similar" in kind else "self" if "switching" in kind else "neighbors"
    layered = Layered(intra, [], "literal" in kind, coupling)
    states = layered.states()
    if "linked" in kind or "literal" in kind:
        for _ in range(len(states)):
            (a, i), (b, j) = (states[int(k)] for k in rng.integers(0, len(states), 2))
            if "linked" not in kind or (a != b and (b, i) in states):
                layered.inter.append((a, i, b, j if "literal" in kind else i, links[int(rng.integers(len(links)))][2]))
    return Sample([], len(states), None, layered=layered)


def nested_sample(rng: Generator) -> Sample:
    """Groups of 6 nodes, all linked; a node has .35 times as many links at each level of groups above."""
    n = 6 * 3**4
    nodes = np.arange(n)
    links = [(i, j) for i in range(n) for j in range(i + 1, n) if i // 6 == j // 6]
    for level in range(1, 5):
        size = 6 * 3**level
        from_node = np.repeat(nodes, rng.poisson(5 * 0.35**level / 2, n))
        to_node = from_node // size * size + rng.integers(size, size=len(from_node))
        links += zip(from_node.tolist(), to_node.tolist(), strict=True)
    return Sample([(i, j, 1.0) for i, j in links if i != j], n, None)


def reference(options: dict[str, Any], *, bipartite: bool = False, **more: Any) -> Any:
    """Infomap without a network; `options` are those of mapeq, as mapeq names them, `more` those of Infomap."""
    from infomap import Infomap, Options

    names = {
        "node_weights_as_flow": "use_node_weights_as_flow",
        "regularization": "regularization_strength",
        "entropy_correction": "entropy_correction_strength",
        "metadata_rate": "meta_data_rate",
        "metadata_unweighted": "meta_data_unweighted",
    }
    other = ("teleport_to", "bipartite_flow")
    given = {names.get(name, name): value for name, value in options.items() if name not in other}
    flags = {
        "to_nodes": options.get("teleport_to") == "nodes",
        "regularized": options.get("regularization", 0.0) > 0,
        "entropy_corrected": options.get("entropy_correction", 0.0) > 0,
        "skip_adjust_bipartite_flow": options.get("bipartite_flow") == "unfolded",
        "bipartite_teleportation": bipartite and options.get("bipartite_flow") == "two-step",
    }
    return Infomap(options=Options(**flags, **given, **more))


def infomap(sample: Sample, options: dict[str, Any], **more: Any) -> Any:
    """Infomap with a network, ready to run; see :func:`reference`."""
    if sample.layered is not None:
        return _infomap_of_layers(sample.layered, options, more)
    engine = reference(options, bipartite=sample.first_secondary is not None, **more)
    if sample.first_secondary is not None:
        engine.bipartite_start_id = sample.first_secondary
    for node in range(sample.num_nodes):
        if sample.physical is not None:
            engine.add_state_node(node, int(sample.physical[node]))
            continue
        weight = None if sample.node_weights is None else float(sample.node_weights[node])
        engine.add_node(node, teleportation_weight=weight)
    engine.add_links(sample.links)
    if sample.categories is not None:
        engine.set_meta_data({i: code for i, code in enumerate(sample.categories.tolist()) if code >= 0})
    return engine


def _infomap_of_layers(given: Layered, options: dict[str, Any], more: dict[str, Any]) -> Any:
    down, up = given.coupling["limit"] or (-1, -1)
    how = {
        "multilayer_relax_rate": given.coupling["relax_rate"],
        "multilayer_relax_limit_down": down,
        "multilayer_relax_limit_up": up,
        "multilayer_relax_by_jsd": given.coupling["relax"] == "jsd-infomap",
        "multilayer_relax_to_self": given.coupling["relax"] == "self",
        "matchable_multilayer_ids": given.num_layers,
    }
    engine = reference(options, **how, **more)
    for layer, i, j, weight in given.intra:
        if given.literal:
            engine.add_multilayer_link((layer, i), (layer, j), weight)
        else:
            engine.add_multilayer_intra_link(layer, i, j, weight)
    for a, i, b, j, weight in given.inter:
        if given.literal:
            engine.add_multilayer_link((a, i), (b, j), weight)
        else:
            engine.add_multilayer_inter_link(a, i, b, weight)
    return engine


def _network_of_layers(given: Layered, *, directed: bool) -> Any:
    from mapeq import Network, read_network

    if given.literal:
        rows = [(a, i, a, j, weight) for a, i, j, weight in given.intra] + given.inter
        with TemporaryDirectory() as folder:
            path = Path(folder) / "layers.net"
            path.write_text("*Multilayer\n" + "".join(" ".join(map(repr, row)) + "\n" for row in rows))
            return read_network(path, directed=directed)
    layers: dict[int, list[tuple[int, int, float]]] = {}
    for layer, *link in sorted(given.intra):
        layers.setdefault(layer, []).append(tuple(link))
    inter = [(a, i, b, weight) for a, i, b, _, weight in given.inter] or None
    return Network.from_layers(layers, directed=directed, inter=inter, **given.coupling)


def network(sample: Sample, options: dict[str, Any]) -> Any:
    """The network as mapeq takes it."""
    from mapeq import Network

    if sample.layered is not None:
        return _network_of_layers(sample.layered, directed="flow_model" in options)
    network = Network.from_edges(
        *zip(*sample.links, strict=True),
        directed=options.get("flow_model", "undirected") != "undirected",
        num_nodes=sample.num_nodes,
        node_weights=sample.node_weights,
    )
    if sample.categories is not None:
        network = network.with_metadata([None if code < 0 else code for code in sample.categories.tolist()])
    if sample.physical is not None:
        network = network.with_states(sample.physical)
    first = sample.first_secondary
    return network if first is None else network.with_sides([i >= first for i in range(sample.num_nodes)])


# Measuring -----------------------------------------------------------------------------------


def measure(settings: Settings) -> Iterator[Row]:
    """A row for each kind of network and mode."""
    for number, (kind, options) in enumerate({**OBJECTIVES, NESTED: {}}.items()):
        count = 3 if settings.quick else 5 if kind == NESTED else NUM_NETWORKS
        for multilevel in (False, True):
            show(f"{kind}{', multilevel' if multilevel else ''}")
            rng = default_rng(number)
            found = [lengths(draw(rng, kind), options, multilevel) for _ in range(count)]
            yield {"flow": kind, "multilevel": multilevel, "networks": count, **_compared(np.array(found))}


def draw(rng: Generator, kind: str) -> Sample:
    """A network of a kind."""
    if kind == NESTED:
        return nested_sample(rng)
    if kind.startswith("layers"):
        return layered_sample(rng, kind)
    if kind.startswith("bipartite"):
        drawn = bipartite_sample(rng, back="two steps" in kind)
    else:
        drawn = sample(rng, need_node_weights=kind == "precomputed")
    if "metadata" in kind:
        categories = rng.integers(-1, rng.integers(1, 4), drawn.num_nodes)
        categories[0] = 0  # one is known at least
        drawn = drawn._replace(categories=categories)
    if kind.startswith("states"):
        physical = rng.integers(0, rng.integers(1, drawn.num_nodes + 1), drawn.num_nodes)
        physical[0], physical[-1] = 0, 1
        drawn = drawn._replace(physical=physical, node_weights=None)
    return drawn.of_flow() if kind == "precomputed" else drawn


def lengths(sample: Sample, options: dict[str, Any], multilevel: bool) -> list[float]:
    """Codelengths of one trial of mapeq, one of infomap, the best of ten of infomap, five of mapeq, five of infomap."""
    import mapeq

    given = network(sample, options)

    def ours(trials: int) -> float:
        how = {"seed": 1, "multilevel": multilevel, "num_threads": 1, "num_trials": trials}
        return float(mapeq.infomap(given, **how, **options).codelength)

    def theirs(trials: int, ours: float) -> float:
        how = {"two_level": not multilevel, "num_trials": trials, "seed": 123, "silent": True}
        result = infomap(sample, options, **how).run()
        length = float(result.codelength)
        if ours > length and sample.physical is None and sample.layered is None and may_not_be_apart(options):
            length = max(length, mapeq.evaluate(given, connected(sample, result), **options).codelength)
        return length

    one, five = ours(1), ours(5)
    return [one, theirs(1, one), theirs(10, one), five, theirs(5, five)]


def may_not_be_apart(options: dict[str, Any]) -> bool:
    """Whether mapeq's modules are connected by links: without recorded teleportation and prices, and without states."""
    apart = ("recorded_teleportation", "regularization", "entropy_correction", "preferred_number_of_modules")
    return not any(options.get(name) for name in apart)


def connected(sample: Sample, result: Any) -> dict[int, tuple[Any, ...]]:
    """Modules that infomap has found, as paths, each parted into connected ones."""
    from networkx import Graph, connected_components

    graph = Graph((i, j) for i, j, weight in sample.links if weight > 0)
    graph.add_nodes_from(range(sample.num_nodes))
    given: dict[int, tuple[Any, ...]] = {i: (f"alone {i}",) for i in graph}
    given |= {node.node_id: node.path[:-1] for node in result.nodes()}
    found: dict[int, tuple[Any, ...]] = dict.fromkeys(graph, ())
    for level in range(max(map(len, given.values()))):
        modules: dict[Any, list[int]] = {}
        for i, path in given.items():
            if level < len(path):
                modules.setdefault((found[i], path[level]), []).append(i)
        for members in modules.values():
            for part in connected_components(graph.subgraph(members)):
                found |= {i: (*found[i], min(part)) for i in part}
    return found


def _compared(found: NDArray[np.float64]) -> Row:
    ours, one, ten, ours_five, five = found.T
    reached_one, reached_ten, reached_five = (
        ours <= theirs + SAME * np.maximum(1, theirs) for ours, theirs in ((ours, one), (ours, ten), (ours_five, five))
    )
    excess = np.where(reached_ten, 0.0, 100 * (ours / np.maximum(ten, SAME) - 1))
    excess_one = np.where(reached_one, 0.0, 100 * (ours / np.maximum(one, SAME) - 1))
    return {
        "one": float(np.mean(reached_one)),
        "ten": float(np.mean(reached_ten)),
        "worst": float(excess.max()),
        "five": float(np.mean(reached_five)),
        "worst one": float(excess_one.max()),
        "difference": float(100 * (ours.sum() / one.sum() - 1)),
    }


# Showing -------------------------------------------------------------------------------------


def show_small(rows: Sequence[Row]) -> str:
    """A line for each kind, and one for all but the nested groups."""
    modes = ("one trial", "longest", "five and five", "one and ten", "longest")
    head = ["network", "networks", *modes, *(f"multilevel: {modes[0]}", *modes[1:])]
    kinds = dict.fromkeys(row["flow"] for row in rows)
    lines = []
    for kind in kinds:
        found = [row for row in rows if row["flow"] == kind]
        lines.append([kind, str(found[0]["networks"]), *(cell for row in found for cell in _cells(row))])
    totals = [total(rows, multilevel) for multilevel in (False, True)]
    lines.append(
        ["all but nested groups", str(totals[0]["networks"]), *(cell for row in totals for cell in _cells(row))]
    )
    return table(head, lines)


def _cells(row: Row) -> list[str]:
    columns = (("one", ""), ("worst one", "+"), ("five", ""), ("ten", ""), ("worst", "+"))
    return [f"{row[name] * (1 if sign else 100):{sign}.2f} %" for name, sign in columns]


def total(rows: Sequence[Row], multilevel: bool) -> Row:
    """All kinds but the nested groups together; kinds have as many networks each."""
    found = [row for row in rows if row["multilevel"] == multilevel and row["flow"] != NESTED]
    return {
        "networks": sum(row["networks"] for row in found),
        "one": mean(row["one"] for row in found),
        "ten": mean(row["ten"] for row in found),
        "worst": max(row["worst"] for row in found),
        "five": mean(row["five"] for row in found),
        "worst one": max(row["worst one"] for row in found),
    }


def small_in_words(rows: Sequence[Row]) -> list[str]:
    """What holds of small networks."""
    said = []
    for multilevel, mode in ((False, "two-level"), (True, "multilevel")):
        if any(row["multilevel"] == multilevel for row in rows):
            found = total(rows, multilevel)
            said.append(
                f"On {found['networks']:,} random networks of 2 to 60 nodes, {mode}, one trial is at or below one of "
                f"infomap's on {100 * found['one']:.2f} %, and longer by {found['worst one']:.2f} % at most; five "
                f"trials are at or below its best of five on {100 * found['five']:.2f} %; one trial is at or below its "
                f"best of ten on {100 * found['ten']:.2f} %, and longer than that by {found['worst']:.2f} % at most."
            )
        said += [
            f"On {row['networks']} networks of 486 nodes in nested groups, {mode}, the codelength of one trial differs "
            f"from that of one of infomap's by {row['difference']:+.3f} % on average."
            for row in rows
            if row["flow"] == NESTED and row["multilevel"] == multilevel
        ]
    return said

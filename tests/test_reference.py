"""Side by side with infomap 2.16, as a black box: the same codelength for the same partition of the same network."""

from typing import NamedTuple

import numpy as np
import pytest
from infomap import Infomap, Options

from mapeq.flow import VISIT, FlowOptions, random_walk
from mapeq.network import Network
from mapeq.objective import codelength, partition
from mapeq.search import two_level

#: Networks for each set of options.
NUM_NETWORKS = 30

DIRECTED = {"flow_model": "directed"}
RECORDED = DIRECTED | {"recorded_teleportation": True}
NODES = {"teleport_to": "nodes"}
VARIANTS = {
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
    "rawdir": {"flow_model": "rawdir"},
    "undirdir": {"flow_model": "undirdir"},
    "outdirdir": {"flow_model": "outdirdir", "markov_time": 1.5},
    "precomputed": {"flow_model": "precomputed"},
}


class Sample(NamedTuple):
    """Links of a random network, and weights of its nodes or None."""

    links: list
    num_nodes: int
    node_weights: np.ndarray | None


def sample(rng, *, need_node_weights):
    """A network of 2 to 40 nodes: sparse ones fall apart and have isolated and dangling nodes."""
    n = int(rng.integers(2, 41))
    num_links = max(1, int(n * rng.uniform(0.5, 4)))
    sources = rng.choice(rng.permutation(n)[: max(1, int(n * rng.uniform(0.5, 1)))], num_links)
    targets = rng.integers(0, n, num_links)
    if rng.random() < 0.5:  # in groups
        targets = np.where(rng.random(num_links) < 0.7, sources // 5 * 5 + targets % 5, targets) % n
    if rng.random() < 0.5:
        targets[sources == targets] = (targets[sources == targets] + 1) % n
    weights = rng.choice([np.ones(num_links), rng.exponential(size=num_links), 10.0 ** rng.uniform(-3, 3, num_links)])
    node_weights = None
    if need_node_weights or rng.random() < 0.3:
        node_weights = rng.exponential(size=n) + 0.01
        node_weights[rng.random(n) < 0.1] = 0.0
        node_weights[sources[0]] += 1.0
    return Sample(list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True)), n, node_weights)


def reference(sample, options, module_of):
    """What infomap says of a partition: codelength, index codelength, one-level codelength, visit rates."""
    engine = Infomap(
        options=Options(
            no_infomap=True,
            two_level=True,
            flow_model=options.flow_model,
            teleportation_probability=options.teleportation_probability,
            recorded_teleportation=options.recorded_teleportation,
            to_nodes=options.teleport_to == "nodes",
            use_node_weights_as_flow=options.node_weights_as_flow,
            markov_time=options.markov_time,
        )
    )
    for node in range(sample.num_nodes):
        weight = None if sample.node_weights is None else float(sample.node_weights[node])
        engine.add_node(node, teleportation_weight=weight)
    engine.add_links(sample.links)
    result = engine.run(initial_partition=dict(enumerate(module_of.tolist())))
    visits = np.zeros(sample.num_nodes)
    for node in result.nodes():
        visits[node.node_id] = node.flow
    return result.codelength, result.index_codelength, result.one_level_codelength, visits


@pytest.mark.parametrize("name", VARIANTS)
def test_codelengths_and_flow_are_those_of_infomap(name):
    options = FlowOptions(**VARIANTS[name])
    rng = np.random.default_rng(sorted(VARIANTS).index(name))
    for _ in range(NUM_NETWORKS):
        given = sample(rng, need_node_weights=options.flow_model == "precomputed")
        if options.flow_model == "precomputed":  # weights are flow per step
            total = sum(weight for *_, weight in given.links)
            given = given._replace(links=[(i, j, weight / total) for i, j, weight in given.links])
        network = Network.from_edges(
            *zip(*given.links, strict=True),
            directed=options.flow_model != "undirected",
            num_nodes=given.num_nodes,
            node_weights=given.node_weights,
        )
        flow = random_walk(network, options)
        found = two_level(flow).module_of
        at_random = rng.integers(0, rng.integers(1, given.num_nodes + 1), given.num_nodes).astype(found.dtype)
        for module_of in (found, at_random):
            total, index, one_level, visits = reference(given, options, module_of)
            length = codelength(flow, partition(flow, module_of.copy()))
            assert length.total == pytest.approx(total, rel=0, abs=1e-9)
            assert length.index_codelength == pytest.approx(index, rel=0, abs=1e-9)
            assert flow.node_codelength == pytest.approx(one_level, rel=0, abs=1e-9)
            np.testing.assert_allclose(flow.nodes[:, VISIT], visits, rtol=0, atol=1e-9)

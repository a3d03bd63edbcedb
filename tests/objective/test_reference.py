"""Side by side with infomap 2.16, as a black box: the same codelength for the same modules of the same network."""

from typing import NamedTuple

import numpy as np
import pytest
from infomap import Infomap, Options

import mapeq
from mapeq._base.hierarchy import leaf_numbers
from mapeq.network.network import Network
from mapeq.objective.level import network_level
from mapeq.objective.two_level import codelength, partition
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

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


def engine(sample, options, **more):
    """Infomap with a network, ready to run."""
    infomap = Infomap(
        options=Options(
            flow_model=options.flow_model,
            teleportation_probability=options.teleportation_probability,
            recorded_teleportation=options.recorded_teleportation,
            to_nodes=options.teleport_to == "nodes",
            use_node_weights_as_flow=options.node_weights_as_flow,
            markov_time=options.markov_time,
            **more,
        )
    )
    for node in range(sample.num_nodes):
        weight = None if sample.node_weights is None else float(sample.node_weights[node])
        infomap.add_node(node, teleportation_weight=weight)
    infomap.add_links(sample.links)
    return infomap


def reference(sample, options, module_of):
    """What infomap says of a partition: codelength, index codelength, one-level codelength, visit rates."""
    result = engine(sample, options, no_infomap=True, two_level=True).run(
        initial_partition=dict(enumerate(module_of.tolist()))
    )
    visits = np.zeros(sample.num_nodes)
    for node in result.nodes():
        visits[node.node_id] = node.flow
    return result.codelength, result.index_codelength, result.one_level_codelength, visits


def network_of(sample, options):
    return Network.from_edges(
        *zip(*sample.links, strict=True),
        directed=options.flow_model != "undirected",
        num_nodes=sample.num_nodes,
        node_weights=sample.node_weights,
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_codelengths_and_flow_are_those_of_infomap(name):
    options = WalkOptions(**VARIANTS[name])
    rng = np.random.default_rng(sorted(VARIANTS).index(name))
    for _ in range(NUM_NETWORKS):
        given = sample(rng, need_node_weights=options.flow_model == "precomputed")
        if options.flow_model == "precomputed":  # weights are flow per step
            total = sum(weight for *_, weight in given.links)
            given = given._replace(links=[(i, j, weight / total) for i, j, weight in given.links])
        flow = random_walk(network_of(given, options), options)
        found = leaf_numbers(find_modules(flow).hierarchy)
        at_random = rng.integers(0, rng.integers(1, given.num_nodes + 1), given.num_nodes).astype(found.dtype)
        for module_of in (found, at_random):
            total, index, one_level, visits = reference(given, options, module_of)
            level = network_level(flow)
            length = codelength(level, partition(level, module_of.copy()))
            assert length.total == pytest.approx(total, rel=0, abs=1e-9)
            assert length.index_codelength == pytest.approx(index, rel=0, abs=1e-9)
            assert level.constant == pytest.approx(one_level, rel=0, abs=1e-9)
            np.testing.assert_allclose(flow.nodes[:, VISIT], visits, rtol=0, atol=1e-9)


def random_paths(rng, num_nodes):
    """Paths to leaf modules: of any depth, some modules alone in another."""
    paths = [(group,) for group in rng.integers(0, rng.integers(1, 5), num_nodes).tolist()]
    for _ in range(rng.integers(1, 4)):
        splits = {path: rng.random() < 0.6 and int(rng.integers(1, 4)) for path in sorted(set(paths))}
        paths = [(*path, int(rng.integers(splits[path]))) if splits[path] else path for path in paths]
    return dict(enumerate(paths))


HIERARCHICAL = [
    WalkOptions(),
    WalkOptions(markov_time=0.7),
    WalkOptions(**DIRECTED),
    WalkOptions(**RECORDED),
    WalkOptions(**RECORDED, **NODES, markov_time=1.6),
]


@pytest.mark.parametrize("suffix", ["tree", "ftree"])
@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_infomap_reads_our_hierarchies(number, suffix, tmp_path):
    options, path = HIERARCHICAL[number], tmp_path / f"modules.{suffix}"
    rng = np.random.default_rng(number)
    for _ in range(20 if suffix == "tree" else 5):
        given = sample(rng, need_node_weights=False)
        ours = mapeq.evaluate(network_of(given, options), random_paths(rng, given.num_nodes), **options.as_dict())
        ours.write(path)
        theirs = engine(given, options, no_infomap=True, cluster_data=str(path)).run()
        assert ours.codelength == pytest.approx(theirs.codelength, rel=0, abs=1e-9)
        assert ours.index_codelength == pytest.approx(theirs.index_codelength, rel=0, abs=1e-9)
        assert (ours.num_levels, ours.num_modules) == (theirs.num_levels, theirs.num_top_modules)


@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_we_read_hierarchies_of_infomap(number, tmp_path):
    options = HIERARCHICAL[number]
    rng = np.random.default_rng(number)
    num_levels = []
    for _ in range(20):
        given = nested_sample(rng)
        infomap = engine(given, options, silent=True)
        theirs = infomap.run()
        for path, write in {"m.tree": infomap.write_tree, "m.ftree": infomap.write_flow_tree}.items():
            write(str(tmp_path / path))
            ours = mapeq.evaluate(network_of(given, options), tmp_path / path, **options.as_dict())
            assert ours.codelength == pytest.approx(theirs.codelength, rel=0, abs=1e-9)
            assert ours.num_levels == theirs.num_levels
        num_levels.append(ours.num_levels)
    assert max(num_levels) > 2


def nested_sample(rng):
    """Small groups in groups, mostly linked among themselves, so that hierarchies of several levels pay."""
    n = 4 ** int(rng.integers(3, 5))
    sources = rng.integers(0, n, 4 * n)
    near = 4 ** rng.choice([1, 2, 3], 4 * n, p=[0.8, 0.15, 0.05])
    targets = sources // near * near + rng.integers(0, near)
    weights = rng.choice([np.ones(4 * n), rng.exponential(size=4 * n)])
    return Sample(list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True)), n, None)


@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_the_links_of_a_flow_tree_are_those_of_infomap(number, tmp_path):
    """Where all nodes have flow, and no two the same, the numbers agree, too."""
    options = HIERARCHICAL[number]
    rng = np.random.default_rng(number)
    for _ in range(5):
        given = sample(rng, need_node_weights=False)
        ring = [(i, (i + 1) % given.num_nodes) for i in range(given.num_nodes)]
        ends = [*ring, *(link[:2] for link in given.links)]
        given = given._replace(links=[(*pair, rng.exponential()) for pair in ends])
        mapeq.evaluate(network_of(given, options), random_paths(rng, given.num_nodes), **options.as_dict()).write(
            tmp_path / "ours.ftree"
        )
        infomap = engine(given, options, no_infomap=True, cluster_data=str(tmp_path / "ours.ftree"))
        infomap.run()
        infomap.write_flow_tree(str(tmp_path / "theirs.ftree"))
        ours, theirs = (sections(tmp_path / name) for name in ("ours.ftree", "theirs.ftree"))
        assert ours.keys() == theirs.keys()
        for head in ours:
            assert ours[head].keys() == theirs[head].keys(), head
            for key, figures in ours[head].items():
                assert figures == pytest.approx(theirs[head][key], rel=1e-4, abs=1e-9), (head, key)


def sections(path):
    """What an .ftree file says: its figures, by heading and row."""
    found = {"nodes": {}}
    rows = found["nodes"]
    for line in path.read_text().splitlines():
        fields = line.split()
        if line.startswith("#"):
            continue
        if line.startswith("*Links") and len(fields) == 2:
            found[line] = {}
        elif line.startswith("*Links"):
            rows = found[fields[1]] = {"head": [float(field) for field in fields[2:]]}
        elif rows is found["nodes"]:
            rows[fields[0]] = [float(fields[1]), float(fields[3])]
        else:
            rows[fields[0], fields[1]] = [float(fields[2])]
    return found

"""Speed of single kernels and steps; ``make test`` does not collect this file.

``python -m pytest benchmarks/test_speed.py --benchmark-only`` runs it. To compare two revisions, add
``--benchmark-autosave`` on the first and ``--benchmark-compare`` on the second.
"""

import numpy as np
import pytest

import mapeq
from benchmarks import embeddings
from benchmarks.networks import EXAMPLES
from mapeq.embeddings.graph import link_weights
from mapeq.embeddings.neighbors import nearest_neighbors
from mapeq.objective.level import network_level
from mapeq.objective.multilevel import multilevel_partition
from mapeq.objective.two_level import codelength, partition
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.multilevel import MultilevelOptimizer
from mapeq.optimizer.node_moves import unconstrained
from mapeq.optimizer.two_level import TwoLevelOptimizer
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

NETWORK, DIRECTED = "deezer-hu", "wiki-vote"


@pytest.fixture(scope="module")
def network():
    return mapeq.read_network(EXAMPLES / f"{NETWORK}.txt.gz")


@pytest.fixture(scope="module")
def level(network):
    return network_level(random_walk(network, WalkOptions()))


@pytest.fixture(scope="module")
def labels(network):
    return mapeq.infomap(network, num_threads=1).labels


@pytest.fixture(scope="module")
def nested(network):
    return mapeq.infomap(network, multilevel=True, num_threads=1).hierarchy


@pytest.fixture
def optimizer():
    with Engine() as engine:
        yield MultilevelOptimizer(np.random.default_rng(1), engine, lambda: False)


@pytest.fixture(scope="module")
def vectors():
    return embeddings.around_centres(5_000)


def repeat(benchmark, step, setup):
    """Time a step that uses up its arguments."""
    step(*setup())  # compiles
    benchmark.pedantic(step, setup=lambda: (setup(), {}), rounds=10)


def test_build_csr(benchmark, network):
    sources, targets, _ = network.links()
    benchmark(mapeq.Network.from_edges, sources, targets, num_nodes=network.num_nodes)


@pytest.mark.parametrize("directed", [False, True])
def test_stationary_walk(benchmark, directed):
    name = DIRECTED if directed else NETWORK
    network = mapeq.read_network(EXAMPLES / f"{name}.txt.gz", directed=directed)
    benchmark(random_walk, network, WalkOptions("directed" if directed else "undirected"))


def test_local_moving(benchmark, level, optimizer):
    def setup():
        state = optimizer.engine.single_modules(level)
        return level, state, unconstrained(state), np.uint64(1)

    repeat(benchmark, optimizer.engine.move, setup)


def test_refinement(benchmark, level, labels, optimizer):
    state = optimizer.engine.compact(level, partition(level, labels.astype(level.links.indices.dtype)))
    repeat(benchmark, optimizer.engine.refine, lambda: (level, state, np.uint64(1)))


def test_aggregation(benchmark, level, labels, optimizer):
    state = optimizer.engine.compact(level, partition(level, labels.astype(level.links.indices.dtype)))
    benchmark(optimizer.engine.aggregate, level, state)


def test_codelength_from_scratch(benchmark, level, labels):
    module_of = labels.astype(level.links.indices.dtype)
    benchmark(lambda: codelength(level, partition(level, module_of)))


def test_multilevel_tuning(benchmark, level, nested, optimizer):
    repeat(benchmark, optimizer._tuned, lambda: (level, multilevel_partition(level, nested)))


def test_two_level_search(benchmark, level, optimizer):
    two_level = TwoLevelOptimizer(optimizer.rng, optimizer.engine, optimizer.stopped)
    repeat(benchmark, two_level.optimize, lambda: (level,))


def test_recombination(benchmark, level, optimizer):
    two_level = TwoLevelOptimizer(optimizer.rng, optimizer.engine, optimizer.stopped)
    ends = [two_level.optimize(level) for _ in range(2)]
    repeat(benchmark, two_level.recombine, lambda: (level, *ends))


def test_read_link_list(benchmark):
    benchmark(mapeq.read_network, EXAMPLES / f"{NETWORK}.txt.gz")


def test_evaluate(benchmark, network, labels):
    benchmark(mapeq.evaluate, network, labels)


def test_nearest_neighbors(benchmark, vectors):
    benchmark(nearest_neighbors, vectors, 15)


def test_weights(benchmark, vectors):
    near = nearest_neighbors(vectors, 15)
    benchmark(link_weights, near, "umap", "cosine")

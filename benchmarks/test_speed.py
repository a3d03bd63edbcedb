"""Speed of single kernels and steps; ``make test`` does not collect this file.

``python -m pytest benchmarks/test_speed.py --benchmark-only`` runs it. To compare two revisions, add
``--benchmark-autosave`` on the first and ``--benchmark-compare`` on the second.
"""

import numpy as np
import pytest

import mapeq
from benchmarks import embeddings
from benchmarks.networks import EXAMPLES
from mapeq.affinity import link_weights
from mapeq.crew import Crew
from mapeq.descent import Searcher
from mapeq.flow import FlowOptions, random_walk
from mapeq.hierarchy import hierarchy
from mapeq.levels import aggregate, compact
from mapeq.neighbors import nearest_neighbors
from mapeq.nesting import Nester
from mapeq.objective import codelength, partition, single_modules

NETWORK, DIRECTED = "deezer-hu", "wiki-vote"


@pytest.fixture(scope="module")
def network():
    return mapeq.read_network(EXAMPLES / f"{NETWORK}.txt.gz")


@pytest.fixture(scope="module")
def flow(network):
    return random_walk(network, FlowOptions())


@pytest.fixture(scope="module")
def labels(network):
    return mapeq.infomap(network, num_threads=1).labels


@pytest.fixture(scope="module")
def nested(network):
    return mapeq.infomap(network, multilevel=True, num_threads=1).hierarchy


@pytest.fixture
def searcher():
    with Crew(1) as crew:
        yield Nester(np.random.default_rng(1), crew, lambda: False)


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
    benchmark(random_walk, network, FlowOptions())


def test_local_moving(benchmark, flow, searcher):
    repeat(benchmark, searcher._move, lambda: (flow, single_modules(flow)))


def test_refinement(benchmark, flow, labels, searcher):
    state = compact(partition(flow, labels.astype(flow.links.indices.dtype)))
    repeat(benchmark, searcher._refined, lambda: (flow, state, searcher._order(flow)))


def test_aggregation(benchmark, flow, labels, searcher):
    state = compact(partition(flow, labels.astype(flow.links.indices.dtype)))
    benchmark(aggregate, flow, state, searcher._order(flow), searcher.crew)


def test_codelength_from_scratch(benchmark, flow, labels):
    module_of = labels.astype(flow.links.indices.dtype)
    benchmark(lambda: codelength(flow, partition(flow, module_of)))


def test_multilevel_tuning(benchmark, flow, nested, searcher):
    repeat(benchmark, searcher._tuned, lambda: (flow, hierarchy(flow, nested)))


def test_two_level_descent(benchmark, flow, searcher):
    two_level = Searcher(searcher.rng, searcher.crew, searcher.stopped)
    repeat(benchmark, two_level.descend, lambda: (flow,))


def test_recombination(benchmark, flow, searcher):
    two_level = Searcher(searcher.rng, searcher.crew, searcher.stopped)
    ends = [two_level.descend(flow) for _ in range(2)]
    repeat(benchmark, two_level.recombine, lambda: (flow, *ends))


def test_read_link_list(benchmark):
    benchmark(mapeq.read_network, EXAMPLES / f"{NETWORK}.txt.gz")


def test_evaluate(benchmark, network, labels):
    benchmark(mapeq.evaluate, network, labels)


def test_nearest_neighbors(benchmark, vectors):
    benchmark(nearest_neighbors, vectors, 15)


def test_weights(benchmark, vectors):
    near = nearest_neighbors(vectors, 15)
    benchmark(link_weights, near, "umap", "cosine")

"""A generator of random numbers is a seed everywhere."""

import random

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.optimizer.seeds import whole_seed

GENERATORS = {
    "RandomState": lambda: np.random.RandomState(5),
    "Generator": lambda: np.random.default_rng(5),
    "BitGenerator": lambda: np.random.PCG64(5),
    "SeedSequence": lambda: np.random.SeedSequence(5),
    "Random": lambda: random.Random(5),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generator_draws_one_number(kind):
    make = GENERATORS[kind]
    graph = nx.karate_club_graph()
    found = mapeq.infomap(graph, seed=make())
    assert found.seed == whole_seed(make())
    assert found.labels.tolist() == mapeq.infomap(graph, seed=found.seed).labels.tolist()
    assert mapeq.infomap_communities(graph, seed=make()) == mapeq.infomap_communities(graph, seed=found.seed)
    vectors = np.random.default_rng(0).normal(size=(30, 3))
    assert mapeq.InfomapClustering(random_state=make()).fit(vectors).result_.seed == found.seed
    if kind != "SeedSequence":  # which has no state
        generator = make()
        assert mapeq.infomap(graph, seed=generator).seed != mapeq.infomap(graph, seed=generator).seed


def test_modules_stand_for_their_generators():
    np.random.seed(3)  # noqa: NPY002
    first = whole_seed(np.random)
    np.random.seed(3)  # noqa: NPY002
    assert whole_seed(np.random) == first
    random.seed(3)
    assert whole_seed(random) == random.Random(3).getrandbits(31)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, [1]])
def test_what_is_no_seed(seed):
    with pytest.raises(ValueError, match="seed must be a whole number, 0 or more, or None, not "):
        mapeq.infomap([(0, 1)], seed=seed)

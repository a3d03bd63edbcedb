"""Keywords of other libraries are answered with mapeq's own."""

import inspect

import networkx as nx
import pytest

import mapeq

GRAPH = nx.karate_club_graph()


@pytest.mark.parametrize(
    ("keyword", "answer"),
    [
        ("resolution", "use markov_time, in the other direction: above 1 modules grow, below 1 they shrink"),
        ("gamma", "use markov_time, in the other direction"),
        ("random_state", "use seed"),
        ("trials", "use num_trials"),
        ("n_iterations", "use num_trials: each search ends by itself"),
        ("two_level", "use multilevel: False, the default, searches two levels"),
        ("n_clusters", "use preferred_number_of_modules, if you know it; markov_time makes modules larger"),
        ("k", "use preferred_number_of_modules"),
        ("tau", "use teleportation_probability"),
        ("weights", "use weight"),
        ("initial_membership", "use initial_partition"),
        ("mutlilevel", "did you mean multilevel?"),
        ("numtrials", "did you mean num_trials?"),
        ("xyz", "; its options are graph, directed, weight,"),
    ],
)
def test_a_neighbours_keyword_names_ours(keyword, answer):
    with pytest.raises(TypeError) as caught:
        mapeq.infomap(GRAPH, **{keyword: 1})
    assert str(caught.value).startswith(f"infomap() has no option '{keyword}'")
    assert answer in str(caught.value)


@pytest.mark.parametrize(
    ("function", "keyword", "answer"),
    [
        (lambda **k: mapeq.evaluate(GRAPH, {}, **k), "tau", "evaluate() has no option 'tau': use teleportation_p"),
        (
            lambda **k: mapeq.infomap_communities(GRAPH, **k),
            "trials",
            "infomap_communities() has no option 'trials': u",
        ),
        (lambda **k: mapeq.infomap_partitions(GRAPH, **k), "random_state", "'random_state': use seed"),
        (lambda **k: mapeq.map_equation(GRAPH, [], **k), "wieght", "did you mean weight?"),
        (mapeq.InfomapClustering, "seed", "InfomapClustering() has no option 'seed': use random_state"),
        (mapeq.InfomapClustering, "resolution", "use markov_time"),
        (mapeq.InfomapClustering, "num_threads", "use n_jobs"),
        (mapeq.InfomapClustering, "n_clusters", "use preferred_number_of_modules"),
        (mapeq.InfomapClustering, "n_neighbours", "use n_neighbors"),
        (lambda **k: mapeq.neighbor_graph([[1.0]], **k), "k", "use n_neighbors"),
        (lambda **k: mapeq.tl.infomap(None, **k), "resolution", "mapeq.tl.infomap() has no option 'resolution': use m"),
        (lambda **k: mapeq.tl.infomap(None, **k), "random_state", "use seed"),
        (lambda **k: mapeq.tl.infomap(None, **k), "neighbours_key", "did you mean neighbors_key?"),
    ],
)
def test_every_way_in_answers(function, keyword, answer):
    with pytest.raises(TypeError) as caught:
        function(**{keyword: 1})
    assert answer in str(caught.value)


def test_an_option_that_a_function_does_not_have_is_not_advised():
    with pytest.raises(TypeError, match=r"evaluate\(\) has no option 'random_state'; its options are"):
        mapeq.evaluate(GRAPH, {}, random_state=1)


def test_signatures_stay():
    assert list(inspect.signature(mapeq.infomap).parameters)[:2] == ["graph", "directed"]
    assert "n_neighbors" in mapeq.InfomapClustering().get_params()

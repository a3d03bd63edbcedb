"""mapeq.resolution_profile."""

import pickle

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.resolution import TIMES
from mapeq.result.agreement import adjusted_mutual_information


@pytest.fixture(scope="module")
def profile():
    return mapeq.resolution_profile(nx.ring_of_cliques(8, 6))


def test_the_default_times_end_where_nothing_is_divided():
    assert len(TIMES) == 31
    assert 1.0 in TIMES
    karate = mapeq.resolution_profile(nx.karate_club_graph())
    assert karate.num_modules[-1] == 1
    assert karate.num_modules[-2] > 1
    assert karate.markov_times.tolist() == TIMES[: len(karate.markov_times)].tolist()
    power = mapeq.resolution_profile("examples/data/power.txt.gz")
    assert len(power.markov_times) == 31  # something is divided at all times
    singles = mapeq.resolution_profile([(0, 1), (1, 2), (2, 3)])
    assert np.count_nonzero(singles.num_modules == 4) <= 1


@pytest.mark.parametrize("graph", [[], [(0, 1)], nx.complete_graph(5), nx.empty_graph(3), [(0, 0)]])
def test_networks_without_modules(graph):
    profile = mapeq.resolution_profile(graph)
    assert profile.plateaus == ()
    assert len(profile.markov_times) == len(profile.results) >= 1
    assert str(profile)
    assert mapeq.resolution_profile(graph, [1, 2, 3]).markov_times.tolist() == [1, 2, 3]


def test_cliques_are_one_plateau(profile):
    plateau, pairs = profile.plateaus
    assert pairs.num_modules == 4
    assert plateau.num_modules == 8
    assert plateau.agreement == 1.0
    assert plateau.shortest < 1 < 2 < plateau.longest
    first, last = plateau.positions
    assert profile.markov_times[[first, last]].tolist() == [plateau.shortest, plateau.longest]
    assert profile.num_modules[first : last + 1].tolist() == [8] * (last + 1 - first)


def test_results_are_those_of_their_times(profile):
    assert len(profile.results) == len(profile.markov_times)
    for position, result in enumerate(profile.results):
        time = profile.markov_times[position]
        assert result.options["markov_time"] == time
        assert result.num_modules == profile.num_modules[position]
        assert result.codelength == pytest.approx(profile.codelengths[position], abs=1e-12)
        again = mapeq.evaluate(nx.ring_of_cliques(8, 6), result.modules(), markov_time=time)
        assert again.codelength == pytest.approx(result.codelength, abs=1e-12)
    assert profile.at(1).modules() == mapeq.infomap(nx.ring_of_cliques(8, 6)).modules()
    assert profile.at(1e-9).options["markov_time"] == profile.markov_times[0]


def test_agreement_is_of_neighbours():
    profile = mapeq.resolution_profile("examples/data/jazz.txt.gz")
    labels = [result.labels for result in profile.results]
    for position, found in enumerate(profile.agreement):
        assert found == pytest.approx(adjusted_mutual_information(labels[position], labels[position + 1]), abs=1e-12)


def test_plateaus_are_the_longest_ranges_that_agree_each_with_each():
    profile = mapeq.resolution_profile("examples/data/power.txt.gz", num_trials=1)
    labels = [result.labels for result in profile.results]
    taken = set()
    for plateau in profile.plateaus:
        first, last = plateau.positions
        inside = range(first, last + 1)
        assert len(inside) >= 3
        assert not taken & set(inside)
        taken |= set(inside)
        pairs = [adjusted_mutual_information(labels[i], labels[j]) for i in inside for j in inside if i < j]
        assert min(pairs) == pytest.approx(plateau.agreement, abs=1e-12)
        assert min(pairs) >= profile.threshold
        assert profile.num_modules[profile.markov_times == plateau.markov_time] == plateau.num_modules
    assert len(profile.plateaus) >= 2


def test_directed_networks_and_options_of_the_walk():
    links = [(i, 3 * (i // 3) + (i + 1) % 3, 5.0) for i in range(9)] + [(0, 3, 1.0), (3, 6, 1.0), (6, 0, 1.0)]
    profile = mapeq.resolution_profile(
        links, [1, 1.3], directed=True, recorded_teleportation=True, teleport_to="nodes", teleportation_probability=0.3
    )
    for time, result in zip([1, 1.3], profile.results, strict=True):
        alone = mapeq.infomap(
            links,
            directed=True,
            recorded_teleportation=True,
            teleport_to="nodes",
            teleportation_probability=0.3,
            markov_time=time,
        )
        assert result.codelength == pytest.approx(alone.codelength, rel=1e-9)


def test_tables(profile):
    columns = profile.columns()
    frame = profile.to_dataframe()
    assert (
        frame.columns.tolist() == list(columns) == ["markov_time", "num_modules", "codelength", "agreement", "plateau"]
    )
    assert frame["num_modules"].tolist() == profile.num_modules.tolist()
    for number, plateau in enumerate(profile.plateaus, 1):
        first, last = plateau.positions
        assert (frame["plateau"] == number).fillna(False).to_numpy().nonzero()[0].tolist() == list(
            range(first, last + 1)
        )
    lines = str(profile).splitlines()
    assert len(lines) == 1 + len(profile.markov_times) + 2
    assert lines[0].split() == ["Markov", "time", "modules", "bits", "per", "step", "agreement", "plateau"]
    assert lines[-2].startswith("plateau 1: 8 modules from Markov time ")
    assert profile._repr_html_().count("<tr>") == 1 + len(profile.markov_times)
    assert repr(profile).startswith("<mapeq.ResolutionProfile: ")


def test_the_seed_decides_and_a_copy_is_the_same(profile):
    again = mapeq.resolution_profile(nx.ring_of_cliques(8, 6), num_threads=3)
    assert again.summary() == profile.summary()
    copy = pickle.loads(pickle.dumps(profile))
    assert copy.summary() == profile.summary()


def test_progress(capsys):
    seen = []
    profile = mapeq.resolution_profile(
        nx.karate_club_graph(), [2, 1, 1], num_trials=2, num_threads=1, progress=seen.append
    )
    assert [(state.trial, state.markov_time) for state in seen] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [state.part for state in seen] == [0.25, 0.5, 0.75, 1.0]
    assert seen[0].num_modules == 3
    mapeq.resolution_profile(nx.karate_club_graph(), [2, 1], progress=True)
    assert profile.markov_times.tolist() == [1, 2]
    assert capsys.readouterr().err == ""  # no terminal


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"markov_times": []}, ["markov_times must be numbers above 0, at least one, not []"]),
        ({"markov_times": [1, 0]}, ["markov_times must be numbers above 0", "not 0"]),
        ({"markov_times": [1, float("nan")]}, ["markov_times", "not nan"]),
        ({"markov_times": [1, "2"]}, ["markov_times", "not '2'"]),
        ({"markov_times": [True]}, ["markov_times", "not True"]),
        ({"markov_times": 2}, ["markov_times", "not 2"]),
        ({"markov_times": "12"}, ["markov_times", "not '12'"]),
        ({"threshold": 1.1}, ["threshold must be a number from 0 to 1, not 1.1"]),
        ({"threshold": None}, ["threshold"]),
        ({"num_trials": 0}, ["num_trials"]),
        ({"progress": 1}, ["progress must be True, False or a callable"]),
        ({"flow_model": "direct"}, ["flow_model"]),
    ],
)
def test_bad_options(options, parts):
    with pytest.raises(ValueError, match="must be") as error:
        mapeq.resolution_profile([(0, 1)], **options)
    for part in parts:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_unknown_options_are_answered():
    with pytest.raises(TypeError, match="use seed"):
        mapeq.resolution_profile([(0, 1)], random_state=1)
    with pytest.raises(ValueError, match="markov_time must be a number above 0"):
        mapeq.resolution_profile([(0, 1)]).at(0)

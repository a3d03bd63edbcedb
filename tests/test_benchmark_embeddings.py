"""The benchmark of embeddings: scores, methods, what is measured and kept, tables."""

from itertools import combinations

import numpy as np
import pytest

from benchmarks import clusterers, clusterings, embedding_tables, embeddings, labelled, results
from benchmarks._clusterer import APPROXIMATE, EXACT, GRAPH, PROGRAMS, SEARCH, STAGES, _recall, around_centres, by_mapeq
from benchmarks.clusterers import METHODS, held_out
from benchmarks.measures import QUICK, Setting
from benchmarks.scores import SCORES, alone, bcubed_f, contingency, pair_f, scores
from benchmarks.stored import Clustering, Measured, Step


def clustering(name, method, ami, seconds=1.0, **others):
    found = dict(zip(SCORES, (ami, 0.5, 0.5, 0.5), strict=True))
    return Clustering(name, labelled.role(name), method, 150, 4, 3, seconds, 3, 2, found, **others)


# Scores --------------------------------------------------------------------------------------


def f_score(precision, recall):
    return 2 * precision * recall / (precision + recall)


def naive_pair_f(classes, clusters):
    pairs = [(classes[i] == classes[j], clusters[i] == clusters[j]) for i, j in combinations(range(len(classes)), 2)]
    both = sum(wanted and found for wanted, found in pairs)
    return f_score(both / sum(found for _, found in pairs), both / sum(wanted for wanted, _ in pairs))


def naive_bcubed_f(classes, clusters):
    precisions, recalls = [], []
    for i in range(len(classes)):
        both = sum(classes[j] == classes[i] and clusters[j] == clusters[i] for j in range(len(classes)))
        precisions.append(both / sum(clusters == clusters[i]))
        recalls.append(both / sum(classes == classes[i]))
    return f_score(np.mean(precisions), np.mean(recalls))


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_a_naive_count(seed):
    rng = np.random.default_rng(seed)
    classes, clusters = rng.integers(0, 4, 60), 10 * rng.integers(0, 7, 60)
    clusters[:30] = classes[:30]
    table = contingency(classes, clusters)
    assert table.sum() == 60
    assert pair_f(table) == pytest.approx(naive_pair_f(classes, clusters))
    assert bcubed_f(table) == pytest.approx(naive_bcubed_f(classes, clusters))


def test_the_same_clusters_by_other_numbers_are_perfect():
    classes = np.array([0, 0, 1, 1, 2])
    assert scores(classes, np.array([7, 7, 3, 3, 0])) == dict.fromkeys(SCORES, pytest.approx(1))


def test_without_pairs_none_is_missed():
    singles = np.arange(4)
    assert pair_f(contingency(singles, singles)) == 1


def test_noise_is_left_out_of_the_scores():
    classes, clusters = np.array([0, 0, 1, 1, -1, -1]), np.array([0, 0, 1, 1, 1, 0])
    assert scores(classes, clusters) == dict.fromkeys(SCORES, pytest.approx(1))


def test_what_is_in_no_cluster_is_a_cluster_of_its_own():
    np.testing.assert_array_equal(alone(np.array([-1, 2, 2, -1, 0])), [3, 2, 2, 4, 0])
    np.testing.assert_array_equal(alone(np.array([-1, -1])), [0, 1])
    classes = np.array([0, 0, 0, 1, 1])
    assert scores(classes, np.array([0, 0, -1, -1, -1])) == scores(classes, np.array([0, 0, 1, 2, 3]))


# Methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", clusterers.available([name for name in METHODS if not METHODS[name].places]))
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_method_finds_what_is_far_apart(method, metric):
    vectors = np.repeat(10 * np.eye(3, 8, dtype=np.float32), 40, axis=0)
    vectors += np.random.default_rng(0).normal(0, 0.3, vectors.shape).astype(np.float32)
    classes = np.repeat(np.arange(3), 40)
    clusters = METHODS[method].cluster(vectors, metric, 3)
    assert clusters.shape == (120,)
    table = contingency(classes[clusters >= 0], clusters[clusters >= 0])
    assert (np.diff(table.tocsc().indptr) == 1).all()  # no cluster has vectors of two classes


def test_those_held_out_are_a_fifth_and_always_the_same():
    is_held_out = held_out(101)
    assert is_held_out.sum() == 21
    np.testing.assert_array_equal(is_held_out, held_out(101))


def test_a_missing_library_is_named_and_its_methods_left_out(monkeypatch, capsys):
    monkeypatch.setattr(clusterers, "find_spec", lambda name: None if name == "evoc" else object())
    assert clusterers.available(["evoc", "mapeq"]) == ("mapeq",)
    assert "left out, evoc is not installed: evoc (pip install" in capsys.readouterr().err


# The program ---------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder of its own for the labelled sets."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(folder, *arguments):
    assert embeddings.main([*arguments, "--results", str(folder)]) == 0
    return Measured.read(folder / "embeddings.json")


def test_iris_and_wine_are_measured_kept_and_shown(cache, tmp_path, capsys):
    folder = tmp_path / "results"
    first = run(folder, "--role", "all", "--sets", "iris,wine", "--methods", "mapeq")
    found = run(folder, "--sets", "iris,wine", "--methods", "mapeq-placing").clusterings  # to report: iris only
    assert found[:2] == first.clusterings
    assert [(each.name, each.role, each.method) for each in found] == [
        ("iris", "report", "mapeq"),
        ("wine", "choose", "mapeq"),
        ("iris", "report", "mapeq-placing"),
    ]
    for each in found:
        assert each.problem is None
        assert each.seconds > 0
        assert each.num_clusters > 1
        assert all(0 < each.scores[name] < 1 for name in SCORES)
    assert "| set | role | vectors | classes | mapeq |" in (tmp_path / "RESULTS.md").read_text()
    assert "iris (report), mapeq: AMI 0." in capsys.readouterr().out


def test_what_is_measured_again_replaces_what_was():
    older = Measured("embeddings", ["how", "then"], clusterings=[clustering("iris", "mapeq", 0.6)])
    wine = clustering("wine", "mapeq", 0.5)
    newer = Measured("embeddings", ["how", "now"], clusterings=[wine])
    newer.add_older(older)
    assert newer.about == ["how", "then", "now"]
    assert newer.clusterings == [*older.clusterings, wine]
    newest = Measured("embeddings", ["how", "today"], clusterings=[clustering("iris", "mapeq", 0.7), wine])
    newest.add_older(newer)
    assert newest.about == ["how", "today"]
    assert newest.clusterings == [clustering("iris", "mapeq", 0.7), wine]


def test_a_run_that_takes_too_long_has_no_figures(cache, tmp_path):
    measured = run(tmp_path / "results", "--sets", "iris", "--methods", "mapeq", "--timeout", "0.1")
    assert measured.clusterings[0].problem == "not done within 0.1 s"
    assert "iris, mapeq: not done within 0.1 s." in (tmp_path / "RESULTS.md").read_text()


def test_names_that_there_are_not(capsys):
    with pytest.raises(SystemExit):
        embeddings.main(["--sets", "iris,tulips"])
    assert "not 'tulips'" in capsys.readouterr().err


def test_what_was_not_measured_cannot_be_shown(tmp_path, capsys):
    with pytest.raises(SystemExit):
        embeddings.main(["--render-only", "--results", str(tmp_path)])
    assert "embeddings.json: not measured yet" in capsys.readouterr().err


# Tables --------------------------------------------------------------------------------------


def test_means_worst_cases_and_problems():
    failed = Clustering("mnist", "report", "hdbscan", 150, 4, 3, problem="not done within 9 s")
    measured = [clustering("iris", "mapeq", 0.6), clustering("mnist", "mapeq", 0.9, 2.0)]
    measured += [clustering("iris", "hdbscan", 0.3), failed]
    head, _, ours, theirs = embedding_tables.summary(measured).splitlines()
    assert head.startswith("| method | AMI: mean | AMI: worst | ARI: mean |")
    assert ours.startswith("| mapeq | 0.750 | 0.600 | 0.500 |")
    assert ours.endswith("| iris | 3.00 |")
    assert theirs.startswith("| hdbscan (1 of 2 sets) | 0.300 | 0.300 |")
    parts = embedding_tables.clusterings(measured)
    assert parts[-1] == "mnist, hdbscan: not done within 9 s."
    assert any("| mnist | report | 150 x 4 | 3 | 0.900 | - |" in part for part in parts)
    assert any("| iris | report | 150 x 4 | 3 | 3 + 2 | 3 + 2 |" in part for part in parts)


def test_halves_are_kept_apart_and_placing_is_no_clustering():
    measured = [clustering("iris", "mapeq", 0.6), clustering("wine", "mapeq", 0.9)]
    text = embedding_tables.in_short(Measured("embeddings", [], clusterings=measured))
    report, choose = text.split("Sets to choose:")
    assert "| mapeq | 0.600 |" in report
    assert "| mapeq | 0.900 |" in choose
    placed = clustering("wine", "mapeq-placing", 0.8)
    assert embedding_tables.in_short(Measured("embeddings", [], clusterings=[*measured, placed])) == text
    assert "| wine | choose | 150 x 4 | 3 | 0.800 |" in embedding_tables.clusterings([*measured, placed])[-1]


def stepped(seconds=0.25):
    found = Step(SEARCH, EXACT, 50_000, 128, [3.0, 5.0, 4.0], [60_000_000, 70_000_000, 80_000_000], 140_000_000)
    graph = Step(SEARCH, GRAPH, 50_000, 128, [5.0], [210_000_000], 140_000_000)
    theirs = Step(SEARCH, "scikit-learn", 50_000, 128, [20.0], [], 140_000_000)
    rest = [Step(stage, "mapeq", 50_000, 128, [seconds, 2 * seconds, 3 * seconds]) for stage in STAGES]
    approximate = Step(SEARCH, APPROXIMATE, 200_000, 128, [9.0], [500_000_000], 300_000_000, recall=0.998)
    return Measured("embeddings-speed", ["how"], steps=[found, theirs, graph, *rest, approximate])


def test_steps_and_their_sum(tmp_path):
    measured = stepped()
    table = embedding_tables.in_short(measured)
    assert "| neighbours | mapeq | 50,000 x 128 | 4.00 | 70 | 140 | - | 3 |" in table
    assert "| neighbours | scikit-learn | 50,000 x 128 | 20.0 | - | 140 | - | 1 |" in table
    assert "| 200,000 x 128 | 9.00 | 500 | 300 | 0.998 | 1 |" in table
    assert "| all that follows neighbours | mapeq | 50,000 x 128 | 2.00 | - | - | - | 3 |" in table
    measured.write(tmp_path / "results")
    text = results.write(tmp_path / "results").read_text()
    assert results.read_all(tmp_path / "results")["embeddings-speed"] == measured
    assert table in text
    assert "| neighbours: scikit-learn's time by mapeq's | - | - | 5 x |  |" in text
    assert "| peak memory by what it should be, largest | 1 x | - | 1.5 x | **no** |" in text
    assert "| all that follows neighbours | 2 s | - | 2 s | yes |" in text


def test_a_sum_that_lacks_a_part_is_none():
    measured = stepped()
    del measured.steps[-2]
    assert "all that follows" not in embedding_tables.steps(measured.steps)


# Steps ---------------------------------------------------------------------------------------


def test_scikit_learn_searches_the_same_neighbours():
    vectors = around_centres(500)
    assert _recall(vectors, PROGRAMS["scikit-learn"].search(vectors)[1]) > 0.99


def test_recall_is_the_part_that_was_found():
    vectors = around_centres(500)
    indices = by_mapeq(vectors).indices.copy()
    indices[:, ::5] = -1
    assert _recall(vectors, indices) == pytest.approx(0.8)


@pytest.fixture
def setting(tmp_path):
    """One run of each step."""
    return Setting(QUICK, 1, 1, 0, 60, tmp_path, tmp_path)


def test_steps_are_measured(setting):
    (search,) = clusterings._neighbors([EXACT], 500, setting)
    assert search.problem is None
    assert search.seconds > 0
    assert search.allowed > 3 * 500 * 128 * 4
    rest = clusterings._rest(500, setting)
    assert [step.what for step in rest] == list(STAGES)
    assert all(step.problem is None and len(step.runs) == 1 for step in rest)


@pytest.mark.skipif(not clusterers.installed("faiss"), reason="faiss is not installed")
def test_faiss_runs_in_a_process_of_its_own(setting):
    """Never in this one: faiss and infomap, loaded together, take each other's iterators for theirs and crash."""
    exact, approximate = clusterings._neighbors(["faiss", APPROXIMATE], 500, setting)
    assert (exact.problem, approximate.problem) == (None, None)
    assert 0.5 < approximate.recall <= 1


def test_a_step_that_fails_is_not_run_again(tmp_path):
    (step,) = clusterings._neighbors([EXACT], 500, Setting(QUICK, 3, 3, 0, 0.1, tmp_path, tmp_path))
    assert (step.problem, step.runs) == ("not done within 0.1 s", [])

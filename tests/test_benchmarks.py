"""The parts of benchmarks/ that measure nothing: networks, fits, verdicts, tables."""

import numpy as np
import pytest

from benchmarks import figures, goals, results
from benchmarks.goals import Goal
from benchmarks.keys import FIGURES
from benchmarks.networks import About, Links, one_way, rmat_edges, star, weighted
from benchmarks.runs import Outcome, Row
from benchmarks.stored import Measured, Timing


def ran(peer, seconds, codelength=5.0, trials=1, threads=1, labels="a"):
    run = {"load": seconds / 4, "search": seconds * 3 / 4, "total": seconds, "peak": 3000, "labels": labels}
    row = Row(peer, trials, threads, runs=[{**run, "codelength": codelength, "num_modules": 2}])
    row.summarise(num_links=100)
    return row


def outcome(*rows, links=100, directed=False):
    return Outcome(About(f"network-{links}", 10, links, directed), list(rows))


# Networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [False, True])
def test_rmat_links_are_simple_seeded_and_lead_to_hubs(directed):
    edges = rmat_edges(10, 1, directed=directed)
    assert edges.dtype == np.int64
    assert (edges[:, 0] != edges[:, 1]).all()
    assert len(np.unique(edges if directed else np.sort(edges, axis=1), axis=0)) == len(edges)
    assert edges.min() >= 0
    assert edges.max() < 1024
    assert 8 * 1024 < len(edges) < 16 * 1024
    degrees = np.bincount(edges.ravel())
    assert degrees.max() > 10 * degrees.mean()
    np.testing.assert_array_equal(edges, rmat_edges(10, 1, directed=directed))
    assert not np.array_equal(edges, rmat_edges(10, 2, directed=directed))


@pytest.fixture
def leaves(tmp_path):
    return star(1000, tmp_path)


def test_star(leaves):
    assert (leaves.num_nodes, leaves.num_links, leaves.directed) == (1001, 1000, False)
    assert np.bincount(leaves.load().ravel()).max() == 1000


def test_weights_are_positive_and_seeded(leaves, tmp_path):
    assert leaves.load_weights() is None
    weights = weighted(leaves, 1, tmp_path).load_weights()
    assert weights.shape == (1000,)
    assert weights.min() > 0
    np.testing.assert_array_equal(weights, weighted(leaves, 1, tmp_path).load_weights())


def test_directions(leaves, tmp_path):
    directed = one_way(leaves, 1, tmp_path)
    edges = directed.load()
    assert directed.directed
    assert 1150 < len(edges) < 1250
    assert len(np.unique(np.sort(edges, axis=1), axis=0)) == 1000
    assert 400 < np.count_nonzero(edges[:1000, 0] == 0) < 600


# Goals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "verdict"), [(None, "not measured"), (9.9, "**no**"), (10, "yes"), (19.9, "yes"), (20, "yes, as hoped")]
)
def test_verdict_where_more_is_better(value, verdict):
    assert Goal("ratio", value, least=10, hoped=20).verdict() == verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [(13, "**no**"), (12, "yes"), (8, "yes, as hoped"), (0, "yes, as hoped")]
)
def test_verdict_where_less_is_better(value, verdict):
    assert Goal("time", value, least=12, hoped=8, more=False).verdict() == verdict


def test_verdict_of_a_bound_that_is_missing():
    assert Goal("time", 3).verdict() == ""
    assert Goal("time", 3, least=2).verdict() == "yes"
    assert Goal("time", 3, hoped=4).verdict() == "less than hoped"
    assert Goal("codelength", 1e-12, least=0, more=False).verdict() == "yes"  # rounding


def test_exponent():
    outcomes = [outcome(ran("mapeq", 1e-9 * links**1.5), links=links) for links in (100_000, 1_000_000, 10_000_000)]
    outcomes += [outcome(ran("mapeq", 1.0), links=100), outcome(ran("mapeq", 1.0), links=100_000_000)]
    assert goals.exponent(outcomes, "mapeq") == pytest.approx(1.5)
    assert goals.exponent(outcomes, "infomap") is None
    assert goals.exponent(outcomes[:1], "mapeq") is None


def test_what_is_not_reached_has_no_ratio():
    reached = outcome(ran("mapeq", 1.0, 5.0), ran("infomap", 60.0, 5.0, trials=20))
    missed = outcome(ran("mapeq", 1.0, 5.1, trials=40), ran("infomap", 60.0, 5.0, trials=20))
    networks, ratio = goals.best_of_20(Measured("best-of-20", [], [reached, missed]))
    assert (networks.value, networks.verdict()) == (1, "**no**")
    assert (ratio.value, ratio.verdict()) == (pytest.approx(60), "yes")


def test_labels_that_differ_between_threads():
    rows = [ran("mapeq", 1.0), ran("mapeq", 0.6, threads=2)]
    (goal,) = goals.threads(Measured("threads", [], [outcome(*rows)]))
    assert goal.verdict() == "yes"
    rows[1].runs[0]["labels"] = "b"
    (goal,) = goals.threads(Measured("threads", [], [outcome(*rows)]))
    assert (goal.value, goal.verdict()) == (0, "**no**")


# RESULTS.md ----------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path):
    """A folder with a figure that is met, one that is not, and one that failed."""
    folder = tmp_path / "results"
    Measured("one-trial", ["how it was measured"], [outcome(ran("mapeq", 0.5), ran("infomap", 8.0))]).write(folder)
    timings = [Timing("mapeq --help", [0.5, 0.3, 0.4]), Timing("mapeq warmup", problem="no such command")]
    Measured("start", [], timings=timings).write(folder)
    failed = Row("infomap", problem="not done within 9 s")
    Measured("kinds", [], [outcome(ran("mapeq", 0.5), failed, directed=True)]).write(folder)
    return folder


def test_what_is_stored_is_read_again(stored):
    measured = results.read_all(stored)
    assert list(measured) == ["one-trial", "start", "kinds"]
    assert measured["one-trial"] == Measured(
        "one-trial", ["how it was measured"], [outcome(ran("mapeq", 0.5), ran("infomap", 8.0))]
    )
    assert measured["start"].timing("mapeq --help") == 0.4
    assert measured["start"].timing("mapeq warmup") is None


def test_a_path_is_not_stored(leaves, tmp_path):
    Measured("kinds", [], [Outcome(leaves, [])]).write(tmp_path)
    assert isinstance(leaves, Links)
    assert str(tmp_path) not in (tmp_path / "kinds.json").read_text()


def test_results_show_hits_and_misses(stored):
    text = results.write(stored).read_text()
    assert "| time ratio, geometric mean, 1 of 1 networks | 10 x | 20 x | 16 x | yes |" in text
    assert "| mapeq --help | 0.1 s | 0.05 s | 0.4 s | **no** |" in text
    assert "| million | time ratio, one thread | 20 x | 30 x | - | not measured |" in text
    assert "how it was measured" in text
    assert "network-100, infomap: not done within 9 s." in text
    assert "| mapeq warmup | - | no such command |" in text
    assert "png" not in text


def test_rendering_measures_nothing(stored, capsys):
    assert figures.main(["--render-only", "--results", str(stored)]) == 0
    assert capsys.readouterr().out.strip() == str(stored.parent / "RESULTS.md")


def test_the_picture(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [ran("mapeq", 1.0, 5.01), ran("mapeq", 2.0, 5.0, trials=2), ran("infomap", 3.0, 5.1)]
    Measured("plot", [], [outcome(*rows), outcome(*rows, links=200)]).write(tmp_path / "results")
    assert "codelength-against-time.png" in results.write(tmp_path / "results").read_text()
    assert (tmp_path / "codelength-against-time.png").read_bytes().startswith(b"\x89PNG")


def test_every_figure_can_be_unmeasured():
    for key, figure in FIGURES.items():
        assert all(goal.verdict() in ("not measured", "") for goal in figure.goals(Measured(key, [])))


def test_a_key_that_there_is_not(capsys):
    with pytest.raises(SystemExit):
        figures.main(["speed"])
    assert "expected one of one-trial, million" in capsys.readouterr().err

"""The parts of benchmarks/ that measure nothing: networks, what is found and judged, fits, verdicts, tables."""

import json

import networkx as nx
import numpy as np
import pytest

from benchmarks import compare, figures, goals, report, results
from benchmarks.goals import Goal
from benchmarks.keys import FIGURES
from benchmarks.networks import EXAMPLES, About, Links, from_file, one_way, rmat_edges, star, weighted
from benchmarks.peers import PEERS, Job, infomap_codelength
from benchmarks.runs import NO_HIERARCHY, Comparison, Judge, Outcome, Plan, Row, RunError
from benchmarks.stored import Measured, Timing


def ran(peer, seconds, codelength=5.0, trials=1, threads=1, labels="a", multilevel=False, peak=3000):
    run = {"load": seconds / 4, "search": seconds * 3 / 4, "total": seconds, "peak": peak, "labels": labels}
    judged = {"codelength": codelength, "num_modules": 2, "num_levels": 3 if multilevel else 2}
    row = Row(peer, trials, threads, multilevel=multilevel, runs=[run | judged])
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


# What is found and judged --------------------------------------------------------------------


@pytest.fixture
def rings(tmp_path):
    """A ring of four rings of five cliques, and a large clique."""
    cliques = nx.disjoint_union_all([*[nx.complete_graph(6)] * 20, nx.complete_graph(30)])
    between = [(6 * i, 6 * (i + 1 if (i + 1) % 5 else i - 4) + 1) for i in range(20)]
    cliques.add_edges_from([*between, *((30 * i + 2, 30 * ((i + 1) % 4) + 9) for i in range(4)), (3, 120)])
    np.save(tmp_path / "rings.npy", np.array(cliques.edges))
    return Links("rings", len(cliques), cliques.number_of_edges(), False, tmp_path / "rings.npy")


@pytest.mark.parametrize("peer", ["mapeq", "infomap"])
@pytest.mark.parametrize("multilevel", [False, True])
def test_what_a_program_finds_is_judged_alike_by_both(rings, tmp_path, peer, multilevel):
    job = Job(rings.num_nodes, rings.directed, 1, 1, 1, multilevel)
    found = PEERS[peer].search(PEERS[peer].load(rings.load(), None, job), job)
    modules = tmp_path / ("found.tree" if multilevel else "found.npy")
    found.save(modules)
    judged = Judge(rings)(modules)
    assert judged["codelength"] == pytest.approx(found.claimed, abs=1e-9)
    assert infomap_codelength(rings.load(), None, modules, job) == pytest.approx(found.claimed, abs=1e-9)
    assert (judged["num_levels"] > 2) == multilevel


def test_paths_of_infomap_are_in_node_order(tmp_path):
    power = from_file(EXAMPLES / "power.txt.gz", tmp_path, directed=None)
    job = Job(power.num_nodes, power.directed, 1, 1, 1, multilevel=True)
    found = PEERS["infomap"].search(PEERS["infomap"].load(power.load(), None, job), job)
    assert len({path.count(":") for path in found.modules}) > 2  # not equally deep
    rows = [f'{path} 0 "{node}" {node}' for node, path in enumerate(found.modules)]
    (tmp_path / "paths.tree").write_text("\n".join(rows))
    assert Judge(power)(tmp_path / "paths.tree")["codelength"] == pytest.approx(found.claimed, abs=1e-9)


def test_comments_are_no_part_of_a_hierarchy(leaves, tmp_path):
    judge, file = Judge(leaves), tmp_path / "found.tree"
    rows = "".join(f'1:{node + 1} 0 "{node}" {node}\n' for node in range(1001))
    answers = []
    for comment in ("# at noon\n", "# at midnight\n"):
        file.write_text(comment + rows)
        answers.append(judge(file))
    assert answers[0] == answers[1]
    file.write_text(rows.replace("1:1 ", "2:1 "))
    assert judge(file)["labels"] != answers[0]["labels"]


@pytest.mark.parametrize("name", ["found.npy", "found.tree"])
def test_modules_that_do_not_fit_are_no_figures(leaves, tmp_path, name):
    np.save(tmp_path / "found.npy", np.zeros(1000, dtype=np.int64))
    (tmp_path / "found.tree").write_text('1:1 0.5 "0" 0\n')
    with pytest.raises(RunError, match="gave no partition"):
        Judge(leaves)(tmp_path / name)


def test_hierarchies_are_asked_of_those_that_find_them(leaves, tmp_path, capsys):
    row = Row("igraph", multilevel=True)
    Comparison(leaves, tmp_path, 1, 60).run(row)
    assert (row.problem, row.runs) == (NO_HIERARCHY, [])
    with pytest.raises(SystemExit):
        compare.main(["--multilevel", "--peers", "igraph,networkit"])
    errors = capsys.readouterr().err
    assert "left out, finds no hierarchy: igraph, networkit" in errors
    assert "none of the peers is installed and finds hierarchies" in errors


def test_hierarchies_are_compared(rings, tmp_path):
    comparison = Comparison(rings, tmp_path, 1, 60)
    rows = [Row("mapeq", multilevel=True), Row("infomap", multilevel=True), Row("mapeq")]
    comparison.run(*rows)
    found = comparison.outcome(rows)
    assert [row.problem for row in rows] == [None, None, None]
    assert rows[0].codelength < rows[2].codelength
    assert [row.num_levels for row in rows] == [3, 3, 2]
    assert found.disagreement < 1e-9
    plan = Plan(("mapeq", "infomap"), 1, 1, 1, 1, 60, multilevel=True)
    assert "| mapeq: bits | levels | s | infomap: bits | levels | s |" in report.markdown([found], plan, "it", {})


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


def both(codelength, infomaps, two_levels=5.0):
    deep, theirs = ran("mapeq", 1.0, codelength, multilevel=True), ran("infomap", 6.0, infomaps, multilevel=True)
    return outcome(deep, theirs, ran("mapeq", 0.5, two_levels))


def test_hierarchies_beside_those_of_infomap_and_beside_two_levels():
    measured = Measured("multilevel", [], [both(4.0, 4.5), both(4.0, 4.0)])
    mean, smallest, above, above_own = goals.multilevel(measured)
    assert (mean.value, mean.verdict()) == (pytest.approx(6), "yes")
    assert (smallest.value, smallest.verdict()) == (pytest.approx(6), "yes")
    assert (above.value, above.verdict()) == (0, "yes")
    assert (above_own.value, above_own.verdict()) == (pytest.approx(-20), "yes")
    measured.outcomes.append(both(5.5, 5.0))
    assert [goal.value for goal in goals.multilevel(measured)[2:]] == [pytest.approx(10), pytest.approx(10)]
    assert [goal.verdict() for goal in goals.multilevel(measured)[2:]] == ["**no**", "**no**"]


def test_best_of_10_hierarchies():
    rows = ran("mapeq", 2.0, multilevel=True, trials=3), ran("infomap", 24.0, multilevel=True, trials=10)
    reached, mean, part = goals.multilevel_best_of_10(Measured("multilevel-best-of-10", [], [outcome(*rows)]))
    assert (reached.value, reached.verdict()) == (1, "yes")
    assert (mean.value, mean.verdict()) == (pytest.approx(12), "yes")
    assert (part.value, part.verdict()) == (pytest.approx(1 / 12), "yes")


@pytest.mark.parametrize(("peak", "verdict"), [(4500, "yes"), (4600, "**no**")])
def test_memory_of_hierarchies_by_that_of_two_levels(peak, verdict):
    small = outcome(ran("mapeq", 1.0, multilevel=True), ran("mapeq", 1.0))
    large = outcome(ran("mapeq", 1.0, multilevel=True, peak=peak), ran("mapeq", 1.0))
    (goal,) = goals.multilevel_memory(Measured("multilevel-memory", [], [small, large]))
    assert (goal.value, goal.verdict()) == (pytest.approx(peak / 3000), verdict)


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


def test_hierarchies_stand_beside_hierarchies(tmp_path):
    Measured("multilevel", [], [both(4.0, 4.5)]).write(tmp_path / "results")
    text = results.write(tmp_path / "results").read_text()
    assert "| 1 trial, multilevel | 1.00 | 1 trial, multilevel | 6.00 | x6.00 |" in text
    assert "| 30, 30 | 3, 3 |" in text
    assert "| 1 trial | 0.500 | - | - | - |" in text
    assert "| 30, - | 2, - |" in text


def test_what_was_stored_before_there_were_hierarchies(stored):
    file = stored / "one-trial.json"
    whole = json.loads(file.read_text())
    for row in whole["outcomes"][0]["rows"]:
        del row["multilevel"], row["num_levels"]
    file.write_text(json.dumps(whole))
    assert "| 30, 30 | 2, 2 |" in results.write(stored).read_text()


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

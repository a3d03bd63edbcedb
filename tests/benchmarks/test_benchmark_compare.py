"""The benchmarks on networks: the networks, the judge, what is measured, and what is computed from it."""

import json

import networkx as nx
import numpy as np
import pytest

import mapeq
from benchmarks import compare, large, networks, report, worker
from benchmarks.networks import EXAMPLES, Links, Source
from benchmarks.peers import PEERS, Job, infomap_codelength
from benchmarks.worker import Judge, Program, RunError, Settings

DEEP = {"multilevel": True}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return Source(folder, folder / "cache")


@pytest.fixture(scope="module")
def rings(tmp_path_factory):
    """A ring of four rings of five cliques, and a large clique: three levels."""
    cliques = nx.disjoint_union_all([*[nx.complete_graph(6)] * 20, nx.complete_graph(30)])
    between = [(6 * i, 6 * (i + 1 if (i + 1) % 5 else i - 4) + 1) for i in range(20)]
    cliques.add_edges_from([*between, *((30 * i + 2, 30 * ((i + 1) % 4) + 9) for i in range(4)), (3, 120)])
    path = tmp_path_factory.mktemp("rings") / "rings.npy"
    np.save(path, np.array(cliques.edges))
    return Links("rings", len(cliques), cliques.number_of_edges(), False, path)


def job_of(links, **others):
    return Job(links.num_nodes, links.directed, recorded=links.recorded, **others)


def row(library, seconds, codelength=5.0, **others):
    usual = {"network": "a", "links": 100, "library": library, "multilevel": False, "trials": 1, "threads": 1}
    return {**usual, "seconds": seconds, "codelength": codelength, "digest": "x", **others}


# Networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("specification", ["rmat:10", "rmat:10+directed", "star:500", "ring:500", "jazz", "wiki-vote"])
def test_links_are_simple_numbered_and_reproducible(source, specification):
    links = source(specification)
    ends = links.load()
    assert ends.shape == (links.num_links, 2)
    assert (ends[:, 0] != ends[:, 1]).all()
    assert len(np.unique(ends if links.directed else np.sort(ends, axis=1), axis=0)) == len(ends)
    np.testing.assert_array_equal(np.unique(ends), np.arange(links.num_nodes))
    np.testing.assert_array_equal(ends, source(specification).load())
    assert links.directed == (specification == "wiki-vote" or "directed" in specification)


def test_variants(source):
    weighted, directed, recorded = (source(f"star:500+{variant}") for variant in ("weighted", "directed", "recorded"))
    assert weighted.load_weights().shape == (500,)
    assert weighted.load_weights().min() > 0
    assert 560 < directed.num_links < 640
    for specification in ("star:500+weighted+directed", "star:500+directed+weighted"):
        both = source(specification)
        assert both.directed
        assert both.load_weights().shape == (both.num_links,)
    assert recorded.recorded


@pytest.mark.parametrize("specification", ["lfr:100:0.4", "lfr:1000", "jazz+bent", "no-such-file.txt"])
def test_specifications_that_make_no_sense(source, specification):
    with pytest.raises(ValueError, match=r"expected|no-such-file"):
        source(specification)


@pytest.mark.parametrize(("new", "least", "most"), [("links", 0.005, 0.015), ("nodes", 0.01, 0.03)])
def test_a_hundredth_is_new(new, least, most):
    ends = np.random.default_rng(0).integers(0, 5000, (100_000, 2))
    is_old = networks.is_old(ends, new, 0.01, 1)
    np.testing.assert_array_equal(is_old, networks.is_old(ends, new, 0.01, 1))
    assert least < 1 - is_old.mean() < most


# The judge -----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["mapeq", "infomap"])
@pytest.mark.parametrize(
    ("name", "options"), [("rings", {}), ("rings", DEEP), ("email-eu-core", {}), ("email-eu-core+recorded", {})]
)
def test_mapeq_and_infomap_agree_on_what_either_finds(rings, source, tmp_path, library, name, options):
    links = rings if name == "rings" else source(name)
    job, ends = job_of(links, **options), links.load()
    found = PEERS[library].search(PEERS[library].load(ends, None, job), job)
    modules = tmp_path / ("found.tree" if options else "found.npy")
    found.save(modules)
    judged = Judge(links)(modules)
    assert judged["codelength"] == pytest.approx(found.claimed, abs=1e-9)
    assert infomap_codelength(ends, None, modules, job) == pytest.approx(found.claimed, abs=1e-9)
    assert (judged["levels"] > 2) == bool(options)


def test_paths_of_infomap_are_in_node_order(source, tmp_path):
    power = source("power")
    job = job_of(power, **DEEP)
    found = PEERS["infomap"].search(PEERS["infomap"].load(power.load(), None, job), job)
    assert len({path.count(":") for path in found.modules}) > 2  # branches of different depth
    lines = [f'{path} 0 "{node}" {node}' for node, path in enumerate(found.modules)]
    (tmp_path / "paths.tree").write_text("\n".join(lines))
    assert Judge(power)(tmp_path / "paths.tree")["codelength"] == pytest.approx(found.claimed, abs=1e-9)


def test_comments_do_not_change_the_digest(rings, tmp_path):
    judge, file = Judge(rings), tmp_path / "found.tree"
    lines = "".join(f'1:{node + 1} 0 "{node}" {node}\n' for node in range(rings.num_nodes))
    digests = []
    for text in ("# at noon\n" + lines, "# at midnight\n" + lines, lines.replace("1:1 ", "2:1 ")):
        file.write_text(text)
        digests.append(judge(file)["digest"])
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", ["found.npy", "found.tree"])
def test_modules_that_do_not_fit_are_a_problem(rings, tmp_path, name):
    np.save(tmp_path / "found.npy", np.zeros(7, dtype=np.int64))
    (tmp_path / "found.tree").write_text('1:1 0.5 "0" 0\n')
    with pytest.raises(RunError, match="no partition"):
        Judge(rings)(tmp_path / name)


# Measuring -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(rings, source):
    programs = [
        Program("mapeq", True),
        Program("infomap", True),
        Program("igraph", True),
        Program("mapeq", True, command=True),
    ]
    return worker.compare(rings, programs, Settings(source, repeat=1, timeout=120), seeds=[1, 2])


def test_programs_are_measured(measured):
    ours, theirs, _, command = measured
    for each in (ours, theirs, command):
        assert each["levels"] == 3
        assert each["codelength"] == pytest.approx(theirs["codelength"])
        assert each["seconds"] > 0
    assert ours["seeds"] == 2
    assert ours["spread"] < 1e-9
    assert ours["disagreement"] < 1e-9
    assert ours["seconds"] > ours["load"] > 0


def test_unsuitable_programs_have_a_problem(measured, source):
    assert measured[2]["problem"] == "finds no hierarchies"
    (found,) = worker.compare(source("email-eu-core"), [Program("networkit")], Settings(source, repeat=1))
    assert "undirected networks only" in found["problem"] or found["problem"] == "not installed"


def test_a_process_that_takes_too_long_is_a_problem(rings, source):
    (found,) = worker.compare(rings, [Program("mapeq")], Settings(source, timeout=0.05))
    assert found["problem"] == "not done within 0.05 s"


@pytest.mark.thorough
def test_growth_is_measured(source):
    found = worker.grow(str(source("jazz").path), False, "links", False, [1, 2], 1)
    assert min(found["full"], found["warm"]) > 0
    assert 0 < found["changed"] < 50
    assert found["excess"] <= found["largest_excess"] < 1


# Figures -------------------------------------------------------------------------------------


def test_pairs_are_of_one_network_mode_and_number_of_trials():
    ours, theirs, deep = row("mapeq", 1.0), row("infomap", 8.0, 5.1), row("mapeq", 2.0, multilevel=True)
    assert report.pairs([ours, theirs, deep, row("infomap", 9.0, network="b")]) == [(ours, theirs)]
    assert report.times((ours, theirs)) == 8
    assert report.excess((ours, theirs)) == pytest.approx(-1.96, abs=0.01)
    two = row("mapeq", 0.5, threads=2)
    assert report.pairs([ours, two, row("mapeq", 0.6, threads=2, trials=10)]) == [(two, ours)]
    assert report.pairs([ours, row("infomap", 1.0, problem="failed")]) == []


def test_the_exponent_is_fitted_to_large_networks():
    rows = [row("mapeq", 1e-9 * links**1.5, links=links) for links in (100_000, 1_000_000, 10_000_000)]
    assert report.exponent([*rows, row("mapeq", 1.0)], "mapeq") == pytest.approx(1.5)
    assert report.exponent(rows[:1], "mapeq") is None


def test_losses_are_named():
    rows = [row("mapeq", 2.0, 5.2), row("infomap", 1.0, 5.0)]
    (sentence,) = report.what_holds({"two-level": rows})
    assert "longer on a (+4.000 %)" in sentence
    assert "slower on a (100 links)" in sentence


def test_stored_tables_are_read_again(tmp_path):
    path = tmp_path / "results" / "1.2.3.json"
    entry = {
        "machine": "a machine",
        "date": "2026-01-01",
        "repeat": 3,
        "rows": [row("mapeq", 1.0), row("infomap", 8.0)],
    }
    compare.store({"two-level": entry}, path)
    assert json.loads(path.read_text()) == {"two-level": entry}
    text = compare.render(path).read_text()
    assert "| a | 100 | 1.00 | 8.00 | 8.00 |" in text
    assert "a machine" in text
    assert "compare two-level`, 2026-01-01" in text


def test_results_are_those_stored(tmp_path):
    stored = compare.RESULTS / f"{mapeq.__version__}.json"
    copy = tmp_path / "results" / stored.name
    copy.parent.mkdir()
    copy.write_text(stored.read_text())
    assert compare.render(copy).read_text() == (compare.RESULTS.parent / "RESULTS.md").read_text()


def test_a_network_from_the_command_line(capsys):
    assert compare.main([str(EXAMPLES / "jazz.txt.gz"), "--peers", "infomap", "--repeat", "1"]) == 0
    assert "jazz, 2,742 links" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no-such-file.txt"], ["--lfr", "10:0.4"], ["--peers", "louvain"]])
def test_mistakes_on_the_command_line(arguments, capsys):
    assert compare.main(arguments) == 1
    assert capsys.readouterr().err.startswith("python -m benchmarks.compare: ")


def test_large_networks_in_words():
    def large_row(size, mapped, seconds):
        about = {"size": size, "links": size, "mapped": mapped, "labels": size, "peak": 7 * size}
        return about | {"read": 1.0 * size, "seconds": seconds, "write": 0.0}

    rows = [large_row(size, mapped, size**2.0) for size in (10, 100) for mapped in (False, True)]
    *powers, same = large.large_in_words(rows)
    assert [sentence.split(",")[1] for sentence in powers] == [" in memory", " mapped from disk"]
    assert all("10100 s" in sentence and "7.0 bytes" in sentence and "power 2.00." in sentence for sentence in powers)
    assert "the same on 2 of 2" in same
    *_, same = large.large_in_words([*rows, large_row(1000, True, 1000**2.0)])  # too large for memory
    assert "the same on 2 of 2" in same
    assert large.large_in_words([]) == []

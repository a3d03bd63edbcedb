"""Partition files say with which options of the walk they were found, and who reads them heeds that."""

import json
import os
import warnings

import networkx as nx
import pytest
from command import run

import mapeq
from mapeq._base.errors import FormatError
from mapeq.io.files.recorded import recorded_options

LINKS = [(u + 1, v + 1) for u, v in nx.gnc_graph(60, seed=7).edges]

OPTIONS = {
    "time": {"markov_time": 2.0},
    "directed": {"directed": True},
    "teleportation": {"directed": True, "teleportation_probability": 0.3, "teleport_to": "nodes"},
    "recorded": {"directed": True, "recorded_teleportation": True, "markov_time": 0.5},
    "raw": {"flow_model": "rawdir"},
    "multilevel": {"directed": True, "multilevel": True},
}


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "links.txt"
    path.write_text("".join(f"{u} {v}\n" for u, v in LINKS))
    return path


@pytest.mark.parametrize("suffix", ["tree", "ftree", "clu"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_file_is_measured_as_it_was_found(network, tmp_path, options, suffix):
    found = mapeq.infomap(network, **options)
    path = tmp_path / f"found.{suffix}"
    found.write(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = mapeq.evaluate(network, path)
    if suffix != "clu" or found.num_levels == 2:
        assert measured.codelength == pytest.approx(found.codelength, abs=1e-12)
    assert measured.options.items() <= found.options.items()
    done = run("evaluate", network, path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"= {measured.codelength:.12g} bits per step" in done.stdout.decode()


def test_a_result_is_measured_as_it_was_found():
    found = mapeq.infomap(LINKS, directed=True, markov_time=2.0)
    assert mapeq.evaluate(LINKS, found).codelength == pytest.approx(found.codelength, abs=1e-12)
    other = mapeq.evaluate(LINKS, found, directed=False, markov_time=1.0)
    assert (other.options["directed"], other.options["flow_model"], other.options["markov_time"]) == (
        False, "undirected", 1.0,
    )  # fmt: skip


def test_given_options_count_and_what_differs_is_said(network, tmp_path):
    path = tmp_path / "found.tree"
    mapeq.infomap(network, directed=True, markov_time=2.0).write(path)
    with pytest.warns(UserWarning, match=r"found with directed=True, markov_time=2.0; here it is directed=False, mark"):
        other = mapeq.evaluate(network, path, directed=False, markov_time=1.0)
    assert other.codelength == mapeq.evaluate(network, other.modules(), directed=False).codelength
    with pytest.warns(UserWarning, match="found with directed=True, flow_model=directed; here it is directed=False"):
        mapeq.infomap(network, initial_partition=path, markov_time=2.0)
    with pytest.warns(UserWarning, match="found with flow_model=directed; here it is flow_model=rawdir"):
        assert mapeq.evaluate(network, path, flow_model="rawdir").options["markov_time"] == 2.0


def test_the_command_names_the_options_that_it_took(network, tmp_path):
    path = tmp_path / "found.clu"
    mapeq.infomap(network, directed=True, markov_time=2.0).write(path)
    for file, stdin in ((path, b""), ("-", path.read_bytes())):
        name = "standard input" if file == "-" else path
        lines = run("evaluate", network, file, stdin=stdin).stdout.decode().splitlines()
        assert lines[1] == f"measured as {name} was found: directed true, markov time 2.0"
    done = run("plot", network, "--modules", path, "-o", tmp_path / "a.png")
    assert f"measured as {path} was found: directed true, markov time 2.0" in done.stderr.decode()
    done = run("evaluate", network, path, "--markov-time", "1")
    assert "was found: directed true\n" in done.stdout.decode()
    assert (
        done.stderr.decode() == f"mapeq: note: {path} was found with --markov-time=2.0; here it is --markov-time=1.0\n"
    )
    done = run("cluster", network, "-d", "--markov-time", "auto", "-c", path, "-o", tmp_path / "b.clu")
    assert "was found with" not in done.stderr.decode()
    done = run("cluster", network, "-d", "-c", path, "-o", tmp_path / "b.clu")
    assert "was found with --markov-time=2.0; here it is --markov-time=1.0\n" in done.stderr.decode()


def test_a_header_of_infomap_tells_the_flow_model(network, tmp_path):
    path = tmp_path / "theirs.clu"
    path.write_text(
        "# v2.16.0\n# flow model directed\n# node_id module flow\n" + "".join(f"{i} 1 0\n" for i in range(1, 61))
    )
    assert recorded_options(path) == {"flow_model": "directed", "directed": True}
    assert mapeq.evaluate(network, path).network.directed


def test_files_without_a_header_have_no_options(tmp_path):
    for name in ("a.clu", "a.csv", "a.tree"):
        (tmp_path / name).write_text("# options of my own\n1,1\n")
        assert recorded_options(tmp_path / name) == {}


def test_a_damaged_header_is_an_error(network, tmp_path):
    path = tmp_path / "damaged.clu"
    path.write_text("# options directed=True markov_time=two\n1 1\n")
    with pytest.raises(FormatError, match=r"damaged.clu, line 1: markov_time cannot be 'two'"):
        mapeq.evaluate(network, path)
    path.write_text("# options directed=maybe\n1 1\n")
    with pytest.raises(FormatError, match="directed cannot be 'maybe'"):
        mapeq.evaluate(network, path)


def test_a_pipe_is_read_once(network, tmp_path):
    path = tmp_path / "found.clu"
    found = mapeq.infomap(network, directed=True, markov_time=2.0)
    found.write(path)
    read, write = os.pipe()
    os.write(write, path.read_bytes())
    os.close(write)
    measured = mapeq.evaluate(network, f"/dev/fd/{read}")
    os.close(read)
    assert measured.codelength == pytest.approx(found.codelength, abs=1e-12)
    assert measured.options["markov_time"] == 2


@pytest.mark.parametrize("option", ["flow_model=direct", "teleport_to=anywhere", "markov_time=-1", "markov_time=nan"])
def test_options_that_cannot_be_are_errors_of_the_file(option, tmp_path):
    """Which damaged files had as errors of the caller's options."""
    result = mapeq.infomap([("a", "b"), ("b", "c")])
    result.write(tmp_path / "a.tree")
    text = (tmp_path / "a.tree").read_text().replace("# options ", f"# options {option} ")
    (tmp_path / "a.tree").write_text(text)
    name, value = option.split("=")
    with pytest.raises(mapeq.FormatError, match=rf"a\.tree, line \d+: {name} cannot be '{value}'"):
        mapeq.evaluate(result.network, tmp_path / "a.tree")
    result.write(tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    content["options"][name] = value
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(mapeq.FormatError, match=r"a\.json: is not a result in JSON"):
        mapeq.evaluate(result.network, tmp_path / "a.json")

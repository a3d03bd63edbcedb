"""The command, run as people run it: in a process of its own."""

import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import mapeq
from mapeq.cli.parser import main

DATA = Path(__file__).parents[2] / "examples" / "data"
JAZZ = str(DATA / "jazz.txt.gz")
POWER = str(DATA / "power.txt.gz")
EMAIL = str(DATA / "email-eu-core.txt.gz")


def run(*arguments, stdin=None, cwd=None):
    command = [sys.executable, "-m", "mapeq", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, check=False)


def refused(done, *parts):
    """One clear line on standard error, nothing on standard output, exit code 1."""
    message = done.stderr.decode()
    assert done.returncode == 1, message
    assert done.stdout == b""
    assert message.startswith("mapeq: ")
    assert message.count("\n") == 1, message
    for part in parts:
        assert part in message
    return True


def test_labels_go_to_standard_output_and_the_rest_to_standard_error():
    done = run("cluster", JAZZ)
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0
    result = mapeq.infomap(JAZZ)
    assert {int(node): int(module) for node, module in rows} == result.modules()
    summary = done.stderr.decode()
    assert "198 nodes, 2,742 links, undirected" in summary
    assert f"{result.codelength:.6f} bits per step" in summary
    assert "\r" not in summary


def test_a_network_that_is_not_divided_is_explained(tmp_path, capsys):
    path = tmp_path / "net.txt"
    path.write_text("".join(f"{u} {v}\n" for u, v in nx.complete_graph(6).edges()))
    assert main(["cluster", str(path)]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert mapeq.infomap(path).explanation in said
    assert "All 6 nodes are in one module." in said


def test_quiet_says_nothing():
    done = run("cluster", JAZZ, "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 198


def test_a_pipe_in_and_files_out(tmp_path):
    outputs = [tmp_path / f"out.{suffix}" for suffix in ("clu", "tree", "ftree", "json", "csv", "tsv")]
    flags = [part for path in outputs for part in ("-o", path)]
    done = run("cluster", "-", "--directed", *flags, stdin=gzip.decompress(Path(EMAIL).read_bytes()))
    assert (done.returncode, done.stdout) == (0, b"")
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in outputs)
    expected = mapeq.infomap(EMAIL, directed=True)
    for path in outputs:
        if path.suffix == ".json":
            continue
        judged = run("evaluate", EMAIL, path, "--directed")
        assert judged.returncode == 0
        assert f"= {expected.codelength:.12g} bits per step" in judged.stdout.decode()


def test_a_hierarchy_goes_out_and_comes_in_again(tmp_path):
    tree = tmp_path / "power.tree"
    done = run("cluster", POWER, "--multilevel", "-o", tree)
    result = mapeq.infomap(POWER, multilevel=True)
    summary = done.stderr.decode()
    assert f"{result.num_modules} top modules in {result.num_levels} levels, {result.codelength:.6f} bits" in summary
    judged = run("evaluate", POWER, tree).stdout.decode()
    assert f"= {result.codelength:.12g} bits per step" in judged
    again = run("cluster", POWER, "--multilevel", "-c", tree, "-o", tmp_path / "again.tree")
    assert again.returncode == 0
    assert mapeq.evaluate(POWER, tmp_path / "again.tree").codelength <= result.codelength + 1e-9


def test_options_mean_what_they_mean_in_python(tmp_path):
    cases = {
        "-d -e": {"directed": True, "recorded_teleportation": True},
        "-f rawdir": {"flow_model": "rawdir"},
        "-d -p 0.3 --teleport-to nodes": {
            "directed": True,
            "teleportation_probability": 0.3,
            "teleport_to": "nodes",
        },
        "-2 -N 3 -s 5 --num-threads 2 --markov-time 1.5": {
            "num_trials": 3,
            "seed": 5,
            "num_threads": 2,
            "markov_time": 1.5,
        },
        "--markov-time auto": {"markov_time": "auto"},
        "--unweighted": {"weight": None},
        "-u": {"directed": False},
    }
    path = tmp_path / "links.txt"
    weighted = nx.gnp_random_graph(40, 0.15, seed=2, directed=True)
    path.write_text("".join(f"{u} {v} {1 + (u * v) % 7}\n" for u, v in weighted.edges()))
    for flags, options in cases.items():
        done = run("cluster", path, *flags.split())
        assert done.returncode == 0, done.stderr
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        assert {int(node): int(module) for node, module in rows} == mapeq.infomap(path, **options).modules(), flags


def test_columns_are_chosen_by_name_or_by_number_from_1(tmp_path):
    names = ["day", "u", "v", "count"]
    rows = [[7, *link] for link in nx.gnp_random_graph(30, 0.15, seed=2).edges()]
    rows = [[*row, 1 + row[1] * row[2] % 5] for row in rows]
    table = pd.DataFrame(rows, columns=names)
    table.to_csv(tmp_path / "links.csv", index=False)
    table.to_csv(tmp_path / "links.tsv.gz", index=False, sep="\t")
    table.to_parquet(tmp_path / "links.parquet")
    table.to_feather(tmp_path / "links.feather")
    expected = mapeq.infomap([tuple(row[1:]) for row in rows]).codelength
    for name in ("links.csv", "links.tsv.gz", "links.parquet", "links.feather"):
        for columns in ("--source u --target v --weight count", "--source 2 --target 3 --weight 4"):
            out = tmp_path / "out.json"
            done = run("cluster", tmp_path / name, *columns.split(), "-o", out, "-q")
            assert done.returncode == 0, done.stderr
            assert json.loads(out.read_text())["codelength"] == pytest.approx(expected, abs=1e-12)
        done = run("cluster", tmp_path / name, "--weight", "cuont")
        assert done.returncode == 1
        assert b"there is no column 'cuont' for the weights; there are 'day', 'u', 'v', 'count'" in done.stderr


def test_self_links_and_initial_partitions(tmp_path):
    (tmp_path / "net.txt").write_text("a b\nb c\nc a\nc d\nd e\ne f\nf d\na a 5\n")
    (tmp_path / "start.csv").write_text("a,1\nb,1\nc,1\nd,2\ne,2\nf,2\n")
    with_loop = run("evaluate", "net.txt", "start.csv", cwd=tmp_path).stdout.decode()
    without = run("evaluate", "net.txt", "start.csv", "--no-self-links", cwd=tmp_path).stdout.decode()
    assert "= 2.32073035683 bits" in without
    assert "= 2.32073035683 bits" not in with_loop
    done = run("cluster", "net.txt", "-c", "start.csv", "--no-self-links", "-q", cwd=tmp_path)
    assert done.stdout.decode().split() == ["a", "0", "b", "0", "c", "0", "d", "1", "e", "1", "f", "1"]


def test_hierarchies_are_measured_and_shown_level_by_level(tmp_path):
    (tmp_path / "net.txt").write_text("a b\nb c\nc a\nc d\nd e\ne f\nf d\n")
    rows = ['1:1:1 0 "a" 1', '1:1:2 0 "b" 2', '1:2:1 0 "c" 3', '2:1 0 "d" 4', '2:2 0 "e" 5', '2:3 0 "f" 6']
    (tmp_path / "deep.tree").write_text("\n".join(rows))
    done = run("evaluate", "net.txt", "deep.tree", cwd=tmp_path)
    lines = done.stdout.decode().splitlines()
    assert lines[1].startswith("2 top modules in 3 levels, 2.964984 bits per step; 2.556657 without modules")
    assert [line.split() for line in lines[3:5]] == [["1", "2", "0.235926"], ["2", "3", "-0.644254"]]
    assert lines[-1] == "index 0.142857142857 + modules 2.82212678602 = 2.96498392888 bits per step"
    rows[2] = rows[2].replace("1:2:1", "1:3")
    (tmp_path / "mixed.tree").write_text("\n".join(rows))
    assert refused(run("evaluate", "net.txt", "mixed.tree", cwd=tmp_path), "mixed.tree, line 3", "beside modules")


def test_a_level_of_clu_that_is_too_fine_is_the_finest(tmp_path):
    for level in ("-1", "1", "9"):
        done = run("cluster", JAZZ, "-q", "-o", "out.clu", "-o", "out.tree", "--clu-level", level, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert mapeq.evaluate(JAZZ, tmp_path / "out.clu").modules() == mapeq.infomap(JAZZ).modules()
    for level in ("0", "-2"):
        assert refused(run("cluster", JAZZ, "-o", "no.clu", f"--clu-level={level}", cwd=tmp_path), "--clu-level", level)
    assert sorted(os.listdir(tmp_path)) == ["out.clu", "out.tree"]


def test_evaluate_reads_the_partition_from_standard_input(tmp_path):
    modules = run("cluster", JAZZ, "-q").stdout
    done = run("evaluate", JAZZ, "-", stdin=modules)
    assert f"{mapeq.infomap(JAZZ).codelength:.12g}" in done.stdout.decode()
    assert refused(run("evaluate", "-", "-", stdin=b"1 2\n"), "only one of")
    assert refused(run("cluster", "-", "-c", "-", stdin=b"1 2\n"), "only one of")


def word_vectors(groups=3, size=20):
    """Words in groups, by the angle of their vectors: those in a group are far from those in the others."""
    rng = np.random.default_rng(1)
    vectors = np.repeat(np.eye(groups, 8), size, axis=0) + 0.1 * rng.normal(size=(groups * size, 8))
    return [f"w{k}" for k in range(len(vectors))], vectors.astype(np.float32)


def modules_in(shown):
    return {label: int(module) for label, module in (line.split("\t") for line in shown.splitlines())}


def test_embeddings_are_what_python_makes_of_them(tmp_path):
    words, vectors = word_vectors()
    np.save(tmp_path / "v.npy", vectors)
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, vectors, strict=True)]
    (tmp_path / "v.txt").write_text("60 8\n" + "".join(lines))
    clustering = mapeq.InfomapClustering().fit(vectors)
    expected = clustering.labels_.tolist()
    assert len(set(expected)) == 3

    done = run("embeddings", "v.npy", cwd=tmp_path)
    assert done.returncode == 0
    assert modules_in(done.stdout.decode()) == {str(k): module for k, module in enumerate(expected)}
    summary = done.stderr.decode().splitlines()
    assert summary[0].startswith("v.npy: 60 vectors of 8 dimensions, 15 neighbours each by cosine, ")
    assert summary[0].endswith(f", Markov time {clustering.markov_time_:.3g}")
    assert re.fullmatch(r"done: read .* s, neighbours .* s, search .* s, write .* s", summary[-1])

    outputs = [part for suffix in ("csv", "parquet", "tree") for part in ("-o", f"out.{suffix}")]
    done = run("embeddings", "-", "-q", *outputs, cwd=tmp_path, stdin=(tmp_path / "v.txt").read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    table = pd.read_csv(tmp_path / "out.csv")
    assert (table["node"].tolist(), table["module"].tolist()) == (words, expected)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), table, check_dtype=False)
    assert '"w0"' in (tmp_path / "out.tree").read_text()


def test_options_of_embeddings_mean_what_they_mean_in_python(tmp_path, capsys):
    words, vectors = word_vectors(groups=6)
    path = tmp_path / "v.csv"
    pd.DataFrame(vectors, index=words).to_csv(path)
    graph = mapeq.neighbor_graph(
        vectors, 4, metric="euclidean", weights="local", symmetrize="directed", min_similarity=0.55, algorithm="exact"
    )
    result = mapeq.infomap(graph, directed=True, markov_time=0.7, num_trials=2, seed=3, multilevel=True)
    flags = "-k 4 --metric euclidean --weights local --symmetrize directed --min-similarity 0.55 --algorithm exact "
    flags += "--markov-time 0.7 -N 2 -s 3 --multilevel --num-threads 1"
    assert main(["embeddings", str(path), *flags.split()]) == 0
    shown = capsys.readouterr()
    assert modules_in(shown.out) == dict(zip(words, result.labels.tolist(), strict=True))
    assert f"{result.codelength:.6f} bits" in shown.err
    assert "Markov time" not in shown.err


def test_small_clusters_are_left_out(tmp_path, capsys):
    _, vectors = word_vectors()
    path = tmp_path / "v.npy"
    np.save(path, np.delete(vectors, range(17), axis=0))
    flags = ["-k", "2", "--markov-time", "8", "--min-cluster-size"]
    assert main(["embeddings", str(path), *flags, "4", "-o", str(tmp_path / "out.tsv")]) == 0
    assert "1 module of fewer than 4 nodes: 3 nodes left out, as -1" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "out.tsv", sep="\t")["module"].tolist() == [-1] * 3 + [1] * 20 + [0] * 20
    assert main(["embeddings", str(path), *flags, "4", "-q"]) == 0
    assert capsys.readouterr().out.startswith("0\t-1\n1\t-1\n2\t-1\n3\t1\n")


def test_what_there_is_to_warn_of_is_one_line(tmp_path, capsys):
    vectors = np.eye(4)
    vectors[2] = 0
    np.save(tmp_path / "v.npy", vectors)
    assert main(["embeddings", str(tmp_path / "v.npy"), "-q"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "mapeq: --n-neighbors=15, but there are 4 vectors: all are neighbours",
        "mapeq: 1 vector of zeros, the first in row 2: by cosine they have no neighbours and stay alone",
    ]


BAD_VECTORS = {
    "v.npy -k 0": "--n-neighbors must be a whole number, 1 or more, not 0",
    "v.npy --metric cos": "--metric must be one of cosine, euclidean, inner_product, not 'cos'",
    "v.npy --metric precomputed": "--metric must be one of cosine, euclidean, inner_product, not 'precomputed'",
    "v.npy --weights x": "--weights must be one of auto, umap, local, similarity, binary, jaccard, not 'x'",
    "v.npy --markov-time 0": "--markov-time must be a number above 0, not 0.0",
    "v.npy --time-limit=-1": "--time-limit must be seconds, 0 or more, not -1.0",
    "v.npy --min-cluster-size 0": "--min-cluster-size must be a whole number, 1 or more, not 0",
    "v.npy --min-cluster-size 2 -o out.csv -o out.clu": "out.clu: --min-cluster-size must be left out, as the format "
    "holds all modules, and only .csv, .tsv and .parquet leave small ones out",
    "v.npy -o out.doc": "out.doc: the suffix tells the format; it must be one of .clu, .tree, .ftree, .json, .csv, "
    ".tsv, .parquet, .graphml, .gexf, .html",
    "nan.txt": "row 1, column 2 of the vectors is NaN",
    "inf.txt": "row 0, column 1 of the vectors is infinity",
    "row.txt": "1 vector: for a neighbour it takes two",
    "twice.txt": "rows 0 and 2 of the vectors have the same label: 'a'",
    "none.npy": "none.npy: no such file",
    "v.doc": "v.doc: the suffix tells the format; it must be one of .npy, .npz, .parquet, .csv, .tsv, .txt, .vec, .w2v",
}


@pytest.mark.parametrize("arguments", BAD_VECTORS)
def test_bad_vectors_and_options_are_one_clear_line(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("v.npy", np.eye(3))
    Path("nan.txt").write_text("a 1 2 3\nb 1 2 nan\n")
    Path("inf.txt").write_text("a 1 inf 3\nb 1 2 nan\n")
    Path("row.txt").write_text("a 1 2 3\n")
    Path("twice.txt").write_text("a 1 2\nb 2 2\na 1 2\n")
    before = os.listdir()
    assert main(["embeddings", *arguments.split()]) == 1
    assert capsys.readouterr() == ("", f"mapeq: {BAD_VECTORS[arguments]}\n")
    assert os.listdir() == before


NETWORKS = {
    "one field": (b"1 2\n3\n", "line 2", "'3'"),
    "weight no number": (b"# comment\n1 2 x\n", "line 2", "'1 2 x'"),
    "negative weight": (b"1 2 -1\n", "line 1", "'1 2 -1'"),
    "NaN weight": (b"1 2 nan\n", "line 1"),
    "infinite weight": (b"1 2 inf\n", "line 1"),
    "empty": (b"", "holds no links"),
    "only comments": (b"# nothing\n\n", "holds no links"),
    "binary": (b"1 2\n\x00\x01\x02", "not a text file"),
    "not UTF-8": (b"caf\xe9 bar\n", "not a text file", "line 1"),
    "truncated gzip": (gzip.compress(b"1 2\n" * 10000)[:-20], "cut short"),
    "unknown Pajek section": (b"*Vertices 2\n1 a\n2 b\n*Matrix\n0 1\n", "line 4", "*Matrix"),
    "undeclared id": (b"*Vertices 2\n1 a\n2 b\n*Edges\n1 3\n", "line 5", "'1 3'"),
    "text for a Pajek number": (b"*Vertices 2\n1 a\nb 2\n*Edges\n1 2\n", "line 3"),
    "text for a Pajek link": (b"*Vertices 2\n1 a\n2 b\n*Edges\n1 b\n", "line 5"),
}


@pytest.mark.parametrize("case", NETWORKS)
def test_bad_networks_are_one_clear_line(case, tmp_path):
    content, *parts = NETWORKS[case]
    path = tmp_path / "net.txt"
    path.write_bytes(content)
    output = tmp_path / "out.clu"
    assert refused(run("cluster", path, "-o", output), str(path), *parts)
    assert refused(run("cluster", "-", "-o", output, stdin=content), "<stdin>", *parts)
    assert not output.exists()
    assert os.listdir(tmp_path) == ["net.txt"]


def test_bad_paths_and_options_are_one_clear_line(tmp_path):
    assert refused(run("cluster", tmp_path / "none.txt"), "none.txt", "no such file")
    meant = f"no such file; is {JAZZ!r} meant?"
    assert refused(run("cluster", JAZZ.replace("jazz", "jaz")), meant)
    assert refused(run("cluster", JAZZ.removesuffix(".gz")), meant)
    assert refused(run("cluster", tmp_path / "no" / "net.txt"), "there is no folder")
    assert refused(run("cluster", Path(__file__).parents[2] / "docs" / "communities.png"), "it is a picture (PNG)")
    assert refused(run("cluster", tmp_path), "directory")
    assert refused(run("cluster", JAZZ, "-o", tmp_path), "is a directory")
    assert refused(run("cluster", JAZZ, "-o", tmp_path / "no" / "out.clu"), "there is no directory")
    assert refused(run("cluster", JAZZ, "-o", tmp_path / "out.doc"), "out.doc", ".clu, .tree, .ftree, .json, .csv")
    assert refused(run("cluster", JAZZ, "-N", "0"), "--num-trials must be", "1 or more", "0")
    assert refused(run("cluster", JAZZ, "-p", "2"), "--teleportation-probability must be", "from 0 to 1")
    assert refused(run("cluster", JAZZ, "-f", "walk"), "--flow-model must be", "undirected, directed")
    assert refused(run("cluster", JAZZ, "-f", "precomputed"), "precomputed", "node weights")
    assert refused(run("cluster", JAZZ, "-d", "-p", "1e-9", "--time-limit=-1"), "--time-limit must be")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    {
        "-s -1": "--seed must be a whole number, 0 or more, not -1",
        "--seed -2": "--seed must be a whole number, 0 or more, not -2",
        "-N -2 -2": "--num-trials must be a whole number, 1 or more, not -2",
        "--num-tr -2 -2": "--num-trials must be a whole number, 1 or more, not -2",
        "-d -p -.5": "--teleportation-probability must be a number from 0 to 1, not -0.5",
        "--clu-level -2": "--clu-level must be a whole number, 1 or more, or -1, not -2",
        "-f precomputed": "--flow-model='precomputed' takes the visit rates from node weights, but the network has "
        "none",
    }.items(),
)
def test_values_below_zero_are_values_and_options_are_called_as_they_are_typed(arguments, message, capsys):
    assert main(["cluster", JAZZ, *arguments.split()]) == 1
    assert capsys.readouterr() == ("", f"mapeq: {message}\n")


def test_an_option_without_a_value_may_stand_before_one_that_is_a_number(capsys):
    assert main(["cluster", JAZZ, "-q", "-2", "-s", "3"]) == main(["cluster", JAZZ, "-q", "-s", "3", "-2"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[:198] == rows[198:]


def test_bad_partitions_are_one_clear_line(tmp_path):
    (tmp_path / "net.txt").write_text("1 2\n2 3\n")
    (tmp_path / "misses.clu").write_text("1 1\n2 1\n")
    (tmp_path / "unknown.clu").write_text("1 1\n2 1\n3 1\n4 1\n")
    net = tmp_path / "net.txt"
    assert refused(run("evaluate", net, tmp_path / "misses.clu"), "misses.clu", "1 of 3 nodes", "3")
    assert refused(run("evaluate", net, tmp_path / "unknown.clu"), "unknown.clu, line 4", "'4'")
    (tmp_path / "strangers.clu").write_text("7 1\n8 1\n")
    assert refused(run("cluster", net, "-c", tmp_path / "strangers.clu"), "strangers.clu", "3 of 3 nodes")
    assert run("cluster", net, "-c", tmp_path / "misses.clu").returncode == 0  # the third joins its neighbours


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["cluster"],
        ["cluster", JAZZ, "--no-such-option"],
        ["cluster", JAZZ, "-N", "x"],
        ["cluster", JAZZ, "--two-level", "--multilevel"],
        ["cluster", JAZZ, "--markov-time", "long"],
        ["cluster", JAZZ, "--weight", "0"],
        ["cluster", JAZZ, "--weight", "3", "--unweighted"],
        ["evaluate", JAZZ, JAZZ, "--markov-time", "auto"],
        ["embeddings"],
        ["guess"],
        ["completion", "cmd"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: mapeq")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["cluster", "--help"], ["evaluate", "--help"], ["embeddings", "--help"], ["--version"]]
)
def test_help_and_version(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"mapeq" in done.stdout


def test_a_closed_pipe_is_quiet():
    done = subprocess.run(
        f"{sys.executable} -m mapeq cluster {EMAIL} -q | head -n 1", shell=True, capture_output=True, check=True
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_full_device_is_one_clear_line():
    for arguments in (f"cluster {JAZZ} -q", f"evaluate {JAZZ} <({sys.executable} -m mapeq cluster {JAZZ} -q)"):
        command = f"{sys.executable} -m mapeq {arguments} > /dev/full"
        done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
        assert refused(done, "standard output", "No space left")


def test_a_terminal_shows_progress_in_one_line(tmp_path):
    master, slave = pty.openpty()
    with open(tmp_path / "labels", "w") as labels:
        process = subprocess.Popen([sys.executable, "-m", "mapeq", "cluster", JAZZ], stdout=labels, stderr=slave)
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(master)
    assert process.wait() == 0
    assert re.search(rb"\rpass 1: \d+ modules, \d\.\d+ bits per step", shown)
    assert b"198 nodes" in shown.rsplit(b"\r ", 1)[-1]


def large_network(path):
    """A network on which a search with many trials takes long."""
    graph = nx.gnp_random_graph(4000, 0.01, seed=3)
    path.write_text("".join(f"{u} {v}\n" for u, v in graph.edges()))


@pytest.mark.parametrize(("output", "flags"), [("labels.tsv", []), (None, []), ("labels.tsv", ["--multilevel"])])
def test_ctrl_c_keeps_the_best_result_so_far(output, flags, tmp_path):
    network = tmp_path / "net.txt"
    large_network(network)
    command = [sys.executable, "-m", "mapeq", "cluster", str(network), "-N", "100000", *flags]
    if output:
        command += ["-o", str(tmp_path / output)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    time.sleep(8)  # in the midst of the search, kernels being compiled by then or not
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    written = (tmp_path / output).read_bytes().partition(b"\n")[2] if output else stdout
    if b"nothing written" not in stderr:
        assert b"interrupted" in stderr
        assert written.count(b"\n") == 4000


def test_ctrl_c_while_reading_writes_nothing(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "mapeq", "cluster", "-", "-o", str(tmp_path / "out.clu")],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"1 2\n")
    process.stdin.flush()
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.decode().strip().endswith("mapeq: interrupted, nothing written")
    assert os.listdir(tmp_path) == []

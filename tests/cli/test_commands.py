"""Clustering and measuring from the command line: what goes in, what comes out, what is refused."""

import gzip
import json
import os
import signal
import threading
import time
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from command import EMAIL, JAZZ, POWER, ROOT, refused, run
from drawings import drawn_share

import mapeq
from mapeq.cli.parser import main
from mapeq.optimizer.two_level import TwoLevelOptimizer


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
        assert b"there is no column 'cuont' for the weights; the columns are 'day', 'u', 'v', 'count'" in done.stderr


def test_self_links_and_initial_partitions(tmp_path):
    (tmp_path / "net.txt").write_text("a b 1\nb c 1\nc a 1\nc d 1\nd e 1\ne f 1\nf d 1\na a 5\n")
    (tmp_path / "start.csv").write_text("a,1\nb,1\nc,1\nd,2\ne,2\nf,2\n")
    with_loop = run("evaluate", "net.txt", "start.csv", cwd=tmp_path).stdout.decode()
    without = run("evaluate", "net.txt", "start.csv", "--no-self-links", cwd=tmp_path).stdout.decode()
    assert "= 2.32073035683 bits" in without
    assert "= 2.32073035683 bits" not in with_loop
    done = run("cluster", "net.txt", "-c", "start.csv", "--no-self-links", "-q", cwd=tmp_path)
    assert done.stdout.decode().split() == ["a", "1", "b", "1", "c", "1", "d", "2", "e", "2", "f", "2"]


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
    assert refused(run("evaluate", "net.txt", "mixed.tree", cwd=tmp_path), "mixed.tree, line 3", "contains modules")


def test_a_level_of_clu_that_does_not_exist_is_an_error(tmp_path):
    for level in ("-1", "1"):
        done = run("cluster", JAZZ, "-q", "-o", "out.clu", "-o", "out.tree", "--clu-level", level, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert mapeq.evaluate(JAZZ, tmp_path / "out.clu").modules() == mapeq.infomap(JAZZ).modules()
    for level in ("0", "-2", "2", "9"):
        done = run("cluster", JAZZ, "-o", "no.clu", "-o", "no.tree", f"--clu-level={level}", cwd=tmp_path)
        assert refused(done, "--clu-level", level)
    assert sorted(os.listdir(tmp_path)) == ["out.clu", "out.tree"]


def test_what_does_not_depend_on_a_level_that_does_not_exist_is_written(tmp_path):
    command = ("cluster", POWER, "-q", "--multilevel", "--clu-level", "9", "-o", "no.clu", "-o", "out.tree")
    assert refused(run(*command, cwd=tmp_path), "--clu-level must be from 1 (the top modules) to ", "not 9")
    assert os.listdir(tmp_path) == ["out.tree"]


def test_evaluate_reads_the_partition_from_standard_input(tmp_path):
    modules = run("cluster", JAZZ, "-q").stdout
    done = run("evaluate", JAZZ, "-", stdin=modules)
    assert f"{mapeq.infomap(JAZZ).codelength:.12g}" in done.stdout.decode()
    assert refused(
        run("evaluate", "-", "-", stdin=b"1 2\n"), "only one of the network, the partition, the names and the metadata"
    )
    assert refused(run("cluster", "-", "--names", "-", stdin=b"1 2\n"), "can be standard input")
    assert refused(
        run("cluster", "-", "-c", "-", stdin=b"1 2\n"),
        "only one of the network, the partition, the names and the metadata",
    )


NETWORKS = {
    "one field": (b"1 2\n3\n", "line 2", "'3'"),
    "weight no number": (b"# comment\n1 2 x\n", "line 2", "'1 2 x'"),
    "negative weight": (b"1 2 -1\n", "line 1", "'1 2 -1'"),
    "NaN weight": (b"1 2 nan\n", "line 1"),
    "infinite weight": (b"1 2 inf\n", "line 1"),
    "empty": (b"", "contains no links"),
    "only comments": (b"# nothing\n\n", "contains no links"),
    "binary": (b"1 2\n\x00\x01\x02", "not a UTF-8 text file"),
    "not UTF-8": (b"caf\xe9 bar\n", "not a UTF-8 text file", "line 1"),
    "truncated gzip": (gzip.compress(b"1 2\n" * 10000)[:-20], "truncated"),
    "unknown Pajek section": (b"*Vertices 2\n1 a\n2 b\n*Partition\n0 1\n", "line 4", "*Partition"),
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
    meant = f"no such file; did you mean {JAZZ!r}?"
    assert refused(run("cluster", JAZZ.replace("jazz", "jaz")), meant)
    assert refused(run("cluster", JAZZ.removesuffix(".gz")), meant)
    assert refused(run("cluster", tmp_path / "no" / "net.txt"), "there is no directory")
    assert refused(run("cluster", ROOT / "docs" / "communities.png"), "it is an image (PNG)")
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


def test_ctrl_c_in_the_first_pass_writes_nothing(tmp_path, monkeypatch):
    first_pass = TwoLevelOptimizer._first_pass

    def interrupted(self, network):
        time.sleep(0.2)  # until the main thread waits for the search
        if sent.acquire(blocking=False):  # by the first trial alone
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        while not self.stopped():
            time.sleep(0.001)
        return first_pass(self, network)

    monkeypatch.setattr(TwoLevelOptimizer, "_first_pass", interrupted)
    for options in ((), ("--multilevel", "-N", "3"), ("--markov-time", "auto")):
        sent = threading.Lock()
        done = run("cluster", JAZZ, "-o", "out.tree", *options, cwd=tmp_path)
        assert done == (130, b"", b"mapeq: interrupted, nothing was found yet, nothing written\n")
    assert os.listdir(tmp_path) == []


def test_the_last_lines_say_how_the_search_ended(tmp_path):
    def shown(*options):
        done = run("cluster", POWER, "-o", "out.json", *options, cwd=tmp_path)
        assert done.returncode == 0
        return done.stderr.decode(), json.loads((tmp_path / "out.json").read_text())

    text, found = shown("-N", "2")
    assert "; the last one still helped: try more\n" in text
    assert "\ndone: " in text
    assert (found["stopped_by"], found["more_trials_help"], found["converged"]) == (None, True, False)
    text, found = shown()
    assert "trial" not in text
    assert "\ndone: " in text
    assert (found["stopped_by"], found["more_trials_help"], found["converged"]) == (None, None, True)
    text, found = shown("-N", "50", "--time-limit", "0")
    assert "\nstopped at the time limit: " in text
    assert (found["stopped_by"], found["more_trials_help"], found["converged"]) == ("time limit", None, False)


def test_a_format_for_standard_output():
    given = b"a b\nb c\nc a\nc d\nd e\ne f\nf d\n"
    table = run("cluster", "-", "-q", "-o", "-", "--format", "csv", stdin=given)
    assert table.stdout.splitlines()[:2] == [b"node,module,flow", b"a,1,0.14285714285714285"]
    assert run("cluster", "-", "-q", "--format", "csv", stdin=given) == table
    found = json.loads(run("cluster", "-", "-q", "--format", "json", stdin=given).stdout)
    assert [node["module"] for node in found["nodes"]] == [1, 1, 1, 2, 2, 2]
    assert run("cluster", "-", "-q", "-o", "-", stdin=given) == run("cluster", "-", "-q", stdin=given)
    assert run("cluster", "-", "-q", "--format", "parquet", stdin=given).stdout.startswith(b"PAR1")
    assert refused(run("cluster", "-", "--format", "dot", stdin=given), "--format must be one of clu, tree")
    assert refused(run("cluster", "-", "-o", "x.csv.zip", stdin=given), "written as .gz, .bz2, .xz")


def test_a_format_overrides_the_suffix(tmp_path):
    run("cluster", JAZZ, "-q", "-o", tmp_path / "modules.txt", "--format", "tree")
    assert mapeq.evaluate(JAZZ, tmp_path / "modules.txt").modules() == mapeq.infomap(JAZZ).modules()


def test_a_partition_in_json_is_measured_as_it_was_found(tmp_path):
    run("cluster", JAZZ, "-q", "-o", tmp_path / "jazz.json", "--markov-time", "0.8")
    done = run("evaluate", JAZZ, tmp_path / "jazz.json")
    expected = mapeq.infomap(JAZZ, markov_time=0.8)
    assert f"= {expected.codelength:.12g} bits per step" in done.stdout.decode()
    assert b"jazz.json was found: markov time 0.8" in done.stdout
    text = (tmp_path / "jazz.json").read_bytes()
    assert run("evaluate", JAZZ, "-", stdin=text).stdout.splitlines()[2:] == done.stdout.splitlines()[2:]


def test_the_input_is_never_overwritten(tmp_path):
    links, text = tmp_path / "links.txt", "a b\nb c\nc a\n"
    links.write_text(text)
    (tmp_path / "same.csv").symlink_to(links)
    for output in (links, tmp_path / "same.csv", tmp_path / "." / "links.txt"):
        for command in (["cluster", links, "-o", output, "--format", "csv"], ["convert", links, output]):
            assert refused(run(*command), "is the input; name another output file")
    assert links.read_text() == text


def test_an_output_named_twice_is_refused(tmp_path):
    for command, output in (("cluster", "-"), ("cluster", "x.csv"), ("plot", "x.png")):
        done = run(command, JAZZ, "-o", output, "-o", output, cwd=tmp_path)
        assert refused(done, f"mapeq: {output}: this output is named twice")
    assert os.listdir(tmp_path) == []


def test_labels_with_commas_are_in_quotes_in_the_summary():
    done = run("cluster", "-", stdin=b'"a,b" c\nc "d e"\n"d e" "a,b"\n')
    assert b'  "a,b", c, d e\n' in done.stderr


def test_a_least_size_of_modules_says_what_it_costs(tmp_path):
    done = run("cluster", POWER, "--min-module-size", "5", "-o", tmp_path / "modules.csv")
    result = mapeq.infomap(POWER, min_module_size=5)
    assert done.returncode == 0
    assert f"modules of at least 5 nodes cost {result.min_size_cost:.6f} bits per step\n" in done.stderr.decode()
    labels = [line.split(",")[1] for line in (tmp_path / "modules.csv").read_text().splitlines()[1:]]
    assert labels == [str(module) for module in result.modules().values()]
    assert refused(
        run("cluster", POWER, "--min-module-size", "0"), "--min-module-size must be a whole number, 1 or more"
    )


def test_strengths_in_tables(tmp_path):
    done = run("cluster", POWER, "--strength", "-q", "-o", tmp_path / "command.csv")
    assert (done.returncode, done.stderr) == (0, b"")
    mapeq.infomap(POWER).write(tmp_path / "python.csv", strength=True)
    assert (tmp_path / "command.csv").read_bytes() == (tmp_path / "python.csv").read_bytes()
    only = "--strength must be omitted, because only .csv, .tsv and .parquet files have it"
    assert refused(run("cluster", POWER, "--strength"), f"-: {only}")
    assert refused(run("cluster", POWER, "--strength", "-o", tmp_path / "x.tree"), f"x.tree: {only}")
    assert refused(
        run("cluster", POWER, "--strength", "--hide-secondary", "-o", tmp_path / "x.csv"),
        "--strength must be omitted with --hide-secondary, which leaves no links to measure it by",
    )


def test_a_picture_of_modules_of_a_least_size(tmp_path):
    done = run("plot", POWER, "--min-module-size", "5", "-o", tmp_path / "modules.svg")
    assert done.returncode == 0
    assert b"modules of at least 5 nodes cost" in done.stderr


def test_paths_and_layers(tmp_path):
    (tmp_path / "trips.paths").write_text("a hub b hub a hub\nx hub y hub x hub\n")
    done = run("cluster", tmp_path / "trips.paths")
    assert b"8 states of 5 physical nodes, 8 links, directed" in done.stderr
    assert b"  hub, a, b\n" in done.stderr
    assert done.stdout.splitlines()[0] == b"a > hub\t1"
    (tmp_path / "trips.txt").write_text("a hub b hub a hub\nx hub y hub x hub\n")
    assert run("cluster", tmp_path / "trips.txt", "--order", "2").stdout == done.stdout
    assert len(run("cluster", tmp_path / "trips.txt", "--order", "1").stdout.splitlines()) == 5
    assert refused(run("cluster", tmp_path / "trips.txt", "--order", "0"), "--order must be a whole number, 1 or more")
    assert refused(run("cluster", tmp_path / "trips.paths", "-u"), "paths have a direction; they make no undirected n")
    (tmp_path / "layers.net").write_text("*Intra\n1 1 2\n1 2 3\n1 1 3\n2 1 4\n2 4 5\n2 1 5\n")
    layers = {1: [(1, 2), (2, 3), (1, 3)], 2: [(1, 4), (4, 5), (1, 5)]}
    for flags, options in (
        ([], {}),
        (["--multilayer-relax-rate", "0.4"], {"relax_rate": 0.4}),
        (["--relax", "jsd", "--relax-limit", "0"], {"relax": "jsd", "limit": 0}),
        (["--relax", "self"], {"relax": "self"}),
        (["--relax-limit", "0:1"], {"limit": (0, 1)}),
        (["--relax-limit", "1:"], {"limit": (1, None)}),
        (["--multilayer-relax-to-self"], {"relax": "self"}),
        (["--multilayer-relax-by-jsd"], {"relax": "jsd-infomap"}),
    ):
        expected = mapeq.infomap(mapeq.Network.from_layers(layers, **options))
        done = run("cluster", tmp_path / "layers.net", *flags)
        assert f"{expected.codelength:.6f} bits per step".encode() in done.stderr
    assert refused(run("cluster", tmp_path / "layers.net", "--relax-rate", "2"), "--relax-rate must be a number from 0")


def test_contacts(tmp_path):
    rows = [("2024-05-31T08:00", "ann", "bob"), ("2024-05-31T09:00", "bob", "cid"), ("2024-05-31T18:00", "ann", "dan")]
    path = tmp_path / "contacts.csv"
    path.write_text("when,source,target\n" + "".join(f"{','.join(row)}\n" for row in rows))
    flags = ("--window", "12h", "--time", "1", "-o", tmp_path / "modules.csv")
    for more, options in (((), {}), (("--relax", "neighbors", "--directed"), {"relax": "neighbors", "directed": True})):
        expected = mapeq.infomap(mapeq.Network.from_contacts(rows, window="12h", **options))
        done = run("cluster", path, *flags, *more)
        assert f"{expected.codelength:.6f} bits per step".encode() in done.stderr
        assert (tmp_path / "modules.csv").read_text().splitlines()[-1].endswith(",dan,2024-05-31T12:00")
    for more, options in (
        (("--num-windows", "2"), {"num_windows": 2}),
        (
            ("--window", "12h", "--origin", "2024-05-31T07:00"),
            {"window": "12h", "origin": "2024-05-31T07:00"},
        ),
    ):
        expected = mapeq.Network.from_contacts(rows, **options).states.layers
        assert run("cluster", path, "--time", "1", *more, *flags[4:]).returncode == 0
        text = (tmp_path / "modules.csv").read_text()
        assert {line.split(",")[-1] for line in text.splitlines()[1:]} == set(map(str, expected))
    assert run("plot", path, *flags[:4], "--kind", "layers", "-o", tmp_path / "layers.png").returncode == 0
    assert drawn_share(tmp_path / "layers.png") > 0.3
    for wrong, message in (
        (("--window", "12", "--time", "when"), "--window must be a duration, such as '20min', '1h', '1D' or a timedel"),
        (
            ("--window", "12h"),
            "contacts.csv: the columns are 'when', 'source', 'target': call the one that holds the t",
        ),
        (("--time", "1"), "contacts.csv: column 1 has no use without window, the length of windows (--window on the c"),
        (("--window", "12h", "--order", "2"), "--order must be omitted with windows: contacts have a time and two no"),
        (("--window", "1h", "--input-format", "gml"), "--window must be omitted with the format gml, which holds no c"),
        (
            ("--window", "1h", "--num-windows", "2"),
            "--window must be omitted with --num-windows, which have equal lengt",
        ),
        (
            ("--num-windows", "2", "--origin", "0"),
            "--origin must be omitted with --num-windows, which begin at the fir",
        ),
        (("--num-windows", "0"), "--num-windows must be a whole number, 1 or more, not 0"),
        (("--origin", "2024-05-31"), "--window must be a length of time, unless --num-windows is given, not None"),
        (
            ("--window", "1h", "--time", "1", "--origin", "9"),
            "--origin must be a date, as the times are dates, not '9'",
        ),
        (("--window", "1h", "--time", "7"), "contacts.csv: there is no column 7 for the times; the columns are 'when'"),
    ):
        assert refused(run("cluster", path, *wrong), message)

"""``mapeq stability``."""

import csv
import json
import subprocess
import sys

import networkx as nx
import pyarrow.parquet
import pytest
from command import JAZZ, refused, run
from drawings import Drawing, drawn_share

import mapeq
from mapeq.cli.commands import COMMANDS
from mapeq.cli.parser import parser

FEW = ["-N", "4", "--resample", "links", "--num-resamples", "3", "--fraction", "0.2", "-s", "7"]


@pytest.fixture(scope="module")
def found():
    return mapeq.stability(JAZZ, num_trials=4, resample="links", num_resamples=3, fraction=0.2, seed=7)


def test_it_prints_the_table(found):
    done = run("stability", JAZZ, *FEW)
    assert (done.returncode, done.stderr) == (0, b"")
    heading = f"{JAZZ}: 198 nodes, 2,742 links, undirected\n{found.described()}\n"
    assert done.stdout.decode() == f"{heading}{found}\n"


def test_it_writes_tables_and_pictures(found, tmp_path):
    outputs = [tmp_path / f"stability.{suffix}" for suffix in ("csv", "tsv.gz", "json", "parquet", "png", "svg")]
    done = run("stability", JAZZ, *FEW, "-q", *(part for path in outputs for part in ("-o", path)))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    with outputs[0].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["over_resamples"]) for row in rows] == found.over_resamples.tolist()
    assert json.loads(outputs[2].read_text()) == found.summary()
    assert pyarrow.parquet.read_table(outputs[3]).to_pydict() == found.columns()
    assert drawn_share(outputs[4]) > 0.01
    assert any(text.startswith("jazz.txt.gz: ") for text in Drawing(outputs[5]).texts)


def test_it_takes_the_options_of_the_walk_of_the_levels_and_of_the_confidence():
    options = ["--markov-time", "0.8", "--multilevel", "--level", "-1", "--confidence", "0.5", "-N", "3"]
    expected = mapeq.stability(JAZZ, markov_time=0.8, multilevel=True, level=-1, confidence=0.5, num_trials=3)
    assert run("stability", JAZZ, *options).stdout.decode().endswith(f"{expected.described()}\n{expected}\n")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-N", "1"], ["--num-trials must be a whole number, 2 or more, not 1"]),
        (["--resample", "weights"], ['--resample must be None, "links" or "nodes", not \'weights\'']),
        (["--fraction", "0.2"], ["--fraction must be omitted without --resample, not 0.2"]),
        (["--num-resamples", "2"], ["--num-resamples must be omitted without --resample, not 2"]),
        (["--resample", "nodes", "--fraction", "1"], ["--fraction must be a number above 0 and below 1"]),
        (["--confidence", "0"], ["--confidence must be a number above 0, at most 1, not 0.0"]),
        (["--level", "2"], ["--level must be 1 for the top modules or -1 for the finest, not 2"]),
        (["--level", "-1"], ["--level must be 1 without --multilevel, not -1"]),
        (["-o", "stability.tree"], ["stability.tree: the suffix selects the format", ".csv", ".parquet", ".png"]),
        (["-o", "a.csv", "-o", "a.csv"], ["a.csv: this output is named twice"]),
    ],
)
def test_bad_options(arguments, parts, tmp_path):
    assert refused(run("stability", JAZZ, *arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []


#: The command, with Ctrl-C after three searches.
INTERRUPTED = """
import os, signal, sys
from mapeq import robustness
from mapeq.cli.parser import main

in_order = robustness._in_order

def interrupted(jobs):
    for number, end in enumerate(in_order(jobs), 1):
        yield end
        if number == 3:
            os.kill(os.getpid(), signal.SIGINT)

robustness._in_order = interrupted
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_keeps_what_is_complete(tmp_path):
    graph = nx.gnp_random_graph(1000, 0.02, seed=3)
    (tmp_path / "net.txt").write_text("".join(f"{u} {v}\n" for u, v in graph.edges()))
    command = [sys.executable, "-c", INTERRUPTED, "stability", "net.txt", "-N", "100000", "-o", "found.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 130
    assert b"3 trials, stopped by interrupt" in done.stdout
    assert done.stderr.endswith(b"mapeq: interrupted, after the searches that are shown, found.json written\n")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["num_trials"] == len(found["codelengths"]) == 3


def test_all_commands_of_the_parser_are_there():
    (commands,) = (action.choices for action in parser()._actions if action.dest == "command")
    assert set(commands) == set(COMMANDS)

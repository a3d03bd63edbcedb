"""``mapeq profile``."""

import csv
import json

import pytest
from command import JAZZ, refused, run
from drawings import Drawing, drawn_share, pages

import mapeq


def test_it_prints_the_table():
    done = run("profile", JAZZ)
    profile = mapeq.resolution_profile(JAZZ)
    assert done.returncode == 0
    assert done.stdout.decode() == f"{JAZZ}: 198 nodes, 2,742 links, undirected\n{profile}\n"
    assert done.stderr == b""
    assert len(profile.plateaus) == 1


def test_it_writes_tables(tmp_path):
    outputs = [tmp_path / f"profile.{suffix}" for suffix in ("csv", "tsv", "json", "csv.gz")]
    arguments = [part for path in outputs for part in ("-o", path)]
    times = ["-t", "2", "0.5", "1"]
    done = run("profile", JAZZ, *times, "--threshold", "0.5", "-N", "2", "-s", "3", "-q", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    profile = mapeq.resolution_profile(JAZZ, [0.5, 1, 2], threshold=0.5, num_trials=2, seed=3)
    with outputs[0].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["markov_time"]) for row in rows] == [0.5, 1, 2]
    assert [int(row["num_modules"]) for row in rows] == profile.num_modules.tolist()
    assert [float(row["codelength"]) for row in rows] == profile.codelengths.tolist()
    assert rows[-1]["agreement"] == ""
    assert outputs[1].read_text() == outputs[0].read_text().replace(",", "\t")
    assert json.loads(outputs[2].read_text()) == profile.summary()


def test_it_draws(tmp_path):
    outputs = [tmp_path / f"profile.{suffix}" for suffix in ("png", "svg", "pdf")]
    assert run("profile", JAZZ, "-q", *(part for path in outputs for part in ("-o", path))).returncode == 0
    drawing = Drawing(outputs[1])
    number = len(mapeq.resolution_profile(JAZZ).markov_times)
    assert f"jazz.txt.gz: 1 plateau over {number} Markov times" in drawing.texts
    assert {"Markov time", "number of modules", "3"} <= set(drawing.texts)
    assert drawing.shapes["modules"] >= number
    assert 0.02 < drawn_share(outputs[0]) < 0.9
    assert pages(outputs[2]) == 1


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-t", "0"], ["--markov-times must be numbers above 0, at least one, not 0"]),
        (["--threshold", "2"], ["--threshold must be a number from 0 to 1, not 2.0"]),
        (["-o", "profile.tree"], ["profile.tree: the suffix selects the format", ".csv", ".png"]),
        (["-o", "nowhere/profile.csv"], ["there is no directory 'nowhere'"]),
        (["-o", "a.csv", "-o", "a.csv"], ["a.csv: this output is named twice"]),
        (["-N", "0"], ["--num-trials"]),
    ],
)
def test_bad_options(arguments, parts, tmp_path):
    assert refused(run("profile", JAZZ, *arguments, cwd=tmp_path), *parts)
    assert list(tmp_path.iterdir()) == []

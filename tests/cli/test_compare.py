"""``mapeq compare``."""

import json

import pytest
from command import JAZZ, refused, run
from drawings import Drawing, drawn_share, pages

import mapeq


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    for name, time in (("short", 0.8), ("one", 1), ("long", 1.5)):
        mapeq.infomap(JAZZ, markov_time=time).write(folder / f"{name}.tree")
    (folder / "few.csv").write_text("node,module\n0,1\n1,1\n2,2\n")
    return folder


def test_it_prints_a_table(files):
    done = run("compare", "short.tree", "one.tree", cwd=files)
    assert (done.returncode, done.stderr) == (0, b"")
    expected = mapeq.compare(files / "short.tree", files / "one.tree")
    assert done.stdout.decode() == f"short.tree -> one.tree\n{expected}\n"
    assert "flow divergence" not in str(expected)


def test_it_takes_a_network_and_prints_json(files):
    done = run("compare", "short.tree", "one.tree", "long.tree", "--network", JAZZ, "--json", cwd=files)
    first, second = json.loads(done.stdout)
    expected = mapeq.compare(files / "short.tree", files / "one.tree", network=JAZZ)
    assert first == {"one": "short.tree", "other": "one.tree"} | json.loads(json.dumps(expected.summary()))
    assert (second["one"], second["other"]) == ("one.tree", "long.tree")
    assert second["flow_divergence"] > 0


def test_it_draws(files, tmp_path):
    outputs = [tmp_path / f"change.{suffix}" for suffix in ("png", "svg", "pdf")]
    done = run(
        "compare", "short.tree", "one.tree", "long.tree", "-q", *(p for o in outputs for p in ("-o", o)), cwd=files
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert {"short.tree", "one.tree", "long.tree"} <= set(Drawing(outputs[1]).texts)
    assert 0.2 < drawn_share(outputs[0]) < 0.9
    assert pages(outputs[2]) == 1


def test_common_nodes_and_errors(files):
    done = run("compare", "one.tree", "few.csv", cwd=files)
    assert refused(done, "195 of 198 nodes have no module, such as 135; --common compares the nodes that they share")
    done = run("compare", "one.tree", "few.csv", "--common", cwd=files)
    assert done.stdout.decode().startswith("one.tree -> few.csv\n3 nodes in ")
    assert refused(run("compare", "one.tree", cwd=files), "one.tree: name another partition to compare it with")
    assert refused(run("compare", "one.tree", "few.csv", "-o", "x.tree", cwd=files), "x.tree: the suffix selects")
    assert refused(run("compare", "one.tree", "long.tree", "--level", "3", cwd=files), "--level must be 1")
    assert refused(run("compare", "-", "-", cwd=files), "only one of")


def test_layers_as_columns(tmp_path):
    contacts = [(time, u, v) for time in (0, 1) for u, v in (("ab", "bc", "ca") if time else ("ab", "bc", "cd"))]
    (tmp_path / "contacts.csv").write_text("time,source,target\n" + "".join(f"{t},{u},{v}\n" for t, u, v in contacts))
    done = run("plot", "contacts.csv", "--window", "1", "--kind", "alluvial", "-q", "-o", "out.svg", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert {"0", "1"} <= set(Drawing(tmp_path / "out.svg").texts)

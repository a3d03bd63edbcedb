"""Every example runs and shows what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawings import drawn_share, pixels

ROOT = Path(__file__).parents[2]


def shown_by(example, cwd, *arguments):
    path = ROOT / "examples" / example
    command = ["bash" if path.suffix == ".sh" else sys.executable, str(path), *arguments]
    scripts = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": scripts}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def check_networkx_graph(tmp_path):
    shown = shown_by("networkx_graph.py", tmp_path)
    assert "Valjean" in shown
    ours, theirs = (float(bits) for bits in re.findall(r"([\d.]+) bits per step", shown))
    assert ours < theirs


def check_edge_list(tmp_path):
    shown = shown_by("edge_list.sh", tmp_path)
    assert "986 nodes, 24,929 links, directed" in shown
    assert len(set(re.findall(r"= ([\d.]+) bits per step", shown))) == 1
    assert os.listdir(tmp_path) == []


def check_embeddings(tmp_path):
    agreement = re.search(r"AMI ([\d.]+)", shown_by("embeddings.py", tmp_path))
    assert float(agreement[1]) > 0.85


def check_word_clusters(tmp_path):
    shown = shown_by("word_clusters.py", tmp_path)
    clusters = [set(line.replace(",", "").split()) for line in shown.splitlines()]
    for words in ({"graph", "nodes", "edges"}, {"spline", "knots"}, {"sparse", "matrix", "csr"}):
        assert any(words <= cluster for cluster in clusters), words


def check_demo(tmp_path):
    shown = shown_by("demo.py", tmp_path)
    assert "largest departments" in shown
    assert "986 people, 24,929 links." in shown
    assert [int(line.split()[0]) for line in shown.splitlines() if re.match(r" +\d", line)] == list(range(1, 13))
    modules = re.search(r"with these (\d+):", shown)[1]
    assert pixels(tmp_path / "out" / "communities.png").shape == (800, 800, 3)
    assert drawn_share(tmp_path / "out" / "communities.png") > 0.2
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"<dt>modules</dt><dd>{modules}</dd>" in re.sub(r"\s*\n\s*", "", page)
    assert "/out/" in (ROOT / ".gitignore").read_text().split()


def check_pictures(tmp_path):
    shown_by("pictures.py", tmp_path, str(tmp_path))
    written = sorted(path.name for path in tmp_path.iterdir())
    names = ["codelength", "communities", "communities-dark", "hierarchy", "modules-of-pgp", "positions", "profile"]
    assert written == sorted(f"{name}.png" for name in [*names, "submodules"])
    for name in written:
        drawn, shown = pixels(tmp_path / name).astype(float), pixels(ROOT / "docs" / name).astype(float)
        assert drawn.shape == shown.shape
        assert np.abs(drawn - shown).mean() < 3, f"docs/{name} is not what examples/pictures.py draws"


def check_alluvial_diagram(tmp_path):
    shown = shown_by("alluvial_diagram.py", tmp_path)
    modules = [int(number) for number in re.findall(r"(\d+) modules of 198 nodes", shown)]
    assert modules == sorted(modules, reverse=True)
    assert len(set(modules)) == 3
    assert len(re.findall(r"^  \d+ musicians from module \d+ to module \d+, \d", shown, re.MULTILINE)) >= 3
    assert drawn_share(tmp_path / "out" / "alluvial.png") > 0.2


def check_bipartite(tmp_path):
    shown = shown_by("bipartite.py", tmp_path)
    assert "7 modules of 32 nodes" in shown
    assert re.search(r"^2: Flora Price, .*; at E9, E10, E11, E12, E13, E14$", shown, re.MULTILINE)


def check_sparse_sample(tmp_path):
    shown = shown_by("sparse_sample.py", tmp_path)
    numbers = [[int(n) for n in re.findall(r"(\d+), ", line)] for line in shown.splitlines()[1:]]
    assert len(numbers) == 4
    assert numbers[-1][0] > 50 > 20 > numbers[0][1] > 10
    assert numbers[-1][1] == 1


def check_metadata(tmp_path):
    shown = shown_by("metadata.py", tmp_path).splitlines()
    rows = [list(map(float, line.split())) for line in shown[1:5]]
    rates, modules, agreement, walk, _ = zip(*rows, strict=True)
    assert rates == (0, 0.1, 0.3, 1)
    assert list(modules) == sorted(modules)
    assert list(agreement) == sorted(agreement)
    assert agreement[0] > 0.6
    assert agreement[-1] > 0.85
    assert list(walk) == sorted(walk)
    assert re.fullmatch(r"module 1: \d+ people of departments? [\d ]+", shown[5])


def check_memory(tmp_path):
    shown = shown_by("memory.py", tmp_path)
    assert "order 2 is enough for the paths that were held out" in shown
    assert "module 1: Alta, Bari, Bergen, Oslo, Palermo, Pisa, Rome, Tromso, hub" in shown
    for towns in ("Alta, Bergen, Oslo, Tromso, hub", "Bari, Palermo, Pisa, Rome, hub"):
        assert re.search(rf"^  module \d: {towns}$", shown, re.MULTILINE)
    assert re.search(r"the hub: 5\d% in module 1, 4\d% in module 2", shown)


def check_layers(tmp_path):
    shown = shown_by("layers.py", tmp_path)
    assert "3 modules of 26 nodes" in shown
    assert "module 2: Castellani, Peruzzi, Bischeri, Guadagni, Lamberteschi" in shown
    assert re.search(r"^Ginori is in module 1 \(\d+%\) and module 3 \(\d+%\)$", shown, re.MULTILINE)


def check_temporal(tmp_path):
    shown = shown_by("temporal.py", tmp_path)
    assert "13 modules of 384 nodes" in shown
    lesson = ", ".join(f"12 pupils in module {number}" for number in (1, 2, 3, 4))
    assert [hour for hour in range(8, 16) if f"T{hour:02}:00: {lesson}\n" in shown] == [8, 9, 11, 12]
    assert re.search(r"^A1 over the day: (\d+) \1 (\d+) \1 \1 \2 (\d+) \3$", shown, re.MULTILINE)
    assert drawn_share(tmp_path / "out" / "temporal.png") > 0.8


def check_overlap(tmp_path):
    shown = shown_by("overlap.py", tmp_path)
    assert "10 modules; by links, 21 characters more are in them:" in shown
    assert "module 1: 18 characters, also Child1, Child2, Marius" in shown
    assert re.search(r"^  Marius: 6\d% in module 2, 3\d% in module 1$", shown, re.MULTILINE)
    assert pixels(tmp_path / "out" / "overlap.png").shape == (560, 1120, 3)
    assert drawn_share(tmp_path / "out" / "overlap.png") > 0.2


def check_stability(tmp_path):
    shown = shown_by("stability.py", tmp_path)
    areas = [float(area) for area in re.findall(r"AUC ([\d.]+)", shown)]
    assert len(areas) == 4
    assert min(areas[:3]) > 0.95  # planted
    assert areas[3] > 0.8  # departments
    assert shown.count("nothing to rank") == 5
    assert "E-mails and departments: 24 modules" in shown
    assert pixels(tmp_path / "out" / "stability.png").shape == (368, 880, 3)
    assert drawn_share(tmp_path / "out" / "stability.png") > 0.02


#: What each file in examples/ has to show.
CHECKS = {
    "stability.py": check_stability,
    "layers.py": check_layers,
    "temporal.py": check_temporal,
    "overlap.py": check_overlap,
    "memory.py": check_memory,
    "bipartite.py": check_bipartite,
    "metadata.py": check_metadata,
    "sparse_sample.py": check_sparse_sample,
    "alluvial_diagram.py": check_alluvial_diagram,
    "demo.py": check_demo,
    "edge_list.sh": check_edge_list,
    "embeddings.py": check_embeddings,
    "networkx_graph.py": check_networkx_graph,
    "pictures.py": check_pictures,
    "word_clusters.py": check_word_clusters,
}


#: tests/spark runs these.
ON_SPARK = {"spark_submit.py"}

SCRIPTS = sorted({path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".sh")} - ON_SPARK)


@pytest.mark.parametrize("example", SCRIPTS)
def test_every_example_shows_what_it_promises(example, tmp_path):
    CHECKS[example](tmp_path)

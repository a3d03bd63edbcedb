"""Real networks: the search against the codelengths that infomap 2.16.0 reached (seed 1, one thread)."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

import mapeq

NETWORKS = Path(__file__).parents[2] / "examples" / "data"
ANCHORS = list(
    csv.DictReader((Path(__file__).parents[1] / "data" / "infomap-2.16-codelengths.csv").read_text().splitlines())
)


every_anchor = pytest.mark.parametrize("anchor", ANCHORS, ids=[anchor["graph"] for anchor in ANCHORS])


@every_anchor
def test_one_trial_is_within_half_a_percent_of_one_of_infomap(anchor, tmp_path):
    path = NETWORKS / f"{anchor['graph']}.txt.gz"
    directed = anchor["directed"] == "true"
    result = mapeq.infomap(path, directed=directed)
    assert result.codelength <= 1.005 * float(anchor["two_level_1_trial"])
    assert result.one_level_codelength == pytest.approx(float(anchor["one_level"]), abs=1e-6)
    assert result.num_links == int(anchor["links"])

    for format in ("clu", "tree"):
        result.write(tmp_path / f"ours.{format}")
        assert judged(path, tmp_path / f"ours.{format}", directed, "-2") == pytest.approx(result.codelength, abs=1e-9)


@every_anchor
def test_one_multilevel_trial_is_within_half_a_percent_of_one_of_infomap(anchor, tmp_path):
    path = NETWORKS / f"{anchor['graph']}.txt.gz"
    directed = anchor["directed"] == "true"
    result = mapeq.infomap(path, directed=directed, multilevel=True)
    assert result.codelength <= 1.005 * float(anchor["multilevel_1_trial"])
    result.write(tmp_path / "ours.tree")
    assert judged(path, tmp_path / "ours.tree", directed) == pytest.approx(result.codelength, abs=1e-9)


def judged(network, modules, directed, *flags):
    """The codelength that infomap finds for modules in a file of ours."""
    plain = modules.with_name("network.txt")
    plain.write_bytes(gzip.decompress(network.read_bytes()))
    command = [Path(sys.executable).parent / "infomap", plain, modules.parent, *flags, *(["-d"] if directed else [])]
    subprocess.run(
        [*command, "--silent", "--no-infomap", "-c", modules, "-o", "json", "--out-name", "judged"], check=True
    )
    return json.loads((modules.parent / "judged.json").read_text())["codelength"]


def test_every_network_has_an_anchor():
    assert {path.name.removesuffix(".txt.gz") for path in NETWORKS.glob("*.txt.gz")} == {
        anchor["graph"] for anchor in ANCHORS
    }

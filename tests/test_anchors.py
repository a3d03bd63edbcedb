"""Real networks: the search against the codelengths that infomap 2.16.0 reached (seed 1, one thread)."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

import mapeq

NETWORKS = Path(__file__).parent.parent / "examples" / "data"
ANCHORS = list(
    csv.DictReader((Path(__file__).parent / "data" / "infomap-2.16-codelengths.csv").read_text().splitlines())
)


@pytest.mark.parametrize("anchor", ANCHORS, ids=[anchor["graph"] for anchor in ANCHORS])
def test_one_trial_is_within_half_a_percent_of_one_of_infomap(anchor, tmp_path):
    path = NETWORKS / f"{anchor['graph']}.txt.gz"
    directed = anchor["directed"] == "true"
    result = mapeq.infomap(path, directed=directed)
    assert result.codelength <= 1.005 * float(anchor["two_level_1_trial"])
    assert result.one_level_codelength == pytest.approx(float(anchor["one_level"]), abs=1e-6)
    assert result.num_links == int(anchor["links"])

    # infomap reads our files and finds the same codelength.
    plain = tmp_path / "network.txt"
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    for format in ("clu", "tree"):
        ours = tmp_path / f"ours.{format}"
        result.write(ours)
        flags = ["--silent", "-2", "--no-infomap", "-c", ours, "-o", "json", "--out-name", "judged"]
        command = [Path(sys.executable).parent / "infomap", plain, tmp_path, *flags, *(["-d"] if directed else [])]
        subprocess.run(command, check=True)
        judged = json.loads((tmp_path / "judged.json").read_text())
        assert judged["codelength"] == pytest.approx(result.codelength, abs=1e-9)


def test_every_network_has_an_anchor():
    assert {path.name.removesuffix(".txt.gz") for path in NETWORKS.glob("*.txt.gz")} == {
        anchor["graph"] for anchor in ANCHORS
    }

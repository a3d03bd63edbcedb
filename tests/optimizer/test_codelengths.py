"""Real networks: our codelengths stay as they are, and are on average no longer than those of infomap 2.16.0."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pinned import ANCHORS, MODES, NETWORKS, SEEDS, found_codelength, is_directed, path_of, read

import mapeq

PINNED = read("codelengths.json")
REFERENCE = read("infomap-2.16-mean-of-ten.json")

#: Of these networks, which take a second or more a mode, two seeds of ten are searched for.
LARGE = {"astro-ph", "deezer-hu", "wiki-vote"}

LONG = {"deezer-hu": pytest.mark.thorough}

every_network = pytest.mark.parametrize("graph", [pytest.param(graph, marks=LONG.get(graph, ())) for graph in ANCHORS])
every_mode = pytest.mark.parametrize("mode", MODES)


@every_mode
@every_network
def test_codelengths_are_those_that_are_pinned(graph, mode):
    seeds = SEEDS[:2] if graph in LARGE else SEEDS
    found = [found_codelength(graph, mode, seed) for seed in seeds]
    assert found == pytest.approx(PINNED[graph][mode][: len(seeds)], rel=1e-9)


@every_mode
@every_network
def test_the_mean_over_ten_seeds_is_at_most_that_of_infomap(graph, mode):
    assert len(PINNED[graph][mode]) == 10
    assert np.mean(PINNED[graph][mode]) <= REFERENCE[graph][mode]


@every_mode
@every_network
def test_infomap_measures_what_we_measure(graph, mode, tmp_path):
    directed = is_directed(graph)
    result = mapeq.infomap(path_of(graph), directed=directed, multilevel=MODES[mode])
    assert result.one_level_codelength == pytest.approx(float(ANCHORS[graph]["one_level"]), abs=1e-6)
    assert result.num_links == int(ANCHORS[graph]["links"])
    for format in ("tree",) if MODES[mode] else ("clu", "tree"):
        result.write(tmp_path / f"ours.{format}")
        flags = [*(["-d"] if directed else []), *([] if MODES[mode] else ["-2"])]
        measured = measured_by_infomap(path_of(graph), tmp_path / f"ours.{format}", *flags)
        assert measured == pytest.approx(result.codelength, abs=1e-9)


def measured_by_infomap(network, modules, *flags):
    """The codelength that infomap finds for modules in a file of ours."""
    plain = modules.with_name("network.txt")
    plain.write_bytes(gzip.decompress(network.read_bytes()))
    command = [Path(sys.executable).parent / "infomap", plain, modules.parent, *flags]
    subprocess.run(
        [*command, "--silent", "--no-infomap", "-c", modules, "-o", "json", "--out-name", "measured"], check=True
    )
    return json.loads((modules.parent / "measured.json").read_text())["codelength"]


def test_every_network_has_an_anchor():
    assert {path.name.removesuffix(".txt.gz") for path in NETWORKS.glob("*.txt.gz")} == set(ANCHORS)

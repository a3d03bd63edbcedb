"""Codelengths and labels that stay as they are; ``python tests/pinned.py`` writes them anew, see data/README.md."""

import csv
import gzip
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

import mapeq

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data"
NETWORKS = ROOT / "examples" / "data"
MODES = {"two-level": False, "multilevel": True}
SEEDS = range(10)

#: What infomap 2.16.0 found with seed 1, a row for each network: links, direction, codelengths.
ANCHORS = {
    row["graph"]: row for row in csv.DictReader((DATA / "infomap-2.16-codelengths.csv").read_text().splitlines())
}


def path_of(graph):
    return NETWORKS / f"{graph}.txt.gz"


def is_directed(graph):
    return ANCHORS[graph]["directed"] == "true"


def read(name):
    """The content of a JSON file of pinned values."""
    return json.loads((DATA / name).read_text())


# Codelengths ----------------------------------------------------------------------------------


def found_codelength(graph, mode, seed):
    """The codelength that one trial finds."""
    options = {"directed": is_directed(graph), "multilevel": MODES[mode], "seed": seed}
    return mapeq.infomap(path_of(graph), **options).codelength


def codelengths():
    """By network and mode, those of seeds 0 to 9."""
    return {
        graph: {mode: [found_codelength(graph, mode, seed) for seed in SEEDS] for mode in MODES} for graph in ANCHORS
    }


def reference_codelength(graph, mode, seed):
    """What one trial of the infomap package finds, measured by :func:`mapeq.evaluate`."""
    import infomap

    im = infomap.Infomap(
        silent=True, num_trials=1, seed=seed, two_level=not MODES[mode], directed=is_directed(graph), num_threads=1
    )
    with gzip.open(path_of(graph), "rt") as lines:
        im.add_links([tuple(map(int, line.split())) for line in lines if not line.startswith("#")])
    im.run()
    with tempfile.TemporaryDirectory() as folder:
        im.write_tree(f"{folder}/found.tree")
        result = mapeq.evaluate(path_of(graph), f"{folder}/found.tree", directed=is_directed(graph))
    assert abs(result.codelength - im.codelength) < 1e-6, (graph, mode, seed, result.codelength, im.codelength)
    return result.codelength


def reference_means():
    """By network and mode, the mean over seeds 1 to 10."""
    return {
        graph: {
            mode: float(np.mean([reference_codelength(graph, mode, seed) for seed in range(1, 11)])) for mode in MODES
        }
        for graph in ANCHORS
    }


# Labels ---------------------------------------------------------------------------------------


class Planted(NamedTuple):
    """A random network of 60 planted groups of 50 nodes."""

    seed: int
    weighted: bool
    directed: bool

    def network(self):
        rng = np.random.default_rng(self.seed)
        num_nodes, size = 3000, 50
        sources = np.repeat(np.arange(num_nodes), 4)
        targets = sources // size * size + rng.integers(size, size=len(sources))
        targets = np.where(rng.random(len(sources)) < 0.3, rng.integers(num_nodes, size=len(sources)), targets)
        weights = rng.integers(1, 9, size=len(sources)).astype(float) if self.weighted else None
        return mapeq.Network.from_edges(sources, targets, weights, directed=self.directed)


class Case(NamedTuple):
    """A search of which all labels are pinned."""

    graph: str | Planted
    options: dict
    seed: int

    @property
    def name(self):
        graph = self.graph
        if isinstance(graph, Planted):
            kinds = [kind for kind in ("weighted", "directed") if getattr(graph, kind)]
            graph = " ".join(["planted", str(graph.seed), *kinds])
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        return f"{graph}({options}) seed {self.seed}"

    def found(self):
        """What is pinned of it: a digest of the labels on all levels, the codelength, the number of levels."""
        graph = self.graph.network() if isinstance(self.graph, Planted) else path_of(self.graph)
        result = mapeq.infomap(graph, **self.options, seed=self.seed)
        return {
            "labels": digest(result),
            "codelength": result.codelength,
            "num_levels": result.num_levels,
        }


def digest(result):
    """SHA-256 of the labels on all levels."""
    levels = (",".join(map(str, result.labels_at(level).tolist())) for level in range(1, result.num_levels))
    return hashlib.sha256(";".join(levels).encode()).hexdigest()[:16]


def cases():
    """Searches of all kinds: networks, directions, weights, teleportation, Markov times, levels, trials."""
    directed = {"directed": True}
    for graph in ("jazz", "celegans-metabolic", "power", "polblogs", "hep-th", "pgp", "facebook-combined"):
        yield Case(graph, {"multilevel": True}, 0)
        yield Case(graph, {"num_trials": 3}, 7)
    yield Case("astro-ph", {"multilevel": True}, 0)
    yield Case("email-eu-core", directed | {"multilevel": True}, 0)
    yield Case("wiki-vote", directed, 0)
    recorded = {"recorded_teleportation": True}
    for graph in ("email-eu-core", "polblogs"):
        yield Case(graph, directed | recorded, 3)
        yield Case(graph, directed | recorded | {"multilevel": True}, 3)
        yield Case(graph, directed | recorded | {"teleport_to": "nodes"}, 3)
        yield Case(graph, {"directed": None, "flow_model": "rawdir"}, 3)
        yield Case(graph, directed | {"teleport_to": "nodes", "multilevel": True, "num_trials": 2}, 3)
        yield Case(graph, directed | {"markov_time": 2.0}, 3)
    for graph in ("jazz", "power"):
        yield Case(graph, {"markov_time": 0.5}, 1)
        yield Case(graph, {"markov_time": 2.0, "multilevel": True}, 1)
        yield Case(graph, {"multilevel": True, "num_trials": 2}, 5)
        yield Case(graph, {"markov_time": "auto"}, 2)
    for seed, (weighted, is_directed) in enumerate([(False, False), (True, False), (False, True), (True, True)]):
        yield Case(Planted(seed, weighted, is_directed), {"multilevel": True}, 11 + seed)
        yield Case(Planted(seed, weighted, is_directed), {"num_trials": 2}, 11 + seed)


CASES = {case.name: case for case in cases()}

WRITTEN = {
    "codelengths": codelengths,
    "labels": lambda: {name: case.found() for name, case in CASES.items()},
    "infomap-2.16-mean-of-ten": reference_means,
}


def main(names):
    for name in names or ("codelengths", "labels"):
        (DATA / f"{name}.json").write_text(json.dumps(WRITTEN[name](), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

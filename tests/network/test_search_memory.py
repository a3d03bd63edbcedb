"""The estimate of the memory that a search needs, and the warning before one that needs too much."""

import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pytest

import mapeq
from mapeq import Network, estimate_memory
from mapeq._base import available, storage
from mapeq._base.csr import is_constant
from mapeq.cli.parser import main
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: What estimates are compared with: peaks of a process that has compiled all that it uses, in bytes.
MEASURE = """
import sys
import numpy as np
import mapeq
from benchmarks.large import Watch, planted

directed, weighted, multilevel = (word == "True" for word in sys.argv[1:])
links = np.concatenate([np.column_stack(piece) for piece in planted(600_000)])

def searched(links):
    weights = 1.0 + links.sum(axis=1, dtype=np.int64) % 7 if weighted else None
    network = mapeq.Network.from_edges(*links.T, weights, directed=directed)
    del weights
    mapeq.infomap(network, multilevel=multilevel, num_threads=1)
    return network

searched(links[::2])
watch = Watch()
network = searched(links)
print(watch.above(), network.num_nodes, network.num_links)
"""

KINDS = [(directed, weighted) for directed in (False, True) for weighted in (False, True)]


def ring(directed=False, weighted=False, n=1000):
    nodes = np.arange(n)
    sources, targets = np.tile(nodes, 3), np.concatenate([(nodes + step) % n for step in (1, 2, 5)])
    return Network.from_edges(sources, targets, 1.0 + sources % 3 if weighted else None, directed=directed)


def held(array):
    return array.itemsize if is_constant(array) else array.nbytes


@pytest.mark.parametrize(("directed", "weighted"), KINDS)
def test_what_a_network_and_its_flow_hold_is_known(directed, weighted):
    network = ring(directed, weighted)
    estimate = estimate_memory(1000, network.num_links, directed=directed, weighted=weighted)
    arrays = sum(map(held, (network.indptr, network.indices, network.weights)))
    assert 0 <= arrays - estimate.network <= 16
    flow = random_walk(network, WalkOptions("directed" if directed else "undirected"))
    links = sum(map(held, flow.links[:3])) if directed else 0
    assert directed or not weighted or np.shares_memory(flow.links.flow, network.weights)
    assert links + held(flow.nodes) <= estimate.flow < estimate.search
    assert estimate.total == estimate.network + estimate.search


@pytest.mark.thorough
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the system does not tell what a process uses")
@pytest.mark.parametrize("multilevel", [False, True])
@pytest.mark.parametrize(("directed", "weighted"), KINDS)
def test_estimates_are_near_what_is_measured(directed, weighted, multilevel):
    flags = map(str, (directed, weighted, multilevel))
    # Freed memory is given back, so that peaks are not those of what came before.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
    command = [sys.executable, "-c", MEASURE, *flags]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    peak, num_nodes, num_links = map(int, shown.split())
    kind = {"directed": directed, "weighted": weighted, "multilevel": multilevel}
    estimate = estimate_memory(num_nodes, num_links, **kind, num_threads=1)
    assert 0.5 < estimate.total / peak < 2


def test_more_of_anything_takes_more():
    size = 1000, 10_000
    plain = estimate_memory(*size)
    assert plain.total < estimate_memory(1000, 20_000).total
    assert plain.total < estimate_memory(2000, 10_000).total
    for flag in ("directed", "weighted", "multilevel"):
        assert plain.total < estimate_memory(*size, **{flag: True}).total
    assert estimate_memory(*size, num_trials=4, num_threads=1) == plain
    side_by_side = [estimate_memory(*size, num_trials=trials, num_threads=4).total for trials in (1, 2, 4, 9)]
    assert side_by_side[0] < side_by_side[1] < side_by_side[2] == side_by_side[3]
    assert estimate_memory(0, 0) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_nodes": -1}, "num_nodes must be a whole number, 0 or more, not -1"),
        ({"num_links": 1e6}, "num_links must be a whole number, 0 or more, not 1000000.0"),
        ({"num_trials": 0}, "num_trials must be a whole number, 1 or more, not 0"),
        ({"num_threads": 0}, "num_threads must be a whole number, 1 or more, not 0"),
        ({"weighted": "weight"}, "weighted must be True or False, not 'weight'"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        estimate_memory(**({"num_nodes": 1, "num_links": 1} | options))


# Warnings


@pytest.fixture
def small_machine(tmp_path, monkeypatch):
    """A machine with 512 KiB left."""
    for name in ("MEMORY", "USED", "GROUPS", "LIMITS"):
        monkeypatch.setattr(available, name, tmp_path / name)
    (tmp_path / "MEMORY").write_text("MemAvailable: 512 kB\n")


def of_memory(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(warning.message) for warning in caught if "memory" in str(warning.message)]


LARGE = {"directed": True, "weighted": True, "n": 20_000}


@pytest.mark.parametrize(
    "search",
    [
        lambda network: mapeq.infomap(network, multilevel=True, num_trials=2, num_threads=2),
        lambda network: mapeq.resolution_profile(network, markov_times=[1, 2], num_threads=1),
        lambda network: mapeq.stability(network, num_trials=2, num_threads=1),
    ],
    ids=["infomap", "profile", "stability"],
)
def test_a_search_that_needs_more_than_there_is_warns_once(search, small_machine):
    network = ring(**LARGE)
    (message,) = of_memory(lambda: search(network))
    assert message.startswith("the search takes about ")
    assert "(20,000 nodes, 60,000 links) holds already, but the machine has only less than 1 MB left" in message


def test_the_warning_says_what_would_help(small_machine):
    network = ring(**LARGE)
    (message,) = of_memory(lambda: mapeq.infomap(network, multilevel=True, num_trials=2, num_threads=2))
    for way, change in (
        ("one thread, so that trials run one after the other,", {"num_threads": 1}),
        ("two levels", {"multilevel": False}),
        ("links without directions", {"directed": False}),
    ):
        options = {"directed": True, "weighted": True, "multilevel": True, "num_trials": 2, "num_threads": 2}
        total = estimate_memory(20_000, 60_000, **(options | change)).total
        assert f"{way} would take {total / 1e6:,.0f} MB" in message
    (message,) = of_memory(lambda: mapeq.infomap(ring(n=20_000), num_threads=1))
    assert message.endswith(f"long arrays go to temporary files in {tempfile.gettempdir()}, which takes longer")


@pytest.mark.parametrize("directed", [False, True])
def test_a_search_that_does_not_fit_finds_the_same_on_the_disk(directed, small_machine, monkeypatch):
    network = ring(directed, weighted=True, n=20_000)
    monkeypatch.setattr(storage, "SMALLEST_FILE", 1)
    sizes = []
    empty = storage.Storage.empty

    def noted(self, size, dtype):
        sizes.append(0 if self.folder is None else size)
        return empty(self, size, dtype)

    monkeypatch.setattr(storage.Storage, "empty", noted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mapeq.infomap(network, seed=1)
    assert max(sizes) == 120_000  # both ends of each link
    available.MEMORY.write_text("MemAvailable: 99999999 kB\n")
    for again in (network, found.network):
        sizes.clear()
        assert mapeq.infomap(again, seed=1).labels.tolist() == found.labels.tolist()
        assert max(sizes) == 0


def test_a_search_that_fits_does_not_warn(small_machine):
    assert of_memory(lambda: mapeq.infomap(ring(n=100), multilevel=True)) == []


def test_nothing_is_said_where_the_system_does_not_tell(small_machine):
    available.MEMORY.unlink()
    assert of_memory(lambda: mapeq.infomap(ring(**LARGE), num_threads=1)) == []


def test_the_command_warns_once(small_machine, tmp_path, capsys):
    path = tmp_path / "links.txt"
    network = ring(**LARGE)
    np.savetxt(path, np.column_stack(network.links()), fmt="%d")
    assert main(["cluster", str(path), "--directed", "--multilevel", "-o", str(tmp_path / "modules.csv")]) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mapeq: note:")]
    assert len(notes) == 1
    assert notes[0].startswith("mapeq: note: the search takes about ")

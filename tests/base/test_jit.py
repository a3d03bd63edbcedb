"""Compiled kernels on disk: kept, renewed when any source changes, and done without where nothing can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mapeq

#: Calls one kernel of the optimizer, which calls kernels of the objective: what two nodes cost as modules.
PROGRAM = """
import numpy as np
from mapeq.optimizer.aggregation import _fill_single

modules = np.zeros((2, 4))
nodes = np.array([[1 / 2, 1 / 8, 1 / 8], [1 / 2, 1 / 4, 1 / 4]])
_fill_single(nodes, np.arange(2, dtype=np.uint32), np.zeros(2, dtype=np.uint32), modules)
print(-modules[:, 3].sum())
stats = _fill_single.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), type(_fill_single._cache).__name__)
"""


@pytest.fixture
def house(tmp_path):
    """A folder of one's own with a copy of the package, never compiled."""
    here = Path(mapeq.__file__).parent
    shutil.copytree(here, tmp_path / "mapeq", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(house, **environment):
    """The program's cost, cache hits, cache misses and kind of cache, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "PYTHON", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=kept | {"HOME": str(house), "PYTHONPATH": str(house)} | environment,
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cost, hits, misses, cache = done.stdout.split()
    return float(cost), int(hits), int(misses), cache


def test_kernels_are_kept_on_disk_until_a_kernel_changes(house):
    cost, hits, misses, _ = run(house)
    assert cost != 0
    assert (hits, misses) == (0, 1)
    assert list((house / "mapeq/optimizer/__pycache__").glob("aggregation._fill_single-*.nbi"))

    assert run(house)[:3] == (cost, 1, 0)

    callee = house / "mapeq/objective/formula.py"
    source = callee.read_text()
    edited = source.replace("return y * log2(y)", "return 2 * y * log2(y)")
    assert edited != source
    callee.write_text(edited)
    doubled, hits, misses, _ = run(house)
    assert doubled == pytest.approx(2 * cost)
    assert (hits, misses) == (0, 1)


def test_without_a_place_to_write_kernels_are_compiled_all_the_same(house):
    expected = run(house)[0]
    shutil.rmtree(house / "mapeq/optimizer/__pycache__")
    no_folder = house / "mapeq/optimizer/__pycache__"  # permissions would not keep root from writing
    no_folder.write_text("a file")
    no_home = house / "home"
    no_home.write_text("a file")
    cost, hits, _, cache = run(house, HOME=str(no_home), PYTHONDONTWRITEBYTECODE="1")
    assert (cost, hits, cache) == (expected, 0, "NullCache")
    assert no_folder.read_text() == no_home.read_text() == "a file"

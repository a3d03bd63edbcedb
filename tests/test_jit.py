"""Compiled kernels on disk: kept, renewed when any source changes, and done without where nothing can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mapeq

#: Calls one kernel of moves.py, which calls kernels of objective.py: two triangles, a node changes sides.
PROGRAM = """
import numpy as np
from mapeq.objective import Partition
from mapeq.moves import _gain

nodes = np.tile([3 / 14, 3 / 14, 3 / 14], (6, 1))
modules = np.tile([1 / 2, 1 / 14, 1 / 14], (2, 1))
state = Partition(np.array([0, 0, 0, 1, 1, 1]), modules, None, np.array([3, 3]), np.array([1 / 7]))
print(_gain(nodes, state, 2, 2 / 7, 1, 1 / 7))
print(sum(_gain.stats.cache_hits.values()), sum(_gain.stats.cache_misses.values()), type(_gain._cache).__name__)
"""


@pytest.fixture
def house(tmp_path):
    """A folder of one's own with a copy of the package, never compiled."""
    here = Path(mapeq.__file__).parent
    shutil.copytree(here, tmp_path / "mapeq", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(house, **environment):
    """The program's gain, cache hits, cache misses and kind of cache, in a process of its own."""
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
    gain, hits, misses, cache = done.stdout.split()
    return float(gain), int(hits), int(misses), cache


def test_kernels_are_kept_on_disk_until_a_source_changes(house):
    gain, hits, misses, _ = run(house)
    assert gain < 0
    assert (hits, misses) == (0, 1)
    assert list((house / "mapeq" / "__pycache__").glob("moves._gain-*.nbi"))

    assert run(house)[:3] == (gain, 1, 0)

    callee = house / "mapeq" / "objective.py"
    source = callee.read_text()
    edited = source.replace("return x * log2(x) if", "return 2 * x * log2(x) if")
    assert edited != source
    callee.write_text(edited)
    doubled, hits, misses, _ = run(house)
    assert doubled == pytest.approx(2 * gain)
    assert (hits, misses) == (0, 1)


def test_without_a_place_to_write_kernels_are_compiled_all_the_same(house):
    expected = run(house)[0]
    shutil.rmtree(house / "mapeq" / "__pycache__")
    no_folder = house / "mapeq" / "__pycache__"  # permissions would not keep root from writing
    no_folder.write_text("a file")
    no_home = house / "home"
    no_home.write_text("a file")
    gain, hits, _, cache = run(house, HOME=str(no_home), PYTHONDONTWRITEBYTECODE="1")
    assert (gain, hits, cache) == (expected, 0, "NullCache")
    assert no_folder.read_text() == no_home.read_text() == "a file"

"""Compiled kernels on disk: kept, renewed when any source changes, and done without where nothing can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mapeq

#: Calls one kernel, which calls others in another file: the codelength of two modules.
PROGRAM = """
import numpy as np
from mapeq._base.team import team_of_one
from mapeq.objective.terms import NO_TERMS
from mapeq.objective.two_level import Partition, _sum_codelength
from mapeq.objective.codebooks import one_codebook

modules = np.array([[1 / 2, 1 / 8, 1 / 8, 0], [1 / 2, 1 / 4, 1 / 4, 0]])
numbers = np.ones(2, dtype=np.uint32)
state = Partition(numbers, modules, None, numbers, np.zeros((1, 5)), one_codebook(numbers.dtype))
print(sum(_sum_codelength(team_of_one(), NO_TERMS, state, np.zeros((1, 2)))))
stats = _sum_codelength.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), type(_sum_codelength._cache).__name__)
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


@pytest.mark.thorough
def test_kernels_are_kept_on_disk_until_a_kernel_changes(house):
    cost, hits, misses, _ = run(house)
    assert cost != 0
    assert (hits, misses) == (0, 1)
    assert list((house / "mapeq/objective/__pycache__").glob("two_level.sum_codelength-*.nbi"))

    assert run(house)[:3] == (cost, 1, 0)

    callee = house / "mapeq/objective/formula.py"
    source = callee.read_text()
    edited = source.replace("return y * log2(y)", "return 2 * y * log2(y)")
    assert edited != source
    callee.write_text(edited)
    doubled, hits, misses, _ = run(house)
    assert doubled == pytest.approx(2 * cost)
    assert (hits, misses) == (0, 1)


@pytest.mark.thorough
def test_without_a_place_to_write_kernels_are_compiled_all_the_same(house):
    expected = run(house)[0]
    shutil.rmtree(house / "mapeq/objective/__pycache__")
    no_folder = house / "mapeq/objective/__pycache__"  # permissions would not keep root from writing
    no_folder.write_text("a file")
    no_home = house / "home"
    no_home.write_text("a file")
    cost, hits, _, cache = run(house, HOME=str(no_home), PYTHONDONTWRITEBYTECODE="1")
    assert (cost, hits, cache) == (expected, 0, "NullCache")
    assert no_folder.read_text() == no_home.read_text() == "a file"

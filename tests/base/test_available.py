"""What memory this process may still use, as systems tell."""

import subprocess
import sys

import pytest

from mapeq._base import available
from mapeq._base.available import available_memory

GIB = 1 << 30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system with 8 GiB left, and nothing else to tell."""
    for name in ("MEMORY", "USED", "GROUPS", "LIMITS"):
        monkeypatch.setattr(available, name, tmp_path / name)
    (tmp_path / "MEMORY").write_text("MemTotal:  16777216 kB\nMemAvailable:    8388608 kB\nHugePages_Total:     0\n")
    return tmp_path


def limit(folder, *, limit, used, files, version=2):
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for name, value in zip(names, (limit, used), strict=True):
        (folder / name).write_text(f"{value}\n")
    prefix = "" if version == 2 else "total_"
    (folder / "memory.stat").write_text(f"anon 5\n{prefix}inactive_file {files}\n")


def test_the_machine(system):
    assert available_memory() == (8 * GIB, "the machine")


def test_a_container(system):
    limit(system / "LIMITS", limit=4 * GIB, used=3 * GIB, files=GIB)
    assert available_memory() == (2 * GIB, "the container or job")


def test_a_container_without_a_limit(system):
    limit(system / "LIMITS", limit="max", used=3 * GIB, files=GIB)
    assert available_memory() == (8 * GIB, "the machine")


def test_a_container_that_is_full(system):
    limit(system / "LIMITS", limit=GIB, used=GIB + 4096, files=0)
    assert available_memory() == (0, "the container or job")


def test_a_container_of_the_first_version(system):
    limit(system / "LIMITS" / "memory", limit=4 * GIB, used=GIB, files=0, version=1)
    assert available_memory() == (3 * GIB, "the container or job")


@pytest.mark.parametrize(
    ("line", "folder", "version"),
    [("0::/slurm/job/step\n", "slurm/job", 2), ("9:cpu,memory:/slurm/job/step\n", "memory/slurm/job", 1)],
)
def test_a_job_within_another_limit(system, line, folder, version):
    (system / "GROUPS").write_text(f"11:pids:/elsewhere\n{line}")
    limit(system / "LIMITS" / folder, limit=2 * GIB, used=GIB, files=0, version=version)
    limit(system / "LIMITS" / folder / "step", limit=7 * GIB, used=GIB, files=0, version=version)
    assert available_memory() == (GIB, "the container or job")


def test_a_system_that_tells_nothing(system):
    (system / "MEMORY").unlink()
    assert available_memory() is None


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_a_limit_of_the_process(kind):
    resource = pytest.importorskip("resource")
    if not available.USED.exists():
        pytest.skip("the system does not tell what a process uses")
    program = (
        "import resource\n"
        f"resource.setrlimit(resource.{kind}, (3 << 30, resource.RLIM_INFINITY))\n"
        "from mapeq._base.available import available_memory\n"
        "print(*available_memory(), sep='\\n')"
    )
    assert getattr(resource, kind) >= 0
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    size, where = shown.splitlines()
    assert where == "the limit of this process (ulimit)"
    assert 0 < int(size) < 3 << 30

"""Files that are replaced once they are complete, and what processes that were killed leave behind."""

import io
import os
import subprocess
import sys

import pytest

import mapeq
from mapeq.io.files import streams


def killed_while_writing(path):
    """Let a process begin to write a file, and end without cleaning up; return its temporary file."""
    script = "import os, sys; from mapeq.io.files.streams import atomic_file\n"
    script += "with atomic_file(sys.argv[1]) as stream: os._exit(9)"
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    (left,) = (entry for entry in path.parent.iterdir() if entry.name.startswith(f".{path.name[:40]}"))
    return left


@pytest.mark.parametrize("name", ["modules.csv", "m" * 200 + ".csv", "модули" * 15 + ".csv"])
def test_the_next_run_removes_what_a_killed_one_left(name, tmp_path):
    path, other = tmp_path / name, tmp_path / "other.csv"
    left, kept = killed_while_writing(path), killed_while_writing(other)
    mapeq.infomap([(0, 1)]).write(path)
    assert not left.exists()
    assert kept.exists()
    mapeq.infomap([(0, 1)]).write(other)
    assert sorted(os.listdir(tmp_path)) == sorted([name, "other.csv"])


def test_files_of_running_processes_and_other_machines_stay(tmp_path, monkeypatch):
    path = tmp_path / "modules.csv"
    with streams.atomic_file(path) as stream:
        mapeq.infomap([(0, 1)]).write(path)  # as another thread might
        assert os.path.exists(stream.name)
        stream.write("later")
    assert path.read_text() == "later"
    left = killed_while_writing(path)
    monkeypatch.setattr(streams.platform, "node", lambda: "another machine")
    mapeq.infomap([(0, 1)]).write(path)
    assert left.exists()


def test_a_stream_of_text_takes_no_bytes(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with streams.opened("-") as stream:
        stream.write("text")
    assert sys.stdout.getvalue() == "text"
    with pytest.raises(mapeq.FormatError, match="standard output: takes text only"), streams.opened("-", binary=True):
        pass

"""The command as a process: pipes, terminals, full devices, Ctrl-C."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time

import networkx as nx
import pytest
from command import EMAIL, JAZZ, Done, refused, run, run_process

MAPEQ = [sys.executable, "-m", "mapeq"]


class Terminal:
    """A process whose standard error is a terminal."""

    def __init__(self, *arguments, **streams):
        self._master, end = pty.openpty()
        self.process = subprocess.Popen([*MAPEQ, *map(str, arguments)], stderr=end, **streams)
        os.close(end)
        self.shown = b""

    def read_until(self, pattern):
        """Wait until the terminal shows a pattern."""
        watch = threading.Timer(120, self.process.kill)
        watch.start()
        while not re.search(pattern, self.shown) and (part := self._read()):
            self.shown += part
        watch.cancel()
        assert re.search(pattern, self.shown), self.shown

    def end(self):
        """Read all that is left; returns standard output, if it is a pipe."""
        while part := self._read():
            self.shown += part
        os.close(self._master)
        return self.process.communicate(timeout=120)[0]

    def _read(self):
        with contextlib.suppress(OSError):  # raised where the other end is closed
            return os.read(self._master, 4096)
        return b""

    @property
    def last_line(self):
        """What stands on the last line of the terminal."""
        return self.shown.decode().strip().replace("\r", "\n").splitlines()[-1].strip()


def test_the_module_runs_as_the_command_does():
    for arguments in (["cluster", JAZZ, "-q"], ["evaluate", JAZZ, "no.clu"], ["cluster"], ["--version"]):
        assert run_process(*arguments) == run(*arguments), arguments


def test_labels_come_from_a_pipe_and_go_to_one():
    links = b"a b\nb c\nc a\nc d\nd e\ne f\nf d\n"
    assert run_process("cluster", "-", "-q", stdin=links) == run("cluster", "-", "-q", stdin=links)


def test_a_closed_pipe_is_quiet():
    done = subprocess.run(
        f"{sys.executable} -m mapeq cluster {EMAIL} -q | head -n 1", shell=True, capture_output=True, check=True
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_full_device_is_one_clear_line(tmp_path):
    modules = tmp_path / "modules.tsv"
    modules.write_bytes(run("cluster", JAZZ, "-q").stdout)
    for arguments in (f"cluster {JAZZ} -q", f"evaluate {JAZZ} {modules}"):
        command = f"{sys.executable} -m mapeq {arguments} > /dev/full"
        done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
        assert refused(Done(done.returncode, done.stdout, done.stderr), "standard output", "No space left")


def test_a_partition_comes_from_a_pipe_with_a_name():
    command = f"{sys.executable} -m mapeq evaluate {JAZZ} <({sys.executable} -m mapeq cluster {JAZZ} -q)"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    modules = run("cluster", JAZZ, "-q").stdout
    assert done.stdout == run("evaluate", JAZZ, "-", stdin=modules).stdout


def test_many_labels_are_not_poured_out_on_a_terminal():
    """Unless they are asked for."""
    shown = {}
    for flags in ([], ["-o", "-"], ["-q"]):
        master, end = pty.openpty()
        terminal = Terminal("cluster", JAZZ, *flags, stdout=end)
        os.close(end)
        reader = threading.Thread(target=lambda: shown.setdefault(str(flags), drained(master)))  # noqa: B023
        reader.start()
        terminal.end()
        reader.join()
        is_hinted = b"the modules of 198 nodes are not shown: -o modules.csv writes them to a file" in terminal.shown
        assert is_hinted == (not flags)
    assert shown["[]"] == b""
    assert shown["['-q']"] == shown["['-o', '-']"] == run("cluster", JAZZ, "-q").stdout.replace(b"\n", b"\r\n")


def drained(master):
    """Return all that a terminal shows until its other end is closed."""
    shown = b""
    with contextlib.suppress(OSError):
        while part := os.read(master, 4096):
            shown += part
    return shown


def test_ctrl_c_where_python_ignores_errors_is_not_lost(tmp_path):
    """In a finalizer, Python prints the error and goes on."""
    script = tmp_path / "script.py"
    script.write_text(
        "import signal, sys, time\n"
        "from mapeq.cli import commands, parser\n"
        "class Finalized:\n"
        "    def __del__(self):\n"
        "        signal.raise_signal(signal.SIGINT)\n"
        "        time.sleep(0)\n"
        "def info(options):\n"
        "    Finalized()\n"
        "    time.sleep(20)\n"
        "    return 0\n"
        "commands.COMMANDS['info'] = info\n"
        "sys.exit(parser.main(['info', 'x']))\n"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"mapeq: interrupted, nothing written\n")
    assert time.monotonic() - began < 15


def test_ctrl_c_while_libraries_are_imported_ends_at_once():
    script = (
        "import signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'mapeq.cli.commands':\n"
        "            try:\n"
        "                signal.raise_signal(signal.SIGINT)\n"
        "            except BaseException:\n"
        "                pass\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from mapeq.cli.parser import main\n"
        "sys.exit(main(['info', 'x']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"mapeq: interrupted, nothing written\n")


def test_a_terminal_shows_progress_in_one_line(tmp_path):
    network = JAZZ.replace("jazz", "deezer-hu")  # passes of a tenth of a second each: not all fall between two drawings
    with open(tmp_path / "labels", "wb") as labels:
        terminal = Terminal("cluster", network, stdout=labels)
        terminal.end()
    assert terminal.process.returncode == 0
    assert re.search(rb"\rpass \d+: [\d,]+ modules, \d+\.\d+ bits per step", terminal.shown)
    assert b"47,538 nodes" in terminal.shown.rsplit(b"\r ", 1)[-1]
    assert (tmp_path / "labels").read_bytes() == run("cluster", network).stdout


@pytest.fixture(scope="module")
def large_network(tmp_path_factory):
    """A network on which a search with many trials takes long."""
    path = tmp_path_factory.mktemp("large") / "net.txt"
    graph = nx.gnp_random_graph(1000, 0.02, seed=3)
    path.write_text("".join(f"{u} {v}\n" for u, v in graph.edges()))
    return path


@pytest.mark.parametrize(("output", "flags"), [("labels.tsv", []), (None, []), ("labels.tsv", ["--multilevel"])])
def test_ctrl_c_keeps_the_best_result_so_far(output, flags, large_network, tmp_path):
    files = ["-o", tmp_path / output] if output else []
    terminal = Terminal("cluster", large_network, "-N", "5000", *flags, *files, stdout=subprocess.PIPE)
    terminal.read_until(rb"trial [3-9]\d* of 5000")
    terminal.process.send_signal(signal.SIGINT)
    stdout = terminal.end()
    assert terminal.process.returncode == 130
    assert b"Traceback" not in terminal.shown
    assert "interrupted" in terminal.last_line
    written = (tmp_path / output).read_bytes().partition(b"\n")[2] if output else stdout
    assert written.count(b"\n") == 1000


def test_ctrl_c_while_reading_writes_nothing(tmp_path):
    terminal = Terminal("cluster", "-", "-o", tmp_path / "out.clu", stdin=subprocess.PIPE)
    terminal.process.stdin.write(b"1 2\n")
    terminal.process.stdin.flush()
    terminal.read_until(rb"reading standard input \.\.\.\r")
    terminal.process.send_signal(signal.SIGINT)
    terminal.end()
    assert terminal.process.returncode == 130
    assert terminal.last_line == "mapeq: interrupted, nothing written"
    assert os.listdir(tmp_path) == []

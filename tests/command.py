"""The command in tests: run in this process with streams of its own, which tells what a shell would see."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from mapeq.cli.parser import main

ROOT = Path(__file__).parents[1]
JAZZ, POWER, EMAIL = (str(ROOT / "examples/data" / f"{name}.txt.gz") for name in ("jazz", "power", "email-eu-core"))


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(*arguments, stdin=b"", cwd=None):
    """Run ``mapeq`` in this process, in a folder and with bytes on standard input if they are given.

    The streams are files with numbers of their own: a command that closes or redirects them leaves ours alone.
    """
    handler = signal.getsignal(signal.SIGINT)
    given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        with (
            contextlib.chdir(cwd or os.curdir),
            mock.patch.object(sys, "stdin", given),
            open(out, "w", encoding="utf-8") as stdout,
            open(err, "w", encoding="utf-8") as stderr,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
        ):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code
        assert signal.getsignal(signal.SIGINT) is handler, "the command puts the handler of Ctrl-C back"
        return Done(code, out.read_bytes(), err.read_bytes())


def run_process(*arguments, stdin=None, cwd=None):
    """Run ``python -m mapeq`` as a process; slow, for what only a process shows."""
    command = [sys.executable, "-m", "mapeq", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def refused(done, *parts):
    """Whether there is one clear line on standard error, nothing on standard output, and exit code 1."""
    message = done.stderr.decode()
    assert done.returncode == 1, message
    assert done.stdout == b""
    assert message.startswith("mapeq: ")
    assert message.count("\n") == 1, message
    for part in parts:
        assert part in message
    return True

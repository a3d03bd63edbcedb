"""A first use says that it compiles, once, after a second."""

import subprocess
import sys

import pytest

#: Compiles small kernels for a while, without mapeq's own.
SCRIPT = """
import sys
from mapeq._base import jit
from mapeq._base.progress import StatusLine
{first}

jit.SAY_AFTER = 0.1
number = 0
def compile_some(seconds):
    import time
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        def kernel(values):
            total = 0.0
            for k in range(len(values)):
                total += values[k] * k
            return total
        import numba, numpy
        numba.njit(kernel)(numpy.ones(3))
compile_some({seconds})
"""


def said(seconds=1.5, first="", **environment):
    import os

    environment = {name: value for name, value in (os.environ | environment).items() if value}
    script = SCRIPT.format(seconds=seconds, first=first)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    return run.stdout, run.stderr


def test_compiling_is_said_once_on_standard_error():
    out, err = said(MAPEQ_QUIET="")
    assert out == ""
    assert err == (
        "mapeq: compiling for the first use on this machine, about half a minute; 'mapeq warmup' compiles all ahead of "
        "time\n"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"MAPEQ_QUIET": "1"},
        {"MAPEQ_QUIET": "", "first": "jit.say_nothing_of_compiling()"},
        {"MAPEQ_QUIET": "", "first": "sys.stderr.isatty = lambda: True; StatusLine(); del sys.stderr.isatty"},
        {"MAPEQ_QUIET": "", "first": "import multiprocessing; multiprocessing.parent_process = lambda: 1"},
    ],
)
def test_silence(options):
    assert said(1.0, **options) == ("", "")

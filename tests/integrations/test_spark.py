"""mapeq.spark without PySpark; tests/spark has the tests with it."""

import subprocess
import sys


def test_pyspark_is_imported_when_it_is_needed_and_its_extra_named():
    code = """
import sys
import mapeq, mapeq.spark
assert "pyspark" not in sys.modules
sys.modules["pyspark"] = None  # as if it were not installed
for needs_it in (lambda: mapeq.spark.infomap([(0, 1)]), lambda: mapeq.spark.session("local")):
    try:
        needs_it()
    except ImportError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "this needs pyspark: pip install 'mapeq[spark]'\n" * 2

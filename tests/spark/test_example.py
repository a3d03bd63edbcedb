"""The example for spark-submit runs as a program."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "spark_submit.py"


def test_spark_submit(spark, tmp_path):
    links, modules = str(tmp_path / "links"), str(tmp_path / "modules")
    triangles = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    spark.createDataFrame(triangles, "src int, dst int").write.parquet(links)
    for again in ([], ["--resume"]):
        command = [sys.executable, str(EXAMPLE), links, modules + "".join(again), str(tmp_path / "run"), *again]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "2 modules, 2.3207 bits per step" in done.stdout
        found = {row["id"]: row["module"] for row in spark.read.parquet(modules + "".join(again)).collect()}
        assert found == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1}

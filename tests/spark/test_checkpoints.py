"""Runs that are stopped and go on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mapeq
import mapeq.spark

MEMORY = 200 * 60


@pytest.fixture(scope="module")
def edges(spark, tmp_path_factory):
    rng = np.random.default_rng(3)
    links = [(i, i // 10 * 10 + int(j)) for i in range(60) for j in rng.choice(10, 4)]
    links += [(int(i), int(j)) for i, j in rng.integers(0, 60, (30, 2))]
    path = str(tmp_path_factory.mktemp("links") / "edges")
    spark.createDataFrame(links, "src int, dst int").write.parquet(path)
    return path


@pytest.fixture(scope="module")
def undisturbed(spark, edges):
    return mapeq.spark.infomap(spark.read.parquet(edges), local_memory=MEMORY)


def rows(result):
    return sorted(map(tuple, result.nodes.collect()))


def test_a_killed_run_goes_on_as_if_it_had_not_been(spark, edges, undisturbed, tmp_path):
    folder = str(tmp_path / "run")
    program = str(Path(__file__).with_name("killed_driver.py"))
    for steps in (4, 23):  # in the rounds of the first search, and in those of the second
        command = [sys.executable, program, edges, folder, str(steps), str(MEMORY)]
        killed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert killed.returncode == -9, killed.stderr
    states = [json.loads(path.read_text())["state"] for path in Path(folder, "state").glob("part-*")]
    assert {(state["search"], state["stage"]) for state in states} > {(1, "finetune"), (2, "rounds")}
    resumed = mapeq.spark.infomap(spark.read.parquet(edges), local_memory=MEMORY, checkpoint_dir=folder, resume=True)
    assert rows(resumed) == rows(undisturbed)
    assert [row[:6] for row in resumed.history] == [row[:6] for row in undisturbed.history]
    assert resumed.codelength == pytest.approx(undisturbed.codelength, abs=1e-12)
    again = mapeq.spark.infomap(spark.read.parquet(edges), local_memory=MEMORY, checkpoint_dir=folder, resume=True)
    assert rows(again) == rows(undisturbed)
    check_refusals(spark, edges, folder)


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps to find the executors by")
def test_the_loss_of_an_executor_changes_nothing(spark, edges, undisturbed, tmp_path):
    folder, out = str(tmp_path / "run"), str(tmp_path / "modules")
    script = str(Path(__file__).with_name("killed_executor.py"))
    command = [sys.executable, script, edges, folder, "3", str(MEMORY), out]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    *killed, codelength = run.stdout.splitlines()
    assert killed == ["killed an executor"], run.stderr
    assert float(codelength) == pytest.approx(undisturbed.codelength, abs=1e-12)
    assert sorted(map(tuple, spark.read.parquet(out).collect())) == rows(undisturbed)


def check_refusals(spark, edges, folder):
    def run(**options):
        options = {"local_memory": MEMORY, "checkpoint_dir": folder, "resume": True} | options
        return mapeq.spark.infomap(spark.read.parquet(edges), **options)

    with pytest.raises(mapeq.FormatError, match="the run has seed=0, not 1; resume it with the same"):
        run(seed=1)
    with pytest.raises(mapeq.FormatError, match="the folder holds a run already: resume=True continues it"):
        run(resume=False)
    with pytest.raises(mapeq.FormatError, match="the folder holds no run to resume"):
        run(checkpoint_dir=folder + "-other")
    with Path(folder, "state", "part-later.txt").open("w") as file:
        print(json.dumps({"version": 0, "number": 10**6, "options": {}, "state": {}}), file=file)
    with pytest.raises(mapeq.FormatError, match="the run is of version 0 of checkpoints; this mapeq resumes version 2"):
        run()

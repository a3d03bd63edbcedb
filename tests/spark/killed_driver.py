"""A run, begun or resumed, that is killed once it has made some steps.

``python killed_driver.py EDGES FOLDER STEPS LOCAL_MEMORY``
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import mapeq.spark


def kill_after(folder, steps):
    while len(list(Path(folder, "state").glob("part-*"))) < steps:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from conftest import CONFIG  # of this folder, which is first on the path of a script

    edges, folder, steps, memory = sys.argv[1:]
    threading.Thread(target=kill_after, args=(folder, int(steps)), daemon=True).start()
    spark = mapeq.spark.session("local[2]", CONFIG)
    options = {"checkpoint_dir": folder, "resume": Path(folder, "state").exists()}
    mapeq.spark.infomap(spark.read.parquet(edges), local_memory=int(memory), **options)

"""A run on two executors, one of which is killed: ``python killed_executor.py EDGES FOLDER STEPS LOCAL_MEMORY OUT``."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from conftest import CONFIG

import mapeq.spark


def kill_an_executor(folder, steps):
    while len(list(Path(folder, "state").glob("part-*"))) < steps:
        time.sleep(0.05)
    shown = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    children = [line.split(maxsplit=2) for line in shown.splitlines() if "CoarseGrainedExecutorBackend" in line]
    # Executors are children of the driver's JVM, which is a child of this process.
    java = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid="], capture_output=True, text=True, check=True)
    drivers = set(java.stdout.split())
    own = [pid for pid, parent, _ in children if parent in drivers]
    os.kill(int(own[0]), signal.SIGKILL)
    print("killed", own[0], "of", len(own), flush=True)


if __name__ == "__main__":
    edges, folder, steps, memory, out = sys.argv[1:]
    threading.Thread(target=kill_an_executor, args=(folder, int(steps)), daemon=True).start()
    spark = mapeq.spark.session("local-cluster[2,1,1024]", CONFIG)
    result = mapeq.spark.infomap(spark.read.parquet(edges), local_memory=int(memory), checkpoint_dir=folder)
    result.nodes.write.parquet(out)

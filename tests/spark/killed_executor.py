"""A run on two executors, one of which is killed: ``python killed_executor.py EDGES FOLDER STEPS LOCAL_MEMORY OUT``."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import mapeq.spark


def own_executors():
    """Process ids of this run's executors, which are grandchildren of this process."""
    shown = subprocess.run(["ps", "-ewwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [[*line.split(maxsplit=2), ""][:3] for line in shown.splitlines()]
    parent = {pid: above for pid, above, _ in rows}
    return [
        int(pid)
        for pid, above, command in rows
        if "CoarseGrainedExecutorBackend" in command and parent.get(above) == str(os.getpid())
    ]


def kill_an_executor(folder, steps):
    """Once the run has made some steps, and has two executors."""
    while len(list(Path(folder, "state").glob("part-*"))) < steps or len(own_executors()) < 2:
        time.sleep(0.1)
    os.kill(own_executors()[0], signal.SIGKILL)
    print("killed an executor", flush=True)


if __name__ == "__main__":
    from conftest import CONFIG  # of this folder, which is first on the path of a script

    edges, folder, steps, memory, out = sys.argv[1:]
    threading.Thread(target=kill_an_executor, args=(folder, int(steps)), daemon=True).start()
    spark = mapeq.spark.session("local-cluster[2,1,512]", CONFIG | {"spark.executor.memory": "512m"})
    result = mapeq.spark.infomap(spark.read.parquet(edges), local_memory=int(memory), checkpoint_dir=folder)
    result.nodes.write.parquet(out)
    print(result.codelength)
    spark.stop()

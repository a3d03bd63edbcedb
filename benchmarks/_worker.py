"""One measured run, in a process of its own: ``python -m benchmarks._worker JOB.json``.

The answer goes to files beside the job, because libraries may print what they like.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import PEERS, Edges, Job, Weights, infomap_codelength


def warm_up(name: str, job: Job, *, weighted: bool) -> None:
    """Compile, load and import all that a first run does: 60 groups of 16 nodes, so that every level is met.

    What is compiled may depend on directions, weights and threads, and on whether there is a second trial.
    """
    rng = np.random.default_rng(0)
    near = (np.arange(960).repeat(6) // 16) * 16 + rng.integers(0, 16, 5760)
    ends = np.concatenate([near, rng.integers(0, 960, 960)])
    edges = np.column_stack([np.concatenate([np.arange(960).repeat(6), np.arange(960)]), ends])
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    weights = rng.exponential(size=len(edges)) if weighted else None
    tiny = job._replace(num_nodes=int(edges.max()) + 1, trials=min(job.trials, 2))
    PEERS[name].search(PEERS[name].load(edges, weights, tiny), tiny)
    gc.collect()


class Memory:
    """How much memory the process takes above what it held at the start, at its peak, in bytes."""

    def __init__(self) -> None:
        self._reset = True
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is now what is resident
        except OSError:
            self._reset = False  # not Linux, or forbidden
        self._peak_before = self._high_water()
        self._before = self._status("VmRSS") or self._peak_before

    def above(self) -> int | None:
        """The peak since the start; None where it cannot be told."""
        peak = self._high_water()
        if peak is None or self._peak_before is None or self._before is None:
            return None
        if not self._reset and peak == self._peak_before:
            return None  # an old peak hides the new one
        return max(0, peak - self._before)

    @classmethod
    def _high_water(cls) -> int | None:
        peak = cls._status("VmHWM")
        if peak is None:
            try:
                import resource
            except ImportError:  # Windows
                return None
            unit = 1 if sys.platform == "darwin" else 1024
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return peak

    @staticmethod
    def _status(field: str) -> int | None:
        try:
            lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")), None)


def measure(name: str, edges: Edges, weights: Weights, job: Job) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """Time one run from links in memory to labels in node order."""
    peer = PEERS[name]
    warm_up(name, job, weighted=weights is not None)
    memory = Memory()
    cpu, start = time.process_time(), time.perf_counter()
    loaded = peer.load(edges, weights, job)
    between = time.perf_counter()
    found = peer.search(loaded, job)
    end = time.perf_counter()
    figures = {
        "load": between - start,
        "search": end - between,
        "total": end - start,
        "cpu": time.process_time() - cpu,
        "peak": memory.above(),
        "claimed": found.claimed,
    }
    return figures, found.labels


def main(path: Path) -> None:
    """Do the job: measure a peer, or let infomap judge a partition."""
    asked = json.loads(path.read_text(encoding="utf-8"))
    job = Job(*(asked[field] for field in Job._fields))
    edges = np.load(asked["edges"])
    weights = None if asked["weights"] is None else np.load(asked["weights"])
    if asked["judge"]:
        answer = {"codelength": infomap_codelength(edges, weights, np.load(asked["labels"]), job)}
    else:
        answer, labels = measure(asked["peer"], edges, weights, job)
        np.save(asked["labels"], labels)
    path.with_suffix(".answer").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

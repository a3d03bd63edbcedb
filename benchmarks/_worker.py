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

from benchmarks.peers import PEERS, Edges, Found, Job, Weights, infomap_codelength


def warm_up(name: str, job: Job, *, weighted: bool) -> None:
    """Compile, load and import all that a first run does: a ring of nodes, half of them in groups of 16.

    A ring is divided again and again, its halves unlike each other, and there are two trials, so that every step of
    a search is met, and from a fixed seed, so that none is missed by chance. What is compiled may depend on
    directions, weights and threads.
    """
    rng = np.random.default_rng(0)
    nodes, grouped = np.arange(960), np.arange(480).repeat(6)
    near = grouped // 16 * 16 + rng.integers(0, 16, len(grouped))
    edges = np.concatenate([np.column_stack([nodes, (nodes + 1) % 960]), np.column_stack([grouped, near])])
    edges = np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0)
    weights = rng.exponential(size=len(edges)) if weighted else None
    tiny = job._replace(num_nodes=int(edges.max()) + 1, trials=2, seed=1)
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


def measure(name: str, edges: Edges, weights: Weights, job: Job) -> tuple[dict[str, Any], Found]:
    """Time one run from links in memory to labels, or a hierarchy, in node order."""
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
    return figures, found


def main(path: Path) -> None:
    """Do the job: measure a peer, or let infomap judge what modules it found."""
    asked = json.loads(path.read_text(encoding="utf-8"))
    job = Job(*(asked[field] for field in Job._fields))
    edges = np.load(asked["edges"])
    weights = None if asked["weights"] is None else np.load(asked["weights"])
    modules = Path(asked["modules"])
    if asked["judge"]:
        answer = {"codelength": infomap_codelength(edges, weights, modules, job)}
    else:
        answer, found = measure(asked["peer"], edges, weights, job)
        found.save(modules)
    path.with_suffix(".answer").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

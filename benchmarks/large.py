"""Large networks: from a Parquet file to a file of labels, with the network in memory and mapped from disk.

``python -m benchmarks.large FILE NUM_LINKS`` writes the links of a generated network to a Parquet file.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker import Row, Settings, call, growth, show, table
from mapeq._base.csr import distinct

#: Average number of links of a node, and the part of them that leads out of its group.
DEGREE, MIXING = 40, 0.3

#: Sizes of groups: a power law with this exponent between these bounds.
SMALLEST, LARGEST, EXPONENT = 100, 2000, 2.0

#: Nodes whose links are drawn at once.
CHUNK = 1 << 16

#: Numbers of links that are measured; the last one only mapped, since in memory it would take 28 GB.
SIZES = (1_000_000, 10_000_000, 100_000_000, 300_000_000, 1_000_000_000)
MOST_IN_MEMORY = 300_000_000


def planted(num_links: int, seed: int = 1) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32]]]:
    """Yield blocks of links between random pairs of nodes, most of them within groups; no link is drawn twice.

    Numbers of nodes say nothing of their groups: links are in the order of their first end before nodes were shuffled.
    """
    rng = np.random.default_rng(seed)
    num_nodes = max(2 * num_links // DEGREE, LARGEST)
    average = mean(_sizes(rng, 10_000).tolist())
    sizes = _sizes(rng, int(2 * num_nodes / average) + 100)
    ends = np.minimum(np.cumsum(sizes), num_nodes)
    ends = ends[: np.searchsorted(ends, num_nodes) + 1]
    shuffled = rng.permutation(num_nodes).astype(np.uint32)
    for first in range(0, num_nodes, CHUNK):
        nodes = np.arange(first, min(first + CHUNK, num_nodes))
        group = np.searchsorted(ends, nodes, side="right")
        begin, end = np.where(group > 0, ends[group - 1], 0), ends[group]
        # Pairs are drawn at their first end: each other node of the group with the same probability.
        inside = rng.poisson((1 - MIXING) * DEGREE * (end - 1 - nodes) / np.maximum(end - begin - 1, 1))
        outside = rng.poisson(MIXING * DEGREE * (num_nodes - 1 - nodes) / num_nodes)
        sources = np.concatenate([np.repeat(nodes, inside), np.repeat(nodes, outside)])
        limits = np.concatenate([np.repeat(end, inside), np.full(outside.sum(), num_nodes)])
        targets = sources + 1 + (rng.random(len(sources)) * (limits - sources - 1)).astype(np.int64)
        pairs = distinct(sources * num_nodes + targets)
        yield shuffled[pairs // num_nodes], shuffled[pairs % num_nodes]


def _sizes(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    power = 1 - EXPONENT
    low, high = SMALLEST**power, LARGEST**power
    return ((low + rng.random(count) * (high - low)) ** (1 / power)).astype(np.int64)


def write_planted(path: Path, num_links: int) -> None:
    """Write a generated network to a Parquet file, in row groups of some million links."""
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pyarrow.schema([("source", pyarrow.uint32()), ("target", pyarrow.uint32())])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for sources, targets in planted(num_links):
            writer.write_table(pyarrow.table({"source": sources, "target": targets}, schema=schema))


class Watch:
    """Peak of memory that belongs to this process alone, not to a file, in bytes; Linux only."""

    def __init__(self) -> None:
        self.peak = self.before = self._now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    @staticmethod
    def _now() -> int:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self.peak = max(self.peak, self._now())

    def above(self) -> int:
        """The peak since the start, above what the process held then; ends the watch."""
        self._ended.set()
        self._thread.join()
        return self.peak - self.before


def measure(settings: Settings) -> Iterator[Row]:
    """A row for each size, in memory and mapped."""
    for size in (20_000,) if settings.quick else SIZES:
        file = settings.source.cache / f"planted-{size}.parquet"
        folder = file.with_suffix(".mapeq")
        if not file.exists():
            show(f"drawing {size:,} links")
            call("large.draw", settings.timeout, path=str(file), num_links=size)
        for mapped in (False, True) if size <= MOST_IN_MEMORY else (True,):
            show(f"{size:,} links, {'mapped' if mapped else 'in memory'}")
            save = call("large.convert", settings.timeout, path=str(file), folder=str(folder)) if mapped else {}
            found = call("large.cluster", settings.timeout, path=str(folder if mapped else file))
            yield {"size": size, "mapped": mapped, "save": save, **found}
        shutil.rmtree(folder)


def draw(path: str, num_links: int) -> None:
    """Write a generated network."""
    write_planted(Path(path), num_links)


def convert(path: str, folder: str) -> Row:
    """Save a network to a folder."""
    import mapeq

    watch, start = Watch(), time.perf_counter()
    mapeq.read_network(path).save(folder)
    return {"seconds": time.perf_counter() - start, "peak": watch.above()}


def cluster(path: str) -> Row:
    """Time reading, one two-level trial on all processors, and writing the labels."""
    import mapeq

    with tempfile.TemporaryDirectory() as folder:  # a first time, so that everything is loaded
        small = Path(folder, f"small{Path(path).suffix}")
        mapeq.write_network([(0, 1), (1, 2), (2, 0)], small)
        mapeq.infomap(mapeq.read_network(small)).write(Path(folder, "labels.clu"))
    watch, start = Watch(), time.perf_counter()
    network = mapeq.read_network(path)
    read = time.perf_counter()
    result = mapeq.infomap(network, seed=1)
    searched = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result.write(Path(folder, "labels.clu"))
    written = time.perf_counter()
    return {
        "links": network.num_links,
        "nodes": network.num_nodes,
        "read": read - start,
        "seconds": searched - read,
        "write": written - searched,
        "peak": watch.above(),
        "codelength": float(result.codelength),
        "labels": hashlib.sha256(result.labels.tobytes()).hexdigest(),
    }


def show_large(rows: Sequence[Row]) -> str:
    """A line for each size and place of the network."""
    head = ["links", "nodes", "network", "saving, s", "reading, s", "search, s", "writing, s", "memory, MB"]
    head += ["bytes per link", "same labels"]
    first = {row["size"]: row["labels"] for row in reversed(rows)}
    lines = [
        [
            f"{row['links']:,}",
            f"{row['nodes']:,}",
            "mapped" if row["mapped"] else "in memory",
            f"{row['save']['seconds']:.3g}" if row["save"] else "",
            *(f"{row[name]:.3g}" for name in ("read", "seconds", "write")),
            f"{row['peak'] / 1e6:,.0f}",
            f"{row['peak'] / row['links']:.1f}",
            "yes" if row["labels"] == first[row["size"]] else "NO",
        ]
        for row in rows
    ]
    return table(head, lines, left=0)


def large_in_words(rows: Sequence[Row]) -> list[str]:
    """How long the largest networks take, how much memory, and how time grows."""
    said = []
    for mapped in (False, True):
        found = [row for row in rows if row["mapped"] == mapped]
        if len(found) < 2:
            continue
        last, where = found[-1], "mapped from disk" if mapped else "in memory"
        totals = [row["read"] + row["seconds"] + row["write"] for row in found]
        links = [row["links"] for row in found]
        powers = growth(links, totals), growth(links, [row["seconds"] for row in found])
        said.append(
            f"{last['links']:,} links, {where}, take {totals[-1]:.0f} s from file to labels and "
            f"{last['peak'] / last['links']:.1f} bytes per link; time grows with the number of links to the power "
            f"{powers[0]:.2f}, that of the search alone to the power {powers[1]:.2f}."
        )
    labels = {row["size"]: row["labels"] for row in rows if row["mapped"]}
    same = [row["labels"] == labels[row["size"]] for row in rows if not row["mapped"]]
    return [*said, f"Mapped and in memory, labels are the same on {sum(same)} of {len(same)} networks."] if said else []


if __name__ == "__main__":
    write_planted(Path(sys.argv[1]), int(float(sys.argv[2])))

"""The networks that are measured: link lists of the user's choice and generated LFR networks.

Whatever the source, every library gets the same thing: an int64 array of shape (m, 2) in an .npy
file, nodes numbered from 0 without gaps, no self-links, every link once, all of weight 1.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parent.parent / "examples" / "data"
COMMENTS = ("#", "%")


@dataclass(frozen=True)
class Links:
    """The links of one network, on disk."""

    name: str
    path: Path
    num_nodes: int
    num_links: int
    directed: bool

    @property
    def title(self) -> str:
        """One line for people."""
        kind = "directed" if self.directed else "undirected"
        return f"{self.name}: {self.num_nodes:,} nodes, {self.num_links:,} links, {kind}"

    def load(self) -> NDArray[np.int64]:
        """The links in memory, shape (num_links, 2)."""
        edges: NDArray[np.int64] = np.load(self.path)
        return edges


def file_name(path: Path) -> str:
    """What a network file is called in tables: its name without .gz and without the suffix before it."""
    return Path(path.name.removesuffix(".gz")).stem


def from_file(path: Path, folder: Path, *, directed: bool | None) -> Links:
    """Read a link list; `directed` None: as its comments say, else undirected.

    Raises
    ------
    ValueError
        If the file is no list of links.
    """
    try:
        comments, first = _top(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if first is None or first.startswith("*"):
        raise ValueError(f"{path}: expected a link list, one `source target` a line")
    if directed is None:
        directed = _direction(path, comments)
    delimiter = "," if "," in first else None
    if len(first.split(delimiter)) > 2:
        print(f"{path.name}: weights are ignored, every link counts 1", file=sys.stderr)
    return _saved(file_name(path), _numbered(_read(path, delimiter)), folder, directed)


def _top(path: Path) -> tuple[list[str], str | None]:
    """The comments before the first link, and the line of that link."""
    comments: list[str] = []
    with _text(path) as file:
        for line in file:
            if line.startswith(COMMENTS):
                comments.append(line)
            elif line.strip():
                return comments, line
    return comments, None


def _text(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def _direction(path: Path, comments: list[str]) -> bool:
    said = re.search(r"\b(un)?directed\b", " ".join(comments), re.IGNORECASE)
    if said is None:
        print(f"{path.name}: no comment says whether it is directed; taken as undirected", file=sys.stderr)
    return said is not None and said[1] is None


def _read(path: Path, delimiter: str | None) -> NDArray[Any]:
    def columns(dtype: type) -> NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # NumPy remarks on comment lines among words
            return np.loadtxt(
                path, dtype, comments=COMMENTS, delimiter=delimiter, usecols=(0, 1), ndmin=2, encoding="utf-8"
            )

    try:
        return columns(np.int64)
    except ValueError:  # nodes are called by words, or this is no link list at all
        return columns(str)


def _numbered(ends: NDArray[Any]) -> NDArray[np.int64]:
    """The links by number of node, from 0, in the order of the labels."""
    _, numbers = np.unique(ends, return_inverse=True)
    return numbers.reshape(ends.shape).astype(np.int64, copy=False)


def _saved(name: str, edges: NDArray[np.int64], folder: Path, directed: bool) -> Links:
    """Simple links on disk, in the order in which they came."""
    edges = _numbered(_once(edges[edges[:, 0] != edges[:, 1]], directed))
    if len(edges) == 0:
        raise ValueError(f"{name}: there is no link between two different nodes")
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.npy"
    with _renamed(path) as temporary:
        np.save(temporary, edges)
    return Links(name, path, int(edges.max()) + 1, len(edges), directed)


def _once(edges: NDArray[np.int64], directed: bool) -> NDArray[np.int64]:
    """Each link once: libraries differ in what they make of parallel links."""
    ends = edges if directed else np.sort(edges, axis=1)
    num_nodes = int(edges.max(initial=0)) + 1
    _, first = np.unique(ends[:, 0] * num_nodes + ends[:, 1], return_index=True)
    return edges if len(first) == len(edges) else edges[np.sort(first)]


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    """A path to write to that becomes `path` when all is written: a cache never holds half a file."""
    temporary = path.with_name(f"{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class LFR:
    """A benchmark network of Lancichinetti, Fortunato & Radicchi, Phys. Rev. E 78, 046110 (2008).

    Average degree 20, degrees distributed with exponent 2, sizes of communities (from 20 to 1,000) with
    exponent 1. The largest degree grows with the network, from 50 to 1,000, as it does in real ones.
    """

    num_nodes: int
    mixing: float

    @classmethod
    def parse(cls, text: str) -> LFR:
        """The network that ``NODES:MIXING`` asks for."""
        nodes, _, mixing = text.partition(":")
        try:
            asked = cls(int(nodes.replace("_", "")), float(mixing))
        except ValueError:
            raise ValueError(f"{text!r}: expected NODES:MIXING, such as 100000:0.4") from None
        if asked.num_nodes < 500 or not 0 <= asked.mixing < 1:
            raise ValueError(f"{text!r}: at least 500 nodes and a mixing from 0 to below 1")
        return asked

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"lfr-{self.num_nodes}-{self.mixing:g}"

    def links(self, seed: int, cache: Path) -> Links:
        """Generate the network, or take it from the cache; the same seed gives the same network."""
        path = cache / f"{self.name}-seed{seed}.npy"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            made = _saved(f"{self.name}-seed{seed}", self._generate(seed), cache, directed=False)
            return Links(self.name, made.path, made.num_nodes, made.num_links, directed=False)
        edges = np.load(path, mmap_mode="r")
        return Links(self.name, path, int(edges.max()) + 1, len(edges), directed=False)

    def _generate(self, seed: int) -> NDArray[np.int64]:
        import networkit

        networkit.setSeed(seed, False)
        networkit.setNumberOfThreads(1)  # with more, the network depends on who is first
        generator = networkit.generators.LFRGenerator(self.num_nodes)
        generator.generatePowerlawDegreeSequence(20, min(1000, max(50, self.num_nodes // 1000)), -2)
        generator.generatePowerlawCommunitySizeSequence(20, min(1000, max(60, self.num_nodes // 10)), -1)
        generator.setMu(self.mixing)
        graph = generator.generate()
        return np.fromiter(graph.iterEdges(), dtype=np.dtype((np.int64, 2)), count=graph.numberOfEdges())


def cache_folder() -> Path:
    """Where generated networks are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mapeq-benchmarks"

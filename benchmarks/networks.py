"""The networks that are measured: link lists of the user's choice, and networks made to order.

Whatever the source, every library gets the same thing: an int64 array of shape (m, 2) in an .npy
file, nodes numbered from 0 without gaps, no self-links, every link once, all of weight 1 but for
:func:`weighted`, which adds a float64 array of shape (m,) in a file of its own.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parent.parent / "examples" / "data"
COMMENTS = ("#", "%")


@dataclass(frozen=True)
class About:
    """What a reader must know of a network."""

    name: str
    num_nodes: int
    num_links: int
    directed: bool

    @property
    def title(self) -> str:
        """One line for people."""
        kind = "directed" if self.directed else "undirected"
        return f"{self.name}: {self.num_nodes:,} nodes, {self.num_links:,} links, {kind}"


@dataclass(frozen=True)
class Links(About):
    """The links of one network, on disk."""

    path: Path
    weights_path: Path | None = None

    def load(self) -> NDArray[np.int64]:
        """The links in memory, shape (num_links, 2)."""
        edges: NDArray[np.int64] = np.load(self.path)
        return edges

    def load_weights(self) -> NDArray[np.float64] | None:
        """The weights in memory, shape (num_links,); None: all are 1."""
        return None if self.weights_path is None else np.load(self.weights_path)


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
    edges = _numbered(simple(edges, directed=directed))
    if len(edges) == 0:
        raise ValueError(f"{name}: there is no link between two different nodes")
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.npy"
    with renamed(path) as temporary:
        np.save(temporary, edges)
    return _links(name, edges, directed, path)


def _links(name: str, edges: NDArray[np.int64], directed: bool, path: Path) -> Links:
    return Links(name, int(edges.max()) + 1, len(edges), directed, path)


def simple(edges: NDArray[np.int64], *, directed: bool) -> NDArray[np.int64]:
    """Each link once and none from a node to itself: libraries differ in what they make of such links."""
    edges = edges[edges[:, 0] != edges[:, 1]]
    ends = edges if directed else np.sort(edges, axis=1)
    num_nodes = int(edges.max(initial=0)) + 1
    _, first = np.unique(ends[:, 0] * num_nodes + ends[:, 1], return_index=True)
    return edges if len(first) == len(edges) else edges[np.sort(first)]


@contextmanager
def renamed(path: Path) -> Iterator[Path]:
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
            made = _saved(path.stem, self._generate(seed), cache, directed=False)
            return replace(made, name=self.name)
        return _links(self.name, np.load(path, mmap_mode="r"), False, path)

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


def rmat(scale: int, seed: int, folder: Path, *, directed: bool) -> Links:
    """A network with hubs, R-MAT (Chakrabarti, Zhan & Faloutsos 2004): up to 2^scale nodes, 16 links drawn for each."""
    name = f"rmat-{scale}-directed" if directed else f"rmat-{scale}"
    return _saved(name, rmat_edges(scale, seed, directed=directed), folder, directed)


def rmat_edges(scale: int, seed: int, *, directed: bool) -> NDArray[np.int64]:
    """Simple links of an R-MAT network, a = 0.57, b = c = 0.19, d = 0.05; nodes are shuffled, shape (m, 2)."""
    rng = np.random.default_rng(seed)
    num_nodes = 1 << scale
    edges = np.zeros((16 * num_nodes, 2), dtype=np.int64)
    for _ in range(scale):  # each level halves the matrix both ways and chooses a quarter
        quarter = rng.choice(4, size=len(edges), p=(0.57, 0.19, 0.19, 0.05))
        edges = 2 * edges + np.column_stack([quarter >> 1, quarter & 1])
    return simple(rng.permutation(num_nodes)[edges], directed=directed)


def star(num_leaves: int, folder: Path) -> Links:
    """One hub and its leaves."""
    edges = np.column_stack([np.zeros(num_leaves, dtype=np.int64), np.arange(1, num_leaves + 1)])
    return _saved(f"star-{num_leaves}", edges, folder, directed=False)


def weighted(links: Links, seed: int, folder: Path) -> Links:
    """The same links with weights, distributed exponentially with mean 1."""
    name = f"{links.name}-weighted"
    path = folder / f"{name}-weights.npy"
    np.save(path, np.random.default_rng(seed).exponential(size=links.num_links))
    return replace(links, name=name, weights_path=path)


def one_way(links: Links, seed: int, folder: Path) -> Links:
    """The same links with directions: each leads one way at random, a fifth of them back as well."""
    rng = np.random.default_rng(seed)
    edges = links.load()
    turned = rng.random(len(edges)) < 0.5
    edges[turned] = edges[turned, ::-1]
    back = edges[rng.random(len(edges)) < 0.2, ::-1]
    return _saved(f"{links.name}-directed", np.concatenate([edges, back]), folder, directed=True)


def write_text(links: Links, path: Path) -> None:
    """A link list, `source target` a line."""
    np.savetxt(path, links.load(), fmt="%d")

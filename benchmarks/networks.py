"""The networks that are measured: files, and networks generated on demand.

Every library gets the same input: an int64 array of shape (m, 2) in an .npy file, with nodes numbered from 0 without
gaps, no self-links and no parallel links. Weights, if any, are a float64 array of shape (m,) in a second file.

A network is named by a specification: an example (``jazz``), a file (``links.txt.gz``), or a generator with its
parameters (``lfr:100000:0.4``, ``rmat:17``, ``star:1000``, ``ring:1000``), each followed by any variants:
``+weighted``, ``+directed`` or ``+recorded`` (recorded teleportation).
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parent.parent / "examples" / "data"
LINKS_PER_NODE = 16  #: drawn by R-MAT, before parallel links are dropped

Ends = NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """The links of one network, on disk."""

    name: str
    num_nodes: int
    num_links: int
    directed: bool
    path: Path
    weights_path: Path | None = None
    recorded: bool = False  #: whether teleportation is encoded

    @property
    def title(self) -> str:
        """The name in tables."""
        return f"{self.name} (directed)" if self.directed else self.name

    def load(self) -> Ends:
        """Both ends of each link, shape (num_links, 2)."""
        return np.load(self.path)

    def load_weights(self) -> NDArray[np.float64] | None:
        """The weights, shape (num_links,), or None if all are 1."""
        return None if self.weights_path is None else np.load(self.weights_path)


@dataclass(frozen=True)
class Source:
    """Makes networks from specifications. The same seed gives the same networks."""

    folder: Path  #: for temporary files
    cache: Path  #: for LFR networks, which take long to generate
    seed: int = 1

    def __call__(self, specification: str, *, directed: bool | None = None) -> Links:
        """The network of a specification; `directed` overrides what a file says of itself.

        Raises
        ------
        ValueError
            If the specification or the file makes no sense.
        """
        base, *variants = specification.split("+")
        links = self._base(base, directed)
        # Weights last: they belong to links with their directions.
        for variant in sorted(variants, key=lambda variant: variant == "weighted"):
            links = self._variant(links, variant)
        return links

    def _base(self, base: str, directed: bool | None) -> Links:
        kind, *parameters = base.split(":")
        if kind == "lfr":
            return self._cached_lfr(*lfr_parameters(":".join(parameters)))
        if kind in GENERATORS:
            return self._saved(base.replace(":", "-"), GENERATORS[kind](int(parameters[0]), self.seed), directed=False)
        example = EXAMPLES / f"{base}.txt.gz"
        return self._from_file(example if example.exists() else Path(base), directed)

    def _from_file(self, path: Path, directed: bool | None) -> Links:
        import mapeq

        try:
            if directed is None:
                directed = _says_directed(path)
            sources, targets, _ = mapeq.read_network(path, directed=directed, weight=None).links()
        except (OSError, mapeq.MapeqError) as error:
            raise ValueError(f"{path}: {error}") from None
        ends = np.column_stack([sources, targets]).astype(np.int64)
        return self._saved(Path(path.name.removesuffix(".gz")).stem, ends, directed=directed)

    def _cached_lfr(self, num_nodes: int, mixing: float) -> Links:
        name = f"lfr-{num_nodes}-{mixing:g}"
        path = self.cache / f"{name}-seed{self.seed}.npy"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            with replaced(path) as temporary:
                np.save(temporary, numbered(simple(lfr(num_nodes, mixing, self.seed), directed=False)))
        return _described(name, np.load(path, mmap_mode="r"), False, path)

    def _saved(self, name: str, ends: Ends, *, directed: bool) -> Links:
        ends = numbered(simple(ends, directed=directed))
        if len(ends) == 0:
            raise ValueError(f"{name}: no link between two different nodes")
        path = self.folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.npy"
        np.save(path, ends)
        return _described(name, ends, directed, path)

    def _variant(self, links: Links, variant: str) -> Links:
        rng = np.random.default_rng(self.seed)
        if variant == "recorded":
            return replace(links, name=f"{links.name}, recorded teleportation", recorded=True)
        if variant == "weighted":
            path = self.folder / f"{links.name}-weights.npy"
            np.save(path, rng.exponential(size=links.num_links))
            return replace(links, name=f"{links.name}, weighted", weights_path=path)
        if variant == "directed":
            return self._saved(links.name, one_way(links.load(), rng), directed=True)
        raise ValueError(f"unknown variant {variant!r}: expected weighted, directed or recorded")


def _says_directed(path: Path) -> bool:
    """Whether the comments at the top of a link list say that it is directed."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        comments = [line for line in lines.read(2000).splitlines() if line.startswith(("#", "%"))]
    said = re.search(r"\b(un)?directed\b", " ".join(comments), re.IGNORECASE)
    return said is not None and said[1] is None


def _described(name: str, ends: Ends, directed: bool, path: Path) -> Links:
    return Links(name, int(ends.max()) + 1, len(ends), directed, path)


def numbered(ends: Ends) -> Ends:
    """The same links between nodes numbered without gaps, in the order of their numbers."""
    return np.unique(ends, return_inverse=True)[1].reshape(ends.shape).astype(np.int64, copy=False)


def simple(ends: Ends, *, directed: bool) -> Ends:
    """The links without self-links and parallel links, which libraries treat differently."""
    ends = ends[ends[:, 0] != ends[:, 1]]
    ordered = ends if directed else np.sort(ends, axis=1)
    num_nodes = int(ends.max(initial=0)) + 1
    _, first = np.unique(ordered[:, 0] * num_nodes + ordered[:, 1], return_index=True)
    return ends if len(first) == len(ends) else ends[np.sort(first)]


def lfr_parameters(text: str) -> tuple[int, float]:
    """Number of nodes and mixing from ``NODES:MIXING``."""
    nodes, _, mixing = text.partition(":")
    try:
        parameters = int(nodes.replace("_", "")), float(mixing)
    except ValueError:
        raise ValueError(f"{text!r}: expected NODES:MIXING, such as 100000:0.4") from None
    if parameters[0] < 500 or not 0 <= parameters[1] < 1:
        raise ValueError(f"{text!r}: expected at least 500 nodes and a mixing of at least 0 and below 1")
    return parameters


def lfr(num_nodes: int, mixing: float, seed: int) -> Ends:
    """LFR benchmark (Lancichinetti, Fortunato & Radicchi, Phys. Rev. E 78, 046110, 2008), generated by NetworKit.

    Average degree 20, degree exponent 2; communities of 20 to 1,000 nodes, exponent 1. The maximum degree grows with
    the network, from 50 to 1,000.
    """
    import networkit

    networkit.setSeed(seed, False)
    networkit.setNumberOfThreads(1)  # the result would depend on scheduling
    generator = networkit.generators.LFRGenerator(num_nodes)
    generator.generatePowerlawDegreeSequence(20, min(1000, max(50, num_nodes // 1000)), -2)
    generator.generatePowerlawCommunitySizeSequence(20, min(1000, max(60, num_nodes // 10)), -1)
    generator.setMu(mixing)
    graph = generator.generate()
    return np.fromiter(graph.iterEdges(), dtype=np.dtype((np.int64, 2)), count=graph.numberOfEdges())


def rmat(scale: int, seed: int) -> Ends:
    """R-MAT (Chakrabarti, Zhan & Faloutsos 2004) on 2^scale nodes, a = 0.57, b = c = 0.19: a few nodes are hubs."""
    rng = np.random.default_rng(seed)
    ends = np.zeros((LINKS_PER_NODE << scale, 2), dtype=np.int64)
    for _ in range(scale):  # each step picks a quadrant of the adjacency matrix
        quadrant = rng.choice(4, size=len(ends), p=(0.57, 0.19, 0.19, 0.05))
        ends = 2 * ends + np.column_stack([quadrant >> 1, quadrant & 1])
    return rng.permutation(1 << scale)[ends]


def star(num_leaves: int, seed: int = 0) -> Ends:
    """One hub and its leaves."""
    return np.column_stack([np.zeros(num_leaves, dtype=np.int64), np.arange(1, num_leaves + 1)])


def ring(num_nodes: int, seed: int = 0) -> Ends:
    """One cycle."""
    nodes = np.arange(num_nodes)
    return np.column_stack([nodes, (nodes + 1) % num_nodes])


GENERATORS = {"rmat": rmat, "star": star, "ring": ring}


def one_way(ends: Ends, rng: np.random.Generator) -> Ends:
    """Directed links: each undirected one in a random direction, and a fifth of them in both."""
    is_turned = rng.random(len(ends)) < 0.5
    ends = np.where(is_turned[:, None], ends[:, ::-1], ends)
    return np.concatenate([ends, ends[rng.random(len(ends)) < 0.2, ::-1]])


def is_old(ends: Ends, new: str, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Which links existed before a network grew by a fraction of its "links", or of its "nodes" and all their links."""
    rng = np.random.default_rng(seed)
    if new == "links":
        return rng.random(len(ends)) >= fraction
    return (rng.random(int(ends.max()) + 1) >= fraction)[ends].all(axis=1)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` on success, so that a cache never holds a partial file."""
    temporary = path.with_name(f"{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The folder of generated networks and of labelled sets."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mapeq-benchmarks"

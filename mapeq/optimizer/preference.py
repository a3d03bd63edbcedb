"""Reach a preferred number of modules: merge the modules, or parts of them, whose merging costs least.

Moves of single nodes and modules see the price of a number, but not what several of them together would save. So,
from a partition that the search has found, modules are merged pair by pair, or divided: then parts of them are merged
again, inside the modules that they come from. Each pair is the one that costs least. The codelengths on the way,
with the price, tell where to stop; the usual moves follow.
"""

from __future__ import annotations

import heapq
from math import log2

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import IndexArray
from mapeq.objective.level import Level
from mapeq.objective.terms import BITS_PER_MODULE, PREFERRED_NUMBER
from mapeq.optimizer.engine import Engine
from mapeq.optimizer.node_moves import unconstrained
from mapeq.walk.flow import ENTER, EXIT, TELEPORT_IN, TELEPORT_OUT, VISIT, link_flows

#: So many of the modules with the least flow may merge without a link, such as those of small components.
FEW_UNLINKED = 4


#: In networks of up to so many stored links, modules are divided down to single nodes, and these are merged, too.
FEW_LINKS = 20_000


def preferred_number(level: Level) -> int:
    """The preferred number of top modules; 0 if there is none."""
    return 0 if level.terms.counting is None else int(level.terms.counting[PREFERRED_NUMBER])


def towards_preferred(level: Level, module_of: IndexArray, engine: Engine, seed: np.uint64) -> list[IndexArray]:
    """Partitions with the preferred number of modules, or one nearer to it than the given partition is.

    Parameters
    ----------
    level : Level
        Of n nodes, with a preferred number of modules.
    module_of : unsigned integer array of shape (n,)
        Numbered from 0 without gaps.
    engine : Engine
    seed : uint64
        Of the order in which nodes move where parts of modules are sought.

    Returns
    -------
    list of unsigned integer arrays of shape (n,)
        Empty if the partition has the preferred number of modules, except on small networks.
    """
    preferred, count = preferred_number(level), int(module_of.max(initial=0)) + 1
    assert level.terms.counting is not None
    bits = float(level.terms.counting[BITS_PER_MODULE])
    is_small = len(level.links.indices) <= FEW_LINKS
    from_nodes = [merged(level, None, bits, preferred)] if is_small else []
    if count == preferred:
        return from_nodes
    if count > preferred:
        parts = engine.compact(level, engine.partition(level, module_of.copy()))
        return [merged(engine.aggregate(level, parts), None, bits, preferred)[parts.module_of], *from_nodes]
    part_of = _parts(level, module_of, engine, preferred, seed)
    parts = engine.compact(level, engine.partition(level, part_of))
    coarse = engine.aggregate(level, parts)
    inside = np.empty(len(parts.sizes), dtype=module_of.dtype)
    inside[parts.module_of] = module_of
    return [merged(coarse, within, bits, preferred)[parts.module_of] for within in (inside, None)]


def _parts(level: Level, module_of: IndexArray, engine: Engine, preferred: int, seed: np.uint64) -> IndexArray:
    """At least the preferred number of parts of modules: single nodes, or on large networks where these moved to."""
    n, dtype = len(level.nodes), module_of.dtype
    if len(level.links.indices) > FEW_LINKS:
        plain = level._replace(terms=level.terms._replace(counting=None))
        state = engine.single_modules(plain)
        engine.move(plain, state, unconstrained(state), seed)
        pairs = module_of.astype(np.uint64) * np.uint64(n) + state.module_of
        parts: IndexArray = np.unique(pairs, return_inverse=True)[1].astype(dtype)
        if int(parts.max(initial=0)) + 1 >= preferred:
            return parts
    return np.arange(n, dtype=dtype)


def merged(parts: Level, inside: IndexArray | None, bits_per_module: float, preferred: int) -> IndexArray:
    """Merge the nodes of a level, pair by pair, to the number of modules that costs least with its price.

    Parameters
    ----------
    parts : Level
        Its n nodes are modules, or parts of modules.
    inside : unsigned integer array of shape (n,), optional
        The module of each part: parts of two modules never merge.
    bits_per_module : float
        What each module costs besides its description.
    preferred : int
        Each module more or less than this costs one bit. Merging ends there.

    Returns
    -------
    unsigned integer array of shape (n,)
        The module of each part, numbered from 0 without gaps.
    """
    n = len(parts.nodes)
    merging = _Merging(parts, inside)
    pairs: list[tuple[int, int]] = []
    best, best_at, length = float(abs(n - preferred)), 0, 0.0
    while n - len(pairs) > preferred and (pair := merging.cheapest()) is not None:
        length += merging.merge(*pair) - bits_per_module
        pairs.append(pair)
        total = length + abs(n - len(pairs) - preferred)
        if total <= best:
            best, best_at = total, len(pairs)
    root = np.arange(n)
    for kept, gone in pairs[:best_at]:
        root[gone] = kept
    while (root[root] != root).any():
        root = root[root]
    return np.unique(root, return_inverse=True)[1].astype(parts.links.indices.dtype)


class _Merging:
    """Modules that merge, the flow between them, and the pairs that may merge by what it costs."""

    def __init__(self, parts: Level, inside: IndexArray | None):
        n = len(parts.nodes)
        self._visit, self._enter, self._exit = (parts.nodes[:, k].tolist() for k in (VISIT, ENTER, EXIT))
        self._teleport: list[list[float]] | None = None
        if parts.terms.teleport is not None:
            self._teleport = [parts.terms.teleport[:, k].tolist() for k in (TELEPORT_OUT, TELEPORT_IN)]
        self._rate = float(parts.nodes[:, ENTER].sum())
        self._inside = inside
        self._flow = _flow_between(parts, inside)
        self._version = [0] * n
        self._alive = [True] * n
        self._heap = [(self._cost(i, j), i, j, 0, 0) for i in range(n) for j in self._flow[i] if i < j]
        heapq.heapify(self._heap)
        self._small = [(visit, i, 0) for i, visit in enumerate(self._visit)]
        heapq.heapify(self._small)
        self._offer_small()

    def cheapest(self) -> tuple[int, int] | None:
        """The pair whose merging costs least, the one that stays first; None if none may merge."""
        while self._heap:
            cost, i, j, one, other = heapq.heappop(self._heap)
            if (self._version[i], self._version[j]) != (one, other):
                continue
            now = self._cost(i, j)  # the index codebook has changed since the pair was entered
            if self._heap and now > self._heap[0][0] and now > cost:
                heapq.heappush(self._heap, (now, i, j, one, other))
                continue
            # The one with more neighbours stays: fewer have to learn where the other has gone.
            return (i, j) if len(self._flow[i]) >= len(self._flow[j]) else (j, i)
        return None

    def merge(self, i: int, j: int) -> float:
        """Merge module `j` into `i`; returns the change of the codelength in bits."""
        cost, between = self._cost(i, j), self._between(i, j)
        self._rate -= between
        self._visit[i] += self._visit[j]
        self._enter[i] = max(self._enter[i] + self._enter[j] - between, 0.0)
        self._exit[i] = max(self._exit[i] + self._exit[j] - between, 0.0)
        if self._teleport is not None:
            for column in self._teleport:
                column[i] += column[j]
        for k, flow in self._flow[j].items():
            del self._flow[k][j]
            if k != i:
                self._flow[i][k] = self._flow[k][i] = self._flow[i].get(k, 0.0) + flow
        self._flow[j] = {}
        self._alive[j] = False
        self._version[j] += 1
        self._version[i] += 1
        for k in self._flow[i]:
            self._offer(i, k)
        heapq.heappush(self._small, (self._visit[i], i, self._version[i]))
        self._offer_small()
        return cost

    def _offer(self, i: int, j: int) -> None:
        i, j = min(i, j), max(i, j)
        heapq.heappush(self._heap, (self._cost(i, j), i, j, self._version[i], self._version[j]))

    def _offer_small(self) -> None:
        """Offer the pairs of the modules with the least flow."""
        if self._inside is not None:
            return
        few: list[tuple[float, int, int]] = []
        while self._small and len(few) < FEW_UNLINKED:
            entry = heapq.heappop(self._small)
            if self._alive[entry[1]] and self._version[entry[1]] == entry[2]:
                few.append(entry)
        for place, (_, i, _) in enumerate(few):
            for _, j, _ in few[:place]:
                if j not in self._flow[i]:
                    self._offer(i, j)
        for entry in few:
            heapq.heappush(self._small, entry)

    def _between(self, i: int, j: int) -> float:
        """The flow between two modules, both ways, teleportation included."""
        flow: float = self._flow[i].get(j, 0.0)
        if self._teleport is not None:
            out, into = self._teleport
            flow += out[i] * into[j] + out[j] * into[i]
        return flow

    def _cost(self, i: int, j: int) -> float:
        """The change of the codelength if two modules merged."""
        between = self._between(i, j)
        visit = self._visit[i] + self._visit[j]
        enter, exit = self._enter[i] + self._enter[j] - between, self._exit[i] + self._exit[j] - between
        change = _plogp(self._rate - between) - _plogp(self._rate) + _module_cost(visit, enter, exit)
        for k in (i, j):
            change -= _module_cost(self._visit[k], self._enter[k], self._exit[k])
        return change


def _module_cost(visit: float, enter: float, exit: float) -> float:
    return _plogp(exit + visit) - _plogp(exit) - _plogp(enter)


def _plogp(p: float) -> float:
    return p * log2(p) if p > 0.0 else 0.0


def _flow_between(parts: Level, inside: IndexArray | None) -> list[dict[int, float]]:
    """The flow between linked parts, both ways; only inside modules if these are given."""
    sources: NDArray[np.intp] = np.repeat(np.arange(len(parts.nodes)), np.diff(parts.links.indptr).astype(np.intp))
    targets, flow = parts.links.indices, link_flows(parts.links)
    if inside is not None:
        kept = inside[sources] == inside[targets]
        sources, targets, flow = sources[kept], targets[kept], flow[kept]
    between: list[dict[int, float]] = [{} for _ in range(len(parts.nodes))]
    for i, j, amount in zip(sources.tolist(), targets.tolist(), flow.tolist(), strict=True):
        between[i][j] = amount
    return between

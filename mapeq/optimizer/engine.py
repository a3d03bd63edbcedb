"""The engine of a search: its threads, the memory that they keep, and the steps that they take together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, IndexArray, read_only
from mapeq._base.hierarchy import Hierarchy
from mapeq._base.jit import kernel_of
from mapeq._base.storage import IN_MEMORY, Storage
from mapeq._base.team import CHUNK
from mapeq._base.threads import Threads
from mapeq.objective.contents import Contents, content_sums, has_contents
from mapeq.objective.level import Level
from mapeq.objective.multilevel import MultilevelPartition, multilevel_partition
from mapeq.objective.two_level import Partition, new_partition, new_sums, partition, sum_codelength, with_memory
from mapeq.optimizer import aggregation
from mapeq.optimizer.aggregation import ROWS, WAITING, Groups, LevelMemory, widest_row
from mapeq.optimizer.blocks import Limits, Visits, block_size, new_block, new_visits, part_size
from mapeq.optimizer.candidates import Scratch, has_room, new_scratch
from mapeq.optimizer.leiden import TOLD, Memory, Plan, aggregate_into, leiden_pass, refine, rows_for
from mapeq.optimizer.moves import move
from mapeq.optimizer.node_moves import NodeConstraint
from mapeq.optimizer.order import draw_order
from mapeq.optimizer.tree_moves import UnitConstraint
from mapeq.walk.flow import Links

_SUM_CODELENGTH, _DRAW_ORDER, _MOVE = map(kernel_of, (sum_codelength, draw_order, move))
_COMPACT, _EXPAND, _SINGLE_MODULES = map(
    kernel_of, (aggregation.compact, aggregation.expand, aggregation.single_modules)
)
_GROUP = kernel_of(aggregation.group)

#: Levels of fewer stored links are left to one thread: waking another one takes some 50 microseconds.
WORTH_SHARING = 200_000

#: Refining pays on this many levels; above them, modules are aggregated as they are.
REFINED_LEVELS = 3


class Passed(NamedTuple):
    """What a Leiden pass has found: a compact partition, its codelength, and whether passes gain little by now."""

    state: Partition
    codelength: float
    converged: bool


class Engine(Threads):
    """The threads of a search, and memory that they keep.

    Parameters
    ----------
    num_threads : int
    stop : uint8 array of shape (1,), optional
        Anything but 0 ends moves and passes soon.
    storage : Storage
        Of the links of coarser levels.
    """

    def __init__(self, num_threads: int = 1, stop: NDArray[np.uint8] | None = None, storage: Storage = IN_MEMORY):
        super().__init__(num_threads)
        self.storage = storage
        self.stop = np.zeros(1, np.uint8) if stop is None else stop
        self._memory: Memory | None = None
        self._scratch: list[Scratch] = []

    def is_shared(self, level: Level) -> bool:
        """Whether all threads work on a level."""
        return len(level.links.indices) >= WORTH_SHARING

    # Partitions

    def partition(self, level: Level, module_of: IndexArray, rows: int | None = None) -> Partition:
        """Sum up the modules of a partition, which owns the array afterwards; see :func:`partition`."""
        return partition(level, module_of, self if self.is_shared(level) else None, rows)

    def hierarchy(self, level: Level, hierarchy: Hierarchy) -> MultilevelPartition:
        """Sum up the modules of a hierarchy; see :func:`multilevel_partition`."""
        return multilevel_partition(level, hierarchy, threads=self if self.is_shared(level) else None)

    def measured(self, level: Level, module_of: IndexArray) -> float:
        """The codelength of a partition, summed up anew from its links, in bits."""
        return self.codelength(level, self.partition(level, module_of, int(module_of.max(initial=0)) + 1))

    def codelength(self, level: Level, state: Partition) -> float:
        """The codelength of a partition, from its module sums, in bits."""
        sums = new_sums(len(state.sizes))
        state = with_memory(level, state)
        index, within = self.together(_SUM_CODELENGTH, level.terms, state, sums, shared=self.is_shared(level))
        return max(float(index), 0.0) + max(float(within) + level.constant, 0.0)

    def compact(self, level: Level, state: Partition) -> Partition:
        """The same partition, its modules numbered without gaps; it has as many rows as modules."""
        rows, dtype = len(state.sizes), state.module_of.dtype
        small = new_partition(level, np.empty_like(state.module_of), rows)
        small = small._replace(index_sums=state.index_sums, codebooks=state.codebooks)
        scratch = np.empty(rows, dtype), np.empty(rows // int(CHUNK) + 1, np.uint64)
        count = self.together(_COMPACT, state, *scratch, small, shared=self.is_shared(level))
        return first_rows(small, int(count))

    def expanded(self, level: Level, state: Partition, module_of: IndexArray) -> Partition:
        """A compact partition's modules as a partition of a level's nodes, with rows for more modules."""
        rows = int(rows_for.py_func(np.uint64(len(state.sizes)), np.uint64(len(module_of))))
        found = new_partition(level, module_of, rows)._replace(index_sums=state.index_sums)
        self.together(_EXPAND, state, found, shared=self.is_shared(level))
        return found

    def single_modules(self, level: Level) -> Partition:
        """Every node a module of its own, node ``i`` in module ``i``."""
        n = len(level.nodes)
        state = new_partition(level, np.empty(n, level.links.indices.dtype), n)
        self.together(_SINGLE_MODULES, level, state, new_sums(n), shared=self.is_shared(level))
        return state

    # Levels

    def group(self, level: Level, state: Partition) -> Groups:
        """The nodes of each module of a compact partition."""
        count, module_of = len(state.sizes), state.module_of
        groups = Groups(np.empty(count + 1, np.uint64), np.empty_like(module_of))
        ends = np.empty(count, module_of.dtype)
        self.together(_GROUP, module_of, groups, ends, shared=self.is_shared(level))
        return groups

    def aggregate(self, level: Level, state: Partition) -> Level:
        """The coarser level whose nodes are the modules of a compact partition, linked by the flow between them.

        The codelength of a partition of modules is the same as that of the nodes within them.
        """
        count, num_links = len(state.sizes), len(level.links.indices)
        groups = self.group(level, state)
        dtype = level.links.indices.dtype
        links_before, memory = (
            np.empty(count + 1, np.uint64),
            _new_level_memory(count, num_links, dtype, level, self.storage),
        )
        scratch = self._scratch_for(level)
        shared = self.is_shared(level)
        self.together(aggregate_into, level, state, groups, links_before, memory, each=scratch, shared=shared)
        filled = int(memory.indptr[count])
        indices, flow = read_only(memory.indices[:filled]), read_only(memory.flow[:filled])
        links = Links(read_only(memory.indptr), indices, flow, ONE)
        codebooks = level.codebooks
        if codebooks.stride:
            codebooks = codebooks._replace(of=read_only(memory.codebook_of[:count]))
        teleport = None if memory.teleport is None else read_only(memory.teleport)
        terms = level.terms._replace(teleport=teleport, contents=_first_contents(level, memory, count))
        return Level(links, read_only(memory.nodes), terms, level.constant, codebooks)

    def refine(self, level: Level, state: Partition, seed: np.uint64) -> Partition:
        """Connected sub-modules of all modules of a compact partition; the number of these has no price."""
        memory, scratch = self._memory_for(level), self._scratch_for(level)
        plan = self._plan(seed)
        shared = self.is_shared(level)
        count = self.together(refine, level, state, plan, memory, each=scratch, shared=shared)
        return _copied(memory.parts, level, memory.parts.module_of[: len(level.nodes)].copy(), int(count))

    # Moves

    def move(
        self,
        level: Level,
        state: Partition | MultilevelPartition,
        constraint: NodeConstraint | UnitConstraint,
        seed: np.uint64,
        nodes: IndexArray | None = None,
    ) -> float:
        """Move nodes or units, some of them first or all, until none has a reason to; returns the change in bits."""
        n = len(level.nodes)
        visits, block = self._memory_for(level)[:2]
        visits = first_visits(visits, n, n if nodes is None else len(nodes))
        if nodes is None:
            self.together(_DRAW_ORDER, seed, visits.order, shared=self.is_shared(level))
        else:
            visits.order[:] = nodes
        terms = level.terms
        depends_on_others = terms.counting is not None or has_contents.py_func(terms.contents)
        is_exact = depends_on_others or not self.is_shared(level) or constraint.deepest is not None
        limits = Limits(np.inf, np.uint64(is_exact), block_size.py_func(np.uint64(n)), self.stop)
        most = 0
        if isinstance(constraint, UnitConstraint):
            most = min((widest_row(level.links.indptr) + 1) * int(constraint.deepest), len(state.sizes))
        scratch = self._scratch_for(level, most)
        state = state._replace(contents=content_sums(terms.contents))
        together = level, state, constraint, visits, block, limits
        change, _ = self.together(_MOVE, *together, each=scratch, shared=self.is_shared(level))
        return float(change)

    def leiden_pass(
        self,
        level: Level,
        start: Passed | None,
        min_gain: float,
        seed: np.uint64,
        *,
        rough: bool = False,
        rebuild: bool = False,
        refined_levels: int = REFINED_LEVELS,
        max_sweeps: float = np.inf,
    ) -> Passed:
        """A pass from a partition, or from single nodes; see :func:`mapeq.optimizer.leiden.leiden_pass`."""
        memory, labels = self._memory_for(level), np.empty(len(level.nodes), level.links.indices.dtype)
        scratch = self._scratch_for(level)
        plan = self._plan(seed)._replace(
            from_singles=start is None,
            rough=rough,
            rebuild=rebuild,
            refined_levels=np.uint64(refined_levels),
            max_sweeps=float(max_sweeps),
            min_gain=min_gain,
            codelength=0.0 if start is None else start.codelength,
        )
        given = _view(memory.parts, level, labels, 0) if start is None else start.state
        common = level, given, plan, memory, labels
        count, converged, length = self.together(leiden_pass, *common, each=scratch, shared=self.is_shared(level))
        return Passed(_copied(memory.found, level, labels, int(count)), float(length), bool(converged))

    def _plan(self, seed: np.uint64) -> Plan:
        return Plan(
            seed, False, False, False, np.uint64(REFINED_LEVELS), np.inf, 0.0, 0.0, np.uint64(WORTH_SHARING), self.stop
        )

    # Memory

    def _memory_for(self, level: Level) -> Memory:
        """Memory for passes over a level, kept for others that need no more."""
        if self._memory is None or not _is_enough(self._memory, level):
            self._memory = None  # freed before more is allocated
            self._memory = _new_memory(level, self.storage)
        self._memory = _with_codebooks(self._memory, len(level.codebooks.exit))
        return self._memory

    def _scratch_for(self, level: Level, most_candidates: int = 0) -> Sequence[Scratch]:
        """Scratch memory of each thread, kept, for a level and coarser ones, and so many candidates of a unit."""
        n, dtype = len(level.nodes), level.links.indices.dtype
        # A node of a coarser level may be linked to all others.
        contents = level.terms.contents
        num_features = 0 if contents is None else len(contents.coefficients)
        most = max(widest_row(level.links.indptr), n, most_candidates, num_features) + int(WAITING)
        most += min(int(ROWS), len(level.links.indices))  # rows of a coarser level that wait for their place
        chosen = int(part_size.py_func(block_size.py_func(np.uint64(n))))
        if not self._scratch or not has_room(self._scratch[0], most, chosen, dtype):
            self._scratch = []  # freed before more is allocated
            self._scratch = [new_scratch(most, chosen, dtype) for _ in range(self.num_threads)]
        return self._scratch


def first_rows(state: Partition, count: int) -> Partition:
    """A partition with fewer rows."""
    teleport = None if state.teleport is None else state.teleport[:count]
    return state._replace(modules=state.modules[:count], teleport=teleport, sizes=state.sizes[:count])


def first_visits(visits: Visits, num_nodes: int, num_ordered: int) -> Visits:
    """Visits of the nodes of a level in memory for more."""
    return visits._replace(
        order=visits.order[:num_ordered], waiting=visits.waiting[:num_nodes], listed=visits.listed[:num_ordered]
    )


def _view(memory: Partition, level: Level, module_of: IndexArray, count: int) -> Partition:
    index = memory.index_sums[: len(level.codebooks.exit)]
    found = first_rows(memory, count)
    return found._replace(module_of=module_of, index_sums=index, codebooks=level.codebooks, contents=None)


def _copied(memory: Partition, level: Level, module_of: IndexArray, count: int) -> Partition:
    found = _view(memory, level, module_of, count)
    teleport = None if found.teleport is None else found.teleport.copy()
    modules, sizes, index = found.modules.copy(), found.sizes.copy(), found.index_sums.copy()
    return found._replace(modules=modules, teleport=teleport, sizes=sizes, index_sums=index)


def _is_enough(memory: Memory, level: Level) -> bool:
    return (
        len(memory.part_of) >= len(level.nodes)
        and len(memory.odd.indices) >= len(level.links.indices)
        and memory.part_of.dtype == level.links.indices.dtype
        and (memory.working.teleport is None) == (level.terms.teleport is None)
        and _is_enough_for_contents(memory, level.terms.contents)
        and memory.even.codebook_of.dtype == level.codebooks.of.dtype
    )


def _with_codebooks(memory: Memory, count: int) -> Memory:
    """The same memory, for so many index codebooks at least: a search for hierarchies needs more and more of them."""
    if len(memory.working.index_sums) >= count:
        return memory
    moving, parts = (np.empty((count + count // 2, 5)) for _ in range(2))
    working, found = (part._replace(index_sums=moving) for part in (memory.working, memory.found))
    return memory._replace(working=working, found=found, parts=memory.parts._replace(index_sums=parts))


def _is_enough_for_contents(memory: Memory, contents: Contents | None) -> bool:
    sums, features = memory.working.contents, memory.even.features
    if sums is None or features is None or contents is None:
        return sums is None and contents is None
    return len(features) >= len(contents.features) and len(sums.starts) > len(contents.coefficients)


def _new_memory(level: Level, storage: Storage) -> Memory:
    n, num_links, dtype = len(level.nodes), len(level.links.indices), level.links.indices.dtype
    contents = content_sums(level.terms.contents)
    working, found, parts = (new_partition(level, np.empty(n, dtype), n)._replace(contents=contents) for _ in range(3))
    number, members, part_of, above = (np.empty(max(n, 1), dtype) for _ in range(4))
    return Memory(
        visits=new_visits(n, dtype),
        block=new_block(n),
        working=working,
        found=found._replace(index_sums=working.index_sums),
        parts=parts,
        number=number,
        groups=Groups(np.empty(n + 1, np.uint64), members[:n]),
        links_before=np.empty(n + 1, np.uint64),
        even=_new_level_memory(n, num_links, dtype, level, storage),
        odd=_new_level_memory(n, num_links, dtype, level, storage),
        part_of=part_of[:n],
        above=above[:n],
        counts=np.empty(n // int(CHUNK) + 2, np.uint64),
        sums=new_sums(n),
        told=np.zeros(TOLD, np.uint64),
    )


def _first_contents(level: Level, memory: LevelMemory, count: int) -> Contents | None:
    contents = level.terms.contents
    if contents is None:
        return None
    assert memory.content_indptr is not None
    assert memory.features is not None
    assert memory.amounts is not None
    indptr = memory.content_indptr[: count + 1]
    filled = int(indptr[-1])
    features, amounts = read_only(memory.features[:filled]), read_only(memory.amounts[:filled])
    return contents._replace(indptr=read_only(indptr), features=features, amounts=amounts)


def _new_level_memory(n: int, num_links: int, dtype: np.dtype, like: Level, storage: Storage) -> LevelMemory:
    contents = like.terms.contents
    return LevelMemory(
        indptr=np.empty(n + 1, np.uint64),
        indices=storage.empty(num_links, dtype),
        flow=storage.empty(num_links, np.float64),
        nodes=np.empty((n, 3)),
        teleport=None if like.terms.teleport is None else np.empty((n, 2)),
        codebook_of=np.empty(max(n, 1), like.codebooks.of.dtype),
        content_indptr=None if contents is None else np.empty(n + 1, np.uint64),
        features=None if contents is None else np.empty(len(contents.features), np.uint32),
        amounts=None if contents is None else np.empty(len(contents.features)),
    )

"""Contents of modules: a term of the objective for what the nodes of a module have in common.

Every node has *amounts* of a few *features*. With ``S`` the sum of a feature over the nodes of a leaf module, the
module adds ``c * h(S)`` to the codelength, where ``c`` is the coefficient of the feature and ``h(y) = y * log2(y)``.
Modules around others add nothing. Metadata are such a term, see :mod:`mapeq.objective.metadata`, and so are the
physical nodes of states, see :mod:`mapeq.objective.states`.

The sums by feature and module are in one table, which is filled from the nodes whenever they begin to move, and follows
every move. Each feature has a stretch of it: a list of modules if few nodes have the feature, else a hash table. What a
move changes depends on all moves before: one thread makes them, in order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.jit import inlined, jit, step
from mapeq._base.records import record
from mapeq.objective.formula import plogp

#: Columns of the table of sums: a module, ``EMPTY`` if there is none, the sum, ``h`` of the sum, and the number of
#: nodes that have the feature. A row is half a line of the cache.
MODULE, SUM, H_OF_SUM, COUNT = range(4)
EMPTY = -1.0

#: The modules of features that up to so many nodes have are listed: that many are passed in the time of a few look-ups.
MOST_LISTED = 32

SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: its multiples are spread evenly
SPREAD_BITS = np.uint64(20)
TWO = np.uint64(2)


class Contents(NamedTuple):
    """The amounts of features of each node, as compressed sparse rows. All arrays are read-only.

    Attributes
    ----------
    indptr : uint64 array of shape (n + 1,)
        The row of node ``i`` is ``indptr[i]:indptr[i + 1]``.
    features : uint32 array of shape (r,)
        Numbers below k; none occurs twice in a row.
    amounts : float64 array of shape (r,)
        Above or equal to 0.
    coefficients : float64 array of shape (k,)
        Of each feature, in bits.
    totals : float64 array of shape (k,)
        The sum of each feature over all nodes.
    num_attracting : uint64
        The first so many features, each with a coefficient below 0, cost less together than apart: nodes that have one
        may belong together without a link. The other ones all together never cost less in one module than in two.
    constant : float
        What is part of the codelength besides, whatever the modules, in bits.
    """

    indptr: NDArray[np.uint64]
    features: NDArray[np.uint32]
    amounts: FloatArray
    coefficients: FloatArray
    totals: FloatArray
    num_attracting: np.uint64
    constant: float = 0.0


@record
class ContentSums(NamedTuple):
    """The sum of each feature over each module.

    Attributes
    ----------
    slots : float64 array of shape (t, 4)
        The columns ``MODULE``, ``SUM``, ``H_OF_SUM`` and ``COUNT``. Without nodes an entry is removed, and leaves no
        rounding error.
    starts : uint64 array of shape (k + 1,)
        The slots of feature ``f`` are ``starts[f]:starts[f + 1]``. Listed modules come first, and an empty slot behind
        them. Of a hash table, with linear probing, at least half is empty.
    most_listed : uint64
        Features that up to so many nodes have are listed.
    """

    slots: FloatArray
    starts: NDArray[np.uint64]
    most_listed: np.uint64


def content_sums(contents: Contents | None, most_listed: int = MOST_LISTED) -> ContentSums | None:
    """Memory for the sums of any partition of the nodes, or of a coarser level's."""
    if contents is None:
        return None
    num_features = len(contents.coefficients)
    most = 4 * len(contents.features) + num_features
    return ContentSums(np.empty((most, 4)), np.empty(num_features + 1, np.uint64), np.uint64(most_listed))


def without_contents(contents: Contents | None, num_nodes: int) -> Contents | None:
    """The contents of so many nodes that have none; None stays None."""
    if contents is None:
        return None
    indptr = read_only(np.zeros(num_nodes + 1, np.uint64))
    return contents._replace(indptr=indptr, features=contents.features[:0], amounts=contents.amounts[:0])


def together(*terms: Contents | None) -> Contents | None:
    """Several contents of the same nodes as one; only the first may have attracting features."""
    given = [contents for contents in terms if contents is not None]
    if len(given) < 2:
        return given[0] if given else None
    first, *others = given
    assert not any(contents.num_attracting for contents in others)
    n = len(first.indptr) - 1
    before = np.cumsum([0, *(len(contents.coefficients) for contents in given)])
    nodes = np.concatenate([np.repeat(np.arange(n), np.diff(each.indptr).astype(np.intp)) for each in given])
    features = np.concatenate([each.features + np.uint32(k) for each, k in zip(given, before, strict=False)])
    order = np.argsort(nodes, kind="stable")
    return Contents(
        read_only(np.add.reduce([contents.indptr for contents in given])),
        read_only(features[order].astype(np.uint32)),
        read_only(np.concatenate([contents.amounts for contents in given])[order]),
        read_only(np.concatenate([contents.coefficients for contents in given])),
        read_only(np.concatenate([contents.totals for contents in given])),
        first.num_attracting,
        sum(contents.constant for contents in given),
    )


def contents_of(contents: Contents | None, members: NDArray[np.intp]) -> Contents | None:
    """The contents of some nodes."""
    if contents is None:
        return None
    starts = contents.indptr[members].astype(np.intp)
    sizes = contents.indptr[members + 1].astype(np.intp) - starts
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.repeat(starts - indptr[:-1], sizes) + np.arange(indptr[-1])
    features, amounts = read_only(contents.features[rows]), read_only(contents.amounts[rows])
    return contents._replace(indptr=read_only(indptr.astype(np.uint64)), features=features, amounts=amounts)


def costs_of_contents(contents: Contents | None, module_of: IndexArray, num_modules: int) -> FloatArray:
    """What the contents of each module add to the codelength, in bits.

    Parameters
    ----------
    contents : Contents or None
        Of n nodes.
    module_of : unsigned integer array of shape (n,)
    num_modules : int

    Returns
    -------
    float64 array of shape (num_modules,)
    """
    costs = np.zeros(num_modules)
    if contents is not None:
        _add_costs(contents, module_of, content_sums(contents), costs)
    return costs


@inlined
def has_contents(contents):
    """Whether any node has contents, so that what a move changes depends on every move before."""
    if contents is None:
        return False
    return len(contents.features) > 0


@inlined
def has_row(contents, i):
    """Whether node `i` has contents."""
    if contents is None:
        return False
    return contents.indptr[i + ONE] > contents.indptr[i]


@inlined
def fill_sums(contents, module_of, table):
    """Sum up the contents of all modules."""
    if contents is not None:
        _fill(contents, module_of, table)


@inlined
def cost_of_sums(contents, table):
    """What the contents of all modules add to the codelength, in bits, from their sums."""
    if contents is None:
        return 0.0
    bits = 0.0
    for feature in range(np.uint64(len(contents.coefficients))):
        for slot in range(table.starts[feature], table.starts[feature + ONE]):
            if table.slots[slot, MODULE] != EMPTY:
                bits += contents.coefficients[feature] * table.slots[slot, H_OF_SUM]
    return bits


@inlined
def change_of_contents(contents, table, i, m, sign):
    """How the codelength changes if node `i` gets into module `m` (`sign` 1.0) or out of it (-1.0), in bits.

    A number beyond the last module stands for a new one.
    """
    if contents is None:
        return 0.0
    return _change(contents, table, i, m, sign, True)


@inlined
def least_change_of_contents(contents, table, i):
    """The least that features with hash tables change the codelength if node `i` gets into any module, in bits."""
    if contents is None:
        return 0.0
    return _least_change(contents, table, i)


@inlined
def at_least(contents, cost, least):
    """A cost without the contents in hash tables, and the least that these can add to it."""
    if contents is None:
        return cost
    return cost + least


@inlined
def with_contents(contents, table, i, m, sign, cost):
    """A cost without the contents in hash tables, and what these add to it, see :func:`change_of_contents`."""
    if contents is None:
        return cost
    return cost + _change(contents, table, i, m, sign, False)


@inlined
def move_contents(contents, table, i, origin, destination):
    """Let the sums of two modules follow the move of node `i`."""
    if contents is not None:
        _move(contents, table, i, origin, destination)


@jit
def _add_costs(contents, module_of, table, costs):
    _fill(contents, module_of, table)
    for feature in range(np.uint64(len(contents.coefficients))):
        for slot in range(table.starts[feature], table.starts[feature + ONE]):
            if table.slots[slot, MODULE] != EMPTY:
                m = np.uint64(table.slots[slot, MODULE])
                costs[m] += contents.coefficients[feature] * table.slots[slot, H_OF_SUM]


@inlined
def is_listed(table, feature):
    """Whether the modules of a feature are in a list, from its first slot up to an empty one."""
    return table.starts[feature + ONE] - table.starts[feature] <= table.most_listed + ONE


@step
def _fill(contents, module_of, table):
    num_features = np.uint64(len(contents.coefficients))
    for feature in range(num_features + ONE):
        table.starts[feature] = 0
    for r in range(np.uint64(len(contents.features))):
        table.starts[np.uint64(contents.features[r]) + ONE] += ONE
    for feature in range(num_features):
        table.starts[feature + ONE] = table.starts[feature] + _size_for(table.starts[feature + ONE], table.most_listed)
    for slot in range(table.starts[num_features]):
        table.slots[slot, MODULE] = EMPTY
    for i in range(np.uint64(len(module_of))):
        for r in range(contents.indptr[i], contents.indptr[i + ONE]):
            _add(table, np.uint64(contents.features[r]), np.uint64(module_of[i]), contents.amounts[r])


@inlined
def _size_for(count, most_listed):
    """Slots for a feature that so many nodes have; those of a hash table are a power of two, above twice as many."""
    size = count + ONE
    if count > most_listed:
        size = TWO
        while size <= TWO * count:
            size *= TWO
    return size


@step
def _change(contents, table, i, m, sign, listed):
    """The change of getting into a module or out of it, by all features, or without those that are `listed`."""
    bits = 0.0
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        feature = np.uint64(contents.features[r])
        if listed or not is_listed(table, feature):
            slot = _slot_of(table, feature, m)
            sum, h_of_sum = 0.0, 0.0
            if table.slots[slot, MODULE] != EMPTY:
                sum, h_of_sum = table.slots[slot, SUM], table.slots[slot, H_OF_SUM]
            after = plogp(sum + sign * contents.amounts[r])
            bits += contents.coefficients[feature] * (after - h_of_sum)
    return bits


@step
def _least_change(contents, table, i):
    least = 0.0
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        feature = np.uint64(contents.features[r])
        if not is_listed(table, feature):
            # Of the other ones, alone; of an attracting one, with all other nodes that have it.
            others = contents.totals[feature] - contents.amounts[r] if feature < contents.num_attracting else 0.0
            least += contents.coefficients[feature] * (plogp(others + contents.amounts[r]) - plogp(others))
    return least


@step
def _move(contents, table, i, origin, destination):
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        # First out, then in: there are never more entries than amounts.
        feature = np.uint64(contents.features[r])
        slot = _slot_of(table, feature, origin)
        table.slots[slot, COUNT] -= 1.0
        table.slots[slot, SUM] -= contents.amounts[r]
        table.slots[slot, H_OF_SUM] = plogp(table.slots[slot, SUM])
        if table.slots[slot, COUNT] == 0.0:
            _remove(table, feature, slot)
        _add(table, feature, destination, contents.amounts[r])


@inlined
def home_of(table, feature, m):
    """The slot where a search for a module begins."""
    if is_listed(table, feature):
        return table.starts[feature]
    size = table.starts[feature + ONE] - table.starts[feature]
    return table.starts[feature] + ((m * SPREAD >> SPREAD_BITS) & (size - ONE))


@inlined
def _slot_after(table, feature, slot):
    """The next slot of a feature; the first one after the last."""
    return slot + ONE if slot + ONE < table.starts[feature + ONE] else table.starts[feature]


@inlined
def _slot_of(table, feature, m):
    """The slot of a module, or the empty slot for it."""
    slot, key = home_of(table, feature, m), np.float64(m)
    while table.slots[slot, MODULE] != EMPTY and table.slots[slot, MODULE] != key:
        slot = _slot_after(table, feature, slot)
    return slot


@inlined
def _add(table, feature, m, amount):
    slot = _slot_of(table, feature, m)
    if table.slots[slot, MODULE] == EMPTY:
        table.slots[slot, MODULE], table.slots[slot, SUM], table.slots[slot, COUNT] = np.float64(m), 0.0, 0.0
    table.slots[slot, SUM] += amount
    table.slots[slot, H_OF_SUM] = plogp(table.slots[slot, SUM])
    table.slots[slot, COUNT] += 1.0


@inlined
def _remove(table, feature, slot):
    """Empty a slot, and close the gap that it leaves (Knuth, The Art of Computer Programming 3, algorithm 6.4R)."""
    size = table.starts[feature + ONE] - table.starts[feature]
    gap, other = slot, _slot_after(table, feature, slot)
    while table.slots[other, MODULE] != EMPTY:
        home = home_of(table, feature, np.uint64(table.slots[other, MODULE]))
        if _distance(home, other, size) >= _distance(gap, other, size):
            for column in range(4):
                table.slots[gap, column] = table.slots[other, column]
            gap = other
        other = _slot_after(table, feature, other)
    table.slots[gap, MODULE] = EMPTY


@inlined
def _distance(start, end, size):
    """How far a slot is behind another one, around the end of the feature's slots."""
    return end - start if end >= start else end + size - start

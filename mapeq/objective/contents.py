"""Contents of modules: a term of the objective for what the nodes of a module have in common.

Every node has *amounts* of a few *features*. With ``S`` the sum of a feature over the nodes of a leaf module, the
module adds ``c * h(S)`` to the codelength, where ``c`` is the coefficient of the feature and ``h(y) = y * log2(y)``.
Modules around others add nothing. Metadata are such a term, see :mod:`mapeq.objective.metadata`, and so are the
physical nodes of states, see :mod:`mapeq.objective.states`.

The sums by module and feature are in one hash table, which is filled from the nodes whenever they begin to move, and
follows every move. What a move changes depends on all moves before: one thread makes them, in order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import ONE, FloatArray, IndexArray, read_only
from mapeq._base.jit import inlined, step
from mapeq._base.records import record
from mapeq.objective.formula import plogp, plogps

#: Columns of the hash table: the key of a module and a feature, ``EMPTY`` if there is none, the sum, ``h`` of the sum,
#: and the number of nodes that have the feature. A row is half a line of the cache. Keys are exact: there is
#: no memory for 2**53 pairs of a module and a feature.
KEY, SUM, H_OF_SUM, COUNT = range(4)
EMPTY = -1.0

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
    """The sum of each feature over each module: a hash table at most half full, with linear probing.

    Attributes
    ----------
    slots : float64 array of shape (t, 4)
        The columns ``KEY`` (the number of the module times k, plus the feature), ``SUM``, ``H_OF_SUM`` and ``COUNT``.
        Without nodes an entry is removed, and leaves no rounding error.
    mask : uint64 array of shape (1,)
        The last slot in use: a power of two less 1.
    """

    slots: FloatArray
    mask: NDArray[np.uint64]


def content_sums(contents: Contents | None) -> ContentSums | None:
    """Memory for the sums of any partition of the nodes, or of a coarser level's."""
    if contents is None:
        return None
    size = 2 << len(contents.features).bit_length()
    return ContentSums(np.empty((size, 4)), np.empty(1, np.uint64))


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
    if contents is None:
        return np.zeros(num_modules)
    num_features = np.uint64(len(contents.coefficients))
    keys = np.repeat(module_of.astype(np.uint64), np.diff(contents.indptr).astype(np.intp)) * num_features
    keys, entries = np.unique(keys + contents.features, return_inverse=True)
    modules, features = (part.astype(np.intp) for part in np.divmod(keys, num_features))
    sums, costs = np.zeros(len(keys)), np.zeros(num_modules)
    np.add.at(sums, entries, contents.amounts)
    np.add.at(costs, modules, contents.coefficients[features] * plogps(sums))
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
    num_features = np.uint64(len(contents.coefficients))
    bits = 0.0
    for slot in range(table.mask[0] + ONE):
        if table.slots[slot, KEY] != EMPTY:
            feature = np.uint64(table.slots[slot, KEY]) % num_features
            bits += contents.coefficients[feature] * table.slots[slot, H_OF_SUM]
    return bits


@inlined
def change_of_contents(contents, table, i, m, sign):
    """How the codelength changes if node `i` gets into module `m` (`sign` 1.0) or out of it (-1.0), in bits.

    A number beyond the last module stands for a new one.
    """
    if contents is None:
        return 0.0
    return _change(contents, table, i, m, sign)


@inlined
def least_change_of_contents(contents, i):
    """The least that the codelength changes if node `i` gets into any module, in bits."""
    if contents is None:
        return 0.0
    return _least_change(contents, i)


@inlined
def at_least(contents, cost, least):
    """A cost without contents, and the least that these can add to it, see :func:`least_change_of_contents`."""
    if contents is None:
        return cost
    return cost + least


@inlined
def with_contents(contents, table, i, m, cost):
    """A cost without contents, and what these add to it if node `i` gets into module `m`."""
    if contents is None:
        return cost
    return cost + _change(contents, table, i, m, 1.0)


@inlined
def move_contents(contents, table, i, origin, destination):
    """Let the sums of two modules follow the move of node `i`."""
    if contents is not None:
        _move(contents, table, i, origin, destination)


@step
def _fill(contents, module_of, table):
    mask = ONE
    while mask < TWO * np.uint64(len(contents.features)):
        mask = mask * TWO + ONE
    table.mask[0] = mask
    for slot in range(mask + ONE):
        table.slots[slot, KEY] = EMPTY
    for i in range(np.uint64(len(module_of))):
        for r in range(contents.indptr[i], contents.indptr[i + ONE]):
            _add(table, _key(contents, np.uint64(module_of[i]), r), contents.amounts[r])


@step
def _change(contents, table, i, m, sign):
    bits = 0.0
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        slot = _slot_of(table, _key(contents, m, r))
        sum, h_of_sum = 0.0, 0.0
        if table.slots[slot, KEY] != EMPTY:
            sum, h_of_sum = table.slots[slot, SUM], table.slots[slot, H_OF_SUM]
        after = plogp(sum + sign * contents.amounts[r])
        bits += contents.coefficients[contents.features[r]] * (after - h_of_sum)
    return bits


@step
def _least_change(contents, i):
    least = 0.0
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        feature = contents.features[r]
        # Of the other ones, alone; of an attracting one, with all other nodes that have it.
        others = contents.totals[feature] - contents.amounts[r] if feature < contents.num_attracting else 0.0
        least += contents.coefficients[feature] * (plogp(others + contents.amounts[r]) - plogp(others))
    return least


@step
def _move(contents, table, i, origin, destination):
    for r in range(contents.indptr[i], contents.indptr[i + ONE]):
        # First out, then in: there are never more entries than amounts.
        slot = _slot_of(table, _key(contents, origin, r))
        table.slots[slot, COUNT] -= 1.0
        table.slots[slot, SUM] -= contents.amounts[r]
        table.slots[slot, H_OF_SUM] = plogp(table.slots[slot, SUM])
        if table.slots[slot, COUNT] == 0.0:
            _remove(table, slot)
        _add(table, _key(contents, destination, r), contents.amounts[r])


@inlined
def _key(contents, m, r):
    return np.float64(m * np.uint64(len(contents.coefficients)) + np.uint64(contents.features[r]))


@inlined
def _home(table, key):
    """The slot where a search for a key begins."""
    return (np.uint64(key) * SPREAD >> SPREAD_BITS) & table.mask[0]


@inlined
def _slot_of(table, key):
    """The slot of a key, or the empty slot for it."""
    slot = _home(table, key)
    while table.slots[slot, KEY] != EMPTY and table.slots[slot, KEY] != key:
        slot = (slot + ONE) & table.mask[0]
    return slot


@inlined
def _add(table, key, amount):
    slot = _slot_of(table, key)
    if table.slots[slot, KEY] == EMPTY:
        table.slots[slot, KEY], table.slots[slot, SUM], table.slots[slot, COUNT] = key, 0.0, 0.0
    table.slots[slot, SUM] += amount
    table.slots[slot, H_OF_SUM] = plogp(table.slots[slot, SUM])
    table.slots[slot, COUNT] += 1.0


@inlined
def _remove(table, slot):
    """Empty a slot, and close the gap that it leaves (Knuth, The Art of Computer Programming 3, algorithm 6.4R)."""
    mask = table.mask[0]
    gap, other = slot, (slot + ONE) & mask
    while table.slots[other, KEY] != EMPTY:
        if (other - _home(table, table.slots[other, KEY])) & mask >= (other - gap) & mask:
            for column in range(4):
                table.slots[gap, column] = table.slots[other, column]
            gap = other
        other = (other + ONE) & mask
    table.slots[gap, KEY] = EMPTY

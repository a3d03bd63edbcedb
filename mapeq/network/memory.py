"""Networks with memory: states are the last places of a path, and the next place depends on all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import NetworkError, counted
from mapeq._base.notes import note
from mapeq.network.network import Network
from mapeq.network.states import States

if TYPE_CHECKING:
    from mapeq.network.labels import Labels


#: More links between links are not made: they would not fit into memory.
MOST_LINKS = 300_000_000


class Paths(NamedTuple):
    """Paths of m steps all together, one after the other.

    Attributes
    ----------
    places : int64 array of shape (m,)
        The place of each step, as a position in `labels`.
    starts : int64 array of shape (number of paths + 1,)
        Where each path begins.
    weights : float64 array of shape (number of paths,)
        How often each was taken.
    labels : Labels
        Names of the places.
    """

    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    weights: FloatArray
    labels: Labels


class StateLinks(NamedTuple):
    """Links between states, and what these are; `contexts` has a row for each state: its last places, oldest first."""

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: FloatArray
    contexts: NDArray[np.int64]

    def states(self, labels: Labels) -> States | None:
        """What the states stand for; None if each is a place."""
        if self.contexts.shape[1] == 1:
            return None
        return States(read_only(self.contexts[:, -1].astype(np.uint32)), labels)


def state_links(paths: Paths, order: int, *, is_noted: bool = True) -> StateLinks:
    """The links of a walk that depends on the last `order` places.

    A path of n places has ``n - order`` steps from one state to the next; every one counts as often as its path.

    Parameters
    ----------
    paths : Paths
    order : int
        1 or more.
    is_noted : bool
        Whether to note how many paths are too short.
    """
    contexts = next(found for found in contexts_of(paths) if found.members.shape[1] == order)
    code = contexts.code
    moves = np.flatnonzero(_has_before(paths, order))
    weights = np.repeat(paths.weights, np.diff(paths.starts))[moves]
    short = int(np.count_nonzero(np.diff(paths.starts) <= order))
    if short and is_noted:
        counts = f"{short:,} of {counted(len(paths.weights), 'path')}"
        places = "a single place" if order == 1 else f"at most {order} places"
        note(f"{counts} have {places}, too few for order {order}: no step counts")
    return StateLinks(code[moves - 1], code[moves], weights, contexts.members)


def memory_network(paths: Paths, order: int) -> Network:
    """The directed network whose nodes are the last `order` places of a walk."""
    links = state_links(paths, order)
    labels = paths.labels
    if order > 1:
        labels = tuple(tuple(paths.labels[k] for k in context) for context in links.contexts.tolist())
    network = Network.from_edges(links.sources, links.targets, links.weights, directed=True, labels=labels)
    return replace(network, states=links.states(paths.labels))


class Contexts(NamedTuple):
    """The sequences of so many places that occur.

    Attributes
    ----------
    code : int64 array of shape (m,)
        Of each step the number of the sequence that ends with it; -1 where too few places come before.
    members : int64 array of shape (number of sequences, length)
        The places of each, oldest first.
    """

    code: NDArray[np.int64]
    members: NDArray[np.int64]


def contexts_of(paths: Paths) -> Iterator[Contexts]:
    """Yield the sequences of one place, of two, of three, and so on without end."""
    num_places = len(paths.labels)
    found = Contexts(paths.places, np.arange(num_places)[:, None])
    while True:
        yield found
        inside = _has_before(paths, found.members.shape[1])
        steps = np.flatnonzero(inside)
        known, numbers = np.unique(found.code[steps - 1] * num_places + paths.places[steps], return_inverse=True)
        before, last = np.divmod(known, max(num_places, 1))
        code = np.full(len(paths.places), -1)
        code[steps] = numbers
        found = Contexts(code, np.column_stack([found.members[before], last]))


def held_out_bits(paths: Paths, orders: Sequence[int], is_held_out: NDArray[np.bool_]) -> list[float]:
    """How well the last places tell the next one in paths that were not counted, for each order.

    The probability of the next place after a sequence is that of the counted paths, mixed with the probability after
    the sequence without its first place, and so on down to no place at all, by Witten and Bell's method C (IEEE
    Transactions on Information Theory 37, 1085, 1991): a sequence that went on c times, to d different places, weighs
    ``c / (c + d)``.

    Parameters
    ----------
    paths : Paths
    orders : sequence of int
        Numbers of last places, each 1 or more.
    is_held_out : boolean array of shape (number of paths,)
        The other paths are counted.

    Returns
    -------
    list of float
        Bits per step of the paths held out, without the first place of each.
    """
    lengths = np.diff(paths.starts)
    weights, held = np.repeat(paths.weights, lengths), np.repeat(is_held_out, lengths)
    tested = np.flatnonzero(held & _has_before(paths, 1))
    probability = np.full(len(paths.places), 1 / max(len(paths.labels), 1))
    bits, before = {}, np.zeros(len(paths.places), dtype=np.int64)  # of no place: the same everywhere
    for number, after in enumerate(islice(contexts_of(paths), max(orders) + 1)):
        known = after.code >= 0
        counted_steps = np.flatnonzero(known & ~held)
        context = np.where(known, np.append(before[-1:], before[:-1]) if number else before, 0)
        size = int(context.max(initial=0)) + 1
        times = np.bincount(after.code[counted_steps], weights[counted_steps], len(after.members))
        whole = np.bincount(context[counted_steps], weights[counted_steps], size)
        one_step = np.zeros(len(after.members), dtype=np.int64)
        one_step[after.code[counted_steps]] = context[counted_steps]
        different = np.bincount(one_step[times > 0], minlength=size)
        steps = np.flatnonzero(known & (whole[context] > 0))
        c, d = whole[context[steps]], different[context[steps]]
        probability[steps] = (times[after.code[steps]] + d * probability[steps]) / (c + d)
        if number in orders:
            bits[number] = float(np.average(-np.log2(probability[tested]), weights=weights[tested]))
        before = after.code
    return [bits[order] for order in orders]


def _has_before(paths: Paths, count: int) -> NDArray[np.bool_]:
    """Whether at least so many places come before each step in its path."""
    lengths = np.diff(paths.starts)
    return np.arange(len(paths.places)) - np.repeat(paths.starts[:-1], lengths) >= count


def memory_of_links(network: Network, *, backtracking: bool) -> Network:
    """The network whose nodes are the links of another one; see :meth:`mapeq.Network.with_memory`."""
    n, indptr, targets = network.num_nodes, network.indptr, network.indices.astype(np.int64)
    sources, degrees = network.sources().astype(np.int64), np.diff(indptr)
    count = int(degrees[targets].sum())
    if count > MOST_LINKS:
        raise NetworkError(
            f"a walk that remembers its last link would have {count:,} links, because of nodes with many; at most "
            f"{MOST_LINKS:,} are made"
        )
    before = np.repeat(np.arange(len(targets)), degrees[targets])
    first = np.cumsum(degrees[targets]) - degrees[targets]
    after = np.arange(count) - np.repeat(first - indptr[targets], degrees[targets])
    if not backtracking:
        is_back = (targets[after] == sources[before]) & (sources[before] != targets[before])
        ahead = np.bincount(before[~is_back], minlength=len(targets))
        kept = ~is_back | (ahead[before] == 0)  # at a dead end, the walk turns
        before, after = before[kept], after[kept]
    alone = np.setdiff1d(np.arange(n), np.concatenate([sources, targets]))
    names = network.label_list()
    labels: list[tuple[Any, ...]] = [
        (names[u], names[v]) for u, v in zip(sources.tolist(), targets.tolist(), strict=True)
    ]
    labels += [(names[node],) for node in alone.tolist()]
    found = Network.from_edges(before, after, network.weights[after], directed=True, labels=labels)
    physical = np.concatenate([targets, alone]).astype(np.uint32)
    return replace(found, states=States(read_only(physical), network.labels))

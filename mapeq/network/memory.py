"""Networks with memory: states are the last places of a path, and the next place depends on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray, read_only
from mapeq._base.errors import counted
from mapeq._base.notes import note
from mapeq.network.states import States

if TYPE_CHECKING:
    from mapeq.network.labels import Labels


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


def state_links(paths: Paths, order: int) -> StateLinks:
    """The links of a walk that depends on the last `order` places.

    A path of n places has ``n - order`` steps from one state to the next; every one counts as often as its path.

    Parameters
    ----------
    paths : Paths
    order : int
        1 or more.
    """
    num_places = len(paths.labels)
    contexts = np.arange(num_places)[:, None]
    code = paths.places.copy()  # the state in which each step ends, by number
    for length in range(2, order + 1):
        inside = _has_before(paths, length - 1)
        steps = np.flatnonzero(inside)
        known, numbers = np.unique(code[steps - 1] * num_places + paths.places[steps], return_inverse=True)
        before, last = np.divmod(known, num_places)
        contexts = np.column_stack([contexts[before], last])
        code = np.full(len(code), -1)
        code[inside] = numbers
    moves = np.flatnonzero(_has_before(paths, order))
    weights = np.repeat(paths.weights, np.diff(paths.starts))[moves]
    short = int(np.count_nonzero(np.diff(paths.starts) <= order))
    if short:
        counts = f"{short:,} of {counted(len(paths.weights), 'path')}"
        places = "a single place" if order == 1 else f"at most {order} places"
        note(f"{counts} have {places}, too few for order {order}: no step counts")
    return StateLinks(code[moves - 1], code[moves], weights, contexts)


def _has_before(paths: Paths, count: int) -> NDArray[np.bool_]:
    """Whether at least so many places come before each step in its path."""
    lengths = np.diff(paths.starts)
    return np.arange(len(paths.places)) - np.repeat(paths.starts[:-1], lengths) >= count

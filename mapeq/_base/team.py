"""Teams: threads that run the same kernel at the same time, and share its work.

All threads of a team call a kernel with the same arguments. The kernel is a sequence of phases; in each, the threads
take different parts of the work, and at a :func:`barrier` they wait for each other, so that every thread sees what the
others have done. Between two barriers no thread reads what another one writes. A team of one thread is an ordinary
call, and the same kernel serves it.

Results never depend on the number of threads, since parts are cut in ways that do not matter: integers and values of
single nodes may be found by any thread, but floating-point numbers are summed in one fixed order, over fixed chunks or
by a single thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.atomics import fetch_add, load_acquire, offer_processor, pause, store_release
from mapeq._base.csr import ONE
from mapeq._base.jit import inlined

ZERO = np.uint64(0)

#: Positions in the memory that a team shares, in cache lines of their own, and its size.
ARRIVED, GENERATION, TICKETS, PLACED, WORDS = np.uint64(0), np.uint64(16), np.uint64(32), np.uint64(48), 64

#: Behind the number of parts that have their place: where the next one begins.
NEXT_PLACE = PLACED + ONE

#: So many looks at a barrier before the processor is offered to others, at every further look.
PATIENCE = np.uint64(100)

#: Sums are taken over chunks of this many items, whatever the number of threads.
CHUNK = np.uint64(16_384)


class Team(NamedTuple):
    """One thread of a team, as a kernel sees it.

    Attributes
    ----------
    number : uint64
        Of the thread, from 0.
    size : uint64
        Number of threads.
    words : uint64 array of shape (WORDS,)
        Shared by all threads; zeros at first.
    """

    number: np.uint64
    size: np.uint64
    words: NDArray[np.uint64]


def team_of_one() -> Team:
    """A team for kernels that run in the calling thread alone."""
    return Team(ZERO, ONE, np.zeros(WORDS, dtype=np.uint64))


@inlined
def barrier(team):
    """Wait until all threads of the team are here; tickets and places start again at 0."""
    if team.size == ONE:
        _start_again(team.words)
    else:
        generation = load_acquire(team.words, GENERATION)
        if fetch_add(team.words, ARRIVED, ONE) == team.size - ONE:
            _start_again(team.words)
            team.words[ARRIVED] = ZERO
            store_release(team.words, GENERATION, generation + ONE)
        else:
            looks = ZERO
            while load_acquire(team.words, GENERATION) == generation:
                looks = _wait(looks)


@inlined
def _start_again(words):
    words[TICKETS], words[PLACED], words[NEXT_PLACE] = ZERO, ZERO, ZERO


@inlined
def _wait(looks):
    """Wait a moment before the next look; offers the processor to others after many."""
    pause()
    if looks > PATIENCE:
        offer_processor()
    return looks + ONE


@inlined
def ticket(team):
    """The next number, from 0, that no thread has got since the last barrier."""
    return fetch_add(team.words, TICKETS, ONE)


@inlined
def place(team, part, size):
    """Where a part of this size begins, if every part begins where the one before it ends.

    Parts have their tickets as numbers, and every thread that has a ticket must ask: it waits for the parts before it.
    """
    looks = ZERO
    while load_acquire(team.words, PLACED) != part:
        looks = _wait(looks)
    begin = team.words[NEXT_PLACE]
    team.words[NEXT_PLACE] = begin + size
    store_release(team.words, PLACED, part + ONE)
    return begin


@inlined
def share(count, team):
    """Where this thread's part of a range of so many items begins and ends."""
    return count * team.number // team.size, count * (team.number + ONE) // team.size


@inlined
def num_chunks(count, size):
    """The number of chunks of a size, the last of which may be shorter."""
    return (count + size - ONE) // size

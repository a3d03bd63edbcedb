"""Moving: nodes, or units of a hierarchy, change modules while that shortens the description.

Fast local moving is that of Traag, Waltman & van Eck, From Louvain to Leiden, Scientific Reports 9,
5233 (2019), with the map equation in the place of modularity: only nodes that wait are visited, and a node that moves
makes its neighbours wait again. Here all threads of a team do it together. They take the waiting nodes block by block:

1. *Propose*: every node of the block chooses its best module, against modules that do not change meanwhile.
2. *Note* the movers, the nodes that would move, and for each of them which of its neighbours are movers before it: all
   that making its move must know about its links.
3. *Commit*: the moves are evaluated again, in the order of the block, and made if they still pay. Moves that have no
   module in common cannot tell which of them is made first. So each move gets a wave, the first one after all earlier
   moves that touch one of its two modules, and the threads make the moves of one wave side by side.
4. *Wake* the neighbours of nodes that moved, if they are in other modules: only they can have a reason to move now.

Threads change nothing: what a node proposes depends on the modules before the block alone, and committing by waves
gives what committing in order gives. Sums of floating-point numbers are taken by one thread, in the order of the block.

While a large level moves, all moves of a block are evaluated with the index codebook as it was before the block. If
that ever lengthens the description, and on small levels always, the index follows every move, in the block's order.
"""

from __future__ import annotations

import numpy as np

from mapeq._base.atomics import load_acquire, prefetch
from mapeq._base.csr import ONE
from mapeq._base.jit import inlined, step
from mapeq._base.team import ZERO, barrier, num_chunks, share, ticket
from mapeq.objective.contents import fill_sums
from mapeq.objective.two_level import MORE_MODULES, MORE_RATE, add_to_index, codebook_of
from mapeq.optimizer.blocks import (
    AGAIN,
    CHANGE,
    EXACT,
    LISTED,
    MADE,
    MOST_EARLIER,
    NUM_MADE,
    NUM_WAVES,
    READ_AGAIN,
    STAY,
    STOPPED,
    TOLD,
    part_size,
)
from mapeq.optimizer.node_moves import AHEAD, MIN_GAIN, commit_nodes, propose_nodes
from mapeq.optimizer.tree_moves import commit_units, propose_units
from mapeq.walk.flow import ask_for_neighbours, flow_of

#: Blocks of fewer movers are committed by one thread, and so are waves of fewer.
MIN_SHARED_BLOCK = np.uint64(128)
MIN_WAVE = np.uint64(64)

#: Waves pay only where they hold so many movers on average.
MIN_MEAN_WAVE = np.uint64(8)

#: Movers are taken in parts of so many.
MOVERS = np.uint64(32)


@step
def move(team, level, state, constraint, visits, block, limits, scratch):
    """Visit the nodes of an order until none waits, or a limit is reached, and move each to its best module.

    Returns
    -------
    change : float
        Change of codelength, in bits.
    visited : int
        Number of links visited, and of nodes.
    """
    _prepare(team, level.terms, state, visits, block, limits)
    visited, made, cursor, last_wave = ZERO, -1.0, ZERO, ZERO
    going = True
    while going:
        num_listed = _list_waiting(team, visits)
        # Where a whole sweep makes no move, none of its proposals will ever be made.
        going = num_listed > ZERO and block.told[NUM_MADE] != made
        made = block.told[NUM_MADE]
        first = ZERO
        while going and first < num_listed:
            size = min(limits.block_size, num_listed - first)
            _propose(team, level, state, constraint, visits, block, first, size, scratch)
            num_movers, num_links = _note_movers(team, block, size, limits)
            visited += num_links
            first += size
            going = np.float64(visited) < limits.max_links and block.told[STOPPED] == 0.0
            if num_movers > ZERO:
                exact = block.told[EXACT] != 0.0
                in_waves = team.size > ONE and not exact and num_movers >= MIN_SHARED_BLOCK
                if team.number == ZERO:
                    cursor = _number_new_modules(state.sizes, block, num_movers, cursor)
                    if in_waves:
                        last_wave = _form_waves(block, num_movers, last_wave)
                _note_earlier_movers(team, constraint.outer, level.links, block, num_movers)
                in_waves = in_waves and block.told[NUM_WAVES] * np.float64(MIN_MEAN_WAVE) <= np.float64(num_movers)
                _commit(team, level, state, constraint, block, num_movers, in_waves, exact, scratch)
                if team.number == ZERO and not exact:
                    _add_up(constraint.outer, state, block, num_movers)
                _wake(team, level.links, state, constraint, visits, block, num_movers)
    return block.told[CHANGE], visited


@step
def _prepare(team, terms, state, visits, block, limits):
    """Let the nodes of the order wait, and no others; sum up the contents of modules."""
    begin, end = share(np.uint64(len(visits.waiting)), team)
    for i in range(begin, end):
        visits.waiting[i] = 0
    # A hierarchy may have more modules than there are units, which do not come in waves.
    begin, end = share(np.uint64(min(len(state.sizes), len(block.stamps))), team)
    for m in range(begin, end):
        block.stamps[m] = 0
    barrier(team)
    begin, end = share(np.uint64(len(visits.order)), team)
    for k in range(begin, end):
        visits.waiting[visits.order[k]] = 1
    if team.number == ZERO:
        for place in range(TOLD):
            block.told[place] = 0.0
        block.told[EXACT] = limits.exact
        fill_sums(terms.contents, state.module_of, state.contents)
    barrier(team)


@step
def _list_waiting(team, visits):
    """List the waiting nodes in order; returns their number."""
    count = np.uint64(len(visits.order))
    chunks = num_chunks(count, LISTED)
    for c in range(team.number, chunks, team.size):
        waiting = ZERO
        for k in range(c * LISTED, min((c + ONE) * LISTED, count)):
            waiting += np.uint64(visits.waiting[visits.order[k]])
        visits.counts[c] = waiting
    barrier(team)
    num_listed = ZERO
    for c in range(chunks):
        if c % team.size == team.number and visits.counts[c] > ZERO:
            place = num_listed
            for k in range(c * LISTED, min((c + ONE) * LISTED, count)):
                i = visits.order[k]
                if visits.waiting[i] != 0:
                    visits.listed[place] = i
                    place += ONE
        num_listed += visits.counts[c]
    barrier(team)
    return num_listed


@step
def _propose(team, level, state, constraint, visits, block, first, size, scratch):
    """Let the nodes of a block propose their moves; they wait no more."""
    step = part_size(size)
    parts = num_chunks(size, step)
    part = ticket(team)
    while part < parts:
        begin, end = part * step, min((part + ONE) * step, size)
        for k in range(begin, end):
            i = np.uint64(visits.listed[first + k])
            block.node[k] = i
            visits.waiting[i] = 0
        block.num_movers[part], block.num_links[part] = _propose_part(
            constraint.outer, constraint.deepest, level, state, constraint, block, begin, end, scratch
        )
        part = ticket(team)
    barrier(team)


@inlined
def _propose_part(outer, deepest, level, state, constraint, block, begin, end, scratch):
    """Numba drops the branch whose array or number is None."""
    num_movers, num_links = ZERO, ZERO
    if outer is not None:
        num_movers, num_links = propose_nodes(level, state, constraint, block, begin, end, scratch)
    if deepest is not None:
        num_movers, num_links = propose_units(level, state, constraint, block, begin, end, scratch)
    return num_movers, num_links


@step
def _note_movers(team, block, size, limits):
    """Put the movers of a block side by side; returns their number, and that of the links visited."""
    step = part_size(size)
    num_movers, num_links = ZERO, ZERO
    for part in range(num_chunks(size, step)):
        if part % team.size == team.number and block.num_movers[part] > ZERO:
            r = num_movers
            for k in range(part * step, min((part + ONE) * step, size)):
                if block.destination[k] != STAY:
                    block.movers[r] = k
                    r += ONE
                    block.position[block.node[k]] = k + ONE
        num_movers += block.num_movers[part]
        num_links += block.num_links[part]
    if team.number == ZERO:
        block.told[STOPPED] = np.float64(load_acquire(limits.stop, ZERO))
        block.told[NUM_WAVES] = 0.0
    barrier(team)
    return num_movers, num_links


@step
def _number_new_modules(sizes, block, num_movers, cursor):
    """Give an empty row to each mover to a new module; those for which there is none stay.

    `cursor` is where to look for the next one; returns where that is now.
    """
    rows = np.uint64(len(sizes))
    looked = ZERO
    for r in range(num_movers):
        k = block.movers[r]
        if block.destination[k] == rows:
            block.destination[k] = STAY
            while looked < rows and block.destination[k] == STAY:
                if sizes[cursor] == ZERO:
                    block.destination[k] = cursor
                cursor = cursor + ONE if cursor + ONE < rows else ZERO
                looked += ONE
    return cursor


@step
def _form_waves(block, num_movers, last):
    """Sort the movers by wave: each comes after all earlier movers that touch one of its two modules.

    Waves are numbered from the last one of the block before; returns the new last one.
    """
    waves = ZERO
    for r in range(num_movers):
        if r + AHEAD < num_movers:
            k = np.uint64(block.movers[r + AHEAD])
            prefetch(block.stamps, block.origin[k])
            if block.destination[k] != STAY:
                prefetch(block.stamps, block.destination[k])
        k = np.uint64(block.movers[r])
        wave = ONE
        if block.destination[k] != STAY:
            origin, destination = block.origin[k], block.destination[k]
            stamp = max(np.uint64(block.stamps[origin]), np.uint64(block.stamps[destination]), last) + ONE
            block.stamps[origin] = stamp
            block.stamps[destination] = stamp
            wave = stamp - last
        block.wave[r] = wave
        waves = max(waves, wave)
    starts = block.wave_starts
    for w in range(waves + ONE):
        starts[w] = ZERO
    for r in range(num_movers):
        starts[np.uint64(block.wave[r])] += ONE
    for w in range(waves):
        starts[w + ONE] += starts[w]
    # Counting sort from behind: starts[w] is where wave w + 1 ends, and becomes where it begins.
    for r in range(num_movers):
        behind = num_movers - ONE - r
        w = np.uint64(block.wave[behind])
        starts[w] -= ONE
        block.by_wave[starts[w]] = block.movers[behind]
    starts[waves + ONE] = num_movers
    block.told[NUM_WAVES] = np.float64(waves)
    return last + waves


@step
def _note_earlier_movers(team, outer, links, block, num_movers):
    """Note which neighbours of each mover are movers, too, and come before it; units do not need to know."""
    if outer is not None:
        parts = num_chunks(num_movers, MOVERS)
        part = ticket(team)
        while part < parts:
            for r in range(part * MOVERS, min((part + ONE) * MOVERS, num_movers)):
                _note_earlier_neighbours(links, block, np.uint64(block.movers[r]))
            part = ticket(team)
    barrier(team)


@inlined
def _note_earlier_neighbours(links, block, k):
    i = block.node[k]
    count = ZERO
    ask_for_neighbours(links, i, block.position)
    for link in range(links.indptr[i], links.indptr[i + ONE]):
        other = np.uint64(block.position[links.indices[link]])
        if other != ZERO and other <= k:
            if count == MOST_EARLIER:
                count = np.uint64(READ_AGAIN)
                break
            block.earlier[k, count] = other - ONE
            block.earlier_flow[k, count] = flow_of(links, link)
            count += ONE
    block.num_earlier[k] = count


@step
def _commit(team, level, state, constraint, block, num_movers, in_waves, exact, scratch):
    """Make the proposed moves that still pay, wave by wave or in the order of the block."""
    if in_waves:
        others_wait = False  # while the first thread makes moves
        for w in range(ONE, np.uint64(block.told[NUM_WAVES]) + ONE):
            begin, end = block.wave_starts[w], block.wave_starts[w + ONE]
            if end - begin >= MIN_WAVE:
                if others_wait:
                    barrier(team)
                low, high = share(end - begin, team)
                _commit_wave(constraint.outer, level, state, constraint, block, begin + low, begin + high, exact)
                barrier(team)
                others_wait = False
            else:
                if team.number == ZERO:
                    _commit_wave(constraint.outer, level, state, constraint, block, begin, end, exact)
                others_wait = True
        if others_wait:
            barrier(team)
    else:
        if team.number == ZERO:
            _commit_in_order(
                constraint.outer, constraint.deepest, level, state, constraint, block, num_movers, exact, scratch
            )
        barrier(team)


@inlined
def _commit_wave(outer, level, state, constraint, block, begin, end, exact):
    """Commit a part of a wave; only nodes come in waves."""
    if outer is not None:
        commit_nodes(level, state, constraint, block, block.by_wave, begin, end, exact)


@inlined
def _commit_in_order(outer, deepest, level, state, constraint, block, num_movers, exact, scratch):
    change = 0.0
    if outer is not None:
        change = commit_nodes(level, state, constraint, block, block.movers, ZERO, num_movers, exact)
    if deepest is not None:
        change = commit_units(level, state, constraint, block, num_movers, scratch)
    if exact:
        _count_made(block, num_movers)
        block.told[CHANGE] += change


@inlined
def _count_made(block, num_movers):
    made = ZERO
    for r in range(num_movers):
        made += np.uint64(block.verdict[block.movers[r]] == MADE)
    block.told[NUM_MADE] += np.float64(made)


@inlined
def _add_up(outer, state, block, num_movers):
    """Let the index codebooks follow the moves of a block, and sum up the change of codelength, in its order."""
    if outer is not None:
        change = 0.0
        for r in range(num_movers):
            k = np.uint64(block.movers[r])
            if block.verdict[k] == MADE:
                codebook = codebook_of(state, block.node[k])
                change += block.change[k]
                state.index_sums[codebook, MORE_RATE] += block.rate[k]
                state.index_sums[codebook, MORE_MODULES] += block.more[k]
        for r in range(num_movers):
            codebook = codebook_of(state, block.node[block.movers[r]])
            rate, more = state.index_sums[codebook, MORE_RATE], state.index_sums[codebook, MORE_MODULES]
            if rate != 0.0 or more != 0.0:
                change += add_to_index(state, codebook, rate, more)
                state.index_sums[codebook, MORE_RATE] = 0.0
                state.index_sums[codebook, MORE_MODULES] = 0.0
        _count_made(block, num_movers)
        block.told[CHANGE] += change
        block.told[EXACT] = np.float64(change > MIN_GAIN)


@step
def _wake(team, links, state, constraint, visits, block, num_movers):
    """Let nodes wait that may have a reason to move now, and forget the movers.

    These are the neighbours of nodes that moved, outside their modules, and movers whose moves did not pay any more.
    Nodes that are refined move once.
    """
    parts = num_chunks(num_movers, MOVERS)
    part = ticket(team)
    while part < parts:
        for r in range(part * MOVERS, min((part + ONE) * MOVERS, num_movers)):
            k = np.uint64(block.movers[r])
            i = block.node[k]
            block.position[i] = 0
            if block.verdict[k] == AGAIN:
                visits.waiting[i] = 1
            elif block.verdict[k] == MADE and constraint.refining == ZERO:
                m = state.module_of[i]
                ask_for_neighbours(links, i, visits.waiting)
                ask_for_neighbours(links, i, state.module_of)
                for link in range(links.indptr[i], links.indptr[i + ONE]):
                    j = links.indices[link]
                    if visits.waiting[j] == 0 and state.module_of[j] != m:
                        visits.waiting[j] = 1
        part = ticket(team)
    barrier(team)

"""The Markov time at which the modules of a network have boundaries of their own.

With a longer Markov time the walk takes more steps for each step of the description, and modules grow. The rate at
which the walk leaves them, per step of its own, tells their kind. Where there are no boundaries, as on a lattice or
among points that fill a region evenly, modules grow as large as the description can bear: twice the time makes them so
much larger that they are left half as often, and their borders are where the search happened to draw them. Modules with
boundaries of their own stay the same, and are left as often as before. So the time is raised while that clearly lowers
the rate of leaving modules, but not so far that the modules save next to nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from mapeq._base.hierarchy import Hierarchy
from mapeq.network.network import Network
from mapeq.objective.level import Level, network_level, with_links_of_contents
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.objective.states import contents_of_states
from mapeq.objective.two_level import one_level_codelength
from mapeq.optimizer.control import Control
from mapeq.optimizer.trials import Found, find_modules
from mapeq.walk.flow import EXIT, VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: The Markov times to try: 1 and longer ones, each the square root of 2 times the one before.
TIMES = tuple(2.0 ** (step / 2) for step in range(5))

#: Modules have no boundaries of their own while twice the time divides the rate of leaving them by 2 to this power or
#: more: midway between 1, where there are no boundaries at all, and 0, where the modules stay the same.
GROWING = 0.5

#: Modules must save at least this fraction of the bits that those at time 1 save.
MIN_SAVED = 0.3


class _Modules(NamedTuple):
    hierarchy: Hierarchy
    time: float
    left: float  #: rate at which the walk leaves them, per step of its own
    saved: float  #: bits per step of the description


def fitting_markov_time(
    network: Network, options: WalkOptions, *, seed: int, num_threads: int, control: Control
) -> tuple[float, Hierarchy]:
    """The Markov time for a network, a power of the square root of 2 from 1 to 4, and the modules found at it.

    Each time that is tried takes one two-level search. The rule and its two numbers were chosen on labelled
    nearest-neighbour graphs, see ``benchmarks/embeddings.py``.
    """

    def modules_at(time: float) -> _Modules:
        flow = random_walk(network, replace(options, markov_time=time))
        contents = contents_of_states(network.states, flow.nodes[:, VISIT])
        flow = with_links_of_contents(flow, contents)
        found = find_modules(flow, contents=contents, seed=seed, num_threads=num_threads, control=control)
        return _modules(network_level(flow, contents=contents), found, time)

    seen = [modules_at(TIMES[0])]
    for time in TIMES[1:]:
        if control.stopped or seen[-1].left == 0:
            break
        try:
            modules = modules_at(time)
        except KeyboardInterrupt:
            if not control.keep_on_interrupt:
                raise
            control.stop()
            control.interrupted = True
            break  # the modules at shorter times were found
        before = seen[-2:][0]  # over two steps: the change of a single one is partly chance
        is_growing = modules.left <= before.left * (before.time / time) ** GROWING
        if not is_growing or modules.saved < MIN_SAVED * seen[0].saved:
            break
        seen.append(modules)
    return seen[-1].time, seen[-1].hierarchy


def _modules(level: Level, found: Found, time: float) -> _Modules:
    state = multilevel_partition(level, found.hierarchy)
    left = float(state.modules[1:, EXIT].sum()) / time
    return _Modules(
        found.hierarchy, time, left, one_level_codelength(level) - multilevel_codelength(level, state).total
    )

"""The public entry point :func:`resolution_profile`: the modules of a network over a range of Markov times."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mapeq._base.csr import FloatArray
from mapeq._base.errors import counted, is_number, option_error
from mapeq._base.keywords import answers_keywords
from mapeq._base.progress import StatusLine
from mapeq._base.threads import usable_processors
from mapeq.inputs import all_options, network_and_options, with_room
from mapeq.network.network import Network
from mapeq.objective.options import PLAIN
from mapeq.objective.states import contents_of_states
from mapeq.optimizer.control import SearchOptions
from mapeq.optimizer.outcome import Outcome
from mapeq.optimizer.sweeps import Swept, sweep
from mapeq.result.profile import AGREEMENT, ResolutionProfile, profile_of
from mapeq.walk.bipartite import check_way_back
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: The default Markov times: from 1/2 to 16, six for each doubling.
TIMES = 2.0 ** (np.arange(-6, 25) / 6)


class ProfileProgress(NamedTuple):
    """State of a resolution profile, passed to a progress callback after the search at each Markov time.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> seen = []
    >>> profile = mapeq.resolution_profile(nx.karate_club_graph(), [1, 2], progress=seen.append)
    >>> [(state.markov_time, state.num_modules) for state in seen]
    [(1.0, 3), (2.0, 2)]
    """

    trial: int  #: number of the trial, from 1
    num_trials: int  #: total number of trials
    markov_time: float
    part: float  #: fraction of the searches that are done
    codelength: float  #: of the modules found so far at this time, in bits per step
    num_modules: int


@answers_keywords()
def resolution_profile(
    graph: Any,
    markov_times: Iterable[float] | None = None,
    *,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    bipartite: bool | None = None,
    flow_model: str | None = None,
    teleportation_probability: float = 0.15,
    recorded_teleportation: bool = False,
    teleport_to: str = "links",
    node_weights_as_flow: bool = False,
    variable_markov_time: bool = False,
    variable_markov_damping: float = 1.0,
    variable_markov_min_scale: float = 1.0,
    regularization: float = 0.0,
    bipartite_flow: str = "two-step",
    threshold: float = AGREEMENT,
    num_trials: int = 1,
    seed: Any = 0,
    num_threads: int | None = None,
    progress: bool | Callable[[ProfileProgress], object] = False,
) -> ResolutionProfile:
    """Find the modules at many Markov times, and the ranges of times at which they stay the same.

    With a longer Markov time the modules are larger. Where the network has groups with boundaries, they stay the same
    over a range of times, a *plateau*. Each search starts from the modules at the times beside it, so that 31 times
    take about as long as ten searches by :func:`infomap`.

    Parameters
    ----------
    graph : as in :func:`infomap`
    markov_times : iterable of float, optional
        Markov times, all above 0, in any order. By default 31 times from 1/2 to 16, six for each doubling; without the
        shortest ones where every node is a module of its own, and without the longest ones where nothing is divided any
        more, but for one of each.
    directed, weight, flow_model, teleportation_probability, ... : as in :func:`infomap`
    threshold : float from 0 to 1
        Partitions agree if their adjusted mutual information is at least this; see :attr:`ResolutionProfile.plateaus`.
    num_trials : int, 1 or more
        Number of independent trials, each at all times; their results are recombined at each time. More trials are
        never worse at any time.
    seed : as in :func:`infomap`
    num_threads : int, optional
        Number of threads; by default the number of processors available to the process. Trials run side by side.
    progress : bool or callable
        True shows the Markov time at hand on standard error, if it is a terminal. A callable receives a
        :class:`~mapeq.resolution.ProfileProgress` after the search at each time.

    Returns
    -------
    ResolutionProfile

    Raises
    ------
    ValueError
        If an option is out of range.
    NetworkError, FormatError, ConvergenceError
        As in :func:`infomap`.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> profile = mapeq.resolution_profile(nx.ring_of_cliques(8, 6))
    >>> profile
    <mapeq.ResolutionProfile: 30 Markov times from 0.5 to 14.3, 8 to 1 module of 48 nodes, 2 plateaus>
    >>> profile.plateaus[0].num_modules
    8

    References
    ----------
    M. T. Schaub, R. Lambiotte and M. Barahona, Phys. Rev. E 86, 026112 (2012); M. Kheirkhahzadeh, A. Lancichinetti and
    M. Rosvall, Phys. Rev. E 93, 032309 (2016).
    """
    times = None if markov_times is None else checked_times(markov_times)
    checked_threshold(threshold)
    search_options = SearchOptions(num_trials, seed, num_threads)
    if not (isinstance(progress, bool) or callable(progress)):
        raise option_error("progress", progress, "True, False or a callable")
    network, flow_options, _ = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        bipartite=bipartite,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        variable_markov_time=variable_markov_time,
        variable_markov_damping=variable_markov_damping,
        variable_markov_min_scale=variable_markov_min_scale,
        regularization=regularization,
        bipartite_flow=bipartite_flow,
    )
    status = StatusLine() if progress is True else None
    report = None if progress is False else shown_on(status) if status is not None else progress
    try:
        return profile(network, flow_options, times, search_options, threshold=threshold, report=report)  # type: ignore[arg-type]
    finally:
        if status is not None:
            status.clear()


def checked_times(markov_times: Iterable[float]) -> FloatArray:
    """Return the Markov times in increasing order, each once, or raise if one is none."""
    name, allowed = "markov_times", "numbers above 0, at least one"
    if isinstance(markov_times, str | bytes) or not isinstance(markov_times, Iterable):
        raise option_error(name, markov_times, allowed)
    given = list(markov_times)
    wrong = next((time for time in given if not (is_number(time) and 0 < time < math.inf)), None)
    if wrong is not None:
        raise option_error(name, wrong, allowed)
    if not given:
        raise option_error(name, given, allowed)
    return np.unique(np.array(given, dtype=np.float64))


def checked_threshold(threshold: float) -> None:
    """Raise if the threshold is no number from 0 to 1."""
    if not (is_number(threshold) and 0 <= threshold <= 1):
        raise option_error("threshold", threshold, "a number from 0 to 1")


def shown_on(status: StatusLine) -> Callable[[ProfileProgress], None]:
    """Return a callback that shows the progress on a status line."""

    def show(state: ProfileProgress) -> None:
        trial = f"trial {state.trial} of {state.num_trials}, " if state.num_trials > 1 else ""
        status.show(f"{trial}Markov time {state.markov_time:.3g}: {counted(state.num_modules, 'module')}", state.part)

    return show


def profile(
    network: Network,
    flow_options: WalkOptions,
    times: FloatArray | None,
    search_options: SearchOptions,
    *,
    threshold: float = AGREEMENT,
    report: Callable[[ProfileProgress], object] | None = None,
) -> ResolutionProfile:
    """Search with checked options; see :func:`resolution_profile`. The Markov time of `flow_options` is left out."""
    network = with_room(network, flow_options, search_options)
    network = replace(network, metadata=None)  # profiles are those of the walk alone
    seed = secrets.randbits(32) if search_options.seed is None else int(search_options.seed)
    num_threads, num_trials = search_options.num_threads or usable_processors(), int(search_options.num_trials)
    searched = TIMES if times is None else times
    done = 0

    def found(trial: int, position: int, end: Outcome) -> None:
        nonlocal done
        done += 1
        if report is not None:
            part, number = done / (num_trials * len(searched)), len(end.hierarchy.parent) - 1
            report(ProfileProgress(trial + 1, num_trials, float(searched[position]), part, end.codelength, number))

    walk = WalkOptions.from_dict(flow_options.as_dict() | {"markov_time": 1.0})
    flow = random_walk(network, walk, num_threads=num_threads)
    check_way_back(network, flow.nodes[:, VISIT])
    partitions = sweep(
        flow,
        searched.tolist(),
        contents=contents_of_states(network.states, flow.nodes[:, VISIT]),
        num_trials=num_trials,
        seed=seed,
        num_threads=num_threads,
        report=found,
    )
    if times is None:
        kept = _divided(partitions, network.num_nodes)
        searched, partitions = searched[kept], partitions[kept]
    options = all_options(network, walk, PLAIN) | {"multilevel": False, "num_trials": num_trials}
    del options["markov_time"]
    return profile_of(network, flow, searched, partitions, threshold=float(threshold), seed=seed, options=options)


def _divided(partitions: list[Swept], num_nodes: int) -> slice:
    """The times at which something is divided into modules of several nodes, and one time on either side.

    Where the walk never leaves its modules, the codelength does not depend on the time; elsewhere it increases.
    """
    number = np.array([len(partition.hierarchy.parent) - 1 for partition in partitions])
    lengths = np.array([partition.codelength for partition in partitions])
    first = max(int(np.argmax(np.append(number < num_nodes, True))) - 1, 0)
    last = int(np.argmax(lengths >= lengths[-1] - 1e-10))
    return slice(min(first, last), last + 1)

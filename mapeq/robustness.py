"""The public entry point :func:`stability`: how often the modules of a network come back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import read_only
from mapeq._base.errors import counted, is_number, is_whole, option_error
from mapeq._base.keywords import answers_keywords
from mapeq._base.progress import StatusLine
from mapeq._base.threads import result_of, usable_processors
from mapeq.api import search
from mapeq.inputs import network_and_options, with_room
from mapeq.network.network import Network
from mapeq.network.resampling import has_counts, with_drawn_weights, without_links, without_nodes
from mapeq.objective.options import ObjectiveOptions
from mapeq.optimizer.control import Control, SearchOptions
from mapeq.result.result import ROUNDING, Result
from mapeq.result.stability import Stability
from mapeq.walk.options import WalkOptions

#: Default fraction of links or nodes that resampled networks lack. Drawing weights of 1 anew drops 37 % of the links.
FRACTION = 0.3

#: Streams of random numbers: of trials, and of resampled networks.
TRIALS, RESAMPLES = 0, 1


class StabilityProgress(NamedTuple):
    """State of a measurement of stability, passed to a progress callback after each search, in their order.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> seen = []
    >>> found = mapeq.stability(nx.karate_club_graph(), num_trials=2, resample="links", progress=seen.append)
    >>> [(state.number, state.total, state.resampled) for state in seen]
    [(1, 2, False), (2, 2, False), (1, 2, True), (2, 2, True)]
    """

    number: int  #: number of the trial or of the resampled network, from 1
    total: int  #: number of trials or of resampled networks
    resampled: bool  #: whether the network was resampled
    part: float  #: fraction of the searches that are done
    codelength: float  #: of the modules found, in bits per step
    num_modules: int  #: number of top modules found


@answers_keywords()
def stability(
    graph: Any,
    *,
    resample: str | None = None,
    fraction: float | None = None,
    confidence: float = 0.95,
    num_trials: int = 20,
    num_resamples: int | None = None,
    level: int = 1,
    directed: bool | None = None,
    weight: str | int | None = "weight",
    bipartite: bool | None = None,
    flow_model: str | None = None,
    teleportation_probability: float = 0.15,
    recorded_teleportation: bool = False,
    teleport_to: str = "links",
    node_weights_as_flow: bool = False,
    markov_time: float = 1.0,
    variable_markov_time: bool = False,
    variable_markov_damping: float = 1.0,
    variable_markov_min_scale: float = 1.0,
    regularization: float = 0.0,
    bipartite_flow: str = "two-step",
    entropy_correction: float = 0.0,
    preferred_number_of_modules: int | None = None,
    metadata: Any = None,
    metadata_column: str | int | None = None,
    metadata_rate: float = 1.0,
    metadata_unweighted: bool = False,
    multilevel: bool = False,
    min_module_size: int = 1,
    seed: Any = 0,
    num_threads: int | None = None,
    progress: bool | Callable[[StabilityProgress], object] = False,
) -> Stability:
    """Measure how often modules and nodes come back: over trials, and over networks that other data might have given.

    The network is searched in independent trials. The best is the reference: for each of its modules the result says
    how similar the most similar modules of the other partitions are, and for each node how often it is among them.
    Trials tell whether the optimum is unique; only resampled networks tell whether other data would say the same.

    No search starts from the modules of another one: it would stay near them, and they would seem more stable than they
    are.

    Parameters
    ----------
    graph : as in :func:`infomap`
    resample : {None, "links", "nodes"}
        How to make the resampled networks. "links": if all weights are whole numbers, and not all 1, they are counts,
        and each is drawn anew from the Poisson distribution with its weight as mean (Rosvall & Bergstrom 2010);
        otherwise, or with a `fraction`, each network lacks some of the links. "nodes": each lacks some of the nodes,
        with their links. None makes no such networks.
    fraction : float above 0 and below 1, optional
        Fraction of links or nodes that each resampled network lacks; by default 0.3, nearly as much as drawing weights
        of 1 anew drops.
    confidence : float above 0, at most 1
        Core nodes are in the module matched with their own in at least this fraction of the partitions.
    num_trials : int, 2 or more
        Number of independent searches of the network itself.
    num_resamples : int, 1 or more, optional
        Number of resampled networks, each searched once; by default `num_trials`.
    level : {1, -1}
        Compare the top modules (1), or the finest modules (-1) with ``multilevel=True``.
    directed, weight, flow_model, teleportation_probability, ... : as in :func:`infomap`
    num_threads : int, optional
        Number of threads; by default the number of processors available to the process. Searches run side by side. The
        same seed gives the same answer on any number of threads.
    progress : bool or callable
        True shows the searches that are done on standard error, if it is a terminal. A callable receives a
        :class:`~mapeq.robustness.StabilityProgress` after each, in order.

    Returns
    -------
    Stability
        After Ctrl-C, of the searches that were complete, with ``stopped_by="interrupt"``.

    Raises
    ------
    ValueError
        If an option is out of range; with ``resample="nodes"`` also for state networks, whose states are not nodes of
        their own, and with any resampling for precomputed flow, which would not fit.
    NetworkError, FormatError, ConvergenceError
        As in :func:`infomap`.
    KeyboardInterrupt
        After Ctrl-C before two trials were complete.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> print(mapeq.stability(nx.ring_of_cliques(4, 5), resample="links", fraction=0.1))
    module  nodes    flow  over trials  over resamples  core nodes
         1      5  0.2500        1.000           1.000           5
         2      5  0.2500        1.000           1.000           5
         3      5  0.2500        1.000           1.000           5
         4      5  0.2500        1.000           1.000           5

    References
    ----------
    M. Rosvall and C. T. Bergstrom, PLoS ONE 5, e8694 (2010); J. Calatayud, R. Bernardo-Madrid, M. Neuman, A. Rojas and
    M. Rosvall, Phys. Rev. E 100, 052308 (2019).
    """
    check_measurement(resample, fraction, confidence, num_trials, num_resamples, level)
    search_options = SearchOptions(num_trials, seed, num_threads, None, multilevel, False, min_module_size)
    if not (isinstance(progress, bool) or callable(progress)):
        raise option_error("progress", progress, "True, False or a callable")
    network, walk, objective = network_and_options(
        graph,
        directed=directed,
        weight=weight,
        bipartite=bipartite,
        flow_model=flow_model,
        teleportation_probability=teleportation_probability,
        recorded_teleportation=recorded_teleportation,
        teleport_to=teleport_to,
        node_weights_as_flow=node_weights_as_flow,
        markov_time=markov_time,
        variable_markov_time=variable_markov_time,
        variable_markov_damping=variable_markov_damping,
        variable_markov_min_scale=variable_markov_min_scale,
        regularization=regularization,
        bipartite_flow=bipartite_flow,
        entropy_correction=entropy_correction,
        preferred_number_of_modules=preferred_number_of_modules,
        metadata=metadata,
        metadata_column=metadata_column,
        metadata_rate=metadata_rate,
        metadata_unweighted=metadata_unweighted,
    )
    status = StatusLine() if progress is True else None
    report = None if progress is False else shown_on(status) if status is not None else progress
    try:
        return measure(
            network,
            walk,
            objective,
            search_options,
            resample=resample,
            fraction=fraction,
            confidence=confidence,
            num_resamples=num_resamples,
            level=level,
            report=report,  # type: ignore[arg-type]
        )
    finally:
        if status is not None:
            status.clear()


def measure(
    network: Network,
    walk: WalkOptions,
    objective: ObjectiveOptions,
    options: SearchOptions,
    *,
    resample: str | None = None,
    fraction: float | None = None,
    confidence: float = 0.95,
    num_resamples: int | None = None,
    level: int = 1,
    report: Callable[[StabilityProgress], object] | None = None,
) -> Stability:
    """Measure with checked options; see :func:`stability`. `report` is called after each search.

    Raises
    ------
    ValueError
        If the network cannot be resampled so.
    """
    if resample is not None and walk.flow_model == "precomputed":
        raise option_error("resample", resample, "None with precomputed flow, which would not fit other links")
    if resample == "nodes" and network.states is not None:
        raise option_error("resample", resample, '"links" or None for state networks')
    kind = "bootstrap" if resample == "links" and fraction is None and has_counts(network) else resample
    lacking = None if kind in (None, "bootstrap") else FRACTION if fraction is None else float(fraction)
    number = 0 if resample is None else int(options.num_trials if num_resamples is None else num_resamples)
    network = with_room(network, walk, replace(options, num_trials=int(options.num_trials) + number))
    searches = _Searches(network, walk, objective, options, kind, lacking, number, int(level))
    return searches.run(float(confidence), report)


def check_measurement(
    resample: str | None,
    fraction: float | None,
    confidence: float,
    num_trials: int,
    num_resamples: int | None,
    level: int,
) -> None:
    """Raise if an option of the measurement is out of range."""
    if not is_whole(num_trials, 2):
        raise option_error("num_trials", num_trials, "a whole number, 2 or more")
    if not (resample is None or (isinstance(resample, str) and resample in ("links", "nodes"))):
        raise option_error("resample", resample, 'None, "links" or "nodes"')
    for name, value in (("fraction", fraction), ("num_resamples", num_resamples)):
        if resample is None and value is not None:
            raise option_error(name, value, 'omitted without resample="links" or "nodes"')
    if not (fraction is None or (is_number(fraction) and 0 < fraction < 1)):
        raise option_error("fraction", fraction, "a number above 0 and below 1")
    if not (num_resamples is None or is_whole(num_resamples, 1)):
        raise option_error("num_resamples", num_resamples, "a whole number, 1 or more, or None")
    if not (is_number(confidence) and 0 < confidence <= 1):
        raise option_error("confidence", confidence, "a number above 0, at most 1")
    if not (is_whole(level, -1) and level in (1, -1)):
        raise option_error("level", level, "1 for the top modules or -1 for the finest")


def shown_on(status: StatusLine) -> Callable[[StabilityProgress], None]:
    """Return a callback that shows the progress on a status line."""

    def show(state: StabilityProgress) -> None:
        what = "resampled network" if state.resampled else "trial"
        modules = counted(state.num_modules, "module")
        status.show(f"{what} {state.number} of {state.total}: {modules}", state.part)

    return show


class _End(NamedTuple):
    """What one search found."""

    result: Result
    labels: NDArray[np.int32]  #: module of each node of the whole network, -1 for nodes that are left out


@dataclass
class _Searches:
    """All searches, side by side; each has a stream of random numbers of its own."""

    network: Network
    walk: WalkOptions
    objective: ObjectiveOptions
    options: SearchOptions
    kind: str | None
    fraction: float | None
    num_resamples: int
    level: int

    def __post_init__(self) -> None:
        self._num_searches = int(self.options.num_trials) + self.num_resamples
        threads = self.options.num_threads or usable_processors()
        self._workers = min(threads, self._num_searches)
        self._threads_each = threads // self._workers
        self._seed = secrets.randbits(32) if self.options.seed is None else int(self.options.seed)
        self._control = Control()

    def run(self, confidence: float, report: Callable[[StabilityProgress], object] | None) -> Stability:
        num_trials = int(self.options.num_trials)
        ends: list[list[NDArray[np.int32]]] = [[], []]
        lengths: list[float] = []
        best: tuple[int, Result] | None = None
        with ThreadPoolExecutor(self._workers) as pool:
            jobs = [pool.submit(self._trial, number) for number in range(num_trials)]
            jobs += [pool.submit(self._resample, number) for number in range(self.num_resamples)]
            try:
                for done, end in enumerate(_in_order(jobs)):
                    is_resample = done >= num_trials
                    ends[is_resample].append(end.labels)
                    if not is_resample:
                        lengths.append(end.result.codelength)
                        if best is None or end.result.codelength < best[1].codelength - ROUNDING:
                            best = done, end.result
                    if report is not None:
                        report(self._progress(done, end.result))
            except KeyboardInterrupt:
                self._control.interrupted = True
                if best is None or len(ends[TRIALS]) < 2:
                    raise
            finally:
                self._control.stop()
                pool.shutdown(wait=False, cancel_futures=True)  # leaving it waits for those that run
        assert best is not None
        resampled = self.kind if ends[RESAMPLES] else None
        n = self.network.num_nodes
        return Stability(
            result=best[1],
            level=self.level,
            codelengths=read_only(np.array(lengths)),
            resampled=resampled,
            fraction=None if resampled is None else self.fraction,
            confidence=confidence,
            seed=self._seed,
            stopped_by="interrupt" if self._control.interrupted else None,
            _best=best[0],
            _trials=_table(ends[TRIALS], n),
            _resamples=_table(ends[RESAMPLES], n),
        )

    def _progress(self, done: int, result: Result) -> StabilityProgress:
        first = self._num_searches - self.num_resamples
        is_resample = done >= first
        number, total = (done - first, self.num_resamples) if is_resample else (done, first)
        part = (done + 1) / self._num_searches
        return StabilityProgress(number + 1, total, is_resample, part, result.codelength, result.num_modules)

    def _trial(self, number: int) -> _End | None:
        if self._control.stopped:
            return None
        result = self._found(self.network, self._stream(TRIALS, number))
        return _End(result, result.labels_at(self.level).astype(np.int32))

    def _resample(self, number: int) -> _End | None:
        if self._control.stopped:
            return None
        rng = self._stream(RESAMPLES, number)
        if self.kind == "bootstrap":
            network, kept = with_drawn_weights(self.network, rng), None
        elif self.kind == "links":
            network, kept = without_links(self.network, self.fraction or 0.0, rng), None
        else:
            network, kept = without_nodes(self.network, self.fraction or 0.0, rng)
        result = self._found(network, rng)
        labels = result.labels_at(self.level).astype(np.int32)
        if kept is not None:
            on_all = np.full(self.network.num_nodes, -1, dtype=np.int32)
            on_all[kept] = labels
            labels = on_all
        return _End(result, labels)

    def _found(self, network: Network, rng: np.random.Generator) -> Result:
        seed = int(rng.integers(2**32))
        objective = self.objective
        preferred = objective.preferred_number_of_modules
        if preferred is not None and preferred > network.num_nodes:
            objective = replace(objective, preferred_number_of_modules=network.num_nodes)
        options = replace(self.options, num_trials=1, seed=seed, num_threads=self._threads_each)
        return search(network, self.walk, options, self._control, None, objective)

    def _stream(self, *key: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))


def _in_order(jobs: list[Future[_End | None]]) -> Any:
    """What the jobs found, in their order; each is forgotten once it is taken."""
    jobs.reverse()
    while jobs:
        end = result_of(jobs[-1])
        jobs.pop()
        yield end


def _table(rows: list[NDArray[np.int32]], width: int) -> NDArray[np.int32]:
    return read_only(np.array(rows, dtype=np.int32).reshape(len(rows), width))

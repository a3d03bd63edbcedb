"""The stationary visit rates of a walk that teleports, by power iteration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mapeq._base.csr import CSR, ONE, FloatArray, KernelCSR, for_kernels, read_only
from mapeq._base.errors import ConvergenceError
from mapeq._base.jit import inlined, jit
from mapeq._base.team import barrier, num_chunks, share, ticket
from mapeq._base.threads import Threads
from mapeq.network.network import Network

#: The power iteration stops when the visit rates change by no more than this in one step, in
#: total. Their own total error is then below ``TOLERANCE * (1 - a) / a``, `a` being the teleportation
#: probability: less than 1e-13 for the usual 0.15.
TOLERANCE = 1e-14
MAX_ITERATIONS = 20_000

#: Changes below this are rounding errors once they fall no further.
ROUNDING = 1e-12

#: With less teleportation than this the walk rests every other step.
RARE_TELEPORTATION = 0.05


#: Which part of the walk rests then.
RESTING = 0.5

#: A step in place has so many stages, and threads share the nodes of each; sums are taken over chunks of nodes.
STAGES = np.uint64(16)
CHUNK = np.uint64(1024)


class Walk(NamedTuple):
    """A walk that teleports, as kernels see it; arrays of nodes are read-only float64 of shape (n,).

    Attributes
    ----------
    links : KernelCSR
        To each node.
    per_weight : array
        Which part of its rate each node sends over a link of weight 1.
    teleporting : float
        The probability of teleportation.
    resting : float
        Which part of the walk stays where it is.
    landing : array
        Where teleportation lands.
    dangling : array
        Where the walk goes from nodes without out-links.
    jumping : array or None
        The probability that the walk goes there from each node; None if it does from nodes without out-links only.
    """

    links: KernelCSR
    per_weight: FloatArray
    teleporting: float
    resting: float
    landing: FloatArray
    dangling: FloatArray
    jumping: FloatArray | None


def visit_rates(
    network: Network,
    landing: FloatArray,
    *,
    teleportation_probability: float,
    dangling: FloatArray | None = None,
    start: FloatArray | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> FloatArray:
    """Stationary visit rates of a walk that teleports (PageRank), by power iteration.

    Solves ``pi = (1 - a) * (W.T @ (pi / s) + pi[s == 0].sum() * dangling) + a * landing``, with
    `a` the teleportation probability, `W` the links and `s` the out-strengths: a walker on a node
    without out-links teleports for certain. With little teleportation the walk may be almost periodic;
    it then rests every other step, which has the same stationary rates.

    Parameters
    ----------
    network : Network
    landing : float64 array of shape (n,), summing to 1
        Probability that teleportation lands on each node.
    teleportation_probability : float from 0 to 1
    dangling : float64 array of shape (n,), summing to 1, optional
        Where a walker goes from a node without out-links; `landing` by default.
    start : float64 array of shape (n,), optional
        Where to start from, up to a factor; `landing` by default.
    tolerance : float
        Largest total change in the last step; a change below 1e-12 that falls no further will do, too.
    max_iterations : int

    Returns
    -------
    float64 array of shape (n,), summing to 1

    Raises
    ------
    ConvergenceError
        If the rates still change by more than the tolerance after so many iterations.

    References
    ----------
    Page, Brin, Motwani & Winograd, The PageRank citation ranking (1999).
    """
    return stationary_rates(
        network.columns(),
        network.out_strengths(),
        landing,
        landing if dangling is None else dangling,
        landing if start is None else start,
        teleportation_probability=teleportation_probability,
        hurry=False,  # as many steps as the definition says
        tolerance=tolerance,
        max_iterations=max_iterations,
    )


def stationary_rates(
    columns: CSR,
    out_strengths: FloatArray,
    landing: FloatArray,
    dangling: FloatArray,
    start: FloatArray,
    *,
    teleportation_probability: float,
    teleporting: FloatArray | None = None,
    rest: bool = False,
    hurry: bool,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    threads: Threads | None = None,
) -> FloatArray:
    """As :func:`visit_rates`, of the links to each node and the out-strengths.

    Nodes may have probabilities of `teleporting` of their own, 1 without out-links, instead of the one for all, which
    is 0 then; such a walk rests every other step if it is to `rest`.

    In a hurry it makes steps in place, in which a node already receives what most of those before it send now (block
    Gauss-Seidel): about half as many do. They only find a better start, plain steps have the first and the last word.
    The rates do not depend on the number of threads.
    """
    threads = threads or Threads()
    a = teleportation_probability
    walking = 1 - (a if teleporting is None else teleporting)
    per_weight = np.divide(walking, out_strengths, out=np.zeros_like(out_strengths), where=out_strengths > 0)
    rests = a < RARE_TELEPORTATION if teleporting is None else rest
    walk = new_walk(columns, per_weight, a, RESTING if rests else 0.0, landing, dangling, teleporting)
    rates: FloatArray = start / start.sum()
    sent = rates * per_weight
    received, sums = np.empty_like(sent), new_sums(len(sent))
    # Not by a product of vectors: its last digit would depend on the threads of the BLAS and on the processor.
    stuck = float(rates[out_strengths == 0].sum() if teleporting is None else (rates * teleporting).sum())
    change = last_change = np.inf
    in_place = False
    for iteration in range(max_iterations):
        num_stages = STAGES if in_place else ONE
        change, stuck = threads.together(step, walk, num_stages, stuck, rates, sent, received, sums)
        if threads.stop[0]:
            return rates
        if in_place:
            switch = not tolerance < change < last_change
        else:
            sent, received = received, sent
            if change <= tolerance or last_change <= change < ROUNDING:
                rates /= rates.sum()
                return rates
            switch = hurry and iteration == 0
        in_place, last_change = (not in_place, np.inf) if switch else (in_place, change)
    raise ConvergenceError(
        f"the visit rates still change by {change:.1e} a step after {max_iterations:,} iterations (tolerance "
        f"{tolerance:.0e}); a larger teleportation_probability than {a} makes the walk converge faster"
    )


def new_walk(
    columns: CSR,
    per_weight: FloatArray,
    teleporting: float,
    resting: float,
    landing: FloatArray,
    dangling: FloatArray,
    jumping: FloatArray | None = None,
) -> Walk:
    """The walk over the links to each node, in the form that :func:`step` takes."""
    given = read_only(per_weight), float(teleporting), resting, read_only(landing), read_only(dangling)
    return Walk(for_kernels(columns), *given, None if jumping is None else read_only(jumping))


def new_sums(num_nodes: int) -> FloatArray:
    """Room for the sums that :func:`step` takes."""
    return np.empty((num_nodes // int(CHUNK) + 2, 3))


@jit
def step(team, walk, num_stages, stuck, rates, sent, received, sums):
    """One step of the walk, in stages: a node receives what those of earlier stages send now, and others have sent.

    Rates are normalised after more than one stage.

    Parameters
    ----------
    walk : Walk
    num_stages : uint64
    stuck : float
        The rate of all nodes without out-links.
    rates : float64 array of shape (n,)
        Overwritten by the new ones.
    sent : float64 array of shape (n,)
        The rates times `per_weight`; overwritten by the new ones if there is more than one stage.
    received : float64 array of shape (n,)
        The new rates times `per_weight`, if there is one stage; else scratch.
    sums : float64 array, see :func:`new_sums`
        Scratch.

    Returns
    -------
    change : float
        By how much the rates change in total.
    stuck : float
        The new rate of all nodes without out-links. Both are right in the first thread.
    """
    n = np.uint64(len(rates))
    change, whole, new_stuck = 0.0, 0.0, 0.0
    for stage in range(num_stages):
        first, last = n * stage // num_stages, n * (stage + ONE) // num_stages
        chunks = num_chunks(last - first, CHUNK)
        chunk = ticket(team)
        while chunk < chunks:
            begin = first + chunk * CHUNK
            _walk_to(begin, min(begin + CHUNK, last), walk, stuck, rates, sent, received, sums[chunk])
            chunk = ticket(team)
        barrier(team)
        if num_stages > ONE:
            begin, end = share(last - first, team)
            for j in range(first + begin, first + end):
                sent[j] = received[j]
        for chunk in range(chunks):
            change += sums[chunk, 0]
            whole += sums[chunk, 1]
            new_stuck += sums[chunk, 2]
        barrier(team)
    if num_stages > ONE:
        begin, end = share(n, team)
        for j in range(begin, end):
            rates[j] /= whole
            sent[j] /= whole
        new_stuck /= whole
    return change, new_stuck


@inlined
def _walk_to(begin, end, walk, stuck, rates, sent, received, sums):
    """Walk to some nodes; `sums` gets the change of their rates, the new rates, those of nodes without out-links."""
    links, teleporting = walk.links, walk.teleporting
    jumping = (1.0 - teleporting) * stuck
    change, whole, new_stuck = 0.0, 0.0, 0.0
    for j in range(begin, end):
        rate = jumping * walk.dangling[j] + teleporting * walk.landing[j]
        for k in range(links.indptr[j], links.indptr[j + ONE]):
            rate += sent[links.indices[k]] * links.weights[k * links.stride]
        rate += walk.resting * (rates[j] - rate)
        change += abs(rate - rates[j])
        whole += rate
        new_stuck += _stuck(walk.jumping, walk.per_weight, j, rate)
        rates[j] = rate
        received[j] = rate * walk.per_weight[j]
    sums[0], sums[1], sums[2] = change, whole, new_stuck


@inlined
def _stuck(jumping, per_weight, j, rate):
    """The part of a node's rate that does not leave over links, apart from what teleports everywhere."""
    if jumping is None:
        return rate if per_weight[j] == 0.0 else 0.0
    return rate * jumping[j]

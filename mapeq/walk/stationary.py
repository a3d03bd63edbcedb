"""The stationary visit rates of a walk that teleports, by power iteration."""

from __future__ import annotations

import numpy as np

from mapeq._base.csr import CSR, ONE, FloatArray, for_kernels, read_only
from mapeq._base.errors import ConvergenceError
from mapeq._base.jit import jit
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
    hurry: bool,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> FloatArray:
    """As :func:`visit_rates`, of the links to each node and the out-strengths.

    In a hurry it makes steps in place, in which a node already receives what those before it send now (Gauss-Seidel):
    about half as many do. They only find a better start, plain steps have the first and the last word.
    """
    a = teleportation_probability
    stuck = np.flatnonzero(out_strengths == 0)
    per_weight = np.divide(1 - a, out_strengths, out=np.zeros_like(out_strengths), where=out_strengths > 0)
    links = for_kernels(columns)
    rates: FloatArray = start / start.sum()
    sent = rates * per_weight
    received = np.empty_like(sent)
    resting = 0.5 if a < RARE_TELEPORTATION else 0.0
    change = last_change = np.inf
    in_place = False
    for iteration in range(max_iterations):
        landed = (1 - a) * rates[stuck].sum() * dangling + a * landing
        change = step(
            *links, read_only(landed), read_only(per_weight), resting, sent, rates, sent if in_place else received
        )
        if in_place:
            whole = rates.sum()
            rates /= whole
            sent /= whole
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


@jit
def step(indptr, indices, weights, stride, landed, per_weight, resting, sent, rates, sent_next):
    """One step of the walk; returns by how much the rates change in total.

    Parameters
    ----------
    indptr, indices, weights, stride : the links to each node, see :func:`mapeq._base.csr.for_kernels`
    landed : float64 array of shape (n,)
        What teleportation brings to each node.
    per_weight : float64 array of shape (n,)
        Which part of its rate each node sends over a link of weight 1.
    resting : float
        Which part of the walk stays where it is.
    sent : float64 array of shape (n,)
        The rates times `per_weight`.
    rates : float64 array of shape (n,)
        Overwritten by the new ones.
    sent_next : float64 array of shape (n,)
        The new rates times `per_weight`; the same array as `sent` for a step in place.
    """
    change = 0.0
    for j in range(np.uint64(len(rates))):
        rate = landed[j]
        for k in range(indptr[j], indptr[j + ONE]):
            rate += sent[indices[k]] * weights[k * stride]
        rate += resting * (rates[j] - rate)
        change += abs(rate - rates[j])
        rates[j] = rate
        sent_next[j] = rate * per_weight[j]
    return change

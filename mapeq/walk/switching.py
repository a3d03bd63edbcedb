"""Walks that change their layer and follow a link there in one step, without a visit between.

The links of a network that switches are steps within layers, and switches: links of a node to itself in another layer.
A walk from state x goes to a *gate*, that of x or of a state that a switch leads to, and on over a step of the state
whose gate it is. Gates are passed, not visited: visit rates are those of ``relax="neighbors"``, the coupling of
De Domenico, Lancichinetti, Arenas & Rosvall, Physical Review X 5, 011027 (2015), with fewer links. The flow over a
switch is described, as the flow over any link is: from the module of a node in one layer to that in another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.building import build_csr
from mapeq._base.csr import CSR, FloatArray, IntArray
from mapeq._base.errors import NetworkError
from mapeq._base.threads import Threads
from mapeq.network.network import Network
from mapeq.walk.options import WalkOptions
from mapeq.walk.stationary import RARE_TELEPORTATION, stationary_rates


class Moves(NamedTuple):
    """The links of a network that switches, of n states.

    Attributes
    ----------
    sources, targets : integer arrays, one entry a link
    weights : float64 array, one entry a link
    switch : boolean array, one entry a link
        Whether the link leads to another layer.
    staying : float64 array of shape (n,)
        Weight of the steps from each state.
    out_strengths : float64 array of shape (n,)
        Weight of all links from each state.
    """

    sources: IntArray
    targets: IntArray
    weights: FloatArray
    switch: NDArray[np.bool_]
    staying: FloatArray
    out_strengths: FloatArray

    def through_gates(self, sent: FloatArray) -> FloatArray:
        """What goes through the gate of each state if states send so much per weight."""
        away = self.switch
        switched = np.bincount(self.targets[away], sent[self.sources[away]] * self.weights[away], len(sent))
        return self.staying * sent + switched

    def over_links(self, sent: FloatArray) -> FloatArray:
        """The flow of each link if states send so much per weight."""
        onward = np.divide(self.through_gates(sent), self.staying, out=np.zeros_like(sent), where=self.staying > 0)
        return np.where(self.switch, sent[self.sources], onward[self.sources]) * self.weights

    def arriving(self, flow: FloatArray) -> FloatArray:
        """What steps bring to each state, given the flow of each link."""
        step = ~self.switch
        return np.bincount(self.targets[step], flow[step], len(self.staying)).astype(np.float64)


class SwitchingWalk(NamedTuple):
    """What a walk that switches gives.

    Attributes
    ----------
    flow : float64 array, one entry a stored link
    visits : float64 array of shape (n,)
    dangling : boolean array of shape (n,)
        Where no link leads on.
    """

    flow: FloatArray
    visits: FloatArray
    dangling: NDArray[np.bool_]


def is_switching(network: Network) -> bool:
    """Whether links between layers are switches."""
    return network.states is not None and network.states.switching


def check_switching(network: Network, options: WalkOptions) -> None:
    """Refuse options that have no meaning for walks that switch.

    Raises
    ------
    NetworkError
    """
    if not is_switching(network):
        return
    wrong = None
    if options.flow_model != "directed":
        wrong = f"flow_model={options.flow_model}"
    elif options.regularization:
        wrong = "regularization"
    elif options.variable_markov_time:
        wrong = "variable_markov_time"
    if wrong is not None:
        raise NetworkError(
            f"{wrong} says nothing of walks that change layers on the way (relax='self'); leave it out, or choose "
            "relax='neighbors'"
        )


def moves_of(network: Network) -> Moves:
    """The links of a network that switches."""
    assert network.states is not None
    assert network.states.layer is not None
    sources, layer = network.sources(), network.states.layer
    switch = layer[sources] != layer[network.indices]
    staying = np.bincount(sources[~switch], network.weights[~switch], network.num_nodes).astype(np.float64)
    return Moves(sources, network.indices, network.weights, switch, staying, network.out_strengths())


def arriving_strengths(moves: Moves) -> FloatArray:
    """The weight with which the links of all states, switches and steps together, lead to each state."""
    return moves.arriving(moves.over_links(np.ones(len(moves.staying))))


def switching_walk(moves: Moves, landing: FloatArray, options: WalkOptions, threads: Threads) -> SwitchingWalk:
    """The stationary walk, given where teleportation lands."""
    alpha, dangling = options.teleportation_probability, moves.out_strengths == 0
    rates = _stationary(moves, landing, alpha, threads)
    if options.recorded_teleportation:
        walking = np.where(dangling, 0.0, (1 - alpha) * rates)
    else:
        walking = np.where(dangling, 0.0, rates / max(rates[~dangling].sum(), np.finfo(float).tiny))
    sent = np.divide(walking, moves.out_strengths, out=np.zeros_like(rates), where=~dangling)
    flow = moves.over_links(sent)
    return SwitchingWalk(flow, rates if options.recorded_teleportation else moves.arriving(flow), dangling)


def _stationary(moves: Moves, landing: FloatArray, alpha: float, threads: Threads) -> FloatArray:
    """Visit rates of states, by a walk on states and, after them, their gates."""
    n = len(landing)
    columns, out_strengths = _to_states_and_gates(moves)
    at_states = np.where(moves.out_strengths == 0, 1.0, alpha)
    at_gates = np.where(moves.staying == 0, 1.0, 0.0)
    land = np.append(landing, np.zeros(n))
    rates = stationary_rates(
        columns,
        out_strengths,
        land,
        land,
        land if alpha else np.append(_anywhere(moves), np.zeros(n)),
        teleportation_probability=0.0,
        teleporting=np.append(at_states, at_gates),
        rest=alpha < RARE_TELEPORTATION,
        hurry=alpha >= RARE_TELEPORTATION,
        threads=threads,
    )
    visits: FloatArray = rates[:n] / rates[:n].sum()
    return visits


def _to_states_and_gates(moves: Moves) -> tuple[CSR, FloatArray]:
    """The links to each state and gate, and the strengths of the links from them."""
    n, stays = len(moves.staying), np.flatnonzero(moves.staying)
    tails = np.concatenate([moves.sources + np.where(moves.switch, 0, n), stays])
    heads = np.concatenate([moves.targets + np.where(moves.switch, n, 0), n + stays])
    weights = np.append(moves.weights, moves.staying[stays])
    columns = CSR(*build_csr(heads, tails, weights, 2 * n, symmetric=False))
    return columns, np.append(moves.out_strengths, moves.staying)


def _anywhere(moves: Moves) -> FloatArray:
    """Where a walk starts that never teleports: by the strengths of both directions, a self-link counting once."""
    loops = moves.sources == moves.targets
    own = np.bincount(moves.sources[loops], moves.weights[loops], len(moves.staying))
    return moves.out_strengths + arriving_strengths(moves) - own

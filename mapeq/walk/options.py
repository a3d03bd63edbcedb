"""The options of the random walk, each stated once: its default, its range, and what people are told about it.

The command's flags, the reference of :func:`mapeq.infomap` and the checks of values are all made from here.
This module imports nothing heavy, so that ``mapeq --help`` answers at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from mapeq._base.errors import is_flag, is_number, option_error
from mapeq._base.options import Options, option


class FlowModel(NamedTuple):
    """What people are told about a flow model; :mod:`mapeq.walk.models` has the function that computes it."""

    directed: bool  #: whether links have a direction in this model
    summary: str


FLOW_MODELS = {
    "undirected": FlowModel(False, "links are symmetric, and visit rates are proportional to strengths"),
    "directed": FlowModel(True, "a random walk that teleports (PageRank)"),
    "undirdir": FlowModel(True, "link weights are the flow, without teleportation"),
    "outdirdir": FlowModel(True, "the same as undirdir"),
    "rawdir": FlowModel(True, "the same as undirdir"),
    "precomputed": FlowModel(True, "link weights are the flow, and node weights the visit rates"),
}

TELEPORT_TARGETS = ("links", "nodes")
BIPARTITE_FLOWS = ("two-step", "infomap", "unfolded")


@dataclass(frozen=True)
class WalkOptions(Options):
    """How the random walk moves; see :func:`mapeq.infomap` for the meaning of each option.

    Raises
    ------
    ValueError
        If an option is out of range; names the option, the value and the allowed values.
    """

    flow_model: str = option(
        "undirected",
        "-f --flow-model",
        "MODEL",
        ", ".join(FLOW_MODELS) + " (by default undirected or directed, as the network is)",
        """flow_model : {"undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed"}, optional
        How link weights become flow. By default "undirected" or "directed", as the network is. "undirdir", "outdirdir"
        and "rawdir" (all three are the same) use the link weights as the flow, without teleportation; "precomputed"
        also uses the node weights as the visit rates.""",
    )
    teleportation_probability: float = option(
        0.15,
        "-p --teleportation-probability",
        "P",
        "probability of teleporting at each step, directed flow only (0.15)",
        """teleportation_probability : float from 0 to 1
        Probability of teleporting at each step (directed flow only).""",
    )
    recorded_teleportation: bool = option(
        False,
        "-e --recorded-teleportation",
        None,
        "describe teleportation steps too, not only steps over links",
        """recorded_teleportation : bool
        Whether the description covers teleportation steps, too.""",
    )
    teleport_to: str = option(
        "links",
        "--teleport-to",
        "WHAT",
        "teleport to random links or to random nodes (links)",
        """teleport_to : {"links", "nodes"}
        Whether teleportation chooses a random link or a random node; nodes by their weights, if they have any.""",
    )
    node_weights_as_flow: bool = option(
        False,
        "--node-weights-as-flow",
        None,
        "use the node weights as the visit rates",
        """node_weights_as_flow : bool
        Use the node weights as the visit rates, whatever the flow over links.""",
    )
    markov_time: float = option(
        1.0,
        "--markov-time",
        "T",
        "steps of the walk per step of the description: above 1 larger modules, below 1 smaller ones (1)",
        """markov_time : float above 0, or "auto"
        Number of steps of the walk that one step of the description covers: above 1 modules grow, below 1 they shrink.
        "auto" raises it, up to 4, while modules have no boundaries of their own, as in nearest-neighbour networks;
        ``result.options`` has the value that was chosen.""",
    )

    variable_markov_time: bool = option(
        False,
        "--variable-markov-time",
        None,
        "longer Markov times where the walk is spread thin, so that small and large modules show at once",
        """variable_markov_time : bool
        Whether links have Markov times of their own, longer where the walk is spread thin, so that modules of few links
        grow while those of many keep their size. `markov_time` multiplies them.""",
    )
    variable_markov_damping: float = option(
        1.0,
        "--variable-markov-damping",
        "D",
        "how little Markov times vary: from 0, in proportion to degrees, to 1, to their logarithms (1)",
        """variable_markov_damping : float from 0 to 1
        How little variable Markov times vary: at 0 in inverse proportion to the effective degree of a node, at 1 to its
        logarithm.""",
    )
    variable_markov_min_scale: float = option(
        1.0,
        "--variable-markov-min-scale",
        "S",
        "the scale of nodes of smaller ones, which have the longest Markov times (1)",
        """variable_markov_min_scale : float above 0
        The scale of nodes of smaller ones: the longest Markov time is the largest scale over it.""",
    )
    regularization: float = option(
        0.0,
        "--regularization --regularization-strength",
        "C",
        "strength of a prior that links all nodes a little, for networks with missing links: 1 is usual (0, none); "
        "--regularized is --regularization 1",
        """regularization : float, 0 or more
        Strength of a prior that links all nodes a little, so that sparse or incomplete data show no modules that chance
        explains; 1 is usual, 0 is none. Only with undirected and directed flow; teleportation options have no effect
        then.""",
        regularized=1.0,
    )
    bipartite_flow: str = option(
        "two-step",
        "--bipartite-flow",
        "HOW",
        ", ".join(BIPARTITE_FLOWS) + " (two-step)",
        """bipartite_flow : {"two-step", "infomap", "unfolded"}
        How the walk moves on a bipartite network. "two-step": two steps, to the other side and back, are one, and
        only primary nodes have visit rates. "infomap": the same for undirected links; for directed ones the visit
        rates mix in- and out-flow, as infomap does by default. "unfolded": every step counts, and nodes of both sides
        have visit rates.""",
    )

    def __post_init__(self) -> None:
        if self.flow_model not in FLOW_MODELS:
            raise option_error("flow_model", self.flow_model, "one of " + ", ".join(FLOW_MODELS))
        if self.teleport_to not in TELEPORT_TARGETS:
            raise option_error("teleport_to", self.teleport_to, "one of " + ", ".join(TELEPORT_TARGETS))
        if not (is_number(self.teleportation_probability) and 0 <= self.teleportation_probability <= 1):
            raise option_error("teleportation_probability", self.teleportation_probability, "a number from 0 to 1")
        if not (is_number(self.markov_time) and 0 < self.markov_time < math.inf):
            raise option_error("markov_time", self.markov_time, "a number above 0")
        if not (is_number(self.variable_markov_damping) and 0 <= self.variable_markov_damping <= 1):
            raise option_error("variable_markov_damping", self.variable_markov_damping, "a number from 0 to 1")
        if not (is_number(self.variable_markov_min_scale) and 0 < self.variable_markov_min_scale < math.inf):
            raise option_error("variable_markov_min_scale", self.variable_markov_min_scale, "a number above 0")
        if not (is_number(self.regularization) and 0 <= self.regularization < math.inf):
            raise option_error("regularization", self.regularization, "a number, 0 or more")
        if self.regularization and self.flow_model not in ("undirected", "directed"):
            raise option_error("regularization", self.regularization, f"0 with flow_model={self.flow_model}")
        if self.bipartite_flow not in BIPARTITE_FLOWS:
            raise option_error("bipartite_flow", self.bipartite_flow, "one of " + ", ".join(BIPARTITE_FLOWS))
        for name in ("recorded_teleportation", "node_weights_as_flow", "variable_markov_time"):
            if not is_flag(getattr(self, name)):
                raise option_error(name, getattr(self, name), "True or False")

    @property
    def directed(self) -> bool:
        """Whether links have a direction in the flow model."""
        return FLOW_MODELS[self.flow_model].directed

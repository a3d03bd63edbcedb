"""What the infomap package has and mapeq does not, and what to do instead."""

from __future__ import annotations


class NotSupportedError(NotImplementedError, ValueError, AttributeError):
    """mapeq does not support this.

    A ValueError, like any wrong option, and an AttributeError, so that ``hasattr`` returns False.
    """


ATTRIBUTES_OF_STATES = "add_state_node and add_multilayer_intra_link add states and links of layers"
PRIOR = "the prior is one for links of nodes: leave the option out"
ONE_SIDE = "write the files of one side with Result.found.primary().write(path)"
PREFERENCE = "the codelength is minimised without preferences: --markov-time makes modules larger or smaller"
REPORTS = "no such report is written: Result.summary() has the figures"
SETTINGS = "pass options as flags or keywords of Infomap() and run()"
WALK = "the walk is iterated until it is stationary, or a ConvergenceError is raised"

GRAPHS = "use mapeq.infomap(graph), which takes graphs of all kinds"


def _each(names: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


#: Attributes of Infomap.
ATTRIBUTES: dict[str, str] = {
    **_each("remove_multilayer_link", "add the other links to a new object"),
    **_each("options from_options run_with_options", SETTINGS),
    **_each("network", "add links to the object itself: im.add_link(source, target, weight)"),
}

#: Attributes of Result.
RESULT_ATTRIBUTES: dict[str, str] = {
    **_each("flow_converged flow_error flow_iterations", WALK),
    **_each("provenance", "use Result.found.options and Result.found.seed"),
    **_each("to_networkx to_igraph", "Result.found has this method, with mapeq's names of attributes"),
}

#: Names of the module.
NAMES: dict[str, str] = {
    **_each("Options InfomapOptions", SETTINGS),
    **_each("infomap", "import the class from the package itself: from infomap import Infomap"),
    **_each("Network", "add links to Infomap() itself"),
    **_each("run find_communities find_igraph_communities", GRAPHS),
    **_each("to_networkx to_igraph", "Result.found has this method"),
    **_each("InfoNode TreeNode", "Result.tree() yields the nodes"),
    **_each("StaleResultError", "a result does not change when the network is run again"),
    **_each("main", "the command is mapeq, which has its own options"),
}


def refusal(name: str, reason: str) -> NotSupportedError:
    """The error for something that mapeq does not support."""
    return NotSupportedError(f"mapeq.compat has no {name}: {reason}")


def missing(owner: str, name: str, reasons: dict[str, str]) -> AttributeError:
    """The error for a missing attribute, with the reason if it is a refused one."""
    if name in reasons:
        return refusal(name, reasons[name])
    return AttributeError(f"{owner!r} object has no attribute {name!r}")

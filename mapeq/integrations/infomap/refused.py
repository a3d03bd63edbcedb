"""What the infomap package has and mapeq has not, and what to do instead; what names of its versions 0.x are now."""

from __future__ import annotations


class NotSupportedError(NotImplementedError, ValueError, AttributeError):
    """mapeq does not do this.

    A ValueError like that of any wrong option, and an AttributeError, so that ``hasattr`` says no.
    """


LAYERS = "networks of layers are not supported: search each layer by itself, or add the links of all to one network"
STATES = "networks of state nodes are not supported: only links between the nodes themselves"
METADATA = "metadata is not encoded: compare modules with it after the search"
BIPARTITE = "networks of two kinds of nodes are supported with undirected flow only, as bipartite_start_id does it"
PRIOR = "no prior network of links is added: leave weak links out, by --weight-threshold for one"
LOCAL_TIME = "the Markov time is the same everywhere: --markov-time; mapeq.infomap takes markov_time='auto'"
PREFERENCE = (
    "the description is as short as possible, without preferences: --markov-time makes modules larger or smaller"
)
REPORTS = "no such file is written: Result.summary() has the figures"
SETTINGS = "options are flags or keywords of Infomap() and run()"
WALK = "the walk is iterated until it is stationary, or a ConvergenceError is raised"

#: Options by name, as keywords spell them.
OPTIONS: dict[str, str] = {
    "hide_bipartite_nodes": BIPARTITE,
    "meta_data": METADATA,
    "regularized": PRIOR,
    "entropy_corrected": "entropies are those of the flow, without a correction",
    "variable_markov_time": LOCAL_TIME,
    **dict.fromkeys(
        ("preferred_number_of_modules", "preferred_number_of_levels", "prefer_modular_solution"), PREFERENCE
    ),
    **dict.fromkeys(("timing_json", "summary_json", "manifest_json", "memory_report", "trial_results"), REPORTS),
    **dict.fromkeys(("print_config_fingerprint", "print_json_parameters", "completion"), REPORTS),
    "assign_to_neighbouring_module": "nodes that the partition leaves out start in modules of their own",
    "converge": "say how many trials: --num-trials; Result.found.converged tells whether more would pay",
    "node_limit": "leave the nodes out when adding them",
    "trial_offset": "say which trials by --seed and --num-trials",
    "help": "docs/compat.md says what is covered",
    "version": "mapeq.__version__ tells it",
}

#: Attributes of the class.
ATTRIBUTES: dict[str, str] = {
    **dict.fromkeys(
        (
            "add_multilayer_link",
            "add_multilayer_links",
            "add_multilayer_inter_link",
            "add_multilayer_inter_links",
            "add_multilayer_intra_link",
            "add_multilayer_intra_links",
            "remove_multilayer_link",
        ),
        LAYERS,
    ),
    **dict.fromkeys(("add_state_node", "add_state_nodes", "write_state_network"), STATES),
    "set_meta_data": METADATA,
    **dict.fromkeys(("options", "from_options", "run_with_options"), SETTINGS),
    "network": "links are added to the object itself: im.add_link(source, target, weight)",
}

#: Attributes of what was found.
OF_RESULTS: dict[str, str] = {
    **dict.fromkeys(("flow_converged", "flow_error", "flow_iterations"), WALK),
    "provenance": "Result.found.options and Result.found.seed say how it was found",
    **dict.fromkeys(("to_networkx", "to_igraph"), "Result.found has it, with attributes of mapeq's names"),
}

#: Names of the module.
NAMES: dict[str, str] = {
    "MultilayerNode": LAYERS,
    **dict.fromkeys(("Options", "InfomapOptions"), SETTINGS),
    "infomap": "the class is in the package itself: from infomap import Infomap",
    "Network": "links are added to Infomap() itself",
    **dict.fromkeys(
        ("run", "find_communities", "find_igraph_communities"), "mapeq.infomap(graph) takes graphs of all kinds"
    ),
    **dict.fromkeys(("to_networkx", "to_igraph"), "Result.found has it as a method"),
    **dict.fromkeys(("InfoNode", "TreeNode"), "nodes are those that Result.tree() gives"),
    "StaleResultError": "a result stays as it is when the network is run again",
    "main": "the command is mapeq, with options of its own",
}


def refusal(name: str, reason: str) -> NotSupportedError:
    """The error of a thing that mapeq does not do."""
    return NotSupportedError(f"mapeq.compat has no {name}: {reason}")


def missing(owner: str, name: str, reasons: dict[str, str]) -> AttributeError:
    """The error of an attribute that is not there, with the reason if there is one."""
    if name in reasons:
        return refusal(name, reasons[name])
    return AttributeError(f"{owner!r} object has no attribute {name!r}")

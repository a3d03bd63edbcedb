"""The options of the infomap package: one table, and how flags and keywords are read by it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, NamedTuple

from mapeq._base.errors import is_number, is_whole, option_error
from mapeq.integrations.infomap.higher_order import LayerOptions
from mapeq.integrations.infomap.refused import ONE_SIDE, PREFERENCE, REPORTS, refusal
from mapeq.network.layers import Coupling


class Option(NamedTuple):
    """A row of the table. An option without ``walk`` is read by this module or by ``Infomap``, or has no effect."""

    kind: type = bool  #: type of its value; bool: a flag without a value
    flag: str = ""  #: the short flag
    walk: str = ""  #: the option of mapeq for the walk or the objective that takes its value
    refusal: str = ""  #: why it is not supported


def _options(names: str, kind: type = bool, refusal: str = "") -> dict[str, Option]:
    return dict.fromkeys(names.split(), Option(kind, refusal=refusal))


#: Flow models that have a flag of their own.
FLOW_FLAGS = "undirected undirdir outdirdir rawdir"

OPTIONS: dict[str, Option] = {
    # With an effect.
    "two_level": Option(flag="2"),
    "seed": Option(int, "s"),
    "num_trials": Option(int, "N"),
    **_options("num_threads threads", str),
    "directed": Option(flag="d"),
    "flow_model": Option(str, "f"),
    **_options(FLOW_FLAGS),
    "teleportation_probability": Option(float, "p", "teleportation_probability"),
    "recorded_teleportation": Option(bool, "e", "recorded_teleportation"),
    "to_nodes": Option(),
    "use_node_weights_as_flow": Option(walk="node_weights_as_flow"),
    "markov_time": Option(float, walk="markov_time"),
    "meta_data": Option(str),
    "meta_data_rate": Option(float),
    "meta_data_unweighted": Option(),
    "entropy_corrected": Option(),
    "entropy_correction_strength": Option(float),
    "preferred_number_of_modules": Option(int, walk="preferred_number_of_modules"),
    "include_self_links": Option(flag="k"),
    "weight_threshold": Option(float),
    "variable_markov_time": Option(walk="variable_markov_time"),
    "variable_markov_damping": Option(float, walk="variable_markov_damping"),
    "variable_markov_min_scale": Option(float, walk="variable_markov_min_scale"),
    "regularized": Option(),
    "regularization_strength": Option(float),
    **_options("no_self_links skip_adjust_bipartite_flow bipartite_teleportation no_infomap"),
    "cluster_data": Option(str, "c"),
    "multilayer_relax_rate": Option(float),
    **_options("multilayer_relax_by_jsd multilayer_relax_to_self"),
    **_options("multilayer_relax_limit multilayer_relax_limit_up multilayer_relax_limit_down", int),
    **_options("matchable_multilayer_ids", int),
    # Without effect: output, limits of another search, and amounts of what is refused.
    "verbose": Option(flag="v"),
    "no_file_output": Option(flag="0"),
    "output": Option(str, "o"),
    "out_name": Option(str),
    "core_loop_limit": Option(int, "M"),
    "core_level_limit": Option(int, "L"),
    "tune_iteration_limit": Option(int, "T"),
    "fast_hierarchical_solution": Option(flag="F"),
    **_options("silent pretty tree ftree clu print_all_trials no_overwrite no_final_output"),
    **_options("inner_parallelization parallel_trials"),
    **_options("multilayer_skip_absent_nodes"),
    **_options("verbosity_level clu_level num_random_moves max_degree_for_random_moves", int),
    **_options("max_flow_iterations min_flow_iterations", int),
    **_options("core_loop_codelength_threshold tune_iteration_relative_threshold flow_tolerance", float),
    **_options("intra_regularization_strength inter_regularization_strength", float),
    **_options("preferred_number_of_levels_strength", float),
    # Refused.
    "help": Option(flag="h", refusal="see docs/compat.md for what is covered"),
    "version": Option(flag="V", refusal="see mapeq.__version__"),
    "hide_bipartite_nodes": Option(refusal=ONE_SIDE),
    **_options("preferred_number_of_levels prefer_modular_solution", refusal=PREFERENCE),
    **_options("timing_json summary_json manifest_json memory_report trial_results", refusal=REPORTS),
    **_options("print_config_fingerprint print_json_parameters completion", refusal=REPORTS),
    "assign_to_neighbouring_module": Option(refusal="nodes missing from the partition start in modules of their own"),
    "converge": Option(refusal="set --num-trials; Result.found.more_trials_help tells whether more trials would help"),
    "node_limit": Option(refusal="do not add the nodes beyond it"),
    "trial_offset": Option(refusal="choose trials by --seed and --num-trials"),
}

SHORT = {option.flag: name for name, option in OPTIONS.items() if option.flag}


def named_options(args: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """All options by name, except those that are None; flags win over keywords.

    Raises
    ------
    ValueError
        If an option is unknown, or the value of a flag is not of its kind.
    NotSupportedError
        If an option is refused and not switched off.
    """
    rest = dict(options)
    mapping = rest.pop("options", None) or {}
    if not isinstance(mapping, Mapping):
        raise option_error("options", mapping, "a mapping of name to value")
    given = {**mapping, **rest}
    for name, value in given.items():
        _known(name, name, is_on=bool(value))
    return {name: value for name, value in given.items() if value is not None} | dict(_parsed(args or ""))


def walk_options(options: Mapping[str, Any], *, has_arcs: bool) -> dict[str, Any]:
    """The options of mapeq for the walk and the objective.

    ``directed`` wins, and without any flow model a network with arcs is directed.
    """
    model = options.get("flow_model") or next((name for name in FLOW_FLAGS.split() if options.get(name)), "undirected")
    directed = options.get("directed", has_arcs and model == "undirected")
    folding = "two-step" if options.get("bipartite_teleportation") else "infomap"
    return {
        "flow_model": "directed" if directed else str(model),
        "bipartite_flow": "unfolded" if options.get("skip_adjust_bipartite_flow") else folding,
        "regularization": options.get("regularization_strength", 1.0) if options.get("regularized") else 0.0,
        "teleport_to": "nodes" if options.get("to_nodes") else "links",
        "entropy_correction": options.get("entropy_correction_strength", 1.0) * bool(options.get("entropy_corrected")),
        **{row.walk: options[name] for name, row in OPTIONS.items() if row.walk and name in options},
    }


def layer_options(options: Mapping[str, Any]) -> LayerOptions:
    """How the walk changes layers. A limit of -1 is none."""
    rate, largest = options.get("multilayer_relax_rate", 0.15), options.get("matchable_multilayer_ids") or None
    if not (is_number(rate) and 0 <= rate <= 1):
        raise option_error("multilayer_relax_rate", rate, "a number from 0 to 1")
    if not (largest is None or is_whole(largest, 1)):
        raise option_error("matchable_multilayer_ids", largest, "a whole number, the largest layer, or 0")
    by_jsd, to_self = (bool(options.get(f"multilayer_relax_{how}")) for how in ("by_jsd", "to_self"))
    if by_jsd and to_self:
        raise option_error("multilayer_relax_to_self", True, "False with multilayer_relax_by_jsd")
    if by_jsd and rate == 1:
        raise option_error("multilayer_relax_rate", rate, "below 1 with multilayer_relax_by_jsd")
    bound = _distance(options, "multilayer_relax_limit")
    down, up = (min(bound, _distance(options, f"multilayer_relax_limit_{way}")) for way in ("down", "up"))
    relax = "self" if to_self else "jsd-infomap" if by_jsd else "neighbors"
    coupling = Coupling(relax, float(rate), down, up)
    return LayerOptions(coupling, largest)


def _distance(options: Mapping[str, Any], name: str) -> float:
    value = options.get(name, -1)
    if not is_whole(value, -1):
        raise option_error(name, value, "a whole number, or -1 for all layers")
    return float(value) if value >= 0 else inf


def metadata_options(options: Mapping[str, Any], categories: Mapping[int, int]) -> dict[str, Any]:
    """The options of mapeq for metadata: of the categories that were set, else of those in a file; empty without any.

    The amounts have no effect without metadata.
    """
    metadata = categories or options.get("meta_data")
    if metadata is None:
        return {}
    return {
        "metadata": metadata,
        "metadata_rate": options.get("meta_data_rate", 1.0),
        "metadata_unweighted": bool(options.get("meta_data_unweighted")),
    }


def search_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The search options of mapeq."""
    threads = options.get("num_threads", options.get("threads", "auto"))
    if threads != "auto" and not (str(threads).isdigit() and int(threads) > 0):
        raise option_error("num_threads", threads, '"auto" or a whole number from 1')
    return {
        "multilevel": not options.get("two_level"),
        "num_trials": options.get("num_trials", 1),
        "seed": options.get("seed", 123),
        "num_threads": None if threads == "auto" else int(threads),
    }


def _parsed(args: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each flag: ``--name``, ``--name value``, ``-N 10``, ``-N10``, or several as in ``-2d``."""
    words = shlex.split(args)[::-1]
    while words:
        word = words.pop()
        if not word.startswith("-") or word == "-":
            raise ValueError(f"{word!r} is not an option; files are read by read_file")
        is_long = word.startswith("--")
        flag, rest = (word, "") if is_long else (word[:2], word[2:])
        name = word[2:].replace("-", "_") if is_long else SHORT.get(word[1], "")
        kind = _known(name, flag).kind
        if kind is not bool:
            yield name, _value(flag, kind, rest or (words.pop() if words else ""))
            continue
        yield name, True
        if rest:
            words.append(f"-{rest}")


def _known(name: str, written: str, *, is_on: bool = True) -> Option:
    """The row of an option that may be used."""
    if name not in OPTIONS:
        raise ValueError(f"there is no option {written}; docs/compat.md lists the options")
    if OPTIONS[name].refusal and is_on:
        raise refusal(f"option {written}", OPTIONS[name].refusal)
    return OPTIONS[name]


def _value(flag: str, kind: type, text: str) -> Any:
    try:
        if text and (kind is not str or not text.startswith("-")):
            return kind(text)
    except ValueError:
        pass
    expected = {int: "a whole number", float: "a number", str: "a value"}[kind]
    raise ValueError(f"the option {flag} needs {expected}, not {text!r}")

"""The options of the infomap package: which mean something here, which change nothing, and how flags are read.

Those that mean something and are not supported are in :mod:`mapeq.integrations.infomap.refused`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mapeq._base.errors import option_error
from mapeq.integrations.infomap.refused import OPTIONS, refusal

#: Options that mean something here, and what their values are; bool: a flag without a value.
MEANT: dict[str, type] = {
    "two_level": bool,
    "directed": bool,
    "flow_model": str,
    "undirected": bool,
    "undirdir": bool,
    "outdirdir": bool,
    "rawdir": bool,
    "recorded_teleportation": bool,
    "to_nodes": bool,
    "use_node_weights_as_flow": bool,
    "teleportation_probability": float,
    "markov_time": float,
    "seed": int,
    "num_trials": int,
    "num_threads": str,
    "threads": str,
    "no_self_links": bool,
    "include_self_links": bool,
    "cluster_data": str,
    "no_infomap": bool,
    "weight_threshold": float,
    "skip_adjust_bipartite_flow": bool,
}

#: Options that may stand in a script without changing what is found: output, and how another program searches.
HARMLESS: dict[str, type] = {
    "silent": bool,
    "verbose": bool,
    "verbosity_level": int,
    "pretty": bool,
    "no_file_output": bool,
    "out_name": str,
    "output": str,
    "tree": bool,
    "ftree": bool,
    "clu": bool,
    "clu_level": int,
    "print_all_trials": bool,
    "no_overwrite": bool,
    "no_final_output": bool,
    "core_loop_limit": int,
    "core_level_limit": int,
    "tune_iteration_limit": int,
    "core_loop_codelength_threshold": float,
    "tune_iteration_relative_threshold": float,
    "fast_hierarchical_solution": bool,
    "inner_parallelization": bool,
    "parallel_trials": bool,
    "num_random_moves": int,
    "max_degree_for_random_moves": int,
    "max_flow_iterations": int,
    "min_flow_iterations": int,
    "flow_tolerance": float,
    # How much of something that is refused if it is asked for.
    "bipartite_teleportation": bool,
    "meta_data_rate": float,
    "meta_data_unweighted": bool,
    "regularization_strength": float,
    "intra_regularization_strength": float,
    "inter_regularization_strength": float,
    "entropy_correction_strength": float,
    "variable_markov_damping": float,
    "variable_markov_min_scale": float,
    "preferred_number_of_levels_strength": float,
    "matchable_multilayer_ids": int,
    "multilayer_relax_rate": float,
    "multilayer_relax_limit": int,
    "multilayer_relax_limit_up": int,
    "multilayer_relax_limit_down": int,
    "multilayer_relax_by_jsd": bool,
    "multilayer_relax_to_self": bool,
    "multilayer_skip_absent_nodes": bool,
}

KNOWN = MEANT | HARMLESS

SHORT = {
    "2": "two_level",
    "d": "directed",
    "f": "flow_model",
    "e": "recorded_teleportation",
    "p": "teleportation_probability",
    "s": "seed",
    "N": "num_trials",
    "k": "include_self_links",
    "c": "cluster_data",
    "0": "no_file_output",
    "o": "output",
    "v": "verbose",
    "M": "core_loop_limit",
    "L": "core_level_limit",
    "T": "tune_iteration_limit",
    "F": "fast_hierarchical_solution",
    "h": "help",
    "V": "version",
}

#: Flow models that were flags of their own once.
FLOW_FLAGS = ("undirected", "undirdir", "outdirdir", "rawdir")


def named_options(args: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """All options by name, those left at None apart; flags win over keywords.

    Raises
    ------
    ValueError
        If an option is unknown, or a flag's value is none of its kind.
    NotSupportedError
        If an option is known and not supported.
    """
    rest = dict(options)
    together = rest.pop("options", None) or {}
    if not isinstance(together, Mapping):
        raise option_error("options", together, "a mapping of name to value")
    given = {**together, **rest}
    for name, value in given.items():
        if value or name not in OPTIONS:  # what is off is not asked for
            _check(name, name)
    return {name: value for name, value in given.items() if value is not None} | _parsed(args or "")


def _parsed(args: str) -> dict[str, Any]:
    """The options that a string of flags stands for."""
    found: dict[str, Any] = {}
    words = iter(shlex.split(args))
    for word in words:
        for flag, name, attached in _flags(word):
            kind = KNOWN[name]
            found[name] = True if kind is bool else _value(flag, kind, attached or next(words, ""))
    return found


def _flags(word: str) -> Iterator[tuple[str, str, str]]:
    """The flags in a word, as written and by name, and the value attached to a short one: ``-N10``, ``-2d``."""
    if word.startswith("--"):
        name = word[2:].replace("-", "_")
        _check(name, word)
        yield word, name, ""
        return
    if not word.startswith("-") or len(word) == 1:
        raise ValueError(f"{word!r} is no option; files are read by read_file")
    for k, letter in enumerate(word[1:], 2):
        name = SHORT.get(letter, "")
        _check(name, f"-{letter}")
        takes_value = KNOWN[name] is not bool
        yield f"-{letter}", name, word[k:] if takes_value else ""
        if takes_value:
            return


def _check(name: str, written: str) -> None:
    """Let pass what is known."""
    if name in OPTIONS:
        raise refusal(f"option {written}", OPTIONS[name])
    if name not in KNOWN:
        raise ValueError(f"there is no option {written}; docs/compat.md says which there are")


def _value(flag: str, kind: type, text: str) -> Any:
    try:
        if text and (kind is not str or not text.startswith("-")):
            return kind(text)
    except ValueError:
        pass
    what = {int: "a whole number", float: "a number", str: "a value"}[kind]
    raise ValueError(f"the option {flag} needs {what}, not {text!r}")


def threads_of(options: Mapping[str, Any]) -> int | None:
    """How many threads the options ask for; None leaves it to us, as their "auto" does."""
    said = options.get("num_threads", options.get("threads", "auto"))
    if said == "auto":
        return None
    if str(said).isdigit() and int(said) > 0:
        return int(said)
    raise option_error("num_threads", said, '"auto" or a whole number from 1')


def check_run(options: Mapping[str, Any]) -> None:
    """Refuse options of a run that concern links as they are added.

    Raises
    ------
    ValueError
        If there is one; names it.
    """
    for name in ("weight_threshold", "no_self_links"):
        if options.get(name):
            raise ValueError(f"{name} concerns links as they are added: it belongs in Infomap(...), not in run(...)")

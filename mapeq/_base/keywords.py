"""Answers to options that other libraries have and mapeq calls otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_TIME = "markov_time, in the other direction: above 1 modules grow, below 1 they shrink"
_SEED = "seed"
_TRIALS = "num_trials"
_TWO_LEVELS = "multilevel: False, the default, searches two levels, True any number"
_COUNT = "preferred_number_of_modules, if you know it; markov_time makes modules larger or smaller"

#: What mapeq calls the options of other libraries, or how it does the same.
OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("resolution", "resolution_parameter", "gamma"), _TIME),
    **dict.fromkeys(("random_state", "random_seed", "rng"), _SEED),
    **dict.fromkeys(("trials", "n_trials", "ntrials", "n_init", "n_runs", "runs"), _TRIALS),
    **dict.fromkeys(("n_iterations", "max_iter", "num_iterations"), "num_trials: each search ends by itself"),
    **dict.fromkeys(("two_level", "two_levels"), _TWO_LEVELS),
    **dict.fromkeys(("hierarchical", "hierarchy", "num_levels"), "multilevel"),
    **dict.fromkeys(("weights", "edge_weights", "edge_weight", "weight_attribute", "weight_attr"), "weight"),
    **dict.fromkeys(("tau", "teleportation", "damping"), "teleportation_probability"),
    "alpha": "teleportation_probability, which is 1 - alpha of PageRank",
    **dict.fromkeys(("n_jobs", "threads", "n_threads", "num_workers", "n_cpus"), "num_threads"),
    **dict.fromkeys(("verbose", "silent", "show_progress"), "progress"),
    **dict.fromkeys(("initial_membership", "partition", "cluster_data", "init"), "initial_partition"),
    **dict.fromkeys(("is_directed", "undirected"), "directed"),
    **dict.fromkeys(("timeout", "max_time"), "time_limit"),
    **dict.fromkeys(("k", "n_clusters", "num_clusters", "num_modules", "n_modules"), _COUNT),
}

#: The same for the estimator, whose names are those of scikit-learn.
OF_ESTIMATOR: Mapping[str, str] = {
    **OPTIONS,
    **dict.fromkeys(("seed", "random_seed", "rng"), "random_state"),
    **dict.fromkeys(("num_threads", "threads", "n_threads", "num_workers", "n_cpus"), "n_jobs"),
    **dict.fromkeys(("k", "num_neighbors", "n_neighbours"), "n_neighbors"),
    **dict.fromkeys(("distance", "affinity", "similarity"), "metric"),
    **dict.fromkeys(("min_samples", "min_size"), "min_cluster_size"),
}


def answers_keywords(
    options: Mapping[str, str] = OPTIONS, *, name: str | None = None, further: Callable[..., Any] | None = None
) -> Callable[[F], F]:
    """Return a decorator: an unknown keyword of the function raises a TypeError that names the right one.

    Parameters
    ----------
    options : mapping
        What to use in place of the keywords of other libraries.
    name : str, optional
        Name of the function in the error; by default its own.
    further : callable, optional
        The function that gets the keywords that this one does not name.

    Examples
    --------
    >>> @answers_keywords()
    ... def search(graph, *, seed=0, num_trials=1): ...
    >>> search([], random_state=1)
    Traceback (most recent call last):
        ...
    TypeError: search() has no option 'random_state': use seed
    """

    def decorated(function: F) -> F:
        known = [
            parameter.name
            for named in (function, further)
            for parameter in (signature(named).parameters.values() if named else ())
            if parameter.kind is not Parameter.VAR_KEYWORD and parameter.name != "self"
        ]

        @wraps(function)
        def answering(*args: Any, **keywords: Any) -> Any:
            unknown = next((keyword for keyword in keywords if keyword not in known), None)
            if unknown is not None:
                raise TypeError(f"{name or function.__name__}() has no option {unknown!r}{_advice(unknown)}")
            return function(*args, **keywords)

        def _advice(unknown: str) -> str:
            ours = options.get(unknown.lower())
            if ours is not None and ours.partition(":")[0].partition(",")[0] in ("nothing", *known):
                return f": {ours.removeprefix('nothing: ')}" if ours.startswith("nothing") else f": use {ours}"
            near = get_close_matches(unknown, known, 1)
            return f": did you mean {near[0]}?" if near else f"; its options are {', '.join(known)}"

        return answering  # type: ignore[return-value]

    return decorated

"""Why a search ended where nothing is divided, or everything: what of the network and the options speaks for it.

Everything said is computed: facts of the network, and what searches with other options find on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import IntArray
from mapeq._base.errors import counted
from mapeq._base.hierarchy import two_levels
from mapeq.network.network import Network
from mapeq.network.statistics import component_of, total_degrees
from mapeq.optimizer.trials import find_modules
from mapeq.result.assembly import make_result
from mapeq.result.result import Result
from mapeq.walk.flow import EXIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: Other options are tried on networks of no more links than this: a fraction of a second each.
MOST_LINKS = 500_000

#: Markov times that are tried beyond 1 and the one that was used: these multiples and parts.
FACTORS = (2.0, 4.0)


def explanation_of(result: Result) -> str | None:
    """What :attr:`mapeq.Result.explanation` says."""
    if result.modules_agreed is None or result.num_levels > 2:  # given by somebody; a hierarchy
        return None
    linked = _linked_to_others(result.network)
    if not linked.any():
        return _nothing_linked(result.network)
    modules = result.labels[linked]
    num_modules = len(np.unique(modules))
    components = component_of(result.network.undirected())[linked]
    num_components = len(np.unique(components))
    if num_modules == len(modules):
        sentences, sign = _all_single(result, num_modules), -1
    elif num_modules == 1 or num_modules == num_components == _num_pairs(modules, components):
        sentences, sign = _undivided(result, linked, num_modules, num_components), 1
    else:
        return None
    if not result.converged:
        found = "The search was stopped early, or more trials would still shorten the description."
    elif result.network.num_links <= MOST_LINKS:
        found = _found(result, sign)
    else:
        found = (
            f"A {'shorter' if sign > 0 else 'longer'} Markov time gives {'smaller' if sign > 0 else 'larger'} modules."
        )
    return " ".join([*sentences, found])


def _linked_to_others(network: Network) -> NDArray[np.bool_]:
    """Which nodes have a link to another node, or from one. Shape (n,)."""
    others = total_degrees(network)
    others[network.indices[network.self_links]] -= 2 if network.directed else 1
    linked: NDArray[np.bool_] = others > 0
    return linked


def _num_pairs(modules: IntArray, components: IntArray) -> int:
    """How many pairs of a module and a component share nodes."""
    return len(np.unique(modules.astype(np.int64) * (int(components.max()) + 1) + components))


def _nothing_linked(network: Network) -> str:
    if network.num_nodes == 0:
        return "The network has no nodes."
    only = ": only nodes to themselves" if network.num_links else ""
    return f"No two nodes are linked{only}. A link of weight 0, or one that a threshold leaves out, is none."


# One module, or one a component --------------------------------------------------------------


def _undivided(result: Result, linked: NDArray[np.bool_], num_modules: int, num_components: int) -> list[str]:
    num_linked, alone = int(np.count_nonzero(linked)), int(np.count_nonzero(~linked))
    which = f"{num_linked:,} nodes" if not alone else f"{num_linked:,} linked nodes"
    first = f"All {which} are in one module"
    if num_modules > 1:
        first = f"Each of the {num_components:,} connected components is one module"
    elif num_components > 1:
        first += f", over {num_components:,} components, which jumps of the walk join"
    rest = f"; {counted(alone, 'node')} without links to others {'is' if alone == 1 else 'are'} beside" if alone else ""
    return [
        f"{first}{rest}.",
        *_dense(result.network, num_linked, num_components),
        *_hub(result, num_linked),
    ]


def _all_single(result: Result, num_linked: int) -> list[str]:
    # Recorded jumps may keep nodes without links in modules with others.
    strict = result.num_modules == result.num_nodes
    leaving = float(result.module_records[1:, EXIT].sum())
    return [
        "Every node is a module of its own."
        if strict
        else f"No two of the {num_linked:,} linked nodes share a module.",
        f"In {leaving:.2%} of the steps that are described the walk leaves its node.",
        *_loops(result.network),
    ]


def _loops(network: Network) -> Iterator[str]:
    """How much of the weight is on self-links, if it is much."""
    share = float(network.weights[network.self_links].sum()) / network.total_weight
    if share >= 0.1:
        yield f"Self-links have {share:.0%} of all weight: without them the walk moves on."


def _dense(network: Network, num_linked: int, num_components: int) -> Iterator[str]:
    """How many pairs are linked, if most are."""
    pairs = num_linked * (num_linked - 1) // (1 if network.directed else 2)
    between = network.num_links - network.num_self_links
    if num_components > 1 or num_linked < 3 or ((2 * between < pairs or num_linked < 8) and between < pairs):
        return
    weights = network.links()[2]
    low, high = float(weights.min()), float(weights.max())
    every = (
        "Every node is linked to every other" if between == pairs else f"{between / pairs:.0%} of all pairs are linked"
    )
    if low < high:
        yield f"{every}, by weights from {low:.3g} to {high:.3g}: a threshold that leaves weak links out may help."
    else:
        tells = "nothing tells" if between == pairs and not network.num_self_links else "little can tell"
        yield f"{every}, all by the same weight: {tells} groups apart."


def _hub(result: Result, num_linked: int) -> Iterator[str]:
    """The node that most others are linked to, if there is one and not all are like it."""
    most = int(np.argmax(total_degrees(result.network)))
    share = result.flow[most]
    if num_linked >= 4 and share >= 0.2 and share >= 2 / num_linked:
        name = result.network.labels[most]
        yield f"The walk is at node {name} in {share:.0%} of all steps, wherever modules are drawn."


# What other options find ---------------------------------------------------------------------


class Trial(NamedTuple):
    """Other options to search by."""

    name: str  #: what they are, to begin a sentence with
    before: str  #: what they were
    options: WalkOptions


def _smaller_modules(options: WalkOptions) -> Iterator[Trial]:
    """Options by which modules are smaller, the nearest first."""
    if options.recorded_teleportation and options.flow_model == "directed":
        yield Trial("Without recorded teleportation", "with it", replace(options, recorded_teleportation=False))
    if options.markov_time > 1:
        yield _at_time(options, 1.0)
    yield from (_at_time(options, min(options.markov_time, 1.0) / factor) for factor in FACTORS)


def _larger_modules(options: WalkOptions) -> Iterator[Trial]:
    """Options by which modules are larger, the nearest first."""
    if options.markov_time < 1:
        yield _at_time(options, 1.0)
    yield from (_at_time(options, max(options.markov_time, 1.0) * factor) for factor in FACTORS)


def _at_time(options: WalkOptions, time: float) -> Trial:
    return Trial(
        f"At Markov time {time:g}", f"at Markov time {options.markov_time:g}", replace(options, markov_time=time)
    )


def _found(result: Result, sign: int) -> str:
    """What the first search by other options finds that divides the network more (1) or less (-1); a sentence."""
    options = result.walk_options
    flow = random_walk(result.network, options)
    tried = []
    for trial in _smaller_modules(options) if sign > 0 else _larger_modules(options):
        found = find_modules(random_walk(result.network, trial.options), seed=result.seed or 0)
        again = make_result(result.network, flow, found.hierarchy, options=result.options)
        if sign * again.num_modules > sign * result.num_modules:
            modules = counted(again.num_modules, "module")
            if again.num_modules == result.num_nodes:
                modules = "every node by itself"
            compared = _compared(again, result)
            return f"{trial.name} the search finds {modules}: {trial.before} a description of {compared}."
        tried.append(f"{trial.options.markov_time:g}")
    what = "every node by itself" if sign > 0 else "one module"
    tree = two_levels(np.arange(result.num_nodes, dtype=np.uint64) * np.uint64(sign > 0))
    compared = _compared(make_result(result.network, flow, tree, options=result.options), result)
    return f"Searches at Markov times {', '.join(tried)} find nothing else; {what} takes {compared}."


def _compared(other: Result, result: Result) -> str:
    lengths = f"{other.codelength:.4f} bits per step, {{}} than the {result.codelength:.4f} of the result"
    if other.codelength < result.codelength - 1e-9:
        return lengths.format("less") + ": more trials may find it"
    return lengths.format("more")

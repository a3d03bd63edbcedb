"""Why a search put all nodes into one module, or each node into its own, and what other options would give.

Every statement is computed: from the statistics of the network, or by searching with other options.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import IntArray, distinct
from mapeq._base.errors import counted
from mapeq._base.hierarchy import two_levels
from mapeq.network.network import Network
from mapeq.network.statistics import component_of, name_of_node, total_degrees
from mapeq.objective.level import added_terms, with_links_of_contents
from mapeq.optimizer.trials import find_modules
from mapeq.result.assembly import make_result
from mapeq.result.result import ROUNDING, Result
from mapeq.walk.flow import EXIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: Other options are tried only up to this number of links, where a search takes a fraction of a second.
MAX_LINKS_TO_SEARCH = 500_000

#: Markov times to try, as multiples and fractions of 1 and of the Markov time of the result.
FACTORS = (2.0, 4.0)


def explanation_of(result: Result) -> str | None:
    """Return the text of :attr:`mapeq.Result.explanation`."""
    if result.modules_agreed is None or result.num_levels > 2:  # not found by a search, or multilevel
        return None
    if result.objective_options.preferred_number_of_modules is not None:  # the number was asked for
        return None
    linked = _linked_to_others(result.network)
    if not linked.any():
        return _nothing_linked(result.network)
    modules = result.labels[linked]
    num_modules = len(np.unique(modules))
    components = component_of(result.network.undirected())[linked]
    num_components = len(np.unique(components))
    if num_modules == len(modules):
        sentences, sign = _singletons(result, num_modules), -1
    elif num_modules == 1 or num_modules == num_components == _num_overlaps(modules, components):
        sentences, sign = _undivided(result, linked, num_modules, num_components), 1
    else:
        return None
    if result.codelength <= ROUNDING:
        outlook = (
            "In these modules the walk never has a choice: its description takes 0 bits, which nothing can shorten."
        )
    elif result.stopped_by is not None:
        outlook = f"The search was stopped early, by the {result.stopped_by}."
    elif result.more_trials_help:
        outlook = "The last trial still shortened the description: more trials may divide the network."
    elif result.network.num_links <= MAX_LINKS_TO_SEARCH:
        outlook = _try_other_options(result, sign)
    else:
        outlook = (
            f"A {'shorter' if sign > 0 else 'longer'} Markov time gives {'smaller' if sign > 0 else 'larger'} modules."
        )
    return " ".join([*sentences, outlook])


def _linked_to_others(network: Network) -> NDArray[np.bool_]:
    """Mark the nodes that have a link from or to another node. Shape (n,)."""
    others = total_degrees(network)
    others[network.indices[network.self_links]] -= 2 if network.directed else 1
    linked: NDArray[np.bool_] = others > 0
    return linked


def _num_overlaps(modules: IntArray, components: IntArray) -> int:
    """Count the pairs of a module and a component that share nodes."""
    return len(distinct(modules.astype(np.int64) * (int(components.max()) + 1) + components))


def _nothing_linked(network: Network) -> str:
    if network.num_nodes == 0:
        return "The network has no nodes."
    only = ": there are only self-links" if network.num_links else ""
    return f"No two nodes are linked{only}. Links of weight 0, and links dropped by a threshold, do not count."


# One module, or one module per component -----------------------------------------------------


def _undivided(result: Result, linked: NDArray[np.bool_], num_modules: int, num_components: int) -> list[str]:
    num_linked, num_isolated = int(np.count_nonzero(linked)), int(np.count_nonzero(~linked))
    which = f"{num_linked:,} linked nodes" if num_isolated else f"{num_linked:,} nodes"
    first = f"All {which} are in one module"
    if num_modules > 1:
        first = f"Each of the {num_components:,} connected components is one module"
    elif num_components > 1:
        first += f", across {num_components:,} components that teleportation joins"
    have = "has" if num_isolated == 1 else "have"
    rest = f"; {counted(num_isolated, 'node')} {have} no links to others" if num_isolated else ""
    return [
        f"{first}{rest}.",
        *_dense(result.network, num_linked, num_components),
        *_hub(result, num_linked),
    ]


def _singletons(result: Result, num_linked: int) -> list[str]:
    # Recorded teleportation may put unlinked nodes into one module.
    are_all_single = result.num_modules == result.num_nodes
    exit_flow = float(result.module_records[1:, EXIT].sum())
    return [
        "Every node is a module of its own."
        if are_all_single
        else f"No two of the {num_linked:,} linked nodes share a module.",
        f"The walk leaves its node in {exit_flow:.2%} of the described steps.",
        *_self_links(result.network),
    ]


def _self_links(network: Network) -> Iterator[str]:
    """State the share of weight on self-links if it is large."""
    share = float(network.weights[network.self_links].sum()) / network.total_weight
    if share >= 0.1:
        yield f"Self-links hold {share:.0%} of the total weight; without them the walk leaves its node more often."


def _dense(network: Network, num_linked: int, num_components: int) -> Iterator[str]:
    """State the density if most pairs are linked."""
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
        yield f"{every}, with weights from {low:.3g} to {high:.3g}: dropping weak links by a threshold may help."
    else:
        tells = "nothing tells" if between == pairs and not network.num_self_links else "little can tell"
        yield f"{every}, all with the same weight: {tells} groups apart."


def _hub(result: Result, num_linked: int) -> Iterator[str]:
    """Name the node with most links if the walk spends far more time there than at a typical node."""
    most = int(np.argmax(total_degrees(result.network)))
    share = result.flow[most]
    if num_linked >= 4 and share >= 0.2 and share >= 2 / num_linked:
        name = name_of_node(result.network, most)
        yield f"The walk is at node {name} in {share:.0%} of all steps, whatever the modules."


# Other options -------------------------------------------------------------------------------


class Alternative(NamedTuple):
    """Options to try instead of those of the result."""

    description: str  #: names the changed option, at the start of a sentence
    original: str  #: names the same option as the result has it
    options: WalkOptions


def _for_smaller_modules(options: WalkOptions) -> Iterator[Alternative]:
    """Yield options that give smaller modules, the most similar first."""
    if options.recorded_teleportation and options.flow_model == "directed":
        yield Alternative("Without recorded teleportation", "with it", replace(options, recorded_teleportation=False))
    if options.markov_time > 1:
        yield _at_time(options, 1.0)
    yield from (_at_time(options, min(options.markov_time, 1.0) / factor) for factor in FACTORS)


def _for_larger_modules(options: WalkOptions) -> Iterator[Alternative]:
    """Yield options that give larger modules, the most similar first."""
    if options.markov_time < 1:
        yield _at_time(options, 1.0)
    yield from (_at_time(options, max(options.markov_time, 1.0) * factor) for factor in FACTORS)


def _at_time(options: WalkOptions, time: float) -> Alternative:
    return Alternative(
        f"At Markov time {time:g}", f"at Markov time {options.markov_time:g}", replace(options, markov_time=time)
    )


def _try_other_options(result: Result, sign: int) -> str:
    """Search with other options until one gives more modules (`sign` 1) or fewer (-1), and report it in a sentence."""
    options = result.walk_options
    flow = random_walk(result.network, options)
    make = partial(make_result, result.network, flow, options=result.options)
    tried = []
    for other in _for_smaller_modules(options) if sign > 0 else _for_larger_modules(options):
        other_flow = random_walk(result.network, other.options)
        terms = added_terms(result.network, other_flow, result.objective_options)
        other_flow = with_links_of_contents(other_flow, terms.contents)
        found = find_modules(other_flow, **terms._asdict(), seed=result.seed or 0)
        again = make(found.hierarchy)
        if sign * again.num_modules > sign * result.num_modules:
            modules = counted(again.num_modules, "module")
            if again.num_modules == result.num_nodes:
                modules = "one module per node"
            compared = _compared(again, result)
            return f"{other.description} the search finds {modules}; {other.original} this partition takes {compared}."
        tried.append(f"{other.options.markov_time:g}")
    finer, what = ("finer", "one module per node") if sign > 0 else ("coarser", "a single module")
    tree = two_levels(np.arange(result.num_nodes, dtype=np.uint64) * np.uint64(sign > 0))
    compared = _compared(make(tree), result)
    return f"Searches at Markov times {', '.join(tried)} find no {finer} partition; {what} takes {compared}."


def _compared(other: Result, result: Result) -> str:
    lengths = f"{other.codelength:.4f} bits per step, {{}} than the {result.codelength:.4f} of the result"
    if other.codelength < result.codelength - 1e-9:
        return lengths.format("less") + ": more trials may find it"
    if other.codelength <= result.codelength + 1e-9:
        return f"{other.codelength:.4f} bits per step, as many as the result"
    return lengths.format("more")

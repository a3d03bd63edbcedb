"""Hypothesis strategies: small networks with every oddity, options of the flow, partitions, hierarchies."""

import itertools
from dataclasses import asdict, replace
from typing import NamedTuple

import naive
import numpy as np
import pytest
import scipy.sparse
from hypothesis import strategies as st

from mapeq._base.csr import read_only
from mapeq._base.jit import kernel_of
from mapeq.network.network import Network
from mapeq.objective.contents import EMPTY, Contents, content_sums, fill_sums
from mapeq.objective.counting import counting_term
from mapeq.objective.level import network_level
from mapeq.walk.models import random_walk
from mapeq.walk.options import BIPARTITE_FLOWS, FLOW_MODELS, TELEPORT_TARGETS, WalkOptions


class Links(NamedTuple):
    """The raw material of a network: links between nodes 0 to num_nodes - 1, parallel ones and weightless ones too."""

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    num_nodes: int
    directed: bool
    node_weights: np.ndarray | None = None
    sides: np.ndarray | None = None

    def network(self) -> Network:
        network = Network.from_edges(
            self.sources,
            self.targets,
            self.weights,
            directed=self.directed,
            num_nodes=self.num_nodes,
            node_weights=self.node_weights,
        )
        return network if self.sides is None else network.with_sides(self.sides)

    def matrix(self) -> np.ndarray:
        return naive.adjacency(self.sources, self.targets, self.weights, self.num_nodes, self.directed)

    def walk(self, options: WalkOptions) -> naive.Walk:
        return naive.walk(self.matrix(), self.directed, self.node_weights, self.sides, **asdict(options))

    def __repr__(self) -> str:
        fields = (f"{name}={value.tolist() if hasattr(value, 'tolist') else value}" for name, value in self.as_items())
        return f"Links({', '.join(fields)})"

    def as_items(self):
        return zip(self._fields, self, strict=True)


def link_weights():
    """Ordinary weights, magnitudes that swamp one another, and zero."""
    return st.one_of(
        st.just(1.0),
        st.floats(0.1, 10),
        st.integers(-12, 12).map(lambda exponent: 10.0**exponent),
        st.just(0.0),
    )


@st.composite
def networks(
    draw,
    *,
    directed=None,
    weighted=None,
    self_links=True,
    node_weights=None,
    min_nodes=0,
    max_nodes=8,
    max_links=24,
    weights=None,
    bipartite=False,
):
    """Links of small networks, with parallel and self-links, isolated and dangling nodes.

    `directed`, `weighted` and `node_weights` are drawn where they are None.
    """
    n = draw(st.integers(min_nodes, max_nodes))
    directed = draw(st.booleans()) if directed is None else directed
    weighted = draw(st.booleans()) if weighted is None else weighted
    node = st.integers(0, n - 1)
    ends = draw(st.lists(st.tuples(node, node), max_size=max_links)) if n else []
    if not self_links:
        ends = [(i, j) for i, j in ends if i != j]
    one_weight = (link_weights() if weights is None else weights) if weighted else st.just(1.0)
    given_weights = draw(st.lists(one_weight, min_size=len(ends), max_size=len(ends)))
    sources, targets = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    given = draw(st.booleans()) if node_weights is None else node_weights
    values = np.array(given_weights, dtype=float)
    sides = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), np.uint8) if bipartite else None
    if sides is not None:
        crosses = sides[sources] != sides[targets]
        sources, targets, values = sources[crosses], targets[crosses], values[crosses]
    return Links(
        sources.copy(),
        targets.copy(),
        values,
        n,
        directed,
        draw(_some_node_weights(n)) if given else None,
        sides,
    )


@st.composite
def _some_node_weights(draw, n):
    """Not all of them zero."""
    weights = draw(st.lists(st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-3, 1e3)), min_size=n, max_size=n))
    if n and not any(weights):
        weights[draw(st.integers(0, n - 1))] = 1.0
    return np.array(weights, dtype=float)


def flow_options(*, flow_models=FLOW_MODELS, **fixed):
    """Options of the flow; those given as keywords are fixed."""
    choices = {
        "flow_model": st.sampled_from(tuple(flow_models)),
        "teleportation_probability": st.one_of(st.just(0.15), st.just(1.0), st.floats(0.02, 1)),
        "recorded_teleportation": st.booleans(),
        "teleport_to": st.sampled_from(TELEPORT_TARGETS),
        "node_weights_as_flow": st.booleans(),
        "markov_time": st.one_of(st.just(1.0), st.floats(0.01, 100)),
        "variable_markov_time": st.booleans(),
        "variable_markov_damping": st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 1)),
        "variable_markov_min_scale": st.one_of(st.just(1.0), st.floats(0.1, 10)),
        "regularization": st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-3, 10)),
        "bipartite_flow": st.sampled_from(BIPARTITE_FLOWS),
    }
    return st.builds(_walk_options, **choices | {name: st.just(value) for name, value in fixed.items()})


def _walk_options(**options):
    """The options, without a prior where the flow model has none."""
    if options["flow_model"] not in ("undirected", "directed"):
        options["regularization"] = 0.0
    return WalkOptions(**options)


@st.composite
def walks(draw, *, max_nodes=8, max_links=24, min_nodes=0, **fixed):
    """Links and options of the flow that go together."""
    options = draw(flow_options(**fixed))
    node_weights = True if options.flow_model == "precomputed" else None
    is_two_step = options.bipartite_flow == "two-step" and options.flow_model == "directed"
    bipartite = draw(st.booleans()) and not (is_two_step and options.regularization)
    if bipartite or options.variable_markov_time:  # which multiply the Markov time
        options = replace(options, markov_time=min(options.markov_time, 10.0))
    links = draw(
        networks(
            node_weights=node_weights,
            min_nodes=min_nodes,
            max_nodes=max_nodes,
            max_links=max_links,
            bipartite=bipartite,
        )
    )
    if options.flow_model == "precomputed":  # weights are flow per step, as they stand
        links = links._replace(weights=links.weights / max(links.weights.sum(), 1.0))
    return links, options


@st.composite
def nested_walks(draw, **fixed):
    """Links between groups of groups of a few nodes each, and options of the flow that go together."""
    options = draw(flow_options(**fixed))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    small, middle = rng.integers(3, 5, 2)
    n = int(small * middle * rng.integers(2, 4))
    sources = rng.integers(0, n, 6 * n)
    size = rng.choice([small, small * middle, n], len(sources), p=[0.85, 0.12, 0.03])
    targets = np.minimum(sources - sources % size + rng.integers(0, size), n - 1)
    links = Links(sources, targets, np.ones(len(sources)), n, draw(st.booleans()), None)
    if options.flow_model == "precomputed":
        return links._replace(weights=links.weights / len(sources), node_weights=np.ones(n)), options
    return links, options


def partitions(n):
    """Modules of n nodes, with any numbers from 0 to n - 1."""
    return st.lists(st.integers(0, max(n - 1, 0)), min_size=n, max_size=n).map(lambda m: np.array(m, dtype=np.uint32))


@st.composite
def partitioned_walks(draw, **kwargs):
    """Links, options of the flow and a partition of the nodes."""
    links, options = draw(walks(**kwargs))
    return links, options, draw(partitions(links.num_nodes))


@st.composite
def hierarchies(draw, n, max_depth=4):
    """A path to its leaf module for each of n nodes: branches of any depth, modules that are alone in another."""
    paths = [()] * n

    def split(nodes, above, room):
        groups = draw(st.lists(st.integers(0, 2), min_size=len(nodes), max_size=len(nodes)))
        for group in sorted(set(groups)):
            members, path = [i for i, own in zip(nodes, groups, strict=True) if own == group], (*above, group)
            if room > 1 and draw(st.booleans()):
                split(members, path, room - 1)
            else:
                for i in members:
                    paths[i] = path

    split(range(n), (), max_depth)
    return paths


@st.composite
def hierarchical_walks(draw, **kwargs):
    """Links, options of the flow and the paths of the nodes in a hierarchy."""
    links, options = draw(walks(**kwargs))
    return links, options, draw(hierarchies(links.num_nodes))


class OtherTerms(NamedTuple):
    """Terms beyond the plain map equation: prices of modules as of :class:`naive.Walk`, and contents from a seed.

    Contents are those of metadata, which never make unlinked modules better together, or `any_contents`; no sum is
    above 1.
    """

    counting: tuple[float, int] | None = None
    seed: int | None = None
    any_contents: bool = False

    def amounts(self, n):
        """The amounts of features of n nodes, and the coefficient of each feature."""
        if self.seed is None:
            return None, None
        rng = np.random.default_rng(self.seed)
        k = int(rng.integers(2, 5))
        if self.any_contents:
            return rng.random((n, k)) * rng.integers(0, 2, (n, k)) / max(n, 1), -rng.random(k)
        of_node = rng.random(n) * rng.integers(0, 8, n) / max(n, 1)
        categories = np.eye(k)[rng.integers(0, k, n)]
        return of_node[:, None] * np.append(categories, np.ones((n, 1)), axis=1), np.append(-np.ones(k), 1.0)


def level_of(network, options=None, terms=None):
    """The level of a network's nodes."""
    terms = terms or OtherTerms()
    contents = contents_from(*terms.amounts(network.num_nodes))
    return network_level(
        random_walk(network, options or WalkOptions()), terms.counting and counting_term(*terms.counting), contents
    )


def contents_from(amounts, coefficients):
    """Contents of nodes, from amounts in a matrix; where it is 0, a node has none."""
    if amounts is None:
        return None
    rows = scipy.sparse.csr_array(amounts)
    return Contents(
        read_only(rows.indptr.astype(np.uint64)),
        read_only(rows.indices.astype(np.uint32)),
        read_only(rows.data.astype(np.float64)),
        read_only(coefficients),
        read_only(np.asarray(amounts.sum(axis=0), dtype=np.float64)),
        np.uint64(len(coefficients) if (coefficients < 0).all() else 0),  # of `any_contents`
    )


def other_terms(*, any_contents=True):
    """Terms beyond the plain map equation; none of a kind half of the time."""
    bits = st.one_of(st.just(0.0), st.floats(1e-3, 0.3))
    counting = st.one_of(st.none(), st.tuples(bits, st.integers(0, 6)))
    seed = st.one_of(st.none(), st.integers(0, 2**32))
    return st.builds(OtherTerms, counting, seed, st.booleans() if any_contents else st.just(False))


def described(links, options, terms):
    """A network's level, with other terms, and its walk by the oracle."""
    amounts, coefficients = terms.amounts(links.num_nodes)
    walk = links.walk(options)._replace(counting=terms.counting or (0.0, 0), amounts=amounts, coefficients=coefficients)
    return level_of(links.network(), options, terms), walk


FILL_SUMS = kernel_of(fill_sums)


def sums_of_both_kinds(contents):
    """Memory for sums of contents, some of which are listed and others in hash tables."""
    return content_sums(contents, 0 if contents is None else len(contents.features) % 4)


def with_contents(level, state):
    """A partition or a hierarchy with the sums of contents filled in, as while nodes move."""
    state = state._replace(contents=sums_of_both_kinds(level.terms.contents))
    FILL_SUMS(level.terms.contents, state.module_of, state.contents)
    return state


def assert_contents_in_step(level, state):
    """The sums of contents are what they would be from scratch."""
    if state.contents is not None:
        found, expected = map(_entries, (state.contents, with_contents(level, state).contents))
        assert found.keys() == expected.keys()
        for key, (amount, count) in expected.items():
            assert found[key] == (pytest.approx(amount, rel=1e-10, abs=1e-10), count)


def _entries(table):
    found = {}
    for feature, (begin, end) in enumerate(itertools.pairwise(table.starts.tolist())):
        rows = table.slots[begin:end]
        assert rows[-1, 0] == EMPTY or (rows[:, 0] == EMPTY).any()
        for module, amount, h_of_sum, count in rows[rows[:, 0] != EMPTY].tolist():
            expected = amount * np.log2(amount) if amount > 0 else 0.0
            assert h_of_sum == pytest.approx(expected, rel=1e-10, abs=1e-12), (module, feature)
            assert (int(module), feature) not in found
            found[int(module), feature] = amount, int(count)
    return found

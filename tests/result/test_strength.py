"""How strongly nodes belong to their modules, compared with flow and codelengths from scratch."""

from itertools import pairwise

import naive
import networkx as nx
import numpy as np
import pytest
from command import EMAIL, JAZZ, POWER
from hypothesis import given
from hypothesis import strategies as st
from strategies import described, hierarchies, other_terms, partitioned_walks, walks

import mapeq
from mapeq.optimizer.alternatives import best_alternatives
from mapeq.walk.models import random_walk

BARBELL = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]


def close(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


def costs_of_moves(walk, modules, node, near):
    """What it costs to move a node to each module of its neighbours, and to a new one, -1: codelengths from scratch."""
    now = naive.codelength(walk, modules).total
    places = {int(modules[j]): int(modules[j]) for j in near} | {-1: len(modules)}
    places.pop(int(modules[node]), None)
    if (modules == modules[node]).sum() == 1:
        del places[-1]
    return {
        name: naive.codelength(walk, np.where(np.arange(len(modules)) == node, place, modules)).total - now
        for name, place in places.items()
    }


def assert_best(found, walk, modules, near):
    for node in range(len(modules)):
        costs = costs_of_moves(walk, modules, node, near[node])
        assert found.costs[node] == close(min(costs.values(), default=np.inf))
        label = int(found.labels[node])
        assert costs[label] == close(found.costs[node]) if costs else label == -1


def neighbours(flow):
    """The nodes that each node exchanges flow with: a link that the walk never takes leads nowhere."""
    indices, bounds = flow.links.indices.tolist(), pairwise(flow.links.indptr.tolist())
    return [set(indices[begin:end]) for begin, end in bounds]


@given(partitioned_walks(min_nodes=1), other_terms())
def test_alternatives_with_all_terms_of_the_objective(case, terms):
    links, options, modules = case
    level, walk = described(links, options, terms)
    modules = np.unique(modules, return_inverse=True)[1]
    assert_best(best_alternatives(level, modules), walk, modules, neighbours(level))


@pytest.mark.filterwarnings("ignore:the metadata give")
@given(st.data())
def test_alternatives_of_results(data):
    """Of hierarchies at each level, of nodes and of states, with metadata."""
    links, options = data.draw(walks(min_nodes=1))
    n = links.num_nodes
    network, rng = links.network(), np.random.default_rng(data.draw(st.integers(0, 2**32)))
    amounts, coefficients = np.zeros((n, 0)), np.zeros(0)
    visits = links.walk(options).visits
    if data.draw(st.booleans()) and not options.regularization:
        physical = rng.integers(0, 3, n)
        network = network.with_states(physical)
        amounts, coefficients = np.eye(3)[physical] * visits[:, None], -np.ones(3)
    if data.draw(st.booleans()):
        categories = rng.integers(0, 3, n)
        network = network.with_metadata(categories)
        amounts = np.hstack([amounts, np.eye(3)[categories] * visits[:, None], visits[:, None]])
        coefficients = np.append(coefficients, [-1.0, -1.0, -1.0, 1.0])
    paths = data.draw(hierarchies(n))
    try:
        result = mapeq.evaluate(network, dict(zip(network.labels, paths, strict=True)), **options.as_dict())
    except mapeq.NetworkError:  # a bipartite network without a way back
        return
    walk = links.walk(options)._replace(amounts=amounts, coefficients=coefficients)
    flow = random_walk(network, options)
    for level in range(1, result.num_levels):
        assert_best(result.alternatives(level), walk, result.labels_at(level), neighbours(flow))


@given(st.data())
def test_strength_is_the_share_of_flow_over_links(data):
    links, options = data.draw(walks(min_nodes=1))
    paths = data.draw(hierarchies(links.num_nodes))
    network = links.network()
    try:
        result = mapeq.evaluate(network, dict(zip(network.labels, paths, strict=True)), **options.as_dict())
    except mapeq.NetworkError:
        return
    flow = links.walk(options).links
    flow = flow + flow.T
    weaker = np.ones(len(flow))
    for level in range(result.num_levels - 1, 0, -1):
        labels, strength = result.labels_at(level), result.membership_strength(level)
        assert strength.shape == (len(flow),)
        assert ((strength >= 0) & (strength <= 1)).all()
        for node, row in enumerate(flow):
            if row.sum() > 1e-9:
                assert strength[node] == close(row[labels == labels[node]].sum() / row.sum())
        own = [
            shares.get(module, 0.0)
            for shares, module in zip(result.memberships(level).values(), (labels + 1).tolist(), strict=True)
        ]
        assert strength.tolist() == close(own)
        assert level == result.num_levels - 1 or (strength >= weaker - 1e-12).all()
        weaker = strength


def test_strength_of_states_is_their_own():
    layers = {"work": [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], "sport": [("ann", "dan"), ("dan", "eve")]}
    result = mapeq.infomap(mapeq.Network.from_layers(layers))
    links = result.link_flow()
    inside = result.labels[links.sources] == result.labels[links.targets]
    strength = result.membership_strength()
    for state in range(result.num_nodes):
        of_state = (links.sources == state) | (links.targets == state)
        assert strength[state] == close(links.flow[of_state & inside].sum() / links.flow[of_state].sum())


def test_nodes_without_neighbours():
    network = mapeq.Network.from_edges([0, 1, 2, 4], [1, 2, 0, 4], num_nodes=5)  # 3 is isolated, 4 has a self-link
    result = mapeq.evaluate(network, [0, 0, 0, 1, 2])
    assert result.membership_strength().tolist() == [1.0] * 5
    labels, costs = result.alternatives()
    assert labels.tolist() == [-1] * 5
    assert np.isfinite(costs).tolist() == [True, True, True, False, False]
    together = mapeq.evaluate(network, [0, 0, 0, 0, 0])
    assert together.alternatives().costs[3] == 0.0
    assert together.alternatives().costs[4] < 0  # it had better be alone
    assert mapeq.evaluate(network, list(range(5))).membership_strength().tolist() == [0.0, 0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("options", [{}, {"recorded_teleportation": True}, {"teleport_to": "nodes"}])
def test_alternatives_of_a_directed_network_are_moves(options):
    result = mapeq.infomap(EMAIL, directed=True, **options)
    labels, costs = result.alternatives()
    for node in np.argsort(costs)[[0, 1, 50, 500]].tolist():
        moved = result.labels.copy()
        moved[node] = labels[node] if labels[node] >= 0 else result.num_modules
        walk = {name: result.options[name] for name in ("recorded_teleportation", "teleport_to")}
        other = mapeq.evaluate(result.network, dict(zip(result.node_labels, moved.tolist(), strict=True)), **walk)
        assert other.codelength - result.codelength == close(costs[node])


@pytest.mark.parametrize("file", [JAZZ, POWER])
def test_a_search_ends_near_a_local_optimum(file):
    result = mapeq.infomap(file)
    costs = result.alternatives().costs
    assert costs.min() > -1e-4
    assert (costs < 0).mean() < 0.01
    assert not costs.flags.writeable


def test_the_bridge_of_two_cliques_is_the_weakest_member():
    result = mapeq.infomap(nx.barbell_graph(5, 1))
    strength, (labels, costs) = result.membership_strength(), result.alternatives()
    assert int(np.argmin(costs)) == result.node_labels.index(5)
    assert strength[result.node_labels.index(5)] == 0.0  # alone in its module
    assert labels[result.node_labels.index(5)] in (0, 1)
    assert strength[result.node_labels.index(4)] == close(4 / 5)


def test_an_empty_network_has_none():
    result = mapeq.evaluate(mapeq.Network.from_edges([], []), [])
    assert result.membership_strength().shape == result.alternatives().costs.shape == (0,)


def test_refusals():
    result = mapeq.infomap(BARBELL)
    both = mapeq.infomap([("bee", "rose"), ("bee", "lily"), ("fly", "lily")], bipartite=True)
    assert both.membership_strength().shape == both.alternatives().labels.shape == (4,)
    for method in ("membership_strength", "alternatives"):
        with pytest.raises(ValueError, match="level must be 1"):
            getattr(result, method)(2)
        with pytest.raises(mapeq.NetworkError, match=r"about one side of a bipartite network; .* before primary"):
            getattr(both.primary(), method)()


def test_a_table_has_columns_of_strengths():
    pytest.importorskip("pandas")
    result = mapeq.infomap(BARBELL)
    table = result.to_dataframe(strength=True)
    assert table.columns.tolist() == ["node", "module", "flow", "strength", "alternative", "alternative_cost"]
    assert table["strength"].tolist() == close([1, 1, 2 / 3, 2 / 3, 1, 1])
    assert table["alternative"].tolist() == [0] * 6  # modules of their own
    assert table["alternative_cost"].tolist() == close(result.alternatives().costs.tolist())
    arrow = result.to_arrow(strength=True)
    assert {name: column.to_pylist() for name, column in zip(arrow.column_names, arrow, strict=True)} == table.to_dict(
        "list"
    )
    assert result.to_arrow().column_names == ["node", "module", "flow"]
    assert "strength" not in result.to_dataframe()

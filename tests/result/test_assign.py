"""New nodes go where the codelength of the grown network is shortest, all others staying where they are."""

import naive
import networkx as nx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq.result.assign import assign


def grown(matrix, row):
    """The network with one more node, linked as the row says."""
    return np.block([[matrix, row[:, None]], [row[None], np.zeros((1, 1))]])


@st.composite
def networks(draw):
    """A symmetric matrix of small weights, a partition of it, and the links of a new node."""
    n = draw(st.integers(3, 9))
    weight = st.integers(0, 3)
    matrix = np.array(draw(st.lists(weight, min_size=n * n, max_size=n * n))).reshape(n, n)
    matrix = np.triu(matrix) + np.triu(matrix, 1).T
    modules = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    links = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n).filter(any))
    return matrix.astype(float), np.array(modules), np.array(links) / 2


@given(networks(), st.sampled_from([1.0, 0.5, 2.0]))
def test_a_node_goes_where_the_description_is_shortest(network, time):
    matrix, modules, links = network
    options = {"directed": False, "markov_time": time}
    result = mapeq.evaluate(scipy.sparse.csr_array(matrix), modules, **options)
    (found,) = assign(result, scipy.sparse.csr_array(links[None]))

    def length(module):
        graph = scipy.sparse.csr_array(grown(matrix, links))
        return mapeq.evaluate(graph, np.append(result.labels, module), **options).codelength

    around = set(result.labels[links > 0].tolist())
    assert found in around
    assert length(found) == pytest.approx(min(map(length, around)), abs=1e-9)


def test_many_nodes_do_not_see_each_other():
    result = mapeq.infomap(nx.karate_club_graph())
    links = scipy.sparse.random_array((20, 34), density=0.1, rng=np.random.default_rng(0)).tocsr()
    together = assign(result, links)
    assert together.tolist() == [int(assign(result, links[[i]])[0]) for i in range(20)]


def test_a_result_assigns_new_nodes():
    result = mapeq.infomap(nx.karate_club_graph())
    links = scipy.sparse.random_array((20, 34), density=0.1, rng=np.random.default_rng(0)).tocsr()
    assert result.assign(links).tolist() == assign(result, links).tolist()
    assert result.assign(links.toarray()).tolist() == assign(result, links).tolist()


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (np.zeros((2, 5)), r"links of new nodes to 3 nodes are a matrix of shape \(m, 3\), not of shape \(2, 5\)"),
        ([[0, 1, 0], [0, 0, -1.5]], "the link of new node 1 to cid .*-1.5"),
        ([[np.nan, 1, 0]], "the link of new node 0 to ann .*nan"),
    ],
)
def test_links_that_make_no_sense(links, message):
    result = mapeq.infomap([("ann", "bob"), ("bob", "cid")])
    with pytest.raises(mapeq.NetworkError, match=message):
        result.assign(links)


def test_a_node_without_links_has_no_module():
    result = mapeq.infomap(nx.karate_club_graph())
    assert assign(result, np.zeros((2, 34))).tolist() == [-1, -1]
    assert assign(result, np.zeros((0, 34))).tolist() == []


def test_the_modules_of_any_level():
    graph = nx.ring_of_cliques(12, 6)
    result = mapeq.infomap(graph, multilevel=True)
    assert result.num_levels > 2
    links = np.zeros((2, 72))
    links[0, 3] = links[1, 40] = 1
    for level in (1, 2, -1):
        assert assign(result, links, level).tolist() == result.labels_at(level)[[3, 40]].tolist()
    assert assign(result, links, -1).tolist() != assign(result, links, 1).tolist()


@pytest.mark.parametrize("options", [{}, {"bipartite_flow": "infomap", "markov_time": 1.5}])
def test_new_nodes_of_a_bipartite_network_go_where_the_description_is_shortest(options):
    rng = np.random.default_rng(4)
    for _ in range(30):
        between = rng.integers(0, 3, (6, 5)) * 1.0
        between[np.arange(5), np.arange(5)] += 1  # all secondary nodes have links
        modules = rng.integers(0, 3, 11)
        result = mapeq.evaluate(scipy.sparse.csr_array(between), modules, **options)
        links = rng.integers(0, 3, 5) * 1.0
        links[rng.integers(5)] += 1
        (found,) = result.assign(np.append(np.zeros(6), links)[None])

        def length(module, result=result, rows=(*between, links)):
            graph = scipy.sparse.csr_array(np.array(rows))
            return mapeq.evaluate(graph, np.insert(result.labels, 6, module), **options).codelength

        around = set(result.labels[6:][links > 0].tolist())
        assert found in around
        assert length(found) == pytest.approx(min(map(length, around)), abs=1e-9)


def test_new_nodes_of_a_bipartite_network_by_label():
    links = [("ann", "film"), ("bob", "film"), ("cid", "play"), ("dan", "play"), ("bob", "play")]
    result = mapeq.infomap(links, bipartite=True)
    assert result.assign([("eve", "film", 2.0), ("eve", "play")]) == {"eve": result.modules()["ann"]}
    with pytest.raises(mapeq.NetworkError, match=r"new node 0 has a link to ann, which is primary; .* secondary nodes"):
        result.assign([("eve", "ann")])
    unfolded = mapeq.infomap(links, bipartite=True, bipartite_flow="unfolded")
    assert unfolded.assign([("eve", "ann")]) == {"eve": unfolded.modules()["ann"]}


# Links by label --------------------------------------------------------------------------------

TRIANGLES = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("d", "f")]


def test_links_by_label_in_any_container():
    result = mapeq.infomap(TRIANGLES)
    links = [("new", "a"), ("new", "b"), ("other", "e"), ("far", "off")]
    right = {"new": 1, "other": 2, "far": -1, "off": -1}
    assert result.assign(links) == right
    graph = nx.Graph(links)
    graph.add_edges_from(TRIANGLES)  # the whole network with its new nodes
    assert result.assign(graph) == right
    assert result.assign(nx.DiGraph(links)) == right
    assert result.assign(iter(links)) == right
    assert result.assign({"new": ["a", "b"], "other": ["e"], "far": ["off"]}) == right
    pandas = pytest.importorskip("pandas")
    assert result.assign(pandas.DataFrame(links, columns=["source", "target"])) == right
    assert result.assign(TRIANGLES) == {}


def test_weights_of_links_by_label_count():
    result = mapeq.infomap(TRIANGLES)
    assert result.assign([("new", "a", 1.0), ("new", "e", 5.0)]) == {"new": 2}
    assert result.assign([("new", "a", 5.0), ("new", "e", 1.0)]) == {"new": 1}
    matrix = np.zeros((1, 6))
    matrix[0, [0, 4]] = 5.0, 1.0
    assert result.assign(matrix).tolist() == [0]
    assert result.assign([("new", "a", 0.0)]) == {"new": -1}
    with pytest.raises(mapeq.NetworkError, match=r"the weight of the link 'new' - 'a' .* is negative"):
        result.assign([("new", "a", -1.0)])


# New states ------------------------------------------------------------------------------------


@st.composite
def state_networks(draw):
    """As :func:`networks`, with the physical node of each state and of the new one."""
    matrix, modules, links = draw(networks())
    physical = draw(st.lists(st.integers(0, 3), min_size=len(matrix) + 1, max_size=len(matrix) + 1))
    return matrix, modules, links, np.array(physical)


@given(state_networks(), st.sampled_from([1.0, 0.5, 2.0]))
def test_a_state_goes_where_the_description_is_shortest(given_network, time):
    """By the oracle: a physical node has one code word in each module."""
    matrix, modules, links, physical = given_network
    labels = [(state, node) for state, node in enumerate(physical.tolist())]
    sources, targets = np.nonzero(np.triu(matrix))
    network = mapeq.Network.from_edges(sources, targets, matrix[sources, targets], labels=labels[:-1])
    result = mapeq.evaluate(network.with_states(physical[:-1]), modules, markov_time=time)
    new = [(labels[-1], labels[i], links[i]) for i in np.flatnonzero(links)]
    found = result.assign(new)[labels[-1]] - 1

    walk = naive.walk(grown(matrix, links), markov_time=time)
    named = walk.visits[:, None] * (physical[:, None] == np.arange(4))
    amounts, coefficients = np.hstack([named, np.diag(walk.visits)]), np.append(-np.ones(4), np.ones(len(physical)))
    walk = walk._replace(amounts=amounts, coefficients=coefficients)

    def length(module):
        return naive.codelength(walk, np.append(result.labels, module)).total

    around = set(result.labels[links > 0].tolist())
    assert found in around
    assert length(found) == pytest.approx(min(map(length, around)), abs=1e-9)


def test_new_states_of_layers_and_paths():
    work, sport = [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], [("ann", "dan"), ("dan", "eve"), ("ann", "eve")]
    result = mapeq.infomap(mapeq.Network.from_layers({"work": work, "sport": sport}))
    near = {("sport", "bob"): ("sport", "dan"), ("work", "zoe"): ("work", "cid"), ("work", "eve"): ("work", "ann")}
    expected = {state: result.modules()[known] for state, known in near.items()}
    assert result.assign([(*pair, 1.0) for pair in near.items()]) == expected
    trips = [["a", "hub", "b", "hub", "a", "hub"], ["x", "hub", "y", "hub", "x", "hub"]]
    result = mapeq.infomap(mapeq.Network.from_paths(trips))
    found = result.assign([(("c", "hub"), ("hub", "a")), (("c", "hub"), ("hub", "b"))])
    assert found == {("c", "hub"): result.modules()["hub", "a"]}


def test_a_node_with_a_code_word_in_a_module_draws_its_states_there():
    """Both modules have links of the same weight to the new state."""
    layers = {
        layer: [(i, j) for i in nodes for j in nodes if i < j] for layer, nodes in (("one", "abcd"), ("other", "efgh"))
    }
    result = mapeq.infomap(mapeq.Network.from_layers(layers))
    assert result.num_modules == 2
    for known, new in ((("one", "a"), ("other", "a")), (("other", "e"), ("one", "e"))):
        links = [(new, ("one", "b"), 0.5), (new, ("other", "f"), 0.5)]
        assert result.assign(links) == {new: result.modules()[known]}


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("zoe", r"the new state 'zoe' is not labelled as the others are, such as \('work', 'ann'\)"),
        (("work", "sport", "zoe"), r"the new state \('work', 'sport', 'zoe'\) is not labelled as the others are"),
        (("home", "zoe"), r"\('home', 'zoe'\) is in no layer of the network; the layers are 'work', 'sport'"),
    ],
)
def test_new_states_that_make_no_sense(new, message):
    result = mapeq.infomap(mapeq.Network.from_layers({"work": [("ann", "bob")], "sport": [("ann", "cid")]}))
    with pytest.raises(mapeq.NetworkError, match=message):
        result.assign({new: [("work", "ann")]})


def test_it_must_be_known_whose_states_new_ones_are():
    network = mapeq.Network.from_edges(["s1", "s2"], ["s2", "s3"]).with_states(["ann", "bob", "ann"])
    result = mapeq.infomap(network)
    with pytest.raises(mapeq.NetworkError, match="the state 's1' does not end in its physical node, 'ann'"):
        result.assign([("s4", "s1")])
    with pytest.raises(mapeq.NetworkError, match="do not say which physical nodes the states are of; give links by la"):
        result.assign([[1.0, 0.0, 0.0]])

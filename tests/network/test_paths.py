"""Networks with memory, built from paths."""

import gzip
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq import Network

HUB = [["a", "hub", "b", "hub", "c", "hub"] * 2, ["x", "hub", "y", "hub", "z", "hub"] * 2]


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=7), min_size=1, max_size=8),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
@pytest.mark.filterwarnings("ignore:.*too few for order")
def test_links_are_counted_in_their_contexts(paths, order, random):
    weights = [random.choice([0.5, 1.0, 3.0]) for _ in paths]
    network = Network.from_paths(paths, order=order, weights=weights)
    expected, contexts = Counter(), set()
    for path, weight in zip(paths, weights, strict=True):
        states = [tuple(path[i : i + order]) for i in range(len(path) - order + 1)]
        contexts.update(states)
        for one, other in pairwise(states):
            expected[one, other] += weight
    labels = network.label_list()
    if order == 1:
        labels, contexts = [(label,) for label in labels], {(place,) for path in paths for place in path}
        assert network.states is None
    else:
        assert [network.states.labels[k] for k in network.states.physical] == [label[-1] for label in labels]
    assert set(labels) == contexts
    found = {(labels[i], labels[j]): weight for i, j, weight in zip(*network.links(), strict=True)}
    assert found == pytest.approx(dict(expected))
    assert network.directed


def test_memory_shows_modules_that_overlap():
    first, second = (Network.from_paths(HUB, order=order) for order in (1, 2))
    assert mapeq.infomap(first).num_modules == 1
    result = mapeq.infomap(second)
    assert result.communities() == [{"a", "b", "c", "hub"}, {"x", "y", "z", "hub"}]
    assert result.memberships()["hub"] == {1: pytest.approx(0.5), 2: pytest.approx(0.5)}
    assert result.codelength < mapeq.infomap(first).codelength
    deep = mapeq.infomap(Network.from_paths(HUB, order=3))
    assert deep.num_modules == 2


@pytest.mark.parametrize("mark", [" ", "\t", ",", ";", " , "])
def test_files_and_tables(tmp_path, mark):
    text = "# trips\n\n" + "".join(mark.join(path) + "\n" for path in HUB)
    (tmp_path / "trips.txt").write_text(text)
    with gzip.open(tmp_path / "trips.gz", "wt") as stream:
        stream.write(text)
    expected = Network.from_paths(HUB)
    pandas = pytest.importorskip("pandas")
    steps = [(number, place) for number, path in enumerate(HUB) for place in path]
    table = pandas.DataFrame(steps, columns=["trip", "city"])
    for network in (
        Network.from_paths(tmp_path / "trips.txt"),
        Network.from_paths(str(tmp_path / "trips.gz")),
        Network.from_paths(table, path="trip", place="city"),
        Network.from_paths(table.rename(columns={"trip": "path", "city": "place"}).sample(frac=1).sort_index()),
        Network.from_paths(map(tuple, HUB)),
    ):
        assert network.labels == expected.labels
        assert [array.tolist() for array in network.links()] == [array.tolist() for array in expected.links()]


def test_places_in_files_are_numbers_if_all_are(tmp_path):
    (tmp_path / "clicks.txt").write_text("1 2 3\n3 2 1\n")
    assert Network.from_paths(tmp_path / "clicks.txt", order=1).labels == (1, 2, 3)
    (tmp_path / "clicks.txt").write_text("01 2 3\n3 2 1\n")
    assert Network.from_paths(tmp_path / "clicks.txt", order=1).labels == ("01", "2", "3", "1")
    (tmp_path / "clicks.txt").write_text('"New York" Rome "New York"\n')
    assert Network.from_paths(tmp_path / "clicks.txt", order=1).labels == ("New York", "Rome")


def test_paths_too_short_for_the_order_are_counted():
    with pytest.warns(UserWarning, match="1 of 2 paths have at most 2 places, too few for order 2: no step counts"):
        network = Network.from_paths([["a", "b"], ["a", "b", "c"]])
    assert network.num_links == 1


@pytest.mark.parametrize(
    ("paths", "options", "message"),
    [
        ([["a", "b"], ["a"]], {}, "path 1 has a single place, 'a'; a path needs at least two"),
        ([[]], {}, "path 0 has no place; a path needs at least two"),
        (["abc"], {}, "path 0 must be a sequence of places, not 'abc'"),
        ([["a", None]], {}, "a place of a path is missing: None"),
        ([["a", float("nan")]], {}, "a place of a path is missing: nan"),
        ([["a", ["b"]]], {}, "path 0 has a place that cannot be a label"),
        ([["a", "b"]], {"weights": [-1.0]}, "the weight of path 0 is negative: -1"),
        ([["a", "b"]], {"weights": [1.0, 2.0]}, "there are 1 paths, but 2 weights"),
        ([["a", "b"]], {"order": 0}, "order must be a whole number, 1 or more, not 0"),
        ([["a", "b"]], {"order": 1.5}, "order must be a whole number, 1 or more, not 1.5"),
        ([["a", "b"]], {"path": "trip"}, "the columns path and place are those of a table; sequences has none"),
        ({"trip": [1], "city": ["a"]}, {}, "the table has no column 'path', but 'trip', 'city'; path= names the col"),
    ],
)
def test_paths_that_make_no_sense(paths, options, message):
    if isinstance(paths, dict):
        paths = pytest.importorskip("pandas").DataFrame(paths)
    with pytest.raises(ValueError, match=message):
        Network.from_paths(paths, **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b\nc\n", r"trips.txt, line 2: a path needs at least two places, in order of travel: 'c'"),
        ("a,,b\n", r"trips.txt, line 1: a place of the path is empty: 'a,,b'"),
        ("# nothing\n", r"trips.txt: contains no paths"),
    ],
)
def test_files_that_make_no_sense(tmp_path, text, message):
    (tmp_path / "trips.txt").write_text(text)
    with pytest.raises(mapeq.FormatError, match=message):
        Network.from_paths(tmp_path / "trips.txt")


def test_what_is_no_path_at_all():
    with pytest.raises(TypeError, match="paths must be sequences of places, a table or the path of a file, not 7"):
        Network.from_paths(7)


def test_many_paths_take_no_loop_over_steps():
    rng = np.random.default_rng(0)
    paths = np.cumsum(rng.integers(-1, 2, (20_000, 12)), axis=1) % 50
    network = Network.from_paths(paths.tolist(), order=3)
    assert network.total_weight == 20_000 * 9
    assert network.num_nodes <= 50 * 9


# Choosing the order ----------------------------------------------------------------------------


def naive_bits(counted, tested, order):
    """Witten and Bell's method C, step by step."""
    places = {place for path, _ in counted + tested for place in path}
    follow = {}
    for path, weight in counted:
        for t in range(len(path)):
            for length in range(min(t, order) + 1):
                after = follow.setdefault(tuple(path[t - length : t]), Counter())
                after[path[t]] += weight
    total = whole = 0.0
    for path, weight in tested:
        for t in range(1, len(path)):
            probability = 1 / len(places)
            for length in range(min(t, order) + 1):
                after = follow.get(tuple(path[t - length : t]))
                if after is not None:
                    seen = sum(after.values())
                    probability = (after[path[t]] + len(after) * probability) / (seen + len(after))
            total -= weight * np.log2(probability)
            whole += weight
    return total / whole


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=8), min_size=2, max_size=8), st.integers(0, 5), st.data()
)
def test_bits_of_held_out_paths(paths, seed, data):
    weights = data.draw(st.lists(st.sampled_from([1.0, 2.5]), min_size=len(paths), max_size=len(paths)))
    found = mapeq.compare_orders(paths, weights=weights, held_out=0.3, seed=seed)
    held = np.random.default_rng(seed).permutation(len(paths))[: max(round(0.3 * len(paths)), 1)].tolist()
    both = list(zip(paths, weights, strict=True))
    counted = [path for k, path in enumerate(both) if k not in held]
    for order in found.orders:
        expected = naive_bits(counted, [both[k] for k in held], order.order)
        assert order.bits == pytest.approx(expected, rel=1e-9)


def test_memory_pays_where_there_is_some():
    rng = np.random.default_rng(0)
    forgetful = [rng.integers(0, 5, 12).tolist() for _ in range(200)]
    assert mapeq.compare_orders(forgetful).best == 1
    trips = [[f"{who}{rng.integers(3)}", "hub"] * 6 for who in "ab" for _ in range(60)]
    found = mapeq.compare_orders(trips, orders=[3, 1, 2])
    assert [each.order for each in found.orders] == [1, 2, 3]
    assert found.best == 2
    network = Network.from_paths(trips, order=2)
    assert (found.orders[1].num_states, found.orders[1].num_links) == (network.num_nodes, network.num_links)
    assert str(found).splitlines()[-1] == f"order {found.best} is enough for the paths that were held out"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"orders": [0]}, "orders must be whole numbers, 1 or more, at least one"),
        ({"orders": []}, "orders must be whole numbers, 1 or more, at least one"),
        ({"held_out": 1.0}, "held_out must be a number between 0 and 1"),
    ],
)
def test_orders_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        mapeq.compare_orders(HUB, **options)


def test_one_path_cannot_be_held_out():
    with pytest.raises(mapeq.NetworkError, match="to hold out some paths, there must be at least two"):
        mapeq.compare_orders(HUB[:1])


def test_paths_held_out_must_weigh_something():
    with pytest.raises(mapeq.NetworkError, match="the paths that were held out weigh nothing"):
        mapeq.compare_orders(HUB, weights=[0.0, 0.0])


# Memory of plain networks ----------------------------------------------------------------------


def test_a_plain_network_with_memory_has_modules_that_overlap():
    cliques = [(i, j) for first in (0, 5) for i in range(first, first + 6) for j in range(i + 1, first + 6)]
    network = Network.from_edges(*zip(*cliques, strict=True))  # node 5 is in both
    result = mapeq.infomap(network.with_memory())
    assert result.communities() == [set(range(6)), set(range(5, 11))]
    assert result.memberships()[5] == {1: pytest.approx(0.5), 2: pytest.approx(0.5)}
    assert result.memberships()[0] == {1: 1.0}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("backtracking", [False, True])
def test_states_are_steps_over_links(directed, backtracking):
    rng = np.random.default_rng(3)
    matrix = rng.integers(0, 3, (6, 6)) * rng.integers(0, 2, (6, 6)) * 1.5
    matrix[0, 1] = 1.0
    network = Network.from_edges(*np.nonzero(matrix), matrix[matrix > 0], directed=directed, num_nodes=6)
    found = network.with_memory(backtracking=backtracking)
    weights = network.matrix().toarray()
    steps = {(u, v) for u, v in zip(*map(np.ndarray.tolist, np.nonzero(weights)), strict=True)}
    alone = {(v,) for v in range(6) if not weights[:, v].any() and not weights[v].any()}
    assert set(found.labels) == steps | alone
    expected = {}
    for u, v in steps:
        onward = [w for w in range(6) if weights[v, w] > 0]
        forward = [w for w in onward if w != u or u == v]
        for w in onward if backtracking or not forward else forward:
            expected[(u, v), (v, w)] = weights[v, w]
    links = {(found.labels[i], found.labels[j]): weight for i, j, weight in zip(*found.links(), strict=True)}
    assert links == pytest.approx(expected)
    assert [found.states.labels[node] for node in found.states.physical] == [label[-1] for label in found.labels]


def test_a_walk_that_may_turn_visits_nodes_as_often_as_without_memory():
    network = mapeq.infomap("examples/data/jazz.txt.gz").network
    plain = mapeq.evaluate(network, np.zeros(network.num_nodes, int))
    states = network.with_memory(backtracking=True)
    walk = mapeq.evaluate(states, np.zeros(states.num_nodes, int), teleportation_probability=1e-9)
    visits = np.bincount(states.states.physical, walk.flow, network.num_nodes)
    np.testing.assert_allclose(visits, plain.flow, atol=1e-6)
    assert walk.codelength == pytest.approx(plain.codelength, abs=1e-4)


def test_memory_of_large_hubs_is_refused():
    star = Network.from_edges(np.zeros(30_000, int), np.arange(1, 30_001))
    with pytest.raises(mapeq.NetworkError, match="a walk that remembers its last link would have 900,030,000 links"):
        star.with_memory(backtracking=True)
    states = Network.from_edges([0], [1]).with_states(["a", "a"])
    with pytest.raises(mapeq.NetworkError, match="a state network has memory already"):
        states.with_memory()


# Files by read_network -------------------------------------------------------------------------


def test_files_of_paths_by_suffix_and_by_order(tmp_path):
    text = "".join(" ".join(path) + "\n" for path in HUB)
    for name in ("trips.paths", "trips.txt"):
        (tmp_path / name).write_text(text)
    expected = Network.from_paths(HUB)
    for network in (
        mapeq.read_network(tmp_path / "trips.paths"),
        mapeq.read_network(tmp_path / "trips.txt", order=2),
        mapeq.read_network(tmp_path / "trips.txt", format="paths"),
        mapeq.infomap(tmp_path / "trips.paths").network,
    ):
        assert network.labels == expected.labels
        assert (network.matrix() != expected.matrix()).nnz == 0
    assert mapeq.read_network(tmp_path / "trips.paths", order=3).labels == Network.from_paths(HUB, order=3).labels
    for options, message in (
        ({"order": 0}, "order must be a whole number, 1 or more, not 0"),
        ({"order": 2, "format": "csv"}, "order must be omitted with the format csv, which holds no paths, not 2"),
        ({"directed": False}, "paths have a direction; they make no undirected network"),
        ({"source": "from"}, "in a file of paths, which has no columns"),
        ({"label": "name"}, "a file of paths has no attributes of nodes to choose from"),
        ({"relax_rate": 2.0}, "relax_rate must be a number from 0 to 1, not 2.0"),
        ({"relax_rate": 0.5}, "has no layers; relax_rate, relax and limit say how a walk changes these"),
    ):
        with pytest.raises(ValueError, match=message):
            mapeq.read_network(tmp_path / "trips.paths", **options)

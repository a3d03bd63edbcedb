"""Where things stand in pictures: distances along links, discs that keep apart, nodes within their discs."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse

import mapeq
from mapeq.pictures.colours import assign_colours, closeness_by_flow, closeness_of_discs, difference, palette
from mapeq.pictures.layout import flow_between, keep_apart, network_layout, place_discs, stress_layout


def layout_of(result, **options):
    links = result.link_flow()
    return network_layout(result.labels, result.flow, links.sources, links.targets, links.flow, **options)


def distances(places):
    return np.linalg.norm(places[:, None] - places[None], axis=-1)


def overlaps(centres, radii, slack=1e-3):
    """The pairs of discs that overlap by more than a hair."""
    least = (radii[:, None] + radii[None]) * (1 - slack)
    return np.count_nonzero(np.triu(distances(centres) < least, 1))


@pytest.fixture(scope="module")
def lesmis():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


def test_a_path_is_laid_out_straight():
    places = stress_layout(nx.to_scipy_sparse_array(nx.path_graph(20), dtype=float))
    assert np.linalg.norm(places[0] - places[-1]) == pytest.approx(19, rel=0.02)
    assert np.linalg.norm(np.diff(places, axis=0), axis=1) == pytest.approx(np.ones(19), rel=0.05)


def test_a_grid_is_unfolded_though_most_distances_are_not_looked_at():
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(25, 25))
    places = stress_layout(nx.to_scipy_sparse_array(graph, dtype=float))
    drawn = distances(places)
    neighbours = [drawn[i, j] for i, j in graph.edges]
    assert max(neighbours) < 2
    assert drawn[0, -1] == drawn.max() or drawn[24, 600] == drawn.max()  # opposite corners


def test_links_that_should_be_longer_are():
    lengths = scipy.sparse.csr_array(np.array([[0, 1.0, 3.0], [1.0, 0, 3.0], [3.0, 3.0, 0]]))
    drawn = distances(stress_layout(lengths))
    assert drawn[0, 1] == pytest.approx(1, rel=0.05)
    assert drawn[0, 2] == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(("size", "links"), [(0, 0), (1, 0), (2, 0), (2, 1), (5, 0)])
def test_the_smallest_networks_have_layouts(size, links):
    graph = nx.empty_graph(size)
    graph.add_edges_from([(0, 1)] * links)
    matrix = nx.to_scipy_sparse_array(graph, dtype=float) if size else scipy.sparse.csr_array((0, 0))
    places = stress_layout(matrix)
    assert places.shape == (size, 2)
    assert np.isfinite(places).all()
    assert size < 2 or distances(places)[~np.eye(size, dtype=bool)].min() > 0


def test_discs_keep_apart_even_if_all_begin_at_one_place():
    radii = np.linspace(0.1, 1, 60)
    places = np.zeros((60, 2))
    keep_apart(places, radii, 2000, 0.0, np.inf)
    assert overlaps(places, radii) == 0


def test_discs_stay_within_bounds():
    places = np.array([[5.0, 0], [0, 0.1], [-7, 3]])
    keep_apart(places, np.full(3, 0.2), 50, 0.0, 1.0)
    assert (np.hypot(*places.T) + 0.2 <= 1 + 1e-9).all()


def test_modules_do_not_overlap_and_hold_their_nodes(lesmis):
    layout = layout_of(lesmis)
    assert overlaps(layout.centres, layout.radii) == 0
    from_centre = np.linalg.norm(layout.places - layout.centres[lesmis.labels], axis=1)
    assert (from_centre + layout.dots <= layout.radii[lesmis.labels]).all()
    assert overlaps(layout.places, layout.dots) == 0


def test_areas_of_nodes_are_in_proportion_to_flow(lesmis):
    layout = layout_of(lesmis)
    large = layout.dots > 1.01 * layout.dots.min()  # the others have the least size that can be seen
    assert np.count_nonzero(large) > 40
    assert np.square(layout.dots)[large] / lesmis.flow[large] == pytest.approx(
        np.full(np.count_nonzero(large), 0.2), rel=1e-9
    )


def test_modules_that_exchange_much_flow_are_near():
    ring = nx.DiGraph([(i, (i + 1) % 12, {"weight": 0.1 if i % 2 else 10.0}) for i in range(12)])
    places = place_discs(np.full(12, 0.3), nx.to_scipy_sparse_array(ring, nodelist=range(12)).tocsr(), pull=0.0)
    apart = np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1)
    assert 2 * apart[::2].max() < apart[1::2].min()


def test_modules_are_turned_so_that_nodes_face_those_they_are_linked_to():
    graph = nx.disjoint_union(nx.path_graph(9), nx.path_graph(9))
    graph.add_edge(8, 9)
    result = mapeq.evaluate(graph, {i: i // 9 for i in range(18)})
    layout = layout_of(result)
    position = dict(zip(result.node_labels, layout.places, strict=True))
    near, far = np.linalg.norm(position[8] - position[9]), np.linalg.norm(position[0] - position[17])
    assert near < far / 3


def test_a_layout_fills_the_shape_of_the_picture():
    result = mapeq.evaluate(nx.barbell_graph(20, 0), {i: i // 20 for i in range(40)})
    wide, high = (np.ptp(layout_of(result, shape=shape).centres, axis=0) for shape in (0.4, 2.5))
    assert wide[0] > 5 * wide[1]
    assert high[1] > 5 * high[0]


def test_layouts_are_the_same_each_time(lesmis):
    once, again = (layout_of(lesmis, submodules=np.arange(77) % 30) for _ in range(2))
    for first, second in zip((*once[:-1], *once.inner), (*again[:-1], *again.inner), strict=True):
        assert np.array_equal(first, second)


def test_the_flow_between_modules_is_what_they_exit(lesmis):
    links = lesmis.link_flow()
    between = flow_between(lesmis.labels, lesmis.num_modules, links.sources, links.targets, links.flow)
    exits = [module.exit for module in lesmis.tree.children]
    assert between.sum(axis=1) == pytest.approx(np.array(exits), abs=1e-12)


def test_colours_of_neighbours_differ_also_to_the_colour_blind():
    rng = np.random.default_rng(1)
    radii = rng.uniform(0.3, 1, 120)
    centres = rng.uniform(0, 12, (120, 2))
    keep_apart(centres, radii, 500, 0.0, np.inf)
    closeness = closeness_of_discs(centres, radii)
    colours = assign_colours(closeness)
    touching = np.argwhere(np.triu(closeness > 0.9, 1))
    assert len(touching) > 50
    assert difference(colours[touching[:, 0]], colours[touching[:, 1]]).min() > 0.07


@pytest.mark.parametrize("number", [2, 4, 6, 7, 12, 40])
@pytest.mark.parametrize("seed", range(5))
def test_yellow_is_for_small_modules(number, seed):
    """It is faint on white. Modules that are all near to each other have all hues, but the largest are not yellow."""
    closeness = np.random.default_rng(seed).random((number, number)) * (seed > 0) + (seed == 0)
    colours = assign_colours((closeness + closeness.T) / 2)
    faint = {tuple(palette()[6])}
    assert faint.isdisjoint(map(tuple, colours[: 3 if number > 3 else 2]))


def test_the_first_modules_have_hues_and_colours_of_their_own():
    colours = assign_colours(np.ones((30, 30)))
    assert {tuple(colour) for colour in colours[:7]} == {tuple(colour) for colour in palette()[:7]}
    assert {tuple(colour) for colour in colours[:20]} == {tuple(colour) for colour in palette()[:20]}
    assert len({tuple(colour) for colour in colours}) == len(palette()) == 27


@pytest.mark.parametrize("num_modules", [40, 200])
def test_modules_that_exchange_most_flow_differ_in_colour(num_modules):
    graph = nx.random_partition_graph([8] * num_modules, 0.8, 0.08 / num_modules, seed=1)
    result = mapeq.evaluate(graph, {node: node // 8 for node in graph})
    links = result.link_flow()
    between = flow_between(result.labels, num_modules, links.sources, links.targets, links.flow)
    layout = layout_of(result)
    nearness = closeness_of_discs(layout.centres, layout.radii)
    colours = assign_colours(np.maximum(nearness, closeness_by_flow(between)))
    flow = (between + between.T).toarray()
    strongest = flow > 0.5 * np.maximum.outer(flow.max(axis=1), flow.max(axis=1))
    for near, least in ((strongest, 0.05), (nearness > 0.6, 0.03)):
        first, second = np.nonzero(np.triu(near, 1))
        assert len(first) > num_modules / 4
        assert difference(colours[first], colours[second]).min() > least


def test_modules_are_close_to_those_that_they_exchange_most_flow_with():
    between = scipy.sparse.csr_array(np.array([[9.0, 3, 0, 1], [1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]))
    expected = [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert closeness_by_flow(between) == pytest.approx(np.array(expected, dtype=float))
    assert closeness_by_flow(scipy.sparse.csr_array((0, 0))).shape == (0, 0)


def test_flow_alone_parts_colours_of_distant_discs():
    """A wheel: the hub exchanges flow with all others, and these with the two next to them."""
    wheel = nx.wheel_graph(60)
    closeness = closeness_by_flow(nx.to_scipy_sparse_array(wheel, dtype=float).tocsr())
    colours = assign_colours(closeness)
    assert min(float(difference(colours[i], colours[j])) for i, j in wheel.edges) > 0.04

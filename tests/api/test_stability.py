"""mapeq.stability."""

import csv
import json
import pickle
import signal
import threading

import matplotlib as mpl
import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.network.resampling import without_nodes
from mapeq.result.stability import Stability

mpl.use("agg")


@pytest.fixture(scope="module")
def found():
    return mapeq.stability(nx.les_miserables_graph(), resample="nodes", num_trials=6, num_resamples=9)


def made(result, trials, resamples=None, confidence=0.95):
    """A Stability of given partitions; the first is that of the result."""
    width = len(trials[0])
    return Stability(
        result=result,
        level=1,
        codelengths=np.full(len(trials), result.codelength),
        resampled=None if resamples is None else "nodes",
        fraction=None,
        confidence=confidence,
        seed=0,
        stopped_by=None,
        _best=0,
        _trials=np.array(trials, dtype=np.int32),
        _resamples=np.array(resamples or [], dtype=np.int32).reshape(-1, width),
    )


@pytest.fixture(scope="module")
def two_rings():
    """Two triangles, apart: all nodes have the same flow."""
    return mapeq.infomap([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)])


def test_right_values_over_trials(two_rings):
    found = made(two_rings, [[0, 0, 0, 1, 1, 1], [5, 5, 5, 2, 2, 2], [0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]])
    assert found.over_trials == pytest.approx([(1 + 2 / 3 + 1 / 2) / 3, (1 + 3 / 4 + 1 / 2) / 3])
    assert found.over_resamples is None
    assert found.core_probability == pytest.approx([1, 1, 2 / 3, 1, 1, 1])
    assert found.core_nodes() == {1: [0, 1], 2: [3, 4, 5]}
    (pair,) = found.together
    assert pair[:2] == (1, 2)
    assert pair.share == pytest.approx((0 + 1 / 3 + 1) / 3)
    assert found.distances[0, 2] == pytest.approx(1 - ((2 / 3 + 3 / 4) / 2 + (2 / 6 * 2 / 3 + 4 / 6 * 3 / 4)) / 2)
    assert found.distances[0, 1] == 0
    assert "modules 1 and 2 are together with probability 0.44" in str(found)


def test_right_values_over_networks_without_nodes(two_rings):
    base = [0, 0, 0, 1, 1, 1]
    found = made(two_rings, [base, base], [[0, 0, -1, 1, 1, -1], [-1, -1, -1, 0, 0, 1]], confidence=1.0)
    assert found.over_trials.tolist() == [1, 1]
    assert found.over_resamples == pytest.approx([1, (1 + 2 / 3) / 2])
    assert found.core_probability[[0, 1, 3, 4, 5]].tolist() == [1, 1, 1, 1, 0]
    assert np.isnan(found.core_probability[2])
    assert found.columns(nodes=True)["core_probability"][2] is None
    assert found.columns()["num_core"] == [2, 2]
    assert found.together == ()


def test_the_reference_is_the_best_trial_and_can_be_found_again(found):
    assert found.result.codelength == found.codelengths.min()
    again = mapeq.infomap(nx.les_miserables_graph(), seed=found.result.seed)
    assert again.modules() == found.result.modules()
    assert found.result.labels.tolist() == found._trials[found._best].tolist()


def test_resampled_networks_lack_a_fraction_of_the_nodes(found):
    assert np.count_nonzero(found._resamples < 0, axis=1).tolist() == [round(0.3 * 77)] * 9
    assert len(without_nodes(found.network, 0.3, np.random.default_rng(1))[1]) == 77 - round(0.3 * 77)


@pytest.mark.parametrize("resample", [None, "links", "nodes"])
def test_threads_change_nothing(resample):
    graph = nx.gnm_random_graph(120, 300, seed=3)
    several = [mapeq.stability(graph, resample=resample, num_trials=5, num_threads=t, seed=4) for t in (1, 2, 7)]
    for other in several[1:]:
        assert other.codelengths.tolist() == several[0].codelengths.tolist()
        assert other._trials.tolist() == several[0]._trials.tolist()
        assert other._resamples.tolist() == several[0]._resamples.tolist()
    assert mapeq.stability(graph, resample=resample, num_trials=5, seed=5).result.seed != several[0].result.seed


def test_more_searches_leave_the_others_as_they_are():
    graph = nx.gnm_random_graph(120, 300, seed=3)
    few = mapeq.stability(graph, resample="links", num_trials=3, num_resamples=2)
    many = mapeq.stability(graph, resample="links", num_trials=4, num_resamples=5)
    assert many._trials[:3].tolist() == few._trials.tolist()
    assert many._resamples[:2].tolist() == few._resamples.tolist()


def test_counts_are_drawn_anew_and_other_weights_are_left_out():
    counts, plain = nx.les_miserables_graph(), nx.ring_of_cliques(3, 4)
    for graph, options, kind, fraction in (
        (counts, {}, "bootstrap", None),
        (counts, {"fraction": 0.2}, "links", 0.2),
        (counts, {"weight": None}, "links", 0.3),
        (plain, {}, "links", 0.3),
    ):
        found = mapeq.stability(graph, resample="links", num_trials=2, **options)
        assert (found.resampled, found.fraction) == (kind, fraction)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_stable_is_planted_and_what_was_rewired_is_not(seed):
    rng = np.random.default_rng(seed)
    graph = nx.random_partition_graph([20] * 8, 0.4, 0.005, seed=seed)
    rewired = [(one, other) for one, other in graph.edges if one >= 80 and other >= 80]
    graph.remove_edges_from(rewired)
    graph.add_edges_from(rng.integers(80, 160, (len(rewired) * 45 // 100, 2)).tolist())
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    for resample in ("links", "nodes"):
        found = mapeq.stability(graph, resample=resample, num_trials=5, num_resamples=30, seed=seed)
        is_planted = np.array(found.result.node_labels) < 80
        assert found.core[is_planted].mean() > 0.8
        assert found.core[~is_planted].mean() < 0.3
        assert found.core_probability[is_planted].mean() > 0.97
        assert found.core_probability[~is_planted].mean() < 0.8


def test_trials_tell_whether_the_optimum_is_unique():
    ring = mapeq.stability(nx.ring_of_cliques(5, 5), num_trials=5)
    assert ring.over_trials.tolist() == [1] * 5
    assert ring.core.all()
    assert ring.distances.max() == 0
    grid = mapeq.stability(nx.grid_2d_graph(60, 60), num_trials=5)
    assert grid.over_trials.mean() < 0.9
    assert grid.distances.max() > 0.1


def test_levels():
    ring = nx.ring_of_cliques(30, 5)
    tops = mapeq.stability(ring, num_trials=2, multilevel=True)
    leaves = mapeq.stability(ring, num_trials=2, multilevel=True, level=-1)
    assert tops.num_modules < leaves.num_modules == len(leaves.over_trials) == 30


@pytest.mark.parametrize("graph", [[], [(0, 1)], nx.empty_graph(3), [(0, 0)]])
@pytest.mark.parametrize("resample", [None, "links", "nodes"])
def test_networks_without_modules(graph, resample):
    found = mapeq.stability(graph, num_trials=2, resample=resample)
    assert found.over_trials.tolist() == [1] * found.num_modules
    assert found.distances.shape == (len(found.codelengths) * (1 if resample is None else 2),) * 2
    assert str(found)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"num_trials": 1}, "num_trials must be a whole number, 2 or more, not 1"),
        ({"num_trials": 2.5}, "num_trials must be"),
        ({"resample": "weights"}, "resample must be None, "),
        ({"resample": "links", "fraction": 1.0}, "fraction must be a number above 0 and below 1, not 1.0"),
        ({"resample": "nodes", "fraction": 0}, "fraction must be a number above 0 and below 1, not 0"),
        ({"resample": "nodes", "fraction": float("nan")}, "fraction must be"),
        ({"fraction": 0.1}, "fraction must be omitted without resample"),
        ({"num_resamples": 3}, "num_resamples must be omitted without resample"),
        ({"resample": "links", "num_resamples": 0}, "num_resamples must be"),
        ({"confidence": 0}, "confidence must be"),
        ({"confidence": 1.1}, "confidence must be"),
        ({"level": 2}, "level must be 1 for the top modules or -1 for the finest, not 2"),
        ({"progress": 3}, "progress must be"),
        ({"markov_time": 0}, "markov_time must be"),
    ],
)
def test_bad_options_are_named_in_one_line(options, named):
    with pytest.raises(ValueError, match=named) as raised:
        mapeq.stability([(0, 1), (1, 2)], **options)
    assert "\n" not in str(raised.value)


def test_what_does_not_fit_is_refused():
    states = mapeq.Network.from_paths([["a", "b", "c"], ["c", "b", "a"]], order=2)
    with pytest.raises(ValueError, match=r"resample must be .* for state networks"):
        mapeq.stability(states, resample="nodes")
    assert mapeq.stability(states, resample="links", num_trials=2).resampled == "links"
    network = mapeq.Network.from_edges([0, 1], [1, 0], directed=True, node_weights=[1, 1])
    with pytest.raises(ValueError, match="resample must be None with precomputed flow"):
        mapeq.stability(network, flow_model="precomputed", resample="links")


@pytest.mark.parametrize("after", [1, 3, 6, 8])
def test_ctrl_c_returns_what_is_complete(after):
    seen = []

    def interrupt(state):
        seen.append(state)
        if len(seen) == after:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    options = {"num_trials": 6, "resample": "links", "num_resamples": 9, "progress": interrupt}
    if after < 2:
        with pytest.raises(KeyboardInterrupt):
            mapeq.stability(nx.les_miserables_graph(), **options)
        return
    found = mapeq.stability(nx.les_miserables_graph(), **options)
    whole = mapeq.stability(nx.les_miserables_graph(), **options | {"progress": False})
    assert found.stopped_by == "interrupt"
    assert len(found._trials) + len(found._resamples) == after == len(seen)
    assert found.codelengths.tolist() == whole.codelengths[: min(after, 6)].tolist()
    assert found._resamples.tolist() == whole._resamples[: max(after - 6, 0)].tolist()
    assert (found.resampled is None) == (after <= 6)
    assert "stopped by interrupt" in repr(found)


def test_tables(found):
    table, nodes = found.to_dataframe(), found.to_dataframe(nodes=True)
    assert table["over_resamples"].tolist() == found.over_resamples.tolist()
    assert table["num_core"].sum() == found.core.sum() == nodes["core"].sum()
    assert table["flow"].sum() == pytest.approx(1)
    assert dict(zip(nodes["node"], nodes["module"], strict=True)) == found.result.modules()
    summary = found.summary()
    assert summary["num_resamples"] == 9
    assert [module["over_trials"] for module in summary["modules"]] == found.over_trials.tolist()
    assert "<table>" in found._repr_html_()
    copy = pickle.loads(pickle.dumps(found))
    assert copy.columns(nodes=True) == found.columns(nodes=True)
    assert str(copy) == str(found)


def test_files(found, tmp_path):
    for suffix in ("csv", "tsv", "json", "svg"):
        found.write(tmp_path / f"stability.{suffix}")
    with (tmp_path / "stability.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["over_resamples"]) for row in rows] == found.over_resamples.tolist()
    assert [int(row["num_core"]) for row in rows] == found.columns()["num_core"]
    assert (tmp_path / "stability.tsv").read_text() == (tmp_path / "stability.csv").read_text().replace(",", "\t")
    assert json.loads((tmp_path / "stability.json").read_text()) == found.summary()
    assert "number of nodes" in (tmp_path / "stability.svg").read_text()
    with pytest.raises(ValueError, match="the suffix selects the format"):
        found.write(tmp_path / "stability.tree")


def test_only_the_largest_modules_are_printed():
    links = [
        (3 * triangle + one, 3 * triangle + other) for triangle in range(53) for one, other in ((0, 1), (1, 2), (0, 2))
    ]
    lines = str(mapeq.stability(links, num_trials=2)).splitlines()
    assert len(lines) == 1 + 50 + 1
    assert lines[-1] == "... and 3 modules more"
    book = mapeq.stability(nx.les_miserables_graph(), resample="links", num_trials=2, num_resamples=20)
    pairs = len(book.together)
    assert len(str(book).splitlines()) == 1 + 10 + min(pairs, 10) + (pairs > 10)
    assert len(book.describe_together()) == pairs


def test_progress_is_shown_on_terminals_only(capsys):
    mapeq.stability([(0, 1)], num_trials=2, progress=True)
    assert capsys.readouterr() == ("", "")


def test_pictures(found):
    ax = found.plot(name="book")
    assert ax.get_title(loc="left") or ax.get_title()
    drawn = next(part for part in ax.collections if part.get_gid() == "modules").get_offsets()
    assert drawn[:, 1].tolist() == found.stability.tolist()
    assert drawn[:, 0].tolist() == found.columns()["num_nodes"]
    ax.figure.canvas.draw()
    numbers = [text for text in ax.texts if text.get_text()]
    assert [int(text.get_text()) for text in numbers] == list(range(1, found.num_modules + 1))
    boxes = [text.get_window_extent() for text in numbers]
    assert not any(box.overlaps(other) for k, box in enumerate(boxes) for other in boxes[:k])
    assert all(ax.get_window_extent().overlaps(box) for box in boxes)
    landscape = found.plot("landscape")
    dots = {part.get_gid(): part.get_offsets() for part in landscape.collections}
    assert len(dots["trials"]) == 6
    assert len(dots["resamples"]) == 9
    with pytest.raises(ValueError, match='kind must be "modules" or "landscape"'):
        found.plot("pie")


def test_the_landscape_keeps_distances():
    from mapeq.pictures.stability import _scaled

    points = np.random.default_rng(1).random((8, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    places = _scaled(distances)
    assert np.linalg.norm(places[:, None] - places, axis=2) == pytest.approx(distances, abs=1e-9)

"""Side by side with infomap 2.16, as a black box: the same codelength for the same modules of the same network."""

import numpy as np
import pytest

import mapeq
from benchmarks.small import (
    DIRECTED,
    NODES,
    OBJECTIVES,
    RECORDED,
    Sample,
    draw,
    infomap,
    layered_sample,
    network,
    sample,
)
from mapeq._base.hierarchy import leaf_numbers
from mapeq.objective.level import network_level
from mapeq.objective.metadata import metadata_contents
from mapeq.objective.two_level import codelength, one_level_codelength, partition
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import VISIT
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

#: Networks for each set of options, and of layers.
NUM_NETWORKS = 30
NUM_LAYERED = 18


def reference(sample, options, module_of, labels=None):
    """What infomap says of a partition: codelength, index codelength, one-level codelength, visit rates.

    The `labels` are those of states of layers, in order.
    """
    numbers = range(sample.num_nodes) if sample.layered is None else sample.layered.numbers(labels)
    result = infomap(sample, options, no_infomap=True, two_level=True).run(
        initial_partition=dict(zip(numbers, module_of.tolist(), strict=True))
    )
    of_states = sample.physical is not None or sample.layered is not None
    visits = dict.fromkeys(numbers, 0.0)
    visits |= {node.state_id if of_states else node.node_id: node.flow for node in result.nodes(states=True)}
    return result.codelength, result.index_codelength, result.one_level_codelength, [visits[k] for k in numbers]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_codelengths_and_flow_are_those_of_infomap(name):
    options = OBJECTIVES[name]
    rng = np.random.default_rng(list(OBJECTIVES).index(name))
    for _ in range(NUM_LAYERED if name.startswith("layers") else NUM_NETWORKS):
        given = draw(rng, name)
        taken = network(given, options)
        found = mapeq.infomap(taken, num_threads=1, **options).labels
        at_random = rng.integers(0, rng.integers(1, given.num_nodes + 1), given.num_nodes)
        for module_of in (found, at_random):
            total, index, one_level, visits = reference(given, options, module_of, taken.labels)
            result = mapeq.evaluate(taken, module_of, **options)
            assert result.codelength == pytest.approx(total, rel=0, abs=1e-9)
            assert result.index_codelength == pytest.approx(index, rel=0, abs=1e-9)
            assert result.one_level_codelength == pytest.approx(one_level, rel=0, abs=1e-9)
            np.testing.assert_allclose(result.flow, visits, rtol=0, atol=1e-9)


@pytest.mark.parametrize("price", [{"entropy_correction": 1.0}, {"preferred_number_of_modules": 2}])
@pytest.mark.parametrize("name", ["undirected, metadata", "directed, metadata"])
def test_prices_add_to_metadata(name, price):
    """infomap leaves out the price of the numbers of code words and modules where there are metadata."""
    options = OBJECTIVES[name]
    rng = np.random.default_rng(len(name))
    for _ in range(NUM_NETWORKS):
        given = draw(rng, name)
        module_of = rng.integers(0, rng.integers(1, given.num_nodes + 1), given.num_nodes)
        total, index, one_level, _ = reference(given, options | price, module_of)
        result = mapeq.evaluate(network(given, options), module_of, **options, **price)
        assert result.codelength - result.price == pytest.approx(total, rel=0, abs=1e-9)
        assert result.index_codelength <= index + result.price + 1e-9
        whole = mapeq.evaluate(network(given, options), np.zeros_like(module_of), **options, **price)
        assert result.one_level_codelength - whole.price == pytest.approx(one_level, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", ["states", "states, directed"])
def test_states_share_code_words_beside_metadata_and_prices(name):
    """infomap gives states code words of their own where there are metadata, and leaves out the preferred number."""
    options = OBJECTIVES[name]
    rng = np.random.default_rng(len(name))
    for _ in range(NUM_NETWORKS):
        given = draw(rng, name)
        module_of = rng.integers(0, rng.integers(1, given.num_nodes + 1), given.num_nodes)
        marked = given._replace(categories=rng.integers(0, 3, given.num_nodes))
        total, index, _, _ = reference(marked, options | {"metadata_rate": 0.7}, module_of)
        result = mapeq.evaluate(network(marked, options), module_of, metadata_rate=0.7, **options)
        assert result.codelength - result.state_costs.sum() == pytest.approx(total, rel=0, abs=1e-9)
        assert result.index_codelength == pytest.approx(index, rel=0, abs=1e-9)
        preferred = options | {"preferred_number_of_modules": 2}
        total, index, _, _ = reference(given, preferred, module_of)
        result = mapeq.evaluate(network(given, options), module_of, **preferred)
        left_out = result.price if len(set(given.physical.tolist())) < given.num_nodes else 0.0
        assert result.codelength - left_out == pytest.approx(total, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", ["undirected", "recorded"])
@pytest.mark.parametrize("weighted", [True, False])
def test_modules_with_metadata_are_as_good_as_those_of_infomap(name, weighted):
    """Our modules cost infomap what they cost us, and seldom more than its own ones, of one trial each."""
    options = WalkOptions(**RECORDED) if name == "recorded" else WalkOptions()
    rng = np.random.default_rng(int(weighted))
    longer = []
    for _ in range(NUM_NETWORKS):
        given = sample(rng)
        categories, rate = rng.integers(-1, rng.integers(1, 4), given.num_nodes), float(rng.choice([0.3, 1.0, 2.5]))
        known = {node: category for node, category in enumerate(categories.tolist()) if category >= 0}
        flow = random_walk(network(given, options.as_dict()), options)
        contents = metadata_contents(categories, flow.nodes[:, VISIT], rate, weighted=weighted)
        found = leaf_numbers(find_modules(flow, contents=contents).hierarchy)
        level = network_level(flow, contents=contents)
        length = codelength(level, partition(level, found.copy()))

        def theirs(start=None, given=given, known=known, rate=rate, **more):
            engine = infomap(
                given, options.as_dict(), two_level=True, meta_data_rate=rate, meta_data_unweighted=not weighted, **more
            )
            engine.set_meta_data(known)
            return engine.run(initial_partition=start)

        same = theirs(dict(enumerate(found.tolist())), no_infomap=True)
        assert length.total == pytest.approx(same.codelength, rel=0, abs=1e-9)
        assert one_level_codelength(level) == pytest.approx(same.one_level_codelength, rel=0, abs=1e-9)
        longer.append(length.total > theirs(num_trials=1).codelength + 1e-9)
    assert np.mean(longer) < 0.1


def random_paths(rng, num_nodes):
    """Paths to leaf modules: of any depth, some modules alone in another."""
    paths = [(group,) for group in rng.integers(0, rng.integers(1, 5), num_nodes).tolist()]
    for _ in range(rng.integers(1, 4)):
        splits = {path: rng.random() < 0.6 and int(rng.integers(1, 4)) for path in sorted(set(paths))}
        paths = [(*path, int(rng.integers(splits[path]))) if splits[path] else path for path in paths]
    return dict(enumerate(paths))


HIERARCHICAL = [
    WalkOptions(),
    WalkOptions(markov_time=0.7),
    WalkOptions(**DIRECTED),
    WalkOptions(**RECORDED),
    WalkOptions(**RECORDED, **NODES, markov_time=1.6),
]


@pytest.mark.parametrize("suffix", ["tree", "ftree"])
@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_infomap_reads_our_hierarchies(number, suffix, tmp_path):
    options, path = HIERARCHICAL[number], tmp_path / f"modules.{suffix}"
    rng = np.random.default_rng(number)
    for _ in range(20 if suffix == "tree" else 5):
        given = sample(rng)
        ours = mapeq.evaluate(
            network(given, options.as_dict()), random_paths(rng, given.num_nodes), **options.as_dict()
        )
        ours.write(path)
        theirs = infomap(given, options.as_dict(), no_infomap=True, cluster_data=str(path)).run()
        assert ours.codelength == pytest.approx(theirs.codelength, rel=0, abs=1e-9)
        assert ours.index_codelength == pytest.approx(theirs.index_codelength, rel=0, abs=1e-9)
        assert (ours.num_levels, ours.num_modules) == (theirs.num_levels, theirs.num_top_modules)


@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_we_read_hierarchies_of_infomap(number, tmp_path):
    options = HIERARCHICAL[number]
    rng = np.random.default_rng(number)
    num_levels = []
    for _ in range(20):
        given = nested_sample(rng)
        engine = infomap(given, options.as_dict(), silent=True)
        theirs = engine.run()
        for path, write in {"m.tree": engine.write_tree, "m.ftree": engine.write_flow_tree}.items():
            write(str(tmp_path / path))
            ours = mapeq.evaluate(network(given, options.as_dict()), tmp_path / path, **options.as_dict())
            assert ours.codelength == pytest.approx(theirs.codelength, rel=0, abs=1e-9)
            assert ours.num_levels == theirs.num_levels
        num_levels.append(ours.num_levels)
    assert max(num_levels) > 2


def nested_sample(rng):
    """Small groups in groups, mostly linked among themselves, so that hierarchies of several levels pay."""
    n = 4 ** int(rng.integers(3, 5))
    sources = rng.integers(0, n, 4 * n)
    near = 4 ** rng.choice([1, 2, 3], 4 * n, p=[0.8, 0.15, 0.05])
    targets = sources // near * near + rng.integers(0, near)
    weights = rng.choice([np.ones(4 * n), rng.exponential(size=4 * n)])
    return Sample(list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True)), n, None)


LAYERED = ["layers", "layers, directed", "layers, similar", "layers, switching", "layers, linked", "layers, literal"]


@pytest.mark.parametrize("name", LAYERED)
def test_hierarchies_of_layers_take_as_many_bits_as_infomap_says(name):
    options, rng = OBJECTIVES[name], np.random.default_rng(len(name))
    num_levels = []
    for _ in range(4):
        given = layered_sample(rng, name)
        nested = nested_sample(rng)
        intra = [(k % 3 + 1, *link) for k, link in enumerate(nested.links) if link[0] != link[1]]
        layered = given.layered._replace(intra=intra, inter=[])
        states = layered.states()
        if name.endswith(("linked", "literal")):
            layered.inter.extend((a, i, 3, i, 1.0) for a, i in states if a < 3 and (3, i) in states)
        given = given._replace(layered=layered, num_nodes=len(states))
        taken = network(given, options)
        theirs = infomap(given, options, silent=True).run()
        path_of = {node.state_id: node.path[:-1] for node in theirs.nodes(states=True)}
        numbers = dict(zip(taken.labels, layered.numbers(taken.labels), strict=True))
        ours = mapeq.evaluate(taken, {label: path_of[k] for label, k in numbers.items()}, **options)
        assert ours.codelength == pytest.approx(theirs.codelength, rel=0, abs=1e-9)
        assert ours.num_levels == theirs.num_levels
        num_levels.append(ours.num_levels)
    assert max(num_levels) > 2


@pytest.mark.parametrize("number", range(len(HIERARCHICAL)))
def test_the_links_of_a_flow_tree_are_those_of_infomap(number, tmp_path):
    """Where all nodes have flow, and no two the same, the numbers agree, too."""
    options = HIERARCHICAL[number]
    rng = np.random.default_rng(number)
    for _ in range(5):
        given = sample(rng)
        ring = [(i, (i + 1) % given.num_nodes) for i in range(given.num_nodes)]
        ends = [*ring, *(link[:2] for link in given.links)]
        given = given._replace(links=[(*pair, rng.exponential()) for pair in ends])
        mapeq.evaluate(
            network(given, options.as_dict()), random_paths(rng, given.num_nodes), **options.as_dict()
        ).write(tmp_path / "ours.ftree")
        engine = infomap(given, options.as_dict(), no_infomap=True, cluster_data=str(tmp_path / "ours.ftree"))
        engine.run()
        engine.write_flow_tree(str(tmp_path / "theirs.ftree"))
        ours, theirs = (sections(tmp_path / name) for name in ("ours.ftree", "theirs.ftree"))
        assert ours.keys() == theirs.keys()
        for head in ours:
            assert ours[head].keys() == theirs[head].keys(), head
            for key, figures in ours[head].items():
                assert figures == pytest.approx(theirs[head][key], rel=1e-4, abs=1e-9), (head, key)


def sections(path):
    """What an .ftree file says: its figures, by heading and row."""
    found = {"nodes": {}}
    rows = found["nodes"]
    for line in path.read_text().splitlines():
        fields = line.split()
        if line.startswith("#"):
            continue
        if line.startswith("*Links") and len(fields) == 2:
            found[line] = {}
        elif line.startswith("*Links"):
            rows = found[fields[1]] = {"head": [float(field) for field in fields[2:]]}
        elif rows is found["nodes"]:
            rows[fields[0]] = [float(fields[1]), float(fields[3])]
        else:
            rows[fields[0], fields[1]] = [float(fields[2])]
    return found

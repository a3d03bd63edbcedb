"""Values that infomap 2.16.0 gives, see the head of data/golden.json."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import naive
import numpy as np
import pytest
from base.test_hierarchy import tree_of

import mapeq
from mapeq.io.files.networks import read_source
from mapeq.io.files.source import Source
from mapeq.network.network import Network
from mapeq.objective.counting import counting_term, entropy_bias
from mapeq.objective.level import network_level
from mapeq.objective.metadata import metadata_contents
from mapeq.objective.multilevel import multilevel_codelength, multilevel_partition
from mapeq.objective.two_level import codelength, one_level_codelength, partition
from mapeq.optimizer.trials import find_modules
from mapeq.walk.flow import VISIT, link_flows
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions

CASES = json.loads((Path(__file__).parents[1] / "data" / "golden.json").read_text())["cases"]
OPTIMA = [case for case in CASES if case["id"].startswith("opt_") and "-2" in case["options"].split()]
HIERARCHIES = [case for case in CASES if "tree" in case and "meta" not in case]
METADATA_HIERARCHIES = [case for case in CASES if "tree" in case and "meta" in case]
DEEP_OPTIMA = [case for case in CASES if case["id"].startswith("opt_") and case not in OPTIMA]
PARTITIONS = [case for case in CASES if "partition" in case]
every_hierarchy = pytest.mark.parametrize("case", HIERARCHIES, ids=[case["id"] for case in HIERARCHIES])
every_partition = pytest.mark.parametrize("case", PARTITIONS, ids=[case["id"] for case in PARTITIONS])

#: What each flag of the infomap command is here: the name of the option, and its value or the type of it.
FLAGS = {
    "-d": ("flow_model", "directed"),
    "-f": ("flow_model", str),
    "-p": ("teleportation_probability", float),
    "-e": ("recorded_teleportation", True),
    "--to-nodes": ("teleport_to", "nodes"),
    "--use-node-weights-as-flow": ("node_weights_as_flow", True),
    "--markov-time": ("markov_time", float),
    "--variable-markov-time": ("variable_markov_time", True),
    "--variable-markov-damping": ("variable_markov_damping", float),
    "--variable-markov-min-scale": ("variable_markov_min_scale", float),
    "--regularized": ("regularization", 1.0),
    "--regularization-strength": ("regularization", float),
    "--skip-adjust-bipartite-flow": ("bipartite_flow", "unfolded"),
    "--bipartite-teleportation": ("bipartite_flow", "two-step"),
}


def flow_options(case):
    words, options = iter(shlex.split(case["options"])), {"bipartite_flow": "infomap"}
    for word in words:
        if word in FLAGS:
            name, value = FLAGS[word]
            options[name] = value(next(words)) if isinstance(value, type) else value
    return WalkOptions(**options)


def nodes_of(case):
    """The numbers of the nodes, in order: this many, starting where infomap starts."""
    return sorted(map(int, case["expected"]["node_flows"]))


def network_of(case, options):
    nodes = nodes_of(case)
    sources, targets, weights = np.array(case["edges"]).T
    given = case.get("node_weights")
    network = Network.from_edges(
        np.searchsorted(nodes, sources),
        np.searchsorted(nodes, targets),
        weights,
        directed=options.flow_model != "undirected",
        labels=np.array(nodes),
        node_weights=None if given is None else [given[str(node)] for node in nodes],
    )
    if "bipartite_start_id" in case:
        network = replace(network, sides=np.array([node >= case["bipartite_start_id"] for node in nodes], np.uint8))
    return network.without_self_links() if "--no-self-links" in case["options"] else network


def counting_of(case, network):
    """The price of modules: entropy-bias correction or a preferred number; None in most cases."""
    words = shlex.split(case["options"])
    value = {word: words[k + 1] for k, word in enumerate(words[:-1])}
    strength = float(value.get("--entropy-correction-strength", 1)) if "--entropy-corrected" in words else 0.0
    return counting_term(entropy_bias(network, strength), int(value.get("--preferred-number-of-modules", 0)))


def objective_options(case):
    """The options of the objective, as those of the public functions."""
    words = shlex.split(case["options"])
    value = {word: words[k + 1] for k, word in enumerate(words[:-1])}
    options = {}
    if "--entropy-corrected" in words:
        options["entropy_correction"] = float(value.get("--entropy-correction-strength", 1))
    if "--preferred-number-of-modules" in words:
        options["preferred_number_of_modules"] = int(value["--preferred-number-of-modules"])
    if "meta" in case:
        options["metadata"] = [case["meta"].get(str(node)) for node in nodes_of(case)]
        options["metadata_rate"] = float(value.get("--meta-data-rate", 1))
        options["metadata_unweighted"] = "--meta-data-unweighted" in words
    return options


def contents_of(case, flow):
    """The metadata as contents; None in most cases."""
    if "meta" not in case:
        return None
    words = shlex.split(case["options"])
    rate = float(words[words.index("--meta-data-rate") + 1]) if "--meta-data-rate" in words else 1.0
    categories = np.array([case["meta"].get(str(node), -1) for node in nodes_of(case)])
    weighted = "--meta-data-unweighted" not in words
    return metadata_contents(categories, flow.nodes[:, VISIT], rate, weighted=weighted)


def level_of(case):
    flow = flow_of(case)
    return network_level(flow, counting_of(case, network_of(case, flow_options(case))), contents_of(case, flow))


def flow_of(case):
    options = flow_options(case)
    return random_walk(network_of(case, options), options)


def link_times(case):
    """The variable Markov times of the links from each node, from the visit rates that infomap gives."""
    options = flow_options(case)
    if not options.variable_markov_time:
        return np.ones(len(nodes_of(case)))
    visits = [case["expected"]["node_flows"][str(node)] for node in nodes_of(case)]
    ends = {(i, j) if options.directed else (min(i, j), max(i, j)) for i, j, _ in case["edges"]}
    count = sum(1 if i == j else 2 for i, j in ends)
    return naive.node_times(visits, count, options.variable_markov_damping, options.variable_markov_min_scale)


def partition_of(case):
    """The partition, its modules numbered as the expected ones are."""
    paths = case["expected"]["paths"]
    return np.array([paths[str(node)][0] - 1 for node in nodes_of(case)], dtype=np.uint32)


def close(expected):
    return pytest.approx(expected, rel=0, abs=1e-9)


def test_there_are_cases_of_every_flow_model():
    models = {flow_options(case).flow_model for case in PARTITIONS}
    assert models == {"undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed"}
    assert len(PARTITIONS) >= 30
    assert len(OPTIMA) >= 6
    assert len(HIERARCHIES) >= 6
    assert len([case for case in CASES if "meta" in case]) >= 5
    assert len(METADATA_HIERARCHIES) >= 1
    assert len(DEEP_OPTIMA) >= 2


@every_partition
def test_node_flows(case):
    expected = case["expected"]["node_flows"]
    assert flow_of(case).nodes[:, VISIT] == close([expected[str(node)] for node in nodes_of(case)])


@every_partition
def test_link_flows(case):
    options, nodes = flow_options(case), nodes_of(case)
    flow = random_walk(network_of(case, options), options)
    expected = np.zeros((len(nodes), len(nodes)))
    times = link_times(case)
    for source, target, carried in case["expected"]["links"]:
        if source != target:
            i, j = nodes.index(source), nodes.index(target)
            time = times[i] if options.directed else min(times[i], times[j])
            expected[i, j] += carried * options.markov_time * time
            expected[j, i] += carried * options.markov_time * time
    found = np.zeros_like(expected)
    rows = np.repeat(np.arange(len(nodes)), np.diff(flow.links.indptr).astype(int))
    found[rows, flow.links.indices] = link_flows(flow.links)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@every_partition
def test_enter_and_exit_flow_of_modules(case):
    given, found = case["partition"], partition_of(case)
    pairs = {(given[str(node)], module) for node, module in zip(nodes_of(case), found, strict=True)}
    assert len(pairs) == len(set(found.tolist()))  # the same partition, other numbers
    modules = partition(network_level(flow_of(case)), found).modules
    expected = [module for module in case["expected"]["modules"] if module["path"]]  # some cases list the root
    for module in expected:
        m = module["path"][0] - 1
        assert modules[m, :3] == close([module["flow"], module["enter"], module["exit"]])
    assert not modules[len(expected) :].any()


@every_partition
def test_codelengths(case):
    expected = case["expected"]
    level = level_of(case)
    found = codelength(level, partition(level, partition_of(case)))
    assert found.total == close(expected["codelength"])
    assert found.index_codelength == close(expected["index_codelength"])
    assert found.module_codelength == close(expected["module_codelength"])
    assert one_level_codelength(level) == close(expected["one_level_codelength"])


@every_partition
def test_files(case, tmp_path):
    """The file that infomap read gives the same network and the same codelength."""
    path = tmp_path / "network.net"
    path.write_text(case["network"])
    options = flow_options(case)
    with Source(path) as text:  # for infomap, a missing weight is 1
        network = read_source(text, directed=options.flow_model != "undirected", some_weights=True)
    labels = network.label_list() if network.ids is None else network.ids.tolist()
    assert labels == nodes_of(case)
    if "--no-self-links" in case["options"]:
        network = network.without_self_links()
    expected = network_of(case, options)
    np.testing.assert_allclose(network.matrix().toarray(), expected.matrix().toarray(), rtol=1e-15)
    result = mapeq.evaluate(network, partition_of(case), **options.as_dict(), **objective_options(case))
    assert result.codelength == close(case["expected"]["codelength"])
    if "meta" in case:
        plain = mapeq.evaluate(network, partition_of(case), **options.as_dict())
        assert result.metadata_codelength == close(case["expected"]["codelength"] - plain.codelength)


@pytest.mark.parametrize("case", OPTIMA, ids=[case["id"] for case in OPTIMA])
def test_the_search_reaches_the_optimum(case):
    """The best of 50 trials of infomap; of the nine triangles it misses a shorter description, in 3.4965 bits."""
    found = find_modules(flow_of(case), num_trials=20)
    known_better = {"opt_nine_triangles_two_level": 3.496483926017775}
    assert min(found.trials) == close(known_better.get(case["id"], case["expected"]["codelength"]))


def evaluated(case, hierarchy):
    options = flow_options(case)
    return mapeq.evaluate(network_of(case, options), hierarchy, **options.as_dict(), **objective_options(case))


def assert_expected(result, expected):
    assert result.codelength == close(expected["codelength"])
    assert result.index_codelength == close(expected["index_codelength"])
    assert result.module_codelength == close(expected["module_codelength"])
    assert result.one_level_codelength == close(expected["one_level_codelength"])


@every_hierarchy
def test_codelengths_of_hierarchies(case, tmp_path):
    expected = case["expected"]
    (tmp_path / "given.tree").write_text(case["tree"])
    result = evaluated(case, tmp_path / "given.tree")
    assert_expected(result, expected)
    result.write(tmp_path / "written.ftree")
    for hierarchy in (tmp_path / "written.ftree", {int(node): tuple(path) for node, path in expected["paths"].items()}):
        assert_expected(evaluated(case, hierarchy), expected)


@pytest.mark.parametrize("case", METADATA_HIERARCHIES, ids=[case["id"] for case in METADATA_HIERARCHIES])
def test_codelengths_of_hierarchies_with_metadata(case):
    expected, level = case["expected"], level_of(case)
    tree = tree_of([tuple(expected["paths"][str(node)]) for node in nodes_of(case)])
    found = multilevel_codelength(level, multilevel_partition(level, tree))
    assert found.total == close(expected["codelength"])
    assert found.index_codelength == close(expected["index_codelength"])
    assert found.module_codelength == close(expected["module_codelength"])
    assert one_level_codelength(level) == close(expected["one_level_codelength"])


@every_hierarchy
def test_modules_of_hierarchies(case, tmp_path):
    """Modules of equal flow may have other numbers: they are told by their nodes, and by those of the module above."""
    (tmp_path / "given.tree").write_text(case["tree"])
    nodes_in = {}
    for module in evaluated(case, tmp_path / "given.tree").tree.walk():
        nodes = frozenset(node for leaf in module.walk() for node in leaf.nodes)
        nodes_in[module.level, nodes] = (module.flow, module.enter, module.exit, module.codelength)
    expected = case["expected"]
    assert len(nodes_in) == len(expected["modules"])
    for module in expected["modules"]:
        path = module["path"]
        nodes = frozenset(int(node) for node, own in expected["paths"].items() if own[: len(path)] == path)
        figures = [module["flow"], module["enter"], module["exit"]]
        if "--entropy-corrected" not in case["options"]:  # which results do not know about
            figures.append(module["codelength"])
        assert nodes_in[len(path), nodes][: len(figures)] == close(figures)


@pytest.mark.parametrize("case", DEEP_OPTIMA, ids=[case["id"] for case in DEEP_OPTIMA])
def test_codelengths_of_the_best_hierarchies(case):
    paths = {int(node): tuple(path) for node, path in case["expected"]["paths"].items()}
    assert_expected(evaluated(case, paths), case["expected"])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", DEEP_OPTIMA, ids=[case["id"] for case in DEEP_OPTIMA])
def test_one_trial_finds_the_best_hierarchies(case, seed):
    found = find_modules(flow_of(case), multilevel=True, seed=seed)
    assert min(found.trials) <= case["expected"]["codelength"] + 1e-9


PRICED = [case for case in CASES if case["id"].startswith(("entropy_", "preferred_"))]


@pytest.mark.parametrize("case", PRICED, ids=[case["id"] for case in PRICED])
def test_prices_of_modules_through_evaluate(case):
    words, options = shlex.split(case["options"]), flow_options(case)
    value = {word: words[k + 1] for k, word in enumerate(words[:-1])}
    price = {"entropy_correction": float(value.get("--entropy-correction-strength", 1))}
    if "--entropy-corrected" not in words:
        price = {"preferred_number_of_modules": int(value["--preferred-number-of-modules"])}
    network = network_of(case, options)
    modules = {node: tuple(case["expected"]["paths"][str(node)]) for node in nodes_of(case)}
    result = mapeq.evaluate(network, modules, **options.as_dict(), **price)
    assert result.codelength == pytest.approx(case["expected"]["codelength"], rel=0, abs=1e-9)
    assert result.one_level_codelength == pytest.approx(case["expected"]["one_level_codelength"], rel=0, abs=1e-9)

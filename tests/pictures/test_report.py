"""Reports: one page of HTML that holds all it needs, is safe with any label, and works in a browser."""

import base64
import hashlib
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from reports import AWKWARD, caveman, data_of, shared_node, three_rings

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.report import data, rows, words
from mapeq.pictures.report.page import html_report

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """What a page is made of; refuses elements that are not closed where they should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.data = data_of(text)
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if text.strip():
            self.texts.append((self.open[-1] if self.open else "", text.strip()))

    def of(self, tag):
        return [text for name, text in self.texts if name == tag]

    @property
    def figures(self):
        return dict(zip(self.of("dt"), self.of("dd"), strict=True))


@pytest.fixture(scope="module")
def misery():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def deep():
    return three_rings()


# The file ------------------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_result(misery, tmp_path):
    misery.write(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert page.figures["nodes"] == "77"
    assert page.figures["undirected links"] == "254"
    assert page.figures["modules"] == str(misery.num_modules)
    assert page.figures["bits per step"] == f"{misery.codelength:.4f}"
    assert page.figures["saved by modules"] == f"{misery.relative_savings:.1%}"
    assert page.figures["Codelength"] == f"{misery.codelength:.9g} bits per step"
    assert page.figures["Seed"] == "0"
    assert page.figures["Stopped early"] == "no"
    assert page.figures["More trials would help"].startswith("probably" if misery.more_trials_help else "hardly")
    assert page.figures["Trials"].startswith("3: ")
    assert page.figures["Teleportation probability"] == "0.15"
    assert page.figures["Version"] == f"mapeq {mapeq.__version__}"
    explanation = next(text for text in page.of("p") if "random walk" in text)
    for figure in (misery.one_level_codelength, misery.codelength, misery.index_codelength, misery.module_codelength):
        assert f"{figure:.4f} bits" in explanation


def test_the_data_are_those_of_the_result(deep):
    found = Page(html_report(deep)).data
    modules = sorted(deep.tree.walk(), key=lambda module: (module.level, module.path))
    expected = [[m.num_nodes, m.flow, m.enter, m.exit, m.codelength] for m in modules]
    names = ("size", "flow", "enter", "exit", "codelength")
    np.testing.assert_allclose(np.transpose([found["modules"][name] for name in names]), expected, rtol=1e-5)
    assert found["modules"]["parent"] == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert found["modules"]["listed"] == [0] * 4 + [4] * 9
    assert sorted(found["nodes"]["label"]) == list(range(36))
    first_leaf = next(module for module in modules if module.is_leaf)
    assert found["nodes"]["label"][:4] == first_leaf.nodes
    assert sum(found["nodes"]["flow"]) == pytest.approx(1, rel=1e-3)


def test_levels_are_told_where_there_are_some(deep, misery):
    page = Page(html_report(deep))
    assert page.figures["top modules"] == "3"
    assert page.figures["finest modules"] == "9"
    assert page.figures["levels"] == "3"
    saved = [f"{bits:.4f}" for bits in deep.level_savings]
    assert [text for text in page.of("td") if text in saved] == saved
    assert "Levels, from the top modules to the finest" not in html_report(misery)


def test_nothing_is_loaded_from_anywhere(misery):
    page = Page(html_report(misery))
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "action"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
    links = set(re.findall(r"\w+://[^\"'\s)]*", "".join(page.of("style") + page.of("script"))))
    assert links <= {"http://www.w3.org/2000/svg"}  # a name, no address
    policy = next(attributes["content"] for _, attributes in page.elements if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; ")
    for element in (page.of("style")[0], page.of("script")[1]):
        assert len(element) > 1000


def test_the_policy_lets_in_this_style_and_this_program_alone(misery):
    text = html_report(misery)
    for element in ("<style>(.*)</style>", '<script type="module">(.*)</script>'):
        content = re.search(element, text, re.DOTALL)[1]
        assert f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'" in text


def test_labels_and_titles_cannot_become_html():
    result = mapeq.infomap(caveman(labels=AWKWARD))
    text = html_report(result, title="</title><script>alert(1)</script> & 'co' \udcff")
    page = Page(text)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not re.search(r"<b>|alert\(1\)</script>", text)
    assert sorted(page.data["nodes"]["label"]) == sorted(AWKWARD)
    assert page.of("bdi") == ["</title><script>alert(1)</script> & 'co' ?"]
    text.encode()


def test_labels_that_are_no_text_can_be_drawn_and_named_in_sentences():
    star = mapeq.infomap([("half of a pair: \udcff", leaf) for leaf in "abcdef"])
    assert "\udcff" in star.explanation
    assert "The walk is at node half of a pair: ? in" in html_report(star).encode().decode()


def test_labels_of_any_kind_can_be_written():
    labels = [(1, 2), 1.5, np.int64(7), True, 1 << 70, 2j, frozenset(), b"x", "1", 2, 3, -4]
    graph = caveman(labels=labels)
    graph.add_node("half of a pair: \ud800")  # which no file can hold as it is
    text = html_report(mapeq.infomap(graph))
    assert set(map(str, Page(text).data["nodes"]["label"])) == set(map(str, graph))
    text.encode()


def test_the_same_result_gives_the_same_bytes():
    pages = [html_report(mapeq.infomap(caveman(6, 5), seed=3)) for _ in range(2)]
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (nx.complete_graph(5), "All nodes are in one module, which saves nothing."),
        (nx.empty_graph(7), "No two nodes are linked"),
        (nx.empty_graph(1), "No two nodes are linked"),
        (nx.Graph([("alone", "alone")]), "there is nothing to describe"),
        (nx.empty_graph(0), "The network has no nodes"),
    ],
)
def test_networks_without_structure_have_reports(graph, sentence):
    page = Page(html_report(mapeq.infomap(graph)))
    assert any(sentence in text for text in page.of("p"))
    assert len(page.data["nodes"]["label"]) == len(graph)


def test_modules_that_save_nothing_are_called_so():
    result = mapeq.evaluate(caveman(), {node: node % 4 for node in range(12)})
    page = Page(html_report(result))
    assert any("which is not less" in text for text in page.of("p"))
    assert page.figures["Trials"] == "none; the modules were given"


def test_big_networks_have_small_reports_that_say_what_they_leave_out(monkeypatch):
    for room in (data, words):
        monkeypatch.setattr(room, "MOST_NODES", 30_000)
    cliques = np.arange(0, 60_000, 20)[:, None, None] + np.array([(i, j) for i in range(20) for j in range(i)])
    links = np.concatenate([cliques.reshape(-1, 2), np.stack([np.arange(0, 59_980, 20), np.arange(20, 60_000, 20)], 1)])
    result = mapeq.evaluate(links, np.arange(60_000) // 20)
    page = Page(html_report(result))
    assert set(page.data["modules"]["listed"][1:]) == {10}
    assert len(page.data["nodes"]["label"]) == 30_000
    assert any("Of 60,000 nodes, this page lists and finds 30,000" in note for note in page.of("p"))
    assert set(page.data["modules"]["drawn"][1:]) == {45}  # of the nodes that are listed
    for module in (1, 500):
        first = 10 * (module - 1)
        expected = result.tree.children[module - 1].nodes[:10]
        assert page.data["nodes"]["label"][first : first + 10] == expected


def test_a_hundred_thousand_nodes_are_all_found_on_a_page_below_5_mb():
    rng = np.random.default_rng(0)
    names = [bytes(row).decode() for row in rng.integers(97, 123, (100_000, 20)).astype(np.uint8)]
    modules = np.arange(100_000) // 100
    ends = rng.integers(0, 100_000, 1_000_000)
    others = np.where(rng.random(1_000_000) < 0.8, ends // 100 * 100 + rng.integers(0, 100, 1_000_000), ends[::-1])
    network = mapeq.Network.from_edges(ends, others, rng.uniform(1, 10, 1_000_000), labels=names)
    text = html_report(mapeq.evaluate(network, modules))
    page = Page(text)
    assert len(text) < 5_000_000
    assert sorted(page.data["nodes"]["label"]) == sorted(names)
    assert data.MOST_FLOWS / 2 < len(page.data["flows"]["flow"]) <= data.MOST_FLOWS
    assert None not in page.data["flows_each"]
    assert any("Of the flows from each module to others, the map has at least" in note for note in page.of("p"))


def test_of_many_modules_those_with_most_flow_are_listed(deep, monkeypatch):
    for room in (data, words):
        monkeypatch.setattr(room, "MOST_MODULES", 6)
    page = Page(html_report(deep))
    found = page.data["modules"]
    assert len(found["parent"]) == 6
    assert found["parent"][1:4] == [0, 0, 0]
    assert found["parent"][4:] == sorted(found["parent"][4:])
    assert found["size"][0] == 36
    assert min(found["flow"]) == pytest.approx(np.sort(deep.module_records[:, 0])[::-1][5], rel=1e-5)
    assert any("Of 12 modules, this page lists the 5 with most flow" in note for note in page.of("p"))


# Flow between parts --------------------------------------------------------------------------------


def paths_of(result):
    """The path of each node, from the top module down to its own rank in the finest one, all from 0.

    States of a physical node in the same module have the same rank, by their flow together.
    """
    states, position = result.network.states, {label: i for i, label in enumerate(result.node_labels)}
    found = {}
    for module in result.tree.walk():
        visits, first = Counter(), {}
        for node in module.nodes:
            one = node if states is None else int(states.physical[position[node]])
            visits[one] += result.flow[position[node]]
            first[one] = min(first.get(one, np.inf), position[node])
        ranks = {one: k for k, one in enumerate(sorted(visits, key=lambda one: (-visits[one], first[one])))}
        for node in module.nodes:
            one = node if states is None else int(states.physical[position[node]])
            found[node] = (*(step - 1 for step in module.path), ranks[one])
    return found


def flows_by_path(result):
    """The flow between parts by the path of their module, summed link by link in the smallest common module."""
    links, path, label = result.link_flow(), paths_of(result), result.node_labels
    found = Counter()
    for source, target, flow in zip(links.sources.tolist(), links.targets.tolist(), links.flow.tolist(), strict=True):
        one, other = path[label[source]], path[label[target]]
        common = next((k for k in range(len(one)) if one[k] != other[k]), None)
        if flow > 0 and common is not None:
            found[one[:common], one[common], other[common]] += flow
    return found


def flows_in_page(page):
    """The same from the data of a page."""
    modules, flows = page["modules"], page["flows"]
    path, children = [()], Counter()
    for parent in modules["parent"][1:]:
        path.append((*path[parent], children[parent]))
        children[parent] += 1
    of = np.repeat(np.arange(len(path)), modules["drawn"])
    found = {}
    for module, source, target, flow in zip(of, flows["source"], flows["target"], flows["flow"], strict=True):
        found[path[module], source, target] = flow
        if not page["directed"]:
            found[path[module], target, source] = flow
    return found


def gnp(directed):
    graph = nx.gnp_random_graph(60, 0.1, seed=3, directed=directed)
    for k, (u, v) in enumerate(graph.edges):
        graph[u][v]["weight"] = 1 + k % 7
    graph.add_edge(5, 5)
    return mapeq.evaluate(
        graph, {node: (node % 3, node % 6, node % 12) if node % 3 else (0, node % 9) for node in graph}
    )


def layered():
    layers = {"work": [("ann", "bob"), ("bob", "cid"), ("ann", "cid")], "sport": [("ann", "dan"), ("dan", "eve")]}
    return mapeq.infomap(mapeq.Network.from_layers(layers))


RESULTS = {
    "undirected": lambda: gnp(directed=False),
    "directed": lambda: gnp(directed=True),
    "three rings": three_rings,
    "layers": layered,
    "layers in a module": lambda: mapeq.evaluate(layered().network, np.zeros(6, int)),
    "shared node": shared_node,
    "bipartite": lambda: mapeq.infomap(nx.davis_southern_women_graph()),
}


@pytest.mark.parametrize("name", RESULTS)
def test_flows_are_those_of_the_links_within_their_smallest_common_module(name):
    result = RESULTS[name]()
    page = Page(html_report(result)).data
    found, expected = flows_in_page(page), flows_by_path(result)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[key] for key in expected], list(expected.values()), rtol=6e-3)
    if result.network.states is None:
        assert sum(found.values()) == pytest.approx(result.link_flow().flow.sum(), rel=6e-3)
    ends = np.repeat(np.arange(len(page["modules"]["drawn"])), page["modules"]["drawn"])
    assert (np.diff(page["flows"]["flow"])[np.diff(ends) == 0] <= 0).all()  # the strongest first
    assert page["modules"]["linked"] == page["modules"]["drawn"]
    assert page["flows_each"] == [None, None]


def test_flows_between_top_modules_are_what_enters_and_leaves_them():
    result = gnp(directed=False)
    top = {key[1:]: flow for key, flow in flows_in_page(Page(html_report(result)).data).items() if key[0] == ()}
    for module in range(result.num_modules):
        leaving = sum(flow for (source, _), flow in top.items() if source == module)
        assert leaving == pytest.approx(result.tree.children[module].exit, rel=6e-3)


@pytest.mark.parametrize("most", [12, 60, 200])
def test_of_many_flows_each_part_keeps_its_strongest(most, monkeypatch):
    graph = nx.gnp_random_graph(60, 0.4, seed=3, directed=True)
    for k, (u, v) in enumerate(graph.edges):
        graph[u][v]["weight"] = 1 + k % 7
    result = mapeq.evaluate(graph, {node: node % 4 for node in graph})
    everything = flows_in_page(Page(html_report(result)).data)
    for room in (data, words):
        monkeypatch.setattr(room, "MOST_FLOWS", most)
    page = Page(html_report(result))
    found = flows_in_page(page.data)
    assert len(found) <= most
    assert found.items() <= everything.items()
    for (module, source, target), flow in everything.items() - found.items():
        each = page.data["flows_each"][0 if module == () else 1]
        for part in (source, target):
            kept = [value for key, value in found.items() if key[0] == module and part in key[1:]]
            assert sum(value >= flow for value in kept) >= each
    assert sum(page.data["modules"]["linked"]) == len(everything)
    assert (page.data["flows_each"][0] is None) is (most > 24)  # twelve between modules, which may be half of all
    assert any("Of the flows from each node within its module, the map has" in note for note in page.of("p"))


def test_sides_are_told_of_bipartite_networks(misery):
    page = Page(html_report(mapeq.infomap(nx.davis_southern_women_graph())))
    assert sum(page.data["nodes"]["side"]) == 14
    assert {label[0] for label, side in zip(*map(page.data["nodes"].get, ("label", "side")), strict=True) if side} == {
        "E"
    }
    assert "second side" in " ".join(page.of("p"))
    assert "side" not in Page(html_report(misery)).data["nodes"]


def test_colours_are_those_of_one_level(deep):
    page = Page(html_report(deep)).data
    colours = [page["colours"][number] for number in page["modules"]["coloured"][1:4]]
    assert len(set(colours)) == 3
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in page["colours"])
    assert page["modules"]["coloured"][4:] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


# States --------------------------------------------------------------------------------------------


def rows_by_module(result):
    """The nodes of each finest module in the page: their labels, shares and flow."""
    page = data_of(html_report(result))
    ends = np.cumsum([0, *page["modules"]["listed"]])
    columns = (page["nodes"]["label"], page["states"]["share"], page["nodes"]["flow"])
    nodes = list(zip(*columns, strict=True))
    return page, [nodes[first:last] for first, last in pairwise(ends) if last > first]


@pytest.mark.parametrize("make", [shared_node, layered, lambda: mapeq.infomap(shared_node().network)])
def test_physical_nodes_are_listed_once_in_each_module_with_their_share(make):
    result = make()
    page, found = rows_by_module(result)
    level = result.num_levels - 1
    communities, memberships = result.communities(level), result.memberships(level)
    assert sorted(sorted(label for label, _, _ in nodes) for nodes in found) == sorted(map(sorted, communities))
    for nodes in found:
        number = communities.index({label for label, _, _ in nodes}) + 1
        for label, share, _ in nodes:
            assert share == pytest.approx(memberships[label].get(number, 0), rel=6e-3)
        flows = [flow for _, _, flow in nodes]
        assert flows == sorted(flows, reverse=True)
    assert sum(flow for nodes in found for _, _, flow in nodes) == pytest.approx(1, rel=1e-3)
    assert page["modules"]["members"][0] == sum(map(len, communities))
    for top, members in enumerate(result.communities(), start=1):
        assert page["modules"]["size"][top] == len(members)
    assert page["modules"]["size"][0] == len(memberships)
    assert sum(page["states"]["number"]) == result.num_nodes


def test_states_and_layers_of_nodes_are_named_the_most_visited_first():
    page = data_of(html_report(mapeq.evaluate(layered().network, np.zeros(6, int))))
    states = page["states"]
    named = {
        label: {states["names"][k] for k in named}
        for label, named in zip(page["nodes"]["label"], states["named"], strict=True)
    }
    assert named["ann"] == {"work", "sport"}
    assert named["bob"] == {"work"}
    result = shared_node()
    visits = dict(zip(result.node_labels, result.flow, strict=True))
    page = data_of(html_report(result))
    assert not page["states"]["layered"]
    for label, named, number in zip(
        page["nodes"]["label"], page["states"]["named"], page["states"]["number"], strict=True
    ):
        places = [tuple(page["states"]["names"][k].split(" > ")) for k in named]
        assert {place[-1] for place in places} == {label}
        assert len(places) == number
        assert [visits[place] for place in places] == sorted((visits[place] for place in places), reverse=True)


def test_of_many_states_the_same_number_is_named_of_each_node(monkeypatch):
    result = shared_node()
    for most, each in ((11, 0), (12, 1), (14, 1), (15, 2)):
        monkeypatch.setattr(rows, "MOST_STATES", most)
        named = data_of(html_report(result))["states"]["named"]
        assert max(map(len, named)) == each


def test_states_and_layers_are_counted(monkeypatch):
    page = Page(html_report(layered()))
    assert [page.figures[name] for name in ("nodes", "states", "layers")] == ["5", "6", "2"]
    assert "states" not in Page(html_report(three_rings())).figures
    page = Page(html_report(shared_node()))
    assert [page.figures[name] for name in ("nodes", "states")] == ["9", "15"]
    assert "with sectors in the colours of the others" in " ".join(page.of("p"))
    for room in (data, words):
        monkeypatch.setattr(room, "MOST_NODES", 8)
    page = Page(html_report(shared_node()))
    assert any(
        "Of 12 nodes, counted in each of their modules, this page lists and finds 8" in note for note in page.of("p")
    )
    assert page.data["modules"]["listed"] == [0, 0, 0, 2, 2, 2, 2]


# How one gets there --------------------------------------------------------------------------------


def test_the_command_writes_reports_that_bear_the_name_of_the_file(tmp_path):
    links = tmp_path / "friends & foes.txt"
    links.write_text("".join(f"{u} {v}\n" for u, v in caveman().edges()))
    assert main(["cluster", str(links), "--quiet", "-o", str(tmp_path / "out.html")]) == 0
    text = (tmp_path / "out.html").read_text()
    assert "<title>friends &amp; foes.txt · mapeq</title>" in text
    assert Page(text).figures["nodes"] == "12"


def test_clusters_of_embeddings_have_reports_too(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "vectors.npy", np.repeat(np.eye(4), 12, axis=0) + rng.normal(0, 0.05, (48, 4)))
    assert main(["embeddings", str(tmp_path / "vectors.npy"), "-q", "-o", str(tmp_path / "out.html")]) == 0
    assert Page((tmp_path / "out.html").read_text()).figures["modules"] == "4"


def test_reports_need_no_other_library(misery, monkeypatch, tmp_path):
    for library in ("matplotlib", "PIL", "alluvial"):
        monkeypatch.setitem(sys.modules, library, None)
    misery.write(tmp_path / "report.html")
    assert Page((tmp_path / "report.html").read_text()).figures["nodes"] == "77"

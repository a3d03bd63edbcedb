"""Reports: one page of HTML that holds all it needs, is safe with any label, and works in a browser."""

import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser

import networkx as nx
import numpy as np
import pytest
from reports import AWKWARD, caveman, three_rings

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.report import data, words
from mapeq.pictures.report.page import html_report

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """What a page is made of; refuses elements that are not closed where they should be."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
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

    @property
    def data(self):
        return json.loads(self.of("script")[0])


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


def test_big_networks_have_small_reports_that_say_what_they_leave_out():
    cliques = np.arange(0, 60_000, 20)[:, None, None] + np.array([(i, j) for i in range(20) for j in range(i)])
    links = np.concatenate([cliques.reshape(-1, 2), np.stack([np.arange(0, 59_980, 20), np.arange(20, 60_000, 20)], 1)])
    result = mapeq.evaluate(links, np.arange(60_000) // 20)
    text = html_report(result)
    page = Page(text)
    assert len(text) < 2_500_000
    assert set(page.data["modules"]["listed"][1:]) == {10}
    assert len(page.data["nodes"]["label"]) == 30_000
    assert any("Of 60,000 nodes, this page lists and finds 30,000" in note for note in page.of("p"))
    for module in (1, 500):
        first = 10 * (module - 1)
        expected = result.tree.children[module - 1].nodes[:10]
        assert page.data["nodes"]["label"][first : first + 10] == expected


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


def test_without_matplotlib_the_extra_is_named_before_anything_is_done(misery, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"this needs matplotlib: pip install 'mapeq\[plot\]'"):
        misery.write(tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []

"""Reports: one page of HTML that holds all it needs, is safe with any label, and works in a browser."""

import base64
import hashlib
import json
import re
import shutil
import sys
from html.parser import HTMLParser

import networkx as nx
import numpy as np
import pytest

import mapeq
from mapeq.cli.parser import main
from mapeq.pictures.report import data, words
from mapeq.pictures.report.page import html_report

AWKWARD = ["<b>x</b>", "a & b", "</script><script>document.title = 'taken over'</script>", '"quoted"', "Müller", "😀"]
AWKWARD += ["שלום עולם", "日本語", "x" * 150, "", "${data}", "line\nbreak"]
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


def caveman(cliques=3, size=4, labels=None):
    graph = nx.connected_caveman_graph(cliques, size)
    return nx.relabel_nodes(graph, dict(enumerate(labels))) if labels else graph


@pytest.fixture(scope="module")
def misery():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def deep():
    return three_rings()


def three_rings():
    """Three rings of three cliques each, as modules in modules."""
    graph = nx.disjoint_union_all([nx.ring_of_cliques(3, 4)] * 3)
    graph.add_edges_from([(0, 12), (13, 24), (25, 1)])
    levels = {node: (node // 12, node // 4) for node in graph}
    return mapeq.evaluate(graph, levels)


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
    assert page.figures["Converged"].startswith("yes" if misery.converged else "no: ")
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
        (nx.complete_graph(5), "All nodes are in one module, so that modules save nothing."),
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
    assert any("which is no less" in text for text in page.of("p"))
    assert page.figures["Trials"] == "none: the modules were given"


def test_big_networks_have_small_reports_that_say_what_they_leave_out():
    cliques = np.arange(0, 60_000, 20)[:, None, None] + np.array([(i, j) for i in range(20) for j in range(i)])
    links = np.concatenate([cliques.reshape(-1, 2), np.stack([np.arange(0, 59_980, 20), np.arange(20, 60_000, 20)], 1)])
    result = mapeq.evaluate(links, np.arange(60_000) // 20)
    text = html_report(result)
    page = Page(text)
    assert len(text) < 2_500_000
    assert set(page.data["modules"]["listed"][1:]) == {10}
    assert len(page.data["nodes"]["label"]) == 30_000
    assert any("Of 60,000 nodes this page lists, and finds, 30,000" in note for note in page.of("p"))
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
    assert any("Of 12 modules this page lists the 5 with most flow" in note for note in page.of("p"))


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


# In a browser --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    programs = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    program = next((path for path in programs if path), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as session:
        browser = session.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The path of the report of a result, which is made once."""
    folder, paths = tmp_path_factory.mktemp("reports"), {}

    def path_of(result, title):
        if result not in paths:
            paths[result] = folder / f"{len(paths)}.html"
            paths[result].write_text(html_report(result, title=title))
        return paths[result]

    return path_of


@pytest.fixture
def show(browser, written):
    """Opens a report, without a network; afterwards, nothing may have gone wrong or been asked for."""
    contexts, problems = [], []

    def opened(result, title=None, width=1280, **options):
        path = written(result, title)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        own = (path.as_uri(), "data:")
        page.on("request", lambda request: request.url.startswith(own) or problems.append(request.url))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def column(page, number):
    return page.locator(f"#modules tbody tr > :nth-child({number})").all_inner_texts()


def test_the_table_finds_the_module_of_a_node(misery, show):
    page = show(misery)
    assert column(page, 1) == [str(module + 1) for module in range(misery.num_modules)]
    assert column(page, 2) == [str(size) for size in misery.module_sizes]
    page.get_by_role("searchbox").fill("valjean")
    assert column(page, 1) == [str(misery.modules()["Valjean"] + 1)]
    assert page.locator("mark").all_inner_texts() == ["Valjean"]
    assert page.locator(".found").inner_text() == "1 module found."
    page.get_by_role("searchbox").fill("nobody of that name")
    assert column(page, 1) == []
    assert page.locator(".found").inner_text() == "No node or module of that name."
    page.get_by_role("searchbox").fill("")
    assert len(column(page, 1)) == misery.num_modules


def test_search_ignores_accents_and_prefers_whole_names(show):
    labels = ["Müller", "Muller & sons", *"cdefgh", "a mullerite", *"jkl"]
    result = mapeq.infomap(caveman(labels=labels))
    page = show(result)
    page.get_by_role("searchbox").fill("MULLER")
    assert page.locator("mark").all_inner_texts() == ["Müller", "Muller & sons", "a mullerite"]
    modules = result.modules()
    assert column(page, 1) == [str(modules["Müller"] + 1), str(modules["a mullerite"] + 1)]


def test_search_in_a_hierarchy_finds_the_modules_at_every_level(deep, show):
    page = show(deep)
    assert column(page, 1) == ["1", "2", "3"]
    page.get_by_role("searchbox").fill("30")
    path = next(module.path for module in deep.tree.walk() if 30 in module.nodes)
    assert column(page, 1) == [str(path[0]), ":".join(map(str, path))]
    page.locator("#modules select").select_option("finest")
    assert column(page, 1) == [":".join(map(str, path))]
    page.get_by_role("searchbox").fill("")
    page.locator("#modules select").select_option("2")
    assert column(page, 1) == [f"{top}:{rank}" for top in (1, 2, 3) for rank in (1, 2, 3)]


def test_the_table_is_sorted_by_what_is_clicked(misery, show):
    page = show(misery)
    page.get_by_role("button", name="Nodes").click()
    sizes = sorted(misery.module_sizes.tolist(), reverse=True)
    assert column(page, 2) == [str(size) for size in sizes]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Nodes").press("Enter")
    assert column(page, 2) == [str(size) for size in reversed(sizes)]
    page.get_by_role("button", name="Module", exact=True).click()
    assert column(page, 1) == [str(module + 1) for module in range(misery.num_modules)]


def test_all_nodes_of_a_module_can_be_listed(misery, show):
    page = show(misery)
    page.locator("#modules tbody tr").first.get_by_role("button", name="more").click()
    assert set(page.locator("#modules tbody tr").first.locator("bdi").all_inner_texts()) == misery.communities()[0]


def zoomed(page, text):
    page.locator(".zoomed", has_text=text).wait_for()


def test_the_hierarchy_is_zoomed_into_and_out_of(deep, show):
    page = show(deep)
    zoomed(page, "3 modules, 36 nodes.")
    page.get_by_role("treeitem", name="Module 2, ").click()
    zoomed(page, "Module 2: 3 modules, 12 nodes")
    page.get_by_role("treeitem", name="Module 2:3, ").click()
    zoomed(page, "Module 2:3: 4 nodes")
    assert page.get_by_role("treeitem").count() == 5  # its nodes, and the way out
    page.locator(".breadcrumb button", has_text="2").click()
    zoomed(page, "Module 2: ")
    page.get_by_role("treeitem", name="Zoom out").click()
    zoomed(page, "3 modules, 36 nodes.")
    page.go_back()
    zoomed(page, "Module 2: ")


def test_keys_do_what_the_mouse_does(deep, show):
    page = show(deep)
    page.locator('.cell[tabindex="0"]').focus()

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)
        return page.evaluate("document.activeElement.getAttribute('aria-label')").split(",")[0]

    assert press() == "Module 1"
    assert press("ArrowDown") == "Module 2"
    assert press("ArrowRight") == "Module 2:1"
    assert press("ArrowDown") == "Module 2:2"
    assert page.locator(".tooltip").inner_text().startswith("Module 2:2\n4 nodes\n")
    assert press("ArrowLeft", "ArrowUp") == "Module 1"
    press("Enter")
    zoomed(page, "Module 1: ")
    press("Escape")
    zoomed(page, "3 modules, 36 nodes.")


def test_the_table_leads_to_the_hierarchy(deep, show):
    page = show(deep)
    page.locator("#modules tbody").get_by_role("button", name="3", exact=True).click()
    zoomed(page, "Module 3: ")
    assert page.url.endswith("#3")


def test_modules_with_too_many_parts_are_shown_bit_by_bit(show):
    page = show(mapeq.infomap(nx.empty_graph(10_000)))
    assert page.locator("#modules tbody tr").count() == 25
    zoomed(page, "10,000 modules, 10,000 nodes.")
    rest = page.get_by_role("treeitem", name="more modules")
    assert rest.text_content() == "9,971 more modules"
    rest.click()
    page.locator(".breadcrumb", has_text="from the module no. 30").wait_for()
    assert page.get_by_role("treeitem", name="Module 30, ").is_visible()
    page.get_by_role("button", name="Next").click()
    assert column(page, 1)[0] == "26"
    page.get_by_role("searchbox").fill("9876")
    assert column(page, 1) == ["9876", "9877"]  # the module of that name, and that of the node


def test_what_is_not_listed_is_counted(show, monkeypatch):
    for room in (data, words):
        monkeypatch.setattr(room, "MOST_MODULES", 4)
    page = show(three_rings())
    page.get_by_role("treeitem", name="Module 2, ").click()
    zoomed(page, "Module 2: 12 nodes")
    assert page.get_by_role("treeitem").all_text_contents()[1:] == ["12 nodes not listed"]


def test_many_nodes_in_a_module_are_lines_with_names(show):
    links = [(0, node) for node in range(1, 200)]
    page = show(mapeq.evaluate(links, np.zeros(200, int)))
    page.get_by_role("treeitem", name="Module 1, ").click()
    zoomed(page, "too many to be drawn to scale")
    texts = page.get_by_role("treeitem").all_text_contents()
    assert texts[1].startswith("\u20680\u2069")
    assert "50.000%" in texts[1]
    assert texts[-1].startswith(f"{200 - (len(texts) - 2)} more nodes")


@pytest.mark.parametrize("width", [1280, 400])
def test_awkward_labels_are_shown_as_they_are(width, show):
    page = show(mapeq.infomap(caveman(labels=AWKWARD)), title="a & b", width=width)
    assert page.title() == "a & b · mapeq"
    shown = page.locator("#modules tbody bdi").evaluate_all("all => all.map(one => one.title)")
    assert sorted(shown) == sorted(AWKWARD)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_light_and_dark(misery, show, scheme, is_dark):
    page = show(misery, color_scheme=scheme)
    ground, ink = (
        page.evaluate(f"getComputedStyle(document.body).{name}.match(/\\d+/g).slice(0, 3).map(Number)")
        for name in ("backgroundColor", "color")
    )
    assert (sum(ground) < sum(ink)) is is_dark
    page.emulate_media(media="print")
    assert sum(page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")[:3]) < 200


@pytest.mark.parametrize("graph", [nx.complete_graph(5), nx.empty_graph(1), nx.empty_graph(0)])
def test_pages_of_networks_without_structure_work(graph, show):
    page = show(mapeq.infomap(graph))
    assert len(column(page, 1)) == min(len(graph), 1)

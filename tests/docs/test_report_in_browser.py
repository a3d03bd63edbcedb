"""Reports in a browser: what is clicked, typed and seen."""

import shutil

import networkx as nx
import numpy as np
import pytest
from reports import AWKWARD, caveman, shared_node, three_rings

import mapeq
from mapeq.pictures.report import data, words
from mapeq.pictures.report.page import html_report


@pytest.fixture(scope="module")
def misery():
    return mapeq.infomap(nx.les_miserables_graph(), num_trials=3)


@pytest.fixture(scope="module")
def deep():
    return three_rings()


@pytest.fixture(scope="module")
def shared():
    return shared_node()


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

    def opened(result, title=None, width=1280, moves=False, **options):
        path = written(result, title)
        motion = "no-preference" if moves else "reduce"
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=True, reduced_motion=motion, **options
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
    assert column(page, 1) == [str(misery.modules()["Valjean"])]
    assert page.locator("mark").all_inner_texts() == ["Valjean"]
    assert page.locator(".found").inner_text() == "1 module found."
    page.get_by_role("searchbox").fill("nobody of that name")
    assert column(page, 1) == []
    assert page.locator(".found").inner_text() == "No node or module with this name."
    page.get_by_role("searchbox").fill("")
    assert len(column(page, 1)) == misery.num_modules


def test_search_ignores_accents_and_prefers_whole_names(show):
    labels = ["Müller", "Muller & sons", *"cdefgh", "a mullerite", *"jkl"]
    result = mapeq.infomap(caveman(labels=labels))
    page = show(result)
    page.get_by_role("searchbox").fill("MULLER")
    assert page.locator("mark").all_inner_texts() == ["Müller", "Muller & sons", "a mullerite"]
    modules = result.modules()
    assert column(page, 1) == [str(modules["Müller"]), str(modules["a mullerite"])]


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
    page.locator("#modules thead").get_by_role("button", name="Nodes").click()
    sizes = sorted(misery.module_sizes.tolist(), reverse=True)
    assert column(page, 2) == [str(size) for size in sizes]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.locator("#modules thead").get_by_role("button", name="Nodes").press("Enter")
    assert column(page, 2) == [str(size) for size in reversed(sizes)]
    page.locator("#modules thead").get_by_role("button", name="Module", exact=True).click()
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
    page.locator("#hierarchy .breadcrumb button", has_text="2").click()
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


# The map -------------------------------------------------------------------------------------------


def parts_of(page):
    """The names of the discs in the current module on the map."""
    texts = page.locator(".inside[aria-hidden=false] .part").evaluate_all("all => all.map((one) => one.ariaLabel)")
    return [text.split(",")[0].strip("\u2068\u2069") for text in texts]


def where(page, text):
    page.locator(".where", has_text=text).wait_for()


def place_of(page, name):
    """The middle of a disc on the screen, and its radius; the name is the beginning of its description."""
    page.evaluate("document.querySelector('#network').scrollIntoView()")
    box = page.locator(f'.part[aria-label^="{name}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 2


def eventually(page, holds):
    """Wait until something holds, for five seconds at most."""
    for _ in range(250):
        if holds():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never held")


def is_on_the_map(page, name):
    x, y, radius = place_of(page, name)
    box = page.locator(".map").bounding_box()
    across = box["x"] < x - radius < x + radius < box["x"] + box["width"]
    return across and box["y"] < y - radius < y + radius < box["y"] + box["height"]


def click_on(page, name, at=0.95):
    """Click near the left rim of a disc."""
    x, y, radius = place_of(page, name)
    page.mouse.click(x - at * radius, y)


def test_modules_are_opened_and_closed_by_clicks(deep, show):
    page = show(deep)
    where(page, "3 modules, 36 nodes.")
    assert parts_of(page) == ["Module 1", "Module 2", "Module 3"]
    click_on(page, "Module 2, ")
    where(page, "Module 2: 3 modules, 12 nodes")
    assert parts_of(page) == ["Module 2:1", "Module 2:2", "Module 2:3"]
    click_on(page, "Module 2:3, ")
    where(page, "Module 2:3: 4 nodes")
    assert page.url.endswith("#2:3")
    module = next(module for module in deep.tree.walk() if module.path == (2, 3))
    assert parts_of(page) == [str(node) for node in module.nodes]
    assert place_of(page, "Module 2:3, ")[2] > 200  # it fills the map
    page.locator("#network .breadcrumb button", has_text="2").click()
    where(page, "Module 2: ")
    page.mouse.click(
        *[round(edge) for edge in (page.locator(".map").bounding_box()["x"] + 4, place_of(page, "Module 2, ")[1])]
    )
    where(page, "3 modules, 36 nodes.")  # a click around it
    page.go_back()
    where(page, "Module 2: ")


def nested(levels=4):
    """Pairs of pairs of pairs, as deep as there are levels, of cliques of four nodes."""
    graph = nx.disjoint_union_all([nx.complete_graph(4)] * 2**levels)
    for level in range(levels):
        step = 4 * 2**level
        graph.add_edges_from((node, node + step, {"weight": 0.5**level}) for node in range(0, len(graph), 2 * step))
    return mapeq.evaluate(graph, {node: tuple(node // (4 * 2**k) for k in reversed(range(levels))) for node in graph})


def test_deep_hierarchies_are_opened_level_by_level_and_closed_again(show):
    result = nested()
    page = show(result)
    paths = {module.path: module for module in result.tree.walk()}
    path = ()
    page.locator('.map [tabindex="0"]').focus()
    while not paths[path].is_leaf:
        names = [f"Module {':'.join(map(str, child.path))}" for child in paths[path].children]
        assert parts_of(page) == names
        assert page.locator(".inside[aria-hidden=false] .flows path").count() == 1
        path = paths[path].children[-1].path
        click_on(page, f"{names[-1]}, ")
        where(page, f"{names[-1]}: ")
        assert page.url.endswith("#" + ":".join(map(str, path)))
        assert place_of(page, f"{names[-1]}, ")[2] > 200
    assert parts_of(page) == [str(node) for node in paths[path].nodes]
    assert len(path) == result.num_levels - 1 == 4
    steps = page.locator("#network .breadcrumb li").all_inner_texts()
    assert steps == ["All modules", *(":".join(map(str, path[:k])) for k in range(1, len(path) + 1))]
    page.locator('.map [tabindex="0"]').focus()
    for k in reversed(range(1, len(path))):
        page.keyboard.press("Escape")
        where(page, f"Module {':'.join(map(str, path[:k]))}: ")
    page.keyboard.press("Escape")
    where(page, "2 modules, 64 nodes.")


def test_a_search_finds_what_is_in_deep_modules_and_opens_them(show):
    result = nested()
    page = show(result)
    path = next(module.path for module in result.tree.walk() if 63 in module.nodes)
    name = ":".join(map(str, path))
    page.get_by_role("searchbox").fill("63")
    page.locator(".hits").get_by_role("button", name=f"63 in {name}").click()
    where(page, f"Module {name}: 4 nodes")
    assert page.locator(".inside[aria-hidden=false] .part.hit").count() == 1
    around = page.locator(".part.module.hit").evaluate_all("all => all.map((one) => one.ariaLabel.split(',')[0])")
    assert around == ["Module " + ":".join(map(str, path[:k])) for k in range(1, len(path) + 1)]
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name=f"Module {name}", exact=True).click()
    where(page, f"Module {name}: 4 nodes")


def test_the_map_and_the_hierarchy_show_the_same_module(deep, show):
    page = show(deep)
    page.get_by_role("treeitem", name="Module 2, ").click()
    zoomed(page, "Module 2: 3 modules, 12 nodes")
    where(page, "Module 2: 3 modules, 12 nodes")
    assert parts_of(page) == ["Module 2:1", "Module 2:2", "Module 2:3"]
    click_on(page, "Module 2:1, ")
    zoomed(page, "Module 2:1: 4 nodes")
    assert page.locator("#hierarchy .breadcrumb").inner_text() == page.locator("#network .breadcrumb").inner_text()


def test_keys_open_and_close_modules_on_the_map(deep, show):
    page = show(deep)
    page.locator('.map [tabindex="0"]').focus()

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(50)
        return page.evaluate("document.activeElement.getAttribute('aria-label')").split(",")[0].strip("\u2068\u2069")

    assert press() == "Module 1"
    assert page.locator('.map [tabindex="0"]').count() == 1
    reached = {press("Arrow" + way) for way in ("Right", "Left", "Up", "Down", "Right", "Up", "Left", "Down")}
    assert reached == {"Module 1", "Module 2", "Module 3"}
    name = press()
    assert page.locator(".tooltip").inner_text().startswith(f"{name}\n3 modules\n12 nodes\n")
    assert press("Enter") == f"{name}:1"
    where(page, f"{name}: ")
    assert press("Enter") == str(next(m for m in deep.tree.walk() if m.path == (int(name[-1]), 1)).nodes[0])
    where(page, f"{name}:1: ")
    assert press("Escape") == f"{name}:1"
    assert press("Escape") == name
    where(page, "3 modules, 36 nodes.")


def test_tab_leads_from_the_search_to_the_map_the_hierarchy_and_the_table(deep, show):
    page = show(deep)
    page.get_by_role("searchbox").focus()
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        name = "(one) => (one.ariaLabel ?? one.textContent).split(',')[0]"
        reached.append(page.evaluate(f"({name})(document.activeElement)"))
    assert reached == [
        "Zoom in",
        "Zoom out",
        "Show all",
        "Module 1",
        "Module 1",
        "Top modulesLevel 2Finest modulesAll levels",
    ]


def test_wheel_drag_and_buttons_move_the_map_and_what_is_in_its_middle_is_the_current_module(deep, show):
    page = show(deep)
    x, y, before = place_of(page, "Module 3, ")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    eventually(page, lambda: place_of(page, "Module 3, ")[2] > 1.1 * before)
    assert place_of(page, "Module 3, ")[:2] == pytest.approx((x, y), abs=2)  # it stays under the pointer
    box = page.locator(".map").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.down()
    page.mouse.move(*middle, steps=4)
    page.mouse.up()
    assert place_of(page, "Module 3, ")[:2] == pytest.approx(middle, abs=2)
    page.mouse.move(*middle)
    page.mouse.wheel(0, -400)
    where(page, "Module 3: 3 modules, 12 nodes")  # now it is large
    assert place_of(page, "Module 3, ")[:2] == pytest.approx(middle, abs=2)  # and the map did not jump
    page.get_by_role("button", name="Show all").click()
    where(page, "3 modules, 36 nodes.")
    assert place_of(page, "Module 3, ")[2] == pytest.approx(before, abs=1)
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(50)
    assert place_of(page, "Module 3, ")[2] == pytest.approx(1.6 * before, abs=1)
    page.get_by_role("button", name="Zoom out").click()
    page.wait_for_timeout(50)
    assert place_of(page, "Module 3, ")[2] == pytest.approx(before, abs=1)


def test_two_fingers_zoom(deep, show):
    page = show(deep, has_touch=True)
    x, y, before = place_of(page, "Module 3, ")
    touch = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 20), ("touchMove", 30), ("touchMove", 40), ("touchEnd", None)):
        points = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_timeout(50)
    assert place_of(page, "Module 3, ")[2] == pytest.approx(2 * before, rel=0.02)
    assert place_of(page, "Module 3, ")[:2] == pytest.approx((x, y), abs=2)


def test_a_search_lights_up_nodes_and_the_modules_that_contain_them(misery, show):
    page = show(misery)
    page.get_by_role("searchbox").fill("valjean")
    module = misery.modules()["Valjean"]
    assert page.locator(".hits").inner_text().split("\n")[0] == f"1 node found: Valjean in {module}"
    hits = page.locator(".part.hit").evaluate_all("all => all.map((one) => one.ariaLabel.split(',')[0])")
    assert hits == [f"Module {module}", "\u2068Valjean\u2069"]
    page.get_by_role("button", name=f"Valjean in {module}").click()
    where(page, f"Module {module}: ")
    assert page.locator(".labels .name", has_text="Valjean").count() == 1
    page.get_by_role("searchbox").fill("nobody of that name")
    assert page.locator(".part.hit").count() == 0
    assert page.locator(".hits").inner_text().strip() == "0 nodes found."
    page.get_by_role("searchbox").fill("3")
    page.get_by_role("button", name="Module 3", exact=True).click()
    where(page, "Module 3: ")
    page.get_by_role("searchbox").fill("")
    assert not page.locator(".hits").is_visible()
    assert page.locator(".searching").count() == 0


# Nodes with several states


def plain(text):
    return text.replace("\u2068", "").replace("\u2069", "")


def colours(page, places):
    """The colours that elements have been given, as the browser writes them."""
    one = "document.body.style.color = one.style.getPropertyValue('--colour')"
    rgb = f"(one) => {{ {one}; return getComputedStyle(document.body).color }}"
    return page.locator(places).evaluate_all(f"all => all.map({rgb})")


def described_in(page, path, node):
    """What the tooltip says of a node in a module."""
    page.evaluate(f"location.hash = '{path}'")
    where(page, f"Module {path}: ")
    element = page.locator(f'.inside[aria-hidden=false] .part[aria-label^="\u2068{node}\u2069"]')
    element.dispatch_event("pointermove", {"bubbles": True})
    return plain(page.locator(".tooltip").inner_text()).split("\n")


def test_a_node_is_drawn_in_each_of_its_modules_and_says_how_much_of_it_is_there(shared, show):
    assert [round(share, 3) for share in shared.memberships(2)["c"].values()] == [0.765, 0.118, 0.118]
    page = show(shared)
    expected = {
        "1:1": ("76.5% of the node, 11.8% in 1:2, 11.8% in 2:1", {"d > c", "e > c"}, ["c", "e"]),
        "1:2": ("11.8% of the node, 76.5% in 1:1, 11.8% in 2:1", {"a > c", "b > c"}, ["a", "b", "c", "d"]),
        "2:1": ("11.8% of the node, 76.5% in 1:1, 11.8% in 1:2", {"g > c"}, ["c", "f", "g"]),
    }
    for path, (division, states, nodes) in expected.items():
        name, flow, place, of_states = described_in(page, path, "c")
        assert name == "c"
        assert flow.endswith("% of the flow")
        assert place == f"in module {path}: {division}"
        assert set(of_states.split(" ", 1)[1].split(", ")) == states
        assert sorted(parts_of(page)) == nodes
    assert described_in(page, "2:2", "h")[2:] == ["in module 2:2", "state f > h"]
    assert page.locator(".where").inner_text().startswith("Module 2:2: 3 nodes, ")


def test_sectors_on_a_node_have_the_sizes_and_colours_of_its_shares_in_other_modules(shared, show):
    page = show(shared)
    page.locator("#modules select").select_option("finest")
    swatches = page.locator("#modules .swatch").evaluate_all("all => all.map((one) => one.style.background)")
    colour = dict(zip(column(page, 1), swatches, strict=True))
    assert len(set(colour.values())) == 4
    page.evaluate("location.hash = '1:1'")
    where(page, "Module 1:1: ")
    sectors = page.locator(".inside[aria-hidden=false] .sectors path")
    of_sectors = colours(page, ".inside[aria-hidden=false] .sectors path")
    assert sorted(of_sectors) == sorted([colour["1:2"], colour["2:1"]])
    # Both together are less than a quarter of the disc, from its top anticlockwise.
    x, y, radius = place_of(page, "\u2068c\u2069, 22.")
    boxes = [sector.bounding_box() for sector in sectors.all()]
    assert all(box["x"] >= x - radius - 2 and box["x"] + box["width"] <= x + 2 for box in boxes)
    assert all(box["y"] + box["height"] <= y + 2 for box in boxes)


def test_a_node_in_several_modules_is_found_once_and_leads_to_each(shared, show):
    page = show(shared)
    page.get_by_role("searchbox").fill("c")
    text = page.locator(".hits").inner_text().split("\n")[0]
    assert "".join(text.split()) == "1nodefoundin3modules:cin1:1(76.5%)cin1:2(11.8%)cin2:1(11.8%)"
    assert column(page, 1) == ["1", "1:1", "1:2", "2", "2:1"]
    assert column(page, 2) == ["5", "2", "4", "5", "3"]
    assert page.locator("mark").all_inner_texts() == ["c"] * 5
    page.get_by_role("button", name="c in 2:1").click()
    where(page, "Module 2:1: 3 nodes")
    assert page.locator(".inside[aria-hidden=false] .part.hit").count() == 1
    page.get_by_role("searchbox").fill("")
    page.locator("#modules select").select_option("1")
    names = page.locator("#modules tbody tr").first.locator("bdi").all_inner_texts()
    assert sorted(names) == ["a", "b", "c", "d", "e"]  # c once, with all its flow in the module
    assert names[0] == "c"
    page.evaluate("location.hash = '1'")
    zoomed(page, "Module 1: 2 modules, 5 nodes, ")
    assert page.get_by_role("treeitem", name="not listed").count() == 0


def test_layers_of_a_node_are_named(show):
    layers = {
        name: [("ann", "bob"), ("bob", "cid"), ("ann", "cid"), *more]
        for name, more in (("work", [("ann", "eve")]), ("sport", []), ("home", []), ("school", []), ("club", []))
    }
    result = mapeq.evaluate(mapeq.Network.from_layers(layers), np.zeros(16, int))
    page = show(result)
    *_, place, of_layers = described_in(page, "1", "ann")
    assert place == "in module 1"
    assert of_layers.startswith("layers ")
    assert of_layers.endswith(" and 1 more")
    assert len(of_layers.split(", ")) == 4
    assert described_in(page, "1", "eve")[-1] == "layer work"
    assert page.locator(".sectors").count() == 0
    assert page.locator(".where").inner_text().startswith("Module 1: 4 nodes, ")


def test_a_module_that_is_too_small_to_be_drawn_is_drawn_when_it_is_opened(show):
    page = show(mapeq.infomap(nx.empty_graph(10_000)))
    where(page, "Of its 10,000 modules, 120 are drawn.")
    assert len(parts_of(page)) == 120
    page.get_by_role("searchbox").fill("9876")
    page.locator("#modules tbody").get_by_role("button", name="9876", exact=True).click()
    where(page, "Module 9876: 1 node")
    assert place_of(page, "Module 9876, ")[2] > 200
    page.locator("#network .breadcrumb button").first.click()
    where(page, "Of its 10,000 modules, 122 are drawn.")  # and that of the node of this name


def test_a_node_that_is_not_drawn_is_drawn_when_it_is_found(show):
    page = show(mapeq.evaluate([(0, node) for node in range(1, 200)], np.zeros(200, int)))
    page.evaluate("location.hash = '1'")
    where(page, "Of its 200 nodes, 120 are drawn. Of 199 flows between nodes, 119 strong ones are drawn.")
    page.get_by_role("searchbox").fill("198")
    assert page.locator(".part.hit").evaluate_all("all => all.map((one) => one.ariaLabel.split(',')[0])") == [
        "Module 1",
        "\u2068198\u2069",
    ]


def test_map_table_and_hierarchy_have_the_same_colours(misery, show):
    page = show(misery)
    expected = page.locator("#modules .swatch").evaluate_all("all => all.map((one) => one.style.background)")
    assert len(set(expected)) > 5

    assert colours(page, ".inside[aria-hidden=false] .part") == expected
    cells = colours(page, ".cell.module")
    assert cells == expected[: len(cells)]
    page.evaluate("location.hash = '2'")
    where(page, "Module 2: ")
    assert set(colours(page, ".inside[aria-hidden=false] .part")) == {expected[1]}


def test_without_javascript_the_page_says_what_is_missing(misery, show):
    assert show(misery, java_script_enabled=False).get_by_text("need JavaScript").is_visible()
    assert show(misery).get_by_text("need JavaScript").count() == 0


def test_flows_tell_what_they_are(show):
    page = show(mapeq.infomap([("a", "b"), ("b", "c"), ("c", "a")], directed=True))
    assert page.locator(".flows path").count() == 3
    page.locator(".flows path").last.dispatch_event("pointermove", {"bubbles": True})
    assert page.locator(".tooltip").inner_text().replace("\u2068", "").replace("\u2069", "") in {
        f"{source} → {target}\n33.3% of all steps" for source, target in ("ab", "bc", "ca")
    }
    assert page.get_by_text("narrower towards their target").is_visible()


def test_on_paper_all_of_the_network_is_drawn(deep, show):
    page = show(deep)
    page.evaluate("location.hash = '2:3'")
    where(page, "Module 2:3: ")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(is_on_the_map(page, f"Module {number}, ") for number in (1, 2, 3))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert place_of(page, "Module 2:3, ")[2] > 200


def test_a_map_that_flies_arrives(deep, show):
    page = show(deep, moves=True)
    page.evaluate("location.hash = '2'")
    eventually(page, lambda: place_of(page, "Module 2, ")[2] > 200)


@pytest.mark.parametrize("width", [420, 1280])
def test_the_map_fits_the_screen(deep, show, width):
    page = show(deep, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert all(is_on_the_map(page, f"Module {number}, ") for number in (1, 2, 3))


def test_labels_are_not_cut_off_at_the_sides_of_the_map(show):
    names = [f"somebody called {number}" for number in range(60)]
    page = show(mapeq.infomap(caveman(12, 5, labels=names)), width=420)
    box = page.locator(".map").bounding_box()
    for path in ("", "3", "7"):
        page.evaluate(f"location.hash = '{path}'")
        where(page, f"Module {path}: " if path else "12 modules, ")
        page.wait_for_timeout(100)
        labels = page.locator(".labels text").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect().toJSON())"
        )
        assert len(labels) > 4
        assert min(label["left"] for label in labels) > box["x"] - 2
        assert max(label["right"] for label in labels) < box["x"] + box["width"] + 2


def test_the_table_leads_to_the_map_and_the_hierarchy(deep, show):
    page = show(deep)
    page.locator("#modules tbody").get_by_role("button", name="3", exact=True).click()
    zoomed(page, "Module 3: ")
    where(page, "Module 3: ")
    assert 0 <= page.locator("#network").bounding_box()["y"] < 40
    assert page.url.endswith("#3")


def test_modules_with_too_many_parts_are_shown_bit_by_bit(show):
    page = show(mapeq.infomap(nx.empty_graph(10_000)))
    assert page.locator("#modules tbody tr").count() == 25
    zoomed(page, "10,000 modules, 10,000 nodes.")
    rest = page.get_by_role("treeitem", name="more modules")
    assert rest.text_content() == "9,971 more modules"
    rest.click()
    page.locator("#hierarchy .breadcrumb", has_text="from module 30 on").wait_for()
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
    zoomed(page, "too many parts to draw to scale")
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
    page.get_by_role("searchbox").fill("x")
    assert page.locator(".hits bdi").all_inner_texts() == ["<b>x</b>", "x" * 59 + "…"]
    page.evaluate("location.hash = '1'")
    where(page, "Module 1: ")
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

"""Draw pictures of the documentation, and take a screenshot of a report: ``python docs/figures.py``.

Those of why, sparse, metadata, bipartite, resolution, memory, layers, temporal, compare and stability.md. It needs
matplotlib, scikit-learn, playwright and Chromium. ``python examples/pictures.py docs`` draws the other pictures.
"""

import heapq
import shutil
from contextlib import chdir
from itertools import count, pairwise
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import networkx as nx
import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from sklearn.metrics import adjusted_mutual_info_score

import mapeq
from mapeq.pictures.report.page import html_report

mpl.use("Agg")
import matplotlib.pyplot as plt

COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]  # Okabe & Ito 2008, for colour-blind readers, too
GREY = "#666666"
STEPS = 24

HERE = Path(__file__).parent


def huffman(rates):
    """The binary code with the least mean length: a word for each name."""
    order = count()
    heap = [(rate, next(order), {name: ""}) for name, rate in rates.items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        (rate, _, left), (other, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        words = {name: "0" + word for name, word in left.items()} | {name: "1" + word for name, word in right.items()}
        heapq.heappush(heap, (rate + other, next(order), words))
    return heap[0][2]


def random_walk(graph, start, steps, seed):
    """The nodes that a walker visits."""
    random = np.random.default_rng(seed)
    visited = [start]
    for _ in range(steps):
        visited.append(list(graph[visited[-1]])[random.integers(graph.degree(visited[-1]))])
    return visited


def two_level_words(result, visited):
    """The words that describe a walk with a codebook for each module: pairs (word, module or None for the index)."""
    modules = dict(zip(result.node_labels, result.labels.tolist(), strict=True))
    flow = dict(zip(result.node_labels, result.flow, strict=True))
    enter = {module: part.enter for module, part in enumerate(result.tree.children)}
    exits = {module: part.exit for module, part in enumerate(result.tree.children)}
    index = huffman(enter)
    books = {
        module: huffman({node: flow[node] for node in flow if modules[node] == module} | {"exit": exits[module]})
        for module in enter
    }
    words = [(index[modules[visited[0]]], None), (books[modules[visited[0]]][visited[0]], modules[visited[0]])]
    for here, there in pairwise(visited):
        if modules[here] != modules[there]:
            words += [(books[modules[here]]["exit"], modules[here]), (index[modules[there]], None)]
        words.append((books[modules[there]][there], modules[there]))
    return words


def draw_network(ax, graph, result, visited):
    """Draw the network, its modules in colour, and the walk."""
    places = nx.kamada_kawai_layout(graph)
    modules = dict(zip(result.node_labels, result.labels.tolist(), strict=True))
    nx.draw_networkx_edges(graph, places, ax=ax, edge_color="#C8C8C8", width=1.2)
    random = np.random.default_rng(1)
    trace = np.array([places[node] for node in visited]) + random.normal(0, 0.012, (len(visited), 2))
    ax.plot(*trace.T, color="#222222", linewidth=1.1, zorder=2)
    colours = [COLOURS[modules[node]] for node in graph]
    nodes = nx.draw_networkx_nodes(graph, places, ax=ax, node_color=colours, node_size=230, edgecolors="white")
    nodes.set_zorder(3)
    start = places[visited[0]]
    ax.annotate("start", start, start * 1.28, ha="center", va="center", fontsize=10, color="#222222")
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.margins(0.12)


def draw_words(ax, words, top, title, width=50):
    """Write words in lines of a given width, downwards; return the height of the last line."""
    ax.text(0, top, title, fontsize=10.5, color="#222222", va="bottom")
    column, line = 0, top - 1.0
    for word, colour in words:
        if column + len(word) > width:
            column, line = 0, line - 1.25
        bold = "bold" if colour == "#222222" else "normal"
        ax.text(column, line, word, family="monospace", fontsize=10, color=colour, weight=bold, va="center")
        column += len(word) + 1.1
    return line


def draw_walk():
    graph = nx.ring_of_cliques(4, 5)
    result = mapeq.infomap(graph)
    visited = random_walk(graph, 7, STEPS, seed=8)
    flow = dict(zip(result.node_labels, result.flow, strict=True))
    book = huffman(flow)
    one = [(book[node], GREY) for node in visited]
    words = two_level_words(result, visited)
    two = [(word, "#222222" if module is None else COLOURS[module]) for word, module in words]
    lengths = [sum(len(word) for word, _ in words) for words in (one, two)]

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.6), width_ratios=[1, 1.45], layout="constrained")
    draw_network(left, graph, result, visited)
    left.set_title(f"{STEPS} steps of a random walk", fontsize=10.5)
    end = draw_words(right, one, 0, f"One codebook for all nodes: {lengths[0]} bits")
    end = draw_words(
        right, two, end - 2.6, f"A codebook for each module, and one (bold) for entering them: {lengths[1]} bits"
    )
    one_level, two_level = result.one_level_codelength, result.codelength
    note = f"In the long run at least {one_level:.2f} bits per step with one codebook, {two_level:.2f} with the modules"
    right.text(0, end - 2.2, note, fontsize=10.5, color="#222222", va="center")
    right.set_xlim(0, 58)
    right.set_ylim(end - 3, 1.2)
    right.set_axis_off()
    figure.savefig(HERE / "walk.png", dpi=150)


def lose_links(graph, share, seed):
    """The graph without a share of its links, drawn at random."""
    links = list(graph.edges)
    kept = np.random.default_rng(seed).permutation(len(links))[round(share * len(links)) :]
    left = nx.Graph()
    left.add_nodes_from(graph)
    left.add_edges_from(links[k] for k in kept)
    return left


def draw_sparse():
    """How well planted communities are found when links are missing, and how many modules there are."""
    shares = np.arange(0, 0.95, 0.1)
    strengths = {"without prior": 0.0, "strength 0.5": 0.5, "strength 1": 1.0}
    agreement, number = np.zeros((2, len(strengths), len(shares)))
    seeds, planted = (1, 2, 3), 0.0
    for seed in seeds:
        graph = nx.LFR_benchmark_graph(
            1000, 3, 1.5, 0.3, average_degree=15, max_degree=50, min_community=20, max_community=100, seed=seed
        )
        graph.remove_edges_from(list(nx.selfloop_edges(graph)))
        community = {node: min(data["community"]) for node, data in graph.nodes(data=True)}
        planted += len(set(community.values())) / len(seeds)
        for column, share in enumerate(shares):
            left = lose_links(graph, share, seed)
            linked = [node for node in left if left.degree(node)]
            for row, strength in enumerate(strengths.values()):
                modules = mapeq.infomap(left, regularization=strength, num_trials=5).modules()
                found, given = ([names[node] for node in linked] for names in (modules, community))
                agreement[row, column] += adjusted_mutual_info_score(given, found) / len(seeds)
                number[row, column] += len(set(found)) / len(seeds)
    panels = {"Agreement with the planted communities (AMI)": agreement, "Modules": number}
    figure, axes = draw_lines(100 * shares, panels, strengths, "links removed (%)")
    axes[1].axhline(planted, color=GREY, linewidth=0.8, linestyle=":")
    axes[1].text(80, planted + 2, "planted", fontsize=9, color=GREY)
    axes[1].legend(frameon=False, fontsize=9)
    figure.savefig(HERE / "sparse.png", dpi=150)


def draw_lines(x, panels, names, xlabel):
    """Panels side by side, by title: a line for each name in each."""
    figure, axes = plt.subplots(1, len(panels), figsize=(9.6, 3.4), layout="constrained")
    for ax, (title, lines) in zip(axes, panels.items(), strict=True):
        for colour, name, line in zip(COLOURS, names, lines, strict=False):
            ax.plot(x, line, "o-", color=colour, label=name, markersize=4)
        ax.set_title(title, fontsize=10.5)
        ax.set_xlabel(xlabel)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def draw_metadata():
    """How modules of people who write to each other come to agree with departments, and what that costs."""
    data = HERE.parent / "examples" / "data"
    graph = nx.read_edgelist(data / "email-eu-core.txt.gz", create_using=nx.DiGraph, nodetype=int)
    lines = (data / "email-eu-core-departments.txt").read_text().splitlines()
    departments = dict(tuple(map(int, line.split())) for line in lines if not line.startswith("#"))
    nx.set_node_attributes(graph, {node: departments[node] for node in graph}, "department")
    rates = np.array([0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0])
    weightings = {"by visit rate": False, "all people alike": True}
    agreement, bits = np.zeros((2, len(weightings), len(rates)))
    for row, unweighted in enumerate(weightings.values()):
        for column, rate in enumerate(rates):
            result = mapeq.infomap(
                graph, metadata="department", metadata_rate=rate, metadata_unweighted=unweighted, num_trials=10
            )
            agreement[row, column] = result.metadata_agreement()
            bits[row, column] = result.codelength - result.metadata_codelength
    panels = {"Agreement of modules and departments (AMI)": agreement, "Bits per step that describe the walk": bits}
    figure, axes = draw_lines(rates, panels, weightings, "metadata_rate")
    own = mapeq.evaluate(graph, {node: departments[node] for node in graph}).codelength
    axes[1].axhline(own, color=GREY, linewidth=0.8, linestyle=":")
    axes[1].text(0, own - 0.01, "departments as modules", fontsize=9, color=GREY, va="top")
    axes[0].legend(frameon=False, fontsize=9)
    figure.savefig(HERE / "metadata.png", dpi=150)


def draw_bipartite():
    """Who was at which event, by module; groups next to each other."""
    women = nx.davis_southern_women_graph()
    result = mapeq.infomap(women, num_trials=10, markov_time=0.5)
    modules = result.modules()
    names = sorted(women.graph["top"], key=lambda name: (modules[name], -women.degree(name)))
    events = sorted(women.graph["bottom"], key=lambda event: int(event[1:]))
    colours = dict(zip(range(1, result.num_modules + 1), [*COLOURS, GREY, "#56B4E9", "#D55E00"], strict=False))
    figure, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    for row, name in enumerate(names):
        for column, event in enumerate(events):
            if women.has_edge(name, event):
                ax.add_patch(plt.Rectangle((column - 0.42, row - 0.42), 0.84, 0.84, color=colours[modules[name]]))
    ax.set_xlim(-0.6, len(events) - 0.4)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.set_xticks(range(len(events)), events, fontsize=9)
    for tick, event in zip(ax.get_xticklabels(), events, strict=True):
        tick.set_color(colours[modules[event]])
    for tick, name in zip(ax.get_yticklabels(), names, strict=True):
        tick.set_color(colours[modules[name]])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title("Women, and the events they went to, by module", fontsize=10.5)
    figure.savefig(HERE / "bipartite.png", dpi=150)


def draw_variable():
    """A network of sparse and dense groups, by modules at one Markov time and at variable ones."""
    groups = [nx.watts_strogatz_graph(120, 4, 0.1, seed=seed) for seed in (1, 2)]
    groups += [nx.gnp_random_graph(25, 0.6, seed=seed) for seed in range(1, 13)]
    mixed = nx.disjoint_union_all(groups)
    inside = list(mixed.edges())
    mixed.add_edges_from(np.random.default_rng(1).choice(len(mixed), (120, 2)).tolist())
    sparse = [np.arange(first, first + 120) for first in (0, 120)]
    places = {}
    for position, nodes in enumerate(sparse):  # each group by itself, so that pieces show
        own = nx.kamada_kawai_layout(nx.Graph(mixed.subgraph(nodes.tolist()).edges()))
        places |= {node: own[node] * 1.5 + np.array([3.2 * position - 1.6, 1.1]) for node in nodes.tolist()}
    for position in range(12):
        nodes = range(240 + 25 * position, 265 + 25 * position)
        own = nx.spring_layout(mixed.subgraph(nodes), seed=1)
        centre = np.array([position % 6 * 1.1 - 2.75, -1.3 - position // 6 * 1.1])
        places |= {node: own[node] * 0.45 + centre for node in nodes}
    runs = {
        "One Markov time": {},
        "Variable Markov times": {"variable_markov_time": True, "variable_markov_damping": 0},
    }
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
    for ax, (title, options) in zip(axes, runs.items(), strict=True):
        result = mapeq.infomap(mixed, num_trials=5, **options)
        modules, colours = result.modules(), plt.get_cmap("tab20").colors
        nx.draw_networkx_edges(mixed, places, edgelist=inside, ax=ax, edge_color="#D8D8D8", width=0.5)
        drawn = [colours[modules[node] % 20] for node in mixed]
        nx.draw_networkx_nodes(mixed, places, ax=ax, node_color=drawn, node_size=14)
        ax.set_title(f"{title}: {result.num_modules} modules", fontsize=10.5)
        ax.set_axis_off()
        ax.set_aspect("equal")
    figure.savefig(HERE / "variable.png", dpi=130)
    reduce_colours(HERE / "variable.png")


def draw_memory():
    """Towns around a hub, by modules of the walk without memory and with it; the hub is in parts."""
    regions = (("Oslo", "Bergen", "Tromso"), ("Rome", "Pisa", "Bari"))
    trips = [[town for name in (*region, *region) for town in (name, "hub")] * 3 for region in regions]
    trips += [[name for town in reversed(region) for name in (town, "hub")] * 3 for region in regions]
    names = [*regions[0], *regions[1]]
    angles = np.deg2rad([150, 180, 210, 30, 0, -30])
    places = dict(zip(names, np.column_stack([np.cos(angles), np.sin(angles)]), strict=True)) | {"hub": np.zeros(2)}
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.2), layout="constrained")
    for ax, (order, title) in zip(axes, ((1, "Without memory"), (2, "With memory of the last place")), strict=True):
        result = mapeq.infomap(mapeq.Network.from_paths(trips, order=order))
        for name in names:
            ax.plot(*zip(places[name], places["hub"], strict=True), color="#C8C8C8", linewidth=1.5, zorder=1)
        for name, shares in result.memberships().items():
            begin, radius = 90.0, 0.16 if name == "hub" else 0.1
            for module, share in shares.items():
                wedge = plt.matplotlib.patches.Wedge(
                    places[name], radius, begin, begin + 360 * share, color=COLOURS[module - 1], zorder=2
                )
                ax.add_patch(wedge)
                begin += 360 * share
            beside = places[name] * 1.16 if name != "hub" else np.array([0, -0.27])
            side = "center" if name == "hub" else "right" if beside[0] < 0 else "left"
            ax.text(*beside, name, ha=side, va="center", fontsize=10)
        ax.set_title(f"{title}: {result.codelength:.2f} bits per step", fontsize=10.5)
        ax.set_xlim(-1.7, 1.7)
        ax.set_ylim(-0.75, 0.75)
        ax.set_axis_off()
        ax.set_aspect("equal")
    figure.savefig(HERE / "memory.png", dpi=130)


def draw_layers():
    """Families of Florence in two layers, by module."""
    result = run_path(str(HERE.parent / "examples" / "layers.py"))["result"]
    figure, ax = plt.subplots(figsize=(9.6, 4.9), layout="constrained")
    result.plot(ax=ax, name="Families of Florence")
    figure.savefig(HERE / "layers.png", dpi=110)
    reduce_colours(HERE / "layers.png")


def draw_overlap():
    """Characters of Les Misérables as parts of modules, by links and by a walk with memory."""
    found = run_path(str(HERE.parent / "examples" / "overlap.py"))
    found["figure"].savefig(HERE / "overlap.png", dpi=80)
    reduce_colours(HERE / "overlap.png", Image.Quantize.MEDIANCUT)  # which keeps pale colours apart


def draw_temporal():
    """A day at school: pupils by hours, by module."""
    with TemporaryDirectory() as folder, chdir(folder):
        result = run_path(str(HERE.parent / "examples" / "temporal.py"))["result"]
    figure, ax = plt.subplots(figsize=(9.0, 5.6), layout="constrained")
    result.plot("layers", ax)
    figure.savefig(HERE / "temporal.png", dpi=110)
    reduce_colours(HERE / "temporal.png")


def draw_compare():
    """Jazz musicians at three Markov times."""
    with TemporaryDirectory() as folder, chdir(folder):
        results = run_path(str(HERE.parent / "examples" / "alluvial_diagram.py"))["results"]
    ax = plt.subplots(figsize=(9.0, 6.0), layout="constrained")[1]
    mapeq.plot_changes(results, names=["Markov time 0.8", "1", "1.5"], ax=ax)
    ax.figure.savefig(HERE / "compare.png", dpi=110)
    reduce_colours(HERE / "compare.png")


def draw_stability():
    """Stability of modules against their agreement with planted communities, and with departments."""
    with TemporaryDirectory() as folder, chdir(folder):
        found = run_path(str(HERE.parent / "examples" / "stability.py"))
    found["figure"].savefig(HERE / "stability.png", dpi=100)
    reduce_colours(HERE / "stability.png")


def take_report():
    """Take a screenshot of a report on the e-mails, down to the map."""
    path = HERE.parent / "examples" / "data" / "email-eu-core.txt.gz"
    result = mapeq.infomap(path, directed=True, num_trials=10)
    with TemporaryDirectory() as folder, sync_playwright() as session:
        page_file = Path(folder, "report.html")
        page_file.write_text(html_report(result, title=path.name))
        browser = session.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1000)  # modules open one by one
        last = page.locator("#network").bounding_box()
        shown = {"x": 0, "y": 0, "width": 1280, "height": last["y"] + last["height"] + 24}
        page.screenshot(path=HERE / "report.png", clip=shown)
        browser.close()
    reduce_colours(HERE / "report.png", Image.Quantize.FASTOCTREE)


def reduce_colours(path, method=Image.Quantize.MAXCOVERAGE):
    """Fewer colours look the same in fewer bytes."""
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(method=method, kmeans=1, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    draw_walk()
    draw_sparse()
    draw_metadata()
    draw_bipartite()
    draw_variable()
    draw_memory()
    draw_layers()
    draw_temporal()
    draw_overlap()
    draw_compare()
    draw_stability()
    take_report()

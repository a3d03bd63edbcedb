"""Which modules can be trusted? Their stability, against planted communities and the departments of e-mail writers."""

from pathlib import Path

import matplotlib as mpl
import networkx as nx
import numpy as np
from scipy.stats import mannwhitneyu

import mapeq

mpl.use("Agg")
import matplotlib.pyplot as plt

DATA = Path(__file__).parent / "data"
MIXINGS = (0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7)


def agreement(found, truth):
    """How well each module agrees with groups: its Jaccard index, by flow, with those that are mostly in it.

    Modules may be coarser than the groups: a module of three whole groups agrees with them.
    """
    groups = np.unique([truth[node] for node in found.result.node_labels], return_inverse=True)[1]
    shared = np.zeros((found.num_modules, groups.max() + 1))
    np.add.at(shared, (found.labels, groups), found.result.flow)
    mostly = shared > shared.sum(axis=0) / 2
    both = (shared * mostly).sum(axis=1)
    return both / (shared.sum(axis=1) + (shared.sum(axis=0) * mostly).sum(axis=1) - both)


def ranking(stability, agreement):
    """Probability that a module that agrees (above 1/2) is more stable than one that does not: the AUC."""
    agrees = agreement > 0.5
    if agrees.all() or not agrees.any():
        return "nothing to rank"
    ranks = mannwhitneyu(stability[agrees], stability[~agrees]).statistic
    return f"AUC {ranks / (agrees.sum() * (~agrees).sum()):.2f}"


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", sharey=True)

print("Planted communities (LFR):")
colours = plt.get_cmap("viridis")(np.linspace(0, 0.95, len(MIXINGS)))
for mixing, colour in zip(MIXINGS, colours, strict=True):
    graph = nx.LFR_benchmark_graph(
        2000, 3, 1.5, mixing, average_degree=15, max_degree=40, min_community=20, max_community=40, seed=1
    )
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    planted = {node: min(data["community"]) for node, data in graph.nodes(data=True)}
    between = np.mean([planted[one] != planted[other] for one, other in graph.edges])
    found = mapeq.stability(graph, resample="links", num_trials=10, num_resamples=20)
    agrees = agreement(found, planted)
    told = ranking(found.stability, agrees)
    number = f"{found.num_modules} modules" if found.num_modules > 1 else "1 module"
    print(f"  mixing {mixing:.2f}: {between:.0%} of the links between communities, {number}; {told}")
    if found.num_modules > 1:
        left.scatter(agrees, found.stability, s=18, color=colour, alpha=0.7, linewidths=0, label=f"{between:.0%}")
left.set_title("Planted communities, by links between them", fontsize=10.5)
left.legend(frameon=False, fontsize=8, title_fontsize=8, loc="upper left")
left.set_ylabel("stability over networks without 30 % of the links", fontsize=9)

lines = (DATA / "email-eu-core-departments.txt").read_text().splitlines()
departments = dict(tuple(map(int, line.split())) for line in lines if not line.startswith("#"))
found = mapeq.stability(DATA / "email-eu-core.txt.gz", directed=True, resample="links", num_trials=10, num_resamples=50)
agrees = agreement(found, departments)
print(f"E-mails and departments: {found.num_modules} modules; {ranking(found.stability, agrees)}")
print(found)
sizes = np.bincount(found.labels)
right.scatter(agrees, found.stability, s=10 + 3 * sizes, color="#0072B2", alpha=0.45, linewidths=0)
for module in range(found.num_modules):
    if sizes[module] > 8:
        right.annotate(str(module + 1), (agrees[module], found.stability[module]), ha="center", va="center", fontsize=7)
right.set_title("E-mails: modules and departments", fontsize=10.5)
for ax in (left, right):
    ax.set_xlabel("agreement with the truth (Jaccard index)", fontsize=9)
    ax.set_xlim(-0.04, 1.06)
    ax.set_ylim(0, 1.06)
    ax.spines[["top", "right"]].set_visible(False)

folder = Path("out")
folder.mkdir(exist_ok=True)
figure.savefig(folder / "stability.png", dpi=80)
print(f"A picture: {folder / 'stability.png'}")

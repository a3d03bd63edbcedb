"""Overlapping modules of a plain network: characters of Les Misérables (Knuth 1993) who belong to several circles."""

from pathlib import Path

import matplotlib as mpl
import networkx as nx

import mapeq

mpl.use("Agg")
import matplotlib.pyplot as plt

graph = nx.les_miserables_graph()
result = mapeq.infomap(graph, num_trials=10)

# Who belongs where by at least a fifth of the links?
circles = result.communities(min_share=0.2)
print(f"{result.num_modules} modules; by links, {sum(map(len, circles)) - len(graph)} characters more are in them:")
for number, circle in enumerate(circles, 1):
    guests = sorted(name for name in circle if result.modules()[name] != number)
    print(f"  module {number}: {len(circle)} characters{', also ' if guests else ''}{', '.join(guests)}")

# A walk with memory counts only those whose links keep to a module: whoever comes from there goes on there.
memory = mapeq.infomap(result.network.with_memory(), num_trials=10)
print(f"With memory, {memory.num_modules} modules:")
for name, shares in memory.memberships().items():
    if len(shares) > 1:
        print(f"  {name}: {', '.join(f'{share:.0%} in module {number}' for number, share in shares.items())}")

folder = Path("out")
folder.mkdir(exist_ok=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(14, 7), layout="constrained")
result.plot("overlap", ax=left, name="Shares of links")
memory.plot(ax=right, name="Walk with memory")
figure.savefig(folder / "overlap.png", dpi=80)
print(f"A picture: {folder / 'overlap.png'}")

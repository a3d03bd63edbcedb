"""What ``make demo`` runs: find the communities of a real network, print them, draw them, and write a report."""

from collections import Counter
from pathlib import Path

import matplotlib as mpl

import mapeq

mpl.use("Agg")
import matplotlib.pyplot as plt

data = Path(__file__).parent / "data"
print("E-mails at a European research institution (the first run compiles for half a minute) ...")
result = mapeq.infomap(data / "email-eu-core.txt.gz", directed=True, num_trials=10)

print(f"\n{result.num_nodes:,} people, {result.num_links:,} links. Describing a random walk takes")
print(f"{result.one_level_codelength:.3f} bits per step without modules and")
print(f"{result.codelength:.3f} bits per step with these {result.num_modules}: {result.relative_savings:.1%} less.")

lines = (data / "email-eu-core-departments.txt").read_text().splitlines()
department = dict(map(int, line.split()) for line in lines if not line.startswith("#"))
print("\nThe search does not know the departments, yet most modules lie largely in one:\n")
print("module  people   flow  largest departments")
for module, community in enumerate(result.communities()[:12], 1):
    largest = Counter(department[person] for person in community).most_common(3)
    shares = ", ".join(f"no. {name} ({count / len(community):.0%})" for name, count in largest)
    print(f"{module:6} {len(community):7} {result.module_flow[module - 1]:6.1%}  {shares}")

folder = Path("out")
folder.mkdir(exist_ok=True)
figure, ax = plt.subplots(figsize=(8, 8), layout="constrained")
result.plot(ax=ax, name="E-mails at a research institution")
figure.savefig(folder / "communities.png", dpi=100)
result.write(folder / "report.html")
print(f"\nA picture: {folder / 'communities.png'}. A report to explore in a browser: {folder / 'report.html'}.")

"""What ``make demo`` shows: the communities of a real network, in numbers, as a picture and as a page to explore."""

from collections import Counter
from pathlib import Path

import matplotlib as mpl

import mapeq

mpl.use("Agg")
import matplotlib.pyplot as plt

data = Path(__file__).parent / "data"
print("Who writes to whom at a European research institution (first run: compiling, some seconds) ...")
result = mapeq.infomap(data / "email-eu-core.txt.gz", directed=True, num_trials=10)

print(
    f"\n{result.num_nodes:,} people, {result.num_links:,} links. A random walk takes {result.one_level_codelength:.3f} "
    f"bits per step to describe,\nwith these {result.num_modules} modules {result.codelength:.3f}: "
    f"{result.relative_savings:.1%} saved. Nobody told mapeq the departments:\n"
)
lines = (data / "email-eu-core-departments.txt").read_text().splitlines()
department = dict(map(int, line.split()) for line in lines if not line.startswith("#"))
print("module  people   flow  departments of its people")
for module, community in enumerate(result.communities()[:12]):
    common = Counter(department[person] for person in community).most_common(3)
    shares = ", ".join(f"{count / len(community):4.0%} no. {name}" for name, count in common)
    print(f"{module:6} {len(community):7} {result.module_flow[module]:6.1%}  {shares}")

figure, ax = plt.subplots(figsize=(8, 8), layout="constrained")
result.plot(ax=ax, name="E-mails of a research institution")
picture, report = Path("demo.png"), Path("demo.html")
figure.savefig(picture, dpi=100)
result.write(report)
print(f"\nA picture of it: {picture}. To look around in: {report}, in a browser.")

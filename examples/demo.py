"""Run by ``make demo``: find the communities of a real network, and show them as text, picture and interactive page."""

from collections import Counter
from pathlib import Path

import matplotlib as mpl

import mapeq

mpl.use("Agg")
import matplotlib.pyplot as plt

data = Path(__file__).parent / "data"
print("E-mails at a European research institution (the first run takes some seconds to compile) ...")
result = mapeq.infomap(data / "email-eu-core.txt.gz", directed=True, num_trials=10)

print(
    f"\n{result.num_nodes:,} people, {result.num_links:,} links. Describing a random walk takes "
    f"{result.one_level_codelength:.3f} bits per step,\nand {result.codelength:.3f} with these {result.num_modules} "
    f"modules ({result.relative_savings:.1%} saved). They match departments, which mapeq did not know:\n"
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
print(f"\nPicture: {picture}. Interactive report, for the browser: {report}.")

"""Compare modules at several Markov times, and draw how they change. Needs the extra ``plot``.

The same works for the snapshots of a growing network: nodes are matched by label.
"""

from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

import mapeq

mpl.use("Agg")

network = mapeq.read_network(Path(__file__).parent / "data" / "jazz.txt.gz")
times = (0.8, 1.0, 1.5)
results = [mapeq.infomap(network, markov_time=time, num_trials=10) for time in times]
for time, result in zip(times, results, strict=True):
    print(f"Markov time {time}: {result}")
for (time, result), (longer, other) in pairwise(zip(times, results, strict=True)):
    comparison = mapeq.compare(result, other)
    print(f"\nFrom {time} to {longer}, {comparison.moved_flow:.1%} of the flow moves, AMI {comparison.ami:.3f}:")
    for move in comparison.moves[:3]:
        print(
            f"  {move.num_nodes} musicians from module {move.one} to module {move.other}, {move.flow:.1%} of the flow"
        )

ax = mapeq.plot_changes(results, names=[f"Markov time {time}" for time in times])
picture = Path("out", "alluvial.png")
picture.parent.mkdir(exist_ok=True)
ax.figure.savefig(picture, dpi=120)
print(f"\nA picture, heights by flow: {picture}")

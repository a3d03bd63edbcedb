"""Draw how modules change with the Markov time, as an alluvial diagram. Needs ``pip install alluvial`` (MIT).

The same works for the snapshots of a growing network: the diagram matches nodes by label.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl

import mapeq

mpl.use("Agg")
import alluvial

network = mapeq.read_network(Path(__file__).parent / "data" / "jazz.txt.gz")
times = (0.8, 1.0, 1.5)
with TemporaryDirectory() as folder:
    files = []
    for time in times:
        result = mapeq.infomap(network, markov_time=time, num_trials=10)
        print(f"Markov time {time}: {result}")
        files.append(Path(folder) / f"{time}.tree")
        result.write(files[-1])
    ax = alluvial.plot(files, names=[f"Markov time {time}" for time in times], colors="similarity")
picture = Path("out", "alluvial.png")
picture.parent.mkdir(exist_ok=True)
ax.figure.savefig(picture, dpi=120)
print(f"\nA picture, heights by flow: {picture}")

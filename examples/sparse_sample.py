"""Lose links of a network of e-mails: what does a search still find, with and without a prior for missing links?"""

from pathlib import Path

import numpy as np

import mapeq

network = mapeq.read_network(Path(__file__).parent / "data" / "email-eu-core.txt.gz")
sources, targets, weights = network.links()
order = np.random.default_rng(0).permutation(len(sources))

print("links kept   plain: modules, saved   regularized: modules, saved")
for share in (1.0, 0.5, 0.3, 0.1):
    kept = order[: int(share * len(order))]
    sample = mapeq.Network.from_edges(sources[kept], targets[kept], weights[kept])  # of nodes with links
    plain, regularized = (mapeq.infomap(sample, num_trials=10, regularization=strength) for strength in (0, 1))
    print(
        f"{share:10.0%}   " + "   ".join(f"{r.num_modules:14}, {r.relative_savings:5.1%}" for r in (plain, regularized))
    )

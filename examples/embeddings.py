"""Cluster embeddings by similarity: handwritten digits, from nearest neighbours to modules.

Needs scikit-learn: pip install 'mapeq[examples]'.
"""

from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import kneighbors_graph

import mapeq

digits = load_digits()

# Each picture is linked to its 15 nearest by cosine similarity; a pair's weight is the sum of both links.
distances = kneighbors_graph(digits.data, n_neighbors=15, mode="distance", metric="cosine")
similarities = distances.copy()
similarities.data = 1 - similarities.data

# Two steps of the walk for one of the description: larger modules.
result = mapeq.infomap(similarities, directed=False, markov_time=2)

print(result)
print(f"agreement with the digits: AMI {adjusted_mutual_info_score(digits.target, result.labels):.3f}")
for module in range(min(12, result.num_modules)):
    members = digits.target[result.labels == module]
    print(f"module {module}: {len(members):3} pictures, mostly of a {max(set(members), key=list(members).count)}")

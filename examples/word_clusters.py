"""Cluster words by the company they keep, in the documentation of Python, NumPy, SciPy and NetworkX or in any text.

    python examples/word_clusters.py [TEXT]

The word vectors are singular vectors of positive pointwise mutual information (Levy, Goldberg & Dagan, TACL 3, 211,
2015). Vectors that are trained already need one command: ``mapeq embeddings glove.txt.gz -k 40 --min-similarity 0.5``.
"""

import re
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import networkx
import numpy as np
import scipy.sparse
from scipy.sparse.linalg import svds

import mapeq

MIN_COUNT, WINDOW, DIMENSIONS = 50, 5, 100


def documentation():
    """The docstrings of the standard library and of three packages."""
    texts = []
    for folder in [sysconfig.get_path("stdlib"), *(package.__path__[0] for package in (np, scipy, networkx))]:
        for path in sorted(Path(folder).rglob("*.py")):
            if not {"site-packages", "tests", "test"} & set(path.relative_to(folder).parts):
                texts += re.findall(r'"""(.*?)"""', path.read_text(errors="replace"), re.DOTALL)
    return "\n".join(texts)


def word_vectors(text):
    """The words that occur often enough, and a vector for each."""
    tokens = re.findall(r"[^\W\d_]+", text.lower())
    words = [word for word, count in Counter(tokens).items() if count >= MIN_COUNT]
    number = {word: i for i, word in enumerate(words)}
    sequence = np.array([number[token] for token in tokens if token in number])
    pairs = np.concatenate([np.column_stack([sequence[:-d], sequence[d:]]) for d in range(1, WINDOW + 1)])
    counts = scipy.sparse.coo_array((np.ones(len(pairs)), pairs.T), (len(words), len(words))).tocsr()
    counts = (counts + counts.T).tocoo()
    frequency = counts.sum(axis=1)
    context = frequency**0.75 / (frequency**0.75).sum()  # smoothed, as in word2vec
    information = np.log(counts.data / (frequency[counts.row] * context[counts.col]))
    positive = scipy.sparse.csr_array((np.maximum(information, 0), (counts.row, counts.col)), counts.shape)
    vectors, values, _ = svds(positive, DIMENSIONS, tol=1e-3, v0=np.ones(len(words)))
    return words, vectors * np.sqrt(values)


words, vectors = word_vectors(Path(sys.argv[1]).read_text() if len(sys.argv) > 1 else documentation())
graph = mapeq.neighbor_graph(vectors, n_neighbors=40, weights="similarity", min_similarity=0.5)
result = mapeq.infomap(mapeq.Network.from_csr(graph, labels=words))

print(f"{len(words):,} words in {np.count_nonzero(result.module_sizes > 1):,} clusters of two or more\n")
print("cluster   flow  words")
for module, members in enumerate(result.tree.children[:30]):
    print(f"{module:7} {members.flow:6.1%} {members.num_nodes:6}  {', '.join(members.nodes[:12])}")

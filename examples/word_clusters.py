"""Find clusters of words with similar use: word vectors, their nearest neighbours, and communities.

    python examples/word_clusters.py                 # words in the docstrings of Python, NumPy, SciPy and NetworkX
    python examples/word_clusters.py book.txt        # words in any plain text
    python examples/word_clusters.py glove.txt.gz    # pretrained word vectors

The vectors of a text are the singular vectors of the positive pointwise mutual information between words and the words
around them (Levy, Goldberg & Dagan, TACL 3, 211 (2015)).
"""

import argparse
import os
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
from mapeq.io.files.source import text_lines
from mapeq.io.files.vectors import read_vectors


def main():
    options = parsed_options()
    if options.file is None:
        words, vectors = trained(documentation(), options)
    elif holds_vectors(options.file):
        vectors, words = read_vectors(options.file)
    else:
        words, vectors = trained("\n".join(line for _, line in text_lines(options.file)), options)
    graph = mapeq.neighbor_graph(
        vectors,
        options.neighbors,
        weights="similarity",
        min_similarity=options.min_similarity,
        num_threads=os.cpu_count(),
    )
    network = mapeq.Network.from_csr(graph, labels=words)
    show(mapeq.infomap(network, markov_time=options.markov_time), words, options.clusters)


def show(result, words, most):
    """Print the clusters with most flow, and the most visited words of each."""
    print(f"{len(words):,} words in {np.count_nonzero(result.module_sizes > 1):,} clusters of two or more\n")
    print("cluster   flow  words")
    by_flow = np.argsort(-result.flow, kind="stable")
    for module in range(min(most, result.num_modules)):
        members = by_flow[result.labels[by_flow] == module]
        named = ", ".join(words[i] for i in members[:12])
        print(f"{module:7} {result.module_flow[module]:6.1%} {len(members):6}  {named}")


def parsed_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", help="a plain text, or word vectors in the format of word2vec or GloVe")
    parser.add_argument("--neighbors", type=int, default=40, help="neighbours per word (40)")
    parser.add_argument(
        "--min-similarity", type=float, default=0.5, help="minimum cosine similarity of neighbours (0.5)"
    )
    parser.add_argument("--markov-time", type=float, default=1, help="above 1, clusters grow (1)")
    parser.add_argument("--clusters", type=int, default=30, help="number of clusters to show (30)")
    training = parser.add_argument_group("training")
    training.add_argument("--min-count", type=int, default=20, help="ignore rarer words (20)")
    training.add_argument("--window", type=int, default=5, help="size of the context, in words on each side (5)")
    training.add_argument("--dimensions", type=int, default=100, help="dimension of the vectors (100)")
    return parser.parse_args()


def holds_vectors(file):
    """Return whether a file holds word vectors: its second line is a word followed by numbers only."""
    second = next((line.split()[1:] for number, line in text_lines(file) if number > 1), [])
    return len(second) > 1 and all(re.fullmatch(r"[-+.\de]+", field) for field in second)


def documentation():
    """Return the docstrings of installed libraries as one text."""
    folders = [Path(module.__file__).parent for module in (np, scipy, networkx)]
    found = []
    for folder in [Path(sysconfig.get_path("stdlib")), *folders]:
        for path in sorted(folder.rglob("*.py")):
            if not {"site-packages", "tests", "test"} & set(path.relative_to(folder).parts):
                found += re.findall(r'"""(.*?)"""', path.read_text(errors="replace"), re.DOTALL)
    return "\n".join(found)


def trained(text, options):
    tokens = re.findall(r"[^\W\d_]+", text.lower())
    counts = {word: count for word, count in Counter(tokens).items() if count >= options.min_count}
    if len(counts) <= options.dimensions:
        sys.exit(f"only {len(counts)} words occur {options.min_count} times or more: lower --min-count or --dimensions")
    numbers = {word: number for number, word in enumerate(counts)}
    places = np.array([numbers[token] for token in tokens if token in numbers])
    shape = len(counts), len(counts)
    together = scipy.sparse.csr_array(shape)
    for distance in range(1, options.window + 1):
        pairs = places[:-distance], places[distance:]
        together += scipy.sparse.coo_array((np.ones(len(pairs[0])), pairs), shape).tocsr()
    together = (together + together.T).tocoo()
    own = together.sum(axis=1)
    around = own**0.75  # smoothing, which reduces the weight of rare context words
    expected = own[together.row] * around[together.col] / around.sum()
    information = np.maximum(np.log(together.data / expected), 0).astype(np.float32)
    matrix = scipy.sparse.csr_array((information, (together.row, together.col)), shape)
    left, values, _ = svds(matrix, options.dimensions, tol=1e-3, v0=np.ones(len(counts)))
    return list(counts), left * np.sqrt(values)


if __name__ == "__main__":
    main()

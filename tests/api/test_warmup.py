"""After ``mapeq warmup`` nothing is compiled any more."""

import os
import subprocess
import sys

import pytest

#: Whatever the documentation shows, by kind. Each prints its name and how many kernels it has compiled.
KINDS = r"""
import io, os, sys, tempfile, warnings
warnings.simplefilter("ignore")
from numba.core import event

class Count(event.Listener):
    number = 0
    def on_start(self, event):
        self.number += 1
    def on_end(self, event):
        pass

counter = Count()
event.register("numba:compile", counter)
import networkx as nx, numpy as np, scipy.sparse
import mapeq
from mapeq.cli.parser import main

folder = tempfile.mkdtemp()
random = np.random.default_rng(0)
graph = nx.ring_of_cliques(40, 6)
weighted = nx.Graph(graph)
for number, (u, v) in enumerate(weighted.edges()):
    weighted[u][v]["weight"] = 1.0 + number % 5
way = nx.DiGraph(graph)
ways = nx.DiGraph(weighted)
words = nx.relabel_nodes(weighted, {node: f"node {node}" for node in weighted})
vectors = np.repeat(np.eye(8), 20, axis=0) + random.normal(size=(160, 8)) / 5
equal = np.repeat(vectors[::10], 20, axis=0)

def path(name, text=None):
    if text is not None:
        open(os.path.join(folder, name), "w").write(text)
    return os.path.join(folder, name)

def lines(graph, separator=" ", weights=True):
    rows = graph.edges(data="weight", default=1.0)
    return "".join(separator.join([str(u), str(v), *([str(w)] if weights else [])]) + "\n" for u, v, w in rows)

many = "".join(f"{i} {(7 * i + 1) % 3000} {1 + i % 3}\n" for i in range(100000))
files = {
    "numbers": path("numbers.txt", lines(weighted)),
    "links": path("links.txt", lines(graph, weights=False)),
    "tabs": path("tabs.tsv", lines(graph, "\t")),
    "words": path("words.csv", "source,target,weight\n" + lines(words, ",")),
    "plain words": path("words.txt", lines(nx.relabel_nodes(weighted, {n: f"n{n}" for n in weighted}))),
    "many": path("many.txt", many),
    "pajek": path("net.net", "*Vertices 4\n1 \"a\" 1.5\n2 \"b\"\n3 \"c\"\n4 \"d\"\n*Edges\n1 2\n2 3 2\n3 4\n"),
    "arcs": path("arcs.net", "*Vertices 3\n*Arcs\n1 2\n2 3 2\n3 1\n"),
}

def command(*arguments):
    out, err, sys.stdout, sys.stderr = sys.stdout, sys.stderr, io.StringIO(), io.StringIO()
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.stdout, out, sys.stderr, err = out, sys.stdout, err, sys.stderr
    assert not code, err.getvalue()

def all_of_result(result):
    result.alternatives(), result.membership_strength(), result.similarity([(0, 1)]), result.predict_links(5)
    result.summary(), result.explanation, result.link_flow(), result.level_savings, str(result.tree)
    for name in ("r.tree", "r.ftree", "r.clu", "r.csv", "r.json", "r.html", "r.svg"):
        result.write(path(name)) if not name.endswith(".svg") else result.plot().figure.savefig(path(name))

kinds = {}
for name, network in {"graph": graph, "weighted": weighted, "directed": way, "weighted, directed": ways}.items():
    for multilevel in (False, True):
        for options in ({}, {"num_trials": 3}, {"markov_time": "auto"}, {"markov_time": 2.0}, {"num_threads": 2}):
            label = f"{name}, {multilevel}, {options}"
            kinds[label] = lambda n=network, m=multilevel, o=options: mapeq.infomap(n, multilevel=m, **o)
    kinds[f"{name}, recorded"] = lambda n=network: [
        mapeq.infomap(n, recorded_teleportation=True, multilevel=m, flow_model="directed", teleport_to=t)
        for m in (False, True) for t in ("links", "nodes")
    ]
    kinds[f"{name}, from before"] = lambda n=network: [
        mapeq.infomap(n, multilevel=m, initial_partition=mapeq.infomap(n, multilevel=m)) for m in (False, True)
    ]
    kinds[f"{name}, from a dict"] = lambda n=network: mapeq.infomap(n, initial_partition={u: u // 6 for u in n})
    kinds[f"{name}, evaluated"] = lambda n=network: [
        mapeq.evaluate(n, {u: u // 6 for u in n}),
        mapeq.evaluate(n, {u: (u // 12, u // 6) for u in n}),
    ]
    kinds[f"{name}, result"] = lambda n=network: [
        all_of_result(mapeq.infomap(n, multilevel=m)) for m in (False, True)
    ]
def changed():
    for network in (graph, weighted, way, ways):
        result = mapeq.infomap(network)
        more = network.copy()
        more.add_edge(0, 100)
        more.add_edge("new", 3)
        mapeq.infomap(more, initial_partition=result)
kinds["changes"] = changed
for model in ("rawdir", "precomputed"):
    kinds[model] = lambda m=model: mapeq.infomap(
        mapeq.Network.from_edges([0, 1, 2, 3], [1, 2, 0, 0], [0.25] * 4, directed=True, node_weights=[0.25] * 4),
        flow_model=m,
    )
kinds["assign"] = lambda: mapeq.infomap(graph).assign([("new", 3)])
kinds["containers"] = lambda: [
    mapeq.infomap(nx.to_scipy_sparse_array(weighted)), mapeq.infomap(np.array(graph.edges())),
    mapeq.infomap(np.array(graph.edges()) * 10**9), mapeq.infomap(list(words.edges(data="weight"))),
    mapeq.infomap(nx.to_numpy_array(weighted)), mapeq.Network.from_edges(["a"], ["b"]).summary(),
]
kinds["info of Python"] = lambda: [mapeq.io.inputs.as_network(n).summary() for n in (graph, weighted, way, ways)]
kinds["NetworkX"] = lambda: [
    mapeq.infomap_communities(graph), list(mapeq.infomap_partitions(ways)), mapeq.integrations.networkx.pagerank(way)
]
for metric in ("cosine", "euclidean", "inner_product"):
    for weights in ("umap", "local", "similarity", "binary", "jaccard"):
        if metric == "inner_product" and weights == "local":
            continue
        kinds[f"vectors, {metric}, {weights}"] = lambda m=metric, w=weights: [
            mapeq.InfomapClustering(metric=m, weights=w).fit(v).predict(v[:3])
            for v in (vectors, vectors.astype(np.float32), equal)
        ]
for symmetrize in ("mutual", "average", "directed"):
    kinds[f"vectors, {symmetrize}"] = lambda s=symmetrize: mapeq.InfomapClustering(symmetrize=s).fit(vectors)
distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
kinds["distances"] = lambda: mapeq.InfomapClustering(metric="precomputed", weights="jaccard").fit(distances)
for name, file in files.items():
    for options in ([], ["--directed"], ["--multilevel", "--num-trials", 2], ["--weight", "none"][:0]):
        kinds[f"cluster {name} {options}"] = lambda f=file, o=options: command("cluster", f, "-o", path("o.tree"), *o)
    kinds[f"info {name}"] = lambda f=file: command("info", f)
kinds["evaluate"] = lambda: [
    command("cluster", files["numbers"], "-o", path("o.tree"), "-o", path("o.clu")),
    command("evaluate", files["numbers"], path("o.tree")),
    command("evaluate", files["numbers"], path("o.clu")),
]
kinds["plot"] = lambda: [
    command("plot", files["numbers"], "-o", path("p.svg"), *kind) for kind in ([], ["--kind", "hierarchy"])
]
np.save(path("v.npy"), vectors)
kinds["embeddings"] = lambda: command("embeddings", path("v.npy"), "-o", path("e.csv"))

for name, kind in kinds.items():
    before = counter.number
    kind()
    if counter.number > before:
        print(f"{counter.number - before} kernels: {name}")
"""


def run(folder, *arguments):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "MPLBACKEND": "agg"}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.thorough
def test_nothing_is_compiled_after_warmup(tmp_path):
    warmed = run(tmp_path, "-m", "mapeq", "warmup")
    assert warmed.returncode == 0, warmed.stderr
    later = run(tmp_path, "-c", KINDS)
    assert (later.returncode, later.stdout) == (0, ""), later.stdout + later.stderr[-2000:]

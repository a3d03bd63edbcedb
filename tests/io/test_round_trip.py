"""In, out, and in again: every container gives the same network, and the same modules for the same seed."""

import csv
from functools import cache
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import scipy.sparse

import mapeq
from mapeq import Network
from mapeq.io.inputs import as_network

NODES = 34


def reference(directed):
    """A network with weights and two nodes without links at its end."""
    rng = np.random.default_rng(8)
    graph = nx.karate_club_graph()
    sources, targets = np.array(graph.edges()).T
    weights = rng.integers(1, 9, len(sources)) / 4
    return Network.from_edges(sources, targets, weights, num_nodes=NODES + 2, directed=directed)


def linked(network, labels):
    """The same links without the nodes that have none, under the labels of the others; sources, targets, weights."""
    sources, targets, weights = network.links()
    return [labels[i] for i in sources], [labels[j] for j in targets], weights.tolist()


class Container:
    """How a library holds a network: `make(network, labels, path)` and `back(result, path)`, and what it can hold."""

    lonely = True  #: whether it has nodes without links
    words = True  #: whether labels may be words
    said = False  #: whether somebody has to say that links are directed


class NetworkX(Container):
    def make(self, network, labels, path):
        graph = (nx.DiGraph if network.directed else nx.Graph)()
        graph.add_nodes_from(labels)
        graph.add_weighted_edges_from(zip(*linked(network, labels), strict=True))
        return graph

    def back(self, result, path):
        return result.to_networkx()


class Igraph(NetworkX):
    def make(self, network, labels, path):
        igraph = pytest.importorskip("igraph")
        sources, targets, weights = network.links()
        return igraph.Graph(
            network.num_nodes,
            np.column_stack([sources, targets]),
            directed=network.directed,
            vertex_attrs={"name": labels} if isinstance(labels[0], str) else {},
            edge_attrs={"weight": weights.tolist()},
        )

    def back(self, result, path):
        return result.to_igraph()


class Matrix(Container):
    words = False

    def make(self, network, labels, path):
        return scipy.sparse.csc_array(network.matrix())

    def back(self, result, path):
        return result.network.matrix()


class AnnData(Matrix):
    def make(self, network, labels, path):
        anndata = pytest.importorskip("anndata")
        adata = anndata.AnnData(np.zeros((network.num_nodes, 1), dtype=np.float32))
        adata.obsp["connectivities"] = scipy.sparse.csr_matrix(network.matrix())
        adata.write_h5ad(path)
        adata = anndata.read_h5ad(path)
        mapeq.tl.infomap(adata, markov_time=1.0, **SEARCH)
        self.labels = adata.obs["infomap"].astype(int).tolist()
        return adata.obsp["connectivities"]

    def back(self, result, path):
        assert result.labels.tolist() == self.labels
        return super().back(result, path)


class EdgeIndex(Matrix):
    def array(self, values):
        return np.array(values)

    def make(self, network, labels, path):
        ends = np.stack([network.sources(), network.indices]).astype(np.int64)
        weights = self.array(np.array(network.weights))
        return SimpleNamespace(edge_index=self.array(ends), edge_weight=weights, num_nodes=network.num_nodes)

    def back(self, result, path):
        return self.make(result.network, None, path)


class Tensors(EdgeIndex):
    def array(self, values):
        return pytest.importorskip("torch").from_numpy(np.array(values))


class Rows(Container):
    lonely, said = False, True

    def table(self, sources, targets, weights):
        return list(zip(sources, targets, weights, strict=True))

    def make(self, network, labels, path):
        return self.table(*linked(network, labels))

    def back(self, result, path):
        return self.table(*linked(result.network, result.node_labels))


class Table(Rows):
    def __init__(self, module, name):
        self.module, self.name = module, name

    def table(self, sources, targets, weights):
        make = getattr(pytest.importorskip(self.module), self.name)
        return make({"weight": weights, "source": sources, "target": targets})


class File(Rows):
    """A file that is written anew from the links, and from those of a result."""

    def make(self, network, labels, path):
        self.write(path, linked(network, labels))
        return path

    def back(self, result, path):
        return self.make(result.network, result.node_labels, path)


class LinkList(File):
    def write(self, path, links):
        path.write_text("".join(f"{u} {v} {w}\n" for u, v, w in zip(*links, strict=True)))


class Csv(File):
    def write(self, path, links):
        with open(path, "w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["Id", "Source", "Target", "Weight"])
            writer.writerows((k, *link) for k, link in enumerate(zip(*links, strict=True)))


class Parquet(File):
    def write(self, path, links):
        parquet = pytest.importorskip("pyarrow.parquet")
        table = Table("pyarrow", "table").table(*links)
        parquet.write_table(table, path)


class Arrow(File):
    def write(self, path, links):
        feather = pytest.importorskip("pyarrow.feather")
        feather.write_feather(Table("pyarrow", "table").table(*links), str(path))


class Pajek(File):
    lonely, said = True, False

    def make(self, network, labels, path):
        names = [f'{i} "{label}"' for i, label in enumerate(labels, 1)]
        sources, targets, weights = network.links()
        links = [f"{i + 1} {j + 1} {w}" for i, j, w in zip(sources, targets, weights.tolist(), strict=True)]
        heading = "*Arcs" if network.directed else "*Edges"
        path.write_text("\n".join([f"*Vertices {len(labels)}", *names, heading, *links, ""]))
        return path


class GraphFile(NetworkX):
    """The network as a result writes it for other programs."""

    def __init__(self, format, read):
        self.format, self.read = format, read

    def back(self, result, path):
        result.write(path, format=self.format)
        return self.read(path)


CONTAINERS = {
    "NetworkX": NetworkX(),
    "igraph": Igraph(),
    "SciPy": Matrix(),
    "AnnData": AnnData(),
    "edge index": EdgeIndex(),
    "tensors": Tensors(),
    "links": Rows(),
    "pandas": Table("pandas", "DataFrame"),
    "Polars": Table("polars", "DataFrame"),
    "Arrow": Table("pyarrow", "table"),
    "link list": LinkList(),
    "CSV file": Csv(),
    "Parquet file": Parquet(),
    "Arrow file": Arrow(),
    "Pajek": Pajek(),
    "GraphML": GraphFile("graphml", nx.read_graphml),
    "GEXF": GraphFile("gexf", nx.read_gexf),
}


def link_weights(network):
    sources, targets, weights = linked(network, [str(label) for label in network.label_list()])
    pairs = zip(sources, targets, strict=True)
    keys = pairs if network.directed else map(frozenset, pairs)
    return dict(zip(keys, weights, strict=True))


CASES = [(kind, words) for kind, container in CONTAINERS.items() for words in {False, container.words}]
SEARCH = {"num_trials": 2, "seed": 5, "num_threads": 1}


def in_order(network, labels):
    """The network as a matrix of the nodes that it has, in the order of `labels`."""
    position = {str(label): i for i, label in enumerate(network.label_list())}
    order = [position[str(label)] for label in labels if str(label) in position]
    return Network.from_csr(network.matrix()[order][:, order], directed=network.directed)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("kind", "words"), CASES)
def test_in_and_out_and_in_again(kind, words, directed, tmp_path):
    container = CONTAINERS[kind]
    network = reference(directed)
    labels = [f"node-{i}" for i in range(NODES + 2)] if words else list(range(NODES + 2))
    here = labels if container.lonely else labels[:NODES]
    expected = Network.from_edges(*network.links(), labels=labels, directed=directed)
    said = directed if container.said else None

    first = mapeq.infomap(container.make(network, labels, tmp_path / "network"), directed=said, **SEARCH)
    again = as_network(container.back(first, tmp_path / "again"), directed=said)
    for found in (first.network, again):
        assert found.directed == directed
        assert sorted(map(str, found.label_list())) == sorted(map(str, here))
        assert link_weights(found) == link_weights(expected)

    # The order of the nodes made the same, modules have the same numbers, whatever the container.
    modules = mapeq.infomap(in_order(again, labels), **SEARCH).labels.tolist()
    assert modules == expected_modules(directed, container.lonely)


@cache
def expected_modules(directed, lonely):
    """The modules of the network, with the nodes that have no links or without."""
    labels = list(range(NODES + 2))
    network = Network.from_edges(*reference(directed).links(), labels=labels, directed=directed)
    return mapeq.infomap(in_order(network, labels if lonely else labels[:NODES]), **SEARCH).labels.tolist()


@pytest.mark.parametrize(("kind", "words"), CASES)
def test_modules_go_to_a_file_of_any_format_and_come_back(kind, words, tmp_path):
    container = CONTAINERS[kind]
    labels = [f"node-{i}" for i in range(NODES + 2)] if words else list(range(NODES + 2))
    graph = container.make(reference(False), labels, tmp_path / "network")
    result = mapeq.infomap(graph, **SEARCH)
    for format in ("clu", "tree", "ftree", "csv", "tsv"):
        result.write(tmp_path / f"modules.{format}")
        assert mapeq.evaluate(graph, tmp_path / f"modules.{format}").modules() == result.modules()

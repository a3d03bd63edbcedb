"""Write networks in the formats that :mod:`mapeq.io.files.readers` reads. :data:`WRITERS` is the one list of them."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

import numpy as np
import scipy.io
import scipy.sparse
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError, counted, option_error
from mapeq._base.notes import note
from mapeq._base.optional import require
from mapeq.io.columns import WEIGHT
from mapeq.io.files.compression import plain_name
from mapeq.io.files.graphs import gexf_text, in_xml
from mapeq.io.files.naming import in_text, node_names, quoted
from mapeq.io.files.streams import STANDARD_OUTPUT, check_not_packed, opened
from mapeq.io.files.tables import in_json
from mapeq.io.inputs import as_network
from mapeq.io.objects.networkx import graph_of
from mapeq.network.network import Network
from mapeq.network.states import columns_of

#: A dense matrix of more nodes is not written.
_MOST_NODES = 20_000


class Writer(NamedTuple):
    """How to write networks in one format.

    Attributes
    ----------
    write : callable or None
        Takes the network and a stream. None for folders: the network saves itself.
    suffixes : tuple of str
        The first is the usual one.
    loses : str
        Words for what the format does not hold: "labels"; "weights"; "direction" if it does not say that links are
        directed, "symmetric" if it does not where the matrix is symmetric, and "directed" if it cannot hold such links.
    first : int
        The number of the first node, if labels are lost.
    has_node_weights : bool
    has_states : bool
    has_attributes : bool
        Whether states have the attributes ``physical`` and ``layer``, which do not make them states when it is read.
    binary : bool
    needs : pair of str, optional
        The library that it needs, and the extra that installs it.
    """

    write: Callable[[Network, Any], None] | None
    suffixes: tuple[str, ...]
    loses: str = ""
    first: int = 1
    has_node_weights: bool = False
    has_states: bool = False
    has_attributes: bool = False
    binary: bool = False
    needs: tuple[str, str] | None = None


def write_network(
    graph: Any,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    directed: bool | None = None,
    weight: str | int | None = WEIGHT,
) -> None:
    """Write a network to a file. On failure, an existing file stays as it was.

    Parameters
    ----------
    graph : any network
        See :func:`mapeq.infomap`.
    path : str or os.PathLike
        A file that ends in .gz, .bz2 or .xz is compressed. ``-`` is standard output.
    format : str, optional
        By default the suffix of `path` decides: .txt, .edges and .edgelist are "links", .csv, .tsv, .net "pajek",
        .graphml, .gexf, .gml, .json, .adjlist, .mtx, .npz, .graph "metis", .lgl, .parquet, .arrow, and the folder
        .mapeq of :meth:`Network.save`. "matrix" is a square table. See :func:`mapeq.read_network`, which reads all.
    directed : bool, optional
        As in :func:`mapeq.infomap`.
    weight : str, int or None
        As in :func:`mapeq.infomap`.

    Warns
    -----
    UserWarning
        If the format does not hold all of the network, such as its labels.

    Raises
    ------
    ValueError
        If there is no such format, or no format has this suffix.
    NetworkError
        If the format cannot hold the network, such as a directed one in METIS.
    FormatError
        If the file cannot be written.
    ImportError
        If the format needs a library that is not installed.

    Examples
    --------
    >>> import mapeq, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "friends.net")
    ...     mapeq.write_network([("ann", "bob", 2.0), ("bob", "cid", 0.5)], path)
    ...     print(path.read_text(), end="")
    *Vertices 3
    1 "ann"
    2 "bob"
    3 "cid"
    *Edges
    1 2 2
    2 3 0.5
    """
    writer = check_network_output(path, format)
    network = as_network(graph, directed=directed, weight=weight)
    if network.directed and "directed" in writer.loses.split():
        raise NetworkError(f"{os.fspath(path)}: this format is for undirected networks only; choose another format")
    if writer.write is None:
        network.save(path)
    else:
        with opened(path, binary=writer.binary) as stream:
            writer.write(network, stream)
    lost = _lost(network, writer)
    if lost:
        note(f"{os.fspath(path)} does not hold {'; nor '.join(lost)}")


def check_network_output(path: str | os.PathLike[str], format: str | None = None) -> Writer:
    """Return how to write a file, before a large network is read.

    Raises
    ------
    ValueError, FormatError, ImportError
        As :func:`write_network`.
    """
    if format is not None and format not in WRITERS:
        raise option_error("format", format, "one of " + ", ".join(WRITERS))
    suffix = Path(plain_name(os.fspath(path))).suffix.lower()
    own = next((name for name, writer in WRITERS.items() if suffix in writer.suffixes), None)
    # Any list may be a .txt file, and a matrix a .csv file.
    if format is not None and own not in (None, format, "links") and format != "matrix":
        raise ValueError(f"{os.fspath(path)}: the format is {format!r}, but this is the suffix of {own} files")
    name = format or own
    if name is None and path == STANDARD_OUTPUT:
        raise ValueError("standard output has no suffix to select the format; give --format, such as --format csv")
    if name is None:
        known = ", ".join(suffix for writer in WRITERS.values() for suffix in writer.suffixes)
        raise ValueError(f"{os.fspath(path)}: the suffix selects the format; it must be one of {known}")
    writer = WRITERS[name]
    if writer.write is None and path == STANDARD_OUTPUT:
        raise ValueError(f"the format {name} is a folder, which standard output cannot be")
    if name in ("npz", "parquet", "arrow"):
        check_not_packed(path, name)
    if writer.needs is not None:
        require(writer.needs[0], extra=writer.needs[1])
    return writer


def _lost(network: Network, writer: Writer) -> list[str]:
    """Return what a format does not hold of a network, in words."""
    lost, loses = [], writer.loses.split()
    if network.directed and ("direction" in loses or ("symmetric" in loses and network.is_symmetric())):
        lost.append("that links are directed: read it with --directed (directed=True in Python)")
    numbers = range(writer.first, writer.first + network.num_nodes)
    if "labels" in loses and list(network.labels) != list(numbers):
        lost.append(f"the labels: nodes are numbered from {writer.first}")
    if "weights" in loses and not _weigh_one(network):
        lost.append("the weights")
    if network.node_weights is not None and not writer.has_node_weights:
        lost.append("the weights of nodes")
    if network.states is not None and not writer.has_states:
        as_attributes = f", but as attributes: {' and '.join(columns_of(network.states))}"
        lost.append("the physical nodes of its states" + (as_attributes if writer.has_attributes else ""))
    elif network.states is not None and network.states.layer is not None:
        lost.append("the layers of its states")
        if network.states.switching:
            lost.append("that links between layers are no steps of the walk (relax='self')")
    return lost


def _weigh_one(network: Network) -> bool:
    return bool((network.weights == 1).all())


# Lists of links ------------------------------------------------------------------------------


class _Rows(NamedTuple):
    """Links as rows of text: one self-link of weight 0 for each node without links, which keeps it in the network."""

    sources: NDArray[Any]
    targets: NDArray[Any]
    weights: FloatArray | None

    def texts(self, names: list[str]) -> Iterator[tuple[str, ...]]:
        """Yield the rows, with nodes by name."""
        columns = [[names[i] for i in ends.tolist()] for ends in (self.sources, self.targets)]
        return zip(*columns, *([] if self.weights is None else [map(_text, self.weights.tolist())]), strict=True)


def _rows(network: Network) -> _Rows:
    sources, targets, weights = network.links()
    linked = np.zeros(network.num_nodes, dtype=np.bool_)
    linked[sources] = linked[targets] = True
    alone = np.flatnonzero(~linked)
    if not len(alone) and _weigh_one(network):
        return _Rows(sources, targets, None)
    sources, targets = (np.concatenate([nodes, alone]) for nodes in (sources, targets))
    return _Rows(sources, targets, np.concatenate([weights, np.zeros(len(alone))]))


def _text(weight: float) -> str:
    return repr(weight).removesuffix(".0")


def _write_links(network: Network, stream: TextIO) -> None:
    names = [quoted(in_text(label, "txt")) for label in node_names(network)]
    stream.writelines(" ".join(row) + "\n" for row in _rows(network).texts(names))


def _write_table(network: Network, stream: TextIO, delimiter: str) -> None:
    """Write a header and a row for each link; a column ``type`` says of directed links that they are directed."""
    rows, names = _rows(network), [quoted(in_text(label, "csv")) for label in node_names(network)]
    kind = ("Directed",) if network.directed else ()
    weight = () if rows.weights is None else ("weight",)
    stream.write(delimiter.join(["source", "target", *weight, *(["type"] if kind else [])]) + "\n")
    stream.writelines(delimiter.join((*row, *kind)) + "\n" for row in rows.texts(names))


def _arrow_table(network: Network) -> Any:
    arrow = require("pyarrow", extra="parquet")
    rows, labels = _rows(network), node_names(network)
    if not all(type(label) is int for label in labels):
        labels = [str(label) for label in labels]
    columns: dict[str, Any] = {
        name: [labels[i] for i in ends.tolist()] for name, ends in (("source", rows.sources), ("target", rows.targets))
    }
    if rows.weights is not None:
        columns["weight"] = rows.weights
    if network.directed:
        columns["type"] = ["Directed"] * len(rows.sources)
    return arrow.table(columns)


def _write_parquet(network: Network, stream: BinaryIO) -> None:
    require("pyarrow.parquet", extra="parquet").write_table(_arrow_table(network), stream)


def _write_arrow(network: Network, stream: BinaryIO) -> None:
    require("pyarrow.feather", extra="parquet").write_feather(_arrow_table(network), stream)


# Lists of nodes ------------------------------------------------------------------------------


def _write_pajek(network: Network, stream: TextIO) -> None:
    """Write nodes with their names, and their weights if there are some, then links; states after physical nodes."""
    names = [f'"{in_text(label, "net")}"' for label in node_names(network)]  # which end at the last quote
    if network.states is not None:
        physical = [f'"{in_text(label, "net")}"' for label in network.states.labels]
        stream.write(f"*Vertices {len(physical)}\n")
        stream.writelines(f"{i} {name}\n" for i, name in enumerate(physical, 1))
        names = [f"{node + 1} {name}" for node, name in zip(network.states.physical.tolist(), names, strict=True)]
    stream.write(f"*Vertices {network.num_nodes}\n" if network.states is None else "*States\n")
    more = [""] * len(names)
    if network.node_weights is not None:
        more = [f" {_text(weight)}" for weight in network.node_weights.tolist()]
    stream.writelines(f"{i} {name}{weight}\n" for i, (name, weight) in enumerate(zip(names, more, strict=True), 1))
    stream.write("*Arcs\n" if network.directed else "*Edges\n")
    for source, target, weight in zip(*(column.tolist() for column in network.links()), strict=True):
        stream.write(f"{source + 1} {target + 1} {_text(weight)}\n")


def _neighbours(network: Network) -> Iterator[tuple[list[int], list[float]]]:
    """Yield the neighbours of each node, and the weights of the links to them."""
    starts = network.indptr.tolist()
    for first, last in pairwise(starts):
        yield network.indices[first:last].tolist(), network.weights[first:last].tolist()


def _write_metis(network: Network, stream: TextIO) -> None:
    """Write the numbers of nodes and links, then the neighbours of each node, from 1."""
    has_weights = not _weigh_one(network)
    stream.write(f"{network.num_nodes} {network.num_links}{' 001' if has_weights else ''}\n")
    for neighbours, weights in _neighbours(network):
        fields = [str(node + 1) for node in neighbours]
        if has_weights:
            fields = list(chain.from_iterable(zip(fields, map(_text, weights), strict=True)))
        stream.write(" ".join(fields) + "\n")


def _write_lgl(network: Network, stream: TextIO) -> None:
    """Write each node, followed by its neighbours of higher number."""
    names, has_weights = _words(network, "lgl"), not _weigh_one(network)
    for node, (neighbours, weights) in enumerate(_neighbours(network)):
        stream.write(f"# {names[node]}\n")
        for neighbour, weight in zip(neighbours, weights, strict=True):
            if neighbour >= node:
                stream.write(f"{names[neighbour]} {_text(weight)}\n" if has_weights else f"{names[neighbour]}\n")


def _write_adjacency_list(network: Network, stream: TextIO) -> None:
    """Write a line for each node: its name and those of its neighbours, of an undirected link at one end only."""
    names = _words(network, "adjlist")
    for node, (neighbours, _) in enumerate(_neighbours(network)):
        kept = neighbours if network.directed else [other for other in neighbours if other >= node]
        stream.write(" ".join([names[node], *(names[other] for other in kept)]) + "\n")


def _words(network: Network, format: str) -> list[str]:
    """Return the labels as words for formats that cannot quote.

    Raises
    ------
    NetworkError
        If a label is no word.
    """
    names = [str(label) for label in node_names(network)]
    for name in names:
        if len(name.split()) != 1 or name.split()[0] != name or name.startswith("#"):
            raise NetworkError(f".{format} cannot hold the label {name!r}: labels must be words without spaces")
    return names


# Graphs and matrices -------------------------------------------------------------------------


def _graph(network: Network, names: list[Hashable], as_text: Callable[[str], str] = str) -> Any:
    """Return a NetworkX graph; nodes of equal names are numbered, and have a ``label``.

    States have the attributes ``physical`` and ``layer``, those that are text as `as_text` returns it.
    """
    columns: dict[str, list[Hashable]] = {}
    for name, values in columns_of(network.states).items():
        columns[name] = [as_text(value) if isinstance(value, str) else value for value in map(in_json, values)]
    if len(set(names)) == len(names):
        return graph_of(network, names, columns)
    return graph_of(network, [str(i) for i in range(len(names))], {"label": names} | columns)


def _text_graph(network: Network, as_text: Callable[[str], str]) -> Any:
    return _graph(network, [as_text(str(name)) for name in node_names(network)], as_text)


def _write_graphml(network: Network, stream: BinaryIO) -> None:
    import networkx

    graph = _text_graph(network, partial(in_xml, format="graphml"))
    networkx.write_graphml_xml(graph, stream, infer_numeric_types=False)


def _write_gexf(network: Network, stream: TextIO) -> None:
    stream.write(gexf_text(_text_graph(network, partial(in_xml, format="gexf"))))


def _write_gml(network: Network, stream: TextIO) -> None:
    import networkx

    graph = _text_graph(network, partial(in_text, format="gml"))
    stream.writelines(line + "\n" for line in networkx.generate_gml(graph))


def _write_json(network: Network, stream: TextIO) -> None:
    import networkx

    graph = _graph(network, [in_json(label) for label in node_names(network)])
    json.dump(networkx.node_link_data(graph, edges="links"), stream, ensure_ascii=False)
    stream.write("\n")


def _write_matrix_market(network: Network, stream: BinaryIO) -> None:
    content = io.BytesIO()  # SciPy wants to seek
    symmetry = "general" if network.directed else "symmetric"
    scipy.io.mmwrite(content, network.matrix().tocoo(), precision=17, symmetry=symmetry)
    stream.write(content.getbuffer())


def _write_npz(network: Network, stream: BinaryIO) -> None:
    scipy.sparse.save_npz(stream, network.matrix())


def _write_matrix(network: Network, stream: TextIO) -> None:
    """Write a square table with the labels in the first line and the first column."""
    if network.num_nodes > _MOST_NODES:
        raise NetworkError(f"a square table of {counted(network.num_nodes, 'node')} is too large; write .mtx or .npz")
    writer = csv.writer(stream, lineterminator="\n")
    names, rows = [in_text(label, "csv") for label in node_names(network)], network.matrix()
    writer.writerow(["", *names])
    for i, name in enumerate(names):
        writer.writerow([name, *map(_text, rows[[i]].toarray()[0].tolist())])


#: By the names that :func:`mapeq.read_network` takes as ``format``.
WRITERS = {
    "links": Writer(_write_links, (".txt", ".edges", ".edgelist", ".links"), "direction"),
    "csv": Writer(partial(_write_table, delimiter=","), (".csv",)),
    "tsv": Writer(partial(_write_table, delimiter="\t"), (".tsv",)),
    "matrix": Writer(_write_matrix, (), "symmetric"),
    "pajek": Writer(_write_pajek, (".net", ".paj"), has_node_weights=True, has_states=True),
    "graphml": Writer(_write_graphml, (".graphml",), has_attributes=True, binary=True),
    "gexf": Writer(_write_gexf, (".gexf",), has_attributes=True),
    "gml": Writer(_write_gml, (".gml",), has_attributes=True),
    "json": Writer(_write_json, (".json",), has_attributes=True),
    "adjlist": Writer(_write_adjacency_list, (".adjlist",), "weights direction"),
    "mtx": Writer(_write_matrix_market, (".mtx",), "labels symmetric", binary=True),
    "npz": Writer(_write_npz, (".npz",), "labels symmetric", first=0, binary=True),
    "metis": Writer(_write_metis, (".graph", ".metis"), "labels directed"),
    "lgl": Writer(_write_lgl, (".lgl",), "directed"),
    "parquet": Writer(_write_parquet, (".parquet", ".pq"), binary=True, needs=("pyarrow", "parquet")),
    "arrow": Writer(_write_arrow, (".arrow", ".feather"), binary=True, needs=("pyarrow", "parquet")),
    "mapeq": Writer(None, (".mapeq",), has_node_weights=True, has_states=True),
}

"""Methods of :class:`mapeq.Result` that convert it to other libraries' objects, write it to files and draw it."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from mapeq.network.statistics import html_table
from mapeq.result.modules import numbered

if TYPE_CHECKING:
    import igraph
    import matplotlib.axes
    import networkx
    import pandas
    import pyarrow

    from mapeq.result.result import Result
    from mapeq.result.stability import Stability
    from mapeq.result.table import ModuleTable


def primary(self: Result) -> Result:
    """Return the result without the secondary nodes of a bipartite network, for tables and files of one side.

    Modules keep their nodes of the primary side, and their order; those without any are left out, and so are all links.
    Codelengths are those of the whole network. A result of another network is returned as it is.

    Examples
    --------
    >>> import mapeq
    >>> visits = [("bee", "rose"), ("bee", "lily"), ("fly", "lily")]
    >>> mapeq.infomap(visits, bipartite=True).primary().modules()
    {'bee': 1, 'fly': 1}
    """
    from mapeq.result.primary import primary

    return primary(self)


def module_table(
    self: Result, level: int | None = None, *, stability: Stability | None = None, num_names: int = 5
) -> ModuleTable:
    """Return a table with a row for each module: its size, its rates, its codelength, its most visited nodes.

    Parameters
    ----------
    level : int, optional
        The modules of this level, see :meth:`labels_at`, by decreasing flow. By default all modules, in the order of
        their paths.
    stability : Stability, optional
        What :func:`mapeq.stability` found for the modules of this result, at this level; by default the level is that
        of the stability.
    num_names : int, 0 or more
        Number of nodes that are named per module.

    Returns
    -------
    ModuleTable
        With :meth:`~mapeq.result.table.ModuleTable.columns`, ``to_dataframe``, ``to_arrow`` and ``write``, and
        iterable over rows. Columns are ``module``, its number as in :meth:`modules`; with more than two levels
        ``path`` and ``level``, and without a given level ``module`` is the top module; ``num_nodes``; ``flow``,
        ``enter`` and ``exit``, as fractions of all steps; ``codelength``, that of the module's own codebook, in bits
        per step: over all modules, with that of the root and the :attr:`price`, they add up to the codelength;
        with a stability ``over_trials``, ``over_resamples`` and ``num_core``; and ``top_nodes``, the names of the nodes
        with the most flow, of states the physical nodes.

    Raises
    ------
    ValueError
        If the hierarchy has no such level, or `num_names` is out of range.
    PartitionError
        If the stability is that of other modules.

    Examples
    --------
    >>> import mapeq, networkx as nx
    >>> found = mapeq.stability(nx.karate_club_graph(), resample="links", num_trials=10)
    >>> table = found.result.module_table(stability=found, num_names=2)
    >>> [(row["module"], row["over_trials"], row["top_nodes"]) for row in table]
    [(1, 1.0, [33, 32]), (2, 1.0, [0, 2]), (3, 1.0, [5, 6])]
    """
    from mapeq.result.table import module_table

    return module_table(self, level, stability, num_names)


def to_dataframe(self: Result, *, levels: bool = False, strength: bool = False) -> pandas.DataFrame:
    """Return a pandas DataFrame with one row per node (extra ``pandas``).

    Parameters
    ----------
    levels : bool
        Whether to add a column of modules for each level: ``level_1``, ``level_2``, ..., numbered as in
        :meth:`modules`.
    strength : bool
        Whether to add :meth:`strength_columns`: how strongly each node belongs to its top module, the next best module
        and the bits that it would cost.

    Returns
    -------
    pandas.DataFrame
        Columns ``node``, ``module`` (from 1) and ``flow``; with more than two levels also ``path``, as text: ``2:1`` is
        the first module in the second top module. Of a state network also ``physical``, the physical node of the
        state, and ``layer``.

    Raises
    ------
    ImportError
        If pandas is not installed.
    NetworkError
        If `strength` and the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c")]).to_dataframe(levels=True).columns.tolist()
    ['node', 'module', 'flow', 'level_1']
    """
    from mapeq._base.optional import require

    pandas = require("pandas", extra="pandas")
    columns = {"node": self.node_labels, "module": numbered(self.labels), "flow": self.flow}
    columns |= {**self.path_column(), **self.state_columns()}
    columns |= self.strength_columns() if strength else {}
    if levels:
        columns |= {f"level_{level}": numbered(self.labels_at(level)) for level in range(1, self.num_levels)}
    return pandas.DataFrame(columns)


def to_arrow(self: Result, *, strength: bool = False) -> pyarrow.Table:
    """Return an Arrow table with one row per node (extra ``parquet``); Polars reads it with ``polars.from_arrow``.

    Parameters
    ----------
    strength : bool
        Whether to add :meth:`strength_columns`.

    Returns
    -------
    pyarrow.Table
        Columns as in :meth:`to_dataframe`. Labels that are not numbers become text. The metadata hold :meth:`summary`
        as JSON under the key ``mapeq``.

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    NetworkError
        If `strength` and the result is that of :meth:`primary` nodes.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b"), ("b", "c"), ("a", "c")]).to_arrow().column_names
    ['node', 'module', 'flow']
    """
    from mapeq.io.files.tables import arrow_table

    return arrow_table(self, strength=strength)


def to_networkx(self: Result) -> networkx.Graph:
    """Return the network as a NetworkX graph.

    Returns
    -------
    networkx.Graph or networkx.DiGraph
        Nodes have the attributes ``module`` and ``flow``, with more than two levels also ``path`` as in
        :meth:`to_dataframe`. Edges have the attribute ``weight``.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b"), ("c", "d")]).to_networkx().nodes["c"]
    {'module': 2, 'flow': 0.25}
    """
    from mapeq.io.objects.networkx import to_networkx

    return to_networkx(self)


def to_igraph(self: Result) -> igraph.Graph:
    """Return the network as an igraph graph (extra ``igraph``).

    Returns
    -------
    igraph.Graph
        Vertices have the attributes ``name``, ``module`` and ``flow``, with more than two levels also ``path`` as in
        :meth:`to_dataframe`. Edges have the attribute ``weight``.

    Raises
    ------
    ImportError
        If igraph is not installed.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b"), ("c", "d")]).to_igraph().vs["module"]
    [1, 1, 2, 2]
    """
    from mapeq.io.objects.igraph import to_igraph

    return to_igraph(self)


def to_vertex_clustering(self: Result, graph: igraph.Graph | None = None, level: int = 1) -> igraph.VertexClustering:
    """Return the modules as an igraph clustering, for the measures and plots of igraph (extra ``igraph``).

    Parameters
    ----------
    graph : igraph.Graph, optional
        Graph of the clustering; by default that of :meth:`to_igraph`. Its vertices are matched by the attribute
        ``name`` if all names differ, and else by number, as in :func:`mapeq.infomap`.
    level : int
        Level of the modules, see :meth:`labels_at`.

    Returns
    -------
    igraph.VertexClustering
        ``membership`` holds the modules from 0 as :meth:`labels_at`, ``codelength`` that of the result. ``modularity``
        uses the edge attribute ``weight`` if there is one.

    Raises
    ------
    ImportError
        If igraph is not installed.
    PartitionError
        If the vertices of the graph are not the nodes of this result.
    ValueError
        If the hierarchy has no such level.

    Examples
    --------
    >>> import igraph, mapeq
    >>> graph = igraph.Graph.Full(3) + igraph.Graph.Full(3)
    >>> clustering = mapeq.infomap(graph).to_vertex_clustering(graph)
    >>> clustering.membership, clustering.graph is graph
    ([0, 0, 0, 1, 1, 1], True)
    """
    from mapeq.io.objects.igraph import to_vertex_clustering

    return to_vertex_clustering(self, graph, level)


def write(
    self: Result,
    path: str | os.PathLike[str],
    format: str | None = None,
    level: int = 1,
    *,
    physical: bool = False,
    strength: bool = False,
) -> None:
    """Write the partition or hierarchy to a file. On failure, an existing file stays as it was.

    Parameters
    ----------
    path : str or path
    format : {"clu", "tree", "ftree", "json", "csv", "tsv", "parquet", "graphml", "gexf", "html"}, optional
        By default the suffix of `path`. Parquet needs pyarrow (extra ``parquet``). GraphML and GEXF hold the network
        with the module of each node, for programs like Gephi, which opens GEXF as the network is drawn. HTML is a
        report for the browser, with a map of the network.
    level : int
        Level of the modules in a .clu file, see :meth:`labels_at`. The other formats hold all levels.
    physical : bool
        Whether a .clu, .tree or .ftree file of a state network has a row for each physical node in a module, for all
        its states in it together, instead of one for each state.
    strength : bool
        Whether a .csv, .tsv or .parquet file has :meth:`strength_columns`: how strongly each node belongs to its top
        module, the next best module and the bits that it would cost.

    Raises
    ------
    ValueError
        If the format is unknown, if the hierarchy has no such level, or if `level`, `physical` or `strength` is given
        for a format that has no such option.
    NetworkError
        If `physical` and the network has no states, or `strength` and the result is that of :meth:`primary` nodes.
    FormatError
        If the file cannot be written.
    ImportError
        If the format needs a library that is not installed.

    Examples
    --------
    >>> import mapeq, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "modules.csv")
    ...     mapeq.infomap([("a", "b"), ("c", "d")]).write(path)
    ...     print(path.read_text())
    node,module,flow
    a,1,0.25
    b,1,0.25
    c,2,0.25
    d,2,0.25
    """
    import mapeq.pictures.writers  # noqa: F401  (registers .gexf and .html)
    from mapeq.io.files.output import write_result

    write_result(self, path, format, level, physical=physical, strength=strength)


def plot(
    self: Result,
    kind: str = "network",
    ax: matplotlib.axes.Axes | None = None,
    level: int | None = None,
    name: str | None = None,
    *,
    title: str | bool = True,
    size: tuple[float, float] | None = None,
    dpi: float | None = None,
    module_numbers: bool = False,
    legend: bool = False,
    arrows: bool = False,
    rasterized: bool = False,
    submodules: bool = False,
    dark: bool = False,
    positions: Mapping[Hashable, Any] | Sequence[Any] | NDArray[Any] | pandas.Series[Any] | None = None,
    node_sizes: float | Mapping[Hashable, float] | Sequence[float] | NDArray[Any] | pandas.Series[Any] | None = None,
    node_colors: str | Mapping[Hashable, Any] | Sequence[Any] | NDArray[Any] | pandas.Series[Any] | None = None,
    node_labels: bool | Mapping[Hashable, str] | Sequence[str] | NDArray[Any] | pandas.Series[Any] = True,
) -> matplotlib.axes.Axes:
    """Draw the result with matplotlib (extra ``plot``).

    Parameters
    ----------
    kind : {"network", "overlap", "layers", "alluvial", "hierarchy", "codelength"}
        "network" draws the nodes coloured by module, with areas proportional to flow; above 2,000 nodes it draws the
        largest modules and the flow between them. Of a state network it draws the physical nodes as pies, with a wedge
        for each of their :meth:`memberships`; up to 12 layers side by side, with nodes at the same places. "overlap"
        draws such pies of any network, of all layers together. "layers" draws the module of each node in each layer,
        or at each time, of a multilayer network: a row for each node, above 1,000 nodes for those with the most flow.
        "alluvial" draws each layer as a column of modules, with bands for the nodes that go from one to the next; see
        :func:`mapeq.plot_changes`.
        "hierarchy" draws nested modules, with heights proportional to flow. "codelength" draws the codelength by level
        and by trial.
    ax : matplotlib Axes, optional
        Axes to draw on; by default those of a new figure. Labels are placed for the current size of the axes.
    level : int, optional
        Level of the modules that colour a network or layers, see :meth:`labels_at`. By default the coarsest level at
        which no module has more than half of the flow.
    name : str, optional
        First part of the title.
    title : str or bool
        The whole title, or False for none.
    size : pair of float, optional
        Width and height of the new figure in inches; by default 8 by 8 for most networks.
    dpi : float, optional
        Pixels per inch of the new figure; by default that of matplotlib.
    module_numbers : bool
        Whether to label the discs of modules by their numbers, from 1 by flow, where they fit; those of top modules are
        the numbers of :meth:`modules`. The kinds "network" and "overlap" have such discs; in pictures of
        modules, numbers stand in place of the most visited nodes.
    legend : bool
        Whether to list the largest modules, up to twelve: colour, number, most visited node and number of nodes; of the
        kind "hierarchy" those with colours of their own, by their paths. In an alluvial picture, modules have colours
        where bands begin.
    arrows : bool
        Whether to draw the links of a directed network as arrows.
    rasterized : bool
        Whether links and pies are pixels in .svg and .pdf files, too, which makes files of many links smaller.
    submodules : bool
        Whether to draw the modules of the next level as discs in those of their modules.
    dark : bool
        Whether the new figure has a dark background. Pictures on axes of yours use the background of their figure.
    positions : mapping or Series by node, or array of shape (n, 2), optional
        Where to draw nodes, x to the right and y upwards; of any number of nodes, without discs of modules. As all
        that is given of nodes, of a state network for its physical nodes, and in node order if it is an array.
    node_sizes : number, mapping or Series by node, or array of shape (n,), optional
        What the areas of nodes are in proportion to, in place of their flow; a number makes all equal.
    node_colors : colour, mapping or Series by node, or sequence of n colours, optional
        Colours of nodes as matplotlib knows them, in place of those of their modules.
    node_labels : bool, mapping or Series by node, or sequence of n texts
        Texts in place of names, for all nodes that are named in it and not "", as far as they fit; False for none. By
        default the most visited nodes have their names.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the kind is unknown, if the hierarchy has no such level, if a level is given for a kind that shows all, if a
        size or the dpi is invalid, if one of them or `dark` is given with `ax`, or if something is given that the
        picture does not show: `module_numbers` without discs of modules, `arrows` of an undirected network,
        `submodules` of the finest level.
    NetworkError
        If the network has no layers, for a picture of them, or if a node lacks a position, size or colour, or has an
        invalid one.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import matplotlib, mapeq
    >>> matplotlib.use("agg")
    >>> axes = mapeq.infomap([("a", "b"), ("c", "d")]).plot("codelength", name="pairs")
    >>> axes.get_title().startswith("pairs:")
    True
    """
    from mapeq.pictures.network import plot
    from mapeq.pictures.style import Style

    own = {"positions": positions, "node_sizes": node_sizes, "node_colors": node_colors, "node_labels": node_labels}
    style = Style(name, title, size, dpi, module_numbers, legend, arrows, rasterized, submodules, dark, **own)
    return plot(self, kind, ax, level, style)


def _repr_html_(self: Result) -> str:
    """Return a small table for notebooks."""
    rows = {
        "nodes": f"{self.num_nodes:,}",
        "links": f"{self.num_links:,}",
        **({"levels": f"{self.num_levels}"} if self.num_levels > 2 else {}),
        "modules": ", ".join(f"{number:,}" for number in self.modules_per_level),
        "codelength": f"{self.codelength:.4f} bits per step",
        "without modules": f"{self.one_level_codelength:.4f} bits per step ({self.relative_savings:.1%} saved)",
    }
    if self.explanation:
        rows["why"] = self.explanation
    return html_table(rows | self.tree.described_children())

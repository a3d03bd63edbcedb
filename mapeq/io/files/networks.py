"""Read networks from files of any format; see :mod:`mapeq.io.files.readers` for those of text and matrices."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import Any

from mapeq._base.errors import FormatError, NetworkError, is_whole, option_error
from mapeq.io.columns import DEFAULT_COLUMNS, WEIGHT, ColumnChoice, called
from mapeq.io.contacts import check_windows, temporal_network
from mapeq.io.files.columnar import is_columnar, read_columnar
from mapeq.io.files.comments import USUAL
from mapeq.io.files.folders import is_folder, read_folder
from mapeq.io.files.names import with_names
from mapeq.io.files.readers import READERS, find_format, read_as
from mapeq.io.files.reading import ReadOptions
from mapeq.io.files.source import Source, file_name
from mapeq.io.objects.contacts import contacts_from
from mapeq.network.layers import DEFAULT_COUPLING, Coupling, checked_coupling
from mapeq.network.network import Network

_COLUMNAR = ("parquet", "arrow")
_FOLDER = "mapeq"
#: Names of formats of network files.
FORMATS = (*READERS, *_COLUMNAR, _FOLDER)


def read_network(
    path: str | os.PathLike[str],
    *,
    directed: bool | None = None,
    source: str | int | None = None,
    target: str | int | None = None,
    weight: str | int | None = WEIGHT,
    format: str | None = None,
    encoding: str | None = None,
    label: str | None = None,
    comment: str | None = None,
    names: Mapping[Hashable, str] | str | os.PathLike[str] | None = None,
    order: int | None = None,
    relax_rate: float = 0.15,
    relax: str | None = None,
    limit: int | tuple[int, int] | None = None,
    time: str | int | None = None,
    window: float | str | timedelta | None = None,
    num_windows: int | None = None,
    origin: Any = None,
) -> Network:
    """Read a network from a file, plain or compressed.

    The content of the file decides which format it has; where content does not tell, the suffix does; ``format`` names
    it where neither does. Compressed files are recognised by content: gzip, bzip2, xz, zstd (extra ``zstd``), and zip
    archives of one file.

    links
        A link list has one line ``source target [weight]`` per link, with fields separated by spaces, tabs or a comma.
        Labels are integers, or strings, which need double quotes if they contain spaces or commas. Lines that begin
        with ``#``, ``%`` or ``//`` are comments. All links have weights, or none. A link of weight 0 is no
        link, but its ends are nodes.
    csv, tsv
        A table is a link list whose cells are separated by commas, tabs or semicolons, and may contain spaces. A
        header may name its columns, such as Gephi's ``Source,Target,Type,Id,Label,Weight``; then every row must have
        a weight if the header names it, and a column ``Type`` says whether links are ``Directed`` or ``Undirected``.
        Under a header that names source and target, files of other suffixes are tables, too.
    matrix
        A square table of numbers, with or without the same labels in the first line and the first column.
    pajek
        Headings are ``*Vertices``, ``*Edges``, ``*Arcs``, ``*Links``, ``*Edgeslist``, ``*Arcslist`` and ``*Matrix``.
        The names of nodes become labels if all names differ, and ``Network.ids`` keeps their numbers. States and
        layers are under ``*States``, ``*Intra``, ``*Inter`` and ``*Multilayer``, as the infomap package has them.
    paths
        A path per line (.paths): its places, separated by tabs, commas, semicolons or blanks; see
        :meth:`Network.from_paths`.
    graphml, gexf, gml, json
        Labels are the ids of nodes; in GML their ``label`` if all nodes have one and all differ. JSON has nodes and
        links, as NetworkX's ``node_link_data`` writes it.
    adjlist, metis, lgl
        Lists of neighbours: NetworkX's adjacency lists (.adjlist), METIS graphs (.graph), Large Graph Layout (.lgl).
    mtx, npz
        Sparse matrices: Matrix Market files, whose rows are numbered from 1, and SciPy's ``save_npz``, from 0.
    parquet, arrow
        Parquet and Arrow (Feather) files (extra ``parquet``) have columns like tables, found as those of
        :meth:`Network.from_table` are.
    mapeq
        A folder of :meth:`Network.save` (.mapeq), which is mapped into memory: see :meth:`Network.open`.

    Labels that all are texts of integers become integers. A matrix that equals its transpose is undirected, any other
    directed.

    Parameters
    ----------
    path : str or os.PathLike
        ``-`` is standard input.
    directed : bool, optional
        Whether links lead only from source to target. By default graph files and matrices decide, and other links are
        undirected, unless a Pajek file has arcs: then its arcs lead one way and its other links both ways. True makes
        all links lead one way, but those of an undirected graph file both ways. False makes all links undirected and
        sums the two directions of each pair.
    source, target : str or int, optional
        Columns of the link ends, by name or by position from 0. By default the columns with known names, as in
        :meth:`Network.from_table`. Only tables have columns.
    weight : str, int or None
        Column of the weights, or edge attribute of a graph file. Raises if it is missing; the default "weight" may be
        absent. With None every link weighs 1, and weights are not read.
    format : str, optional
        One of the names above.
    encoding : str, optional
        Encoding of text, by default UTF-8, or what an XML file declares.
    label : str, optional
        Node attribute of a graph file (GraphML, GEXF, GML, JSON) that names the nodes. If two nodes have the same
        name, their ids follow in parentheses.
    comment : str, optional
        What comments begin with, ``""`` if there are none. By default ``#``, ``%`` or ``//``.
    names : mapping or path, optional
        Names by label, which become the labels; numbers that they replace are kept in ``Network.ids``. A file has two
        columns, the node and its name, or a header with ``id`` (or ``node``) and ``name`` (or ``label``).
    order : int, 1 or more, optional
        Number of places that the walk remembers; the file then holds paths. By default 2 for paths.
    relax_rate, relax, limit : as in :meth:`Network.from_layers`
        How the walk changes windows, or the layers of a file with ``*Intra`` and without ``*Inter``, where a limit is
        a difference of the numbers of layers. By default by "jsd" with windows, else by "neighbors".
    time : str or int, optional
        Column of the times, with windows, by name or by position from 0.
    window : number, str or timedelta, optional
        Length of the windows of contacts: the file has a time for each link, see :meth:`Network.from_contacts`.
    num_windows, origin : as in :meth:`Network.from_contacts`
        Number of windows of equal length, instead of `window`; where a window begins.

    Returns
    -------
    Network

    Warns
    -----
    UserWarning
        If what was read may not be what was meant: numbers in a column that is not the weight, comments in the form of
        links, or a first line that may be a header.

    Raises
    ------
    FormatError
        If the file cannot be read; the message names the line and the reason.
    ValueError
        If there is no such format or encoding.
    ImportError
        If it is a Parquet or Arrow file and pyarrow is not installed, or compressed by zstd and zstandard is not.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "friends.csv")
    ...     _ = path.write_text("source,target,weight\\nann,bob,2\\nbob,cid,0.5\\n")
    ...     network = read_network(path)
    >>> network
    <mapeq.Network: 3 nodes, 2 links, undirected>
    >>> network.labels
    ('ann', 'bob', 'cid')
    """
    columns = ColumnChoice(source, target, weight)
    if not (order is None or is_whole(order, 1)):
        raise option_error("order", order, "a whole number, 1 or more")
    is_cut = not (window is None and num_windows is None)
    how = ("jsd" if is_cut else "neighbors") if relax is None else relax
    coupling = checked_coupling(relax_rate, how, limit)
    if time is not None and not is_cut:
        message = f"{called(time)} has no use without window, the length of windows (--window on the command line)"
        raise FormatError(message, file=file_name(path))
    if is_cut or origin is not None:
        check_windows(window, num_windows, origin)
        _check_contacts({"window": window, "num_windows": num_windows}, order, format, label)
        contacts, is_directed = contacts_from(
            path, time=time, columns=columns, directed=directed, encoding=encoding, comments=_checked_comments(comment)
        )
        try:
            cut: dict[str, Any] = {"window": window, "num_windows": num_windows, "origin": origin}
            network = temporal_network(contacts, coupling, **cut, directed=is_directed)
        except NetworkError as error:
            raise FormatError(str(error), file=file_name(path)) from error
        return network if names is None else with_names(network, names)
    if order is not None:
        if format not in (None, "paths"):
            raise option_error("order", order, f"omitted with the format {format}, which holds no paths")
        format = "paths"
    if not (format is None or format in FORMATS):
        raise option_error("format", format, "one of " + ", ".join(FORMATS))
    if format in _COLUMNAR or (format is None and is_columnar(path)):
        _check_columnar(path, encoding, label)
        network = read_columnar(path, directed=directed, columns=columns)
    elif format == _FOLDER or (format is None and is_folder(path)):
        _check_folder(path, source, target, encoding, label)
        network = read_folder(path, directed=directed, is_weighted=weight is not None)
    else:
        comments = _checked_comments(comment)
        with Source(path, encoding=encoding, comments=comments, can_choose_encoding=True) as text:
            more: dict[str, Any] = {"format": format, "label": label, "order": order, "coupling": coupling}
            network = read_source(text, directed=directed, columns=columns, **more)
    if coupling != DEFAULT_COUPLING and (network.states is None or network.states.layer is None):
        raise FormatError(
            "has no layers; relax_rate, relax and limit say how a walk changes these", file=file_name(path)
        )
    return network if names is None else with_names(network, names)


def read_source(
    text: Source,
    *,
    directed: bool | None = None,
    columns: ColumnChoice = DEFAULT_COLUMNS,
    format: str | None = None,
    label: str | None = None,
    some_weights: bool = False,
    order: int | None = None,
    coupling: Coupling = DEFAULT_COUPLING,
) -> Network:
    """Read a network from a source at its beginning; see :func:`read_network`, and for `some_weights` ReadOptions."""
    try:
        name = find_format(text) if format is None else format
        options = ReadOptions(directed, columns, label, some_weights, order, coupling)
        return read_as(text, name, options, is_given=format is not None)
    except NetworkError as error:
        raise text.error(str(error)) from error


def _check_contacts(windows: dict[str, Any], order: int | None, format: str | None, label: str | None) -> None:
    """Raise for options that do not go with contacts in windows of time."""
    if format not in (None, "links", "csv", "tsv", *_COLUMNAR):
        name, value = next((name, value) for name, value in windows.items() if value is not None)
        raise option_error(name, value, f"omitted with the format {format}, which holds no contacts")
    for name, value in (("order", order), ("label", label)):
        if value is not None:
            raise option_error(name, value, "omitted with windows: contacts have a time and two nodes")


def _checked_comments(comment: str | None) -> tuple[str, ...]:
    if comment is None:
        return USUAL
    if not isinstance(comment, str) or any(character.isspace() for character in comment):
        raise option_error("comment", comment, "what comments begin with, without spaces, or None")
    return (comment,) if comment else ()


def _check_folder(path: str | os.PathLike[str], source: Any, target: Any, encoding: str | None, label: Any) -> None:
    """Raise for options that folders do not have."""
    for option, value in (("source", source), ("target", target), ("encoding", encoding), ("label", label)):
        if value is not None:
            raise FormatError(f"a folder of Network.save has no {option} to choose", file=file_name(path))


def _check_columnar(path: str | os.PathLike[str], encoding: str | None, label: str | None) -> None:
    """Raise for options that Parquet and Arrow files do not have."""
    for option, value in (("encoding", encoding), ("label", label)):
        if value is not None:
            raise FormatError(f"Parquet and Arrow files have no {option} to choose", file=file_name(path))

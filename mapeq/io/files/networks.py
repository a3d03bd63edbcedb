"""Read networks from files: link lists, tables, Pajek files, Parquet and Arrow files."""

from __future__ import annotations

import os

from mapeq.io.columns import DEFAULT_COLUMNS, WEIGHT, ColumnChoice
from mapeq.io.files.columnar import is_columnar, read_columnar
from mapeq.io.files.foreign import describe_foreign_text
from mapeq.io.files.link_list import read_link_list
from mapeq.io.files.pajek import read_pajek
from mapeq.io.files.source import Source
from mapeq.network.network import Network


def read_network(
    path: str | os.PathLike[str],
    *,
    directed: bool | None = None,
    source: str | int | None = None,
    target: str | int | None = None,
    weight: str | int | None = WEIGHT,
) -> Network:
    """Read a network from a link list, a table or a Pajek file, plain or gzipped, or from a Parquet or Arrow file.

    The content of the file decides, not its name.

    A link list has one line ``source target [weight]`` per link, with fields separated by spaces, tabs or a comma.
    Labels are integers, or strings, which need double quotes if they contain spaces or commas. Lines that begin with
    ``#`` or ``%`` are comments. A missing weight is 1. A link of weight 0 is no link, but
    its ends are nodes.

    A table is a link list under a heading that names its columns, separated by commas, tabs or semicolons, such as
    Gephi's ``Source,Target,Type,Id,Label,Weight``. Its cells may contain spaces, and a column ``Type`` says whether
    links are ``Directed`` or ``Undirected``. Parquet and Arrow (Feather) files (extra ``parquet``) have such columns,
    too; if none is named as a link end, the first two that are not the weight are used.

    A Pajek file has headings ``*Vertices``, ``*Edges``, ``*Arcs`` and ``*Links``. The names of its nodes become labels
    if all names differ, and ``Network.ids`` keeps their numbers.

    Parameters
    ----------
    path : str or os.PathLike
        ``-`` is standard input.
    directed : bool, optional
        Whether links lead only from source to target. By default links are undirected, unless a Pajek file has arcs:
        then its arcs lead one way and its other links both ways. True makes all links lead one way. False makes all
        links undirected and sums the two directions of each pair.
    source, target : str or int, optional
        Columns of the link ends, by name or by position from 0. By default ``source`` and ``target``, or ``from`` and
        ``to``, in any case.
    weight : str, int or None
        Column of the weights. Raises if it is missing; the default "weight" may be absent. With None every link weighs
        1, and weights are not read.

    Returns
    -------
    Network

    Raises
    ------
    FormatError
        If the file cannot be read; the message names the line and the reason.
    ImportError
        If it is a Parquet or Arrow file and pyarrow is not installed.

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
    if is_columnar(path):
        return read_columnar(path, directed=bool(directed), columns=columns)
    with Source(path) as text:
        return read_source(text, directed=directed, columns=columns)


def read_source(text: Source, *, directed: bool | None = None, columns: ColumnChoice = DEFAULT_COLUMNS) -> Network:
    """Read a network from a source at its beginning; see :func:`read_network`."""
    if text.more() and (other := describe_foreign_text(text.block)):
        raise text.error(other, 0)
    first = text.first_line()
    if not first:
        raise text.error("contains no links")
    if not first.startswith(b"*"):
        return read_link_list(text, directed=directed, columns=columns)
    if columns.chosen_by_caller:
        name = columns.chosen_by_caller[0]
        raise text.error(f"a Pajek file has no columns to choose from, such as {name!r}", text.position)
    return read_pajek(text, directed=directed, weighted=columns.weight is not None)

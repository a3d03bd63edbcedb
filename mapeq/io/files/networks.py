"""Files: bytes to networks and partitions, and results to bytes."""

from __future__ import annotations

import os

from mapeq.io.columns import USUAL, WEIGHT, Wanted
from mapeq.io.files.columnar import is_columnar, read_columnar
from mapeq.io.files.foreign import what_text
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

    What is in the file decides, not its name.

    A link list has a line ``source target [weight]`` for every link, the fields separated by blanks,
    tabs or a comma. Labels are whole numbers, or words, which stand in double quotes if they hold
    blanks or commas. Lines that begin with ``#`` or ``%`` are comments. A missing weight is 1; a link
    of weight 0 is as good as absent.

    A table is a link list under a heading that names its columns, separated by commas, tabs or semicolons, such as
    Gephi's ``Source,Target,Type,Id,Label,Weight``. Its cells may hold blanks, and a column ``Type`` says whether links
    are ``Directed`` or ``Undirected``. Parquet and Arrow (Feather) files (extra ``parquet``) have such columns, too;
    there the first two that are not the weight hold the ends of links, if none is called so.

    A Pajek file has headings ``*Vertices``, ``*Edges``, ``*Arcs`` and ``*Links``. The names of its nodes become
    labels if all are different, and ``Network.ids`` keeps their numbers.

    Parameters
    ----------
    path : str or os.PathLike
        ``-`` is standard input.
    directed : bool, optional
        Whether links lead from their source to their target only. By default links have no direction,
        unless a Pajek file has arcs: its arcs then lead one way, its other links both ways. With True
        all links lead one way; with False none does, and what leads there and back is summed.
    source, target : str or int, optional
        The columns with the ends of links, by name or by position from 0. By default ``source`` and ``target``, or
        ``from`` and ``to``, in any case.
    weight : str, int or None
        The column with the weights, which has to be there unless it is "weight". None: every link weighs 1, and
        weights are not looked at.

    Raises
    ------
    FormatError
        If the file cannot be read; says in which line and why.
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
    wanted = Wanted(source, target, weight)
    if is_columnar(path):
        return read_columnar(path, directed=bool(directed), wanted=wanted)
    with Source(path) as text:
        return read_source(text, directed=directed, wanted=wanted)


def read_source(text: Source, *, directed: bool | None = None, wanted: Wanted = USUAL) -> Network:
    """Read a network from a text that nothing is read of yet; see :func:`read_network`."""
    if text.more() and (other := what_text(text.block)):
        raise text.error(other, 0)
    first = text.first_line()
    if not first:
        raise text.error("holds no links")
    if not first.startswith(b"*"):
        return read_link_list(text, directed=directed, wanted=wanted)
    if wanted.said:
        raise text.error(f"a Pajek file has no columns to choose from, such as {wanted.said[0]!r}", text.position)
    return read_pajek(text, directed=directed, weighted=wanted.weight is not None)

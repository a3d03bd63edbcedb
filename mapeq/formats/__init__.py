"""Files: bytes to networks and partitions, and results to bytes."""

from __future__ import annotations

import os

from mapeq.formats.foreign import what_text
from mapeq.formats.link_list import read_link_list
from mapeq.formats.pajek import read_pajek
from mapeq.formats.source import Source
from mapeq.network import Network


def read_network(path: str | os.PathLike[str], *, directed: bool | None = None, weighted: bool = True) -> Network:
    """Read a network from a link list or a Pajek file, plain or gzipped. What is in the file decides, not its name.

    A link list has a line ``source target [weight]`` for every link, the fields separated by blanks,
    tabs or a comma. Labels are whole numbers, or words, which stand in double quotes if they hold
    blanks or commas. Lines that begin with ``#`` or ``%`` are comments. A missing weight is 1; a link
    of weight 0 is as good as absent.

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
    weighted : bool
        With False every line weighs 1 and a third field is not looked at.

    Raises
    ------
    FormatError
        If the file cannot be read; says in which line and why.

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
    with Source(path) as source:
        return read_source(source, directed=directed, weighted=weighted)


def read_source(source: Source, *, directed: bool | None = None, weighted: bool = True) -> Network:
    """Read a network from a source that nothing is read of yet; see :func:`read_network`."""
    if source.more() and (other := what_text(source.block)):
        raise source.error(other, 0)
    first = source.first_line()
    if not first:
        raise source.error("holds no links")
    read = read_pajek if first.startswith(b"*") else read_link_list
    return read(source, directed=directed, weighted=weighted)

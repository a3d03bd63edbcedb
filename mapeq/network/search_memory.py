"""The memory that a search needs, estimated before it starts.

What a network and a flow hold is known. How much a search adds depends on the network: on how many links are left
between the modules of its first steps. The figures below are peaks of anonymous memory (``benchmarks.large.Watch``),
measured on the networks that ``python -m benchmarks.large`` generates, with 10^6 and 10^7 links.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mapeq._base.available import Available, available_memory
from mapeq._base.csr import index_dtype, is_constant
from mapeq._base.errors import counted, is_flag, is_whole, option_error
from mapeq._base.notes import note
from mapeq._base.threads import usable_processors
from mapeq.network.folders import MappedFiles

if TYPE_CHECKING:
    from mapeq.network.network import Network

#: What a search adds to the flow, in bytes per link, by whether the network is directed and weighted: of two levels,
#: and of hierarchies. It is less on undirected networks whose links weigh the same, where a first pass over the links
#: often finds the modules at once.
SEARCH_PER_LINK = {
    (False, False): (7, 12),
    (False, True): (25, 33),
    (True, False): (29, 60),
    (True, True): (35, 66),
}

#: What a search adds to the flow, in bytes per node.
SEARCH_PER_NODE = 190

#: The record of a node in a flow, and what its computation needs besides, in bytes per node, by whether the network is
#: directed.
FLOW_PER_NODE = 24
SCRATCH_PER_NODE = {False: 24, True: 64}

_NUMBER, _WEIGHT = 8, 8


class MemoryEstimate(NamedTuple):
    """The estimated memory of a search, in bytes, without what the interpreter and its libraries need.

    Attributes
    ----------
    network : int
        What the network holds, but for its labels.
    flow : int
        What is needed besides to compute the flow of the walk.
    search : int
        What is needed besides while modules are searched for, including the flow.
    total : int
        The peak: that of the network and the larger one of the others.
    """

    network: int
    flow: int
    search: int
    total: int


def estimate_memory(
    num_nodes: int,
    num_links: int,
    *,
    directed: bool = False,
    weighted: bool = False,
    multilevel: bool = False,
    num_trials: int = 1,
    num_threads: int | None = None,
) -> MemoryEstimate:
    """Estimate the memory of :func:`mapeq.infomap` on a network of a given size.

    :func:`mapeq.infomap` warns before it starts a search that needs more memory than the process may use, and puts
    long arrays into temporary files then.

    Parameters
    ----------
    num_nodes, num_links : int, 0 or more
        An undirected link counts once, and so do parallel links.
    directed : bool
        Whether the network, or the walk on it, is directed.
    weighted : bool
        Whether weights differ; equal weights take no memory.
    multilevel : bool
        Whether hierarchies are searched for.
    num_trials : int, 1 or more
    num_threads : int, optional
        Trials run side by side, each with memory of its own, if there are threads for them. By default the number of
        processors available to the process.

    Returns
    -------
    MemoryEstimate
        Measured peaks differ by up to 30 % on networks of 10^6 and 10^7 links in groups, by more on others. Metadata
        and states need more.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> import mapeq
    >>> needed = mapeq.estimate_memory(5_000_000, 100_000_000)
    >>> f"{needed.network / 1e9:.1f} GB for the network, {needed.total / 1e9:.1f} GB at the peak of a search"
    '0.8 GB for the network, 2.6 GB at the peak of a search'
    """
    for name, value, least in (
        ("num_nodes", num_nodes, 0),
        ("num_links", num_links, 0),
        ("num_trials", num_trials, 1),
        ("num_threads", 1 if num_threads is None else num_threads, 1),
    ):
        if not is_whole(value, least):
            raise option_error(name, value, f"a whole number, {least} or more")
    for name, flag in (("directed", directed), ("weighted", weighted), ("multilevel", multilevel)):
        if not is_flag(flag):
            raise option_error(name, flag, "True or False")
    n, m, directed, weighted = int(num_nodes), int(num_links), bool(directed), bool(weighted)
    index = np.dtype(index_dtype(n)).itemsize
    weight = _WEIGHT * weighted
    # A directed network has each link once, all else has it at both ends.
    network = (m if directed else 2 * m) * (index + weight) + _NUMBER * n
    # The flow of undirected links is that of their weights, which the network holds.
    flow_of_links = 2 * m * (index + _WEIGHT) + _NUMBER * n if directed else 0
    flow = flow_of_links + FLOW_PER_NODE * n
    in_links = m * (index + weight) + _NUMBER * n if directed else 0
    of_engine = SEARCH_PER_LINK[directed, weighted][bool(multilevel)] * m + SEARCH_PER_NODE * n
    side_by_side = min(int(num_trials), int(num_threads or usable_processors()))
    computing, search = flow + in_links + SCRATCH_PER_NODE[directed] * n, flow + side_by_side * of_engine
    return MemoryEstimate(network, computing, search, network + max(computing, search))


def memory_of_search(network: Network, **options: Any) -> MemoryEstimate:
    """What :func:`estimate_memory` says of a network, by default of a walk that has a direction where links have."""
    known = {"directed": network.directed, "weighted": _is_weighted(network)}
    return estimate_memory(network.num_nodes, network.num_links, **(known | options))


def with_room(network: Network, **options: Any) -> Network:
    """The network; if a search needs more memory than this process may use, with room for long arrays on the disk.

    Warns
    -----
    UserWarning
        If so; says what would help.
    """
    available = available_memory()
    if available is None or not (network.mapped is None or network.mapped.is_empty):
        return network
    if network.mapped is not None:  # of an earlier search: there may be memory again
        network = replace(network, mapped=None)
    folder = Path(tempfile.gettempdir())
    lack = _lack_of_memory(network, available, folder, **options)
    if lack is None:
        return network
    note(lack)
    return replace(network, mapped=MappedFiles(folder, []))


def _lack_of_memory(network: Network, available: Available, folder: Path, **options: Any) -> str | None:
    """What to say if a search on a network, which is in memory already, needs more memory than is available."""
    needed = memory_of_search(network, **options)
    if needed.total - needed.network <= available.size:
        return None
    ways = [
        (text, memory_of_search(network, **(options | change)).total)
        for text, change in (
            ("one thread, so that trials run one after the other,", {"num_threads": 1}),
            ("two levels", {"multilevel": False}),
            ("equal weights", {"weighted": False}),
            ("links without directions", {"directed": False}),
        )
    ]
    helpful = [f"{text} would take {size_in_words(total)}" for text, total in ways if total < 0.9 * needed.total]
    size = f"{counted(network.num_nodes, 'node')}, {counted(network.num_links, 'link')}"
    all_of_it, held, left = map(size_in_words, (needed.total, needed.network, available.size))
    return (
        f"the search takes about {all_of_it} of memory, {held} of which the network ({size}) holds already, but "
        f"{available.where} has only {left} left: long arrays go to temporary files in {folder}, which takes longer"
        + "".join(f"; {way}" for way in helpful)
    )


def _is_weighted(network: Network) -> bool:
    return len(network.weights) > 0 and not is_constant(network.weights)


def size_in_words(size: float) -> str:
    """A size of memory in a common unit: ``3.2 GB``, ``12 MB``."""
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else "less than 1 MB"

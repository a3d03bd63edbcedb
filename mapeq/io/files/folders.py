"""Read networks that were saved to folders, with the options that files of other formats have."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from mapeq._base.csr import constant
from mapeq.network.folders import HEADER
from mapeq.network.network import Network

#: The suffix that the command gives to folders.
SUFFIX = ".mapeq"


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a folder of a network, by what it contains or by its suffix."""
    place = os.fsdecode(path)
    return os.path.isfile(os.path.join(place, HEADER)) or Path(place).suffix == SUFFIX


def read_folder(path: str | os.PathLike[str], *, directed: bool | None, is_weighted: bool) -> Network:
    """Map a network from a folder; see :func:`mapeq.read_network`.

    Raises
    ------
    FormatError
        As :meth:`mapeq.Network.open`.
    """
    network = Network.open(path)
    if not is_weighted:
        network = replace(network, weights=constant(1.0, len(network.indices)))
    if directed is None or directed == network.directed:
        return network
    return replace(network, directed=True) if directed else network.undirected()

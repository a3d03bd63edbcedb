"""mapeq finds communities by describing a random walk in as few bits as possible: the map equation.

Names are imported when they are first used, so that importing mapeq costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mapeq import tl as tl
    from mapeq.affinity import neighbor_graph as neighbor_graph
    from mapeq.api import evaluate as evaluate
    from mapeq.api import infomap as infomap
    from mapeq.api import warmup as warmup
    from mapeq.clustering import InfomapClustering as InfomapClustering
    from mapeq.errors import ConvergenceError as ConvergenceError
    from mapeq.errors import FormatError as FormatError
    from mapeq.errors import MapeqError as MapeqError
    from mapeq.errors import NetworkError as NetworkError
    from mapeq.errors import PartitionError as PartitionError
    from mapeq.formats import read_network as read_network
    from mapeq.network import Network as Network
    from mapeq.networkx_backend import infomap_communities as infomap_communities
    from mapeq.networkx_backend import infomap_partitions as infomap_partitions
    from mapeq.networkx_backend import map_equation as map_equation
    from mapeq.result import Result as Result
    from mapeq.search import Progress as Progress

__version__ = "0.1.0"

_HOME = {
    "ConvergenceError": "mapeq.errors",
    "FormatError": "mapeq.errors",
    "InfomapClustering": "mapeq.clustering",
    "MapeqError": "mapeq.errors",
    "Network": "mapeq.network",
    "NetworkError": "mapeq.errors",
    "PartitionError": "mapeq.errors",
    "Progress": "mapeq.search",
    "Result": "mapeq.result",
    "evaluate": "mapeq.api",
    "infomap": "mapeq.api",
    "infomap_communities": "mapeq.networkx_backend",
    "infomap_partitions": "mapeq.networkx_backend",
    "map_equation": "mapeq.networkx_backend",
    "neighbor_graph": "mapeq.affinity",
    "read_network": "mapeq.formats",
    "warmup": "mapeq.api",
}

#: Rooms that are public as a whole.
_ROOMS = ("tl",)

# Without InfomapClustering, which needs scikit-learn: ``from mapeq import *`` works wherever mapeq does.
__all__ = [
    "ConvergenceError",
    "FormatError",
    "MapeqError",
    "Network",
    "NetworkError",
    "PartitionError",
    "Progress",
    "Result",
    "__version__",
    "evaluate",
    "infomap",
    "infomap_communities",
    "infomap_partitions",
    "map_equation",
    "neighbor_graph",
    "read_network",
    "warmup",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"mapeq.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_HOME, *_ROOMS})

"""mapeq finds communities in networks by minimising the map equation (InfoMap).

Public names are imported on first use, so that ``import mapeq`` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mapeq import compat as compat
    from mapeq import spark as spark
    from mapeq import tl as tl
    from mapeq._base.errors import ConvergenceError as ConvergenceError
    from mapeq._base.errors import FormatError as FormatError
    from mapeq._base.errors import MapeqError as MapeqError
    from mapeq._base.errors import NetworkError as NetworkError
    from mapeq._base.errors import PartitionError as PartitionError
    from mapeq._base.progress import Progress as Progress
    from mapeq.api import evaluate as evaluate
    from mapeq.api import infomap as infomap
    from mapeq.api import warmup as warmup
    from mapeq.comparison import compare as compare
    from mapeq.comparison import plot_changes as plot_changes
    from mapeq.embeddings.estimator import InfomapClustering as InfomapClustering
    from mapeq.embeddings.graph import neighbor_graph as neighbor_graph
    from mapeq.integrations.networkx import infomap_communities as infomap_communities
    from mapeq.integrations.networkx import infomap_partitions as infomap_partitions
    from mapeq.integrations.networkx import map_equation as map_equation
    from mapeq.io.files.networks import read_network as read_network
    from mapeq.io.files.writers import write_network as write_network
    from mapeq.memory import compare_orders as compare_orders
    from mapeq.network.network import Network as Network
    from mapeq.network.search_memory import estimate_memory as estimate_memory
    from mapeq.resolution import resolution_profile as resolution_profile
    from mapeq.result.profile import ResolutionProfile as ResolutionProfile
    from mapeq.result.result import Result as Result
    from mapeq.result.stability import Stability as Stability
    from mapeq.robustness import stability as stability

__version__ = "0.1.0"

_HOME = {
    "ConvergenceError": "mapeq._base.errors",
    "FormatError": "mapeq._base.errors",
    "InfomapClustering": "mapeq.embeddings.estimator",
    "MapeqError": "mapeq._base.errors",
    "Network": "mapeq.network.network",
    "NetworkError": "mapeq._base.errors",
    "PartitionError": "mapeq._base.errors",
    "Progress": "mapeq._base.progress",
    "ResolutionProfile": "mapeq.result.profile",
    "Result": "mapeq.result.result",
    "Stability": "mapeq.result.stability",
    "compare": "mapeq.comparison",
    "compare_orders": "mapeq.memory",
    "estimate_memory": "mapeq.network.search_memory",
    "evaluate": "mapeq.api",
    "infomap": "mapeq.api",
    "infomap_communities": "mapeq.integrations.networkx",
    "infomap_partitions": "mapeq.integrations.networkx",
    "map_equation": "mapeq.integrations.networkx",
    "neighbor_graph": "mapeq.embeddings.graph",
    "plot_changes": "mapeq.comparison",
    "read_network": "mapeq.io.files.networks",
    "resolution_profile": "mapeq.resolution",
    "stability": "mapeq.robustness",
    "warmup": "mapeq.api",
    "write_network": "mapeq.io.files.writers",
}

#: Modules that are public as a whole.
_MODULES = ("compat", "spark", "tl")

# Without InfomapClustering, which needs scikit-learn, so that ``from mapeq import *`` always works.
__all__ = [
    "ConvergenceError",
    "FormatError",
    "MapeqError",
    "Network",
    "NetworkError",
    "PartitionError",
    "Progress",
    "ResolutionProfile",
    "Result",
    "Stability",
    "__version__",
    "compare",
    "compare_orders",
    "estimate_memory",
    "evaluate",
    "infomap",
    "infomap_communities",
    "infomap_partitions",
    "map_equation",
    "neighbor_graph",
    "plot_changes",
    "read_network",
    "resolution_profile",
    "stability",
    "warmup",
    "write_network",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"mapeq.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_HOME, *_MODULES})

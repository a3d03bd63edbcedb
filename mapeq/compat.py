"""Old scripts: the stateful class of the infomap package and igraph's function, on mapeq's search.

Write ``from mapeq.compat import Infomap`` in place of ``from infomap import Infomap``. docs/compat.md lists what is
covered. Names and numbers are those of the package: nodes are whole numbers, modules count from 1.
"""

from mapeq._base.errors import FormatError as NetworkParseError  # noqa: F401
from mapeq._base.errors import MapeqError as InfomapError  # noqa: F401
from mapeq.integrations.igraph import community_infomap as community_infomap
from mapeq.integrations.infomap.higher_order import MultilayerNode as MultilayerNode
from mapeq.integrations.infomap.refused import NAMES, refusal
from mapeq.integrations.infomap.result import Result as Result
from mapeq.integrations.infomap.state import Infomap as Infomap
from mapeq.integrations.infomap.state import NotRunError as NotRunError

#: The version of the infomap package whose names these are; code that supports several versions reads it.
__version__ = "2.16.0"


def __getattr__(name: str) -> object:
    if name in NAMES:
        raise ImportError(str(refusal(name, NAMES[name])))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

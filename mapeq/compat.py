"""Old scripts: the stateful class of the infomap package and igraph's function, on our search.

``from mapeq.compat import Infomap`` in place of ``from infomap import Infomap``. What is covered stands in
docs/compat.md; names and numbers are those of that package: nodes are whole numbers, modules count from 1.
"""

from mapeq._base.errors import FormatError as NetworkParseError  # noqa: F401
from mapeq._base.errors import MapeqError as InfomapError  # noqa: F401
from mapeq.integrations.igraph import community_infomap as community_infomap
from mapeq.integrations.infomap.found import Result as Result
from mapeq.integrations.infomap.refused import NAMES, refusal
from mapeq.integrations.infomap.state import Infomap as Infomap
from mapeq.integrations.infomap.state import NotRunError as NotRunError

#: The infomap package whose names these are: code that works with several versions of it asks.
__version__ = "2.16.0"


def __getattr__(name: str) -> object:
    if name in NAMES:
        raise ImportError(str(refusal(name, NAMES[name])))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

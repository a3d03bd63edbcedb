"""mapeq finds communities by describing a random walk in as few bits as possible: the map equation.

Names are imported when they are first used, so that importing mapeq costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mapeq.network import Network as Network

_HOME = {"Network": "mapeq.network"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

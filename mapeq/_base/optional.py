"""Import optional libraries."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def require(module: str, *, extra: str) -> ModuleType:
    """Import a module of an optional library.

    Raises
    ------
    ImportError
        If the library is not installed; the message names the extra that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise ImportError(f"this needs {library}: pip install 'mapeq[{extra}]'", name=library) from error

"""The one way to import a library that mapeq can do without."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional library.

    Raises
    ------
    ImportError
        If the library is not installed; names the extra that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise ImportError(f"this needs {library}: pip install 'mapeq[{extra}]'", name=library) from error

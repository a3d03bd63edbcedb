"""The one decorator that compiles kernels.

A kernel releases the interpreter lock, divides as NumPy does (no zero checks that would block
vectorisation), and is compiled on first call for the types it meets. The machine code is kept
on disk, beside the source file or in the user's cache; where neither can be written, every
process compiles afresh.

Numba renews a cached kernel when the file of that kernel changes, but not when a kernel that
it calls, in another file, does. Here a digest of all kernels' sources is part of the name of the cache
file, so that an edited callee never gives an old result.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache

_PACKAGE = Path(__file__).parents[1]
_IMPORT = re.compile(rb"^from mapeq\.([\w.]+) import", re.MULTILINE)


@cache
def _sources_digest() -> str:
    """Digest of the modules with kernels, and of all that these import: constants and types are compiled, too."""
    sources = {path: path.read_bytes() for path in _PACKAGE.rglob("*.py")}
    waiting = [path for path, source in sources.items() if b"mapeq._base.jit import" in source]
    compiled = set(waiting)
    while waiting:
        modules = (name.decode() for name in _IMPORT.findall(sources[waiting.pop()]))
        new = {_PACKAGE / f"{module.replace('.', '/')}.py" for module in modules} & sources.keys() - compiled
        compiled |= new
        waiting += new
    digest = hashlib.sha256()
    for path in sorted(compiled):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + sources[path])
    return digest.hexdigest()


class _KernelCacheFiles(CompileResultCacheImpl):
    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{super().get_filename_base(fullname, abiflags)}-{_sources_digest()[:16]}"


class _KernelCache(FunctionCache):
    _impl_class = _KernelCacheFiles


def jit(function: Callable[..., Any]) -> Any:
    """Compile a kernel: ``nogil``, NumPy's division, cached on disk where a disk can be written."""
    return _compiled(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into each kernel that calls it, so that loops over it can be vectorised."""
    return _compiled(function, forceinline=True)


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    kernel: Any = numba.njit(nogil=True, error_model="numpy", **options)(function)
    with suppress(RuntimeError):  # raised where nothing can be written
        kernel._cache = _KernelCache(function)
    return kernel


class _Compilations(event.Listener):
    """Counts what is being compiled; what comes from a disk is not."""

    def __init__(self) -> None:
        self.running = 0
        self.ended = float("-inf")

    def on_start(self, event: event.Event) -> None:
        self.running += 1

    def on_end(self, event: event.Event) -> None:
        self.running -= 1
        self.ended = time.monotonic()


_compilations = _Compilations()
event.register("numba:compile", _compilations)


def is_compiling() -> bool:
    """Whether a kernel is being compiled, or was a moment ago: one mostly follows the other."""
    return _compilations.running > 0 or time.monotonic() - _compilations.ended < 1

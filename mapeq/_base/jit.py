"""The decorators that compile kernels.

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
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import numba
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.cpu import CPUTargetOptions
from numba.core.runtime.nrt import rtsys
from numba.core.typed_passes import NopythonTypeInference

_PACKAGE = Path(__file__).parents[1]
_MAKES_KERNELS = [b"@jit", b"@allocating", b"@inlined", b"@step", b"kernel_of("]
_IMPORT = re.compile(rb"^from mapeq\.([\w.]+) import", re.MULTILINE)


@cache
def _sources_digest() -> str:
    """Digest of the modules with kernels, and of all that these import: constants and types are compiled, too."""
    sources = {path: path.read_bytes() for path in _PACKAGE.rglob("*.py")}
    waiting = [path for path, source in sources.items() if any(mark in source for mark in _MAKES_KERNELS)]
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

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load machine code with what it calls when it runs, but without all that Numba needs in order to compile."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


#: Numba's private option that leaves out reference counts; a release without it counts them, and is slower.
_UNCOUNTED: dict[str, Any] = {"_nrt": False} if hasattr(CPUTargetOptions, "_nrt") else {}

#: No kernel is called back from C.
_NO_CALLBACK: dict[str, Any] = {"no_cfunc_wrapper": True}


def jit(function: Callable[..., Any]) -> Any:
    """Compile a kernel: ``nogil``, NumPy's division, cached on disk where a disk can be written.

    It must not allocate, and is compiled without reference counts: Numba would count references to the arrays of a
    NamedTuple wherever a branch takes one out, by atomic instructions that cost more than the loop around them.
    """
    return _cached(_compiled(function, **_UNCOUNTED))


def allocating(function: Callable[..., Any]) -> Any:
    """Compile a kernel that allocates arrays, and therefore counts references to them."""
    return _cached(_compiled(function))


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function into each kernel that calls it, so that loops over it can be vectorised.

    It cannot be called from Python, and no machine code is made of it alone: most of the time of a first call would go
    into code that nobody runs.
    """
    return _part_of_others(function, forceinline=True)


def step(function: Callable[..., Any]) -> Any:
    """Compile a function for the kernels that call it; as for those that are inlined, there is nothing else of it."""
    return _part_of_others(function)


def kernel_of(part: Any) -> Any:
    """The kernel that does what a step does, to be called from Python.

    It calls the step, so that its types are inferred and its code is generated once, whoever needs it.
    """
    function, parameters = part.py_func, ", ".join(signature(part.py_func).parameters)
    call = eval(f"lambda {parameters}: part({parameters})", {"part": part, "__name__": function.__module__})
    call.__name__, call.__qualname__ = function.__name__, function.__qualname__
    place = {name: getattr(function.__code__, name) for name in ("co_name", "co_filename", "co_firstlineno")}
    call.__code__ = call.__code__.replace(**place)
    return jit(call)


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    return numba.njit(nogil=True, error_model="numpy", **_NO_CALLBACK, **options)(function)


def _cached(kernel: Any) -> Any:
    with suppress(RuntimeError):  # raised where nothing can be written
        kernel._cache = _KernelCache(kernel.py_func)
    return kernel


class _Source(JITCodeLibrary):
    """The code of a part of other kernels, as it is before it is optimised: that is done once, in the whole kernel."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=True)
class _KeepSource(FunctionPass):
    _name = "mapeq_keep_source"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.flags.no_compile = True
        state.library = _Source(state.targetctx.codegen(), state.func_id.func_qualname)
        return True


class _PartCompiler(CompilerBase):
    """Compiles a function without making machine code of it alone."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_KeepSource, NopythonTypeInference)
        passes.finalize()
        return [passes]


def _part_of_others(function: Callable[..., Any], **options: Any) -> Any:
    kernel = _compiled(function, pipeline_class=_PartCompiler, no_cpython_wrapper=True, **options, **_UNCOUNTED)

    def add_overload(compiled: Any) -> None:
        key = object()  # by which its callers find it, in the place of an address
        kernel.targetctx.insert_user_function(key, compiled.fndesc, [compiled.library])
        kernel.overloads[tuple(compiled.signature.args)] = compiled._replace(entry_point=key)

    kernel.add_overload = add_overload
    return kernel


#: Seconds of compiling after which a process says so, and the environment variable that keeps it silent.
SAY_AFTER, QUIET = 1.0, "MAPEQ_QUIET"

_NOTICE = (
    "mapeq: compiling for the first use on this machine, about half a minute; "
    "'mapeq warmup' compiles all ahead of time\n"
)


class _Compilations(event.Listener):
    """Counts what is being compiled; what comes from a disk is not. Says so, once, if it takes a while."""

    def __init__(self) -> None:
        self.running = 0
        self.ended = float("-inf")
        self.is_silent = False
        self._timer: threading.Timer | None = None

    def on_start(self, event: event.Event) -> None:
        self.running += 1
        if not self.is_silent and (self._timer is None or not self._timer.is_alive()):
            self._timer = threading.Timer(SAY_AFTER, self._say)
            self._timer.daemon = True
            self._timer.start()

    def _say(self) -> None:
        """Say that kernels are compiled, unless this is a worker process, or silence is wanted."""
        if self.is_silent or not is_compiling():
            return
        self.is_silent = True
        processes = sys.modules.get("multiprocessing")
        is_worker = processes is not None and processes.parent_process() is not None
        if sys.stderr is not None and not is_worker and not os.environ.get(QUIET):
            sys.stderr.write(_NOTICE)
            sys.stderr.flush()

    def on_end(self, event: event.Event) -> None:
        self.running -= 1
        self.ended = time.monotonic()


_compilations = _Compilations()
event.register("numba:compile", _compilations)


def say_nothing_of_compiling() -> None:
    """Leave it to others, such as a status line, to say that kernels are compiled."""
    _compilations.is_silent = True


def is_compiling() -> bool:
    """Whether a kernel is being compiled, or was a moment ago: one mostly follows the other."""
    return _compilations.running > 0 or time.monotonic() - _compilations.ended < 1

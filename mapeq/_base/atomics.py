"""Instructions that Numba does not offer: atomic access to shared memory, waiting, and prefetching.

All of them are plain LLVM, so that any processor has them, but for the hints to wait, which are left out where there
are none.
"""

from __future__ import annotations

import platform
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_MACHINE = platform.machine().lower()
_I32 = ir.IntType(32)

#: The function of the C library, or of Windows, that offers the processor to other threads; None if there is none.
_YIELD = next((name for name in ("sched_yield", "SwitchToThread") if llvmlite.binding.address_of_symbol(name)), None)


def _address(context: Any, builder: Any, array_type: Any, array: Any, indices: list[Any]) -> Any:
    struct = context.make_array(array_type)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, array_type, struct, indices, wraparound=False)


@intrinsic
def fetch_add(typing_context, array, index, value):
    """Add to an entry of a one-dimensional array at once, whatever other threads do; returns what it was before."""

    def codegen(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], [arguments[1]])
        return builder.atomic_rmw("add", address, arguments[2], "seq_cst")

    return array.dtype(array, types.uint64, array.dtype), codegen


@intrinsic
def load_acquire(typing_context, array, index):
    """Read an entry of a one-dimensional array; what a thread wrote before it stored the entry can be read, too."""

    def codegen(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], [arguments[1]])
        return builder.load_atomic(address, "acquire", signature.return_type.bitwidth // 8)

    return array.dtype(array, types.uint64), codegen


@intrinsic
def store_release(typing_context, array, index, value):
    """Write an entry of a one-dimensional array, for threads that read it by :func:`load_acquire`."""

    def codegen(context, builder, signature, arguments):
        address = _address(context, builder, signature.args[0], arguments[0], [arguments[1]])
        builder.store_atomic(arguments[2], address, "release", signature.args[2].bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.uint64, array.dtype), codegen


@intrinsic
def pause(typing_context):
    """Tell the processor that this thread waits in a loop."""

    def codegen(context, builder, signature, arguments):
        if _MACHINE in ("x86_64", "amd64"):
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType(), [], [])
        elif _MACHINE in ("arm64", "aarch64"):
            _call(builder, "llvm.aarch64.hint", ir.VoidType(), [_I32], [ir.Constant(_I32, 1)])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def offer_processor(typing_context):
    """Let another thread run on this processor, if one waits for it."""

    def codegen(context, builder, signature, arguments):
        if _YIELD is not None:
            _call(builder, _YIELD, _I32, [], [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for an entry of an array, or a row of a two-dimensional one, before it is needed."""

    def codegen(context, builder, signature, arguments):
        zeros = [ir.Constant(arguments[1].type, 0)] * (signature.args[0].ndim - 1)
        address = _address(context, builder, signature.args[0], arguments[0], [arguments[1], *zeros])
        address = builder.bitcast(address, ir.IntType(8).as_pointer())
        for_reading, everywhere, data = (ir.Constant(_I32, value) for value in (0, 3, 1))
        _call(
            builder,
            "llvm.prefetch.p0",
            ir.VoidType(),
            [address.type, _I32, _I32, _I32],
            [address, for_reading, everywhere, data],
        )
        return context.get_dummy_value()

    return types.void(array, types.uint64), codegen


@intrinsic
def read_only_view(typing_context, array):
    """The same array, or None, of the type that Numba gives to read-only ones: kernels are compiled for these only."""

    def codegen(context, builder, signature, arguments):
        return arguments[0]

    kept = array if isinstance(array, types.NoneType) else array.copy(readonly=True)
    return kept(array), codegen


def _call(builder: Any, name: str, result: Any, argument_types: list[Any], arguments: list[Any]) -> None:
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, argument_types), name)
    builder.call(function, arguments)

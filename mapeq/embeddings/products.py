"""Products in vector registers: of a few rows with a few columns, and of two vectors.

NumPy's matrix products bring threads of their own, which are at odds with ours, and write all products to memory. Here
each thread computes its own, and compares them while they are in registers: few need another look. It is plain LLVM,
which makes the vector instructions of any processor of it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

#: Rows and columns to multiply at a time: as many as fit the registers of a processor with 256-bit vectors.
ROWS, COLUMNS = 6, 16

_FLOAT, _INDEX = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, COLUMNS)
_ZEROS = ir.Constant(_VECTOR, [0.0] * COLUMNS)
_FOUR = ir.VectorType(ir.DoubleType(), 4)


@intrinsic
def multiply(typing_context, rows, first, panels, number, row_limits, column_limits, products):
    """Multiply ROWS rows with COLUMNS columns, and return which columns need another look.

    Parameters
    ----------
    rows : float32 array of shape (n, d)
    first : uint64
        The first row; ROWS of them must exist.
    panels : float32 array of shape (p, d, COLUMNS)
        Columns, the first COLUMNS of which are the first panel.
    number : uint64
        Of the panel.
    row_limits : float32 array of shape (2, ROWS)
        Bar and share of each row.
    column_limits : float32 array of shape (p, 2, COLUMNS)
        Bar and share of each column.
    products : float32 array of shape (ROWS, COLUMNS)
        Output.

    Returns
    -------
    uint16
        Bit c is set if a product in column c exceeds the bar of its row plus the share of its column, or the reverse.
    """

    def codegen(context, builder, signature, arguments):
        arrays = [
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        depth = cgutils.unpack_tuple(builder, arrays[0].shape)[1]
        width = ir.Constant(_INDEX, COLUMNS)
        row_data = builder.gep(arrays[0].data, [builder.mul(arrays[1], depth)])
        panel_data = builder.gep(arrays[2].data, [builder.mul(arrays[3], builder.mul(depth, width))])
        sums = _multiplied(builder, row_data, panel_data, depth)

        limits = builder.gep(arrays[5].data, [builder.mul(arrays[3], ir.Constant(_INDEX, 2 * COLUMNS))])
        bars, shares = _loaded(builder, limits, 0), _loaded(builder, limits, COLUMNS)
        is_high = None
        for r, total in enumerate(sums):
            _store(builder, total, arrays[6].data, r * COLUMNS)
            bar, share = (_repeated(builder, _number(builder, arrays[4].data, r + at)) for at in (0, ROWS))
            for limit in (builder.fadd(shares, bar), builder.fadd(bars, share)):
                is_higher = builder.fcmp_ordered(">", total, limit)
                is_high = is_higher if is_high is None else builder.or_(is_high, is_higher)
        return builder.bitcast(is_high, ir.IntType(COLUMNS))

    return types.uint16(rows, types.uint64, panels, types.uint64, row_limits, column_limits, products), codegen


def _multiplied(builder: Any, row_data: Any, panel_data: Any, depth: Any) -> list[Any]:
    """Return a vector of products for each row."""
    starts = [builder.gep(row_data, [builder.mul(depth, ir.Constant(_INDEX, r))]) for r in range(ROWS)]
    before = builder.block
    loop, after = builder.append_basic_block("multiply"), builder.append_basic_block("multiplied")
    builder.branch(loop)  # vectors have at least one dimension
    builder.position_at_end(loop)
    k = builder.phi(_INDEX)
    sums = [builder.phi(_VECTOR) for _ in range(ROWS)]
    columns = _loaded(builder, panel_data, builder.mul(k, ir.Constant(_INDEX, COLUMNS)))
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    add_product = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{COLUMNS}f32")
    new = [
        builder.call(add_product, [_repeated(builder, _number(builder, start, k)), columns, total])
        for start, total in zip(starts, sums, strict=True)
    ]
    following = builder.add(k, ir.Constant(_INDEX, 1))
    k.add_incoming(ir.Constant(_INDEX, 0), before)
    k.add_incoming(following, loop)
    for total, next_total in zip(sums, new, strict=True):
        total.add_incoming(_ZEROS, before)
        total.add_incoming(next_total, loop)
    builder.cbranch(builder.icmp_unsigned("<", following, depth), loop, after)
    builder.position_at_end(after)
    return new


def _at(builder: Any, data: Any, place: Any) -> Any:
    return builder.gep(data, [ir.Constant(_INDEX, place) if isinstance(place, int) else place])


def _number(builder: Any, data: Any, place: Any) -> Any:
    return builder.load(_at(builder, data, place))


def _loaded(builder: Any, data: Any, place: Any) -> Any:
    return builder.load(builder.bitcast(_at(builder, data, place), _VECTOR.as_pointer()), align=4)


def _store(builder: Any, vector: Any, data: Any, place: int) -> None:
    builder.store(vector, builder.bitcast(_at(builder, data, place), _VECTOR.as_pointer()), align=4)


def _repeated(builder: Any, number: Any, count: int = COLUMNS) -> Any:
    """Return a vector of equal numbers."""
    nothing = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
    single = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, nothing, ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count))


@intrinsic
def four_sums(typing_context, x, y, factor, by_distance):
    """Return the sums over every fourth dimension, from the first four on, of products or of minus squared differences.

    Each sum is in the order of the dimensions, and nothing is rounded but float64 numbers: the answers have the same
    bits everywhere. Dimensions after the last whole four do not count.

    Parameters
    ----------
    x, y : float32 or float64 arrays of shape (d,), C-contiguous
    factor : float64
        Of both vectors.
    by_distance : bool
    """

    def codegen(context, builder, signature, arguments):
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[:2], arguments[:2], strict=True)
        ]
        factor = _repeated(builder, arguments[2], 4)
        size = cgutils.unpack_tuple(builder, arrays[0].shape)[0]
        sums = cgutils.alloca_once_value(builder, ir.Constant(_FOUR, [0.0] * 4))
        with builder.if_else(arguments[3]) as (then, otherwise):
            for case, is_distance in ((then, True), (otherwise, False)):
                with case, cgutils.for_range(builder, builder.lshr(size, ir.Constant(_INDEX, 2))) as loop:
                    place = builder.shl(loop.index, ir.Constant(_INDEX, 2))
                    a, b = (_four(builder, array.data, place) for array in arrays)
                    if is_distance:
                        difference = builder.fmul(builder.fsub(a, b), factor)
                        total = builder.fsub(builder.load(sums), builder.fmul(difference, difference))
                    else:
                        product = builder.fmul(builder.fmul(a, factor), builder.fmul(b, factor))
                        total = builder.fadd(builder.load(sums), product)
                    builder.store(total, sums)
        total = builder.load(sums)
        numbers = [builder.extract_element(total, ir.Constant(ir.IntType(32), c)) for c in range(4)]
        return context.make_tuple(builder, signature.return_type, numbers)

    return types.UniTuple(types.float64, 4)(x, y, types.float64, types.boolean), codegen


def _four(builder: Any, data: Any, place: Any) -> Any:
    """Return four numbers of an array as float64."""
    number = data.type.pointee
    vector = ir.VectorType(number, 4)
    address = builder.bitcast(builder.gep(data, [place]), vector.as_pointer())
    four = builder.load(address, align=4 if number == _FLOAT else 8)
    return builder.fpext(four, _FOUR) if number == _FLOAT else four

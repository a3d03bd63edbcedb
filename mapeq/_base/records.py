"""Records: NamedTuples of many arrays, which kernels get by reference.

Numba hands a tuple to a function as one value after the other, seven for each array, and does so again at every call
of a step. Memory of dozens of arrays would make up most of what there is to compile. A record is one pointer to its
arrays' addresses and shapes; a kernel loads those that it uses.

Kernels read the fields of records and write to the arrays in them, but do not create records.
"""

# Numba and llvmlite have few annotations.
# mypy: disallow-untyped-calls=False, disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

_Class = TypeVar("_Class", bound=type)

_ADDRESS = ir.IntType(8).as_pointer()
_SIZE = ir.IntType(64)


class _Record(types.Type):
    """What Numba knows of a record: its class, and the types of its fields."""

    def __init__(self, record: type, fields: tuple[types.Type, ...]):
        self.record = record
        self.fields = dict(zip(record._fields, fields, strict=True))  # type: ignore[attr-defined]
        super().__init__(f"{record.__module__}.{record.__qualname__}({', '.join(map(str, fields))})")

    @property
    def key(self) -> Any:
        return self.record, tuple(self.fields.values())

    @property
    def mangling_args(self) -> Any:
        return self.record.__name__, ()


def record(cls: _Class) -> _Class:
    """Let kernels get a NamedTuple of contiguous arrays, numbers, tuples and records by reference."""

    @typeof_impl.register(cls)
    def type_of(value: Any, context: Any) -> _Record:
        return _Record(cls, tuple(typeof_impl(field, context) for field in value))

    return cls


@register_model(_Record)
class _RecordModel(models.PrimitiveModel):
    def __init__(self, manager: Any, record: _Record):
        super().__init__(manager, record, _ADDRESS)


@infer_getattr
class _Fields(AttributeTemplate):
    key = _Record

    def generic_resolve(self, record: Any, name: str) -> Any:  # type: ignore[override]
        return record.fields.get(name)


@lower_getattr_generic(_Record)
def _load_field(context: Any, builder: Any, record: _Record, pointer: Any, name: str) -> Any:
    names = list(record.fields)
    before = [record.fields[other] for other in names[: names.index(name)]]
    memory = builder.bitcast(pointer, _layout(context, record).as_pointer())
    first = sum(len(list(_members(context, field))) for field in before)
    places = iter(range(first, len(_layout(context, record).elements)))

    def load() -> Any:
        member = builder.load(cgutils.gep_inbounds(builder, memory, 0, next(places)))
        # Nothing writes to a record while kernels run: loops need not load it again after each store to an array.
        member.set_metadata("invariant.load", builder.module.add_metadata([]))
        return member

    return _assembled(context, builder, record.fields[name], load)


@unbox(_Record)
def _unbox(record: _Record, value: Any, c: Any) -> NativeValue:
    memory = cgutils.alloca_once(c.builder, _layout(c.context, record))
    has_failed = cgutils.alloca_once_value(c.builder, cgutils.false_bit)
    places = iter(range(len(memory.type.pointee.elements)))

    def store(member: Any) -> None:
        c.builder.store(member, cgutils.gep_inbounds(c.builder, memory, 0, next(places)))

    for number, field in enumerate(record.fields.values()):
        native = c.unbox(field, c.pyapi.tuple_getitem(value, number))
        _take_apart(c.context, c.builder, field, native.value, store)
        with c.builder.if_then(native.is_error, likely=False):
            c.builder.store(cgutils.true_bit, has_failed)
    # Loads through a pointer of unknown origin can be moved to no place before the stores, invariant as they are.
    identity = ir.FunctionType(_ADDRESS, [_ADDRESS])
    pointer = c.builder.asm(identity, "", "=r,0,~{memory}", [c.builder.bitcast(memory, _ADDRESS)], True)
    return NativeValue(pointer, is_error=c.builder.load(has_failed))


def _layout(context: Any, record: _Record) -> ir.LiteralStructType:
    """What is in memory: addresses, shapes and numbers, one after the other."""
    return ir.LiteralStructType([member for field in record.fields.values() for member in _members(context, field)])


def _members(context: Any, field: Any) -> Iterator[ir.Type]:
    if isinstance(field, types.Array):
        if field.layout != "C":
            raise TypeError(f"a record holds contiguous arrays, not {field}")
        yield context.get_data_type(field.dtype).as_pointer()
        yield from [_SIZE] * field.ndim
    elif isinstance(field, types.BaseTuple):
        for item in _items(field):
            yield from _members(context, item)
    elif not isinstance(field, types.NoneType):
        yield context.get_value_type(field)


def _assembled(context: Any, builder: Any, field: Any, load: Callable[[], Any]) -> Any:
    """The value of a field from its members."""
    # Here and below, since only compiling needs it: machine code is loaded without.
    from numba.np import arrayobj
    from numba.np.numpy_support import as_dtype

    if isinstance(field, types.Array):
        array = arrayobj.make_array(field)(context, builder)
        address, shape = load(), [load() for _ in range(field.ndim)]
        size = context.get_constant(types.intp, as_dtype(field.dtype).itemsize)
        strides = [size]
        for extent in shape[:0:-1]:
            strides.insert(0, builder.mul(strides[0], extent))
        arrayobj.populate_array(array, data=address, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()
    if isinstance(field, types.BaseTuple):
        items = [_assembled(context, builder, item, load) for item in _items(field)]
        return context.make_tuple(builder, field, items)
    return context.get_dummy_value() if isinstance(field, types.NoneType) else load()


def _take_apart(context: Any, builder: Any, field: Any, value: Any, store: Callable[[Any], None]) -> None:
    """Store the members of a field."""
    from numba.np import arrayobj

    if isinstance(field, types.Array):
        array = arrayobj.make_array(field)(context, builder, value)
        store(array.data)
        for extent in cgutils.unpack_tuple(builder, array.shape):
            store(extent)
    elif isinstance(field, types.BaseTuple):
        for number, item in enumerate(_items(field)):
            _take_apart(context, builder, item, builder.extract_value(value, number), store)
    elif not isinstance(field, types.NoneType):
        store(value)


def _items(field: Any) -> tuple[types.Type, ...]:
    """The types of a tuple's items."""
    items: tuple[types.Type, ...] = field.types
    return items

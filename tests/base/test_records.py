"""Records: what kernels read from them and write to them."""

import sys
from typing import NamedTuple

import numpy as np
import pytest

from mapeq._base.jit import jit, kernel_of, step
from mapeq._base.records import record


class Pair(NamedTuple):
    first: np.ndarray
    second: np.ndarray


@record
class Inner(NamedTuple):
    numbers: np.ndarray
    nothing: None


@record
class Outer(NamedTuple):
    table: np.ndarray
    factor: float
    inner: Inner
    missing: None
    pair: Pair
    flags: np.ndarray


@step
def _half(outer):
    if outer.missing is None and outer.inner.nothing is None:
        for k in range(len(outer.inner.numbers)):
            outer.inner.numbers[k] //= 2


@jit
def work(outer, other, use_other):
    """Doubles the table, counts its columns, halves the numbers, and reads the rest."""
    table = outer.table
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            table[i, j] *= outer.factor
    _half(outer)
    inner = other if use_other else outer.inner  # which of two records, is known when the kernel runs
    total = 0.0
    for value in outer.pair.first[1:]:
        total += value
    return total, table.shape, inner.numbers[0], outer.flags[1], outer.pair.second.size


HALF = kernel_of(_half)


def an_outer():
    table, numbers = np.arange(6.0).reshape(2, 3), np.array([10, 20], np.uint32)
    pair = Pair(np.array([1.0, 2.0, 4.0]), np.zeros((2, 2, 2), np.uint8))
    return Outer(table, 2.0, Inner(numbers, None), None, pair, np.array([False, True]))


def test_kernels_read_records_and_write_to_their_arrays():
    outer, other = an_outer(), Inner(np.array([7], np.uint32), None)
    assert work(outer, other, False) == (6.0, (2, 3), 5, True, 8)
    assert outer.table.tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]
    assert outer.inner.numbers.tolist() == [5, 10]
    assert work(outer, other, True)[2] == 7
    HALF(outer)
    assert outer.inner.numbers.tolist() == [1, 2]


def test_a_record_of_other_arrays_is_another_type():
    outer = an_outer()
    other = outer._replace(inner=Inner(np.array([9.0, 8.0]), None), pair=outer.pair._replace(first=np.zeros(4)))
    total, _, number, _, _ = work(other, Inner(np.zeros(1), None), False)
    assert (total, number) == (0.0, 4.0)


def test_arrays_of_records_are_contiguous():
    outer = an_outer()
    with pytest.raises(TypeError, match="a record holds contiguous arrays, not"):
        work(outer._replace(table=np.zeros((4, 6))[::2, ::2]), outer.inner, False)


def test_kernels_release_records():
    """Arrays are not kept alive, nor released too often, by thousands of calls."""
    outer = an_outer()
    before = sys.getrefcount(outer.table), sys.getrefcount(outer.inner.numbers), sys.getrefcount(outer.inner)
    for _ in range(1000):
        work(outer, outer.inner, False)
    assert before == (sys.getrefcount(outer.table), sys.getrefcount(outer.inner.numbers), sys.getrefcount(outer.inner))

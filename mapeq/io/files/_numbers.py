"""Kernels that parse numbers; see :mod:`mapeq.io.files._scan`."""

# Kernels carry no annotations: their docstrings give shapes and dtypes, Numba infers the rest.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

from __future__ import annotations

import numpy as np

from mapeq._base.jit import step

# Outcomes of parsing a number.
EXACT = 0  # the nearest float
INEXACT = 1  # a number that only Python parses exactly
BAD = 2  # not a number

_PLUS, _MINUS, _POINT, _ZERO = b"+-.0"
_SMALL_E, _BIG_E = b"eE"

_MAX_DIGITS = 19  # that fit into 64 bits
_NOTHING = np.uint64(0)
_TEN = np.uint64(10)
_LARGEST_EXACT = np.uint64(2**53)
_POWERS = np.array([float(10**k) for k in range(23)])  # all powers that a float holds exactly
_VAST = np.int64(2**50)  # exponents are clipped here: the number is 0 or infinite
_SPLITTER = 2.0**27 + 1


@step
def whole(data, begin, end):
    """Return the value of a plain integer below 2**63, or -1: "7", but not "+7", "007" or "7.0"."""
    digits = end - begin
    if digits > _MAX_DIGITS or (digits > 1 and data[begin] == _ZERO):
        return np.int64(-1)
    value = np.int64(0)
    for k in range(begin, end):
        digit = np.int64(data[k]) - _ZERO
        if digit < 0 or digit > 9:
            return np.int64(-1)
        value = value * 10 + digit
    # 19 digits fit into 64 unsigned bits; a value that does not fit into a signed integer has become negative.
    return value if value >= 0 else np.int64(-1)


@step
def decimal(data, begin, end):
    """Parse a number in decimal or exponent notation; return its value, and EXACT, INEXACT or BAD."""
    position = begin
    negative = data[position] == _MINUS
    if negative or data[position] == _PLUS:
        position += 1
    some, digits, mantissa, exponent, position = _digits(data, position, end)
    if not some:
        return 0.0, BAD
    if position < end:
        written, good = _exponent(data, position, end)
        if not good:
            return 0.0, BAD
        exponent += written
    if mantissa == _NOTHING:
        return 0.0, EXACT
    if digits > _MAX_DIGITS or exponent < -22 or exponent > 22:
        return 0.0, INEXACT
    value, sure = _scaled(mantissa, exponent)
    return -value if negative else value, EXACT if sure else INEXACT


@step
def _digits(data, position, end):
    """Parse digits with at most one point; return whether there are any, how many count, mantissa and exponent."""
    some, pointed = False, False
    digits, exponent = 0, 0
    mantissa = np.uint64(0)
    while position < end:
        digit = np.int64(data[position]) - _ZERO
        if 0 <= digit <= 9:
            some = True
            if digits > 0 or digit > 0:
                digits += 1
            if digits <= _MAX_DIGITS:
                mantissa = mantissa * _TEN + np.uint64(digit)
            if pointed:
                exponent -= 1
        elif data[position] == _POINT and not pointed:
            pointed = True
        else:
            break
        position += 1
    return some, digits, mantissa, exponent, position


@step
def _exponent(data, position, end):
    """Return the value of an exponent such as "e-3", clipped, and whether it is valid."""
    if data[position] != _SMALL_E and data[position] != _BIG_E:
        return 0, False
    position += 1
    negative = position < end and data[position] == _MINUS
    if negative or (position < end and data[position] == _PLUS):
        position += 1
    good = position < end
    value = np.int64(0)
    for k in range(position, end):
        digit = np.int64(data[k]) - _ZERO
        good &= 0 <= digit <= 9
        value = min(value * 10 + digit, _VAST)
    return -value if negative else value, good


@step
def _scaled(mantissa, exponent):
    """Return ``mantissa * 10**exponent`` rounded to the nearest float, and whether it is exact; abs(exponent) <= 22.

    Up to 2**53 both factors are exact, so that the result is rounded once, correctly. Above, the result is computed as
    a sum of two floats, high + low, with an error below `slack`. Rounding is monotone: if the sum rounds to the same
    float with the slack added and subtracted, so does the true value.
    """
    power = _POWERS[abs(exponent)]
    high = np.float64(mantissa)
    if mantissa <= _LARGEST_EXACT:
        return (high / power if exponent < 0 else high * power), True
    rest = np.float64(np.int64(mantissa - np.uint64(high)))
    if exponent < 0:
        result = high / power
        product, error = _product(result, power)
        remainder = (high - product) - error
        low = (remainder + rest) / power
        slack = (abs(remainder) + abs(rest)) / power * 2.0**-50
    else:
        result, error = _product(high, power)
        low = error + rest * power
        slack = (abs(error) + abs(rest * power)) * 2.0**-50
    value = result + (low - slack)
    return value, value == result + (low + slack)


@step
def _product(a, b):
    """Return ``a * b`` exactly, as the sum of two floats (Dekker, Numerische Mathematik 18, 224 (1971))."""
    product = a * b
    shifted = _SPLITTER * a
    a_high = shifted - (shifted - a)
    a_low = a - a_high
    shifted = _SPLITTER * b
    b_high = shifted - (shifted - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low

"""Read times: numbers, dates and text, and how long windows of time are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import inf
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.errors import is_number, option_error
from mapeq.network.states import is_missing

_MAY_BE_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(inf|nan)", re.ASCII)
_DURATION = re.compile(r"(\d+) ?([a-zA-Z]+)")
_UNITS = {
    "W": ("W", "w", "week", "weeks"),
    "D": ("D", "d", "day", "days"),
    "h": ("h", "H", "hour", "hours"),
    "m": ("min", "minute", "minutes"),
    "s": ("s", "second", "seconds"),
    "ms": ("ms",),
    "us": ("us",),
    "ns": ("ns",),
}
_UNIT_OF = {name: unit for unit, names in _UNITS.items() for name in names}
_LENGTHS = "a duration, such as '20min', '1h', '1D' or a timedelta"
_WRITTEN = "dates are written like 2024-05-31 or 2024-05-31T08:20"

#: What a time may be.
_NUMBER, _DATE, _ZONED = "a number", "a date", "a date with a time zone"


def times_from(values: Any, error: Callable[[int, str], Exception]) -> NDArray[Any]:
    """Read times as numbers or dates.

    Parameters
    ----------
    values : array or sequence
        Numbers; dates of NumPy, pandas or Python; or text, with dates as ISO 8601 has them. Dates with a time zone are
        turned into UTC.
    error : callable
        The error to raise for the time at a position.

    Returns
    -------
    int64, float64 or datetime64 array

    Examples
    --------
    >>> times_from(["2024-05-31T08:20"], lambda k, message: ValueError(message))
    array(['2024-05-31T08:20:00.000000'], dtype='datetime64[us]')
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufM":
        array = values
    else:
        array = _of_objects(values.tolist() if hasattr(values, "tolist") else list(values), error)
    if array.dtype.kind == "u":
        array = array.astype(np.int64 if array.max(initial=0) < 1 << 63 else np.float64)
    is_bad = np.isnat(array) if array.dtype.kind == "M" else ~np.isfinite(array)
    if is_bad.any():
        k = int(is_bad.argmax())
        raise error(k, "is infinite" if np.isinf(array[k]) else "is missing")
    if array.dtype.kind == "M":
        return array.astype("M8[D]") if np.datetime_data(array.dtype)[0] in ("Y", "M", "W") else array
    return array.astype(np.int64 if array.dtype.kind == "i" else np.float64)


def _of_objects(values: Sequence[Any], error: Callable[[int, str], Exception]) -> NDArray[Any]:
    found, first = [], None
    texts: dict[str, tuple[str, Any] | None] = {}
    for k, value in enumerate(values):
        if isinstance(value, str):
            if value not in texts:
                texts[value] = _of_text(value)
            read = texts[value]
        else:
            read = _of_object(value)
        if read is None:
            is_gone = is_missing(value) or (isinstance(value, str) and not value.strip())
            raise error(k, "is missing" if is_gone else f"is no number and no date: {value!r}; {_WRITTEN}")
        kind, time = read
        first = first or kind
        if kind != first:
            raise error(k, f"is {kind}, but the first one {first}: {value!r}")
        found.append(time)
    return np.array(found) if found else np.zeros(0)


def _of_text(text: str) -> tuple[str, Any] | None:
    """What a text says, as :func:`_of_object`."""
    plain = text.strip()
    if _MAY_BE_NUMBER.fullmatch(plain):
        return _NUMBER, _number(float(plain) if set(plain) - set("+-0123456789") else int(plain))
    try:
        return _of_object(datetime.fromisoformat(plain))
    except ValueError:
        return None


def _number(value: Any) -> int | float:
    """A number as one of 64 bits, a float if it is not whole or too large."""
    if isinstance(value, Integral) and -(1 << 63) <= int(value) < 1 << 63:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _of_object(value: Any) -> tuple[str, Any] | None:
    """What a time is, and the time as a number or a datetime64; None for what is no time."""
    if is_missing(value):
        return None
    if is_number(value):
        return _NUMBER, _number(value)
    if isinstance(value, np.datetime64):
        return _DATE, value
    if isinstance(value, datetime):
        naive = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        time = naive.to_datetime64() if hasattr(naive, "to_datetime64") else np.datetime64(naive, "us")  # of pandas
        return (_DATE if value.tzinfo is None else _ZONED), time
    return (_DATE, np.datetime64(value, "D")) if isinstance(value, date) else None


def length_of_windows(window: Any, *, dates: bool) -> Any:
    """The length of windows as a number, or for dates as a timedelta64.

    Raises
    ------
    ValueError
        If it is not positive, or no length of time.

    Examples
    --------
    >>> length_of_windows("20 min", dates=True)
    np.timedelta64(20,'m')
    """
    if not dates:
        if isinstance(window, str):
            read = _of_text(window)
            window = read[1] if read and read[0] == _NUMBER else window
        if not is_number(window) or not 0 < window < np.inf:
            raise option_error("window", window, "a number above 0, as the times are numbers")
        return _number(window)
    if isinstance(window, str):
        match = _DURATION.fullmatch(window.strip())
        unit = _UNIT_OF.get(match[2]) if match else None
        length: Any = np.array(int(match[1]), f"m8[{unit}]")[()] if match and unit else None
    elif isinstance(window, np.timedelta64):
        length = window if np.datetime_data(window.dtype)[0] not in ("Y", "M", "generic") else None
    else:
        length = np.timedelta64(window) if isinstance(window, timedelta) else None
    if length is None or np.isnat(length) or length.astype(np.int64) <= 0:
        raise option_error("window", window, f"{_LENGTHS}, as the times are dates")
    unit, count = np.datetime_data(length.dtype)
    return np.array(int(length.astype(np.int64)) * count, f"m8[{unit}]")[()]


def origin_of_windows(origin: Any, *, dates: bool) -> Any:
    """Where a window begins, as a number or a datetime64; None stays None.

    Raises
    ------
    ValueError
        If it is not of the kind that times are.
    """
    if origin is None:
        return None

    def error(_: int, __: str) -> Exception:
        what = "a date" if dates else "a number"
        return option_error("origin", origin, f"{what}, as the times are {what[2:]}s")

    if isinstance(origin, bool):
        raise error(0, "")
    found = times_from([origin], error)
    if (found.dtype.kind == "M") != dates:
        raise error(0, "")
    return found[0] if dates else found[0].item()

"""Temporal networks: contacts at times, cut into windows of time, which are layers of a multilayer network."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import FloatArray
from mapeq._base.errors import NetworkError
from mapeq.network.labels import renumbered_by_occurrence
from mapeq.network.layers import Coupling, Layers, aligned
from mapeq.network.network import Network

#: Units of time that the beginnings of windows are named by: the coarsest that holds all of them.
_UNITS = ("D", "m", "s", "ms", "us")

#: Pairs of windows are coupled one after the other, at some 3,000 in a second.
MOST_PAIRS = 1_000_000


class Contacts(NamedTuple):
    """Contacts in any order.

    Attributes
    ----------
    times : int64, float64 or datetime64 array of shape (m,)
    sources, targets : int64 arrays of shape (m,)
        Positions in `labels`.
    weights : float64 array of shape (m,)
    labels : tuple
    """

    times: NDArray[Any]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: FloatArray
    labels: tuple[Hashable, ...]


class Windows(NamedTuple):
    """The windows that contacts are in.

    Attributes
    ----------
    numbers : int64 array of shape (m,)
        Of each contact the position of its window in `starts`.
    starts : sequence
        When each window that has contacts begins, in order of time.
    """

    numbers: NDArray[np.int64]
    starts: Sequence[Hashable]


def windows_of_length(times: NDArray[Any], length: Any, origin: Any = None) -> Windows:
    """Cut time into windows of one length.

    Parameters
    ----------
    times : array of shape (m,)
    length : number or timedelta64
        Positive; a timedelta64 for dates.
    origin : number or datetime64, optional
        Where a window begins. By default 0, or the midnight before the first date.

    Raises
    ------
    NetworkError
        If dates are too far apart for their unit, or numbers too far from the origin to tell windows apart.

    Examples
    --------
    >>> windows_of_length(np.array([3, 5, 14]), 5)
    Windows(numbers=array([0, 1, 2]), starts=[0, 5, 10])
    """
    if times.dtype.kind == "M":
        begin = times.min().astype("M8[D]") if origin is None else origin
        unit = np.datetime_data(np.result_type(times.dtype, begin.dtype, (times[:1] + length).dtype))[0]
        values, begin = (_in_unit(some, unit).astype(np.int64) for some in (times, begin))
        step = length.astype(f"m8[{unit}]").astype(np.int64)
        found, numbers = np.unique((values - begin) // step, return_inverse=True)
        return Windows(numbers, _dates((begin + found * step).astype(f"M8[{unit}]")))
    begin = 0 if origin is None else origin
    ends = [int(end) for end in (times.min(), times.max())] if times.dtype.kind == "i" else []
    if ends and isinstance(begin, int) and isinstance(length, int) and all(abs(end - begin) < 1 << 63 for end in ends):
        found, numbers = np.unique((times - begin) // length, return_inverse=True)
        return Windows(numbers, (begin + found * length).tolist())
    error = np.spacing(np.maximum(np.abs(times), abs(begin)).astype(np.float64))
    with np.errstate(over="ignore"):
        position, error = (times.astype(np.float64) - begin) / length, error / length
    if np.abs(position).max() > 1 << 52:  # floats do not tell whole numbers apart there, and integers overflow
        far = times[np.abs(position).argmax()]
        raise NetworkError(f"windows of length {length:g} from {begin:g} on cannot be told apart at the time {far:g}")
    found, numbers = np.unique(_floor(position, error), return_inverse=True)
    return Windows(numbers, _rounded(begin + found * length))


def equal_windows(times: NDArray[Any], count: int) -> Windows:
    """Cut the time from the first to the last contact into windows of equal length.

    Examples
    --------
    >>> equal_windows(np.array([0, 4, 5, 10]), 2)
    Windows(numbers=array([0, 0, 1, 1]), starts=[0, 5])
    """
    is_date = times.dtype.kind == "M"
    unit = np.datetime_data(np.result_type(times.dtype, np.dtype("M8[s]")))[0] if is_date else ""
    values = _in_unit(times, unit).astype(np.int64) if is_date else times
    first, span = values.min(), values.max() - values.min()
    parts = (values - first) / (span or 1) * count
    error = np.spacing(np.abs(values).astype(np.float64)) / (span or 1) * count
    found, numbers = np.unique(np.minimum(_floor(parts, error), count - 1), return_inverse=True)
    starts = first + found * (float(span) / count)
    if is_date:
        return Windows(numbers, _dates(np.rint(starts - first).astype(np.int64) + first.astype(f"M8[{unit}]")))
    names = _rounded(starts)
    is_whole = values.dtype.kind == "i" and all(name.is_integer() for name in names)
    return Windows(numbers, [int(name) for name in names] if is_whole else [*names])


def layers_of(contacts: Contacts, windows: Windows, *, directed: bool) -> Layers:
    """The contacts in each window as a layer; those of the same nodes in a window add up."""
    order = np.argsort(windows.numbers, kind="stable")
    bounds = np.searchsorted(windows.numbers[order], np.arange(len(windows.starts) + 1))
    networks = []
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        inside = order[begin:end]
        sources, targets, nodes = renumbered_by_occurrence(
            contacts.sources[inside], contacts.targets[inside], len(contacts.labels)
        )
        labels = [contacts.labels[node] for node in nodes.tolist()]
        weights = contacts.weights[inside]
        networks.append(Network.from_edges(sources, targets, weights, directed=directed, labels=labels))
    return aligned(windows.starts, networks)


def check_number(windows: Windows, coupling: Coupling) -> None:
    """Raise a NetworkError if the walk changes between too many pairs of windows."""
    count = len(windows.starts)
    place = np.arange(count)
    pairs = int((np.minimum(place, coupling.down) + np.minimum(place[::-1], coupling.up)).sum()) + count
    if pairs > MOST_PAIRS:
        raise NetworkError(
            f"there are {count:,} windows with contacts, and the walk changes between {pairs:,} pairs of them, over "
            f"{MOST_PAIRS:,}: take longer windows, or limit how far it gets, such as limit=10"
        )


def _floor(values: FloatArray, error: FloatArray) -> NDArray[np.int64]:
    """The greatest whole numbers that are not above, but for errors of rounding."""
    nearest = np.rint(values)
    is_whole = np.abs(values - nearest) <= 4 * (np.spacing(np.abs(values)) + error)
    return np.where(is_whole, nearest, np.floor(values)).astype(np.int64)


def _rounded(starts: FloatArray) -> list[float]:
    """Numbers without the errors of rounding in their last digits: 0.3 for 3 * 0.1."""
    return [float(f"{start:.15g}") for start in starts.tolist()]


def _in_unit(times: Any, unit: str) -> Any:
    """Dates in a unit that is at least as fine as theirs, or a NetworkError if it cannot hold them."""
    fine = times.astype(f"M8[{unit}]")
    if np.any(fine.astype(times.dtype) != times):
        raise NetworkError(f"dates from {np.min(times)} to {np.max(times)} are too far apart to be counted in {unit}")
    return fine


def _dates(starts: NDArray[np.datetime64]) -> list[Hashable]:
    for unit in _UNITS:
        coarse = starts.astype(f"M8[{unit}]")
        if (coarse == starts).all():
            return list(coarse)
    return list(starts)

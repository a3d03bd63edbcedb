"""The exact search for nearest neighbours on a GPU, through PyTorch or CuPy, whichever is there.

The device multiplies blocks of vectors in float32 and returns the best candidates of each query. They are measured in
float64 as in every search. The bound that all other points stay below proves that none is missing; where it does not,
the query is searched again for more candidates.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mapeq._base.csr import pieces
from mapeq._base.optional import require
from mapeq._base.threads import Threads
from mapeq.embeddings.scoring import Nearest, Points, Scoring, bar_of, measure, shares_of

#: Products of this many queries and points at a time: 1 GiB on the device.
QUERIES_AT_ONCE, POINTS_AT_ONCE = 4096, 65_536

#: Candidates of all queries at a time.
CANDIDATES_AT_ONCE = 4_000_000

#: Candidates beyond the number of neighbours, and the factor by which they grow for queries that need more.
SPARE, GROWTH = 8, 8

#: Multiplications from which the default is a GPU that is ready, and those that are worth loading a library to look.
WORTH_A_DEVICE, WORTH_AN_IMPORT = 1e9, 1e12

#: Where Linux shows a GPU: NVIDIA's, AMD's, and that of Windows.
_DRIVERS = "/dev/nvidiactl", "/dev/kfd", "/dev/dxg"

_LIBRARIES = {"torch": "PyTorch", "cupy": "CuPy"}


class Device(Protocol):
    """What a library does on a device; arrays of it are only passed on."""

    def free_memory(self) -> int:
        """Return the number of bytes that are free."""

    def load(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array on the device."""

    def best(self, queries: Any, points: Any, shares: Any, own: Any, count: int) -> tuple[Any, Any]:
        """Return the highest products minus shares for each query, and the numbers of their points.

        Parameters
        ----------
        queries, points : float32 arrays of shape (m, d) and (n, d)
        shares : float32 array of shape (n,)
            Those of points without direction, and their products, are NaN, which counts as minus infinity.
        own : pair of int64 arrays
            Queries and points that do not count for them.
        count : int
            How many to return, in any order; all if there are fewer.
        """

    def best_of(self, parts: Sequence[tuple[Any, Any]], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the highest of all parts, as arrays of NumPy."""


class TorchDevice:
    """A device of PyTorch."""

    def __init__(self, torch: Any, name: str = "cuda"):
        self._torch = torch
        self._name = name

    def free_memory(self) -> int:
        """Return the number of bytes that are free."""
        return int(self._torch.cuda.mem_get_info(self._name)[0])

    def load(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array on the device; on the processor, itself."""
        return self._torch.from_numpy(array).to(self._name)

    def best(self, queries: Any, points: Any, shares: Any, own: Any, count: int) -> tuple[Any, Any]:
        """Return the highest products minus shares for each query; see :class:`Device`."""
        torch = self._torch
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            values = queries @ points.T
        finally:
            torch.set_float32_matmul_precision(before)
        values -= shares
        torch.nan_to_num(values, nan=-np.inf, posinf=np.inf, neginf=-np.inf, out=values)
        values[own] = -np.inf
        best = torch.topk(values, min(count, values.shape[1]), dim=1, sorted=False)
        return best.values, best.indices

    def best_of(self, parts: Sequence[tuple[Any, Any]], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the highest of all parts, as arrays of NumPy."""
        torch = self._torch
        values, numbers = (torch.cat(some, dim=1) for some in zip(*parts, strict=True))
        best = torch.topk(values, min(count, values.shape[1]), dim=1, sorted=False)
        return best.values.cpu().numpy(), torch.gather(numbers, 1, best.indices).cpu().numpy()


class CupyDevice:
    """The current device of CuPy; NumPy in the place of CuPy does the same, on the processor."""

    def __init__(self, cupy: Any):
        self._cupy = cupy

    def free_memory(self) -> int:
        """Return the number of bytes that are free."""
        return int(self._cupy.cuda.runtime.memGetInfo()[0])

    def load(self, array: NDArray[Any]) -> Any:
        """Return a copy of an array on the device."""
        return self._cupy.asarray(array)

    def best(self, queries: Any, points: Any, shares: Any, own: Any, count: int) -> tuple[Any, Any]:
        """Return the highest products minus shares for each query; see :class:`Device`."""
        values = queries @ points.T
        values -= shares
        values[self._cupy.isnan(values)] = -np.inf
        values[own] = -np.inf
        return self._highest(values, count)

    def best_of(self, parts: Sequence[tuple[Any, Any]], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the highest of all parts, as arrays of NumPy."""
        values, numbers = (self._cupy.concatenate(some, axis=1) for some in zip(*parts, strict=True))
        best, places = self._highest(values, count)
        numbers = self._cupy.take_along_axis(numbers, places, axis=1)
        return self._on_host(best), self._on_host(numbers)

    def _highest(self, values: Any, count: int) -> tuple[Any, Any]:
        places = self._cupy.argpartition(-values, min(count, values.shape[1]) - 1, axis=1)[:, :count]
        return self._cupy.take_along_axis(values, places, axis=1), places

    def _on_host(self, array: Any) -> Any:
        return array.get() if hasattr(array, "get") else array


def requested_device() -> Device:
    """Return the GPU that PyTorch or CuPy sees.

    Raises
    ------
    ImportError
        If neither of them is installed.
    ValueError
        If they see no GPU.
    """
    loaded = []
    for name in _LIBRARIES:
        try:
            library = require(name, extra="gpu")
        except ImportError:
            continue
        if device := _device_of(name, library):
            return device
        loaded.append(_LIBRARIES[name])
    if loaded:
        libraries = " and ".join(loaded)
        raise ValueError(f"algorithm='gpu' needs a GPU, and {libraries} found none; 'exact' finds the same without one")
    raise ImportError(
        "algorithm='gpu' needs PyTorch or CuPy: pip install 'mapeq[gpu]', or the CuPy of your CUDA, such as "
        "cupy-cuda12x; 'exact' finds the same without them",
        name="torch",
    )


def device_worth_using(num_points: int, num_queries: int, num_dimensions: int) -> Device | None:
    """Return a GPU if there is one, has room for the vectors, and is worth its start; otherwise None."""
    multiplications = float(num_points) * num_queries * num_dimensions
    if multiplications < WORTH_A_DEVICE:
        return None
    is_large = multiplications >= WORTH_AN_IMPORT and any(Path(driver).exists() for driver in _DRIVERS)
    for name in _LIBRARIES:
        library = sys.modules.get(name)
        if library is None and is_large and find_spec(name):
            try:
                library = require(name, extra="gpu")
            except ImportError:  # an installation that does not fit
                continue
        needed = 4 * (num_points * num_dimensions + 3 * QUERIES_AT_ONCE * min(POINTS_AT_ONCE, num_points))
        if library and (device := _device_of(name, library)) and device.free_memory() > needed:
            return device
    return None


def _device_of(name: str, library: Any) -> Device | None:
    """Return the device that a library sees, if any."""
    if name == "torch":
        return TorchDevice(library) if library.cuda.is_available() else None
    if os.environ.get("CUPY_TF32", "0") != "0":  # products would be too rough
        return None
    return CupyDevice(library) if library.is_available() else None


def on_host(vectors: Any) -> Any:
    """Return the vectors of a device, or a tensor of PyTorch, as an array of NumPy; anything else as it is."""
    if type(vectors).__module__.partition(".")[0] == "torch":
        tensor = vectors.detach().cpu()
        is_known = not tensor.is_floating_point() or tensor.element_size() > 2 or "bfloat" not in str(tensor.dtype)
        return (tensor if is_known else tensor.float()).numpy()
    return vectors.get() if type(vectors).__module__.partition(".")[0] == "cupy" else vectors


def search_on_device(
    device: Device, points: Points, queries: Points, scoring: Scoring, found: Nearest, threads: Threads
) -> Iterator[float]:
    """Find the nearest points of each query; see :func:`mapeq.embeddings.exact.search_exactly`."""
    are_same = queries is points
    num_points, num_queries = len(points.rough), len(queries.rough)
    shares = shares_of(points.rough, scoring.by_distance)
    query_shares = shares if are_same else shares_of(queries.rough, scoring.by_distance)
    on_device = device.load(points.rough), device.load(shares)
    waiting: NDArray[np.int64] = np.arange(num_queries)
    count = found.indices.shape[1] + SPARE
    while len(waiting):
        length = max(min(QUERIES_AT_ONCE, CANDIDATES_AT_ONCE // count), 1)
        missing, num_missing = [], 0
        for first, last in pieces(len(waiting), length):
            some = waiting[first:last]
            own = some if are_same else np.full(len(some), -1)
            values, near = _candidates(device, queries.rough[some], *on_device, own, count)
            near[np.isneginf(values)] = -1
            best = Nearest(found.indices[some], found.scores[some])
            best.indices[:], best.scores[:] = -1, -np.inf
            work = partial(measure, points.exact, queries.exact[some], near, own, scoring, best)
            threads.run(work, threads.parts(len(some), near.size))
            found.indices[some], found.scores[some] = best
            # No other point has a product, minus its share, above the lowest of the candidates.
            bounds = values.min(axis=1)
            bars = bar_of.py_func(best.scores[:, -1], query_shares[some], scoring.by_distance)
            is_open = (bounds >= bars.astype(np.float32)) & (bounds > -np.inf) & (near.shape[1] < num_points)
            missing.append(some[is_open])
            num_missing += int(np.count_nonzero(is_open))
            yield (num_queries - num_missing - (len(waiting) - last)) / num_queries
        waiting = np.concatenate(missing)
        count = min(count * GROWTH, num_points)


def _candidates(
    device: Device, queries: NDArray[np.float32], points: Any, shares: Any, own: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the highest products minus shares of each query, of all points but its own, and the points' numbers."""
    on_device = device.load(queries)
    parts = []
    for first, last in pieces(len(points), POINTS_AT_ONCE):
        rows = np.flatnonzero((own >= first) & (own < last))
        masked = device.load(rows), device.load(own[rows] - first)
        values, numbers = device.best(on_device, points[first:last], shares[first:last], masked, count)
        parts.append((values, numbers + first))
    return device.best_of(parts, count)

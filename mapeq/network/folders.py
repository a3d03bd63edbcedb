"""Networks in folders: arrays as NumPy's .npy files, which can be mapped into memory instead of being read.

A folder has these files. ``network.json`` comes last: without it, a folder is no network.

``network.json``
    ``format`` ("mapeq network"), ``version`` (1), ``directed``, ``num_given``, ``weight`` if all links have the same,
    ``labels`` (the numbers ``[first, last + 1, step]`` of a range, or a list of labels), ``categories`` of metadata,
    the names and layers of ``states``, and ``files``: the number of bytes of each other file.
``indptr.npy``, ``indices.npy``, ``weights.npy``
    The links, as in :class:`mapeq.Network`.
``labels.npy``, ``node_weights.npy``, ``ids.npy``, ``sides.npy``, ``metadata.npy``, ``physical.npy``, ``layer.npy``, ...
    Arrays of nodes, where there are any.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mapeq._base.atomics import fetch_add
from mapeq._base.csr import ONE, constant, for_kernels, is_constant
from mapeq._base.errors import FormatError, NetworkError
from mapeq._base.jit import jit
from mapeq._base.storage import Storage
from mapeq._base.team import ZERO, barrier, share
from mapeq._base.threads import in_threads
from mapeq.network.metadata import Metadata
from mapeq.network.states import States

if TYPE_CHECKING:
    from mapeq.network.network import Network

FORMAT, VERSION = "mapeq network", 1

#: The file that describes the others.
HEADER = "network.json"

#: Arrays that have an entry for each link or, the first one, for each node and one more.
_OF_LINKS = ("indptr", "indices", "weights")
_OF_NODES = ("labels", "node_weights", "ids", "sides")


class MappedFiles:
    """The files that a network is mapped from.

    Parameters
    ----------
    folder : Path
    names : list of str
        Names of the files.

    Attributes
    ----------
    storage : Storage
        Makes arrays beside them.
    is_empty : bool
        Whether there are none: the links are in memory, and only long arrays of a search go to the folder.
    """

    def __init__(self, folder: Path, names: list[str]):
        self.folder = folder
        self.storage = Storage(folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()))
        self.is_empty = not names
        self._marks = {name: _mark(folder / name) for name in names}

    def check(self) -> None:
        """Raise if a file has changed since it was mapped.

        Raises
        ------
        NetworkError
        """
        for name, mark in self._marks.items():
            if _mark(self.folder / name) != mark:
                raise NetworkError(f"{self.folder / name} has changed since the network was opened: open it again")


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file is still the same."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def check_files(network: Network) -> None:
    """Raise if a network is mapped from files that have changed; see :meth:`MappedFiles.check`."""
    if network.mapped is not None:
        network.mapped.check()


def save(self: Network, folder: str | os.PathLike[str]) -> None:
    """Save the network to a folder, from which :meth:`open` maps it into memory.

    The folder appears when it is complete. A network that is there already is replaced.

    Parameters
    ----------
    folder : str or os.PathLike

    Raises
    ------
    FormatError
        If the folder cannot be written, or exists and holds no network.
    NetworkError
        If a label is neither text, a number, nor a tuple of these.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import mapeq
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = pathlib.Path(place, "friends")
    ...     mapeq.Network.from_edges(["ann", "bob"], ["bob", "cid"]).save(folder)
    ...     sorted(path.name for path in folder.iterdir()), mapeq.Network.open(folder).labels
    (['indices.npy', 'indptr.npy', 'network.json'], ('ann', 'bob', 'cid'))
    """
    place = Path(folder)
    if place.exists() and not (place / HEADER).is_file() and (not place.is_dir() or any(place.iterdir())):
        raise FormatError("is there already, and holds no network", file=os.fspath(folder))
    if not place.absolute().parent.is_dir():
        raise FormatError(f"there is no directory {os.fspath(place.parent)!r}", file=os.fspath(folder))
    arrays, header = _parts(self)
    with _replacing(place) as new:
        for name, array in arrays.items():
            np.save(new / f"{name}.npy", array, allow_pickle=False)
        files = {f"{name}.npy": (new / f"{name}.npy").stat().st_size for name in arrays}
        text = json.dumps({"format": FORMAT, "version": VERSION, **header, "files": files}, indent=1)
        (new / HEADER).write_text(text + "\n", encoding="utf-8")


def _parts(network: Network) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a network by name, and the rest of its header."""
    arrays = {name: getattr(network, name) for name in (*_OF_LINKS, *_OF_NODES)}
    header: dict[str, Any] = {"directed": network.directed, "num_given": network.num_given, "weight": None}
    if is_constant(network.weights):
        header["weight"] = float(arrays.pop("weights")[0])
    header["labels"], arrays["labels"] = _of_labels(network.labels)
    if network.metadata is not None:
        header["categories"], arrays["metadata"] = _plain(network.metadata.categories), network.metadata.codes
    if network.states is not None:
        states = network.states
        names, arrays["physical_labels"] = _of_labels(states.labels)
        layers = None if states.layers is None else _plain(states.layers)
        header["states"] = {"labels": names, "layers": layers, "switching": states.switching}
        arrays |= {"physical": states.physical, "layer": states.layer, "physical_ids": states.ids}
    return {name: array for name, array in arrays.items() if array is not None}, header


def _of_labels(labels: Any) -> tuple[Any, NDArray[Any] | None]:
    """Labels in a header, or None and as an array."""
    if isinstance(labels, range):
        return {"range": [labels.start, labels.stop, labels.step]}, None
    return (None, labels) if isinstance(labels, np.ndarray) else (_plain(labels), None)


def _plain(labels: tuple[Any, ...]) -> list[Any]:
    """Labels as JSON has them: tuples become lists."""
    return [_plain(label) if isinstance(label, tuple) else _plain_label(label) for label in labels]


def _plain_label(label: Any) -> Any:
    plain = label.item() if isinstance(label, np.generic) else label
    if not isinstance(plain, str | int | float):
        raise NetworkError(
            f"a folder holds labels that are text, numbers or tuples of these, not {label!r}; use pickle"
        )
    return plain


@contextmanager
def _replacing(place: Path) -> Iterator[Path]:
    """A new folder that takes its place when all is written, or is gone."""
    try:
        new = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            yield new
            new.chmod(0o777 & ~_umask())
            if place.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
                place.rename(old)
                new.rename(place)
                shutil.rmtree(old, ignore_errors=True)
            else:
                new.rename(place)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror or error}", file=os.fspath(place)) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def open_network(cls: type[Network], folder: str | os.PathLike[str], *, mapped: bool = True) -> Network:
    """Open a network that :meth:`save` has written.

    Parameters
    ----------
    folder : str or os.PathLike
    mapped : bool
        Whether links stay in their files, of which the system keeps in memory what is in use as far as there is room.
        The search then puts its other long arrays into temporary files beside them, or where ``TMPDIR`` says if the
        folder is read-only. The files must not change while the network is in use. With False, all is read into memory.

    Returns
    -------
    Network

    Raises
    ------
    FormatError
        If there is no network, it is of a later version, or a file is missing or damaged.

    Examples
    --------
    >>> import tempfile
    >>> import mapeq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mapeq.Network.from_edges([0, 1, 2], [1, 2, 0]).save(folder)
    ...     mapeq.infomap(mapeq.Network.open(folder)).codelength
    1.584962500721156
    """
    place = Path(folder)
    header = _header(place)
    try:
        arrays = {name: _loaded(place, name, header["files"], mapped) for name in map(_stem, header["files"])}
        weight = header["weight"]
        states = header.get("states")
        network = cls(
            arrays["indptr"],
            arrays["indices"],
            arrays["weights"] if weight is None else constant(weight, len(arrays["indices"])),
            bool(header["directed"]),
            _labels(header["labels"], arrays.get("labels")),
            node_weights=arrays.get("node_weights"),
            ids=arrays.get("ids"),
            num_given=header["num_given"],
            sides=arrays.get("sides"),
            metadata=Metadata(arrays["metadata"], _tuples(header["categories"])) if "categories" in header else None,
            states=None
            if states is None
            else States(
                arrays["physical"],
                _labels(states["labels"], arrays.get("physical_labels")),
                arrays.get("layer"),
                None if states["layers"] is None else _tuples(states["layers"]),
                arrays.get("physical_ids"),
                bool(states["switching"]),
            ),
            mapped=MappedFiles(place, list(header["files"])) if mapped else None,
        )
    except FormatError:  # a ValueError that says it already
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"is damaged: {error}", file=os.fspath(place / HEADER)) from error
    if not _is_valid(network):
        raise FormatError("is damaged: its arrays are not the links of a network", file=os.fspath(folder))
    return network


def _header(place: Path) -> dict[str, Any]:
    file = os.fspath(place / HEADER)
    try:
        header = json.loads((place / HEADER).read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"is no network saved by mapeq: {HEADER} cannot be read ({error.strerror})"
        raise FormatError(problem if place.exists() else "no such folder", file=os.fspath(place)) from error
    except ValueError as error:
        raise FormatError("is damaged: not JSON", file=file) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise FormatError(f"does not describe a network saved by mapeq: its format is not {FORMAT!r}", file=file)
    if header.get("version") != VERSION:
        problem = f"has version {header.get('version')!r} of the format, this mapeq reads version {VERSION}"
        raise FormatError(problem, file=file)
    return header


def _stem(name: str) -> str:
    return name.removesuffix(".npy")


def _loaded(place: Path, name: str, files: dict[str, int], mapped: bool) -> NDArray[Any]:
    path = place / f"{name}.npy"
    try:
        size = path.stat().st_size
        if size != files[path.name]:
            problem = f"is damaged or has changed: it has {size:,} bytes, {HEADER} says {files[path.name]:,}"
            raise FormatError(problem, file=os.fspath(path))
        array = np.load(path, mmap_mode="r" if mapped and name in _OF_LINKS else None, allow_pickle=False)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or error}", file=os.fspath(path)) from error
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError(f"is damaged: {error}", file=os.fspath(path)) from error
    loaded: NDArray[Any] = array.view(np.ndarray)
    return loaded


def _labels(plain: Any, array: NDArray[Any] | None) -> Any:
    if array is not None:
        return array
    return range(*plain["range"]) if isinstance(plain, dict) else _tuples(plain)


def _tuples(plain: list[Any]) -> tuple[Any, ...]:
    return tuple(_tuples(label) if isinstance(label, list) else label for label in plain)


def _is_valid(network: Network) -> bool:
    """Whether rows begin and end where they may, and all columns are nodes: kernels would read anywhere else."""
    n, size = len(network.labels), len(network.indices)
    indptr, indices, weights = network.rows
    kinds = indptr.dtype == np.int64 and indices.dtype in (np.int32, np.int64) and weights.dtype == np.float64
    nodes: list[NDArray[Any] | None] = [network.node_weights, network.ids, network.sides]
    nodes += [] if network.metadata is None else [network.metadata.codes]
    nodes += [] if network.states is None else [network.states.physical, network.states.layer]
    fit = len(indptr) == n + 1 and len(weights) == size and all(array is None or len(array) == n for array in nodes)
    if not (kinds and fit and indptr[0] == 0 and indptr[-1] == size and (np.diff(indptr) >= 0).all()):
        return False
    if network.states is not None and int(network.states.physical.max(initial=0)) >= max(len(network.states.labels), 1):
        return False
    found = np.zeros(1, dtype=np.uint64)
    in_threads(lambda threads: threads.together(_count_invalid, for_kernels(network.rows), found), size)
    return int(found[0]) == 0


@jit
def _count_invalid(team, rows, found):
    """Count the entries that are no nodes, not behind the one before in their row, or of an invalid weight."""
    n = np.uint64(len(rows.indptr)) - ONE
    begin, end = share(n, team)
    invalid = ZERO
    for i in range(begin, end):
        next = ZERO
        for k in range(rows.indptr[i], rows.indptr[i + ONE]):
            column, weight = np.uint64(rows.indices[k]), rows.weights[k * rows.stride]
            invalid += np.uint64(column < next or column >= n or not 0.0 < weight < np.inf)
            next = column + ONE
    fetch_add(found, ZERO, invalid)
    barrier(team)

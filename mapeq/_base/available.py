"""How much memory this process may still use, where the system tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

#: Where Linux tells what memory is free, what this process uses, and which groups of processes it belongs to.
MEMORY = Path("/proc/meminfo")
USED = Path("/proc/self/status")
GROUPS = Path("/proc/self/cgroup")

#: Where Linux keeps the limits of groups of processes, such as containers and jobs of a cluster. The memory of a group
#: includes files that were read and can be dropped.
LIMITS = Path("/sys/fs/cgroup")


class Available(NamedTuple):
    """Memory that may still be used.

    Attributes
    ----------
    size : int
        In bytes.
    where : str
        What limits it, as the subject of a sentence.
    """

    size: int
    where: str


def available_memory() -> Available | None:
    """Return the memory that this process may still use; None where nothing tells."""
    return min([*_of_machine(), *_of_groups(), *_of_process()], default=None)


def _of_machine() -> Iterator[Available]:
    with suppress(OSError, KeyError, ValueError):
        yield Available(_kibibytes(MEMORY)["MemAvailable"], "the machine")


def _of_groups() -> Iterator[Available]:
    for folder, limit, used, files in _groups():
        with suppress(OSError, KeyError, ValueError):  # not there, or "max" for no limit
            size = int(_text(folder / limit)) - int(_text(folder / used)) + _words(folder / "memory.stat")[files]
            yield Available(max(size, 0), "the container or job")


def _groups() -> Iterator[tuple[Path, str, str, str]]:
    """The folders of all groups of this process, with the files in them, by both versions of groups."""
    paths = [("0", "", "/"), ("1", "memory", "/")]
    with suppress(OSError, ValueError):
        for line in _text(GROUPS).splitlines():
            number, controllers, path = line.split(":", 2)
            paths.append((number, controllers, path))
    found: dict[tuple[Path, str, str, str], None] = {}
    for number, controllers, path in paths:
        group = PurePosixPath(path)
        for above in (group, *group.parents):
            inner = str(above).strip("/")
            if number == "0":
                found[LIMITS / inner, "memory.max", "memory.current", "inactive_file"] = None
            elif "memory" in controllers.split(","):
                folder = LIMITS / "memory" / inner
                found[folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"] = None
    yield from found


def _of_process() -> Iterator[Available]:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind, used in (("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")):
        limit, _ = resource.getrlimit(getattr(resource, kind))
        if limit != resource.RLIM_INFINITY:
            with suppress(OSError, KeyError, ValueError):
                yield Available(max(limit - _kibibytes(USED)[used], 0), "the limit of this process (ulimit)")


def _kibibytes(path: Path) -> dict[str, int]:
    """The lines ``name:  number kB``, in bytes."""
    lines = (line.split() for line in _text(path).splitlines())
    return {words[0].rstrip(":"): 1024 * int(words[1]) for words in lines if words[2:] == ["kB"]}


def _words(path: Path) -> dict[str, int]:
    return {name: int(number) for name, number in map(str.split, _text(path).splitlines())}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")

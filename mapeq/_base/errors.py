"""The hierarchy of errors::

    Exception
    └── MapeqError                  everything below
        ├── NetworkError            an invalid network or weight              (also a ValueError)
        ├── FormatError             a file that cannot be read or written     (also a ValueError)
        ├── PartitionError          a partition that does not fit the network (also a ValueError)
        └── ConvergenceError        visit rates that do not converge

An invalid option raises a ``ValueError``, see :func:`option_error`, and a missing optional library an ``ImportError``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any


class MapeqError(Exception):
    """Base class of mapeq's own errors.

    Examples
    --------
    >>> import mapeq
    >>> try:
    ...     mapeq.infomap([("a", "b", -1.0)])
    ... except mapeq.MapeqError as error:
    ...     print(type(error).__name__)
    NetworkError
    """


class NetworkError(MapeqError, ValueError):
    """A network is invalid: a weight is negative, NaN or infinite, a node is unknown, shapes do not fit.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.infomap([("a", "b", -1.0)])
    Traceback (most recent call last):
        ...
    mapeq._base.errors.NetworkError: the weight of the link 'a' - 'b' (link 0) is negative: -1.0; weights must be ...
    """


class FormatError(MapeqError, ValueError):
    """A file cannot be read or written; the message names the file, the line and the reason.

    Attributes
    ----------
    file : str
        Name of the file; ``<stdin>`` for standard input.
    line : int or None
        Number of the invalid line, from 1.
    text : str or None
        Content of that line.

    Examples
    --------
    >>> import mapeq
    >>> try:
    ...     mapeq.read_network("missing.txt")
    ... except mapeq.FormatError as error:
    ...     print(error.file, error.line)
    missing.txt None
    """

    def __init__(self, message: str, *, file: str, line: int | None = None, text: str | None = None):
        place = file if line is None else f"{file}, line {line}"
        quoted = "" if text is None else f": {_shortened(text)!r}"
        super().__init__(f"{place}: {message}{quoted}")
        self.file = file
        self.line = line
        self.text = text


class PartitionError(MapeqError, ValueError):
    """A partition does not fit its network: a node is missing, unknown or named twice, or levels are not nested.

    Examples
    --------
    >>> import mapeq
    >>> mapeq.evaluate([("a", "b")], {"a": 0})
    Traceback (most recent call last):
        ...
    mapeq._base.errors.PartitionError: the partition does not name the node 'b'
    """


class ConvergenceError(MapeqError):
    """The visit rates of the random walk did not converge within the allowed number of iterations.

    This happens on directed networks if teleportation is too rare.

    Examples
    --------
    >>> import mapeq
    >>> issubclass(mapeq.ConvergenceError, mapeq.MapeqError)
    True
    """


class OptionError(ValueError):
    """An option has an invalid value.

    Attributes
    ----------
    name : str
        Name of the option in Python.
    value : object
        The invalid value.
    allowed : str
        Description of the allowed values.
    """

    def __init__(self, name: str, value: object, allowed: str):
        super().__init__(name, value, allowed)
        self.name, self.value, self.allowed = name, value, allowed

    def __str__(self) -> str:
        return f"{self.name} must be {self.allowed}, not {self.value!r}"


def option_error(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for an invalid option; the message names the option, the value and the allowed values."""
    return OptionError(name, value, allowed)


def as_typed(message: Exception | Warning | str, names: Collection[str]) -> str:
    """Return the text of an error or warning with options as typed in a shell: ``--num-trials``, not ``num_trials``.

    Parameters
    ----------
    message : error, warning or str
    names : collection of str
        Names of the command's options in Python.
    """
    clear = "|".join(name for name in names if "_" in name)
    is_clear = re.compile(rf"\b(?:{clear})\b" if clear else r"(?!)")
    if isinstance(message, OptionError) and message.name in names:
        allowed = message.allowed.removesuffix(" or None").removesuffix(",")  # None cannot be typed, nor can True
        allowed = is_clear.sub(lambda found: _flag(found[0]), allowed)
        typed = OptionError(_flag(message.name), message.value, allowed)
        return str(typed).removesuffix(", not True") if message.value is True else str(typed)
    if isinstance(message, FormatError | PartitionError):  # their texts quote files and labels
        return str(message)
    return is_clear.sub(lambda found: _flag(found[0]), str(message))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def is_number(value: Any) -> bool:
    """Return whether a value is a real number of Python or NumPy, but not a bool."""
    return not isinstance(value, bool) and isinstance(value, Real)


def is_flag(value: Any) -> bool:
    """Return whether a value is True or False, of Python or NumPy."""
    return type(value).__name__ in ("bool", "bool_")


def is_whole(value: Any, least: int) -> bool:
    """Return whether a value is an integer of Python or NumPy, but not a bool, and at least `least`."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def counted(number: int, what: str) -> str:
    """Return a number with a noun: ``1 node``, ``2,000 nodes``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shortened(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."

"""What can go wrong, as a tree::

    Exception
    └── MapeqError                  everything below
        ├── NetworkError            a network that makes no sense       (also a ValueError)
        ├── FormatError             a file that cannot be read          (also a ValueError)
        ├── PartitionError          a node missing, unknown or twice    (also a ValueError)
        └── ConvergenceError        the stationary flow was not reached

A wrong option value is a ``ValueError`` and a missing optional library an ``ImportError``, as everywhere
else in Python; see :func:`option_error`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any


class MapeqError(Exception):
    """Base class of mapeq's own errors."""


class NetworkError(MapeqError, ValueError):
    """The network makes no sense: a negative, NaN or infinite weight, an unknown node."""


class FormatError(MapeqError, ValueError):
    """A file cannot be read.

    Attributes
    ----------
    file : str
        The file's name; ``<stdin>`` for standard input.
    line : int or None
        Number of the offending line, counted from 1.
    text : str or None
        What that line says.
    """

    def __init__(self, message: str, *, file: str, line: int | None = None, text: str | None = None):
        place = file if line is None else f"{file}, line {line}"
        quoted = "" if text is None else f": {_shortened(text)!r}"
        super().__init__(f"{place}: {message}{quoted}")
        self.file = file
        self.line = line
        self.text = text


class PartitionError(MapeqError, ValueError):
    """A partition does not fit its network: a node is missing, unknown or named twice."""


class ConvergenceError(MapeqError):
    """The stationary flow was not reached within the allowed number of iterations."""


class OptionError(ValueError):
    """An option has a wrong value.

    Attributes
    ----------
    name : str
        What the option is called in Python.
    value : object
        What it was.
    allowed : str
        What it must be.
    """

    def __init__(self, name: str, value: object, allowed: str):
        super().__init__(name, value, allowed)
        self.name, self.value, self.allowed = name, value, allowed

    def __str__(self) -> str:
        return f"{self.name} must be {self.allowed}, not {self.value!r}"


def option_error(name: str, value: object, allowed: str) -> ValueError:
    """The error of a wrong option value: names the option, the value and what is allowed."""
    return OptionError(name, value, allowed)


def as_typed(message: Exception | Warning | str, names: Collection[str]) -> str:
    """What an error or a warning says, with options called as they are typed: ``--num-trials``, not ``num_trials``.

    Parameters
    ----------
    message : error, warning or str
    names : collection of str
        What the options of the command are called in Python.
    """
    if isinstance(message, OptionError) and message.name in names:
        allowed = message.allowed.removesuffix(" or None").removesuffix(",")  # which nobody can type
        return str(OptionError(_flag(message.name), message.value, allowed))
    if isinstance(message, FormatError | PartitionError):  # these quote files
        return str(message)
    clear = "|".join(name for name in names if "_" in name)
    return re.sub(rf"\b(?:{clear})\b", lambda found: _flag(found[0]), str(message)) if clear else str(message)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def is_number(value: Any) -> bool:
    """Whether an option's value is a real number, of Python or NumPy: not a bool, not a word."""
    return not isinstance(value, bool) and isinstance(value, Real)


def is_flag(value: Any) -> bool:
    """Whether an option's value is True or False, of Python or NumPy."""
    return type(value).__name__ in ("bool", "bool_")


def is_whole(value: Any, least: int) -> bool:
    """Whether an option's value is a whole number, of Python or NumPy, and not too small."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def counted(number: int, what: str) -> str:
    """A number of things in words: ``1 node``, ``2,000 nodes``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shortened(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."

"""Options stated once: default, range, flags, help and paragraph in the reference stand with the field of a dataclass.

This module imports nothing heavy, so that ``mapeq --help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, asdict, field, fields
from typing import Any, Self, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def option(
    default: T, flags: str, metavar: str | None, help: str, doc: str, kind: type | None = None, **constants: object
) -> T:
    """A field of a class of options: the flags and help of the command, and its paragraph in the reference.

    `kind` is the type of its values, by default that of `default`. `constants` are flags without a value, by name, and
    the value that each stands for.
    """
    metadata = {
        "flags": tuple(flags.split()),
        "metavar": metavar,
        "help": help,
        "doc": doc,
        "kind": kind or type(default),
        "constants": {"--" + name.replace("_", "-"): value for name, value in constants.items()},
    }
    stated: T = field(default=default, metadata=metadata)
    return stated


class Options:
    """What classes of options share; each is a frozen dataclass whose fields are made by :func:`option`."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The options of this class among others, such as those of a result; defaults for those that are missing."""
        return cls(**{stated.name: values[stated.name] for stated in stated_options(cls) if stated.name in values})

    def as_dict(self) -> dict[str, Any]:
        """The options by name, as plain Python values."""
        values = asdict(self)  # type: ignore[call-overload]
        return {name: value.item() if hasattr(value, "item") else value for name, value in values.items()}


def stated_options(kind: type[Options]) -> tuple[Field[Any], ...]:
    """The fields of a class of options, with what people are told about each in ``metadata``."""
    return fields(kind)  # type: ignore[arg-type]


def with_options(place: str, kind: type[Options]) -> Callable[[F], F]:
    """Write the paragraphs of a class of options into a docstring, at `place`."""

    def written(function: F) -> F:
        if function.__doc__ is not None:
            paragraphs = "\n    ".join(stated.metadata["doc"] for stated in stated_options(kind))
            function.__doc__ = function.__doc__.replace(place, paragraphs)
        return function

    return written

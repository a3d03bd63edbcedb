"""A parser of arguments whose options accept negative numbers, and whose errors suggest what may be meant."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn

#: A negative number, which argparse takes for an option because -2 is one.
_NEGATIVE = re.compile(r"-\.?\d")

#: How argparse calls a value that is not of a type of Python.
_INVALID = re.compile(r"invalid (int|float) value:")
_KINDS = {"int": "a whole number", "float": "a number"}


class Parser(argparse.ArgumentParser):
    """A parser whose options accept negative numbers as values, and whose errors take two lines and suggest names.

    Options are not abbreviated: a later version may have two that begin alike.
    """

    def __init__(self, **arguments: Any):
        super().__init__(allow_abbrev=False, **arguments)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments; an unknown one is an error of the command that it was given to."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._command(options.command).refuse(unknown[0])
        return options

    def refuse(self, argument: str) -> NoReturn:
        """Exit with an error that names an unknown argument, and the option that may be meant."""
        if not argument.startswith("-"):
            self.error(f"unexpected argument {argument!r}")
        known = [name for name in self._option_string_actions if name.startswith("--")]
        self.error(f"there is no option {argument!r}{_suggested(argument.partition('=')[0], known)}")

    def error(self, message: str) -> NoReturn:
        """Exit with one line of usage and one that says what is wrong."""
        message = _INVALID.sub(lambda found: f"it must be {_KINDS[found[1]]}, not", message)
        names = [str(action.metavar) for action in self._get_positional_actions()]
        usage = " ".join([self.prog, "[options]", *names])
        self.exit(2, f"usage: {usage} (see {self.prog} --help)\n{self.prog}: error: {message}\n")

    def _command(self, name: str) -> Parser:
        (commands,) = (action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        command: Parser = commands.choices[name]
        return command

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(action.choices)
            message = f"{value!r} is none of {', '.join(known)}{_suggested(value, known)}"
            raise argparse.ArgumentError(action, message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments, with ``-s -1`` read as ``-s=-1``."""
        joined: list[str] = []
        for argument in sys.argv[1:] if args is None else args:
            if joined and _NEGATIVE.match(argument) and self._takes_value(joined[-1]):
                joined[-1] += f"={argument}"
            else:
                joined.append(argument)
        return super().parse_known_args(joined, namespace)

    def _takes_value(self, argument: str) -> bool:
        action = self._option_string_actions.get(argument)
        return action is not None and action.nargs is None


def _suggested(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def column(text: str) -> str | int:
    """Return the name of a column, or its position from 0, given its number from 1."""
    if not (text.isascii() and text.isdigit()):
        return text
    if int(text) == 0:
        raise argparse.ArgumentTypeError("columns are numbered from 1")
    return int(text) - 1


def distances(text: str) -> int | tuple[int | None, int | None]:
    """Return how far layers may be apart: a number, or two of which either may be empty, before and after."""
    ends = text.split(":")
    if len(ends) > 2 or not any(ends) or not all(end.isdecimal() or (end == "" and len(ends) == 2) for end in ends):
        raise argparse.ArgumentTypeError(
            f"it must be a whole number, 0 or more, or two, such as 0:1 for earlier and later layers, not {text!r}"
        )
    if len(ends) == 1:
        return int(text)
    before, after = (int(end) if end else None for end in ends)
    return before, after


def inches(text: str) -> tuple[float, float]:
    """Return the width and the height of a picture, in inches."""
    sides = text.lower().split("x")
    try:
        width, height = map(float, sides)
    except ValueError:
        message = f"it must be a width and a height in inches, such as 6x4, not {text!r}"
        raise argparse.ArgumentTypeError(message) from None
    return width, height


def markov_time(text: str) -> float | str:
    """Return a Markov time, or "auto"."""
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it must be a number or auto, not {text!r}") from None

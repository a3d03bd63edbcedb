"""A parser of arguments whose options accept negative numbers, and whose errors suggest what may be meant."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn

#: A negative number, which argparse takes for an option because -2 is one.
_NEGATIVE = re.compile(r"-\.?\d")


class Parser(argparse.ArgumentParser):
    """A parser whose options accept negative numbers as values, and whose errors take two lines and suggest names."""

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
        known = self._option_string_actions
        is_long = argument.startswith("--")
        matches = [known[argument]] if argument in known else []
        matches = matches or [action for name, action in known.items() if is_long and name.startswith(argument)]
        return bool(matches) and all(action.nargs is None for action in matches)


def _suggested(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else ""

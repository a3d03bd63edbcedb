"""What makes a shell complete the command: a script from its parser, by shtab (extra ``completion``)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from mapeq._base.optional import require
from mapeq.embeddings.graph import SYMMETRIZE, WEIGHTS
from mapeq.embeddings.neighbors import ALGORITHMS, METRICS
from mapeq.pictures.network import KINDS
from mapeq.walk.options import FLOW_MODELS, TELEPORT_TARGETS

#: What the values of options can be. The parser does not know them: it leaves it to the library to refuse others.
_VALUES = {
    "flow_model": FLOW_MODELS,
    "teleport_to": TELEPORT_TARGETS,
    "metric": METRICS,
    "weights": WEIGHTS,
    "symmetrize": SYMMETRIZE,
    "algorithm": ALGORITHMS,
    "markov_time": ("auto",),
    "kind": KINDS,
}

#: Options and arguments that are files.
_FILES = ("file", "partition", "initial_partition", "modules", "output")


def completion_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """A script by which a shell completes commands, options, their values, and files.

    Parameters
    ----------
    parser : ArgumentParser
        Of the command; it is not to parse anything afterwards.
    shell : {"bash", "zsh", "tcsh"}

    Raises
    ------
    ImportError
        If shtab is not installed.
    """
    shtab = require("shtab", extra="completion")
    for action in _actions(parser):
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in _VALUES and action.option_strings:
            action.choices = _VALUES[action.dest]
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options and arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
